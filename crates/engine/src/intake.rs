//! Paths to files: folders are walked, archives opened one level deep, and each file made seekable.

use std::fs::{self, File};
use std::io::{self, BufReader, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use crate::engine::LEDGER_FILE;
use crate::observed::archive_time;
use crate::{EngineError, Result};

/// An archive's entry may unpack to this much; more is refused before the disk is full of it.
pub const ENTRY_BYTES_MAX: u64 = 64 << 30;
/// Files below one path: a folder given by mistake (a whole disk) is refused early.
pub const ENTRIES_MAX: usize = 100_000;
const ZIP_MAGIC: &[u8] = b"PK\x03\x04";
const COPY_BYTES: usize = 1 << 20;

/// A file to read, wherever it came from.
pub struct Entry {
    /// As a person would name it: the path, and behind `!` the name inside an archive.
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
    let mut children: Vec<_> = fs::read_dir(folder)?.collect::<io::Result<_>>()?;
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
                let reason = format!("more than {ENTRIES_MAX} files lie in the folder; name the ones to import");
                return Err(io::Error::other(reason));
            }
            files.push(path);
        }
    }
    Ok(())
}

fn file(path: &Path, scratch: &Path, each: &mut dyn FnMut(Entry) -> Result<()>) -> Result<()> {
    let name = path.display().to_string();
    let refuse = |cause: &dyn std::fmt::Display| Entry {
        name: name.clone(),
        content: Content::Unreadable(format!("the file cannot be read: {cause}")),
        length: 0,
        archive_time: None,
    };
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
    let mut magic = [0; ZIP_MAGIC.len()];
    let is_zip = opened.read_exact(&mut magic).is_ok() && magic == ZIP_MAGIC;
    let length = match opened.seek(SeekFrom::Start(0)).and_then(|_| opened.metadata()) {
        Ok(metadata) => metadata.len(),
        Err(cause) => return each(refuse(&cause)),
    };
    if is_zip {
        archive(&name, opened, scratch, each)
    } else {
        each(Entry {
            name,
            content: Content::File(opened),
            length,
            archive_time: None,
        })
    }
}

fn archive(name: &str, file: File, scratch: &Path, each: &mut dyn FnMut(Entry) -> Result<()>) -> Result<()> {
    let refuse = |name: String, reason: String| Entry {
        name,
        content: Content::Unreadable(reason),
        length: 0,
        archive_time: None,
    };
    let mut archive = match zip::ZipArchive::new(BufReader::new(file)) {
        Ok(archive) => archive,
        Err(cause) => {
            let reason = format!("the archive cannot be opened ({cause}); it may be cut short, copy it again");
            return each(refuse(name.to_owned(), reason));
        }
    };
    if archive.len() > ENTRIES_MAX {
        let reason = format!(
            "the archive holds {} files; at most {ENTRIES_MAX} are read",
            archive.len()
        );
        return each(refuse(name.to_owned(), reason));
    }
    let mut order: Vec<(String, usize)> = (0..archive.len())
        .filter_map(|at| {
            Some((
                archive
                    .name_for_index(at)?
                    .map_or_else(|_| format!("entry {at}"), Into::into),
                at,
            ))
        })
        .collect();
    order.sort();
    for (inner, at) in order {
        if inner.ends_with('/') || inner.rsplit('/').next().is_some_and(|last| last.starts_with('.')) {
            continue;
        }
        let shown = format!("{name}!{inner}");
        match unpack(&mut archive, at, scratch)? {
            Ok((content, length, archive_time)) => {
                each(Entry {
                    name: shown,
                    content: Content::File(content),
                    length,
                    archive_time,
                })?;
            }
            Err(reason) => each(refuse(shown, reason))?,
        }
    }
    Ok(())
}

type Unpacked = std::result::Result<(File, u64, Option<Timestamp>), String>;

/// Unpacks one entry into a file that vanishes when it is closed. The inner result says what is wrong with
/// the archive; the outer one what is wrong with our own disk.
fn unpack(archive: &mut zip::ZipArchive<BufReader<File>>, at: usize, scratch: &Path) -> Result<Unpacked> {
    let entry = match archive.by_index(at) {
        Ok(entry) => entry,
        Err(cause) => {
            return Ok(Err(format!(
                "the entry cannot be opened ({cause}); unpack it yourself first"
            )));
        }
    };
    let time = archive_time(entry.last_modified());
    let mut spool = tempfile::tempfile_in(scratch).map_err(|cause| EngineError::Scratch { cause })?;
    let mut from = entry.take(ENTRY_BYTES_MAX + 1);
    let mut buffer = vec![0; COPY_BYTES];
    let mut length = 0;
    loop {
        let read = match from.read(&mut buffer) {
            Ok(0) => break,
            Ok(read) => read,
            Err(cause) => return Ok(Err(format!("the entry is damaged ({cause}); copy the archive again"))),
        };
        if length == 0 && buffer.starts_with(ZIP_MAGIC) {
            return Ok(Err(
                "an archive inside an archive is not opened; unpack it first".to_owned()
            ));
        }
        spool
            .write_all(&buffer[..read])
            .map_err(|cause| EngineError::Scratch { cause })?;
        length += read as u64;
    }
    if length > ENTRY_BYTES_MAX {
        return Ok(Err(format!("the entry unpacks to more than {ENTRY_BYTES_MAX} bytes")));
    }
    spool
        .seek(SeekFrom::Start(0))
        .map_err(|cause| EngineError::Scratch { cause })?;
    Ok(Ok((spool, length, time)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entries(path: &Path) -> Vec<(String, Option<String>)> {
        let scratch = tempfile::tempdir().expect("a folder");
        let mut entries = Vec::new();
        let read = each_entry(path, scratch.path(), &mut |entry| {
            let reason = match entry.content {
                Content::File(_) => None,
                Content::Unreadable(reason) => Some(reason),
            };
            let name = entry.name.rsplit(['/', '!']).next().unwrap_or_default().to_owned();
            entries.push((name, reason));
            Ok(())
        });
        read.expect("the path is there");
        entries
    }

    #[test]
    #[cfg(unix)]
    fn what_is_no_file_is_refused_and_not_waited_for() {
        let folder = tempfile::tempdir().expect("a folder");
        let _socket = std::os::unix::net::UnixListener::bind(folder.path().join("b")).expect("a socket");
        fs::write(folder.path().join("a"), "text").expect("writes");
        let read = entries(folder.path());
        assert_eq!(read[0], ("a".to_owned(), None));
        let reason = read[1].1.as_deref().unwrap_or_default();
        assert!(reason.ends_with("write it to a file first"), "{reason}");
    }

    #[test]
    fn an_empty_folder_has_no_entries() {
        let folder = tempfile::tempdir().expect("a folder");
        assert_eq!(entries(folder.path()), []);
    }

    #[test]
    fn the_name_of_an_archives_entry_is_only_a_name() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a.zip");
        let mut archive = zip::ZipWriter::new(File::create(&path).expect("creates"));
        for name in ["../../users.json", "/etc/users.json", "folder/"] {
            let begun = archive.start_file(name, zip::write::SimpleFileOptions::default());
            begun.expect("begins an entry");
        }
        archive.finish().expect("completes");
        let read = entries(&path);
        let users = ("users.json".to_owned(), None);
        assert_eq!(read, [users.clone(), users]);
        assert_eq!(
            fs::read_dir(folder.path()).expect("lists").count(),
            1,
            "nothing is unpacked beside it"
        );
    }

    #[test]
    fn a_data_folder_among_the_files_is_left_out() {
        let folder = tempfile::tempdir().expect("a folder");
        fs::create_dir(folder.path().join("data")).expect("a folder");
        fs::write(folder.path().join("data").join(LEDGER_FILE), "").expect("writes");
        fs::write(folder.path().join("a"), "text").expect("writes");
        assert_eq!(entries(folder.path()), [("a".to_owned(), None)]);
    }
}
