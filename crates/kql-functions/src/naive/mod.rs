//! Whole queries, row by row in memory: slow, plain, and what faster executions are compared with.
//!
//! Every operator is written as its rule reads: a join compares each pair of rows. Start at [`Naive::query`]. Absent:
//! graph operators, table functions and external tables, which end with [`NotComputed`].

pub mod queries;
#[cfg(test)]
mod tests;

use std::cell::RefCell;
use std::collections::HashMap;
use std::fmt;
use std::rc::Rc;
use std::sync::Arc;

use postern_kql::ir::{self, Binary, Expand, JoinKind, Op, Scalar, SortKey, Tabular};
use postern_kql::{Column, Diagnostic};

use crate::evaluate::{Program, Values};
use crate::order::{Sorted, whole};
use crate::rows::calls::{Call, Groups};
use crate::rows::expand::Expansion;
use crate::rows::windows::Windows;
use crate::rows::{self, Preparation, RowError, RowOperator, empty, owned};
use crate::{Context, Datum, operators};

/// Rows that `range` makes at most.
pub const RANGE_ROWS_MAX: usize = 10_000_000;

pub type Row = Vec<Datum<'static>>;

/// Why there is no result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotComputed(pub String);

impl fmt::Display for NotComputed {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl std::error::Error for NotComputed {}

impl From<Diagnostic> for NotComputed {
    fn from(diagnostic: Diagnostic) -> Self {
        Self(diagnostic.message)
    }
}

impl From<RowError> for NotComputed {
    fn from(error: RowError) -> Self {
        Self(error.to_string())
    }
}

type Rows = Result<Vec<Row>, NotComputed>;

/// An executor over tables that a function gives by name.
pub struct Naive<'n> {
    tables: &'n dyn Fn(&str) -> Option<Vec<Row>>,
    cx: &'n Context,
    /// Results of `materialize()`, by its number.
    materialized: RefCell<HashMap<u32, Rc<Vec<Row>>>>,
}

impl<'n> Naive<'n> {
    pub fn new(tables: &'n dyn Fn(&str) -> Option<Vec<Row>>, cx: &'n Context) -> Self {
        Self {
            tables,
            cx,
            materialized: RefCell::default(),
        }
    }

    /// The rows of each output.
    ///
    /// # Errors
    /// The query holds what is not computed here, or hits a limit.
    pub fn query(&self, query: &ir::Query) -> Result<Vec<Vec<Row>>, NotComputed> {
        query
            .outputs
            .iter()
            .map(|output| self.rows(&output.table, &[]))
            .collect()
    }

    /// The columns of a node that depend on its rows, or `None` where they do not.
    ///
    /// # Errors
    /// As [`Naive::query`].
    pub fn discover(&self, node: &Tabular) -> Result<Option<Vec<Column>>, NotComputed> {
        self.prepared(|with| {
            let Some(mut discovery) = rows::discover(node, with)? else {
                return Ok(None);
            };
            if let Op::Evaluate { input: Some(input), .. } = &node.op {
                for row in self.rows(input, &[])? {
                    discovery.push(&row, self.cx)?;
                }
            }
            Ok(Some(discovery.finish()?))
        })
    }

    /// With what preparing needs: rows of sub-queries and tables.
    fn prepared<T>(&self, run: impl FnOnce(&Preparation<'_>) -> Result<T, NotComputed>) -> Result<T, NotComputed> {
        // Preparing knows only that a table was not run; why is kept here.
        let failure = RefCell::new(None);
        let table = |table: &Arc<Tabular>| match self.rows(table, &[]) {
            Ok(rows) => Some(rows),
            Err(error) => {
                *failure.borrow_mut() = Some(error);
                None
            }
        };
        let subqueries = |sub: &Arc<Tabular>| {
            let first = |row: Row| row.into_iter().next();
            table(sub).map(|rows| rows.into_iter().filter_map(first).collect())
        };
        let result = run(&Preparation {
            subqueries: &subqueries,
            tables: &table,
            cx: self.cx,
        });
        result.map_err(|error| failure.borrow_mut().take().unwrap_or(error))
    }

    fn program(&self, scalar: &Scalar) -> Result<Program, NotComputed> {
        self.prepared(|with| Ok(with.program(scalar)?))
    }

    fn constant(&self, scalar: &Scalar) -> Result<Datum<'static>, NotComputed> {
        Ok(self.program(scalar)?.run(&Values(&[]), self.cx).into_owned())
    }

    fn count(&self, scalar: &Scalar) -> Result<usize, NotComputed> {
        let count = whole(&self.constant(scalar)?).unwrap_or(0);
        Ok(usize::try_from(count).unwrap_or(0))
    }

    /// The rows of a node; `handed` are those that an enclosing `mv-apply` or `partition` hands to its body.
    fn rows(&self, node: &Tabular, handed: &[Row]) -> Rows {
        let of = |input: &Tabular| self.rows(input, handed);
        match &node.op {
            Op::Table { name } => {
                (self.tables)(name).ok_or_else(|| NotComputed(format!("there are no rows of the table {name}")))
            }
            Op::TableFunction { name, .. } | Op::External { name } => {
                Err(NotComputed(format!("{name} is not computed row by row")))
            }
            Op::GraphMatch { .. } | Op::GraphNodes { .. } | Op::GraphEdges { .. } => {
                Err(NotComputed("graphs are not computed row by row".to_owned()))
            }
            Op::Rows { rows } => {
                let row = |row: &Vec<Scalar>| row.iter().map(|value| self.constant(value)).collect();
                rows.iter().map(row).collect()
            }
            Op::Range { from, to, step } => self.range(from, to, step, &node.columns[0]),
            Op::Where { input, predicate } => {
                let predicate = self.program(predicate)?;
                let mut rows = of(input)?;
                rows.retain(|row| predicate.holds(&Values(row), self.cx));
                Ok(rows)
            }
            Op::Project { input, values } => self.project(of(input)?, input.columns.len(), values),
            Op::Summarize {
                input,
                keys,
                aggregates,
            } => self.summarize(of(input)?, keys, aggregates),
            Op::Sort { input, by } => self.sorted(of(input)?, by),
            Op::Top { input, count, by } => {
                let mut rows = self.sorted(of(input)?, by)?;
                rows.truncate(self.count(count)?);
                Ok(rows)
            }
            Op::Take { input, count } | Op::Sample { input, count } => {
                let mut rows = of(input)?;
                rows.truncate(self.count(count)?);
                Ok(rows)
            }
            Op::Serialize { input } | Op::AssertSchema { input } => of(input),
            Op::Join { kind, left, right, on } => {
                let join = Join {
                    on: on
                        .iter()
                        .map(|(left, right)| Ok((self.program(left)?, self.program(right)?)))
                        .collect::<Result<_, NotComputed>>()?,
                    left: (of(left)?, &left.columns),
                    right: (of(right)?, &right.columns),
                    cx: self.cx,
                };
                Ok(join.rows(*kind))
            }
            Op::Union { inputs } => Ok(inputs
                .iter()
                .map(|input| of(input))
                .collect::<Result<Vec<_>, _>>()?
                .concat()),
            Op::MvApply {
                input,
                expand,
                kept,
                body,
            } => self.apply(of(input)?, expand, kept, body),
            Op::Input => Ok(handed.to_vec()),
            Op::Partition { input, by, body } => {
                let by = self.program(by)?;
                let (mut groups, mut parts) = (Groups::default(), Vec::<Vec<Row>>::new());
                for row in of(input)? {
                    let (number, is_new) = groups.number(&[by.run(&Values(&row), self.cx)]);
                    if is_new {
                        parts.push(Vec::new());
                    }
                    parts[number].push(row);
                }
                Ok(parts
                    .iter()
                    .map(|part| self.rows(body, part))
                    .collect::<Result<Vec<_>, _>>()?
                    .concat())
            }
            Op::Materialize { id, input } => {
                if let Some(rows) = self.materialized.borrow().get(id) {
                    return Ok(rows.to_vec());
                }
                let rows = self.rows(input, &[])?;
                self.materialized.borrow_mut().insert(*id, Rc::new(rows.clone()));
                Ok(rows)
            }
            Op::MvExpand { input, .. }
            | Op::Parse { input, .. }
            | Op::ParseKv { input, .. }
            | Op::MakeSeries { input, .. }
            | Op::TopNested { input, .. }
            | Op::SampleDistinct { input, .. }
            | Op::Scan { input, .. }
            | Op::Reduce { input, .. } => self.machine(node, of(input)?),
            Op::Evaluate { input, .. } => {
                let input = input.as_ref().map(|input| of(input)).transpose()?;
                self.machine(node, input.unwrap_or_default())
            }
        }
    }

    fn machine(&self, node: &Tabular, rows: Vec<Row>) -> Rows {
        let machine = self.prepared(|with| Ok(rows::prepare(node, with)?))?;
        let mut machine = machine.ok_or_else(|| NotComputed("the operator does not work on rows".to_owned()))?;
        fed(machine.as_mut(), &rows, self.cx)
    }

    fn range(&self, from: &Scalar, to: &Scalar, step: &Scalar, column: &Column) -> Rows {
        let (mut at, to, step) = (self.constant(from)?, self.constant(to)?, self.constant(step)?);
        let mut rows = Vec::new();
        loop {
            let next = operators::binary(Binary::Add, &at, &step, column.ty);
            let (Some(to_end), Some(to_next)) = (operators::compare(&at, &to), operators::compare(&next, &at)) else {
                return Ok(rows);
            };
            // A range may go down.
            if to_next.is_eq() || (to_next.is_gt() && to_end.is_gt()) || (to_next.is_lt() && to_end.is_lt()) {
                return Ok(rows);
            }
            if rows.len() >= RANGE_ROWS_MAX {
                return Err(NotComputed(format!("range makes more than {RANGE_ROWS_MAX} rows")));
            }
            rows.push(vec![std::mem::replace(&mut at, next)]);
        }
    }

    fn project(&self, mut rows: Vec<Row>, width: usize, values: &[Scalar]) -> Rows {
        let windows = self.prepared(|with| Ok(Windows::of(values, width, with)?))?;
        let values = match windows {
            Some((mut windows, values)) => {
                rows = fed(&mut windows, &rows, self.cx)?;
                values
            }
            None => values.to_vec(),
        };
        let values = values
            .iter()
            .map(|value| self.program(value))
            .collect::<Result<Vec<_>, _>>()?;
        let projected = |row: &Row| {
            let values = values.iter().map(|value| value.run(&Values(row), self.cx));
            values.map(Datum::into_owned).collect()
        };
        Ok(rows.iter().map(projected).collect())
    }

    fn summarize(&self, rows: Vec<Row>, keys: &[Scalar], aggregates: &[ir::Aggregate]) -> Rows {
        let keys = keys
            .iter()
            .map(|key| self.program(key))
            .collect::<Result<Vec<_>, _>>()?;
        let calls = self.prepared(|with| {
            let calls: Result<Vec<Call>, Diagnostic> = aggregates.iter().map(|it| Call::new(it, with)).collect();
            Ok(calls?)
        })?;
        let start = || calls.iter().map(Call::start).collect::<Vec<_>>();
        let (mut groups, mut accumulators) = (Groups::default(), Vec::new());
        if keys.is_empty() {
            groups.number(&[]);
            accumulators.push(start());
        }
        for row in &rows {
            let key: Vec<Datum<'_>> = keys.iter().map(|key| key.run(&Values(row), self.cx)).collect();
            let (number, is_new) = groups.number(&key);
            if is_new {
                accumulators.push(start());
            }
            for (call, accumulator) in calls.iter().zip(&mut accumulators[number]) {
                call.update(accumulator.as_mut(), row, self.cx);
            }
        }
        let finished = groups.keys().iter().zip(accumulators).map(|(key, mut accumulators)| {
            let values = accumulators.iter_mut().map(|accumulator| accumulator.finish());
            key.iter().cloned().chain(values).collect()
        });
        Ok(finished.collect())
    }

    fn sorted(&self, mut rows: Vec<Row>, by: &[SortKey]) -> Rows {
        let keys = by
            .iter()
            .map(|key| Ok((self.program(&key.value)?, key)))
            .collect::<Result<Vec<_>, NotComputed>>()?;
        rows.sort_by_cached_key(|row| {
            let sorted = keys.iter().map(|(value, key)| Sorted {
                value: value.run(&Values(row), self.cx).into_owned(),
                is_ascending: key.is_ascending,
                nulls_first: key.nulls_first,
            });
            sorted.collect::<Vec<_>>()
        });
        Ok(rows)
    }

    fn apply(&self, rows: Vec<Row>, expand: &Expand, kept: &[usize], body: &Tabular) -> Rows {
        let expansion = self.prepared(|with| Ok(Expansion::new(expand, with)?))?;
        let mut applied = Vec::new();
        for row in &rows {
            let mut handed = Vec::new();
            expansion.expand(row, self.cx, &mut |row| {
                handed.push(owned(row));
                Ok(())
            })?;
            // A row that expands to none has no subtable to which the body could be applied.
            if handed.is_empty() {
                continue;
            }
            for result in self.rows(body, &handed)? {
                applied.push(kept.iter().map(|column| row[*column].clone()).chain(result).collect());
            }
        }
        Ok(applied)
    }
}

/// All that a machine hands on for the given rows.
fn fed(machine: &mut dyn RowOperator, rows: &[Row], cx: &Context) -> Rows {
    let mut found = Vec::new();
    let mut out = |row: &[Datum<'_>]| {
        found.push(owned(row));
        Ok(())
    };
    for row in rows {
        match machine.push(row, cx, &mut out) {
            Ok(()) => {}
            Err(RowError::Enough) => return Ok(found),
            Err(error) => return Err(error.into()),
        }
    }
    machine.finish(cx, &mut out)?;
    Ok(found)
}

/// Two tables and what is equal in rows that belong together.
struct Join<'j> {
    on: Vec<(Program, Program)>,
    left: (Vec<Row>, &'j [Column]),
    right: (Vec<Row>, &'j [Column]),
    cx: &'j Context,
}

impl Join<'_> {
    fn matches(&self, left: &Row, right: &Row) -> bool {
        self.on.iter().all(|(of_left, of_right)| {
            let (left, right) = (
                of_left.run(&Values(left), self.cx),
                of_right.run(&Values(right), self.cx),
            );
            operators::equal(&left, &right) == Some(true)
        })
    }

    fn rows(mut self, kind: JoinKind) -> Vec<Row> {
        if kind == JoinKind::InnerUnique {
            let mut seen = Groups::default();
            let mut left = std::mem::take(&mut self.left.0);
            left.retain(|row| {
                let key: Vec<Datum<'_>> = self
                    .on
                    .iter()
                    .map(|(left, _)| left.run(&Values(row), self.cx))
                    .collect();
                seen.number(&key).1
            });
            self.left.0 = left;
        }
        let (left, right) = (&self.left.0, &self.right.0);
        let has_right = |row: &&Row| right.iter().any(|right| self.matches(row, right));
        let has_left = |row: &&Row| left.iter().any(|left| self.matches(left, row));
        match kind {
            JoinKind::LeftSemi => return left.iter().filter(has_right).cloned().collect(),
            JoinKind::LeftAnti => return left.iter().filter(|row| !has_right(row)).cloned().collect(),
            JoinKind::RightSemi => return right.iter().filter(has_left).cloned().collect(),
            JoinKind::RightAnti => return right.iter().filter(|row| !has_left(row)).cloned().collect(),
            _ => {}
        }
        let nothing = |columns: &[Column]| columns.iter().map(|column| empty(column.ty)).collect::<Row>();
        let mut rows = Vec::new();
        for left in left {
            let before = rows.len();
            let matching = right.iter().filter(|right| self.matches(left, right));
            rows.extend(matching.map(|right| [left.as_slice(), right].concat()));
            if rows.len() == before && matches!(kind, JoinKind::LeftOuter | JoinKind::FullOuter) {
                rows.push([left.as_slice(), &nothing(self.right.1)].concat());
            }
        }
        if matches!(kind, JoinKind::RightOuter | JoinKind::FullOuter) {
            let alone = right.iter().filter(|row| !has_left(row));
            rows.extend(alone.map(|right| [nothing(self.left.1).as_slice(), right].concat()));
        }
        rows
    }
}
