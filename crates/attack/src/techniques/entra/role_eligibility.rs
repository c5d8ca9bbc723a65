//! Who may activate a role for some hours.

use postern_model::RelationKind;
use postern_model::estate::{Activation, Node};

use super::of;
use crate::derived::{Manner, Steps, Vertex};
use crate::fact::Fact;
use crate::view::View;

pub fn derive(view: &View<'_>, steps: &mut Steps<'_, '_>) {
    for relation in view.relations(RelationKind::AzRoleEligible) {
        if !relation.is_tenant_wide() {
            continue;
        }
        let mut facts = vec![view.relation_fact(relation)];
        let (manner, obstacles) = activation(view, view.node(relation.target));
        facts.extend(obstacles);
        let (source, target) = (Vertex::Asset(relation.source), Vertex::Asset(relation.target));
        steps.add_between(relation.kind, source, target, manner, facts);
    }
}

/// How hard it is to activate a role, and why.
pub(super) fn activation(view: &View<'_>, role: &Node) -> (Manner, Vec<Fact>) {
    let technique = view.world.catalog.technique(RelationKind::AzRoleEligible);
    let manner = Manner {
        grade: technique.map(|it| circumstance(of(role).activation).map_or(it.grade, |when| it.grade_when(when))),
        ..Manner::default()
    };
    (manner, obstacles(view, role))
}

/// Which modifier of the technique applies.
fn circumstance(activation: Activation) -> Option<&'static str> {
    let Activation {
        requires_approval,
        requires_mfa,
        requires_context,
        ..
    } = activation;
    let asks_again = requires_mfa == Some(true) || requires_context == Some(true);
    match requires_approval {
        Some(true) if asks_again => Some("approval-and-factor"),
        Some(true) => Some("approval"),
        _ if requires_context == Some(true) => Some("context"),
        Some(false) if requires_mfa == Some(false) && requires_context == Some(false) => Some("nothing-asked"),
        _ => None,
    }
}

/// What stands between asking for a role and holding it; where somebody looked and nothing does, that.
fn obstacles(view: &View<'_>, role: &Node) -> Vec<Fact> {
    let it = of(role).activation;
    let asked = [
        (
            it.requires_approval,
            "enduserassignmentrequiresapproval",
            "is activated only when somebody else approves",
        ),
        (
            it.requires_mfa,
            "enduserassignmentrequiresmfa",
            "asks for a second factor when it is activated",
        ),
        (
            it.requires_context,
            "enduserassignmentrequirescapauthenticationcontext",
            "asks for the sign-in that a policy of conditional access demands",
        ),
        (
            it.requires_justification,
            "enduserassignmentrequiresjustification",
            "asks for a reason, which can be made up",
        ),
        (
            it.requires_ticket,
            "enduserassignmentrequiresticketinformation",
            "asks for the number of a ticket, which nothing checks",
        ),
    ];
    let is_asked = asked.iter().filter(|(flag, ..)| *flag == Some(true));
    let mut facts: Vec<_> = is_asked
        .map(|(_, name, text)| view.property_fact(role, name, "true", text))
        .collect();
    if circumstance(it) == Some("nothing-asked") && facts.is_empty() {
        let text = "asks for no approval and no second factor when it is activated";
        facts.push(view.property_fact(role, "enduserassignmentrequiresapproval", "false", text));
    }
    facts
}

#[cfg(test)]
pub(crate) use tests::PLANTS;

#[cfg(test)]
mod tests {
    use postern_model::{NodeKind, RelationKind};

    use crate::cloud_lookalikes::{Cloud, HELPDESK, tenant};
    use crate::planted::Plant;
    use crate::testing::{Sketch, step};

    fn holder() -> Sketch {
        let mut sketch = tenant();
        sketch.cloud(HELPDESK, NodeKind::AzRole, |_| {});
        sketch.relate_with("BOB", RelationKind::AzRoleEligible, HELPDESK, r#"{"scopes":["/"]}"#);
        sketch
    }
    #[test]
    fn the_more_is_asked_for_the_harder_a_role_is_activated() {
        let cost = |approval, factor, context| {
            let mut sketch = holder();
            sketch.edit_entra(HELPDESK, |it| {
                it.activation.requires_approval = approval;
                it.activation.requires_mfa = factor;
                it.activation.requires_context = context;
            });
            let derived = sketch.derived();
            step(&derived, "BOB", RelationKind::AzRoleEligible, HELPDESK).map(|it| it.cost)
        };
        let (no, yes) = (Some(false), Some(true));
        let costs = [
            cost(no, no, no),
            cost(None, None, None),
            cost(yes, no, no),
            cost(yes, yes, no),
        ];
        assert!(costs.is_sorted_by(|a, b| a < b), "{costs:?}");
        assert_eq!(
            cost(no, yes, no),
            cost(None, None, None),
            "a session may have passed the factor before"
        );
        assert_eq!(cost(no, no, yes), cost(yes, no, no));
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
