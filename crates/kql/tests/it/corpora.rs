//! Public queries: what the official service takes, the parser takes, and what it refuses is refused with a position.

use std::fs;

use postern_kql::{Code, parse};
use serde_json::Value;

fn rows(file: &str) -> Option<Vec<Value>> {
    let path = postern_testkit::shared_data("kql")?.join(file);
    let text = fs::read_to_string(path).expect("the file is in the shared data");
    let rows = text
        .lines()
        .map(|line| serde_json::from_str(line).expect("a JSON line"));
    Some(rows.collect())
}

/// Files whose queries all are valid KQL.
fn every_query_parses(file: &str) {
    let Some(rows) = rows(file) else { return };
    for row in rows {
        let query = row["query"].as_str().expect("a query");
        let parsed = parse(query);
        assert!(parsed.is_grammatical(), "{query}\n{:?}", parsed.diagnostics);
    }
}

#[test]
fn documented_queries_parse() {
    every_query_parses("cases.jsonl");
}

#[test]
fn queries_of_other_engines_tests_parse() {
    every_query_parses("engine_cases.jsonl");
}

#[test]
fn exposure_queries_parse_where_they_are_valid_and_are_refused_at_a_place_where_not() {
    let Some(rows) = rows("exposure_queries.jsonl") else {
        return;
    };
    for row in rows {
        let Some(query) = row["query"].as_str() else { continue };
        let parsed = parse(query);
        let is_valid = row["syntax_ok"].as_bool().expect("whether it is valid");
        assert_eq!(parsed.is_grammatical(), is_valid, "{query}\n{:?}", parsed.diagnostics);
        if !is_valid {
            let first = parsed
                .diagnostics
                .iter()
                .find(|found| found.code == Code::Syntax)
                .expect("an error");
            assert!((first.span.start as usize) < query.len(), "{first:?}");
        }
    }
}
