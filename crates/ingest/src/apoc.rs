//! APOC JSON lines: a graph as Neo4j's procedure `apoc.export.json.all` writes it, one node or relationship a line; or
//! the same as elements of one array.
//!
//! Start at [`read`]. Nodes become objects and relationships become relations, under the kinds that their labels
//! state; none of it says what else there is, so all of it is mention ([`crate::stated`]). Relationships name their
//! ends by ids that are internal to the database. [`Nodes`] keeps what each stands for.
//!
//! **Invariant:** the file is read from front to back, element by element. Exports have nodes first; where a
//! relationship stands before one of its ends, all from there on is read once more. Memory grows with the largest
//! element and with the number of nodes, both limited.
//!
//! # Source
//! Neo4j Labs, "APOC user guide: Export to JSON". BloodHound keeps the ids of directories in the property `objectid`.

use std::borrow::Cow;
use std::collections::HashMap;
use std::io::{self, BufRead, BufReader, Read, SeekFrom};

use postern_model::schema::{OBJECTS, RELATIONS};
use postern_model::{NodeKind, RelationKind, Value, hash128};

use crate::chunks::Chunks;
use crate::properties::{self, Written, with_kinds};
use crate::sharphound::cursor::{Cursor, Fault};
use crate::sharphound::output::push_json_text;
use crate::stated::{
    BOUNDARIES_MAX, End, KINDS_OF_NODE_MAX, Kinds, NODES_MAX, Node, Refused, Statements, check_id, main_kind,
    stated_name, upper,
};
use crate::{Counts, Format, IngestError, Input, Probe, ReadSeek, Sink, Summary, io_error, read_head, rewind};

/// Bytes of an element, or of its line. A node with some thousand service names has a few hundred thousand.
pub const ELEMENT_BYTES_MAX: usize = 16 << 20;

/// Bytes of the ids of all nodes that are kept. A SID has about 45. Of nodes above it, or above [`NODES_MAX`], no
/// relations can be read.
pub const NODE_IDS_BYTES_MAX: usize = 192 << 20;

/// Lines of a file's beginning that are looked at to recognise it: the first may be damaged.
const SNIFFED_LINES_MAX: usize = 20;

pub static FORMAT: Format = Format {
    id: "apoc",
    title: "APOC JSON lines",
    dates_itself: false,
    sniff: |probe: &mut Probe<'_, '_>| Ok(is_one_document(probe.head) || sniff(probe.head)),
    read,
};

/// Whether one of the first lines, or the first element of an array, is a node or a relationship.
fn sniff(head: &[u8]) -> bool {
    if let Some(inside) = head.trim_ascii_start().strip_prefix(b"[") {
        return is_element(inside);
    }
    let lines = head.split(|&byte| byte == b'\n').map(<[u8]>::trim_ascii);
    let mut lines = lines.filter(|line| !line.is_empty()).take(SNIFFED_LINES_MAX);
    lines.any(is_element)
}

/// Whether a text begins with a node or a relationship; it may end inside.
fn is_element(text: &[u8]) -> bool {
    let text = String::from_utf8_lossy(text);
    let mut raw = Raw::default();
    let (Ok(_) | Err(Fault::End)) = raw.fill(&text) else {
        return false;
    };
    match raw.kind.as_deref() {
        Some("node") => raw.labels.is_some() || raw.properties.is_some(),
        Some("relationship") => raw.label.is_some() || raw.start.is_some(),
        _ => false,
    }
}

/// Whether it is an export in one of the layouts that are one document: `{"nodes": …, "rels": …}`.
fn is_one_document(head: &[u8]) -> bool {
    let without_spaces: Vec<u8> = head
        .iter()
        .copied()
        .filter(|byte| !byte.is_ascii_whitespace())
        .collect();
    let Some(rest) = without_spaces.strip_prefix(b"{\"nodes\":") else {
        return false;
    };
    let has = |wanted: &[u8]| rest.windows(wanted.len()).any(|it| it == wanted);
    let is_list = rest.starts_with(b"[{") && has(b"\"type\":\"node\"") && !has(b"\"kinds\":[");
    is_list || rest.starts_with(b"{\"") && has(b"\"labels\":[")
}

/// Reads a file of this format.
///
/// # Errors
/// [`IngestError::Unsupported`] for exports that are one document; [`IngestError::Io`] and [`IngestError::Sink`] as
/// they come. What is wrong with an element is a reject.
fn read(mut input: Input<'_>, sink: &mut dyn Sink) -> Result<Summary, IngestError> {
    let head = read_head(&mut input)?;
    if is_one_document(head.strip_prefix(MARK).unwrap_or(&head)) {
        return Err(IngestError::Unsupported {
            name: input.name.to_owned(),
            found: "an APOC export in one document (jsonFormat JSON or JSON_ID_AS_KEYS)".to_owned(),
            understood: "the jsonFormats JSON_LINES, which is the default, and ARRAY_JSON",
        });
    }
    rewind(&mut input)?;
    let layout = match head
        .strip_prefix(MARK)
        .unwrap_or(&head)
        .trim_ascii_start()
        .starts_with(b"[")
    {
        true => Layout::Array,
        false => Layout::Lines,
    };
    let name = input.name;
    let mut reader = Reader::new(layout, Chunks::new(sink));
    let begin = Place { index: 0, byte: 0 };
    reader.pass(name, Elements::from(input.bytes, begin), Pass::First)?;
    if let Some(place) = reader.aside {
        let sought = input.bytes.seek(SeekFrom::Start(place.byte));
        sought.map_err(|cause| io_error(name, cause))?;
        reader.pass(name, Elements::from(input.bytes, place), Pass::Second)?;
    }
    reader.finish()
}

/// A byte order mark of UTF-8.
const MARK: &[u8] = b"\xEF\xBB\xBF";

/// How the elements of a file follow each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Layout {
    /// One a line: a damaged line is the loss of one element.
    Lines,
    /// Elements of one array, in one line or in many.
    Array,
}

/// The beginning of an element.
#[derive(Clone, Copy, Debug)]
struct Place {
    /// How many lines, or elements, stand before it.
    index: u64,
    byte: u64,
}

struct Element<'l> {
    place: Place,
    /// The reason in place of one that is too long to be read.
    text: Result<&'l [u8], String>,
}

/// A file, element by element.
struct Elements<'a> {
    bytes: BufReader<&'a mut dyn ReadSeek>,
    next: Place,
    text: Vec<u8>,
}

impl<'a> Elements<'a> {
    fn from(bytes: &'a mut dyn ReadSeek, next: Place) -> Self {
        const BUFFER_BYTES: usize = 256 << 10;
        Self {
            bytes: BufReader::with_capacity(BUFFER_BYTES, bytes),
            next,
            text: Vec::new(),
        }
    }

    fn next(&mut self, layout: Layout) -> io::Result<Option<Element<'_>>> {
        self.text.clear();
        let (place, bytes) = match layout {
            Layout::Lines => (self.next, self.line()?),
            Layout::Array => {
                self.skip_between()?;
                (self.next, self.value()?)
            }
        };
        if bytes == 0 {
            return Ok(None);
        }
        self.next.index += 1;
        self.next.byte += bytes;
        let is_whole = bytes == self.text.len() as u64;
        let text = match place.byte {
            0 => self.text.strip_prefix(MARK).unwrap_or(&self.text),
            _ => &self.text,
        };
        let text = match is_whole {
            true => Ok(text.trim_ascii()),
            false => Err(format!(
                "it has {bytes} bytes, and at most {ELEMENT_BYTES_MAX} are read"
            )),
        };
        Ok(Some(Element { place, text }))
    }

    /// Takes a line, as far as it may be read, and gives its length.
    fn line(&mut self) -> io::Result<u64> {
        let mut limited = Read::take(&mut self.bytes, ELEMENT_BYTES_MAX as u64 + 1);
        let mut bytes = limited.read_until(b'\n', &mut self.text)?;
        if bytes > ELEMENT_BYTES_MAX && !self.text.ends_with(b"\n") {
            bytes += self.bytes.skip_until(b'\n')?;
        }
        Ok(bytes as u64)
    }

    /// Goes over what stands between the elements of an array, and around them.
    fn skip_between(&mut self) -> io::Result<()> {
        loop {
            let buffer = self.bytes.fill_buf()?;
            let is_between = |byte: &u8| byte.is_ascii_whitespace() || b"[],".contains(byte) || MARK.contains(byte);
            let skipped = buffer.iter().take_while(|byte| is_between(byte)).count();
            let is_done = skipped < buffer.len() || buffer.is_empty();
            self.bytes.consume(skipped);
            self.next.byte += skipped as u64;
            if is_done {
                return Ok(());
            }
        }
    }

    /// Takes an element of an array, as far as it may be read, and gives its length: an object to its last bracket,
    /// anything else to the next comma or bracket.
    fn value(&mut self) -> io::Result<u64> {
        /// Bytes of a text that are passed over together where none of them ends it.
        const STRIDE_BYTES: usize = 256;
        let (mut bytes, mut depth) = (0, 0_u64);
        let (mut is_in_text, mut is_escaped) = (false, false);
        loop {
            let buffer = self.bytes.fill_buf()?;
            if buffer.is_empty() {
                return Ok(bytes);
            }
            let mut end = None;
            let mut at = 0;
            while at < buffer.len() && end.is_none() {
                let stride = &buffer[at..buffer.len().min(at + STRIDE_BYTES)];
                if is_in_text && !is_escaped && !stride.contains(&b'"') && !stride.contains(&b'\\') {
                    at += stride.len();
                    continue;
                }
                match buffer[at] {
                    _ if is_escaped => is_escaped = false,
                    b'\\' if is_in_text => is_escaped = true,
                    b'"' => is_in_text = !is_in_text,
                    _ if is_in_text => {}
                    b'{' | b'[' => depth += 1,
                    b'}' | b']' if depth > 1 => depth -= 1,
                    b'}' if depth == 1 => end = Some(at + 1),
                    b'}' | b']' | b',' if depth == 0 => end = Some(at.max(usize::from(bytes == 0))),
                    _ => {}
                }
                at += 1;
            }
            let taken = end.unwrap_or(buffer.len());
            let room = ELEMENT_BYTES_MAX + 1 - self.text.len();
            self.text.extend_from_slice(&buffer[..taken.min(room)]);
            self.bytes.consume(taken);
            bytes += taken as u64;
            if end.is_some() {
                return Ok(bytes);
            }
        }
    }
}

/// How often the elements are gone over, and what for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Pass {
    First,
    /// For the relationships of which an end stands behind them.
    Second,
}

struct Reader<'s> {
    layout: Layout,
    chunks: Chunks<'s>,
    statements: Statements,
    nodes: Nodes,
    node_kinds: Kinds,
    relation_kinds: Kinds,
    /// Name of a domain → its SID, of the domains that are nodes.
    domains: HashMap<String, String>,
    relations: u64,
    /// The first element that has to be read again.
    aside: Option<Place>,
    refused: Refused,
    /// Properties of the relationship before, as they stand in the file and as they are kept: most are alike.
    repeated: (String, Written),
}

/// Why an element did not become a row.
enum Unread {
    Reason(String),
    Failed(IngestError),
}

impl From<String> for Unread {
    fn from(reason: String) -> Self {
        Self::Reason(reason)
    }
}

impl From<IngestError> for Unread {
    fn from(error: IngestError) -> Self {
        Self::Failed(error)
    }
}

impl<'s> Reader<'s> {
    fn new(layout: Layout, chunks: Chunks<'s>) -> Self {
        Self {
            layout,
            chunks,
            statements: Statements::new(),
            nodes: Nodes::default(),
            node_kinds: Kinds::default(),
            relation_kinds: Kinds::default(),
            domains: HashMap::new(),
            relations: 0,
            aside: None,
            refused: Refused::default(),
            repeated: ("{}".to_owned(), Written::default()),
        }
    }

    fn pass(&mut self, name: &str, mut elements: Elements<'_>, pass: Pass) -> Result<(), IngestError> {
        let layout = self.layout;
        while let Some(Element { place, text }) = elements.next(layout).map_err(|cause| io_error(name, cause))? {
            let text = text.and_then(|line| {
                std::str::from_utf8(line)
                    .map_err(|fault| format!("its text is not UTF-8, at its byte {}", fault.valid_up_to()))
            });
            let read = match text {
                Ok("") => Ok(()),
                Ok(text) => self.element(text, place, pass),
                Err(reason) => Err(Unread::Reason(reason)),
            };
            match read {
                Ok(()) => {}
                Err(Unread::Failed(error)) => return Err(error),
                // What the first pass has found wrong is told by then.
                Err(Unread::Reason(_)) if pass == Pass::Second => {}
                Err(Unread::Reason(reason)) => self.chunks.reject(self.position(place.index), reason),
            }
        }
        Ok(())
    }

    fn element(&mut self, text: &str, place: Place, pass: Pass) -> Result<(), Unread> {
        let mut raw = Raw::default();
        let end = raw.fill(text).map_err(cannot_read)?;
        if end < text.len() {
            return Err(format!("something follows its end, at its byte {end}").into());
        }
        match (raw.kind.as_deref(), pass) {
            (Some("relationship"), _) => self.relationship(&raw, place, pass),
            (Some("node"), Pass::First) => self.node(&raw, place),
            (_, Pass::Second) => Ok(()),
            (Some(other), Pass::First) => {
                let shown: String = other.chars().take(32).collect();
                Err(format!("its type is {shown:?}; node and relationship are understood").into())
            }
            (None, Pass::First) => Err("it has no type; node and relationship are understood".to_owned().into()),
        }
    }

    fn node(&mut self, raw: &Raw<'_>, place: Place) -> Result<(), Unread> {
        let internal = raw.id.as_deref().unwrap_or_default();
        if internal.is_empty() {
            return Err("a node without id".to_owned().into());
        }
        let all = raw.labels.as_deref().unwrap_or_default();
        let labels = &all[..all.len().min(KINDS_OF_NODE_MAX)];
        let kind = main_kind(labels.iter().map(|label| &**label)).unwrap_or(NodeKind::Base.as_str());
        if let Err(reason) = self.node_kinds.check(kind) {
            return Ok(self.refused.add("nodes", kind, reason)?);
        }
        if let Some(index) = self.nodes.find(internal).map(|known| known.index) {
            let first = self.position(index);
            return Err(format!("node {internal} stands in the file already, at {first}").into());
        }
        let mut said = Said::default();
        let mut properties = write_properties(raw.properties, kind, Some(&mut said))?;
        if all.len() > KINDS_OF_NODE_MAX {
            let fault = format!("a node of more than {KINDS_OF_NODE_MAX} labels; those behind them are left out");
            properties.faults.push(fault);
        }
        for fault in properties.faults.drain(..) {
            self.chunks.reject(self.position(place.index), fault);
        }
        let id = said.id(kind).map_err(Unread::Reason)?;
        let name = stated_name(kind, &said.name);
        if kind == NodeKind::Domain.as_str() && self.domains.len() < BOUNDARIES_MAX {
            self.domains.insert(name.to_uppercase(), id.clone());
        }
        let domain = match said.domain_sid.is_empty() {
            false => Some(upper(&said.domain_sid)),
            true => domain_named(&self.domains, &said.domain).map(Cow::Borrowed),
        };
        let stated = Node {
            id: &id,
            kind,
            domain: domain.as_deref().unwrap_or_default(),
            tenant: &upper(&said.tenant),
            environment: "",
        };
        let home = self.statements.node(stated).map_err(|too_many| too_many.to_string())?;
        // Whatever an object is labelled beside its kind may be of interest: what marks it as owned, say.
        let is_own = |label: &str| {
            [kind, "Base", "AZBase"]
                .iter()
                .any(|own| label.eq_ignore_ascii_case(own))
        };
        if labels.iter().any(|label| !is_own(label)) {
            properties.json = with_kinds(&properties.json, labels);
        }
        let row = [
            Value::Long(i64::from(home.cell)),
            Value::Text(home.subject),
            Value::Text(&id),
            Value::Text(kind),
            Value::Text(&name),
            Value::Text(&properties.json),
        ];
        self.chunks.push(&OBJECTS, &row)?;
        self.nodes.keep(internal, &id, kind, place.index);
        Ok(())
    }

    fn relationship(&mut self, raw: &Raw<'_>, place: Place, pass: Pass) -> Result<(), Unread> {
        let Some(label) = raw.label.as_deref() else {
            return Err("a relationship without label".to_owned().into());
        };
        let kind = RelationKind::parse(label).map_or(label, |known| known.as_str());
        if let Err(reason) = self.relation_kinds.check_relation(kind) {
            return match pass {
                Pass::First => Ok(self.refused.add("relationships", kind, reason)?),
                Pass::Second => Ok(()),
            };
        }
        let (start, end) = (RawEnd::read(raw.start, "start")?, RawEnd::read(raw.end, "end")?);
        let (source, target) = (start.find(&self.nodes), end.find(&self.nodes));
        let (Some(source), Some(target)) = (source, target) else {
            if pass == Pass::First {
                self.aside.get_or_insert(place);
                return Ok(());
            }
            let (which, missing) = if source.is_none() {
                ("start", &start)
            } else {
                ("end", &end)
            };
            let above = match self.nodes.is_full {
                true => format!(", or of one behind the first {}", self.nodes.known.len()),
                false => String::new(),
            };
            let reason = format!(
                "its {which} is the id {} of no node of the file{above}",
                missing.internal
            );
            self.chunks.reject(self.position(place.index), reason);
            return Ok(());
        };
        if pass == Pass::Second && source.index < place.index && target.index < place.index {
            return Ok(());
        }
        let ends = [source, target].map(|end| End {
            id: end.id,
            kind: end.kind,
        });
        // From here on a fault is found once, in whichever pass it is.
        let home = match self.statements.relation(kind, ends[0], ends[1]) {
            Ok(home) => home,
            Err(too_many) => {
                self.chunks.reject(self.position(place.index), too_many.to_string());
                return Ok(());
            }
        };
        let properties = raw.properties.unwrap_or("{}");
        if properties != self.repeated.0 {
            match write_properties(Some(properties), "", None) {
                Ok(written) => self.repeated = (properties.to_owned(), written),
                Err(reason) => {
                    self.chunks.reject(self.position(place.index), reason);
                    return Ok(());
                }
            }
        }
        self.relations += 1;
        let row = [
            Value::Long(i64::from(home.cell)),
            Value::Text(if home.subject == ends[1].id { "" } else { home.subject }),
            Value::Text(ends[0].id),
            Value::Text(ends[0].kind),
            Value::Text(ends[1].id),
            Value::Text(ends[1].kind),
            Value::Text(kind),
            Value::Text(&self.repeated.1.json),
        ];
        self.chunks.push(&RELATIONS, &row)?;
        for fault in &self.repeated.1.faults {
            self.chunks.reject(self.position(place.index), fault.clone());
        }
        Ok(())
    }

    /// Where an element stands, as rejects state it.
    fn position(&self, index: u64) -> String {
        match self.layout {
            Layout::Lines => format!("line {}", index + 1),
            Layout::Array => format!("[{index}]"),
        }
    }

    fn finish(mut self) -> Result<Summary, IngestError> {
        self.refused.finish(&mut self.chunks);
        if let Some(fault) = self.statements.fault() {
            self.chunks.reject(String::new(), fault);
        }
        let assets = self.statements.nodes();
        let cells = self.statements.finish("");
        self.chunks.finish()?;
        Ok(Summary {
            cells,
            observed_at: None,
            counts: Counts {
                assets,
                relations: self.relations,
                ..Counts::default()
            },
        })
    }
}

/// SID of the domain of this name. Where the file has one domain only, what names none is of it.
fn domain_named<'d>(domains: &'d HashMap<String, String>, name: &str) -> Option<&'d str> {
    let only = || {
        domains
            .values()
            .next()
            .filter(|_| name.is_empty() && domains.len() == 1)
    };
    domains.get(&name.to_uppercase()).or_else(only).map(String::as_str)
}

fn cannot_read(fault: Fault) -> String {
    match fault {
        Fault::End => "it is cut off; if it is the last, the file was cut short: export it again".to_owned(),
        fault => format!("it cannot be read: {fault}"),
    }
}

/// What the internal ids of a file stand for.
#[derive(Default)]
struct Nodes {
    /// By hash of the internal id, in four words so that no byte is lost between the entries.
    by_internal: HashMap<[u32; 4], u32>,
    known: Vec<Known>,
    /// Ids, one behind the other.
    ids: String,
    kinds: Vec<String>,
    /// A node was left out because of a limit.
    is_full: bool,
}

struct Known {
    id_start: u32,
    id_bytes: u16,
    kind: u16,
    index: u64,
}

/// A node, as relations name it.
#[derive(Clone, Copy)]
struct Found<'n> {
    id: &'n str,
    kind: &'n str,
    /// How many elements stand before the one that tells of it.
    index: u64,
}

impl Nodes {
    fn find(&self, internal: &str) -> Option<Found<'_>> {
        let known = &self.known[*self.by_internal.get(&key_of(internal))? as usize];
        let start = known.id_start as usize;
        Some(Found {
            id: &self.ids[start..start + usize::from(known.id_bytes)],
            kind: &self.kinds[usize::from(known.kind)],
            index: known.index,
        })
    }

    /// Keeps a node, unless a limit is reached.
    fn keep(&mut self, internal: &str, id: &str, kind: &str, index: u64) {
        let place = self.kinds.iter().position(|known| known == kind);
        let kind = place.unwrap_or_else(|| {
            self.kinds.push(kind.to_owned());
            self.kinds.len() - 1
        });
        let is_full = self.known.len() == NODES_MAX || self.ids.len() + id.len() > NODE_IDS_BYTES_MAX;
        let entry = || {
            Some(Known {
                id_start: u32::try_from(self.ids.len()).ok()?,
                id_bytes: u16::try_from(id.len()).ok()?,
                kind: u16::try_from(kind).ok()?,
                index,
            })
        };
        let (Some(entry), Ok(at), false) = (entry(), u32::try_from(self.known.len()), is_full) else {
            self.is_full = true;
            return;
        };
        self.ids.push_str(id);
        self.by_internal.insert(key_of(internal), at);
        self.known.push(entry);
    }
}

fn key_of(internal: &str) -> [u32; 4] {
    let hash = hash128([internal.as_bytes()]);
    [0, 32, 64, 96].map(|shift| (hash >> shift) as u32)
}

/// The parts of an element, as far as they are what they should be.
#[derive(Default)]
struct Raw<'a> {
    kind: Option<Cow<'a, str>>,
    id: Option<Cow<'a, str>>,
    /// At most one more than are used.
    labels: Option<Vec<Cow<'a, str>>>,
    label: Option<Cow<'a, str>>,
    properties: Option<&'a str>,
    start: Option<&'a str>,
    end: Option<&'a str>,
}

impl<'a> Raw<'a> {
    /// Reads the object that a text begins with, and gives its end; what stands before a fault is kept.
    fn fill(&mut self, text: &'a str) -> Result<usize, Fault> {
        let mut cursor = Cursor::new(text);
        cursor.each_field(|cursor, key| {
            match key {
                "type" => self.kind = text_here(cursor)?,
                "id" => self.id = text_here(cursor)?,
                "label" => self.label = text_here(cursor)?,
                "labels" => self.labels = texts_here(cursor)?,
                "properties" => self.properties = Some(cursor.skip()?),
                "start" => self.start = Some(cursor.skip()?),
                "end" => self.end = Some(cursor.skip()?),
                _ => drop(cursor.skip()?),
            }
            Ok(())
        })?;
        Ok(cursor.at())
    }
}

/// A text, or the text of a number; `None` for anything else.
fn text_here<'a>(cursor: &mut Cursor<'a>) -> Result<Option<Cow<'a, str>>, Fault> {
    Ok(match cursor.peek()? {
        b'"' => Some(trimmed(cursor.string()?)),
        b'-' | b'0'..=b'9' => Some(Cow::Borrowed(cursor.number()?)),
        _ => cursor.skip().map(|_| None)?,
    })
}

/// The texts of an array.
fn texts_here<'a>(cursor: &mut Cursor<'a>) -> Result<Option<Vec<Cow<'a, str>>>, Fault> {
    if cursor.peek()? != b'[' {
        return cursor.skip().map(|_| None);
    }
    let mut texts = Vec::new();
    cursor.each_element(|cursor| {
        if let Some(text) = text_here(cursor)?
            && texts.len() <= KINDS_OF_NODE_MAX
        {
            texts.push(text);
        }
        Ok(())
    })?;
    Ok(Some(texts))
}

fn trimmed(text: Cow<'_, str>) -> Cow<'_, str> {
    match text {
        Cow::Borrowed(text) => Cow::Borrowed(text.trim()),
        Cow::Owned(text) => Cow::Owned(text.trim().to_owned()),
    }
}

/// An end of a relationship.
struct RawEnd<'a> {
    internal: Cow<'a, str>,
    /// Id and kind, where the export wrote the properties of the ends too.
    own: Option<(String, &'static str)>,
}

impl<'a> RawEnd<'a> {
    /// `which` is the end's name in sentences.
    fn read(json: Option<&'a str>, which: &str) -> Result<Self, String> {
        let json = json.filter(|json| json.starts_with('{'));
        let json = json.ok_or_else(|| format!("a relationship without {which}"))?;
        let mut raw = Raw::default();
        raw.fill(json).map_err(cannot_read)?;
        let internal = raw
            .id
            .filter(|id| !id.is_empty())
            .ok_or_else(|| format!("its {which} has no id"))?;
        let labels = raw.labels.unwrap_or_default();
        // Kinds that Postern knows need no node that says them.
        let kind = main_kind(labels.iter().map(|label| &**label)).and_then(NodeKind::parse);
        let own = match (kind, raw.properties) {
            (Some(kind), Some(properties)) => {
                let mut said = Said::default();
                write_properties(Some(properties), kind.as_str(), Some(&mut said))?;
                said.id(kind.as_str()).ok().map(|id| (id, kind.as_str()))
            }
            _ => None,
        };
        Ok(Self { internal, own })
    }

    fn find<'n>(&'n self, nodes: &'n Nodes) -> Option<Found<'n>> {
        let own = || self.own.as_ref().map(|(id, kind)| Found { id, kind, index: 0 });
        own().or_else(|| nodes.find(&self.internal))
    }
}

/// What of a node's properties decides what it is and where it belongs.
#[derive(Default)]
struct Said {
    object_id: String,
    name: String,
    domain: String,
    domain_sid: String,
    tenant: String,
}

impl Said {
    /// The id by which other files know the node. Graphs that are not of BloodHound, and those of its first versions,
    /// have none beside the name, which is unique among nodes of a kind.
    fn id(&self, kind: &str) -> Result<String, String> {
        let id = match (self.object_id.is_empty(), self.name.is_empty()) {
            (false, _) => upper(&self.object_id).into_owned(),
            (true, false) => format!("{kind}:{}", self.name).to_uppercase(),
            (true, true) => return Err("a node with neither objectid nor name among its properties".to_owned()),
        };
        check_id(&id, String::new)?;
        Ok(id)
    }
}

/// Properties as they are kept: names in lower case, as BloodHound has them; without nulls, which say nothing.
///
/// * `kind`: of a node; empty for a relationship.
fn write_properties(json: Option<&str>, kind: &str, mut said: Option<&mut Said>) -> Result<Written, String> {
    properties::write(
        json.unwrap_or("null"),
        |key| Cow::Owned(key.trim().to_lowercase()),
        |out, key, value| write_value(out, key, value, kind, said.as_deref_mut()),
    )
}

/// Writes the value of a property; false where it says nothing.
fn write_value(out: &mut String, key: &str, value: &str, kind: &str, said: Option<&mut Said>) -> Result<bool, String> {
    match value.as_bytes().first() {
        // Graphs that were loaded from tables have the word for it.
        Some(b'n') => return Ok(false),
        Some(b'"') if value == "\"null\"" => return Ok(false),
        Some(b'"') => {}
        // Some tools write a flag as a list of one.
        Some(b'[') => {
            match value[1..]
                .trim_start()
                .trim_end_matches(|it: char| it == ']' || it.is_ascii_whitespace())
            {
                flag @ ("true" | "false") => out.push_str(flag),
                _ => out.push_str(value),
            }
            return Ok(true);
        }
        _ => {
            out.push_str(value);
            return Ok(true);
        }
    }
    let text = trimmed(Cursor::new(value).string().map_err(cannot_read)?);
    let is_directory_name = said.is_some() && matches!(key, "name" | "distinguishedname");
    if let Some(said) = said {
        let place = match key {
            "objectid" => Some(&mut said.object_id),
            "name" => Some(&mut said.name),
            "domain" => Some(&mut said.domain),
            "domainsid" => Some(&mut said.domain_sid),
            "tenantid" => Some(&mut said.tenant),
            _ => None,
        };
        if let Some(place) = place {
            place.replace_range(.., &text);
        }
        if key == "objectid" {
            return Ok(false);
        }
    }
    match is_directory_name {
        true => push_json_text(out, &stated_name(kind, &text)),
        false => out.push_str(value),
    }
    Ok(true)
}

#[cfg(test)]
mod tests;
