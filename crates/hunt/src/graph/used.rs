//! What a query reads of a graph: the rest is not made. Start at [`Used::by`]; [`read_parts`] reads less of what is.

use std::collections::BTreeSet;

use postern_kql::ir::{Graph, GraphOp, Op, Scalar, ScalarKind, Tabular, VariableKind};

use super::conjuncts::{each_part, visit};
use super::element::Place;
use super::property::PropertyGraph;

/// The properties of nodes and of edges that a query names.
#[derive(Debug, Default)]
pub(super) struct Used {
    pub nodes: Names,
    pub edges: Names,
}

/// Properties, by their places.
#[derive(Debug, Default)]
pub(super) struct Names {
    named: BTreeSet<usize>,
    are_all: bool,
}

impl Names {
    pub fn contains(&self, property: usize) -> bool {
        self.are_all || self.named.contains(&property)
    }
}

impl Used {
    /// What a graph operator, and those in front of it, read.
    pub fn by(operator: &Tabular) -> Self {
        let mut used = Self::default();
        match &operator.op {
            Op::GraphMatch { graph, matching } => {
                used.in_graph(graph);
                for expression in matching.filter.iter().chain(&matching.project) {
                    visit(expression, &mut |part| {
                        if let ScalarKind::Property { variable, column } = part.kind {
                            let is_node = matching
                                .variables
                                .get(variable)
                                .is_some_and(|it| it.kind == VariableKind::Node);
                            used.add(is_node, column);
                        }
                        if let ScalarKind::OverPath { inner_nodes, value, .. } = &part.kind {
                            visit(value, &mut |part| {
                                if let ScalarKind::Column(column) = part.kind {
                                    used.add(*inner_nodes, column);
                                }
                            });
                        }
                    });
                }
            }
            Op::GraphNodes { graph, .. } => {
                used.in_graph(graph);
                used.nodes.are_all = true;
            }
            Op::GraphEdges { graph, .. } => {
                used.in_graph(graph);
                used.edges.are_all = true;
            }
            _ => {}
        }
        used
    }

    fn add(&mut self, is_node: bool, property: usize) {
        let names = if is_node { &mut self.nodes } else { &mut self.edges };
        names.named.insert(property);
    }

    /// What the filters of a graph read.
    fn in_graph(&mut self, graph: &Graph) {
        let mut graph = graph;
        loop {
            let (input, predicate, is_node) = match &graph.op {
                GraphOp::Make { .. } => return,
                GraphOp::MarkComponents { input, .. } => (input, None, false),
                GraphOp::WhereNodes { input, predicate } => (input, Some(predicate), true),
                GraphOp::WhereEdges { input, predicate } => (input, Some(predicate), false),
            };
            if let Some(predicate) = predicate {
                visit(predicate, &mut |part| {
                    if let ScalarKind::Column(column) = part.kind {
                        self.add(is_node, column);
                    }
                });
            }
            graph = input;
        }
    }
}

/// Makes paths into dynamic properties, whose parts are columns of their own, properties that are these columns.
pub(super) fn read_parts(scalar: &mut Scalar, graph: &PropertyGraph, places: &[Place]) {
    each_part(scalar, &mut |part| {
        let ScalarKind::Path { base, steps } = &mut part.kind else {
            return;
        };
        let ScalarKind::Property { variable, column } = &mut base.kind else {
            return;
        };
        let elements = match places.get(*variable) {
            Some(Place::Node(_)) => &graph.nodes,
            Some(Place::Edge(_)) => &graph.edges,
            Some(Place::Walk(_)) | None => return,
        };
        let Some((found, taken)) = elements.part(*column, steps) else {
            return;
        };
        *column = found;
        steps.drain(..taken);
        if steps.is_empty() {
            part.kind = base.kind.clone();
        }
    });
}
