//! `rolling_percentile(value, percent, index, step, steps, dimensions...)`: for each step the percentile of the values
//! of the last steps, by nearest rank.

use std::collections::BTreeMap;

use postern_kql::{Diagnostic, Type};

use super::super::calls::Groups;
use super::super::{Out, RowError, RowOperator};
use super::Arguments;
use super::timeline::{begin, step};
use crate::calendar;
use crate::convert::TICKS_PER_MICROSECOND;
use crate::order::{compare, number};
use crate::{Context, Datum};

pub(super) struct Rolling {
    value: usize,
    percent: f64,
    index: usize,
    ty: Type,
    origin: i64,
    length: i64,
    steps: i64,
    dimensions: Vec<usize>,
    groups: Groups,
    /// For each group and step its values.
    values: Vec<BTreeMap<i64, Vec<Datum<'static>>>>,
    held: usize,
}

impl Rolling {
    pub(super) fn new(arguments: &Arguments<'_, '_>) -> Result<Self, Diagnostic> {
        let value = arguments.column(0, "the value")?;
        let index = arguments.column(2, "the index")?;
        let ty = arguments.input[index].ty;
        let length = match (arguments.scalar(3)?, ty) {
            (Datum::TimeSpan(ticks), Type::DateTime) => ticks / TICKS_PER_MICROSECOND,
            (Datum::Int(length), Type::Int | Type::Long) => i64::from(length),
            (Datum::Long(length), Type::Int | Type::Long) => length,
            _ => 0,
        };
        if length <= 0 {
            return Err(arguments.wrong("argument 4 is a positive step of an index of datetimes or whole numbers"));
        }
        let steps = number(&arguments.scalar(4)?).filter(|steps| *steps >= 1.0);
        let (Some(percent), Some(steps)) = (number(&arguments.scalar(1)?), steps) else {
            return Err(arguments.wrong("argument 2 is a percentile, argument 5 a number of steps"));
        };
        Ok(Self {
            value,
            percent,
            index,
            ty,
            origin: if ty == Type::DateTime { calendar::FIRST } else { 0 },
            length,
            steps: steps as i64,
            dimensions: arguments.columns_from(5),
            groups: Groups::default(),
            values: Vec::new(),
            held: 0,
        })
    }
}

impl RowOperator for Rolling {
    fn push(&mut self, row: &[Datum<'_>], _cx: &Context, _out: &mut Out<'_>) -> Result<(), RowError> {
        let at = match row[self.index] {
            Datum::DateTime(at) | Datum::Long(at) => at,
            Datum::Int(at) => i64::from(at),
            _ => return Ok(()),
        };
        let key: Vec<Datum<'_>> = self.dimensions.iter().map(|column| row[*column].borrowed()).collect();
        let (group, is_new) = self.groups.number(&key);
        if is_new {
            self.values.push(BTreeMap::new());
        }
        let values = self.values[group]
            .entry(step(at, self.origin, self.length))
            .or_default();
        if !row[self.value].is_null() {
            self.held += row[self.value].size();
            values.push(row[self.value].clone().into_owned());
        }
        Ok(())
    }

    fn finish(&mut self, _cx: &Context, out: &mut Out<'_>) -> Result<(), RowError> {
        let mut order: Vec<usize> = (0..self.values.len()).collect();
        let keys = self.groups.keys();
        order.sort_by(|left, right| {
            let pairs = keys[*left].iter().zip(&keys[*right]);
            pairs
                .map(|(left, right)| compare(left, right))
                .find(|order| order.is_ne())
                .unwrap_or(std::cmp::Ordering::Equal)
        });
        for group in order {
            let steps = &self.values[group];
            for at in steps.keys() {
                let last = steps.range(at.saturating_sub(self.steps - 1)..=*at);
                let mut window: Vec<&Datum<'_>> = last.flat_map(|(_, values)| values).collect();
                window.sort_by(|left, right| compare(left, right));
                let rank = (self.percent * window.len() as f64 / 100.0).ceil() as usize;
                let value = window.get(rank.clamp(1, window.len().max(1)) - 1);
                let begin = begin(*at, self.origin, self.length);
                let mut row = vec![match self.ty {
                    Type::DateTime => crate::convert::datetime(begin),
                    Type::Int => i32::try_from(begin).map_or(Datum::Null, Datum::Int),
                    _ => Datum::Long(begin),
                }];
                row.extend(keys[group].iter().map(Datum::borrowed));
                row.push(value.map_or(Datum::Null, |value| value.borrowed()));
                out(&row)?;
            }
        }
        Ok(())
    }

    fn size(&self) -> usize {
        self.groups.size() + self.held
    }
}

#[cfg(test)]
mod tests {
    use postern_kql::ir::{Op, PluginArgument};

    use super::*;
    use crate::rows::testing::{constant, lines, node, run, table};

    #[test]
    fn the_median_of_three_steps() {
        let scalar = |value: i64| PluginArgument::Scalar(constant(Datum::Long(value)));
        let mut arguments = vec![
            PluginArgument::Column(1),
            scalar(50),
            PluginArgument::Column(0),
            scalar(24),
            scalar(3),
        ];
        let rows: Vec<_> = (0..120)
            .map(|hour| {
                let name = if hour % 2 == 0 { "Odd" } else { "Even" };
                vec![Datum::Long(hour), Datum::Long(hour + 1), Datum::string(name)]
            })
            .collect();
        let rolled = |arguments: Vec<PluginArgument>, columns: &[(&str, Type)]| {
            let op = Op::Evaluate {
                plugin: "rolling_percentile".to_owned(),
                input: Some(table(&[("t", Type::Long), ("v", Type::Long), ("d", Type::String)])),
                arguments,
            };
            lines(&run(&node(op, columns), &rows).unwrap().unwrap())
        };
        let (t, v, d) = (("t", Type::Long), ("v", Type::Long), ("d", Type::String));
        assert_eq!(
            rolled(arguments.clone(), &[t, v]),
            ["0|12", "24|24", "48|36", "72|60", "96|84"]
        );
        arguments.push(PluginArgument::Column(2));
        let by_name = rolled(arguments, &[t, d, v]);
        assert_eq!(by_name[..3], ["0|Even|12", "24|Even|24", "48|Even|36"]);
        assert_eq!(by_name[5..8], ["0|Odd|11", "24|Odd|23", "48|Odd|35"]);
    }
}
