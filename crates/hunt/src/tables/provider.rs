//! A table of a generation as the query engine sees it.
//!
//! Columns that are kept come from memory; others are made on a thread that may block, in a stream that nobody has to
//! hold whole, and kept afterwards where there is room.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::catalog::{Session, TableProvider};
use datafusion::datasource::memory::MemorySourceConfig;
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::logical_expr::{Expr, TableType};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::stream::RecordBatchReceiverStream;
use datafusion::physical_plan::streaming::{PartitionStream, StreamingTableExec};

use super::out::schema_of;
use super::{EstateTables, TableSpec};
use crate::error::HuntError;

/// Batches that wait for whoever reads them.
const WAITING_MAX: usize = 4;

/// A table of one generation.
pub struct EstateTable {
    tables: Arc<EstateTables>,
    spec: &'static TableSpec,
    /// Places of the columns that are shown, in order.
    columns: Vec<usize>,
    schema: SchemaRef,
}

impl EstateTable {
    /// All columns of a table, those behind its own included that hold parts of dynamic ones.
    pub fn new(tables: Arc<EstateTables>, spec: &'static TableSpec) -> Self {
        let columns: Vec<_> = (0..spec.stored_columns().count()).collect();
        let schema = schema_of(spec, &columns);
        Self {
            tables,
            spec,
            columns,
            schema,
        }
    }
}

impl fmt::Debug for EstateTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EstateTable")
            .field("name", &self.spec.name)
            .finish_non_exhaustive()
    }
}

#[async_trait]
impl TableProvider for EstateTable {
    fn schema(&self) -> SchemaRef {
        self.schema.clone()
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        _filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let columns = match projection {
            Some(projection) => projection.iter().map(|&it| self.columns[it]).collect(),
            None => self.columns.clone(),
        };
        let schema = schema_of(self.spec, &columns);
        if let Some(batches) = self.tables.kept(self.spec, &columns).map_err(external)? {
            let parts = partitions(batches, state.config().target_partitions());
            return Ok(MemorySourceConfig::try_new_exec(&parts, schema, None)?);
        }
        let pass = Pass {
            tables: self.tables.clone(),
            spec: self.spec,
            columns,
            schema: schema.clone(),
        };
        let exec = StreamingTableExec::try_new(schema, vec![Arc::new(pass)], None, [], false, limit)?;
        Ok(Arc::new(exec))
    }
}

/// Consecutive batches, in so many parts of about equal length.
fn partitions(batches: Vec<RecordBatch>, parts: usize) -> Vec<Vec<RecordBatch>> {
    let each = batches.len().div_ceil(parts.max(1)).max(1);
    let mut rest = batches.into_iter().peekable();
    let mut found = Vec::new();
    while rest.peek().is_some() {
        found.push(rest.by_ref().take(each).collect());
    }
    if found.is_empty() {
        found.push(Vec::new());
    }
    found
}

/// One way through the rows of a table.
struct Pass {
    tables: Arc<EstateTables>,
    spec: &'static TableSpec,
    columns: Vec<usize>,
    schema: SchemaRef,
}

impl fmt::Debug for Pass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pass")
            .field("table", &self.spec.name)
            .finish_non_exhaustive()
    }
}

impl PartitionStream for Pass {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn execute(&self, _context: Arc<TaskContext>) -> SendableRecordBatchStream {
        let mut builder = RecordBatchReceiverStream::builder(self.schema.clone(), WAITING_MAX);
        let batches = builder.tx();
        let (tables, spec, columns) = (self.tables.clone(), self.spec, self.columns.clone());
        builder.spawn_blocking(move || {
            let mut made = Vec::new();
            let mut bytes = 0;
            let done = tables.make(spec, &columns, &mut |batch| {
                bytes += batch.get_array_memory_size();
                match bytes <= super::estate::KEPT_BYTES_MAX {
                    true => made.push(batch.clone()),
                    false => made = Vec::new(),
                }
                // Nobody reads on: the query has its rows, or was cancelled.
                batches.blocking_send(Ok(batch)).map_err(|_| HuntError::Cancelled)
            });
            match done {
                Ok(()) if bytes <= super::estate::KEPT_BYTES_MAX => tables.keep(spec, &columns, &made),
                Ok(()) | Err(HuntError::Cancelled) => {}
                Err(error) => return Err(external(error)),
            }
            Ok(())
        });
        builder.build()
    }
}

fn external(error: HuntError) -> DataFusionError {
    match error {
        HuntError::Engine(error) => error,
        error => DataFusionError::External(error.into()),
    }
}
