//! Reading columns of a Parquet file into arrays of the language's storage types, on as many threads as there are.

use std::collections::HashMap;
use std::error::Error;
use std::fmt::Write;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;

use datafusion::arrow::array::{Array, ArrayRef, AsArray, Int32Array, RecordBatch, StringViewBuilder, new_null_array};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{DataType, Float64Type, Int64Type};
use datafusion::parquet::arrow::ProjectionMask;
use datafusion::parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder,
};
use postern_kql::Type;
use postern_kql_functions::Json;

use super::spec::Made;
use crate::world::{Codes, arrow_type};

type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

/// Rows of a batch: large, since batches stay in memory anyway and each one costs every operator a little.
const FILE_BATCH_ROWS: usize = 65_536;

/// What the columns of one pass are called, and how to make them.
pub type Wanted<'w> = (Made, Type, &'w str);

/// A column of strings as codes: its name, its distinct strings, and the codes of each batch.
pub type Coded = (String, Arc<Codes>, Vec<ArrayRef>);

/// A file, and what it holds.
pub struct FileColumns {
    path: PathBuf,
    metadata: ArrowReaderMetadata,
    columns: Vec<(String, Type)>,
    dictionaries: Vec<String>,
    /// Rows of each batch; a batch never spans two row groups.
    batch_rows: Vec<usize>,
}

impl FileColumns {
    pub fn open(path: &Path) -> Result<Self> {
        let file = File::open(path).map_err(|error| format!("{}: {error}", path.display()))?;
        let metadata = ArrowReaderMetadata::load(&file, ArrowReaderOptions::new())?;
        let mut columns = Vec::new();
        let mut dictionaries = Vec::new();
        for field in metadata.schema().fields() {
            let Some(ty) = type_of(field.data_type()) else {
                continue;
            };
            columns.push((field.name().clone(), ty));
            if matches!(field.data_type(), DataType::Dictionary(..)) {
                dictionaries.push(field.name().clone());
            }
        }
        let mut batch_rows = Vec::new();
        for group in metadata.metadata().row_groups() {
            let mut left = usize::try_from(group.num_rows())?;
            while left > 0 {
                let rows = left.min(FILE_BATCH_ROWS);
                batch_rows.push(rows);
                left -= rows;
            }
        }
        Ok(Self {
            path: path.to_owned(),
            metadata,
            columns,
            dictionaries,
            batch_rows,
        })
    }

    /// Columns of types that the language has.
    pub fn all(&self) -> &[(String, Type)] {
        &self.columns
    }

    pub fn ty(&self, name: &str) -> Option<Type> {
        self.columns.iter().find(|(known, _)| known == name).map(|(_, ty)| *ty)
    }

    pub fn is_dictionary(&self, name: &str) -> bool {
        self.dictionaries.iter().any(|known| known == name)
    }

    pub fn batch_rows(&self) -> &[usize] {
        &self.batch_rows
    }

    /// The codes of dictionary columns: strings are numbered over the whole file, whatever its parts do.
    pub fn codes(&self, names: &[&str]) -> Result<Vec<Coded>> {
        let groups = self.read(names, |batch| Ok(batch.columns().to_vec()))?;
        let mut found = Vec::with_capacity(names.len());
        for (index, name) in names.iter().enumerate() {
            let mut values: Vec<String> = Vec::new();
            let mut code_of: HashMap<String, i32> = HashMap::new();
            let mut arrays: Vec<ArrayRef> = Vec::with_capacity(groups.len());
            let mut last: Option<(ArrayRef, Vec<i32>)> = None;
            for batch in &groups {
                let array = &batch[index];
                let dictionary = array.as_any_dictionary();
                // Batches of one row group share their dictionary.
                let known = last
                    .as_ref()
                    .filter(|(values, _)| values.to_data().ptr_eq(&dictionary.values().to_data()));
                if known.is_none() {
                    let strings = cast(dictionary.values(), &DataType::Utf8View)?;
                    let strings = strings.as_string_view();
                    let mut codes = Vec::with_capacity(strings.len());
                    for string in strings.iter().map(Option::unwrap_or_default) {
                        codes.push(match code_of.get(string) {
                            Some(code) => *code,
                            None => {
                                let code = i32::try_from(values.len())?;
                                values.push(string.to_owned());
                                code_of.insert(string.to_owned(), code);
                                code
                            }
                        });
                    }
                    last = Some((Arc::clone(dictionary.values()), codes));
                }
                let Some((_, codes)) = &last else { continue };
                let keys = cast(dictionary.keys(), &DataType::Int32)?;
                let keys = keys.as_primitive::<datafusion::arrow::datatypes::Int32Type>();
                let array: Int32Array = if keys.null_count() == 0 {
                    keys.values()
                        .iter()
                        .map(|key| codes[*key as usize])
                        .collect::<Vec<i32>>()
                        .into()
                } else {
                    // A missing string is the empty one.
                    let empty = *code_of.entry(String::new()).or_insert_with(|| {
                        values.push(String::new());
                        values.len() as i32 - 1
                    });
                    keys.iter()
                        .map(|key| key.map_or(empty, |key| codes[key as usize]))
                        .collect::<Vec<i32>>()
                        .into()
                };
                arrays.push(Arc::new(array));
            }
            found.push(((*name).to_owned(), Arc::new(Codes::new(values)), arrays));
        }
        Ok(found)
    }

    /// Columns made of the file's, each in batches.
    pub fn make(&self, wanted: &[Wanted<'_>]) -> Result<Vec<Vec<ArrayRef>>> {
        let mut sources: Vec<&str> = Vec::new();
        for (made, _, name) in wanted {
            match made {
                Made::Own => sources.push(name),
                Made::From(source) | Made::Numbered(_, source) => sources.push(source),
                // What such a function reads is its own matter.
                Made::Json(_) => sources.extend(self.columns.iter().map(|(name, _)| name.as_str())),
                Made::Null => {}
            }
        }
        sources.retain(|source| self.ty(source).is_some());
        sources.sort_unstable();
        sources.dedup();
        let batches = if sources.is_empty() {
            self.batch_rows.iter().map(|rows| nulls(wanted, *rows)).collect()
        } else {
            self.read(&sources, |batch| make_batch(batch, wanted))?
        };
        let mut columns: Vec<Vec<ArrayRef>> = wanted.iter().map(|_| Vec::with_capacity(batches.len())).collect();
        for batch in batches {
            for (column, array) in columns.iter_mut().zip(batch) {
                column.push(array);
            }
        }
        Ok(columns)
    }

    /// Calls `each` for every batch of some columns; the answers come in the order of the rows. Row groups are shared
    /// out among threads.
    fn read<T: Send>(&self, names: &[&str], each: impl Fn(&RecordBatch) -> Result<T> + Sync) -> Result<Vec<T>> {
        let groups = self.metadata.metadata().num_row_groups();
        let threads = thread::available_parallelism()
            .map_or(1, usize::from)
            .min(groups.max(1));
        let next = std::sync::atomic::AtomicUsize::new(0);
        let (next, each) = (&next, &each);
        let mut parts: Vec<(usize, Vec<T>)> = thread::scope(|scope| {
            let workers: Vec<_> = (0..threads)
                .map(|_| {
                    scope.spawn(move || -> Result<Vec<(usize, Vec<T>)>> {
                        let mut parts = Vec::new();
                        loop {
                            let group = next.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                            if group >= groups {
                                return Ok(parts);
                            }
                            parts.push((group, self.read_group(group, names, each)?));
                        }
                    })
                })
                .collect();
            let mut parts = Vec::new();
            for worker in workers {
                match worker.join() {
                    Ok(part) => parts.extend(part?),
                    Err(panic) => std::panic::resume_unwind(panic),
                }
            }
            Result::Ok(parts)
        })?;
        parts.sort_by_key(|(group, _)| *group);
        Ok(parts.into_iter().flat_map(|(_, part)| part).collect())
    }

    fn read_group<T>(&self, group: usize, names: &[&str], each: &impl Fn(&RecordBatch) -> Result<T>) -> Result<Vec<T>> {
        let file = File::open(&self.path)?;
        let builder = ParquetRecordBatchReaderBuilder::new_with_metadata(file, self.metadata.clone());
        let mask = ProjectionMask::columns(builder.parquet_schema(), names.iter().copied());
        let reader = builder
            .with_projection(mask)
            .with_row_groups(vec![group])
            .with_batch_size(FILE_BATCH_ROWS)
            .build()?;
        let mut answers = Vec::new();
        for batch in reader {
            let batch = batch?;
            // In the order of `names`, which need not be the file's.
            let places = names
                .iter()
                .map(|name| batch.schema().index_of(name))
                .collect::<std::result::Result<Vec<_>, _>>()?;
            answers.push(each(&batch.project(&places)?)?);
        }
        Ok(answers)
    }
}

/// The type of the language that holds such values.
fn type_of(ty: &DataType) -> Option<Type> {
    Some(match ty {
        DataType::Boolean => Type::Bool,
        DataType::Int8 | DataType::Int16 | DataType::Int32 | DataType::UInt8 | DataType::UInt16 => Type::Int,
        DataType::Int64 | DataType::UInt32 => Type::Long,
        DataType::Float16 | DataType::Float32 | DataType::Float64 => Type::Real,
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => Type::String,
        DataType::Date32 | DataType::Date64 | DataType::Timestamp(..) => Type::DateTime,
        DataType::Dictionary(_, values) => match type_of(values)? {
            Type::String => Type::String,
            _ => return None,
        },
        _ => return None,
    })
}

fn nulls(wanted: &[Wanted<'_>], rows: usize) -> Vec<ArrayRef> {
    wanted.iter().map(|(_, ty, _)| null_array(*ty, rows)).collect()
}

fn null_array(ty: Type, rows: usize) -> ArrayRef {
    if ty == Type::String {
        let mut builder = StringViewBuilder::new();
        (0..rows).for_each(|_| builder.append_value(""));
        return Arc::new(builder.finish());
    }
    new_null_array(&arrow_type(ty), rows)
}

fn make_batch(batch: &RecordBatch, wanted: &[Wanted<'_>]) -> Result<Vec<ArrayRef>> {
    let cells = Cells::new(batch)?;
    let rows = batch.num_rows();
    wanted
        .iter()
        .map(|(made, ty, name)| match made {
            Made::Own => stored(batch, name, *ty),
            Made::From(source) => stored(batch, source, *ty),
            Made::Numbered(prefix, source) => {
                let mut builder = StringViewBuilder::with_capacity(rows);
                let mut text = String::new();
                for row in 0..rows {
                    text.clear();
                    text.push_str(prefix);
                    cells.json(source, row, &mut text);
                    builder.append_value(&text);
                }
                Ok(Arc::new(builder.finish()) as ArrayRef)
            }
            Made::Json(write) => {
                let mut builder = StringViewBuilder::with_capacity(rows);
                let mut text = String::new();
                for row in 0..rows {
                    text.clear();
                    write(&cells, row, &mut text);
                    if text.is_empty() {
                        builder.append_null();
                    } else {
                        builder.append_value(&text);
                    }
                }
                Ok(Arc::new(builder.finish()) as ArrayRef)
            }
            Made::Null => Ok(null_array(*ty, rows)),
        })
        .collect()
}

/// A column of the file in the storage type.
fn stored(batch: &RecordBatch, name: &str, ty: Type) -> Result<ArrayRef> {
    let Some(array) = batch.column_by_name(name) else {
        return Ok(null_array(ty, batch.num_rows()));
    };
    let array = match array.data_type() {
        // A day is a moment of it.
        DataType::Date32 => cast(array, &DataType::Date64)?,
        _ => Arc::clone(array),
    };
    let array = cast(&array, &arrow_type(ty))?;
    if ty != Type::String || array.null_count() == 0 {
        return Ok(array);
    }
    let mut builder = StringViewBuilder::with_capacity(array.len());
    array
        .as_string_view()
        .iter()
        .for_each(|text| builder.append_value(text.unwrap_or_default()));
    Ok(Arc::new(builder.finish()))
}

/// Cells of a batch, by name of the file's column.
pub struct Cells<'a> {
    columns: Vec<(&'a str, Cell)>,
}

enum Cell {
    Text(ArrayRef),
    Whole(ArrayRef),
    Real(ArrayRef),
    Bool(ArrayRef),
}

impl<'a> Cells<'a> {
    fn new(batch: &'a RecordBatch) -> Result<Self> {
        let schema = batch.schema_ref();
        let mut columns = Vec::with_capacity(batch.num_columns());
        for (field, array) in schema.fields().iter().zip(batch.columns()) {
            let cell = match type_of(field.data_type()) {
                Some(Type::Bool) => Cell::Bool(Arc::clone(array)),
                Some(Type::Int | Type::Long) => Cell::Whole(cast(array, &DataType::Int64)?),
                Some(Type::Real) => Cell::Real(cast(array, &DataType::Float64)?),
                _ => Cell::Text(cast(array, &DataType::Utf8View)?),
            };
            columns.push((field.name().as_str(), cell));
        }
        Ok(Self { columns })
    }

    fn cell(&self, column: &str) -> Option<&Cell> {
        self.columns
            .iter()
            .find(|(name, _)| *name == column)
            .map(|(_, cell)| cell)
    }

    pub fn is_true(&self, column: &str, row: usize) -> bool {
        match self.cell(column) {
            Some(Cell::Bool(array)) => array.is_valid(row) && array.as_boolean().value(row),
            _ => false,
        }
    }

    /// Appends the cell as JSON; nothing for a null or an absent column.
    pub fn json(&self, column: &str, row: usize, out: &mut String) {
        if let Some(cell) = self.cell(column) {
            cell.json(row, out);
        }
    }

    /// Appends an object of all cells behind `first`, which ends with a comma where it is not empty.
    pub fn object(&self, row: usize, first: &str, out: &mut String) {
        out.push('{');
        out.push_str(first);
        let mut is_first = true;
        for (name, cell) in &self.columns {
            if !cell.is_null(row) {
                if !is_first {
                    out.push(',');
                }
                is_first = false;
                push_json_string(name, out);
                out.push(':');
                cell.json(row, out);
            }
        }
        if is_first && first.ends_with(',') {
            out.pop();
        }
        out.push('}');
    }
}

impl Cell {
    fn is_null(&self, row: usize) -> bool {
        match self {
            Cell::Text(array) | Cell::Whole(array) | Cell::Real(array) | Cell::Bool(array) => array.is_null(row),
        }
    }

    fn json(&self, row: usize, out: &mut String) {
        if self.is_null(row) {
            return;
        }
        // Writing to a `String` cannot fail.
        let _ = match self {
            Cell::Text(array) => {
                push_json_string(array.as_string_view().value(row), out);
                Ok(())
            }
            Cell::Whole(array) => write!(out, "{}", array.as_primitive::<Int64Type>().value(row)),
            Cell::Real(array) => write!(out, "{:?}", array.as_primitive::<Float64Type>().value(row)),
            Cell::Bool(array) => write!(out, "{}", array.as_boolean().value(row)),
        };
    }
}

fn push_json_string(text: &str, out: &mut String) {
    let _ = write!(out, "{}", Json::String(text.to_owned()));
}
