//! Running a query from its text to its rows.

use std::sync::Arc;
use std::time::Duration;

use datafusion::arrow::array::RecordBatch;
use postern_kql::{Column, Diagnostic, ir};
use tokio_util::sync::CancellationToken;

use crate::budget::{Budget, Partial};
use crate::error::HuntError;
use crate::world::World;

/// Receives results while they are made. Tables come one after the other.
pub trait Sink: Send {
    fn table(&mut self, table: &TableHead) -> Result<(), HuntError>;

    /// Rows of the table that was begun last.
    fn rows(&mut self, batch: &RecordBatch) -> Result<(), HuntError>;
}

/// What is known of a result before its rows.
#[derive(Clone, Debug, PartialEq)]
pub struct TableHead {
    pub name: Option<String>,
    pub columns: Vec<Column>,
    pub render: Option<ir::Render>,
}

/// How a query went.
#[derive(Clone, Debug)]
pub struct Summary {
    /// Rows of each table.
    pub rows: Vec<u64>,
    /// The first budget that cut a result.
    pub partial: Option<Partial>,
    /// Warnings and hints; a query with errors does not run.
    pub diagnostics: Vec<Diagnostic>,
    pub marks: ir::Marks,
    pub wall: Duration,
}

/// Binds `text` against the world, runs it and hands the rows to `sink`.
///
/// # Errors
/// [`HuntError::Query`] with diagnostics when the text cannot be bound; see [`HuntError`] for the rest. What was handed
/// to the sink before an error is of no use.
pub async fn run(
    text: &str,
    world: Arc<dyn World>,
    budget: &Budget,
    cancelled: &CancellationToken,
    sink: &mut dyn Sink,
) -> Result<Summary, HuntError> {
    let _ = (text, world, budget, cancelled, sink);
    Err(HuntError::Run("running is not built yet".to_owned()))
}
