//! The techniques, one file for each family of the catalog.
//!
//! A family reads facts from the [`View`] and hands candidate steps to [`Steps`]. To add a technique: its kind in
//! `model`, its text in the catalog, and its derivation here; a test holds the three together.

pub(crate) mod acl;
mod assumed;
pub(crate) mod azure;
pub(crate) mod certificates;
mod containment;
pub(crate) mod credentials;
pub(crate) mod custom;
pub(crate) mod delegation;
pub(crate) mod entra;
pub(crate) mod extensions;
mod local_groups;
pub(crate) mod membership;
mod network;
pub(crate) mod ownership;
pub(crate) mod policies;
pub(crate) mod relay;
pub(crate) mod replication;
pub(crate) mod sessions;
mod sets;
pub(crate) mod stated;
pub(crate) mod trusts;

use std::collections::BTreeSet;

use postern_model::estate::Estate;
use postern_model::{NodeKind, RelationKind};

use crate::derived::{Steps, Virtual};
use crate::view::View;

pub(crate) use assumed::{broad_groups, workstations};
pub use assumed::{users_entry_key, workstations_entry_key};
pub(crate) use entra::device_code::{entry_key as device_code_entry_key, is_phished_by_device_code};

/// Techniques that are derived in one place.
pub struct Family {
    /// The folder of the catalog that describes them.
    pub name: &'static str,
    pub techniques: &'static [RelationKind],
    pub(crate) derive: fn(&View<'_>, &mut Steps<'_, '_>),
}

/// All families there are.
pub static TECHNIQUES: &[Family] = &[
    acl::FAMILY,
    assumed::FAMILY,
    azure::FAMILY,
    certificates::FAMILY,
    containment::FAMILY,
    credentials::FAMILY,
    custom::FAMILY,
    delegation::FAMILY,
    entra::FAMILY,
    extensions::FAMILY,
    local_groups::FAMILY,
    membership::FAMILY,
    network::FAMILY,
    ownership::FAMILY,
    relay::FAMILY,
    policies::FAMILY,
    replication::FAMILY,
    sessions::FAMILY,
    trusts::FAMILY,
];

/// Every virtual vertex that steps over an estate may begin or end at, sorted by id.
pub(crate) fn virtual_vertices(estate: &Estate) -> Vec<Virtual> {
    let domains = estate.nodes.iter().filter(|node| node.kind == NodeKind::Domain);
    let entries = domains.flat_map(|domain| [assumed::users_entry(domain), assumed::workstations_entry(domain)]);
    let sites: BTreeSet<_> = estate.nodes.iter().flat_map(network::sites).collect();
    let sites = sites.into_iter().map(network::site_segment);
    let strangers = entra::device_code::all_entries(estate);
    let mut found: Vec<_> = entries.chain(strangers).chain(sites).chain(sets::all(estate)).collect();
    found.sort_by_key(|it| it.id);
    found
}

/// Makes a step of each reported relation of these kinds.
fn as_reported(view: &View<'_>, steps: &mut Steps<'_, '_>, kinds: &[RelationKind]) {
    for &kind in kinds {
        for relation in view.relations(kind) {
            steps.add_reported(relation);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use postern_catalog::Catalog;

    use super::*;

    #[test]
    fn the_catalog_describes_exactly_the_techniques_that_are_derived() {
        let catalog = Catalog::embedded().expect("the embedded catalog is valid");
        let derived: BTreeMap<_, _> = TECHNIQUES
            .iter()
            .flat_map(|family| family.techniques.iter().map(|&kind| (kind, family.name.to_owned())))
            .collect();
        let described: BTreeMap<_, _> = catalog
            .techniques
            .values()
            .map(|technique| (technique.id, technique.family.clone()))
            .collect();
        assert_eq!(derived, described);
    }

    #[test]
    fn no_technique_is_derived_by_two_families() {
        let mut kinds: Vec<_> = TECHNIQUES.iter().flat_map(|family| family.techniques).collect();
        let count = kinds.len();
        kinds.sort_unstable();
        kinds.dedup();
        assert_eq!(kinds.len(), count);
    }
}
