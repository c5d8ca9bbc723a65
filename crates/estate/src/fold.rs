//! Which rows of which snapshots are the present (DESIGN 3.1).
//!
//! A row belongs to a cell and to a subject. In a **state** cell the newest observation that looked at the
//! subject decides; observations of equal time are one observation. In a **sampled** cell every
//! observation inside the window counts. A **mention** decides nothing: it keeps an object alive that no
//! newer whole observation misses.

use std::collections::{HashMap, HashSet};

use jiff::{SignedDuration, Timestamp};
use postern_model::schema::COVERED;
use postern_model::{Cell, Coverage, Facet, ObjectClass, Settings, Table};

use crate::objects::Interner;
use crate::{EstateError, FactSource, Result, Snapshot};

/// What is known of every cell; [`Fold::of`] answers for one snapshot.
pub struct Fold<'a> {
    cells: HashMap<&'a Cell, CellState<'a>>,
    /// Newest observation of any cell of a boundary, and whether somebody looked there. Where somebody did, files that
    /// only mention things do not count: they would move the window past what was looked at.
    boundary_newest: HashMap<&'a str, (bool, Timestamp)>,
    window: SignedDuration,
    /// Subjects of partial observations: each occurs in many cells.
    subjects: Interner,
    /// By snapshot and cell: the records' own times, where they have one.
    own_times: HashMap<&'a str, HashMap<u16, HashMap<u32, Timestamp>>>,
}

#[derive(Default)]
struct CellState<'a> {
    /// Whole observations, the newest first, with the subjects whose records could not be read.
    whole: Vec<(Timestamp, HashSet<&'a str>)>,
    /// Newest time at which a partial observation looked at a subject.
    subjects: HashMap<u32, Timestamp>,
}

/// The cells of one snapshot among those of all.
pub struct SnapshotFold<'a, 'f> {
    observed_at: Timestamp,
    subjects: &'f Interner,
    cells: Vec<DeclaredCell<'a, 'f>>,
}

struct DeclaredCell<'a, 'f> {
    cell: &'a Cell,
    own_times: Option<&'f HashMap<u32, Timestamp>>,
    rule: Rule<'a, 'f>,
}

/// What decides whether a row of a cell counts.
enum Rule<'a, 'f> {
    /// Its time is this or later.
    Since(Timestamp),
    /// Nothing newer has looked at its subject.
    Newest { state: &'f CellState<'a>, is_mention: bool },
}

impl<'a> Fold<'a> {
    pub fn new(snapshots: &'a [Snapshot], facts: &dyn FactSource, settings: &Settings) -> Result<Self> {
        let mut fold = Self {
            cells: HashMap::new(),
            boundary_newest: HashMap::new(),
            window: SignedDuration::from_hours(24 * i64::from(settings.session_window_days)),
            subjects: Interner::default(),
            own_times: HashMap::new(),
        };
        for snapshot in snapshots {
            for declared in &snapshot.cells {
                let state = fold.cells.entry(&declared.cell).or_default();
                if let Coverage::Whole { unread } = &declared.coverage {
                    state
                        .whole
                        .push((snapshot.observed_at, unread.iter().map(String::as_str).collect()));
                }
                let is_look = declared.coverage != Coverage::Mention;
                fold.see(&declared.cell.boundary, is_look, snapshot.observed_at);
            }
            each_row(snapshot, facts, &COVERED, |table, row| {
                let own_time = table
                    .long(row, 2)
                    .and_then(|micros| Timestamp::from_microsecond(micros).ok());
                fold.cover(snapshot, cell_of(table, row), table.text(row, 1), own_time);
            })?;
        }
        for state in fold.cells.values_mut() {
            state.whole.sort_by_key(|(at, _)| std::cmp::Reverse(*at));
        }
        Ok(fold)
    }

    fn see(&mut self, boundary: &'a str, is_look: bool, at: Timestamp) {
        let newest = self.boundary_newest.entry(boundary).or_insert((is_look, at));
        *newest = (*newest).max((is_look, at));
    }

    fn cover(&mut self, snapshot: &'a Snapshot, cell: u16, subject: &str, own_time: Option<Timestamp>) {
        let Some(declared) = snapshot.cells.get(usize::from(cell)) else {
            return;
        };
        let subject = self.subjects.number(subject);
        let at = own_time.unwrap_or(snapshot.observed_at);
        let state = self.cells.entry(&declared.cell).or_default();
        let newest = state.subjects.entry(subject).or_insert(at);
        *newest = (*newest).max(at);
        self.see(&declared.cell.boundary, true, at);
        if own_time.is_some() {
            let of_snapshot = self.own_times.entry(&snapshot.id).or_default();
            of_snapshot.entry(cell).or_default().insert(subject, at);
        }
    }

    /// Domain → since when all its users, computers and groups are known: each class was looked at as a whole
    /// then or later. A principal that is none of them was gone by that time.
    pub fn principals_listed(&self) -> HashMap<&'a str, Timestamp> {
        self.listed([ObjectClass::Users, ObjectClass::Computers, ObjectClass::Groups])
    }

    /// As [`Self::principals_listed`], for tenants: users, groups and service principals.
    pub fn tenants_listed(&self) -> HashMap<&'a str, Timestamp> {
        self.listed([
            ObjectClass::EntraUsers,
            ObjectClass::EntraGroups,
            ObjectClass::ServicePrincipals,
        ])
    }

    fn listed(&self, classes: [ObjectClass; 3]) -> HashMap<&'a str, Timestamp> {
        let newest = |boundary: &str, class| {
            let cell = Cell::new(boundary, class, Facet::Properties);
            let whole = &self.cells.get(&cell)?.whole;
            whole.iter().find(|(_, unread)| unread.is_empty()).map(|(at, _)| *at)
        };
        self.boundary_newest
            .keys()
            .filter_map(|&boundary| {
                let [one, two, three] = classes.map(|class| newest(boundary, class));
                Some((boundary, one?.min(two?).min(three?)))
            })
            .collect()
    }

    pub fn of<'f>(&'f self, snapshot: &'a Snapshot) -> SnapshotFold<'a, 'f> {
        let own_times = self.own_times.get(snapshot.id.as_str());
        let cells = (0..)
            .zip(&snapshot.cells)
            .map(|(at, declared)| DeclaredCell {
                cell: &declared.cell,
                own_times: own_times.and_then(|of| of.get(&at)),
                rule: if declared.cell.facet.is_sampled() {
                    let (_, newest) = self.boundary_newest[declared.cell.boundary.as_str()];
                    Rule::Since(newest.checked_sub(self.window).unwrap_or(Timestamp::MIN))
                } else {
                    Rule::Newest {
                        state: &self.cells[&declared.cell],
                        is_mention: declared.coverage == Coverage::Mention,
                    }
                },
            })
            .collect();
        SnapshotFold {
            observed_at: snapshot.observed_at,
            subjects: &self.subjects,
            cells,
        }
    }
}

/// The `cell` column, which stands first in every table of facts.
pub fn cell_of(table: &Table, row: usize) -> u16 {
    table
        .long(row, 0)
        .and_then(|cell| u16::try_from(cell).ok())
        .unwrap_or(u16::MAX)
}

/// Every row of a table of one snapshot.
pub fn each_row(
    snapshot: &Snapshot,
    facts: &dyn FactSource,
    schema: &'static postern_model::Schema,
    mut each: impl FnMut(&Table, usize),
) -> Result<()> {
    facts
        .each(&snapshot.id, schema, &mut |table| {
            for row in 0..table.rows() {
                each(table, row);
            }
        })
        .map_err(|cause| EstateError::Read {
            snapshot: snapshot.id.clone(),
            table: schema.name,
            cause,
        })
}

impl<'a> SnapshotFold<'a, '_> {
    /// The cell and the time of a row that counts; `None` when something newer has replaced it, or when
    /// its sample has left the window.
    pub fn counts(&self, cell: u16, subject: &str) -> Option<(&'a Cell, Timestamp)> {
        let declared = self.cells.get(usize::from(cell))?;
        let at = declared
            .own_times
            .and_then(|times| times.get(&self.subjects.find(subject)?))
            .copied()
            .unwrap_or(self.observed_at);
        let counts = match &declared.rule {
            Rule::Since(since) => at >= *since,
            Rule::Newest { state, is_mention } => {
                let by_whole = state.whole.iter().find(|(_, unread)| !unread.contains(subject));
                // Naming an object is no reason to forget what was found when it was looked at.
                let by_subject = || match *is_mention || state.subjects.is_empty() {
                    true => None,
                    false => state.subjects.get(&self.subjects.find(subject)?),
                };
                by_whole.is_none_or(|(newest, _)| at >= *newest) && by_subject().is_none_or(|newest| at >= *newest)
            }
        };
        counts.then_some((declared.cell, at))
    }

    /// Whether no row of the snapshot counts, whatever its subject: most imports end so, and are not read.
    pub fn is_past(&self) -> bool {
        self.cells.iter().all(|declared| {
            declared.own_times.is_none()
                && declared.cell.facet != Facet::Tombstones
                && match &declared.rule {
                    Rule::Since(since) => self.observed_at < *since,
                    Rule::Newest { state, .. } => state
                        .whole
                        .iter()
                        .any(|(at, unread)| unread.is_empty() && *at > self.observed_at),
                }
        })
    }
}
