//! The parser: by hand, one function for each rule of the grammar, operators by precedence climbing.
//!
//! It never fails. Where the text leaves the grammar there is one diagnostic, an `Error` node, and parsing goes on at
//! the next `|`, `;` or closing bracket of the same level. What it takes is what the official service takes; the few
//! differences are listed beside the comparison tool.
//!
//! Start at [`parse`]; the rules are in `statement` (the script), `operator` with `graph` and `data` (what follows a
//! pipe), `expression`, `constant`, and `dynamic` (JSON).
//!
//! **Invariant:** neither parsing nor dropping the tree recurses deeper than [`NESTING_DEPTH_MAX`] and [`HEIGHT_MAX`]
//! allow, so any text is safe on a thread with the usual stack of 2 MiB; a text beyond a limit is refused with
//! [`Code::Limit`].

use crate::ast::{Name, Script};
use crate::lexer::{self, Token, TokenKind, WordClass};
use crate::{Code, Diagnostic, Span, literal};

mod constant;
mod data;
mod dynamic;
mod expression;
mod graph;
mod operator;
mod parameter;
mod statement;

pub use operator::OPERATORS;

/// Bytes of a query. Long lists of indicators are pasted into queries; more belongs into a watchlist.
pub const TEXT_BYTES_MAX: usize = 16 << 20;

/// Tokens of a query: a list of [`LIST_ITEMS_MAX`] with its commas, and as much again.
pub const TOKENS_MAX: usize = 4_000_000;

/// Elements of one list: arguments, values of a `datatable`, of `in (...)`, of an array in `dynamic(...)`.
pub const LIST_ITEMS_MAX: usize = 1_000_000;

/// Operators that follow one another.
pub const PIPE_OPERATORS_MAX: usize = 2_000;

/// Brackets and function bodies that stand inside one another.
pub const NESTING_DEPTH_MAX: usize = 100;

/// Levels of the tree. Chains count (`a + b + c`, `a.b.c`), those of `and` and `or` hardly: they are built balanced.
pub const HEIGHT_MAX: usize = 200;

/// Diagnostics of one query; the rest is not told.
pub const DIAGNOSTICS_MAX: usize = 100;

/// What a text says, as far as it follows the grammar.
#[derive(Clone, Debug, PartialEq)]
pub struct Parsed {
    pub script: Script,
    /// In the order of the text.
    pub diagnostics: Vec<Diagnostic>,
}

impl Parsed {
    /// The text follows the grammar, whether or not Postern runs all of it.
    pub fn is_grammatical(&self) -> bool {
        let is_syntax = |diagnostic: &Diagnostic| matches!(diagnostic.code, Code::Syntax | Code::Limit);
        !self.diagnostics.iter().any(is_syntax)
    }
}

/// Parses a query. The spans of the tree and of the diagnostics are bytes of `text`.
pub fn parse(text: &str) -> Parsed {
    if text.len() > TEXT_BYTES_MAX {
        let message = format!("the query has {} bytes, and {TEXT_BYTES_MAX} are the limit", text.len());
        let diagnostic = Diagnostic::error(Code::Limit, Span::new(0, 0), message);
        return Parsed {
            script: Script::default(),
            diagnostics: vec![diagnostic],
        };
    }
    let mut parser = Parser::new(text);
    let script = parser.script();
    let mut diagnostics = parser.diagnostics;
    diagnostics.sort_by_key(|diagnostic| diagnostic.span.start);
    Parsed { script, diagnostics }
}

struct Parser<'a> {
    text: &'a str,
    tokens: Vec<Token>,
    at: usize,
    diagnostics: Vec<Diagnostic>,
    /// There was an error, and the place to go on has not been found: further errors would only follow from it.
    is_recovering: bool,
    /// Open brackets and bodies around this place.
    depth: usize,
    /// Levels of what was parsed since the innermost expression began.
    height: usize,
}

impl<'a> Parser<'a> {
    fn new(text: &'a str) -> Self {
        let mut parser = Self {
            text,
            tokens: lexer::tokens(text, TOKENS_MAX),
            at: 0,
            diagnostics: Vec::new(),
            is_recovering: false,
            depth: 0,
            height: 0,
        };
        if let Some(end) = parser.tokens.last()
            && (end.span.start as usize) < text.len()
        {
            let message = format!("the query has more than {TOKENS_MAX} words and signs");
            parser.report(Diagnostic::error(Code::Limit, end.span, message));
        }
        parser
    }

    // Tokens

    fn peek(&self) -> TokenKind {
        self.tokens[self.at].kind
    }

    /// The token so many places ahead; at the end, the end.
    fn ahead(&self, offset: usize) -> Token {
        self.tokens[(self.at + offset).min(self.tokens.len() - 1)]
    }

    fn word_ahead(&self, offset: usize) -> &'a str {
        let token = self.ahead(offset);
        match token.kind {
            TokenKind::Word(_) => token.span.text(self.text),
            _ => "",
        }
    }

    /// The word at this place, or nothing.
    fn word(&self) -> &'a str {
        self.word_ahead(0)
    }

    fn at_word(&self, word: &str) -> bool {
        self.word() == word
    }

    fn at_kind(&self, kind: TokenKind) -> bool {
        self.peek() == kind
    }

    fn span(&self) -> Span {
        self.tokens[self.at].span
    }

    /// Behind the last token that was taken.
    fn previous_end(&self) -> usize {
        match self.at {
            0 => 0,
            at => self.tokens[at - 1].span.end as usize,
        }
    }

    /// From the token at `start` to the last one that was taken.
    fn span_from(&self, start: Span) -> Span {
        Span::new(start.start as usize, self.previous_end().max(start.start as usize))
    }

    fn advance(&mut self) -> Token {
        let token = self.tokens[self.at];
        if token.kind != TokenKind::End {
            self.at += 1;
        }
        token
    }

    fn take(&mut self, kind: TokenKind) -> Option<Token> {
        self.at_kind(kind).then(|| self.advance())
    }

    fn take_word(&mut self, word: &str) -> Option<Token> {
        self.at_word(word).then(|| self.advance())
    }

    /// The token, or a diagnostic that it is missing.
    fn require(&mut self, kind: TokenKind, what: &str) -> bool {
        let found = self.take(kind).is_some();
        if !found {
            self.expected(what);
        }
        found
    }

    fn require_word(&mut self, word: &str) -> bool {
        let found = self.take_word(word).is_some();
        if !found {
            self.expected(&format!("`{word}`"));
        }
        found
    }

    /// The closing bracket, perhaps behind tokens that do not belong there.
    fn close(&mut self, kind: TokenKind, what: &str) {
        if self.take(kind).is_some() {
            self.is_recovering = false;
            return;
        }
        self.expected(what);
        self.skip_to_boundary();
        if self.take(kind).is_some() {
            self.is_recovering = false;
        }
    }

    /// Skips to the next `|`, `;` or closing bracket of this level, or the end.
    fn skip_to_boundary(&mut self) {
        let mut open = 0_usize;
        loop {
            match self.peek() {
                TokenKind::End | TokenKind::Semicolon => return,
                TokenKind::Bar if open == 0 => return,
                TokenKind::RightParenthesis | TokenKind::RightBracket | TokenKind::RightBrace => {
                    if open == 0 {
                        return;
                    }
                    open -= 1;
                }
                TokenKind::LeftParenthesis | TokenKind::LeftBracket | TokenKind::LeftBrace => open += 1,
                _ => {}
            }
            self.advance();
        }
    }

    // Diagnostics

    fn report(&mut self, diagnostic: Diagnostic) {
        if self.diagnostics.len() < DIAGNOSTICS_MAX {
            self.diagnostics.push(diagnostic);
        }
    }

    /// Something else should stand here. Only the first of a row of such errors is told.
    fn expected(&mut self, what: &str) {
        if self.is_recovering {
            return;
        }
        self.is_recovering = true;
        let token = self.tokens[self.at];
        let after = match self.at {
            0 => String::new(),
            at => format!(" after `{}`", shorten(self.tokens[at - 1].span.text(self.text))),
        };
        let diagnostic = if token.kind == TokenKind::End {
            let end = self.previous_end();
            Diagnostic::error(Code::Syntax, Span::new(end, end), format!("expected {what}{after}"))
        } else {
            let found = shorten(token.span.text(self.text));
            let message = format!("expected {what}{after}, found `{found}`");
            let diagnostic = Diagnostic::error(Code::Syntax, token.span, message);
            match self.hint_for(token) {
                Some(hint) => diagnostic.with_hint(hint),
                None => diagnostic,
            }
        };
        self.report(diagnostic);
    }

    /// What is probably meant where `token` cannot stand.
    fn hint_for(&self, token: Token) -> Option<String> {
        let found = shorten(token.span.text(self.text));
        let previous = match self.at {
            0 => "",
            at => self.tokens[at - 1].span.text(self.text),
        };
        Some(match (previous, token.kind) {
            ("not", _) => "`not(...)` has its condition in parentheses".to_owned(),
            ("in" | "!in" | "in~" | "!in~" | "has_any" | "has_all", _) => {
                format!("values stand in parentheses: {previous} (...)")
            }
            ("|", TokenKind::Bar) => "`or` joins conditions of which one must hold".to_owned(),
            (_, TokenKind::Unknown) if found == "&" => "`and` joins conditions that must both hold".to_owned(),
            (_, TokenKind::Assign) => "`==` compares, `=` names a value".to_owned(),
            (_, TokenKind::Word(WordClass::Reserved | WordClass::Declared)) => {
                format!("`{found}` is a keyword; as a name it is written ['{found}']")
            }
            _ => return None,
        })
    }

    /// Part of the language that Postern does not run.
    fn unsupported(&mut self, span: Span, what: &str) {
        self.report(Diagnostic::error(
            Code::Unsupported,
            span,
            format!("{what} is not supported"),
        ));
    }

    /// A limit is reached: nothing behind this place is read.
    fn stop(&mut self, message: String) {
        if !self.is_recovering || self.at + 1 < self.tokens.len() {
            self.report(Diagnostic::error(Code::Limit, self.span(), message));
        }
        self.is_recovering = true;
        self.at = self.tokens.len() - 1;
    }

    /// Runs `rule` one bracket deeper; `None` when that is too deep.
    fn nested<T>(&mut self, rule: impl FnOnce(&mut Self) -> T) -> Option<T> {
        if self.depth >= NESTING_DEPTH_MAX {
            self.stop(format!("more than {NESTING_DEPTH_MAX} brackets are open here"));
            return None;
        }
        self.depth += 1;
        let result = rule(self);
        self.depth -= 1;
        Some(result)
    }

    /// One more level of the tree stands on top of what was parsed.
    fn grow(&mut self) {
        self.height += 1;
        if self.height > HEIGHT_MAX {
            self.stop(format!(
                "this expression is nested or chained more than {HEIGHT_MAX} times"
            ));
        }
    }

    /// Runs `rule` for a part that stands beside others: its height does not add to theirs.
    fn beside<T>(&mut self, rule: impl FnOnce(&mut Self) -> T) -> T {
        let others = std::mem::take(&mut self.height);
        let result = rule(self);
        self.height = self.height.max(others);
        result
    }

    // Lists

    /// Items with commas between them. `what` names an item that is missing behind a comma or, when at least one is
    /// needed, altogether.
    fn list<T>(&mut self, what: &str, shape: ListShape, mut item: impl FnMut(&mut Self) -> Option<T>) -> Vec<T> {
        let mut items = Vec::new();
        loop {
            match self.beside(&mut item) {
                Some(parsed) => items.push(parsed),
                None if items.is_empty() && !self.at_kind(TokenKind::Comma) && shape != ListShape::OneOrMore => break,
                None if shape == ListShape::TrailingComma && !items.is_empty() => break,
                None => {
                    self.expected(what);
                    break;
                }
            }
            if items.len() > LIST_ITEMS_MAX {
                self.stop(format!("this list has more than {LIST_ITEMS_MAX} items"));
            }
            if self.take(TokenKind::Comma).is_none() {
                break;
            }
        }
        items
    }

    // Names

    /// Tokens of a name in brackets (`['a b']`) that begins so far ahead; 0 when there is none.
    fn bracketed_name_length(&self, offset: usize) -> usize {
        if self.ahead(offset).kind != TokenKind::LeftBracket {
            return 0;
        }
        let mut end = offset + 1;
        while self.ahead(end).kind == TokenKind::String {
            end += 1;
        }
        match self.ahead(end).kind {
            TokenKind::RightBracket if end > offset + 1 => end + 1 - offset,
            _ => 0,
        }
    }

    /// A name where one is read.
    fn name(&mut self) -> Option<Name> {
        match self.peek() {
            TokenKind::Word(WordClass::Identifier | WordClass::Name) => Some(self.word_name()),
            _ => self.bracketed_name(),
        }
    }

    /// A name where one is declared; more keywords are taken.
    fn declared_name(&mut self) -> Option<Name> {
        match self.peek() {
            TokenKind::Word(WordClass::Declared) => Some(self.word_name()),
            _ => self.name(),
        }
    }

    fn word_name(&mut self) -> Name {
        let token = self.advance();
        Name {
            text: token.span.text(self.text).to_owned(),
            span: token.span,
            is_quoted: false,
        }
    }

    fn bracketed_name(&mut self) -> Option<Name> {
        if self.bracketed_name_length(0) == 0 {
            return None;
        }
        let start = self.advance().span;
        let (text, _) = self.joined_strings();
        self.advance();
        Some(Name {
            text,
            span: self.span_from(start),
            is_quoted: true,
        })
    }

    /// The name, or a diagnostic and an empty one.
    fn require_name(&mut self, what: &str) -> Name {
        match self.name() {
            Some(name) => name,
            None => self.missing_name(what),
        }
    }

    fn missing_name(&mut self, what: &str) -> Name {
        self.expected(what);
        Name {
            text: String::new(),
            span: Span::new(self.previous_end(), self.previous_end()),
            is_quoted: false,
        }
    }

    /// The strings at this place, joined.
    fn joined_strings(&mut self) -> (String, Span) {
        let start = self.span();
        let mut text = String::new();
        while self.at_kind(TokenKind::String) {
            let token = self.advance();
            match literal::unquote(token.span.text(self.text)) {
                Some(part) => text.push_str(&part),
                None => self.open_string(token.span),
            }
        }
        (text, self.span_from(start))
    }

    /// A string that is not closed, or in which a backslash begins no escape.
    fn open_string(&mut self, span: Span) {
        if self.is_recovering {
            return;
        }
        self.is_recovering = true;
        let end = Span::new(span.end as usize, span.end as usize);
        let diagnostic = if self.text[span.end as usize..].starts_with('\\') {
            Diagnostic::error(Code::Syntax, end, "the backslash begins no known escape")
                .with_hint("write it twice, or put @ in front of the string")
        } else {
            Diagnostic::error(Code::Syntax, end, "this string is not closed")
                .with_hint("strings of several lines stand between ``` and ```")
        };
        self.report(diagnostic);
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ListShape {
    Any,
    OneOrMore,
    /// A comma may follow the last item.
    TrailingComma,
}

/// A piece of the query for a message.
fn shorten(text: &str) -> String {
    const CHARACTERS_MAX: usize = 30;

    let line = text.lines().next().unwrap_or_default();
    if line.chars().count() <= CHARACTERS_MAX && line.len() == text.len() {
        return line.to_owned();
    }
    let shown: String = line.chars().take(CHARACTERS_MAX).collect();
    format!("{shown}…")
}

#[cfg(test)]
mod tests;
