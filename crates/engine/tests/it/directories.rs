//! Directories as odd collectors and odd people leave them: old formats, circles, files that are none.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::time::Duration;

use postern_engine::Generation;
use postern_model::{NodeId, NodeKind, RelationKind};
use postern_testkit::shared_data;
use serde_json::{Value, json};

use crate::support::{Place, files_in};

const DOMAIN: &str = "S-1-5-21-7-8-9";

/// Builds of a few dozen assets that take longer do not end.
const PATIENCE: Duration = Duration::from_secs(60);

fn sid(rid: u32) -> String {
    format!("{DOMAIN}-{rid}")
}

/// A file of format 3.
fn format_3(place: &Place, kind: &str, records: &[Value]) -> PathBuf {
    let mut file = json!({"meta": {"type": kind, "version": 3, "count": records.len()}});
    file[kind] = records.into();
    place.file(&format!("20210101000000_{kind}.json"), &file.to_string())
}

fn format_6(place: &Place, kind: &str, records: &[Value]) -> PathBuf {
    let file = json!({"data": records, "meta": {"type": kind, "version": 6, "methods": 521_215}});
    place.file(&format!("20260101000000_{kind}.json"), &file.to_string())
}

fn has_step(generation: &Generation, source: &str, technique: RelationKind, target: &str) -> bool {
    let ends = (NodeId::of(source), NodeId::of(target));
    let mut steps = generation.derived.steps.iter();
    steps.any(|it| (it.source, it.target) == ends && it.technique == technique)
}

/// Techniques of all attack paths, each with how many steps of paths are of it.
fn techniques(generation: &Generation) -> BTreeMap<RelationKind, usize> {
    let mut found = BTreeMap::new();
    let steps = generation.analysis.paths.iter().flat_map(|path| &path.route);
    for &step in steps {
        let step = generation.derived.step(step).expect("a step");
        *found.entry(step.technique).or_default() += 1;
    }
    found
}

/// KIT can be roasted, and may log on to a server as its administrator, by a local group or by a policy; a domain
/// administrator has a session there.
fn old_domain(place: &Place) -> Vec<PathBuf> {
    let properties = |name: &str| json!({"name": name, "domain": "OLD.EXAMPLE", "enabled": true});
    let member = |rid: u32, kind: &str| json!({"MemberId": sid(rid), "MemberType": kind});
    let server = |rid: u32, name: &str, admins: Value| {
        json!({
            "ObjectIdentifier": sid(rid), "Properties": properties(name), "PrimaryGroupSid": sid(515),
            "LocalAdmins": admins, "RemoteDesktopUsers": [], "DcomUsers": [], "PSRemoteUsers": [], "Aces": [],
            "Sessions": [{"UserId": sid(500), "ComputerId": sid(rid)}], "AllowedToDelegate": [], "AllowedToAct": [],
        })
    };
    let mut kit = json!({
        "ObjectIdentifier": sid(1100), "Properties": properties("KIT@OLD.EXAMPLE"), "PrimaryGroupSid": sid(513),
        "Aces": [], "AllowedToDelegate": [], "SPNTargets": [], "HasSIDHistory": null,
    });
    kit["Properties"]["hasspn"] = true.into();
    let mut admin = kit.clone();
    admin["ObjectIdentifier"] = sid(500).into();
    admin["Properties"] = properties("ADMINISTRATOR@OLD.EXAMPLE");
    let group = |id: &str, name: &str, members: Value| {
        let properties = properties(name);
        json!({"ObjectIdentifier": id, "Properties": properties, "Members": members, "Aces": []})
    };
    let unit = json!({
        "ObjectIdentifier": "0C0FFEE0-0000-4000-8000-000000000001", "Properties": properties("SERVERS@OLD.EXAMPLE"),
        "Users": [], "Computers": [sid(1202)], "ChildOus": [], "Links": [], "ACLProtected": false, "Aces": [],
        "LocalAdmins": [member(1100, "User")], "RemoteDesktopUsers": [], "DcomUsers": [], "PSRemoteUsers": [],
    });
    vec![
        format_3(place, "users", &[kit, admin]),
        format_3(
            place,
            "groups",
            &[
                group(&sid(512), "DOMAIN ADMINS@OLD.EXAMPLE", json!([member(500, "User")])),
                group(&sid(1300), "SUPPORT@OLD.EXAMPLE", json!([member(1100, "User")])),
                group(
                    "OLD.EXAMPLE-S-1-5-32-544",
                    "ADMINISTRATORS@OLD.EXAMPLE",
                    json!([member(512, "Group")]),
                ),
            ],
        ),
        format_3(
            place,
            "computers",
            &[
                server(1201, "FILES.OLD.EXAMPLE", json!([member(1300, "Group")])),
                server(1202, "PRINT.OLD.EXAMPLE", json!([])),
            ],
        ),
        format_3(place, "ous", &[unit]),
        format_3(
            place,
            "domains",
            &[json!({
                "ObjectIdentifier": DOMAIN, "Properties": {"name": "OLD.EXAMPLE", "domain": "OLD.EXAMPLE"},
                "Users": [], "Computers": [], "ChildOus": [], "Trusts": [], "Links": [], "Aces": [],
            })],
        ),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_of_local_administrators_in_format_3_lead_to_the_same_paths_as_local_groups() {
    let place = Place::new().await;
    let report = place.import(&old_domain(&place)).await;
    let rejects: Vec<_> = report.files.iter().flat_map(|file| &file.rejects).collect();
    assert!(rejects.is_empty(), "{rejects:?}");
    let generation = place.current().await;
    assert!(has_step(&generation, &sid(1300), RelationKind::AdminTo, &sid(1201)));
    assert!(has_step(&generation, &sid(1100), RelationKind::AdminTo, &sid(1202)));
    let boundaries: Vec<_> = generation.estate.coverage.iter().map(|it| &*it.boundary).collect();
    assert_eq!(boundaries, [DOMAIN], "the name of the domain is no second domain");
    let found = techniques(&generation);
    assert!(found.contains_key(&RelationKind::AdminTo) && found.contains_key(&RelationKind::HasSession));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_later_collection_of_another_format_replaces_what_the_old_one_said() {
    let place = Place::new().await;
    place.import(&old_domain(&place)).await;
    let unit = json!({
        "ObjectIdentifier": "0C0FFEE0-0000-4000-8000-000000000001", "Links": [], "ChildObjects": [], "Aces": [],
        "Properties": {"name": "SERVERS@OLD.EXAMPLE", "domain": "OLD.EXAMPLE", "domainsid": DOMAIN},
    });
    place.import(&[format_6(&place, "ous", &[unit])]).await;
    let generation = place.current().await;
    assert!(!has_step(&generation, &sid(1100), RelationKind::AdminTo, &sid(1202)));
    assert!(has_step(&generation, &sid(1300), RelationKind::AdminTo, &sid(1201)));
}

#[tokio::test(flavor = "multi_thread")]
async fn containers_groups_and_trusts_in_circles_come_to_an_end() {
    let place = Place::new().await;
    let unit = |id: &str, inside: &str, child: &str| {
        json!({
            "ObjectIdentifier": id, "Properties": {"name": id, "domainsid": DOMAIN}, "IsACLProtected": false,
            "ContainedBy": {"ObjectIdentifier": inside, "ObjectType": "OU"},
            "ChildObjects": [{"ObjectIdentifier": child, "ObjectType": "OU"},
                {"ObjectIdentifier": id, "ObjectType": "OU"}, {"ObjectIdentifier": sid(1100), "ObjectType": "User"}],
            "Links": [{"GUID": "POLICY", "IsEnforced": true}],
            "Aces": [{"PrincipalSID": sid(1400), "PrincipalType": "Group", "RightName": "GenericAll"}],
        })
    };
    let group = |rid: u32, members: &[u32]| {
        let members: Vec<_> = members
            .iter()
            .map(|&it| json!({"ObjectIdentifier": sid(it), "ObjectType": if it == 1100 { "User" } else { "Group" }}))
            .collect();
        let name = format!("G{rid}");
        json!({"ObjectIdentifier": sid(rid), "Properties": {"name": name, "domainsid": DOMAIN}, "Members": members})
    };
    let user = |rid: u32, hasspn: bool| {
        json!({
            "ObjectIdentifier": sid(rid), "PrimaryGroupSID": sid(513),
            "Aces": [{"PrincipalSID": sid(1101), "PrincipalType": "User", "RightName": "ForceChangePassword"}],
            "Properties": {"name": format!("U{rid}"), "domainsid": DOMAIN, "enabled": true, "hasspn": hasspn},
            "ContainedBy": {"ObjectIdentifier": "A", "ObjectType": "OU"},
        })
    };
    let domain = |own: &str, other: &str| {
        json!({
            "ObjectIdentifier": own, "Properties": {"name": own, "domainsid": own},
            "ChildObjects": [{"ObjectIdentifier": own, "ObjectType": "Domain"}],
            "Trusts": [{"TargetDomainSid": other, "TrustDirection": 3, "TrustType": 0, "IsTransitive": true},
                {"TargetDomainSid": own, "TrustDirection": 3, "TrustType": 2, "IsTransitive": true}],
        })
    };
    let files = [
        format_6(
            &place,
            "ous",
            &[
                unit("A", "C", "B"),
                unit("B", "A", "C"),
                unit("C", "B", "A"),
                unit("D", "D", "D"),
            ],
        ),
        format_6(
            &place,
            "groups",
            &[
                group(512, &[1401, 512, 500]),
                group(1400, &[1401, 1100]),
                group(1401, &[1402, 1401]),
                group(1402, &[1400]),
            ],
        ),
        format_6(
            &place,
            "users",
            &[user(1100, false), user(1101, true), user(500, false)],
        ),
        format_6(
            &place,
            "domains",
            &[domain(DOMAIN, "S-1-5-21-1-1-1"), domain("S-1-5-21-1-1-1", DOMAIN)],
        ),
    ];
    let report = tokio::time::timeout(PATIENCE, place.import(&files)).await;
    let report = report.expect("an import and a build that end");
    assert!(report.files.iter().all(|file| file.rejects.is_empty()));
    let generation = place.current().await;
    // The other is a domain administrator by way of three groups that are members of each other. Who may reset that
    // password has the name of a service: one path begins there, and one at any user of either domain, who guesses
    // first; the domains trust each other.
    let found = techniques(&generation);
    assert_eq!(found.get(&RelationKind::ForceChangePassword), Some(&3), "{found:?}");
    assert_eq!(found.get(&RelationKind::Kerberoast), Some(&2), "{found:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_public_collection_of_format_3_is_read_whole_and_leads_to_attack_paths() {
    let Some(folder) = shared_data("goodhound") else { return };
    let place = Place::new().await;
    let report = place.import(std::slice::from_ref(&folder)).await;
    for file in &report.files {
        let is_collection = file.path.ends_with(".json");
        assert_eq!(file.format.is_some(), is_collection, "{}", file.path);
        assert_eq!(
            file.rejects_total,
            u64::from(!is_collection),
            "{}: {:?}",
            file.path,
            file.rejects
        );
    }
    let generation = place.current().await;
    for path in files_in(&folder) {
        let bytes = std::fs::read(&path).expect("reads");
        let Ok(file) = serde_json::from_slice::<Value>(bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(&bytes)) else {
            continue;
        };
        let list = file["meta"]["type"].as_str().expect("a type");
        let records = file[list].as_array().expect("records");
        assert_eq!(file["meta"]["count"], records.len(), "{}", path.display());
        let ids: BTreeSet<_> = records.iter().map(|it| it["ObjectIdentifier"].as_str()).collect();
        let kind = match list {
            "users" => NodeKind::User,
            "computers" => NodeKind::Computer,
            "groups" => NodeKind::Group,
            "ous" => NodeKind::Ou,
            "gpos" => NodeKind::Gpo,
            _ => NodeKind::Domain,
        };
        let nodes = generation
            .estate
            .nodes
            .iter()
            .filter(|it| it.kind == kind && !it.is_stub);
        assert_eq!(ids.len(), nodes.count(), "{}", path.display());
    }
    assert_eq!(generation.estate.coverage.len(), 1, "one domain");
    let found = techniques(&generation);
    assert!(found.contains_key(&RelationKind::GenericAll) && found.contains_key(&RelationKind::MemberOf));
    let steps = |technique| {
        generation
            .derived
            .steps
            .iter()
            .filter(|it| it.technique == technique)
            .count()
    };
    assert!(steps(RelationKind::AdminTo) > 0 && steps(RelationKind::DcSync) > 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn files_beside_the_public_fixtures_are_refused_with_one_sentence_each() {
    let Some(folder) = shared_data("bloodhound-ce") else {
        return;
    };
    let place = Place::new().await;
    let mut beside = files_in(&folder);
    beside.extend(files_in(&folder.join("harnesses")));
    let report = place.import(&beside).await;
    assert_eq!(report.files.len(), beside.len());
    for file in &report.files {
        assert!(file.format.is_none(), "{}", file.path);
        let reasons: Vec<_> = file.rejects.iter().map(|it| &it.reason).collect();
        assert!(
            matches!(reasons[..], [reason] if reason.contains("is not a known format")),
            "{reasons:?}"
        );
    }
    let report = place.import(&files_in(&folder.join("fixtures"))).await;
    for file in &report.files {
        assert_eq!(
            (file.format.map(|it| it.id), file.rejects_total),
            (Some("sharphound"), 0),
            "{}",
            file.path
        );
    }
}
