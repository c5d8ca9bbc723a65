//! The owner of an object may change its access rights, unless the forest withholds that.
//!
//! The rule is that of BloodHound Community Edition's analysis. The 29th character of the forest's
//! dsHeuristics (BlockOwnerImplicitRights) withholds the implicit rights of owners over computers and managed service
//! accounts from everybody but administrators.

use postern_model::estate::{Node, NodeIndex};
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
    let exempt: RoaringBitmap = view
        .assets(NodeKind::Group)
        .filter(|(_, node)| EXEMPT.iter().any(|end| node.key.ends_with(end)))
        .map(|(index, _)| index)
        .collect();
    for (raw, technique) in [
        (RelationKind::OwnsRaw, RelationKind::Owns),
        (RelationKind::WriteOwnerRaw, RelationKind::WriteOwner),
    ] {
        for relation in view.relations(raw) {
            let mut facts = vec![view.relation_fact(relation)];
            let target = view.node(relation.target);
            if is_guarded_kind(target) {
                let domain = view.domain_of(target);
                if domain.is_some_and(blocks_owner_rights) {
                    match exemption(view, relation.source, &exempt) {
                        Some(chain) if technique == RelationKind::Owns => facts.extend(chain),
                        _ => continue,
                    }
                } else if let Some(domain) = domain.filter(|domain| !domain.is_stub) {
                    facts.push(Fact::Absence(Box::new(AbsenceFact {
                        node: domain.id,
                        name: "dsheuristics".to_owned(),
                        text: format!("{} does not withhold the implicit rights of owners", domain.name),
                    })));
                }
            }
            steps.add(technique, relation.source, relation.target, facts);
        }
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
