//! One generation with what its tables share: who is who, what is wrong with whom, who can be reached from outside.
//!
//! All of it is made when a query first needs it, and kept. Columns of tables are kept as well, as long as they fit
//! [`KEPT_BYTES_MAX`]; larger ones are made again for each query, in a stream.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::fmt::Write;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use datafusion::arrow::array::{Array, ArrayRef, RecordBatch, RecordBatchOptions};
use datafusion::error::DataFusionError;
use postern_model::network::PortSet;
use postern_model::schema::{
    ASSET_FINDINGS, CLASSIFICATIONS, NODES, OPEN_SERVICES, PLANES, REPORTED, STEPS, Schema, TARGETS,
};
use postern_model::table::Text;
use postern_model::{NodeId, NodeKind, RelationKind, Table};
use serde::Deserialize;

use super::TableSpec;
use super::out::{Out, schema_of};
use super::properties::Told;
use super::rows::EstateRows;
use super::weaknesses::Weaknesses;
use crate::error::HuntError;
use crate::graph::ResidentGraph;
use postern_model::label as labels;

/// Columns of one generation that are kept in memory.
pub const KEPT_BYTES_MAX: usize = 512 << 20;

/// Rows of nodes and edges that are held as one graph, properties included. While it is made they are there twice.
pub const GRAPH_BYTES_MAX: usize = 3 << 30;

/// One generation, ready to give the rows of every table.
pub struct EstateTables {
    rows: Arc<dyn EstateRows>,
    index: OnceLock<Index>,
    weaknesses: OnceLock<Weaknesses>,
    levels: OnceLock<HashMap<u32, Level>>,
    exposure: OnceLock<HashMap<u32, Exposed>>,
    graph: OnceLock<Option<Arc<ResidentGraph>>>,
    kept: Mutex<Kept>,
}

/// Who is who: assets in the order of their rows, then virtual nodes, then weaknesses.
#[derive(Default)]
pub struct Index {
    /// (id, place), by id.
    by_id: Vec<(u128, u32)>,
    ids: Vec<u128>,
    kinds: Vec<Option<NodeKind>>,
    labels: Vec<u16>,
    names: Text,
    keys: Text,
    /// Label and the JSON text of its categories.
    vocabulary: Vec<(String, String)>,
    /// How many are assets.
    pub assets: u32,
}

/// How critical an asset is, and why.
#[derive(Clone, Debug, Default)]
pub struct Level {
    /// 0 very high … 3 low. A member of a control plane is very high.
    pub level: i32,
    /// What a rule said; `None` where only a person did.
    pub by_rule: Option<i32>,
    pub rules: Vec<String>,
    pub plane: Option<String>,
}

/// Ports of a device that traffic from the Internet arrives at.
#[derive(Clone, Debug, Default)]
pub struct Exposed {
    pub ports: BTreeSet<(String, u16)>,
}

#[derive(Default)]
struct Kept {
    columns: HashMap<(&'static str, usize), Vec<ArrayRef>>,
    /// Rows of each batch of a table.
    batches: HashMap<&'static str, Vec<usize>>,
    bytes: usize,
}

impl EstateTables {
    pub fn new(rows: Arc<dyn EstateRows>) -> Self {
        Self {
            rows,
            index: OnceLock::new(),
            weaknesses: OnceLock::new(),
            levels: OnceLock::new(),
            exposure: OnceLock::new(),
            graph: OnceLock::new(),
            kept: Mutex::default(),
        }
    }

    pub fn evaluated_at(&self) -> i64 {
        self.rows.evaluated_at()
    }

    pub(super) fn sources(&self) -> Vec<super::SourceRow> {
        self.rows.sources()
    }

    /// Calls `each` with every row of a stored table.
    pub(super) fn each_row(
        &self,
        schema: &'static Schema,
        mut each: impl FnMut(&Table, usize) -> Result<(), HuntError>,
    ) -> Result<(), HuntError> {
        self.rows.each(schema, &mut |chunk| {
            (0..chunk.rows()).try_for_each(|row| each(chunk, row))
        })
    }

    /// Makes the rows of a table, of the stored columns at these places.
    pub fn make(
        &self,
        spec: &'static TableSpec,
        columns: &[usize],
        emit: &mut dyn FnMut(RecordBatch) -> Result<(), HuntError>,
    ) -> Result<(), HuntError> {
        let mut out = Out::new(spec, columns, emit);
        (spec.rows)(self, &mut out)?;
        out.finish()
    }

    /// The batches of some columns, if all of them are kept.
    pub fn kept(&self, spec: &'static TableSpec, columns: &[usize]) -> Result<Option<Vec<RecordBatch>>, HuntError> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(batches) = kept.batches.get(spec.name) else {
            return Ok(None);
        };
        let arrays: Option<Vec<_>> = columns.iter().map(|&it| kept.columns.get(&(spec.name, it))).collect();
        let Some(arrays) = arrays else { return Ok(None) };
        let schema = schema_of(spec, columns);
        let made = batches.iter().enumerate().map(|(at, &rows)| {
            let options = RecordBatchOptions::new().with_row_count(Some(rows));
            let columns = arrays.iter().map(|column| column[at].clone()).collect();
            RecordBatch::try_new_with_options(schema.clone(), columns, &options).map_err(DataFusionError::from)
        });
        Ok(Some(made.collect::<Result<_, _>>()?))
    }

    /// Keeps the columns of a whole table, as far as there is room.
    pub fn keep(&self, spec: &'static TableSpec, columns: &[usize], batches: &[RecordBatch]) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.batches
            .entry(spec.name)
            .or_insert_with(|| batches.iter().map(RecordBatch::num_rows).collect());
        for (at, &column) in columns.iter().enumerate() {
            let arrays: Vec<_> = batches.iter().map(|batch| batch.column(at).clone()).collect();
            let bytes: usize = arrays.iter().map(|array| array.get_array_memory_size()).sum();
            if kept.bytes + bytes > KEPT_BYTES_MAX || kept.columns.contains_key(&(spec.name, column)) {
                continue;
            }
            kept.bytes += bytes;
            kept.columns.insert((spec.name, column), arrays);
        }
    }

    /// The exposure graph of the tables of nodes and edges, made when it is first asked for. `None` where it would take
    /// more than [`GRAPH_BYTES_MAX`]: queries then build what they need of it.
    ///
    /// # Errors
    /// Those of making the tables.
    pub fn graph(&self) -> Result<Option<&Arc<ResidentGraph>>, HuntError> {
        let made = init(&self.graph, || {
            let mut bytes = 0;
            let Some(nodes) = self.whole(&super::nodes::TABLE, &mut bytes)? else {
                return Ok(None);
            };
            let Some(edges) = self.whole(&super::edges::TABLE, &mut bytes)? else {
                return Ok(None);
            };
            let [node_columns, edge_columns] =
                [&super::nodes::TABLE, &super::edges::TABLE].map(|spec| spec.table().columns.clone());
            let graph = ResidentGraph::new(&node_columns, &nodes, &edge_columns, &edges)?;
            Ok(Some(Arc::new(graph)))
        });
        made.map(Option::as_ref)
    }

    /// All rows of a table's own columns, unless they take too much memory.
    fn whole(&self, spec: &'static TableSpec, bytes: &mut usize) -> Result<Option<Vec<RecordBatch>>, HuntError> {
        let columns: Vec<_> = (0..spec.columns.len()).collect();
        let mut batches = Vec::new();
        let done = self.make(spec, &columns, &mut |batch| {
            *bytes += batch.get_array_memory_size();
            batches.push(batch);
            // Whatever is asked for more than there may be, is not gone on with.
            if *bytes > GRAPH_BYTES_MAX {
                Err(HuntError::Cancelled)
            } else {
                Ok(())
            }
        });
        match done {
            Ok(()) => Ok(Some(batches)),
            Err(HuntError::Cancelled) => Ok(None),
            Err(error) => Err(error),
        }
    }

    pub fn index(&self) -> Result<&Index, HuntError> {
        init(&self.index, || self.make_index())
    }

    pub(super) fn weaknesses(&self) -> Result<&Weaknesses, HuntError> {
        init(&self.weaknesses, || self.make_weaknesses())
    }

    pub(crate) fn levels(&self) -> Result<&HashMap<u32, Level>, HuntError> {
        init(&self.levels, || self.make_levels())
    }

    pub(super) fn exposure(&self) -> Result<&HashMap<u32, Exposed>, HuntError> {
        init(&self.exposure, || self.make_exposure())
    }

    fn make_index(&self) -> Result<Index, HuntError> {
        let mut making = Making::default();
        self.each_row(&NODES, |table, row| {
            let kind = NodeKind::of(table.text(row, table.schema.column("kind"))).unwrap_or(NodeKind::Base);
            let is_managed_identity = kind == NodeKind::AzServicePrincipal
                && Told::of(table.text(row, table.schema.column("properties")))
                    .text("serviceprincipaltype")
                    .is_some_and(|it| it.eq_ignore_ascii_case("ManagedIdentity"));
            let text = |name| table.text(row, table.schema.column(name));
            making.add(
                table.id(row, table.schema.column("id")),
                Some(kind),
                labels::of(kind, is_managed_identity),
                text("name"),
                text("key"),
            );
            Ok(())
        })?;
        let assets = making.index.kinds.len() as u32;
        for node in self.rows.virtual_nodes() {
            making.add(
                node.id,
                Some(node.kind),
                labels::of(node.kind, false),
                &node.name,
                &node.key,
            );
        }
        // Control planes are targets, and no assets.
        self.each_row(&TARGETS, |table, row| {
            let text = |name| table.text(row, table.schema.column(name));
            if text("key").starts_with(PLANE_PREFIX) {
                let kind = NodeKind::ControlPlane;
                let id = table.id(row, table.schema.column("id"));
                making.add(id, Some(kind), labels::of(kind, false), text("name"), text("key"));
            }
            Ok(())
        })?;
        for cve in self.weaknesses()?.cves.keys() {
            let label = (labels::CVE.to_owned(), labels::CVE_CATEGORIES);
            making.add(NodeId::of(cve).0, None, label, cve, cve);
        }
        let mut index = making.index;
        index.assets = assets;
        index.by_id.sort_unstable();
        Ok(index)
    }

    fn make_weaknesses(&self) -> Result<Weaknesses, HuntError> {
        // Places among assets, found without the index: that one needs to know the weaknesses.
        let mut places = HashMap::new();
        self.each_row(&NODES, |table, row| {
            let place = places.len() as u32;
            places.insert(table.id(row, table.schema.column("id")), place);
            Ok(())
        })?;
        let mut weaknesses = Weaknesses::default();
        self.each_row(&ASSET_FINDINGS, |table, row| {
            if let Some(&node) = places.get(&table.id(row, table.schema.column("node"))) {
                weaknesses.add(table, row, node);
            }
            Ok(())
        })?;
        Ok(weaknesses)
    }

    fn make_levels(&self) -> Result<HashMap<u32, Level>, HuntError> {
        let index = self.index()?;
        let mut planes = HashMap::new();
        self.each_row(&PLANES, |table, row| {
            let text = |name| table.text(row, table.schema.column(name)).to_owned();
            planes.insert(text("key"), text("name"));
            Ok(())
        })?;
        let mut levels: HashMap<u32, Level> = HashMap::new();
        self.each_row(&CLASSIFICATIONS, |table, row| {
            let Some(place) = index.place(table.id(row, table.schema.column("node"))) else {
                return Ok(());
            };
            let text = |name| table.text(row, table.schema.column(name));
            let plane = text("plane");
            let stated = table.long(row, table.schema.column("criticality"));
            let stated = stated.and_then(|it| i32::try_from(it).ok());
            // Control of a member is control of the whole plane: nothing is more critical.
            let Some(level) = stated.or_else(|| (!plane.is_empty()).then_some(0)) else {
                return Ok(());
            };
            let known = levels.entry(place).or_insert_with(|| Level {
                level,
                ..Level::default()
            });
            known.level = known.level.min(level);
            let rule = text("rule");
            if rule != DECISION {
                known.by_rule = Some(known.by_rule.map_or(level, |it| it.min(level)));
            }
            if !rule.is_empty() && !known.rules.iter().any(|it| it == rule) {
                known.rules.push(rule.to_owned());
            }
            if !plane.is_empty() {
                known.plane = Some(planes.get(plane).cloned().unwrap_or_else(|| plane.to_owned()));
            }
            Ok(())
        })?;
        Ok(levels)
    }

    /// A device is exposed at a port if it listens there, or has a finding there, and if there are routes from the
    /// Internet to it, or to a segment that it is in, all of which let the port through.
    fn make_exposure(&self) -> Result<HashMap<u32, Exposed>, HuntError> {
        let index = self.index()?;
        let kind = |place: u32| index.kinds[place as usize];
        let mut routes: BTreeMap<u32, Vec<(u32, PortSet)>> = BTreeMap::new();
        self.each_row(&REPORTED, |table, row| {
            let of = |name| table.schema.column(name);
            if table.text(row, of("kind")) != RelationKind::RoutesTrafficTo.as_str() {
                return Ok(());
            }
            let ends = [of("source"), of("target")].map(|end| index.place(table.id(row, end)));
            if let [Some(source), Some(target)] = ends {
                let ports = route_ports(table.text(row, of("properties")));
                routes.entry(source).or_default().push((target, ports));
            }
            Ok(())
        })?;
        let from: Vec<u32> = routes
            .keys()
            .copied()
            .filter(|&it| kind(it) == Some(NodeKind::Internet))
            .collect();
        if from.is_empty() {
            return Ok(HashMap::new());
        }
        // Segments of each device: as derived, so that addresses in a segment's range count as well.
        let mut segments: HashMap<u32, Vec<u32>> = HashMap::new();
        self.each_row(&STEPS, |table, row| {
            let of = |name| table.schema.column(name);
            if table.text(row, of("technique")) == RelationKind::LocatedIn.as_str() {
                let ends = [of("source"), of("target")].map(|end| index.place(table.id(row, end)));
                if let [Some(device), Some(segment)] = ends {
                    segments.entry(device).or_default().push(segment);
                }
            }
            Ok(())
        })?;
        let mut ways: HashMap<(String, u16), BTreeSet<u32>> = HashMap::new();
        let mut exposure: HashMap<u32, Exposed> = HashMap::new();
        let mut listens = |node: u128, protocol: &str, port: u16| {
            let Some(device) = index
                .place(node)
                .filter(|&it| kind(it).is_some_and(NodeKind::is_device))
            else {
                return;
            };
            let port = (protocol.to_ascii_lowercase(), port);
            let reached = ways
                .entry(port.clone())
                .or_insert_with(|| reached(&from, &routes, &port));
            let segments = segments.get(&device).map_or(&[][..], Vec::as_slice);
            if reached.contains(&device) || segments.iter().any(|it| reached.contains(it)) {
                exposure.entry(device).or_default().ports.insert(port);
            }
        };
        self.each_row(&OPEN_SERVICES, |table, row| {
            let of = |name| table.schema.column(name);
            let port = table.long(row, of("port")).and_then(|it| u16::try_from(it).ok());
            if let Some(port) = port {
                listens(table.id(row, of("node")), table.text(row, of("protocol")), port);
            }
            Ok(())
        })?;
        self.each_row(&ASSET_FINDINGS, |table, row| {
            let of = |name| table.schema.column(name);
            if let Some((protocol, port)) = table.text(row, of("locator")).split_once('/')
                && let Some(port) = port.parse().ok().filter(|&port: &u16| port > 0)
            {
                listens(table.id(row, of("node")), protocol, port);
            }
            Ok(())
        })?;
        Ok(exposure)
    }
}

/// How keys of control planes begin.
const PLANE_PREFIX: &str = "plane:";

/// The rule of what a person decided.
const DECISION: &str = "decision";

/// What can be reached at a port from some places along routes, those places left out.
fn reached(
    from: &[u32],
    routes: &BTreeMap<u32, Vec<(u32, PortSet)>>,
    (protocol, port): &(String, u16),
) -> BTreeSet<u32> {
    let mut found = BTreeSet::new();
    let mut waiting: VecDeque<u32> = from.iter().copied().collect();
    while let Some(at) = waiting.pop_front() {
        for (to, ports) in routes.get(&at).into_iter().flatten() {
            if ports.allows(protocol, *port) && found.insert(*to) {
                waiting.push_back(*to);
            }
        }
    }
    found
}

/// The ports that a route lets through; none where it does not say so in words we know.
pub fn route_ports(properties: &str) -> PortSet {
    #[derive(Deserialize)]
    struct Route {
        ports: Vec<String>,
    }

    let route: Option<Route> = serde_json::from_str(properties).ok();
    route
        .and_then(|route| PortSet::parse(&route.ports).ok())
        .unwrap_or_default()
}

#[derive(Default)]
struct Making {
    index: Index,
    codes: HashMap<String, u16>,
}

impl Making {
    fn add(&mut self, id: u128, kind: Option<NodeKind>, (label, categories): (String, &[&str]), name: &str, key: &str) {
        let index = &mut self.index;
        // Labels are as few as kinds, of which a process knows fewer than 65,536.
        let code = *self.codes.entry(label).or_insert_with_key(|label| {
            index.vocabulary.push((label.clone(), json_list(categories)));
            (index.vocabulary.len() - 1) as u16
        });
        index.by_id.push((id, index.kinds.len() as u32));
        index.ids.push(id);
        index.kinds.push(kind);
        index.labels.push(code);
        index.names.push(name);
        index.keys.push(key);
    }
}

impl Index {
    pub fn len(&self) -> usize {
        self.kinds.len()
    }

    pub fn is_empty(&self) -> bool {
        self.kinds.is_empty()
    }

    pub fn place(&self, id: u128) -> Option<u32> {
        let at = self.by_id.binary_search_by_key(&id, |&(id, _)| id).ok()?;
        Some(self.by_id[at].1)
    }

    /// The place of an asset by its id, its original id in any letter case, or its name if no other has it.
    pub fn find(&self, text: &str) -> Option<u32> {
        if let Some(place) = u128::from_str_radix(text, 16).ok().and_then(|id| self.place(id)) {
            return Some(place);
        }
        if let Some(place) = self.place(NodeId::of(text).0) {
            return Some(place);
        }
        let mut named = (0..self.len() as u32).filter(|&it| self.name(it).eq_ignore_ascii_case(text));
        named.next().filter(|_| named.next().is_none())
    }

    pub fn id(&self, place: u32) -> u128 {
        self.ids[place as usize]
    }

    pub fn name(&self, place: u32) -> &str {
        self.names.get(place as usize)
    }

    pub fn key(&self, place: u32) -> &str {
        self.keys.get(place as usize)
    }

    /// `None` for a weakness.
    pub fn kind(&self, place: u32) -> Option<NodeKind> {
        self.kinds[place as usize]
    }

    pub fn label(&self, place: u32) -> &str {
        &self.vocabulary[self.labels[place as usize] as usize].0
    }

    /// JSON text.
    pub fn categories(&self, place: u32) -> &str {
        &self.vocabulary[self.labels[place as usize] as usize].1
    }

    /// Ids and places of what is no asset.
    pub fn others(&self) -> impl Iterator<Item = (u128, u32)> + '_ {
        (self.assets..self.ids.len() as u32).map(|place| (self.id(place), place))
    }
}

/// An id as columns show it: 32 hexadecimal digits.
pub fn hex(id: u128) -> HexText {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut text = [0; 32];
    for (at, byte) in id.to_be_bytes().into_iter().enumerate() {
        text[2 * at] = DIGITS[usize::from(byte >> 4)];
        text[2 * at + 1] = DIGITS[usize::from(byte & 15)];
    }
    HexText(text)
}

pub struct HexText([u8; 32]);

impl HexText {
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

/// A JSON array of texts.
pub fn json_list<T: AsRef<str>>(texts: &[T]) -> String {
    let mut json = String::from("[");
    for (at, text) in texts.iter().enumerate() {
        if at > 0 {
            json.push(',');
        }
        push_json_text(&mut json, text.as_ref());
    }
    json.push(']');
    json
}

/// Appends a JSON string.
pub fn push_json_text(json: &mut String, text: &str) {
    json.push('"');
    for character in text.chars() {
        match character {
            '"' => json.push_str("\\\""),
            '\\' => json.push_str("\\\\"),
            '\n' => json.push_str("\\n"),
            '\r' => json.push_str("\\r"),
            '\t' => json.push_str("\\t"),
            character if u32::from(character) < 0x20 => {
                // Writing into a string does not fail.
                let _ = write!(json, "\\u{:04x}", u32::from(character));
            }
            character => json.push(character),
        }
    }
    json.push('"');
}

/// As [`OnceLock::get_or_init`] with work that may fail. Two threads may both do it; the first one's result stays.
fn init<T>(cell: &OnceLock<T>, work: impl FnOnce() -> Result<T, HuntError>) -> Result<&T, HuntError> {
    if let Some(made) = cell.get() {
        return Ok(made);
    }
    let made = work()?;
    Ok(cell.get_or_init(|| made))
}
