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
