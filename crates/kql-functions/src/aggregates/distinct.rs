//! `count_distinct`: exact, whatever it costs; the memory budget of the query bounds it.

use super::Accumulator;
use crate::Datum;
use crate::bytes::{MalformedState, Reader, Writer};
use crate::keys::KeySet;

#[derive(Default)]
pub(super) struct CountDistinct {
    values: KeySet,
    scratch: Writer,
}

impl Accumulator for CountDistinct {
    fn update(&mut self, arguments: &[Datum<'_>]) {
        if arguments.iter().any(Datum::is_null) {
            return;
        }
        self.scratch.0.clear();
        arguments.iter().for_each(|argument| self.scratch.key(argument));
        self.values.insert(&self.scratch.0);
    }

    fn state(&self) -> Vec<u8> {
        let mut writer = Writer::default();
        writer.count(self.values.len() as u64);
        self.values.iter().for_each(|value| writer.bytes(value));
        writer.0
    }

    fn merge(&mut self, state: &[u8]) -> Result<(), MalformedState> {
        let mut reader = Reader::new(state);
        for _ in 0..reader.count()? {
            self.values.insert(reader.bytes()?);
        }
        Ok(())
    }

    fn finish(&mut self) -> Datum<'static> {
        Datum::Long(self.values.len() as i64)
    }

    fn size(&self) -> usize {
        size_of::<Self>() + self.values.size() + self.scratch.0.capacity()
    }
}
