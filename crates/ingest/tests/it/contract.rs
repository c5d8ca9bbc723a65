//! What every format promises, whatever bytes it gets. Start at [`read`].
//!
//! The fuzz targets (`fuzz/src/main.rs`) include this file, so that both look for the same mistakes. A promise
//! that is broken is a panic with a sentence; what a format says about the bytes is returned.

use std::collections::BTreeSet;
use std::io::{self, Cursor, Read, Seek, SeekFrom};

use postern_ingest::{Format, IngestError, Input, ReadSeek, SENTENCE_CHARACTERS_MAX, Sink, SinkError, Summary};
use postern_model::batch::BATCH_ROWS_MAX;
use postern_model::schema::{ColumnType, Phase};
use postern_model::table::Column;
use postern_model::{Batch, Coverage, Reject, hash128};

/// Columns without which a row says nothing.
const NEVER_NULL: &[(&str, &str)] = &[
    ("objects", "id"),
    ("objects", "kind"),
    ("relations", "source"),
    ("relations", "source_kind"),
    ("relations", "target"),
    ("relations", "target_kind"),
    ("relations", "kind"),
    ("findings", "subject"),
    ("findings", "weakness"),
    ("services", "subject"),
    ("services", "protocol"),
    ("services", "port"),
    ("covered", "subject"),
    ("kinds", "name"),
    ("kinds", "role"),
];

/// What came out of bytes.
#[derive(Debug)]
pub struct Outcome {
    pub result: Result<Summary, IngestError>,
    pub kept: Kept,
}

impl Outcome {
    /// Whether something was said about the bytes: they were refused, or a part of them.
    pub fn is_told(&self) -> bool {
        self.result.is_err() || !self.kept.rejects.is_empty()
    }

    pub fn has_whole_cell(&self) -> bool {
        let is_whole = |coverage: &Coverage| matches!(coverage, Coverage::Whole { .. });
        self.result
            .as_ref()
            .is_ok_and(|summary| summary.cells.iter().any(|it| is_whole(&it.coverage)))
    }
}

/// All that a sink was given.
#[derive(Debug, Default)]
pub struct Kept {
    pub rows: u64,
    pub rejects: Vec<Reject>,
    /// Hash of all chunks in their order, byte by byte.
    pub digest: u128,
    cell_max: Option<i64>,
}

/// Reads bytes as a file of a format, and checks all that comes out.
///
/// # Panics
/// When a promise is broken.
pub fn read(format: &Format, bytes: &[u8]) -> Outcome {
    read_from(format, &mut Cursor::new(bytes), bytes.len() as u64)
}

/// Same, from any source.
pub fn read_from(format: &Format, bytes: &mut dyn ReadSeek, length: u64) -> Outcome {
    let input = Input {
        name: "in",
        bytes,
        length,
        site: Some("hq"),
    };
    let mut kept = Kept::default();
    let result = format.read(input, &mut kept);
    checked(result, kept)
}

/// Recognises bytes and reads them, as an import does.
pub fn read_any(bytes: &[u8]) -> Outcome {
    let input = Input {
        name: "in",
        bytes: &mut Cursor::new(bytes),
        length: bytes.len() as u64,
        site: None,
    };
    let mut kept = Kept::default();
    let result = postern_ingest::read(input, &mut kept);
    checked(result, kept)
}

/// Reads again from a source that hands out a few bytes at a time.
///
/// # Panics
/// When anything is different.
pub fn read_again(format: &Format, bytes: &[u8], first: &Outcome) {
    let mut source = Trickle {
        inner: Cursor::new(bytes),
        reads: 0,
    };
    let second = read_from(format, &mut source, bytes.len() as u64);
    assert_eq!(
        format!("{:?}", first.result),
        format!("{:?}", second.result),
        "equal bytes, another outcome"
    );
    assert_eq!(first.kept.rejects, second.kept.rejects, "equal bytes, other rejects");
    assert_eq!(first.kept.digest, second.kept.digest, "equal bytes, other chunks");
}

fn checked(result: Result<Summary, IngestError>, kept: Kept) -> Outcome {
    match &result {
        Ok(summary) => {
            let cells: BTreeSet<_> = summary.cells.iter().map(|it| &it.cell).collect();
            assert_eq!(cells.len(), summary.cells.len(), "a cell is declared twice");
            let is_declared = |cell: i64| usize::try_from(cell).is_ok_and(|it| it < summary.cells.len());
            assert!(
                kept.cell_max.is_none_or(is_declared),
                "rows of cell {:?}, and {} cells",
                kept.cell_max,
                summary.cells.len()
            );
            for cell in &summary.cells {
                if let Coverage::Whole { unread } = &cell.coverage {
                    assert!(
                        unread.iter().all(|it| !it.is_empty()),
                        "an unread subject without a name"
                    );
                }
            }
        }
        // Three texts, and a few words between them.
        Err(error) => check_sentence(&error.to_string(), 4 * SENTENCE_CHARACTERS_MAX),
    }
    Outcome { result, kept }
}

fn check_sentence(text: &str, characters_max: usize) {
    assert!(!text.trim().is_empty(), "a sentence without words");
    let beginning: String = text.chars().take(200).collect();
    assert!(!text.contains(char::is_control), "more than one line: {beginning:?}");
    let characters = text.chars().count();
    assert!(
        characters <= characters_max,
        "a sentence of {characters} characters: {beginning:?}"
    );
}

impl Sink for Kept {
    fn rows(&mut self, batch: Batch) -> Result<(), SinkError> {
        let table = batch.schema.name;
        let rows = batch.rows();
        assert_eq!(batch.schema.phase, Phase::Import, "{table} is no table of facts");
        assert!(
            (1..=BATCH_ROWS_MAX).contains(&rows),
            "a chunk of {rows} rows of {table}"
        );
        assert_eq!(batch.columns.len(), batch.schema.columns.len(), "columns of {table}");
        for (column, spec) in batch.columns.iter().zip(batch.schema.columns) {
            let place = format!("{table}.{}", spec.name);
            assert_eq!(column.len(), rows, "{place}: rows");
            self.keep(&place, column);
            let is_needed = NEVER_NULL.contains(&(table, spec.name));
            match column {
                Column::Text(texts) => {
                    for text in (0..rows).map(|row| texts.get(row)) {
                        assert!(!is_needed || !text.is_empty(), "{place} is empty");
                        if spec.kind == ColumnType::Json && !text.is_empty() {
                            // Readers of the tables keep all of it, nested as it is.
                            let json = serde_json::from_str::<serde_json::Value>(text);
                            assert!(json.is_ok(), "{place}: {:?}: {text}", json.err());
                        }
                    }
                }
                Column::Long(numbers) if spec.name == "cell" => {
                    assert!(numbers.iter().all(Option::is_some), "{table}: a row of no cell");
                    assert!(numbers.iter().flatten().all(|it| *it >= 0), "{table}: a negative cell");
                    self.cell_max = self.cell_max.max(numbers.iter().copied().max().flatten());
                }
                Column::Long(numbers) => {
                    assert!(!is_needed || numbers.iter().all(Option::is_some), "{place} is null");
                }
                Column::Bool(_) | Column::Id(_) => {}
            }
        }
        self.rows += rows as u64;
        Ok(())
    }

    fn reject(&mut self, reject: Reject) {
        check_sentence(&reject.reason, SENTENCE_CHARACTERS_MAX);
        if !reject.position.is_empty() {
            check_sentence(&reject.position, SENTENCE_CHARACTERS_MAX);
        }
        self.rejects.push(reject);
    }
}

impl Kept {
    fn keep(&mut self, place: &str, column: &Column) {
        let before = self.digest.to_le_bytes();
        let numbers = |values: Vec<[u8; 8]>| values.concat();
        let (values, ends) = match column {
            Column::Text(texts) => {
                let ends = texts.ends.iter().map(|end| end.to_le_bytes()).collect();
                (texts.bytes.as_bytes(), numbers(ends))
            }
            Column::Long(values) => {
                let values = values
                    .iter()
                    .flat_map(|it| [u64::from(it.is_some()).to_le_bytes(), it.unwrap_or(0).to_le_bytes()]);
                (&[][..], numbers(values.collect()))
            }
            Column::Bool(flags) => {
                let flags = flags.iter().map(|it| it.map_or(2, u64::from).to_le_bytes()).collect();
                (&[][..], numbers(flags))
            }
            Column::Id(ids) => (&[][..], ids.iter().flat_map(|it| it.to_le_bytes()).collect()),
        };
        self.digest = hash128([&before[..], place.as_bytes(), values, &ends]);
    }
}

/// A source that gives from 1 to 97 bytes at a time.
struct Trickle<'a> {
    inner: Cursor<&'a [u8]>,
    reads: usize,
}

impl Read for Trickle<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.reads += 1;
        let length = buffer.len().min(self.reads * 7 % 97 + 1);
        self.inner.read(&mut buffer[..length])
    }
}

impl Seek for Trickle<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.inner.seek(to)
    }
}
