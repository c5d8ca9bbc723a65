//! From object rows to one record per original object: several files may speak of the same one.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use jiff::Timestamp;
use postern_model::reference::in_tenant;
use postern_model::schema::OBJECTS;
use postern_model::{Facet, NodeKind};

use crate::attributes::{Properties, as_bool, parse};
use crate::fold::{SnapshotFold, cell_of, each_row};
use crate::kinds::Kinds;
use crate::resolve::boundary_of;
use crate::{FactSource, Result, Snapshot};

/// Texts to small numbers: the same ids occur in millions of rows.
#[derive(Default)]
pub struct Interner {
    numbers: HashMap<Arc<str>, u32>,
    texts: Vec<Arc<str>>,
}

impl Interner {
    pub fn number(&mut self, text: &str) -> u32 {
        if let Some(&number) = self.numbers.get(text) {
            return number;
        }
        let number = u32::try_from(self.texts.len()).expect("fewer than 2^32 distinct texts fit in memory");
        let text = Arc::<str>::from(text);
        self.texts.push(text.clone());
        self.numbers.insert(text, number);
        number
    }

    /// The number of an id, which is the same in any letter case.
    pub fn number_of_id(&mut self, id: &str) -> u32 {
        match id.bytes().any(|byte| byte.is_ascii_lowercase()) {
            true => self.number(&id.to_ascii_uppercase()),
            false => self.number(id),
        }
    }

    pub fn text(&self, number: u32) -> &str {
        &self.texts[number as usize]
    }

    /// As [`Self::text`], to be kept.
    pub fn shared(&self, number: u32) -> Arc<str> {
        self.texts[number as usize].clone()
    }

    /// All texts, in the order of their numbers.
    pub fn texts(&self) -> impl Iterator<Item = &str> {
        self.texts.iter().map(AsRef::as_ref)
    }

    pub fn find(&self, text: &str) -> Option<u32> {
        self.numbers.get(text).copied()
    }
}

/// What one row says of an object.
struct Contribution {
    standing: Standing,
    at: Timestamp,
    snapshot: u32,
    boundary: String,
    kind: NodeKind,
    name: String,
    properties: String,
}

/// Whose word counts first: the object's own record, then a bare mention of it, then another's record.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Standing {
    Own,
    Mention,
    Other,
}

/// Who speaks of something: positions of snapshots, sorted, and when the first and the last was observed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sighting {
    pub snapshots: Vec<u32>,
    pub first: Timestamp,
    pub last: Timestamp,
}

impl Sighting {
    fn of(contribution: &Contribution) -> Self {
        Self {
            snapshots: vec![contribution.snapshot],
            first: contribution.at,
            last: contribution.at,
        }
    }

    pub fn add(&mut self, other: &Self) {
        self.snapshots.extend(&other.snapshots);
        self.snapshots.sort_unstable();
        self.snapshots.dedup();
        self.first = self.first.min(other.first);
        self.last = self.last.max(other.last);
    }
}

/// An original object, put together from every row that counts.
#[derive(Debug)]
pub struct Object {
    pub kind: NodeKind,
    pub name: String,
    pub boundary: String,
    /// Only other objects' records speak of it.
    pub is_stub: bool,
    pub properties: Properties,
    /// Who told which properties, by name, those who told most first. Empty where all that speak of the object tell
    /// all of them.
    pub told: Vec<(Sighting, Vec<String>)>,
    /// Positions of snapshots.
    pub snapshots: Vec<u32>,
    pub first: Timestamp,
    pub last: Timestamp,
    /// Newest record of its own.
    pub last_own: Option<Timestamp>,
}

impl Object {
    pub fn is_domain_controller(&self) -> bool {
        self.properties.get("isdc").and_then(as_bool) == Some(true)
    }

    /// Who speaks of the object.
    pub fn sighting(&self) -> Sighting {
        Sighting {
            snapshots: self.snapshots.clone(),
            first: self.first,
            last: self.last,
        }
    }

    /// Who told a property.
    pub fn told_by(&self, property: &str) -> Sighting {
        let told = self
            .told
            .iter()
            .find(|(_, names)| names.iter().any(|name| name == property));
        told.map_or_else(|| self.sighting(), |(sighting, _)| sighting.clone())
    }
}

#[derive(Default)]
pub struct Gathered {
    contributions: HashMap<u32, Vec<Contribution>>,
    /// Object → newest report of its deletion.
    pub tombstones: HashMap<u32, Timestamp>,
}

impl Gathered {
    /// Takes in the object rows of one snapshot that count.
    pub fn add(
        &mut self,
        keys: &mut Interner,
        kinds: &mut Kinds,
        position: u32,
        snapshot: &Snapshot,
        fold: &SnapshotFold<'_, '_>,
        facts: &dyn FactSource,
    ) -> Result<()> {
        each_row(snapshot, facts, &OBJECTS, |table, row| {
            let cell = cell_of(table, row);
            let Some((declared, at)) = fold.counts(cell, table.text(row, 1)) else {
                return;
            };
            let Some(id) = in_tenant(table.text(row, 2), &declared.boundary) else {
                return;
            };
            let key = keys.number_of_id(&id);
            if declared.facet == Facet::Tombstones {
                let newest = self.tombstones.entry(key).or_insert(at);
                *newest = (*newest).max(at);
                return;
            }
            let standing = match (&declared.facet, &snapshot.cells[usize::from(cell)].coverage) {
                (Facet::Properties | Facet::Network, postern_model::Coverage::Mention) => Standing::Mention,
                (Facet::Properties | Facet::Network, _) => Standing::Own,
                _ => Standing::Other,
            };
            self.contributions.entry(key).or_default().push(Contribution {
                standing,
                at,
                snapshot: position,
                boundary: declared.boundary.clone(),
                kind: kinds.of_object(table.text(row, 3)),
                name: table.text(row, 4).to_owned(),
                properties: table.text(row, 5).to_owned(),
            });
        })
    }

    /// One object per key, without those that were reported as deleted and not seen since; and the newest
    /// report of deletion of every object that there is one of.
    pub fn objects(self, keys: &Interner) -> (BTreeMap<u32, Object>, HashMap<u32, Timestamp>) {
        let objects = self
            .contributions
            .into_iter()
            .map(|(key, contributions)| (key, put_together(contributions, keys.text(key))))
            .filter(|(key, object)| {
                self.tombstones
                    .get(key)
                    .is_none_or(|&gone_at| object.last_own.unwrap_or(object.last) > gone_at)
            })
            .collect();
        (objects, self.tombstones)
    }
}

fn put_together(mut contributions: Vec<Contribution>, key: &str) -> Object {
    // A fixed order, so that rows of equal time are taken together alike whatever was imported first.
    contributions.sort_by(|a, b| {
        (a.standing, std::cmp::Reverse(a.at), a.kind, &a.name, &a.properties).cmp(&(
            b.standing,
            std::cmp::Reverse(b.at),
            b.kind,
            &b.name,
            &b.properties,
        ))
    });
    let best = &contributions[0];
    let mut object = Object {
        kind: NodeKind::Base,
        name: String::new(),
        boundary: best.boundary.clone(),
        is_stub: best.standing == Standing::Other,
        properties: Properties::new(),
        told: Vec::new(),
        snapshots: Vec::new(),
        first: best.at,
        last: best.at,
        last_own: None,
    };
    // Property → positions of the contributions that say the value that stands.
    let mut tellers = BTreeMap::<String, Vec<usize>>::new();
    for (at, contribution) in contributions.iter().enumerate() {
        if object.kind == NodeKind::Base {
            object.kind = contribution.kind;
        }
        if object.name.is_empty() {
            object.name.clone_from(&contribution.name);
        }
        for (name, value) in parse(&contribution.properties) {
            if *object.properties.entry(name.clone()).or_insert_with(|| value.clone()) == value
                && contributions.len() > 1
            {
                tellers.entry(name).or_default().push(at);
            }
        }
        object.snapshots.push(contribution.snapshot);
        object.first = object.first.min(contribution.at);
        object.last = object.last.max(contribution.at);
        if contribution.standing != Standing::Other {
            object.last_own = object.last_own.max(Some(contribution.at));
        }
    }
    object.snapshots.sort_unstable();
    object.snapshots.dedup();
    object.told = told(&contributions, tellers, &object);
    if object.is_stub {
        object.boundary = boundary_of(key).to_owned();
    }
    object
}

/// Groups properties by who told them.
fn told(
    contributions: &[Contribution],
    tellers: BTreeMap<String, Vec<usize>>,
    object: &Object,
) -> Vec<(Sighting, Vec<String>)> {
    let mut groups = BTreeMap::<Vec<usize>, Vec<String>>::new();
    for (name, tellers) in tellers {
        groups.entry(tellers).or_default().push(name);
    }
    let mut told: Vec<(Sighting, Vec<String>)> = Vec::new();
    for (tellers, names) in groups {
        let mut sightings = tellers.into_iter().map(|at| Sighting::of(&contributions[at]));
        let Some(mut sighting) = sightings.next() else {
            continue;
        };
        sightings.for_each(|other| sighting.add(&other));
        match told.iter_mut().find(|(known, _)| *known == sighting) {
            Some((_, known)) => known.extend(names),
            None => told.push((sighting, names)),
        }
    }
    told.sort_by_key(|(_, names)| std::cmp::Reverse(names.len()));
    if let [(sighting, _)] = &told[..]
        && *sighting == object.sighting()
    {
        return Vec::new();
    }
    told
}
