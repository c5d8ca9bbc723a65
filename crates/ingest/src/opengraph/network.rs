//! A network map: segments, the Internet, and which ports the routes between them let through.
//!
//! Understood are
//!
//! * nodes of kind `NetworkSegment` (properties `name`, `cidrs`) and `Internet` (id `internet`);
//! * edges `RoutesTrafficTo` between segments and the Internet (property `ports`, as [`PortSet`] reads them) and
//!   `LocatedIn` from a host, or a directory object, to a segment.
//!
//! A person writes the map of a site, and all of it: the newest replaces the one before. A file without a segment or
//! a route is no map, so one that only says where hosts are adds to it.

use std::borrow::Cow;
use std::collections::BTreeMap;

use postern_model::network::{Cidr, PortSet};
use postern_model::{Cell, CellCoverage, Coverage, Facet, NodeKind, ObjectClass, RelationKind};
use serde_json::{Map, Value as Json};

use super::RawNode;
use super::ends::EdgeEnd;
use crate::stated::check_id;

/// This many rows of a map may be unreadable; a file with more of them is none to be trusted.
pub const UNREAD_MAX: usize = 100_000;

/// Id of the one node that stands for the Internet, in any letter case.
pub const INTERNET_ID: &str = "internet";

/// What a file has said of the network so far.
#[derive(Default)]
pub struct NetworkMap {
    /// The cell of its rows, once there is one.
    pub cell: Option<u16>,
    /// There was a segment, the Internet or a route, readable or not.
    pub is_map: bool,
    /// Subjects of rows that could not be read.
    pub unread: Vec<String>,
}

impl NetworkMap {
    /// The cell, and how far the file has looked at it.
    pub fn finish(mut self, site: &str) -> CellCoverage {
        self.unread.sort_unstable();
        self.unread.dedup();
        CellCoverage {
            cell: Cell::new(site, ObjectClass::Segments, Facet::Network),
            coverage: match self.is_map {
                true => Coverage::Whole { unread: self.unread },
                false => Coverage::Mention,
            },
        }
    }
}

/// Why a row of a map cannot be read. `subject` is the id of what it speaks of, empty when unknown.
pub struct Bad {
    pub subject: String,
    pub reason: String,
}

impl Bad {
    fn of(subject: &str, reason: impl Into<String>) -> Self {
        Self {
            subject: subject.to_owned(),
            reason: reason.into(),
        }
    }
}

/// A segment or the Internet.
pub struct Zone {
    pub id: String,
    pub kind: NodeKind,
    pub name: String,
    pub properties: String,
}

/// An edge of a map.
pub struct Link<'a> {
    pub source: EdgeEnd<'a>,
    pub target: EdgeEnd<'a>,
    /// Canonical JSON, or empty.
    pub properties: String,
}

/// The kind of a zone, if one of these is.
pub fn zone_kind(kinds: &[Cow<'_, str>]) -> Option<NodeKind> {
    let known = kinds.iter().filter_map(|kind| NodeKind::parse(kind));
    known
        .into_iter()
        .find(|kind| matches!(kind, NodeKind::NetworkSegment | NodeKind::Internet))
}

/// Reads a node of a map.
pub fn zone(kind: NodeKind, node: &RawNode<'_>) -> Result<Zone, Bad> {
    let id = match node.id.as_deref().map(str::trim) {
        Some(id) if !id.is_empty() => canonical_id(id).into_owned(),
        _ => return Err(Bad::of("", format!("a {kind} without id"))),
    };
    check_id(&id, String::new).map_err(|reason| Bad::of("", reason))?;
    let is_internet = id == INTERNET_ID;
    if (kind == NodeKind::Internet) != is_internet {
        let reason = format!("the Internet is one node of kind Internet and id {INTERNET_ID}; this is {kind} {id}");
        return Err(Bad::of(&id, reason));
    }
    let mut properties = read_properties(node.properties).map_err(|reason| Bad::of(&id, reason))?;
    if let Some(cidrs) = properties.get_mut("cidrs") {
        let texts = texts(cidrs).ok_or_else(|| Bad::of(&id, "cidrs is no array of texts"))?;
        let mut ranges = Vec::new();
        for text in texts {
            ranges.push(Cidr::parse(text).map_err(|fault| Bad::of(&id, fault.to_string()))?);
        }
        ranges.sort_unstable();
        ranges.dedup();
        *cidrs = ranges.iter().map(Cidr::to_string).collect();
    }
    let name = match properties.get("name").and_then(Json::as_str).map(str::trim) {
        Some(name) if !name.is_empty() => name.to_owned(),
        _ => id.clone(),
    };
    Ok(Zone {
        kind,
        name,
        properties: to_json(&properties),
        id,
    })
}

/// Reads an edge of a map.
pub fn link<'a>(
    kind: RelationKind,
    source: Result<EdgeEnd<'a>, String>,
    target: Result<EdgeEnd<'a>, String>,
    properties: Option<&str>,
) -> Result<Link<'a>, Bad> {
    let source = source.map_err(|reason| Bad::of("", reason))?;
    let bad = |reason: String| Bad::of(&source.id, reason);
    let target = as_zone(target.map_err(bad)?);
    let properties = match kind {
        RelationKind::RoutesTrafficTo => {
            let properties = read_properties(properties).map_err(bad)?;
            let ports = properties.get("ports");
            let ports = ports.ok_or_else(|| bad("a route without ports; write [\"any\"] for all".to_owned()))?;
            let ports = port_texts(ports).filter(|ports| !ports.is_empty());
            let ports = ports.ok_or_else(|| bad("its ports are no array of texts like \"tcp/445\"".to_owned()))?;
            let ports = PortSet::parse(&ports).map_err(|fault| bad(fault.to_string()))?;
            to_json(&BTreeMap::from([("ports", ports.specs())]))
        }
        _ => String::new(),
    };
    let source = match kind {
        RelationKind::RoutesTrafficTo => as_zone(source),
        _ => as_host(source),
    };
    Ok(Link {
        source,
        target,
        properties,
    })
}

fn as_zone(end: EdgeEnd<'_>) -> EdgeEnd<'_> {
    let id = match end.id {
        Cow::Borrowed(id) => canonical_id(id),
        Cow::Owned(id) => Cow::Owned(canonical_id(&id).into_owned()),
    };
    let kind = match id == INTERNET_ID {
        true => NodeKind::Internet,
        false => NodeKind::NetworkSegment,
    };
    EdgeEnd {
        id,
        kind: Cow::Borrowed(kind.as_str()),
        is_reference: end.is_reference,
    }
}

fn as_host(end: EdgeEnd<'_>) -> EdgeEnd<'_> {
    let kind = NodeKind::parse(&end.kind).unwrap_or_else(|| guess_kind(&end.id));
    EdgeEnd {
        kind: Cow::Borrowed(kind.as_str()),
        ..end
    }
}

/// Ids are compared without regard to letter case; that of the Internet is written in one way.
fn canonical_id(id: &str) -> Cow<'_, str> {
    match id.eq_ignore_ascii_case(INTERNET_ID) {
        true => Cow::Borrowed(INTERNET_ID),
        false => Cow::Borrowed(id),
    }
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

/// Properties of a row of a map: what is no object says nothing, as it has always been.
fn read_properties(json: Option<&str>) -> Result<BTreeMap<String, Json>, String> {
    match json {
        Some(json) if json.starts_with('{') => {
            let map: Map<String, Json> = serde_json::from_str(json).map_err(|error| error.to_string())?;
            Ok(map.into_iter().collect())
        }
        _ => Ok(BTreeMap::new()),
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
