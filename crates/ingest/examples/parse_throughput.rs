//! Parses a file as often as asked and prints how many gigabytes go through per CPU second.
//!
//! `cargo run --release -p postern-ingest --example parse_throughput -- FILE [TIMES]`

use std::fs::File;
use std::process::ExitCode;

use postern_ingest::{Input, Sink, SinkError, read};
use postern_model::{Batch, Reject};

#[derive(Default)]
struct Counter {
    chunks: u64,
    rows: u64,
    rejects: u64,
}

impl Sink for Counter {
    fn rows(&mut self, rows: Batch) -> Result<(), SinkError> {
        self.chunks += 1;
        self.rows += rows.rows() as u64;
        Ok(())
    }

    fn reject(&mut self, _: Reject) {
        self.rejects += 1;
    }
}

/// User and system time of this process, in seconds, and its greatest resident size in MiB.
fn usage() -> (f64, f64) {
    const TICKS_PER_SECOND: f64 = 100.0;
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let ticks: f64 = stat
        .rsplit(')')
        .next()
        .map(|rest| {
            rest.split_whitespace()
                .skip(11)
                .take(2)
                .filter_map(|it| it.parse::<f64>().ok())
                .sum()
        })
        .unwrap_or_default();
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak_kib: f64 = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .and_then(|rest| rest.split_whitespace().next()?.parse().ok())
        .unwrap_or_default();
    (ticks / TICKS_PER_SECOND, peak_kib / 1024.0)
}

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let Some(path) = arguments.next() else {
        eprintln!("usage: parse_throughput FILE [TIMES]");
        return ExitCode::from(2);
    };
    let times = arguments.next().and_then(|times| times.parse().ok()).unwrap_or(1u32);
    for _ in 0..times {
        let (before, _) = usage();
        let outcome = File::open(&path).and_then(|mut file| {
            let length = file.metadata()?.len();
            let mut counter = Counter::default();
            let input = Input {
                name: &path,
                bytes: &mut file,
                length,
                site: None,
            };
            Ok((read(input, &mut counter), counter, length))
        });
        match outcome {
            Ok((Ok(summary), counter, length)) => {
                let (after, peak_mib) = usage();
                let seconds = (after - before).max(0.01);
                println!(
                    "{:.3} GB per CPU second: {length} bytes, {seconds:.2} s, {} rows in {} chunks, {} rejects, \
                     {} assets, {} relations, {} cells, peak {peak_mib:.0} MiB",
                    length as f64 / 1e9 / seconds,
                    counter.rows,
                    counter.chunks,
                    counter.rejects,
                    summary.counts.assets,
                    summary.counts.relations,
                    summary.cells.len(),
                );
            }
            Ok((Err(error), ..)) => {
                eprintln!("{error}");
                return ExitCode::FAILURE;
            }
            Err(error) => {
                eprintln!("cannot open {path}: {error}");
                return ExitCode::FAILURE;
            }
        }
    }
    ExitCode::SUCCESS
}
