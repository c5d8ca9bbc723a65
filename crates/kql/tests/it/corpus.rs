//! Columns of the shared corpora, against those that the official language service infers.

use crate::common::{World, corpus, official};

/// Queries of a corpus whose columns are not the official ones, each with both.
fn disagreements(file: &str, world: &World) -> Option<(usize, Vec<String>)> {
    let mut compared = 0;
    let mut differing = Vec::new();
    for row in corpus(file)? {
        let (Some(query), Some(official)) = (row["query"].as_str(), official(&row)) else {
            continue;
        };
        compared += 1;
        let ours = match world.columns(query) {
            Ok(columns) => columns,
            Err(message) => format!("refused: {message}"),
        };
        if ours != official {
            differing.push(format!(
                "{}\n{query}\n  official {official}\n  ours     {ours}\n",
                row["id"]
            ));
        }
    }
    Some((compared, differing))
}

/// What the comparison found to differ with reason, by the row's id; `tools/kql-oracle/disagreements.md` explains.
const EXPLAINED: &[(&str, &str)] = &[
    (
        "cab58a4ff9c3642c",
        "scan has a column of match ids only where one is asked for",
    ),
    (
        "f4e9029d33462e7b",
        "scan has a column of match ids only where one is asked for",
    ),
    (
        "67a62d93c388bff3",
        "search looks into the tables of this test, which the official schema lacked",
    ),
    (
        "f8c1c6f401c3c68c",
        "search looks into the tables of this test, which the official schema lacked",
    ),
    (
        "40f0391078e909e4",
        "search looks into the tables of this test, which the official schema lacked",
    ),
    ("e3a2a90ca92fb69a", "the table does not exist here"),
];

/// Parts of messages that say that Postern does not run something.
const REFUSED: &[&str] = &["is not supported"];

#[test]
fn columns_are_those_of_the_official_service() {
    let world = World::exposure();
    for file in ["cases.jsonl", "engine_cases.jsonl", "exposure_queries.jsonl"] {
        let Some((compared, mut differing)) = disagreements(file, &world) else {
            return;
        };
        differing.retain(|text| !EXPLAINED.iter().any(|(id, _)| text.contains(id)));
        differing.retain(|text| !REFUSED.iter().any(|refused| text.contains(refused)));
        // A result whose columns depend on its rows has none before it runs; nor has it for the official service.
        differing.retain(|text| !text.contains("ours     unknown"));
        let most = compared / 100;
        assert!(
            differing.len() <= most,
            "{} of {compared} differ:\n{}",
            differing.len(),
            differing.join("\n")
        );
    }
}
