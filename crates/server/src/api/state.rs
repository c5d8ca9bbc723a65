//! What is current, which generations there are, and building one now.

use axum::Json;
use axum::http::StatusCode;
use postern_report::{GenerationRow, GenerationsPage, State};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::App;
use crate::auth::{Requires, may};
use crate::builder::Builder;
use crate::extract::Query;
use crate::jobs::Job;
use crate::problem::Problem;

/// Generations in a list, unless said otherwise.
const LIMIT: usize = 50;
const LIMIT_MAX: usize = 500;

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Limit {
    /// At most so many, the newest first.
    #[param(minimum = 1, maximum = 500, default = 50)]
    pub limit: Option<usize>,
}

impl Limit {
    pub fn get(&self) -> usize {
        self.or(LIMIT)
    }

    /// What was asked for, within bounds.
    pub fn or(&self, default: usize) -> usize {
        self.limit.unwrap_or(default).clamp(1, LIMIT_MAX)
    }
}

/// What is current.
#[utoipa::path(get, path = "/state", tag = "state", responses((status = 200, body = State)))]
pub async fn state(_may: Requires<may::ReadData>, app: App) -> Json<State> {
    Json(app.state.borrow().clone())
}

/// The generations that can be asked, the newest first.
#[utoipa::path(get, path = "/generations", tag = "state", params(Limit),
    responses((status = 200, body = GenerationsPage)))]
pub async fn generations(
    _may: Requires<may::ReadData>,
    app: App,
    limit: Query<Limit>,
) -> Result<Json<GenerationsPage>, Problem> {
    let mut records = app.engine.ledger().generations().await?;
    let total = records.len() as u64;
    records.reverse();
    records.truncate(limit.0.get());
    Ok(Json(GenerationsPage {
        total,
        items: records.iter().map(GenerationRow::new).collect(),
    }))
}

/// Build a generation now.
///
/// Needed only where a build was cancelled or has failed: every change is built by itself.
#[utoipa::path(post, path = "/generations", tag = "state", responses((status = 202, body = Job)))]
pub async fn build(may: Requires<may::RunJobs>, app: App) -> Result<(StatusCode, Json<Job>), Problem> {
    let manifest = app.engine.ledger().manifest().await?;
    if manifest.snapshots.is_empty() && app.state.borrow().generation.is_none() {
        return Err(Problem::conflict(
            "There is nothing to build from.",
            "Import something first.",
        ));
    }
    let job = Builder::start(&app, may.name(), manifest.version).await?;
    app.engine.ledger().record_ordered_build(&job.id, may.name()).await?;
    Ok((StatusCode::ACCEPTED, Json(job)))
}
