//! Graphs: `make-graph` and the operators that take a graph.

use std::sync::Arc;

use crate::ast::{MakeGraph, Operator};
use crate::ir::{Graph, Tabular};

use super::{Binder, Item};

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
}
