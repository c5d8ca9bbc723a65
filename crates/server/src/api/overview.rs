//! The whole at a glance, what has changed, how far the data reach, and finding things.

use axum::Json;
use postern_report::{ChangesReport, CoverageReport, Inventory, Overview, SearchPage};

use super::assets::SearchQuery;
use crate::App;
use crate::app::Current;
use crate::auth::{Requires, may};
use crate::extract::Query;
use crate::problem::Problem;

/// Changes of single paths that are listed.
const CHANGES_LISTED: usize = 200;
const HITS: usize = 10;

/// What matters most.
#[utoipa::path(get, path = "/overview", tag = "state",
    responses((status = 200, body = Overview), (status = 404, description = "Nothing was imported yet.")))]
pub async fn overview(_may: Requires<may::ReadData>, app: App, current: Current) -> Result<Json<Overview>, Problem> {
    let (inventory, now) = (Inventory::load(&app.engine).await?, app.engine.now());
    current.answer(move |reports| reports.overview(&inventory, now)).await
}

/// What came and went since the generation before, and why.
#[utoipa::path(get, path = "/changes", tag = "state", responses((status = 200, body = ChangesReport)))]
pub async fn changes(_may: Requires<may::ReadData>, current: Current) -> Result<Json<ChangesReport>, Problem> {
    current.answer(|reports| Ok(reports.changes(CHANGES_LISTED))).await
}

/// What was looked at, how long ago, and what could not be evaluated for want of it.
#[utoipa::path(get, path = "/coverage", tag = "sources", responses((status = 200, body = CoverageReport)))]
pub async fn coverage(
    _may: Requires<may::ReadData>,
    app: App,
    current: Current,
) -> Result<Json<CoverageReport>, Problem> {
    let (inventory, now) = (Inventory::load(&app.engine).await?, app.engine.now());
    current
        .answer(move |reports| Ok(reports.coverage(&inventory, now)))
        .await
}

/// Assets, paths and techniques by a part of a name or an id.
#[utoipa::path(get, path = "/search", tag = "assets", params(SearchQuery),
    responses((status = 200, body = SearchPage)))]
pub async fn search(
    _may: Requires<may::ReadData>,
    current: Current,
    query: Query<SearchQuery>,
) -> Result<Json<SearchPage>, Problem> {
    let SearchQuery { q, limit } = query.0;
    current
        .answer(move |reports| reports.search(&q, limit.unwrap_or(HITS)))
        .await
}
