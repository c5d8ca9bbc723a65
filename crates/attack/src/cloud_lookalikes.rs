//! Entra tenants that look as if there were an attack path, each beside its true twin.

use postern_model::estate::{Attributes, EntraAttributes};
use postern_model::{Facet, NodeKind, ObjectClass, RelationKind};

use crate::derived::{Derived, Virtual};
use crate::fact::Fact;
use crate::testing::{CATALOG, Sketch, step};

pub(crate) const TENANT: &str = "TENANT";
pub(crate) const HELPDESK: &str = "729827E3-9C14-49F7-BB1B-9608F156BBB8@TENANT";
pub(crate) const APPLICATION_ADMINISTRATOR: &str = "9B895D92-2CD3-44C7-9D02-A6AC2D5EA5C3@TENANT";
pub(crate) const GROUPS_ADMINISTRATOR: &str = "FDD7A751-B60B-444A-984C-02652FE8FA1C@TENANT";
pub(crate) const INTUNE_ADMINISTRATOR: &str = "3A2C62DB-5318-420D-8D74-23AFFEE5D9D5@TENANT";
pub(crate) const GLOBAL_ADMINISTRATOR: &str = "62E90394-69F5-4237-9190-012177145E10@TENANT";

pub(crate) trait Cloud {
    fn cloud(&mut self, key: &str, kind: NodeKind, edit: impl FnOnce(&mut Attributes)) -> &mut Self;

    /// Whether a step leads to an asset, or to a set of which it is one.
    fn reaches(&self, source: &str, technique: RelationKind, target: &str) -> bool;

    /// Moves an asset that is there to another tenant.
    fn move_elsewhere(&mut self, key: &str);

    /// Changes what only objects of a tenant have, of an asset that is there.
    fn edit_entra(&mut self, key: &str, edit: impl FnOnce(&mut EntraAttributes));

    /// As [`Cloud::cloud`], for attributes that only objects of a tenant have.
    fn entra(&mut self, key: &str, kind: NodeKind, edit: impl FnOnce(&mut EntraAttributes)) -> &mut Self {
        self.cloud(key, kind, |attributes| edit(attributes.entra.get_or_insert_default()))
    }
}

impl Cloud for Sketch {
    fn cloud(&mut self, key: &str, kind: NodeKind, edit: impl FnOnce(&mut Attributes)) -> &mut Self {
        self.node(key, kind, |node| {
            node.boundary = TENANT.into();
            node.attributes.entra.get_or_insert_default();
            edit(&mut node.attributes);
        })
    }

    fn move_elsewhere(&mut self, key: &str) {
        let built = self.build();
        let kind = built.estate.node(built.index(key)).kind;
        self.node(key, kind, |node| node.boundary = "ELSEWHERE".into());
    }

    fn edit_entra(&mut self, key: &str, edit: impl FnOnce(&mut EntraAttributes)) {
        self.edit(key, |it| edit(it.entra.get_or_insert_default()));
    }

    fn reaches(&self, source: &str, technique: RelationKind, target: &str) -> bool {
        cost(&self.derived(), source, technique, target).is_some()
    }
}

/// The cost of a step to an asset, or of those to a set and on to the asset.
fn cost(derived: &Derived, source: &str, technique: RelationKind, target: &str) -> Option<u32> {
    let direct = step(derived, source, technique, target).map(|it| it.cost);
    let through = |set: &Virtual| {
        let to = step(derived, source, technique, &set.key)?;
        let on = step(derived, &set.key, RelationKind::AnyOf, target)?;
        Some(to.cost + on.cost)
    };
    direct
        .into_iter()
        .chain(derived.virtuals.iter().filter_map(through))
        .min()
}

pub(crate) fn tenant() -> Sketch {
    let mut sketch = Sketch::domain();
    sketch.cloud(TENANT, NodeKind::AzTenant, |_| {});
    sketch.cloud("BOB", NodeKind::AzUser, |_| {});
    sketch
}

/// BOB holds a role.
pub(crate) fn with_role(role: &str) -> Sketch {
    let mut sketch = tenant();
    sketch.cloud(role, NodeKind::AzRole, |_| {});
    sketch.relate_with("BOB", RelationKind::AzHasRole, role, r#"{"scopes":["/"]}"#);
    sketch
}

/// A user without roles, as the collector saw them.
pub(crate) fn plain(entra: &mut EntraAttributes) {
    entra.roles = Some(Vec::new());
    entra.is_in_role_group = Some(false);
    entra.is_guest = Some(false);
    entra.is_synchronised = Some(false);
}

/// Whether the help desk resets the password of EVE, who would be an ordinary user but for `edit`.
fn resets(edit: impl FnOnce(&mut Attributes)) -> bool {
    let mut sketch = with_role(HELPDESK);
    sketch.cloud("EVE", NodeKind::AzUser, |attributes| {
        plain(attributes.entra.get_or_insert_default());
        edit(attributes);
    });
    sketch.reaches(HELPDESK, RelationKind::AzResetPassword, "EVE")
}

fn resets_entra(edit: impl FnOnce(&mut EntraAttributes)) -> bool {
    resets(|attributes| edit(attributes.entra.get_or_insert_default()))
}

#[test]
fn a_role_resets_the_passwords_of_those_below_it() {
    assert!(resets(|_| {}));
    assert!(resets_entra(
        |user| user.roles = Some(vec!["88d8e3e3-8f55-4a1e-953a-9b9898b8876b".to_owned()])
    ));
    assert!(!resets_entra(
        |user| user.roles = Some(vec!["62e90394-69f5-4237-9190-012177145e10".to_owned()])
    ));
    assert!(!resets_entra(|user| user.roles = None), "nobody looked at roles");
}

#[test]
fn a_disabled_user_a_guest_and_a_member_of_a_group_for_roles_are_out_of_reach() {
    assert!(resets(|user| user.enabled = Some(true)));
    assert!(!resets(|user| user.enabled = Some(false)));
    assert!(!resets_entra(|user| user.is_guest = Some(true)));
    assert!(!resets_entra(|user| user.is_in_role_group = Some(true)));
}

#[test]
fn the_password_of_a_synchronised_user_is_harder_to_reset() {
    let reset = |is_synchronised| {
        let mut sketch = with_role(HELPDESK);
        sketch.entra("EVE", NodeKind::AzUser, |user| {
            plain(user);
            user.is_synchronised = Some(is_synchronised);
        });
        let derived = sketch.derived();
        cost(&derived, HELPDESK, RelationKind::AzResetPassword, "EVE")
    };
    let technique = CATALOG.technique(RelationKind::AzResetPassword).expect("a technique");
    assert_eq!(reset(false), Some(technique.grade.cost()));
    assert_eq!(reset(true), Some(technique.grade_when("synchronised").cost()));
    assert!(reset(true) > reset(false));
}

#[test]
fn a_role_over_a_unit_is_none_over_the_tenant() {
    let with = |scope: Option<&str>| {
        let mut sketch = tenant();
        sketch.cloud(HELPDESK, NodeKind::AzRole, |_| {});
        sketch.entra("EVE", NodeKind::AzUser, plain);
        if let Some(scope) = scope {
            let properties = format!(r#"{{"scopes":["{scope}"]}}"#);
            sketch.relate_with("BOB", RelationKind::AzHasRole, HELPDESK, &properties);
        }
        assert!(
            sketch.reaches(HELPDESK, RelationKind::AzResetPassword, "EVE"),
            "who holds none may get one"
        );
        sketch.has_step("BOB", RelationKind::AzHasRole, HELPDESK)
    };
    assert!(with(Some("/")));
    assert!(!with(Some("/administrativeUnits/1")));
    assert!(!with(None));
}

#[test]
fn a_role_reaches_the_users_of_its_own_tenant() {
    let mut sketch = with_role(HELPDESK);
    sketch.entra("EVE", NodeKind::AzUser, plain);
    sketch.entra("MAX", NodeKind::AzUser, plain);
    sketch.node("MAX", NodeKind::AzUser, |node| node.boundary = "ELSEWHERE".into());
    assert!(sketch.reaches(HELPDESK, RelationKind::AzResetPassword, "EVE"));
    assert!(!sketch.reaches(HELPDESK, RelationKind::AzResetPassword, "MAX"));
}

/// Whether BOB, who may add members to ordinary groups, and who owns CREW, adds them to CREW.
fn adds_members(edit: impl FnOnce(&mut EntraAttributes)) -> (bool, bool) {
    let mut sketch = with_role(GROUPS_ADMINISTRATOR);
    sketch.entra("CREW", NodeKind::AzGroup, |group| {
        group.is_assignable_to_role = Some(false);
        edit(group);
    });
    sketch.relate("BOB", RelationKind::AzOwns, "CREW");
    (
        sketch.reaches(GROUPS_ADMINISTRATOR, RelationKind::AzAddMembers, "CREW"),
        sketch.has_step("BOB", RelationKind::AzOwns, "CREW"),
    )
}

#[test]
fn groups_for_roles_are_kept_by_their_owners_alone() {
    assert_eq!(adds_members(|_| {}), (true, true));
    assert_eq!(
        adds_members(|group| group.is_assignable_to_role = Some(true)),
        (false, true)
    );
    assert_eq!(adds_members(|group| group.is_assignable_to_role = None), (false, true));
}

#[test]
fn nobody_adds_members_to_a_synchronised_or_a_dynamic_group() {
    assert_eq!(adds_members(|group| group.is_synchronised = Some(true)), (false, false));
    assert_eq!(adds_members(|group| group.is_dynamic = Some(true)), (false, false));
}

#[test]
fn a_managed_identity_takes_no_secret() {
    let with = |is_managed_identity| {
        let mut sketch = with_role(APPLICATION_ADMINISTRATOR);
        sketch.cloud("APP", NodeKind::AzApp, |_| {});
        sketch.entra("SP", NodeKind::AzServicePrincipal, |it| {
            it.is_managed_identity = Some(is_managed_identity);
        });
        sketch.relate("BOB", RelationKind::AzOwns, "SP");
        sketch.relate("BOB", RelationKind::AzAppAdmin, "SP");
        assert!(sketch.reaches(APPLICATION_ADMINISTRATOR, RelationKind::AzAddSecret, "APP"));
        [
            sketch.reaches(APPLICATION_ADMINISTRATOR, RelationKind::AzAddSecret, "SP"),
            sketch.has_step("BOB", RelationKind::AzOwns, "SP"),
            sketch.has_step("BOB", RelationKind::AzAppAdmin, "SP"),
        ]
    };
    assert_eq!(with(false), [true; 3]);
    assert_eq!(with(true), [false; 3]);
}

#[test]
fn an_application_signs_in_as_its_service_principal_unless_that_is_disabled() {
    let with = |enabled| {
        let mut sketch = tenant();
        sketch.cloud("APP", NodeKind::AzApp, |_| {});
        sketch.cloud("SP", NodeKind::AzServicePrincipal, |it| it.enabled = enabled);
        sketch.relate("APP", RelationKind::AzRunsAs, "SP");
        sketch.has_step("APP", RelationKind::AzRunsAs, "SP")
    };
    assert!(with(Some(true)) && with(None));
    assert!(!with(Some(false)));
}

#[test]
fn the_owner_of_a_device_administers_it_if_it_joined_entra() {
    let with = |is_joined| {
        let mut sketch = tenant();
        sketch.entra("LAPTOP", NodeKind::AzDevice, |it| it.is_joined = is_joined);
        sketch.relate("BOB", RelationKind::AzOwns, "LAPTOP");
        sketch.relate(TENANT, RelationKind::AzContains, "LAPTOP");
        (
            sketch.has_step("BOB", RelationKind::AzOwns, "LAPTOP"),
            sketch.has_step(TENANT, RelationKind::AzContains, "LAPTOP"),
        )
    };
    assert_eq!(with(Some(true)), (true, true));
    assert_eq!(with(Some(false)), (false, false), "registered, or of a domain");
    assert_eq!(with(None), (false, false));
}

#[test]
fn intune_runs_scripts_on_windows_devices_that_it_manages() {
    let with = |os: &str, is_managed| {
        let mut sketch = with_role(INTUNE_ADMINISTRATOR);
        sketch.cloud("LAPTOP", NodeKind::AzDevice, |it| {
            it.operating_system = Some(os.into());
            it.entra.get_or_insert_default().is_managed = Some(is_managed);
        });
        sketch.has_step(INTUNE_ADMINISTRATOR, RelationKind::AzExecuteCommand, "LAPTOP")
    };
    assert!(with("Windows", true));
    assert!(!with("Windows", false));
    assert!(!with("Android", true));
}

#[test]
fn global_administrators_control_their_tenant_and_what_it_contains() {
    let mut sketch = with_role(GLOBAL_ADMINISTRATOR);
    sketch.entra("FILLED ELSEWHERE", NodeKind::AzGroup, |it| {
        it.is_synchronised = Some(true)
    });
    sketch.relate(TENANT, RelationKind::AzContains, "FILLED ELSEWHERE");
    sketch.relate(TENANT, RelationKind::AzContains, "BOB");
    assert!(sketch.has_step(GLOBAL_ADMINISTRATOR, RelationKind::AzGlobalAdmin, TENANT));
    assert!(sketch.has_step(TENANT, RelationKind::AzContains, "BOB"));
    assert!(!sketch.has_step(TENANT, RelationKind::AzContains, "FILLED ELSEWHERE"));
}

#[test]
fn a_permission_acts_by_itself_only_in_the_hands_of_an_application() {
    let with = |holder: &str| {
        let mut sketch = tenant();
        sketch.cloud("SP", NodeKind::AzServicePrincipal, |_| {});
        sketch.cloud("GRAPH", NodeKind::AzServicePrincipal, |_| {});
        sketch.cloud("APP", NodeKind::AzApp, |_| {});
        sketch.cloud(GLOBAL_ADMINISTRATOR, NodeKind::AzRole, |_| {});
        for kind in [
            RelationKind::AzMgApplicationReadWriteAll,
            RelationKind::AzMgRoleManagementReadWriteDirectory,
            RelationKind::AzMgAppRoleAssignmentReadWriteAll,
        ] {
            sketch.relate(holder, kind, "GRAPH");
        }
        [
            sketch.reaches(holder, RelationKind::AzMgAddSecret, "APP"),
            sketch.has_step(holder, RelationKind::AzMgGrantRole, GLOBAL_ADMINISTRATOR),
            sketch.has_step(holder, RelationKind::AzMgGrantAppRoles, TENANT),
        ]
    };
    assert_eq!(with("SP"), [true; 3]);
    assert_eq!(with("BOB"), [false; 3]);
}

#[test]
fn a_permission_over_groups_leaves_those_for_roles_alone() {
    let mut sketch = tenant();
    sketch.cloud("SP", NodeKind::AzServicePrincipal, |_| {});
    sketch.cloud("GRAPH", NodeKind::AzServicePrincipal, |_| {});
    sketch.entra("CREW", NodeKind::AzGroup, |it| it.is_assignable_to_role = Some(false));
    sketch.entra("HOLDERS", NodeKind::AzGroup, |it| it.is_assignable_to_role = Some(true));
    sketch.relate("SP", RelationKind::AzMgGroupMemberReadWriteAll, "GRAPH");
    assert!(sketch.reaches("SP", RelationKind::AzMgAddMember, "CREW"));
    assert!(!sketch.reaches("SP", RelationKind::AzMgAddMember, "HOLDERS"));
}

#[test]
fn writeback_does_not_reach_protected_accounts_and_disabled_twins_lead_nowhere() {
    let with = |admin_count, enabled| {
        let mut sketch = tenant();
        sketch.node("ADA", NodeKind::User, |node| {
            node.attributes.admin_count = admin_count;
            node.attributes.enabled = enabled;
        });
        sketch.relate("BOB", RelationKind::SyncedToAdUser, "ADA");
        sketch.relate("ADA", RelationKind::SyncedToEntraUser, "BOB");
        (
            sketch.has_step("BOB", RelationKind::SyncedToAdUser, "ADA"),
            sketch.has_step("ADA", RelationKind::SyncedToEntraUser, "BOB"),
        )
    };
    assert_eq!(with(None, None), (true, true));
    assert_eq!(with(Some(true), None), (false, true));
    assert_eq!(with(None, Some(false)), (false, false));
}

#[test]
fn a_vault_that_roles_protect_is_read_by_no_policy() {
    let with = |is_protected_by_roles| {
        let mut sketch = tenant();
        sketch.entra("VAULT", NodeKind::AzKeyVault, |it| {
            it.is_protected_by_roles = is_protected_by_roles;
        });
        let kinds = [
            RelationKind::AzGetSecrets,
            RelationKind::AzKeyVaultContributor,
            RelationKind::AzContributor,
            RelationKind::AzOwner,
        ];
        for kind in kinds {
            sketch.relate("BOB", kind, "VAULT");
        }
        kinds.map(|kind| sketch.has_step("BOB", kind, "VAULT"))
    };
    assert_eq!(with(Some(false)), [true; 4]);
    assert_eq!(with(None), [true; 4]);
    assert_eq!(
        with(Some(true)),
        [false, false, false, true],
        "an owner grants itself a role"
    );
}

#[test]
fn roles_over_machines_reach_machines_as_administrator() {
    let mut sketch = tenant();
    sketch.cloud("VM", NodeKind::AzVm, |_| {});
    sketch.cloud("GROUP", NodeKind::AzResourceGroup, |_| {});
    sketch.cloud("SP", NodeKind::AzServicePrincipal, |_| {});
    for target in ["VM", "GROUP"] {
        sketch.relate("BOB", RelationKind::AzVmContributor, target);
    }
    sketch.relate("VM", RelationKind::AzManagedIdentity, "SP");
    let derived = sketch.derived();
    let found = step(&derived, "BOB", RelationKind::AzVmContributor, "VM").expect("a step");
    assert_eq!(found.gives, postern_catalog::Foothold::Admin);
    let identity = step(&derived, "VM", RelationKind::AzManagedIdentity, "SP").expect("a step");
    assert_eq!(
        identity.needs,
        postern_catalog::Foothold::User,
        "any program may ask for the token"
    );
    assert!(step(&derived, "BOB", RelationKind::AzVmContributor, "GROUP").is_none());
}

#[test]
fn what_a_role_may_do_is_told_as_such() {
    let mut sketch = with_role(HELPDESK);
    sketch.entra("EVE", NodeKind::AzUser, plain);
    let derived = sketch.derived();
    let set = "set:users-without-roles:TENANT";
    let to = step(&derived, HELPDESK, RelationKind::AzResetPassword, set).expect("a step");
    assert!(matches!(to.derivations()[0].facts[0], Fact::BuiltIn { .. }));
    let on = step(&derived, set, RelationKind::AnyOf, "EVE").expect("a step");
    assert!(matches!(&on.derivations()[0].facts[0], Fact::Property(it) if it.name == "directoryroles"));
}

#[test]
fn a_right_over_many_is_one_step_to_all_of_them_whoever_holds_it() {
    let mut sketch = with_role(HELPDESK);
    let other = "966707D0-3269-4727-9BE2-8C3A10F19B9D@TENANT";
    sketch.cloud(other, NodeKind::AzRole, |_| {});
    sketch.relate_with("BOB", RelationKind::AzHasRole, other, r#"{"scopes":["/"]}"#);
    let users: Vec<_> = (0..20).map(|number| format!("U{number}")).collect();
    for user in &users {
        sketch.entra(user, NodeKind::AzUser, plain);
    }
    let derived = sketch.derived();
    let count = |technique| derived.steps.iter().filter(|it| it.technique == technique).count();
    assert_eq!(count(RelationKind::AzResetPassword), 2);
    assert_eq!(count(RelationKind::AnyOf), users.len(), "no other set has members");
    for user in &users {
        assert_eq!(cost(&derived, other, RelationKind::AzResetPassword, user), Some(0));
    }
}

/// Whether BOB, who holds a role over each kind of resource, gets hold of a resource of this kind.
fn holds_resource(kind: NodeKind) -> Vec<RelationKind> {
    let roles = [
        RelationKind::AzVmContributor,
        RelationKind::AzVmAdminLogin,
        RelationKind::AzAvereContributor,
        RelationKind::AzWebsiteContributor,
        RelationKind::AzAutomationContributor,
        RelationKind::AzLogicAppContributor,
        RelationKind::AzAksContributor,
        RelationKind::AzKeyVaultContributor,
        RelationKind::AzGetSecrets,
        RelationKind::AzGetKeys,
        RelationKind::AzGetCertificates,
    ];
    let mut sketch = tenant();
    sketch.cloud("RESOURCE", kind, |_| {});
    for role in roles {
        sketch.relate("BOB", role, "RESOURCE");
    }
    let derived = sketch.derived();
    let is_step = |role: &RelationKind| step(&derived, "BOB", *role, "RESOURCE").is_some();
    roles.into_iter().filter(is_step).collect()
}

#[test]
fn a_role_over_one_kind_of_resource_reaches_no_other() {
    use RelationKind::*;
    for (kind, roles) in [
        (
            NodeKind::AzVm,
            vec![AzVmContributor, AzVmAdminLogin, AzAvereContributor],
        ),
        (NodeKind::AzVmScaleSet, vec![AzVmContributor]),
        (NodeKind::AzWebApp, vec![AzWebsiteContributor]),
        (NodeKind::AzFunctionApp, vec![AzWebsiteContributor]),
        (NodeKind::AzAutomationAccount, vec![AzAutomationContributor]),
        (NodeKind::AzLogicApp, vec![AzLogicAppContributor]),
        (NodeKind::AzManagedCluster, vec![AzAksContributor]),
        (NodeKind::AzKeyVault, vec![AzKeyVaultContributor, AzGetSecrets]),
        (NodeKind::AzStorageAccount, vec![]),
        (NodeKind::AzResourceGroup, vec![]),
    ] {
        assert_eq!(holds_resource(kind), roles, "{kind}");
    }
}

#[test]
fn who_reads_the_secrets_of_a_vault_is_decided_by_policies_or_by_roles_and_never_by_both() {
    let with = |granted: &str, is_protected_by_roles| {
        let mut sketch = tenant();
        sketch.entra("VAULT", NodeKind::AzKeyVault, |it| {
            it.is_protected_by_roles = Some(is_protected_by_roles);
        });
        sketch.relate_with("BOB", RelationKind::AzGetSecrets, "VAULT", granted);
        sketch.has_step("BOB", RelationKind::AzGetSecrets, "VAULT")
    };
    let both = r#"{"granted":["policy","role"]}"#;
    for (granted, by_policy, by_role) in [
        (r#"{"granted":["policy"]}"#, true, false),
        (r#"{"granted":["role"]}"#, false, true),
        (both, true, true),
        ("", true, false),
    ] {
        assert_eq!(
            (with(granted, false), with(granted, true)),
            (by_policy, by_role),
            "{granted}"
        );
    }
}

#[test]
fn a_cluster_leads_to_its_nodes_and_their_identities() {
    let mut sketch = tenant();
    sketch.cloud("CLUSTER", NodeKind::AzManagedCluster, |_| {});
    sketch.cloud("NODES", NodeKind::AzResourceGroup, |_| {});
    sketch.relate("CLUSTER", RelationKind::AzNodeResourceGroup, "NODES");
    assert!(sketch.has_step("CLUSTER", RelationKind::AzNodeResourceGroup, "NODES"));
}

#[test]
fn an_application_takes_the_tokens_that_it_trusts_and_a_managed_identity_none() {
    let with = |target: NodeKind, is_managed_identity| {
        let mut sketch = tenant();
        sketch.cloud("CREDENTIAL", NodeKind::AzFederatedIdentityCredential, |_| {});
        sketch.cloud("SP", NodeKind::AzServicePrincipal, |_| {});
        sketch.entra("TARGET", target, |it| {
            it.is_managed_identity = Some(is_managed_identity)
        });
        sketch.relate("SP", RelationKind::AzAuthenticatesTo, "CREDENTIAL");
        sketch.relate("CREDENTIAL", RelationKind::AzAuthenticatesTo, "TARGET");
        assert!(sketch.has_step("SP", RelationKind::AzAuthenticatesTo, "CREDENTIAL"));
        sketch.has_step("CREDENTIAL", RelationKind::AzAuthenticatesTo, "TARGET")
    };
    assert!(with(NodeKind::AzApp, false));
    assert!(!with(NodeKind::AzServicePrincipal, true));
    assert!(!with(NodeKind::AzUser, false));
}

/// Whether ADA, who approves the role that BOB may ask for, gets hold of it; and what it costs BOB.
fn approved(requires_approval: Option<bool>, asks: Option<&str>) -> (bool, Option<u32>) {
    let mut sketch = tenant();
    sketch.cloud("ADA", NodeKind::AzUser, |_| {});
    sketch.entra(GLOBAL_ADMINISTRATOR, NodeKind::AzRole, |it| {
        it.activation.requires_approval = requires_approval
    });
    sketch.relate("ADA", RelationKind::AzRoleApprover, GLOBAL_ADMINISTRATOR);
    sketch.cover(TENANT, ObjectClass::DirectoryRoles, Facet::RoleEligibility);
    if let Some(asks) = asks {
        sketch.relate_with(
            asks,
            RelationKind::AzRoleEligible,
            GLOBAL_ADMINISTRATOR,
            r#"{"scopes":["/"]}"#,
        );
    }
    let derived = sketch.derived();
    let eligible = step(&derived, "BOB", RelationKind::AzRoleEligible, GLOBAL_ADMINISTRATOR);
    (
        step(&derived, "ADA", RelationKind::AzRoleApprover, GLOBAL_ADMINISTRATOR).is_some(),
        eligible.map(|it| it.cost),
    )
}

#[test]
fn an_approver_needs_somebody_else_who_may_ask() {
    assert!(approved(Some(true), Some("BOB")).0);
    assert!(!approved(Some(true), None).0);
    assert!(
        !approved(Some(true), Some("ADA")).0,
        "nobody approves their own request"
    );
    assert!(!approved(Some(false), Some("BOB")).0);
}

#[test]
fn a_role_that_somebody_else_approves_is_harder_to_activate() {
    let (_, free) = approved(Some(false), Some("BOB"));
    let (_, approval) = approved(Some(true), Some("BOB"));
    assert!(free.is_some() && approval > free, "{free:?} {approval:?}");
    assert_eq!(approved(None, Some("BOB")).1, free);
}

#[test]
fn permissions_that_make_owners_reach_what_an_owner_may_change() {
    let owns = |permission| {
        let mut sketch = tenant();
        for key in ["SP", "OTHER", "GRAPH"] {
            sketch.cloud(key, NodeKind::AzServicePrincipal, |_| {});
        }
        sketch.entra("IDENTITY", NodeKind::AzServicePrincipal, |it| {
            it.is_managed_identity = Some(true)
        });
        sketch.cloud("APP", NodeKind::AzApp, |_| {});
        sketch.entra("CREW", NodeKind::AzGroup, |it| it.is_assignable_to_role = Some(false));
        sketch.entra("HOLDERS", NodeKind::AzGroup, |it| it.is_assignable_to_role = Some(true));
        sketch.relate("SP", permission, "GRAPH");
        let mut found = ["APP", "OTHER", "IDENTITY", "CREW", "HOLDERS"].to_vec();
        found.retain(|target| sketch.reaches("SP", RelationKind::AzMgAddOwner, target));
        found
    };
    assert_eq!(owns(RelationKind::AzMgApplicationReadWriteAll), ["APP", "OTHER"]);
    assert_eq!(owns(RelationKind::AzMgServicePrincipalEndpointReadWriteAll), ["OTHER"]);
    assert_eq!(owns(RelationKind::AzMgDirectoryReadWriteAll), ["CREW"]);
    assert_eq!(owns(RelationKind::AzMgGroupReadWriteAll), ["CREW"]);
    assert_eq!(owns(RelationKind::AzMgGroupMemberReadWriteAll), [""; 0]);
}
