//! Naming an account that a computer lets act for others: it needs the name of a service.
//!
//! Computers have one, and some users do. Anybody else joins a computer to the domain, which its quota lets them: ten
//! each, unless somebody changed that (`ms-DS-MachineAccountQuota` of [MS-ADA2]).

use postern_model::estate::{Node, Relation};
use postern_model::{NodeKind, RelationKind};

use crate::derived::{Manner, Steps, Vertex};
use crate::fact::Fact;
use crate::view::View;

/// Circumstance in the catalog: the domain lets nobody join computers.
const NO_QUOTA: &str = "no-quota";

/// What a domain starts with.
const DEFAULT_QUOTA: &str = "10";

/// Whether a right over such an object is that to name who acts for others.
pub fn is_right(right: RelationKind, target: NodeKind) -> bool {
    let is_right = matches!(
        right,
        RelationKind::AddAllowedToAct | RelationKind::WriteAccountRestrictions
    );
    is_right && target == NodeKind::Computer
}

pub fn derive(view: &View<'_>, steps: &mut Steps<'_, '_>, relation: &Relation) {
    let mut facts = vec![view.relation_fact(relation)];
    let mut manner = Manner::default();
    let holder = view.node(relation.source);
    let domain = view
        .domain_of(holder)
        .or_else(|| view.domain_of(view.node(relation.target)));
    match domain {
        _ if holder.kind == NodeKind::Computer => {}
        _ if holder.kind == NodeKind::User && holder.attributes.has_spn == Some(true) => {
            facts.push(view.property_fact(holder, "hasspn", "true", "has the name of a service"));
        }
        Some(domain) => {
            let (quota, is_none) = quota(view, domain);
            facts.push(quota);
            if is_none {
                let known = view.world.catalog.technique(relation.kind);
                manner.grade = known.map(|known| known.grade_when(NO_QUOTA));
            }
        }
        None => {}
    }
    let (source, target) = (Vertex::Asset(relation.source), Vertex::Asset(relation.target));
    steps.add_between(relation.kind, source, target, manner, facts);
}

/// How many computers anybody may join to a domain, and whether that is none.
fn quota(view: &View<'_>, domain: &Node) -> (Fact, bool) {
    const NAME: &str = "machineaccountquota";
    let told = domain
        .attributes
        .domain
        .as_deref()
        .and_then(|it| it.machine_account_quota);
    let fact = match told {
        Some(quota) => {
            let text = match quota {
                ..=0 => "lets no ordinary user join a computer".to_owned(),
                1 => "lets every user join a computer".to_owned(),
                more => format!("lets every user join {more} computers"),
            };
            view.property_fact(domain, NAME, &quota.to_string(), &text)
        }
        None => {
            let text = format!("lets every user join {DEFAULT_QUOTA} computers");
            Fact::product_default(domain, NAME, DEFAULT_QUOTA, &text)
        }
    };
    (fact, told.is_some_and(|quota| quota <= 0))
}

#[cfg(test)]
pub(crate) use tests::PLANTS;

#[cfg(test)]
mod tests {
    use postern_model::estate::DomainAttributes;

    use super::*;
    use crate::planted::Plant;
    use crate::testing::{DOMAIN, Sketch, step};

    fn estate() -> Sketch {
        let mut sketch = Sketch::domain();
        sketch
            .user("EVE")
            .computer("SERVER")
            .relate("EVE", RelationKind::AddAllowedToAct, "SERVER");
        sketch
    }

    pub(crate) const PLANTS: &[Plant] = &[Plant {
        technique: RelationKind::AddAllowedToAct,
        source: "EVE",
        target: "SERVER",
        estate,
        near_misses: &[
            ("holds the right", |it| {
                it.unrelate("EVE", RelationKind::AddAllowedToAct, "SERVER");
            }),
            ("over a computer", |it| {
                it.user("SERVER");
            }),
            ("is enabled", |it| {
                it.edit("EVE", |eve| eve.enabled = Some(false));
            }),
        ],
    }];

    /// Cost of the step, and whether it is assumed.
    fn told(sketch: &Sketch) -> (u32, bool) {
        let derived = sketch.derived();
        let step = step(&derived, "EVE", RelationKind::AddAllowedToAct, "SERVER").expect("a step");
        (step.cost, step.is_assumed)
    }

    fn with_quota(sketch: &mut Sketch, quota: i64) {
        sketch.edit(DOMAIN, |domain| {
            domain.domain = Some(Box::new(DomainAttributes {
                machine_account_quota: Some(quota),
                ..DomainAttributes::default()
            }));
        });
    }

    #[test]
    fn where_nobody_may_join_computers_an_account_with_a_service_name_has_to_be_found() {
        let mut sketch = estate();
        let (cost, is_assumed) = told(&sketch);
        assert!(is_assumed, "nobody looked at the quota");
        with_quota(&mut sketch, 10);
        assert_eq!(told(&sketch), (cost, false));
        with_quota(&mut sketch, 0);
        let (without, is_assumed) = told(&sketch);
        assert!(without > cost && !is_assumed);
    }

    #[test]
    fn who_has_the_name_of_a_service_needs_no_quota() {
        let mut sketch = estate();
        with_quota(&mut sketch, 10);
        let (cost, _) = told(&sketch);
        with_quota(&mut sketch, 0);
        sketch.edit("EVE", |eve| eve.has_spn = Some(true));
        assert_eq!(told(&sketch), (cost, false));
        sketch.node("EVE", NodeKind::Computer, |eve| eve.attributes.has_spn = None);
        assert_eq!(told(&sketch), (cost, false));
    }
}
