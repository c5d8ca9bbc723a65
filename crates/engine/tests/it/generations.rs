//! Past generations, comparison and the lifecycle of paths.

use std::fs;
use std::sync::Arc;
use std::time::Duration;

use postern_engine::{AsOf, BuildOutcome, Clock, Engine, Silent, Wait, compare};
use postern_ledger::BUILDER_LEASE;
use serde_json::{Value, json};

use crate::support::Place;

const DOMAIN: &str = "S-1-5-21-11-22-33";
/// Every collection method.
const METHODS: u32 = 521_215;

fn principal(rid: u32, name: &str, more: Value) -> Value {
    let mut record = json!({
        "ObjectIdentifier": format!("{DOMAIN}-{rid}"),
        "Properties": {
            "name": format!("{name}@CORP.LOCAL"), "domain": "CORP.LOCAL", "domainsid": DOMAIN,
            "distinguishedname": format!("CN={name},CN=USERS,DC=CORP,DC=LOCAL"), "enabled": true,
        },
        "Aces": [], "IsDeleted": false, "IsACLProtected": true, "ContainedBy": null,
    });
    for (key, value) in more.as_object().expect("fields") {
        record[key] = value.clone();
    }
    record
}

fn collection(kind: &str, records: &[Value]) -> String {
    json!({"data": records, "meta": {"methods": METHODS, "type": kind, "count": records.len(), "version": 6}})
        .to_string()
}

/// A domain whose only administrator anybody may control, or not.
async fn import(place: &Place, stamp: &str, anybody_controls_the_administrator: bool) {
    let aces = match anybody_controls_the_administrator {
        true => json!([{
            "PrincipalSID": format!("{DOMAIN}-513"), "PrincipalType": "Group",
            "RightName": "GenericAll", "IsInherited": false,
        }]),
        false => json!([]),
    };
    let domain = principal(
        0,
        "CORP",
        json!({"ObjectIdentifier": DOMAIN, "Trusts": [], "Links": [], "ChildObjects": []}),
    );
    let admins = principal(
        512,
        "DOMAIN ADMINS",
        json!({"Members": [{"ObjectIdentifier": format!("{DOMAIN}-1100"), "ObjectType": "User"}]}),
    );
    let everybody = principal(513, "DOMAIN USERS", json!({"Members": []}));
    let ada = principal(
        1100,
        "ADA",
        json!({"Aces": aces, "PrimaryGroupSID": format!("{DOMAIN}-513")}),
    );
    let files = [
        ("domains", collection("domains", &[domain])),
        ("groups", collection("groups", &[admins, everybody])),
        ("users", collection("users", &[ada])),
    ]
    .map(|(kind, content)| place.file(&format!("{stamp}_{kind}.json"), &content));
    let report = place.import(&files).await;
    assert!(
        report.files.iter().all(|file| file.rejects.is_empty()),
        "{:?}",
        report.files
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_past_generation_answers_as_it_did_and_the_comparison_names_what_changed() {
    let place = Place::new().await;
    import(&place, "20260101000000", true).await;
    import(&place, "20260102000000", false).await;

    let older = place.engine.load(AsOf::Number(1)).await.expect("the first generation");
    let newer = place.current().await;
    assert_eq!((older.analysis.paths.len(), newer.analysis.paths.len()), (1, 0));
    let path = older.analysis.paths[0].id;
    assert_eq!(older.status[&path.0], "new");

    let comparison = compare(&older, &newer);
    assert_eq!(comparison.paths.removed, [path]);
    assert_eq!(comparison.steps.removed.len(), 1, "the right that was taken away");
    assert!(comparison.paths.added.is_empty() && comparison.steps.added.is_empty());
    assert!(comparison.assets.added.is_empty() && comparison.assets.removed.is_empty());
    assert_eq!(
        newer.status[&path.0], "resolved",
        "the right was looked at again, and is gone"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_path_that_returns_is_reopened_and_one_that_stays_is_active() {
    let place = Place::new().await;
    import(&place, "20260101000000", true).await;
    import(&place, "20260102000000", false).await;
    import(&place, "20260103000000", true).await;
    let status = |generation: &postern_engine::Generation| {
        let path = generation.analysis.paths[0].id;
        generation.status[&path.0].clone()
    };
    assert_eq!(status(&place.current().await), "reopened");
    import(&place, "20260104000000", true).await;
    assert_eq!(status(&place.current().await), "active");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_path_whose_source_was_removed_is_unconfirmed() {
    let place = Place::new().await;
    import(&place, "20260101000000", true).await;
    let path = place.current().await.analysis.paths[0].id;
    for source in place.engine.sources().await.expect("sources") {
        if source.source.path.contains("users") {
            place
                .engine
                .remove_source(source.source.id, "ada")
                .await
                .expect("removes");
        }
    }
    place
        .engine
        .build(postern_engine::Wait::Yes, std::sync::Arc::new(postern_engine::Silent))
        .await
        .expect("builds");
    assert_eq!(
        place.current().await.status[&path.0],
        "unconfirmed",
        "nobody has looked at it again"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_path_that_a_setting_takes_away_is_unconfirmed() {
    let place = Place::new().await;
    import(&place, "20260101000000", true).await;
    let path = place.current().await.analysis.paths[0].id;
    place
        .engine
        .set_setting("user-entries", Some("false"), "ada")
        .await
        .expect("sets");
    place
        .engine
        .build(postern_engine::Wait::Yes, std::sync::Arc::new(postern_engine::Silent))
        .await
        .expect("builds");
    let generation = place.current().await;
    assert_eq!(generation.analysis.paths.len(), 0);
    assert_eq!(generation.status[&path.0], "unconfirmed", "the right is still there");
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_waits_gets_no_generation_of_another_catalog() {
    let place = Place::new().await;
    import(&place, "20260101000000", true).await;
    let catalog = place.folder.path().join("catalog");
    fs::create_dir(&catalog).expect("makes the folder");
    let settings = "settings:\n  - id: path-cost-max\n    default: 25\n";
    fs::write(catalog.join("settings.yaml"), settings).expect("writes the overlay");
    let data = place.engine.root();
    let other = Engine::open(data, Some(&catalog), Clock::System).await.expect("opens");
    let lease = place
        .engine
        .ledger()
        .acquire_lease(BUILDER_LEASE, "somebody", Duration::from_secs(2))
        .await;
    assert!(lease.expect("asks").is_some());
    let built = other.build(Wait::Yes, Arc::new(Silent)).await.expect("builds");
    assert_eq!(built, BuildOutcome::Built(2));
}

#[test]
fn as_of_takes_a_generation_a_time_or_a_date() {
    assert_eq!(AsOf::parse("7"), Ok(AsOf::Number(7)));
    let time = "2026-01-21T08:00:00Z".parse().expect("a time");
    assert_eq!(AsOf::parse("2026-01-21T08:00:00Z"), Ok(AsOf::Time(time)));
    assert!(matches!(AsOf::parse("2026-01-21"), Ok(AsOf::Time(end)) if end > time));
    assert!(AsOf::parse("yesterday").is_err());
}
