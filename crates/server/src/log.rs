//! Where the log goes: to standard error, as text for people on a terminal and as JSON for programs elsewhere.

use std::io::{self, IsTerminal};

use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// Says what is logged: `warn`, or `info,hyper=debug`.
const VARIABLE: &str = "POSTERN_LOG";

/// Begins to log. A second call changes nothing.
///
/// # Errors
/// A sentence when `POSTERN_LOG` cannot be understood.
pub fn log_to_standard_error() -> Result<(), String> {
    let default = if io::stderr().is_terminal() { "warn" } else { "info" };
    let wanted = std::env::var(VARIABLE).ok().filter(|text| !text.is_empty());
    let wanted = wanted.unwrap_or_else(|| default.to_owned());
    let targets: Targets = wanted
        .parse()
        .map_err(|_| format!("{VARIABLE} is {wanted:?}, and has to be a level such as info or warn"))?;
    let layer = tracing_subscriber::fmt::layer().with_writer(io::stderr);
    let registry = tracing_subscriber::registry().with(targets);
    // An error says that somebody logs already.
    let _ = match io::stderr().is_terminal() {
        true => registry.with(layer.with_target(false)).try_init(),
        false => registry
            .with(layer.json().flatten_event(true).with_ansi(false))
            .try_init(),
    };
    Ok(())
}
