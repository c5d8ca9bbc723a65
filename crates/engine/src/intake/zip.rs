//! A zip archive: its directory, and its entries as streams.
//!
//! Start at [`Zip::open`]. A reader of our own, because archives come from anybody: it never holds more of a
//! directory than [`ENTRIES_MAX`] entries with short names, whatever numbers the archive states; entries of equal
//! names are all kept; and what cannot be read is told entry by entry. It reads what collectors and file managers
//! write: stored and deflated entries, zip64, data descriptors. (APPNOTE.TXT 6.3.10, PKWARE, names the fields.)
//!
//! **Invariant:** names are text to be shown. Nothing is ever written to a path that an archive names.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};

use flate2::Crc;
use flate2::bufread::DeflateDecoder;
use jiff::Timestamp;

use super::ENTRIES_MAX;
use super::name::NAME_BYTES_MAX;
use crate::observed::archive_time;

const LOCAL: &[u8; 4] = b"PK\x03\x04";
const LOCAL_BYTES: u64 = 30;
const CENTRAL: &[u8; 4] = b"PK\x01\x02";
const CENTRAL_BYTES: usize = 46;
const END: &[u8; 4] = b"PK\x05\x06";
const END_BYTES: usize = 22;
const END64: &[u8; 4] = b"PK\x06\x06";
const END64_BYTES: usize = 56;
const LOCATOR: &[u8; 4] = b"PK\x06\x07";
const LOCATOR_BYTES: usize = 20;
/// A comment may follow the end of the directory, and has at most this many bytes.
const COMMENT_BYTES_MAX: usize = 65_535;

/// Bits of an entry's flags: encrypted at all, strongly, or with its directory.
const FLAGS_ENCRYPTED: u16 = 1 | 1 << 6 | 1 << 13;
const FLAG_UTF8: u16 = 1 << 11;
/// The field beside a name that holds what does not fit into 32 bits.
const EXTRA_ZIP64: u16 = 1;
const MADE_BY_UNIX: u8 = 3;
const MODE_TYPE: u32 = 0o170_000;
const MODE_LINK: u32 = 0o120_000;

pub struct Zip {
    file: File,
    pub entries: Vec<ZipEntry>,
    /// What is wrong with the directory behind the entries that could be read.
    pub damage: Option<String>,
}

/// An entry as the directory describes it. Nothing of that need be true.
#[derive(Debug)]
pub struct ZipEntry {
    pub name: String,
    pub time: Option<Timestamp>,
    pub packed_bytes: u64,
    bytes: u64,
    crc: u32,
    method: u16,
    is_encrypted: bool,
    is_link: bool,
    header_at: u64,
}

impl Zip {
    /// Reads the directory. Entries are sorted by name, equal names by their order in the archive.
    ///
    /// # Errors
    /// Why nothing of the archive can be read: a sentence.
    pub fn open(file: File) -> Result<Self, String> {
        let length = file.metadata().map_err(|cause| unreadable(&cause))?.len();
        let (starts_at, ends_at, stated) = directory(&file, length)?;
        let mut reader = BufReader::new(&file);
        reader
            .seek(SeekFrom::Start(starts_at))
            .map_err(|cause| unreadable(&cause))?;
        let mut entries: Vec<ZipEntry> = Vec::new();
        let mut at = starts_at;
        let mut damage = None;
        while at < ends_at {
            match central(&mut reader) {
                Ok((entry, bytes)) => {
                    if entries.len() == ENTRIES_MAX {
                        return Err(format!(
                            "the archive holds more than {ENTRIES_MAX} files; unpack it first"
                        ));
                    }
                    entries.push(entry);
                    at += bytes;
                }
                Err(cause) => {
                    damage = Some(cause);
                    break;
                }
            }
        }
        if damage.is_none() && (entries.len() as u64) < stated {
            damage = Some(io::ErrorKind::UnexpectedEof.into());
        }
        let damage = damage.map(|_| {
            format!(
                "the archive's directory is damaged: {stated} entries are stated, {} can be read; copy it again",
                entries.len()
            )
        });
        if entries.is_empty() {
            return Err(damage.unwrap_or_else(|| "the archive is empty".to_owned()));
        }
        entries.sort_by_key(|entry| entry.header_at);
        let end = |entry: &ZipEntry| {
            let header_end = entry.header_at.saturating_add(LOCAL_BYTES);
            header_end.saturating_add(entry.packed_bytes)
        };
        if entries.windows(2).any(|pair| end(&pair[0]) > pair[1].header_at) {
            let reason = "entries of the archive share the same bytes, as in archives that are made to fill disks; \
                          pack the files again";
            return Err(reason.to_owned());
        }
        entries.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(Self { file, entries, damage })
    }

    /// What an entry holds. Reading fails where that is not what the directory has announced.
    ///
    /// # Errors
    /// Why the entry cannot be read: a sentence.
    pub fn read(&self, entry: &ZipEntry) -> Result<Box<dyn Read + '_>, String> {
        if entry.is_encrypted {
            return Err("it is encrypted; unpack the archive with its password first".to_owned());
        }
        if entry.is_link {
            return Err("it is a link to another file; import that file itself".to_owned());
        }
        let mut reader = BufReader::new(&self.file);
        let mut header = [0; LOCAL_BYTES as usize];
        let found = reader
            .seek(SeekFrom::Start(entry.header_at))
            .and_then(|_| reader.read_exact(&mut header));
        if found.is_err() || !header.starts_with(LOCAL) {
            return Err("the archive does not hold it where its directory says; copy the archive again".to_owned());
        }
        let skipped = i64::from(u16_at(&header, 26)) + i64::from(u16_at(&header, 28));
        reader.seek_relative(skipped).map_err(|cause| unreadable(&cause))?;
        let packed = reader.take(entry.packed_bytes);
        let unpacked: Box<dyn Read + '_> = match entry.method {
            0 => Box::new(packed),
            8 => Box::new(DeflateDecoder::new(packed)),
            method => {
                return Err(format!(
                    "it is packed by {}; unpack the archive first",
                    method_name(method)
                ));
            }
        };
        Ok(Box::new(Checked {
            inner: unpacked,
            crc: Crc::new(),
            bytes: 0,
            announced: entry.bytes,
            announced_crc: entry.crc,
        }))
    }
}

/// Where the directory starts, where it ends at the latest, and how many entries it states.
fn directory(file: &File, length: u64) -> Result<(u64, u64, u64), String> {
    let cut_short = || "the archive has no directory at its end; it was cut short, copy it again".to_owned();
    let tail_bytes = length.min((LOCATOR_BYTES + END_BYTES + COMMENT_BYTES_MAX) as u64);
    let tail_at = length - tail_bytes;
    let tail = bytes_at(file, tail_at, tail_bytes as usize).map_err(|cause| unreadable(&cause))?;
    let end = (0..(tail.len() + 1).saturating_sub(END_BYTES))
        .rev()
        .find(|&at| {
            let comment_bytes = || usize::from(u16_at(&tail[at..], 20));
            tail[at..].starts_with(END) && at + END_BYTES + comment_bytes() <= tail.len()
        })
        .ok_or_else(cut_short)?;
    let record = &tail[end..];
    let mut ends_at = tail_at + end as u64;
    let (mut disk, mut stated) = (u32::from(u16_at(record, 4)), u64::from(u16_at(record, 10)));
    let mut starts_at = u64::from(u32_at(record, 16));
    let locator = end.checked_sub(LOCATOR_BYTES).map(|at| &tail[at..end]);
    if let Some(locator) = locator.filter(|it| it.starts_with(LOCATOR)) {
        let at = u64_at(locator, 8);
        let end64 = bytes_at(file, at, END64_BYTES).map_err(|_| cut_short())?;
        if !end64.starts_with(END64) {
            return Err(cut_short());
        }
        ends_at = at;
        disk = u32_at(&end64, 16);
        stated = u64_at(&end64, 32);
        starts_at = u64_at(&end64, 48);
    }
    if disk != 0 {
        return Err("it is one part of an archive in several; join the parts first".to_owned());
    }
    if stated > 0 && starts_at >= ends_at {
        return Err(cut_short());
    }
    Ok((starts_at, ends_at, stated))
}

/// Reads one entry of the directory, and says how many bytes it had.
fn central(reader: &mut impl BufRead) -> io::Result<(ZipEntry, u64)> {
    let mut header = [0; CENTRAL_BYTES];
    reader.read_exact(&mut header)?;
    if !header.starts_with(CENTRAL) {
        return Err(io::ErrorKind::InvalidData.into());
    }
    let (name_bytes, extra_bytes) = (u16_at(&header, 28), u16_at(&header, 30));
    let comment_bytes = u16_at(&header, 32);
    let mut name = vec![0; usize::from(name_bytes)];
    reader.read_exact(&mut name)?;
    let mut extra = vec![0; usize::from(extra_bytes)];
    reader.read_exact(&mut extra)?;
    let comment = io::copy(&mut reader.take(u64::from(comment_bytes)), &mut io::sink())?;
    if comment < u64::from(comment_bytes) {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    let flags = u16_at(&header, 8);
    let mut wide = zip64(&extra);
    // The wide fields stand in this order, and only those that the header has no room for.
    let mut widened = |narrow: u32| match narrow {
        u32::MAX => wide.next().unwrap_or(u64::from(narrow)),
        narrow => u64::from(narrow),
    };
    let bytes = widened(u32_at(&header, 24));
    let packed_bytes = widened(u32_at(&header, 20));
    let header_at = widened(u32_at(&header, 42));
    let is_link = header[5] == MADE_BY_UNIX && (u32_at(&header, 38) >> 16) & MODE_TYPE == MODE_LINK;
    let read = CENTRAL_BYTES as u64 + u64::from(name_bytes) + u64::from(extra_bytes) + u64::from(comment_bytes);
    let entry = ZipEntry {
        name: text(&name, flags & FLAG_UTF8 != 0),
        time: archive_time(u16_at(&header, 14), u16_at(&header, 12)),
        packed_bytes,
        bytes,
        crc: u32_at(&header, 16),
        method: u16_at(&header, 10),
        is_encrypted: flags & FLAGS_ENCRYPTED != 0,
        is_link,
        header_at,
    };
    Ok((entry, read))
}

/// The wide fields among an entry's extra fields.
fn zip64(mut extra: &[u8]) -> impl Iterator<Item = u64> + '_ {
    let mut found: &[u8] = &[];
    while extra.len() >= 4 {
        let (kind, bytes) = (u16_at(extra, 0), usize::from(u16_at(extra, 2)));
        let Some(field) = extra.get(4..4 + bytes) else { break };
        if kind == EXTRA_ZIP64 {
            found = field;
            break;
        }
        extra = &extra[4 + bytes..];
    }
    found.chunks_exact(8).map(|field| u64_at(field, 0))
}

/// A name as text. Old archives write the letters of code page 437, of which only those of ASCII are sure.
fn text(raw: &[u8], is_utf8: bool) -> String {
    let cut = &raw[..raw.len().min(NAME_BYTES_MAX)];
    if is_utf8 || std::str::from_utf8(raw).is_ok() {
        return String::from_utf8_lossy(cut).into_owned();
    }
    let letter = |&byte: &u8| {
        if byte.is_ascii() {
            char::from(byte)
        } else {
            char::REPLACEMENT_CHARACTER
        }
    };
    cut.iter().map(letter).collect()
}

fn method_name(method: u16) -> String {
    match method {
        1..=6 => "a method of the 1980s".to_owned(),
        9 => "Deflate64".to_owned(),
        12 => "bzip2".to_owned(),
        14 => "LZMA".to_owned(),
        20 | 93 => "Zstandard".to_owned(),
        95 => "xz".to_owned(),
        98 => "PPMd".to_owned(),
        other => format!("method {other}, which is not understood"),
    }
}

fn unreadable(cause: &io::Error) -> String {
    format!("the archive cannot be read: {cause}")
}

fn bytes_at(mut file: &File, at: u64, bytes: usize) -> io::Result<Vec<u8>> {
    let mut read = vec![0; bytes];
    file.seek(SeekFrom::Start(at))?;
    file.read_exact(&mut read)?;
    Ok(read)
}

fn array_at<const N: usize>(bytes: &[u8], at: usize) -> [u8; N] {
    bytes[at..at + N].try_into().expect("a slice of N bytes")
}

fn u16_at(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes(array_at(bytes, at))
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(array_at(bytes, at))
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(array_at(bytes, at))
}

/// Holds an entry to the length and the sum of checks that were announced.
struct Checked<R> {
    inner: R,
    crc: Crc,
    bytes: u64,
    announced: u64,
    announced_crc: u32,
}

impl<R: Read> Read for Checked<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.crc.update(&buffer[..read]);
        self.bytes += read as u64;
        let is_end = read == 0 && !buffer.is_empty();
        if self.bytes > self.announced {
            return Err(io::Error::other("it is longer than announced"));
        }
        if is_end && self.bytes < self.announced {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        if is_end && self.crc.sum() != self.announced_crc {
            return Err(io::Error::other("its checksum is wrong"));
        }
        Ok(read)
    }
}
