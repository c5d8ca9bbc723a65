//! A member of a group has the group's rights.

pub mod claim_special_identity;

use postern_model::RelationKind;

use super::{Family, as_reported};
use crate::derived::Steps;
use crate::view::View;

pub const FAMILY: Family = Family {
    name: "membership",
    techniques: &[
        RelationKind::MemberOf,
        RelationKind::ClaimSpecialIdentity,
        RelationKind::AnyOf,
    ],
    derive,
};

fn derive(view: &View<'_>, steps: &mut Steps<'_, '_>) {
    as_reported(view, steps, &[RelationKind::MemberOf]);
    // Steps of `AnyOf` come from those who make a set.
    for membership in view.memberships.concluded() {
        let facts = vec![view.membership_fact(membership)];
        steps.add(RelationKind::MemberOf, membership.member, membership.group, facts);
    }
    claim_special_identity::derive(view, steps);
}
