//! The reader as a whole: what a file has looked at, and bytes that nobody meant.

use std::path::{Path, PathBuf};

use postern_model::{CellCoverage, Coverage};
use proptest::prelude::*;
use serde_json::{Value as Json, json};

use super::*;
use crate::testing::{Kept, cases, input_of};

fn read_bytes(bytes: &[u8], kept: &mut Kept) -> Result<Summary, IngestError> {
    kept.read(bytes)
}

const TENANT: &str = "7E57AAAA-0000-4000-8000-000000000001";

/// A file of these records, behind the tenant's own.
fn file(is_collected: bool, records: &[Json]) -> String {
    let tenant = json!({"kind": "AZTenant", "data": {"id": TENANT, "displayName": "T", "collected": is_collected}});
    let records: Vec<_> = std::iter::once(&tenant).chain(records).collect();
    json!({"data": records, "meta": {"type": "azure", "version": 5}}).to_string()
}

fn user(id: &str) -> Json {
    json!({"kind": "AZUser", "data": {"id": id, "accountEnabled": true, "tenantId": TENANT}})
}

fn members(group: &str) -> Json {
    json!({"kind": "AZGroupMember", "data": {"groupId": group, "members": []}})
}

fn cells(text: &str) -> Vec<CellCoverage> {
    read_bytes(text.as_bytes(), &mut Kept::default()).unwrap().cells
}

fn coverage(text: &str, class: ObjectClass, facet: Facet) -> Option<Coverage> {
    let found = cells(text)
        .into_iter()
        .find(|it| it.cell.class == class && it.cell.facet == facet);
    found.map(|it| it.coverage)
}

#[test]
fn the_directory_is_seen_as_a_whole_where_the_tenant_itself_was_collected() {
    let users = |is_collected| {
        let text = file(is_collected, &[user("u"), members("g")]);
        coverage(&text, ObjectClass::EntraUsers, Facet::Properties)
    };
    assert_eq!(users(true), Some(Coverage::Whole { unread: vec![] }));
    assert_eq!(users(false), Some(Coverage::Subjects));
}

#[test]
fn members_are_seen_group_by_group_and_what_has_no_record_was_not_looked_at() {
    let text = file(true, &[user("u"), members("g")]);
    let groups = ObjectClass::EntraGroups;
    assert_eq!(coverage(&text, groups, Facet::Members), Some(Coverage::Subjects));
    assert_eq!(coverage(&text, groups, Facet::Properties), None);
    assert_eq!(coverage(&text, ObjectClass::EntraDevices, Facet::Properties), None);
}

#[test]
fn permissions_are_one_list_and_one_that_cannot_be_read_makes_it_a_part() {
    let permission = |resource: &str| {
        json!({"kind": "AZAppRoleAssignment",
            "data": {"principalId": "p", "resourceId": resource, "tenantId": TENANT}})
    };
    let of = |records: &[Json]| {
        let text = file(true, records);
        coverage(&text, ObjectClass::ServicePrincipals, Facet::RoleAssignments)
    };
    assert_eq!(of(&[permission("graph")]), Some(Coverage::Whole { unread: vec![] }));
    assert_eq!(of(&[permission("graph"), permission("")]), Some(Coverage::Subjects));
}

#[test]
fn resources_are_never_seen_as_a_whole() {
    let subscription = json!({"kind": "AZSubscription", "data": {"id": "/subscriptions/s", "tenantId": TENANT}});
    let text = file(true, &[subscription]);
    let found = coverage(&text, ObjectClass::Subscriptions, Facet::Properties);
    assert_eq!(found, Some(Coverage::Subjects));
}

#[test]
fn a_user_that_cannot_be_read_is_unread_and_one_without_an_id_leaves_no_users_whole() {
    let bad = json!({"kind": "AZUser", "data": {"id": "v", "displayName": 7, "tenantId": TENANT}});
    let text = file(true, &[user("u"), bad]);
    let found = coverage(&text, ObjectClass::EntraUsers, Facet::Properties);
    assert_eq!(
        found,
        Some(Coverage::Whole {
            unread: vec!["V".to_owned()]
        })
    );
    let nameless = json!({"kind": "AZUser", "data": {"displayName": "x", "tenantId": TENANT}});
    let text = file(true, &[user("u"), nameless]);
    let found = coverage(&text, ObjectClass::EntraUsers, Facet::Properties);
    assert_eq!(found, Some(Coverage::Subjects));
}

#[test]
fn a_tenant_of_which_only_the_name_is_known_is_a_mention() {
    let other = json!({"kind": "AZTenant", "data": {"id": "/tenants/OTHER", "tenantId": "OTHER"}});
    let cells = cells(&file(true, &[other]));
    let of = |boundary: &str| cells.iter().find(|it| it.cell.boundary == boundary).unwrap();
    assert_eq!(of("OTHER").coverage, Coverage::Mention);
    assert_eq!(of(TENANT).coverage, Coverage::Whole { unread: vec![] });
}

#[test]
fn records_in_front_of_the_tenant_belong_to_it_too() {
    let text = format!(
        r#"{{"data":[{},{},{}],"meta":{{"type":"azure"}}}}"#,
        members("g"),
        json!({"kind": "AZTenant", "data": {"id": "OTHER"}}),
        json!({"kind": "AZTenant", "data": {"id": TENANT, "collected": true}}),
    );
    let cells = cells(&text);
    let members = cells.iter().find(|it| it.cell.facet == Facet::Members).unwrap();
    assert_eq!(members.cell.boundary, TENANT);
}

#[test]
fn the_first_record_says_what_a_file_is() {
    for (head, expected) in [
        (r#"{"data":[{"kind":"AZUser","data":{"id":"#, true),
        (" [ {\"kind\":\"AZUser\"", true),
        (r#"{"data":[{"data":{"kind":"X"},"kind":"AZUser"}]}"#, true),
        (r#"{"data":[{"kind":"Toaster"}]}"#, false),
        (r#"{"data":[{"ObjectIdentifier":"A"}]}"#, false),
        (r#"{"data":[]"#, false),
        ("[]", false),
        ("[", false),
        ("", false),
    ] {
        let found = first_kind(head.as_bytes()).is_some_and(|kind| kind.starts_with("AZ"));
        assert_eq!(found, expected, "{head}");
    }
    let empty = r#"{"data":[],"meta":{"type":"azure","version":5,"count":0}}"#;
    let summary = read_bytes(empty.as_bytes(), &mut Kept::default()).unwrap();
    assert_eq!(summary.cells.len(), 0);
}

#[test]
fn files_that_are_not_understood_are_refused_with_one_sentence() {
    for (text, wanted) in [
        (
            r#"{"data":[{"kind":"AZUser"}],"meta":{"type":"azure","version":3}}"#,
            "is AzureHound format 3; AzureHound formats 4 to 6 are understood",
        ),
        (
            r#"{"data":[{"kind":"AZUser","data":{"id":"x""#,
            "the file ends too early in data[0]: it was cut off",
        ),
        (r#"{"meta":{"type":"azure","version":5}}"#, "there is no array `data`"),
    ] {
        let error = read_bytes(text.as_bytes(), &mut Kept::default()).unwrap_err();
        assert!(error.to_string().contains(wanted), "{text}: {error}");
    }
}

/// A synthetic collection by another tool.
#[test]
fn a_collection_of_another_tool_is_read() {
    let data = std::env::var_os("POSTERN_SHARED_DATA").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data"),
        PathBuf::from,
    );
    let path = data.join("azure-samples/aev_corp_azure.json");
    let Ok(bytes) = std::fs::read(&path) else {
        println!(
            "SKIPPED: a_collection_of_another_tool_is_read ({} is absent)",
            path.display()
        );
        return;
    };
    let mut kept = Kept::default();
    let summary = read_bytes(&bytes, &mut kept).unwrap();
    // 14 objects and the role that assignments name.
    assert_eq!((summary.counts.assets, kept.rejects.len()), (15, 0));
}

fn whole() -> Vec<u8> {
    input_of(&cases(FORMAT.id)[2])
}

proptest! {
    #[test]
    fn a_file_that_is_cut_anywhere_is_refused(cut in any::<prop::sample::Index>()) {
        let bytes = whole();
        // Behind the last bracket there is only space.
        let end = bytes.iter().rposition(|byte| *byte == b'}' || *byte == b']').unwrap();
        let cut = cut.index(end);
        prop_assert!(read_bytes(&bytes[..cut], &mut Kept::default()).is_err());
    }

    #[test]
    fn changed_bytes_never_panic(changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6)) {
        let mut bytes = whole();
        let length = bytes.len();
        for (at, byte) in changes {
            bytes[at.index(length)] = byte;
        }
        let _ = read_bytes(&bytes, &mut Kept::default());
    }
}
