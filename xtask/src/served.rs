//! Measures the way from files to a generation that a server answers from.
//!
//! Bar (a directory of 100,000 assets and 795,000 relations): 20 s of wall time and 1.5 GiB for each process, on two
//! cores. Dated results with their machine: `benches/HISTORY.md`.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, ExitCode, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::bench::{machine, record, remove, said_by};
use crate::http::{Server, load, target_folder};
use crate::{cargo, measure, succeed, workspace};

const RUNS: usize = 3;
/// How often memory is looked at.
const POLL_INTERVAL: Duration = Duration::from_millis(20);

pub struct Options {
    path: PathBuf,
    runs: usize,
    record: bool,
}

impl Options {
    /// * `arguments`: those after `--served`.
    pub fn parse(arguments: &[String]) -> Result<Self> {
        let mut arguments = arguments.iter();
        let path = arguments.next().context("--served needs a path")?;
        let mut options = Self {
            path: path.into(),
            runs: RUNS,
            record: false,
        };
        while let Some(argument) = arguments.next() {
            match argument.as_str() {
                "--runs" => {
                    let runs = arguments.next().and_then(|runs| runs.parse().ok());
                    options.runs = runs
                        .filter(|&runs| runs > 0)
                        .context("--runs needs a number, 1 or more")?;
                }
                "--record" => options.record = true,
                _ => bail!("unknown option {argument}"),
            }
        }
        Ok(options)
    }
}

/// What one run took, and the most that any process had in memory.
#[derive(Clone, Copy)]
struct Taken {
    wall_s: f64,
    import_mib: f64,
    worker_mib: f64,
    server_mib: f64,
}

pub fn run(options: &Options) -> Result<ExitCode> {
    succeed(&mut cargo(&["build", "--release", "--package", "postern"]))?;
    let postern = target_folder().join("release/postern");
    let scratch = workspace().join("target/bench/served");
    let load_before = load();
    println!("load average {load_before}");
    let mut runs = Vec::new();
    let mut counts = [0; 2];
    for _ in 0..options.runs {
        remove(&scratch)?;
        fs::create_dir_all(&scratch).with_context(|| format!("cannot make {}", scratch.display()))?;
        let data = scratch.join("data");
        let server = Server::start(&postern, &data)?;
        let mut import = Command::new(&postern);
        import.args(["import", "--data"]).arg(&data).arg(&options.path);
        let taken = one(&mut import, &server)?;
        println!(
            "{:.1} s; peak MiB: import {:.0}, worker {:.0}, server {:.0}",
            taken.wall_s, taken.import_mib, taken.worker_mib, taken.server_mib
        );
        runs.push(taken);
        let number = |path: &str| -> Result<u64> { server.json(path)?["total"].as_u64().context("no total") };
        counts = [number("/assets?limit=1")?, number("/paths?limit=1")?];
    }
    remove(&scratch)?;
    let [assets, paths] = counts;
    let median = |read: fn(&Taken) -> f64| {
        let mut values: Vec<f64> = runs.iter().map(read).collect();
        values.sort_by(f64::total_cmp);
        values[values.len() / 2]
    };
    let line = format!(
        "| {} | {} | {assets} | {paths} | {} | {:.1} | {:.0} / {:.0} / {:.0} | {load_before} | {} | {} |",
        said_by("date", &["-u", "+%F %H:%M"]),
        options.path.file_name().unwrap_or_default().to_string_lossy(),
        options.runs,
        median(|it| it.wall_s),
        median(|it| it.import_mib),
        median(|it| it.worker_mib),
        median(|it| it.server_mib),
        machine(),
        said_by("git", &["describe", "--always", "--dirty"]),
    );
    println!("{line}");
    if options.record {
        record("From files to a served generation", &line)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Imports beside a server, until that answers from the new generation.
fn one(import: &mut Command, server: &Server) -> Result<Taken> {
    let started = Instant::now();
    let mut child = import
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .spawn()
        .with_context(|| format!("cannot start {import:?}"))?;
    let mut taken = Taken {
        wall_s: 0.0,
        import_mib: 0.0,
        worker_mib: 0.0,
        server_mib: 0.0,
    };
    let mut look = |import: u32| {
        let peak = |process: u32| measure::memory(process).map_or(0.0, |it| it.peak_mib);
        taken.import_mib = peak(import).max(taken.import_mib);
        taken.server_mib = peak(server.id()).max(taken.server_mib);
        let workers = measure::children(server.id()).into_iter().map(peak);
        taken.worker_mib = workers.fold(taken.worker_mib, f64::max);
    };
    let status = loop {
        if let Some(status) = child.try_wait().context("cannot wait for the import")? {
            break status;
        }
        look(child.id());
        thread::sleep(POLL_INTERVAL);
    };
    if !status.success() {
        bail!("{import:?} failed: {status}");
    }
    server.wait_for_generation()?;
    look(child.id());
    taken.wall_s = started.elapsed().as_secs_f64();
    Ok(taken)
}
