//! Conversions that the language makes by itself.

use crate::ir::{Scalar, ScalarKind};
use crate::{Span, Type};

use super::constant;

/// Whether a value of one type becomes one of the other where that is asked for.
pub(crate) fn promotes(from: Type, to: Type) -> bool {
    matches!(
        (from, to),
        (Type::Int, Type::Long | Type::Real | Type::Decimal)
            | (Type::Long, Type::Real | Type::Decimal)
            | (Type::Real, Type::Decimal)
            | (Type::Dynamic, Type::String)
    )
}

/// The type that both become, or `None`.
pub(crate) fn common(left: Type, right: Type) -> Option<Type> {
    if left == right {
        Some(left)
    } else if left == Type::Dynamic || right == Type::Dynamic {
        Some(Type::Dynamic)
    } else if promotes(left, right) {
        Some(right)
    } else if promotes(right, left) {
        Some(left)
    } else {
        None
    }
}

/// The wider of two types of numbers.
pub(crate) fn widest(left: Type, right: Type) -> Type {
    if promotes(left, right) { right } else { left }
}

/// `int` in arithmetic is `long`.
pub(crate) fn promoted(ty: Type) -> Type {
    if ty == Type::Int { Type::Long } else { ty }
}

/// The function that converts to a type.
pub(crate) fn conversion(to: Type) -> &'static str {
    match to {
        Type::Bool => "tobool",
        Type::Int => "toint",
        Type::Long => "tolong",
        Type::Real => "toreal",
        Type::Decimal => "todecimal",
        Type::String => "tostring",
        Type::DateTime => "todatetime",
        Type::TimeSpan => "totimespan",
        Type::Guid => "toguid",
        Type::Dynamic => "parse_json",
    }
}

/// The value as one of that type: as it is, a constant, a widened number or the call of a conversion.
pub(crate) fn to(scalar: Scalar, ty: Type) -> Scalar {
    if scalar.ty == ty {
        return scalar;
    }
    let span = scalar.span;
    if let Some(value) = constant::value(&scalar).and_then(|value| constant::convert(value, ty)) {
        return constant::scalar(value, span);
    }
    if scalar.ty != Type::Dynamic && promotes(scalar.ty, ty) {
        return Scalar {
            kind: ScalarKind::Cast(Box::new(scalar)),
            ty,
            span,
        };
    }
    if ty == Type::Dynamic && scalar.ty != Type::String {
        // Whatever is not text becomes the JSON value that it is.
        return Scalar {
            kind: ScalarKind::Cast(Box::new(scalar)),
            ty,
            span,
        };
    }
    call(conversion(ty), vec![scalar], ty, span)
}

/// A call of a built-in function.
pub(crate) fn call(function: &str, arguments: Vec<Scalar>, ty: Type, span: Span) -> Scalar {
    Scalar {
        kind: ScalarKind::Call {
            function: function.to_owned(),
            arguments,
        },
        ty,
        span,
    }
}
