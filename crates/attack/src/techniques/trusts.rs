//! From one domain to another.

use postern_model::RelationKind;

use super::{Family, as_reported};
use crate::derived::Steps;
use crate::view::View;

pub const FAMILY: Family = Family {
    name: "trusts",
    techniques: &[
        RelationKind::SameForestTrust,
        RelationKind::SpoofSidHistory,
        RelationKind::AbuseTgtDelegation,
    ],
    derive,
};

fn derive(view: &View<'_>, steps: &mut Steps<'_, '_>) {
    as_reported(view, steps, FAMILY.techniques);
}
