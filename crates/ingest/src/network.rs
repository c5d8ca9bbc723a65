//! A network map: segments, the Internet, and which ports the routes between them let through.
//!
//! The file has the shape of OpenGraph, `{"graph": {"nodes": [...], "edges": [...]}}`, so that a person can
//! write it and other tools can export it. Start at [`read`]. Understood are
//!
//! * nodes of kind `NetworkSegment` (properties `name`, `cidrs`) and `Internet` (id `internet`); nodes of
//!   kind `Computer` and `Host` only say that an id is one;
//! * edges `RoutesTrafficTo` between segments and the Internet (property `ports`, as [`PortSet`] reads
//!   them) and `LocatedIn` from a host, or a directory object, to a segment.
//!
//! All other kinds are left out and reported, once for each kind. The newest map of a site replaces the one
//! before; a file without a single network row says nothing about the network and replaces nothing.
//!
//! **Invariant:** the file is read once, element by element: memory grows with the largest element and with
//! the ids that the network rows name, both limited below.
//!
//! # Source
//! SpecterOps, "BloodHound OpenGraph schema".

use std::cell::Cell as Counter;
use std::collections::{BTreeMap, HashSet};
use std::fmt;
use std::io::{self, BufReader, Read};

use postern_model::network::{Cidr, PortSet};
use postern_model::schema::{OBJECTS, RELATIONS};
use postern_model::{Cell, CellCoverage, Coverage, Facet, NodeKind, ObjectClass, RelationKind, Value, hash128};
use serde::de::{DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value as Json};

use crate::chunks::Chunks;
use crate::{Counts, Format, IngestError, Input, Probe, ReadSeek, Sink, Summary};

/// A node or an edge may have this many bytes.
pub const ELEMENT_BYTES_MAX: u64 = 16 * 1024 * 1024;

/// The network rows of a file may name this many distinct ids.
pub const IDS_MAX: usize = 1_000_000;

/// This many network rows may be unreadable; a file with more of them is none to be trusted.
pub const UNREAD_MAX: usize = 100_000;

/// This many kinds that are not understood are reported by name.
pub const FOREIGN_KINDS_MAX: usize = 1_000;

/// Id of the one node that stands for the Internet, in any letter case.
pub const INTERNET_ID: &str = "internet";

pub static FORMAT: Format = Format {
    id: "network",
    title: "network JSON",
    dates_itself: false,
    sniff: |probe: &mut Probe<'_, '_>| Ok(sniff(probe.head)),
    read,
};

/// Whether the beginning of a file is an object with an object `graph` in it.
fn sniff(head: &[u8]) -> bool {
    let mut depth = 0;
    let mut at = 0;
    while let Some(&byte) = head.get(at) {
        match byte {
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth -= 1,
            b'"' => {
                let start = at + 1;
                at = start;
                while head.get(at).is_some_and(|&byte| byte != b'"') {
                    at += if head[at] == b'\\' { 2 } else { 1 };
                }
                let text = head.get(start..at);
                let mut rest = head.get(at + 1..).unwrap_or(b"").trim_ascii_start().iter();
                let is_key = depth == 1 && rest.next() == Some(&b':');
                if is_key && text == Some(b"graph") {
                    return rest.as_slice().trim_ascii_start().starts_with(b"{");
                }
            }
            _ if depth == 0 && !byte.is_ascii_whitespace() => return false,
            _ => {}
        }
        at += 1;
    }
    false
}

/// Reads a file of this format.
///
/// `input.site` names the network that the map is of: the boundary of its cell.
///
/// # Errors
/// [`IngestError::Malformed`] when the file is no JSON, is cut short or above a limit; [`IngestError::Io`] and
/// [`IngestError::Sink`] as they come.
fn read(input: Input<'_>, sink: &mut dyn Sink) -> Result<Summary, IngestError> {
    let name = input.name;
    let read_bytes = Counter::new(0);
    let source = BufReader::new(Source {
        inner: input.bytes,
        read_bytes: &read_bytes,
        is_first: true,
    });
    let mut map = NetworkMap::new(input.site.unwrap_or(""), Chunks::new(sink), &read_bytes);
    let mut json = serde_json::Deserializer::from_reader(source);
    let outcome = (&mut json)
        .deserialize_map(Document(&mut map))
        .and_then(|()| json.end());
    match (map.failure.take(), outcome) {
        (Some(Failure::Stopped(error)), _) => Err(error),
        (Some(Failure::Limit(reason)), Err(cause)) => Err(malformed(name, &cause, reason)),
        (_, Err(cause)) => Err(json_failure(name, cause, read_bytes.get())),
        (_, Ok(())) => map.finish(),
    }
}

fn json_failure(name: &str, cause: serde_json::Error, read_bytes: u64) -> IngestError {
    if read_bytes > ELEMENT_BYTES_MAX && cause.is_io() {
        let reason = format!(
            "a node or an edge is larger than {} MiB",
            ELEMENT_BYTES_MAX / (1024 * 1024)
        );
        return malformed(name, &cause, reason);
    }
    if cause.is_io() {
        return IngestError::Io {
            name: name.to_owned(),
            cause: cause.into(),
        };
    }
    let reason = if cause.is_eof() {
        "the file ends inside the JSON; it was cut short, export it again".to_owned()
    } else {
        // serde_json repeats the position behind its message.
        let text = cause.to_string();
        let message = text
            .rsplit_once(" at line ")
            .map_or(text.as_str(), |(message, _)| message);
        format!("{message}; correct or export the file again")
    };
    malformed(name, &cause, reason)
}

fn malformed(name: &str, cause: &serde_json::Error, reason: String) -> IngestError {
    IngestError::Malformed {
        name: name.to_owned(),
        position: format!("line {}, column {}", cause.line(), cause.column()),
        reason,
    }
}

/// Why reading stops although the JSON would go on.
enum Failure {
    Stopped(IngestError),
    /// A named limit, to which the position is added.
    Limit(String),
}

/// What has been read so far.
struct NetworkMap<'a> {
    site: &'a str,
    chunks: Chunks<'a>,
    /// Bytes read since the last element, watched by [`Source`].
    read_bytes: &'a Counter<u64>,
    failure: Option<Failure>,
    /// Hashes of the ids of segments and of what edges join, in upper case.
    ids: HashSet<u128>,
    relations: u64,
    /// Whether there was a row about the network, readable or not.
    has_network: bool,
    unread: Vec<String>,
    foreign: BTreeMap<(Array, String), u64>,
    /// References with properties of their own, which are left out.
    references: u64,
}

/// One of the two arrays of a graph.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Array {
    Nodes,
    Edges,
}

impl Array {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Nodes => "nodes",
            Self::Edges => "edges",
        }
    }
}

/// Why an element did not become a row.
enum Fault {
    /// It is no part of a network map; this is its kind.
    Foreign(String),
    /// It cannot be read; the id is that of the subject which it speaks of, empty when unknown.
    Bad { subject: String, reason: String },
}

impl Fault {
    fn bad(subject: &str, reason: impl Into<String>) -> Self {
        Self::Bad {
            subject: subject.to_owned(),
            reason: reason.into(),
        }
    }
}

/// A readable edge.
struct Edge {
    kind: RelationKind,
    source: End,
    target: End,
    /// Canonical JSON, or empty.
    properties: String,
}

struct End {
    id: String,
    kind: NodeKind,
}

impl<'a> NetworkMap<'a> {
    fn new(site: &'a str, chunks: Chunks<'a>, read_bytes: &'a Counter<u64>) -> Self {
        Self {
            site,
            chunks,
            read_bytes,
            failure: None,
            ids: HashSet::new(),
            relations: 0,
            has_network: false,
            unread: Vec::new(),
            foreign: BTreeMap::new(),
            references: 0,
        }
    }

    /// Takes one element of an array, of which the index is the position.
    fn element(&mut self, array: Array, index: u64, element: &Json) -> Result<(), Failure> {
        let taken = match array {
            Array::Nodes => self.node(element)?,
            Array::Edges => self.edge(element)?,
        };
        match taken {
            Ok(()) => {}
            Err(Fault::Foreign(kind)) => {
                let key = (array, kind);
                let is_listed = self.foreign.contains_key(&key) || self.foreign.len() < FOREIGN_KINDS_MAX;
                let key = if is_listed {
                    key
                } else {
                    (array, OTHER_KINDS.to_owned())
                };
                *self.foreign.entry(key).or_default() += 1;
            }
            Err(Fault::Bad { subject, reason }) => {
                self.chunks.reject(format!("graph.{}[{index}]", array.as_str()), reason);
                if !subject.is_empty() {
                    self.has_network = true;
                    self.unread.push(subject);
                }
            }
        }
        if self.ids.len() > IDS_MAX {
            return Err(Failure::Limit(format!("the network rows name more than {IDS_MAX} ids")));
        }
        if self.unread.len() > UNREAD_MAX {
            return Err(Failure::Limit(format!(
                "more than {UNREAD_MAX} network rows cannot be read"
            )));
        }
        Ok(())
    }

    fn node(&mut self, node: &Json) -> Result<Result<(), Fault>, Failure> {
        let (id, kind, name, properties) = match read_node(node) {
            Ok(NodeRow::Zone {
                id,
                kind,
                name,
                properties,
            }) => (id, kind, name, properties),
            Ok(NodeRow::Reference { has_properties }) => {
                self.references += u64::from(has_properties);
                return Ok(Ok(()));
            }
            Err(fault) => return Ok(Err(fault)),
        };
        self.has_network = true;
        self.count(&id);
        let row = [
            Value::Long(0),
            Value::Text(&id),
            Value::Text(&id),
            Value::Text(kind.as_str()),
            Value::Text(&name),
            Value::Text(&properties),
        ];
        self.chunks.push(&OBJECTS, &row).map_err(Failure::Stopped)?;
        Ok(Ok(()))
    }

    fn edge(&mut self, edge: &Json) -> Result<Result<(), Fault>, Failure> {
        let edge = match read_edge(edge) {
            Ok(edge) => edge,
            Err(fault) => return Ok(Err(fault)),
        };
        self.has_network = true;
        self.count(&edge.source.id);
        self.count(&edge.target.id);
        self.relations += 1;
        let row = [
            Value::Long(0),
            Value::Text(&edge.source.id),
            Value::Text(&edge.source.id),
            Value::Text(edge.source.kind.as_str()),
            Value::Text(&edge.target.id),
            Value::Text(edge.target.kind.as_str()),
            Value::Text(edge.kind.as_str()),
            Value::Text(&edge.properties),
        ];
        self.chunks.push(&RELATIONS, &row).map_err(Failure::Stopped)?;
        Ok(Ok(()))
    }

    fn count(&mut self, id: &str) {
        self.ids.insert(hash128([id.to_ascii_uppercase().as_bytes()]));
    }

    fn finish(mut self) -> Result<Summary, IngestError> {
        for ((array, kind), count) in std::mem::take(&mut self.foreign) {
            let array = array.as_str();
            let reason = format!("{array} of kind {kind} are not understood yet: {count} left out");
            self.chunks.reject(format!("graph.{array}"), reason);
        }
        if self.references > 0 {
            let reason = format!(
                "nodes of kind Computer and Host only name their ids: the properties of {} are left out",
                self.references
            );
            self.chunks.reject("graph.nodes".to_owned(), reason);
        }
        self.chunks.finish()?;
        let mut cells = Vec::new();
        if self.has_network {
            self.unread.sort_unstable();
            self.unread.dedup();
            cells.push(CellCoverage {
                cell: Cell::new(self.site, ObjectClass::Segments, Facet::Network),
                coverage: Coverage::Whole { unread: self.unread },
            });
        }
        Ok(Summary {
            cells,
            observed_at: None,
            counts: Counts {
                assets: self.ids.len() as u64,
                relations: self.relations,
                ..Counts::default()
            },
        })
    }
}

/// Stands for the kinds above [`FOREIGN_KINDS_MAX`].
const OTHER_KINDS: &str = "any other name";

/// A node that is understood.
enum NodeRow {
    /// A segment or the Internet.
    Zone {
        id: String,
        kind: NodeKind,
        name: String,
        properties: String,
    },
    /// A computer or a host.
    Reference { has_properties: bool },
}

fn read_node(node: &Json) -> Result<NodeRow, Fault> {
    let kinds: Vec<&str> = match node.get("kinds") {
        Some(Json::Array(kinds)) => kinds.iter().filter_map(Json::as_str).collect(),
        _ => return Err(Fault::bad("", "a node without kinds")),
    };
    let known = kinds.iter().filter_map(|kind| NodeKind::parse(kind)).find(|kind| {
        use NodeKind::{Computer, Host, Internet, NetworkSegment};
        matches!(kind, NetworkSegment | Internet | Computer | Host)
    });
    let Some(kind) = known else {
        return Err(Fault::Foreign(kind_name(kinds.first().copied())));
    };
    let no_properties = Map::new();
    let properties = match node.get("properties") {
        Some(Json::Object(properties)) => properties,
        _ => &no_properties,
    };
    if kind.is_device() {
        let has_properties = properties.keys().any(|key| key != "name");
        return Ok(NodeRow::Reference { has_properties });
    }
    let id = match node.get("id").and_then(Json::as_str).map(str::trim) {
        Some(id) if !id.is_empty() => canonical_id(id),
        _ => return Err(Fault::bad("", format!("a {kind} without id"))),
    };
    let is_internet = id == INTERNET_ID;
    if (kind == NodeKind::Internet) != is_internet {
        let reason = format!("the Internet is one node of kind Internet and id {INTERNET_ID}; this is {kind} {id}");
        return Err(Fault::bad(&id, reason));
    }
    let mut properties: BTreeMap<&str, Json> = properties
        .iter()
        .map(|(key, value)| (key.as_str(), value.clone()))
        .collect();
    if let Some(cidrs) = properties.get_mut("cidrs") {
        let texts = texts(cidrs).ok_or_else(|| Fault::bad(&id, "cidrs is no array of texts"))?;
        let mut ranges = Vec::new();
        for text in texts {
            ranges.push(Cidr::parse(text).map_err(|fault| Fault::bad(&id, fault.to_string()))?);
        }
        ranges.sort_unstable();
        ranges.dedup();
        *cidrs = ranges.iter().map(Cidr::to_string).collect();
    }
    let name = match properties.get("name").and_then(Json::as_str).map(str::trim) {
        Some(name) if !name.is_empty() => name.to_owned(),
        _ => id.clone(),
    };
    Ok(NodeRow::Zone {
        kind,
        name,
        properties: to_json(&properties),
        id,
    })
}

fn read_edge(edge: &Json) -> Result<Edge, Fault> {
    let kind_text = edge.get("kind").and_then(Json::as_str);
    let kind = match kind_text.and_then(RelationKind::parse) {
        Some(kind @ (RelationKind::RoutesTrafficTo | RelationKind::LocatedIn)) => kind,
        _ if kind_text.is_some() => return Err(Fault::Foreign(kind_name(kind_text))),
        _ => return Err(Fault::bad("", "an edge without kind")),
    };
    let source = read_end(edge, "start").map_err(|reason| Fault::bad("", reason))?;
    let bad = |reason: String| Fault::bad(&source.0, reason);
    let target = read_end(edge, "end").map_err(bad)?;
    let zone = |id: String| {
        let is_internet = id == INTERNET_ID;
        let kind = if is_internet {
            NodeKind::Internet
        } else {
            NodeKind::NetworkSegment
        };
        End { id, kind }
    };
    let properties = match kind {
        RelationKind::RoutesTrafficTo => {
            let ports = edge.get("properties").and_then(|properties| properties.get("ports"));
            let ports = ports.ok_or_else(|| bad("a route without ports; write [\"any\"] for all".to_owned()))?;
            let ports = port_texts(ports).filter(|ports| !ports.is_empty());
            let ports = ports.ok_or_else(|| bad("its ports are no array of texts like \"tcp/445\"".to_owned()))?;
            let ports = PortSet::parse(&ports).map_err(|fault| bad(fault.to_string()))?;
            to_json(&BTreeMap::from([("ports", ports.specs())]))
        }
        _ => String::new(),
    };
    Ok(Edge {
        kind,
        target: zone(target.0),
        source: match kind {
            RelationKind::RoutesTrafficTo => zone(source.0),
            _ => End {
                kind: source.1.unwrap_or_else(|| guess_kind(&source.0)),
                id: source.0,
            },
        },
        properties,
    })
}

/// Id of an edge's end, with the kind when the file says it.
fn read_end(edge: &Json, name: &str) -> Result<(String, Option<NodeKind>), String> {
    let end = edge.get(name).ok_or_else(|| format!("an edge without {name}"))?;
    match end.get("match_by") {
        None | Some(Json::Null) => {}
        Some(by) if by.as_str().is_some_and(|by| by.eq_ignore_ascii_case("id")) => {}
        Some(by) => return Err(format!("its {name} is matched by {by}; only ids are understood")),
    }
    match end.get("value").and_then(Json::as_str).map(str::trim) {
        Some(id) if !id.is_empty() => {
            let kind = end.get("kind").and_then(Json::as_str).and_then(NodeKind::parse);
            Ok((canonical_id(id), kind))
        }
        _ => Err(format!("its {name} has no value")),
    }
}

/// Ids are compared without regard to letter case; that of the Internet is written in one way.
fn canonical_id(id: &str) -> String {
    if id.eq_ignore_ascii_case(INTERNET_ID) {
        return INTERNET_ID.to_owned();
    }
    id.to_owned()
}

/// What an id without a kind most likely is: a scanner's host, a directory's computer.
fn guess_kind(id: &str) -> NodeKind {
    let starts_with = |prefix: &str| {
        id.get(..prefix.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(prefix))
    };
    if starts_with("host:") {
        NodeKind::Host
    } else if starts_with("S-1-5-21-") {
        NodeKind::Computer
    } else {
        NodeKind::Base
    }
}

/// The name of a kind as a report shows it.
fn kind_name(kind: Option<&str>) -> String {
    const CHARACTERS_MAX: usize = 64;
    match kind {
        Some(kind) if !kind.trim().is_empty() => kind.trim().chars().take(CHARACTERS_MAX).collect(),
        _ => "(none)".to_owned(),
    }
}

/// A list of texts, which may be written as one text. `None` for anything else.
fn texts(value: &Json) -> Option<Vec<&str>> {
    match value {
        Json::String(text) => Some(vec![text]),
        Json::Array(values) => values.iter().map(Json::as_str).collect(),
        _ => None,
    }
}

/// As [`texts`]; a port may also be a number.
fn port_texts(value: &Json) -> Option<Vec<String>> {
    let text = |value: &Json| match value {
        Json::String(text) => Some(text.clone()),
        Json::Number(number) => Some(number.to_string()),
        _ => None,
    };
    match value {
        Json::Array(values) => values.iter().map(text).collect(),
        value => text(value).map(|text| vec![text]),
    }
}

fn to_json(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).expect("JSON writes back to JSON")
}

/// The file's outermost object, of which only `graph` is read.
struct Document<'m, 'a>(&'m mut NetworkMap<'a>);

impl<'de> Visitor<'de> for Document<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with a graph")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut document: A) -> Result<(), A::Error> {
        while let Some(key) = document.next_key::<String>()? {
            if key == "graph" {
                document.next_value_seed(Graph(self.0))?;
            } else {
                self.0.skip_value(&mut document)?;
            }
        }
        Ok(())
    }
}

/// The object `graph`.
struct Graph<'m, 'a>(&'m mut NetworkMap<'a>);

impl<'de> DeserializeSeed<'de> for Graph<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, graph: D) -> Result<(), D::Error> {
        graph.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Graph<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a graph of nodes and edges")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut graph: A) -> Result<(), A::Error> {
        while let Some(key) = graph.next_key::<String>()? {
            let array = match key.as_str() {
                "nodes" => Array::Nodes,
                "edges" => Array::Edges,
                _ => {
                    self.0.skip_value(&mut graph)?;
                    continue;
                }
            };
            graph.next_value_seed(Elements { map: self.0, array })?;
        }
        Ok(())
    }
}

/// The array `nodes` or `edges`.
struct Elements<'m, 'a> {
    map: &'m mut NetworkMap<'a>,
    array: Array,
}

impl<'de> DeserializeSeed<'de> for Elements<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, elements: D) -> Result<(), D::Error> {
        elements.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Elements<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "an array of {}", self.array.as_str())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<(), A::Error> {
        let mut index = 0;
        loop {
            self.map.read_bytes.set(0);
            let Some(element) = elements.next_element_seed(std::marker::PhantomData::<Json>)? else {
                return Ok(());
            };
            if let Err(failure) = self.map.element(self.array, index, &element) {
                self.map.failure = Some(failure);
                // The failure kept above is what is reported; this only ends the reading.
                return Err(A::Error::custom("stopped"));
            }
            index += 1;
        }
    }
}

impl NetworkMap<'_> {
    /// Passes over a value, which takes no memory however long it is.
    fn skip_value<'de, A: MapAccess<'de>>(&self, map: &mut A) -> Result<(), A::Error> {
        let read_bytes = self.read_bytes;
        read_bytes.set(UNWATCHED);
        let skipped = map.next_value::<IgnoredAny>();
        read_bytes.set(0);
        skipped.map(|IgnoredAny| ())
    }
}

/// In place of a number of bytes: no element is being read.
const UNWATCHED: u64 = u64::MAX;

/// Bytes on their way into the JSON reader, no more of them for one element than [`ELEMENT_BYTES_MAX`] (and
/// what the buffer in between holds). A byte order mark is left out.
struct Source<'a> {
    inner: &'a mut dyn ReadSeek,
    read_bytes: &'a Counter<u64>,
    is_first: bool,
}

impl Read for Source<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let read_bytes = self.read_bytes.get();
        if read_bytes != UNWATCHED && read_bytes > ELEMENT_BYTES_MAX {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        let read = if std::mem::take(&mut self.is_first) {
            self.read_beginning(out)?
        } else {
            self.inner.read(out)?
        };
        if read_bytes != UNWATCHED {
            self.read_bytes.set(read_bytes + read as u64);
        }
        Ok(read)
    }
}

impl Source<'_> {
    fn read_beginning(&mut self, out: &mut [u8]) -> io::Result<usize> {
        // One byte more than the mark, so that what is left is not taken for the end of the file.
        let mut read = 0;
        while read < 4.min(out.len()) {
            match self.inner.read(&mut out[read..]) {
                Ok(0) => break,
                Ok(more) => read += more,
                Err(cause) if cause.kind() == io::ErrorKind::Interrupted => {}
                Err(cause) => return Err(cause),
            }
        }
        if out[..read].starts_with(b"\xEF\xBB\xBF") {
            out.copy_within(3..read, 0);
            read -= 3;
        }
        Ok(read)
    }
}

#[cfg(test)]
mod tests;
