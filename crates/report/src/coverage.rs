//! What was looked at, when, and what was not.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{CellReport, ConflictReport, GapReport, Inventory, Reports, cells};

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

/// What lies in no domain or site is called so.
const NOWHERE: &str = "no domain or site";

impl Reports {
    /// What was looked at, and what could not be evaluated for want of what.
    pub fn coverage(&self, inventory: &Inventory, now: Timestamp) -> CoverageReport {
        let mut boundaries: BTreeMap<String, Vec<CellRow>> = BTreeMap::new();
        for cell in cells(&inventory.status, Some(self), now) {
            let row = CellRow {
                is_stale: cell.age_days > STALE_AFTER_DAYS,
                cell,
            };
            boundaries.entry(row.cell.boundary.clone()).or_default().push(row);
        }
        let boundaries = boundaries.into_iter().map(|(boundary, cells)| BoundaryReport {
            name: self.boundary_title(&boundary),
            boundary,
            cells,
        });
        let mut boundaries: Vec<_> = boundaries.collect();
        // What lies nowhere stands last.
        boundaries.sort_by_cached_key(|it| (it.boundary.is_empty(), it.name.clone(), it.boundary.clone()));
        CoverageReport {
            boundaries,
            gaps: self.gaps(),
            conflicts: self.conflicts(),
            stale_after_days: STALE_AFTER_DAYS,
        }
    }

    /// How old the newest look at each domain and site is, what was not looked at for longest first.
    pub fn freshness(&self, inventory: &Inventory, now: Timestamp) -> Vec<Freshness> {
        let mut sources: BTreeMap<&str, BTreeSet<i64>> = BTreeMap::new();
        for source in &inventory.sources {
            for cell in source.snapshots.iter().flat_map(|snapshot| &snapshot.cells) {
                sources.entry(&cell.cell.boundary).or_default().insert(source.source.id);
            }
        }
        let mut times: BTreeMap<&str, Vec<Timestamp>> = BTreeMap::new();
        for cell in &inventory.status.cells {
            times.entry(&cell.cell.boundary).or_default().push(cell.observed_at);
        }
        let mut found: Vec<_> = times
            .into_iter()
            .filter_map(|(boundary, times)| {
                let (oldest, newest) = (times.iter().min()?, times.iter().max()?);
                let age_days = days(*newest, now);
                let of = Freshness {
                    boundary: boundary.to_owned(),
                    name: self.boundary_title(boundary),
                    newest_observed_at: newest.to_string(),
                    oldest_observed_at: oldest.to_string(),
                    age_days,
                    is_stale: age_days > STALE_AFTER_DAYS,
                    cells: times.len() as u64,
                    sources: sources.get(boundary).map_or(0, |it| it.len() as u64),
                };
                Some((*newest, of))
            })
            .collect();
        found.sort_by_key(|(newest, of)| (*newest, of.boundary.clone()));
        found.into_iter().map(|(_, of)| of).collect()
    }

    fn boundary_title(&self, boundary: &str) -> String {
        match boundary {
            "" => NOWHERE.to_owned(),
            boundary => self.boundary_name(boundary),
        }
    }
}

/// Whole days between two times.
pub(crate) fn days(from: Timestamp, to: Timestamp) -> i64 {
    to.duration_since(from).as_hours() / 24
}
