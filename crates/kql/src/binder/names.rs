//! How a column is called whose expression has no name: `a.b` gives `a_b`, `sum(x)` gives `sum_x`, `1 + 2` nothing.

use crate::Value;
use crate::ast::{Argument, Expr, ExprKind};
use crate::functions::{self, Function, FunctionKind, Naming};

use super::Binder;
use super::scope::Variable;

/// Functions that change the type alone: of a column that has the type already they are the column.
const CONVERSIONS: &[&str] = &[
    "tobool",
    "toboolean",
    "todatetime",
    "todecimal",
    "todouble",
    "todynamic",
    "toguid",
    "toint",
    "tolong",
    "toobject",
    "toreal",
    "tostring",
    "totime",
    "totimespan",
];

/// The name of a function that changes the type alone.
pub(crate) fn is_conversion(name: &str) -> bool {
    CONVERSIONS.contains(&name)
}

/// Without the parentheses around it.
pub(crate) fn bare(mut expr: &Expr) -> &Expr {
    while let ExprKind::Parenthesized(inner) = &expr.kind {
        expr = inner;
    }
    expr
}

/// Whether the expression, bound to a column, counts as that column itself.
pub(crate) fn is_column(expr: &Expr) -> bool {
    let expr = bare(expr);
    match &expr.kind {
        ExprKind::Name(_) => true,
        ExprKind::Member { base, .. } => {
            matches!(&bare(base).kind, ExprKind::Name(name) if name.text == "$left" || name.text == "$right")
        }
        ExprKind::Call {
            base: None,
            name,
            arguments,
        } => match arguments.as_slice() {
            [argument] => is_conversion(&name.text) && is_column(&argument.value),
            _ => false,
        },
        _ => false,
    }
}

impl Binder<'_> {
    /// The name that the expression gives to its column, if it gives one.
    pub fn result_name(&self, expr: &Expr) -> Option<String> {
        let mut parts = Vec::new();
        let mut expr = bare(expr);
        // `a.b[0].c` is walked from its end, since it may be long.
        loop {
            match &expr.kind {
                ExprKind::Member { base, name } => {
                    parts.push(name.text.clone());
                    expr = bare(base);
                }
                ExprKind::Index { base, index } => {
                    parts.push(index_name(index).unwrap_or_default());
                    expr = bare(base);
                }
                _ => break,
            }
        }
        let first = match &expr.kind {
            ExprKind::Name(name) => Some(name.text.clone()),
            ExprKind::Named { names, .. } => names.first().map(|name| name.text.clone()),
            ExprKind::Call {
                base: None,
                name,
                arguments,
            } => self.call_name(&name.text, arguments),
            _ => None,
        };
        if parts.is_empty() {
            return first;
        }
        let mut name = first.unwrap_or_default();
        for part in parts.iter().rev() {
            if !name.trim().is_empty() {
                name.push('_');
            }
            name.push_str(part);
        }
        Some(name)
    }

    fn call_name(&self, name: &str, arguments: &[Argument]) -> Option<String> {
        let function = self.built_in(name)?;
        let first = arguments.first().map(|argument| &argument.value);
        match function.naming {
            Naming::None => None,
            Naming::FirstArgument => self.result_name(first?),
            Naming::OnlyArgument if arguments.len() == 1 => self.result_name(first?),
            Naming::OnlyArgument => None,
            Naming::PrefixOnly(prefix) => Some(prefix.to_owned()),
            Naming::PrefixAndFirstArgument(prefix) => {
                let name = first.and_then(|first| self.result_name(first)).unwrap_or_default();
                Some(format!("{prefix}_{name}"))
            }
            Naming::NamedColumn => match &bare(first?).kind {
                ExprKind::Literal(Value::String(column)) => {
                    let found = self.row.columns()?.find(column);
                    found.map(|_| column.clone())
                }
                _ => None,
            },
        }
    }

    /// The built-in function that a call by this name means here: an aggregate where those may stand, unless a `let`
    /// has taken the name.
    pub fn built_in(&self, name: &str) -> Option<&'static Function> {
        if let Some(Variable::Function(_)) = self.scope.find(name) {
            return None;
        }
        let scalar = functions::function(FunctionKind::Scalar, name);
        let aggregate = functions::function(FunctionKind::Aggregate, name);
        if self.aggregates.is_some() {
            aggregate.or(scalar)
        } else {
            scalar.or(aggregate)
        }
    }
}

/// `[0]` gives `0`, `["a"]` gives `a`.
fn index_name(index: &Expr) -> Option<String> {
    match &bare(index).kind {
        ExprKind::Literal(Value::String(text)) => Some(text.clone()),
        ExprKind::Literal(value) if value.ty().is_integer() => match value {
            Value::Int(number) => Some(number.to_string()),
            Value::Long(number) => Some(number.to_string()),
            _ => None,
        },
        _ => None,
    }
}

/// A constant as a part of a name: `50.5` gives `50_5`; what is negative has no part.
pub(crate) fn fragment(value: &Value) -> String {
    let text = match value {
        Value::Int(number) if *number >= 0 => number.to_string(),
        Value::Long(number) if *number >= 0 => number.to_string(),
        Value::Real(number) if *number >= 0.0 => number.to_string(),
        Value::Decimal(digits) => digits.clone(),
        Value::String(text) => text.clone(),
        _ => String::new(),
    };
    text.chars()
        .map(|letter| if letter.is_alphanumeric() { letter } else { '_' })
        .collect()
}
