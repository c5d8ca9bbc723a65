//! `join` and `lookup`.

use std::collections::HashSet;
use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, BooleanArray, RecordBatch};
use datafusion::arrow::compute::filter_record_batch;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::arrow::row::{OwnedRow, RowConverter, SortField};
use datafusion::common::{JoinType, Result as SqlResult};
use datafusion::logical_expr::{Expr, LogicalPlanBuilder, lit};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::prelude::when;
use datafusion::scalar::ScalarValue;
use futures::TryStreamExt;
use postern_kql::ir::{JoinKind, Scalar, Tabular};
use postern_kql::{Column, Type};

use super::scalar::Position;
use super::{Lowering, Planned, Result, column_expressions, stream};

impl Lowering {
    pub(super) async fn join(
        &self,
        columns: &[Column],
        kind: JoinKind,
        left: &Arc<Tabular>,
        right: &Arc<Tabular>,
        on: &[(Scalar, Scalar)],
    ) -> Result<Planned> {
        let (mut left_keys, mut right_keys) = (Vec::new(), Vec::new());
        for (left_key, right_key) in on {
            left_keys.push(self.prepare(left_key).await?);
            right_keys.push(self.prepare(right_key).await?);
        }
        let mut left_side = self.side("l", left, &left_keys).await?;
        if kind == JoinKind::InnerUnique {
            left_side = self.first_of_each_key(left_side, left.columns.len()).await?;
        }
        let right_side = self.side("r", right, &right_keys).await?;
        // The side whose rows stream through keeps its order.
        let is_ordered = left_side.is_ordered || right_side.is_ordered;
        let joined = {
            let keys = |planned: &Planned, columns: usize| -> Vec<_> {
                planned.plan.schema().columns().into_iter().skip(columns).collect()
            };
            let on = (
                keys(&left_side, left.columns.len()),
                keys(&right_side, right.columns.len()),
            );
            let join_type = match kind {
                JoinKind::InnerUnique | JoinKind::Inner => JoinType::Inner,
                JoinKind::LeftOuter => JoinType::Left,
                JoinKind::RightOuter => JoinType::Right,
                JoinKind::FullOuter => JoinType::Full,
                JoinKind::LeftSemi => JoinType::LeftSemi,
                JoinKind::LeftAnti => JoinType::LeftAnti,
                JoinKind::RightSemi => JoinType::RightSemi,
                JoinKind::RightAnti => JoinType::RightAnti,
            };
            LogicalPlanBuilder::from(left_side.plan).join(right_side.plan, join_type, on, None)?
        };
        let plan = joined.build()?;
        let all = column_expressions(&plan);
        let (lefts, rights) = match kind {
            JoinKind::LeftSemi | JoinKind::LeftAnti => (all.as_slice(), &[][..]),
            JoinKind::RightSemi | JoinKind::RightAnti => (&[][..], all.as_slice()),
            _ => all.split_at(left.columns.len() + on.len()),
        };
        let kept = lefts
            .iter()
            .take(left.columns.len())
            .chain(rights.iter().take(right.columns.len()));
        let results = kept
            .zip(columns)
            .map(|(expression, column)| Ok(not_null(expression.clone(), column.ty)?.alias(self.fresh(&column.name))))
            .collect::<SqlResult<Vec<_>>>()?;
        Ok(Planned {
            plan: LogicalPlanBuilder::from(plan).project(results)?.build()?,
            is_ordered,
            hidden: Vec::new(),
        })
    }

    /// One side of a join: its columns under names that the other side does not have, then the keys.
    async fn side(&self, prefix: &str, table: &Arc<Tabular>, keys: &[Scalar]) -> Result<Planned> {
        let below = self.plan(table).await?;
        let visible = table.columns.len();
        let mut results: Vec<Expr> = column_expressions(&below.plan)
            .into_iter()
            .take(visible)
            .map(|expression| expression.alias(self.fresh(prefix)))
            .collect();
        results.extend(self.scalars(table, &below, |lowering| {
            keys.iter()
                .map(|key| Ok(lowering.lower(key, Position::Value)?.alias(self.fresh(prefix))))
                .collect::<Result<Vec<_>>>()
        })?);
        let planned = self.on(below, |plan| plan.project(results))?;
        Ok(Planned {
            hidden: Vec::new(),
            ..planned
        })
    }

    /// The first row of each key, as rows come. The keys are the columns from `keys_from` on.
    async fn first_of_each_key(&self, planned: Planned, keys_from: usize) -> Result<Planned> {
        let plan = self.physical_plan(planned).await?;
        let schema = plan.schema();
        let stream_schema = Arc::clone(&schema);
        let rows = stream::table(
            schema,
            Box::new(move |context| {
                let rows = plan.execute(0, context)?;
                let mut seen = Seen::new(&stream_schema, keys_from)?;
                let rows = rows.try_filter_map(move |batch| std::future::ready(seen.keep(&batch)));
                Ok(Box::pin(RecordBatchStreamAdapter::new(
                    Arc::clone(&stream_schema),
                    rows,
                )))
            }),
        )?;
        self.source(rows, true)
    }
}

/// The keys that came already.
struct Seen {
    converter: RowConverter,
    keys: HashSet<OwnedRow>,
    keys_from: usize,
}

impl Seen {
    fn new(schema: &SchemaRef, keys_from: usize) -> SqlResult<Self> {
        let fields = schema.fields()[keys_from..]
            .iter()
            .map(|field| SortField::new(field.data_type().clone()))
            .collect();
        Ok(Self {
            converter: RowConverter::new(fields)?,
            keys: HashSet::new(),
            keys_from,
        })
    }

    fn keep(&mut self, batch: &RecordBatch) -> SqlResult<Option<RecordBatch>> {
        let keys: &[ArrayRef] = &batch.columns()[self.keys_from..];
        let rows = self.converter.convert_columns(keys)?;
        // A row with a null key matches nothing.
        let is_new: BooleanArray = rows
            .iter()
            .enumerate()
            .map(|(index, row)| Some(!keys.iter().any(|key| key.is_null(index)) && self.keys.insert(row.owned())))
            .collect();
        let kept = filter_record_batch(batch, &is_new)?;
        Ok((kept.num_rows() > 0).then_some(kept))
    }
}

/// A string that a join did not find is empty.
fn not_null(expression: Expr, ty: Type) -> SqlResult<Expr> {
    if ty != Type::String {
        return Ok(expression);
    }
    let is_missing = expression.clone().is_null();
    when(is_missing, lit(ScalarValue::Utf8View(Some(String::new())))).otherwise(expression)
}
