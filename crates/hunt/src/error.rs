//! Why a query did not run.

use postern_kql::Diagnostic;

#[derive(Debug, thiserror::Error)]
pub enum HuntError {
    /// The query is not one, or names what is not there. Never empty; the first error comes first.
    #[error("{}", .0.first().map_or("the query cannot be understood", |first| first.message.as_str()))]
    Query(Vec<Diagnostic>),
    /// The rows asked for something impossible (an `assert` that failed, a scalar that is not one).
    #[error("{0}")]
    Run(String),
    /// A limit that fails the query instead of cutting its result.
    #[error("the query takes more than {limit}; {hint}")]
    Limit { limit: String, hint: String },
    #[error("the query was cancelled")]
    Cancelled,
    /// A table could not be read.
    #[error("cannot read table {table}")]
    Table {
        table: String,
        #[source]
        cause: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A fault of the engine, not of the query.
    #[error("the query engine failed")]
    Engine(#[from] datafusion::error::DataFusionError),
}
