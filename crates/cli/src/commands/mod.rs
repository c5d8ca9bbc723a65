//! One file for each command: ask the engine, put the answer into a report, show the report.
//!
//! Start at [`run`]. [`Session`] is the data folder that the command line names.

use std::env;
use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use jiff::Timestamp;
use postern_engine::{Clock, Engine, EngineError};
use postern_ledger::LedgerError;
use postern_server::Problem;

use crate::args::{Arguments, Command};

mod asset;
mod audit;
mod blast;
mod build;
mod chokepoints;
mod compare;
mod critical;
mod demo;
mod export;
mod exposure;
mod generation;
mod hunt;
mod import;
mod inspect;
mod openapi;
mod paths;
mod progress;
mod rule;
mod sample;
mod schema;
mod serve;
mod setting;
mod source;
mod status;
mod token;
mod user;
mod what_if;
mod worker;

/// Names the clock, so that a result can be repeated.
const CLOCK_VARIABLE: &str = "POSTERN_EVALUATED_AT";

/// How a command ended that did not fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Done,
    /// Done, but some rows or files were refused, and listed.
    Rejected,
}

/// A mistake on the command line or in its environment that clap could not see.
#[derive(Debug)]
pub struct WrongUsage(String);

impl std::fmt::Display for WrongUsage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for WrongUsage {}

/// Runs one command to its end.
pub async fn run(arguments: Arguments) -> Result<Outcome> {
    let Arguments { data, catalog, command } = arguments;
    let session = Session {
        data,
        catalog,
        clock: clock()?,
    };
    match command {
        Command::Import(args) => import::run(&session, args).await,
        Command::Inspect(args) => inspect::run(args),
        Command::Status(args) => status::run(&session, args).await,
        Command::Source(args) => source::run(&session, args).await,
        Command::Paths(args) => paths::run(&session, args).await,
        Command::Chokepoints(args) => chokepoints::run(&session, args).await,
        Command::Blast(args) => blast::run(&session, args).await,
        Command::Whatif(args) => what_if::run(&session, args).await,
        Command::Compare(args) => compare::run(&session, args).await,
        Command::Hunt(args) => hunt::run(&session, args).await,
        Command::Export(args) => export::run(&session, args).await,
        Command::Asset(args) => asset::run(&session, args).await,
        Command::Critical(args) => critical::run(&session, args).await,
        Command::Setting(args) => setting::run(&session, args).await,
        Command::Rule(args) => rule::run(&session, args).await,
        Command::Generation(args) => generation::run(&session, args).await,
        Command::Build(args) => build::run(&session, args).await,
        Command::Audit(args) => audit::run(&session, args).await,
        Command::Serve(args) => serve::run(session, args).await,
        Command::Demo(args) => demo::run(session, args).await,
        Command::User(args) => user::run(&session, args).await,
        Command::Token(args) => token::run(&session, args).await,
        Command::Sample(args) => sample::run(args),
        Command::Worker => worker::run(&session).await,
        Command::Openapi(args) => openapi::run(&args),
        Command::Schema(args) => schema::run(&args),
    }
}

fn clock() -> Result<Clock> {
    // An empty variable is one that is not set, as shells have it.
    let Some(text) = env::var_os(CLOCK_VARIABLE).filter(|text| !text.is_empty()) else {
        return Ok(Clock::System);
    };
    let text = text.to_string_lossy();
    match text.parse::<Timestamp>() {
        Ok(at) => Ok(Clock::Fixed(at)),
        Err(_) => Err(WrongUsage(format!(
            "{CLOCK_VARIABLE} is {text:?}, and has to be a time in RFC 3339 form, such as 2026-11-21T08:00:00Z"
        ))
        .into()),
    }
}

/// The data folder, catalog and clock that the command line names.
pub struct Session {
    data: Option<PathBuf>,
    catalog: Option<PathBuf>,
    clock: Clock,
}

impl Session {
    /// Opens the data folder, which is made where there is none.
    pub async fn open_or_create(&self) -> Result<Engine> {
        let folder = self.folder()?;
        Ok(Engine::open(&folder, self.catalog.as_deref(), self.clock).await?)
    }

    /// Opens a data folder that exists.
    pub async fn open(&self) -> Result<Engine> {
        match self.open_if_there().await? {
            Ok(engine) => Ok(engine),
            Err(why) => bail!(why),
        }
    }

    /// Opens the data folder; where there is none, the sentence that says so.
    pub async fn open_if_there(&self) -> Result<Result<Engine, String>> {
        let folder = self.folder()?;
        match Engine::open_existing(&folder, self.catalog.as_deref(), self.clock).await {
            Err(EngineError::NoData { path }) => Ok(Err(format!(
                "there is no data in {}; `postern import` makes it, and --data or POSTERN_DATA names another folder",
                path.display()
            ))),
            opened => Ok(Ok(opened?)),
        }
    }

    /// `--data`, else the folder of real data.
    fn folder(&self) -> Result<PathBuf> {
        self.folder_or("postern")
    }

    /// `--data`, else the folder `name` among the user's data, as the XDG base directory specification has it.
    fn folder_or(&self, name: &str) -> Result<PathBuf> {
        if let Some(folder) = self.data.as_ref().filter(|folder| !folder.as_os_str().is_empty()) {
            return Ok(folder.clone());
        }
        let absolute = |name: &str| env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
        let base = absolute("XDG_DATA_HOME").or_else(|| Some(absolute("HOME")?.join(".local/share")));
        let base = base.context("no data folder is known: neither --data nor POSTERN_DATA nor HOME is set")?;
        Ok(base.join(name))
    }
}

/// Who decides: the name of the user's account.
fn author() -> String {
    ["USER", "LOGNAME"]
        .into_iter()
        .filter_map(|name| env::var(name).ok())
        .find(|name| !name.is_empty())
        .unwrap_or_else(|| "command line".to_owned())
}

/// A problem as the command line tells it: what happened, and what to do.
fn told(problem: Problem) -> anyhow::Error {
    anyhow::anyhow!("{} {}", problem.title, problem.detail)
}

/// The sentence for a source that is not there.
fn no_such_source(error: EngineError, id: i64) -> anyhow::Error {
    match error {
        EngineError::Ledger(LedgerError::NoSuchSource { .. }) => {
            anyhow::anyhow!("there is no source {id}; `postern source list` shows those there are")
        }
        other => other.into(),
    }
}
