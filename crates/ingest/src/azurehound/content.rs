//! The kinds of records, and what each is to us. A kind that is not here is named to the user and not read.

use postern_model::{NodeKind, ObjectClass, RelationKind};

use super::{resource, roles};

/// What an element is, by its kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Content {
    Tenant,
    Object(NodeKind, ObjectClass),
    Members(ObjectClass),
    Owners(NodeKind, ObjectClass),
    DirectoryRoles,
    EligibleRole,
    Permission,
    Descendant,
    /// Roles on a resource of this kind, or one role that older collectors name in the kind of the record.
    ResourceRoles(NodeKind, ObjectClass, Option<RelationKind>),
    RolePolicy,
    Federated,
    AccessPolicy,
}

pub fn content_of(kind: &str) -> Option<Content> {
    let groups = ObjectClass::EntraGroups;
    Some(match kind {
        "AZTenant" => Content::Tenant,
        "AZUser" => Content::Object(NodeKind::AzUser, ObjectClass::EntraUsers),
        "AZGroup" | "AZGroup365" => Content::Object(NodeKind::AzGroup, groups),
        "AZDevice" => Content::Object(NodeKind::AzDevice, ObjectClass::EntraDevices),
        "AZApp" => Content::Object(NodeKind::AzApp, ObjectClass::Applications),
        "AZServicePrincipal" => Content::Object(NodeKind::AzServicePrincipal, ObjectClass::ServicePrincipals),
        "AZRole" => Content::Object(NodeKind::AzRole, ObjectClass::DirectoryRoles),
        "AZGroupMember" | "AZGroup365Member" => Content::Members(groups),
        "AZGroupOwner" | "AZGroup365Owner" => Content::Owners(NodeKind::AzGroup, groups),
        "AZDeviceOwner" => Content::Owners(NodeKind::AzDevice, ObjectClass::EntraDevices),
        "AZAppOwner" => Content::Owners(NodeKind::AzApp, ObjectClass::Applications),
        "AZServicePrincipalOwner" => Content::Owners(NodeKind::AzServicePrincipal, ObjectClass::ServicePrincipals),
        "AZRoleAssignment" => Content::DirectoryRoles,
        "AZRoleEligibilityScheduleInstance" => Content::EligibleRole,
        "AZRoleManagementPolicyAssignment" => Content::RolePolicy,
        "AZAppRoleAssignment" => Content::Permission,
        "AZFederatedIdentityCredential" => Content::Federated,
        "AZManagementGroupDescendant" => Content::Descendant,
        "AZKeyVaultAccessPolicy" => Content::AccessPolicy,
        other => return resource_content(other),
    })
}

/// Resources are named by their kind; the roles on them by that and what they are.
fn resource_content(kind: &str) -> Option<Content> {
    let kind = kind.strip_prefix("AZ")?;
    resource::KINDS.iter().find_map(|&(name, node, class)| {
        let rest = kind.strip_prefix(name)?;
        if rest.is_empty() {
            Some(Content::Object(node, class))
        } else {
            roles::role_of_record(rest).map(|role| Content::ResourceRoles(node, class, role))
        }
    })
}

/// The class of the objects that are listed as a whole in records of this content: one that cannot be read is missing.
pub fn class_of(content: Content) -> Option<ObjectClass> {
    match content {
        Content::Tenant => Some(ObjectClass::Tenants),
        Content::Object(_, class) => Some(class),
        Content::EligibleRole => Some(ObjectClass::DirectoryRoles),
        Content::Permission => Some(ObjectClass::ServicePrincipals),
        _ => None,
    }
}
