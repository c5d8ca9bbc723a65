//! `summarize`: keys, aggregates, and expressions over aggregates.

use std::collections::HashSet;
use std::sync::Arc;

use crate::ast::{Argument, Expr, ExprKind, Name};
use crate::functions::Function;
use crate::ir::{Aggregate, Op, PathStep, Scalar, ScalarKind, Tabular};
use crate::{Code, Column, Diagnostic, Span, Type};

use super::call::{Bound, scalars};
use super::project::{Style, column_of};
use super::projection::{Projected, Projection};
use super::scope::Row;
use super::{Binder, Item, constant, names, tabular};

/// While an expression over aggregates is bound, column `AGGREGATE + i` is the i-th aggregate that was found.
const AGGREGATE: usize = 1 << 40;

/// The aggregates that were found so far in one `summarize`.
#[derive(Debug, Default)]
pub(crate) struct Aggregates {
    pub found: Vec<Aggregate>,
    /// Columns of the input that are keys: `arg_max(x, *)` leaves them out.
    keys: HashSet<usize>,
}

/// One of the columns that an aggregate gives.
struct ResultColumn {
    name: String,
    /// The column of the input whose values these are.
    input: Option<usize>,
    value: Option<Scalar>,
}

impl Binder<'_> {
    pub fn summarize(
        &mut self,
        input: Arc<Tabular>,
        aggregates: &[Expr],
        by: &[Expr],
        bin: Option<&Expr>,
        span: Span,
    ) -> Item {
        if let Some(bin) = bin {
            self.unsupported(bin.span, "`bin=` behind `summarize`: write `bin(...)` in the keys; it");
            return Item::Unknown;
        }
        let outer = self.aggregates.take();
        let (projection, found) = self.with_row(Row::of(&input), |binder| {
            let mut projection = Projection::default();
            for (position, expr) in by.iter().enumerate() {
                binder.note_caret(expr.span);
                binder.add_column(&mut projection, expr, Style::New, position);
            }
            binder.check_keys(&projection, by);
            projection.skip_present();
            binder.aggregates = Some(Aggregates {
                found: Vec::new(),
                keys: projection.columns.iter().filter_map(|key| key.input).collect(),
            });
            let keys = projection.columns.len();
            for expr in aggregates {
                binder.note_caret(expr.span);
                binder.add_aggregate_column(&mut projection, expr);
            }
            let found = binder.aggregates.take().unwrap_or_default().found;
            binder.over_aggregates(&mut projection, keys, aggregates, span);
            ((projection, keys), found)
        });
        self.aggregates = outer;
        let (projection, keys) = projection;
        self.summarized(input, projection, keys, found, span)
    }

    fn check_keys(&mut self, projection: &Projection, by: &[Expr]) {
        for projected in &projection.columns {
            if projected.value.as_ref().is_some_and(|value| value.ty == Type::Dynamic) {
                let name = &projected.column.name;
                let span = projected.value.as_ref().map_or(Span::default(), |value| value.span);
                let span = if span == Span::default() {
                    by.first().map_or(span, |expr| expr.span)
                } else {
                    span
                };
                let message = format!("rows cannot be grouped by dynamic values, and `{name}` is dynamic");
                let diagnostic = Diagnostic::error(Code::TypeMismatch, span, message);
                self.report(diagnostic.with_hint("convert it: `by x = tostring(...)`"));
            }
        }
    }

    /// Rewrites values over aggregates to the columns of the summarized rows: keys first, then the aggregates.
    fn over_aggregates(&mut self, projection: &mut Projection, keys: usize, aggregates: &[Expr], span: Span) {
        let key_columns: Vec<Option<usize>> = projection.columns[..keys]
            .iter()
            .map(|projected| projected.input)
            .collect();
        for projected in &mut projection.columns[keys..] {
            let Some(value) = &mut projected.value else { continue };
            let mut stray = None;
            rewrite(value, &mut |column| {
                if column >= AGGREGATE {
                    return keys + (column - AGGREGATE);
                }
                key_columns
                    .iter()
                    .position(|key| *key == Some(column))
                    .unwrap_or_else(|| {
                        stray = Some(column);
                        0
                    })
            });
            if stray.is_some() {
                let span = if value.span == Span::default() {
                    aggregates.first().map_or(span, |expr| expr.span)
                } else {
                    value.span
                };
                let message = format!("`{}` is neither aggregated nor a key", projected.column.name);
                let diagnostic = Diagnostic::error(Code::Arguments, span, message);
                self.report(diagnostic.with_hint("put it behind `by`, or into `take_any(...)`"));
            }
            projected.input = None;
        }
    }

    /// Puts the operator together: with a projection above it where values are more than aggregates.
    fn summarized(
        &mut self,
        input: Arc<Tabular>,
        projection: Projection,
        keys: usize,
        found: Vec<Aggregate>,
        span: Span,
    ) -> Item {
        let span = self.at(span);
        if !self.check_columns(projection.columns.len(), span) {
            return Item::Unknown;
        }
        let key_values: Vec<Scalar> = projection.columns[..keys]
            .iter()
            .map(|projected| match &projected.value {
                Some(value) => value.clone(),
                None => constant::string("", span),
            })
            .collect();
        let is_direct = projection.columns.len() == keys + found.len()
            && projection.columns[keys..].iter().enumerate().all(|(index, projected)| {
                matches!(&projected.value, Some(value) if value.kind == ScalarKind::Column(keys + index))
            });
        let (columns, values) = self.finish(projection);
        let below = |columns| {
            tabular(
                columns,
                Op::Summarize {
                    input,
                    keys: key_values,
                    aggregates: found.clone(),
                },
                span,
            )
        };
        if is_direct {
            return Item::Table(below(columns));
        }
        let mut inner: Vec<Column> = columns[..keys].to_vec();
        inner.extend(found.iter().enumerate().map(|(index, aggregate)| {
            // No column of a query has such a name.
            Column::new(format!("$aggregate{index}"), aggregate.ty)
        }));
        let mut outer = values;
        for (index, value) in outer.iter_mut().enumerate().take(keys) {
            value.kind = ScalarKind::Column(index);
        }
        Item::table(
            columns,
            Op::Project {
                input: below(inner),
                values: outer,
            },
            span,
        )
    }

    /// Adds the columns of one expression behind `summarize`.
    fn add_aggregate_column(&mut self, projection: &mut Projection, expr: &Expr) {
        let (written, value): (&[Name], &Expr) = match &expr.kind {
            ExprKind::Named { names, value, .. } => (names, value),
            _ => (&[], expr),
        };
        if let Some((function, name, arguments)) = self.several_results(value) {
            let Some(results) = self.result_columns(function, name, arguments) else {
                for name in written {
                    let _ = projection.declare(Projected::new(name.text.clone(), None), false);
                }
                return;
            };
            for extra in written.iter().skip(results.len()) {
                self.error(
                    Code::Arguments,
                    extra.span,
                    format!("there is no value for `{}`", extra.text),
                );
            }
            for (index, result) in results.into_iter().enumerate() {
                match written.get(index) {
                    Some(written) => {
                        if !projection.declare(Projected::new(written.text.clone(), result.value), index == 0) {
                            self.duplicate(&written.text, written.span);
                        }
                    }
                    None => projection.add(
                        Projected {
                            input: result.input,
                            ..Projected::new(result.name, result.value)
                        },
                        None,
                        false,
                    ),
                }
            }
            return;
        }
        if let [name] = written {
            let value_of = self.scalar(value);
            let is_column = column_of(value, value_of.as_ref()).is_some();
            if !projection.declare(Projected::new(name.text.clone(), value_of), is_column) {
                self.duplicate(&name.text, name.span);
            }
            return;
        }
        if let Some(second) = written.get(1) {
            self.error(Code::Arguments, second.span, "this has one value only");
            return;
        }
        let value_of = self.scalar(value);
        if let Some(input) = column_of(value, value_of.as_ref()).filter(|input| *input < AGGREGATE) {
            let name = self
                .row
                .columns()
                .map(|row| row.columns[input].name.clone())
                .unwrap_or_default();
            if !projection.declare(Projected::new(name.clone(), value_of), false) {
                self.duplicate(&name, expr.span);
            }
            return;
        }
        let known = self.result_name(value);
        let name = known.unwrap_or_else(|| self.default_name());
        projection.add(Projected::new(name, value_of), None, false);
    }

    /// A call of an aggregate that gives several columns, or one whose name follows rules of its own.
    fn several_results<'e>(&self, expr: &'e Expr) -> Option<(&'static Function, &'e Name, &'e [Argument])> {
        let ExprKind::Call {
            base: None,
            name,
            arguments,
        } = &names::bare(expr).kind
        else {
            return None;
        };
        let function = self.built_in(&name.text)?;
        self.has_several_results(function, arguments)
            .then_some((function, name, arguments))
    }

    fn has_several_results(&self, function: &Function, arguments: &[Argument]) -> bool {
        let has_several = matches!(
            function.name,
            "arg_max"
                | "arg_min"
                | "argmax"
                | "argmin"
                | "take_any"
                | "percentile"
                | "percentiles"
                | "percentilew"
                | "percentilesw"
                | "percentiles_array"
                | "percentilesw_array"
        ) || (function.name == "any"
            && (arguments.len() > 1 || arguments.iter().any(|argument| argument.value.kind == ExprKind::Star)));
        has_several && function.is_supported() && self.aggregates.is_some()
    }

    /// The columns that such a call gives.
    fn result_columns(
        &mut self,
        function: &'static Function,
        name: &Name,
        arguments: &[Argument],
    ) -> Option<Vec<ResultColumn>> {
        let outer = self.aggregates.take();
        let bound = self.arguments(arguments);
        let exprs: Vec<&Expr> = arguments.iter().map(|argument| &argument.value).collect();
        let checked = self.check(function, name, bound, &exprs);
        self.aggregates = outer;
        let (bound, _) = checked?;
        if function.name.starts_with("percentile") {
            self.percentile_columns(function, name, arguments, bound)
        } else {
            self.row_columns(function, name, arguments, bound)
        }
    }

    /// `percentiles(x, 5, 50.5)`: `percentile_x_5`, `percentile_x_50_5`.
    fn percentile_columns(
        &mut self,
        function: &'static Function,
        name: &Name,
        arguments: &[Argument],
        bound: Vec<Bound>,
    ) -> Option<Vec<ResultColumn>> {
        let first = if function.name.contains('w') { 2 } else { 1 };
        let value_name = arguments
            .first()
            .and_then(|argument| self.result_name(&argument.value))
            .unwrap_or_default();
        let values = scalars(bound)?;
        let ty = match values.first()?.ty {
            Type::Int => Type::Long,
            Type::Decimal => Type::Real,
            ty => ty,
        };
        if ty == Type::String || ty == Type::Dynamic || ty == Type::Guid {
            self.mismatch(
                name.span,
                format!("percentiles are of numbers and times, and this is {ty}"),
            );
            return None;
        }
        if function.name.ends_with("_array") {
            let value = self.aggregate(function.canonical, values, Type::Dynamic, 0, name.span);
            return Some(vec![ResultColumn {
                name: format!("percentiles_{value_name}"),
                input: None,
                value: Some(value),
            }]);
        }
        let mut columns = Vec::new();
        for (output, percentile) in values[first..].iter().enumerate() {
            let part = constant::value(percentile).map(names::fragment).unwrap_or_default();
            let value = self.aggregate(function.canonical, values.clone(), ty, output, name.span);
            columns.push(ResultColumn {
                name: format!("percentile_{value_name}_{part}"),
                input: None,
                value: Some(value),
            });
        }
        Some(columns)
    }

    /// `arg_max(x, a, *)` and `take_any(a, *)`: values of one row.
    fn row_columns(
        &mut self,
        function: &'static Function,
        name: &Name,
        arguments: &[Argument],
        bound: Vec<Bound>,
    ) -> Option<Vec<ResultColumn>> {
        let is_arg = function.canonical.starts_with("arg_");
        let is_old = matches!(function.name, "argmax" | "argmin" | "any");
        let prefix = if function.canonical == "arg_max" { "max" } else { "min" };
        let any_star = bound.iter().any(|argument| matches!(argument, Bound::Star));
        let keys: HashSet<usize> = self
            .aggregates
            .as_ref()
            .map(|found| found.keys.clone())
            .unwrap_or_default();
        let mut done: HashSet<usize> = if is_arg { HashSet::new() } else { keys.clone() };
        let primary = arguments.first().and_then(|argument| self.result_name(&argument.value));
        let mut columns: Vec<(String, Option<usize>, Option<Scalar>)> = Vec::new();
        for (index, (argument, bound)) in arguments.iter().zip(bound).enumerate() {
            let value = match bound {
                Bound::Star => {
                    let Some(row) = self.row.columns().cloned() else {
                        continue;
                    };
                    if row.is_open {
                        self.is_incomplete = true;
                    }
                    for (place, column) in row.columns.iter().enumerate() {
                        if done.contains(&place) || keys.contains(&place) {
                            continue;
                        }
                        done.insert(place);
                        columns.push((column.name.clone(), Some(place), Projected::input(place, column).value));
                    }
                    continue;
                }
                Bound::Scalar(scalar) => Some(scalar),
                _ => None,
            };
            let (written, expr) = match &argument.value.kind {
                ExprKind::Named { names, value, .. } => (names.first(), value.as_ref()),
                _ => (argument.name.as_ref(), &argument.value),
            };
            if let Some(place) = column_of(expr, value.as_ref()) {
                let is_free = (index == 0 && is_arg) || !any_star || !(done.contains(&place) || keys.contains(&place));
                if !is_free {
                    continue;
                }
                let is_again = done.contains(&place) || keys.contains(&place);
                done.insert(place);
                let name = match written {
                    Some(written) => written.text.clone(),
                    None => self
                        .row
                        .columns()
                        .map(|row| row.columns[place].name.clone())
                        .unwrap_or_default(),
                };
                let identity = (written.is_none() && !is_again).then_some(place);
                columns.push((name, identity, value));
                continue;
            }
            let known = written
                .map(|written| written.text.clone())
                .or_else(|| self.result_name(expr));
            let name = known
                .filter(|name| is_arg || !name.is_empty())
                .unwrap_or_else(|| match (is_arg, index) {
                    (true, 0) => format!("{prefix}_"),
                    (true, index) => format!("{prefix}_{}_arg{index}", primary.clone().unwrap_or_default()),
                    (false, index) => format!("any_arg{index}"),
                });
            columns.push((name, None, value));
        }
        let values: Option<Vec<Scalar>> = columns.iter().map(|(_, _, value)| value.clone()).collect();
        let width = columns.len() as u64;
        if !self.count_nodes(width * width, name.span) {
            return None;
        }
        let outputs = columns.into_iter().enumerate().map(|(output, (column, input, _))| {
            let value = values.as_ref().map(|values| {
                let ty = values[output].ty;
                self.aggregate(function.canonical, values.clone(), ty, output, name.span)
            });
            let column = match (is_old, function.name) {
                (false, _) => column,
                (true, "any") if column.starts_with("any_arg") => column,
                (true, "any") => format!("any_{column}"),
                (true, _) if output == 0 => format!("{prefix}_{column}"),
                (true, _) => format!("{prefix}_{}_{column}", primary.clone().unwrap_or_default()),
            };
            let input = input.filter(|_| !is_old);
            ResultColumn {
                name: column,
                input,
                value,
            }
        });
        Some(outputs.collect())
    }

    /// Notes an aggregate and gives the column that stands for it.
    fn aggregate(&mut self, function: &str, arguments: Vec<Scalar>, ty: Type, output: usize, span: Span) -> Scalar {
        let span = self.at(span);
        match function {
            "take_any" | "take_anyif" if output == 0 => self.mark(function, span),
            "make_list" | "make_list_if" | "make_list_with_nulls" => self.mark(function, span),
            _ => {}
        }
        let aggregate = Aggregate {
            function: function.to_owned(),
            arguments,
            ty,
            output,
            span,
        };
        let found = self.aggregates.get_or_insert_default();
        found.found.push(aggregate);
        Scalar {
            kind: ScalarKind::Column(AGGREGATE + found.found.len() - 1),
            ty,
            span,
        }
    }

    /// A call of an aggregate inside an expression.
    #[inline(never)]
    pub fn aggregate_call(&mut self, function: &'static Function, name: &Name, arguments: &[Argument]) -> Item {
        if self.aggregates.is_none() {
            let message = format!("`{}` is an aggregate and cannot stand here", function.name);
            let diagnostic = Diagnostic::error(Code::Arguments, name.span, message);
            self.report(diagnostic.with_hint("aggregates stand behind `summarize`, and not inside one another"));
            return Item::Unknown;
        }
        if !function.is_supported() {
            self.refuse(function, name.span);
            return Item::Unknown;
        }
        if self.has_several_results(function, arguments) {
            let results = self.result_columns(function, name, arguments);
            let first = results.and_then(|results| results.into_iter().next()?.value);
            return first.map_or(Item::Unknown, Item::Scalar);
        }
        let outer = self.aggregates.take();
        let bound = self.arguments(arguments);
        let exprs: Vec<&Expr> = arguments.iter().map(|argument| &argument.value).collect();
        let checked = self.check(function, name, bound, &exprs);
        self.aggregates = outer;
        let Some((bound, ty)) = checked else {
            return Item::Unknown;
        };
        let Some((ty, _)) = ty else { return Item::Unknown };
        let Some(values) = scalars(bound) else {
            return Item::Scalar(self.of_type(ty, name.span));
        };
        let (canonical, values) = match (function.canonical, values.as_slice()) {
            ("count", [predicate]) if predicate.ty == Type::Bool => ("countif", values),
            // Whatever is counted, rows are: nulls too.
            ("count", _) => ("count", Vec::new()),
            (canonical, _) => (canonical, values),
        };
        Item::Scalar(self.aggregate(canonical, values, ty, 0, name.span))
    }

    /// The name of the column that an aggregate gives, where it is written without one.
    pub fn aggregate_name(&mut self, expr: &Expr) -> Option<String> {
        match self.several_results(expr) {
            Some((function, name, arguments)) => {
                let results = self.result_columns(function, name, arguments)?;
                results.into_iter().next().map(|result| result.name)
            }
            None => self.result_name(expr),
        }
    }

    /// One aggregate, as `make-series`, `top-nested` and `pivot` take them: its value over the row
    /// `[aggregates...]` must be the aggregate itself.
    pub fn one_aggregate(&mut self, expr: &Expr) -> Option<Aggregate> {
        let outer = self.aggregates.replace(Aggregates::default());
        let value = self.scalar(expr);
        let found = std::mem::replace(&mut self.aggregates, outer).unwrap_or_default().found;
        let value = value?;
        if found.is_empty() && constant::is_constant(&value) {
            // A constant is the same for all rows of a group, so it is their greatest value too.
            return Some(Aggregate {
                function: "max".to_owned(),
                ty: value.ty,
                output: 0,
                span: value.span,
                arguments: vec![value],
            });
        }
        match (value.kind, found.into_iter().next()) {
            (ScalarKind::Column(AGGREGATE), Some(aggregate)) => Some(aggregate),
            _ => {
                self.error(Code::Arguments, expr.span, "an aggregate belongs here");
                None
            }
        }
    }
}

/// Replaces the indices of all columns of an expression.
pub(crate) fn rewrite(scalar: &mut Scalar, to: &mut impl FnMut(usize) -> usize) {
    match &mut scalar.kind {
        ScalarKind::Column(column) => *column = to(*column),
        ScalarKind::Constant(_)
        | ScalarKind::ToScalar(_)
        | ScalarKind::Property { .. }
        | ScalarKind::OverPath { .. }
        | ScalarKind::GraphFunction { .. } => {}
        ScalarKind::Call { arguments, .. } | ScalarKind::Window { arguments, .. } => {
            arguments.iter_mut().for_each(|argument| rewrite(argument, to));
        }
        ScalarKind::Negate(operand) | ScalarKind::Cast(operand) => rewrite(operand, to),
        ScalarKind::Binary { left, right, .. }
        | ScalarKind::And(left, right)
        | ScalarKind::Or(left, right)
        | ScalarKind::Text { left, right, .. } => {
            rewrite(left, to);
            rewrite(right, to);
        }
        ScalarKind::In { left, list, .. } | ScalarKind::HasAny { left, list, .. } => {
            rewrite(left, to);
            list.iter_mut().for_each(|element| rewrite(element, to));
        }
        ScalarKind::InTable { left, .. } | ScalarKind::HasAnyTable { left, .. } => rewrite(left, to),
        ScalarKind::Between { value, low, high, .. } => {
            rewrite(value, to);
            rewrite(low, to);
            rewrite(high, to);
        }
        ScalarKind::Path { base, steps } => {
            rewrite(base, to);
            for step in steps {
                if let PathStep::Computed(index) = step {
                    rewrite(index, to);
                }
            }
        }
    }
}
