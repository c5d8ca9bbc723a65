//! The estate as tables, and back: a generation is stored, so that starting up rebuilds nothing.

use std::collections::{BTreeMap, HashMap};

use jiff::Timestamp;
use postern_model::estate::{
    Answered, BoundaryCoverage, Classification, Conflict, Estate, Finding, Identifier, Node, NodeIndex, OriginalObject,
    Plane, Reason, Relation, Seen, Service,
};
use postern_model::schema::{
    ASSET_FINDINGS, CLASSIFICATIONS, CONFLICTS, COVERAGE, FACETS, IDENTIFIERS, NODES, OPEN_SERVICES, PLANES, REPORTED,
};
use postern_model::{Criticality, EdgeId, Facet, NodeId, NodeKind, ObjectClass, RelationKind, Schema, Table, Value};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::attributes::{attributes, parse};
use crate::{EstateError, Result};

/// The tables of an estate, in the order in which [`write`] gives and [`read`] takes them.
pub static SCHEMAS: [&Schema; 8] = [
    &NODES,
    &IDENTIFIERS,
    &FACETS,
    &CONFLICTS,
    &REPORTED,
    &OPEN_SERVICES,
    &ASSET_FINDINGS,
    &COVERAGE,
];

fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("lists and maps of texts are JSON")
}

fn long(time: Timestamp) -> Value<'static> {
    Value::Long(time.as_microsecond())
}

/// The tables of an estate, one after the other: they are large, and each is made when it is asked for.
pub fn write(estate: &Estate) -> impl Iterator<Item = Table> + '_ {
    let writers: [fn(&Estate, &mut Table); SCHEMAS.len()] = [
        write_nodes,
        write_identifiers,
        write_facets,
        write_conflicts,
        write_reported,
        write_services,
        write_findings,
        write_coverage,
    ];
    SCHEMAS.into_iter().zip(writers).map(move |(schema, write)| {
        let mut table = Table::new(schema);
        write(estate, &mut table);
        table
    })
}

fn write_nodes(estate: &Estate, table: &mut Table) {
    for node in &estate.nodes {
        table.push(&[
            Value::Id(node.id.0),
            Value::Text(&node.key),
            Value::Text(node.kind.as_str()),
            Value::Text(&node.name),
            Value::Text(&node.boundary),
            Value::Bool(node.is_stub),
            Value::Text(&node.properties),
            Value::Text(&json(&node.known)),
            Value::Text(&json(&node.seen.sources)),
            long(node.seen.first),
            long(node.seen.last),
        ]);
    }
}

fn write_identifiers(estate: &Estate, table: &mut Table) {
    for node in &estate.nodes {
        let sources = json(&node.seen.sources);
        for identifier in &node.identifiers {
            table.push(&[
                Value::Id(node.id.0),
                Value::Text(&identifier.kind),
                Value::Text(&identifier.value),
                Value::Text(&sources),
                long(node.seen.first),
                long(node.seen.last),
            ]);
        }
    }
}

fn write_facets(estate: &Estate, table: &mut Table) {
    for node in &estate.nodes {
        for facet in &node.facets {
            table.push(&[
                Value::Id(node.id.0),
                Value::Text(&facet.key),
                Value::Text(facet.kind.as_str()),
                Value::Text(&facet.reason),
            ]);
        }
    }
}

fn write_conflicts(estate: &Estate, table: &mut Table) {
    for conflict in &estate.conflicts {
        table.push(&[
            Value::Text(&conflict.kind),
            Value::Text(&conflict.value),
            Value::Text(&json(&conflict.keys)),
            Value::Text(&conflict.reason),
        ]);
    }
}

fn write_reported(estate: &Estate, table: &mut Table) {
    for relation in &estate.relations {
        table.push(&[
            Value::Id(relation.id.0),
            Value::Id(estate.node(relation.source).id.0),
            Value::Id(estate.node(relation.target).id.0),
            Value::Text(&relation.source_key),
            Value::Text(&relation.target_key),
            Value::Text(relation.kind.as_str()),
            Value::Text(relation.kind.label()),
            Value::Text(&relation.properties),
            Value::Text(&json(&relation.seen.sources)),
            long(relation.seen.first),
            long(relation.seen.last),
        ]);
    }
}

fn write_services(estate: &Estate, table: &mut Table) {
    for service in &estate.services {
        table.push(&[
            Value::Id(estate.node(service.node).id.0),
            Value::Text(&service.protocol),
            Value::Long(i64::from(service.port)),
            Value::Text(&service.name),
        ]);
    }
}

fn write_findings(estate: &Estate, table: &mut Table) {
    for finding in &estate.findings {
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
}

fn write_coverage(estate: &Estate, table: &mut Table) {
    for boundary in &estate.coverage {
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
}

/// Reads one row, with errors that name table and row.
struct Row<'a> {
    table: &'a Table,
    row: usize,
}

impl Row<'_> {
    fn text(&self, column: usize) -> String {
        self.table.text(self.row, column).to_owned()
    }

    fn parse<T>(&self, column: usize, read: impl Fn(&str) -> Option<T>) -> Result<T> {
        let text = self.table.text(self.row, column);
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

    fn seen(&self, column: usize) -> Result<Seen> {
        let time = |column: usize| {
            self.long(column)
                .and_then(|micros| Timestamp::from_microsecond(micros).ok())
                .ok_or_else(|| self.error("a time is missing".to_owned()))
        };
        Ok(Seen {
            sources: self.json(column)?,
            first: time(column + 1)?,
            last: time(column + 2)?,
        })
    }

    fn error(&self, reason: String) -> EstateError {
        EstateError::Row {
            table: self.table.schema.name,
            row: self.row,
            reason,
        }
    }
}

fn rows(table: &Table) -> impl Iterator<Item = Row<'_>> {
    (0..table.rows()).map(move |row| Row { table, row })
}

/// Reads what [`write`] has written; the tables in the order of [`SCHEMAS`].
///
/// # Errors
/// [`EstateError::Row`] for a value that this version does not understand.
pub fn read(tables: &[Table]) -> Result<Estate> {
    let [
        nodes,
        identifiers,
        facets,
        conflicts,
        reported,
        services,
        findings,
        coverage,
    ] = tables
    else {
        panic!("an estate has {} tables", SCHEMAS.len());
    };
    let mut estate = Estate::default();
    for row in rows(nodes) {
        let properties = row.text(6);
        estate.nodes.push(Node {
            id: NodeId(row.id(0)),
            key: row.text(1),
            kind: row.parse(2, NodeKind::parse)?,
            name: row.text(3),
            boundary: row.text(4),
            is_stub: row.table.bool(row.row, 5).unwrap_or_default(),
            attributes: attributes(&parse(&properties)),
            properties,
            known: row.json(7)?,
            identifiers: Vec::new(),
            facets: Vec::new(),
            seen: row.seen(8)?,
        });
    }
    estate.nodes.sort_by_key(|node| node.id);
    let index: HashMap<u128, NodeIndex> = estate
        .nodes
        .iter()
        .enumerate()
        .map(|(at, node)| (node.id.0, at as NodeIndex))
        .collect();
    let find = |row: &Row<'_>, column: usize| {
        index
            .get(&row.id(column))
            .copied()
            .ok_or_else(|| row.error("its asset is missing".to_owned()))
    };
    for row in rows(identifiers) {
        let node = find(&row, 0)? as usize;
        estate.nodes[node].identifiers.push(Identifier {
            kind: row.text(1),
            value: row.text(2),
        });
    }
    for row in rows(facets) {
        let node = find(&row, 0)?;
        let facet = OriginalObject {
            key: row.text(1),
            kind: row.parse(2, NodeKind::parse)?,
            reason: row.text(3),
        };
        estate.by_key.insert(facet.key.clone(), node);
        estate.nodes[node as usize].facets.push(facet);
    }
    // The anchor stands first among the facets and speaks for itself; addresses of the others are added.
    for node in &mut estate.nodes {
        let key = node.key.clone();
        node.facets
            .sort_by(|a, b| (a.key != key, &a.key).cmp(&(b.key != key, &b.key)));
        node.attributes.addresses.extend(
            node.identifiers
                .iter()
                .filter(|identifier| identifier.kind == "ip")
                .map(|identifier| identifier.value.clone()),
        );
        node.attributes.addresses.sort();
        node.attributes.addresses.dedup();
    }
    for row in rows(conflicts) {
        estate.conflicts.push(Conflict {
            kind: row.text(0),
            value: row.text(1),
            keys: row.json(2)?,
            reason: row.text(3),
        });
    }
    for row in rows(reported) {
        estate.relations.push(Relation {
            id: EdgeId(row.id(0)),
            source: find(&row, 1)?,
            target: find(&row, 2)?,
            source_key: row.text(3),
            target_key: row.text(4),
            kind: row.parse(5, RelationKind::parse)?,
            properties: row.text(7),
            seen: row.seen(8)?,
        });
    }
    for row in rows(services) {
        estate.services.push(Service {
            node: find(&row, 0)?,
            protocol: row.text(1),
            port: row
                .long(2)
                .and_then(|port| u16::try_from(port).ok())
                .ok_or_else(|| row.error("no port".to_owned()))?,
            name: row.text(3),
        });
    }
    for row in rows(findings) {
        estate.findings.push(Finding {
            id: EdgeId(row.id(0)),
            node: find(&row, 1)?,
            weakness: row.text(2),
            locator: row.text(3),
            title: row.text(4),
            severity: row.text(5),
            cves: row.json(6)?,
            cvss_vector: row.text(7),
            cvss_score_micro: row.long(8),
            exploit_available: row.table.bool(row.row, 9),
            is_kev: row.table.bool(row.row, 10).unwrap_or_default(),
            is_exploitable: row.table.bool(row.row, 11).unwrap_or_default(),
            properties: row.text(12),
            seen: row.seen(13)?,
        });
    }
    estate.coverage = read_coverage(coverage)?;
    Ok(estate)
}

fn read_coverage(table: &Table) -> Result<Vec<BoundaryCoverage>> {
    let mut boundaries = BTreeMap::<String, BoundaryCoverage>::new();
    for row in rows(table) {
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
    }
    Ok(boundaries.into_values().collect())
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
