//! The functions that turn a value into one of another type. The rules are in [`crate::convert`].

use postern_kql::Type;

use crate::{Context, Datum, Json, Kernel, convert};

pub const FUNCTIONS: &[(&str, Kernel)] = &[
    ("dynamic_to_json", dynamic_to_json),
    ("estimate_data_size", estimate_data_size),
    ("parse_json", parse_json),
    ("tobool", |_, arguments| to(arguments, Type::Bool)),
    ("todatetime", |_, arguments| to(arguments, Type::DateTime)),
    ("todecimal", |_, arguments| to(arguments, Type::Decimal)),
    ("toguid", |_, arguments| to(arguments, Type::Guid)),
    ("toint", |_, arguments| to(arguments, Type::Int)),
    ("tolong", |_, arguments| to(arguments, Type::Long)),
    ("toreal", |_, arguments| to(arguments, Type::Real)),
    ("tostring", |_, arguments| to(arguments, Type::String)),
    ("totimespan", |_, arguments| to(arguments, Type::TimeSpan)),
];

fn to<'a>(arguments: &[Datum<'a>], ty: Type) -> Datum<'a> {
    let value = arguments.first().unwrap_or(&Datum::Null);
    if value.ty() == Some(ty) {
        return value.clone();
    }
    convert::cast(value, ty)
}

fn parse_json<'a>(_: &Context, arguments: &[Datum<'a>]) -> Datum<'a> {
    arguments.first().map_or(Datum::Null, convert::parse_dynamic)
}

/// JSON text with the properties of every object in the order of their names; of other types their text.
fn dynamic_to_json<'a>(_: &Context, arguments: &[Datum<'a>]) -> Datum<'a> {
    match arguments.first() {
        Some(Datum::Dynamic(value)) => {
            let mut tree = value.tree().into_owned();
            sort_names(&mut tree);
            Datum::string(tree.to_string())
        }
        Some(value) => Datum::String(convert::text_of(value)),
        None => Datum::string(""),
    }
}

fn sort_names(tree: &mut Json) {
    match tree {
        Json::Array(items) => items.iter_mut().for_each(sort_names),
        Json::Object(entries) => {
            entries.sort_by(|left, right| left.0.cmp(&right.0));
            entries.iter_mut().for_each(|(_, value)| sort_names(value));
        }
        _ => {}
    }
}

/// Bytes that the values take: those of a text, the width of a type.
fn estimate_data_size<'a>(_: &Context, arguments: &[Datum<'a>]) -> Datum<'a> {
    let bytes: usize = arguments.iter().map(size).sum();
    Datum::Long(i64::try_from(bytes).unwrap_or(i64::MAX))
}

fn size(datum: &Datum<'_>) -> usize {
    match datum {
        // A null is a mark of eight bytes in a column of numbers.
        Datum::Null | Datum::Long(_) | Datum::Real(_) | Datum::DateTime(_) | Datum::TimeSpan(_) => 8,
        Datum::Bool(_) => 1,
        Datum::Int(_) => 4,
        Datum::Decimal(_) | Datum::Guid(_) => 16,
        Datum::String(text) => text.len(),
        Datum::Dynamic(value) => tree_size(&value.tree()),
    }
}

/// A JSON value is longer than its text: each value has a mark of its kind, each list one of its length.
fn tree_size(tree: &Json) -> usize {
    const MARK: usize = 1;
    const LENGTH: usize = 4;
    match tree {
        Json::Null | Json::Bool(_) => MARK,
        Json::Long(_) | Json::Real(_) => MARK + 8,
        Json::String(text) => MARK + LENGTH + text.len(),
        Json::Array(items) => MARK + LENGTH + items.iter().map(tree_size).sum::<usize>(),
        Json::Object(entries) => {
            let entries = entries
                .iter()
                .map(|(name, value)| LENGTH + name.len() + tree_size(value));
            MARK + LENGTH + entries.sum::<usize>()
        }
    }
}
