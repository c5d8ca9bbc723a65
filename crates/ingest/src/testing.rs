//! For tests of formats: a sink that keeps everything, and the cases of `testdata`.
//!
//! Each folder `testdata/<format>/<case>/` holds a file `in.*` and what it yields, `want.json`. `UPDATE=1` rewrites
//! what is wanted. [`every_case_in_testdata_yields_what_is_wanted`] reads all of them, so a format has to say nothing.

use std::collections::BTreeMap;
use std::io::{self, Cursor, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use postern_model::{Batch, Reject, Value};
use serde_json::{Map, Value as Json, json};

use crate::{FORMATS, Format, HEAD_BYTES, IngestError, Input, Probe, Sink, SinkError, Summary};

/// The site that the caller names, in all tests.
pub const SITE: &str = "hq";

/// Keeps what comes out of a file.
#[derive(Default)]
pub struct Kept {
    /// By table, in the order in which they came.
    pub chunks: BTreeMap<&'static str, Vec<Batch>>,
    pub rejects: Vec<Reject>,
    /// Takes no rows, as a full disk does.
    pub is_full: bool,
}

impl Sink for Kept {
    fn rows(&mut self, rows: Batch) -> Result<(), SinkError> {
        if self.is_full {
            return Err(SinkError("full".into()));
        }
        self.chunks.entry(rows.schema.name).or_default().push(rows);
        Ok(())
    }

    fn reject(&mut self, reject: Reject) {
        self.rejects.push(reject);
    }
}

impl Kept {
    /// Reads a file of any known format, at [`SITE`].
    pub fn read(&mut self, bytes: &[u8]) -> Result<Summary, IngestError> {
        with_input(bytes, Some(SITE), |input| crate::read(input, self))
    }

    /// Reads a file as one of this format, whatever it looks like.
    pub fn read_as(&mut self, format: &Format, bytes: &[u8], site: Option<&str>) -> Result<Summary, IngestError> {
        with_input(bytes, site, |input| format.read(input, self))
    }

    /// Rows of a table, each as the values of these columns, `-` for null.
    pub fn rows(&self, table: &str, columns: &[&str]) -> Vec<Vec<String>> {
        let mut rows = Vec::new();
        for chunk in self.chunks.get(table).into_iter().flatten() {
            for row in 0..chunk.rows() {
                let value = |name: &&str| match chunk.value(row, chunk.schema.column(name)) {
                    Value::Null => "-".to_owned(),
                    Value::Text(text) => text.to_owned(),
                    Value::Long(number) => number.to_string(),
                    Value::Bool(flag) => flag.to_string(),
                    Value::Id(id) => format!("{id:032x}"),
                };
                rows.push(columns.iter().map(value).collect());
            }
        }
        rows
    }

    /// All rows, by table, as JSON that a person can read.
    fn tables(&self) -> Json {
        let mut tables = Map::new();
        for (&name, chunks) in &self.chunks {
            let rows = chunks
                .iter()
                .flat_map(|chunk| (0..chunk.rows()).map(move |row| object(chunk, row)));
            tables.insert(name.to_owned(), rows.collect());
        }
        tables.into()
    }
}

fn object(chunk: &Batch, row: usize) -> Json {
    let mut object = Map::new();
    for (index, column) in chunk.schema.columns.iter().enumerate() {
        let value = match chunk.value(row, index) {
            Value::Null => continue,
            Value::Text(text) if text.starts_with(['{', '[']) => serde_json::from_str(text).unwrap(),
            Value::Text(text) => text.into(),
            Value::Long(number) => number.into(),
            Value::Bool(flag) => flag.into(),
            Value::Id(id) => format!("{id:032x}").into(),
        };
        object.insert(column.name.to_owned(), value);
    }
    object.into()
}

fn with_input<T>(bytes: &[u8], site: Option<&str>, read: impl FnOnce(Input<'_>) -> T) -> T {
    read(Input {
        name: "file",
        length: bytes.len() as u64,
        bytes: &mut Cursor::new(bytes),
        site,
    })
}

/// A file that is larger than a test should write: a beginning, one text many times over, and an end.
pub struct Huge {
    before: Vec<u8>,
    filler: Vec<u8>,
    filler_bytes: u64,
    after: Vec<u8>,
    at: u64,
}

impl Huge {
    /// * `filler_bytes`: of all copies of `filler` together.
    pub fn new(before: &str, filler: &str, filler_bytes: u64, after: &str) -> Self {
        /// Copied in pieces of about this size.
        const PIECE_BYTES: usize = 64 * 1024;
        let whole_copies = filler_bytes / filler.len() as u64;
        Self {
            before: before.as_bytes().to_vec(),
            filler: filler.repeat(PIECE_BYTES.div_ceil(filler.len())).into_bytes(),
            filler_bytes: whole_copies * filler.len() as u64,
            after: after.as_bytes().to_vec(),
            at: 0,
        }
    }

    pub fn length(&self) -> u64 {
        (self.before.len() + self.after.len()) as u64 + self.filler_bytes
    }

    /// How far it has been read.
    pub fn position(&self) -> u64 {
        self.at
    }

    /// Recognises it and reads it into `sink`.
    pub fn read_into(&mut self, sink: &mut dyn Sink) -> Result<Summary, IngestError> {
        let input = Input {
            name: "file",
            length: self.length(),
            bytes: self,
            site: None,
        };
        crate::read(input, sink)
    }
}

impl Read for Huge {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let before = self.before.len() as u64;
        let part = match self.at.checked_sub(before) {
            None => &self.before[self.at as usize..],
            Some(at) if at < self.filler_bytes => {
                let filler = self.filler.len() as u64;
                let left = (self.filler_bytes - at).min(buffer.len() as u64) as usize;
                let start = (at % filler) as usize;
                let mut filled = 0;
                while filled < left {
                    let from = &self.filler[if filled == 0 { start } else { 0 }..];
                    let copied = from.len().min(left - filled);
                    buffer[filled..filled + copied].copy_from_slice(&from[..copied]);
                    filled += copied;
                }
                self.at += left as u64;
                return Ok(left);
            }
            Some(at) => &self.after[((at - self.filler_bytes) as usize).min(self.after.len())..],
        };
        let read = part.len().min(buffer.len());
        buffer[..read].copy_from_slice(&part[..read]);
        self.at += read as u64;
        Ok(read)
    }
}

impl Seek for Huge {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let to = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::End(by) => self.length().checked_add_signed(by),
            SeekFrom::Current(by) => self.at.checked_add_signed(by),
        };
        self.at = to.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.at)
    }
}

/// What a file yields.
pub fn describe(bytes: &[u8]) -> Json {
    let mut kept = Kept::default();
    let summary = match kept.read(bytes) {
        Ok(summary) => summary,
        Err(error) => return json!({ "error": error.to_string() }),
    };
    let counts = summary.counts;
    let counts = [
        ("assets", counts.assets),
        ("checks", counts.checks),
        ("instances", counts.instances),
        ("cves", counts.cves),
        ("relations", counts.relations),
        ("controls", counts.controls),
        ("kinds", counts.kinds),
    ];
    let rejects: Vec<_> = kept.rejects.iter().map(|it| json!([it.position, it.reason])).collect();
    json!({
        "cells": summary.cells,
        "observed_at": summary.observed_at,
        "counts": counts.into_iter().filter(|(_, count)| *count > 0).collect::<BTreeMap<_, _>>(),
        "tables": kept.tables(),
        "rejects": rejects,
    })
}

/// The folders of cases of a format, by name.
pub fn cases(format: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata").join(format);
    let mut cases: Vec<PathBuf> = std::fs::read_dir(&folder)
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
        .map(|it| it.unwrap().path())
        .collect();
    cases.sort();
    assert!(!cases.is_empty(), "{format} has no case in testdata");
    cases
}

/// The input of a case.
pub fn input_of(case: &Path) -> Vec<u8> {
    let mut files = std::fs::read_dir(case).unwrap().map(|it| it.unwrap().path());
    let input = files.find(|path| path.file_stem().is_some_and(|stem| stem == "in"));
    std::fs::read(input.unwrap_or_else(|| panic!("{} has no file in.*", case.display()))).unwrap()
}

#[test]
fn every_case_in_testdata_yields_what_is_wanted() {
    for format in FORMATS {
        for case in cases(format.id) {
            let found = describe(&input_of(&case));
            let found = format!("{}\n", serde_json::to_string_pretty(&found).unwrap());
            let want = case.join("want.json");
            if std::env::var_os("UPDATE").is_some() {
                std::fs::write(&want, &found).unwrap();
            }
            assert_eq!(found, std::fs::read_to_string(&want).unwrap(), "{}", case.display());
        }
    }
}

#[test]
fn no_two_formats_say_yes_to_one_file() {
    for format in FORMATS {
        for case in cases(format.id) {
            let bytes = input_of(&case);
            let head = &bytes[..bytes.len().min(HEAD_BYTES)];
            let says_yes = |other: &&&Format| {
                with_input(&bytes, None, |mut input| {
                    (other.sniff)(&mut Probe::new(head, &mut input)).expect("bytes in memory can be read")
                })
            };
            let found: Vec<_> = FORMATS.iter().filter(says_yes).map(|it| it.id).collect();
            assert_eq!(found, [format.id], "{}", case.display());
        }
    }
}
