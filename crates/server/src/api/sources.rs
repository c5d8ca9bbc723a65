//! What was imported, and forgetting it.

use axum::Json;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::App;
use crate::auth::{Requires, may};
use crate::extract::Path;
use crate::problem::Problem;

#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct SourceRemoved {
    /// Files that no other source has.
    pub files_removed: u64,
    /// The next generation is without them; it is being built.
    pub pending: bool,
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
