//! Members of a group hold what the group is granted.

use postern_model::RelationKind;

use super::super::as_reported;
use crate::derived::Steps;
use crate::view::View;

pub fn derive(view: &View<'_>, steps: &mut Steps<'_, '_>) {
    as_reported(view, steps, &[RelationKind::AzMemberOf]);
}
