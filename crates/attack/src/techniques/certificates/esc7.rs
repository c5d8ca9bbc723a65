//! ESC7: a role at a certification authority.
//!
//! Who administers an authority (`ManageCA`) can name itself an officer, publish a template by which the requester
//! names the subject, and issue a request that was refused. An officer (`ManageCertificates`) can issue what was
//! refused or put aside, where such a template is published. See "Certified Pre-Owned" (SpecterOps, 2021), ESC7.
//!
//! With role separation an account that holds two roles can use neither. Officers that are restricted to some
//! templates or requesters are not told apart: no collector reads that.

use std::collections::BTreeMap;

use postern_model::RelationKind;
use postern_model::estate::{NodeIndex, Relation};

use super::Told;
use super::renaming::all;
use crate::cross_product::expand;
use crate::derived::Steps;
use crate::fact::Fact;
use crate::pki::{Authority, Published};
use crate::rights::{Holders, extend, facts_of_all, principals_of_all};
use crate::techniques::acl::is_overruled;
use crate::view::View;

pub fn derive(view: &View<'_>, steps: &mut Steps<'_, '_>) {
    let administrators = roles(view, RelationKind::ManageCa);
    let officers = roles(view, RelationKind::ManageCertificates);
    let mut told = Told::new(view, steps, RelationKind::AdcsEsc7);
    for authority in view.pki.authorities() {
        let (Some(administrators), Some(alone)) =
            (administrators.get(&authority.index), roles_are_joint(view, authority))
        else {
            continue;
        };
        for trust in &authority.trusts {
            told.add_from(administrators.direct(), trust.domain, |holder| {
                let mut facts = administrators.facts(view, holder);
                facts.push(alone.clone());
                facts.push(Fact::BuiltIn {
                    text: "who administers an authority can make itself an officer, and publish the template for \
                           subordinate authorities, which lets requesters name the subject"
                        .into(),
                });
                extend(&mut facts, trust.facts.iter().chain(&authority.running).cloned());
                Some(facts)
            });
        }
    }

    // Of an administrator who is an officer too, both are told.
    let mut told = Told::new(view, steps, RelationKind::AdcsEsc7);
    for published in view.pki.published() {
        let authority = published.authority;
        let (Some(officers), Some(conditions)) = (officers.get(&authority.index), conditions(view, published)) else {
            continue;
        };
        let administrators = administrators.get(&authority.index);
        let of_two = administrators.map(|it| expand(&view.memberships, it.direct()));
        let joint = roles_are_joint(view, authority);
        let rights = [officers, &authority.enrollers];
        told.add_from(&principals_of_all(view, &rights), published.domain(), |principal| {
            let mut facts = facts_of_all(view, &rights, principal);
            if of_two.as_ref().is_some_and(|it| it.contains(principal)) {
                facts.extend(joint.clone());
            }
            Some(published.with(view, facts, &conditions))
        });
    }
}

/// Who holds a role at each authority, by the list that the authority enforces, and can use it.
fn roles(view: &View<'_>, role: RelationKind) -> BTreeMap<NodeIndex, Holders> {
    let mut found: BTreeMap<_, Holders> = BTreeMap::new();
    let is_locked_out = |relation: &Relation| {
        let pki = view.node(relation.target).attributes.pki.as_deref();
        let key = &*view.node(relation.source).key;
        pki.is_some_and(|it| it.holders_of_two_roles.iter().any(|holder| holder == key))
    };
    let granted = view.relations(role).iter();
    for relation in granted.filter(|it| !is_overruled(view, it) && !is_locked_out(it)) {
        let holders = found.entry(relation.target).or_default();
        holders.add(relation.source, vec![view.relation_fact(relation)]);
    }
    found
}

/// That one account can use two roles at an authority. Without the registry value, it can.
fn roles_are_joint(view: &View<'_>, authority: &Authority<'_>) -> Option<Fact> {
    const NAME: &str = "roleseparationenabled";
    let text = "lets one account hold several roles";
    match authority
        .node
        .attributes
        .pki
        .as_deref()
        .and_then(|it| it.separates_roles)
    {
        Some(true) => None,
        Some(false) => Some(view.property_fact(authority.node, NAME, "false", text)),
        None => Some(Fact::product_default(authority.node, NAME, "false", text)),
    }
}

/// Why a request that an officer issues can name anybody. Whether it needs approval, or an enrolment right over the
/// template, does not matter: the officer issues what was refused.
fn conditions(view: &View<'_>, published: Published<'_, '_>) -> Option<Vec<Fact>> {
    let template = published.template;
    all([
        template.needs_no_signature(view),
        template.authenticates(view),
        template.lets_name_subject(view),
    ])
}

#[cfg(test)]
pub(crate) use tests::PLANTS;

#[cfg(test)]
mod tests {
    use postern_model::estate::PkiAttributes;

    use super::super::sketch::*;
    use super::*;
    use crate::planted::{NearMiss, Plant};
    use crate::testing::{DOMAIN, Sketch, step};

    const LIST_OF_CA: &str = r#"{"islistofca":true}"#;

    fn by_requester(template: &mut PkiAttributes) {
        open(template);
        template.requires_manager_approval = Some(true);
        template.enrollee_supplies_subject = Some(true);
    }

    fn administrator() -> Sketch {
        let mut sketch = services(open);
        sketch
            .edit("CA", |ca| pki(ca).separates_roles = Some(false))
            .relate("EVE", RelationKind::MemberOf, "KEEPERS")
            .relate("KEEPERS", RelationKind::ManageCa, "CA");
        sketch
    }

    fn officer() -> Sketch {
        let mut sketch = services(by_requester);
        sketch.edit("CA", |ca| pki(ca).separates_roles = Some(true)).relate(
            "EVE",
            RelationKind::ManageCertificates,
            "CA",
        );
        sketch
    }

    const NOT_OVERRULED: NearMiss = ("the authority's own list grants the role", |it| {
        it.edit("CA", |ca| ca.has_ca_list = Some(true));
    });

    pub(crate) const PLANTS: &[Plant] = &[
        Plant {
            technique: RelationKind::AdcsEsc7,
            source: "KEEPERS",
            target: DOMAIN,
            estate: administrator,
            near_misses: &[
                CHAINED,
                ROOT_TRUSTED,
                IN_STORE,
                STORE_OF_DOMAIN,
                IN_USE,
                NOT_OVERRULED,
                ("holds the role", |it| {
                    it.unrelate("KEEPERS", RelationKind::ManageCa, "CA");
                }),
                ("roles are not separated", |it| {
                    it.edit("CA", |ca| pki(ca).separates_roles = Some(true));
                }),
            ],
        },
        Plant {
            technique: RelationKind::AdcsEsc7,
            source: "EVE",
            target: DOMAIN,
            estate: officer,
            near_misses: &[
                PUBLISHED,
                CHAINED,
                ROOT_TRUSTED,
                IN_STORE,
                STORE_OF_DOMAIN,
                IN_USE,
                MAY_ASK_AUTHORITY,
                NOT_OVERRULED,
                NO_SIGNATURE,
                FOR_LOGON,
                ENABLED,
                ("holds the role", |it| {
                    it.unrelate("EVE", RelationKind::ManageCertificates, "CA");
                }),
                ("the requester names the subject", |it| {
                    it.edit("TEMPLATE", |it| pki(it).enrollee_supplies_subject = Some(false));
                }),
                ("holds no second role, where roles are separated", |it| {
                    it.edit("CA", |ca| pki(ca).holders_of_two_roles = ["EVE".to_owned()].into());
                }),
            ],
        },
    ];

    #[test]
    fn the_list_of_the_authority_grants_roles_where_it_was_collected() {
        let mut sketch = services(open);
        sketch
            .edit("CA", |ca| ca.has_ca_list = Some(true))
            .relate("EVE", RelationKind::ManageCa, "CA");
        assert!(!sketch.has_step("EVE", RelationKind::AdcsEsc7, DOMAIN));
        sketch.unrelate("EVE", RelationKind::ManageCa, "CA").relate_with(
            "EVE",
            RelationKind::ManageCa,
            "CA",
            LIST_OF_CA,
        );
        assert!(sketch.has_step("EVE", RelationKind::AdcsEsc7, DOMAIN));
    }

    #[test]
    fn roles_that_nobody_looked_at_are_joint_by_default() {
        let mut sketch = administrator();
        sketch.edit("CA", |ca| pki(ca).separates_roles = None);
        let derived = sketch.derived();
        let found = step(&derived, "KEEPERS", RelationKind::AdcsEsc7, DOMAIN).expect("a step by default");
        assert!(found.is_assumed);
    }

    #[test]
    fn of_who_holds_both_roles_it_is_told_that_they_are_joint_and_of_others_it_does_not_matter() {
        let mut sketch = officer();
        sketch.edit("CA", |ca| pki(ca).separates_roles = None);
        let is_assumed = |sketch: &Sketch| {
            let derived = sketch.derived();
            step(&derived, "EVE", RelationKind::AdcsEsc7, DOMAIN).map(|it| it.is_assumed)
        };
        assert_eq!(is_assumed(&sketch), Some(false));
        sketch.relate("EVE", RelationKind::ManageCa, "CA");
        assert_eq!(is_assumed(&sketch), Some(true));
    }

    #[test]
    fn an_authority_without_templates_can_still_be_given_one() {
        let mut sketch = administrator();
        sketch.unrelate("TEMPLATE", RelationKind::PublishedTo, "CA");
        assert!(sketch.has_step("KEEPERS", RelationKind::AdcsEsc7, DOMAIN));
    }
}
