//! The other process: what `postern worker` does, and how it talks with the server that has started it.
//!
//! The server writes one line of JSON to its standard input, a [`Task`], and keeps the input open. The worker
//! writes [`Line`]s of JSON to its standard output, the last of which is `done` or `failed`. An input that ends
//! says that the server is gone or the work no longer wanted: the worker gives up what it holds and ends.
//!
//! Why a process: what a build needs of memory goes back to the system when it has ended, to cancel is to end a
//! process, which the commit protocol survives, and a build that crashes takes no page down.

use std::io::{BufRead, Write};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use postern_attack::Removal;
use postern_engine::{
    AsOf, BuildOutcome, Engine, EngineError, FileReport, ImportOptions, ImportReport, Progress, Wait,
};
use postern_model::RelationKind;
use postern_report::{Ids, ReportError, Reports};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::sync::oneshot;
use utoipa::ToSchema;

use crate::builder::BuildResult;
use crate::jobs::JobProgress;
use crate::problem::{Chain, ProblemText, sentence};

/// How much a worker gives way to the server, and to anything else on the machine.
const NICENESS: i32 = 10;
/// The time between two words about the same file.
const TELL_EVERY: Duration = Duration::from_millis(200);
/// Files listed in an import's result; all of them are in the report of the source.
pub const FILES_LISTED_MAX: usize = 500;
/// Rejected rows listed for each of those.
pub const REJECTS_LISTED_MAX: usize = 20;

/// How long work that is given up may take to turn out to have been done.
const LAST_WORDS_WITHIN: Duration = Duration::from_secs(1);

/// Attack paths in each list of a what-if.
const WHAT_IF_PATHS_MAX: usize = 500;

/// What the server wants done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Task {
    Import {
        /// All that lies in this folder, each file or folder as a source of its own.
        folder: PathBuf,
        source: Option<String>,
        /// Whom the audit log names.
        author: String,
    },
    Build,
    WhatIf(WhatIf),
}

/// What is not to be there.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct WhatIf {
    /// Ids of assets, which are taken out with every fact about them.
    pub remove_assets: Vec<String>,
    /// Ids of steps, relations and findings.
    pub remove_edges: Vec<String>,
    /// Techniques that nobody can use any more.
    pub disable_techniques: Vec<String>,
}

impl WhatIf {
    pub fn count(&self) -> usize {
        self.remove_assets.len() + self.remove_edges.len() + self.disable_techniques.len()
    }

    /// What is meant, in one generation.
    ///
    /// # Errors
    /// Those of looking up an id.
    pub fn removal(&self, reports: &Reports) -> Result<Removal, ReportError> {
        let ids = Ids(&reports.generation);
        let technique = |name: &String| {
            let kind = RelationKind::find(name);
            kind.ok_or_else(|| ReportError::NoSuch {
                what: "technique",
                id: name.clone(),
            })
        };
        Ok(Removal {
            assets: self
                .remove_assets
                .iter()
                .map(|id| ids.asset(id))
                .collect::<Result<_, _>>()?,
            edges: self
                .remove_edges
                .iter()
                .map(|id| ids.edge(id))
                .collect::<Result<_, _>>()?,
            techniques: self
                .disable_techniques
                .iter()
                .map(technique)
                .collect::<Result<_, _>>()?,
        })
    }

    pub fn title(&self, reports: &Reports) -> String {
        let ids = Ids(&reports.generation);
        let name = |id: &String| {
            let asset = ids.asset(id).ok();
            asset.map_or_else(
                || id.clone(),
                |asset| reports.generation.estate.node(asset).name.to_string(),
            )
        };
        let first = self.remove_assets.first().map(name);
        let first = first.or_else(|| Some(reports.edge_name(ids.edge(self.remove_edges.first()?).ok()?)));
        let first = first
            .or_else(|| self.disable_techniques.first().cloned())
            .unwrap_or_default();
        match self.count() {
            0 | 1 => format!("What if without {first}"),
            more => format!("What if without {first} and {} more", more - 1),
        }
    }
}

/// What the worker says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Line {
    Progress(JobProgress),
    Done(Value),
    Failed(ProblemText),
}

/// What an import gives.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ImportResult {
    /// The sources that the files belong to.
    pub source_ids: Vec<i64>,
    /// The first 500; the sources have them all.
    pub files: Vec<ImportedFile>,
    pub files_total: u64,
    /// Files of which nothing was taken in.
    pub rejected_files: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ImportedFile {
    pub path: String,
    /// None for a file that was not taken in.
    pub format: Option<String>,
    pub objects: u64,
    pub relations: u64,
    pub findings: u64,
    /// Had been imported before, byte for byte: nothing changes.
    pub is_known: bool,
    /// Rows, or the file as a whole.
    pub rejects_total: u64,
    /// The first 20.
    pub rejects: Vec<RejectedRow>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RejectedRow {
    /// Where in the file; empty for the file as a whole.
    pub position: String,
    pub reason: String,
}

/// Does one task, in a process that the server has started.
///
/// # Errors
/// Those of writing to standard output. What goes wrong with the work is told there.
pub async fn run(engine: Engine) -> std::io::Result<()> {
    // A system that does not allow it does the work all the same.
    let _ = rustix::process::nice(NICENESS);
    let (task, server_gone) = listen();
    let Ok(task) = task.await else { return Ok(()) };
    let told: Arc<Told> = Arc::default();
    let mut worked = std::pin::pin!(work(&engine, task, told));
    let line = tokio::select! {
        worked = &mut worked => match worked {
            Ok(result) => Line::Done(result),
            Err(error) => Line::Failed(problem(&error)),
        },
        _ = server_gone => {
            engine.abandon().await;
            // What was committed in this very moment is not given up, and has to be told.
            match tokio::time::timeout(LAST_WORDS_WITHIN, worked).await {
                Ok(Ok(result)) => Line::Done(result),
                _ => return Ok(()),
            }
        }
    };
    say(&line)
}

/// The first line of standard input, and its end. A thread of its own: a read cannot be cancelled, and must not
/// keep the process alive.
fn listen() -> (oneshot::Receiver<Task>, oneshot::Receiver<()>) {
    let (task, tasked) = oneshot::channel();
    let (end, ended) = oneshot::channel();
    std::thread::spawn(move || {
        let mut lines = std::io::stdin().lock().lines();
        if let Some(Ok(line)) = lines.next()
            && let Ok(read) = serde_json::from_str(&line)
            && task.send(read).is_ok()
        {
            while let Some(Ok(_)) = lines.next() {}
        }
        // The work may have ended before.
        let _ = end.send(());
    });
    (tasked, ended)
}

fn say(line: &Line) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    serde_json::to_writer(&mut out, line)?;
    out.write_all(b"\n")?;
    out.flush()
}

async fn work(engine: &Engine, task: Task, told: Arc<Told>) -> Result<Value, ReportError> {
    match task {
        Task::WhatIf(question) => {
            told.phase("reading the generation");
            let reports = Reports::load(engine, AsOf::Current).await?;
            told.phase("finding attack paths");
            // Alone in its process: nobody waits for this thread.
            let removal = question.removal(&reports)?;
            Ok(json!(reports.what_if(&removal, WHAT_IF_PATHS_MAX)?))
        }
        Task::Import { folder, source, author } => {
            let mut paths = Vec::new();
            let unreadable = |cause| EngineError::Path {
                path: folder.clone(),
                cause,
            };
            for entry in std::fs::read_dir(&folder).map_err(unreadable)? {
                paths.push(entry.map_err(unreadable)?.path());
            }
            paths.sort();
            let options = ImportOptions {
                source,
                keep_raw: true,
                build: false,
                wait: Wait::No,
                shown_below: Some(folder.clone()),
                author: Some(author),
            };
            let report = engine.import(&paths, &options, told).await?;
            // The server writes what a worker says here into its log.
            for complaint in &report.not_swept {
                eprintln!("{complaint}");
            }
            Ok(json!(ImportResult::new(report)))
        }
        Task::Build => {
            let built = match engine.build(Wait::Yes, told).await? {
                BuildOutcome::Built(generation) => BuildResult {
                    generation,
                    is_new: true,
                },
                BuildOutcome::UpToDate(generation) => BuildResult {
                    generation,
                    is_new: false,
                },
                BuildOutcome::Pending { .. } => unreachable!("the build was told to wait"),
            };
            Ok(json!(built))
        }
    }
}

/// What is wrong with the work is told to whoever wanted it; what is wrong with the machine, with its paths, goes to
/// the server's log.
fn problem(error: &ReportError) -> ProblemText {
    let (title, detail) = match error {
        ReportError::Ledger(_) => return machine(error),
        ReportError::Engine(fault) => match fault {
            EngineError::Path { .. }
            | EngineError::Scratch { .. }
            | EngineError::Data { .. }
            | EngineError::Lake(_)
            | EngineError::Ledger(_) => return machine(error),
            EngineError::Setting { .. } => (sentence(error), "Set it back to the catalog's value."),
            _ => (
                sentence(error),
                "Nothing of it was kept. What was current stays in force.",
            ),
        },
        _ => (sentence(error), "Ask about the current generation."),
    };
    ProblemText {
        title,
        detail: detail.to_owned(),
    }
}

fn machine(error: &ReportError) -> ProblemText {
    // The server writes what a worker says here into its log.
    eprintln!("{}", Chain(error));
    ProblemText {
        title: "The data folder could not be read or written.".to_owned(),
        detail: "Nothing of it was kept. Look whether the disk is full, then try again; if it stays, the server's \
                 log says why."
            .to_owned(),
    }
}

impl ImportResult {
    fn new(report: ImportReport) -> Self {
        Self {
            source_ids: report.source_ids,
            files_total: report.files.len() as u64,
            rejected_files: report.files.iter().filter(|file| file.format.is_none()).count() as u64,
            files: report
                .files
                .into_iter()
                .take(FILES_LISTED_MAX)
                .map(imported_file)
                .collect(),
        }
    }
}

fn imported_file(file: FileReport) -> ImportedFile {
    let rejects = file.rejects.into_iter().take(REJECTS_LISTED_MAX);
    ImportedFile {
        path: file.path,
        format: file.format.map(|format| format.id.to_owned()),
        objects: file.counts.assets,
        relations: file.counts.relations,
        findings: file.counts.instances,
        is_known: file.is_known,
        rejects_total: file.rejects_total,
        rejects: rejects
            .map(|reject| RejectedRow {
                position: reject.position,
                reason: reject.reason,
            })
            .collect(),
    }
}

/// Progress as lines, not more often than people can read.
#[derive(Default)]
struct Told(Mutex<Telling>);

#[derive(Default)]
struct Telling {
    progress: JobProgress,
    last: Option<Instant>,
}

impl Told {
    fn change(&self, is_urgent: bool, change: impl FnOnce(&mut JobProgress)) {
        let mut telling = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        change(&mut telling.progress);
        if is_urgent || telling.last.is_none_or(|last| last.elapsed() >= TELL_EVERY) {
            telling.last = Some(Instant::now());
            // A server that no longer listens has gone, and the end of standard input says so.
            let _ = say(&Line::Progress(telling.progress.clone()));
        }
    }
}

impl Progress for Told {
    fn file(&self, name: &str, bytes: u64) {
        self.change(false, |progress| {
            *progress = JobProgress {
                phase: "reading".to_owned(),
                current_file: Some(name.to_owned()),
                done_bytes: 0,
                total_bytes: Some(bytes),
            };
        });
    }

    fn advance(&self, bytes: u64) {
        self.change(false, |progress| progress.done_bytes += bytes);
    }

    fn phase(&self, name: &str) {
        self.change(true, |progress| *progress = JobProgress::phase(name));
    }

    fn waiting(&self, holder: &str) {
        self.change(true, |progress| {
            *progress = JobProgress::phase(format!("waiting for {holder}, which is building"));
        });
    }

    fn done(&self) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_with_the_machine_is_not_told_to_who_wanted_the_work() {
        let full = EngineError::Data {
            path: "/secret/folder".into(),
            cause: std::io::ErrorKind::StorageFull.into(),
        };
        let told = problem(&full.into());
        assert!(
            !format!("{} {}", told.title, told.detail).contains("secret"),
            "{told:?}"
        );
        let setting = EngineError::Setting {
            key: "session-window-days".to_owned(),
            value: "x".to_owned(),
            reason: "it is a whole number".to_owned(),
        };
        assert!(problem(&setting.into()).title.contains("session-window-days"));
    }
}
