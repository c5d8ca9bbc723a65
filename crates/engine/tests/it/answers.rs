//! Answers of Microsoft Graph beside a collection of the tenant: from files to steps.

use std::path::PathBuf;

use postern_engine::Generation;
use postern_model::RelationKind;
use postern_model::estate::EntraAttributes;
use serde_json::{Value, json};

use crate::support::Place;
use crate::tenant::{DOMAIN, HELPDESK_ADMINISTRATOR, TENANT, azure, domain, entry, has_step, principal, tenant, user};

/// An answer to a GET, of a day of January 2026.
fn answer(place: &Place, day: u32, path: &str, records: Value) -> PathBuf {
    let name: String = path.chars().filter(char::is_ascii_alphanumeric).collect();
    let context = format!("https://graph.microsoft.com/v1.0/$metadata#{path}");
    let file = json!({"@odata.context": context, "value": records});
    place.file(&format!("2026010{day}000000_{name}.json"), &file.to_string())
}

async fn with(answers: impl FnOnce(&Place) -> Vec<PathBuf>) -> (Place, Generation) {
    let place = Place::new().await;
    let mut files = vec![domain(&place, 1), azure(&place, 1, &tenant())];
    files.extend(answers(&place));
    let report = place.import(&files).await;
    let rejects: Vec<_> = report.files.iter().flat_map(|file| &file.rejects).collect();
    assert!(rejects.is_empty(), "{rejects:?}");
    let generation = place.current().await;
    (place, generation)
}

/// What is known of a user's sign-in.
fn sign_in(generation: &Generation, user: &str) -> EntraAttributes {
    let index = generation.estate.find(user).expect("a user");
    let attributes = &generation.estate.node(index).attributes;
    attributes.entra.as_deref().cloned().unwrap_or_default()
}

fn policy(id: &str, users: Value, more: Value) -> Value {
    let mut policy = json!({
        "id": id, "displayName": id, "state": "enabled",
        "conditions": {"users": users, "applications": {"includeApplications": ["All"]}, "clientAppTypes": ["all"]},
        "grantControls": {"operator": "OR", "builtInControls": ["mfa"]},
    });
    for (key, value) in more.as_object().expect("fields") {
        policy[key] = value.clone();
    }
    policy
}

/// The id of a second tenant.
const OTHER: &str = "7E57AAAA-0000-4000-8000-000000000002";
const POLICIES: &str = "identity/conditionalAccess/policies";

fn everybody() -> Value {
    json!({"includeUsers": ["All"]})
}

/// EVE and the group BOARD lie in a unit, over which MAX is the help desk by one list, and LOST by another.
fn units(place: &Place) -> Vec<PathBuf> {
    let inside = json!([principal("eve"), {"id": "board", "@odata.type": "#microsoft.graph.group"}]);
    let over = |holder: &str| json!([{"roleId": "desk", "roleMemberInfo": {"id": holder}}]);
    vec![
        answer(
            place,
            1,
            "directory/administrativeUnits",
            json!([{"id": "sales", "displayName": "Sales", "members": inside, "scopedRoleMembers": over("lost")}]),
        ),
        answer(
            place,
            1,
            "directoryRoles",
            json!([{"id": "desk", "roleTemplateId": HELPDESK_ADMINISTRATOR, "displayName": "Helpdesk Administrator"}]),
        ),
        answer(
            place,
            1,
            "roleManagement/directory/roleAssignments",
            json!([{
                "principalId": "ada", "roleDefinitionId": HELPDESK_ADMINISTRATOR,
                "directoryScopeId": "/administrativeUnits/sales",
            }]),
        ),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_over_a_unit_reaches_what_lies_in_it_however_it_was_told() {
    let (_place, generation) = with(units).await;
    let set = "set:unit-users-help-desk:SALES";
    for holder in ["ADA", "LOST"] {
        assert!(
            has_step(&generation, holder, RelationKind::AzResetPassword, set),
            "{holder}"
        );
    }
    assert!(has_step(&generation, set, RelationKind::AnyOf, "EVE"));
    assert!(!has_step(&generation, set, RelationKind::AnyOf, "BOB"));
    let unit = generation.estate.node(generation.estate.find("SALES").expect("a unit"));
    assert_eq!((&*unit.boundary, unit.name.as_str()), (TENANT, "SALES"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restricted_unit_takes_its_members_out_of_reach_of_the_tenants_help_desk() {
    let with_eve_in = |restricted: bool| {
        with(move |place| {
            let record = json!({
                "id": "sales", "displayName": "Sales", "isMemberManagementRestricted": restricted,
                "members": [principal("eve")],
            });
            vec![answer(place, 1, "directory/administrativeUnits", json!([record]))]
        })
    };
    let set = format!("set:users-without-roles:{TENANT}");
    let (_open, open) = with_eve_in(false).await;
    assert!(has_step(&open, &set, RelationKind::AnyOf, "EVE"));
    let (_closed, closed) = with_eve_in(true).await;
    assert!(!has_step(&closed, &set, RelationKind::AnyOf, "EVE"));
    assert!(
        has_step(&closed, &set, RelationKind::AnyOf, "ADA"),
        "she lies in no unit"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn policies_count_for_whom_they_include_and_do_not_exclude() {
    let without_holders = json!({"includeUsers": ["All"], "excludeGroups": ["holders"]});
    let (_place, generation) = with(|place| {
        let policies = json!([policy("mfa", without_holders, json!({}))]);
        vec![answer(place, 1, POLICIES, policies)]
    })
    .await;
    assert_eq!(sign_in(&generation, "ADA").requires_mfa, Some(true));
    assert_eq!(
        sign_in(&generation, "MAX").requires_mfa,
        Some(false),
        "the exclusion is the gap"
    );
    assert_eq!(sign_in(&generation, "ADA").blocks_device_code, Some(false));
    let ada = format!("{DOMAIN}-1100");
    let step = |technique| {
        let steps = generation.derived.steps.iter();
        let of_ada = postern_model::NodeId::of("ADA");
        steps
            .filter(move |it| it.technique == technique && it.target == of_ada)
            .map(|it| it.cost)
            .min()
    };
    assert!(has_step(&generation, &ada, RelationKind::SyncedToEntraUser, "ADA"));
    assert_eq!(
        step(RelationKind::SyncedToEntraUser),
        Some(4),
        "the second factor makes it harder"
    );
    assert_eq!(step(RelationKind::DeviceCodePhishing), Some(4));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_only_looks_like_protection_is_none() {
    let state = |name: &str| json!({"state": name});
    let conditions = |more: Value| {
        let mut conditions = json!({
            "users": everybody(), "applications": {"includeApplications": ["All"]}, "clientAppTypes": ["all"],
        });
        for (key, value) in more.as_object().expect("fields") {
            conditions[key] = value.clone();
        }
        json!({"conditions": conditions})
    };
    let controls =
        |operator: &str, list: Value| json!({"grantControls": {"operator": operator, "builtInControls": list}});
    for (what, more) in [
        ("only reported on", state("enabledForReportingButNotEnforced")),
        ("switched off", state("disabled")),
        (
            "for one application",
            conditions(json!({"applications": {"includeApplications": ["x"]}})),
        ),
        (
            "not for the portals",
            conditions(json!({
                "applications": {"includeApplications": ["All"], "excludeApplications": ["MicrosoftAdminPortals"]},
            })),
        ),
        ("for risky sign-ins", conditions(json!({"signInRiskLevels": ["high"]}))),
        (
            "for one platform",
            conditions(json!({"platforms": {"includePlatforms": ["android"]}})),
        ),
        ("for browsers", conditions(json!({"clientAppTypes": ["browser"]}))),
        (
            "not from the office",
            conditions(json!({"locations": {"includeLocations": ["All"], "excludeLocations": ["AllTrusted"]}})),
        ),
        (
            "terms of use instead",
            controls("OR", json!(["mfa", "approvedApplication"])),
        ),
    ] {
        let (_place, generation) =
            with(|place| vec![answer(place, 1, POLICIES, json!([policy("p", everybody(), more)]))]).await;
        assert_eq!(sign_in(&generation, "ADA").requires_mfa, Some(false), "{what}");
    }
    for (what, more) in [
        (
            "a managed device instead",
            controls("OR", json!(["mfa", "compliantDevice"])),
        ),
        ("both", controls("AND", json!(["mfa", "compliantDevice"]))),
        (
            "all platforms",
            conditions(json!({"platforms": {"includePlatforms": ["all"]}})),
        ),
        (
            "a strength",
            json!({"grantControls": {"operator": "OR", "builtInControls": [], "authenticationStrength": {"id": "s"}}}),
        ),
    ] {
        let (_place, generation) =
            with(|place| vec![answer(place, 1, POLICIES, json!([policy("p", everybody(), more)]))]).await;
        assert_eq!(sign_in(&generation, "ADA").requires_mfa, Some(true), "{what}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_policy_against_device_codes_keeps_strangers_out_and_a_later_list_without_it_lets_them_in() {
    let flows = json!({
        "conditions": {
            "users": everybody(), "applications": {"includeApplications": ["All"]}, "clientAppTypes": ["all"],
            "authenticationFlows": {"transferMethods": "deviceCodeFlow,authenticationTransfer"},
        },
        "grantControls": {"operator": "OR", "builtInControls": ["block"]},
    });
    let (place, first) = with(|place| {
        vec![answer(
            place,
            1,
            POLICIES,
            json!([policy("no-codes", everybody(), flows)]),
        )]
    })
    .await;
    let strangers = format!("entry:device-code:{TENANT}");
    let phishes = |generation: &Generation| has_step(generation, &strangers, RelationKind::DeviceCodePhishing, "EVE");
    assert!(!phishes(&first));
    assert_eq!(
        sign_in(&first, "EVE").requires_mfa,
        Some(false),
        "it holds for the flow alone"
    );
    place.import(&[answer(&place, 2, POLICIES, json!([]))]).await;
    let second = place.current().await;
    assert!(phishes(&second));
    assert!(
        second
            .analysis
            .paths
            .iter()
            .any(|it| it.entry == postern_model::NodeId::of(&strangers)),
        "MAX holds the highest role"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_said_of_policies_that_nobody_read() {
    let (_place, generation) = with(|_| Vec::new()).await;
    assert_eq!(sign_in(&generation, "ADA").requires_mfa, None);
    let gaps = &generation.derived.gaps;
    let of = |technique| {
        let gaps = gaps
            .iter()
            .filter(move |it| it.technique == technique && it.boundary == TENANT);
        gaps.map(|it| it.reason.as_str()).collect::<Vec<_>>()
    };
    assert!(of(RelationKind::DeviceCodePhishing).contains(&"properties of conditional access policies: not looked at"));
    assert!(of(RelationKind::AzActsAsUser).contains(&"consents of service principals: not looked at"));
    assert!(of(RelationKind::AzResetPassword).contains(&"members of administrative units: not looked at"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_consent_for_everybody_is_one_of_the_tenant() {
    let (_place, generation) = with(|place| {
        let consent = json!({
            "clientId": "sp", "resourceId": "graph-sp", "consentType": "AllPrincipals", "principalId": null,
            "scope": "openid Directory.AccessAsUser.All",
        });
        let graph = entry(
            "AZServicePrincipal",
            json!({
                "id": "graph-sp", "appId": "00000003-0000-0000-c000-000000000000", "displayName": "Microsoft Graph",
                "accountEnabled": true,
            }),
        );
        let mut records = tenant();
        records.push(graph);
        vec![
            azure(place, 2, &records),
            answer(place, 1, "oauth2PermissionGrants", json!([consent])),
        ]
    })
    .await;
    let set = format!("set:signed-in-users:{TENANT}");
    assert!(has_step(&generation, "SP", RelationKind::AzActsAsUser, &set));
    assert!(has_step(&generation, &set, RelationKind::AnyOf, "MAX"));
}

/// A collection of another tenant, of which ZOE is.
fn elsewhere(place: &Place) -> PathBuf {
    let mut records = vec![
        entry(
            "AZTenant",
            json!({"id": OTHER, "displayName": "Other", "collected": true}),
        ),
        user("zoe", json!({})),
    ];
    for record in &mut records {
        record["data"]["tenantId"] = json!(OTHER);
    }
    let file = json!({"data": records, "meta": {"type": "azure", "version": 5, "count": records.len()}});
    place.file("other/20260101000000_azurehound.json", &file.to_string())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_tenant_of_an_answer_is_told_by_its_ids() {
    let (_place, generation) = with(|place| {
        let of_zoe = json!([policy("theirs", json!({"includeUsers": ["zoe"]}), json!({}))]);
        let units = json!([{"id": "unit", "displayName": "Theirs", "members": [principal("zoe")]}]);
        vec![
            elsewhere(place),
            answer(place, 1, "directory/administrativeUnits", units),
            answer(place, 1, POLICIES, of_zoe),
        ]
    })
    .await;
    let boundary = |id: &str| {
        let index = generation.estate.find(id).expect("an asset");
        generation.estate.node(index).boundary.to_string()
    };
    assert_eq!(boundary("UNIT"), OTHER);
    assert_eq!(sign_in(&generation, "ZOE").requires_mfa, Some(true));
    assert_eq!(sign_in(&generation, "ADA").requires_mfa, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_could_be_of_two_tenants_is_of_none_and_a_conflict_says_so() {
    let (_place, generation) = with(|place| {
        let policies = json!([policy("whose", everybody(), json!({}))]);
        vec![elsewhere(place), answer(place, 1, POLICIES, policies)]
    })
    .await;
    let conflicts = &generation.estate.conflicts;
    assert!(
        conflicts.iter().any(|it| it.kind == "file of a tenant"),
        "{conflicts:?}"
    );
    assert_eq!(sign_in(&generation, "ADA").requires_mfa, None);
}
