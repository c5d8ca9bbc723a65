//! A graph with the properties of its nodes and edges. Start at [`PropertyGraph`].

use std::sync::{Arc, OnceLock};

use datafusion::arrow::array::ArrayRef;
use postern_graph::pattern::Allowed;
use postern_graph::{Csr, FixedBitSet};
use postern_kql::Type;
use postern_kql::ir::PathStep;
use postern_kql_functions::evaluate::{Program, Row};
use postern_kql_functions::{Context, Datum};

use super::Result;
use super::resident::Coded;
use crate::batch::ColumnReader;

/// Nodes, edges, and their properties. Node and edge numbers are places in the arrays.
pub(super) struct PropertyGraph {
    pub csr: Arc<Csr>,
    /// The source and the target of each edge.
    pub ends: Arc<[[u32; 2]]>,
    pub nodes: Elements,
    pub edges: Elements,
    /// The id of each node.
    pub ids: (ArrayRef, Type),
    /// Edges that filters left.
    pub kept_edges: Allowed,
    /// Nodes that filters took away for good, with their edges.
    pub dropped_nodes: Option<FixedBitSet>,
    /// Nodes that there are: computed where it is asked.
    kept_nodes: OnceLock<Allowed>,
}

/// Properties of all nodes, or of all edges.
#[derive(Clone)]
pub(super) struct Elements {
    pub base: Base,
    pub properties: Vec<Property>,
    /// Which elements have a row of their own; the others have empty properties. `None`: all.
    pub rows: Option<FixedBitSet>,
    /// Parts of dynamic columns of the base that are columns of their own.
    pub parts: Arc<[Part]>,
}

/// What stands at a path into a dynamic column, as a column of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// The dynamic column.
    pub column: usize,
    pub path: Vec<String>,
    /// The column that holds the part.
    pub stored: usize,
}

/// Properties from here on are parts, which no query names: `PARTS_FROM + i` is part `i`.
pub(super) const PARTS_FROM: usize = 1 << 32;

/// Columns as they are stored.
#[derive(Clone)]
pub(super) struct Base {
    pub arrays: Vec<(ArrayRef, Type)>,
    /// For each of them the distinct values, where there are few.
    pub coded: Vec<Option<Arc<Coded>>>,
}

/// Where a property is found.
#[derive(Clone)]
pub(super) enum Property {
    /// A column of the base.
    Column(usize),
    /// The node's id, which nodes without a row have too: a column of the base.
    Id(usize),
    /// Computed from columns of the base.
    Computed(Arc<Program>),
    /// Not read, since the query does not name it.
    Unused,
}

impl PropertyGraph {
    pub fn new(
        csr: Arc<Csr>,
        ends: Arc<[[u32; 2]]>,
        nodes: Elements,
        edges: Elements,
        ids: (ArrayRef, Type),
        kept_edges: Allowed,
    ) -> Self {
        Self {
            csr,
            ends,
            nodes,
            edges,
            ids,
            kept_edges,
            dropped_nodes: None,
            kept_nodes: OnceLock::new(),
        }
    }

    /// The nodes that there are: those with a row, and ends of edges that were kept.
    pub fn kept_nodes(&self) -> &Allowed {
        self.kept_nodes.get_or_init(|| {
            let node_count = self.csr.node_count() as usize;
            let mut kept = match (&self.nodes.rows, &self.dropped_nodes) {
                (None, None) => return Allowed::All,
                (Some(rows), _) => {
                    let mut kept = rows.clone();
                    kept.grow(node_count);
                    for (edge, ends) in (0u32..).zip(self.ends.iter()) {
                        if self.kept_edges.contains(edge) {
                            ends.iter().for_each(|&end| kept.insert(end as usize));
                        }
                    }
                    kept
                }
                (None, Some(_)) => {
                    let mut all = FixedBitSet::with_capacity(node_count);
                    all.insert_range(..);
                    all
                }
            };
            if let Some(dropped) = &self.dropped_nodes {
                kept.difference_with(dropped);
            }
            Allowed::Bits(kept)
        })
    }

    /// Takes nodes away, and the edges that end at them.
    pub fn drop_nodes(&mut self, keep: &FixedBitSet) {
        let mut dropped = keep.clone();
        dropped.grow(self.csr.node_count() as usize);
        dropped.toggle_range(..);
        let mut edges = FixedBitSet::with_capacity(self.ends.len());
        for (edge, ends) in self.ends.iter().enumerate() {
            let is_kept = self.kept_edges.contains(edge as u32);
            edges.set(edge, is_kept && !ends.iter().any(|&end| dropped.contains(end as usize)));
        }
        if let Some(before) = &self.dropped_nodes {
            dropped.union_with(before);
        }
        self.kept_edges = Allowed::Bits(edges);
        self.dropped_nodes = Some(dropped);
        self.kept_nodes = OnceLock::new();
    }

    /// Takes edges away. Nodes stay, though no edge may lead to them any more.
    pub fn drop_edges(&mut self, keep: FixedBitSet) {
        let nodes = self.kept_nodes().clone();
        self.kept_edges = Allowed::Bits(keep);
        self.kept_nodes = OnceLock::from(nodes);
    }

    /// How many edges leave a node, or enter it.
    pub fn degree(&self, node: u32, outgoing: bool) -> i64 {
        let hops = if outgoing {
            self.csr.outgoing(node)
        } else {
            self.csr.incoming(node)
        };
        let count = match self.kept_edges {
            Allowed::All => hops.len(),
            _ => hops.iter().filter(|hop| self.kept_edges.contains(hop.edge)).count(),
        };
        i64::try_from(count).unwrap_or(i64::MAX)
    }
}

impl Elements {
    /// The column of the base that a property is, and its distinct values, where these are known.
    pub fn coded(&self, property: usize) -> Option<(usize, &Coded)> {
        let column = match property.checked_sub(PARTS_FROM) {
            Some(part) => self.parts.get(part)?.stored,
            None => match self.properties.get(property)? {
                Property::Column(column) => *column,
                Property::Id(_) | Property::Computed(_) | Property::Unused => return None,
            },
        };
        Some((column, self.base.coded.get(column)?.as_deref()?))
    }

    /// The part that a path into a property begins with, as a property, and how many steps it takes.
    pub fn part(&self, property: usize, steps: &[PathStep]) -> Option<(usize, usize)> {
        let Property::Column(column) = self.properties.get(property)? else {
            return None;
        };
        let fits = |part: &Part| {
            let keys = steps.iter().map(|step| match step {
                PathStep::Key(key) => Some(key),
                PathStep::Index(_) | PathStep::Computed(_) => None,
            });
            part.column == *column
                && part.path.len() <= steps.len()
                && part.path.iter().map(Some).eq(keys.take(part.path.len()))
        };
        let found = self.parts.iter().position(fits)?;
        Some((PARTS_FROM + found, self.parts[found].path.len()))
    }

    pub fn has_row(&self, element: u32) -> bool {
        self.rows.as_ref().is_none_or(|rows| rows.contains(element as usize))
    }
}

/// Reads properties of one element after another.
pub(super) struct Reader<'a> {
    elements: &'a Elements,
    columns: Vec<ColumnReader<'a>>,
    cx: &'a Context,
}

impl<'a> Reader<'a> {
    pub fn new(elements: &'a Elements, cx: &'a Context) -> Result<Self> {
        let columns = elements
            .base
            .arrays
            .iter()
            .map(|(array, ty)| ColumnReader::new(array, *ty));
        Ok(Self {
            elements,
            columns: columns.collect::<datafusion::error::Result<_>>()?,
            cx,
        })
    }

    pub fn property(&self, property: usize, element: u32) -> Datum<'a> {
        if let Some(part) = property.checked_sub(PARTS_FROM) {
            return match self.elements.parts.get(part) {
                Some(part) if self.elements.has_row(element) => self.stored(part.stored, element),
                _ => Datum::Null,
            };
        }
        let Some(found) = self.elements.properties.get(property) else {
            return Datum::Null;
        };
        if !self.elements.has_row(element) && !matches!(found, Property::Id(_)) {
            return match found {
                Property::Column(column) if self.elements.base.arrays[*column].1 == Type::String => Datum::string(""),
                Property::Computed(program) if program.ty() == Type::String => Datum::string(""),
                _ => Datum::Null,
            };
        }
        match found {
            Property::Column(column) | Property::Id(column) => self.stored(*column, element),
            Property::Computed(program) => program.run(&self.row(element), self.cx),
            Property::Unused => Datum::Null,
        }
    }

    /// The element's row of the base.
    pub fn row(&self, element: u32) -> BaseRow<'_, 'a> {
        BaseRow { reader: self, element }
    }

    /// A value of the base, whether the element has a row of its own or not.
    pub fn stored(&self, column: usize, element: u32) -> Datum<'a> {
        self.columns
            .get(column)
            .map_or(Datum::Null, |column| column.get(element as usize))
    }
}

/// The columns of the base as a row.
pub(super) struct BaseRow<'r, 'a> {
    reader: &'r Reader<'a>,
    element: u32,
}

impl<'a> Row<'a> for BaseRow<'_, 'a> {
    fn column(&self, index: usize) -> Datum<'a> {
        self.reader.stored(index, self.element)
    }
}
