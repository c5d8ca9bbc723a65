//! What it costs to write facts as Parquet: CPU seconds, bytes and memory for the encodings in question.
//!
//! Facts are made up in the proportions of SharpHound files, for one GB of them: 3.2 million relations
//! and 300,000 objects with 1.2 KB of JSON each. The choice in `src/file.rs` was made with this program:
//!
//! ```text
//! cargo run --release -p postern-lake --example write_throughput -- [folder]
//! ```

use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::Instant;

use parquet::arrow::arrow_writer::{ArrowWriter, ArrowWriterOptions};
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::file::properties::{EnabledStatistics, WriterProperties, WriterPropertiesBuilder};
use parquet::schema::types::ColumnPath;
use postern_lake::Lake;
use postern_model::Table;
use postern_model::batch::BATCH_ROWS_MAX;
use postern_model::schema::{OBJECTS, RELATIONS, Schema};
use postern_model::table::Value;
use serde_json::json;

#[allow(dead_code)]
#[path = "../src/convert.rs"]
mod convert;

type Failure = Box<dyn std::error::Error>;

const OBJECTS_PER_GB: usize = 300_000;
const RELATIONS_PER_GB: usize = 3_200_000;
const SLICE_ROWS: usize = 2_048;

fn main() -> Result<(), Failure> {
    let folder = std::env::args_os()
        .nth(1)
        .map_or_else(std::env::temp_dir, PathBuf::from);
    let folder = folder.join(format!("write-throughput-{}", std::process::id()));
    std::fs::create_dir(&folder)?;
    let outcome = measure(&folder);
    std::fs::remove_dir_all(&folder)?;
    outcome
}

fn measure(folder: &Path) -> Result<(), Failure> {
    println!(
        "{:<62} {:>9} {:>9} {:>9}",
        "one GB of SharpHound JSON, on one thread", "CPU s", "MB", "wall s"
    );
    for (name, table) in [("relations", Fact::Relation), ("objects", Fact::Object)] {
        for (option, properties) in options(table) {
            let path = folder.join("option.parquet");
            let cost = write_option(&path, table, properties)?;
            report(&format!("{name}: {option}"), &cost);
        }
    }
    let lake = Lake::open(folder)?;
    let cost = write_snapshot(&lake)?;
    report("both, as the lake writes them", &cost);
    let cost = read_snapshot(&lake)?;
    report("both, read back", &cost);
    println!("resident at most: {} MB", memory_high_kb()? / 1_000);
    Ok(())
}

fn options(fact: Fact) -> Vec<(String, WriterProperties)> {
    let base = || {
        WriterProperties::builder()
            .set_statistics_enabled(EnabledStatistics::None)
            .set_compression(Compression::ZSTD(ZstdLevel::default()))
            .set_encoding(Encoding::PLAIN)
    };
    type Change = fn(WriterPropertiesBuilder) -> WriterPropertiesBuilder;
    let mut options: Vec<(&str, Change)> = vec![
        ("zstd 1, dictionary ≤ 1 MiB, then plain", |it| it),
        ("the same, no compression", |it| {
            it.set_compression(Compression::UNCOMPRESSED)
        }),
        ("the same, snappy", |it| it.set_compression(Compression::SNAPPY)),
        ("the same, zstd 3", |it| {
            it.set_compression(Compression::ZSTD(ZstdLevel::try_new(3).expect("3 is a level")))
        }),
        ("zstd 1, minimum and maximum of each row group", |it| {
            it.set_statistics_enabled(EnabledStatistics::Chunk)
        }),
        ("zstd 1, then delta byte array", |it| {
            it.set_encoding(Encoding::DELTA_BYTE_ARRAY)
        }),
        ("zstd 1, then delta length byte array", |it| {
            encode_text(it, Encoding::DELTA_LENGTH_BYTE_ARRAY)
        }),
    ];
    match fact {
        Fact::Relation => options.extend([
            (
                "zstd 1, dictionary ≤ 4 MiB",
                (|it| it.set_dictionary_page_size_limit(4 << 20)) as Change,
            ),
            ("zstd 1, dictionary ≤ 16 MiB", |it| {
                it.set_dictionary_page_size_limit(16 << 20)
            }),
            ("zstd 1, groups of 65,536 rows", |it| {
                it.set_max_row_group_row_count(Some(65_536))
            }),
            ("zstd 1, groups of 131,072 rows", |it| {
                it.set_max_row_group_row_count(Some(131_072))
            }),
            ("snappy, groups of 131,072 rows", |it| {
                it.set_max_row_group_row_count(Some(131_072))
                    .set_compression(Compression::SNAPPY)
            }),
            ("zstd 1, no dictionary, delta byte array", |it| {
                encode_text(it.set_dictionary_enabled(false), Encoding::DELTA_BYTE_ARRAY)
            }),
            ("zstd 1, subject and target delta byte array", |it| {
                ["subject", "target"].into_iter().fold(it, |it, column| {
                    let column = ColumnPath::from(column);
                    it.set_column_dictionary_enabled(column.clone(), false)
                        .set_column_encoding(column, Encoding::DELTA_BYTE_ARRAY)
                })
            }),
        ]),
        Fact::Object => options.extend([
            (
                "zstd 1, no dictionary",
                (|it| it.set_dictionary_enabled(false)) as Change,
            ),
            ("snappy, no dictionary", |it| {
                it.set_dictionary_enabled(false).set_compression(Compression::SNAPPY)
            }),
        ]),
    }
    let make = |(name, change): (&str, Change)| (name.to_owned(), change(base()).build());
    options.into_iter().map(make).collect()
}

/// Sets what follows a dictionary that grew too large, for the text columns: no other can be delta encoded.
fn encode_text(mut builder: WriterPropertiesBuilder, encoding: Encoding) -> WriterPropertiesBuilder {
    let text = ["subject", "source", "target", "id", "name", "properties"];
    for column in text {
        builder = builder.set_column_encoding(column.into(), encoding);
    }
    builder
}

struct Cost {
    cpu_s: f64,
    wall_s: f64,
    bytes: u64,
    rows: usize,
}

fn report(name: &str, cost: &Cost) {
    let Cost {
        cpu_s,
        wall_s,
        bytes,
        rows,
    } = cost;
    let per_million = cpu_s / (*rows as f64 / 1e6);
    println!(
        "{name:<62} {cpu_s:>9.2} {:>9.1} {wall_s:>9.2}   {per_million:.2} CPU s per million rows",
        *bytes as f64 / 1e6
    );
}

fn write_option(path: &Path, fact: Fact, properties: WriterProperties) -> Result<Cost, Failure> {
    let arrow = convert::arrow_schema(fact.schema());
    let options = ArrowWriterOptions::new()
        .with_properties(properties)
        .with_skip_arrow_metadata(true);
    let mut writer = ArrowWriter::try_new_with_options(File::create(path)?, arrow.clone(), options)?;
    let mut meter = Meter::default();
    let mut rows = 0;
    for chunk in fact.chunks() {
        meter.run(|| -> Result<(), Failure> {
            for start in (0..chunk.rows()).step_by(SLICE_ROWS) {
                let end = chunk.rows().min(start + SLICE_ROWS);
                writer.write(&convert::to_batch(&chunk, start..end, &arrow)?)?;
                if writer.memory_size() > 24 << 20 {
                    writer.flush()?;
                }
            }
            Ok(())
        })?;
        rows += chunk.rows();
    }
    meter.run(|| writer.finish())?;
    Ok(meter.cost(rows, std::fs::metadata(path)?.len()))
}

const SNAPSHOT: &str = "measured";

fn write_snapshot(lake: &Lake) -> Result<Cost, Failure> {
    let mut meter = Meter::default();
    let mut writer = lake.snapshot_writer(SNAPSHOT)?;
    for chunk in Fact::Relation.chunks().chain(Fact::Object.chunks()) {
        meter.run(|| writer.write(&chunk))?;
    }
    let summary = meter.run(|| writer.finish())?;
    let rows = summary.tables.values().map(|table| table.rows as usize).sum();
    Ok(meter.cost(rows, summary.tables.values().map(|table| table.size_bytes).sum()))
}

fn read_snapshot(lake: &Lake) -> Result<Cost, Failure> {
    let mut meter = Meter::default();
    let mut rows = 0;
    meter.run(|| -> postern_lake::Result<()> {
        for fact in [Fact::Relation, Fact::Object] {
            lake.read_snapshot_table(SNAPSHOT, fact.schema(), |chunk| -> postern_lake::Result<()> {
                rows += chunk.rows();
                Ok(())
            })?;
        }
        Ok(())
    })?;
    Ok(meter.cost(rows, lake.disk_usage()?.snapshot_bytes))
}

/// Adds up what the runs cost, and not what is between them.
#[derive(Default)]
struct Meter {
    cpu_s: f64,
    wall_s: f64,
}

impl Meter {
    fn run<T>(&mut self, work: impl FnOnce() -> T) -> T {
        let (cpu_s, wall) = (cpu_s(), Instant::now());
        let result = work();
        self.cpu_s += self::cpu_s() - cpu_s;
        self.wall_s += wall.elapsed().as_secs_f64();
        result
    }

    fn cost(&self, rows: usize, bytes: u64) -> Cost {
        Cost {
            cpu_s: self.cpu_s,
            wall_s: self.wall_s,
            bytes,
            rows,
        }
    }
}

/// CPU seconds of this thread, in the kernel too. Linux only; elsewhere the figures are zero.
fn cpu_s() -> f64 {
    let nanoseconds = std::fs::read_to_string("/proc/thread-self/schedstat")
        .ok()
        .and_then(|text| text.split(' ').next()?.parse::<u64>().ok());
    nanoseconds.unwrap_or_default() as f64 / 1e9
}

fn memory_high_kb() -> Result<u64, Failure> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .unwrap_or("0 kB");
    Ok(line.trim_matches(|letter: char| !letter.is_ascii_digit()).parse()?)
}

#[derive(Clone, Copy)]
enum Fact {
    Relation,
    Object,
}

impl Fact {
    fn schema(self) -> &'static Schema {
        match self {
            Self::Relation => &RELATIONS,
            Self::Object => &OBJECTS,
        }
    }

    fn chunks(self) -> impl Iterator<Item = Table> {
        let mut random = Random(7);
        let mut subject = 0;
        std::iter::from_fn(move || {
            if subject == OBJECTS_PER_GB {
                return None;
            }
            let mut chunk = Table::new(self.schema());
            while subject < OBJECTS_PER_GB && chunk.rows() + 32 < BATCH_ROWS_MAX {
                match self {
                    Self::Relation => push_relations(&mut chunk, subject, &mut random),
                    Self::Object => push_object(&mut chunk, subject, &mut random),
                }
                subject += 1;
            }
            Some(chunk)
        })
    }
}

fn sid(number: u64) -> String {
    format!("S-1-5-21-3130019616-2776909439-2417379446-{}", number + 1_000)
}

/// Eight to ten rights of mostly the same few principals, a container and a primary group.
fn push_relations(chunk: &mut Table, subject: usize, random: &mut Random) {
    const RIGHTS: [&str; 8] = [
        "GenericAll",
        "WriteDacl",
        "WriteOwner",
        "AllExtendedRights",
        "GenericWrite",
        "Owns",
        "AddKeyCredentialLink",
        "AddMember",
    ];
    let per_subject = RELATIONS_PER_GB / OBJECTS_PER_GB - 2;
    let me = sid(subject as u64);
    let mut push = |cell, source: &str, source_kind, target: &str, target_kind, kind, properties| {
        chunk.push(&[
            Value::Long(cell),
            Value::Text(&me),
            Value::Text(source),
            Value::Text(source_kind),
            Value::Text(target),
            Value::Text(target_kind),
            Value::Text(kind),
            Value::Text(properties),
        ]);
    };
    for _ in 0..per_subject + usize::from(random.below(10) < 7) {
        let principal = match random.below(20) {
            0 => sid(random.below(OBJECTS_PER_GB as u64)),
            1..5 => sid(900_000 + random.below(500)),
            _ => sid(800_000 + random.below(20)),
        };
        let properties = match random.below(3) {
            0 => r#"{"isinherited":false}"#,
            _ => r#"{"isinherited":true}"#,
        };
        let right = RIGHTS[random.below(8) as usize];
        push(1, &principal, "Group", &me, "User", right, properties);
    }
    let unit = format!("{:08X}-11D2-945F-00C04FB984F9", random.below(2_000) * 7_919);
    push(2, &unit, "OU", &me, "User", "Contains", "");
    let group = sid(700_000 + random.below(3_000));
    push(3, &me, "User", &group, "Group", "MemberOf", "");
}

fn push_object(chunk: &mut Table, subject: usize, random: &mut Random) {
    let me = sid(subject as u64);
    let name = format!("{}{:06}@CORP.EXAMPLE.ORG", random.word(), subject);
    let mut words = String::new();
    for _ in 0..40 {
        words.push_str(&random.word());
        words.push(' ');
    }
    let mut time = || 1_568_630_538 + random.below(99_999_999);
    let (created, changed, seen, used) = (time(), time(), time(), time());
    let properties = json!({
        "admincount": random.below(50) == 0,
        "description": words,
        "displayname": format!("{} {}", random.word(), random.word()),
        "distinguishedname": format!("CN={name},OU={},OU=ACCOUNTS,DC=CORP,DC=EXAMPLE,DC=ORG", random.word()),
        "domain": "CORP.EXAMPLE.ORG",
        "domainsid": "S-1-5-21-3130019616-2776909439-2417379446",
        "dontreqpreauth": false,
        "email": format!("{}@example.org", random.word()),
        "enabled": random.below(10) != 0,
        "hasspn": false,
        "homedirectory": null,
        "lastlogon": used,
        "lastlogontimestamp": seen,
        "logonscript": null,
        "name": name,
        "passwordnotreqd": false,
        "pwdlastset": changed,
        "pwdneverexpires": random.below(2) == 0,
        "samaccountname": random.word(),
        "sensitive": false,
        "serviceprincipalnames": [],
        "sfupassword": null,
        "sidhistory": [],
        "supportedencryptiontypes": ["Not defined"],
        "title": random.word(),
        "trustedtoauth": false,
        "unconstraineddelegation": false,
        "unicodepassword": null,
        "unixpassword": null,
        "useraccountcontrol": 66_048,
        "userpassword": null,
        "whencreated": created,
    })
    .to_string();
    chunk.push(&[
        Value::Long(0),
        Value::Text(&me),
        Value::Text(&me),
        Value::Text("User"),
        Value::Text(&name),
        Value::Text(&properties),
    ]);
}

/// Numbers that look random and are the same each time (Marsaglia's xorshift).
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % bound
    }

    /// One of 20,000 words of three to eight letters.
    fn word(&mut self) -> String {
        let mut inner = Random(self.below(20_000) * 2_654_435_761 + 1);
        (0..3 + inner.below(6))
            .map(|_| char::from(b'a' + inner.below(26) as u8))
            .collect()
    }
}
