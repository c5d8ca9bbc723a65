//! What one query may use.

use std::time::Duration;

/// Limits of one query. What hits one of the first group is cut and says so ([`Partial`]); what hits one of the second
/// fails.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Budget {
    /// Rows of a result; further ones are left out.
    pub rows_max: u64,
    /// Bytes of a result as text; further rows are left out.
    pub bytes_max: u64,
    /// Matches of one graph operator; further ones are left out.
    pub matches_max: u64,
    /// Edges that one graph operator visits; then it stops.
    pub visited_edges_max: u64,
    /// Wall time; then the query fails.
    pub time_max: Duration,
    /// Memory of joins, sorts, groups and graph operators; then the query fails.
    pub memory_bytes_max: usize,
    /// Threads that work on it.
    pub threads: usize,
}

impl Default for Budget {
    fn default() -> Self {
        Self {
            rows_max: 500_000,
            bytes_max: 64 << 20,
            matches_max: 10_000_000,
            visited_edges_max: 2_000_000_000,
            time_max: Duration::from_secs(180),
            memory_bytes_max: 2 << 30,
            threads: 2,
        }
    }
}

/// That a result is not whole, and why.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Partial {
    /// The budget that was used up: `rows`, `bytes`, `matches`, `visited edges`.
    pub budget: String,
    /// One sentence for people.
    pub message: String,
}

impl Partial {
    pub fn new(budget: &str, message: impl Into<String>) -> Self {
        Self {
            budget: budget.to_owned(),
            message: message.into(),
        }
    }
}
