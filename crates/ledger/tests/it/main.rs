//! The ledger's claims, on real files. Two `Ledger`s on one file stand for two processes: nothing but the file
//! connects them.

mod accounts;
mod hunting;
mod jobs;

use std::path::PathBuf;
use std::time::Duration;

use jiff::Timestamp;
use postern_ledger::{
    AuditCheck, BUILDER_LEASE, Claimed, Decision, DecisionKind, FileReject, GenerationRecord, Lease, Ledger,
    LedgerError, RowCounts, SnapshotImport, SnapshotRecord, SourceImport, TAKE_MAX, UploadId,
};
use postern_model::batch::{Observed, TimeOrigin};
use postern_model::estate::Identifier;
use postern_model::{Cell, CellCoverage, Coverage, Facet, ObjectClass, Reject};
use rusqlite::Connection;
use serde_json::json;
use tempfile::TempDir;

const HOUR: Duration = Duration::from_secs(3600);
/// A lease or pin of this length has run out by the time anybody looks.
const NO_TIME: Duration = Duration::ZERO;

struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        Self(TempDir::new().unwrap())
    }

    fn file(&self) -> PathBuf {
        self.0.path().join("data").join("ledger.sqlite")
    }

    async fn open(&self) -> Ledger {
        Ledger::open(&self.file()).await.unwrap()
    }

    /// Changes the file behind the ledger's back.
    fn tamper(&self, sql: &str) {
        Connection::open(self.file()).unwrap().execute_batch(sql).unwrap();
    }
}

fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn prefix(id: &str) -> String {
    format!("snapshots/{id}")
}

fn snapshot(id: &str) -> SnapshotImport {
    SnapshotImport {
        record: SnapshotRecord {
            id: id.into(),
            prefix: prefix(id),
            format: "sharphound".into(),
            file: format!("{id}.json"),
            content_digest: format!("digest of {id}"),
            observed: Observed {
                at: time("2026-03-01T08:00:00.123456Z"),
                origin: TimeOrigin::EntryName,
            },
            size_bytes: 4096,
            rows: RowCounts {
                objects: 3,
                relations: 2,
                findings: 0,
                services: 1,
                rejects: 1,
            },
            cells: vec![CellCoverage {
                cell: Cell::new("S-1-5-21-1-2-3", ObjectClass::Users, Facet::Acl),
                coverage: Coverage::Whole {
                    unread: vec!["S-1-5-21-1-2-3-1105".into()],
                },
            }],
            site: Some("berlin".into()),
            is_raw_kept: true,
        },
        rejects: vec![reject("data[7]", "no ObjectIdentifier")],
    }
}

fn reject(position: &str, reason: &str) -> Reject {
    Reject {
        position: position.into(),
        reason: reason.into(),
    }
}

fn source(path: &str, snapshots: &[&str]) -> SourceImport {
    SourceImport {
        name: None,
        path: path.into(),
        imported_at: time("2026-03-02T09:00:00Z"),
        snapshots: snapshots.iter().map(|id| snapshot(id)).collect(),
        unread: Vec::new(),
    }
}

/// An upload that has claimed the snapshots of `source`.
async fn upload_of(ledger: &Ledger, source: &SourceImport) -> UploadId {
    let upload = ledger.begin_upload("import 1").await.unwrap();
    for snapshot in &source.snapshots {
        ledger.claim(upload, &snapshot.record.prefix).await.unwrap();
    }
    upload
}

async fn import(ledger: &Ledger, source: SourceImport) -> postern_ledger::CommitOutcome {
    let upload = upload_of(ledger, &source).await;
    ledger.commit_import(upload, None, &[source]).await.unwrap()
}

async fn builder(ledger: &Ledger, holder: &str) -> Lease {
    ledger
        .acquire_lease(BUILDER_LEASE, holder, HOUR)
        .await
        .unwrap()
        .unwrap()
}

fn generation(number: i64, manifest_version: i64, evaluated_at: &str) -> GenerationRecord {
    GenerationRecord {
        number,
        prefix: format!("generations/{number}"),
        manifest_version,
        evaluated_at: time(evaluated_at),
        built_at: time(evaluated_at),
        engine_version: "0.1.0".into(),
        inputs: json!({ "decision_seq": 0 }),
        digests: json!({ "nodes": "00ff" }),
        counts: json!({ "nodes": 3 }),
    }
}

async fn commit_generation(ledger: &Ledger, lease: &Lease, record: &GenerationRecord) -> Result<(), LedgerError> {
    let upload = ledger.begin_upload("builder").await?;
    ledger.claim(upload, &record.prefix).await?;
    ledger.commit_generation(lease, upload, record).await
}

async fn garbage(ledger: &Ledger) -> Vec<String> {
    ledger
        .garbage()
        .await
        .unwrap()
        .into_iter()
        .map(|it| it.prefix)
        .collect()
}

#[tokio::test]
async fn a_committed_import_reads_back_in_another_process() {
    let folder = Folder::new();
    let (one, other) = (folder.open().await, folder.open().await);
    let outcome = import(&one, source("ad.zip", &["b", "a"])).await;
    assert_eq!((outcome.manifest_version, outcome.source_ids.len()), (1, 1));
    assert_eq!(outcome.new_snapshots, ["a", "b"]);

    let manifest = other.manifest().await.unwrap();
    assert_eq!(manifest.version, 1);
    assert_eq!(manifest.snapshots, [snapshot("a").record, snapshot("b").record]);
    assert_eq!(other.snapshot("a").await.unwrap(), Some(snapshot("a").record));
    assert_eq!(other.snapshot("c").await.unwrap(), None);
}

#[tokio::test]
async fn processes_that_create_one_ledger_at_once_all_get_it() {
    let folder = Folder::new();
    let file = folder.file();
    let opening: Vec<_> = (0..6)
        .map(|_| {
            let file = file.clone();
            tokio::spawn(async move { Ledger::open(&file).await })
        })
        .collect();
    for ledger in opening {
        let ledger = ledger.await.unwrap().unwrap();
        assert_eq!(ledger.manifest_version().await.unwrap(), 0);
    }
}

#[tokio::test]
async fn a_ledger_of_a_newer_version_is_refused_with_both_versions_named() {
    let folder = Folder::new();
    drop(folder.open().await);
    folder.tamper(
        "INSERT INTO refinery_schema_history SELECT 9000, 'later', applied_on, checksum FROM refinery_schema_history
         ORDER BY version LIMIT 1",
    );
    let error = Ledger::open(&folder.file()).await.unwrap_err();
    assert!(matches!(error, LedgerError::NewerSchema { found: 9000, .. }), "{error}");
    assert!(
        error.to_string().contains("has schema 9000, made by a newer version"),
        "{error}"
    );
}

#[tokio::test]
async fn a_file_that_is_no_database_is_refused() {
    let folder = Folder::new();
    std::fs::create_dir_all(folder.file().parent().unwrap()).unwrap();
    std::fs::write(
        folder.file(),
        "not a database at all, but long enough to look like one".repeat(40),
    )
    .unwrap();
    let error = Ledger::open(&folder.file()).await.unwrap_err();
    assert!(matches!(error, LedgerError::Open { .. }), "{error:?}");
}

#[tokio::test]
async fn importing_the_same_path_again_changes_nothing() {
    let folder = Folder::new();
    let ledger = folder.open().await;
    let first = import(&ledger, source("ad.zip", &["a"])).await;
    let before = (ledger.manifest().await.unwrap(), ledger.sources().await.unwrap());

    let later = SourceImport {
        imported_at: time("2026-04-01T00:00:00Z"),
        ..source("ad.zip", &["a"])
    };
    let again = import(&ledger, later).await;
    assert_eq!((again.manifest_version, &again.source_ids), (1, &first.source_ids));
    assert_eq!((again.new_snapshots.len(), again.known_snapshots.len()), (0, 1));
    assert_eq!(
        (ledger.manifest().await.unwrap(), ledger.sources().await.unwrap()),
        before
    );
    assert_eq!(garbage(&ledger).await, [""; 0]);
}

#[tokio::test]
async fn a_path_that_has_changed_keeps_its_source_and_gains_a_snapshot() {
    let folder = Folder::new();
    let ledger = folder.open().await;
    let first = import(&ledger, source("ad.zip", &["a"])).await;
    let later = SourceImport {
        imported_at: time("2026-04-01T00:00:00Z"),
        ..source("ad.zip", &["b"])
    };
    let second = import(&ledger, later).await;
    assert_eq!((second.manifest_version, &second.source_ids), (2, &first.source_ids));

    let [listing] = ledger.sources().await.unwrap().try_into().unwrap();
    assert_eq!(listing.snapshots.len(), 2);
    assert_eq!(listing.source.imported_at, time("2026-03-02T09:00:00Z"));
    assert_eq!(listing.source.last_imported_at, time("2026-04-01T00:00:00Z"));
}

#[tokio::test]
async fn one_path_under_two_names_is_two_sources_and_no_name_is_the_empty_name() {
    let folder = Folder::new();
    let ledger = folder.open().await;
    let named = |name: &str| SourceImport {
        name: Some(name.into()),
        ..source("scan.nessus", &["a"])
    };
    let nameless = import(&ledger, source("scan.nessus", &["a"])).await;
    assert_eq!(import(&ledger, named("")).await.source_ids, nameless.source_ids);
    let berlin = import(&ledger, named("berlin")).await;
    assert_ne!(berlin.source_ids, nameless.source_ids);
    // The inputs of a generation are the same: there is nothing to build.
    assert_eq!((berlin.manifest_version, berlin.known_snapshots.len()), (1, 1));
}

#[tokio::test]
async fn equal_files_in_one_import_are_one_new_snapshot_listed_twice() {
    let folder = Folder::new();
    let ledger = folder.open().await;
    let mut twice = source("folder", &["a", "a"]);
    twice.snapshots[1].record.file = "copy of a.json".into();
    let outcome = import(&ledger, twice).await;
    assert_eq!((outcome.new_snapshots.len(), outcome.known_snapshots.len()), (1, 0));
    let [listing] = ledger.sources().await.unwrap().try_into().unwrap();
    let files: Vec<_> = listing.snapshots.iter().map(|it| it.file.as_str()).collect();
    assert_eq!(files, ["a.json", "copy of a.json"]);
}

#[tokio::test]
async fn rejects_are_kept_for_whole_files_and_for_rows() {
    let folder = Folder::new();
    let ledger = folder.open().await;
    let unread = FileReject {
        file: "readme.txt".into(),
        reject: reject("", "no format is recognised"),
    };
    let with_unread = SourceImport {
        unread: vec![unread.clone()],
        ..source("folder", &["a"])
    };
    let id = import(&ledger, with_unread).await.source_ids[0];
    let row = FileReject {
        file: "a.json".into(),
        reject: reject("data[7]", "no ObjectIdentifier"),
    };
    assert_eq!(ledger.rejects(id).await.unwrap(), [unread, row.clone()]);
    assert_eq!(ledger.sources().await.unwrap()[0].unread_files, 1);

    // The file has left the folder.
    import(&ledger, source("folder", &["a"])).await;
    assert_eq!(ledger.rejects(id).await.unwrap(), [row]);
    let error = ledger.rejects(id + 1).await.unwrap_err();
    assert_eq!(error.to_string(), format!("there is no source {}", id + 1));
}

#[tokio::test]
async fn a_commit_against_an_old_manifest_conflicts_and_can_be_repeated_against_the_new_one() {
    let folder = Folder::new();
    let (one, other) = (folder.open().await, folder.open().await);
    let late = source("late.zip", &["b"]);
    let upload = upload_of(&one, &late).await;
    import(&other, source("early.zip", &["a"])).await;

    let error = one
        .commit_import(upload, Some(0), std::slice::from_ref(&late))
        .await
        .unwrap_err();
    let LedgerError::Conflict { expected: 0, current } = error else {
        panic!("{error}")
    };
    assert_eq!(one.sources().await.unwrap().len(), 1);
    let outcome = one.commit_import(upload, Some(current), &[late]).await.unwrap();
    assert_eq!(outcome.manifest_version, 2);
}

#[tokio::test]
async fn commits_of_two_processes_at_once_are_all_there() {
    let folder = Folder::new();
    let ledgers = [folder.open().await, folder.open().await];
    let work: Vec<_> = (0..20)
        .map(|n| {
            let ledger = ledgers[n % 2].clone();
            tokio::spawn(async move { import(&ledger, source(&format!("{n}.zip"), &[&format!("{n:02}")])).await })
        })
        .collect();
    let mut versions = Vec::new();
    for outcome in work {
        versions.push(outcome.await.unwrap().manifest_version);
    }
    versions.sort_unstable();
    assert_eq!(versions, (1..=20).collect::<Vec<_>>());
    assert_eq!(ledgers[0].manifest().await.unwrap().snapshots.len(), 20);
    assert_eq!(ledgers[1].verify_audit().await.unwrap().first_broken, None);
}

#[tokio::test]
async fn a_snapshot_whose_objects_were_not_claimed_is_not_committed() {
    let folder = Folder::new();
    let ledger = folder.open().await;
    let upload = ledger.begin_upload("import").await.unwrap();
    let error = ledger
        .commit_import(upload, None, &[source("ad.zip", &["a"])])
        .await
        .unwrap_err();
    assert!(matches!(error, LedgerError::Unclaimed { .. }), "{error}");
    assert!(ledger.sources().await.unwrap().is_empty());
}

#[tokio::test]
async fn an_upload_commits_once() {
    let folder = Folder::new();
    let ledger = folder.open().await;
    let files = [source("ad.zip", &["a"])];
    let upload = upload_of(&ledger, &files[0]).await;
    ledger.commit_import(upload, None, &files).await.unwrap();
    let error = ledger.commit_import(upload, None, &files).await.unwrap_err();
    assert!(matches!(error, LedgerError::UploadGone { .. }), "{error}");
}

#[tokio::test]
async fn objects_that_a_commit_does_not_mention_are_garbage() {
    let folder = Folder::new();
    let ledger = folder.open().await;
    let files = source("ad.zip", &["a"]);
    let upload = upload_of(&ledger, &files).await;
    ledger.claim(upload, &prefix("given-up")).await.unwrap();
    ledger.commit_import(upload, None, &[files]).await.unwrap();
    assert_eq!(garbage(&ledger).await, [prefix("given-up")]);
}

#[tokio::test]
async fn objects_of_an_upload_that_died_become_garbage_and_it_cannot_commit_any_more() {
    let folder = Folder::new();
    let (dead, housekeeper) = (folder.open().await, folder.open().await);
    let files = source("ad.zip", &["a"]);
    let upload = upload_of(&dead, &files).await;
    assert!(housekeeper.stale_uploads(HOUR).await.unwrap().is_empty());
    assert!(housekeeper.doom_stale_uploads(HOUR).await.unwrap().is_empty());

    folder.tamper("UPDATE uploads SET heartbeat_at_us = 0");
    assert_eq!(housekeeper.stale_uploads(HOUR).await.unwrap()[0].holder, "import 1");
    assert_eq!(housekeeper.doom_stale_uploads(HOUR).await.unwrap(), [upload]);
    assert_eq!(garbage(&housekeeper).await, [prefix("a")]);
    assert!(matches!(
        dead.heartbeat(upload).await,
        Err(LedgerError::UploadGone { .. })
    ));
    assert!(matches!(
        dead.commit_import(upload, None, &[files]).await,
        Err(LedgerError::UploadGone { .. })
    ));
}

#[tokio::test]
async fn a_heartbeat_keeps_an_upload_alive() {
    let folder = Folder::new();
    let ledger = folder.open().await;
    let upload = ledger.begin_upload("import").await.unwrap();
    folder.tamper("UPDATE uploads SET heartbeat_at_us = 0");
    ledger.heartbeat(upload).await.unwrap();
    assert!(ledger.doom_stale_uploads(HOUR).await.unwrap().is_empty());
}

#[tokio::test]
async fn an_abandoned_upload_dooms_nothing_that_others_have_committed_or_claimed() {
    let folder = Folder::new();
    let ledger = folder.open().await;
    import(&ledger, source("ad.zip", &["committed"])).await;
    let quitter = ledger.begin_upload("quitter").await.unwrap();
    let stayer = ledger.begin_upload("stayer").await.unwrap();
    assert_eq!(
        ledger.claim(quitter, &prefix("committed")).await.unwrap(),
        Claimed::Committed
    );
    for id in ["shared", "own"] {
        assert_eq!(ledger.claim(quitter, &prefix(id)).await.unwrap(), Claimed::Vacant);
    }
    ledger.claim(stayer, &prefix("shared")).await.unwrap();

    ledger.abandon_upload(quitter).await.unwrap();
    assert_eq!(garbage(&ledger).await, [prefix("own")]);
    ledger.abandon_upload(stayer).await.unwrap();
    assert_eq!(garbage(&ledger).await, [prefix("own"), prefix("shared")]);
}

#[tokio::test]
async fn removing_a_source_takes_only_the_snapshots_that_no_other_source_has() {
    let folder = Folder::new();
    let ledger = folder.open().await;
    let one = import(&ledger, source("one.zip", &["own", "shared"])).await.source_ids[0];
    let other = import(&ledger, source("other.zip", &["shared"])).await.source_ids[0];

    let removed = ledger.remove_source(one, "alice").await.unwrap();
    assert_eq!(
        (removed.manifest_version, removed.removed_snapshots),
        (2, vec!["own".to_owned()])
    );
    assert_eq!(ledger.manifest().await.unwrap().snapshots, [snapshot("shared").record]);
    assert_eq!(garbage(&ledger).await, [prefix("own")]);
    assert!(matches!(
        ledger.remove_source(one, "alice").await,
        Err(LedgerError::NoSuchSource { .. })
    ));

    // A source of which another one has everything changes no input.
    import(&ledger, source("third.zip", &["shared"])).await;
    let removed = ledger.remove_source(other, "alice").await.unwrap();
    assert_eq!((removed.manifest_version, removed.removed_snapshots.len()), (2, 0));
}

#[tokio::test]
async fn a_removed_snapshot_that_is_imported_again_is_taken_out_of_the_garbage() {
    let folder = Folder::new();
    let ledger = folder.open().await;
    let id = import(&ledger, source("ad.zip", &["a"])).await.source_ids[0];
    ledger.remove_source(id, "alice").await.unwrap();
    let again = import(&ledger, source("ad.zip", &["a"])).await;
    assert_eq!((again.manifest_version, again.new_snapshots.len()), (3, 1));
    assert_eq!(garbage(&ledger).await, [""; 0]);
}

#[tokio::test]
async fn a_source_removed_during_an_import_of_the_same_file_loses_no_object() {
    let folder = Folder::new();
    let (importer, remover) = (folder.open().await, folder.open().await);
    let id = import(&remover, source("old.zip", &["a"])).await.source_ids[0];
    let files = source("new.zip", &["a"]);
    let upload = importer.begin_upload("importer").await.unwrap();
    // Committed: the importer does not write the objects again.
    assert_eq!(importer.claim(upload, &prefix("a")).await.unwrap(), Claimed::Committed);
    remover.remove_source(id, "alice").await.unwrap();
    assert!(remover.take_doomed(NO_TIME).await.unwrap().is_empty());
    let outcome = importer.commit_import(upload, None, &[files]).await.unwrap();
    assert_eq!(outcome.new_snapshots, ["a"]);
}

#[tokio::test]
async fn garbage_is_given_to_one_process_after_its_grace_and_cannot_be_claimed_meanwhile() {
    let folder = Folder::new();
    let (one, other) = (folder.open().await, folder.open().await);
    let upload = upload_of(&one, &source("ad.zip", &["a"])).await;
    one.abandon_upload(upload).await.unwrap();
    assert!(one.take_doomed(HOUR).await.unwrap().is_empty(), "still in its grace");
    let taken = one.take_doomed(NO_TIME).await.unwrap();
    assert_eq!(taken, [prefix("a")]);
    assert!(
        other.take_doomed(NO_TIME).await.unwrap().is_empty(),
        "taken by another process"
    );

    let upload = other.begin_upload("import").await.unwrap();
    let error = other.claim(upload, &prefix("a")).await.unwrap_err();
    assert_eq!(error.to_string(), "the objects snapshots/a are being deleted");
    one.mark_deleted(&taken).await.unwrap();
    assert_eq!(garbage(&one).await, [""; 0]);
    assert_eq!(other.claim(upload, &prefix("a")).await.unwrap(), Claimed::Vacant);
}

#[tokio::test]
async fn garbage_taken_by_a_process_that_died_is_given_out_again_and_can_be_claimed() {
    let folder = Folder::new();
    let ledger = folder.open().await;
    let upload = upload_of(&ledger, &source("ad.zip", &["a", "b"])).await;
    ledger.abandon_upload(upload).await.unwrap();
    ledger.take_doomed(NO_TIME).await.unwrap();
    folder.tamper("UPDATE garbage SET taken_at_us = 0");

    let upload = ledger.begin_upload("import").await.unwrap();
    assert_eq!(ledger.claim(upload, &prefix("a")).await.unwrap(), Claimed::Vacant);
    assert_eq!(ledger.take_doomed(NO_TIME).await.unwrap(), [prefix("b")]);
}

#[tokio::test]
async fn garbage_is_taken_in_portions() {
    let folder = Folder::new();
    let ledger = folder.open().await;
    let upload = ledger.begin_upload("import").await.unwrap();
    for n in 0..=TAKE_MAX {
        ledger.claim(upload, &format!("snapshots/{n}")).await.unwrap();
    }
    ledger.abandon_upload(upload).await.unwrap();
    assert_eq!(ledger.take_doomed(NO_TIME).await.unwrap().len(), TAKE_MAX as usize);
    assert_eq!(ledger.take_doomed(NO_TIME).await.unwrap().len(), 1);
}

#[tokio::test]
async fn garbage_that_nobody_took_is_not_forgotten() {
    let folder = Folder::new();
    let ledger = folder.open().await;
    let upload = upload_of(&ledger, &source("ad.zip", &["a"])).await;
    ledger.abandon_upload(upload).await.unwrap();
    ledger.mark_deleted(&[prefix("a")]).await.unwrap();
    assert_eq!(garbage(&ledger).await, [prefix("a")]);
}

#[tokio::test]
async fn a_lease_has_one_holder_until_it_is_released() {
    let folder = Folder::new();
    let (one, other) = (folder.open().await, folder.open().await);
    let lease = builder(&one, "one").await;
    assert_eq!(other.acquire_lease(BUILDER_LEASE, "other", HOUR).await.unwrap(), None);
    assert_eq!(one.acquire_lease(BUILDER_LEASE, "one", HOUR).await.unwrap(), None);
    assert_eq!(other.lease_holder(BUILDER_LEASE).await.unwrap().unwrap().holder, "one");
    // Leases of other names have nothing to do with it.
    assert!(
        other
            .acquire_lease("housekeeper", "other", HOUR)
            .await
            .unwrap()
            .is_some()
    );

    let renewed = one.renew_lease(&lease, 2 * HOUR).await.unwrap();
    assert!(renewed.expires > lease.expires);
    assert_eq!(renewed.token, lease.token);
    one.release_lease(renewed).await.unwrap();
    assert_eq!(other.lease_holder(BUILDER_LEASE).await.unwrap(), None);
    assert!(builder(&other, "other").await.token > lease.token);
}

#[tokio::test]
async fn a_lease_that_ran_out_is_taken_over_and_its_old_holder_can_do_nothing_with_it() {
    let folder = Folder::new();
    let (slow, quick) = (folder.open().await, folder.open().await);
    let old = slow
        .acquire_lease(BUILDER_LEASE, "slow", NO_TIME)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(quick.lease_holder(BUILDER_LEASE).await.unwrap(), None);
    let new = builder(&quick, "quick").await;
    assert_eq!(new.token, old.token + 1);

    let record = generation(1, 0, "2026-03-02T10:00:00Z");
    let error = commit_generation(&slow, &old, &record).await.unwrap_err();
    assert!(matches!(error, LedgerError::LeaseLost { .. }), "{error}");
    assert!(matches!(
        slow.renew_lease(&old, HOUR).await,
        Err(LedgerError::LeaseLost { .. })
    ));
    slow.release_lease(old).await.unwrap();
    commit_generation(&quick, &new, &record).await.unwrap();
    assert_eq!(slow.current_generation().await.unwrap(), Some(record));
}

#[tokio::test]
async fn a_lease_of_another_name_commits_no_generation() {
    let folder = Folder::new();
    let ledger = folder.open().await;
    let lease = ledger.acquire_lease("housekeeper", "one", HOUR).await.unwrap().unwrap();
    let record = generation(1, 0, "2026-03-02T10:00:00Z");
    let error = commit_generation(&ledger, &lease, &record).await.unwrap_err();
    assert!(matches!(error, LedgerError::LeaseLost { .. }), "{error}");
    assert_eq!(ledger.current_generation().await.unwrap(), None);
}

#[tokio::test]
async fn generations_are_numbered_without_gaps() {
    let folder = Folder::new();
    let ledger = folder.open().await;
    let lease = builder(&ledger, "one").await;
    let error = commit_generation(&ledger, &lease, &generation(2, 0, "2026-03-02T10:00:00Z"))
        .await
        .unwrap_err();
    assert!(
        matches!(error, LedgerError::GenerationOutOfOrder { number: 2, next: 1 }),
        "{error}"
    );
    for number in 1..=3 {
        commit_generation(&ledger, &lease, &generation(number, 0, "2026-03-02T10:00:00Z"))
            .await
            .unwrap();
    }
    let numbers: Vec<_> = ledger.generations().await.unwrap().iter().map(|it| it.number).collect();
    assert_eq!(numbers, [1, 2, 3]);
    assert!(matches!(
        ledger.generation(4).await,
        Err(LedgerError::NoSuchGeneration { number: 4 })
    ));
}

#[tokio::test]
async fn a_generation_whose_objects_were_not_claimed_is_not_committed() {
    let folder = Folder::new();
    let ledger = folder.open().await;
    let lease = builder(&ledger, "one").await;
    let upload = ledger.begin_upload("builder").await.unwrap();
    let record = generation(1, 0, "2026-03-02T10:00:00Z");
    let error = ledger.commit_generation(&lease, upload, &record).await.unwrap_err();
    assert!(matches!(error, LedgerError::Unclaimed { .. }), "{error}");
    assert_eq!(ledger.current_generation().await.unwrap(), None);
}

#[tokio::test]
async fn as_of_a_time_is_the_generation_evaluated_last_before_it() {
    let folder = Folder::new();
    let ledger = folder.open().await;
    let lease = builder(&ledger, "one").await;
    for (number, evaluated_at) in [
        (1, "2026-03-01T00:00:00Z"),
        (2, "2026-03-03T00:00:00Z"),
        (3, "2026-03-03T00:00:00Z"),
    ] {
        commit_generation(&ledger, &lease, &generation(number, 0, evaluated_at))
            .await
            .unwrap();
    }
    let as_of = async |text| ledger.generation_as_of(time(text)).await.unwrap().map(|it| it.number);
    assert_eq!(as_of("2026-02-28T23:59:59Z").await, None);
    assert_eq!(as_of("2026-03-01T00:00:00Z").await, Some(1));
    assert_eq!(as_of("2026-03-02T12:00:00Z").await, Some(1));
    assert_eq!(as_of("2026-03-09T00:00:00Z").await, Some(3));
}

#[tokio::test]
async fn neither_the_current_generation_nor_a_pinned_one_is_doomed() {
    let folder = Folder::new();
    let (ledger, reader) = (folder.open().await, folder.open().await);
    let lease = builder(&ledger, "one").await;
    for number in 1..=4 {
        commit_generation(&ledger, &lease, &generation(number, 0, "2026-03-02T10:00:00Z"))
            .await
            .unwrap();
    }
    let pin = reader.pin_generation(1, "reader", NO_TIME).await.unwrap();
    let pin = reader.renew_pin(&pin, HOUR).await.unwrap();
    let ran_out = reader.pin_generation(2, "gone", NO_TIME).await.unwrap();

    assert_eq!(ledger.doom_generations(100).await.unwrap(), [2, 3]);
    assert_eq!(garbage(&ledger).await, ["generations/2", "generations/3"]);
    let error = reader.renew_pin(&ran_out, HOUR).await.unwrap_err();
    assert!(matches!(error, LedgerError::PinLost { generation: 2 }), "{error}");
    assert!(matches!(
        reader.pin_generation(3, "late", HOUR).await,
        Err(LedgerError::NoSuchGeneration { number: 3 })
    ));
    reader.unpin(pin).await.unwrap();
    assert_eq!(ledger.doom_generations(100).await.unwrap(), [1]);
    commit_generation(&ledger, &lease, &generation(5, 0, "2026-03-02T10:00:00Z"))
        .await
        .unwrap();
}

#[tokio::test]
async fn waiting_ends_with_the_first_generation_that_has_the_change() {
    let folder = Folder::new();
    let (waiter, ledger) = (folder.open().await, folder.open().await);
    let lease = builder(&ledger, "one").await;
    commit_generation(&ledger, &lease, &generation(1, 1, "2026-03-02T10:00:00Z"))
        .await
        .unwrap();
    let short = Duration::from_millis(30);
    assert_eq!(waiter.wait_for_generation(2, short, Some(short)).await.unwrap(), None);

    let waiting = tokio::spawn(async move { waiter.wait_for_generation(2, NO_TIME, None).await });
    for (number, manifest_version) in [(2, 3), (3, 4)] {
        commit_generation(
            &ledger,
            &lease,
            &generation(number, manifest_version, "2026-03-02T10:00:00Z"),
        )
        .await
        .unwrap();
    }
    assert_eq!(waiting.await.unwrap().unwrap().unwrap().number, 2);
}

#[tokio::test]
async fn the_newest_decision_on_a_subject_counts_and_null_withdraws_it() {
    let folder = Folder::new();
    let ledger = folder.open().await;
    let subject = |value: &str| Identifier {
        kind: "sid".into(),
        value: value.into(),
    };
    let at = time("2026-03-02T10:00:00Z");
    let decide = async |subject, value| {
        let kind = DecisionKind::Criticality;
        ledger.append_decision(kind, subject, value, "alice", at).await.unwrap()
    };
    decide(subject("S-1-5-21-1-2-3-500"), Some(json!("high"))).await;
    decide(subject("S-1-5-21-1-2-3-501"), Some(json!("low"))).await;
    decide(subject("S-1-5-21-1-2-3-500"), Some(json!("very-high"))).await;
    let withdrawn = decide(subject("S-1-5-21-1-2-3-501"), None).await;
    assert_eq!((withdrawn.seq, withdrawn.manifest_version), (4, 4));
    ledger
        .append_decision(
            DecisionKind::Unmerge,
            subject("S-1-5-21-1-2-3-501"),
            Some(json!(true)),
            "bob",
            at,
        )
        .await
        .unwrap();

    let manifest = ledger.manifest().await.unwrap();
    assert_eq!(
        (manifest.version, manifest.decision_seq, manifest.decisions.len()),
        (5, 5, 5)
    );
    assert_eq!(ledger.decisions().await.unwrap(), manifest.decisions);
    let in_force: Vec<_> = Decision::in_force(&manifest.decisions)
        .iter()
        .map(|it| it.seq)
        .collect();
    assert_eq!(in_force, [3, 5]);
}

#[tokio::test]
async fn a_setting_is_an_input_and_the_same_value_again_is_no_change() {
    let folder = Folder::new();
    let ledger = folder.open().await;
    let set = async |value| ledger.set_setting("path-cost-max", value, "alice").await.unwrap();
    assert_eq!(set(Some("20")).await, 1);
    assert_eq!(set(Some("20")).await, 1);
    assert_eq!(set(Some("22")).await, 2);
    let settings = ledger.settings().await.unwrap();
    assert_eq!(settings.get("path-cost-max").map(String::as_str), Some("22"));
    assert_eq!(ledger.manifest().await.unwrap().settings, settings);
    assert_eq!(set(None).await, 3);
    assert!(ledger.settings().await.unwrap().is_empty());
}

#[tokio::test]
async fn every_change_is_audited_and_liveness_is_not() {
    let folder = Folder::new();
    let ledger = folder.open().await;
    let id = import(&ledger, source("ad.zip", &["a"])).await.source_ids[0];
    ledger.set_setting("path-cost-max", Some("20"), "alice").await.unwrap();
    ledger.remove_source(id, "alice").await.unwrap();
    let lease = builder(&ledger, "one").await;
    let lease = ledger.renew_lease(&lease, HOUR).await.unwrap();
    commit_generation(&ledger, &lease, &generation(1, 3, "2026-03-02T10:00:00Z"))
        .await
        .unwrap();
    let pin = ledger.pin_generation(1, "reader", HOUR).await.unwrap();
    ledger.unpin(pin).await.unwrap();

    let mut entries = ledger.audit(100).await.unwrap();
    entries.reverse();
    let verbs: Vec<_> = entries.iter().map(|it| it.verb.as_str()).collect();
    assert_eq!(
        verbs,
        [
            "begin-upload",
            "import",
            "set-setting",
            "remove-source",
            "acquire-lease",
            "begin-upload",
            "commit-generation",
        ]
    );
    assert_eq!(entries[2].actor, "alice");
    assert_eq!(entries[2].detail["value"], "20");
    assert_eq!(ledger.audit(1).await.unwrap(), [entries.pop().unwrap()]);
    assert_eq!(
        ledger.verify_audit().await.unwrap(),
        AuditCheck {
            entries: 7,
            first_broken: None
        }
    );
}

/// A ledger of four audit rows after `sql` was run on it behind its back; the first row found broken.
async fn first_broken_after(sql: &str) -> Option<i64> {
    let folder = Folder::new();
    let ledger = folder.open().await;
    for value in ["1", "2", "3", "4"] {
        ledger.set_setting("path-cost-max", Some(value), "alice").await.unwrap();
    }
    assert_eq!(
        ledger.verify_audit().await.unwrap(),
        AuditCheck {
            entries: 4,
            first_broken: None
        }
    );
    folder.tamper("DROP TRIGGER audit_is_not_changed; DROP TRIGGER audit_is_not_deleted;");
    folder.tamper(sql);
    ledger.verify_audit().await.unwrap().first_broken
}

#[tokio::test]
async fn tampering_with_the_audit_log_is_found_where_it_was_done() {
    assert_eq!(
        first_broken_after("UPDATE audit SET actor = 'bob' WHERE seq = 3").await,
        Some(3)
    );
    assert_eq!(
        first_broken_after("UPDATE audit SET at_us = at_us + 1 WHERE seq = 1").await,
        Some(1)
    );
    assert_eq!(
        first_broken_after("UPDATE audit SET detail = 'no json' WHERE seq = 2").await,
        Some(2)
    );
    assert_eq!(
        first_broken_after("UPDATE audit SET hash = zeroblob(32) WHERE seq = 4").await,
        Some(4)
    );
    assert_eq!(first_broken_after("DELETE FROM audit WHERE seq = 1").await, Some(1));
    assert_eq!(first_broken_after("DELETE FROM audit WHERE seq = 2").await, Some(2));
    assert_eq!(first_broken_after("DELETE FROM audit WHERE seq >= 3").await, Some(3));
    assert_eq!(first_broken_after("DELETE FROM audit").await, Some(1));
    let moved = "UPDATE audit SET actor = 'ali', verb = 'ce' || verb WHERE seq = 2";
    assert_eq!(first_broken_after(moved).await, Some(2));
}

#[tokio::test]
async fn the_audit_log_and_decisions_cannot_be_changed_by_mistake() {
    let folder = Folder::new();
    let ledger = folder.open().await;
    let subject = Identifier {
        kind: "sid".into(),
        value: "S-1-5-21-1-2-3-500".into(),
    };
    let at = time("2026-03-02T10:00:00Z");
    ledger
        .append_decision(DecisionKind::Criticality, subject, None, "alice", at)
        .await
        .unwrap();
    let connection = Connection::open(folder.file()).unwrap();
    for sql in [
        "UPDATE audit SET actor = ''",
        "DELETE FROM audit",
        "UPDATE decisions SET author = ''",
        "DELETE FROM decisions",
    ] {
        let error = connection.execute_batch(sql).unwrap_err();
        assert!(error.to_string().contains("append-only"), "{error}");
    }
}

#[tokio::test]
async fn a_value_that_cannot_be_read_is_an_error_and_no_default() {
    let folder = Folder::new();
    let ledger = folder.open().await;
    import(&ledger, source("ad.zip", &["a"])).await;
    for sql in [
        "UPDATE snapshots SET cells = '[{]'",
        "UPDATE snapshots SET cells = '[]', observed_origin = 'guess'",
        "UPDATE snapshots SET observed_origin = 'record', size_bytes = -1",
    ] {
        folder.tamper(sql);
        let error = ledger.manifest().await.unwrap_err();
        assert!(
            matches!(
                error,
                LedgerError::Corrupt {
                    doing: "reading the manifest",
                    ..
                }
            ),
            "{error:?}"
        );
    }
}

#[tokio::test]
async fn a_verb_that_was_given_up_on_stops_nobody() {
    let folder = Folder::new();
    let ledger = folder.open().await;
    for _ in 0..20 {
        let given_up = tokio::time::timeout(NO_TIME, ledger.set_setting("path-cost-max", Some("20"), "alice")).await;
        drop(given_up);
    }
    assert_eq!(
        ledger.set_setting("path-cost-max", Some("22"), "alice").await.unwrap(),
        ledger.manifest_version().await.unwrap()
    );
}
