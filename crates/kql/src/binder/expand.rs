//! `mv-expand` and `mv-apply`: the elements of arrays and bags as rows.

use std::sync::Arc;

use crate::ast::{Expansion, Expr, ExprKind, MvApply, Name, Operator};
use crate::ir::{Expand, ExpandItem, Op, Scalar, ScalarKind, Tabular};
use crate::{Code, Column, Diagnostic, Type};

use super::project::column_of;
use super::projection::{Projected, Projection};
use super::scope::Row;
use super::source::column_value;
use super::{Binder, Item, tabular};

/// What is expanded, and the columns of the input whose place it takes.
struct Expanded {
    expand: Expand,
    applied: Vec<usize>,
    is_known: bool,
}

impl Binder<'_> {
    pub fn mv_expand(
        &mut self,
        input: Arc<Tabular>,
        columns: &[Expansion],
        limit: Option<&Expr>,
        operator: &Operator,
    ) -> Item {
        let expanded = self.expansion(&input, columns, limit, None, operator);
        if !expanded.is_known {
            self.is_incomplete = true;
        }
        let is_open = input.is_open;
        Item::Table(Arc::new(Tabular {
            columns: expanded.expand.columns.clone(),
            op: Op::MvExpand {
                input,
                expand: expanded.expand,
            },
            span: self.at(operator.span),
            is_open,
        }))
    }

    fn expansion(
        &mut self,
        input: &Arc<Tabular>,
        columns: &[Expansion],
        limit: Option<&Expr>,
        item_index: Option<&Name>,
        operator: &Operator,
    ) -> Expanded {
        let mut projection = Projection::of_row(&input.columns, false);
        let mut items = Vec::with_capacity(columns.len());
        let mut applied = Vec::new();
        let mut is_known = true;
        self.with_row(Row::of(input), |binder| {
            for column in columns {
                binder.note_caret(column.value.span);
                let (name, value_of) = match &column.value.kind {
                    ExprKind::Named { names, value, .. } => (names.first(), value.as_ref()),
                    _ => (None, &column.value),
                };
                let value = binder.array(value_of);
                is_known &= value.is_some();
                let source = column_of(value_of, value.as_ref());
                let ty = column.to.unwrap_or(Type::Dynamic);
                let label = match (name, source) {
                    (Some(name), _) => name.text.clone(),
                    (None, Some(source)) => {
                        applied.push(source);
                        input.columns[source].name.clone()
                    }
                    (None, None) => {
                        let known = binder.result_name(value_of);
                        known.unwrap_or_else(|| binder.default_name())
                    }
                };
                let projected = Projected {
                    column: Column::new(label.clone(), ty),
                    value: value.clone(),
                    input: None,
                };
                let is_new = match name.is_some() || source.is_some() {
                    true => projection.declare(projected, true),
                    false => {
                        projection.add(projected, None, true);
                        true
                    }
                };
                if !is_new {
                    binder.duplicate(&label, column.value.span);
                }
                let output = projection.columns.iter().position(|known| known.column.name == label);
                if let (Some(value), Some(output)) = (value, output) {
                    items.push(ExpandItem { value, output, ty });
                }
            }
        });
        let named_index = self
            .parameter(&operator.parameters, "with_itemindex")
            .map(|(name, _)| name);
        let index_name = item_index.map(|name| name.text.clone()).or(named_index);
        let item_index = index_name.map(|name| {
            let index = constant_long();
            projection.add(Projected::new(name, Some(index)), None, false);
            projection.columns.len() - 1
        });
        let bags = self
            .parameter(&operator.parameters, "bagexpansion")
            .or_else(|| self.parameter(&operator.parameters, "kind"))
            .map(|(kind, _)| kind);
        let limit = limit.and_then(|limit| self.row_count(limit));
        for projected in &projection.columns {
            match projected.value {
                Some(_) if projected.input.is_none() => {
                    self.poisoned.remove(&projected.column.name);
                }
                None => {
                    self.poisoned.insert(projected.column.name.clone());
                }
                _ => {}
            }
        }
        let expand = Expand {
            items,
            item_index,
            limit,
            bags_as_arrays: bags.as_deref() == Some("array"),
            columns: projection
                .columns
                .into_iter()
                .map(|projected| projected.column)
                .collect(),
        };
        Expanded {
            expand,
            applied,
            is_known,
        }
    }

    /// A value that can be expanded.
    fn array(&mut self, expr: &Expr) -> Option<Scalar> {
        let scalar = self.scalar(expr)?;
        if scalar.ty != Type::Dynamic {
            let message = format!("only dynamic values have elements, and this is {}", scalar.ty);
            let mut diagnostic = Diagnostic::error(Code::TypeMismatch, expr.span, message);
            if scalar.ty == Type::String {
                diagnostic = diagnostic.with_hint("`parse_json(...)` or `split(...)` makes an array of a text");
            }
            self.report(diagnostic);
            return None;
        }
        Some(scalar)
    }

    pub fn mv_apply(&mut self, input: Arc<Tabular>, apply: &MvApply, operator: &Operator) -> Item {
        let span = self.at(operator.span);
        let expanded = self.expansion(
            &input,
            &apply.columns,
            apply.limit.as_ref(),
            apply.item_index.as_ref(),
            operator,
        );
        if !expanded.is_known {
            self.is_incomplete = true;
        }
        let rows = Arc::new(Tabular {
            columns: expanded.expand.columns.clone(),
            op: Op::Input,
            span,
            is_open: input.is_open,
        });
        let Some(body) = self.body_over(rows, &apply.body, operator) else {
            return Item::Unknown;
        };
        // The columns of the input that are neither expanded nor given by the body, then those of the body ...
        let in_body = |name: &str| body.columns.iter().any(|column| column.name == name);
        let kept: Vec<usize> = (0..input.columns.len())
            .filter(|index| !expanded.applied.contains(index) && !in_body(&input.columns[*index].name))
            .collect();
        let mut columns: Vec<Column> = kept.iter().map(|index| input.columns[*index].clone()).collect();
        columns.extend(body.columns.iter().cloned());
        // ... but a column of the body that replaces one of the input stands in its place.
        let mut order: Vec<usize> = Vec::with_capacity(columns.len());
        for (index, column) in input.columns.iter().enumerate() {
            if !expanded.applied.contains(&index) {
                order.extend(columns.iter().position(|known| known.name == column.name));
            }
        }
        let rest: Vec<usize> = (0..columns.len()).filter(|index| !order.contains(index)).collect();
        order.extend(rest);
        let is_open = input.is_open || body.is_open;
        let applied = Arc::new(Tabular {
            columns: columns.clone(),
            op: Op::MvApply {
                input,
                expand: expanded.expand,
                kept,
                body,
            },
            span,
            is_open,
        });
        if order.iter().copied().eq(0..columns.len()) {
            return Item::Table(applied);
        }
        let values = order
            .iter()
            .map(|index| column_value(*index, columns[*index].ty, span))
            .collect();
        let columns = order.iter().map(|index| columns[*index].clone()).collect();
        let op = Op::Project { input: applied, values };
        let mut table = Arc::unwrap_or_clone(tabular(columns, op, span));
        table.is_open = is_open;
        Item::Table(Arc::new(table))
    }

    /// Binds operators over the rows that `mv-apply` or `partition` hands over.
    pub fn body_over(
        &mut self,
        rows: Arc<Tabular>,
        operators: &[crate::ast::Operator],
        operator: &Operator,
    ) -> Option<Arc<Tabular>> {
        if !self.enter(operator.span) {
            return None;
        }
        let aggregates = self.aggregates.take();
        let item = self.with_row(Row::None, |binder| binder.operators(Item::Table(rows), operators));
        self.aggregates = aggregates;
        self.leave();
        match item {
            Item::Table(table) => Some(table),
            Item::Unknown => None,
            _ => {
                self.mismatch(operator.keyword, "one table must come out of the parentheses");
                None
            }
        }
    }
}

/// Stands for the index of the element, which the operator itself computes.
fn constant_long() -> Scalar {
    Scalar {
        kind: ScalarKind::Constant(crate::Value::Null(Type::Long)),
        ty: Type::Long,
        span: crate::Span::default(),
    }
}
