//! Many queries from a file, a line of JSON for each answer. The queries run one after the other, in order.

use std::io::{self, BufRead, BufReader, Write};
use std::path::Path;

use anyhow::{Context, Result};
use postern_hunt::output::{Collector, write_string};
use postern_hunt::run::Summary;
use postern_hunt::{Budget, HuntError};
use postern_kql::Position;
use serde::Deserialize;
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use super::{Outcome, STANDARD_INPUT, Source, WrongUsage};
use crate::output::CANNOT_WRITE;

/// A line of the file.
#[derive(Deserialize)]
struct Question {
    id: Value,
    query: String,
}

pub async fn run(source: &Source, path: &Path, budget: &Budget) -> Result<Outcome> {
    let input: Box<dyn BufRead + Send> = if path == Path::new(STANDARD_INPUT) {
        Box::new(BufReader::new(io::stdin()))
    } else {
        let file = std::fs::File::open(path);
        let file = file.map_err(|cause| WrongUsage(format!("cannot read {}: {cause}", path.display())))?;
        Box::new(BufReader::new(file))
    };
    let world = source.world().await?;
    let mut unread = None;
    for (number, line) in input.lines().enumerate() {
        let line = line.with_context(|| format!("cannot read line {} of {}", number + 1, path.display()))?;
        if line.trim().is_empty() {
            continue;
        }
        let answer = match serde_json::from_str::<Question>(&line) {
            Ok(question) => {
                let begun = source.begin(&question.query);
                let mut sink = Collector::default();
                let cancelled = CancellationToken::new();
                let done = postern_hunt::run::run(&question.query, world.clone(), budget, &cancelled, &mut sink).await;
                source.end(begun, &done).await?;
                answer(&question, &sink, &done)
            }
            Err(cause) => {
                unread = unread.or(Some(number + 1));
                let message = format!("line {} is no {{\"id\",\"query\"}}: {cause}", number + 1);
                refused(&Value::Null, &message, None)
            }
        };
        let mut out = io::stdout().lock();
        out.write_all(&answer)
            .and_then(|()| out.write_all(b"\n"))
            .context(CANNOT_WRITE)?;
    }
    io::stdout().flush().context(CANNOT_WRITE)?;
    match unread {
        None => Ok(Outcome::Done),
        Some(number) => anyhow::bail!(
            "line {number} of {} could not be answered: it is no query",
            path.display()
        ),
    }
}

fn answer(question: &Question, sink: &Collector, done: &Result<Summary, HuntError>) -> Vec<u8> {
    let summary = match done {
        Ok(summary) => summary,
        Err(error) => {
            let place = match error {
                HuntError::Query(diagnostics) => diagnostics
                    .first()
                    .map(|first| Position::of(&question.query, first.span.start)),
                _ => None,
            };
            return refused(&question.id, &chain(error), place);
        }
    };
    let mut out = b"{\"id\":".to_vec();
    out.extend_from_slice(question.id.to_string().as_bytes());
    out.push(b',');
    match sink.tables.split_first() {
        Some((first, others)) => {
            first.write_members(&mut out);
            out.extend_from_slice(b",\"more_tables\":[");
            for (at, table) in others.iter().enumerate() {
                out.extend_from_slice(if at > 0 { b",{" } else { b"{" });
                table.write_members(&mut out);
                out.push(b'}');
            }
            out.push(b']');
        }
        None => out.extend_from_slice(b"\"columns\":[],\"rows\":[],\"more_tables\":[]"),
    }
    out.extend_from_slice(b",\"partial\":");
    match &summary.partial {
        None => out.extend_from_slice(b"null"),
        Some(partial) => {
            out.extend_from_slice(b"{\"budget\":");
            write_string(&partial.budget, &mut out);
            out.extend_from_slice(b",\"message\":");
            write_string(&partial.message, &mut out);
            out.push(b'}');
        }
    }
    out.push(b'}');
    out
}

fn refused(id: &Value, message: &str, place: Option<Position>) -> Vec<u8> {
    let mut error = serde_json::json!({ "message": message, "line": null, "column": null });
    if let Some(place) = place {
        error["line"] = place.line.into();
        error["column"] = place.column.into();
    }
    format!("{{\"id\":{id},\"error\":{error}}}").into_bytes()
}

/// An error with what lies behind it.
fn chain(error: &HuntError) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(it) = cause {
        text.push_str(": ");
        text.push_str(&it.to_string());
        cause = it.source();
    }
    text
}
