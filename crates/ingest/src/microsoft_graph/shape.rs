//! The shapes of the answers, read leniently: any field may be absent or null.
//!
//! Names and types: Microsoft Graph REST API, resource types `administrativeUnit`, `scopedRoleMembership`,
//! `conditionalAccessPolicy`, `oAuth2PermissionGrant`, `userRegistrationDetails`, `group`, `directoryRole`,
//! `unifiedRoleAssignment` and `organization`.

use std::marker::PhantomData;

use crate::azurehound::shape::{Entries, Few, Text};
use crate::sharphound::cursor::{Cursor, Read, Result};
use crate::sharphound::shape::{Flag, Raw, is_key, shape};

shape! {
    /// What is wanted of a record that cannot be read otherwise.
    Glance {
        id: Text<'a> = "id",
    }

    /// A record of any kind; each kind fills some of the fields.
    Record {
        id: Text<'a> = "id",
        display_name: Text<'a> = "displayName",
        // Administrative units.
        is_restricted: Flag = "isMemberManagementRestricted",
        members: Entries<'a, Member<'a>> = "members",
        changed_members: Entries<'a, Member<'a>> = "members@delta",
        has_more_members: Text<'a> = "members@odata.nextLink",
        scoped_role_members: Entries<'a, ScopedRole<'a>> = "scopedRoleMembers",
        // Roles over an administrative unit, in a list of their own.
        unit: Text<'a> = "administrativeUnitId",
        role: Text<'a> = "roleId",
        role_member: Member<'a> = "roleMemberInfo",
        // Assignments of roles.
        principal: Text<'a> = "principalId",
        role_definition: Text<'a> = "roleDefinitionId",
        scope_of_role: Text<'a> = "directoryScopeId",
        role_template: Text<'a> = "roleTemplateId",
        // Consents; the principal is that of an assignment.
        client: Text<'a> = "clientId",
        consent: Text<'a> = "consentType",
        resource: Text<'a> = "resourceId",
        scope: Text<'a> = "scope",
        // What a user has registered.
        user_principal_name: Text<'a> = "userPrincipalName",
        is_mfa_registered: Flag = "isMfaRegistered",
        is_mfa_capable: Flag = "isMfaCapable",
        methods: Few<'a> = "methodsRegistered",
        // Groups.
        membership_rule: Text<'a> = "membershipRule",
        membership_rule_state: Text<'a> = "membershipRuleProcessingState",
        // Policies of conditional access.
        state: Text<'a> = "state",
        conditions: Conditions<'a> = "conditions",
        grant: Grant<'a> = "grantControls",
        session: Session<'a> = "sessionControls",
    }

    Member {
        id: Text<'a> = "id",
        kind: Text<'a> = "@odata.type",
        // An entry of a difference that says that it is no member any more.
        removed: Raw<'a> = "@removed",
    }

    ScopedRole {
        role: Text<'a> = "roleId",
        member: Member<'a> = "roleMemberInfo",
    }

    Conditions {
        users: Users<'a> = "users",
        applications: Applications<'a> = "applications",
        client_types: Few<'a> = "clientAppTypes",
        locations: Locations<'a> = "locations",
        flows: Flows<'a> = "authenticationFlows",
        platforms: Platforms<'a> = "platforms",
        devices: Raw<'a> = "devices",
        device_states: Raw<'a> = "deviceStates",
        client_applications: ClientApplications<'a> = "clientApplications",
        user_risks: Few<'a> = "userRiskLevels",
        sign_in_risks: Few<'a> = "signInRiskLevels",
        agent_risks: Raw<'a> = "agentIdRiskLevels",
        insider_risks: Raw<'a> = "insiderRiskLevels",
    }

    Users {
        include: Few<'a> = "includeUsers",
        exclude: Few<'a> = "excludeUsers",
        include_groups: Few<'a> = "includeGroups",
        exclude_groups: Few<'a> = "excludeGroups",
        include_roles: Few<'a> = "includeRoles",
        exclude_roles: Few<'a> = "excludeRoles",
        include_guests: Raw<'a> = "includeGuestsOrExternalUsers",
        exclude_guests: Raw<'a> = "excludeGuestsOrExternalUsers",
    }

    Applications {
        include: Few<'a> = "includeApplications",
        exclude: Few<'a> = "excludeApplications",
        filter: Raw<'a> = "applicationFilter",
    }

    Platforms {
        include: Few<'a> = "includePlatforms",
        exclude: Few<'a> = "excludePlatforms",
    }

    ClientApplications {
        include: Few<'a> = "includeServicePrincipals",
    }

    Locations {
        include: Few<'a> = "includeLocations",
        exclude: Few<'a> = "excludeLocations",
    }

    /// `deviceCodeFlow`, `authenticationTransfer`, or both with a comma.
    Flows {
        methods: Text<'a> = "transferMethods",
    }

    Grant {
        operator: Text<'a> = "operator",
        controls: Few<'a> = "builtInControls",
        custom: Few<'a> = "customAuthenticationFactors",
        terms: Few<'a> = "termsOfUse",
        strength: Raw<'a> = "authenticationStrength",
    }

    Session {
        bound: Bound = "secureSignInSession",
    }
}

/// Whether a sign-in is bound to its device.
#[derive(Clone, Copy, Debug, Default)]
pub struct Bound(pub bool);

impl<'a> Read<'a> for Bound {
    fn read(cursor: &mut Cursor<'a>) -> Result<Self> {
        let mut is_bound = false;
        if !cursor.null()? {
            cursor.each_field(|cursor, key| {
                match is_key(key, "isEnabled") {
                    true => is_bound = Flag::read(cursor)?.is_true(),
                    false => drop(cursor.skip()?),
                }
                Ok(())
            })?;
        }
        Ok(Self(is_bound))
    }
}
