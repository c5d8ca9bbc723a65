//! Laws of all aggregates, and the documented results of each.

use postern_kql::ir::{Scalar, ScalarKind};
use postern_kql::{Span, Value};

use super::*;
use crate::Context;

fn argument(ty: Type) -> Scalar {
    Scalar {
        kind: ScalarKind::Constant(Value::Null(ty)),
        ty,
        span: Span::default(),
    }
}

fn aggregate(function: &str, ty: Type, arguments: &[Type], output: usize) -> Aggregate {
    Aggregate {
        function: function.to_owned(),
        arguments: arguments.iter().copied().map(argument).collect(),
        ty,
        output,
        span: Span::default(),
    }
}

fn dynamic(text: &str) -> Datum<'static> {
    dynamic_text(text.to_owned())
}

fn text(datum: &Datum<'_>) -> String {
    let mut text = String::new();
    crate::element::write(datum, &mut text);
    text
}

/// The result of rows of arguments, as text.
fn run(aggregate: &Aggregate, rows: &[Vec<Datum<'_>>]) -> String {
    let mut accumulator = accumulator(aggregate).unwrap();
    rows.iter().for_each(|row| accumulator.update(row));
    text(&accumulator.finish())
}

fn longs(values: &[i64]) -> Vec<Vec<Datum<'static>>> {
    values.iter().map(|value| vec![Datum::Long(*value)]).collect()
}

/// A number that is as good as random and always the same.
fn scatter(index: u64) -> u64 {
    let mixed = (index + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (mixed ^ (mixed >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9) >> 20
}

/// The arguments of a row by its number.
type Arguments = fn(u64) -> Vec<Datum<'static>>;

/// Every aggregate: function, result type, which output, and the arguments.
#[rustfmt::skip]
fn every() -> Vec<(&'static str, Type, usize, Arguments)> {
    fn long(index: u64) -> Datum<'static> {
        if scatter(index).is_multiple_of(5) { Datum::Null } else { Datum::Long((scatter(index) % 50) as i64 - 20) }
    }
    fn word(index: u64) -> Datum<'static> {
        Datum::string(["", "a", "b\"", "ß", "c"][(scatter(index) % 5) as usize])
    }
    fn flag(index: u64) -> Datum<'static> {
        [Datum::Bool(true), Datum::Bool(false), Datum::Null][(scatter(index + 7) % 3) as usize].clone()
    }
    fn tree(index: u64) -> Datum<'static> {
        let trees = ["{\"a\":1}", "{\"b\":[2.5,\"x\"]}", "[1,2,null]", "{\"a\":{\"c\":true}}", "\"text\"", "7"];
        dynamic(trees[(scatter(index) % 6) as usize])
    }
    vec![
        ("count", Type::Long, 0, |_| vec![]),
        ("countif", Type::Long, 0, |row| vec![flag(row)]),
        ("dcount", Type::Long, 0, |row| vec![long(row)]),
        ("dcountif", Type::Long, 0, |row| vec![word(row), flag(row), Datum::Int(2)]),
        ("count_distinct", Type::Long, 0, |row| vec![word(row)]),
        ("count_distinctif", Type::Long, 0, |row| vec![long(row), flag(row)]),
        ("sum", Type::Long, 0, |row| vec![long(row)]),
        ("sumif", Type::Long, 0, |row| vec![long(row), flag(row)]),
        ("avg", Type::Real, 0, |row| vec![long(row)]),
        ("avgif", Type::Real, 0, |row| vec![long(row), flag(row)]),
        ("min", Type::Long, 0, |row| vec![long(row)]),
        ("max", Type::String, 0, |row| vec![word(row)]),
        ("minif", Type::String, 0, |row| vec![word(row), flag(row)]),
        ("maxif", Type::Long, 0, |row| vec![long(row), flag(row)]),
        ("arg_max", Type::Long, 0, |row| vec![long(row), word(row)]),
        ("arg_max", Type::String, 1, |row| vec![long(row), word(row)]),
        ("arg_min", Type::Dynamic, 1, |row| vec![word(row), tree(row)]),
        ("take_any", Type::String, 0, |row| vec![word(row)]),
        ("take_any", Type::Long, 1, |row| vec![word(row), long(row)]),
        ("take_anyif", Type::Long, 0, |row| vec![long(row), flag(row)]),
        ("stdev", Type::Real, 0, |row| vec![long(row)]),
        ("stdevif", Type::Real, 0, |row| vec![long(row), flag(row)]),
        ("stdevp", Type::Real, 0, |row| vec![long(row)]),
        ("variance", Type::Real, 0, |row| vec![long(row)]),
        ("variancep", Type::Real, 0, |row| vec![long(row)]),
        ("varianceif", Type::Real, 0, |row| vec![long(row), flag(row)]),
        ("covariance", Type::Real, 0, |row| vec![long(row), long(row + 1)]),
        ("covariancepif", Type::Real, 0, |row| vec![long(row), long(row + 1), flag(row)]),
        ("binary_all_and", Type::Long, 0, |row| vec![long(row)]),
        ("binary_all_or", Type::Long, 0, |row| vec![long(row)]),
        ("binary_all_xor", Type::Long, 0, |row| vec![long(row)]),
        ("make_list", Type::Dynamic, 0, |row| vec![word(row)]),
        ("make_list", Type::Dynamic, 0, |row| vec![tree(row), Datum::Long(5)]),
        ("make_list_if", Type::Dynamic, 0, |row| vec![long(row), flag(row), Datum::Long(5)]),
        ("make_list_with_nulls", Type::Dynamic, 0, |row| vec![long(row)]),
        ("make_set", Type::Dynamic, 0, |row| vec![tree(row)]),
        ("make_set", Type::Dynamic, 0, |row| vec![long(row), Datum::Long(5)]),
        ("make_set_if", Type::Dynamic, 0, |row| vec![word(row), flag(row)]),
        ("make_bag", Type::Dynamic, 0, |row| vec![tree(row)]),
        ("make_bag_if", Type::Dynamic, 0, |row| vec![tree(row), flag(row), Datum::Long(1)]),
        ("buildschema", Type::Dynamic, 0, |row| vec![tree(row)]),
        ("percentile", Type::Long, 0, |row| vec![long(row), Datum::Long(30)]),
        ("percentiles", Type::Long, 1, |row| vec![long(row), Datum::Long(30), Datum::Real(66.6)]),
        ("percentilesw", Type::Long, 0, |row| vec![long(row), long(row + 1), Datum::Long(75)]),
        ("percentiles_array", Type::Dynamic, 0, |row| vec![long(row), dynamic("[5,50,95.5]")]),
        ("hll", Type::Dynamic, 0, |row| vec![word(row)]),
        ("tdigest", Type::Dynamic, 0, |row| vec![long(row)]),
    ]
}

#[test]
fn merging_parts_in_order_equals_one_pass() {
    for (function, ty, output, arguments) in every() {
        let types: Vec<Type> = (0..3)
            .find_map(|row| {
                let types: Vec<_> = arguments(row).iter().map(Datum::ty).collect();
                types
                    .iter()
                    .all(Option::is_some)
                    .then(|| types.into_iter().flatten().collect())
            })
            .unwrap_or_else(|| vec![Type::Long; 3]);
        let aggregate = aggregate(function, ty, &types, output);
        for seed in 0..40 {
            let rows: Vec<_> = (0..scatter(seed) % 30)
                .map(|row| arguments(seed * 1000 + row))
                .collect();
            let mut merged = accumulator(&aggregate).unwrap();
            let mut rest = rows.as_slice();
            // Parts of any size, none included; the last takes what is left.
            for part in 0..4 {
                let size = if part == 3 {
                    rest.len()
                } else {
                    scatter(seed + part) as usize % (rest.len() + 1)
                };
                let mut accumulator = accumulator(&aggregate).unwrap();
                rest[..size].iter().for_each(|row| accumulator.update(row));
                merged.merge(&accumulator.state()).unwrap();
                rest = &rest[size..];
            }
            let (merged, expected) = (text(&merged.finish()), run(&aggregate, &rows));
            match (merged.parse::<f64>(), expected.parse::<f64>()) {
                (Ok(merged), Ok(expected)) if expected.is_finite() => {
                    assert!(
                        (merged - expected).abs() <= 1e-9 * expected.abs().max(1.0),
                        "{function}: {merged} {expected}"
                    );
                }
                _ => assert_eq!(merged, expected, "{function}, output {output}, seed {seed}"),
            }
        }
    }
}

#[test]
fn a_state_that_is_cut_short_is_refused() {
    for (function, ty, output, arguments) in every() {
        let aggregate = aggregate(function, ty, &[Type::Long; 3], output);
        let mut whole = accumulator(&aggregate).unwrap();
        (0..30).for_each(|row| whole.update(&arguments(row)));
        let state = whole.state();
        let mut other = accumulator(&aggregate).unwrap();
        assert_eq!(
            other.merge(&state[..state.len() - 1]),
            Err(MalformedState),
            "{function}"
        );
    }
}

#[test]
fn no_rows_give_the_documented_defaults() {
    for (function, ty, expected) in [
        ("count", Type::Long, "0"),
        ("countif", Type::Long, "0"),
        ("dcount", Type::Long, "0"),
        ("dcountif", Type::Long, "0"),
        ("count_distinct", Type::Long, "0"),
        ("sum", Type::Long, "0"),
        ("sumif", Type::Real, "0.0"),
        ("variance", Type::Real, "0.0"),
        ("stdev", Type::Real, "0.0"),
        ("stdevif", Type::Real, "0.0"),
        ("avg", Type::Real, "\"NaN\""),
        ("avg", Type::TimeSpan, "null"),
        ("make_bag", Type::Dynamic, "[]"),
        ("make_list", Type::Dynamic, "[]"),
        ("make_set_if", Type::Dynamic, "[]"),
        ("take_any", Type::Long, "null"),
        ("take_any", Type::String, "\"\""),
        ("arg_max", Type::Long, "null"),
        ("max", Type::DateTime, "null"),
        ("percentile", Type::Long, "null"),
        ("buildschema", Type::Dynamic, "null"),
        ("hll", Type::Dynamic, "null"),
        ("tdigest", Type::Dynamic, "null"),
    ] {
        assert_eq!(run(&aggregate(function, ty, &[ty], 0), &[]), expected, "{function}");
    }
}

#[test]
fn documented_examples() {
    let one_to_five = longs(&[1, 2, 3, 4, 5]);
    for (function, ty, expected) in [
        ("variance", Type::Real, "2.5"),
        ("variancep", Type::Real, "2.0"),
        ("stdev", Type::Real, "1.5811388300841898"),
        ("make_list", Type::Dynamic, "[1,2,3,4,5]"),
        ("avg", Type::Real, "3.0"),
        ("sum", Type::Long, "15"),
    ] {
        assert_eq!(
            run(&aggregate(function, ty, &[Type::Long], 0), &one_to_five),
            expected,
            "{function}"
        );
    }
    let bits = longs(&[0xFFFF_FFFF, 0xFFFF_F00F, 0xCFFF_FFFD, 0xFAFE_FFFF]);
    let all_and = aggregate("binary_all_and", Type::Long, &[Type::Long], 0);
    assert_eq!(run(&all_and, &bits), 0xCAFE_F00D_i64.to_string());

    let arrays = [
        r#"["A1","A2","A3"]"#,
        r#"["A2","C1"]"#,
        r#"["C2","A3"]"#,
        r#"["C2","A1"]"#,
    ];
    let rows: Vec<_> = arrays.iter().map(|array| vec![dynamic(array)]).collect();
    let set = aggregate("make_set", Type::Dynamic, &[Type::Dynamic], 0);
    assert_eq!(run(&set, &rows), r#"["A1","A2","A3","C1","C2"]"#);

    let values = [
        r#"{"x":1,"y":3.5}"#,
        r#"{"x":"somevalue","z":[1,2,3]}"#,
        r#"{"y":{"w":"zzz"},"t":["aa","bb"],"z":["foo"]}"#,
    ];
    let rows: Vec<_> = values.iter().map(|value| vec![dynamic(value)]).collect();
    let schema = aggregate("buildschema", Type::Dynamic, &[Type::Dynamic], 0);
    let expected = [
        r#"{"x":["long","string"],"y":["double",{"w":"string"}],"#,
        r#""z":{"`indexer`":["long","string"]},"t":{"`indexer`":"string"}}"#,
    ];
    assert_eq!(run(&schema, &rows), expected.concat());
}

#[test]
fn percentiles_are_values_of_the_data() {
    let buckets: Vec<Vec<Datum<'_>>> = [(10, 8), (20, 6), (30, 3), (40, 1)]
        .iter()
        .map(|(value, weight)| {
            let mut row = vec![Datum::Long(*value), Datum::Long(*weight)];
            row.extend([Datum::Long(50), Datum::Long(75), Datum::Real(99.9)]);
            row
        })
        .collect();
    for (output, expected) in ["20", "20", "40"].iter().enumerate() {
        assert_eq!(
            run(&aggregate("percentilesw", Type::Long, &[Type::Long], output), &buckets),
            *expected
        );
    }
    let all = aggregate("percentilesw_array", Type::Dynamic, &[Type::Long], 0);
    assert_eq!(run(&all, &buckets), "[20,20,40]");
    // Reals, negative ones and both zeros in their order.
    let rows = [2.5, -1.0, 0.0, -0.0, -7.25].map(|value| vec![Datum::Real(value), Datum::Long(40)]);
    assert_eq!(
        run(&aggregate("percentile", Type::Real, &[Type::Real], 0), &rows),
        "-1.0"
    );
}

#[test]
fn of_rows_with_the_same_extreme_the_first_counts() {
    let rows = [
        (None, "Yellow"),
        (Some(1), "Red"),
        (Some(2), "Green"),
        (Some(2), "Blue"),
        (Some(1), "White"),
    ]
    .map(|(version, color)| vec![version.map_or(Datum::Null, Datum::Int), Datum::string(color)]);
    let types = [Type::Int, Type::String];
    assert_eq!(run(&aggregate("arg_max", Type::String, &types, 1), &rows), "\"Green\"");
    assert_eq!(run(&aggregate("arg_min", Type::String, &types, 1), &rows), "\"Red\"");
    assert_eq!(run(&aggregate("arg_min", Type::Int, &types, 0), &rows), "1");
    // Where every value is null, it is the first row.
    assert_eq!(
        run(&aggregate("arg_max", Type::String, &types, 1), &rows[..1]),
        "\"Yellow\""
    );
    assert_eq!(run(&aggregate("arg_max", Type::Int, &types, 0), &rows[..1]), "null");
}

#[test]
fn sums_do_not_wrap() {
    let total = aggregate("sum", Type::Long, &[Type::Long], 0);
    assert_eq!(run(&total, &longs(&[i64::MAX, 1])), "null");
    assert_eq!(run(&total, &longs(&[i64::MAX, 1, -1])), i64::MAX.to_string());
}

#[test]
fn lists_are_capped() {
    let list = aggregate("make_list", Type::Dynamic, &[Type::Long], 0);
    let mut collected = accumulator(&list).unwrap();
    for value in 0..ELEMENTS_MAX as i64 + 10 {
        collected.update(&[Datum::Long(value % 10)]);
    }
    assert!(collected.size() >= 2 * ELEMENTS_MAX);
    assert_eq!(items(text(&collected.finish()).as_str()).unwrap().len(), ELEMENTS_MAX);
}

#[test]
fn sketches_and_digests_are_values_that_functions_read() {
    let hll = |from: i64| {
        let mut hll = accumulator(&aggregate("hll", Type::Dynamic, &[Type::Long], 0)).unwrap();
        (from..from + 10).for_each(|value| hll.update(&[Datum::Long(value)]));
        hll.finish()
    };
    let context = Context::new(0);
    let call = |function: &str, arguments: &[Datum<'static>]| crate::kernel(function).unwrap()(&context, arguments);
    let merged = call("hll_merge", &[hll(1), hll(6)]);
    assert_eq!(call("dcount_hll", &[merged]), Datum::Long(15));

    let digest = |from: i64| {
        let mut digest = accumulator(&aggregate("tdigest", Type::Dynamic, &[Type::Long], 0)).unwrap();
        (from..from + 10).for_each(|value| digest.update(&[Datum::Long(value)]));
        digest.finish()
    };
    let merged = call("tdigest_merge", &[digest(1), digest(11)]);
    let long = Datum::string("long");
    assert_eq!(
        call("percentile_tdigest", &[merged.clone(), Datum::Long(100), long]),
        Datum::Long(20)
    );
    assert_eq!(call("rank_tdigest", &[merged.clone(), Datum::Long(5)]), Datum::Long(5));
    assert_eq!(
        call("percentrank_tdigest", &[merged, Datum::Long(5)]),
        Datum::Real(25.0)
    );
}

#[test]
fn every_aggregate_that_the_language_declares_as_supported_has_an_accumulator() {
    use postern_kql::functions::{FunctionKind, functions};
    for function in functions()
        .iter()
        .filter(|function| function.kind == FunctionKind::Aggregate)
    {
        let call = aggregate(function.canonical, Type::Long, &[Type::Long], 0);
        if function.is_supported() {
            assert!(accumulator(&call).is_some(), "{} has no accumulator", function.name);
        }
    }
    for (function, ..) in every() {
        let is_declared = functions()
            .iter()
            .any(|declared| declared.kind == FunctionKind::Aggregate && declared.canonical == function);
        assert!(is_declared, "{function} is not declared");
    }
}
