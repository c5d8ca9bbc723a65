//! `make-series`, `top-nested`, `top-hitters`: aggregates in shapes of their own.

use std::sync::Arc;

use crate::ast::{self, Expr, ExprKind, Operator, SeriesRange};
use crate::ir::{self, Aggregate, Binary, MakeSeries, Op, Scalar, SortKey, Tabular, TopNestedLevel};
use crate::{Code, Column, Type};

use super::project::Style;
use super::projection::{Projected, Projection, UniqueNames};
use super::scope::Row;
use super::source::column_value;
use super::{Binder, Item, coerce, constant, tabular};

impl Binder<'_> {
    pub fn make_series(&mut self, input: Arc<Tabular>, series: &ast::MakeSeries, operator: &Operator) -> Item {
        let span = self.at(operator.span);
        let kind = self.parameter(&operator.parameters, "kind").map(|(kind, _)| kind);
        let bound = self.with_row(Row::of(&input), |binder| binder.series_parts(series));
        let Some((mut projection, keys, aggregates, range)) = bound else {
            self.is_incomplete = true;
            return Item::Unknown;
        };
        let key_values = projection.columns[..keys]
            .iter()
            .filter_map(|key| key.value.clone())
            .collect();
        for projected in &mut projection.columns[keys..] {
            projected.column.ty = Type::Dynamic;
        }
        let columns = projection
            .columns
            .into_iter()
            .map(|projected| projected.column)
            .collect();
        let series = MakeSeries {
            aggregates,
            on: range.on,
            from: range.from,
            to: range.to,
            step: range.step,
            includes_end: range.includes_end,
            nonempty: kind.as_deref() == Some("nonempty"),
            keys: key_values,
        };
        let op = Op::MakeSeries {
            input,
            series: Box::new(series),
        };
        Item::table(columns, op, span)
    }

    #[allow(clippy::type_complexity)]
    fn series_parts(
        &mut self,
        series: &ast::MakeSeries,
    ) -> Option<(Projection, usize, Vec<(Aggregate, Option<Scalar>)>, Range)> {
        let mut projection = Projection::default();
        for (position, key) in series.by.iter().enumerate() {
            self.note_caret(key.span);
            self.add_column(&mut projection, key, Style::New, position);
        }
        let keys = projection.columns.len();
        let is_known = projection.columns.iter().all(|key| key.value.is_some());
        let mut aggregates = Vec::new();
        for aggregate in &series.aggregates {
            self.note_caret(aggregate.value.span);
            let (name, value) = named(&aggregate.value);
            let bound = self.one_aggregate(value);
            let default = aggregate.default.as_ref().and_then(|default| self.scalar(default));
            let label = match name {
                Some(name) => Some(name.text.clone()),
                None => self.over_aggregate(|binder| binder.aggregate_name(value)),
            };
            let label = label.unwrap_or_else(|| self.default_name());
            if let (Some(bound), Some(default)) = (&bound, &default)
                && default.ty != bound.ty
                && !coerce::promotes(default.ty, bound.ty)
            {
                self.mismatch(
                    default.span,
                    format!("the default must be {}, and this is {}", bound.ty, default.ty),
                );
                return None;
            }
            let marker = Projected::new(label.clone(), Some(marker()));
            match name {
                Some(name) if !projection.declare(marker.clone(), false) => self.duplicate(&label, name.span),
                Some(_) => {}
                None => projection.add(marker, None, false),
            }
            if let Some(bound) = bound {
                let default = default.map(|default| coerce::to(default, bound.ty));
                aggregates.push((bound, default));
            }
        }
        let range = self.series_range(series)?;
        let (name, value) = named(&series.on);
        let label = match name {
            Some(name) => name.text.clone(),
            None => {
                let known = self.result_name(value);
                known.unwrap_or_else(|| self.default_name())
            }
        };
        projection.add(Projected::new(label, Some(marker())), None, false);
        (is_known && aggregates.len() == series.aggregates.len()).then_some((projection, keys, aggregates, range))
    }

    /// The axis and its steps.
    fn series_range(&mut self, series: &ast::MakeSeries) -> Option<Range> {
        let (_, on) = named(&series.on);
        let on = self.scalar(on);
        let mut bind = |expr: &Expr| self.scalar(expr);
        let (from, to, step, includes_end) = match &series.range {
            SeriesRange::FromTo { from, to, step } => (
                from.as_ref().map(&mut bind),
                to.as_ref().map(&mut bind),
                bind(step),
                false,
            ),
            SeriesRange::InRange { from, to, step } => (Some(bind(from)), Some(bind(to)), bind(step), true),
        };
        let (on, step) = (on?, step?);
        let mut ends = [from, to];
        for end in ends.iter_mut().flatten() {
            let bound = end.take()?;
            if bound.ty != on.ty && !coerce::promotes(bound.ty, on.ty) {
                self.mismatch(bound.span, format!("the axis is {}, and this is {}", on.ty, bound.ty));
                return None;
            }
            *end = Some(coerce::to(bound, on.ty));
        }
        let [from, to] = ends;
        let sum = self.binary(Binary::Add, on.clone(), step.clone(), step.span)?;
        if sum.ty != on.ty && !(on.ty == Type::Int && sum.ty == Type::Long) {
            self.mismatch(
                step.span,
                format!("the axis is {}, and {} is no step of it", on.ty, step.ty),
            );
            return None;
        }
        let step = if step.ty.is_numeric() {
            coerce::to(step, on.ty)
        } else {
            step
        };
        Some(Range {
            on,
            from: from.flatten(),
            to: to.flatten(),
            step,
            includes_end,
        })
    }

    /// Runs something where names of functions mean aggregates.
    fn over_aggregate<T>(&mut self, run: impl FnOnce(&mut Self) -> T) -> T {
        let outer = self.aggregates.replace(super::summarize::Aggregates::default());
        let result = run(self);
        self.aggregates = outer;
        result
    }

    pub fn top_nested(&mut self, input: Arc<Tabular>, levels: &[ast::TopNested], operator: &Operator) -> Item {
        let mut names = UniqueNames::default();
        let mut columns = Vec::new();
        let mut bound = Vec::new();
        self.with_row(Row::of(&input), |binder| {
            for level in levels {
                binder.note_caret(level.of.span);
                let (name, value) = named(&level.of);
                let count = level.count.as_ref().map(|count| binder.row_count(count));
                let of = binder.scalar(value);
                let (by_name, by) = named(&level.by);
                let by = binder.one_aggregate(by);
                let label = match name {
                    Some(name) => name.text.clone(),
                    None => binder.result_name(value).unwrap_or_else(|| binder.default_name()),
                };
                let label = names.add(&label, None);
                let by_label = by_name.map_or_else(|| format!("aggregated_{label}"), |name| name.text.clone());
                let by_label = names.add(&by_label, None);
                let others = level.with_others.as_ref().map(|others| binder.scalar(others));
                let (Some(of), Some(by)) = (of, by) else { continue };
                columns.push(Column::new(label, of.ty));
                columns.push(Column::new(by_label, by.ty));
                bound.push(TopNestedLevel {
                    count: count.flatten(),
                    others: others.flatten().map(|others| coerce::to(others, of.ty)),
                    of,
                    by,
                    is_ascending: level.is_ascending.unwrap_or(false),
                });
            }
        });
        if bound.len() != levels.len() {
            self.is_incomplete = true;
            return Item::Unknown;
        }
        let op = Op::TopNested { input, levels: bound };
        Item::table(columns, op, self.at(operator.span))
    }

    /// `top-hitters n of x by y`: the keys with the greatest count or sum.
    pub fn top_hitters(
        &mut self,
        input: Arc<Tabular>,
        count: &Expr,
        of: &Expr,
        by: Option<&Expr>,
        operator: &Operator,
    ) -> Item {
        let span = self.at(operator.span);
        let count = self.row_count(count);
        let found = self.with_row(Row::of(&input), |binder| {
            let key = binder.plain_column(of);
            let sum = by.map(|by| {
                let value = binder.scalar(by)?;
                if !value.ty.is_numeric() {
                    binder.mismatch(by.span, format!("a number belongs here, and this is {}", value.ty));
                    return None;
                }
                let name = binder.result_name(by).unwrap_or_default();
                Some((value, format!("approximate_sum_{name}")))
            });
            (key, sum)
        });
        let (Some(count), (Some((index, key)), sum)) = (count, found) else {
            return Item::Unknown;
        };
        let name = input.columns[index].name.clone();
        let (aggregate, label) = match sum {
            Some(Some((value, label))) => {
                let ty = coerce::promoted(value.ty);
                (aggregate("sum", vec![value], ty, span), label)
            }
            Some(None) => return Item::Unknown,
            None => (
                aggregate("count", Vec::new(), Type::Long, span),
                format!("approximate_count_{name}"),
            ),
        };
        let columns = vec![Column::new(name, key.ty), Column::new(label, aggregate.ty)];
        let by = vec![SortKey {
            value: column_value(1, aggregate.ty, span),
            is_ascending: false,
            nulls_first: false,
        }];
        let counted = tabular(
            columns.clone(),
            Op::Summarize {
                input,
                keys: vec![key],
                aggregates: vec![aggregate],
            },
            span,
        );
        let op = Op::Top {
            input: counted,
            count,
            by,
        };
        Item::table(columns, op, span)
    }

    pub fn sample(&mut self, input: Arc<Tabular>, count: &Expr, operator: &Operator) -> Item {
        let Some(count) = self.row_count(count) else {
            return Item::Table(input);
        };
        self.mark("sample", operator.keyword);
        let span = self.at(operator.span);
        Item::Table(super::pipe::same_columns(
            input,
            |input| Op::Sample { input, count },
            span,
        ))
    }

    pub fn sample_distinct(&mut self, input: Arc<Tabular>, count: &Expr, of: &Expr, operator: &Operator) -> Item {
        let count = self.row_count(count);
        let of_value = self.with_row(Row::of(&input), |binder| {
            binder.note_caret(of.span);
            let value = binder.plain_column(of).map(|(_, value)| value);
            let name = binder.result_name(of).unwrap_or_else(|| "Column1".to_owned());
            value.map(|value| (value, name))
        });
        let (Some(count), Some((of_value, name))) = (count, of_value) else {
            return Item::Unknown;
        };
        if of_value.ty == Type::Dynamic {
            self.mismatch(of.span, "dynamic values cannot be compared: convert the column first");
            return Item::Unknown;
        }
        self.mark("sample-distinct", operator.keyword);
        let column = Column::new(name, of_value.ty);
        let op = Op::SampleDistinct {
            input,
            count,
            of: of_value,
        };
        Item::table(vec![column], op, self.at(operator.span))
    }

    pub fn reduce(&mut self, input: Arc<Tabular>, by: &Expr, with: &[ast::Parameter], operator: &Operator) -> Item {
        let value = self.with_row(Row::of(&input), |binder| {
            binder.note_caret(by.span);
            binder.scalar(by)
        });
        let Some(value) = value else { return Item::Unknown };
        if value.ty != Type::String {
            self.mismatch(by.span, format!("`reduce` groups texts, and this is {}", value.ty));
            return Item::Unknown;
        }
        if let Some((kind, place)) = self.parameter(&operator.parameters, "kind") {
            self.unsupported(place.span, format!("`kind={kind}` of `reduce`"));
            return Item::Unknown;
        }
        let mut threshold = None;
        let mut characters = None;
        for option in with {
            match option.name.text.as_str() {
                "threshold" => threshold = self.scalar(&option.value),
                "characters" => {
                    let text = self.scalar(&option.value);
                    characters = text.as_ref().and_then(constant::text).map(str::to_owned);
                }
                name => {
                    let message = format!("`reduce` has no option `{name}`");
                    self.error(Code::Arguments, option.name.span, message);
                }
            }
        }
        let columns = vec![
            Column::new("Pattern", Type::String),
            Column::new("Count", Type::Long),
            Column::new("Representative", Type::String),
        ];
        let op = Op::Reduce {
            input,
            by: value,
            threshold: threshold.map(|threshold| coerce::to(threshold, Type::Real)),
            characters,
        };
        Item::table(columns, op, self.at(operator.span))
    }
}

struct Range {
    on: Scalar,
    from: Option<Scalar>,
    to: Option<Scalar>,
    step: Scalar,
    includes_end: bool,
}

/// The name that is written before a value, and the value.
pub(crate) fn named(expr: &Expr) -> (Option<&ast::Name>, &Expr) {
    match &expr.kind {
        ExprKind::Named { names, value, .. } => (names.first(), value),
        _ => (None, expr),
    }
}

/// Holds the place of a column that the operator itself computes.
fn marker() -> Scalar {
    constant::scalar(crate::Value::Null(Type::Dynamic), crate::Span::default())
}

fn aggregate(function: &str, arguments: Vec<Scalar>, ty: Type, span: crate::Span) -> ir::Aggregate {
    ir::Aggregate {
        function: function.to_owned(),
        arguments,
        ty,
        output: 0,
        span,
    }
}
