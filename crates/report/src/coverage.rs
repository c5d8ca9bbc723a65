//! What was looked at, when, and what was not.

use schemars::JsonSchema;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{CellReport, ConflictReport, GapReport};

/// A boundary of which nothing newer than this was seen is stale: half of what directories and scanners say has changed
/// hands by then, and a missing path proves nothing.
pub const STALE_AFTER_DAYS: i64 = 30;

/// What was looked at, and what could not be evaluated for want of what.
#[derive(Clone, Debug, Serialize, JsonSchema, ToSchema)]
pub struct CoverageReport {
    /// Each domain and site.
    pub boundaries: Vec<BoundaryReport>,
    /// What was not, or not everywhere, looked at, and the techniques that could not be evaluated therefore.
    pub gaps: Vec<GapReport>,
    /// Objects that look like one asset and were kept apart.
    pub conflicts: Vec<ConflictReport>,
    /// What is older counts as stale.
    pub stale_after_days: i64,
}

/// What was looked at inside a domain or site.
#[derive(Clone, Debug, Serialize, JsonSchema, ToSchema)]
pub struct BoundaryReport {
    /// Domain SID or site; empty for what lies in none.
    pub boundary: String,
    pub name: String,
    pub cells: Vec<CellRow>,
}

/// A part of the estate that observations replace as a whole.
#[derive(Clone, Debug, Serialize, JsonSchema, ToSchema)]
pub struct CellRow {
    #[serde(flatten)]
    pub cell: CellReport,
    /// Older than `stale_after_days`.
    pub is_stale: bool,
}

/// How old the newest look at a domain or site is.
#[derive(Clone, Debug, Serialize, JsonSchema, ToSchema)]
pub struct Freshness {
    /// Domain SID or site; empty for what lies in none.
    pub boundary: String,
    pub name: String,
    /// RFC 3339.
    pub newest_observed_at: String,
    /// Of the part that was not looked at for longest. RFC 3339.
    pub oldest_observed_at: String,
    /// Of the newest look.
    pub age_days: i64,
    /// The newest look is older than 30 days.
    pub is_stale: bool,
    /// Parts that were looked at.
    pub cells: u64,
    /// Imported sources that speak of it.
    pub sources: u64,
}
