//! Running a query from its text to its rows.

use std::sync::Arc;
use std::time::Duration;

use datafusion::arrow::array::RecordBatch;
use datafusion::error::DataFusionError;
use futures::StreamExt;
use postern_kql::binder::Options as BindOptions;
use postern_kql::{Column, Diagnostic, Severity, ir};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::budget::{Budget, Partial, Watch};
use crate::discover::{DISCOVERED_MAX, Discovering};
use crate::error::HuntError;
use crate::lower::Lowering;
use crate::session;
use crate::world::World;

/// Receives results while they are made. Tables come one after the other.
pub trait Sink: Send {
    fn table(&mut self, table: &TableHead) -> Result<(), HuntError>;

    /// Rows of the table that was begun last.
    fn rows(&mut self, batch: &RecordBatch) -> Result<(), HuntError>;
}

/// What is known of a result before its rows.
#[derive(Clone, Debug, PartialEq)]
pub struct TableHead {
    pub name: Option<String>,
    pub columns: Vec<Column>,
    pub render: Option<ir::Render>,
}

/// How a query went.
#[derive(Clone, Debug)]
pub struct Summary {
    /// Rows of each table.
    pub rows: Vec<u64>,
    /// The first budget that cut a result.
    pub partial: Option<Partial>,
    /// Warnings and hints; a query with errors does not run.
    pub diagnostics: Vec<Diagnostic>,
    pub marks: ir::Marks,
    pub wall: Duration,
}

/// Stack of the threads that plan and run queries. Planning recurses as deep as a query is, and DataFusion several
/// times deeper; only what is touched takes memory.
const STACK_BYTES: usize = 256 << 20;

/// Batches that wait for the caller's sink.
const MESSAGES_WAITING_MAX: usize = 4;

/// Binds `text` against the world, runs it and hands the rows to `sink`.
///
/// The work is done by threads of its own, so that a deep query cannot take the caller's stack and a long one none of
/// its runtime's threads. Dropping the future cancels the query.
///
/// # Errors
/// [`HuntError::Query`] with diagnostics when the text cannot be bound; see [`HuntError`] for the rest. What was handed
/// to the sink before an error is of no use.
pub async fn run(
    text: &str,
    world: Arc<dyn World>,
    budget: &Budget,
    cancelled: &CancellationToken,
    sink: &mut dyn Sink,
) -> Result<Summary, HuntError> {
    let stop = cancelled.child_token();
    let _stop_when_dropped = stop.clone().drop_guard();
    let (sender, mut messages) = mpsc::channel(MESSAGES_WAITING_MAX);
    let (text, own_budget, own_stop) = (text.to_owned(), budget.clone(), stop.clone());
    std::thread::Builder::new()
        .name("hunt".to_owned())
        .stack_size(STACK_BYTES)
        .spawn(move || run_here(&text, world, &own_budget, &own_stop, sender))
        .map_err(|error| HuntError::Engine(DataFusionError::IoError(error)))?;
    loop {
        let message = tokio::select! {
            biased;
            () = cancelled.cancelled() => return Err(HuntError::Cancelled),
            message = messages.recv() => message,
        };
        match message {
            Some(Message::Table(head)) => sink.table(&head)?,
            Some(Message::Rows(batch)) => sink.rows(&batch)?,
            Some(Message::Done(done)) => return *done,
            // The thread ended without a word: it panicked, and has said so on the log.
            None => return Err(HuntError::Run("the query failed by a fault of Postern".to_owned())),
        }
    }
}

enum Message {
    Table(TableHead),
    Rows(RecordBatch),
    Done(Box<Result<Summary, HuntError>>),
}

/// Hands tables and rows to the caller's thread.
struct Sender(mpsc::Sender<Message>);

impl Sender {
    async fn send(&self, message: Message) -> Result<(), HuntError> {
        // Nobody receives any more: the caller has gone.
        self.0.send(message).await.map_err(|_| HuntError::Cancelled)
    }
}

/// Runs a query on this thread and workers of its own.
fn run_here(
    text: &str,
    world: Arc<dyn World>,
    budget: &Budget,
    cancelled: &CancellationToken,
    sender: mpsc::Sender<Message>,
) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(budget.threads.max(1))
        .thread_name("hunt worker")
        .thread_stack_size(STACK_BYTES)
        .enable_all()
        .build();
    let sender = Sender(sender);
    match runtime {
        Ok(runtime) => {
            runtime.block_on(async {
                let done = run_to(text, world, budget, cancelled, &sender).await;
                // Nobody receives any more only when nobody wants to know.
                let _ = sender.send(Message::Done(Box::new(done))).await;
            });
            // A graph operator may still be on its way to its next look at the token.
            runtime.shutdown_background();
        }
        Err(error) => {
            let done = Err(HuntError::Engine(DataFusionError::IoError(error)));
            let _ = sender.0.blocking_send(Message::Done(Box::new(done)));
        }
    }
}

async fn run_to(
    text: &str,
    world: Arc<dyn World>,
    budget: &Budget,
    cancelled: &CancellationToken,
    sender: &Sender,
) -> Result<Summary, HuntError> {
    let watch = Watch::begin(budget, cancelled);
    let work = async {
        let (parallel, serial) = session::states(budget)?;
        let lowering = Lowering::new(world, budget.clone(), watch.clone(), parallel, serial);
        let (query, diagnostics) = bind(text, &lowering).await?;
        let mut summary = Summary {
            rows: Vec::new(),
            partial: None,
            diagnostics,
            marks: query.marks.clone(),
            wall: Duration::ZERO,
        };
        execute(&query, &lowering, budget, sender, &mut summary).await?;
        summary.wall = watch.begun.elapsed();
        Ok(summary)
    };
    tokio::select! {
        biased;
        () = cancelled.cancelled() => Err(HuntError::Cancelled),
        () = tokio::time::sleep(budget.time_max) => Err(watch.too_late()),
        done = work => done,
    }
}

/// The bound query and its warnings. Parts of it run already where columns depend on rows.
async fn bind(text: &str, lowering: &Lowering) -> Result<(ir::Query, Vec<Diagnostic>), HuntError> {
    let parsed = postern_kql::parse(text);
    let mut schema = Discovering::new(Arc::clone(lowering.world()));
    let bound = loop {
        let bound = postern_kql::bind(&parsed.script, text, &schema, &BindOptions::default());
        let Some(operator) = schema.take_asked() else {
            break bound;
        };
        if schema.answers() == DISCOVERED_MAX {
            return Err(HuntError::Limit {
                limit: format!("{DISCOVERED_MAX} operators whose columns depend on rows"),
                hint: "say the columns, as in `evaluate bag_unpack(d) : (a: string)`".to_owned(),
            });
        }
        let columns = match lowering.discover(&operator).await {
            Ok(columns) => Ok(columns),
            Err(HuntError::Run(reason)) => Err(reason),
            Err(error) => return Err(error),
        };
        schema.answer(operator, columns);
    };
    let all = parsed.diagnostics.into_iter().chain(bound.diagnostics);
    let (mut errors, others): (Vec<_>, Vec<_>) = all.partition(|diagnostic| diagnostic.severity == Severity::Error);
    errors.sort_by_key(|diagnostic| diagnostic.span);
    match bound.query {
        Some(query) if errors.is_empty() => Ok((query, others)),
        _ => Err(HuntError::Query(errors)),
    }
}

async fn execute(
    query: &ir::Query,
    lowering: &Lowering,
    budget: &Budget,
    sender: &Sender,
    summary: &mut Summary,
) -> Result<(), HuntError> {
    let context = lowering.task_context();
    let mut left = Left {
        rows: budget.rows_max,
        bytes: budget.bytes_max,
    };
    for output in &query.outputs {
        let head = TableHead {
            name: output.name.clone(),
            columns: output.table.columns.clone(),
            render: output.render.clone(),
        };
        sender.send(Message::Table(head)).await?;
        let plan = lowering.physical(&output.table).await?;
        let mut batches = plan.execute(0, Arc::clone(&context)).map_err(failed)?;
        let mut rows = 0;
        while let Some(batch) = batches.next().await {
            let batch = batch.map_err(failed)?;
            let (kept, cut) = left.keep(&batch, budget);
            rows += kept.num_rows() as u64;
            if kept.num_rows() > 0 {
                sender.send(Message::Rows(kept)).await?;
            }
            if let Some(cut) = cut {
                summary.partial.get_or_insert(cut);
                break;
            }
        }
        summary.rows.push(rows);
    }
    if let Some(partial) = lowering.partial() {
        summary.partial.get_or_insert(partial);
    }
    Ok(())
}

/// What is left of the budget of results.
struct Left {
    rows: u64,
    bytes: u64,
}

impl Left {
    /// The part of a batch that the budget still takes, and the budget that cut it.
    fn keep(&mut self, batch: &RecordBatch, budget: &Budget) -> (RecordBatch, Option<Partial>) {
        let bytes = batch.get_array_memory_size() as u64;
        if batch.num_rows() as u64 > self.rows {
            let kept = batch.slice(0, usize::try_from(self.rows).unwrap_or(usize::MAX));
            self.rows = 0;
            return (
                kept,
                Some(Partial::new(
                    "rows",
                    format!("the result has more than {} rows", budget.rows_max),
                )),
            );
        }
        if bytes > self.bytes {
            self.bytes = 0;
            let message = format!("the result has more than {} MiB", budget.bytes_max >> 20);
            return (batch.slice(0, 0), Some(Partial::new("bytes", message)));
        }
        self.rows -= batch.num_rows() as u64;
        self.bytes -= bytes;
        (batch.clone(), None)
    }
}

/// What DataFusion says, in our words where the cause is the query's.
fn failed(error: DataFusionError) -> HuntError {
    match error.find_root() {
        DataFusionError::ResourcesExhausted(_) => HuntError::Limit {
            limit: "its memory".to_owned(),
            hint: "filter earlier, or ask for fewer columns".to_owned(),
        },
        _ => match error {
            DataFusionError::External(cause) => match cause.downcast::<HuntError>() {
                Ok(ours) => *ours,
                Err(cause) => HuntError::Engine(DataFusionError::External(cause)),
            },
            error => HuntError::Engine(error),
        },
    }
}
