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
