//! Entra tenants that look as if there were an attack path, each beside its true twin.

use postern_model::estate::{Attributes, EntraAttributes};
use postern_model::{NodeKind, RelationKind};

use crate::fact::Fact;
use crate::testing::{CATALOG, Sketch, step};

const TENANT: &str = "TENANT";
const HELPDESK: &str = "729827E3-9C14-49F7-BB1B-9608F156BBB8@TENANT";
const APPLICATION_ADMINISTRATOR: &str = "9B895D92-2CD3-44C7-9D02-A6AC2D5EA5C3@TENANT";
const GROUPS_ADMINISTRATOR: &str = "FDD7A751-B60B-444A-984C-02652FE8FA1C@TENANT";
const INTUNE_ADMINISTRATOR: &str = "3A2C62DB-5318-420D-8D74-23AFFEE5D9D5@TENANT";
const GLOBAL_ADMINISTRATOR: &str = "62E90394-69F5-4237-9190-012177145E10@TENANT";

trait Cloud {
    fn cloud(&mut self, key: &str, kind: NodeKind, edit: impl FnOnce(&mut Attributes)) -> &mut Self;

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
}

fn tenant() -> Sketch {
    let mut sketch = Sketch::domain();
    sketch.cloud(TENANT, NodeKind::AzTenant, |_| {});
    sketch.cloud("BOB", NodeKind::AzUser, |_| {});
    sketch
}

/// BOB holds a role.
fn with_role(role: &str) -> Sketch {
    let mut sketch = tenant();
    sketch.cloud(role, NodeKind::AzRole, |_| {});
    sketch.relate_with("BOB", RelationKind::AzHasRole, role, r#"{"scopes":["/"]}"#);
    sketch
}

/// A user without roles, as the collector saw them.
fn plain(entra: &mut EntraAttributes) {
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
    sketch.has_step(HELPDESK, RelationKind::AzResetPassword, "EVE")
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
    let cost = |is_synchronised| {
        let mut sketch = with_role(HELPDESK);
        sketch.entra("EVE", NodeKind::AzUser, |user| {
            plain(user);
            user.is_synchronised = Some(is_synchronised);
        });
        let derived = sketch.derived();
        step(&derived, HELPDESK, RelationKind::AzResetPassword, "EVE").map(|it| it.cost)
    };
    let technique = CATALOG.technique(RelationKind::AzResetPassword).expect("a technique");
    assert_eq!(cost(false), Some(technique.grade.cost()));
    assert_eq!(cost(true), Some(technique.grade_when("synchronised").cost()));
    assert!(cost(true) > cost(false));
}

#[test]
fn a_role_that_nobody_holds_makes_no_steps_and_one_over_a_unit_none_over_the_tenant() {
    let with = |scope: Option<&str>| {
        let mut sketch = tenant();
        sketch.cloud(HELPDESK, NodeKind::AzRole, |_| {});
        sketch.entra("EVE", NodeKind::AzUser, plain);
        if let Some(scope) = scope {
            let properties = format!(r#"{{"scopes":["{scope}"]}}"#);
            sketch.relate_with("BOB", RelationKind::AzHasRole, HELPDESK, &properties);
        }
        (
            sketch.has_step("BOB", RelationKind::AzHasRole, HELPDESK),
            sketch.has_step(HELPDESK, RelationKind::AzResetPassword, "EVE"),
        )
    };
    assert_eq!(with(Some("/")), (true, true));
    assert_eq!(with(Some("/administrativeUnits/1")), (false, false));
    assert_eq!(with(None), (false, false));
}

#[test]
fn a_role_reaches_the_users_of_its_own_tenant() {
    let mut sketch = with_role(HELPDESK);
    sketch.entra("EVE", NodeKind::AzUser, plain);
    sketch.entra("MAX", NodeKind::AzUser, plain);
    sketch.node("MAX", NodeKind::AzUser, |node| node.boundary = "ELSEWHERE".into());
    assert!(sketch.has_step(HELPDESK, RelationKind::AzResetPassword, "EVE"));
    assert!(!sketch.has_step(HELPDESK, RelationKind::AzResetPassword, "MAX"));
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
        sketch.has_step(GROUPS_ADMINISTRATOR, RelationKind::AzAddMembers, "CREW"),
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
        assert!(sketch.has_step(APPLICATION_ADMINISTRATOR, RelationKind::AzAddSecret, "APP"));
        [
            sketch.has_step(APPLICATION_ADMINISTRATOR, RelationKind::AzAddSecret, "SP"),
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
            sketch.has_step(holder, RelationKind::AzMgAddSecret, "APP"),
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
    assert!(sketch.has_step("SP", RelationKind::AzMgAddMember, "CREW"));
    assert!(!sketch.has_step("SP", RelationKind::AzMgAddMember, "HOLDERS"));
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
    let found = step(&derived, HELPDESK, RelationKind::AzResetPassword, "EVE").expect("a step");
    let derivations = found.derivations();
    let [derivation] = &*derivations else {
        panic!("one reason: {derivations:?}");
    };
    assert!(matches!(derivation.facts[0], Fact::BuiltIn { .. }));
    assert!(matches!(&derivation.facts[1], Fact::Property(it) if it.name == "directoryroles"));
}
