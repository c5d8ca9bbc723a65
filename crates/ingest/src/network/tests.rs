//! The reader as a whole: files of another tool, and bytes that nobody meant.

use std::path::{Path, PathBuf};

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::testing::{Kept, SITE};

fn read_bytes(bytes: &[u8], kept: &mut Kept) -> Result<Summary, IngestError> {
    kept.read_as(&FORMAT, bytes, Some(SITE))
}

fn read_graph(nodes: &Json, edges: &Json) -> (Summary, Vec<String>) {
    let document = format!(r#"{{"graph":{{"nodes":{nodes},"edges":{edges}}}}}"#);
    let mut kept = Kept::default();
    let summary = read_bytes(document.as_bytes(), &mut kept).unwrap();
    let rejects = kept
        .rejects
        .into_iter()
        .map(|it| format!("{}: {}", it.position, it.reason))
        .collect();
    (summary, rejects)
}

#[test]
fn only_an_object_with_a_graph_is_recognised() {
    for (head, expected) in [
        (r#"{"graph":{"nodes":[]}}"#, true),
        ("\n { \"metadata\": {\"graph\": 1}, \"graph\"\n:\n{", true),
        (r#"{"a": "\"graph\":{", "graph": {"#, true),
        (r#"{"data":[{"graph":{}}],"meta":{}}"#, false),
        (r#"{"graph":[]}"#, false),
        (r#"["graph"]"#, false),
        (r#""graph":{}"#, false),
        (r#"{"graph"#, false),
        (r#"{"\"#, false),
        ("", false),
    ] {
        assert_eq!(sniff(head.as_bytes()), expected, "{head}");
    }
}

#[test]
fn a_bad_row_is_rejected_with_its_place_and_keeps_what_an_older_map_says_of_its_subject() {
    let route = |ports: Json| {
        let properties = json!({"ports": ports});
        json!({"kind": "RoutesTrafficTo", "start": {"value": "a"}, "end": {"value": "b"}, "properties": properties})
    };
    let (summary, rejects) = read_graph(
        &json!([
            {"id": "a", "kinds": ["NetworkSegment"], "properties": {"cidrs": ["10.0.0.0/8", "10.1.0.0/33"]}},
            {"kinds": ["NetworkSegment"]},
            {"id": "c", "kinds": ["Internet"]},
        ]),
        &json!([
            route(json!(["tcp/445"])),
            route(json!(["tcp/445", "tcp/0"])),
            route(json!([])),
            {"kind": "RoutesTrafficTo", "start": {"value": "a"}, "end": {"value": "b"}},
            {"kind": "LocatedIn", "start": {"match_by": "name", "value": "x"}, "end": {"value": "a"}},
            {"kind": "LocatedIn", "start": {"value": "x"}, "end": {"value": ""}},
        ]),
    );
    assert_eq!(
        rejects,
        [
            r#"graph.nodes[0]: "10.1.0.0/33" is no address range; write 10.1.0.0/16, 10.1.2.3 or fd00::/8"#,
            "graph.nodes[1]: a NetworkSegment without id",
            "graph.nodes[2]: the Internet is one node of kind Internet and id internet; this is Internet c",
            r#"graph.edges[1]: "tcp/0" names no ports; write tcp/445, tcp/1-1024, udp/any or any"#,
            r#"graph.edges[2]: its ports are no array of texts like "tcp/445""#,
            r#"graph.edges[3]: a route without ports; write ["any"] for all"#,
            r#"graph.edges[4]: its start is matched by "name"; only ids are understood"#,
            "graph.edges[5]: its end has no value",
        ]
    );
    assert_eq!((summary.counts.assets, summary.counts.relations), (2, 1));
    let unread = ["a", "c", "x"].map(str::to_owned).to_vec();
    assert_eq!(summary.cells[0].coverage, Coverage::Whole { unread });
}

#[test]
fn kinds_that_are_not_understood_are_reported_once_each_and_replace_no_network() {
    let site = |id: &str| json!({"id": id, "kinds": ["SCCM_Site"]});
    let (summary, rejects) = read_graph(
        &json!([site("a"), site("b"), {"id": "c", "kinds": ["Computer", "Base"], "properties": {"name": "C"}}]),
        &json!([{"kind": "MemberOf", "start": {"value": "a"}, "end": {"value": "b"}}]),
    );
    assert_eq!(
        rejects,
        [
            "graph.nodes: nodes of kind SCCM_Site are not understood yet: 2 left out",
            "graph.edges: edges of kind MemberOf are not understood yet: 1 left out",
        ]
    );
    assert_eq!(summary.cells, []);
    assert_eq!(summary.counts, Counts::default());
}

#[test]
fn broken_json_says_where() {
    let error = |text: &str| {
        read_bytes(text.as_bytes(), &mut Kept::default())
            .unwrap_err()
            .to_string()
    };
    assert_eq!(
        error("{\"graph\":\n{\"nodes\":[{]"),
        "file at line 2, column 12: key must be a string; correct or export the file again"
    );
    assert_eq!(
        error(r#"{"graph":{"nodes":[{"id":"a""#),
        "file at line 1, column 28: the file ends inside the JSON; it was cut short, export it again"
    );
    assert_eq!(
        error(r#"{"graph":{"nodes":7}}"#),
        "file at line 1, column 20: invalid type: integer `7`, expected an array of nodes; \
         correct or export the file again"
    );
    assert!(error(r#"{"graph":{}} {}"#).contains("trailing characters"));
}

#[test]
fn an_element_above_its_limit_ends_the_file_and_other_values_have_none() {
    let long = "x".repeat(ELEMENT_BYTES_MAX as usize + 100_000);
    let node = format!(r#"{{"graph":{{"nodes":[{{"id":"{long}"}}]}}}}"#);
    let error = read_bytes(node.as_bytes(), &mut Kept::default())
        .unwrap_err()
        .to_string();
    assert!(error.ends_with("a node or an edge is larger than 16 MiB"), "{error}");
    let other = format!(r#"{{"style":"{long}","graph":{{"nodes":[]}}}}"#);
    assert!(read_bytes(other.as_bytes(), &mut Kept::default()).is_ok());
}

#[test]
fn a_sink_that_takes_nothing_ends_the_reading() {
    let document = r#"{"graph":{"nodes":[{"id":"a","kinds":["NetworkSegment"]}]}}"#;
    let mut kept = Kept {
        is_full: true,
        ..Kept::default()
    };
    let error = read_bytes(document.as_bytes(), &mut kept).unwrap_err();
    assert!(matches!(error, IngestError::Sink(_)));
}

/// A collection of another tool, in six files.
#[test]
fn files_of_another_tool_are_read_and_what_is_foreign_is_reported() {
    let data = std::env::var_os("POSTERN_SHARED_DATA").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data"),
        PathBuf::from,
    );
    let folder = data.join("configmanbearpig/unprivileged_disable");
    let Ok(files) = std::fs::read_dir(&folder) else {
        println!(
            "SKIPPED: files_of_another_tool_are_read_and_what_is_foreign_is_reported ({} is absent)",
            folder.display()
        );
        return;
    };
    for file in files {
        let bytes = std::fs::read(file.unwrap().path()).unwrap();
        assert!(sniff(&bytes[..bytes.len().min(crate::HEAD_BYTES)]));
        let mut kept = Kept::default();
        let summary = read_bytes(&bytes, &mut kept).unwrap();
        assert_eq!(summary.cells, []);
        assert!(!kept.rejects.is_empty());
        assert!(kept.rejects.len() < 20, "{:?}", kept.rejects);
    }
}

/// A map that has some of everything.
fn example() -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/network");
    std::fs::read(folder.join("two-segments-and-the-internet/in.json")).unwrap()
}

#[test]
fn a_file_cut_anywhere_before_its_end_is_refused() {
    let document = example();
    for length in 0..document.trim_ascii_end().len() {
        assert!(
            read_bytes(&document[..length], &mut Kept::default()).is_err(),
            "{length}"
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn no_damage_makes_the_reader_panic(
        damages in proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>(), 0u8..3), 1..8),
    ) {
        let mut bytes = example();
        for (place, byte, how) in damages {
            let place = place.index(bytes.len());
            match how {
                0 => bytes[place] = byte,
                1 => bytes.insert(place, byte),
                _ => { bytes.remove(place); }
            }
        }
        sniff(&bytes);
        let mut kept = Kept::default();
        if let Ok(summary) = read_bytes(&bytes, &mut kept) {
            prop_assert!(!summary.cells.is_empty() || kept.chunks.is_empty());
        }
    }

    #[test]
    fn no_bytes_make_the_recognition_panic(bytes: Vec<u8>, text in r#"[{}\[\]"\\:a graph]{0,40}"#) {
        sniff(&bytes);
        sniff(text.as_bytes());
    }
}
