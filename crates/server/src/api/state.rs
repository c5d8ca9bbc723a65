//! What is current, which generations there are, and building one now.

use axum::Json;
use axum::http::StatusCode;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use crate::App;
use crate::app::State;
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
        self.limit.unwrap_or(LIMIT).clamp(1, LIMIT_MAX)
    }
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct GenerationList {
    pub items: Vec<GenerationRow>,
}

/// A stored generation.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct GenerationRow {
    pub number: i64,
    #[schema(value_type = String, format = DateTime)]
    pub evaluated_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    pub built_at: Timestamp,
    pub assets: u64,
    pub relations: u64,
    pub findings: u64,
    pub steps: u64,
    pub paths: u64,
}

/// What is current.
#[utoipa::path(get, path = "/state", tag = "state", responses((status = 200, body = State)))]
pub async fn state(_may: Requires<may::ReadData>, app: App) -> Json<State> {
    Json(app.state.borrow().clone())
}

/// The generations that can be asked, the newest first.
#[utoipa::path(get, path = "/generations", tag = "state", params(Limit),
    responses((status = 200, body = GenerationList)))]
pub async fn generations(
    _may: Requires<may::ReadData>,
    app: App,
    limit: Query<Limit>,
) -> Result<Json<GenerationList>, Problem> {
    let mut records = app.engine.ledger().generations().await?;
    records.reverse();
    records.truncate(limit.0.get());
    let count = |counts: &Value, table: &str| counts[table].as_u64().unwrap_or(0);
    let rows = records.into_iter().map(|record| GenerationRow {
        number: record.number,
        evaluated_at: record.evaluated_at,
        built_at: record.built_at,
        assets: count(&record.counts, "nodes"),
        relations: count(&record.counts, "reported"),
        findings: count(&record.counts, "asset_findings"),
        steps: count(&record.counts, "steps"),
        paths: count(&record.counts, "paths"),
    });
    Ok(Json(GenerationList { items: rows.collect() }))
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
    let job = Builder::start(&app, may.name(), manifest.version)?;
    Ok((StatusCode::ACCEPTED, Json(job)))
}
