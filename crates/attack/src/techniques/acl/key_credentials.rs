//! Shadow credentials: whose domain takes a key that somebody wrote to an account for a logon of that account.
//! E. Shamir, "Shadow Credentials", June 2021; [MS-PKCA] and [MS-ADTS] 2.2.20.
//!
//! It takes a domain controller with Windows Server 2016 or later, and a certificate on it. Both are so nearly
//! everywhere, so it is what rules them out that counts: controllers that are all known to be older, and a forest in
//! which somebody looked for certification authorities and found none.
//!
//! What rules a step out is read from the whole estate, whatever is imagined away: a way in never comes of a removal.

use std::collections::{BTreeMap, BTreeSet};

use postern_model::estate::{Estate, Node, NodeIndex};
use postern_model::{Facet, NodeKind, ObjectClass, RelationKind};

use crate::derived::Manner;
use crate::view::View;

/// The releases of Windows Server that know no key credentials.
const OLD_RELEASES: [&str; 4] = ["2000", "2003", "2008", "2012"];

/// The domains, by key, in which key credentials are no use, or less.
pub struct KeyLogon<'a> {
    refused_by: BTreeSet<&'a str>,
    without_authority: BTreeSet<&'a str>,
}

impl<'a> KeyLogon<'a> {
    pub fn of(view: &View<'a>) -> Self {
        let estate = view.world.estate;
        Self {
            refused_by: domains_of_old(estate, view),
            without_authority: domains_without_authority(estate),
        }
    }

    /// Whether the domain of an account may take a key for its logon.
    pub fn is_possible(&self, account: &Node) -> bool {
        !self.refused_by.contains(&*account.boundary)
    }

    /// How the step to an account is taken.
    pub fn manner(&self, view: &View<'_>, account: &Node) -> Manner {
        let is_unlikely = self.without_authority.contains(&*account.boundary);
        let technique = view.world.catalog.technique(RelationKind::AddKeyCredentialLink);
        Manner {
            grade: technique
                .filter(|_| is_unlikely)
                .map(|it| it.grade_when("no-authority")),
            ..Manner::default()
        }
    }
}

/// Domains of which every controller that is known runs a release that is known and too old.
fn domains_of_old<'a>(estate: &'a Estate, view: &View<'_>) -> BTreeSet<&'a str> {
    let mut are_old = BTreeMap::<&str, bool>::new();
    for relation in estate.relations.iter().filter(|it| it.kind == RelationKind::DcFor) {
        let controller = estate.node(relation.source);
        if controller.is_unusable_account(view.world.now) {
            continue;
        }
        let system = controller.attributes.operating_system.as_deref().unwrap_or_default();
        let is_old = OLD_RELEASES.iter().any(|release| system.contains(release));
        *are_old.entry(&*estate.node(relation.target).key).or_insert(true) &= is_old;
    }
    are_old
        .into_iter()
        .filter(|(_, are_old)| *are_old)
        .map(|(domain, _)| domain)
        .collect()
}

/// Domains of forests in which somebody looked for enterprise authorities and found none.
fn domains_without_authority(estate: &Estate) -> BTreeSet<&str> {
    let domains: Vec<NodeIndex> = (0..)
        .zip(&estate.nodes)
        .filter(|(_, node)| node.kind == NodeKind::Domain)
        .map(|(index, _)| index)
        .collect();
    // The smallest index of those that trusts join stands for a forest.
    let mut forest_of: BTreeMap<NodeIndex, NodeIndex> = domains.iter().map(|&it| (it, it)).collect();
    for trust in estate
        .relations
        .iter()
        .filter(|it| it.kind == RelationKind::SameForestTrust)
    {
        let (Some(&a), Some(&b)) = (forest_of.get(&trust.source), forest_of.get(&trust.target)) else {
            continue;
        };
        for forest in forest_of.values_mut().filter(|it| **it == a.max(b)) {
            *forest = a.min(b);
        }
    }
    let has_authority: BTreeSet<&str> = estate
        .nodes
        .iter()
        .filter(|node| node.kind == NodeKind::EnterpriseCa)
        .map(|node| &*node.boundary)
        .collect();
    let is_looked_at = |domain: &str| estate.is_covered(domain, ObjectClass::EnterpriseCas, &Facet::Properties);
    let mut found = BTreeSet::new();
    for forest in forest_of.values().copied().collect::<BTreeSet<_>>() {
        let of_forest = || {
            let own = forest_of.iter().filter(move |(_, it)| **it == forest);
            own.map(|(domain, _)| &*estate.node(*domain).key)
        };
        if of_forest().any(is_looked_at) && !of_forest().any(|domain| has_authority.contains(domain)) {
            found.extend(of_forest());
        }
    }
    found
}

#[cfg(test)]
pub(crate) use tests::PLANTS;

#[cfg(test)]
mod tests {
    use postern_model::Grade;
    use postern_model::estate::{Answered, BoundaryCoverage};

    use super::*;
    use crate::derived::derive;
    use crate::planted::Plant;
    use crate::testing::{DOMAIN, FQDN, Sketch, step};
    use crate::world::Removal;

    fn writable() -> Sketch {
        let mut sketch = Sketch::domain();
        sketch
            .computer("DC")
            .edit("DC", |dc| {
                dc.operating_system = Some("Windows Server 2019 Standard".into())
            })
            .relate("DC", RelationKind::DcFor, DOMAIN)
            .user("ANN")
            .group("OPS")
            .relate("OPS", RelationKind::AddKeyCredentialLink, "ANN");
        sketch
    }

    pub(crate) const PLANTS: &[Plant] = &[Plant {
        technique: RelationKind::AddKeyCredentialLink,
        source: "OPS",
        target: "ANN",
        estate: writable,
        near_misses: &[
            ("a controller knows key credentials", |it| {
                it.edit("DC", |dc| {
                    dc.operating_system = Some("Windows Server 2012 R2 Standard".into())
                });
            }),
            ("the account is enabled", |it| {
                it.edit("ANN", |ann| ann.enabled = Some(false));
            }),
            ("it is an account", |it| {
                it.group("ANN");
            }),
            ("may write the keys", |it| {
                it.unrelate("OPS", RelationKind::AddKeyCredentialLink, "ANN");
            }),
        ],
    }];

    #[test]
    fn one_controller_that_may_know_keys_is_enough() {
        let mut sketch = writable();
        sketch.edit("DC", |dc| {
            dc.operating_system = Some("Windows Server 2012 R2 Standard".into())
        });
        assert!(!sketch.has_step("OPS", RelationKind::AddKeyCredentialLink, "ANN"));
        sketch.computer("DC2").relate("DC2", RelationKind::DcFor, DOMAIN);
        assert!(sketch.has_step("OPS", RelationKind::AddKeyCredentialLink, "ANN"));
    }

    #[test]
    fn no_removal_makes_a_domain_take_keys() {
        let mut sketch = writable();
        sketch.edit("DC", |dc| dc.operating_system = Some("Windows Server 2008 R2".into()));
        let built = sketch.build();
        let removal = Removal {
            assets: [built.index("DC")].into(),
            ..Removal::default()
        };
        let derived = derive(&built.world(), &removal);
        assert!(step(&derived, "OPS", RelationKind::AddKeyCredentialLink, "ANN").is_none());
    }

    #[test]
    fn where_somebody_looked_and_found_no_authority_controllers_hardly_have_certificates() {
        let cost = |sketch: &Sketch, is_looked_at: bool| {
            let mut built = sketch.build();
            if is_looked_at {
                built.estate.coverage.push(BoundaryCoverage {
                    boundary: DOMAIN.to_owned(),
                    name: FQDN.to_owned(),
                    facets: [(
                        (ObjectClass::EnterpriseCas, Facet::Properties),
                        Answered { answered: 0, total: 0 },
                    )]
                    .into(),
                });
            }
            let derived = derive(&built.world(), &Removal::default());
            step(&derived, "OPS", RelationKind::AddKeyCredentialLink, "ANN")
                .expect("a step")
                .cost
        };
        let mut sketch = writable();
        assert_eq!(cost(&sketch, false), Grade::VeryLikely.cost());
        assert_eq!(cost(&sketch, true), Grade::Hard.cost());
        sketch.node("CA", NodeKind::EnterpriseCa, |_| {});
        assert_eq!(cost(&sketch, true), Grade::VeryLikely.cost());
    }
}
