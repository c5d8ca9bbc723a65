//! To the web enrolment of an authority (ESC8): it issues the attacker a certificate in the name of the coerced
//! computer.

use std::collections::{BTreeMap, HashMap};

use postern_model::RelationKind;
use postern_model::estate::NodeIndex;
use roaring::RoaringBitmap;

use super::{Coercion, DERIVATIONS_MAX};
use crate::cross_product::expand;
use crate::derived::Steps;
use crate::fact::Fact;
use crate::forest::Forests;
use crate::pki::{Authority, Template};
use crate::rights::{Holders, extend};
use crate::view::View;

#[cfg(test)]
pub(crate) use tests::PLANTS;

pub(super) fn derive(view: &View<'_>, steps: &mut Steps<'_, '_>, coercion: &Coercion<'_, '_>) {
    let technique = RelationKind::CoerceAndRelayNtlmToAdcs;
    to_authorities(view, steps, coercion, technique, |authority| {
        let is_open = authority.node.attributes.pki.as_deref()?.has_vulnerable_endpoint == Some(true);
        let text = "has web enrolment over HTTP, or over HTTPS that is not bound to its channel";
        is_open.then(|| view.property_fact(authority.node, "hasvulnerableendpoint", "true", text))
    });
}

/// Steps to each computer that can be made to authenticate, and in whose name an authority that `takes` what is handed
/// on to it issues a certificate for logon.
pub(super) fn to_authorities(
    view: &View<'_>,
    steps: &mut Steps<'_, '_>,
    coercion: &Coercion<'_, '_>,
    technique: RelationKind,
    takes: impl Fn(&Authority<'_>) -> Option<Fact>,
) {
    let forests = Forests::of(view);
    let mut joined = HashMap::new();
    let mut told: BTreeMap<NodeIndex, usize> = BTreeMap::new();
    // Those of which no more has to be told are left out.
    let mut open_to_more = coercion.computers.clone();
    for published in view.pki.published() {
        let (template, authority) = (published.template, published.authority);
        let Some(open) = takes(authority) else { continue };
        let Some(conditions) = conditions(view, template) else {
            continue;
        };
        let mut computers = open_to_more.clone();
        let rights = [&template.enrollers, &authority.enrollers];
        for right in rights {
            narrow(view, &mut computers, right);
        }
        // A computer takes nothing that comes from itself.
        for host in &authority.hosts {
            computers.remove(host.source);
        }
        for computer in &computers {
            let node = view.node(computer);
            let (Some(attacker), Some(&domain)) = (
                coercion.attacker(node),
                view.world
                    .estate
                    .by_key
                    .get(node.boundary.to_ascii_uppercase().as_str()),
            ) else {
                continue;
            };
            let trusts = joined
                .entry((published.domain(), domain))
                .or_insert_with(|| forests.joined_by(published.domain(), domain));
            let Some(trusts) = trusts else { continue };
            let count = told.entry(computer).or_default();
            *count += 1;
            if *count == DERIVATIONS_MAX {
                open_to_more.remove(computer);
            }
            let mut facts = coercion.facts(computer);
            for right in rights {
                extend(&mut facts, right.facts(view, computer));
            }
            let conditions = [std::slice::from_ref(&open), &conditions, trusts].concat();
            steps.add(technique, attacker, computer, published.with(view, facts, &conditions));
        }
    }
}

fn conditions(view: &View<'_>, template: &Template<'_>) -> Option<[Fact; 3]> {
    Some([
        template.authenticates(view)?,
        template.needs_no_approval(view)?,
        template.needs_no_signature(view)?,
    ])
}

/// Leaves those computers that hold a right. One that everybody holds leaves all.
fn narrow(view: &View<'_>, computers: &mut RoaringBitmap, right: &Holders) {
    let holders = expand(&view.memberships, right.direct());
    if holders.is_disjoint(view.memberships.everybody()) {
        *computers &= holders;
    }
}

#[cfg(test)]
pub(super) mod tests {
    use postern_model::NodeKind;
    use postern_model::estate::PkiAttributes;

    use super::*;
    use crate::planted::{NearMiss, Plant};
    use crate::techniques::certificates::sketch::*;
    use crate::techniques::relay::testing::{self as relay, *};
    use crate::testing::{DOMAIN, Sketch, step};

    const ADCS: RelationKind = RelationKind::CoerceAndRelayNtlmToAdcs;

    /// A computer that may enrol with a template and an authority, through groups, and be made to authenticate.
    pub fn enrolling(authority: impl FnOnce(&mut PkiAttributes)) -> Sketch {
        let mut sketch = services(open);
        sketch.group(EVERYBODY).group(PROTECTED_USERS);
        sketch
            .computer("PC")
            .relate("PC", RelationKind::MemberOf, "COMPUTERS")
            .relate("COMPUTERS", RelationKind::Enroll, "TEMPLATE")
            .relate("PC", RelationKind::MemberOf, "USERS")
            .edit("CA", |ca| authority(pki(ca)));
        sketch
    }

    pub const MAY_ASK_TEMPLATE: NearMiss = ("it may ask for the template", |it| {
        it.unrelate("PC", RelationKind::MemberOf, "COMPUTERS");
    });
    pub const NOT_HOST: NearMiss = ("it is not the authority's own computer", |it| {
        it.relate("PC", RelationKind::HostsCaService, "CA");
    });

    fn estate() -> Sketch {
        enrolling(|ca| ca.has_vulnerable_endpoint = Some(true))
    }

    pub(crate) const PLANTS: &[Plant] = &[Plant {
        technique: ADCS,
        source: EVERYBODY,
        target: "PC",
        estate,
        near_misses: &[
            PUBLISHED,
            CHAINED,
            ROOT_TRUSTED,
            IN_STORE,
            STORE_OF_DOMAIN,
            IN_USE,
            MAY_ASK_AUTHORITY,
            NOT_OVERRULED,
            NO_APPROVAL,
            APPROVAL_KNOWN,
            NO_SIGNATURE,
            FOR_LOGON,
            MAY_ASK_TEMPLATE,
            NOT_HOST,
            SENDS_NTLM,
            NOT_PROTECTED,
            relay::ENABLED,
            OF_DOMAIN,
            ("web enrolment is open to relay", |it| {
                it.edit("CA", |ca| pki(ca).has_vulnerable_endpoint = Some(false));
            }),
            ("somebody looked whether it is", |it| {
                it.edit("CA", |ca| pki(ca).has_vulnerable_endpoint = None);
            }),
        ],
    }];

    #[test]
    fn a_right_of_everybody_is_every_computers() {
        let mut sketch = estate();
        sketch
            .unrelate("PC", RelationKind::MemberOf, "COMPUTERS")
            .unrelate("PC", RelationKind::MemberOf, "USERS")
            .relate(EVERYBODY, RelationKind::Enroll, "TEMPLATE");
        assert!(!sketch.has_step(EVERYBODY, ADCS, "PC"));
        sketch.relate(EVERYBODY, RelationKind::Enroll, "CA");
        assert!(sketch.has_step(EVERYBODY, ADCS, "PC"));
    }

    #[test]
    fn a_computer_of_another_domain_of_the_forest_is_reached_from_its_own_domain() {
        const CHILD: &str = "S-1-5-21-2-2-2";
        let mut sketch = estate();
        sketch
            .node(CHILD, NodeKind::Domain, |_| {})
            .node("CHILD-S-1-5-11", NodeKind::Group, |group| group.boundary = CHILD.into())
            .node("PC", NodeKind::Computer, |pc| pc.boundary = CHILD.into())
            .relate(CHILD, RelationKind::SameForestTrust, DOMAIN);
        assert!(sketch.has_step("CHILD-S-1-5-11", ADCS, "PC"));
        assert!(!sketch.has_step(EVERYBODY, ADCS, "PC"));
    }

    #[test]
    fn no_step_is_told_with_more_templates_than_a_few() {
        let mut sketch = estate();
        for key in ["T1", "T2", "T3", "T4"] {
            publish(&mut sketch, key, open);
            sketch.relate("COMPUTERS", RelationKind::Enroll, key);
        }
        let derived = sketch.derived();
        let step = step(&derived, EVERYBODY, ADCS, "PC").expect("a step");
        assert_eq!(step.derivations().len(), DERIVATIONS_MAX);
    }
}
