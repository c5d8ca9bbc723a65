//! `serve`: the server, from the address to the signal that ends it.

use std::env;
use std::ffi::OsString;
use std::sync::Arc;

use anyhow::{Context, Result};
use postern_ledger::SessionLimits;
use postern_server::auth::machine;
use postern_server::{
    Asset, Assets, Config, HuntingLimits, LISTEN, Options, Server, WorkerCommand, log_to_standard_error,
};

use super::{Outcome, Session, WrongUsage, told};
use crate::args;

pub async fn run(session: Session, args: args::Serve) -> Result<Outcome> {
    let config = match &args.config {
        Some(path) => Config::read(path)?,
        None => Config::default(),
    };
    let session = Session {
        data: session.data.or(config.data),
        catalog: session.catalog.or(config.catalog),
        clock: session.clock,
    };
    let listen = args.listen.or(config.listen).unwrap_or_else(|| LISTEN.to_owned());
    serve(&session, listen, args.public_url.or(config.public_url), config.hunting).await?;
    Ok(Outcome::Done)
}

/// Serves a data folder until a signal ends it; also what `demo` does in the end.
pub async fn serve(
    session: &Session,
    listen: String,
    public_url: Option<String>,
    hunting: HuntingLimits,
) -> Result<()> {
    log_to_standard_error().map_err(WrongUsage)?;
    let engine = session.open_or_create().await?;
    let ledger = engine.ledger().clone();
    let options = Options {
        listen,
        public_url,
        session_limits: SessionLimits::default(),
        hunting,
        worker: worker(session)?,
        console: Some(Arc::new(Console)),
    };
    let server = Server::bind(engine, options).await?;
    if let Some(warning) = server.warning() {
        anstream::eprintln!("warning: {warning}");
    }
    if let Some(password) = machine::first_administrator(&ledger).await.map_err(told)? {
        // Made once there is an address to use it at, and shown this once: nobody can read it back.
        anstream::println!("administrator name: {}", machine::FIRST_ADMINISTRATOR);
        anstream::println!("administrator password: {}", password.expose());
    }
    anstream::println!("listening on {}", server.url());
    server.run(interrupted()?).await?;
    Ok(())
}

/// The pages that this program brings along.
struct Console;

impl Assets for Console {
    fn get(&self, path: &str, accept_encoding: &str) -> Option<Asset> {
        let found = postern_console::get(path, accept_encoding)?;
        Some(Asset {
            bytes: found.bytes,
            media_type: found.media_type,
            encoding: found.encoding,
            etag: found.etag,
            is_immutable: found.is_immutable,
        })
    }

    fn policy(&self) -> &'static str {
        postern_console::CONTENT_SECURITY_POLICY
    }
}

/// This program again, on the same data and catalog.
fn worker(session: &Session) -> Result<WorkerCommand> {
    let program = env::current_exe().context("cannot tell where this program lies")?;
    let mut arguments: Vec<OsString> = vec!["--data".into(), session.folder()?.into()];
    if let Some(catalog) = &session.catalog {
        arguments.extend(["--catalog".into(), catalog.into()]);
    }
    arguments.push("worker".into());
    Ok(WorkerCommand { program, arguments })
}

/// Ends when the process is asked to end.
fn interrupted() -> Result<impl Future<Output = ()> + Send> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate()).context("cannot listen for signals")?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = tokio::signal::ctrl_c() => {}
        }
    })
}
