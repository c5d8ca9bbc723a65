//! The lake as its users see it: what goes in comes out, and nothing half-written is ever seen.

use std::error::Error;
use std::fs::{self, File};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::slice::from_ref;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use futures::StreamExt;
use futures::executor::block_on;
use futures::stream::BoxStream;
use object_store::memory::InMemory;
use object_store::path::Path as Key;
use object_store::{
    CopyOptions, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore, ObjectStoreExt,
    PutMultipartOptions, PutOptions, PutPayload, PutResult,
};
use postern_lake::{DiskUsage, Lake, LakeError, Result, TableSize};
use postern_model::Table;
use postern_model::schema::{ALL, COVERED, ColumnType, NODES, OBJECTS, Phase, RELATIONS, SERVICES, Schema};
use postern_model::table::Value;
use proptest::prelude::*;
use serde_json::json;
use tempfile::TempDir;

fn lake() -> (TempDir, Lake) {
    let folder = tempfile::tempdir().unwrap();
    let lake = Lake::open(folder.path()).unwrap();
    (folder, lake)
}

/// A lake in a folder, and one on a store that knows neither files nor folders.
fn lakes() -> [(TempDir, Lake); 2] {
    let folder = tempfile::tempdir().unwrap();
    let on_objects = Lake::on(Arc::new(InMemory::new()), folder.path()).unwrap();
    [lake(), (folder, on_objects)]
}

/// A store across a network that breaks: no change gets through after the first so many.
#[derive(Debug)]
struct Breaking {
    inner: Arc<InMemory>,
    changes_left: Arc<AtomicUsize>,
}

impl Breaking {
    fn lake(inner: &Arc<InMemory>, changes: usize, tmp: &TempDir) -> Lake {
        let store = Self {
            inner: inner.clone(),
            changes_left: Arc::new(AtomicUsize::new(changes)),
        };
        Lake::on(Arc::new(store), tmp.path()).unwrap()
    }
}

const NETWORK_IS_DOWN: &str = "Generic breaking error: the network is down";

fn change(left: &AtomicUsize) -> object_store::Result<()> {
    let taken = left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1));
    taken.map(drop).map_err(|_| object_store::Error::Generic {
        store: "breaking",
        source: "the network is down".into(),
    })
}

impl std::fmt::Display for Breaking {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("breaking")
    }
}

#[async_trait]
impl ObjectStore for Breaking {
    async fn put_opts(
        &self,
        location: &Key,
        payload: PutPayload,
        options: PutOptions,
    ) -> object_store::Result<PutResult> {
        change(&self.changes_left)?;
        self.inner.put_opts(location, payload, options).await
    }

    async fn put_multipart_opts(
        &self,
        location: &Key,
        options: PutMultipartOptions,
    ) -> object_store::Result<Box<dyn MultipartUpload>> {
        change(&self.changes_left)?;
        self.inner.put_multipart_opts(location, options).await
    }

    async fn get_opts(&self, location: &Key, options: GetOptions) -> object_store::Result<GetResult> {
        self.inner.get_opts(location, options).await
    }

    fn delete_stream(
        &self,
        locations: BoxStream<'static, object_store::Result<Key>>,
    ) -> BoxStream<'static, object_store::Result<Key>> {
        let (inner, left) = (self.inner.clone(), self.changes_left.clone());
        let delete = move |location| {
            let (inner, left) = (inner.clone(), left.clone());
            async move {
                let location = location?;
                change(&left)?;
                inner.delete(&location).await?;
                Ok(location)
            }
        };
        locations.then(delete).boxed()
    }

    fn list(&self, prefix: Option<&Key>) -> BoxStream<'static, object_store::Result<ObjectMeta>> {
        self.inner.list(prefix)
    }

    async fn list_with_delimiter(&self, prefix: Option<&Key>) -> object_store::Result<ListResult> {
        self.inner.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Key, to: &Key, options: CopyOptions) -> object_store::Result<()> {
        change(&self.changes_left)?;
        self.inner.copy_opts(from, to, options).await
    }
}

/// A table whose row `n` holds values made of `n`, every seventh of them null.
fn table(schema: &'static Schema, rows: usize) -> Table {
    let mut table = Table::new(schema);
    for row in 0..rows {
        let texts: Vec<_> = schema
            .columns
            .iter()
            .map(|column| format!("{} {row}", column.name))
            .collect();
        let values: Vec<_> = schema
            .columns
            .iter()
            .zip(&texts)
            .map(|(column, text)| match column.kind {
                ColumnType::Id => Value::Id(row as u128),
                _ if row % 7 == 0 => Value::Null,
                ColumnType::Text | ColumnType::Json => Value::Text(text),
                ColumnType::Long | ColumnType::Time => Value::Long(row as i64),
                ColumnType::Bool => Value::Bool(row % 2 == 0),
            })
            .collect();
        table.push(&values);
    }
    table
}

fn read_snapshot(lake: &Lake, id: &str, schema: &'static Schema) -> Result<Vec<Table>> {
    let mut chunks = Vec::new();
    lake.read_snapshot_table(id, schema, |chunk| -> Result<()> {
        chunks.push(chunk);
        Ok(())
    })?;
    Ok(chunks)
}

fn rows(chunks: &[Table]) -> impl Iterator<Item = Vec<Value<'_>>> {
    let row_of = |table, row| -> Vec<Value<'_>> {
        let table: &Table = table;
        (0..table.columns.len())
            .map(|column| table.value(row, column))
            .collect()
    };
    chunks
        .iter()
        .flat_map(move |table| (0..table.rows()).map(move |row| row_of(table, row)))
}

fn assert_same_rows(read: &[Table], written: &[Table]) {
    assert!(rows(read).eq(rows(written)), "{read:?} is not {written:?}");
}

/// Every file below a folder, relative to it, sorted.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                found.push(path.strip_prefix(folder).unwrap().to_path_buf());
            }
        }
    }
    found.sort();
    found
}

fn write_snapshot(lake: &Lake, id: &str, chunks: &[Table]) {
    let mut writer = lake.snapshot_writer(id).unwrap();
    for chunk in chunks {
        writer.write(chunk).unwrap();
    }
    writer.finish().unwrap();
}

fn write_generation(lake: &Lake, number: u64, table: &Table) {
    let mut writer = lake.generation_writer(number).unwrap();
    writer.write_table(table.schema, [table.clone()]).unwrap();
    writer.write_json("manifest", &json!({"number": number})).unwrap();
    writer.finish().unwrap();
}

/// One value of each type: a column takes the one that fits.
type AnyValue = (String, Option<i64>, Option<bool>, u128);

fn value_of(kind: ColumnType, (text, long, flag, id): &AnyValue) -> Value<'_> {
    match kind {
        ColumnType::Text | ColumnType::Json => Value::Text(text),
        ColumnType::Long | ColumnType::Time => long.map_or(Value::Null, Value::Long),
        ColumnType::Bool => flag.map_or(Value::Null, Value::Bool),
        ColumnType::Id => Value::Id(*id),
    }
}

fn any_table(schema: &'static Schema) -> impl Strategy<Value = Table> {
    let text = || prop_oneof![Just(String::new()), Just("same".to_owned()), any::<String>()];
    let long = || {
        prop_oneof![
            Just(None),
            Just(Some(i64::MIN)),
            Just(Some(i64::MAX)),
            any::<Option<i64>>()
        ]
    };
    let cell = (text(), long(), any::<Option<bool>>(), any::<u128>());
    let row = proptest::collection::vec(cell, schema.columns.len());
    proptest::collection::vec(row, 0..20).prop_map(move |rows| {
        let mut table = Table::new(schema);
        for row in &rows {
            let kinds = schema.columns.iter().map(|column| column.kind);
            let values: Vec<_> = kinds.zip(row).map(|(kind, cell)| value_of(kind, cell)).collect();
            table.push(&values);
        }
        table
    })
}

fn any_tables() -> impl Strategy<Value = Vec<Table>> {
    (0..ALL.len()).prop_flat_map(|at| proptest::collection::vec(any_table(ALL[at]), 1..4))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_rows_of_any_table_come_back_as_they_went_in(tables in any_tables()) {
        for (_folder, lake) in lakes() {
            let schema = tables[0].schema;
            if schema.phase == Phase::Import {
                write_snapshot(&lake, "any", &tables);
                assert_same_rows(&read_snapshot(&lake, "any", schema).unwrap(), &tables);
            } else {
                write_generation(&lake, 1, &tables[0]);
                let read = lake.read_generation_table(1, schema).unwrap();
                prop_assert_eq!(read.digest(), tables[0].digest());
                assert_same_rows(&[read], &tables[..1]);
            }
        }
    }
}

#[test]
fn every_table_comes_back_with_its_nulls() {
    for (_folder, lake) in lakes() {
        for (number, schema) in (0..).zip(ALL) {
            let table = table(schema, 50);
            write_generation(&lake, number, &table);
            assert_same_rows(&[lake.read_generation_table(number, schema).unwrap()], &[table]);
        }
    }
}

#[test]
fn chunks_of_several_tables_may_alternate_and_are_counted() {
    for (_folder, lake) in lakes() {
        let mut writer = lake.snapshot_writer("a").unwrap();
        for _ in 0..3 {
            writer.write(&table(&RELATIONS, 3_000)).unwrap();
            writer.write(&table(&OBJECTS, 10)).unwrap();
            writer.write(&table(&COVERED, 0)).unwrap();
        }
        let summary = writer.finish().unwrap();
        let counts: Vec<_> = summary
            .tables
            .iter()
            .map(|(name, size)| (name.as_str(), size.rows))
            .collect();
        assert_eq!(counts, [("objects", 30), ("relations", 9_000)]);
        assert_eq!(lake.snapshot_summary("a").unwrap(), summary);
        let relations = table(&RELATIONS, 3_000);
        let expected = [relations.clone(), relations.clone(), relations];
        assert_same_rows(&read_snapshot(&lake, "a", &RELATIONS).unwrap(), &expected);
        assert_same_rows(&read_snapshot(&lake, "a", &COVERED).unwrap(), &[]);
        let bytes: u64 = summary
            .tables
            .values()
            .map(|TableSize { size_bytes, .. }| size_bytes)
            .sum();
        let usage = lake.disk_usage().unwrap();
        assert!(
            bytes > 0 && usage.snapshot_bytes > bytes && usage.tmp_bytes == 0,
            "{usage:?}"
        );
    }
}

#[test]
fn a_writer_that_is_dropped_leaves_nothing() {
    let (folder, lake) = lake();
    let mut snapshot = lake.snapshot_writer("a").unwrap();
    snapshot.write(&table(&OBJECTS, 10)).unwrap();
    let mut generation = lake.generation_writer(1).unwrap();
    generation.write_table(&NODES, [table(&NODES, 10)]).unwrap();
    let mut raw = lake.raw_writer("a").unwrap();
    raw.write_all(b"bytes").unwrap();
    assert_ne!(files(folder.path()), Vec::<PathBuf>::new());
    drop((snapshot, generation, raw));
    assert_eq!(files(folder.path()), Vec::<PathBuf>::new());
    assert_eq!(fs::read_dir(folder.path().join("tmp")).unwrap().count(), 0);
    assert!(!lake.has_snapshot("a").unwrap());
    assert!(matches!(
        read_snapshot(&lake, "a", &OBJECTS),
        Err(LakeError::Absent { .. })
    ));
}

#[test]
fn a_finish_that_fails_leaves_nothing() {
    let (folder, lake) = lake();
    let mut writer = lake.snapshot_writer("a").unwrap();
    writer.write(&table(&OBJECTS, 10)).unwrap();
    // The place is taken by a folder: no file can be put there.
    fs::create_dir_all(folder.path().join("snapshots/a/objects.parquet")).unwrap();
    assert!(matches!(writer.finish(), Err(LakeError::Write { .. })));
    assert_eq!(files(folder.path()), Vec::<PathBuf>::new());
    assert!(!lake.has_snapshot("a").unwrap());
}

#[test]
fn a_file_that_was_cut_short_is_an_error_with_its_path() {
    let (folder, lake) = lake();
    write_snapshot(&lake, "a", &[table(&OBJECTS, 1_000)]);
    let path = folder.path().join("snapshots/a/objects.parquet");
    let whole = fs::read(&path).unwrap();
    for length in [0, 3, 4, whole.len() / 2, whole.len() - 1] {
        fs::write(&path, &whole[..length]).unwrap();
        let error = read_snapshot(&lake, "a", &OBJECTS).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("{} is not a whole Parquet file", path.display()),
            "{length} bytes"
        );
    }
    fs::remove_file(&path).unwrap();
    let error = read_snapshot(&lake, "a", &OBJECTS).unwrap_err();
    assert_eq!(error.to_string(), format!("{} is not in the lake", path.display()));
}

#[test]
fn a_file_with_a_changed_byte_never_stops_the_program() {
    let (folder, lake) = lake();
    write_snapshot(&lake, "a", &[table(&SERVICES, 30)]);
    let path = folder.path().join("snapshots/a/services.parquet");
    let whole = fs::read(&path).unwrap();
    for at in 0..whole.len() {
        let mut bytes = whole.clone();
        bytes[at] ^= 0x55;
        fs::write(&path, bytes).unwrap();
        // An error, or rows: whether they are the right ones is for the digest to say.
        let _ = read_snapshot(&lake, "a", &SERVICES);
    }
}

#[test]
fn the_same_snapshot_finished_by_many_at_once_is_there_once_and_whole() {
    for with_raw_copy in [false, true] {
        let (folder, lake) = lake();
        let writers: Vec<_> = (0..8)
            .map(|_| {
                let mut writer = lake.snapshot_writer("same").unwrap();
                writer.write(&table(&OBJECTS, 100)).unwrap();
                writer.write(&table(&RELATIONS, 100)).unwrap();
                writer
            })
            .collect();
        let summaries: Vec<_> = std::thread::scope(|scope| {
            if with_raw_copy {
                scope.spawn(|| lake.raw_writer("same").unwrap().finish().unwrap());
            }
            let threads: Vec<_> = writers
                .into_iter()
                .map(|it| scope.spawn(|| it.finish().unwrap()))
                .collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert!(summaries.iter().all(|summary| *summary == summaries[0]));
        assert_same_rows(
            &read_snapshot(&lake, "same", &OBJECTS).unwrap(),
            &[table(&OBJECTS, 100)],
        );
        assert_same_rows(
            &read_snapshot(&lake, "same", &RELATIONS).unwrap(),
            &[table(&RELATIONS, 100)],
        );
        assert_eq!(lake.raw_reader("same").is_ok(), with_raw_copy);
        assert_eq!(
            files(&folder.path().join("snapshots")).len(),
            3 + usize::from(with_raw_copy)
        );
        assert_eq!(fs::read_dir(folder.path().join("tmp")).unwrap().count(), 0);
    }
}

#[test]
fn a_snapshot_that_is_there_stays_as_it_is() {
    for (_folder, lake) in lakes() {
        write_snapshot(&lake, "a", &[table(&OBJECTS, 10)]);
        let before = lake.snapshot_summary("a").unwrap();
        let mut writer = lake.snapshot_writer("a").unwrap();
        writer.write(&table(&OBJECTS, 20)).unwrap();
        assert_eq!(writer.finish().unwrap(), before);
        assert_eq!(lake.snapshot_summary("a").unwrap(), before);
    }
}

#[test]
fn a_snapshot_that_a_crash_left_incomplete_is_none_and_can_be_completed() {
    let (folder, lake) = lake();
    let place = folder.path().join("snapshots/a");
    fs::create_dir(&place).unwrap();
    fs::write(place.join("objects.parquet"), "half").unwrap();
    assert!(!lake.has_snapshot("a").unwrap());
    assert_eq!(lake.list_snapshots().unwrap(), ["a"]);
    write_snapshot(&lake, "a", &[table(&OBJECTS, 10)]);
    assert!(lake.has_snapshot("a").unwrap());
    assert_same_rows(&read_snapshot(&lake, "a", &OBJECTS).unwrap(), &[table(&OBJECTS, 10)]);
}

#[test]
fn a_raw_copy_reads_back_whether_it_came_before_or_after_the_facts() {
    let bytes: Vec<u8> = (0..300_000u32).flat_map(|number| (number / 7).to_le_bytes()).collect();
    for (raw_first, (_folder, lake)) in [true, false].into_iter().flat_map(|it| lakes().map(|lake| (it, lake))) {
        if !raw_first {
            write_snapshot(&lake, "a", &[table(&SERVICES, 10)]);
        }
        let mut raw = lake.raw_writer("a").unwrap();
        raw.write_all(&bytes).unwrap();
        assert!(matches!(lake.raw_reader("a"), Err(LakeError::Absent { .. })));
        let size_bytes = raw.finish().unwrap();
        if raw_first {
            assert!(!lake.has_snapshot("a").unwrap());
            write_snapshot(&lake, "a", &[table(&SERVICES, 10)]);
        }
        let mut read = Vec::new();
        let mut reader = lake.raw_reader("a").unwrap();
        reader.read_to_end(&mut read).unwrap();
        assert!(read == bytes);
        let usage = lake.disk_usage().unwrap();
        assert_eq!((usage.raw_bytes, usage.tmp_bytes), (size_bytes, 0));
        assert_same_rows(&read_snapshot(&lake, "a", &SERVICES).unwrap(), &[table(&SERVICES, 10)]);
    }
}

#[test]
fn an_error_of_the_reader_ends_the_reading() {
    #[derive(Debug, thiserror::Error)]
    enum Stop {
        #[error("enough")]
        Enough,
        #[error(transparent)]
        Lake(#[from] LakeError),
    }
    let (_folder, lake) = lake();
    write_snapshot(&lake, "a", &[table(&OBJECTS, 10)]);
    let outcome = lake.read_snapshot_table("a", &OBJECTS, |_| Err(Stop::Enough));
    assert!(matches!(outcome, Err(Stop::Enough)));
    let outcome = lake.read_snapshot_table("b", &OBJECTS, |_| Err(Stop::Enough));
    assert!(matches!(outcome, Err(Stop::Lake(LakeError::Absent { .. }))));
}

#[test]
fn a_generation_replaces_what_a_crashed_build_left_under_its_number() {
    let (folder, lake) = lake();
    let place = folder.path().join("generations/0000000007");
    fs::create_dir(&place).unwrap();
    fs::write(place.join("stray.parquet"), "half").unwrap();
    write_generation(&lake, 7, &table(&NODES, 5));
    assert_eq!(lake.list_generations().unwrap(), [7]);
    assert_eq!(lake.read_json(7, "manifest").unwrap(), json!({"number": 7}));
    assert_eq!(
        files(&place),
        ["manifest.json", "nodes.parquet", "tables.json"].map(PathBuf::from)
    );
}

#[test]
fn a_generation_without_its_marker_is_none() {
    let (folder, lake) = lake();
    write_generation(&lake, 7, &table(&NODES, 5));
    fs::remove_file(folder.path().join("generations/0000000007/tables.json")).unwrap();
    assert!(matches!(
        lake.read_generation_table(7, &NODES),
        Err(LakeError::Absent { .. })
    ));
    assert!(matches!(lake.read_json(7, "manifest"), Err(LakeError::Absent { .. })));
    assert_eq!(lake.list_generations().unwrap(), [7]);
}

#[test]
fn a_store_that_breaks_at_any_change_never_shows_a_part_for_the_whole() {
    let tmp = tempfile::tempdir().unwrap();
    let (objects, relations) = (table(&OBJECTS, 10), table(&RELATIONS, 10));
    let write = |lake: &Lake| -> Result<()> {
        let mut writer = lake.snapshot_writer("a")?;
        writer.write(&objects)?;
        writer.write(&relations)?;
        writer.finish()?;
        let mut writer = lake.generation_writer(1)?;
        writer.write_table(&NODES, [table(&NODES, 5)])?;
        writer.write_json("manifest", &json!({}))?;
        writer.finish()
    };
    let delete = |lake: &Lake| lake.delete_snapshot("a").and_then(|()| lake.delete_generation(1));
    // Whether snapshot and generation are there; what is can be read.
    let whole = |store: &Arc<InMemory>| {
        let lake = Breaking::lake(store, 0, &tmp);
        let has_snapshot = lake.has_snapshot("a").unwrap();
        if has_snapshot {
            assert_same_rows(&read_snapshot(&lake, "a", &OBJECTS).unwrap(), from_ref(&objects));
            assert_same_rows(&read_snapshot(&lake, "a", &RELATIONS).unwrap(), from_ref(&relations));
        }
        let has_generation = match lake.read_json(1, "manifest") {
            Ok(_) => lake
                .read_generation_table(1, &NODES)
                .is_ok_and(|nodes| nodes.rows() == 5),
            Err(LakeError::Absent { .. }) => false,
            Err(error) => panic!("{error}"),
        };
        assert_eq!(has_generation, lake.read_generation_table(1, &NODES).is_ok());
        (has_snapshot, has_generation)
    };
    // Three objects make a snapshot, three a generation, before which what is left of another is deleted.
    for changes in 0..7 {
        let store = Arc::new(InMemory::new());
        let error = write(&Breaking::lake(&store, changes, &tmp)).unwrap_err();
        assert_eq!(error.source().unwrap().to_string(), NETWORK_IS_DOWN);
        assert_eq!(whole(&store), (changes >= 3, false), "written in {changes} changes");
        write(&Breaking::lake(&store, usize::MAX, &tmp)).unwrap();
        assert_eq!(whole(&store), (true, true), "written again after {changes} changes");
    }
    for changes in 0..6 {
        let store = Arc::new(InMemory::new());
        write(&Breaking::lake(&store, usize::MAX, &tmp)).unwrap();
        let error = delete(&Breaking::lake(&store, changes, &tmp)).unwrap_err();
        assert_eq!(error.source().unwrap().to_string(), NETWORK_IS_DOWN);
        assert_eq!(
            whole(&store),
            (changes < 1, changes < 4),
            "deleted in {changes} changes"
        );
        delete(&Breaking::lake(&store, usize::MAX, &tmp)).unwrap();
        assert_eq!(block_on(store.list(None).count()), 0);
    }
    assert_eq!(files(tmp.path()), Vec::<PathBuf>::new());
}

#[test]
fn callers_may_take_every_blocking_thread_of_their_runtime() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .max_blocking_threads(1)
        .enable_time()
        .build()
        .unwrap();
    for (_folder, lake) in lakes() {
        let work = runtime.spawn_blocking(move || {
            write_snapshot(&lake, "a", &[table(&OBJECTS, 10)]);
            assert_same_rows(&read_snapshot(&lake, "a", &OBJECTS).unwrap(), &[table(&OBJECTS, 10)]);
            lake.delete_snapshot("a").unwrap();
            lake.list_snapshots().unwrap()
        });
        let minute = Duration::from_secs(60);
        let left = runtime.block_on(async { tokio::time::timeout(minute, work).await.unwrap().unwrap() });
        assert_eq!(left, Vec::<String>::new());
    }
}

#[test]
fn a_table_without_rows_is_told_from_one_that_was_not_written() {
    for (_folder, lake) in lakes() {
        let mut writer = lake.generation_writer(1).unwrap();
        writer.write_table(&NODES, []).unwrap();
        writer.finish().unwrap();
        assert!(lake.read_generation_table(1, &NODES).unwrap().is_empty());
        let steps = &postern_model::schema::STEPS;
        assert!(matches!(
            lake.read_generation_table(1, steps),
            Err(LakeError::Absent { .. })
        ));
        let added = lake.read_generation_table(1, &postern_model::schema::EXTENSION_KINDS);
        assert!(added.unwrap().is_empty(), "generations of earlier versions lack it");
        assert!(matches!(lake.read_json(1, "manifest"), Err(LakeError::Absent { .. })));
    }
}

#[test]
fn deleting_is_complete_and_may_be_repeated() {
    for (folder, lake) in lakes() {
        for id in ["ab", "a"] {
            write_snapshot(&lake, id, &[table(&OBJECTS, 10)]);
        }
        lake.raw_writer("a").unwrap().finish().unwrap();
        for number in [12, 3] {
            write_generation(&lake, number, &table(&NODES, 5));
        }
        assert_eq!(lake.list_snapshots().unwrap(), ["a", "ab"]);
        assert_eq!(lake.list_generations().unwrap(), [3, 12]);
        for _ in 0..2 {
            lake.delete_snapshot("a").unwrap();
            lake.delete_generation(3).unwrap();
        }
        assert_eq!(lake.list_snapshots().unwrap(), ["ab"]);
        assert_eq!(lake.list_generations().unwrap(), [12]);
        lake.delete_snapshot("ab").unwrap();
        lake.delete_generation(12).unwrap();
        assert_eq!(lake.disk_usage().unwrap(), DiskUsage::default());
        assert_eq!(files(folder.path()), Vec::<PathBuf>::new());
    }
}

#[test]
fn a_sweep_takes_what_is_idle_and_nothing_else() {
    let (folder, lake) = lake();
    let left = folder.path().join("tmp/snapshot-1-0");
    fs::create_dir(&left).unwrap();
    let file = File::create(left.join("objects.parquet")).unwrap();
    let hour = Duration::from_secs(3_600);
    // The folder itself was made just now, as after a copy of the whole lake; its file is old.
    file.set_modified(SystemTime::now() - 3 * hour).unwrap();
    assert_eq!(lake.sweep_tmp(2 * hour).unwrap(), 0);
    File::open(&left)
        .unwrap()
        .set_modified(SystemTime::now() - 3 * hour)
        .unwrap();
    let stray = folder.path().join("tmp/stray");
    File::create(&stray)
        .unwrap()
        .set_modified(SystemTime::now() - 3 * hour)
        .unwrap();
    let mut writer = lake.snapshot_writer("a").unwrap();
    writer.write(&table(&OBJECTS, 10)).unwrap();
    assert_eq!(lake.sweep_tmp(4 * hour).unwrap(), 0);
    assert_eq!(lake.sweep_tmp(2 * hour).unwrap(), 2);
    assert!(!left.exists() && !stray.exists());
    writer.finish().unwrap();
}

#[test]
fn a_name_that_leads_out_of_the_lake_is_refused() {
    let (_folder, lake) = lake();
    for name in ["", ".", "..", "../x", "a/b", "a\\b", "C:", "A", "a.b", &"x".repeat(129)] {
        assert!(
            matches!(lake.snapshot_writer(name), Err(LakeError::Name { .. })),
            "{name}"
        );
        assert!(matches!(lake.raw_reader(name), Err(LakeError::Name { .. })), "{name}");
        assert!(
            matches!(lake.delete_snapshot(name), Err(LakeError::Name { .. })),
            "{name}"
        );
        assert!(matches!(lake.read_json(1, name), Err(LakeError::Name { .. })), "{name}");
    }
}
