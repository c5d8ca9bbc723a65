//! A demo organisation and collections of any size, written in the collectors' own formats.
//!
//! * [`demo`]: a company over five weeks, with stories that begin, end and come back; what `postern demo` imports.
//! * [`organisation`]: a small believable organisation with attack paths and with things that only look
//!   like attack paths, at one time.
//! * [`sharphound`]: a directory collection of a wanted size in bytes, streamed; what the benchmarks read.
//! * [`azurehound`]: the devices of a tenant, of a wanted size in bytes, streamed; a benchmark too.
//! * [`planted`]: the smallest collections that hold one look-alike each, with its true twin.
//!
//! **Invariant:** nothing here reads a clock, an environment variable or a source of randomness. Every
//! choice is a hash of (seed, stream, index), see [`dice`], so the same arguments give the same bytes
//! everywhere.

use std::path::PathBuf;

pub mod azurehound;
mod certificates;
pub mod demo;
mod dice;
mod nessus;
mod network;
pub mod organisation;
mod output;
pub mod planted;
mod records;
pub mod sharphound;
mod site;
mod standard;

/// What a writer has left on the disk.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Written {
    /// In the order of writing.
    pub files: Vec<PathBuf>,
    /// Bytes of the documents, before any compression.
    pub bytes: u64,
    /// Records of directory objects and scanned hosts.
    pub objects: u64,
}

impl Written {
    fn add(&mut self, part: Self) {
        self.files.extend(part.files);
        self.bytes += part.bytes;
        self.objects += part.objects;
    }
}

#[derive(Debug, thiserror::Error)]
pub enum SampleError {
    #[error("the weeks before {now} cannot be told")]
    Time {
        now: jiff::Timestamp,
        #[source]
        cause: jiff::Error,
    },
    #[error("cannot write {path}")]
    Write {
        path: PathBuf,
        #[source]
        cause: std::io::Error,
    },
    #[error("cannot write the archive {path}")]
    Archive {
        path: PathBuf,
        #[source]
        cause: zip::result::ZipError,
    },
    #[error("a collection has between {minimum} and {maximum} assets, and not {assets}")]
    Assets { assets: u64, minimum: u64, maximum: u64 },
    #[error("a directory has between {minimum} and {maximum} users, and not {users}")]
    Users { users: u64, minimum: u64, maximum: u64 },
    #[error("a collection of {size_bytes} bytes is too small to hold a domain; {minimum} is the least")]
    TooSmall { size_bytes: u64, minimum: u64 },
    #[error(
        "a collection of {size_bytes} bytes needs more accounts than a domain has identifiers; {maximum} is the most"
    )]
    TooLarge { size_bytes: u64, maximum: u64 },
}
