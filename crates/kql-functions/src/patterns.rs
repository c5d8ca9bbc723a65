//! Functions of regular expressions. A pattern that is none matches nothing.

use std::borrow::Cow;
use std::sync::Arc;

use regex::Regex;

use crate::limits::{self, may_be_text, may_weigh};
use crate::strings::{Places, Search, long, text};
use crate::{Context, Datum, Json, Kernel, convert};

pub const FUNCTIONS: &[(&str, Kernel)] = &[
    ("countof", countof),
    ("extract", extract),
    ("extract_all", extract_all),
    ("indexof_regex", indexof_regex),
    ("regex_quote", regex_quote),
    ("replace_regex", replace_regex),
    ("trim", |cx, arguments| trimmed(cx, arguments, true, true)),
    ("trim_end", |cx, arguments| trimmed(cx, arguments, false, true)),
    ("trim_start", |cx, arguments| trimmed(cx, arguments, true, false)),
];

fn slice<'a>(text: &Cow<'a, str>, range: std::ops::Range<usize>) -> Datum<'a> {
    match text {
        Cow::Borrowed(text) => Datum::string(&text[range]),
        Cow::Owned(text) => Datum::string(text[range].to_owned()),
    }
}

/// What a group of the pattern matches first; the type of the result is the interpreter's.
fn extract<'a>(cx: &Context, arguments: &[Datum<'a>]) -> Datum<'a> {
    let source = text(arguments, 2);
    let found = cx.pattern(&text(arguments, 0)).and_then(|pattern| {
        let group = usize::try_from(long(arguments, 1)?).ok()?;
        if group == 0 {
            return pattern.find(&source).map(|found| found.range());
        }
        Some(pattern.captures(&source)?.get(group)?.range())
    });
    found.map_or(Datum::string(""), |range| slice(&source, range))
}

/// All matches: a list of texts for one group, a list of lists for several; null where nothing matches.
fn extract_all<'a>(cx: &Context, arguments: &[Datum<'a>]) -> Datum<'a> {
    let Some(pattern) = cx.pattern(&text(arguments, 0)) else {
        return Datum::Null;
    };
    let (groups, source) = match arguments {
        [_, groups @ Datum::Dynamic(_), source] => match wanted_groups(&pattern, groups) {
            Some(groups) => (groups, convert::text(source)),
            None => return Datum::Null,
        },
        [_, .., source] => {
            let groups = pattern.captures_len();
            // A pattern without a group is a group by itself.
            let groups = if groups == 1 { vec![0] } else { (1..groups).collect() };
            (groups, convert::text(source))
        }
        _ => return Datum::Null,
    };
    let mut rows = Vec::new();
    let mut bytes = 0;
    for captures in pattern.captures_iter(&source) {
        let found = |group: &usize| captures.get(*group).map_or("", |found| found.as_str());
        let row_bytes: usize = groups.iter().map(|group| found(group).len()).sum();
        bytes += groups.len() * size_of::<Json>() + row_bytes;
        if !may_weigh(cx, bytes) {
            return Datum::Null;
        }
        let mut row: Vec<Json> = groups
            .iter()
            .map(|group| Json::String(found(group).to_owned()))
            .collect();
        if row.len() == 1 {
            rows.append(&mut row);
        } else {
            rows.push(Json::Array(row));
        }
        if rows.len() >= limits::ELEMENTS_MAX {
            break;
        }
    }
    if rows.is_empty() {
        Datum::Null
    } else {
        Datum::dynamic(Json::Array(rows))
    }
}

/// Groups by number or name; `None` where one does not exist.
fn wanted_groups(pattern: &Regex, groups: &Datum<'_>) -> Option<Vec<usize>> {
    let Datum::Dynamic(groups) = groups else {
        return None;
    };
    let tree = groups.tree();
    let Json::Array(items) = tree.as_ref() else {
        return None;
    };
    items
        .iter()
        .map(|item| match item {
            Json::Long(number) => usize::try_from(*number)
                .ok()
                .filter(|group| *group < pattern.captures_len()),
            Json::String(name) => pattern.capture_names().position(|group| group == Some(name)),
            _ => None,
        })
        .collect()
}

/// Texts are counted where they overlap, matches of a pattern are not.
fn countof<'a>(cx: &Context, arguments: &[Datum<'a>]) -> Datum<'a> {
    let (source, search) = (text(arguments, 0), text(arguments, 1));
    let is_regex = arguments.get(2).is_some_and(|kind| convert::text(kind) == "regex");
    let count = if is_regex {
        cx.pattern(&search)
            .map_or(0, |pattern| pattern.find_iter(&source).count())
    } else if search.is_empty() {
        0
    } else {
        let mut count = 0;
        let mut from = 0;
        while let Some(found) = source[from..].find(search.as_ref()) {
            count += 1;
            from += found + source[from + found..].chars().next().map_or(1, char::len_utf8);
        }
        count
    };
    Datum::Long(i64::try_from(count).unwrap_or(i64::MAX))
}

fn indexof_regex<'a>(cx: &Context, arguments: &[Datum<'a>]) -> Datum<'a> {
    let source = text(arguments, 0);
    if long(arguments, 2).is_some_and(|start| start < 0) {
        return Datum::Null;
    }
    let places = Places::of(&source);
    let Some(search) = Search::of(arguments, || places.count()) else {
        return Datum::Null;
    };
    let Some(pattern) = cx.pattern(&text(arguments, 1)) else {
        return Datum::Long(-1);
    };
    let find = |from: usize, length: Option<usize>| {
        let found = pattern.find(places.stretch(from, length)?)?;
        let start = places.byte_of(from);
        Some((
            places.place_of(start + found.start()),
            places.place_of(start + found.end()),
        ))
    };
    // The next match begins behind this one.
    search.run(
        |from, length| find(from, length).map(|(start, _)| start),
        |found| find(found, None).map_or(found + 1, |(_, end)| end.max(found + 1)),
    )
}

fn regex_quote<'a>(_: &Context, arguments: &[Datum<'a>]) -> Datum<'a> {
    Datum::string(regex::escape(&text(arguments, 0)))
}

/// In the rewrite `\0` is the match, `\1` what its first group matched, and so on.
fn replace_regex<'a>(cx: &Context, arguments: &[Datum<'a>]) -> Datum<'a> {
    let source = text(arguments, 0);
    let Some(pattern) = cx.pattern(&text(arguments, 1)) else {
        return Datum::String(source);
    };
    let rewrite = text(arguments, 2);
    let mut out = String::new();
    let mut copied = 0;
    for captures in pattern.captures_iter(&source) {
        let Some(found) = captures.get(0) else {
            break;
        };
        out.push_str(&source[copied..found.start()]);
        copied = found.end();
        let mut rest = rewrite.chars();
        while let Some(character) = rest.next() {
            match (character, rest.clone().next()) {
                ('\\', Some(digit)) if digit.is_ascii_digit() => {
                    let group = digit as usize - '0' as usize;
                    out.push_str(captures.get(group).map_or("", |group| group.as_str()));
                    rest.next();
                }
                ('\\', Some(escaped)) => {
                    out.push(escaped);
                    rest.next();
                }
                (other, _) => out.push(other),
            }
            if !may_be_text(cx, out.len()) {
                return Datum::string("");
            }
        }
    }
    if copied == 0 && out.is_empty() && !pattern.is_match(&source) {
        return Datum::String(source);
    }
    out.push_str(&source[copied..]);
    Datum::string(out)
}

/// The text without all matches that stand at its ends.
fn trimmed<'a>(cx: &Context, arguments: &[Datum<'a>], start: bool, end: bool) -> Datum<'a> {
    let (pattern, source) = (text(arguments, 0), text(arguments, 1));
    let compiled = |pattern: String| -> Option<Arc<Regex>> { cx.pattern(&pattern) };
    let mut range = 0..source.len();
    if start && let Some(found) = compiled(format!(r"\A(?:{pattern})+")).and_then(|pattern| pattern.find(&source)) {
        range.start = found.end();
    }
    if end
        && let Some(found) =
            compiled(format!(r"(?:{pattern})+\z")).and_then(|pattern| pattern.find(&source[range.start..]))
    {
        range.end = range.start + found.start();
    }
    slice(&source, range)
}
