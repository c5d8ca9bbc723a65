//! Graphs: `make-graph` and the operators that take a graph. Patterns are in `pattern`.

use std::rc::Rc;
use std::sync::Arc;

use crate::ast::{Expr, ExprKind, GraphOutput, MakeGraph, Name, Operator, OperatorKind};
use crate::ir::{Graph, GraphOp, Op, Output, Scalar, ScalarKind, Tabular};
use crate::{Code, Column, Diagnostic, Span, Type};

use super::scope::{Columns, Row, Variable};
use super::{Binder, Item, tabular};

pub(crate) use super::pattern::{ElementScope, PatternScope};

/// The property that `graph-mark-components` adds when no name is given.
const COMPONENT_ID: &str = "ComponentId";

/// Whether a query does nothing but name tables of a graph: `g | graph-to-table nodes as N, edges as E`.
pub(crate) fn only_names_tables(expr: &Expr) -> bool {
    let ExprKind::Pipe { operators, .. } = &expr.kind else {
        return false;
    };
    match operators.last().map(|operator| &operator.kind) {
        Some(OperatorKind::GraphToTable(outputs)) => {
            !outputs.is_empty() && outputs.iter().all(|output| output.as_name.is_some())
        }
        _ => false,
    }
}

impl Binder<'_> {
    /// `make-graph`: the input's rows are the edges.
    pub fn make_graph(&mut self, input: Arc<Tabular>, make: &MakeGraph, operator: &Operator) -> Item {
        let source = self.end_column(&input, &make.source);
        let target = self.end_column(&input, &make.target);
        let mut columns = Vec::new();
        let mut nodes = Vec::new();
        let mut is_known = true;
        for (table, id) in &make.nodes {
            let table = self.with_row(Row::None, |binder| binder.table(table));
            let found = table.and_then(|table| {
                let id = self.end_column(&table, id)?;
                Some((table, id))
            });
            let Some((table, (id, ty))) = found else {
                is_known = false;
                continue;
            };
            if let Some((_, source)) = source {
                self.check_ids(source, ty, make.nodes[nodes.len()].1.span);
            }
            let places = merge_columns(&mut columns, &table.columns);
            nodes.push((table, id, places));
        }
        if let (Some((_, source)), Some((_, target))) = (source, target) {
            self.check_ids(source, target, make.target.span);
            if let Some(name) = &make.with_node_id {
                columns.push(Column::new(name.text.clone(), source));
            }
        }
        let (Some((source, _)), Some((target, _)), true) = (source, target, is_known) else {
            self.is_incomplete = true;
            return Item::Unknown;
        };
        if !self.check_columns(columns.len(), operator.span) {
            return Item::Unknown;
        }
        let span = self.at(operator.span);
        let graph = |edges: Arc<Tabular>| {
            Arc::new(Graph {
                nodes: columns,
                edges: edges.columns.clone(),
                op: GraphOp::Make {
                    edges,
                    source,
                    target,
                    nodes,
                },
                span,
            })
        };
        match &make.partitioned_by {
            None => Item::Graph(graph(input)),
            Some((column, operators)) => self.partitioned_graph(input, column, operators, operator.span, graph),
        }
    }

    /// `partitioned-by column (operators)`: a graph for each value of a column of the edges.
    fn partitioned_graph(
        &mut self,
        input: Arc<Tabular>,
        column: &Name,
        operators: &[Operator],
        span: Span,
        graph: impl FnOnce(Arc<Tabular>) -> Arc<Graph>,
    ) -> Item {
        let Some((by, ty)) = self.end_column(&input, column) else {
            self.is_incomplete = true;
            return Item::Unknown;
        };
        let rows = Arc::new(Tabular {
            op: Op::Input,
            ..Tabular::clone(&input)
        });
        let body = self.operators(Item::Graph(graph(rows)), operators);
        let span = self.at(span);
        match body {
            Item::Table(body) => {
                let by = Scalar {
                    kind: ScalarKind::Column(by),
                    ty,
                    span: self.at(column.span),
                };
                Item::table(body.columns.clone(), Op::Partition { input, by, body }, span)
            }
            Item::Unknown => Item::Unknown,
            Item::Scalar(_) | Item::Graph(_) | Item::Tables(_) => {
                let diagnostic =
                    Diagnostic::error(Code::TypeMismatch, span, "a partition of a graph must end as one table");
                self.report(diagnostic.with_hint("end with `graph-match`, or `graph-to-table` of nodes or edges"));
                Item::Unknown
            }
        }
    }

    /// A column of ids, and its type.
    fn end_column(&mut self, table: &Tabular, name: &Name) -> Option<(usize, Type)> {
        let columns = Columns::new(table.columns.clone(), table.is_open);
        let Some((index, ty)) = columns.find(&name.text) else {
            if columns.is_open {
                self.is_incomplete = true;
                return None;
            }
            let known: Vec<&str> = table.columns.iter().map(|column| column.name.as_str()).collect();
            self.unknown_name("column", &name.text, name.span, &known);
            return None;
        };
        if ty == Type::Dynamic {
            let message = "the ids of nodes, and what a graph is parted by, cannot be dynamic";
            let diagnostic = Diagnostic::error(Code::TypeMismatch, name.span, message);
            self.report(diagnostic.with_hint("convert the column first, with `tostring`"));
            return None;
        }
        Some((index, ty))
    }

    /// Ids of nodes and of edges' ends have one type, where whole numbers are one.
    fn check_ids(&mut self, left: Type, right: Type, span: Span) {
        if left != right && !(left.is_integer() && right.is_integer()) {
            let message = format!("all ids of a graph have one type, and these are {left} and {right}");
            self.mismatch(span, message);
        }
    }

    /// An operator behind a graph.
    pub fn graph_operator(&mut self, graph: Arc<Graph>, operator: &Operator) -> Item {
        match &operator.kind {
            OperatorKind::GraphMatch(matching) => self.graph_match(graph, matching, operator),
            OperatorKind::GraphShortestPaths(matching) => self.graph_shortest_paths(graph, matching, operator),
            OperatorKind::GraphToTable(outputs) => self.graph_to_table(&graph, outputs, operator.span),
            OperatorKind::GraphMarkComponents => self.graph_mark_components(graph, operator),
            OperatorKind::GraphWhereNodes(predicate) => self.graph_where(graph, predicate, true, operator),
            OperatorKind::GraphWhereEdges(predicate) => self.graph_where(graph, predicate, false, operator),
            OperatorKind::As(name) => {
                let nodes = self.limits.nodes();
                self.declare(name, Variable::Graph(graph.clone(), nodes));
                Item::Graph(graph)
            }
            OperatorKind::Error => Item::Unknown,
            _ => {
                let name = operator.keyword.text(self.text).to_owned();
                let message = format!("`{name}` takes a table, and this is a graph");
                let diagnostic = Diagnostic::error(Code::TypeMismatch, operator.keyword, message);
                self.report(diagnostic.with_hint("`graph-match` and `graph-to-table` make tables of a graph"));
                Item::Unknown
            }
        }
    }

    fn graph_mark_components(&mut self, graph: Arc<Graph>, operator: &Operator) -> Item {
        let strong = match self.parameter(&operator.parameters, "kind") {
            None => false,
            Some((kind, place)) => match kind.as_str() {
                "weak" => false,
                "strong" => true,
                _ => {
                    self.error(Code::Arguments, place.span, "components are `weak` or `strong`");
                    false
                }
            },
        };
        let name = self.parameter(&operator.parameters, "with_component_id");
        let name = name.map_or_else(|| COMPONENT_ID.to_owned(), |(name, _)| name);
        let mut nodes = graph.nodes.clone();
        if nodes.iter().any(|column| column.name == name) {
            let message = format!("nodes have a property `{name}` already");
            let diagnostic = Diagnostic::error(Code::Duplicate, operator.span, message);
            self.report(diagnostic.with_hint("`with_component_id = name` gives the new one another name"));
        }
        nodes.push(Column::new(name, Type::Long));
        Item::Graph(Arc::new(Graph {
            nodes,
            edges: graph.edges.clone(),
            op: GraphOp::MarkComponents { input: graph, strong },
            span: self.at(operator.span),
        }))
    }

    fn graph_where(&mut self, graph: Arc<Graph>, predicate: &Expr, are_nodes: bool, operator: &Operator) -> Item {
        let columns = if are_nodes { &graph.nodes } else { &graph.edges };
        let element = ElementScope {
            columns: Rc::new(Columns::new(columns.clone(), false)),
            is_node: are_nodes,
            within: None,
        };
        let predicate = self.with_row(Row::Element(Rc::new(element)), |binder| {
            binder.note_caret(predicate.span);
            binder.condition(predicate)
        });
        let Some(predicate) = predicate else {
            self.is_incomplete = true;
            return Item::Graph(graph);
        };
        Item::Graph(Arc::new(Graph {
            nodes: graph.nodes.clone(),
            edges: graph.edges.clone(),
            op: match are_nodes {
                true => GraphOp::WhereNodes {
                    input: graph,
                    predicate,
                },
                false => GraphOp::WhereEdges {
                    input: graph,
                    predicate,
                },
            },
            span: self.at(operator.span),
        }))
    }

    fn graph_to_table(&mut self, graph: &Arc<Graph>, outputs: &[GraphOutput], span: Span) -> Item {
        let mut tables = Vec::with_capacity(outputs.len());
        for output in outputs {
            let ids: &[&str] = match output.is_nodes {
                true => &["with_node_id"],
                false => &["with_source_id", "with_target_id"],
            };
            let ids: Vec<Option<String>> = ids
                .iter()
                .map(|id| self.parameter(&output.parameters, id).map(|(name, _)| name))
                .collect();
            let mut columns: Vec<Column> = ids
                .iter()
                .flatten()
                .map(|name| Column::new(name.clone(), Type::Long))
                .collect();
            columns.extend(
                if output.is_nodes { &graph.nodes } else { &graph.edges }
                    .iter()
                    .cloned(),
            );
            super::projection::make_unique(&mut columns);
            let graph = graph.clone();
            let op = match output.is_nodes {
                true => Op::GraphNodes {
                    graph,
                    id: ids[0].is_some(),
                },
                false => Op::GraphEdges {
                    graph,
                    source: ids[0].is_some(),
                    target: ids[1].is_some(),
                },
            };
            let table = tabular(columns, op, self.at(output.span));
            if let Some(name) = &output.as_name {
                let nodes = self.limits.nodes();
                self.declare(name, Variable::Table(table.clone(), nodes));
            }
            tables.push(Output {
                name: output.as_name.as_ref().map(|name| name.text.clone()),
                table,
                render: None,
                is_scalar: false,
            });
        }
        match <[Output; 1]>::try_from(tables) {
            Ok([one]) => {
                self.result_name_of_as = one.name.map(|name| (name, self.at(span)));
                Item::Table(one.table)
            }
            Err(tables) => Item::Tables(tables),
        }
    }
}

/// Appends columns that are not there yet; the places of all of them.
fn merge_columns(columns: &mut Vec<Column>, more: &[Column]) -> Vec<usize> {
    more.iter()
        .map(|column| {
            let known = columns.iter().position(|known| known.name == column.name);
            known.unwrap_or_else(|| {
                columns.push(column.clone());
                columns.len() - 1
            })
        })
        .collect()
}
