//! Expressions, from the loosest operator to the tightest, and what stands between them.

use super::{ListShape, Parser};
use crate::ast::{Argument, BinaryOperator, Expr, ExprKind, ListOperator, Name, StringOperator, StringTest};
use crate::lexer::{TokenKind, WordClass};
use crate::{Code, Diagnostic, Span};

/// An operator between two operands, as the next tokens write it.
#[derive(Clone, Copy)]
enum Infix {
    Binary(BinaryOperator),
    List(ListOperator),
    Between { is_negated: bool },
}

/// How tightly an operator binds. Operators of texts bind tighter than arithmetic: `a has "b" + "c"` is
/// `(a has "b") + "c"`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Level {
    Or,
    And,
    Equality,
    Relation,
    Sum,
    Product,
    Text,
    /// Tighter than every operator.
    Operand,
}

impl Level {
    fn tighter(self) -> Self {
        match self {
            Level::Or => Level::And,
            Level::And => Level::Equality,
            Level::Equality => Level::Relation,
            Level::Relation => Level::Sum,
            Level::Sum => Level::Product,
            Level::Product => Level::Text,
            Level::Text | Level::Operand => Level::Operand,
        }
    }

    fn looser(self) -> Self {
        match self {
            Level::Or | Level::And => Level::Or,
            Level::Equality => Level::And,
            Level::Relation => Level::Equality,
            Level::Sum => Level::Relation,
            Level::Product => Level::Sum,
            Level::Text => Level::Product,
            Level::Operand => Level::Text,
        }
    }

    /// Whether operators of this level follow one another: `1 < 2 < 3` is refused.
    fn is_chained(self) -> bool {
        matches!(self, Level::Or | Level::And | Level::Sum | Level::Product)
    }
}

impl Infix {
    fn level(self) -> Level {
        use BinaryOperator as Operator;
        match self {
            Infix::Binary(Operator::Or) => Level::Or,
            Infix::Binary(Operator::And) => Level::And,
            Infix::Binary(Operator::Equal | Operator::NotEqual) | Infix::List(_) | Infix::Between { .. } => {
                Level::Equality
            }
            Infix::Binary(Operator::Less | Operator::LessOrEqual | Operator::Greater | Operator::GreaterOrEqual) => {
                Level::Relation
            }
            Infix::Binary(Operator::Add | Operator::Subtract) => Level::Sum,
            Infix::Binary(Operator::Multiply | Operator::Divide | Operator::Modulo) => Level::Product,
            Infix::Binary(Operator::String(_)) => Level::Text,
        }
    }
}

impl Parser<'_> {
    /// An expression without a name, or `None` when none begins here.
    pub(super) fn unnamed(&mut self) -> Option<Expr> {
        self.binary(Level::Or)
    }

    pub(super) fn require_unnamed(&mut self) -> Expr {
        let expr = self.unnamed();
        self.or_missing(expr)
    }

    /// The expression, or a diagnostic and an error node.
    pub(super) fn or_missing(&mut self, expr: Option<Expr>) -> Expr {
        expr.unwrap_or_else(|| {
            self.expected("an expression");
            self.error_here()
        })
    }

    pub(super) fn error_here(&self) -> Expr {
        let end = self.previous_end();
        Expr {
            kind: ExprKind::Error,
            span: Span::new(end, end),
        }
    }

    /// `name = value`, `(a, b) = value`, or a value.
    pub(super) fn named(&mut self) -> Option<Expr> {
        let start = self.span();
        let length = self.declared_name_length(0);
        if length > 0 && self.ahead(length).kind == TokenKind::Assign {
            let name = self.declared_name()?;
            return Some(self.named_value(start, vec![name], false));
        }
        if matches!(self.peek(), TokenKind::Word(_)) && self.ahead(1).kind == TokenKind::Assign {
            self.keyword_as_name();
            let name = self.word_name();
            return Some(self.named_value(start, vec![name], false));
        }
        if self.at_kind(TokenKind::LeftParenthesis) && self.at_name_list() {
            self.advance();
            let mut names = Vec::new();
            while let Some(name) = self.declared_name() {
                names.push(name);
                self.take(TokenKind::Comma);
            }
            self.take(TokenKind::RightParenthesis);
            return Some(self.named_value(start, names, true));
        }
        self.unnamed()
    }

    pub(super) fn require_named(&mut self) -> Expr {
        let expr = self.named();
        self.or_missing(expr)
    }

    fn named_value(&mut self, start: Span, names: Vec<Name>, has_parentheses: bool) -> Expr {
        self.take(TokenKind::Assign);
        let value = Box::new(self.require_unnamed());
        self.grow();
        Expr {
            kind: ExprKind::Named {
                names,
                has_parentheses,
                value,
            },
            span: self.span_from(start),
        }
    }

    /// Tokens of a name that is declared so far ahead; 0 when there is none.
    pub(super) fn declared_name_length(&self, offset: usize) -> usize {
        match self.ahead(offset).kind {
            TokenKind::Word(WordClass::Identifier | WordClass::Name | WordClass::Declared) => 1,
            _ => self.bracketed_name_length(offset),
        }
    }

    /// Whether `(a, b) =` stands here.
    fn at_name_list(&self) -> bool {
        let mut offset = 1;
        loop {
            let length = self.declared_name_length(offset);
            if length == 0 {
                return false;
            }
            offset += length;
            match self.ahead(offset).kind {
                TokenKind::Comma => offset += 1,
                TokenKind::RightParenthesis => return self.ahead(offset + 1).kind == TokenKind::Assign,
                _ => return false,
            }
        }
    }

    /// A keyword stands where a name is meant.
    fn keyword_as_name(&mut self) {
        let word = self.word();
        if self.is_recovering {
            return;
        }
        let diagnostic = Diagnostic::error(
            Code::Syntax,
            self.span(),
            format!("the keyword `{word}` cannot be a name here"),
        );
        self.report(diagnostic.with_hint(format!("write it in brackets: ['{word}']")));
    }

    // Operators

    /// Operands and the operators between them that bind at least as tightly as `loosest`.
    fn binary(&mut self, loosest: Level) -> Option<Expr> {
        self.beside(|parser| {
            let left = parser.operand(loosest)?;
            Some(parser.binary_rest(left, loosest))
        })
    }

    fn binary_rest(&mut self, mut left: Expr, loosest: Level) -> Expr {
        let mut tightest = Level::Operand;
        while let Some((infix, tokens)) = self.infix() {
            let level = infix.level();
            if level < loosest || level > tightest {
                break;
            }
            left = match infix {
                Infix::Binary(operator @ (BinaryOperator::And | BinaryOperator::Or)) => self.junction(left, operator),
                _ => {
                    let start = self.span();
                    self.at += tokens;
                    let operator_span = self.span_from(start);
                    let combined = self.combine(left, infix, operator_span);
                    self.grow();
                    combined
                }
            };
            tightest = if level.is_chained() { level } else { level.looser() };
        }
        left
    }

    /// What `left` and the operator that was just taken make with what follows.
    fn combine(&mut self, left: Expr, infix: Infix, operator_span: Span) -> Expr {
        let start = left.span;
        let left = Box::new(left);
        let kind = match infix {
            Infix::Binary(operator) => {
                let right = self.binary(infix.level().tighter());
                let right = Box::new(self.or_missing(right));
                ExprKind::Binary {
                    operator,
                    operator_span,
                    left,
                    right,
                }
            }
            Infix::List(operator) => ExprKind::List {
                operator,
                operator_span,
                left,
                list: self.operator_list(),
            },
            Infix::Between { is_negated } => {
                self.require(TokenKind::LeftParenthesis, "`(`");
                let bounds = self.nested(|parser| {
                    let low = parser.require_unnamed();
                    parser.require(TokenKind::DotDot, "`..`");
                    (low, parser.require_unnamed())
                });
                let (low, high) = bounds.unwrap_or_else(|| (self.error_here(), self.error_here()));
                self.close(TokenKind::RightParenthesis, "`)`");
                ExprKind::Between {
                    is_negated,
                    left,
                    low: Box::new(low),
                    high: Box::new(high),
                }
            }
        };
        Expr {
            kind,
            span: self.span_from(start),
        }
    }

    /// A chain of `and`s or of `or`s. Both are associative, so the tree is built balanced: a condition of a thousand
    /// parts is ten levels high.
    fn junction(&mut self, left: Expr, operator: BinaryOperator) -> Expr {
        let level = Infix::Binary(operator).level();
        let word = if operator == BinaryOperator::And { "and" } else { "or" };
        let mut operands = vec![left];
        let mut spans = Vec::new();
        let mut height = self.height;
        while let Some(token) = self.take_word(word) {
            spans.push(token.span);
            self.height = 0;
            let operand = self.binary(level.tighter());
            operands.push(self.or_missing(operand));
            height = height.max(self.height);
        }
        let levels = operands.len().next_power_of_two().trailing_zeros() as usize;
        self.height = height + levels;
        if self.height > super::HEIGHT_MAX {
            self.grow();
        }
        balanced(operands, &spans, operator)
    }

    /// `(a, b, c)` behind `in`, `has_any`, ..., or a query in the parentheses.
    fn operator_list(&mut self) -> Vec<Expr> {
        if !self.require(TokenKind::LeftParenthesis, "`(`") {
            return Vec::new();
        }
        let list = self.nested(|parser| {
            let first = parser.pipe();
            let first = parser.or_missing(first);
            let mut list = vec![first];
            let is_query = matches!(list[0].kind, ExprKind::Pipe { .. } | ExprKind::Source(_));
            if !is_query && parser.take(TokenKind::Comma).is_some() {
                list.extend(parser.list("an expression", ListShape::OneOrMore, Self::unnamed));
            }
            list
        });
        self.close(TokenKind::RightParenthesis, "`)`");
        list.unwrap_or_default()
    }

    /// The operator at this place and the number of its tokens.
    fn infix(&self) -> Option<(Infix, usize)> {
        use BinaryOperator as Operator;
        let string = |test, is_case_sensitive, is_negated| {
            Infix::Binary(Operator::String(StringOperator {
                test,
                is_case_sensitive,
                is_negated,
            }))
        };
        let infix = match self.peek() {
            TokenKind::Equal => Infix::Binary(Operator::Equal),
            TokenKind::NotEqual => Infix::Binary(Operator::NotEqual),
            TokenKind::Less => Infix::Binary(Operator::Less),
            TokenKind::LessOrEqual => Infix::Binary(Operator::LessOrEqual),
            TokenKind::Greater => Infix::Binary(Operator::Greater),
            TokenKind::GreaterOrEqual => Infix::Binary(Operator::GreaterOrEqual),
            TokenKind::Plus => Infix::Binary(Operator::Add),
            TokenKind::Minus => Infix::Binary(Operator::Subtract),
            TokenKind::Star => Infix::Binary(Operator::Multiply),
            TokenKind::Slash => Infix::Binary(Operator::Divide),
            TokenKind::Percent => Infix::Binary(Operator::Modulo),
            TokenKind::EqualTilde => string(StringTest::Equal, false, false),
            TokenKind::BangTilde => string(StringTest::Equal, false, true),
            // `name : "x"`, the operator of `search`.
            TokenKind::Colon => string(StringTest::Has, false, false),
            TokenKind::Word(_) => match self.word() {
                "or" => Infix::Binary(Operator::Or),
                "and" => Infix::Binary(Operator::And),
                // `in range(...)` ends the aggregates of `make-series`.
                "in" if self.word_ahead(1) == "range" => return None,
                "in" => Infix::List(list_operator(true, false)),
                "in~" => Infix::List(list_operator(false, false)),
                "!in" => Infix::List(list_operator(true, true)),
                "!in~" => Infix::List(list_operator(false, true)),
                "has_any" => Infix::List(ListOperator::HasAny),
                "has_all" => Infix::List(ListOperator::HasAll),
                "between" => Infix::Between { is_negated: false },
                "!between" => Infix::Between { is_negated: true },
                "has" => string(StringTest::Has, false, false),
                "!has" => string(StringTest::Has, false, true),
                "has_cs" => string(StringTest::Has, true, false),
                "!has_cs" => string(StringTest::Has, true, true),
                "hasprefix" => string(StringTest::HasPrefix, false, false),
                "!hasprefix" => string(StringTest::HasPrefix, false, true),
                "hasprefix_cs" => string(StringTest::HasPrefix, true, false),
                "!hasprefix_cs" => string(StringTest::HasPrefix, true, true),
                "hassuffix" => string(StringTest::HasSuffix, false, false),
                "!hassuffix" => string(StringTest::HasSuffix, false, true),
                "hassuffix_cs" => string(StringTest::HasSuffix, true, false),
                "!hassuffix_cs" => string(StringTest::HasSuffix, true, true),
                "contains" => string(StringTest::Contains, false, false),
                "!contains" | "notcontains" => string(StringTest::Contains, false, true),
                "contains_cs" | "containscs" => string(StringTest::Contains, true, false),
                "!contains_cs" | "notcontainscs" => string(StringTest::Contains, true, true),
                "startswith" => string(StringTest::StartsWith, false, false),
                "!startswith" => string(StringTest::StartsWith, false, true),
                "startswith_cs" => string(StringTest::StartsWith, true, false),
                "!startswith_cs" => string(StringTest::StartsWith, true, true),
                "endswith" => string(StringTest::EndsWith, false, false),
                "!endswith" => string(StringTest::EndsWith, false, true),
                "endswith_cs" => string(StringTest::EndsWith, true, false),
                "!endswith_cs" => string(StringTest::EndsWith, true, true),
                "matches regex" => string(StringTest::MatchesRegex, true, false),
                "like" => string(StringTest::Like, false, false),
                "notlike" => string(StringTest::Like, false, true),
                "likecs" => string(StringTest::Like, true, false),
                "notlikecs" => string(StringTest::Like, true, true),
                _ => return None,
            },
            _ => return None,
        };
        Some((infix, 1))
    }

    // Operands

    /// A value with an optional sign, or `*` where a comparison of this level follows it.
    fn operand(&mut self, loosest: Level) -> Option<Expr> {
        let start = self.span();
        match self.peek() {
            TokenKind::Minus | TokenKind::Plus => {
                let is_minus = self.advance().kind == TokenKind::Minus;
                let value = self.path();
                let value = Box::new(self.or_missing(value));
                self.grow();
                Some(Expr {
                    kind: if is_minus {
                        ExprKind::Negate(value)
                    } else {
                        ExprKind::Plus(value)
                    },
                    span: self.span_from(start),
                })
            }
            TokenKind::Star => self.compared_star(loosest),
            _ => self.path(),
        }
    }

    /// `* has "x"` or `* == "x"`.
    fn compared_star(&mut self, loosest: Level) -> Option<Expr> {
        self.at += 1;
        let level = match self.infix() {
            Some((Infix::Binary(BinaryOperator::String(_)), _)) => Some(Level::Text),
            Some((Infix::Binary(BinaryOperator::Equal), _)) => Some(Level::Equality),
            _ => None,
        };
        self.at -= 1;
        level.filter(|level| *level >= loosest)?;
        self.star()
    }

    pub(super) fn star(&mut self) -> Option<Expr> {
        let span = self.take(TokenKind::Star)?.span;
        Some(Expr {
            kind: ExprKind::Star,
            span,
        })
    }

    /// A value and what is taken from it: `a.b[0].c`, `f(x).y`.
    pub(super) fn path(&mut self) -> Option<Expr> {
        let start = self.span();
        let mut expr = self.primary()?;
        while matches!(self.peek(), TokenKind::Dot | TokenKind::LeftBracket) {
            expr = self.path_step(expr, start);
        }
        Some(expr)
    }

    /// `.name`, `.name(...)` or `[index]` behind `base`, which began at `start`.
    pub(super) fn path_step(&mut self, base: Expr, start: Span) -> Expr {
        let kind = if self.at_kind(TokenKind::Dot) {
            self.member(base)
        } else {
            ExprKind::Index {
                base: Box::new(base),
                index: Box::new(self.index()),
            }
        };
        self.grow();
        Expr {
            kind,
            span: self.span_from(start),
        }
    }

    /// `.name`, `.name(...)`, `.['name']`, `.[index]` behind `base`.
    fn member(&mut self, base: Expr) -> ExprKind {
        self.advance();
        let base = Box::new(base);
        if let Some(name) = self.function_name() {
            let arguments = self.arguments();
            return ExprKind::Call {
                base: Some(base),
                name,
                arguments,
            };
        }
        if self.at_kind(TokenKind::LeftBracket) && self.bracketed_name_length(0) == 0 {
            let index = Box::new(self.index());
            return ExprKind::Index { base, index };
        }
        let name = match self.path_name() {
            Some(name) => name,
            None => self.missing_name("a name"),
        };
        ExprKind::Member { base, name }
    }

    /// A name as (part of) a path: `kind` and its like are taken too.
    pub(super) fn path_name(&mut self) -> Option<Name> {
        match self.peek() {
            TokenKind::Word(WordClass::Path) => Some(self.word_name()),
            _ => self.name(),
        }
    }

    /// `[index]`.
    fn index(&mut self) -> Expr {
        self.advance();
        let index = self.nested(Self::require_unnamed);
        self.close(TokenKind::RightBracket, "`]`");
        index.unwrap_or_else(|| self.error_here())
    }

    /// A name with a parenthesis behind it, which is left.
    fn function_name(&mut self) -> Option<Name> {
        let length = match self.peek() {
            TokenKind::Word(WordClass::Identifier | WordClass::Name) => 1,
            _ => self.bracketed_name_length(0),
        };
        if length == 0 || self.ahead(length).kind != TokenKind::LeftParenthesis {
            return None;
        }
        self.name()
    }

    /// `name(arguments)`.
    pub(super) fn call(&mut self) -> Option<Expr> {
        let start = self.span();
        let name = self.function_name()?;
        let arguments = self.arguments();
        self.grow();
        Some(Expr {
            kind: ExprKind::Call {
                base: None,
                name,
                arguments,
            },
            span: self.span_from(start),
        })
    }

    fn arguments(&mut self) -> Vec<Argument> {
        self.take(TokenKind::LeftParenthesis);
        let arguments = self.nested(|parser| parser.list("an argument", ListShape::Any, Self::argument));
        self.close(TokenKind::RightParenthesis, "`)`");
        arguments.unwrap_or_default()
    }

    fn argument(&mut self) -> Option<Argument> {
        let is_star = matches!(self.ahead(1).kind, TokenKind::Comma | TokenKind::RightParenthesis);
        let value = if self.at_kind(TokenKind::Star) && is_star {
            self.star()?
        } else {
            self.named()?
        };
        Some(match value.kind {
            ExprKind::Named {
                mut names,
                has_parentheses: false,
                value,
            } => Argument {
                name: names.pop(),
                value: *value,
            },
            _ => Argument { name: None, value },
        })
    }

    fn primary(&mut self) -> Option<Expr> {
        let start = self.span();
        match self.peek() {
            TokenKind::LeftParenthesis => self.parenthesized(),
            TokenKind::LeftBracket => {
                if let Some(call) = self.call() {
                    return Some(call);
                }
                let name = self.bracketed_name()?;
                Some(name_expr(name))
            }
            TokenKind::Word(class) => {
                let followed_by_parenthesis = self.ahead(1).kind == TokenKind::LeftParenthesis;
                match self.word() {
                    "dynamic" if followed_by_parenthesis => return self.literal(),
                    "typeof" if followed_by_parenthesis => return Some(self.type_of()),
                    "datatable" => return Some(self.datatable()),
                    "externaldata" | "external_data" => return Some(self.external_data()),
                    "toscalar" | "totable" => return Some(self.query_call()),
                    _ => {}
                }
                if let Some(call) = self.call() {
                    return Some(call);
                }
                if !matches!(class, WordClass::Identifier | WordClass::Name | WordClass::Path) {
                    if !self.at_keyword_in_place_of_name() {
                        return None;
                    }
                    self.keyword_as_name();
                }
                Some(name_expr(self.word_name()))
            }
            TokenKind::Plus | TokenKind::Minus => None,
            _ => {
                let literal = self.literal();
                debug_assert!(literal.is_none() || self.span() != start);
                literal
            }
        }
    }

    /// Whether what follows this keyword only follows a value, so that the keyword is meant as a name.
    fn at_keyword_in_place_of_name(&self) -> bool {
        let next = self.ahead(1);
        match next.kind {
            TokenKind::Equal
            | TokenKind::EqualTilde
            | TokenKind::BangTilde
            | TokenKind::Greater
            | TokenKind::GreaterOrEqual
            | TokenKind::Less
            | TokenKind::LessOrEqual
            | TokenKind::Star
            | TokenKind::Slash
            | TokenKind::Percent
            | TokenKind::Dot
            | TokenKind::Comma
            | TokenKind::Bar
            | TokenKind::NotEqual => true,
            TokenKind::Word(_) => matches!(
                self.word_ahead(1),
                "and" | "or" | "has" | "contains" | "startswith" | "endswith" | "in" | "in~" | "has_any" | "between"
            ),
            _ => false,
        }
    }

    /// `(...)`: any expression, tabular or not.
    pub(super) fn parenthesized(&mut self) -> Option<Expr> {
        let start = self.take(TokenKind::LeftParenthesis)?.span;
        let inner = self.nested(|parser| {
            let inner = parser.pipe();
            parser.or_missing(inner)
        });
        self.close(TokenKind::RightParenthesis, "`)`");
        self.grow();
        let inner = inner.unwrap_or_else(|| self.error_here());
        Some(Expr {
            kind: ExprKind::Parenthesized(Box::new(inner)),
            span: self.span_from(start),
        })
    }

    /// `toscalar(query)` and `totable(query)`.
    fn query_call(&mut self) -> Expr {
        let start = self.span();
        let name = self.word_name();
        if self.at_word("kind") && self.ahead(1).kind == TokenKind::Assign {
            self.at += 2;
            self.require_word("nooptimization");
        }
        self.call_of_query(start, name)
    }

    /// `(query)` behind the name of `toscalar`, `totable` or `materialize`.
    pub(super) fn call_of_query(&mut self, start: Span, name: Name) -> Expr {
        let mut arguments = Vec::new();
        if self.require(TokenKind::LeftParenthesis, "`(`") {
            let value = self.nested(|parser| {
                let value = parser.pipe();
                parser.or_missing(value)
            });
            arguments.extend(value.map(|value| Argument { name: None, value }));
            self.close(TokenKind::RightParenthesis, "`)`");
        }
        self.grow();
        Expr {
            kind: ExprKind::Call {
                base: None,
                name,
                arguments,
            },
            span: self.span_from(start),
        }
    }
}

fn list_operator(is_case_sensitive: bool, is_negated: bool) -> ListOperator {
    ListOperator::In {
        is_case_sensitive,
        is_negated,
    }
}

pub(super) fn name_expr(name: Name) -> Expr {
    Expr {
        span: name.span,
        kind: ExprKind::Name(name),
    }
}

/// A tree of the least height over the operands; `spans[i]` is the operator behind operand `i`.
fn balanced(mut operands: Vec<Expr>, spans: &[Span], operator: BinaryOperator) -> Expr {
    let middle = operands.len() / 2;
    let mut right = operands.split_off(middle);
    if operands.is_empty()
        && let Some(only) = right.pop()
    {
        return only;
    }
    let left = balanced(operands, &spans[..middle - 1], operator);
    let right = balanced(right, &spans[middle..], operator);
    Expr {
        span: left.span.to(right.span),
        kind: ExprKind::Binary {
            operator,
            operator_span: spans[middle - 1],
            left: Box::new(left),
            right: Box::new(right),
        },
    }
}
