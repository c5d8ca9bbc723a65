//! Patterns of `graph-match` and `graph-shortest-paths`: their variables, and what is said of them.
//!
//! A pattern's `where` and `project` are bound with [`Row::Pattern`] in sight: `n.name` becomes a
//! [`ScalarKind::Property`]. What stands inside `all()`, `any()` and `map()` is bound with [`Row::Element`], where bare
//! names are properties of the element. In `where` a plain property of an edge of variable length is one edge's, and
//! the condition around it has to hold for each of them; in `project` it is the array along the path.

use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

use crate::ast::{Argument, Expr, ExprKind, GraphEdge, GraphMatch, GraphNode, Name, Operator};
use crate::ir::{
    Cycles, Graph, GraphFunction, MatchMode, Matching, Op, OverPath, PathStep, Scalar, ScalarKind, VariableKind,
};
use crate::{Code, Diagnostic, Span, Type, Value, ir};

use super::names::bare;
use super::project::Style;
use super::projection::{Projected, Projection};
use super::scope::{Columns, Row};
use super::{Binder, Item, constant};

/// Variables of the patterns of one operator, anonymous ones included.
const VARIABLES_MAX: usize = 200;

/// The variables of the patterns of one `graph-match`, in the order of `Matching::variables`.
#[derive(Debug, Default)]
pub(crate) struct PatternScope {
    pub variables: Vec<PatternVariable>,
    /// In `where` a property of a path has the type of an edge's.
    pub is_filter: bool,
}

#[derive(Clone, Debug)]
pub(crate) struct PatternVariable {
    /// `None` for an anonymous one.
    pub name: Option<String>,
    /// Columns of the nodes, or of the edges.
    pub columns: Rc<Columns>,
    pub is_node: bool,
    /// An edge of variable length: its properties are arrays.
    pub is_path: bool,
}

/// One node or edge whose properties are named alone.
#[derive(Debug)]
pub(crate) struct ElementScope {
    pub columns: Rc<Columns>,
    pub is_node: bool,
    /// The pattern whose path the element is on.
    pub within: Option<Rc<PatternScope>>,
}

impl PatternScope {
    pub fn find(&self, name: &str) -> Option<usize> {
        self.variables
            .iter()
            .position(|variable| variable.name.as_deref() == Some(name))
    }
}

/// The variables of an operator while its patterns are read.
struct Collected {
    nodes: Rc<Columns>,
    edges: Rc<Columns>,
    variables: Vec<ir::Variable>,
    scope: Vec<PatternVariable>,
    named: HashMap<String, usize>,
}

impl Binder<'_> {
    pub fn graph_match(&mut self, graph: Arc<Graph>, matching: &GraphMatch, operator: &Operator) -> Item {
        let cycles = match self.parameter(&operator.parameters, "cycles") {
            None => Cycles::UniqueEdges,
            Some((cycles, place)) => match cycles.as_str() {
                "all" => Cycles::All,
                "none" => Cycles::None,
                "unique_edges" => Cycles::UniqueEdges,
                _ => {
                    self.error(
                        Code::Arguments,
                        place.span,
                        "cycles are `all`, `none` or `unique_edges`",
                    );
                    Cycles::UniqueEdges
                }
            },
        };
        self.bind_pattern(graph, matching, MatchMode::Match(cycles), operator)
    }

    pub fn graph_shortest_paths(&mut self, graph: Arc<Graph>, matching: &GraphMatch, operator: &Operator) -> Item {
        let all = match self.parameter(&operator.parameters, "output") {
            None => false,
            Some((output, place)) => match output.as_str() {
                "any" => false,
                "all" => true,
                _ => {
                    self.error(Code::Arguments, place.span, "the output is `any` or `all`");
                    false
                }
            },
        };
        if let Some(second) = matching.patterns.get(1) {
            self.error(
                Code::Arguments,
                second.span,
                "shortest paths have one sequence of nodes and edges",
            );
        }
        let has_path = |edges: &[GraphEdge]| edges.iter().any(|edge| edge.range.is_some());
        if matching
            .patterns
            .first()
            .is_some_and(|pattern| !has_path(&pattern.edges))
        {
            let message = "shortest paths need an edge of variable length";
            let diagnostic = Diagnostic::error(Code::Arguments, matching.patterns[0].span, message);
            self.report(diagnostic.with_hint("write `-[e*1..5]->`"));
        }
        self.bind_pattern(graph, matching, MatchMode::ShortestPaths { all }, operator)
    }

    #[inline(never)]
    fn bind_pattern(&mut self, graph: Arc<Graph>, matching: &GraphMatch, mode: MatchMode, operator: &Operator) -> Item {
        let mut collected = Collected {
            nodes: Rc::new(Columns::new(graph.nodes.clone(), false)),
            edges: Rc::new(Columns::new(graph.edges.clone(), false)),
            variables: Vec::new(),
            scope: Vec::new(),
            named: HashMap::new(),
        };
        let mut turns_back = false;
        for pattern in &matching.patterns {
            let Some(returns) = self.sequence(&mut collected, &pattern.nodes, &pattern.edges) else {
                self.is_incomplete = true;
                return Item::Unknown;
            };
            turns_back |= returns;
        }
        let Collected { variables, scope, .. } = collected;
        if !is_connected(&variables) {
            let message = "the sequences of the pattern must hang together: give a node of each the same name";
            self.error(Code::Arguments, operator.span, message);
            return Item::Unknown;
        }

        let in_filter = Rc::new(PatternScope {
            variables: scope.clone(),
            is_filter: true,
        });
        let mut filter = matching.filter.as_ref().and_then(|filter| {
            let condition = self.with_row(Row::Pattern(in_filter.clone()), |binder| {
                binder.note_caret(filter.span);
                binder.condition(filter)
            });
            if condition.is_none() {
                self.is_incomplete = true;
            }
            Some(self.each_edge(condition?, &in_filter))
        });
        if turns_back && mode == MatchMode::Match(Cycles::None) {
            // A sequence that comes back to a node is a cycle, whatever it is bound to.
            let message = "a sequence that comes back to a node is a cycle, so nothing matches with `cycles=none`";
            self.warning(Code::Suspicious, operator.span, message);
            filter = Some(constant::scalar(Value::Bool(false), self.at(operator.span)));
        }

        let in_project = Rc::new(PatternScope {
            variables: scope,
            is_filter: false,
        });
        let mut projection = Projection::default();
        self.with_row(Row::Pattern(in_project.clone()), |binder| match &matching.project {
            Some(exprs) => {
                for (position, expr) in exprs.iter().enumerate() {
                    binder.note_caret(expr.span);
                    binder.add_column(&mut projection, expr, Style::New, position);
                }
            }
            None => binder.all_properties(&mut projection, &in_project, operator.span),
        });
        if !self.check_columns(projection.columns.len(), operator.span) {
            return Item::Unknown;
        }
        let (columns, project) = self.finish(projection);
        let matching = Matching {
            mode,
            variables,
            filter,
            project,
        };
        let op = Op::GraphMatch {
            graph,
            matching: Box::new(matching),
        };
        Item::table(columns, op, self.at(operator.span))
    }

    /// Without `project`: all properties of all variables that have a name.
    fn all_properties(&mut self, projection: &mut Projection, scope: &PatternScope, span: Span) {
        for (variable, known) in scope.variables.iter().enumerate() {
            let Some(name) = &known.name else { continue };
            for (column, property) in known.columns.columns.iter().enumerate() {
                let value = Scalar {
                    kind: ScalarKind::Property { variable, column },
                    ty: if known.is_path { Type::Dynamic } else { property.ty },
                    span: self.at(span),
                };
                projection.add(
                    Projected::new(format!("{name}_{}", property.name), Some(value)),
                    None,
                    false,
                );
            }
        }
    }

    /// Adds the variables of one sequence. Whether it comes back to a node; `None` after an error.
    fn sequence(&mut self, collected: &mut Collected, nodes: &[GraphNode], edges: &[GraphEdge]) -> Option<bool> {
        let mut places: Vec<usize> = Vec::with_capacity(nodes.len());
        let mut returns = false;
        for (position, node) in nodes.iter().enumerate() {
            let place = self.node_variable(collected, node)?;
            returns |= places.contains(&place);
            places.push(place);
            let Some(edge) = position.checked_sub(1).and_then(|before| edges.get(before)) else {
                continue;
            };
            let length = match &edge.range {
                None => None,
                Some((min, max)) => Some(self.length(min, max)?),
            };
            let columns = collected.edges.clone();
            if let Some(name) = &edge.name
                && collected.named.contains_key(&name.text)
            {
                let message = format!(
                    "`{}` is in the pattern already, and each edge is one of its own",
                    name.text
                );
                self.error(Code::Duplicate, name.span, message);
                return None;
            }
            self.variable(
                collected,
                edge.name.as_ref(),
                VariableKind::Edge {
                    left: places[position - 1],
                    right: place,
                    direction: edge.direction,
                    length,
                },
                columns,
                edge.span,
            )?;
        }
        Some(returns)
    }

    fn node_variable(&mut self, collected: &mut Collected, node: &GraphNode) -> Option<usize> {
        if let Some(name) = &node.name
            && let Some(&known) = collected.named.get(&name.text)
        {
            if collected.variables[known].kind == VariableKind::Node {
                return Some(known);
            }
            let message = format!("`{}` is an edge of the pattern already", name.text);
            self.error(Code::Duplicate, name.span, message);
            return None;
        }
        let columns = collected.nodes.clone();
        self.variable(collected, node.name.as_ref(), VariableKind::Node, columns, node.span)
    }

    fn variable(
        &mut self,
        collected: &mut Collected,
        name: Option<&Name>,
        kind: VariableKind,
        columns: Rc<Columns>,
        span: Span,
    ) -> Option<usize> {
        let place = collected.variables.len();
        if place >= VARIABLES_MAX {
            self.limit(span, format!("a pattern has at most {VARIABLES_MAX} nodes and edges"));
            return None;
        }
        let name = name.map(|name| name.text.clone());
        if let Some(name) = &name {
            collected.named.insert(name.clone(), place);
        }
        collected.scope.push(PatternVariable {
            name: name.clone(),
            columns,
            is_node: kind == VariableKind::Node,
            is_path: matches!(kind, VariableKind::Edge { length: Some(_), .. }),
        });
        collected.variables.push(ir::Variable { name, kind });
        Some(place)
    }

    /// The bounds of an edge of variable length.
    fn length(&mut self, min: &Expr, max: &Expr) -> Option<(u32, u32)> {
        let mut bound = |expr: &Expr| {
            let value = self.with_row(Row::None, |binder| binder.scalar(expr))?;
            let number = constant::integer(&value).and_then(|number| u32::try_from(number).ok());
            if number.is_none() {
                let message = "the bounds of a variable length are whole numbers from 0 on";
                self.error(Code::Arguments, expr.span, message);
            }
            number
        };
        let (least, most) = (bound(min), bound(max));
        let (least, most) = (least?, most?);
        if least > most {
            let message = format!("no path is at least {least} and at most {most} edges long");
            self.error(Code::Arguments, min.span.to(max.span), message);
            return None;
        }
        Some((least, most))
    }

    /// `variable.property` inside a pattern's `where` and `project`.
    pub fn pattern_property(&mut self, scope: &PatternScope, variable: usize, property: &Name) -> Option<Scalar> {
        let known = &scope.variables[variable];
        let Some((column, ty)) = known.columns.find(&property.text) else {
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
            ty: if known.is_path && !scope.is_filter {
                Type::Dynamic
            } else {
                ty
            },
            span: self.at(property.span),
        })
    }

    /// A name alone inside a pattern's `where` and `project`, if it is a variable of the pattern.
    pub fn pattern_name(&mut self, name: &Name) -> Option<Item> {
        self.row.pattern()?.find(&name.text)?;
        let message = format!(
            "`{}` is a variable of the pattern: name one of its properties",
            name.text
        );
        self.error(Code::TypeMismatch, name.span, message);
        Some(Item::Unknown)
    }

    /// `all`, `any`, `map`, `inner_nodes`, `labels`, `node_id`, `node_degree_in`, `node_degree_out` inside a pattern;
    /// `None` for any other call.
    pub fn pattern_call(&mut self, name: &Name, arguments: &[Argument], span: Span) -> Option<Item> {
        if !matches!(self.row, Row::Pattern(_) | Row::Element(_)) {
            return None;
        }
        let scalar = match name.text.as_str() {
            "all" => self.over_path(OverPath::All, arguments, name, span),
            "any" => self.over_path(OverPath::Any, arguments, name, span),
            "map" => self.over_path(OverPath::Map, arguments, name, span),
            "labels" => self.graph_function(GraphFunction::Labels, arguments, name, span),
            "node_id" => self.graph_function(GraphFunction::NodeId, arguments, name, span),
            "node_degree_in" => self.graph_function(GraphFunction::DegreeIn, arguments, name, span),
            "node_degree_out" => self.graph_function(GraphFunction::DegreeOut, arguments, name, span),
            "inner_nodes" => {
                let message = "`inner_nodes` stands only inside `all`, `any` and `map`";
                self.error(Code::Arguments, name.span, message);
                None
            }
            _ => return None,
        };
        Some(scalar.map_or(Item::Unknown, Item::Scalar))
    }

    /// `all(e, condition)`, `any(inner_nodes(e), condition)`, `map(e, value)`.
    fn over_path(&mut self, over: OverPath, arguments: &[Argument], name: &Name, span: Span) -> Option<Scalar> {
        let Row::Pattern(scope) = self.row.clone() else {
            self.error(
                Code::Arguments,
                name.span,
                format!("`{}` cannot stand inside another", name.text),
            );
            return None;
        };
        let [path, value] = arguments else {
            let message = format!("`{}` takes an edge of variable length and an expression", name.text);
            self.error(Code::Arguments, name.span, message);
            return None;
        };
        let (path, inner_nodes) = match &bare(&path.value).kind {
            ExprKind::Call {
                base: None,
                name,
                arguments,
            } if name.text == "inner_nodes" => match arguments.as_slice() {
                [inner] => (&inner.value, true),
                _ => {
                    self.error(
                        Code::Arguments,
                        name.span,
                        "`inner_nodes` takes an edge of variable length",
                    );
                    return None;
                }
            },
            _ => (&path.value, false),
        };
        let variable = self.variable_of(&scope, path)?;
        if scope.variables[variable].is_node {
            self.mismatch(path.span, "an edge of variable length belongs here, and this is a node");
            return None;
        }
        let columns = match inner_nodes {
            true => scope.variables.iter().find(|known| known.is_node)?.columns.clone(),
            false => scope.variables[variable].columns.clone(),
        };
        let element = ElementScope {
            columns,
            is_node: inner_nodes,
            within: Some(scope),
        };
        let value = self.with_row(Row::Element(Rc::new(element)), |binder| {
            binder.note_caret(value.value.span);
            match over {
                OverPath::Map => binder.scalar(&value.value),
                OverPath::All | OverPath::Any => binder.condition(&value.value),
            }
        })?;
        Some(Scalar {
            ty: if over == OverPath::Map {
                Type::Dynamic
            } else {
                Type::Bool
            },
            kind: ScalarKind::OverPath {
                over,
                variable,
                inner_nodes,
                value: Box::new(value),
            },
            span: self.at(span),
        })
    }

    /// `node_id(n)`; without an argument where the element is in sight.
    fn graph_function(
        &mut self,
        function: GraphFunction,
        arguments: &[Argument],
        name: &Name,
        span: Span,
    ) -> Option<Scalar> {
        let (variable, is_node) = match (self.row.clone(), arguments) {
            (Row::Element(element), []) => (None, element.is_node),
            (row, [argument]) => {
                let Some(scope) = row.pattern().cloned() else {
                    self.error(
                        Code::Arguments,
                        name.span,
                        format!("`{}` takes no argument here", name.text),
                    );
                    return None;
                };
                let variable = self.variable_of(&scope, &argument.value)?;
                let known = &scope.variables[variable];
                (Some(variable), known.is_node)
            }
            _ => {
                let message = format!("`{}` takes a variable of the pattern", name.text);
                self.error(Code::Arguments, name.span, message);
                return None;
            }
        };
        let ty = match function {
            GraphFunction::Labels => Type::Dynamic,
            GraphFunction::NodeId => Type::String,
            GraphFunction::DegreeIn | GraphFunction::DegreeOut => Type::Long,
        };
        if !is_node && function != GraphFunction::Labels {
            self.mismatch(span, format!("`{}` is about a node, and this is an edge", name.text));
            return None;
        }
        Some(Scalar {
            kind: ScalarKind::GraphFunction { function, variable },
            ty,
            span: self.at(span),
        })
    }

    /// The variable of the pattern that an argument is.
    fn variable_of(&mut self, scope: &PatternScope, expr: &Expr) -> Option<usize> {
        let ExprKind::Name(name) = &bare(expr).kind else {
            self.error(Code::Arguments, expr.span, "a variable of the pattern belongs here");
            return None;
        };
        let found = scope.find(&name.text);
        if found.is_none() {
            let known: Vec<&str> = scope
                .variables
                .iter()
                .filter_map(|known| known.name.as_deref())
                .collect();
            self.unknown_name("variable of the pattern", &name.text, name.span, &known);
        }
        found
    }

    /// The condition with `all(...)` around each part that names a plain property of an edge of variable length.
    fn each_edge(&mut self, condition: Scalar, scope: &PatternScope) -> Scalar {
        // The parts that `and` joins, from the last; the chain is put together again from its left end.
        let mut parts = Vec::new();
        let mut waiting = vec![condition];
        while let Some(part) = waiting.pop() {
            match part.kind {
                ScalarKind::And(left, right) => waiting.extend([*left, *right]),
                kind => parts.push(Scalar { kind, ..part }),
            }
        }
        let mut whole: Option<Scalar> = None;
        for mut part in parts.into_iter().rev() {
            let span = part.span;
            let mut paths = Vec::new();
            plain_paths(&mut part, scope, &mut paths);
            paths.sort_unstable();
            paths.dedup();
            if let [_, second, ..] = paths.as_slice() {
                let name = scope.variables[*second].name.clone().unwrap_or_default();
                let message = format!("a condition on each edge of two paths at once (`{name}` is the second)");
                self.unsupported(span, message);
            }
            if let [variable] = paths.as_slice() {
                part = Scalar {
                    kind: ScalarKind::OverPath {
                        over: OverPath::All,
                        variable: *variable,
                        inner_nodes: false,
                        value: Box::new(part),
                    },
                    ty: Type::Bool,
                    span,
                };
            }
            whole = Some(match whole {
                None => part,
                Some(left) => Scalar {
                    span: left.span.to(span),
                    kind: ScalarKind::And(Box::new(left), Box::new(part)),
                    ty: Type::Bool,
                },
            });
        }
        // There is at least one part.
        whole.unwrap_or_else(|| constant::scalar(Value::Bool(true), Span::default()))
    }
}

/// Makes plain properties of paths columns of the element, and tells of which paths.
fn plain_paths(scalar: &mut Scalar, scope: &PatternScope, paths: &mut Vec<usize>) {
    let mut waiting = vec![scalar];
    while let Some(scalar) = waiting.pop() {
        if let ScalarKind::Property { variable, column } = scalar.kind {
            if scope.variables.get(variable).is_some_and(|known| known.is_path) {
                paths.push(variable);
                scalar.kind = ScalarKind::Column(column);
            }
            continue;
        }
        match &mut scalar.kind {
            ScalarKind::Call { arguments, .. } | ScalarKind::Window { arguments, .. } => waiting.extend(arguments),
            ScalarKind::Negate(inner) | ScalarKind::Cast(inner) => waiting.push(inner),
            ScalarKind::Binary { left, right, .. }
            | ScalarKind::And(left, right)
            | ScalarKind::Or(left, right)
            | ScalarKind::Text { left, right, .. } => waiting.extend([&mut **left, &mut **right]),
            ScalarKind::In { left, list, .. } | ScalarKind::HasAny { left, list, .. } => {
                waiting.push(left);
                waiting.extend(list);
            }
            ScalarKind::InTable { left, .. } | ScalarKind::HasAnyTable { left, .. } => waiting.push(left),
            ScalarKind::Between { value, low, high, .. } => {
                waiting.extend([&mut **value, &mut **low, &mut **high]);
            }
            ScalarKind::Path { base, steps } => {
                waiting.push(base);
                waiting.extend(steps.iter_mut().filter_map(|step| match step {
                    PathStep::Computed(step) => Some(step),
                    PathStep::Key(_) | PathStep::Index(_) => None,
                }));
            }
            // Inside `all()` and its kin bare names are those of its own element.
            ScalarKind::Constant(_)
            | ScalarKind::Column(_)
            | ScalarKind::ToScalar(_)
            | ScalarKind::Property { .. }
            | ScalarKind::OverPath { .. }
            | ScalarKind::GraphFunction { .. } => {}
        }
    }
}

/// Whether all node variables hang together.
fn is_connected(variables: &[ir::Variable]) -> bool {
    let is_node = |place: &usize| variables[*place].kind == VariableKind::Node;
    let Some(first) = (0..variables.len()).find(is_node) else {
        return false;
    };
    let mut reached = vec![false; variables.len()];
    reached[first] = true;
    // Each round but the last reaches one node more.
    for _ in variables {
        for variable in variables {
            if let VariableKind::Edge { left, right, .. } = variable.kind {
                let is_near = reached[left] || reached[right];
                reached[left] = is_near;
                reached[right] = is_near;
            }
        }
    }
    (0..variables.len()).filter(is_node).all(|place| reached[place])
}
