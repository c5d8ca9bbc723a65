//! What would be different if something were not so.
//!
//! Nothing is estimated: the facts are taken out, and everything is derived anew, so side routes appear by themselves.

use std::collections::BTreeMap;

use postern_model::{EdgeId, NodeId};

use crate::derived::derive;
use crate::entry::entries_without;
use crate::error::AttackError;
use crate::paths::{Analysis, Path, paths};
use crate::target::targets_without;
use crate::world::{Removal, World};

/// The paths of a world, and those of the same world after a removal.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Difference {
    /// Paths that have no route any more, as they were; in the order in which paths are shown, as are the others.
    pub gone: Vec<Path>,
    /// Paths that are left with another route or cost.
    pub changed: Vec<ChangedPath>,
    /// Paths that weren't there. A removal of facts makes none.
    pub appeared: Vec<Path>,
    /// Targets that some entry point reached, and none does any more; sorted.
    pub targets_freed: Vec<NodeId>,
}

/// A path before and after.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangedPath {
    pub before: Path,
    pub after: Path,
}

/// Compares the paths of a world with those that are left without what `removal` names.
///
/// # Errors
/// Those of [`entries`](crate::entries) and [`paths`](crate::paths()).
pub fn what_if(world: &World<'_>, removal: &Removal) -> Result<Difference, AttackError> {
    let before = analyse(world, &Removal::default())?;
    let after = analyse(world, removal)?;
    Ok(compare(before.paths, after.paths))
}

/// Everything from facts to paths, without what `removal` names.
pub(crate) fn analyse(world: &World<'_>, removal: &Removal) -> Result<Analysis, AttackError> {
    let derived = derive(world, removal);
    let entries = entries_without(world, &derived, removal)?;
    let targets = targets_without(world, removal);
    paths(world, &derived, &entries, &targets)
}

fn compare(before: Vec<Path>, after: Vec<Path>) -> Difference {
    let mut left: BTreeMap<EdgeId, Path> = after.into_iter().map(|path| (path.id, path)).collect();
    let mut difference = Difference::default();
    let reached: Vec<_> = before.iter().map(|path| path.target).collect();
    let still_reached: Vec<_> = left.values().map(|path| path.target).collect();
    for path in before {
        match left.remove(&path.id) {
            None => difference.gone.push(path),
            Some(after) if after == path => {}
            Some(after) => difference.changed.push(ChangedPath { before: path, after }),
        }
    }
    difference.appeared = left.into_values().collect();
    difference.appeared.sort_by_key(Path::rank);
    difference.targets_freed = reached
        .into_iter()
        .filter(|target| !still_reached.contains(target))
        .collect();
    difference.targets_freed.sort_unstable();
    difference.targets_freed.dedup();
    difference
}
