//! Rows on their way into batches, of the columns that were asked for.

use std::sync::Arc;

use datafusion::arrow::array::{
    ArrayRef, BooleanBuilder, Float64Builder, Int32Builder, Int64Builder, RecordBatch, RecordBatchOptions,
    StringViewBuilder, TimestampMicrosecondBuilder,
};
use datafusion::arrow::datatypes::{Field, Schema, SchemaRef};
use datafusion::error::DataFusionError;
use postern_kql::Type;

use super::TableSpec;
use crate::error::HuntError;
use crate::world::arrow_type;

/// Rows of a batch: what the query engine likes.
pub const BATCH_ROWS: usize = 8_192;

/// A column of the table, wanted or not. Writing into one that is not wanted does nothing.
#[derive(Clone, Copy, Debug)]
pub struct Slot(Option<usize>);

impl Slot {
    pub fn is_wanted(self) -> bool {
        self.0.is_some()
    }
}

/// Takes the rows of a table one after the other. A cell that a row leaves out is null, or the empty string.
pub struct Out<'a> {
    spec: &'static TableSpec,
    wanted: Vec<usize>,
    schema: SchemaRef,
    cells: Vec<Cells>,
    /// Rows of the batch in the making that are complete.
    rows: usize,
    emit: &'a mut dyn FnMut(RecordBatch) -> Result<(), HuntError>,
}

enum Cells {
    Bool(BooleanBuilder),
    Int(Int32Builder),
    Long(Int64Builder),
    Real(Float64Builder),
    /// Never null.
    Text(StringViewBuilder),
    Json(StringViewBuilder),
    Time(TimestampMicrosecondBuilder),
}

impl<'a> Out<'a> {
    /// * `wanted`: places among the table's stored columns, in the order of the batch.
    pub(super) fn new(
        spec: &'static TableSpec,
        wanted: &[usize],
        emit: &'a mut dyn FnMut(RecordBatch) -> Result<(), HuntError>,
    ) -> Self {
        let schema = schema_of(spec, wanted);
        let cells = stored(spec, wanted).map(|(_, ty)| Cells::new(ty)).collect();
        Self {
            spec,
            wanted: wanted.to_vec(),
            schema,
            cells,
            rows: 0,
            emit,
        }
    }

    /// Where to write the columns of these names.
    ///
    /// # Panics
    /// When the table has no such column: a mistake in the code.
    pub fn slots<const N: usize>(&self, names: [&str; N]) -> [Slot; N] {
        names.map(|name| {
            let place = self.spec.stored_columns().position(|(it, _)| it == name);
            let place = place.unwrap_or_else(|| panic!("table {} has no column {name}", self.spec.name));
            Slot(self.wanted.iter().position(|&it| it == place))
        })
    }

    /// A string, or the canonical text of a dynamic value.
    pub fn text(&mut self, slot: Slot, value: &str) {
        match self.cells_of(slot) {
            Some(Cells::Text(cells) | Cells::Json(cells)) => cells.append_value(value),
            Some(_) => unreachable_type(),
            None => {}
        }
    }

    pub fn int(&mut self, slot: Slot, value: i32) {
        match self.cells_of(slot) {
            Some(Cells::Int(cells)) => cells.append_value(value),
            Some(_) => unreachable_type(),
            None => {}
        }
    }

    pub fn long(&mut self, slot: Slot, value: i64) {
        match self.cells_of(slot) {
            Some(Cells::Long(cells)) => cells.append_value(value),
            Some(_) => unreachable_type(),
            None => {}
        }
    }

    pub fn real(&mut self, slot: Slot, value: f64) {
        match self.cells_of(slot) {
            Some(Cells::Real(cells)) => cells.append_value(value),
            Some(_) => unreachable_type(),
            None => {}
        }
    }

    pub fn bool(&mut self, slot: Slot, value: bool) {
        match self.cells_of(slot) {
            Some(Cells::Bool(cells)) => cells.append_value(value),
            Some(_) => unreachable_type(),
            None => {}
        }
    }

    /// Microseconds since 1970.
    pub fn time(&mut self, slot: Slot, value: Option<i64>) {
        let Some(value) = value else { return };
        match self.cells_of(slot) {
            Some(Cells::Time(cells)) => cells.append_value(value),
            Some(_) => unreachable_type(),
            None => {}
        }
    }

    /// Ends a row.
    ///
    /// # Errors
    /// Those of whoever takes the batches.
    pub fn end_row(&mut self) -> Result<(), HuntError> {
        self.rows += 1;
        for cells in &mut self.cells {
            cells.fill(self.rows);
        }
        match self.rows {
            BATCH_ROWS => self.flush(),
            _ => Ok(()),
        }
    }

    /// Hands on what is left.
    pub(super) fn finish(mut self) -> Result<(), HuntError> {
        match self.rows {
            0 => Ok(()),
            _ => self.flush(),
        }
    }

    fn flush(&mut self) -> Result<(), HuntError> {
        let options = RecordBatchOptions::new().with_row_count(Some(self.rows));
        self.rows = 0;
        let columns = self.cells.iter_mut().map(Cells::finish).collect();
        let batch =
            RecordBatch::try_new_with_options(self.schema.clone(), columns, &options).map_err(DataFusionError::from)?;
        (self.emit)(batch)
    }

    fn cells_of(&mut self, slot: Slot) -> Option<&mut Cells> {
        self.cells.get_mut(slot.0?)
    }
}

/// A cell of another type than its column: a mistake in the code that writes, which the test of all tables finds.
fn unreachable_type() {
    debug_assert!(false, "a cell of another type than its column");
}

impl Cells {
    fn new(ty: Type) -> Self {
        match ty {
            Type::Bool => Self::Bool(BooleanBuilder::new()),
            Type::Int => Self::Int(Int32Builder::new()),
            Type::Real => Self::Real(Float64Builder::new()),
            Type::DateTime => Self::Time(TimestampMicrosecondBuilder::new().with_data_type(arrow_type(Type::DateTime))),
            Type::Dynamic => Self::Json(StringViewBuilder::new()),
            Type::String => Self::Text(StringViewBuilder::new()),
            // No table has columns of the other types; the test that fills every table would find one.
            Type::Long | Type::TimeSpan | Type::Decimal | Type::Guid => Self::Long(Int64Builder::new()),
        }
    }

    /// Adds what is missing to have so many cells.
    fn fill(&mut self, rows: usize) {
        use datafusion::arrow::array::ArrayBuilder;

        match self {
            Self::Bool(cells) if cells.len() < rows => cells.append_null(),
            Self::Int(cells) if cells.len() < rows => cells.append_null(),
            Self::Long(cells) if cells.len() < rows => cells.append_null(),
            Self::Real(cells) if cells.len() < rows => cells.append_null(),
            Self::Text(cells) if cells.len() < rows => cells.append_value(""),
            Self::Json(cells) if cells.len() < rows => cells.append_null(),
            Self::Time(cells) if cells.len() < rows => cells.append_null(),
            _ => {}
        }
    }

    fn finish(&mut self) -> ArrayRef {
        match self {
            Self::Bool(cells) => Arc::new(cells.finish()),
            Self::Int(cells) => Arc::new(cells.finish()),
            Self::Long(cells) => Arc::new(cells.finish()),
            Self::Real(cells) => Arc::new(cells.finish()),
            Self::Text(cells) | Self::Json(cells) => Arc::new(cells.finish()),
            Self::Time(cells) => Arc::new(cells.finish()),
        }
    }
}

/// The Arrow schema of some stored columns of a table.
pub(super) fn schema_of(spec: &TableSpec, columns: &[usize]) -> SchemaRef {
    let fields: Vec<_> = stored(spec, columns)
        .map(|(name, ty)| Field::new(name, arrow_type(ty), ty != Type::String))
        .collect();
    Arc::new(Schema::new(fields))
}

fn stored<'s>(spec: &'s TableSpec, columns: &'s [usize]) -> impl Iterator<Item = (&'static str, Type)> + 's {
    let all: Vec<_> = spec.stored_columns().collect();
    columns.iter().map(move |&column| all[column])
}
