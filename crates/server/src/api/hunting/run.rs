//! Running a query, and ending it.

use axum::body::{Body as AnswerBody, Bytes};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures::StreamExt;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::App;
use crate::api::hunting::lines::Line;
use crate::auth::{Permission, Requires, may};
use crate::extract::{Body, Path};
use crate::hunting::run::{Question, start};
use crate::hunting::world;
use crate::problem::Problem;

/// The media type of lines of JSON.
pub const LINES: &str = "application/x-ndjson";

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct HuntQuestion {
    pub query: String,
    /// The number of a generation that is kept, or a time; left out, the newest one.
    pub as_of: Option<String>,
}

/// Run a query.
///
/// The answer is one JSON document on each line, written while the query runs. Closing the connection ends the query.
#[utoipa::path(post, path = "/hunting/run", tag = "hunting", request_body = HuntQuestion,
    responses((status = 200, body = Line, content_type = "application/x-ndjson"),
    (status = 404, description = "There is no such generation."),
    (status = 429, description = "Too many queries are running.")))]
pub async fn run(may: Requires<may::Hunt>, app: App, question: Body<HuntQuestion>) -> Result<Response, Problem> {
    let HuntQuestion { query, as_of } = question.0;
    let who = may.identity().ok_or_else(Problem::sign_in_needed)?;
    let (world, generation) = world::of(&app, as_of.as_deref()).await?;
    let turn = app.hunting.begin(&who.name, who.role)?;
    let question = Question {
        text: query,
        world,
        budget: app.hunting.limits.of(who.role).budget(),
        generation,
        owner: who.is_person().then(|| who.name.clone()),
        actor: who.name.clone(),
    };
    let lines = start(app, turn, question).map_err(Problem::internal)?;
    let body = AnswerBody::from_stream(lines.map(|line| Ok::<_, std::convert::Infallible>(Bytes::from(line))));
    let headers = [
        (header::CONTENT_TYPE, LINES),
        // Proxies that gather an answer would hide how it grows.
        (header::HeaderName::from_static("x-accel-buffering"), "no"),
    ];
    Ok((headers, body).into_response())
}

/// End a running query. Its answer then ends with an error of kind `cancelled`.
#[utoipa::path(delete, path = "/hunting/runs/{id}", tag = "hunting", params(("id" = String, Path)),
    responses((status = 204), (status = 404, description = "There is no such query, or it is somebody else's.")))]
pub async fn cancel(may: Requires<may::Hunt>, app: App, id: Path<String>) -> Result<StatusCode, Problem> {
    let may_end_all = may
        .identity()
        .is_some_and(|who| Permission::ReadAudit.is_given_to(who.role));
    let owner = (!may_end_all).then(|| may.name());
    if app.hunting.cancel(&id.0, owner) {
        return Ok(StatusCode::NO_CONTENT);
    }
    let what = format!("running query {}", id.0);
    Err(Problem::not_found(
        what,
        "It has ended, perhaps, or is somebody else's.",
    ))
}
