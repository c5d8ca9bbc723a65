//! What a query can see: the generation that is served, or one that is kept, with the functions and watchlists of now.
//!
//! [`of`] gives a world to run in, [`schema`] one to write in. A generation's tables are kept as long as it is the
//! newest, so that the second query over a table need not read it again.

use std::sync::{Arc, Mutex, PoisonError, Weak};

use async_trait::async_trait;
use jiff::Timestamp;
use postern_engine::{AsOf, lake_number_of};
use postern_hunt::estate_world::{EstateWorld, Estates, Reached, WatchlistHead};
use postern_hunt::tables::{EstateTables, LakeRows, SourceRow, VirtualNode};
use postern_hunt::{HuntError, World};
use postern_kql::schema::StoredFunction;
use postern_ledger::Ledger;
use postern_model::NodeId;
use postern_report::Reports;
use tokio::task::spawn_blocking;

use crate::App;
use crate::problem::Problem;

/// Generations other than the newest whose tables are kept in memory.
const PAST_KEPT: usize = 2;

/// Generations that were asked.
#[derive(Default)]
pub struct Asked {
    newest: Mutex<Option<Arc<Generation>>>,
    /// The last one asked comes last.
    past: Mutex<Vec<Arc<Generation>>>,
}

/// A generation with what queries read of it.
pub struct Generation {
    number: i64,
    /// Of the newest generation not held: as long as somebody holds the one before, the next one is not put in place.
    reports: Weak<Reports>,
    /// Of one that nobody else holds.
    own: Option<Arc<Reports>>,
    tables: Arc<EstateTables>,
}

impl Generation {
    async fn of(app: &App, reports: Arc<Reports>, is_served: bool) -> Result<Arc<Self>, Problem> {
        let sources = sources(app.engine.ledger()).await?;
        let rows = rows(app, &reports, sources)?;
        Ok(Arc::new(Self {
            number: reports.generation.record.number,
            reports: Arc::downgrade(&reports),
            own: (!is_served).then_some(reports),
            tables: Arc::new(EstateTables::new(Arc::new(rows))),
        }))
    }

    fn number(&self) -> i64 {
        self.number
    }

    fn reports(&self) -> Result<Arc<Reports>, HuntError> {
        let replaced = || HuntError::Run("a new generation was put in place meanwhile; run the query again".to_owned());
        self.own.clone().or_else(|| self.reports.upgrade()).ok_or_else(replaced)
    }
}

/// A world to run a query in, and the number of its generation.
///
/// Without any generation queries can still compute; reading a table then fails.
///
/// # Errors
/// When there is no such generation, or it cannot be read.
pub async fn of(app: &App, as_of: Option<&str>) -> Result<(Arc<dyn World>, Option<i64>), Problem> {
    let generation = match as_of {
        Some(text) => {
            let as_of = AsOf::parse(text).map_err(|why| Problem::invalid(format!("{why}."), "Correct `as_of`."))?;
            Some(past(app, as_of).await?)
        }
        None => newest(app).await?,
    };
    let number = generation.as_ref().map(|it| it.number());
    Ok((Arc::new(world(app, generation).await?), number))
}

/// The world of the newest generation, to look names up in.
///
/// # Errors
/// Those of the ledger.
pub async fn schema(app: &App) -> Result<EstateWorld, Problem> {
    // Names need no rows, so a generation that is not loaded yet does not matter.
    world(app, None).await
}

async fn world(app: &App, generation: Option<Arc<Generation>>) -> Result<EstateWorld, Problem> {
    let ledger = app.engine.ledger();
    let functions = ledger.hunting_functions().await?.into_iter().map(|it| StoredFunction {
        name: it.name,
        declaration: it.declaration,
        description: it.description,
    });
    let watchlists = ledger.watchlists().await?.into_iter().map(|it| WatchlistHead {
        name: it.name,
        search_key: it.search_key,
        columns: it.columns,
        changed_at: it.changed_at.as_microsecond(),
    });
    let now = match &generation {
        Some(it) => it.tables.evaluated_at(),
        None => app.engine.now().as_microsecond(),
    };
    let estates = AppEstates {
        app: app.clone(),
        generation,
    };
    Ok(EstateWorld::new(Arc::new(estates), now)
        .with_functions(functions.collect())
        .with_watchlists(watchlists.collect()))
}

async fn newest(app: &App) -> Result<Option<Arc<Generation>>, Problem> {
    let Some(reports) = app.served.borrow().clone() else {
        return Ok(None);
    };
    let asked = &app.hunting.asked;
    let number = reports.generation.record.number;
    let kept = asked.newest.lock().unwrap_or_else(PoisonError::into_inner).clone();
    if let Some(kept) = kept.filter(|it| it.number() == number) {
        return Ok(Some(kept));
    }
    let made = Generation::of(app, reports, true).await?;
    *asked.newest.lock().unwrap_or_else(PoisonError::into_inner) = Some(made.clone());
    Ok(Some(made))
}

async fn past(app: &App, as_of: AsOf) -> Result<Arc<Generation>, Problem> {
    let number = app.engine.record(as_of).await?.number;
    if app.number() == Some(number)
        && let Some(newest) = newest(app).await?
    {
        return Ok(newest);
    }
    let asked = &app.hunting.asked;
    let kept = {
        let past = asked.past.lock().unwrap_or_else(PoisonError::into_inner);
        past.iter().find(|it| it.number() == number).cloned()
    };
    let found = match kept {
        Some(kept) => kept,
        None => {
            let reports = Reports::load(&app.engine, AsOf::Number(number)).await?;
            Generation::of(app, Arc::new(reports), false).await?
        }
    };
    let mut past = asked.past.lock().unwrap_or_else(PoisonError::into_inner);
    past.retain(|it| it.number() != number);
    past.push(found.clone());
    if past.len() > PAST_KEPT {
        past.remove(0);
    }
    drop(past);
    Ok(found)
}

fn rows(app: &App, reports: &Reports, sources: Vec<SourceRow>) -> Result<LakeRows, Problem> {
    let generation = &reports.generation;
    let number = lake_number_of(&generation.record)?;
    let virtual_nodes = generation.derived.virtuals.iter().map(|it| VirtualNode {
        id: it.id.0,
        key: it.key.clone(),
        name: it.name.clone(),
        kind: it.kind,
    });
    Ok(LakeRows {
        lake: app.engine.lake().clone(),
        number,
        evaluated_at: generation.inputs.evaluated_at.as_microsecond(),
        virtual_nodes: virtual_nodes.collect(),
        sources,
    })
}

/// Files by the ids that the rows of tables name.
async fn sources(ledger: &Ledger) -> Result<Vec<SourceRow>, Problem> {
    let listings = ledger.sources().await?;
    let rows = listings.into_iter().flat_map(|listing| {
        let source = listing.source;
        listing.snapshots.into_iter().map(move |snapshot| SourceRow {
            id: snapshot.id,
            name: source.name.clone().unwrap_or_default(),
            file: snapshot.file,
            format: snapshot.format,
            imported_at: Some(source.imported_at.as_microsecond()),
            observed_from: None,
            observed_to: Some(snapshot.observed.at.as_microsecond()),
        })
    });
    Ok(rows.collect())
}

/// The generations of this server.
struct AppEstates {
    app: App,
    generation: Option<Arc<Generation>>,
}

impl AppEstates {
    fn generation(&self) -> Result<&Arc<Generation>, HuntError> {
        let none = || HuntError::Run("there is nothing to read: nothing was imported yet".to_owned());
        self.generation.as_ref().ok_or_else(none)
    }
}

#[async_trait]
impl Estates for AppEstates {
    async fn current(&self) -> Result<Arc<EstateTables>, HuntError> {
        Ok(self.generation()?.tables.clone())
    }

    async fn as_of(&self, at: i64) -> Result<Option<Arc<EstateTables>>, HuntError> {
        let at = Timestamp::from_microsecond(at).map_err(|error| HuntError::Run(error.to_string()))?;
        let found = self.app.engine.ledger().generation_as_of(at).await;
        let Some(record) = found.map_err(unreadable)? else {
            return Ok(None);
        };
        let generation = past(&self.app, AsOf::Number(record.number)).await;
        generation.map(|it| Some(it.tables.clone())).map_err(refused)
    }

    async fn blast_radius(&self, node: u128) -> Result<Vec<Reached>, HuntError> {
        let reports = self.generation()?.reports()?;
        let reached = spawn_blocking(move || reports.reached_from(NodeId(node)));
        let found = reached.await.map_err(unreadable)?.map_err(unreadable)?;
        let reached = found.into_iter().map(|it| Reached {
            node: it.node.0,
            is_target: it.is_target,
            is_behind_target: it.is_behind_target,
        });
        Ok(reached.collect())
    }

    async fn watchlist_items(&self, name: &str) -> Result<Vec<Vec<String>>, HuntError> {
        let found = self.app.engine.ledger().watchlist(name).await.map_err(unreadable)?;
        let found = found.ok_or_else(|| HuntError::Run(format!("there is no watchlist {name:?}")))?;
        Ok(found.items)
    }
}

fn unreadable(cause: impl std::error::Error + Send + Sync + 'static) -> HuntError {
    HuntError::Table {
        table: "of the generation".to_owned(),
        cause: Box::new(cause),
    }
}

/// A problem within a query: its words are for people already.
fn refused(problem: Problem) -> HuntError {
    problem.log("a query");
    HuntError::Run(format!("{} {}", problem.title, problem.detail))
}
