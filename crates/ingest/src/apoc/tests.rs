//! Exports that are too large, too deep, or damaged anywhere.

use proptest::prelude::*;

use super::*;
use crate::properties::{PROPERTIES_MAX, PROPERTY_BYTES_MAX};
use crate::stated::ID_BYTES_MAX;
use crate::testing::{Huge, Kept, cases, input_of};

const USER: &str = r#"{"type":"node","id":"1","labels":["User"],"properties":{"objectid":"S-1-5-21-1-2-3-1105"}}"#;
const GROUP: &str = r#"{"type":"node","id":"2","labels":["Group"],"properties":{"objectid":"S-1-5-21-1-2-3-1201"}}"#;
const MEMBER: &str = r#"{"type":"relationship","id":"1","label":"MemberOf","start":{"id":"1"},"end":{"id":"2"}}"#;

fn read_bytes(bytes: &[u8]) -> (Summary, Kept) {
    let mut kept = Kept::default();
    let summary = kept.read_as(&FORMAT, bytes, None).unwrap();
    (summary, kept)
}

fn reasons(kept: &Kept) -> Vec<String> {
    kept.rejects
        .iter()
        .map(|it| format!("{}: {}", it.position, it.reason))
        .collect()
}

#[test]
fn a_line_of_gigabytes_is_rejected_by_its_number_and_the_rest_goes_in() {
    let before = "{\"type\":\"node\",\"properties\":{},\"labels\":[\"";
    let after = "\"]}\n{\"type\":\"node\",\"id\":\"1\",\"labels\":[\"User\"],\"properties\":{\"objectid\":\"S-1\"}}\n";
    let mut kept = Kept::default();
    let mut huge = Huge::new(before, "x", 3 << 30, after);
    huge.read_into(&mut kept).unwrap();
    assert_eq!(kept.rows("objects", &["id"]), [["S-1"]]);
    let [reason] = &reasons(&kept)[..] else {
        panic!("{:?}", kept.rejects)
    };
    assert!(reason.starts_with("line 1: it has 32212"), "{reason}");
    assert!(reason.contains("at most 16777216 are read"), "{reason}");
}

#[test]
fn a_million_members_of_one_group_are_read() {
    let members = MEMBER.to_owned() + "\n";
    let file = format!("{USER}\n{GROUP}\n{}", members.repeat(1_000_000));
    let (summary, kept) = read_bytes(file.as_bytes());
    assert_eq!((summary.counts.assets, summary.counts.relations), (2, 1_000_000));
    assert!(kept.rejects.is_empty());
}

#[test]
fn deep_json_is_rejected_wherever_it_stands() {
    let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
    let file = [
        format!("{{\"type\":\"node\",\"id\":\"1\",\"labels\":{deep}}}"),
        format!("{{\"type\":\"node\",\"id\":\"1\",\"properties\":{{\"a\":{deep}}}}}"),
        format!("{{\"type\":\"node\",\"other\":{deep}}}"),
        deep,
        "{\"a\":".repeat(10_000),
        USER.to_owned(),
    ]
    .join("\n");
    let (_, kept) = read_bytes(file.as_bytes());
    assert_eq!(kept.rejects.len(), 5, "{:?}", reasons(&kept));
    assert_eq!(kept.rows("objects", &["id"]).len(), 1);
}

#[test]
fn a_line_that_is_not_utf_8_is_rejected_with_its_place() {
    let file = [
        USER.as_bytes(),
        b"\n{\"type\":\"node\",\"id\":\"\xE9\"}\n",
        GROUP.as_bytes(),
    ]
    .concat();
    let (_, kept) = read_bytes(&file);
    assert_eq!(reasons(&kept), ["line 2: its text is not UTF-8, at its byte 21"]);
    assert_eq!(kept.rows("objects", &["id"]).len(), 2);
}

#[test]
fn values_above_their_limits_are_left_out_and_told() {
    let long = "x".repeat(PROPERTY_BYTES_MAX);
    let many: String = (0..PROPERTIES_MAX).map(|number| format!("\"p{number}\":1,")).collect();
    let labels: String = (0..KINDS_OF_NODE_MAX).map(|number| format!("\"L{number}\",")).collect();
    let node = |id: &str, labels: &str, properties: &str| {
        format!("{{\"type\":\"node\",\"id\":\"{id}\",\"labels\":[{labels}],\"properties\":{{{properties}}}}}")
    };
    let file = [
        node("1", "", &format!("\"objectid\":\"A\",\"p\":\"{long}\"")),
        node("2", "", &format!("\"objectid\":\"B\",{many}\"q\":1")),
        node("3", &format!("{labels}\"x\""), "\"objectid\":\"C\""),
        node("4", "", &format!("\"objectid\":\"{}\"", "D".repeat(ID_BYTES_MAX + 1))),
    ]
    .join("\n");
    let (_, kept) = read_bytes(file.as_bytes());
    let expected = [
        "line 1: the property p is longer than 65536 bytes and left out",
        "line 2: more than 1000 properties; 1 are left out",
        "line 3: a node of more than 16 labels; those behind them are left out",
        "line 4: its id has more than 2048 bytes",
    ];
    assert_eq!(reasons(&kept), expected);
    assert_eq!(kept.rows("objects", &["id"]), [["A"], ["B"], ["C"]]);
}

#[test]
fn above_the_limit_of_nodes_their_relations_are_rejected() {
    let mut kept = Kept::default();
    let mut reader = Reader::new(Layout::Lines, Chunks::new(&mut kept));
    reader.nodes.ids = "x".repeat(NODE_IDS_BYTES_MAX - 25);
    for (number, line) in [USER, GROUP, MEMBER].into_iter().enumerate() {
        let place = Place {
            index: number as u64,
            byte: 0,
        };
        assert!(reader.element(line, place, Pass::First).is_ok());
    }
    let place = reader.aside.expect("the group is not kept");
    assert!(reader.element(MEMBER, place, Pass::Second).is_ok());
    reader.finish().unwrap();
    let reason = "line 3: its end is the id 2 of no node of the file, or of one behind the first 1";
    assert_eq!(reasons(&kept), [reason]);
    assert_eq!(kept.rows("objects", &["id"]).len(), 2, "the nodes themselves are read");
}

#[test]
fn what_is_wrong_with_a_relationship_is_told_once_wherever_its_ends_stand() {
    let with = |properties: &str| MEMBER.replace("\"label\"", &format!("\"properties\":{properties},\"label\""));
    let long = format!("{{\"p\":\"{}\"}}", "x".repeat(PROPERTY_BYTES_MAX));
    let (no_object, too_long) = (with("7"), with(&long));
    for order in [
        [USER, GROUP, &no_object, &too_long, &too_long],
        [USER, &no_object, &too_long, &too_long, GROUP],
        [&no_object, &too_long, &too_long, USER, GROUP],
    ] {
        let (summary, kept) = read_bytes(order.join("\n").as_bytes());
        let told = |part: &str| reasons(&kept).iter().filter(|it| it.contains(part)).count();
        assert_eq!(told("its properties are no object"), 1, "{:?}", reasons(&kept));
        assert_eq!(told("the property p is longer"), 2, "{:?}", reasons(&kept));
        assert_eq!((kept.rejects.len(), summary.counts.relations), (3, 2));
    }
}

#[test]
fn every_end_is_found_wherever_its_node_stands() {
    let lines = [USER, GROUP, MEMBER];
    for order in [[0, 1, 2], [0, 2, 1], [2, 1, 0], [2, 0, 1]] {
        let file = order.map(|at| lines[at]).join("\n");
        let (_, kept) = read_bytes(file.as_bytes());
        let rows = kept.rows("relations", &["source", "source_kind", "target", "target_kind"]);
        let expected = [["S-1-5-21-1-2-3-1105", "User", "S-1-5-21-1-2-3-1201", "Group"]];
        assert_eq!(rows, expected, "{order:?}");
        assert!(kept.rejects.is_empty());
    }
}

#[test]
fn an_array_is_read_however_its_lines_are_broken() {
    let (_, lines) = read_bytes(format!("{USER}\n{MEMBER}\n{GROUP}").as_bytes());
    let rows = |kept: &Kept| {
        let columns = ["source", "target"];
        (kept.rows("objects", &["id"]), kept.rows("relations", &columns))
    };
    for between in [",", ",\n", "\n,", " ,\r\n "] {
        let array = format!("[{}]\n", [USER, MEMBER, GROUP].join(between));
        let (_, kept) = read_bytes(array.as_bytes());
        assert_eq!(rows(&kept), rows(&lines), "{between:?}");
        assert!(kept.rejects.is_empty(), "{:?}", reasons(&kept));
    }
    let (_, marked) = read_bytes(format!("\u{feff}[{USER}]").as_bytes());
    assert_eq!(marked.rows("objects", &["id"]).len(), 1);
}

#[test]
fn what_is_no_element_of_an_array_is_rejected_by_its_number() {
    let text = r#""}]{[\"""#;
    let (_, kept) = read_bytes(format!("[{USER},17,{text},{{\"type\":\"way\"}},{GROUP},{{\"type\"").as_bytes());
    let expected = [
        "[1]: it cannot be read: an object is expected at its byte 0",
        "[2]: it cannot be read: an object is expected at its byte 0",
        "[3]: its type is \"way\"; node and relationship are understood",
        "[5]: it is cut off; if it is the last, the file was cut short: export it again",
    ];
    assert_eq!(reasons(&kept), expected);
    assert_eq!(kept.rows("objects", &["id"]).len(), 2);
}

#[test]
fn an_element_above_the_limit_is_rejected_and_those_behind_it_are_read() {
    let after = "\"]},{\"type\":\"node\",\"id\":\"1\",\"labels\":[\"User\"],\"properties\":{\"objectid\":\"S-1\"}}]";
    let mut kept = Kept::default();
    let before = "[{\"type\":\"node\",\"properties\":{},\"labels\":[\"";
    let mut huge = Huge::new(before, "x", 40 << 20, after);
    huge.read_into(&mut kept).unwrap();
    assert_eq!(kept.rows("objects", &["id"]), [["S-1"]]);
    assert_eq!(
        reasons(&kept),
        ["[0]: it has 41943085 bytes, and at most 16777216 are read"]
    );
}

#[test]
fn only_lines_of_an_export_are_recognised() {
    for line in [
        USER,
        MEMBER,
        &USER[..60],
        &format!("broken\n\n{USER}"),
        &format!("[{USER},"),
    ] {
        assert!(sniff(line.as_bytes()), "{line}");
    }
    for text in [
        "",
        "{}",
        "\0\0\0\0",
        "[1,2]",
        r#"{"type":"node"}"#,
        r#"{"type":"FeatureCollection","features":[]}"#,
        r#"{"graph":{"nodes":[{"id":"1","kinds":["User"]}]}}"#,
        r#"{"data":[],"meta":{"type":"users"}}"#,
    ] {
        assert!(!sniff(text.as_bytes()) && !is_one_document(text.as_bytes()), "{text}");
    }
}

#[test]
fn exports_in_one_document_are_refused_by_their_layout() {
    for file in [
        format!("{{\"nodes\":[{USER}],\"rels\":[{MEMBER}]}}"),
        r#"{"nodes":{"1":{"type":"node","id":"1","labels":["User"],"properties":{}}},"rels":{}}"#.to_owned(),
    ] {
        let error = Kept::default().read(file.as_bytes()).unwrap_err().to_string();
        assert!(error.starts_with("file is an APOC export in one document"), "{error}");
        assert!(error.contains("JSON_LINES"), "{error}");
    }
}

#[test]
fn a_file_cut_anywhere_loses_the_line_of_the_cut_only() {
    let file = format!("{USER}\n{GROUP}\n{MEMBER}\n");
    for end in 0..file.len() {
        let (summary, kept) = read_bytes(&file.as_bytes()[..end]);
        let whole = file[..end].matches('\n').count();
        let rows = kept.rows("objects", &["id"]).len() as u64 + summary.counts.relations;
        let is_line_end = file[..end].ends_with(['}']) && file[end..].starts_with('\n');
        assert_eq!(rows, whole as u64 + u64::from(is_line_end), "{end}");
        assert_eq!(
            kept.rejects.is_empty(),
            is_line_end || file[..end].ends_with('\n') || end == 0,
            "{end}"
        );
    }
}

proptest! {
    #[test]
    fn no_damage_makes_the_reader_panic(at in 0_usize..6_000, byte in any::<u8>(), case in 0_usize..6) {
        let mut bytes = input_of(&cases(FORMAT.id)[case]);
        let length = bytes.len();
        bytes[at % length] = byte;
        let mut kept = Kept::default();
        drop(kept.read_as(&FORMAT, &bytes, None));
    }
}
