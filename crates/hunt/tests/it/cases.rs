//! Queries with the results that documents print for them.
//!
//! `testdata/kql` holds some (see its NOTICE) and rules of the documentation in a short form (`rules.txt`: a title, a
//! query, a line of hyphens, the names of the columns, the rows); all of these must pass. The whole collection lies
//! outside of the repository; without it that test says that it is skipped. The floors are parts of what can be had at
//! all: `NOT_TO_BE_HAD` names the others, each with its reason, and they are printed. `KQL_CASE` names one case by the
//! beginning of its id.

use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::compare::difference;
use crate::nothing::results;

#[derive(Deserialize)]
struct Case {
    id: String,
    query: String,
    columns: Vec<String>,
    rows: Vec<Vec<String>>,
    #[serde(default)]
    flags: Vec<String>,
    #[serde(default)]
    functions: Vec<String>,
    /// Absent where the query is a scalar expression, whose column has no name in the language.
    #[serde(default)]
    schema: Option<serde_json::Value>,
}

impl Case {
    fn has_flag(&self, flag: &str) -> bool {
        self.flags.iter().any(|other| other == flag)
    }

    /// Whether the result is the query's alone, and the document prints all of it.
    fn is_strict(&self) -> bool {
        const LEFT_OUT: [&str; 4] = ["nondeterministic", "external", "truncated-output", "schema-differs"];
        const UNSUPPORTED: [&str; 4] = ["geo_", "series_", "hll", "tdigest"];
        !LEFT_OUT.iter().any(|flag| self.has_flag(flag))
            && !self
                .functions
                .iter()
                .any(|function| UNSUPPORTED.iter().any(|start| function.starts_with(start)))
    }

    /// What is wrong, or nothing.
    async fn failure(&self) -> Option<String> {
        let tables = match results(&self.query).await {
            Ok(tables) => tables,
            Err(error) => return Some(error.to_string()),
        };
        let Some(first) = tables.first() else {
            return Some("the query has no result".to_owned());
        };
        let columns = self.schema.as_ref().map(|_| self.columns.as_slice());
        difference(first, columns, &self.rows, !self.has_flag("unordered"))
    }
}

fn read(path: &Path) -> Vec<Case> {
    let text = fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let only = std::env::var("KQL_CASE").unwrap_or_default();
    let cases: Vec<Case> = if path.extension().is_some_and(|extension| extension == "txt") {
        text.split("\n\n").map(|block| rule(block.trim_end())).collect()
    } else {
        text.lines()
            .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{line}: {error}")))
            .collect()
    };
    cases.into_iter().filter(|case| case.id.starts_with(&only)).collect()
}

/// One block of `rules.txt`.
fn rule(block: &str) -> Case {
    let mut lines = block.lines();
    let title = lines.next().and_then(|line| line.strip_prefix("# "));
    let title = title.unwrap_or_else(|| panic!("a rule begins with its title: {block}"));
    let (query, result): (Vec<&str>, Vec<&str>) = {
        let lines: Vec<&str> = lines.collect();
        let border = lines.iter().position(|line| line.starts_with("----"));
        let border = border.unwrap_or_else(|| panic!("{title} says no result"));
        (lines[..border].to_vec(), lines[border..].to_vec())
    };
    // A last cell that is empty ends in the bar before it.
    let cells = |line: &str| -> Vec<String> {
        let line = format!("{line} ");
        line.split(" | ").map(|cell| cell.trim().to_owned()).collect()
    };
    let is_ordered = result[0] == "---- in order";
    Case {
        id: title.to_owned(),
        query: query.join("\n"),
        columns: cells(result[1]),
        rows: result[2..].iter().map(|line| cells(line)).collect(),
        flags: if is_ordered {
            Vec::new()
        } else {
            vec!["unordered".to_owned()]
        },
        functions: Vec::new(),
        schema: Some(serde_json::Value::Null),
    }
}

/// Cases whose printed result cannot be given, or is not the rule's, and why.
const NOT_TO_BE_HAD: [(&str, &str); 16] = [
    ("0b86ce84a7c38218", "only the end of the table is printed"),
    (
        "2546b88ec57e1176",
        "the column that is printed is not the one of the query",
    ),
    ("54adbfd8215c44ce", "reads a file of somebody's storage"),
    ("614c27d5117b7651", "in an order that nothing asks for"),
    ("58b417ea550ed0e7", "a management command"),
    (
        "771c6afb6cc2cba9",
        "counts nanoseconds, and moments are kept to the microsecond",
    ),
    (
        "81ab9bcff4bc25c2",
        "the address that is printed has lost its last slash",
    ),
    (
        "84bdc6798fb63a85",
        "the text that is printed is not the one of the query",
    ),
    ("936f3b1f8fcbbd35", "the text is printed as a list"),
    ("a72a6bbbf8366a12", "backslashes are lost in print"),
    (
        "ab391479422b0083",
        "the documentation has small letters in percent signs",
    ),
    (
        "bd9f2459a42d8f03",
        "the documentation has no text form of a moment with AM and PM",
    ),
    ("bea1a75045831eb8", "how hashes are combined is not published"),
    ("bf510e142ae5df78", "backslashes are lost in print"),
    ("d7f045a2e5c3afa7", "reads an address of the Internet"),
    ("e3a2a90ca92fb69a", "reads a table of a public cluster"),
];

/// Runs all and prints what failed; how many passed of those that can, in per cent.
async fn passed(cases: &[Case]) -> f64 {
    let (mut failures, mut excused) = (0, 0);
    for case in cases {
        let Some(failure) = case.failure().await else {
            continue;
        };
        match NOT_TO_BE_HAD.iter().find(|(id, _)| *id == case.id) {
            Some((id, reason)) => {
                println!("{id}: not to be had, {reason}");
                excused += 1;
            }
            None => {
                println!("{}: {failure}\n{}\n", case.id, case.query);
                failures += 1;
            }
        }
    }
    let possible = (cases.len() - excused).max(1);
    println!(
        "{} of {} cases pass; {excused} cannot",
        possible - failures,
        cases.len()
    );
    100.0 * (possible - failures) as f64 / possible as f64
}

fn kept(name: &str) -> Vec<Case> {
    read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/kql").join(name))
}

/// The collection, or `None` where it is not at hand.
fn collection(name: &str) -> Option<Vec<Case>> {
    let shared = std::env::var_os("POSTERN_SHARED_DATA").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data"),
        PathBuf::from,
    );
    let path = shared.join("kql").join(name);
    if path.exists() {
        return Some(read(&path));
    }
    println!("skipped: {} is absent", path.display());
    None
}

#[tokio::test]
async fn kept_cases_give_what_the_documentation_prints() {
    assert_eq!(passed(&kept("documented.jsonl")).await, 100.0);
}

#[tokio::test]
async fn kept_cases_give_what_other_engines_give() {
    assert_eq!(passed(&kept("engines.jsonl")).await, 100.0);
}

#[tokio::test]
async fn rules_of_the_documentation_hold() {
    assert_eq!(passed(&kept("rules.txt")).await, 100.0);
}

#[tokio::test]
async fn nearly_all_documented_cases_give_what_the_documentation_prints() {
    if let Some(mut cases) = collection("cases.jsonl") {
        cases.retain(Case::is_strict);
        let passed = passed(&cases).await;
        assert!(passed >= 99.0, "{passed:.1} % pass");
    }
}

#[tokio::test]
async fn nearly_all_cases_of_other_engines_give_what_those_give() {
    if let Some(cases) = collection("engine_cases.jsonl") {
        let passed = passed(&cases).await;
        assert!(passed >= 99.0, "{passed:.1} % pass");
    }
}
