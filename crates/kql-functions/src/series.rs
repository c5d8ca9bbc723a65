//! Arrays as series of numbers: arithmetic and functions element by element, filling of gaps, sums and statistics.
//!
//! What is not a number is missing: element by element it yields null. Of two series of different lengths the longer
//! one has no partners at its end. Whole numbers stay whole where the operation keeps them so. Not here: seasons,
//! periods, decompositions, fitted lines, transforms.

use crate::arguments::{array, boolean, real};
use crate::{Datum, Json, Kernel};

pub const FUNCTIONS: &[(&str, Kernel)] = &[
    ("series_abs", |_, arguments| {
        each(arguments, |number| Some(kept(number, f64::abs, i64::checked_abs)))
    }),
    ("series_acos", |_, arguments| each_real(arguments, f64::acos)),
    ("series_add", |_, arguments| {
        pairs(arguments, |a, b| number(a, b, |a, b| a + b, i64::checked_add))
    }),
    ("series_asin", |_, arguments| each_real(arguments, f64::asin)),
    ("series_atan", |_, arguments| each_real(arguments, f64::atan)),
    ("series_ceiling", |_, arguments| {
        each(arguments, |number| Some(kept(number, f64::ceil, Some)))
    }),
    ("series_cos", |_, arguments| each_real(arguments, f64::cos)),
    ("series_cosine_similarity", |_, arguments| {
        of_two(arguments, |a, b| {
            let magnitude = |index, series: &[f64]| match arguments.get(index) {
                None => Some(dot(series, series).sqrt()),
                Some(_) => real(arguments, index),
            };
            Some(dot(a, b) / (magnitude(2, a)? * magnitude(3, b)?))
        })
    }),
    ("series_divide", |_, arguments| {
        pairs(arguments, |a, b| Some(Json::Real(of_number(a) / of_number(b))))
    }),
    ("series_dot_product", |_, arguments| {
        of_two(arguments, |a, b| Some(dot(a, b)))
    }),
    ("series_equals", |_, arguments| {
        pairs(arguments, |a, b| Some(Json::Bool(of_number(a) == of_number(b))))
    }),
    ("series_exp", |_, arguments| each_real(arguments, f64::exp)),
    ("series_fill_backward", |_, arguments| {
        filled(arguments, 1, |series| {
            series.reverse();
            forward(series);
            series.reverse();
        })
    }),
    ("series_fill_const", |_, arguments| {
        let constant = constant(arguments, 1);
        filled(arguments, 2, |series| {
            series.iter_mut().for_each(|item| fill(item, &constant))
        })
    }),
    ("series_fill_forward", |_, arguments| {
        filled(arguments, 1, |series| forward(series))
    }),
    ("series_fill_linear", |_, arguments| {
        let with_edges = boolean(arguments, 2) != Some(false);
        let constant = constant(arguments, 3);
        filled(arguments, 1, |series| linear(series, with_edges, &constant))
    }),
    ("series_floor", |_, arguments| each_real(arguments, f64::floor)),
    ("series_greater", |_, arguments| {
        pairs(arguments, |a, b| Some(Json::Bool(of_number(a) > of_number(b))))
    }),
    ("series_greater_equals", |_, arguments| {
        pairs(arguments, |a, b| Some(Json::Bool(of_number(a) >= of_number(b))))
    }),
    ("series_iir", |_, arguments| recursive_filter(arguments)),
    ("series_less", |_, arguments| {
        pairs(arguments, |a, b| Some(Json::Bool(of_number(a) < of_number(b))))
    }),
    ("series_less_equals", |_, arguments| {
        pairs(arguments, |a, b| Some(Json::Bool(of_number(a) <= of_number(b))))
    }),
    ("series_log", |_, arguments| each_real(arguments, f64::ln)),
    ("series_magnitude", |_, arguments| {
        of_one(arguments, |series| Some(dot(series, series).sqrt()))
    }),
    ("series_multiply", |_, arguments| {
        pairs(arguments, |a, b| number(a, b, |a, b| a * b, i64::checked_mul))
    }),
    ("series_not_equals", |_, arguments| {
        pairs(arguments, |a, b| Some(Json::Bool(of_number(a) != of_number(b))))
    }),
    ("series_pearson_correlation", |_, arguments| {
        of_two(arguments, correlation)
    }),
    ("series_pow", |_, arguments| {
        pairs(arguments, |a, b| Some(Json::Real(of_number(a).powf(of_number(b)))))
    }),
    ("series_product", |_, arguments| {
        of_one(arguments, |series| Some(series.iter().product()))
    }),
    ("series_sign", |_, arguments| {
        each_real(arguments, |value| if value == 0.0 { 0.0 } else { value.signum() })
    }),
    ("series_sin", |_, arguments| each_real(arguments, f64::sin)),
    ("series_stats_dynamic", |_, arguments| statistics(arguments)),
    ("series_subtract", |_, arguments| {
        pairs(arguments, |a, b| number(a, b, |a, b| a - b, i64::checked_sub))
    }),
    ("series_sum", |_, arguments| {
        of_one(arguments, |series| Some(series.iter().sum()))
    }),
    ("series_tan", |_, arguments| each_real(arguments, f64::tan)),
];

/// The number, if the element is one.
fn as_number(item: &Json) -> Option<f64> {
    match item {
        Json::Long(value) => Some(*value as f64),
        Json::Real(value) => Some(*value),
        _ => None,
    }
}

/// Of an element that is known to be a number.
fn of_number(item: &Json) -> f64 {
    as_number(item).unwrap_or(f64::NAN)
}

fn each(arguments: &[Datum<'_>], compute: impl Fn(&Json) -> Option<Json>) -> Datum<'static> {
    array(arguments, 0).map_or(Datum::Null, |items| {
        let computed = items.iter().map(|item| match as_number(item) {
            Some(_) => compute(item).unwrap_or(Json::Null),
            None => Json::Null,
        });
        Datum::dynamic(Json::Array(computed.collect()))
    })
}

fn each_real(arguments: &[Datum<'_>], compute: impl Fn(f64) -> f64) -> Datum<'static> {
    each(arguments, |item| {
        as_number(item).map(|value| Json::Real(compute(value)))
    })
}

/// A whole number by `whole`, if that has a result; else a real by `real`.
fn kept(item: &Json, real: impl Fn(f64) -> f64, whole: impl Fn(i64) -> Option<i64>) -> Json {
    match item {
        Json::Long(value) => whole(*value).map_or_else(|| Json::Real(real(*value as f64)), Json::Long),
        item => Json::Real(real(of_number(item))),
    }
}

fn number(a: &Json, b: &Json, real: impl Fn(f64, f64) -> f64, whole: impl Fn(i64, i64) -> Option<i64>) -> Option<Json> {
    let both = match (a, b) {
        (Json::Long(a), Json::Long(b)) => whole(*a, *b),
        _ => None,
    };
    Some(both.map_or_else(|| Json::Real(real(of_number(a), of_number(b))), Json::Long))
}

/// A series, or a number that stands at each place of one.
enum Side {
    Series(Vec<Json>),
    Number(Json),
}

impl Side {
    fn read(arguments: &[Datum<'_>], index: usize) -> Option<Self> {
        if let Some(items) = array(arguments, index) {
            return Some(Side::Series(items));
        }
        Some(Side::Number(match arguments.get(index)? {
            Datum::Int(value) => Json::Long(i64::from(*value)),
            Datum::Long(value) => Json::Long(*value),
            _ => Json::Real(real(arguments, index)?),
        }))
    }

    fn len(&self) -> usize {
        match self {
            Side::Series(items) => items.len(),
            Side::Number(_) => 0,
        }
    }

    fn get(&self, index: usize) -> Option<&Json> {
        match self {
            Side::Series(items) => items.get(index),
            Side::Number(number) => Some(number),
        }
    }
}

fn pairs(arguments: &[Datum<'_>], compute: impl Fn(&Json, &Json) -> Option<Json>) -> Datum<'static> {
    let (Some(left), Some(right)) = (Side::read(arguments, 0), Side::read(arguments, 1)) else {
        return Datum::Null;
    };
    let computed = (0..left.len().max(right.len())).map(|index| match (left.get(index), right.get(index)) {
        (Some(a), Some(b)) if as_number(a).is_some() && as_number(b).is_some() => compute(a, b).unwrap_or(Json::Null),
        _ => Json::Null,
    });
    Datum::dynamic(Json::Array(computed.collect()))
}

/// A series without gaps.
fn numbers(arguments: &[Datum<'_>], index: usize) -> Option<Vec<f64>> {
    array(arguments, index)?.iter().map(as_number).collect()
}

fn of_one(arguments: &[Datum<'_>], compute: impl Fn(&[f64]) -> Option<f64>) -> Datum<'static> {
    numbers(arguments, 0)
        .and_then(|series| compute(&series))
        .map_or(Datum::Null, Datum::Real)
}

/// Of two series of one length; a number is a series of it.
fn of_two(arguments: &[Datum<'_>], compute: impl Fn(&[f64], &[f64]) -> Option<f64>) -> Datum<'static> {
    let (mut left, mut right) = (numbers(arguments, 0), numbers(arguments, 1));
    if let (None, Some(right), Some(value)) = (&left, &right, real(arguments, 0)) {
        left = Some(vec![value; right.len()]);
    }
    if let (Some(left), None, Some(value)) = (&left, &right, real(arguments, 1)) {
        right = Some(vec![value; left.len()]);
    }
    left.zip(right)
        .filter(|(left, right)| left.len() == right.len())
        .and_then(|(left, right)| compute(&left, &right))
        .map_or(Datum::Null, Datum::Real)
}

fn dot(left: &[f64], right: &[f64]) -> f64 {
    left.iter().zip(right).map(|(a, b)| a * b).sum()
}

/// Pearson's.
fn correlation(left: &[f64], right: &[f64]) -> Option<f64> {
    let centered = |series: &[f64]| {
        let mean = series.iter().sum::<f64>() / series.len() as f64;
        series.iter().map(|value| value - mean).collect::<Vec<f64>>()
    };
    let (left, right) = (centered(left), centered(right));
    Some(dot(&left, &right) / (dot(&left, &left) * dot(&right, &right)).sqrt())
}

/// The series after `change`, which fills elements that are null. What stands for a missing value besides null is the
/// argument at `placeholder`.
fn filled(arguments: &[Datum<'_>], placeholder: usize, change: impl Fn(&mut Vec<Json>)) -> Datum<'static> {
    let Some(mut items) = array(arguments, 0) else {
        return Datum::Null;
    };
    let placeholder = real(arguments, placeholder);
    for item in &mut items {
        let value = as_number(item);
        let is_missing = match (value, placeholder) {
            (None, _) => true,
            (Some(value), Some(placeholder)) => value == placeholder || value.is_nan() && placeholder.is_nan(),
            (Some(_), None) => false,
        };
        if is_missing {
            *item = Json::Null;
        }
    }
    change(&mut items);
    Datum::dynamic(Json::Array(items))
}

/// The number that fills, 0 by default.
fn constant(arguments: &[Datum<'_>], index: usize) -> Json {
    match Side::read(arguments, index) {
        Some(Side::Number(number)) => number,
        _ => Json::Long(0),
    }
}

fn fill(item: &mut Json, with: &Json) {
    if *item == Json::Null {
        *item = with.clone();
    }
}

fn forward(series: &mut [Json]) {
    let mut last = Json::Null;
    for item in series {
        fill(item, &last);
        last = item.clone();
    }
}

/// Gaps become straight lines; those at the ends the nearest value, if `with_edges`. A series of nothing but gaps
/// becomes the constant. Between whole numbers the fractions are cut off.
fn linear(series: &mut [Json], with_edges: bool, constant: &Json) {
    let known: Vec<usize> = (0..series.len()).filter(|index| series[*index] != Json::Null).collect();
    let (Some(&first), Some(&last)) = (known.first(), known.last()) else {
        series.iter_mut().for_each(|item| fill(item, constant));
        return;
    };
    let is_whole = known.iter().all(|index| matches!(series[*index], Json::Long(_)));
    for gap in known.windows(2) {
        let (start, end) = (gap[0], gap[1]);
        let (low, high) = (of_number(&series[start]), of_number(&series[end]));
        for (step, item) in series[start + 1..end].iter_mut().enumerate() {
            let value = low + (high - low) * (step + 1) as f64 / (end - start) as f64;
            *item = if is_whole {
                Json::Long(value as i64)
            } else {
                Json::Real(value)
            };
        }
    }
    if with_edges {
        let (at_start, at_end) = (series[first].clone(), series[last].clone());
        series[..first].fill(at_start);
        series[last..].fill(at_end);
    }
}

/// An infinite impulse response filter of the numerators and denominators.
fn recursive_filter(arguments: &[Datum<'_>]) -> Datum<'static> {
    let (Some(series), Some(numerators), Some(denominators)) =
        (numbers(arguments, 0), numbers(arguments, 1), numbers(arguments, 2))
    else {
        return Datum::Null;
    };
    let Some((&scale, feedback)) = denominators.split_first() else {
        return Datum::Null;
    };
    // The work is the product of the lengths; a filter as long as its series is none.
    if numerators.len().max(feedback.len()) > FILTER_TERMS_MAX {
        return Datum::Null;
    }
    let mut results: Vec<f64> = Vec::with_capacity(series.len());
    for index in 0..series.len() {
        let straight: f64 = numerators
            .iter()
            .zip(series[..=index].iter().rev())
            .map(|(factor, value)| factor * value)
            .sum();
        let back: f64 = feedback
            .iter()
            .zip(results.iter().rev())
            .map(|(factor, value)| factor * value)
            .sum();
        results.push((straight - back) / scale);
    }
    Datum::dynamic(Json::Array(results.into_iter().map(Json::Real).collect()))
}

/// Terms of a filter at most; a longer one yields null.
pub const FILTER_TERMS_MAX: usize = 1024;

/// Null throughout, but for the length, where a value is missing or infinite and the second argument does not say to
/// pass over it.
fn statistics(arguments: &[Datum<'_>]) -> Datum<'static> {
    let Some(items) = array(arguments, 0) else {
        return Datum::Null;
    };
    let passes_over = boolean(arguments, 1) == Some(true);
    let finite: Vec<(usize, f64)> = items
        .iter()
        .enumerate()
        .filter_map(|(index, item)| Some((index, as_number(item).filter(|value| value.is_finite())?)))
        .collect();
    let is_known = !finite.is_empty() && (passes_over || finite.len() == items.len());
    let count = finite.len() as f64;
    let sum: f64 = finite.iter().map(|(_, value)| value).sum();
    let average = sum / count;
    let squares: f64 = finite.iter().map(|(_, value)| (value - average).powi(2)).sum();
    let variance = if finite.len() > 1 { squares / (count - 1.0) } else { 0.0 };
    let extreme = |is_better: fn(f64, f64) -> bool| {
        finite
            .iter()
            .copied()
            .reduce(|best, other| if is_better(other.1, best.1) { other } else { best })
            .filter(|_| is_known)
    };
    let (min, max) = (extreme(|a, b| a < b), extreme(|a, b| a > b));
    let real = |value: f64| if is_known { Json::Real(value) } else { Json::Null };
    let place = |extreme: Option<(usize, f64)>| extreme.map_or(Json::Null, |(index, _)| Json::Long(index as i64));
    let value = |extreme: Option<(usize, f64)>| extreme.map_or(Json::Null, |(_, value)| Json::Real(value));
    let properties = [
        ("min", value(min)),
        ("min_idx", place(min)),
        ("max", value(max)),
        ("max_idx", place(max)),
        ("avg", real(average)),
        ("stdev", real(variance.sqrt())),
        ("variance", real(variance)),
        ("sum", real(sum)),
        ("len", Json::Long(items.len() as i64)),
    ];
    Datum::dynamic(Json::Object(
        properties
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value))
            .collect(),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{call, j, l, r};

    #[test]
    fn elements_are_computed_one_by_one() {
        for (name, series, expected) in [
            ("series_exp", "[0,1]", "[1.0,2.718281828459045]"),
            ("series_abs", "[-1,-1.5,null,\"x\"]", "[1,1.5,null,null]"),
            ("series_floor", "[-1.5,1,2.5]", "[-2.0,1.0,2.0]"),
            ("series_ceiling", "[-1.5,1,2.5]", "[-1.0,1,3.0]"),
            ("series_sign", "[-6,0,8.2]", "[-1.0,0.0,1.0]"),
        ] {
            assert_eq!(call(name, &[j(series)]), j(expected), "{name}");
        }
        for (name, left, right, expected) in [
            ("series_add", "[1,2,4]", "[4,2,1]", "[5,4,5]"),
            ("series_divide", "[1,2,4]", "[4,2,1]", "[0.25,1.0,4.0]"),
            ("series_multiply", "[1,2.5]", "[4,2,1]", "[4,5.0,null]"),
            ("series_pow", "[1,2,3,4]", "[1,2,3,0.5]", "[1.0,4.0,27.0,2.0]"),
            ("series_less", "[1,2,4]", "[4,2,1]", "[true,false,false]"),
            ("series_greater_equals", "[1,2,4]", "[4,2,1]", "[false,true,true]"),
            ("series_equals", "[1,2,4]", "[1.0,null,3]", "[true,null,false]"),
        ] {
            assert_eq!(call(name, &[j(left), j(right)]), j(expected), "{name}");
        }
        assert_eq!(call("series_add", &[j("[1,2]"), l(10)]), j("[11,12]"));
        assert_eq!(call("series_subtract", &[r(1.5), j("[1,2]")]), j("[0.5,-0.5]"));
        assert_eq!(call("series_add", &[j("{}"), l(1)]), Datum::Null);
    }

    #[test]
    fn gaps_are_filled() {
        let gaps = || j("[null,111,null,36,41,null,null,16,null]");
        assert_eq!(
            call("series_fill_forward", &[gaps()]),
            j("[null,111,111,36,41,41,41,16,16]")
        );
        assert_eq!(
            call("series_fill_backward", &[gaps()]),
            j("[111,111,36,36,41,16,16,16,null]")
        );
        assert_eq!(
            call("series_fill_const", &[gaps(), l(0)]),
            j("[0,111,0,36,41,0,0,16,0]")
        );
        assert_eq!(
            call("series_fill_linear", &[gaps()]),
            j("[111,111,73,36,41,32,24,16,16]")
        );
        let inside = [gaps(), Datum::Null, Datum::Bool(false)];
        assert_eq!(
            call("series_fill_linear", &inside),
            j("[null,111,73,36,41,32,24,16,null]")
        );
        let nothing = [j("[null,null]"), Datum::Null, Datum::Bool(true), r(3.5)];
        assert_eq!(call("series_fill_linear", &nothing), j("[3.5,3.5]"));
        assert_eq!(call("series_fill_forward", &[j("[5,0,7]"), l(0)]), j("[5,5,7]"));
    }

    #[test]
    fn series_are_summed_up() {
        assert_eq!(call("series_sum", &[j("[1,2,3,4]")]), r(10.0));
        assert_eq!(call("series_product", &[j("[1,2,3,4]")]), r(24.0));
        assert_eq!(call("series_magnitude", &[j("[3,4]")]), r(5.0));
        assert_eq!(call("series_dot_product", &[j("[1,2]"), j("[3,4]")]), r(11.0));
        assert_eq!(call("series_cosine_similarity", &[j("[1,0]"), j("[0,1]")]), r(0.0));
        assert_eq!(
            call("series_pearson_correlation", &[j("[1,2,3]"), j("[3,2,1]")]),
            r(-1.0)
        );
        assert_eq!(call("series_sum", &[j("[1,null]")]), Datum::Null);
        assert_eq!(
            call("series_iir", &[j("[0,1,2,3,4]"), j("[1]"), j("[1,-1]")]),
            j("[0.0,1.0,3.0,6.0,10.0]")
        );
        let stats =
            r#"{"min":1.0,"min_idx":0,"max":3.0,"max_idx":1,"avg":2.0,"stdev":1.0,"variance":1.0,"sum":6.0,"len":3}"#;
        assert_eq!(call("series_stats_dynamic", &[j("[1,3,2]")]), j(stats));
    }
}
