//! The project's own commands: `cargo xtask test`, `codegen`, `fuzz`, `bench`.
//!
//! Few dependencies, so that it starts fast on a fresh clone. It runs the tools that a person would run
//! by hand, and adds up what they say.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use anyhow::{Context, Result, bail};

mod bench;
mod derivation;
mod fuzz;
mod http;
mod measure;
mod served;
mod system;
mod test;
mod web;

const USAGE: &str = "\
cargo xtask test        run every test there is; the last line is `N passed, N failed, N skipped`
cargo xtask codegen     write again what is generated and committed
cargo xtask fuzz        feed damaged files to every format, see docs/fuzzing.md
    --family F               only this one; may be given several times
    --minutes N              how long each is run (default 60)
    --jobs N                 so many at the same time (default: as many as there are processors)
    --record                 append the results to benches/HISTORY.md
cargo xtask bench       measure the import beside a plain reader of the same files
    --data FORMAT:SIZE       what to read, such as sharphound:1GiB or azurehound:600MiB (KiB, MiB, GiB)
    --runs N                 runs of each, taking turns (default 3)
    --keep DIR               write the data there, and leave it; written data are used again
    --record                 append the result to benches/HISTORY.md
cargo xtask bench --data directory:USERS    measure the build over a large directory, phase by phase
    --runs N, --keep DIR, --record    as above
cargo xtask bench --served PATH    measure from files to a generation that a server answers from
    --runs N                 runs, each with a server and a data folder of its own (default 3)
    --record                 append the result to benches/HISTORY.md
cargo xtask bench --http    measure the answers of a server of 100,000 assets
    --assets N               another size
    --clients N              clients at the same time (default 8)
    --requests N             requests for each operation (default 1000)
    --upload SIZE            browsing while a zip of this size is uploaded, read and built from, instead
    --keep DIR               work there, and leave the data; data that are there are used again
    --record                 append the result to benches/HISTORY.md
";

/// Exit code for a command line that was not understood.
const WRONG_USAGE: u8 = 2;

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let (command, rest) = match arguments.split_first() {
        Some((command, rest)) => (command.as_str(), rest),
        None => ("help", &[][..]),
    };
    let outcome = match (command, rest) {
        ("test", []) => test::run(),
        ("codegen", []) => codegen(),
        ("fuzz", options) => match fuzz::Options::parse(options) {
            Ok(options) => fuzz::run(&options),
            Err(error) => return usage(&format!("{error:#}\n\n{USAGE}")),
        },
        ("bench", [first, options @ ..]) if first == "--http" => match http::Options::parse(options) {
            Ok(options) => http::run(&options),
            Err(error) => return usage(&format!("{error:#}\n\n{USAGE}")),
        },
        ("bench", [first, options @ ..]) if first == "--served" => match served::Options::parse(options) {
            Ok(options) => served::run(&options),
            Err(error) => return usage(&format!("{error:#}\n\n{USAGE}")),
        },
        ("bench", [data, size, options @ ..]) if data == "--data" && size.starts_with("directory:") => {
            match derivation::Options::parse(&size["directory:".len()..], options) {
                Ok(options) => derivation::run(&options),
                Err(error) => return usage(&format!("{error:#}\n\n{USAGE}")),
            }
        }
        ("bench", options) => match bench::Options::parse(options) {
            Ok(options) => bench::run(&options),
            Err(error) => return usage(&format!("{error:#}\n\n{USAGE}")),
        },
        ("help" | "--help" | "-h", _) => {
            print!("{USAGE}");
            return ExitCode::SUCCESS;
        }
        _ => return usage(USAGE),
    };
    match outcome {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn usage(text: &str) -> ExitCode {
    eprint!("{text}");
    ExitCode::from(WRONG_USAGE)
}

/// The JSON Schemas of what the command line prints, and the description of the API; tests compare both with the
/// binary. And the lock file of the fuzz targets: they are built from the crates that the product is built from.
fn codegen() -> Result<ExitCode> {
    let (from, to) = (workspace().join("Cargo.lock"), workspace().join("fuzz/Cargo.lock"));
    fs::copy(&from, &to).with_context(|| format!("cannot write {}", to.display()))?;
    // Takes out what the targets do not need.
    let metadata = [
        "metadata",
        "--format-version",
        "1",
        "--manifest-path",
        "fuzz/Cargo.toml",
    ];
    succeed(cargo(&metadata).stdout(Stdio::null()))?;
    let mut command = cargo(&["run", "--quiet", "--package", "postern", "--"]);
    command
        .args(["schema", "--write"])
        .arg(workspace().join("docs/schemas"));
    succeed(&mut command)?;
    let mut command = cargo(&["run", "--quiet", "--package", "postern", "--"]);
    command
        .args(["openapi", "--write"])
        .arg(workspace().join("docs/openapi.json"));
    succeed(&mut command)?;
    let page = workspace().join("docs/hunting-tables.md");
    let file = fs::File::create(&page).with_context(|| format!("cannot write {}", page.display()))?;
    let mut command = cargo(&["run", "--quiet", "--package", "postern", "--"]);
    command.args(["hunt", "--tables"]).stdout(file);
    succeed(&mut command)?;
    Ok(ExitCode::SUCCESS)
}

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap_or(Path::new("."))
        .to_owned()
}

/// The cargo that runs us, in the workspace.
fn cargo(arguments: &[&str]) -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(workspace()).args(arguments);
    command
}

fn succeed(command: &mut Command) -> Result<()> {
    let status = command.status().with_context(|| format!("cannot start {command:?}"))?;
    if !status.success() {
        bail!("{command:?} failed: {status}");
    }
    Ok(())
}
