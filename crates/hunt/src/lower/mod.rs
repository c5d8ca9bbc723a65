//! From the bound query to plans of DataFusion.
//!
//! Start at [`Lowering::plan`]. Each operator of the language becomes nodes of DataFusion, or an own operator that
//! reads the plan below it as a stream ([`stream::Source`]).
//!
//! **Order.** DataFusion keeps the order of rows within one partition and promises nothing between several. What gives
//! rows an order (`sort`, `top`, `serialize`, literal rows) is planned by itself, with as many threads as the budget
//! has, and becomes a source of one partition; everything above a source whose order matters is planned for one
//! partition ([`Planned::is_ordered`]), where filters, projections and aggregates keep it.

mod aggregate;
mod by_row;
mod code_test;
mod dense;
mod graph;
mod in_set;
mod interpreted;
mod join;
mod machine;
mod order;
mod scalar;
mod source;
mod stream;
mod text_test;
mod walk;

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use datafusion::arrow::array::RecordBatch;
use datafusion::common::{Column as SqlColumn, Result as SqlResult};
use datafusion::datasource::{MemTable, provider_as_source};
use datafusion::execution::{SessionState, TaskContext};
use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder};
use datafusion::physical_plan::ExecutionPlan;
use futures::future::BoxFuture;
use futures::{FutureExt, StreamExt};
use postern_kql::ir::{self, Op, Scalar, ScalarKind, Tabular};
use postern_kql::{Code, Column, Diagnostic, Type, Value};
use postern_kql_functions::{Context, Datum};

use crate::batch::{ColumnReader, RowBuilder, arrow_schema};
use crate::budget::{Budget, Cuts, Partial, Watch};
use crate::error::HuntError;
use crate::graph::Need;
use crate::world::{Codes, World};
use dense::Dense;
use scalar::{Position, ScalarLowering};

/// Values of a table that stands behind `in`; the language's own limit.
pub const IN_TABLE_VALUES_MAX: usize = 1_000_000;

/// Operators of one query, with those of a `let` counted as often as it is used.
pub const OPERATORS_MAX: usize = 10_000;

type Result<T> = std::result::Result<T, HuntError>;

/// A part of the query as a plan. Its first columns are those of the bound table, by position.
#[derive(Clone, Debug)]
pub struct Planned {
    pub plan: LogicalPlan,
    /// The order of its rows means something.
    pub is_ordered: bool,
    /// What stands behind those columns: other forms of some of them, which a table keeps. They go along where rows
    /// pass whole.
    pub hidden: Vec<Hidden>,
}

/// Another form of a column.
#[derive(Clone, Debug)]
pub struct Hidden {
    /// The column, by position.
    pub column: usize,
    pub form: Form,
}

#[derive(Clone, Debug)]
pub enum Form {
    /// A part of a dynamic column, so that a path into it is read and not parsed.
    Part(Vec<String>),
    /// Each string as its place in a list of the distinct ones.
    Codes(Arc<Codes>),
}

/// Lowers one query. Parts that are needed twice are computed once and kept here.
pub struct Lowering {
    world: Arc<dyn World>,
    budget: Budget,
    /// Plans with all threads, and with one.
    parallel: SessionState,
    serial: SessionState,
    /// Rows, and whether their order means something.
    materialized: Mutex<HashMap<u32, (Arc<MemTable>, bool)>>,
    cuts: Cuts,
    watch: Watch,
    planned: AtomicUsize,
    named: AtomicUsize,
    /// Patterns of which what comes next needs less than all rows.
    needs: Mutex<Vec<(Arc<Tabular>, Need)>>,
}

impl Lowering {
    pub fn new(
        world: Arc<dyn World>,
        budget: Budget,
        watch: Watch,
        parallel: SessionState,
        serial: SessionState,
    ) -> Self {
        Self {
            world,
            budget,
            parallel,
            serial,
            materialized: Mutex::default(),
            cuts: Cuts::default(),
            watch,
            planned: AtomicUsize::new(0),
            named: AtomicUsize::new(0),
            needs: Mutex::default(),
        }
    }

    pub fn world(&self) -> &Arc<dyn World> {
        &self.world
    }

    pub fn task_context(&self) -> Arc<TaskContext> {
        self.serial.task_ctx()
    }

    /// The first budget that cut something.
    pub fn partial(&self) -> Option<Partial> {
        self.cuts.first()
    }

    /// The physical plan of a part of the query, of one partition.
    pub async fn physical(&self, table: &Arc<Tabular>) -> Result<Arc<dyn ExecutionPlan>> {
        let planned = self.plan(table).await?;
        self.physical_plan(planned).await
    }

    async fn physical_plan(&self, planned: Planned) -> Result<Arc<dyn ExecutionPlan>> {
        self.physical_plan_with_hidden(planned.without_hidden()?).await
    }

    async fn physical_plan_with_hidden(&self, planned: Planned) -> Result<Arc<dyn ExecutionPlan>> {
        let state = if planned.is_ordered {
            &self.serial
        } else {
            &self.parallel
        };
        Ok(stream::one_partition(state.create_physical_plan(&planned.plan).await?))
    }

    /// The rows of a part of the query, in memory.
    pub async fn collect(&self, table: &Arc<Tabular>) -> Result<Vec<RecordBatch>> {
        let plan = self.physical(table).await?;
        Ok(datafusion::physical_plan::collect(plan, self.serial.task_ctx()).await?)
    }

    /// The plan of a table-valued expression. Its columns are `table.columns`, by position.
    pub fn plan<'a>(&'a self, table: &'a Arc<Tabular>) -> BoxFuture<'a, Result<Planned>> {
        async move {
            if self.planned.fetch_add(1, Ordering::Relaxed) == OPERATORS_MAX {
                return Err(HuntError::Limit {
                    limit: format!("{OPERATORS_MAX} operators"),
                    hint: "put `materialize()` around a `let` that is used often".to_owned(),
                });
            }
            let columns = &table.columns;
            match &table.op {
                Op::Table { name } => {
                    let planned = self.scan(name, self.world.table_rows(name).await?)?;
                    let place = |name: &str| columns.iter().position(|column| column.name == name);
                    let parts = self
                        .world
                        .shreds(name)
                        .into_iter()
                        .map(|(column, path)| (column, Form::Part(path)));
                    let codes = self
                        .world
                        .codes(name)
                        .into_iter()
                        .map(|(column, codes)| (column, Form::Codes(codes)));
                    let hidden = parts.chain(codes).filter_map(|(column, form)| {
                        let column = place(&column)?;
                        Some(Hidden { column, form })
                    });
                    Ok(Planned {
                        hidden: hidden.collect(),
                        ..planned
                    })
                }
                Op::External { name } => self.scan(name, self.world.table_rows(name).await?),
                Op::TableFunction { name, arguments } => {
                    let arguments = self.constants(arguments).await?;
                    let rows = self.world.function_rows(name, &arguments).await?;
                    self.scan(name, rows)
                }
                Op::Rows { rows } => self.literal_rows(columns, rows).await,
                Op::Range { from, to, step } => {
                    let values = self.constants(&[from.clone(), to.clone(), step.clone()]).await?;
                    self.source(source::range(&columns[0], values)?, true)
                }
                Op::Where { input, predicate } => {
                    if let Some((joined, left)) = order::below_join(input, predicate) {
                        let mut filtered = joined;
                        for predicate in left {
                            filtered = Arc::new(Tabular {
                                columns: columns.clone(),
                                op: Op::Where {
                                    input: filtered,
                                    predicate,
                                },
                                span: table.span,
                                is_open: table.is_open,
                            });
                        }
                        return self.plan(&filtered).await;
                    }
                    let predicate = self.prepare(predicate).await?;
                    let below = self.plan(input).await?;
                    let predicate = self.scalars(input, &below, |lowering| {
                        lowering.lower(&predicate, Position::Predicate)
                    })?;
                    self.on(below, |plan| plan.filter(predicate))
                }
                Op::Project { input, values } if values.iter().any(has_window) => {
                    self.windows(table, input, values).await
                }
                Op::Project { input, values } => self.project(input, columns, values).await,
                Op::Summarize {
                    input,
                    keys,
                    aggregates,
                } => {
                    let input = &self.asking(input, graph::need_of(keys, aggregates));
                    self.summarize(input, columns, keys, aggregates).await
                }
                Op::Sort { input, by } => self.sort(input, by, None).await,
                Op::Top { input, count, by } => {
                    let count = self.count(count).await?;
                    self.sort(input, by, Some(count)).await
                }
                Op::Serialize { input } => {
                    let below = self.plan(input).await?;
                    if below.is_ordered {
                        return Ok(below);
                    }
                    self.boundary(below).await
                }
                Op::Take { input, count } => {
                    let count = self.count(count).await?;
                    let below = self.plan(&self.asking(input, Need::Limit(count as u64))).await?;
                    self.on(below, |plan| plan.limit(0, Some(count)))
                }
                Op::GraphMatch { .. } | Op::GraphNodes { .. } | Op::GraphEdges { .. } => self.graph(table).await,
                Op::Join { kind, left, right, on } => self.join(columns, *kind, left, right, on).await,
                Op::Union { inputs } => {
                    let mut plans = Vec::with_capacity(inputs.len());
                    for input in inputs {
                        plans.push(self.plan(input).await?);
                    }
                    self.union(columns, plans).await
                }
                Op::Materialize { id, input } => {
                    let (rows, is_ordered) = self.materialize(*id, input).await?;
                    self.source(rows, is_ordered)
                }
                Op::AssertSchema { input } => self.plan(input).await,
                Op::Sample { input, count } => {
                    let count = self.count(count).await?;
                    let below = self.plan(input).await?;
                    self.on(below, |plan| plan.limit(0, Some(count)))
                }
                Op::MvApply {
                    input,
                    expand,
                    kept,
                    body,
                } => self.mv_apply(table, input, expand, kept, body).await,
                Op::Partition { input, by, body } => self.partition(table, input, by, body).await,
                op => match op.row_input() {
                    Some(input) => self.by_row(table, input).await,
                    None => Err(HuntError::Query(vec![Diagnostic::error(
                        Code::Unsupported,
                        table.span,
                        "this operator does not run here",
                    )])),
                },
            }
        }
        .boxed()
    }

    fn scan(&self, name: &str, rows: Arc<dyn datafusion::catalog::TableProvider>) -> Result<Planned> {
        let plan = LogicalPlanBuilder::scan(name, provider_as_source(rows), None)?.build()?;
        Ok(Planned {
            plan,
            is_ordered: false,
            hidden: Vec::new(),
        })
    }

    /// A source of rows that we make ourselves.
    fn source(&self, rows: Arc<dyn datafusion::catalog::TableProvider>, is_ordered: bool) -> Result<Planned> {
        let planned = self.scan("rows", rows)?;
        Ok(Planned { is_ordered, ..planned })
    }

    /// What `change` makes of the plan; the order stays what it was.
    fn on(
        &self,
        below: Planned,
        change: impl FnOnce(LogicalPlanBuilder) -> SqlResult<LogicalPlanBuilder>,
    ) -> Result<Planned> {
        Ok(Planned {
            plan: change(LogicalPlanBuilder::from(below.plan))?.build()?,
            is_ordered: below.is_ordered,
            hidden: below.hidden,
        })
    }

    /// Plans what is below by itself, so that its rows come in one partition and in its order.
    async fn boundary(&self, below: Planned) -> Result<Planned> {
        let hidden = below.hidden.clone();
        let plan = self.physical_plan_with_hidden(below).await?;
        let planned = self.source(stream::of_plan(plan)?, true)?;
        Ok(Planned { hidden, ..planned })
    }

    /// A name that no other column of the query has. Columns are found by their place, so names are free; and they have
    /// to differ, since the optimizer takes a projection that looks like the one below it for the same one
    /// (`extend a = a + 1`, three times).
    fn fresh(&self, name: &str) -> String {
        format!("{name}\u{1}{}", self.named.fetch_add(1, Ordering::Relaxed))
    }

    /// Calls `lower` with what lowers expressions over the rows of a plan.
    fn scalars<T>(
        &self,
        input: &Tabular,
        below: &Planned,
        lower: impl FnOnce(&ScalarLowering<'_>) -> Result<T>,
    ) -> Result<T> {
        let columns = column_expressions(&below.plan);
        let mut types: Vec<Type> = input.columns.iter().map(|column| column.ty).collect();
        let visible = types.len();
        types.extend(below.hidden.iter().map(|hidden| match hidden.form {
            Form::Part(_) => Type::Dynamic,
            Form::Codes(_) => Type::Int,
        }));
        lower(&ScalarLowering {
            columns: &columns,
            types: &types,
            visible,
            hidden: &below.hidden,
            now: self.world.now(),
            cuts: &self.cuts,
        })
    }

    async fn literal_rows(&self, columns: &[Column], rows: &[Vec<Scalar>]) -> Result<Planned> {
        let context = Context::new(self.world.now());
        let mut builder = RowBuilder::new(columns);
        for row in rows {
            let mut values = Vec::with_capacity(row.len());
            for scalar in row {
                values.push(match &scalar.kind {
                    ScalarKind::Constant(value) => Datum::from(value).into_owned(),
                    _ => {
                        let scalar = self.prepare(scalar).await?;
                        interpreted::constant(&scalar, &context)?
                    }
                });
            }
            builder.push(&values);
        }
        self.source(
            stream::of_batches(arrow_schema(columns), vec![builder.finish()?])?,
            true,
        )
    }

    async fn project(&self, input: &Arc<Tabular>, columns: &[Column], values: &[Scalar]) -> Result<Planned> {
        let below = self.plan(input).await?;
        self.project_on(input, below, columns, values).await
    }

    async fn project_on(
        &self,
        input: &Tabular,
        below: Planned,
        columns: &[Column],
        values: &[Scalar],
    ) -> Result<Planned> {
        let mut prepared = Vec::with_capacity(values.len());
        for value in values {
            prepared.push(self.prepare(value).await?);
        }
        let mut expressions = self.scalars(input, &below, |lowering| {
            prepared
                .iter()
                .zip(columns)
                .map(|(value, column)| Ok(lowering.lower(value, Position::Value)?.alias(self.fresh(&column.name))))
                .collect::<Result<Vec<_>>>()
        })?;
        // A column that goes along takes its other forms with it.
        let forms = column_expressions(&below.plan).into_iter().skip(input.columns.len());
        let mut hidden = Vec::new();
        for (form, known) in forms.zip(&below.hidden) {
            let is_source = |value: &Scalar| matches!(value.kind, ScalarKind::Column(index) if index == known.column);
            if let Some(column) = prepared.iter().position(is_source) {
                expressions.push(form.alias(self.fresh(&columns[column].name)));
                hidden.push(Hidden {
                    column,
                    form: known.form.clone(),
                });
            }
        }
        let planned = self.on(below, |plan| plan.project(expressions))?;
        Ok(Planned { hidden, ..planned })
    }

    async fn summarize(
        &self,
        input: &Arc<Tabular>,
        columns: &[Column],
        keys: &[Scalar],
        aggregates: &[ir::Aggregate],
    ) -> Result<Planned> {
        let mut prepared_keys = Vec::with_capacity(keys.len());
        for key in keys {
            prepared_keys.push(self.prepare(key).await?);
        }
        let mut prepared = Vec::with_capacity(aggregates.len());
        for aggregate in aggregates {
            let mut aggregate = aggregate.clone();
            for argument in &mut aggregate.arguments {
                *argument = self.prepare(argument).await?;
            }
            prepared.push(aggregate);
        }
        let below = self.plan(input).await?;
        let is_ordered = below.is_ordered;
        let dense = self.scalars(input, &below, |lowering| {
            Dense::of(&prepared_keys, &prepared, &below.plan, lowering)
        })?;
        if let Some(dense) = dense {
            let plan = self.parallel.create_physical_plan(&dense.input()?).await?;
            return self.source(dense.table(plan, columns)?, false);
        }
        let (keys, aggregates) = self.scalars(input, &below, |lowering| {
            let keys = prepared_keys
                .iter()
                .map(|key| Ok(lowering.lower(key, Position::Value)?.alias(self.fresh("key"))))
                .collect::<Result<Vec<_>>>()?;
            let aggregates = prepared
                .iter()
                .map(|aggregate| aggregate::lower(aggregate, lowering))
                .collect::<Result<Vec<_>>>()?;
            Ok((keys, aggregates))
        })?;
        let calls: Vec<Expr> = aggregates
            .iter()
            .map(|aggregate| aggregate.call.clone().alias(self.fresh("aggregate")))
            .collect();
        let is_one_row = keys.is_empty() && !calls.is_empty();
        let mut grouped = self.on(below, |plan| plan.aggregate(keys, calls))?;
        if is_one_row {
            // Keeps the optimizer from moving a filter of constants below, where it would not take the row away.
            grouped = self.on(grouped, |plan| plan.limit(0, Some(1)))?;
        }
        let key_count = columns.len() - aggregates.len();
        let results = column_expressions(&grouped.plan)
            .into_iter()
            .zip(columns)
            .enumerate()
            .map(|(index, (expression, column))| {
                let default = index
                    .checked_sub(key_count)
                    .and_then(|index| aggregates[index].default.clone());
                match default {
                    Some(default) => {
                        let is_missing = expression.clone().is_null();
                        let mut filled = datafusion::prelude::when(is_missing, Expr::Literal(default, None));
                        Ok(filled.otherwise(expression)?.alias(self.fresh(&column.name)))
                    }
                    None => Ok(expression.alias(self.fresh(&column.name))),
                }
            })
            .collect::<Result<Vec<_>>>()?;
        let planned = self.on(grouped, |plan| plan.project(results))?;
        // One partition still groups in the order of first appearance, which people like to see, and which keeps
        // the order of lists.
        Ok(Planned {
            is_ordered,
            hidden: Vec::new(),
            ..planned
        })
    }

    async fn sort(&self, input: &Arc<Tabular>, by: &[ir::SortKey], limit: Option<usize>) -> Result<Planned> {
        let mut keys = Vec::with_capacity(by.len());
        for key in by {
            keys.push((self.prepare(&key.value).await?, key.is_ascending, key.nulls_first));
        }
        let below = self.plan(input).await?;
        let keys = self.scalars(input, &below, |lowering| {
            let mut lowered = Vec::with_capacity(keys.len());
            for (value, is_ascending, nulls_first) in &keys {
                let expression = lowering.lower(value, Position::Value)?;
                lowered.extend(order::keys(expression, value.ty, *is_ascending, *nulls_first));
            }
            Ok(lowered)
        })?;
        // Rows of equal keys keep their order only where it means something, so that is a reason to stay serial.
        let sorted = self.on(below, |plan| match limit {
            // DataFusion's own operator for the first rows takes no zero.
            Some(0) => plan.limit(0, Some(0)),
            _ => plan.sort_with_limit(keys, limit),
        })?;
        self.boundary(sorted).await
    }

    async fn union(&self, columns: &[Column], plans: Vec<Planned>) -> Result<Planned> {
        let is_ordered = plans.iter().any(|planned| planned.is_ordered);
        if is_ordered {
            // Inputs one after the other, each in its order.
            let mut parts = Vec::with_capacity(plans.len());
            for planned in plans {
                parts.push(self.physical_plan(planned).await?);
            }
            return self.source(stream::of_plans(arrow_schema(columns), parts)?, true);
        }
        let mut plans = plans.into_iter();
        let Some(first) = plans.next() else {
            return self.source(stream::of_batches(arrow_schema(columns), Vec::new())?, true);
        };
        let named = |planned: Planned| -> Result<LogicalPlan> {
            let expressions: Vec<Expr> = column_expressions(&planned.plan)
                .into_iter()
                .zip(columns)
                .map(|(expression, column)| expression.alias(&column.name))
                .collect();
            Ok(LogicalPlanBuilder::from(planned.plan).project(expressions)?.build()?)
        };
        let mut plan = LogicalPlanBuilder::from(named(first)?);
        for next in plans {
            plan = plan.union(named(next)?)?;
        }
        Ok(Planned {
            plan: plan.build()?,
            is_ordered: false,
            hidden: Vec::new(),
        })
    }

    async fn materialize(&self, id: u32, input: &Arc<Tabular>) -> Result<(Arc<MemTable>, bool)> {
        let known = || {
            let map = self
                .materialized
                .lock()
                .unwrap_or_else(|poisoned| poisoned.into_inner());
            map.get(&id).cloned()
        };
        if let Some(rows) = known() {
            return Ok(rows);
        }
        let planned = self.plan(input).await?;
        let is_ordered = planned.is_ordered;
        let plan = self.physical_plan(planned).await?;
        let schema = arrow_schema(&input.columns);
        let batches = datafusion::physical_plan::collect(plan, self.serial.task_ctx())
            .await?
            .into_iter()
            .map(|batch| stream::with_schema(batch, &schema))
            .collect::<SqlResult<Vec<_>>>()?;
        let rows = Arc::new(MemTable::try_new(schema, vec![batches])?);
        let mut map = self
            .materialized
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner());
        Ok(map.entry(id).or_insert((rows, is_ordered)).clone())
    }

    /// The expression with its subqueries computed: `toscalar` is a constant, a table behind `in` a list.
    pub async fn prepare(&self, scalar: &Scalar) -> Result<Scalar> {
        let tables = walk::subqueries(scalar);
        if tables.is_empty() {
            return Ok(scalar.clone());
        }
        let mut values = Vec::with_capacity(tables.len());
        for table in tables {
            let rows = self.first_column(&table).await?;
            values.push((table, rows));
        }
        let of = |table: &Arc<Tabular>| {
            let found = values.iter().find(|(known, _)| Arc::ptr_eq(known, table));
            found.map(|(_, rows)| rows.as_slice()).unwrap_or_default()
        };
        let mut scalar = scalar.clone();
        walk::scalars_mut(&mut scalar, &mut |part| {
            let (ty, span) = (part.ty, part.span);
            let constants = |table: &Arc<Tabular>| {
                of(table)
                    .iter()
                    .map(|value| Scalar {
                        ty: value.ty(),
                        kind: ScalarKind::Constant(value.clone()),
                        span,
                    })
                    .collect::<Vec<_>>()
            };
            match &mut part.kind {
                ScalarKind::ToScalar(table) => {
                    let value = of(table).first().cloned().unwrap_or(Value::Null(ty));
                    part.kind = ScalarKind::Constant(value);
                }
                ScalarKind::InTable {
                    left,
                    table,
                    is_case_sensitive,
                    is_negated,
                } => {
                    let mut list = constants(table);
                    list.retain(|element| !matches!(element.kind, ScalarKind::Constant(Value::Null(_))));
                    part.kind = ScalarKind::In {
                        left: left.clone(),
                        list,
                        is_case_sensitive: *is_case_sensitive,
                        is_negated: *is_negated,
                    };
                }
                ScalarKind::HasAnyTable { left, table, all } => {
                    part.kind = ScalarKind::HasAny {
                        left: left.clone(),
                        list: constants(table),
                        all: *all,
                    };
                }
                _ => {}
            }
        });
        Ok(scalar)
    }

    /// The values of a table's first column.
    async fn first_column(&self, table: &Arc<Tabular>) -> Result<Vec<Value>> {
        let Some(column) = table.columns.first() else {
            return Ok(Vec::new());
        };
        let mut values = Vec::new();
        let plan = self.physical(table).await?;
        let mut batches = plan.execute(0, self.serial.task_ctx())?;
        while let Some(batch) = batches.next().await {
            let batch = batch?;
            let reader = ColumnReader::new(batch.column(0), column.ty)?;
            for row in 0..batch.num_rows() {
                if values.len() == IN_TABLE_VALUES_MAX {
                    return Err(HuntError::Limit {
                        limit: format!("{IN_TABLE_VALUES_MAX} values of a table in an expression"),
                        hint: "use a join instead".to_owned(),
                    });
                }
                values.push(crate::batch::to_value(reader.get(row), column.ty));
            }
        }
        Ok(values)
    }

    /// The values of expressions that depend on no row. A missing optional argument is a null without a place.
    async fn constants(&self, scalars: &[Scalar]) -> Result<Vec<Option<Value>>> {
        let context = Context::new(self.world.now());
        let mut values = Vec::with_capacity(scalars.len());
        for scalar in scalars {
            let prepared = self.prepare(scalar).await?;
            let datum = interpreted::constant(&prepared, &context)?;
            let value = crate::batch::to_value(datum, scalar.ty);
            values.push((!matches!(value, Value::Null(_))).then_some(value));
        }
        Ok(values)
    }

    /// How many rows `take` and `top` keep.
    async fn count(&self, scalar: &Scalar) -> Result<usize> {
        let value = self.constants(std::slice::from_ref(scalar)).await?.pop().flatten();
        let count = match value {
            Some(Value::Int(value)) => i64::from(value),
            Some(Value::Long(value)) => value,
            Some(Value::Real(value)) => value as i64,
            _ => 0,
        };
        Ok(usize::try_from(count).unwrap_or(0))
    }
}

impl Planned {
    fn without_hidden(self) -> Result<Self> {
        if self.hidden.is_empty() {
            return Ok(self);
        }
        let mut columns = column_expressions(&self.plan);
        columns.truncate(columns.len() - self.hidden.len());
        Ok(Self {
            plan: LogicalPlanBuilder::from(self.plan).project(columns)?.build()?,
            is_ordered: self.is_ordered,
            hidden: Vec::new(),
        })
    }
}

/// Readers of a batch's columns.
fn readers<'a>(batch: &'a RecordBatch, columns: &[Column]) -> Result<Vec<ColumnReader<'a>>> {
    let arrays = batch.columns().iter().zip(columns);
    Ok(arrays
        .map(|(array, column)| ColumnReader::new(array, column.ty))
        .collect::<SqlResult<Vec<_>>>()?)
}

fn has_window(scalar: &Scalar) -> bool {
    let mut found = false;
    walk::scalars(scalar, &mut |part| {
        found |= matches!(part.kind, ScalarKind::Window { .. })
    });
    found
}

/// The columns of a plan as expressions over it.
fn column_expressions(plan: &LogicalPlan) -> Vec<Expr> {
    plan.schema()
        .columns()
        .into_iter()
        .map(|column: SqlColumn| Expr::Column(column))
        .collect()
}
