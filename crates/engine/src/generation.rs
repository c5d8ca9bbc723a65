//! A stored generation, read back: nothing is computed to answer from it.

use jiff::Timestamp;
use postern_attack::{Analysis, Derived, Entry, Target, World, tables as attack_tables};
use postern_catalog::Catalog;
use postern_estate::{EstateError, tables::TableSource};
use postern_lake::Lake;
use postern_ledger::{GenerationRecord, Lease};
use postern_model::estate::{Classification, Estate};
use postern_model::schema::{
    CHOKE_POINTS, CLASSIFICATIONS, ENTRIES, EXPOSED_CRITICAL, GAPS, PATH_EVENTS, PATHS, PLANES, SCENARIOS, STEPS,
    TARGETS,
};
use postern_model::{NodeId, Schema, Settings, Table};
use std::collections::HashMap;

use crate::build::SMALLEST_JOINT_CHANGE;
use crate::engine::blocking;
use crate::{Engine, EngineError, Inputs, Result};

/// Which generation to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AsOf {
    Current,
    Number(i64),
    /// The newest one evaluated at or before this time.
    Time(Timestamp),
}

impl AsOf {
    /// A whole number is a generation; anything else is a time, or a date that stands for its end.
    ///
    /// # Errors
    /// A sentence for the user.
    pub fn parse(text: &str) -> Result<Self, String> {
        if let Ok(number) = text.parse() {
            return Ok(Self::Number(number));
        }
        if let Ok(time) = text.parse() {
            return Ok(Self::Time(time));
        }
        let date: jiff::civil::Date = text
            .parse()
            .map_err(|_| format!("{text} is no generation, time (2026-11-21T08:00:00Z) or date"))?;
        let end = date
            .to_datetime(jiff::civil::Time::MAX)
            .to_zoned(jiff::tz::TimeZone::UTC);
        end.map(|end| Self::Time(end.timestamp()))
            .map_err(|error| error.to_string())
    }
}

/// Everything that was stored of one generation.
pub struct Generation {
    pub record: GenerationRecord,
    pub inputs: Inputs,
    pub estate: Estate,
    pub classification: Classification,
    pub derived: Derived,
    pub entries: Vec<Entry>,
    pub targets: Vec<Target>,
    pub analysis: Analysis,
    /// Path → status, also of paths that are gone.
    pub status: HashMap<u128, String>,
    /// Path → why it is gone, for those that are.
    pub closed_because: HashMap<u128, String>,
}

impl Generation {
    /// What questions about this generation (what-if, routes, blast radius) are asked of.
    pub fn world<'a>(&'a self, catalog: &'a Catalog) -> World<'a> {
        World {
            estate: &self.estate,
            classification: &self.classification,
            catalog,
            settings: self.settings(),
            now: self.inputs.evaluated_at,
        }
    }

    pub fn settings(&self) -> &Settings {
        &self.inputs.settings
    }

    /// What a person calls an asset, a virtual entry point or a control plane.
    pub fn name_of(&self, id: NodeId) -> String {
        self.place(id)
            .map_or_else(|| id.to_string(), |(_, name)| name.to_owned())
    }

    /// The strongest original id, or the key of a virtual vertex.
    pub fn key_of(&self, id: NodeId) -> String {
        self.place(id).map_or_else(|| id.to_string(), |(key, _)| key.to_owned())
    }

    fn place(&self, id: NodeId) -> Option<(&str, &str)> {
        if let Some(node) = self.estate.by_id(id) {
            let node = self.estate.node(node);
            return Some((&node.key, &node.name));
        }
        if let Ok(at) = self.targets.binary_search_by_key(&id, |target| target.id) {
            return Some((&self.targets[at].key, &self.targets[at].name));
        }
        self.derived
            .virtual_vertex(id)
            .map(|it| (it.key.as_str(), it.name.as_str()))
    }
}

impl Engine {
    /// Reads a stored generation.
    ///
    /// # Errors
    /// [`EngineError::NoGeneration`] before the first import, [`EngineError::NoGenerationAsOf`], and those of
    /// lake and ledger.
    pub async fn load(&self, as_of: AsOf) -> Result<Generation> {
        let record = self.record(as_of).await?;
        let lake = self.lake.clone();
        blocking(move || read(&lake, record)).await
    }

    /// The ledger's record of a generation.
    ///
    /// # Errors
    /// As [`Self::load`].
    pub async fn record(&self, as_of: AsOf) -> Result<GenerationRecord> {
        match as_of {
            AsOf::Current => self.ledger.current_generation().await?.ok_or(EngineError::NoGeneration),
            AsOf::Number(number) => Ok(self.ledger.generation(number).await?),
            AsOf::Time(time) => self
                .ledger
                .generation_as_of(time)
                .await?
                .ok_or(EngineError::NoGenerationAsOf { time }),
        }
    }
}

/// The tables of a generation.
struct Stored<'a> {
    lake: &'a Lake,
    number: u64,
}

impl TableSource for Stored<'_> {
    type Error = EngineError;

    fn each(
        &self,
        schema: &'static Schema,
        each: &mut dyn FnMut(&Table) -> Result<(), EstateError>,
    ) -> Result<(), EngineError> {
        self.lake
            .read_generation_chunks(self.number, schema, |chunk| Ok(each(&chunk)?))
    }
}

fn read(lake: &Lake, record: GenerationRecord) -> Result<Generation> {
    let number = number_of(&record)?;
    let table = |schema: &'static Schema| lake.read_generation_table(number, schema);
    let unreadable = |reason: String| EngineError::Generation {
        number: record.number,
        reason,
    };
    let inputs: Inputs = serde_json::from_value(record.inputs.clone()).map_err(|cause| {
        unreadable(format!(
            "its inputs are of another version ({cause}); import anything to rebuild"
        ))
    })?;
    let estate = postern_estate::tables::read(&Stored { lake, number })?;
    let classification =
        postern_estate::tables::read_classification(&table(&CLASSIFICATIONS)?, &table(&PLANES)?, &estate)?;
    let mut steps = Vec::new();
    lake.read_generation_chunks(number, &STEPS, |chunk| {
        attack_tables::read_steps(&chunk, &mut steps).map_err(EngineError::from)
    })?;
    let derived = attack_tables::read_derived(&estate, steps, &table(&GAPS)?)?;
    let entries = attack_tables::read_entries(&table(&ENTRIES)?)?;
    let targets = attack_tables::read_targets(&table(&TARGETS)?)?;
    let analysis = Analysis {
        paths: attack_tables::read_paths(&table(&PATHS)?)?,
        scenarios: attack_tables::read_scenarios(&table(&SCENARIOS)?)?,
        choke_points: attack_tables::read_choke_points(&table(&CHOKE_POINTS)?)?,
        smallest_joint_change: record.counts[SMALLEST_JOINT_CHANGE]
            .as_u64()
            .and_then(|it| u32::try_from(it).ok()),
        exposed_critical: attack_tables::read_exposed_critical(&table(&EXPOSED_CRITICAL)?)?,
    };
    let events = table(&PATH_EVENTS)?;
    let [path, status, reason] = ["path", "status", "reason"].map(|name| PATH_EVENTS.column(name));
    let by_path = |column: usize| {
        (0..events.rows())
            .map(|row| (events.id(row, path), events.text(row, column).to_owned()))
            .filter(|(_, text)| !text.is_empty())
            .collect()
    };
    let (status, closed_because) = (by_path(status), by_path(reason));
    Ok(Generation {
        record,
        inputs,
        estate,
        classification,
        derived,
        entries,
        targets,
        analysis,
        status,
        closed_because,
    })
}

/// The number under which the lake keeps a generation: the token of the lease that built it. Two builders
/// never share one, so one that lost its lease cannot overwrite what the other wrote.
pub(crate) fn lake_number(lease: &Lease) -> Result<u64> {
    u64::try_from(lease.token).map_err(|_| EngineError::Prefix {
        prefix: lease.token.to_string(),
    })
}

/// The number under which the lake keeps a generation, which need not be its own.
///
/// # Errors
/// [`EngineError::Prefix`] for a record that names no place of the lake.
pub fn lake_number_of(record: &GenerationRecord) -> Result<u64> {
    number_of(record)
}

pub(crate) fn number_of(record: &GenerationRecord) -> Result<u64> {
    record
        .prefix
        .rsplit('/')
        .next()
        .and_then(|number| number.parse().ok())
        .ok_or_else(|| EngineError::Prefix {
            prefix: record.prefix.clone(),
        })
}
