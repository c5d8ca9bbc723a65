//! Text becomes tokens with spans. White space and comments are left out; nothing fails: a character that belongs to no
//! token is a token of its own ([`TokenKind::Unknown`]).
//!
//! The language has many keywords, few of which are reserved everywhere: [`WordClass`] says where a word may stand as a
//! name. Words with dashes (`project-away`), with a sign (`!has`, `in~`) and `matches regex` are single tokens.

use crate::{Span, Type};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Token {
    pub kind: TokenKind,
    pub span: Span,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TokenKind {
    Word(WordClass),
    /// `true`, `false`, and written `True`, `TRUE`, ...
    Bool,
    /// Decimal digits or `0x` with hexadecimal ones.
    Long,
    Real,
    /// `1d`, `2.5h`, ...
    TimeSpan,
    /// One string in any of its forms; strings that follow one another are joined by the parser.
    String,
    /// `long(...)`, `datetime(...)`, ...: everything up to the next closing parenthesis.
    Typed(Type),
    /// A guid that stands alone, which the language does not take.
    RawGuid,
    LeftParenthesis,
    RightParenthesis,
    LeftBracket,
    RightBracket,
    LeftBrace,
    RightBrace,
    Bar,
    Comma,
    Semicolon,
    Colon,
    Dot,
    DotDot,
    Plus,
    Minus,
    Star,
    Slash,
    Percent,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    /// `=`
    Assign,
    /// `==`
    Equal,
    /// `!=` and `<>`.
    NotEqual,
    /// `=~`
    EqualTilde,
    /// `!~`
    BangTilde,
    /// `=>`
    Arrow,
    At,
    Question,
    /// `<|`
    LessBar,
    /// `#...` up to the end of the line.
    Directive,
    Unknown,
    End,
}

/// Where a word may be a name. The classes are those of the official service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum WordClass {
    /// No keyword at all.
    Identifier,
    /// A keyword that is a name wherever a name is expected (`count`, `id`, `step`, ...).
    Name,
    /// A keyword that is a name where a name is declared (`by = 1`, `(title:string)`), not where one is read.
    Declared,
    /// `kind`, `withsource`, `with_source`: a name as (part of) a path.
    Path,
    /// Never a name without brackets.
    Reserved,
}

/// The tokens of the text, `limit` of them at most; the last one is [`TokenKind::End`], which stands in front of the
/// end of the text when the limit was reached.
pub fn tokens(text: &str, limit: usize) -> Vec<Token> {
    let mut tokens = Vec::with_capacity((text.len() / 4 + 1).min(limit));
    let mut at = 0;
    loop {
        at = skip_space(text, at);
        let (kind, end) = if tokens.len() < limit {
            token(text, at)
        } else {
            (TokenKind::End, at)
        };
        tokens.push(Token {
            kind,
            span: Span::new(at, end),
        });
        if kind == TokenKind::End {
            return tokens;
        }
        at = end;
    }
}

/// Where the white space and comments that begin here end.
fn skip_space(text: &str, mut at: usize) -> usize {
    loop {
        let rest = &text[at..];
        let Some(first) = rest.chars().next() else { return at };
        if is_space(first) {
            at += first.len_utf8();
        } else if rest.starts_with("//") {
            at += line_length(rest);
        } else {
            return at;
        }
    }
}

fn is_space(c: char) -> bool {
    c.is_whitespace() || matches!(c, '\u{180e}' | '\u{200b}' | '\u{feff}')
}

/// Bytes up to the end of the line.
fn line_length(text: &str) -> usize {
    text.find(['\n', '\r', '\u{2028}', '\u{2029}']).unwrap_or(text.len())
}

fn byte(text: &str, at: usize) -> u8 {
    text.as_bytes().get(at).copied().unwrap_or(0)
}

fn is_identifier_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// The token that begins at `at`, where no white space is, and its end.
fn token(text: &str, at: usize) -> (TokenKind, usize) {
    use TokenKind as Kind;
    let (first, second) = (byte(text, at), byte(text, at + 1));
    let (kind, length) = match (first, second) {
        _ if at >= text.len() => (Kind::End, 0),
        (b'(', _) => (Kind::LeftParenthesis, 1),
        (b')', _) => (Kind::RightParenthesis, 1),
        (b'[', _) => (Kind::LeftBracket, 1),
        (b']', _) => (Kind::RightBracket, 1),
        (b'{', _) => (Kind::LeftBrace, 1),
        (b'}', _) => (Kind::RightBrace, 1),
        (b'|', _) => (Kind::Bar, 1),
        (b',', _) => (Kind::Comma, 1),
        (b';', _) => (Kind::Semicolon, 1),
        (b':', _) => (Kind::Colon, 1),
        (b'.', b'.') => (Kind::DotDot, 2),
        (b'.', _) => (Kind::Dot, 1),
        (b'+', _) => (Kind::Plus, 1),
        (b'-', _) => (Kind::Minus, 1),
        (b'*', _) => (Kind::Star, 1),
        (b'/', _) => (Kind::Slash, 1),
        (b'%', _) => (Kind::Percent, 1),
        (b'<', b'=') => (Kind::LessOrEqual, 2),
        (b'<', b'>') => (Kind::NotEqual, 2),
        (b'<', b'|') => (Kind::LessBar, 2),
        (b'<', _) => (Kind::Less, 1),
        (b'>', b'=') => (Kind::GreaterOrEqual, 2),
        (b'>', _) => (Kind::Greater, 1),
        (b'=', b'=') => (Kind::Equal, 2),
        (b'=', b'>') => (Kind::Arrow, 2),
        (b'=', b'~') => (Kind::EqualTilde, 2),
        (b'=', _) => (Kind::Assign, 1),
        (b'!', b'=') => (Kind::NotEqual, 2),
        (b'!', b'~') => (Kind::BangTilde, 2),
        (b'!', _) => return negated_word(text, at),
        (b'?', _) => (Kind::Question, 1),
        (b'#', _) => (Kind::Directive, line_length(&text[at..])),
        (b'\'' | b'"' | b'`' | b'~' | b'@', _) => match string_end(text, at) {
            Some(end) => return (Kind::String, end),
            None if first == b'@' => (Kind::At, 1),
            None => (Kind::Unknown, 1),
        },
        _ if first.is_ascii_digit() => return number(text, at),
        _ if first.is_ascii_alphabetic() || first == b'_' || first == b'$' => return word(text, at),
        _ => (Kind::Unknown, text[at..].chars().next().map_or(1, char::len_utf8)),
    };
    (kind, at + length)
}

/// The end of the string that begins at `at`, with its `h` and `@`; `None` when there is none. A string that is not
/// closed ends with the line.
fn string_end(text: &str, at: usize) -> Option<usize> {
    let mut start = at;
    if matches!(byte(text, start), b'h' | b'H') {
        start += 1;
    }
    let is_verbatim = byte(text, start) == b'@';
    if is_verbatim {
        start += 1;
    }
    let quote = byte(text, start);
    if matches!(quote, b'`' | b'~') {
        let fence = text.get(start..start + 3)?;
        if fence != MULTI_LINE_FENCES[0] && fence != MULTI_LINE_FENCES[1] {
            return None;
        }
        let content = start + 3;
        return Some(
            text[content..]
                .find(fence)
                .map_or(text.len(), |length| content + length + 3),
        );
    }
    if !matches!(quote, b'\'' | b'"') {
        return None;
    }
    let mut end = start + 1;
    loop {
        match byte(text, end) {
            0 if end >= text.len() => return Some(end),
            b'\r' | b'\n' => return Some(end),
            b'\\' if !is_verbatim => match escape_length(&text.as_bytes()[end..]) {
                Some(length) => end += length,
                None => return Some(end),
            },
            found if found == quote => {
                end += 1;
                if !is_verbatim || byte(text, end) != quote {
                    return Some(end);
                }
                end += 1;
            }
            _ => end += 1,
        }
    }
}

pub(crate) const MULTI_LINE_FENCES: [&str; 2] = ["```", "~~~"];

/// The length of the escape that these bytes begin with (a backslash and what follows).
pub(crate) fn escape_length(bytes: &[u8]) -> Option<usize> {
    let digits = |count: usize| {
        let is_hexadecimal = bytes.get(2..2 + count)?.iter().all(u8::is_ascii_hexdigit);
        is_hexadecimal.then_some(2 + count)
    };
    let is_octal = |at: usize| bytes.get(at).is_some_and(|byte| (b'0'..=b'7').contains(byte));
    match bytes.get(1)? {
        b'\\' | b'\'' | b'"' | b'a' | b'b' | b'f' | b'n' | b'r' | b't' | b'v' => Some(2),
        b'u' => digits(4),
        b'U' => digits(8),
        b'x' => digits(2),
        first @ b'0'..=b'7' => Some(match (is_octal(2), is_octal(3)) {
            (true, true) if *first <= b'3' => 4,
            (true, _) => 3,
            _ => 2,
        }),
        _ => None,
    }
}

/// A word or what looks like one: keyword, name, `h'...'`, `datetime(...)`, `true`, a guid.
fn word(text: &str, at: usize) -> (TokenKind, usize) {
    if let Some(end) = guid_end(text, at) {
        return (TokenKind::RawGuid, end);
    }
    let mut end = at + 1;
    while is_identifier_byte(byte(text, end)) {
        end += 1;
    }
    if end == at + 1
        && matches!(byte(text, at), b'h' | b'H')
        && let Some(end) = string_end(text, at)
    {
        return (TokenKind::String, end);
    }
    let word = &text[at..end];
    if let Some(longer) = joined_word(&text[at..], word) {
        return (TokenKind::Word(class(longer)), at + longer.len());
    }
    if byte(text, end) == b'('
        && let Some(ty) = type_of_literal(word)
    {
        return (TokenKind::Typed(ty), typed_end(text, end));
    }
    match word {
        "true" | "True" | "TRUE" | "false" | "False" | "FALSE" => (TokenKind::Bool, end),
        _ => (TokenKind::Word(class(word)), end),
    }
}

/// Behind the parenthesis that closes a literal such as `datetime(...)`; a literal ends with its line.
fn typed_end(text: &str, open: usize) -> usize {
    // One search for both ends: a long line with many literals is read once.
    let ends = [')', '\n', '\r', '\u{2028}', '\u{2029}'];
    let length = text[open..].find(ends).unwrap_or(text.len() - open);
    open + length + usize::from(byte(text, open + length) == b')')
}

/// The type of a literal that is written `word(...)`.
fn type_of_literal(word: &str) -> Option<Type> {
    Some(match word {
        "bool" => Type::Bool,
        "int" | "int32" => Type::Int,
        "long" | "int64" => Type::Long,
        "real" | "double" => Type::Real,
        "decimal" => Type::Decimal,
        "datetime" | "date" => Type::DateTime,
        "timespan" | "time" => Type::TimeSpan,
        "guid" => Type::Guid,
        _ => return None,
    })
}

/// A keyword of several words (`project-away`, `in~`, `matches regex`) that the text begins with.
fn joined_word(text: &str, word: &str) -> Option<&'static str> {
    let next = byte(text, word.len());
    if !matches!(next, b'-' | b'~' | b' ') {
        return None;
    }
    JOINED_WORDS
        .iter()
        .filter(|joined| text.starts_with(**joined) && joined.len() > word.len())
        .filter(|joined| !is_identifier_byte(byte(text, joined.len())))
        .max_by_key(|joined| joined.len())
        .copied()
}

const JOINED_WORDS: [&str; 32] = [
    "assert-schema",
    "granny-asc",
    "granny-desc",
    "graph-mark-components",
    "graph-match",
    "graph-shortest-paths",
    "graph-to-table",
    "graph-where-edges",
    "graph-where-nodes",
    "in~",
    "macro-expand",
    "make-graph",
    "make-series",
    "matches regex",
    "materialized-view-combine",
    "materialized-views",
    "mv-apply",
    "mv-expand",
    "parse-kv",
    "parse-where",
    "partitioned-by",
    "project-away",
    "project-by-names",
    "project-keep",
    "project-rename",
    "project-reorder",
    "project-smart",
    "sample-distinct",
    "set-or-append",
    "set-or-replace",
    "top-hitters",
    "top-nested",
];

/// `!has`, `!in~`, ...; an exclamation mark alone belongs to nothing.
fn negated_word(text: &str, at: usize) -> (TokenKind, usize) {
    let mut end = at + 1;
    while is_identifier_byte(byte(text, end)) {
        end += 1;
    }
    let word = &text[at + 1..end];
    let is_operator = matches!(
        word,
        "between"
            | "contains"
            | "contains_cs"
            | "endswith"
            | "endswith_cs"
            | "has"
            | "has_cs"
            | "hasprefix"
            | "hasprefix_cs"
            | "hassuffix"
            | "hassuffix_cs"
            | "in"
            | "startswith"
            | "startswith_cs"
    );
    if !is_operator {
        return (TokenKind::Unknown, at + 1);
    }
    if word == "in" && byte(text, end) == b'~' {
        end += 1;
    }
    (TokenKind::Word(WordClass::Reserved), end)
}

/// A number, a time span, a guid, or a name that begins with digits.
fn number(text: &str, at: usize) -> (TokenKind, usize) {
    if let Some(end) = guid_end(text, at) {
        return (TokenKind::RawGuid, end);
    }
    if let Some(end) = real_end(text, at) {
        return (TokenKind::Real, end);
    }
    if let Some(end) = time_span_end(text, at) {
        return (TokenKind::TimeSpan, end);
    }
    let digits = digits_end(text, at);
    if digits == at + 1 && byte(text, at) == b'0' && matches!(byte(text, digits), b'x' | b'X') {
        let mut end = digits + 1;
        while byte(text, end).is_ascii_hexdigit() {
            end += 1;
        }
        if end > digits + 1 && !is_identifier_byte(byte(text, end)) {
            return (TokenKind::Long, end);
        }
    }
    let mut end = digits;
    while is_identifier_byte(byte(text, end)) {
        end += 1;
    }
    if end == digits {
        (TokenKind::Long, end)
    } else {
        (TokenKind::Word(class(&text[at..end])), end)
    }
}

fn digits_end(text: &str, mut at: usize) -> usize {
    while byte(text, at).is_ascii_digit() {
        at += 1;
    }
    at
}

fn real_end(text: &str, at: usize) -> Option<usize> {
    let exponent_end = |at: usize| {
        if !matches!(byte(text, at), b'e' | b'E') {
            return None;
        }
        let digits = at + 1 + usize::from(matches!(byte(text, at + 1), b'+' | b'-'));
        let end = digits_end(text, digits);
        (end > digits).then_some(end)
    };
    let whole = digits_end(text, at);
    // `1..2` is a range of two integers, `1...2` one of a real and an integer.
    let has_point = byte(text, whole) == b'.' && (byte(text, whole + 1) != b'.' || byte(text, whole + 2) == b'.');
    let end = if has_point {
        let fraction = digits_end(text, whole + 1);
        exponent_end(fraction).unwrap_or(fraction)
    } else {
        exponent_end(whole)?
    };
    (!is_identifier_byte(byte(text, end))).then_some(end)
}

fn time_span_end(text: &str, at: usize) -> Option<usize> {
    let mut digits = digits_end(text, at);
    if byte(text, digits) == b'.' && byte(text, digits + 1).is_ascii_digit() {
        digits = digits_end(text, digits + 1);
    }
    let mut end = digits;
    while is_identifier_byte(byte(text, end)) {
        end += 1;
    }
    crate::literal::unit_nanoseconds(&text[digits..end]).map(|_| end)
}

/// The end of a guid without quotes, `8-4-4-4-12` hexadecimal digits.
fn guid_end(text: &str, at: usize) -> Option<usize> {
    let bytes = text.as_bytes().get(at..at + 36)?;
    let is_guid = bytes.iter().enumerate().all(|(index, byte)| match index {
        8 | 13 | 18 | 23 => *byte == b'-',
        _ => byte.is_ascii_hexdigit(),
    });
    (is_guid && !is_identifier_byte(byte(text, at + 36))).then_some(at + 36)
}

/// The class of a word.
pub fn class(word: &str) -> WordClass {
    match word {
        "access"
        | "alias"
        | "bin"
        | "consume"
        | "count"
        | "database"
        | "declare"
        | "default"
        | "distinct"
        | "entity_group"
        | "evaluate"
        | "extend"
        | "dataformat"
        | "inline_external_table"
        | "datetime_pattern"
        | "facet"
        | "filter"
        | "fork"
        | "from"
        | "getschema"
        | "edges"
        | "id"
        | "best_effort"
        | "join"
        | "let"
        | "limit"
        | "lookup"
        | "mvapply"
        | "mvexpand"
        | "nodes"
        | "null"
        | "nulls"
        | "on"
        | "optional"
        | "order"
        | "output"
        | "pack"
        | "parse"
        | "__partitionby"
        | "partition"
        | "pattern"
        | "plotly"
        | "graph"
        | "query_parameters"
        | "range"
        | "reduce"
        | "regex"
        | "render"
        | "restrict"
        | "scan"
        | "serialize"
        | "sort"
        | "step"
        | "summarize"
        | "take"
        | "top"
        | "typeof"
        | "uuid"
        | "view"
        | "with"
        | "with_node_id"
        | "bool"
        | "guid" => WordClass::Name,
        "accumulate" | "as" | "by" | "contains" | "datatable" | "earliest" | "externaldata" | "find" | "has" | "in"
        | "invoke" | "latest" | "materialize" | "mdm" | "of" | "print" | "sample" | "sample-distinct" | "search"
        | "set" | "sql" | "title" | "to" | "toscalar" | "totable" | "top-nested" | "top-hitters" | "verbose"
        | "viewers" | "where" => WordClass::Declared,
        "kind" | "withsource" | "with_source" => WordClass::Path,
        _ if is_reserved(word) => WordClass::Reserved,
        _ => WordClass::Identifier,
    }
}

fn is_reserved(word: &str) -> bool {
    matches!(
        word,
        "__crossCluster"
            | "__crossDB"
            | "__id"
            | "__isFuzzy"
            | "__noWithSource"
            | "__packedColumn"
            | "__sourceColumnIndex"
            | "3Dchart"
            | "and"
            | "anomalychart"
            | "areachart"
            | "asc"
            | "bagexpansion"
            | "barchart"
            | "between"
            | "bin_legacy"
            | "cachingpolicy"
            | "callout"
            | "cancel"
            | "card"
            | "columnchart"
            | "containscs"
            | "contains_cs"
            | "__contextual_datatable"
            | "cycles"
            | "dataexport"
            | "datascope"
            | "decodeblocks"
            | "desc"
            | "encodingpolicy"
            | "endswith"
            | "endswith_cs"
            | "__executeAndCache"
            | "expandoutput"
            | "extent_tags_retention"
            | "external_data"
            | "first"
            | "flags"
            | "harddelete"
            | "hardretention"
            | "has_any"
            | "has_all"
            | "has_cs"
            | "hasprefix"
            | "hasprefix_cs"
            | "hassuffix"
            | "hassuffix_cs"
            | "hotcache"
            | "isfuzzy"
            | "force_remote"
            | "journal"
            | "ladderchart"
            | "last"
            | "like"
            | "likecs"
            | "linechart"
            | "missing"
            | "nooptimization"
            | "notcontains"
            | "notcontainscs"
            | "notlike"
            | "notlikecs"
            | "or"
            | "others"
            | "pathformat"
            | "piechart"
            | "pivotchart"
            | "project"
            | "__projectAway"
            | "queries"
            | "query_results"
            | "relaxed"
            | "restricted_view_access"
            | "row_level_security"
            | "rowstore"
            | "rowstore_references"
            | "rowstore_sealinfo"
            | "rowstorepolicy"
            | "rowstores"
            | "scatterchart"
            | "seal"
            | "seals"
            | "shards"
            | "simple"
            | "softdelete"
            | "softretention"
            | "stackedareachart"
            | "startswith"
            | "startswith_cs"
            | "statistics"
            | "storedqueryresultcontainers"
            | "tablepurge"
            | "timechart"
            | "timeline"
            | "timepivot"
            | "treemap"
            | "union"
            | "unrestrictedviewers"
            | "views"
            | "with_itemindex"
            | "with_match_id"
            | "with_step_name"
            | "writeaheadlog"
            | "boolean"
            | "int8"
            | "char"
            | "uint8"
            | "byte"
            | "int16"
            | "uint16"
            | "int"
            | "int32"
            | "uint"
            | "uint32"
            | "long"
            | "int64"
            | "ulong"
            | "uint64"
            | "float"
            | "real"
            | "decimal"
            | "double"
            | "string"
            | "time"
            | "timespan"
            | "date"
            | "datetime"
            | "uniqueid"
            | "dynamic"
    ) || JOINED_WORDS.contains(&word)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(text: &str) -> Vec<(TokenKind, &str)> {
        let tokens = tokens(text, usize::MAX);
        let shown = tokens.iter().map(|token| (token.kind, token.span.text(text)));
        shown.filter(|(kind, _)| *kind != TokenKind::End).collect()
    }

    #[test]
    fn words_with_dashes_and_signs_are_one_token_and_a_subtraction_is_three() {
        use TokenKind::{Minus, Word};
        use WordClass::{Identifier, Reserved};
        assert_eq!(kinds("project-away"), [(Word(Reserved), "project-away")]);
        assert_eq!(
            kinds("project-awayx"),
            [(Word(Reserved), "project"), (Minus, "-"), (Word(Identifier), "awayx")]
        );
        assert_eq!(
            kinds("a-b"),
            [(Word(Identifier), "a"), (Minus, "-"), (Word(Identifier), "b")]
        );
        assert_eq!(kinds("!in~"), [(Word(Reserved), "!in~")]);
        assert_eq!(kinds("matches regex"), [(Word(Reserved), "matches regex")]);
    }

    #[test]
    fn numbers_ranges_and_time_spans_are_told_apart() {
        use TokenKind::{DotDot, Long, Real, TimeSpan, Word};
        assert_eq!(kinds("1..3"), [(Long, "1"), (DotDot, ".."), (Long, "3")]);
        assert_eq!(
            kinds("1.5 1e3 0x1F 2h 1.5d"),
            [
                (Real, "1.5"),
                (Real, "1e3"),
                (Long, "0x1F"),
                (TimeSpan, "2h"),
                (TimeSpan, "1.5d")
            ]
        );
        assert_eq!(kinds("4chan"), [(Word(WordClass::Identifier), "4chan")]);
    }

    #[test]
    fn strings_of_every_form_are_one_token_each() {
        let text = r#"'a\'b' "c""#.to_owned() + r#" @'d''e' @"\" h'x' H@'y' "# + "```f\n'```" + " ~~~g~~~";
        let found: Vec<_> = kinds(&text);
        assert!(found.iter().all(|(kind, _)| *kind == TokenKind::String), "{found:?}");
        assert_eq!(found.len(), 8);
    }

    #[test]
    fn comments_are_left_out_and_literals_hold_their_parentheses() {
        use TokenKind::{Directive, Typed, Unknown};
        assert_eq!(
            kinds("datetime(2020-01-01) // ago(1d)\nint(null)"),
            [
                (Typed(Type::DateTime), "datetime(2020-01-01)"),
                (Typed(Type::Int), "int(null)")
            ]
        );
        assert_eq!(kinds("#x y\n^"), [(Directive, "#x y"), (Unknown, "^")]);
    }
}
