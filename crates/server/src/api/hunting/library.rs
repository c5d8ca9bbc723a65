//! What people keep for hunting: saved queries, stored functions, watchlists, their history; and the examples.

use axum::Json;
use axum::http::StatusCode;
use jiff::Timestamp;
use postern_ledger::{HuntingFunction, NewQuery, NewWatchlist, SavedQuery, WatchlistInfo};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::App;
use crate::auth::{Identity, Permission, Requires, may};
use crate::extract::{Body, Path};
use crate::hunting::csv;
use crate::problem::Problem;

#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct HuntHistory {
    /// The newest first.
    pub items: Vec<HuntHistoryEntry>,
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct HuntHistoryEntry {
    pub query: String,
    #[schema(value_type = String, format = DateTime)]
    pub started_at: Timestamp,
    pub outcome: HuntOutcome,
    /// Of all results; none of a query that failed.
    pub rows: Option<u64>,
    pub wall_ms: u64,
    /// Why it failed or was cut.
    pub message: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum HuntOutcome {
    Done,
    /// A budget cut its result.
    Partial,
    Failed,
    Cancelled,
}

impl From<postern_ledger::QueryOutcome> for HuntOutcome {
    fn from(outcome: postern_ledger::QueryOutcome) -> Self {
        use postern_ledger::QueryOutcome;
        match outcome {
            QueryOutcome::Done => Self::Done,
            QueryOutcome::Partial => Self::Partial,
            QueryOutcome::Failed => Self::Failed,
            QueryOutcome::Cancelled => Self::Cancelled,
        }
    }
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct SavedQueryList {
    /// One's own and those of everybody, by name.
    pub items: Vec<SavedHuntQuery>,
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct SavedHuntQuery {
    pub id: i64,
    pub name: String,
    pub description: String,
    pub query: String,
    /// Everybody sees it, and analysts can change it; else only who saved it does.
    pub is_shared: bool,
    /// Who saved it last.
    pub author: String,
    #[schema(value_type = String, format = DateTime)]
    pub changed_at: Timestamp,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct HuntQueryChange {
    pub name: String,
    #[serde(default)]
    pub description: String,
    pub query: String,
    #[serde(default)]
    pub is_shared: bool,
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct HuntFunctionList {
    pub items: Vec<StoredHuntFunction>,
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct StoredHuntFunction {
    pub name: String,
    /// Parameters and body as in a `let`: `(days: int = 7) { Findings | where ... }`.
    pub declaration: String,
    pub description: String,
    /// Who changed it last.
    pub author: String,
    #[schema(value_type = String, format = DateTime)]
    pub changed_at: Timestamp,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct HuntFunctionChange {
    pub declaration: String,
    #[serde(default)]
    pub description: String,
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct WatchlistList {
    pub items: Vec<HuntWatchlist>,
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct HuntWatchlist {
    pub name: String,
    pub description: String,
    /// The column that people look things up by.
    pub search_key: String,
    pub columns: Vec<String>,
    pub rows: u64,
    /// Who changed it last.
    pub author: String,
    #[schema(value_type = String, format = DateTime)]
    pub changed_at: Timestamp,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct HuntWatchlistChange {
    #[serde(default)]
    pub description: String,
    /// The file: its first line names the columns.
    pub csv: String,
    /// One of the columns; left out, the first.
    pub search_key: Option<String>,
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct HuntExamples {
    pub items: Vec<HuntExample>,
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct HuntExample {
    pub id: String,
    /// The question in plain words.
    pub title: String,
    pub group: String,
    pub description: String,
    pub query: String,
}

/// Queries that answer common questions.
#[utoipa::path(get, path = "/hunting/examples", tag = "hunting", responses((status = 200, body = HuntExamples)))]
pub async fn examples(_may: Requires<may::Hunt>, app: App) -> Json<HuntExamples> {
    let items = app.engine.catalog().examples.iter().map(|it| HuntExample {
        id: it.id.clone(),
        title: it.title.clone(),
        group: it.group.clone(),
        description: it.description.clone(),
        query: it.query.clone(),
    });
    Json(HuntExamples { items: items.collect() })
}

/// What you asked, the newest first. Tokens of the command line have no history.
#[utoipa::path(get, path = "/hunting/history", tag = "hunting", responses((status = 200, body = HuntHistory)))]
pub async fn history(may: Requires<may::Hunt>, app: App) -> Result<Json<HuntHistory>, Problem> {
    let runs = app.engine.ledger().query_history(may.name()).await?;
    let items = runs.into_iter().map(|run| HuntHistoryEntry {
        query: run.query,
        started_at: run.started_at,
        outcome: run.outcome.into(),
        rows: run.row_count,
        wall_ms: u64::try_from(run.wall.as_millis()).unwrap_or(u64::MAX),
        message: run.message,
    });
    Ok(Json(HuntHistory { items: items.collect() }))
}

/// Forget what you asked. The audit log keeps it.
#[utoipa::path(delete, path = "/hunting/history", tag = "hunting", responses((status = 204)))]
pub async fn clear_history(may: Requires<may::Hunt>, app: App) -> Result<StatusCode, Problem> {
    app.engine.ledger().clear_query_history(may.name()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Your queries and those of everybody.
#[utoipa::path(get, path = "/hunting/queries", tag = "hunting", responses((status = 200, body = SavedQueryList)))]
pub async fn queries(may: Requires<may::Hunt>, app: App) -> Result<Json<SavedQueryList>, Problem> {
    let found = app.engine.ledger().saved_queries(Some(may.name())).await?;
    let items = found.into_iter().map(saved).collect();
    Ok(Json(SavedQueryList { items }))
}

/// Save a query. Sharing it needs the permission share-queries.
#[utoipa::path(post, path = "/hunting/queries", tag = "hunting", request_body = HuntQueryChange,
    responses((status = 201, body = SavedHuntQuery), (status = 422, description = "It cannot be saved so.")))]
pub async fn save(
    may: Requires<may::Hunt>,
    app: App,
    body: Body<HuntQueryChange>,
) -> Result<(StatusCode, Json<SavedHuntQuery>), Problem> {
    let query = new_query(may.identity(), body.0)?;
    let found = app.engine.ledger().save_query(None, query, may.name()).await?;
    Ok((StatusCode::CREATED, Json(saved(found))))
}

/// Change a query of yours; with the permission share-queries also one of everybody.
#[utoipa::path(put, path = "/hunting/queries/{id}", tag = "hunting", params(("id" = i64, Path)),
    request_body = HuntQueryChange, responses((status = 200, body = SavedHuntQuery),
    (status = 404, description = "There is no such query, or it is somebody else's."),
    (status = 422, description = "It cannot be saved so.")))]
pub async fn change(
    may: Requires<may::Hunt>,
    app: App,
    id: Path<i64>,
    body: Body<HuntQueryChange>,
) -> Result<Json<SavedHuntQuery>, Problem> {
    let query = new_query(may.identity(), body.0)?;
    may_touch(&app, may.identity(), id.0).await?;
    let found = app.engine.ledger().save_query(Some(id.0), query, may.name()).await?;
    Ok(Json(saved(found)))
}

/// Delete a query of yours; with the permission share-queries also one of everybody.
#[utoipa::path(delete, path = "/hunting/queries/{id}", tag = "hunting", params(("id" = i64, Path)),
    responses((status = 204), (status = 404, description = "There is no such query, or it is somebody else's.")))]
pub async fn remove(may: Requires<may::Hunt>, app: App, id: Path<i64>) -> Result<StatusCode, Problem> {
    may_touch(&app, may.identity(), id.0).await?;
    app.engine.ledger().delete_query(id.0, may.name()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Functions that any query may call.
#[utoipa::path(get, path = "/hunting/functions", tag = "hunting",
    responses((status = 200, body = HuntFunctionList)))]
pub async fn functions(_may: Requires<may::Hunt>, app: App) -> Result<Json<HuntFunctionList>, Problem> {
    let found = app.engine.ledger().hunting_functions().await?;
    let items = found.into_iter().map(function).collect();
    Ok(Json(HuntFunctionList { items }))
}

/// Store a function, in the place of the one of its name if there is one.
#[utoipa::path(put, path = "/hunting/functions/{name}", tag = "hunting", params(("name" = String, Path)),
    request_body = HuntFunctionChange, responses((status = 200, body = StoredHuntFunction),
    (status = 422, description = "It is no function.")))]
pub async fn store_function(
    may: Requires<may::ShareQueries>,
    app: App,
    name: Path<String>,
    body: Body<HuntFunctionChange>,
) -> Result<Json<StoredHuntFunction>, Problem> {
    let HuntFunctionChange {
        declaration,
        description,
    } = body.0;
    super::editor::check_function(&app, &name.0, &declaration).await?;
    let ledger = app.engine.ledger();
    let stored = ledger
        .store_function(&name.0, &declaration, &description, may.name())
        .await?;
    Ok(Json(function(stored)))
}

/// Delete a function. Queries that call it fail from then on.
#[utoipa::path(delete, path = "/hunting/functions/{name}", tag = "hunting", params(("name" = String, Path)),
    responses((status = 204), (status = 404, description = "There is no such function.")))]
pub async fn remove_function(
    may: Requires<may::ShareQueries>,
    app: App,
    name: Path<String>,
) -> Result<StatusCode, Problem> {
    app.engine.ledger().delete_function(&name.0, may.name()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Lists that queries can look things up in, without their rows.
#[utoipa::path(get, path = "/hunting/watchlists", tag = "hunting", responses((status = 200, body = WatchlistList)))]
pub async fn watchlists(_may: Requires<may::Hunt>, app: App) -> Result<Json<WatchlistList>, Problem> {
    let found = app.engine.ledger().watchlists().await?;
    let items = found.into_iter().map(watchlist).collect();
    Ok(Json(WatchlistList { items }))
}

/// Store a watchlist out of a CSV file, in the place of the one of its name if there is one.
#[utoipa::path(put, path = "/hunting/watchlists/{name}", tag = "hunting", params(("name" = String, Path)),
    request_body = HuntWatchlistChange, responses((status = 200, body = HuntWatchlist),
    (status = 422, description = "The file cannot be read, or is too large.")))]
pub async fn store_watchlist(
    may: Requires<may::ShareQueries>,
    app: App,
    name: Path<String>,
    body: Body<HuntWatchlistChange>,
) -> Result<Json<HuntWatchlist>, Problem> {
    let HuntWatchlistChange {
        description,
        csv: text,
        search_key,
    } = body.0;
    let (columns, items) =
        csv::read(&text).map_err(|why| Problem::invalid(why, "Correct the file and upload it again."))?;
    let search_key = search_key.or_else(|| columns.first().cloned()).unwrap_or_default();
    let list = NewWatchlist {
        name: name.0,
        description,
        search_key,
        columns,
        items,
    };
    let stored = app.engine.ledger().store_watchlist(list, may.name()).await?;
    Ok(Json(watchlist(stored)))
}

/// Delete a watchlist. Queries that read it fail from then on.
#[utoipa::path(delete, path = "/hunting/watchlists/{name}", tag = "hunting", params(("name" = String, Path)),
    responses((status = 204), (status = 404, description = "There is no such watchlist.")))]
pub async fn remove_watchlist(
    may: Requires<may::ShareQueries>,
    app: App,
    name: Path<String>,
) -> Result<StatusCode, Problem> {
    app.engine.ledger().delete_watchlist(&name.0, may.name()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The query as it is to be saved; refused when it is shared by somebody who may not.
fn new_query(who: Option<&Identity>, change: HuntQueryChange) -> Result<NewQuery, Problem> {
    let who = who.ok_or_else(Problem::sign_in_needed)?;
    if change.is_shared {
        may_share(who)?;
    }
    Ok(NewQuery {
        owner: (!change.is_shared).then(|| who.name.clone()),
        name: change.name,
        description: change.description,
        query: change.query,
    })
}

/// Queries of everybody are changed by those who may share.
async fn may_touch(app: &App, who: Option<&Identity>, id: i64) -> Result<(), Problem> {
    let who = who.ok_or_else(Problem::sign_in_needed)?;
    let found = app.engine.ledger().saved_queries(Some(&who.name)).await?;
    match found.iter().find(|it| it.id == id) {
        Some(query) if query.owner.is_none() => may_share(who),
        // The ledger says what is wrong with others.
        _ => Ok(()),
    }
}

fn may_share(who: &Identity) -> Result<(), Problem> {
    match Permission::ShareQueries.is_given_to(who.role) {
        true => Ok(()),
        false => Err(Problem::not_allowed(who.role, Permission::ShareQueries)),
    }
}

fn saved(query: SavedQuery) -> SavedHuntQuery {
    SavedHuntQuery {
        id: query.id,
        name: query.name,
        description: query.description,
        query: query.query,
        is_shared: query.owner.is_none(),
        author: query.author,
        changed_at: query.changed_at,
    }
}

fn function(function: HuntingFunction) -> StoredHuntFunction {
    StoredHuntFunction {
        name: function.name,
        declaration: function.declaration,
        description: function.description,
        author: function.author,
        changed_at: function.changed_at,
    }
}

fn watchlist(list: WatchlistInfo) -> HuntWatchlist {
    HuntWatchlist {
        name: list.name,
        description: list.description,
        search_key: list.search_key,
        columns: list.columns,
        rows: list.item_count,
        author: list.author,
        changed_at: list.changed_at,
    }
}
