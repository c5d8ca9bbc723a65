//! `parse` and `parse-where`: columns captured out of a text by a pattern.
//!
//! A pattern of texts alone is matched from its beginning to its end without a regular expression: each text is found
//! at its next place, the last one at the end. A capture is what lies between two texts; before a `*` there is nothing
//! that would end it, so there it is as much as its type can have. `kind=regex` is one regular expression, whose
//! captures are as long as they can be.
//!
//! In all kinds but `relaxed` a capture that does not convert empties all of them.

use postern_kql::ir::{self, ParseKind, ParsePart};
use postern_kql::{Diagnostic, Span, Type};
use regex::{Regex, RegexBuilder};

use super::{Out, Preparation, RowError, RowOperator, empty, read, widened, wrong};
use crate::context::PATTERN_BYTES_MAX;
use crate::evaluate::{Program, Values};
use crate::{Context, Datum, convert};

pub(super) struct ParseRows {
    value: Program,
    matcher: Matcher,
    types: Vec<Type>,
    outputs: Vec<usize>,
    width: usize,
    /// Each capture converts or not by itself.
    is_relaxed: bool,
    drops_unmatched: bool,
}

enum Matcher {
    Texts(Texts),
    /// With the number of each capture's group.
    Pattern(Regex, Vec<usize>),
}

impl ParseRows {
    pub(super) fn new(parse: &ir::Parse, node: &ir::Tabular, with: &Preparation<'_>) -> Result<Self, Diagnostic> {
        let types: Vec<Type> = parse
            .pattern
            .iter()
            .filter_map(|part| match part {
                ParsePart::Capture(ty) => Some(*ty),
                ParsePart::Text(_) | ParsePart::Skip => None,
            })
            .collect();
        let matcher = match parse.kind {
            ParseKind::Simple | ParseKind::Relaxed => Matcher::Texts(Texts::new(&parse.pattern, node.span)?),
            ParseKind::Regex => pattern(&parse.pattern, &parse.flags, node.span)?,
        };
        Ok(Self {
            value: with.program(&parse.value)?,
            matcher,
            types,
            outputs: parse.outputs.clone(),
            width: node.columns.len(),
            is_relaxed: parse.kind == ParseKind::Relaxed,
            drops_unmatched: parse.drops_unmatched,
        })
    }

    /// The values of the captures, or `None` where the text does not match.
    fn captures<'t>(&self, text: &'t str) -> Option<Vec<Datum<'t>>> {
        let texts: Vec<&str> = match &self.matcher {
            Matcher::Texts(texts) => texts.captures(text)?,
            Matcher::Pattern(pattern, groups) => {
                let found = pattern.captures(text)?;
                let text_of = |group: &usize| found.get(*group).map_or("", |found| found.as_str());
                groups.iter().map(text_of).collect()
            }
        };
        let captured = texts.into_iter().zip(&self.types);
        if self.is_relaxed {
            return Some(captured.map(|(text, ty)| read::value_or_empty(text, *ty)).collect());
        }
        captured.map(|(text, ty)| read::value(text, *ty)).collect()
    }
}

impl RowOperator for ParseRows {
    fn push(&mut self, row: &[Datum<'_>], cx: &Context, out: &mut Out<'_>) -> Result<(), RowError> {
        let value = self.value.run(&Values(row), cx);
        let text = convert::text(&value);
        let captures = self.captures(&text);
        if captures.is_none() && self.drops_unmatched {
            return Ok(());
        }
        let captures = captures.unwrap_or_else(|| self.types.iter().map(|ty| empty(*ty)).collect());
        let mut wide = widened(row, self.width);
        for (output, capture) in self.outputs.iter().zip(captures) {
            wide[*output] = capture;
        }
        out(&wide)
    }
}

/// A pattern of texts and what lies before, between and behind them: one gap more than texts.
struct Texts {
    texts: Vec<String>,
    gaps: Vec<Gap>,
}

#[derive(Default)]
struct Gap {
    capture: Option<Type>,
    /// Behind the capture, if there is one.
    skips: bool,
}

impl Texts {
    fn new(parts: &[ParsePart], span: Span) -> Result<Self, Diagnostic> {
        let (mut texts, mut gaps): (Vec<String>, Vec<Gap>) = (Vec::new(), vec![Gap::default()]);
        let mut follows_text = false;
        for part in parts {
            let gap = gaps.len() - 1;
            match part {
                // Two texts in a row are one.
                ParsePart::Text(text) if follows_text => {
                    texts.last_mut().into_iter().for_each(|last| last.push_str(text))
                }
                ParsePart::Text(text) => {
                    texts.push(text.clone());
                    gaps.push(Gap::default());
                }
                ParsePart::Skip => gaps[gap].skips = true,
                ParsePart::Capture(_) if gaps[gap].capture.is_some() || gaps[gap].skips => {
                    return Err(wrong(span, "in a pattern a column stands behind a text"));
                }
                ParsePart::Capture(ty) => gaps[gap].capture = Some(*ty),
            }
            follows_text = matches!(part, ParsePart::Text(_));
        }
        if gaps.iter().any(|gap| gap.skips && gap.capture == Some(Type::String)) {
            return Err(wrong(
                span,
                "in a pattern a * behind a column of type string has no meaning",
            ));
        }
        Ok(Self { texts, gaps })
    }

    /// What the captures hold, or `None` where the text does not match.
    fn captures<'t>(&self, text: &'t str) -> Option<Vec<&'t str>> {
        let mut captures = Vec::new();
        let mut rest = text;
        for (index, gap) in self.gaps.iter().enumerate() {
            let is_open = gap.capture.is_some() || gap.skips;
            let (between, behind) = match self.texts.get(index) {
                None => (rest, ""),
                Some(needle) => {
                    let is_last = index + 1 == self.texts.len();
                    let ends_here = is_last && self.gaps.last().is_none_or(|gap| gap.capture.is_none() && !gap.skips);
                    let at = match (is_open, ends_here) {
                        (true, true) => rest.ends_with(needle).then(|| rest.len() - needle.len())?,
                        (true, false) => rest.find(needle)?,
                        (false, _) => rest.starts_with(needle).then_some(0)?,
                    };
                    (&rest[..at], &rest[at + needle.len()..])
                }
            };
            if !is_open && !between.is_empty() {
                return None;
            }
            if let Some(ty) = gap.capture {
                let is_trailing = index == self.texts.len();
                captures.push(match (gap.skips, shape(between, ty)) {
                    (false, _) => between,
                    (true, Some(length)) => &between[..length],
                    (true, None) if is_trailing => "",
                    (true, None) => return None,
                });
            }
            rest = behind;
        }
        Some(captures)
    }
}

/// How much of the beginning of a text can be of the type; `None` where nothing can.
fn shape(text: &str, ty: Type) -> Option<usize> {
    let start = text.len() - text.trim_start().len();
    let bytes = &text.as_bytes()[start..];
    let digits = |from: usize| bytes[from..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    let sign = usize::from(matches!(bytes.first(), Some(b'+' | b'-')));
    let whole = digits(sign);
    let length = match ty {
        Type::Int | Type::Long if whole > 0 => sign + whole,
        Type::Real | Type::Decimal => {
            let mut length = sign + whole;
            let fraction = if bytes.get(length) == Some(&b'.') {
                digits(length + 1)
            } else {
                0
            };
            if whole + fraction == 0 {
                return None;
            }
            if fraction > 0 {
                length += 1 + fraction;
            }
            if matches!(bytes.get(length), Some(b'e' | b'E')) {
                let sign = usize::from(matches!(bytes.get(length + 1), Some(b'+' | b'-')));
                let exponent = digits(length + 1 + sign);
                length += if exponent > 0 { 1 + sign + exponent } else { 0 };
            }
            length
        }
        Type::Bool if whole > 0 => sign + whole,
        Type::Bool => ["true", "false"].iter().find_map(|word| {
            let head = bytes.get(..word.len())?;
            head.eq_ignore_ascii_case(word.as_bytes()).then_some(word.len())
        })?,
        Type::Guid => bytes
            .iter()
            .take_while(|byte| byte.is_ascii_hexdigit() || **byte == b'-')
            .count(),
        Type::Int | Type::Long => return None,
        // Their texts have too many forms to tell where they end.
        Type::DateTime | Type::TimeSpan | Type::Dynamic | Type::String => text.len() - start,
    };
    Some(start + length)
}

/// The regular expression of a pattern of `kind=regex`.
fn pattern(parts: &[ParsePart], flags: &str, span: Span) -> Result<Matcher, Diagnostic> {
    let mut text = String::from("^");
    let mut captures = 0;
    for part in parts {
        match part {
            ParsePart::Text(part) => text.push_str(part),
            ParsePart::Skip => text.push_str(".*?"),
            ParsePart::Capture(ty) => {
                let shape = match ty {
                    Type::Int | Type::Long => r"\s*[-+]?\d+",
                    Type::Real | Type::Decimal => r"\s*[-+]?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?",
                    Type::Bool => r"\s*(?:[tT][rR][uU][eE]|[fF][aA][lL][sS][eE])",
                    Type::Guid => r"\s*[0-9a-fA-F-]+",
                    Type::DateTime | Type::TimeSpan | Type::Dynamic | Type::String => ".*",
                };
                text.push_str(&format!("(?P<{}>{shape})", group_name(captures)));
                captures += 1;
            }
        }
    }
    let mut builder = RegexBuilder::new(&text);
    builder.size_limit(PATTERN_BYTES_MAX);
    for flag in flags.chars() {
        match flag {
            'i' => builder.case_insensitive(true),
            's' => builder.dot_matches_new_line(true),
            'm' => builder.multi_line(true),
            'U' => builder.swap_greed(true),
            other => return Err(wrong(span, format!("the flag {other} is none of i, m, s and U"))),
        };
    }
    let pattern = builder
        .build()
        .map_err(|_| wrong(span, "the pattern is not a regular expression"))?;
    let groups = (0..captures)
        .filter_map(|capture| {
            let name = group_name(capture);
            pattern.capture_names().position(|found| found == Some(name.as_str()))
        })
        .collect();
    Ok(Matcher::Pattern(pattern, groups))
}

/// A name that no group of the user has.
fn group_name(capture: usize) -> String {
    format!("parse_capture_{capture}")
}

#[cfg(test)]
mod tests {
    use postern_kql::ir::Op;

    use super::*;
    use crate::rows::testing::{column, node, run, table, texts};

    fn parsed(
        kind: ParseKind,
        flags: &str,
        drops_unmatched: bool,
        pattern: &[ParsePart],
        text: &str,
    ) -> Result<Vec<Vec<String>>, Diagnostic> {
        let captures: Vec<Type> = pattern
            .iter()
            .filter_map(|part| {
                if let ParsePart::Capture(ty) = part {
                    Some(*ty)
                } else {
                    None
                }
            })
            .collect();
        let input = table(&[("s", Type::String)]);
        let mut columns = vec![("s", Type::String)];
        columns.extend(captures.iter().map(|ty| ("c", *ty)));
        let op = Op::Parse {
            input,
            parse: ir::Parse {
                kind,
                flags: flags.to_owned(),
                value: column(0, Type::String),
                pattern: pattern.to_vec(),
                outputs: (1..=captures.len()).collect(),
                drops_unmatched,
            },
        };
        let rows = run(&node(op, &columns), &[vec![Datum::string(text)]])?;
        Ok(texts(&rows.unwrap()).into_iter().map(|row| row[1..].to_vec()).collect())
    }

    /// `"a=" a:long * "b" c` in short: quoted texts, `*`, and types.
    fn pattern_of(text: &str) -> Vec<ParsePart> {
        text.split(' ')
            .map(|part| match part {
                "*" => ParsePart::Skip,
                part => match Type::of_name(part) {
                    Some(ty) => ParsePart::Capture(ty),
                    None => ParsePart::Text(part.replace('_', " ").replace("\\n", "\n")),
                },
            })
            .collect()
    }

    #[test]
    fn simple_relaxed_and_regex_differ_as_documented_and_measured() {
        // Pattern, text, and the captures of the kinds simple, relaxed and regex.
        for (pattern, text, simple, relaxed, regex) in [
            ("a= string ,_b= string", "a=1, b=xy", "1|xy", "1|xy", "1|xy"),
            ("a= string ,_b= string", "nomatch", "|", "|", "|"),
            ("a string c *", "aXcYc", "X", "X", "XcY"),
            ("a string c", "aXcYc", "XcY", "XcY", "XcY"),
            ("a string b", "abcbd", "", "", "bc"),
            ("* x= string , *", "y=1,x=2,x=9", "2", "2", "2"),
            ("a= string", "a=1, b=xy", "1, b=xy", "1, b=xy", "1, b=xy"),
            ("a.b string", "axbZ", "", "", "Z"),
            ("a= string", "A=1", "", "", ""),
            ("n= long * m= long", "n=27 junk m=23", "27|23", "27|23", "27|23"),
            ("n= long * m= long", "n=xx junk m=23", "|", "|", "|"),
            ("p| string -q| long *", "p|1-q|xx", "|", "1|", "|"),
            ("n= long ,m= long", "n=xx,m=23", "|", "|23", "|"),
            (
                "a= long ,b= string ,c= long ,d= string",
                "a=1,b=2,c=zz,d=4",
                "|||",
                "1|2||4",
                "|||",
            ),
            ("a= long ,b= string", "a=,b=2", "|", "|2", "|"),
            ("n= long |", "n=1.5|", "", "", ""),
            ("n= long ;", "n= 9;", "9", "9", "9"),
            ("b= bool ;", "b=2;", "True", "True", ""),
            ("r= real * x", "r=-2.5e1 x", "-25.0", "-25.0", "-25.0"),
        ] {
            let parts = pattern_of(pattern);
            for (kind, expected) in [
                (ParseKind::Simple, simple),
                (ParseKind::Relaxed, relaxed),
                (ParseKind::Regex, regex),
            ] {
                // `|` means something in a regular expression.
                if kind == ParseKind::Regex && pattern.contains('|') {
                    continue;
                }
                let found = parsed(kind, "", false, &parts, text).unwrap();
                assert_eq!(found[0].join("|"), expected, "{kind:?}: {pattern} in {text}");
                if kind != ParseKind::Relaxed {
                    let kept = parsed(kind, "", true, &parts, text).unwrap();
                    let matches = expected.chars().any(|character| character != '|');
                    assert_eq!(!kept.is_empty(), matches, "{kind:?}: {pattern} in {text}");
                }
            }
        }
    }

    #[test]
    fn flags_of_a_regular_expression_change_what_is_captured() {
        for (flags, pattern, text, expected) in [
            ("i", "* A= string ,", "xa=1,2,", "1,2"),
            ("U", "a string c", "aXcYc", "X"),
            ("s", "a string b *", "a\nb", "\n"),
            ("", "a string b *", "a\nb", ""),
            ("", "(foo)= string ,(bar)= string", "foo=9,bar=8", "9|8"),
        ] {
            let found = parsed(ParseKind::Regex, flags, false, &pattern_of(pattern), text).unwrap();
            assert_eq!(found[0].join("|"), expected, "{pattern} with {flags}");
        }
        let refused = parsed(ParseKind::Regex, "x", false, &pattern_of("a string"), "").unwrap_err();
        assert_eq!(refused.message, "the flag x is none of i, m, s and U");
        let refused = parsed(ParseKind::Regex, "", false, &pattern_of("(a string"), "").unwrap_err();
        assert_eq!(refused.message, "the pattern is not a regular expression");
    }

    #[test]
    fn matching_texts_equals_the_regular_expression_of_the_pattern() {
        let mut state = 7_u64;
        let mut draw = |below: u64| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) % below
        };
        for _ in 0..3000 {
            // [*] text [column], several times, perhaps with a column in front and a * at the end.
            let mut parts = Vec::new();
            if draw(4) == 0 {
                parts.push(ParsePart::Capture(Type::String));
            }
            for _ in 0..=draw(3) {
                if draw(2) == 0 && !matches!(parts.last(), Some(ParsePart::Capture(_))) {
                    parts.push(ParsePart::Skip);
                }
                parts.push(ParsePart::Text(["a", "b", "ab", "ba"][draw(4) as usize].to_owned()));
                if draw(3) > 0 {
                    parts.push(ParsePart::Capture(Type::String));
                }
            }
            if draw(3) == 0 && !matches!(parts.last(), Some(ParsePart::Capture(_))) {
                parts.push(ParsePart::Skip);
            }
            let pattern: String = parts
                .iter()
                .map(|part| match part {
                    ParsePart::Text(text) => text.as_str(),
                    ParsePart::Skip => ".*?",
                    ParsePart::Capture(_) => "(.*?)",
                })
                .collect();
            let pattern = Regex::new(&format!("^{pattern}$")).unwrap();
            let texts = Texts::new(&parts, Span::default()).unwrap();
            for _ in 0..10 {
                let text: String = (0..draw(9)).map(|_| ['a', 'b', 'c'][draw(3) as usize]).collect();
                let expected = pattern.captures(&text).map(|found| {
                    let groups = found.iter().skip(1).flatten();
                    groups.map(|group| group.as_str()).collect::<Vec<_>>()
                });
                assert_eq!(texts.captures(&text), expected, "{pattern} in {text}");
            }
        }
    }

    #[test]
    fn a_skip_behind_a_text_column_is_refused() {
        let refused = parsed(ParseKind::Simple, "", false, &pattern_of("a string * b"), "").unwrap_err();
        assert_eq!(
            refused.message,
            "in a pattern a * behind a column of type string has no meaning"
        );
    }
}
