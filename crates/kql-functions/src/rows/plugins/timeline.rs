//! What the plug-ins about activity over time share: who was seen when, numbered and in steps.

use postern_kql::{Diagnostic, Type};

use super::super::calls::Groups;
use super::Arguments;
use crate::convert::{self, TICKS_PER_MICROSECOND};
use crate::{Context, Datum};

/// One sighting: the group of its dimensions, who it was, and when.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Seen {
    pub(super) group: usize,
    pub(super) at: i64,
    pub(super) id: usize,
}

/// Collects sightings. Moments are microseconds, other positions whole numbers.
pub(super) struct Timeline {
    id: usize,
    at: usize,
    dimensions: Vec<usize>,
    ty: Type,
    ids: Groups,
    groups: Groups,
    seen: Vec<Seen>,
}

impl Timeline {
    /// The first two arguments are who and when; the dimensions are the columns from a place on.
    pub(super) fn new(arguments: &Arguments<'_, '_>, dimensions_from: usize) -> Result<Self, Diagnostic> {
        let id = arguments.column(0, "who was seen")?;
        let at = arguments.column(1, "when")?;
        let ty = arguments.input[at].ty;
        if !matches!(ty, Type::DateTime | Type::Int | Type::Long) {
            return Err(arguments.wrong("the timeline is a datetime or a whole number"));
        }
        Ok(Self {
            id,
            at,
            dimensions: arguments.columns_from(dimensions_from),
            ty,
            ids: Groups::default(),
            groups: Groups::default(),
            seen: Vec::new(),
        })
    }

    /// A place on the timeline.
    pub(super) fn point(&self, arguments: &Arguments<'_, '_>, place: usize) -> Result<i64, Diagnostic> {
        match (arguments.scalar(place)?, self.ty) {
            (Datum::DateTime(at), Type::DateTime) => Ok(at),
            (Datum::Int(at), Type::Int | Type::Long) => Ok(i64::from(at)),
            (Datum::Long(at), Type::Int | Type::Long) => Ok(at),
            _ => Err(arguments.wrong(&format!("argument {} is of the type of the timeline", place + 1))),
        }
    }

    /// A positive length on the timeline.
    pub(super) fn length(&self, arguments: &Arguments<'_, '_>, place: usize) -> Result<i64, Diagnostic> {
        let length = match (arguments.scalar(place)?, self.ty) {
            (Datum::TimeSpan(ticks), Type::DateTime) => ticks / TICKS_PER_MICROSECOND,
            (Datum::Int(length), Type::Int | Type::Long) => i64::from(length),
            (Datum::Long(length), Type::Int | Type::Long) => length,
            _ => 0,
        };
        if length > 0 {
            return Ok(length);
        }
        let what = if self.ty == Type::DateTime {
            "timespan"
        } else {
            "number"
        };
        Err(arguments.wrong(&format!("argument {} is a positive {what}", place + 1)))
    }

    /// The number of an id, which need not have been seen.
    pub(super) fn id(&mut self, id: &Datum<'_>) -> usize {
        self.ids.number(&[id.borrowed()]).0
    }

    pub(super) fn see(&mut self, row: &[Datum<'_>], _cx: &Context) {
        let at = match row[self.at] {
            Datum::DateTime(at) | Datum::Long(at) => at,
            Datum::Int(at) => i64::from(at),
            _ => return,
        };
        let dimensions: Vec<Datum<'_>> = self.dimensions.iter().map(|column| row[*column].borrowed()).collect();
        let group = self.groups.number(&dimensions).0;
        let id = self.id(&row[self.id]);
        self.seen.push(Seen { group, at, id });
    }

    /// All sightings by group and time.
    pub(super) fn sorted(&mut self) -> Vec<Seen> {
        let mut seen = std::mem::take(&mut self.seen);
        seen.sort_unstable();
        seen
    }

    pub(super) fn dimensions(&self, group: usize) -> impl Iterator<Item = Datum<'_>> {
        self.groups.keys()[group].iter().map(Datum::borrowed)
    }

    /// A place on the timeline as a value.
    pub(super) fn value(&self, at: i64) -> Datum<'static> {
        match self.ty {
            Type::DateTime => convert::datetime(at),
            Type::Int => i32::try_from(at).map_or(Datum::Null, Datum::Int),
            _ => Datum::Long(at),
        }
    }

    pub(super) fn size(&self) -> usize {
        self.ids.size() + self.groups.size() + self.seen.capacity() * size_of::<Seen>()
    }
}

/// The step of a position, counted from a start.
pub(super) fn step(at: i64, start: i64, length: i64) -> i64 {
    let distance = i128::from(at) - i128::from(start);
    // The quotient of a distance of two such numbers by a positive one fits but for the very ends.
    i64::try_from(distance.div_euclid(i128::from(length))).unwrap_or(i64::MAX)
}

/// Where a step begins.
pub(super) fn begin(step: i64, start: i64, length: i64) -> i64 {
    step.saturating_mul(length).saturating_add(start)
}
