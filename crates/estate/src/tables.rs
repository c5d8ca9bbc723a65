//! The estate as tables, and back: a generation is stored, so that starting up rebuilds nothing.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use jiff::Timestamp;
use postern_model::estate::{
    Answered, BoundaryCoverage, Classification, Conflict, Estate, ExtensionKind, Finding, Identifier, KindRole,
    KnownIdentifier, Node, NodeIndex, OriginalObject, Plane, Reason, Relation, Seen, Service, SharedText, Told,
};
use postern_model::schema::{
    ASSET_FINDINGS, CLASSIFICATIONS, CONFLICTS, COVERAGE, EXTENSION_KINDS, FACETS, IDENTIFIERS, NODES, OPEN_SERVICES,
    PLANES, REPORTED,
};
use postern_model::{Criticality, EdgeId, Facet, NodeId, NodeKind, ObjectClass, RelationKind, Schema, Table, Value};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::attributes::{attributes, stored};
use crate::pool::{IdMap, Pool, Sightings, share_texts};
use crate::{EstateError, Result};

/// So many assets or relations are made into rows at a time.
const ITEMS_IN_CHUNK: usize = 16_384;

fn json(value: &(impl Serialize + ?Sized)) -> String {
    serde_json::to_string(value).expect("lists and maps of texts are JSON")
}

fn long(time: Timestamp) -> Value<'static> {
    Value::Long(time.as_microsecond())
}

/// A table on its way to a store: its schema, and its rows in chunks, each made when it is asked for.
pub type Chunks<'a> = (&'static Schema, Box<dyn Iterator<Item = Table> + 'a>);

/// The tables of an estate.
pub fn write(estate: &Estate) -> impl Iterator<Item = Chunks<'_>> {
    let of_nodes = |write: fn(&Node, &mut Table)| move |schema| chunks(schema, &estate.nodes, write);
    [
        of_nodes(write_node)(&NODES),
        of_nodes(write_identifiers)(&IDENTIFIERS),
        of_nodes(write_facets)(&FACETS),
        chunks(&CONFLICTS, &estate.conflicts, write_conflict),
        chunks(&EXTENSION_KINDS, &estate.kinds, write_extension_kind),
        chunks(&REPORTED, &estate.relations, |relation, table| {
            write_relation(estate, relation, table);
        }),
        chunks(&OPEN_SERVICES, &estate.services, |service, table| {
            write_service(estate, service, table);
        }),
        chunks(&ASSET_FINDINGS, &estate.findings, |finding, table| {
            write_finding(estate, finding, table);
        }),
        chunks(&COVERAGE, &estate.coverage, write_coverage),
    ]
    .into_iter()
}

/// Makes rows of a list, so many items at a time.
fn chunks<'a, T>(schema: &'static Schema, items: &'a [T], write: impl Fn(&T, &mut Table) + 'a) -> Chunks<'a> {
    let tables = items.chunks(ITEMS_IN_CHUNK).map(move |items| {
        let mut table = Table::new(schema);
        items.iter().for_each(|item| write(item, &mut table));
        table
    });
    (schema, Box::new(tables))
}

fn write_node(node: &Node, table: &mut Table) {
    table.push(&[
        Value::Id(node.id.0),
        Value::Text(&node.key),
        Value::Text(node.kind.as_str()),
        Value::Text(&node.name),
        Value::Text(&node.boundary),
        Value::Bool(node.is_stub),
        Value::Text(&node.properties),
        Value::Text(&json(&*node.known)),
        Value::Text(&json(&node.seen.sources)),
        long(node.seen.first),
        long(node.seen.last),
    ]);
}

fn write_identifiers(node: &Node, table: &mut Table) {
    for KnownIdentifier { identifier, seen } in &node.identifiers {
        table.push(&[
            Value::Id(node.id.0),
            Value::Text(&identifier.kind),
            Value::Text(&identifier.value),
            Value::Text(&json(&seen.sources)),
            long(seen.first),
            long(seen.last),
        ]);
    }
}

/// As [`Told`] is stored.
#[derive(Serialize, Deserialize)]
struct StoredTold {
    names: Vec<Box<str>>,
    sources: Vec<String>,
    first: i64,
    last: i64,
}

fn write_facets(node: &Node, table: &mut Table) {
    for facet in &node.facets {
        let told = facet.told.iter().map(|it| StoredTold {
            names: it.names.to_vec(),
            sources: it.seen.sources.clone(),
            first: it.seen.first.as_microsecond(),
            last: it.seen.last.as_microsecond(),
        });
        let told: Vec<_> = told.collect();
        table.push(&[
            Value::Id(node.id.0),
            Value::Text(&facet.key),
            Value::Text(facet.kind.as_str()),
            Value::Text(&facet.reason),
            Value::Text(&json(&told)),
            Value::Text(&json(&facet.seen.sources)),
            long(facet.seen.first),
            long(facet.seen.last),
        ]);
    }
}

fn write_extension_kind(kind: &ExtensionKind, table: &mut Table) {
    table.push(&[
        Value::Text(&kind.name),
        Value::Text(kind.role.as_str()),
        Value::Text(&kind.extension),
        Value::Text(&kind.display_name),
        kind.is_traversable.map_or(Value::Null, Value::Bool),
        Value::Text(&kind.description),
    ]);
}

fn write_conflict(conflict: &Conflict, table: &mut Table) {
    table.push(&[
        Value::Text(&conflict.kind),
        Value::Text(&conflict.value),
        Value::Text(&json(&conflict.keys)),
        Value::Text(&conflict.reason),
    ]);
}

fn write_relation(estate: &Estate, relation: &Relation, table: &mut Table) {
    let (source_key, target_key) = estate.keys_of(relation);
    table.push(&[
        Value::Id(relation.id.0),
        Value::Id(estate.node(relation.source).id.0),
        Value::Id(estate.node(relation.target).id.0),
        Value::Text(source_key),
        Value::Text(target_key),
        Value::Text(relation.kind.as_str()),
        Value::Text(relation.kind.label()),
        Value::Text(&relation.properties),
        Value::Text(&json(&relation.seen.sources)),
        long(relation.seen.first),
        long(relation.seen.last),
    ]);
}

fn write_service(estate: &Estate, service: &Service, table: &mut Table) {
    table.push(&[
        Value::Id(estate.node(service.node).id.0),
        Value::Text(&service.protocol),
        Value::Long(i64::from(service.port)),
        Value::Text(&service.name),
    ]);
}

fn write_finding(estate: &Estate, finding: &Finding, table: &mut Table) {
    table.push(&[
        Value::Id(finding.id.0),
        Value::Id(estate.node(finding.node).id.0),
        Value::Text(&finding.weakness),
        Value::Text(&finding.locator),
        Value::Text(&finding.title),
        Value::Text(&finding.severity),
        Value::Text(&json(&finding.cves)),
        Value::Text(&finding.cvss_vector),
        finding.cvss_score_micro.map_or(Value::Null, Value::Long),
        finding.exploit_available.map_or(Value::Null, Value::Bool),
        Value::Bool(finding.is_kev),
        Value::Bool(finding.is_exploitable),
        Value::Text(&finding.properties),
        Value::Text(&json(&finding.seen.sources)),
        long(finding.seen.first),
        long(finding.seen.last),
    ]);
}

fn write_coverage(boundary: &BoundaryCoverage, table: &mut Table) {
    for ((class, facet), answered) in &boundary.facets {
        table.push(&[
            Value::Text(&boundary.boundary),
            Value::Text(&boundary.name),
            Value::Text(&json(class)),
            Value::Text(&json(facet)),
            Value::Long(answered.answered as i64),
            Value::Long(answered.total as i64),
        ]);
    }
}

/// Reads one row, with errors that name table and row.
struct Row<'a> {
    table: &'a Table,
    /// Place in the chunk, and in the whole table.
    row: usize,
    number: usize,
}

impl<'a> Row<'a> {
    fn str(&self, column: usize) -> &'a str {
        self.table.text(self.row, column)
    }

    fn text(&self, column: usize) -> String {
        self.str(column).to_owned()
    }

    fn parse<T>(&self, column: usize, read: impl Fn(&str) -> Option<T>) -> Result<T> {
        let text = self.str(column);
        read(text).ok_or_else(|| self.error(format!("{text:?} is no {}", self.table.schema.columns[column].name)))
    }

    fn json<T: DeserializeOwned>(&self, column: usize) -> Result<T> {
        self.parse(column, |text| serde_json::from_str(text).ok())
    }

    fn id(&self, column: usize) -> u128 {
        self.table.id(self.row, column)
    }

    fn long(&self, column: usize) -> Option<i64> {
        self.table.long(self.row, column)
    }

    fn bool(&self, column: usize) -> Option<bool> {
        self.table.bool(self.row, column)
    }

    fn error(&self, reason: String) -> EstateError {
        EstateError::Row {
            table: self.table.schema.name,
            row: self.number,
            reason,
        }
    }
}

fn rows(table: &Table) -> impl Iterator<Item = Row<'_>> {
    (0..table.rows()).map(move |row| Row {
        table,
        row,
        number: row,
    })
}

/// Where stored tables come from, chunk by chunk; the lake in life, lists in tests.
pub trait TableSource {
    type Error: From<EstateError>;

    /// Calls `each` with every chunk of a table, in order.
    ///
    /// # Errors
    /// Those of `each`, and whatever the store says.
    fn each(
        &self,
        schema: &'static Schema,
        each: &mut dyn FnMut(&Table) -> Result<()>,
    ) -> std::result::Result<(), Self::Error>;
}

fn each_row<S: TableSource>(
    source: &S,
    schema: &'static Schema,
    mut each: impl FnMut(&Row<'_>) -> Result<()>,
) -> std::result::Result<(), S::Error> {
    let mut before = 0;
    source.each(schema, &mut |table| {
        for row in 0..table.rows() {
            let number = before + row;
            each(&Row { table, row, number })?;
        }
        before += table.rows();
        Ok(())
    })
}

/// Reads what [`write`] has written.
///
/// # Errors
/// [`EstateError::Row`] for a value that this version does not understand, and those of the source.
pub fn read<S: TableSource>(source: &S) -> std::result::Result<Estate, S::Error> {
    let mut reading = Reading::default();
    each_row(source, &NODES, |row| reading.node(row))?;
    reading.number_nodes();
    each_row(source, &IDENTIFIERS, |row| reading.identifier(row))?;
    each_row(source, &FACETS, |row| reading.facet(row))?;
    reading.finish_nodes();
    each_row(source, &CONFLICTS, |row| reading.conflict(row))?;
    each_row(source, &EXTENSION_KINDS, |row| reading.extension_kind(row))?;
    each_row(source, &REPORTED, |row| reading.relation(row))?;
    each_row(source, &OPEN_SERVICES, |row| reading.service(row))?;
    each_row(source, &ASSET_FINDINGS, |row| reading.finding(row))?;
    let mut boundaries = BTreeMap::new();
    each_row(source, &COVERAGE, |row| read_coverage(row, &mut boundaries))?;
    let mut estate = reading.estate;
    estate.coverage = boundaries.into_values().collect();
    estate.relations.shrink_to_fit();
    estate.findings.shrink_to_fit();
    Ok(estate)
}

/// An estate that is being read, and what its parts share.
#[derive(Default)]
struct Reading {
    estate: Estate,
    index: IdMap<NodeIndex>,
    texts: Pool<Arc<str>>,
    properties: Pool<SharedText>,
    /// By the stored text.
    known: HashMap<String, Arc<[Facet]>>,
    /// By the stored text.
    told: HashMap<String, Arc<[Told]>>,
    sightings: Sightings<String>,
}

impl Reading {
    fn text(&mut self, text: &str) -> Arc<str> {
        self.texts.share(text, Arc::from)
    }

    fn find(&self, row: &Row<'_>, column: usize) -> Result<NodeIndex> {
        let found = self.index.get(&row.id(column)).copied();
        found.ok_or_else(|| row.error("its asset is missing".to_owned()))
    }

    fn seen(&mut self, row: &Row<'_>, column: usize) -> Result<Arc<Seen>> {
        let time = |column: usize| {
            row.long(column)
                .and_then(|micros| Timestamp::from_microsecond(micros).ok())
                .ok_or_else(|| row.error("a time is missing".to_owned()))
        };
        let times = (time(column + 1)?, time(column + 2)?);
        self.sightings
            .share(row.str(column), times, str::to_owned, || row.json(column))
    }

    fn known(&mut self, row: &Row<'_>, column: usize) -> Result<Arc<[Facet]>> {
        if let Some(known) = self.known.get(row.str(column)) {
            return Ok(known.clone());
        }
        let known: Arc<[Facet]> = row.json::<Vec<Facet>>(column)?.into();
        self.known.insert(row.text(column), known.clone());
        Ok(known)
    }

    fn told(&mut self, row: &Row<'_>, column: usize) -> Result<Arc<[Told]>> {
        if let Some(told) = self.told.get(row.str(column)) {
            return Ok(told.clone());
        }
        let time = |micros| Timestamp::from_microsecond(micros).map_err(|error| row.error(error.to_string()));
        let mut told = Vec::new();
        let stored: Vec<StoredTold> = match row.str(column) {
            "" => Vec::new(),
            _ => row.json(column)?,
        };
        for stored in stored {
            let times = (time(stored.first)?, time(stored.last)?);
            let key = json(&stored.sources);
            let seen = self.sightings.share(key.as_str(), times, str::to_owned, || {
                Ok::<_, EstateError>(stored.sources)
            })?;
            told.push(Told {
                seen,
                names: stored.names.into(),
            });
        }
        let told: Arc<[Told]> = told.into();
        self.told.insert(row.text(column), told.clone());
        Ok(told)
    }

    fn node(&mut self, row: &Row<'_>) -> Result<()> {
        let properties = row.text(6);
        let mut node = Node {
            id: NodeId(row.id(0)),
            key: row.str(1).into(),
            kind: row.parse(2, NodeKind::of)?,
            name: row.text(3),
            boundary: row.str(4).into(),
            is_stub: row.bool(5).unwrap_or_default(),
            attributes: attributes(&stored(&properties)),
            properties,
            known: self.known(row, 7)?,
            identifiers: Vec::new(),
            facets: Vec::new(),
            seen: self.seen(row, 8)?,
        };
        share_texts(&mut node, &mut self.texts);
        self.estate.nodes.push(node);
        Ok(())
    }

    fn number_nodes(&mut self) {
        let nodes = &mut self.estate.nodes;
        nodes.sort_by_key(|node| node.id);
        nodes.shrink_to_fit();
        self.index = nodes.iter().map(|node| node.id.0).zip(0..).collect();
    }

    fn identifier(&mut self, row: &Row<'_>) -> Result<()> {
        let node = self.find(row, 0)?;
        let identifier = KnownIdentifier {
            identifier: Identifier {
                kind: self.text(row.str(1)),
                value: self.text(row.str(2)),
            },
            seen: self.seen(row, 3)?,
        };
        self.estate.nodes[node as usize].identifiers.push(identifier);
        Ok(())
    }

    fn facet(&mut self, row: &Row<'_>) -> Result<()> {
        let node = self.find(row, 0)?;
        let facet = OriginalObject {
            key: self.text(row.str(1)),
            kind: row.parse(2, NodeKind::of)?,
            reason: self.text(row.str(3)),
            told: self.told(row, 4)?,
            // Earlier versions told it of the whole asset only.
            seen: match row.str(5) {
                "" => self.estate.nodes[node as usize].seen.clone(),
                _ => self.seen(row, 5)?,
            },
        };
        self.estate.by_key.insert(facet.key.clone(), node);
        self.estate.nodes[node as usize].facets.push(facet);
        Ok(())
    }

    /// The anchor stands first among the facets and speaks for itself; addresses of the others are added.
    fn finish_nodes(&mut self) {
        for node in &mut self.estate.nodes {
            let key = node.key.clone();
            node.facets
                .sort_by(|a, b| (a.key != key, &a.key).cmp(&(b.key != key, &b.key)));
            let addresses = &mut node.attributes.addresses;
            addresses.extend(
                node.identifiers
                    .iter()
                    .map(|known| &known.identifier)
                    .filter(|identifier| &*identifier.kind == "ip")
                    .map(|identifier| identifier.value.to_string()),
            );
            addresses.sort();
            addresses.dedup();
            addresses.shrink_to_fit();
            node.identifiers.shrink_to_fit();
            node.facets.shrink_to_fit();
        }
        self.estate.by_key.shrink_to_fit();
    }

    fn conflict(&mut self, row: &Row<'_>) -> Result<()> {
        self.estate.conflicts.push(Conflict {
            kind: row.text(0),
            value: row.text(1),
            keys: row.json(2)?,
            reason: row.text(3),
        });
        Ok(())
    }

    fn extension_kind(&mut self, row: &Row<'_>) -> Result<()> {
        self.estate.kinds.push(ExtensionKind {
            name: row.text(0),
            role: row.parse(1, KindRole::parse)?,
            extension: row.text(2),
            display_name: row.text(3),
            is_traversable: row.bool(4),
            description: row.text(5),
        });
        Ok(())
    }

    fn relation(&mut self, row: &Row<'_>) -> Result<()> {
        let relation = Relation {
            id: EdgeId(row.id(0)),
            source: self.find(row, 1)?,
            target: self.find(row, 2)?,
            kind: row.parse(5, RelationKind::of)?,
            properties: match row.str(7) {
                "" => SharedText::default(),
                text => self.properties.share(text, SharedText::from),
            },
            seen: self.seen(row, 8)?,
        };
        let keys = (row.str(3), row.str(4));
        let [source, target] = [relation.source, relation.target].map(|it| self.estate.node(it));
        if keys != (&*source.key, &*target.key) {
            let keys = (self.text(keys.0), self.text(keys.1));
            self.estate.facet_keys.insert(relation.id, keys);
        }
        self.estate.relations.push(relation);
        Ok(())
    }

    fn service(&mut self, row: &Row<'_>) -> Result<()> {
        let service = Service {
            node: self.find(row, 0)?,
            protocol: row.text(1),
            port: row
                .long(2)
                .and_then(|port| u16::try_from(port).ok())
                .ok_or_else(|| row.error("no port".to_owned()))?,
            name: row.text(3),
        };
        self.estate.services.push(service);
        Ok(())
    }

    fn finding(&mut self, row: &Row<'_>) -> Result<()> {
        let finding = Finding {
            id: EdgeId(row.id(0)),
            node: self.find(row, 1)?,
            weakness: row.text(2),
            locator: row.text(3),
            title: row.text(4),
            severity: row.text(5),
            cves: row.json(6)?,
            cvss_vector: row.text(7),
            cvss_score_micro: row.long(8),
            exploit_available: row.bool(9),
            is_kev: row.bool(10).unwrap_or_default(),
            is_exploitable: row.bool(11).unwrap_or_default(),
            properties: row.text(12),
            seen: self.seen(row, 13)?,
        };
        self.estate.findings.push(finding);
        Ok(())
    }
}

fn read_coverage(row: &Row<'_>, boundaries: &mut BTreeMap<String, BoundaryCoverage>) -> Result<()> {
    let boundary = boundaries.entry(row.text(0)).or_insert_with(|| BoundaryCoverage {
        boundary: row.text(0),
        name: row.text(1),
        facets: BTreeMap::new(),
    });
    let (class, facet): (ObjectClass, Facet) = (row.json(2)?, row.json(3)?);
    let count = |column: usize| {
        row.long(column)
            .and_then(|number| u64::try_from(number).ok())
            .unwrap_or_default()
    };
    boundary.facets.insert(
        (class, facet),
        Answered {
            answered: count(4),
            total: count(5),
        },
    );
    Ok(())
}

/// The tables of a classification: one row per reason, and the planes.
pub fn write_classification(classification: &Classification, estate: &Estate) -> Vec<Table> {
    let mut table = Table::new(&CLASSIFICATIONS);
    for reason in &classification.reasons {
        let node = reason.node as usize;
        let plane = classification.plane_of[node].map(|plane| classification.planes[plane as usize].key.as_str());
        table.push(&[
            Value::Id(estate.nodes[node].id.0),
            classification.criticality[node].map_or(Value::Null, |level| Value::Long(i64::from(level.level()))),
            plane.map_or(Value::Null, Value::Text),
            Value::Text(&reason.rule),
            Value::Text(&reason.text),
        ]);
    }
    let mut planes = Table::new(&PLANES);
    for plane in &classification.planes {
        planes.push(&[
            Value::Text(&plane.key),
            Value::Text(&plane.name),
            Value::Text(&json(&plane.domains)),
        ]);
    }
    vec![table, planes]
}

/// Reads what [`write_classification`] has written.
///
/// # Errors
/// As [`read`].
pub fn read_classification(table: &Table, planes: &Table, estate: &Estate) -> Result<Classification> {
    let mut read = Classification {
        plane_of: vec![None; estate.nodes.len()],
        criticality: vec![None; estate.nodes.len()],
        ..Classification::default()
    };
    for row in rows(planes) {
        read.planes.push(Plane {
            key: row.text(0),
            name: row.text(1),
            members: Vec::new(),
            domains: row.json(2)?,
        });
    }
    for row in rows(table) {
        let node = estate
            .by_id(NodeId(row.id(0)))
            .ok_or_else(|| row.error("its asset is missing".to_owned()))?;
        read.criticality[node as usize] = row.long(1).and_then(|level| Criticality::of_level(level as i32));
        let plane = row.text(2);
        if !plane.is_empty() {
            let at = read.planes.iter().position(|it| it.key == plane);
            let at = at.ok_or_else(|| row.error(format!("there is no plane {plane}")))?;
            read.plane_of[node as usize] = Some(at as u32);
            read.planes[at].members.push(node);
        }
        read.reasons.push(Reason {
            node,
            rule: row.text(3),
            text: row.text(4),
        });
    }
    for plane in &mut read.planes {
        plane.members.sort_unstable();
        plane.members.dedup();
    }
    read.reasons.sort();
    Ok(read)
}
