//! The facts that techniques read: a world without what a removal takes away, indexed.

use std::collections::BTreeMap;

use postern_model::estate::{Finding, Node, NodeIndex, Relation};
use postern_model::{NodeKind, OtherKind, RelationKind};
use roaring::RoaringBitmap;

use crate::fact::{Fact, PropertyFact};
use crate::membership::{self, Membership, Memberships};
use crate::pki::Pki;
use crate::world::{Removal, World};

pub struct View<'a> {
    pub world: World<'a>,
    pub removal: &'a Removal,
    pub memberships: Memberships<'a>,
    by_kind: BTreeMap<RelationKind, Vec<&'a Relation>>,
    /// Certificate services.
    pub pki: Pki<'a>,
}

impl<'a> View<'a> {
    pub fn new(world: &World<'a>, removal: &'a Removal) -> Self {
        let mut by_kind: BTreeMap<_, Vec<&Relation>> = BTreeMap::new();
        for relation in &world.estate.relations {
            let is_left = !removal.edges.contains(&relation.id)
                && !removal.assets.contains(&relation.source)
                && !removal.assets.contains(&relation.target);
            if is_left {
                by_kind.entry(relation.kind).or_default().push(relation);
            }
        }
        for relations in by_kind.values_mut() {
            relations.sort_by_key(|it| (it.source, it.target, it.id));
        }
        let of_kinds = |kinds: &'static [RelationKind]| {
            let by_kind = &by_kind;
            kinds
                .iter()
                .flat_map(move |kind| by_kind.get(kind).into_iter().flatten().copied())
        };
        let (reported, trusts) = (of_kinds(&membership::KINDS), of_kinds(&membership::TRUSTS));
        let memberships = Memberships::of(world.estate, reported, trusts, |node| !removal.assets.contains(&node));
        let mut view = Self {
            world: *world,
            removal,
            memberships,
            by_kind,
            pki: Pki::default(),
        };
        view.pki = Pki::of(&view);
        view
    }

    /// Reported relations of a kind, sorted by source and target.
    pub fn relations(&self, kind: RelationKind) -> &[&'a Relation] {
        self.by_kind.get(&kind).map_or(&[], Vec::as_slice)
    }

    /// Reported relations of a kind that begin at an asset.
    pub fn relations_from(&self, kind: RelationKind, source: NodeIndex) -> &[&'a Relation] {
        let relations = self.relations(kind);
        let start = relations.partition_point(|it| it.source < source);
        let end = relations.partition_point(|it| it.source <= source);
        &relations[start..end]
    }

    /// Reported relations of kinds that Postern does not know, kind by kind.
    pub fn other_relations(&self) -> impl Iterator<Item = (OtherKind, &[&'a Relation])> {
        self.by_kind.iter().filter_map(|(kind, relations)| match kind {
            RelationKind::Other(kind) => Some((*kind, relations.as_slice())),
            _ => None,
        })
    }

    /// Assets of a kind, in order.
    pub fn assets(&self, kind: NodeKind) -> impl Iterator<Item = (NodeIndex, &'a Node)> {
        self.all_assets().filter(move |(_, node)| node.kind == kind)
    }

    pub fn all_assets(&self) -> impl Iterator<Item = (NodeIndex, &'a Node)> {
        (0..)
            .zip(&self.world.estate.nodes)
            .filter(|(index, _)| !self.removal.assets.contains(index))
    }

    pub fn findings(&self) -> impl Iterator<Item = &'a Finding> {
        self.world
            .estate
            .findings
            .iter()
            .filter(|it| !self.removal.edges.contains(&it.id) && !self.removal.assets.contains(&it.node))
    }

    /// Where a scanner found a weakness, by its CVE. There is nothing at an asset whose findings of it a removal takes
    /// away: somebody looked there, so it is no longer unknown.
    pub fn findings_of(&self, cve: &str) -> BTreeMap<NodeIndex, Option<&'a Finding>> {
        let mut found = BTreeMap::new();
        for finding in &self.world.estate.findings {
            if finding.cves.iter().any(|it| it.eq_ignore_ascii_case(cve)) {
                let left = found.entry(finding.node).or_insert(None);
                if !self.removal.edges.contains(&finding.id) {
                    *left = Some(finding);
                }
            }
        }
        found
    }

    pub fn node(&self, index: NodeIndex) -> &'a Node {
        self.world.estate.node(index)
    }

    /// The domain in which an asset lies.
    pub fn domain_of(&self, node: &Node) -> Option<&'a Node> {
        let &index = self
            .world
            .estate
            .by_key
            .get(node.boundary.to_ascii_uppercase().as_str())?;
        Some(self.node(index)).filter(|domain| domain.kind == NodeKind::Domain)
    }

    /// The sources of relations of a kind into each target.
    pub fn sources_by_target(&self, kind: RelationKind) -> BTreeMap<NodeIndex, RoaringBitmap> {
        let mut found: BTreeMap<_, RoaringBitmap> = BTreeMap::new();
        for relation in self.relations(kind) {
            found.entry(relation.target).or_default().insert(relation.source);
        }
        found
    }

    /// The relation of a kind between two assets.
    pub fn relation(&self, kind: RelationKind, source: NodeIndex, target: NodeIndex) -> Option<&'a Relation> {
        let relations = self.relations(kind);
        let at = relations.partition_point(|it| (it.source, it.target) < (source, target));
        relations
            .get(at)
            .copied()
            .filter(|it| it.source == source && it.target == target)
    }

    pub fn relation_fact(&self, relation: &Relation) -> Fact {
        Fact::Relation { id: relation.id }
    }

    pub fn membership_fact(&self, membership: &Membership<'_>) -> Fact {
        match membership.relation {
            Some(relation) => self.relation_fact(relation),
            None => Fact::BuiltIn {
                text: format!(
                    "everybody in {} is part of {}",
                    self.node(membership.member).name,
                    self.node(membership.group).name
                )
                .into(),
            },
        }
    }

    /// Why `principal` holds a right that is granted to `holders`, each by a relation of `kind` to `target`: the chain
    /// of memberships, then the grant. Where only a group of everybody holds it, that grant alone.
    pub fn grant_facts(
        &self,
        principal: NodeIndex,
        kind: RelationKind,
        holders: &RoaringBitmap,
        target: NodeIndex,
    ) -> Vec<Fact> {
        let (chain, holder) = match self.memberships.chain(principal, holders) {
            Some((chain, holder)) => (chain, Some(holder)),
            None => (Vec::new(), self.everybodys_holder(holders)),
        };
        let grant = holder.and_then(|holder| self.relation(kind, holder, target));
        chain
            .iter()
            .map(|membership| self.membership_fact(membership))
            .chain(grant.map(|relation| self.relation_fact(relation)))
            .collect()
    }

    /// The first of some holders that is, or contains, a group of everybody.
    pub fn everybodys_holder(&self, holders: &RoaringBitmap) -> Option<NodeIndex> {
        let everybody = self.memberships.everybody();
        holders
            .iter()
            .find(|&it| everybody.contains(it) || !self.memberships.expansion(it).is_disjoint(everybody))
    }

    /// A fact about a property; `text` is appended to the asset's name.
    pub fn property_fact(&self, node: &Node, name: &str, value: &str, text: &str) -> Fact {
        Fact::Property(Box::new(PropertyFact {
            node: node.id,
            name: name.to_owned(),
            value: value.to_owned(),
            text: format!("{} {text}", node.name),
        }))
    }
}
