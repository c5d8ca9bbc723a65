//! Graphs: `make-graph` and the operators that take a graph.
//!
//! A pattern's `where` and `project` are bound with [`Row::Pattern`] in sight: `n.name` becomes a
//! [`ScalarKind::Property`] (see [`Binder::pattern_property`]), and calls go through [`Binder::pattern_call`] first.
//! What stands inside `all()`, `any()` and `map()` is bound with [`Row::Element`], where bare names are columns of the
//! element.

use std::rc::Rc;
use std::sync::Arc;

use crate::ast::{Argument, MakeGraph, Name, Operator};
use crate::ir::{Graph, Scalar, ScalarKind, Tabular};
use crate::{Code, Span, Type};

use super::scope::{Columns, Row};
use super::{Binder, Item};

/// The variables of the patterns of one `graph-match`, in the order of `Matching::variables`.
#[derive(Debug, Default)]
pub(crate) struct PatternScope {
    pub variables: Vec<PatternVariable>,
}

#[derive(Debug)]
pub(crate) struct PatternVariable {
    /// `None` for an anonymous one.
    pub name: Option<String>,
    /// Columns of the nodes, or of the edges.
    pub columns: Rc<Columns>,
    /// An edge of variable length: its properties are arrays.
    pub is_path: bool,
}

impl PatternScope {
    pub fn find(&self, name: &str) -> Option<usize> {
        self.variables
            .iter()
            .position(|variable| variable.name.as_deref() == Some(name))
    }
}

impl Binder<'_> {
    /// `make-graph`: the input's rows are the edges.
    pub fn make_graph(&mut self, _input: Arc<Tabular>, _make: &MakeGraph, operator: &Operator) -> Item {
        self.unsupported(operator.keyword, "`make-graph`");
        Item::Unknown
    }

    /// An operator behind a graph.
    pub fn graph_operator(&mut self, _graph: Arc<Graph>, operator: &Operator) -> Item {
        self.unsupported(operator.keyword, "this graph operator");
        Item::Unknown
    }

    /// `variable.property` inside a pattern's `where` and `project`.
    pub fn pattern_property(&mut self, scope: &PatternScope, variable: usize, property: &Name) -> Option<Scalar> {
        let known = &scope.variables[variable];
        let Some((column, ty)) = known.columns.find(&property.text) else {
            if known.columns.is_open {
                self.is_incomplete = true;
                return None;
            }
            let names: Vec<&str> = known
                .columns
                .columns
                .iter()
                .map(|column| column.name.as_str())
                .collect();
            self.unknown_name("property", &property.text, property.span, &names);
            return None;
        };
        Some(Scalar {
            kind: ScalarKind::Property { variable, column },
            ty: if known.is_path { Type::Dynamic } else { ty },
            span: self.at(property.span),
        })
    }

    /// A name alone inside a pattern's `where` and `project`, if it is a variable of the pattern.
    pub fn pattern_name(&mut self, name: &Name) -> Option<Item> {
        let Row::Pattern(scope) = &self.row else { return None };
        scope.find(&name.text)?;
        let message = format!(
            "`{}` is a variable of the pattern: name one of its properties",
            name.text
        );
        self.error(Code::TypeMismatch, name.span, message);
        Some(Item::Unknown)
    }

    /// `all`, `any`, `map`, `inner_nodes`, `labels`, `node_id`, `node_degree_in`, `node_degree_out` inside a pattern;
    /// `None` for any other call.
    pub fn pattern_call(&mut self, name: &Name, _arguments: &[Argument], _span: Span) -> Option<Item> {
        if !matches!(self.row, Row::Pattern(_) | Row::Element(_)) {
            return None;
        }
        match name.text.as_str() {
            "all" | "any" | "map" | "inner_nodes" | "labels" | "node_id" | "node_degree_in" | "node_degree_out" => {
                self.unsupported(name.span, format!("`{}`", name.text));
                Some(Item::Unknown)
            }
            _ => None,
        }
    }
}
