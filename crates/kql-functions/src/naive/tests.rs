//! Documented queries, run as they are documented.
//!
//! The cases are shared data (`../shared/data/kql` beside the workspace); where they are absent the test says so and
//! passes.

use std::path::PathBuf;

use postern_kql::schema::{Found, Schema, StoredFunction, Table, TableFunction};
use postern_kql::{Code, Options, Type, bind, parse};
use serde_json::Value;

use super::*;
use crate::small::{Nothing, Prepared};
use crate::{Json, convert};

/// Flags of cases whose documented rows say nothing certain.
const FLAGS_LEFT_OUT: &[&str] = &[
    "nondeterministic",
    "external",
    "ragged-table",
    "truncated-output",
    "schema-differs",
];

/// No tables; columns that depend on rows are found by running what stands before.
struct NoTables<'n>(&'n Naive<'n>);

impl Schema for NoTables<'_> {
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

    fn discover(&self, operator: &Tabular) -> Option<Result<Vec<Column>, String>> {
        self.0.discover(operator).map_err(|error| error.to_string()).transpose()
    }
}

/// Names of columns, and rows; or what the binder or the executor says.
fn run(text: &str) -> Result<(Vec<Column>, Vec<Row>), String> {
    let cx = Context::new(0);
    let naive = Naive::new(&|_| None, &cx);
    let bound = bind(&parse(text).script, text, &NoTables(&naive), &Options::default());
    let query = bound.query.ok_or_else(|| {
        let messages = bound.diagnostics.into_iter().map(|diagnostic| diagnostic.message);
        messages.collect::<Vec<_>>().join("; ")
    })?;
    if query.outputs.iter().all(|output| is_plain(&output.table)) {
        return Err("run elsewhere".to_owned());
    }
    let mut outputs = naive.query(&query).map_err(|error| error.to_string())?;
    let columns = query.outputs.first().map(|output| output.table.columns.clone());
    Ok((columns.unwrap_or_default(), outputs.swap_remove(0)))
}

fn is_near(value: f64, expected: f64) -> bool {
    value == expected
        || (value.is_nan() && expected.is_nan())
        || (value - expected).abs() <= 2e-6 * value.abs().max(expected.abs())
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
            let is_same = |(name, value): &(String, Json)| expected.get(name).is_some_and(|it| is_near_json(value, it));
            left.len() == right.len() && left.iter().all(is_same)
        }
        _ => match (number(value), number(expected)) {
            (Some(value), Some(expected)) => is_near(value, expected),
            _ => value == expected,
        },
    }
}

/// Whether a value is what the documentation prints: numbers nearly, JSON as JSON, white space folded.
fn is_shown(value: &Datum<'_>, ty: Type, expected: &str) -> bool {
    let folded = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let expected = expected.trim();
    match value {
        Datum::Null => expected.is_empty() || ["null", "(null)"].contains(&expected),
        Datum::Bool(truth) => {
            expected.eq_ignore_ascii_case(&truth.to_string()) || expected == u8::from(*truth).to_string()
        }
        Datum::Int(_) | Datum::Long(_) | Datum::Real(_) | Datum::Decimal(_) => {
            let expected = expected.replace(',', "").parse();
            expected.is_ok_and(|expected| is_near(convert::real(value).unwrap_or(f64::NAN), expected))
        }
        Datum::Dynamic(tree) => match Json::parse(expected) {
            Ok(expected) => is_near_json(&tree.tree(), &expected),
            Err(_) => folded(&convert::text(value)) == folded(expected),
        },
        Datum::DateTime(_) | Datum::TimeSpan(_) => {
            let read = convert::cast(&Datum::string(expected), ty);
            operators::compare(value, &read).is_some_and(|order| order.is_eq()) || convert::text(value) == expected
        }
        Datum::String(_) | Datum::Guid(_) => folded(&convert::text(value)) == folded(expected),
    }
}

fn is_same(columns: &[Column], found: &[Row], case: &Value) -> bool {
    let expected: Vec<Vec<&str>> = case["rows"].as_array().into_iter().flatten().map(cells).collect();
    if found.len() != expected.len() || rows::names(columns).ne(cells(&case["columns"])) {
        return false;
    }
    let is_row = |row: &Row, expected: &Vec<&str>| {
        let mut values = row.iter().zip(columns).zip(expected);
        values.all(|((value, column), expected)| is_shown(value, column.ty, expected))
    };
    if !case["flags"]
        .as_array()
        .is_some_and(|flags| flags.iter().any(|flag| flag == "unordered"))
    {
        return found.iter().zip(&expected).all(|(row, expected)| is_row(row, expected));
    }
    let mut rest: Vec<&Vec<&str>> = expected.iter().collect();
    found
        .iter()
        .all(|row| match rest.iter().position(|expected| is_row(row, expected)) {
            Some(at) => {
                rest.swap_remove(at);
                true
            }
            None => false,
        })
}

fn cells(row: &Value) -> Vec<&str> {
    row.as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}

/// Whether a query needs no more than what `tests/it/cases.rs` runs by the interpreter alone.
fn is_plain(table: &Tabular) -> bool {
    match &table.op {
        Op::Rows { .. } | Op::Range { .. } => true,
        Op::Where { input, .. } | Op::Project { input, .. } | Op::Serialize { input } => is_plain(input),
        _ => false,
    }
}

/// Cases whose documented rows cannot be what any engine answers, or are one answer of several, and why.
const SLIPS: &[(&str, &str)] = &[
    ("0b86ce84a7c38218", "leaves out days"),
    ("125299fe7d26e435", "measures how another engine keeps a sketch"),
    ("614c27d5117b7651", "shows one order of several"),
    (
        "67542323345dd30e",
        "shows one row of the several that innerunique may keep",
    ),
];

#[test]
fn documented_queries_give_what_is_documented() {
    let shared = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    let folder = std::env::var_os("POSTERN_SHARED_DATA")
        .map_or(shared, PathBuf::from)
        .join("kql");
    for file in ["cases.jsonl", "engine_cases.jsonl"] {
        let Ok(lines) = std::fs::read_to_string(folder.join(file)) else {
            eprintln!("skipped: {file} is not there");
            continue;
        };
        let (mut equal, mut differing) = (0, Vec::new());
        for line in lines.lines() {
            let case: Value = serde_json::from_str(line).expect("a case is JSON");
            let is_left_out = |flag: &Value| flag.as_str().is_some_and(|flag| FLAGS_LEFT_OUT.contains(&flag));
            if case["flags"]
                .as_array()
                .is_some_and(|flags| flags.iter().any(is_left_out))
            {
                continue;
            }
            // What is not bound or not computed here is tested where it is.
            let text = case["query"].as_str().unwrap_or_default();
            let Ok((columns, found)) = run(text) else { continue };
            let slip = SLIPS.iter().find(|(id, _)| case["id"] == *id);
            match (is_same(&columns, &found, &case), slip) {
                (true, None) => equal += 1,
                (false, Some(_)) => {}
                (true, Some((id, why))) => differing.push(format!("{id} is equal now, although it {why}")),
                (false, None) => {
                    let (id, expected) = (&case["id"], &case["rows"]);
                    let shown = crate::rows::testing::lines(&found);
                    differing.push(format!("{id} {text}\n  gives {shown:?}\n  not   {expected}\n"));
                }
            }
        }
        eprintln!("{file}: {equal} cases are equal");
        assert!(differing.is_empty(), "{}", differing.join("\n"));
        assert!(equal > 0, "no case of {file} runs here");
    }
}

#[test]
fn the_small_executor_gives_the_same_rows() {
    let cx = Context::new(0);
    let (mut ran, mut refused, mut with_rows) = (0, Vec::new(), 0);
    for seed in 0..4000 {
        let text = queries::query(seed);
        let naive = Naive::new(&|_| None, &cx);
        let bound = bind(&parse(&text).script, &text, &NoTables(&naive), &Options::default());
        let Some(query) = bound.query else {
            let message = bound.diagnostics.first().map(|diagnostic| diagnostic.message.clone());
            refused.push(format!("{} {text}", message.unwrap_or_default()));
            continue;
        };
        let table = &query.outputs[0].table;
        let slow = naive.query(&query).unwrap_or_else(|error| panic!("{text}\n{error}"));
        let small = Prepared::new(table, &Nothing, &cx).and_then(|prepared| prepared.run(&Nothing, &[], &cx));
        let small = match small {
            Ok(small) => small,
            // Bodies stand in no bodies there.
            Err(error) if error.code == Code::Unsupported => continue,
            Err(error) => panic!("{text}\n{}", error.message),
        };
        let sorted = |rows: &[Row]| {
            let mut lines = crate::rows::testing::lines(rows);
            lines.sort_unstable();
            lines
        };
        assert_eq!(sorted(&small), sorted(&slow[0]), "{seed}: {text}");
        ran += 1;
        with_rows += usize::from(!slow[0].is_empty());
    }
    // Most queries are bound, and most of these have rows.
    assert!(
        ran > 3000,
        "{ran} ran; others: {}",
        refused[..3.min(refused.len())].join("\n\n")
    );
    assert!(with_rows > 2000, "{with_rows} had rows");
}
