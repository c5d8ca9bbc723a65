//! What attackers do, as the catalog has it, and what to do about it.

use axum::Json;
use postern_report::{TechniquePage, TechniqueRow};

use crate::app::Current;
use crate::auth::{Requires, may};
use crate::extract::Path;
use crate::problem::Problem;

/// All techniques, with the number of their steps in this generation.
#[utoipa::path(get, path = "/techniques", tag = "techniques", responses((status = 200, body = TechniquePage)))]
pub async fn list(_may: Requires<may::ReadData>, current: Current) -> Result<Json<TechniquePage>, Problem> {
    current.answer(|reports| Ok(reports.techniques())).await
}

/// One technique.
#[utoipa::path(get, path = "/techniques/{id}", tag = "techniques", params(("id" = String, Path)),
    responses((status = 200, body = TechniqueRow), (status = 404, description = "No such technique.")))]
pub async fn get(
    _may: Requires<may::ReadData>,
    current: Current,
    id: Path<String>,
) -> Result<Json<TechniqueRow>, Problem> {
    current.answer(move |reports| reports.technique(&id.0)).await
}
