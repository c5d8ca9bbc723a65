//! Where rows come from: tables, `datatable`, `range`, `print`, and functions that take or give tables.

use std::sync::Arc;

use crate::ast::{Argument, ColumnDeclaration, Expr, ExprKind, Name, Operator, OperatorKind};
use crate::ir::{Binary, Op, Scalar, ScalarKind, Tabular};
use crate::schema::{Found, Table};
use crate::{Code, Column, Diagnostic, Span, Type, Value};

use super::call::Bound;
use super::scope::Row;
use super::{Binder, Item, coerce, constant, tabular};

impl Binder<'_> {
    /// A table of the schema.
    pub fn schema_table(&mut self, table: &Table, span: Span) -> Arc<Tabular> {
        self.note_table(&table.name);
        let op = Op::Table {
            name: table.name.clone(),
        };
        tabular(table.columns.clone(), op, self.at(span))
    }

    pub fn note_table(&mut self, name: &str) {
        if let Err(place) = self.marks.tables.binary_search_by(|known| known.as_str().cmp(name)) {
            self.marks.tables.insert(place, name.to_owned());
        }
    }

    /// Columns as they are declared; names must differ.
    pub fn declared_columns(&mut self, declarations: &[ColumnDeclaration]) -> Vec<Column> {
        let mut seen = std::collections::HashSet::new();
        for declaration in declarations {
            if !seen.insert(declaration.name.text.as_str()) {
                self.duplicate(&declaration.name.text, declaration.name.span);
            }
        }
        declarations
            .iter()
            .map(|declaration| Column::new(declaration.name.text.clone(), declaration.ty))
            .collect()
    }

    #[inline(never)]
    pub fn datatable(&mut self, columns: &[ColumnDeclaration], values: &[Expr], span: Span) -> Item {
        let columns = self.declared_columns(columns);
        if columns.is_empty() || !self.check_columns(columns.len(), span) {
            return Item::Unknown;
        }
        if !values.len().is_multiple_of(columns.len()) {
            self.error(
                Code::Arguments,
                span,
                format!(
                    "the number of values must be a multiple of {}, the number of columns",
                    columns.len()
                ),
            );
            return Item::Unknown;
        }
        let mut rows = Vec::with_capacity(values.len() / columns.len());
        for row in values.chunks(columns.len()) {
            let mut bound = Vec::with_capacity(row.len());
            for (value, column) in row.iter().zip(&columns) {
                let value = self.with_row(Row::None, |binder| binder.scalar(value));
                bound.push(match value {
                    Some(value) => cell(value, column.ty),
                    None => self.of_type(column.ty, span),
                });
            }
            rows.push(bound);
        }
        Item::table(columns, Op::Rows { rows }, span)
    }

    /// `externaldata(...)[...]`: only sources that the administrator named.
    pub fn external(&mut self, columns: &[ColumnDeclaration], uris: &[Expr], span: Span) -> Item {
        let columns = self.declared_columns(columns);
        let name = match uris {
            [uri] => self.scalar(uri).and_then(|uri| constant::text(&uri).map(str::to_owned)),
            _ => None,
        };
        let Some(table) = name.as_deref().and_then(|name| self.schema.external(name)) else {
            let message = "`externaldata` reads no address that the administrator has not named as a source; it";
            self.unsupported(span, message);
            return Item::Unknown;
        };
        self.external_table(&table, Some(columns), span)
    }

    /// Rows of a named source, with the columns that the query declares.
    fn external_table(&mut self, table: &Table, declared: Option<Vec<Column>>, span: Span) -> Item {
        let span = self.at(span);
        self.note_table(&table.name);
        let op = Op::External {
            name: table.name.clone(),
        };
        let source = tabular(table.columns.clone(), op, span);
        let Some(columns) = declared else {
            return Item::Table(source);
        };
        let mut values = Vec::with_capacity(columns.len());
        for (index, column) in columns.iter().enumerate() {
            // By name where the names agree, else by place, as files without a header are read.
            let found = table
                .columns
                .iter()
                .position(|known| known.name == column.name)
                .unwrap_or(index);
            let Some(known) = table.columns.get(found) else {
                self.error(
                    Code::UnknownName,
                    span,
                    format!("the source has no column `{}`", column.name),
                );
                return Item::Unknown;
            };
            values.push(coerce::to(column_value(found, known.ty, span), column.ty));
        }
        Item::table(columns, Op::Project { input: source, values }, span)
    }

    /// An operator that begins a query.
    pub fn source(&mut self, operator: &Operator) -> Item {
        let aggregates = self.aggregates.take();
        let item = self.with_row(Row::None, |binder| match &operator.kind {
            OperatorKind::Print(exprs) => binder.print(exprs, operator.span),
            OperatorKind::Range { name, from, to, step } => binder.range(name, from, to, step, operator.span),
            _ => binder.further_source(operator),
        });
        self.aggregates = aggregates;
        item
    }

    fn range(&mut self, name: &Name, from: &Expr, to: &Expr, step: &Expr, span: Span) -> Item {
        let (from, to, step_value) = (self.scalar(from), self.scalar(to), self.scalar(step));
        let (Some(from), Some(to), Some(step_value)) = (from, to, step_value) else {
            return Item::Unknown;
        };
        for part in [&from, &to, &step_value] {
            if !(part.ty.is_numeric() || matches!(part.ty, Type::DateTime | Type::TimeSpan)) {
                self.mismatch(
                    part.span,
                    format!("`range` counts numbers and times, and this is {}", part.ty),
                );
                return Item::Unknown;
            }
        }
        if constant::integer(&step_value) == Some(0) {
            self.error(Code::Arguments, step.span, "the step of `range` must not be 0");
            return Item::Unknown;
        }
        let Some(ends) = coerce::common(from.ty, to.ty) else {
            self.mismatch(to.span, format!("`range` goes from {} to {}", from.ty, to.ty));
            return Item::Unknown;
        };
        let ty = if ends == Type::Int && step_value.ty == Type::Int {
            Type::Int
        } else {
            let sample = constant::scalar(Value::Null(ends), step.span);
            match self.binary(Binary::Add, sample, step_value.clone(), step.span) {
                Some(sum) => sum.ty,
                None => return Item::Unknown,
            }
        };
        let step = if step_value.ty.is_numeric() {
            coerce::to(step_value, ty)
        } else {
            step_value
        };
        let op = Op::Range {
            from: coerce::to(from, ty),
            to: coerce::to(to, ty),
            step,
        };
        Item::table(vec![Column::new(name.text.clone(), ty)], op, self.at(span))
    }

    /// Functions that the grammar treats apart: they take or give tables, or look at names of columns.
    #[inline(never)]
    pub fn special_call(&mut self, name: &Name, arguments: &[Argument], span: Span) -> Option<Item> {
        let item = match name.text.as_str() {
            "toscalar" => self.first_value(name, arguments, span),
            "totable" => self.only_table(name, arguments),
            "materialize" => self.materialize(name, arguments, span),
            "table" => self.table_by_name(name, arguments),
            "external_table" => self.external_by_name(name, arguments, span),
            "column_ifexists" | "columnifexists" => self.column_if_exists(name, arguments, span),
            "column_names_of" => self.column_names(name, arguments, span),
            "pack_all" => self.pack_all(arguments, span),
            "bag_pack_columns" => self.pack_columns(name, arguments, span),
            "cluster" | "database" => {
                self.unsupported(span, format!("`{}(...)`: Postern has one database, and it", name.text));
                Item::Unknown
            }
            _ => return None,
        };
        Some(item)
    }

    fn only_table(&mut self, name: &Name, arguments: &[Argument]) -> Item {
        let [argument] = arguments else {
            self.error(Code::Arguments, name.span, format!("`{}` takes one table", name.text));
            return Item::Unknown;
        };
        match self.body_or_item(&argument.value) {
            Item::Scalar(_) => {
                self.mismatch(argument.value.span, format!("`{}` takes a table", name.text));
                Item::Unknown
            }
            item => item,
        }
    }

    /// An argument that may be written as a function's body: `toscalar({ ... })`.
    fn body_or_item(&mut self, expr: &Expr) -> Item {
        match &expr.kind {
            ExprKind::Function(function) => self.body(function),
            _ => self.item(expr),
        }
    }

    fn first_value(&mut self, name: &Name, arguments: &[Argument], span: Span) -> Item {
        // `toscalar(kind=nooptimization query)` says how, not what.
        let mut queries = arguments.iter().filter(|argument| argument.name.is_none());
        let (Some(query), None) = (queries.next(), queries.next()) else {
            self.error(Code::Arguments, name.span, "`toscalar` takes one table");
            return Item::Unknown;
        };
        let span = self.at(span);
        let aggregates = self.aggregates.take();
        let item = self.with_row(Row::None, |binder| binder.body_or_item(&query.value));
        self.aggregates = aggregates;
        match item {
            Item::Table(table) => {
                let Some(column) = table.columns.first() else {
                    return Item::Unknown;
                };
                if self.poisoned.contains(&column.name) {
                    return Item::Unknown;
                }
                Item::Scalar(Scalar {
                    ty: column.ty,
                    kind: ScalarKind::ToScalar(table),
                    span,
                })
            }
            item => item,
        }
    }

    fn materialize(&mut self, name: &Name, arguments: &[Argument], span: Span) -> Item {
        let [argument] = arguments else {
            self.error(Code::Arguments, name.span, "`materialize` takes one table");
            return Item::Unknown;
        };
        match self.body_or_item(&argument.value) {
            Item::Table(input) => {
                let id = self.materialized;
                self.materialized += 1;
                let span = self.at(span);
                Item::Table(super::pipe::same_columns(
                    input,
                    |input| Op::Materialize { id, input },
                    span,
                ))
            }
            item => item,
        }
    }

    /// A text that must be known when the query is bound.
    fn constant_text(&mut self, name: &Name, arguments: &[Argument], position: usize) -> Option<String> {
        let Some(argument) = arguments.get(position) else {
            self.error(Code::Arguments, name.span, format!("`{}` takes a name", name.text));
            return None;
        };
        let scalar = self.scalar(&argument.value)?;
        let text = constant::text(&scalar).map(str::to_owned);
        if text.is_none() {
            let message = format!("`{}` takes a constant text here", name.text);
            self.error(Code::Arguments, argument.value.span, message);
        }
        text
    }

    fn table_by_name(&mut self, name: &Name, arguments: &[Argument]) -> Item {
        let Some(table) = self.constant_text(name, arguments, 0) else {
            return Item::Unknown;
        };
        let name = Name {
            text: table,
            span: name.span,
            is_quoted: true,
        };
        match self.schema.table(&name.text) {
            Found::Yes(table) => Item::Table(self.schema_table(&table, name.span)),
            Found::NotHere(why) => {
                self.error(Code::LaterPhase, name.span, why);
                Item::Unknown
            }
            Found::No => {
                let tables = self.schema.tables();
                let known: Vec<&str> = tables.iter().map(|table| table.name.as_str()).collect();
                self.unknown_name("table", &name.text, name.span, &known);
                Item::Unknown
            }
        }
    }

    fn external_by_name(&mut self, name: &Name, arguments: &[Argument], span: Span) -> Item {
        let Some(source) = self.constant_text(name, arguments, 0) else {
            return Item::Unknown;
        };
        match self.schema.external(&source) {
            Some(table) => self.external_table(&table, None, span),
            None => {
                self.unknown_name("named source", &source, span, &[]);
                Item::Unknown
            }
        }
    }

    fn column_if_exists(&mut self, name: &Name, arguments: &[Argument], span: Span) -> Item {
        if arguments.len() != 2 {
            let message = format!("`{}` takes the name of a column and a value", name.text);
            self.error(Code::Arguments, name.span, message);
            return Item::Unknown;
        }
        let Some(column) = self.constant_text(name, arguments, 0) else {
            return Item::Unknown;
        };
        let other = self.scalar(&arguments[1].value);
        let found = self.row.columns().and_then(|row| row.find(&column));
        match (found, other) {
            (Some((index, ty)), _) => Item::Scalar(column_value(index, ty, self.at(span))),
            (None, Some(other)) if self.row.columns().is_some_and(|row| row.is_open) => {
                Item::Scalar(self.of_type(other.ty, span))
            }
            (None, Some(other)) => Item::Scalar(other),
            (None, None) => Item::Unknown,
        }
    }

    fn column_names(&mut self, name: &Name, arguments: &[Argument], span: Span) -> Item {
        match self.only_table(name, arguments) {
            Item::Table(table) => {
                let names: Vec<String> = table.columns.iter().map(|column| json_text(&column.name)).collect();
                let json = Value::Dynamic(format!("[{}]", names.join(",")));
                Item::Scalar(constant::scalar(json, self.at(span)))
            }
            item => item,
        }
    }

    fn pack_all(&mut self, arguments: &[Argument], span: Span) -> Item {
        let ignores = match arguments {
            [] => false,
            [argument] => match self.scalar(&argument.value).as_ref().and_then(constant::value) {
                Some(Value::Bool(ignores)) => *ignores,
                _ => {
                    self.error(Code::Arguments, argument.value.span, "`pack_all` takes true or false");
                    return Item::Unknown;
                }
            },
            _ => {
                self.error(Code::Arguments, span, "`pack_all` takes one argument at most");
                return Item::Unknown;
            }
        };
        let Some(row) = self.row.columns().cloned() else {
            return Item::Scalar(constant::scalar(Value::Dynamic("{}".to_owned()), self.at(span)));
        };
        if row.is_open {
            return Item::Scalar(self.of_type(Type::Dynamic, span));
        }
        let at = self.at(span);
        if !self.count_nodes(2 * row.columns.len() as u64, span) {
            return Item::Unknown;
        }
        let mut values = Vec::with_capacity(2 * row.columns.len() + 1);
        // `pack_all(true)` has a kernel of its own, which leaves out nulls and empty texts.
        let function = if ignores { "pack_all" } else { "bag_pack" };
        for (index, column) in row.columns.iter().enumerate() {
            values.push(constant::string(column.name.clone(), at));
            values.push(column_value(index, column.ty, at));
        }
        Item::Scalar(coerce::call(function, values, Type::Dynamic, at))
    }

    fn pack_columns(&mut self, name: &Name, arguments: &[Argument], span: Span) -> Item {
        let at = self.at(span);
        let mut values = Vec::with_capacity(2 * arguments.len());
        for argument in arguments {
            let Bound::Scalar(scalar) = self.argument(&argument.value) else {
                return Item::Unknown;
            };
            let ScalarKind::Column(index) = scalar.kind else {
                self.mismatch(argument.value.span, format!("`{}` takes columns", name.text));
                return Item::Unknown;
            };
            let column = self
                .row
                .columns()
                .map(|row| row.columns[index].name.clone())
                .unwrap_or_default();
            values.push(constant::string(column, at));
            values.push(scalar);
        }
        if values.is_empty() {
            let diagnostic = Diagnostic::error(Code::Arguments, name.span, format!("`{}` takes columns", name.text));
            self.report(diagnostic);
            return Item::Unknown;
        }
        Item::Scalar(coerce::call("bag_pack", values, Type::Dynamic, at))
    }
}

/// A column of the row.
pub(crate) fn column_value(index: usize, ty: Type, span: Span) -> Scalar {
    Scalar {
        kind: ScalarKind::Column(index),
        ty,
        span,
    }
}

/// A value of a `datatable` as its column's type.
fn cell(value: Scalar, ty: Type) -> Scalar {
    if value.ty == ty {
        return value;
    }
    if let Some(converted) = constant::value(&value).and_then(|value| constant::convert(value, ty)) {
        return constant::scalar(converted, value.span);
    }
    coerce::to(value, ty)
}

/// A text as JSON.
pub(crate) fn json_text(text: &str) -> String {
    let mut json = String::with_capacity(text.len() + 2);
    json.push('"');
    for letter in text.chars() {
        match letter {
            '"' => json.push_str("\\\""),
            '\\' => json.push_str("\\\\"),
            letter if letter < ' ' => json.push_str(&format!("\\u{:04x}", letter as u32)),
            letter => json.push(letter),
        }
    }
    json.push('"');
    json
}
