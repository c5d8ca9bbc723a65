//! Sources of rows that are made by ourselves: batches at hand, plans below, own operators.

use std::fmt;
use std::sync::Arc;

use datafusion::arrow::array::{RecordBatch, RecordBatchOptions};
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::catalog::TableProvider;
use datafusion::catalog::streaming::StreamingTable;
use datafusion::common::Result;
use datafusion::execution::TaskContext;
use datafusion::physical_plan::coalesce_partitions::CoalescePartitionsExec;
use datafusion::physical_plan::sorts::sort_preserving_merge::SortPreservingMergeExec;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::streaming::PartitionStream;
use datafusion::physical_plan::{ExecutionPlan, ExecutionPlanProperties, SendableRecordBatchStream};
use futures::{StreamExt, TryStreamExt, stream};

/// Makes the stream of a source, once for each run.
pub type Open = dyn Fn(Arc<TaskContext>) -> Result<SendableRecordBatchStream> + Send + Sync;

/// A table of one partition whose rows are a stream. It hides what is behind it from the optimizer, which would drop a
/// sort that nothing above it asks for.
pub struct Source {
    schema: SchemaRef,
    open: Box<Open>,
}

impl fmt::Debug for Source {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Source")
    }
}

impl PartitionStream for Source {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn execute(&self, context: Arc<TaskContext>) -> SendableRecordBatchStream {
        match (self.open)(context) {
            Ok(rows) => {
                let schema = Arc::clone(&self.schema);
                let named = Arc::clone(&schema);
                // Below, columns may have other names and be nullable where we know that they are not.
                let rows = rows.map(move |batch| with_schema(batch?, &named));
                Box::pin(RecordBatchStreamAdapter::new(schema, rows))
            }
            Err(error) => {
                let failed = stream::once(async move { Err(error) });
                Box::pin(RecordBatchStreamAdapter::new(Arc::clone(&self.schema), failed))
            }
        }
    }
}

/// The same columns under another schema.
pub fn with_schema(batch: RecordBatch, schema: &SchemaRef) -> Result<RecordBatch> {
    let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    let (_, columns, _) = batch.into_parts();
    Ok(RecordBatch::try_new_with_options(
        Arc::clone(schema),
        columns,
        &options,
    )?)
}

/// A table over a source.
pub fn table(schema: SchemaRef, open: Box<Open>) -> Result<Arc<dyn TableProvider>> {
    let source = Source {
        schema: Arc::clone(&schema),
        open,
    };
    Ok(Arc::new(StreamingTable::try_new(schema, vec![Arc::new(source)])?))
}

/// Rows that are there.
pub fn of_batches(schema: SchemaRef, batches: Vec<RecordBatch>) -> Result<Arc<dyn TableProvider>> {
    let adapter_schema = Arc::clone(&schema);
    table(
        schema,
        Box::new(move |_| {
            let rows = stream::iter(batches.clone().into_iter().map(Ok));
            Ok(Box::pin(RecordBatchStreamAdapter::new(
                Arc::clone(&adapter_schema),
                rows,
            )))
        }),
    )
}

/// The rows of a plan of one partition.
pub fn of_plan(plan: Arc<dyn ExecutionPlan>) -> Result<Arc<dyn TableProvider>> {
    table(plan.schema(), Box::new(move |context| plan.execute(0, context)))
}

/// The rows of several plans of one partition, one after the other.
pub fn of_plans(schema: SchemaRef, plans: Vec<Arc<dyn ExecutionPlan>>) -> Result<Arc<dyn TableProvider>> {
    let adapter_schema = Arc::clone(&schema);
    table(
        schema,
        Box::new(move |context| {
            let streams = plans
                .iter()
                .map(|plan| plan.execute(0, Arc::clone(&context)))
                .collect::<Result<Vec<_>>>()?;
            // Names differ between the parts; what opens the source gives them its own.
            let rows = stream::iter(streams).flatten();
            let schema = Arc::clone(&adapter_schema);
            let rows = rows.and_then(move |batch| {
                let schema = Arc::clone(&schema);
                async move { with_schema(batch, &schema) }
            });
            Ok(Box::pin(RecordBatchStreamAdapter::new(
                Arc::clone(&adapter_schema),
                rows,
            )))
        }),
    )
}

/// The plan with its partitions put together, in its order where it has one.
pub fn one_partition(plan: Arc<dyn ExecutionPlan>) -> Arc<dyn ExecutionPlan> {
    if plan.output_partitioning().partition_count() == 1 {
        return plan;
    }
    match plan.output_ordering() {
        Some(ordering) => Arc::new(SortPreservingMergeExec::new(ordering.clone(), plan)),
        None => Arc::new(CoalescePartitionsExec::new(plan)),
    }
}
