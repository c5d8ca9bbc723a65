//! Snapshots: the facts of one imported file, and a copy of the file itself.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufReader, Read, Write};
use std::sync::Arc;

use postern_model::Table;
use postern_model::schema::{Phase, Schema};
use serde::{Deserialize, Serialize};

use crate::error::{LakeError, Result};
use crate::file::{self, TableWriter};
use crate::store::{MARKER, Store};
use crate::tmp::TmpFolder;
use crate::{json, snapshot_key};

pub(crate) const RAW: &str = "raw.zst";
/// Raw copies are read again rarely, if ever: speed counts for more than the last tenth of their size.
const RAW_ZSTD_LEVEL: i32 = 1;

/// What a snapshot holds, by table. A table without rows is not listed. This is what its marker says, and that
/// of a generation, which lists every table.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SnapshotSummary {
    pub tables: BTreeMap<String, TableSize>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableSize {
    pub rows: u64,
    /// Of the Parquet file.
    pub size_bytes: u64,
}

/// Takes the chunks of one import, each into the file of its table. It is no snapshot before
/// [`SnapshotWriter::finish`]; dropped without it, the writer takes its files along.
///
/// Holds about 24 MiB per table, whatever is written. Blocks: for use on a blocking thread.
pub struct SnapshotWriter {
    store: Arc<Store>,
    key: String,
    // Before the folder, so that the files are closed when it is deleted.
    files: Vec<TableWriter<File>>,
    folder: TmpFolder,
}

impl SnapshotWriter {
    pub(crate) fn new(store: Arc<Store>, id: &str) -> Result<Self> {
        let key = snapshot_key(id)?;
        let folder = store.tmp.folder("snapshot")?;
        Ok(Self {
            store,
            key,
            files: Vec::new(),
            folder,
        })
    }

    /// Appends a chunk.
    ///
    /// # Errors
    /// [`LakeError::Write`]; the writer is of no use after it.
    ///
    /// # Panics
    /// When the table is none of facts: a mistake in the code.
    pub fn write(&mut self, chunk: &Table) -> Result<()> {
        let schema = chunk.schema;
        assert_eq!(schema.phase, Phase::Import, "table {} in a snapshot", schema.name);
        if chunk.is_empty() {
            return Ok(());
        }
        let at = match self.files.iter().position(|file| file.schema().name == schema.name) {
            Some(at) => at,
            None => {
                let path = self.folder.path().join(format!("{}.parquet", schema.name));
                self.files.push(TableWriter::create(path, schema)?);
                self.files.len() - 1
            }
        };
        self.files[at].write(chunk)
    }

    /// Completes the snapshot and puts it in place, safe from a crash. Where the same content is there
    /// already, that one stays and its summary is returned.
    pub fn finish(self) -> Result<SnapshotSummary> {
        let mut summary = SnapshotSummary::default();
        for file in self.files {
            let name = file.schema().name.to_owned();
            let (rows, size_bytes) = file.finish()?;
            summary.tables.insert(name, TableSize { rows, size_bytes });
        }
        match read_summary(&self.store, &self.key) {
            Err(LakeError::Absent { .. }) => {}
            known => return known,
        }
        // Of several that come here at once, each puts the same facts, and their markers say the same.
        json::write(&self.folder.path().join(MARKER), &summary)?;
        self.store.put_whole(&self.folder, &self.key)?;
        Ok(summary)
    }
}

/// Reads the marker of a snapshot or a generation; without one it is [`LakeError::Absent`].
pub(crate) fn read_summary(store: &Store, key: &str) -> Result<SnapshotSummary> {
    json::read(store, &format!("{key}/{MARKER}"))
}

pub(crate) fn read_table<E: From<LakeError>>(
    store: &Store,
    key: &str,
    schema: &'static Schema,
    each: impl FnMut(Table) -> Result<(), E>,
) -> Result<(), E> {
    if !read_summary(store, key)?.tables.contains_key(schema.name) {
        return Ok(());
    }
    file::read_chunks(
        store.open_object(&format!("{key}/{}.parquet", schema.name))?,
        schema,
        each,
    )
}

/// Compresses a copy of the imported bytes. It is in place after [`RawWriter::finish`] only.
pub struct RawWriter {
    store: Arc<Store>,
    key: String,
    encoder: zstd::Encoder<'static, File>,
    folder: TmpFolder,
}

impl RawWriter {
    pub(crate) fn new(store: Arc<Store>, id: &str) -> Result<Self> {
        let key = snapshot_key(id)?;
        let folder = store.tmp.folder("raw")?;
        let path = folder.path().join(RAW);
        let encoder = File::create_new(&path)
            .and_then(|file| zstd::Encoder::new(file, RAW_ZSTD_LEVEL))
            .map_err(LakeError::write(&path))?;
        Ok(Self {
            store,
            key,
            encoder,
            folder,
        })
    }

    /// Completes the copy and puts it in place, safe from a crash. Returns its size in bytes.
    pub fn finish(self) -> Result<u64> {
        let path = self.folder.path().join(RAW);
        let size_bytes = self
            .encoder
            .finish()
            .and_then(|file| {
                file.sync_all()?;
                Ok(file.metadata()?.len())
            })
            .map_err(LakeError::write(&path))?;
        self.store.put(&[path], &self.key)?;
        Ok(size_bytes)
    }
}

impl Write for RawWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.encoder.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.encoder.flush()
    }
}

/// Reads the imported bytes back.
pub struct RawReader(zstd::Decoder<'static, BufReader<File>>);

impl RawReader {
    pub(crate) fn open(store: &Store, id: &str) -> Result<Self> {
        let object = store.open_object(&format!("{}/{RAW}", snapshot_key(id)?))?;
        let decoder = zstd::Decoder::new(object.file).map_err(LakeError::read(&object.path))?;
        Ok(Self(decoder))
    }
}

impl Read for RawReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer)
    }
}
