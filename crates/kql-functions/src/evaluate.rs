//! The interpreter: a bound expression, prepared once as a [`Program`], computed for one row after another.
//!
//! What is prepared is in `prepare.rs`; running borrows from the row and from the program and allocates where a kernel
//! does. A row is whatever implements [`Row`]:
//! a place in a batch, a slice of values, a partial match of a graph pattern.
//!
//! Not here: functions of the order of rows (`row_number`), which their operator computes beforehand, and tables: who
//! prepares a program hands in the rows of its sub-queries.

use std::borrow::Cow;
use std::sync::Arc;

use postern_kql::ir::{self, Binary, GraphFunction, OverPath, Scalar, StringOperator, StringTest};
use postern_kql::{Diagnostic, Type};
use regex::Regex;

use crate::membership::{Members, Terms};
use crate::operators::{and, as_truth, between, binary, equal, is_same, negate, or, truth};
use crate::path::Place;
use crate::prepare::Preparing;
use crate::text::{Needle, equal_folded};
use crate::{Context, Datum, Json, Kernel, convert, path};

/// Where an expression finds what it reads. What a row does not have is null.
pub trait Row<'a> {
    fn column(&self, index: usize) -> Datum<'a>;

    /// A property of a variable of a graph pattern; of a variable-length edge the array along the path.
    fn property(&self, variable: usize, column: usize) -> Datum<'a> {
        let _ = (variable, column);
        Datum::Null
    }

    /// Without a variable it is about the row itself, an element of a path.
    fn graph_function(&self, function: GraphFunction, variable: Option<usize>) -> Datum<'a> {
        let _ = (function, variable);
        Datum::Null
    }

    /// Shows the edges of a variable-length edge, or its inner nodes, in the order of the path, until `visit` says no.
    fn over_path(&self, variable: usize, inner_nodes: bool, visit: &mut dyn FnMut(&dyn Row<'a>) -> bool) {
        let _ = (variable, inner_nodes, visit);
    }
}

/// A row that is a list of values.
pub struct Values<'a>(pub &'a [Datum<'a>]);

impl<'a> Row<'a> for Values<'a> {
    fn column(&self, index: usize) -> Datum<'a> {
        self.0.get(index).map_or(Datum::Null, Datum::borrowed)
    }
}

/// The rows of sub-queries, which have run before: the values of the first column, in order, or `None` where the table
/// was not run.
pub type Subqueries<'s> = dyn Fn(&Arc<ir::Tabular>) -> Option<Arc<[Datum<'static>]>> + 's;

/// A prepared expression.
#[derive(Debug)]
pub struct Program {
    root: Node,
    ty: Type,
}

impl Program {
    /// # Errors
    /// The expression holds what the interpreter does not compute, or a constant pattern that is none; the diagnostic
    /// says where.
    pub fn new(scalar: &Scalar, subqueries: &Subqueries<'_>) -> Result<Self, Diagnostic> {
        Ok(Self {
            root: Preparing::new(subqueries).node(scalar)?,
            ty: scalar.ty,
        })
    }

    /// The type of the values, which a null does not tell.
    pub fn ty(&self) -> Type {
        self.ty
    }

    /// The value, always of the program's type or null.
    pub fn run<'a>(&'a self, row: &dyn Row<'a>, cx: &Context) -> Datum<'a> {
        fitted(self.root.run(row, cx), self.ty)
    }

    /// Whether the value of a predicate is true: null counts as false.
    pub fn holds<'a>(&'a self, row: &dyn Row<'a>, cx: &Context) -> bool {
        as_truth(&self.run(row, cx)) == Some(true)
    }
}

/// An expression without sub-queries, for one row: the short way for constants and tests.
///
/// # Errors
/// As [`Program::new`].
pub fn evaluate(scalar: &Scalar, row: &[Datum<'_>], cx: &Context) -> Result<Datum<'static>, Diagnostic> {
    let program = Program::new(scalar, &|_| None)?;
    let row: Vec<Datum<'_>> = row.iter().map(Datum::borrowed).collect();
    Ok(program.run(&Values(&row), cx).into_owned())
}

#[derive(Debug)]
pub(crate) enum Node {
    Constant(Datum<'static>),
    Column(usize),
    Call {
        kernel: Kernel,
        arguments: Box<[Node]>,
        ty: Type,
    },
    /// `iff` and `case`: only what is asked for is computed.
    Choose {
        branches: Box<[(Node, Node)]>,
        otherwise: Box<Node>,
    },
    Coalesce(Box<[Node]>),
    Negate(Box<Node>),
    Binary {
        operator: Binary,
        sides: Box<(Node, Node)>,
        ty: Type,
    },
    And(Box<(Node, Node)>),
    Or(Box<(Node, Node)>),
    Text {
        value: Box<Node>,
        test: Test,
        is_negated: bool,
    },
    In {
        value: Box<Node>,
        list: List,
        is_case_sensitive: bool,
        is_negated: bool,
    },
    HasAny {
        value: Box<Node>,
        needles: Needles,
        all: bool,
    },
    Between {
        parts: Box<(Node, Node, Node)>,
        is_negated: bool,
    },
    Path {
        base: Box<Node>,
        steps: Box<[Step]>,
    },
    Cast(Box<Node>, Type),
    Property {
        variable: usize,
        column: usize,
    },
    OverPath {
        over: OverPath,
        variable: usize,
        inner_nodes: bool,
        value: Box<Node>,
    },
    GraphFunction(GraphFunction, Option<usize>),
}

/// The right side of a test of texts.
#[derive(Debug)]
pub(crate) enum Test {
    Needle(StringTest, Needle<'static>),
    Regex(Regex),
    Computed(StringOperator, Box<Node>),
}

#[derive(Debug)]
pub(crate) enum List {
    Members(Members),
    Values(Arc<[Datum<'static>]>),
    Computed(Box<[Node]>),
}

#[derive(Debug)]
pub(crate) enum Needles {
    Constant(Terms),
    Computed(Box<[Node]>),
}

#[derive(Debug)]
pub(crate) enum Step {
    Key(Box<str>),
    Index(i64),
    Computed(Node),
}

/// The null of a type; that of `string` is the empty text.
pub(crate) fn null(ty: Type) -> Datum<'static> {
    if ty == Type::String {
        Datum::string("")
    } else {
        Datum::Null
    }
}

/// Shows the value, or the items of what is an array, until `visit` says no. Whether all were shown.
pub(crate) fn each_value(value: &Datum<'_>, mut visit: impl FnMut(&Datum<'_>) -> bool) -> bool {
    if let Datum::Dynamic(dynamic) = value
        && let Json::Array(items) = dynamic.tree().as_ref()
    {
        return items.iter().all(|item| visit(&convert::kind_of_tree(item)));
    }
    visit(value)
}

/// The value in the type that it is taken for: what is computed from a JSON value has the type of its kind at first.
fn fitted(value: Datum<'_>, ty: Type) -> Datum<'_> {
    let value = match value.ty() {
        Some(found) if found == ty => return value,
        Some(_) => convert::cast(&value, ty),
        None => Datum::Null,
    };
    if value.is_null() { null(ty) } else { value }
}

impl Node {
    /// Whether all that it is computed from is constant.
    pub fn asks_no_row(&self) -> bool {
        let is_constant = |node: &Node| matches!(node, Node::Constant(_));
        match self {
            Node::Call { arguments, .. } => arguments.iter().all(is_constant),
            Node::Choose { branches, otherwise } => {
                is_constant(otherwise)
                    && branches
                        .iter()
                        .all(|(condition, value)| is_constant(condition) && is_constant(value))
            }
            Node::Coalesce(values) => values.iter().all(is_constant),
            Node::Binary { sides, .. } | Node::And(sides) | Node::Or(sides) => {
                is_constant(&sides.0) && is_constant(&sides.1)
            }
            Node::Negate(value) | Node::Cast(value, _) => is_constant(value),
            Node::Path { base, steps } => {
                is_constant(base) && !steps.iter().any(|step| matches!(step, Step::Computed(_)))
            }
            _ => false,
        }
    }

    pub fn run<'a>(&'a self, row: &dyn Row<'a>, cx: &Context) -> Datum<'a> {
        match self {
            Node::Constant(value) => value.borrowed(),
            Node::Column(index) => row.column(*index),
            Node::Call { kernel, arguments, ty } => match call(*kernel, arguments, row, cx) {
                Datum::Null => null(*ty),
                value => value,
            },
            Node::Choose { branches, otherwise } => {
                for (condition, value) in branches {
                    if as_truth(&condition.run(row, cx)) == Some(true) {
                        return value.run(row, cx);
                    }
                }
                otherwise.run(row, cx)
            }
            Node::Coalesce(nodes) => coalesce(nodes.iter().map(|node| node.run(row, cx))),
            Node::Negate(value) => negate(&value.run(row, cx)),
            Node::Binary { operator, sides, ty } => {
                binary(*operator, &sides.0.run(row, cx), &sides.1.run(row, cx), *ty)
            }
            Node::And(sides) => {
                let left = as_truth(&sides.0.run(row, cx));
                if left == Some(false) {
                    return Datum::Bool(false);
                }
                truth(and(left, as_truth(&sides.1.run(row, cx))))
            }
            Node::Or(sides) => {
                let left = as_truth(&sides.0.run(row, cx));
                if left == Some(true) {
                    return Datum::Bool(true);
                }
                truth(or(left, as_truth(&sides.1.run(row, cx))))
            }
            Node::Text {
                value,
                test,
                is_negated,
            } => {
                let value = value.run(row, cx);
                let text = convert::text(&value);
                Datum::Bool(test.matches(&text, row, cx) != *is_negated)
            }
            Node::In {
                value,
                list,
                is_case_sensitive,
                is_negated,
            } => {
                let value = value.run(row, cx);
                let found = list.holds(&value, *is_case_sensitive, row, cx);
                truth(found.map(|found| found != *is_negated))
            }
            Node::HasAny { value, needles, all } => {
                let value = value.run(row, cx);
                let text = convert::text(&value);
                Datum::Bool(needles.test(&text, *all, row, cx))
            }
            Node::Between { parts, is_negated } => {
                let inside = between(&parts.0.run(row, cx), &parts.1.run(row, cx), &parts.2.run(row, cx));
                truth(inside.map(|inside| inside != *is_negated))
            }
            Node::Path { base, steps } => match base.run(row, cx) {
                Datum::Dynamic(value) => path::follow(value, steps.iter().map(|step| step.place(row, cx))),
                _ => None,
            }
            .unwrap_or(Datum::Null),
            Node::Cast(value, ty) => match convert::cast(&value.run(row, cx), *ty) {
                Datum::Null => null(*ty),
                value => value,
            },
            Node::Property { variable, column } => row.property(*variable, *column),
            Node::OverPath {
                over,
                variable,
                inner_nodes,
                value,
            } => over_path(*over, *variable, *inner_nodes, value, row, cx),
            Node::GraphFunction(function, variable) => row.graph_function(*function, *variable),
        }
    }
}

/// The first value that is neither null nor an empty text.
pub(crate) fn coalesce<'a>(values: impl Iterator<Item = Datum<'a>>) -> Datum<'a> {
    let mut last = Datum::Null;
    for value in values {
        match &value {
            Datum::Null => {}
            Datum::String(text) if text.is_empty() => last = value,
            _ => return value,
        }
    }
    last
}

fn call<'a>(kernel: Kernel, arguments: &'a [Node], row: &dyn Row<'a>, cx: &Context) -> Datum<'a> {
    // Most functions have few arguments, which need no memory of their own.
    match arguments {
        [] => kernel(cx, &[]),
        [a] => kernel(cx, &[a.run(row, cx)]),
        [a, b] => kernel(cx, &[a.run(row, cx), b.run(row, cx)]),
        [a, b, c] => kernel(cx, &[a.run(row, cx), b.run(row, cx), c.run(row, cx)]),
        many => {
            let values: Vec<Datum<'a>> = many.iter().map(|node| node.run(row, cx)).collect();
            kernel(cx, &values)
        }
    }
}

fn over_path<'a>(
    over: OverPath,
    variable: usize,
    inner_nodes: bool,
    value: &'a Node,
    row: &dyn Row<'a>,
    cx: &Context,
) -> Datum<'a> {
    match over {
        OverPath::Map => {
            let mut items = Vec::new();
            row.over_path(variable, inner_nodes, &mut |element| {
                items.push(convert::json(&value.run(element, cx)));
                true
            });
            Datum::dynamic(Json::Array(items))
        }
        // `all` of nothing is true, `any` of nothing is false.
        OverPath::All | OverPath::Any => {
            let stops_at = over == OverPath::Any;
            let mut result = !stops_at;
            row.over_path(variable, inner_nodes, &mut |element| {
                if (as_truth(&value.run(element, cx)) == Some(true)) == stops_at {
                    result = stops_at;
                    return false;
                }
                true
            });
            Datum::Bool(result)
        }
    }
}

impl Test {
    fn matches<'a>(&'a self, text: &str, row: &dyn Row<'a>, cx: &Context) -> bool {
        match self {
            Test::Needle(test, needle) => test_needle(*test, needle, text),
            Test::Regex(pattern) => pattern.is_match(text),
            Test::Computed(operator, right) => {
                let right = right.run(row, cx);
                let right = convert::text(&right);
                if operator.test == StringTest::MatchesRegex {
                    return cx.pattern(&right).is_some_and(|pattern| pattern.is_match(text));
                }
                test_needle(operator.test, &Needle::new(right, operator.is_case_sensitive), text)
            }
        }
    }
}

fn test_needle(test: StringTest, needle: &Needle<'_>, text: &str) -> bool {
    match test {
        StringTest::Equal => needle.equals(text),
        StringTest::Has => needle.is_term_in(text),
        StringTest::HasPrefix => needle.is_term_prefix_in(text),
        StringTest::HasSuffix => needle.is_term_suffix_in(text),
        StringTest::Contains => needle.is_in(text),
        StringTest::StartsWith => needle.starts(text),
        StringTest::EndsWith => needle.ends(text),
        // These two have no needle.
        StringTest::MatchesRegex | StringTest::Like => false,
    }
}

impl List {
    /// Three-valued as `==` is: null where the value is null and the list has a null.
    fn holds<'a>(
        &'a self,
        value: &Datum<'_>,
        is_case_sensitive: bool,
        row: &dyn Row<'a>,
        cx: &Context,
    ) -> Option<bool> {
        match self {
            List::Members(members) => members.hold(value),
            List::Values(values) => any_equal(value, values.iter(), is_case_sensitive),
            List::Computed(nodes) => {
                let mut result = Some(false);
                for node in nodes {
                    each_value(&node.run(row, cx), |other| {
                        result = or(result, same(value, other, is_case_sensitive));
                        result != Some(true)
                    });
                    if result == Some(true) {
                        break;
                    }
                }
                result
            }
        }
    }
}

fn any_equal<'d, 'v: 'd>(
    value: &Datum<'_>,
    mut others: impl Iterator<Item = &'d Datum<'v>>,
    is_case_sensitive: bool,
) -> Option<bool> {
    others
        .try_fold(Some(false), |result, other| {
            match or(result, same(value, other, is_case_sensitive)) {
                Some(true) => Err(()),
                result => Ok(result),
            }
        })
        .unwrap_or(Some(true))
}

fn same(left: &Datum<'_>, right: &Datum<'_>, is_case_sensitive: bool) -> Option<bool> {
    if is_case_sensitive || left.is_null() || right.is_null() {
        return equal(left, right);
    }
    let is_text = |datum: &Datum<'_>| matches!(datum, Datum::String(_) | Datum::Dynamic(_));
    Some(if is_text(left) && is_text(right) {
        equal_folded(&convert::text(left), &convert::text(right))
    } else {
        is_same(left, right)
    })
}

impl Needles {
    fn test<'a>(&'a self, text: &str, all: bool, row: &dyn Row<'a>, cx: &Context) -> bool {
        match self {
            Needles::Constant(terms) if all => terms.all_in(text),
            Needles::Constant(terms) => terms.any_in(text),
            Needles::Computed(nodes) => {
                // `all` goes on while terms are found, `any` while they are not.
                let went_through = nodes.iter().all(|node| {
                    each_value(&node.run(row, cx), |value| {
                        Needle::new(convert::text(value), false).is_term_in(text) == all
                    })
                });
                went_through == all
            }
        }
    }
}

impl Step {
    fn place<'a>(&'a self, row: &dyn Row<'a>, cx: &Context) -> Option<Place<'a>> {
        match self {
            Step::Key(key) => Some(Place::Key(Cow::Borrowed(key))),
            Step::Index(index) => Some(Place::Index(*index)),
            Step::Computed(node) => match node.run(row, cx) {
                Datum::String(key) => Some(Place::Key(key)),
                Datum::Dynamic(key) => match convert::of_kind(&key) {
                    Datum::String(key) => Some(Place::Key(Cow::Owned(key.into_owned()))),
                    index => convert::long(&index).map(Place::Index),
                },
                index => convert::long(&index).map(Place::Index),
            },
        }
    }
}
