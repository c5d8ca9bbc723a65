//! Whether the rows of a table have an order that means something.

use crate::Span;
use crate::ir::{Op, Tabular};

use super::Binder;

/// Sorted or serialized, and not shuffled since.
pub(crate) fn is_ordered(table: &Tabular) -> bool {
    let mut table = table;
    loop {
        table = match &table.op {
            Op::Sort { .. } | Op::Top { .. } | Op::TopNested { .. } | Op::Serialize { .. } => return true,
            Op::Rows { .. } | Op::Range { .. } => return true,
            Op::Where { input, .. }
            | Op::Project { input, .. }
            | Op::Take { input, .. }
            | Op::MvExpand { input, .. }
            | Op::Parse { input, .. }
            | Op::ParseKv { input, .. }
            | Op::AssertSchema { input }
            | Op::Materialize { input, .. } => input,
            Op::Scan { .. } => return true,
            _ => return false,
        };
    }
}

impl Binder<'_> {
    /// A function that looks at other rows: it needs rows in an order.
    pub fn window(&mut self, place: Span, name: &str) {
        if !self.is_ordered {
            self.mark(name, place);
            self.warning(
                crate::Code::Suspicious,
                place,
                format!("`{name}` depends on the order of rows, and they have none here: sort them first"),
            );
        }
    }
}
