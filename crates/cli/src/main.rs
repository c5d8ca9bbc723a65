//! The command line of Postern: parse, run, exit code. Everything it says comes from the crates below it.
//!
//! [`args`] is the manual, [`commands`] has a file for each command, [`output`] turns an answer into text or JSON.
//! Errors become sentences here and nowhere else.

mod args;
mod commands;
mod output;
mod parts;

use std::io;
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Parser;

use crate::args::{Arguments, Command};
use crate::commands::{Outcome, WrongUsage};

const FAILED: u8 = 1;
const WRONG_USAGE: u8 = 2;
const REJECTED: u8 = 3;
/// 128 + SIGINT, as shells expect it.
const INTERRUPTED: u8 = 130;

fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => return clap_exit(&error),
    };
    match run(arguments) {
        Ok(Outcome::Done) => ExitCode::SUCCESS,
        Ok(Outcome::Rejected) => ExitCode::from(REJECTED),
        Err(error) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            let style = anstyle::AnsiColor::Red.on_default().bold();
            anstream::eprintln!("{style}error:{style:#} {error:#}");
            let is_usage = error.downcast_ref::<WrongUsage>().is_some();
            ExitCode::from(if is_usage { WRONG_USAGE } else { FAILED })
        }
    }
}

fn run(arguments: Arguments) -> Result<Outcome> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("cannot start worker threads")?;
    runtime.block_on(async {
        // On a thread of its own, so that an interruption is heard while the command computes.
        // A demonstration that is still being prepared needs no ending: the system stops it, the next start goes on.
        let ends_by_itself = matches!(arguments.command, Command::Serve(_) | Command::Demo(_));
        let command = tokio::spawn(commands::run(arguments));
        tokio::select! {
            outcome = command => outcome.context("the command ended unexpectedly")?,
            _ = tokio::signal::ctrl_c(), if !ends_by_itself => {
                // Nothing needs to be wound up: what is not committed does not exist, and leftovers are swept.
                anstream::eprintln!("interrupted; the last complete state stays in force");
                std::process::exit(INTERRUPTED.into());
            }
        }
    })
}

/// Help and version are no mistakes.
fn clap_exit(error: &clap::Error) -> ExitCode {
    // Where even the message cannot be written, the exit code still tells.
    let _printed = error.print();
    if error.exit_code() == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(WRONG_USAGE)
    }
}

/// The reader has read enough (`postern paths | head`).
fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| {
        cause
            .downcast_ref::<io::Error>()
            .is_some_and(|it| it.kind() == io::ErrorKind::BrokenPipe)
            || cause
                .downcast_ref::<serde_json::Error>()
                .is_some_and(|it| it.io_error_kind() == Some(io::ErrorKind::BrokenPipe))
    })
}
