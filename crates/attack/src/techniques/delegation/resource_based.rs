//! Resource-based delegation: a computer lets an account act for others towards it.
//!
//! The account asks for a ticket to itself, which it can only if it has the name of a service. Computers have; users
//! without one can do it once, at the price of their password (Forshaw, 2022).

use postern_model::{NodeKind, RelationKind};

use crate::derived::{Manner, Steps, Vertex};
use crate::view::View;

/// Circumstance in the catalog.
const NO_SERVICE_NAME: &str = "no-service-name";

pub(super) fn derive(view: &View<'_>, steps: &mut Steps<'_, '_>) {
    let technique = RelationKind::AllowedToAct;
    let no_service_name = view
        .world
        .catalog
        .technique(technique)
        .map(|known| known.grade_when(NO_SERVICE_NAME));
    for relation in view.relations(technique) {
        let node = view.node(relation.source);
        let mut facts = vec![view.relation_fact(relation)];
        let mut manner = Manner::default();
        match node.attributes.has_spn {
            Some(has_spn) if node.kind == NodeKind::User => {
                let text = if has_spn {
                    "has the name of a service"
                } else {
                    manner.grade = no_service_name;
                    "has no name of a service"
                };
                facts.push(view.property_fact(node, "hasspn", &has_spn.to_string(), text));
            }
            _ => {}
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
            .relate("SVC", RelationKind::AllowedToAct, "SQL");
        sketch
    }

    pub(crate) const PLANTS: &[Plant] = &[Plant {
        technique: RelationKind::AllowedToAct,
        source: "SVC",
        target: "SQL",
        estate,
        near_misses: &[
            ("the computer lets it act for others", |it| {
                it.unrelate("SVC", RelationKind::AllowedToAct, "SQL");
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
    fn a_user_without_the_name_of_a_service_finds_it_harder() {
        let cost = |has_spn, kind| {
            let mut sketch = estate();
            sketch.node("SVC", kind, |svc| svc.attributes.has_spn = has_spn);
            let derived = sketch.derived();
            step(&derived, "SVC", RelationKind::AllowedToAct, "SQL").map(|it| it.cost)
        };
        assert!(cost(Some(true), NodeKind::User) < cost(Some(false), NodeKind::User));
        assert_eq!(cost(None, NodeKind::User), cost(Some(true), NodeKind::User));
        assert_eq!(
            cost(Some(false), NodeKind::Computer),
            cost(Some(true), NodeKind::Computer)
        );
    }
}
