//! Whatever the text, the parser comes back, and its places lie in the text.

use postern_kql::ast::Script;
use postern_kql::lexer::{self, TokenKind};
use postern_kql::parser::DIAGNOSTICS_MAX;
use postern_kql::{Parsed, parse};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

/// Pieces of queries, so that random texts go deep into the grammar.
const PIECES: &[&str] = &[
    "T",
    "a",
    "['b c']",
    "1",
    "2.5",
    "'x'",
    "\"y\"",
    "@'z",
    "```",
    "1d",
    "datetime(2020-01-01)",
    "int(",
    "dynamic(",
    "null",
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    "|",
    "||",
    ",",
    ";",
    ":",
    ".",
    "..",
    "=",
    "==",
    "=~",
    "!",
    "!in",
    "in",
    "~",
    "<",
    "-",
    "--",
    "-->",
    "<--",
    "-[",
    "]->",
    "*",
    "*1..3",
    "+",
    "/",
    "//",
    "%",
    "and",
    "or",
    "not(",
    "by",
    "on",
    "of",
    "to typeof(long)",
    "with",
    "kind=",
    "hint.strategy=",
    "where",
    "project",
    "extend",
    "summarize",
    "count()",
    "join",
    "union",
    "mv-expand",
    "mv-apply",
    "parse",
    "let",
    "set",
    "declare",
    "range",
    "from",
    "step",
    "print",
    "datatable(a:int)[",
    "externaldata(",
    "make-graph",
    "graph-match",
    "make-series",
    "top-nested",
    "scan with (",
    "step s:",
    "=>",
    "partition by",
    "fork (",
    "find",
    "search",
    "evaluate",
    "render",
    "toscalar(",
    "between (",
    "has_any (",
    "matches regex",
    "\n",
    " ",
    "é",
    "\u{0}",
    "#",
];

fn pieces() -> impl Strategy<Value = String> {
    vec(select(PIECES), 0..60).prop_map(|pieces| pieces.join(" "))
}

fn any_text() -> impl Strategy<Value = String> {
    prop_oneof![
        pieces(),
        vec(select(PIECES), 0..40).prop_map(|pieces| pieces.concat()),
        vec(any::<u8>(), 0..200).prop_map(|bytes| String::from_utf8_lossy(&bytes).into_owned()),
    ]
}

/// Pieces that open nothing: no bracket, no string, no comment.
fn flat_pieces() -> Vec<&'static str> {
    let opens = |piece: &str| piece.contains(['\'', '"', '`', '#', '~', '(', '{', '[']) || piece.contains("//");
    PIECES.iter().copied().filter(|piece| !opens(piece)).collect()
}

fn is_empty(script: &Script) -> bool {
    script.statements.is_empty()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    #[test]
    fn places_lie_in_the_text(text in any_text()) {
        let Parsed { script, diagnostics } = parse(&text);
        prop_assert!(diagnostics.len() <= DIAGNOSTICS_MAX);
        let spans = diagnostics.iter().map(|diagnostic| diagnostic.span);
        for span in spans.chain(script.statements.iter().map(|statement| statement.span)) {
            prop_assert!(span.start <= span.end && text.get(span.start as usize..span.end as usize).is_some());
        }
        // What is no comment and no space is a statement or an error.
        let has_tokens = lexer::tokens(&text, usize::MAX).len() > 1;
        prop_assert_eq!(has_tokens, !is_empty(&script) || !diagnostics.is_empty());
    }

    #[test]
    fn tokens_follow_one_another_and_leave_nothing_out_but_space_and_comments(text in any_text()) {
        let mut end = 0;
        for token in lexer::tokens(&text, usize::MAX) {
            let between = &text[end..token.span.start as usize];
            let lines = between.lines().map(|line| line.split("//").next().unwrap_or_default());
            let mut left_out = lines.flat_map(str::chars);
            let is_nothing = left_out.all(|c| c.is_whitespace() || ['\u{180e}', '\u{200b}', '\u{feff}'].contains(&c));
            prop_assert!(is_nothing);
            prop_assert!(token.kind == TokenKind::End || token.span.end > token.span.start);
            end = token.span.end as usize;
        }
        prop_assert_eq!(end, text.len());
    }

    #[test]
    fn behind_a_semicolon_a_valid_query_is_read_again(pieces in vec(select(flat_pieces()), 0..40)) {
        let text = pieces.join(" ");
        let parsed = parse(&format!("T | {text} ; U | count"));
        let last = parsed.script.statements.last().map(|statement| statement.span);
        prop_assert_eq!(last.map(|span| (span.end - span.start) as usize), Some("U | count".len()));
    }
}
