//! The order of values: what `sort`, `min` and `arg_max` go by.

use std::cmp::Ordering;

use rust_decimal::prelude::ToPrimitive;

use crate::{Datum, Json};

/// A total order of the values of one type. Null comes first and then what is not a number; texts go by their code
/// points; dynamic values by their kind (booleans, numbers, texts, arrays, bags) and then by their value. Of values of
/// several types, numbers compare as numbers and the others by their type.
pub fn compare(left: &Datum<'_>, right: &Datum<'_>) -> Ordering {
    match (left, right) {
        (Datum::Null, Datum::Null) => Ordering::Equal,
        (Datum::Null, _) => Ordering::Less,
        (_, Datum::Null) => Ordering::Greater,
        (Datum::Bool(left), Datum::Bool(right)) => left.cmp(right),
        (Datum::Int(left), Datum::Int(right)) => left.cmp(right),
        (Datum::Long(left), Datum::Long(right)) => left.cmp(right),
        (Datum::Real(left), Datum::Real(right)) => compare_reals(*left, *right),
        (Datum::Decimal(left), Datum::Decimal(right)) => left.cmp(right),
        (Datum::String(left), Datum::String(right)) => left.cmp(right),
        (Datum::DateTime(left), Datum::DateTime(right)) => left.cmp(right),
        (Datum::TimeSpan(left), Datum::TimeSpan(right)) => left.cmp(right),
        (Datum::Guid(left), Datum::Guid(right)) => left.cmp(right),
        (Datum::Dynamic(left), Datum::Dynamic(right)) => compare_trees(&left.tree(), &right.tree()),
        (left, right) => match (number(left), number(right)) {
            (Some(left), Some(right)) => compare_reals(left, right),
            _ => left.ty().cmp(&right.ty()),
        },
    }
}

/// A value that orders as its sort key says.
///
/// Nulls stand at the end that the key names. A real that is no number stands beside them, on the side of the numbers.
/// Texts have no null: where nulls are put to the end that is not theirs by themselves, the empty text goes there.
pub(crate) struct Sorted {
    pub(crate) value: Datum<'static>,
    pub(crate) is_ascending: bool,
    pub(crate) nulls_first: bool,
}

impl Sorted {
    /// How near to the nulls' end the value stands, whatever other values there are.
    fn nearness(&self) -> u8 {
        match &self.value {
            Datum::Null => 2,
            Datum::Real(value) if value.is_nan() => 1,
            Datum::String(text) if text.is_empty() && self.nulls_first != self.is_ascending => 1,
            _ => 0,
        }
    }
}

impl Ord for Sorted {
    fn cmp(&self, other: &Self) -> Ordering {
        let nearness = self.nearness().cmp(&other.nearness());
        let ends = if self.nulls_first { nearness.reverse() } else { nearness };
        ends.then_with(|| {
            let order = compare(&self.value, &other.value);
            if self.is_ascending { order } else { order.reverse() }
        })
    }
}

impl PartialOrd for Sorted {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Sorted {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Sorted {}

/// What is not a number is less than every number; both zeros are equal.
pub(crate) fn compare_reals(left: f64, right: f64) -> Ordering {
    left.partial_cmp(&right)
        .unwrap_or_else(|| right.is_nan().cmp(&left.is_nan()))
}

fn compare_trees(left: &Json, right: &Json) -> Ordering {
    fn rank(tree: &Json) -> u8 {
        match tree {
            Json::Null => 0,
            Json::Bool(_) => 1,
            Json::Long(_) | Json::Real(_) => 2,
            Json::String(_) => 3,
            Json::Array(_) => 4,
            Json::Object(_) => 5,
        }
    }
    match (left, right) {
        (Json::Bool(left), Json::Bool(right)) => left.cmp(right),
        (Json::Long(left), Json::Long(right)) => left.cmp(right),
        (Json::Long(left), Json::Real(right)) => compare_reals(*left as f64, *right),
        (Json::Real(left), Json::Long(right)) => compare_reals(*left, *right as f64),
        (Json::Real(left), Json::Real(right)) => compare_reals(*left, *right),
        (Json::String(left), Json::String(right)) => left.cmp(right),
        (Json::Array(_), Json::Array(_)) | (Json::Object(_), Json::Object(_)) => {
            left.to_string().cmp(&right.to_string())
        }
        (left, right) => rank(left).cmp(&rank(right)),
    }
}

/// A number as a real: of a dynamic value too, if it is one.
pub(crate) fn number(datum: &Datum<'_>) -> Option<f64> {
    match datum {
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

/// A whole number, where it is one and fits.
pub(crate) fn whole(datum: &Datum<'_>) -> Option<i64> {
    match datum {
        Datum::Int(value) => Some(i64::from(*value)),
        Datum::Long(value) => Some(*value),
        Datum::Decimal(value) if value.fract().is_zero() => value.to_i64(),
        datum => number(datum)
            .filter(|value| value.fract() == 0.0 && value.abs() < 9.2e18)
            .map(|value| value as i64),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nulls_and_what_stands_beside_them_go_to_the_end_that_is_named() {
        let reals = [Datum::Real(2.0), Datum::Null, Datum::Real(f64::NAN), Datum::Real(-1.0)];
        let texts = ["b", "", "a"].map(Datum::string);
        for (is_ascending, nulls_first, of_reals, of_texts) in [
            (true, true, ["", "NaN", "-1.0", "2.0"], ["", "a", "b"]),
            (true, false, ["-1.0", "2.0", "NaN", ""], ["a", "b", ""]),
            (false, true, ["", "NaN", "2.0", "-1.0"], ["", "b", "a"]),
            (false, false, ["2.0", "-1.0", "NaN", ""], ["b", "a", ""]),
        ] {
            let sorted = |values: &[Datum<'static>]| {
                let mut keys: Vec<Sorted> = values
                    .iter()
                    .map(|value| Sorted {
                        value: value.clone(),
                        is_ascending,
                        nulls_first,
                    })
                    .collect();
                keys.sort();
                let texts = keys.iter().map(|key| crate::convert::text(&key.value).into_owned());
                texts.collect::<Vec<_>>()
            };
            assert_eq!(
                sorted(&reals),
                of_reals,
                "ascending {is_ascending}, nulls first {nulls_first}"
            );
            assert_eq!(
                sorted(&texts),
                of_texts,
                "ascending {is_ascending}, nulls first {nulls_first}"
            );
        }
    }

    #[test]
    fn the_order_is_total_and_null_comes_first() {
        let ascending = [
            Datum::Null,
            Datum::Real(f64::NAN),
            Datum::Real(f64::NEG_INFINITY),
            Datum::Real(-1.5),
            Datum::Long(0),
            Datum::Int(3),
            Datum::Real(f64::INFINITY),
        ];
        for (low, left) in ascending.iter().enumerate() {
            for (high, right) in ascending.iter().enumerate() {
                assert_eq!(compare(left, right), low.cmp(&high), "{left:?} {right:?}");
            }
        }
        assert_eq!(compare(&Datum::Real(-0.0), &Datum::Real(0.0)), Ordering::Equal);
    }
}
