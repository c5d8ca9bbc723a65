//! Acting as somebody else: by Kerberos delegation, or by a SID that is carried along.
//!
//! Accounts that are marked sensitive, and members of Protected Users, are delegated by nobody. For a step to a
//! computer that changes nothing: it takes one of its administrators who is neither, and who they all are is never
//! known. For the ticket of a domain controller it does: there are only a few of these, and they are known.

pub(crate) mod coerce_to_tgt;
pub(crate) mod constrained;
pub(crate) mod resource_based;

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
    constrained::derive(view, steps);
    resource_based::derive(view, steps);
    coerce_to_tgt::derive(view, steps);
    as_reported(view, steps, &[RelationKind::HasSidHistory]);
}
