//! What became of each path since the generation before (phase 9).
//!
//! A path is *resolved* only when the facts that its route stood on were looked at again and are gone.
//! A session that left its window, or facts of a source that was removed, prove nothing: *unconfirmed*.

use std::collections::{BTreeMap, HashMap, HashSet};

use postern_attack::{Fact, tables::facts_of};
use postern_lake::Lake;
use postern_ledger::GenerationRecord;
use postern_model::schema::{
    ASSET_FINDINGS, ColumnSpec, ColumnType, NODES, PATH_EVENTS, PATHS, REPORTED, STEPS, Schema,
};
use postern_model::{EdgeId, RelationKind, Table, Value};

use crate::generation::number_of;
use crate::{EngineError, Inputs, Result};

const NEW: &str = "new";
const ACTIVE: &str = "active";
const REOPENED: &str = "reopened";
const RESOLVED: &str = "resolved";
const UNCONFIRMED: &str = "unconfirmed";

/// The columns of large tables that are read here: an id, and what is asked of the row.
static STEP_REASONS: Schema = part(
    &STEPS,
    &[column("id", ColumnType::Id), column("derivations", ColumnType::Json)],
);
static RELATION_KINDS: Schema = part(
    &REPORTED,
    &[column("id", ColumnType::Id), column("kind", ColumnType::Text)],
);
static RELATION_SOURCES: Schema = part(&REPORTED, &SOURCES);
static FINDING_SOURCES: Schema = part(&ASSET_FINDINGS, &SOURCES);
static NODE_SOURCES: Schema = part(&NODES, &SOURCES);
const SOURCES: [ColumnSpec; 2] = [column("id", ColumnType::Id), column("sources", ColumnType::Json)];

const fn part(of: &'static Schema, columns: &'static [ColumnSpec]) -> Schema {
    Schema {
        name: of.name,
        phase: of.phase,
        columns,
    }
}

const fn column(name: &'static str, kind: ColumnType) -> ColumnSpec {
    ColumnSpec {
        name,
        kind,
        in_digest: false,
        is_added: false,
    }
}

/// What the generation before knew of paths, and which of its facts nobody has looked at since.
pub struct History {
    paths: Table,
    events: Table,
    /// Steps of routes that stood on a fact nobody has looked at since.
    unseen_steps: HashSet<u128>,
    /// People changed a setting, took a decision, or replaced rules since: a path may be gone for that.
    is_redecided: bool,
}

impl History {
    /// Reads what `before` has recorded, as a generation with `inputs` sees it.
    ///
    /// # Errors
    /// Those of the lake, and [`EngineError::Generation`] for a derivation that cannot be read.
    pub fn read(lake: &Lake, before: &GenerationRecord, inputs: &Inputs) -> Result<Self> {
        let number = number_of(before)?;
        let unseen = Unseen::read(lake, number, inputs)?;
        let paths = lake.read_generation_table(number, &PATHS)?;
        let on_routes: HashSet<u128> = (0..paths.rows()).flat_map(|row| route(&paths, row)).collect();
        let mut unseen_steps = HashSet::new();
        lake.read_generation_chunks(number, &STEP_REASONS, |steps| {
            let ids = (0..steps.rows()).map(|row| (row, steps.id(row, 0)));
            for (row, step) in ids.filter(|(_, step)| on_routes.contains(step)) {
                let facts = facts_of(EdgeId(step), steps.text(row, 1)).map_err(|cause| EngineError::Generation {
                    number: before.number,
                    reason: format!("derivations: {cause}"),
                })?;
                if facts.iter().any(|fact| unseen.holds(fact)) {
                    unseen_steps.insert(step);
                }
            }
            Ok::<_, EngineError>(())
        })?;
        let made_of: Option<Inputs> = serde_json::from_value(before.inputs.clone()).ok();
        let is_redecided = made_of.is_none_or(|it| {
            (it.settings, it.decision_seq, it.catalog, it.engine_version)
                != (
                    inputs.settings.clone(),
                    inputs.decision_seq,
                    inputs.catalog.clone(),
                    inputs.engine_version.clone(),
                )
        });
        Ok(Self {
            paths,
            events: lake.read_generation_table(number, &PATH_EVENTS)?,
            unseen_steps,
            is_redecided,
        })
    }

    /// An input of the next generation.
    pub fn digest(&self) -> u128 {
        self.paths.digest().wrapping_add(self.events.digest())
    }

    fn status_before(&self) -> HashMap<u128, &str> {
        let (path, status) = (PATH_EVENTS.column("path"), PATH_EVENTS.column("status"));
        (0..self.events.rows())
            .map(|row| (self.events.id(row, path), self.events.text(row, status)))
            .collect()
    }
}

/// The state of every path that is there now, or has ever been. `is_step` tells which steps there are now.
pub fn events(history: Option<&History>, paths: &Table, is_step: impl Fn(u128) -> bool) -> Table {
    let before = history.map(History::status_before).unwrap_or_default();
    let mut rows = BTreeMap::<u128, (u128, u128, &str, String)>::new();
    let [id, entry, target] = ["id", "entry", "target"].map(|name| PATHS.column(name));
    for row in 0..paths.rows() {
        let path = paths.id(row, id);
        let status = match before.get(&path).copied() {
            None => NEW,
            Some(RESOLVED | UNCONFIRMED) => REOPENED,
            Some(_) => ACTIVE,
        };
        rows.insert(
            path,
            (paths.id(row, entry), paths.id(row, target), status, String::new()),
        );
    }
    if let Some(history) = history {
        for row in 0..history.paths.rows() {
            let path = history.paths.id(row, id);
            rows.entry(path).or_insert_with(|| {
                let (status, reason) = closed(history, row, &is_step);
                (
                    history.paths.id(row, entry),
                    history.paths.id(row, target),
                    status,
                    reason.to_owned(),
                )
            });
        }
        let [path, entry, target, status, reason] =
            ["path", "entry", "target", "status", "reason"].map(|name| PATH_EVENTS.column(name));
        for row in 0..history.events.rows() {
            let status = match history.events.text(row, status) {
                RESOLVED => RESOLVED,
                UNCONFIRMED => UNCONFIRMED,
                _ => continue,
            };
            rows.entry(history.events.id(row, path)).or_insert_with(|| {
                let (entry, target) = (history.events.id(row, entry), history.events.id(row, target));
                (entry, target, status, history.events.text(row, reason).to_owned())
            });
        }
    }
    let mut table = Table::new(&PATH_EVENTS);
    for (path, (entry, target, status, reason)) in rows {
        table.push(&[
            Value::Id(path),
            Value::Id(entry),
            Value::Id(target),
            Value::Text(status),
            Value::Text(&reason),
        ]);
    }
    table
}

/// The steps of a path's route.
fn route(paths: &Table, row: usize) -> Vec<u128> {
    let steps: Vec<String> = serde_json::from_str(paths.text(row, PATHS.column("route"))).unwrap_or_default();
    let id = |step: &String| u128::from_str_radix(step, 16).ok();
    steps.iter().filter_map(id).collect()
}

/// Why a path of the generation before is no longer there. `is_step` tells which steps there are now.
fn closed(history: &History, row: usize, is_step: impl Fn(u128) -> bool) -> (&'static str, &'static str) {
    let mut gone = route(&history.paths, row)
        .into_iter()
        .filter(|&step| !is_step(step))
        .peekable();
    if history.is_redecided || gone.peek().is_none() {
        (
            UNCONFIRMED,
            "no route is left, but a setting, a decision or the rules have changed at the same time",
        )
    } else if gone.any(|step| history.unseen_steps.contains(&step)) {
        (
            UNCONFIRMED,
            "no route is left, but a fact of the last one was not looked at again",
        )
    } else {
        (
            RESOLVED,
            "no route is left, and every fact that went was looked at again",
        )
    }
}

/// Facts of a stored generation that a later one has not looked at again: samples, and whatever came from a
/// file that is no longer part of the manifest.
struct Unseen {
    relations: HashSet<u128>,
    findings: HashSet<u128>,
    nodes: HashSet<u128>,
}

impl Unseen {
    fn read(lake: &Lake, number: u64, inputs: &Inputs) -> Result<Self> {
        let current: HashSet<&str> = inputs.snapshots.iter().map(String::as_str).collect();
        let mut relations = removed(lake, number, &RELATION_SOURCES, &current)?;
        lake.read_generation_chunks(number, &RELATION_KINDS, |table| {
            let is_sample = |&row: &usize| table.text(row, 1) == RelationKind::HasSession.as_str();
            relations.extend((0..table.rows()).filter(is_sample).map(|row| table.id(row, 0)));
            Ok::<_, EngineError>(())
        })?;
        Ok(Self {
            relations,
            findings: removed(lake, number, &FINDING_SOURCES, &current)?,
            nodes: removed(lake, number, &NODE_SOURCES, &current)?,
        })
    }

    fn holds(&self, fact: &Fact) -> bool {
        match fact {
            Fact::Relation { id } => self.relations.contains(&id.0),
            Fact::Finding { id } => self.findings.contains(&id.0),
            Fact::Property(it) => self.nodes.contains(&it.node.0),
            Fact::Service(it) => self.nodes.contains(&it.node.0),
            Fact::Absence(it) => self.nodes.contains(&it.node.0),
            Fact::Setting(_)
            | Fact::Default(_)
            | Fact::BuiltIn { .. }
            | Fact::Query { .. }
            | Fact::Assumption { .. } => false,
        }
    }
}

/// Ids of the rows that a snapshot has told which is no longer current.
fn removed(lake: &Lake, number: u64, schema: &'static Schema, current: &HashSet<&str>) -> Result<HashSet<u128>> {
    let mut found = HashSet::new();
    // Millions of rows have one of a few lists of sources.
    let mut is_removed = HashMap::<String, bool>::new();
    lake.read_generation_chunks(number, schema, |table| {
        for row in 0..table.rows() {
            let text = table.text(row, 1);
            let is_removed = match is_removed.get(text) {
                Some(&known) => known,
                None => {
                    let sources: Vec<String> = serde_json::from_str(text).unwrap_or_default();
                    let is_gone = sources.iter().any(|source| !current.contains(source.as_str()));
                    is_removed.insert(text.to_owned(), is_gone);
                    is_gone
                }
            };
            if is_removed {
                found.insert(table.id(row, 0));
            }
        }
        Ok::<_, EngineError>(())
    })?;
    Ok(found)
}
