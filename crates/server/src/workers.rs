//! Starting workers, listening to them, and ending them. The other side is [`worker`](crate::worker).

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command};

use crate::App;
use crate::jobs::Handle;
use crate::problem::ProblemText;
use crate::worker::{Line, Task};

/// How long a worker that is no longer wanted may take to give up what it holds, before it is killed.
const GRACE: Duration = Duration::from_secs(3);
/// What is kept of a worker's words on standard error: its end.
const WORDS_BYTES_MAX: usize = 16 << 10;

/// What a worker says on standard output.
type Said = Lines<BufReader<ChildStdout>>;

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
    let (Some(input), Some(output), Some(errors)) = (child.stdin.take(), child.stdout.take(), child.stderr.take())
    else {
        tracing::error!("a worker was started without anything to talk through");
        return crashed();
    };
    tokio::spawn(log_words(errors));
    let (mut input, mut lines) = (Some(input), BufReader::new(output).lines());
    let heard = tokio::select! {
        heard = converse(&mut input, &mut lines, task, handle) => heard,
        () = handle.asked_to_end() => return end(child, input, &mut lines, handle, Ended::Cancelled).await,
        () = app.stopped() => return end(child, input, &mut lines, handle, Ended::Interrupted).await,
    };
    match heard {
        Ok(Some(ended)) => end(child, input, &mut lines, handle, ended).await,
        Ok(None) => {
            let status = child.wait().await;
            tracing::error!(?status, "a worker ended without a result");
            crashed()
        }
        Err(cause) => {
            tracing::error!(%cause, "a worker cannot be understood");
            end(child, input, &mut lines, handle, crashed()).await
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
async fn converse(
    input: &mut Option<ChildStdin>,
    lines: &mut Said,
    task: &Task,
    handle: &Handle,
) -> std::io::Result<Option<Ended>> {
    let mut line = serde_json::to_vec(task)?;
    line.push(b'\n');
    if let Some(input) = input {
        input.write_all(&line).await?;
        input.flush().await?;
    }
    listen(lines, handle).await
}

async fn listen(lines: &mut Said, handle: &Handle) -> std::io::Result<Option<Ended>> {
    while let Some(line) = lines.next_line().await? {
        match serde_json::from_str(&line)? {
            Line::Progress(progress) => handle.progress(progress),
            Line::Done(result) => return Ok(Some(Ended::Done(result))),
            Line::Failed(problem) => return Ok(Some(Ended::Failed(problem))),
        }
    }
    Ok(None)
}

/// Writes to the log what a worker says on standard error. All of it is read, or the worker would fail for want of a
/// listener; the end is kept, which says how it came to that.
async fn log_words(mut errors: ChildStderr) {
    let (mut words, mut read) = (Vec::new(), [0; 4096]);
    while let Ok(count @ 1..) = errors.read(&mut read).await {
        words.extend_from_slice(&read[..count]);
        words.drain(..words.len().saturating_sub(WORDS_BYTES_MAX));
    }
    if !words.is_empty() {
        tracing::warn!(words = %String::from_utf8_lossy(&words).trim_end(), "a worker complains");
    }
}

/// Ends a worker: first by the end of its input, then by force. One that had done its work by then says so, and that
/// counts: what was kept is not called cancelled.
async fn end(mut child: Child, input: Option<ChildStdin>, lines: &mut Said, handle: &Handle, ended: Ended) -> Ended {
    drop(input);
    let gives_up = async {
        let last = listen(lines, handle).await;
        (last, child.wait().await)
    };
    let last = tokio::time::timeout(GRACE, gives_up).await;
    if last.is_err()
        && let Err(cause) = child.kill().await
    {
        tracing::warn!(%cause, "a worker cannot be ended");
    }
    match (ended, last) {
        (Ended::Cancelled | Ended::Interrupted, Ok((Ok(Some(Ended::Done(result))), _))) => Ended::Done(result),
        (ended, _) => ended,
    }
}
