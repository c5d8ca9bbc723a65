//! The reader as a whole: what a file has looked at, and bytes that nobody meant.

use std::path::{Path, PathBuf};

use postern_model::{CellCoverage, Coverage};
use proptest::prelude::*;
use serde_json::{Value as Json, json};

use super::shape::{TEXT_BYTES_MAX, TEXTS_MAX};
use super::*;
use crate::chunks::REJECTS_MAX;
use crate::testing::{Huge, Kept, cases, input_of};

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

/// What is rejected of a file of these records, and how many relations are left.
fn rejected(text: &str) -> (Vec<String>, u64) {
    let mut kept = Kept::default();
    let summary = read_bytes(text.as_bytes(), &mut kept).unwrap();
    let rejects = kept.rejects.iter().map(|it| format!("{}: {}", it.position, it.reason));
    (rejects.collect(), summary.counts.relations)
}

#[test]
fn what_is_nested_ten_thousand_levels_deep_is_left_out_and_the_rest_goes_in() {
    let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
    for bad in [
        format!(r#"{{"kind":"AZUser","data":{{"id":"v","x":{deep}}}}}"#),
        format!(r#"{{"kind":"AZGroupMember","data":{{"groupId":"g","members":{deep}}}}}"#),
        deep.clone(),
    ] {
        for text in [
            format!(r#"[{},{bad}]"#, user("u")),
            format!(r#"{{"data":[{},{bad}],"x":{deep}}}"#, user("u")),
        ] {
            let (rejects, relations) = rejected(&text);
            assert_eq!((rejects.len(), relations), (1, 1), "{rejects:?}");
        }
    }
}

#[test]
fn a_text_or_a_list_of_texts_above_its_limit_costs_its_record_alone() {
    let long = "x".repeat(TEXT_BYTES_MAX + 1);
    let many = vec!["x"; TEXTS_MAX + 1];
    let (rejects, relations) = rejected(&file(
        true,
        &[
            json!({"kind": "AZUser", "data": {"id": "v", "displayName": long, "tenantId": TENANT}}),
            json!({"kind": "AZGroup", "data": {"id": "g", "groupTypes": many, "tenantId": TENANT}}),
            user("u"),
        ],
    ));
    assert_eq!(relations, 1);
    assert!(
        rejects[0].contains("a text of at most 64 KiB is expected"),
        "{rejects:?}"
    );
    assert!(
        rejects[1].contains("a list of at most 1,000 texts is expected"),
        "{rejects:?}"
    );
}

#[test]
fn a_text_of_three_gigabytes_is_passed_over_and_the_rest_goes_in() {
    let mut huge = Huge::new(
        r#"[{"kind":"AZTenant","data":{"id":"t","collected":true}},{"kind":"AZUser","data":{"id":"v","x":""#,
        "x",
        3 << 30,
        r#""}},{"kind":"AZUser","data":{"id":"u","tenantId":"t"}}]"#,
    );
    let mut kept = Kept::default();
    let summary = huge.read_into(&mut kept).unwrap();
    assert_eq!(summary.counts.relations, 1);
    assert_eq!(kept.rejects[0].reason, "the record is longer than 268435456 bytes");
    let is_whole = |it: &CellCoverage| it.cell.class == ObjectClass::EntraUsers && it.coverage != Coverage::Subjects;
    assert!(!summary.cells.iter().any(is_whole), "who was passed over may be a user");
}

#[test]
fn a_million_members_of_one_group_go_in() {
    const MEMBERS: u64 = 1_000_000;
    let mut text = String::from(r#"[{"kind":"AZGroupMember","data":{"members":["#);
    for number in 0..MEMBERS {
        let comma = if number == 0 { "" } else { "," };
        text.push_str(&format!(
            r##"{comma}{{"member":{{"id":"{number:x}","@odata.type":"#microsoft.graph.user"}}}}"##
        ));
    }
    text.push_str(r#"],"groupId":"g","tenantId":"t"}}]"#);
    assert_eq!(rejected(&text), (vec![], MEMBERS));
}

#[test]
fn a_list_of_nothing_takes_no_memory_beside_its_text() {
    // An entry that is kept would be a hundred times as long as the text that stands for it.
    let entries = "{},".repeat(1_000_000);
    let list =
        |key: &str| format!(r#"{{"kind":"AZVMRoleAssignment","data":{{"{key}":[{entries}{{}}],"objectId":"v"}}}}"#);
    let text = format!("[{},{}]", list("roleAssignments"), list("assignees"));
    let (rejects, relations) = rejected(&text);
    assert_eq!(relations, 0);
    let told = "1000001 entries of the roles have no id and are left out";
    assert!(
        rejects.len() == 2 && rejects.iter().all(|it| it.ends_with(told)),
        "{rejects:?}"
    );
    let size = size_of::<shape::Record<'_>>();
    assert!(size < 4096, "a record holds {size} bytes beside its text");
}

#[test]
fn an_entry_that_names_nobody_is_told_and_the_others_go_in() {
    let named = json!({"principalId": "p", "roleDefinitionId": "r", "directoryScopeId": "/"});
    let role_on = json!({"principalId": "p", "roleDefinitionId": "8e3af657-a8ff-443c-a75c-2fe8c4bcb635"});
    for (kind, data, list) in [
        (
            "AZGroupMember",
            json!({"groupId": "g", "members": [{"member": {"id": "u"}}, {"member": {"id": " "}}]}),
            "list",
        ),
        (
            "AZAppOwner",
            json!({"appId": "a", "owners": [{"owner": {"id": "u"}}, {"owner": {}}]}),
            "list",
        ),
        (
            "AZRoleAssignment",
            json!({"roleDefinitionId": "r", "roleAssignments": [named, {}]}),
            "roleAssignments",
        ),
        (
            "AZVMRoleAssignment",
            json!({"objectId": "v", "assignees": [{"assignee": {"properties": role_on}}, null]}),
            "roles",
        ),
    ] {
        let (rejects, relations) = rejected(&file(true, &[json!({"kind": kind, "data": data})]));
        assert_eq!(relations, 1, "{kind}: {rejects:?}");
        assert_eq!(rejects.len(), 1, "{kind}: {rejects:?}");
        assert!(
            rejects[0].ends_with("has no id and is left out") && rejects[0].contains(list),
            "{rejects:?}"
        );
    }
}

#[test]
fn of_many_records_that_cannot_be_used_the_first_are_listed_and_the_others_counted() {
    let nobody = json!({"kind": "AZGroupMember", "data": {"members": []}});
    let records = vec![nobody; REJECTS_MAX as usize + 3];
    let (rejects, _) = rejected(&file(true, &records));
    assert_eq!(rejects.len() as u64, REJECTS_MAX + 1);
    assert!(
        rejects[rejects.len() - 1].contains("3 more are left out"),
        "{:?}",
        rejects.last()
    );
}

#[test]
fn texts_in_other_encodings_are_told() {
    let plain = file(true, &[user("u")]);
    let utf_16: Vec<u8> = [0xFEFF]
        .into_iter()
        .chain(plain.encode_utf16())
        .flat_map(u16::to_le_bytes)
        .collect();
    let error = read_bytes(&utf_16, &mut Kept::default()).unwrap_err().to_string();
    assert!(
        error.contains("UTF-16") || error.contains("not a known format"),
        "{error}"
    );
    let mut latin_1 = file(true, &[user("u"), user("M?ller")]).into_bytes();
    let at = latin_1.iter().position(|byte| *byte == b'?').unwrap();
    latin_1[at] = 0xFC;
    let mut kept = Kept::default();
    let summary = read_bytes(&latin_1, &mut kept).unwrap();
    assert_eq!(summary.counts.relations, 1);
    assert_eq!(kept.rejects[0].reason, "the text is not UTF-8");
    let marked = format!("\u{feff}{plain}");
    assert_eq!(rejected(&marked), (vec![], 1));
}

#[test]
fn letter_case_and_repetition_make_no_second_object() {
    let both = [user("abc-1"), user("ABC-1"), user("abc-1")];
    let text = file(true, &both);
    let mut kept = Kept::default();
    let summary = read_bytes(text.as_bytes(), &mut kept).unwrap();
    assert_eq!(
        (summary.counts.assets, kept.rejects.len()),
        (2, 0),
        "the user and the tenant"
    );
}

#[test]
fn the_envelope_may_stand_anywhere_twice_or_not_at_all() {
    let (user, meta) = (user("u"), json!({"type": "azure", "version": 5, "count": 7}));
    for text in [
        format!(r#"{{"meta":{meta},"data":[{user}]}}"#),
        format!(r#"{{"data":[{user}],"meta":{meta}}}"#),
        format!(r#"{{"meta":{meta},"data":[{user}],"meta":{meta}}}"#),
        format!(r#"{{"data":[{user}]}}"#),
        format!("[{user}]"),
    ] {
        assert_eq!(rejected(&text), (vec![], 1), "{text}");
    }
}

#[test]
fn nulls_and_wrong_types_cost_their_record_or_entry() {
    let nothing = |kind: &str| json!({"kind": kind, "data": null});
    let (rejects, relations) = rejected(&file(
        true,
        &[
            nothing("AZUser"),
            nothing("AZGroupMember"),
            nothing("AZVMRoleAssignment"),
            nothing("AZFederatedIdentityCredential"),
            json!({"kind": "AZGroupMember", "data": {"groupId": "g", "members": [null, {"member": null}, {}, "u"]}}),
            json!({"kind": "AZGroupMember", "data": {"groupId": "g", "members": {"member": "u"}}}),
            json!({"kind": "AZGroupOwner", "data": {"groupId": ["g"], "owners": []}}),
            json!({"kind": null, "data": {"id": "u"}}),
            json!(7),
            json!({"kind": "AZDevice",
                "data": {"id": "d", "accountEnabled": "True", "isManaged": 1, "tenantId": TENANT}}),
        ],
    ));
    assert_eq!((rejects.len(), relations), (9, 2), "{rejects:#?}");
}

#[test]
fn a_kind_that_is_not_read_is_told_once_with_its_number() {
    let records: Vec<_> = (0..3)
        .map(|id| json!({"kind": "AZPartner", "data": {"id": id}}))
        .collect();
    let (rejects, _) = rejected(&file(true, &records));
    let [reject] = &rejects[..] else { panic!("{rejects:?}") };
    assert!(
        reject.ends_with("the kind `AZPartner` is not read; 3 records of it are left out"),
        "{reject}"
    );
}

proptest! {
    #[test]
    fn a_file_that_is_cut_anywhere_is_refused(
        case in any::<prop::sample::Index>(),
        cut in any::<prop::sample::Index>(),
    ) {
        let bytes = input_of(case.get::<PathBuf>(&cases(FORMAT.id)));
        // Behind the last bracket there is only space.
        let end = bytes.iter().rposition(|byte| *byte == b'}' || *byte == b']').unwrap();
        let cut = cut.index(end);
        prop_assert!(read_bytes(&bytes[..cut], &mut Kept::default()).is_err());
    }

    #[test]
    fn changed_bytes_never_panic(
        case in any::<prop::sample::Index>(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
    ) {
        let mut bytes = input_of(case.get::<PathBuf>(&cases(FORMAT.id)));
        let length = bytes.len();
        for (at, byte) in changes {
            bytes[at.index(length)] = byte;
        }
        let _ = read_bytes(&bytes, &mut Kept::default());
    }
}
