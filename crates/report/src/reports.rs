//! One generation, ready to be asked.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use postern_attack::StepMap;
use postern_catalog::Catalog;
use postern_engine::{AsOf, Engine, Generation, Previous};
use postern_ledger::{Decision, GenerationRecord, Manifest};
use postern_model::EdgeId;
use postern_model::estate::NodeIndex;

use crate::assets::AssetIndex;
use crate::attack_paths::PathIndex;
use crate::changes::Comparison;
use crate::index::Rows;
use crate::places::ChokePlaces;
use crate::{BlastRow, Result};

/// Answers every question about one generation from memory. What it takes to answer a question quickly is prepared
/// when the first one like it is asked, or for all of them by [`Reports::prepare`].
pub struct Reports {
    pub generation: Arc<Generation>,
    pub catalog: Arc<Catalog>,
    /// `None` for the first generation, and for whoever does not ask about changes.
    pub(crate) previous: Option<Previous>,
    /// Stored generations up to this one, by number.
    pub(crate) records: Vec<GenerationRecord>,
    /// Snapshot → file; those of removed sources are not in it.
    pub(crate) files: HashMap<String, String>,
    /// All of them, in order.
    pub(crate) decisions: Vec<Decision>,
    relations_by_target: OnceLock<Rows>,
    findings_by_node: OnceLock<Rows>,
    services_by_node: OnceLock<Rows>,
    steps: OnceLock<StepMap>,
    technique_steps: OnceLock<HashMap<&'static str, u64>>,
    paths: OnceLock<PathIndex>,
    assets: OnceLock<AssetIndex>,
    choke_places: OnceLock<ChokePlaces>,
    changes: OnceLock<Comparison>,
    blasts: OnceLock<Vec<BlastRow>>,
}

impl Reports {
    /// * `previous`, `records`: for changes and history.
    pub fn new(
        generation: Arc<Generation>,
        catalog: Arc<Catalog>,
        manifest: Manifest,
        previous: Option<Previous>,
        records: Vec<GenerationRecord>,
    ) -> Self {
        let number = generation.record.number;
        Self {
            catalog,
            previous,
            records: records.into_iter().filter(|record| record.number <= number).collect(),
            files: manifest.snapshots.into_iter().map(|it| (it.id, it.file)).collect(),
            decisions: manifest.decisions,
            relations_by_target: OnceLock::new(),
            findings_by_node: OnceLock::new(),
            services_by_node: OnceLock::new(),
            steps: OnceLock::new(),
            technique_steps: OnceLock::new(),
            paths: OnceLock::new(),
            assets: OnceLock::new(),
            choke_places: OnceLock::new(),
            changes: OnceLock::new(),
            blasts: OnceLock::new(),
            generation,
        }
    }

    /// Reads a stored generation, without what came before it: for single questions.
    ///
    /// # Errors
    /// Those of [`Engine::load`] and of the ledger.
    pub async fn load(engine: &Engine, as_of: AsOf) -> Result<Self> {
        let generation = Arc::new(engine.load(as_of).await?);
        let manifest = engine.ledger().manifest().await?;
        let catalog = catalog_of(engine, &generation);
        Ok(Self::new(generation, catalog, manifest, None, Vec::new()))
    }

    /// Reads a stored generation, and what it takes to tell changes and history.
    ///
    /// # Errors
    /// As [`Self::load`].
    pub async fn load_whole(engine: &Engine, as_of: AsOf) -> Result<Self> {
        let generation = Arc::new(engine.load(as_of).await?);
        Self::of(engine, generation).await
    }

    /// As [`Self::load_whole`], of a generation that is read already.
    ///
    /// # Errors
    /// Those of lake and ledger.
    pub async fn of(engine: &Engine, generation: Arc<Generation>) -> Result<Self> {
        let manifest = engine.ledger().manifest().await?;
        let previous = engine.previous(&generation).await?;
        let records = engine.ledger().generations().await?;
        let catalog = catalog_of(engine, &generation);
        Ok(Self::new(generation, catalog, manifest, previous, records))
    }

    /// Prepares everything now, so that no first question has to wait. Takes seconds for a large estate, on the
    /// caller's thread.
    ///
    /// # Errors
    /// Those of preparing the steps: the generation is damaged.
    pub fn prepare(&self) -> Result<()> {
        self.steps()?;
        // The first look-up by id puts all of them into order.
        self.generation.estate.relation(EdgeId::default());
        self.generation.estate.finding(EdgeId::default());
        self.relations_by_target();
        self.findings_by_node();
        self.services_by_node();
        self.technique_steps();
        self.path_index();
        self.asset_index();
        self.choke_places()?;
        self.changes_found();
        self.blasts_found()?;
        Ok(())
    }

    /// Steps by their ends.
    ///
    /// # Errors
    /// [`crate::ReportError::Attack`] for a generation with steps that begin or end nowhere.
    pub fn steps(&self) -> Result<&StepMap> {
        init(&self.steps, || {
            let world = self.generation.world(&self.catalog);
            Ok(StepMap::new(&world, &self.generation.derived)?)
        })
    }

    pub(crate) fn relations_by_target(&self) -> &Rows {
        let relations = &self.generation.estate.relations;
        self.relations_by_target
            .get_or_init(|| self.by_node(relations.iter().map(|it| it.target)))
    }

    pub(crate) fn findings_by_node(&self) -> &Rows {
        let findings = &self.generation.estate.findings;
        self.findings_by_node
            .get_or_init(|| self.by_node(findings.iter().map(|it| it.node)))
    }

    pub(crate) fn services_by_node(&self) -> &Rows {
        let services = &self.generation.estate.services;
        self.services_by_node
            .get_or_init(|| self.by_node(services.iter().map(|it| it.node)))
    }

    fn by_node(&self, nodes: impl Iterator<Item = NodeIndex> + Clone) -> Rows {
        Rows::new(self.generation.estate.nodes.len(), nodes)
    }

    /// Technique → steps.
    pub(crate) fn technique_steps(&self) -> &HashMap<&'static str, u64> {
        self.technique_steps.get_or_init(|| {
            let mut found = HashMap::new();
            for step in &self.generation.derived.steps {
                *found.entry(step.technique.as_str()).or_default() += 1;
            }
            found
        })
    }

    pub(crate) fn path_index(&self) -> &PathIndex {
        self.paths.get_or_init(|| PathIndex::new(self))
    }

    pub(crate) fn asset_index(&self) -> &AssetIndex {
        self.assets.get_or_init(|| AssetIndex::new(self))
    }

    /// Choke points that say the same thing, as one.
    ///
    /// # Errors
    /// Those of [`Self::steps`].
    pub fn choke_places(&self) -> Result<&ChokePlaces> {
        init(&self.choke_places, || ChokePlaces::new(self))
    }

    pub(crate) fn changes_found(&self) -> &Comparison {
        self.changes.get_or_init(|| Comparison::new(self))
    }

    pub(crate) fn blasts_found(&self) -> Result<&[BlastRow]> {
        let found = init(&self.blasts, || self.widest_blasts())?;
        Ok(found)
    }
}

/// As [`OnceLock::get_or_init`] with work that may fail. Two threads may both do it; the first one's result stays.
fn init<T>(cell: &OnceLock<T>, work: impl FnOnce() -> Result<T>) -> Result<&T> {
    if let Some(made) = cell.get() {
        return Ok(made);
    }
    let made = work()?;
    Ok(cell.get_or_init(|| made))
}

/// The catalog with the rules on that the generation was made by.
fn catalog_of(engine: &Engine, generation: &Generation) -> Arc<Catalog> {
    let switches = &generation.inputs.rules;
    match switches.is_empty() {
        true => engine.catalog().clone(),
        false => Arc::new(engine.catalog().switched(switches)),
    }
}
