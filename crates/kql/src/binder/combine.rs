//! `join`, `lookup` and `union`: tables put together.

use std::sync::Arc;

use crate::ast::{BinaryOperator, Expr, ExprKind, Name, Operator, Parameter};
use crate::ir::{JoinKind, Op, Scalar, Tabular};
use crate::schema::Found;
use crate::{Code, Column, Diagnostic, Span, Type, Value};

use super::project::matches_pattern;
use super::projection::{UniqueNames, make_unique};
use super::scope::{Columns, Row, Variable};
use super::source::column_value;
use super::{Binder, Item, coerce, constant, names, tabular};

/// Pairs of keys, and which columns they are where they are plain columns.
struct Keys {
    on: Vec<(Scalar, Scalar)>,
    columns: Vec<(usize, usize)>,
}

/// One table of a union.
pub(crate) struct Part {
    pub table: Arc<Tabular>,
    /// What `withsource` calls it.
    pub source: String,
}

impl Binder<'_> {
    /// The text of a parameter of an operator: `kind=inner`, `withsource="a"`.
    pub fn parameter<'p>(&self, parameters: &'p [Parameter], name: &str) -> Option<(String, &'p Expr)> {
        let parameter = parameters
            .iter()
            .find(|parameter| parameter.name.text.eq_ignore_ascii_case(name))?;
        let text = match &parameter.value.kind {
            ExprKind::Name(name) => name.text.clone(),
            ExprKind::Literal(Value::String(text)) => text.clone(),
            ExprKind::Literal(Value::Bool(value)) => value.to_string(),
            _ => parameter.value.span.text(self.text).to_owned(),
        };
        Some((text, &parameter.value))
    }

    fn join_kind(&mut self, operator: &Operator, default: JoinKind) -> Option<JoinKind> {
        let Some((kind, place)) = self.parameter(&operator.parameters, "kind") else {
            return Some(default);
        };
        Some(match kind.as_str() {
            "innerunique" => JoinKind::InnerUnique,
            "inner" => JoinKind::Inner,
            "leftouter" => JoinKind::LeftOuter,
            "rightouter" => JoinKind::RightOuter,
            "fullouter" => JoinKind::FullOuter,
            "leftsemi" => JoinKind::LeftSemi,
            "rightsemi" => JoinKind::RightSemi,
            "anti" | "leftanti" | "leftantisemi" => JoinKind::LeftAnti,
            "rightanti" | "rightantisemi" => JoinKind::RightAnti,
            _ => {
                let message = format!("no kind of join is called `{kind}`");
                self.error(Code::Arguments, place.span, message);
                return None;
            }
        })
    }

    pub fn join(&mut self, left: Arc<Tabular>, right: &Expr, on: &[Expr], operator: &Operator) -> Item {
        let right = self.with_row(Row::None, |binder| binder.table(right));
        let kind = self.join_kind(operator, JoinKind::InnerUnique);
        let is_default = self.parameter(&operator.parameters, "kind").is_none();
        let right = right.unwrap_or_else(|| {
            self.is_incomplete = true;
            super::pipe::unknown_table(operator.span)
        });
        if on.is_empty() {
            let diagnostic = Diagnostic::error(Code::Arguments, operator.keyword, "`join` needs `on`");
            self.report(diagnostic.with_hint("`on a` or `on $left.a == $right.b`"));
        }
        let keys = self.join_keys(&left, &right, on);
        let Some(kind) = kind else { return Item::Unknown };
        if kind == JoinKind::InnerUnique {
            if is_default {
                let message = "without `kind`, `join` keeps one row of the left side for each key";
                let diagnostic = Diagnostic::warning(Code::Suspicious, operator.keyword, message);
                self.report(diagnostic.with_hint("write `kind=inner` to keep them all"));
            }
            self.mark("innerunique", operator.keyword);
        }
        let mut columns = match kind {
            JoinKind::LeftSemi | JoinKind::LeftAnti => left.columns.clone(),
            JoinKind::RightSemi | JoinKind::RightAnti => right.columns.clone(),
            _ => left.columns.iter().chain(&right.columns).cloned().collect(),
        };
        if !self.check_columns(columns.len(), operator.span) {
            return Item::Unknown;
        }
        make_unique(&mut columns);
        let is_open = match kind {
            JoinKind::LeftSemi | JoinKind::LeftAnti => left.is_open,
            JoinKind::RightSemi | JoinKind::RightAnti => right.is_open,
            _ => left.is_open || right.is_open,
        };
        Item::Table(Arc::new(Tabular {
            columns,
            op: Op::Join {
                kind,
                left,
                right,
                on: keys.on,
            },
            span: self.at(operator.span),
            is_open,
        }))
    }

    pub fn lookup(&mut self, left: Arc<Tabular>, right: &Expr, on: &[Expr], operator: &Operator) -> Item {
        let right = self.with_row(Row::None, |binder| binder.table(right));
        let kind = self.join_kind(operator, JoinKind::LeftOuter);
        let right = right.unwrap_or_else(|| {
            self.is_incomplete = true;
            super::pipe::unknown_table(operator.span)
        });
        if on.is_empty() {
            self.error(Code::Arguments, operator.keyword, "`lookup` needs `on`");
        }
        let keys = self.join_keys(&left, &right, on);
        let kind = match kind {
            Some(kind @ (JoinKind::LeftOuter | JoinKind::Inner)) => kind,
            Some(_) => {
                self.error(
                    Code::Arguments,
                    operator.keyword,
                    "the kind of `lookup` is leftouter or inner",
                );
                return Item::Unknown;
            }
            None => return Item::Unknown,
        };
        let span = self.at(operator.span);
        let mut joined: Vec<Column> = left.columns.iter().chain(&right.columns).cloned().collect();
        if !self.check_columns(joined.len(), operator.span) {
            return Item::Unknown;
        }
        let width = left.columns.len();
        let kept: Vec<usize> = (0..joined.len())
            .filter(|index| *index < width || !keys.columns.iter().any(|(_, right)| *right == index - width))
            .collect();
        let mut columns: Vec<Column> = kept.iter().map(|index| joined[*index].clone()).collect();
        make_unique(&mut columns);
        make_unique(&mut joined);
        let values = kept
            .iter()
            .map(|index| column_value(*index, joined[*index].ty, span))
            .collect();
        let is_open = left.is_open || right.is_open;
        let op = Op::Join {
            kind,
            left,
            right,
            on: keys.on,
        };
        let input = tabular(joined, op, span);
        Item::Table(Arc::new(Tabular {
            columns,
            op: Op::Project { input, values },
            span,
            is_open,
        }))
    }

    /// `on a, $left.b == $right.c`.
    fn join_keys(&mut self, left: &Tabular, right: &Tabular, on: &[Expr]) -> Keys {
        let sides = (
            std::rc::Rc::new(Columns::new(left.columns.clone(), left.is_open)),
            std::rc::Rc::new(Columns::new(right.columns.clone(), right.is_open)),
        );
        let mut keys = Keys {
            on: Vec::new(),
            columns: Vec::new(),
        };
        self.with_row(Row::Sides(sides.0.clone(), sides.1.clone()), |binder| {
            for expr in on {
                binder.note_caret(expr.span);
                binder.join_key(&sides.0, &sides.1, expr, &mut keys);
            }
        });
        keys
    }

    fn join_key(&mut self, left: &Columns, right: &Columns, expr: &Expr, keys: &mut Keys) {
        match &names::bare(expr).kind {
            ExprKind::Name(name) => {
                let found = (self.side_column(left, name), self.side_column(right, name));
                let (Some(a), Some(b)) = found else { return };
                if a.1 != b.1 {
                    let message = format!("`{}` is {} on the left and {} on the right", name.text, a.1, b.1);
                    self.mismatch(name.span, message);
                    return;
                }
                self.push_key(keys, a, b, expr.span);
            }
            ExprKind::Binary {
                operator: BinaryOperator::And,
                left: first,
                right: second,
                ..
            } => {
                self.join_key(left, right, first, keys);
                self.join_key(left, right, second, keys);
            }
            ExprKind::Binary {
                operator: BinaryOperator::Equal,
                left: first,
                right: second,
                ..
            } => {
                let (first, second) = (side(first), side(second));
                let (a, b) = match (first, second) {
                    (Some(("$left", a)), Some(("$right", b))) | (Some(("$right", b)), Some(("$left", a))) => (a, b),
                    _ => {
                        self.wrong_key(expr.span);
                        return;
                    }
                };
                let found = (self.side_column(left, a), self.side_column(right, b));
                let (Some(a), Some(b)) = found else { return };
                let is_dynamic = a.1 == Type::Dynamic || b.1 == Type::Dynamic;
                let is_same = a.1 == b.1 || (a.1.is_integer() && b.1.is_integer());
                if is_dynamic || !is_same {
                    let message = match is_dynamic {
                        true => "tables cannot be joined on dynamic values".to_owned(),
                        false => format!("tables cannot be joined on {} and {}", a.1, b.1),
                    };
                    let diagnostic = Diagnostic::error(Code::TypeMismatch, expr.span, message);
                    self.report(diagnostic.with_hint("convert the key with `extend` before the join"));
                    return;
                }
                self.push_key(keys, a, b, expr.span);
            }
            ExprKind::Error => {}
            _ => self.wrong_key(expr.span),
        }
    }

    fn wrong_key(&mut self, span: Span) {
        let message = "tables are joined on columns of both, or on `$left.a == $right.b`";
        self.error(Code::Syntax, span, message);
    }

    fn push_key(&mut self, keys: &mut Keys, left: (usize, Type), right: (usize, Type), span: Span) {
        let span = self.at(span);
        let ty = coerce::widest(left.1, right.1);
        let a = coerce::to(column_value(left.0, left.1, span), ty);
        let b = coerce::to(column_value(right.0, right.1, span), ty);
        keys.on.push((a, b));
        keys.columns.push((left.0, right.0));
    }

    fn side_column(&mut self, side: &Columns, name: &Name) -> Option<(usize, Type)> {
        let found = side.find(&name.text);
        if found.is_none() {
            if side.is_open {
                self.is_incomplete = true;
            } else {
                let known: Vec<&str> = side.columns.iter().map(|column| column.name.as_str()).collect();
                self.unknown_name("column", &name.text, name.span, &known);
            }
        }
        found
    }

    /// `union`, behind a pipe or at the begin of a query.
    pub fn union(&mut self, input: Option<Arc<Tabular>>, exprs: &[Expr], operator: &Operator) -> Item {
        let is_fuzzy = self
            .parameter(&operator.parameters, "isfuzzy")
            .is_some_and(|(text, _)| text == "true");
        let with_source = self
            .parameter(&operator.parameters, "withsource")
            .or_else(|| self.parameter(&operator.parameters, "with_source"));
        let kind = self.parameter(&operator.parameters, "kind");
        let is_inner = match kind {
            None => false,
            Some((kind, _)) if kind == "outer" => false,
            Some((kind, _)) if kind == "inner" => true,
            Some((kind, place)) => {
                let message = format!("the kind of `union` is inner or outer, not `{kind}`");
                self.error(Code::Arguments, place.span, message);
                false
            }
        };
        let mut parts: Vec<Part> = Vec::new();
        if let Some(table) = input {
            let source = source_name(&table).unwrap_or_else(|| "union_arg0".to_owned());
            parts.push(Part { table, source });
        }
        let mut is_known = true;
        for expr in exprs {
            is_known &= self.with_row(Row::None, |binder| binder.add_part(&mut parts, expr, is_fuzzy));
        }
        if parts.is_empty() {
            if is_known {
                self.error(
                    Code::UnknownName,
                    operator.keyword,
                    "none of the tables of this `union` exists",
                );
            }
            return Item::Unknown;
        }
        if !is_known {
            self.is_incomplete = true;
        }
        let source = with_source.map(|(name, _)| name);
        self.union_of(parts, source.as_deref(), is_inner, operator.span)
    }

    /// Adds the tables of one item; false if they are not known.
    pub fn add_part(&mut self, parts: &mut Vec<Part>, expr: &Expr, is_fuzzy: bool) -> bool {
        let bare = names::bare(expr);
        let pattern = match &bare.kind {
            ExprKind::Star => Some("*"),
            ExprKind::Wildcard(pattern) => Some(pattern.as_str()),
            ExprKind::Name(name) if name.text.contains('*') && !name.is_quoted => Some(name.text.as_str()),
            _ => None,
        };
        if let Some(pattern) = pattern {
            let before = parts.len();
            for table in self.schema.tables() {
                if matches_pattern(&table.name, pattern) && matches!(self.schema.table(&table.name), Found::Yes(_)) {
                    parts.push(Part {
                        table: self.schema_table(&table, expr.span),
                        source: table.name.clone(),
                    });
                }
            }
            for view in self.scope.views(pattern) {
                if let Item::Table(table) = self.expand(&view, &[], expr.span) {
                    parts.push(Part {
                        table,
                        source: view.name.clone(),
                    });
                }
            }
            if parts.len() == before && !is_fuzzy {
                self.error(Code::UnknownName, expr.span, format!("no table matches `{pattern}`"));
            }
            return true;
        }
        if is_fuzzy && let ExprKind::Name(name) = &beginning(bare).kind {
            let is_known = self.scope.find(&name.text).is_some()
                || matches!(self.schema.table(&name.text), Found::Yes(_))
                || self.schema.stored_function(&name.text).is_some()
                || self.schema.table_function(&name.text).is_some();
            if !is_known {
                let message = format!("there is no table `{}`, so the union goes without it", name.text);
                self.warning(Code::Suspicious, name.span, message);
                return true;
            }
        }
        let Some(table) = self.table(expr) else { return false };
        let is_view = matches!(&bare.kind, ExprKind::Name(name)
            if matches!(self.scope.find(&name.text), Some(Variable::Function(function)) if function.function.is_view));
        let source = match (&bare.kind, source_name(&table)) {
            (ExprKind::Name(name), _) if is_view => name.text.clone(),
            (_, Some(source)) => source,
            (_, None) => format!("union_arg{}", parts.len()),
        };
        parts.push(Part { table, source });
        true
    }

    /// Puts tables under one another: columns of one name and type are one column.
    pub fn union_of(&mut self, parts: Vec<Part>, source: Option<&str>, is_inner: bool, span: Span) -> Item {
        let span = self.at(span);
        let tables: Vec<&[Column]> = parts.iter().map(|part| part.table.columns.as_slice()).collect();
        let mut unified = unify(&tables);
        if is_inner {
            unified.retain(|(name, ty, _)| {
                tables
                    .iter()
                    .all(|columns| columns.iter().any(|column| column.name == *name && column.ty == *ty))
            });
        }
        let is_open = parts.iter().any(|part| part.table.is_open);
        let mut columns: Vec<Column> = Vec::with_capacity(unified.len() + 1);
        columns.extend(source.map(|source| Column::new(source, Type::String)));
        columns.extend(unified.iter().map(|(_, ty, name)| Column::new(name.clone(), *ty)));
        make_unique(&mut columns);
        let cells = (columns.len() * parts.len()) as u64;
        if !self.check_columns(columns.len(), span) || !self.count_nodes(cells, span) {
            return Item::Unknown;
        }
        let mut inputs = Vec::with_capacity(parts.len());
        for part in parts {
            let is_same = source.is_none()
                && part.table.columns.len() == unified.len()
                && part
                    .table
                    .columns
                    .iter()
                    .zip(&columns)
                    .all(|(known, column)| known == column);
            if is_same {
                inputs.push(part.table);
                continue;
            }
            let row = Columns::new(part.table.columns.clone(), false);
            let mut values = Vec::with_capacity(columns.len());
            values.extend(source.map(|_| constant::string(part.source.clone(), span)));
            for (name, ty, _) in &unified {
                values.push(match row.find(name) {
                    Some((index, known)) if known == *ty => column_value(index, *ty, span),
                    _ => missing(*ty, span),
                });
            }
            let op = Op::Project {
                input: part.table,
                values,
            };
            inputs.push(tabular(columns.clone(), op, span));
        }
        Item::Table(Arc::new(Tabular {
            columns,
            op: Op::Union { inputs },
            span,
            is_open,
        }))
    }
}

/// What a query over a table begins with.
fn beginning(mut expr: &Expr) -> &Expr {
    while let ExprKind::Pipe { source, .. } = &expr.kind {
        expr = names::bare(source);
    }
    expr
}

/// What a column holds that a table does not have.
pub(crate) fn missing(ty: Type, span: Span) -> Scalar {
    let value = if ty == Type::String {
        Value::String(String::new())
    } else {
        Value::Null(ty)
    };
    constant::scalar(value, span)
}

/// Name, type and name in the union, of the columns of several tables: one for each name and type, under the name
/// `a_long` where a name has several types.
pub(crate) fn unify(tables: &[&[Column]]) -> Vec<(String, Type, String)> {
    let mut order: Vec<&str> = Vec::new();
    let mut types: std::collections::HashMap<&str, Vec<Type>> = std::collections::HashMap::new();
    for column in tables.iter().flat_map(|columns| columns.iter()) {
        let known = types.entry(&column.name).or_insert_with(|| {
            order.push(&column.name);
            Vec::new()
        });
        if !known.contains(&column.ty) {
            known.push(column.ty);
        }
    }
    let mut unique = UniqueNames::default();
    let mut unified = Vec::with_capacity(order.len());
    for name in order {
        let known = &types[name];
        for ty in known {
            let suggested = if known.len() > 1 {
                format!("{name}_{ty}")
            } else {
                name.to_owned()
            };
            unified.push((name.to_owned(), *ty, unique.add(&suggested, None)));
        }
    }
    unified
}

/// The table whose rows these are, if it is one.
pub(crate) fn source_name(table: &Tabular) -> Option<String> {
    let mut table = table;
    loop {
        table = match &table.op {
            Op::Table { name } => return Some(name.clone()),
            Op::Where { input, .. } | Op::Project { input, .. } | Op::Take { input, .. } => input,
            _ => return None,
        };
    }
}

/// `$left.a`.
fn side(expr: &Expr) -> Option<(&str, &Name)> {
    match &names::bare(expr).kind {
        ExprKind::Member { base, name } => match &base.kind {
            ExprKind::Name(side) => Some((side.text.as_str(), name)),
            _ => None,
        },
        _ => None,
    }
}
