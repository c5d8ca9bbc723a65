//! The tests of the console: types, lint, unit tests, size, and the end-to-end tests in a real Chromium against the
//! binary. What cannot run here is said loudly, and counts as skipped.

use std::env;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use serde_json::Value;

use crate::system::{self, starts};
use crate::test::{Tally, step};
use crate::{cargo, workspace};

/// Where distributions put it.
const CHROMIUM: &str = "/usr/bin/chromium";

/// Set for cargo where there is no Node: the pages are then left out of the binary.
pub const SKIP_CONSOLE: &str = "SKIP_CONSOLE";

/// Both are needed to build the pages.
pub fn has_node() -> bool {
    starts("node") && starts("npm")
}

/// Adds up all tests of the console.
pub fn run(tally: &mut Tally) -> Result<()> {
    if !has_node() {
        eprintln!("SKIPPED: NODE OR NPM IS NOT INSTALLED: the console was not built and not tested");
        tally.skipped += 1;
        return Ok(());
    }
    // Installs what the pages need, builds and embeds them, whatever the surroundings say.
    let mut build = cargo(&["build", "-p", "postern"]);
    build.env_remove(SKIP_CONSOLE).env_remove("CONSOLE_DIST");
    let failed_before = tally.failed.len();
    step(tally, "cargo build -p postern", &mut build)?;
    if tally.failed.len() > failed_before {
        return Ok(());
    }
    for script in ["types", "lint", "build", "size"] {
        step(tally, &format!("npm run {script}"), &mut npm(&["run", script]))?;
    }
    vitest(tally, "console unit tests", &[], &[])?;
    let Some(chromium) = chromium()? else {
        eprintln!("SKIPPED: CHROMIUM IS NOT INSTALLED: no page was looked at; install it, or set CHROMIUM");
        tally.skipped += 1;
        return Ok(());
    };
    let variables = [
        ("CHROMIUM", chromium.as_os_str()),
        ("POSTERN_BIN", binary()?.as_os_str()),
    ]
    .map(|(name, value)| (name, value.to_owned()));
    let variables: Vec<(&str, &OsStr)> = variables
        .iter()
        .map(|(name, value)| (*name, value.as_os_str()))
        .collect();
    vitest(
        tally,
        "end-to-end tests",
        &["--config", "vitest.e2e.config.ts"],
        &variables,
    )
}

fn web() -> PathBuf {
    workspace().join("web")
}

fn npm(arguments: &[&str]) -> Command {
    let mut command = Command::new("npm");
    command.current_dir(web()).args(arguments);
    command
}

/// The binary that `cargo build -p postern` has made.
fn binary() -> Result<PathBuf> {
    let output = cargo(&["metadata", "--format-version", "1", "--no-deps"])
        .output()
        .context("cannot start cargo metadata")?;
    let metadata: Value = serde_json::from_slice(&output.stdout).context("cannot read what cargo metadata says")?;
    let folder = metadata["target_directory"].as_str();
    let folder = folder.context("cargo metadata names no target_directory")?;
    Ok(Path::new(folder).join("debug").join("postern"))
}

/// `None` when there is none and it cannot be installed here.
fn chromium() -> Result<Option<PathBuf>> {
    if let Some(path) = env::var_os("CHROMIUM") {
        return Ok(Some(path.into()));
    }
    let path = PathBuf::from(CHROMIUM);
    if !path.exists() {
        system::install("chromium")?;
    }
    Ok(path.exists().then_some(path))
}

fn vitest(tally: &mut Tally, name: &str, options: &[&str], variables: &[(&str, &OsStr)]) -> Result<()> {
    eprintln!("==> {name}");
    let report = env::temp_dir().join(format!("postern-vitest-{}.json", std::process::id()));
    let mut command = npm(&["exec", "--", "vitest", "run", "--reporter=default", "--reporter=json"]);
    command
        .arg(format!("--outputFile.json={}", report.display()))
        .args(options)
        .envs(variables.iter().copied());
    let status = command.status().with_context(|| format!("cannot start {name}"))?;
    let failed_before = tally.failed.len();
    if let Ok(text) = fs::read(&report) {
        fs::remove_file(&report).with_context(|| format!("cannot remove {}", report.display()))?;
        let report = serde_json::from_slice(&text).with_context(|| format!("cannot read the report of {name}"))?;
        add(tally, &report);
    }
    if !status.success() && tally.failed.len() == failed_before {
        // Nothing was counted as failed: it did not start, or something around the tests failed.
        tally.failed.push(name.to_owned());
    }
    Ok(())
}

/// Adds the counts of vitest's report.
fn add(tally: &mut Tally, report: &Value) {
    let none = Vec::new();
    let files = report["testResults"].as_array().unwrap_or(&none);
    for test in files
        .iter()
        .flat_map(|file| file["assertionResults"].as_array().unwrap_or(&none))
    {
        match test["status"].as_str() {
            Some("passed") => tally.passed += 1,
            Some("failed") => tally
                .failed
                .push(test["fullName"].as_str().unwrap_or("a test").trim().to_owned()),
            _ => tally.skipped += 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_report_of_vitest_is_counted_test_by_test() {
        let mut tally = Tally::default();
        add(
            &mut tally,
            &json!({"testResults": [
                {"assertionResults": [
                    {"status": "passed", "fullName": "one"},
                    {"status": "failed", "fullName": " two"},
                ]},
                {"assertionResults": [{"status": "pending", "fullName": "three"}]},
            ]}),
        );
        assert_eq!((tally.passed, tally.skipped), (1, 1));
        assert_eq!(tally.failed, ["two"]);
    }
}
