//! The script: statements, functions, and the pipe that a query is.

use super::{ListShape, Parser};
use crate::ast::{
    Expr, ExprKind, Function, FunctionParameter, ParameterType, PatternCase, PatternDeclaration, Script, Statement,
    StatementKind,
};
use crate::lexer::TokenKind;
use crate::{Code, Diagnostic, Type};

impl Parser<'_> {
    pub(super) fn script(&mut self) -> Script {
        while self.at_kind(TokenKind::Directive) {
            let span = self.advance().span;
            self.unsupported(span, "a directive");
        }
        let mut statements = Vec::new();
        if self.at_kind(TokenKind::Dot) {
            self.unsupported(self.span(), "a management command");
            return Script { statements };
        }
        while !self.at_kind(TokenKind::End) {
            let before = self.at;
            statements.extend(self.statement());
            self.end_statement(statements.last_mut());
            self.is_recovering = false;
            if self.at == before {
                self.advance();
            }
        }
        Script { statements }
    }

    /// Takes the semicolon. What else stands here is reported; pipes behind it still belong to the statement.
    fn end_statement(&mut self, mut statement: Option<&mut Statement>) {
        loop {
            if self.take(TokenKind::Semicolon).is_some() || self.at_kind(TokenKind::End) {
                return;
            }
            self.expected("`|` or `;`");
            let before = self.at;
            self.skip_to_boundary();
            if self.at_kind(TokenKind::Bar) {
                let pipe = statement.as_deref_mut().and_then(pipe_of);
                match pipe {
                    Some(expr) => {
                        self.is_recovering = false;
                        let source = std::mem::replace(expr, self.error_here());
                        *expr = self.piped(source);
                    }
                    None => {
                        self.advance();
                    }
                }
            } else if self.at == before && !matches!(self.peek(), TokenKind::Semicolon | TokenKind::End) {
                self.advance();
            }
        }
    }

    fn statement(&mut self) -> Option<Statement> {
        let start = self.span();
        let next = self.word_ahead(1);
        let kind = match self.word() {
            "let" if self.name_length(1) > 0 => self.let_statement(),
            "set" => self.set_statement(),
            "declare" if next == "pattern" => self.pattern_statement(),
            "declare" if next == "query_parameters" => self.query_parameters(),
            "alias" if next == "database" => self.other_statement("alias database"),
            "restrict" if next == "access" => self.other_statement("restrict access"),
            _ => {
                let expr = self.beside(Self::pipe);
                if expr.is_none() && self.at_kind(TokenKind::Semicolon) {
                    self.expected("a query");
                    return None;
                }
                StatementKind::Query(self.or_missing(expr))
            }
        };
        Some(Statement {
            kind,
            span: self.span_from(start),
        })
    }

    pub(super) fn name_length(&self, offset: usize) -> usize {
        use crate::lexer::WordClass;
        match self.ahead(offset).kind {
            TokenKind::Word(WordClass::Identifier | WordClass::Name) => 1,
            _ => self.bracketed_name_length(offset),
        }
    }

    fn let_statement(&mut self) -> StatementKind {
        self.beside(Self::any_let)
    }

    fn any_let(&mut self) -> StatementKind {
        self.advance();
        let name = self.require_name("a name");
        self.require(TokenKind::Assign, "`=`");
        let start = self.span();
        if self.at_word("materialize") {
            let call = self.word_name();
            let value = self.call_of_query(start, call);
            return StatementKind::Let { name, value };
        }
        if self.at_word("entity_group") {
            self.unsupported(start, "`entity_group`");
            self.advance();
            if self.at_kind(TokenKind::LeftBracket) {
                self.advance();
                let groups = self.nested(|parser| parser.list("an expression", ListShape::OneOrMore, Self::unnamed));
                self.close(TokenKind::RightBracket, "`]`");
                drop(groups);
            }
            let value = Expr {
                kind: ExprKind::Error,
                span: self.span_from(start),
            };
            return StatementKind::Let { name, value };
        }
        if self.at_function() {
            return StatementKind::Function {
                name,
                function: self.function(),
            };
        }
        let value = self.pipe();
        StatementKind::Let {
            name,
            value: self.or_missing(value),
        }
    }

    /// Whether `(a:int) {`, `() {` or `view (` stands here.
    fn at_function(&self) -> bool {
        let offset = usize::from(self.at_word("view"));
        if self.ahead(offset).kind != TokenKind::LeftParenthesis {
            return false;
        }
        match self.ahead(offset + 1).kind {
            TokenKind::RightParenthesis | TokenKind::Star => true,
            _ => {
                let length = self.declared_name_length(offset + 1);
                length > 0 && self.ahead(offset + 1 + length).kind == TokenKind::Colon
            }
        }
    }

    fn function(&mut self) -> Function {
        let start = self.span();
        let is_view = self.take_word("view").is_some();
        let parameters = self.function_parameters(ListShape::Any);
        let mut function = self.function_body();
        function.parameters = parameters;
        function.is_view = is_view;
        function.span = self.span_from(start);
        function
    }

    /// `{ let ...; ...; result }`.
    fn function_body(&mut self) -> Function {
        let start = self.span();
        let mut function = Function {
            parameters: Vec::new(),
            statements: Vec::new(),
            result: None,
            is_view: false,
            span: start,
        };
        if !self.require(TokenKind::LeftBrace, "`{` and the body of the function") {
            return function;
        }
        self.nested(|parser| {
            while matches!(parser.word(), "let" | "declare") {
                let start = parser.span();
                let kind = if parser.at_word("let") {
                    parser.let_statement()
                } else {
                    parser.query_parameters()
                };
                let span = parser.span_from(start);
                function.statements.push(Statement { kind, span });
                if !parser.require(TokenKind::Semicolon, "`;`") {
                    parser.skip_to_boundary();
                    parser.is_recovering &= parser.take(TokenKind::Semicolon).is_none();
                }
            }
            function.result = parser.beside(Self::pipe).map(Box::new);
            parser.take(TokenKind::Semicolon);
        });
        self.close(TokenKind::RightBrace, "`}`");
        self.grow();
        function.span = self.span_from(start);
        function
    }

    /// `(a:int, T:(x:string), b:long = 5)`.
    pub(super) fn function_parameters(&mut self, shape: ListShape) -> Vec<FunctionParameter> {
        if !self.require(TokenKind::LeftParenthesis, "`(`") {
            return Vec::new();
        }
        let parameters = self.list("a parameter", shape, Self::function_parameter);
        self.close(TokenKind::RightParenthesis, "`)`");
        parameters
    }

    fn function_parameter(&mut self) -> Option<FunctionParameter> {
        let name = match self.declared_name() {
            Some(name) => name,
            None if self.at_kind(TokenKind::Colon) => self.missing_name("the name of a parameter"),
            None => return None,
        };
        self.require(TokenKind::Colon, "`:` and a type");
        let ty = if self.at_kind(TokenKind::LeftParenthesis) {
            self.table_type()
        } else {
            ParameterType::Scalar(self.type_name(false).unwrap_or(Type::Dynamic))
        };
        let default = self.take(TokenKind::Assign).map(|_| {
            let value = self.plain_value();
            value.unwrap_or_else(|| {
                self.expected("a constant");
                self.error_here()
            })
        });
        Some(FunctionParameter { name, ty, default })
    }

    /// `(*)` or `(a:string, b:long)`.
    fn table_type(&mut self) -> ParameterType {
        self.advance();
        if self.take(TokenKind::Star).is_some() {
            self.close(TokenKind::RightParenthesis, "`)`");
            return ParameterType::AnyTable;
        }
        let columns = self.list("a column", ListShape::TrailingComma, Self::column_declaration);
        self.close(TokenKind::RightParenthesis, "`)`");
        ParameterType::Table {
            columns,
            is_open: false,
        }
    }

    fn set_statement(&mut self) -> StatementKind {
        self.advance();
        let name = self.require_name("the name of an option");
        let value = self.take(TokenKind::Assign).map(|_| self.require_unnamed());
        StatementKind::Set { name, value }
    }

    fn query_parameters(&mut self) -> StatementKind {
        self.advance();
        self.require_word("query_parameters");
        StatementKind::QueryParameters(self.function_parameters(ListShape::OneOrMore))
    }

    /// A statement that is known and not run: it is read over, and the binder refuses it.
    fn other_statement(&mut self, what: &str) -> StatementKind {
        loop {
            self.skip_to_boundary();
            if matches!(self.peek(), TokenKind::Semicolon | TokenKind::End) {
                return StatementKind::Other(what.to_owned());
            }
            self.advance();
        }
    }

    fn pattern_statement(&mut self) -> StatementKind {
        self.at += 2;
        let mut pattern = PatternDeclaration {
            name: self.require_name("the name of a pattern"),
            parameters: Vec::new(),
            path_parameter: None,
            cases: Vec::new(),
        };
        if self.take(TokenKind::Assign).is_some() {
            pattern.parameters = self.function_parameters(ListShape::Any);
            if self.take(TokenKind::LeftBracket).is_some() {
                pattern.path_parameter = self.function_parameter();
                self.close(TokenKind::RightBracket, "`]`");
            }
            if self.require(TokenKind::LeftBrace, "`{`") {
                self.nested(|parser| {
                    while parser.at_kind(TokenKind::LeftParenthesis) {
                        pattern.cases.push(parser.pattern_case());
                    }
                });
                if pattern.cases.is_empty() {
                    self.expected("`(` and the arguments of a case");
                }
                self.close(TokenKind::RightBrace, "`}`");
            }
        }
        StatementKind::Pattern(Box::new(pattern))
    }

    /// `("a").["b"] = { ... };`
    fn pattern_case(&mut self) -> PatternCase {
        self.advance();
        let arguments = self.list("a string", ListShape::OneOrMore, Self::unnamed);
        self.close(TokenKind::RightParenthesis, "`)`");
        let path = self.take(TokenKind::Dot).map(|_| {
            self.require(TokenKind::LeftBracket, "`[`");
            let path = self.literal();
            let path = self.or_missing(path);
            self.close(TokenKind::RightBracket, "`]`");
            path
        });
        self.require(TokenKind::Assign, "`=`");
        let body = self.function_body();
        self.require(TokenKind::Semicolon, "`;`");
        PatternCase { arguments, path, body }
    }

    // Pipes

    /// A source and the operators behind it; a scalar expression is a source without operators.
    pub(super) fn pipe(&mut self) -> Option<Expr> {
        let start = self.span();
        let source = if self.at_inline_external_table() {
            self.inline_external_table()
        } else if self.at_query_operator() {
            let operator = self.operator()?;
            if !is_source(self.text, &operator) {
                let keyword = operator.keyword.text(self.text);
                let message = format!("`{keyword}` needs a table in front of it");
                let diagnostic = Diagnostic::error(Code::Arguments, operator.keyword, message);
                self.report(diagnostic.with_hint(format!("write Table | {keyword} ...")));
            }
            Expr {
                kind: ExprKind::Source(Box::new(operator)),
                span: self.span_from(start),
            }
        } else {
            self.unnamed()?
        };
        Some(self.piped(source))
    }

    fn at_inline_external_table(&self) -> bool {
        let starts = self.ahead(1).kind == TokenKind::LeftParenthesis || self.word_ahead(1) == "kind";
        self.at_word("inline_external_table") && starts
    }

    /// `source` with the operators that follow it.
    fn piped(&mut self, source: Expr) -> Expr {
        self.recover_in_pipe();
        if !self.at_kind(TokenKind::Bar) {
            return source;
        }
        let start = source.span;
        let (source, mut operators) = match source.kind {
            ExprKind::Pipe { source, operators } => (source, operators),
            _ => (Box::new(source), Vec::new()),
        };
        self.more_operators(&mut operators);
        self.grow();
        Expr {
            kind: ExprKind::Pipe { source, operators },
            span: self.span_from(start),
        }
    }

    /// Operators, each behind a pipe.
    pub(super) fn more_operators(&mut self, operators: &mut Vec<crate::ast::Operator>) {
        while self.take(TokenKind::Bar).is_some() {
            operators.push(self.required_operator());
            if operators.len() > super::PIPE_OPERATORS_MAX {
                self.stop(format!(
                    "more than {} operators follow one another",
                    super::PIPE_OPERATORS_MAX
                ));
            }
            self.recover_in_pipe();
        }
    }

    /// After an error: on to the next pipe, when there is one in these brackets.
    pub(super) fn recover_in_pipe(&mut self) {
        if self.is_recovering {
            self.skip_to_boundary();
            self.is_recovering = !self.at_kind(TokenKind::Bar);
        }
    }
}

/// The query of a statement, so that further operators can be put behind it.
fn pipe_of(statement: &mut Statement) -> Option<&mut Expr> {
    match &mut statement.kind {
        StatementKind::Let { value, .. } | StatementKind::Query(value) => Some(value),
        _ => None,
    }
}

/// Operators that begin a query.
fn is_source(text: &str, operator: &crate::ast::Operator) -> bool {
    matches!(
        operator.keyword.text(text),
        "evaluate" | "find" | "macro-expand" | "print" | "range" | "search" | "union"
    )
}
