//! Measures the build of a generation over a large directory, phase by phase.
//!
//! Bar (50,000 users, 20,000 computers, 4,000,000 relations): 10 s for the derivation of all steps, 2 GiB resident.
//! Dated results with their machine: `benches/HISTORY.md`.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::bench::{machine, record, remove, said_by};
use crate::http::{load, target_folder};
use crate::measure::{self, Usage};
use crate::{cargo, succeed, workspace};

const RUNS: usize = 3;
/// The phase that the bar is about.
const DERIVING: &str = "deriving steps";

pub struct Options {
    users: u64,
    runs: usize,
    keep: Option<PathBuf>,
    record: bool,
}

impl Options {
    /// * `users`: `50k`, `50000`.
    /// * `arguments`: those behind it.
    pub fn parse(users: &str, arguments: &[String]) -> Result<Self> {
        let (number, thousands) = match users.strip_suffix('k') {
            Some(number) => (number, 1_000),
            None => (users, 1),
        };
        let number: Option<u64> = number.parse().ok();
        let mut options = Self {
            users: number
                .and_then(|number| number.checked_mul(thousands))
                .with_context(|| format!("--data directory:{users}: write a number of users, such as 50k"))?,
            runs: RUNS,
            keep: None,
            record: false,
        };
        let mut arguments = arguments.iter();
        while let Some(argument) = arguments.next() {
            let mut value = || arguments.next().with_context(|| format!("{argument} needs a value"));
            match argument.as_str() {
                "--runs" => options.runs = value()?.parse().context("--runs needs a number")?,
                "--keep" => options.keep = Some(value()?.into()),
                "--record" => options.record = true,
                _ => bail!("unknown option {argument}"),
            }
        }
        if options.runs == 0 {
            bail!("--runs must be 1 or more");
        }
        Ok(options)
    }
}

/// What one build took.
struct Taken {
    usage: Usage,
    /// Seconds by phase.
    phases: BTreeMap<String, f64>,
}

pub fn run(options: &Options) -> Result<ExitCode> {
    succeed(&mut cargo(&["build", "--release", "--package", "postern"]))?;
    let postern = target_folder().join("release/postern");
    let scratch = workspace().join("target/bench");
    let files = options.keep.clone().unwrap_or_else(|| scratch.join("data"));
    if options.keep.is_none() {
        remove(&files)?;
    }
    if !files.exists() {
        let mut sample = Command::new(&postern);
        sample.args(["sample", "directory", "--users", &options.users.to_string(), "--out"]);
        succeed(sample.arg(&files))?;
    }
    let load_before = load();
    let mut runs = Vec::new();
    // Assets, relations, steps.
    let mut counts = [0; 3];
    for _ in 0..options.runs {
        let data = scratch.join("folder");
        remove(&data)?;
        let mut import = Command::new(&postern);
        import.args(["import", "--no-raw", "--no-build", "--data"]).arg(&data);
        succeed(import.arg(&files).stdout(Stdio::null()))?;
        let taken = build(&postern, &data)?;
        let Usage {
            wall_s,
            cpu_s,
            peak_mib,
        } = taken.usage;
        let phases: Vec<_> = taken
            .phases
            .iter()
            .map(|(name, s)| format!("{name} {s:.1} s"))
            .collect();
        println!(
            "{wall_s:.1} s, {cpu_s:.1} CPU s, {peak_mib:.0} MiB; {}",
            phases.join(", ")
        );
        runs.push(taken);
        let status = said_by_json(&postern, &["status", "--json"], &data)?;
        let number = |key: &str| status["generation"][key].as_u64().context("status counts nothing");
        counts = [number("assets")?, number("relations")?, number("steps")?];
        remove(&data)?;
    }
    if options.keep.is_none() {
        remove(&files)?;
    }
    let median = |read: &dyn Fn(&Taken) -> f64| {
        let mut values: Vec<f64> = runs.iter().map(read).collect();
        values.sort_by(f64::total_cmp);
        values[values.len() / 2]
    };
    let line = format!(
        "| {} | directory:{} | {} | {} | {:.1} | {:.1} | {:.0} | {load_before} | {} | {} |",
        said_by("date", &["-u", "+%F %H:%M"]),
        options.users,
        counts.map(|it| it.to_string()).join(" | "),
        options.runs,
        median(&|it| it.phases.get(DERIVING).copied().unwrap_or(f64::INFINITY)),
        median(&|it| it.usage.wall_s),
        median(&|it| it.usage.peak_mib),
        machine(),
        said_by("git", &["describe", "--always", "--dirty"]),
    );
    println!("{line}");
    if options.record {
        record("Derivation of a large directory", &line)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Builds, and reads what the build says of its phases.
fn build(postern: &Path, data: &Path) -> Result<Taken> {
    let told = data.join("timings.json");
    let file = fs::File::create(&told).with_context(|| format!("cannot make {}", told.display()))?;
    let mut command = Command::new(postern);
    command
        .args(["build", "--timings", "--json", "--data"])
        .arg(data)
        .stdout(file);
    let usage = measure::run_into(&mut command)?;
    let text = fs::read_to_string(&told).with_context(|| format!("cannot read {}", told.display()))?;
    let report: Value = serde_json::from_str(&text).context("the build's report is no JSON")?;
    let phases = report["phases"].as_array().context("the build told no phases")?;
    let phases = phases
        .iter()
        .filter_map(|it| Some((it["phase"].as_str()?.to_owned(), it["seconds"].as_f64()?)));
    Ok(Taken {
        usage,
        phases: phases.collect(),
    })
}

fn said_by_json(postern: &Path, arguments: &[&str], data: &Path) -> Result<Value> {
    let output = Command::new(postern)
        .args(arguments)
        .arg("--data")
        .arg(data)
        .output()
        .context("cannot ask for the status")?;
    serde_json::from_slice(&output.stdout).context("the status is no JSON")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_of_users_may_be_in_thousands() {
        let users = |text: &str| {
            Options::parse(text, &[])
                .map(|it| it.users)
                .map_err(|error| error.to_string())
        };
        assert_eq!((users("50k"), users("1500")), (Ok(50_000), Ok(1_500)));
        assert_eq!(
            users("many"),
            Err("--data directory:many: write a number of users, such as 50k".to_owned())
        );
    }
}
