//! `count` and the bitwise aggregates.

use super::Accumulator;
use crate::Datum;
use crate::bytes::{MalformedState, Reader, Writer};
use crate::order::whole;

#[derive(Default)]
pub(super) struct Count(i64);

impl Accumulator for Count {
    fn update(&mut self, _arguments: &[Datum<'_>]) {
        self.0 += 1;
    }

    fn state(&self) -> Vec<u8> {
        let mut writer = Writer::default();
        writer.long(self.0);
        writer.0
    }

    fn merge(&mut self, state: &[u8]) -> Result<(), MalformedState> {
        self.0 += Reader::new(state).long()?;
        Ok(())
    }

    fn finish(&mut self) -> Datum<'static> {
        Datum::Long(self.0)
    }

    fn size(&self) -> usize {
        size_of::<Self>()
    }
}

/// `binary_all_and`, `binary_all_or`, `binary_all_xor`.
pub(super) struct Bits {
    combine: fn(i64, i64) -> i64,
    value: Option<i64>,
}

impl Bits {
    pub(super) fn new(combine: fn(i64, i64) -> i64) -> Self {
        Self { combine, value: None }
    }

    fn add(&mut self, value: i64) {
        self.value = Some(self.value.map_or(value, |so_far| (self.combine)(so_far, value)));
    }
}

impl Accumulator for Bits {
    fn update(&mut self, arguments: &[Datum<'_>]) {
        if let Some(value) = arguments.first().and_then(whole) {
            self.add(value);
        }
    }

    fn state(&self) -> Vec<u8> {
        let mut writer = Writer::default();
        writer.datum(&self.value.map_or(Datum::Null, Datum::Long));
        writer.0
    }

    fn merge(&mut self, state: &[u8]) -> Result<(), MalformedState> {
        if let Datum::Long(value) = Reader::new(state).datum()? {
            self.add(value);
        }
        Ok(())
    }

    fn finish(&mut self) -> Datum<'static> {
        self.value.map_or(Datum::Null, Datum::Long)
    }

    fn size(&self) -> usize {
        size_of::<Self>()
    }
}
