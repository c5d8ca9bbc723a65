//! Tests of answers of Microsoft Graph.

use std::collections::BTreeMap;

use postern_model::{Coverage, ObjectClass};

use super::content::{Content, Context};
use super::*;
use crate::testing::{Huge, Kept};

const GRAPH: &str = "https://graph.microsoft.com/v1.0/$metadata#";

fn answer(path: &str, records: &str) -> String {
    format!(r#"{{"@odata.context":"{GRAPH}{path}","value":[{records}]}}"#)
}

fn coverage(text: &str) -> BTreeMap<(ObjectClass, Facet), Coverage> {
    let summary = Kept::default().read(text.as_bytes()).expect("an answer");
    let cells = summary.cells.into_iter();
    cells.map(|it| ((it.cell.class, it.cell.facet), it.coverage)).collect()
}

#[test]
fn a_context_says_what_is_in_the_answer() {
    for (path, content) in [
        ("directory/administrativeUnits", Content::Units),
        (
            "directory/administrativeUnits(id,displayName,members())",
            Content::Units,
        ),
        ("directory/administrativeUnits/$delta", Content::Units),
        ("administrativeUnits/$entity", Content::Units),
        (
            "directory/administrativeUnits('A')/scopedRoleMembers",
            Content::ScopedRoles,
        ),
        ("identity/conditionalAccess/policies", Content::Policies),
        ("conditionalAccess/policies/$entity", Content::Policies),
        ("oauth2PermissionGrants", Content::Consents),
        (
            "Collection(microsoft.graph.userRegistrationDetails)",
            Content::Registrations,
        ),
        ("roleManagement/directory/roleAssignments(id)", Content::RoleAssignments),
    ] {
        let context = Context::of(&format!("{GRAPH}{path}")).expect("a context");
        assert_eq!(context.content, Some(content), "{path}");
    }
    let unread = Context::of(&format!("{GRAPH}policies/authorizationPolicy")).expect("a context");
    assert_eq!(unread.content, None);
    for other in [
        "https://services.odata.org/v4/$metadata#groups",
        "https://graph.microsoft.com.evil.example/v1.0/$metadata#groups",
        "https://graph.microsoft.com/v1.0/groups",
    ] {
        assert_eq!(Context::of(other), None, "{other}");
    }
}

#[test]
fn the_unit_of_a_list_of_its_roles_stands_in_the_context() {
    let role = r#"{"roleId":"r","roleMemberInfo":{"id":"u"}}"#;
    let mut kept = Kept::default();
    let text = answer("directory/administrativeUnits('a1')/scopedRoleMembers", role);
    kept.read(text.as_bytes()).expect("an answer");
    assert_eq!(kept.rows("relations", &["subject", "source"]), [["A1", "U"]]);
}

#[test]
fn policies_are_seen_as_a_whole_unless_more_follow_or_one_has_no_id() {
    let key = (ObjectClass::SignInPolicies, Facet::Properties);
    let path = "identity/conditionalAccess/policies";
    let policy = r#"{"id":"p","state":"enabled"}"#;
    let of = |text: &str| coverage(text).remove(&key);
    assert_eq!(of(&answer(path, policy)), Some(Coverage::Whole { unread: vec![] }));
    assert_eq!(of(&answer(path, "")), Some(Coverage::Whole { unread: vec![] }));
    let broken = r#"{"id":"q","state":7}"#;
    let unread = Coverage::Whole {
        unread: vec!["Q".to_owned()],
    };
    assert_eq!(of(&answer(path, &format!("{broken},{policy}"))), Some(unread));
    assert_eq!(of(&answer(path, r#"{"state":"enabled"}"#)), Some(Coverage::Mention));
    let page = answer(path, policy).replacen("\"value\"", "\"@odata.nextLink\":\"https://next\",\"value\"", 1);
    assert_eq!(of(&page), Some(Coverage::Mention));
    let alone = format!(r#"{{"@odata.context":"{GRAPH}{path}/$entity","id":"p","state":"enabled"}}"#);
    assert_eq!(of(&alone), Some(Coverage::Mention));
}

#[test]
fn everything_else_stands_for_itself_alone() {
    for (path, record, class, facet) in [
        (
            "directory/administrativeUnits",
            r#"{"id":"a","members":[{"id":"u"}]}"#,
            ObjectClass::AdministrativeUnits,
            Facet::Members,
        ),
        (
            "oauth2PermissionGrants",
            r#"{"clientId":"c","resourceId":"r","consentType":"AllPrincipals","scope":"x"}"#,
            ObjectClass::ServicePrincipals,
            Facet::Consents,
        ),
        (
            "reports/authenticationMethods/userRegistrationDetails",
            r#"{"id":"u","isMfaRegistered":true}"#,
            ObjectClass::EntraUsers,
            Facet::AuthenticationMethods,
        ),
        (
            "groups",
            r#"{"id":"g"}"#,
            ObjectClass::EntraGroups,
            Facet::MembershipRules,
        ),
        ("organization", r#"{"id":"t"}"#, ObjectClass::Tenants, Facet::Properties),
    ] {
        let found = coverage(&answer(path, record));
        assert_eq!(found.get(&(class, facet)), Some(&Coverage::Subjects), "{path}");
    }
}

#[test]
fn a_unit_without_members_was_perhaps_not_asked_for_them() {
    let mut kept = Kept::default();
    let text = answer("directory/administrativeUnits", r#"{"id":"a","displayName":"A"}"#);
    kept.read(text.as_bytes()).expect("an answer");
    assert_eq!(kept.rows("covered", &["cell", "subject"]), [["0", "A"]]);
}

#[test]
fn a_file_that_is_cut_off_anywhere_is_refused() {
    let whole = answer(
        "oauth2PermissionGrants",
        r#"{"clientId":"c","resourceId":"r","scope":"Mail.Read"}"#,
    );
    for end in 1..whole.len() {
        let outcome = Kept::default().read(&whole.as_bytes()[..end]);
        assert!(outcome.is_err(), "{}", &whole[..end]);
    }
}

#[test]
fn an_answer_without_a_list_is_refused() {
    let text = format!(r#"{{"@odata.context":"{GRAPH}groups","value":null}}"#);
    let fault = Kept::default().read(text.as_bytes()).expect_err("no list").to_string();
    assert!(fault.contains("there is no list `value`"), "{fault}");
}

#[test]
fn a_record_alone_has_a_limit() {
    let field = format!("\"x\":\"{}\",", "y".repeat(1000));
    let before = format!(r#"{{"@odata.context":"{GRAPH}groups/$entity","#);
    let mut huge = Huge::new(&before, &field, 2 * ENTITY_BYTES_MAX as u64, "\"id\":\"g\"}");
    let fault = huge.read_into(&mut Kept::default()).expect_err("too long").to_string();
    assert!(fault.contains("has more than 4194304 bytes"), "{fault}");
}
