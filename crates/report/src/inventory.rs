//! What is imported right now, whatever the newest generation has taken in of it.

use postern_engine::{Engine, SourceRow, Status};

use crate::Result;

/// Sources and what they have looked at. A few hundred rows of the ledger: read anew after every import.
pub struct Inventory {
    pub status: Status,
    pub sources: Vec<SourceRow>,
}

impl Inventory {
    /// # Errors
    /// Those of the ledger.
    pub async fn load(engine: &Engine) -> Result<Self> {
        Ok(Self {
            status: engine.status().await?,
            sources: engine.sources().await?,
        })
    }
}
