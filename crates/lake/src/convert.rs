//! Tables to Arrow and back.
//!
//! | column | Arrow |
//! |---|---|
//! | `Text`, `Json` | `Utf8`, never null: the empty string stands for null |
//! | `Long` | `Int64` |
//! | `Time` | `Timestamp(Microsecond, "UTC")` |
//! | `Bool` | `Boolean` |
//! | `Id` | `FixedSizeBinary(16)`, big-endian, never null |
//!
//! Text moves as one block of bytes with its offsets, never value by value.

use std::ops::Range;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{Int64Type, TimestampMicrosecondType};
use arrow_array::{
    Array, ArrayRef, BooleanArray, FixedSizeBinaryArray, Int64Array, RecordBatch, StringArray,
    TimestampMicrosecondArray,
};
use arrow_buffer::{Buffer, OffsetBuffer, ScalarBuffer};
use arrow_schema::{ArrowError, DataType, Field, SchemaRef, TimeUnit};
use postern_model::schema::{ColumnType, Schema};
use postern_model::table::{Column, Table, Text};

const ID_BYTES: usize = 16;
const UTC: &str = "UTC";

pub fn data_type(kind: ColumnType) -> DataType {
    match kind {
        ColumnType::Text | ColumnType::Json => DataType::Utf8,
        ColumnType::Long => DataType::Int64,
        ColumnType::Time => DataType::Timestamp(TimeUnit::Microsecond, Some(UTC.into())),
        ColumnType::Bool => DataType::Boolean,
        ColumnType::Id => DataType::FixedSizeBinary(ID_BYTES as i32),
    }
}

pub fn arrow_schema(schema: &Schema) -> SchemaRef {
    let fields: Vec<_> = schema
        .columns
        .iter()
        .map(|column| {
            let nullable = matches!(column.kind, ColumnType::Long | ColumnType::Time | ColumnType::Bool);
            Field::new(column.name, data_type(column.kind), nullable)
        })
        .collect();
    Arc::new(arrow_schema::Schema::new(fields))
}

/// Copies some rows of a table. `arrow` is [`arrow_schema`] of the table's schema.
pub fn to_batch(table: &Table, rows: Range<usize>, arrow: &SchemaRef) -> Result<RecordBatch, ArrowError> {
    let columns = table
        .columns
        .iter()
        .zip(table.schema.columns)
        .map(|(column, spec)| to_array(column, spec.kind, rows.clone()))
        .collect::<Result<_, _>>()?;
    RecordBatch::try_new(arrow.clone(), columns)
}

fn to_array(column: &Column, kind: ColumnType, rows: Range<usize>) -> Result<ArrayRef, ArrowError> {
    Ok(match column {
        Column::Text(text) => {
            let bytes = text_span(text, &rows);
            let start = bytes.start as u64;
            // A slice holds little text, or one row; and no row comes near the 2 GiB that an offset can say.
            let offsets: ScalarBuffer<i32> = std::iter::once(0)
                .chain(text.ends[rows].iter().map(|end| (end - start) as i32))
                .collect();
            let values = Buffer::from(&text.bytes.as_bytes()[bytes]);
            Arc::new(StringArray::try_new(OffsetBuffer::new(offsets), values, None)?)
        }
        Column::Long(numbers) if kind == ColumnType::Time => {
            let times: TimestampMicrosecondArray = numbers[rows].iter().copied().collect();
            Arc::new(times.with_timezone(UTC))
        }
        Column::Long(numbers) => Arc::new(numbers[rows].iter().copied().collect::<Int64Array>()),
        Column::Bool(flags) => Arc::new(flags[rows].iter().copied().collect::<BooleanArray>()),
        Column::Id(ids) => {
            let mut bytes = Vec::with_capacity(rows.len() * ID_BYTES);
            for id in &ids[rows] {
                bytes.extend_from_slice(&id.to_be_bytes());
            }
            Arc::new(FixedSizeBinaryArray::try_new(
                ID_BYTES as i32,
                Buffer::from_vec(bytes),
                None,
            )?)
        }
    })
}

/// Where the text of some rows lies in the column's buffer.
fn text_span(text: &Text, rows: &Range<usize>) -> Range<usize> {
    let end_of = |count: usize| if count == 0 { 0 } else { text.ends[count - 1] as usize };
    end_of(rows.start)..end_of(rows.end)
}

/// Bytes of text in some rows of a table, over all its columns.
pub fn text_bytes(table: &Table, rows: Range<usize>) -> usize {
    let bytes_of = |column: &Column| match column {
        Column::Text(text) => text_span(text, &rows).len(),
        _ => 0,
    };
    table.columns.iter().map(bytes_of).sum()
}

/// Collects record batches into one table.
pub struct TableBuilder {
    schema: &'static Schema,
    columns: Vec<Column>,
}

impl TableBuilder {
    pub fn new(schema: &'static Schema) -> Self {
        Self {
            schema,
            columns: Table::new(schema).columns,
        }
    }

    /// Appends a batch; `positions[i]` says where in the batch column `i` of the schema lies, and nothing where it is
    /// absent. The types must be those of [`data_type`].
    pub fn append(&mut self, batch: &RecordBatch, positions: &[Option<usize>]) {
        for (index, spec) in self.schema.columns.iter().enumerate() {
            let Some(position) = positions[index] else {
                append_nulls(&mut self.columns[index], batch.num_rows());
                continue;
            };
            let array = batch.column(position);
            match &mut self.columns[index] {
                Column::Text(text) => append_text(text, array.as_string()),
                Column::Long(numbers) if spec.kind == ColumnType::Time => {
                    numbers.extend(array.as_primitive::<TimestampMicrosecondType>());
                }
                Column::Long(numbers) => numbers.extend(array.as_primitive::<Int64Type>()),
                Column::Bool(flags) => flags.extend(array.as_boolean()),
                Column::Id(ids) => {
                    let (chunks, _) = array.as_fixed_size_binary().value_data().as_chunks::<ID_BYTES>();
                    ids.extend(chunks.iter().map(|bytes| u128::from_be_bytes(*bytes)));
                }
            }
        }
    }

    pub fn finish(self) -> Table {
        Table::from_columns(self.schema, self.columns)
    }
}

fn append_nulls(column: &mut Column, rows: usize) {
    match column {
        Column::Text(text) => (0..rows).for_each(|_| text.push("")),
        Column::Long(numbers) => numbers.extend((0..rows).map(|_| None)),
        Column::Bool(flags) => flags.extend((0..rows).map(|_| None)),
        Column::Id(ids) => ids.extend((0..rows).map(|_| 0)),
    }
}

fn append_text(text: &mut Text, array: &StringArray) {
    let offsets = array.value_offsets();
    let (first, last) = (offsets[0], offsets[array.len()]);
    let base = text.bytes.len() as u64;
    // The bytes of an array of strings are one valid string: each value begins where the one before ends.
    let bytes = &array.value_data()[first as usize..last as usize];
    text.bytes
        .push_str(std::str::from_utf8(bytes).expect("strings are checked when they are read"));
    text.ends
        .extend(offsets[1..].iter().map(|end| (end - first) as u64 + base));
}
