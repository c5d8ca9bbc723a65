//! Long work that people watch: imports, builds, what-ifs.
//!
//! A [`Job`] is what people see. Whoever does the work holds its [`Handle`], and a job whose handle is dropped
//! before it has ended was interrupted. Changes go to whoever listens ([`Jobs::events`]).

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::sync::{Semaphore, broadcast, watch};
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

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum JobState {
    /// Its files are being sent.
    Receiving,
    /// Waits for its turn.
    Queued,
    Running,
    Done,
    Failed,
    /// Somebody ended it. Nothing of it was kept.
    Cancelled,
    /// The server ended before it did.
    Interrupted,
}

impl JobState {
    pub const ALL: [Self; 7] = [
        Self::Receiving,
        Self::Queued,
        Self::Running,
        Self::Done,
        Self::Failed,
        Self::Cancelled,
        Self::Interrupted,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Receiving => "receiving",
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
            Self::Interrupted => "interrupted",
        }
    }

    pub fn has_ended(self) -> bool {
        matches!(self, Self::Done | Self::Failed | Self::Cancelled | Self::Interrupted)
    }
}

/// Work that takes a while.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Job {
    /// Later jobs have larger ones.
    pub id: i64,
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
    jobs: Mutex<BTreeMap<i64, Entry>>,
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

impl Default for Jobs {
    fn default() -> Self {
        Self::new()
    }
}

impl Jobs {
    pub fn new() -> Self {
        Self(Arc::new(Registry {
            jobs: Mutex::default(),
            events: broadcast::Sender::new(EVENTS_QUEUED_MAX),
            import_turn: Semaphore::new(1),
            what_if_turn: Semaphore::new(1),
        }))
    }

    /// Begins a job.
    ///
    /// # Errors
    /// A problem when [`JOBS_OPEN_MAX`] are open.
    pub fn begin(&self, kind: JobKind, title: String, by: &str, state: JobState) -> Result<Handle, Problem> {
        let job = Job {
            id: new_id(),
            kind,
            title,
            state,
            created_by: by.to_owned(),
            created_at: Timestamp::now(),
            ended_at: None,
            progress: JobProgress::phase(state.as_str()),
            problem: None,
            result: None,
        };
        let id = job.id;
        let cancel = watch::Sender::new(false);
        {
            let mut jobs = self.lock();
            if jobs.values().filter(|it| !it.job.state.has_ended()).count() >= JOBS_OPEN_MAX {
                let title = format!("{JOBS_OPEN_MAX} jobs are waiting already.");
                return Err(Problem::conflict(title, "Wait until some have ended, or cancel them."));
            }
            if jobs.len() >= JOBS_KEPT_MAX {
                let oldest = jobs.values().find(|it| it.job.state.has_ended()).map(|it| it.job.id);
                oldest.and_then(|id| jobs.remove(&id));
            }
            let entry = Entry {
                job: job.clone(),
                cancel: cancel.clone(),
            };
            jobs.insert(id, entry);
        }
        self.tell(job);
        Ok(Handle {
            jobs: self.clone(),
            id,
            cancel: cancel.subscribe(),
        })
    }

    /// Puts jobs of an earlier run of the server beside those of this one.
    pub fn remember(&self, earlier: Vec<Job>) {
        let mut jobs = self.lock();
        for job in earlier {
            let cancel = watch::Sender::new(false);
            jobs.insert(job.id, Entry { job, cancel });
        }
    }

    pub fn get(&self, id: i64) -> Option<Job> {
        self.lock().get(&id).map(|entry| entry.job.clone())
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
        let open = jobs.values().filter(|entry| !entry.job.state.has_ended());
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

    /// Asks a job to end. It is cancelled when its work has stopped.
    ///
    /// # Errors
    /// A problem when there is no such job, or it has ended.
    pub fn cancel(&self, id: i64) -> Result<(), Problem> {
        let jobs = self.lock();
        let entry = jobs.get(&id).ok_or_else(|| no_such_job(id))?;
        if entry.job.state.has_ended() {
            let title = format!("The job has ended already: it is {}.", entry.job.state.as_str());
            return Err(Problem::conflict(title, "There is nothing to cancel."));
        }
        entry.cancel.send_replace(true);
        Ok(())
    }

    /// Asks all jobs to end.
    pub fn cancel_all(&self) {
        for entry in self.lock().values() {
            entry.cancel.send_replace(true);
        }
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

    fn change(&self, id: i64, change: impl FnOnce(&mut Job)) -> Option<Job> {
        let mut jobs = self.lock();
        let entry = jobs.get_mut(&id)?;
        if entry.job.state.has_ended() {
            return None;
        }
        change(&mut entry.job);
        if entry.job.state.has_ended() {
            entry.job.ended_at = Some(Timestamp::now());
        }
        let job = entry.job.clone();
        drop(jobs);
        self.tell(job.clone());
        Some(job)
    }

    fn tell(&self, job: Job) {
        // An error says that nobody listens.
        let _ = self.0.events.send(job);
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<i64, Entry>> {
        // Nothing panics while it is held, and each change of a job is whole.
        self.0.jobs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub fn no_such_job(id: i64) -> Problem {
    let detail = format!("The newest {JOBS_KEPT_MAX} jobs are remembered; GET /api/v1/jobs lists them.");
    Problem::not_found(format_args!("job {id}"), detail)
}

fn new_id() -> i64 {
    static COUNTER: AtomicI64 = AtomicI64::new(1);
    COUNTER.fetch_add(1, Ordering::Relaxed)
}

/// The right to say how a job goes.
pub struct Handle {
    jobs: Jobs,
    id: i64,
    cancel: watch::Receiver<bool>,
}

impl Handle {
    pub fn id(&self) -> i64 {
        self.id
    }

    /// The job as it is now.
    pub fn job(&self) -> Result<Job, Problem> {
        self.jobs.get(self.id).ok_or_else(|| no_such_job(self.id))
    }

    pub fn title(&self, title: String) {
        self.jobs.change(self.id, |job| job.title = title);
    }

    pub fn progress(&self, progress: JobProgress) {
        self.jobs.change(self.id, |job| job.progress = progress);
    }

    pub fn state(&self, state: JobState) {
        self.jobs.change(self.id, |job| {
            job.state = state;
            job.progress = JobProgress::phase(state.as_str());
        });
    }

    pub fn done(self, result: Value) {
        self.jobs.change(self.id, |job| {
            job.state = JobState::Done;
            job.progress.phase = JobState::Done.as_str().to_owned();
            job.progress.current_file = None;
            job.result = Some(result);
        });
    }

    pub fn failed(self, problem: ProblemText) {
        self.jobs.change(self.id, |job| {
            job.state = JobState::Failed;
            job.problem = Some(problem);
        });
    }

    pub fn cancelled(self) {
        self.jobs.change(self.id, |job| job.state = JobState::Cancelled);
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
        self.jobs.change(self.id, |job| {
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

    #[test]
    fn a_job_that_nobody_works_on_any_more_was_interrupted() {
        let jobs = Jobs::new();
        let handle = jobs.begin(JobKind::Import, "x".to_owned(), "ann", JobState::Running);
        let id = handle.as_ref().map_or(0, Handle::id);
        drop(handle);
        let job = jobs.get(id).expect("remembered");
        assert_eq!(job.state, JobState::Interrupted);
        assert!(job.ended_at.is_some());
    }

    #[test]
    fn only_jobs_that_have_ended_are_forgotten() {
        let jobs = Jobs::new();
        let begin = |state| {
            jobs.begin(JobKind::Build, "x".to_owned(), "ann", state)
                .expect("begins")
        };
        let open = begin(JobState::Queued);
        for _ in 0..JOBS_KEPT_MAX + 10 {
            begin(JobState::Running).done(Value::Null);
        }
        assert!(jobs.get(open.id()).is_some());
        assert_eq!(jobs.list(usize::MAX).len(), JOBS_KEPT_MAX);
    }

    #[test]
    fn too_many_open_jobs_are_refused() {
        let jobs = Jobs::new();
        let begin = || jobs.begin(JobKind::Import, "x".to_owned(), "ann", JobState::Queued);
        let open: Vec<_> = (0..JOBS_OPEN_MAX).map(|_| begin().expect("begins")).collect();
        assert!(begin().is_err());
        drop(open);
        assert!(begin().is_ok());
    }

    #[tokio::test]
    async fn what_has_ended_cannot_be_cancelled() {
        let jobs = Jobs::new();
        let handle = jobs
            .begin(JobKind::Import, "x".to_owned(), "ann", JobState::Queued)
            .expect("begins");
        let id = handle.id();
        jobs.cancel(id).expect("is open");
        handle.asked_to_end().await;
        handle.cancelled();
        assert_eq!(
            jobs.cancel(id).expect_err("has ended").kind,
            crate::problem::Kind::Conflict
        );
    }
}
