//! `openapi`: the description of the API, as `docs/openapi.json` holds it.

use std::fs;
use std::io::{self, Write};

use anyhow::{Context, Result};

use super::Outcome;
use crate::args;

pub fn run(args: &args::Openapi) -> Result<Outcome> {
    let mut text = postern_server::description().to_pretty_json()?;
    text.push('\n');
    match &args.write {
        Some(path) => fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))?,
        None => io::stdout().write_all(text.as_bytes())?,
    }
    Ok(Outcome::Done)
}
