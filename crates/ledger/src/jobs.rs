//! Jobs: work that takes longer than a request, written down so that a restart does not forget how it ended.
//!
//! The ledger knows that a job began and how it ended; how far it is only the process knows that does it. A row is
//! a record and not a decision: the audit log tells of what the job did, and of people who order or cancel one.

use jiff::Timestamp;
use rusqlite::{OptionalExtension, Row, Transaction};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

use crate::database::{Fault, now};
use crate::error::{LedgerError, Result};
use crate::stored::{At, Json, Word, Words};
use crate::{Ledger, audit};

/// So many jobs are kept, the newest. One that is not over is never forgotten.
pub const JOBS_KEPT: u32 = 1_000;

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

    /// Nothing more will happen to it.
    pub fn is_over(self) -> bool {
        match self {
            Self::Receiving | Self::Queued | Self::Running => false,
            Self::Done | Self::Failed | Self::Cancelled | Self::Interrupted => true,
        }
    }
}

impl Words for JobState {
    const ALL: &'static [Self] = &Self::ALL;

    fn word(self) -> &'static str {
        self.as_str()
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct Job {
    /// Later jobs have larger ones, as text.
    pub id: String,
    /// `import`, `build`, `what-if`
    pub kind: String,
    /// For people.
    pub title: String,
    pub created_by: String,
    pub created_at: Timestamp,
    pub ended_at: Option<Timestamp>,
    /// That in which it began, until it is over.
    pub state: JobState,
    /// Its result, or what went wrong; null until it is over.
    pub detail: Value,
}

/// A job that begins.
#[derive(Clone, Debug)]
pub struct NewJob {
    /// Never used before.
    pub id: String,
    pub kind: String,
    pub title: String,
    pub created_by: String,
    pub created_at: Timestamp,
    /// Names the process that does it, and no other: see [`Ledger::interrupt_running_jobs`].
    pub holder: String,
    /// One in which it is not over.
    pub state: JobState,
}

/// How a job ended.
#[derive(Clone, Debug)]
pub struct JobEnd {
    /// What it has come to be called.
    pub title: String,
    /// One in which it is over.
    pub state: JobState,
    pub ended_at: Timestamp,
    pub detail: Value,
}

impl Ledger {
    /// Writes down that a job begins. Old ones are forgotten on the way, see [`JOBS_KEPT`].
    pub async fn begin_job(&self, job: NewJob) -> Result<()> {
        debug_assert!(!job.state.is_over(), "{:?}", job.state);
        self.database
            .write("beginning a job", move |transaction| {
                transaction
                    .prepare_cached(
                        "INSERT INTO jobs (id, kind, title, created_by, created_at_us, holder, state, detail)
                         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 'null')",
                    )?
                    .execute((
                        &job.id,
                        &job.kind,
                        &job.title,
                        &job.created_by,
                        At(job.created_at),
                        &job.holder,
                        Word(job.state),
                    ))?;
                forget_old(transaction)
            })
            .await
    }

    /// Writes down how a job ended.
    ///
    /// # Errors
    /// [`LedgerError::NoSuchJob`] also for one that is over: how a job ended is said once.
    pub async fn finish_job(&self, id: &str, end: JobEnd) -> Result<()> {
        debug_assert!(end.state.is_over(), "{:?}", end.state);
        let id = id.to_owned();
        self.database
            .write("ending a job", move |transaction| {
                let ended = transaction
                    .prepare_cached(
                        "UPDATE jobs SET title = ?2, state = ?3, ended_at_us = ?4, detail = ?5
                         WHERE id = ?1 AND ended_at_us IS NULL",
                    )?
                    .execute((&id, &end.title, Word(end.state), At(end.ended_at), Json(&end.detail)))?;
                if ended == 0 {
                    return Err(LedgerError::NoSuchJob { id }.into());
                }
                Ok(())
            })
            .await
    }

    /// Writes into the audit log that somebody wants a generation built now.
    pub async fn record_ordered_build(&self, job: &str, actor: &str) -> Result<()> {
        self.record_job("order-build", json!({ "job": job }), actor).await
    }

    /// Writes into the audit log that somebody wants a job to end.
    pub async fn record_cancelled_job(&self, job: &str, kind: &str, title: &str, actor: &str) -> Result<()> {
        let detail = json!({ "job": job, "kind": kind, "title": title });
        self.record_job("cancel-job", detail, actor).await
    }

    async fn record_job(&self, verb: &'static str, detail: Value, actor: &str) -> Result<()> {
        let actor = actor.to_owned();
        self.database
            .write("recording what becomes of a job", move |transaction| {
                audit::record(transaction, &actor, verb, detail)
            })
            .await
    }

    /// The newest `limit` jobs, newest first.
    pub async fn jobs(&self, limit: u32) -> Result<Vec<Job>> {
        self.database
            .read("listing jobs", move |transaction| {
                let mut statement = transaction.prepare_cached(
                    "SELECT id, kind, title, created_by, created_at_us, ended_at_us, state, detail FROM jobs
                     ORDER BY id DESC LIMIT ?1",
                )?;
                let jobs = statement.query_map([limit], job_of)?;
                Ok(jobs.collect::<rusqlite::Result<_>>()?)
            })
            .await
    }

    pub async fn job(&self, id: &str) -> Result<Option<Job>> {
        let id = id.to_owned();
        self.database
            .read("looking for a job", move |transaction| {
                let job = transaction
                    .prepare_cached(
                        "SELECT id, kind, title, created_by, created_at_us, ended_at_us, state, detail FROM jobs
                         WHERE id = ?1",
                    )?
                    .query_row([id], job_of)
                    .optional()?;
                Ok(job)
            })
            .await
    }

    /// Ends the jobs that are not over and are not `holder`'s: their process is gone. To be called when a server
    /// starts, which is the only one on the ledger. Gives back how many there were.
    pub async fn interrupt_running_jobs(&self, holder: &str) -> Result<u64> {
        let holder = holder.to_owned();
        self.database
            .write("ending jobs whose process is gone", move |transaction| {
                let interrupted = transaction
                    .prepare_cached(
                        "UPDATE jobs SET state = ?2, ended_at_us = ?3 WHERE ended_at_us IS NULL AND holder <> ?1",
                    )?
                    .execute((&holder, Word(JobState::Interrupted), At(now(transaction)?)))?;
                Ok(interrupted as u64)
            })
            .await
    }
}

fn forget_old(transaction: &Transaction<'_>) -> Result<(), Fault> {
    transaction
        .prepare_cached(
            "DELETE FROM jobs WHERE ended_at_us IS NOT NULL
             AND id <= (SELECT id FROM jobs ORDER BY id DESC LIMIT 1 OFFSET ?1)",
        )?
        .execute([JOBS_KEPT])?;
    Ok(())
}

fn job_of(row: &Row<'_>) -> rusqlite::Result<Job> {
    Ok(Job {
        id: row.get(0)?,
        kind: row.get(1)?,
        title: row.get(2)?,
        created_by: row.get(3)?,
        created_at: row.get::<_, At>(4)?.0,
        ended_at: row.get::<_, Option<At>>(5)?.map(|At(at)| at),
        state: row.get::<_, Word<JobState>>(6)?.0,
        detail: row.get::<_, Json<Value>>(7)?.0,
    })
}
