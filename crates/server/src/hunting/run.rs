//! Runs one query on threads of its own, and writes its result as lines of JSON.
//!
//! [`start`] gives the lines as a stream; dropping the stream ends the query. The answer is written as fast as it is
//! read: a slow reader holds the query back, and the query's time runs on.

use std::sync::Arc;
use std::time::{Duration, Instant};

use arrow_array::RecordBatch;
use futures::Stream;
use jiff::Timestamp;
use postern_hunt::output::Rows;
use postern_hunt::run::{Sink, Summary, TableHead};
use postern_hunt::{Budget, HuntError, World};
use postern_kql::Column;
use postern_ledger::{QueryOutcome, QueryRun};
use serde::Serialize;
use serde_json::value::RawValue;
use tokio::runtime::{Builder, Handle};
use tokio::sync::mpsc;
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::App;
use crate::api::hunting::lines::{Cells, Failure, FailureKind, Head, Line, RunStarted, Told};
use crate::hunting::Turn;

/// Rows that are written as one line.
const ROWS_PER_LINE: usize = 500;
/// Lines that wait to be sent; then the query waits.
const LINES_WAITING_MAX: usize = 8;
/// Beyond the query's own limit of time, for a reader that does not read; then the query is ended.
const READER_GRACE: Duration = Duration::from_secs(30);

/// A query with all that it needs.
pub struct Question {
    pub text: String,
    pub world: Arc<dyn World>,
    pub budget: Budget,
    pub generation: Option<i64>,
    /// Whose history it goes to; `None` for a token of the command line.
    pub owner: Option<String>,
    /// Who the audit log names.
    pub actor: String,
}

/// Begins the query and gives its answer, line by line.
///
/// # Errors
/// When the system has no thread for it.
pub fn start(app: App, turn: Turn, question: Question) -> std::io::Result<impl Stream<Item = Vec<u8>>> {
    let (sender, receiver) = mpsc::channel(LINES_WAITING_MAX);
    let guard = turn.cancelled.clone().drop_guard();
    let main = Handle::current();
    std::thread::Builder::new()
        .name("hunting".to_owned())
        .spawn(move || work(&app, &main, &turn, question, sender))?;
    Ok(futures::stream::unfold((receiver, guard), next_line))
}

/// The guard ends the query when the stream is dropped before its end.
async fn next_line(
    (mut receiver, guard): (mpsc::Receiver<Vec<u8>>, DropGuard),
) -> Option<(Vec<u8>, (mpsc::Receiver<Vec<u8>>, DropGuard))> {
    let line = receiver.recv().await?;
    Some((line, (receiver, guard)))
}

fn work(app: &App, main: &Handle, turn: &Turn, question: Question, sender: mpsc::Sender<Vec<u8>>) {
    let started_at = Timestamp::now();
    let mut lines = Lines::new(sender, turn.cancelled.clone());
    let started = Line::Run(RunStarted {
        id: turn.id.clone(),
        generation: question.generation,
        is_queued: app.hunting.is_full(),
    });
    let result = main
        .block_on(lines.send(&started))
        .and_then(|()| place_and_run(app, main, turn, &question, &mut lines));
    let (last, run) = told(result, &question.text, started_at, &lines);
    // Written down first: who has the result can find it there. A log that cannot be written to fails the query.
    let recorded = main.block_on(
        app.engine
            .ledger()
            .record_query(run, question.owner.as_deref(), &question.actor),
    );
    let last = match recorded {
        Ok(()) => last,
        Err(error) => {
            tracing::error!(
                error = &error as &dyn std::error::Error,
                "a query cannot be written down"
            );
            let message = "the query cannot be written into the audit log";
            let hint = "the log of the server says why";
            Line::Error(Failure::new(FailureKind::Failed, message, Some(hint.to_owned())))
        }
    };
    // Whoever has gone does not hear it.
    drop(main.block_on(lines.send_last(&last)));
}

/// Waits for a place, then runs the query on a runtime of its own.
fn place_and_run(
    app: &App,
    main: &Handle,
    turn: &Turn,
    question: &Question,
    lines: &mut Lines,
) -> Result<Summary, HuntError> {
    let cancelled = &turn.cancelled;
    let place = main.block_on(async {
        tokio::select! {
            place = app.hunting.places.acquire() => place.map_err(|_| HuntError::Cancelled),
            () = cancelled.cancelled() => Err(HuntError::Cancelled),
            () = app.stopped() => Err(HuntError::Cancelled),
        }
    });
    let _place = place?;
    let runtime = Builder::new_multi_thread()
        .worker_threads(question.budget.threads.max(1))
        .thread_name("hunting")
        .enable_time()
        .build()
        .map_err(|error| HuntError::Run(format!("the server has no threads for the query: {error}")))?;
    let result = runtime.block_on(async {
        let run = postern_hunt::run::run(
            &question.text,
            Arc::clone(&question.world),
            &question.budget,
            cancelled,
            lines,
        );
        tokio::select! {
            result = run => result,
            () = cancelled.cancelled() => Err(HuntError::Cancelled),
            () = app.stopped() => Err(HuntError::Cancelled),
            () = tokio::time::sleep(question.budget.time_max + READER_GRACE) => Err(too_slow(&question.budget)),
        }
    });
    // Work that is still computing ends by itself; nobody waits for it.
    runtime.shutdown_background();
    if cancelled.is_cancelled() && result.is_err() {
        return Err(HuntError::Cancelled);
    }
    result
}

fn too_slow(budget: &Budget) -> HuntError {
    HuntError::Limit {
        limit: format!("{} s", budget.time_max.as_secs()),
        hint: "read the answer faster, or ask for fewer rows".to_owned(),
    }
}

/// The last line of the answer, and what is written down.
fn told(result: Result<Summary, HuntError>, text: &str, started_at: Timestamp, lines: &Lines) -> (Line, QueryRun) {
    let wall = lines.begun.elapsed();
    let mut run = QueryRun {
        query: text.to_owned(),
        started_at,
        wall,
        row_count: Some(lines.rows),
        outcome: QueryOutcome::Done,
        message: String::new(),
        tables: Vec::new(),
    };
    let line = match result {
        Ok(summary) => {
            if let Some(partial) = &summary.partial {
                run.outcome = QueryOutcome::Partial;
                run.message.clone_from(&partial.message);
            }
            run.tables.clone_from(&summary.marks.tables);
            Line::Summary(Told::new(summary, text, wall))
        }
        Err(error) => {
            let failure = Failure::of(&error, text);
            run.outcome = match failure.kind {
                FailureKind::Cancelled => QueryOutcome::Cancelled,
                _ => QueryOutcome::Failed,
            };
            run.row_count = None;
            run.message.clone_from(&failure.message);
            if failure.kind == FailureKind::Failed {
                tracing::error!(error = &error as &dyn std::error::Error, "a query failed");
            }
            Line::Error(failure)
        }
    };
    (line, run)
}

/// Writes a result as lines.
struct Lines {
    sender: mpsc::Sender<Vec<u8>>,
    cancelled: CancellationToken,
    columns: Vec<Column>,
    rows: u64,
    begun: Instant,
}

impl Lines {
    fn new(sender: mpsc::Sender<Vec<u8>>, cancelled: CancellationToken) -> Self {
        Self {
            sender,
            cancelled,
            columns: Vec::new(),
            rows: 0,
            begun: Instant::now(),
        }
    }

    async fn send(&self, line: &impl Serialize) -> Result<(), HuntError> {
        let text = text_of(line)?;
        tokio::select! {
            sent = self.sender.send(text) => sent.map_err(|_| HuntError::Cancelled),
            () = self.cancelled.cancelled() => Err(HuntError::Cancelled),
        }
    }

    /// Also of a query that was cancelled by its id: its reader is still there.
    async fn send_last(&self, line: &impl Serialize) -> Result<(), HuntError> {
        let text = text_of(line)?;
        let sent = tokio::time::timeout(READER_GRACE, self.sender.send(text)).await;
        sent.map_or(Err(HuntError::Cancelled), |sent| sent.map_err(|_| HuntError::Cancelled))
    }

    /// For a sink, which is called on a thread of the query's runtime: waits there until there is room.
    fn send_here(&self, line: &impl Serialize) -> Result<(), HuntError> {
        tokio::task::block_in_place(|| Handle::current().block_on(self.send(line)))
    }
}

fn text_of(line: &impl Serialize) -> Result<Vec<u8>, HuntError> {
    let mut text = serde_json::to_vec(line).map_err(|error| HuntError::Run(error.to_string()))?;
    text.push(b'\n');
    Ok(text)
}

impl Sink for Lines {
    fn table(&mut self, table: &TableHead) -> Result<(), HuntError> {
        self.columns.clone_from(&table.columns);
        self.send_here(&Line::Table(Head::of(table)))
    }

    fn rows(&mut self, batch: &RecordBatch) -> Result<(), HuntError> {
        let rows = Rows::new(&self.columns, batch)?;
        let mut at = 0;
        while at < rows.len() {
            let end = rows.len().min(at + ROWS_PER_LINE);
            let mut text = vec![b'['];
            for row in at..end {
                if row > at {
                    text.push(b',');
                }
                rows.write_array(row, &mut text);
            }
            text.push(b']');
            let text = String::from_utf8(text).map_err(|error| HuntError::Run(error.to_string()))?;
            let raw = RawValue::from_string(text).map_err(|error| HuntError::Run(error.to_string()))?;
            self.send_here(&Line::Rows(Cells(raw)))?;
            self.rows += (end - at) as u64;
            at = end;
        }
        Ok(())
    }
}
