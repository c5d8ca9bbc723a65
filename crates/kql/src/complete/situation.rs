//! What may stand at the caret, told from the tokens in front of it. The tokens are enough, and unlike the tree they
//! do not mind that the text is not finished.

use super::operators;
use crate::lexer::{Token, TokenKind, WordClass};
use crate::parser::OPERATORS as OPERATOR_NAMES;

/// What may stand at the caret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Situation<'a> {
    /// A name of the writer's own, the inside of a text or comment, a number, ...
    Nothing,
    /// An operator behind a pipe.
    Operator,
    /// A table, a query, or (where statements stand) `let`.
    Source {
        has_statements: bool,
        /// The operator whose parameters may stand here as well.
        parameters_of: Option<&'a str>,
    },
    /// A value of the row that the operator sees.
    Value {
        has_aggregates: bool,
        /// Tables too, as behind `in (`.
        has_tables: bool,
        has_functions: bool,
        parameters_of: Option<&'a str>,
    },
    /// What joins a complete value with another, or the next part of the operator.
    AfterValue {
        operator: &'a str,
        clause: &'a str,
    },
    /// The value of an operator's parameter or of a property behind `with`.
    ParameterValue {
        operator: &'a str,
        name: &'a str,
    },
    /// A property behind `with (`.
    Property {
        operator: &'a str,
    },
    /// The name of a type.
    Type,
    Chart,
    PlugIn,
    /// A word of these.
    Word(&'static [&'static str]),
    /// Behind a dot: the name in front of it.
    Member {
        base: &'a str,
    },
}

/// One level of brackets.
#[derive(Clone, Copy, Debug, Default)]
struct Frame {
    /// The bracket that opened it.
    open: Option<usize>,
    /// The first token behind the last pipe, semicolon or `let name =`.
    segment: usize,
    /// The keyword of the operator that is written.
    operator: Option<usize>,
    /// The word that began its current part (`by`, `on`, ...).
    clause: Option<usize>,
    /// The segment stands behind a pipe.
    is_piped: bool,
}

/// Words behind which a value stands.
const BEFORE_VALUES: [&str; 14] = [
    "and", "or", "by", "on", "of", "where", "project", "from", "to", "step", "limit", "default", "with", "in",
];

/// Words that begin a part of an operator.
const CLAUSES: [&str; 15] = [
    "as", "by", "declare", "default", "from", "in", "limit", "of", "on", "order", "project", "step", "to", "where",
    "with",
];

pub(super) struct Reader<'a> {
    text: &'a str,
    /// Those in front of the word at the caret.
    tokens: &'a [Token],
    frames: Vec<Frame>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(text: &'a str, tokens: &'a [Token]) -> Self {
        let mut reader = Self {
            text,
            tokens,
            frames: vec![Frame::default()],
        };
        for at in 0..tokens.len() {
            reader.read(at);
        }
        reader
    }

    fn word(&self, at: usize) -> &'a str {
        match self.tokens.get(at) {
            Some(token) if matches!(token.kind, TokenKind::Word(_)) => token.span.text(self.text),
            _ => "",
        }
    }

    fn kind(&self, at: usize) -> TokenKind {
        self.tokens.get(at).map_or(TokenKind::End, |token| token.kind)
    }

    fn read(&mut self, at: usize) {
        let (kind, word) = (self.kind(at), self.word(at));
        let is_let = self
            .frames
            .last()
            .is_some_and(|frame| self.word(frame.segment) == "let");
        let is_outermost = self.frames.len() == 1;
        let Some(frame) = self.frames.last_mut() else { return };
        match kind {
            TokenKind::LeftParenthesis | TokenKind::LeftBracket | TokenKind::LeftBrace => {
                self.frames.push(Frame {
                    open: Some(at),
                    segment: at + 1,
                    ..Frame::default()
                });
            }
            TokenKind::RightParenthesis | TokenKind::RightBracket | TokenKind::RightBrace if !is_outermost => {
                self.frames.pop();
            }
            TokenKind::Bar | TokenKind::Semicolon => {
                *frame = Frame {
                    open: frame.open,
                    segment: at + 1,
                    is_piped: kind == TokenKind::Bar,
                    ..Frame::default()
                };
            }
            TokenKind::Assign if is_let && frame.operator.is_none() => frame.segment = at + 1,
            TokenKind::Word(class) if at == frame.segment => {
                let is_operator = OPERATOR_NAMES.contains(&word);
                if is_operator && (frame.is_piped || class != WordClass::Name || matches!(word, "evaluate" | "range")) {
                    frame.operator = Some(at);
                }
            }
            TokenKind::Word(_) if frame.operator.is_some() && CLAUSES.contains(&word) => frame.clause = Some(at),
            _ => {}
        }
    }

    /// What may stand behind all tokens.
    pub(super) fn situation(&self) -> Situation<'a> {
        let Some(last) = self.tokens.len().checked_sub(1) else {
            return source(true);
        };
        let frame = self.frames.last().copied().unwrap_or_default();
        let word = self.word(last);
        match self.kind(last) {
            TokenKind::Semicolon | TokenKind::LeftBrace => source(true),
            TokenKind::Bar => Situation::Operator,
            TokenKind::Dot => Situation::Member {
                base: last.checked_sub(1).map_or("", |at| self.word(at)),
            },
            TokenKind::LeftParenthesis | TokenKind::Comma => self.list_item(frame),
            TokenKind::Assign => self.behind_assign(frame, last),
            TokenKind::Colon => self.behind_colon(frame),
            TokenKind::LeftBracket if self.is_index(last) => self.value(frame, None),
            TokenKind::Directive | TokenKind::LeftBracket => Situation::Nothing,
            TokenKind::Word(_) if frame.operator == Some(last) => self.behind_keyword(word),
            TokenKind::Word(_) if last == frame.segment && word == "let" => Situation::Nothing,
            TokenKind::Word(_) if is_infix(word) => self.value(frame, None),
            TokenKind::Word(_) if frame.clause == Some(last) => self.behind_clause(frame, word),
            TokenKind::Word(_) if BEFORE_VALUES.contains(&word) && frame.operator.is_none() => self.value(frame, None),
            TokenKind::Word(_)
            | TokenKind::RightParenthesis
            | TokenKind::RightBracket
            | TokenKind::RightBrace
            | TokenKind::String
            | TokenKind::Bool
            | TokenKind::Long
            | TokenKind::Real
            | TokenKind::TimeSpan
            | TokenKind::Typed(_) => match self.operator_around() {
                Some((operator, clause)) => Situation::AfterValue { operator, clause },
                None => Situation::AfterValue {
                    operator: "",
                    clause: "",
                },
            },
            _ => self.value(frame, None),
        }
    }

    /// The operator that is written here or around these brackets, and the word that began its part.
    fn operator_around(&self) -> Option<(&'a str, &'a str)> {
        let frame = self.frames.iter().rev().find(|frame| frame.operator.is_some())?;
        let clause = frame.clause.map_or("", |at| self.word(at));
        Some((self.word(frame.operator?), clause))
    }

    fn operator_outside(&self) -> (&'a str, &'a str) {
        let outer = &self.frames[..self.frames.len() - 1];
        let frame = outer.iter().rev().find(|frame| frame.operator.is_some());
        let of = |at: Option<usize>| at.map_or("", |at| self.word(at));
        frame.map_or(("", ""), |frame| (of(frame.operator), of(frame.clause)))
    }

    /// Whether a bracket takes an element of a value.
    fn is_index(&self, at: usize) -> bool {
        let before = at.checked_sub(1).map(|before| self.kind(before));
        let is_list = matches!(
            self.operator_word_of_list(at),
            "datatable" | "externaldata" | "external_data"
        );
        !is_list
            && matches!(
                before,
                Some(TokenKind::Word(_) | TokenKind::RightParenthesis | TokenKind::RightBracket)
            )
    }

    /// The word in front of `(...)` in front of this bracket.
    fn operator_word_of_list(&self, at: usize) -> &'a str {
        let mut depth = 0_usize;
        for before in (0..at).rev() {
            match self.kind(before) {
                TokenKind::RightParenthesis => depth += 1,
                TokenKind::LeftParenthesis if depth <= 1 => {
                    return before.checked_sub(1).map_or("", |at| self.word(at));
                }
                TokenKind::LeftParenthesis => depth -= 1,
                _ if depth == 0 => return "",
                _ => {}
            }
        }
        ""
    }

    /// Behind an opening parenthesis, or a comma.
    fn list_item(&self, frame: Frame) -> Situation<'a> {
        if frame.operator.is_some() {
            return self.operator_item(frame);
        }
        let Some(open) = frame.open else {
            return Situation::Nothing;
        };
        if self.kind(open) != TokenKind::LeftParenthesis {
            return if self.is_index(open) {
                self.value(frame, None)
            } else {
                Situation::Nothing
            };
        }
        let before = open.checked_sub(1);
        let word = before.map_or("", |at| self.word(at));
        let (operator, clause) = self.operator_outside();
        let is_first = self.tokens.len() == open + 1;
        match word {
            "typeof" => return if is_first { Situation::Type } else { Situation::Nothing },
            "toscalar" | "totable" | "materialize" => return source(false),
            "datatable" | "externaldata" | "external_data" | "query_parameters" | "declare" | "as" => {
                return Situation::Nothing;
            }
            "with" if matches!(operator, "render" | "parse-kv") => return Situation::Property { operator },
            "with" => return Situation::Nothing,
            "in" if matches!(operator, "find" | "search") => return source(false),
            word if is_list_operator(word) => {
                return Situation::Value {
                    has_aggregates: false,
                    has_tables: true,
                    has_functions: true,
                    parameters_of: None,
                };
            }
            _ => {}
        }
        let outer = self.frames[self.frames.len() - 2];
        let is_name = |at| matches!(self.kind(at), TokenKind::Word(WordClass::Identifier | WordClass::Name));
        let is_call = before.is_some_and(|at| is_name(at) && outer.operator != before && outer.clause != before);
        let takes_operators = match operator {
            "mv-apply" | "mvapply" => clause == "on" && word == "on",
            "partition" | "make-graph" => clause == "by" || word != "with",
            "fork" | "facet" => true,
            _ => false,
        };
        if takes_operators && (!is_call || operator == "partition") && is_first {
            return Situation::Operator;
        }
        match operator {
            "join" | "lookup" if clause != "on" && !is_call => source(false),
            "union" if !is_call => source(false),
            "graph-match" | "graph-shortest-paths" if clause.is_empty() => Situation::Nothing,
            "" if !is_call => source(false),
            _ => self.value(frame, None),
        }
    }

    /// Behind a comma among the parts of an operator.
    fn operator_item(&self, frame: Frame) -> Situation<'a> {
        let operator = frame.operator.map_or("", |at| self.word(at));
        let clause = frame.clause.map_or("", |at| self.word(at));
        match (operator, clause) {
            ("union", _) => source(false),
            ("top-nested", _) => Situation::Word(&["top-nested"]),
            ("graph-to-table", _) => Situation::Word(&["nodes", "edges"]),
            ("make-graph", "with") => source(false),
            ("graph-match" | "graph-shortest-paths", "") => Situation::Nothing,
            _ => self.value(frame, None),
        }
    }

    fn behind_assign(&self, frame: Frame, at: usize) -> Situation<'a> {
        if at + 1 == frame.segment {
            // `let name =`
            return Situation::Value {
                has_aggregates: false,
                has_tables: true,
                has_functions: true,
                parameters_of: None,
            };
        }
        let name = self.parameter_name(at);
        if let Some(open) = frame.open
            && frame.operator.is_none()
            && open > 0
            && self.word(open - 1) == "with"
        {
            let (operator, _) = self.operator_outside();
            return Situation::ParameterValue { operator, name };
        }
        let operator = frame.operator.map_or("", |at| self.word(at));
        let known = operators::find(operator).map_or(&[][..], |operator| operator.parameters);
        if known.iter().any(|(known, _)| *known == name) {
            return Situation::ParameterValue { operator, name };
        }
        self.value(frame, None)
    }

    /// The name in front of `=`, with the dots of a hint.
    fn parameter_name(&self, assign: usize) -> &'a str {
        let Some(end) = assign.checked_sub(1) else { return "" };
        let is_hint = end >= 2 && self.kind(end - 1) == TokenKind::Dot && self.word(end - 2) == "hint";
        let start = if is_hint { end - 2 } else { end };
        self.tokens[start].span.to(self.tokens[end].span).text(self.text)
    }

    fn behind_colon(&self, frame: Frame) -> Situation<'a> {
        match self.operator_around() {
            Some(("search" | "find", _)) => self.value(frame, None),
            Some(("scan", _)) if frame.open.is_some_and(|open| open > 0 && self.word(open - 1) == "with") => {
                self.value(frame, None)
            }
            Some(("evaluate", _)) if frame.operator.is_some() => Situation::Nothing,
            _ => Situation::Type,
        }
    }

    /// Right behind the keyword of an operator.
    fn behind_keyword(&self, operator: &'a str) -> Situation<'a> {
        match operator {
            "join" | "lookup" | "union" => Situation::Source {
                has_statements: false,
                parameters_of: Some(operator),
            },
            "render" => Situation::Chart,
            "evaluate" => Situation::PlugIn,
            "sort" | "order" | "partition" | "reduce" | "facet" => Situation::Word(&["by"]),
            "graph-to-table" => Situation::Word(&["nodes", "edges"]),
            "count" | "as" | "getschema" | "consume" | "range" | "fork" | "assert-schema" => Situation::Nothing,
            "graph-match" | "graph-shortest-paths" | "graph-mark-components" | "scan" => {
                Situation::Property { operator }
            }
            _ => self.value(self.frames.last().copied().unwrap_or_default(), Some(operator)),
        }
    }

    /// Behind a word that begins a part of the operator.
    fn behind_clause(&self, frame: Frame, word: &'a str) -> Situation<'a> {
        let operator = frame.operator.map_or("", |at| self.word(at));
        match (operator, word) {
            (_, "as") | ("parse" | "parse-where" | "render" | "parse-kv" | "scan", "with") => Situation::Nothing,
            ("mv-expand" | "mvexpand" | "mv-apply" | "mvapply", "to") => Situation::Word(&["typeof("]),
            ("mv-apply" | "mvapply", "on") | (_, "limit" | "declare" | "default") => Situation::Nothing,
            ("make-graph", "with") => source(false),
            ("facet", "with") => Situation::Operator,
            ("scan", "order") => Situation::Word(&["by"]),
            ("make-series", "in") => Situation::Word(&["range("]),
            _ => self.value(frame, None),
        }
    }

    /// A value of the operator around.
    fn value(&self, frame: Frame, parameters_of: Option<&'a str>) -> Situation<'a> {
        let is_own = frame.operator.is_some();
        let (operator, clause) = self.operator_around().unwrap_or_default();
        let has_aggregates = is_own
            && match operator {
                "summarize" | "make-series" => clause.is_empty(),
                "top-nested" => clause == "by",
                _ => false,
            };
        let has_functions = !matches!(
            operator,
            "project-away" | "project-keep" | "project-reorder" | "make-graph" | "partition"
        );
        Situation::Value {
            has_aggregates,
            has_tables: operator.is_empty() && !is_own,
            has_functions,
            parameters_of,
        }
    }
}

fn source(has_statements: bool) -> Situation<'static> {
    Situation::Source {
        has_statements,
        parameters_of: None,
    }
}

fn is_list_operator(word: &str) -> bool {
    matches!(word, "in" | "!in" | "in~" | "!in~" | "has_any" | "has_all")
}

/// Words between two values.
fn is_infix(word: &str) -> bool {
    word != "in" && operators::INFIX.iter().any(|(infix, _)| *infix == word)
}
