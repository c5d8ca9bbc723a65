//! Attack paths, their two ends, and their shapes.

use axum::Json;
use postern_report::{
    ChokePointPage, ChokePointQuery, EntryPage, EntryQuery, ExposedPage, ExposedQuery, PathDetail, PathPage, PathQuery,
    ScenarioPage, StepReport, TargetPage, TargetQuery,
};

use crate::app::Current;
use crate::auth::{Requires, may};
use crate::extract::{Path, Query};
use crate::problem::Problem;

/// Shapes of attack paths, counted; the worst first.
#[utoipa::path(get, path = "/scenarios", tag = "attack-paths", responses((status = 200, body = ScenarioPage)))]
pub async fn scenarios(_may: Requires<may::ReadData>, current: Current) -> Result<Json<ScenarioPage>, Problem> {
    current.answer(|reports| Ok(reports.scenarios())).await
}

/// Attack paths.
#[utoipa::path(get, path = "/paths", tag = "attack-paths", params(PathQuery),
    responses((status = 200, body = PathPage)))]
pub async fn paths(
    _may: Requires<may::ReadData>,
    current: Current,
    query: Query<PathQuery>,
) -> Result<Json<PathPage>, Problem> {
    current.answer(move |reports| reports.paths(&query.0)).await
}

/// One attack path, step by step, with the reasons.
#[utoipa::path(get, path = "/paths/{id}", tag = "attack-paths", params(("id" = String, Path)),
    responses((status = 200, body = PathDetail), (status = 404, description = "No such path, or no longer.")))]
pub async fn path(
    _may: Requires<may::ReadData>,
    current: Current,
    id: Path<String>,
) -> Result<Json<PathDetail>, Problem> {
    current.answer(move |reports| reports.path_detail(&id.0)).await
}

/// One step, with the reasons for it and what can be done about it.
#[utoipa::path(get, path = "/steps/{id}", tag = "attack-paths", params(("id" = String, Path)),
    responses((status = 200, body = StepReport), (status = 404, description = "No such step in this generation.")))]
pub async fn step(
    _may: Requires<may::ReadData>,
    current: Current,
    id: Path<String>,
) -> Result<Json<StepReport>, Problem> {
    current.answer(move |reports| reports.find_step(&id.0)).await
}

/// Entry points inside of targets: critical assets that are exposed themselves.
#[utoipa::path(get, path = "/exposed-critical-assets", tag = "attack-paths", params(ExposedQuery),
    responses((status = 200, body = ExposedPage)))]
pub async fn exposed(
    _may: Requires<may::ReadData>,
    current: Current,
    query: Query<ExposedQuery>,
) -> Result<Json<ExposedPage>, Problem> {
    current
        .answer(move |reports| reports.exposed_critical_assets(&query.0))
        .await
}

/// Where an attacker can begin.
#[utoipa::path(get, path = "/entry-points", tag = "attack-paths", params(EntryQuery),
    responses((status = 200, body = EntryPage)))]
pub async fn entry_points(
    _may: Requires<may::ReadData>,
    current: Current,
    query: Query<EntryQuery>,
) -> Result<Json<EntryPage>, Problem> {
    current.answer(move |reports| reports.entry_points(&query.0)).await
}

/// What must not be lost.
#[utoipa::path(get, path = "/targets", tag = "attack-paths", params(TargetQuery),
    responses((status = 200, body = TargetPage)))]
pub async fn targets(
    _may: Requires<may::ReadData>,
    current: Current,
    query: Query<TargetQuery>,
) -> Result<Json<TargetPage>, Problem> {
    current.answer(move |reports| reports.targets(&query.0)).await
}

/// Where a change severs targets or entry points, and which change.
#[utoipa::path(get, path = "/choke-points", tag = "attack-paths", params(ChokePointQuery),
    responses((status = 200, body = ChokePointPage)))]
pub async fn choke_points(
    _may: Requires<may::ReadData>,
    current: Current,
    query: Query<ChokePointQuery>,
) -> Result<Json<ChokePointPage>, Problem> {
    current.answer(move |reports| reports.choke_points(&query.0)).await
}
