//! What can be wrong with a catalog, told so that whoever wrote the file can mend it.

use std::fmt;
use std::path::PathBuf;

use postern_model::Phase;

#[derive(Debug, thiserror::Error)]
pub enum CatalogError {
    #[error("cannot read the catalog overlay at {path}")]
    Read {
        path: PathBuf,
        #[source]
        cause: std::io::Error,
    },
    #[error("the catalog overlay at {path} holds more than {limit} {unit}")]
    TooLarge {
        path: PathBuf,
        limit: u64,
        unit: &'static str,
    },
    #[error("the catalog has {}", sentences(mistakes))]
    Invalid { mistakes: Vec<Mistake> },
}

impl CatalogError {
    pub(crate) fn unless_empty(mistakes: Vec<Mistake>) -> Result<(), Self> {
        if mistakes.is_empty() {
            Ok(())
        } else {
            Err(Self::Invalid { mistakes })
        }
    }
}

/// One mistake in one file of the catalog.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mistake {
    /// Path inside the catalog, with `/`.
    pub file: String,
    /// `line 4, column 8`; empty for the whole file.
    pub position: String,
    pub reason: String,
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if !self.position.is_empty() {
            write!(f, ", {}", self.position)?;
        }
        write!(f, ": {}", self.reason)
    }
}

fn sentences(mistakes: &[Mistake]) -> String {
    let list = mistakes.iter().map(Mistake::to_string).collect::<Vec<_>>().join("; ");
    match mistakes.len() {
        1 => format!("a mistake: {list}"),
        count => format!("{count} mistakes: {list}"),
    }
}

/// Why a query has no answer.
#[derive(Debug, thiserror::Error)]
pub enum EvaluateError {
    #[error("there is no query `{query}`")]
    Unknown { query: String },
    #[error("query `{query}` reads what phase {made_by} makes, and phase {phase} comes no later")]
    Phase {
        query: String,
        made_by: &'static str,
        phase: &'static str,
    },
    /// The query cannot be asked or run.
    #[error("{position}: {reason}")]
    Query { position: String, reason: String },
    #[error("cannot evaluate query `{query}`")]
    Failed {
        query: String,
        #[source]
        cause: Box<dyn std::error::Error + Send + Sync>,
    },
}

impl EvaluateError {
    pub fn phase(query: &str, made_by: Phase, phase: Phase) -> Self {
        Self::Phase {
            query: query.to_owned(),
            made_by: made_by.as_str(),
            phase: phase.as_str(),
        }
    }
}
