//! The world of people's queries and of the catalog's: one generation, what came before it, and what people stored.
//!
//! Start at [`EstateWorld`]. What hunting cannot know by itself, because it lies in other crates, comes through
//! [`Estates`]: the server and the command line implement it. Nothing is read before a query needs it, so that a query
//! over its own rows needs no data at all.

use std::sync::Arc;

use async_trait::async_trait;
use datafusion::catalog::TableProvider;
use postern_kql::schema::{Found, Parameter, Schema, StoredFunction, Table, TableFunction};
use postern_kql::{Column, Type, Value};
use postern_model::Phase;

use crate::error::HuntError;
use crate::functions;
use crate::graph::ResidentGraph;
use crate::tables::provider::EstateTable;
use crate::tables::{ALL, EstateTables, TableSpec};
use crate::world::World;

/// The generations that queries can ask, and what only their owner can compute.
#[async_trait]
pub trait Estates: Send + Sync {
    /// The generation that queries are about.
    async fn current(&self) -> Result<Arc<EstateTables>, HuntError>;

    /// The newest generation evaluated at or before a time (microseconds since 1970), if there is one.
    async fn as_of(&self, at: i64) -> Result<Option<Arc<EstateTables>>, HuntError>;

    /// What an attacker who holds an asset gets hold of. The asset is named by its `NodeId`.
    async fn blast_radius(&self, node: u128) -> Result<Vec<Reached>, HuntError>;

    /// The rows of a watchlist, each as long as its columns.
    async fn watchlist_items(&self, name: &str) -> Result<Vec<Vec<String>>, HuntError>;
}

/// An asset in a blast radius.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reached {
    pub node: u128,
    /// It, or a control plane that it is part of, is a target.
    pub is_target: bool,
    /// It is reached only through a target.
    pub is_behind_target: bool,
}

/// A watchlist without its rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WatchlistHead {
    pub name: String,
    /// One of the columns.
    pub search_key: String,
    pub columns: Vec<String>,
    /// Microseconds since 1970.
    pub changed_at: i64,
}

/// One generation as queries see it.
pub struct EstateWorld {
    estates: Arc<dyn Estates>,
    now: i64,
    /// The last phase whose tables are there; all of them if there is none.
    until: Option<Phase>,
    functions: Vec<Arc<StoredFunction>>,
    watchlists: Vec<WatchlistHead>,
}

impl EstateWorld {
    /// * `now`: the clock of the generation, in microseconds since 1970.
    pub fn new(estates: Arc<dyn Estates>, now: i64) -> Self {
        Self {
            estates,
            now,
            until: None,
            functions: Vec::new(),
            watchlists: Vec::new(),
        }
    }

    /// For a rule that runs in a build: tables of later phases do not exist, and neither do functions.
    #[must_use]
    pub fn until(mut self, phase: Phase) -> Self {
        self.until = Some(phase);
        self
    }

    /// Functions that people stored.
    #[must_use]
    pub fn with_functions(mut self, functions: Vec<StoredFunction>) -> Self {
        self.functions = functions.into_iter().map(Arc::new).collect();
        self
    }

    /// Lists that people stored.
    #[must_use]
    pub fn with_watchlists(mut self, watchlists: Vec<WatchlistHead>) -> Self {
        self.watchlists = watchlists;
        self
    }

    fn is_there(&self, spec: &TableSpec) -> bool {
        self.until.is_none_or(|until| spec.phase <= until)
    }

    fn watchlist(&self, name: &str) -> Option<&WatchlistHead> {
        self.watchlists.iter().find(|it| it.name.eq_ignore_ascii_case(name))
    }
}

impl Schema for EstateWorld {
    fn table(&self, name: &str) -> Found<Arc<Table>> {
        match TableSpec::find(name) {
            Some(spec) if self.is_there(spec) => Found::Yes(spec.table()),
            Some(spec) => Found::NotHere(format!(
                "{name} is made by the phase {}, which comes after the one that asks",
                spec.phase.as_str()
            )),
            None => Found::No,
        }
    }

    fn table_function(&self, name: &str) -> Option<Arc<TableFunction>> {
        self.table_functions().into_iter().find(|it| it.name == name)
    }

    fn function_columns(&self, function: &TableFunction, arguments: &[Option<Value>]) -> Result<Vec<Column>, String> {
        match function.name.as_str() {
            AS_OF => Ok(asked_table(arguments)?.table().columns.clone()),
            WATCHLIST => match arguments.first() {
                Some(Some(Value::String(name))) => {
                    let head = self
                        .watchlist(name)
                        .ok_or_else(|| format!("there is no watchlist {name:?}"))?;
                    Ok(functions::watchlist_columns(head))
                }
                _ => Err("the name of a watchlist has to be a string that is written out".to_owned()),
            },
            _ => Ok(function.columns.clone()),
        }
    }

    fn stored_function(&self, name: &str) -> Option<Arc<StoredFunction>> {
        self.functions.iter().find(|it| it.name == name).cloned()
    }

    fn tables(&self) -> Vec<Arc<Table>> {
        ALL.iter()
            .filter(|spec| self.is_there(spec))
            .map(|spec| spec.table())
            .collect()
    }

    fn table_functions(&self) -> Vec<Arc<TableFunction>> {
        match self.until {
            None => table_functions(),
            Some(_) => Vec::new(),
        }
    }

    fn stored_functions(&self) -> Vec<Arc<StoredFunction>> {
        self.functions.clone()
    }
}

#[async_trait]
impl World for EstateWorld {
    async fn table_rows(&self, name: &str) -> Result<Arc<dyn TableProvider>, HuntError> {
        match TableSpec::find(name).filter(|spec| self.is_there(spec)) {
            Some(spec) => Ok(Arc::new(EstateTable::new(self.estates.current().await?, spec))),
            None => Err(HuntError::Run(format!("there is no table {name}"))),
        }
    }

    async fn function_rows(
        &self,
        name: &str,
        arguments: &[Option<Value>],
    ) -> Result<Arc<dyn TableProvider>, HuntError> {
        let estates = &*self.estates;
        let text = |at: usize| match arguments.get(at) {
            Some(Some(Value::String(text))) => Some(text.as_str()),
            _ => None,
        };
        let time = |at: usize| match arguments.get(at) {
            Some(Some(Value::DateTime(time))) => Ok(*time),
            _ => Err(HuntError::Run(format!("{name} needs a time"))),
        };
        match name {
            ATTACK_PATHS => {
                let cost_max = match arguments.get(2) {
                    Some(Some(Value::Long(cost))) => Some(*cost),
                    _ => None,
                };
                functions::attack_paths(estates.current().await?, text(0), text(1), cost_max).await
            }
            CHOKE_POINTS => functions::choke_points(estates.current().await?, text(0)).await,
            BLAST_RADIUS => functions::blast_radius(estates, text(0).unwrap_or_default()).await,
            AS_OF => {
                let spec = asked_table(arguments).map_err(HuntError::Run)?;
                Ok(Arc::new(EstateTable::new(past(estates, time(0)?).await?, spec)))
            }
            DIFF => functions::diff(past(estates, time(0)?).await?, past(estates, time(1)?).await?).await,
            WATCHLIST => {
                let asked = text(0).unwrap_or_default();
                let head = self.watchlist(asked);
                let head = head.ok_or_else(|| HuntError::Run(format!("there is no watchlist {asked:?}")))?;
                functions::watchlist(head, &estates.watchlist_items(&head.name).await?)
            }
            _ => Err(HuntError::Run(format!("there is no function {name}"))),
        }
    }

    fn shreds(&self, table: &str) -> Vec<(String, Vec<String>)> {
        let shreds = TableSpec::find(table).map_or(&[][..], |spec| spec.shreds);
        let path = |path: &[&str]| path.iter().map(|&it| it.to_owned()).collect();
        shreds.iter().map(|it| (it.column.to_owned(), path(it.path))).collect()
    }

    async fn exposure_graph(&self) -> Option<Arc<ResidentGraph>> {
        // A rule of a build sees the graph as far as it is built; people's queries come later.
        if self.until.is_some() {
            return None;
        }
        let tables = self.estates.current().await.ok()?;
        let made = functions::blocking(move || Ok(tables.graph()?.cloned())).await;
        // A query that cannot have it reads the tables itself, and tells what is wrong with them.
        made.inspect_err(|error| tracing::warn!(%error, "the exposure graph cannot be kept"))
            .ok()
            .flatten()
    }

    fn now(&self) -> i64 {
        self.now
    }
}

const ATTACK_PATHS: &str = "attack_paths";
const CHOKE_POINTS: &str = "choke_points";
const BLAST_RADIUS: &str = "blast_radius";
const AS_OF: &str = "as_of";
const DIFF: &str = "diff";
const WATCHLIST: &str = "_GetWatchlist";
/// What `as_of` gives when it is not told.
const TABLE_DEFAULT: &str = "ExposureGraphNodes";

async fn past(estates: &dyn Estates, at: i64) -> Result<Arc<EstateTables>, HuntError> {
    let found = estates.as_of(at).await?;
    found.ok_or_else(|| {
        let at = crate::output::datetime_text(at);
        HuntError::Run(format!("there was no generation yet at {at}"))
    })
}

/// The table that `as_of` is asked for.
fn asked_table(arguments: &[Option<Value>]) -> Result<&'static TableSpec, String> {
    let name = match arguments.get(1) {
        Some(Some(Value::String(name))) => name.as_str(),
        Some(Some(_)) => return Err("the name of a table has to be a string that is written out".to_owned()),
        _ => TABLE_DEFAULT,
    };
    TableSpec::find(name).ok_or_else(|| format!("there is no table {name:?}"))
}

fn function(name: &str, parameters: &[(&str, Type, bool)], columns: Vec<Column>, about: &str) -> Arc<TableFunction> {
    let parameters = parameters.iter().map(|&(name, ty, is_optional)| Parameter {
        name: name.to_owned(),
        ty,
        is_optional,
    });
    Arc::new(TableFunction {
        name: name.to_owned(),
        parameters: parameters.collect(),
        columns,
        description: about.to_owned(),
    })
}

/// Functions that give tables.
pub fn table_functions() -> Vec<Arc<TableFunction>> {
    let of_table = |name: &str| TableSpec::find(name).map_or_else(Vec::new, |spec| spec.table().columns.clone());
    vec![
        function(
            ATTACK_PATHS,
            &[
                ("from", Type::String, true),
                ("to", Type::String, true),
                ("cost_max", Type::Long, true),
            ],
            of_table("AttackPaths"),
            "Attack paths from an entry point, to a target, of at most some cost. Places are given by NodeId, original \
             id or name; an empty one stands for any.",
        ),
        function(
            BLAST_RADIUS,
            &[("place", Type::String, false)],
            functions::blast_columns(),
            "What an attacker who holds a place gets hold of. The place is given by NodeId, original id or name.",
        ),
        function(
            CHOKE_POINTS,
            &[("kind", Type::String, true)],
            of_table("ChokePoints"),
            "Choke points, of one kind if it is given: \"asset\" or \"step\".",
        ),
        function(
            AS_OF,
            &[("at", Type::DateTime, false), ("table", Type::String, true)],
            of_table(TABLE_DEFAULT),
            "A table as it was: of the newest generation evaluated at or before a time. Without a name it is \
             ExposureGraphNodes.",
        ),
        function(
            DIFF,
            &[("from", Type::DateTime, false), ("to", Type::DateTime, false)],
            functions::diff_columns(),
            "What came, went and changed between the generations of two times: nodes, edges, findings, attack paths.",
        ),
        function(
            WATCHLIST,
            &[("name", Type::String, false)],
            functions::watchlist_common_columns(),
            "The rows of a stored watchlist, with its own columns behind those that every watchlist has.",
        ),
    ]
}
