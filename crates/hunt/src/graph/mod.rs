//! Graph operators: from `make-graph` and its kin to rows. Start at [`prepare`].
//!
//! 1. A graph is built from the rows of its tables (`make`); where these are the exposure graph's own tables, perhaps
//!    filtered and projected, the generation's resident graph is used as it stands ([`ResidentGraph`]).
//! 2. The pattern's `where` is split into conjuncts (`conjuncts`). Those about one variable become sets of nodes or
//!    edges, the rest is asked of partial matches.
//! 3. `postern_graph::pattern` finds the matches, or only their ends, or the shortest; `output` makes rows of them.
//!
//! Preparing reads tables and is asynchronous. [`Prepared::run`] computes: it belongs on a thread where that is fine.
//!
//! Not here: graphs that are stored by name, and labels of nodes, which only those have: `labels()` is an empty array.

mod conjuncts;
mod element;
mod make;
mod matching;
mod output;
mod property;
mod resident;
mod substitute;
#[cfg(test)]
mod tests;
mod used;

use std::sync::Arc;

use async_trait::async_trait;
use datafusion::arrow::array::RecordBatch;
use postern_kql::ir::{Op, Scalar, Tabular};
use postern_kql::{Code, Diagnostic};

use crate::budget::{Budget, Partial};
use crate::error::HuntError;

pub use property::Part;
pub use resident::{EDGES_TABLE, NODES_TABLE, ResidentGraph};
use used::Used;

type Result<T> = std::result::Result<T, HuntError>;

/// Where a graph operator finds what stands before it in the query.
#[async_trait]
pub trait Tables: Send + Sync {
    /// The rows of a table-valued expression: its columns, by position, in the storage types.
    async fn rows(&self, table: &Arc<Tabular>) -> Result<Vec<RecordBatch>>;

    /// The expression with its subqueries computed.
    async fn computed(&self, scalar: &Scalar) -> Result<Scalar>;

    /// The exposure graph, where the world has it at hand and the caller may see all of it.
    async fn resident(&self) -> Option<Arc<ResidentGraph>> {
        None
    }
}

/// What the rest of the query makes of the matches.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Need {
    /// Every row, as often as there are matches.
    #[default]
    All,
    /// Distinct rows: what comes next removes those that are equal, so they may be left out.
    Distinct,
    /// Any so many rows.
    Limit(u64),
}

/// What a run may spend, and what it must ask.
pub struct Control<'a> {
    pub budget: &'a Budget,
    /// `now()`: microseconds since 1970.
    pub now: i64,
    pub is_cancelled: &'a (dyn Fn() -> bool + Sync),
}

/// A graph operator with its graph.
pub struct Prepared {
    kind: PreparedKind,
}

enum PreparedKind {
    Match(Box<matching::PreparedMatch>),
    Elements(Box<output::PreparedElements>),
}

/// Makes the graph of a `GraphMatch`, `GraphNodes` or `GraphEdges`, and programs of its expressions.
///
/// # Errors
/// What reading the tables fails with; [`HuntError::Query`] for an expression that cannot be computed;
/// [`HuntError::Limit`] for a graph that is too large.
pub async fn prepare(operator: &Tabular, tables: &dyn Tables, control: &Control<'_>) -> Result<Prepared> {
    let used = Used::by(operator);
    let kind = match &operator.op {
        Op::GraphMatch { graph, matching } => {
            let graph = make::graph(graph, &used, tables, control).await?;
            let prepared = matching::PreparedMatch::new(operator, graph, matching, tables).await?;
            PreparedKind::Match(Box::new(prepared))
        }
        Op::GraphNodes { graph, id } => {
            let graph = make::graph(graph, &used, tables, control).await?;
            PreparedKind::Elements(Box::new(output::PreparedElements::nodes(operator, graph, *id)))
        }
        Op::GraphEdges { graph, source, target } => {
            let graph = make::graph(graph, &used, tables, control).await?;
            let edges = output::PreparedElements::edges(operator, graph, *source, *target);
            PreparedKind::Elements(Box::new(edges))
        }
        _ => {
            let message = "this is not a graph operator";
            return Err(HuntError::Query(vec![Diagnostic::error(
                Code::Unsupported,
                operator.span,
                message,
            )]));
        }
    };
    Ok(Prepared { kind })
}

impl Prepared {
    /// Computes the rows, in batches of the operator's columns, until `sink` says no. A budget that cuts the result is
    /// told in the answer.
    ///
    /// # Errors
    /// [`HuntError::Limit`] for memory, [`HuntError::Cancelled`], [`HuntError::Engine`].
    pub fn run(
        &self,
        need: Need,
        control: &Control<'_>,
        sink: &mut dyn FnMut(RecordBatch) -> bool,
    ) -> Result<Option<Partial>> {
        match &self.kind {
            PreparedKind::Match(prepared) => prepared.run(need, control, sink),
            PreparedKind::Elements(prepared) => prepared.run(control, sink),
        }
    }
}
