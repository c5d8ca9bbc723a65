//! Statements: `let`, functions, options, and the query itself.

use std::rc::Rc;
use std::sync::Arc;

use crate::ast::{
    Argument, Expr, Function, FunctionParameter, Name, Parameter, ParameterType, Script, Statement, StatementKind,
};
use crate::ir::{Op, Output, Query, Render, Scalar, Tabular};
use crate::{Code, Column, Diagnostic, Span, Value};

use super::scope::{Row, UserFunction, Variable};
use super::{Binder, Item, coerce, constant, tabular};

impl Binder<'_> {
    pub fn script(&mut self, script: &Script) -> Option<Query> {
        let mut outputs = Vec::new();
        let mut has_query = false;
        for (place, statement) in script.statements.iter().enumerate() {
            self.note_caret(statement.span);
            if let StatementKind::Query(expr) = &statement.kind {
                has_query = true;
                let results = self.query(expr);
                // Tables of a graph that have names are for the statements that follow.
                if place + 1 == script.statements.len() || !super::graph::only_names_tables(expr) {
                    outputs.extend(results);
                }
            } else {
                self.statement(statement);
            }
        }
        if !has_query {
            let end = Span::new(self.text.len(), self.text.len());
            let has_errors = !self.diagnostics.is_empty();
            if !has_errors {
                self.error(Code::Syntax, end, "there is no query: only `let`s and options");
            }
            return None;
        }
        self.finish_marks(&outputs);
        Some(Query {
            outputs,
            marks: self.marks.clone(),
        })
    }

    /// A query and its results.
    fn query(&mut self, expr: &Expr) -> Vec<Output> {
        self.render = None;
        self.result_name_of_as = None;
        match self.item(expr) {
            Item::Table(table) => {
                if table.is_open {
                    self.is_incomplete = true;
                }
                vec![Output {
                    name: self.result_name_of_as.take().map(|(name, _)| name),
                    table,
                    render: self.render.take(),
                    is_scalar: false,
                }]
            }
            Item::Scalar(value) => {
                let column = Column::new("print_0", value.ty);
                let span = value.span;
                let op = Op::Rows {
                    rows: vec![vec![value]],
                };
                vec![Output {
                    name: None,
                    table: tabular(vec![column], op, span),
                    render: None,
                    is_scalar: true,
                }]
            }
            Item::Tables(outputs) => outputs,
            Item::Graph(graph) => {
                let message = "a graph is no result by itself";
                let diagnostic = Diagnostic::error(Code::TypeMismatch, graph.span, message);
                self.report(diagnostic.with_hint("end with `graph-match` or `graph-to-table`"));
                Vec::new()
            }
            Item::Unknown => {
                self.is_incomplete = true;
                Vec::new()
            }
        }
    }

    /// A statement in front of a query.
    fn statement(&mut self, statement: &Statement) {
        match &statement.kind {
            StatementKind::Let { name, value } => self.let_value(name, value),
            StatementKind::Function { name, function } => {
                let function = UserFunction {
                    name: name.text.clone(),
                    function: Rc::new(function.clone()),
                    scope: self.scope.clone(),
                    is_stored: false,
                };
                self.check_function(&function);
                self.declare_new(name, Variable::Function(Rc::new(function)));
            }
            StatementKind::Query(expr) => {
                self.error(
                    Code::Syntax,
                    expr.span,
                    "a query cannot stand in front of a function's result",
                );
            }
            StatementKind::Set { name, value } => self.set(name, value.as_ref()),
            StatementKind::QueryParameters(parameters) => self.query_parameters(parameters),
            StatementKind::Pattern(declaration) => {
                self.declare_pattern(declaration);
            }
            StatementKind::Other(what) => self.unsupported(statement.span, format!("`{what}`")),
        }
    }

    fn let_value(&mut self, name: &Name, value: &Expr) {
        let before = self.limits.nodes();
        let item = self.with_row(Row::None, |binder| binder.item(value));
        let nodes = self.limits.nodes() - before;
        let variable = match item {
            Item::Scalar(scalar) => Variable::Scalar(scalar, nodes),
            Item::Table(table) => Variable::Table(table, nodes),
            Item::Graph(graph) => Variable::Graph(graph, nodes),
            Item::Tables(_) => {
                self.error(Code::Syntax, value.span, "several tables cannot have one name");
                Variable::Unknown
            }
            Item::Unknown => Variable::Unknown,
        };
        self.declare_new(name, variable);
    }

    /// Options of a request are for the service that the language was made for; those that change results are refused.
    fn set(&mut self, name: &Name, value: Option<&Expr>) {
        const CHANGES_RESULTS: &[&str] = &["query_now", "query_datetimescope_from", "query_datetimescope_to"];
        if let Some(value) = value {
            self.item(value);
        }
        if CHANGES_RESULTS.contains(&name.text.as_str()) {
            self.unsupported(name.span, format!("the option `{}`", name.text));
        }
    }

    fn query_parameters(&mut self, parameters: &[FunctionParameter]) {
        for parameter in parameters {
            let ParameterType::Scalar(ty) = parameter.ty else {
                self.error(
                    Code::Arguments,
                    parameter.name.span,
                    "a parameter of a query is a value, not a table",
                );
                continue;
            };
            let given = self
                .options
                .parameters
                .iter()
                .find(|(name, _)| *name == parameter.name.text);
            let value = match (given, &parameter.default) {
                (Some((_, value)), _) => Some(constant::scalar(value.clone(), self.at(parameter.name.span))),
                (None, Some(default)) => self.scalar(default),
                (None, None) => {
                    let message = format!("the parameter `{}` has no value", parameter.name.text);
                    self.error(Code::Arguments, parameter.name.span, message);
                    None
                }
            };
            let variable = match value {
                Some(value) => Variable::Scalar(coerce::to(value, ty), 1),
                None => Variable::Unknown,
            };
            self.declare_new(&parameter.name, variable);
        }
    }

    /// Looks into the body of a function that may never be called, for its mistakes.
    fn check_function(&mut self, function: &UserFunction) {
        let is_plain = function
            .function
            .parameters
            .iter()
            .all(|parameter| matches!(parameter.ty, ParameterType::Scalar(_)));
        if !is_plain
            || self
                .options
                .caret
                .is_some_and(|caret| !holds(function.function.span, caret))
        {
            return;
        }
        let outer = self.scope.clone();
        let block = std::mem::replace(&mut self.block, outer.length());
        let reported = self.diagnostics.len();
        let was_incomplete = self.is_incomplete;
        let marks = self.marks.clone();
        for parameter in &function.function.parameters {
            if let ParameterType::Scalar(ty) = parameter.ty {
                // Not a constant: its value is known at each call only.
                let value = coerce::call("$parameter", Vec::new(), ty, parameter.name.span);
                self.declare(&parameter.name, Variable::Scalar(value, 1));
            }
        }
        self.with_row(Row::None, |binder| binder.body(&function.function));
        // What must be a constant is known at each call only.
        let found = self.diagnostics.split_off(reported);
        let is_certain = |diagnostic: &Diagnostic| diagnostic.code != Code::Arguments;
        self.diagnostics.extend(found.into_iter().filter(is_certain));
        self.scope = outer;
        self.block = block;
        self.is_incomplete = was_incomplete;
        self.marks = marks;
    }

    /// Statements and result of a function.
    pub fn body(&mut self, function: &Function) -> Item {
        let outer = self.scope.clone();
        for statement in &function.statements {
            self.statement(statement);
        }
        let item = match &function.result {
            Some(result) => {
                self.note_caret(result.span);
                self.item(result)
            }
            None => Item::Unknown,
        };
        self.scope = outer;
        item
    }

    /// A call of what a `let` declares.
    pub fn declared_call(&mut self, name: &Name, arguments: &[Argument], span: Span) -> Option<Item> {
        match self.scope.find(&name.text) {
            Some(Variable::Function(function)) => {
                let function = function.clone();
                Some(self.expand(&function, arguments, span))
            }
            Some(Variable::Pattern(pattern)) => {
                let pattern = pattern.clone();
                Some(self.expand_pattern(&pattern, arguments, None, span))
            }
            Some(Variable::Table(table, _)) if arguments.is_empty() => Some(Item::Table(table.clone())),
            Some(Variable::Unknown) => Some(Item::Unknown),
            _ => self.schema_function(name, arguments, span),
        }
    }

    /// A function of the schema: one that users stored, or one that gives a table.
    pub fn schema_function(&mut self, name: &Name, arguments: &[Argument], span: Span) -> Option<Item> {
        if let Some(stored) = self.schema.stored_function(&name.text) {
            return Some(self.expand_stored(&stored, arguments, span));
        }
        let function = self.schema.table_function(&name.text)?;
        let mut given: Vec<Option<Scalar>> = vec![None; function.parameters.len()];
        for (index, argument) in arguments.iter().enumerate() {
            let position = match &argument.name {
                Some(name) => function
                    .parameters
                    .iter()
                    .position(|parameter| parameter.name == name.text),
                None => Some(index),
            };
            let Some((position, parameter)) = position.and_then(|at| Some((at, function.parameters.get(at)?))) else {
                self.error(
                    Code::Arguments,
                    argument.value.span,
                    format!("`{}` has no such parameter", name.text),
                );
                return Some(Item::Unknown);
            };
            let Some(value) = self.scalar(&argument.value) else {
                return Some(Item::Unknown);
            };
            if !constant::is_constant(&value) {
                let message = format!("`{}` takes constants", name.text);
                self.error(Code::Arguments, argument.value.span, message);
                return Some(Item::Unknown);
            }
            if value.ty != parameter.ty && !coerce::promotes(value.ty, parameter.ty) {
                let message = format!("`{}` is {}, and this is {}", parameter.name, parameter.ty, value.ty);
                self.mismatch(argument.value.span, message);
                return Some(Item::Unknown);
            }
            given[position] = Some(coerce::to(value, parameter.ty));
        }
        let missing = function
            .parameters
            .iter()
            .zip(&given)
            .find(|(known, value)| value.is_none() && !known.is_optional);
        if let Some((missing, _)) = missing {
            self.error(
                Code::Arguments,
                span,
                format!("`{}` needs `{}`", name.text, missing.name),
            );
            return Some(Item::Unknown);
        }
        let known: Vec<Option<Value>> = given
            .iter()
            .map(|value| {
                let value = value.as_ref()?;
                Some(constant::value(value).cloned().unwrap_or(Value::Null(value.ty)))
            })
            .collect();
        let columns = match self.schema.function_columns(&function, &known) {
            Ok(columns) => columns,
            Err(message) => {
                self.error(Code::Arguments, span, message);
                return Some(Item::Unknown);
            }
        };
        self.note_table(&function.name);
        let at = self.at(span);
        let mut values: Vec<Scalar> = Vec::with_capacity(given.len());
        let last = given.iter().rposition(Option::is_some).map_or(0, |last| last + 1);
        for (value, parameter) in given.into_iter().zip(&function.parameters).take(last) {
            values.push(value.unwrap_or_else(|| constant::scalar(Value::Null(parameter.ty), at)));
        }
        let op = Op::TableFunction {
            name: function.name.clone(),
            arguments: values,
        };
        Some(Item::table(columns, op, at))
    }

    /// Writes the body of a function out for these arguments.
    #[inline(never)]
    pub fn expand(&mut self, function: &Rc<UserFunction>, arguments: &[Argument], span: Span) -> Item {
        if !self.count_expansion(span) || !self.enter(span) {
            return Item::Unknown;
        }
        let item = self.expand_inside(function, arguments, span, None);
        self.leave();
        item
    }

    /// The same; `piped` is the table that `invoke` hands over as the first argument.
    pub fn expand_inside(
        &mut self,
        function: &Rc<UserFunction>,
        arguments: &[Argument],
        span: Span,
        piped: Option<Arc<Tabular>>,
    ) -> Item {
        let Some(variables) = self.bind_arguments(function, arguments, span, piped) else {
            return Item::Unknown;
        };
        let outer = std::mem::replace(&mut self.scope, function.scope.clone());
        let block = std::mem::replace(&mut self.block, self.scope.length());
        let inside = self.inside;
        if function.is_stored && inside.is_none() {
            self.inside = Some(span);
        }
        for (name, variable) in &variables {
            self.declare(name, variable.clone());
        }
        let aggregates = self.aggregates.take();
        let caret = self.at_caret.take();
        let item = self.with_row(Row::None, |binder| binder.body(&function.function));
        self.at_caret = caret.or(self.at_caret.take());
        self.aggregates = aggregates;
        self.inside = inside;
        self.scope = outer;
        self.block = block;
        item
    }

    /// A variable for each parameter.
    fn bind_arguments(
        &mut self,
        function: &UserFunction,
        arguments: &[Argument],
        span: Span,
        piped: Option<Arc<Tabular>>,
    ) -> Option<Vec<(Name, Variable)>> {
        let parameters = &function.function.parameters;
        let first = usize::from(piped.is_some());
        let mut given: Vec<Option<&Expr>> = vec![None; parameters.len()];
        for (index, argument) in arguments.iter().enumerate() {
            let place = match &argument.name {
                Some(name) => parameters.iter().position(|parameter| parameter.name.text == name.text),
                None => Some(index + first),
            };
            match place.and_then(|place| given.get_mut(place)) {
                Some(slot) => *slot = Some(&argument.value),
                None => {
                    self.wrong_arguments(function, argument.value.span);
                    return None;
                }
            }
        }
        let mut variables = Vec::with_capacity(parameters.len());
        for (index, parameter) in parameters.iter().enumerate() {
            let before = self.limits.nodes();
            let variable = match (piped.as_ref().filter(|_| index == 0), given[index], &parameter.default) {
                (Some(table), _, _) => self.table_argument(parameter, Item::Table(table.clone()), span, 1)?,
                (None, Some(expr), _) => {
                    let item = self.item(expr);
                    let nodes = self.limits.nodes() - before;
                    self.one_argument(parameter, item, expr.span, nodes)?
                }
                (None, None, Some(default)) => {
                    let item = self.item(default);
                    self.one_argument(parameter, item, default.span, 1)?
                }
                (None, None, None) => {
                    self.wrong_arguments(function, span);
                    return None;
                }
            };
            variables.push((parameter.name.clone(), variable));
        }
        Some(variables)
    }

    fn wrong_arguments(&mut self, function: &UserFunction, span: Span) {
        let names: Vec<&str> = function
            .function
            .parameters
            .iter()
            .map(|parameter| parameter.name.text.as_str())
            .collect();
        let message = format!("`{}` is called with the wrong arguments", function.name);
        let diagnostic = Diagnostic::error(Code::Arguments, span, message);
        self.report(diagnostic.with_hint(format!("it is called as `{}({})`", function.name, names.join(", "))));
    }

    fn one_argument(&mut self, parameter: &FunctionParameter, item: Item, span: Span, nodes: u64) -> Option<Variable> {
        let ParameterType::Scalar(ty) = parameter.ty else {
            return self.table_argument(parameter, item, span, nodes);
        };
        match item {
            Item::Scalar(value) => {
                // Arguments of users' functions are converted, whatever they are.
                let is_close = value.ty == ty
                    || coerce::promotes(value.ty, ty)
                    || coerce::promotes(ty, value.ty)
                    || value.ty == crate::Type::Dynamic;
                if !is_close {
                    let message = format!(
                        "`{}` is {ty}, and this is {}: it is converted",
                        parameter.name.text, value.ty
                    );
                    self.warning(Code::Suspicious, span, message);
                }
                Some(Variable::Scalar(coerce::to(value, ty), nodes.max(1)))
            }
            Item::Unknown => Some(Variable::Unknown),
            _ => {
                self.mismatch(span, format!("`{}` is a value of type {ty}", parameter.name.text));
                None
            }
        }
    }

    fn table_argument(
        &mut self,
        parameter: &FunctionParameter,
        item: Item,
        span: Span,
        nodes: u64,
    ) -> Option<Variable> {
        let table = match item {
            Item::Table(table) => table,
            Item::Unknown => return Some(Variable::Unknown),
            _ => {
                self.mismatch(span, format!("`{}` is a table", parameter.name.text));
                return None;
            }
        };
        let ParameterType::Table { columns, .. } = &parameter.ty else {
            return Some(Variable::Table(table, nodes));
        };
        for column in columns {
            match table.columns.iter().find(|known| known.name == column.name.text) {
                Some(known) if known.ty == column.ty => {}
                Some(known) => {
                    let name = &column.name.text;
                    self.mismatch(
                        span,
                        format!("the column `{name}` must be {}, and is {}", column.ty, known.ty),
                    );
                    return None;
                }
                None if table.is_open => {}
                None => {
                    self.error(
                        Code::UnknownName,
                        span,
                        format!("the table has no column `{}`", column.name.text),
                    );
                    return None;
                }
            }
        }
        // The declared columns must be there; the body sees the others too.
        Some(Variable::Table(table, nodes))
    }

    pub fn render_of(
        &mut self,
        chart: Option<&Name>,
        properties: &[Parameter],
        parameters: &[Parameter],
    ) -> Option<Render> {
        let text = |value: &Expr| value.span.text(self.text).trim_matches(['"', '\'']).to_owned();
        Some(Render {
            chart: chart.map_or_else(|| "table".to_owned(), |chart| chart.text.clone()),
            properties: properties
                .iter()
                .chain(parameters)
                .map(|property| (property.name.text.clone(), text(&property.value)))
                .collect(),
        })
    }
}

fn holds(span: Span, caret: u32) -> bool {
    span.start <= caret && caret <= span.end
}
