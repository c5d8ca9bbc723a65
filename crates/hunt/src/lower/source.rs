//! `range`: rows from nothing.

use std::sync::Arc;

use datafusion::catalog::TableProvider;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use futures::stream as futures_stream;
use postern_kql::{Column, Type, Value};
use postern_kql_functions::Datum;

use super::stream;
use crate::batch::{BATCH_ROWS, RowBuilder, arrow_schema};
use crate::error::HuntError;

/// The table of `range column from a to b step c`. Rows are made as they are asked for, so that their number needs no
/// limit of its own.
pub fn range(column: &Column, values: Vec<Option<Value>>) -> Result<Arc<dyn TableProvider>, HuntError> {
    let columns = vec![column.clone()];
    let schema = arrow_schema(&columns);
    if let (Type::DateTime, Some(Some(Value::TimeSpan(1..=9 | -9..=-1)))) = (column.ty, values.get(2)) {
        return Err(HuntError::Run(
            "the step of a `range` of datetimes is a microsecond at least".to_owned(),
        ));
    }
    let steps = Steps::new(column.ty, &values);
    let adapter_schema = Arc::clone(&schema);
    Ok(stream::table(
        schema,
        Box::new(move |_| {
            let mut builder = RowBuilder::new(&columns);
            let mut steps = steps.clone();
            let batches = std::iter::from_fn(move || {
                for datum in steps.by_ref().take(BATCH_ROWS) {
                    builder.push(&[datum]);
                }
                (builder.rows() > 0).then(|| builder.finish())
            });
            let rows = futures_stream::iter(batches);
            Ok(Box::pin(RecordBatchStreamAdapter::new(
                Arc::clone(&adapter_schema),
                rows,
            )))
        }),
    )?)
}

/// The values, one after the other.
#[derive(Clone)]
enum Steps {
    /// Of a type whose values are whole numbers; `next` is `None` behind the end.
    Whole {
        ty: Type,
        next: Option<i64>,
        to: i64,
        step: i64,
    },
    /// Multiples are computed from the start, so that errors do not add up.
    Real {
        from: f64,
        to: f64,
        step: f64,
        index: u64,
    },
    None,
}

impl Steps {
    fn new(ty: Type, values: &[Option<Value>]) -> Self {
        let [Some(from), Some(to), Some(step)] = values else {
            return Steps::None;
        };
        match ty {
            Type::Real => match (real(from), real(to), real(step)) {
                (Some(from), Some(to), Some(step)) if step != 0.0 => Steps::Real {
                    from,
                    to,
                    step,
                    index: 0,
                },
                _ => Steps::None,
            },
            Type::Int | Type::Long | Type::TimeSpan | Type::DateTime => {
                // Datetimes are microseconds, timespans ticks of a tenth of one.
                let step = match (ty, step) {
                    (Type::DateTime, Value::TimeSpan(ticks)) => Some(ticks / 10),
                    (_, step) => whole(step),
                };
                match (whole(from), whole(to), step) {
                    (Some(from), Some(to), Some(step)) if step != 0 => Steps::Whole {
                        ty,
                        next: Some(from),
                        to,
                        step,
                    },
                    _ => Steps::None,
                }
            }
            _ => Steps::None,
        }
    }
}

impl Iterator for Steps {
    type Item = Datum<'static>;

    fn next(&mut self) -> Option<Datum<'static>> {
        match self {
            Steps::Whole { ty, next, to, step } => {
                let value = (*next)?;
                if (*step > 0 && value > *to) || (*step < 0 && value < *to) {
                    return None;
                }
                *next = value.checked_add(*step);
                Some(match ty {
                    Type::Int => Datum::Int(i32::try_from(value).ok()?),
                    Type::TimeSpan => Datum::TimeSpan(value),
                    Type::DateTime => Datum::DateTime(value),
                    _ => Datum::Long(value),
                })
            }
            Steps::Real { from, to, step, index } => {
                let value = *from + *index as f64 * *step;
                if (*step > 0.0 && value > *to) || (*step < 0.0 && value < *to) || value.is_nan() {
                    return None;
                }
                *index += 1;
                Some(Datum::Real(value))
            }
            Steps::None => None,
        }
    }
}

fn whole(value: &Value) -> Option<i64> {
    match value {
        Value::Int(value) => Some(i64::from(*value)),
        Value::Long(value) | Value::DateTime(value) | Value::TimeSpan(value) => Some(*value),
        _ => None,
    }
}

fn real(value: &Value) -> Option<f64> {
    match value {
        Value::Real(value) => Some(*value),
        Value::Int(value) => Some(f64::from(*value)),
        Value::Long(value) => Some(*value as f64),
        _ => None,
    }
}
