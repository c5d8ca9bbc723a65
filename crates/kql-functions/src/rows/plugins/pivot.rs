//! `pivot`: the values of a column as columns, with an aggregate in each cell.

use std::collections::HashMap;

use postern_kql::ir::{Aggregate, PluginArgument, Scalar, ScalarKind};
use postern_kql::{Column, Diagnostic, Span, Type};

use super::super::calls::{Call, Groups};
use super::super::windows::parts;
use super::super::{Out, RowError, RowOperator, names};
use super::Arguments;
use crate::aggregates::Accumulator;
use crate::order::compare;
use crate::{Context, Datum, convert};

/// Columns that a pivot may have.
pub const COLUMNS_MAX: usize = 10_000;

struct Plan {
    pivot: usize,
    call: Call,
    /// Columns that rows are grouped by.
    keys: Vec<usize>,
}

impl Plan {
    fn new(arguments: &Arguments<'_, '_>) -> Result<Self, Diagnostic> {
        let pivot = arguments.column(0, "the pivot")?;
        let mut aggregates = arguments.arguments.iter().filter_map(|argument| match argument {
            PluginArgument::Aggregate(aggregate) => Some(aggregate),
            _ => None,
        });
        let aggregate = aggregates.next().cloned().unwrap_or_else(|| count(arguments.span));
        if aggregates.next().is_some() {
            return Err(arguments.wrong("there is one aggregate"));
        }
        let mut keys = arguments.columns_from(1);
        if keys.is_empty() {
            let mut used = vec![pivot];
            let mut read = aggregate.arguments.clone();
            read.iter_mut().for_each(|argument| columns_of(argument, &mut used));
            keys = (0..arguments.input.len())
                .filter(|column| !used.contains(column))
                .collect();
        }
        let call = Call::new(&aggregate, arguments.with)?;
        Ok(Self { pivot, call, keys })
    }
}

fn count(span: Span) -> Aggregate {
    Aggregate {
        function: "count".to_owned(),
        arguments: Vec::new(),
        ty: Type::Long,
        output: 0,
        span,
    }
}

/// Adds the columns that an expression reads.
fn columns_of(scalar: &mut Scalar, columns: &mut Vec<usize>) {
    if let ScalarKind::Column(column) = scalar.kind {
        columns.push(column);
    }
    parts(scalar).into_iter().for_each(|part| columns_of(part, columns));
}

/// The name of the column of a value.
fn name_of(value: &Datum<'_>) -> String {
    convert::text(value).into_owned()
}

/// Finds the columns.
pub(super) struct PivotColumns {
    plan: Plan,
    source: Vec<Column>,
    values: Groups,
}

impl PivotColumns {
    pub(super) fn new(arguments: &Arguments<'_, '_>) -> Result<Self, Diagnostic> {
        Ok(Self {
            plan: Plan::new(arguments)?,
            source: arguments.input.to_vec(),
            values: Groups::default(),
        })
    }

    pub(super) fn push(&mut self, row: &[Datum<'_>], _cx: &Context) -> Result<(), RowError> {
        self.values.number(&row[self.plan.pivot..=self.plan.pivot]);
        if self.values.keys().len() > COLUMNS_MAX {
            return Err(RowError::Limit {
                what: "columns of pivot",
                max: COLUMNS_MAX,
            });
        }
        Ok(())
    }

    pub(super) fn finish(self) -> Result<Vec<Column>, RowError> {
        let mut values: Vec<&Datum<'_>> = self.values.keys().iter().flatten().collect();
        values.sort_by(|left, right| compare(left, right));
        let mut columns: Vec<Column> = self.plan.keys.iter().map(|key| self.source[*key].clone()).collect();
        for value in values {
            let name = name_of(value);
            if columns.iter().any(|column| column.name == name) {
                return Err(RowError::Rows(format!("pivot: two columns would be called {name}")));
            }
            columns.push(Column::new(name, self.plan.call.aggregate().ty));
        }
        Ok(columns)
    }
}

pub(super) struct Pivot {
    plan: Plan,
    /// The place of each value's column behind the keys.
    places: HashMap<String, usize>,
    /// How many columns the values have.
    width: usize,
    groups: Groups,
    cells: Vec<HashMap<usize, Box<dyn Accumulator>>>,
    held: usize,
}

impl Pivot {
    pub(super) fn new(arguments: &Arguments<'_, '_>, columns: &[Column]) -> Result<Self, Diagnostic> {
        let plan = Plan::new(arguments)?;
        let keys = plan.keys.iter().map(|key| arguments.input[*key].name.as_str());
        if !keys.eq(names(columns).take(plan.keys.len())) {
            return Err(arguments.wrong("the columns of the result begin with those that rows are grouped by"));
        }
        let places = names(columns).skip(plan.keys.len()).enumerate();
        Ok(Self {
            places: places.map(|(place, name)| (name.to_owned(), place)).collect(),
            width: columns.len() - plan.keys.len(),
            plan,
            groups: Groups::default(),
            cells: Vec::new(),
            held: 0,
        })
    }
}

impl RowOperator for Pivot {
    fn push(&mut self, row: &[Datum<'_>], cx: &Context, _out: &mut Out<'_>) -> Result<(), RowError> {
        let key: Vec<Datum<'_>> = self.plan.keys.iter().map(|key| row[*key].borrowed()).collect();
        let (group, is_new) = self.groups.number(&key);
        if is_new {
            self.cells.push(HashMap::new());
        }
        // Values that the query gave no column have none.
        let Some(place) = self.places.get(&name_of(&row[self.plan.pivot])) else {
            return Ok(());
        };
        let cell = self.cells[group]
            .entry(*place)
            .or_insert_with(|| self.plan.call.start());
        let before = cell.size();
        self.plan.call.update(cell.as_mut(), row, cx);
        self.held += cell.size().saturating_sub(before);
        Ok(())
    }

    fn finish(&mut self, _cx: &Context, out: &mut Out<'_>) -> Result<(), RowError> {
        for (key, mut cells) in self.groups.keys().iter().zip(std::mem::take(&mut self.cells)) {
            let mut row: Vec<Datum<'_>> = key.iter().map(Datum::borrowed).collect();
            row.extend((0..self.width).map(|place| match cells.remove(&place) {
                Some(mut cell) => cell.finish(),
                None => self.plan.call.start().finish(),
            }));
            out(&row)?;
        }
        Ok(())
    }

    fn size(&self) -> usize {
        let cells: usize = self.cells.iter().map(HashMap::len).sum();
        self.groups.size() + self.held + cells * size_of::<[usize; 6]>()
    }
}

#[cfg(test)]
mod tests {
    use postern_kql::ir::Op;

    use super::*;
    use crate::rows::testing::{Rows, aggregate, column, discovered, lines, node, run, table};

    fn rows() -> Rows {
        [
            ("AL", "Wind", 2),
            ("AK", "Wind", 3),
            ("AL", "Hail", 1),
            ("AL", "Wind", 5),
        ]
        .map(|(state, event, deaths)| vec![Datum::string(state), Datum::string(event), Datum::Long(deaths)])
        .to_vec()
    }

    fn pivoted(arguments: Vec<PluginArgument>) -> (String, Vec<String>) {
        let mut all = vec![PluginArgument::Column(0)];
        all.extend(arguments);
        let op = Op::Evaluate {
            plugin: "pivot".to_owned(),
            input: Some(table(&[
                ("state", Type::String),
                ("event", Type::String),
                ("deaths", Type::Long),
            ])),
            arguments: all,
        };
        let mut node = node(op, &[]);
        node.columns = discovered(&node, &rows()).unwrap();
        let columns: Vec<&str> = names(&node.columns).collect();
        (columns.join(" "), lines(&run(&node, &rows()).unwrap().unwrap()))
    }

    #[test]
    fn values_become_columns_and_cells_without_rows_the_aggregate_of_none() {
        let (columns, found) = pivoted(Vec::new());
        assert_eq!(columns, "event deaths AK AL");
        assert_eq!(found, ["Wind|2|0|1", "Wind|3|1|0", "Hail|1|0|1", "Wind|5|0|1"]);
        let sum = || PluginArgument::Aggregate(aggregate("sum", Type::Long, vec![column(2, Type::Long)]));
        let (columns, found) = pivoted(vec![sum()]);
        assert_eq!(columns, "event AK AL");
        assert_eq!(found, ["Wind|3|7", "Hail|0|1"]);
        let max = PluginArgument::Aggregate(aggregate("max", Type::Long, vec![column(2, Type::Long)]));
        assert_eq!(pivoted(vec![max, PluginArgument::Column(1)]).1, ["Wind|3|5", "Hail||1"]);
    }
}
