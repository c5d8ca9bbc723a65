//! What the tests of several crates share; never part of the product.
//!
//! Some tests read collections of other projects, which are too large to be kept here. Where these are
//! absent, a test says so and returns:
//!
//! ```
//! # fn the_sample_collection_imports() {
//! let Some(data) = postern_testkit::shared_data("bloodhound-docs") else {
//!     return;
//! };
//! # let _ = data;
//! # }
//! ```
//!
//! `cargo xtask test` counts what was skipped and shows why, see [`SKIPS_VARIABLE`].

pub mod http;

use std::env;
use std::fs::OpenOptions;
use std::io::Write;
use std::path::{Path, PathBuf};

/// Names the file to which skipped tests append a line each; a test's own output is not shown when it
/// passes. Unset outside `cargo xtask test`.
pub const SKIPS_VARIABLE: &str = "POSTERN_SKIPS";

/// Names the folder with the collections of other projects.
pub const DATA_VARIABLE: &str = "POSTERN_SHARED_DATA";

/// The folder or file `name` of the shared data, or `None` after a call of [`skip`].
///
/// The data lie in the folder that [`DATA_VARIABLE`] names, else in `../shared/data` beside the workspace.
pub fn shared_data(name: &str) -> Option<PathBuf> {
    let path = data_folder(env::var_os(DATA_VARIABLE).map(PathBuf::from)).join(name);
    if path.exists() {
        return Some(path);
    }
    skip(&format!(
        "the shared data have no {name}; {DATA_VARIABLE} names their folder"
    ));
    None
}

fn data_folder(from_environment: Option<PathBuf>) -> PathBuf {
    from_environment.unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data"))
}

/// Says that the running test was skipped, and why: on its standard output, and for `cargo xtask test`.
///
/// # Panics
/// When the file of skipped tests cannot be written: a skip that nobody counts would pass for a pass.
pub fn skip(reason: &str) {
    let line = skip_line(std::thread::current().name(), reason);
    println!("{line}");
    if let Some(path) = env::var_os(SKIPS_VARIABLE) {
        append(Path::new(&path), &line).expect("cannot note a skipped test");
    }
}

/// Tests run in threads of their name.
fn skip_line(test: Option<&str>, reason: &str) -> String {
    format!("SKIPPED: {}: {}", test.unwrap_or("a test"), reason.replace('\n', " "))
}

/// One write per line: several test threads append at once.
fn append(path: &Path, line: &str) -> std::io::Result<()> {
    let mut file = OpenOptions::new().create(true).append(true).open(path)?;
    file.write_all(format!("{line}\n").as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_variable_wins_over_the_folder_beside_the_workspace() {
        assert_eq!(data_folder(Some("/somewhere".into())), Path::new("/somewhere"));
        assert!(data_folder(None).ends_with("../shared/data"));
    }

    #[test]
    fn a_skip_is_one_line_that_names_the_test() {
        assert_eq!(
            skip_line(Some("import::a_zip"), "no data\nhere"),
            "SKIPPED: import::a_zip: no data here"
        );
    }
}
