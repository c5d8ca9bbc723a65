//! The reader as a whole: rows, sentences, limits, files of other tools, and bytes that nobody meant.

use postern_model::{Cell, Coverage, Facet, ObjectClass};
use postern_testkit::shared_data;
use proptest::prelude::*;
use serde_json::{Value as Json, json};

use super::*;
use crate::HEAD_BYTES;
use crate::properties::{FAULTS_MAX, PROPERTIES_MAX};
use crate::stated::ID_BYTES_MAX;
use crate::testing::{Huge, Kept, SITE, cases, input_of};

fn read_bytes(bytes: &[u8], kept: &mut Kept) -> Result<Summary, IngestError> {
    kept.read_as(&FORMAT, bytes, Some(SITE))
}

fn read_graph(nodes: &Json, edges: &Json) -> (Summary, Kept) {
    let document = format!(r#"{{"graph":{{"nodes":{nodes},"edges":{edges}}}}}"#);
    let mut kept = Kept::default();
    let summary = read_bytes(document.as_bytes(), &mut kept).unwrap();
    (summary, kept)
}

fn rejects(kept: &Kept) -> Vec<String> {
    let sentences = kept.rejects.iter();
    sentences.map(|it| format!("{}: {}", it.position, it.reason)).collect()
}

fn error_of(document: &str) -> String {
    let error = read_bytes(document.as_bytes(), &mut Kept::default());
    error.unwrap_err().to_string()
}

#[test]
fn only_a_graph_is_recognised() {
    for (head, expected) in [
        (r#"{"graph":{"nodes":[]}}"#, true),
        ("\n { \"metadata\": {\"graph\": 1}, \"graph\"\n:\n{", true),
        (r#"{"a": "\"graph\":{", "graph": {"#, true),
        (r#"{"nodes": [{"id": "1", "kinds": ["A"]}]}"#, true),
        (
            r#"{"nodes": [], "edges": [{"kind": "A", "start": {}, "end": {}}]}"#,
            true,
        ),
        (r#"{"nodes": [{"id": "n1", "labels": []}], "relationships": []}"#, false),
        (r#"{"nodes": [], "edges": []}"#, false),
        (r#"{"data":[{"graph":{}}],"meta":{}}"#, false),
        (r#"{"graph":[], "nodes": [{"kinds": []}]}"#, false),
        (r#"{"type":"node","graph":7}"#, false),
        (r#"["graph"]"#, false),
        (r#""graph":{}"#, false),
        (r#"{"graph"#, false),
        (r#"{"\"#, false),
        (r#"{} {"graph":{}}"#, false),
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
    let (summary, kept) = read_graph(
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
            {"kind": "LocatedIn", "start": {"match_by": "guess", "value": "x"}, "end": {"value": "a"}},
            {"kind": "LocatedIn", "start": {"value": "x"}, "end": {"value": ""}},
        ]),
    );
    assert_eq!(
        rejects(&kept),
        [
            r#"graph.nodes[0]: "10.1.0.0/33" is no address range; write 10.1.0.0/16, 10.1.2.3 or fd00::/8"#,
            "graph.nodes[1]: a NetworkSegment without id",
            "graph.nodes[2]: the Internet is one node of kind Internet and id internet; this is Internet c",
            r#"graph.edges[1]: "tcp/0" names no ports; write tcp/445, tcp/1-1024, udp/any or any"#,
            r#"graph.edges[2]: its ports are no array of texts like "tcp/445""#,
            r#"graph.edges[3]: a route without ports; write ["any"] for all"#,
            r#"graph.edges[4]: its start is matched by "guess"; id, name and property are understood"#,
            "graph.edges[5]: its end has no value",
        ]
    );
    assert_eq!((summary.counts.assets, summary.counts.relations), (2, 1));
    let unread = ["a", "c", "x"].map(str::to_owned).to_vec();
    assert_eq!(summary.cells[0].coverage, Coverage::Whole { unread });
}

/// The columns of rows as text.
fn objects(kept: &Kept) -> Vec<Vec<String>> {
    kept.rows("objects", &["subject", "id", "kind", "name", "properties"])
}

fn relations(kept: &Kept) -> Vec<Vec<String>> {
    let columns = ["source", "source_kind", "kind", "target", "target_kind", "properties"];
    kept.rows("relations", &columns)
}

#[test]
fn a_file_without_a_segment_or_a_route_replaces_no_map() {
    let located = json!([{"kind": "LocatedIn", "start": {"value": "a"}, "end": {"value": "b"}}]);
    let (summary, kept) = read_graph(&json!([{"id": "a", "kinds": ["Computer"]}]), &located);
    assert_eq!(rejects(&kept), [""; 0]);
    assert!(
        summary.cells.iter().all(|it| it.coverage == Coverage::Mention),
        "{summary:?}"
    );
    let (summary, _) = read_graph(&json!([{"id": "b", "kinds": ["NetworkSegment"]}]), &located);
    let whole = Coverage::Whole { unread: Vec::new() };
    let network = summary.cells.iter().find(|it| it.cell.facet == Facet::Network).unwrap();
    assert_eq!((&*network.cell.boundary, &network.coverage), (SITE, &whole));
}

#[test]
fn objects_of_a_directory_are_named_as_its_collectors_name_them() {
    let (summary, kept) = read_graph(
        &json!([{
            "id": " s-1-5-21-1-2-3-1104 ",
            "kinds": ["Base", "computer"],
            "properties": {"name": "ws1.corp.example", "distinguishedName": "CN=ws1,DC=corp", "Enabled": true},
        }]),
        &json!([]),
    );
    let properties = concat!(
        r#"{"Enabled":true,"distinguishedName":"CN=WS1,DC=CORP","#,
        r#""name":"WS1.CORP.EXAMPLE","kinds":["Base","computer"]}"#
    );
    let id = "S-1-5-21-1-2-3-1104";
    assert_eq!(objects(&kept), [[id, id, "Computer", "WS1.CORP.EXAMPLE", properties]]);
    let cell = Cell::new("S-1-5-21-1-2-3", ObjectClass::Computers, Facet::Properties);
    assert_eq!(summary.cells[0].cell, cell);
    assert_eq!(summary.cells[0].coverage, Coverage::Mention);
}

#[test]
fn a_property_that_is_not_flat_is_left_out_and_its_node_is_not() {
    let long = "x".repeat(PROPERTY_BYTES_MAX);
    let (_, kept) = read_graph(
        &json!([{"id": "1", "kinds": ["X_Thing"], "properties": {
            "name": "Thing", "nested": {"a": 1}, "mixed": [1, "a"], "deep": [[1]], "objectid": "2", "none": null,
            "numbers": [1, 2.5], "empty": [], "long": long, "reconcile": true,
        }}, {"id": "2", "kinds": ["X_Thing"], "properties": "text"},
            {"id": "q", "kinds": ["X_Thing"], "properties": {"ObjectId": "Q"}}]),
        &json!([]),
    );
    let properties = r#"{"empty":[],"name":"Thing","numbers":[1,2.5]}"#;
    let [thing, same_id] = [
        ["1", "1", "X_Thing", "Thing", properties],
        ["Q", "Q", "X_Thing", "-", "-"],
    ];
    assert_eq!(objects(&kept), [thing, same_id]);
    assert_eq!(
        rejects(&kept),
        [
            "graph.nodes[0]: the property deep is an array of unlike values and left out",
            "graph.nodes[0]: the property long is longer than 65536 bytes and left out",
            "graph.nodes[0]: the property mixed is an array of unlike values and left out",
            "graph.nodes[0]: the property nested is an object and left out; properties are flat",
            "graph.nodes[0]: the property objectid is another than the id and left out; the id counts",
            "graph.nodes[1]: its properties are no object",
        ]
    );
}

#[test]
fn an_objectid_that_is_the_id_says_nothing_and_another_is_told() {
    let node = |id: &str, objectid: Json| json!({"id": id, "kinds": ["Base"], "properties": {"ObjectId": objectid}});
    let (_, kept) = read_graph(
        &json!([
            node("s-1-5-21", json!("S-1-5-21")),
            node("A", json!(" a ")),
            node("B", Json::Null)
        ]),
        &json!([]),
    );
    assert_eq!(rejects(&kept), [""; 0]);
    assert!(objects(&kept).iter().all(|row| row[4] == "-"), "{:?}", objects(&kept));
    let (_, kept) = read_graph(&json!([node("A", json!("B")), node("1", json!(1))]), &json!([]));
    let told = "the property objectid is another than the id and left out; the id counts";
    assert_eq!(rejects(&kept), [0, 1].map(|at| format!("graph.nodes[{at}]: {told}")));
    assert_eq!(objects(&kept).len(), 2);
}

#[test]
fn metadata_that_cannot_be_read_are_told() {
    let mut kept = Kept::default();
    let document = br#"{"metadata":{"source_kind":7},"graph":{"nodes":[{"id":"a","kinds":["A"]}]}}"#;
    read_bytes(document, &mut kept).unwrap();
    assert!(
        rejects(&kept)[0].starts_with("metadata: its source_kind cannot be read"),
        "{:?}",
        rejects(&kept)
    );
    assert_eq!(objects(&kept).len(), 1);
}

#[test]
fn a_row_that_cannot_be_read_says_why() {
    let long = "x".repeat(ID_BYTES_MAX + 1);
    let node = |id: &str, kind: &str| json!({"id": id, "kinds": [kind]});
    let edge = |kind: Json, start: Json| json!({"kind": kind, "start": start, "end": {"value": "2"}});
    let (_, kept) = read_graph(
        &json!([
            7,
            {"id": "1"},
            {"id": 1, "kinds": ["A"]},
            node(&long, "A"),
            node("match={}", "A"),
            node("1", "Tag_Tier_Zero"),
            node("1", "tag_owned"),
            node("2", "tag_owned"),
            node("1", "no word"),
            node("1", "ControlPlane"),
            {"id": "lone", "kinds": []},
        ]),
        &json!([
            edge(json!("A-B"), json!({"value": "1"})),
            edge(json!(7), json!({"value": "1"})),
            edge(json!("A"), json!("1")),
            edge(json!("A"), json!({"match_by": "name"})),
            edge(json!("A"), json!({"match_by": "property"})),
            edge(
                json!("A"),
                json!({"match_by": "property", "property_matchers": [
                    {"key": "a", "operator": "contains", "value": 1},
                ]})
            ),
            edge(
                json!("A"),
                json!({"match_by": "property", "property_matchers": [
                    {"key": "a", "operator": "equals", "value": [1]},
                ]})
            ),
        ]),
    );
    assert_eq!(
        rejects(&kept),
        [
            "graph.nodes[0]: it is no object",
            "graph.nodes[1]: a node without kinds",
            "graph.nodes[2]: a node of kind A without id",
            "graph.nodes[3]: its id has more than 2048 bytes",
            "graph.nodes[4]: no id begins with MATCH=",
            "graph.nodes[5]: kinds that begin with tag_ are reserved; this is Tag_Tier_Zero",
            "graph.nodes[6]: kinds that begin with tag_ are reserved; this is tag_owned",
            "graph.nodes[8]: \"no word\" is no kind; a kind is 1 to 128 letters, digits and underscores",
            "graph.nodes[9]: ControlPlane is a kind of Postern's own, which no file may state",
            "graph.edges[0]: \"A-B\" is no kind; a kind is 1 to 128 letters, digits and underscores",
            "graph.edges[1]: an edge without kind",
            "graph.edges[2]: its start is no object",
            "graph.edges[3]: its start has no value",
            "graph.edges[4]: its start cannot be matched: it has 0 property matchers; 1 to 16 are understood",
            "graph.edges[5]: its start cannot be matched: its operator is \"contains\"; only equals is understood",
            "graph.edges[6]: its start cannot be matched: the value of \"a\" is no text, number or flag",
            "nodes: kind \"tag_owned\" is left out 1 more times for the same reason",
        ]
    );
    assert_eq!(objects(&kept), [["LONE", "LONE", "Base", "-", "-"]]);
}

#[test]
fn ends_are_ids_or_say_what_their_node_is_like() {
    let (summary, kept) = read_graph(
        &json!([]),
        &json!([
            {"kind": "GH_SyncedTo", "start": {"match_by": "name", "value": " jane@x ", "kind": "Okta_User"},
             "end": {"value": "MDQ6vXN"}, "properties": {"traversable": true}},
            {"kind": "memberof", "start": {"match_by": "property", "property_matchers": [
                {"key": "Tenant", "operator": "equals", "value": "b"}, {"key": "no", "operator": "equals", "value": 7},
             ]}, "end": {"value": "S-1-5-21-1-2-3-512", "kind": "Group"}, "properties": null},
        ]),
    );
    assert_eq!(rejects(&kept), [""; 0]);
    let jane = r#"MATCH={"kind":"Okta_User","equal":{"name":"jane@x"}}"#;
    let tenant = r#"MATCH={"equal":{"no":7,"tenant":"b"}}"#;
    assert_eq!(
        relations(&kept),
        [
            [
                jane,
                "Okta_User",
                "GH_SyncedTo",
                "MDQ6VXN",
                "Base",
                r#"{"traversable":true}"#
            ],
            [tenant, "Base", "MemberOf", "S-1-5-21-1-2-3-512", "Group", "-"],
        ]
    );
    assert_eq!((summary.counts.assets, summary.counts.relations), (2, 2));
}

#[test]
fn the_two_arrays_may_stand_alone_and_in_either_order() {
    let nodes = r#""nodes":[{"id":"1","kinds":["A"]},{"id":"2","kinds":["A"]}]"#;
    let edges = r#""edges":[{"kind":"K","start":{"value":"1"},"end":{"value":"2"}}]"#;
    for document in [
        format!("{{{nodes},{edges}}}"),
        format!("{{{edges},{nodes}}}"),
        format!(r#"{{"graph":{{{edges},"more":[{{}}],{nodes}}},"metadata":{{"source_kind":"T"}}}}"#),
    ] {
        let mut kept = Kept::default();
        let summary = kept.read(document.as_bytes()).unwrap();
        assert_eq!((summary.counts.assets, summary.counts.relations), (2, 1), "{document}");
        assert_eq!(rejects(&kept), [""; 0]);
    }
    assert!(error_of(r#"{"nodes":{"a":1}}"#).contains("an array of nodes is expected here"));
}

#[test]
fn the_source_kind_is_the_boundary_wherever_it_stands() {
    let nodes = r#"{"nodes":[{"id":"1","kinds":["A"]},{"id":"2","kinds":["A"],"properties":{"environmentid":"e"}}]}"#;
    for document in [
        format!(r#"{{"metadata":{{"source_kind":"Tool"}},"graph":{nodes}}}"#),
        format!(r#"{{"graph":{nodes},"metadata":{{"source_kind":"Tool"}}}}"#),
    ] {
        let summary = read_bytes(document.as_bytes(), &mut Kept::default()).unwrap();
        let boundaries: Vec<_> = summary.cells.iter().map(|it| &*it.cell.boundary).collect();
        assert_eq!(boundaries, ["TOOL", "E"]);
    }
}

#[test]
fn broken_json_says_where() {
    assert_eq!(
        error_of("{\"graph\":\n{\"nodes\":[{]"),
        "file at line 2, column 12: another bracket is expected here; correct or export the file again"
    );
    assert_eq!(
        error_of(r#"{"graph":{"nodes":[{"id":"a""#),
        "file at line 1, column 29: the file ends inside the JSON; it was cut short, export it again"
    );
    assert_eq!(
        error_of(r#"{"graph":{"nodes":7}}"#),
        "file at line 1, column 19: an array of nodes is expected here; correct or export the file again"
    );
    assert!(error_of(r#"{"graph":{}} {}"#).contains("the end of the file is expected here"));
    let error = error_of("{\"graph\":{\"nodes\":[{\"id\" 7}]}}");
    assert!(
        error.contains("graph.nodes[0] is no JSON: a colon is expected at its byte 6"),
        "{error}"
    );
    let utf16: Vec<u8> = "\u{FEFF}{\"graph\":{}}"
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    let error = read_bytes(&utf16, &mut Kept::default()).unwrap_err().to_string();
    assert!(
        error.ends_with("the text is UTF-16; save it as UTF-8 and import it again"),
        "{error}"
    );
}

#[test]
fn text_that_is_not_utf8_costs_its_row_only() {
    let mut document = br#"{"graph":{"nodes":[{"id":"a","kinds":["A"],"properties":{"name":"M"#.to_vec();
    document.push(0xFC);
    document.extend(br#"ller"}},{"id":"b","kinds":["A"]}]}}"#);
    let mut kept = Kept::default();
    let summary = read_bytes(&document, &mut kept).unwrap();
    assert_eq!(summary.counts.assets, 1);
    assert_eq!(
        rejects(&kept),
        ["graph.nodes[0]: its text is not UTF-8, at its byte 47"]
    );
}

#[test]
fn an_element_above_its_limit_ends_the_file_and_other_values_have_none() {
    let long = "x".repeat(ELEMENT_BYTES_MAX);
    let error = error_of(&format!(r#"{{"graph":{{"nodes":[{{"id":"{long}"}}]}}}}"#));
    assert!(error.ends_with("a node or an edge is larger than 16 MiB"), "{error}");
    let other = format!(r#"{{"style":"{long}","graph":{{"nodes":[]}}}}"#);
    assert!(read_bytes(other.as_bytes(), &mut Kept::default()).is_ok());
}

#[test]
fn a_line_of_three_gigabytes_is_given_up_at_the_limit() {
    let mut huge = Huge::new(r#"{"graph":{"edges":[{"kind":""#, "x", 3 << 30, "");
    let error = huge.read_into(&mut Kept::default()).unwrap_err().to_string();
    assert!(error.ends_with("a node or an edge is larger than 16 MiB"), "{error}");
    assert!(huge.position() < 2 * ELEMENT_BYTES_MAX as u64);
}

#[test]
fn what_is_nested_deeply_is_left_out_or_refused() {
    let deep = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
    let document = format!(
        r#"{{"graph":{{"nodes":[{{"id":"a","kinds":["A"],"properties":{{"x":{}}}}},{{"id":"b","kinds":["A"]}}]}}}}"#,
        deep(10_000)
    );
    let mut kept = Kept::default();
    read_bytes(document.as_bytes(), &mut kept).unwrap();
    assert_eq!(rejects(&kept), ["graph.nodes[0]: it is nested more than 100 deep"]);
    assert_eq!(objects(&kept).len(), 1);
    let passed_over = format!(r#"{{"style":{},"graph":{{}}}}"#, deep(10_000));
    assert!(read_bytes(passed_over.as_bytes(), &mut Kept::default()).is_ok());
    let error = error_of(&format!(r#"{{"style":{}"#, "[".repeat(2_000_000)));
    assert!(
        error.ends_with("more than 1000000 brackets are open inside each other"),
        "{error}"
    );
}

#[test]
fn a_million_kinds_or_properties_of_a_node_end_at_the_limit() {
    let kinds: Vec<_> = (0..1_000_000).map(|_| "A").collect();
    let properties: serde_json::Map<_, _> = (0..500_000).map(|it| (format!("p{it:06}"), it.into())).collect();
    let objects_in: serde_json::Map<_, _> = (0..100_000).map(|it| (format!("p{it:06}"), json!({}))).collect();
    let (_, kept) = read_graph(
        &json!([
            {"id": "1", "kinds": kinds},
            {"id": "2", "kinds": ["A"], "properties": properties},
            {"id": "3", "kinds": ["A"], "properties": objects_in},
        ]),
        &json!([]),
    );
    let found = rejects(&kept);
    assert_eq!(
        found[0],
        "graph.nodes[0]: a node of more than 16 kinds; those behind them are left out"
    );
    assert_eq!(
        found[1],
        "graph.nodes[1]: more than 1000 properties; 499000 are left out"
    );
    assert_eq!(found.len(), 2 + FAULTS_MAX + 1);
    assert_eq!(
        found[found.len() - 1],
        "graph.nodes[2]: 99980 more properties are left out"
    );
    let kept_properties: Json = serde_json::from_str(&objects(&kept)[1][4]).unwrap();
    assert_eq!(kept_properties.as_object().unwrap().len(), PROPERTIES_MAX);
}

#[test]
fn a_sink_that_takes_nothing_ends_the_reading() {
    let mut kept = Kept {
        is_full: true,
        ..Kept::default()
    };
    let document = br#"{"graph":{"nodes":[{"id":"a","kinds":["NetworkSegment"]}]}}"#;
    let error = read_bytes(document, &mut kept).unwrap_err();
    assert!(matches!(error, IngestError::Sink(_)));
}

/// Collections of three tools. The counts are those of the arrays in the files.
#[test]
fn files_of_other_tools_are_read_whole() {
    for (path, nodes, edges) in [
        ("configmanbearpig/unprivileged_disable/ad_edges-1.json", 0, 72),
        ("configmanbearpig/unprivileged_disable/ad_nodes-1.json", 26, 0),
        ("configmanbearpig/unprivileged_disable/mssql_edges-1.json", 0, 30),
        ("configmanbearpig/unprivileged_disable/mssql_nodes-1.json", 17, 0),
        ("configmanbearpig/unprivileged_disable/sccm_edges-1.json", 0, 4),
        ("configmanbearpig/unprivileged_disable/sccm_nodes-1.json", 3, 0),
        ("githound/githound_O_kgDOCoV2OQ.json", 338, 2763),
        ("githound/githound_saml_O_kgDOCoV2OQ.json", 2, 5),
        ("mssqlhound/mssql-ps1-db.mayyhem.com.json", 203, 572),
        ("bloodhound-docs/opengraph/opengraph-minimal.json", 2, 1),
    ] {
        let Some(path) = shared_data(path) else {
            continue;
        };
        let bytes = std::fs::read(&path).unwrap();
        assert!(sniff(&bytes[..bytes.len().min(HEAD_BYTES)]) || bytes.starts_with(b"\xEF\xBB\xBF"));
        let mut kept = Kept::default();
        kept.read(&bytes).unwrap();
        let path = path.display();
        assert_eq!(rejects(&kept), [""; 0], "{path}");
        assert_eq!((objects(&kept).len(), relations(&kept).len()), (nodes, edges), "{path}");
    }
}

/// A map that has some of everything.
fn example() -> Vec<u8> {
    let cases = cases(FORMAT.id);
    let case = cases.iter().find(|it| it.ends_with("two-segments-and-the-internet"));
    input_of(case.unwrap())
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
        which in 0usize..10,
        damages in proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>(), 0u8..3), 1..8),
    ) {
        let cases = cases(FORMAT.id);
        let mut bytes = input_of(&cases[which % cases.len()]);
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

    /// Where an element ends is found without reading it, and both ways must agree on JSON.
    #[test]
    fn elements_end_where_their_json_ends(texts in proptest::collection::vec(r#"[\[\]{}",:\\ a0-]{0,12}"#, 0..6)) {
        let node = |text: &String| json!({"id": text, "kinds": [text], text.as_str(): [text]});
        let nodes: Vec<_> = texts.iter().map(node).collect();
        let (_, kept) = read_graph(&Json::from(nodes), &json!([]));
        prop_assert!(objects(&kept).len() + kept.rejects.len() >= texts.len().min(1));
        prop_assert!(kept.rejects.iter().all(|it| !it.reason.contains("cannot be read")), "{:?}", kept.rejects);
    }

    #[test]
    fn no_bytes_make_the_recognition_panic(bytes: Vec<u8>, text in r#"[{}\[\]"\\:a graphnodeskinds]{0,40}"#) {
        sniff(&bytes);
        sniff(text.as_bytes());
    }
}
