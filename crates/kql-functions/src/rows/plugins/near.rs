//! `rows_near(condition, before, after)`: rows for which a condition holds, and so many before and behind each.

use std::collections::VecDeque;

use postern_kql::Diagnostic;
use postern_kql::ir::PluginArgument;

use super::super::{Out, RowError, RowOperator, owned, row_size};
use super::Arguments;
use crate::evaluate::{Program, Values};
use crate::order::whole;
use crate::{Context, Datum};

/// How far around a row may be looked.
pub const DISTANCE_MAX: i64 = 1_000_000;

pub(super) struct RowsNear {
    condition: Program,
    before: usize,
    after: usize,
    /// The last rows that were not handed on.
    waiting: VecDeque<Vec<Datum<'static>>>,
    held: usize,
    /// How many more rows are near the last one that was found.
    to_come: usize,
}

impl RowsNear {
    pub(super) fn new(arguments: &Arguments<'_, '_>) -> Result<Self, Diagnostic> {
        let Some(PluginArgument::Scalar(condition)) = arguments.arguments.first() else {
            return Err(arguments.wrong("the first argument is a condition"));
        };
        let distance = |place: usize| match whole(&arguments.scalar(place)?) {
            Some(distance) if (0..=DISTANCE_MAX).contains(&distance) => Ok(distance as usize),
            _ => Err(arguments.wrong(&format!("argument {} is a number from 0 to {DISTANCE_MAX}", place + 1))),
        };
        let before = distance(1)?;
        let has_after = arguments.arguments.get(2).is_some();
        Ok(Self {
            condition: arguments.with.program(condition)?,
            before,
            after: if has_after { distance(2)? } else { before },
            waiting: VecDeque::new(),
            held: 0,
            to_come: 0,
        })
    }
}

impl RowOperator for RowsNear {
    fn push(&mut self, row: &[Datum<'_>], cx: &Context, out: &mut Out<'_>) -> Result<(), RowError> {
        if self.condition.holds(&Values(row), cx) {
            self.held = 0;
            for row in std::mem::take(&mut self.waiting) {
                out(&row)?;
            }
            self.to_come = self.after;
            return out(row);
        }
        if self.to_come > 0 {
            self.to_come -= 1;
            return out(row);
        }
        self.held += row_size(row);
        self.waiting.push_back(owned(row));
        if self.waiting.len() > self.before {
            let gone = self.waiting.pop_front();
            self.held -= gone.map_or(0, |row| row_size(&row));
        }
        Ok(())
    }

    fn size(&self) -> usize {
        self.held
    }
}

#[cfg(test)]
mod tests {
    use postern_kql::Type;
    use postern_kql::ir::Op;

    use super::*;
    use crate::rows::testing::{column, constant, lines, node, run, table};

    fn near(distances: &[i64], holds: &[i64]) -> String {
        let mut arguments = vec![PluginArgument::Scalar(column(1, Type::Bool))];
        let scalars = distances.iter().map(|distance| constant(Datum::Long(*distance)));
        arguments.extend(scalars.map(PluginArgument::Scalar));
        let op = Op::Evaluate {
            plugin: "rows_near".to_owned(),
            input: Some(table(&[("n", Type::Long), ("holds", Type::Bool)])),
            arguments,
        };
        let node = node(op, &[("n", Type::Long), ("holds", Type::Bool)]);
        let row = |number| vec![Datum::Long(number), Datum::Bool(holds.contains(&number))];
        let found = lines(&run(&node, &(1..=12).map(row).collect::<Vec<_>>()).unwrap().unwrap());
        let numbers: Vec<&str> = found.iter().filter_map(|line| line.split('|').next()).collect();
        numbers.join(" ")
    }

    #[test]
    fn rows_around_those_that_are_found() {
        assert_eq!(near(&[2], &[7]), "5 6 7 8 9");
        assert_eq!(near(&[1, 3], &[2, 4, 12]), "1 2 3 4 5 6 7 11 12");
        assert_eq!(near(&[0], &[3]), "3");
        assert_eq!(near(&[5], &[]), "");
    }
}
