//! Operators that are not in every query.

use std::sync::Arc;

use crate::ast::{Operator, OperatorKind};
use crate::ir::Tabular;

use super::{Binder, Item};

impl Binder<'_> {
    #[inline(never)]
    pub fn further_operator(&mut self, input: Arc<Tabular>, operator: &Operator) -> Item {
        match &operator.kind {
            OperatorKind::MakeGraph(make) => self.make_graph(input, make, operator),
            OperatorKind::Join { right, on } => self.join(input, right, on, operator),
            OperatorKind::Lookup { right, on } => self.lookup(input, right, on, operator),
            OperatorKind::Union(exprs) => self.union(Some(input), exprs, operator),
            _ => {
                let name = operator.keyword.text(self.text).to_owned();
                self.unsupported(operator.keyword, format!("`{name}`"));
                Item::Unknown
            }
        }
    }

    pub fn further_source(&mut self, operator: &Operator) -> Item {
        if let OperatorKind::Union(exprs) = &operator.kind {
            return self.union(None, exprs, operator);
        }
        let name = operator.keyword.text(self.text).to_owned();
        self.unsupported(operator.keyword, format!("`{name}`"));
        Item::Unknown
    }
}
