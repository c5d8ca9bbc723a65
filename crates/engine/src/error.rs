//! What can go wrong between files and generations.

use std::io;
use std::path::PathBuf;

pub type Result<T, E = EngineError> = std::result::Result<T, E>;

#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    #[error("cannot read {}", path.display())]
    Path {
        path: PathBuf,
        #[source]
        cause: io::Error,
    },
    #[error("cannot use the data folder {}", path.display())]
    Data {
        path: PathBuf,
        #[source]
        cause: io::Error,
    },
    #[error("{} holds no data of Postern yet; import something first", path.display())]
    NoData { path: PathBuf },
    #[error("cannot write temporary files")]
    Scratch {
        #[source]
        cause: io::Error,
    },
    #[error("cannot import {file}")]
    Import {
        file: String,
        #[source]
        cause: Box<dyn std::error::Error + Send + Sync>,
    },
    #[error("setting {key} has the value {value:?}, which cannot be used: {reason}")]
    Setting { key: String, value: String, reason: String },
    #[error("there is no setting {key}; there are {known}")]
    NoSuchSetting { key: String, known: String },
    #[error("there is no rule {name}, or one of each kind; `postern rule list` shows all with their keys")]
    NoSuchRule { name: String },
    #[error("the rule {key} is locked: a control plane without it would not be one, so it cannot be switched off")]
    LockedRule { key: String },
    #[error("there is no generation yet; import something first")]
    NoGeneration,
    #[error("no generation was evaluated at or before {time}")]
    NoGenerationAsOf { time: jiff::Timestamp },
    #[error("the stored generation {number} cannot be read: {reason}")]
    Generation { number: i64, reason: String },
    #[error(
        "{files} of the files that generation {number} was made of were removed since, so what they report \
         cannot be exported; build, and export the current generation"
    )]
    SourceRemoved { number: i64, files: usize },
    #[error("the ledger refers to {prefix}, which names no object of the lake")]
    Prefix { prefix: String },
    #[error("a worker thread ended unexpectedly")]
    Worker {
        #[source]
        cause: tokio::task::JoinError,
    },
    #[error(transparent)]
    Catalog(#[from] postern_catalog::CatalogError),
    #[error(transparent)]
    Estate(#[from] postern_estate::EstateError),
    #[error(transparent)]
    Attack(#[from] postern_attack::AttackError),
    #[error(transparent)]
    Lake(#[from] postern_lake::LakeError),
    #[error(transparent)]
    Ledger(#[from] postern_ledger::LedgerError),
}
