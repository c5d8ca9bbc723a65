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

#[cfg(test)]
pub(crate) use tests::PLANTS;

#[cfg(test)]
mod tests {
    use postern_model::{NodeKind, RelationKind};

    use crate::cloud_lookalikes::{Cloud, HELPDESK, tenant};
    use crate::planted::Plant;
    use crate::testing::Sketch;

    fn holder() -> Sketch {
        let mut sketch = tenant();
        sketch.cloud(HELPDESK, NodeKind::AzRole, |_| {});
        sketch.relate_with("BOB", RelationKind::AzRoleEligible, HELPDESK, r#"{"scopes":["/"]}"#);
        sketch
    }
    pub(crate) const PLANTS: &[Plant] = &[Plant {
        technique: RelationKind::AzRoleEligible,
        source: "BOB",
        target: HELPDESK,
        estate: holder,
        near_misses: &[
            ("is enabled", |it| {
                it.edit("BOB", |it| it.enabled = Some(false));
            }),
            ("is over the whole tenant", |it| {
                it.unrelate("BOB", RelationKind::AzRoleEligible, HELPDESK).relate_with(
                    "BOB",
                    RelationKind::AzRoleEligible,
                    HELPDESK,
                    r#"{"scopes":["/administrativeUnits/1"]}"#,
                );
            }),
        ],
    }];
}
