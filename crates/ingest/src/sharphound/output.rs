//! Rows on their way to the sink, and what is counted on the way.

use std::borrow::Cow;
use std::collections::HashSet;

use postern_model::batch::BATCH_ROWS_MAX;
use postern_model::schema::{COVERED, OBJECTS, RELATIONS};
use postern_model::{NodeKind, RelationKind, Schema, Table, Value};

use crate::{Counts, Sink, SinkError};

/// A chunk is handed on when its text reaches this size, or [`BATCH_ROWS_MAX`] rows.
const CHUNK_TEXT_BYTES: usize = 8 * 1024 * 1024;

/// So many distinct ids, and so many distinct relations between records, are told apart when counting,
/// at 8 to 18 bytes each; in a larger file the counts are lower bounds.
const DISTINCT_MAX: usize = 4_000_000;

struct Chunk {
    table: Table,
    text_bytes: usize,
}

impl Chunk {
    fn new(schema: &'static Schema) -> Self {
        Self { table: Table::new(schema), text_bytes: 0 }
    }

    fn push(&mut self, row: &[Value<'_>], sink: &mut dyn Sink) -> Result<(), SinkError> {
        self.table.push(row);
        for value in row {
            if let Value::Text(text) = value {
                self.text_bytes += text.len();
            }
        }
        if self.table.rows() >= BATCH_ROWS_MAX || self.text_bytes >= CHUNK_TEXT_BYTES {
            self.flush(sink)?;
        }
        Ok(())
    }

    fn flush(&mut self, sink: &mut dyn Sink) -> Result<(), SinkError> {
        self.text_bytes = 0;
        if self.table.is_empty() {
            return Ok(());
        }
        let empty = Table::new(self.table.schema);
        sink.rows(std::mem::replace(&mut self.table, empty))
    }
}

/// One end of a relation. The id is in upper case.
#[derive(Clone, Copy, Debug)]
pub struct End<'a> {
    pub id: &'a str,
    pub kind: NodeKind,
}

/// Where a row belongs.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    pub cell: u16,
    /// The object whose record says so.
    pub subject: &'a str,
}

pub struct Output<'s> {
    pub sink: &'s mut dyn Sink,
    objects: Chunk,
    relations: Chunk,
    covered: Chunk,
    counts: Distinct,
}

impl<'s> Output<'s> {
    pub fn new(sink: &'s mut dyn Sink) -> Self {
        Self {
            sink,
            objects: Chunk::new(&OBJECTS),
            relations: Chunk::new(&RELATIONS),
            covered: Chunk::new(&COVERED),
            counts: Distinct::default(),
        }
    }

    /// `properties` is a JSON object, or empty.
    pub fn object(&mut self, at: Place<'_>, object: End<'_>, name: &str, properties: &str) -> Result<(), SinkError> {
        self.counts.asset(fingerprint(object.id));
        let row = [
            Value::Long(i64::from(at.cell)),
            Value::Text(at.subject),
            Value::Text(object.id),
            Value::Text(object.kind.as_str()),
            Value::Text(name),
            Value::Text(properties),
        ];
        self.objects.push(&row, self.sink)
    }

    /// A relation that no other record of the file repeats: an entry of an access control list.
    pub fn right(
        &mut self,
        at: Place<'_>,
        source: End<'_>,
        target: End<'_>,
        kind: RelationKind,
        properties: &str,
    ) -> Result<(), SinkError> {
        let source_print = fingerprint(source.id);
        self.counts.asset(source_print);
        self.counts.rights.push(source_print ^ kind_print(kind));
        self.push_relation(at, source, target, kind, properties)
    }

    /// Any other relation.
    pub fn relation(
        &mut self,
        at: Place<'_>,
        source: End<'_>,
        target: End<'_>,
        kind: RelationKind,
        properties: &str,
    ) -> Result<(), SinkError> {
        let (source_print, target_print) = (fingerprint(source.id), fingerprint(target.id));
        self.counts.asset(source_print);
        self.counts.asset(target_print);
        self.counts.relation(source_print.rotate_left(1) ^ target_print ^ kind_print(kind));
        self.push_relation(at, source, target, kind, properties)
    }

    fn push_relation(
        &mut self,
        at: Place<'_>,
        source: End<'_>,
        target: End<'_>,
        kind: RelationKind,
        properties: &str,
    ) -> Result<(), SinkError> {
        let row = [
            Value::Long(i64::from(at.cell)),
            Value::Text(at.subject),
            Value::Text(source.id),
            Value::Text(source.kind.as_str()),
            Value::Text(target.id),
            Value::Text(target.kind.as_str()),
            Value::Text(kind.as_str()),
            Value::Text(properties),
        ];
        self.relations.push(&row, self.sink)
    }

    /// A subject that its cell has looked at.
    pub fn covered(&mut self, at: Place<'_>) -> Result<(), SinkError> {
        self.covered.push(&[Value::Long(i64::from(at.cell)), Value::Text(at.subject), Value::Null], self.sink)
    }

    /// All rights on one object have been written.
    pub fn end_of_rights(&mut self) {
        let rights = &mut self.counts.rights;
        rights.sort_unstable();
        rights.dedup();
        self.counts.distinct_rights += rights.len() as u64;
        rights.clear();
    }

    pub fn finish(mut self) -> Result<Counts, SinkError> {
        self.objects.flush(self.sink)?;
        self.relations.flush(self.sink)?;
        self.covered.flush(self.sink)?;
        Ok(Counts {
            assets: self.counts.assets.len() as u64,
            relations: self.counts.distinct_rights + self.counts.relations.len() as u64,
            ..Counts::default()
        })
    }
}

/// Distinct ids and relations, by fingerprint.
struct Distinct {
    assets: HashSet<u64>,
    /// The ids seen last: a few principals hold most rights.
    recent: Box<[u64; 1024]>,
    relations: HashSet<u64>,
    /// Rights on the object at hand.
    rights: Vec<u64>,
    distinct_rights: u64,
}

impl Default for Distinct {
    fn default() -> Self {
        Self {
            assets: HashSet::new(),
            recent: Box::new([0; 1024]),
            relations: HashSet::new(),
            rights: Vec::new(),
            distinct_rights: 0,
        }
    }
}

impl Distinct {
    fn asset(&mut self, print: u64) {
        let recent = &mut self.recent[(print >> 54) as usize];
        if *recent != print {
            *recent = print;
            if self.assets.len() < DISTINCT_MAX {
                self.assets.insert(print);
            }
        }
    }

    fn relation(&mut self, print: u64) {
        if self.relations.len() < DISTINCT_MAX {
            self.relations.insert(print);
        }
    }
}

/// A quick 64-bit hash; only counts depend on it, and the sets that hold it are keyed at random.
fn fingerprint(text: &str) -> u64 {
    const FACTOR: u64 = 0x9E37_79B9_7F4A_7C15;
    let mut hash = text.len() as u64;
    let (words, rest) = text.as_bytes().as_chunks::<8>();
    for word in words {
        hash = (hash.rotate_left(5) ^ u64::from_le_bytes(*word)).wrapping_mul(FACTOR);
    }
    for byte in rest {
        hash = (hash.rotate_left(5) ^ u64::from(*byte)).wrapping_mul(FACTOR);
    }
    hash ^ (hash >> 29)
}

fn kind_print(kind: RelationKind) -> u64 {
    (kind as u64 + 1).wrapping_mul(0xD6E8_FEB8_6659_FD93)
}

/// Ids are compared in upper case; most come in it.
pub fn upper(id: &str) -> Cow<'_, str> {
    let id = id.trim_ascii();
    if id.bytes().any(|byte| byte.is_ascii_lowercase()) {
        Cow::Owned(id.to_ascii_uppercase())
    } else {
        Cow::Borrowed(id)
    }
}

/// Writes a JSON object, key by key. Keys are plain words.
#[derive(Debug)]
pub struct Properties(String);

impl Properties {
    pub fn new() -> Self {
        Self(String::from("{"))
    }

    /// Goes on with a JSON object that is there already.
    pub fn after(object: &str) -> Self {
        let inside = object.trim_ascii_end().strip_suffix('}').unwrap_or("{").trim_ascii_end();
        Self(inside.to_owned())
    }

    pub fn is_empty(&self) -> bool {
        self.0 == "{"
    }

    pub fn raw(&mut self, key: &str, json: &str) {
        self.raw_key(&format!("\"{key}\""), json);
    }

    /// With a key that is JSON already.
    pub fn raw_key(&mut self, json_key: &str, json: &str) {
        if !self.is_empty() {
            self.0.push(',');
        }
        self.0.push_str(json_key);
        self.0.push(':');
        self.0.push_str(json);
    }

    /// Adds all of another object.
    pub fn append(&mut self, other: Self) {
        let inside = &other.0[1..];
        if !self.is_empty() && !inside.is_empty() {
            self.0.push(',');
        }
        self.0.push_str(inside);
    }

    pub fn flag(&mut self, key: &str, flag: bool) {
        self.raw(key, if flag { "true" } else { "false" });
    }

    pub fn number(&mut self, key: &str, number: i64) {
        self.raw(key, &number.to_string());
    }

    pub fn text(&mut self, key: &str, text: &str) {
        self.raw(key, &json_text(text));
    }

    pub fn texts<'t>(&mut self, key: &str, texts: impl IntoIterator<Item = &'t str>) {
        let list: Vec<_> = texts.into_iter().map(json_text).collect();
        self.raw(key, &format!("[{}]", list.join(",")));
    }

    pub fn finish(mut self) -> String {
        self.0.push('}');
        self.0
    }
}

/// Text as a JSON string.
pub fn json_text(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
