//! The graph of the files, for graph operators. Start at [`build`].

use datafusion::arrow::array::RecordBatch;
use postern_kql::{Column, Type};

use super::FileTable;
use super::spec::Made;
use crate::batch::arrow_schema;
use crate::error::HuntError;
use crate::graph::{Part, ResidentGraph};

/// Columns of nodes that are made as JSON and kept with the graph all the same.
const KEPT_JSON: &[&str] = &["Categories"];

/// Builds the graph with the columns that are cheap to keep. Queries that name others build a graph of their own, but
/// for the parts of dynamic columns that are columns of their own.
pub(super) fn build(nodes: &FileTable, edges: &FileTable) -> Result<ResidentGraph, HuntError> {
    let places = kept(nodes);
    let mut columns = columns(nodes, &places);
    let mut parts = Vec::new();
    let mut loaded = places.clone();
    for (number, part) in nodes.spec.parts.iter().enumerate() {
        let Some(column) = columns.iter().position(|column| column.name == part.column) else {
            continue;
        };
        parts.push(Part {
            column,
            path: part.path.iter().map(|key| (*key).to_owned()).collect(),
            stored: columns.len() + parts.len(),
        });
        loaded.push(nodes.columns.len() + number);
    }
    columns.extend(
        parts
            .iter()
            .map(|part| Column::new(format!("part {}", part.path.join(".")), Type::Dynamic)),
    );
    let node_rows = batches(nodes, &loaded, &columns)?;
    let places = kept(edges);
    let edge_columns = self::columns(edges, &places);
    let edge_rows = batches(edges, &places, &edge_columns)?;
    let graph = ResidentGraph::new(&columns, &node_rows, &edge_columns, &edge_rows)?;
    Ok(graph.with_node_parts(parts))
}

fn kept(table: &FileTable) -> Vec<usize> {
    let of_parts = |name: &str| table.spec.parts.iter().any(|part| part.column == name);
    let is_kept = |place: &usize| {
        let column = &table.columns[*place];
        match column.made {
            Made::Null => false,
            Made::Json(_) => KEPT_JSON.contains(&column.name.as_str()) || of_parts(&column.name),
            _ => true,
        }
    };
    (0..table.columns.len()).filter(is_kept).collect()
}

fn columns(table: &FileTable, places: &[usize]) -> Vec<Column> {
    let column = |&place: &usize| Column::new(&table.columns[place].name, table.columns[place].ty);
    places.iter().map(column).collect()
}

/// The rows of these columns, as the files' batches part them.
fn batches(table: &FileTable, places: &[usize], columns: &[Column]) -> Result<Vec<RecordBatch>, HuntError> {
    let loaded = table.load(places)?;
    let schema = arrow_schema(columns);
    let count = loaded.first().map_or(0, Vec::len);
    let batch = |number: usize| {
        let arrays = loaded.iter().map(|arrays| arrays[number].clone()).collect();
        RecordBatch::try_new(schema.clone(), arrays)
    };
    let made = (0..count).map(batch).collect::<Result<_, _>>();
    Ok(made.map_err(datafusion::error::DataFusionError::from)?)
}
