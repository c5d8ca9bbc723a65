//! Generations: every table that the phases computed, whole, and the manifest of their inputs.

use std::sync::Arc;

use postern_model::Table;
use serde_json::Value;

use crate::error::Result;
use crate::file::TableWriter;
use crate::store::{Store, TmpFolder};
use crate::{check_name, generation_key, json};

/// Writes one generation. Nothing is to be seen below `generations/` before
/// [`GenerationWriter::finish`]; dropped without it, the writer takes its files along.
///
/// Blocks: for use on a blocking thread.
pub struct GenerationWriter {
    store: Arc<Store>,
    key: String,
    folder: TmpFolder,
}

impl GenerationWriter {
    pub(crate) fn new(store: Arc<Store>, number: u64) -> Result<Self> {
        let folder = store.tmp_folder("generation")?;
        Ok(Self {
            store,
            key: generation_key(number),
            folder,
        })
    }

    /// Writes a whole table, also one without rows: reading tells "none" from "not computed". Each table
    /// can be written once.
    pub fn write_table(&mut self, table: &Table) -> Result<()> {
        let path = self.folder.path().join(format!("{}.parquet", table.schema.name));
        let mut file = TableWriter::create(path, table.schema)?;
        file.write(table)?;
        file.finish()?;
        Ok(())
    }

    /// Writes `<name>.json`.
    pub fn write_json(&mut self, name: &str, value: &Value) -> Result<()> {
        check_name(name)?;
        json::write(&self.folder.path().join(format!("{name}.json")), value)
    }

    /// Puts the generation in place, safe from a crash, and instead of what a crashed build may have left
    /// under its number. The caller holds the lease: two builders of one number would take turns.
    pub fn finish(self) -> Result<()> {
        self.store.replace_folder(self.folder, &self.key)
    }
}
