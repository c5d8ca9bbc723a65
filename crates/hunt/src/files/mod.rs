//! Tables out of files of nodes, edges and findings, for trying queries on a graph of any size without a data folder.
//!
//! The files are Parquet with the columns of `postern bench graph` and more: nodes `id, kind, name, ...`, edges
//! `src, dst, kind, traversable, cost`, findings `device_id, cve_id, product, severity, cvss, first_seen, status,
//! internet_exposed`. They appear as `ExposureGraphNodes`, `ExposureGraphEdges` and `Findings` with the public columns,
//! made from the file's, and the file's own columns behind them. A column that is in no file is null.
//!
//! Start at [`FilesWorld::open`]. Columns are read when a query first asks for them, and kept.

mod graph;
mod load;
mod spec;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use datafusion::arrow::array::{ArrayRef, RecordBatch};
use datafusion::arrow::datatypes::{Field, Schema as ArrowSchema, SchemaRef};
use datafusion::catalog::{Session, TableProvider};
use datafusion::datasource::memory::MemorySourceConfig;
use datafusion::error::DataFusionError;
use datafusion::logical_expr::{Expr, TableType};
use datafusion::physical_plan::ExecutionPlan;
use postern_kql::schema::{Found, Schema, StoredFunction, Table, TableFunction};
use postern_kql::{Type, Value};

use crate::error::HuntError;
use crate::graph::{EDGES_TABLE, NODES_TABLE, ResidentGraph};
use crate::world::{Codes, World, arrow_type};
use load::FileColumns;
use spec::{FileSpec, Made};

/// Bytes of columns that are kept of all files together; a query that needs more fails.
pub const KEPT_BYTES_MAX: usize = 6 << 30;

/// The world of some files.
pub struct FilesWorld {
    tables: Vec<Arc<FileTable>>,
    now: i64,
    /// Built when a query first asks for it.
    graph: tokio::sync::OnceCell<Option<Arc<ResidentGraph>>>,
}

impl FilesWorld {
    /// Reads what the files have, and no rows yet.
    ///
    /// * `now`: the clock of the queries, in microseconds since 1970.
    ///
    /// # Errors
    /// [`HuntError::Table`] when a file is not Parquet or lacks a column that every such file has.
    pub fn open(nodes: &Path, edges: &Path, findings: Option<&Path>, now: i64) -> Result<Self, HuntError> {
        let mut tables = vec![
            FileTable::open(&spec::NODES, nodes)?,
            FileTable::open(&spec::EDGES, edges)?,
        ];
        if let Some(findings) = findings {
            tables.push(FileTable::open(&spec::FINDINGS, findings)?);
        }
        Ok(Self {
            tables: tables.into_iter().map(Arc::new).collect(),
            now,
            graph: tokio::sync::OnceCell::new(),
        })
    }

    fn find(&self, name: &str) -> Option<&Arc<FileTable>> {
        self.tables.iter().find(|table| table.spec.name == name)
    }
}

impl Schema for FilesWorld {
    fn table(&self, name: &str) -> Found<Arc<Table>> {
        match self.find(name) {
            Some(table) => Found::Yes(table.schema_table()),
            None => Found::No,
        }
    }

    fn table_function(&self, _name: &str) -> Option<Arc<TableFunction>> {
        None
    }

    fn stored_function(&self, _name: &str) -> Option<Arc<StoredFunction>> {
        None
    }

    fn tables(&self) -> Vec<Arc<Table>> {
        self.tables.iter().map(|table| table.schema_table()).collect()
    }

    fn table_functions(&self) -> Vec<Arc<TableFunction>> {
        Vec::new()
    }

    fn stored_functions(&self) -> Vec<Arc<StoredFunction>> {
        Vec::new()
    }
}

#[async_trait]
impl World for FilesWorld {
    async fn table_rows(&self, name: &str) -> Result<Arc<dyn TableProvider>, HuntError> {
        let table = self.find(name).ok_or_else(|| missing(name))?;
        let coded = Arc::clone(table);
        // Codes have to be known before the query is planned.
        blocking(move || coded.load_codes()).await?;
        Ok(Arc::clone(table) as _)
    }

    async fn function_rows(
        &self,
        name: &str,
        _arguments: &[Option<Value>],
    ) -> Result<Arc<dyn TableProvider>, HuntError> {
        Err(missing(name))
    }

    fn shreds(&self, table: &str) -> Vec<(String, Vec<String>)> {
        let parts = self.find(table).map_or(&[][..], |table| table.spec.parts);
        parts
            .iter()
            .map(|part| {
                let path = part.path.iter().map(|key| (*key).to_owned()).collect();
                (part.column.to_owned(), path)
            })
            .collect()
    }

    fn codes(&self, table: &str) -> Vec<(String, Arc<Codes>)> {
        self.find(table).map_or_else(Vec::new, |table| table.known_codes())
    }

    async fn exposure_graph(&self) -> Option<Arc<ResidentGraph>> {
        let (nodes, edges) = (self.find(NODES_TABLE)?, self.find(EDGES_TABLE)?);
        let built = self.graph.get_or_init(|| async {
            let (nodes, edges) = (Arc::clone(nodes), Arc::clone(edges));
            match blocking(move || graph::build(&nodes, &edges)).await {
                Ok(graph) => Some(Arc::new(graph)),
                Err(error) => {
                    // Queries then build what they need of it, and fail where that cannot be read either.
                    tracing::warn!(%error, "the graph of the files is not kept");
                    None
                }
            }
        });
        built.await.clone()
    }

    fn now(&self) -> i64 {
        self.now
    }
}

fn missing(name: &str) -> HuntError {
    HuntError::Run(format!("no file gives `{name}`"))
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, HuntError> + Send + 'static,
) -> Result<T, HuntError> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|error| HuntError::Engine(DataFusionError::ExecutionJoin(Box::new(error))))?
}

/// One file as a table: its visible columns, then parts of dynamic ones, then codes.
pub struct FileTable {
    spec: &'static FileSpec,
    path: PathBuf,
    file: FileColumns,
    /// Every column that the provider has.
    columns: Vec<TableColumn>,
    kept: Mutex<Kept>,
}

struct TableColumn {
    name: String,
    ty: Type,
    about: &'static str,
    made: Made,
}

#[derive(Default)]
struct Kept {
    /// Arrays of each column, batch after batch.
    columns: HashMap<usize, Vec<ArrayRef>>,
    codes: Vec<(String, Arc<Codes>)>,
    bytes: usize,
}

impl FileTable {
    fn open(spec: &'static FileSpec, path: &Path) -> Result<Self, HuntError> {
        let file = FileColumns::open(path).map_err(|cause| table_error(spec.name, cause))?;
        if let Some(absent) = spec.needs.iter().find(|column| file.ty(column).is_none()) {
            let cause = format!("{} has no column `{absent}`", path.display());
            return Err(table_error(spec.name, cause.into()));
        }
        let mut columns: Vec<TableColumn> = spec
            .columns
            .iter()
            .map(|column| TableColumn {
                name: column.name.to_owned(),
                ty: column.ty,
                about: column.about,
                made: column.made,
            })
            .collect();
        // The file's own columns, where none of ours has the name.
        for (name, ty) in file.all() {
            if !columns.iter().any(|column| column.name == *name) {
                columns.push(TableColumn {
                    name: name.clone(),
                    ty: *ty,
                    about: "A column of the file.",
                    made: Made::Own,
                });
            }
        }
        Ok(Self {
            spec,
            path: path.to_owned(),
            file,
            columns,
            kept: Mutex::default(),
        })
    }

    fn schema_table(&self) -> Arc<Table> {
        Arc::new(Table {
            name: self.spec.name.to_owned(),
            columns: self
                .columns
                .iter()
                .map(|column| postern_kql::Column::new(&column.name, column.ty))
                .collect(),
            description: format!("Rows of {}.", self.path.display()),
            column_descriptions: self
                .columns
                .iter()
                .map(|column| (column.name.clone(), column.about.to_owned()))
                .collect(),
        })
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    fn known_codes(&self) -> Vec<(String, Arc<Codes>)> {
        self.lock().codes.clone()
    }

    /// Which columns of the table are strings that the file holds as a dictionary.
    fn coded(&self) -> Vec<(usize, &str)> {
        let columns = self.columns.iter().enumerate();
        columns
            .filter_map(|(index, column)| {
                let source = column.source()?;
                (column.ty == Type::String && self.file.is_dictionary(source)).then_some((index, source))
            })
            .collect()
    }

    /// Reads the columns that the file holds as dictionaries, once.
    fn load_codes(&self) -> Result<(), HuntError> {
        let mut kept = self.lock();
        let coded = self.coded();
        if coded.is_empty() || !kept.codes.is_empty() {
            return Ok(());
        }
        let mut sources: Vec<&str> = coded.iter().map(|(_, source)| *source).collect();
        sources.sort_unstable();
        sources.dedup();
        let loaded = self
            .file
            .codes(&sources)
            .map_err(|cause| table_error(self.spec.name, cause))?;
        for (column, source) in coded {
            let Some((_, codes, arrays)) = loaded.iter().find(|(name, ..)| name == source) else {
                continue;
            };
            let place = self.columns.len() + self.spec.parts.len() + kept.codes.len();
            kept.keep(place, arrays.clone())?;
            kept.codes.push((self.columns[column].name.clone(), Arc::clone(codes)));
        }
        Ok(())
    }

    /// The arrays of columns by place, made where they are not kept yet.
    fn load(&self, places: &[usize]) -> Result<Vec<Vec<ArrayRef>>, HuntError> {
        let mut kept = self.lock();
        let absent: Vec<usize> = places
            .iter()
            .copied()
            .filter(|place| !kept.columns.contains_key(place))
            .collect();
        if !absent.is_empty() {
            let made: Vec<(Made, Type, &str)> = absent
                .iter()
                .map(|place| match self.columns.get(*place) {
                    Some(column) => (column.made, column.ty, column.name.as_str()),
                    None => (
                        Made::Json(self.spec.parts[*place - self.columns.len()].made),
                        Type::Dynamic,
                        "",
                    ),
                })
                .collect();
            let arrays = self
                .file
                .make(&made)
                .map_err(|cause| table_error(self.spec.name, cause))?;
            for (place, arrays) in absent.into_iter().zip(arrays) {
                kept.keep(place, arrays)?;
            }
        }
        Ok(places.iter().map(|place| kept.columns[place].clone()).collect())
    }

    fn field(&self, place: usize) -> Field {
        let (name, ty) = match self.columns.get(place) {
            Some(column) => (column.name.clone(), column.ty),
            None if place < self.columns.len() + self.spec.parts.len() => (format!("\u{1}{place}"), Type::Dynamic),
            None => (format!("\u{1}{place}"), Type::Int),
        };
        Field::new(name, arrow_type(ty), ty != Type::String)
    }
}

impl TableColumn {
    /// The file's column that it is, unchanged.
    fn source(&self) -> Option<&str> {
        match &self.made {
            Made::From(source) => Some(source),
            Made::Own => Some(&self.name),
            _ => None,
        }
    }
}

impl Kept {
    fn keep(&mut self, place: usize, arrays: Vec<ArrayRef>) -> Result<(), HuntError> {
        self.bytes += arrays.iter().map(|array| array.get_array_memory_size()).sum::<usize>();
        if self.bytes > KEPT_BYTES_MAX {
            return Err(HuntError::Limit {
                limit: format!("{} GiB of a file's columns", KEPT_BYTES_MAX >> 30),
                hint: "ask for fewer columns".to_owned(),
            });
        }
        self.columns.insert(place, arrays);
        Ok(())
    }
}

impl std::fmt::Debug for FileTable {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "FileTable({})", self.spec.name)
    }
}

fn table_error(table: &str, cause: Box<dyn std::error::Error + Send + Sync>) -> HuntError {
    HuntError::Table {
        table: table.to_owned(),
        cause,
    }
}

#[async_trait]
impl TableProvider for FileTable {
    fn schema(&self) -> SchemaRef {
        let places = self.columns.len() + self.spec.parts.len() + self.lock().codes.len();
        Arc::new(ArrowSchema::new(
            (0..places).map(|place| self.field(place)).collect::<Vec<_>>(),
        ))
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        _filters: &[Expr],
        _limit: Option<usize>,
    ) -> datafusion::error::Result<Arc<dyn ExecutionPlan>> {
        let places = match projection {
            Some(projection) => projection.clone(),
            None => (0..self.schema().fields().len()).collect(),
        };
        let schema = Arc::new(ArrowSchema::new(
            places.iter().map(|place| self.field(*place)).collect::<Vec<_>>(),
        ));
        // Reading blocks; a scan is planned on a thread that runs one query.
        let columns = tokio::task::block_in_place(|| self.load(&places)).map_err(|error| match error {
            HuntError::Engine(error) => error,
            error => DataFusionError::External(Box::new(error)),
        })?;
        let rows = self.file.batch_rows();
        let batches = rows
            .iter()
            .enumerate()
            .map(|(index, rows)| {
                let arrays = columns.iter().map(|column| Arc::clone(&column[index])).collect();
                let options = datafusion::arrow::array::RecordBatchOptions::new().with_row_count(Some(*rows));
                Ok(RecordBatch::try_new_with_options(
                    Arc::clone(&schema),
                    arrays,
                    &options,
                )?)
            })
            .collect::<datafusion::error::Result<Vec<_>>>()?;
        let parts = state.config().target_partitions().max(1);
        let each = batches.len().div_ceil(parts).max(1);
        let partitions: Vec<Vec<RecordBatch>> = match batches.is_empty() {
            true => vec![Vec::new()],
            false => batches.chunks(each).map(<[RecordBatch]>::to_vec).collect(),
        };
        Ok(MemorySourceConfig::try_new_exec(&partitions, schema, None)?)
    }
}
