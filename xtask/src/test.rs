//! Runs every test there is, and ends with one line of counts.
//!
//! A tool that fails (formatter, linter, compiler) counts as one failed item under its name, so nothing
//! that went wrong can hide behind green tests. Tests that return early for want of data append a line to
//! the file that `POSTERN_SKIPS` names (see crate `testkit`); they count as skipped, not as passed.

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead, BufReader};
use std::process::{Command, ExitCode, Stdio};

use anyhow::{Context, Result};

use crate::{cargo, fuzz, web, workspace};

const SKIPS_VARIABLE: &str = "POSTERN_SKIPS";

#[derive(Debug, Default, PartialEq, Eq)]
pub struct Tally {
    pub passed: u64,
    pub failed: Vec<String>,
    pub skipped: u64,
}

pub fn run() -> Result<ExitCode> {
    let mut tally = Tally::default();
    step(&mut tally, "cargo fmt", &mut cargo(&["fmt", "--all", "--check"]))?;
    let fmt = ["fmt", "--check", "--manifest-path", "fuzz/Cargo.toml"];
    step(&mut tally, "cargo fmt of fuzz", &mut cargo(&fmt))?;
    fmt_of_formats(&mut tally)?;
    let clippy = ["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"];
    step(&mut tally, "cargo clippy", &mut with_or_without_pages(cargo(&clippy)))?;
    deny(&mut tally)?;
    let skips = cargo_test(&mut tally)?;
    fuzz::brief(&mut tally)?;
    web::run(&mut tally)?;

    for skip in &skips {
        println!("{skip}");
    }
    for failed in &tally.failed {
        println!("FAILED: {failed}");
    }
    println!(
        "{} passed, {} failed, {} skipped",
        tally.passed,
        tally.failed.len(),
        tally.skipped
    );
    Ok(ExitCode::from(u8::from(!tally.failed.is_empty())))
}

pub fn step(tally: &mut Tally, name: &str, command: &mut Command) -> Result<()> {
    eprintln!("==> {name}");
    let status = command.status().with_context(|| format!("cannot start {name}"))?;
    if status.success() {
        tally.passed += 1;
    } else {
        tally.failed.push(name.to_owned());
    }
    Ok(())
}

/// The registry of formats declares its modules by a macro, into which `cargo fmt` does not look.
fn fmt_of_formats(tally: &mut Tally) -> Result<()> {
    let source = workspace().join("crates/ingest/src");
    let mut rustfmt = Command::new("rustfmt");
    rustfmt.args(["--edition", "2024", "--check"]);
    let entries = fs::read_dir(&source).with_context(|| format!("cannot list {}", source.display()))?;
    for entry in entries {
        let path = entry
            .with_context(|| format!("cannot list {}", source.display()))?
            .path();
        let root = if path.is_dir() { path.join("mod.rs") } else { path };
        if root.extension().is_some_and(|it| it == "rs") && root.is_file() {
            rustfmt.arg(root);
        }
    }
    let name = "rustfmt --edition 2024 crates/ingest/src/*.rs crates/ingest/src/*/mod.rs";
    step(tally, name, &mut rustfmt)
}

fn deny(tally: &mut Tally) -> Result<()> {
    let probe = cargo(&["deny", "--version"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .context("cannot start cargo")?;
    if probe.success() {
        let check = ["deny", "check", "bans", "licenses", "sources"];
        return step(tally, "cargo deny", &mut cargo(&check));
    }
    eprintln!("SKIPPED: CARGO-DENY IS NOT INSTALLED: licences and sources were not checked");
    tally.skipped += 1;
    Ok(())
}

/// Where there is no Node, the rest is still tested.
fn with_or_without_pages(mut command: Command) -> Command {
    if !web::has_node() {
        command.env(web::SKIP_CONSOLE, "1");
    }
    command
}

/// Returns what the tests said about skipping.
fn cargo_test(tally: &mut Tally) -> Result<BTreeSet<String>> {
    let name = "cargo test";
    eprintln!("==> {name}");
    let folder = workspace().join("target");
    fs::create_dir_all(&folder).with_context(|| format!("cannot create {}", folder.display()))?;
    let skips = folder.join(format!("xtask-skips-{}", std::process::id()));
    fs::write(&skips, "").with_context(|| format!("cannot write {}", skips.display()))?;

    let mut child = with_or_without_pages(cargo(&["test", "--workspace", "--no-fail-fast"]))
        .env(SKIPS_VARIABLE, &skips)
        .stdout(Stdio::piped())
        .spawn()
        .context("cannot start cargo test")?;
    let failed_before = tally.failed.len();
    if let Some(output) = child.stdout.take() {
        for line in BufReader::new(output).split(b'\n') {
            let line = line.context("cannot read what cargo test says")?;
            let line = String::from_utf8_lossy(&line);
            println!("{line}");
            tally.read_line(&line);
        }
    }
    let status = child.wait().context("cannot wait for cargo test")?;
    if !status.success() && tally.failed.len() == failed_before {
        // Nothing was counted as failed: it did not compile, or a test's process died.
        tally.failed.push(name.to_owned());
    }

    let noted = fs::read_to_string(&skips).with_context(|| format!("cannot read {}", skips.display()))?;
    fs::remove_file(&skips).with_context(|| format!("cannot remove {}", skips.display()))?;
    let noted: BTreeSet<String> = noted.lines().map(str::to_owned).collect();
    tally.skip_noted(noted.len() as u64);
    Ok(noted)
}

impl Tally {
    /// Counts a line of the test harness; other lines change nothing.
    fn read_line(&mut self, line: &str) {
        if let Some(name) = line
            .strip_prefix("test ")
            .and_then(|rest| rest.strip_suffix(" ... FAILED"))
        {
            self.failed.push(name.to_owned());
        } else if let Some((_, counts)) = line.split_once("test result: ") {
            self.passed += count(counts, "passed");
            self.skipped += count(counts, "ignored");
        }
    }

    /// The harness took these for passed.
    fn skip_noted(&mut self, count: u64) {
        self.passed = self.passed.saturating_sub(count);
        self.skipped += count;
    }
}

/// `3` for `passed` in `ok. 3 passed; 0 failed; …`; 0 where the word is missing.
fn count(counts: &str, word: &str) -> u64 {
    counts
        .split([';', '.'])
        .filter_map(|part| part.trim().strip_suffix(word))
        .find_map(|number| number.trim().parse().ok())
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tally(lines: &str) -> Tally {
        let mut tally = Tally::default();
        lines.lines().for_each(|line| tally.read_line(line));
        tally
    }

    #[test]
    fn results_of_all_binaries_add_up() {
        let found = tally(
            "test a ... ok\n\
             test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.10s\n\
             test result: ok. 12 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 1.00s\n",
        );
        assert_eq!((found.passed, found.failed.len(), found.skipped), (15, 0, 1));
    }

    #[test]
    fn a_failed_test_is_counted_once_and_by_name() {
        let found = tally(
            "test a::b ... FAILED\n\
             test result: FAILED. 2 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.10s\n",
        );
        assert_eq!(found.failed, ["a::b"]);
        assert_eq!(found.passed, 2);
    }

    #[test]
    fn a_test_that_skipped_itself_is_not_a_pass() {
        let mut found = tally("test result: ok. 3 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out\n");
        found.skip_noted(2);
        assert_eq!((found.passed, found.skipped), (1, 2));
    }
}
