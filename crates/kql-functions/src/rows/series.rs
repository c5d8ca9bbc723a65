//! `make-series`: for each group the values of aggregates along an axis, one for each step, gaps filled.
//!
//! Steps count from where the query says (`from`), or else from the multiples of the step; a series without `from` or
//! `to` reaches as far as its own values do. `in range(...)` includes its end and counts from multiples of the step.

use std::collections::BTreeMap;

use postern_kql::ir;
use postern_kql::{Diagnostic, Span, Type};

use super::calls::{Call, Groups};
use super::{Out, Preparation, RowError, RowOperator, wrong};
use crate::aggregates::Accumulator;
use crate::calendar;
use crate::convert::{self, TICKS_PER_MICROSECOND};
use crate::evaluate::{Program, Values};
use crate::order::number;
use crate::{Context, Datum, Dynamic, element};

/// Steps of one series at most, as the language documents it.
pub const STEPS_MAX: usize = 1_048_576;

pub(super) struct MakeSeries {
    keys: Vec<Program>,
    calls: Vec<Call>,
    /// What stands where a step has no rows.
    defaults: Vec<Datum<'static>>,
    on: Program,
    axis: Axis,
    /// First and last step, where the query says them.
    first: Option<i64>,
    last: Option<i64>,
    nonempty: bool,
    groups: Groups,
    series: Vec<BTreeMap<i64, Vec<Box<dyn Accumulator>>>>,
    held: usize,
}

/// Numbers the steps of an axis. Moments are microseconds, durations ticks.
enum Axis {
    Whole { ty: Type, origin: i64, step: i64 },
    Real { origin: f64, step: f64 },
}

impl Axis {
    /// The step that a value belongs to.
    fn number(&self, value: &Datum<'_>) -> Option<i64> {
        match self {
            Axis::Whole { origin, step, .. } => {
                let distance = i128::from(whole(value)?) - i128::from(*origin);
                i64::try_from(distance.div_euclid(i128::from(*step))).ok()
            }
            Axis::Real { origin, step } => convert::truncated(((number(value)? - origin) / step).floor()),
        }
    }

    /// Whether a value is where its step begins.
    fn begins(&self, value: &Datum<'_>, number: i64) -> bool {
        match (self.value(number), value) {
            (Some(Datum::Real(start)), value) => crate::order::number(value) == Some(start),
            (Some(start), value) => whole(&start) == whole(value),
            (None, _) => false,
        }
    }

    fn value(&self, number: i64) -> Option<Datum<'static>> {
        Some(match self {
            Axis::Whole { ty, origin, step } => {
                let value = number.checked_mul(*step)?.checked_add(*origin)?;
                match ty {
                    Type::DateTime => convert::datetime(value),
                    Type::TimeSpan => Datum::TimeSpan(value),
                    _ => Datum::Long(value),
                }
            }
            Axis::Real { origin, step } => Datum::Real(origin + number as f64 * step),
        })
    }
}

fn whole(value: &Datum<'_>) -> Option<i64> {
    match value {
        Datum::Int(value) => Some(i64::from(*value)),
        Datum::Long(value) | Datum::DateTime(value) | Datum::TimeSpan(value) => Some(*value),
        _ => None,
    }
}

impl MakeSeries {
    pub(super) fn new(series: &ir::MakeSeries, with: &Preparation<'_>) -> Result<Self, Diagnostic> {
        let bound = |bound: &Option<ir::Scalar>| match bound {
            Some(scalar) => with.constant(scalar).map(Some),
            None => Ok(None),
        };
        let (from, to) = (bound(&series.from)?, bound(&series.to)?);
        let step = with.constant(&series.step)?;
        let axis = axis(series, from.as_ref(), to.as_ref(), &step)?;
        let first = from.as_ref().and_then(|from| axis.number(from));
        let last = to.as_ref().and_then(|to| {
            let last = axis.number(to)?;
            // The end is no part of the series, unless the query says so.
            Some(if axis.begins(to, last) && !series.includes_end {
                last.saturating_sub(1)
            } else {
                last
            })
        });
        let mut calls = Vec::new();
        let mut defaults = Vec::new();
        for (aggregate, default) in &series.aggregates {
            let default = match default {
                Some(default) => with.constant(default)?,
                None => Datum::Long(0),
            };
            defaults.push(if aggregate.ty.is_numeric() {
                convert::cast(&default, aggregate.ty)
            } else {
                default
            });
            calls.push(Call::new(aggregate, with)?);
        }
        Ok(Self {
            keys: with.programs(&series.keys)?,
            calls,
            defaults,
            on: with.program(&series.on)?,
            axis,
            first,
            last,
            nonempty: series.nonempty,
            groups: Groups::default(),
            series: Vec::new(),
            held: 0,
        })
    }

    fn hand_on(
        &self,
        key: &[Datum<'_>],
        steps: &mut BTreeMap<i64, Vec<Box<dyn Accumulator>>>,
        out: &mut Out<'_>,
    ) -> Result<(), RowError> {
        let first = self.first.or_else(|| steps.keys().next().copied());
        let last = self.last.or_else(|| steps.keys().next_back().copied());
        let (Some(first), Some(last)) = (first, last) else {
            return Ok(());
        };
        let count = i128::from(last) - i128::from(first) + 1;
        if count > STEPS_MAX as i128 {
            return Err(RowError::Limit {
                what: "steps in one series of make-series",
                max: STEPS_MAX,
            });
        }
        let mut texts = vec![String::from("["); self.calls.len() + 1];
        for number in first..=last {
            let mut values = steps.remove(&number);
            for (index, text) in texts.iter_mut().enumerate() {
                if number > first {
                    text.push(',');
                }
                match (self.defaults.get(index), &mut values) {
                    (None, _) => element::write(&self.axis.value(number).unwrap_or(Datum::Null), text),
                    (Some(_), Some(values)) => element::write(&values[index].finish(), text),
                    (Some(default), None) => element::write(default, text),
                }
            }
        }
        let arrays = texts.into_iter().map(|mut text| {
            text.push(']');
            Datum::Dynamic(Dynamic::Text(text.into()))
        });
        let row: Vec<Datum<'_>> = key.iter().map(Datum::borrowed).chain(arrays).collect();
        out(&row)
    }
}

/// The numbering of steps, counted from `from` where the query says it.
fn axis(
    series: &ir::MakeSeries,
    from: Option<&Datum<'_>>,
    to: Option<&Datum<'_>>,
    step: &Datum<'_>,
) -> Result<Axis, Diagnostic> {
    let span: Span = series.step.span;
    if [from, to].into_iter().flatten().any(Datum::is_null) {
        return Err(wrong(span, "the bounds of make-series cannot be null"));
    }
    // With `in range` steps begin at multiples of the step.
    let from = from.filter(|_| !series.includes_end);
    let mixes_reals = [from, to, Some(step)]
        .into_iter()
        .flatten()
        .any(|it| matches!(it, Datum::Real(_)));
    let positive = "the step of make-series is a positive number or duration, of the same kind as the axis";
    match series.on.ty {
        Type::DateTime | Type::TimeSpan => {
            let Datum::TimeSpan(ticks) = step else {
                return Err(wrong(span, positive));
            };
            let (unit, origin) = if series.on.ty == Type::DateTime {
                (TICKS_PER_MICROSECOND, calendar::FIRST)
            } else {
                (1, 0)
            };
            if *ticks < unit {
                return Err(wrong(span, positive));
            }
            Ok(Axis::Whole {
                ty: series.on.ty,
                origin: from.and_then(whole).unwrap_or(origin),
                step: ticks / unit,
            })
        }
        Type::Int | Type::Long if !mixes_reals => match whole(step) {
            Some(step) if step > 0 => Ok(Axis::Whole {
                ty: Type::Long,
                origin: from.and_then(whole).unwrap_or(0),
                step,
            }),
            _ => Err(wrong(span, positive)),
        },
        ty if ty.is_numeric() => match number(step) {
            Some(step) if step > 0.0 && step.is_finite() => Ok(Axis::Real {
                origin: from.and_then(number).unwrap_or(0.0),
                step,
            }),
            _ => Err(wrong(span, positive)),
        },
        _ => Err(wrong(
            series.on.span,
            "the axis of make-series is a number, a datetime or a timespan",
        )),
    }
}

impl RowOperator for MakeSeries {
    fn push(&mut self, row: &[Datum<'_>], cx: &Context, _out: &mut Out<'_>) -> Result<(), RowError> {
        let Some(number) = self.axis.number(&self.on.run(&Values(row), cx)) else {
            return Ok(());
        };
        if self.first.is_some_and(|first| number < first) || self.last.is_some_and(|last| number > last) {
            return Ok(());
        }
        let key: Vec<Datum<'_>> = self.keys.iter().map(|key| key.run(&Values(row), cx)).collect();
        let (group, is_new) = self.groups.number(&key);
        if is_new {
            self.series.push(BTreeMap::new());
        }
        let accumulators = self.series[group]
            .entry(number)
            .or_insert_with(|| self.calls.iter().map(Call::start).collect());
        for (call, accumulator) in self.calls.iter().zip(accumulators) {
            let before = accumulator.size();
            call.update(accumulator.as_mut(), row, cx);
            self.held += accumulator.size().saturating_sub(before);
        }
        Ok(())
    }

    fn finish(&mut self, _cx: &Context, out: &mut Out<'_>) -> Result<(), RowError> {
        let series = std::mem::take(&mut self.series);
        if series.is_empty() && self.nonempty && self.keys.is_empty() {
            return self.hand_on(&[], &mut BTreeMap::new(), out);
        }
        for (key, mut steps) in self.groups.keys().iter().zip(series) {
            self.hand_on(key, &mut steps, out)?;
        }
        Ok(())
    }

    fn size(&self) -> usize {
        let steps: usize = self.series.iter().map(BTreeMap::len).sum();
        self.groups.size() + self.held + steps * self.calls.len() * size_of::<[usize; 8]>()
    }
}

#[cfg(test)]
mod tests {
    use postern_kql::ir::Op;

    use super::*;
    use crate::rows::testing::{aggregate, column, constant, day, lines, node, run, table};

    const DAY: Datum<'static> = Datum::TimeSpan(postern_kql::literal::TICKS_PER_DAY);

    fn series(on: Type, bounds: Option<(Datum<'_>, Datum<'_>)>, step: Datum<'_>) -> ir::MakeSeries {
        let (from, to) = bounds.unzip();
        ir::MakeSeries {
            aggregates: vec![(aggregate("sum", Type::Long, vec![column(1, Type::Long)]), None)],
            on: column(0, on),
            from: from.map(constant),
            to: to.map(constant),
            step: constant(step),
            includes_end: false,
            nonempty: false,
            keys: Vec::new(),
        }
    }

    fn made(series: ir::MakeSeries, rows: &[Vec<Datum<'_>>]) -> Result<Vec<String>, RowError> {
        let input = table(&[("t", series.on.ty), ("v", Type::Long), ("k", Type::String)]);
        let mut columns: Vec<(&str, Type)> = series.keys.iter().map(|_| ("k", Type::String)).collect();
        columns.extend(series.aggregates.iter().map(|_| ("v", Type::Dynamic)));
        columns.push(("t", Type::Dynamic));
        let series = Box::new(series);
        run(&node(Op::MakeSeries { input, series }, &columns), rows)
            .unwrap()
            .map(|rows| lines(&rows))
    }

    fn row(at: Datum<'static>, value: i64, key: &'static str) -> Vec<Datum<'static>> {
        vec![at, Datum::Long(value), Datum::string(key)]
    }

    #[test]
    fn gaps_are_filled_between_the_bounds_and_the_end_is_left_out() {
        let rows = [
            row(day(0), 100, ""),
            row(day(1), 1, ""),
            row(day(3), 2, ""),
            row(day(4), 100, ""),
        ];
        let bounded = series(Type::DateTime, Some((day(1), day(4))), DAY);
        let days = |days: &[&str]| {
            let days: Vec<String> = days
                .iter()
                .map(|day| format!("\"2017-01-{day}T00:00:00.0000000Z\""))
                .collect();
            days.join(",")
        };
        let expected = format!("[1,0,2]|[{}]", days(&["01", "02", "03"]));
        assert_eq!(made(bounded.clone(), &rows), Ok(vec![expected]));
        // An end inside of a step includes that step.
        let Datum::DateTime(end) = day(4) else { unreachable!() };
        let inside = series(Type::DateTime, Some((day(1), Datum::DateTime(end + 1))), DAY);
        let expected = format!("[1,0,2,100]|[{}]", days(&["01", "02", "03", "04"]));
        assert_eq!(made(inside, &rows), Ok(vec![expected]));
        let mut ranged = bounded;
        ranged.includes_end = true;
        ranged.aggregates[0].1 = Some(constant(Datum::Long(-1)));
        let expected = format!("[1,-1,2,100]|[{}]", days(&["01", "02", "03", "04"]));
        assert_eq!(made(ranged, &rows), Ok(vec![expected]));
    }

    #[test]
    fn without_bounds_each_series_reaches_as_far_as_its_values() {
        let rows = [
            row(Datum::Long(-3), 1, "a"),
            row(Datum::Long(7), 2, "a"),
            row(Datum::Long(12), 5, "b"),
            row(Datum::Null, 9, "c"),
        ];
        let mut keyed = series(Type::Long, None, Datum::Long(5));
        keyed.keys = vec![column(2, Type::String)];
        let expected = ["a|[1,0,2]|[-5,0,5]", "b|[5]|[10]"].map(str::to_owned);
        assert_eq!(made(keyed, &rows), Ok(expected.to_vec()));
        let rows = [row(Datum::Real(0.3), 1, ""), row(Datum::Real(1.1), 2, "")];
        let reals = series(Type::Real, None, Datum::Real(0.5));
        assert_eq!(made(reals, &rows), Ok(vec!["[1,0,2]|[0.0,0.5,1.0]".to_owned()]));
    }

    #[test]
    fn no_rows_give_a_series_only_when_asked_for() {
        let empty = series(Type::Long, Some((Datum::Long(0), Datum::Long(3))), Datum::Long(1));
        assert_eq!(made(empty.clone(), &[]), Ok(Vec::new()));
        let mut nonempty = empty;
        nonempty.nonempty = true;
        assert_eq!(made(nonempty, &[]), Ok(vec!["[0,0,0]|[0,1,2]".to_owned()]));
    }

    #[test]
    fn values_at_the_ends_of_their_types_do_no_harm() {
        let limit = RowError::Limit {
            what: "steps in one series of make-series",
            max: STEPS_MAX,
        };
        let ends = [row(Datum::Long(i64::MIN), 1, ""), row(Datum::Long(i64::MAX), 2, "")];
        for step in [1, 7, i64::MAX] {
            let found = made(series(Type::Long, None, Datum::Long(step)), &ends);
            assert_eq!(found.is_err(), step < i64::MAX, "step {step}: {found:?}");
        }
        let bounded = series(
            Type::Long,
            Some((Datum::Long(i64::MIN), Datum::Long(i64::MIN))),
            Datum::Long(1),
        );
        assert_eq!(made(bounded, &ends), Ok(Vec::new()));
        let reals = [f64::NAN, f64::INFINITY, f64::MIN_POSITIVE, 1e300].map(|at| row(Datum::Real(at), 1, ""));
        assert_eq!(
            made(series(Type::Real, None, Datum::Real(1e299)), &reals).map(|rows| rows.len()),
            Ok(1)
        );
        assert_eq!(made(series(Type::Real, None, Datum::Real(1e290)), &reals), Err(limit));
    }

    #[test]
    fn too_many_steps_and_steps_of_nothing_are_refused() {
        let long = series(
            Type::Long,
            Some((Datum::Long(0), Datum::Long(i64::MAX))),
            Datum::Long(1),
        );
        let limit = RowError::Limit {
            what: "steps in one series of make-series",
            max: STEPS_MAX,
        };
        assert_eq!(made(long, &[row(Datum::Long(1), 1, "")]), Err(limit));
        let input = table(&[("t", Type::Long), ("v", Type::Long)]);
        let series = Box::new(series(Type::Long, None, Datum::Long(0)));
        let refused = run(&node(Op::MakeSeries { input, series }, &[]), &[]).unwrap_err();
        assert!(refused.message.contains("positive"), "{}", refused.message);
    }
}
