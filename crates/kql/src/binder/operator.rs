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
            OperatorKind::MvExpand { columns, limit } => self.mv_expand(input, columns, limit.as_ref(), operator),
            OperatorKind::MvApply(apply) => self.mv_apply(input, apply, operator),
            OperatorKind::Parse { value, pattern } => self.parse(input, value, pattern, false, operator),
            OperatorKind::ParseWhere { value, pattern } => self.parse(input, value, pattern, true, operator),
            OperatorKind::ParseKv { value, columns, with } => self.parse_kv(input, value, columns, with, operator),
            OperatorKind::MakeSeries(series) => self.make_series(input, series, operator),
            OperatorKind::TopNested(levels) => self.top_nested(input, levels, operator),
            OperatorKind::TopHitters { count, of, by } => self.top_hitters(input, count, of, by.as_ref(), operator),
            OperatorKind::Sample(count) => self.sample(input, count, operator),
            OperatorKind::SampleDistinct { count, of } => self.sample_distinct(input, count, of, operator),
            OperatorKind::Reduce { by, with } => self.reduce(input, by, with, operator),
            OperatorKind::Evaluate { call, schema } => self.evaluate(Some(input), call, schema.as_ref(), operator),
            OperatorKind::Invoke(call) => self.invoke(input, call, operator),
            OperatorKind::Fork(branches) => self.fork(input, branches, operator),
            OperatorKind::Facet { by, with } => self.facet(input, by, with.as_deref(), operator),
            OperatorKind::Partition { by, body } => self.partition(input, by, body, operator),
            OperatorKind::Scan(scan) => self.scan(input, scan, operator),
            OperatorKind::Serialize(exprs) => self.serialize(input, exprs, operator),
            OperatorKind::GetSchema => self.get_schema(&input, operator),
            OperatorKind::AssertSchema(columns) => self.assert_schema(input, columns, operator),
            OperatorKind::Search { tables, predicate } => self.search(Some(input), tables, predicate, operator),
            OperatorKind::Print(_) | OperatorKind::Range { .. } | OperatorKind::Find(_) => {
                let name = operator.keyword.text(self.text).to_owned();
                let message = format!("`{name}` begins a query and cannot stand behind a pipe");
                self.error(crate::Code::Syntax, operator.keyword, message);
                Item::Unknown
            }
            OperatorKind::GraphMatch(_)
            | OperatorKind::GraphShortestPaths(_)
            | OperatorKind::GraphToTable(_)
            | OperatorKind::GraphMarkComponents
            | OperatorKind::GraphWhereNodes(_)
            | OperatorKind::GraphWhereEdges(_) => {
                let name = operator.keyword.text(self.text).to_owned();
                let message = format!("`{name}` takes a graph, not a table");
                let diagnostic = crate::Diagnostic::error(crate::Code::TypeMismatch, operator.keyword, message);
                self.report(diagnostic.with_hint("`make-graph` makes a graph of a table"));
                Item::Unknown
            }
            _ => {
                let name = operator.keyword.text(self.text).to_owned();
                self.unsupported(operator.keyword, format!("`{name}`"));
                Item::Unknown
            }
        }
    }

    pub fn further_source(&mut self, operator: &Operator) -> Item {
        match &operator.kind {
            OperatorKind::Union(exprs) => self.union(None, exprs, operator),
            OperatorKind::Search { tables, predicate } => self.search(None, tables, predicate, operator),
            OperatorKind::Find(find) => self.find(find, operator),
            OperatorKind::Evaluate { call, schema } => self.evaluate(None, call, schema.as_ref(), operator),
            OperatorKind::Error => Item::Unknown,
            _ => {
                let name = operator.keyword.text(self.text).to_owned();
                let message = format!("`{name}` cannot begin a query");
                let diagnostic = crate::Diagnostic::error(crate::Code::Syntax, operator.keyword, message);
                self.report(diagnostic.with_hint("write a table and `|` before it"));
                Item::Unknown
            }
        }
    }
}
