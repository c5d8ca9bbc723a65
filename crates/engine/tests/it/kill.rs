//! Processes that die, and disks that are full: what is left is whole.

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use postern_engine::{AsOf, Clock, Engine, Silent, Wait};
use postern_testkit::skip;

use crate::support::options;

/// Moments at which the importing process is killed, spread over the time that it takes.
const MOMENTS: u32 = 50;
/// After every so many kills the interrupted import is repeated, to see that it still can be.
const REPEAT_EVERY: u32 = 10;
/// Names the data folder and the files of the process that is to be killed.
const CHILD: &str = "POSTERN_TEST_CHILD";

/// No test of its own: what the killed process runs.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "run by the tests that kill it"]
async fn child() {
    let Ok(folder) = env::var(CHILD) else { return };
    let folder = PathBuf::from(folder);
    let engine = open(&folder.join("data")).await;
    engine
        .import(&[folder.join("files")], &options(), Arc::new(Silent))
        .await
        .expect("imports");
}

async fn open(data: &Path) -> Engine {
    let clock = Clock::Fixed("2026-11-05T00:00:00Z".parse().expect("a time"));
    Engine::open(data, None, clock).await.expect("opens")
}

fn spawn(folder: &Path) -> Child {
    Command::new(env::current_exe().expect("this test binary"))
        .args(["--exact", "kill::child", "--ignored", "--quiet"])
        .env(CHILD, folder)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("starts this test binary again")
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("makes the folder");
    for entry in fs::read_dir(from).expect("a folder") {
        let entry = entry.expect("an entry");
        let to = to.join(entry.file_name());
        if entry.file_type().expect("a type").is_dir() {
            copy(&entry.path(), &to);
        } else {
            fs::copy(entry.path(), to).expect("copies");
        }
    }
}

/// A data folder with one generation, and files that make another.
struct Stage {
    folder: tempfile::TempDir,
    old: BTreeMap<String, String>,
}

impl Stage {
    async fn set(parent: Option<&Path>) -> Self {
        let folder = match parent {
            Some(parent) => tempfile::tempdir_in(parent),
            None => tempfile::tempdir(),
        }
        .expect("a temporary folder");
        let samples = tempfile::tempdir().expect("a temporary folder");
        postern_sample::organisation::write(samples.path(), 1).expect("writes the organisation");
        let files = folder.path().join("files");
        fs::create_dir(&files).expect("makes the folder");
        let mut first = Vec::new();
        for (at, path) in crate::support::files_in(samples.path()).into_iter().enumerate() {
            if at % 2 == 0 {
                first.push(path);
            } else {
                fs::copy(&path, files.join(path.file_name().expect("a name"))).expect("copies");
            }
        }
        let engine = open(&folder.path().join("data")).await;
        engine
            .import(&first, &options(), Arc::new(Silent))
            .await
            .expect("imports");
        let old = digests(&engine).await;
        Self { folder, old }
    }

    /// The same stage in another folder.
    fn copy(&self) -> tempfile::TempDir {
        let to = tempfile::tempdir().expect("a temporary folder");
        copy(self.folder.path(), to.path());
        to
    }
}

async fn digests(engine: &Engine) -> BTreeMap<String, String> {
    let record = engine.record(AsOf::Current).await.expect("a generation");
    serde_json::from_value(record.digests).expect("digests are texts")
}

/// The current generation can be read, and so can every snapshot that the manifest names.
async fn assert_whole(engine: &Engine, folder: &Path) -> BTreeMap<String, String> {
    engine
        .load(AsOf::Current)
        .await
        .expect("the current generation is whole");
    let lake = postern_lake::Lake::open(&folder.join("data/lake")).expect("opens the lake");
    for snapshot in engine.ledger().manifest().await.expect("a manifest").snapshots {
        assert!(
            lake.has_snapshot(&snapshot.id).expect("looks"),
            "snapshot {} is missing",
            snapshot.file
        );
    }
    let check = engine.ledger().verify_audit().await.expect("an audit log");
    assert_eq!(check.first_broken, None);
    digests(engine).await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_killed_at_any_moment_leaves_the_old_generation_or_the_new_one() {
    let stage = Stage::set(None).await;
    let undisturbed = stage.copy();
    let begun = Instant::now();
    assert!(spawn(undisturbed.path()).wait().expect("waits").success());
    let takes = begun.elapsed();
    let new = assert_whole(&open(&undisturbed.path().join("data")).await, undisturbed.path()).await;
    assert_ne!(new, stage.old);

    let (mut old_left, mut new_left) = (0, 0);
    for moment in 0..MOMENTS {
        let folder = stage.copy();
        let mut child = spawn(folder.path());
        // A little past the end, so that the last moments fall behind the commit.
        let jitter = Duration::from_micros(u64::from(moment.wrapping_mul(2_654_435_761) % 7_919));
        tokio::time::sleep(takes * moment / (MOMENTS - 4) + jitter).await;
        child.kill().expect("kills");
        child.wait().expect("waits");

        let engine = open(&folder.path().join("data")).await;
        let found = assert_whole(&engine, folder.path()).await;
        match &found {
            found if *found == stage.old => old_left += 1,
            found if *found == new => new_left += 1,
            other => panic!("moment {moment}: neither the old generation nor the new one: {other:?}"),
        }
        if moment % REPEAT_EVERY == REPEAT_EVERY / 2 {
            engine
                .import(&[folder.path().join("files")], &options(), Arc::new(Silent))
                .await
                .expect("imports again");
            engine.build(Wait::Yes, Arc::new(Silent)).await.expect("builds");
            assert_eq!(
                assert_whole(&engine, folder.path()).await,
                new,
                "moment {moment}, repeated"
            );
        }
    }
    assert!(
        old_left > 0 && new_left > 0,
        "kills fell on both sides: {old_left} old, {new_left} new"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_fails_the_import_and_leaves_the_last_good_state() {
    let mount = tempfile::tempdir().expect("a temporary folder");
    let mounted = Command::new("mount")
        .args(["-t", "tmpfs", "-o", "size=24m", "tmpfs"])
        .arg(mount.path())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success());
    if !mounted {
        skip("mounting a small file system takes root");
        return;
    }
    let result = {
        let stage = Stage::set(Some(mount.path())).await;
        let engine = open(&stage.folder.path().join("data")).await;
        // All but a few kilobytes of the disk are taken.
        let filler = mount.path().join("filler");
        let mut size = 24 << 20;
        while size > 4096 && fs::write(&filler, vec![0u8; size]).is_err() {
            size -= 64 << 10;
        }
        let failed = engine
            .import(&[stage.folder.path().join("files")], &options(), Arc::new(Silent))
            .await;
        fs::remove_file(&filler).expect("removes the filler");
        let after_failure = assert_whole(&engine, stage.folder.path()).await;
        let repeated = engine
            .import(&[stage.folder.path().join("files")], &options(), Arc::new(Silent))
            .await;
        (failed.is_err(), after_failure == stage.old, repeated.is_ok())
    };
    Command::new("umount")
        .arg("-l")
        .arg(mount.path())
        .status()
        .expect("unmounts");
    assert_eq!(
        result,
        (true, true, true),
        "failed, last good state, and went in once there was room"
    );
}
