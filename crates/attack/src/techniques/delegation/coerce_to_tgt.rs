//! Unconstrained delegation: the tickets of whoever authenticates to an account come along, and a domain controller can
//! be made to authenticate.
//!
//! That a domain controller can be made to is no default that somebody may have changed: besides the print spooler
//! ([MS-RPRN]) and file encryption ([MS-EFSR]), which can be off, each runs the service of DFS namespaces ([MS-DFSNM]),
//! without which it does not share its policies. Any user may call it.

use std::collections::BTreeMap;

use postern_model::estate::{Node, NodeIndex};
use postern_model::{NodeKind, RelationKind};

use crate::derived::Steps;
use crate::fact::Fact;
use crate::protected_users::ProtectedUsers;
use crate::view::View;

/// So many derivations of a step name a domain controller each.
const DERIVATIONS_MAX: usize = 3;

pub(super) fn derive(view: &View<'_>, steps: &mut Steps<'_, '_>) {
    let candidates = candidates(view);
    if candidates.is_empty() {
        return;
    }
    let controllers = Controllers::of(view);
    for ((source, domain), delegates) in candidates {
        // A domain controller's own delegation is no way into the domain: it is the domain.
        if controllers.contains(source) {
            continue;
        }
        for coerced in controllers.coerced(domain) {
            let facts = std::iter::once(delegates.clone()).chain(coerced).collect();
            steps.add(RelationKind::CoerceToTgt, source, domain, facts);
        }
    }
}

/// Accounts that may delegate without limits and their domains, and who says so.
fn candidates(view: &View<'_>) -> BTreeMap<(NodeIndex, NodeIndex), Fact> {
    let stated = view.relations(RelationKind::CoerceToTgt).iter();
    let mut found: BTreeMap<_, _> = stated
        .map(|relation| ((relation.source, relation.target), view.relation_fact(relation)))
        .collect();
    for (index, node) in view.all_assets() {
        let is_account = matches!(node.kind, NodeKind::User | NodeKind::Computer);
        if !is_account || node.attributes.unconstrained_delegation != Some(true) {
            continue;
        }
        let domain = view.domain_of(node).and_then(|it| view.world.estate.by_id(it.id));
        if let Some(domain) = domain {
            found.entry((index, domain)).or_insert_with(|| {
                let text = "may delegate without limits";
                view.property_fact(node, "unconstraineddelegation", "true", text)
            });
        }
    }
    found
}

/// The domain controllers of each domain, and why each is one; nothing where a removal takes the reason away. They are
/// known all the same: one that nobody can delegate must not open a way when it is imagined away.
struct Controllers<'v, 'a> {
    view: &'v View<'a>,
    by_domain: BTreeMap<NodeIndex, BTreeMap<NodeIndex, Option<Fact>>>,
    protected: ProtectedUsers,
}

impl<'v, 'a> Controllers<'v, 'a> {
    fn of(view: &'v View<'a>) -> Self {
        let (estate, removal) = (view.world.estate, view.removal);
        let mut by_domain: BTreeMap<NodeIndex, BTreeMap<NodeIndex, Option<Fact>>> = BTreeMap::new();
        for relation in estate.relations.iter().filter(|it| it.kind == RelationKind::DcFor) {
            let is_left = !removal.edges.contains(&relation.id) && !removal.assets.contains(&relation.source);
            let controllers = by_domain.entry(relation.target).or_default();
            controllers.insert(relation.source, is_left.then(|| view.relation_fact(relation)));
        }
        for (index, node) in (0..).zip(&estate.nodes) {
            if node.attributes.is_dc == Some(true)
                && let Some(domain) = view.domain_of(node).and_then(|it| estate.by_id(it.id))
            {
                let reason = by_domain.entry(domain).or_default().entry(index).or_default();
                if reason.is_none() && !removal.assets.contains(&index) {
                    *reason = Some(view.property_fact(node, "isdc", "true", "is a domain controller"));
                }
            }
        }
        Self {
            view,
            by_domain,
            protected: ProtectedUsers::of(view),
        }
    }

    fn contains(&self, computer: NodeIndex) -> bool {
        self.by_domain
            .values()
            .any(|controllers| controllers.contains_key(&computer))
    }

    /// Why a domain controller of a domain can be made to bring its ticket: one list of facts for each, of a few. Where
    /// none is known there is one all the same.
    fn coerced(&self, domain: NodeIndex) -> Vec<Vec<Fact>> {
        let view = self.view;
        let built_in = |whom: &str| {
            let text =
                format!("whoever can log on to the domain can make {whom} authenticate to a computer of their choice");
            Fact::BuiltIn { text: text.into() }
        };
        let known = self.by_domain.get(&domain);
        let mut delegated = known
            .into_iter()
            .flatten()
            .filter(|(index, _)| self.is_delegated(**index))
            .peekable();
        if known.is_some() && delegated.peek().is_none() {
            return Vec::new();
        }
        let found: Vec<_> = delegated
            .filter_map(|(&index, reason)| {
                let node = view.node(index);
                let mut facts = vec![reason.clone()?, built_in(&node.name)];
                facts.extend(not_sensitive(view, node));
                facts.push(self.protected.absence_fact(view, index));
                Some(facts)
            })
            .take(DERIVATIONS_MAX)
            .collect();
        if found.is_empty() {
            let whom = format!("a domain controller of {}", view.node(domain).name);
            return vec![vec![built_in(&whom)]];
        }
        found
    }

    fn is_delegated(&self, controller: NodeIndex) -> bool {
        let node = self.view.node(controller);
        !node.is_unusable_account(self.view.world.now)
            && node.attributes.is_sensitive != Some(true)
            && !self.protected.contains(controller)
    }
}

/// That an account may be delegated, where a source says so.
fn not_sensitive(view: &View<'_>, account: &Node) -> Option<Fact> {
    let text = "is not marked as sensitive";
    (account.attributes.is_sensitive == Some(false)).then(|| view.property_fact(account, "sensitive", "false", text))
}

#[cfg(test)]
pub(crate) use tests::PLANTS;

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::planted::Plant;
    use crate::testing::{DOMAIN, Sketch, step};
    use crate::{Removal, derive};

    const PROTECTED_USERS: &str = "S-1-5-21-1-1-1-525";

    fn estate() -> Sketch {
        let mut sketch = Sketch::domain();
        sketch
            .group(PROTECTED_USERS)
            .computer("PRINT")
            .edit("PRINT", |it| it.unconstrained_delegation = Some(true))
            .computer("DC")
            .relate("DC", RelationKind::DcFor, DOMAIN);
        sketch
    }

    fn stated() -> Sketch {
        let mut sketch = estate();
        sketch.edit("PRINT", |it| it.unconstrained_delegation = None).relate(
            "PRINT",
            RelationKind::CoerceToTgt,
            DOMAIN,
        );
        sketch
    }

    pub(crate) const PLANTS: &[Plant] = &[
        Plant {
            technique: RelationKind::CoerceToTgt,
            source: "PRINT",
            target: DOMAIN,
            estate,
            near_misses: &[
                ("delegates without limits", |it| {
                    it.edit("PRINT", |print| print.unconstrained_delegation = Some(false));
                }),
                ("somebody looked whether it does", |it| {
                    it.edit("PRINT", |print| print.unconstrained_delegation = None);
                }),
                ("is enabled", |it| {
                    it.edit("PRINT", |print| print.enabled = Some(false));
                }),
                ("is no domain controller", |it| {
                    it.edit("PRINT", |print| print.is_dc = Some(true));
                }),
                ("its domain is known", |it| {
                    it.node("PRINT", NodeKind::Computer, |print| print.boundary = "".into());
                }),
                ("the domain controller may be delegated", |it| {
                    it.edit("DC", |dc| dc.is_sensitive = Some(true));
                }),
                ("the domain controller is not in Protected Users", |it| {
                    it.relate("DC", RelationKind::MemberOf, PROTECTED_USERS);
                }),
                ("the domain controller is enabled", |it| {
                    it.edit("DC", |dc| dc.enabled = Some(false));
                }),
            ],
        },
        Plant {
            technique: RelationKind::CoerceToTgt,
            source: "PRINT",
            target: DOMAIN,
            estate: stated,
            near_misses: &[
                ("somebody says so", |it| {
                    it.unrelate("PRINT", RelationKind::CoerceToTgt, DOMAIN);
                }),
                ("is no domain controller", |it| {
                    it.relate("PRINT", RelationKind::DcFor, DOMAIN);
                }),
            ],
        },
    ];

    #[test]
    fn of_several_domain_controllers_one_that_can_be_delegated_is_enough() {
        let mut sketch = estate();
        sketch.edit("DC", |dc| dc.is_sensitive = Some(true));
        sketch.computer("DC2").relate("DC2", RelationKind::DcFor, DOMAIN);
        assert!(sketch.has_step("PRINT", RelationKind::CoerceToTgt, DOMAIN));
    }

    #[test]
    fn where_no_domain_controller_is_known_there_is_one_all_the_same() {
        let mut sketch = estate();
        sketch.unrelate("DC", RelationKind::DcFor, DOMAIN);
        assert!(sketch.has_step("PRINT", RelationKind::CoerceToTgt, DOMAIN));
    }

    #[test]
    fn imagining_a_domain_controller_away_opens_no_way_and_closes_none() {
        let without_controller = |is_sensitive| {
            let mut sketch = estate();
            sketch.edit("DC", |dc| dc.is_sensitive = Some(is_sensitive));
            let built = sketch.build();
            let removal = Removal {
                assets: BTreeSet::from([built.index("DC")]),
                ..Removal::default()
            };
            let derived = derive(&built.world(), &removal);
            step(&derived, "PRINT", RelationKind::CoerceToTgt, DOMAIN).is_some()
        };
        assert!(!without_controller(true));
        assert!(without_controller(false), "as where none is known");
    }
}
