//! `search` and `find`: one condition over many tables, and over all columns.

use std::collections::HashSet;
use std::sync::Arc;

use crate::ast::{self, BinaryOperator, Expr, ExprKind, FindProject, Operator, StringOperator, StringTest};
use crate::ir::{Op, Scalar, ScalarKind, Tabular};
use crate::{Code, Column, Span, Type, Value};

use super::combine::{Part, missing, unify};
use super::expression::balanced;
use super::projection::UniqueNames;
use super::scope::{Columns, Row};
use super::source::column_value;
use super::{Binder, Item, coerce, constant, names, tabular};

/// What a condition is bound against, besides the table in sight.
struct Search {
    /// Names of columns of all tables that are searched: where a table lacks one, its rows do not match.
    names: HashSet<String>,
    is_case_sensitive: bool,
}

impl Binder<'_> {
    /// `search`: rows of any table in which the words occur; `$table` says where.
    #[inline(never)]
    pub fn search(
        &mut self,
        input: Option<Arc<Tabular>>,
        tables: &[Expr],
        predicate: &Expr,
        operator: &Operator,
    ) -> Item {
        let kind = self.parameter(&operator.parameters, "kind").map(|(kind, _)| kind);
        let is_piped = input.is_some() && tables.is_empty();
        let Some(mut parts) = self.searched(input, tables, operator) else {
            return Item::Unknown;
        };
        if is_piped && let [part] = parts.as_mut_slice() {
            part.source = super::combine::source_name(&part.table).unwrap_or_else(|| "search_arg0".to_owned());
        }
        let search = Search {
            names: column_names(&parts),
            is_case_sensitive: kind.as_deref() == Some("case_sensitive"),
        };
        let found = self.matching(parts, &search, predicate, operator.span);
        self.union_of(found, Some("$table"), false, operator.span)
    }

    /// The tables that are searched: those that are named, or all.
    fn searched(&mut self, input: Option<Arc<Tabular>>, tables: &[Expr], operator: &Operator) -> Option<Vec<Part>> {
        let mut parts = Vec::new();
        if let (Some(table), true) = (input, tables.is_empty()) {
            let source = String::new();
            parts.push(Part { table, source });
            return Some(parts);
        }
        let all = [Expr {
            kind: ExprKind::Star,
            span: operator.keyword,
        }];
        let tables = if tables.is_empty() { &all } else { tables };
        let mut is_known = true;
        for table in tables {
            is_known &= self.with_row(Row::None, |binder| binder.add_part(&mut parts, table, false));
        }
        if !is_known {
            self.is_incomplete = true;
        }
        (!parts.is_empty()).then_some(parts)
    }

    /// Each table with its rows that match.
    fn matching(&mut self, parts: Vec<Part>, search: &Search, predicate: &Expr, span: Span) -> Vec<Part> {
        // The condition is bound once for each table, so that one inside another would be bound for each pair, ...
        if std::mem::replace(&mut self.is_searching, true) {
            self.unsupported(span, "a search inside the condition of another");
            return parts;
        }
        let mut found = Vec::with_capacity(parts.len());
        for part in parts {
            let condition = self.with_row(Row::of(&part.table), |binder| {
                binder.note_caret(predicate.span);
                binder.search_condition(predicate, search)
            });
            let Some(predicate) = condition else {
                self.is_incomplete = true;
                found.push(part);
                continue;
            };
            let span = self.at(span);
            found.push(Part {
                table: super::pipe::same_columns(part.table, |input| Op::Where { input, predicate }, span),
                source: part.source,
            });
        }
        self.is_searching = false;
        found
    }

    /// A condition in which words stand for themselves, and `*` for all columns.
    fn search_condition(&mut self, expr: &Expr, search: &Search) -> Option<Scalar> {
        if !self.enter(expr.span) {
            return None;
        }
        let condition = self.search_condition_inside(expr, search);
        self.leave();
        condition
    }

    fn search_condition_inside(&mut self, expr: &Expr, search: &Search) -> Option<Scalar> {
        let expr = names::bare(expr);
        let span = self.at(expr.span);
        match &expr.kind {
            ExprKind::Binary {
                operator: operator @ (BinaryOperator::And | BinaryOperator::Or),
                left,
                right,
                ..
            } => {
                let (left, right) = (
                    self.search_condition(left, search),
                    self.search_condition(right, search),
                );
                balanced(vec![left?, right?], *operator == BinaryOperator::And)
            }
            ExprKind::Call {
                base: None,
                name,
                arguments,
            } if name.text == "not" && arguments.len() == 1 => {
                let inner = self.search_condition(&arguments[0].value, search)?;
                Some(coerce::call("not", vec![inner], Type::Bool, span))
            }
            ExprKind::Literal(Value::String(word)) => Some(self.any_column(word, search, None, span)),
            ExprKind::Literal(Value::Long(number)) => Some(self.any_column(&number.to_string(), search, None, span)),
            ExprKind::Star => Some(constant::scalar(Value::Bool(true), span)),
            ExprKind::Binary {
                operator: BinaryOperator::String(test),
                operator_span,
                left,
                right,
            } => {
                let is_colon = operator_span.text(self.text) == ":";
                let is_star = names::bare(left).kind == ExprKind::Star;
                match &names::bare(right).kind {
                    ExprKind::Literal(Value::String(word)) if is_star => {
                        Some(self.any_column(word, search, (!is_colon).then_some(*test), span))
                    }
                    ExprKind::Literal(Value::String(word)) if is_colon && !self.lacks(left, search) => {
                        let left = self.scalar(left)?;
                        Some(word_test(
                            coerce::to(left, Type::String),
                            word,
                            search.is_case_sensitive,
                            span,
                        ))
                    }
                    _ => self.leaf(expr, search),
                }
            }
            ExprKind::Binary {
                operator: BinaryOperator::Equal,
                left,
                right,
                ..
            } if names::bare(left).kind == ExprKind::Star => {
                let ExprKind::Literal(Value::String(word)) = &names::bare(right).kind else {
                    return self.leaf(expr, search);
                };
                let test = StringOperator {
                    test: StringTest::Equal,
                    is_case_sensitive: true,
                    is_negated: false,
                };
                Some(self.any_column(word, search, Some(test), span))
            }
            _ => self.leaf(expr, search),
        }
    }

    /// A condition as anywhere else; false where the table lacks a column that another has.
    fn leaf(&mut self, expr: &Expr, search: &Search) -> Option<Scalar> {
        if self.lacks(expr, search) {
            return Some(constant::scalar(Value::Bool(false), self.at(expr.span)));
        }
        self.condition(expr)
    }

    fn lacks(&self, expr: &Expr, search: &Search) -> bool {
        let Some(row) = self.row.columns() else { return false };
        let mut named = Vec::new();
        names_in(expr, &mut named);
        named
            .iter()
            .any(|name| row.find(name).is_none() && search.names.contains(*name))
    }

    /// Whether a word occurs in any column that holds text.
    fn any_column(&self, word: &str, search: &Search, test: Option<StringOperator>, span: Span) -> Scalar {
        let Some(row) = self.row.columns() else {
            return constant::scalar(Value::Bool(false), span);
        };
        let tests: Vec<Scalar> = row
            .columns
            .iter()
            .enumerate()
            .filter(|(_, column)| matches!(column.ty, Type::String | Type::Dynamic))
            .map(|(index, column)| {
                let left = column_value(index, column.ty, span);
                match test {
                    Some(operator) => text(operator, left, word, span),
                    None => word_test(left, word, search.is_case_sensitive, span),
                }
            })
            .collect();
        balanced(tests, false).unwrap_or_else(|| constant::scalar(Value::Bool(false), span))
    }

    /// `* has "x"`: whether a column of the row passes a test.
    pub fn any_column_test(
        &mut self,
        (operator, place, right): (BinaryOperator, Span, &Expr),
        span: Span,
    ) -> Option<Scalar> {
        let right = self.scalar(right)?;
        let row = self.row.columns().cloned();
        let Some(row) = row.filter(|row| !row.is_open) else {
            return Some(self.of_type(Type::Bool, span));
        };
        let is_test = matches!(
            operator,
            BinaryOperator::String(_) | BinaryOperator::Equal | BinaryOperator::NotEqual
        );
        if !is_test {
            self.error(Code::Syntax, place, "`*` stands before tests of texts and `==` only");
            return None;
        }
        let at = self.at(span);
        let mut tests = Vec::new();
        for (index, column) in row.columns.iter().enumerate() {
            let is_text = matches!(column.ty, Type::String | Type::Dynamic);
            let left = column_value(index, column.ty, at);
            match operator {
                BinaryOperator::String(test) if is_text => {
                    let symbol = place.text(self.text).to_owned();
                    tests.push(self.text_test(test, left, right.clone(), place, &symbol)?);
                }
                BinaryOperator::Equal | BinaryOperator::NotEqual if column.ty == right.ty || is_text => {
                    let operator = super::arithmetic::operator(operator)?;
                    tests.push(self.binary(operator, left, right.clone(), place)?);
                }
                _ => {}
            }
        }
        balanced(tests, false).or_else(|| Some(constant::scalar(Value::Bool(false), at)))
    }

    /// `find`: rows of many tables in one shape, what does not fit being packed into a bag.
    #[inline(never)]
    pub fn find(&mut self, find: &ast::Find, operator: &Operator) -> Item {
        let span = self.at(operator.span);
        let source = self.parameter(&operator.parameters, "withsource").map(|(name, _)| name);
        let source = source.unwrap_or_else(|| "source_".to_owned());
        let Some(parts) = self.searched(None, &find.tables, operator) else {
            return Item::Unknown;
        };
        let search = Search {
            names: column_names(&parts),
            is_case_sensitive: false,
        };
        let mut named = Vec::new();
        names_in(&find.predicate, &mut named);
        named.retain(|name| search.names.contains(*name));
        // Only tables that have a column of those that the condition names can match.
        let has_named = |part: &Part| {
            named.is_empty()
                || part
                    .table
                    .columns
                    .iter()
                    .any(|column| named.contains(&column.name.as_str()))
        };
        let parts: Vec<Part> = parts.into_iter().filter(|part| has_named(part)).collect();
        let wanted = self.found_columns(find, &parts, &named);
        let found = self.matching(parts, &search, &find.predicate, operator.span);
        let has_rest = |part: &Part| {
            part.table
                .columns
                .iter()
                .any(|column| !wanted.iter().any(|(name, _, _)| *name == column.name))
        };
        let has_pack = match &find.project {
            FindProject::Columns { has_pack, .. } => *has_pack,
            _ => found.iter().any(has_rest),
        };
        let mut columns = vec![Column::new(source, Type::String)];
        columns.extend(wanted.iter().map(|(_, ty, label)| Column::new(label.clone(), *ty)));
        columns.extend(has_pack.then(|| Column::new("pack_", Type::Dynamic)));
        let is_open = found.iter().any(|part| part.table.is_open);
        let mut inputs = Vec::with_capacity(found.len());
        for part in found {
            let row = Columns::new(part.table.columns.clone(), false);
            let mut values = vec![constant::string(part.source, span)];
            values.extend(wanted.iter().map(|(name, ty, _)| match row.find(name) {
                Some((index, known)) if known == *ty => column_value(index, *ty, span),
                _ => missing(*ty, span),
            }));
            values.extend(has_pack.then(|| packed(&row, &wanted, span)));
            let op = Op::Project {
                input: part.table,
                values,
            };
            inputs.push(tabular(columns.clone(), op, span));
        }
        if inputs.is_empty() {
            return Item::Unknown;
        }
        Item::Table(Arc::new(Tabular {
            columns,
            op: Op::Union { inputs },
            span,
            is_open,
        }))
    }

    /// The columns of `find`'s result: those that are written, or those that all tables have and the condition names.
    fn found_columns(&mut self, find: &ast::Find, parts: &[Part], named: &[&str]) -> Vec<(String, Type, String)> {
        let mut wanted: Vec<String> = Vec::new();
        if let FindProject::Columns { columns, .. } = &find.project {
            for column in columns {
                let ExprKind::Name(name) = &column.kind else {
                    self.mismatch(column.span, "a column belongs here");
                    continue;
                };
                if !parts
                    .iter()
                    .any(|part| part.table.columns.iter().any(|known| known.name == name.text))
                {
                    let known: Vec<&str> = parts
                        .iter()
                        .flat_map(|part| part.table.columns.iter().map(|column| column.name.as_str()))
                        .collect();
                    self.unknown_name("column", &name.text, name.span, &known);
                    continue;
                }
                wanted.push(name.text.clone());
            }
        } else if let Some((first, others)) = parts.split_first() {
            let is_common = |column: &&Column| {
                others
                    .iter()
                    .all(|part| part.table.columns.iter().any(|known| known == *column))
            };
            wanted.extend(
                first
                    .table
                    .columns
                    .iter()
                    .filter(is_common)
                    .map(|column| column.name.clone()),
            );
            wanted.extend(named.iter().map(|name| (*name).to_owned()));
        }
        let mut seen = HashSet::new();
        wanted.retain(|name| seen.insert(name.clone()));
        let tables: Vec<&[Column]> = parts.iter().map(|part| part.table.columns.as_slice()).collect();
        let unified = unify(&tables);
        let mut unique = UniqueNames::default();
        let mut columns = Vec::new();
        for name in wanted {
            for (_, ty, label) in unified.iter().filter(|(known, _, _)| *known == name) {
                columns.push((name.clone(), *ty, unique.add(label, None)));
            }
        }
        columns
    }
}

/// The columns of a row that the result does not have, as a bag.
fn packed(row: &Columns, wanted: &[(String, Type, String)], span: Span) -> Scalar {
    let mut values = Vec::new();
    for (index, column) in row.columns.iter().enumerate() {
        if !wanted
            .iter()
            .any(|(name, ty, _)| *name == column.name && *ty == column.ty)
        {
            values.push(constant::string(column.name.clone(), span));
            values.push(column_value(index, column.ty, span));
        }
    }
    if values.is_empty() {
        return constant::scalar(Value::Dynamic("{}".to_owned()), span);
    }
    coerce::call("bag_pack", values, Type::Dynamic, span)
}

fn column_names(parts: &[Part]) -> HashSet<String> {
    parts
        .iter()
        .flat_map(|part| part.table.columns.iter().map(|column| column.name.clone()))
        .collect()
}

/// A word as `search` takes it: `foo` is a term, `foo*` and `*foo` the begin and the end of one, `*foo*` any part.
fn word_test(left: Scalar, word: &str, is_case_sensitive: bool, span: Span) -> Scalar {
    let inner = word.trim_matches('*');
    let (test, inner) = match (word.starts_with('*'), word.ends_with('*')) {
        (true, true) => (StringTest::Contains, inner),
        (true, false) => (StringTest::HasSuffix, inner),
        (false, true) => (StringTest::HasPrefix, inner),
        (false, false) => (StringTest::Has, word),
    };
    let operator = StringOperator {
        test,
        is_case_sensitive,
        is_negated: false,
    };
    text(operator, left, inner, span)
}

fn text(operator: StringOperator, left: Scalar, word: &str, span: Span) -> Scalar {
    Scalar {
        kind: ScalarKind::Text {
            operator,
            left: Box::new(left),
            right: Box::new(constant::string(word, span)),
        },
        ty: Type::Bool,
        span,
    }
}

/// Names that an expression uses, but those of functions and properties.
fn names_in<'e>(expr: &'e Expr, found: &mut Vec<&'e str>) {
    match &expr.kind {
        ExprKind::Name(name) if found.contains(&name.text.as_str()) => {}
        ExprKind::Name(name) => found.push(&name.text),
        ExprKind::Member { base, .. } => names_in(base, found),
        ExprKind::Index { base, index } => {
            names_in(base, found);
            names_in(index, found);
        }
        ExprKind::Call { arguments, .. } => arguments.iter().for_each(|argument| names_in(&argument.value, found)),
        ExprKind::Negate(inner) | ExprKind::Plus(inner) | ExprKind::Parenthesized(inner) => names_in(inner, found),
        ExprKind::Binary { left, right, .. } => {
            names_in(left, found);
            names_in(right, found);
        }
        ExprKind::List { left, list, .. } => {
            names_in(left, found);
            list.iter().for_each(|element| names_in(element, found));
        }
        ExprKind::Between { left, low, high, .. } => {
            [left, low, high].into_iter().for_each(|part| names_in(part, found));
        }
        _ => {}
    }
}
