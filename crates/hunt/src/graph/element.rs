//! Matches and their elements as rows of the interpreter. Start at [`Rows`].

use postern_graph::pattern::{EdgeColumn, Found, Matches};
use postern_kql::Type;
use postern_kql::ir::GraphFunction;
use postern_kql_functions::evaluate::Row;
use postern_kql_functions::{Context, Datum, Json, convert};

use super::Result;
use super::property::{PropertyGraph, Reader};
use crate::batch::ColumnReader;

/// What a variable of the query's pattern is in the matcher's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Node(usize),
    Edge(usize),
    Walk(usize),
}

/// Reads a graph: hands out rows for nodes, edges and matches.
pub(super) struct Rows<'a> {
    graph: &'a PropertyGraph,
    nodes: Reader<'a>,
    edges: Reader<'a>,
    ids: ColumnReader<'a>,
}

/// One node or edge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Element {
    Node(u32),
    Edge(u32),
}

impl<'a> Rows<'a> {
    pub fn new(graph: &'a PropertyGraph, cx: &'a Context) -> Result<Self> {
        Ok(Self {
            graph,
            nodes: Reader::new(&graph.nodes, cx)?,
            edges: Reader::new(&graph.edges, cx)?,
            ids: ColumnReader::new(&graph.ids.0, graph.ids.1)?,
        })
    }

    pub fn property(&self, element: Element, property: usize) -> Datum<'a> {
        match element {
            Element::Node(node) => self.nodes.property(property, node),
            Element::Edge(edge) => self.edges.property(property, edge),
        }
    }

    /// A value of a column of the base.
    pub fn stored(&self, element: Element, column: usize) -> Datum<'a> {
        match element {
            Element::Node(node) => self.nodes.stored(column, node),
            Element::Edge(edge) => self.edges.stored(column, edge),
        }
    }

    /// The id of a node, as it is stored.
    pub fn id(&self, node: u32) -> Datum<'a> {
        self.ids.get(node as usize)
    }

    fn function(&self, function: GraphFunction, element: Element) -> Datum<'a> {
        match (function, element) {
            (GraphFunction::Labels, _) => Datum::dynamic(Json::Array(Vec::new())),
            (GraphFunction::NodeId, Element::Node(node)) => match self.graph.ids.1 {
                Type::String => self.id(node),
                _ => Datum::string(convert::text_of(&self.id(node))),
            },
            (GraphFunction::DegreeIn, Element::Node(node)) => Datum::Long(self.graph.degree(node, false)),
            (GraphFunction::DegreeOut, Element::Node(node)) => Datum::Long(self.graph.degree(node, true)),
            (GraphFunction::NodeId | GraphFunction::DegreeIn | GraphFunction::DegreeOut, Element::Edge(_)) => {
                Datum::Null
            }
        }
    }
}

/// An element as the row of an expression over its properties, perhaps within a match.
pub(super) struct ElementRow<'r, 'a> {
    pub rows: &'r Rows<'a>,
    pub element: Element,
    /// The variables that the expression may name besides.
    pub within: Option<&'r dyn Row<'a>>,
}

impl<'a> Row<'a> for ElementRow<'_, 'a> {
    fn column(&self, index: usize) -> Datum<'a> {
        self.rows.property(self.element, index)
    }

    fn property(&self, variable: usize, column: usize) -> Datum<'a> {
        self.within.map_or(Datum::Null, |row| row.property(variable, column))
    }

    fn graph_function(&self, function: GraphFunction, variable: Option<usize>) -> Datum<'a> {
        match (variable, self.within) {
            (None, _) => self.rows.function(function, self.element),
            (Some(_), Some(row)) => row.graph_function(function, variable),
            (Some(_), None) => Datum::Null,
        }
    }

    fn over_path(&self, variable: usize, inner_nodes: bool, visit: &mut dyn FnMut(&dyn Row<'a>) -> bool) {
        if let Some(row) = self.within {
            row.over_path(variable, inner_nodes, visit);
        }
    }
}

/// One variable alone, bound to one element: what a conjunct about it is computed over.
pub(super) struct AloneRow<'r, 'a> {
    pub rows: &'r Rows<'a>,
    pub element: Element,
}

impl<'a> Row<'a> for AloneRow<'_, 'a> {
    fn column(&self, index: usize) -> Datum<'a> {
        self.rows.property(self.element, index)
    }

    fn property(&self, _: usize, column: usize) -> Datum<'a> {
        self.rows.property(self.element, column)
    }

    fn graph_function(&self, function: GraphFunction, _: Option<usize>) -> Datum<'a> {
        self.rows.function(function, self.element)
    }
}

/// Where the elements of a match are found.
#[derive(Clone, Copy)]
pub(super) enum Bound<'r> {
    /// While it is searched.
    Partial(&'r Found<'r>),
    /// A row of a batch.
    Whole(&'r Matches, usize),
    /// A row of a batch that has columns for these two node variables alone.
    Ends(&'r Matches, usize, [usize; 2]),
}

impl Bound<'_> {
    fn node(self, variable: usize) -> Option<u32> {
        match self {
            Bound::Partial(found) => Some(found.node(variable)),
            Bound::Whole(matches, row) => Some(matches.nodes[variable][row]),
            Bound::Ends(matches, row, ends) => {
                let column = ends.iter().position(|&end| end == variable)?;
                Some(matches.nodes[column][row])
            }
        }
    }

    fn edge(self, variable: usize) -> Option<u32> {
        match self {
            Bound::Partial(found) => Some(found.edge(variable)),
            Bound::Whole(matches, row) => match &matches.edges[variable] {
                EdgeColumn::One(edges) => Some(edges[row]),
                EdgeColumn::Walk(_) => None,
            },
            Bound::Ends(..) => None,
        }
    }

    /// The edges of a walk, or its inner nodes.
    fn walk(self, variable: usize, inner_nodes: bool) -> Vec<Element> {
        let elements = |numbers: &[u32]| -> Vec<Element> {
            let element = if inner_nodes { Element::Node } else { Element::Edge };
            numbers.iter().copied().map(element).collect()
        };
        match self {
            Bound::Partial(found) => {
                let (mut edges, mut inner) = (Vec::new(), Vec::new());
                found.walk(variable, &mut edges, &mut inner);
                elements(if inner_nodes { &inner } else { &edges })
            }
            Bound::Whole(matches, row) => match &matches.edges[variable] {
                EdgeColumn::Walk(paths) if inner_nodes => elements(paths.inner_of(row)),
                EdgeColumn::Walk(paths) => elements(paths.edges_of(row)),
                EdgeColumn::One(_) => Vec::new(),
            },
            Bound::Ends(..) => Vec::new(),
        }
    }
}

/// A match as a row: properties of its variables.
pub(super) struct MatchRow<'r, 'a> {
    pub rows: &'r Rows<'a>,
    pub places: &'r [Place],
    pub bound: Bound<'r>,
}

impl MatchRow<'_, '_> {
    fn element(&self, variable: usize) -> Option<Element> {
        match *self.places.get(variable)? {
            Place::Node(node) => self.bound.node(node).map(Element::Node),
            Place::Edge(edge) => self.bound.edge(edge).map(Element::Edge),
            Place::Walk(_) => None,
        }
    }

    fn walk(&self, variable: usize, inner_nodes: bool) -> Vec<Element> {
        match self.places.get(variable) {
            Some(&Place::Walk(edge)) => self.bound.walk(edge, inner_nodes),
            // An edge that is not a walk is a path of itself.
            Some(&Place::Edge(edge)) if !inner_nodes => self.bound.edge(edge).map(Element::Edge).into_iter().collect(),
            _ => Vec::new(),
        }
    }
}

impl<'a> Row<'a> for MatchRow<'_, 'a> {
    fn column(&self, _: usize) -> Datum<'a> {
        Datum::Null
    }

    fn property(&self, variable: usize, column: usize) -> Datum<'a> {
        if let Some(element) = self.element(variable) {
            return self.rows.property(element, column);
        }
        let along = self.walk(variable, false);
        let items = along
            .into_iter()
            .map(|element| convert::json(&self.rows.property(element, column)));
        Datum::dynamic(Json::Array(items.collect()))
    }

    fn graph_function(&self, function: GraphFunction, variable: Option<usize>) -> Datum<'a> {
        match variable.and_then(|variable| self.element(variable)) {
            Some(element) => self.rows.function(function, element),
            // Of a walk: an array for each of its edges.
            None if function == GraphFunction::Labels => {
                let along = variable.map(|variable| self.walk(variable, false)).unwrap_or_default();
                Datum::dynamic(Json::Array(along.iter().map(|_| Json::Array(Vec::new())).collect()))
            }
            None => Datum::Null,
        }
    }

    fn over_path(&self, variable: usize, inner_nodes: bool, visit: &mut dyn FnMut(&dyn Row<'a>) -> bool) {
        for element in self.walk(variable, inner_nodes) {
            let row = ElementRow {
                rows: self.rows,
                element,
                within: Some(self),
            };
            if !visit(&row) {
                break;
            }
        }
    }
}
