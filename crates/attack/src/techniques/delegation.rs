//! Acting as somebody else: by Kerberos delegation, or by a SID that is carried along.

use postern_model::RelationKind;

use super::{Family, as_reported};
use crate::derived::Steps;
use crate::view::View;

pub const FAMILY: Family = Family {
    name: "delegation",
    techniques: &[
        RelationKind::AllowedToDelegate,
        RelationKind::AllowedToAct,
        RelationKind::CoerceToTgt,
        RelationKind::HasSidHistory,
    ],
    derive,
};

fn derive(view: &View<'_>, steps: &mut Steps<'_, '_>) {
    as_reported(view, steps, FAMILY.techniques);
}
