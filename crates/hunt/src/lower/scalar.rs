//! Expressions of one row: what has the same meaning in DataFusion goes there, the rest to the interpreter.
//!
//! KQL and SQL differ about nulls in silence. What holds here:
//! * `null == null` is null, `null == 5` is false, `null != 5` is true: plain `=` only where nothing is null or where
//!   null and false mean the same (a predicate, [`Position::Predicate`]), else a spelled-out form.
//! * other comparisons, arithmetic, `and` and `or` have SQL's nulls.

use std::sync::Arc;

use datafusion::logical_expr::{BinaryExpr, Case, Cast, Expr, Operator, ScalarUDF, binary_expr, lit};
use datafusion::prelude::when;
use postern_kql::ir::{Binary, PathStep, Scalar, ScalarKind};
use postern_kql::{Type, Value};
use postern_kql_functions::{Context, Datum};

use super::code_test::CodeTest;
use super::in_set::InSet;
use super::interpreted::Interpreted;
use super::text_test::TextTest;
use super::{Form, Hidden, walk};
use crate::batch::{datum_scalar, scalar_value};
use crate::budget::Cuts;
use crate::error::HuntError;
use crate::world::Codes;
use crate::world::arrow_type;

type Result<T> = std::result::Result<T, HuntError>;

/// Whether null may stand for false.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Position {
    /// The value itself is wanted.
    Value,
    /// Rows are kept where it is true.
    Predicate,
}

/// Turns expressions over one input into expressions of DataFusion.
pub struct ScalarLowering<'a> {
    /// The input's columns, by index.
    pub columns: &'a [Expr],
    /// Their types.
    pub types: &'a [Type],
    /// How many of them the query sees; behind them are those of `hidden`, in their order.
    pub visible: usize,
    pub hidden: &'a [Hidden],
    /// `now()` in microseconds since 1970.
    pub now: i64,
    /// Where a value that was cut is told.
    pub cuts: &'a Cuts,
}

impl ScalarLowering<'_> {
    /// The expression for a scalar without subqueries, window functions and graph parts.
    pub fn lower(&self, scalar: &Scalar, position: Position) -> Result<Expr> {
        if let ScalarKind::Constant(value) = &scalar.kind {
            return Ok(lit(scalar_value(value)?));
        }
        if is_constant(scalar) {
            return self.fold(scalar);
        }
        if let Some(test) = self.code_test(scalar)? {
            return Ok(test);
        }
        match self.native(scalar, position)? {
            Some(expression) => Ok(expression),
            None => self.interpreted(scalar),
        }
    }

    /// A predicate over one coded column, asked once for each distinct string.
    fn code_test(&self, scalar: &Scalar) -> Result<Option<Expr>> {
        if scalar.ty != Type::Bool || matches!(scalar.kind, ScalarKind::And(..) | ScalarKind::Or(..)) {
            return Ok(None);
        }
        let Some(column) = only_column(scalar) else {
            return Ok(None);
        };
        let codes = self
            .hidden
            .iter()
            .enumerate()
            .find_map(|(index, hidden)| match &hidden.form {
                Form::Codes(codes) if hidden.column == column => Some((index, codes)),
                _ => None,
            });
        let Some((index, codes)) = codes else {
            return Ok(None);
        };
        let test = CodeTest::new(scalar, column, codes, self.now)?;
        Ok(Some(
            ScalarUDF::from(test).call(vec![self.columns[self.visible + index].clone()]),
        ))
    }

    /// The codes of a string column, where it has them.
    pub fn codes(&self, scalar: &Scalar) -> Option<(Expr, &Arc<Codes>)> {
        let ScalarKind::Column(column) = scalar.kind else {
            return None;
        };
        self.hidden
            .iter()
            .enumerate()
            .find_map(|(index, hidden)| match &hidden.form {
                Form::Codes(codes) if hidden.column == column => {
                    Some((self.columns[self.visible + index].clone(), codes))
                }
                _ => None,
            })
    }

    /// The expression with paths into dynamic columns read from the columns that hold those parts.
    fn with_parts(&self, scalar: &Scalar) -> Scalar {
        let mut scalar = scalar.clone();
        if self.hidden.is_empty() {
            return scalar;
        }
        walk::scalars_mut(&mut scalar, &mut |part| {
            let ScalarKind::Path { base, steps } = &mut part.kind else {
                return;
            };
            let ScalarKind::Column(column) = base.kind else { return };
            let length = |hidden: &Hidden| match &hidden.form {
                Form::Part(path) if hidden.column == column && path.len() <= steps.len() => {
                    let is_same = |(key, step): (&String, &PathStep)| matches!(step, PathStep::Key(it) if it == key);
                    path.iter().zip(steps.iter()).all(is_same).then_some(path.len())
                }
                _ => None,
            };
            let found = self.hidden.iter().enumerate();
            let best = found.filter_map(|(index, hidden)| Some((length(hidden)?, index))).max();
            if let Some((length, index)) = best {
                let rest = steps.split_off(length);
                let column = ScalarKind::Column(self.visible + index);
                if rest.is_empty() {
                    part.kind = column;
                } else {
                    base.kind = column;
                    *steps = rest;
                }
            }
        });
        scalar
    }

    fn value(&self, scalar: &Scalar) -> Result<Expr> {
        self.lower(scalar, Position::Value)
    }

    /// Computes what depends on no row.
    fn fold(&self, scalar: &Scalar) -> Result<Expr> {
        let context = Context::new(self.now);
        let datum = super::interpreted::constant(scalar, &context)?;
        super::interpreted::tell(&context, self.cuts);
        Ok(lit(datum_scalar(&datum, scalar.ty)?))
    }

    fn interpreted(&self, scalar: &Scalar) -> Result<Expr> {
        let scalar = self.with_parts(scalar);
        if let ScalarKind::Column(index) = scalar.kind {
            return Ok(self.columns[index].clone());
        }
        let function = Interpreted::new(&scalar, self.types, self.now, self.cuts)?;
        let arguments = function
            .columns()
            .iter()
            .map(|column| self.columns[*column].clone())
            .collect();
        Ok(ScalarUDF::from(function).call(arguments))
    }

    /// The expression of DataFusion that means the same, where there is one.
    fn native(&self, scalar: &Scalar, position: Position) -> Result<Option<Expr>> {
        Ok(match &scalar.kind {
            ScalarKind::Column(index) => Some(self.columns[*index].clone()),
            ScalarKind::And(left, right) => Some(self.lower(left, position)?.and(self.lower(right, position)?)),
            ScalarKind::Or(left, right) => Some(self.lower(left, position)?.or(self.lower(right, position)?)),
            ScalarKind::Binary { operator, left, right } => self.binary(*operator, left, right, position)?,
            ScalarKind::Between {
                value,
                low,
                high,
                is_negated,
            } if value.ty == low.ty
                && value.ty == high.ty
                && is_plain(value.ty)
                && (value.ty != Type::Real || (self.is_a_number(low)? && self.is_a_number(high)?)) =>
            {
                let value = self.value(value)?;
                let (low, high) = (self.value(low)?, self.value(high)?);
                Some(if *is_negated {
                    value.not_between(low, high)
                } else {
                    value.between(low, high)
                })
            }
            ScalarKind::Text { operator, left, right } if left.ty == Type::String => match &right.kind {
                ScalarKind::Constant(Value::String(needle)) => match TextTest::new(*operator, needle) {
                    Some(test) => Some(ScalarUDF::from(test).call(vec![self.value(left)?])),
                    None => None,
                },
                _ => None,
            },
            ScalarKind::In {
                left,
                list,
                is_case_sensitive,
                is_negated,
            } => match InSet::new(left.ty, list, *is_case_sensitive, *is_negated) {
                Some(set) => Some(ScalarUDF::from(set).call(vec![self.value(left)?])),
                None => None,
            },
            ScalarKind::Cast(inner) if is_number(inner.ty) && is_number(scalar.ty) => {
                Some(cast(self.value(inner)?, scalar.ty))
            }
            ScalarKind::Call { function, arguments } => self.call(function, arguments, scalar.ty, position)?,
            _ => None,
        })
    }

    fn binary(&self, operator: Binary, left: &Scalar, right: &Scalar, position: Position) -> Result<Option<Expr>> {
        if left.ty != right.ty || !is_plain(left.ty) {
            return Ok(None);
        }
        let is_arithmetic = matches!(
            operator,
            Binary::Add | Binary::Subtract | Binary::Multiply | Binary::Divide | Binary::Modulo
        );
        let mut is_bounded = None;
        if left.ty == Type::Real && !is_arithmetic {
            let numbers = (self.is_a_number(left)?, self.is_a_number(right)?);
            if numbers == (false, false) {
                return Ok(None);
            }
            is_bounded = match operator {
                Binary::Greater | Binary::GreaterOrEqual if !numbers.0 => Some(left),
                Binary::Less | Binary::LessOrEqual if !numbers.1 => Some(right),
                _ => None,
            };
        }
        let is_nullable = left.ty != Type::String;
        let sql = match operator {
            Binary::Less => Operator::Lt,
            Binary::LessOrEqual => Operator::LtEq,
            Binary::Greater => Operator::Gt,
            Binary::GreaterOrEqual => Operator::GtEq,
            Binary::Equal | Binary::NotEqual => {
                let (left_expr, right_expr) = (self.value(left)?, self.value(right)?);
                let is_equal = operator == Binary::Equal;
                // One side is a constant and not null, so that both cannot be null.
                let never_both = [left, right]
                    .iter()
                    .any(|side| matches!(&side.kind, ScalarKind::Constant(value) if !matches!(value, Value::Null(_))));
                return Ok(Some(match (is_nullable, position) {
                    (false, _) | (true, Position::Predicate) if is_equal => left_expr.eq(right_expr),
                    (false, _) => left_expr.not_eq(right_expr),
                    _ => {
                        let distinct = if is_equal {
                            Operator::IsNotDistinctFrom
                        } else {
                            Operator::IsDistinctFrom
                        };
                        let test = binary_expr(left_expr.clone(), distinct, right_expr.clone());
                        if never_both || position == Position::Predicate {
                            test
                        } else {
                            let both_null = left_expr.is_null().and(right_expr.is_null());
                            when(both_null, lit(datafusion::scalar::ScalarValue::Boolean(None))).otherwise(test)?
                        }
                    }
                }));
            }
            Binary::Add | Binary::Subtract | Binary::Multiply if is_number(left.ty) && left.ty != Type::Decimal => {
                match operator {
                    Binary::Add => Operator::Plus,
                    Binary::Subtract => Operator::Minus,
                    _ => Operator::Multiply,
                }
            }
            Binary::Divide if left.ty == Type::Real => Operator::Divide,
            _ => return Ok(None),
        };
        let test = Expr::BinaryExpr(BinaryExpr::new(
            Box::new(self.value(left)?),
            sql,
            Box::new(self.value(right)?),
        ));
        Ok(Some(match is_bounded {
            Some(greater) => test.and(self.value(greater)?.lt_eq(lit(f64::INFINITY))),
            None => test,
        }))
    }

    /// Whether a real is the same number for every row, and not NaN. Others are compared by the interpreter: in the
    /// total order of Arrow NaN equals itself and is greater than infinity, in the language it is neither.
    fn is_a_number(&self, scalar: &Scalar) -> Result<bool> {
        if !is_constant(scalar) {
            return Ok(false);
        }
        let value = super::interpreted::constant(scalar, &Context::new(self.now))?;
        Ok(matches!(value, Datum::Real(value) if !value.is_nan()))
    }

    fn call(&self, function: &str, arguments: &[Scalar], ty: Type, position: Position) -> Result<Option<Expr>> {
        Ok(match (function, arguments) {
            ("isnull", [value]) if value.ty != Type::String => Some(self.value(value)?.is_null()),
            ("isnotnull", [value]) if value.ty != Type::String => Some(self.value(value)?.is_not_null()),
            ("isempty", [value]) if value.ty == Type::String => Some(self.value(value)?.eq(empty())),
            ("isnotempty", [value]) if value.ty == Type::String => Some(self.value(value)?.not_eq(empty())),
            ("not", [value]) if value.ty == Type::Bool => Some(!self.value(value)?),
            ("iff", [condition, yes, no]) if yes.ty == ty && no.ty == ty => Some(
                when(self.lower(condition, Position::Predicate)?, self.lower(yes, position)?)
                    .otherwise(self.lower(no, position)?)?,
            ),
            ("case", arguments) if arguments.len() >= 3 && arguments.len() % 2 == 1 => {
                let (otherwise, pairs) = arguments.split_last().expect("at least three");
                let mut branches = Vec::with_capacity(pairs.len() / 2);
                for pair in pairs.chunks_exact(2) {
                    let condition = self.lower(&pair[0], Position::Predicate)?;
                    branches.push((Box::new(condition), Box::new(self.lower(&pair[1], position)?)));
                }
                let is_typed = pairs.chunks_exact(2).all(|pair| pair[1].ty == ty) && otherwise.ty == ty;
                if !is_typed {
                    return Ok(None);
                }
                let otherwise = Some(Box::new(self.lower(otherwise, position)?));
                Some(Expr::Case(Case::new(None, branches, otherwise)))
            }
            _ => None,
        })
    }
}

fn empty() -> Expr {
    lit(datafusion::scalar::ScalarValue::Utf8View(Some(String::new())))
}

pub fn cast(expression: Expr, ty: Type) -> Expr {
    Expr::Cast(Cast::new(Box::new(expression), arrow_type(ty)))
}

/// Types whose stored values compare as the language's do. (A `dynamic` compares by what it holds; decimals are stored
/// with a fixed scale, which compares right.)
fn is_plain(ty: Type) -> bool {
    ty != Type::Dynamic
}

fn is_number(ty: Type) -> bool {
    matches!(ty, Type::Int | Type::Long | Type::Real)
}

/// Whether the value is the same for every row.
fn is_constant(scalar: &Scalar) -> bool {
    let mut constant = true;
    walk::scalars(scalar, &mut |scalar| {
        constant &= match &scalar.kind {
            ScalarKind::Column(_) | ScalarKind::Property { .. } | ScalarKind::Window { .. } => false,
            ScalarKind::Call { function, .. } => !is_volatile(function),
            _ => true,
        };
    });
    constant
}

/// The column that the expression reads, when it is one and nothing else changes its value.
fn only_column(scalar: &Scalar) -> Option<usize> {
    let mut columns = Vec::new();
    let mut is_fixed = true;
    walk::scalars(scalar, &mut |part| match &part.kind {
        ScalarKind::Column(column) => columns.push(*column),
        ScalarKind::Call { function, .. } => is_fixed &= !is_volatile(function),
        ScalarKind::Window { .. } | ScalarKind::Property { .. } | ScalarKind::OverPath { .. } => is_fixed = false,
        _ => {}
    });
    columns.sort_unstable();
    columns.dedup();
    match columns.as_slice() {
        [column] if is_fixed => Some(*column),
        _ => None,
    }
}

/// Functions that give another value for each row.
pub fn is_volatile(function: &str) -> bool {
    matches!(function, "rand" | "new_guid")
}
