//! The generations of the data folder as queries see them.
//!
//! Nothing is opened before a query names a table: a query over its own rows needs no data folder.

use std::sync::Arc;
use std::time::Instant;

use anyhow::Result;
use async_trait::async_trait;
use jiff::Timestamp;
use postern_attack::blast_radius;
use postern_engine::{AsOf, Engine, EngineError, Generation, lake_number_of};
use postern_hunt::estate_world::{EstateWorld, Estates, Reached, WatchlistHead};
use postern_hunt::run::Summary;
use postern_hunt::tables::{EstateTables, LakeRows, SourceRow, VirtualNode};
use postern_hunt::{HuntError, World};
use postern_kql::schema::StoredFunction;
use postern_ledger::{QueryOutcome, QueryRun};
use postern_model::NodeId;
use tokio::sync::OnceCell;

use super::Session;

pub struct Data {
    /// `None` where there is no data folder.
    engine: Option<Engine>,
    /// Why there is none.
    why_none: String,
    as_of: AsOf,
    now: Timestamp,
    asked: OnceCell<Arc<Opened>>,
}

/// A generation that a query asked for.
struct Opened {
    generation: Generation,
    tables: Arc<EstateTables>,
}

/// A query that runs.
pub struct Begun {
    text: String,
    at: Timestamp,
    clock: Instant,
}

impl Begun {
    pub fn now(text: &str) -> Self {
        Self {
            text: text.to_owned(),
            at: Timestamp::now(),
            clock: Instant::now(),
        }
    }
}

impl Data {
    pub async fn of(session: &Session, as_of: AsOf) -> Result<Self> {
        // That there is no data is no mistake before somebody asks for it; any other is.
        let (engine, why_none) = match session.open_if_there().await? {
            Ok(engine) => (Some(engine), String::new()),
            Err(why) => (None, why),
        };
        let now = match &engine {
            None => session.clock.now(),
            Some(engine) => match engine.record(as_of).await {
                Ok(record) => record.evaluated_at,
                Err(EngineError::NoGeneration) => session.clock.now(),
                Err(error) => return Err(error.into()),
            },
        };
        Ok(Self {
            engine,
            why_none,
            as_of,
            now,
            asked: OnceCell::new(),
        })
    }

    pub async fn world(self: Arc<Self>) -> Result<Arc<dyn World>> {
        let (mut functions, mut watchlists) = (Vec::new(), Vec::new());
        if let Some(engine) = &self.engine {
            functions.extend(
                engine
                    .ledger()
                    .hunting_functions()
                    .await?
                    .into_iter()
                    .map(|it| StoredFunction {
                        name: it.name,
                        declaration: it.declaration,
                        description: it.description,
                    }),
            );
            watchlists.extend(engine.ledger().watchlists().await?.into_iter().map(|it| WatchlistHead {
                name: it.name,
                search_key: it.search_key,
                columns: it.columns,
                changed_at: it.changed_at.as_microsecond(),
            }));
        }
        let now = self.now.as_microsecond();
        let world = EstateWorld::new(self, now)
            .with_functions(functions)
            .with_watchlists(watchlists);
        Ok(Arc::new(world))
    }

    /// Writes a query into the audit log.
    pub async fn record(&self, begun: Begun, done: &Result<Summary, HuntError>, actor: &str) -> Result<()> {
        let Some(engine) = &self.engine else { return Ok(()) };
        let (outcome, message, row_count) = match done {
            Ok(summary) => match &summary.partial {
                None => (QueryOutcome::Done, String::new(), Some(summary.rows.iter().sum())),
                Some(partial) => (
                    QueryOutcome::Partial,
                    partial.message.clone(),
                    Some(summary.rows.iter().sum()),
                ),
            },
            Err(HuntError::Cancelled) => (QueryOutcome::Cancelled, String::new(), None),
            Err(error) => (QueryOutcome::Failed, error.to_string(), None),
        };
        let run = QueryRun {
            query: begun.text,
            started_at: begun.at,
            wall: begun.clock.elapsed(),
            row_count,
            outcome,
            message,
            tables: done
                .as_ref()
                .map_or_else(|_| Vec::new(), |summary| summary.marks.tables.clone()),
        };
        Ok(engine.ledger().record_query(run, None, actor).await?)
    }

    fn engine(&self) -> Result<&Engine, HuntError> {
        self.engine
            .as_ref()
            .ok_or_else(|| HuntError::Run(self.why_none.clone()))
    }

    async fn asked(&self) -> Result<&Arc<Opened>, HuntError> {
        self.asked.get_or_try_init(|| self.open(self.as_of)).await
    }

    async fn open(&self, as_of: AsOf) -> Result<Arc<Opened>, HuntError> {
        let engine = self.engine()?;
        let generation = engine.load(as_of).await.map_err(unreadable)?;
        let virtual_nodes = generation.derived.virtuals.iter().map(|it| VirtualNode {
            id: it.id.0,
            key: it.key.clone(),
            name: it.name.clone(),
            kind: it.kind,
        });
        let rows = LakeRows {
            lake: engine.lake().clone(),
            number: lake_number_of(&generation.record).map_err(unreadable)?,
            evaluated_at: generation.record.evaluated_at.as_microsecond(),
            virtual_nodes: virtual_nodes.collect(),
            sources: sources(engine).await?,
        };
        Ok(Arc::new(Opened {
            generation,
            tables: Arc::new(EstateTables::new(Arc::new(rows))),
        }))
    }
}

/// The imported files that are current.
async fn sources(engine: &Engine) -> Result<Vec<SourceRow>, HuntError> {
    let listings = engine
        .ledger()
        .sources()
        .await
        .map_err(|error| unreadable(error.into()))?;
    let rows = listings.into_iter().flat_map(|listing| {
        let source = listing.source;
        listing.snapshots.into_iter().map(move |snapshot| SourceRow {
            id: snapshot.id,
            name: source.name.clone().unwrap_or_else(|| source.path.clone()),
            file: snapshot.file,
            format: snapshot.format,
            imported_at: Some(source.imported_at.as_microsecond()),
            observed_from: None,
            observed_to: Some(snapshot.observed.at.as_microsecond()),
        })
    });
    Ok(rows.collect())
}

#[async_trait]
impl Estates for Data {
    async fn current(&self) -> Result<Arc<EstateTables>, HuntError> {
        Ok(self.asked().await?.tables.clone())
    }

    async fn as_of(&self, at: i64) -> Result<Option<Arc<EstateTables>>, HuntError> {
        let at = Timestamp::from_microsecond(at).map_err(|error| HuntError::Run(error.to_string()))?;
        let engine = self.engine()?;
        let record = match engine.record(AsOf::Time(at)).await {
            Ok(record) => record,
            Err(EngineError::NoGeneration | EngineError::NoGenerationAsOf { .. }) => return Ok(None),
            Err(error) => return Err(unreadable(error)),
        };
        // The generation that was asked anyway is not read twice.
        let asked = self.asked().await?;
        if asked.generation.record.number == record.number {
            return Ok(Some(asked.tables.clone()));
        }
        Ok(Some(self.open(AsOf::Number(record.number)).await?.tables.clone()))
    }

    async fn blast_radius(&self, node: u128) -> Result<Vec<Reached>, HuntError> {
        let opened = self.asked().await?.clone();
        let catalog = self.engine()?.catalog().clone();
        let found = tokio::task::spawn_blocking(move || {
            let generation = &opened.generation;
            let world = generation.world(&catalog);
            let blast = blast_radius(&world, &generation.derived, &generation.targets, NodeId(node))?;
            let reached = |assets: &[u32], is_behind_target| {
                let ids: Vec<_> = assets.iter().map(|&it| generation.estate.node(it).id.0).collect();
                ids.into_iter().map(move |node| Reached {
                    node,
                    is_target: false,
                    is_behind_target,
                })
            };
            let mut all: Vec<_> = reached(&blast.assets, false)
                .chain(reached(&blast.assets_behind, true))
                .collect();
            for target in &blast.targets {
                match all.iter_mut().find(|it| it.node == target.0) {
                    Some(known) => known.is_target = true,
                    None => all.push(Reached {
                        node: target.0,
                        is_target: true,
                        is_behind_target: false,
                    }),
                }
            }
            Ok::<_, postern_attack::AttackError>(all)
        });
        match found.await {
            Ok(Ok(found)) => Ok(found),
            Ok(Err(error)) => Err(HuntError::Run(error.to_string())),
            Err(stopped) => Err(HuntError::Run(format!("the search ended unexpectedly: {stopped}"))),
        }
    }

    async fn watchlist_items(&self, name: &str) -> Result<Vec<Vec<String>>, HuntError> {
        let found = self.engine()?.ledger().watchlist(name).await;
        let found = found.map_err(|error| unreadable(error.into()))?;
        let found = found.ok_or_else(|| HuntError::Run(format!("there is no watchlist {name:?}")))?;
        Ok(found.items)
    }
}

fn unreadable(cause: EngineError) -> HuntError {
    match cause {
        // Its own sentence says what to do.
        EngineError::NoGeneration | EngineError::NoGenerationAsOf { .. } => HuntError::Run(cause.to_string()),
        cause => HuntError::Table {
            table: "of the generation".to_owned(),
            cause: Box::new(cause),
        },
    }
}
