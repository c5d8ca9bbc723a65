//! The attack paths that would be left without something.

use std::collections::HashMap;

use postern_attack::{Path, Removal, what_if};
use postern_engine::Generation;
use postern_model::EdgeId;
use schemars::JsonSchema;
use serde::Serialize;
use utoipa::ToSchema;

use crate::words::grade;
use crate::{PlaceReport, Reports, Result};

#[derive(Clone, Debug, Serialize, JsonSchema, ToSchema)]
pub struct WhatIfReport {
    pub generation: i64,
    /// At most so many paths are in each list.
    pub limit: u64,
    pub removed: Removed,
    pub paths_before: u64,
    pub paths_after: u64,
    /// Paths that have no route any more.
    pub gone: PathList,
    /// Paths that are left with another route or cost.
    pub changed: PathList,
    /// Paths that were not there. A removal makes none.
    pub appeared: PathList,
    /// Targets that some entry point reaches, and none would any more.
    pub targets_freed: Vec<PlaceReport>,
}

#[derive(Clone, Debug, Serialize, JsonSchema, ToSchema)]
pub struct Removed {
    pub assets: Vec<PlaceReport>,
    /// Ids of steps, relations and findings.
    pub edges: Vec<String>,
    pub techniques: Vec<String>,
    #[serde(skip)]
    pub edge_names: Vec<String>,
}

#[derive(Clone, Debug, Serialize, JsonSchema, ToSchema)]
pub struct PathList {
    pub total: u64,
    pub truncated: bool,
    pub listed: Vec<PathChange>,
}

#[derive(Clone, Debug, Serialize, JsonSchema, ToSchema)]
pub struct PathChange {
    pub id: String,
    pub entry: String,
    pub entry_name: String,
    pub target: String,
    pub target_name: String,
    /// Null for a path that was not there.
    pub before: Option<Weight>,
    /// Null for a path that is gone.
    pub after: Option<Weight>,
    /// For a path that is gone, and where that was recorded: `resolved`, or `unconfirmed` when what it stood on was
    /// not looked at again.
    pub status: Option<String>,
    pub reason: Option<String>,
}

#[derive(Clone, Debug, Serialize, JsonSchema, ToSchema)]
pub struct Weight {
    pub cost: u32,
    pub grade: String,
    pub risk: String,
    pub hops: u32,
}

impl Reports {
    /// What would be left without something; of each list at most `limit` paths.
    ///
    /// # Errors
    /// Those of [`what_if`].
    pub fn what_if(&self, removal: &Removal, limit: usize) -> Result<WhatIfReport> {
        let generation = &self.generation;
        let difference = what_if(&generation.world(&self.catalog), removal)?;
        let paths_before = generation.analysis.paths.len() as u64;
        let list = |changes: Vec<(Option<&Path>, Option<&Path>)>| PathList::new(self, &changes, limit);
        Ok(WhatIfReport {
            generation: generation.record.number,
            limit: limit as u64,
            paths_before,
            paths_after: paths_before - difference.gone.len() as u64 + difference.appeared.len() as u64,
            gone: list(difference.gone.iter().map(|path| (Some(path), None)).collect()),
            changed: list(
                difference
                    .changed
                    .iter()
                    .map(|it| (Some(&it.before), Some(&it.after)))
                    .collect(),
            ),
            appeared: list(difference.appeared.iter().map(|path| (None, Some(path))).collect()),
            targets_freed: difference
                .targets_freed
                .iter()
                .map(|&target| self.place(target))
                .collect(),
            removed: Removed {
                assets: removal
                    .assets
                    .iter()
                    .map(|&it| self.place(generation.estate.node(it).id))
                    .collect(),
                edges: removal.edges.iter().map(ToString::to_string).collect(),
                techniques: removal.techniques.iter().map(ToString::to_string).collect(),
                edge_names: removal.edges.iter().map(|&id| self.edge_name(id)).collect(),
            },
        })
    }
}

impl PathList {
    fn new(reports: &Reports, changes: &[(Option<&Path>, Option<&Path>)], limit: usize) -> Self {
        let listed = changes
            .iter()
            .take(limit)
            .filter_map(|(before, after)| PathChange::new(reports, *before, *after));
        Self {
            total: changes.len() as u64,
            truncated: changes.len() > limit,
            listed: listed.collect(),
        }
    }
}

impl PathChange {
    /// `None` without a path before and after.
    pub fn new(reports: &Reports, before: Option<&Path>, after: Option<&Path>) -> Option<Self> {
        let path = before.or(after)?;
        Some(Self {
            id: path.id.to_string(),
            entry: reports.generation.key_of(path.entry),
            entry_name: reports.generation.name_of(path.entry),
            target: reports.generation.key_of(path.target),
            target_name: reports.generation.name_of(path.target),
            before: before.map(Weight::new),
            after: after.map(Weight::new),
            status: None,
            reason: None,
        })
    }

    /// What a later generation has recorded of a path that is gone.
    pub fn closed_in(mut self, later: &Generation, path: EdgeId) -> Self {
        let text = |of: &HashMap<u128, String>| of.get(&path.0).cloned();
        self.reason = text(&later.closed_because);
        self.status = self.reason.as_ref().and(text(&later.status));
        self
    }

    /// The cheapest first, then by names.
    pub fn order(&self) -> impl Ord + use<> {
        let cost = self.after.as_ref().or(self.before.as_ref()).map(|weight| weight.cost);
        (cost, [&self.entry_name, &self.target_name, &self.id].map(Clone::clone))
    }
}

impl Weight {
    fn new(path: &Path) -> Self {
        Self {
            cost: path.cost,
            grade: grade(path.cost).as_str().to_owned(),
            risk: path.risk.as_str().to_owned(),
            hops: path.hops,
        }
    }
}
