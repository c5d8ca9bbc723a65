//! Lowering of the operators that work on rows: their sub-queries run first, then a machine runs over the input.

use std::collections::HashSet;
use std::sync::Arc;

use futures::FutureExt;
use futures::future::BoxFuture;
use postern_kql::ir::{Expand, Op, PluginArgument, Scalar, Tabular};
use postern_kql::{Column, Diagnostic};
use postern_kql_functions::bodies::{MvApply, Partition};
use postern_kql_functions::evaluate::Row;
use postern_kql_functions::rows::windows::Windows;
use postern_kql_functions::rows::{self, Preparation, RowOperator};
use postern_kql_functions::small::{Outside, OwnedRow};
use postern_kql_functions::{Context, Datum};

use super::{Lowering, Planned, Result, machine, walk};
use crate::batch::ColumnReader;
use crate::error::HuntError;

/// Parts of the query that ran before: first columns of sub-queries, and whole tables.
#[derive(Clone, Default)]
struct Computed {
    values: Vec<(Arc<Tabular>, Arc<[Datum<'static>]>)>,
    tables: Vec<(Arc<Tabular>, Arc<Vec<OwnedRow>>)>,
}

impl Computed {
    /// Calls `make` with what it may use.
    fn with<T>(&self, context: &Context, make: impl FnOnce(&Preparation<'_>) -> T) -> T {
        make(&Preparation {
            subqueries: &|table| {
                let found = self.values.iter().find(|(known, _)| Arc::ptr_eq(known, table));
                found.map(|(_, values)| Arc::clone(values))
            },
            tables: &|table| self.rows(table).map(|rows| rows.as_ref().clone()),
            cx: context,
        })
    }
}

impl Outside for Computed {
    fn scan<'a>(&'a self, _table: &str, _see: &mut dyn FnMut(&dyn Row<'a>)) -> bool {
        false
    }

    fn rows(&self, table: &Arc<Tabular>) -> Option<Arc<Vec<OwnedRow>>> {
        let found = self.tables.iter().find(|(known, _)| Arc::ptr_eq(known, table));
        found.map(|(_, rows)| Arc::clone(rows))
    }
}

impl Lowering {
    /// An operator of which `rows::prepare` makes a machine.
    pub(super) async fn by_row(&self, table: &Arc<Tabular>, input: &Arc<Tabular>) -> Result<Planned> {
        let mut computed = self.computed(&table.op.row_scalars()).await?;
        if let Op::Evaluate { arguments, .. } = &table.op {
            for argument in arguments {
                if let PluginArgument::Table(argument) = argument {
                    computed
                        .tables
                        .push((Arc::clone(argument), self.owned_rows(argument).await?));
                }
            }
        }
        let node = Arc::clone(table);
        self.run_machine(
            input,
            &table.columns,
            Box::new(move |context| {
                computed
                    .with(context, |with| rows::prepare(&node, with))?
                    .ok_or_else(|| unsupported(&node))
            }),
        )
        .await
    }

    /// A projection with functions of the order of rows.
    pub(super) async fn windows(
        &self,
        table: &Arc<Tabular>,
        input: &Arc<Tabular>,
        values: &[Scalar],
    ) -> Result<Planned> {
        let computed = self.computed(&values.iter().collect::<Vec<_>>()).await?;
        let width = input.columns.len();
        let context = Context::new(self.world.now());
        let taken_out = computed.with(&context, |with| Windows::of(values, width, with));
        let Some((windows, values)) = taken_out.map_err(|diagnostic| HuntError::Query(vec![diagnostic]))? else {
            return self.project(input, &table.columns, values).await;
        };
        let mut wide = input.columns.clone();
        let appended = windows.types().into_iter().enumerate();
        wide.extend(appended.map(|(index, ty)| Column::new(format!("\u{1}window {index}"), ty)));
        let original: Vec<Scalar> = match &table.op {
            Op::Project { values, .. } => values.clone(),
            _ => return Err(HuntError::Query(vec![unsupported(table)])),
        };
        let planned = self
            .run_machine(
                input,
                &wide,
                Box::new(move |context| {
                    let made = computed.with(context, |with| Windows::of(&original, width, with))?;
                    made.map(|(machine, _)| Box::new(machine) as Box<dyn RowOperator>)
                        .ok_or_else(|| {
                            Diagnostic::error(postern_kql::Code::Unsupported, Default::default(), "no window")
                        })
                }),
            )
            .await?;
        let above = Tabular {
            columns: wide,
            op: Op::Input,
            span: table.span,
            is_open: false,
        };
        self.project_on(&above, planned, &table.columns, &values).await
    }

    pub(super) async fn mv_apply(
        &self,
        table: &Arc<Tabular>,
        input: &Arc<Tabular>,
        expand: &Expand,
        kept: &[usize],
        body: &Arc<Tabular>,
    ) -> Result<Planned> {
        let mut computed = self.computed(&table.op.row_scalars()).await?;
        self.outside_of(body, &mut computed).await?;
        let (expand, kept, body) = (expand.clone(), kept.to_vec(), Arc::clone(body));
        let outside = Arc::new(computed.clone());
        self.run_machine(
            input,
            &table.columns,
            Box::new(move |context| {
                let outside = Arc::clone(&outside) as _;
                let machine = computed.with(context, |with| MvApply::new(&expand, &kept, &body, outside, with))?;
                Ok(Box::new(machine))
            }),
        )
        .await
    }

    pub(super) async fn partition(
        &self,
        table: &Arc<Tabular>,
        input: &Arc<Tabular>,
        by: &Scalar,
        body: &Arc<Tabular>,
    ) -> Result<Planned> {
        let mut computed = self.computed(&[by]).await?;
        self.outside_of(body, &mut computed).await?;
        let (by, body) = (by.clone(), Arc::clone(body));
        let outside = Arc::new(computed.clone());
        self.run_machine(
            input,
            &table.columns,
            Box::new(move |context| {
                let outside = Arc::clone(&outside) as _;
                let machine = computed.with(context, |with| Partition::new(&by, &body, outside, with))?;
                Ok(Box::new(machine))
            }),
        )
        .await
    }

    /// The columns of an operator whose columns depend on its rows.
    pub async fn discover(&self, operator: &Tabular) -> Result<Vec<Column>> {
        let Some(input) = operator.op.row_input() else {
            return Err(HuntError::Run(
                "an operator without rows has no columns to find".to_owned(),
            ));
        };
        let context = Context::new(self.world.now());
        let computed = self.computed(&operator.op.row_scalars()).await?;
        let query = |diagnostic| HuntError::Query(vec![diagnostic]);
        let made = computed
            .with(&context, |with| rows::discover(operator, with))
            .map_err(query)?;
        let Some(mut discovery) = made else {
            return Ok(operator.columns.clone());
        };
        for batch in self.collect(input).await? {
            let readers = super::readers(&batch, &input.columns)?;
            let mut row: Vec<Datum<'_>> = Vec::with_capacity(readers.len());
            for index in 0..batch.num_rows() {
                row.clear();
                row.extend(readers.iter().map(|reader| reader.get(index)));
                discovery
                    .push(&row, &context)
                    .map_err(|error| HuntError::Run(error.to_string()))?;
            }
        }
        discovery.finish().map_err(|error| HuntError::Run(error.to_string()))
    }

    async fn run_machine(&self, input: &Arc<Tabular>, columns: &[Column], make: Box<machine::Make>) -> Result<Planned> {
        // Made once now, for its mistakes.
        let context = Context::new(self.world.now());
        make(&context).map_err(|diagnostic| HuntError::Query(vec![diagnostic]))?;
        let below = self.plan(input).await?;
        let is_ordered = below.is_ordered;
        let plan = self.physical_plan(below).await?;
        let rows = machine::table(
            plan,
            &input.columns,
            columns,
            self.world.now(),
            (&self.watch, &self.cuts),
            make,
        )?;
        self.source(rows, is_ordered)
    }

    /// Runs the sub-queries of expressions.
    async fn computed(&self, scalars: &[&Scalar]) -> Result<Computed> {
        let mut computed = Computed::default();
        for scalar in scalars {
            for table in walk::subqueries(scalar) {
                let values = self.first_column(&table).await?;
                let values = values.iter().map(|value| Datum::from(value).into_owned()).collect();
                computed.values.push((table, values));
            }
        }
        Ok(computed)
    }

    /// Runs the largest parts of a body that do not read its rows and are not literal.
    fn outside_of<'a>(&'a self, body: &'a Arc<Tabular>, computed: &'a mut Computed) -> BoxFuture<'a, Result<()>> {
        async move {
            if !reads_input(body) && !matches!(body.op, Op::Rows { .. }) {
                let rows = self.owned_rows(body).await?;
                computed.tables.push((Arc::clone(body), rows));
                return Ok(());
            }
            let mut subqueries = Vec::new();
            for scalar in scalars_of(&body.op) {
                subqueries.extend(walk::subqueries(scalar));
            }
            for table in subqueries {
                if !reads_input(&table) {
                    let rows = self.owned_rows(&table).await?;
                    computed.tables.push((table, rows));
                }
            }
            for input in body.op.inputs() {
                self.outside_of(input, computed).await?;
            }
            Ok(())
        }
        .boxed()
    }

    async fn owned_rows(&self, table: &Arc<Tabular>) -> Result<Arc<Vec<OwnedRow>>> {
        let mut rows = Vec::new();
        for batch in self.collect(table).await? {
            let readers = super::readers(&batch, &table.columns)?;
            rows.extend((0..batch.num_rows()).map(|row| {
                let values = readers
                    .iter()
                    .map(|reader: &ColumnReader<'_>| reader.get(row).into_owned());
                values.collect::<OwnedRow>()
            }));
        }
        Ok(Arc::new(rows))
    }
}

fn unsupported(table: &Tabular) -> Diagnostic {
    Diagnostic::error(postern_kql::Code::Unsupported, table.span, "this operator does not run")
}

/// Whether a part of a body reads the rows that the body is given.
fn reads_input(table: &Arc<Tabular>) -> bool {
    let mut seen = HashSet::new();
    let mut waiting = vec![Arc::clone(table)];
    while let Some(table) = waiting.pop() {
        if matches!(table.op, Op::Input) {
            return true;
        }
        // Shared parts are looked at once.
        if seen.insert(Arc::as_ptr(&table)) {
            let below = match &table.op {
                // What such a body reads is its own.
                Op::MvApply { input, .. } | Op::Partition { input, .. } => vec![input],
                op => op.inputs(),
            };
            waiting.extend(below.into_iter().cloned());
            waiting.extend(scalars_of(&table.op).into_iter().flat_map(walk::subqueries));
        }
    }
    false
}

/// All expressions of an operator.
fn scalars_of(op: &Op) -> Vec<&Scalar> {
    match op {
        Op::Where { predicate, .. } => vec![predicate],
        Op::Summarize { keys, aggregates, .. } => {
            let arguments = aggregates.iter().flat_map(|aggregate| &aggregate.arguments);
            keys.iter().chain(arguments).collect()
        }
        Op::Sort { by, .. } => by.iter().map(|key| &key.value).collect(),
        Op::Top { count, by, .. } => by.iter().map(|key| &key.value).chain([count]).collect(),
        Op::Take { count, .. } | Op::Sample { count, .. } => vec![count],
        Op::Join { on, .. } => on.iter().flat_map(|(left, right)| [left, right]).collect(),
        Op::Rows { rows } => rows.iter().flatten().collect(),
        op => op.row_scalars(),
    }
}
