//! Paths to files: folders are walked, archives opened one level deep, and each file made seekable.
//!
//! Start at [`each_entry`]. `zip.rs` reads the directory of a zip archive, `unpack.rs` has the limits and knows
//! archives by their first bytes, `name.rs` makes names fit to be shown.

use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use crate::engine::LEDGER_FILE;
use crate::observed::gzip_time;
use crate::{EngineError, Result};
use unpack::{Fault, MAGIC_BYTES, Packed, Unpacked, gunzip, packed, unopened, unpack};
use zip::Zip;

mod name;
mod unpack;
mod zip;

pub use name::harmless;

/// Files below one path: a folder given by mistake (a whole disk) is refused early. Also entries of an archive.
pub const ENTRIES_MAX: usize = 100_000;

/// A file to read, wherever it came from.
pub struct Entry {
    /// As a person would name it: the path, and behind `!` the name inside an archive. Fit to be shown.
    pub name: String,
    pub content: Content,
    pub length: u64,
    pub archive_time: Option<Timestamp>,
}

pub enum Content {
    File(File),
    /// Why the file cannot be opened: one sentence.
    Unreadable(String),
}

/// Calls `each` with every file below `path`, in the order of their names. An archive's entries are
/// unpacked one at a time into `scratch`.
///
/// # Errors
/// [`EngineError::Path`] when the path itself cannot be read, and whatever `each` returns.
pub fn each_entry(path: &Path, scratch: &Path, each: &mut dyn FnMut(Entry) -> Result<()>) -> Result<()> {
    let unreadable = |cause| EngineError::Path {
        path: path.to_owned(),
        cause,
    };
    if !fs::metadata(path).map_err(unreadable)?.is_dir() {
        return file(path, scratch, each);
    }
    let mut files = Vec::new();
    walk(path, &mut files).map_err(unreadable)?;
    for path in files {
        file(&path, scratch, each)?;
    }
    Ok(())
}

/// Files below a folder, sorted; hidden ones, data folders and links to folders are left out. A folder below
/// it that cannot be listed stands in the list itself, to be refused like a file.
fn walk(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    let too_many = || {
        let reason = format!("more than {ENTRIES_MAX} files lie in the folder; name the ones to import");
        io::Error::other(reason)
    };
    let mut children: Vec<_> = fs::read_dir(folder)?.take(ENTRIES_MAX + 1).collect::<io::Result<_>>()?;
    if children.len() > ENTRIES_MAX {
        return Err(too_many());
    }
    children.sort_by_key(fs::DirEntry::file_name);
    for child in children {
        if child.file_name().as_encoded_bytes().starts_with(b".") {
            continue;
        }
        let path = child.path();
        if path.join(LEDGER_FILE).is_file() {
            // A data folder of ours among the files to import holds what was imported, not what to import.
            continue;
        }
        if child.file_type()?.is_dir() && fs::read_dir(&path).is_ok() {
            walk(&path, files)?;
        } else if child.file_type()?.is_dir() {
            files.push(path);
        } else if !path.is_dir() {
            if files.len() == ENTRIES_MAX {
                return Err(too_many());
            }
            files.push(path);
        }
    }
    Ok(())
}

/// An entry that cannot be read, and why.
fn refused(name: String, reason: String) -> Entry {
    Entry {
        name,
        content: Content::Unreadable(reason),
        length: 0,
        archive_time: None,
    }
}

fn file(path: &Path, scratch: &Path, each: &mut dyn FnMut(Entry) -> Result<()>) -> Result<()> {
    let name = harmless(&path.to_string_lossy()).into_owned();
    let refuse = |cause: &dyn std::fmt::Display| refused(name.clone(), format!("the file cannot be read: {cause}"));
    match fs::metadata(path) {
        Ok(metadata) if metadata.is_dir() => {
            return each(refuse(&"the folder cannot be listed; check its permissions"));
        }
        // Opening a pipe would wait for whoever writes into it.
        Ok(metadata) if !metadata.is_file() => {
            return each(refuse(&"it is a pipe, a socket or a device; write it to a file first"));
        }
        Ok(_) => {}
        Err(cause) => return each(refuse(&cause)),
    }
    let mut opened = match File::open(path) {
        Ok(file) => file,
        Err(cause) => return each(refuse(&cause)),
    };
    let (kind, length) = match look(&mut opened) {
        Ok(found) => found,
        Err(cause) => return each(refuse(&cause)),
    };
    match kind {
        Some(Packed::Zip) => zip_entries(&name, opened, length, scratch, each),
        Some(Packed::Gzip) => gzip_entry(&name, &opened, length, scratch, each),
        Some(Packed::Other(kind)) => each(refused(name, unopened(kind))),
        None => each(Entry {
            name,
            content: Content::File(opened),
            length,
            archive_time: None,
        }),
    }
}

/// What a file is packed as, and its length.
fn look(file: &mut File) -> io::Result<(Option<Packed>, u64)> {
    let mut head = Vec::with_capacity(MAGIC_BYTES);
    file.by_ref().take(MAGIC_BYTES as u64).read_to_end(&mut head)?;
    file.seek(SeekFrom::Start(0))?;
    Ok((packed(&head), file.metadata()?.len()))
}

fn zip_entries(
    name: &str,
    file: File,
    length: u64,
    scratch: &Path,
    each: &mut dyn FnMut(Entry) -> Result<()>,
) -> Result<()> {
    let archive = match Zip::open(file) {
        Ok(archive) => archive,
        Err(reason) => return each(refused(name.to_owned(), reason)),
    };
    if let Some(damage) = &archive.damage {
        each(refused(name.to_owned(), damage.clone()))?;
    }
    let mut unpacked = Unpacked::of(length);
    let mut copies = 1;
    for (at, entry) in archive.entries.iter().enumerate() {
        let inner = entry.name.as_str();
        copies = match at > 0 && archive.entries[at - 1].name == inner {
            true => copies + 1,
            false => 1,
        };
        let last = inner.rsplit(['/', '\\']).next().unwrap_or_default();
        if last.is_empty() || last.starts_with('.') {
            continue;
        }
        let mut shown = format!("{name}!{}", harmless(inner));
        if copies > 1 {
            shown.push_str(&format!(" ({copies})"));
        }
        let taken = match archive.read(entry) {
            Ok(mut content) => unpack(&mut content, entry.packed_bytes, &mut unpacked, scratch)?,
            Err(reason) => Err(Fault::Entry(reason)),
        };
        match taken {
            Ok((content, length)) => each(Entry {
                name: shown,
                content: Content::File(content),
                length,
                archive_time: entry.time,
            })?,
            Err(Fault::Entry(reason)) => each(refused(shown, reason))?,
            Err(Fault::Archive(reason)) => {
                let left = archive.entries.len() - at;
                let reason = format!(
                    "{reason}; {left} of its entries are not read, the first is {}",
                    harmless(inner)
                );
                return each(refused(name.to_owned(), reason));
            }
        }
    }
    Ok(())
}

/// A gzip file is an archive with one entry, named like itself without the ending.
fn gzip_entry(
    name: &str,
    file: &File,
    length: u64,
    scratch: &Path,
    each: &mut dyn FnMut(Entry) -> Result<()>,
) -> Result<()> {
    let last = name.rsplit(['/', '\\']).next().unwrap_or(name);
    let inner = match last.len().checked_sub(3).and_then(|at| last.split_at_checked(at)) {
        Some((stem, ending)) if ending.eq_ignore_ascii_case(".gz") => stem,
        _ => last,
    };
    let shown = format!("{name}!{inner}");
    let mut content = gunzip(file);
    match unpack(&mut content, length, &mut Unpacked::of(length), scratch)? {
        Ok((unpacked, length)) => each(Entry {
            name: shown,
            content: Content::File(unpacked),
            length,
            archive_time: content.header().and_then(|header| gzip_time(header.mtime())),
        }),
        Err(Fault::Entry(reason) | Fault::Archive(reason)) => each(refused(shown, reason)),
    }
}

#[cfg(test)]
mod tests;
