//! Conditions of a pattern, apart: what is about one variable becomes a set. Start at [`split`] and [`select`].

use std::collections::BTreeSet;

use postern_graph::FixedBitSet;
use postern_graph::pattern::Allowed;
use postern_kql::ir::{PathStep, Scalar, ScalarKind};
use postern_kql_functions::evaluate::{Program, Row};
use postern_kql_functions::{Context, Datum};

use super::element::{AloneRow, Element, Rows};
use super::property::PropertyGraph;
use super::{Control, Result};
use crate::error::HuntError;

/// Elements between two questions whether the query is cancelled.
const POLL_EVERY: usize = 4_096;

/// The parts that `and` joins.
pub(super) fn split(scalar: &Scalar) -> Vec<&Scalar> {
    let mut parts = Vec::new();
    let mut waiting = vec![scalar];
    while let Some(scalar) = waiting.pop() {
        match &scalar.kind {
            ScalarKind::And(left, right) => waiting.extend([&**right, &**left]),
            _ => parts.push(scalar),
        }
    }
    parts
}

/// Calls `visit` for the expression and all of its parts, those inside `all()`, `any()` and `map()` too.
pub(super) fn visit<'s>(scalar: &'s Scalar, visit: &mut dyn FnMut(&'s Scalar)) {
    let mut waiting = vec![scalar];
    while let Some(scalar) = waiting.pop() {
        visit(scalar);
        match &scalar.kind {
            ScalarKind::Constant(_)
            | ScalarKind::Column(_)
            | ScalarKind::ToScalar(_)
            | ScalarKind::Property { .. }
            | ScalarKind::GraphFunction { .. } => {}
            ScalarKind::Call { arguments, .. } | ScalarKind::Window { arguments, .. } => waiting.extend(arguments),
            ScalarKind::Negate(inner) | ScalarKind::Cast(inner) | ScalarKind::OverPath { value: inner, .. } => {
                waiting.push(inner);
            }
            ScalarKind::Binary { left, right, .. }
            | ScalarKind::And(left, right)
            | ScalarKind::Or(left, right)
            | ScalarKind::Text { left, right, .. } => waiting.extend([&**left, &**right]),
            ScalarKind::In { left, list, .. } | ScalarKind::HasAny { left, list, .. } => {
                waiting.push(left);
                waiting.extend(list);
            }
            ScalarKind::InTable { left, .. } | ScalarKind::HasAnyTable { left, .. } => waiting.push(left),
            ScalarKind::Between { value, low, high, .. } => waiting.extend([&**value, &**low, &**high]),
            ScalarKind::Path { base, steps } => {
                waiting.push(base);
                waiting.extend(steps.iter().filter_map(|step| match step {
                    PathStep::Computed(step) => Some(step),
                    PathStep::Key(_) | PathStep::Index(_) => None,
                }));
            }
        }
    }
}

/// As [`visit`], for changing.
pub(super) fn each_part(scalar: &mut Scalar, change: &mut dyn FnMut(&mut Scalar)) {
    let mut waiting = vec![scalar];
    while let Some(scalar) = waiting.pop() {
        change(scalar);
        match &mut scalar.kind {
            ScalarKind::Constant(_)
            | ScalarKind::Column(_)
            | ScalarKind::ToScalar(_)
            | ScalarKind::Property { .. }
            | ScalarKind::GraphFunction { .. } => {}
            ScalarKind::Call { arguments, .. } | ScalarKind::Window { arguments, .. } => waiting.extend(arguments),
            ScalarKind::Negate(inner) | ScalarKind::Cast(inner) | ScalarKind::OverPath { value: inner, .. } => {
                waiting.push(inner);
            }
            ScalarKind::Binary { left, right, .. }
            | ScalarKind::And(left, right)
            | ScalarKind::Or(left, right)
            | ScalarKind::Text { left, right, .. } => waiting.extend([&mut **left, &mut **right]),
            ScalarKind::In { left, list, .. } | ScalarKind::HasAny { left, list, .. } => {
                waiting.push(left);
                waiting.extend(list);
            }
            ScalarKind::InTable { left, .. } | ScalarKind::HasAnyTable { left, .. } => waiting.push(left),
            ScalarKind::Between { value, low, high, .. } => waiting.extend([&mut **value, &mut **low, &mut **high]),
            ScalarKind::Path { base, steps } => {
                waiting.push(base);
                waiting.extend(steps.iter_mut().filter_map(|step| match step {
                    PathStep::Computed(step) => Some(step),
                    PathStep::Key(_) | PathStep::Index(_) => None,
                }));
            }
        }
    }
}

/// Functions that answer differently each time.
pub(super) fn is_volatile(function: &str) -> bool {
    matches!(function, "rand" | "new_guid")
}

/// The variables of the pattern that an expression names.
pub(super) fn variables(scalar: &Scalar) -> BTreeSet<usize> {
    let mut found = BTreeSet::new();
    visit(scalar, &mut |part| match &part.kind {
        ScalarKind::Property { variable, .. }
        | ScalarKind::OverPath { variable, .. }
        | ScalarKind::GraphFunction {
            variable: Some(variable),
            ..
        } => {
            found.insert(*variable);
        }
        _ => {}
    });
    found
}

/// The expression, ready to be computed.
pub(super) fn compiled(scalar: &Scalar) -> Result<Program> {
    Program::new(scalar, &|_| None).map_err(|diagnostic| HuntError::Query(vec![diagnostic]))
}

/// Of the elements of `among` those for which the predicate holds. It is about one element: its properties stand as
/// columns, or as properties of one variable.
pub(super) fn select(
    graph: &PropertyGraph,
    rows: &Rows<'_>,
    predicate: &Scalar,
    among: Allowed,
    element: fn(u32) -> Element,
    control: &Control<'_>,
) -> Result<Allowed> {
    let program = compiled(predicate)?;
    let cx = Context::new(control.now);
    let holds = |number: u32| {
        let row = AloneRow {
            rows,
            element: element(number),
        };
        program.holds(&row, &cx)
    };
    let (elements, count) = match element(0) {
        Element::Node(_) => (&graph.nodes, graph.csr.node_count()),
        Element::Edge(_) => (&graph.edges, graph.csr.edge_count()),
    };
    if let Some((column, coded)) = only_property(predicate).and_then(|property| elements.coded(property)) {
        // The value alone decides, so it is asked once; and once for elements without a row of their own.
        let stored = coded.select(|number| {
            let row = ValueRow(rows.stored(element(number), column));
            program.holds(&row, &cx)
        });
        let chosen = match &elements.rows {
            None => stored,
            Some(with_row) => {
                let mut without = with_row.clone();
                without.grow(count as usize);
                without.toggle_range(..);
                let first = without.ones().next();
                let mut chosen = both(Allowed::Bits(with_row.clone()), stored, count);
                if let (Some(first), Allowed::Bits(chosen)) = (first, &mut chosen)
                    && holds(first as u32)
                {
                    chosen.union_with(&without);
                }
                chosen
            }
        };
        return Ok(both(among, chosen, count));
    }
    let mut chosen = FixedBitSet::with_capacity(count as usize);
    let mut polled = 0;
    let mut visit = |number: u32| {
        polled += 1;
        if polled % POLL_EVERY == 0 && (control.is_cancelled)() {
            return Err(HuntError::Cancelled);
        }
        if holds(number) {
            chosen.insert(number as usize);
        }
        Ok(())
    };
    match &among {
        Allowed::All => (0..count).try_for_each(&mut visit)?,
        Allowed::Range(range) => range.clone().try_for_each(&mut visit)?,
        Allowed::Bits(bits) => bits.ones().try_for_each(|number| visit(number as u32))?,
    }
    Ok(Allowed::Bits(chosen))
}

/// A row in which every property is one value.
struct ValueRow<'a>(Datum<'a>);

impl<'a> Row<'a> for ValueRow<'a> {
    fn column(&self, _: usize) -> Datum<'a> {
        self.0.clone()
    }

    fn property(&self, _: usize, _: usize) -> Datum<'a> {
        self.0.clone()
    }
}

/// The one property that an expression is about, where it is about nothing else and always answers the same.
fn only_property(scalar: &Scalar) -> Option<usize> {
    let mut properties = BTreeSet::new();
    let mut is_plain = true;
    visit(scalar, &mut |part| match &part.kind {
        ScalarKind::Column(column) | ScalarKind::Property { column, .. } => {
            properties.insert(*column);
        }
        ScalarKind::GraphFunction { .. } | ScalarKind::OverPath { .. } => is_plain = false,
        ScalarKind::Call { function, .. } => is_plain &= !is_volatile(function),
        _ => {}
    });
    (is_plain && properties.len() == 1).then(|| properties.into_iter().next())?
}

/// The numbers that are in both sets.
pub(super) fn both(left: Allowed, right: Allowed, count: u32) -> Allowed {
    let bits = |range: std::ops::Range<u32>| {
        let mut bits = FixedBitSet::with_capacity(count as usize);
        bits.insert_range(range.start as usize..range.end as usize);
        bits
    };
    match (left, right) {
        (Allowed::All, other) | (other, Allowed::All) => other,
        (Allowed::Range(left), Allowed::Range(right)) => {
            let (start, end) = (left.start.max(right.start), left.end.min(right.end));
            Allowed::Range(start..end.max(start))
        }
        (Allowed::Range(range), Allowed::Bits(mut other)) | (Allowed::Bits(mut other), Allowed::Range(range)) => {
            other.intersect_with(&bits(range));
            Allowed::Bits(other)
        }
        (Allowed::Bits(mut left), Allowed::Bits(right)) => {
            left.intersect_with(&right);
            Allowed::Bits(left)
        }
    }
}
