//! Visiting and changing expressions.

use std::sync::Arc;

use postern_kql::ir::{PathStep, Scalar, ScalarKind, Tabular};

/// Calls `visit` for the expression and all parts of it, subqueries left out.
pub fn scalars(scalar: &Scalar, visit: &mut dyn FnMut(&Scalar)) {
    visit(scalar);
    match &scalar.kind {
        ScalarKind::Constant(_)
        | ScalarKind::Column(_)
        | ScalarKind::ToScalar(_)
        | ScalarKind::Property { .. }
        | ScalarKind::GraphFunction { .. } => {}
        ScalarKind::Call { arguments, .. } | ScalarKind::Window { arguments, .. } => {
            arguments.iter().for_each(|argument| scalars(argument, visit));
        }
        ScalarKind::Negate(inner) | ScalarKind::Cast(inner) | ScalarKind::OverPath { value: inner, .. } => {
            scalars(inner, visit);
        }
        ScalarKind::Binary { left, right, .. }
        | ScalarKind::And(left, right)
        | ScalarKind::Or(left, right)
        | ScalarKind::Text { left, right, .. } => {
            scalars(left, visit);
            scalars(right, visit);
        }
        ScalarKind::In { left, list, .. } | ScalarKind::HasAny { left, list, .. } => {
            scalars(left, visit);
            list.iter().for_each(|element| scalars(element, visit));
        }
        ScalarKind::InTable { left, .. } | ScalarKind::HasAnyTable { left, .. } => scalars(left, visit),
        ScalarKind::Between { value, low, high, .. } => {
            scalars(value, visit);
            scalars(low, visit);
            scalars(high, visit);
        }
        ScalarKind::Path { base, steps } => {
            scalars(base, visit);
            for step in steps {
                if let PathStep::Computed(step) = step {
                    scalars(step, visit);
                }
            }
        }
    }
}

/// As [`scalars`], for changing.
pub fn scalars_mut(scalar: &mut Scalar, visit: &mut dyn FnMut(&mut Scalar)) {
    visit(scalar);
    match &mut scalar.kind {
        ScalarKind::Constant(_)
        | ScalarKind::Column(_)
        | ScalarKind::ToScalar(_)
        | ScalarKind::Property { .. }
        | ScalarKind::GraphFunction { .. } => {}
        ScalarKind::Call { arguments, .. } | ScalarKind::Window { arguments, .. } => {
            arguments.iter_mut().for_each(|argument| scalars_mut(argument, visit));
        }
        ScalarKind::Negate(inner) | ScalarKind::Cast(inner) | ScalarKind::OverPath { value: inner, .. } => {
            scalars_mut(inner, visit);
        }
        ScalarKind::Binary { left, right, .. }
        | ScalarKind::And(left, right)
        | ScalarKind::Or(left, right)
        | ScalarKind::Text { left, right, .. } => {
            scalars_mut(left, visit);
            scalars_mut(right, visit);
        }
        ScalarKind::In { left, list, .. } | ScalarKind::HasAny { left, list, .. } => {
            scalars_mut(left, visit);
            list.iter_mut().for_each(|element| scalars_mut(element, visit));
        }
        ScalarKind::InTable { left, .. } | ScalarKind::HasAnyTable { left, .. } => scalars_mut(left, visit),
        ScalarKind::Between { value, low, high, .. } => {
            scalars_mut(value, visit);
            scalars_mut(low, visit);
            scalars_mut(high, visit);
        }
        ScalarKind::Path { base, steps } => {
            scalars_mut(base, visit);
            for step in steps {
                if let PathStep::Computed(step) = step {
                    scalars_mut(step, visit);
                }
            }
        }
    }
}

/// The tables that stand inside an expression.
pub fn subqueries(scalar: &Scalar) -> Vec<Arc<Tabular>> {
    let mut found = Vec::new();
    scalars(scalar, &mut |scalar| match &scalar.kind {
        ScalarKind::ToScalar(table) | ScalarKind::InTable { table, .. } | ScalarKind::HasAnyTable { table, .. } => {
            found.push(Arc::clone(table));
        }
        _ => {}
    });
    found
}
