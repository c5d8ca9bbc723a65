//! Where an attacker can begin.

use std::collections::BTreeMap;

use postern_catalog::{Basis, EntryPointRule, Evaluate, Foothold, Query};
use postern_model::estate::Node;
use postern_model::{Grade, NodeId, NodeKind, Phase};

use crate::derived::Derived;
use crate::error::AttackError;
use crate::query::{BROAD_GROUPS, DEVICE_CODE, EntryQueries, WORKSTATIONS};
use crate::techniques::{device_code_entry_key, users_entry_key, workstations_entry_key};
use crate::world::{Removal, World};

/// The beginning of attack paths: an asset, or a virtual vertex that stands for many.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Of the asset, or of the virtual vertex.
    pub id: NodeId,
    /// `entry:users:<domain SID>`, `entry:workstations:<domain SID>`, or the asset's key.
    pub key: String,
    pub name: String,
    pub class: String,
    pub basis: Basis,
    /// How likely an attacker gets this far; shown beside the cost of a path, which counts steps only.
    pub grade: Grade,
    /// What the attacker holds, if it is a device.
    pub foothold: Foothold,
    pub reason: String,
}

/// Every entry point of a world, sorted by id. An asset that several rules name is one entry point, as the rule says
/// that makes it likeliest.
///
/// # Errors
/// [`AttackError::EntryRule`] when a rule's query is unknown.
pub fn entries(world: &World<'_>, derived: &Derived) -> Result<Vec<Entry>, AttackError> {
    entries_without(world, derived, &Removal::default())
}

pub(crate) fn entries_without(
    world: &World<'_>,
    derived: &Derived,
    removal: &Removal,
) -> Result<Vec<Entry>, AttackError> {
    let queries = EntryQueries::new(world, derived);
    let mut found: BTreeMap<NodeId, Entry> = BTreeMap::new();
    for rule in world.catalog.entry_points.iter().filter(|rule| rule.enabled) {
        let name = match &rule.query {
            Query::Builtin(query) => query.builtin.as_str(),
            Query::Kql(_) => "",
        };
        let candidates = match name {
            DEVICE_CODE => virtual_entries(world, derived, rule, device_code_entry_key),
            BROAD_GROUPS => virtual_entries(world, derived, rule, users_entry_key),
            WORKSTATIONS => virtual_entries(world, derived, rule, workstations_entry_key),
            _ => {
                let nodes = queries
                    .nodes(&rule.query, Phase::Entries)
                    .map_err(|cause| AttackError::EntryRule {
                        rule: rule.id.clone(),
                        cause,
                    })?;
                let nodes = nodes.into_iter().filter(|index| !removal.assets.contains(index));
                nodes
                    .map(|index| world.estate.node(index))
                    .map(|it| entry(rule, it.id, &it.key, &it.name))
                    .collect()
            }
        };
        for candidate in candidates {
            let known = found.entry(candidate.id).or_insert_with(|| candidate.clone());
            if candidate.likelihood() < known.likelihood() {
                *known = candidate;
            }
        }
    }
    Ok(found.into_values().collect())
}

impl Entry {
    /// Smaller is likelier; ties go to what was observed, then to the stronger foothold.
    fn likelihood(&self) -> (u32, Basis, std::cmp::Reverse<Foothold>, &str) {
        (
            self.grade.cost(),
            self.basis,
            std::cmp::Reverse(self.foothold),
            &self.class,
        )
    }
}

/// One entry point for each domain, or tenant, from whose virtual vertex there is a step.
fn virtual_entries(world: &World<'_>, derived: &Derived, rule: &EntryPointRule, key: fn(&str) -> String) -> Vec<Entry> {
    let is_directory = |node: &&Node| matches!(node.kind, NodeKind::Domain | NodeKind::AzTenant);
    let directories = world.estate.nodes.iter().filter(is_directory);
    directories
        .filter_map(|directory| {
            let id = NodeId::of(&key(&directory.key));
            let vertex = derived.virtual_vertex(id)?;
            Some(entry(rule, id, &vertex.key, &vertex.name))
        })
        .collect()
}

fn entry(rule: &EntryPointRule, id: NodeId, key: &str, name: &str) -> Entry {
    Entry {
        id,
        key: key.to_owned(),
        name: name.to_owned(),
        class: rule.class.clone(),
        basis: rule.basis,
        grade: rule.grade,
        foothold: rule.foothold,
        reason: rule.reason.clone(),
    }
}
