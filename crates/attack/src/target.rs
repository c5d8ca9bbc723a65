//! What must not be lost: control planes, and critical assets outside them.

use postern_catalog::TargetClass;
use postern_model::estate::NodeIndex;
use postern_model::{Criticality, NodeId};
use roaring::RoaringBitmap;

use crate::world::{Removal, World};

/// The end of attack paths.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// Of the asset; for a control plane, of its key.
    pub id: NodeId,
    /// `plane:forest:<SID>`, or the asset's key.
    pub key: String,
    pub name: String,
    pub class: TargetClass,
    /// Of an asset; a control plane has none, it is above them all.
    pub criticality: Option<Criticality>,
    /// All assets that are the target; sorted. A device among them is lost when it is held as administrator, anything
    /// else as soon as it is reached.
    pub members: Vec<NodeId>,
    pub reason: String,
}

/// Every target of a world, sorted by id.
pub fn targets(world: &World<'_>) -> Vec<Target> {
    targets_without(world, &Removal::default())
}

pub(crate) fn targets_without(world: &World<'_>, removal: &Removal) -> Vec<Target> {
    let classification = world.classification;
    let mut found = Vec::new();
    for plane in &classification.planes {
        let mut members: Vec<_> = plane
            .members
            .iter()
            .filter(|member| !removal.assets.contains(member))
            .map(|&member| world.estate.node(member).id)
            .collect();
        members.sort_unstable();
        if members.is_empty() {
            continue;
        }
        found.push(Target {
            id: NodeId::of(&plane.key),
            key: plane.key.clone(),
            name: plane.name.clone(),
            class: TargetClass::ControlPlane,
            criticality: None,
            reason: format!(
                "control of any of its {} members is control of all it governs",
                members.len()
            ),
            members,
        });
    }
    for (index, level) in critical_assets(world) {
        if removal.assets.contains(&index) {
            continue;
        }
        let node = world.estate.node(index);
        // Sorted by asset.
        let reasons = &classification.reasons;
        let first = reasons.partition_point(|it| it.node < index);
        let reason = reasons
            .get(first)
            .filter(|it| it.node == index)
            .map(|it| it.text.clone());
        found.push(Target {
            id: node.id,
            key: node.key.to_string(),
            name: node.name.clone(),
            class: if level == Criticality::VeryHigh {
                TargetClass::VeryHigh
            } else {
                TargetClass::High
            },
            criticality: Some(level),
            members: vec![node.id],
            reason: reason.unwrap_or_else(|| format!("its criticality is {}", level.as_str())),
        });
    }
    found.sort_by_key(|target| target.id);
    found
}

/// Every asset that is part of a target.
pub(crate) fn target_members(world: &World<'_>) -> RoaringBitmap {
    let planes = world
        .classification
        .planes
        .iter()
        .flat_map(|plane| plane.members.iter().copied());
    planes.chain(critical_assets(world).map(|(index, _)| index)).collect()
}

/// Assets of very high or high criticality outside every plane.
fn critical_assets(world: &World<'_>) -> impl Iterator<Item = (NodeIndex, Criticality)> {
    let classification = world.classification;
    (0..)
        .zip(&classification.criticality)
        .filter_map(|(index, level): (NodeIndex, _)| {
            let level = level.filter(|level| matches!(level, Criticality::VeryHigh | Criticality::High))?;
            let is_outside = classification.plane_of.get(index as usize).copied().flatten().is_none();
            is_outside.then_some((index, level))
        })
}
