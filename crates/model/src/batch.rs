//! What a parser yields: chunks of facts, each inside one cell, and the rows it could not read.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::cell::Cell;
use crate::table::Table;

/// A chunk holds at most this many rows, which bounds the memory of every stage behind a parser.
pub const BATCH_ROWS_MAX: usize = 65_536;

/// A chunk: rows of `OBJECTS`, `RELATIONS`, `FINDINGS`, `SERVICES` or `COVERED` of [`crate::schema`]. The
/// column `cell` is an index into the cells that the parser declares when it has finished.
pub type Batch = Table;

/// How much of a cell one file has looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Coverage {
    /// All of it, save these subjects, whose records could not be read: what is absent is gone.
    Whole { unread: Vec<String> },
    /// The subjects listed in the cell's `COVERED` rows, and no other.
    Subjects,
    /// Objects are named, and nothing is said about any other, nor about their missing attributes.
    Mention,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CellCoverage {
    pub cell: Cell,
    pub coverage: Coverage,
}

/// Where an observation's time comes from, strongest first (DESIGN 3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TimeOrigin {
    Record,
    EntryName,
    ArchiveEntry,
    Import,
}

/// When a file was observed, and how that is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Observed {
    pub at: Timestamp,
    pub origin: TimeOrigin,
}

/// A row, or a whole file, that could not be taken in. The sentence is for a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reject {
    /// `byte 1234`, `line 12, column 3`, `data[7]`; empty for the whole file.
    pub position: String,
    pub reason: String,
}
