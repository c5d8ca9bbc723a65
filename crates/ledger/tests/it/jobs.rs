//! Jobs: what a restart finds.

use postern_ledger::{JOBS_KEPT, Job, JobState, Ledger, LedgerError, NewJob};
use serde_json::{Value, json};

use super::Folder;

async fn begin(ledger: &Ledger, title: &str, holder: &str) -> Job {
    let job = NewJob {
        kind: "import".into(),
        title: title.into(),
        created_by: "alice".into(),
        holder: holder.into(),
        state: JobState::Receiving,
    };
    ledger.begin_job(job).await.unwrap()
}

#[tokio::test]
async fn a_job_is_kept_with_how_it_ended_and_that_is_said_once() {
    let folder = Folder::new();
    let ledger = folder.open().await;
    let job = begin(&ledger, "ad.zip", "server 1").await;
    assert_eq!(
        (job.state, job.ended_at, &job.detail),
        (JobState::Receiving, None, &Value::Null)
    );
    let ended = ledger
        .finish_job(job.id, JobState::Failed, json!({ "problem": "disk full" }))
        .await
        .unwrap();
    assert!(ended.ended_at >= Some(job.created_at));
    assert_eq!(ended.detail, json!({ "problem": "disk full" }));
    let again = ledger.finish_job(job.id, JobState::Done, Value::Null).await;
    assert!(matches!(again, Err(LedgerError::NoSuchJob { .. })), "{again:?}");
    assert_eq!(ledger.job(job.id).await.unwrap(), Some(ended.clone()));
    assert_eq!(ledger.job(job.id + 1).await.unwrap(), None);

    let later = begin(&ledger, "entra.zip", "server 1").await;
    assert_eq!(ledger.jobs(10).await.unwrap(), [later.clone(), ended]);
    assert_eq!(ledger.jobs(1).await.unwrap(), [later]);
}

#[tokio::test]
async fn jobs_of_a_server_that_is_gone_are_interrupted_and_no_others() {
    let folder = Folder::new();
    let ledger = folder.open().await;
    let lost = begin(&ledger, "lost", "server 1").await;
    let done = begin(&ledger, "done", "server 1").await;
    ledger.finish_job(done.id, JobState::Done, Value::Null).await.unwrap();
    let mine = begin(&ledger, "mine", "server 2").await;

    assert_eq!(ledger.interrupt_running_jobs("server 2").await.unwrap(), 1);
    let states: Vec<_> = ledger.jobs(10).await.unwrap().iter().map(|it| it.state).collect();
    assert_eq!(states, [mine.state, JobState::Done, JobState::Interrupted]);
    assert!(ledger.job(lost.id).await.unwrap().unwrap().ended_at.is_some());
    assert_eq!(ledger.interrupt_running_jobs("server 2").await.unwrap(), 0);
}

#[tokio::test]
async fn the_newest_jobs_are_kept_and_those_that_are_not_over() {
    let folder = Folder::new();
    let ledger = folder.open().await;
    let over = begin(&ledger, "over", "server 1").await;
    ledger.finish_job(over.id, JobState::Done, Value::Null).await.unwrap();
    let running = begin(&ledger, "running", "server 1").await;
    // As many again, without a thousand commits.
    folder.tamper(&format!(
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {})
         INSERT INTO jobs (kind, title, created_by, holder, created_at_us, ended_at_us, state, detail)
         SELECT 'build', 'build ' || i, 'alice', 'server 1', 1, 2, 'done', 'null' FROM n",
        JOBS_KEPT - 2
    ));
    assert!(ledger.job(over.id).await.unwrap().is_some());
    let newest = begin(&ledger, "newest", "server 1").await;
    let jobs = ledger.jobs(u32::MAX).await.unwrap();
    assert_eq!(jobs.len(), JOBS_KEPT as usize);
    assert_eq!(jobs[0], newest);
    assert_eq!(ledger.job(over.id).await.unwrap(), None);
    // One more pushes the next oldest out, which is not over: it stays.
    begin(&ledger, "one more", "server 1").await;
    assert!(ledger.job(running.id).await.unwrap().is_some());
}

#[tokio::test]
async fn jobs_leave_no_trace_in_the_audit_log() {
    let folder = Folder::new();
    let ledger = folder.open().await;
    let job = begin(&ledger, "ad.zip", "server 1").await;
    ledger.finish_job(job.id, JobState::Done, Value::Null).await.unwrap();
    assert_eq!(ledger.audit(10).await.unwrap(), []);
}
