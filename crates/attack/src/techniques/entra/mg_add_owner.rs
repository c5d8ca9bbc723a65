//! Permissions of Microsoft Graph that make owners.

use postern_model::RelationKind;

use super::permission::over_sets;
use super::sets::{Set, Sets};
use crate::derived::Steps;
use crate::view::View;

const PERMISSIONS: [(RelationKind, Set); 6] = [
    (RelationKind::AzMgRoleManagementReadWriteDirectory, Set::Applications),
    (RelationKind::AzMgRoleManagementReadWriteDirectory, Set::AllGroups),
    (RelationKind::AzMgApplicationReadWriteAll, Set::Applications),
    (
        RelationKind::AzMgServicePrincipalEndpointReadWriteAll,
        Set::ServicePrincipals,
    ),
    (RelationKind::AzMgDirectoryReadWriteAll, Set::Groups),
    (RelationKind::AzMgGroupReadWriteAll, Set::Groups),
];

pub fn derive(view: &View<'_>, steps: &mut Steps<'_, '_>, sets: &mut Sets) {
    over_sets(view, steps, sets, RelationKind::AzMgAddOwner, &PERMISSIONS);
}
