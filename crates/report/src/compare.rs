//! What came and what went between two generations.

use jiff::Timestamp;
use postern_attack::Step;
use postern_engine::{Generation, compare};
use postern_model::EdgeId;
use schemars::JsonSchema;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{PathChange, PlaceReport, Reports};

#[derive(Clone, Debug, Serialize, JsonSchema, ToSchema)]
pub struct CompareReport {
    pub older: Compared,
    pub newer: Compared,
    /// At most so many things are in each list.
    pub limit: u64,
    pub assets: Changes<PlaceReport>,
    pub steps: Changes<StepName>,
    pub paths: Changes<PathChange>,
    /// Paths in both that cost more or less.
    pub paths_changed: List<PathChange>,
}

#[derive(Clone, Debug, Serialize, JsonSchema, ToSchema)]
pub struct Compared {
    pub generation: i64,
    /// RFC 3339.
    pub evaluated_at: String,
    pub assets: u64,
    pub steps: u64,
    pub paths: u64,
    #[serde(skip)]
    pub at: Timestamp,
}

#[derive(Clone, Debug, Serialize, JsonSchema, ToSchema)]
pub struct Changes<T> {
    pub added: List<T>,
    pub removed: List<T>,
}

#[derive(Clone, Debug, Serialize, JsonSchema, ToSchema)]
pub struct List<T> {
    pub total: u64,
    pub truncated: bool,
    pub listed: Vec<T>,
}

#[derive(Clone, Debug, Serialize, JsonSchema, ToSchema)]
pub struct StepName {
    pub id: String,
    pub source: String,
    pub source_name: String,
    pub technique: String,
    pub target: String,
    pub target_name: String,
}

impl CompareReport {
    /// * `limit`: at most so many things in each list.
    pub fn new(then: &Reports, now: &Reports, limit: usize) -> Self {
        let (older, newer) = (&*then.generation, &*now.generation);
        let found = compare(older, newer);
        let gone = |id: &EdgeId| Some(PathChange::new(then, path(older, *id), None)?.closed_in(newer, *id));
        let came = |id: &EdgeId| PathChange::new(now, None, path(newer, *id));
        let both = |(id, ..): &(EdgeId, u32, u32)| PathChange::new(now, path(older, *id), path(newer, *id));
        CompareReport {
            older: Compared::new(older),
            newer: Compared::new(newer),
            limit: limit as u64,
            assets: Changes {
                added: List::new(&found.assets.added, limit, PlaceReport::order, |&id| {
                    Some(now.place(id))
                }),
                removed: List::new(&found.assets.removed, limit, PlaceReport::order, |&id| {
                    Some(then.place(id))
                }),
            },
            steps: Changes {
                added: List::new(&found.steps.added, limit, StepName::order, |&id| {
                    Some(StepName::new(now, newer.derived.step(id)?))
                }),
                removed: List::new(&found.steps.removed, limit, StepName::order, |&id| {
                    Some(StepName::new(then, older.derived.step(id)?))
                }),
            },
            paths: Changes {
                added: List::new(&found.paths.added, limit, PathChange::order, came),
                removed: List::new(&found.paths.removed, limit, PathChange::order, gone),
            },
            paths_changed: List::new(&found.costs, limit, PathChange::order, both),
        }
    }
}

fn path(generation: &Generation, id: EdgeId) -> Option<&postern_attack::Path> {
    generation.analysis.paths.iter().find(|path| path.id == id)
}

impl Compared {
    fn new(generation: &Generation) -> Self {
        Self {
            generation: generation.record.number,
            evaluated_at: generation.inputs.evaluated_at.to_string(),
            assets: generation.estate.nodes.len() as u64,
            steps: generation.derived.steps.len() as u64,
            paths: generation.analysis.paths.len() as u64,
            at: generation.inputs.evaluated_at,
        }
    }
}

impl<T> List<T> {
    /// * `order`: of the whole list, which is cut afterwards.
    fn new<Id, Key: Ord>(ids: &[Id], limit: usize, order: impl Fn(&T) -> Key, of: impl Fn(&Id) -> Option<T>) -> Self {
        let mut listed: Vec<T> = ids.iter().filter_map(of).collect();
        listed.sort_by_cached_key(order);
        listed.truncate(limit);
        Self {
            total: ids.len() as u64,
            truncated: ids.len() > limit,
            listed,
        }
    }
}

impl StepName {
    /// By names, as one looks things up.
    fn order(&self) -> impl Ord + use<> {
        [&self.source_name, &self.target_name, &self.technique, &self.id].map(Clone::clone)
    }

    fn new(reports: &Reports, step: &Step) -> Self {
        Self {
            id: step.id.to_string(),
            source: reports.generation.key_of(step.source),
            source_name: reports.generation.name_of(step.source),
            technique: step.technique.as_str().to_owned(),
            target: reports.generation.key_of(step.target),
            target_name: reports.generation.name_of(step.target),
        }
    }
}
