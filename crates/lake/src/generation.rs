//! Generations: every table that the phases computed, whole, and the manifest of their inputs.
//!
//! As a snapshot, a generation is one by its marker only: each reader looks for that first.

use std::sync::Arc;

use postern_model::Table;
use postern_model::schema::Schema;
use serde_json::Value;

use crate::error::{LakeError, Result};
use crate::file::{self, TableWriter};
use crate::snapshot::{SnapshotSummary, TableSize, read_summary};
use crate::store::{MARKER, Store};
use crate::tmp::TmpFolder;
use crate::{check_name, generation_key, json};

/// Writes one generation. It is none before [`GenerationWriter::finish`]; dropped without it, the writer takes
/// its files along.
///
/// Blocks: for use on a blocking thread.
pub struct GenerationWriter {
    store: Arc<Store>,
    key: String,
    summary: SnapshotSummary,
    folder: TmpFolder,
}

impl GenerationWriter {
    pub(crate) fn new(store: Arc<Store>, number: u64) -> Result<Self> {
        let folder = store.tmp.folder("generation")?;
        Ok(Self {
            store,
            key: generation_key(number),
            summary: SnapshotSummary::default(),
            folder,
        })
    }

    /// Writes a table, chunk after chunk, so that it need not be held as a whole. A table without chunks is written
    /// too: reading tells "none" from "not computed". Each table can be written once.
    ///
    /// # Panics
    /// When a chunk is of another table: a mistake in the code.
    pub fn write_table(&mut self, schema: &'static Schema, chunks: impl IntoIterator<Item = Table>) -> Result<()> {
        let path = self.folder.path().join(format!("{}.parquet", schema.name));
        let mut file = TableWriter::create(path, schema)?;
        for chunk in chunks {
            assert_eq!(chunk.schema.name, schema.name, "one table at a time");
            file.write(&chunk)?;
        }
        let (rows, size_bytes) = file.finish()?;
        let name = schema.name.to_owned();
        self.summary.tables.insert(name, TableSize { rows, size_bytes });
        Ok(())
    }

    /// Writes `<name>.json`.
    ///
    /// # Panics
    /// When the name is that of the marker, `tables`: a mistake in the code.
    pub fn write_json(&mut self, name: &str, value: &Value) -> Result<()> {
        check_name(name)?;
        let name = format!("{name}.json");
        assert_ne!(name, MARKER, "the lake writes it itself");
        json::write(&self.folder.path().join(name), value)
    }

    /// Puts the generation in place, safe from a crash, and instead of what a crashed build may have left
    /// under its number. The caller holds the lease: two builders of one number would mix their tables.
    pub fn finish(self) -> Result<()> {
        json::write(&self.folder.path().join(MARKER), &self.summary)?;
        self.store.delete(&self.key)?;
        self.store.put_whole(&self.folder, &self.key)
    }
}

pub(crate) fn read_table(store: &Store, number: u64, schema: &'static Schema) -> Result<Table> {
    let Some(key) = key_with(store, number, schema)? else {
        return Ok(Table::new(schema));
    };
    file::read_whole(store.open_object(&format!("{key}/{}.parquet", schema.name))?, schema)
}

pub(crate) fn read_chunks<E: From<LakeError>>(
    store: &Store,
    number: u64,
    schema: &'static Schema,
    each: impl FnMut(Table) -> Result<(), E>,
) -> Result<(), E> {
    let Some(key) = key_with(store, number, schema)? else {
        return Ok(());
    };
    file::read_chunks(
        store.open_object(&format!("{key}/{}.parquet", schema.name))?,
        schema,
        each,
    )
}

pub(crate) fn read_json(store: &Store, number: u64, name: &str) -> Result<Value> {
    check_name(name)?;
    let key = whole(store, number)?;
    json::read(store, &format!("{key}/{name}.json"))
}

/// The key of a generation that has its marker; `None` where it is of a version that had no such table.
fn key_with(store: &Store, number: u64, schema: &Schema) -> Result<Option<String>> {
    let key = generation_key(number);
    let is_there = read_summary(store, &key)?.tables.contains_key(schema.name);
    Ok((is_there || !schema.is_added()).then_some(key))
}

/// The key of a generation that has its marker.
fn whole(store: &Store, number: u64) -> Result<String> {
    let key = generation_key(number);
    read_summary(store, &key)?;
    Ok(key)
}
