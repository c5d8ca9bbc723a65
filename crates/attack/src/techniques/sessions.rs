//! The credentials of who is logged on can be taken by who administers the computer.

use postern_model::RelationKind;

use super::{Family, as_reported};
use crate::derived::Steps;
use crate::view::View;

pub(crate) mod session_token;

pub const FAMILY: Family = Family {
    name: "sessions",
    techniques: &[RelationKind::HasSession, RelationKind::StealsSessionToken],
    derive,
};

fn derive(view: &View<'_>, steps: &mut Steps<'_, '_>) {
    as_reported(view, steps, &[RelationKind::HasSession]);
    session_token::derive(view, steps);
}
