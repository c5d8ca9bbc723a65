//! The schema of an OpenGraph extension: which kinds a tool brings with it, and along which relations an attacker
//! gets.
//!
//! `{"schema": {"name": ...}, "node_kinds": [...], "relationship_kinds": [{"name": ..., "is_traversable": ...}]}`. The
//! newest schema of a name replaces the one before. It may come before or after the data that it describes. What else
//! it says (icons, environments, findings) is for other programs.
//!
//! # Source
//! SpecterOps, "BloodHound OpenGraph extension schema".

use std::io::Read as _;
use std::ops::ControlFlow;

use postern_model::schema::KINDS;
use postern_model::{Cell, CellCoverage, Coverage, Facet, ObjectClass, Value};
use serde_json::Value as Json;

use crate::chunks::Chunks;
use crate::opengraph::each_key;
use crate::stated::Kinds;
use crate::{Counts, Format, IngestError, Input, Probe, Sink, Summary, io_error};

/// A schema may have this many bytes; it is read in one piece. Those of extensions have some ten thousand.
pub const SCHEMA_BYTES_MAX: u64 = 4 * 1024 * 1024;

/// Characters of the name of an extension.
pub const NAME_CHARACTERS_MAX: usize = 128;

/// Characters of a description, and of the name that is shown. What is behind them is cut off, and told: what a kind
/// is called is no reason to lose what it does.
pub const DESCRIPTION_CHARACTERS_MAX: usize = 2_000;

pub static FORMAT: Format = Format {
    id: "opengraph-schema",
    title: "OpenGraph extension schemas",
    dates_itself: false,
    sniff: |probe: &mut Probe<'_, '_>| Ok(sniff(probe.head)),
    read,
};

const NODES: &str = "node_kinds";
const RELATIONS: &str = "relationship_kinds";

/// Whether the beginning of a file is an object with a list of kinds.
fn sniff(head: &[u8]) -> bool {
    let mut is_schema = false;
    each_key(head, |key, value| {
        is_schema = (key == NODES.as_bytes() || key == RELATIONS.as_bytes()) && value.starts_with(b"[");
        match is_schema {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        }
    });
    is_schema
}

/// Reads a file of this format.
///
/// # Errors
/// [`IngestError::Malformed`] when the file is no JSON, is cut short, too long, or names no extension;
/// [`IngestError::Io`] and [`IngestError::Sink`] as they come.
fn read(input: Input<'_>, sink: &mut dyn Sink) -> Result<Summary, IngestError> {
    let name = input.name;
    let malformed = |position: String, reason: String| IngestError::Malformed {
        name: name.to_owned(),
        position,
        reason,
    };
    let mut bytes = Vec::new();
    input
        .bytes
        .take(SCHEMA_BYTES_MAX + 1)
        .read_to_end(&mut bytes)
        .map_err(|cause| io_error(name, cause))?;
    if bytes.len() as u64 > SCHEMA_BYTES_MAX {
        let reason = format!("a schema has no more than {} MiB", SCHEMA_BYTES_MAX / (1024 * 1024));
        return Err(malformed(format!("byte {SCHEMA_BYTES_MAX}"), reason));
    }
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(&bytes);
    let document: Json = serde_json::from_slice(bytes).map_err(|cause| {
        let position = format!("line {}, column {}", cause.line(), cause.column());
        let reason = match cause.is_eof() {
            true => "the file ends inside the JSON; it was cut short, get it again".to_owned(),
            false => "the file is no JSON from here on; correct it or get it again".to_owned(),
        };
        malformed(position, reason)
    })?;
    let extension = document.get("schema").and_then(|schema| schema.get("name"));
    let extension = extension.and_then(Json::as_str).map(str::trim).unwrap_or_default();
    if extension.is_empty() || extension.chars().count() > NAME_CHARACTERS_MAX {
        let reason = format!("schema.name is no name of an extension, 1 to {NAME_CHARACTERS_MAX} characters");
        return Err(malformed("line 1".to_owned(), reason));
    }

    let mut chunks = Chunks::new(sink);
    let mut counts = Counts::default();
    for (list, role) in [(NODES, "node"), (RELATIONS, "relation")] {
        let mut kinds = Kinds::default();
        match document.get(list) {
            None | Some(Json::Null) => {}
            Some(Json::Array(items)) => {
                for (index, item) in items.iter().enumerate() {
                    let position = format!("{list}[{index}]");
                    match push_kind(&mut chunks, &mut kinds, extension, role, item, &position)? {
                        Ok(()) => counts.kinds += 1,
                        Err(reason) => chunks.reject(position, reason),
                    }
                }
            }
            Some(_) => chunks.reject(list.to_owned(), "it is no array of kinds".to_owned()),
        }
    }
    chunks.finish()?;
    Ok(Summary {
        cells: vec![CellCoverage {
            cell: Cell::new(extension, ObjectClass::Extensions, Facet::Kinds),
            coverage: Coverage::Whole { unread: Vec::new() },
        }],
        observed_at: None,
        counts,
    })
}

/// Writes one kind; the inner error says why it cannot be.
fn push_kind(
    chunks: &mut Chunks<'_>,
    kinds: &mut Kinds,
    extension: &str,
    role: &str,
    kind: &Json,
    position: &str,
) -> Result<Result<(), String>, IngestError> {
    let text = |key: &str| kind.get(key).and_then(Json::as_str).map(str::trim).unwrap_or_default();
    let name = text("name");
    if name.is_empty() {
        return Ok(Err("a kind without name".to_owned()));
    }
    if let Err(reason) = kinds.check(name) {
        return Ok(Err(reason));
    }
    let is_traversable = match kind.get("is_traversable") {
        Some(Json::Bool(flag)) if role == "relation" => Value::Bool(*flag),
        Some(Json::Bool(_) | Json::Null) | None => Value::Null,
        Some(_) => return Ok(Err(format!("is_traversable of {name} is neither true nor false"))),
    };
    let [display_name, description] = ["display_name", "description"].map(|key| {
        let whole = text(key);
        let Some((end, _)) = whole.char_indices().nth(DESCRIPTION_CHARACTERS_MAX) else {
            return whole;
        };
        let reason = format!("{key} of {name} is cut off behind {DESCRIPTION_CHARACTERS_MAX} characters");
        chunks.reject(position.to_owned(), reason);
        &whole[..end]
    });
    let row = [
        Value::Long(0),
        Value::Text(extension),
        Value::Text(name),
        Value::Text(role),
        Value::Text(display_name),
        is_traversable,
        Value::Text(description),
    ];
    chunks.push(&KINDS, &row)?;
    Ok(Ok(()))
}

#[cfg(test)]
mod tests {
    use postern_testkit::shared_data;
    use proptest::prelude::*;

    use super::*;
    use crate::testing::{Kept, cases, input_of};

    fn rows(kept: &Kept) -> Vec<Vec<String>> {
        kept.rows("kinds", &["subject", "role", "name", "is_traversable"])
    }

    #[test]
    fn only_lists_of_kinds_are_recognised() {
        for (head, expected) in [
            (r#"{"schema":{"name":"A"},"node_kinds":[]}"#, true),
            (r#"{"relationship_kinds" : [{"name""#, true),
            (r#"{"schema":{"node_kinds":[]}}"#, false),
            (r#"{"node_kinds":{}}"#, false),
            (r#"[{"node_kinds":[]}]"#, false),
        ] {
            assert_eq!(sniff(head.as_bytes()), expected, "{head}");
        }
    }

    #[test]
    fn a_schema_is_the_whole_of_what_its_extension_says() {
        let mut kept = Kept::default();
        let kinds = r#"[{"name":"T_Owns","is_traversable":true}]"#;
        let document = format!(r#"{{"schema":{{"name":" Tool "}},"relationship_kinds":{kinds}}}"#);
        let summary = kept.read(document.as_bytes()).unwrap();
        assert_eq!(rows(&kept), [["Tool", "relation", "T_Owns", "true"]]);
        let whole = Coverage::Whole { unread: Vec::new() };
        assert_eq!(
            summary.cells[0].cell,
            Cell::new("Tool", ObjectClass::Extensions, Facet::Kinds)
        );
        assert_eq!(summary.cells[0].coverage, whole);
    }

    #[test]
    fn a_description_that_is_too_long_is_cut_and_told() {
        let long = "é".repeat(DESCRIPTION_CHARACTERS_MAX + 1);
        let document = format!(r#"{{"schema":{{"name":"T"}},"node_kinds":[{{"name":"T_A","description":"{long}"}}]}}"#);
        let mut kept = Kept::default();
        kept.read(document.as_bytes()).unwrap();
        assert_eq!(
            kept.rows("kinds", &["description"])[0][0].chars().count(),
            DESCRIPTION_CHARACTERS_MAX
        );
        let told = &kept.rejects[0];
        assert_eq!(told.position, "node_kinds[0]");
        assert_eq!(told.reason, "description of T_A is cut off behind 2000 characters");
    }

    #[test]
    fn what_is_no_schema_says_why() {
        let long = format!(r#"{{"node_kinds":["{}"]}}"#, "x".repeat(SCHEMA_BYTES_MAX as usize));
        let deep = format!(r#"{{"node_kinds":{}1{}}}"#, "[".repeat(10_000), "]".repeat(10_000));
        for (document, part) in [
            (r#"{"node_kinds":[]}"#, "schema.name is no name of an extension"),
            (r#"{"node_kinds":["#, "cut short"),
            (r#"{"node_kinds":[}"#, "no JSON from here on"),
            (&long, "a schema has no more than 4 MiB"),
            (&deep, "no JSON from here on"),
        ] {
            let error = Kept::default().read(document.as_bytes()).unwrap_err().to_string();
            assert!(error.contains(part), "{error}");
        }
    }

    /// Schemas of two tools. The numbers were counted with another program.
    #[test]
    fn schemas_of_other_tools_are_read_whole() {
        for (path, extension, nodes, relations, traversable) in [
            ("mssqlhound/schema.json", "MSSQL", 7, 35, 22),
            ("githound/schema.json", "SOGitHub", 34, 117, 17),
        ] {
            let Some(path) = shared_data(path) else {
                continue;
            };
            let mut kept = Kept::default();
            kept.read(&std::fs::read(&path).unwrap()).unwrap();
            let path = path.display();
            assert_eq!(kept.rejects, [], "{path}");
            let rows = rows(&kept);
            assert!(rows.iter().all(|row| row[0] == extension), "{path}");
            let of = |role: &str| rows.iter().filter(|row| row[1] == role).count();
            let along = rows.iter().filter(|row| row[3] == "true").count();
            assert_eq!(
                (of("node"), of("relation"), along),
                (nodes, relations, traversable),
                "{path}"
            );
        }
    }

    #[test]
    fn a_schema_cut_anywhere_before_its_end_is_refused() {
        let document = input_of(&cases(FORMAT.id)[0]);
        for length in 0..document.trim_ascii_end().len() {
            let read = Kept::default().read_as(&FORMAT, &document[..length], None);
            assert!(read.is_err(), "{length}");
        }
    }

    proptest! {
        #[test]
        fn no_damage_makes_the_reader_panic(
            damages in proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>()), 1..8),
        ) {
            let mut bytes = input_of(&cases(FORMAT.id)[0]);
            for (place, byte) in damages {
                let place = place.index(bytes.len());
                bytes[place] = byte;
            }
            sniff(&bytes);
            let mut kept = Kept::default();
            if let Ok(summary) = kept.read_as(&FORMAT, &bytes, None) {
                prop_assert_eq!(summary.cells.len(), 1);
            }
        }
    }
}
