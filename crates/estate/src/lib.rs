//! From facts to assets: which rows count, which objects are one asset, what is critical.
//!
//! Start at [`resolve`]: it folds the snapshots of a manifest ([`fold`]), makes nodes out of objects and
//! stubs ([`objects`]), merges devices ([`devices`]), and hangs relations, findings and coverage on them.
//! [`classify`] then finds control planes and critical assets. [`tables`] writes and reads the result.
//!
//! **Invariant:** the result depends on the set of snapshots and settings only, never on the order in
//! which they were imported. No clock, no file, no network in here.

mod attributes;
mod classify;
mod concluded;
mod controllers;
mod coverage;
mod devices;
mod domains;
mod entra;
mod extensions;
mod findings;
mod fold;
mod kinds;
mod names;
mod objects;
mod pool;
mod references;
mod relations;
mod resolve;
pub mod rules;
mod sign_in;
pub mod tables;
mod tenants;
mod well_known;

use std::error::Error;

use postern_model::{CellCoverage, Schema, Table};

pub use classify::{HandSetLevel, classify};
pub use names::{domain_sid, is_broad_group};
pub use resolve::resolve;

/// One imported file, as the ledger's manifest names it.
#[derive(Clone, Debug)]
pub struct Snapshot {
    pub id: String,
    pub observed_at: jiff::Timestamp,
    pub cells: Vec<CellCoverage>,
    /// The name given with `--source`: the site of hosts that a scanner knows by NetBIOS name only.
    pub site: Option<String>,
}

/// Where rows of a snapshot come from; the lake in life, vectors in tests.
pub trait FactSource {
    /// Calls `each` with every chunk of a table of facts.
    ///
    /// # Errors
    /// Whatever the store says; it ends the resolution.
    fn each(
        &self,
        snapshot: &str,
        schema: &'static Schema,
        each: &mut dyn FnMut(&Table),
    ) -> Result<(), Box<dyn Error + Send + Sync>>;
}

#[derive(Debug, thiserror::Error)]
pub enum EstateError {
    #[error("cannot read the {table} of snapshot {snapshot}")]
    Read {
        snapshot: String,
        table: &'static str,
        #[source]
        cause: Box<dyn Error + Send + Sync>,
    },
    #[error("table {table}, row {row}: {reason}")]
    Row {
        table: &'static str,
        row: usize,
        reason: String,
    },
    #[error("the estate holds more than {limit} assets")]
    TooManyAssets { limit: u32 },
    #[error("cannot evaluate rule {rule}")]
    Rule {
        rule: String,
        #[source]
        cause: postern_catalog::EvaluateError,
    },
}

pub type Result<T, E = EstateError> = std::result::Result<T, E>;
