//! `project` and its kin, `extend`, `print`, `distinct`: expressions that become columns.

use std::sync::Arc;

use crate::ast::{Expr, ExprKind, Reordered, ReorderedOrder};
use crate::ir::{Op, PathStep, Scalar, ScalarKind, Tabular};
use crate::{Code, Column, Diagnostic, Span, Type, Value};

use super::projection::{Projected, Projection};
use super::scope::Row;
use super::{Binder, Item, constant, names, tabular};

/// What happens to a name that is there already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Style {
    /// `project`: written names are new.
    New,
    /// `extend`: a written name takes the place of the column.
    Extend,
    /// `print`: unnamed values are `print_0`, ...
    Print,
}

impl Binder<'_> {
    /// Adds the column, or columns, of one expression.
    pub fn add_column(&mut self, projection: &mut Projection, expr: &Expr, style: Style, position: usize) {
        let replaces = style == Style::Extend;
        match &expr.kind {
            ExprKind::Named {
                names: written,
                has_parentheses,
                value,
            } => {
                let Some(first) = written.first() else { return };
                if (*has_parentheses && written.len() > 1) || self.is_several(value) {
                    self.add_several(projection, written, value, style, position);
                    return;
                }
                let value_of = self.scalar(value);
                let input = column_of(value, value_of.as_ref());
                let replaces = replaces || input.is_some();
                let projected = Projected::new(first.text.clone(), value_of);
                if !projection.declare(projected, replaces) {
                    self.duplicate(&first.text, first.span);
                }
            }
            ExprKind::Star => {
                let Some(row) = self.row.columns().cloned() else { return };
                for (index, column) in row.columns.iter().enumerate() {
                    projection.add(Projected::input(index, column), None, true);
                    projection.skip(index);
                }
            }
            _ if self.is_several(expr) => self.add_several(projection, &[], expr, style, position),
            _ => {
                let value = self.scalar(expr);
                if let Some(input) = column_of(expr, value.as_ref()) {
                    let name = self
                        .row
                        .columns()
                        .map(|row| row.columns[input].name.clone())
                        .unwrap_or_default();
                    let projected = Projected {
                        input: Some(input),
                        ..Projected::new(name.clone(), value)
                    };
                    if !projection.declare(projected, false) {
                        self.duplicate(&name, expr.span);
                    }
                    return;
                }
                if style == Style::Print {
                    let base = format!("print_{position}");
                    projection.add(Projected::new(base.clone(), value), Some(&base), false);
                    return;
                }
                // A column that is not known keeps its name.
                let known = self.result_name(expr);
                let name = known.unwrap_or_else(|| self.default_name());
                projection.add(Projected::new(name, value), None, replaces);
            }
        }
    }

    /// `Column1`, `Column2`, ... as far as no column has the name.
    pub fn default_name(&mut self) -> String {
        loop {
            self.unnamed += 1;
            let name = format!("Column{}", self.unnamed);
            if self.row.columns().is_none_or(|row| row.find(&name).is_none()) {
                return name;
            }
        }
    }

    /// Whether the expression gives several columns.
    fn is_several(&self, expr: &Expr) -> bool {
        let ExprKind::Call {
            base: None,
            name,
            arguments,
        } = &names::bare(expr).kind
        else {
            return false;
        };
        match name.text.as_str() {
            "array_sort_asc" | "array_sort_desc" | "series_stats" => !arguments.is_empty(),
            _ => false,
        }
    }

    /// The columns of a function with several results.
    fn add_several(
        &mut self,
        projection: &mut Projection,
        written: &[crate::ast::Name],
        expr: &Expr,
        style: Style,
        position: usize,
    ) {
        let Some(mut results) = self.several(expr) else {
            for name in written {
                if !projection.declare(Projected::new(name.text.clone(), None), style == Style::Extend) {
                    self.duplicate(&name.text, name.span);
                }
            }
            return;
        };
        if style == Style::Print && written.len() == 1 {
            results.truncate(1);
        } else if style == Style::Print && results.len() == 1 {
            results[0].0 = format!("print_{position}");
        }
        for extra in written.iter().skip(results.len()) {
            self.error(
                Code::Arguments,
                extra.span,
                format!("there is no value for `{}`", extra.text),
            );
        }
        for (index, (name, value)) in results.into_iter().enumerate() {
            if let Some(written) = written.get(index) {
                let replaces = style == Style::Extend;
                if !projection.declare(Projected::new(written.text.clone(), Some(value)), replaces) {
                    self.duplicate(&written.text, written.span);
                }
            } else {
                projection.add(Projected::new(name, Some(value)), None, false);
            }
        }
    }

    /// The results of a function that has several, with the names that they have by themselves.
    fn several(&mut self, expr: &Expr) -> Option<Vec<(String, Scalar)>> {
        let ExprKind::Call { name, arguments, .. } = &names::bare(expr).kind else {
            return None;
        };
        if name.text == "series_stats" {
            return self.series_stats(expr);
        }
        let mut labels = Vec::new();
        for (index, argument) in arguments.iter().enumerate() {
            let label = self
                .result_name(&argument.value)
                .unwrap_or_else(|| format!("array{index}"));
            labels.push(format!("{label}_sorted"));
        }
        let sorted = self.scalar(expr)?;
        let ScalarKind::Call { arguments, .. } = &sorted.kind else {
            return None;
        };
        let arrays = arguments.iter().filter(|argument| argument.ty == Type::Dynamic).count();
        if arrays == 1 {
            return Some(vec![(labels.swap_remove(0), sorted)]);
        }
        // The function gives an array of the sorted arrays.
        Some(
            labels
                .into_iter()
                .take(arrays)
                .enumerate()
                .map(|(index, label)| (label, step(&sorted, PathStep::Index(index as i64))))
                .collect(),
        )
    }

    /// `series_stats(x)`: the properties of `series_stats_dynamic(x)` as columns.
    fn series_stats(&mut self, expr: &Expr) -> Option<Vec<(String, Scalar)>> {
        const PARTS: [(&str, Type); 7] = [
            ("min", Type::Real),
            ("min_idx", Type::Long),
            ("max", Type::Real),
            ("max_idx", Type::Long),
            ("avg", Type::Real),
            ("stdev", Type::Real),
            ("variance", Type::Real),
        ];
        let ExprKind::Call { arguments, .. } = &names::bare(expr).kind else {
            return None;
        };
        let label = arguments
            .first()
            .and_then(|argument| self.result_name(&argument.value))
            .unwrap_or_default();
        let mut stats = self.scalar(expr)?;
        if let ScalarKind::Call { function, .. } = &mut stats.kind {
            *function = "series_stats_dynamic".to_owned();
        }
        Some(
            PARTS
                .iter()
                .map(|(part, ty)| {
                    let value = step(&stats, PathStep::Key((*part).to_owned()));
                    (format!("series_stats_{label}_{part}"), super::coerce::to(value, *ty))
                })
                .collect(),
        )
    }

    /// Ends a projection over an input.
    pub fn projected(&mut self, input: Arc<Tabular>, projection: Projection, span: Span) -> Item {
        if !self.check_columns(projection.columns.len(), span) {
            return Item::Unknown;
        }
        let is_open = input.is_open;
        let (columns, values) = self.finish(projection);
        let table = Tabular {
            columns,
            op: Op::Project { input, values },
            span: self.at(span),
            is_open,
        };
        Item::Table(Arc::new(table))
    }

    /// The columns and their values; names of what is not known are remembered.
    pub fn finish(&mut self, projection: Projection) -> (Vec<Column>, Vec<Scalar>) {
        let mut columns = Vec::with_capacity(projection.columns.len());
        let mut values = Vec::with_capacity(projection.columns.len());
        for projected in projection.columns {
            match projected.value {
                Some(value) => {
                    if !matches!(&value.kind, ScalarKind::Column(_)) || projected.input.is_none() {
                        self.poisoned.remove(&projected.column.name);
                    }
                    values.push(value);
                }
                None => {
                    self.is_incomplete = true;
                    self.poisoned.insert(projected.column.name.clone());
                    values.push(constant::scalar(Value::Null(projected.column.ty), Span::default()));
                }
            }
            columns.push(projected.column);
        }
        (columns, values)
    }

    pub fn project(&mut self, input: Arc<Tabular>, exprs: &[Expr], span: Span) -> Item {
        let projection = self.columns_of(&input, Projection::default(), exprs, Style::New);
        let is_open = false;
        match self.projected(input, projection, span) {
            Item::Table(table) => {
                let mut table = Arc::unwrap_or_clone(table);
                table.is_open = is_open;
                Item::Table(Arc::new(table))
            }
            item => item,
        }
    }

    pub fn extend(&mut self, input: Arc<Tabular>, exprs: &[Expr], span: Span) -> Item {
        if exprs.is_empty() {
            return Item::Table(input);
        }
        let projection = Projection::of_row(&input.columns, false);
        let projection = self.columns_of(&input, projection, exprs, Style::Extend);
        self.projected(input, projection, span)
    }

    fn columns_of(&mut self, input: &Tabular, mut projection: Projection, exprs: &[Expr], style: Style) -> Projection {
        self.with_row(Row::of(input), |binder| {
            for (position, expr) in exprs.iter().enumerate() {
                binder.note_caret(expr.span);
                binder.add_column(&mut projection, expr, style, position);
            }
        });
        projection
    }

    pub fn print(&mut self, exprs: &[Expr], span: Span) -> Item {
        let mut projection = Projection::default();
        for (position, expr) in exprs.iter().enumerate() {
            self.note_caret(expr.span);
            self.add_column(&mut projection, expr, Style::Print, position);
        }
        let (columns, values) = self.finish(projection);
        Item::table(columns, Op::Rows { rows: vec![values] }, self.at(span))
    }

    pub fn project_rename(&mut self, input: Arc<Tabular>, exprs: &[Expr], span: Span) -> Item {
        let mut projection = Projection::of_row(&input.columns, true);
        let row = Row::of(&input);
        self.with_row(row, |binder| {
            for expr in exprs {
                binder.note_caret(expr.span);
                let ExprKind::Named { names, value, .. } = &expr.kind else {
                    let diagnostic = Diagnostic::error(Code::Syntax, expr.span, "`project-rename` takes `new = old`");
                    binder.report(diagnostic);
                    continue;
                };
                let (Some(to), Some((from, _))) = (names.first(), binder.plain_column(value)) else {
                    continue;
                };
                let from = input.columns[from].name.clone();
                if !projection.rename(&from, &to.text) {
                    binder.duplicate(&to.text, to.span);
                }
            }
        });
        self.projected(input, projection, span)
    }

    /// `project-away` and `project-keep`: patterns with `*`.
    pub fn project_some(&mut self, input: Arc<Tabular>, exprs: &[Expr], keeps: bool, span: Span) -> Item {
        let mut named = vec![false; input.columns.len()];
        self.with_row(Row::of(&input), |binder| {
            for expr in exprs {
                binder.note_caret(expr.span);
                for index in binder.named_columns(&input, expr) {
                    named[index] = true;
                }
            }
        });
        self.pick(input, |index| named[index] == keeps, span)
    }

    /// Only some columns, in their order.
    fn pick(&mut self, input: Arc<Tabular>, keeps: impl Fn(usize) -> bool, span: Span) -> Item {
        let mut projection = Projection::default();
        for (index, column) in input.columns.iter().enumerate().filter(|(index, _)| keeps(*index)) {
            projection.add(Projected::input(index, column), None, false);
        }
        self.projected(input, projection, span)
    }

    /// Columns by name or by pattern.
    pub fn named_columns(&mut self, input: &Tabular, expr: &Expr) -> Vec<usize> {
        let pattern = match &names::bare(expr).kind {
            ExprKind::Star => "*",
            ExprKind::Wildcard(pattern) => pattern.as_str(),
            ExprKind::Name(name) if name.text.contains('*') && !name.is_quoted => name.text.as_str(),
            _ => return self.plain_column(expr).map(|(index, _)| index).into_iter().collect(),
        };
        let found: Vec<usize> = (0..input.columns.len())
            .filter(|index| matches_pattern(&input.columns[*index].name, pattern))
            .collect();
        if found.is_empty() && !input.is_open {
            self.warning(Code::Suspicious, expr.span, format!("no column matches `{pattern}`"));
        }
        found
    }

    pub fn project_reorder(&mut self, input: Arc<Tabular>, items: &[Reordered], span: Span) -> Item {
        let mut order: Vec<usize> = Vec::new();
        self.with_row(Row::of(&input), |binder| {
            for item in items {
                binder.note_caret(item.value.span);
                let mut found = binder.named_columns(&input, &item.value);
                if let Some(by) = item.order {
                    sort_names(&mut found, &input.columns, by);
                }
                order.extend(found);
            }
        });
        order.extend(0..input.columns.len());
        let mut projection = Projection::default();
        for index in order {
            projection.add(Projected::input(index, &input.columns[index]), None, false);
            projection.skip(index);
        }
        self.projected(input, projection, span)
    }

    /// `project-by-names`: names and patterns that are computed.
    pub fn project_by_names(&mut self, input: Arc<Tabular>, exprs: &[Expr], span: Span) -> Item {
        let mut patterns = Vec::new();
        for expr in exprs {
            let expr = names::bare(expr);
            match &expr.kind {
                ExprKind::Call { name, arguments, .. } if name.text == "column_names_of" => {
                    let table = arguments.first().and_then(|argument| self.table(&argument.value));
                    patterns.extend(
                        table
                            .iter()
                            .flat_map(|table| table.columns.iter().map(|c| c.name.clone())),
                    );
                }
                _ => {
                    let Some(scalar) = self.scalar(expr) else { continue };
                    match constant::value(&scalar) {
                        Some(Value::String(text)) => patterns.push(text.clone()),
                        Some(Value::Dynamic(json)) => patterns.extend(constant::texts(json)),
                        _ => self.error(
                            Code::Arguments,
                            expr.span,
                            "a constant name or list of names belongs here",
                        ),
                    }
                }
            }
        }
        let mut projection = Projection::default();
        for pattern in &patterns {
            for (index, column) in input.columns.iter().enumerate() {
                if matches_pattern(&column.name, pattern) {
                    projection.add(Projected::input(index, column), None, false);
                    projection.skip(index);
                }
            }
        }
        self.projected(input, projection, span)
    }

    pub fn distinct(&mut self, input: Arc<Tabular>, exprs: &[Expr], span: Span) -> Item {
        let projection = self.columns_of(&input, Projection::default(), exprs, Style::New);
        for projected in &projection.columns {
            if projected.value.as_ref().is_some_and(|value| value.ty == Type::Dynamic) {
                let name = &projected.column.name;
                let message = format!("`distinct` cannot compare dynamic values, and `{name}` is dynamic");
                let diagnostic = Diagnostic::error(Code::TypeMismatch, span, message);
                self.report(diagnostic.with_hint(format!("write `{name} = tostring({name})`")));
            }
        }
        let (columns, keys) = self.finish(projection);
        let op = Op::Summarize {
            input,
            keys,
            aggregates: Vec::new(),
        };
        Item::Table(tabular(columns, op, self.at(span)))
    }
}

/// One step into a dynamic value.
fn step(base: &Scalar, step: PathStep) -> Scalar {
    Scalar {
        kind: ScalarKind::Path {
            base: Box::new(base.clone()),
            steps: vec![step],
        },
        ty: Type::Dynamic,
        span: base.span,
    }
}

/// The column of the input that the expression is.
pub(crate) fn column_of(expr: &Expr, value: Option<&Scalar>) -> Option<usize> {
    match value?.kind {
        ScalarKind::Column(index) if names::is_column(expr) => Some(index),
        _ => None,
    }
}

/// Whether a name matches a pattern in which `*` stands for any text.
pub(crate) fn matches_pattern(name: &str, pattern: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = parts.next().and_then(|first| name.strip_prefix(first)) else {
        return false;
    };
    let parts: Vec<&str> = parts.collect();
    let Some((last, middle)) = parts.split_last() else {
        return rest.is_empty();
    };
    for part in middle {
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.ends_with(last)
}

fn sort_names(indices: &mut [usize], columns: &[Column], order: ReorderedOrder) {
    let name = |index: &usize| columns[*index].name.as_str();
    match order {
        ReorderedOrder::Ascending => indices.sort_by(|a, b| name(a).cmp(name(b))),
        ReorderedOrder::Descending => indices.sort_by(|a, b| name(b).cmp(name(a))),
        ReorderedOrder::GrannyAscending => indices.sort_by_key(|index| granny(name(index))),
        ReorderedOrder::GrannyDescending => indices.sort_by_key(|index| std::cmp::Reverse(granny(name(index)))),
    }
}

/// A name for the order in which numbers inside names count as numbers: `a2` before `a10`.
fn granny(name: &str) -> Vec<(u8, u128, String)> {
    let mut parts: Vec<(u8, u128, String)> = Vec::new();
    let mut rest = name;
    while let Some(first) = rest.chars().next() {
        let is_digit = first.is_ascii_digit();
        let end = rest
            .find(|letter: char| letter.is_ascii_digit() != is_digit)
            .unwrap_or(rest.len());
        let (part, behind) = rest.split_at(end);
        match part.parse().ok().filter(|_| is_digit) {
            Some(number) => parts.push((0, number, String::new())),
            None => parts.push((1, 0, part.to_owned())),
        }
        rest = behind;
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_any_text() {
        assert!(matches_pattern("SourceNodeId", "Source*"));
        assert!(matches_pattern("SourceNodeId", "*Node*"));
        assert!(matches_pattern("abcb", "a*b"));
        assert!(!matches_pattern("SourceNodeId", "Node*"));
        assert!(matches_pattern("a", "*"));
    }
}
