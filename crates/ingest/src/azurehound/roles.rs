//! What ids mean that are the same in every tenant: roles on resources, permissions of Microsoft Graph.
//!
//! Source: Microsoft, "Azure built-in roles" and "Microsoft Graph permissions reference".

use postern_model::RelationKind;

/// The application id of Microsoft Graph, of which [`graph_permission`] knows the roles.
pub const GRAPH: &str = "00000003-0000-0000-c000-000000000000";

/// The relation that a role on a resource is; `None` for roles that are not followed, such as those that only read.
/// `id` is the role's own, without what stands before it.
pub fn resource_role(id: &str) -> Option<RelationKind> {
    const ROLES: [(&str, RelationKind); 6] = [
        ("8e3af657-a8ff-443c-a75c-2fe8c4bcb635", RelationKind::AzOwner),
        ("b24988ac-6180-42a0-ab88-20f7382dd24c", RelationKind::AzContributor),
        (
            "18d7d88d-d35e-4fb5-a5c3-7773c20a72d9",
            RelationKind::AzUserAccessAdministrator,
        ),
        ("9980e02c-c2be-4d73-94e8-173b1dc7cf3c", RelationKind::AzVmContributor),
        ("1c0163c0-47e6-4577-8991-ea5c82e286e4", RelationKind::AzVmAdminLogin),
        (
            "f25e0fa2-a7c8-4377-a976-54943a77a395",
            RelationKind::AzKeyVaultContributor,
        ),
    ];
    find(&ROLES, id)
}

/// Directory roles that can be given over one application: what they are then.
pub fn scoped_directory_role(id: &str) -> Option<RelationKind> {
    const ROLES: [(&str, RelationKind); 2] = [
        ("9b895d92-2cd3-44c7-9d02-a6ac2d5ea5c3", RelationKind::AzAppAdmin),
        ("158c047a-c907-4556-b7ef-446551a6b5f7", RelationKind::AzCloudAppAdmin),
    ];
    find(&ROLES, id)
}

/// The relation that a permission of Microsoft Graph is; `None` for those that give no control.
pub fn graph_permission(id: &str) -> Option<RelationKind> {
    const PERMISSIONS: [(&str, RelationKind); 7] = [
        (
            "1bfefb4e-e0b5-418b-a88f-73c46d2cc8e9",
            RelationKind::AzMgApplicationReadWriteAll,
        ),
        (
            "06b708a9-e830-4db3-a914-8e69da51d44f",
            RelationKind::AzMgAppRoleAssignmentReadWriteAll,
        ),
        (
            "19dbc75e-c2e2-444c-a770-ec69d8559fc7",
            RelationKind::AzMgDirectoryReadWriteAll,
        ),
        (
            "62a82d76-70ea-41e2-9197-370581804d09",
            RelationKind::AzMgGroupReadWriteAll,
        ),
        (
            "dbaae8cf-10b5-4b86-a4a1-f871c94c6695",
            RelationKind::AzMgGroupMemberReadWriteAll,
        ),
        (
            "9e3f62cf-ca93-4989-b6ce-bf83c28f9fe8",
            RelationKind::AzMgRoleManagementReadWriteDirectory,
        ),
        (
            "89c8469c-83ad-45f7-8ff2-6e3d4285709e",
            RelationKind::AzMgServicePrincipalEndpointReadWriteAll,
        ),
    ];
    find(&PERMISSIONS, id)
}

fn find(table: &[(&str, RelationKind)], id: &str) -> Option<RelationKind> {
    let found = table.iter().find(|(known, _)| known.eq_ignore_ascii_case(id))?;
    Some(found.1)
}
