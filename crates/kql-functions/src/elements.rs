//! Arrays and bags among the arguments of a kernel, and when two elements count as the same.

use std::borrow::Cow;
use std::collections::HashSet;

use crate::{Datum, Json};

/// The elements of an array; `None` for all else.
pub fn array<'d>(arguments: &'d [Datum<'_>], index: usize) -> Option<Cow<'d, [Json]>> {
    let Datum::Dynamic(value) = arguments.get(index)? else {
        return None;
    };
    match value.tree() {
        Cow::Borrowed(Json::Array(items)) => Some(Cow::Borrowed(items)),
        Cow::Owned(Json::Array(items)) => Some(Cow::Owned(items)),
        _ => None,
    }
}

/// The properties of a bag; `None` for all else.
pub fn bag<'d>(arguments: &'d [Datum<'_>], index: usize) -> Option<Cow<'d, [(String, Json)]>> {
    let Datum::Dynamic(value) = arguments.get(index)? else {
        return None;
    };
    match value.tree() {
        Cow::Borrowed(Json::Object(entries)) => Some(Cow::Borrowed(entries)),
        Cow::Owned(Json::Object(entries)) => Some(Cow::Owned(entries)),
        _ => None,
    }
}

/// What equal elements have in common: their text, whole numbers written without a point.
pub fn key(item: &Json) -> String {
    match item {
        Json::Real(value) if value.fract() == 0.0 && value.abs() < 1e15 => format!("{value}"),
        item => item.to_string(),
    }
}

/// Elements, each taken once, in the order of their first appearance.
#[derive(Default)]
pub struct Distinct {
    pub items: Vec<Json>,
    seen: HashSet<String>,
}

impl Distinct {
    pub fn push(&mut self, item: &Json) {
        if self.seen.insert(key(item)) {
            self.items.push(item.clone());
        }
    }
}

pub fn keys(items: &[Json]) -> HashSet<String> {
    items.iter().map(key).collect()
}
