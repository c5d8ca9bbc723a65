//! What was looked at, in each boundary, of how many.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use postern_model::estate::{Answered, BoundaryCoverage};
use postern_model::{Coverage, Facet, ObjectClass};

use crate::fold::{SnapshotFold, cell_of, each_row};
use crate::objects::{Interner, Object};
use crate::{FactSource, Result, Snapshot};

/// (class, facet) → the subjects that answered; `None` where all were looked at.
type Answers = BTreeMap<(ObjectClass, Facet), Option<BTreeSet<String>>>;

/// What was looked at, by boundary.
#[derive(Default)]
pub struct Looked {
    cells: BTreeMap<String, Answers>,
}

impl Looked {
    /// Takes in the cells of one snapshot, of which no row may count any more.
    pub fn declare(&mut self, snapshot: &Snapshot) {
        for declared in &snapshot.cells {
            let cell = &declared.cell;
            if declared.coverage == Coverage::Mention || cell.facet == Facet::Tombstones {
                continue;
            }
            let facets = self.cells.entry(cell.boundary.clone()).or_default();
            let answered = facets
                .entry((cell.class, cell.facet.clone()))
                .or_insert_with(|| Some(BTreeSet::new()));
            if matches!(declared.coverage, Coverage::Whole { .. }) {
                *answered = None;
            }
        }
    }

    /// Takes in the subjects that one snapshot, declared before, has looked at.
    pub fn add(&mut self, snapshot: &Snapshot, fold: &SnapshotFold<'_, '_>, facts: &dyn FactSource) -> Result<()> {
        each_row(snapshot, facts, &postern_model::schema::COVERED, |table, row| {
            let subject = table.text(row, 1);
            let Some((cell, _)) = fold.counts(cell_of(table, row), subject) else {
                return;
            };
            if let Some(Some(answered)) = self
                .cells
                .get_mut(&cell.boundary)
                .and_then(|facets| facets.get_mut(&(cell.class, cell.facet.clone())))
            {
                answered.insert(subject.to_ascii_uppercase());
            }
        })
    }

    /// Whether somebody has looked at all users of a domain.
    pub fn has_listed_users(&self, domain: &str) -> bool {
        let users = (ObjectClass::Users, Facet::Properties);
        self.cells
            .get(domain)
            .is_some_and(|facets| matches!(facets.get(&users), Some(None)))
    }

    /// Facets that were looked at, for an object.
    pub fn known(&self, boundary: &str, class: Option<ObjectClass>, key: &str) -> Vec<Facet> {
        let Some(facets) = self.cells.get(boundary) else {
            return Vec::new();
        };
        facets
            .iter()
            .filter(|((of, _), answered)| {
                Some(*of) == class && answered.as_ref().is_none_or(|subjects| subjects.contains(key))
            })
            .map(|((_, facet), _)| facet.clone())
            .collect()
    }

    /// How many of the objects that there are were looked at. One that answered and has gone since does not
    /// count, and a host counts at its site also when it has become part of a directory computer.
    ///
    /// * `names`: boundary → what a person calls it.
    pub fn report(
        &self,
        objects: &BTreeMap<u32, Object>,
        keys: &Interner,
        names: &HashMap<String, String>,
    ) -> Vec<BoundaryCoverage> {
        let mut totals = HashMap::<(&str, ObjectClass), u64>::new();
        let mut controllers = HashMap::<&str, u64>::new();
        for object in objects.values().filter(|object| !object.is_stub) {
            if let Some(class) = ObjectClass::of(object.kind) {
                *totals.entry((object.boundary.as_str(), class)).or_default() += 1;
                *controllers.entry(&object.boundary).or_default() += u64::from(object.is_domain_controller());
            }
        }
        let is_one = |subject: &str, boundary: &str, class: ObjectClass| {
            let object = keys.find(subject).and_then(|key| objects.get(&key));
            object.is_some_and(|it| !it.is_stub && it.boundary == boundary && ObjectClass::of(it.kind) == Some(class))
        };
        let answered = |boundary: &str, class: ObjectClass, facet: &Facet, subjects: &Option<BTreeSet<String>>| {
            let total = match facet.is_of_domain_controllers() {
                true => controllers.get(boundary),
                false => totals.get(&(boundary, class)),
            };
            let total = total.copied().unwrap_or(0);
            let answered = match subjects {
                None => total,
                Some(subjects) => subjects.iter().filter(|it| is_one(it, boundary, class)).count() as u64,
            };
            Answered { answered, total }
        };
        self.cells
            .iter()
            .map(|(boundary, facets)| BoundaryCoverage {
                boundary: boundary.clone(),
                name: names.get(boundary).cloned().unwrap_or_else(|| boundary.clone()),
                facets: facets
                    .iter()
                    .map(|((class, facet), subjects)| {
                        ((*class, facet.clone()), answered(boundary, *class, facet, subjects))
                    })
                    .collect(),
            })
            .collect()
    }
}
