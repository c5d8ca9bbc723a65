//! Constants and types: what a literal is worth, `typeof(...)`, `name:type`.

use super::{ListShape, Parser};
use crate::ast::{ColumnDeclaration, Expr, ExprKind};
use crate::lexer::{TokenKind, WordClass};
use crate::{Code, Diagnostic, Span, Type, Value, literal};

impl Parser<'_> {
    /// A constant, with a sign when it stands right in front of the digits.
    pub(super) fn literal(&mut self) -> Option<Expr> {
        let start = self.span();
        let value = match self.peek() {
            TokenKind::String => Value::String(self.joined_strings().0),
            TokenKind::Bool => {
                let text = self.advance().span.text(self.text);
                Value::Bool(text.eq_ignore_ascii_case("true"))
            }
            TokenKind::Long | TokenKind::Real | TokenKind::TimeSpan => self.number(""),
            TokenKind::Typed(ty) => self.typed_literal(ty),
            TokenKind::RawGuid => {
                let span = self.advance().span;
                let message = "a guid stands in `guid(...)`";
                self.report(Diagnostic::error(Code::Syntax, span, message));
                literal::parse_guid(span.text(self.text)).map_or(Value::Null(Type::Guid), Value::Guid)
            }
            TokenKind::Plus | TokenKind::Minus => {
                let next = self.ahead(1);
                let is_number = matches!(next.kind, TokenKind::Long | TokenKind::Real | TokenKind::TimeSpan);
                if !is_number || next.span.start != start.end {
                    return None;
                }
                let sign = if self.advance().kind == TokenKind::Minus {
                    "-"
                } else {
                    ""
                };
                self.number(sign)
            }
            TokenKind::Word(_) if self.ahead(1).kind == TokenKind::LeftParenthesis => match self.word() {
                "dynamic" => self.dynamic(),
                "typeof" => return Some(self.type_of()),
                _ => return None,
            },
            _ => return None,
        };
        Some(Expr {
            kind: ExprKind::Literal(value),
            span: self.span_from(start),
        })
    }

    fn number(&mut self, sign: &str) -> Value {
        let token = self.advance();
        let text = format!("{sign}{}", token.span.text(self.text));
        let value = match token.kind {
            TokenKind::Long => literal::parse_long(&text).map(Value::Long),
            TokenKind::Real => literal::parse_real(&text).map(Value::Real),
            _ => literal::parse_timespan(&text).map(Value::TimeSpan),
        };
        let ty = match token.kind {
            TokenKind::Long => Type::Long,
            TokenKind::Real => Type::Real,
            _ => Type::TimeSpan,
        };
        self.value_or_null(value, ty, token.span, &text)
    }

    /// `datetime(...)` and its like.
    fn typed_literal(&mut self, ty: Type) -> Value {
        let span = self.advance().span;
        let text = span.text(self.text);
        let Some((content, true)) = text
            .split_once('(')
            .map(|(_, rest)| (rest.strip_suffix(')').unwrap_or(rest), rest.ends_with(')')))
        else {
            self.expected("`)`");
            return Value::Null(ty);
        };
        self.value_or_null(literal::typed(ty, content), ty, span, content)
    }

    fn value_or_null(&mut self, value: Option<Value>, ty: Type, span: Span, text: &str) -> Value {
        value.unwrap_or_else(|| {
            let message = format!("`{}` is not a value of type {ty}", super::shorten(text));
            self.report(Diagnostic::error(Code::TypeMismatch, span, message));
            Value::Null(ty)
        })
    }

    // Types

    /// `typeof(string)`, `typeof(a:string, *)`.
    pub(super) fn type_of(&mut self) -> Expr {
        let start = self.advance().span;
        self.take(TokenKind::LeftParenthesis);
        let (mut ty, mut columns, mut has_star) = (None, Vec::new(), false);
        if self.ahead(1).kind == TokenKind::RightParenthesis && !self.at_kind(TokenKind::Star) {
            ty = match self.peek() {
                // A word that could be a type, and is none: not a question of grammar.
                TokenKind::Word(WordClass::Identifier) => {
                    let span = self.advance().span;
                    let message = format!("`{}` is not a type", super::shorten(span.text(self.text)));
                    self.report(Diagnostic::error(Code::TypeMismatch, span, message));
                    None
                }
                _ => self.type_name(true),
            };
        } else {
            let items = self.list("a column", ListShape::Any, |parser| match parser.star() {
                Some(_) => Some(None),
                None => parser.column_declaration().map(Some),
            });
            has_star = items.iter().any(Option::is_none);
            columns = items.into_iter().flatten().collect();
        }
        self.close(TokenKind::RightParenthesis, "`)`");
        Expr {
            kind: ExprKind::TypeOf { ty, columns, has_star },
            span: self.span_from(start),
        }
    }

    /// The name of a type; those that only `typeof` takes when `is_extended`.
    pub(super) fn type_name(&mut self, is_extended: bool) -> Option<Type> {
        let word = self.word();
        let ty = match word {
            "bool" | "boolean" | "int8" => Some(Type::Bool),
            "int" => Some(Type::Int),
            "long" | "int64" => Some(Type::Long),
            "real" | "double" => Some(Type::Real),
            "decimal" => Some(Type::Decimal),
            "string" => Some(Type::String),
            "datetime" | "date" => Some(Type::DateTime),
            "timespan" | "time" => Some(Type::TimeSpan),
            "guid" | "uniqueid" => Some(Type::Guid),
            "dynamic" => Some(Type::Dynamic),
            "float" if is_extended => Some(Type::Real),
            "uuid" if is_extended => Some(Type::Guid),
            "int16" | "int32" | "uint8" | "uint16" if is_extended => Some(Type::Int),
            "uint" | "uint32" | "uint64" | "ulong" if is_extended => Some(Type::Long),
            _ => None,
        };
        if ty.is_some() {
            self.advance();
            return ty;
        }
        self.expected("the name of a type");
        if matches!(self.peek(), TokenKind::Word(_)) {
            // The diagnostic names the word; what follows can be read.
            self.advance();
            self.is_recovering = false;
        }
        None
    }

    /// `name:type`. A type that is not known is reported, and the column is `dynamic`.
    pub(super) fn column_declaration(&mut self) -> Option<ColumnDeclaration> {
        let name = match self.declared_name() {
            Some(name) => name,
            None if self.at_kind(TokenKind::Colon) => self.missing_name("a name"),
            None => return None,
        };
        self.require(TokenKind::Colon, "`:` and a type");
        let ty = self.type_name(false).unwrap_or(Type::Dynamic);
        Some(ColumnDeclaration { name, ty })
    }

    /// `(a:string, b:long)`.
    pub(super) fn row_schema(&mut self) -> Vec<ColumnDeclaration> {
        if !self.require(TokenKind::LeftParenthesis, "columns in parentheses") {
            return Vec::new();
        }
        self.take(TokenKind::Comma);
        let columns = self.list("a column", ListShape::TrailingComma, Self::column_declaration);
        self.close(TokenKind::RightParenthesis, "`)`");
        columns
    }
}
