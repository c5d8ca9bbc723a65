//! The attack paths that would be left without something, computed by a worker.

use axum::Json;
use axum::http::StatusCode;

use crate::App;
use crate::app::Current;
use crate::auth::{Requires, may};
use crate::extract::Body;
use crate::jobs::{Handle, Job, JobKind, JobState};
use crate::problem::Problem;
use crate::worker::{Task, WhatIf};
use crate::workers;

/// Things taken out in one question.
pub const REMOVALS_MAX: usize = 1_000;

/// Ask which attack paths would be left if something were not there.
#[utoipa::path(post, path = "/what-if", tag = "attack-paths", request_body = WhatIf,
    responses((status = 202, body = Job, description = "The job's result is a `WhatIfReport`."),
        (status = 404, description = "Something of it is not there.")))]
pub async fn ask(
    may: Requires<may::RunJobs>,
    app: App,
    current: Current,
    question: Body<WhatIf>,
) -> Result<(StatusCode, Json<Job>), Problem> {
    let removals = question.0.count();
    if removals == 0 || removals > REMOVALS_MAX {
        let title = format!("{removals} things are to be taken out, and 1 to {REMOVALS_MAX} can be.");
        return Err(Problem::invalid(title, "Name assets, steps or techniques."));
    }
    let (question, reports) = (question.0, current.reports);
    let named = question.clone();
    let title = app.compute(move || {
        // What is not there is told now and not after the generation was loaded a second time.
        named.removal(&reports)?;
        Ok(named.title(&reports))
    });
    let title = title.await?;
    let handle = app
        .jobs
        .begin(JobKind::WhatIf, title, may.name(), JobState::Queued)
        .await?;
    let job = handle.job()?;
    tokio::spawn(run(app, handle, Task::WhatIf(question)));
    Ok((StatusCode::ACCEPTED, Json(job)))
}

async fn run(app: App, handle: Handle, task: Task) {
    let _turn = tokio::select! {
        turn = app.jobs.turn(JobKind::WhatIf) => turn,
        () = handle.asked_to_end() => return handle.cancelled(),
        // Dropped with the handle, the job counts as interrupted.
        () = app.stopped() => return,
    };
    handle.state(JobState::Running);
    workers::run(&app, &task, &handle).await.tell(handle);
}
