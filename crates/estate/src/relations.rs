//! Relation rows that count, before their ends are assets.

use std::cmp::Reverse;
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, HashMap};

use jiff::Timestamp;
use postern_model::estate::SharedText;
use postern_model::reference::{REFERENCE_PREFIX, in_tenant};
use postern_model::schema::RELATIONS;
use postern_model::{NodeKind, RelationKind};
use serde_json::Value;

use crate::fold::{SnapshotFold, cell_of, each_row};
use crate::kinds::Kinds;
use crate::objects::Interner;
use crate::{FactSource, Result, Snapshot};

#[derive(Clone, Copy, Debug)]
pub struct RawRelation {
    pub source: u32,
    pub target: u32,
    pub source_kind: NodeKind,
    pub target_kind: NodeKind,
    pub kind: RelationKind,
    /// Number of the properties' text.
    pub properties: u32,
    pub snapshot: u32,
    pub at: Timestamp,
}

/// Takes in the relation rows of one snapshot that count.
pub fn gather(
    relations: &mut Vec<RawRelation>,
    texts: &mut Interner,
    kinds: &mut Kinds,
    position: u32,
    snapshot: &Snapshot,
    fold: &SnapshotFold<'_, '_>,
    facts: &dyn FactSource,
) -> Result<()> {
    each_row(snapshot, facts, &RELATIONS, |table, row| {
        let subject = match table.text(row, 1) {
            "" => table.text(row, 4),
            subject => subject,
        };
        let Some((cell, at)) = fold.counts(cell_of(table, row), subject) else {
            return;
        };
        let end = |column| in_tenant(table.text(row, column), &cell.boundary);
        let (Some(source), Some(target)) = (end(2), end(4)) else {
            return;
        };
        let Some(kind) = kinds.of_relation(table.text(row, 6)) else {
            return;
        };
        relations.push(RawRelation {
            source: number_of_end(texts, &source),
            target: number_of_end(texts, &target),
            source_kind: kinds.of_object(table.text(row, 3)),
            target_kind: kinds.of_object(table.text(row, 5)),
            kind,
            properties: texts.number(table.text(row, 7)),
            snapshot: position,
            at,
        });
    })
}

/// An id, or what is told of the object in its place, which keeps its spelling.
fn number_of_end(texts: &mut Interner, end: &str) -> u32 {
    match end.starts_with(REFERENCE_PREFIX) {
        true => texts.number(end),
        false => texts.number_of_id(end),
    }
}

/// The kind that relations give to ends that no record describes. A session names any account "User", so
/// that is the weakest word; where two strong ones differ, the first in the vocabulary stands.
pub fn kind_hints(relations: &[RawRelation]) -> HashMap<u32, NodeKind> {
    let strength = |kind: NodeKind| match kind {
        NodeKind::Base => (0, Reverse(kind)),
        NodeKind::User => (1, Reverse(kind)),
        other => (2, Reverse(other)),
    };
    let mut hints = HashMap::new();
    for relation in relations {
        for (end, kind) in [
            (relation.source, relation.source_kind),
            (relation.target, relation.target_kind),
        ] {
            let hint = hints.entry(end).or_insert(kind);
            if strength(kind) > strength(*hint) {
                *hint = kind;
            }
        }
    }
    hints
}

/// Properties of relations, put together. Most relations have one of a few texts.
#[derive(Default)]
pub struct MergedProperties {
    /// By the number of the text.
    canonical: HashMap<u32, SharedText>,
}

impl MergedProperties {
    /// The properties of parallel reports of one relation. Lists are united, since two routes let through the
    /// ports of both; of other values that differ, that of the first text in order stands.
    pub fn of(&mut self, parallel: &[RawRelation], texts: &Interner) -> SharedText {
        let first = parallel[0].properties;
        if parallel.iter().all(|report| report.properties == first) {
            let canonical = self.canonical.entry(first);
            return canonical
                .or_insert_with(|| canonical_text(texts.text(first)).as_str().into())
                .clone();
        }
        let mut reports: Vec<&str> = parallel.iter().map(|report| texts.text(report.properties)).collect();
        reports.sort_unstable();
        reports.dedup();
        let mut merged = BTreeMap::<String, Value>::new();
        for text in reports {
            for (key, value) in serde_json::from_str::<BTreeMap<String, Value>>(text).unwrap_or_default() {
                add(&mut merged, key, value);
            }
        }
        to_text(&merged).as_str().into()
    }
}

fn add(merged: &mut BTreeMap<String, Value>, key: String, value: Value) {
    match merged.entry(key) {
        Entry::Vacant(vacant) => {
            vacant.insert(value);
        }
        Entry::Occupied(mut occupied) => {
            if let (Value::Array(known), Value::Array(more)) = (occupied.get_mut(), value) {
                known.extend(more);
                known.sort_by_key(Value::to_string);
                known.dedup();
            }
        }
    }
}

fn canonical_text(text: &str) -> String {
    serde_json::from_str::<BTreeMap<String, Value>>(text).map_or_else(|_| text.to_owned(), |map| to_text(&map))
}

fn to_text(map: &BTreeMap<String, Value>) -> String {
    if map.is_empty() {
        String::new()
    } else {
        serde_json::to_string(map).expect("a map of JSON values is JSON")
    }
}
