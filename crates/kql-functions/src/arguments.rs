//! Reading the arguments of a kernel: one value as the type that the function works on.
//!
//! `None` is what a null, a missing argument and a value of another kind come to; most functions answer it with null.

use std::borrow::Cow;

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

use crate::{Datum, Dynamic, Json};

/// A text; of a `dynamic` its string, or the JSON text of what else it is.
pub fn text<'a>(arguments: &'a [Datum<'_>], index: usize) -> Option<Cow<'a, str>> {
    match arguments.get(index)? {
        Datum::String(text) => Some(Cow::Borrowed(text.as_ref())),
        Datum::Dynamic(value) => Some(match value.tree() {
            Cow::Borrowed(Json::String(text)) => Cow::Borrowed(text.as_str()),
            Cow::Owned(Json::String(text)) => Cow::Owned(text),
            tree => Cow::Owned(tree.to_string()),
        }),
        _ => None,
    }
}

/// A number as `real`.
pub fn real(arguments: &[Datum<'_>], index: usize) -> Option<f64> {
    match arguments.get(index)? {
        Datum::Int(value) => Some(f64::from(*value)),
        Datum::Long(value) => Some(*value as f64),
        Datum::Real(value) => Some(*value),
        Datum::Decimal(value) => value.to_f64(),
        Datum::Dynamic(value) => match value.tree().as_ref() {
            Json::Long(value) => Some(*value as f64),
            Json::Real(value) => Some(*value),
            _ => None,
        },
        _ => None,
    }
}

/// A number as `long`; what is behind the point is cut off.
pub fn long(arguments: &[Datum<'_>], index: usize) -> Option<i64> {
    match arguments.get(index)? {
        Datum::Int(value) => Some(i64::from(*value)),
        Datum::Long(value) => Some(*value),
        Datum::Real(value) => whole(*value),
        Datum::Decimal(value) => value.to_i64(),
        Datum::Dynamic(value) => match value.tree().as_ref() {
            Json::Long(value) => Some(*value),
            Json::Real(value) => whole(*value),
            _ => None,
        },
        _ => None,
    }
}

pub fn boolean(arguments: &[Datum<'_>], index: usize) -> Option<bool> {
    match arguments.get(index)? {
        Datum::Bool(value) => Some(*value),
        Datum::Dynamic(value) => match value.tree().as_ref() {
            Json::Bool(value) => Some(*value),
            _ => None,
        },
        _ => None,
    }
}

/// Microseconds since 1970.
pub fn datetime(arguments: &[Datum<'_>], index: usize) -> Option<i64> {
    match arguments.get(index)? {
        Datum::DateTime(value) => Some(*value),
        _ => None,
    }
}

/// Ticks.
pub fn timespan(arguments: &[Datum<'_>], index: usize) -> Option<i64> {
    match arguments.get(index)? {
        Datum::TimeSpan(value) => Some(*value),
        _ => None,
    }
}

/// The elements of an array.
pub fn array(arguments: &[Datum<'_>], index: usize) -> Option<Vec<Json>> {
    match arguments.get(index)? {
        Datum::Dynamic(Dynamic::Tree(tree)) => match tree.as_ref() {
            Json::Array(items) => Some(items.clone()),
            _ => None,
        },
        Datum::Dynamic(text) => match text.tree().into_owned() {
            Json::Array(items) => Some(items),
            _ => None,
        },
        _ => None,
    }
}

/// A number before the point, where `long` holds it.
pub fn whole(value: f64) -> Option<i64> {
    // 2^63 itself is the first that does not fit; both bounds are exact in `f64`.
    (-9_223_372_036_854_775_808.0..9_223_372_036_854_775_808.0)
        .contains(&value)
        .then_some(value as i64)
}

/// A number as it is, of the widest type among several (`int` < `long` < `decimal` < `real`).
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Number {
    Int(i32),
    Long(i64),
    Decimal(Decimal),
    Real(f64),
}

impl Number {
    pub fn of(value: &Datum<'_>) -> Option<Self> {
        Some(match value {
            Datum::Int(value) => Number::Int(*value),
            Datum::Long(value) => Number::Long(*value),
            Datum::Decimal(value) => Number::Decimal(*value),
            Datum::Real(value) => Number::Real(*value),
            Datum::Dynamic(value) => match value.tree().as_ref() {
                Json::Long(value) => Number::Long(*value),
                Json::Real(value) => Number::Real(*value),
                _ => return None,
            },
            _ => return None,
        })
    }

    pub fn real(self) -> f64 {
        match self {
            Number::Int(value) => f64::from(value),
            Number::Long(value) => value as f64,
            Number::Decimal(value) => value.to_f64().unwrap_or(f64::NAN),
            Number::Real(value) => value,
        }
    }

    pub fn decimal(self) -> Option<Decimal> {
        match self {
            Number::Int(value) => Some(value.into()),
            Number::Long(value) => Some(value.into()),
            Number::Decimal(value) => Some(value),
            Number::Real(value) => Decimal::from_f64_retain(value),
        }
    }

    /// The value of an `int` or a `long`.
    pub fn integer(self) -> Option<i64> {
        match self {
            Number::Int(value) => Some(i64::from(value)),
            Number::Long(value) => Some(value),
            Number::Decimal(_) | Number::Real(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_real_becomes_a_long_only_where_it_fits() {
        assert_eq!(whole(-2.9), Some(-2));
        assert_eq!(whole(i64::MIN as f64), Some(i64::MIN));
        assert_eq!(whole(i64::MAX as f64), None);
        assert_eq!(whole(f64::NAN), None);
    }

    #[test]
    fn a_string_inside_a_dynamic_is_read_without_its_quotes() {
        let value = [Datum::dynamic(Json::String("a\"b".to_owned()))];
        assert_eq!(text(&value, 0).as_deref(), Some("a\"b"));
        assert_eq!(text(&[Datum::Null], 0), None);
    }
}
