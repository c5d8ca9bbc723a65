//! How deep the bound query is: whoever walks it, and drops it, does so by recursion.
//!
//! A `let` or a function may stand on top of another, so the depth is not that of the text.

use std::sync::Arc;

use crate::Span;
use crate::ir::{Expand, Op, PathStep, PluginArgument, Scalar, ScalarKind, SortKey, Tabular};

use super::Binder;
use super::limits::{PLAN_DEPTH_MAX, VALUE_DEPTH_MAX};

impl Binder<'_> {
    /// Whether a table is not too deep; reports it if it is.
    pub fn check_table(&mut self, table: &Arc<Tabular>) -> bool {
        if self.table_depth(table) > PLAN_DEPTH_MAX {
            let message = format!("more than {PLAN_DEPTH_MAX} operators stand on top of one another");
            return self.limit(table.span, message);
        }
        true
    }

    /// Whether a value that gets a name is not too deep.
    pub fn check_value(&mut self, value: &Scalar, span: Span) -> bool {
        if self.value_depth(value) > VALUE_DEPTH_MAX {
            let message = format!("this value is nested more than {VALUE_DEPTH_MAX} levels deep, `let`s written out");
            return self.limit(span, message);
        }
        true
    }

    /// Remembered for each table that was checked, so that a chain of operators is walked once.
    fn table_depth(&mut self, table: &Arc<Tabular>) -> u32 {
        if let Some((_, depth)) = self.depths.get(&Arc::as_ptr(table)) {
            return *depth;
        }
        let mut depth = 0;
        let mut tables: Vec<Arc<Tabular>> = Vec::new();
        each_table(&table.op, &mut |table| tables.push(table.clone()));
        each_scalar(&table.op, &mut |scalar| tables_in(scalar, &mut tables));
        for table in tables {
            depth = depth.max(self.table_depth(&table));
        }
        // The table is kept, so that its address is not taken by another.
        self.depths.insert(Arc::as_ptr(table), (table.clone(), depth + 1));
        depth + 1
    }

    fn value_depth(&mut self, value: &Scalar) -> u32 {
        let mut depth = 0;
        if let ScalarKind::ToScalar(table) | ScalarKind::InTable { table, .. } | ScalarKind::HasAnyTable { table, .. } =
            &value.kind
        {
            depth = self.table_depth(table);
        }
        let mut parts = Vec::new();
        each_part(value, &mut |part| parts.push(part));
        for part in parts {
            depth = depth.max(self.value_depth(part));
        }
        depth + 1
    }
}

/// Tables inside a value.
fn tables_in(scalar: &Scalar, tables: &mut Vec<Arc<Tabular>>) {
    if let ScalarKind::ToScalar(table) | ScalarKind::InTable { table, .. } | ScalarKind::HasAnyTable { table, .. } =
        &scalar.kind
    {
        tables.push(table.clone());
    }
    each_part(scalar, &mut |part| tables_in(part, tables));
}

/// The values that a value is made of.
fn each_part<'s>(scalar: &'s Scalar, see: &mut impl FnMut(&'s Scalar)) {
    match &scalar.kind {
        ScalarKind::Constant(_)
        | ScalarKind::Column(_)
        | ScalarKind::ToScalar(_)
        | ScalarKind::Property { .. }
        | ScalarKind::GraphFunction { .. } => {}
        ScalarKind::Call { arguments, .. } | ScalarKind::Window { arguments, .. } => arguments.iter().for_each(see),
        ScalarKind::Negate(operand) | ScalarKind::Cast(operand) => see(operand),
        ScalarKind::Binary { left, right, .. }
        | ScalarKind::And(left, right)
        | ScalarKind::Or(left, right)
        | ScalarKind::Text { left, right, .. } => {
            see(left);
            see(right);
        }
        ScalarKind::In { left, list, .. } | ScalarKind::HasAny { left, list, .. } => {
            see(left);
            list.iter().for_each(see);
        }
        ScalarKind::InTable { left, .. } | ScalarKind::HasAnyTable { left, .. } => see(left),
        ScalarKind::Between { value, low, high, .. } => {
            see(value);
            see(low);
            see(high);
        }
        ScalarKind::Path { base, steps } => {
            see(base);
            for step in steps {
                if let PathStep::Computed(index) = step {
                    see(index);
                }
            }
        }
        ScalarKind::OverPath { value, .. } => see(value),
    }
}

/// The tables that an operator reads.
fn each_table(op: &Op, see: &mut impl FnMut(&Arc<Tabular>)) {
    match op {
        Op::Table { .. }
        | Op::TableFunction { .. }
        | Op::External { .. }
        | Op::Rows { .. }
        | Op::Range { .. }
        | Op::Input => {}
        Op::Where { input, .. }
        | Op::Project { input, .. }
        | Op::Summarize { input, .. }
        | Op::Sort { input, .. }
        | Op::Serialize { input }
        | Op::Take { input, .. }
        | Op::Top { input, .. }
        | Op::TopNested { input, .. }
        | Op::Sample { input, .. }
        | Op::SampleDistinct { input, .. }
        | Op::MvExpand { input, .. }
        | Op::Parse { input, .. }
        | Op::ParseKv { input, .. }
        | Op::MakeSeries { input, .. }
        | Op::Scan { input, .. }
        | Op::Reduce { input, .. }
        | Op::Materialize { input, .. }
        | Op::AssertSchema { input } => see(input),
        Op::Join { left, right, .. } => {
            see(left);
            see(right);
        }
        Op::Union { inputs } => inputs.iter().for_each(see),
        Op::MvApply { input, body, .. } | Op::Partition { input, body, .. } => {
            see(input);
            see(body);
        }
        Op::Evaluate { input, arguments, .. } => {
            input.iter().for_each(&mut *see);
            for argument in arguments {
                if let PluginArgument::Table(table) = argument {
                    see(table);
                }
            }
        }
        Op::GraphMatch { graph, .. } | Op::GraphNodes { graph, .. } | Op::GraphEdges { graph, .. } => {
            each_graph_table(graph, see);
        }
    }
}

/// The tables that a graph is made of.
fn each_graph_table(graph: &crate::ir::Graph, see: &mut impl FnMut(&Arc<Tabular>)) {
    use crate::ir::GraphOp;
    let mut graph = graph;
    loop {
        match &graph.op {
            GraphOp::Make { edges, nodes, .. } => {
                see(edges);
                nodes.iter().for_each(|(table, _, _)| see(table));
                return;
            }
            GraphOp::MarkComponents { input, .. }
            | GraphOp::WhereNodes { input, .. }
            | GraphOp::WhereEdges { input, .. } => graph = input,
        }
    }
}

/// The values that an operator computes for each row.
fn each_scalar(op: &Op, see: &mut impl FnMut(&Scalar)) {
    let keys = |by: &[SortKey], see: &mut dyn FnMut(&Scalar)| by.iter().for_each(|key| see(&key.value));
    let items = |expand: &Expand, see: &mut dyn FnMut(&Scalar)| expand.items.iter().for_each(|item| see(&item.value));
    match op {
        Op::Rows { rows } => rows.iter().flatten().for_each(see),
        Op::Where { predicate, .. } => see(predicate),
        Op::Project { values, .. } => values.iter().for_each(see),
        Op::Summarize {
            keys: by, aggregates, ..
        } => {
            by.iter().for_each(&mut *see);
            aggregates
                .iter()
                .flat_map(|aggregate| &aggregate.arguments)
                .for_each(see);
        }
        Op::Sort { by, .. } | Op::Top { by, .. } => keys(by, see),
        Op::Join { on, .. } => on.iter().for_each(|(left, right)| {
            see(left);
            see(right);
        }),
        Op::Range { from, to, step } => [from, to, step].into_iter().for_each(see),
        Op::Take { count, .. } | Op::Sample { count, .. } => see(count),
        Op::MvExpand { expand, .. } | Op::MvApply { expand, .. } => items(expand, see),
        Op::Parse { parse, .. } => see(&parse.value),
        Op::ParseKv { value, .. } => see(value),
        Op::TableFunction { arguments, .. } => arguments.iter().for_each(see),
        Op::Evaluate { arguments, .. } => arguments.iter().for_each(|argument| match argument {
            PluginArgument::Scalar(scalar) => see(scalar),
            PluginArgument::Aggregate(aggregate) => aggregate.arguments.iter().for_each(&mut *see),
            PluginArgument::Column(_) | PluginArgument::Table(_) | PluginArgument::TableColumn(_) => {}
        }),
        Op::MakeSeries { series, .. } => {
            see(&series.on);
            series.keys.iter().for_each(&mut *see);
            series
                .aggregates
                .iter()
                .flat_map(|(aggregate, _)| &aggregate.arguments)
                .for_each(see);
        }
        Op::TopNested { levels, .. } => {
            levels.iter().for_each(|level| see(&level.of));
            levels.iter().flat_map(|level| &level.by.arguments).for_each(see);
        }
        Op::Scan { scan, .. } => {
            scan.partition.iter().for_each(&mut *see);
            keys(&scan.sort, &mut *see);
            for step in &scan.steps {
                see(&step.condition);
                step.assignments.iter().for_each(|(_, value)| see(value));
            }
        }
        Op::SampleDistinct { of, .. } => see(of),
        Op::Partition { by, .. } | Op::Reduce { by, .. } => see(by),
        Op::GraphMatch { matching, .. } => matching.filter.iter().chain(&matching.project).for_each(see),
        Op::Table { .. }
        | Op::External { .. }
        | Op::Serialize { .. }
        | Op::Union { .. }
        | Op::Input
        | Op::Materialize { .. }
        | Op::GraphNodes { .. }
        | Op::GraphEdges { .. }
        | Op::AssertSchema { .. } => {}
    }
}
