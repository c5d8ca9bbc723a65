//! What a rule asks of the estate, and who answers.
//!
//! A rule's query is KQL over the tables of its phase: [`bind`] says whether it can be asked there, in sentences with
//! places. It yields a column `NodeId`. Three entry rules stand for virtual entry points, which a technique makes; they
//! name it instead of asking ([`Query::Builtin`]).

use std::sync::Arc;

use postern_kql::ir;
use postern_kql::schema::{Found, Schema, StoredFunction, Table, TableFunction};
use postern_kql::{Code, Column, Diagnostic, Position, Severity, Type};
use postern_model::Phase;
use roaring::RoaringBitmap;
use serde::Deserialize;

use crate::error::{EvaluateError, Mistake};

/// A question whose answer is a set of assets.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(untagged)]
pub enum Query {
    /// KQL with a column `NodeId`.
    Kql(String),
    /// The name of a virtual entry point.
    Builtin(Builtin),
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Builtin {
    pub builtin: String,
}

impl Query {
    /// The text of it, or the name.
    pub fn text(&self) -> &str {
        match self {
            Query::Kql(text) => text,
            Query::Builtin(query) => &query.builtin,
        }
    }
}

impl Default for Query {
    fn default() -> Self {
        Query::Kql(String::new())
    }
}

/// Answers queries over one estate.
pub trait Evaluate {
    /// The assets that `query` selects, as node indices, for a rule that runs in `phase`.
    ///
    /// # Errors
    /// [`EvaluateError::Unknown`] for a name that [`Self::queries`] does not list, [`EvaluateError::Phase`] when the
    /// query reads what `phase` or a later one makes, and [`EvaluateError::Query`] for KQL that cannot be asked or run.
    fn nodes(&self, query: &Query, phase: Phase) -> Result<RoaringBitmap, EvaluateError>;

    /// The names of all queries that are built in.
    fn queries(&self) -> &[&str];

    /// The last phase whose tables a built-in query reads; `None` when there is no such query.
    fn reads(&self, query: &str) -> Option<Phase>;
}

/// A column that rules can ask: its name, its type, and the phase that makes it.
pub type PhasedColumn = (&'static str, Type, Phase);

/// The tables that rules can ask, and the phase that makes each of their columns. Names and values are those of the
/// hunting tables.
pub const TABLES: &[(&str, &[PhasedColumn])] = &[
    (
        NODES,
        &[
            ("NodeId", Type::String, Phase::Resolve),
            ("NodeLabel", Type::String, Phase::Resolve),
            ("NodeName", Type::String, Phase::Resolve),
            ("Categories", Type::Dynamic, Phase::Resolve),
            ("NodeProperties", Type::Dynamic, Phase::Resolve),
            ("Known", Type::Dynamic, Phase::Resolve),
            ("CriticalityLevel", Type::Int, Phase::Classify),
        ],
    ),
    (
        EDGES,
        &[
            ("EdgeLabel", Type::String, Phase::Resolve),
            ("SourceNodeId", Type::String, Phase::Resolve),
            ("SourceNodeName", Type::String, Phase::Resolve),
            ("SourceNodeLabel", Type::String, Phase::Resolve),
            ("TargetNodeId", Type::String, Phase::Resolve),
            ("TargetNodeName", Type::String, Phase::Resolve),
            ("TargetNodeLabel", Type::String, Phase::Resolve),
            ("Technique", Type::String, Phase::Resolve),
            ("IsTraversable", Type::Bool, Phase::Derive),
        ],
    ),
];

pub const NODES: &str = "ExposureGraphNodes";
pub const EDGES: &str = "ExposureGraphEdges";

/// The column that a rule's query yields.
pub const NODE_ID: &str = "NodeId";

/// The tables as a rule of one phase sees them.
struct PhaseSchema(Phase);

impl PhaseSchema {
    fn describe(&self, name: &str, columns: &[(&str, Type, Phase)]) -> Arc<Table> {
        let known = columns.iter().filter(|(.., made_by)| *made_by < self.0);
        Arc::new(Table {
            name: name.to_owned(),
            columns: known.map(|(column, ty, _)| Column::new(*column, *ty)).collect(),
            description: String::new(),
            column_descriptions: Vec::new(),
        })
    }
}

impl Schema for PhaseSchema {
    fn table(&self, name: &str) -> Found<Arc<Table>> {
        match TABLES.iter().find(|(table, _)| *table == name) {
            Some((table, columns)) => Found::Yes(self.describe(table, columns)),
            None => Found::No,
        }
    }

    fn table_function(&self, _name: &str) -> Option<Arc<TableFunction>> {
        None
    }

    fn stored_function(&self, _name: &str) -> Option<Arc<StoredFunction>> {
        None
    }

    fn tables(&self) -> Vec<Arc<Table>> {
        TABLES
            .iter()
            .map(|(name, columns)| self.describe(name, columns))
            .collect()
    }

    fn table_functions(&self) -> Vec<Arc<TableFunction>> {
        Vec::new()
    }

    fn stored_functions(&self) -> Vec<Arc<StoredFunction>> {
        Vec::new()
    }
}

/// Binds a rule's query for the phase in which it runs, and gives the table that it yields with the places of the
/// columns that are wanted.
///
/// # Errors
/// What is wrong with it, the first place first: it is no query, names what is not there (or not yet), depends on the
/// order of rows, or yields no such column.
pub fn bind(text: &str, phase: Phase, wanted: &[&str]) -> Result<(Arc<ir::Tabular>, Vec<usize>), Vec<Diagnostic>> {
    let parsed = postern_kql::parse(text);
    let bound = postern_kql::bind(
        &parsed.script,
        text,
        &PhaseSchema(phase),
        &postern_kql::binder::Options::default(),
    );
    let all = parsed.diagnostics.into_iter().chain(bound.diagnostics);
    let mut errors: Vec<Diagnostic> = all.filter(|it| it.severity == Severity::Error).collect();
    for error in &mut errors {
        explain_phase(error, text, phase);
    }
    if let Some(query) = bound.query.filter(|_| errors.is_empty()) {
        for (what, span) in &query.marks.order_dependent {
            let message = format!("the result of `{what}` depends on the order of rows, which a rule must not");
            errors.push(Diagnostic::error(Code::OrderDependent, *span, message));
        }
        match query.outputs.as_slice() {
            [output] if errors.is_empty() => {
                let place = |name: &&str| {
                    let columns = &output.table.columns;
                    columns.iter().position(|it| it.name == **name && it.ty == Type::String)
                };
                match wanted.iter().map(place).collect::<Option<Vec<_>>>() {
                    Some(places) => return Ok((Arc::clone(&output.table), places)),
                    None => {
                        let message = format!("a rule's query yields the text columns {}", wanted.join(", "));
                        errors.push(Diagnostic::error(Code::TypeMismatch, output.table.span, message));
                    }
                }
            }
            [_] => {}
            outputs => {
                let message = format!("a rule's query has one result, and this has {}", outputs.len());
                errors.push(Diagnostic::error(Code::Unsupported, Default::default(), message));
            }
        }
    }
    errors.sort_by_key(|error| error.span);
    if errors.is_empty() {
        let message = "the query yields nothing";
        errors.push(Diagnostic::error(Code::Syntax, Default::default(), message));
    }
    Err(errors)
}

/// A column that is not there yet is made by a later phase: the sentence says which.
fn explain_phase(error: &mut Diagnostic, text: &str, phase: Phase) {
    if error.code != Code::UnknownName {
        return;
    }
    let name = error.span.text(text);
    let later = TABLES
        .iter()
        .flat_map(|(_, columns)| columns.iter())
        .find(|(column, ..)| *column == name);
    if let Some((column, _, made_by)) = later.filter(|(.., made_by)| *made_by >= phase) {
        error.code = Code::LaterPhase;
        error.message = format!(
            "`{column}` is made by phase {}, and phase {} comes no later",
            made_by.as_str(),
            phase.as_str()
        );
        error.hint = None;
    }
}

/// Where in a rule's query something stands, for people.
pub fn position(text: &str, diagnostic: &Diagnostic) -> String {
    let at = Position::of(text, diagnostic.span.start);
    format!("query line {}, column {}", at.line, at.column)
}

/// A mistake for each rule, given by file and query, that cannot be asked in `phase`.
pub(crate) fn refusals<'a>(
    evaluate: &dyn Evaluate,
    rules: impl Iterator<Item = (String, &'a Query)>,
    phase: Phase,
) -> Vec<Mistake> {
    let mut mistakes = Vec::new();
    for (file, query) in rules {
        match query {
            Query::Kql(text) => {
                let errors = bind(text, phase, &[NODE_ID]).err().unwrap_or_default();
                mistakes.extend(errors.iter().map(|error| Mistake {
                    file: file.clone(),
                    position: position(text, error),
                    reason: error.message.clone(),
                }));
            }
            Query::Builtin(query) => {
                let reason = refusal(evaluate, &query.builtin, phase);
                mistakes.extend(reason.map(|reason| Mistake {
                    file,
                    position: String::new(),
                    reason,
                }));
            }
        }
    }
    mistakes
}

fn refusal(evaluate: &dyn Evaluate, name: &str, phase: Phase) -> Option<String> {
    let made_by = evaluate
        .queries()
        .contains(&name)
        .then(|| evaluate.reads(name))
        .flatten();
    match made_by {
        None => {
            let unknown = EvaluateError::Unknown { query: name.to_owned() };
            Some(format!("{unknown}; there are {}", evaluate.queries().join(", ")))
        }
        Some(made_by) if made_by >= phase => Some(EvaluateError::phase(name, made_by, phase).to_string()),
        Some(_) => None,
    }
}
