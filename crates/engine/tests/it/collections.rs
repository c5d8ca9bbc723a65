//! Public collections, when they are at hand: every edge that another project reads from them, and one
//! estate whatever the order of import.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use postern_attack::Derived;
use postern_engine::{EdgeSelection, write_opengraph};
use postern_model::RelationKind;
use postern_testkit::shared_data;
use serde_json::Value;

use crate::support::{Place, files_in, zip};

type Edge = (String, String, String);

fn edges(graph: &Value) -> BTreeSet<Edge> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let edges = graph["graph"]["edges"].as_array().expect("edges");
    edges
        .iter()
        .map(|it| {
            (
                text(&it["start"]["value"]),
                text(&it["kind"]),
                text(&it["end"]["value"]),
            )
        })
        .collect()
}

fn nodes(graph: &Value) -> BTreeSet<String> {
    let nodes = graph["graph"]["nodes"].as_array().expect("nodes");
    nodes
        .iter()
        .filter_map(|it| it["id"].as_str())
        .map(str::to_owned)
        .collect()
}

async fn export(place: &Place, selection: EdgeSelection) -> Value {
    let generation = place.current().await;
    let reported = place.engine.reported_estate(&generation).await.expect("resolves");
    let mut bytes = Vec::new();
    let refused = match selection {
        EdgeSelection::All => place.engine.refused_steps(&generation),
        EdgeSelection::Reported | EdgeSelection::Derived => Derived::default(),
    };
    write_opengraph(&mut bytes, &generation, &reported, &refused, selection).expect("writes to memory");
    serde_json::from_slice(&bytes).expect("JSON")
}

#[tokio::test(flavor = "multi_thread")]
async fn every_edge_that_another_project_reads_from_its_fixture_is_exported() {
    let Some(fixture) = shared_data("bloodhound-ce/fixtures/Version6JSON") else {
        return;
    };
    let place = Place::new().await;
    place.import(&[fixture.join("raw")]).await;
    let exported = export(&place, EdgeSelection::Reported).await;
    let expected: Value =
        serde_json::from_slice(&fs::read(fixture.join("ingest/ingested.json")).expect("the expected graph"))
            .expect("JSON");
    let missing: Vec<_> = edges(&expected).difference(&edges(&exported)).cloned().collect();
    assert!(
        missing.is_empty(),
        "{} missing: {:#?}",
        missing.len(),
        &missing[..missing.len().min(10)]
    );
    let extra: Vec<_> = edges(&exported).difference(&edges(&expected)).cloned().collect();
    assert!(
        extra.is_empty(),
        "{} extra: {:#?}",
        extra.len(),
        &extra[..extra.len().min(10)]
    );
    assert_eq!(nodes(&exported), nodes(&expected));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_whole_graph_is_that_of_the_other_projects_own_analysis_and_what_it_has_no_kind_for() {
    let Some(fixture) = shared_data("bloodhound-ce/fixtures/Version6JSON") else {
        return;
    };
    let place = Place::new().await;
    place.import(&[fixture.join("raw")]).await;
    let graph = export(&place, EdgeSelection::All).await;
    let analysed: Value =
        serde_json::from_slice(&fs::read(fixture.join("analysis/analyzed.json")).expect("the analysed graph"))
            .expect("JSON");
    let (ours, theirs) = (edges(&graph), edges(&analysed));
    let missing: Vec<_> = theirs.difference(&ours).collect();
    assert!(missing.is_empty(), "{} missing: {missing:#?}", missing.len());

    // Extras, by rule. Kinds that the other project found nothing of are techniques that it does not have, or that it
    // asks more for; each is one of the catalog. It looks for what policies apply to from domains downwards, so it
    // leaves out units that no domain contains.
    let their_kinds: BTreeSet<_> = theirs.iter().map(|edge| edge.1.as_str()).collect();
    let below_domains = below_domains(&analysed, &theirs);
    let catalog = place.engine.catalog();
    let unexplained: Vec<_> = ours
        .difference(&theirs)
        .filter(|(_, kind, target)| {
            let technique = RelationKind::parse(kind).and_then(|kind| catalog.technique(kind));
            let is_of_policies = technique.is_some_and(|it| it.family == "policies");
            match their_kinds.contains(kind.as_str()) {
                true => !is_of_policies || below_domains.contains(target),
                false => technique.is_none(),
            }
        })
        .collect();
    assert!(unexplained.is_empty(), "{} extra: {unexplained:#?}", unexplained.len());
}

/// What lies in domains, at any depth.
fn below_domains(graph: &Value, edges: &BTreeSet<Edge>) -> BTreeSet<String> {
    let is_domain = |node: &&Value| node["kinds"].as_array().is_some_and(|it| it.contains(&"Domain".into()));
    let nodes = graph["graph"]["nodes"].as_array().expect("nodes");
    let domains = nodes.iter().filter(is_domain).filter_map(|it| it["id"].as_str());
    let mut open: Vec<_> = domains.map(str::to_owned).collect();
    let mut found = BTreeSet::new();
    while let Some(place) = open.pop() {
        for (_, _, content) in edges.iter().filter(|edge| edge.1 == "Contains" && edge.0 == place) {
            if found.insert(content.clone()) {
                open.push(content.clone());
            }
        }
    }
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edge_of_an_account_that_cannot_be_used_says_so_and_is_no_step() {
    let Some(fixture) = shared_data("bloodhound-ce/fixtures/Version6JSON") else {
        return;
    };
    let place = Place::new().await;
    place.import(&[fixture.join("raw")]).await;
    let graph = export(&place, EdgeSelection::All).await;
    let steps = edges(&export(&place, EdgeSelection::Derived).await);
    let refused: Vec<_> = graph["graph"]["edges"]
        .as_array()
        .expect("edges")
        .iter()
        .filter(|edge| edge["properties"]["traversable"] == Value::Bool(false))
        .collect();
    assert!(!refused.is_empty(), "the fixture has disabled accounts");
    for edge in refused {
        let reason = edge["properties"]["reason"].as_str().expect("a reason");
        assert!(
            reason.ends_with(" is disabled") || reason.ends_with(" has expired"),
            "{reason}"
        );
        let text = |value: &Value| value.as_str().expect("a text").to_owned();
        let place = (
            text(&edge["start"]["value"]),
            text(&edge["kind"]),
            text(&edge["end"]["value"]),
        );
        assert!(!steps.contains(&place), "{place:?}");
    }
}

/// A fixed shuffle for each number: Fisher-Yates over a multiplicative hash.
fn shuffled<T: Clone>(items: &[T], number: u64) -> Vec<T> {
    let mut items = items.to_vec();
    let mut state = number;
    for at in (1..items.len()).rev() {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        items.swap(at, (state >> 33) as usize % (at + 1));
    }
    items
}

#[tokio::test(flavor = "multi_thread")]
async fn three_domains_give_one_estate_in_archives_or_files_and_in_any_order() {
    let Some(folder) = shared_data("bloodhound-docs/ad_sampledata") else {
        return;
    };
    let files = files_in(&folder);
    let together = Place::new().await;
    together.import(&files).await;
    let expected = together.digests().await;
    assert_ne!(together.current().await.estate.nodes.len(), 0);

    let archives = tempfile::tempdir().expect("a temporary folder");
    let mut by_domain: Vec<PathBuf> = Vec::new();
    for stamp in ["20240305110018", "20240305110427", "20240305111414"] {
        let of: Vec<_> = files
            .iter()
            .filter(|file| file.to_string_lossy().contains(stamp))
            .cloned()
            .collect();
        let path = archives.path().join(format!("{stamp}_BloodHound.zip"));
        zip(&path, &of);
        by_domain.push(path);
    }
    for number in 0..20 {
        let place = Place::new().await;
        if number < 10 {
            // One archive after the other, each with a generation of its own.
            for archive in shuffled(&by_domain, number) {
                place.import(&[archive]).await;
            }
        } else {
            place.import(&shuffled(&files, number)).await;
        }
        assert_eq!(place.digests().await, expected, "shuffle {number}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn files_of_other_formats_are_refused_with_a_reason_and_never_a_panic() {
    let Some(folder) = shared_data("configmanbearpig") else {
        return;
    };
    let place = Place::new().await;
    let report = place.import(&[folder]).await;
    for file in &report.files {
        assert!(
            file.format.is_some() || !file.rejects.is_empty(),
            "{} vanished",
            file.path
        );
    }
}

/// Directory methods without any that asks hosts; methods of a session loop; of a collection of local rights.
const DC_ONLY: u64 = (1 << 0) | (1 << 2) | (1 << 5) | (1 << 6) | (1 << 7) | (1 << 9) | (1 << 13) | (1 << 18);
const SESSION_LOOP: u64 = (1 << 3) | (1 << 4) | (1 << 10) | (1 << 11);
const LOCAL_RIGHTS: u64 = (1 << 1) | (1 << 8) | (1 << 12) | (1 << 14) | (1 << 15) | (1 << 16) | (1 << 17);
const SESSION_FIELDS: [&str; 3] = ["Sessions", "PrivilegedSessions", "RegistrySessions"];

/// What a collector with these methods would have written about the same computers.
fn computers_by(whole: &Value, methods: u64) -> Value {
    let mut part = whole.clone();
    part["meta"]["methods"] = methods.into();
    for computer in part["data"].as_array_mut().expect("records") {
        if methods != SESSION_LOOP {
            for field in SESSION_FIELDS {
                computer[field] = serde_json::json!({"Results": [], "Collected": false, "FailureReason": null});
            }
        }
        if methods != LOCAL_RIGHTS {
            computer["LocalGroups"] = serde_json::json!([]);
            computer["UserRights"] = serde_json::json!([]);
            computer["DCRegistryData"] = Value::Null;
        }
        if methods != DC_ONLY {
            let known = ["name", "domain", "domainsid", "distinguishedname", "samaccountname"];
            let properties = computer["Properties"].as_object().expect("properties").clone();
            let kept = properties.into_iter().filter(|(key, _)| known.contains(&key.as_str()));
            computer["Properties"] = Value::Object(kept.collect());
            for field in [
                "Aces",
                "AllowedToDelegate",
                "AllowedToAct",
                "HasSIDHistory",
                "DumpSMSAPassword",
            ] {
                computer[field] = serde_json::json!([]);
            }
            for field in ["PrimaryGroupSID", "ContainedBy"] {
                computer[field] = Value::Null;
            }
            computer["UnconstrainedDelegation"] = false.into();
        }
    }
    part
}

#[tokio::test(flavor = "multi_thread")]
async fn partial_collections_in_any_order_give_the_estate_of_one_whole_collection() {
    let Some(folder) = shared_data("bloodhound-docs/ad_sampledata") else {
        return;
    };
    let (files, other_domain): (Vec<_>, Vec<_>) = files_in(&folder)
        .into_iter()
        .filter(|file| !file.to_string_lossy().contains("20240305110427"))
        .partition(|file| file.to_string_lossy().contains("20240305110018"));
    let place = Place::new().await;
    place.import(&[files.clone(), other_domain.clone()].concat()).await;
    let expected = place.digests().await;

    let is_computers = |file: &PathBuf| file.to_string_lossy().ends_with("_computers.json");
    let whole: Value = {
        let path = files
            .iter()
            .find(|file| is_computers(file))
            .expect("a file of computers");
        let bytes = fs::read(path).expect("reads");
        serde_json::from_slice(bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(&bytes)).expect("JSON")
    };
    let parts = tempfile::tempdir().expect("a temporary folder");
    let part = |name: &str, methods: u64| {
        let path = parts.path().join(name);
        fs::write(&path, computers_by(&whole, methods).to_string()).expect("writes");
        path
    };
    // Directory first, hosts later, as their names say; imported in any order.
    let mut directory: Vec<_> = files.iter().filter(|file| !is_computers(file)).cloned().collect();
    directory.push(part("20240305110018_computers.json", DC_ONLY));
    let imports = [
        directory,
        vec![part("20240306080000_computers.json", SESSION_LOOP)],
        vec![part("20240307080000_computers.json", LOCAL_RIGHTS)],
        other_domain,
    ];
    for number in 0..4 {
        let place = Place::new().await;
        for import in shuffled(&imports, number) {
            place.import(&import).await;
        }
        let found = place.digests().await;
        let differing: Vec<_> = expected
            .keys()
            .filter(|table| ["coverage", "gaps"].iter().all(|it| it != table) && found[*table] != expected[*table])
            .collect();
        assert!(differing.is_empty(), "order {number}: tables {differing:?} differ");
    }
}
