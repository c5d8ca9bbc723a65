//! Reading the secrets of a domain: on a domain controller, or by asking one to replicate them.
//!
//! One right alone replicates nothing: who holds both is found by [`crate::cross_product`].

use std::collections::BTreeMap;

use postern_model::estate::NodeIndex;
use postern_model::{NodeKind, RelationKind};
use roaring::RoaringBitmap;

use super::Family;
use crate::cross_product::holders_of_all;
use crate::derived::Steps;
use crate::fact::Fact;
use crate::rights::extend;
use crate::view::View;

pub const FAMILY: Family = Family {
    name: "replication",
    techniques: &[
        RelationKind::DcFor,
        RelationKind::DcSync,
        RelationKind::SyncLapsPassword,
    ],
    derive,
};

fn derive(view: &View<'_>, steps: &mut Steps<'_, '_>) {
    // A read-only domain controller keeps the secrets of some accounts, not the keys of the domain.
    for relation in view.relations(RelationKind::DcFor) {
        if view.node(relation.source).attributes.is_read_only_dc != Some(true) {
            steps.add_reported(relation);
        }
    }

    let changes = view.sources_by_target(RelationKind::GetChanges);
    let all = view.sources_by_target(RelationKind::GetChangesAll);
    let filtered = view.sources_by_target(RelationKind::GetChangesInFilteredSet);

    for (domain, node) in view.assets(NodeKind::Domain) {
        let granted = |rights: &[(RelationKind, &BTreeMap<NodeIndex, RoaringBitmap>)]| {
            let holders: Vec<_> = rights
                .iter()
                .map(|(_, by_target)| by_target.get(&domain).cloned().unwrap_or_default())
                .collect();
            let kinds: Vec<_> = rights.iter().map(|(kind, _)| *kind).collect();
            both_held(view, domain, &kinds, &holders)
        };
        for (principal, facts) in granted(&[
            (RelationKind::GetChanges, &changes),
            (RelationKind::GetChangesAll, &all),
        ]) {
            steps.add(RelationKind::DcSync, principal, domain, facts);
        }

        let readers = granted(&[
            (RelationKind::GetChanges, &changes),
            (RelationKind::GetChangesInFilteredSet, &filtered),
        ]);
        // Most domains of a large estate are known by name only: their computers are not looked for.
        if readers.is_empty() {
            continue;
        }
        let laps: Vec<_> = view
            .assets(NodeKind::Computer)
            .filter(|(_, computer)| computer.boundary == node.key && computer.attributes.has_laps == Some(true))
            .collect();
        for (principal, facts) in readers {
            for (computer, node) in &laps {
                let mut facts = facts.clone();
                let text = "has its administrator's password managed by LAPS";
                facts.push(view.property_fact(node, "haslaps", "true", text));
                steps.add(RelationKind::SyncLapsPassword, principal, *computer, facts);
            }
        }
    }
}

/// Who holds all of some rights over a domain, and why.
fn both_held(
    view: &View<'_>,
    domain: NodeIndex,
    kinds: &[RelationKind],
    holders: &[RoaringBitmap],
) -> Vec<(NodeIndex, Vec<Fact>)> {
    let mut found = Vec::new();
    for principal in holders_of_all(&view.memberships, holders) {
        let mut facts: Vec<Fact> = Vec::new();
        for (&kind, holders) in kinds.iter().zip(holders) {
            extend(&mut facts, view.grant_facts(principal, kind, holders, domain));
        }
        found.push((principal, facts));
    }
    found
}

#[cfg(test)]
pub(crate) use tests::PLANTS;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::planted::Plant;
    use crate::testing::{DOMAIN, Sketch};

    fn replicator() -> Sketch {
        let mut sketch = Sketch::domain();
        sketch
            .user("EVE")
            .relate("EVE", RelationKind::MemberOf, "OPS")
            .relate("OPS", RelationKind::GetChanges, DOMAIN)
            .relate("EVE", RelationKind::GetChangesAll, DOMAIN);
        sketch
    }

    pub(crate) const PLANTS: &[Plant] = &[Plant {
        technique: RelationKind::DcSync,
        source: "EVE",
        target: DOMAIN,
        estate: replicator,
        near_misses: &[
            ("may replicate secrets", |it| {
                it.unrelate("EVE", RelationKind::GetChangesAll, DOMAIN);
            }),
            ("belongs to those who may replicate changes", |it| {
                it.unrelate("EVE", RelationKind::MemberOf, "OPS");
            }),
            ("is enabled", |it| {
                it.edit("EVE", |eve| eve.enabled = Some(false));
            }),
        ],
    }];
}
