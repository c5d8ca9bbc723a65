//! `min`, `max`, `arg_min`, `arg_max` and `take_any`.

use std::cmp::Ordering;

use postern_kql::Type;

use super::{Accumulator, empty, number_as};
use crate::Datum;
use crate::bytes::{MalformedState, Reader, Writer};
use crate::order::compare;

pub(super) struct Extreme {
    /// How a better value compares with the best so far.
    wanted: Ordering,
    best: Datum<'static>,
    ty: Type,
}

impl Extreme {
    pub(super) fn new(wanted: Ordering, ty: Type) -> Self {
        Self {
            wanted,
            best: Datum::Null,
            ty,
        }
    }
}

impl Accumulator for Extreme {
    fn update(&mut self, arguments: &[Datum<'_>]) {
        let Some(value) = arguments.first().filter(|value| !value.is_null()) else {
            return;
        };
        if self.best.is_null() || compare(value, &self.best) == self.wanted {
            self.best = value.clone().into_owned();
        }
    }

    fn state(&self) -> Vec<u8> {
        let mut writer = Writer::default();
        writer.datum(&self.best);
        writer.0
    }

    fn merge(&mut self, state: &[u8]) -> Result<(), MalformedState> {
        let value = Reader::new(state).datum()?;
        self.update(&[value]);
        Ok(())
    }

    fn finish(&mut self) -> Datum<'static> {
        match std::mem::replace(&mut self.best, Datum::Null) {
            Datum::Null => empty(self.ty),
            best => number_as(best, self.ty),
        }
    }

    fn size(&self) -> usize {
        size_of::<Self>() + self.best.size()
    }
}

/// One of the values that go with the extreme of the first argument. The first of several such rows counts; where all
/// are null it is the first row.
pub(super) struct ArgExtreme {
    wanted: Ordering,
    /// Which argument is the result; 0 is the extreme itself.
    output: usize,
    ty: Type,
    has_row: bool,
    best: Datum<'static>,
    value: Datum<'static>,
}

impl ArgExtreme {
    pub(super) fn new(wanted: Ordering, output: usize, ty: Type) -> Self {
        Self {
            wanted,
            output,
            ty,
            has_row: false,
            best: Datum::Null,
            value: Datum::Null,
        }
    }

    fn offer(&mut self, key: &Datum<'_>, value: &Datum<'_>) {
        let is_better = !key.is_null() && (self.best.is_null() || compare(key, &self.best) == self.wanted);
        if is_better || !self.has_row {
            self.has_row = true;
            self.best = key.clone().into_owned();
            self.value = if self.output == 0 {
                Datum::Null
            } else {
                value.clone().into_owned()
            };
        }
    }
}

impl Accumulator for ArgExtreme {
    fn update(&mut self, arguments: &[Datum<'_>]) {
        if let (Some(key), Some(value)) = (arguments.first(), arguments.get(self.output)) {
            self.offer(key, value);
        }
    }

    fn state(&self) -> Vec<u8> {
        let mut writer = Writer::default();
        writer.flag(self.has_row);
        writer.datum(&self.best);
        writer.datum(&self.value);
        writer.0
    }

    fn merge(&mut self, state: &[u8]) -> Result<(), MalformedState> {
        let mut reader = Reader::new(state);
        if reader.flag()? {
            let (key, value) = (reader.datum()?, reader.datum()?);
            self.offer(&key, &value);
        }
        Ok(())
    }

    fn finish(&mut self) -> Datum<'static> {
        let result = if self.output == 0 {
            &mut self.best
        } else {
            &mut self.value
        };
        match std::mem::replace(result, Datum::Null) {
            Datum::Null => empty(self.ty),
            value => value,
        }
    }

    fn size(&self) -> usize {
        size_of::<Self>() + self.best.size() + self.value.size()
    }
}

/// The first row's value; with one argument the first value that is neither null nor empty, if there is one.
pub(super) struct TakeAny {
    output: usize,
    ty: Type,
    value: Option<Datum<'static>>,
    is_settled: bool,
}

impl TakeAny {
    pub(super) fn new(output: usize, ty: Type) -> Self {
        Self {
            output,
            ty,
            value: None,
            is_settled: false,
        }
    }

    fn offer(&mut self, value: &Datum<'_>, settles: bool) {
        if !self.is_settled && (settles || self.value.is_none()) {
            self.value = Some(value.clone().into_owned());
            self.is_settled = settles;
        }
    }
}

impl Accumulator for TakeAny {
    fn update(&mut self, arguments: &[Datum<'_>]) {
        if self.is_settled {
            return;
        }
        if let Some(value) = arguments.get(self.output) {
            let is_empty = value.is_null() || matches!(value, Datum::String(text) if text.is_empty());
            self.offer(value, arguments.len() > 1 || !is_empty);
        }
    }

    fn state(&self) -> Vec<u8> {
        let mut writer = Writer::default();
        writer.flag(self.value.is_some());
        writer.flag(self.is_settled);
        writer.datum(self.value.as_ref().unwrap_or(&Datum::Null));
        writer.0
    }

    fn merge(&mut self, state: &[u8]) -> Result<(), MalformedState> {
        let mut reader = Reader::new(state);
        let (has_value, is_settled, value) = (reader.flag()?, reader.flag()?, reader.datum()?);
        if has_value {
            self.offer(&value, is_settled);
        }
        Ok(())
    }

    fn finish(&mut self) -> Datum<'static> {
        match self.value.take() {
            None | Some(Datum::Null) => empty(self.ty),
            Some(value) => value,
        }
    }

    fn size(&self) -> usize {
        size_of::<Self>() + self.value.as_ref().map_or(0, Datum::size)
    }
}
