//! `sum` and `avg`.

use postern_kql::Type;
use rust_decimal::Decimal;
use rust_decimal::prelude::FromPrimitive;

use super::Accumulator;
use crate::Datum;
use crate::bytes::{MalformedState, Reader, Writer};
use crate::order::number;

/// A sum of values of one type. Whole numbers are added without rounding or overflow.
#[derive(Clone, Copy)]
enum Total {
    Whole(i128),
    Real(f64),
    /// `None` once it no longer fits.
    Decimal(Option<Decimal>),
}

impl Total {
    /// Whether the value counted.
    fn add(&mut self, datum: &Datum<'_>) -> bool {
        match (self, datum) {
            (_, Datum::Null) => return false,
            (Total::Whole(total), Datum::Int(value)) => *total += i128::from(*value),
            (Total::Whole(total), Datum::Long(value) | Datum::TimeSpan(value) | Datum::DateTime(value)) => {
                *total += i128::from(*value);
            }
            (Total::Real(total), Datum::Real(value)) => *total += value,
            (Total::Decimal(total), Datum::Decimal(value)) => {
                *total = total.and_then(|total| total.checked_add(*value));
            }
            (total, other) => {
                let Some(value) = number(other) else { return false };
                match total {
                    Total::Whole(total) => *total += value as i128,
                    Total::Real(total) => *total += value,
                    Total::Decimal(total) => {
                        let value = Decimal::from_f64(value);
                        *total = total.zip(value).and_then(|(total, value)| total.checked_add(value));
                    }
                }
            }
        }
        true
    }

    fn write(self, writer: &mut Writer) {
        match self {
            Total::Whole(total) => writer.whole(total),
            Total::Real(total) => writer.real(total),
            Total::Decimal(total) => writer.datum(&total.map_or(Datum::Null, Datum::Decimal)),
        }
    }

    fn merge(&mut self, reader: &mut Reader<'_>) -> Result<(), MalformedState> {
        match self {
            Total::Whole(total) => *total += reader.whole()?,
            Total::Real(total) => *total += reader.real()?,
            Total::Decimal(total) => {
                *total = match reader.datum()? {
                    Datum::Decimal(value) => total.and_then(|total| total.checked_add(value)),
                    _ => None,
                };
            }
        }
        Ok(())
    }
}

/// Null where the sum does not fit its type; 0 of no rows.
pub(super) struct Sum {
    ty: Type,
    total: Total,
}

impl Sum {
    pub(super) fn new(ty: Type) -> Self {
        let total = match ty {
            Type::Int | Type::Long | Type::TimeSpan | Type::DateTime => Total::Whole(0),
            Type::Decimal => Total::Decimal(Some(Decimal::ZERO)),
            _ => Total::Real(0.0),
        };
        Self { ty, total }
    }
}

impl Accumulator for Sum {
    fn update(&mut self, arguments: &[Datum<'_>]) {
        if let Some(value) = arguments.first() {
            self.total.add(value);
        }
    }

    fn state(&self) -> Vec<u8> {
        let mut writer = Writer::default();
        self.total.write(&mut writer);
        writer.0
    }

    fn merge(&mut self, state: &[u8]) -> Result<(), MalformedState> {
        self.total.merge(&mut Reader::new(state))
    }

    fn finish(&mut self) -> Datum<'static> {
        match self.total {
            Total::Whole(total) => match (self.ty, i64::try_from(total)) {
                (Type::Int, Ok(total)) => i32::try_from(total).map_or(Datum::Null, Datum::Int),
                (Type::TimeSpan, Ok(total)) => Datum::TimeSpan(total),
                (_, Ok(total)) => Datum::Long(total),
                (_, Err(_)) => Datum::Null,
            },
            Total::Real(total) => super::number_as(Datum::Real(total), self.ty),
            Total::Decimal(total) => total.map_or(Datum::Null, Datum::Decimal),
        }
    }

    fn size(&self) -> usize {
        size_of::<Self>()
    }
}

/// The mean; of no rows it is not a number, for those types that have such a value.
pub(super) struct Average {
    ty: Type,
    total: Total,
    count: u64,
}

impl Average {
    pub(super) fn new(ty: Type) -> Self {
        let total = match ty {
            Type::TimeSpan | Type::DateTime => Total::Whole(0),
            Type::Decimal => Total::Decimal(Some(Decimal::ZERO)),
            _ => Total::Real(0.0),
        };
        Self { ty, total, count: 0 }
    }
}

impl Accumulator for Average {
    fn update(&mut self, arguments: &[Datum<'_>]) {
        if let Some(value) = arguments.first()
            && self.total.add(value)
        {
            self.count += 1;
        }
    }

    fn state(&self) -> Vec<u8> {
        let mut writer = Writer::default();
        writer.count(self.count);
        self.total.write(&mut writer);
        writer.0
    }

    fn merge(&mut self, state: &[u8]) -> Result<(), MalformedState> {
        let mut reader = Reader::new(state);
        self.count += reader.count()?;
        self.total.merge(&mut reader)
    }

    fn finish(&mut self) -> Datum<'static> {
        match self.total {
            Total::Real(total) => super::number_as(Datum::Real(total / self.count as f64), self.ty),
            _ if self.count == 0 => Datum::Null,
            Total::Whole(total) => {
                // A mean of values that fit fits.
                let mean = (total / i128::from(self.count)) as i64;
                if self.ty == Type::TimeSpan {
                    Datum::TimeSpan(mean)
                } else {
                    Datum::DateTime(mean)
                }
            }
            Total::Decimal(total) => total
                .and_then(|total| total.checked_div(Decimal::from(self.count)))
                .map_or(Datum::Null, Datum::Decimal),
        }
    }

    fn size(&self) -> usize {
        size_of::<Self>()
    }
}
