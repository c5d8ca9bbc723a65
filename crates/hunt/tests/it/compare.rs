//! Whether a result is what a document prints: its cells are text that people wrote for people.
//!
//! Numbers are equal to 2 millionths, moments to the microsecond, `dynamic` values as JSON. An empty cell, `null` and
//! `(null)` are the same. White space counts as one space, as it does in a table of Markdown, and an address may stand
//! in angle brackets. A `dynamic` value that is not printed as JSON is compared without its quotes.

use postern_hunt::output::Collected;
use postern_kql::{Column, Type};
use serde::Deserialize;
use serde_json::Value;

/// How far two numbers that are equal may lie apart, as a part of them.
const TOLERANCE: f64 = 2e-6;

#[derive(Deserialize)]
struct Rows {
    rows: Vec<Vec<Value>>,
}

/// What differs, or nothing.
pub fn difference(
    result: &Collected,
    columns: Option<&[String]>,
    rows: &[Vec<String>],
    is_ordered: bool,
) -> Option<String> {
    let columns_found = &result.head.columns;
    if let Some(columns) = columns {
        let names: Vec<&str> = columns_found.iter().map(|column| column.name.as_str()).collect();
        if names != columns {
            return Some(format!("columns {columns:?}, found {names:?}"));
        }
    }
    let mut members = vec![b'{'];
    result.write_members(&mut members);
    members.push(b'}');
    let Rows { rows: found } = match serde_json::from_slice(&members) {
        Ok(found) => found,
        Err(error) => return Some(format!("the result is not JSON: {error}")),
    };
    if found.len() != rows.len() {
        return Some(format!("{} rows, found {}", rows.len(), found.len()));
    }
    let is_row = |expected: &[String], found: &[Value]| {
        expected.len() == found.len()
            && expected
                .iter()
                .zip(found)
                .zip(columns_found)
                .all(|((expected, found), column)| is_cell(expected, found, column))
    };
    if is_ordered {
        let (expected, found) = rows
            .iter()
            .zip(&found)
            .find(|(expected, found)| !is_row(expected, found))?;
        return Some(format!("row {expected:?}, found {}", Value::from(found.clone())));
    }
    let mut left: Vec<&Vec<Value>> = found.iter().collect();
    for expected in rows {
        match left.iter().position(|found| is_row(expected, found)) {
            Some(index) => drop(left.swap_remove(index)),
            None => {
                let left: Vec<Value> = left.iter().take(3).map(|row| Value::from((*row).clone())).collect();
                return Some(format!("row {expected:?}, found {}", Value::from(left)));
            }
        }
    }
    None
}

fn is_cell(expected: &str, found: &Value, column: &Column) -> bool {
    let expected = expected.trim();
    if expected.is_empty() || expected == "(null)" || expected == "null" {
        return found.is_null()
            || found.as_str().is_some_and(|text| text.trim().is_empty())
            || is_text(expected, found);
    }
    match column.ty {
        Type::Bool => match expected.to_ascii_lowercase().as_str() {
            "true" | "1" => found == &Value::Bool(true),
            "false" | "0" => found == &Value::Bool(false),
            _ => false,
        },
        Type::Int | Type::Long | Type::Real | Type::Decimal => match (number(expected), number_of(found)) {
            (Some(expected), Some(found)) => is_near(expected, found),
            _ => false,
        },
        Type::DateTime => match (moment(expected), found.as_str().and_then(moment)) {
            (Some(expected), Some(found)) => expected == found,
            _ => false,
        },
        Type::TimeSpan => match (ticks(expected), found.as_str().and_then(ticks)) {
            (Some(expected), Some(found)) => expected == found,
            _ => false,
        },
        Type::Guid => found.as_str().is_some_and(|found| found.eq_ignore_ascii_case(expected)),
        Type::String => is_text(expected, found),
        Type::Dynamic => match serde_json::from_str(expected) {
            Ok(expected) if is_json(&expected, found) => true,
            _ => is_text(expected, found) || unquoted(expected) == unquoted(&found.to_string()),
        },
    }
}

fn is_text(expected: &str, found: &Value) -> bool {
    let bare = expected
        .strip_prefix('<')
        .and_then(|rest| rest.strip_suffix('>'))
        .filter(|address| address.starts_with("http"))
        .unwrap_or(expected);
    found.as_str().is_some_and(|found| words(found) == words(bare))
}

/// The text with single spaces.
fn words(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The parts of a value, as they are printed when quotes and escapes are lost.
fn unquoted(text: &str) -> Vec<String> {
    let bare: String = text
        .chars()
        .filter(|letter| !letter.is_whitespace() && !matches!(letter, '"' | '\\'))
        .collect();
    let mut parts: Vec<String> = bare.split(['{', '}', ',']).map(str::to_owned).collect();
    // Properties have no order.
    if text.contains('{') {
        parts.sort();
    }
    parts
}

fn is_near(expected: f64, found: f64) -> bool {
    expected == found
        || expected.is_nan() && found.is_nan()
        || (expected - found).abs() <= TOLERANCE * expected.abs().max(found.abs())
}

fn number(text: &str) -> Option<f64> {
    match text {
        "∞" => Some(f64::INFINITY),
        "-∞" => Some(f64::NEG_INFINITY),
        _ => text.replace(',', "").parse().ok(),
    }
}

fn number_of(value: &Value) -> Option<f64> {
    value.as_f64().or_else(|| number(value.as_str()?))
}

/// Microseconds since 1970 of a date, with a time or without.
fn moment(text: &str) -> Option<i64> {
    let text = text.trim_end_matches('Z');
    let (date, time) = text.split_once(['T', ' ']).unwrap_or((text, "00:00:00"));
    let parts: Vec<i64> = date.split('-').map(str::parse).collect::<Result<_, _>>().ok()?;
    let [year, month, day] = parts[..] else {
        return None;
    };
    let days = postern_kql_functions::calendar::days(year, month, day);
    Some(days * 86_400_000_000 + ticks(time)? / 10)
}

/// Ticks of a timespan; in documents a colon, too, may stand behind the days.
fn ticks(text: &str) -> Option<i64> {
    let (sign, text) = match text.strip_prefix('-') {
        Some(text) => (-1, text),
        None => (1, text),
    };
    let mut parts: Vec<&str> = text.split(':').collect();
    let days = match parts.len() {
        4 => parts.remove(0).parse::<i64>().ok()?,
        3 => match parts[0].split_once('.') {
            Some((days, hour)) => {
                parts[0] = hour;
                days.parse().ok()?
            }
            None => 0,
        },
        _ => return None,
    };
    let (second, fraction) = parts[2].split_once('.').unwrap_or((parts[2], "0"));
    let fraction: i64 = format!("{fraction:0<7}").get(..7)?.parse().ok()?;
    let number = |text: &str| text.parse::<i64>().ok();
    let seconds = ((days * 24 + number(parts[0])?) * 60 + number(parts[1])?) * 60 + number(second)?;
    Some(sign * (seconds * 10_000_000 + fraction))
}

fn is_json(expected: &Value, found: &Value) -> bool {
    match (expected, found) {
        (Value::Array(expected), Value::Array(found)) => {
            expected.len() == found.len()
                && expected
                    .iter()
                    .zip(found)
                    .all(|(expected, found)| is_json(expected, found))
        }
        (Value::Object(expected), Value::Object(found)) => {
            expected.len() == found.len()
                && expected
                    .iter()
                    .all(|(key, expected)| found.get(key).is_some_and(|found| is_json(expected, found)))
        }
        (Value::Number(_), _) => match (number_of(expected), number_of(found)) {
            (Some(expected), Some(found)) => is_near(expected, found),
            _ => false,
        },
        (Value::String(expected), Value::String(found)) => {
            expected == found || moment(expected).is_some_and(|expected| moment(found) == Some(expected))
        }
        _ => expected == found,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_compared_as_people_write_them() {
        let same = |ty: Type, expected: &str, found: &str| {
            let found: Value = serde_json::from_str(found).expect("JSON");
            is_cell(expected, &found, &Column::new("c", ty))
        };
        for (ty, expected, found) in [
            (Type::Long, "", "null"),
            (Type::Real, "1.0000524520874", "1.00005245208740"),
            (Type::Real, "-∞", "\"-Infinity\""),
            (Type::Bool, "True", "true"),
            (
                Type::DateTime,
                "2018-02-23T15:14:00Z",
                "\"2018-02-23T15:14:00.0000000Z\"",
            ),
            (
                Type::DateTime,
                "2016-12-31 23:59:59.9999999",
                "\"2016-12-31T23:59:59.9999990Z\"",
            ),
            (Type::TimeSpan, "14:00:00:00", "\"14.00:00:00\""),
            (Type::TimeSpan, "-12:00:00", "\"-12:00:00\""),
            (
                Type::Dynamic,
                "[1, {\"b\": 2, \"a\": 1}]",
                "[1.0, {\"a\": 1, \"b\": 2}]",
            ),
            (Type::Dynamic, "plain", "\"plain\""),
            (Type::Dynamic, "[yes, no]", "[\"yes\",\"no\"]"),
            (Type::String, "a b", "\"a\\n  b\""),
            (Type::String, "<https://a.b>", "\"https://a.b\""),
        ] {
            assert!(same(ty, expected, found), "{expected} {found}");
        }
        for (ty, expected, found) in [
            (Type::Long, "1", "null"),
            (Type::Long, "", "0"),
            (Type::Real, "1.0001", "1.0"),
            (Type::String, "A", "\"a\""),
            (Type::TimeSpan, "-12:00:00", "\"12:00:00\""),
            (
                Type::DateTime,
                "2018-02-23T15:14:00Z",
                "\"2018-02-23T15:14:00.0000010Z\"",
            ),
            (Type::Dynamic, "[1,2]", "[2,1]"),
            (Type::Dynamic, "[yes, no]", "[\"no\",\"yes\"]"),
            (Type::Dynamic, "{\"a\":1}", "{\"a\":1,\"b\":2}"),
        ] {
            assert!(!same(ty, expected, found), "{expected} {found}");
        }
    }
}
