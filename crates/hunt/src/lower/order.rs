//! The order of `sort` and `top` where it differs from DataFusion's, and filters that may go below a join.

use std::sync::Arc;

use datafusion::logical_expr::{Expr, SortExpr, lit};
use postern_kql::Type;
use postern_kql::ir::{JoinKind, Op, Scalar, ScalarKind, Tabular};

use super::walk;

/// What DataFusion sorts by for one key of the language.
///
/// A real that is no number stands beside the nulls, on the side of the numbers. Texts have no null: where nulls are
/// put to the end that is not theirs by themselves, the empty text goes there.
pub fn keys(value: Expr, ty: Type, is_ascending: bool, nulls_first: bool) -> Vec<SortExpr> {
    let apart = match ty {
        // In the total order of Arrow only NaN is greater than infinity.
        Type::Real => Some(value.clone().gt(lit(f64::INFINITY))),
        Type::String if nulls_first != is_ascending => Some(value.clone().eq(lit(""))),
        _ => None,
    };
    apart
        .map(|apart| SortExpr::new(apart, !nulls_first, nulls_first))
        .into_iter()
        .chain([SortExpr::new(value, is_ascending, nulls_first)])
        .collect()
}

/// `where` above a join that keeps any one row of each key of the left side: what the predicate asks of the left side
/// alone is asked before, so that a row that fits is kept. The new table and what is left of the predicate.
pub fn below_join(input: &Arc<Tabular>, predicate: &Scalar) -> Option<(Arc<Tabular>, Vec<Scalar>)> {
    let Op::Join {
        kind: JoinKind::InnerUnique,
        left,
        right,
        on,
    } = &input.op
    else {
        return None;
    };
    let is_of_the_left = |scalar: &Scalar| {
        let mut is_of_the_left = true;
        walk::scalars(scalar, &mut |part| {
            is_of_the_left &= !matches!(part.kind, ScalarKind::Column(index) if index >= left.columns.len());
        });
        is_of_the_left
    };
    let mut all = Vec::new();
    conjuncts(predicate, &mut all);
    let (below, above): (Vec<Scalar>, Vec<Scalar>) = all.into_iter().partition(is_of_the_left);
    if below.is_empty() {
        return None;
    }
    let mut filtered = Arc::clone(left);
    for predicate in below {
        filtered = Arc::new(Tabular {
            columns: left.columns.clone(),
            span: left.span,
            is_open: left.is_open,
            op: Op::Where {
                input: filtered,
                predicate,
            },
        });
    }
    let joined = Tabular {
        op: Op::Join {
            kind: JoinKind::InnerUnique,
            left: filtered,
            right: Arc::clone(right),
            on: on.clone(),
        },
        ..Tabular::clone(input)
    };
    Some((Arc::new(joined), above))
}

fn conjuncts(predicate: &Scalar, found: &mut Vec<Scalar>) {
    match &predicate.kind {
        ScalarKind::And(left, right) => {
            conjuncts(left, found);
            conjuncts(right, found);
        }
        _ => found.push(predicate.clone()),
    }
}
