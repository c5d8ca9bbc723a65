//! `graph-match` and `graph-shortest-paths`. Start at [`PreparedMatch`].

use std::collections::BTreeSet;

use datafusion::arrow::array::RecordBatch;
use postern_graph::pattern::{
    self, Allowed, Cycles, Direction, EdgeVariable, Filter, Found, Length, Matches, NodeVariable, Outcome, Pattern,
    Shortest, Stop, Watch,
};
use postern_kql::ir::{self, EdgeDirection, MatchMode, Matching, OverPath, Scalar, ScalarKind, Tabular, VariableKind};
use postern_kql_functions::Context;
use postern_kql_functions::evaluate::{Program, Values};

use super::conjuncts::{compiled, is_volatile, select, split, variables, visit};
use super::element::{Bound, Element, MatchRow, Place, Rows};
use super::make::bits;
use super::output::Projection;
use super::property::PropertyGraph;
use super::{Control, Need, Result, Tables, used};
use crate::budget::Partial;
use crate::error::HuntError;

/// A pattern with its graph and its conditions.
pub(super) struct PreparedMatch {
    graph: PropertyGraph,
    mode: MatchMode,
    variables: Vec<VariableKind>,
    /// What each variable is in the matcher's pattern.
    places: Vec<Place>,
    conditions: Vec<Condition>,
    /// Conditions over several variables, and which variables these are.
    residual: Vec<(Program, Filter)>,
    projection: Projection,
    /// The node variables that the rows are made of, where there are no others.
    ends: Option<[usize; 2]>,
}

/// A condition that is decided before the search.
enum Condition {
    /// About no variable.
    Constant(Program),
    /// About the nodes or edges that one variable may stand for.
    Of(usize, Scalar),
    /// About each edge, or each inner node, of a walk.
    Each {
        variable: usize,
        inner_nodes: bool,
        value: Scalar,
    },
    /// About at least one of them.
    Some {
        variable: usize,
        inner_nodes: bool,
        value: Scalar,
    },
}

impl PreparedMatch {
    pub async fn new(
        operator: &Tabular,
        graph: PropertyGraph,
        matching: &Matching,
        tables: &dyn Tables,
    ) -> Result<Self> {
        let places = places(matching);
        let mut conditions = Vec::new();
        let mut residual = Vec::new();
        if let Some(filter) = &matching.filter {
            let mut filter = tables.computed(filter).await?;
            used::read_parts(&mut filter, &graph, &places);
            for part in split(&filter) {
                match condition(part, &places) {
                    Some(condition) => conditions.push(condition?),
                    None => residual.push((compiled(part)?, filter_of(part, &places))),
                }
            }
        }
        let mut project = Vec::with_capacity(matching.project.len());
        for value in &matching.project {
            let mut value = tables.computed(value).await?;
            used::read_parts(&mut value, &graph, &places);
            project.push(value);
        }
        let ends = ends_of(matching).map(|ends| {
            ends.map(|variable| match places.get(variable) {
                Some(Place::Node(node)) => *node,
                _ => 0,
            })
        });
        Ok(Self {
            projection: Projection::new(&operator.columns, &project, &places, &graph)?,
            graph,
            mode: matching.mode,
            variables: matching
                .variables
                .iter()
                .map(|variable| variable.kind.clone())
                .collect(),
            places,
            conditions,
            residual,
            ends,
        })
    }

    pub fn run(
        &self,
        need: Need,
        control: &Control<'_>,
        sink: &mut dyn FnMut(RecordBatch) -> bool,
    ) -> Result<Option<Partial>> {
        let cx = Context::new(control.now);
        let rows = Rows::new(&self.graph, &cx)?;
        let Some(pattern) = self.pattern(&rows, &cx, control)? else {
            return Ok(None);
        };
        let limit = match need {
            Need::Limit(limit) => limit,
            Need::All | Need::Distinct => u64::MAX,
        };
        let budget = pattern::Budget {
            matches_max: control.budget.matches_max.min(limit),
            visited_max: control.budget.visited_edges_max,
            bytes_max: control.budget.memory_bytes_max,
        };
        let mut watcher = Watcher {
            prepared: self,
            rows: &rows,
            cx: &cx,
            control,
            sink,
            ends: None,
            error: None,
        };
        let filters: Vec<Filter> = self.residual.iter().map(|(_, filter)| filter.clone()).collect();
        let csr = &self.graph.csr;
        let outcome = match self.mode {
            MatchMode::ShortestPaths { all } => {
                let which = Shortest {
                    ends: self.outer_ends(&pattern),
                    all,
                };
                pattern::shortest(csr, &pattern, which, &filters, budget, &mut watcher)
            }
            MatchMode::Match(_) => {
                let ends = self.ends.filter(|_| need == Need::Distinct && filters.is_empty());
                let collapsed = match ends {
                    Some(ends) => {
                        watcher.ends = Some(ends);
                        pattern::distinct_ends(csr, &pattern, ends, budget, &mut watcher)
                    }
                    None => Ok(None),
                };
                match collapsed {
                    Ok(Some(outcome)) => Ok(outcome),
                    Ok(None) => {
                        watcher.ends = None;
                        pattern::find(csr, &pattern, &filters, budget, &mut watcher)
                    }
                    Err(error) => Err(error),
                }
            }
        };
        if let Some(error) = watcher.error {
            return Err(error);
        }
        let outcome = outcome.map_err(|error| HuntError::Run(error.to_string()))?;
        told(outcome, limit, control)
    }

    /// The matcher's pattern with its sets; `None` when nothing can match.
    fn pattern(&self, rows: &Rows<'_>, cx: &Context, control: &Control<'_>) -> Result<Option<Pattern>> {
        let graph = &self.graph;
        // That a node is there is implied by the edges that lead to it, but for a pattern or a walk without any.
        let is_empty_walk = |variable: &VariableKind| match variable {
            VariableKind::Node => false,
            VariableKind::Edge { length, .. } => length.is_some_and(|(min, _)| min == 0),
        };
        let has_edges = self.places.iter().any(|place| !matches!(place, Place::Node(_)));
        let may_be_alone = !has_edges || self.variables.iter().any(is_empty_walk);
        let nodes = match may_be_alone {
            true => graph.kept_nodes().clone(),
            false => Allowed::All,
        };
        let mut pattern = Pattern {
            cycles: match self.mode {
                MatchMode::Match(ir::Cycles::All) => Cycles::All,
                MatchMode::Match(ir::Cycles::None) => Cycles::None,
                MatchMode::Match(ir::Cycles::UniqueEdges) | MatchMode::ShortestPaths { .. } => Cycles::UniqueEdges,
            },
            ..Pattern::default()
        };
        for variable in &self.variables {
            match variable {
                VariableKind::Node => pattern.nodes.push(NodeVariable { allowed: nodes.clone() }),
                VariableKind::Edge {
                    left,
                    right,
                    direction,
                    length,
                } => pattern.edges.push(EdgeVariable {
                    left: self.node(*left),
                    right: self.node(*right),
                    direction: match direction {
                        EdgeDirection::Right => Direction::Right,
                        EdgeDirection::Left => Direction::Left,
                        EdgeDirection::Both => Direction::Both,
                    },
                    length: length.map(|(min, max)| Length { min, max }),
                    allowed: graph.kept_edges.clone(),
                    ..EdgeVariable::default()
                }),
            }
        }
        for condition in &self.conditions {
            match condition {
                Condition::Constant(program) => {
                    if !program.holds(&Values(&[]), cx) {
                        return Ok(None);
                    }
                }
                Condition::Of(variable, predicate) => match self.places[*variable] {
                    Place::Node(node) => {
                        let among = std::mem::take(&mut pattern.nodes[node].allowed);
                        pattern.nodes[node].allowed = select(graph, rows, predicate, among, Element::Node, control)?;
                    }
                    Place::Edge(edge) | Place::Walk(edge) => {
                        let among = std::mem::take(&mut pattern.edges[edge].allowed);
                        pattern.edges[edge].allowed = select(graph, rows, predicate, among, Element::Edge, control)?;
                    }
                },
                Condition::Each {
                    variable,
                    inner_nodes,
                    value,
                } => {
                    let edge = &mut pattern.edges[self.edge(*variable)];
                    match inner_nodes {
                        true => {
                            let among = std::mem::take(&mut edge.inner);
                            edge.inner = select(graph, rows, value, among, Element::Node, control)?;
                        }
                        false => {
                            let among = std::mem::take(&mut edge.allowed);
                            edge.allowed = select(graph, rows, value, among, Element::Edge, control)?;
                        }
                    }
                }
                Condition::Some {
                    variable,
                    inner_nodes,
                    value,
                } => {
                    let edge = &mut pattern.edges[self.edge(*variable)];
                    match inner_nodes {
                        true => {
                            let set = select(graph, rows, value, Allowed::All, Element::Node, control)?;
                            edge.any_inner.push(bits(&set, graph.csr.node_count()));
                        }
                        false => {
                            let among = graph.kept_edges.clone();
                            let set = select(graph, rows, value, among, Element::Edge, control)?;
                            edge.any_edges.push(bits(&set, graph.csr.edge_count()));
                        }
                    }
                }
            }
        }
        Ok(Some(pattern))
    }

    fn node(&self, variable: usize) -> usize {
        match self.places.get(variable) {
            Some(Place::Node(node)) => *node,
            _ => 0,
        }
    }

    fn edge(&self, variable: usize) -> usize {
        match self.places.get(variable) {
            Some(Place::Edge(edge) | Place::Walk(edge)) => *edge,
            _ => 0,
        }
    }

    /// The first and the last node of the one sequence.
    fn outer_ends(&self, pattern: &Pattern) -> [usize; 2] {
        match (pattern.edges.first(), pattern.edges.last()) {
            (Some(first), Some(last)) => [first.left, last.right],
            _ => [0, 0],
        }
    }
}

/// What a search's end means for the query.
fn told(outcome: Outcome, limit: u64, control: &Control<'_>) -> Result<Option<Partial>> {
    let budget = control.budget;
    match outcome.stopped {
        None | Some(Stop::Taken) => Ok(None),
        Some(Stop::Matches) if outcome.matches >= limit => Ok(None),
        Some(Stop::Matches) => Ok(Some(Partial {
            budget: "matches".to_owned(),
            message: format!(
                "the graph pattern has more than {} matches; the others are left out",
                budget.matches_max
            ),
        })),
        Some(Stop::Visited) => Ok(Some(Partial {
            budget: "visited edges".to_owned(),
            message: format!(
                "the search for the graph pattern ended after {} edges; matches may be missing",
                budget.visited_edges_max
            ),
        })),
        Some(Stop::Memory) => Err(HuntError::Limit {
            limit: format!("{} bytes of memory for a graph pattern", budget.memory_bytes_max),
            hint: "ask for fewer variables, or shorter walks".to_owned(),
        }),
        Some(Stop::Cancelled) => Err(HuntError::Cancelled),
    }
}

/// Places of the variables in the matcher's pattern: nodes and edges are counted apart.
fn places(matching: &Matching) -> Vec<Place> {
    let (mut nodes, mut edges) = (0, 0);
    let mut next = |counter: fn(usize) -> Place, is_node: bool| {
        let count = if is_node { &mut nodes } else { &mut edges };
        *count += 1;
        counter(*count - 1)
    };
    matching
        .variables
        .iter()
        .map(|variable| match variable.kind {
            VariableKind::Node => next(Place::Node, true),
            VariableKind::Edge { length: None, .. } => next(Place::Edge, false),
            VariableKind::Edge { length: Some(_), .. } => next(Place::Walk, false),
        })
        .collect()
}

/// The condition that a conjunct is, where it is decided before the search.
fn condition(part: &Scalar, places: &[Place]) -> Option<Result<Condition>> {
    let named = variables(part);
    let Some(&variable) = named.first() else {
        return Some(compiled(part).map(Condition::Constant));
    };
    if named.len() > 1 {
        return None;
    }
    let mut has_paths = false;
    let mut is_by_chance = false;
    visit(part, &mut |part| match &part.kind {
        ScalarKind::OverPath { .. } => has_paths = true,
        ScalarKind::Call { function, .. } => is_by_chance |= is_volatile(function),
        _ => {}
    });
    if is_by_chance {
        return None;
    }
    match (places.get(variable)?, &part.kind) {
        (
            Place::Walk(_),
            ScalarKind::OverPath {
                over: over @ (OverPath::All | OverPath::Any),
                variable,
                inner_nodes,
                value,
            },
        ) if variables(value).is_empty() => {
            let (variable, inner_nodes, value) = (*variable, *inner_nodes, (**value).clone());
            Some(Ok(match over {
                OverPath::Any => Condition::Some {
                    variable,
                    inner_nodes,
                    value,
                },
                OverPath::All | OverPath::Map => Condition::Each {
                    variable,
                    inner_nodes,
                    value,
                },
            }))
        }
        (Place::Node(_) | Place::Edge(_), _) if !has_paths => Some(Ok(Condition::Of(variable, part.clone()))),
        _ => None,
    }
}

fn filter_of(part: &Scalar, places: &[Place]) -> Filter {
    let mut filter = Filter::default();
    for variable in variables(part) {
        match places.get(variable) {
            Some(Place::Node(node)) => filter.nodes.push(*node),
            Some(Place::Edge(edge) | Place::Walk(edge)) => filter.edges.push(*edge),
            None => {}
        }
    }
    filter
}

/// The one or two node variables that all of `project` is about, where it is about nothing else.
pub(super) fn ends_of(matching: &Matching) -> Option<[usize; 2]> {
    let named: BTreeSet<usize> = matching.project.iter().flat_map(variables).collect();
    let is_node = |variable: &usize| {
        let found = matching.variables.get(*variable);
        found.is_some_and(|variable| variable.kind == VariableKind::Node)
    };
    let mut is_by_chance = false;
    for value in &matching.project {
        visit(value, &mut |part| {
            if let ScalarKind::Call { function, .. } = &part.kind {
                is_by_chance |= is_volatile(function);
            }
        });
    }
    if is_by_chance || !named.iter().all(is_node) {
        return None;
    }
    match named.into_iter().collect::<Vec<_>>().as_slice() {
        [one] => Some([*one, *one]),
        [left, right] => Some([*left, *right]),
        _ => None,
    }
}

/// Judges partial matches and makes rows of whole ones.
struct Watcher<'r, 'a> {
    prepared: &'a PreparedMatch,
    rows: &'r Rows<'a>,
    cx: &'a Context,
    control: &'r Control<'r>,
    sink: &'r mut dyn FnMut(RecordBatch) -> bool,
    ends: Option<[usize; 2]>,
    error: Option<HuntError>,
}

impl Watch for Watcher<'_, '_> {
    fn admits(&mut self, filter: usize, found: &Found<'_>) -> bool {
        let row = MatchRow {
            rows: self.rows,
            places: &self.prepared.places,
            bound: Bound::Partial(found),
        };
        self.prepared.residual[filter].0.holds(&row, self.cx)
    }

    fn take(&mut self, matches: &Matches) -> bool {
        let prepared = self.prepared;
        let rows = prepared.projection.rows(
            &prepared.graph,
            self.rows,
            &prepared.places,
            matches,
            self.ends,
            self.cx,
        );
        match rows {
            Ok(batch) => (self.sink)(batch),
            Err(error) => {
                self.error = Some(error);
                false
            }
        }
    }

    fn is_cancelled(&mut self) -> bool {
        (self.control.is_cancelled)()
    }
}
