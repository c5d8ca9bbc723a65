//! From the tree to the bound query: names are resolved, expressions typed, `let`s and functions inlined.
//!
//! [`bind`] never fails: it returns what it understood and the diagnostics about the rest. A value whose type cannot
//! be known (after an error, or a column of an open table) is [`Item::Unknown`] and makes no second diagnostic.
//!
//! Where to start: `statements` (lets, functions, the query), `pipe` (which operator goes where), `expression`,
//! `call` (signatures), `names` (how unnamed columns are called). Rules of names and types follow the official
//! language service; `tools/kql-oracle` compares.

mod arithmetic;
mod call;
mod coerce;
mod combine;
mod constant;
mod depth;
mod expand;
mod expression;
mod graph;
mod limits;
mod marks;
mod names;
mod operator;
mod order;
mod parse;
mod pattern;
mod pipe;
mod plugin;
mod project;
mod projection;
mod scope;
mod search;
mod series;
mod several;
mod source;
mod statements;
mod stored;
mod suggest;
mod summarize;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use crate::ir::{self, Scalar, Tabular};
use crate::schema::Schema;
use crate::{Code, Column, Diagnostic, Severity, Span, Type, Value, ast};

use limits::Limits;
use scope::{Row, Scope};

/// What the caller knows besides the schema.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Values of `declare query_parameters`, by name.
    pub parameters: Vec<(String, Value)>,
    /// A byte of the text: [`Bound::at_caret`] then tells what is in scope there.
    pub caret: Option<u32>,
}

/// What was understood of a query.
#[derive(Clone, Debug)]
pub struct Bound {
    /// `None` after an error, and where columns cannot be known without running a part of the query
    /// ([`Schema::discover`]).
    pub query: Option<ir::Query>,
    pub diagnostics: Vec<Diagnostic>,
    pub at_caret: Option<AtCaret>,
}

/// What may be named at the caret.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AtCaret {
    /// Columns of the row that an expression sees here.
    pub columns: Vec<Column>,
    /// `let`s, parameters and functions, the nearest first.
    pub names: Vec<(String, NameKind)>,
    /// What has columns of its own, which stand behind a dot: `$left` and `$right` of a join, steps of `scan`, nodes
    /// and edges of a pattern.
    pub owners: Vec<(String, Vec<Column>)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NameKind {
    Scalar(Type),
    Table,
    Graph,
    Function,
}

/// Binds a parsed query against a schema. `text` is what was parsed.
pub fn bind(script: &ast::Script, text: &str, schema: &dyn Schema, options: &Options) -> Bound {
    let mut binder = Binder {
        text,
        schema,
        options,
        diagnostics: Vec::new(),
        scope: Scope::default(),
        row: Row::None,
        aggregates: None,
        poisoned: HashSet::new(),
        is_incomplete: false,
        inside: None,
        block: 0,
        is_searching: false,
        limits: Limits::default(),
        depths: HashMap::new(),
        materialized: 0,
        unnamed: 0,
        render: None,
        result_name_of_as: None,
        is_ordered: false,
        marks: ir::Marks::default(),
        at_caret: None,
    };
    let query = binder.script(script);
    let failed = binder
        .diagnostics
        .iter()
        .any(|diagnostic| diagnostic.severity == Severity::Error);
    Bound {
        query: query.filter(|_| !failed && !binder.is_incomplete),
        diagnostics: binder.diagnostics,
        at_caret: binder.at_caret,
    }
}

/// What an expression turned out to be.
#[derive(Clone, Debug)]
pub(crate) enum Item {
    Scalar(Scalar),
    Table(Arc<Tabular>),
    Graph(Arc<ir::Graph>),
    /// Several results: of `fork`, `facet`, `graph-to-table`.
    Tables(Vec<ir::Output>),
    /// An error that was reported, or a type that is not known.
    Unknown,
}

/// The state of one binding.
pub(crate) struct Binder<'a> {
    pub text: &'a str,
    pub schema: &'a dyn Schema,
    pub options: &'a Options,
    pub diagnostics: Vec<Diagnostic>,
    /// Names of `let`s and parameters.
    pub scope: Scope,
    /// Columns that an expression sees.
    pub row: Row,
    /// Where aggregates may stand: those that were found.
    pub aggregates: Option<summarize::Aggregates>,
    /// Columns whose type is not known.
    pub poisoned: HashSet<String>,
    /// Something is not known, without being an error.
    pub is_incomplete: bool,
    /// Inside a stored function: the call in the text, to which all diagnostics point.
    pub inside: Option<Span>,
    /// How many names were in scope where the script, or the function that is bound, began.
    pub block: usize,
    /// The condition of a `search` or `find` is bound.
    pub is_searching: bool,
    pub limits: Limits,
    /// How deep the tables are that were bound.
    pub depths: HashMap<*const Tabular, (Arc<Tabular>, u32)>,
    /// How many `materialize` there are.
    pub materialized: u32,
    /// How many columns got a name like `Column1`.
    pub unnamed: u32,
    /// Of the query that is bound.
    pub render: Option<ir::Render>,
    /// The name that the last `as` gave.
    pub result_name_of_as: Option<(String, Span)>,
    /// The rows in sight have an order.
    pub is_ordered: bool,
    pub marks: ir::Marks,
    pub at_caret: Option<AtCaret>,
}

impl Binder<'_> {
    /// The place of something in the text of the query.
    pub fn at(&self, span: Span) -> Span {
        self.inside.unwrap_or(span)
    }

    pub fn error(&mut self, code: Code, span: Span, message: impl Into<String>) {
        self.report(Diagnostic::error(code, span, message));
    }

    pub fn warning(&mut self, code: Code, span: Span, message: impl Into<String>) {
        self.report(Diagnostic::warning(code, span, message));
    }

    pub fn report(&mut self, mut diagnostic: Diagnostic) {
        diagnostic.span = self.at(diagnostic.span);
        if self.diagnostics.len() < limits::DIAGNOSTICS_MAX && !self.diagnostics.contains(&diagnostic) {
            self.diagnostics.push(diagnostic);
        }
    }

    /// Reports what Postern does not run.
    pub fn unsupported(&mut self, span: Span, what: impl std::fmt::Display) {
        self.error(Code::Unsupported, span, format!("{what} is not supported by Postern"));
    }

    pub fn mismatch(&mut self, span: Span, message: impl Into<String>) {
        self.error(Code::TypeMismatch, span, message);
    }
}

impl Item {
    pub fn table(columns: Vec<Column>, op: ir::Op, span: Span) -> Self {
        Item::Table(tabular(columns, op, span))
    }
}

/// A table-valued expression with known columns.
pub(crate) fn tabular(columns: Vec<Column>, op: ir::Op, span: Span) -> Arc<Tabular> {
    Arc::new(Tabular {
        columns,
        op,
        span,
        is_open: false,
    })
}
