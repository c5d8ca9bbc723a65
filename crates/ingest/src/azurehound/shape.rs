//! The shapes of the format, read leniently: any field may be absent or null, and flags that are false are left out.
//!
//! Start at [`Element`], one element of `data` of any kind. Records of a principal in a list stand in wrappers whose
//! key differs from kind to kind (`member`, `owner`, `vmContributor`, ...): [`Wrapped`] reads them all.

use std::marker::PhantomData;

use crate::sharphound::cursor::{Cursor, Read, Result};
use crate::sharphound::shape::{Flag, List, Text, is_key, shape};

shape! {
    Element {
        kind: Text<'a> = "kind",
        data: Record<'a> = "data",
    }

    /// What is wanted of an element before the others are read.
    Glance {
        kind: Text<'a> = "kind",
        data: Origin<'a> = "data",
    }

    /// Where a record comes from.
    Origin {
        id: Text<'a> = "id",
        tenant: Text<'a> = "tenantId",
        is_collected: Flag = "collected",
    }

    /// A record of any kind; each kind fills some of the fields.
    Record {
        id: Text<'a> = "id",
        display_name: Text<'a> = "displayName",
        name: Text<'a> = "name",
        tenant: Text<'a> = "tenantId",
        tenant_name: Text<'a> = "tenantName",
        is_enabled: Flag = "accountEnabled",
        is_synchronised: Flag = "onPremisesSyncEnabled",
        on_premises_sid: Text<'a> = "onPremisesSecurityIdentifier",
        created: Text<'a> = "createdDateTime",
        // Tenants.
        is_collected: Flag = "collected",
        // Users.
        user_principal_name: Text<'a> = "userPrincipalName",
        user_type: Text<'a> = "userType",
        job_title: Text<'a> = "jobTitle",
        password_changed: Text<'a> = "lastPasswordChangeDateTime",
        // Groups.
        is_assignable_to_role: Flag = "isAssignableToRole",
        is_security_enabled: Flag = "securityEnabled",
        group_types: List<Text<'a>> = "groupTypes",
        // Devices.
        device_id: Text<'a> = "deviceId",
        operating_system: Text<'a> = "operatingSystem",
        operating_system_version: Text<'a> = "operatingSystemVersion",
        trust_type: Text<'a> = "trustType",
        is_managed: Flag = "isManaged",
        // Applications and service principals.
        app: Text<'a> = "appId",
        app_owner: Text<'a> = "appOwnerOrganizationId",
        publisher_domain: Text<'a> = "publisherDomain",
        service_principal_type: Text<'a> = "servicePrincipalType",
        sign_in_audience: Text<'a> = "signInAudience",
        // Roles.
        template: Text<'a> = "templateId",
        is_built_in: Flag = "isBuiltIn",
        // Resources.
        properties: ResourceProperties<'a> = "properties",
        identity: Identity<'a> = "identity",
        scope: Text<'a> = "scope",
        // What lists are about.
        group: Text<'a> = "groupId",
        service_principal: Text<'a> = "servicePrincipalId",
        object: Text<'a> = "objectId",
        role_definition: Text<'a> = "roleDefinitionId",
        management_group: Text<'a> = "managementGroupId",
        subscription: Text<'a> = "subscriptionId",
        resource_group: Text<'a> = "resourceGroupId",
        virtual_machine: Text<'a> = "virtualMachineId",
        key_vault: Text<'a> = "keyVaultId",
        // Lists.
        members: List<Wrapped<'a>> = "members",
        owners: List<Wrapped<'a>> = "owners",
        role_assignments: List<Wrapped<'a>> = "roleAssignments",
        assignees: List<Wrapped<'a>> = "assignees",
        contributors: List<Wrapped<'a>> = "contributors",
        user_access_admins: List<Wrapped<'a>> = "userAccessAdmins",
        vm_contributors: List<Wrapped<'a>> = "vmContributors",
        avere_contributors: List<Wrapped<'a>> = "avereContributors",
        admin_logins: List<Wrapped<'a>> = "adminLogins",
        key_vault_contributors: List<Wrapped<'a>> = "kvContributors",
        federated: List<Federated<'a>> = "fics",
        // One entry of a list that stands alone.
        member: Principal<'a> = "member",
        owner: Principal<'a> = "owner",
        principal: Text<'a> = "principalId",
        principal_type: Text<'a> = "principalType",
        directory_scope: Text<'a> = "directoryScopeId",
        resource: Text<'a> = "resourceId",
        app_role: Text<'a> = "appRoleId",
        permissions: Permissions<'a> = "permissions",
        // What activating a role asks for.
        requires_approval: Flag = "endUserAssignmentRequiresApproval",
        requires_context: Flag = "endUserAssignmentRequiresCAPAuthenticationContext",
        requires_justification: Flag = "endUserAssignmentRequiresJustification",
        requires_mfa: Flag = "endUserAssignmentRequiresMFA",
        requires_ticket: Flag = "endUserAssignmentRequiresTicketInformation",
        group_approvers: List<Text<'a>> = "endUserAssignmentGroupApprovers",
        user_approvers: List<Text<'a>> = "endUserAssignmentUserApprovers",
    }

    ResourceProperties {
        display_name: Text<'a> = "displayName",
        parent: Parent<'a> = "parent",
        vm_id: Text<'a> = "vmId",
        storage: StorageProfile<'a> = "storageProfile",
        is_rbac: Flag = "enableRbacAuthorization",
        node_resource_group: Text<'a> = "nodeResourceGroup",
    }

    Parent {
        id: Text<'a> = "id",
    }

    StorageProfile {
        disk: OsDisk<'a> = "osDisk",
    }

    OsDisk {
        os: Text<'a> = "osType",
    }

    Identity {
        principal: Text<'a> = "principalId",
        assigned: Assigned<'a> = "userAssignedIdentities",
    }

    AssignedIdentity {
        principal: Text<'a> = "principalId",
    }

    Permissions {
        secrets: List<Text<'a>> = "secrets",
        keys: List<Text<'a>> = "keys",
        certificates: List<Text<'a>> = "certificates",
    }

    /// An entry of the list of an application's federated credentials.
    Federated {
        credential: Credential<'a> = "fic",
    }

    /// Whose tokens an application takes in place of its own credentials.
    Credential {
        id: Text<'a> = "id",
        name: Text<'a> = "name",
        issuer: Text<'a> = "issuer",
        subject: Text<'a> = "subject",
        audiences: List<Text<'a>> = "audiences",
        description: Text<'a> = "description",
    }

    /// A directory object, or the assignment of a role: the two share the wrappers' keys, and no field.
    Principal {
        id: Text<'a> = "id",
        kind: Text<'a> = "@odata.type",
        properties: Assignment<'a> = "properties",
    }

    /// The assignment of a role on a resource.
    Assignment {
        principal: Text<'a> = "principalId",
        principal_type: Text<'a> = "principalType",
        role_definition: Text<'a> = "roleDefinitionId",
        scope: Text<'a> = "scope",
    }
}

/// Identities that are resources of their own, by their ids.
#[derive(Clone, Debug, Default)]
pub struct Assigned<'a>(pub Vec<AssignedIdentity<'a>>);

impl<'a> Read<'a> for Assigned<'a> {
    fn read(cursor: &mut Cursor<'a>) -> Result<Self> {
        let mut found = Vec::new();
        if !cursor.null()? {
            cursor.each_field(|cursor, _| {
                found.push(AssignedIdentity::read(cursor)?);
                Ok(())
            })?;
        }
        Ok(Self(found))
    }
}

/// An entry of a list: the object inside it, whatever its key, and the fields of an assignment that stand in the entry
/// itself. Those of a directory role do, and other tools write those on resources so too.
#[derive(Clone, Debug, Default)]
pub struct Wrapped<'a> {
    pub inside: Principal<'a>,
    pub principal: Text<'a>,
    pub principal_type: Text<'a>,
    pub role_definition: Text<'a>,
    pub directory_scope: Text<'a>,
    pub scope: Text<'a>,
}

impl<'a> Read<'a> for Wrapped<'a> {
    fn read(cursor: &mut Cursor<'a>) -> Result<Self> {
        let mut wrapped = Self::default();
        if cursor.null()? {
            return Ok(wrapped);
        }
        cursor.each_field(|cursor, key| {
            match cursor.peek()? {
                b'{' => wrapped.inside = Principal::read(cursor)?,
                _ if is_key(key, "principalId") => wrapped.principal = Text::read(cursor)?,
                _ if is_key(key, "principalType") => wrapped.principal_type = Text::read(cursor)?,
                _ if is_key(key, "roleDefinitionId") => wrapped.role_definition = Text::read(cursor)?,
                _ if is_key(key, "scope") => wrapped.scope = Text::read(cursor)?,
                _ if is_key(key, "directoryScopeId") => wrapped.directory_scope = Text::read(cursor)?,
                _ => drop(cursor.skip()?),
            }
            Ok(())
        })?;
        Ok(wrapped)
    }
}
