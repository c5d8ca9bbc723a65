//! Functions of texts that need no pattern. Places and lengths count characters (code points), from 0.

use std::borrow::Cow;

use crate::limits::{may_be_text, may_weigh};
use crate::text::Needle;
use crate::{Context, Datum, Json, Kernel, convert, elements};

/// How often `strrep` and `repeat`'s like repeat at most; more is cut down to it, as the language does.
const REPEATS_MAX: i64 = 1024;

pub const FUNCTIONS: &[(&str, Kernel)] = &[
    ("has_any_index", has_any_index),
    ("indexof", indexof),
    ("isascii", isascii),
    ("isutf8", isutf8),
    ("replace_string", replace_string),
    ("replace_strings", replace_strings),
    ("reverse", reverse),
    ("split", split),
    ("strcat", strcat),
    ("strcat_array", strcat_array),
    ("strcat_delim", strcat_delim),
    ("strcmp", strcmp),
    ("string_size", string_size),
    ("strlen", strlen),
    ("strrep", strrep),
    ("substring", substring),
    ("tolower", tolower),
    ("toupper", toupper),
    ("translate", translate),
    ("unicode_codepoints_from_string", unicode_codepoints_from_string),
    ("unicode_codepoints_to_string", unicode_codepoints_to_string),
];

/// The text of an argument, for as long as the row lives; nothing where there is no such argument.
pub(crate) fn text<'a>(arguments: &[Datum<'a>], index: usize) -> Cow<'a, str> {
    arguments.get(index).map_or(Cow::Borrowed(""), convert::text_of)
}

pub(crate) fn long(arguments: &[Datum<'_>], index: usize) -> Option<i64> {
    arguments.get(index).and_then(convert::long)
}

fn count(value: usize) -> Datum<'static> {
    Datum::Long(i64::try_from(value).unwrap_or(i64::MAX))
}

fn strcat<'a>(cx: &Context, arguments: &[Datum<'a>]) -> Datum<'a> {
    joined(cx, arguments.iter().map(convert::text), "")
}

fn strcat_delim<'a>(cx: &Context, arguments: &[Datum<'a>]) -> Datum<'a> {
    let Some((delimiter, values)) = arguments.split_first() else {
        return Datum::string("");
    };
    joined(cx, values.iter().map(convert::text), &convert::text(delimiter))
}

fn strcat_array<'a>(cx: &Context, arguments: &[Datum<'a>]) -> Datum<'a> {
    match elements::array(arguments, 0) {
        Some(items) => joined(cx, items.iter().map(convert::json_text), &text(arguments, 1)),
        None => Datum::string(""),
    }
}

fn joined<'d>(cx: &Context, texts: impl Iterator<Item = Cow<'d, str>>, delimiter: &str) -> Datum<'static> {
    let mut out = String::new();
    for (index, text) in texts.enumerate() {
        if index > 0 {
            out.push_str(delimiter);
        }
        out.push_str(&text);
        if !may_be_text(cx, out.len()) {
            return Datum::string("");
        }
    }
    Datum::string(out)
}

fn strlen<'a>(_: &Context, arguments: &[Datum<'a>]) -> Datum<'a> {
    count(text(arguments, 0).chars().count())
}

fn string_size<'a>(_: &Context, arguments: &[Datum<'a>]) -> Datum<'a> {
    count(text(arguments, 0).len())
}

fn tolower<'a>(_: &Context, arguments: &[Datum<'a>]) -> Datum<'a> {
    let text = text(arguments, 0);
    if text.bytes().all(|byte| byte.is_ascii() && !byte.is_ascii_uppercase()) {
        return Datum::String(text);
    }
    Datum::string(text.to_lowercase())
}

fn toupper<'a>(_: &Context, arguments: &[Datum<'a>]) -> Datum<'a> {
    let text = text(arguments, 0);
    if text.bytes().all(|byte| byte.is_ascii() && !byte.is_ascii_lowercase()) {
        return Datum::String(text);
    }
    Datum::string(text.to_uppercase())
}

fn reverse<'a>(_: &Context, arguments: &[Datum<'a>]) -> Datum<'a> {
    Datum::string(text(arguments, 0).chars().rev().collect::<String>())
}

/// The byte at which a character stands, or the end of the text.
fn byte_of(text: &str, character: usize) -> usize {
    text.char_indices().nth(character).map_or(text.len(), |(byte, _)| byte)
}

/// From a place, counted from the end when negative, so many characters or to the end.
fn substring<'a>(_: &Context, arguments: &[Datum<'a>]) -> Datum<'a> {
    let text = text(arguments, 0);
    let Some(start) = long(arguments, 1) else {
        return Datum::string("");
    };
    let length = match arguments.get(2) {
        None => usize::MAX,
        Some(length) => match convert::long(length) {
            None => return Datum::string(""),
            Some(length) => usize::try_from(length).unwrap_or(0),
        },
    };
    let start = from_end(start, || text.chars().count());
    let from = byte_of(&text, start);
    let to = from + byte_of(&text[from..], length);
    match text {
        Cow::Borrowed(text) => Datum::string(&text[from..to]),
        Cow::Owned(text) => Datum::string(text[from..to].to_owned()),
    }
}

/// A place that counts from the end when it is negative; never before the beginning.
fn from_end(place: i64, length: impl FnOnce() -> usize) -> usize {
    match usize::try_from(place) {
        Ok(place) => place,
        Err(_) => length().saturating_sub(usize::try_from(place.unsigned_abs()).unwrap_or(usize::MAX)),
    }
}

/// What `indexof` and its kin are asked: where to start, how far to look, which occurrence.
pub(crate) struct Search {
    pub start: usize,
    pub length: Option<usize>,
    pub occurrence: usize,
}

impl Search {
    /// From the arguments 2 to 4; `None` for what cannot be asked.
    pub fn of(arguments: &[Datum<'_>], length_of_all: impl FnOnce() -> usize) -> Option<Self> {
        let optional = |index: usize, default: i64| match arguments.get(index) {
            None => Some(default),
            Some(value) => convert::long(value),
        };
        let (start, length, occurrence) = (optional(2, 0)?, optional(3, -1)?, optional(4, 1)?);
        if length < -1 || occurrence < 0 {
            return None;
        }
        Some(Self {
            start: from_end(start, length_of_all),
            length: usize::try_from(length).ok(),
            occurrence: usize::try_from(occurrence).ok()?.max(1),
        })
    }

    /// Goes from occurrence to occurrence. `find(from, length)` gives the next one in so many places from `from` on;
    /// the stretch to look through begins anew behind each occurrence, at `after(found)`.
    pub fn run(
        &self,
        find: impl Fn(usize, Option<usize>) -> Option<usize>,
        after: impl Fn(usize) -> usize,
    ) -> Datum<'static> {
        let mut from = self.start;
        for left in (0..self.occurrence).rev() {
            match find(from, self.length) {
                None => break,
                Some(found) if left == 0 => return count(found),
                Some(found) => from = after(found),
            }
        }
        Datum::Long(-1)
    }
}

fn indexof<'a>(_: &Context, arguments: &[Datum<'a>]) -> Datum<'a> {
    let (text, wanted) = (text(arguments, 0), text(arguments, 1));
    let places = Places::of(&text);
    let Some(search) = Search::of(arguments, || places.count()) else {
        return Datum::Null;
    };
    let find = |from: usize, length: Option<usize>| {
        let found = places.stretch(from, length)?.find(wanted.as_ref())?;
        Some(places.place_of(places.byte_of(from) + found))
    };
    search.run(find, |found| found + 1)
}

/// Places of characters and of bytes in a text, either way.
pub(crate) struct Places<'t> {
    text: &'t str,
    /// Where each character begins; nothing where each is one byte.
    starts: Option<Vec<usize>>,
}

impl<'t> Places<'t> {
    pub fn of(text: &'t str) -> Self {
        let starts = (!text.is_ascii()).then(|| text.char_indices().map(|(byte, _)| byte).collect());
        Self { text, starts }
    }

    pub fn count(&self) -> usize {
        self.starts.as_ref().map_or(self.text.len(), Vec::len)
    }

    pub fn byte_of(&self, place: usize) -> usize {
        match &self.starts {
            Some(starts) => starts.get(place).copied().unwrap_or(self.text.len()),
            None => place.min(self.text.len()),
        }
    }

    pub fn place_of(&self, byte: usize) -> usize {
        match &self.starts {
            Some(starts) => starts.partition_point(|start| *start < byte),
            None => byte,
        }
    }

    /// So many characters from a place on, or all; `None` for a place behind the end.
    pub fn stretch(&self, from: usize, length: Option<usize>) -> Option<&'t str> {
        let end = length.map_or(self.text.len(), |length| self.byte_of(from.saturating_add(length)));
        (from <= self.count()).then(|| self.text.get(self.byte_of(from)..end))?
    }
}

/// The place, in the list, of the first text that stands as a term in the first argument.
fn has_any_index<'a>(_: &Context, arguments: &[Datum<'a>]) -> Datum<'a> {
    let text = text(arguments, 0);
    let Some(items) = elements::array(arguments, 1) else {
        return Datum::Long(-1);
    };
    items
        .iter()
        .position(|item| Needle::new(convert::json_text(item), false).is_term_in(&text))
        .map_or(Datum::Long(-1), count)
}

fn isascii<'a>(_: &Context, arguments: &[Datum<'a>]) -> Datum<'a> {
    Datum::Bool(text(arguments, 0).is_ascii())
}

/// Texts are UTF-8 from the moment they are read.
fn isutf8<'a>(_: &Context, _: &[Datum<'a>]) -> Datum<'a> {
    Datum::Bool(true)
}

fn replace_string<'a>(cx: &Context, arguments: &[Datum<'a>]) -> Datum<'a> {
    let (text, from) = (text(arguments, 0), text(arguments, 1));
    if from.is_empty() || !text.contains(from.as_ref()) {
        return Datum::String(text);
    }
    let to = self::text(arguments, 2);
    let pieces = text.split(from.as_ref());
    joined(cx, pieces.map(Cow::Borrowed), &to)
}

/// At each place the first text of the list that stands there is replaced; what is not a text in either list is not.
fn replace_strings<'a>(cx: &Context, arguments: &[Datum<'a>]) -> Datum<'a> {
    let text = text(arguments, 0);
    let (Some(lookups), Some(rewrites)) = (elements::array(arguments, 1), elements::array(arguments, 2)) else {
        return Datum::String(text);
    };
    let pairs: Vec<(&str, Option<&str>)> = lookups
        .iter()
        .enumerate()
        .filter_map(|(index, lookup)| match lookup {
            Json::String(lookup) if !lookup.is_empty() => Some((
                lookup.as_str(),
                match rewrites.get(index) {
                    Some(Json::String(rewrite)) => Some(rewrite.as_str()),
                    _ => None,
                },
            )),
            _ => None,
        })
        .collect();
    // The first text takes its places before the others look.
    let mut pieces: Vec<(&str, bool)> = vec![(&text, true)];
    for (lookup, rewrite) in &pairs {
        let mut next = Vec::with_capacity(pieces.len());
        for (piece, is_free) in pieces {
            if !is_free {
                next.push((piece, false));
                continue;
            }
            for (index, between) in piece.split(lookup).enumerate() {
                if index > 0 {
                    next.push((rewrite.unwrap_or(lookup), false));
                }
                next.push((between, true));
            }
        }
        pieces = next;
        pieces.retain(|(piece, _)| !piece.is_empty());
    }
    if !may_be_text(cx, pieces.iter().map(|(piece, _)| piece.len()).sum()) {
        return Datum::string("");
    }
    Datum::string(pieces.into_iter().map(|(piece, _)| piece).collect::<String>())
}

fn split<'a>(cx: &Context, arguments: &[Datum<'a>]) -> Datum<'a> {
    let (text, delimiter) = (text(arguments, 0), text(arguments, 1));
    let text: &str = &text;
    let mut pieces: Box<dyn Iterator<Item = &str>> = if delimiter.is_empty() {
        Box::new(std::iter::once(text))
    } else {
        Box::new(text.split(delimiter.as_ref()))
    };
    let item = |piece: &str| Json::String(piece.to_owned());
    let items: Vec<Json> = match arguments.get(2) {
        Some(wanted) => convert::long(wanted)
            .and_then(|index| usize::try_from(index).ok())
            .and_then(|index| pieces.nth(index))
            .map(item)
            .into_iter()
            .collect(),
        // There is at most one piece more than there are delimiters.
        None if may_weigh(cx, text.len() + text.len() / delimiter.len().max(1) * size_of::<Json>()) => {
            pieces.map(item).collect()
        }
        None => return Datum::Null,
    };
    Datum::dynamic(Json::Array(items))
}

fn strcmp<'a>(_: &Context, arguments: &[Datum<'a>]) -> Datum<'a> {
    Datum::Long(text(arguments, 0).cmp(&text(arguments, 1)) as i64)
}

fn strrep<'a>(cx: &Context, arguments: &[Datum<'a>]) -> Datum<'a> {
    let text = text(arguments, 0);
    let times = long(arguments, 1).unwrap_or(0).clamp(0, REPEATS_MAX);
    let times = usize::try_from(times).unwrap_or(0);
    joined(
        cx,
        std::iter::repeat_n(text.as_ref(), times).map(Cow::Borrowed),
        &self::text(arguments, 2),
    )
}

/// Each character of the first list becomes the one at its place in the second, whose last one stands for all further.
fn translate<'a>(_: &Context, arguments: &[Datum<'a>]) -> Datum<'a> {
    let from: Vec<char> = text(arguments, 0).chars().collect();
    let to: Vec<char> = text(arguments, 1).chars().collect();
    let translated = text(arguments, 2)
        .chars()
        .filter_map(|character| match from.iter().position(|wanted| *wanted == character) {
            None => Some(character),
            Some(index) => to.get(index).or(to.last()).copied(),
        })
        .collect::<String>();
    Datum::string(translated)
}

fn unicode_codepoints_from_string<'a>(cx: &Context, arguments: &[Datum<'a>]) -> Datum<'a> {
    let text = text(arguments, 0);
    if !may_weigh(cx, text.len() * size_of::<Json>()) {
        return Datum::Null;
    }
    let codes = text
        .chars()
        .map(|character| Json::Long(i64::from(u32::from(character))))
        .collect();
    Datum::dynamic(Json::Array(codes))
}

/// Numbers and arrays of numbers; what is the code of no character is left out.
fn unicode_codepoints_to_string<'a>(_: &Context, arguments: &[Datum<'a>]) -> Datum<'a> {
    let character = |code: i64| u32::try_from(code).ok().and_then(char::from_u32);
    let mut out = String::new();
    for (index, argument) in arguments.iter().enumerate() {
        match elements::array(arguments, index) {
            Some(codes) => out.extend(codes.iter().filter_map(|code| match code {
                Json::Long(code) => character(*code),
                _ => None,
            })),
            None => out.extend(convert::long(argument).and_then(character)),
        }
    }
    Datum::string(out)
}
