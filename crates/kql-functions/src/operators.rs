//! What the operators of the language compute: comparisons with their three truths, and arithmetic.
//!
//! `==` and `!=` are total where one side is null and null where both are; every other comparison with a null is null.
//! A `dynamic` side is taken by the kind of its value.

use std::cmp::Ordering;

use postern_kql::Type;
use postern_kql::ir::Binary;
use rust_decimal::Decimal;

use crate::convert::{self, TICKS_PER_MICROSECOND};
use crate::{Datum, Dynamic, Json};

/// A truth, or null where there is none.
pub fn truth(value: Option<bool>) -> Datum<'static> {
    value.map_or(Datum::Null, Datum::Bool)
}

/// `left == right`
pub fn equal(left: &Datum<'_>, right: &Datum<'_>) -> Option<bool> {
    match (left.is_null(), right.is_null()) {
        (true, true) => None,
        (false, false) => Some(is_same(left, right)),
        _ => Some(false),
    }
}

/// Whether two values that are not null are equal.
pub fn is_same(left: &Datum<'_>, right: &Datum<'_>) -> bool {
    match (left, right) {
        (Datum::String(left), Datum::String(right)) => left == right,
        (Datum::Long(left), Datum::Long(right)) => left == right,
        (Datum::Dynamic(left), Datum::Dynamic(right)) => is_same_json(&left.tree(), &right.tree()),
        (Datum::Dynamic(value), Datum::String(text)) | (Datum::String(text), Datum::Dynamic(value)) => {
            convert::dynamic_text(value) == text.as_ref()
        }
        _ => compare(left, right) == Some(Ordering::Equal),
    }
}

/// Whether two JSON values are equal: numbers by their value, objects whatever the order of their properties.
pub fn is_same_json(left: &Json, right: &Json) -> bool {
    match (left, right) {
        (Json::Long(long), Json::Real(real)) | (Json::Real(real), Json::Long(long)) => *long as f64 == *real,
        (Json::Array(left), Json::Array(right)) => {
            left.len() == right.len() && left.iter().zip(right).all(|(left, right)| is_same_json(left, right))
        }
        (Json::Object(left), Json::Object(right)) => {
            left.len() == right.len()
                && left.iter().enumerate().all(|(place, (key, value))| {
                    // Mostly both have the same order.
                    let other = match right.get(place) {
                        Some((name, other)) if name == key => Some(other),
                        _ => right.iter().find(|(name, _)| name == key).map(|(_, other)| other),
                    };
                    other.is_some_and(|other| is_same_json(value, other))
                })
        }
        _ => left == right,
    }
}

/// The order of two values that are not null, or `None` where they have none (of different kinds, not a number).
pub fn compare(left: &Datum<'_>, right: &Datum<'_>) -> Option<Ordering> {
    match (left, right) {
        (Datum::Bool(left), Datum::Bool(right)) => Some(left.cmp(right)),
        (Datum::Int(left), Datum::Int(right)) => Some(left.cmp(right)),
        (Datum::Long(left), Datum::Long(right)) => Some(left.cmp(right)),
        (Datum::Real(left), Datum::Real(right)) => left.partial_cmp(right),
        (Datum::Decimal(left), Datum::Decimal(right)) => Some(left.cmp(right)),
        (Datum::String(left), Datum::String(right)) => Some(left.cmp(right)),
        (Datum::DateTime(left), Datum::DateTime(right)) => Some(left.cmp(right)),
        (Datum::TimeSpan(left), Datum::TimeSpan(right)) => Some(left.cmp(right)),
        (Datum::Guid(left), Datum::Guid(right)) => Some(left.cmp(right)),
        (Datum::Dynamic(value), Datum::String(text)) => Some(convert::dynamic_text(value).as_ref().cmp(text)),
        (Datum::String(text), Datum::Dynamic(value)) => Some(text.as_ref().cmp(&convert::dynamic_text(value))),
        (Datum::Dynamic(left), Datum::Dynamic(right)) => match (convert::of_kind(left), convert::of_kind(right)) {
            (Datum::Dynamic(_), _) | (_, Datum::Dynamic(_)) => None,
            (left, right) => compare(&left, &right),
        },
        (Datum::Dynamic(value), right) => compare_kind(value, right),
        (left, Datum::Dynamic(value)) => compare_kind(value, left).map(Ordering::reverse),
        (Datum::String(_), right @ (Datum::DateTime(_) | Datum::TimeSpan(_) | Datum::Guid(_))) => {
            compare_converted(left, right)
        }
        (left @ (Datum::DateTime(_) | Datum::TimeSpan(_) | Datum::Guid(_)), Datum::String(_)) => {
            compare_converted(right, left).map(Ordering::reverse)
        }
        _ => compare_numbers(left, right),
    }
}

fn compare_kind(value: &Dynamic<'_>, other: &Datum<'_>) -> Option<Ordering> {
    match convert::of_kind(value) {
        Datum::Dynamic(_) | Datum::Null => None,
        simple => compare(&simple, other),
    }
}

/// A text against a value of a type that texts can be read as.
fn compare_converted(text: &Datum<'_>, other: &Datum<'_>) -> Option<Ordering> {
    match convert::cast(text, other.ty()?) {
        Datum::Null => None,
        value => compare(&value, other),
    }
}

fn compare_numbers(left: &Datum<'_>, right: &Datum<'_>) -> Option<Ordering> {
    match numbers(left, right)? {
        Numbers::Long(left, right) => Some(left.cmp(&right)),
        Numbers::Real(left, right) => left.partial_cmp(&right),
        Numbers::Decimal(left, right) => Some(left.cmp(&right)),
    }
}

/// Two numbers brought to their common type.
enum Numbers {
    Long(i64, i64),
    Real(f64, f64),
    Decimal(Decimal, Decimal),
}

fn numbers(left: &Datum<'_>, right: &Datum<'_>) -> Option<Numbers> {
    let is_number = |datum: &Datum<'_>| {
        matches!(
            datum,
            Datum::Bool(_) | Datum::Int(_) | Datum::Long(_) | Datum::Real(_) | Datum::Decimal(_)
        )
    };
    if !is_number(left) || !is_number(right) {
        return None;
    }
    Some(match (left, right) {
        (Datum::Real(_), _) | (_, Datum::Real(_)) => Numbers::Real(convert::real(left)?, convert::real(right)?),
        (Datum::Decimal(_), _) | (_, Datum::Decimal(_)) => {
            Numbers::Decimal(convert::decimal(left)?, convert::decimal(right)?)
        }
        _ => Numbers::Long(convert::long(left)?, convert::long(right)?),
    })
}

/// A comparison or an arithmetic operation of two values; `ty` is the type of the result.
pub fn binary(operator: Binary, left: &Datum<'_>, right: &Datum<'_>, ty: Type) -> Datum<'static> {
    let ordered = |test: fn(Ordering) -> bool| {
        if left.is_null() || right.is_null() {
            return Datum::Null;
        }
        match compare(left, right) {
            Some(order) => Datum::Bool(test(order)),
            // Nothing is below or above what is not a number; values of other kinds have no order at all.
            None if is_nan(left) || is_nan(right) => Datum::Bool(false),
            None => Datum::Null,
        }
    };
    match operator {
        Binary::Equal => truth(equal(left, right)),
        Binary::NotEqual => truth(equal(left, right).map(|equal| !equal)),
        Binary::Less => ordered(Ordering::is_lt),
        Binary::LessOrEqual => ordered(Ordering::is_le),
        Binary::Greater => ordered(Ordering::is_gt),
        Binary::GreaterOrEqual => ordered(Ordering::is_ge),
        Binary::Add | Binary::Subtract | Binary::Multiply | Binary::Divide | Binary::Modulo => {
            arithmetic(operator, left, right, ty).unwrap_or(Datum::Null)
        }
    }
}

fn is_nan(datum: &Datum<'_>) -> bool {
    matches!(datum, Datum::Real(value) if value.is_nan())
}

fn arithmetic(operator: Binary, left: &Datum<'_>, right: &Datum<'_>, ty: Type) -> Option<Datum<'static>> {
    use Datum::{DateTime, TimeSpan};
    match (left, right) {
        (Datum::Dynamic(value), right) => match convert::of_kind(value) {
            Datum::Dynamic(_) => None,
            left => arithmetic(operator, &left, right, ty),
        },
        (left, Datum::Dynamic(value)) => match convert::of_kind(value) {
            Datum::Dynamic(_) => None,
            right => arithmetic(operator, left, &right, ty),
        },
        (DateTime(left), DateTime(right)) if operator == Binary::Subtract => left
            .checked_sub(*right)?
            .checked_mul(TICKS_PER_MICROSECOND)
            .map(TimeSpan),
        (DateTime(moment), TimeSpan(ticks)) => {
            // A moment has no tenth of a microsecond: a tick before midnight is before it.
            let ticks = match operator {
                Binary::Add => *ticks,
                Binary::Subtract => ticks.checked_neg()?,
                _ => return None,
            };
            let moved = moment.checked_add(ticks.div_euclid(TICKS_PER_MICROSECOND))?;
            Some(convert::datetime(moved))
        }
        (TimeSpan(_), DateTime(_)) if operator == Binary::Add => arithmetic(operator, right, left, ty),
        (TimeSpan(left), TimeSpan(right)) => match operator {
            Binary::Add => left.checked_add(*right).map(TimeSpan),
            Binary::Subtract => left.checked_sub(*right).map(TimeSpan),
            Binary::Divide => Some(Datum::Real(*left as f64 / *right as f64)),
            Binary::Modulo => left.checked_rem_euclid(*right).map(TimeSpan),
            _ => None,
        },
        (TimeSpan(ticks), factor) | (factor, TimeSpan(ticks)) if operator == Binary::Multiply => times(*ticks, factor),
        (TimeSpan(ticks), divisor) if operator == Binary::Divide => over(*ticks, divisor),
        _ => match numbers(left, right)? {
            Numbers::Long(left, right) => longs(operator, left, right).map(|value| match ty {
                // What 32 bits do not hold wraps round in them, as 64 bits do.
                Type::Int => Datum::Int(value as i32),
                Type::Real => Datum::Real(value as f64),
                _ => Datum::Long(value),
            }),
            Numbers::Real(left, right) => Some(Datum::Real(reals(operator, left, right))),
            Numbers::Decimal(left, right) => decimals(operator, left, right).map(Datum::Decimal),
        },
    }
}

fn times(ticks: i64, factor: &Datum<'_>) -> Option<Datum<'static>> {
    match factor {
        Datum::Int(_) | Datum::Long(_) => ticks.checked_mul(convert::long(factor)?),
        _ => convert::truncated((ticks as f64 * convert::real(factor)?).round()),
    }
    .map(Datum::TimeSpan)
}

fn over(ticks: i64, divisor: &Datum<'_>) -> Option<Datum<'static>> {
    match divisor {
        Datum::Int(_) | Datum::Long(_) => ticks.checked_div(convert::long(divisor)?),
        _ => convert::truncated((ticks as f64 / convert::real(divisor)?).round()),
    }
    .map(Datum::TimeSpan)
}

fn longs(operator: Binary, left: i64, right: i64) -> Option<i64> {
    match operator {
        Binary::Add => Some(left.wrapping_add(right)),
        Binary::Subtract => Some(left.wrapping_sub(right)),
        Binary::Multiply => Some(left.wrapping_mul(right)),
        Binary::Divide if right != 0 => Some(left.wrapping_div(right)),
        Binary::Modulo if right != 0 => Some(left.wrapping_rem_euclid(right)),
        _ => None,
    }
}

fn reals(operator: Binary, left: f64, right: f64) -> f64 {
    match operator {
        Binary::Subtract => left - right,
        Binary::Multiply => left * right,
        Binary::Divide => left / right,
        Binary::Modulo => left.rem_euclid(right),
        _ => left + right,
    }
}

fn decimals(operator: Binary, left: Decimal, right: Decimal) -> Option<Decimal> {
    match operator {
        Binary::Add => left.checked_add(right),
        Binary::Subtract => left.checked_sub(right),
        Binary::Multiply => left.checked_mul(right),
        Binary::Divide => left.checked_div(right),
        Binary::Modulo => left.checked_rem(right).map(|rest| {
            if rest.is_sign_negative() {
                rest + right.abs()
            } else {
                rest
            }
        }),
        _ => None,
    }
}

/// `-value`
pub fn negate(value: &Datum<'_>) -> Datum<'static> {
    match value {
        Datum::Int(value) => Datum::Int(value.wrapping_neg()),
        Datum::Long(value) => Datum::Long(value.wrapping_neg()),
        Datum::Real(value) => Datum::Real(-value),
        Datum::Decimal(value) => Datum::Decimal(-value),
        Datum::TimeSpan(value) => value.checked_neg().map_or(Datum::Null, Datum::TimeSpan),
        Datum::Dynamic(value) => match convert::of_kind(value) {
            Datum::Dynamic(_) => Datum::Null,
            simple => negate(&simple),
        },
        _ => Datum::Null,
    }
}

/// `low <= value <= high`; a duration as `high` counts from `low` where that is a moment.
pub fn between(value: &Datum<'_>, low: &Datum<'_>, high: &Datum<'_>) -> Option<bool> {
    let end;
    let high = match (low, high) {
        (Datum::DateTime(_), Datum::TimeSpan(_)) => {
            end = binary(Binary::Add, low, high, Type::DateTime);
            &end
        }
        _ => high,
    };
    let above = binary(Binary::GreaterOrEqual, value, low, Type::Bool);
    let below = binary(Binary::LessOrEqual, value, high, Type::Bool);
    and(as_truth(&above), as_truth(&below))
}

/// A value of type `bool` as a truth.
pub fn as_truth(datum: &Datum<'_>) -> Option<bool> {
    match datum {
        Datum::Bool(value) => Some(*value),
        Datum::Null => None,
        other => convert::boolean(other),
    }
}

pub fn and(left: Option<bool>, right: Option<bool>) -> Option<bool> {
    match (left, right) {
        (Some(false), _) | (_, Some(false)) => Some(false),
        (Some(true), Some(true)) => Some(true),
        _ => None,
    }
}

pub fn or(left: Option<bool>, right: Option<bool>) -> Option<bool> {
    match (left, right) {
        (Some(true), _) | (_, Some(true)) => Some(true),
        (Some(false), Some(false)) => Some(false),
        _ => None,
    }
}
