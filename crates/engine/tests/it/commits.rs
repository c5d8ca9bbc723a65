//! What is committed, and what is not.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use postern_engine::{BuildOutcome, EngineError, Progress, Silent};

use crate::support::{Place, options};

const DOMAIN: &str = "S-1-5-21-11-22-33";

/// A users file of one domain, with every facet collected.
pub fn users(names: &[&str]) -> String {
    let rows: Vec<_> = names
        .iter()
        .enumerate()
        .map(|(at, name)| {
            serde_json::json!({
                "ObjectIdentifier": format!("{DOMAIN}-{}", 1100 + at),
                "PrimaryGroupSID": format!("{DOMAIN}-513"),
                "Properties": {
                    "name": format!("{name}@CORP.LOCAL"), "domain": "CORP.LOCAL", "domainsid": DOMAIN,
                    "distinguishedname": format!("CN={name},CN=USERS,DC=CORP,DC=LOCAL"), "enabled": true,
                },
                "Aces": [], "AllowedToDelegate": [], "HasSIDHistory": [], "SPNTargets": [],
                "IsDeleted": false, "IsACLProtected": false, "ContainedBy": null,
            })
        })
        .collect();
    let meta = serde_json::json!({"methods": 521_215, "type": "users", "count": rows.len(), "version": 6});
    serde_json::json!({"data": rows, "meta": meta}).to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_file_twice_changes_nothing() {
    let place = Place::new().await;
    let file = place.file("20260101000000_users.json", &users(&["ADA", "BOB"]));
    let first = place.import(std::slice::from_ref(&file)).await;
    let second = place.import(&[file]).await;
    assert_eq!(first.build, Some(BuildOutcome::Built(1)));
    assert_eq!(second.build, Some(BuildOutcome::UpToDate(1)));
    assert_eq!(first.manifest_version, second.manifest_version);
    assert!(second.files[0].is_known);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_path_that_does_not_exist_is_told_before_anything_is_read() {
    let place = Place::new().await;
    let paths = [place.file("users.json", &users(&["ADA"])), "/does/not/exist".into()];
    let read = Arc::new(FilesRead::default());
    let imported = place.engine.import(&paths, &options(), read.clone()).await;
    assert!(matches!(imported, Err(EngineError::Path { path, .. }) if path == paths[1]));
    assert_eq!(read.0.load(Ordering::Relaxed), 0);
}

/// How many files were begun.
#[derive(Default)]
struct FilesRead(AtomicUsize);

impl Progress for FilesRead {
    fn file(&self, _: &str, _: u64) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
    fn advance(&self, _: u64) {}
    fn phase(&self, _: &str) {}
    fn waiting(&self, _: &str) {}
    fn done(&self) {}
}

#[tokio::test(flavor = "multi_thread")]
async fn a_truncated_file_is_refused_whole_and_leaves_the_last_good_state() {
    let place = Place::new().await;
    let whole = users(&["ADA", "BOB"]);
    place.import(&[place.file("20260101000000_users.json", &whole)]).await;
    let before = place.digests().await;
    let cut = place.file("20260102000000_users.json", &whole[..whole.len() / 2]);
    let report = place.import(&[cut]).await;
    assert_eq!(report.files[0].format, None);
    assert_eq!(report.files[0].rejects.len(), 1);
    assert_eq!(place.digests().await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_row_is_rejected_with_its_place_and_the_rest_goes_in() {
    let place = Place::new().await;
    let whole = users(&["ADA", "BOB", "CYD"]);
    let bad = whole.replacen(
        &format!("\"ObjectIdentifier\":\"{DOMAIN}-1101\""),
        "\"ObjectIdentifier\":17",
        1,
    );
    assert_ne!(whole, bad);
    let report = place.import(&[place.file("users.json", &bad)]).await;
    assert_eq!(report.files[0].rejects_total, 1, "{:?}", report.files[0].rejects);
    assert!(
        report.files[0].rejects[0].position.contains("data[1]"),
        "{:?}",
        report.files[0].rejects
    );
    let estate = place.current().await.estate;
    assert!(estate.find(&format!("{DOMAIN}-1100")).is_some());
    assert!(estate.find(&format!("{DOMAIN}-1102")).is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_of_no_known_format_is_one_reject() {
    let place = Place::new().await;
    let report = place.import(&[place.file("notes.txt", "buy milk")]).await;
    assert_eq!((report.files.len(), report.files[0].rejects.len()), (1, 1));
    assert_eq!(report.build, None);
    assert_eq!(report.manifest_version, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn removing_a_source_forgets_what_only_it_said() {
    let place = Place::new().await;
    place
        .import(&[place.file("20260101000000_users.json", &users(&["ADA"]))])
        .await;
    place
        .import(&[place.file("20260102000000_users.json", &users(&["ADA", "BOB"]))])
        .await;
    let bob = format!("{DOMAIN}-1101");
    assert!(place.current().await.estate.find(&bob).is_some());
    let newest = place
        .engine
        .sources()
        .await
        .expect("sources")
        .last()
        .expect("a source")
        .source
        .id;
    let before = place.current().await;
    place.engine.remove_source(newest, "ada").await.expect("removes");
    let export = place.engine.reported_estate(&before).await;
    assert!(
        matches!(export, Err(EngineError::SourceRemoved { number: 2, files: 1 })),
        "half of what was reported must not pass for all"
    );
    place
        .engine
        .build(postern_engine::Wait::Yes, Arc::new(Silent))
        .await
        .expect("builds");
    assert!(place.current().await.estate.find(&bob).is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn two_imports_at_once_are_both_in_the_generation_that_they_end_with() {
    let place = Place::new().await;
    let one = place.file("20260101000000_users.json", &users(&["ADA"]));
    let two = place.file("20260101000000_groups.json", &groups());
    let (other, options) = (place.engine.clone(), options());
    let (a, b) = tokio::join!(
        place
            .engine
            .import(std::slice::from_ref(&one), &options, Arc::new(Silent)),
        other.import(std::slice::from_ref(&two), &options, Arc::new(Silent)),
    );
    a.expect("imports");
    b.expect("imports");
    let estate = place.current().await.estate;
    assert!(estate.find(&format!("{DOMAIN}-1100")).is_some());
    assert!(
        estate
            .find(&format!("{DOMAIN}-2000"))
            .is_some_and(|group| !estate.node(group).is_stub)
    );
}

fn groups() -> String {
    let group = serde_json::json!({
        "ObjectIdentifier": format!("{DOMAIN}-2000"),
        "Properties": {
            "name": "STAFF@CORP.LOCAL", "domain": "CORP.LOCAL", "domainsid": DOMAIN,
            "distinguishedname": "CN=STAFF,CN=USERS,DC=CORP,DC=LOCAL",
        },
        "Members": [{"ObjectIdentifier": format!("{DOMAIN}-1100"), "ObjectType": "User"}],
        "Aces": [], "IsDeleted": false, "IsACLProtected": false, "ContainedBy": null,
    });
    let meta = serde_json::json!({"methods": 521_215, "type": "groups", "count": 1, "version": 6});
    serde_json::json!({"data": [group], "meta": meta}).to_string()
}
