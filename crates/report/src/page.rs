//! Lists that are asked for page by page.

use crate::{ReportError, Result};

/// Items of a page where nobody says how many.
pub const LIMIT_DEFAULT: u64 = 50;
/// A page has at most so many items: more is slow to show, and a program can ask for the next page.
pub const LIMIT_MAX: u64 = 500;

/// A list of one kind: the page that was asked for, and how many items there are in all.
macro_rules! page {
    ($(#[$doc:meta])* $name:ident of $item:ty $(, $(#[$field_doc:meta])* $field:ident: $type:ty)*) => {
        $(#[$doc])*
        #[derive(Clone, Debug, serde::Serialize, schemars::JsonSchema, utoipa::ToSchema)]
        pub struct $name {
            /// Number of the generation that answers.
            pub generation: i64,
            /// How many items answer the question; `items` has those of this page.
            pub total: u64,
            /// Place of the first item of this page, counted from 0.
            pub offset: u64,
            /// At most so many items on this page.
            pub limit: u64,
            $($(#[$field_doc])* pub $field: $type,)*
            pub items: Vec<$item>,
        }
    };
}
pub(crate) use page;

/// Which part of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    pub offset: u64,
    pub limit: u64,
}

impl Window {
    /// # Errors
    /// [`ReportError::BadQuery`] for a limit beyond [`LIMIT_MAX`].
    pub fn new(offset: Option<u64>, limit: Option<u64>) -> Result<Self> {
        let limit = limit.unwrap_or(LIMIT_DEFAULT);
        if limit > LIMIT_MAX {
            return Err(ReportError::BadQuery {
                field: "limit",
                reason: format!("{limit} is more than {LIMIT_MAX}, the most of one page"),
                allowed: Vec::new(),
            });
        }
        Ok(Self {
            offset: offset.unwrap_or(0),
            limit,
        })
    }

    /// Puts the items of this page in order, and where they belong; the others stay as they come.
    pub fn arrange<T, K: Ord>(self, items: &mut [T], key: impl Fn(&T) -> K) {
        let length = items.len() as u64;
        let begin = self.offset.min(length) as usize;
        let end = self.offset.saturating_add(self.limit).min(length) as usize;
        if end < items.len() {
            items.select_nth_unstable_by_key(end, &key);
        }
        let first = &mut items[..end];
        if 0 < begin && begin < end {
            first.select_nth_unstable_by_key(begin, &key);
        }
        first[begin..].sort_unstable_by_key(&key);
    }

    /// The items of this page.
    pub fn of<T>(self, items: &[T]) -> &[T] {
        let length = items.len() as u64;
        let begin = self.offset.min(length);
        let end = begin.saturating_add(self.limit).min(length);
        &items[begin as usize..end as usize]
    }
}

/// A field to sort by, and whether the greatest comes first (`-field`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sort<'q> {
    pub field: &'q str,
    pub is_descending: bool,
}

impl<'q> Sort<'q> {
    /// * `fields`: those that can be sorted by.
    ///
    /// # Errors
    /// [`ReportError::BadQuery`] for another field.
    pub fn parse(text: Option<&'q str>, fields: &[&str]) -> Result<Option<Self>> {
        let Some(text) = text.filter(|text| !text.is_empty()) else {
            return Ok(None);
        };
        let field = text.strip_prefix('-').unwrap_or(text);
        if !fields.contains(&field) {
            return Err(ReportError::BadQuery {
                field: "sort",
                reason: format!("nothing is sorted by {field}"),
                allowed: fields.iter().map(|&field| field.to_owned()).collect(),
            });
        }
        Ok(Some(Self {
            field,
            is_descending: field.len() < text.len(),
        }))
    }

    /// Turns the order of two items round where it has to be.
    pub fn direct(self, order: std::cmp::Ordering) -> std::cmp::Ordering {
        if self.is_descending { order.reverse() } else { order }
    }
}
/// The words of a filter, which a comma parts. Empty where nothing is filtered.
///
/// # Errors
/// [`ReportError::BadQuery`] for a word that is none of `allowed`.
pub(crate) fn words<'q>(field: &'static str, text: Option<&'q str>, allowed: &[&str]) -> Result<Vec<&'q str>> {
    let words = text
        .unwrap_or_default()
        .split(',')
        .map(str::trim)
        .filter(|it| !it.is_empty());
    words
        .map(|word| match allowed.contains(&word) {
            true => Ok(word),
            false => Err(ReportError::BadQuery {
                field,
                reason: format!("there is no {word}"),
                allowed: allowed.iter().map(|&it| it.to_owned()).collect(),
            }),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_that_is_arranged_is_the_page_of_the_whole_order() {
        let shuffled: Vec<u32> = (0..97).map(|it| it * 31 % 97).collect();
        for (offset, limit) in [
            (0, 0),
            (0, 10),
            (40, 10),
            (90, 10),
            (96, 1),
            (97, 5),
            (500, 5),
            (0, 97),
            (3, u64::MAX),
        ] {
            let window = Window { offset, limit };
            let mut items = shuffled.clone();
            window.arrange(&mut items, |&it| it);
            let whole: Vec<u32> = (0..97).collect();
            assert_eq!(window.of(&items), window.of(&whole), "{window:?}");
        }
    }
}
