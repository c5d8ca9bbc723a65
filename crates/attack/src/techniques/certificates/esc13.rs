//! ESC13: certificates of a template carry a policy that makes whoever logs on with them a member of a group.

use std::collections::{BTreeMap, BTreeSet};

use postern_model::estate::{Node, NodeIndex, Relation};
use postern_model::{NodeKind, RelationKind};

use super::Told;
use crate::derived::Steps;
use crate::fact::Fact;
use crate::forest::Forests;
use crate::pki::Template;
use crate::view::View;

pub fn derive(view: &View<'_>, steps: &mut Steps<'_, '_>) {
    let groups = linked_groups(view);
    if groups.is_empty() {
        return;
    }
    let forests = Forests::of(view);
    let mut told = Told::new(view, steps, RelationKind::AdcsEsc13);
    for published in view.pki.published() {
        let template = published.template;
        let Some(linked) = groups.get(&template.index) else {
            continue;
        };
        let Some(conditions) = conditions(view, template) else {
            continue;
        };
        let rights = [&template.enrollers, &published.authority.enrollers];
        let is_fit = |principal: &Node| template.can_name(principal);
        for link in linked {
            let group = link.link.target;
            let Some(trusts) = link.domain.and_then(|it| forests.joined_by(published.domain(), it)) else {
                continue;
            };
            let links = [link.policy, link.link].map(|relation| view.relation_fact(relation));
            let conditions = [&conditions[..], &links, &trusts].concat();
            told.add(published, group, &rights, is_fit, &conditions);
        }
    }
}

/// A policy of a template, and the group that it is linked to.
struct Link<'a> {
    policy: &'a Relation,
    link: &'a Relation,
    /// The group's.
    domain: Option<NodeIndex>,
}

/// By template.
fn linked_groups<'a>(view: &View<'a>) -> BTreeMap<NodeIndex, Vec<Link<'a>>> {
    let mut links: BTreeMap<NodeIndex, Vec<(&Relation, Option<NodeIndex>)>> = BTreeMap::new();
    for &link in view.relations(RelationKind::OidGroupLink) {
        let domain = domain_of(view, link.target);
        links.entry(link.source).or_default().push((link, domain));
    }
    let mut found: BTreeMap<NodeIndex, Vec<Link<'_>>> = BTreeMap::new();
    for &policy in view.relations(RelationKind::ExtendedByPolicy) {
        for &(link, domain) in links.get(&policy.target).into_iter().flatten() {
            found
                .entry(policy.source)
                .or_default()
                .push(Link { policy, link, domain });
        }
    }
    found
}

fn conditions(view: &View<'_>, template: &Template<'_>) -> Option<[Fact; 3]> {
    Some([
        template.authenticates(view)?,
        template.needs_no_approval(view)?,
        template.needs_no_signature(view)?,
    ])
}

/// The domain of a group: as it says itself, or the one that contains it.
fn domain_of(view: &View<'_>, group: NodeIndex) -> Option<NodeIndex> {
    if let Some(domain) = view.domain_of(view.node(group)) {
        return view.world.estate.by_id(domain.id);
    }
    let mut around = BTreeSet::from([group]);
    let mut at = group;
    loop {
        let mut containers = view.relations(RelationKind::Contains).iter();
        at = containers.find(|it| it.target == at)?.source;
        if view.node(at).kind == NodeKind::Domain {
            return Some(at);
        }
        if !around.insert(at) {
            return None;
        }
    }
}

#[cfg(test)]
pub(crate) use tests::PLANTS;

#[cfg(test)]
mod tests {
    use super::super::sketch::*;
    use super::*;
    use crate::planted::Plant;
    use crate::testing::{DOMAIN, Sketch};

    const OTHER: &str = "S-1-5-21-2-2-2";

    fn estate() -> Sketch {
        let mut sketch = services(open);
        sketch
            .relate("EVE", RelationKind::Enroll, "TEMPLATE")
            .node("POLICY", NodeKind::IssuancePolicy, |_| {})
            .group("LINKED")
            .relate("TEMPLATE", RelationKind::ExtendedByPolicy, "POLICY")
            .relate("POLICY", RelationKind::OidGroupLink, "LINKED");
        sketch
    }

    /// The group lies in another domain of the forest.
    fn abroad() -> Sketch {
        let mut sketch = estate();
        sketch
            .node(OTHER, NodeKind::Domain, |_| {})
            .node("LINKED", NodeKind::Group, |group| group.boundary = OTHER.into())
            .relate(OTHER, RelationKind::SameForestTrust, DOMAIN);
        sketch
    }

    pub(crate) const PLANTS: &[Plant] = &[
        Plant {
            technique: RelationKind::AdcsEsc13,
            source: "EVE",
            target: "LINKED",
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
                ENABLED,
                ("may ask for the template", |it| {
                    it.unrelate("EVE", RelationKind::Enroll, "TEMPLATE");
                }),
                ("certificates carry the policy", |it| {
                    it.unrelate("TEMPLATE", RelationKind::ExtendedByPolicy, "POLICY");
                }),
                ("the policy is linked to the group", |it| {
                    it.unrelate("POLICY", RelationKind::OidGroupLink, "LINKED");
                }),
                ("a user can be named in the certificate", |it| {
                    it.edit("TEMPLATE", |it| pki(it).san_requires_dns = Some(true));
                }),
            ],
        },
        Plant {
            technique: RelationKind::AdcsEsc13,
            source: "EVE",
            target: "LINKED",
            estate: abroad,
            near_misses: &[("the group's domain is in the forest", |it| {
                it.unrelate(OTHER, RelationKind::SameForestTrust, DOMAIN);
            })],
        },
    ];

    #[test]
    fn a_group_without_a_domain_belongs_to_the_one_that_contains_it() {
        let mut sketch = estate();
        sketch.node("LINKED", NodeKind::Group, |group| group.boundary = "".into());
        assert!(!sketch.has_step("EVE", RelationKind::AdcsEsc13, "LINKED"));
        sketch
            .node("UNIT", NodeKind::Ou, |_| {})
            .relate(DOMAIN, RelationKind::Contains, "UNIT")
            .relate("UNIT", RelationKind::Contains, "LINKED");
        assert!(sketch.has_step("EVE", RelationKind::AdcsEsc13, "LINKED"));
    }
}
