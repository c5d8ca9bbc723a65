//! Long work that people watch: imports, builds, what-ifs.
//!
//! A [`Job`] is what people see. Whoever does the work holds its [`Handle`], and a job whose handle is dropped
//! before it has ended was interrupted. Changes go to whoever listens ([`Jobs::events`]).

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
pub use postern_ledger::JobState;
use postern_ledger::{JobEnd, Ledger, NewJob};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::sync::{Semaphore, broadcast, watch};
use tokio::task::JoinSet;
use utoipa::ToSchema;

use crate::problem::{Problem, ProblemText};

/// Jobs that are remembered. Those that have ended are forgotten first, the oldest first.
pub const JOBS_KEPT_MAX: usize = 200;
/// Jobs that have not ended; further ones are refused.
pub const JOBS_OPEN_MAX: usize = 100;
/// Events that a slow listener may lag behind before it is told everything anew.
const EVENTS_QUEUED_MAX: usize = 256;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum JobKind {
    Import,
    Build,
    WhatIf,
}

impl JobKind {
    pub const ALL: [Self; 3] = [Self::Import, Self::Build, Self::WhatIf];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Import => "import",
            Self::Build => "build",
            Self::WhatIf => "what-if",
        }
    }
}

/// Work that takes a while.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Job {
    /// Later jobs have larger ones, as text.
    pub id: String,
    pub kind: JobKind,
    /// What it does, for people.
    pub title: String,
    pub state: JobState,
    /// The user, or the server itself.
    pub created_by: String,
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    #[schema(value_type = Option<String>, format = DateTime)]
    pub ended_at: Option<Timestamp>,
    pub progress: JobProgress,
    /// Why it failed.
    pub problem: Option<ProblemText>,
    /// What came out: `ImportResult`, `BuildResult` or `WhatIfReport`, by kind.
    #[schema(value_type = Option<Object>)]
    pub result: Option<Value>,
}

/// How far a job is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct JobProgress {
    /// Words for people.
    pub phase: String,
    pub current_file: Option<String>,
    /// Of the current file, or while files are sent of all of them.
    pub done_bytes: u64,
    pub total_bytes: Option<u64>,
}

impl JobProgress {
    pub fn phase(phase: impl Into<String>) -> Self {
        Self {
            phase: phase.into(),
            ..Self::default()
        }
    }
}

/// All jobs of this server.
#[derive(Clone)]
pub struct Jobs(Arc<Registry>);

struct Registry {
    ledger: Ledger,
    jobs: Mutex<BTreeMap<String, Entry>>,
    /// Ends of jobs that are being written down.
    writing: Mutex<JoinSet<()>>,
    events: broadcast::Sender<Job>,
    /// One import at a time: a second one would only make both slower.
    import_turn: Semaphore,
    /// A what-if holds a whole generation in memory.
    what_if_turn: Semaphore,
}

struct Entry {
    job: Job,
    cancel: watch::Sender<bool>,
}

impl Jobs {
    pub fn new(ledger: Ledger) -> Self {
        Self(Arc::new(Registry {
            ledger,
            jobs: Mutex::default(),
            writing: Mutex::default(),
            events: broadcast::Sender::new(EVENTS_QUEUED_MAX),
            import_turn: Semaphore::new(1),
            what_if_turn: Semaphore::new(1),
        }))
    }

    /// Begins a job, and writes down that it has begun.
    ///
    /// # Errors
    /// A problem when [`JOBS_OPEN_MAX`] are open; those of the ledger.
    pub async fn begin(&self, kind: JobKind, title: String, by: &str, state: JobState) -> Result<Handle, Problem> {
        let created_at = Timestamp::now();
        let job = Job {
            id: new_id(created_at),
            kind,
            title,
            state,
            created_by: by.to_owned(),
            created_at,
            ended_at: None,
            progress: JobProgress::phase(state.as_str()),
            problem: None,
            result: None,
        };
        let handle = self.insert(job.clone())?;
        // Where this fails the handle is dropped, and with it the job has ended.
        self.0.ledger.begin_job(new_record(&job)).await?;
        Ok(handle)
    }

    fn insert(&self, job: Job) -> Result<Handle, Problem> {
        let id = job.id.clone();
        let cancel = watch::Sender::new(false);
        {
            let mut jobs = self.lock();
            if jobs.values().filter(|it| !it.job.state.is_over()).count() >= JOBS_OPEN_MAX {
                let title = format!("{JOBS_OPEN_MAX} jobs are waiting already.");
                return Err(Problem::conflict(title, "Wait until some have ended, or cancel them."));
            }
            if jobs.len() >= JOBS_KEPT_MAX {
                let oldest = jobs
                    .values()
                    .find(|it| it.job.state.is_over())
                    .map(|it| it.job.id.clone());
                oldest.and_then(|id| jobs.remove(&id));
            }
            let entry = Entry {
                job: job.clone(),
                cancel: cancel.clone(),
            };
            jobs.insert(id.clone(), entry);
        }
        self.tell(job);
        Ok(Handle {
            jobs: self.clone(),
            id,
            cancel: cancel.subscribe(),
        })
    }

    /// Remembers the jobs of earlier runs of the server; those that had not ended were interrupted.
    ///
    /// # Errors
    /// Those of the ledger.
    pub async fn remember(&self) -> postern_ledger::Result<()> {
        let ledger = &self.0.ledger;
        ledger.interrupt_running_jobs(&holder()).await?;
        let records = ledger.jobs(JOBS_KEPT_MAX as u32).await?;
        let mut jobs = self.lock();
        for job in records.into_iter().filter_map(earlier) {
            let cancel = watch::Sender::new(false);
            jobs.insert(job.id.clone(), Entry { job, cancel });
        }
        Ok(())
    }

    /// Waits until all that has ended is written down.
    pub async fn written(&self) {
        let writing = std::mem::take(&mut *self.0.writing.lock().unwrap_or_else(PoisonError::into_inner));
        writing.join_all().await;
    }

    /// Writes down how a job ended.
    fn write(&self, job: &Job) {
        let Ok(runtime) = tokio::runtime::Handle::try_current() else {
            return;
        };
        let (ledger, id) = (self.0.ledger.clone(), job.id.clone());
        let end = JobEnd {
            title: job.title.clone(),
            state: job.state,
            ended_at: job.ended_at.unwrap_or_else(Timestamp::now),
            detail: serde_json::json!({ "result": job.result, "problem": job.problem }),
        };
        let mut writing = self.0.writing.lock().unwrap_or_else(PoisonError::into_inner);
        while writing.try_join_next().is_some() {}
        writing.spawn_on(
            async move {
                if let Err(cause) = ledger.finish_job(&id, end).await {
                    tracing::warn!(%cause, job = id, "how a job ended cannot be written down");
                }
            },
            &runtime,
        );
    }

    pub fn get(&self, id: &str) -> Option<Job> {
        self.lock().get(id).map(|entry| entry.job.clone())
    }

    /// The newest first.
    pub fn list(&self, limit: usize) -> Vec<Job> {
        self.lock()
            .values()
            .rev()
            .take(limit)
            .map(|entry| entry.job.clone())
            .collect()
    }

    pub fn open(&self) -> Vec<Job> {
        let jobs = self.lock();
        let open = jobs.values().filter(|entry| !entry.job.state.is_over());
        open.map(|entry| entry.job.clone()).collect()
    }

    /// How many there are of each kind and state.
    pub fn counts(&self) -> BTreeMap<(&'static str, &'static str), u64> {
        let mut counts = BTreeMap::new();
        for entry in self.lock().values() {
            *counts
                .entry((entry.job.kind.as_str(), entry.job.state.as_str()))
                .or_default() += 1;
        }
        counts
    }

    /// Whether a job was asked to end.
    pub fn is_cancelled(&self, id: &str) -> bool {
        self.lock().get(id).is_some_and(|entry| *entry.cancel.borrow())
    }

    /// Asks a job to end, and gives it back as it was. It is cancelled when its work has stopped.
    ///
    /// # Errors
    /// A problem when there is no such job, or it has ended.
    pub fn cancel(&self, id: &str) -> Result<Job, Problem> {
        let jobs = self.lock();
        let entry = jobs.get(id).ok_or_else(|| no_such_job(id))?;
        if entry.job.state.is_over() {
            let title = format!("The job has ended already: it is {}.", entry.job.state.as_str());
            return Err(Problem::conflict(title, "There is nothing to cancel."));
        }
        entry.cancel.send_replace(true);
        Ok(entry.job.clone())
    }

    pub fn events(&self) -> broadcast::Receiver<Job> {
        self.0.events.subscribe()
    }

    /// Waits until it is the turn of a job of this kind.
    pub async fn turn(&self, kind: JobKind) -> Option<tokio::sync::SemaphorePermit<'_>> {
        match kind {
            JobKind::Import => self.0.import_turn.acquire().await.ok(),
            JobKind::WhatIf => self.0.what_if_turn.acquire().await.ok(),
            JobKind::Build => None,
        }
    }

    fn change(&self, id: &str, change: impl FnOnce(&mut Job)) {
        let mut jobs = self.lock();
        let Some(entry) = jobs.get_mut(id).filter(|entry| !entry.job.state.is_over()) else {
            return;
        };
        change(&mut entry.job);
        if entry.job.state.is_over() {
            entry.job.ended_at = Some(Timestamp::now());
        }
        let job = entry.job.clone();
        drop(jobs);
        if job.state.is_over() {
            self.write(&job);
        }
        self.tell(job);
    }

    fn tell(&self, job: Job) {
        // An error says that nobody listens.
        let _ = self.0.events.send(job);
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Entry>> {
        // Nothing panics while it is held, and each change of a job is whole.
        self.0.jobs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub fn no_such_job(id: &str) -> Problem {
    let detail = format!("The newest {JOBS_KEPT_MAX} jobs are remembered; GET /api/v1/jobs lists them.");
    Problem::not_found(format_args!("job {id}"), detail)
}

/// Names this process in the ledger.
fn holder() -> String {
    format!("server, process {}", std::process::id())
}

fn new_record(job: &Job) -> NewJob {
    NewJob {
        id: job.id.clone(),
        kind: job.kind.as_str().to_owned(),
        title: job.title.clone(),
        created_by: job.created_by.clone(),
        created_at: job.created_at,
        holder: holder(),
        state: job.state,
    }
}

/// A job as it was written down; `None` for a kind that this version does not know.
fn earlier(record: postern_ledger::Job) -> Option<Job> {
    let part = |name: &str| record.detail.get(name).filter(|part| !part.is_null()).cloned();
    let state = record.state;
    Some(Job {
        kind: JobKind::ALL.into_iter().find(|kind| kind.as_str() == record.kind)?,
        state,
        progress: JobProgress::phase(state.as_str()),
        problem: part("problem").and_then(|problem| serde_json::from_value(problem).ok()),
        result: part("result"),
        id: record.id,
        title: record.title,
        created_by: record.created_by,
        created_at: record.created_at,
        ended_at: record.ended_at,
    })
}

/// Unique, and growing with time.
fn new_id(created_at: Timestamp) -> String {
    static COUNTER: AtomicU64 = AtomicU64::new(0);
    let micros = created_at.as_microsecond().unsigned_abs();
    let counter = COUNTER.fetch_add(1, Ordering::Relaxed) & 0xffff_ffff;
    format!("{micros:016x}{counter:08x}{:08x}", std::process::id())
}

/// The right to say how a job goes.
pub struct Handle {
    jobs: Jobs,
    id: String,
    cancel: watch::Receiver<bool>,
}

impl Handle {
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The job as it is now.
    pub fn job(&self) -> Result<Job, Problem> {
        self.jobs.get(&self.id).ok_or_else(|| no_such_job(&self.id))
    }

    pub fn title(&self, title: String) {
        self.jobs.change(&self.id, |job| job.title = title);
    }

    pub fn progress(&self, progress: JobProgress) {
        self.jobs.change(&self.id, |job| job.progress = progress);
    }

    pub fn state(&self, state: JobState) {
        self.jobs.change(&self.id, |job| {
            job.state = state;
            job.progress = JobProgress::phase(state.as_str());
        });
    }

    pub fn done(self, result: Value) {
        self.jobs.change(&self.id, |job| {
            job.state = JobState::Done;
            job.progress.phase = JobState::Done.as_str().to_owned();
            job.progress.current_file = None;
            job.result = Some(result);
        });
    }

    pub fn failed(self, problem: ProblemText) {
        self.jobs.change(&self.id, |job| {
            job.state = JobState::Failed;
            job.problem = Some(problem);
        });
    }

    pub fn cancelled(self) {
        self.jobs.change(&self.id, |job| job.state = JobState::Cancelled);
    }

    pub fn interrupted(self) {
        self.jobs.change(&self.id, |job| job.state = JobState::Interrupted);
    }

    /// Ends when somebody wants the job to end.
    pub async fn asked_to_end(&self) {
        // The sender lives as long as the job is remembered; one that is forgotten is not cancelled any more.
        if self.cancel.clone().wait_for(|cancel| *cancel).await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.jobs.change(&self.id, |job| {
            job.state = match job.state {
                // Whoever sent the files has gone.
                JobState::Receiving => JobState::Cancelled,
                _ => JobState::Interrupted,
            };
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Kept {
        jobs: Jobs,
        folder: tempfile::TempDir,
    }

    impl Kept {
        async fn new() -> Self {
            let folder = tempfile::tempdir().expect("a folder");
            let jobs = Self::open(&folder).await;
            Self { jobs, folder }
        }

        async fn open(folder: &tempfile::TempDir) -> Jobs {
            let ledger = Ledger::open(&folder.path().join("ledger.sqlite")).await.expect("opens");
            Jobs::new(ledger)
        }

        async fn begin(&self, state: JobState) -> Result<Handle, Problem> {
            self.jobs.begin(JobKind::Import, "x".to_owned(), "ann", state).await
        }
    }

    #[tokio::test]
    async fn a_job_that_nobody_works_on_any_more_was_interrupted() {
        let kept = Kept::new().await;
        let handle = kept.begin(JobState::Running).await.expect("begins");
        let id = handle.id().to_owned();
        drop(handle);
        let job = kept.jobs.get(&id).expect("remembered");
        assert_eq!(job.state, JobState::Interrupted);
        assert!(job.ended_at.is_some());
    }

    #[tokio::test]
    async fn how_jobs_ended_is_known_after_a_restart() {
        let kept = Kept::new().await;
        let done = kept.begin(JobState::Running).await.expect("begins");
        let (done_id, result) = (done.id().to_owned(), serde_json::json!({ "generation": 7 }));
        done.done(result.clone());
        kept.jobs.written().await;
        let lost = kept.begin(JobState::Queued).await.expect("begins");
        let lost_id = lost.id().to_owned();
        // A process that dies drops nothing.
        std::mem::forget(lost);
        let ledger = Ledger::open(&kept.folder.path().join("ledger.sqlite"))
            .await
            .expect("opens");
        ledger
            .interrupt_running_jobs("another process")
            .await
            .expect("interrupts");

        let jobs = Kept::open(&kept.folder).await;
        jobs.remember().await.expect("reads");
        let done = jobs.get(&done_id).expect("remembered");
        assert_eq!((done.state, done.result), (JobState::Done, Some(result)));
        assert_eq!(jobs.get(&lost_id).map(|job| job.state), Some(JobState::Interrupted));
        let ids: Vec<String> = jobs.list(10).into_iter().map(|job| job.id).collect();
        assert_eq!(ids, [lost_id, done_id], "the newest first");
    }

    #[tokio::test]
    async fn only_jobs_that_have_ended_are_forgotten() {
        let kept = Kept::new().await;
        let open = kept.begin(JobState::Queued).await.expect("begins");
        for _ in 0..JOBS_KEPT_MAX + 10 {
            kept.begin(JobState::Running).await.expect("begins").cancelled();
        }
        assert!(kept.jobs.get(open.id()).is_some());
        assert_eq!(kept.jobs.list(usize::MAX).len(), JOBS_KEPT_MAX);
    }

    #[tokio::test]
    async fn too_many_open_jobs_are_refused() {
        let kept = Kept::new().await;
        let mut open = Vec::new();
        for _ in 0..JOBS_OPEN_MAX {
            open.push(kept.begin(JobState::Queued).await.expect("begins"));
        }
        assert!(kept.begin(JobState::Queued).await.is_err());
        drop(open);
        assert!(kept.begin(JobState::Queued).await.is_ok());
    }

    #[tokio::test]
    async fn what_has_ended_cannot_be_cancelled() {
        let kept = Kept::new().await;
        let handle = kept.begin(JobState::Queued).await.expect("begins");
        let id = handle.id().to_owned();
        kept.jobs.cancel(&id).expect("is open");
        handle.asked_to_end().await;
        handle.cancelled();
        assert_eq!(
            kept.jobs.cancel(&id).expect_err("has ended").kind,
            crate::problem::Kind::Conflict
        );
    }
}
