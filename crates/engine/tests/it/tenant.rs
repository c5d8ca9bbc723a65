//! An Entra tenant beside a domain: from files to assets, control planes and attack paths.

use std::collections::BTreeSet;
use std::path::PathBuf;

use postern_engine::Generation;
use postern_model::{NodeId, RelationKind};
use serde_json::{Value, json};

use crate::support::Place;

pub(crate) const DOMAIN: &str = "S-1-5-21-7-8-9";
pub(crate) const TENANT: &str = "7E57AAAA-0000-4000-8000-000000000001";
const GLOBAL_ADMINISTRATOR: &str = "62e90394-69f5-4237-9190-012177145e10";
pub(crate) const HELPDESK_ADMINISTRATOR: &str = "729827e3-9c14-49f7-bb1b-9608f156bbb8";
const APPLICATION_ADMINISTRATOR: &str = "9b895d92-2cd3-44c7-9d02-a6ac2d5ea5c3";

/// Every user of the domain may reset the password of ADA.
pub(crate) fn domain(place: &Place, day: u32) -> PathBuf {
    let user = |rid: u32, name: &str, aces: Value| {
        json!({
            "ObjectIdentifier": format!("{DOMAIN}-{rid}"), "PrimaryGroupSID": format!("{DOMAIN}-513"), "Aces": aces,
            "Properties": {"name": format!("{name}@CORP.EXAMPLE"), "domainsid": DOMAIN, "enabled": true},
        })
    };
    let right = json!([{
        "PrincipalSID": format!("{DOMAIN}-513"), "PrincipalType": "Group", "RightName": "ForceChangePassword",
        "IsInherited": false,
    }]);
    let users = json!({
        "data": [user(1100, "ADA", right), user(1101, "BEN", json!([]))],
        "meta": {"methods": 521_215, "type": "users", "version": 6, "count": 2},
    });
    let folder = format!("domain-{day}");
    place.file(&format!("{folder}/2026010{day}000000_users.json"), &users.to_string());
    let name = json!({"name": "CORP.EXAMPLE", "domainsid": DOMAIN});
    let domains = json!({
        "data": [{"ObjectIdentifier": DOMAIN, "Properties": name, "Trusts": [], "Links": [], "ChildObjects": []}],
        "meta": {"methods": 521_215, "type": "domains", "version": 6, "count": 1},
    });
    let path = place.file(
        &format!("{folder}/2026010{day}000000_domains.json"),
        &domains.to_string(),
    );
    path.parent().expect("a folder").to_owned()
}

pub(crate) fn entry(kind: &str, mut data: Value) -> Value {
    data["tenantId"] = json!(TENANT);
    data["tenantName"] = json!("Example");
    json!({"kind": kind, "data": data})
}

pub(crate) fn user(id: &str, more: Value) -> Value {
    let mut data = json!({"id": id, "userPrincipalName": format!("{id}@example"), "accountEnabled": true});
    for (key, value) in more.as_object().expect("fields") {
        data[key] = value.clone();
    }
    entry("AZUser", data)
}

pub(crate) fn role(template: &str, holders: &[(&str, &str)]) -> [Value; 2] {
    let rows: Vec<_> = holders
        .iter()
        .map(|(principal, scope)| {
            json!({"principalId": principal, "roleDefinitionId": template, "directoryScopeId": scope})
        })
        .collect();
    [
        entry(
            "AZRole",
            json!({"id": template, "templateId": template, "displayName": template}),
        ),
        entry(
            "AZRoleAssignment",
            json!({"roleDefinitionId": template, "roleAssignments": rows}),
        ),
    ]
}

pub(crate) fn principal(id: &str) -> Value {
    json!({"id": id, "@odata.type": "#microsoft.graph.user"})
}

/// ADA and LOST are synchronised; of LOST the domain knows nothing. ADA owns an application that grants roles. The
/// group HOLDERS holds the highest role, and MAX is its member; EVE may activate it. BOB is of the help desk.
pub(crate) fn tenant() -> Vec<Value> {
    let synchronised = |rid: u32| {
        let sid = format!("{DOMAIN}-{rid}");
        json!({"onPremisesSyncEnabled": true, "onPremisesSecurityIdentifier": sid})
    };
    let mut records = vec![
        entry(
            "AZTenant",
            json!({"id": TENANT, "displayName": "Example", "collected": true}),
        ),
        user("ada", synchronised(1100)),
        user("lost", synchronised(1999)),
        user("bob", json!({})),
        user("eve", json!({})),
        user("max", json!({})),
        user("gone", json!({"accountEnabled": false})),
        entry(
            "AZGroup",
            json!({"id": "holders", "displayName": "Holders", "isAssignableToRole": true}),
        ),
        entry(
            "AZGroupMember",
            json!({"groupId": "holders", "members": [{"member": principal("max")}]}),
        ),
        entry(
            "AZApp",
            json!({"id": "app-object", "appId": "app", "displayName": "App"}),
        ),
        entry(
            "AZAppOwner",
            json!({"appId": "app", "owners": [{"owner": principal("ada")}]}),
        ),
        entry(
            "AZServicePrincipal",
            json!({
                "id": "sp", "appId": "app", "displayName": "App", "accountEnabled": true,
                "appOwnerOrganizationId": TENANT,
            }),
        ),
        entry(
            "AZAppRoleAssignment",
            json!({
                "principalId": "sp", "principalType": "ServicePrincipal", "resourceId": "graph",
                "appRoleId": "9e3f62cf-ca93-4989-b6ce-bf83c28f9fe8", "appId": "00000003-0000-0000-c000-000000000000",
            }),
        ),
        entry(
            "AZRoleEligibilityScheduleInstance",
            json!({"principalId": "eve", "roleDefinitionId": GLOBAL_ADMINISTRATOR, "directoryScopeId": "/"}),
        ),
    ];
    records.extend(role(GLOBAL_ADMINISTRATOR, &[("holders", "/")]));
    records.extend(role(HELPDESK_ADMINISTRATOR, &[("bob", "/")]));
    records.extend(role(APPLICATION_ADMINISTRATOR, &[("bob", "/app-object")]));
    records
}

pub(crate) fn azure(place: &Place, day: u32, records: &[Value]) -> PathBuf {
    let file = json!({"data": records, "meta": {"type": "azure", "version": 5, "count": records.len()}});
    place.file(&format!("2026010{day}000000_azurehound.json"), &file.to_string())
}

async fn built() -> (Place, Generation) {
    let place = Place::new().await;
    let files = [domain(&place, 1), azure(&place, 1, &tenant())];
    let report = place.import(&files).await;
    let rejects: Vec<_> = report.files.iter().flat_map(|file| &file.rejects).collect();
    assert!(rejects.is_empty(), "{rejects:?}");
    let generation = place.current().await;
    (place, generation)
}

pub(crate) fn has_step(generation: &Generation, source: &str, technique: RelationKind, target: &str) -> bool {
    let ends = (NodeId::of(source), NodeId::of(target));
    let steps = &generation.derived.steps;
    steps
        .iter()
        .any(|it| (it.source, it.target) == ends && it.technique == technique)
}

pub(crate) fn role_key(template: &str) -> String {
    format!("{template}@{TENANT}")
}

#[tokio::test(flavor = "multi_thread")]
async fn twins_stay_two_assets_and_are_joined_where_both_were_collected() {
    let (_place, generation) = built().await;
    let ada = format!("{DOMAIN}-1100");
    assert!(has_step(&generation, &ada, RelationKind::SyncedToEntraUser, "ADA"));
    assert!(has_step(&generation, "ADA", RelationKind::SyncedToAdUser, &ada));
    assert!(generation.estate.find("LOST").is_some());
    let lost = format!("{DOMAIN}-1999");
    assert_eq!(
        generation.estate.find(&lost),
        None,
        "nobody has seen the account in the domain"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_control_plane_of_a_tenant_holds_its_roles_and_who_holds_them() {
    let (_place, generation) = built().await;
    let planes = &generation.classification.planes;
    let key = format!("plane:tenant:{TENANT}");
    let plane = planes.iter().find(|plane| plane.key == key).expect("a plane");
    assert_eq!(plane.name, "control plane of tenant EXAMPLE");
    let members: BTreeSet<_> = plane
        .members
        .iter()
        .map(|&member| generation.estate.node(member).key.to_string())
        .collect();
    let highest = role_key(GLOBAL_ADMINISTRATOR).to_uppercase();
    let wanted = [TENANT, &highest, "HOLDERS", "MAX"].map(str::to_owned);
    assert_eq!(
        members,
        BTreeSet::from(wanted),
        "who may only activate a role is not among them"
    );
    assert_eq!(planes.len(), 2, "the forest has its own");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_way_leads_from_the_domain_through_an_application_to_the_tenant() {
    let (_place, generation) = built().await;
    let target = NodeId::of(&format!("plane:tenant:{TENANT}"));
    let entry = NodeId::of(&format!("entry:users:{DOMAIN}"));
    let paths = &generation.analysis.paths;
    let path = paths
        .iter()
        .find(|it| (it.entry, it.target) == (entry, target))
        .expect("a path");
    let techniques: Vec<_> = path
        .route
        .iter()
        .map(|&step| generation.derived.step(step).expect("a step").technique)
        .collect();
    assert_eq!(
        techniques,
        [
            RelationKind::AssumedFoothold,
            RelationKind::ForceChangePassword,
            RelationKind::SyncedToEntraUser,
            RelationKind::AzOwns,
            RelationKind::AzRunsAs,
            // The permission that grants roles also grants permissions, through a role.
            RelationKind::AzMgGrantAppRoles,
        ]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_help_desk_resets_who_is_below_it_and_a_role_over_one_application_finds_it() {
    let (_place, generation) = built().await;
    let desk = role_key(HELPDESK_ADMINISTRATOR);
    // What a role may do to many is a step to all of them, which are one vertex.
    let set = format!("set:users-without-roles:{TENANT}");
    assert!(has_step(&generation, &desk, RelationKind::AzResetPassword, &set));
    let vertex = generation.derived.virtual_vertex(NodeId::of(&set)).expect("a vertex");
    assert_eq!(vertex.name, "any user of EXAMPLE without roles");
    let resets = |user: &str| has_step(&generation, &set, RelationKind::AnyOf, user);
    assert!(resets("EVE") && resets("ADA"));
    assert!(!resets("MAX"), "the group gives a role that protects");
    assert!(!resets("GONE"), "the account is disabled");
    assert!(has_step(&generation, "BOB", RelationKind::AzAppAdmin, "APP"));
    assert!(!has_step(
        &generation,
        "BOB",
        RelationKind::AzHasRole,
        &role_key(APPLICATION_ADMINISTRATOR)
    ));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_that_a_later_collection_of_the_tenant_misses_is_gone() {
    let (place, first) = built().await;
    assert!(first.estate.find("EVE").is_some());
    let left: Vec<_> = tenant()
        .into_iter()
        .filter(|it| it["data"]["id"] != "eve" && it["data"]["principalId"] != "eve")
        .collect();
    place.import(&[azure(&place, 2, &left)]).await;
    let second = place.current().await;
    assert_eq!(
        second.estate.find("EVE"),
        None,
        "what was said of her before is over too"
    );
    // A part without the tenant's own record has looked at nothing but its own records.
    let part: Vec<_> = left.into_iter().filter(|it| it["data"]["id"] == "bob").collect();
    place.import(&[azure(&place, 3, &part)]).await;
    let third = place.current().await;
    let max = third.estate.find("MAX").expect("still there");
    assert!(!third.estate.node(max).is_stub);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_order_of_imports_makes_no_difference() {
    let place = Place::new().await;
    place.import(&[domain(&place, 1)]).await;
    place.import(&[azure(&place, 1, &tenant())]).await;
    let other = Place::new().await;
    other.import(&[azure(&other, 1, &tenant())]).await;
    other.import(&[domain(&other, 1)]).await;
    assert_eq!(place.digests().await, other.digests().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn circles_of_groups_and_of_management_groups_end() {
    let root = |name: &str| format!("/providers/Microsoft.Management/managementGroups/{name}");
    let inside = |id: &str, parent: &str| {
        let parent = json!({"parent": {"id": root(parent)}});
        entry(
            "AZManagementGroupDescendant",
            json!({"id": root(id), "properties": parent}),
        )
    };
    let group = |id: &str| json!({"id": id, "@odata.type": "#microsoft.graph.group"});
    let mut records = vec![
        entry(
            "AZTenant",
            json!({"id": TENANT, "displayName": "Example", "collected": true}),
        ),
        user("eve", json!({})),
        user("max", json!({})),
        inside("a", "b"),
        inside("b", "a"),
        inside("c", "c"),
        entry(
            "AZManagementGroupRoleAssignment",
            json!({"managementGroupId": root("a"), "roleAssignments": [{"roleAssignment": {"properties": {
                "principalId": "eve", "roleDefinitionId": "8e3af657-a8ff-443c-a75c-2fe8c4bcb635", "scope": root("a"),
            }}}]}),
        ),
    ];
    for (id, members) in [
        ("one", vec![principal("max"), group("two")]),
        ("two", vec![group("one"), group("two")]),
    ] {
        records.push(entry("AZGroup", json!({"id": id, "displayName": id})));
        let members: Vec<_> = members.into_iter().map(|it| json!({"member": it})).collect();
        records.push(entry("AZGroupMember", json!({"groupId": id, "members": members})));
    }
    records.extend(role(HELPDESK_ADMINISTRATOR, &[("two", "/")]));
    let place = Place::new().await;
    place.import(&[azure(&place, 1, &records)]).await;
    let generation = place.current().await;
    let (a, b) = (root("A").to_uppercase(), root("B").to_uppercase());
    assert!(has_step(&generation, "EVE", RelationKind::AzOwner, &a));
    assert!(has_step(&generation, &a, RelationKind::AzContains, &b));
    assert!(has_step(&generation, &b, RelationKind::AzContains, &a));
    assert!(has_step(&generation, "ONE", RelationKind::AzMemberOf, "TWO"));
    let max = generation.estate.node(generation.estate.find("MAX").expect("a user"));
    let held = max.attributes.entra.as_ref().and_then(|it| it.roles.clone());
    assert_eq!(held.as_deref(), Some([HELPDESK_ADMINISTRATOR.to_owned()].as_slice()));
}

/// EVE may ask for the highest role, which ADA approves; BOB publishes a web app whose identity an application trusts.
#[tokio::test(flavor = "multi_thread")]
async fn roles_on_resources_activations_and_federated_credentials_lead_from_a_file_to_the_tenant() {
    let group = "/subscriptions/s/resourceGroups/web";
    let site = format!("{group}/providers/Microsoft.Web/sites/shop");
    let vault = format!("{group}/providers/Microsoft.KeyVault/vaults/kv");
    let assigned = |id: &str, role: &str| {
        let properties = json!({"principalId": "bob", "roleDefinitionId": role, "scope": id});
        json!({"assignee": {"properties": properties}, "objectId": id, "roleDefinitionId": role})
    };
    let mut records = tenant();
    records.extend([
        entry(
            "AZWebApp",
            json!({"id": site, "name": "shop", "identity": {"principalId": "shop-identity"}}),
        ),
        entry(
            "AZWebAppRoleAssignment",
            json!({"objectId": site, "assignees": [assigned(&site, "de139f84-1756-47ae-9be6-808fbbe84772")]}),
        ),
        entry(
            "AZKeyVault",
            json!({"id": vault, "name": "kv", "properties": {"enableRbacAuthorization": true}}),
        ),
        entry(
            "AZKeyVaultRoleAssignment",
            json!({"virtualMachineId": vault, "roleAssignments": [
                {"roleAssignment": assigned(group, "4633458b-17de-408a-b874-0445c86b69e6")["assignee"]},
            ]}),
        ),
        entry(
            "AZFederatedIdentityCredential",
            json!({"appId": "app", "fics": [{"appId": "app", "fic": {
                "id": "fc-1", "name": "shop", "subject": "shop-identity",
                "issuer": format!("https://login.microsoftonline.com/{TENANT}/v2.0"),
            }}]}),
        ),
        entry(
            "AZRoleManagementPolicyAssignment",
            json!({"roleDefinitionId": GLOBAL_ADMINISTRATOR, "endUserAssignmentRequiresApproval": true,
                "endUserAssignmentUserApprovers": ["ada"]}),
        ),
    ]);
    let place = Place::new().await;
    let report = place.import(&[domain(&place, 1), azure(&place, 1, &records)]).await;
    let rejects: Vec<_> = report.files.iter().flat_map(|file| &file.rejects).collect();
    assert!(rejects.is_empty(), "{rejects:?}");
    let generation = place.current().await;
    let (site, vault) = (site.to_uppercase(), vault.to_uppercase());
    let highest = role_key(GLOBAL_ADMINISTRATOR);
    for (source, technique, target) in [
        ("BOB", RelationKind::AzWebsiteContributor, site.as_str()),
        (&site, RelationKind::AzManagedIdentity, "SHOP-IDENTITY"),
        ("SHOP-IDENTITY", RelationKind::AzAuthenticatesTo, "FC-1"),
        ("FC-1", RelationKind::AzAuthenticatesTo, "APP"),
        ("BOB", RelationKind::AzGetSecrets, &vault),
        ("ADA", RelationKind::AzRoleApprover, &highest.to_uppercase()),
    ] {
        assert!(
            has_step(&generation, source, technique, target),
            "{source} {technique} {target}"
        );
    }
    let credential = generation
        .estate
        .node(generation.estate.find("FC-1").expect("a credential"));
    assert_eq!((&*credential.name, &*credential.boundary), ("SHOP@EXAMPLE", TENANT));
    assert!(!credential.is_stub);
}

/// BOB holds roles over data and machines, granted on the group around them; the group SALES fills itself.
#[tokio::test(flavor = "multi_thread")]
async fn data_of_resources_is_reached_as_far_as_their_settings_let_it() {
    let group = "/subscriptions/s/resourceGroups/data";
    let resource = |path: &str| format!("{group}/providers/{path}");
    let granted = |role: &str| {
        let properties = json!({"principalId": "bob", "roleDefinitionId": role, "scope": group});
        json!({"roleAssignment": {"properties": properties}})
    };
    let list = |kind: &str, id: &str, role: &str| {
        let assignees = [json!({"assignee": granted(role)["roleAssignment"]})];
        entry(kind, json!({"objectId": id, "assignees": assignees}))
    };
    let keys = "17d1049b-9a84-46fb-8f53-869881c3d3ab";
    let reader = "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1";
    let cluster_admin = "0ab0b1a8-8aac-4efd-b8c2-3ee1fb270be8";
    let [open, closed] = ["open", "closed"].map(|it| resource(&format!("Microsoft.Storage/storageAccounts/{it}")));
    let [own, entra] = ["own", "entra"].map(|it| resource(&format!("Microsoft.ContainerService/managedClusters/{it}")));
    let (machine, vault) = (
        resource("Microsoft.Compute/virtualMachines/vm"),
        resource("Microsoft.KeyVault/vaults/kv"),
    );
    let mut records = tenant();
    records.extend([
        entry(
            "AZStorageAccount",
            json!({"id": open, "properties": {"allowSharedKeyAccess": true}}),
        ),
        entry(
            "AZStorageAccount",
            json!({"id": closed, "properties": {"allowSharedKeyAccess": false}}),
        ),
        list("AZStorageAccountRoleAssignment", &open, keys),
        list("AZStorageAccountRoleAssignment", &closed, keys),
        list("AZStorageAccountRoleAssignment", &closed, reader),
        entry("AZManagedCluster", json!({"id": own})),
        entry(
            "AZManagedCluster",
            json!({"id": entra, "properties": {"disableLocalAccounts": true}}),
        ),
        list("AZManagedClusterRoleAssignment", &own, cluster_admin),
        list("AZManagedClusterRoleAssignment", &entra, cluster_admin),
        entry(
            "AZVM",
            json!({"id": machine, "identity": {"principalId": "vm-identity"}}),
        ),
        entry(
            "AZVMRoleAssignment",
            json!({"virtualMachineId": machine, "roleAssignments": [
                granted("fb879df8-f326-4884-b1cf-06f3ad6756be"),
            ]}),
        ),
        entry(
            "AZKeyVault",
            json!({"id": vault, "properties": {"enableRbacAuthorization": true}}),
        ),
        entry("AZResourceGroup", json!({"id": group, "name": "data"})),
        entry(
            "AZResourceGroupRoleAssignment",
            json!({"resourceGroupId": group, "roleAssignments": [
                {"roleAssignment": {"properties": {
                    "principalId": "eve", "roleDefinitionId": "8e3af657-a8ff-443c-a75c-2fe8c4bcb635", "scope": group,
                }}},
            ]}),
        ),
        entry(
            "AZGroup",
            json!({
                "id": "sales", "displayName": "Sales", "groupTypes": ["DynamicMembership"],
                "membershipRule": "(user.mail -contains \"partner\")", "membershipRuleProcessingState": "On",
            }),
        ),
    ]);
    let place = Place::new().await;
    let report = place.import(&[azure(&place, 1, &records)]).await;
    let rejects: Vec<_> = report.files.iter().flat_map(|file| &file.rejects).collect();
    assert!(rejects.is_empty(), "{rejects:?}");
    let generation = place.current().await;
    let [open, closed, own, entra, machine, vault] =
        [open, closed, own, entra, machine, vault].map(|it| it.to_uppercase());
    let invited = format!("set:groups-by-invitation:{TENANT}");
    for (source, technique, target, is_there) in [
        ("BOB", RelationKind::AzListStorageKeys, open.as_str(), true),
        ("BOB", RelationKind::AzListStorageKeys, &closed, false),
        ("BOB", RelationKind::AzReadBlobs, &closed, true),
        ("BOB", RelationKind::AzAksClusterAdmin, &own, true),
        ("BOB", RelationKind::AzAksClusterAdmin, &entra, false),
        ("BOB", RelationKind::AzVmUserLogin, &machine, true),
        (&machine, RelationKind::AzManagedIdentity, "VM-IDENTITY", true),
        ("EVE", RelationKind::AzOwner, &vault, true),
        ("BOB", RelationKind::AzJoinsByRule, &invited, true),
        (&invited, RelationKind::AnyOf, "SALES", true),
    ] {
        let found = has_step(&generation, source, technique, target);
        assert_eq!(found, is_there, "{source} {technique} {target}");
    }
}

/// A tenant as another program's export has it: nodes and edges, with the names of BloodHound's properties. Nothing
/// says what was looked at, and most nodes do not say which tenant they are of.
fn export() -> Value {
    let node = |id: &str, kind: &str, properties: Value| {
        let kinds = [kind, "AZBase"];
        json!({"id": id, "kinds": kinds, "properties": properties})
    };
    let edge = |source: &str, kind: &str, target: &str| {
        let (start, end) = (json!({"value": source}), json!({"value": target}));
        json!({"kind": kind, "start": start, "end": end})
    };
    let role = |template: &str, more: Value| {
        let mut properties = json!({"name": template, "templateid": template});
        for (key, value) in more.as_object().expect("fields") {
            properties[key] = value.clone();
        }
        node(&role_key(template), "AZRole", properties)
    };
    let synchronised = json!({"name": "ADA", "onpremsyncenabled": true, "onpremid": "s-1-5-21-4-4-4-1100"});
    let contents = ["ADA", "EVE", "APP", "SP", "GRAPH", "CREW", "HOLDERS"];
    let mut edges: Vec<_> = contents.iter().map(|it| edge(TENANT, "AZContains", it)).collect();
    edges.push(edge("SP", "AZMGRoleManagement_ReadWrite_Directory", "GRAPH"));
    edges.push(edge("EVE", "AZHasRole", &role_key(HELPDESK_ADMINISTRATOR)));
    json!({"graph": {
        "nodes": [
            node(TENANT, "AZTenant", json!({"name": "Example"})),
            node("ADA", "AZUser", synchronised),
            node("EVE", "AZUser", json!({"name": "EVE"})),
            node("APP", "AZApp", json!({"name": "APP"})),
            node("SP", "AZServicePrincipal", json!({"name": "SP"})),
            node("GRAPH", "AZServicePrincipal", json!({"name": "GRAPH"})),
            node("CREW", "AZGroup", json!({"name": "CREW", "isassignabletorole": "false"})),
            node("HOLDERS", "AZGroup", json!({"name": "HOLDERS", "isassignabletorole": true})),
            role(HELPDESK_ADMINISTRATOR, json!({})),
            role(APPLICATION_ADMINISTRATOR, json!({
                "enduserassignmentrequiresapproval": true, "enduserassignmentuserapprovers": ["eve"],
            })),
            role(GLOBAL_ADMINISTRATOR, json!({})),
        ],
        "edges": edges,
    }})
}

#[tokio::test(flavor = "multi_thread")]
async fn the_graph_of_another_program_gives_the_steps_that_its_analysis_makes() {
    let place = Place::new().await;
    let file = place.file("export.json", &export().to_string());
    let report = place.import(&[file]).await;
    let rejects: Vec<_> = report.files.iter().flat_map(|file| &file.rejects).collect();
    assert!(rejects.is_empty(), "{rejects:?}");
    let generation = place.current().await;
    let mut pairs = BTreeSet::new();
    let Ok(()) = postern_attack::without_sets(&generation.derived, &postern_attack::Derived::default(), |it| {
        let name = |id: NodeId| {
            generation
                .estate
                .by_id(id)
                .map(|index| generation.estate.node(index).key.to_string())
        };
        if let (Some(source), Some(target)) = (name(it.source), name(it.target)) {
            pairs.insert((source, it.technique, target));
        }
        Ok::<_, std::convert::Infallible>(())
    });
    let (desk, applications, global) = (
        role_key(HELPDESK_ADMINISTRATOR).to_uppercase(),
        role_key(APPLICATION_ADMINISTRATOR).to_uppercase(),
        role_key(GLOBAL_ADMINISTRATOR).to_uppercase(),
    );
    let account = "S-1-5-21-4-4-4-1100";
    for (source, technique, target) in [
        (&*desk, RelationKind::AzResetPassword, "ADA"),
        (&global, RelationKind::AzResetPassword, "EVE"),
        (&applications, RelationKind::AzAddSecret, "APP"),
        (&applications, RelationKind::AzAddSecret, "SP"),
        (&global, RelationKind::AzAddMembers, "HOLDERS"),
        (&global, RelationKind::AzGlobalAdmin, TENANT),
        ("SP", RelationKind::AzMgGrantRole, &global),
        ("SP", RelationKind::AzMgGrantAppRoles, TENANT),
        ("SP", RelationKind::AzMgAddSecret, "APP"),
        ("SP", RelationKind::AzMgAddOwner, "GRAPH"),
        ("SP", RelationKind::AzMgAddMember, "HOLDERS"),
        ("EVE", RelationKind::AzRoleApprover, &applications),
        ("ADA", RelationKind::SyncedToAdUser, account),
        (account, RelationKind::SyncedToEntraUser, "ADA"),
    ] {
        let pair = (source.to_owned(), technique, target.to_owned());
        assert!(pairs.contains(&pair), "{pair:?} of {pairs:#?}");
    }
    let desk_resets_eve = (desk.clone(), RelationKind::AzResetPassword, "EVE".to_owned());
    assert!(pairs.contains(&desk_resets_eve), "her role is below that of the desk");
    assert!(
        !pairs
            .iter()
            .any(|(source, _, target)| source == "CREW" && target == "SP")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_draws_what_a_role_allows_from_each_of_its_holders_too() {
    let place = Place::new().await;
    let node = |id: &str, kind: &str, about: Value| json!({"id": id, "kinds": [kind], "properties": about});
    let edge = |source: &str, kind: &str, target: &str| {
        let (start, end) = (json!({"value": source}), json!({"value": target}));
        json!({"kind": kind, "start": start, "end": end})
    };
    let role = role_key(GLOBAL_ADMINISTRATOR);
    let mut edges = vec![edge("HOLDERS", "AZHasRole", &role)];
    edges.extend(["ADA", "LEFT"].map(|member| edge(member, "AZMemberOf", "HOLDERS")));
    // What the file states itself is written once.
    edges.push(edge("ADA", "AZGlobalAdmin", TENANT));
    edges.extend(["ADA", "LEFT", "BOB", "HOLDERS", &role].map(|it| edge(TENANT, "AZContains", it)));
    let document = json!({"graph": {
        "nodes": [
            node(TENANT, "AZTenant", json!({"name": "Example"})),
            node("ADA", "AZUser", json!({"name": "ADA", "enabled": true})),
            node("LEFT", "AZUser", json!({"name": "LEFT", "enabled": false})),
            node("BOB", "AZUser", json!({"name": "BOB", "enabled": true})),
            node("HOLDERS", "AZGroup", json!({"name": "HOLDERS", "isassignabletorole": true})),
            node(&role, "AZRole", json!({"name": "Global Administrator", "templateid": GLOBAL_ADMINISTRATOR})),
        ],
        "edges": edges,
    }});
    let file = place.file("holders.json", &document.to_string());
    place.import(&[file]).await;
    let generation = place.current().await;
    let mut bytes = Vec::new();
    let (reported, refused) = (&generation.estate, postern_attack::Derived::default());
    let selection = postern_engine::EdgeSelection::All;
    postern_engine::write_opengraph(&mut bytes, &generation, reported, &refused, selection).expect("writes to memory");
    let exported: Value = serde_json::from_slice(&bytes).expect("JSON");
    let admins: Vec<_> = exported["graph"]["edges"]
        .as_array()
        .expect("edges")
        .iter()
        .filter(|it| it["kind"] == "AZGlobalAdmin")
        .map(|it| {
            assert_eq!(it["end"]["value"], TENANT);
            let source = it["start"]["value"].as_str().expect("an id").to_owned();
            (source, it["properties"]["traversable"] != false)
        })
        .collect();
    let expected = [
        ("ADA", true),
        ("HOLDERS", true),
        ("LEFT", false),
        (&role.to_uppercase(), true),
    ];
    let count = admins.len();
    let admins: BTreeSet<_> = admins.into_iter().collect();
    assert_eq!(admins.len(), count, "none of them twice");
    assert_eq!(
        admins,
        expected.map(|(id, is_followed)| (id.to_owned(), is_followed)).into()
    );
}
