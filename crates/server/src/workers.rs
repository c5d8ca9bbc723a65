//! Starting workers, listening to them, and ending them. The other side is [`worker`](crate::worker).

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, Command};

use crate::App;
use crate::jobs::Handle;
use crate::problem::ProblemText;
use crate::worker::{Line, Task};

/// How long a worker that is no longer wanted may take to give up what it holds, before it is killed.
const GRACE: Duration = Duration::from_secs(3);
/// What is kept of a worker's words on standard error: its end.
const WORDS_BYTES_MAX: u64 = 16 << 10;

/// How to start this program as a worker.
#[derive(Clone, Debug)]
pub struct WorkerCommand {
    pub program: PathBuf,
    /// Among them the data folder and the catalog.
    pub arguments: Vec<OsString>,
}

/// How a worker ended.
#[derive(Clone, Debug)]
pub enum Ended {
    Done(Value),
    Failed(ProblemText),
    /// Somebody wanted it to end.
    Cancelled,
    /// The server is being stopped.
    Interrupted,
}

impl Ended {
    pub fn tell(self, handle: Handle) {
        match self {
            Self::Done(result) => handle.done(result),
            Self::Failed(problem) => handle.failed(problem),
            Self::Cancelled => handle.cancelled(),
            // A handle that is dropped says so.
            Self::Interrupted => drop(handle),
        }
    }
}

/// Runs a task in a process of its own, to its end or until the job is asked to end.
pub async fn run(app: &App, task: &Task, handle: &Handle) -> Ended {
    let mut child = match start(&app.options.worker) {
        Ok(child) => child,
        Err(cause) => {
            tracing::error!(%cause, program = %app.options.worker.program.display(), "a worker cannot be started");
            return crashed();
        }
    };
    let heard = tokio::select! {
        heard = converse(&mut child, task, handle) => heard,
        () = handle.asked_to_end() => Ok(Some(Ended::Cancelled)),
        () = app.stopped() => Ok(Some(Ended::Interrupted)),
    };
    match heard {
        Ok(Some(ended)) => {
            end(child).await;
            ended
        }
        Ok(None) => {
            let status = child.wait().await;
            tracing::error!(?status, "a worker ended without a result");
            crashed()
        }
        Err(cause) => {
            tracing::error!(%cause, "a worker cannot be understood");
            end(child).await;
            crashed()
        }
    }
}

fn crashed() -> Ended {
    Ended::Failed(ProblemText {
        title: "The work ended unexpectedly.".to_owned(),
        detail: "Nothing of it was kept. Try again; if it stays, the server's log says why.".to_owned(),
    })
}

fn start(command: &WorkerCommand) -> std::io::Result<Child> {
    Command::new(&command.program)
        .args(&command.arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        // An interruption on the terminal is for the server, which then ends its workers in order.
        .process_group(0)
        .kill_on_drop(true)
        .spawn()
}

/// Tells the worker what to do, and listens until it says how it ended; `None` when it never does.
async fn converse(child: &mut Child, task: &Task, handle: &Handle) -> std::io::Result<Option<Ended>> {
    let errors = child.stderr.take();
    tokio::spawn(async move {
        let mut words = Vec::new();
        if let Some(errors) = errors
            && errors.take(WORDS_BYTES_MAX).read_to_end(&mut words).await.is_ok()
            && !words.is_empty()
        {
            tracing::warn!(words = %String::from_utf8_lossy(&words).trim_end(), "a worker complains");
        }
    });
    let mut line = serde_json::to_vec(task)?;
    line.push(b'\n');
    if let Some(input) = child.stdin.as_mut() {
        input.write_all(&line).await?;
        input.flush().await?;
    }
    let Some(output) = child.stdout.take() else {
        return Ok(None);
    };
    let mut lines = BufReader::new(output).lines();
    while let Some(line) = lines.next_line().await? {
        match serde_json::from_str(&line)? {
            Line::Progress(progress) => handle.progress(progress),
            Line::Done(result) => return Ok(Some(Ended::Done(result))),
            Line::Failed(problem) => return Ok(Some(Ended::Failed(problem))),
        }
    }
    Ok(None)
}

/// Ends a worker: first by the end of its input, then by force.
async fn end(mut child: Child) {
    drop(child.stdin.take());
    if tokio::time::timeout(GRACE, child.wait()).await.is_err()
        && let Err(cause) = child.kill().await
    {
        tracing::warn!(%cause, "a worker cannot be ended");
    }
}
