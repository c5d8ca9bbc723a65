//! Certificate services and group policy from a collector's files: a story that is true, and each time one thing that
//! makes it none.

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::path::PathBuf;

use postern_attack::{Derived, without_sets};
use postern_model::{NodeId, RelationKind};
use serde_json::{Value, json};

use crate::support::Place;

const DOMAIN: &str = "S-1-5-21-7-8-9";
const TEMPLATE: &str = "AAAAAAAA-0000-4000-8000-000000000001";
const AUTHORITY: &str = "AAAAAAAA-0000-4000-8000-000000000002";
const ROOT: &str = "AAAAAAAA-0000-4000-8000-000000000003";
const STORE: &str = "AAAAAAAA-0000-4000-8000-000000000004";
const POLICY: &str = "AAAAAAAA-0000-4000-8000-000000000005";
const UNIT: &str = "AAAAAAAA-0000-4000-8000-000000000006";

fn sid(rid: u32) -> String {
    format!("{DOMAIN}-{rid}")
}

/// What may be otherwise than in the story. In the story any user may ask for a certificate in another's name, and a
/// policy of the domain reaches `EVE` in her unit.
#[derive(Clone, Copy, Default)]
struct Otherwise {
    is_unpublished: bool,
    is_untrusted: bool,
    has_other_root: bool,
    is_host_disabled: bool,
    needs_approval: bool,
    is_for_servers: bool,
    blocks_inheritance: bool,
    enforces_link: bool,
}

/// The files of a directory.
fn files(place: &Place, otherwise: Otherwise) -> Vec<PathBuf> {
    let object = |id: &str, name: &str, more: Value| {
        let mut record = json!({
            "ObjectIdentifier": id, "Aces": [], "IsDeleted": false, "IsACLProtected": false,
            "Properties": {"name": name, "domain": "LAB.EXAMPLE", "domainsid": DOMAIN},
        });
        for (key, value) in more.as_object().expect("an object") {
            match (key.as_str(), value) {
                ("Properties", Value::Object(more)) => {
                    for (key, value) in more {
                        record["Properties"][key] = value.clone();
                    }
                }
                _ => record[key] = value.clone(),
            }
        }
        record
    };
    let enroll =
        json!([{"PrincipalSID": sid(513), "PrincipalType": "Group", "RightName": "Enroll", "IsInherited": false}]);
    let typed = |id: &str, kind: &str| json!({"ObjectIdentifier": id, "ObjectType": kind});
    let published = match otherwise.is_unpublished {
        true => json!([]),
        false => json!([typed(TEMPLATE, "CertTemplate")]),
    };
    let root = if otherwise.has_other_root { "CC" } else { "BB" };
    let trusted = if otherwise.is_untrusted { "DD" } else { "AA" };
    let usage = match otherwise.is_for_servers {
        true => "1.3.6.1.5.5.7.3.1",
        false => "1.3.6.1.5.5.7.3.2",
    };
    let records = [
        (
            "domains",
            object(
                DOMAIN,
                "LAB.EXAMPLE",
                json!({
                    "Trusts": [], "ChildObjects": [typed(UNIT, "OU")],
                    "Links": [{"GUID": POLICY, "IsEnforced": otherwise.enforces_link}],
                }),
            ),
        ),
        ("gpos", object(POLICY, "POLICY@LAB.EXAMPLE", json!({}))),
        (
            "ous",
            object(
                UNIT,
                "SALES@LAB.EXAMPLE",
                json!({
                    "Links": [], "ChildObjects": [typed(&sid(1100), "User")], "ContainedBy": typed(DOMAIN, "Domain"),
                    "Properties": {"blocksinheritance": otherwise.blocks_inheritance},
                }),
            ),
        ),
        (
            "users",
            object(
                &sid(1100),
                "EVE@LAB.EXAMPLE",
                json!({
                    "PrimaryGroupSID": sid(513), "ContainedBy": typed(UNIT, "OU"), "Properties": {"enabled": true},
                }),
            ),
        ),
        (
            "groups",
            object(&sid(513), "DOMAIN USERS@LAB.EXAMPLE", json!({"Members": []})),
        ),
        (
            "computers",
            object(
                &sid(1200),
                "CA.LAB.EXAMPLE",
                json!({
                    "PrimaryGroupSID": sid(515), "IsDC": false, "Properties": {"enabled": !otherwise.is_host_disabled},
                }),
            ),
        ),
        (
            "certtemplates",
            object(
                TEMPLATE,
                "WEB@LAB.EXAMPLE",
                json!({
                    "Aces": enroll,
                    "Properties": {
                        "schemaversion": 2, "authorizedsignatures": 0, "enrolleesuppliessubject": true,
                        "requiresmanagerapproval": otherwise.needs_approval, "nosecurityextension": false,
                        "authenticationenabled": !otherwise.is_for_servers, "effectiveekus": [usage],
                    },
                }),
            ),
        ),
        (
            "enterprisecas",
            object(
                AUTHORITY,
                "CA@LAB.EXAMPLE",
                json!({
                    "HostingComputer": sid(1200), "EnabledCertTemplates": published,
                    "CARegistryData": {"CASecurity": {"Collected": true, "Data": enroll}},
                    "Properties": {"caname": "CA", "certthumbprint": "AA", "certchain": ["AA", root]},
                }),
            ),
        ),
        (
            "rootcas",
            object(
                ROOT,
                "ROOT@LAB.EXAMPLE",
                json!({
                    "DomainSID": DOMAIN, "Properties": {"certthumbprint": "BB", "certchain": ["BB"]},
                }),
            ),
        ),
        (
            "ntauthstores",
            object(
                STORE,
                "NTAUTH@LAB.EXAMPLE",
                json!({
                    "DomainSID": DOMAIN, "Properties": {"certthumbprints": [trusted]},
                }),
            ),
        ),
    ];
    let file = |(kind, record): (&str, Value)| {
        let file = json!({"data": [record], "meta": {"type": kind, "version": 6, "methods": 521_215, "count": 1}});
        place.file(&format!("20260101000000_{kind}.json"), &file.to_string())
    };
    records.into_iter().map(file).collect()
}

/// The steps of an estate by these techniques, told by the ids of their ends.
async fn steps(otherwise: Otherwise, technique: RelationKind) -> BTreeSet<(String, String)> {
    let place = Place::new().await;
    let paths = files(&place, otherwise);
    let report = place.import(&paths).await;
    assert!(
        report.files.iter().all(|it| it.rejects_total == 0),
        "{:?}",
        report.files
    );
    let generation = place.current().await;
    let key = |id: NodeId| generation.key_of(id);
    let mut found = BTreeSet::new();
    let Ok(()) = without_sets(&generation.derived, &Derived::default(), |it| {
        if it.technique == technique {
            found.insert((key(it.source), key(it.target)));
        }
        Ok::<_, Infallible>(())
    });
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_in_anybodys_name_is_to_be_had_and_with_one_thing_otherwise_it_is_not() {
    let esc1 = RelationKind::AdcsEsc1;
    let expected = BTreeSet::from([(sid(513), DOMAIN.to_owned())]);
    assert_eq!(steps(Otherwise::default(), esc1).await, expected);
    let none = Otherwise::default();
    for (what, otherwise) in [
        (
            "no authority publishes the template",
            Otherwise {
                is_unpublished: true,
                ..none
            },
        ),
        (
            "the authority is not trusted for logons",
            Otherwise {
                is_untrusted: true,
                ..none
            },
        ),
        (
            "the authority's root is another",
            Otherwise {
                has_other_root: true,
                ..none
            },
        ),
        (
            "the authority's host is disabled",
            Otherwise {
                is_host_disabled: true,
                ..none
            },
        ),
        (
            "a manager approves",
            Otherwise {
                needs_approval: true,
                ..none
            },
        ),
        (
            "it is for servers",
            Otherwise {
                is_for_servers: true,
                ..none
            },
        ),
    ] {
        assert_eq!(steps(otherwise, esc1).await, BTreeSet::new(), "{what}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_policy_stops_at_a_unit_that_blocks_inheritance_unless_it_is_enforced() {
    let applies = RelationKind::GpoAppliesTo;
    let expected = BTreeSet::from([(POLICY.to_owned(), sid(1100))]);
    assert_eq!(steps(Otherwise::default(), applies).await, expected);
    let blocked = Otherwise {
        blocks_inheritance: true,
        ..Otherwise::default()
    };
    assert_eq!(steps(blocked, applies).await, BTreeSet::new());
    let enforced = Otherwise {
        enforces_link: true,
        ..blocked
    };
    assert_eq!(steps(enforced, applies).await, expected);
}
