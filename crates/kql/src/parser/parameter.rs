//! `name = value` in front of an operator's own parts (`kind=inner`, `hint.strategy=shuffle`) and behind its `with`.

use super::Parser;
use super::expression::name_expr;
use crate::ast::{Expr, ExprKind, Name, Parameter};
use crate::lexer::{TokenKind, WordClass};

/// Names that are parameters in front of any operator; whether the operator knows them is the binder's question.
const COMMON: [&str; 19] = [
    "__crossCluster",
    "__crossDB",
    "__id",
    "__isFuzzy",
    "__noWithSource",
    "__packedColumn",
    "__sourceColumnIndex",
    "bagexpansion",
    "bin_legacy",
    "cycles",
    "decodeblocks",
    "expandoutput",
    "force_remote",
    "isfuzzy",
    "kind",
    "with_itemindex",
    "with_match_id",
    "with_source",
    "with_step_name",
];

/// What may follow `hint.`.
const HINTS: [&str; 11] = [
    "concurrency",
    "distribution",
    "materialized",
    "num_partitions",
    "pass_filters",
    "pass_filters_column",
    "progressive_top",
    "remote",
    "shufflekey",
    "spread",
    "strategy",
];

/// Properties of `render ... with (...)` that take a list of columns.
const COLUMN_LISTS: [&str; 4] = ["anomalycolumns", "by", "series", "ycolumns"];

pub(super) const RENDER_PROPERTIES: [&str; 17] = [
    "accumulate",
    "anomalycolumns",
    "kind",
    "legend",
    "series",
    "title",
    "xaxis",
    "xcolumn",
    "xmax",
    "xmin",
    "xtitle",
    "yaxis",
    "ycolumns",
    "ymax",
    "ymin",
    "ysplit",
    "ytitle",
];

impl Parser<'_> {
    /// Parameters without commas: the common ones and those that the operator has by itself.
    pub(super) fn parameters(&mut self, own: &[&str]) -> Vec<Parameter> {
        let mut parameters = Vec::new();
        while let Some(length) = self.parameter_name_length(own) {
            let name = self.dotted_name(length);
            self.advance();
            self.parameter_value(name, own, &mut parameters);
        }
        parameters
    }

    /// Tokens of the name of a parameter with `=` behind it.
    fn parameter_name_length(&self, own: &[&str]) -> Option<usize> {
        let word = self.word();
        let length = if word == "hint" && self.ahead(1).kind == TokenKind::Dot {
            HINTS.contains(&self.word_ahead(2)).then_some(3)?
        } else {
            (own.contains(&word) || COMMON.contains(&word) || word == "withsource").then_some(1)?
        };
        (self.ahead(length).kind == TokenKind::Assign).then_some(length)
    }

    /// The name of so many tokens, dots included.
    fn dotted_name(&mut self, length: usize) -> Name {
        let start = self.span();
        for _ in 0..length {
            self.advance();
        }
        let span = self.span_from(start);
        Name {
            text: span.text(self.text).to_owned(),
            span,
            is_quoted: false,
        }
    }

    /// `name = value, ...` in parentheses, of the names that are given.
    pub(super) fn properties(&mut self, own: &[&str]) -> Vec<Parameter> {
        let mut properties = Vec::new();
        if !self.require(TokenKind::LeftParenthesis, "`(`") {
            return properties;
        }
        self.take(TokenKind::Comma);
        let mut is_first = true;
        loop {
            if own.contains(&self.word()) {
                let name = self.word_name();
                if !self.require(TokenKind::Assign, "`=`") {
                    break;
                }
                self.parameter_value(name, own, &mut properties);
            } else if is_first && !self.at_kind(TokenKind::Comma) {
                break;
            } else {
                self.expected(&format!("one of {}", own.join(", ")));
                break;
            }
            is_first = false;
            if self.take(TokenKind::Comma).is_none() {
                break;
            }
        }
        self.close(TokenKind::RightParenthesis, "`)`");
        properties
    }

    /// The value of the parameter `name`; a list of columns gives one parameter for each.
    pub(super) fn parameter_value(&mut self, name: Name, own: &[&str], parameters: &mut Vec<Parameter>) {
        if COLUMN_LISTS.contains(&name.text.as_str()) {
            loop {
                let value = self.declared_name().map(name_expr);
                let value = self.or_missing(value);
                parameters.push(Parameter {
                    name: name.clone(),
                    value,
                });
                let ends = own.contains(&self.word_ahead(1));
                if ends || self.take(TokenKind::Comma).is_none() {
                    return;
                }
            }
        }
        let value = match name.text.as_str() {
            "title" | "xtitle" | "ytitle" => self.path(),
            _ => self.plain_value(),
        };
        let value = value.unwrap_or_else(|| {
            self.expected("a value");
            self.error_here()
        });
        parameters.push(Parameter { name, value });
    }

    /// A constant or a word.
    pub(super) fn plain_value(&mut self) -> Option<Expr> {
        if let Some(literal) = self.literal() {
            return Some(literal);
        }
        let is_value = matches!(self.peek(), TokenKind::Word(WordClass::Reserved))
            && matches!(self.word(), "relaxed" | "simple" | "first" | "last" | "nooptimization");
        if is_value {
            return Some(name_expr(self.word_name()));
        }
        self.name().map(name_expr)
    }

    /// `name = value, ...` with any names, as behind `externaldata`.
    pub(super) fn free_properties(&mut self) -> Vec<Parameter> {
        if !self.require(TokenKind::LeftParenthesis, "`(`") {
            return Vec::new();
        }
        let properties = self.list("a property", super::ListShape::Any, |parser| {
            let name = parser.declared_name()?;
            parser.require(TokenKind::Assign, "`=`");
            let value = match parser.literal() {
                Some(literal) => Some(literal),
                None => parser.declared_name().map(name_expr),
            };
            let value = value.unwrap_or_else(|| {
                parser.expected("a value");
                parser.error_here()
            });
            Some(Parameter { name, value })
        });
        self.close(TokenKind::RightParenthesis, "`)`");
        properties
    }
}

/// The name that a parameter gives, when it gives one.
pub(super) fn name_value(parameters: &[Parameter], name: &str) -> Option<Name> {
    let parameter = parameters.iter().find(|parameter| parameter.name.text == name)?;
    match &parameter.value.kind {
        ExprKind::Name(name) => Some(name.clone()),
        _ => None,
    }
}
