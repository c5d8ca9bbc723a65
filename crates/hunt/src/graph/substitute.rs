//! Chains of filters and projections over one table, as expressions over that table's columns. Start at [`chain`].

use std::sync::Arc;

use postern_kql::Column;
use postern_kql::ir::{Op, PathStep, Scalar, ScalarKind, Tabular};

use super::{Result, Tables};

/// Parts that an expression may have after columns were replaced by what they are computed from.
const PARTS_MAX: usize = 4_096;

/// A table as `where` and `project` leave it.
pub(super) struct Chain {
    pub table: String,
    /// Over the table's columns: all of them hold for the rows that are left.
    pub predicates: Vec<Scalar>,
    /// Over the table's columns: the columns that are left; `None` for one that cannot be told so.
    pub values: Vec<Option<Scalar>>,
}

/// The expression as a chain over a table of the schema, or `None` where it is anything else. Columns of the table are
/// told by their places in `known`; what is computed from others is not told.
pub(super) async fn chain(of: &Arc<Tabular>, known: &[Column], tables: &dyn Tables) -> Result<Option<Chain>> {
    let mut steps = Vec::new();
    let mut at = of;
    let table = loop {
        match &at.op {
            Op::Where { input, .. } | Op::Project { input, .. } => {
                steps.push(at);
                at = input;
            }
            Op::Table { name } => break name.clone(),
            _ => return Ok(None),
        }
    };
    let told = |column: &Column| {
        let index = known.iter().position(|known| known == column)?;
        Some(Scalar {
            kind: ScalarKind::Column(index),
            ty: column.ty,
            span: at.span,
        })
    };
    let mut values: Vec<Option<Scalar>> = at.columns.iter().map(told).collect();
    let mut predicates = Vec::new();
    for step in steps.into_iter().rev() {
        match &step.op {
            Op::Where { predicate, .. } => {
                let predicate = tables.computed(predicate).await?;
                let Some(predicate) = substituted(&predicate, &values) else {
                    return Ok(None);
                };
                predicates.push(predicate);
            }
            Op::Project { values: next, .. } => {
                let mut replaced = Vec::with_capacity(next.len());
                for value in next {
                    let value = tables.computed(value).await?;
                    replaced.push(substituted(&value, &values));
                }
                values = replaced;
            }
            _ => return Ok(None),
        }
    }
    Ok(Some(Chain {
        table,
        predicates,
        values,
    }))
}

/// The expression with each column replaced. `None` where it becomes too large, or depends on more than its row.
fn substituted(scalar: &Scalar, values: &[Option<Scalar>]) -> Option<Scalar> {
    let mut parts = 0;
    replace(scalar, values, &mut parts)
}

fn replace(scalar: &Scalar, values: &[Option<Scalar>], parts: &mut usize) -> Option<Scalar> {
    *parts += 1;
    if *parts > PARTS_MAX {
        return None;
    }
    let mut one = |scalar: &Scalar| replace(scalar, values, parts);
    let kind = match &scalar.kind {
        ScalarKind::Column(index) => {
            let value = values.get(*index)?.as_ref()?;
            *parts += count(value);
            return (*parts <= PARTS_MAX).then(|| value.clone());
        }
        ScalarKind::Constant(value) => ScalarKind::Constant(value.clone()),
        ScalarKind::Call { function, arguments } => {
            // Computed anew wherever it is read, chance would give two answers.
            if super::conjuncts::is_volatile(function) {
                return None;
            }
            ScalarKind::Call {
                function: function.clone(),
                arguments: arguments.iter().map(one).collect::<Option<_>>()?,
            }
        }
        ScalarKind::Negate(value) => ScalarKind::Negate(Box::new(one(value)?)),
        ScalarKind::Cast(value) => ScalarKind::Cast(Box::new(one(value)?)),
        ScalarKind::Binary { operator, left, right } => ScalarKind::Binary {
            operator: *operator,
            left: Box::new(one(left)?),
            right: Box::new(one(right)?),
        },
        ScalarKind::And(left, right) => ScalarKind::And(Box::new(one(left)?), Box::new(one(right)?)),
        ScalarKind::Or(left, right) => ScalarKind::Or(Box::new(one(left)?), Box::new(one(right)?)),
        ScalarKind::Text { operator, left, right } => ScalarKind::Text {
            operator: *operator,
            left: Box::new(one(left)?),
            right: Box::new(one(right)?),
        },
        ScalarKind::In {
            left,
            list,
            is_case_sensitive,
            is_negated,
        } => ScalarKind::In {
            left: Box::new(one(left)?),
            list: list.iter().map(one).collect::<Option<_>>()?,
            is_case_sensitive: *is_case_sensitive,
            is_negated: *is_negated,
        },
        ScalarKind::HasAny { left, list, all } => ScalarKind::HasAny {
            left: Box::new(one(left)?),
            list: list.iter().map(one).collect::<Option<_>>()?,
            all: *all,
        },
        ScalarKind::Between {
            value,
            low,
            high,
            is_negated,
        } => ScalarKind::Between {
            value: Box::new(one(value)?),
            low: Box::new(one(low)?),
            high: Box::new(one(high)?),
            is_negated: *is_negated,
        },
        ScalarKind::Path { base, steps } => ScalarKind::Path {
            base: Box::new(one(base)?),
            steps: steps
                .iter()
                .map(|step| match step {
                    PathStep::Computed(index) => one(index).map(PathStep::Computed),
                    known => Some(known.clone()),
                })
                .collect::<Option<_>>()?,
        },
        // Tables were computed before; the rest needs an order of rows, or a match.
        ScalarKind::InTable { .. }
        | ScalarKind::HasAnyTable { .. }
        | ScalarKind::ToScalar(_)
        | ScalarKind::Window { .. }
        | ScalarKind::Property { .. }
        | ScalarKind::OverPath { .. }
        | ScalarKind::GraphFunction { .. } => return None,
    };
    Some(Scalar {
        kind,
        ty: scalar.ty,
        span: scalar.span,
    })
}

fn count(scalar: &Scalar) -> usize {
    let mut parts = 0;
    super::conjuncts::visit(scalar, &mut |_| parts += 1);
    parts
}
