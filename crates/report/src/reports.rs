//! One generation, ready to be asked.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use postern_catalog::Catalog;
use postern_engine::{AsOf, Engine, Generation};
use postern_ledger::Manifest;

use crate::Result;
use crate::index::ById;

/// Answers every question about one generation from memory. What it takes to answer a question quickly is prepared
/// when the first one like it is asked, or for all of them by [`Reports::prepare`].
pub struct Reports {
    pub generation: Arc<Generation>,
    pub catalog: Arc<Catalog>,
    /// Snapshot → file; those of removed sources are not in it.
    pub(crate) files: HashMap<String, String>,
    pub(crate) relations_by_id: OnceLock<ById>,
    pub(crate) findings_by_id: OnceLock<ById>,
}

impl Reports {
    pub fn new(generation: Arc<Generation>, catalog: Arc<Catalog>, manifest: &Manifest) -> Self {
        Self {
            generation,
            catalog,
            files: manifest
                .snapshots
                .iter()
                .map(|it| (it.id.clone(), it.file.clone()))
                .collect(),
            relations_by_id: OnceLock::new(),
            findings_by_id: OnceLock::new(),
        }
    }

    /// Reads a stored generation.
    ///
    /// # Errors
    /// Those of [`Engine::load`] and of the ledger.
    pub async fn load(engine: &Engine, as_of: AsOf) -> Result<Self> {
        let generation = engine.load(as_of).await?;
        let manifest = engine.ledger().manifest().await?;
        Ok(Self::new(Arc::new(generation), engine.catalog().clone(), &manifest))
    }
}
