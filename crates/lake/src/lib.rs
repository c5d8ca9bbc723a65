//! Everything computed or received, as immutable Parquet on an object store: a local folder or another.
//!
//! ```text
//! snapshots/<id>/<table>.parquet          facts of one imported file
//! snapshots/<id>/tables.json              what the snapshot holds; put last: its marker
//! snapshots/<id>/raw.zst                  the file itself
//! generations/<10 digits>/<table>.parquet what the phases computed
//! generations/<10 digits>/manifest.json   from which inputs
//! generations/<10 digits>/tables.json     what the generation holds; put last: its marker
//! tmp/                                    files being written; local, whatever the store
//! ```
//!
//! Start at [`Lake`]. Outside this crate nobody speaks Arrow or Parquet: rows come and go as
//! [`postern_model::Table`].
//!
//! **Invariant:** a snapshot or a generation that has its marker is whole, safe from a crash, and never
//! changed; one that has none is none. Which is current is for the ledger to say: what the ledger does not
//! name is garbage, to be deleted by whoever knows that nobody reads it.

mod convert;
mod error;
mod file;
mod generation;
mod json;
mod snapshot;
mod store;
mod tmp;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use object_store::ObjectStore;
use postern_model::Table;
use postern_model::schema::Schema;
use serde_json::Value;

pub use error::{LakeError, Result};
pub use generation::GenerationWriter;
pub use snapshot::{RawReader, RawWriter, SnapshotSummary, SnapshotWriter, TableSize};

use store::Store;

const SNAPSHOTS: &str = "snapshots";
const GENERATIONS: &str = "generations";
const NAME_BYTES_MAX: usize = 128;

/// A store of snapshots and generations. Cheap to clone; any number of processes may use one store.
///
/// All calls block, on the file system or the network: from asynchronous code, use a blocking thread.
#[derive(Clone, Debug)]
pub struct Lake {
    store: Arc<Store>,
}

/// Bytes of files and objects, without what the store needs around them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DiskUsage {
    pub snapshot_bytes: u64,
    /// Raw copies, not counted in `snapshot_bytes`.
    pub raw_bytes: u64,
    pub generation_bytes: u64,
    /// Being written, or left by a crash.
    pub tmp_bytes: u64,
}

impl Lake {
    /// Opens a lake in a local folder, making its folders where they are missing.
    pub fn open(root: &Path) -> Result<Self> {
        let store = Store::open(root, &[SNAPSHOTS, GENERATIONS])?;
        Ok(Self { store: Arc::new(store) })
    }

    /// A lake on any object store. `tmp` is a local folder of its own, made where it is missing, with room for
    /// what is written or read at one time. For a lake in a local folder use [`Lake::open`]: only that syncs it
    /// to disk.
    pub fn on(store: Arc<dyn ObjectStore>, tmp: &Path) -> Result<Self> {
        let store = Store::on(store, tmp)?;
        Ok(Self { store: Arc::new(store) })
    }

    /// The name by which the ledger knows a snapshot: its prefix in the lake.
    pub fn snapshot_prefix(&self, id: &str) -> String {
        format!("{SNAPSHOTS}/{id}")
    }

    /// The name by which the ledger knows a generation: its prefix in the lake.
    pub fn generation_prefix(&self, number: u64) -> String {
        generation_key(number)
    }

    /// Begins a snapshot. `id` is derived from the content: equal ids stand for equal facts.
    pub fn snapshot_writer(&self, id: &str) -> Result<SnapshotWriter> {
        SnapshotWriter::new(self.store.clone(), id)
    }

    /// Whether a whole snapshot of that id is there.
    pub fn has_snapshot(&self, id: &str) -> Result<bool> {
        match self.snapshot_summary(id) {
            Ok(_) => Ok(true),
            Err(LakeError::Absent { .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Rows and bytes of a snapshot's tables.
    pub fn snapshot_summary(&self, id: &str) -> Result<SnapshotSummary> {
        snapshot::read_summary(&self.store, &snapshot_key(id)?)
    }

    /// Hands the rows of one table to `each`, in chunks of about 8 MiB of text and at most
    /// [`postern_model::batch::BATCH_ROWS_MAX`] rows, in the order in which they were written. A table that
    /// the snapshot does not have has no rows.
    ///
    /// # Errors
    /// Those of `each`, which end the reading; [`LakeError`] when the snapshot is absent or damaged.
    pub fn read_snapshot_table<E: From<LakeError>>(
        &self,
        id: &str,
        schema: &'static Schema,
        each: impl FnMut(Table) -> Result<(), E>,
    ) -> Result<(), E> {
        snapshot::read_table(&self.store, &snapshot_key(id)?, schema, each)
    }

    /// Begins the raw copy of a snapshot. It may be finished before or after the snapshot itself.
    pub fn raw_writer(&self, id: &str) -> Result<RawWriter> {
        RawWriter::new(self.store.clone(), id)
    }

    /// Opens the raw copy of a snapshot; [`LakeError::Absent`] where none was kept.
    pub fn raw_reader(&self, id: &str) -> Result<RawReader> {
        RawReader::open(&self.store, id)
    }

    /// Begins a generation.
    pub fn generation_writer(&self, number: u64) -> Result<GenerationWriter> {
        GenerationWriter::new(self.store.clone(), number)
    }

    /// Reads a whole table of a generation.
    ///
    /// # Errors
    /// [`LakeError::Absent`] when the generation, or this table of it, was not written. A table that earlier versions
    /// lack has no rows there.
    pub fn read_generation_table(&self, number: u64, schema: &'static Schema) -> Result<Table> {
        generation::read_table(&self.store, number, schema)
    }

    /// Hands the rows of one table to `each`, in chunks as [`Self::read_snapshot_table`] does. Columns that the schema
    /// leaves out are not read: a part of a table is read by a schema of its name with fewer columns.
    ///
    /// # Errors
    /// Those of `each`, and those of [`Self::read_generation_table`].
    pub fn read_generation_chunks<E: From<LakeError>>(
        &self,
        number: u64,
        schema: &'static Schema,
        each: impl FnMut(Table) -> Result<(), E>,
    ) -> Result<(), E> {
        generation::read_chunks(&self.store, number, schema, each)
    }

    /// Reads `<name>.json` of a generation; [`LakeError::Absent`] as for a table.
    pub fn read_json(&self, number: u64, name: &str) -> Result<Value> {
        generation::read_json(&self.store, number, name)
    }

    /// Deletes a snapshot with its raw copy. What is not there is no error.
    pub fn delete_snapshot(&self, id: &str) -> Result<()> {
        self.store.delete(&snapshot_key(id)?)
    }

    /// Deletes a generation. What is not there is no error.
    pub fn delete_generation(&self, number: u64) -> Result<()> {
        self.store.delete(&generation_key(number))
    }

    /// Ids below `snapshots/`, sorted: also of what a crash left incomplete, so that it can be deleted.
    pub fn list_snapshots(&self) -> Result<Vec<String>> {
        self.store.list(SNAPSHOTS)
    }

    /// Numbers below `generations/`, ascending: also of what a crash left incomplete.
    pub fn list_generations(&self) -> Result<Vec<u64>> {
        let names = self.store.list(GENERATIONS)?;
        Ok(names.iter().filter_map(|name| name.parse().ok()).collect())
    }

    /// Deletes what crashed writers left in `tmp/` and in which nothing was written for at least `idle`.
    /// Returns how many folders and files went. A running writer that pauses longer loses its files and
    /// fails, so `idle` should be hours.
    pub fn sweep_tmp(&self, idle: Duration) -> Result<usize> {
        self.store.tmp.sweep(idle)
    }

    pub fn disk_usage(&self) -> Result<DiskUsage> {
        let mut usage = DiskUsage::default();
        self.store.each_object(SNAPSHOTS, |name, bytes| match name {
            Some(snapshot::RAW) => usage.raw_bytes += bytes,
            _ => usage.snapshot_bytes += bytes,
        })?;
        self.store
            .each_object(GENERATIONS, |_, bytes| usage.generation_bytes += bytes)?;
        usage.tmp_bytes = self.store.tmp.bytes()?;
        Ok(usage)
    }
}

fn snapshot_key(id: &str) -> Result<String> {
    check_name(id)?;
    Ok(format!("{SNAPSHOTS}/{id}"))
}

fn generation_key(number: u64) -> String {
    format!("{GENERATIONS}/{number:010}")
}

/// Names become parts of paths, so that nothing may stand in them that means something to a file system.
fn check_name(name: &str) -> Result<()> {
    let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'_');
    if (1..=NAME_BYTES_MAX).contains(&name.len()) && name.bytes().all(is_plain) {
        return Ok(());
    }
    Err(LakeError::Name { name: name.to_owned() })
}
