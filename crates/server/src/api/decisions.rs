//! What people decide about single assets. It takes effect with the next generation, which is built by itself.

use axum::Json;
use axum::http::StatusCode;
use postern_model::Criticality;
use postern_report::{Ids, Reports};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::App;
use crate::app::Current;
use crate::auth::{Requires, may};
use crate::extract::{Body, Path};
use crate::problem::Problem;

/// Something was decided.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Decided {
    /// The generation that holds it is being built.
    pub pending: bool,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CriticalityChange {
    /// Null takes the level back that was set by hand: the rules decide again.
    #[serde(deserialize_with = "Option::deserialize")]
    pub level: Option<Level>,
}

/// How bad the loss of an asset would be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    VeryHigh,
    High,
    Medium,
    Low,
    /// Overrules the rules.
    None,
}

impl Level {
    fn criticality(self) -> Option<Criticality> {
        match self {
            Self::VeryHigh => Some(Criticality::VeryHigh),
            Self::High => Some(Criticality::High),
            Self::Medium => Some(Criticality::Medium),
            Self::Low => Some(Criticality::Low),
            Self::None => None,
        }
    }
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ApartChange {
    /// True takes the object out of the asset it was merged into; false lets it merge again.
    pub apart: bool,
}

/// Set how critical an asset is.
#[utoipa::path(put, path = "/assets/{id}/criticality", tag = "assets", params(("id" = String, Path)),
    request_body = CriticalityChange, responses((status = 202, body = Decided),
        (status = 404, description = "No such asset.")))]
pub async fn set_criticality(
    may: Requires<may::Decide>,
    app: App,
    current: Current,
    id: Path<String>,
    change: Body<CriticalityChange>,
) -> Result<(StatusCode, Json<Decided>), Problem> {
    let key = object(&app, current, id.0).await?.asset;
    let level = change.0.level.map(Level::criticality);
    app.engine.set_criticality(&key, level, may.name()).await?;
    Ok(decided(&app))
}

/// Take an original object out of its asset, or let it merge again.
#[utoipa::path(put, path = "/assets/{id}/apart", tag = "assets",
    params(("id" = String, Path, description = "The id of an original object.")),
    request_body = ApartChange, responses((status = 202, body = Decided),
        (status = 404, description = "No such object."), (status = 409, description = "It stands alone.")))]
pub async fn set_apart(
    may: Requires<may::Decide>,
    app: App,
    current: Current,
    id: Path<String>,
    change: Body<ApartChange>,
) -> Result<(StatusCode, Json<Decided>), Problem> {
    let object = object(&app, current, id.0).await?;
    if change.0.apart && object.siblings == 0 {
        let title = format!("{} is made of this object only.", object.name);
        return Err(Problem::conflict(title, "There is nothing to take it out of."));
    }
    app.engine.set_apart(&object.key, change.0.apart, may.name()).await?;
    Ok(decided(&app))
}

fn decided(app: &App) -> (StatusCode, Json<Decided>) {
    app.look.notify_one();
    (StatusCode::ACCEPTED, Json(Decided { pending: true }))
}

struct Object {
    /// Of the object itself; an asset's id or name stands for its strongest one.
    key: String,
    /// Of the asset that it is part of.
    asset: String,
    name: String,
    siblings: usize,
}

/// Names are looked for among all there are.
async fn object(app: &App, current: Current, id: String) -> Result<Object, Problem> {
    app.compute(move || found(&current.reports, &id)).await
}

fn found(reports: &Reports, id: &str) -> Result<Object, Problem> {
    let index = Ids(&reports.generation).asset(id)?;
    let node = reports.generation.estate.node(index);
    let facet = node.facets.iter().find(|facet| facet.key.eq_ignore_ascii_case(id));
    Ok(Object {
        key: facet.map_or(&node.key, |facet| &facet.key).to_string(),
        asset: node.key.to_string(),
        name: node.name.to_string(),
        siblings: node.facets.len().saturating_sub(1),
    })
}
