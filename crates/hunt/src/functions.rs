//! The rows of table functions.
//!
//! Their work is done where a thread may block. What they give is held in memory: paths, choke points, the reach of one
//! place, what changed between two generations.

use std::collections::HashMap;
use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use datafusion::arrow::array::{
    ArrayRef, AsArray, BooleanArray, Int32Array, RecordBatch, StringViewArray, TimestampMicrosecondArray,
};
use datafusion::arrow::compute::filter_record_batch;
use datafusion::arrow::datatypes::{Field, Int32Type, Schema};
use datafusion::catalog::TableProvider;
use datafusion::datasource::MemTable;
use datafusion::error::DataFusionError;
use postern_kql::{Column, Type};

use crate::error::HuntError;
use crate::estate_world::{Estates, WatchlistHead};
use crate::tables::{EstateTables, TableSpec, hex};
use crate::world::arrow_type;

/// Rows that `diff` gives; further changes are not listed, and the query fails rather than leave them out in silence.
const DIFF_ROWS_MAX: usize = 2_000_000;

type Provider = Arc<dyn TableProvider>;

/// Runs work that blocks.
pub async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, HuntError> + Send + 'static,
) -> Result<T, HuntError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        Err(stopped) => Err(DataFusionError::External(stopped.into()).into()),
    }
}

fn provider(columns: &[Column], batches: Vec<RecordBatch>) -> Result<Provider, HuntError> {
    let fields: Vec<_> = columns
        .iter()
        .map(|column| Field::new(&column.name, arrow_type(column.ty), column.ty != Type::String))
        .collect();
    Ok(Arc::new(MemTable::try_new(
        Arc::new(Schema::new(fields)),
        vec![batches],
    )?))
}

fn batch(columns: &[Column], arrays: Vec<ArrayRef>) -> Result<RecordBatch, HuntError> {
    let fields: Vec<_> = columns
        .iter()
        .map(|column| Field::new(&column.name, arrow_type(column.ty), column.ty != Type::String))
        .collect();
    Ok(RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays).map_err(DataFusionError::from)?)
}

fn spec(name: &str) -> Result<&'static TableSpec, HuntError> {
    TableSpec::find(name).ok_or_else(|| HuntError::Run(format!("there is no table {name}")))
}

/// All rows of a table, of its own columns.
fn all_rows(tables: &EstateTables, spec: &'static TableSpec) -> Result<Vec<RecordBatch>, HuntError> {
    let columns: Vec<_> = (0..spec.columns.len()).collect();
    let mut batches = Vec::new();
    tables.make(spec, &columns, &mut |batch| {
        batches.push(batch);
        Ok(())
    })?;
    Ok(batches)
}

fn texts<'b>(batch: &'b RecordBatch, name: &str) -> Result<&'b StringViewArray, HuntError> {
    let column = batch
        .column_by_name(name)
        .and_then(|column| column.as_string_view_opt());
    column.ok_or_else(|| DataFusionError::Internal(format!("{name} is no column of text")).into())
}

fn keep(
    batches: Vec<RecordBatch>,
    is_kept: impl Fn(&RecordBatch) -> Result<BooleanArray, HuntError>,
) -> Result<Vec<RecordBatch>, HuntError> {
    let kept = batches.iter().map(|batch| {
        let mask = is_kept(batch)?;
        Ok(filter_record_batch(batch, &mask).map_err(DataFusionError::from)?)
    });
    kept.collect()
}

/// The id of a place that a person names; virtual entry points and control planes are good too.
fn place_id(tables: &EstateTables, text: &str) -> Result<String, HuntError> {
    let index = tables.index()?;
    match index.find(text) {
        Some(place) => Ok(hex(index.id(place)).as_str().to_owned()),
        None => Ok(hex(postern_model::NodeId::of(text).0).as_str().to_owned()),
    }
}

pub async fn attack_paths(
    tables: Arc<EstateTables>,
    from: Option<&str>,
    to: Option<&str>,
    cost_max: Option<i64>,
) -> Result<Provider, HuntError> {
    let ends = [from, to].map(|end| end.filter(|it| !it.is_empty()).map(str::to_owned));
    blocking(move || {
        let spec = spec("AttackPaths")?;
        // A place may be named by what paths call it, which need not be a node.
        let ids = ends
            .each_ref()
            .map(|end| end.as_deref().map(|text| place_id(&tables, text)).transpose());
        let [from, to] = ids;
        let (from, to) = (from?, to?);
        let batches = keep(all_rows(&tables, spec)?, |batch| {
            let columns = ["EntryId", "EntryName", "TargetId", "TargetName"];
            let [entry_ids, entry_names, target_ids, target_names] = columns.map(|name| texts(batch, name));
            let (entry_ids, entry_names) = (entry_ids?, entry_names?);
            let (target_ids, target_names) = (target_ids?, target_names?);
            let cost = batch
                .column_by_name("Cost")
                .and_then(|it| it.as_primitive_opt::<Int32Type>());
            let is = |row: usize,
                      id: &Option<String>,
                      name: &Option<String>,
                      ids: &StringViewArray,
                      names: &StringViewArray| {
                id.as_deref().is_none_or(|id| ids.value(row) == id)
                    || name
                        .as_deref()
                        .is_some_and(|name| names.value(row).eq_ignore_ascii_case(name))
            };
            let rows = (0..batch.num_rows()).map(|row| {
                is(row, &from, &ends[0], entry_ids, entry_names)
                    && is(row, &to, &ends[1], target_ids, target_names)
                    && cost_max.is_none_or(|max| cost.is_some_and(|cost| i64::from(cost.value(row)) <= max))
            });
            Ok(rows.map(Some).collect())
        })?;
        provider(&spec.table().columns, batches)
    })
    .await
}

pub async fn choke_points(tables: Arc<EstateTables>, kind: Option<&str>) -> Result<Provider, HuntError> {
    let kind = kind.filter(|it| !it.is_empty()).map(str::to_owned);
    blocking(move || {
        let spec = spec("ChokePoints")?;
        let batches = keep(all_rows(&tables, spec)?, |batch| {
            let kinds = texts(batch, "ElementKind")?;
            let is_kept = |row| kind.as_deref().is_none_or(|kind| kinds.value(row) == kind);
            Ok((0..batch.num_rows()).map(|row| Some(is_kept(row))).collect())
        })?;
        provider(&spec.table().columns, batches)
    })
    .await
}

pub fn blast_columns() -> Vec<Column> {
    vec![
        Column::new("NodeId", Type::String),
        Column::new("NodeName", Type::String),
        Column::new("NodeLabel", Type::String),
        Column::new("CriticalityLevel", Type::Int),
        Column::new("IsTarget", Type::Bool),
        Column::new("IsBehindTarget", Type::Bool),
    ]
}

pub async fn blast_radius(estates: &dyn Estates, place: &str) -> Result<Provider, HuntError> {
    let tables = estates.current().await?;
    let asked = place.to_owned();
    let (tables, node) = blocking(move || {
        let index = tables.index()?;
        let place = index.find(&asked);
        let place = place
            .ok_or_else(|| HuntError::Run(format!("{asked:?} is no id of a node, and not the name of exactly one")))?;
        let node = index.id(place);
        Ok((tables, node))
    })
    .await?;
    let reached = estates.blast_radius(node).await?;
    blocking(move || {
        let (index, levels) = (tables.index()?, tables.levels()?);
        let places: Vec<_> = reached
            .iter()
            .filter_map(|it| Some((index.place(it.node)?, it)))
            .collect();
        let text = |of: &dyn Fn(u32) -> String| -> ArrayRef {
            Arc::new(StringViewArray::from_iter_values(
                places.iter().map(|&(place, _)| of(place)),
            ))
        };
        let columns = blast_columns();
        let rows = batch(
            &columns,
            vec![
                text(&|place| hex(index.id(place)).as_str().to_owned()),
                text(&|place| index.name(place).to_owned()),
                text(&|place| index.label(place).to_owned()),
                Arc::new(Int32Array::from_iter(
                    places
                        .iter()
                        .map(|(place, _)| levels.get(place).map(|level| level.level)),
                )),
                Arc::new(BooleanArray::from_iter(places.iter().map(|(_, it)| Some(it.is_target)))),
                Arc::new(BooleanArray::from_iter(
                    places.iter().map(|(_, it)| Some(it.is_behind_target)),
                )),
            ],
        )?;
        provider(&columns, vec![rows])
    })
    .await
}

/// What `diff` compares: a kind of row, its table, id, name and label, and what counts as a change.
const COMPARED: &[(&str, &str, [&str; 3], &[&str])] = &[
    (
        "node",
        "ExposureGraphNodes",
        ["NodeId", "NodeName", "NodeLabel"],
        &["CriticalityLevel"],
    ),
    (
        "edge",
        "ExposureGraphEdges",
        ["EdgeId", "SourceNodeName", "EdgeLabel"],
        &["TargetNodeName", "Technique", "IsTraversable", "Cost"],
    ),
    (
        "finding",
        "Findings",
        ["FindingId", "NodeName", "WeaknessId"],
        &["Severity", "Title", "IsKev"],
    ),
    (
        "attack path",
        "AttackPaths",
        ["PathId", "EntryName", "Risk"],
        &["TargetName", "Cost", "Hops"],
    ),
];

pub fn diff_columns() -> Vec<Column> {
    vec![
        Column::new("Change", Type::String),
        Column::new("Kind", Type::String),
        Column::new("Id", Type::String),
        Column::new("Name", Type::String),
        Column::new("Label", Type::String),
        Column::new("Detail", Type::Dynamic),
    ]
}

/// One row that differs.
type Difference = [String; 6];

pub async fn diff(from: Arc<EstateTables>, to: Arc<EstateTables>) -> Result<Provider, HuntError> {
    blocking(move || {
        let mut found: Vec<Difference> = Vec::new();
        for &(kind, table, [id, name, label], state) in COMPARED {
            let spec = spec(table)?;
            let names: Vec<_> = [id, name, label].into_iter().chain(state.iter().copied()).collect();
            let columns: Vec<_> = names
                .iter()
                .filter_map(|name| spec.columns.iter().position(|it| it.name == *name))
                .collect();
            // A hash of what it was, and whether it is still there.
            let mut before: HashMap<u128, (u64, bool)> = HashMap::new();
            each_text_row(&from, spec, &columns, &mut |row| {
                before.insert(id_of(&row[0]), (hash_of(row), false));
                Ok(())
            })?;
            let mut add = |change: &str, row: &[String]| {
                if found.len() == DIFF_ROWS_MAX {
                    return Err(HuntError::Limit {
                        limit: format!("{DIFF_ROWS_MAX} changes"),
                        hint: "compare two times that are closer to each other".to_owned(),
                    });
                }
                let detail = state
                    .iter()
                    .zip(&row[3..])
                    .map(|(name, value)| (serde_json::Value::from(*name), serde_json::Value::from(value.as_str())));
                let detail: serde_json::Map<_, _> = detail
                    .filter_map(|(name, value)| Some((name.as_str()?.to_owned(), value)))
                    .collect();
                found.push([
                    change.to_owned(),
                    kind.to_owned(),
                    row[0].clone(),
                    row[1].clone(),
                    row[2].clone(),
                    serde_json::Value::Object(detail).to_string(),
                ]);
                Ok(())
            };
            each_text_row(&to, spec, &columns, &mut |row| match before.get_mut(&id_of(&row[0])) {
                None => add("added", row),
                Some((hash, is_there)) => {
                    *is_there = true;
                    if *hash == hash_of(row) {
                        Ok(())
                    } else {
                        add("changed", row)
                    }
                }
            })?;
            each_text_row(&from, spec, &columns, &mut |row| match before.get(&id_of(&row[0])) {
                Some((_, false)) => add("removed", row),
                _ => Ok(()),
            })?;
        }
        let columns = diff_columns();
        let arrays = (0..columns.len()).map(|at| -> ArrayRef {
            Arc::new(StringViewArray::from_iter_values(
                found.iter().map(|row| row[at].as_str()),
            ))
        });
        let rows = batch(&columns, arrays.collect())?;
        provider(&columns, vec![rows])
    })
    .await
}

fn id_of(text: &str) -> u128 {
    u128::from_str_radix(text, 16).unwrap_or_default()
}

fn hash_of(row: &[String]) -> u64 {
    let mut hasher = DefaultHasher::new();
    row.hash(&mut hasher);
    hasher.finish()
}

/// Hands on rows as texts; a null is empty.
fn each_text_row(
    tables: &EstateTables,
    spec: &'static TableSpec,
    columns: &[usize],
    each: &mut dyn FnMut(&[String]) -> Result<(), HuntError>,
) -> Result<(), HuntError> {
    let heads: Vec<_> = columns
        .iter()
        .map(|&at| Column::new(spec.columns[at].name, spec.columns[at].ty))
        .collect();
    tables.make(spec, columns, &mut |batch| {
        let rows = crate::output::Rows::new(&heads, &batch)?;
        let mut row = vec![String::new(); heads.len()];
        for number in 0..rows.len() {
            for (at, cell) in row.iter_mut().enumerate() {
                cell.clear();
                cell.push_str(&rows.text(number, at));
            }
            each(&row)?;
        }
        Ok(())
    })
}

/// The columns that every watchlist has.
pub fn watchlist_common_columns() -> Vec<Column> {
    vec![
        Column::new("_DTItemId", Type::String),
        Column::new("LastUpdatedTimeUTC", Type::DateTime),
        Column::new("SearchKey", Type::String),
        Column::new("WatchlistItem", Type::Dynamic),
    ]
}

pub fn watchlist_columns(head: &WatchlistHead) -> Vec<Column> {
    let own = head.columns.iter().map(|name| Column::new(name, Type::String));
    watchlist_common_columns().into_iter().chain(own).collect()
}

pub fn watchlist(head: &WatchlistHead, items: &[Vec<String>]) -> Result<Provider, HuntError> {
    let key = head.columns.iter().position(|column| *column == head.search_key);
    let cell = |item: &[String], at: Option<usize>| at.and_then(|at| item.get(at)).cloned().unwrap_or_default();
    let text = |of: &dyn Fn(&[String]) -> String| -> ArrayRef {
        Arc::new(StringViewArray::from_iter_values(items.iter().map(|item| of(item))))
    };
    let object = |item: &[String]| {
        let members = head
            .columns
            .iter()
            .cloned()
            .zip(item.iter().map(|it| serde_json::Value::from(it.as_str())));
        serde_json::Value::Object(members.collect()).to_string()
    };
    let numbers = StringViewArray::from_iter_values((1..=items.len()).map(|number| number.to_string()));
    let times = TimestampMicrosecondArray::from_value(head.changed_at, items.len()).with_timezone("UTC");
    let mut arrays: Vec<ArrayRef> = vec![
        Arc::new(numbers),
        Arc::new(times),
        text(&|item| cell(item, key)),
        text(&object),
    ];
    for at in 0..head.columns.len() {
        arrays.push(text(&|item| cell(item, Some(at))));
    }
    let columns = watchlist_columns(head);
    let rows = batch(&columns, arrays)?;
    provider(&columns, vec![rows])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_watchlist_has_its_own_columns_behind_the_common_ones() {
        let head = WatchlistHead {
            name: "Travel".to_owned(),
            search_key: "Upn".to_owned(),
            columns: vec!["Upn".to_owned(), "Country".to_owned()],
            changed_at: 0,
        };
        let columns = watchlist_columns(&head);
        let names: Vec<_> = columns.iter().map(|it| it.name.as_str()).collect();
        assert_eq!(
            names,
            [
                "_DTItemId",
                "LastUpdatedTimeUTC",
                "SearchKey",
                "WatchlistItem",
                "Upn",
                "Country"
            ]
        );
        let provider = watchlist(&head, &[vec!["a@x".to_owned(), "DE".to_owned()]]).unwrap();
        assert_eq!(provider.schema().fields().len(), 6);
    }
}
