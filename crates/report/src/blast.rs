//! How far an attacker gets from one place.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use postern_model::estate::NodeIndex;
use postern_model::{NodeId, NodeKind};
use schemars::JsonSchema;
use serde::Serialize;
use utoipa::ToSchema;

use crate::page::page;
use crate::words::by_name;
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

/// How far an attacker gets from an asset.
#[derive(Clone, Debug, Serialize, JsonSchema, ToSchema)]
pub struct BlastDetail {
    pub generation: i64,
    /// Targets that there are.
    pub targets_total: u64,
    #[serde(flatten)]
    pub blast: Blast,
}

/// A place in a blast radius.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReachedPlace {
    pub node: NodeId,
    pub is_target: bool,
    /// It is reached only through a target.
    pub is_behind_target: bool,
}

/// Entry points of which it is told how far they lead: more would take longer than anybody waits.
const BLASTS_MAX: usize = 100;

impl Reports {
    /// How far an attacker gets from a place; of each list at most `limit` assets.
    ///
    /// # Errors
    /// [`crate::ReportError::ControlPlane`], and [`crate::ReportError::Attack`] for what is no place.
    pub fn blast(&self, start: NodeId, limit: usize) -> Result<Blast> {
        let found = self.reach(self.start(start)?)?;
        Ok(Blast {
            start: self.place(start),
            targets: found.targets.iter().map(|&target| self.place(target)).collect(),
            assets: self.asset_list(&found.assets, limit),
            assets_behind: self.asset_list(&found.assets_behind, limit),
            steps: found.steps,
        })
    }

    /// Everything that an attacker who holds a place gets hold of.
    ///
    /// # Errors
    /// As [`Self::blast`].
    pub fn reached_from(&self, start: NodeId) -> Result<Vec<ReachedPlace>> {
        let found = self.reach(self.start(start)?)?;
        let estate = &self.generation.estate;
        let assets = |assets: &[NodeIndex], is_behind_target: bool| {
            let places = assets.iter().map(|&asset| ReachedPlace {
                node: estate.node(asset).id,
                is_target: false,
                is_behind_target,
            });
            places.collect::<Vec<_>>()
        };
        let mut places = assets(&found.assets, false);
        places.extend(assets(&found.assets_behind, true));
        for target in found.targets {
            match places.iter_mut().find(|place| place.node == target) {
                Some(place) => place.is_target = true,
                None => places.push(ReachedPlace {
                    node: target,
                    is_target: true,
                    is_behind_target: false,
                }),
            }
        }
        Ok(places)
    }

    fn reach(&self, start: NodeId) -> Result<postern_attack::Blast> {
        let generation = &self.generation;
        let world = generation.world(&self.catalog);
        Ok(self
            .steps()?
            .blast_radius(&world, &generation.derived, &generation.targets, start)?)
    }

    /// * `assets`: in order.
    fn asset_list(&self, assets: &[NodeIndex], limit: usize) -> AssetList {
        let estate = &self.generation.estate;
        let index = self.asset_index();
        let by_kind = by_name(NodeKind::tally(assets.iter().map(|&asset| index.kind(asset))));
        let mut listed = assets.to_vec();
        let rank = |&asset: &NodeIndex| index.rank(asset);
        if limit < listed.len() {
            listed.select_nth_unstable_by_key(limit, rank);
            listed.truncate(limit);
        }
        listed.sort_unstable_by_key(rank);
        AssetList {
            total: assets.len() as u64,
            by_kind,
            truncated: assets.len() > limit,
            listed: listed
                .into_iter()
                .map(|asset| self.place(estate.node(asset).id))
                .collect(),
        }
    }

    /// The entry points that lead furthest, at most `limit` of them. Those with most paths are looked at, at most 100.
    ///
    /// # Errors
    /// Those of [`Self::steps`].
    pub fn blasts(&self, limit: usize) -> Result<BlastPage> {
        let found = self.blasts_found()?;
        Ok(BlastPage {
            generation: self.generation.record.number,
            total: found.len() as u64,
            offset: 0,
            limit: limit as u64,
            items: found.iter().take(limit).cloned().collect(),
        })
    }

    pub(crate) fn widest_blasts(&self) -> Result<Vec<BlastRow>> {
        let paths = &self.path_index().by_entry;
        let mut starts: Vec<_> = self
            .generation
            .entries
            .iter()
            .map(|entry| entry.id)
            .zip(paths)
            .collect();
        starts.sort_by_key(|&(id, &paths)| (Reverse(paths), id));
        let mut found = starts
            .into_iter()
            .take(BLASTS_MAX)
            .map(|(start, _)| {
                let blast = self.reach(start)?;
                Ok(BlastRow {
                    start: self.place(start),
                    targets: blast.targets.len() as u64,
                    assets: blast.assets.len() as u64,
                })
            })
            .collect::<Result<Vec<_>>>()?;
        found.sort_by_cached_key(|it| {
            (
                Reverse((it.targets, it.assets)),
                it.start.name.clone(),
                it.start.id.clone(),
            )
        });
        Ok(found)
    }
}
