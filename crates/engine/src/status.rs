//! What there is, how old it is, and what could not be seen.

use jiff::Timestamp;
use postern_ledger::{GenerationRecord, LeaseHolder, RemoveOutcome, SourceListing};
use postern_model::batch::TimeOrigin;
use postern_model::{Cell, Coverage};

use crate::{Engine, Result};

/// The state of a data folder, beside what its newest generation says.
#[derive(Debug)]
pub struct Status {
    pub manifest_version: i64,
    pub current: Option<GenerationRecord>,
    /// The current generation is made of everything that is imported and decided.
    pub is_up_to_date: bool,
    /// Who is building now.
    pub builder: Option<LeaseHolder>,
    /// Sorted by cell.
    pub cells: Vec<CellStatus>,
}

/// The newest look at a cell.
#[derive(Debug)]
pub struct CellStatus {
    pub cell: Cell,
    pub observed_at: Timestamp,
    pub origin: TimeOrigin,
    /// All of the cell was looked at, not single subjects only.
    pub is_whole: bool,
    /// Files that speak of the cell.
    pub files: u64,
}

/// One imported path.
pub type SourceRow = SourceListing;

impl Engine {
    /// # Errors
    /// Those of the ledger.
    pub async fn status(&self) -> Result<Status> {
        let manifest = self.ledger.manifest().await?;
        let mut cells = std::collections::BTreeMap::<Cell, CellStatus>::new();
        for snapshot in &manifest.snapshots {
            for declared in &snapshot.cells {
                let is_whole = matches!(declared.coverage, Coverage::Whole { .. });
                let cell = cells.entry(declared.cell.clone()).or_insert_with(|| CellStatus {
                    cell: declared.cell.clone(),
                    observed_at: snapshot.observed.at,
                    origin: snapshot.observed.origin,
                    is_whole,
                    files: 0,
                });
                cell.files += 1;
                cell.is_whole |= is_whole;
                if snapshot.observed.at > cell.observed_at {
                    cell.observed_at = snapshot.observed.at;
                    cell.origin = snapshot.observed.origin;
                }
            }
        }
        Ok(Status {
            manifest_version: manifest.version,
            current: self.ledger.current_generation().await?,
            is_up_to_date: self.up_to_date().await?.is_some(),
            builder: self.ledger.lease_holder(postern_ledger::BUILDER_LEASE).await?,
            cells: cells.into_values().collect(),
        })
    }

    /// Everything that was imported, in the order of its numbers.
    ///
    /// # Errors
    /// Those of the ledger.
    pub async fn sources(&self) -> Result<Vec<SourceRow>> {
        Ok(self.ledger.sources().await?)
    }

    /// Forgets a source. What only it said is no longer known with the next generation.
    ///
    /// # Errors
    /// [`postern_ledger::LedgerError::NoSuchSource`].
    pub async fn remove_source(&self, id: i64, author: &str) -> Result<RemoveOutcome> {
        Ok(self.ledger.remove_source(id, author).await?)
    }
}
