//! The exposure graph of a generation, built once and kept for its queries. Start at [`ResidentGraph::new`].
//!
//! Edges are sorted by their label, so that "edges with this label" is a range of edge numbers: the hops of a node are
//! in the order of edge numbers, and those of one label are found by halving. Columns with few distinct values keep
//! them apart, so that a predicate about such a column is computed once for each value.

use std::collections::HashMap;
use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, AsArray, RecordBatch, UInt32Array};
use datafusion::arrow::compute::{SortColumn, concat_batches, lexsort_to_indices, take};
use datafusion::error::DataFusionError;
use postern_graph::pattern::Allowed;
use postern_graph::{Csr, FixedBitSet};
use postern_kql::ir::{Graph, GraphOp, Scalar, ScalarKind};
use postern_kql::{Column, Type};
use postern_kql_functions::Context;

use super::conjuncts::compiled;
use super::element::{Element, Rows};
use super::make::{NodeTable, build};
use super::property::{Elements, Property, PropertyGraph};
use super::substitute::{self, Chain};
use super::used::{Names, Used};
use super::{Control, Part, Result, Tables, conjuncts};
use crate::batch::arrow_schema;
use crate::error::HuntError;

/// The tables that a resident graph stands for, and the columns that make a graph of them.
pub const NODES_TABLE: &str = "ExposureGraphNodes";
pub const NODE_ID: &str = "NodeId";
pub const EDGES_TABLE: &str = "ExposureGraphEdges";
pub const SOURCE_ID: &str = "SourceNodeId";
pub const TARGET_ID: &str = "TargetNodeId";
pub const EDGE_LABEL: &str = "EdgeLabel";

/// Distinct values of a column beyond which they are not kept apart.
const CODES_MAX: usize = 4_096;

/// The exposure graph with the columns of its tables.
pub struct ResidentGraph {
    graph: PropertyGraph,
    node_columns: Vec<Column>,
    edge_columns: Vec<Column>,
}

/// A column by its distinct values.
#[derive(Debug)]
pub(super) struct Coded {
    /// An element that has the value, for each.
    examples: Vec<u32>,
    /// Where each code ends among the elements sorted by code.
    ends: Vec<u32>,
    /// The elements sorted by code; `None` where they are so already.
    members: Option<Vec<u32>>,
}

impl ResidentGraph {
    /// Builds the graph of all rows of the two tables. Columns that are not given are left out: a query that names them
    /// builds a graph of its own.
    ///
    /// # Errors
    /// [`HuntError::Run`] when a table lacks a column that makes the graph; [`HuntError::Limit`] beyond the largest
    /// graph; [`HuntError::Engine`] when batches do not fit the columns.
    pub fn new(
        node_columns: &[Column],
        nodes: &[RecordBatch],
        edge_columns: &[Column],
        edges: &[RecordBatch],
    ) -> Result<Self> {
        let place = |columns: &[Column], table: &str, name: &str| {
            let found = columns.iter().position(|column| column.name == name);
            found.ok_or_else(|| HuntError::Run(format!("the table {table} has no column {name}")))
        };
        let edges = concat_batches(&arrow_schema(edge_columns), edges).map_err(DataFusionError::from)?;
        let edges = sorted(&edges, place(edge_columns, EDGES_TABLE, EDGE_LABEL)?)?;
        let ends = [
            place(edge_columns, EDGES_TABLE, SOURCE_ID)?,
            place(edge_columns, EDGES_TABLE, TARGET_ID)?,
        ];
        let id = place(node_columns, NODES_TABLE, NODE_ID)?;
        let node_table = NodeTable {
            rows: nodes.to_vec(),
            columns: node_columns.to_vec(),
            id,
            places: (0..node_columns.len()).collect(),
        };
        let mut built = build(edges, edge_columns, ends, &[node_table], node_columns)?;
        let node_count = built.graph.csr.node_count();
        if built.own_rows < node_count {
            let mut rows = FixedBitSet::with_capacity(node_count as usize);
            rows.insert_range(..built.own_rows as usize);
            built.graph.nodes.rows = Some(rows);
        }
        let mut graph = built.graph;
        for elements in [&mut graph.nodes, &mut graph.edges] {
            let arrays = &elements.base.arrays;
            elements.base.coded = arrays
                .iter()
                .map(|(array, ty)| Coded::new(array, *ty).map(Arc::new))
                .collect();
        }
        Ok(Self {
            graph,
            node_columns: node_columns.to_vec(),
            edge_columns: edge_columns.to_vec(),
        })
    }

    /// Tells which columns of nodes hold parts of dynamic columns, so that a path into such a column is read and not
    /// parsed. `Part::column` and `Part::stored` are places in the columns that the graph was built with.
    #[must_use]
    pub fn with_node_parts(mut self, parts: Vec<Part>) -> Self {
        self.graph.nodes.parts = parts.into();
        self
    }

    pub fn node_count(&self) -> u32 {
        self.graph.csr.node_count()
    }

    pub fn edge_count(&self) -> u32 {
        self.graph.csr.edge_count()
    }

    /// The topology: nodes in the order of their table, then ends of edges without a row; edges sorted by label.
    pub fn csr(&self) -> &Csr {
        &self.graph.csr
    }
}

/// The edges sorted by one column; equal ones stay in their order.
fn sorted(batch: &RecordBatch, column: usize) -> Result<RecordBatch> {
    let by = |values: ArrayRef| SortColumn { values, options: None };
    let order: ArrayRef = Arc::new(UInt32Array::from_iter_values(0..batch.num_rows() as u32));
    let sorted = || {
        let indices = lexsort_to_indices(&[by(Arc::clone(batch.column(column))), by(order)], None)?;
        let columns = batch.columns().iter().map(|array| take(array, &indices, None));
        RecordBatch::try_new(batch.schema(), columns.collect::<std::result::Result<_, _>>()?)
    };
    Ok(sorted().map_err(DataFusionError::from)?)
}

impl Coded {
    /// `None` when the column has too many values, or is not one of texts or truths.
    fn new<'a>(array: &'a ArrayRef, ty: Type) -> Option<Self> {
        let value_at: Box<dyn Fn(usize) -> Option<&'a str>> = match ty {
            Type::String | Type::Dynamic | Type::Guid => {
                let texts = array.as_string_view_opt()?;
                Box::new(|row| (!texts.is_null(row)).then(|| texts.value(row)))
            }
            Type::Bool => {
                let truths = array.as_boolean_opt()?;
                Box::new(|row| (!truths.is_null(row)).then(|| if truths.value(row) { "true" } else { "false" }))
            }
            _ => return None,
        };
        let mut known: HashMap<Option<&str>, u16> = HashMap::new();
        let mut codes = Vec::with_capacity(array.len());
        let mut examples = Vec::new();
        for row in 0..array.len() {
            let next = u16::try_from(known.len()).ok()?;
            let code = *known.entry(value_at(row)).or_insert_with(|| {
                examples.push(row as u32);
                next
            });
            if examples.len() > CODES_MAX {
                return None;
            }
            codes.push(code);
        }
        let mut ends = vec![0u32; examples.len()];
        codes.iter().for_each(|&code| ends[usize::from(code)] += 1);
        for code in 1..ends.len() {
            ends[code] += ends[code - 1];
        }
        let members = (!codes.is_sorted()).then(|| {
            let mut free: Vec<u32> = std::iter::once(0).chain(ends.iter().copied()).collect();
            let mut members = vec![0u32; codes.len()];
            for (element, &code) in (0u32..).zip(&codes) {
                let place = &mut free[usize::from(code)];
                members[*place as usize] = element;
                *place += 1;
            }
            members
        });
        Some(Self {
            examples,
            ends,
            members,
        })
    }

    /// The elements whose value satisfies a predicate.
    pub(super) fn select(&self, mut holds: impl FnMut(u32) -> bool) -> Allowed {
        let chosen: Vec<bool> = self.examples.iter().map(|&element| holds(element)).collect();
        let first = chosen.iter().position(|&is_chosen| is_chosen);
        let last = chosen.iter().rposition(|&is_chosen| is_chosen);
        let (Some(first), Some(last)) = (first, last) else {
            return Allowed::Range(0..0);
        };
        let start = |code: usize| if code == 0 { 0 } else { self.ends[code - 1] };
        let is_run = chosen[first..=last].iter().all(|&is_chosen| is_chosen);
        if is_run && self.members.is_none() {
            return Allowed::Range(start(first)..self.ends[last]);
        }
        let count = self.ends.last().map_or(0, |&end| end as usize);
        let mut bits = FixedBitSet::with_capacity(count);
        for code in (first..=last).filter(|&code| chosen[code]) {
            let range = start(code) as usize..self.ends[code] as usize;
            match &self.members {
                Some(members) => members[range].iter().for_each(|&element| bits.insert(element as usize)),
                None => bits.insert_range(range),
            }
        }
        Allowed::Bits(bits)
    }
}

/// Whether all that a query reads is there.
fn has_all(chain: &Chain, used: &Names) -> bool {
    let mut values = chain.values.iter().enumerate();
    values.all(|(place, value)| value.is_some() || !used.contains(place))
}

/// The graph of a `make-graph` over chains of the exposure tables, on the resident one: filters become sets, and
/// projections are computed where they are read. `None` where the graph is another one.
pub(super) async fn recognised(
    graph: &Graph,
    used: &Used,
    tables: &dyn Tables,
    control: &Control<'_>,
) -> Result<Option<PropertyGraph>> {
    let GraphOp::Make {
        edges,
        source,
        target,
        nodes,
    } = &graph.op
    else {
        return Ok(None);
    };
    let [(node_table, id, merged)] = nodes.as_slice() else {
        return Ok(None);
    };
    let Some(resident) = tables.resident().await else {
        return Ok(None);
    };
    let (Some(edge_chain), Some(node_chain)) = (
        substitute::chain(edges, &resident.edge_columns, tables).await?,
        substitute::chain(node_table, &resident.node_columns, tables).await?,
    ) else {
        return Ok(None);
    };
    let is_column = |chain: &Chain, value: usize, columns: &[Column], name: &str| {
        let Some(Some(Scalar {
            kind: ScalarKind::Column(index),
            ..
        })) = chain.values.get(value)
        else {
            return false;
        };
        columns.get(*index).is_some_and(|column| column.name == name)
    };
    let (node_columns, edge_columns) = (&resident.node_columns, &resident.edge_columns);
    let is_ours = edge_chain.table == EDGES_TABLE
        && node_chain.table == NODES_TABLE
        && is_column(&edge_chain, *source, edge_columns, SOURCE_ID)
        && is_column(&edge_chain, *target, edge_columns, TARGET_ID)
        && is_column(&node_chain, *id, node_columns, NODE_ID)
        && merged.iter().copied().eq(0..graph.nodes.len())
        && has_all(&edge_chain, &used.edges)
        && has_all(&node_chain, &used.nodes);
    if !is_ours {
        return Ok(None);
    }

    let whole = &resident.graph;
    let cx = Context::new(control.now);
    let mut kept_edges = Allowed::All;
    let mut rows = whole.nodes.rows.clone();
    {
        let reader = Rows::new(whole, &cx)?;
        for predicate in &edge_chain.predicates {
            kept_edges = conjuncts::select(whole, &reader, predicate, kept_edges, Element::Edge, control)?;
        }
        let mut kept_rows = rows.clone().map_or(Allowed::All, Allowed::Bits);
        for predicate in &node_chain.predicates {
            kept_rows = conjuncts::select(whole, &reader, predicate, kept_rows, Element::Node, control)?;
        }
        match kept_rows {
            Allowed::All => {}
            Allowed::Bits(bits) => rows = Some(bits),
            Allowed::Range(range) => {
                let mut bits = FixedBitSet::with_capacity(whole.csr.node_count() as usize);
                bits.insert_range(range.start as usize..range.end as usize);
                rows = Some(bits);
            }
        }
    }
    let part = |element: fn(&PropertyGraph) -> &Elements| Arc::clone(&element(whole).parts);
    let properties = |chain: &Chain, id: Option<usize>| -> Result<Vec<Property>> {
        let property = |(place, value): (usize, &Option<Scalar>)| match value {
            None => Ok(Property::Unused),
            Some(value) => match value.kind {
                ScalarKind::Column(index) if id == Some(place) => Ok(Property::Id(index)),
                ScalarKind::Column(index) => Ok(Property::Column(index)),
                _ => compiled(value).map(Arc::new).map(Property::Computed),
            },
        };
        chain.values.iter().enumerate().map(property).collect()
    };
    let nodes = Elements {
        base: whole.nodes.base.clone(),
        properties: properties(&node_chain, Some(*id))?,
        rows,
        parts: part(|graph| &graph.nodes),
    };
    let edges = Elements {
        base: whole.edges.base.clone(),
        properties: properties(&edge_chain, None)?,
        rows: None,
        parts: part(|graph| &graph.edges),
    };
    Ok(Some(PropertyGraph::new(
        Arc::clone(&whole.csr),
        Arc::clone(&whole.ends),
        nodes,
        edges,
        whole.ids.clone(),
        kept_edges,
    )))
}
