//! Ways through an Entra tenant: groups, ownership, roles, permissions of Microsoft Graph, synchronised accounts.
//!
//! What a role may do is a step from the role, not from each of its holders, who have a step to it. Roles that control
//! the whole tenant lead to the tenant, which contains the rest.
//!
//! What a role or a permission may do to many objects is one step, to the set of them ([`sets`]), and one more from the
//! set to each: a tenant of 100,000 users has a dozen such roles, and a dozen applications with such permissions.

use std::sync::LazyLock;

use postern_model::estate::{EntraAttributes, Node, NodeIndex};
use postern_model::{NodeKind, RelationKind};

use self::sets::Sets;
use super::Family;
use crate::derived::Steps;
use crate::fact::Fact;
use crate::view::View;

pub(crate) mod acts_as_user;
pub(crate) mod add_members;
pub(crate) mod add_secret;
pub(crate) mod administrative_units;
pub(crate) mod app_admin;
pub(crate) mod containment;
pub(crate) mod device_code;
pub(crate) mod dynamic_groups;
pub(crate) mod execute_command;
pub(crate) mod federation;
pub(crate) mod membership;
pub(crate) mod mg_add_member;
pub(crate) mod mg_add_owner;
pub(crate) mod mg_add_secret;
pub(crate) mod mg_grant_app_roles;
pub(crate) mod mg_grant_role;
pub(crate) mod ownership;
pub(crate) mod permission;
pub(crate) mod reset_password;
pub(crate) mod role;
pub(crate) mod role_approval;
pub(crate) mod role_assignment;
pub(crate) mod role_eligibility;
pub(crate) mod runs_as;
pub(crate) mod seamless_sso;
pub(crate) mod sets;
pub(crate) mod sync_server;
pub(crate) mod synchronisation;
pub(crate) mod tenant_admin;

pub const FAMILY: Family = Family {
    name: "entra",
    techniques: &[
        RelationKind::AzContains,
        RelationKind::AzMemberOf,
        RelationKind::AzOwns,
        RelationKind::AzRunsAs,
        RelationKind::AzHasRole,
        RelationKind::AzRoleEligible,
        RelationKind::AzRoleApprover,
        RelationKind::AzAuthenticatesTo,
        RelationKind::AzAppAdmin,
        RelationKind::AzCloudAppAdmin,
        RelationKind::SyncedToEntraUser,
        RelationKind::SyncedToAdUser,
        RelationKind::HoldsSyncCredentials,
        RelationKind::SeamlessSso,
        RelationKind::AzJoinsByRule,
        RelationKind::AzGlobalAdmin,
        RelationKind::AzPrivilegedRoleAdmin,
        RelationKind::AzPrivilegedAuthAdmin,
        RelationKind::AzAddSecret,
        RelationKind::AzResetPassword,
        RelationKind::AzAddMembers,
        RelationKind::AzExecuteCommand,
        RelationKind::AzActsAsUser,
        RelationKind::DeviceCodePhishing,
        RelationKind::AzMgAddSecret,
        RelationKind::AzMgAddMember,
        RelationKind::AzMgAddOwner,
        RelationKind::AzMgGrantRole,
        RelationKind::AzMgGrantAppRoles,
    ],
    derive,
};

fn derive(view: &View<'_>, steps: &mut Steps<'_, '_>) {
    containment::derive(view, steps);
    membership::derive(view, steps);
    ownership::derive(view, steps);
    runs_as::derive(view, steps);
    app_admin::derive(view, steps);
    federation::derive(view, steps);
    synchronisation::derive(view, steps);
    sync_server::derive(view, steps);
    seamless_sso::derive(view, steps);
    role_assignment::derive(view, steps);
    role_eligibility::derive(view, steps);

    let mut sets = Sets::default();
    let roles = role::all(view);
    role_approval::derive(view, steps, &roles);
    tenant_admin::derive(view, steps, &roles);
    add_secret::derive(view, steps, &roles, &mut sets);
    add_members::derive(view, steps, &roles, &mut sets);
    reset_password::derive(view, steps, &roles, &mut sets);
    execute_command::derive(view, steps, &roles);
    dynamic_groups::derive(view, steps, &roles, &mut sets);

    mg_add_secret::derive(view, steps, &mut sets);
    mg_add_owner::derive(view, steps, &mut sets);
    mg_add_member::derive(view, steps, &mut sets);
    mg_grant_role::derive(view, steps);
    mg_grant_app_roles::derive(view, steps);
    sets.derive(view, steps);

    administrative_units::derive(view, steps);
    acts_as_user::derive(view, steps);
    device_code::derive(view, steps);
}

/// What only objects of a tenant have; all unknown for an object of which nothing but the id is.
fn of(node: &Node) -> &EntraAttributes {
    static UNKNOWN: LazyLock<EntraAttributes> = LazyLock::new(EntraAttributes::default);
    node.attributes.entra.as_deref().unwrap_or(&UNKNOWN)
}

/// Whether members can be added in Entra: not to a group that Active Directory or a rule fills. Unknown is taken for
/// an ordinary group, which most are.
fn takes_members(group: &Node) -> bool {
    let group = of(group);
    group.is_synchronised != Some(true) && group.is_dynamic != Some(true)
}

/// Whether an application takes credentials: the identity of a resource does not.
fn takes_secrets(application: &Node) -> bool {
    let is_application = matches!(application.kind, NodeKind::AzApp | NodeKind::AzServicePrincipal);
    is_application && of(application).is_managed_identity != Some(true)
}

fn tenant_of(view: &View<'_>, node: &Node) -> Option<NodeIndex> {
    let &index = view.world.estate.by_key.get(&*node.boundary)?;
    (view.node(index).kind == NodeKind::AzTenant).then_some(index)
}

fn not_assignable(view: &View<'_>, group: &Node) -> Fact {
    view.property_fact(
        group,
        "isassignabletorole",
        "false",
        "cannot be assigned to roles, and so is not protected",
    )
}

/// Whether administrators of the whole tenant manage it: what lies in a restricted administrative unit only those of
/// the unit do. Source: Microsoft, "Restricted management administrative units in Microsoft Entra ID".
fn is_managed_by_tenant(node: &Node) -> bool {
    of(node).is_in_restricted_unit != Some(true)
}

/// Whether the tenant keeps the password of a user: that of a guest is kept by their own organisation.
fn has_password(user: &Node) -> bool {
    of(user).is_guest != Some(true)
}

/// Whose password is that of Active Directory.
fn synchronised(view: &View<'_>, user: &Node) -> Option<Fact> {
    let text = "is synchronised from Active Directory";
    (of(user).is_synchronised == Some(true)).then(|| view.property_fact(user, "onpremsyncenabled", "true", text))
}
