//! The owner of an object may change its access rights, unless the forest withholds that.
//!
//! The rule is that of BloodHound Community Edition's analysis. The 29th character of the forest's
//! dsHeuristics (BlockOwnerImplicitRights) withholds the implicit rights of owners over computers and managed service
//! accounts from everybody but administrators.

use postern_model::estate::{Node, NodeIndex, Relation};
use postern_model::{NodeKind, RelationKind};
use roaring::RoaringBitmap;

use super::{Family, as_reported};
use crate::derived::Steps;
use crate::fact::{AbsenceFact, Fact};
use crate::techniques::credentials::is_delegated_account;
use crate::view::View;

pub const FAMILY: Family = Family {
    name: "ownership",
    techniques: &[
        RelationKind::Owns,
        RelationKind::WriteOwner,
        RelationKind::OwnsLimitedRights,
        RelationKind::WriteOwnerLimitedRights,
    ],
    derive,
};

/// Place of BlockOwnerImplicitRights in dsHeuristics, from 0.
const BLOCK_OWNER_RIGHTS_AT: usize = 28;

/// Groups whose members keep the implicit rights of owners: Domain Admins and Enterprise Admins.
const EXEMPT: [&str; 2] = ["-512", "-519"];

fn derive(view: &View<'_>, steps: &mut Steps<'_, '_>) {
    as_reported(
        view,
        steps,
        &[RelationKind::OwnsLimitedRights, RelationKind::WriteOwnerLimitedRights],
    );
    let owners = Owners::of(view);
    for (raw, technique) in RAW {
        for relation in view.relations(raw) {
            if let Some(facts) = owners.facts(relation) {
                steps.add(technique, relation.source, relation.target, facts);
            }
        }
    }
}

/// What a file reports, and the technique that it is where the forest does not withhold it.
pub(crate) const RAW: [(RelationKind, RelationKind); 2] = [
    (RelationKind::OwnsRaw, RelationKind::Owns),
    (RelationKind::WriteOwnerRaw, RelationKind::WriteOwner),
];

/// Decides which rights of owners have an effect.
pub(crate) struct Owners<'v, 'a> {
    view: &'v View<'a>,
    exempt: RoaringBitmap,
}

impl<'v, 'a> Owners<'v, 'a> {
    pub fn of(view: &'v View<'a>) -> Self {
        let exempt = view
            .assets(NodeKind::Group)
            .filter(|(_, node)| EXEMPT.iter().any(|end| node.key.ends_with(end)))
            .map(|(index, _)| index)
            .collect();
        Self { view, exempt }
    }

    /// Why a relation of a raw kind has an effect, if it has.
    pub fn facts(&self, raw: &Relation) -> Option<Vec<Fact>> {
        let view = self.view;
        let mut facts = vec![view.relation_fact(raw)];
        let target = view.node(raw.target);
        if !is_guarded_kind(target) {
            return Some(facts);
        }
        let domain = view.domain_of(target);
        if domain.is_some_and(blocks_owner_rights) {
            if raw.kind != RelationKind::OwnsRaw {
                return None;
            }
            facts.extend(exemption(view, raw.source, &self.exempt)?);
        } else if let Some(domain) = domain.filter(|domain| !domain.is_stub) {
            facts.push(Fact::Absence(Box::new(AbsenceFact {
                node: domain.id,
                name: "dsheuristics".to_owned(),
                text: format!("{} does not withhold the implicit rights of owners", domain.name),
            })));
        }
        Some(facts)
    }
}

/// The kinds of accounts over which a forest can withhold owners' rights.
fn is_guarded_kind(target: &Node) -> bool {
    let attributes = &target.attributes;
    target.kind == NodeKind::Computer
        || attributes.is_gmsa == Some(true)
        || attributes.is_smsa == Some(true)
        || is_delegated_account(target)
}

/// Whether an object's domain gives no rights over it to whoever owns it.
pub(crate) fn withholds_owner_rights(view: &View<'_>, target: &Node) -> bool {
    is_guarded_kind(target) && view.domain_of(target).is_some_and(blocks_owner_rights)
}

fn blocks_owner_rights(domain: &Node) -> bool {
    let heuristics = domain.attributes.ds_heuristics.as_deref().unwrap_or_default();
    heuristics.as_bytes().get(BLOCK_OWNER_RIGHTS_AT) == Some(&b'1')
}

fn exemption(view: &View<'_>, owner: NodeIndex, exempt: &RoaringBitmap) -> Option<Vec<Fact>> {
    let (chain, _) = view.memberships.chain(owner, exempt)?;
    Some(
        chain
            .iter()
            .map(|membership| view.membership_fact(membership))
            .collect(),
    )
}
