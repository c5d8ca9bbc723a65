//! What became of each path since the generation before (phase 9).
//!
//! A path is *resolved* only when the facts that its route stood on were looked at again and are gone.
//! A session that left its window, or facts of a source that was removed, prove nothing: *unconfirmed*.

use std::collections::{BTreeMap, HashMap, HashSet};

use postern_attack::{Derivation, Fact};
use postern_lake::Lake;
use postern_ledger::{GenerationRecord, Manifest};
use postern_model::schema::{PATH_EVENTS, PATHS, REPORTED, STEPS};
use postern_model::{RelationKind, Table, Value};

use crate::generation::number_of;
use crate::{EngineError, Result};

const NEW: &str = "new";
const ACTIVE: &str = "active";
const REOPENED: &str = "reopened";
const RESOLVED: &str = "resolved";
const UNCONFIRMED: &str = "unconfirmed";

/// What the generation before knew of paths, and which of its facts have vanished unseen.
pub struct History {
    paths: Table,
    events: Table,
    /// Steps that stood on a fact nobody has looked at since.
    unseen_steps: HashSet<u128>,
}

impl History {
    /// Reads what `before` has recorded.
    ///
    /// # Errors
    /// Those of the lake, and [`EngineError::Generation`] for a derivation that cannot be read.
    pub fn read(lake: &Lake, before: &GenerationRecord, manifest: &Manifest) -> Result<Self> {
        let number = number_of(before)?;
        let current: HashSet<&str> = manifest.snapshots.iter().map(|snapshot| snapshot.id.as_str()).collect();
        let reported = lake.read_generation_table(number, &REPORTED)?;
        let (id, kind, sources) = (
            REPORTED.column("id"),
            REPORTED.column("kind"),
            REPORTED.column("sources"),
        );
        let mut unseen_relations = HashSet::new();
        for row in 0..reported.rows() {
            let sources: Vec<String> = serde_json::from_str(reported.text(row, sources)).unwrap_or_default();
            let is_sampled = reported.text(row, kind) == RelationKind::HasSession.as_str();
            if is_sampled || sources.iter().any(|source| !current.contains(source.as_str())) {
                unseen_relations.insert(reported.id(row, id));
            }
        }
        let steps = lake.read_generation_table(number, &STEPS)?;
        let (id, derivations) = (STEPS.column("id"), STEPS.column("derivations"));
        let mut unseen_steps = HashSet::new();
        for row in 0..steps.rows() {
            let derivations: Vec<Derivation> =
                serde_json::from_str(steps.text(row, derivations)).map_err(|cause| EngineError::Generation {
                    number: before.number,
                    reason: format!("derivations: {cause}"),
                })?;
            let is_unseen = derivations.iter().flat_map(|it| &it.facts).any(|fact| match fact {
                Fact::Relation { id, .. } => unseen_relations.contains(&id.0),
                _ => false,
            });
            if is_unseen {
                unseen_steps.insert(steps.id(row, id));
            }
        }
        Ok(Self {
            paths: lake.read_generation_table(number, &PATHS)?,
            events: lake.read_generation_table(number, &PATH_EVENTS)?,
            unseen_steps,
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

/// The state of every path that is there now, or has ever been.
pub fn events(history: Option<&History>, paths: &Table) -> Table {
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
                let (status, reason) = closed(history, row);
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

/// Why a path of the generation before is no longer there.
fn closed(history: &History, row: usize) -> (&'static str, &'static str) {
    let route: Vec<String> = serde_json::from_str(history.paths.text(row, PATHS.column("route"))).unwrap_or_default();
    let rests_on_unseen = route
        .iter()
        .filter_map(|step| u128::from_str_radix(step, 16).ok())
        .any(|step| history.unseen_steps.contains(&step));
    if rests_on_unseen {
        (
            UNCONFIRMED,
            "no route is left, but a fact of the last one was not looked at again",
        )
    } else {
        (
            RESOLVED,
            "no route is left, and every fact of the last one was looked at again",
        )
    }
}
