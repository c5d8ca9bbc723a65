//! Functions of the order of rows: `row_number`, `prev`, `next`, `row_cumsum`, `row_rank_dense`, `row_rank_min`,
//! `row_window_session`.
//!
//! They may stand anywhere inside the expressions of a projection, inside each other too. [`Windows::of`] takes them
//! out: each becomes a column behind those of the input, inner ones first, and the expressions read those columns. All
//! take one pass; only `next` makes rows wait, for as many rows as it looks ahead.

use std::cmp::Ordering;
use std::collections::VecDeque;

use postern_kql::ir::{PathStep, Scalar, ScalarKind};
use postern_kql::{Code, Diagnostic, Type};

use super::{Out, Preparation, RowError, RowOperator, empty, owned, row_size, wrong};
use crate::convert::{self, TICKS_PER_MICROSECOND};
use crate::evaluate::{Program, Values};
use crate::order::{compare, number, whole};
use crate::{Context, Datum};

/// How far `prev` and `next` may look.
pub const OFFSET_MAX: i64 = 1_000_000;

/// The window functions of a projection, computed ahead of it.
pub struct Windows {
    stages: Vec<Stage>,
}

impl Windows {
    /// Takes the window functions out of expressions over `width` columns. The machine appends a column for each, and
    /// the expressions that come back read them; `None` where there is none.
    ///
    /// # Errors
    /// A function is not known or an argument of it cannot be used.
    pub fn of(
        values: &[Scalar],
        width: usize,
        with: &Preparation<'_>,
    ) -> Result<Option<(Self, Vec<Scalar>)>, Diagnostic> {
        let mut values = values.to_vec();
        let mut stages = Vec::new();
        for value in &mut values {
            take_out(value, width, &mut stages, with)?;
        }
        Ok((!stages.is_empty()).then_some((Self { stages }, values)))
    }

    /// The types of the columns that are appended, in order.
    pub fn types(&self) -> Vec<Type> {
        self.stages.iter().map(|stage| stage.ty).collect()
    }
}

fn take_out(
    scalar: &mut Scalar,
    width: usize,
    stages: &mut Vec<Stage>,
    with: &Preparation<'_>,
) -> Result<(), Diagnostic> {
    for part in parts(scalar) {
        take_out(part, width, stages, with)?;
    }
    if let ScalarKind::Window { function, arguments } = &scalar.kind {
        stages.push(Stage::new(function, arguments, scalar, with)?);
        scalar.kind = ScalarKind::Column(width + stages.len() - 1);
    }
    Ok(())
}

/// The expressions directly inside of one, of the same row.
pub(super) fn parts(scalar: &mut Scalar) -> Vec<&mut Scalar> {
    match &mut scalar.kind {
        ScalarKind::Constant(_)
        | ScalarKind::Column(_)
        | ScalarKind::ToScalar(_)
        | ScalarKind::Property { .. }
        | ScalarKind::OverPath { .. }
        | ScalarKind::GraphFunction { .. } => Vec::new(),
        ScalarKind::Call { arguments, .. } | ScalarKind::Window { arguments, .. } => arguments.iter_mut().collect(),
        ScalarKind::Negate(inner) | ScalarKind::Cast(inner) => vec![inner],
        ScalarKind::Binary { left, right, .. }
        | ScalarKind::Text { left, right, .. }
        | ScalarKind::And(left, right)
        | ScalarKind::Or(left, right) => vec![left, right],
        ScalarKind::In { left, list, .. } | ScalarKind::HasAny { left, list, .. } => {
            std::iter::once(left.as_mut()).chain(list).collect()
        }
        ScalarKind::InTable { left, .. } | ScalarKind::HasAnyTable { left, .. } => vec![left],
        ScalarKind::Between { value, low, high, .. } => vec![value, low, high],
        ScalarKind::Path { base, steps } => {
            let computed = steps.iter_mut().filter_map(|step| match step {
                PathStep::Computed(inner) => Some(inner),
                PathStep::Key(_) | PathStep::Index(_) => None,
            });
            std::iter::once(base.as_mut()).chain(computed).collect()
        }
    }
}

/// One function; it appends its value to each row.
struct Stage {
    function: Function,
    term: Option<Program>,
    restart: Option<Program>,
    ty: Type,
}

enum Function {
    RowNumber {
        start: i64,
        next: i64,
    },
    Previous {
        offset: usize,
        default: Datum<'static>,
        /// The last values, the oldest first.
        values: VecDeque<Datum<'static>>,
    },
    Next {
        offset: usize,
        default: Datum<'static>,
        /// Rows that wait for the value that is `offset` rows behind them.
        waiting: VecDeque<Vec<Datum<'static>>>,
        held: usize,
    },
    RunningTotal(Total),
    Rank {
        is_dense: bool,
        rank: i64,
        rows: i64,
        last: Option<Datum<'static>>,
    },
    Session {
        from_first: i64,
        from_last: i64,
        session: Option<(i64, i64)>,
    },
}

enum Total {
    Whole(i64),
    Real(f64),
    Decimal(rust_decimal::Decimal),
}

impl Total {
    fn zero(ty: Type) -> Self {
        match ty {
            Type::Int | Type::Long | Type::TimeSpan => Total::Whole(0),
            Type::Decimal => Total::Decimal(rust_decimal::Decimal::ZERO),
            _ => Total::Real(0.0),
        }
    }

    /// A null adds nothing.
    fn add(&mut self, value: &Datum<'_>) {
        match (self, value) {
            (Total::Whole(total), Datum::TimeSpan(value)) => *total = total.wrapping_add(*value),
            (Total::Whole(total), value) => *total = total.wrapping_add(whole(value).unwrap_or(0)),
            (Total::Real(total), value) => *total += number(value).unwrap_or(0.0),
            (Total::Decimal(total), value) => {
                let sum = convert::decimal(value).and_then(|value| total.checked_add(value));
                *total = sum.unwrap_or(*total);
            }
        }
    }

    fn value(&self, ty: Type) -> Datum<'static> {
        match self {
            Total::Whole(total) if ty == Type::TimeSpan => Datum::TimeSpan(*total),
            Total::Whole(total) => convert::cast(&Datum::Long(*total), ty),
            Total::Real(total) => convert::cast(&Datum::Real(*total), ty),
            Total::Decimal(total) => Datum::Decimal(*total),
        }
    }
}

impl Stage {
    fn new(function: &str, arguments: &[Scalar], scalar: &Scalar, with: &Preparation<'_>) -> Result<Self, Diagnostic> {
        let program = |index: usize| arguments.get(index).map(|argument| with.program(argument)).transpose();
        let constant = |index: usize| arguments.get(index).map(|argument| with.constant(argument)).transpose();
        let offset = || match constant(1)? {
            None => Ok(1),
            Some(offset) => match whole(&offset).filter(|offset| (0..=OFFSET_MAX).contains(offset)) {
                Some(offset) => Ok(offset as usize),
                None => Err(wrong(
                    scalar.span,
                    format!("an offset is a number from 0 to {OFFSET_MAX}"),
                )),
            },
        };
        let default = || Ok::<_, Diagnostic>(constant(2)?.unwrap_or_else(|| empty(scalar.ty)));
        let ticks = |index: usize| match constant(index)? {
            Some(Datum::TimeSpan(ticks)) => Ok(ticks / TICKS_PER_MICROSECOND),
            _ => Err(wrong(scalar.span, "the distances of row_window_session are timespans")),
        };
        let (function, term, restart) = match function {
            "row_number" => {
                let start = constant(0)?.as_ref().and_then(whole).unwrap_or(1);
                (Function::RowNumber { start, next: start }, None, program(1)?)
            }
            "prev" => {
                let (offset, default) = (offset()?, default()?);
                let values = VecDeque::new();
                (
                    Function::Previous {
                        offset,
                        default,
                        values,
                    },
                    program(0)?,
                    None,
                )
            }
            "next" => {
                let (offset, default) = (offset()?, default()?);
                let waiting = VecDeque::new();
                let next = Function::Next {
                    offset,
                    default,
                    waiting,
                    held: 0,
                };
                (next, program(0)?, None)
            }
            "row_cumsum" => (Function::RunningTotal(Total::zero(scalar.ty)), program(0)?, program(1)?),
            "row_rank_dense" | "row_rank_min" => {
                let rank = Function::Rank {
                    is_dense: function == "row_rank_dense",
                    rank: 0,
                    rows: 0,
                    last: None,
                };
                (rank, program(0)?, program(1)?)
            }
            "row_window_session" => {
                let session = Function::Session {
                    from_first: ticks(1)?,
                    from_last: ticks(2)?,
                    session: None,
                };
                (session, program(0)?, program(3)?)
            }
            other => {
                let message = format!("the function {other} is not supported");
                return Err(Diagnostic::error(Code::Unsupported, scalar.span, message));
            }
        };
        Ok(Self {
            function,
            term,
            restart,
            ty: scalar.ty,
        })
    }

    fn push(&mut self, row: &[Datum<'_>], cx: &Context, out: &mut Out<'_>) -> Result<(), RowError> {
        let term = self
            .term
            .as_ref()
            .map_or(Datum::Null, |term| term.run(&Values(row), cx));
        let restarts = self
            .restart
            .as_ref()
            .is_some_and(|restart| restart.holds(&Values(row), cx));
        let value = match &mut self.function {
            Function::RowNumber { start, next } => {
                if restarts {
                    *next = *start;
                }
                let number = *next;
                *next = next.wrapping_add(1);
                Datum::Long(number)
            }
            Function::Previous {
                offset,
                default,
                values,
            } => {
                values.push_back(term.into_owned());
                if values.len() > *offset {
                    values.pop_front().unwrap_or(Datum::Null)
                } else {
                    default.clone()
                }
            }
            Function::Next {
                offset, waiting, held, ..
            } => {
                *held += row_size(row);
                waiting.push_back(owned(row));
                if waiting.len() <= *offset {
                    return Ok(());
                }
                let mut ready = waiting.pop_front().unwrap_or_default();
                *held -= row_size(&ready);
                ready.push(term.into_owned());
                return out(&ready);
            }
            Function::RunningTotal(total) => {
                if restarts {
                    *total = Total::zero(self.ty);
                }
                total.add(&term);
                total.value(self.ty)
            }
            Function::Rank {
                is_dense,
                rank,
                rows,
                last,
            } => {
                if restarts {
                    (*rank, *rows, *last) = (0, 0, None);
                }
                *rows += 1;
                if last.as_ref().is_none_or(|last| compare(last, &term) != Ordering::Equal) {
                    *rank = if *is_dense { *rank + 1 } else { *rows };
                    *last = Some(term.into_owned());
                }
                Datum::Long(*rank)
            }
            Function::Session {
                from_first,
                from_last,
                session,
            } => match term {
                Datum::DateTime(at) => {
                    let first = match *session {
                        Some((first, last))
                            if !restarts
                                && at < first.saturating_add(*from_first)
                                && at < last.saturating_add(*from_last) =>
                        {
                            first
                        }
                        _ => at,
                    };
                    *session = Some((first, at));
                    Datum::DateTime(first)
                }
                // What follows a null begins a session.
                _ => {
                    *session = None;
                    Datum::Null
                }
            },
        };
        let mut wide: Vec<Datum<'_>> = row.iter().map(Datum::borrowed).collect();
        wide.push(value);
        out(&wide)
    }

    fn finish(&mut self, out: &mut Out<'_>) -> Result<(), RowError> {
        if let Function::Next { default, waiting, .. } = &mut self.function {
            for mut row in std::mem::take(waiting) {
                row.push(default.clone());
                out(&row)?;
            }
        }
        Ok(())
    }

    fn size(&self) -> usize {
        match &self.function {
            Function::Previous { values, .. } => values.iter().map(Datum::size).sum(),
            Function::Next { held, .. } => *held,
            _ => size_of::<Self>(),
        }
    }
}

fn feed(stages: &mut [Stage], row: &[Datum<'_>], cx: &Context, out: &mut Out<'_>) -> Result<(), RowError> {
    match stages {
        [] => out(row),
        [first, rest @ ..] => first.push(row, cx, &mut |row| feed(rest, row, cx, out)),
    }
}

fn finish(stages: &mut [Stage], cx: &Context, out: &mut Out<'_>) -> Result<(), RowError> {
    match stages {
        [] => Ok(()),
        [first, rest @ ..] => {
            first.finish(&mut |row| feed(rest, row, cx, out))?;
            finish(rest, cx, out)
        }
    }
}

impl RowOperator for Windows {
    fn push(&mut self, row: &[Datum<'_>], cx: &Context, out: &mut Out<'_>) -> Result<(), RowError> {
        feed(&mut self.stages, row, cx, out)
    }

    fn finish(&mut self, cx: &Context, out: &mut Out<'_>) -> Result<(), RowError> {
        finish(&mut self.stages, cx, out)
    }

    fn size(&self) -> usize {
        self.stages.iter().map(Stage::size).sum()
    }
}

#[cfg(test)]
mod tests {
    use postern_kql::Span;
    use postern_kql::ir::Binary;

    use super::*;
    use crate::rows::testing::{Rows, column, constant, texts};

    fn window(function: &str, ty: Type, arguments: Vec<Scalar>) -> Scalar {
        let function = function.to_owned();
        Scalar {
            kind: ScalarKind::Window { function, arguments },
            ty,
            span: Span::default(),
        }
    }

    fn differs(left: Scalar, right: Scalar) -> Scalar {
        Scalar {
            kind: ScalarKind::Binary {
                operator: Binary::NotEqual,
                left: Box::new(left),
                right: Box::new(right),
            },
            ty: Type::Bool,
            span: Span::default(),
        }
    }

    /// The values of one expression, as text.
    fn values(value: Scalar, rows: &[Vec<Datum<'_>>]) -> String {
        let cx = Context::new(0);
        let with = Preparation {
            subqueries: &|_| None,
            tables: &|_| None,
            cx: &cx,
        };
        let width = rows[0].len();
        let (mut windows, values) = Windows::of(&[value], width, &with).unwrap().unwrap();
        let value = with.program(&values[0]).unwrap();
        let mut found: Rows = Vec::new();
        let mut out = |row: &[Datum<'_>]| {
            found.push(vec![value.run(&Values(row), &cx).into_owned()]);
            Ok(())
        };
        rows.iter().for_each(|row| windows.push(row, &cx, &mut out).unwrap());
        windows.finish(&cx, &mut out).unwrap();
        texts(&found).concat().join(" ")
    }

    fn numbers(numbers: &[i64]) -> Vec<Vec<Datum<'static>>> {
        numbers.iter().map(|number| vec![Datum::Long(*number)]).collect()
    }

    #[test]
    fn neighbours_are_found_and_have_defaults_beyond_the_ends() {
        let rows = numbers(&[1, 2, 3, 4]);
        let x = || column(0, Type::Long);
        let two = || constant(Datum::Long(2));
        for (function, arguments, expected) in [
            ("prev", vec![x()], " 1 2 3"),
            ("prev", vec![x(), two()], "  1 2"),
            ("prev", vec![x(), two(), constant(Datum::Long(0))], "0 0 1 2"),
            ("next", vec![x()], "2 3 4 "),
            ("next", vec![x(), two(), constant(Datum::Long(0))], "3 4 0 0"),
            ("next", vec![x(), constant(Datum::Long(9))], "   "),
            ("prev", vec![x(), constant(Datum::Long(0))], "1 2 3 4"),
        ] {
            assert_eq!(
                values(window(function, Type::Long, arguments), &rows),
                expected,
                "{function}"
            );
        }
    }

    #[test]
    fn windows_stand_inside_of_windows() {
        // The sum begins anew where the value before differs from the next one's.
        let rows = numbers(&[5, 5, 7, 7, 7]);
        let x = || column(0, Type::Long);
        let restart = differs(window("prev", Type::Long, vec![x()]), x());
        let total = window("row_cumsum", Type::Long, vec![x(), restart]);
        assert_eq!(values(total, &rows), "5 10 7 14 21");
        let of_next = window("row_cumsum", Type::Long, vec![window("next", Type::Long, vec![x()])]);
        assert_eq!(values(of_next, &rows), "5 12 19 26 26");
    }

    #[test]
    fn ranks_count_values_or_rows() {
        let rows: Vec<Vec<Datum<'_>>> = [("A", 5), ("A", 10), ("A", 10), ("A", 20), ("B", 5), ("B", 7)]
            .iter()
            .map(|(key, value)| vec![Datum::string(*key), Datum::Long(*value)])
            .collect();
        let restart = || {
            let key = || column(0, Type::String);
            differs(key(), window("prev", Type::String, vec![key()]))
        };
        for (function, expected) in [("row_rank_dense", "1 2 2 3 1 2"), ("row_rank_min", "1 2 2 4 1 2")] {
            let rank = window(function, Type::Long, vec![column(1, Type::Long), restart()]);
            assert_eq!(values(rank, &rows), expected);
        }
        let numbered = window("row_number", Type::Long, vec![constant(Datum::Long(7)), restart()]);
        assert_eq!(values(numbered, &rows), "7 8 9 10 7 8");
    }

    #[test]
    fn values_at_the_ends_of_their_types_do_no_harm() {
        let ends = numbers(&[i64::MAX, i64::MAX, i64::MIN]);
        let x = || column(0, Type::Long);
        values(window("row_cumsum", Type::Long, vec![x()]), &ends);
        values(
            window("row_number", Type::Long, vec![constant(Datum::Long(i64::MAX))]),
            &ends,
        );
        let moments: Vec<Vec<Datum<'_>>> = ends
            .iter()
            .map(|row| match row[0] {
                Datum::Long(at) => vec![Datum::DateTime(at)],
                _ => Vec::new(),
            })
            .collect();
        let longest = || constant(Datum::TimeSpan(i64::MAX));
        let arguments = vec![column(0, Type::DateTime), longest(), longest()];
        values(window("row_window_session", Type::DateTime, arguments), &moments);
    }

    #[test]
    fn sessions_end_after_a_pause_after_their_longest_time_and_on_demand() {
        let minutes = |minutes: i64| Datum::TimeSpan(minutes * 60 * convert::TICKS_PER_SECOND);
        let rows: Vec<Vec<Datum<'_>>> = [0, 4, 8, 12, 20, 21]
            .iter()
            .map(|minute| vec![Datum::DateTime(minute * 60_000_000)])
            .collect();
        let at = || column(0, Type::DateTime);
        let arguments = vec![at(), constant(minutes(12)), constant(minutes(5))];
        let found = values(window("row_window_session", Type::DateTime, arguments), &rows);
        let starts: Vec<&str> = found.split(' ').map(|text| &text[14..16]).collect();
        assert_eq!(starts, ["00", "00", "00", "12", "20", "20"]);
    }
}
