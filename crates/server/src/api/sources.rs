//! What was imported, and forgetting it.

use axum::Json;
use axum::http::StatusCode;
use postern_report::{Inventory, PageQuery, RejectPage, SourceDetail, SourcesPage};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::App;
use crate::auth::{Requires, may};
use crate::extract::{Path, Query};
use crate::problem::Problem;

#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct SourceRemoved {
    /// Files that no other source has.
    pub files_removed: u64,
    /// The next generation is without them; it is being built.
    pub pending: bool,
}

/// What was imported.
#[utoipa::path(get, path = "/sources", tag = "sources", responses((status = 200, body = SourcesPage)))]
pub async fn list(_may: Requires<may::ReadData>, app: App) -> Result<Json<SourcesPage>, Problem> {
    Ok(Json(Inventory::load(&app.engine).await?.sources_page()))
}

/// One source, with its files.
#[utoipa::path(get, path = "/sources/{id}", tag = "sources", params(("id" = i64, Path)),
    responses((status = 200, body = SourceDetail), (status = 404, description = "No such source.")))]
pub async fn get(_may: Requires<may::ReadData>, app: App, id: Path<i64>) -> Result<Json<SourceDetail>, Problem> {
    Ok(Json(Inventory::load(&app.engine).await?.source(id.0)?))
}

/// What of a source could not be taken in.
#[utoipa::path(get, path = "/sources/{id}/rejects", tag = "sources", params(("id" = i64, Path), PageQuery),
    responses((status = 200, body = RejectPage), (status = 404, description = "No such source.")))]
pub async fn rejects(
    _may: Requires<may::ReadData>,
    app: App,
    id: Path<i64>,
    query: Query<PageQuery>,
) -> Result<Json<RejectPage>, Problem> {
    Ok(Json(postern_report::rejects(&app.engine, id.0, &query.0).await?))
}

/// Forget a source: what only it said is no longer known.
#[utoipa::path(delete, path = "/sources/{id}", tag = "sources", params(("id" = i64, Path)),
    responses((status = 202, body = SourceRemoved), (status = 404, description = "No such source.")))]
pub async fn remove(
    may: Requires<may::ImportData>,
    app: App,
    id: Path<i64>,
) -> Result<(StatusCode, Json<SourceRemoved>), Problem> {
    let removed = app.engine.ledger().remove_source(id.0, may.name()).await?;
    app.look.notify_one();
    let files_removed = removed.removed_snapshots.len() as u64;
    Ok((
        StatusCode::ACCEPTED,
        Json(SourceRemoved {
            files_removed,
            pending: true,
        }),
    ))
}
