//! What can be written at a place of a query, and what stands there: completion and hover for the editor.
//!
//! Start at [`complete`] and [`hover`]. `situation` tells from the tokens in front of the caret what may stand there;
//! the binder tells which names are in sight, from the text with a placeholder at the caret, so that it sees a whole
//! query while the writer is in the middle of one; `operators` has the words and sentences about operators.
//!
//! Both read the text once and run nothing.

mod items;
mod operators;
mod situation;

use crate::binder::{AtCaret, Options};
use crate::functions::{self, FunctionKind};
use crate::lexer::{self, Token, TokenKind, WordClass};
use crate::parser::{TEXT_BYTES_MAX, TOKENS_MAX};
use crate::schema::{Found, Schema, Table};
use crate::{Span, bind, parse};

use items::Items;
use situation::Reader;

/// What may be written at the caret.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Completions {
    /// The text that a suggestion takes the place of: the word at the caret.
    pub replace: Span,
    /// The likeliest first.
    pub items: Vec<Completion>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Completion {
    /// What is shown, and compared with what is typed.
    pub label: String,
    pub kind: CompletionKind,
    /// What is written.
    pub insert: String,
    /// A type, a signature, a syntax.
    pub detail: Option<String>,
    /// A sentence or two.
    pub documentation: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum CompletionKind {
    Column,
    Variable,
    Table,
    Function,
    Aggregate,
    PlugIn,
    Operator,
    Keyword,
    Parameter,
    Value,
    Type,
}

impl CompletionKind {
    /// The name of the kind, for interfaces.
    pub fn name(self) -> &'static str {
        match self {
            CompletionKind::Column => "column",
            CompletionKind::Variable => "variable",
            CompletionKind::Table => "table",
            CompletionKind::Function => "function",
            CompletionKind::Aggregate => "aggregate",
            CompletionKind::PlugIn => "plugin",
            CompletionKind::Operator => "operator",
            CompletionKind::Keyword => "keyword",
            CompletionKind::Parameter => "parameter",
            CompletionKind::Value => "value",
            CompletionKind::Type => "type",
        }
    }
}

/// What stands at a place of the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hover {
    pub span: Span,
    /// As it would be declared: `CriticalityLevel: int`.
    pub title: String,
    pub documentation: Option<String>,
}

/// Stands in the text for the word at the caret. A plain name that nobody uses.
const PLACEHOLDER: &str = "__at_the_caret__";

/// What may be written at `caret`, a byte of the text.
pub fn complete(text: &str, caret: usize, schema: &dyn Schema) -> Completions {
    let caret = boundary(text, caret);
    if text.len() > TEXT_BYTES_MAX {
        return Completions::default();
    }
    let tokens = lexer::tokens(text, TOKENS_MAX);
    let before = tokens.partition_point(|token| (token.span.end as usize) < caret && token.kind != TokenKind::End);
    if is_inside_text_or_comment(text, &tokens[..=before.min(tokens.len() - 1)], caret) {
        let here = Span::new(caret, caret);
        return Completions {
            replace: here,
            items: Vec::new(),
        };
    }
    let replace = word_at(text, caret);
    let before = tokens.partition_point(|token| token.span.end <= replace.start && token.kind != TokenKind::End);
    let situation = Reader::new(text, &tokens[..before]).situation();
    let scope = scope_at(text, replace, schema);
    let typed = &text[replace.start as usize..caret];
    Completions {
        replace,
        items: Items::new(schema, scope).of(&situation).fitting(typed),
    }
}

/// The word at `caret`, which may be a keyword with dashes where an operator stands.
fn word_at(text: &str, caret: usize) -> Span {
    let bytes = text.as_bytes();
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'$';
    let mut start = caret;
    while start > 0 && is_word(bytes[start - 1]) {
        start -= 1;
    }
    let mut end = caret;
    while end < bytes.len() && is_word(bytes[end]) {
        end += 1;
    }
    // `project-a` behind a pipe is the beginning of one word.
    let mut whole = start;
    while whole > 0 && (is_word(bytes[whole - 1]) || bytes[whole - 1] == b'-') {
        whole -= 1;
    }
    let typed = &text[whole..caret];
    let is_beginning = typed.contains('-') && operators::OPERATORS.iter().any(|known| known.name.starts_with(typed));
    if is_beginning && text[..whole].trim_end().ends_with(['|', '(']) {
        start = whole;
    }
    Span::new(start, end)
}

/// The last boundary between characters at or in front of a byte.
fn boundary(text: &str, caret: usize) -> usize {
    let mut caret = caret.min(text.len());
    while !text.is_char_boundary(caret) {
        caret -= 1;
    }
    caret
}

/// Whether the caret stands inside a string or behind `//`. `tokens` are those up to the caret's own.
fn is_inside_text_or_comment(text: &str, tokens: &[Token], caret: usize) -> bool {
    let mut end = 0;
    for token in tokens {
        let (start, stop) = (token.span.start as usize, token.span.end as usize);
        if caret < start {
            break;
        }
        if matches!(
            token.kind,
            TokenKind::String | TokenKind::Typed(_) | TokenKind::Directive
        ) && start < caret
            && (caret < stop || !is_closed(token, text))
            && caret <= stop
        {
            return true;
        }
        if stop <= caret {
            end = stop;
        }
    }
    let gap = &text[end.min(caret)..caret];
    gap.rsplit(['\n', '\r']).next().is_some_and(|line| line.contains("//"))
}

fn is_closed(token: &Token, text: &str) -> bool {
    match token.kind {
        TokenKind::String => crate::literal::unquote(token.span.text(text)).is_some(),
        TokenKind::Typed(_) => token.span.text(text).ends_with(')'),
        _ => false,
    }
}

/// What the binder sees at this place, with a name in it.
fn scope_at(text: &str, place: Span, schema: &dyn Schema) -> AtCaret {
    let (before, behind) = (&text[..place.start as usize], &text[place.end as usize..]);
    let repaired = format!("{before}{PLACEHOLDER}{behind}");
    let parsed = parse(&repaired);
    let options = Options {
        caret: Some(place.start + 1),
        ..Options::default()
    };
    let mut scope = bind(&parsed.script, &repaired, schema, &options)
        .at_caret
        .unwrap_or_default();
    scope.columns.retain(|column| column.name != PLACEHOLDER);
    scope.names.retain(|(name, _)| name != PLACEHOLDER);
    scope
}

/// What stands at `caret`, a byte of the text.
pub fn hover(text: &str, caret: usize, schema: &dyn Schema) -> Option<Hover> {
    if text.len() > TEXT_BYTES_MAX {
        return None;
    }
    let caret = boundary(text, caret);
    let tokens = lexer::tokens(text, TOKENS_MAX);
    let at = tokens.iter().position(|token| {
        let (start, end) = (token.span.start as usize, token.span.end as usize);
        start <= caret && caret < end.max(start + 1) && matches!(token.kind, TokenKind::Word(_))
    })?;
    let token = tokens[at];
    let word = token.span.text(text);
    let told = |title: String, documentation: &str| {
        Some(Hover {
            span: token.span,
            title,
            documentation: Some(documentation.to_owned()).filter(|sentence| !sentence.is_empty()),
        })
    };
    let is_called = tokens
        .get(at + 1)
        .is_some_and(|next| next.kind == TokenKind::LeftParenthesis);
    let before = at.checked_sub(1).map(|before| tokens[before].kind);
    let is_member = before == Some(TokenKind::Dot);
    let class = lexer::class(word);
    if let Some(operator) = operators::find(word)
        && !is_member
        && (before == Some(TokenKind::Bar) || !matches!(class, WordClass::Identifier | WordClass::Name))
        && !(is_called && class == WordClass::Name)
    {
        return told(operator.syntax.to_owned(), operator.sentence);
    }
    if let Some((_, sentence)) = operators::INFIX.iter().find(|(infix, _)| *infix == word) {
        return told(word.to_owned(), sentence);
    }
    if is_called && !is_member {
        let kinds = [FunctionKind::Aggregate, FunctionKind::Scalar, FunctionKind::PlugIn];
        let is_in_evaluate = at > 0 && tokens[at - 1].span.text(text) == "evaluate";
        let mut found = kinds.iter().filter_map(|kind| functions::function(*kind, word));
        let built_in = found.find(|function| (function.kind == FunctionKind::PlugIn) == is_in_evaluate);
        if let Some(function) = built_in {
            return told(
                items::signature(function),
                function.sentence.unwrap_or("Postern does not run it."),
            );
        }
        if let Some(function) = schema.table_function(word) {
            return told(items::table_function_title(&function), &function.description);
        }
        if let Some(function) = schema.stored_function(word) {
            return told(items::stored_title(&function), &function.description);
        }
    }
    let scope = scope_before(text, token.span, schema);
    if !is_member && let Some((name, kind)) = scope.names.iter().find(|(name, _)| name == word) {
        return told(items::variable_title(name, *kind), "");
    }
    if let Found::Yes(table) = schema.table(word)
        && !is_member
        && scope.columns.iter().all(|column| column.name != word)
    {
        return told(table_title(&table), &table.description);
    }
    let owner = at
        .checked_sub(2)
        .filter(|_| is_member)
        .map_or("", |owner| tokens[owner].span.text(text));
    let owned = scope
        .owners
        .iter()
        .find(|(name, _)| name == owner)
        .map(|(_, columns)| columns);
    let column = match is_member {
        true => owned?.iter().find(|column| column.name == word)?,
        false => scope.columns.iter().find(|column| column.name == word)?,
    };
    let sentence = items::column_sentence(schema, text, &column.name).unwrap_or_default();
    told(format!("{}: {}", column.name, column.ty), &sentence)
}

/// What is in scope where a word stands; the text is whole.
fn scope_before(text: &str, word: Span, schema: &dyn Schema) -> AtCaret {
    let options = Options {
        caret: Some(word.start),
        ..Options::default()
    };
    bind(&parse(text).script, text, schema, &options)
        .at_caret
        .unwrap_or_default()
}

/// `Findings(FindingId: string, ...)`.
fn table_title(table: &Table) -> String {
    const COLUMNS_MAX: usize = 12;

    let mut columns: Vec<String> = table
        .columns
        .iter()
        .take(COLUMNS_MAX)
        .map(|column| format!("{}: {}", column.name, column.ty))
        .collect();
    if table.columns.len() > COLUMNS_MAX {
        columns.push("...".to_owned());
    }
    format!("{}({})", table.name, columns.join(", "))
}

#[cfg(test)]
mod tests;
