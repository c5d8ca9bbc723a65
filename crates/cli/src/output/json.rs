//! JSON for programs, and the JSON Schemas that promise its shape.
//!
//! A schema is made from the very type that is printed; `docs/schemas/` holds all of them, and a test compares.

use std::io::{self, Write};

use anyhow::{Context, Result};
use schemars::{JsonSchema, Schema, generate::SchemaSettings};
use serde::Serialize;

use super::text::Page;

/// What an error says that kept an answer from its reader.
pub const CANNOT_WRITE: &str = "cannot write to standard output";

/// The answer to a command: one value behind the text and the JSON, so that the two cannot differ.
pub trait Report: Serialize + JsonSchema {
    /// Name of the schema, without `.json`.
    const SCHEMA: &'static str;

    fn text(&self, page: &mut Page);
}

/// Prints a report in the form that was asked for.
///
/// # Errors
/// Those of standard output.
pub fn show<R: Report>(report: &R, as_json: bool) -> Result<()> {
    if as_json {
        write_json(report).context(CANNOT_WRITE)
    } else {
        let mut page = Page::new();
        report.text(&mut page);
        page.print().context(CANNOT_WRITE)
    }
}

fn write_json<R: Report>(report: &R) -> Result<()> {
    let mut out = io::stdout().lock();
    serde_json::to_writer_pretty(&mut out, report)?;
    out.write_all(b"\n")?;
    Ok(out.flush()?)
}

/// The schema of what is printed for a report.
pub fn schema<R: JsonSchema>() -> Schema {
    SchemaSettings::draft2020_12()
        .for_serialize()
        .into_generator()
        .into_root_schema_for::<R>()
}
