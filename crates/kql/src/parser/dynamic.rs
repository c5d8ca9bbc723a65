//! `dynamic(...)`: JSON in which dates, time spans and guids may stand as literals of the language. The value is the
//! canonical JSON text, in which they are strings.

use std::collections::HashMap;

use super::{ListShape, Parser};
use crate::lexer::TokenKind;
use crate::{Code, Diagnostic, Type, Value, literal};

impl Parser<'_> {
    /// `dynamic(json)`; the word and the parenthesis stand here.
    pub(super) fn dynamic(&mut self) -> Value {
        self.advance();
        self.take(TokenKind::LeftParenthesis);
        let json = self.nested(Self::require_json);
        self.close(TokenKind::RightParenthesis, "`)`");
        match json {
            Some(json) if json != "null" => Value::Dynamic(json),
            _ => Value::Null(Type::Dynamic),
        }
    }

    fn require_json(&mut self) -> String {
        self.json().unwrap_or_else(|| {
            self.expected("a JSON value");
            "null".to_owned()
        })
    }

    /// The canonical text of a JSON value, or `None` when none begins here.
    fn json(&mut self) -> Option<String> {
        match self.peek() {
            TokenKind::LeftBracket => {
                self.advance();
                let items = self.nested(|parser| parser.list("a JSON value", ListShape::Any, Self::json));
                self.close(TokenKind::RightBracket, "`]`");
                Some(format!("[{}]", items.unwrap_or_default().join(",")))
            }
            TokenKind::LeftBrace => {
                self.advance();
                let pairs = self.nested(|parser| parser.list("a property", ListShape::Any, Self::json_pair));
                self.close(TokenKind::RightBrace, "`}`");
                Some(object(pairs.unwrap_or_default()))
            }
            TokenKind::Minus if matches!(self.ahead(1).kind, TokenKind::Long | TokenKind::Real) => {
                self.advance();
                Some(self.json_number("-"))
            }
            TokenKind::Long | TokenKind::Real => Some(self.json_number("")),
            TokenKind::RawGuid => {
                let text = self.advance().span.text(self.text);
                literal::parse_guid(text).map(|guid| literal::json_string(&literal::format_guid(guid)))
            }
            TokenKind::Word(_) if self.at_word("null") => {
                self.advance();
                Some("null".to_owned())
            }
            TokenKind::Word(_) if self.at_word("dynamic") && self.ahead(1).kind == TokenKind::LeftParenthesis => {
                Some(literal::json_of(&self.dynamic()))
            }
            TokenKind::String | TokenKind::Bool | TokenKind::TimeSpan | TokenKind::Typed(_) => {
                let literal = self.literal()?;
                match literal.kind {
                    crate::ast::ExprKind::Literal(value) => Some(literal::json_of(&value)),
                    _ => None,
                }
            }
            _ => None,
        }
    }

    fn json_pair(&mut self) -> Option<(String, String)> {
        if !self.at_kind(TokenKind::String) {
            return None;
        }
        let token = self.advance();
        let name = match literal::unquote(token.span.text(self.text)) {
            Some(name) => name,
            None => {
                self.open_string(token.span);
                String::new()
            }
        };
        self.require(TokenKind::Colon, "`:`");
        Some((name, self.require_json()))
    }

    fn json_number(&mut self, sign: &str) -> String {
        let token = self.advance();
        let text = format!("{sign}{}", token.span.text(self.text));
        if token.kind == TokenKind::Long
            && let Some(long) = literal::parse_long(&text)
        {
            return long.to_string();
        }
        match literal::parse_real(&text) {
            Some(real) => literal::json_of(&Value::Real(real)),
            None => {
                let message = format!("`{}` is not a number", super::shorten(&text));
                self.report(Diagnostic::error(Code::TypeMismatch, token.span, message));
                "null".to_owned()
            }
        }
    }
}

/// An object; of two equal keys the later value stays, at the place of the first.
fn object(pairs: Vec<(String, String)>) -> String {
    let mut places: HashMap<String, usize> = HashMap::new();
    let mut entries: Vec<(String, String)> = Vec::with_capacity(pairs.len());
    for (name, value) in pairs {
        match places.get(&name) {
            Some(place) => entries[*place].1 = value,
            None => {
                places.insert(name.clone(), entries.len());
                entries.push((name, value));
            }
        }
    }
    let entries: Vec<String> = entries
        .iter()
        .map(|(name, value)| format!("{}:{value}", literal::json_string(name)))
        .collect();
    format!("{{{}}}", entries.join(","))
}
