//! What there is, how old it is, and what could not be told apart.

use std::collections::BTreeMap;

use jiff::Timestamp;
use postern_engine::{Generation, Status};
use postern_model::estate::Answered;
use postern_model::{Cell, Facet};
use schemars::JsonSchema;
use serde::Serialize;
use utoipa::ToSchema;

use crate::coverage::days;
use crate::{ObservedFrom, Reports, Summary};

#[derive(Clone, Debug, Serialize, JsonSchema, ToSchema)]
pub struct GenerationStatus {
    pub number: i64,
    /// RFC 3339.
    pub evaluated_at: String,
    /// RFC 3339.
    pub built_at: String,
    pub assets: u64,
    /// How many assets of each kind; objects that are only referred to are among them.
    pub assets_by_kind: BTreeMap<String, u64>,
    /// As the files report them.
    pub relations: u64,
    pub findings: u64,
    /// What an attacker can do.
    pub steps: u64,
    pub summary: Summary,
    #[serde(skip)]
    pub at: Timestamp,
}

/// A part of the estate that observations replace as a whole.
#[derive(Clone, Debug, Serialize, JsonSchema, ToSchema)]
pub struct CellReport {
    /// Domain SID or site.
    pub boundary: String,
    pub boundary_name: String,
    pub class: String,
    pub facet: String,
    /// RFC 3339.
    pub observed_at: String,
    pub observed_from: ObservedFrom,
    pub age_days: i64,
    /// All of it was looked at, not single subjects only.
    pub is_whole: bool,
    /// Files that speak of it.
    pub files: u64,
    /// Subjects that answered, of those that are known; null where the current generation does not say.
    pub answered: Option<u64>,
    pub total: Option<u64>,
    #[serde(skip)]
    pub at: Timestamp,
    #[serde(skip)]
    pub looked_at: Facet,
}

#[derive(Clone, Debug, Serialize, JsonSchema, ToSchema)]
pub struct ConflictReport {
    /// Kind of the identifier that the objects share.
    pub kind: String,
    pub value: String,
    pub ids: Vec<String>,
    pub reason: String,
}

/// The newest look at each part of the estate.
pub fn cells(status: &Status, reports: Option<&Reports>, now: Timestamp) -> Vec<CellReport> {
    let cell = |it: &postern_engine::CellStatus| {
        let answered = reports.and_then(|reports| answered(&reports.generation, &it.cell));
        CellReport {
            boundary: it.cell.boundary.clone(),
            boundary_name: reports.map_or_else(
                || it.cell.boundary.clone(),
                |reports| reports.boundary_name(&it.cell.boundary),
            ),
            class: it.cell.class.to_string(),
            facet: it.cell.facet.to_string(),
            observed_at: it.observed_at.to_string(),
            observed_from: ObservedFrom::new(it.origin),
            age_days: days(it.observed_at, now),
            is_whole: it.is_whole,
            files: it.files,
            answered: answered.map(|it| it.answered),
            total: answered.map(|it| it.total),
            at: it.observed_at,
            looked_at: it.cell.facet.clone(),
        }
    };
    status.cells.iter().map(cell).collect()
}

fn answered(generation: &Generation, cell: &Cell) -> Option<Answered> {
    let coverage = generation
        .estate
        .coverage
        .iter()
        .find(|it| it.boundary == cell.boundary)?;
    coverage.facets.get(&(cell.class, cell.facet.clone())).copied()
}

impl Reports {
    /// Objects that look like one asset and were kept apart.
    pub fn conflicts(&self) -> Vec<ConflictReport> {
        let conflicts = self.generation.estate.conflicts.iter();
        conflicts
            .map(|it| ConflictReport {
                kind: it.kind.to_string(),
                value: it.value.to_string(),
                ids: it.keys.iter().map(ToString::to_string).collect(),
                reason: it.reason.to_string(),
            })
            .collect()
    }
}

impl GenerationStatus {
    pub fn new(reports: &Reports) -> Self {
        let generation = &reports.generation;
        let mut assets_by_kind = BTreeMap::new();
        for node in &generation.estate.nodes {
            *assets_by_kind.entry(node.kind.as_str().to_owned()).or_default() += 1;
        }
        Self {
            number: generation.record.number,
            evaluated_at: generation.inputs.evaluated_at.to_string(),
            built_at: generation.record.built_at.to_string(),
            assets: generation.estate.nodes.len() as u64,
            assets_by_kind,
            relations: generation.estate.relations.len() as u64,
            findings: generation.estate.findings.len() as u64,
            steps: generation.derived.steps.len() as u64,
            summary: reports.summary(),
            at: generation.inputs.evaluated_at,
        }
    }
}
