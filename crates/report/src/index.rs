//! Orders in which rows are found again, at four bytes a row and column: positions instead of copies.

use postern_model::EdgeId;

/// Rows by their ids.
pub struct ById(Vec<u32>);

impl ById {
    pub fn new(ids: impl Iterator<Item = EdgeId>) -> Self {
        let mut rows: Vec<(u128, u32)> = ids.map(|id| id.0).zip(0..).collect();
        rows.sort_unstable();
        Self(rows.into_iter().map(|(_, row)| row).collect())
    }

    /// The row with this id.
    ///
    /// * `id_of`: as the rows had them when the index was made.
    pub fn find(&self, id: EdgeId, id_of: impl Fn(usize) -> EdgeId) -> Option<usize> {
        let at = self.0.binary_search_by(|&row| id_of(row as usize).cmp(&id)).ok()?;
        Some(self.0[at] as usize)
    }
}

/// Rows by a number that several may share: those of each number one after the other, in their own order.
pub struct Rows {
    /// Rows of number `n` are `rows[begins[n]..begins[n + 1]]`.
    begins: Vec<u32>,
    rows: Vec<u32>,
}

impl Rows {
    /// * `numbers`: of each row its number, below `count`.
    pub fn new(count: usize, numbers: impl Iterator<Item = u32> + Clone) -> Self {
        let mut begins = vec![0u32; count + 1];
        for number in numbers.clone() {
            begins[number as usize + 1] += 1;
        }
        for number in 0..count {
            begins[number + 1] += begins[number];
        }
        let mut free = begins.clone();
        let mut rows = vec![0; begins[count] as usize];
        for (row, number) in (0u32..).zip(numbers) {
            let place = &mut free[number as usize];
            rows[*place as usize] = row;
            *place += 1;
        }
        Self { begins, rows }
    }

    pub fn of(&self, number: u32) -> &[u32] {
        let number = number as usize;
        &self.rows[self.begins[number] as usize..self.begins[number + 1] as usize]
    }
}

/// Lower-cased texts, one after the other, that are searched as one.
pub struct Texts {
    all: String,
    /// Where each text ends.
    ends: Vec<u32>,
}

/// Parts texts: no name has it, and whoever asks for it finds nothing.
const END: char = '\n';

impl Texts {
    /// * `texts`: of each row all its texts.
    pub fn new<'t, T: Iterator<Item = &'t str>>(texts: impl Iterator<Item = T>) -> Self {
        let (mut all, mut ends) = (String::new(), Vec::new());
        for row in texts {
            for text in row {
                all.extend(text.chars().filter(|&c| c != END).flat_map(char::to_lowercase));
                all.push(END);
            }
            // Names of a hundred million assets would be needed for more.
            ends.push(u32::try_from(all.len()).unwrap_or(u32::MAX));
        }
        Self { all, ends }
    }

    /// Rows that hold a text, in order.
    ///
    /// * `part`: lower-cased, and not empty.
    pub fn with(&self, part: &str) -> Vec<u32> {
        self.rows_at(part, 0)
    }

    /// Rows of which a text begins with a text, in order: those that match better than any other.
    ///
    /// * `part`: as for [`Self::with`].
    pub fn beginning_with(&self, part: &str) -> Vec<u32> {
        // Every text but the first follows the end of another one.
        let mut found = self.rows_at(&format!("{END}{part}"), END.len_utf8());
        if self.all.starts_with(part) && found.first() != Some(&0) {
            found.insert(0, 0);
        }
        found
    }

    /// * `skip`: bytes of `sought` that lie before the text that is meant.
    fn rows_at(&self, sought: &str, skip: usize) -> Vec<u32> {
        let mut found = Vec::new();
        let finder = memchr::memmem::Finder::new(sought);
        let (mut from, mut row) = (0, 0);
        while let Some(at) = finder.find(&self.all.as_bytes()[from..]) {
            let at = from + at + skip;
            // Rows come one after the other, most often soon.
            while self.ends.get(row).is_some_and(|&end| end as usize <= at) {
                row += 1;
            }
            found.push(row as u32);
            from = self.ends[row] as usize - skip;
        }
        found
    }

    /// How well a row matches: 0 for a whole text of it, 1 for the beginning of one, else 2.
    pub fn closeness(&self, row: u32, part: &str) -> u8 {
        let row = row as usize;
        let begin = row.checked_sub(1).map_or(0, |before| self.ends[before] as usize);
        let texts = self.all[begin..self.ends[row] as usize].split_terminator(END);
        let close = |text: &str| match text.strip_prefix(part) {
            Some("") => 0,
            Some(_) => 1,
            None => 2,
        };
        texts.map(close).min().unwrap_or(2)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_of_a_number_keep_their_order_and_a_number_may_have_none() {
        let rows = Rows::new(3, [2, 0, 2].into_iter());
        assert_eq!(
            (rows.of(0), rows.of(1), rows.of(2)),
            ([1].as_slice(), [].as_slice(), [0, 2].as_slice())
        );
    }

    #[test]
    fn a_row_is_found_once_by_any_of_its_texts_in_any_letter_case_and_never_across_two() {
        let texts = Texts::new(
            [vec!["Dc01.Corp", "S-1"], vec!["corp"], vec!["X", "dc01"]]
                .into_iter()
                .map(Vec::into_iter),
        );
        assert_eq!(texts.with("corp"), [0, 1]);
        assert_eq!(texts.with("dc01"), [0, 2]);
        assert!(texts.with("corps").is_empty());
        assert_eq!(texts.with("\n"), [0, 1, 2], "callers take line breaks out");
        assert_eq!(texts.beginning_with("dc01"), [0, 2]);
        assert_eq!(texts.beginning_with("corp"), [1]);
        assert_eq!(texts.beginning_with("s-"), [0]);
        assert!(texts.beginning_with("01").is_empty());
        assert_eq!([0, 1].map(|row| texts.closeness(row, "corp")), [2, 0]);
        assert_eq!([0, 2].map(|row| texts.closeness(row, "dc01")), [1, 0]);
    }
}
