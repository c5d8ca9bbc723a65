//! Constants that the binder itself must know: names in texts, percentiles, limits, values of `datatable`.

use crate::ir::{Binary, PathStep, Scalar, ScalarKind};
use crate::{Span, Type, Value};

pub(crate) fn scalar(value: Value, span: Span) -> Scalar {
    Scalar {
        ty: value.ty(),
        kind: ScalarKind::Constant(value),
        span,
    }
}

pub(crate) fn string(text: impl Into<String>, span: Span) -> Scalar {
    scalar(Value::String(text.into()), span)
}

/// The value, if it is written as one.
pub(crate) fn value(scalar: &Scalar) -> Option<&Value> {
    match &scalar.kind {
        ScalarKind::Constant(value) => Some(value),
        _ => None,
    }
}

pub(crate) fn text(scalar: &Scalar) -> Option<&str> {
    match value(scalar)? {
        Value::String(text) => Some(text),
        _ => None,
    }
}

pub(crate) fn integer(scalar: &Scalar) -> Option<i64> {
    match value(scalar)? {
        Value::Int(number) => Some(i64::from(*number)),
        Value::Long(number) => Some(*number),
        _ => None,
    }
}

/// Whether it depends on no column, so that it has one value for the whole query.
pub(crate) fn is_constant(scalar: &Scalar) -> bool {
    match &scalar.kind {
        ScalarKind::Constant(_) | ScalarKind::ToScalar(_) => true,
        ScalarKind::Call { arguments, .. } => arguments.iter().all(is_constant),
        ScalarKind::Negate(operand) | ScalarKind::Cast(operand) => is_constant(operand),
        ScalarKind::Binary { left, right, .. }
        | ScalarKind::Text { left, right, .. }
        | ScalarKind::And(left, right)
        | ScalarKind::Or(left, right) => is_constant(left) && is_constant(right),
        ScalarKind::Between { value, low, high, .. } => [value, low, high].into_iter().all(|part| is_constant(part)),
        ScalarKind::In { left, list, .. } | ScalarKind::HasAny { left, list, .. } => {
            is_constant(left) && list.iter().all(is_constant)
        }
        ScalarKind::InTable { left, .. } | ScalarKind::HasAnyTable { left, .. } => is_constant(left),
        ScalarKind::Path { base, steps } => {
            is_constant(base)
                && steps.iter().all(|step| match step {
                    PathStep::Computed(index) => is_constant(index),
                    PathStep::Key(_) | PathStep::Index(_) => true,
                })
        }
        ScalarKind::Column(_)
        | ScalarKind::Window { .. }
        | ScalarKind::Property { .. }
        | ScalarKind::OverPath { .. }
        | ScalarKind::GraphFunction { .. } => false,
    }
}

/// A number of another type of number, if nothing is lost but digits behind the point.
pub(crate) fn convert(value: &Value, ty: Type) -> Option<Value> {
    Some(match (value, ty) {
        (Value::Null(_), Type::String) => return None,
        (Value::Null(_), ty) => Value::Null(ty),
        (value, ty) if value.ty() == ty => value.clone(),
        (Value::Int(number), Type::Long) => Value::Long(i64::from(*number)),
        (Value::Long(number), Type::Int) => Value::Int(i32::try_from(*number).ok()?),
        (Value::Int(number), Type::Real) => Value::Real(f64::from(*number)),
        (Value::Long(number), Type::Real) => Value::Real(*number as f64),
        (Value::Int(number), Type::Decimal) => Value::Decimal(number.to_string()),
        (Value::Long(number), Type::Decimal) => Value::Decimal(number.to_string()),
        (Value::Real(number), Type::Decimal) if number.is_finite() => Value::Decimal(number.to_string()),
        (Value::Bool(value), Type::Dynamic) => Value::Dynamic(value.to_string()),
        (Value::Int(number), Type::Dynamic) => Value::Dynamic(number.to_string()),
        (Value::Long(number), Type::Dynamic) => Value::Dynamic(number.to_string()),
        _ => return None,
    })
}

/// Whether a condition over constants holds, as far as it can be told without running it.
pub(crate) fn truth(condition: &Scalar) -> Option<bool> {
    match &condition.kind {
        ScalarKind::Constant(Value::Bool(value)) => Some(*value),
        ScalarKind::And(left, right) => Some(truth(left)? && truth(right)?),
        ScalarKind::Or(left, right) => Some(truth(left)? || truth(right)?),
        ScalarKind::Call { function, arguments } if function == "not" => Some(!truth(arguments.first()?)?),
        ScalarKind::Call { function, arguments } if function == "isempty" || function == "isnotempty" => {
            Some(text(arguments.first()?)?.is_empty() == (function == "isempty"))
        }
        ScalarKind::Binary { operator, left, right } => {
            let ordering = match (text(left), text(right)) {
                (Some(left), Some(right)) => left.cmp(right),
                _ => number(left)?.partial_cmp(&number(right)?)?,
            };
            Some(match operator {
                Binary::Equal => ordering.is_eq(),
                Binary::NotEqual => ordering.is_ne(),
                Binary::Less => ordering.is_lt(),
                Binary::LessOrEqual => ordering.is_le(),
                Binary::Greater => ordering.is_gt(),
                Binary::GreaterOrEqual => ordering.is_ge(),
                _ => return None,
            })
        }
        _ => None,
    }
}

/// A constant number, or the length of a constant text.
fn number(scalar: &Scalar) -> Option<f64> {
    match &scalar.kind {
        ScalarKind::Constant(Value::Int(number)) => Some(f64::from(*number)),
        ScalarKind::Constant(Value::Long(number)) => Some(*number as f64),
        ScalarKind::Constant(Value::Real(number)) => Some(*number),
        ScalarKind::Call { function, arguments } if function == "strlen" => {
            Some(text(arguments.first()?)?.chars().count() as f64)
        }
        _ => None,
    }
}

/// The value with the opposite sign.
pub(crate) fn negate(value: &Value) -> Option<Value> {
    Some(match value {
        Value::Int(number) => Value::Long(-i64::from(*number)),
        Value::Long(number) => Value::Long(number.checked_neg()?),
        Value::Real(number) => Value::Real(-number),
        Value::TimeSpan(ticks) => Value::TimeSpan(ticks.checked_neg()?),
        Value::Decimal(digits) => Value::Decimal(match digits.strip_prefix('-') {
            Some(positive) => positive.to_owned(),
            None => format!("-{digits}"),
        }),
        _ => return None,
    })
}

/// The texts of a JSON array of texts, without escapes; what is not such an array has none.
pub(crate) fn texts(json: &str) -> Vec<String> {
    let Some(inner) = json.trim().strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) else {
        return Vec::new();
    };
    inner
        .split(',')
        .filter_map(|part| part.trim().strip_prefix('"')?.strip_suffix('"').map(str::to_owned))
        .collect()
}
