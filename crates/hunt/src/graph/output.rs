//! Rows out of matches, and out of graphs as tables. Start at [`Projection`] and [`PreparedElements`].

use std::sync::Arc;

use datafusion::arrow::array::{
    ArrayRef, RecordBatch, RecordBatchOptions, StringViewArray, UInt32Array, new_null_array,
};
use datafusion::arrow::compute::{interleave, take};
use datafusion::error::DataFusionError;
use postern_graph::pattern::{EdgeColumn, Matches};
use postern_kql::ir::{Scalar, ScalarKind, Tabular};
use postern_kql::{Column, Type};
use postern_kql_functions::evaluate::Program;
use postern_kql_functions::{Context, Datum, kernel};

use super::conjuncts::compiled;
use super::element::{Bound, Element, MatchRow, Place, Rows};
use super::property::{Elements, Property, PropertyGraph};
use super::{Control, Result};
use crate::batch::{BATCH_ROWS, ColumnBuilder, arrow_schema};
use crate::budget::Partial;
use crate::error::HuntError;
use crate::world::arrow_type;

/// The `project` of a pattern.
pub(super) struct Projection {
    columns: Vec<Column>,
    values: Vec<Projected>,
}

enum Projected {
    /// A property that is a column of the graph, of a node or an edge: taken, not computed.
    Stored {
        place: Place,
        property: usize,
    },
    Computed(Program),
}

impl Projection {
    pub fn new(columns: &[Column], project: &[Scalar], places: &[Place], graph: &PropertyGraph) -> Result<Self> {
        let value = |(scalar, column): (&Scalar, &Column)| {
            if let ScalarKind::Property {
                variable,
                column: property,
            } = scalar.kind
                && let Some(&place) = places.get(variable)
                && let Some((array, _)) = stored(elements(graph, place), place, property)
                && array.data_type() == &arrow_type(column.ty)
            {
                return Ok(Projected::Stored { place, property });
            }
            compiled(scalar).map(Projected::Computed)
        };
        Ok(Self {
            columns: columns.to_vec(),
            values: project.iter().zip(columns).map(value).collect::<Result<_>>()?,
        })
    }

    /// The rows of matches. Of matches that have columns for two node variables alone, `ends` names these.
    pub fn rows(
        &self,
        graph: &PropertyGraph,
        rows: &Rows<'_>,
        places: &[Place],
        matches: &Matches,
        ends: Option<[usize; 2]>,
        cx: &Context,
    ) -> Result<RecordBatch> {
        let bound = |row: usize| match ends {
            Some(ends) => Bound::Ends(matches, row, ends),
            None => Bound::Whole(matches, row),
        };
        let mut arrays = Vec::with_capacity(self.values.len());
        for (value, column) in self.values.iter().zip(&self.columns) {
            let array = match value {
                Projected::Stored { place, property } => {
                    let numbers = numbers(matches, *place, ends);
                    taken(elements(graph, *place), *place, *property, numbers)?
                }
                Projected::Computed(program) => {
                    let mut builder = ColumnBuilder::new(column.ty, matches.len);
                    for row in 0..matches.len {
                        let row = MatchRow {
                            rows,
                            places,
                            bound: bound(row),
                        };
                        builder.push(&program.run(&row, cx));
                    }
                    builder.finish()
                }
            };
            arrays.push(array);
        }
        batch(&self.columns, arrays, matches.len)
    }
}

fn batch(columns: &[Column], arrays: Vec<ArrayRef>, rows: usize) -> Result<RecordBatch> {
    let options = RecordBatchOptions::new().with_row_count(Some(rows));
    let batch = RecordBatch::try_new_with_options(arrow_schema(columns), arrays, &options);
    Ok(batch.map_err(DataFusionError::from)?)
}

fn elements(graph: &PropertyGraph, place: Place) -> &Elements {
    match place {
        Place::Node(_) => &graph.nodes,
        Place::Edge(_) | Place::Walk(_) => &graph.edges,
    }
}

/// The column of a property of a node or an edge, and whether nodes without a row have it too.
fn stored(elements: &Elements, place: Place, property: usize) -> Option<(&ArrayRef, bool)> {
    match (place, elements.properties.get(property)?) {
        (Place::Walk(_), _) | (_, Property::Computed(_) | Property::Unused) => None,
        (_, Property::Column(column)) => elements.base.arrays.get(*column).map(|(array, _)| (array, false)),
        (_, Property::Id(column)) => elements.base.arrays.get(*column).map(|(array, _)| (array, true)),
    }
}

/// The nodes or edges that a variable stands for in each match.
fn numbers(matches: &Matches, place: Place, ends: Option<[usize; 2]>) -> &[u32] {
    match (place, ends) {
        (Place::Node(node), None) => &matches.nodes[node],
        (Place::Node(node), Some(ends)) => match ends.iter().position(|&end| end == node) {
            Some(column) => &matches.nodes[column],
            None => &[],
        },
        (Place::Edge(edge) | Place::Walk(edge), _) => match &matches.edges[edge] {
            EdgeColumn::One(edges) => edges,
            EdgeColumn::Walk(_) => &[],
        },
    }
}

/// The values of a property, for these nodes or edges.
fn taken(elements: &Elements, place: Place, property: usize, numbers: &[u32]) -> Result<ArrayRef> {
    let Some((array, has_each)) = stored(elements, place, property) else {
        return Err(HuntError::Run("a property of the graph is not there".to_owned()));
    };
    if has_each || numbers.iter().all(|&number| elements.has_row(number)) {
        let indices = UInt32Array::from(numbers.to_vec());
        return Ok(take(array, &indices, None).map_err(DataFusionError::from)?);
    }
    let empty: ArrayRef = match elements.properties.get(property) {
        Some(Property::Column(column)) if elements.base.arrays[*column].1 == Type::String => {
            Arc::new(StringViewArray::from(vec![""]))
        }
        _ => new_null_array(array.data_type(), 1),
    };
    let pick = |&number: &u32| {
        if elements.has_row(number) {
            (1, number as usize)
        } else {
            (0, 0)
        }
    };
    let picks: Vec<(usize, usize)> = numbers.iter().map(pick).collect();
    Ok(interleave(&[&empty, array], &picks).map_err(DataFusionError::from)?)
}

/// `graph-to-table`: all nodes, or all edges, in the order of the graph.
pub(super) struct PreparedElements {
    graph: PropertyGraph,
    columns: Vec<Column>,
    are_nodes: bool,
    /// Which ids stand in front, as hashes: of the node; of the edge's source, its target.
    ids: Vec<usize>,
}

impl PreparedElements {
    pub fn nodes(operator: &Tabular, graph: PropertyGraph, id: bool) -> Self {
        Self {
            graph,
            columns: operator.columns.clone(),
            are_nodes: true,
            ids: id.then_some(0).into_iter().collect(),
        }
    }

    pub fn edges(operator: &Tabular, graph: PropertyGraph, source: bool, target: bool) -> Self {
        Self {
            graph,
            columns: operator.columns.clone(),
            are_nodes: false,
            ids: [source.then_some(0), target.then_some(1)]
                .into_iter()
                .flatten()
                .collect(),
        }
    }

    pub fn run(&self, control: &Control<'_>, sink: &mut dyn FnMut(RecordBatch) -> bool) -> Result<Option<Partial>> {
        let cx = Context::new(control.now);
        let rows = Rows::new(&self.graph, &cx)?;
        let Some(hash) = kernel("hash") else {
            return Err(HuntError::Run("the function hash() is missing".to_owned()));
        };
        let numbers: Vec<u32> = match self.are_nodes {
            true => {
                let kept = self.graph.kept_nodes();
                (0..self.graph.csr.node_count())
                    .filter(|&node| kept.contains(node))
                    .collect()
            }
            false => {
                let kept = &self.graph.kept_edges;
                (0..self.graph.csr.edge_count())
                    .filter(|&edge| kept.contains(edge))
                    .collect()
            }
        };
        let (elements, element): (_, fn(u32) -> Element) = match self.are_nodes {
            true => (&self.graph.nodes, Element::Node),
            false => (&self.graph.edges, Element::Edge),
        };
        let place = if self.are_nodes { Place::Node(0) } else { Place::Edge(0) };
        for numbers in numbers.chunks(BATCH_ROWS) {
            if (control.is_cancelled)() {
                return Err(HuntError::Cancelled);
            }
            let mut arrays = Vec::with_capacity(self.columns.len());
            for &end in &self.ids {
                let mut builder = ColumnBuilder::new(Type::Long, numbers.len());
                for &number in numbers {
                    let node = if self.are_nodes {
                        number
                    } else {
                        self.graph.ends[number as usize][end]
                    };
                    builder.push(&hash(&cx, &[rows.id(node)]));
                }
                arrays.push(builder.finish());
            }
            for property in 0..elements.properties.len() {
                if stored(elements, place, property).is_some() {
                    arrays.push(taken(elements, place, property, numbers)?);
                    continue;
                }
                let ty = self.columns.get(arrays.len()).map_or(Type::Dynamic, |column| column.ty);
                let mut builder = ColumnBuilder::new(ty, numbers.len());
                for &number in numbers {
                    let value: Datum<'_> = rows.property(element(number), property);
                    builder.push(&value);
                }
                arrays.push(builder.finish());
            }
            if !sink(batch(&self.columns, arrays, numbers.len())?) {
                break;
            }
        }
        Ok(None)
    }
}
