//! What one query may use.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio_util::sync::CancellationToken;

use crate::error::HuntError;

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

/// Where whoever cuts a result says so; the first one is told.
#[derive(Clone, Debug, Default)]
pub struct Cuts(Arc<Mutex<Option<Partial>>>);

impl Cuts {
    pub fn note(&self, cut: Partial) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(cut);
    }

    pub fn first(&self) -> Option<Partial> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Asks, in the middle of a long computation, whether it is still wanted.
#[derive(Clone, Debug)]
pub struct Watch {
    pub cancelled: CancellationToken,
    pub begun: Instant,
    pub time_max: Duration,
}

impl Watch {
    pub fn begin(budget: &Budget, cancelled: &CancellationToken) -> Self {
        Self {
            cancelled: cancelled.clone(),
            begun: Instant::now(),
            time_max: budget.time_max,
        }
    }

    /// # Errors
    /// [`HuntError::Cancelled`], or [`HuntError::Limit`] when the time is over.
    pub fn check(&self) -> Result<(), HuntError> {
        if self.cancelled.is_cancelled() {
            return Err(HuntError::Cancelled);
        }
        if self.begun.elapsed() > self.time_max {
            return Err(self.too_late());
        }
        Ok(())
    }

    pub fn too_late(&self) -> HuntError {
        HuntError::Limit {
            limit: format!("{} s", self.time_max.as_secs()),
            hint: "ask for less, or raise the limit on time".to_owned(),
        }
    }
}

impl Partial {
    pub fn new(budget: &str, message: impl Into<String>) -> Self {
        Self {
            budget: budget.to_owned(),
            message: message.into(),
        }
    }
}
