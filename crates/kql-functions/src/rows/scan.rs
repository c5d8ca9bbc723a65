//! `scan`: sequences of rows that match steps one after another.
//!
//! Each step keeps at most one sequence that has come as far as it: for each step up to there, the last row that
//! matched it. A row is tried against the steps from the last to the first. It moves the sequence of the step before
//! on to this one, or else it continues the sequence that is here already; the first step begins new ones.

use postern_kql::Diagnostic;
use postern_kql::ir::{self, ScanOutput, SortKey};

use super::calls::Groups;
use super::{Out, Preparation, RowError, RowOperator, owned, row_size};
use crate::evaluate::{Program, Values};
use crate::order::Sorted;
use crate::{Context, Datum};

pub(super) struct ScanRows {
    machine: Machine,
    partition: Vec<Program>,
    partitions: Groups,
    states: Vec<States>,
    sort: Vec<(Program, bool, bool)>,
    /// Rows that wait to be sorted.
    rows: Vec<Vec<Datum<'static>>>,
    held: usize,
}

struct Machine {
    /// Columns of the input.
    width: usize,
    defaults: Vec<Datum<'static>>,
    has_match_id: bool,
    steps: Vec<Step>,
}

struct Step {
    is_optional: bool,
    output: ScanOutput,
    condition: Program,
    assignments: Vec<(usize, Program)>,
}

/// The sequences of one partition, by the step that they have come to.
struct States {
    sequences: Vec<Option<Sequence>>,
    next_match: i64,
}

struct Sequence {
    match_id: i64,
    /// For each step the last row that matched, with its declared columns.
    rows: Vec<Option<Vec<Datum<'static>>>>,
    /// The row that `output=last` holds back.
    held_back: Option<Vec<Datum<'static>>>,
}

impl ScanRows {
    pub(super) fn new(scan: &ir::Scan, width: usize, with: &Preparation<'_>) -> Result<Self, Diagnostic> {
        let defaults = scan.declared.iter().map(|(_, default)| with.constant(default));
        let steps = scan.steps.iter().map(|step| {
            let assignments = step
                .assignments
                .iter()
                .map(|(column, value)| Ok((*column, with.program(value)?)));
            Ok(Step {
                is_optional: step.is_optional,
                output: step.output,
                condition: with.program(&step.condition)?,
                assignments: assignments.collect::<Result<_, Diagnostic>>()?,
            })
        });
        let sort = scan.sort.iter().map(
            |SortKey {
                 value,
                 is_ascending,
                 nulls_first,
             }| { Ok((with.program(value)?, *is_ascending, *nulls_first)) },
        );
        Ok(Self {
            machine: Machine {
                width,
                defaults: defaults.collect::<Result<_, Diagnostic>>()?,
                has_match_id: scan.match_id.is_some(),
                steps: steps.collect::<Result<_, Diagnostic>>()?,
            },
            partition: with.programs(&scan.partition)?,
            partitions: Groups::default(),
            states: Vec::new(),
            sort: sort.collect::<Result<_, Diagnostic>>()?,
            rows: Vec::new(),
            held: 0,
        })
    }

    fn take(&mut self, row: &[Datum<'_>], cx: &Context, out: &mut Out<'_>) -> Result<(), RowError> {
        let key: Vec<Datum<'_>> = self.partition.iter().map(|key| key.run(&Values(row), cx)).collect();
        let (partition, is_new) = self.partitions.number(&key);
        if is_new {
            self.states.push(States {
                sequences: self.machine.steps.iter().map(|_| None).collect(),
                next_match: 0,
            });
            // Each sequence holds a row for each of its steps.
            self.held += self.machine.steps.len().pow(2) * row_size(row);
        }
        self.machine.take(&mut self.states[partition], row, cx, out)
    }
}

impl Machine {
    fn take(&self, states: &mut States, row: &[Datum<'_>], cx: &Context, out: &mut Out<'_>) -> Result<(), RowError> {
        for number in (0..self.steps.len()).rev() {
            if let Some(before) = self.step_before(states, number, row, cx) {
                if let Some(ended) = states.sequences[number].take() {
                    self.let_go(ended, out)?;
                }
                if let Some(mut sequence) = states.sequences[before].take() {
                    if let Some(last) = sequence.held_back.take() {
                        out(&last)?;
                    }
                    self.assign(&mut sequence, number, row, cx, out)?;
                    states.sequences[number] = Some(sequence);
                }
                continue;
            }
            let current = states.sequences[number].as_ref();
            let continues = current.is_some() || number == 0;
            if !continues
                || !self.steps[number]
                    .condition
                    .holds(&Values(&self.view(current, None, row)), cx)
            {
                continue;
            }
            let mut sequence = match states.sequences[number].take() {
                Some(sequence) => sequence,
                None => {
                    states.next_match += 1;
                    Sequence {
                        match_id: states.next_match - 1,
                        rows: self.steps.iter().map(|_| None).collect(),
                        held_back: None,
                    }
                }
            };
            self.assign(&mut sequence, number, row, cx, out)?;
            states.sequences[number] = Some(sequence);
        }
        Ok(())
    }

    /// The step whose sequence the row moves on to the given one. Optional steps between may be left out.
    fn step_before(&self, states: &States, number: usize, row: &[Datum<'_>], cx: &Context) -> Option<usize> {
        for before in (0..number).rev() {
            if let Some(sequence) = &states.sequences[before] {
                let view = self.view(Some(sequence), Some(number), row);
                if self.steps[number].condition.holds(&Values(&view), cx) {
                    return Some(before);
                }
            }
            if !self.steps[before].is_optional {
                return None;
            }
        }
        None
    }

    /// The row that expressions see: the current one, then for each step the last one that matched. Steps without one
    /// have nulls, and the defaults of declared columns.
    fn view<'v>(
        &'v self,
        sequence: Option<&'v Sequence>,
        fresh: Option<usize>,
        row: &'v [Datum<'_>],
    ) -> Vec<Datum<'v>> {
        let mut view: Vec<Datum<'v>> = row.iter().map(Datum::borrowed).collect();
        for number in 0..self.steps.len() {
            let known = sequence
                .filter(|_| fresh != Some(number))
                .and_then(|it| it.rows[number].as_ref());
            match known {
                Some(known) => view.extend(known.iter().map(Datum::borrowed)),
                None => {
                    view.extend(row.iter().map(|datum| match datum {
                        Datum::String(_) => Datum::string(""),
                        _ => Datum::Null,
                    }));
                    view.extend(self.defaults.iter().map(Datum::borrowed));
                }
            }
        }
        view
    }

    /// Makes the row the last one of its step, and hands it on as the step says.
    fn assign(
        &self,
        sequence: &mut Sequence,
        number: usize,
        row: &[Datum<'_>],
        cx: &Context,
        out: &mut Out<'_>,
    ) -> Result<(), RowError> {
        let step = &self.steps[number];
        let mut extended = owned(row);
        extended.extend(self.defaults.iter().cloned());
        {
            let view = self.view(Some(sequence), None, row);
            for (column, value) in &step.assignments {
                extended[self.width + column] = value.run(&Values(&view), cx).into_owned();
            }
        }
        let mut shown = extended.clone();
        if self.has_match_id {
            shown.push(Datum::Long(sequence.match_id));
        }
        sequence.rows[number] = Some(extended);
        match step.output {
            ScanOutput::All => out(&shown),
            ScanOutput::Last => {
                sequence.held_back = Some(shown);
                Ok(())
            }
            ScanOutput::None => Ok(()),
        }
    }

    fn let_go(&self, sequence: Sequence, out: &mut Out<'_>) -> Result<(), RowError> {
        sequence.held_back.map_or(Ok(()), |row| out(&row))
    }
}

impl RowOperator for ScanRows {
    fn push(&mut self, row: &[Datum<'_>], cx: &Context, out: &mut Out<'_>) -> Result<(), RowError> {
        if self.sort.is_empty() {
            return self.take(row, cx, out);
        }
        self.held += row_size(row);
        self.rows.push(owned(row));
        Ok(())
    }

    fn finish(&mut self, cx: &Context, out: &mut Out<'_>) -> Result<(), RowError> {
        let mut rows = std::mem::take(&mut self.rows);
        rows.sort_by_cached_key(|row| {
            let keys = self.sort.iter().map(|(value, is_ascending, nulls_first)| Sorted {
                value: value.run(&Values(row), cx).into_owned(),
                is_ascending: *is_ascending,
                nulls_first: *nulls_first,
            });
            keys.collect::<Vec<_>>()
        });
        for row in rows {
            self.take(&row, cx, out)?;
        }
        for states in std::mem::take(&mut self.states) {
            for sequence in states.sequences.into_iter().flatten() {
                self.machine.let_go(sequence, out)?;
            }
        }
        Ok(())
    }

    fn size(&self) -> usize {
        self.partitions.size() + self.held
    }
}

#[cfg(test)]
mod tests {
    use postern_kql::ir::{Binary, Op, Scalar, ScalarKind, ScanStep};
    use postern_kql::{Column, Span, Type};

    use super::*;
    use crate::rows::testing::{column, constant, lines, node, run, table};

    fn of(operator: Binary, left: Scalar, right: Scalar, ty: Type) -> Scalar {
        let (left, right) = (Box::new(left), Box::new(right));
        Scalar {
            kind: ScalarKind::Binary { operator, left, right },
            ty,
            span: Span::default(),
        }
    }

    fn both(left: Scalar, right: Scalar) -> Scalar {
        Scalar {
            kind: ScalarKind::And(Box::new(left), Box::new(right)),
            ty: Type::Bool,
            span: Span::default(),
        }
    }

    fn step(condition: Scalar) -> ScanStep {
        ScanStep {
            name: "s".to_owned(),
            is_optional: false,
            output: ScanOutput::All,
            condition,
            assignments: Vec::new(),
        }
    }

    fn is(event: &'static str) -> Scalar {
        let event = constant(Datum::string(event));
        of(Binary::Equal, column(1, Type::String), event, Type::Bool)
    }

    fn is_not(event: &'static str) -> Scalar {
        let event = constant(Datum::string(event));
        of(Binary::NotEqual, column(1, Type::String), event, Type::Bool)
    }

    /// Not more than 5 since the last row of the first step, which stands behind the two columns of the row.
    fn soon() -> Scalar {
        let since = of(
            Binary::Subtract,
            column(0, Type::Long),
            column(2, Type::Long),
            Type::Long,
        );
        of(Binary::LessOrEqual, since, constant(Datum::Long(5)), Type::Bool)
    }

    fn scanned(scan: ir::Scan, rows: &[(i64, &'static str)]) -> Vec<String> {
        let input = table(&[("t", Type::Long), ("event", Type::String)]);
        let mut columns = vec![("t", Type::Long), ("event", Type::String)];
        columns.extend(scan.declared.iter().map(|(column, _)| ("declared", column.ty)));
        if scan.match_id.is_some() {
            columns.push(("match", Type::Long));
        }
        let rows: Vec<_> = rows
            .iter()
            .map(|(t, event)| vec![Datum::Long(*t), Datum::string(*event)])
            .collect();
        let scan = Box::new(scan);
        lines(&run(&node(Op::Scan { input, scan }, &columns), &rows).unwrap().unwrap())
    }

    fn scan(steps: Vec<ScanStep>) -> ir::Scan {
        ir::Scan {
            match_id: Some("id".to_owned()),
            sort: Vec::new(),
            partition: Vec::new(),
            declared: Vec::new(),
            steps,
        }
    }

    const EVENTS: [(i64, &str); 9] = [
        (0, "A"),
        (1, "Start"),
        (2, "B"),
        (3, "D"),
        (4, "Stop"),
        (6, "C"),
        (8, "Start"),
        (11, "E"),
        (12, "Stop"),
    ];

    #[test]
    fn sequences_between_two_events() {
        let between = both(both(is_not("Start"), is_not("Stop")), soon());
        let steps = vec![step(is("Start")), step(between), step(both(is("Stop"), soon()))];
        assert_eq!(
            scanned(scan(steps.clone()), &EVENTS),
            [
                "1|Start|0",
                "2|B|0",
                "3|D|0",
                "4|Stop|0",
                "8|Start|1",
                "11|E|1",
                "12|Stop|1"
            ]
        );
        // Of a step that repeats only the last row.
        let mut last = steps;
        last[1].output = ScanOutput::Last;
        last[0].output = ScanOutput::None;
        assert_eq!(
            scanned(scan(last), &EVENTS),
            ["3|D|0", "4|Stop|0", "11|E|1", "12|Stop|1"]
        );
    }

    #[test]
    fn an_optional_step_may_be_left_out() {
        let mut steps = vec![step(is("Start")), step(is("X")), step(is("Stop"))];
        assert_eq!(scanned(scan(steps.clone()), &EVENTS), ["1|Start|0", "8|Start|0"]);
        steps[1].is_optional = true;
        assert_eq!(
            scanned(scan(steps), &EVENTS),
            ["1|Start|0", "4|Stop|0", "8|Start|1", "12|Stop|1"]
        );
    }

    #[test]
    fn declared_columns_carry_on_from_row_to_row() {
        // total = t + s.total; the row's two columns, then the step's two and its declared one.
        let total = of(Binary::Add, column(0, Type::Long), column(4, Type::Long), Type::Long);
        let mut running = step(constant(Datum::Bool(true)));
        running.assignments = vec![(0, total)];
        let mut totals = scan(vec![running]);
        totals.match_id = None;
        totals.declared = vec![(Column::new("total", Type::Long), constant(Datum::Long(0)))];
        let rows = [(3, "a"), (1, "b"), (2, "a")];
        assert_eq!(scanned(totals.clone(), &rows), ["3|a|3", "1|b|4", "2|a|6"]);
        totals.sort = vec![SortKey {
            value: column(0, Type::Long),
            is_ascending: true,
            nulls_first: true,
        }];
        assert_eq!(scanned(totals.clone(), &rows), ["1|b|1", "2|a|3", "3|a|6"]);
        totals.partition = vec![column(1, Type::String)];
        assert_eq!(scanned(totals, &rows), ["1|b|1", "2|a|2", "3|a|5"]);
    }
}
