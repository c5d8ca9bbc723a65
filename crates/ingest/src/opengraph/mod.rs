//! OpenGraph: nodes and edges of any kind, `{"graph": {"nodes": [...], "edges": [...]}}`.
//!
//! Start at [`read`]. [`walk`](walk::walk) finds the elements, [`Reader`] reads them: nodes become objects, edges
//! become relations, under the kinds that they state. None of it says what else there is, so all of it is mention
//! ([`crate::stated`]). Nodes and edges of a network map are the exception ([`network`]): it is written by hand, and
//! the newest replaces the one before.
//!
//! The ends of an edge are ids, or say what the node is like ([`Reference`]); then it is looked for among all objects
//! when a generation is built.
//!
//! **Invariant:** the file is read once, element by element: memory grows with the largest element and with the
//! number of distinct ids, both limited.
//!
//! # Source
//! SpecterOps, "BloodHound OpenGraph schema".

mod ends;
mod network;
mod properties;
mod walk;

use std::borrow::Cow;
use std::collections::HashMap;
use std::ops::ControlFlow;
use std::rc::Rc;

use postern_model::schema::{OBJECTS, RELATIONS};
use postern_model::{NodeKind, RelationKind, Value};
use serde::Deserialize;

use crate::chunks::Chunks;
use crate::properties::{PROPERTY_BYTES_MAX, Written, with_kinds};
use crate::sharphound::cursor::{Cursor, Fault};
use crate::stated::{
    End, KINDS_OF_NODE_MAX, Kinds, Node, Place, Refused, Statements, check_id, main_kind, stated_name, upper,
};
use crate::{Counts, Format, IngestError, Input, Probe, Sink, Summary};
use ends::edge_end;
use network::{Bad, Link, NetworkMap, Zone};
use properties::{Owner, Said, write_properties};
use walk::{Array, Position, Stop, Visit};

pub use ends::{MATCHERS_MAX, REFERENCE_BYTES_MAX};
pub use network::INTERNET_ID;
pub use walk::ELEMENT_BYTES_MAX;

/// Values may be nested so deeply. A node with an array among its properties is nested three deep.
pub const DEPTH_MAX: usize = 100;

/// So many texts of properties are kept to be found again: tools repeat a few on thousands of edges.
const REPEATED_MAX: usize = 1_024;

pub static FORMAT: Format = Format {
    id: "opengraph",
    title: "OpenGraph JSON",
    dates_itself: false,
    sniff: |probe: &mut Probe<'_, '_>| Ok(sniff(probe.head)),
    read,
};

/// Whether the beginning of a file is an object with an object `graph` in it, or with an array of nodes or edges.
fn sniff(head: &[u8]) -> bool {
    let mut is_graph = false;
    each_key(head, |key, value| {
        is_graph = match key {
            b"graph" => value.starts_with(b"{"),
            b"nodes" | b"edges" => first_has(value, if key == b"nodes" { b"kinds" } else { b"start" }),
            _ => false,
        };
        match is_graph || key == b"graph" {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        }
    });
    is_graph
}

/// Whether the first element of an array is an object with this key.
fn first_has(array: &[u8], wanted: &[u8]) -> bool {
    let mut is_found = false;
    if let Some(element) = array.strip_prefix(b"[") {
        each_key(element, |key, _| match key == wanted {
            true => {
                is_found = true;
                ControlFlow::Break(())
            }
            false => ControlFlow::Continue(()),
        });
    }
    is_found
}

/// Goes over the keys of the object that a text begins with, as far as the text goes. `each` is called with a key as
/// it is written, and with the text from its value on.
pub(crate) fn each_key(text: &[u8], mut each: impl FnMut(&[u8], &[u8]) -> ControlFlow<()>) {
    let mut depth = 0;
    let mut at = 0;
    while let Some(&byte) = text.get(at) {
        match byte {
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth -= 1,
            b'"' => {
                let start = at + 1;
                at = start;
                while text.get(at).is_some_and(|&byte| byte != b'"') {
                    at += if text[at] == b'\\' { 2 } else { 1 };
                }
                let rest = text.get(at + 1..).unwrap_or_default().trim_ascii_start();
                if depth == 1
                    && let (Some(key), Some(value)) = (text.get(start..at), rest.strip_prefix(b":"))
                    && each(key, value.trim_ascii_start()).is_break()
                {
                    return;
                }
            }
            _ if depth == 0 && !byte.is_ascii_whitespace() => return,
            _ => {}
        }
        at += 1;
        if depth == 0 && matches!(byte, b'}' | b']') {
            return;
        }
    }
}

/// Reads a file of this format.
///
/// `input.site` names the network that a network map is of: the boundary of its cell.
///
/// # Errors
/// [`IngestError::Malformed`] when the file is no such JSON, is cut short or above a limit; [`IngestError::Io`] and
/// [`IngestError::Sink`] as they come.
fn read(mut input: Input<'_>, sink: &mut dyn Sink) -> Result<Summary, IngestError> {
    let mut reader = Reader::new(input.site.unwrap_or(""), Chunks::new(sink));
    walk::walk(&mut input, &mut reader)?;
    reader.finish()
}

/// What has been read so far.
struct Reader<'s> {
    chunks: Chunks<'s>,
    statements: Statements,
    node_kinds: Kinds,
    edge_kinds: Kinds,
    network: NetworkMap,
    site: &'s str,
    relations: u64,
    source_kind: String,
    /// Properties as they stand in the file → as they are kept.
    repeated: HashMap<String, Rc<Written>>,
    refused: Refused,
}

/// Why an element did not become a row.
enum Unread {
    Reason(String),
    Stop(Stop),
}

impl From<String> for Unread {
    fn from(reason: String) -> Self {
        Self::Reason(reason)
    }
}

impl From<IngestError> for Unread {
    fn from(error: IngestError) -> Self {
        Self::Stop(Stop::Failed(error))
    }
}

impl Visit for Reader<'_> {
    fn element(&mut self, json: &[u8], depth: usize, position: Position) -> Result<(), Stop> {
        match self.take(json, depth, position) {
            Ok(()) => Ok(()),
            Err(Unread::Stop(stop)) => Err(stop),
            Err(Unread::Reason(reason)) => {
                self.chunks.reject(position.to_string(), reason);
                Ok(())
            }
        }
    }

    fn metadata(&mut self, json: &[u8]) {
        #[derive(Deserialize)]
        struct Metadata {
            source_kind: Option<String>,
        }
        match serde_json::from_slice::<Option<Metadata>>(json) {
            Ok(metadata) => {
                let source_kind = metadata.and_then(|it| it.source_kind).unwrap_or_default();
                self.source_kind = source_kind.trim().to_ascii_uppercase();
            }
            Err(error) => {
                let reason = format!("its source_kind cannot be read: {error}");
                self.chunks.reject("metadata".to_owned(), reason);
            }
        }
    }
}

impl<'s> Reader<'s> {
    fn new(site: &'s str, chunks: Chunks<'s>) -> Self {
        Self {
            chunks,
            statements: Statements::new(),
            node_kinds: Kinds::default(),
            edge_kinds: Kinds::default(),
            network: NetworkMap::default(),
            site,
            relations: 0,
            source_kind: String::new(),
            repeated: HashMap::new(),
            refused: Refused::default(),
        }
    }

    fn take(&mut self, json: &[u8], depth: usize, position: Position) -> Result<(), Unread> {
        if depth > DEPTH_MAX {
            return Err(Unread::Reason(format!("it is nested more than {DEPTH_MAX} deep")));
        }
        let text = std::str::from_utf8(json)
            .map_err(|error| format!("its text is not UTF-8, at its byte {}", error.valid_up_to()))?;
        if !text.starts_with('{') {
            return Err(Unread::Reason("it is no object".to_owned()));
        }
        match position.array {
            Array::Nodes => self.node(text, position),
            Array::Edges => self.edge(text, position),
        }
    }

    fn node(&mut self, text: &str, position: Position) -> Result<(), Unread> {
        let node = RawNode::read(text).map_err(|fault| no_json(position, fault))?;
        let Some(kinds) = &node.kinds else {
            return Err(Unread::Reason("a node without kinds".to_owned()));
        };
        if let Some(kind) = network::zone_kind(kinds) {
            return self.zone(network::zone(kind, &node));
        }
        for kind in kinds {
            if let Err(reason) = self.node_kinds.check(kind) {
                return Ok(self.refused.add(Array::Nodes.as_str(), kind, reason)?);
            }
        }
        let kind = main_kind(kinds.iter().map(|kind| &**kind)).unwrap_or(NodeKind::Base.as_str());
        let id = upper(node.id.as_deref().unwrap_or_default());
        check_id(&id, || format!("a node of kind {kind} without id"))?;

        let mut said = Said::default();
        let owner = Owner {
            id: &id,
            kind,
            said: &mut said,
        };
        let properties = self.properties(node.properties, Some(owner), position)?;
        let place = self
            .statements
            .node(Node {
                id: &id,
                kind,
                domain: &upper(&said.domain),
                tenant: &upper(&said.tenant),
                environment: &upper(&said.environment),
            })
            .map_err(|too_many| too_many.to_string())?;
        let properties = match kinds.len() {
            0 | 1 => Cow::Borrowed(&*properties.json),
            _ => Cow::Owned(with_kinds(
                &properties.json,
                &kinds[..kinds.len().min(KINDS_OF_NODE_MAX)],
            )),
        };
        if kinds.len() > KINDS_OF_NODE_MAX {
            let reason = format!("a node of more than {KINDS_OF_NODE_MAX} kinds; those behind them are left out");
            self.chunks.reject(position.to_string(), reason);
        }
        let row = [
            Value::Long(i64::from(place.cell)),
            Value::Text(place.subject),
            Value::Text(&id),
            Value::Text(kind),
            Value::Text(&stated_name(kind, &said.name)),
            Value::Text(&properties),
        ];
        self.chunks.push(&OBJECTS, &row)?;
        Ok(())
    }

    fn edge(&mut self, text: &str, position: Position) -> Result<(), Unread> {
        let edge = RawEdge::read(text).map_err(|fault| no_json(position, fault))?;
        let Some(kind) = edge.kind else {
            return Err(Unread::Reason("an edge without kind".to_owned()));
        };
        let known = RelationKind::parse(&kind);
        if let Some(kind @ (RelationKind::RoutesTrafficTo | RelationKind::LocatedIn)) = known {
            let (source, target) = (edge_end(edge.start, "start"), edge_end(edge.end, "end"));
            return self.link(kind, network::link(kind, source, target, edge.properties));
        }
        if let Err(reason) = self.edge_kinds.check_relation(&kind) {
            return Ok(self.refused.add(Array::Edges.as_str(), &kind, reason)?);
        }
        let (source, target) = (edge_end(edge.start, "start")?, edge_end(edge.end, "end")?);
        let properties = self.properties(edge.properties, None, position)?;
        let kind: &str = match known {
            Some(known) => known.as_str(),
            None => &kind,
        };
        let (source_key, target_key) = (source.key(), target.key());
        let source = End {
            id: &source_key,
            kind: &source.kind,
        };
        let target = End {
            id: &target_key,
            kind: &target.kind,
        };
        let place = self
            .statements
            .relation(kind, source, target)
            .map_err(|too_many| too_many.to_string())?;
        self.push_relation(place, kind, source, target, &properties.json)?;
        Ok(())
    }

    fn push_relation(
        &mut self,
        place: Place<'_>,
        kind: &str,
        source: End<'_>,
        target: End<'_>,
        properties: &str,
    ) -> Result<(), IngestError> {
        self.relations += 1;
        let subject = if place.subject == target.id { "" } else { place.subject };
        let row = [
            Value::Long(i64::from(place.cell)),
            Value::Text(subject),
            Value::Text(source.id),
            Value::Text(source.kind_or_base()),
            Value::Text(target.id),
            Value::Text(target.kind_or_base()),
            Value::Text(kind),
            Value::Text(properties),
        ];
        self.chunks.push(&RELATIONS, &row)
    }

    /// Takes in a segment of a network map, or the Internet.
    fn zone(&mut self, zone: Result<Zone, Bad>) -> Result<(), Unread> {
        self.network.is_map = true;
        let zone = zone.map_err(|bad| self.bad_network_row(bad))?;
        self.statements.see(&upper(&zone.id));
        let row = [
            Value::Long(i64::from(self.network_cell()?)),
            Value::Text(&zone.id),
            Value::Text(&zone.id),
            Value::Text(zone.kind.as_str()),
            Value::Text(&zone.name),
            Value::Text(&zone.properties),
        ];
        self.chunks.push(&OBJECTS, &row)?;
        Ok(())
    }

    /// Takes in a route of a network map, or where a host is.
    fn link(&mut self, kind: RelationKind, link: Result<Link<'_>, Bad>) -> Result<(), Unread> {
        self.network.is_map |= kind == RelationKind::RoutesTrafficTo;
        let link = link.map_err(|bad| self.bad_network_row(bad))?;
        for end in [&link.source, &link.target] {
            self.statements.see(&end.key());
        }
        let place = Place {
            cell: self.network_cell()?,
            subject: &link.source.id,
        };
        let [source, target] = [&link.source, &link.target].map(|end| End {
            id: &end.id,
            kind: &end.kind,
        });
        self.push_relation(place, kind.as_str(), source, target, &link.properties)?;
        Ok(())
    }

    fn network_cell(&mut self) -> Result<u16, Unread> {
        let cell = match self.network.cell {
            Some(cell) => cell,
            None => self.statements.reserve().map_err(|too_many| too_many.to_string())?,
        };
        self.network.cell = Some(cell);
        Ok(cell)
    }

    /// A row that cannot be read keeps what an older map says of its subject.
    fn bad_network_row(&mut self, bad: Bad) -> Unread {
        if !bad.subject.is_empty() {
            if self.network.unread.len() == network::UNREAD_MAX {
                let reason = format!("more than {} rows of the network cannot be read", network::UNREAD_MAX);
                return Unread::Stop(Stop::Malformed(reason));
            }
            self.network.unread.push(bad.subject);
            if let Err(unread) = self.network_cell() {
                return unread;
            }
        }
        Unread::Reason(bad.reason)
    }

    /// Properties as they are kept: of a node, or of an edge, which has no owner.
    fn properties(
        &mut self,
        json: Option<&str>,
        owner: Option<Owner<'_>>,
        position: Position,
    ) -> Result<Rc<Written>, Unread> {
        let json = json.unwrap_or("null");
        let is_edge = owner.is_none();
        let known = self.repeated.get(json).filter(|_| is_edge).cloned();
        let written = match known {
            Some(known) => known,
            None => {
                let written = Rc::new(write_properties(json, owner)?);
                if is_edge && self.repeated.len() < REPEATED_MAX && json.len() <= PROPERTY_BYTES_MAX {
                    self.repeated.insert(json.to_owned(), written.clone());
                }
                written
            }
        };
        for fault in &written.faults {
            self.chunks.reject(position.to_string(), fault.clone());
        }
        Ok(written)
    }

    fn finish(mut self) -> Result<Summary, IngestError> {
        self.refused.finish(&mut self.chunks);
        if let Some(fault) = self.statements.fault() {
            self.chunks.reject(String::new(), fault);
        }
        let assets = self.statements.nodes();
        let mut cells = self.statements.finish(&self.source_kind);
        if let Some(cell) = self.network.cell {
            cells[usize::from(cell)] = self.network.finish(self.site);
        }
        self.chunks.finish()?;
        Ok(Summary {
            cells,
            observed_at: None,
            counts: Counts {
                assets,
                relations: self.relations,
                ..Counts::default()
            },
        })
    }
}

/// What is no JSON is no reason to trust the rest of the file.
fn no_json(position: Position, fault: Fault) -> Unread {
    Unread::Stop(Stop::Malformed(format!("{position} is no JSON: {fault}")))
}

/// The parts of a node, as far as they are what they should be. To read them is to check all of the JSON.
#[derive(Default)]
struct RawNode<'a> {
    id: Option<Cow<'a, str>>,
    /// At most one more than are used.
    kinds: Option<Vec<Cow<'a, str>>>,
    properties: Option<&'a str>,
}

impl<'a> RawNode<'a> {
    fn read(text: &'a str) -> Result<Self, Fault> {
        let mut node = Self::default();
        let read = Cursor::new(text).each_field(|cursor, key| {
            match key {
                "id" => node.id = text_here(cursor)?,
                "kinds" if cursor.peek()? == b'[' => node.kinds = Some(texts_here(cursor)?),
                "properties" => node.properties = Some(cursor.skip()?),
                _ => drop(cursor.skip()?),
            }
            Ok(())
        });
        read?;
        Ok(node)
    }
}

/// A text; `None` for anything else.
fn text_here<'a>(cursor: &mut Cursor<'a>) -> Result<Option<Cow<'a, str>>, Fault> {
    match cursor.peek()? {
        b'"' => cursor.string().map(Some),
        _ => cursor.skip().map(|_| None),
    }
}

/// The texts of an array.
fn texts_here<'a>(cursor: &mut Cursor<'a>) -> Result<Vec<Cow<'a, str>>, Fault> {
    let mut texts = Vec::new();
    cursor.each_element(|cursor| {
        if let Some(text) = text_here(cursor)?
            && texts.len() <= KINDS_OF_NODE_MAX
        {
            texts.push(text);
        }
        Ok(())
    })?;
    Ok(texts)
}

/// The parts of an edge.
#[derive(Default)]
struct RawEdge<'a> {
    kind: Option<Cow<'a, str>>,
    start: Option<&'a str>,
    end: Option<&'a str>,
    properties: Option<&'a str>,
}

impl<'a> RawEdge<'a> {
    fn read(text: &'a str) -> Result<Self, Fault> {
        let mut edge = Self::default();
        let read = Cursor::new(text).each_field(|cursor, key| {
            match key {
                "kind" => edge.kind = text_here(cursor)?,
                "start" => edge.start = Some(cursor.skip()?),
                "end" => edge.end = Some(cursor.skip()?),
                "properties" => edge.properties = Some(cursor.skip()?),
                _ => drop(cursor.skip()?),
            }
            Ok(())
        });
        read?;
        Ok(edge)
    }
}

#[cfg(test)]
mod tests;
