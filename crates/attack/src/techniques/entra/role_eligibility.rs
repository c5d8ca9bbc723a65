//! Who may activate a role for some hours.

use postern_model::RelationKind;
use postern_model::estate::{Node, Relation};

use super::of;
use crate::derived::{Manner, Steps, Vertex};
use crate::view::View;

pub fn derive(view: &View<'_>, steps: &mut Steps<'_, '_>) {
    for relation in view.relations(RelationKind::AzRoleEligible) {
        if !relation.is_tenant_wide() {
            continue;
        }
        let role = view.node(relation.target);
        if of(role).activation.requires_approval == Some(true) {
            eligible_with_approval(view, steps, relation, role);
        } else {
            steps.add_reported(relation);
        }
    }
}

fn eligible_with_approval(view: &View<'_>, steps: &mut Steps<'_, '_>, relation: &Relation, role: &Node) {
    let technique = view.world.catalog.technique(relation.kind);
    let manner = Manner {
        grade: technique.map(|it| it.grade_when("approval")),
        ..Manner::default()
    };
    let text = "is activated only when somebody else approves";
    let facts = vec![
        view.relation_fact(relation),
        view.property_fact(role, "enduserassignmentrequiresapproval", "true", text),
    ];
    let (source, target) = (Vertex::Asset(relation.source), Vertex::Asset(relation.target));
    steps.add_between(relation.kind, source, target, manner, facts);
}
