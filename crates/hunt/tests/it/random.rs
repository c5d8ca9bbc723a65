//! Queries drawn at random give the same rows on DataFusion and row by row in memory.
//!
//! `KQL_SEED` runs one of them, by its number.

use postern_hunt::output::Collected;
use postern_kql::{Options, Type, bind, parse};
use postern_kql_functions::naive::{Naive, Row, queries};
use postern_kql_functions::{Context, Datum, Json, convert};
use serde_json::Value;

use crate::nothing::{NOW, Nothing, results};

/// How many queries are compared.
const QUERIES: u64 = 400;

/// How far two reals may lie apart that were summed in another order, as a part of them.
const TOLERANCE: f64 = 1e-9;

/// Whether a cell of the result as JSON is the value.
fn is_same(value: &Datum<'_>, ty: Type, cell: &Value) -> bool {
    match (value, cell) {
        (Datum::Null, cell) => cell.is_null(),
        (Datum::Bool(value), cell) => cell.as_bool() == Some(*value),
        (Datum::Int(_) | Datum::Long(_), Value::Number(number)) => number.as_i64() == convert::long(value),
        (Datum::Real(value), Value::Number(number)) => number.as_f64().is_some_and(|number| {
            *value == number || (value - number).abs() <= TOLERANCE * value.abs().max(number.abs())
        }),
        (Datum::Dynamic(value), cell) => Json::parse(&cell.to_string()).is_ok_and(|cell| cell == *value.tree()),
        (Datum::DateTime(_) | Datum::TimeSpan(_), Value::String(text)) => {
            convert::cast(&Datum::string(text.as_str()), ty) == *value
        }
        (value, Value::String(text)) => convert::text(value) == text.as_str(),
        _ => false,
    }
}

fn rows_of(result: &Collected) -> Vec<Vec<Value>> {
    let mut members = vec![b'{'];
    result.write_members(&mut members);
    members.push(b'}');
    let result: Value = serde_json::from_slice(&members).expect("a result is JSON");
    serde_json::from_value(result["rows"].clone()).expect("rows are arrays")
}

/// What differs, or nothing. Rows have no order.
fn difference(found: &[Vec<Value>], expected: &[Row], types: &[Type]) -> Option<String> {
    let mut rest: Vec<&Vec<Value>> = found.iter().collect();
    for row in expected {
        let is_row = |found: &&Vec<Value>| {
            let mut cells = row.iter().zip(types).zip(found.iter());
            found.len() == row.len() && cells.all(|((value, ty), cell)| is_same(value, *ty, cell))
        };
        match rest.iter().position(is_row) {
            Some(at) => drop(rest.swap_remove(at)),
            None => {
                let row: Vec<_> = row.iter().map(|value| convert::text(value).into_owned()).collect();
                return Some(format!("there is no row {row:?}, but there is {:?}", rest.first()));
            }
        }
    }
    rest.first().map(|row| format!("there is a row more: {row:?}"))
}

#[tokio::test]
async fn a_filter_of_constants_takes_the_row_of_an_aggregate_away() {
    for query in [
        "range x from 1 to 3 step 1 | summarize c = count() | where false",
        "range x from 1 to 3 step 1 | summarize c = count() | summarize d = max(c) by k = long(null) | where k > 1",
    ] {
        let tables = results(query).await.expect("the query runs");
        assert_eq!(rows_of(&tables[0]), Vec::<Vec<Value>>::new(), "{query}");
    }
}

#[tokio::test]
async fn random_queries_give_the_rows_that_they_give_one_by_one() {
    let only: Option<u64> = std::env::var("KQL_SEED").ok().and_then(|seed| seed.parse().ok());
    let seeds = only.map_or(0..QUERIES, |seed| seed..seed + 1);
    let cx = Context::new(NOW);
    let (mut compared, mut differing) = (0, Vec::new());
    for seed in seeds {
        let text = queries::query(seed);
        let bound = bind(&parse(&text).script, &text, &Nothing, &Options::default());
        // A few have an operator for types that it does not take.
        let Some(query) = bound.query else { continue };
        compared += 1;
        let expected = Naive::new(&|_| None, &cx).query(&query).expect("the query is computed");
        let types: Vec<Type> = query.outputs[0].table.columns.iter().map(|column| column.ty).collect();
        let difference = match results(&text).await {
            Ok(tables) => difference(&rows_of(&tables[0]), &expected[0], &types),
            Err(error) => Some(error.to_string()),
        };
        if let Some(difference) = difference {
            let query = text.split_once(";\nlet U").map_or(text.as_str(), |(_, query)| query);
            differing.push(format!("{seed}: {difference}\n{query}\n"));
        }
    }
    assert!(only.is_some() || compared > QUERIES * 3 / 4, "{compared} were compared");
    assert!(
        differing.is_empty(),
        "{} differ\n{}",
        differing.len(),
        differing.join("\n")
    );
}
