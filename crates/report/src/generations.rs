//! Stored generations, and the state of the data folder.

use jiff::Timestamp;
use postern_ledger::GenerationRecord;
use postern_model::schema::{ASSET_FINDINGS, NODES, PATHS, REPORTED, STEPS};
use schemars::JsonSchema;
use serde::Serialize;
use utoipa::ToSchema;

use crate::Reports;

/// A generation, by number and times.
#[derive(Clone, Debug, Serialize, JsonSchema, ToSchema)]
pub struct GenerationInfo {
    pub number: i64,
    /// RFC 3339.
    pub evaluated_at: String,
    /// RFC 3339.
    pub built_at: String,
    /// Since it was evaluated.
    pub age_seconds: i64,
}

/// A stored generation.
#[derive(Clone, Debug, Serialize, JsonSchema, ToSchema)]
pub struct GenerationRow {
    pub number: i64,
    /// RFC 3339.
    pub evaluated_at: String,
    /// RFC 3339.
    pub built_at: String,
    pub assets: u64,
    pub relations: u64,
    pub findings: u64,
    pub steps: u64,
    pub paths: u64,
    /// Null for one that an older version has built.
    pub summary: Option<GenerationSummary>,
}

/// What a generation says in a few numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema, ToSchema)]
pub struct GenerationSummary {
    /// Targets at the end of some attack path.
    pub targets_reached: u64,
    /// Entry points at the beginning of some attack path.
    pub entry_points_with_paths: u64,
    /// Attack paths of critical risk.
    pub critical: u64,
}

/// Stored generations, the newest first.
#[derive(Clone, Debug, Serialize, JsonSchema, ToSchema)]
pub struct GenerationsPage {
    /// How many there are; `items` may have fewer.
    pub total: u64,
    pub items: Vec<GenerationRow>,
}

/// How a stored generation compares with others over time.
#[derive(Clone, Debug, Serialize, JsonSchema, ToSchema)]
pub struct HistoryPoint {
    pub number: i64,
    /// RFC 3339.
    pub evaluated_at: String,
    pub paths: u64,
    /// Null for a generation that an older version has built, as are the next two.
    pub targets_reached: Option<u64>,
    pub entry_points_with_paths: Option<u64>,
    /// Attack paths of critical risk.
    pub critical: Option<u64>,
}

/// Whether the newest generation holds everything that is imported and decided.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema, ToSchema)]
pub struct State {
    /// Number of the newest generation; null before the first import.
    pub generation: Option<i64>,
    pub is_up_to_date: bool,
    pub is_building: bool,
    /// Grows with every change of what is imported and decided.
    pub manifest_version: i64,
    /// Why the last build failed; null where it did not.
    pub build_problem: Option<BuildProblem>,
}

/// Why a build failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema, ToSchema)]
pub struct BuildProblem {
    /// What happened.
    pub title: String,
    /// What to do.
    pub detail: String,
}

/// Points of a history: a chart of more is a line.
const HISTORY_MAX: usize = 90;

impl GenerationInfo {
    pub fn new(record: &GenerationRecord, now: Timestamp) -> Self {
        Self {
            number: record.number,
            evaluated_at: record.evaluated_at.to_string(),
            built_at: record.built_at.to_string(),
            age_seconds: now.duration_since(record.evaluated_at).as_secs(),
        }
    }
}

impl GenerationSummary {
    fn of(record: &GenerationRecord) -> Option<Self> {
        let stored = postern_engine::GenerationSummary::of(record)?;
        Some(Self {
            targets_reached: stored.targets_reached,
            entry_points_with_paths: stored.entry_points_with_paths,
            critical: stored.critical,
        })
    }
}

impl GenerationRow {
    pub fn new(record: &GenerationRecord) -> Self {
        let rows = |table: &str| {
            record
                .counts
                .get(table)
                .and_then(serde_json::Value::as_u64)
                .unwrap_or_default()
        };
        Self {
            number: record.number,
            evaluated_at: record.evaluated_at.to_string(),
            built_at: record.built_at.to_string(),
            assets: rows(NODES.name),
            relations: rows(REPORTED.name),
            findings: rows(ASSET_FINDINGS.name),
            steps: rows(STEPS.name),
            paths: rows(PATHS.name),
            summary: GenerationSummary::of(record),
        }
    }
}

impl Reports {
    /// Stored generations up to this one, the newest first; at most `limit`.
    pub fn generations(&self, limit: usize) -> GenerationsPage {
        GenerationsPage {
            total: self.records.len() as u64,
            items: self.records.iter().rev().take(limit).map(GenerationRow::new).collect(),
        }
    }

    /// The newest generations up to this one, the oldest of them first.
    pub fn history(&self) -> Vec<HistoryPoint> {
        let first = self.records.len().saturating_sub(HISTORY_MAX);
        let point = |record: &GenerationRecord| {
            let row = GenerationRow::new(record);
            HistoryPoint {
                number: row.number,
                evaluated_at: row.evaluated_at,
                paths: row.paths,
                targets_reached: row.summary.map(|it| it.targets_reached),
                entry_points_with_paths: row.summary.map(|it| it.entry_points_with_paths),
                critical: row.summary.map(|it| it.critical),
            }
        };
        self.records[first..].iter().map(point).collect()
    }
}
