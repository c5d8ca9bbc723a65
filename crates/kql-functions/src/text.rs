//! Texts compared and searched the language's way: with or without case, by substring or by whole term.
//!
//! Without case means Unicode's simple folding, one character for one character. A **term** is a maximal run of letters
//! and digits; every other character, the underscore included, stands between terms. Start at [`Needle`].

use std::borrow::Cow;

use memchr::{memchr2, memmem};

/// From this many bytes on a needle is searched in a folded copy of the text, in linear time.
const LONG_NEEDLE_BYTES: usize = 32;

/// The character that stands for all that differ from it in case alone.
pub fn fold(character: char) -> char {
    if character.is_ascii() {
        return character.to_ascii_lowercase();
    }
    // The dotless i has an upper case of its own kind and no folding.
    if character == 'ı' {
        return character;
    }
    single(single(character, char::to_uppercase), char::to_lowercase)
}

fn single<I: Iterator<Item = char>>(character: char, map: impl Fn(char) -> I) -> char {
    let mut mapped = map(character);
    match (mapped.next(), mapped.next()) {
        (Some(one), None) => one,
        _ => character,
    }
}

/// The folded text.
pub fn folded(text: &str) -> Cow<'_, str> {
    if text.chars().all(|character| fold(character) == character) {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(text.chars().map(fold).collect())
    }
}

pub fn equal_folded(left: &str, right: &str) -> bool {
    if left.is_ascii() && right.is_ascii() {
        return left.eq_ignore_ascii_case(right);
    }
    left.chars().map(fold).eq(right.chars().map(fold))
}

/// Whether a character is part of a term.
pub fn is_term_character(character: char) -> bool {
    character.is_alphanumeric()
}

/// A text that is looked for, prepared once.
#[derive(Clone, Debug)]
pub struct Needle<'n> {
    /// Folded where case does not count.
    text: Cow<'n, str>,
    is_case_sensitive: bool,
    is_ascii: bool,
    starts_in_term: bool,
    ends_in_term: bool,
    /// Where its rarest byte stands: what is looked for first.
    rarest: usize,
}

/// Letters from the most to the least frequent in names and texts; bytes that are not here are rarer.
const FREQUENT: &[u8] = b"eatoinsrlcdmupghbvfywk\" ,:_.-/\\{}01";

/// Where the byte stands that a text is least likely to have.
fn rarest(needle: &str) -> usize {
    let rank = |byte: &u8| {
        FREQUENT
            .iter()
            .position(|frequent| frequent == byte)
            .unwrap_or(FREQUENT.len())
    };
    needle
        .bytes()
        .enumerate()
        .max_by_key(|(_, byte)| rank(byte))
        .map_or(0, |(place, _)| place)
}

impl<'n> Needle<'n> {
    pub fn new(text: impl Into<Cow<'n, str>>, is_case_sensitive: bool) -> Self {
        let text = text.into();
        let text = if is_case_sensitive {
            text
        } else {
            match folded(&text) {
                Cow::Borrowed(_) => text,
                Cow::Owned(folded) => Cow::Owned(folded),
            }
        };
        Self {
            is_case_sensitive,
            is_ascii: text.is_ascii(),
            starts_in_term: text.chars().next().is_some_and(is_term_character),
            ends_in_term: text.chars().next_back().is_some_and(is_term_character),
            rarest: if is_case_sensitive { 0 } else { rarest(&text) },
            text,
        }
    }

    pub fn equals(&self, text: &str) -> bool {
        if self.is_case_sensitive {
            self.text == text
        } else {
            self.prefix_end(text) == Some(text.len())
        }
    }

    pub fn is_in(&self, text: &str) -> bool {
        self.search(text, |_, _| true)
    }

    pub fn starts(&self, text: &str) -> bool {
        self.prefix_end(text).is_some()
    }

    pub fn ends(&self, text: &str) -> bool {
        if self.is_case_sensitive {
            return text.ends_with(self.text.as_ref());
        }
        let mut rest = text.chars().rev();
        self.text
            .chars()
            .rev()
            .all(|wanted| rest.next().map(fold) == Some(wanted))
    }

    /// Whether the needle stands in the text as a whole term (or several, with what is between them).
    pub fn is_term_in(&self, text: &str) -> bool {
        self.search(text, |before, after| self.opens(before) && self.closes(after))
    }

    /// Whether a term of the text begins with the needle.
    pub fn is_term_prefix_in(&self, text: &str) -> bool {
        self.search(text, |before, _| self.opens(before))
    }

    pub fn is_term_suffix_in(&self, text: &str) -> bool {
        self.search(text, |_, after| self.closes(after))
    }

    fn opens(&self, before: &str) -> bool {
        !self.starts_in_term || !before.chars().next_back().is_some_and(is_term_character)
    }

    fn closes(&self, after: &str) -> bool {
        !self.ends_in_term || !after.chars().next().is_some_and(is_term_character)
    }

    /// Whether there is an occurrence of which `accepts` takes what is before and after it.
    fn search(&self, text: &str, accepts: impl Fn(&str, &str) -> bool) -> bool {
        if self.text.is_empty() {
            return true;
        }
        if self.is_case_sensitive {
            return exact(text, &self.text, accepts);
        }
        if text.is_ascii() {
            return self.is_ascii && self.search_ascii(text, accepts);
        }
        if self.text.len() >= LONG_NEEDLE_BYTES {
            return exact(&folded(text), &self.text, accepts);
        }
        text.char_indices().any(|(start, _)| {
            self.prefix_end(&text[start..])
                .is_some_and(|length| accepts(&text[..start], &text[start + length..]))
        })
    }

    fn search_ascii(&self, text: &str, accepts: impl Fn(&str, &str) -> bool) -> bool {
        let needle = self.text.as_bytes();
        if needle.len() >= LONG_NEEDLE_BYTES {
            return exact(&text.to_ascii_lowercase(), &self.text, accepts);
        }
        let bytes = text.as_bytes();
        let rarest = needle[self.rarest];
        let (lower, upper) = (rarest, rarest.to_ascii_uppercase());
        // Where the rarest byte of an occurrence can stand: its neighbours need room.
        let mut at = self.rarest;
        let last = (bytes.len() + self.rarest).checked_sub(needle.len() - 1);
        while let Some(stretch) = last.and_then(|last| bytes.get(at..last)) {
            let Some(offset) = memchr2(lower, upper, stretch) else {
                return false;
            };
            let start = at + offset - self.rarest;
            let end = start + needle.len();
            if bytes[start..end].eq_ignore_ascii_case(needle) && accepts(&text[..start], &text[end..]) {
                return true;
            }
            at += offset + 1;
        }
        false
    }

    /// How many bytes at the start of the text equal the needle.
    fn prefix_end(&self, text: &str) -> Option<usize> {
        if self.is_case_sensitive {
            return text.starts_with(self.text.as_ref()).then_some(self.text.len());
        }
        let mut rest = text.chars();
        for wanted in self.text.chars() {
            if rest.next().map(fold) != Some(wanted) {
                return None;
            }
        }
        Some(text.len() - rest.as_str().len())
    }
}

fn exact(text: &str, needle: &str, accepts: impl Fn(&str, &str) -> bool) -> bool {
    let finder = memmem::Finder::new(needle);
    let mut from = 0;
    while let Some(offset) = finder.find(&text.as_bytes()[from..]) {
        let start = from + offset;
        let end = start + needle.len();
        if accepts(&text[..start], &text[end..]) {
            return true;
        }
        // Occurrences may overlap; the next one starts at a later character.
        from = start + text[start..].chars().next().map_or(1, char::len_utf8);
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_term_is_a_whole_run_of_letters_and_digits() {
        let table = [
            ("error", "the Error: 5", true),
            ("err", "the error", false),
            ("a", "a_b", true),
            ("é", "caféé", false),
            ("café", "un CAFÉ!", true),
            ("foo-bar", "x foo-bar y", true),
            ("foo-bar", "xfoo-bar", false),
            ("-bar", "foo-bar", true),
            ("bar", "barbar bar", true),
            ("", "", true),
        ];
        for (needle, text, expected) in table {
            assert_eq!(
                Needle::new(needle, false).is_term_in(text),
                expected,
                "{text:?} has {needle:?}"
            );
        }
    }

    #[test]
    fn case_counts_only_where_asked() {
        assert!(Needle::new("STRASSE", false).is_in("hauptstrasse"));
        assert!(!Needle::new("STRASSE", true).is_in("hauptstrasse"));
        // One character folds to one character: no full folding.
        assert!(!Needle::new("STRASSE", false).is_in("hauptstraße"));
        assert!(Needle::new("ΣΊΣΥΦΟΣ", false).equals("Σίσυφος"));
        assert!(Needle::new("k", false).equals("\u{212A}"));
        assert!(!Needle::new("i", false).equals("ı"));
        assert!(Needle::new("ÄÖ", false).ends("xäö"));
        assert!(Needle::new("äö", false).starts("ÄÖx"));
    }

    #[test]
    fn a_long_needle_is_found_as_a_short_one_is() {
        let long = "Ab1".repeat(20);
        let text = format!("é {} x", long.to_uppercase());
        assert!(Needle::new(long.as_str(), false).is_term_in(&text));
        assert!(!Needle::new(&long[1..], false).is_term_in(&text));
        let ascii = format!("_{}_", long.to_lowercase());
        assert!(Needle::new(long.as_str(), false).is_term_in(&ascii));
    }

    #[test]
    fn prefixes_and_suffixes_of_terms() {
        assert!(Needle::new("pre", false).is_term_prefix_in("no Prefix"));
        assert!(!Needle::new("fix", false).is_term_prefix_in("no prefix"));
        assert!(Needle::new("FIX", false).is_term_suffix_in("prefix, no"));
        assert!(!Needle::new("pre", false).is_term_suffix_in("prefix, no"));
    }

    #[test]
    fn folding_agrees_with_the_regex_engine() {
        // The two may know Unicode of different years: the newest letters are left out.
        for character in (0x80..0xA700).filter_map(char::from_u32) {
            let other = fold(character);
            if other == character {
                continue;
            }
            let pattern = regex::RegexBuilder::new(&regex::escape(&character.to_string()))
                .case_insensitive(true)
                .build()
                .expect("one character is a pattern");
            assert!(pattern.is_match(&other.to_string()), "{character:?} folds to {other:?}");
        }
    }
}
