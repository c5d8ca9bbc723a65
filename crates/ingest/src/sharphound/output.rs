//! Rows on their way to the sink, and what is counted on the way.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt::Display;
use std::hash::{BuildHasher, Hasher, RandomState};

use postern_model::batch::BATCH_ROWS_MAX;
use postern_model::schema::{COVERED, OBJECTS, RELATIONS};
use postern_model::table::{Column, Text};
use postern_model::{NodeKind, Reject, RelationKind, Schema, Table};

use crate::chunks::REJECTS_MAX;
use crate::{Counts, Sink, SinkError};

/// A chunk is handed on when its text reaches this size, or [`BATCH_ROWS_MAX`] rows. Measured on a file of
/// users: with 8 MiB, fresh pages for each chunk cost a tenth of the time.
const CHUNK_TEXT_BYTES: usize = 2 * 1024 * 1024;

/// So many distinct ids, and so many relations that several records may tell, are told apart when counting,
/// at 8 to 18 bytes each; in a larger file the counts are lower bounds.
const DISTINCT_MAX: usize = 4_000_000;

/// An id may be so long, in bytes: a distinguished name at most. It stands in every row that its object is in.
pub const ID_BYTES_MAX: usize = 4096;

/// The properties of one row may be so long, in bytes, as JSON: rows are copied a few times on their way.
pub const PROPERTIES_BYTES_MAX: usize = 4 * 1024 * 1024;

/// So many bytes of a text from a file are shown in a sentence.
const SHOWN_BYTES_MAX: usize = 100;

/// Ids that were seen last are passed over without a look at the set of all.
const RECENT_IDS: usize = 8192;

/// Rows of one schema on their way: the column `cell`, `TEXTS` columns of text, and what else the schema has
/// left null. Columns are filled directly and sized like those of the chunk before: there is a row for
/// every entry of every access control list.
struct Chunk<const TEXTS: usize> {
    schema: &'static Schema,
    cells: Vec<Option<i64>>,
    texts: [Text; TEXTS],
    text_bytes: usize,
}

impl<const TEXTS: usize> Chunk<TEXTS> {
    fn new(schema: &'static Schema) -> Self {
        Self {
            schema,
            cells: Vec::new(),
            texts: std::array::from_fn(|_| Text::default()),
            text_bytes: 0,
        }
    }

    #[inline]
    fn push(&mut self, cell: u16, row: [&str; TEXTS], sink: &mut dyn Sink) -> Result<(), SinkError> {
        self.cells.push(Some(i64::from(cell)));
        for (column, text) in self.texts.iter_mut().zip(row) {
            column.push(text);
            self.text_bytes += text.len();
        }
        if self.cells.len() >= BATCH_ROWS_MAX || self.text_bytes >= CHUNK_TEXT_BYTES {
            self.flush(sink)?;
        }
        Ok(())
    }

    fn flush(&mut self, sink: &mut dyn Sink) -> Result<(), SinkError> {
        self.text_bytes = 0;
        let rows = self.cells.len();
        if rows == 0 {
            return Ok(());
        }
        let cells = std::mem::replace(&mut self.cells, Vec::with_capacity(rows));
        let mut columns = vec![Column::Long(cells)];
        for column in &mut self.texts {
            let empty = Text {
                bytes: String::with_capacity(column.bytes.len() + column.bytes.len() / 16),
                ends: Vec::with_capacity(rows),
            };
            columns.push(Column::Text(std::mem::replace(column, empty)));
        }
        columns.resize_with(self.schema.columns.len(), || Column::Long(vec![None; rows]));
        sink.rows(Table::from_columns(self.schema, columns))
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
    sink: &'s mut dyn Sink,
    objects: Chunk<5>,
    relations: Chunk<7>,
    covered: Chunk<1>,
    counts: Distinct,
    rejects: u64,
    /// Rows that passed [`ID_BYTES_MAX`] or [`PROPERTIES_BYTES_MAX`].
    long_rows: u64,
}

impl<'s> Output<'s> {
    pub fn new(sink: &'s mut dyn Sink) -> Self {
        Self {
            sink,
            objects: Chunk::new(&OBJECTS),
            relations: Chunk::new(&RELATIONS),
            covered: Chunk::new(&COVERED),
            counts: Distinct::default(),
            rejects: 0,
            long_rows: 0,
        }
    }

    /// Says what is left out, and where. Beyond a limit this is only counted, because a file may be nothing else.
    pub fn reject(&mut self, position: impl Display, reason: impl Display) {
        self.rejects += 1;
        if self.rejects <= REJECTS_MAX {
            self.sink.reject(Reject {
                position: position.to_string(),
                reason: reason.to_string(),
            });
        }
    }

    fn is_too_long(&mut self, ids: [&str; 2], properties: &str) -> bool {
        let is_too_long = ids.iter().any(|id| id.len() > ID_BYTES_MAX) || properties.len() > PROPERTIES_BYTES_MAX;
        self.long_rows += u64::from(is_too_long);
        is_too_long
    }

    /// `properties` is a JSON object, or empty.
    pub fn object(&mut self, at: Place<'_>, object: End<'_>, name: &str, properties: &str) -> Result<(), SinkError> {
        if self.is_too_long([object.id, ""], properties) {
            return Ok(());
        }
        self.counts.asset(fingerprint(object.id));
        let row = [at.subject, object.id, object.kind.as_str(), name, properties];
        self.objects.push(at.cell, row, self.sink)
    }

    pub fn relation(
        &mut self,
        at: Place<'_>,
        source: End<'_>,
        target: End<'_>,
        kind: RelationKind,
        properties: &str,
    ) -> Result<(), SinkError> {
        if self.is_too_long([source.id, target.id], properties) {
            return Ok(());
        }
        let (source_print, target_print) = (fingerprint(source.id), fingerprint(target.id));
        self.counts.asset(source_print);
        self.counts.asset(target_print);
        self.counts
            .relation(source_print.rotate_left(1) ^ target_print ^ kind_print(kind), kind);
        self.push_relation(at, source, target, kind, properties)
    }

    /// A right on the object whose record is being read, which is the target: its id is counted already.
    pub fn right(
        &mut self,
        at: Place<'_>,
        source: End<'_>,
        target: End<'_>,
        kind: RelationKind,
        properties: &str,
    ) -> Result<(), SinkError> {
        if self.is_too_long([source.id, ""], properties) {
            return Ok(());
        }
        let source_print = fingerprint(source.id);
        self.counts.asset(source_print);
        self.counts.of_record.push(source_print ^ kind_print(kind));
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
        let (source_kind, target_kind) = (source.kind.as_str(), target.kind.as_str());
        // Nearly all rows are rights in an object's own list; see the schema.
        let subject = if at.subject == target.id { "" } else { at.subject };
        let row = [
            subject,
            source.id,
            source_kind,
            target.id,
            target_kind,
            kind.as_str(),
            properties,
        ];
        self.relations.push(at.cell, row, self.sink)
    }

    /// A subject that its cell has looked at.
    pub fn covered(&mut self, at: Place<'_>) -> Result<(), SinkError> {
        self.covered.push(at.cell, [at.subject], self.sink)
    }

    /// All of a record has been written.
    pub fn end_of_record(&mut self) {
        let relations = &mut self.counts.of_record;
        relations.sort_unstable();
        relations.dedup();
        self.counts.relations_of_records += relations.len() as u64;
        relations.clear();
    }

    pub fn finish(mut self) -> Result<Counts, SinkError> {
        self.objects.flush(self.sink)?;
        self.relations.flush(self.sink)?;
        self.covered.flush(self.sink)?;
        if self.long_rows > 0 {
            let rows = self.long_rows;
            self.reject(
                "",
                format_args!(
                    "{rows} rows are left out: an id is longer than {ID_BYTES_MAX} bytes, or properties are longer \
                     than {PROPERTIES_BYTES_MAX} bytes"
                ),
            );
        }
        let unlisted = self.rejects.saturating_sub(REJECTS_MAX);
        if unlisted > 0 {
            self.sink.reject(Reject {
                position: String::new(),
                reason: format!("{unlisted} more are left out; the first {REJECTS_MAX} are listed"),
            });
        }
        Ok(Counts {
            assets: self.counts.assets.len() as u64,
            relations: self.counts.relations_of_records + self.counts.relations.len() as u64,
            ..Counts::default()
        })
    }
}

/// Distinct ids and relations, by fingerprint.
struct Distinct {
    assets: HashSet<u64, PrintHashes>,
    /// The ids seen last: a few principals hold most rights.
    recent: Box<[u64; RECENT_IDS]>,
    /// Relations that several records of a file may tell.
    relations: HashSet<u64, PrintHashes>,
    /// Relations that only the record at hand tells.
    of_record: Vec<u64>,
    relations_of_records: u64,
}

impl Default for Distinct {
    fn default() -> Self {
        Self {
            assets: HashSet::default(),
            recent: Box::new([0; RECENT_IDS]),
            relations: HashSet::default(),
            of_record: Vec::new(),
            relations_of_records: 0,
        }
    }
}

impl Distinct {
    fn asset(&mut self, print: u64) {
        let recent = &mut self.recent[print as usize % RECENT_IDS];
        if *recent != print {
            *recent = print;
            if self.assets.len() < DISTINCT_MAX {
                self.assets.insert(print);
            }
        }
    }

    fn relation(&mut self, print: u64, kind: RelationKind) {
        let is_told_by_several = matches!(
            kind,
            RelationKind::Contains
                | RelationKind::HasSession
                | RelationKind::LocalToComputer
                | RelationKind::MemberOfLocalGroup
                | RelationKind::DelegatedEnrollmentAgent
                | RelationKind::SameForestTrust
                | RelationKind::CrossForestTrust
        );
        if !is_told_by_several {
            self.of_record.push(print);
        } else if self.relations.len() < DISTINCT_MAX {
            self.relations.insert(print);
        }
    }
}

/// Hashes a fingerprint by one multiplication, keyed at random so that no file can choose its collisions.
#[derive(Clone)]
struct PrintHashes(u64);

impl Default for PrintHashes {
    fn default() -> Self {
        Self(RandomState::new().hash_one(0u8))
    }
}

impl BuildHasher for PrintHashes {
    type Hasher = PrintHasher;

    fn build_hasher(&self) -> PrintHasher {
        PrintHasher(self.0)
    }
}

struct PrintHasher(u64);

impl Hasher for PrintHasher {
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u64(u64::from(*byte));
        }
    }

    fn write_u64(&mut self, print: u64) {
        self.0 = folded_product(self.0 ^ print);
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

/// Any odd number whose bits look random.
const FACTOR: u64 = 0x9E37_79B9_7F4A_7C15;

/// A quick 64-bit hash; only counts depend on it, and the sets that hold it are keyed at random.
fn fingerprint(text: &str) -> u64 {
    let mut hash = text.len() as u64;
    let (words, rest) = text.as_bytes().as_chunks::<8>();
    for word in words {
        hash = folded_product(hash.rotate_left(29) ^ u64::from_le_bytes(*word));
    }
    let mut last = [0; 8];
    last[..rest.len()].copy_from_slice(rest);
    folded_product(hash.rotate_left(29) ^ u64::from_le_bytes(last))
}

/// Both halves of the product: its low bits depend on the high bits of `word` too, which a plain
/// multiplication only carries upwards.
fn folded_product(word: u64) -> u64 {
    let product = u128::from(word ^ FACTOR) * u128::from(FACTOR);
    (product >> 64) as u64 ^ product as u64
}

fn kind_print(kind: RelationKind) -> u64 {
    fingerprint(kind.as_str())
}

/// The beginning of a text from a file, for a sentence.
pub fn shown(text: &str) -> Cow<'_, str> {
    if text.len() <= SHOWN_BYTES_MAX {
        return Cow::Borrowed(text);
    }
    let end = text.floor_char_boundary(SHOWN_BYTES_MAX);
    Cow::Owned(format!("{}…", &text[..end]))
}

/// Ids are compared in upper case; most come in it.
pub fn upper(id: &str) -> Cow<'_, str> {
    let id = id.trim_ascii();
    // No early exit: that way the compiler looks at many bytes at once.
    if id.bytes().fold(false, |found, byte| found | byte.is_ascii_lowercase()) {
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
        let inside = object
            .trim_ascii_end()
            .strip_suffix('}')
            .unwrap_or("{")
            .trim_ascii_end();
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

/// Writes text as a JSON string. Most of it needs no escapes.
pub fn push_json_text(out: &mut String, text: &str) {
    let is_plain = |byte: u8| matches!(byte, b' '..=b'~') && byte != b'"' && byte != b'\\';
    if text.bytes().all(is_plain) {
        out.push('"');
        out.push_str(text);
        out.push('"');
    } else {
        out.push_str(&json_text(text));
    }
}

/// Text as a JSON string.
pub fn json_text(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_that_differ_in_any_digit_have_fingerprints_of_their_own() {
        let ids = (0..200_000).map(|rid| format!("S-1-5-21-1-2-3-{rid}"));
        let prints: HashSet<_> = ids.map(|id| fingerprint(&id)).collect();
        assert_eq!(prints.len(), 200_000);
    }
}
