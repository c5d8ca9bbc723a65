//! Long work: what runs, what has ended, and cancelling it.

use axum::Json;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::state::Limit;
use crate::App;
use crate::auth::{Requires, may};
use crate::extract::{Path, Query};
use crate::jobs::{Job, no_such_job};
use crate::problem::Problem;

#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct JobList {
    pub items: Vec<Job>,
}

/// Jobs, the newest first.
#[utoipa::path(get, path = "/jobs", tag = "jobs", params(Limit), responses((status = 200, body = JobList)))]
pub async fn list(_may: Requires<may::ReadData>, app: App, limit: Query<Limit>) -> Json<JobList> {
    Json(JobList {
        items: app.jobs.list(limit.0.get()),
    })
}

/// One job.
#[utoipa::path(get, path = "/jobs/{id}", tag = "jobs", params(("id" = String, Path)),
    responses((status = 200, body = Job), (status = 404, description = "No such job.")))]
pub async fn get(_may: Requires<may::ReadData>, app: App, id: Path<String>) -> Result<Json<Job>, Problem> {
    app.jobs.get(&id.0).map(Json).ok_or_else(|| no_such_job(&id.0))
}

/// Cancel a job. Nothing of it is kept.
#[utoipa::path(delete, path = "/jobs/{id}", tag = "jobs", params(("id" = String, Path)),
    responses((status = 204, description = "It ends as soon as its work has stopped."),
        (status = 409, description = "It has ended already.")))]
pub async fn cancel(may: Requires<may::RunJobs>, app: App, id: Path<String>) -> Result<StatusCode, Problem> {
    let job = app.jobs.cancel(&id.0)?;
    let ledger = app.engine.ledger();
    ledger
        .record_cancelled_job(&job.id, job.kind.as_str(), &job.title, may.name())
        .await?;
    Ok(StatusCode::NO_CONTENT)
}
