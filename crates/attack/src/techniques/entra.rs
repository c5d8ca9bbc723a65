//! Ways through an Entra tenant: groups, ownership, roles, permissions of Microsoft Graph, synchronised accounts.
//!
//! What a role may do is a step from the role, not from each of its holders; there is one only where somebody holds
//! the role, or may activate it. Roles that control the whole tenant lead to the tenant, which contains the rest.
//!
//! What a role or a permission may do to many objects is one step, to the set of them ([`sets`]), and one more from the
//! set to each: a tenant of 100,000 users has a dozen such roles, and a dozen applications with such permissions.

use std::collections::{BTreeMap, BTreeSet};

use postern_catalog::Foothold;
use postern_model::estate::{EntraAttributes, Node, NodeIndex, Relation};
use postern_model::{NodeKind, RelationKind};

use self::sets::{Set, Sets};
use super::{Family, as_reported};
use crate::derived::{Manner, Steps, Vertex};
use crate::fact::Fact;
use crate::view::View;

pub mod sets;

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
    ],
    derive,
};

/// Templates of roles, which are the same in every tenant. Source: Microsoft, "Microsoft Entra built-in roles".
mod role {
    pub const APPLICATION_ADMINISTRATOR: &str = "9b895d92-2cd3-44c7-9d02-a6ac2d5ea5c3";
    pub const AUTHENTICATION_ADMINISTRATOR: &str = "c4e39bd9-1100-46d3-8c65-fb160da0071f";
    pub const CLOUD_APPLICATION_ADMINISTRATOR: &str = "158c047a-c907-4556-b7ef-446551a6b5f7";
    pub const DIRECTORY_READERS: &str = "88d8e3e3-8f55-4a1e-953a-9b9898b8876b";
    pub const DIRECTORY_WRITERS: &str = "9360feb5-f418-4baa-8175-e2a00bac4301";
    pub const GLOBAL_ADMINISTRATOR: &str = "62e90394-69f5-4237-9190-012177145e10";
    pub const GROUPS_ADMINISTRATOR: &str = "fdd7a751-b60b-444a-984c-02652fe8fa1c";
    pub const GUEST_INVITER: &str = "95e79109-95c0-4d8e-aee3-d01accf2d47b";
    pub const HELPDESK_ADMINISTRATOR: &str = "729827e3-9c14-49f7-bb1b-9608f156bbb8";
    pub const IDENTITY_GOVERNANCE_ADMINISTRATOR: &str = "45d8d3c5-c802-45c6-b32a-1d70b5e1e86e";
    pub const INTUNE_ADMINISTRATOR: &str = "3a2c62db-5318-420d-8d74-23affee5d9d5";
    pub const KNOWLEDGE_ADMINISTRATOR: &str = "b5a8dcf3-09d5-43a9-a639-8e29ef291470";
    pub const KNOWLEDGE_MANAGER: &str = "744ec460-397e-42ad-a462-8b3f9747a02c";
    pub const MESSAGE_CENTER_READER: &str = "790c1fb9-7f7d-4f88-86a1-ef1f95c05c1b";
    pub const PARTNER_TIER1_SUPPORT: &str = "4ba39ca4-527c-499a-b93d-d9b492c50246";
    pub const PARTNER_TIER2_SUPPORT: &str = "e00e864a-17c5-4a4b-9c06-f5b95a8d5bd8";
    pub const PASSWORD_ADMINISTRATOR: &str = "966707d0-3269-4727-9be2-8c3a10f19b9d";
    pub const PRIVILEGED_AUTHENTICATION_ADMINISTRATOR: &str = "7be44c8a-adaf-4e2a-84d6-ab2649e08a13";
    pub const PRIVILEGED_ROLE_ADMINISTRATOR: &str = "e8611ab8-c189-46e8-94e1-60213ab1f814";
    pub const REPORTS_READER: &str = "4a5d8f65-41da-4de4-8968-e035b65339cf";
    pub const USAGE_SUMMARY_REPORTS_READER: &str = "75934031-6c7e-415a-99d7-48dbd49e875e";
    pub const USER_ADMINISTRATOR: &str = "fe930be7-5e62-47db-91af-98c3a49a38b1";
}

/// Whose password a role may set.
#[derive(Clone, Copy)]
enum Reach {
    Everybody,
    /// Users who hold no other roles than these. Source: Microsoft, "Who can reset passwords".
    Below(&'static [&'static str]),
}

fn password_reach(template: &str) -> Option<Reach> {
    use role::*;
    Some(match template {
        PARTNER_TIER2_SUPPORT => Reach::Everybody,
        PARTNER_TIER1_SUPPORT => Reach::Below(&[]),
        USER_ADMINISTRATOR => Reach::Below(&[
            USER_ADMINISTRATOR,
            REPORTS_READER,
            MESSAGE_CENTER_READER,
            HELPDESK_ADMINISTRATOR,
            GUEST_INVITER,
            DIRECTORY_READERS,
            PASSWORD_ADMINISTRATOR,
            USAGE_SUMMARY_REPORTS_READER,
            GROUPS_ADMINISTRATOR,
        ]),
        HELPDESK_ADMINISTRATOR => Reach::Below(&[
            REPORTS_READER,
            MESSAGE_CENTER_READER,
            HELPDESK_ADMINISTRATOR,
            GUEST_INVITER,
            DIRECTORY_READERS,
            PASSWORD_ADMINISTRATOR,
            USAGE_SUMMARY_REPORTS_READER,
        ]),
        AUTHENTICATION_ADMINISTRATOR => Reach::Below(&[
            REPORTS_READER,
            MESSAGE_CENTER_READER,
            AUTHENTICATION_ADMINISTRATOR,
            GUEST_INVITER,
            DIRECTORY_READERS,
            PASSWORD_ADMINISTRATOR,
            USAGE_SUMMARY_REPORTS_READER,
        ]),
        PASSWORD_ADMINISTRATOR => Reach::Below(&[PASSWORD_ADMINISTRATOR, GUEST_INVITER, DIRECTORY_READERS]),
        _ => return None,
    })
}

/// Roles that change the members of groups, those excepted that can be assigned to roles.
const CHANGE_MEMBERS: [&str; 7] = [
    role::GROUPS_ADMINISTRATOR,
    role::DIRECTORY_WRITERS,
    role::IDENTITY_GOVERNANCE_ADMINISTRATOR,
    role::USER_ADMINISTRATOR,
    role::INTUNE_ADMINISTRATOR,
    role::KNOWLEDGE_ADMINISTRATOR,
    role::KNOWLEDGE_MANAGER,
];

const CHANGE_SECRETS: [&str; 2] = [role::APPLICATION_ADMINISTRATOR, role::CLOUD_APPLICATION_ADMINISTRATOR];

fn derive(view: &View<'_>, steps: &mut Steps<'_, '_>) {
    as_reported(view, steps, &[RelationKind::AzMemberOf, RelationKind::AzRunsAs]);
    contents(view, steps);
    owners(view, steps);
    federated(view, steps);
    for kind in [RelationKind::AzAppAdmin, RelationKind::AzCloudAppAdmin] {
        for relation in view.relations(kind) {
            if takes_secrets(view.node(relation.target)) {
                steps.add_reported(relation);
            }
        }
    }
    twins(view, steps);
    approvers(view, steps);
    let mut sets = Sets::default();
    roles(view, steps, &mut sets);
    permissions(view, steps, &mut sets);
    sets.derive(view, steps);
}

/// What only objects of a tenant have; all unknown for an object of which nothing but the id is.
fn of(node: &Node) -> &EntraAttributes {
    static UNKNOWN: EntraAttributes = EntraAttributes {
        template: None,
        requires_approval: None,
        roles: None,
        is_in_role_group: None,
        is_guest: None,
        is_synchronised: None,
        is_assignable_to_role: None,
        is_dynamic: None,
        is_joined: None,
        is_managed: None,
        is_managed_identity: None,
        is_protected_by_roles: None,
    };
    node.attributes.entra.as_deref().unwrap_or(&UNKNOWN)
}

fn contents(view: &View<'_>, steps: &mut Steps<'_, '_>) {
    for relation in view.relations(RelationKind::AzContains) {
        let content = view.node(relation.target);
        let is_reached = match content.kind {
            // Control of the tenant is administration of the devices that joined it, not of those that are only known.
            NodeKind::AzDevice => of(content).is_joined == Some(true),
            // Members of a synchronised group are changed in Active Directory.
            NodeKind::AzGroup => of(content).is_synchronised != Some(true),
            NodeKind::AzServicePrincipal => takes_secrets(content),
            // Who may change a vault may not read it where roles protect its content, and changing resources is all
            // that some of those can who control the group around it.
            NodeKind::AzKeyVault => of(content).is_protected_by_roles != Some(true),
            _ => true,
        };
        if is_reached {
            steps.add_reported(relation);
        }
    }
}

fn owners(view: &View<'_>, steps: &mut Steps<'_, '_>) {
    for relation in view.relations(RelationKind::AzOwns) {
        let owned = view.node(relation.target);
        match owned.kind {
            NodeKind::AzGroup if takes_members(owned) => steps.add_reported(relation),
            NodeKind::AzApp | NodeKind::AzServicePrincipal if takes_secrets(owned) => steps.add_reported(relation),
            NodeKind::AzDevice if of(owned).is_joined == Some(true) => device_owner(view, steps, relation, owned),
            _ => {}
        }
    }
}

/// The owner of a device that joined Entra is an administrator there, as a rule. Of one that is only registered, or of
/// a member of a domain, they are nothing but the user.
fn device_owner(view: &View<'_>, steps: &mut Steps<'_, '_>, relation: &Relation, device: &Node) {
    let grade = view
        .world
        .catalog
        .technique(relation.kind)
        .map(|it| it.grade_when("device"));
    let manner = Manner {
        grade,
        footholds: Some((Foothold::Admin, Foothold::Admin)),
    };
    let facts = vec![
        view.relation_fact(relation),
        view.property_fact(device, "trusttype", "AzureAd", "has joined Entra"),
    ];
    let (source, target) = (Vertex::Asset(relation.source), Vertex::Asset(relation.target));
    steps.add_between(relation.kind, source, target, manner, facts);
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

fn twins(view: &View<'_>, steps: &mut Steps<'_, '_>) {
    as_reported(view, steps, &[RelationKind::SyncedToEntraUser]);
    for relation in view.relations(RelationKind::SyncedToAdUser) {
        // The synchronisation account has no right over accounts that the directory protects as administrators.
        if view.node(relation.target).attributes.admin_count != Some(true) {
            steps.add_reported(relation);
        }
    }
}

/// Whose tokens an application takes. It takes them for itself; the identity of a resource signs in otherwise.
fn federated(view: &View<'_>, steps: &mut Steps<'_, '_>) {
    for relation in view.relations(RelationKind::AzAuthenticatesTo) {
        let is_credential = view.node(relation.target).kind == NodeKind::AzFederatedIdentityCredential;
        if is_credential || takes_secrets(view.node(relation.target)) {
            steps.add_reported(relation);
        }
    }
}

/// Approvers of a role that somebody else may ask for. Where none are named, the administrators of the tenant approve:
/// they control it anyway.
fn approvers(view: &View<'_>, steps: &mut Steps<'_, '_>) {
    let mut eligible = BTreeMap::<NodeIndex, Vec<&Relation>>::new();
    for relation in view.relations(RelationKind::AzRoleEligible) {
        if relation.is_tenant_wide() {
            eligible.entry(relation.target).or_default().push(relation);
        }
    }
    for relation in view.relations(RelationKind::AzRoleApprover) {
        let role = view.node(relation.target);
        let asks = eligible.get(&relation.target).into_iter().flatten();
        // One of them is reason enough: a large group may ask for a role.
        let asks = asks.copied().find(|it| it.source != relation.source);
        if let Some(asks) = asks.filter(|_| of(role).requires_approval != Some(false)) {
            steps.add_reported_with(relation, vec![view.relation_fact(asks)]);
        }
    }
}

fn roles(view: &View<'_>, steps: &mut Steps<'_, '_>, sets: &mut Sets) {
    let mut held = BTreeSet::new();
    for kind in [RelationKind::AzHasRole, RelationKind::AzRoleEligible] {
        for relation in view.relations(kind) {
            // A role over an administrative unit is none over the tenant; what lies in the unit no collection tells.
            if !relation.is_tenant_wide() {
                continue;
            }
            held.insert(relation.target);
            let role = view.node(relation.target);
            if kind == RelationKind::AzRoleEligible && of(role).requires_approval == Some(true) {
                eligible_with_approval(view, steps, relation, role);
            } else {
                steps.add_reported(relation);
            }
        }
    }
    for index in held {
        let node = view.node(index);
        let Some(template) = node.role_template() else {
            continue;
        };
        let of_tenant = match template.as_str() {
            role::GLOBAL_ADMINISTRATOR => Some(RelationKind::AzGlobalAdmin),
            role::PRIVILEGED_ROLE_ADMINISTRATOR => Some(RelationKind::AzPrivilegedRoleAdmin),
            role::PRIVILEGED_AUTHENTICATION_ADMINISTRATOR => Some(RelationKind::AzPrivilegedAuthAdmin),
            _ => None,
        };
        if let Some(technique) = of_tenant
            && let Some(tenant) = tenant_of(view, node)
        {
            steps.add(technique, index, tenant, vec![by_role(node)]);
        }
        let mut reached = Vec::new();
        if CHANGE_SECRETS.contains(&template.as_str()) {
            reached.push((RelationKind::AzAddSecret, Set::Applications));
        }
        if CHANGE_MEMBERS.contains(&template.as_str()) {
            reached.push((RelationKind::AzAddMembers, Set::Groups));
        }
        if template == role::INTUNE_ADMINISTRATOR {
            scripts(view, steps, index);
        }
        match password_reach(&template) {
            Some(Reach::Everybody) => reached.push((RelationKind::AzResetPassword, Set::Users)),
            Some(Reach::Below(allowed)) => {
                reached.push((RelationKind::AzResetPassword, Set::UsersWithoutRoles));
                lesser_users(view, steps, index, allowed);
            }
            None => {}
        }
        for (technique, set) in reached {
            sets.reach(view, steps, technique, index, set, by_role(node));
        }
    }
}

fn eligible_with_approval(view: &View<'_>, steps: &mut Steps<'_, '_>, relation: &Relation, role: &Node) {
    let technique = view.world.catalog.technique(relation.kind);
    let manner = Manner {
        grade: technique.map(|it| it.grade_when("approval")),
        ..Manner::default()
    };
    let text = "is activated only when somebody else approves";
    let facts = vec![
        view.relation_fact(relation),
        view.property_fact(role, "enduserassignmentrequiresapproval", "true", text),
    ];
    let (source, target) = (Vertex::Asset(relation.source), Vertex::Asset(relation.target));
    steps.add_between(relation.kind, source, target, manner, facts);
}

fn by_role(role: &Node) -> Fact {
    Fact::BuiltIn {
        text: format!("this is what the role {} may do", role.name).into(),
    }
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

/// Windows devices that Intune manages run what its administrators send them.
fn scripts(view: &View<'_>, steps: &mut Steps<'_, '_>, role: NodeIndex) {
    let tenant = &view.node(role).boundary;
    for (device, node) in view.all_assets().filter(|(_, node)| node.boundary == *tenant) {
        let os = node.attributes.operating_system.as_deref().unwrap_or_default();
        let is_windows = os.to_ascii_lowercase().contains("windows");
        if node.kind == NodeKind::AzDevice && is_windows && of(node).is_managed == Some(true) {
            let facts = vec![
                by_role(view.node(role)),
                view.property_fact(node, "ismanaged", "true", "is managed by Intune"),
            ];
            steps.add(RelationKind::AzExecuteCommand, role, device, facts);
        }
    }
}

/// Users whose password a role may set although they hold roles: lesser ones all. There are few.
fn lesser_users(view: &View<'_>, steps: &mut Steps<'_, '_>, role: NodeIndex, allowed: &[&str]) {
    let node = view.node(role);
    let technique = view.world.catalog.technique(RelationKind::AzResetPassword);
    for (user, target) in view.assets(NodeKind::AzUser) {
        let of_user = of(target);
        let Some(held) = of_user.roles.as_ref().filter(|held| !held.is_empty()) else {
            continue;
        };
        let is_below = held.iter().all(|it| allowed.contains(&it.as_str()));
        let is_protected = of_user.is_in_role_group != Some(false);
        if target.boundary != node.boundary || !has_password(target) || !is_below || is_protected {
            continue;
        }
        let mut facts = vec![
            by_role(node),
            view.property_fact(target, "directoryroles", &held.join(", "), "holds lesser roles only"),
        ];
        let mut grade = None;
        if let Some(fact) = synchronised(view, target) {
            grade = technique.map(|it| it.grade_when("synchronised"));
            facts.push(fact);
        }
        let manner = Manner {
            grade,
            ..Manner::default()
        };
        let (source, target) = (Vertex::Asset(role), Vertex::Asset(user));
        steps.add_between(RelationKind::AzResetPassword, source, target, manner, facts);
    }
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

/// What service principals may do by permissions of Microsoft Graph. Who may grant roles may grant one that controls
/// the tenant, which leads to all that is in it.
fn permissions(view: &View<'_>, steps: &mut Steps<'_, '_>, sets: &mut Sets) {
    const OVER_SETS: [(RelationKind, RelationKind, Set); 8] = {
        use RelationKind::*;
        [
            (AzMgApplicationReadWriteAll, AzMgAddSecret, Set::Applications),
            (AzMgApplicationReadWriteAll, AzMgAddOwner, Set::Applications),
            (
                AzMgServicePrincipalEndpointReadWriteAll,
                AzMgAddOwner,
                Set::ServicePrincipals,
            ),
            (AzMgDirectoryReadWriteAll, AzMgAddMember, Set::Groups),
            (AzMgDirectoryReadWriteAll, AzMgAddOwner, Set::Groups),
            (AzMgGroupReadWriteAll, AzMgAddMember, Set::Groups),
            (AzMgGroupReadWriteAll, AzMgAddOwner, Set::Groups),
            (AzMgGroupMemberReadWriteAll, AzMgAddMember, Set::Groups),
        ]
    };
    let granted = |kind| view.relations(kind).iter().filter(|it| is_application(view, it));
    for (permission, technique, set) in OVER_SETS {
        for relation in granted(permission) {
            let fact = view.relation_fact(relation);
            sets.reach(view, steps, technique, relation.source, set, fact);
        }
    }
    for relation in granted(RelationKind::AzMgRoleManagementReadWriteDirectory) {
        let tenant = &view.node(relation.source).boundary;
        for (role, _) in view
            .assets(NodeKind::AzRole)
            .filter(|(_, node)| node.boundary == *tenant)
        {
            let facts = vec![view.relation_fact(relation)];
            steps.add(RelationKind::AzMgGrantRole, relation.source, role, facts);
        }
    }
    for relation in granted(RelationKind::AzMgAppRoleAssignmentReadWriteAll) {
        if let Some(tenant) = tenant_of(view, view.node(relation.source)) {
            let facts = vec![view.relation_fact(relation)];
            steps.add(RelationKind::AzMgGrantAppRoles, relation.source, tenant, facts);
        }
    }
}

/// A permission acts by itself only when an application holds it.
fn is_application(view: &View<'_>, granted: &Relation) -> bool {
    view.node(granted.source).kind == NodeKind::AzServicePrincipal
}
