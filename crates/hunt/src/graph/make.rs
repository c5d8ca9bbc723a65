//! Graphs out of tables. Start at [`graph`].

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, AsArray, Int64Array, RecordBatch, StringViewArray, new_null_array};
use datafusion::arrow::compute::{cast, concat_batches, interleave};
use datafusion::arrow::datatypes::DataType;
use datafusion::arrow::row::{RowConverter, SortField};
use datafusion::error::DataFusionError;
use postern_graph::pattern::Allowed;
use postern_graph::{Components, Csr, Edge, FixedBitSet, strongly_connected, weakly_connected};
use postern_kql::ir::{Graph, GraphOp, Op, Scalar, ScalarKind, Tabular};
use postern_kql::{Column, Type};
use postern_kql_functions::Context;

use super::element::{Element, Rows};
use super::property::{Base, Elements, Property, PropertyGraph};
use super::{Control, Result, Tables, Used, conjuncts, resident};
use crate::batch::arrow_schema;
use crate::error::HuntError;
use crate::world::arrow_type;

/// A table of nodes.
pub(super) struct NodeTable {
    pub rows: Vec<RecordBatch>,
    pub columns: Vec<Column>,
    /// The column of the id.
    pub id: usize,
    /// For each column the property that it is.
    pub places: Vec<usize>,
}

/// A graph that was built, and how many of its nodes have a row in a table: these come first.
pub(super) struct Built {
    pub graph: PropertyGraph,
    pub own_rows: u32,
}

/// Makes the graph of an expression.
pub(super) async fn graph(
    of: &Graph,
    used: &Used,
    tables: &dyn Tables,
    control: &Control<'_>,
) -> Result<PropertyGraph> {
    // From the operator that was written last down to `make-graph`, and back.
    let mut steps = vec![of];
    while let Some(step) = steps.last() {
        match &step.op {
            GraphOp::MarkComponents { input, .. }
            | GraphOp::WhereNodes { input, .. }
            | GraphOp::WhereEdges { input, .. } => steps.push(input),
            GraphOp::Make { .. } => break,
        }
    }
    let mut graph = made(steps[steps.len() - 1], used, tables, control).await?;
    for step in steps.into_iter().rev() {
        match &step.op {
            GraphOp::Make { .. } => {}
            GraphOp::MarkComponents { strong, .. } => mark_components(&mut graph, *strong)?,
            GraphOp::WhereNodes { predicate, .. } => {
                let predicate = tables.computed(predicate).await?;
                let cx = Context::new(control.now);
                let among = graph.kept_nodes().clone();
                let kept = conjuncts::select(
                    &graph,
                    &Rows::new(&graph, &cx)?,
                    &predicate,
                    among,
                    Element::Node,
                    control,
                )?;
                let kept = bits(&kept, graph.csr.node_count());
                graph.drop_nodes(&kept);
            }
            GraphOp::WhereEdges { predicate, .. } => {
                let predicate = tables.computed(predicate).await?;
                let cx = Context::new(control.now);
                let among = graph.kept_edges.clone();
                let kept = conjuncts::select(
                    &graph,
                    &Rows::new(&graph, &cx)?,
                    &predicate,
                    among,
                    Element::Edge,
                    control,
                )?;
                let kept = bits(&kept, graph.csr.edge_count());
                graph.drop_edges(kept);
            }
        }
    }
    Ok(graph)
}

/// A set as one bit for each number.
pub(super) fn bits(set: &Allowed, count: u32) -> FixedBitSet {
    let mut bits = FixedBitSet::with_capacity(count as usize);
    match set {
        Allowed::All => bits.insert_range(..),
        Allowed::Range(range) => bits.insert_range(range.start as usize..range.end as usize),
        Allowed::Bits(given) => bits.union_with(given),
    }
    bits
}

/// The graph of a `make-graph`.
async fn made(of: &Graph, used: &Used, tables: &dyn Tables, control: &Control<'_>) -> Result<PropertyGraph> {
    if let Some(graph) = resident::recognised(of, used, tables, control).await? {
        return Ok(graph);
    }
    let GraphOp::Make {
        edges,
        source,
        target,
        nodes,
    } = &of.op
    else {
        return Err(HuntError::Run("a graph begins with make-graph".to_owned()));
    };
    let mut node_tables = Vec::with_capacity(nodes.len());
    for (table, id, places) in nodes {
        let kept: Vec<usize> = (0..table.columns.len())
            .filter(|&column| column == *id || used.nodes.contains(places[column]))
            .collect();
        let table = narrowed(table, &kept);
        node_tables.push(NodeTable {
            rows: with_columns(tables.rows(&table).await?, &table.columns)?,
            columns: table.columns.clone(),
            id: kept.iter().position(|column| column == id).unwrap_or_default(),
            places: kept.iter().map(|&column| places[column]).collect(),
        });
    }
    let kept: Vec<usize> = (0..edges.columns.len())
        .filter(|column| column == source || column == target || used.edges.contains(*column))
        .collect();
    let edge_count = edges.columns.len();
    let edges = narrowed(edges, &kept);
    let place = |column: &usize| kept.iter().position(|kept| kept == column);
    let ends = [place(source).unwrap_or_default(), place(target).unwrap_or_default()];
    let edge_rows = with_columns(tables.rows(&edges).await?, &edges.columns)?;
    let all = node_tables.iter().flat_map(|table| &table.rows).chain(&edge_rows);
    let bytes: usize = all.map(RecordBatch::get_array_memory_size).sum();
    // Rows and the columns that are built of them stand side by side.
    if bytes.saturating_mul(2) > control.budget.memory_bytes_max {
        return Err(HuntError::Limit {
            limit: format!("{} bytes of memory for a graph", control.budget.memory_bytes_max),
            hint: "filter nodes and edges, or project fewer columns, before make-graph".to_owned(),
        });
    }
    let edge_rows = concat_batches(&arrow_schema(&edges.columns), &edge_rows).map_err(DataFusionError::from)?;
    let mut graph = build(edge_rows, &edges.columns, ends, &node_tables, &of.nodes)?.graph;
    let property = |column: usize| place(&column).map_or(Property::Unused, Property::Column);
    graph.edges.properties = (0..edge_count).map(property).collect();
    Ok(graph)
}

/// The table with some of its columns.
fn narrowed(table: &Arc<Tabular>, kept: &[usize]) -> Arc<Tabular> {
    if kept.len() == table.columns.len() {
        return Arc::clone(table);
    }
    let value = |&column: &usize| Scalar {
        kind: ScalarKind::Column(column),
        ty: table.columns[column].ty,
        span: table.span,
    };
    Arc::new(Tabular {
        columns: kept.iter().map(|&column| table.columns[column].clone()).collect(),
        op: Op::Project {
            input: Arc::clone(table),
            values: kept.iter().map(value).collect(),
        },
        span: table.span,
        is_open: false,
    })
}

/// The batches with the names and nullability of the query's columns.
fn with_columns(batches: Vec<RecordBatch>, columns: &[Column]) -> Result<Vec<RecordBatch>> {
    let schema = arrow_schema(columns);
    let renamed = batches.into_iter().map(|batch| {
        let arrays = batch.columns().iter().zip(schema.fields());
        let arrays = arrays.map(|(array, field)| match array.data_type() == field.data_type() {
            true => Ok(Arc::clone(array)),
            false => cast(array, field.data_type()),
        });
        RecordBatch::try_new(Arc::clone(&schema), arrays.collect::<std::result::Result<_, _>>()?)
    });
    Ok(renamed
        .collect::<std::result::Result<_, _>>()
        .map_err(DataFusionError::from)?)
}

/// Builds a graph: nodes in the order of the node tables' rows, then ends of edges that have no row, in the order of
/// the edges. Several rows of one id are one node, whose properties are the first that are not empty.
pub(super) fn build(
    edges: RecordBatch,
    edge_columns: &[Column],
    ends: [usize; 2],
    node_tables: &[NodeTable],
    node_columns: &[Column],
) -> Result<Built> {
    let mut tables = Vec::with_capacity(node_tables.len());
    for table in node_tables {
        let rows = concat_batches(&arrow_schema(&table.columns), &table.rows).map_err(DataFusionError::from)?;
        tables.push((table, rows));
    }
    // The columns that hold ids: of the node tables, then of the edges' ends.
    let mut id_arrays: Vec<ArrayRef> = tables
        .iter()
        .map(|(table, rows)| Arc::clone(rows.column(table.id)))
        .collect();
    id_arrays.extend(ends.map(|end| Arc::clone(edges.column(end))));
    let id_type = edge_columns[ends[0]].ty;
    let id_arrays = of_one_type(&id_arrays, id_type)?;

    let (numbers, id_picks) = numbered(&id_arrays)?;
    let own_rows = match numbers.split_last_chunk::<2>() {
        Some((own, _)) => own.iter().flatten().max().map_or(0, |last| last + 1),
        None => 0,
    };
    let node_count = id_picks.len() as u32;
    let [sources, targets] = [&numbers[tables.len()], &numbers[tables.len() + 1]];
    let end_pairs: Arc<[[u32; 2]]> = sources
        .iter()
        .zip(targets)
        .map(|(&source, &target)| [source, target])
        .collect();
    let csr_edges: Vec<Edge> = end_pairs
        .iter()
        .map(|&[source, target]| Edge {
            source,
            target,
            cost: 1,
        })
        .collect();
    let csr = Csr::from_edges(node_count, &csr_edges).map_err(|error| HuntError::Limit {
        limit: error.to_string(),
        hint: "filter nodes and edges before make-graph".to_owned(),
    })?;
    let ids = interleaved(&id_arrays, &id_picks)?;

    let mut nodes = Vec::with_capacity(node_columns.len());
    let mut properties = Vec::with_capacity(node_columns.len());
    for (place, column) in node_columns.iter().enumerate() {
        if !tables.is_empty() && tables.iter().all(|(table, _)| !table.places.contains(&place)) {
            properties.push(Property::Unused);
            continue;
        }
        let is_id = tables.is_empty()
            || tables
                .iter()
                .any(|(table, _)| table.places.get(table.id) == Some(&place));
        let array = match tables.is_empty() {
            true => of_type(&ids, column.ty)?,
            false => merged(place, column.ty, &tables, &numbers, is_id.then_some(&ids), own_rows)?,
        };
        properties.push(if is_id {
            Property::Id(nodes.len())
        } else {
            Property::Column(nodes.len())
        });
        nodes.push((array, column.ty));
    }
    let nodes = Elements {
        properties,
        base: base(nodes),
        rows: None,
        parts: Arc::default(),
    };
    let edge_arrays = edges
        .columns()
        .iter()
        .zip(edge_columns)
        .map(|(array, column)| (Arc::clone(array), column.ty));
    let edges = Elements {
        properties: (0..edge_columns.len()).map(Property::Column).collect(),
        base: base(edge_arrays.collect()),
        rows: None,
        parts: Arc::default(),
    };
    let ids_type = if id_type == Type::Int { Type::Long } else { id_type };
    let graph = PropertyGraph::new(Arc::new(csr), end_pairs, nodes, edges, (ids, ids_type), Allowed::All);
    Ok(Built { graph, own_rows })
}

fn base(arrays: Vec<(ArrayRef, Type)>) -> Base {
    Base {
        coded: vec![None; arrays.len()],
        arrays,
    }
}

/// Ids as values of one type: 32-bit numbers become long ones.
fn of_one_type(arrays: &[ArrayRef], ty: Type) -> Result<Vec<ArrayRef>> {
    let ty = arrow_type(if ty == Type::Int { Type::Long } else { ty });
    let one = |array: &ArrayRef| -> Result<ArrayRef> {
        if array.data_type() == &ty {
            Ok(Arc::clone(array))
        } else if array.data_type() == &DataType::Int32 && ty == DataType::Int64 {
            Ok(cast(array, &ty).map_err(DataFusionError::from)?)
        } else {
            let message = "the ids of nodes and of the ends of edges must have one type";
            Err(HuntError::Run(message.to_owned()))
        }
    };
    arrays.iter().map(one).collect()
}

/// An array, and a place in it.
type Pick = (usize, usize);

/// A number for each distinct id, in the order of appearance; and for each number where the id stands. The last two
/// arrays are the sources and targets of edges, which are read together.
fn numbered(arrays: &[ArrayRef]) -> Result<(Vec<Vec<u32>>, Vec<Pick>)> {
    let Some(first) = arrays.first() else {
        return Ok((Vec::new(), Vec::new()));
    };
    let texts: Option<Vec<&StringViewArray>> = arrays.iter().map(|array| array.as_string_view_opt()).collect();
    if let Some(texts) = texts {
        let text = |table: usize, row: usize| (!texts[table].is_null(row)).then(|| texts[table].value(row));
        return Ok(numbered_by(arrays, text));
    }
    let converter =
        RowConverter::new(vec![SortField::new(first.data_type().clone())]).map_err(DataFusionError::from)?;
    let mut rows = Vec::with_capacity(arrays.len());
    for array in arrays {
        rows.push(
            converter
                .convert_columns(std::slice::from_ref(array))
                .map_err(DataFusionError::from)?,
        );
    }
    let keys: Vec<Vec<_>> = rows.iter().map(|rows| rows.iter().collect()).collect();
    Ok(numbered_by(arrays, |table, row| keys[table][row].as_ref()))
}

fn numbered_by<K: Eq + Hash>(arrays: &[ArrayRef], key: impl Fn(usize, usize) -> K) -> (Vec<Vec<u32>>, Vec<Pick>) {
    let mut known: HashMap<K, u32> = HashMap::new();
    let mut picks = Vec::new();
    let mut numbers: Vec<Vec<u32>> = arrays.iter().map(|array| Vec::with_capacity(array.len())).collect();
    let node_tables = arrays.len().saturating_sub(2);
    let mut number = |table: usize, row: usize| {
        let next = picks.len() as u32;
        let number = *known.entry(key(table, row)).or_insert_with(|| {
            picks.push((table, row));
            next
        });
        numbers[table].push(number);
    };
    for (table, array) in arrays.iter().enumerate().take(node_tables) {
        (0..array.len()).for_each(|row| number(table, row));
    }
    for row in 0..arrays[node_tables].len() {
        number(node_tables, row);
        number(node_tables + 1, row);
    }
    (numbers, picks)
}

fn interleaved(arrays: &[ArrayRef], picks: &[Pick]) -> Result<ArrayRef> {
    let arrays: Vec<&dyn Array> = arrays.iter().map(AsRef::as_ref).collect();
    Ok(interleave(&arrays, picks).map_err(DataFusionError::from)?)
}

/// The values as those of a property: of two tables that name it the first says its type.
fn of_type(array: &ArrayRef, ty: Type) -> Result<ArrayRef> {
    let ty = arrow_type(ty);
    if array.data_type() == &ty {
        return Ok(Arc::clone(array));
    }
    Ok(cast(array, &ty).map_err(DataFusionError::from)?)
}

/// One property of all nodes out of the tables that have it. Nodes without a row have none, but for their id.
fn merged(
    place: usize,
    ty: Type,
    tables: &[(&NodeTable, RecordBatch)],
    numbers: &[Vec<u32>],
    ids: Option<&ArrayRef>,
    own_rows: u32,
) -> Result<ArrayRef> {
    let node_count = numbers.iter().flatten().max().map_or(0, |last| *last as usize + 1);
    let empty: ArrayRef = match ty {
        Type::String => Arc::new(StringViewArray::from(vec![""])),
        ty => new_null_array(&arrow_type(ty), 1),
    };
    let mut arrays = vec![empty];
    let mut picks = vec![(0, 0); node_count];
    for ((table, rows), numbers) in tables.iter().zip(numbers) {
        let Some(column) = table.places.iter().position(|&at| at == place) else {
            continue;
        };
        let array = of_type(rows.column(column), ty)?;
        let texts = if ty == Type::String {
            array.as_string_view_opt()
        } else {
            None
        };
        for (row, &number) in numbers.iter().enumerate() {
            let is_empty = array.is_null(row) || texts.is_some_and(|texts| texts.value(row).is_empty());
            let pick = &mut picks[number as usize];
            if pick.0 == 0 && !is_empty {
                *pick = (arrays.len(), row);
            }
        }
        arrays.push(array);
    }
    if let Some(ids) = ids {
        for (number, pick) in picks.iter_mut().enumerate().skip(own_rows as usize) {
            *pick = (arrays.len(), number);
        }
        arrays.push(of_type(ids, ty)?);
    }
    interleaved(&arrays, &picks)
}

/// Appends the property with the number of each node's component.
fn mark_components(graph: &mut PropertyGraph, strong: bool) -> Result<()> {
    let left: Vec<Edge> = (0u32..)
        .zip(graph.ends.iter())
        .filter(|(edge, _)| graph.kept_edges.contains(*edge))
        .map(|(_, &[source, target])| Edge {
            source,
            target,
            cost: 1,
        })
        .collect();
    let csr = Csr::from_edges(graph.csr.node_count(), &left).map_err(|error| HuntError::Run(error.to_string()))?;
    let Components { of, count } = if strong {
        strongly_connected(&csr)
    } else {
        weakly_connected(&csr)
    };
    // In the order of the first nodes, over nodes that there are.
    let mut renumbered: Vec<Option<i64>> = vec![None; count as usize];
    let mut next = 0;
    let mut numbers: Vec<Option<i64>> = vec![None; of.len()];
    for (node, component) in (0u32..).zip(of) {
        if graph.kept_nodes().contains(node) {
            let number = renumbered[component as usize].get_or_insert_with(|| {
                next += 1;
                next - 1
            });
            numbers[node as usize] = Some(*number);
        }
    }
    let column = graph.nodes.base.arrays.len();
    graph
        .nodes
        .base
        .arrays
        .push((Arc::new(Int64Array::from(numbers)), Type::Long));
    graph.nodes.base.coded.push(None);
    // Nodes without a row have a component too.
    graph.nodes.properties.push(Property::Id(column));
    Ok(())
}
