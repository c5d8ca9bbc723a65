//! Graph operators: their tables are run, the graph computes on a thread of its own, its rows are a source.

use std::sync::Arc;

use async_trait::async_trait;
use datafusion::arrow::array::RecordBatch;
use datafusion::error::DataFusionError;
use datafusion::physical_plan::stream::RecordBatchReceiverStreamBuilder;
use postern_kql::ir::{Aggregate, Op, Scalar, ScalarKind, Tabular};

use super::{Lowering, Planned, Result, scalar, stream, walk};
use crate::batch::arrow_schema;
use crate::error::HuntError;
use crate::graph::{self, Control, Need, ResidentGraph};

/// Batches of matches that wait for what comes next.
const BATCHES_WAITING_MAX: usize = 2;

/// Aggregates for which equal rows count as one.
const SET_AGGREGATES: &[&str] = &[
    "arg_max",
    "arg_min",
    "count_distinct",
    "count_distinctif",
    "dcount",
    "dcountif",
    "make_set",
    "make_set_if",
    "max",
    "maxif",
    "min",
    "minif",
    "take_any",
    "take_anyif",
];

/// What a `summarize` needs of its input.
pub(super) fn need_of(keys: &[Scalar], aggregates: &[Aggregate]) -> Need {
    let counts_once = |aggregate: &Aggregate| {
        SET_AGGREGATES.contains(&aggregate.function.as_str()) && aggregate.arguments.iter().all(is_of_row)
    };
    match aggregates.iter().all(counts_once) && keys.iter().all(is_of_row) {
        true => Need::Distinct,
        false => Need::All,
    }
}

/// Whether an expression gives equal rows equal values.
fn is_of_row(value: &Scalar) -> bool {
    let mut is_of_row = true;
    walk::scalars(value, &mut |part| match &part.kind {
        ScalarKind::Window { .. } => is_of_row = false,
        ScalarKind::Call { function, .. } => is_of_row &= !scalar::is_volatile(function),
        _ => {}
    });
    is_of_row
}

struct Rows<'a>(&'a Lowering);

#[async_trait]
impl graph::Tables for Rows<'_> {
    async fn rows(&self, table: &Arc<Tabular>) -> Result<Vec<RecordBatch>> {
        self.0.collect(table).await
    }

    async fn computed(&self, scalar: &Scalar) -> Result<Scalar> {
        self.0.prepare(scalar).await
    }

    async fn resident(&self) -> Option<Arc<ResidentGraph>> {
        self.0.world.exposure_graph().await
    }
}

impl Lowering {
    /// The input of an operator that needs less than all of its rows: a pattern below filters and projections is told.
    pub(super) fn asking(&self, input: &Arc<Tabular>, need: Need) -> Arc<Tabular> {
        if need == Need::All {
            return Arc::clone(input);
        }
        let mut above = Vec::new();
        let mut at = input;
        loop {
            at = match &at.op {
                Op::GraphMatch { .. } => break,
                Op::Project { input, values } if values.iter().all(is_of_row) => {
                    above.push(at);
                    input
                }
                Op::Where { input, predicate } if need == Need::Distinct && is_of_row(predicate) => {
                    above.push(at);
                    input
                }
                _ => return Arc::clone(input),
            };
        }
        // Of its own, since another part of the query may share the pattern and need all rows.
        let pattern = Arc::new(Tabular::clone(at));
        let mut needs = self.needs.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        needs.push((Arc::clone(&pattern), need));
        above.into_iter().rev().fold(pattern, |below, table| {
            let mut table = Tabular::clone(table);
            if let Op::Project { input, .. } | Op::Where { input, .. } = &mut table.op {
                *input = below;
            }
            Arc::new(table)
        })
    }

    fn need(&self, table: &Arc<Tabular>) -> Need {
        let needs = self.needs.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        let found = needs.iter().find(|(known, _)| Arc::ptr_eq(known, table));
        found.map_or(Need::All, |(_, need)| *need)
    }

    /// A graph operator as a source.
    pub(super) async fn graph(&self, table: &Arc<Tabular>) -> Result<Planned> {
        let now = self.world.now();
        let building = Control {
            budget: &self.budget,
            now,
            is_cancelled: &|| self.watch.check().is_err(),
        };
        let prepared = Arc::new(graph::prepare(table, &Rows(self), &building).await?);
        let schema = arrow_schema(&table.columns);
        let (need, budget, partial) = (self.need(table), self.budget.clone(), self.cuts.clone());
        let row_schema = Arc::clone(&schema);
        let rows = stream::table(
            schema,
            Box::new(move |_| {
                let mut builder = RecordBatchReceiverStreamBuilder::new(Arc::clone(&row_schema), BATCHES_WAITING_MAX);
                let (sender, prepared) = (builder.tx(), Arc::clone(&prepared));
                let (budget, partial) = (budget.clone(), partial.clone());
                builder.spawn_blocking(move || {
                    let control = Control {
                        budget: &budget,
                        now,
                        is_cancelled: &|| sender.is_closed(),
                    };
                    let cut = prepared.run(need, &control, &mut |batch| sender.blocking_send(Ok(batch)).is_ok());
                    match cut {
                        Ok(None) => Ok(()),
                        Ok(Some(cut)) => {
                            partial.note(cut);
                            Ok(())
                        }
                        // Nobody listens any more.
                        Err(HuntError::Cancelled) => Ok(()),
                        Err(error) => Err(DataFusionError::External(Box::new(error))),
                    }
                });
                Ok(builder.build())
            }),
        )?;
        self.source(rows, false)
    }
}
