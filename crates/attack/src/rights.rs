//! Who holds a right over one object, for what reason, and who holds several such rights together.
//!
//! Start at [`holders_of`]. A right may be granted in several ways (`Enroll`, or full control); each holder is told
//! with the first of them.

use std::collections::BTreeMap;
use std::rc::Rc;

use postern_model::RelationKind;
use postern_model::estate::NodeIndex;
use roaring::RoaringBitmap;

use crate::cross_product::holders_of_all_kept;
use crate::fact::Fact;
use crate::techniques::ownership::{Owners, RAW};
use crate::view::View;

/// Those whom a right over one object is granted to, and the facts that grant it.
#[derive(Clone, Default)]
pub struct Holders {
    direct: RoaringBitmap,
    grants: BTreeMap<NodeIndex, Vec<Fact>>,
}

impl Holders {
    /// Adds a holder, unless the right is granted to it already.
    pub fn add(&mut self, holder: NodeIndex, facts: Vec<Fact>) {
        if self.direct.insert(holder) {
            self.grants.insert(holder, facts);
        }
    }

    /// Those whom the right is granted to themselves: members of groups are not among them.
    pub fn direct(&self) -> &RoaringBitmap {
        &self.direct
    }

    /// The same right as if nobody but some of its holders held it.
    pub fn only(&self, some: &RoaringBitmap) -> Self {
        let mut only = Self::default();
        for holder in some {
            if let Some(facts) = self.grants.get(&holder) {
                only.add(holder, facts.clone());
            }
        }
        only
    }

    /// Why `principal` holds the right: the chain of memberships, then the grant. Where only a group of everybody
    /// holds it, that grant alone.
    pub fn facts(&self, view: &View<'_>, principal: NodeIndex) -> Vec<Fact> {
        let (chain, holder) = match view.memberships.chain(principal, &self.direct) {
            Some((chain, holder)) => (chain, Some(holder)),
            None => (Vec::new(), view.everybodys_holder(&self.direct)),
        };
        let grant = holder.and_then(|holder| self.grants.get(&holder));
        chain
            .iter()
            .map(|membership| view.membership_fact(membership))
            .chain(grant.into_iter().flatten().cloned())
            .collect()
    }
}

/// Who holds one of some rights over each of some objects.
///
/// `Owns` and `WriteOwner` are those that have an effect, and those that a file states.
pub fn holders_of(view: &View<'_>, kinds: &[RelationKind], targets: &RoaringBitmap) -> BTreeMap<NodeIndex, Holders> {
    let mut found: BTreeMap<NodeIndex, Holders> = BTreeMap::new();
    let owners = Owners::of(view);
    for &kind in kinds {
        if let Some(&(raw, _)) = RAW.iter().find(|(_, technique)| *technique == kind) {
            for relation in view.relations(raw).iter().filter(|it| targets.contains(it.target)) {
                if let Some(facts) = owners.facts(relation) {
                    found.entry(relation.target).or_default().add(relation.source, facts);
                }
            }
        }
        for relation in view.relations(kind).iter().filter(|it| targets.contains(it.target)) {
            let facts = vec![view.relation_fact(relation)];
            found.entry(relation.target).or_default().add(relation.source, facts);
        }
    }
    found
}

/// The principals that hold every one of some rights, as few as possible: see [`holders_of_all_kept`].
pub fn principals_of_all(view: &View<'_>, rights: &[&Holders]) -> Rc<RoaringBitmap> {
    let direct: Vec<_> = rights.iter().map(|it| it.direct()).collect();
    holders_of_all_kept(&view.memberships, &direct)
}

/// Why one of [`principals_of_all`] holds them.
pub fn facts_of_all(view: &View<'_>, rights: &[&Holders], principal: NodeIndex) -> Vec<Fact> {
    let mut facts = Vec::new();
    for right in rights {
        extend(&mut facts, right.facts(view, principal));
    }
    facts
}

/// [`principals_of_all`], each with the facts by which it is one.
pub fn held_together(view: &View<'_>, rights: &[&Holders]) -> Vec<(NodeIndex, Vec<Fact>)> {
    let principals = principals_of_all(view, rights);
    let told = principals.iter().map(|it| (it, facts_of_all(view, rights, it)));
    told.collect()
}

/// Adds facts that are not there yet: rights that come by one group share its memberships.
pub fn extend(facts: &mut Vec<Fact>, more: impl IntoIterator<Item = Fact>) {
    for fact in more {
        if !facts.contains(&fact) {
            facts.push(fact);
        }
    }
}
