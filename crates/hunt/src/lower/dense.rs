//! `summarize` by a few coded columns: the group of a row is computed from its codes, and no key is hashed or compared.
//!
//! It takes the aggregates that add up in a plain array. The filter directly below comes along as a mask, so that the
//! rows that pass are not copied first.

use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, AsArray, BooleanArray, RecordBatch};
use datafusion::arrow::buffer::{BooleanBuffer, NullBuffer};
use datafusion::arrow::datatypes::{Float64Type, Int32Type, Int64Type};
use datafusion::catalog::TableProvider;
use datafusion::common::Result as SqlResult;
use datafusion::error::DataFusionError;
use datafusion::execution::TaskContext;
use datafusion::execution::memory_pool::MemoryConsumer;
use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder, lit};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{ExecutionPlan, ExecutionPlanProperties};
use futures::{StreamExt, TryStreamExt, stream as futures_stream};
use postern_kql::ir::{Aggregate, Scalar};
use postern_kql::{Column, Type};
use postern_kql_functions::Datum;
use tokio::task::JoinSet;

use super::scalar::{Position, ScalarLowering, cast};
use super::stream;
use crate::batch::{BATCH_ROWS, RowBuilder, arrow_schema};
use crate::error::HuntError;
use crate::world::Codes;

/// Groups that may have a place in the arrays, whether rows fall into them or not.
pub const GROUPS_MAX: usize = 1 << 20;

/// A `summarize` that can be computed this way.
pub struct Dense {
    /// Mask, codes of the keys, arguments of the aggregates.
    expressions: Vec<Expr>,
    input: LogicalPlan,
    keys: Vec<Arc<Codes>>,
    aggregates: Vec<Function>,
}

/// What is kept of each group besides the number of its rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Function {
    Count,
    Sum(Number),
    Average,
    Least(Number),
    Greatest(Number),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Number {
    /// Of an int or a long.
    Whole,
    Real,
}

impl Dense {
    /// `None` where the keys are not coded, are too many, or an aggregate is another one.
    pub fn of(
        keys: &[Scalar],
        aggregates: &[Aggregate],
        below: &LogicalPlan,
        lowering: &ScalarLowering<'_>,
    ) -> Result<Option<Self>, HuntError> {
        let coded: Option<Vec<_>> = keys.iter().map(|key| lowering.codes(key)).collect();
        let Some(coded) = coded.filter(|coded| !coded.is_empty()) else {
            return Ok(None);
        };
        let groups = coded
            .iter()
            .try_fold(1_usize, |groups, (_, codes)| groups.checked_mul(codes.values().len()));
        if groups.is_none_or(|groups| groups > GROUPS_MAX) {
            return Ok(None);
        }
        let mut functions = Vec::with_capacity(aggregates.len());
        let mut arguments = Vec::with_capacity(aggregates.len());
        for aggregate in aggregates {
            let number = match aggregate.arguments.as_slice() {
                [argument] => match argument.ty {
                    Type::Int | Type::Long => Some((argument, Number::Whole)),
                    Type::Real => Some((argument, Number::Real)),
                    _ => None,
                },
                _ => None,
            };
            let (function, argument) = match (aggregate.function.as_str(), number) {
                ("count", None) if aggregate.arguments.is_empty() => (Function::Count, None),
                ("sum", Some((argument, number))) => (Function::Sum(number), Some(argument)),
                ("avg", Some((argument, _))) => (Function::Average, Some(argument)),
                ("min", Some((argument, number))) => (Function::Least(number), Some(argument)),
                ("max", Some((argument, number))) => (Function::Greatest(number), Some(argument)),
                _ => return Ok(None),
            };
            functions.push(function);
            if let Some(argument) = argument {
                let value = lowering.lower(argument, Position::Value)?;
                let ty = match function {
                    Function::Average => Type::Real,
                    _ if argument.ty == Type::Int => Type::Long,
                    _ => argument.ty,
                };
                arguments.push(if argument.ty == ty { value } else { cast(value, ty) });
            }
        }
        // A filter's input has the same columns, so its expressions hold there.
        let (mask, input) = match below {
            LogicalPlan::Filter(filter) => (filter.predicate.clone(), filter.input.as_ref().clone()),
            plan => (lit(true), plan.clone()),
        };
        let (codes, keys): (Vec<Expr>, Vec<_>) =
            coded.into_iter().map(|(code, codes)| (code, Arc::clone(codes))).unzip();
        let named = [mask].into_iter().chain(codes).chain(arguments).enumerate();
        Ok(Some(Self {
            expressions: named
                .map(|(index, expression)| expression.alias(format!("c{index}")))
                .collect(),
            input,
            keys,
            aggregates: functions,
        }))
    }

    /// The plan whose rows [`Dense::table`] takes, in as many partitions as there are.
    pub fn input(&self) -> SqlResult<LogicalPlan> {
        LogicalPlanBuilder::from(self.input.clone())
            .project(self.expressions.clone())?
            .build()
    }

    /// The table of the groups: the keys, then the aggregates.
    pub fn table(self, input: Arc<dyn ExecutionPlan>, columns: &[Column]) -> SqlResult<Arc<dyn TableProvider>> {
        let schema = arrow_schema(columns);
        let columns = columns.to_vec();
        let dense = Arc::new(self);
        let adapter_schema = Arc::clone(&schema);
        stream::table(
            schema,
            Box::new(move |task| {
                let groups = groups_of(Arc::clone(&dense), Arc::clone(&input), task);
                let (dense, columns) = (Arc::clone(&dense), columns.clone());
                let rows = futures_stream::once(groups)
                    .map_ok(move |groups| futures_stream::iter(groups.batches(&dense, &columns)))
                    .try_flatten();
                Ok(Box::pin(RecordBatchStreamAdapter::new(
                    Arc::clone(&adapter_schema),
                    rows,
                )))
            }),
        )
    }

    fn group_count(&self) -> usize {
        self.keys.iter().map(|codes| codes.values().len()).product()
    }
}

async fn groups_of(dense: Arc<Dense>, input: Arc<dyn ExecutionPlan>, task: Arc<TaskContext>) -> SqlResult<Groups> {
    let partitions = input.output_partitioning().partition_count();
    let memory = MemoryConsumer::new("groups of a summarize").register(task.memory_pool());
    memory.try_grow(partitions * dense.group_count() * size_of::<i64>() * (1 + 2 * dense.aggregates.len()))?;
    let mut running: JoinSet<SqlResult<(usize, Groups)>> = JoinSet::new();
    for partition in 0..partitions {
        let mut batches = input.execute(partition, Arc::clone(&task))?;
        let dense = Arc::clone(&dense);
        running.spawn(async move {
            let mut groups = Groups::new(&dense);
            while let Some(batch) = batches.next().await {
                groups.add(&dense, &batch?)?;
            }
            Ok((partition, groups))
        });
    }
    let mut parts = Vec::with_capacity(partitions);
    while let Some(part) = running.join_next().await {
        parts.push(part.map_err(|error| DataFusionError::ExecutionJoin(Box::new(error)))??);
    }
    // In the order of the partitions, so that sums of reals come out the same each time.
    parts.sort_by_key(|(partition, _)| *partition);
    let mut all = Groups::new(&dense);
    for (_, part) in parts {
        all.merge(&dense, &part);
    }
    Ok(all)
}

/// Arrays with a place for every group.
struct Groups {
    rows: Vec<i64>,
    states: Vec<State>,
    /// The rows of a batch that pass the mask, and their groups.
    selected: Vec<u32>,
    group_of: Vec<u32>,
}

struct State {
    wholes: Vec<i64>,
    reals: Vec<f64>,
    /// Rows of each group without a value; empty as long as there is none.
    missing: Vec<i64>,
}

impl Groups {
    fn new(dense: &Dense) -> Self {
        let groups = dense.group_count();
        let state = |function: &Function| {
            let (whole, real) = match function {
                Function::Count => (None, None),
                Function::Sum(Number::Whole) => (Some(0), None),
                Function::Least(Number::Whole) => (Some(i64::MAX), None),
                Function::Greatest(Number::Whole) => (Some(i64::MIN), None),
                Function::Sum(Number::Real) | Function::Average => (None, Some(0.0)),
                Function::Least(Number::Real) => (None, Some(f64::INFINITY)),
                Function::Greatest(Number::Real) => (None, Some(f64::NEG_INFINITY)),
            };
            State {
                wholes: whole.map_or(Vec::new(), |start| vec![start; groups]),
                reals: real.map_or(Vec::new(), |start| vec![start; groups]),
                missing: Vec::new(),
            }
        };
        Self {
            rows: vec![0; groups],
            states: dense.aggregates.iter().map(state).collect(),
            selected: Vec::new(),
            group_of: Vec::new(),
        }
    }

    fn add(&mut self, dense: &Dense, batch: &RecordBatch) -> SqlResult<()> {
        let keys = dense.keys.len();
        self.select(batch.column(0).as_boolean(), &batch.columns()[1..=keys], dense);
        for group in &self.group_of {
            self.rows[*group as usize] += 1;
        }
        let mut arguments = batch.columns()[1 + keys..].iter();
        for (function, state) in dense.aggregates.iter().zip(&mut self.states) {
            let number = match function {
                Function::Count => continue,
                Function::Sum(number) | Function::Least(number) | Function::Greatest(number) => *number,
                Function::Average => Number::Real,
            };
            let argument = arguments
                .next()
                .ok_or_else(|| DataFusionError::Internal("an argument of an aggregate is not there".to_owned()))?;
            let (selected, group_of) = (&self.selected, &self.group_of);
            match number {
                Number::Whole => {
                    let values = argument.as_primitive::<Int64Type>().values();
                    let apply: fn(&mut i64, i64) = match function {
                        Function::Least(_) => |kept, value| *kept = (*kept).min(value),
                        Function::Greatest(_) => |kept, value| *kept = (*kept).max(value),
                        _ => |kept, value| *kept = kept.wrapping_add(value),
                    };
                    state.collect(
                        argument.nulls(),
                        selected,
                        group_of,
                        self.rows.len(),
                        |state, row, group| {
                            apply(&mut state.wholes[group], values[row]);
                        },
                    );
                }
                Number::Real => {
                    let values = argument.as_primitive::<Float64Type>().values();
                    match function {
                        Function::Least(_) => {
                            state.collect(
                                argument.nulls(),
                                selected,
                                group_of,
                                self.rows.len(),
                                |state, row, group| {
                                    state.reals[group] = state.reals[group].min(values[row]);
                                },
                            );
                        }
                        Function::Greatest(_) => {
                            state.collect(
                                argument.nulls(),
                                selected,
                                group_of,
                                self.rows.len(),
                                |state, row, group| {
                                    state.reals[group] = state.reals[group].max(values[row]);
                                },
                            );
                        }
                        _ => {
                            state.collect(
                                argument.nulls(),
                                selected,
                                group_of,
                                self.rows.len(),
                                |state, row, group| {
                                    state.reals[group] += values[row];
                                },
                            );
                        }
                    }
                }
            }
        }
        Ok(())
    }

    /// Notes the rows that pass the mask, and the group of each.
    fn select(&mut self, mask: &BooleanArray, keys: &[ArrayRef], dense: &Dense) {
        self.selected.clear();
        self.group_of.clear();
        let passes = match mask.nulls() {
            Some(nulls) => mask.values() & nulls.inner(),
            None => mask.values().clone(),
        };
        self.selected.extend(set_bits(&passes));
        let codes: Vec<&[i32]> = keys
            .iter()
            .map(|key| key.as_primitive::<Int32Type>().values().as_ref())
            .collect();
        let sizes: Vec<u32> = dense.keys.iter().map(|codes| codes.values().len() as u32).collect();
        // A code is below the number of its strings, and the product of those below `GROUPS_MAX`.
        match codes.as_slice() {
            [one] => self
                .group_of
                .extend(self.selected.iter().map(|row| one[*row as usize] as u32)),
            [one, two] => {
                let second = sizes[1];
                let group = |row: &u32| one[*row as usize] as u32 * second + two[*row as usize] as u32;
                self.group_of.extend(self.selected.iter().map(group));
            }
            codes => {
                let group = |row: &u32| {
                    let digits = codes.iter().zip(&sizes);
                    digits.fold(0, |group, (codes, size)| group * size + codes[*row as usize] as u32)
                };
                self.group_of.extend(self.selected.iter().map(group));
            }
        }
    }

    fn merge(&mut self, dense: &Dense, other: &Groups) {
        for group in 0..self.rows.len() {
            if other.rows[group] == 0 {
                continue;
            }
            self.rows[group] += other.rows[group];
            for ((function, state), part) in dense.aggregates.iter().zip(&mut self.states).zip(&other.states) {
                match function {
                    Function::Count => {}
                    Function::Sum(Number::Whole) => {
                        state.wholes[group] = state.wholes[group].wrapping_add(part.wholes[group]);
                    }
                    Function::Sum(Number::Real) | Function::Average => state.reals[group] += part.reals[group],
                    Function::Least(Number::Whole) => {
                        state.wholes[group] = state.wholes[group].min(part.wholes[group]);
                    }
                    Function::Greatest(Number::Whole) => {
                        state.wholes[group] = state.wholes[group].max(part.wholes[group]);
                    }
                    Function::Least(Number::Real) => state.reals[group] = state.reals[group].min(part.reals[group]),
                    Function::Greatest(Number::Real) => state.reals[group] = state.reals[group].max(part.reals[group]),
                }
                if let Some(missing) = part.missing.get(group).filter(|missing| **missing > 0) {
                    state.missing.resize(other.rows.len(), 0);
                    state.missing[group] += missing;
                }
            }
        }
    }

    /// The groups that have rows, in the order of their codes.
    fn batches(self, dense: &Dense, columns: &[Column]) -> Vec<SqlResult<RecordBatch>> {
        let mut builder = RowBuilder::new(columns);
        let mut batches = Vec::new();
        let mut row: Vec<Datum<'_>> = Vec::with_capacity(columns.len());
        for group in (0..self.rows.len()).filter(|group| self.rows[*group] > 0) {
            row.clear();
            let mut rest = group;
            for codes in dense.keys.iter().rev() {
                let size = codes.values().len();
                row.push(Datum::string(codes.values()[rest % size].as_str()));
                rest /= size;
            }
            row.reverse();
            for ((function, state), column) in dense
                .aggregates
                .iter()
                .zip(&self.states)
                .zip(&columns[dense.keys.len()..])
            {
                row.push(state.finish(*function, group, self.rows[group], column.ty));
            }
            builder.push(&row);
            if builder.rows() == BATCH_ROWS {
                batches.push(builder.finish());
            }
        }
        if builder.rows() > 0 {
            batches.push(builder.finish());
        }
        batches
    }
}

impl State {
    /// Calls `apply` for each selected row that has a value.
    fn collect(
        &mut self,
        nulls: Option<&NullBuffer>,
        selected: &[u32],
        group_of: &[u32],
        groups: usize,
        apply: impl Fn(&mut Self, usize, usize),
    ) {
        let pairs = selected
            .iter()
            .zip(group_of)
            .map(|(row, group)| (*row as usize, *group as usize));
        match nulls {
            None => pairs.for_each(|(row, group)| apply(self, row, group)),
            Some(nulls) => {
                self.missing.resize(groups, 0);
                for (row, group) in pairs {
                    if nulls.is_valid(row) {
                        apply(self, row, group);
                    } else {
                        self.missing[group] += 1;
                    }
                }
            }
        }
    }

    fn finish(&self, function: Function, group: usize, rows: i64, ty: Type) -> Datum<'static> {
        let values = rows - self.missing.get(group).copied().unwrap_or(0);
        let whole = |value: i64| match ty {
            Type::Int => i32::try_from(value).map_or(Datum::Null, Datum::Int),
            _ => Datum::Long(value),
        };
        match function {
            Function::Count => Datum::Long(rows),
            Function::Sum(Number::Whole) => whole(self.wholes[group]),
            Function::Sum(Number::Real) => Datum::Real(self.reals[group]),
            Function::Average => Datum::Real(self.reals[group] / values as f64),
            Function::Least(_) | Function::Greatest(_) if values == 0 => Datum::Null,
            Function::Least(Number::Whole) | Function::Greatest(Number::Whole) => whole(self.wholes[group]),
            Function::Least(Number::Real) | Function::Greatest(Number::Real) => Datum::Real(self.reals[group]),
        }
    }
}

fn set_bits(bits: &BooleanBuffer) -> impl Iterator<Item = u32> {
    // Rows of a batch are far below 2^32.
    bits.set_indices().map(|row| row as u32)
}
