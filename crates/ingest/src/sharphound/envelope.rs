//! The file around the records: `{"data": [...], "meta": {...}}`, in either order, streamed. Older collectors name
//! the array by what is in it (`"users"`). AzureHound shares the envelope, and its records also come as a bare array.
//!
//! [`walk`] goes over a file once, element by element, with a buffer that holds one element at least and
//! [`RECORD_BYTES_MAX`] at most. What is longer, or cannot be read, is passed over up to its end ([`Passer`]), and the
//! walk goes on behind it. [`locate_meta`] finds out what the file is, mostly without a walk.

use std::io::{Read as _, SeekFrom};
use std::ops::ControlFlow;

use serde::de::{Deserialize, IgnoredAny};

use super::cursor::{Cursor, Fault, Read, plain_length};
use super::is_list_of;
use super::shape::{Meta, Raw};
use crate::{HEAD_BYTES, IngestError, Input, io_error};

/// An element of `data` that is longer than this is rejected. A group of a million members takes 100 million.
pub const RECORD_BYTES_MAX: usize = 256 * 1024 * 1024;

/// Another value of the envelope that is longer than this is passed over, and a longer key ends the walk.
const VALUE_BYTES_MAX: usize = 1024 * 1024;

/// Of a rejected element this much is looked at for its id.
const REJECTED_BYTES_MAX: usize = 1024 * 1024;

/// How much is read at a time. A record is a few kilobytes, so that little is parsed twice.
const CHUNK_BYTES: usize = 1024 * 1024;

/// How many places in the file's end may look like the key `meta` before the whole file is walked.
const TAIL_CANDIDATES_MAX: usize = 64;

/// What a visitor did with the text at the start of which an element stands.
pub enum Step {
    /// The element is this many bytes long and has been dealt with.
    Done(usize),
    /// Nothing behind this element is wanted: the walk ends.
    Enough,
    /// The element does not end in this text.
    More,
    /// The element is not what it should be. Its text follows in [`Visit::rejected`], if it ends.
    Bad(String),
}

/// What to do with the parts of a file.
pub trait Visit {
    /// `text` begins with an element of `data`.
    fn element(&mut self, text: &str, position: Position) -> Result<Step, IngestError>;

    /// An element that cannot be used. `bytes` is its beginning: [`REJECTED_BYTES_MAX`] at most, and no UTF-8 perhaps.
    fn rejected(&mut self, bytes: &[u8], position: Position, reason: String);

    /// `data` begins. A break ends the walk.
    fn data(&mut self) -> ControlFlow<()>;

    /// Another value of the envelope.
    fn value(&mut self, key: &str, json: &str);

    /// Whether an array of this name holds the records, beside `data`.
    fn holds_records(&self, _key: &str) -> bool {
        false
    }
}

/// Where an element stands.
#[derive(Clone, Copy, Debug)]
pub struct Position {
    pub index: u64,
    pub byte: u64,
}

impl std::fmt::Display for Position {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "data[{}], byte {}", self.index, self.byte)
    }
}

/// What stands next in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Expect {
    Start,
    FirstKey,
    Key,
    Value,
    AfterValue,
    FirstElement,
    Element,
    AfterElement,
    End,
}

struct Window<'i, 'b> {
    input: &'i mut Input<'b>,
    buffer: Vec<u8>,
    /// Bytes before this one are done with.
    start: usize,
    /// Offset in the file of the buffer's first byte.
    base: u64,
    is_at_end: bool,
}

impl Window<'_, '_> {
    fn position(&self) -> u64 {
        self.base + self.start as u64
    }

    /// Reads more behind what is there, unless that is `limit` bytes already.
    fn fill(&mut self, limit: usize) -> Result<Filled, IngestError> {
        if self.is_at_end {
            return Ok(Filled::Nothing);
        }
        if self.start > 0 {
            self.buffer.drain(..self.start);
            self.base += self.start as u64;
            self.start = 0;
        }
        let kept = self.buffer.len();
        if kept >= limit {
            return Ok(Filled::Full);
        }
        // What is kept is one unfinished element: as much again keeps the work of reading it linear.
        let wanted = CHUNK_BYTES.max(kept).min(limit - kept);
        match (&mut *self.input.bytes)
            .take(wanted as u64)
            .read_to_end(&mut self.buffer)
        {
            Ok(0) => {
                self.is_at_end = true;
                Ok(Filled::Nothing)
            }
            Ok(_) => Ok(Filled::More),
            Err(cause) => Err(io_error(self.input.name, cause)),
        }
    }

    fn malformed(&self, byte: u64, reason: impl Into<String>) -> IngestError {
        IngestError::Malformed {
            name: self.input.name.to_owned(),
            position: format!("byte {byte}"),
            reason: reason.into(),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Filled {
    More,
    /// The file ends here.
    Nothing,
    Full,
}

/// Goes over a file once.
///
/// # Errors
/// [`IngestError::Malformed`] where the file is no such envelope, is cut off, or an element is no JSON;
/// [`IngestError::Io`]; and what the visitor returns.
pub fn walk(input: &mut Input<'_>, visitor: &mut dyn Visit) -> Result<(), IngestError> {
    crate::rewind(input)?;
    let mut window = Window {
        input,
        buffer: Vec::new(),
        start: 0,
        base: 0,
        is_at_end: false,
    };
    window.fill(CHUNK_BYTES)?;
    if window.buffer.starts_with(b"\xEF\xBB\xBF") {
        window.start = 3;
    }
    if window.buffer.starts_with(b"\xFF\xFE") || window.buffer.starts_with(b"\xFE\xFF") {
        return Err(window.malformed(0, "the text is UTF-16; save it as UTF-8 and import it again"));
    }
    let mut walker = Walker {
        visitor,
        expect: Expect::Start,
        key: String::new(),
        has_records: false,
        index: 0,
        is_bare: false,
    };
    loop {
        let bytes = &window.buffer[window.start..];
        let (text, has_bad_text) = match std::str::from_utf8(bytes) {
            Ok(text) => (text, false),
            Err(error) => {
                let text = std::str::from_utf8(&bytes[..error.valid_up_to()]).unwrap_or_default();
                (text, error.error_len().is_some())
            }
        };
        let base = window.position();
        let (consumed, pause) = walker.advance(text, base, window.is_at_end, window.input.name)?;
        window.start += consumed;
        match pause {
            Pause::Stopped => return Ok(()),
            Pause::More if has_bad_text => walker.skip_bad_text(&mut window)?,
            Pause::More => match window.fill(walker.limit())? {
                Filled::More => {}
                Filled::Nothing if walker.expect == Expect::End => return Ok(()),
                Filled::Nothing => return Err(walker.cut_off(&window)),
                Filled::Full => walker.skip_long(&mut window)?,
            },
            Pause::Bad(reason) => walker.skip(&mut window, reason)?,
        }
    }
}

enum Pause {
    More,
    Bad(String),
    Stopped,
}

struct Walker<'v> {
    visitor: &'v mut dyn Visit,
    expect: Expect,
    key: String,
    /// There has been an array of records.
    has_records: bool,
    index: u64,
    /// The elements stand in an array without an envelope.
    is_bare: bool,
}

impl Walker<'_> {
    /// Deals with as much of `text` as it can, and says how many bytes that was and why it stopped.
    fn advance(&mut self, text: &str, base: u64, is_all: bool, name: &str) -> Result<(usize, Pause), IngestError> {
        let bytes = text.as_bytes();
        let mut at = 0;
        let malformed = |at: usize, reason: String| IngestError::Malformed {
            name: name.to_owned(),
            position: format!("byte {}", base + at as u64),
            reason,
        };
        loop {
            while bytes.get(at).is_some_and(u8::is_ascii_whitespace) {
                at += 1;
            }
            let Some(&byte) = bytes.get(at) else {
                return Ok((at, Pause::More));
            };
            match (self.expect, byte) {
                (Expect::Start, b'{') => (self.expect, at) = (Expect::FirstKey, at + 1),
                (Expect::Start, b'[') => {
                    self.is_bare = true;
                    if self.visitor.data().is_break() {
                        return Ok((at, Pause::Stopped));
                    }
                    (self.expect, at) = (Expect::FirstElement, at + 1);
                }
                (Expect::FirstKey, b'}') => (self.expect, at) = (Expect::End, at + 1),
                (Expect::FirstKey | Expect::Key, b'"') => match next::<String>(&text[at..]) {
                    Next::Value(key, length) => {
                        let rest = text[at + length..].trim_ascii_start();
                        if rest.is_empty() {
                            return Ok((at, Pause::More));
                        }
                        if !rest.starts_with(':') {
                            return Err(malformed(
                                text.len() - rest.len(),
                                "no colon follows the key".to_owned(),
                            ));
                        }
                        self.key = key;
                        (self.expect, at) = (Expect::Value, text.len() - rest.len() + 1);
                    }
                    Next::More => return Ok((at, Pause::More)),
                    Next::Bad(error) => return Err(malformed(at, not_json(&error))),
                },
                (Expect::Value, b'[') if self.is_key_of_records() => {
                    self.has_records = true;
                    if self.visitor.data().is_break() {
                        return Ok((at, Pause::Stopped));
                    }
                    (self.expect, at) = (Expect::FirstElement, at + 1);
                }
                (Expect::Value, _) => match next::<IgnoredAny>(&text[at..]) {
                    // A bare number or word may go on behind what was read.
                    Next::Value(_, length) if at + length == bytes.len() && !is_all => {
                        return Ok((at, Pause::More));
                    }
                    Next::Value(_, length) => {
                        let json = &text[at..at + length];
                        if self.key.eq_ignore_ascii_case("data") && json != "null" {
                            return Err(malformed(at, "`data` is no array; export the file again".to_owned()));
                        }
                        self.visitor.value(&self.key, json);
                        (self.expect, at) = (Expect::AfterValue, at + length);
                    }
                    Next::More => return Ok((at, Pause::More)),
                    Next::Bad(error) => return Err(malformed(at, not_json(&error))),
                },
                (Expect::AfterValue, b',') => (self.expect, at) = (Expect::Key, at + 1),
                (Expect::AfterValue, b'}') => (self.expect, at) = (Expect::End, at + 1),
                (Expect::FirstElement | Expect::AfterElement, b']') => {
                    let behind = if self.is_bare { Expect::End } else { Expect::AfterValue };
                    (self.expect, at) = (behind, at + 1);
                }
                (Expect::AfterElement, b',') => (self.expect, at) = (Expect::Element, at + 1),
                (Expect::FirstElement | Expect::Element, b']' | b',') => {
                    return Err(malformed(at, "a record is missing between two commas".to_owned()));
                }
                (Expect::FirstElement | Expect::Element, _) => {
                    let position = Position {
                        index: self.index,
                        byte: base + at as u64,
                    };
                    match self.visitor.element(&text[at..], position)? {
                        Step::Done(length) => {
                            self.index += 1;
                            (self.expect, at) = (Expect::AfterElement, at + length);
                        }
                        Step::Enough => return Ok((at, Pause::Stopped)),
                        Step::More => return Ok((at, Pause::More)),
                        // Most end here: all of them without another look at the text around.
                        Step::Bad(reason) => match Passer::default().pass(&bytes[at..]) {
                            (_, false) => return Ok((at, Pause::Bad(reason))),
                            (length, true) => {
                                let beginning = &bytes[at..at + length.min(REJECTED_BYTES_MAX)];
                                self.visitor.rejected(beginning, position, reason);
                                self.index += 1;
                                (self.expect, at) = (Expect::AfterElement, at + length);
                            }
                        },
                    }
                }
                (Expect::End, _) => {
                    return Err(malformed(
                        at,
                        "more follows the end of the JSON; export the file again".to_owned(),
                    ));
                }
                (_, byte) => {
                    let found = char::from(byte);
                    return Err(malformed(
                        at,
                        format!("`{found}` cannot stand here; the file is no valid JSON"),
                    ));
                }
            }
        }
    }

    /// `data`; or what the file holds, as older collectors have it.
    fn is_key_of_records(&self) -> bool {
        self.key.eq_ignore_ascii_case("data")
            || self.visitor.holds_records(&self.key)
            || (!self.has_records && is_list_of(&self.key.to_ascii_lowercase()))
    }

    fn is_before_element(&self) -> bool {
        matches!(self.expect, Expect::FirstElement | Expect::Element)
    }

    /// How long the next part of the file may be.
    fn limit(&self) -> usize {
        if self.is_before_element() {
            RECORD_BYTES_MAX
        } else {
            VALUE_BYTES_MAX
        }
    }

    /// Passes over an element that the visitor could not use.
    fn skip(&mut self, window: &mut Window<'_, '_>, reason: String) -> Result<(), IngestError> {
        let position = Position {
            index: self.index,
            byte: window.position(),
        };
        let beginning = self.pass(window)?;
        self.visitor.rejected(&beginning, position, reason);
        self.index += 1;
        self.expect = Expect::AfterElement;
        Ok(())
    }

    /// Passes over a value, and gives its beginning.
    fn pass(&self, window: &mut Window<'_, '_>) -> Result<Vec<u8>, IngestError> {
        let mut passer = Passer::default();
        let mut beginning = Vec::new();
        loop {
            let bytes = &window.buffer[window.start..];
            let (length, is_end) = passer.pass(bytes);
            let room = REJECTED_BYTES_MAX - beginning.len();
            beginning.extend_from_slice(&bytes[..length.min(room)]);
            window.start += length;
            if is_end {
                return Ok(beginning);
            }
            if window.fill(CHUNK_BYTES)? == Filled::Nothing {
                return Err(self.cut_off(window));
            }
        }
    }

    /// Passes over what is longer than its limit.
    fn skip_long(&mut self, window: &mut Window<'_, '_>) -> Result<(), IngestError> {
        match self.expect {
            Expect::FirstElement | Expect::Element => {
                self.skip(window, format!("the record is longer than {RECORD_BYTES_MAX} bytes"))
            }
            Expect::Value => {
                self.pass(window)?;
                self.expect = Expect::AfterValue;
                Ok(())
            }
            _ => {
                let reason = format!("a key is longer than {VALUE_BYTES_MAX} bytes; export the file again");
                Err(window.malformed(window.position(), reason))
            }
        }
    }

    /// Passes over an element with bytes in it that are no UTF-8.
    fn skip_bad_text(&mut self, window: &mut Window<'_, '_>) -> Result<(), IngestError> {
        if !self.is_before_element() {
            let reason = "the text is not UTF-8; save it as UTF-8 and import it again";
            return Err(window.malformed(window.position(), reason));
        }
        self.skip(window, "the text is not UTF-8".to_owned())
    }

    fn cut_off(&self, window: &Window<'_, '_>) -> IngestError {
        let end = window.base + window.buffer.len() as u64;
        let place = match self.expect {
            Expect::FirstElement | Expect::Element | Expect::AfterElement => format!(" in data[{}]", self.index),
            _ => String::new(),
        };
        window.malformed(
            end,
            format!("the file ends too early{place}: it was cut off; copy or export it again"),
        )
    }
}

/// Finds the end of a value that is not read, however long or deep it is and whatever is wrong in it. It knows
/// strings, and counts brackets.
#[derive(Debug, Default)]
struct Passer {
    depth: u64,
    is_in_string: bool,
    /// The byte before was a backslash in a string.
    is_escaped: bool,
    has_begun: bool,
}

impl Passer {
    /// How many of the next bytes belong to the value, and whether it ends with them.
    fn pass(&mut self, bytes: &[u8]) -> (usize, bool) {
        let mut at = 0;
        while let Some(&byte) = bytes.get(at) {
            if self.is_in_string {
                if self.is_escaped {
                    self.is_escaped = false;
                } else {
                    let plain = plain_length(&bytes[at..]);
                    if plain > 0 {
                        at += plain;
                        continue;
                    }
                    self.is_escaped = byte == b'\\';
                    self.is_in_string = byte != b'"';
                }
                at += 1;
            } else {
                match byte {
                    b'"' => self.is_in_string = true,
                    b'[' | b'{' => self.depth += 1,
                    // What follows the value belongs to what is around it.
                    b']' | b'}' | b',' if self.depth == 0 => return (at, true),
                    b']' | b'}' => self.depth -= 1,
                    _ if byte.is_ascii_whitespace() && self.depth == 0 && self.has_begun => return (at, true),
                    _ => {}
                }
                self.has_begun = true;
                at += 1;
                if self.depth == 0 && matches!(byte, b']' | b'}') {
                    return (at, true);
                }
            }
        }
        (at, false)
    }
}

fn not_json(error: &serde_json::Error) -> String {
    format!("this is no valid JSON ({error}); export the file again")
}

enum Next<T> {
    Value(T, usize),
    More,
    Bad(serde_json::Error),
}

/// The JSON value at the beginning of `text`, with its length.
fn next<'t, T: Deserialize<'t>>(text: &'t str) -> Next<T> {
    let mut values = serde_json::Deserializer::from_str(text).into_iter::<T>();
    match values.next() {
        Some(Ok(value)) => Next::Value(value, values.byte_offset()),
        Some(Err(error)) if !is_at_end(&error, text.as_bytes()) => Next::Bad(error),
        _ => Next::More,
    }
}

/// Whether an error is due to the end of the text. A number that is cut off (`-`, `1e`) is reported as
/// wrong, not as unfinished; then the place is the end.
fn is_at_end(error: &serde_json::Error, text: &[u8]) -> bool {
    if error.is_eof() {
        return true;
    }
    let line_start = match error.line() {
        0 | 1 => 0,
        line => {
            let mut ends = text
                .iter()
                .enumerate()
                .filter(|(_, byte)| **byte == b'\n')
                .map(|(at, _)| at + 1);
            ends.nth(line - 2).unwrap_or(text.len())
        }
    };
    line_start + error.column() >= text.len()
}

/// Reads one element as a `T` and hands it on with its length.
pub fn element<'t, T: Read<'t>>(text: &'t str) -> Result<(T, usize), Step> {
    let mut cursor = Cursor::new(text);
    match T::read(&mut cursor) {
        Ok(value) => Ok((value, cursor.at())),
        Err(Fault::End) => Err(Step::More),
        Err(fault) => Err(Step::Bad(fault.to_string())),
    }
}

/// What `meta` says, in the sizes needed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileMeta {
    pub kind: String,
    pub methods: i64,
    pub version: Option<i64>,
    /// Whether there is a key `data`, as far as was looked.
    pub has_data: bool,
}

impl FileMeta {
    fn of(meta: &Meta<'_>, has_data: bool) -> Self {
        Self {
            kind: meta.kind.to_ascii_lowercase(),
            methods: meta.methods.0.unwrap_or(0),
            version: meta.version.0,
            has_data,
        }
    }
}

/// Finds `meta` at the top level: before `data`, else in the file's end, else by walking all of the file.
/// `None` when a well-formed file has none, or one that is no object.
///
/// # Errors
/// As [`walk`].
pub fn locate_meta(input: &mut Input<'_>) -> Result<Option<FileMeta>, IngestError> {
    let mut scout = Scout {
        meta: None,
        has_data: false,
        is_stopping_at_data: true,
    };
    walk(input, &mut scout)?;
    if scout.meta.is_some() || !scout.has_data {
        return Ok(scout.meta);
    }
    if let Some(meta) = meta_in_tail(input)? {
        return Ok(Some(meta));
    }
    scout.is_stopping_at_data = false;
    walk(input, &mut scout)?;
    Ok(scout.meta)
}

struct Scout {
    meta: Option<FileMeta>,
    has_data: bool,
    is_stopping_at_data: bool,
}

impl Visit for Scout {
    fn element(&mut self, text: &str, _: Position) -> Result<Step, IngestError> {
        Ok(element::<Raw<'_>>(text).map_or_else(|step| step, |(_, length)| Step::Done(length)))
    }

    fn rejected(&mut self, _: &[u8], _: Position, _: String) {}

    fn data(&mut self) -> ControlFlow<()> {
        self.has_data = true;
        if let Some(meta) = &mut self.meta {
            meta.has_data = true;
        }
        if self.is_stopping_at_data {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    }

    fn value(&mut self, key: &str, json: &str) {
        self.has_data |= key.eq_ignore_ascii_case("data");
        if key.eq_ignore_ascii_case("meta") && json.starts_with('{') {
            self.meta = Meta::read(&mut Cursor::new(json))
                .ok()
                .map(|meta| FileMeta::of(&meta, self.has_data));
        }
        if let Some(meta) = &mut self.meta {
            meta.has_data |= self.has_data;
        }
    }
}

/// Text that closes exactly one object at the end of a well-formed file closes the envelope. So a key
/// `meta` from which on the rest of the file reads as the rest of an object is the envelope's.
fn meta_in_tail(input: &mut Input<'_>) -> Result<Option<FileMeta>, IngestError> {
    const KEY: &[u8] = b"\"meta\"";
    let start = input.length.saturating_sub(HEAD_BYTES as u64);
    let mut tail = Vec::with_capacity(HEAD_BYTES);
    input
        .bytes
        .seek(SeekFrom::Start(start))
        .and_then(|_| (&mut *input.bytes).take(HEAD_BYTES as u64).read_to_end(&mut tail))
        .map_err(|cause| io_error(input.name, cause))?;
    let mut end = tail.len();
    for _ in 0..TAIL_CANDIDATES_MAX {
        let Some(at) = tail[..end].windows(KEY.len()).rposition(|window| window == KEY) else {
            break;
        };
        if let Some(meta) = meta_of_rest(&tail[at..]) {
            return Ok(Some(meta));
        }
        end = at;
    }
    Ok(None)
}

/// `rest` is the end of an object, from its key `meta` on.
fn meta_of_rest(rest: &[u8]) -> Option<FileMeta> {
    let object = format!("{{{}", std::str::from_utf8(rest).ok()?);
    let mut cursor = Cursor::new(&object);
    let mut meta = None;
    cursor
        .each_field(|cursor, key| {
            if key.eq_ignore_ascii_case("meta") {
                meta = Some(FileMeta::of(&Meta::read(cursor)?, true));
            } else {
                cursor.skip()?;
            }
            Ok(())
        })
        .ok()?;
    let is_all = object[cursor.at()..].trim_ascii().is_empty();
    meta.filter(|meta| is_all && !meta.kind.is_empty())
}
