//! What a generation says in a few numbers, kept in its record so that a history needs no tables.

use std::collections::BTreeSet;

use postern_attack::Analysis;
use postern_ledger::GenerationRecord;
use postern_model::Risk;
use serde::{Deserialize, Serialize};

/// Where it lies among the counts of a record.
pub(crate) const SUMMARY: &str = "summary";

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GenerationSummary {
    /// Targets at the end of some attack path.
    pub targets_reached: u64,
    /// Entry points at the beginning of some attack path.
    pub entry_points_with_paths: u64,
    /// Attack paths of critical risk.
    pub critical: u64,
}

impl GenerationSummary {
    pub fn new(analysis: &Analysis) -> Self {
        let distinct = |ids: BTreeSet<_>| ids.len() as u64;
        let paths = analysis.paths.iter();
        Self {
            targets_reached: distinct(paths.clone().map(|path| path.target).collect()),
            entry_points_with_paths: distinct(paths.clone().map(|path| path.entry).collect()),
            critical: paths.filter(|path| path.risk == Risk::Critical).count() as u64,
        }
    }

    /// That of a stored generation; `None` where a version before this has built it.
    pub fn of(record: &GenerationRecord) -> Option<Self> {
        serde_json::from_value(record.counts.get(SUMMARY)?.clone()).ok()
    }
}
