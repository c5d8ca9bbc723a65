//! Programs of the system that the tests need, and their installation where that is ours to do.

use std::process::{Command, Stdio};

use anyhow::{Context, Result};

/// Whether a program can be started.
pub fn starts(program: &str) -> bool {
    let probe = Command::new(program)
        .arg("--version")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    probe.is_ok_and(|status| status.success())
}

/// Installs a package of the system, if we are root and there is `apt-get`. Whether it worked is for the caller to see.
pub fn install(package: &str) -> Result<()> {
    if is_root()? && starts("apt-get") {
        eprintln!("==> apt-get install {package}");
        let install = Command::new("apt-get").args(["install", "-y", package]).status();
        let status = install.context("cannot start apt-get")?;
        if !status.success() {
            eprintln!("apt-get install {package} failed: {status}");
        }
    }
    Ok(())
}

fn is_root() -> Result<bool> {
    let output = Command::new("id").arg("-u").output().context("cannot start id")?;
    Ok(output.stdout.trim_ascii() == b"0")
}
