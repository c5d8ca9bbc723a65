//! From a bound expression to a program: the first half of the interpreter.
//!
//! Kernels are resolved, constant patterns and needles compiled, constant lists made into sets, and what asks for no
//! row is computed once.

use std::sync::Arc;

use postern_kql::ir::{self, PathStep, Scalar, ScalarKind, StringOperator, StringTest};
use postern_kql::{Code, Diagnostic, Span, Type};
use regex::Regex;

use crate::evaluate::{List, Needles, Node, Step, Subqueries, Test, Values, each_value, null};
use crate::membership::{Members, Terms};
use crate::operators::as_truth;
use crate::text::Needle;
use crate::{Context, Datum, convert, kernel};

/// Functions of the clock and of chance: they are computed for each row although they may have no arguments.
const UNFOLDED: &[&str] = &["ago", "new_guid", "now", "rand"];

pub(crate) struct Preparing<'s> {
    subqueries: &'s Subqueries<'s>,
    /// For what is computed once; it knows no clock.
    cx: Context,
}

impl<'s> Preparing<'s> {
    pub fn new(subqueries: &'s Subqueries<'s>) -> Self {
        Self {
            subqueries,
            cx: Context::default(),
        }
    }

    pub fn node(&self, scalar: &Scalar) -> Result<Node, Diagnostic> {
        let node = self.plain(scalar)?;
        let is_fixed = node.asks_no_row()
            && !matches!(&scalar.kind, ScalarKind::Call { function, .. } if UNFOLDED.contains(&function.as_str()));
        Ok(if is_fixed {
            Node::Constant(node.run(&Values(&[]), &self.cx).into_owned())
        } else {
            node
        })
    }

    fn plain(&self, scalar: &Scalar) -> Result<Node, Diagnostic> {
        let boxed = |scalar: &Scalar| self.node(scalar).map(Box::new);
        let pair = |left: &Scalar, right: &Scalar| Ok(Box::new((self.node(left)?, self.node(right)?)));
        Ok(match &scalar.kind {
            ScalarKind::Constant(value) => Node::Constant(Datum::from(value).into_owned()),
            ScalarKind::Column(index) => Node::Column(*index),
            ScalarKind::Call { function, arguments } => self.call(function, arguments, scalar)?,
            ScalarKind::Negate(value) => Node::Negate(boxed(value)?),
            ScalarKind::Binary { operator, left, right } => Node::Binary {
                operator: *operator,
                sides: pair(left, right)?,
                ty: scalar.ty,
            },
            ScalarKind::And(left, right) => Node::And(pair(left, right)?),
            ScalarKind::Or(left, right) => Node::Or(pair(left, right)?),
            ScalarKind::Text { operator, left, right } => Node::Text {
                value: boxed(left)?,
                test: self.test(*operator, right)?,
                is_negated: operator.is_negated,
            },
            ScalarKind::In {
                left,
                list,
                is_case_sensitive,
                is_negated,
            } => Node::In {
                value: boxed(left)?,
                list: self.list(left.ty, list, *is_case_sensitive)?,
                is_case_sensitive: *is_case_sensitive,
                is_negated: *is_negated,
            },
            ScalarKind::InTable {
                left,
                table,
                is_case_sensitive,
                is_negated,
            } => Node::In {
                value: boxed(left)?,
                list: set(left.ty, self.rows(table)?, *is_case_sensitive),
                is_case_sensitive: *is_case_sensitive,
                is_negated: *is_negated,
            },
            ScalarKind::HasAny { left, list, all } => Node::HasAny {
                value: boxed(left)?,
                needles: self.needles(list)?,
                all: *all,
            },
            ScalarKind::HasAnyTable { left, table, all } => Node::HasAny {
                value: boxed(left)?,
                needles: Needles::Constant(Terms::new(&self.rows(table)?)),
                all: *all,
            },
            ScalarKind::Between {
                value,
                low,
                high,
                is_negated,
            } => Node::Between {
                parts: Box::new((self.node(value)?, self.node(low)?, self.node(high)?)),
                is_negated: *is_negated,
            },
            ScalarKind::Path { base, steps } => Node::Path {
                base: boxed(base)?,
                steps: steps
                    .iter()
                    .map(|step| {
                        Ok(match step {
                            PathStep::Key(key) => Step::Key(key.as_str().into()),
                            PathStep::Index(index) => Step::Index(*index),
                            PathStep::Computed(scalar) => Step::Computed(self.node(scalar)?),
                        })
                    })
                    .collect::<Result<_, Diagnostic>>()?,
            },
            ScalarKind::Cast(value) => Node::Cast(boxed(value)?, scalar.ty),
            ScalarKind::ToScalar(table) => {
                let first = self.rows(table)?.first().cloned();
                Node::Constant(match first {
                    None | Some(Datum::Null) => null(scalar.ty),
                    Some(value) => value,
                })
            }
            ScalarKind::Window { function, .. } => {
                let message = format!("{function}() needs rows in an order and cannot stand here");
                return Err(Diagnostic::error(Code::Unsupported, scalar.span, message));
            }
            ScalarKind::Property { variable, column } => Node::Property {
                variable: *variable,
                column: *column,
            },
            ScalarKind::OverPath {
                over,
                variable,
                inner_nodes,
                value,
            } => Node::OverPath {
                over: *over,
                variable: *variable,
                inner_nodes: *inner_nodes,
                value: boxed(value)?,
            },
            ScalarKind::GraphFunction { function, variable } => Node::GraphFunction(*function, *variable),
        })
    }

    fn nodes(&self, scalars: &[Scalar]) -> Result<Box<[Node]>, Diagnostic> {
        scalars.iter().map(|scalar| self.node(scalar)).collect()
    }

    fn call(&self, function: &str, arguments: &[Scalar], scalar: &Scalar) -> Result<Node, Diagnostic> {
        match (function, arguments) {
            ("iff" | "case", [branches @ .., otherwise]) if !branches.is_empty() && branches.len() % 2 == 0 => {
                Ok(Node::Choose {
                    branches: branches
                        .chunks_exact(2)
                        .map(|branch| Ok((self.node(&branch[0])?, self.node(&branch[1])?)))
                        .collect::<Result<_, Diagnostic>>()?,
                    otherwise: Box::new(self.node(otherwise)?),
                })
            }
            ("assert", [condition, message]) => self.assert(condition, message, scalar.span),
            ("coalesce", _) => Ok(Node::Coalesce(self.nodes(arguments)?)),
            _ => match kernel(function) {
                Some(kernel) => Ok(Node::Call {
                    kernel,
                    arguments: self.nodes(arguments)?,
                    ty: scalar.ty,
                }),
                None => {
                    let message = format!("the function {function}() is not supported");
                    Err(Diagnostic::error(Code::Unsupported, scalar.span, message))
                }
            },
        }
    }

    /// True, or the query fails with the message: both are known before any row is read.
    fn assert(&self, condition: &Scalar, message: &Scalar, span: Span) -> Result<Node, Diagnostic> {
        let (Node::Constant(condition), Node::Constant(message)) = (self.node(condition)?, self.node(message)?) else {
            let message = "assert() takes a condition and a message that do not depend on a row";
            return Err(Diagnostic::error(Code::Unsupported, span, message));
        };
        match as_truth(&condition) {
            Some(true) => Ok(Node::Constant(Datum::Bool(true))),
            _ => Err(Diagnostic::error(Code::Arguments, span, convert::text(&message))),
        }
    }

    fn rows(&self, table: &Arc<ir::Tabular>) -> Result<Arc<[Datum<'static>]>, Diagnostic> {
        (self.subqueries)(table).ok_or_else(|| {
            Diagnostic::error(
                Code::Unsupported,
                table.span,
                "a table cannot be read inside this expression",
            )
        })
    }

    fn test(&self, operator: StringOperator, right: &Scalar) -> Result<Test, Diagnostic> {
        if operator.test == StringTest::Like {
            return Err(
                Diagnostic::error(Code::Unsupported, right.span, "the operator like is not supported")
                    .with_hint("use contains, startswith, endswith or matches regex"),
            );
        }
        let node = self.node(right)?;
        Ok(match node {
            Node::Constant(value) => {
                let text = convert::text(&value).into_owned();
                if operator.test == StringTest::MatchesRegex {
                    Test::Regex(constant_pattern(&text, right.span)?)
                } else {
                    Test::Needle(operator.test, Needle::new(text, operator.is_case_sensitive))
                }
            }
            node => Test::Computed(operator, Box::new(node)),
        })
    }

    fn list(&self, left: Type, list: &[Scalar], is_case_sensitive: bool) -> Result<List, Diagnostic> {
        let nodes = self.nodes(list)?;
        Ok(match constants(&nodes) {
            Some(values) => set(left, values.into(), is_case_sensitive),
            None => List::Computed(nodes),
        })
    }

    fn needles(&self, list: &[Scalar]) -> Result<Needles, Diagnostic> {
        let nodes = self.nodes(list)?;
        Ok(match constants(&nodes) {
            Some(values) => Needles::Constant(Terms::new(&values)),
            None => Needles::Computed(nodes),
        })
    }
}

fn constant_pattern(pattern: &str, span: Span) -> Result<Regex, Diagnostic> {
    crate::context::compile(pattern).map_err(|error| {
        Diagnostic::error(
            Code::Arguments,
            span,
            format!("not a regular expression that can be run: {error}"),
        )
    })
}

/// The values of a list of constants, arrays opened; `None` where one is not constant.
fn constants(nodes: &[Node]) -> Option<Vec<Datum<'static>>> {
    let mut values = Vec::new();
    for node in nodes {
        let Node::Constant(value) = node else {
            return None;
        };
        each_value(value, |value| {
            values.push(value.borrowed().into_owned());
            true
        });
    }
    Some(values)
}

fn set(left: Type, values: Arc<[Datum<'static>]>, is_case_sensitive: bool) -> List {
    match Members::new(left, &values, is_case_sensitive) {
        Some(members) => List::Members(members),
        None => List::Values(values),
    }
}
