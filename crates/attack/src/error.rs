//! The one error type of this crate.

use postern_catalog::EvaluateError;
use postern_graph::GraphError;

/// Why steps or paths could not be computed.
#[derive(Debug, thiserror::Error)]
pub enum AttackError {
    #[error("cannot evaluate entry-point rule {rule}")]
    EntryRule {
        rule: String,
        #[source]
        cause: EvaluateError,
    },

    #[error("cannot search the graph of steps")]
    Graph(#[from] GraphError),

    #[error("there is no asset, entry point or control plane {id}")]
    NoSuchPlace { id: String },

    /// A stored row that this version doesn't understand.
    #[error("cannot read row {row} of table {table}: {reason}")]
    Table {
        table: &'static str,
        row: usize,
        reason: String,
    },
}
