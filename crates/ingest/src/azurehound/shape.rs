//! The shapes of the format, read leniently: any field may be absent or null, and flags that are false are left out.
//!
//! Start at [`Element`], one element of `data` of any kind. Records of a principal in a list stand in wrappers whose
//! key differs from kind to kind (`member`, `owner`, `vmContributor`, ...): [`Wrapped`] reads them all.
//!
//! A record holds little beside its own text, whatever is in it: lists of objects, of which a group has a million, stay
//! text until they are gone over ([`Entries`]), and texts and lists of texts have limits.

use std::borrow::Cow;
use std::marker::PhantomData;
use std::ops::Deref;
use std::result::Result as Outcome;

use crate::sharphound::cursor::{Cursor, Read, Result};
use crate::sharphound::shape::{Flag, is_key, shape};

/// No text that is kept may be longer than this, in bytes. Names and ids are below 2 KiB; a description may be a page.
pub const TEXT_BYTES_MAX: usize = 64 * 1024;

/// A list of texts may have so many: kinds of permission, audiences, approvers.
pub const TEXTS_MAX: usize = 1_000;

/// Text; empty where absent or null.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Text<'a>(pub Cow<'a, str>);

impl Deref for Text<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl<'a> Read<'a> for Text<'a> {
    fn read(cursor: &mut Cursor<'a>) -> Result<Self> {
        if cursor.null()? {
            return Ok(Self::default());
        }
        let text = cursor.string()?;
        if text.len() > TEXT_BYTES_MAX {
            return cursor.expected("a text of at most 64 KiB");
        }
        Ok(Self(text))
    }
}

/// A short list of texts; empty where absent or null.
#[derive(Clone, Debug, Default)]
pub struct Few<'a>(Vec<Text<'a>>);

impl<'a> Deref for Few<'a> {
    type Target = [Text<'a>];

    fn deref(&self) -> &[Text<'a>] {
        &self.0
    }
}

impl<'a> Read<'a> for Few<'a> {
    fn read(cursor: &mut Cursor<'a>) -> Result<Self> {
        let mut texts = Vec::new();
        if !cursor.null()? {
            cursor.each_element(|cursor| {
                if texts.len() == TEXTS_MAX {
                    return cursor.expected("a list of at most 1,000 texts");
                }
                texts.push(Text::read(cursor)?);
                Ok(())
            })?;
        }
        Ok(Self(texts))
    }
}

/// The entries of a list, as text that is known to hold them. Empty where absent or null.
#[derive(Clone, Debug)]
pub struct Entries<'a, T> {
    text: &'a str,
    entry: PhantomData<T>,
}

impl<T> Default for Entries<'_, T> {
    fn default() -> Self {
        Self {
            text: "[]",
            entry: PhantomData,
        }
    }
}

impl<'a, T: Read<'a>> Read<'a> for Entries<'a, T> {
    fn read(cursor: &mut Cursor<'a>) -> Result<Self> {
        if cursor.null()? {
            return Ok(Self::default());
        }
        cursor.peek()?;
        let start = cursor.at();
        // Each entry is read, and not kept: one that is wrong is told before anything of the record is used.
        cursor.each_element(|cursor| T::read(cursor).map(drop))?;
        Ok(Self {
            text: cursor.since(start),
            entry: PhantomData,
        })
    }
}

impl<'a, T: Read<'a>> Entries<'a, T> {
    /// Reads the entries, one at a time.
    pub fn iter(&self) -> impl Iterator<Item = T> + use<'a, T> {
        let mut cursor = Cursor::new(self.text);
        cursor.literal("[");
        std::iter::from_fn(move || {
            match cursor.peek().ok()? {
                b']' => return None,
                b',' => drop(cursor.literal(",")),
                _ => {}
            }
            T::read(&mut cursor).ok()
        })
    }
}

shape! {
    Element {
        kind: Text<'a> = "kind",
        data: Record<'a> = "data",
    }

    /// What every element has.
    Named {
        kind: Text<'a> = "kind",
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
        group_types: Few<'a> = "groupTypes",
        membership_rule: Text<'a> = "membershipRule",
        membership_rule_state: Text<'a> = "membershipRuleProcessingState",
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
        members: Entries<'a, Wrapped<'a>> = "members",
        owners: Entries<'a, Wrapped<'a>> = "owners",
        role_assignments: Entries<'a, Wrapped<'a>> = "roleAssignments",
        assignees: Entries<'a, Wrapped<'a>> = "assignees",
        contributors: Entries<'a, Wrapped<'a>> = "contributors",
        user_access_admins: Entries<'a, Wrapped<'a>> = "userAccessAdmins",
        vm_contributors: Entries<'a, Wrapped<'a>> = "vmContributors",
        avere_contributors: Entries<'a, Wrapped<'a>> = "avereContributors",
        admin_logins: Entries<'a, Wrapped<'a>> = "adminLogins",
        key_vault_contributors: Entries<'a, Wrapped<'a>> = "kvContributors",
        federated: Entries<'a, Federated<'a>> = "fics",
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
        group_approvers: Few<'a> = "endUserAssignmentGroupApprovers",
        user_approvers: Few<'a> = "endUserAssignmentUserApprovers",
    }

    ResourceProperties {
        display_name: Text<'a> = "displayName",
        parent: Parent<'a> = "parent",
        vm_id: Text<'a> = "vmId",
        storage: StorageProfile<'a> = "storageProfile",
        is_rbac: Flag = "enableRbacAuthorization",
        takes_shared_keys: Flag = "allowSharedKeyAccess",
        has_no_local_accounts: Flag = "disableLocalAccounts",
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
        secrets: Few<'a> = "secrets",
        keys: Few<'a> = "keys",
        certificates: Few<'a> = "certificates",
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
        audiences: Few<'a> = "audiences",
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

/// Identities that are resources of their own, by their ids; as text, as [`Entries`].
#[derive(Clone, Debug)]
pub struct Assigned<'a>(&'a str);

impl Default for Assigned<'_> {
    fn default() -> Self {
        Self("{}")
    }
}

impl<'a> Read<'a> for Assigned<'a> {
    fn read(cursor: &mut Cursor<'a>) -> Result<Self> {
        if cursor.null()? {
            return Ok(Self::default());
        }
        cursor.peek()?;
        let start = cursor.at();
        cursor.each_field(|cursor, _| AssignedIdentity::read(cursor).map(drop))?;
        Ok(Self(cursor.since(start)))
    }
}

impl<'a> Assigned<'a> {
    /// Calls `each` with the service principal of each identity.
    pub fn each<E>(&self, mut each: impl FnMut(&str) -> Outcome<(), E>) -> Outcome<(), E> {
        let mut outcome = Ok(());
        let walked = Cursor::new(self.0).each_field(|cursor, _| {
            let identity = AssignedIdentity::read(cursor)?;
            if outcome.is_ok() {
                outcome = each(&identity.principal);
            }
            Ok(())
        });
        debug_assert!(walked.is_ok(), "read before");
        outcome
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
        // Some tools write the id alone.
        if cursor.peek()? == b'"' {
            wrapped.inside.id = Text::read(cursor)?;
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
