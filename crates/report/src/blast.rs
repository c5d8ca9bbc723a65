//! How far an attacker gets from one place.

use std::collections::BTreeMap;

use postern_attack::blast_radius;
use postern_model::NodeId;
use postern_model::estate::NodeIndex;
use schemars::JsonSchema;
use serde::Serialize;
use utoipa::ToSchema;

use crate::page::page;
use crate::{PlaceReport, Reports, Result};

/// Groups, containers, policies and domains are means of control: they are not counted.
#[derive(Clone, Debug, Serialize, JsonSchema, ToSchema)]
pub struct Blast {
    pub start: PlaceReport,
    pub targets: Vec<PlaceReport>,
    /// Assets that are reached before any target is crossed.
    pub assets: AssetList,
    /// Assets that are reached only through a target: its members, and what lies behind it.
    pub assets_behind: AssetList,
    /// Steps that can be taken before any target is crossed.
    pub steps: u32,
}

#[derive(Clone, Debug, Serialize, JsonSchema, ToSchema)]
pub struct AssetList {
    pub total: u64,
    /// How many of each kind.
    pub by_kind: BTreeMap<String, u64>,
    pub truncated: bool,
    pub listed: Vec<PlaceReport>,
}

/// How far an attacker gets from an entry point, in numbers.
#[derive(Clone, Debug, Serialize, JsonSchema, ToSchema)]
pub struct BlastRow {
    pub start: PlaceReport,
    /// Targets that are reached.
    pub targets: u64,
    /// Assets that are reached before any target is crossed.
    pub assets: u64,
}

page! {
    /// Entry points, those that lead furthest first.
    BlastPage of BlastRow
}

impl Reports {
    /// How far an attacker gets from a place; of each list at most `limit` assets.
    ///
    /// # Errors
    /// [`crate::ReportError::ControlPlane`], and [`crate::ReportError::Attack`] for what no step touches.
    pub fn blast(&self, start: NodeId, limit: usize) -> Result<Blast> {
        let start = self.start(start)?;
        let generation = &self.generation;
        let world = generation.world(&self.catalog);
        let found = blast_radius(&world, &generation.derived, &generation.targets, start)?;
        Ok(Blast {
            start: self.place(start),
            targets: found.targets.iter().map(|&target| self.place(target)).collect(),
            assets: AssetList::new(self, &found.assets, limit),
            assets_behind: AssetList::new(self, &found.assets_behind, limit),
            steps: found.steps,
        })
    }
}

impl AssetList {
    fn new(reports: &Reports, assets: &[NodeIndex], limit: usize) -> Self {
        let estate = &reports.generation.estate;
        let mut by_kind = BTreeMap::new();
        for &asset in assets {
            *by_kind.entry(estate.node(asset).kind.as_str().to_owned()).or_default() += 1;
        }
        let mut listed: Vec<_> = assets
            .iter()
            .map(|&asset| reports.place(estate.node(asset).id))
            .collect();
        listed.sort_by(|a, b| (&a.name, &a.id).cmp(&(&b.name, &b.id)));
        listed.truncate(limit);
        Self {
            total: assets.len() as u64,
            by_kind,
            truncated: assets.len() > limit,
            listed,
        }
    }
}
