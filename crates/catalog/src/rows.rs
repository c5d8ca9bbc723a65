//! The rows that rules ask: the estate in memory, as it stands at their phase, under the names of the hunting tables.
//!
//! Start at [`RuleTables::select`]. Nothing is copied out of the estate but what a query keeps: each row is read
//! where it lies. The text of `NodeProperties` is made once for each node, when a rule first asks for it.
//!
//! Rules run in the middle of a build, where no query engine is: the row interpreter of `kql-functions` runs them,
//! which is the engine's own oracle. An edge that was reported and is a derived step too has two rows here.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::{Arc, OnceLock};

use jiff::Timestamp;
use postern_kql::ir::{Op, Scalar, ScalarKind, Tabular};
use postern_kql::{Column, Type};
use postern_kql_functions::evaluate::Row;
use postern_kql_functions::small::{Outside, Prepared};
use postern_kql_functions::{Context, Datum, Dynamic, Json};
use postern_model::estate::{Estate, Node, NodeIndex};
use postern_model::{Criticality, EdgeId, NodeId, NodeKind, Phase, RelationKind, label};
use roaring::RoaringBitmap;

use crate::error::EvaluateError;
use crate::query::{self, EDGES, NODE_ID, NODES};

/// Steps that were derived, where the phase of a rule comes behind.
pub trait StepRows: Sync {
    /// Shows (source, target, technique) of each step.
    fn each(&self, see: &mut dyn FnMut(NodeId, NodeId, RelationKind));
}

/// What a question takes out of the estate: whether the asset or the relation is left.
#[derive(Clone, Copy)]
pub struct IsLeft<'e> {
    pub asset: &'e (dyn Fn(NodeIndex) -> bool + Sync),
    pub relation: &'e (dyn Fn(EdgeId) -> bool + Sync),
}

/// The estate as rules see it.
pub struct RuleTables<'e> {
    estate: &'e Estate,
    now: Timestamp,
    criticality: Option<&'e [Option<Criticality>]>,
    steps: Option<&'e dyn StepRows>,
    is_left: Option<IsLeft<'e>>,
    /// Label and JSON text of the categories, by kind and whether it is a managed identity.
    labels: BTreeMap<(NodeKind, bool), (String, String)>,
    properties: OnceLock<Vec<String>>,
}

impl<'e> RuleTables<'e> {
    pub fn new(estate: &'e Estate, now: Timestamp) -> Self {
        let mut labels = BTreeMap::new();
        for node in &estate.nodes {
            let key = (node.kind, is_managed_identity(node));
            labels.entry(key).or_insert_with(|| {
                let (name, categories) = label::of(key.0, key.1);
                let categories = categories.iter().map(|it| Json::String((*it).to_owned())).collect();
                (name, Json::Array(categories).to_string())
            });
        }
        Self {
            estate,
            now,
            criticality: None,
            steps: None,
            is_left: None,
            labels,
            properties: OnceLock::new(),
        }
    }

    /// For phases behind classification: by node index.
    #[must_use]
    pub fn with_criticality(mut self, criticality: &'e [Option<Criticality>]) -> Self {
        self.criticality = Some(criticality);
        self
    }

    /// Without what is taken out.
    #[must_use]
    pub fn with_removal(mut self, is_left: IsLeft<'e>) -> Self {
        self.is_left = Some(is_left);
        self
    }

    /// For phases behind derivation.
    #[must_use]
    pub fn with_steps(mut self, steps: &'e dyn StepRows) -> Self {
        self.steps = Some(steps);
        self
    }

    /// The assets that a rule's query selects, as node indices.
    ///
    /// # Errors
    /// [`EvaluateError::Query`] with the first place that is wrong, or the limit that was hit.
    pub fn select(&self, text: &str, phase: Phase) -> Result<RoaringBitmap, EvaluateError> {
        let mut selected = RoaringBitmap::new();
        for row in self.rows(text, phase, &[NODE_ID])? {
            selected.extend(row.first().and_then(|id| self.estate.by_id(NodeId(*id))));
        }
        Ok(selected)
    }

    /// The ids that a query yields in the columns of these names. A row with something else in one is left out.
    ///
    /// # Errors
    /// As [`RuleTables::select`].
    pub fn rows(&self, text: &str, phase: Phase, columns: &[&str]) -> Result<Vec<Vec<u128>>, EvaluateError> {
        let failed = |diagnostic: &postern_kql::Diagnostic| EvaluateError::Query {
            position: query::position(text, diagnostic),
            reason: diagnostic.message.clone(),
        };
        let (table, places) = query::bind(text, phase, columns).map_err(|errors| failed(&errors[0]))?;
        let table = Arc::new(narrowed(table, &places));
        let context = Context::new(self.now.as_microsecond());
        let prepared = Prepared::new(&table, self, &context).map_err(|error| failed(&error))?;
        let rows = prepared.run(self, &[], &context).map_err(|error| failed(&error))?;
        let id = |datum: &Datum<'_>| match datum {
            Datum::String(text) => u128::from_str_radix(text, 16).ok(),
            _ => None,
        };
        Ok(rows.iter().filter_map(|row| row.iter().map(id).collect()).collect())
    }

    fn label(&self, node: &Node) -> &(String, String) {
        // Every pair that occurs was put there.
        &self.labels[&(node.kind, is_managed_identity(node))]
    }

    fn properties(&self, index: usize) -> &str {
        &self
            .properties
            .get_or_init(|| self.estate.nodes.iter().map(properties_of).collect())[index]
    }
}

/// The table's wanted columns alone.
fn narrowed(table: Arc<Tabular>, places: &[usize]) -> Tabular {
    let column = |place: &usize| Scalar {
        kind: ScalarKind::Column(*place),
        ty: Type::String,
        span: table.span,
    };
    Tabular {
        columns: places
            .iter()
            .map(|place| Column::new(&table.columns[*place].name, Type::String))
            .collect(),
        span: table.span,
        is_open: false,
        op: Op::Project {
            values: places.iter().map(column).collect(),
            input: Arc::clone(&table),
        },
    }
}

fn is_managed_identity(node: &Node) -> bool {
    node.kind == NodeKind::AzServicePrincipal
        && node
            .properties
            .to_ascii_lowercase()
            .contains("\"serviceprincipaltype\":\"managedidentity\"")
}

/// `{"rawData":{...}}`: ours, then what the sources told.
fn properties_of(node: &Node) -> String {
    let mut text = String::from("{\"rawData\":{");
    let mut member = |name: &str, value: Json| {
        // Writing to a `String` cannot fail.
        let _ = write!(text, "{}:{value},", Json::String(name.to_owned()));
    };
    member("objectId", Json::String(node.key.to_string()));
    member("posternKind", Json::String(node.kind.as_str().to_owned()));
    member("boundary", Json::String(node.boundary.to_string()));
    if let Some(expires_at) = node.attributes.expires_at {
        member("accountExpiresAt", Json::String(expires_at.to_string()));
    }
    if node.is_stub {
        member("isStub", Json::Bool(true));
    }
    let told = node
        .properties
        .trim()
        .strip_prefix('{')
        .and_then(|it| it.strip_suffix('}'));
    match told.map(str::trim).filter(|told| !told.is_empty()) {
        Some(told) => text.push_str(told),
        None => {
            untold(node, &mut member);
            text.pop();
        }
    }
    text.push_str("}}");
    text
}

/// What is known of a node whose sources' own words were not kept, under the names that sources use.
fn untold(node: &Node, member: &mut dyn FnMut(&str, Json)) {
    let attributes = &node.attributes;
    let account = attributes.account.as_deref();
    for (name, value) in [
        ("enabled", attributes.enabled),
        ("isdc", attributes.is_dc),
        ("isreadonlydc", attributes.is_read_only_dc),
        ("hasspn", attributes.has_spn),
        ("dontreqpreauth", attributes.dont_require_preauth),
        ("gmsa", attributes.is_gmsa),
        ("msa", attributes.is_smsa),
        ("dmsa", account.and_then(|account| account.is_dmsa)),
    ] {
        if let Some(value) = value {
            member(name, Json::Bool(value));
        }
    }
    for (name, value) in [
        ("samaccountname", &attributes.sam_account_name),
        ("distinguishedname", &attributes.distinguished_name),
        ("operatingsystem", &attributes.operating_system),
    ] {
        if let Some(value) = value {
            member(name, Json::String(value.to_string()));
        }
    }
    if let Some(template) = attributes.entra.as_deref().and_then(|it| it.template.as_deref()) {
        member("templateid", Json::String(template.to_owned()));
    }
}

impl Outside for RuleTables<'_> {
    fn scan<'a>(&'a self, table: &str, see: &mut dyn FnMut(&dyn Row<'a>)) -> bool {
        match table {
            NODES => {
                for (index, node) in self.estate.nodes.iter().enumerate() {
                    if self.is_left.is_some_and(|is_left| !(is_left.asset)(index as NodeIndex)) {
                        continue;
                    }
                    see(&NodeRow {
                        tables: self,
                        index,
                        node,
                    });
                }
            }
            EDGES => {
                for relation in &self.estate.relations {
                    let is_left = self.is_left.is_none_or(|it| {
                        (it.relation)(relation.id) && (it.asset)(relation.source) && (it.asset)(relation.target)
                    });
                    if !is_left {
                        continue;
                    }
                    let end = |index| self.estate.node(index);
                    see(&EdgeRow {
                        tables: self,
                        ends: [Some(end(relation.source)), Some(end(relation.target))],
                        ids: [end(relation.source).id, end(relation.target).id],
                        kind: relation.kind,
                        is_step: false,
                    });
                }
                if let Some(steps) = self.steps {
                    steps.each(&mut |source, target, kind| {
                        let end = |id| self.estate.by_id(id).map(|index| self.estate.node(index));
                        see(&EdgeRow {
                            tables: self,
                            ends: [end(source), end(target)],
                            ids: [source, target],
                            kind,
                            is_step: true,
                        });
                    });
                }
            }
            _ => return false,
        }
        true
    }
}

struct NodeRow<'a> {
    tables: &'a RuleTables<'a>,
    index: usize,
    node: &'a Node,
}

impl<'a> Row<'a> for NodeRow<'a> {
    fn column(&self, index: usize) -> Datum<'a> {
        match index {
            0 => id_text(self.node.id),
            1 => Datum::string(self.tables.label(self.node).0.as_str()),
            2 => Datum::string(self.node.name.as_str()),
            3 => dynamic(self.tables.label(self.node).1.as_str()),
            4 => dynamic(self.tables.properties(self.index)),
            5 => {
                let known = self.node.known.iter();
                Datum::dynamic(Json::Array(
                    known.map(|facet| Json::String(facet.to_string())).collect(),
                ))
            }
            6 => {
                let levels = self.tables.criticality;
                let level = levels.and_then(|levels| levels.get(self.index).copied().flatten());
                level.map_or(Datum::Null, |level| Datum::Int(level.level()))
            }
            _ => Datum::Null,
        }
    }
}

struct EdgeRow<'a> {
    tables: &'a RuleTables<'a>,
    /// `None` for a virtual end.
    ends: [Option<&'a Node>; 2],
    ids: [NodeId; 2],
    kind: RelationKind,
    is_step: bool,
}

impl<'a> Row<'a> for EdgeRow<'a> {
    fn column(&self, index: usize) -> Datum<'a> {
        let name = |end: usize| Datum::string(self.ends[end].map_or("", |node| node.name.as_str()));
        let label = |end: usize| Datum::string(self.ends[end].map_or("", |node| self.tables.label(node).0.as_str()));
        match index {
            0 => Datum::string(self.kind.label()),
            1 => id_text(self.ids[0]),
            2 => name(0),
            3 => label(0),
            4 => id_text(self.ids[1]),
            5 => name(1),
            6 => label(1),
            7 => Datum::string(self.kind.as_str()),
            8 => Datum::Bool(self.is_step),
            _ => Datum::Null,
        }
    }
}

fn id_text(id: NodeId) -> Datum<'static> {
    Datum::string(format!("{:032x}", id.0))
}

fn dynamic(text: &str) -> Datum<'_> {
    Datum::Dynamic(Dynamic::Text(Cow::Borrowed(text)))
}
