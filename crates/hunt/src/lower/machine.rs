//! Operators that work on rows (`kql_functions::rows`) over a stream of batches.

use std::collections::VecDeque;
use std::sync::Arc;

use datafusion::arrow::array::RecordBatch;
use datafusion::catalog::TableProvider;
use datafusion::common::Result as SqlResult;
use datafusion::error::DataFusionError;
use datafusion::execution::memory_pool::{MemoryConsumer, MemoryReservation};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{ExecutionPlan, SendableRecordBatchStream};
use futures::{StreamExt, stream as futures_stream};
use postern_kql::{Column, Diagnostic, Type};
use postern_kql_functions::rows::{RowError, RowOperator};
use postern_kql_functions::{Context, Datum};

use super::stream;
use crate::batch::{BATCH_ROWS, ColumnReader, RowBuilder, arrow_schema};
use crate::budget::{Cuts, Watch};
use crate::error::HuntError;

/// Makes a fresh machine, for each run of the plan.
pub type Make = dyn Fn(&Context) -> Result<Box<dyn RowOperator>, Diagnostic> + Send + Sync;

/// The table that a machine makes of the rows of a plan of one partition.
pub fn table(
    input: Arc<dyn ExecutionPlan>,
    input_columns: &[Column],
    columns: &[Column],
    now: i64,
    (watch, cuts): (&Watch, &Cuts),
    make: Box<Make>,
) -> SqlResult<Arc<dyn TableProvider>> {
    let schema = arrow_schema(columns);
    let types: Vec<Type> = input_columns.iter().map(|column| column.ty).collect();
    let columns = columns.to_vec();
    let adapter_schema = Arc::clone(&schema);
    let (watch, cuts) = (watch.clone(), cuts.clone());
    stream::table(
        schema,
        Box::new(move |task| {
            let context = Context::new(now);
            let machine = make(&context).map_err(|diagnostic| external(HuntError::Query(vec![diagnostic])))?;
            let running = Running {
                input: Some(input.execute(0, Arc::clone(&task))?),
                types: types.clone(),
                machine,
                context,
                builder: RowBuilder::new(&columns),
                ready: VecDeque::new(),
                watch: watch.clone(),
                cuts: cuts.clone(),
                memory: MemoryConsumer::new("rows of an operator").register(task.memory_pool()),
            };
            let rows = futures_stream::try_unfold(running, |mut running| async move {
                Ok(running.next().await?.map(|batch| (batch, running)))
            });
            Ok(Box::pin(RecordBatchStreamAdapter::new(
                Arc::clone(&adapter_schema),
                rows,
            )))
        }),
    )
}

struct Running {
    /// `None` behind its end.
    input: Option<SendableRecordBatchStream>,
    types: Vec<Type>,
    machine: Box<dyn RowOperator>,
    context: Context,
    builder: RowBuilder,
    ready: VecDeque<RecordBatch>,
    watch: Watch,
    cuts: Cuts,
    memory: MemoryReservation,
}

impl Running {
    async fn next(&mut self) -> SqlResult<Option<RecordBatch>> {
        loop {
            if let Some(batch) = self.ready.pop_front() {
                return Ok(Some(batch));
            }
            let Some(input) = &mut self.input else {
                return Ok(None);
            };
            match input.next().await {
                Some(batch) => self.push(&batch?)?,
                None => {
                    self.input = None;
                    self.finish()?;
                }
            }
            self.account()?;
        }
    }

    fn push(&mut self, batch: &RecordBatch) -> SqlResult<()> {
        let readers = batch
            .columns()
            .iter()
            .zip(&self.types)
            .map(|(array, ty)| ColumnReader::new(array, *ty))
            .collect::<SqlResult<Vec<_>>>()?;
        let mut values: Vec<Datum<'_>> = Vec::with_capacity(readers.len());
        let (builder, ready) = (&mut self.builder, &mut self.ready);
        let watch = &self.watch;
        let mut out = |row: &[Datum<'_>]| collect(builder, ready, watch, row);
        for row in 0..batch.num_rows() {
            // What a machine does for one row may take long and yield nothing, as a body of `mv-apply` does.
            watch.check().map_err(external)?;
            values.clear();
            values.extend(readers.iter().map(|reader| reader.get(row)));
            self.machine
                .push(&values, &self.context, &mut out)
                .map_err(|error| failed(error, watch))?;
        }
        Ok(())
    }

    fn finish(&mut self) -> SqlResult<()> {
        let (builder, ready) = (&mut self.builder, &mut self.ready);
        let watch = &self.watch;
        let mut out = |row: &[Datum<'_>]| collect(builder, ready, watch, row);
        self.machine
            .finish(&self.context, &mut out)
            .map_err(|error| failed(error, watch))?;
        if self.builder.rows() > 0 {
            self.ready.push_back(self.builder.finish()?);
        }
        Ok(())
    }

    /// Tells the budget what is held.
    fn account(&mut self) -> SqlResult<()> {
        super::interpreted::tell(&self.context, &self.cuts);
        let waiting: usize = self.ready.iter().map(RecordBatch::get_array_memory_size).sum();
        self.memory.try_resize(self.machine.size() + waiting)
    }
}

fn collect(
    builder: &mut RowBuilder,
    ready: &mut VecDeque<RecordBatch>,
    watch: &Watch,
    row: &[Datum<'_>],
) -> Result<(), RowError> {
    builder.push(row);
    if builder.rows() == BATCH_ROWS {
        let batch = builder.finish().map_err(|error| RowError::Rows(error.to_string()))?;
        ready.push_back(batch);
        // One row may become any number of them: nobody else can ask in between.
        watch.check().map_err(|_| RowError::Enough)?;
    }
    Ok(())
}

fn failed(error: RowError, watch: &Watch) -> DataFusionError {
    external(match error {
        RowError::Enough => watch.check().err().unwrap_or(HuntError::Cancelled),
        RowError::Limit { what, max } => HuntError::Limit {
            limit: format!("{max} {what}"),
            hint: "ask for less".to_owned(),
        },
        error => HuntError::Run(error.to_string()),
    })
}

/// Our error on its way through DataFusion.
pub fn external(error: HuntError) -> DataFusionError {
    DataFusionError::External(Box::new(error))
}
