//! A document of nodes and edges, element by element: `{"graph": {"nodes": [...], "edges": [...]}}`, or the two
//! arrays alone.
//!
//! Only the text of one element is held at a time. Where it ends is found by its brackets, so that one element that
//! cannot be used does not keep the others from being read; what is in it is for others to check. Values that are
//! nothing to us are passed over, however long they are.

use std::io;

use crate::{IngestError, Input, ReadSeek, io_error};

/// A node, an edge or another value that is read may have this many bytes.
pub const ELEMENT_BYTES_MAX: usize = 16 * 1024 * 1024;

/// Brackets may be open inside each other so many times where a value is passed over, at a byte each.
const OPEN_MAX: usize = 1_000_000;

/// How much is read at a time.
const CHUNK_BYTES: usize = 256 * 1024;

/// One of the two arrays of a graph.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Array {
    Nodes,
    Edges,
}

impl Array {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Nodes => "nodes",
            Self::Edges => "edges",
        }
    }
}

/// Where an element stands.
#[derive(Clone, Copy, Debug)]
pub struct Position {
    pub array: Array,
    pub index: u64,
    /// It stands in the object `graph`.
    pub is_in_graph: bool,
}

impl std::fmt::Display for Position {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let graph = if self.is_in_graph { "graph." } else { "" };
        write!(f, "{graph}{}[{}]", self.array.as_str(), self.index)
    }
}

/// What to do with the parts of a document.
pub trait Visit {
    /// The JSON of an element; its brackets match, and nothing else of it has been checked. `depth` is how many of
    /// them are open inside each other.
    ///
    /// # Errors
    /// What ends the walk: the reason is told with the element's place in the file.
    fn element(&mut self, json: &[u8], depth: usize, position: Position) -> Result<(), Stop>;

    /// The JSON of `metadata`.
    fn metadata(&mut self, json: &[u8]);
}

/// Why a walk ends before its document does.
#[derive(Debug)]
pub enum Stop {
    Failed(IngestError),
    /// The file is no use; this completes a sentence that names the place.
    Malformed(String),
}

/// Goes over a document once.
///
/// # Errors
/// [`IngestError::Malformed`] where the file is no such document or is cut short; [`IngestError::Io`]; and what the
/// visitor returns.
pub fn walk(input: &mut Input<'_>, visitor: &mut dyn Visit) -> Result<(), IngestError> {
    let name = input.name;
    let mut walker = Walker {
        bytes: Bytes::new(input.bytes),
        element: Vec::new(),
        is_found: false,
        visitor,
    };
    walker.document().map_err(|fault| match fault {
        Fault::Io(cause) => io_error(name, cause),
        Fault::Stop(Stop::Failed(error)) => error,
        Fault::Stop(Stop::Malformed(reason)) => walker.bytes.malformed(name, reason),
        Fault::End => {
            let reason = "the file ends inside the JSON; it was cut short, export it again".to_owned();
            walker.bytes.malformed(name, reason)
        }
        Fault::Expected(what) => {
            let reason = format!("{what} is expected here; correct or export the file again");
            walker.bytes.malformed(name, reason)
        }
    })
}

enum Fault {
    Io(io::Error),
    Stop(Stop),
    End,
    Expected(&'static str),
}

type Walked<T> = Result<T, Fault>;

struct Walker<'a, 'v> {
    bytes: Bytes<'a>,
    /// The text of the element at hand.
    element: Vec<u8>,
    /// There is a graph, nodes or edges, with something in it or not.
    is_found: bool,
    visitor: &'v mut dyn Visit,
}

impl Walker<'_, '_> {
    fn document(&mut self) -> Walked<()> {
        self.bytes.skip_mark()?;
        if self.bytes.peek()? != b'{' {
            return Err(Fault::Expected("an object with a graph"));
        }
        self.object(false)?;
        match self.bytes.peek() {
            Err(Fault::End) if !self.is_found => Err(Fault::Expected("a graph of nodes and edges")),
            Err(Fault::End) => Ok(()),
            Ok(_) => Err(Fault::Expected("the end of the file")),
            Err(fault) => Err(fault),
        }
    }

    /// The document, or the object `graph` in it.
    fn object(&mut self, is_graph: bool) -> Walked<()> {
        self.bytes.expect(b'{', "an object")?;
        if self.bytes.peek()? == b'}' {
            return self.bytes.expect(b'}', "the end of the object");
        }
        loop {
            if self.bytes.peek()? != b'"' {
                return Err(Fault::Expected("a key"));
            }
            self.value()?;
            let key = std::mem::take(&mut self.element);
            if std::str::from_utf8(&key).is_err() || key.iter().any(u8::is_ascii_control) {
                // It may have been one that is wanted.
                return Err(Fault::Expected("a key of text"));
            }
            self.bytes.expect(b':', "a colon")?;
            let found = self.bytes.peek()?;
            self.is_found |= matches!(&*key, b"\"nodes\"" | b"\"edges\"" | b"\"graph\"");
            match &*key {
                b"\"nodes\"" if found != b'n' => self.array(Array::Nodes, is_graph)?,
                b"\"edges\"" if found != b'n' => self.array(Array::Edges, is_graph)?,
                b"\"graph\"" if !is_graph && found == b'{' => self.object(true)?,
                b"\"graph\"" if !is_graph && found != b'n' => {
                    return Err(Fault::Expected("a graph of nodes and edges"));
                }
                b"\"metadata\"" if !is_graph => {
                    self.value()?;
                    self.visitor.metadata(&self.element);
                }
                _ => drop(self.bytes.scan(None)?),
            }
            match self.bytes.peek()? {
                b',' => self.bytes.expect(b',', "a comma")?,
                _ => return self.bytes.expect(b'}', "a comma or the end of the object"),
            }
        }
    }

    fn array(&mut self, array: Array, is_in_graph: bool) -> Walked<()> {
        let what = match array {
            Array::Nodes => "an array of nodes",
            Array::Edges => "an array of edges",
        };
        self.bytes.expect(b'[', what)?;
        if self.bytes.peek()? == b']' {
            return self.bytes.expect(b']', "the end of the array");
        }
        for index in 0.. {
            let depth = self.value()?;
            let position = Position {
                array,
                index,
                is_in_graph,
            };
            self.visitor
                .element(&self.element, depth, position)
                .map_err(Fault::Stop)?;
            match self.bytes.peek()? {
                b',' => self.bytes.expect(b',', "a comma")?,
                _ => return self.bytes.expect(b']', "a comma or the end of the array"),
            }
        }
        Ok(())
    }

    /// Reads the value that stands here into `element`, and says how deep it is.
    fn value(&mut self) -> Walked<usize> {
        self.element.clear();
        self.bytes.peek()?;
        self.bytes.scan(Some(&mut self.element))
    }
}

/// The bytes of a file, in pieces.
struct Bytes<'a> {
    input: &'a mut dyn ReadSeek,
    buffer: Vec<u8>,
    /// The next byte, as a position in `buffer`.
    at: usize,
    /// Bytes in `buffer`.
    end: usize,
    /// Line feeds before `buffer`, and bytes between the last of them and `buffer`.
    lines: u64,
    columns: u64,
}

impl<'a> Bytes<'a> {
    fn new(input: &'a mut dyn ReadSeek) -> Self {
        Self {
            input,
            buffer: vec![0; CHUNK_BYTES],
            at: 0,
            end: 0,
            lines: 0,
            columns: 0,
        }
    }

    /// Reads on behind what was there, which is done with.
    fn fill(&mut self) -> Walked<()> {
        (self.lines, self.columns) = self.place(self.end);
        (self.at, self.end) = (0, 0);
        loop {
            match self.input.read(&mut self.buffer) {
                Ok(0) => return Err(Fault::End),
                Ok(read) => {
                    self.end = read;
                    return Ok(());
                }
                Err(cause) if cause.kind() == io::ErrorKind::Interrupted => {}
                Err(cause) => return Err(Fault::Io(cause)),
            }
        }
    }

    /// Line feeds before a place in the buffer, and bytes behind the last of them.
    fn place(&self, at: usize) -> (u64, u64) {
        let before = &self.buffer[..at];
        match before.iter().rposition(|byte| *byte == b'\n') {
            None => (self.lines, self.columns + at as u64),
            Some(last) => {
                let feeds = before.iter().filter(|byte| **byte == b'\n').count() as u64;
                (self.lines + feeds, (at - last - 1) as u64)
            }
        }
    }

    fn malformed(&self, name: &str, reason: String) -> IngestError {
        let (line, column) = self.place(self.at);
        IngestError::Malformed {
            name: name.to_owned(),
            position: format!("line {}, column {}", line + 1, column + 1),
            reason,
        }
    }

    /// Passes over a byte order mark.
    fn skip_mark(&mut self) -> Walked<()> {
        self.fill()?;
        let is_utf16 = |bytes: &[u8]| bytes.starts_with(b"\xFF\xFE") || bytes.starts_with(b"\xFE\xFF");
        if is_utf16(&self.buffer[..self.end]) {
            let reason = "the text is UTF-16; save it as UTF-8 and import it again";
            return Err(Fault::Stop(Stop::Malformed(reason.to_owned())));
        }
        for byte in *b"\xEF\xBB\xBF" {
            if self.at == self.end {
                self.fill()?;
            }
            if self.buffer[self.at] != byte {
                return match byte {
                    0xEF => Ok(()),
                    _ => Err(Fault::Expected("an object with a graph")),
                };
            }
            self.at += 1;
        }
        Ok(())
    }

    /// The next byte that is no white space.
    fn peek(&mut self) -> Walked<u8> {
        loop {
            let rest = &self.buffer[self.at..self.end];
            if let Some(found) = rest.iter().position(|byte| !is_space(*byte)) {
                self.at += found;
                return Ok(self.buffer[self.at]);
            }
            self.at = self.end;
            self.fill()?;
        }
    }

    fn expect(&mut self, byte: u8, what: &'static str) -> Walked<()> {
        if self.peek()? != byte {
            return Err(Fault::Expected(what));
        }
        self.at += 1;
        Ok(())
    }

    /// Passes over the value that begins at the next byte, and says how many brackets are open inside each other. Its
    /// text is kept in `kept`.
    fn scan(&mut self, mut kept: Option<&mut Vec<u8>>) -> Walked<usize> {
        let mut state = Scan::default();
        loop {
            if self.at == self.end {
                self.fill()?;
            }
            let bytes = &self.buffer[self.at..self.end];
            let scanned = state.go_on(bytes);
            let length = match scanned {
                Scanned::Ended(length) | Scanned::Wrong(length, _) => length,
                Scanned::Unfinished => bytes.len(),
            };
            if let Some(kept) = &mut kept {
                if kept.len() + length > ELEMENT_BYTES_MAX {
                    let limit = ELEMENT_BYTES_MAX / (1024 * 1024);
                    let reason = format!("a node or an edge is larger than {limit} MiB");
                    return Err(Fault::Stop(Stop::Malformed(reason)));
                }
                kept.extend_from_slice(&bytes[..length]);
            }
            self.at += length;
            match scanned {
                Scanned::Ended(_) => return Ok(state.depth),
                Scanned::Wrong(_, what) => return Err(Fault::Expected(what)),
                Scanned::Unfinished if state.open.len() > OPEN_MAX => {
                    let reason = format!("more than {OPEN_MAX} brackets are open inside each other");
                    return Err(Fault::Stop(Stop::Malformed(reason)));
                }
                Scanned::Unfinished => {}
            }
        }
    }
}

const fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\n' | b'\r' | b'\t')
}

/// How far a value has been passed over.
#[derive(Default)]
struct Scan {
    /// The closing brackets that are awaited.
    open: Vec<u8>,
    depth: usize,
    is_in_string: bool,
    is_escaped: bool,
    /// A number or word has begun, of which the end is known by what follows.
    is_in_word: bool,
}

enum Scanned {
    /// The value ends before this byte.
    Ended(usize),
    Unfinished,
    /// Something else is expected at this byte.
    Wrong(usize, &'static str),
}

impl Scan {
    fn go_on(&mut self, bytes: &[u8]) -> Scanned {
        let mut at = 0;
        while let Some(&byte) = bytes.get(at) {
            if self.is_in_string {
                if self.is_escaped {
                    self.is_escaped = false;
                } else {
                    let rest = &bytes[at..];
                    let Some(found) = rest.iter().position(|byte| matches!(byte, b'"' | b'\\')) else {
                        return Scanned::Unfinished;
                    };
                    at += found;
                    self.is_escaped = bytes[at] == b'\\';
                    self.is_in_string = self.is_escaped;
                    if !self.is_in_string && self.open.is_empty() {
                        return Scanned::Ended(at + 1);
                    }
                }
                at += 1;
                continue;
            }
            let is_end_of_word = matches!(byte, b',' | b']' | b'}' | b':') || is_space(byte);
            if self.open.is_empty() && is_end_of_word {
                return match self.is_in_word {
                    true => Scanned::Ended(at),
                    false => Scanned::Wrong(at, "a value"),
                };
            }
            match byte {
                b'"' if self.is_in_word && self.open.is_empty() => return Scanned::Wrong(at, "a comma"),
                b'"' => self.is_in_string = true,
                b'{' | b'[' => {
                    self.open.push(if byte == b'{' { b'}' } else { b']' });
                    self.depth = self.depth.max(self.open.len());
                }
                b'}' | b']' => {
                    if self.open.pop() != Some(byte) {
                        return Scanned::Wrong(at, "another bracket");
                    }
                    if self.open.is_empty() {
                        return Scanned::Ended(at + 1);
                    }
                }
                _ => self.is_in_word = true,
            }
            at += 1;
        }
        Scanned::Unfinished
    }
}
