//! Functions of arrays. What is no array gives null.

use std::borrow::Cow;
use std::cmp::Ordering;

use postern_kql::Type;
use postern_kql::ir::Binary;

use crate::elements::array;
use crate::limits::{ELEMENTS_MAX, may_join, may_repeat, may_weigh};
use crate::operators::{as_truth, binary, compare, is_same_json};
use crate::strings::{Search, long};
use crate::{Context, Datum, Dynamic, Json, Kernel, convert, path};

/// The step of `range` between moments and between durations where none is given: an hour.
const HOUR: Datum<'static> = Datum::TimeSpan(3600 * convert::TICKS_PER_SECOND);

pub const FUNCTIONS: &[(&str, Kernel)] = &[
    ("array_concat", array_concat),
    ("array_iff", array_iff),
    ("array_index_of", array_index_of),
    ("array_length", array_length),
    ("array_reverse", array_reverse),
    ("array_rotate_left", |_, arguments| rotated(arguments, 1)),
    ("array_rotate_right", |_, arguments| rotated(arguments, -1)),
    ("array_shift_left", |cx, arguments| shifted(cx, arguments, 1)),
    ("array_shift_right", |cx, arguments| shifted(cx, arguments, -1)),
    ("array_slice", array_slice),
    ("array_sort_asc", |_, arguments| sorted(arguments, Ordering::Less)),
    ("array_sort_desc", |_, arguments| sorted(arguments, Ordering::Greater)),
    ("array_split", array_split),
    ("array_sum", array_sum),
    ("pack_array", pack_array),
    ("range", range),
    ("repeat", repeat),
    ("zip", zip),
];

fn list(items: Vec<Json>) -> Datum<'static> {
    Datum::dynamic(Json::Array(items))
}

fn pack_array<'a>(cx: &Context, arguments: &[Datum<'a>]) -> Datum<'a> {
    if !may_join(cx, arguments) {
        return Datum::Null;
    }
    list(arguments.iter().map(convert::json).collect())
}

fn array_length<'a>(_: &Context, arguments: &[Datum<'a>]) -> Datum<'a> {
    let length = match arguments.first() {
        // Items of a text are counted where they stand.
        Some(Datum::Dynamic(Dynamic::Text(text))) => path::items(text).map(Iterator::count),
        _ => array(arguments, 0).map(|items| items.len()),
    };
    length
        .and_then(|length| i64::try_from(length).ok())
        .map_or(Datum::Null, Datum::Long)
}

fn array_concat<'a>(cx: &Context, arguments: &[Datum<'a>]) -> Datum<'a> {
    if !may_join(cx, arguments) {
        return Datum::Null;
    }
    let mut all = Vec::new();
    for index in 0..arguments.len() {
        match array(arguments, index) {
            Some(items) => all.extend(items.into_owned()),
            None => return Datum::Null,
        }
    }
    list(all)
}

/// The values for true and for false are arrays, element by element, or one value for all.
fn array_iff<'a>(cx: &Context, arguments: &[Datum<'a>]) -> Datum<'a> {
    let Some(conditions) = array(arguments, 0) else {
        return Datum::Null;
    };
    let null = Datum::Null;
    let one = |index: usize| arguments.get(index).unwrap_or(&null);
    let arrays = [array(arguments, 1), array(arguments, 2)];
    let repeats = |index: usize| arrays[index - 1].is_none() && !may_repeat(cx, one(index), conditions.len());
    if repeats(1) || repeats(2) {
        return Datum::Null;
    }
    let element = |argument: usize, index: usize| match &arrays[argument - 1] {
        Some(items) => items.get(index).cloned().unwrap_or(Json::Null),
        None => convert::json(one(argument)),
    };
    let items = conditions
        .iter()
        .enumerate()
        .map(|(index, condition)| match condition {
            Json::Bool(truth) => element(if *truth { 1 } else { 2 }, index),
            Json::Long(number) => element(if *number != 0 { 1 } else { 2 }, index),
            Json::Real(number) => element(if *number != 0.0 { 1 } else { 2 }, index),
            _ => Json::Null,
        })
        .collect();
    list(items)
}

fn array_index_of<'a>(_: &Context, arguments: &[Datum<'a>]) -> Datum<'a> {
    let (Some(items), Some(wanted)) = (array(arguments, 0), arguments.get(1)) else {
        return Datum::Null;
    };
    let Some(search) = Search::of(arguments, || items.len()) else {
        return Datum::Null;
    };
    let wanted = convert::json(wanted);
    search.run(
        |from, length| {
            let end = length.map_or(items.len(), |length| from.saturating_add(length).min(items.len()));
            let found = items
                .get(from..end)?
                .iter()
                .position(|item| is_same_json(item, &wanted))?;
            Some(from + found)
        },
        |found| found + 1,
    )
}

fn array_reverse<'a>(_: &Context, arguments: &[Datum<'a>]) -> Datum<'a> {
    array(arguments, 0).map_or(Datum::Null, |items| list(items.iter().rev().cloned().collect()))
}

/// `direction` is 1 to the left, -1 to the right; a negative count goes the other way.
fn rotated(arguments: &[Datum<'_>], direction: i64) -> Datum<'static> {
    let (Some(items), Some(count)) = (array(arguments, 0), long(arguments, 1)) else {
        return Datum::Null;
    };
    let mut items = items.into_owned();
    if let Ok(length @ 1..) = i64::try_from(items.len()) {
        let by = (count.rem_euclid(length) * direction).rem_euclid(length);
        items.rotate_left(usize::try_from(by).unwrap_or(0));
    }
    list(items)
}

fn shifted(cx: &Context, arguments: &[Datum<'_>], direction: i64) -> Datum<'static> {
    let (Some(items), Some(count)) = (array(arguments, 0), long(arguments, 1)) else {
        return Datum::Null;
    };
    // A gap among texts is the empty text.
    let is_texts = !items.is_empty() && items.iter().all(|item| matches!(item, Json::String(_)));
    let empty = if is_texts {
        Json::String(String::new())
    } else {
        Json::Null
    };
    let fill = arguments.get(2).map_or(empty, convert::json);
    let is_left = (count < 0) != (direction > 0);
    let by = usize::try_from(count.unsigned_abs()).map_or(items.len(), |by| by.min(items.len()));
    if !may_repeat(cx, arguments.get(2).unwrap_or(&Datum::Null), by) {
        return Datum::Null;
    }
    let gap = std::iter::repeat_n(fill, by);
    list(if is_left {
        items[by..].iter().cloned().chain(gap).collect()
    } else {
        gap.chain(items[..items.len() - by].iter().cloned()).collect()
    })
}

/// From one place to another, both included and both counted from the end when negative.
fn array_slice<'a>(_: &Context, arguments: &[Datum<'a>]) -> Datum<'a> {
    let (Some(items), Some(start), Some(end)) = (array(arguments, 0), long(arguments, 1), long(arguments, 2)) else {
        return Datum::Null;
    };
    let from = place(start, items.len());
    let behind = match end.checked_add(1) {
        // The last element is at -1: behind it is the end, not the beginning.
        Some(0) | None => items.len(),
        Some(_) if end < 0 && end.unsigned_abs() > items.len() as u64 => 0,
        Some(behind) => place(behind, items.len()),
    };
    list(items.get(from..behind).unwrap_or_default().to_vec())
}

/// A place in a list of so many, from its end when negative; never outside.
fn place(index: i64, length: usize) -> usize {
    match usize::try_from(index) {
        Ok(index) => index.min(length),
        Err(_) => length.saturating_sub(usize::try_from(index.unsigned_abs()).unwrap_or(usize::MAX)),
    }
}

fn array_split<'a>(cx: &Context, arguments: &[Datum<'a>]) -> Datum<'a> {
    if !may_join(cx, arguments) {
        return Datum::Null;
    }
    let Some(items) = array(arguments, 0) else {
        return Datum::Null;
    };
    let indices: Option<Vec<i64>> = match array(arguments, 1) {
        Some(indices) => indices
            .iter()
            .map(|index| match index {
                Json::Long(index) => Some(*index),
                _ => None,
            })
            .collect(),
        None => long(arguments, 1).map(|index| vec![index]),
    };
    let Some(indices) = indices else {
        return Datum::Null;
    };
    let mut parts = Vec::with_capacity(indices.len() + 1);
    let mut from = 0;
    for index in indices {
        let to = place(index, items.len()).max(from);
        parts.push(Json::Array(items[from..to].to_vec()));
        from = to;
    }
    parts.push(Json::Array(items[from..].to_vec()));
    list(parts)
}

fn array_sum<'a>(_: &Context, arguments: &[Datum<'a>]) -> Datum<'a> {
    let Some(items) = array(arguments, 0) else {
        return Datum::Null;
    };
    let sum = items.iter().try_fold(0.0, |sum, item| match item {
        Json::Long(value) => Some(sum + *value as f64),
        Json::Real(value) => Some(sum + value),
        Json::Null => Some(sum),
        _ => None,
    });
    sum.map_or(Datum::Null, Datum::Real)
}

/// Sorts the first array, and the further ones along with it: then the result is the array of all of them. An array of
/// another length becomes null. A bool at the end says whether nulls come last; they do when it is not there.
fn sorted(arguments: &[Datum<'_>], first: Ordering) -> Datum<'static> {
    let (arguments, nulls_last) = match arguments {
        [arrays @ .., nulls_last @ Datum::Bool(_)] => (arrays, as_truth(nulls_last) == Some(true)),
        arrays => (arrays, true),
    };
    let Some(leading) = array(arguments, 0) else {
        return Datum::Null;
    };
    let mut order: Vec<usize> = (0..leading.len()).collect();
    order.sort_by(|left, right| {
        let (left, right) = (&leading[*left], &leading[*right]);
        match (left == &Json::Null, right == &Json::Null) {
            (true, true) => Ordering::Equal,
            (false, false) => kind(left).cmp(&kind(right)).then_with(|| {
                let order = compare(&convert::kind_of_tree(left), &convert::kind_of_tree(right));
                let order = order.unwrap_or(Ordering::Equal);
                if first == Ordering::Less {
                    order
                } else {
                    order.reverse()
                }
            }),
            (is_null, _) if is_null == nulls_last => Ordering::Greater,
            _ => Ordering::Less,
        }
    });
    let arranged = |items: Cow<'_, [Json]>| Json::Array(order.iter().map(|index| items[*index].clone()).collect());
    if arguments.len() == 1 {
        return Datum::dynamic(arranged(leading));
    }
    let all = (0..arguments.len())
        .map(|index| match array(arguments, index) {
            Some(items) if items.len() == order.len() => arranged(items),
            _ => Json::Null,
        })
        .collect();
    list(all)
}

/// Numbers (and what counts as them) stand before texts, texts before guids, and all else comes last.
fn kind(item: &Json) -> u8 {
    match item {
        Json::Long(_) | Json::Real(_) => 0,
        Json::String(text) if text.len() == 36 && convert::parse_guid(text).is_some() => 2,
        Json::String(_) => 1,
        Json::Bool(_) => 3,
        _ => 4,
    }
}

/// The values from `start` to `stop`, both included, `step` apart; cut off at [`ELEMENTS_MAX`].
fn range<'a>(_: &Context, arguments: &[Datum<'a>]) -> Datum<'a> {
    let (Some(start), Some(stop)) = (arguments.first(), arguments.get(1)) else {
        return Datum::Null;
    };
    let default = match start {
        Datum::DateTime(_) | Datum::TimeSpan(_) => HOUR,
        _ => Datum::Long(1),
    };
    let step = arguments.get(2).unwrap_or(&default);
    let zero = match step {
        Datum::TimeSpan(_) => Datum::TimeSpan(0),
        _ => Datum::Long(0),
    };
    let past = match compare(step, &zero) {
        Some(Ordering::Greater) => Ordering::Greater,
        Some(Ordering::Less) => Ordering::Less,
        _ => return Datum::Null,
    };
    // Reals are counted in steps from the start, so that errors do not add up.
    let sum_type = match (start, step) {
        (Datum::Real(_), _) | (_, Datum::Real(_)) => Type::Real,
        (start, _) => start.ty().unwrap_or(Type::Long),
    };
    let mut items = Vec::new();
    for index in 0..ELEMENTS_MAX as i64 {
        let moved = binary(
            Binary::Multiply,
            step,
            &Datum::Long(index),
            step.ty().unwrap_or(Type::Long),
        );
        let value = binary(Binary::Add, start, &moved, sum_type);
        match compare(&value, stop) {
            Some(order) if order != past => items.push(convert::json(&value)),
            _ => break,
        }
    }
    list(items)
}

/// So many times the value; null where the count is negative.
fn repeat<'a>(cx: &Context, arguments: &[Datum<'a>]) -> Datum<'a> {
    let (Some(value), Some(count)) = (arguments.first(), long(arguments, 1)) else {
        return Datum::Null;
    };
    let Ok(count) = usize::try_from(count) else {
        return Datum::Null;
    };
    let count = count.min(ELEMENTS_MAX);
    if !may_repeat(cx, value, count) {
        return Datum::Null;
    }
    list(vec![convert::json(value); count])
}

/// Arrays of the elements at equal places; what a shorter array lacks is null.
fn zip<'a>(cx: &Context, arguments: &[Datum<'a>]) -> Datum<'a> {
    let arrays: Option<Vec<_>> = (0..arguments.len()).map(|index| array(arguments, index)).collect();
    let Some(arrays) = arrays else {
        return Datum::Null;
    };
    let longest = arrays.iter().map(|items| items.len()).max().unwrap_or(0);
    if !may_join(cx, arguments) || !may_weigh(cx, longest * (arrays.len() + 1) * size_of::<Json>()) {
        return Datum::Null;
    }
    let row = |index: usize| {
        arrays
            .iter()
            .map(|items| items.get(index).cloned().unwrap_or(Json::Null))
            .collect()
    };
    list((0..longest).map(|index| Json::Array(row(index))).collect())
}
