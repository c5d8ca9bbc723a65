//! What can be said of a query as a whole: whether each row stands for itself.

use std::sync::Arc;

use crate::ir::{Op, Output, Scalar, ScalarKind, Tabular};

use super::Binder;

impl Binder<'_> {
    pub fn finish_marks(&mut self, outputs: &[Output]) {
        self.marks.is_row_local = match outputs {
            [output] => is_row_local(&output.table),
            _ => false,
        };
        self.marks.order_dependent.sort_by_key(|(_, span)| *span);
        self.marks.order_dependent.dedup();
    }
}

/// Whether each row of the result depends on one row of one table alone.
fn is_row_local(table: &Arc<Tabular>) -> bool {
    let mut table = table;
    loop {
        table = match &table.op {
            Op::Table { .. } => return true,
            Op::Where { input, predicate } if is_local(predicate) => input,
            Op::Project { input, values } if values.iter().all(is_local) => input,
            Op::MvExpand { input, expand } if expand.items.iter().all(|item| is_local(&item.value)) => input,
            Op::Parse { input, parse } if is_local(&parse.value) => input,
            Op::ParseKv { input, value, .. } if is_local(value) => input,
            Op::Materialize { input, .. } | Op::AssertSchema { input } => input,
            _ => return false,
        };
    }
}

/// Whether an expression looks at its own row alone.
fn is_local(scalar: &Scalar) -> bool {
    match &scalar.kind {
        ScalarKind::Constant(_) | ScalarKind::Column(_) => true,
        ScalarKind::ToScalar(_)
        | ScalarKind::InTable { .. }
        | ScalarKind::HasAnyTable { .. }
        | ScalarKind::Window { .. }
        | ScalarKind::Property { .. }
        | ScalarKind::OverPath { .. }
        | ScalarKind::GraphFunction { .. } => false,
        ScalarKind::Call { arguments, .. } => arguments.iter().all(is_local),
        ScalarKind::Negate(operand) | ScalarKind::Cast(operand) => is_local(operand),
        ScalarKind::Binary { left, right, .. }
        | ScalarKind::Text { left, right, .. }
        | ScalarKind::And(left, right)
        | ScalarKind::Or(left, right) => is_local(left) && is_local(right),
        ScalarKind::In { left, list, .. } | ScalarKind::HasAny { left, list, .. } => {
            is_local(left) && list.iter().all(is_local)
        }
        ScalarKind::Between { value, low, high, .. } => [value, low, high].into_iter().all(|part| is_local(part)),
        ScalarKind::Path { base, steps } => {
            is_local(base)
                && steps.iter().all(|step| match step {
                    crate::ir::PathStep::Computed(index) => is_local(index),
                    crate::ir::PathStep::Key(_) | crate::ir::PathStep::Index(_) => true,
                })
        }
    }
}
