//! Values read out of text, as `parse` and `parse-kv` do.

use postern_kql::Type;

use super::empty;
use crate::{Datum, convert};

/// The value that a text stands for; `None` where it stands for none of the type. White space around counts for texts
/// alone.
pub(super) fn value<'t>(text: &'t str, ty: Type) -> Option<Datum<'t>> {
    match ty {
        Type::String => Some(Datum::string(text)),
        Type::Dynamic => match convert::parse_dynamic(&Datum::string(text)) {
            Datum::Null => None,
            value => Some(value),
        },
        ty => match convert::cast(&Datum::string(text.trim()), ty) {
            Datum::Null => None,
            value => Some(value),
        },
    }
}

/// As [`value`], with the empty value of the type where there is none.
pub(super) fn value_or_empty(text: &str, ty: Type) -> Datum<'_> {
    value(text, ty).unwrap_or_else(|| empty(ty))
}
