//! Conditions and tests for null: `iff`, `case`, `coalesce`, `not`, `isnull`, `isempty`, and what a value's type is.
//!
//! The interpreter computes `iff`, `case` and `coalesce` itself, so that only what is asked for is computed; the
//! kernels here are for whoever has the values already.

use crate::evaluate::coalesce as first_of;
use crate::operators::{as_truth, truth};
use crate::{Context, Datum, Json, Kernel, convert};

pub const FUNCTIONS: &[(&str, Kernel)] = &[
    ("case", case),
    ("coalesce", coalesce),
    ("gettype", gettype),
    ("iff", case),
    ("isempty", isempty),
    ("isnotempty", isnotempty),
    ("isnotnull", isnotnull),
    ("isnull", isnull),
    ("not", not),
];

/// `iff` is a `case` with one condition.
fn case<'a>(_: &Context, arguments: &[Datum<'a>]) -> Datum<'a> {
    let (branches, otherwise) = arguments.split_at(arguments.len() / 2 * 2);
    branches
        .chunks_exact(2)
        .find(|branch| as_truth(&branch[0]) == Some(true))
        .map(|branch| &branch[1])
        .or(otherwise.first())
        .cloned()
        .unwrap_or(Datum::Null)
}

fn coalesce<'a>(_: &Context, arguments: &[Datum<'a>]) -> Datum<'a> {
    first_of(arguments.iter().cloned())
}

fn isnull<'a>(_: &Context, arguments: &[Datum<'a>]) -> Datum<'a> {
    Datum::Bool(arguments.iter().all(Datum::is_null))
}

fn isnotnull<'a>(_: &Context, arguments: &[Datum<'a>]) -> Datum<'a> {
    Datum::Bool(!arguments.iter().all(Datum::is_null))
}

fn isempty<'a>(_: &Context, arguments: &[Datum<'a>]) -> Datum<'a> {
    Datum::Bool(arguments.iter().all(is_empty))
}

fn isnotempty<'a>(_: &Context, arguments: &[Datum<'a>]) -> Datum<'a> {
    Datum::Bool(!arguments.iter().all(is_empty))
}

/// Null, or the empty text.
pub fn is_empty(datum: &Datum<'_>) -> bool {
    match datum {
        Datum::Null => true,
        Datum::String(text) => text.is_empty(),
        Datum::Dynamic(value) => convert::dynamic_text(value).is_empty(),
        _ => false,
    }
}

fn not<'a>(_: &Context, arguments: &[Datum<'a>]) -> Datum<'a> {
    truth(arguments.first().and_then(as_truth).map(|truth| !truth))
}

/// The type at run time: of a JSON value its kind.
fn gettype<'a>(_: &Context, arguments: &[Datum<'a>]) -> Datum<'a> {
    let name = match arguments.first() {
        Some(Datum::Dynamic(value)) => match value.tree().as_ref() {
            Json::Null => "null",
            Json::Bool(_) => "bool",
            Json::Long(value) if i32::try_from(*value).is_ok() => "int",
            Json::Long(_) => "long",
            Json::Real(_) => "real",
            Json::String(_) => "string",
            Json::Array(_) => "array",
            Json::Object(_) => "dictionary",
        },
        Some(value) => value.ty().map_or("null", postern_kql::Type::name),
        None => "null",
    };
    Datum::string(name)
}
