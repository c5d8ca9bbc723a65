//! Constrained delegation: an account may act for others towards the services of a list.
//!
//! With protocol transition it needs nobody for that. Without, it needs a ticket that somebody brings; an account that
//! is let act towards it can bring one in any name, so that the step holds with one more move (Shamir, "Wagging the
//! Dog", 2019).

use postern_model::RelationKind;

use crate::derived::{Manner, Steps, Vertex};
use crate::view::View;

/// Circumstance in the catalog: no protocol transition.
const KERBEROS_ONLY: &str = "kerberos-only";

pub(super) fn derive(view: &View<'_>, steps: &mut Steps<'_, '_>) {
    let technique = RelationKind::AllowedToDelegate;
    let kerberos_only = view
        .world
        .catalog
        .technique(technique)
        .map(|known| known.grade_when(KERBEROS_ONLY));
    for relation in view.relations(technique) {
        let node = view.node(relation.source);
        let account = node.attributes.account.as_deref();
        let mut facts = vec![view.relation_fact(relation)];
        let mut manner = Manner::default();
        match account.and_then(|account| account.is_trusted_to_authenticate) {
            Some(true) => {
                let text = "may ask for tickets to itself in the name of anybody";
                facts.push(view.property_fact(node, "trustedtoauth", "true", text));
            }
            Some(false) => {
                manner.grade = kerberos_only;
                let text = "may act only for those who bring it a ticket";
                facts.push(view.property_fact(node, "trustedtoauth", "false", text));
            }
            None => {}
        }
        let (source, target) = (Vertex::Asset(relation.source), Vertex::Asset(relation.target));
        steps.add_between(technique, source, target, manner, facts);
    }
}

#[cfg(test)]
pub(crate) use tests::PLANTS;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::planted::Plant;
    use crate::testing::{Sketch, step};

    fn estate() -> Sketch {
        let mut sketch = Sketch::domain();
        sketch
            .user("SVC")
            .computer("SQL")
            .relate("SVC", RelationKind::AllowedToDelegate, "SQL");
        sketch
    }

    pub(crate) const PLANTS: &[Plant] = &[Plant {
        technique: RelationKind::AllowedToDelegate,
        source: "SVC",
        target: "SQL",
        estate,
        near_misses: &[
            ("the computer's services are on the list", |it| {
                it.unrelate("SVC", RelationKind::AllowedToDelegate, "SQL");
            }),
            ("the account is enabled", |it| {
                it.edit("SVC", |svc| svc.enabled = Some(false));
            }),
            ("the computer's account is enabled", |it| {
                it.edit("SQL", |sql| sql.enabled = Some(false));
            }),
        ],
    }];

    #[test]
    fn without_protocol_transition_it_takes_one_more_move() {
        let mut sketch = estate();
        let cost = |sketch: &Sketch| {
            let derived = sketch.derived();
            step(&derived, "SVC", RelationKind::AllowedToDelegate, "SQL").map(|it| it.cost)
        };
        let mut told = |is_trusted| {
            sketch.edit("SVC", |svc| {
                svc.account.get_or_insert_default().is_trusted_to_authenticate = Some(is_trusted);
            });
            cost(&sketch)
        };
        assert!(told(true) < told(false));
        assert_eq!(told(true), cost(&estate()), "unknown is not without");
    }
}
