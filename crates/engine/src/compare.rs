//! What differs between two generations: assets, steps and paths that came and went.

use std::collections::BTreeMap;

use postern_attack::{Path, Step};
use postern_model::{EdgeId, NodeId};

use crate::Generation;

/// `older` and `newer` as the caller named them; nothing says that one was built first.
pub struct Comparison<'a> {
    pub older: &'a Generation,
    pub newer: &'a Generation,
    pub assets: Changes<NodeId>,
    pub steps: Changes<EdgeId>,
    pub paths: Changes<EdgeId>,
    /// Paths in both whose cost differs: (path, older cost, newer cost).
    pub costs: Vec<(EdgeId, u32, u32)>,
}

/// Ids, sorted.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Changes<Id> {
    pub added: Vec<Id>,
    pub removed: Vec<Id>,
}

pub fn compare<'a>(older: &'a Generation, newer: &'a Generation) -> Comparison<'a> {
    let steps = |generation: &Generation| -> BTreeMap<EdgeId, ()> {
        generation
            .derived
            .steps
            .iter()
            .map(|step: &Step| (step.id, ()))
            .collect()
    };
    let assets = |generation: &Generation| -> BTreeMap<NodeId, ()> {
        generation.estate.nodes.iter().map(|node| (node.id, ())).collect()
    };
    let paths = |generation: &Generation| -> BTreeMap<EdgeId, u32> {
        generation
            .analysis
            .paths
            .iter()
            .map(|path: &Path| (path.id, path.cost))
            .collect()
    };
    let (older_paths, newer_paths) = (paths(older), paths(newer));
    let costs = older_paths
        .iter()
        .filter_map(|(path, before)| Some((*path, *before, *newer_paths.get(path)?)))
        .filter(|(_, before, after)| before != after)
        .collect();
    Comparison {
        assets: changes(&assets(older), &assets(newer)),
        steps: changes(&steps(older), &steps(newer)),
        paths: changes(&older_paths, &newer_paths),
        costs,
        older,
        newer,
    }
}

fn changes<Id: Ord + Copy, V>(older: &BTreeMap<Id, V>, newer: &BTreeMap<Id, V>) -> Changes<Id> {
    let missing = |from: &BTreeMap<Id, V>, in_: &BTreeMap<Id, V>| {
        from.keys().filter(|id| !in_.contains_key(id)).copied().collect()
    };
    Changes {
        added: missing(newer, older),
        removed: missing(older, newer),
    }
}
