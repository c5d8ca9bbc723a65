//! Documented queries that need no more than rows, filters and projections, run by the interpreter alone.
//!
//! The cases are shared data (`../shared/data/kql` beside the workspace); where they are absent the test says so and
//! passes. What the rest of the language gives is tested where the rest of it runs.

use std::path::PathBuf;
use std::sync::Arc;

use postern_kql::ir::{Op, Tabular};
use postern_kql::schema::{Found, Schema, StoredFunction, Table, TableFunction};
use postern_kql::{Options, Type, bind, parse};
use postern_kql_functions::{Context, Datum, Json, Program, Values, convert, operators};
use serde_json::Value;

/// Flags of cases whose documented rows say nothing certain.
const FLAGS_LEFT_OUT: &[&str] = &[
    "nondeterministic",
    "external",
    "ragged-table",
    "truncated-output",
    "schema-differs",
];

/// Functions whose documentation is known to round or to show other arguments than it uses.
const FUNCTIONS_LEFT_OUT: &[&str] = &["geo_", "series_", "hll", "tdigest"];

/// Cases whose documented rows cannot be what any engine answers, or what this one does, and why.
const SLIPS: &[(&str, &str)] = &[
    ("2546b88ec57e1176", "shows the arguments of another example"),
    ("341816438f103080", "shows texts without quotes in what should be JSON"),
    ("67dd036fa4292a05", "shows a text as a link in angle brackets"),
    (
        "771c6afb6cc2cba9",
        "tells ticks apart, and times here have microseconds",
    ),
    ("81ab9bcff4bc25c2", "loses the last character of the text"),
    ("84bdc6798fb63a85", "puts the text of the query in other words"),
    ("8cb6dcc958e7cf57", "shows quotes inside quotes, which is no JSON"),
    ("936f3b1f8fcbbd35", "shows a numbered list of the lines"),
    ("a72a6bbbf8366a12", "loses backslashes"),
    ("bea1a75045831eb8", "hashes by a way that nobody published"),
    ("bf510e142ae5df78", "loses backslashes"),
    // Answers of another engine that the documentation contradicts.
    ("ab391479422b0083", "writes the codes of characters in upper case"),
    ("bd9f2459a42d8f03", "writes dates the American way"),
];

struct NoTables;

impl Schema for NoTables {
    fn table(&self, _: &str) -> Found<Arc<Table>> {
        Found::No
    }

    fn table_function(&self, _: &str) -> Option<Arc<TableFunction>> {
        None
    }

    fn stored_function(&self, _: &str) -> Option<Arc<StoredFunction>> {
        None
    }

    fn tables(&self) -> Vec<Arc<Table>> {
        Vec::new()
    }

    fn table_functions(&self) -> Vec<Arc<TableFunction>> {
        Vec::new()
    }

    fn stored_functions(&self) -> Vec<Arc<StoredFunction>> {
        Vec::new()
    }
}

type Row = Vec<Datum<'static>>;

/// The rows of a table, or why they are not computed here.
fn rows(table: &Tabular, cx: &Context) -> Result<Vec<Row>, String> {
    let prepare = |scalar| {
        let subquery = |table: &Arc<Tabular>| {
            let rows = rows(table, cx).ok()?;
            Some(rows.into_iter().filter_map(|row| row.into_iter().next()).collect())
        };
        Program::new(scalar, &subquery).map_err(|diagnostic| diagnostic.message)
    };
    Ok(match &table.op {
        Op::Rows { rows } => rows
            .iter()
            .map(|row| {
                row.iter()
                    .map(|value| Ok(prepare(value)?.run(&Values(&[]), cx).into_owned()))
                    .collect()
            })
            .collect::<Result<_, String>>()?,
        Op::Where { input, predicate } => {
            let predicate = prepare(predicate)?;
            let mut kept = rows(input, cx)?;
            kept.retain(|row| predicate.holds(&Values(row), cx));
            kept
        }
        Op::Project { input, values } => {
            let values = values.iter().map(prepare).collect::<Result<Vec<_>, String>>()?;
            rows(input, cx)?
                .iter()
                .map(|row| {
                    values
                        .iter()
                        .map(|value| value.run(&Values(row), cx).into_owned())
                        .collect()
                })
                .collect()
        }
        Op::Range { from, to, step } => {
            let value = |scalar| Ok::<_, String>(prepare(scalar)?.run(&Values(&[]), cx).into_owned());
            let (mut at, to, step) = (value(from)?, value(to)?, value(step)?);
            let mut all = Vec::new();
            while operators::compare(&at, &to).is_some_and(|order| order.is_le()) && all.len() < 10_000 {
                let next = operators::binary(postern_kql::ir::Binary::Add, &at, &step, table.columns[0].ty);
                all.push(vec![std::mem::replace(&mut at, next)]);
            }
            all
        }
        Op::Serialize { input } => rows(input, cx)?,
        other => return Err(format!("{:.20}", format!("{other:?}"))),
    })
}

/// Whether a value is what the documentation prints: numbers nearly, times to the microsecond, JSON as JSON.
fn is_shown(value: &Datum<'_>, ty: Type, expected: &str) -> bool {
    let expected = expected.trim();
    match value {
        Datum::Null => expected.is_empty() || ["null", "(null)"].contains(&expected),
        Datum::Bool(truth) => {
            expected.eq_ignore_ascii_case(&truth.to_string()) || expected == u8::from(*truth).to_string()
        }
        Datum::Int(_) | Datum::Long(_) | Datum::Real(_) | Datum::Decimal(_) => {
            let infinity = expected.replace('∞', "inf").replace(',', "");
            is_near(convert::real(value).unwrap_or(f64::NAN), infinity.parse().ok())
        }
        Datum::String(text) => folded_blanks(text) == folded_blanks(expected),
        Datum::Dynamic(tree) => match Json::parse(expected) {
            Ok(expected) => is_near_json(&tree.tree(), &expected),
            Err(_) => folded_blanks(&convert::text(value)) == folded_blanks(expected),
        },
        Datum::DateTime(_) | Datum::TimeSpan(_) => {
            let read = convert::cast(&Datum::string(expected), ty);
            // A duration is printed with its days before a colon as well.
            operators::compare(value, &read).is_some_and(|order| order.is_eq()) || convert::text(value) == expected
        }
        Datum::Guid(_) => convert::text(value).eq_ignore_ascii_case(expected),
    }
}

fn is_near(value: f64, expected: Option<f64>) -> bool {
    expected.is_some_and(|expected| {
        value == expected
            || (value.is_nan() && expected.is_nan())
            || (value - expected).abs() <= 2e-6 * value.abs().max(expected.abs())
    })
}

fn is_near_json(value: &Json, expected: &Json) -> bool {
    let number = |json: &Json| match json {
        Json::Long(value) => Some(*value as f64),
        Json::Real(value) => Some(*value),
        _ => None,
    };
    match (value, expected) {
        (Json::Array(left), Json::Array(right)) => {
            left.len() == right.len() && left.iter().zip(right).all(|(left, right)| is_near_json(left, right))
        }
        (Json::Object(left), Json::Object(right)) => {
            left.len() == right.len()
                && left
                    .iter()
                    .all(|(name, value)| expected.get(name).is_some_and(|other| is_near_json(value, other)))
        }
        _ => match (number(value), number(expected)) {
            (Some(value), expected) => is_near(value, expected),
            _ => value == expected,
        },
    }
}

/// Documentation folds runs of white space.
fn folded_blanks(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// `None`: the case is not one for this test. Else what differs.
fn check(case: &Value) -> Option<Result<(), String>> {
    let flags = case["flags"].as_array()?;
    if flags
        .iter()
        .any(|flag| flag.as_str().is_some_and(|flag| FLAGS_LEFT_OUT.contains(&flag)))
    {
        return None;
    }
    let functions = case["functions"].as_array()?.iter().filter_map(Value::as_str);
    if functions
        .into_iter()
        .any(|function| FUNCTIONS_LEFT_OUT.iter().any(|prefix| function.starts_with(prefix)))
    {
        return None;
    }
    let text = case["query"].as_str()?;
    let parsed = parse(text);
    let bound = bind(&parsed.script, text, &NoTables, &Options::default());
    let query = bound.query?;
    let [output] = query.outputs.as_slice() else {
        return None;
    };
    let found = rows(&output.table, &Context::new(0)).ok()?;
    let expected: Vec<Vec<&str>> = case["rows"]
        .as_array()?
        .iter()
        .map(|row| row.as_array().into_iter().flatten().filter_map(Value::as_str).collect())
        .collect();
    let is_equal = |found: &Row, expected: &Vec<&str>| {
        found.len() == expected.len()
            && found
                .iter()
                .zip(expected)
                .zip(&output.table.columns)
                .all(|((value, expected), column)| is_shown(value, column.ty, expected))
    };
    let is_same = found.len() == expected.len()
        && found
            .iter()
            .zip(&expected)
            .all(|(row, expected)| is_equal(row, expected));
    if is_same {
        return Some(Ok(()));
    }
    let shown: Vec<Vec<String>> = found
        .iter()
        .take(20)
        .map(|row| row.iter().map(|value| convert::text(value).into_owned()).collect())
        .collect();
    Some(Err(format!("{text}\n  gives {shown:?}\n  not   {expected:?}\n")))
}

#[test]
fn documented_queries_over_rows_give_what_is_documented() {
    let shared = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    let folder = std::env::var_os("POSTERN_SHARED_DATA")
        .map_or(shared, PathBuf::from)
        .join("kql");
    for file in ["cases.jsonl", "engine_cases.jsonl"] {
        let Ok(lines) = std::fs::read_to_string(folder.join(file)) else {
            eprintln!("skipped: {file} is not there");
            continue;
        };
        let cases: Vec<Value> = lines
            .lines()
            .map(|line| serde_json::from_str(line).expect("a case is JSON"))
            .collect();
        let mut equal = 0;
        let mut differing = Vec::new();
        for case in &cases {
            let slip = SLIPS.iter().find(|(id, _)| case["id"] == *id);
            match (check(case), slip) {
                (None, _) => {}
                (Some(Ok(())), None) => equal += 1,
                (Some(Ok(())), Some((id, why))) => differing.push(format!("{id} is equal now, although it {why}")),
                (Some(Err(_)), Some(_)) => {}
                (Some(Err(difference)), None) => differing.push(difference),
            }
        }
        eprintln!("{file}: {equal} cases are equal");
        assert!(differing.is_empty(), "{}", differing.join("\n"));
        assert!(equal > 0, "no case of {file} runs here");
    }
}
