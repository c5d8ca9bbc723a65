//! Arrays as sets: equal elements count once, in the order of their first appearance.

use crate::elements::{Distinct, array, key, keys};
use crate::limits::may_join;
use crate::{Context, Datum, Json, Kernel, convert};

pub const FUNCTIONS: &[(&str, Kernel)] = &[
    ("jaccard_index", jaccard_index),
    ("set_difference", set_difference),
    ("set_equals", set_equals),
    ("set_has_element", set_has_element),
    ("set_intersect", set_intersect),
    ("set_union", set_union),
];

fn set_union<'a>(cx: &Context, arguments: &[Datum<'a>]) -> Datum<'a> {
    if !may_join(cx, arguments) {
        return Datum::Null;
    }
    let mut union = Distinct::default();
    for index in 0..arguments.len() {
        match array(arguments, index) {
            Some(items) => items.iter().for_each(|item| union.push(item)),
            None => return Datum::Null,
        }
    }
    Datum::dynamic(Json::Array(union.items))
}

fn set_intersect<'a>(_: &Context, arguments: &[Datum<'a>]) -> Datum<'a> {
    chosen(arguments, |is_in_all, _| is_in_all)
}

fn set_difference<'a>(_: &Context, arguments: &[Datum<'a>]) -> Datum<'a> {
    chosen(arguments, |_, is_in_any| !is_in_any)
}

/// Elements of the first array, by whether all further arrays, and whether any of them, have them.
fn chosen(arguments: &[Datum<'_>], takes: fn(bool, bool) -> bool) -> Datum<'static> {
    let others: Option<Vec<_>> = (1..arguments.len())
        .map(|index| array(arguments, index).map(|items| keys(&items)))
        .collect();
    let (Some(items), Some(others)) = (array(arguments, 0), others) else {
        return Datum::Null;
    };
    let mut kept = Distinct::default();
    for item in items.iter() {
        let key = key(item);
        let is_in = |set: &std::collections::HashSet<String>| set.contains(&key);
        if takes(others.iter().all(is_in), others.iter().any(is_in)) {
            kept.push(item);
        }
    }
    Datum::dynamic(Json::Array(kept.items))
}

fn set_has_element<'a>(_: &Context, arguments: &[Datum<'a>]) -> Datum<'a> {
    let (Some(items), Some(wanted)) = (array(arguments, 0), arguments.get(1)) else {
        return Datum::Null;
    };
    let wanted = convert::json(wanted);
    Datum::Bool(items.iter().any(|item| crate::operators::is_same_json(item, &wanted)))
}

fn set_equals<'a>(_: &Context, arguments: &[Datum<'a>]) -> Datum<'a> {
    match (array(arguments, 0), array(arguments, 1)) {
        (Some(left), Some(right)) => Datum::Bool(keys(&left) == keys(&right)),
        _ => Datum::Null,
    }
}

/// How many elements both sets have, over how many either has; of two empty sets it is not a number.
fn jaccard_index<'a>(_: &Context, arguments: &[Datum<'a>]) -> Datum<'a> {
    let (Some(left), Some(right)) = (array(arguments, 0), array(arguments, 1)) else {
        return Datum::Null;
    };
    let (left, right) = (keys(&left), keys(&right));
    let both = left.intersection(&right).count();
    // The language calls the result dynamic.
    Datum::dynamic(Json::Real(both as f64 / (left.len() + right.len() - both) as f64))
}
