//! Assets: lists, one with all that is known of it, its edges, findings and paths, and what it leads to.

use axum::Json;
use postern_report::{
    AssetDetail, AssetPage, AssetQuery, BlastDetail, BlastPage, EdgePage, EdgeQuery, FindingPage, PageQuery, PathPage,
    PathQuery,
};
use serde::Deserialize;
use utoipa::IntoParams;

use super::state::Limit;
use crate::app::Current;
use crate::auth::{Requires, may};
use crate::extract::{Path, Query};
use crate::problem::Problem;

/// Assets that a blast radius lists, unless said otherwise.
const BLAST_ASSETS: usize = 100;
const BLASTS: usize = 20;

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct SearchQuery {
    /// A part of a name, or an id.
    pub q: String,
    /// At most so many.
    #[param(minimum = 1, maximum = 500, default = 10)]
    pub limit: Option<usize>,
}

/// Assets.
#[utoipa::path(get, path = "/assets", tag = "assets", params(AssetQuery),
    responses((status = 200, body = AssetPage)))]
pub async fn list(
    _may: Requires<may::ReadData>,
    current: Current,
    query: Query<AssetQuery>,
) -> Result<Json<AssetPage>, Problem> {
    current.answer(move |reports| reports.assets(&query.0)).await
}

/// What is known of an asset, and from where.
#[utoipa::path(get, path = "/assets/{id}", tag = "assets", params(("id" = String, Path)),
    responses((status = 200, body = AssetDetail), (status = 404, description = "No such asset.")))]
pub async fn get(
    _may: Requires<may::ReadData>,
    current: Current,
    id: Path<String>,
) -> Result<Json<AssetDetail>, Problem> {
    current.answer(move |reports| reports.asset_detail(&id.0)).await
}

/// Steps and relations that begin or end at an asset.
#[utoipa::path(get, path = "/assets/{id}/edges", tag = "assets", params(("id" = String, Path), EdgeQuery),
    responses((status = 200, body = EdgePage), (status = 404, description = "No such asset.")))]
pub async fn edges(
    _may: Requires<may::ReadData>,
    current: Current,
    id: Path<String>,
    query: Query<EdgeQuery>,
) -> Result<Json<EdgePage>, Problem> {
    current.answer(move |reports| reports.edges(&id.0, &query.0)).await
}

/// What scanners found on an asset.
#[utoipa::path(get, path = "/assets/{id}/findings", tag = "assets", params(("id" = String, Path), PageQuery),
    responses((status = 200, body = FindingPage), (status = 404, description = "No such asset.")))]
pub async fn findings(
    _may: Requires<may::ReadData>,
    current: Current,
    id: Path<String>,
    query: Query<PageQuery>,
) -> Result<Json<FindingPage>, Problem> {
    current.answer(move |reports| reports.findings(&id.0, &query.0)).await
}

/// Attack paths through an asset; those that begin or end there count too.
#[utoipa::path(get, path = "/assets/{id}/paths", tag = "assets", params(("id" = String, Path), PathQuery),
    responses((status = 200, body = PathPage), (status = 404, description = "No such asset.")))]
pub async fn paths(
    _may: Requires<may::ReadData>,
    current: Current,
    id: Path<String>,
    query: Query<PathQuery>,
) -> Result<Json<PathPage>, Problem> {
    let query = PathQuery {
        through: Some(id.0),
        ..query.0
    };
    current.answer(move |reports| reports.paths(&query)).await
}

/// What an attacker who holds an asset can get hold of.
#[utoipa::path(get, path = "/assets/{id}/blast-radius", tag = "assets", params(("id" = String, Path), Limit),
    responses((status = 200, body = BlastDetail), (status = 404, description = "No such asset.")))]
pub async fn blast_radius(
    _may: Requires<may::ReadData>,
    current: Current,
    id: Path<String>,
    limit: Query<Limit>,
) -> Result<Json<BlastDetail>, Problem> {
    let limit = limit.0.or(BLAST_ASSETS);
    current.answer(move |reports| reports.blast_detail(&id.0, limit)).await
}

/// The entry points that lead to most.
#[utoipa::path(get, path = "/blast-radius", tag = "attack-paths", params(Limit),
    responses((status = 200, body = BlastPage)))]
pub async fn widest(
    _may: Requires<may::ReadData>,
    current: Current,
    limit: Query<Limit>,
) -> Result<Json<BlastPage>, Problem> {
    let limit = limit.0.or(BLASTS);
    current.answer(move |reports| reports.blasts(limit)).await
}
