//! Which rows of which snapshots are the present (DESIGN 3.1).
//!
//! A row belongs to a cell and to a subject. In a **state** cell the newest observation that looked at the
//! subject decides; observations of equal time are one observation. In a **sampled** cell every
//! observation inside the window counts. A **mention** decides nothing: it keeps an object alive that no
//! newer whole observation misses.

use std::collections::{HashMap, HashSet};

use jiff::{SignedDuration, Timestamp};
use postern_model::schema::COVERED;
use postern_model::{Cell, Coverage, Settings, Table};

use crate::{EstateError, FactSource, Result, Snapshot};

/// Answers, row by row, whether a row counts.
pub struct Fold<'a> {
    cells: HashMap<&'a Cell, CellState<'a>>,
    /// Newest observation of any cell of a boundary.
    boundary_newest: HashMap<&'a str, Timestamp>,
    window: SignedDuration,
}

#[derive(Default)]
struct CellState<'a> {
    /// Time of each whole observation, with the subjects whose records could not be read.
    whole: Vec<(Timestamp, HashSet<&'a str>)>,
    /// Newest time at which a partial observation looked at a subject.
    subjects: HashMap<String, Timestamp>,
}

/// Row access for one snapshot: the times at which it saw its partial subjects.
pub struct SnapshotFold<'a, 'f> {
    fold: &'f Fold<'a>,
    snapshot: &'a Snapshot,
    /// (cell, subject) → the record's own time, where it has one.
    own_times: HashMap<(u16, String), Timestamp>,
}

impl<'a> Fold<'a> {
    pub fn new(snapshots: &'a [Snapshot], facts: &dyn FactSource, settings: &Settings) -> Result<Self> {
        let mut fold = Self {
            cells: HashMap::new(),
            boundary_newest: HashMap::new(),
            window: SignedDuration::from_hours(24 * i64::from(settings.session_window_days)),
        };
        for snapshot in snapshots {
            for declared in &snapshot.cells {
                let state = fold.cells.entry(&declared.cell).or_default();
                if let Coverage::Whole { unread } = &declared.coverage {
                    state
                        .whole
                        .push((snapshot.observed_at, unread.iter().map(String::as_str).collect()));
                }
                fold.see(&declared.cell.boundary, snapshot.observed_at);
            }
            each_covered(snapshot, facts, |cell, subject, own_time| {
                let Some(declared) = snapshot.cells.get(usize::from(cell)) else {
                    return;
                };
                let at = own_time.unwrap_or(snapshot.observed_at);
                let state = fold.cells.entry(&declared.cell).or_default();
                let newest = state.subjects.entry(subject.to_owned()).or_insert(at);
                *newest = (*newest).max(at);
                fold.see(&declared.cell.boundary, at);
            })?;
        }
        Ok(fold)
    }

    fn see(&mut self, boundary: &'a str, at: Timestamp) {
        let newest = self.boundary_newest.entry(boundary).or_insert(at);
        *newest = (*newest).max(at);
    }

    pub fn of<'f>(&'f self, snapshot: &'a Snapshot, facts: &dyn FactSource) -> Result<SnapshotFold<'a, 'f>> {
        let mut own_times = HashMap::new();
        each_covered(snapshot, facts, |cell, subject, own_time| {
            if let Some(at) = own_time {
                own_times.insert((cell, subject.to_owned()), at);
            }
        })?;
        Ok(SnapshotFold {
            fold: self,
            snapshot,
            own_times,
        })
    }
}

fn each_covered(
    snapshot: &Snapshot,
    facts: &dyn FactSource,
    mut each: impl FnMut(u16, &str, Option<Timestamp>),
) -> Result<()> {
    each_row(snapshot, facts, &COVERED, |table, row| {
        let own_time = table
            .long(row, 2)
            .and_then(|micros| Timestamp::from_microsecond(micros).ok());
        each(cell_of(table, row), table.text(row, 1), own_time);
    })
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
        let declared = self.snapshot.cells.get(usize::from(cell))?;
        let at = self
            .own_times
            .get(&(cell, subject.to_owned()))
            .copied()
            .unwrap_or(self.snapshot.observed_at);
        let counts = if declared.cell.facet.is_sampled() {
            let newest = self
                .fold
                .boundary_newest
                .get(declared.cell.boundary.as_str())
                .copied()
                .unwrap_or(at);
            newest.duration_since(at) <= self.fold.window
        } else {
            let state = self.fold.cells.get(&declared.cell)?;
            let by_whole = state
                .whole
                .iter()
                .filter(|(_, unread)| !unread.contains(subject))
                .map(|(at, _)| *at)
                .max();
            let by_subject = match declared.coverage {
                // Naming an object is no reason to forget what was found when it was looked at.
                Coverage::Mention => None,
                _ => state.subjects.get(subject).copied(),
            };
            by_whole.is_none_or(|newest| at >= newest) && by_subject.is_none_or(|newest| at >= newest)
        };
        counts.then_some((&declared.cell, at))
    }
}
