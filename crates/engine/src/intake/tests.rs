//! Folders and archives as an attacker, a broken disk or a hurried colleague makes them.

use std::io::Write;

use ::zip::write::{SimpleFileOptions, ZipWriter};
use flate2::Compression;
use flate2::write::GzEncoder;

use super::*;

/// Name, and content or reason, of everything below a path. Names stand without the path.
fn entries(path: &Path) -> Vec<(String, std::result::Result<String, String>)> {
    let scratch = tempfile::tempdir().expect("a folder");
    let mut entries = Vec::new();
    let read = each_entry(path, scratch.path(), &mut |entry| {
        let content = match entry.content {
            Content::File(mut file) => {
                let mut text = Vec::new();
                file.read_to_end(&mut text).expect("reads");
                assert_eq!(text.len() as u64, entry.length);
                Ok(String::from_utf8_lossy(&text).into_owned())
            }
            Content::Unreadable(reason) => Err(reason),
        };
        let name = entry.name.strip_prefix(&*path.to_string_lossy());
        entries.push((name.expect("begins with the path").to_owned(), content));
        Ok(())
    });
    read.expect("the path is there");
    let left = fs::read_dir(scratch.path()).expect("lists").count();
    assert_eq!(left, 0, "what was unpacked has no name");
    entries
}

fn entries_of(name: &str, bytes: &[u8]) -> Vec<(String, std::result::Result<String, String>)> {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join(name);
    fs::write(&path, bytes).expect("writes");
    let entries = entries(&path);
    let beside = fs::read_dir(folder.path()).expect("lists").count();
    assert_eq!(beside, 1, "nothing is unpacked beside the archive");
    entries
}

fn ok(name: &str, content: &str) -> (String, std::result::Result<String, String>) {
    (name.to_owned(), Ok(content.to_owned()))
}

fn refused_for(entry: &(String, std::result::Result<String, String>), name: &str, reason: &str) {
    assert_eq!(entry.0, name);
    match &entry.1 {
        Ok(content) => panic!("{name} was read: {} bytes", content.len()),
        Err(told) => assert!(told.contains(reason), "{told}"),
    }
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packed = GzEncoder::new(Vec::new(), Compression::best());
    packed.write_all(bytes).expect("packs");
    packed.finish().expect("packs")
}

/// An archive as an honest program writes it.
fn archive(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut archive = ZipWriter::new(io::Cursor::new(Vec::new()));
    for (name, content) in files {
        let begun = archive.start_file(*name, SimpleFileOptions::default());
        begun.expect("begins an entry");
        archive.write_all(content).expect("writes");
    }
    archive.finish().expect("completes").into_inner()
}

/// An entry as nobody honest writes it: stored, and described at will.
#[derive(Clone)]
struct Forged<'a> {
    name: &'a [u8],
    content: &'a [u8],
    flags: u16,
    method: u16,
    crc: u32,
    /// Upper half: the mode of Unix.
    attributes: u32,
    /// Behind the entry with this number, instead of an own header and content.
    header_of: Option<usize>,
}

impl<'a> Forged<'a> {
    fn new(name: &'a [u8], content: &'a [u8]) -> Self {
        let mut crc = flate2::Crc::new();
        crc.update(content);
        Self {
            name,
            content,
            flags: 0,
            method: 0,
            crc: crc.sum(),
            attributes: 0,
            header_of: None,
        }
    }
}

fn forge(entries: &[Forged<'_>]) -> Vec<u8> {
    let (mut bytes, mut directory, mut headers) = (Vec::new(), Vec::new(), Vec::new());
    for entry in entries {
        let length = (entry.content.len() as u32).to_le_bytes();
        let name_length = (entry.name.len() as u16).to_le_bytes();
        let words = |words: &[u16]| words.iter().flat_map(|word| word.to_le_bytes()).collect::<Vec<_>>();
        // From "version needed" to "extra field length", as both headers have it.
        let described = [
            &words(&[20, entry.flags, entry.method, 0, 0x21])[..],
            &entry.crc.to_le_bytes(),
            &length,
            &length,
            &name_length,
            &[0, 0],
        ]
        .concat();
        let at = match entry.header_of {
            Some(other) => headers[other],
            None => bytes.len() as u32,
        };
        headers.push(at);
        if entry.header_of.is_none() {
            bytes.extend([b"PK\x03\x04", &described[..], entry.name, entry.content].concat());
        }
        directory.extend([b"PK\x01\x02", &[20, 3][..], &described, &[0; 6]].concat());
        directory.extend([&entry.attributes.to_le_bytes()[..], &at.to_le_bytes(), entry.name].concat());
    }
    let count = (entries.len() as u16).to_le_bytes();
    let end = [
        &b"PK\x05\x06"[..],
        &[0; 4],
        &count,
        &count,
        &(directory.len() as u32).to_le_bytes(),
        &(bytes.len() as u32).to_le_bytes(),
        &[0, 0],
    ];
    let end = end.concat();
    bytes.extend(directory);
    bytes.extend(end);
    bytes
}

#[test]
#[cfg(unix)]
fn what_is_no_file_is_refused_and_not_waited_for() {
    let folder = tempfile::tempdir().expect("a folder");
    let _socket = std::os::unix::net::UnixListener::bind(folder.path().join("b")).expect("a socket");
    let made = std::process::Command::new("mkfifo")
        .arg(folder.path().join("c"))
        .status();
    assert!(made.expect("mkfifo runs").success());
    fs::write(folder.path().join("a"), "text").expect("writes");
    let read = entries(folder.path());
    assert_eq!(read[0], ok("/a", "text"));
    refused_for(&read[1], "/b", "write it to a file first");
    refused_for(&read[2], "/c", "write it to a file first");
}

#[test]
#[cfg(unix)]
fn links_to_folders_are_not_followed_and_broken_ones_are_told() {
    use std::os::unix::fs::symlink;
    let folder = tempfile::tempdir().expect("a folder");
    fs::create_dir(folder.path().join("inner")).expect("a folder");
    fs::write(folder.path().join("inner/a"), "text").expect("writes");
    symlink(folder.path(), folder.path().join("inner/loop")).expect("links");
    symlink(folder.path().join("inner/a"), folder.path().join("to-a")).expect("links");
    symlink("nowhere", folder.path().join("to-nowhere")).expect("links");
    symlink("self", folder.path().join("self")).expect("links");
    let read = entries(folder.path());
    assert_eq!(read[0], ok("/inner/a", "text"));
    refused_for(&read[1], "/self", "the file cannot be read");
    assert_eq!(read[2], ok("/to-a", "text"));
    refused_for(&read[3], "/to-nowhere", "the file cannot be read");
    assert_eq!(read.len(), 4);
}

#[test]
fn an_empty_folder_has_no_entries() {
    let folder = tempfile::tempdir().expect("a folder");
    assert_eq!(entries(folder.path()), []);
}

#[test]
fn a_data_folder_among_the_files_is_left_out() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::create_dir(folder.path().join("data")).expect("a folder");
    fs::write(folder.path().join("data").join(LEDGER_FILE), "").expect("writes");
    fs::write(folder.path().join("a"), "text").expect("writes");
    assert_eq!(entries(folder.path()), [ok("/a", "text")]);
}

#[test]
fn an_archive_among_thousands_of_files_is_opened_in_its_place() {
    let folder = tempfile::tempdir().expect("a folder");
    for number in 0..3_000 {
        fs::write(folder.path().join(format!("{number:04}.json")), "{}").expect("writes");
    }
    fs::write(folder.path().join("1500.json"), archive(&[("b", b"2"), ("a", b"1")])).expect("writes");
    let read = entries(folder.path());
    assert_eq!(read.len(), 3_001);
    assert_eq!(read[1_500..1_502], [ok("/1500.json!a", "1"), ok("/1500.json!b", "2")]);
}

#[test]
fn a_gzip_file_is_an_archive_with_one_entry() {
    assert_eq!(
        entries_of("graph.ndjson.GZ", &gzip(b"text")),
        [ok("!graph.ndjson", "text")]
    );
    let members = [gzip(b"one "), gzip(b"two")].concat();
    assert_eq!(entries_of("graph", &members), [ok("!graph", "one two")]);
}

#[test]
fn a_gzip_file_keeps_the_time_of_what_it_packs() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a.gz");
    let mut packed = flate2::GzBuilder::new()
        .mtime(1_709_636_418)
        .write(Vec::new(), Compression::fast());
    packed.write_all(b"text").expect("packs");
    fs::write(&path, packed.finish().expect("packs")).expect("writes");
    let mut time = None;
    each_entry(&path, folder.path(), &mut |entry| {
        time = entry.archive_time;
        Ok(())
    })
    .expect("reads");
    assert_eq!(time.expect("a time").to_string(), "2024-03-05T11:00:18Z");
}

#[test]
fn a_gzip_file_that_is_cut_or_changed_is_refused() {
    let whole = gzip("text that is long enough to be packed, packed, packed".as_bytes());
    for length in [2, 9, 12, whole.len() - 9, whole.len() - 1] {
        refused_for(&entries_of("a.gz", &whole[..length])[0], "!a", "copy");
    }
    for at in [12, whole.len() - 8, whole.len() - 1] {
        let mut changed = whole.clone();
        changed[at] ^= 0x55;
        refused_for(&entries_of("a.gz", &changed)[0], "!a", "copy");
    }
}

#[test]
fn archives_inside_archives_are_refused_and_the_rest_goes_in() {
    let inner = archive(&[("x", b"x")]);
    let packed = gzip(b"text");
    let mut tar = vec![0; 1_024];
    tar[257..262].copy_from_slice(b"ustar");
    let outer = archive(&[("a.zip", &inner), ("b.gz", &packed), ("c.tar", &tar), ("d.json", b"{}")]);
    let read = entries_of("all.zip", &outer);
    refused_for(
        &read[0],
        "!a.zip",
        "an archive inside an archive is not opened; unpack it first",
    );
    refused_for(
        &read[1],
        "!b.gz",
        "an archive inside an archive is not opened; unpack it first",
    );
    refused_for(&read[2], "!c.tar", "it is a tar archive; unpack it first");
    assert_eq!(read[3], ok("!d.json", "{}"));
    refused_for(
        &entries_of("a.tar.gz", &gzip(&tar))[0],
        "!a.tar",
        "it is a tar archive; unpack it first",
    );
    refused_for(
        &entries_of("a.gz", &gzip(&packed))[0],
        "!a",
        "an archive inside an archive",
    );
    refused_for(
        &entries_of("a.tar", &tar)[0],
        "",
        "it is a tar archive; unpack it first",
    );
    refused_for(
        &entries_of("a.7z", b"7z\xbc\xaf\x27\x1c\0\x04")[0],
        "",
        "it is a 7z archive; unpack it first",
    );
}

#[test]
fn the_name_of_an_archives_entry_is_only_a_name() {
    let names: [&[u8]; 8] = [
        b"..\\..\\users.json",
        b"../../users.json",
        b"/etc/users.json",
        b"C:\\users.json",
        b"nul\0.json",
        b"escape\x1b[2J.json",
        "turn\u{202e}nosj.json".as_bytes(),
        b"not-utf8-\x81.json",
    ];
    let forged: Vec<_> = names.iter().map(|name| Forged::new(name, b"{}")).collect();
    let read = entries_of("a.zip", &forge(&forged));
    let shown: Vec<_> = read.iter().map(|(name, _)| name.as_str()).collect();
    let expected = [
        "!../../users.json",
        "!..\\..\\users.json",
        "!/etc/users.json",
        "!C:\\users.json",
        "!escape\\u{1b}[2J.json",
        "!not-utf8-\u{fffd}.json",
        "!nul\\u{0}.json",
        "!turn\\u{202e}nosj.json",
    ];
    assert_eq!(shown, expected);
    assert!(read.iter().all(|(_, content)| *content == Ok("{}".to_owned())));
}

#[test]
fn folders_and_hidden_files_of_an_archive_are_left_out() {
    let read = entries_of(
        "a.zip",
        &archive(&[
            ("in/", b""),
            ("in/.DS_Store", b"x"),
            ("in/a.json", b"{}"),
            ("__MACOSX/._a", b"x"),
        ]),
    );
    assert_eq!(read, [ok("!in/a.json", "{}")]);
}

#[test]
fn entries_of_equal_names_are_all_read_and_told_apart() {
    let twice = [
        Forged::new(b"a", b"1"),
        Forged::new(b"b", b"x"),
        Forged::new(b"a", b"2"),
    ];
    assert_eq!(
        entries_of("a.zip", &forge(&twice)),
        [ok("!a", "1"), ok("!a (2)", "2"), ok("!b", "x")]
    );
}

#[test]
fn an_entry_that_cannot_be_read_is_refused_alone() {
    let encrypted = Forged {
        flags: 1,
        ..Forged::new(b"1-encrypted", b"x")
    };
    let method = Forged {
        method: 9,
        ..Forged::new(b"2-method", b"x")
    };
    let checksum = Forged {
        crc: 7,
        ..Forged::new(b"3-checksum", b"x")
    };
    let deflated = Forged {
        method: 8,
        ..Forged::new(b"4-deflated", b"\xff\xff\xff")
    };
    let link = Forged {
        attributes: 0o120_777 << 16,
        ..Forged::new(b"5-link", b"/etc/passwd")
    };
    let read = entries_of(
        "a.zip",
        &forge(&[
            encrypted,
            method,
            checksum,
            deflated,
            link,
            Forged::new(b"6-good", b"{}"),
        ]),
    );
    refused_for(&read[0], "!1-encrypted", "unpack the archive with its password first");
    refused_for(
        &read[1],
        "!2-method",
        "it is packed by Deflate64; unpack the archive first",
    );
    refused_for(&read[2], "!3-checksum", "its checksum is wrong");
    refused_for(&read[3], "!4-deflated", "damaged");
    refused_for(&read[4], "!5-link", "it is a link to another file");
    assert_eq!(read[5], ok("!6-good", "{}"));
}

#[test]
fn an_entry_is_held_to_the_length_that_is_announced() {
    let packed = archive(&[("a", &[b'x'; 10_000])]);
    let at = packed
        .windows(4)
        .position(|it| it == b"PK\x01\x02")
        .expect("a directory");
    for (announced, reason) in [(9_999_u32, "it is longer than announced"), (10_001, "cut short")] {
        let mut changed = packed.clone();
        changed[at + 24..at + 28].copy_from_slice(&announced.to_le_bytes());
        refused_for(&entries_of("a.zip", &changed)[0], "!a", reason);
    }
}

#[test]
fn an_archive_whose_entries_share_bytes_is_refused() {
    let mut forged = vec![Forged::new(b"a", b"content")];
    forged.extend((0..5_000).map(|_| Forged {
        header_of: Some(0),
        ..Forged::new(b"b", b"content")
    }));
    let read = entries_of("a.zip", &forge(&forged));
    assert_eq!(read.len(), 1);
    refused_for(&read[0], "", "entries of the archive share the same bytes");
}

#[test]
fn an_archive_that_is_cut_short_is_refused_with_one_sentence() {
    let whole = archive(&[("a", b"1"), ("b", b"2")]);
    for length in [4, 30, 60, whole.len() - 23, whole.len() - 1] {
        let read = entries_of("a.zip", &whole[..length]);
        assert_eq!(read.len(), 1);
        refused_for(&read[0], "", "it was cut short, copy it again");
    }
    refused_for(&entries_of("a.zip", &forge(&[]))[0], "", "the archive is empty");
}

#[test]
fn a_damaged_directory_is_told_and_what_stands_before_the_damage_is_read() {
    let mut bytes = forge(&[
        Forged::new(b"a", b"1"),
        Forged::new(b"b", b"2"),
        Forged::new(b"c", b"3"),
    ]);
    let second = bytes
        .windows(5)
        .position(|it| it == b"PK\x01\x02\x14")
        .expect("a directory")
        + 47;
    bytes[second] = b'?';
    let read = entries_of("a.zip", &bytes);
    refused_for(&read[0], "", "3 entries are stated, 1 can be read");
    assert_eq!(read[1..], [ok("!a", "1")]);
}

#[test]
fn numbers_that_an_archive_makes_up_cost_nothing() {
    let whole = forge(&[Forged::new(b"a", b"1")]);
    let end = whole.len() - 22;
    for (at, bytes) in [
        (8, &[0xff; 4][..]),
        (12, &[0xff; 4]),
        (16, &[0xff; 4]),
        (4, &[1, 0, 1, 0]),
        (20, &[9, 9]),
    ] {
        let mut changed = whole.clone();
        changed[end + at..end + at + bytes.len()].copy_from_slice(bytes);
        let read = entries_of("a.zip", &changed);
        assert!(read.len() <= 2, "{read:?}");
    }
    // The locator of a wide directory that lies nowhere, and of one that states 2^60 entries.
    for record_at in [u64::MAX, whole.len() as u64] {
        let mut record = [&b"PK\x06\x06"[..], &[0; 28]].concat();
        record.extend((1_u64 << 60).to_le_bytes());
        record.extend([0; 8]);
        record.extend(3_u64.to_le_bytes());
        let mut changed = whole.clone();
        changed.extend(&record);
        changed.extend([&b"PK\x06\x07"[..], &[0; 4], &record_at.to_le_bytes(), &[1, 0, 0, 0]].concat());
        changed.extend([&b"PK\x05\x06"[..], &[0xff; 16], &[0, 0]].concat());
        let read = entries_of("a.zip", &changed);
        assert_eq!(read.len(), 1);
        assert!(read[0].1.is_err());
    }
}

#[test]
fn bytes_changed_anywhere_in_an_archive_stop_nothing_but_that_archive() {
    let content = b"{\"data\":[]} {\"data\":[]} {\"data\":[]}";
    let whole = archive(&[("a.json", content), ("b.json", content)]);
    // Without its first four bytes it is no archive, but a file like any other.
    for at in 4..whole.len() {
        for change in [0x01, 0x80, 0xff] {
            let mut changed = whole.clone();
            changed[at] ^= change;
            let folder = tempfile::tempdir().expect("a folder");
            fs::write(folder.path().join("a.zip"), &changed).expect("writes");
            fs::write(folder.path().join("z.json"), "beside").expect("writes");
            let read = entries(folder.path());
            assert_eq!(read.last(), Some(&ok("/z.json", "beside")));
            let good = |text: &str| text.as_bytes() == content || text == "beside";
            assert!(
                read.iter().all(|(_, it)| it.as_ref().map_or(true, |text| good(text))),
                "{at}"
            );
        }
    }
}

#[test]
fn wide_archives_with_comments_and_descriptors_are_read() {
    let mut archive = ZipWriter::new(io::Cursor::new(Vec::new()));
    let wide = SimpleFileOptions::default().large_file(true);
    archive.start_file("wide", wide).expect("begins");
    archive.write_all(b"text").expect("writes");
    let commented = archive.set_comment("PK\u{5}\u{6} a comment that looks like the end of a directory");
    commented.expect("a comment");
    let bytes = archive.finish().expect("completes").into_inner();
    assert_eq!(entries_of("a.zip", &bytes), [ok("!wide", "text")]);
    let streamed = Forged {
        flags: 1 << 3,
        ..Forged::new(b"streamed", b"text")
    };
    assert_eq!(entries_of("a.zip", &forge(&[streamed])), [ok("!streamed", "text")]);
}

#[test]
fn an_archive_of_too_many_files_is_refused_before_any_is_read() {
    let mut archive = ZipWriter::new(io::Cursor::new(Vec::new()));
    let stored = SimpleFileOptions::default().compression_method(::zip::CompressionMethod::Stored);
    for number in 0..=ENTRIES_MAX {
        archive.start_file(format!("{number}"), stored).expect("begins");
    }
    let bytes = archive.finish().expect("completes").into_inner();
    let read = entries_of("a.zip", &bytes);
    assert_eq!(read.len(), 1);
    refused_for(&read[0], "", "the archive holds more than 100000 files");
}

#[test]
fn a_bomb_is_refused_when_it_has_gone_off_a_little() {
    let zeros = vec![0; 110 << 20];
    let bomb = archive(&[("bomb", &zeros), ("good", b"{}")]);
    let read = entries_of("a.zip", &bomb);
    // The bomb has used up what so small an archive may unpack to.
    refused_for(&read[0], "", "the archive unpacks to more than 250 times its size");
    assert_eq!(read.len(), 1);
    refused_for(
        &entries_of("a.gz", &gzip(&zeros))[0],
        "!a",
        "unpacks to more than 250 times its size",
    );
}

#[test]
fn a_scratch_folder_that_cannot_be_written_is_our_problem() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a.gz");
    fs::write(&path, gzip(b"text")).expect("writes");
    let read = each_entry(&path, &folder.path().join("absent"), &mut |_| Ok(()));
    assert!(matches!(read, Err(EngineError::Scratch { .. })), "{read:?}");
}
