//! Columns of the shared corpora, against those that the official language service infers.

mod common;

use common::{World, corpus, official};

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

#[test]
fn columns_are_those_of_the_official_service() {
    let world = World::exposure();
    for file in ["cases.jsonl", "engine_cases.jsonl", "exposure_queries.jsonl"] {
        let Some((compared, differing)) = disagreements(file, &world) else {
            return;
        };
        eprintln!("{file}: {} of {compared} differ", differing.len());
        for text in &differing {
            eprintln!("{text}");
        }
    }
}
