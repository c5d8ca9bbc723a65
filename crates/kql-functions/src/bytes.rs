//! Bytes for the states of accumulators and for the keys of groups.
//!
//! [`Writer`] and [`Reader`] are each other's inverse. A key ([`Writer::key`]) is equal for equal values: both zeros
//! are one, and so are all the ways to be not a number.

use std::borrow::Cow;
use std::fmt;

use rust_decimal::Decimal;

use crate::{Datum, Dynamic};

/// The bytes are not a state of this aggregate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MalformedState;

impl fmt::Display for MalformedState {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("the collected part of an aggregate cannot be read")
    }
}

impl std::error::Error for MalformedState {}

#[derive(Default)]
pub(crate) struct Writer(pub(crate) Vec<u8>);

impl Writer {
    pub(crate) fn byte(&mut self, value: u8) {
        self.0.push(value);
    }

    pub(crate) fn flag(&mut self, value: bool) {
        self.byte(u8::from(value));
    }

    /// Seven bits a byte, small numbers first.
    pub(crate) fn count(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.byte(value as u8 | 0x80);
            value >>= 7;
        }
        self.byte(value as u8);
    }

    pub(crate) fn long(&mut self, value: i64) {
        self.0.extend_from_slice(&value.to_le_bytes());
    }

    pub(crate) fn whole(&mut self, value: i128) {
        self.0.extend_from_slice(&value.to_le_bytes());
    }

    pub(crate) fn real(&mut self, value: f64) {
        self.0.extend_from_slice(&value.to_le_bytes());
    }

    pub(crate) fn bytes(&mut self, bytes: &[u8]) {
        self.count(bytes.len() as u64);
        self.0.extend_from_slice(bytes);
    }

    pub(crate) fn datum(&mut self, datum: &Datum<'_>) {
        match datum {
            Datum::Null => self.byte(0),
            Datum::Bool(value) => {
                self.byte(1);
                self.flag(*value);
            }
            Datum::Int(value) => {
                self.byte(2);
                self.0.extend_from_slice(&value.to_le_bytes());
            }
            Datum::Long(value) => {
                self.byte(3);
                self.long(*value);
            }
            Datum::Real(value) => {
                self.byte(4);
                self.real(*value);
            }
            Datum::Decimal(value) => {
                self.byte(5);
                self.0.extend_from_slice(&value.serialize());
            }
            Datum::String(text) => {
                self.byte(6);
                self.bytes(text.as_bytes());
            }
            Datum::DateTime(value) => {
                self.byte(7);
                self.long(*value);
            }
            Datum::TimeSpan(value) => {
                self.byte(8);
                self.long(*value);
            }
            Datum::Guid(value) => {
                self.byte(9);
                self.0.extend_from_slice(&value.to_le_bytes());
            }
            Datum::Dynamic(value) => {
                self.byte(10);
                self.bytes(value.text().as_bytes());
            }
        }
    }

    pub(crate) fn key(&mut self, datum: &Datum<'_>) {
        match datum {
            Datum::Real(value) if *value == 0.0 => self.datum(&Datum::Real(0.0)),
            Datum::Real(value) if value.is_nan() => self.datum(&Datum::Real(f64::NAN)),
            Datum::Decimal(value) => self.datum(&Datum::Decimal(value.normalize())),
            datum => self.datum(datum),
        }
    }
}

pub(crate) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    fn take<const N: usize>(&mut self) -> Result<[u8; N], MalformedState> {
        let (head, tail) = self.0.split_first_chunk::<N>().ok_or(MalformedState)?;
        self.0 = tail;
        Ok(*head)
    }

    pub(crate) fn byte(&mut self) -> Result<u8, MalformedState> {
        Ok(self.take::<1>()?[0])
    }

    pub(crate) fn flag(&mut self) -> Result<bool, MalformedState> {
        Ok(self.byte()? != 0)
    }

    pub(crate) fn count(&mut self) -> Result<u64, MalformedState> {
        let mut value = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(value);
            }
        }
        Err(MalformedState)
    }

    pub(crate) fn long(&mut self) -> Result<i64, MalformedState> {
        Ok(i64::from_le_bytes(self.take()?))
    }

    pub(crate) fn whole(&mut self) -> Result<i128, MalformedState> {
        Ok(i128::from_le_bytes(self.take()?))
    }

    pub(crate) fn real(&mut self) -> Result<f64, MalformedState> {
        Ok(f64::from_le_bytes(self.take()?))
    }

    pub(crate) fn bytes(&mut self) -> Result<&'a [u8], MalformedState> {
        let length = usize::try_from(self.count()?).map_err(|_| MalformedState)?;
        let (head, tail) = self.0.split_at_checked(length).ok_or(MalformedState)?;
        self.0 = tail;
        Ok(head)
    }

    pub(crate) fn text(&mut self) -> Result<&'a str, MalformedState> {
        std::str::from_utf8(self.bytes()?).map_err(|_| MalformedState)
    }

    pub(crate) fn datum(&mut self) -> Result<Datum<'a>, MalformedState> {
        Ok(match self.byte()? {
            0 => Datum::Null,
            1 => Datum::Bool(self.flag()?),
            2 => Datum::Int(i32::from_le_bytes(self.take()?)),
            3 => Datum::Long(self.long()?),
            4 => Datum::Real(self.real()?),
            5 => Datum::Decimal(Decimal::deserialize(self.take()?)),
            6 => Datum::string(self.text()?),
            7 => Datum::DateTime(self.long()?),
            8 => Datum::TimeSpan(self.long()?),
            9 => Datum::Guid(u128::from_le_bytes(self.take()?)),
            10 => Datum::Dynamic(Dynamic::Text(Cow::Borrowed(self.text()?))),
            _ => return Err(MalformedState),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_is_read_back_as_it_was_written() {
        let values = [
            Datum::Null,
            Datum::Bool(true),
            Datum::Int(-7),
            Datum::Long(i64::MIN),
            Datum::Real(-0.0),
            Datum::Decimal(Decimal::new(-12345, 3)),
            Datum::string("a\u{0}ß"),
            Datum::DateTime(1),
            Datum::TimeSpan(-1),
            Datum::Guid(u128::MAX),
            Datum::Dynamic(Dynamic::Text(Cow::Borrowed("[1,{}]"))),
        ];
        let mut writer = Writer::default();
        values.iter().for_each(|value| writer.datum(value));
        writer.count(u64::MAX);
        let mut reader = Reader::new(&writer.0);
        for value in &values {
            assert_eq!(reader.datum().as_ref(), Ok(value));
        }
        assert_eq!(reader.count(), Ok(u64::MAX));
        assert_eq!(reader.byte(), Err(MalformedState));
    }

    #[test]
    fn no_prefix_of_a_value_is_a_value() {
        let mut writer = Writer::default();
        writer.datum(&Datum::string("some text"));
        for end in 0..writer.0.len() {
            assert_eq!(
                Reader::new(&writer.0[..end]).datum(),
                Err(MalformedState),
                "{end} bytes"
            );
        }
    }
}
