//! The lake as the place that facts come from.

use std::error::Error;

use postern_estate::FactSource;
use postern_lake::{Lake, LakeError};
use postern_model::{Schema, Table};

pub struct LakeFacts<'a>(pub &'a Lake);

impl FactSource for LakeFacts<'_> {
    fn each(
        &self,
        snapshot: &str,
        schema: &'static Schema,
        each: &mut dyn FnMut(&Table),
    ) -> Result<(), Box<dyn Error + Send + Sync>> {
        self.0.read_snapshot_table::<LakeError>(snapshot, schema, |table| {
            each(&table);
            Ok(())
        })?;
        Ok(())
    }
}
