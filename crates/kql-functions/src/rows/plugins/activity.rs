//! Plug-ins about who was active when: `activity_counts_metrics`, `activity_metrics`, `new_activity_metrics`,
//! `active_users_count`, `sliding_window_counts`.
//!
//! Counts are exact. Steps count from the start of the analysis; its end is part of it.

use std::collections::{BTreeMap, HashMap, HashSet};

use postern_kql::Diagnostic;
use postern_kql::ir::PluginArgument;

use super::super::{Out, RowError, RowOperator, names};
use super::Arguments;
use super::timeline::{Seen, Timeline, begin, step};
use crate::{Context, Datum};

/// Steps of one analysis at most.
pub const STEPS_MAX: i64 = 100_000;

/// The bounds and the step of an analysis.
struct Span {
    start: i64,
    end: i64,
    length: i64,
}

impl Span {
    fn new(
        timeline: &Timeline,
        arguments: &Arguments<'_, '_>,
        bounds: usize,
        length: usize,
    ) -> Result<Self, Diagnostic> {
        let span = Self {
            start: timeline.point(arguments, bounds)?,
            end: timeline.point(arguments, bounds + 1)?,
            length: timeline.length(arguments, length)?,
        };
        if span.last() >= STEPS_MAX {
            return Err(arguments.wrong(&format!("there are more than {STEPS_MAX} steps between start and end")));
        }
        Ok(span)
    }

    fn holds(&self, seen: &Seen) -> bool {
        (self.start..=self.end).contains(&seen.at)
    }

    fn step(&self, at: i64) -> i64 {
        step(at, self.start, self.length)
    }

    fn last(&self) -> i64 {
        self.step(self.end)
    }

    fn value(&self, timeline: &Timeline, step: i64) -> Datum<'static> {
        timeline.value(begin(step, self.start, self.length))
    }
}

/// Who was seen in each step of each group, and how often anyone.
type Steps = BTreeMap<usize, BTreeMap<i64, (i64, HashSet<usize>)>>;

fn steps(timeline: &mut Timeline, span: &Span) -> Steps {
    let mut steps = Steps::new();
    for seen in timeline.sorted().iter().filter(|seen| span.holds(seen)) {
        let (count, ids) = steps
            .entry(seen.group)
            .or_default()
            .entry(span.step(seen.at))
            .or_default();
        *count += 1;
        ids.insert(seen.id);
    }
    steps
}

fn number(count: usize) -> Datum<'static> {
    Datum::Long(count as i64)
}

/// `activity_counts_metrics(id, time, start, end, step, dimensions...)`.
pub(super) struct Counts {
    timeline: Timeline,
    span: Span,
}

impl Counts {
    pub(super) fn new(arguments: &Arguments<'_, '_>) -> Result<Self, Diagnostic> {
        let timeline = Timeline::new(arguments, 5)?;
        let span = Span::new(&timeline, arguments, 2, 4)?;
        Ok(Self { timeline, span })
    }
}

impl RowOperator for Counts {
    fn push(&mut self, row: &[Datum<'_>], cx: &Context, _out: &mut Out<'_>) -> Result<(), RowError> {
        self.timeline.see(row, cx);
        Ok(())
    }

    fn finish(&mut self, _cx: &Context, out: &mut Out<'_>) -> Result<(), RowError> {
        for (group, steps) in steps(&mut self.timeline, &self.span) {
            let mut known = HashSet::<usize>::new();
            for (step, (count, ids)) in steps {
                let before = known.len();
                known.extend(&ids);
                let mut row = vec![self.span.value(&self.timeline, step)];
                row.extend(self.timeline.dimensions(group));
                row.extend([
                    Datum::Long(count),
                    number(ids.len()),
                    number(known.len() - before),
                    number(known.len()),
                ]);
                out(&row)?;
            }
        }
        Ok(())
    }

    fn size(&self) -> usize {
        self.timeline.size()
    }
}

/// `activity_metrics(id, time, start, end, step, dimensions...)`: each step compared with the one before.
pub(super) struct Metrics {
    timeline: Timeline,
    span: Span,
}

impl Metrics {
    pub(super) fn new(arguments: &Arguments<'_, '_>) -> Result<Self, Diagnostic> {
        let timeline = Timeline::new(arguments, 5)?;
        let span = Span::new(&timeline, arguments, 2, 4)?;
        Ok(Self { timeline, span })
    }
}

impl RowOperator for Metrics {
    fn push(&mut self, row: &[Datum<'_>], cx: &Context, _out: &mut Out<'_>) -> Result<(), RowError> {
        self.timeline.see(row, cx);
        Ok(())
    }

    fn finish(&mut self, _cx: &Context, out: &mut Out<'_>) -> Result<(), RowError> {
        let nobody = HashSet::new();
        for (group, steps) in steps(&mut self.timeline, &self.span) {
            for (step, (_, ids)) in &steps {
                let before = steps.get(&(step - 1)).map_or(&nobody, |(_, ids)| ids);
                let returned = ids.intersection(before).count();
                let share = |count: usize| Datum::Real(count as f64 / before.len() as f64);
                let mut row = vec![self.span.value(&self.timeline, *step)];
                row.extend(self.timeline.dimensions(group));
                row.extend([
                    number(ids.len()),
                    number(ids.len() - returned),
                    share(returned),
                    share(before.len() - returned),
                ]);
                out(&row)?;
            }
        }
        Ok(())
    }

    fn size(&self) -> usize {
        self.timeline.size()
    }
}

/// `new_activity_metrics(id, time, start, end, step, cohort, dimensions..., lookback)`: those who were seen for the
/// first time in a step, and how many of them came again in each later one.
pub(super) struct NewMetrics {
    timeline: Timeline,
    span: Span,
    /// The only step whose newcomers are looked at.
    cohort: Option<i64>,
    /// Who was there before the analysis.
    known: HashSet<usize>,
}

impl NewMetrics {
    pub(super) fn new(arguments: &Arguments<'_, '_>) -> Result<Self, Diagnostic> {
        let mut timeline = Timeline::new(arguments, 5)?;
        let span = Span::new(&timeline, arguments, 2, 4)?;
        let cohort = match arguments.arguments.get(5) {
            Some(PluginArgument::Scalar(_)) if !arguments.scalar(5)?.is_null() => {
                Some(span.step(timeline.point(arguments, 5)?))
            }
            _ => None,
        };
        let mut known = HashSet::new();
        if let Some(PluginArgument::Table(table)) = arguments.arguments.last() {
            let name = &arguments.input[arguments.column(0, "who was seen")?].name;
            let column = names(&table.columns).position(|column| column == name);
            let (Some(column), Some(rows)) = (column, (arguments.with.tables)(table)) else {
                return Err(arguments.wrong(&format!("the table has no column {name}")));
            };
            known.extend(rows.iter().map(|row| timeline.id(&row[column])));
        }
        Ok(Self {
            timeline,
            span,
            cohort,
            known,
        })
    }
}

impl RowOperator for NewMetrics {
    fn push(&mut self, row: &[Datum<'_>], cx: &Context, _out: &mut Out<'_>) -> Result<(), RowError> {
        self.timeline.see(row, cx);
        Ok(())
    }

    fn finish(&mut self, _cx: &Context, out: &mut Out<'_>) -> Result<(), RowError> {
        let nobody = HashSet::new();
        for (group, steps) in steps(&mut self.timeline, &self.span) {
            let mut known = self.known.clone();
            for (from, (_, ids)) in &steps {
                let newcomers: HashSet<usize> = ids.difference(&known).copied().collect();
                known.extend(&newcomers);
                if newcomers.is_empty() || self.cohort.is_some_and(|cohort| cohort != *from) {
                    continue;
                }
                for to in *from..=self.span.last() {
                    let seen = steps.get(&to).map_or(&nobody, |(_, ids)| ids);
                    let retained = seen.intersection(&newcomers).count();
                    let new = if to == *from {
                        newcomers.len()
                    } else {
                        seen.difference(&known).count()
                    };
                    let share = |count: usize| Datum::Real(count as f64 / newcomers.len() as f64);
                    let mut row = vec![
                        self.span.value(&self.timeline, *from),
                        self.span.value(&self.timeline, to),
                    ];
                    row.extend(self.timeline.dimensions(group));
                    row.extend([
                        number(new),
                        number(retained),
                        number(newcomers.len() - retained),
                        share(retained),
                        share(newcomers.len() - retained),
                    ]);
                    out(&row)?;
                }
            }
        }
        Ok(())
    }

    fn size(&self) -> usize {
        self.timeline.size() + self.known.capacity() * 2 * size_of::<usize>()
    }
}

/// `active_users_count(id, time, start, end, lookback, period, periods, step, dimensions...)`: those who, when seen,
/// had been seen in at least so many periods of the time before.
pub(super) struct ActiveUsers {
    timeline: Timeline,
    span: Span,
    lookback: i64,
    period: i64,
    periods: usize,
}

impl ActiveUsers {
    pub(super) fn new(arguments: &Arguments<'_, '_>) -> Result<Self, Diagnostic> {
        let timeline = Timeline::new(arguments, 8)?;
        let span = Span::new(&timeline, arguments, 2, 7)?;
        let periods = match arguments.scalar(6)? {
            Datum::Int(periods) => usize::try_from(periods).ok(),
            Datum::Long(periods) => usize::try_from(periods).ok(),
            _ => None,
        };
        let Some(periods) = periods else {
            return Err(arguments.wrong("argument 7 is a number of periods"));
        };
        Ok(Self {
            span,
            lookback: timeline.length(arguments, 4)?,
            period: timeline.length(arguments, 5)?,
            periods,
            timeline,
        })
    }
}

impl RowOperator for ActiveUsers {
    fn push(&mut self, row: &[Datum<'_>], cx: &Context, _out: &mut Out<'_>) -> Result<(), RowError> {
        self.timeline.see(row, cx);
        Ok(())
    }

    fn finish(&mut self, _cx: &Context, out: &mut Out<'_>) -> Result<(), RowError> {
        let mut of_users: BTreeMap<(usize, usize), Vec<i64>> = BTreeMap::new();
        for seen in self.timeline.sorted() {
            of_users.entry((seen.group, seen.id)).or_default().push(seen.at);
        }
        let mut active: BTreeMap<(usize, i64), HashSet<usize>> = BTreeMap::new();
        for ((group, id), times) in of_users {
            // A window over the times of one user: how often each period stands in it.
            let mut window: HashMap<i64, usize> = HashMap::new();
            let mut first = 0;
            for (index, at) in times.iter().enumerate() {
                *window.entry(step(*at, self.span.start, self.period)).or_default() += 1;
                while first < index && times[first] <= at.saturating_sub(self.lookback) {
                    let period = step(times[first], self.span.start, self.period);
                    if let Some(count) = window.get_mut(&period) {
                        *count -= 1;
                        if *count == 0 {
                            window.remove(&period);
                        }
                    }
                    first += 1;
                }
                if window.len() >= self.periods && (self.span.start..=self.span.end).contains(at) {
                    active.entry((group, self.span.step(*at))).or_default().insert(id);
                }
            }
        }
        for ((group, step), ids) in active {
            let mut row = vec![self.span.value(&self.timeline, step)];
            row.extend(self.timeline.dimensions(group));
            row.push(number(ids.len()));
            out(&row)?;
        }
        Ok(())
    }

    fn size(&self) -> usize {
        self.timeline.size()
    }
}

/// `sliding_window_counts(id, time, start, end, lookback, step, dimensions...)`.
pub(super) struct SlidingCounts {
    timeline: Timeline,
    span: Span,
    /// How many steps a window has.
    steps: i64,
}

impl SlidingCounts {
    pub(super) fn new(arguments: &Arguments<'_, '_>) -> Result<Self, Diagnostic> {
        let timeline = Timeline::new(arguments, 6)?;
        let span = Span::new(&timeline, arguments, 2, 5)?;
        let lookback = timeline.length(arguments, 4)?;
        // A window that ends inside of a step reaches over the whole of it.
        let steps = (lookback / span.length + i64::from(lookback % span.length != 0)).min(STEPS_MAX);
        Ok(Self { timeline, span, steps })
    }
}

impl RowOperator for SlidingCounts {
    fn push(&mut self, row: &[Datum<'_>], cx: &Context, _out: &mut Out<'_>) -> Result<(), RowError> {
        self.timeline.see(row, cx);
        Ok(())
    }

    fn finish(&mut self, _cx: &Context, out: &mut Out<'_>) -> Result<(), RowError> {
        let mut groups: BTreeMap<usize, BTreeMap<i64, Vec<usize>>> = BTreeMap::new();
        for seen in self.timeline.sorted() {
            let step = self.span.step(seen.at);
            if step > -self.steps && seen.at <= self.span.end {
                groups
                    .entry(seen.group)
                    .or_default()
                    .entry(step)
                    .or_default()
                    .push(seen.id);
            }
        }
        for (group, steps) in groups {
            // How often each user stands in the window.
            let mut window: HashMap<usize, usize> = HashMap::new();
            let mut count = 0;
            for step in 1 - self.steps..=self.span.last() {
                for id in steps.get(&step).into_iter().flatten() {
                    *window.entry(*id).or_default() += 1;
                    count += 1;
                }
                for id in steps.get(&(step - self.steps)).into_iter().flatten() {
                    count -= 1;
                    match window.get_mut(id) {
                        Some(times) if *times > 1 => *times -= 1,
                        _ => drop(window.remove(id)),
                    }
                }
                if step < 0 || count == 0 {
                    continue;
                }
                let mut row = vec![self.span.value(&self.timeline, step)];
                row.extend(self.timeline.dimensions(group));
                row.extend([number(count), number(window.len())]);
                out(&row)?;
            }
        }
        Ok(())
    }

    fn size(&self) -> usize {
        self.timeline.size()
    }
}

#[cfg(test)]
mod tests {
    use postern_kql::Type;
    use postern_kql::ir::Op;

    use super::*;
    use crate::rows::testing::{Rows, constant, day, lines, node, run_with, table};

    /// Days stand for moments, lengths are days too.
    fn found(plugin: &str, bounds: (i64, i64), rest: &[Datum<'static>], rows: &[(i64, &str)]) -> Vec<String> {
        analysed(plugin, bounds, rest, rows, None)
    }

    fn analysed(
        plugin: &str,
        (start, end): (i64, i64),
        rest: &[Datum<'static>],
        rows: &[(i64, &str)],
        before: Option<&[&'static str]>,
    ) -> Vec<String> {
        let mut arguments = vec![PluginArgument::Column(1), PluginArgument::Column(0)];
        let scalars = [day(start), day(end)].into_iter().chain(rest.iter().cloned());
        arguments.extend(scalars.map(|datum| PluginArgument::Scalar(constant(datum))));
        if before.is_some() {
            arguments.push(PluginArgument::Table(table(&[("user", Type::String)])));
        }
        let op = Op::Evaluate {
            plugin: plugin.to_owned(),
            input: Some(table(&[("t", Type::DateTime), ("user", Type::String)])),
            arguments,
        };
        let width = match plugin {
            "active_users_count" => 2,
            "sliding_window_counts" => 3,
            "new_activity_metrics" => 7,
            _ => 5,
        };
        let node = node(op, &vec![("c", Type::Dynamic); width]);
        let rows: Rows = rows
            .iter()
            .flat_map(|(at, users)| {
                users
                    .chars()
                    .map(|user| vec![day(*at), Datum::string(user.to_string())])
            })
            .collect();
        let before: Rows = before
            .unwrap_or_default()
            .iter()
            .map(|user| vec![Datum::string(*user)])
            .collect();
        let found = lines(&run_with(&node, &rows, &before).unwrap().unwrap());
        // Of moments only the day of the month.
        found
            .iter()
            .map(|line| line.replace("2017-01-", "").replace("T00:00:00.0000000Z", ""))
            .collect()
    }

    fn days(days: i64) -> Datum<'static> {
        Datum::TimeSpan(days * postern_kql::literal::TICKS_PER_DAY)
    }

    #[test]
    fn counts_of_each_step_and_of_all_so_far() {
        let rows = [(1, "ADJB"), (2, "CTJ"), (3, "HTTJBS"), (4, "S"), (5, "X")];
        assert_eq!(
            found("activity_counts_metrics", (1, 4), &[days(1)], &rows),
            ["01|4|4|4|4", "02|3|3|2|6", "03|6|5|2|8", "04|1|1|0|8"]
        );
        assert_eq!(
            found("activity_metrics", (1, 4), &[days(1)], &rows),
            [
                "01|4|4|NaN|NaN",
                "02|3|2|0.25|0.75",
                "03|5|3|0.6666666666666666|0.3333333333333333",
                "04|1|0|0.2|0.8"
            ]
        );
    }

    #[test]
    fn dimensions_follow_the_time_and_are_counted_apart() {
        for (plugin, rest, expected) in [
            (
                "activity_counts_metrics",
                vec![days(1)],
                ["01|x|2|2|2|2", "01|y|1|1|1|1"],
            ),
            (
                "activity_metrics",
                vec![days(1)],
                ["01|x|2|2|NaN|NaN", "01|y|1|1|NaN|NaN"],
            ),
            (
                "new_activity_metrics",
                vec![days(1)],
                ["01|01|x|2|2|0|1.0|0.0", "01|01|y|1|1|0|1.0|0.0"],
            ),
            (
                "sliding_window_counts",
                vec![days(1), days(1)],
                ["01|x|2|2", "01|y|1|1"],
            ),
            (
                "active_users_count",
                vec![days(1), days(1), Datum::Long(1), days(1)],
                ["01|x|2", "01|y|1"],
            ),
        ] {
            let mut arguments = vec![PluginArgument::Column(1), PluginArgument::Column(0)];
            let scalars = [day(1), day(1)].into_iter().chain(rest);
            arguments.extend(scalars.map(|datum| PluginArgument::Scalar(constant(datum))));
            arguments.push(PluginArgument::Column(2));
            let op = Op::Evaluate {
                plugin: plugin.to_owned(),
                input: Some(table(&[
                    ("t", Type::DateTime),
                    ("user", Type::String),
                    ("d", Type::String),
                ])),
                arguments,
            };
            let node = node(op, &vec![("c", Type::Dynamic); expected[0].split('|').count()]);
            let rows: Rows = [("A", "x"), ("A", "y"), ("B", "x")]
                .map(|(user, d)| vec![day(1), Datum::string(user), Datum::string(d)])
                .to_vec();
            let found = lines(&run_with(&node, &rows, &[]).unwrap().unwrap());
            let found: Vec<String> = found
                .iter()
                .map(|line| line.replace("2017-01-", "").replace("T00:00:00.0000000Z", ""))
                .collect();
            assert_eq!(found, expected, "{plugin}");
        }
    }

    #[test]
    fn a_window_slides_over_the_steps() {
        let rows = [(1, "BDDJB"), (2, "AUJ"), (3, "AUUJB"), (4, "E"), (5, "B")];
        assert_eq!(
            found("sliding_window_counts", (1, 7), &[days(3), days(1)], &rows),
            ["01|5|3", "02|8|5", "03|13|5", "04|9|5", "05|7|5", "06|2|2", "07|1|1"]
        );
        // What was before the start is in the first windows.
        assert_eq!(
            found("sliding_window_counts", (3, 3), &[days(3), days(1)], &rows),
            ["03|13|5"]
        );
    }

    #[test]
    fn active_users_were_seen_in_enough_periods() {
        let rows = [
            (1, "B"),
            (2, "B"),
            (4, "A"),
            (6, "B"),
            (10, "B"),
            (12, "A"),
            (16, "A"),
            (19, "A"),
            (22, "A"),
            (26, "B"),
        ];
        let rest = [days(8), days(1), Datum::Long(3), days(7)];
        assert_eq!(found("active_users_count", (3, 31), &rest, &rows), ["03|1", "17|1"]);
    }

    #[test]
    fn newcomers_are_followed_through_later_steps() {
        let rows = [(1, "0234"), (2, "01345"), (3, "0245"), (4, "0123"), (5, "01234")];
        let all = found("new_activity_metrics", (1, 6), &[days(1)], &rows);
        assert_eq!(
            all,
            [
                "01|01|4|4|0|1.0|0.0",
                "01|02|2|3|1|0.75|0.25",
                "01|03|1|3|1|0.75|0.25",
                "01|04|1|3|1|0.75|0.25",
                "01|05|1|4|0|1.0|0.0",
                "01|06|0|0|4|0.0|1.0",
                "02|02|2|2|0|1.0|0.0",
                "02|03|0|1|1|0.5|0.5",
                "02|04|0|1|1|0.5|0.5",
                "02|05|0|1|1|0.5|0.5",
                "02|06|0|0|2|0.0|1.0"
            ]
        );
        assert_eq!(
            found("new_activity_metrics", (1, 6), &[days(1), day(2)], &rows),
            all[6..]
        );
        let known = analysed(
            "new_activity_metrics",
            (1, 2),
            &[days(1), day(2)],
            &rows,
            Some(&["1", "9"]),
        );
        assert_eq!(known, ["02|02|1|1|0|1.0|0.0"]);
    }
}
