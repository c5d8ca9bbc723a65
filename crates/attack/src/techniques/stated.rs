//! Steps that a file states, although Postern would derive them: another program has found them out already.
//!
//! Collectors report what they have seen; exports of another program's graph also hold what that program made of it.
//! Such a relation is a step with the file as its source, beside those that are derived here.

use postern_model::RelationKind;

use super::as_reported;
use crate::derived::Steps;
use crate::view::View;

/// Kinds that no collector reports: families derive them from other relations.
pub(super) const DERIVED: &[RelationKind] = &[
    RelationKind::AdminTo,
    RelationKind::CanRdp,
    RelationKind::CanPsRemote,
    RelationKind::ExecuteDcom,
    RelationKind::Owns,
    RelationKind::WriteOwner,
    RelationKind::DcSync,
    RelationKind::SyncLapsPassword,
    RelationKind::AzGlobalAdmin,
    RelationKind::AzPrivilegedRoleAdmin,
    RelationKind::AzPrivilegedAuthAdmin,
    RelationKind::AzAddSecret,
    RelationKind::AzResetPassword,
    RelationKind::AzAddMembers,
    RelationKind::AzExecuteCommand,
    RelationKind::AzMgAddSecret,
    RelationKind::AzMgAddMember,
    RelationKind::AzMgAddOwner,
    RelationKind::AzMgGrantRole,
    RelationKind::AzMgGrantAppRoles,
];

pub(crate) fn derive(view: &View<'_>, steps: &mut Steps<'_, '_>) {
    as_reported(view, steps, DERIVED);
}
