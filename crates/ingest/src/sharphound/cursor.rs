//! A strict JSON reader that borrows from its text and hands out slices of it.
//!
//! A collection is gigabytes of small objects whose values are copied once, into columns. This reader goes
//! over each byte once, also where the text of a value is wanted beside its parts, and knows when a value
//! does not end in the text at hand: [`Fault::End`], which is no error while more can be read. Start at
//! [`Cursor::string`], [`Cursor::each_field`] and [`Cursor::skip`].

use std::borrow::Cow;

/// Values nested deeper than this are refused. Readers of the tables give up at 128 with the object around a value.
const DEPTH_MAX: u32 = 100;

/// Numbers without an exponent are within the range of 64 bits of floating point up to so many characters.
const SURE_NUMBER_BYTES: usize = 300;

/// The lists of one record may take so many bytes of memory: 2.8 million members of a group. A list of entries of
/// two or three characters each would take twenty times its text otherwise.
pub const LISTS_BYTES_MAX: usize = 128 * 1024 * 1024;

/// A text that holds escapes may be so long, in bytes: it is copied to resolve them.
pub const ESCAPED_BYTES_MAX: usize = 16 * 1024 * 1024;

/// Why a value cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The text ends inside the value.
    End,
    /// What was expected at this byte.
    Expected(&'static str, usize),
    /// The lists pass [`LISTS_BYTES_MAX`].
    LongLists,
    /// The text that ends at this byte holds escapes and passes [`ESCAPED_BYTES_MAX`].
    LongText(usize),
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::End => f.write_str("it is cut off"),
            Self::Expected(what, at) => write!(f, "{what} is expected at its byte {at}"),
            Self::LongLists => write!(f, "its lists take more than {LISTS_BYTES_MAX} bytes of memory"),
            Self::LongText(at) => write!(
                f,
                "a text with escapes that ends at its byte {at} is longer than {ESCAPED_BYTES_MAX} bytes"
            ),
        }
    }
}

pub type Result<T> = std::result::Result<T, Fault>;

/// A type that is read from JSON.
pub trait Read<'a>: Sized {
    fn read(cursor: &mut Cursor<'a>) -> Result<Self>;
}

/// A place in a text.
#[derive(Clone, Debug)]
pub struct Cursor<'a> {
    text: &'a str,
    at: usize,
    /// Bytes of memory that the lists read so far take.
    lists: usize,
}

impl<'a> Cursor<'a> {
    pub fn new(text: &'a str) -> Self {
        Self { text, at: 0, lists: 0 }
    }

    /// Counts memory that the next entry of a list takes.
    #[inline]
    pub fn take_for_list(&mut self, bytes: usize) -> Result<()> {
        self.lists += bytes;
        if self.lists > LISTS_BYTES_MAX {
            return Err(Fault::LongLists);
        }
        Ok(())
    }

    /// How many bytes have been read.
    pub fn at(&self) -> usize {
        self.at
    }

    pub fn expected<T>(&self, what: &'static str) -> Result<T> {
        Err(Fault::Expected(what, self.at))
    }

    /// The first byte of the next token.
    #[inline]
    pub fn peek(&mut self) -> Result<u8> {
        let bytes = self.text.as_bytes();
        while let Some(&byte) = bytes.get(self.at) {
            if !matches!(byte, b' ' | b'\n' | b'\r' | b'\t') {
                return Ok(byte);
            }
            self.at += 1;
        }
        Err(Fault::End)
    }

    /// Reads `null`, if it stands here.
    #[inline]
    pub fn null(&mut self) -> Result<bool> {
        if self.peek()? != b'n' {
            return Ok(false);
        }
        self.word("null")?;
        Ok(true)
    }

    /// Reads one of the words of JSON.
    pub fn word(&mut self, word: &'static str) -> Result<()> {
        let rest = &self.text.as_bytes()[self.at..];
        if rest.starts_with(word.as_bytes()) {
            self.at += word.len();
            Ok(())
        } else if word.as_bytes().starts_with(rest) {
            Err(Fault::End)
        } else {
            self.expected(word)
        }
    }

    /// Reads a string. Borrowed, unless it holds escapes.
    #[inline]
    pub fn string(&mut self) -> Result<Cow<'a, str>> {
        let (inside, has_escapes) = self.string_inside()?;
        if has_escapes {
            self.unescape(inside)
        } else {
            Ok(Cow::Borrowed(inside))
        }
    }

    /// The text between the quotes, as it stands, and whether it holds escapes.
    #[inline]
    fn string_inside(&mut self) -> Result<(&'a str, bool)> {
        if self.peek()? != b'"' {
            return self.expected("a string");
        }
        let start = self.at + 1;
        let mut has_escapes = false;
        let bytes = self.text.as_bytes();
        let mut at = start;
        loop {
            at += plain_length(&bytes[at..]);
            match bytes.get(at) {
                None => return Err(Fault::End),
                Some(b'"') => break,
                Some(b'\\') => {
                    has_escapes = true;
                    at += self.escape_length(at)?;
                }
                Some(_) => return Err(Fault::Expected("no control character", at)),
            }
        }
        self.at = at + 1;
        Ok((&self.text[start..at], has_escapes))
    }

    /// The length of the escape that begins here.
    fn escape_length(&self, at: usize) -> Result<usize> {
        let bytes = self.text.as_bytes();
        match bytes.get(at + 1) {
            None => Err(Fault::End),
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => Ok(2),
            Some(b'u') => match self.code_unit(at)? {
                0xD800..0xDC00 => match (bytes.get(at + 6), bytes.get(at + 7)) {
                    (None, _) | (Some(b'\\'), None) => Err(Fault::End),
                    (Some(b'\\'), Some(b'u')) if matches!(self.code_unit(at + 6)?, 0xDC00..0xE000) => Ok(12),
                    _ => Err(Fault::Expected("the other half of a character", at + 6)),
                },
                0xDC00..0xE000 => Err(Fault::Expected("a whole character", at)),
                _ => Ok(6),
            },
            Some(_) => Err(Fault::Expected("an escape", at)),
        }
    }

    /// The number that an escape `\u1234` stands for.
    fn code_unit(&self, at: usize) -> Result<u32> {
        let bytes = self.text.as_bytes();
        let digits = &bytes[at + 2..bytes.len().min(at + 6)];
        let value = digits.iter().try_fold(0, |value, digit| {
            let digit = char::from(*digit).to_digit(16);
            digit.map_or(Err(Fault::Expected("four hexadecimal digits", at)), |digit| {
                Ok(value * 16 + digit)
            })
        })?;
        if digits.len() < 4 { Err(Fault::End) } else { Ok(value) }
    }

    #[cold]
    fn unescape(&self, inside: &str) -> Result<Cow<'a, str>> {
        if inside.len() > ESCAPED_BYTES_MAX {
            return Err(Fault::LongText(self.at));
        }
        match serde_json::from_str(&format!("\"{inside}\"")) {
            Ok(text) => Ok(Cow::Owned(text)),
            // Half of a surrogate pair.
            Err(_) => self.expected("a whole character before here"),
        }
    }

    /// Goes over the fields of an object: `each` is called with the key, and reads the value.
    #[inline]
    pub fn each_field(&mut self, mut each: impl FnMut(&mut Self, &str) -> Result<()>) -> Result<()> {
        if self.peek()? != b'{' {
            return self.expected("an object");
        }
        self.at += 1;
        if self.peek()? == b'}' {
            self.at += 1;
            return Ok(());
        }
        loop {
            self.each_key(&mut each)?;
            match self.peek()? {
                b',' => self.at += 1,
                b'}' => {
                    self.at += 1;
                    return Ok(());
                }
                _ => return self.expected("a comma or the end of the object"),
            }
        }
    }

    #[inline]
    fn each_key(&mut self, each: &mut impl FnMut(&mut Self, &str) -> Result<()>) -> Result<()> {
        let (key, has_escapes) = self.string_inside()?;
        if self.peek()? != b':' {
            return self.expected("a colon");
        }
        self.at += 1;
        if has_escapes {
            let key = self.unescape(key)?;
            return each(self, &key);
        }
        each(self, key)
    }

    /// Reads exactly this text, if it stands here.
    #[inline(always)]
    pub fn literal(&mut self, text: &str) -> bool {
        let is_here = self.text.as_bytes()[self.at..].starts_with(text.as_bytes());
        if is_here {
            self.at += text.len();
        }
        is_here
    }

    /// As [`Self::each_field`], for an object whose fields are known: `each` is called with the position in
    /// `keys`, each of which is a key as JSON with its colon, and reads the value. Unknown fields are passed
    /// over. Fields in the order of `keys` are recognised without being read as strings.
    #[inline]
    pub fn each_known<const KEYS: usize>(
        &mut self,
        keys: &[&'static str; KEYS],
        position: impl Fn(&str) -> Option<usize>,
        mut each: impl FnMut(&mut Self, usize) -> Result<()>,
    ) -> Result<()> {
        if self.peek()? != b'{' {
            return self.expected("an object");
        }
        self.at += 1;
        if self.peek()? == b'}' {
            self.at += 1;
            return Ok(());
        }
        let mut next = 0;
        loop {
            if next < KEYS && self.literal(keys[next]) {
                each(self, next)?;
                next += 1;
            } else {
                self.each_key(&mut |cursor, key| match position(key) {
                    Some(found) => {
                        next = found + 1;
                        each(cursor, found)
                    }
                    None => cursor.skip().map(drop),
                })?;
            }
            match self.peek()? {
                b',' => self.at += 1,
                b'}' => {
                    self.at += 1;
                    return Ok(());
                }
                _ => return self.expected("a comma or the end of the object"),
            }
        }
    }

    /// Goes over the elements of an array: `each` reads one.
    #[inline]
    pub fn each_element(&mut self, mut each: impl FnMut(&mut Self) -> Result<()>) -> Result<()> {
        if self.peek()? != b'[' {
            return self.expected("an array");
        }
        self.at += 1;
        if self.peek()? == b']' {
            self.at += 1;
            return Ok(());
        }
        loop {
            each(self)?;
            match self.peek()? {
                b',' => self.at += 1,
                b']' => {
                    self.at += 1;
                    return Ok(());
                }
                _ => return self.expected("a comma or the end of the array"),
            }
        }
    }

    /// Reads a number, and gives its text. Its end is known by what follows.
    pub fn number(&mut self) -> Result<&'a str> {
        self.peek()?;
        let bytes = self.text.as_bytes();
        let start = self.at;
        let mut at = start + usize::from(bytes[start] == b'-');
        let digits = |at: &mut usize| -> Result<()> {
            let from = *at;
            while bytes.get(*at).is_some_and(u8::is_ascii_digit) {
                *at += 1;
            }
            match bytes.get(*at) {
                None => Err(Fault::End),
                Some(_) if *at == from => Err(Fault::Expected("a digit", from)),
                Some(_) => Ok(()),
            }
        };
        let integer = at;
        digits(&mut at)?;
        if bytes[integer] == b'0' && at > integer + 1 {
            return Err(Fault::Expected("no digit after a leading zero", integer));
        }
        if bytes[at] == b'.' {
            at += 1;
            digits(&mut at)?;
        }
        let has_exponent = matches!(bytes[at], b'e' | b'E');
        if has_exponent {
            at += 1;
            if matches!(bytes.get(at), Some(b'+' | b'-')) {
                at += 1;
            }
            digits(&mut at)?;
        }
        let text = &self.text[start..at];
        if (has_exponent || text.len() > SURE_NUMBER_BYTES) && serde_json::from_str::<f64>(text).is_err() {
            return Err(Fault::Expected("a number within the range of 64 bits", start));
        }
        self.at = at;
        Ok(text)
    }

    /// Passes over a value and gives its text: JSON that every reader of the tables takes.
    pub fn skip(&mut self) -> Result<&'a str> {
        self.peek()?;
        let start = self.at;
        self.skip_nested(0)?;
        Ok(&self.text[start..self.at])
    }

    fn skip_nested(&mut self, depth: u32) -> Result<()> {
        if depth > DEPTH_MAX {
            return self.expected("a value that is nested less deeply");
        }
        match self.peek()? {
            b'"' => self.string_inside().map(drop),
            b'{' => self.each_field(|cursor, _| cursor.skip_nested(depth + 1)),
            b'[' => self.each_element(|cursor| cursor.skip_nested(depth + 1)),
            b't' => self.word("true"),
            b'f' => self.word("false"),
            b'n' => self.word("null"),
            b'-' | b'0'..=b'9' => self.number().map(drop),
            _ => self.expected("a value"),
        }
    }

    /// The text from an earlier place to here.
    pub fn since(&self, start: usize) -> &'a str {
        &self.text[start..self.at]
    }
}

/// How many bytes stand before the first quote, backslash or control character. Eight are looked at
/// together: the lowest byte found is exact, borrows only spoil those above it.
#[inline]
pub fn plain_length(bytes: &[u8]) -> usize {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGHS: u64 = 0x8080_8080_8080_8080;
    // The high bit of each byte that is below `limit`; wrong only above the first such byte.
    let below = |word: u64, limit: u64| word.wrapping_sub(ONES * limit) & !word;
    let (words, rest) = bytes.as_chunks::<8>();
    for (index, word) in words.iter().enumerate() {
        let word = u64::from_le_bytes(*word);
        let quotes = below(word ^ (ONES * u64::from(b'"')), 1);
        let backslashes = below(word ^ (ONES * u64::from(b'\\')), 1);
        let found = (quotes | backslashes | below(word, 0x20)) & HIGHS;
        if found != 0 {
            return index * 8 + found.trailing_zeros() as usize / 8;
        }
    }
    let tail = rest.iter().position(|byte| matches!(byte, b'"' | b'\\' | 0..0x20));
    words.len() * 8 + tail.unwrap_or(rest.len())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn skip(text: &str) -> Result<&str> {
        Cursor::new(text).skip()
    }

    #[test]
    fn a_value_is_passed_over_up_to_its_end() {
        for json in [
            r#"{"a":[1,-2.5e+3,{"b":null}],"c":"\"\u00e9\\"}"#,
            "[]",
            r#""x""#,
            "true",
            "[ 0 , 10 ]",
        ] {
            assert_eq!(skip(&format!(" {json} ,")), Ok(json));
        }
    }

    #[test]
    fn every_beginning_of_a_value_is_unfinished_and_not_wrong() {
        let json = r#"{"a":[-1,20.5e-3,true,null],"b\u00e9":"c\n\ud83d\ude00"}"#;
        for end in 0..json.len() {
            assert_eq!(skip(&json[..end]), Err(Fault::End), "{}", &json[..end]);
        }
    }

    #[test]
    fn what_is_no_json_is_refused() {
        for json in [
            r#"{"a" 1}"#,
            "[1 2]",
            "[01]",
            "[1.]",
            "[tru]",
            r#"["\x"]"#,
            "[\"\t\"]",
            "{1:2}",
            "[,]",
            "[1,]",
            "[1e999]",
            r#"["\ud83d"]"#,
            r#"["\ud83dx"]"#,
            r#"["\ud83d\u0041"]"#,
            r#"["\ude00"]"#,
        ] {
            assert!(matches!(skip(json), Err(Fault::Expected(..))), "{json}");
        }
        assert!(matches!(skip(&"[".repeat(1000)), Err(Fault::Expected(..))));
        let long = format!("[{}]", "9".repeat(400));
        assert!(matches!(skip(&long), Err(Fault::Expected(..))));
    }

    #[test]
    fn what_is_nested_as_deep_as_may_be_is_still_read_within_an_object() {
        let depth = DEPTH_MAX as usize - 1;
        let deepest = format!("{{\"a\":{}1{}}}", "[".repeat(depth), "]".repeat(depth));
        assert!(serde_json::from_str::<serde_json::Value>(&deepest).is_ok());
        assert_eq!(skip(&deepest), Ok(&*deepest));
        assert!(skip(&format!("[{deepest}]")).is_err());
    }

    #[test]
    fn strings_are_borrowed_unless_they_hold_escapes() {
        assert!(matches!(
            Cursor::new(r#""plain é""#).string(),
            Ok(Cow::Borrowed("plain é"))
        ));
        assert_eq!(Cursor::new(r#""a\u00e9\/""#).string(), Ok(Cow::Owned("aé/".to_owned())));
        assert!(Cursor::new(r#""\ud800""#).string().is_err());
    }

    proptest! {
        #[test]
        fn plain_text_ends_where_a_plain_search_says(bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
            let naive = bytes.iter().position(|byte| *byte == b'"' || *byte == b'\\' || *byte < 0x20);
            prop_assert_eq!(plain_length(&bytes), naive.unwrap_or(bytes.len()));
        }

        #[test]
        fn what_is_accepted_is_json(text in r#"([\[\]{}",:0-9eE.truefalsn\\ -]|\\\\ud[8c]00){0,24}"#) {
            if let Ok(json) = Cursor::new(&text).skip() {
                prop_assert!(serde_json::from_str::<serde_json::Value>(json).is_ok(), "{}", json);
            }
        }
    }
}
