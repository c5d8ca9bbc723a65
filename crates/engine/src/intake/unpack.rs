//! From packed bytes to a file that can be read from any place, with limits that hold whatever an archive states.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom, Write};
use std::path::Path;

use crate::{EngineError, Result};

/// One file may unpack to this much. The largest honest files, directories of some hundred thousand devices, have a
/// few GiB.
pub const ENTRY_BYTES_MAX: u64 = 16 << 30;
/// All files of an archive together may unpack to this much; as much as an upload may have.
pub const ARCHIVE_BYTES_MAX: u64 = 64 << 30;
/// How often larger than its packed bytes a file, or a whole archive, may be. What collectors write packs to between
/// 1:10 and 1:60; nothing but runs of equal bytes packs to 1:1,000.
pub const UNPACKED_RATIO_MAX: u64 = 250;
/// Up to here the ratio is not looked at: small files may be as regular as they like.
pub const UNPACKED_RATIO_FREE_BYTES: u64 = 100 << 20;

const COPY_BYTES: usize = 1 << 20;

/// What the beginning of a file says that it is packed as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Packed {
    Zip,
    Gzip,
    /// A kind that is not opened.
    Other(&'static str),
}

/// Bytes of a file's beginning that [`packed`] needs.
pub const MAGIC_BYTES: usize = 512;

/// What kind of archive begins like this.
pub fn packed(head: &[u8]) -> Option<Packed> {
    /// Where a tar archive says that it is one.
    const TAR_MAGIC_AT: usize = 257;
    let begins = |magic: &[u8]| head.starts_with(magic);
    // The last two: an archive without entries, and the first of several parts.
    if [b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08"]
        .iter()
        .any(|magic| begins(*magic))
    {
        return Some(Packed::Zip);
    }
    if begins(b"\x1f\x8b") {
        return Some(Packed::Gzip);
    }
    Some(Packed::Other(match head {
        _ if begins(b"7z\xbc\xaf\x27\x1c") => "7z archive",
        _ if begins(b"Rar!\x1a\x07") => "RAR archive",
        _ if begins(b"\xfd7zXZ\0") => "file packed by xz",
        [b'B', b'Z', b'h', b'1'..=b'9', b'1', b'A', b'Y', b'&', b'S', b'Y', ..] => "file packed by bzip2",
        _ if begins(b"\x28\xb5\x2f\xfd") => "file packed by Zstandard",
        _ if begins(b"\x04\x22\x4d\x18") => "file packed by LZ4",
        _ if begins(b"MSCF\0\0\0\0") => "cabinet file",
        _ if head.get(TAR_MAGIC_AT..).is_some_and(|rest| rest.starts_with(b"ustar")) => "tar archive",
        _ => return None,
    }))
}

/// Why something that was packed is not taken in. Each is a sentence for a person.
#[derive(Debug, PartialEq, Eq)]
pub enum Fault {
    /// This file is refused; those beside it are read.
    Entry(String),
    /// Nothing more of the archive is read.
    Archive(String),
}

/// How much an archive has unpacked to.
pub struct Unpacked {
    packed_bytes: u64,
    bytes: u64,
}

impl Unpacked {
    pub fn of(packed_bytes: u64) -> Self {
        Self { packed_bytes, bytes: 0 }
    }

    /// Why so many bytes are too many; `what` is what they are of.
    fn check(&self, what: &str, bytes_max: u64) -> std::result::Result<(), String> {
        if self.bytes > bytes_max {
            return Err(format!("{what} unpacks to more than {} GiB", bytes_max >> 30));
        }
        let ratio_bytes = self.packed_bytes.saturating_mul(UNPACKED_RATIO_MAX);
        if self.bytes > ratio_bytes.max(UNPACKED_RATIO_FREE_BYTES) {
            return Err(format!(
                "{what} unpacks to more than {UNPACKED_RATIO_MAX} times its size, as archives do that are made to \
                 fill disks; if it is honest, unpack it first"
            ));
        }
        Ok(())
    }
}

/// Unpacks one file of `packed_bytes` into one without a name, which vanishes when it is closed. The inner result
/// says what is wrong with the archive, the outer one what is wrong with our own disk.
pub fn unpack(
    from: &mut dyn Read,
    packed_bytes: u64,
    archive: &mut Unpacked,
    scratch: &Path,
) -> Result<std::result::Result<(File, u64), Fault>> {
    let our_fault = |cause| EngineError::Scratch { cause };
    let mut file = tempfile::tempfile_in(scratch).map_err(our_fault)?;
    match copy(from, packed_bytes, archive, &mut file)? {
        Ok(length) => {
            file.seek(SeekFrom::Start(0)).map_err(our_fault)?;
            Ok(Ok((file, length)))
        }
        Err(fault) => Ok(Err(fault)),
    }
}

fn copy(
    from: &mut dyn Read,
    packed_bytes: u64,
    archive: &mut Unpacked,
    to: &mut dyn Write,
) -> Result<std::result::Result<u64, Fault>> {
    let mut entry = Unpacked::of(packed_bytes);
    let mut buffer = vec![0; COPY_BYTES];
    loop {
        let read = match fill(from, &mut buffer) {
            Ok(0) => return Ok(Ok(entry.bytes)),
            Ok(read) => read,
            Err(cause) => return Ok(Err(Fault::Entry(damage(&cause)))),
        };
        if entry.bytes == 0 {
            match packed(&buffer[..read]) {
                None => {}
                Some(Packed::Zip | Packed::Gzip) => {
                    let reason = "an archive inside an archive is not opened; unpack it first";
                    return Ok(Err(Fault::Entry(reason.to_owned())));
                }
                Some(Packed::Other(kind)) => return Ok(Err(Fault::Entry(unopened(kind)))),
            }
        }
        entry.bytes += read as u64;
        archive.bytes += read as u64;
        if let Err(reason) = archive.check("the archive", ARCHIVE_BYTES_MAX) {
            return Ok(Err(Fault::Archive(reason)));
        }
        if let Err(reason) = entry.check("the file", ENTRY_BYTES_MAX) {
            return Ok(Err(Fault::Entry(reason)));
        }
        to.write_all(&buffer[..read])
            .map_err(|cause| EngineError::Scratch { cause })?;
    }
}

/// Why a kind of archive that is not opened is refused.
pub fn unopened(kind: &str) -> String {
    format!("it is a {kind}; unpack it first")
}

fn damage(cause: &io::Error) -> String {
    match cause.kind() {
        io::ErrorKind::UnexpectedEof => "the packed bytes end too early; they were cut short, copy them again".into(),
        _ => format!("the packed bytes are damaged ({cause}); copy them again"),
    }
}

/// Reads until the buffer is full or there is no more.
fn fill(from: &mut dyn Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match from.read(&mut buffer[filled..]) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(cause) if cause.kind() == io::ErrorKind::Interrupted => {}
            Err(cause) => return Err(cause),
        }
    }
    Ok(filled)
}

/// What a gzip file holds, of all its members.
pub fn gunzip(file: &File) -> flate2::bufread::MultiGzDecoder<BufReader<&File>> {
    flate2::bufread::MultiGzDecoder::new(BufReader::new(file))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Packs nothing, promises nothing, and never ends.
    fn zeros() -> impl Read {
        io::repeat(0)
    }

    fn copied(from: &mut dyn Read, packed_bytes: u64, archive: &mut Unpacked) -> std::result::Result<u64, Fault> {
        copy(from, packed_bytes, archive, &mut io::sink()).expect("there is no disk to be full")
    }

    #[test]
    fn a_file_that_unpacks_to_far_more_than_it_packs_is_refused_alone() {
        let packed = UNPACKED_RATIO_FREE_BYTES / UNPACKED_RATIO_MAX + 1_000_000;
        let mut archive = Unpacked::of(u64::MAX);
        let Err(Fault::Entry(reason)) = copied(&mut zeros(), packed, &mut archive) else {
            panic!("it ended");
        };
        assert!(
            reason.starts_with("the file unpacks to more than 250 times its size"),
            "{reason}"
        );
        assert!(archive.bytes < packed * UNPACKED_RATIO_MAX + 2 * COPY_BYTES as u64);
    }

    #[test]
    fn files_that_are_each_small_are_refused_when_the_archive_has_had_enough() {
        let mut archive = Unpacked::of(10);
        let each = UNPACKED_RATIO_FREE_BYTES / 4;
        for _ in 0..4 {
            assert_eq!(copied(&mut zeros().take(each), each, &mut archive), Ok(each));
        }
        let Err(Fault::Archive(reason)) = copied(&mut zeros().take(each), each, &mut archive) else {
            panic!("a fifth was read");
        };
        assert!(
            reason.starts_with("the archive unpacks to more than 250 times"),
            "{reason}"
        );
    }

    #[test]
    fn the_absolute_limits_hold_where_nothing_is_known_of_the_packed_size() {
        let mut whole = Unpacked::of(u64::MAX);
        whole.bytes = ENTRY_BYTES_MAX + 1;
        let reason = whole.check("the file", ENTRY_BYTES_MAX);
        assert_eq!(reason, Err("the file unpacks to more than 16 GiB".to_owned()));
        whole.bytes = ENTRY_BYTES_MAX;
        assert_eq!(whole.check("the file", ENTRY_BYTES_MAX), Ok(()));
    }

    #[test]
    fn a_full_disk_is_our_problem_and_no_fault_of_the_archive() {
        struct Full;
        impl Write for Full {
            fn write(&mut self, _: &[u8]) -> io::Result<usize> {
                Err(io::ErrorKind::StorageFull.into())
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let copied = copy(&mut &b"text"[..], 4, &mut Unpacked::of(4), &mut Full);
        let Err(EngineError::Scratch { cause }) = copied else {
            panic!("{copied:?}");
        };
        assert_eq!(cause.kind(), io::ErrorKind::StorageFull);
    }

    #[test]
    fn archives_are_told_by_their_first_bytes() {
        let mut tar = vec![0; 600];
        tar[257..262].copy_from_slice(b"ustar");
        for (head, expected) in [
            (&b"PK\x03\x04rest"[..], Some(Packed::Zip)),
            (b"\x1f\x8b\x08", Some(Packed::Gzip)),
            (b"7z\xbc\xaf\x27\x1c\0\x04", Some(Packed::Other("7z archive"))),
            (b"Rar!\x1a\x07\x01\0", Some(Packed::Other("RAR archive"))),
            (b"\xfd7zXZ\0\0", Some(Packed::Other("file packed by xz"))),
            (b"BZh91AY&SY", Some(Packed::Other("file packed by bzip2"))),
            (b"\x28\xb5\x2f\xfd\0", Some(Packed::Other("file packed by Zstandard"))),
            (&tar, Some(Packed::Other("tar archive"))),
            (b"{\"data\":[]}", None),
            (b"BZh of a text", None),
            (b"", None),
        ] {
            assert_eq!(packed(head), expected, "{head:?}");
        }
    }
}
