//! Steps into JSON text without building its tree: `NodeProperties.rawData.level` over a million rows.
//!
//! The text is the canonical one that columns hold, written by [`Json`], so it is skipped over and not checked: of text
//! that is not JSON the answer is some slice of it or nothing, never a panic. Trees are stepped into as well.

use std::borrow::Cow;

use crate::{Datum, Dynamic, Json};

/// The property of an object, borrowed where the object is.
pub fn step_key<'a>(value: Dynamic<'a>, key: &str) -> Option<Datum<'a>> {
    match value {
        Dynamic::Text(Cow::Borrowed(text)) => property(text, key).and_then(from_text),
        Dynamic::Text(Cow::Owned(text)) => property(&text, key).and_then(from_text).map(Datum::into_owned),
        Dynamic::Tree(Cow::Borrowed(tree)) => tree.get(key).and_then(from_tree),
        Dynamic::Tree(Cow::Owned(tree)) => match tree {
            Json::Object(entries) => entries
                .into_iter()
                .find(|(name, _)| name == key)
                .map(|(_, value)| Datum::dynamic(value)),
            _ => None,
        },
    }
}

/// The item of an array, from its end when the index is negative; borrowed where the array is.
pub fn step_index(value: Dynamic<'_>, index: i64) -> Option<Datum<'_>> {
    let place = |length: usize| {
        let length = i64::try_from(length).ok()?;
        usize::try_from(if index < 0 { length.checked_add(index)? } else { index }).ok()
    };
    match value {
        Dynamic::Text(Cow::Borrowed(text)) => item(text, index).and_then(from_text),
        Dynamic::Text(Cow::Owned(text)) => item(&text, index).and_then(from_text).map(Datum::into_owned),
        Dynamic::Tree(Cow::Borrowed(Json::Array(items))) => items.get(place(items.len())?).and_then(from_tree),
        Dynamic::Tree(Cow::Owned(Json::Array(mut items))) => {
            let place = place(items.len())?;
            (place < items.len()).then(|| Datum::dynamic(items.swap_remove(place)))
        }
        Dynamic::Tree(_) => None,
    }
}

fn from_text(text: &str) -> Option<Datum<'_>> {
    (text != "null").then_some(Datum::Dynamic(Dynamic::Text(Cow::Borrowed(text))))
}

fn from_tree(tree: &Json) -> Option<Datum<'_>> {
    (*tree != Json::Null).then_some(Datum::Dynamic(Dynamic::Tree(Cow::Borrowed(tree))))
}

/// The value of a property of an object: its own text. Of text that is no object, nothing.
pub fn property<'t>(text: &'t str, key: &str) -> Option<&'t str> {
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
        let value = scan.value()?;
        if names(name, key) {
            return Some(value);
        }
        scan.blanks();
        scan.take(b',')?;
    }
}

/// The value at an index of an array; from its end when negative.
pub fn item(text: &str, index: i64) -> Option<&str> {
    let wanted = if index < 0 {
        let count = i64::try_from(items(text)?.count()).ok()?;
        count.checked_add(index)?
    } else {
        index
    };
    items(text)?.nth(usize::try_from(wanted).ok()?)
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

/// Whether a quoted name is the key.
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
        self.at += 1;
        loop {
            let rest = self.text.as_bytes().get(self.at..)?;
            self.at += memchr::memchr2(b'"', b'\\', rest)?;
            if self.text.as_bytes()[self.at] == b'"' {
                self.at += 1;
                return self.text.get(start..self.at);
            }
            self.at += 2;
        }
    }

    /// Any value: brackets are counted, not matched in kind.
    fn value(&mut self) -> Option<&'t str> {
        let start = self.at;
        match self.peek()? {
            b'"' => return self.string(),
            b'{' | b'[' => {
                let mut depth = 0usize;
                loop {
                    match self.peek()? {
                        b'"' => {
                            self.string()?;
                            continue;
                        }
                        b'{' | b'[' => depth += 1,
                        b'}' | b']' => depth -= 1,
                        _ => {}
                    }
                    self.at += 1;
                    if depth == 0 {
                        break;
                    }
                }
            }
            _ => {
                while self
                    .peek()
                    .is_some_and(|byte| !matches!(byte, b',' | b'}' | b']') && !byte.is_ascii_whitespace())
                {
                    self.at += 1;
                }
            }
        }
        self.text.get(start..self.at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = r#"{"a":{"b":[1,"x\"]y",{"c":null}],"é":true},"q\"":-1.5,"last":"ü"}"#;

    #[test]
    fn properties_and_items_are_slices_of_the_text() {
        let a = property(TEXT, "a").expect("there is a");
        assert_eq!(property(a, "é"), Some("true"));
        let b = property(a, "b").expect("there is b");
        assert_eq!(item(b, 0), Some("1"));
        assert_eq!(item(b, 1), Some(r#""x\"]y""#));
        assert_eq!(item(b, -1), Some(r#"{"c":null}"#));
        assert_eq!(item(b, 3), None);
        assert_eq!(item(b, -4), None);
        assert_eq!(property(TEXT, "q\""), Some("-1.5"));
        assert_eq!(property(TEXT, "last"), Some("\"ü\""));
        assert_eq!(property(TEXT, "A"), None);
        assert_eq!(property("[1]", "a"), None);
        assert_eq!(item("[]", 0), None);
        assert_eq!(items("[]").expect("an array").count(), 0);
    }

    #[test]
    fn cut_or_wrong_text_yields_no_panic() {
        for end in 0..TEXT.len() {
            if let Some(cut) = TEXT.get(..end) {
                for key in ["a", "q\"", "last", "none"] {
                    let _ = property(cut, key);
                }
            }
        }
        for text in [
            "{\"", "{\"a", "{\"\\", "[\"\\é", "{]", "[}", "", "{", "[", "\"", "[,]", "{,}",
        ] {
            let _ = (property(text, "a"), item(text, 0), item(text, -1), unquoted(text));
        }
    }
}
