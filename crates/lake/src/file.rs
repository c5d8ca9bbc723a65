//! One table in one Parquet file.
//!
//! # How it is encoded, and why
//!
//! MEASURED

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

use arrow_schema::SchemaRef;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::arrow::arrow_writer::{ArrowWriter, ArrowWriterOptions};
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::metadata::ParquetMetaData;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use postern_model::Table;
use postern_model::batch::BATCH_ROWS_MAX;
use postern_model::schema::Schema;

use crate::convert::{TableBuilder, arrow_schema, data_type, text_bytes, to_batch};
use crate::error::{LakeError, Result};

/// Rows are handed to the encoder in slices of at most this many, and ...
const SLICE_ROWS_MAX: usize = 8_192;
/// ... at most this much text, unless a single row has more: what a copy of them costs in memory.
const SLICE_TEXT_BYTES_MAX: usize = 4 << 20;
/// A row group is closed when its encoder holds this much memory, or this many rows.
const ROW_GROUP_MEMORY_BYTES_MAX: usize = 24 << 20;
const ROW_GROUP_ROWS_MAX: usize = 1 << 20;
/// A chunk that is read back holds about this much text, and at most [`BATCH_ROWS_MAX`] rows.
const CHUNK_TEXT_BYTES: usize = 8 << 20;

/// Writes one table; see [`writer_properties`] for the encoding.
pub struct TableWriter<W: Write + Send> {
    path: PathBuf,
    schema: &'static Schema,
    arrow: SchemaRef,
    writer: ArrowWriter<W>,
    rows: u64,
}

impl TableWriter<File> {
    pub fn create(path: PathBuf, schema: &'static Schema) -> Result<Self> {
        let file = File::create_new(&path).map_err(LakeError::write(&path))?;
        Self::new(path, file, schema)
    }

    /// Completes the file and syncs it to disk. Returns rows and bytes.
    pub fn finish(mut self) -> Result<(u64, u64)> {
        self.writer.finish().map_err(LakeError::encode(&self.path))?;
        let bytes = self.writer.bytes_written() as u64;
        let file = self.writer.into_inner().map_err(LakeError::encode(&self.path))?;
        file.sync_all().map_err(LakeError::write(&self.path))?;
        Ok((self.rows, bytes))
    }
}

impl<W: Write + Send> TableWriter<W> {
    fn new(path: PathBuf, sink: W, schema: &'static Schema) -> Result<Self> {
        let arrow = arrow_schema(schema);
        let options = ArrowWriterOptions::new()
            .with_properties(writer_properties())
            // The Parquet types say all: no need for a copy of the schema in Arrow's own form.
            .with_skip_arrow_metadata(true);
        let writer =
            ArrowWriter::try_new_with_options(sink, arrow.clone(), options).map_err(LakeError::encode(&path))?;
        Ok(Self {
            path,
            schema,
            arrow,
            writer,
            rows: 0,
        })
    }

    pub fn schema(&self) -> &'static Schema {
        self.schema
    }

    pub fn write(&mut self, table: &Table) -> Result<()> {
        let mut start = 0;
        while start < table.rows() {
            let end = slice_end(table, start);
            to_batch(table, start..end, &self.arrow)
                .map_err(ParquetError::from)
                .and_then(|batch| self.writer.write(&batch))
                .and_then(|()| {
                    if self.writer.memory_size() < ROW_GROUP_MEMORY_BYTES_MAX {
                        return Ok(());
                    }
                    self.writer.flush()
                })
                .map_err(LakeError::encode(&self.path))?;
            self.rows += (end - start) as u64;
            start = end;
        }
        Ok(())
    }
}

fn slice_end(table: &Table, start: usize) -> usize {
    let mut end = table.rows().min(start + SLICE_ROWS_MAX);
    while end - start > 1 && text_bytes(table, start..end) > SLICE_TEXT_BYTES_MAX {
        end = start + (end - start) / 2;
    }
    end
}

fn writer_properties() -> WriterProperties {
    WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::default()))
        .set_encoding(Encoding::PLAIN)
        .set_statistics_enabled(EnabledStatistics::None)
        .set_max_row_group_row_count(Some(ROW_GROUP_ROWS_MAX))
        .set_created_by("postern".to_owned())
        .build()
}

/// Reads a table chunk by chunk. Columns that the schema does not know are passed over.
///
/// # Errors
/// Of `each`, which end the reading, and [`LakeError`]: the file is absent, damaged or lacks a column.
pub fn read_chunks<E: From<LakeError>>(
    path: &Path,
    schema: &'static Schema,
    mut each: impl FnMut(Table) -> Result<(), E>,
) -> Result<(), E> {
    read_batches(path, schema, |batch, positions| {
        let mut builder = TableBuilder::new(schema);
        append(&mut builder, batch, positions, path)?;
        each(builder.finish())
    })
}

/// Reads a table as a whole.
pub fn read_whole(path: &Path, schema: &'static Schema) -> Result<Table> {
    let mut builder = TableBuilder::new(schema);
    read_batches(path, schema, |batch, positions| {
        append(&mut builder, batch, positions, path)
    })?;
    Ok(builder.finish())
}

fn append(
    builder: &mut TableBuilder,
    batch: &arrow_array::RecordBatch,
    positions: &[usize],
    path: &Path,
) -> Result<()> {
    builder
        .append(batch, positions)
        .map_err(|column| LakeError::TooMuchText {
            path: path.to_path_buf(),
            column,
        })
}

fn read_batches<E: From<LakeError>>(
    path: &Path,
    schema: &'static Schema,
    mut each: impl FnMut(&arrow_array::RecordBatch, &[usize]) -> Result<(), E>,
) -> Result<(), E> {
    let file = File::open(path).map_err(|cause| match cause.kind() {
        std::io::ErrorKind::NotFound => LakeError::Absent {
            path: path.to_path_buf(),
        },
        _ => LakeError::read(path)(cause),
    })?;
    let builder = ParquetRecordBatchReaderBuilder::try_new(file).map_err(LakeError::decode(path))?;
    let in_file = find_columns(path, schema, builder.schema())?;
    // The reader keeps the order of the file, whatever the order of the projection.
    let positions: Vec<_> = in_file
        .iter()
        .map(|at| in_file.iter().filter(|it| *it < at).count())
        .collect();
    let mask = ProjectionMask::roots(builder.parquet_schema(), in_file);
    let rows = chunk_rows(builder.metadata());
    let reader = builder
        .with_projection(mask)
        .with_batch_size(rows)
        .build()
        .map_err(LakeError::decode(path))?;
    for batch in reader {
        let batch = batch.map_err(|error| LakeError::decode(path)(error.into()))?;
        each(&batch, &positions)?;
    }
    Ok(())
}

/// Where the columns of a schema lie in a file.
fn find_columns(path: &Path, schema: &Schema, in_file: &SchemaRef) -> Result<Vec<usize>> {
    let find = |spec: &postern_model::schema::ColumnSpec| {
        let (at, field) = in_file
            .fields()
            .find(spec.name)
            .ok_or_else(|| LakeError::ColumnAbsent {
                path: path.to_path_buf(),
                column: spec.name,
            })?;
        let expected = data_type(spec.kind);
        if *field.data_type() == expected {
            return Ok(at);
        }
        Err(LakeError::ColumnType {
            path: path.to_path_buf(),
            column: spec.name,
            expected: expected.to_string(),
            found: field.data_type().to_string(),
        })
    };
    schema.columns.iter().map(find).collect()
}

/// How many rows hold about [`CHUNK_TEXT_BYTES`] of text, by the averages of the row groups.
fn chunk_rows(metadata: &ParquetMetaData) -> usize {
    let rows_of_group = |group: &parquet::file::metadata::RowGroupMetaData| {
        let text = |column: &parquet::file::metadata::ColumnChunkMetaData| {
            column
                .unencoded_byte_array_data_bytes()
                .unwrap_or(column.uncompressed_size())
                .max(0) as usize
        };
        let text: usize = group.columns().iter().map(text).sum();
        let rows = group.num_rows().max(0) as usize;
        rows.saturating_mul(CHUNK_TEXT_BYTES) / text.max(1)
    };
    let rows = metadata.row_groups().iter().map(rows_of_group).min();
    rows.unwrap_or(BATCH_ROWS_MAX).clamp(1, BATCH_ROWS_MAX)
}
