//! The same tricks on every format of the registry, made from its smallest good case in `testdata`. A format that
//! is added is covered without another line.
//!
//! Each trick may be refused, or cost single rows that are named. None may be a panic, take long, lose rows
//! without a word, or make half a file pass for the whole.

use std::fs;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use postern_ingest::{FORMATS, Format};

use crate::contract::{self, Outcome};
use crate::mutate::{self, JSON_EXTREMES, Kind, Part, Random, XML_EXTREMES};

/// Far above what a small file takes, on a machine that is busy.
const TIME_MAX: Duration = Duration::from_secs(10);

/// As deep as no honest file is; a reader that calls itself for each level has no stack left.
const DEPTH: usize = 10_000;

/// What reading may take: the bar of the whole import.
const RESIDENT_KIB_MAX: u64 = 500 * 1024;

/// Bytes of a text that does not fit into memory: the first of each format.
const LONG_BYTES: u64 = 3_000_000_000;

/// Bytes of the others: a reader that held one of them would show in what is resident.
const OTHER_LONG_BYTES: u64 = 600_000_000;

const LONG_TIME_MAX: Duration = Duration::from_secs(60);

/// Set for the process that reads the long texts.
const CHILD: &str = "POSTERN_HOSTILE_CHILD";

/// Changes for each format, beside those that have a name.
const CHANGES: u64 = 2_000;
const CHANGED_BYTES_MAX: usize = 64 * 1024;

/// A format with its smallest case that is read without a reject.
struct Good {
    format: &'static Format,
    bytes: Vec<u8>,
    outcome: Outcome,
}

impl Good {
    fn of(format: &'static Format) -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata").join(format.id);
        let cases = fs::read_dir(folder).unwrap().map(|it| it.unwrap().path());
        let inputs = cases.flat_map(|case| fs::read_dir(case).unwrap().map(|it| it.unwrap().path()));
        let mut inputs: Vec<Vec<u8>> = inputs
            .filter(|path| path.file_stem().is_some_and(|stem| stem == "in"))
            .map(|path| fs::read(path).unwrap())
            .collect();
        inputs.sort_by_key(Vec::len);
        let good = inputs.into_iter().find_map(|bytes| {
            let outcome = contract::read(format, &bytes);
            let is_good = !outcome.is_told() && outcome.kept.rows > 0;
            is_good.then_some(Self { format, bytes, outcome })
        });
        good.unwrap_or_else(|| panic!("{} has no case without a reject", format.id))
    }

    fn all() -> impl Iterator<Item = Self> {
        FORMATS.iter().map(|format| Self::of(format))
    }

    fn parts(&self) -> Vec<Part> {
        mutate::parts(&self.bytes)
    }

    /// Reads other bytes as this format.
    fn read(&self, trick: &str, bytes: &[u8]) -> Outcome {
        println!("{}: {trick}", self.format);
        let begun = Instant::now();
        let outcome = contract::read(self.format, bytes);
        assert!(
            begun.elapsed() < TIME_MAX,
            "{}: {trick}: {:?}",
            self.format,
            begun.elapsed()
        );
        outcome
    }

    /// Reads other bytes of which nothing may be lost without a word.
    fn read_all(&self, trick: &str, bytes: &[u8]) {
        let outcome = self.read(trick, bytes);
        assert!(
            outcome.is_told() || outcome.kept.rows >= self.outcome.kept.rows,
            "{}: {trick}: {} of {} rows, and no word: {}",
            self.format,
            outcome.kept.rows,
            self.outcome.kept.rows,
            String::from_utf8_lossy(&bytes[..bytes.len().min(4_000)])
        );
    }
}

#[test]
fn a_file_that_is_cut_short_never_passes_for_the_whole() {
    for good in Good::all() {
        for end in 0..good.bytes.len() {
            let (kept, lost) = good.bytes.split_at(end);
            let outcome = good.read("cut short", kept);
            // A format of lines cannot know that lines are missing, so it must not say that it looked at all.
            let may_pass = lost.trim_ascii().is_empty() || !outcome.has_whole_cell();
            assert!(
                outcome.result.is_err() || may_pass,
                "{}: cut at byte {end}, and whole",
                good.format
            );
        }
    }
}

#[test]
fn a_byte_order_mark_changes_nothing() {
    for good in Good::all() {
        let marked = [
            b"\xEF\xBB\xBF",
            good.bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(&good.bytes),
        ]
        .concat();
        let outcome = good.read("byte order mark", &marked);
        assert!(outcome.result.is_ok(), "{}: {:?}", good.format, outcome.result);
        assert_eq!(outcome.kept.rows, good.outcome.kept.rows, "{}", good.format);
        good.read_all("two byte order marks", &[b"\xEF\xBB\xBF", &marked[..]].concat());
    }
}

#[test]
fn other_encodings_are_read_or_refused() {
    for good in Good::all() {
        for (name, mark, to_bytes) in [
            ("UTF-16LE", b"\xFF\xFE", u16::to_le_bytes as fn(u16) -> [u8; 2]),
            ("UTF-16BE", b"\xFE\xFF", u16::to_be_bytes),
        ] {
            let bytes = mutate::utf16(&good.bytes, to_bytes);
            good.read_all(name, &[&mark[..], &bytes].concat());
            good.read_all(name, &bytes);
        }
    }
}

#[test]
fn bytes_that_are_no_text_are_told() {
    for good in Good::all() {
        let parts = good.parts();
        for at in 0..good.bytes.len() {
            for byte in [0x00, 0xFF] {
                let trick = format!("byte {byte:#04x} at {at}");
                let damaged = mutate::replaced(&good.bytes, &(at..at + 1), &[byte]);
                // An attribute of XML with another name is another attribute, which is none of ours.
                let is_name = |part: &Part| part.kind == Kind::Attribute && part.range.contains(&at);
                if parts.iter().any(is_name) {
                    good.read(&trick, &damaged);
                } else {
                    good.read_all(&trick, &damaged);
                }
            }
        }
    }
}

#[test]
fn values_that_are_nested_deep_are_told() {
    for good in Good::all() {
        for part in good.parts() {
            let trick = format!("{part:?} nested");
            let deep = mutate::nested(&good.bytes, &part, DEPTH);
            if part.kind == Kind::Member {
                // The member is a part of another one now, which nobody has to know.
                good.read(&trick, &deep);
            } else {
                good.read_all(&trick, &deep);
            }
        }
    }
}

#[test]
fn extreme_values_are_taken_or_told() {
    let numbers = [
        "9".repeat(400),
        format!("0.{}", "0".repeat(400)),
        format!("-{}", "1".repeat(70_000)),
    ];
    for good in Good::all() {
        for part in good.parts() {
            let extremes: Vec<&str> = match part.kind {
                Kind::Value => JSON_EXTREMES
                    .iter()
                    .copied()
                    .chain(numbers.iter().map(|it| &**it))
                    .collect(),
                Kind::Text => XML_EXTREMES
                    .iter()
                    .copied()
                    .chain(numbers.iter().map(|it| &**it))
                    .collect(),
                Kind::Key | Kind::Member | Kind::Element | Kind::Attribute => Vec::new(),
            };
            for extreme in extremes {
                let changed = mutate::replaced(&good.bytes, &part.range, extreme.as_bytes());
                good.read(&format!("{part:?} is {extreme:.40}"), &changed);
            }
        }
    }
}

#[test]
fn parts_that_stand_there_twice_lose_nothing_without_a_word() {
    for good in Good::all() {
        for part in good.parts() {
            good.read_all(&format!("{part:?} twice"), &mutate::doubled(&good.bytes, &part));
        }
    }
}

#[test]
fn a_second_document_in_one_file_is_read_or_told() {
    for good in Good::all() {
        for between in ["", "\n", ","] {
            let twice = [&good.bytes, between.as_bytes(), &good.bytes].concat();
            let outcome = good.read("two documents", &twice);
            assert!(
                outcome.is_told() || outcome.kept.rows > good.outcome.kept.rows,
                "{}: the second document is passed over",
                good.format
            );
        }
    }
}

#[test]
fn rubbish_behind_a_file_is_told() {
    for good in Good::all() {
        for rubbish in ["x", "\0", "}", "{}", "<x/>", "\u{1a}", "\n--\n"] {
            let outcome = good.read("rubbish", &[&good.bytes, rubbish.as_bytes()].concat());
            assert!(outcome.is_told(), "{}: {rubbish:?} behind it, and no word", good.format);
        }
    }
}

/// What fuzzing does, without a C++ compiler: the same changes in every run.
#[test]
fn random_damage_breaks_no_promise() {
    for good in Good::all() {
        let mut random = Random(0);
        let mut bytes = good.bytes.clone();
        for change in 0..CHANGES {
            // Changes add up, up to eight of them.
            let before = if change % 8 == 0 { &good.bytes } else { &bytes };
            bytes = mutate::mutate(before, CHANGED_BYTES_MAX, &mut random);
            let outcome = good.read("random damage", &bytes);
            if change % 8 == 7 {
                contract::read_again(good.format, &bytes, &outcome);
            }
        }
    }
}

/// In a process of its own, whose memory is measured.
#[test]
fn a_text_longer_than_memory_is_read_within_bounds_or_refused() {
    let name = "hostile::a_text_longer_than_memory_is_read_within_bounds_or_refused";
    if std::env::var_os(CHILD).is_none() {
        let mut child = Command::new(std::env::current_exe().unwrap());
        let output = child
            .args([name, "--exact", "--nocapture"])
            .env(CHILD, "1")
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stdout);
        println!("{said}");
        assert!(
            output.status.success(),
            "{said}\n{}",
            String::from_utf8_lossy(&output.stderr)
        );
        assert!(said.contains("1 passed"), "{said}");
        return;
    }
    for good in Good::all() {
        let parts = good.parts();
        let mut letters = LONG_BYTES;
        for kind in [Kind::Value, Kind::Key, Kind::Text, Kind::Attribute] {
            let is_text = |part: &&Part| {
                let text = &good.bytes[part.range.clone()];
                part.kind == kind && (kind == Kind::Text || text.ends_with(b"\""))
            };
            let found: Vec<_> = parts.iter().filter(is_text).collect();
            for part in [found.first(), found.get(found.len() / 2), found.last()]
                .into_iter()
                .flatten()
            {
                // Before the quote that ends it.
                let at = part.range.end - usize::from(kind != Kind::Text);
                let mut source = Long {
                    before: &good.bytes[..at],
                    letters,
                    after: &good.bytes[at..],
                    at: 0,
                };
                letters = OTHER_LONG_BYTES;
                let begun = Instant::now();
                let length = source.length();
                let outcome = contract::read_from(good.format, &mut source, length);
                println!(
                    "{}: {part:?}: {:.1?}, {} KiB at most, {:?}",
                    good.format,
                    begun.elapsed(),
                    resident_kib_max().unwrap_or_default(),
                    outcome.result.as_ref().map(|_| outcome.kept.rows)
                );
                assert!(begun.elapsed() < LONG_TIME_MAX, "{}: {part:?}", good.format);
                let rows = outcome.kept.rows;
                assert!(
                    outcome.is_told() || rows >= good.outcome.kept.rows,
                    "{}: {part:?}",
                    good.format
                );
                if let Some(resident) = resident_kib_max() {
                    assert!(
                        resident <= RESIDENT_KIB_MAX,
                        "{}: {part:?}: {resident} KiB",
                        good.format
                    );
                }
            }
        }
    }
}

/// The most memory that this process has had; `None` where there is no `/proc`.
fn resident_kib_max() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix("kB")?.trim().parse().ok()
}

/// A file with one letter in it very often, made while it is read.
struct Long<'a> {
    before: &'a [u8],
    letters: u64,
    after: &'a [u8],
    at: u64,
}

impl Long<'_> {
    fn length(&self) -> u64 {
        self.before.len() as u64 + self.letters + self.after.len() as u64
    }
}

impl Read for Long<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let from = self.before.len() as u64;
        let read = if self.at < from {
            (&self.before[self.at as usize..]).read(buffer)?
        } else if self.at < from + self.letters {
            let left = usize::try_from(from + self.letters - self.at).unwrap_or(usize::MAX);
            let length = buffer.len().min(left);
            buffer[..length].fill(b'a');
            length
        } else {
            let at = self.at - from - self.letters;
            self.after.get(at as usize..).unwrap_or_default().read(buffer)?
        };
        self.at += read as u64;
        Ok(read)
    }
}

impl Seek for Long<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let (base, by) = match to {
            SeekFrom::Start(at) => (at, 0),
            SeekFrom::Current(by) => (self.at, by),
            SeekFrom::End(by) => (self.length(), by),
        };
        self.at = base.checked_add_signed(by).ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.at)
    }
}
