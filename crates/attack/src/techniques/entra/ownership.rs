//! Owners of groups, applications and devices.

use postern_catalog::Foothold;
use postern_model::estate::{Node, Relation};
use postern_model::{NodeKind, RelationKind};

use super::{of, takes_members, takes_secrets};
use crate::derived::{Manner, Steps, Vertex};
use crate::view::View;

pub fn derive(view: &View<'_>, steps: &mut Steps<'_, '_>) {
    for relation in view.relations(RelationKind::AzOwns) {
        let owned = view.node(relation.target);
        match owned.kind {
            NodeKind::AzGroup if takes_members(owned) => steps.add_reported(relation),
            NodeKind::AzApp | NodeKind::AzServicePrincipal if takes_secrets(owned) => steps.add_reported(relation),
            NodeKind::AzDevice if of(owned).is_joined == Some(true) => device_owner(view, steps, relation, owned),
            _ => {}
        }
    }
}

/// The owner of a device that joined Entra is an administrator there, as a rule. Of one that is only registered, or of
/// a member of a domain, they are nothing but the user.
fn device_owner(view: &View<'_>, steps: &mut Steps<'_, '_>, relation: &Relation, device: &Node) {
    let grade = view
        .world
        .catalog
        .technique(relation.kind)
        .map(|it| it.grade_when("device"));
    let manner = Manner {
        grade,
        footholds: Some((Foothold::Admin, Foothold::Admin)),
    };
    let facts = vec![
        view.relation_fact(relation),
        view.property_fact(device, "trusttype", "AzureAd", "has joined Entra"),
    ];
    let (source, target) = (Vertex::Asset(relation.source), Vertex::Asset(relation.target));
    steps.add_between(relation.kind, source, target, manner, facts);
}

#[cfg(test)]
pub(crate) use tests::PLANTS;

#[cfg(test)]
mod tests {
    use postern_model::{NodeKind, RelationKind};

    use crate::cloud_lookalikes::{Cloud, tenant};
    use crate::planted::Plant;
    use crate::testing::Sketch;

    fn owner() -> Sketch {
        let mut sketch = tenant();
        sketch.cloud("APP", NodeKind::AzApp, |_| {});
        sketch.cloud("SP", NodeKind::AzServicePrincipal, |_| {});
        sketch.cloud("CREW", NodeKind::AzGroup, |_| {});
        sketch.entra("LAPTOP", NodeKind::AzDevice, |it| it.is_joined = Some(true));
        for owned in ["APP", "SP", "CREW", "LAPTOP"] {
            sketch.relate("BOB", RelationKind::AzOwns, owned);
        }
        sketch
    }
    pub(crate) const PLANTS: &[Plant] = &[
        Plant {
            technique: RelationKind::AzOwns,
            source: "BOB",
            target: "APP",
            estate: owner,
            near_misses: &[("is enabled", |it| {
                it.edit("BOB", |it| it.enabled = Some(false));
            })],
        },
        Plant {
            technique: RelationKind::AzOwns,
            source: "BOB",
            target: "SP",
            estate: owner,
            near_misses: &[
                ("is enabled", |it| {
                    it.edit("SP", |it| it.enabled = Some(false));
                }),
                ("takes credentials", |it| {
                    it.edit_entra("SP", |it| it.is_managed_identity = Some(true));
                }),
            ],
        },
        Plant {
            technique: RelationKind::AzOwns,
            source: "BOB",
            target: "CREW",
            estate: owner,
            near_misses: &[
                ("is changed in Entra", |it| {
                    it.edit_entra("CREW", |it| it.is_synchronised = Some(true));
                }),
                ("is filled by hand", |it| {
                    it.edit_entra("CREW", |it| it.is_dynamic = Some(true));
                }),
            ],
        },
        Plant {
            technique: RelationKind::AzOwns,
            source: "BOB",
            target: "LAPTOP",
            estate: owner,
            near_misses: &[
                ("is enabled", |it| {
                    it.edit("LAPTOP", |it| it.enabled = Some(false));
                }),
                ("has joined Entra", |it| {
                    it.edit_entra("LAPTOP", |it| it.is_joined = Some(false));
                }),
            ],
        },
    ];
}
