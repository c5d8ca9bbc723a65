//! Batches of Arrow arrays and single values of the language, in both directions.
//!
//! Start at [`read`] and [`ColumnBuilder`].

mod build;
mod read;

use std::sync::Arc;

use datafusion::arrow::datatypes::{Field, Schema, SchemaRef};
use postern_kql::{Column, Type};

pub use build::{ColumnBuilder, RowBuilder, datum_scalar, scalar_value};
pub use read::{ColumnReader, to_value, value_of};

use crate::world::arrow_type;

/// Rows of the batches that own operators make.
pub const BATCH_ROWS: usize = 8_192;

/// The Arrow schema of columns of the language. A string is never null.
pub fn arrow_schema(columns: &[Column]) -> SchemaRef {
    let fields: Vec<Field> = columns
        .iter()
        .map(|column| Field::new(&column.name, arrow_type(column.ty), column.ty != Type::String))
        .collect();
    Arc::new(Schema::new(fields))
}
