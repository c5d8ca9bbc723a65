//! Graphs of other tools beside a directory: from files to assets and attack paths.

use std::path::PathBuf;

use postern_attack::Derived;
use postern_engine::{EdgeSelection, Generation, write_opengraph};
use postern_model::NodeKind;
use postern_testkit::shared_data;
use serde_json::json;

use crate::support::Place;

const DOMAIN: &str = "S-1-5-21-7-8-9";

/// A directory of one administrator, as SharpHound writes it.
fn directory(place: &Place) -> Vec<PathBuf> {
    let id = |rid: u32| format!("{DOMAIN}-{rid}");
    let meta = |kind: &str| json!({"methods": 521_215, "type": kind, "version": 6, "count": 1});
    let name = json!({"name": "CORP.EXAMPLE", "domainsid": DOMAIN});
    let domain = json!({"ObjectIdentifier": DOMAIN, "Properties": name, "Trusts": [], "Links": [], "ChildObjects": []});
    let account = |rid: u32, name: &str| {
        json!({
            "ObjectIdentifier": id(rid), "PrimaryGroupSID": id(513),
            "Properties": {"name": format!("{name}@CORP.EXAMPLE"), "domainsid": DOMAIN, "enabled": true},
        })
    };
    let group = json!({
        "ObjectIdentifier": id(512), "Properties": {"name": "DOMAIN ADMINS@CORP.EXAMPLE", "domainsid": DOMAIN},
        "Members": [{"ObjectIdentifier": id(1100), "ObjectType": "User"}],
    });
    [
        ("domains", vec![domain]),
        ("users", vec![account(1100, "ADA"), account(1101, "BEN")]),
        ("groups", vec![group]),
    ]
    .into_iter()
    .map(|(kind, data)| {
        let file = json!({"data": data, "meta": meta(kind)});
        place.file(&format!("20260101000000_{kind}.json"), &file.to_string())
    })
    .collect()
}

/// Every user may log on to a server, whose service runs as ADA, who is told by name.
fn tool(place: &Place) -> PathBuf {
    let server = format!("{DOMAIN}-1200:1433");
    let nodes = json!([
        {"id": server, "kinds": ["SQL_Server"], "properties": {"name": "db1", "environmentid": DOMAIN}},
        {"id": format!("{DOMAIN}-1100"), "kinds": ["User", "Base"], "properties": {"name": "another name", "rank": 1}},
    ]);
    let edges = json!([
        {"kind": "SQL_Login", "start": {"value": format!("{DOMAIN}-513"), "kind": "Group"}, "end": {"value": server}},
        {"kind": "SQL_RunsAs", "start": {"value": server}, "properties": {"traversable": true},
         "end": {"match_by": "name", "value": "ada@corp.example", "kind": "Base"}},
        {"kind": "SQL_RunsAs", "start": {"value": server}, "end": {"match_by": "name", "value": "nobody"}},
    ]);
    let file = json!({"graph": {"nodes": nodes, "edges": edges}});
    place.file("tool.json", &file.to_string())
}

fn schema(place: &Place, is_traversable: bool) -> PathBuf {
    let kinds = json!([{"name": "SQL_Login", "is_traversable": is_traversable}]);
    let file = json!({"schema": {"name": "SQL"}, "node_kinds": [], "relationship_kinds": kinds});
    place.file(&format!("schema-{is_traversable}.json"), &file.to_string())
}

fn steps(generation: &Generation) -> Vec<String> {
    let estate = &generation.estate;
    let steps = generation.derived.steps.iter();
    let mut kinds: Vec<_> = steps.map(|it| it.technique.as_str().to_owned()).collect();
    assert!(estate.nodes.iter().all(|it| !it.key.starts_with("MATCH=")));
    kinds.retain(|it| it.starts_with("SQL_"));
    kinds.sort();
    kinds
}

#[tokio::test(flavor = "multi_thread")]
async fn a_path_leads_over_a_tool_whatever_is_imported_first() {
    let mut seen = Vec::new();
    for is_tool_first in [true, false] {
        let place = Place::new().await;
        let (directory, tool, schema) = (directory(&place), tool(&place), schema(&place, true));
        let imports = match is_tool_first {
            true => [vec![tool], vec![schema], directory],
            false => [directory, vec![schema], vec![tool]],
        };
        for paths in imports {
            let report = place.import(&paths).await;
            assert!(
                report.files.iter().all(|it| it.rejects_total == 0),
                "{:?}",
                report.files
            );
        }
        let generation = place.current().await;
        assert_eq!(steps(&generation), ["SQL_Login", "SQL_RunsAs"]);
        let ada = generation.estate.find(&format!("{DOMAIN}-1100")).expect("an asset");
        let ada = generation.estate.node(ada);
        assert_eq!((ada.kind, ada.name.as_str()), (NodeKind::User, "ADA@CORP.EXAMPLE"));
        assert!(ada.properties.contains("rank"), "{}", ada.properties);
        let conflicts = &generation.estate.conflicts;
        assert_eq!(conflicts.len(), 1, "{conflicts:?}");
        assert_eq!(
            conflicts[0].reason,
            "no object fits; the relation that has it is left out"
        );
        assert!(!generation.analysis.paths.is_empty(), "from any user to the domain");
        seen.push(place.digests().await);
    }
    assert_eq!(seen[0], seen[1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_newer_schema_takes_a_step_away_and_what_an_edge_says_of_itself_stands() {
    let place = Place::new().await;
    let mut paths = directory(&place);
    paths.extend([tool(&place), schema(&place, true)]);
    place.import(&paths).await;
    place.import(&[schema(&place, false)]).await;
    let generation = place.current().await;
    assert_eq!(steps(&generation), ["SQL_RunsAs"]);
}

/// Collections of three tools, each with its schema if it has one.
#[tokio::test(flavor = "multi_thread")]
async fn collections_of_other_tools_go_in_without_a_reject() {
    for (folder, files) in [
        ("mssqlhound", &["mssql-ps1-db.mayyhem.com.json", "schema.json"][..]),
        (
            "githound",
            &[
                "githound_O_kgDOCoV2OQ.json",
                "githound_saml_O_kgDOCoV2OQ.json",
                "schema.json",
            ],
        ),
        ("configmanbearpig/unprivileged_disable", &[]),
    ] {
        let Some(folder) = shared_data(folder) else {
            continue;
        };
        let paths: Vec<_> = match files {
            [] => vec![folder.clone()],
            files => files.iter().map(|file| folder.join(file)).collect(),
        };
        let place = Place::new().await;
        let report = place.import(&paths).await;
        for file in &report.files {
            assert_eq!((file.rejects_total, file.format.is_some()), (0, true), "{file:?}");
        }
        let estate = place.current().await.estate;
        assert!(estate.relations.len() > 50, "{}", folder.display());
        assert!(estate.nodes.iter().any(|it| matches!(it.kind, NodeKind::Other(_))));
    }
}

/// Kind of each edge of an export.
async fn exported_kinds(place: &Place, selection: EdgeSelection) -> Vec<String> {
    let generation = place.current().await;
    let reported = place.engine.reported_estate(&generation).await.expect("resolves");
    let mut bytes = Vec::new();
    write_opengraph(&mut bytes, &generation, &reported, &Derived::default(), selection).expect("writes to memory");
    let graph: serde_json::Value = serde_json::from_slice(&bytes).expect("JSON");
    let edges = graph["graph"]["edges"].as_array().expect("edges");
    edges
        .iter()
        .map(|it| it["kind"].as_str().expect("a kind").to_owned())
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_follows_from_two_objects_is_exported_as_part_of_all_and_not_as_reported() {
    let nodes = json!([
        {"id": "CA", "kinds": ["EnterpriseCA"], "properties": {"certthumbprint": "AA", "domainsid": DOMAIN}},
        {"id": "STORE", "kinds": ["NTAuthStore"], "properties": {"certthumbprints": ["aa"], "domainsid": DOMAIN}},
        {"id": "TEMPLATE", "kinds": ["CertTemplate"], "properties": {"domainsid": DOMAIN}},
    ]);
    let edges = json!([
        {"kind": "PublishedTo", "start": {"value": "TEMPLATE"}, "end": {"value": "CA"}},
        {"kind": "EnrollOnBehalfOf", "start": {"value": "TEMPLATE"}, "end": {"value": "TEMPLATE"}},
    ]);
    let file = json!({"graph": {"nodes": nodes, "edges": edges}});
    let place = Place::new().await;
    place.import(&[place.file("pki.json", &file.to_string())]).await;

    // A template may be so related to itself, and a file may say so.
    let mut reported = exported_kinds(&place, EdgeSelection::Reported).await;
    reported.sort_unstable();
    assert_eq!(reported, ["EnrollOnBehalfOf", "PublishedTo"]);
    let mut all = exported_kinds(&place, EdgeSelection::All).await;
    all.sort_unstable();
    assert_eq!(all, ["EnrollOnBehalfOf", "PublishedTo", "TrustedForNTAuth"]);
}
