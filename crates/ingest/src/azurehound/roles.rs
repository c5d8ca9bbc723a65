//! What ids mean that are the same in every tenant: roles on resources, permissions of Microsoft Graph.
//!
//! Source: Microsoft, "Azure built-in roles" and "Microsoft Graph permissions reference".

use postern_model::{NodeKind, RelationKind};

/// The application id of Microsoft Graph, of which [`graph_permission`] knows the roles.
pub const GRAPH: &str = "00000003-0000-0000-c000-000000000000";

/// Roles on resources: the role's own id, without what stands before it; the relation that it is; and the kinds of
/// resources that it means anything on, none for any. Roles that are not here are not followed: those that only read
/// settings, and Role Based Access Control Administrator, which is granted under a condition as a rule, and collectors
/// do not tell it.
const ON_RESOURCES: &[(&str, RelationKind, &[NodeKind])] = {
    use NodeKind::*;
    use RelationKind::*;
    &[
        ("8e3af657-a8ff-443c-a75c-2fe8c4bcb635", AzOwner, &[]),
        ("b24988ac-6180-42a0-ab88-20f7382dd24c", AzContributor, &[]),
        ("18d7d88d-d35e-4fb5-a5c3-7773c20a72d9", AzUserAccessAdministrator, &[]),
        (
            "9980e02c-c2be-4d73-94e8-173b1dc7cf3c",
            AzVmContributor,
            &[AzVm, AzVmScaleSet],
        ),
        ("1c0163c0-47e6-4577-8991-ea5c82e286e4", AzVmAdminLogin, &[AzVm]),
        ("fb879df8-f326-4884-b1cf-06f3ad6756be", AzVmUserLogin, &[AzVm]),
        ("4f8fab4f-1852-4a58-a46a-8eaf358af14a", AzAvereContributor, &[AzVm]),
        (
            "de139f84-1756-47ae-9be6-808fbbe84772",
            AzWebsiteContributor,
            &[AzWebApp, AzFunctionApp],
        ),
        (
            "f353d9bd-d4a6-484e-a77a-8050b599b867",
            AzAutomationContributor,
            &[AzAutomationAccount],
        ),
        (
            "87a39d53-fc1b-424a-814c-f7e04687dc9e",
            AzLogicAppContributor,
            &[AzLogicApp],
        ),
        (
            "ed7f3fbd-7b88-4dd4-9017-9adb7ce333f8",
            AzAksContributor,
            &[AzManagedCluster],
        ),
        (
            "0ab0b1a8-8aac-4efd-b8c2-3ee1fb270be8",
            AzAksClusterAdmin,
            &[AzManagedCluster],
        ),
        (
            "f25e0fa2-a7c8-4377-a976-54943a77a395",
            AzKeyVaultContributor,
            &[AzKeyVault],
        ),
        // Key Vault Administrator, Secrets Officer and Secrets User.
        ("00482a5a-887f-4fb3-b363-3b7fe8e74483", AzGetSecrets, &[AzKeyVault]),
        ("b86a8fe4-44ce-4948-aee5-eccb2c155cd7", AzGetSecrets, &[AzKeyVault]),
        ("4633458b-17de-408a-b874-0445c86b69e6", AzGetSecrets, &[AzKeyVault]),
        // Storage Account Contributor, Storage Account Key Operator Service Role, Reader and Data Access.
        (
            "17d1049b-9a84-46fb-8f53-869881c3d3ab",
            AzListStorageKeys,
            &[AzStorageAccount],
        ),
        (
            "81a9662b-bebf-436f-a333-f67b29880f12",
            AzListStorageKeys,
            &[AzStorageAccount],
        ),
        (
            "c12c1c16-33a1-487b-954d-41c89c60f349",
            AzListStorageKeys,
            &[AzStorageAccount],
        ),
        // Storage Blob Data Owner, Contributor and Reader.
        (
            "b7e6dc6d-f1e8-4753-8033-0f276bb0955b",
            AzReadBlobs,
            &[AzStorageAccount, AzStorageContainer],
        ),
        (
            "ba92f5b4-2d11-453d-a403-e96b0029c9fe",
            AzReadBlobs,
            &[AzStorageAccount, AzStorageContainer],
        ),
        (
            "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1",
            AzReadBlobs,
            &[AzStorageAccount, AzStorageContainer],
        ),
    ]
};

/// The relation that a role on a resource is; `None` for roles that are not followed.
pub fn resource_role(id: &str) -> Option<RelationKind> {
    let found = ON_RESOURCES.iter().find(|(known, ..)| known.eq_ignore_ascii_case(id))?;
    Some(found.1)
}

/// Whether a role means anything on a resource of this kind. A collector lists for each resource also what is granted
/// above it, roles over other kinds of resources among that.
pub fn is_role_on(relation: RelationKind, kind: NodeKind) -> bool {
    let is_level = matches!(
        kind,
        NodeKind::AzManagementGroup | NodeKind::AzSubscription | NodeKind::AzResourceGroup
    );
    let mut rows = ON_RESOURCES.iter().filter(|(_, known, _)| *known == relation);
    is_level || rows.any(|(_, _, kinds)| kinds.is_empty() || kinds.contains(&kind))
}

/// The role that older collectors name in the kind of a record, behind the kind of the resource; `None` for a record
/// of all roles there, of which each entry names its own.
pub fn role_of_record(name: &str) -> Option<Option<RelationKind>> {
    Some(match name {
        "RoleAssignment" => None,
        "Owner" => Some(RelationKind::AzOwner),
        "Contributor" => Some(RelationKind::AzContributor),
        "UserAccessAdmin" => Some(RelationKind::AzUserAccessAdministrator),
        "VMContributor" => Some(RelationKind::AzVmContributor),
        "AvereContributor" => Some(RelationKind::AzAvereContributor),
        "AdminLogin" => Some(RelationKind::AzVmAdminLogin),
        "KVContributor" => Some(RelationKind::AzKeyVaultContributor),
        _ => return None,
    })
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

/// Whether tokens of this issuer are given out by Entra itself: an application that trusts them trusts one of its
/// identities.
pub fn is_entra_issuer(issuer: &str) -> bool {
    const HOSTS: [&str; 2] = ["https://login.microsoftonline.com/", "https://sts.windows.net/"];
    let issuer = issuer.trim().to_ascii_lowercase();
    HOSTS.iter().any(|host| issuer.starts_with(host))
}

fn find(table: &[(&str, RelationKind)], id: &str) -> Option<RelationKind> {
    let found = table.iter().find(|(known, _)| known.eq_ignore_ascii_case(id))?;
    Some(found.1)
}
