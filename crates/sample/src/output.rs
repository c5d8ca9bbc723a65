//! Where documents go: files in a folder, or entries of one archive. One document at a time, streamed.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use crate::{SampleError, Written};

/// Large enough that a document costs few system calls, small beside any memory budget.
const BUFFER_BYTES: usize = 256 * 1024;

pub enum Output {
    Folder {
        path: PathBuf,
        written: Written,
    },
    Archive {
        path: PathBuf,
        zip: Box<ZipWriter<BufWriter<File>>>,
        written: Written,
    },
}

impl Output {
    /// Files in `path`, which is created when it is missing.
    pub fn folder(path: &Path) -> Result<Self, SampleError> {
        create_folder(path)?;
        Ok(Self::Folder {
            path: path.to_owned(),
            written: Written::default(),
        })
    }

    /// Entries of the archive `path`; its folder is created when it is missing.
    pub fn archive(path: &Path) -> Result<Self, SampleError> {
        if let Some(parent) = path.parent() {
            create_folder(parent)?;
        }
        let file = File::create(path).map_err(|cause| write_error(path, cause))?;
        Ok(Self::Archive {
            path: path.to_owned(),
            zip: Box::new(ZipWriter::new(BufWriter::with_capacity(BUFFER_BYTES, file))),
            written: Written::default(),
        })
    }

    /// Writes one document. `fill` returns the number of objects in it; `at` becomes the entry's time.
    pub fn document(
        &mut self,
        name: &str,
        at: Timestamp,
        fill: impl FnOnce(&mut dyn Write) -> io::Result<u64>,
    ) -> Result<(), SampleError> {
        match self {
            Self::Folder { path, written } => {
                let path = path.join(name);
                let file = File::create(&path).map_err(|cause| write_error(&path, cause))?;
                count(written, file, fill).map_err(|cause| write_error(&path, cause))?;
                written.files.push(path);
            }
            Self::Archive { path, zip, written } => {
                let options = SimpleFileOptions::default()
                    .compression_method(CompressionMethod::Deflated)
                    .last_modified_time(entry_time(at))
                    .large_file(true);
                zip.start_file(name, options).map_err(|cause| SampleError::Archive {
                    path: path.clone(),
                    cause,
                })?;
                count(written, zip, fill).map_err(|cause| write_error(path, cause))?;
            }
        }
        Ok(())
    }

    pub fn finish(self) -> Result<Written, SampleError> {
        match self {
            Self::Folder { written, .. } => Ok(written),
            Self::Archive { path, zip, mut written } => {
                let mut file = zip.finish().map_err(|cause| SampleError::Archive {
                    path: path.clone(),
                    cause,
                })?;
                file.flush().map_err(|cause| write_error(&path, cause))?;
                written.files.push(path);
                Ok(written)
            }
        }
    }
}

/// `20260901063000`: how collectors begin the names of their files.
pub fn stamp(at: Timestamp) -> String {
    at.strftime("%Y%m%d%H%M%S").to_string()
}

fn create_folder(path: &Path) -> Result<(), SampleError> {
    fs::create_dir_all(path).map_err(|cause| write_error(path, cause))
}

fn write_error(path: &Path, cause: io::Error) -> SampleError {
    SampleError::Write {
        path: path.to_owned(),
        cause,
    }
}

/// An archive's clock knows 1980 to 2107 and no zone; times outside it become its earliest.
fn entry_time(at: Timestamp) -> zip::DateTime {
    let at = at.to_zoned(TimeZone::UTC);
    zip::DateTime::from_date_and_time(
        at.year() as u16,
        at.month() as u8,
        at.day() as u8,
        at.hour() as u8,
        at.minute() as u8,
        at.second() as u8,
    )
    .unwrap_or_default()
}

fn count(
    written: &mut Written,
    inner: impl Write,
    fill: impl FnOnce(&mut dyn Write) -> io::Result<u64>,
) -> io::Result<()> {
    let mut counting = Counting {
        inner: BufWriter::with_capacity(BUFFER_BYTES, inner),
        bytes: 0,
    };
    let objects = fill(&mut counting)?;
    counting.flush()?;
    written.bytes += counting.bytes;
    written.objects += objects;
    Ok(())
}

struct Counting<W: Write> {
    inner: BufWriter<W>,
    bytes: u64,
}

impl<W: Write> Write for Counting<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let length = self.inner.write(bytes)?;
        self.bytes += length as u64;
        Ok(length)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}
