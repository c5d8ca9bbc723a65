//! Jobs: what a restart finds.

use postern_ledger::{JOBS_KEPT, Job, JobEnd, JobState, Ledger, LedgerError, NewJob};
use serde_json::{Value, json};

use super::{Folder, time};

const BEGAN: &str = "2026-03-02T10:00:00Z";
const ENDED: &str = "2026-03-02T10:05:00Z";

async fn begin(ledger: &Ledger, id: &str, holder: &str) {
    let job = NewJob {
        id: id.into(),
        kind: "import".into(),
        title: format!("job {id}"),
        created_by: "alice".into(),
        created_at: time(BEGAN),
        holder: holder.into(),
        state: JobState::Receiving,
    };
    ledger.begin_job(job).await.unwrap();
}

async fn finish(ledger: &Ledger, id: &str, state: JobState, detail: Value) -> Result<(), LedgerError> {
    let end = JobEnd {
        title: format!("job {id} has ended"),
        state,
        ended_at: time(ENDED),
        detail,
    };
    ledger.finish_job(id, end).await
}

async fn job(ledger: &Ledger, id: &str) -> Option<Job> {
    ledger.job(id).await.unwrap()
}

#[tokio::test]
async fn a_job_is_kept_with_how_it_ended_and_that_is_said_once() {
    let folder = Folder::new();
    let ledger = folder.open().await;
    begin(&ledger, "1", "server 1").await;
    let began = Job {
        id: "1".into(),
        kind: "import".into(),
        title: "job 1".into(),
        created_by: "alice".into(),
        created_at: time(BEGAN),
        ended_at: None,
        state: JobState::Receiving,
        detail: Value::Null,
    };
    assert_eq!(job(&ledger, "1").await, Some(began.clone()));
    let detail = json!({ "problem": "disk full" });
    finish(&ledger, "1", JobState::Failed, detail.clone()).await.unwrap();
    let ended = Job {
        title: "job 1 has ended".into(),
        ended_at: Some(time(ENDED)),
        state: JobState::Failed,
        detail,
        ..began
    };
    assert_eq!(job(&ledger, "1").await, Some(ended.clone()));
    let again = finish(&ledger, "1", JobState::Done, Value::Null).await;
    assert!(matches!(again, Err(LedgerError::NoSuchJob { .. })), "{again:?}");
    assert_eq!(job(&ledger, "1").await, Some(ended));
    assert_eq!(job(&ledger, "2").await, None);

    begin(&ledger, "2", "server 1").await;
    let listed = async |limit| {
        ledger
            .jobs(limit)
            .await
            .unwrap()
            .into_iter()
            .map(|it| it.id)
            .collect::<Vec<_>>()
    };
    assert_eq!(listed(10).await, ["2", "1"]);
    assert_eq!(listed(1).await, ["2"]);
}

#[tokio::test]
async fn jobs_of_a_server_that_is_gone_are_interrupted_and_no_others() {
    let folder = Folder::new();
    let ledger = folder.open().await;
    begin(&ledger, "1 lost", "server 1").await;
    begin(&ledger, "2 done", "server 1").await;
    finish(&ledger, "2 done", JobState::Done, Value::Null).await.unwrap();
    begin(&ledger, "3 mine", "server 2").await;

    assert_eq!(ledger.interrupt_running_jobs("server 2").await.unwrap(), 1);
    let states: Vec<_> = ledger.jobs(10).await.unwrap().iter().map(|it| it.state).collect();
    assert_eq!(states, [JobState::Receiving, JobState::Done, JobState::Interrupted]);
    assert!(job(&ledger, "1 lost").await.unwrap().ended_at.is_some());
    assert_eq!(ledger.interrupt_running_jobs("server 2").await.unwrap(), 0);
}

#[tokio::test]
async fn the_newest_jobs_are_kept_and_those_that_are_not_over() {
    let folder = Folder::new();
    let ledger = folder.open().await;
    begin(&ledger, "0 over", "server 1").await;
    finish(&ledger, "0 over", JobState::Done, Value::Null).await.unwrap();
    begin(&ledger, "1 running", "server 1").await;
    // As many again, without a thousand commits.
    folder.tamper(&format!(
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {})
         INSERT INTO jobs (id, kind, title, created_by, holder, created_at_us, ended_at_us, state, detail)
         SELECT format('2 %04d', i), 'build', '', 'alice', 'server 1', 1, 2, 'done', 'null' FROM n",
        JOBS_KEPT - 2
    ));
    assert!(job(&ledger, "0 over").await.is_some());
    begin(&ledger, "3", "server 1").await;
    assert_eq!(ledger.jobs(u32::MAX).await.unwrap().len(), JOBS_KEPT as usize);
    assert_eq!(job(&ledger, "0 over").await, None);
    // One more pushes the next oldest out, which is not over: it stays.
    begin(&ledger, "4", "server 1").await;
    assert!(job(&ledger, "1 running").await.is_some());
}

#[tokio::test]
async fn jobs_leave_no_trace_in_the_audit_log() {
    let folder = Folder::new();
    let ledger = folder.open().await;
    begin(&ledger, "1", "server 1").await;
    finish(&ledger, "1", JobState::Done, Value::Null).await.unwrap();
    assert_eq!(ledger.audit(10).await.unwrap(), []);
}
