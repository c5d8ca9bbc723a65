//! Measures the import beside a plain reader of the same files, taking turns.
//!
//! Bar (1 GiB of SharpHound JSON, raw copy off): at least 0.25 GB of input for each processor second, at
//! most 500 MiB resident. Bar (600 MiB of AzureHound devices): 60 s on 2 cores. Dated results with their machine:
//! `benches/HISTORY.md`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::{Context, Result, bail};

use crate::measure::{self, Usage};
use crate::{cargo, succeed, workspace};

const RUNS: usize = 3;

pub struct Options {
    /// As given: `sharphound:1GiB`.
    data: String,
    /// The two parts of it: what `postern sample` writes, and how much.
    format: String,
    size: String,
    runs: usize,
    keep: Option<PathBuf>,
    record: bool,
}

impl Options {
    pub fn parse(arguments: &[String]) -> Result<Self> {
        let mut data = None;
        let mut options = Self {
            data: String::new(),
            format: String::new(),
            size: String::new(),
            runs: RUNS,
            keep: None,
            record: false,
        };
        let mut arguments = arguments.iter();
        while let Some(argument) = arguments.next() {
            let mut value = || arguments.next().with_context(|| format!("{argument} needs a value"));
            match argument.as_str() {
                "--data" => data = Some(value()?.clone()),
                "--runs" => options.runs = value()?.parse().context("--runs needs a number")?,
                "--keep" => options.keep = Some(value()?.into()),
                "--record" => options.record = true,
                _ => bail!("unknown option {argument}"),
            }
        }
        options.data = data.context("--data is missing")?;
        (options.format, options.size) = match options.data.split_once(':') {
            Some((format @ ("sharphound" | "azurehound"), size)) if !size.is_empty() => {
                (format.to_owned(), size.to_owned())
            }
            _ => bail!(
                "--data {}: write sharphound:SIZE, azurehound:SIZE or directory:USERS",
                options.data
            ),
        };
        if options.runs == 0 {
            bail!("--runs must be 1 or more");
        }
        Ok(options)
    }
}

/// Parses every record with the C parser of Python's standard library, one record at a time, in constant
/// memory. Keeps nothing, so no importer in Python can be faster.
const READER: &str = r#"
import json, sys
decode = json.JSONDecoder().raw_decode
for path in sys.argv[1:]:
    with open(path, encoding="utf-8-sig") as file:
        text, end, more = file.read(1 << 20), 0, True
        end = text.index('"data":[') + 8
        while True:
            if len(text) - end < 1 << 19 and more:
                chunk = file.read(1 << 20)
                more = chunk != ""
                text, end = text[end:] + chunk, 0
            while text[end] in ",\n":
                end += 1
            if text[end] == "]":
                break
            try:
                _, end = decode(text, end)
            except ValueError:
                # A record that is longer than what is left in memory: read on, and parse it again.
                chunk = file.read(1 << 24)
                if not chunk:
                    raise
                text, end = text[end:] + chunk, 0
"#;

pub fn run(options: &Options) -> Result<ExitCode> {
    succeed(&mut cargo(&["build", "--release", "--package", "postern"]))?;
    let postern = workspace().join("target/release/postern");
    let scratch = workspace().join("target/bench");
    let data = match &options.keep {
        Some(folder) => folder.clone(),
        None => scratch.join("data"),
    };
    let files = write_data(&postern, options, &data)?;
    let bytes = total_bytes(&files)?;
    println!("{}: {bytes} bytes in {} files", options.data, files.len());

    let mut imports = Vec::new();
    let mut readings = Vec::new();
    for run in 1..=options.runs {
        let folder = scratch.join("folder");
        remove(&folder)?;
        let mut import = Command::new(&postern);
        import
            .args(["import", "--no-raw", "--no-build", "--json", "--data"])
            .arg(&folder)
            .args(&files);
        imports.push(measure::run(&mut import)?);
        remove(&folder)?;
        readings.push(measure::run(Command::new("python3").args(["-c", READER]).args(&files))?);
        println!("run {run}");
        print_usage("postern", bytes, imports[run - 1]);
        print_usage("reader", bytes, readings[run - 1]);
    }
    let (import, reading) = (median(&imports), median(&readings));
    println!("median of {}", options.runs);
    print_usage("postern", bytes, import);
    print_usage("reader", bytes, reading);
    if options.keep.is_none() {
        remove(&data)?;
    }
    if options.record {
        record("Import", &history_line(options, bytes, import, reading))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// The files of the wanted size; a folder that already holds some is taken as it is.
fn write_data(postern: &Path, options: &Options, folder: &Path) -> Result<Vec<PathBuf>> {
    if options.keep.is_none() {
        remove(folder)?;
    }
    let is_written = fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_some());
    if !is_written {
        let mut command = Command::new(postern);
        command
            .args(["sample", &options.format, "--size", &options.size, "--out"])
            .arg(folder);
        succeed(&mut command)?;
    }
    let entries = fs::read_dir(folder).with_context(|| format!("cannot list {}", folder.display()))?;
    let mut files = Vec::new();
    for entry in entries {
        files.push(
            entry
                .with_context(|| format!("cannot list {}", folder.display()))?
                .path(),
        );
    }
    files.retain(|path| path.extension().is_some_and(|it| it == "json"));
    files.sort();
    if files.is_empty() {
        bail!("no data in {}", folder.display());
    }
    Ok(files)
}

fn total_bytes(files: &[PathBuf]) -> Result<u64> {
    files.iter().try_fold(0, |sum, path| {
        let size = fs::metadata(path)
            .with_context(|| format!("cannot look at {}", path.display()))?
            .len();
        Ok(sum + size)
    })
}

pub fn remove(folder: &Path) -> Result<()> {
    match fs::remove_dir_all(folder) {
        Err(cause) if cause.kind() != std::io::ErrorKind::NotFound => {
            Err(cause).with_context(|| format!("cannot remove {}", folder.display()))
        }
        _ => Ok(()),
    }
}

/// In 10⁹ bytes for each second of processor time; a run below the clock's resolution counts as one tick.
fn gb_per_cpu_s(bytes: u64, usage: Usage) -> f64 {
    bytes as f64 / 1e9 / usage.cpu_s.max(0.01)
}

fn print_usage(name: &str, bytes: u64, usage: Usage) {
    println!(
        "  {name:8} {:.3} GB/CPU-s  {:.1} CPU s  {:.1} s  {:.0} MiB peak",
        gb_per_cpu_s(bytes, usage),
        usage.cpu_s,
        usage.wall_s,
        usage.peak_mib
    );
}

/// Each column's own median; for an even number of runs, the worse of the middle two.
fn median(usages: &[Usage]) -> Usage {
    let middle = |read: fn(&Usage) -> f64| {
        let mut values: Vec<f64> = usages.iter().map(read).collect();
        values.sort_by(f64::total_cmp);
        values[values.len() / 2]
    };
    Usage {
        wall_s: middle(|it| it.wall_s),
        cpu_s: middle(|it| it.cpu_s),
        peak_mib: middle(|it| it.peak_mib),
    }
}

fn history_line(options: &Options, bytes: u64, import: Usage, reading: Usage) -> String {
    format!(
        "| {} | {} | {bytes} | {} | {:.3} | {:.0} | {:.3} | {:.0} | {} | {} |",
        said_by("date", &["-u", "+%F"]),
        options.data,
        options.runs,
        gb_per_cpu_s(bytes, import),
        import.peak_mib,
        gb_per_cpu_s(bytes, reading),
        reading.peak_mib,
        machine(),
        said_by("git", &["describe", "--always", "--dirty"]),
    )
}

/// Appends a line to the table under a heading of `benches/HISTORY.md`.
pub fn record(heading: &str, line: &str) -> Result<()> {
    let path = workspace().join("benches/HISTORY.md");
    let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let text =
        with_line(&text, heading, line).with_context(|| format!("{} has no heading {heading}", path.display()))?;
    fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))
}

/// A text with one more line at the end of a section; `None` when there is no such section.
fn with_line(text: &str, heading: &str, line: &str) -> Option<String> {
    let begin = text.find(&format!("## {heading}\n"))?;
    let end = text[begin..].find("\n\n## ").map_or(text.len(), |at| begin + at);
    let (before, after) = (text[..end].trim_end(), text[end..].trim_end());
    Some(format!("{before}\n{line}{after}\n"))
}

pub fn machine() -> String {
    let cpus = std::thread::available_parallelism().map_or(1, usize::from);
    let info = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = info
        .lines()
        .find_map(|line| line.strip_prefix("model name")?.split_once(": "))
        .map_or("unknown processor", |(_, model)| model.trim());
    format!("{cpus} × {model}")
}

/// What a small tool of the system prints.
pub fn said_by(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).current_dir(workspace()).args(arguments).output();
    match output {
        Ok(output) if output.status.success() => String::from_utf8_lossy(&output.stdout).trim().to_owned(),
        _ => "unknown".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Options> {
        Options::parse(&text.split_whitespace().map(str::to_owned).collect::<Vec<_>>())
    }

    #[test]
    fn options_are_read_and_mistakes_are_named() {
        let options = parse("--data sharphound:1GiB --runs 5 --record").unwrap();
        assert_eq!((options.size.as_str(), options.runs, options.record), ("1GiB", 5, true));
        for (text, message) in [
            ("", "--data is missing"),
            ("--data", "--data needs a value"),
            (
                "--data nessus:1GiB",
                "--data nessus:1GiB: write sharphound:SIZE, azurehound:SIZE or directory:USERS",
            ),
            ("--data sharphound:1GiB --runs 0", "--runs must be 1 or more"),
            ("--fast", "unknown option --fast"),
        ] {
            assert_eq!(parse(text).err().map(|it| it.to_string()).as_deref(), Some(message));
        }
    }

    #[test]
    fn a_result_goes_below_its_own_table() {
        let text = "# M\n\n## A\n\n| a |\n|---|\n| 1 |\n\n## B\n\n| b |\n|---|\n";
        let text = with_line(text, "A", "| 2 |").unwrap();
        let text = with_line(&text, "B", "| 3 |").unwrap();
        assert_eq!(
            text,
            "# M\n\n## A\n\n| a |\n|---|\n| 1 |\n| 2 |\n\n## B\n\n| b |\n|---|\n| 3 |\n"
        );
        assert_eq!(with_line(&text, "C", "| 4 |"), None);
    }

    #[test]
    fn the_median_of_an_even_number_is_the_worse_of_the_middle_two() {
        let usage = |value| Usage {
            wall_s: value,
            cpu_s: value,
            peak_mib: value,
        };
        assert_eq!(median(&[usage(3.0), usage(1.0)]).cpu_s, 3.0);
        assert_eq!(median(&[usage(9.0), usage(1.0), usage(2.0)]).peak_mib, 2.0);
    }
}
