//! Permissions of Microsoft Graph that add members to groups, those excepted that can be assigned to roles.

use postern_model::RelationKind;

use super::permission::over_sets;
use super::sets::{Set, Sets};
use crate::derived::Steps;
use crate::view::View;

const PERMISSIONS: [(RelationKind, Set); 4] = [
    (RelationKind::AzMgRoleManagementReadWriteDirectory, Set::AllGroups),
    (RelationKind::AzMgDirectoryReadWriteAll, Set::Groups),
    (RelationKind::AzMgGroupReadWriteAll, Set::Groups),
    (RelationKind::AzMgGroupMemberReadWriteAll, Set::Groups),
];

pub fn derive(view: &View<'_>, steps: &mut Steps<'_, '_>, sets: &mut Sets) {
    over_sets(view, steps, sets, RelationKind::AzMgAddMember, &PERMISSIONS);
}
