//! Runs the fuzz targets of `fuzz/`: one family for each format, one that recognises its input first, and those of the
//! hunting language.
//!
//! libFuzzer needs a C++ compiler and a coverage pass of rustc, both of which are part of stable toolchains. What
//! that pass needs of the compiler is given here, in the environment of one build with a folder of its own.
//! docs/fuzzing.md says what is looked for, and what to do with what is found.

use std::collections::BTreeSet;
use std::env;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, ExitStatus, Stdio};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::bench::{machine, record, remove, said_by};
use crate::system;
use crate::test::Tally;
use crate::{cargo, succeed, workspace};

/// What a family runs when nobody says: the hour of the bar.
const MINUTES: u64 = 60;

/// What a family runs in `cargo xtask test`.
const BRIEF_SECONDS: u64 = 3;

/// More resident memory is a find.
const RESIDENT_MIB_MAX: u32 = 500;

/// An input that takes longer is a find, in seconds.
const INPUT_SECONDS_MAX: u32 = 10;

/// Longest input that is made, in bytes. libFuzzer keeps its corpus in memory, which counts as resident.
const INPUT_BYTES_MAX: u32 = 64 * 1024;

/// Words of the test data that libFuzzer is told, so many for each family, of at most so many bytes.
const WORDS_MAX: usize = 1_000;
const WORD_BYTES_MAX: usize = 40;

/// The family that recognises its input and reads it, as an import does.
const ANY: &str = "any";

/// The families of the hunting language.
const LANGUAGE: [&str; 2] = ["kql_bind", "kql_parse"];

/// The folder of test data that is no format: what was found and mended.
const REGRESSIONS: &str = "regressions";

const POLL_INTERVAL: Duration = Duration::from_millis(200);

/// Counters on the edges of the code, and the comparisons, for libFuzzer to read: what `cargo fuzz` gives rustc too.
const COVERAGE: &[&str] = &[
    "--cfg=fuzzing",
    "-Cpasses=sancov-module",
    "-Cllvm-args=-sanitizer-coverage-level=4",
    "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
    "-Cllvm-args=-sanitizer-coverage-pc-table",
    "-Cllvm-args=-sanitizer-coverage-trace-compares",
];

pub struct Options {
    minutes: u64,
    /// None means all.
    families: Vec<String>,
    jobs: usize,
    record: bool,
}

impl Options {
    pub fn parse(arguments: &[String]) -> Result<Self> {
        let mut options = Self {
            minutes: MINUTES,
            families: Vec::new(),
            jobs: cpus(),
            record: false,
        };
        let mut arguments = arguments.iter();
        while let Some(argument) = arguments.next() {
            let mut value = || arguments.next().with_context(|| format!("{argument} needs a value"));
            match argument.as_str() {
                "--minutes" => options.minutes = value()?.parse().context("--minutes needs a number")?,
                "--family" => options.families.push(value()?.clone()),
                "--jobs" => options.jobs = value()?.parse().context("--jobs needs a number")?,
                "--record" => options.record = true,
                _ => bail!("unknown option {argument}"),
            }
        }
        let known = families()?;
        if let Some(unknown) = options.families.iter().find(|it| !known.contains(it)) {
            bail!("there is no family {unknown}; there are {}", known.join(", "));
        }
        if options.minutes == 0 || options.jobs == 0 {
            bail!("--minutes and --jobs must be 1 or more");
        }
        Ok(options)
    }
}

/// Runs families for minutes each, keeps what they learn in `fuzz/corpus`, and ends with a table.
pub fn run(options: &Options) -> Result<ExitCode> {
    let binary = build()?;
    let families = match options.families.is_empty() {
        true => families()?,
        false => options.families.clone(),
    };
    let seconds = options.minutes * 60;
    let plans = families.into_iter().map(|family| {
        let corpus = workspace().join("fuzz/corpus").join(&family);
        Plan::new(&binary, family, corpus, seconds)
    });
    let plans = plans.collect::<Result<Vec<_>>>()?;
    let reports = run_all(plans, options.jobs)?;
    println!("{}", Report::HEADER);
    for report in &reports {
        println!("{report}");
    }
    for report in &reports {
        if options.record {
            record("Fuzzing", &report.history_line(options.minutes))?;
        }
        if let Some(input) = &report.input {
            println!(
                "{}: see {} and {}",
                report.family,
                input.display(),
                report.log.display()
            );
        }
    }
    let found = reports.iter().any(|it| it.found.is_some());
    Ok(ExitCode::from(u8::from(found)))
}

/// A few seconds of every family, from the test data only and with the same seed each time.
pub fn brief(tally: &mut Tally) -> Result<()> {
    eprintln!("==> fuzzing, briefly");
    let compiler = env::var("CXX").unwrap_or_else(|_| "c++".to_owned());
    if !system::starts(&compiler) {
        system::install("g++")?;
    }
    if !system::starts(&compiler) {
        eprintln!("SKIPPED: THERE IS NO C++ COMPILER ({compiler}): the parsers were not fuzzed");
        tally.skipped += 1;
        return Ok(());
    }
    let binary = match build() {
        Ok(binary) => binary,
        Err(error) => {
            eprintln!("error: {error:#}");
            tally.failed.push("the build of the fuzz targets".to_owned());
            return Ok(());
        }
    };
    let scratch = target().join("brief");
    remove(&scratch)?;
    let plans = families()?.into_iter().map(|family| {
        let mut plan = Plan::new(&binary, family, scratch.clone(), BRIEF_SECONDS)?;
        plan.command.arg("-seed=1");
        Ok(plan)
    });
    for report in run_all(plans.collect::<Result<Vec<_>>>()?, cpus())? {
        match report.found {
            None => tally.passed += 1,
            Some(found) => {
                let input = report.input.unwrap_or(report.log);
                tally.failed.push(format!(
                    "fuzzing of {}: {found}, see {}",
                    report.family,
                    input.display()
                ));
            }
        }
    }
    Ok(())
}

fn cpus() -> usize {
    thread::available_parallelism().map_or(1, usize::from)
}

/// Each format has a folder of test data of its name; the language has its families besides.
fn families() -> Result<Vec<String>> {
    let mut families = vec![ANY.to_owned()];
    families.extend(LANGUAGE.map(str::to_owned));
    for path in list(&testdata())? {
        let name = file_name(&path);
        if path.is_dir() && name != REGRESSIONS {
            families.push(name);
        }
    }
    families.sort();
    Ok(families)
}

fn testdata() -> PathBuf {
    workspace().join("crates/ingest/testdata")
}

/// Where this is built, and where a run keeps what it needs.
fn target() -> PathBuf {
    let target = env::var_os("CARGO_TARGET_DIR").map_or_else(|| PathBuf::from("target"), PathBuf::from);
    workspace().join(target).join("fuzz")
}

/// Returns the path of the binary.
fn build() -> Result<PathBuf> {
    let version = said_by(&env::var("RUSTC").unwrap_or_else(|_| "rustc".to_owned()), &["-vV"]);
    let host = version.lines().find_map(|line| line.strip_prefix("host: "));
    let host = host.context("cannot ask rustc for the name of this platform")?;
    // A target that is named keeps the flags away from build scripts and macros.
    let mut command = cargo(&[
        "build",
        "--release",
        "--manifest-path",
        "fuzz/Cargo.toml",
        "--target",
        host,
    ]);
    command.arg("--target-dir").arg(target());
    command.env("CARGO_ENCODED_RUSTFLAGS", COVERAGE.join("\u{1f}"));
    succeed(&mut command).context("if fuzz/Cargo.lock is out of date, `cargo xtask codegen` writes it")?;
    Ok(target().join(host).join("release/postern-fuzz"))
}

/// A family that is going to be fuzzed.
struct Plan {
    family: String,
    command: Command,
    log: PathBuf,
}

impl Plan {
    /// `corpus` keeps the inputs that reach new code.
    fn new(binary: &Path, family: String, corpus: PathBuf, seconds: u64) -> Result<Self> {
        let seeds = target().join("seeds").join(&family);
        write_seeds(&family, &seeds)?;
        let words = target().join(format!("{family}.words"));
        fs::write(&words, dictionary(&seeds)?).with_context(|| format!("cannot write {}", words.display()))?;
        let artifacts = workspace().join("fuzz/artifacts");
        for folder in [&corpus, &artifacts] {
            fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))?;
        }
        let mut command = Command::new(binary);
        command
            .env("POSTERN_FUZZ", &family)
            .arg(format!("-max_total_time={seconds}"))
            .arg(format!("-rss_limit_mb={RESIDENT_MIB_MAX}"))
            .arg(format!("-timeout={INPUT_SECONDS_MAX}"))
            .arg(format!("-max_len={INPUT_BYTES_MAX}"))
            .arg("-print_final_stats=1")
            .arg(format!("-dict={}", words.display()))
            .arg(format!("-artifact_prefix={}/{family}-", artifacts.display()))
            .args([corpus, seeds]);
        Ok(Self {
            log: target().join(format!("{family}.log")),
            family,
            command,
        })
    }

    fn start(mut self) -> Result<Running> {
        let log = File::create(&self.log).with_context(|| format!("cannot write {}", self.log.display()))?;
        let output = log.try_clone().context("cannot share the log")?;
        self.command.stdin(Stdio::null()).stdout(output).stderr(log);
        let child = self.command.spawn().context("cannot start the fuzz target")?;
        Ok(Running { plan: self, child })
    }
}

struct Running {
    plan: Plan,
    child: Child,
}

/// Runs so many at a time; the reports come in the order of the plans.
fn run_all(plans: Vec<Plan>, jobs: usize) -> Result<Vec<Report>> {
    let order: Vec<String> = plans.iter().map(|it| it.family.clone()).collect();
    let mut waiting = plans.into_iter();
    let mut running: Vec<Running> = Vec::new();
    let mut reports = Vec::new();
    loop {
        while running.len() < jobs
            && let Some(plan) = waiting.next()
        {
            eprintln!("fuzzing {}", plan.family);
            running.push(plan.start()?);
        }
        if running.is_empty() {
            break;
        }
        thread::sleep(POLL_INTERVAL);
        let mut still = Vec::new();
        for mut it in running {
            match it.child.try_wait().context("cannot wait for a fuzz target")? {
                Some(status) => reports.push(Report::read(it.plan, status)?),
                None => still.push(it),
            }
        }
        running = still;
    }
    reports.sort_by_key(|report: &Report| order.iter().position(|family| *family == report.family));
    Ok(reports)
}

/// What came of a family.
struct Report {
    family: String,
    log: PathBuf,
    executions: u64,
    /// Edges of the code that were reached.
    edges: u64,
    slowest_s: u64,
    peak_mib: u64,
    found: Option<&'static str>,
    /// The input that shows what was found.
    input: Option<PathBuf>,
}

impl Report {
    const HEADER: &str = "family             executions      edges  slowest s   peak MiB  found";

    fn read(plan: Plan, status: ExitStatus) -> Result<Self> {
        let bytes = fs::read(&plan.log).with_context(|| format!("cannot read {}", plan.log.display()))?;
        let text = String::from_utf8_lossy(&bytes);
        // The exit codes are libFuzzer's own: `-timeout_exitcode` and `-oom_exitcode`.
        let found = match status.code() {
            Some(0) => None,
            Some(70) => Some("an input that takes too long"),
            Some(71) => Some("too much memory"),
            _ => Some("a broken promise or a panic"),
        };
        let input = text.lines().find_map(|line| line.split_once("Test unit written to "));
        Ok(Self {
            executions: last_number(&text, "stat::number_of_executed_units:"),
            edges: last_number(&text, " cov:"),
            slowest_s: last_number(&text, "stat::slowest_unit_time_sec:"),
            peak_mib: last_number(&text, "stat::peak_rss_mb:"),
            found,
            input: input.map(|(_, path)| path.trim().into()),
            family: plan.family,
            log: plan.log,
        })
    }

    fn found(&self) -> &'static str {
        self.found.unwrap_or("nothing")
    }

    fn history_line(&self, minutes: u64) -> String {
        format!(
            "| {} | {} | {minutes} | {} | {} | {} | {} | {} | {} | {} |",
            said_by("date", &["-u", "+%F %H:%M"]),
            self.family,
            self.executions,
            self.edges,
            self.slowest_s,
            self.peak_mib,
            self.found(),
            machine(),
            said_by("git", &["describe", "--always", "--dirty"]),
        )
    }
}

impl std::fmt::Display for Report {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{:16} {:12} {:10} {:10} {:10}  {}",
            self.family,
            self.executions,
            self.edges,
            self.slowest_s,
            self.peak_mib,
            self.found()
        )
    }
}

/// The number behind the last place where a name stands; 0 where it stands nowhere.
fn last_number(text: &str, name: &str) -> u64 {
    let behind = text.rsplit_once(name).map_or("", |(_, behind)| behind);
    let digits: String = behind.trim_start().chars().take_while(char::is_ascii_digit).collect();
    digits.parse().unwrap_or(0)
}

/// Copies the inputs of the test data to a folder: those of one format, or of all.
fn write_seeds(family: &str, folder: &Path) -> Result<()> {
    remove(folder)?;
    fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))?;
    if LANGUAGE.contains(&family) {
        return write_queries(folder);
    }
    for format in list(&testdata())? {
        let format_name = file_name(&format);
        if family != ANY && family != format_name && format_name != REGRESSIONS {
            continue;
        }
        for case in list(&format)? {
            if format_name == REGRESSIONS && family != ANY && file_name(&case) != family {
                continue;
            }
            for file in list(&case)? {
                if file_name(&file) != "want.json" {
                    let name = format!("{format_name}-{}-{}", file_name(&case), file_name(&file));
                    fs::copy(&file, folder.join(name)).with_context(|| format!("cannot copy {}", file.display()))?;
                }
            }
        }
    }
    Ok(())
}

/// Writes a file for each query of the language's test data, which blank lines part, and copies what was found before.
fn write_queries(folder: &Path) -> Result<()> {
    let testdata = workspace().join("crates/kql/testdata");
    let path = testdata.join("queries.kql");
    let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    for (index, query) in text.split("\n\n").enumerate() {
        let file = folder.join(format!("query-{index}"));
        fs::write(&file, query).with_context(|| format!("cannot write {}", file.display()))?;
    }
    for found in list(&testdata.join(REGRESSIONS))? {
        let name = folder.join(format!("{REGRESSIONS}-{}", file_name(&found)));
        fs::copy(&found, name).with_context(|| format!("cannot copy {}", found.display()))?;
    }
    Ok(())
}

/// Words of the seeds in the form that libFuzzer reads.
fn dictionary(seeds: &Path) -> Result<String> {
    let mut words = BTreeSet::new();
    for seed in list(seeds)? {
        let bytes = fs::read(&seed).with_context(|| format!("cannot read {}", seed.display()))?;
        words.extend(words_of(&bytes).map(<[u8]>::to_vec));
    }
    let line = |word: &Vec<u8>| -> String {
        let bytes: String = word.iter().map(|byte| format!("\\x{byte:02X}")).collect();
        format!("\"{bytes}\"\n")
    };
    Ok(words.iter().take(WORDS_MAX).map(line).collect())
}

/// Runs of letters, digits and what joins them: keys, names, ids and numbers.
fn words_of(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    bytes
        .split(|byte| !byte.is_ascii_alphanumeric() && !b"_-.:/".contains(byte))
        .filter(|word| (2..=WORD_BYTES_MAX).contains(&word.len()))
}

/// Paths in a folder, by name.
fn list(folder: &Path) -> Result<Vec<PathBuf>> {
    let cannot = || format!("cannot list {}", folder.display());
    let entries = fs::read_dir(folder).with_context(cannot)?;
    let mut paths = entries
        .map(|entry| Ok(entry?.path()))
        .collect::<std::io::Result<Vec<_>>>()
        .with_context(cannot)?;
    paths.sort();
    Ok(paths)
}

fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_those_that_were_said_last() {
        let log = "#1 INITED cov: 12 ft: 3\n#2 NEW    cov: 34 ft: 5 corp: 1/2b\nstat::peak_rss_mb:              82\n";
        assert_eq!(last_number(log, " cov:"), 34);
        assert_eq!(last_number(log, "stat::peak_rss_mb:"), 82);
        assert_eq!(last_number(log, "stat::number_of_executed_units:"), 0);
    }

    #[test]
    fn words_are_keys_names_and_ids() {
        let found: Vec<_> = words_of(br#"{"ObjectSid": "S-1-5-21", "a": [1, 22]} <Report name="x">"#).collect();
        let wanted: [&[u8]; 5] = [b"ObjectSid", b"S-1-5-21", b"22", b"Report", b"name"];
        assert_eq!(found, wanted);
    }

    #[test]
    fn every_format_is_a_family_and_what_was_mended_is_none() {
        let families = families().unwrap();
        assert!(families.contains(&ANY.to_owned()) && families.contains(&"nessus".to_owned()));
        assert!(LANGUAGE.iter().all(|family| families.contains(&(*family).to_owned())));
        assert!(!families.contains(&REGRESSIONS.to_owned()));
    }
}
