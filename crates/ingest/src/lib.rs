//! Bytes of a file to chunks of facts, one module per format.
//!
//! Start at [`read`]: it recognises a file by its content ([`sniff`]), streams its rows into a [`Sink`] in
//! chunks of one table each, and returns a [`Summary`] that says what the file has looked at. A row that
//! cannot be read goes to [`Sink::reject`] with its place and reason, and the rest goes in; a file that
//! cannot be read as a whole is an [`IngestError`], and its caller keeps nothing of it.
//!
//! **Invariant:** nothing here reads a clock, the network, a store or a path; equal bytes under an equal
//! name give equal chunks. The memory that a parser holds does not grow with the file, but for the limits
//! that it names.

use std::io::{Read, Seek, SeekFrom};

use jiff::Timestamp;
use postern_model::{Batch, CellCoverage, Reject};

pub use self::sentence::SENTENCE_CHARACTERS_MAX;
use self::sentence::{Tidy, tidy_error};

mod chunks;
mod properties;
mod sentence;
mod stated;
#[cfg(test)]
mod testing;

/// Declares the module of each format and lists its `FORMAT`: a new one is one more line here. As `cargo fmt` does not
/// look into macros, CONTRIBUTING.md has a command for the modules.
macro_rules! formats {
    ($($module:ident,)*) => {
        $(pub mod $module;)*

        /// Every format that is read. A file is of the first whose `sniff` says so.
        pub static FORMATS: &[&Format] = &[$(&$module::FORMAT,)*];
    };
}

formats! {
    nessus,
    opengraph,
    extension,
    azurehound,
    microsoft_graph,
    apoc,
    sharphound,
}

/// How much of a file's beginning the formats are recognised by.
pub const HEAD_BYTES: usize = 64 * 1024;

/// What a parser reads from: a file, or an entry of an archive that was unpacked.
pub trait ReadSeek: Read + Seek {}

impl<T: Read + Seek> ReadSeek for T {}

/// A file to read.
pub struct Input<'a> {
    /// What a person calls the file; used in messages only.
    pub name: &'a str,
    pub bytes: &'a mut dyn ReadSeek,
    /// Length of `bytes`.
    pub length: u64,
    /// The site that the caller names, for formats that do not name their own.
    pub site: Option<&'a str>,
}

/// Where chunks and rejected rows go.
pub trait Sink {
    /// Takes a chunk of at most [`postern_model::batch::BATCH_ROWS_MAX`] rows. Its column `cell` is a position
    /// in [`Summary::cells`].
    ///
    /// # Errors
    /// Whatever keeps the sink from taking it; the parser stops and passes it on.
    fn rows(&mut self, rows: Batch) -> Result<(), SinkError>;

    fn reject(&mut self, reject: Reject);
}

/// A sink could not take a chunk.
#[derive(Debug, thiserror::Error)]
#[error("cannot keep the rows that were read")]
pub struct SinkError(#[source] pub Box<dyn std::error::Error + Send + Sync>);

/// What a file was found to hold, once all of it has been read.
#[derive(Debug)]
pub struct Summary {
    /// The cells that rows refer to, and how far the file has looked at each.
    pub cells: Vec<CellCoverage>,
    /// The time that the content itself gives for its observations.
    pub observed_at: Option<Timestamp>,
    pub counts: Counts,
}

/// How much a file holds, in the units of `postern inspect` (DESIGN 9).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Hosts of a scan; nodes of a directory, those included that are only referred to.
    pub assets: u64,
    /// Distinct checks of a scanner.
    pub checks: u64,
    /// Results of those checks.
    pub instances: u64,
    /// Distinct CVE ids.
    pub cves: u64,
    /// Relations as reported.
    pub relations: u64,
    /// Results of configuration controls.
    pub controls: u64,
    /// Kinds that an extension describes.
    pub kinds: u64,
}

/// A kind of file that is read, as its module describes it.
#[derive(Debug)]
pub struct Format {
    /// What the format is called in tables, JSON and on pages; also the folder of its test data.
    pub id: &'static str,
    /// What people call files of it, in the plural of a list: "OpenGraph JSON".
    pub title: &'static str,
    /// Whether the content always gives the time of its observations, so that the file's name makes no difference.
    pub dates_itself: bool,
    /// Whether a file is of this format, of whatever version. No two formats say yes to one file.
    pub(crate) sniff: fn(&mut Probe<'_, '_>) -> Result<bool, IngestError>,
    pub(crate) read: fn(Input<'_>, &mut dyn Sink) -> Result<Summary, IngestError>,
}

/// What a format is recognised by.
pub(crate) struct Probe<'p, 'i> {
    /// The first [`HEAD_BYTES`], without a byte order mark of UTF-8.
    pub head: &'p [u8],
    /// The whole file, for formats whose mark may stand anywhere in it. It is anywhere, and may be left anywhere.
    pub input: &'p mut Input<'i>,
}

impl<'p, 'i> Probe<'p, 'i> {
    fn new(head: &'p [u8], input: &'p mut Input<'i>) -> Self {
        Self {
            head: head.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(head),
            input,
        }
    }
}

impl Format {
    /// Reads a file that [`sniff`] has found to be of this format into `sink`.
    ///
    /// # Errors
    /// Those of the format's own reader.
    pub fn read(&self, mut input: Input<'_>, sink: &mut dyn Sink) -> Result<Summary, IngestError> {
        rewind(&mut input)?;
        (self.read)(input, &mut Tidy(sink)).map_err(tidy_error)
    }
}

impl PartialEq for Format {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id
    }
}

impl Eq for Format {}

impl std::fmt::Display for Format {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.id)
    }
}

/// A file that cannot be read as a whole. Nothing of it is to be kept.
#[derive(Debug, thiserror::Error)]
pub enum IngestError {
    #[error("cannot read {name}")]
    Io {
        name: String,
        #[source]
        cause: std::io::Error,
    },
    #[error("{name} is empty; export it again")]
    Empty { name: String },
    #[error("{name} is not a known format; {} are understood", titles())]
    Unknown { name: String },
    /// A format that is known, in a kind or version that is not. `found` and `understood` complete the
    /// sentence.
    #[error("{name} is {found}; {understood} are understood")]
    Unsupported {
        name: String,
        found: String,
        understood: &'static str,
    },
    /// `reason` says what is wrong and what to do.
    #[error("{name} at {position}: {reason}")]
    Malformed {
        name: String,
        position: String,
        reason: String,
    },
    #[error(transparent)]
    Sink(#[from] SinkError),
}

/// Recognises a file by its content and leaves its reader at the start.
///
/// # Errors
/// [`IngestError::Empty`] and [`IngestError::Unknown`]; [`IngestError::Io`] when the bytes cannot be read.
pub fn sniff(input: &mut Input<'_>) -> Result<&'static Format, IngestError> {
    let head = read_head(input)?;
    if head.iter().all(u8::is_ascii_whitespace) {
        return Err(IngestError::Empty {
            name: input.name.to_owned(),
        });
    }
    let mut probe = Probe::new(&head, input);
    let mut found = None;
    for format in FORMATS {
        if (format.sniff)(&mut probe)? {
            found = Some(*format);
            break;
        }
    }
    rewind(input)?;
    found.ok_or_else(|| IngestError::Unknown {
        name: input.name.to_owned(),
    })
}

/// Reads a file of any known format into `sink`.
///
/// # Errors
/// Those of [`sniff`] and of the format's own reader.
pub fn read(mut input: Input<'_>, sink: &mut dyn Sink) -> Result<Summary, IngestError> {
    sniff(&mut input)?.read(input, sink)
}

/// All formats, for a sentence.
fn titles() -> String {
    let titles: Vec<_> = FORMATS.iter().map(|format| format.title).collect();
    match titles.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        _ => titles.concat(),
    }
}

/// The first [`HEAD_BYTES`] of a file.
fn read_head(input: &mut Input<'_>) -> Result<Vec<u8>, IngestError> {
    rewind(input)?;
    let mut head = Vec::with_capacity(HEAD_BYTES);
    let limit = HEAD_BYTES as u64;
    match Read::take(&mut *input.bytes, limit).read_to_end(&mut head) {
        Ok(_) => Ok(head),
        Err(cause) => Err(io_error(input.name, cause)),
    }
}

fn rewind(input: &mut Input<'_>) -> Result<(), IngestError> {
    match input.bytes.seek(SeekFrom::Start(0)) {
        Ok(_) => Ok(()),
        Err(cause) => Err(io_error(input.name, cause)),
    }
}

fn io_error(name: &str, cause: std::io::Error) -> IngestError {
    IngestError::Io {
        name: name.to_owned(),
        cause,
    }
}
