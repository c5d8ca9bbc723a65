//! Pipelines: which operator does what to the table before it.

use std::sync::Arc;

use crate::ast::{Expr, Operator, OperatorKind, Ordered};
use crate::ir::{Op, Scalar, SortKey, Tabular};
use crate::{Code, Column, Diagnostic, Span, Type};

use super::scope::{Row, Variable};
use super::{Binder, Item, tabular};

impl Binder<'_> {
    /// `source | operator | ...`
    #[inline(never)]
    pub fn pipe(&mut self, source: &Expr, operators: &[Operator]) -> Item {
        let aggregates = self.aggregates.take();
        let item = self.with_row(Row::None, |binder| {
            let source = binder.item(source);
            binder.operators(source, operators)
        });
        self.aggregates = aggregates;
        item
    }

    /// Operators that follow one another.
    pub fn operators(&mut self, item: Item, operators: &[Operator]) -> Item {
        let outer_order = self.is_ordered;
        let item = self.operators_inside(item, operators);
        self.is_ordered = outer_order;
        item
    }

    fn operators_inside(&mut self, mut item: Item, operators: &[Operator]) -> Item {
        for operator in operators {
            let columns = match &item {
                Item::Table(input) => input.columns.len(),
                _ => 0,
            };
            if !self.count_operator(columns, operator.span) {
                return Item::Unknown;
            }
            item = match item {
                Item::Table(input) => {
                    self.is_ordered = super::order::is_ordered(&input);
                    if self.options.caret.is_some() {
                        self.with_row(Row::of(&input), |binder| binder.note_caret(operator.span));
                    }
                    match self.operator(input, operator) {
                        Item::Table(table) if !self.check_table(&table) => return Item::Unknown,
                        item => item,
                    }
                }
                Item::Graph(graph) => self.graph_operator(graph, operator),
                Item::Scalar(scalar) => {
                    self.mismatch(scalar.span, "a table belongs before `|`, not a value");
                    self.operator(unknown_table(scalar.span), operator)
                }
                Item::Tables(_) => {
                    self.error(
                        Code::Syntax,
                        operator.keyword,
                        "several tables cannot be piped any further",
                    );
                    return Item::Unknown;
                }
                Item::Unknown => {
                    self.is_incomplete = true;
                    self.operator(unknown_table(operator.span), operator)
                }
            };
            if !matches!(operator.kind, OperatorKind::As(_) | OperatorKind::Render { .. }) {
                // The name of a table in the middle is not that of the result.
                self.result_name_of_as = None;
            }
        }
        item
    }

    #[inline(never)]
    fn operator(&mut self, input: Arc<Tabular>, operator: &Operator) -> Item {
        let span = operator.span;
        match &operator.kind {
            OperatorKind::Where(condition) => self.filter(input, condition, span),
            OperatorKind::Extend(exprs) => self.extend(input, exprs, span),
            OperatorKind::Project(exprs) => self.project(input, exprs, span),
            OperatorKind::ProjectAway(exprs) => self.project_some(input, exprs, false, span),
            OperatorKind::ProjectKeep(exprs) => self.project_some(input, exprs, true, span),
            OperatorKind::ProjectRename(exprs) => self.project_rename(input, exprs, span),
            OperatorKind::ProjectReorder(items) => self.project_reorder(input, items, span),
            OperatorKind::ProjectByNames(exprs) => self.project_by_names(input, exprs, span),
            OperatorKind::Distinct(exprs) => self.distinct(input, exprs, span),
            OperatorKind::Summarize { aggregates, by, bin } => {
                self.summarize(input, aggregates, by, bin.as_ref(), span)
            }
            OperatorKind::Sort(by) => self.sort(input, by, span),
            OperatorKind::Take(count) => self.take(input, count, operator),
            OperatorKind::Top { count, by } => self.top(input, count, by, span),
            OperatorKind::Count { as_name } => {
                let name = as_name.as_ref().map_or("Count", |name| name.text.as_str());
                self.count_rows(input, name, span)
            }
            OperatorKind::As(name) => {
                let nodes = self.limits.nodes();
                self.declare(name, Variable::Table(input.clone(), nodes));
                self.result_name_of_as = Some((name.text.clone(), self.at(span)));
                Item::Table(input)
            }
            OperatorKind::Render { chart, properties } => {
                self.render = self.render_of(chart.as_ref(), properties, &operator.parameters);
                Item::Table(input)
            }
            OperatorKind::Error => Item::Unknown,
            _ => self.further_operator(input, operator),
        }
    }

    fn filter(&mut self, input: Arc<Tabular>, condition: &Expr, span: Span) -> Item {
        let predicate = self.with_row(Row::of(&input), |binder| {
            binder.note_caret(condition.span);
            binder.condition(condition)
        });
        let Some(predicate) = predicate else {
            self.is_incomplete = true;
            return Item::Table(input);
        };
        Item::Table(same_columns(
            input,
            |input| Op::Where { input, predicate },
            self.at(span),
        ))
    }

    /// A count of rows: a whole number that depends on no row.
    pub fn row_count(&mut self, count: &Expr) -> Option<Scalar> {
        let scalar = self.scalar(count)?;
        if !scalar.ty.is_integer() {
            self.mismatch(
                count.span,
                format!("a whole number belongs here, and this is {}", scalar.ty),
            );
            return None;
        }
        if !super::constant::is_constant(&scalar) {
            self.error(Code::Arguments, count.span, "this number cannot depend on a row");
            return None;
        }
        Some(super::coerce::to(scalar, Type::Long))
    }

    fn take(&mut self, input: Arc<Tabular>, count: &Expr, operator: &Operator) -> Item {
        let Some(count) = self.row_count(count) else {
            return Item::Table(input);
        };
        if !super::order::is_ordered(&input) {
            self.mark("take", operator.keyword);
        }
        Item::Table(same_columns(
            input,
            |input| Op::Take { input, count },
            self.at(operator.span),
        ))
    }

    fn top(&mut self, input: Arc<Tabular>, count: &Expr, by: &[Ordered], span: Span) -> Item {
        let Some(count) = self.row_count(count) else {
            return Item::Table(input);
        };
        let by = self.with_row(Row::of(&input), |binder| binder.sort_keys(by, false));
        let Some(by) = by else {
            self.is_incomplete = true;
            return Item::Table(input);
        };
        Item::Table(same_columns(input, |input| Op::Top { input, count, by }, self.at(span)))
    }

    fn sort(&mut self, input: Arc<Tabular>, by: &[Ordered], span: Span) -> Item {
        let by = self.with_row(Row::of(&input), |binder| binder.sort_keys(by, true));
        let Some(by) = by else {
            self.is_incomplete = true;
            return Item::Table(input);
        };
        Item::Table(same_columns(input, |input| Op::Sort { input, by }, self.at(span)))
    }

    /// Keys of a sort; descending unless it is written.
    pub fn sort_keys(&mut self, by: &[Ordered], refuses_dynamic: bool) -> Option<Vec<SortKey>> {
        let mut keys = Vec::with_capacity(by.len());
        let mut is_known = true;
        for ordered in by {
            self.note_caret(ordered.value.span);
            let Some(value) = self.scalar(&ordered.value) else {
                is_known = false;
                continue;
            };
            if value.ty == Type::Dynamic && refuses_dynamic {
                let message = "rows cannot be sorted by dynamic values";
                let diagnostic = Diagnostic::error(Code::TypeMismatch, ordered.value.span, message);
                self.report(diagnostic.with_hint("convert the value first, with `tostring`, `toint`, ..."));
                is_known = false;
                continue;
            }
            let is_ascending = ordered.is_ascending.unwrap_or(false);
            keys.push(SortKey {
                value,
                is_ascending,
                nulls_first: ordered.nulls_first.unwrap_or(is_ascending),
            });
        }
        is_known.then_some(keys)
    }

    fn count_rows(&mut self, input: Arc<Tabular>, name: &str, span: Span) -> Item {
        let span = self.at(span);
        let op = Op::Summarize {
            input,
            keys: Vec::new(),
            aggregates: vec![crate::ir::Aggregate {
                function: "count".to_owned(),
                arguments: Vec::new(),
                ty: Type::Long,
                output: 0,
                span,
            }],
        };
        Item::table(vec![Column::new(name, Type::Long)], op, span)
    }
}

/// A table of which nothing is known, so that what follows an error can still be looked at.
pub(crate) fn unknown_table(span: Span) -> Arc<Tabular> {
    Arc::new(Tabular {
        columns: Vec::new(),
        op: Op::Rows { rows: Vec::new() },
        span,
        is_open: true,
    })
}

/// An operator that changes rows and leaves the columns.
pub(crate) fn same_columns(input: Arc<Tabular>, op: impl FnOnce(Arc<Tabular>) -> Op, span: Span) -> Arc<Tabular> {
    let columns = input.columns.clone();
    let is_open = input.is_open;
    let mut table = Arc::unwrap_or_clone(tabular(columns, op(input), span));
    table.is_open = is_open;
    Arc::new(table)
}
