//! What became of each path since the generation before (phase 9).
//!
//! A path is *resolved* only when the facts that its route stood on were looked at again and are gone.
//! A session that left its window, or facts of a source that was removed, prove nothing: *unconfirmed*.

use std::collections::{BTreeMap, HashMap, HashSet};

use postern_attack::{Derivation, Fact};
use postern_lake::Lake;
use postern_ledger::GenerationRecord;
use postern_model::schema::{ASSET_FINDINGS, NODES, PATH_EVENTS, PATHS, REPORTED, STEPS};
use postern_model::{RelationKind, Table, Value};

use crate::generation::number_of;
use crate::{EngineError, Inputs, Result};

const NEW: &str = "new";
const ACTIVE: &str = "active";
const REOPENED: &str = "reopened";
const RESOLVED: &str = "resolved";
const UNCONFIRMED: &str = "unconfirmed";

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
        let steps = lake.read_generation_table(number, &STEPS)?;
        let (id, derivations) = (STEPS.column("id"), STEPS.column("derivations"));
        let mut unseen_steps = HashSet::new();
        for row in (0..steps.rows()).filter(|&row| on_routes.contains(&steps.id(row, id))) {
            let derivations: Vec<Derivation> =
                serde_json::from_str(steps.text(row, derivations)).map_err(|cause| EngineError::Generation {
                    number: before.number,
                    reason: format!("derivations: {cause}"),
                })?;
            if derivations
                .iter()
                .flat_map(|it| &it.facts)
                .any(|fact| unseen.holds(fact))
            {
                unseen_steps.insert(steps.id(row, id));
            }
        }
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

/// The ids in the column `id` of a table.
pub fn ids(table: &Table) -> HashSet<u128> {
    let id = table.schema.column("id");
    (0..table.rows()).map(|row| table.id(row, id)).collect()
}

/// The state of every path that is there now, or has ever been. `steps` are those that there are now.
pub fn events(history: Option<&History>, paths: &Table, steps: &HashSet<u128>) -> Table {
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
                let (status, reason) = closed(history, row, steps);
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

/// Why a path of the generation before is no longer there. `steps` are those that there are now.
fn closed(history: &History, row: usize, steps: &HashSet<u128>) -> (&'static str, &'static str) {
    let mut gone = route(&history.paths, row)
        .into_iter()
        .filter(|step| !steps.contains(step))
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
        let relations = lake.read_generation_table(number, &REPORTED)?;
        let kind = REPORTED.column("kind");
        let sampled = (0..relations.rows())
            .filter(|&row| relations.text(row, kind) == RelationKind::HasSession.as_str())
            .map(|row| relations.id(row, REPORTED.column("id")));
        Ok(Self {
            relations: removed(&relations, &current).into_iter().chain(sampled).collect(),
            findings: removed(&lake.read_generation_table(number, &ASSET_FINDINGS)?, &current),
            nodes: removed(&lake.read_generation_table(number, &NODES)?, &current),
        })
    }

    fn holds(&self, fact: &Fact) -> bool {
        match fact {
            Fact::Relation { id, .. } => self.relations.contains(&id.0),
            Fact::Finding { id, .. } => self.findings.contains(&id.0),
            Fact::Property { node, .. } | Fact::Service { node, .. } | Fact::Absence { node, .. } => {
                self.nodes.contains(&node.0)
            }
            Fact::Setting { .. } | Fact::BuiltIn { .. } | Fact::Assumption { .. } => false,
        }
    }
}

/// Ids of the rows that a snapshot has told which is no longer current.
fn removed(table: &Table, current: &HashSet<&str>) -> HashSet<u128> {
    let (id, sources) = (table.schema.column("id"), table.schema.column("sources"));
    // Millions of rows have one of a few lists of sources.
    let mut is_removed = HashMap::new();
    (0..table.rows())
        .filter(|&row| {
            let text = table.text(row, sources);
            *is_removed.entry(text).or_insert_with(|| {
                let sources: Vec<String> = serde_json::from_str(text).unwrap_or_default();
                sources.iter().any(|source| !current.contains(source.as_str()))
            })
        })
        .map(|row| table.id(row, id))
        .collect()
}
