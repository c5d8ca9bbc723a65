//! Expressions: literals, names, paths, operators.

use std::sync::Arc;

use crate::ast::{BinaryOperator, Expr, ExprKind, ListOperator, Name, StringTest};
use crate::ir::{PathStep, Scalar, ScalarKind, Tabular};
use crate::schema::Found;
use crate::{Code, Diagnostic, Span, Type, Value};

use super::scope::{Row, Variable};
use super::{Binder, Item, arithmetic, coerce, constant, names};

/// Operands of one chain of `+`, `==` and the like; chains of `and` and `or` may be longer.
const CHAIN_MAX: usize = 400;

impl Binder<'_> {
    /// Binds an expression, scalar or tabular.
    pub fn item(&mut self, expr: &Expr) -> Item {
        if !self.enter(expr.span) {
            return Item::Unknown;
        }
        let item = if self.count_nodes(1, expr.span) {
            self.item_of_kind(expr)
        } else {
            Item::Unknown
        };
        self.leave();
        item
    }

    /// Binds an expression that must be a value; `None` after an error, or if its type is not known.
    pub fn scalar(&mut self, expr: &Expr) -> Option<Scalar> {
        match self.item(expr) {
            Item::Scalar(scalar) => Some(scalar),
            Item::Table(_) => {
                let diagnostic = Diagnostic::error(Code::TypeMismatch, expr.span, "a value belongs here, not a table");
                self.report(diagnostic.with_hint("`toscalar(...)` takes the first value of a table"));
                None
            }
            Item::Graph(_) | Item::Tables(_) => {
                self.mismatch(expr.span, "a value belongs here, not a graph or several tables");
                None
            }
            Item::Unknown => None,
        }
    }

    /// Binds an expression that must be a table.
    pub fn table(&mut self, expr: &Expr) -> Option<Arc<Tabular>> {
        match self.item(expr) {
            Item::Table(table) => Some(table),
            Item::Scalar(_) => {
                self.mismatch(expr.span, "a table belongs here, not a value");
                None
            }
            Item::Graph(_) => {
                let diagnostic = Diagnostic::error(Code::TypeMismatch, expr.span, "a table belongs here, not a graph");
                self.report(diagnostic.with_hint("`graph-match` and `graph-to-table` make tables of a graph"));
                None
            }
            Item::Tables(_) => {
                self.mismatch(expr.span, "one table belongs here, not several");
                None
            }
            Item::Unknown => None,
        }
    }

    /// Binds a condition.
    pub fn condition(&mut self, expr: &Expr) -> Option<Scalar> {
        let scalar = self.scalar(expr)?;
        if scalar.ty != Type::Bool {
            self.mismatch(
                expr.span,
                format!("a condition must be bool, and this is {}", scalar.ty),
            );
            return None;
        }
        Some(scalar)
    }

    /// A value whose type is known although the value is not.
    pub fn of_type(&mut self, ty: Type, span: Span) -> Scalar {
        self.is_incomplete = true;
        let value = if ty == Type::String {
            Value::String(String::new())
        } else {
            Value::Null(ty)
        };
        constant::scalar(value, self.at(span))
    }

    #[inline(never)]
    fn item_of_kind(&mut self, expr: &Expr) -> Item {
        let span = self.at(expr.span);
        let scalar = match &expr.kind {
            ExprKind::Literal(value) => Some(constant::scalar(value.clone(), span)),
            ExprKind::Name(name) => return self.name(name),
            ExprKind::Member { base, name } => {
                if let Some(item) = self.pattern_path(base, name, expr.span) {
                    return item;
                }
                self.path(expr)
            }
            ExprKind::Index { .. } => self.path(expr),
            ExprKind::Call { base, name, arguments } => {
                return self.call(base.as_deref(), name, arguments, expr.span);
            }
            ExprKind::Negate(operand) => {
                let operand = self.scalar(operand);
                operand.and_then(|operand| self.negated(operand, span))
            }
            ExprKind::Plus(operand) => self.scalar(operand),
            ExprKind::Binary { .. } => self.chain(expr),
            ExprKind::List { .. } => self.list(expr),
            ExprKind::Between {
                is_negated,
                left,
                low,
                high,
            } => {
                let (value, low, high) = (self.scalar(left), self.scalar(low), self.scalar(high));
                match (value, low, high) {
                    (Some(value), Some(low), Some(high)) => self.between(value, low, high, *is_negated),
                    _ => Some(self.of_type(Type::Bool, span)),
                }
            }
            ExprKind::Parenthesized(inner) => return self.item(inner),
            ExprKind::Pipe { source, operators } => return self.pipe(source, operators),
            ExprKind::DataTable { columns, values } => return self.datatable(columns, values, span),
            ExprKind::ExternalData { columns, uris, .. } => return self.external(columns, uris, expr.span),
            ExprKind::Source(operator) => return self.source(operator),
            ExprKind::Named { names, value, .. } => {
                let span = names.first().map_or(expr.span, |name| name.span);
                let diagnostic = Diagnostic::error(Code::Syntax, span, "a name cannot be given here");
                self.report(diagnostic.with_hint("`==` compares, `=` names a value"));
                return self.item(value);
            }
            ExprKind::TypeOf { .. } => {
                self.error(
                    Code::Syntax,
                    expr.span,
                    "`typeof` stands only where a type is asked for",
                );
                None
            }
            ExprKind::Star => {
                self.error(Code::Syntax, expr.span, "`*` cannot stand here");
                None
            }
            ExprKind::Wildcard(pattern) => {
                self.error(
                    Code::Syntax,
                    expr.span,
                    format!("the pattern `{pattern}` cannot stand here"),
                );
                None
            }
            ExprKind::Function(_) => {
                self.error(Code::Syntax, expr.span, "a function without a name cannot stand here");
                None
            }
            // The parser has reported it.
            ExprKind::Error => None,
        };
        scalar.map_or(Item::Unknown, Item::Scalar)
    }

    /// What a name stands for: a column, a `let`, a table, a function without arguments.
    fn name(&mut self, name: &Name) -> Item {
        if let Some(item) = self.column(name) {
            return item;
        }
        if let Some(item) = self.pattern_name(name) {
            return item;
        }
        match self.scope.find(&name.text) {
            Some(Variable::Scalar(scalar, nodes)) => {
                let (mut scalar, nodes) = (scalar.clone(), *nodes);
                scalar.span = self.at(name.span);
                if self.count_nodes(nodes, name.span) {
                    Item::Scalar(scalar)
                } else {
                    Item::Unknown
                }
            }
            Some(Variable::Table(table, nodes)) => {
                let (table, nodes) = (table.clone(), *nodes);
                if self.count_nodes(nodes, name.span) {
                    Item::Table(table)
                } else {
                    Item::Unknown
                }
            }
            Some(Variable::Graph(graph, nodes)) => {
                let (graph, nodes) = (graph.clone(), *nodes);
                if self.count_nodes(nodes, name.span) {
                    Item::Graph(graph)
                } else {
                    Item::Unknown
                }
            }
            Some(Variable::Function(function)) => {
                let function = function.clone();
                self.expand(&function, &[], name.span)
            }
            Some(Variable::Pattern(_)) => {
                self.error(
                    Code::Arguments,
                    name.span,
                    format!("the pattern `{}` needs its arguments", name.text),
                );
                Item::Unknown
            }
            Some(Variable::Unknown) => Item::Unknown,
            None => self.named_table(name),
        }
    }

    /// A column of the row in sight.
    fn column(&mut self, name: &Name) -> Option<Item> {
        let columns = self.row.columns()?;
        let (index, ty) = columns.find(&name.text)?;
        if self.poisoned.contains(&name.text) {
            self.is_incomplete = true;
            return Some(Item::Unknown);
        }
        let index = match &self.row {
            Row::Steps(steps) if index >= steps.width => steps.current + index,
            _ => index,
        };
        Some(Item::Scalar(Scalar {
            kind: ScalarKind::Column(index),
            ty,
            span: self.at(name.span),
        }))
    }

    /// A table of the schema, or a function that needs no arguments.
    fn named_table(&mut self, name: &Name) -> Item {
        match self.schema.table(&name.text) {
            Found::Yes(table) => return Item::Table(self.schema_table(&table, name.span)),
            Found::NotHere(why) => {
                self.error(Code::LaterPhase, name.span, why);
                return Item::Unknown;
            }
            Found::No => {}
        }
        if let Some(item) = self.schema_function(name, &[], name.span) {
            return item;
        }
        if let Some(columns) = self.row.columns() {
            if columns.is_open {
                self.is_incomplete = true;
                return Item::Unknown;
            }
            let columns = columns.clone();
            let known: Vec<&str> = columns.columns.iter().map(|column| column.name.as_str()).collect();
            self.unknown_name("column", &name.text, name.span, &known);
        } else {
            let tables = self.schema.tables();
            let known: Vec<&str> = tables.iter().map(|table| table.name.as_str()).collect();
            self.unknown_name("table", &name.text, name.span, &known);
        }
        Item::Unknown
    }

    /// `base.a["b"][0]`: steps into a dynamic value.
    fn path(&mut self, expr: &Expr) -> Option<Scalar> {
        let mut steps = Vec::new();
        let mut base = expr;
        loop {
            match &base.kind {
                ExprKind::Member { base: inner, name } => {
                    steps.push(Step::Key(name));
                    base = inner;
                }
                ExprKind::Index { base: inner, index } => {
                    steps.push(Step::Index(index));
                    base = inner;
                }
                ExprKind::Parenthesized(inner) => base = inner,
                _ => break,
            }
        }
        steps.reverse();
        let mut base = match self.special_base(base, &mut steps) {
            Special::Scalar(scalar) => scalar,
            Special::Unknown => return None,
            Special::No => self.scalar(base)?,
        };
        if steps.is_empty() {
            return Some(base);
        }
        let span = self.at(expr.span);
        if base.ty != Type::Dynamic {
            let message = format!("a value of type {} has no properties or elements", base.ty);
            let mut diagnostic = Diagnostic::error(Code::TypeMismatch, expr.span, message);
            if base.ty == Type::String {
                diagnostic = diagnostic.with_hint("`parse_json(...)` reads the text first");
            }
            self.report(diagnostic);
            return None;
        }
        let mut bound = Vec::with_capacity(steps.len());
        for step in steps {
            bound.push(match step {
                Step::Key(name) => PathStep::Key(name.text.clone()),
                Step::Index(index) => self.index(index)?,
            });
        }
        // A path into a path is one path.
        if let ScalarKind::Path { steps, .. } = &mut base.kind {
            steps.extend(bound);
            base.span = span;
            return Some(base);
        }
        Some(Scalar {
            kind: ScalarKind::Path {
                base: Box::new(base),
                steps: bound,
            },
            ty: Type::Dynamic,
            span,
        })
    }

    fn index(&mut self, index: &Expr) -> Option<PathStep> {
        let scalar = self.scalar(index)?;
        if let Some(key) = constant::text(&scalar) {
            return Some(PathStep::Key(key.to_owned()));
        }
        if let Some(place) = constant::integer(&scalar) {
            return Some(PathStep::Index(place));
        }
        match scalar.ty {
            Type::String | Type::Int | Type::Long | Type::Dynamic => Some(PathStep::Computed(scalar)),
            ty => {
                self.mismatch(index.span, format!("an index is a number or a name, and this is {ty}"));
                None
            }
        }
    }

    /// A base that is not a value: a step of `scan`, a variable of a graph's pattern.
    fn special_base<'e>(&mut self, base: &Expr, steps: &mut Vec<Step<'e>>) -> Special {
        let (ExprKind::Name(name), Some(Step::Key(column))) = (&base.kind, steps.first()) else {
            return Special::No;
        };
        let column: &'e Name = column;
        if let Some(scope) = self.row.pattern() {
            let scope = scope.clone();
            let Some(variable) = scope.find(&name.text) else {
                return Special::No;
            };
            return match self.pattern_property(&scope, variable, column) {
                Some(scalar) => {
                    steps.remove(0);
                    Special::Scalar(scalar)
                }
                None => Special::Unknown,
            };
        }
        let Row::Steps(scope) = &self.row else {
            return Special::No;
        };
        let scope = scope.clone();
        let columns = &scope.columns;
        let Some((_, offset)) = scope.places.iter().find(|(step, _)| *step == name.text) else {
            return Special::No;
        };
        match columns.find(&column.text) {
            Some((index, ty)) => {
                let scalar = Scalar {
                    kind: ScalarKind::Column(offset + index),
                    ty,
                    span: self.at(base.span.to(column.span)),
                };
                steps.remove(0);
                Special::Scalar(scalar)
            }
            None => {
                let known: Vec<&str> = columns.columns.iter().map(|column| column.name.as_str()).collect();
                self.unknown_name("column", &column.text, column.span, &known);
                Special::Unknown
            }
        }
    }

    /// A chain of binary operators, from its left end: it may be long, so there is no recursion into it.
    fn chain(&mut self, expr: &Expr) -> Option<Scalar> {
        let mut links = Vec::new();
        let mut first = expr;
        while let ExprKind::Binary {
            operator,
            operator_span,
            left,
            right,
        } = &first.kind
        {
            links.push((*operator, *operator_span, right.as_ref()));
            first = left;
        }
        let mut left = match (&names::bare(first).kind, links.last()) {
            // `* has "x"`: in any column.
            (ExprKind::Star, Some((operator, place, right))) => {
                let test = (*operator, *place, *right);
                links.pop();
                self.any_column_test(test, expr.span)
            }
            _ => self.scalar(first),
        };
        let mut length = 0;
        while let Some((operator, place, right)) = links.pop() {
            if matches!(operator, BinaryOperator::And | BinaryOperator::Or) {
                let symbol = if operator == BinaryOperator::And { "and" } else { "or" };
                let mut operands = vec![left.and_then(|left| self.logical(left, symbol))];
                let right = self.scalar(right);
                operands.push(right.and_then(|right| self.logical(right, symbol)));
                while let Some((_, _, right)) = links.pop_if(|(next, _, _)| *next == operator) {
                    let right = self.scalar(right);
                    operands.push(right.and_then(|right| self.logical(right, symbol)));
                }
                let known: Option<Vec<Scalar>> = operands.into_iter().collect();
                left = match known {
                    Some(operands) => balanced(operands, operator == BinaryOperator::And),
                    None => Some(self.of_type(Type::Bool, expr.span)),
                };
                continue;
            }
            length += 1;
            if length > CHAIN_MAX {
                self.limit(expr.span, format!("more than {CHAIN_MAX} operators follow one another"));
                return None;
            }
            let right = self.scalar(right);
            left = match (left, right) {
                (Some(left), Some(right)) => self.link(operator, left, right, place),
                _ => self.unknown_link(operator, expr.span),
            };
        }
        left
    }

    fn link(&mut self, operator: BinaryOperator, left: Scalar, right: Scalar, place: Span) -> Option<Scalar> {
        match operator {
            BinaryOperator::String(test) => {
                let symbol = place.text(self.text).to_owned();
                if test.test == StringTest::MatchesRegex && constant::text(&right).is_some_and(str::is_empty) {
                    self.warning(Code::Suspicious, right.span, "an empty pattern matches every text");
                }
                self.text_test(test, left, right, place, &symbol)
            }
            operator => self.binary(arithmetic::operator(operator)?, left, right, place),
        }
    }

    /// The result of an operator of which one side is not known.
    fn unknown_link(&mut self, operator: BinaryOperator, span: Span) -> Option<Scalar> {
        match operator {
            BinaryOperator::Add
            | BinaryOperator::Subtract
            | BinaryOperator::Multiply
            | BinaryOperator::Divide
            | BinaryOperator::Modulo => None,
            _ => Some(self.of_type(Type::Bool, span)),
        }
    }

    /// `in`, `has_any` and their kin.
    fn list(&mut self, expr: &Expr) -> Option<Scalar> {
        let ExprKind::List {
            operator,
            operator_span,
            left,
            list,
        } = &expr.kind
        else {
            return None;
        };
        let span = self.at(expr.span);
        let left = self.scalar(left);
        let mut table = None;
        let mut elements = Vec::with_capacity(list.len());
        let mut is_known = left.is_some();
        for element in list {
            match self.item(element) {
                Item::Scalar(scalar) => elements.push(scalar),
                Item::Table(found) if list.len() == 1 => table = Some(found),
                Item::Table(_) => self.mismatch(element.span, "a table must stand alone in the list"),
                Item::Graph(_) | Item::Tables(_) => self.mismatch(element.span, "a value belongs here"),
                Item::Unknown => is_known = false,
            }
        }
        let (Some(left), true) = (left, is_known) else {
            return Some(self.of_type(Type::Bool, span));
        };
        let kind = match (*operator, table) {
            (
                ListOperator::In {
                    is_case_sensitive,
                    is_negated,
                },
                table,
            ) => {
                if !is_case_sensitive && left.ty != Type::String && left.ty != Type::Dynamic {
                    self.mismatch(*operator_span, format!("`in~` compares texts, and this is {}", left.ty));
                    return None;
                }
                match table {
                    Some(table) => {
                        let left = self.looked_for(left, &table);
                        ScalarKind::InTable {
                            left: Box::new(left),
                            table,
                            is_case_sensitive,
                            is_negated,
                        }
                    }
                    None => ScalarKind::In {
                        list: elements
                            .into_iter()
                            .map(|element| self.element(left.ty, element))
                            .collect(),
                        left: Box::new(left),
                        is_case_sensitive,
                        is_negated,
                    },
                }
            }
            (operator @ (ListOperator::HasAny | ListOperator::HasAll), table) => {
                if left.ty != Type::String && left.ty != Type::Dynamic {
                    let symbol = operator_span.text(self.text).to_owned();
                    self.mismatch(
                        *operator_span,
                        format!("`{symbol}` looks into texts, and this is {}", left.ty),
                    );
                    return None;
                }
                let all = operator == ListOperator::HasAll;
                match table {
                    Some(table) => ScalarKind::HasAnyTable {
                        left: Box::new(left),
                        table,
                        all,
                    },
                    None => ScalarKind::HasAny {
                        left: Box::new(left),
                        list: elements,
                        all,
                    },
                }
            }
        };
        Some(Scalar {
            kind,
            ty: Type::Bool,
            span,
        })
    }

    /// What is looked for in a table, as the type of the table's first column.
    fn looked_for(&mut self, left: Scalar, table: &Tabular) -> Scalar {
        match table.columns.first() {
            Some(column) if column.ty != left.ty && coerce::promotes(left.ty, column.ty) => coerce::to(left, column.ty),
            _ => left,
        }
    }

    /// The column itself, where an operator takes nothing else.
    pub fn plain_column(&mut self, expr: &Expr) -> Option<(usize, Scalar)> {
        let scalar = self.scalar(expr)?;
        match scalar.kind {
            ScalarKind::Column(index) if names::is_column(expr) => Some((index, scalar)),
            _ => {
                self.mismatch(expr.span, "a column belongs here");
                None
            }
        }
    }
}

enum Step<'e> {
    Key(&'e Name),
    Index(&'e Expr),
}

enum Special {
    Scalar(Scalar),
    Unknown,
    No,
}

/// One tree of little depth over many operands of `and` or `or`.
pub(crate) fn balanced(mut operands: Vec<Scalar>, is_and: bool) -> Option<Scalar> {
    while operands.len() > 1 {
        let mut halved = Vec::with_capacity(operands.len().div_ceil(2));
        let mut rest = operands.into_iter();
        while let Some(left) = rest.next() {
            let Some(right) = rest.next() else {
                halved.push(left);
                break;
            };
            let span = left.span.to(right.span);
            let (left, right) = (Box::new(left), Box::new(right));
            halved.push(Scalar {
                kind: if is_and {
                    ScalarKind::And(left, right)
                } else {
                    ScalarKind::Or(left, right)
                },
                ty: Type::Bool,
                span,
            });
        }
        operands = halved;
    }
    operands.pop()
}
