//! One table in one Parquet file.
//!
//! # How it is encoded, and why
//!
//! Every column: snappy over a dictionary of at most 1 MiB per row group, plain values once that is full, and
//! plain from the start for [`PLAIN_COLUMNS`]; no minimum and maximum, no Bloom filter. Measured with
//! `examples/write_throughput.rs` for one GB of SharpHound JSON (3.2 million relations, 300,000 objects with
//! 1.2 KB of properties) on one thread of an
//! AMD EPYC, in CPU seconds and MB written, conversion to Arrow and writes to the file included:
//!
//! | | relations | objects |
//! |---|---|---|
//! | zstd 1, dictionary ≤ 1 MiB, then plain | 0.68 s, 14.8 | 0.60 s, 77.3 |
//! | no compression | 0.78 s, 242.1 | 0.44 s, 383.7 |
//! | **snappy** | **0.61 s, 34.3** | **0.43 s, 133.8** |
//! | zstd 3 | 0.82 s, 15.5 | 0.97 s, 70.4 |
//! | with minimum and maximum of each row group | 0.88 s, 14.8 | 0.61 s, 77.3 |
//! | then delta byte array | 0.78 s, 15.2 | 0.60 s, 76.5 |
//! | then delta length byte array | 0.72 s, 14.9 | 0.60 s, 76.7 |
//! | dictionary ≤ 4 MiB | 0.89 s, 12.0 | |
//! | row groups of 65,536 rows | 0.64 s, 13.4 | |
//! | row groups of 131,072 rows | 0.76 s, 12.9 | |
//! | no dictionary | | 0.54 s, 76.7 |
//! | no dictionary, delta byte array | 0.95 s, 23.1 | |
//!
//! Other rows vary zstd 1. The medians of three runs; differences below a tenth are noise.
//!
//! A whole import of 1.1 GB, four runs of each in turns: with zstd 1 4.0 CPU s and 43 MB, with snappy and plain
//! columns 3.7 CPU s and 119 MB. Import is bound by the processor and the file itself is ten times as large, so
//! speed counts for more. Delta encodings and larger dictionaries cost more than they save. A dictionary that is
//! tried in vain on unique text is given up after 1 MiB, too early to matter. Dictionary-encoded Arrow arrays
//! would not help: the encoder looks up every value of them all the same. Nothing reads minimum and maximum yet.

use std::fs::File;
use std::io::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::arrow::arrow_writer::{ArrowWriter, ArrowWriterOptions};
use parquet::basic::Compression;
use parquet::errors::ParquetError;
use parquet::file::metadata::{ColumnChunkMetaData, ParquetMetaData, RowGroupMetaData};
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::schema::types::ColumnPath;
use postern_model::Table;
use postern_model::batch::BATCH_ROWS_MAX;
use postern_model::schema::{ColumnSpec, Schema};

use crate::convert::{TableBuilder, arrow_schema, data_type, text_bytes, to_batch};
use crate::error::{LakeError, Result};
use crate::store::Object;

/// Columns of a few short words, the same for many rows on end: to look each one up in a dictionary costs more
/// than to write it out and let the compressor fold it.
const PLAIN_COLUMNS: [&str; 5] = ["cell", "subject", "kind", "source_kind", "target_kind"];
/// Rows are handed to the encoder in slices of at most this many, and ...
const SLICE_ROWS_MAX: usize = 2_048;
/// ... at most this much text, unless a single row has more: what a copy of them costs in memory.
const SLICE_TEXT_BYTES_MAX: usize = 512 << 10;
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
    pub fn finish(self) -> Result<(u64, u64)> {
        let file = self.writer.into_inner().map_err(LakeError::encode(&self.path))?;
        let size_bytes = file
            .sync_all()
            .and_then(|()| Ok(file.metadata()?.len()))
            .map_err(LakeError::write(&self.path))?;
        Ok((self.rows, size_bytes))
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
    let builder = WriterProperties::builder()
        .set_compression(Compression::SNAPPY)
        .set_statistics_enabled(EnabledStatistics::None)
        .set_max_row_group_row_count(Some(ROW_GROUP_ROWS_MAX))
        .set_created_by("postern".to_owned());
    PLAIN_COLUMNS
        .into_iter()
        .fold(builder, |builder, column| {
            builder.set_column_dictionary_enabled(ColumnPath::from(column), false)
        })
        .build()
}

/// Reads a table chunk by chunk. Columns that the schema does not know are passed over.
///
/// # Errors
/// Of `each`, which end the reading, and [`LakeError`]: the file is damaged or lacks a column.
pub fn read_chunks<E: From<LakeError>>(
    Object { file, path }: Object,
    schema: &'static Schema,
    mut each: impl FnMut(Table) -> Result<(), E>,
) -> Result<(), E> {
    read_batches(file, &path, schema, |batch, positions| {
        let mut builder = TableBuilder::new(schema);
        builder.append(batch, positions);
        each(builder.finish())
    })
}

/// Reads a table as a whole.
pub fn read_whole(Object { file, path }: Object, schema: &'static Schema) -> Result<Table> {
    let mut builder = TableBuilder::new(schema);
    read_batches::<LakeError>(file, &path, schema, |batch, positions| {
        builder.append(batch, positions);
        Ok(())
    })?;
    Ok(builder.finish())
}

fn read_batches<E: From<LakeError>>(
    file: File,
    path: &Path,
    schema: &'static Schema,
    mut each: impl FnMut(&RecordBatch, &[Option<usize>]) -> Result<(), E>,
) -> Result<(), E> {
    let builder = decode(path, || ParquetRecordBatchReaderBuilder::try_new(file))?;
    let in_file = find_columns(path, schema, builder.schema())?;
    // The reader keeps the order of the file, whatever the order of the projection.
    let before = |at: usize| in_file.iter().flatten().filter(|it| **it < at).count();
    let positions: Vec<_> = in_file.iter().map(|at| at.map(before)).collect();
    let mask = ProjectionMask::roots(builder.parquet_schema(), in_file.iter().copied().flatten());
    let rows = chunk_rows(builder.metadata());
    let mut reader = decode(path, || builder.with_projection(mask).with_batch_size(rows).build())?;
    while let Some(batch) = decode(path, || Ok(reader.next().transpose()?))? {
        each(&batch, &positions)?;
    }
    Ok(())
}

/// Runs a part of the decoder. On some damaged files it panics where it should return an error.
fn decode<T>(path: &Path, work: impl FnOnce() -> Result<T, ParquetError>) -> Result<T> {
    // After a panic nothing that `work` may have left half-changed is used again.
    catch_unwind(AssertUnwindSafe(work))
        .unwrap_or_else(|_| Err(ParquetError::General("the decoder panicked".to_owned())))
        .map_err(|cause| LakeError::Parquet {
            path: path.to_path_buf(),
            cause,
        })
}

/// Where the columns of a schema lie in a file; nothing for one that was added later.
fn find_columns(path: &Path, schema: &Schema, in_file: &SchemaRef) -> Result<Vec<Option<usize>>> {
    let find = |spec: &ColumnSpec| {
        let Some((at, field)) = in_file.fields().find(spec.name) else {
            return match spec.is_added {
                true => Ok(None),
                false => Err(LakeError::ColumnAbsent {
                    path: path.to_path_buf(),
                    column: spec.name,
                }),
            };
        };
        let expected = data_type(spec.kind);
        if *field.data_type() == expected {
            return Ok(Some(at));
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
    let rows_of_group = |group: &RowGroupMetaData| {
        let text = |column: &ColumnChunkMetaData| {
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

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::Arc;

    use arrow_array::{ArrayRef, FixedSizeBinaryArray, Int64Array, StringArray};
    use postern_model::schema::{COVERED, FACETS, SERVICES};
    use postern_model::table::Value;

    use super::*;

    /// A disk with room for so many bytes.
    struct SmallDisk(usize);

    impl Write for SmallDisk {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0 = self.0.checked_sub(bytes.len()).ok_or(io::ErrorKind::StorageFull)?;
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// Subjects of `text_bytes` each that no codec makes small.
    fn covered(rows: usize, text_bytes: usize) -> Table {
        let mut table = Table::new(&COVERED);
        let mut state = 1u64;
        for _ in 0..rows {
            let mut text = String::new();
            while text.len() < text_bytes {
                state = state
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1_442_695_040_888_963_407);
                text.push_str(&format!("{state:016x}"));
            }
            table.push(&[Value::Long(0), Value::Text(&text), Value::Null]);
        }
        table
    }

    fn open(path: &Path) -> Object {
        Object {
            file: File::open(path).unwrap(),
            path: path.to_path_buf(),
        }
    }

    fn write_foreign(path: &Path, columns: Vec<(&str, ArrayRef)>) {
        let batch = RecordBatch::try_from_iter(columns).unwrap();
        let mut writer = ArrowWriter::try_new(File::create(path).unwrap(), batch.schema(), None).unwrap();
        writer.write(&batch).unwrap();
        writer.close().unwrap();
    }

    #[test]
    fn a_full_disk_is_told_with_the_path_and_its_kind() {
        let mut writer = TableWriter::new("/lake/covered.parquet".into(), SmallDisk(1_000), &COVERED).unwrap();
        writer.write(&covered(100, 1_000)).unwrap();
        let error = writer
            .writer
            .finish()
            .map_err(LakeError::encode(&writer.path))
            .unwrap_err();
        assert_eq!(error.to_string(), "cannot write /lake/covered.parquet");
        let LakeError::Write { cause, .. } = error else {
            panic!("{error:?}")
        };
        assert_eq!(cause.kind(), io::ErrorKind::StorageFull);
    }

    #[test]
    fn a_row_group_ends_before_its_encoder_grows_large() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("covered.parquet");
        let mut writer = TableWriter::create(path.clone(), &COVERED).unwrap();
        // Hexadecimal digits of noise shrink to half and no less.
        let table = covered(640, 100_000);
        for _ in 0..2 {
            writer.write(&table).unwrap();
            assert!(writer.writer.memory_size() <= ROW_GROUP_MEMORY_BYTES_MAX);
        }
        assert!(writer.writer.flushed_row_groups().len() >= 2);
        writer.finish().unwrap();
        let mut rows = 0;
        let mut chunks = 0;
        read_chunks(open(&path), &COVERED, |chunk| -> Result<()> {
            for row in 0..chunk.rows() {
                assert_eq!(chunk.value(row, 1), table.value((rows + row) % 640, 1));
            }
            rows += chunk.rows();
            chunks += 1;
            Ok(())
        })
        .unwrap();
        assert_eq!(rows, 1_280);
        assert!(chunks >= 12, "{chunks} chunks for 128 MB of text");
    }

    #[test]
    fn a_slice_holds_at_least_one_row_and_at_most_the_limits() {
        assert_eq!(slice_end(&covered(3, SLICE_TEXT_BYTES_MAX + 1), 1), 2);
        assert_eq!(slice_end(&covered(8, SLICE_TEXT_BYTES_MAX / 3), 0), 2);
        assert_eq!(slice_end(&covered(SLICE_ROWS_MAX + 7, 1), 0), SLICE_ROWS_MAX);
        assert_eq!(
            slice_end(&covered(SLICE_ROWS_MAX + 7, 1), SLICE_ROWS_MAX),
            SLICE_ROWS_MAX + 7
        );
    }

    #[test]
    fn columns_are_found_by_name_and_an_unknown_one_is_passed_over() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("services.parquet");
        let text = |value: &str| Arc::new(StringArray::from(vec![value])) as ArrayRef;
        let long = |value| Arc::new(Int64Array::from(vec![value])) as ArrayRef;
        write_foreign(
            &path,
            vec![
                ("name", text("ssh")),
                ("port", long(22)),
                ("colour", text("red")),
                ("protocol", text("tcp")),
                ("subject", text("web")),
                ("cell", long(4)),
            ],
        );
        let table = read_whole(open(&path), &SERVICES).unwrap();
        let row: Vec<_> = (0..SERVICES.columns.len())
            .map(|column| table.value(0, column))
            .collect();
        let text = Value::Text;
        assert_eq!(
            row,
            [Value::Long(4), text("web"), text("tcp"), Value::Long(22), text("ssh")]
        );
    }

    #[test]
    fn a_column_that_was_added_later_is_null_in_older_files() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("facets.parquet");
        let id = FixedSizeBinaryArray::try_from_iter([[7u8; 16]].into_iter()).unwrap();
        let text = |value: &str| Arc::new(StringArray::from(vec![value])) as ArrayRef;
        let node = Arc::new(id) as ArrayRef;
        let columns = vec![
            ("node", node),
            ("key", text("S-1")),
            ("kind", text("User")),
            ("reason", text("its own id")),
        ];
        write_foreign(&path, columns);
        let table = read_whole(open(&path), &FACETS).unwrap();
        assert_eq!(
            (table.text(0, 3), table.text(0, 4), table.long(0, 6)),
            ("its own id", "", None)
        );
    }

    #[test]
    fn a_column_that_is_absent_or_of_another_type_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("covered.parquet");
        let long = || Arc::new(Int64Array::from(vec![1])) as ArrayRef;
        write_foreign(
            &path,
            vec![("cell", long()), ("subject", long()), ("observed_at", long())],
        );
        let told = read_whole(open(&path), &COVERED).unwrap_err().to_string();
        let file = path.display();
        assert_eq!(told, format!("column subject of {file} is Int64, and Utf8 is expected"));
        write_foreign(&path, vec![("subject", long())]);
        let told = read_whole(open(&path), &COVERED).unwrap_err().to_string();
        assert_eq!(told, format!("{file} has no column cell"));
    }
}
