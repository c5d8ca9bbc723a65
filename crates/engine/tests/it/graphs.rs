//! Public graphs of other programs, when they are at hand: as many nodes and edges as somebody else has counted.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

use flate2::read::GzDecoder;
use postern_testkit::shared_data;

use crate::support::Place;

/// Lines of an export that are a node, and that are a relationship.
fn counted(path: &Path) -> (u64, u64) {
    let lines = BufReader::new(GzDecoder::new(File::open(path).expect("opens"))).lines();
    let lines: Vec<_> = lines.map(|line| line.expect("text")).collect();
    let with = |mark: &str| lines.iter().filter(|line| line.contains(mark)).count() as u64;
    (with(r#""type":"node""#), with(r#""type":"relationship""#))
}

#[tokio::test(flavor = "multi_thread")]
async fn exports_of_a_graph_generator_go_in_without_a_reject() {
    let Some(folder) = shared_data("adsynth") else {
        return;
    };
    for name in ["DB_STORAGE.ndjson.gz", "adsynth_vul_1k.ndjson.gz"] {
        let path = folder.join(name);
        let (nodes, relationships) = counted(&path);
        let place = Place::new().await;
        let report = place.import(&[path]).await;
        let [file] = &report.files[..] else {
            panic!("{name} is one file")
        };
        assert_eq!((file.rejects_total, &file.rejects[..]), (0, &[][..]), "{name}");
        assert_eq!(file.format.map(|format| format.id), Some("apoc"));
        assert_eq!(
            (file.counts.assets, file.counts.relations),
            (nodes, relationships),
            "{name}"
        );
        let generation = place.current().await;
        assert_eq!(generation.estate.nodes.len() as u64, nodes, "{name}");
    }
}
