//! What an import would read from each file; stores nothing.

use std::path::{Path, PathBuf};

use postern_ingest::{Counts, Format, Input, Sink, SinkError};
use postern_model::{Batch, Reject};

use crate::import::{REJECTS_KEPT_MAX, sentence};
use crate::intake::{Content, Entry, each_entry};
use crate::{EngineError, Result};

#[derive(Debug)]
pub struct Inspected {
    pub path: String,
    /// `None` for a file that cannot be read.
    pub format: Option<&'static Format>,
    pub counts: Counts,
    /// At most as many as an import would keep.
    pub rejects: Vec<Reject>,
    pub rejects_total: u64,
}

/// Reads every file below the paths and forgets it again.
///
/// # Errors
/// [`EngineError::Path`] when a path does not exist.
pub fn inspect(paths: &[PathBuf], site: Option<&str>) -> Result<Vec<Inspected>> {
    let scratch = tempfile::tempdir().map_err(|cause| EngineError::Scratch { cause })?;
    let mut files = Vec::new();
    for path in paths {
        inspect_path(path, scratch.path(), site, &mut files)?;
    }
    Ok(files)
}

fn inspect_path(path: &Path, scratch: &Path, site: Option<&str>, files: &mut Vec<Inspected>) -> Result<()> {
    each_entry(path, scratch, &mut |entry| {
        files.push(inspect_entry(entry, site));
        Ok(())
    })
}

fn inspect_entry(entry: Entry, site: Option<&str>) -> Inspected {
    let Entry {
        name, content, length, ..
    } = entry;
    let mut rejects = Rejects::default();
    let read = match content {
        Content::Unreadable(reason) => Err(reason),
        Content::File(mut file) => {
            let mut input = Input {
                name: &name,
                bytes: &mut file,
                length,
                site,
            };
            postern_ingest::sniff(&mut input)
                .and_then(|format| Ok((format, format.read(input, &mut rejects)?)))
                .map_err(|error| sentence(&error))
        }
    };
    match read {
        Ok((format, summary)) => Inspected {
            path: name,
            format: Some(format),
            counts: summary.counts,
            rejects: rejects.kept,
            rejects_total: rejects.total,
        },
        Err(reason) => Inspected {
            path: name,
            format: None,
            counts: Counts::default(),
            rejects: vec![Reject {
                position: String::new(),
                reason,
            }],
            rejects_total: 1,
        },
    }
}

#[derive(Default)]
struct Rejects {
    kept: Vec<Reject>,
    total: u64,
}

impl Sink for Rejects {
    fn rows(&mut self, _: Batch) -> Result<(), SinkError> {
        Ok(())
    }

    fn reject(&mut self, reject: Reject) {
        self.total += 1;
        if self.kept.len() < REJECTS_KEPT_MAX {
            self.kept.push(reject);
        }
    }
}
