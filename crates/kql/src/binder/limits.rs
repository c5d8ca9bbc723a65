//! Limits of binding, so that any text is bound in little time and memory.

use crate::{Code, Span};

use super::Binder;

/// Nesting of expressions, tables and functions, taken together.
pub(super) const DEPTH_MAX: u32 = 150;

/// Calls of functions of `let` and of stored functions; each is a copy of the function's body.
pub(super) const EXPANSIONS_MAX: u32 = 2_000;

/// Nodes of the bound query, a `let` counted wherever it is used.
pub(super) const NODES_MAX: u64 = 1_200_000;

/// Operators of the bound query, those of a function counted for each call. They stand on top of one another, and
/// whoever walks or drops the query does so recursively.
pub(super) const OPERATORS_MAX: u32 = 5_000;

/// Operators that stand on top of one another, `let`s written out.
pub(super) const PLAN_DEPTH_MAX: u32 = 300;

/// Levels of a value that gets a name, `let`s written out.
pub(super) const VALUE_DEPTH_MAX: u32 = 300;

/// Columns of one table.
pub(super) const COLUMNS_MAX: usize = 5_000;

/// `let`s and parameters in scope.
pub(super) const NAMES_MAX: usize = 4_000;

/// Diagnostics of one query.
pub(super) const DIAGNOSTICS_MAX: usize = 200;

/// What was used up.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Limits {
    depth: u32,
    expansions: u32,
    nodes: u64,
    operators: u32,
    is_reached: bool,
}

impl Limits {
    pub fn nodes(&self) -> u64 {
        self.nodes
    }
}

impl Binder<'_> {
    /// Goes one level deeper, or reports that this is too deep. Pair with [`Binder::leave`].
    pub fn enter(&mut self, span: Span) -> bool {
        if self.limits.depth >= DEPTH_MAX {
            return self.limit(span, format!("the query is nested more than {DEPTH_MAX} levels deep"));
        }
        self.limits.depth += 1;
        true
    }

    pub fn leave(&mut self) {
        self.limits.depth -= 1;
    }

    /// Counts nodes of the bound query.
    pub fn count_nodes(&mut self, nodes: u64, span: Span) -> bool {
        self.limits.nodes = self.limits.nodes.saturating_add(nodes);
        self.limits.nodes <= NODES_MAX
            || self.limit(
                span,
                "the query is too large when its `let`s and functions are written out",
            )
    }

    /// Counts an operator over a table of so many columns.
    pub fn count_operator(&mut self, columns: usize, span: Span) -> bool {
        self.limits.operators += 1;
        self.count_nodes(1 + columns as u64, span)
            && (self.limits.operators <= OPERATORS_MAX
                || self.limit(span, format!("the query has more than {OPERATORS_MAX} operators")))
    }

    /// Counts the call of a function.
    pub fn count_expansion(&mut self, span: Span) -> bool {
        self.limits.expansions += 1;
        self.limits.expansions <= EXPANSIONS_MAX
            || self.limit(span, format!("functions are called more than {EXPANSIONS_MAX} times"))
    }

    pub fn check_columns(&mut self, columns: usize, span: Span) -> bool {
        columns <= COLUMNS_MAX || self.limit(span, format!("a table has at most {COLUMNS_MAX} columns"))
    }

    /// Reports a limit, once.
    pub fn limit(&mut self, span: Span, message: impl Into<String>) -> bool {
        if !self.limits.is_reached {
            self.limits.is_reached = true;
            self.error(Code::Limit, span, message);
        }
        false
    }
}
