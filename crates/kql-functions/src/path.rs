//! Steps into JSON text without building its tree: `NodeProperties.rawData.level` over a million rows.
//!
//! The text is the canonical one that columns hold, written by [`Json`], so it is skipped over and not checked: of text
//! that is not JSON the answer is some slice of it or nothing, never a panic. Trees are stepped into as well.

use std::borrow::Cow;

use crate::{Datum, Dynamic, Json};

/// What one step asks for.
#[derive(Clone, Debug)]
pub enum Place<'p> {
    Key(Cow<'p, str>),
    /// From the end when negative.
    Index(i64),
}

/// Where the steps lead to, borrowed where the value is; nothing where a step has no place (`None`) or finds none.
pub fn follow<'a, 'p>(value: Dynamic<'a>, mut steps: impl Iterator<Item = Option<Place<'p>>>) -> Option<Datum<'a>> {
    match value {
        Dynamic::Text(Cow::Borrowed(text)) => {
            follow_text(text, steps).map(|text| Datum::Dynamic(Dynamic::Text(Cow::Borrowed(text))))
        }
        Dynamic::Text(Cow::Owned(text)) => {
            follow_text(&text, steps).map(|text| Datum::Dynamic(Dynamic::Text(Cow::Owned(text.to_owned()))))
        }
        Dynamic::Tree(Cow::Borrowed(tree)) => match steps.try_fold(tree, |tree, step| step_in(tree, &step?))? {
            Json::Null => None,
            tree => Some(Datum::Dynamic(Dynamic::Tree(Cow::Borrowed(tree)))),
        },
        Dynamic::Tree(Cow::Owned(tree)) => steps
            .try_fold(&tree, |tree, step| step_in(tree, &step?))
            .map(|tree| Datum::dynamic(tree.clone())),
    }
}

/// The end of a value is looked for once, behind the last step.
fn follow_text<'t, 'p>(text: &'t str, mut steps: impl Iterator<Item = Option<Place<'p>>>) -> Option<&'t str> {
    steps.try_fold(text, |text, step| seek(text, &step?)).and_then(value_at)
}

fn step_in<'j>(tree: &'j Json, place: &Place<'_>) -> Option<&'j Json> {
    match (place, tree) {
        (Place::Key(key), tree) => tree.get(key),
        (Place::Index(index), Json::Array(items)) => {
            let length = i64::try_from(items.len()).ok()?;
            let index = if *index < 0 {
                length.checked_add(*index)?
            } else {
                *index
            };
            items.get(usize::try_from(index).ok()?)
        }
        _ => None,
    }
}

/// The text from where the value at a place begins, to wherever the text goes on.
fn seek<'t>(text: &'t str, place: &Place<'_>) -> Option<&'t str> {
    match place {
        Place::Key(key) => seek_property(text, key),
        Place::Index(index) if *index < 0 => {
            let count = i64::try_from(items(text)?.count()).ok()?;
            item(text, count.checked_add(*index)?)
        }
        Place::Index(index) => item(text, *index),
    }
}

/// The value that the text begins with; nothing for a null.
fn value_at(text: &str) -> Option<&str> {
    let mut scan = Scan { text, at: 0 };
    scan.blanks();
    scan.value().filter(|value| *value != "null")
}

fn seek_property<'t>(text: &'t str, key: &str) -> Option<&'t str> {
    let mut scan = Scan::open(text, b'{')?;
    loop {
        scan.blanks();
        if scan.peek()? != b'"' {
            return None;
        }
        let name = scan.string()?;
        scan.blanks();
        scan.take(b':')?;
        scan.blanks();
        if names(name, key) {
            return text.get(scan.at..);
        }
        scan.value()?;
        scan.blanks();
        scan.take(b',')?;
    }
}

fn item(text: &str, index: i64) -> Option<&str> {
    items(text)?.nth(usize::try_from(index).ok()?)
}

/// The texts of the items of an array.
pub fn items(text: &str) -> Option<impl Iterator<Item = &str>> {
    let mut scan = Scan::open(text, b'[')?;
    let mut is_first = true;
    Some(std::iter::from_fn(move || {
        scan.blanks();
        if !is_first {
            scan.take(b',')?;
            scan.blanks();
        }
        is_first = false;
        if scan.peek()? == b']' {
            return None;
        }
        scan.value()
    }))
}

/// The text that a JSON string stands for, or `None` where the JSON is no string.
pub fn unquoted(text: &str) -> Option<Cow<'_, str>> {
    let inner = text.strip_prefix('"')?.strip_suffix('"')?;
    if inner.as_bytes().contains(&b'\\') {
        serde_json::from_str::<String>(text).ok().map(Cow::Owned)
    } else {
        Some(Cow::Borrowed(inner))
    }
}

/// Whether a quoted name is the key. One that is written with escapes stands for another text than it shows.
fn names(quoted: &str, key: &str) -> bool {
    let inner = &quoted[1..quoted.len() - 1];
    if inner.as_bytes().contains(&b'\\') {
        unquoted(quoted).is_some_and(|name| name == key)
    } else {
        inner == key
    }
}

struct Scan<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Scan<'t> {
    fn open(text: &'t str, bracket: u8) -> Option<Self> {
        let mut scan = Scan { text, at: 0 };
        scan.blanks();
        scan.take(bracket)?;
        Some(scan)
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn take(&mut self, byte: u8) -> Option<()> {
        (self.peek()? == byte).then(|| self.at += 1)
    }

    fn blanks(&mut self) {
        while self.peek().is_some_and(|byte| byte.is_ascii_whitespace()) {
            self.at += 1;
        }
    }

    /// A string with its quotes.
    fn string(&mut self) -> Option<&'t str> {
        let start = self.at;
        self.at = string_end(self.text.as_bytes(), start + 1)?;
        self.text.get(start..self.at)
    }

    /// Any value: brackets are counted, not matched in kind.
    fn value(&mut self) -> Option<&'t str> {
        let start = self.at;
        let bytes = self.text.as_bytes();
        let mut at = start;
        match self.peek()? {
            b'"' => return self.string(),
            b'{' | b'[' => {
                let mut depth = 0usize;
                loop {
                    match bytes.get(at)? {
                        b'"' => {
                            at = string_end(bytes, at + 1)?;
                            continue;
                        }
                        b'{' | b'[' => depth += 1,
                        b'}' | b']' => depth -= 1,
                        _ => {}
                    }
                    at += 1;
                    if depth == 0 {
                        break;
                    }
                }
            }
            _ => {
                while bytes
                    .get(at)
                    .is_some_and(|byte| !matches!(byte, b',' | b'}' | b']') && !byte.is_ascii_whitespace())
                {
                    at += 1;
                }
            }
        }
        self.at = at;
        self.text.get(start..at)
    }
}

/// Bytes of a string that are looked at one by one: most strings end within them.
const SHORT_STRING_BYTES: usize = 24;

/// The place behind the closing quote of a string whose inside begins at `at`.
fn string_end(bytes: &[u8], mut at: usize) -> Option<usize> {
    loop {
        let near = bytes.get(at..)?;
        let near = &near[..near.len().min(SHORT_STRING_BYTES)];
        at += match near.iter().position(|byte| matches!(byte, b'"' | b'\\')) {
            Some(place) => place,
            None => {
                let far = at + near.len();
                near.len() + memchr::memchr2(b'"', b'\\', &bytes[far..])?
            }
        };
        if bytes[at] == b'"' {
            return Some(at + 1);
        }
        at += 2;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = r#"{"a":{"b":[1,"x\"]y",{"c":null}],"é":true},"q\"":-1.5,"last":"ü"}"#;

    fn at<'t>(text: &'t str, steps: &[Place<'_>]) -> Option<Cow<'t, str>> {
        let value = Dynamic::Text(Cow::Borrowed(text));
        let found = follow(value, steps.iter().cloned().map(Some))?;
        let tree = Dynamic::Tree(Cow::Owned(Json::parse(text).expect("the text is JSON")));
        let in_tree = follow(tree, steps.iter().cloned().map(Some));
        assert_eq!(in_tree.as_ref(), Some(&found), "{steps:?} in a tree");
        match found {
            Datum::Dynamic(Dynamic::Text(text)) => Some(text),
            _ => None,
        }
    }

    #[test]
    fn values_are_slices_of_the_text() {
        let key = |key| Place::Key(Cow::Borrowed(key));
        let item = Place::Index;
        let table: &[(&[Place<'_>], Option<&str>)] = &[
            (&[key("a"), key("é")], Some("true")),
            (&[key("a"), key("b"), item(0)], Some("1")),
            (&[key("a"), key("b"), item(1)], Some(r#""x\"]y""#)),
            (&[key("a"), key("b"), item(-2)], Some(r#""x\"]y""#)),
            (&[key("a"), key("b"), item(-1)], Some(r#"{"c":null}"#)),
            (&[key("a"), key("b"), item(-1), key("c")], None),
            (&[key("a"), key("b"), item(3)], None),
            (&[key("a"), key("b"), item(-4)], None),
            (&[key("q\"")], Some("-1.5")),
            (&[key("last")], Some("\"ü\"")),
            (&[key("A")], None),
            (&[item(0)], None),
            (&[key("last"), key("x")], None),
            (&[], Some(TEXT)),
        ];
        for (steps, expected) in table {
            assert_eq!(at(TEXT, steps).as_deref(), *expected, "{steps:?}");
        }
        assert_eq!(items("[]").expect("an array").count(), 0);
    }

    #[test]
    fn a_name_with_escapes_is_not_the_key_that_looks_like_it() {
        let text = r#"{"\\":1}"#;
        let of = |key| at(text, &[Place::Key(Cow::Borrowed(key))]);
        assert_eq!(of(r"\").as_deref(), Some("1"));
        assert_eq!(of(r"\\"), None);
    }

    #[test]
    fn cut_or_wrong_text_yields_no_panic() {
        let look = |text: &str| {
            for key in ["a", "q\"", "last", "none"] {
                let steps = [
                    Place::Key(Cow::Borrowed(key)),
                    Place::Index(-1),
                    Place::Key(Cow::Borrowed("c")),
                ];
                for count in 0..=steps.len() {
                    let steps = steps[..count].iter().cloned().map(Some);
                    let _ = follow(Dynamic::Text(Cow::Borrowed(text)), steps);
                }
            }
            let _ = (
                follow(Dynamic::Text(Cow::Borrowed(text)), [Some(Place::Index(0))].into_iter()),
                unquoted(text),
            );
        };
        (0..TEXT.len()).filter_map(|end| TEXT.get(..end)).for_each(look);
        for text in [
            "{\"", "{\"a", "{\"\\", "[\"\\é", "{]", "[}", "", "{", "[", "\"", "[,]", "{,}",
        ] {
            look(text);
        }
    }
}
