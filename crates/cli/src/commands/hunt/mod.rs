//! `hunt`: questions in KQL, one at a time or many.
//!
//! [`data`] gives queries the stored generations, [`print`] the forms of an answer, [`batch`] answers line by line.

mod batch;
mod data;
mod print;
mod reference;

use std::fs;
use std::io::{self, Read, Write};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use postern_hunt::files::FilesWorld;
use postern_hunt::run::Summary;
use postern_hunt::{Budget, HuntError, World};
use postern_kql::{Diagnostic, Position, Severity};
use tokio_util::sync::CancellationToken;

use super::{Outcome, Session, WrongUsage, author};
use crate::args::{self, HuntFormat};
use crate::output::{CANNOT_WRITE, Line, Page};
use data::Data;

/// Where a path says that standard input is meant.
const STANDARD_INPUT: &str = "-";

pub async fn run(session: &Session, args: args::Hunt) -> Result<Outcome> {
    if args.tables {
        io::stdout()
            .write_all(reference::markdown().as_bytes())
            .context(CANNOT_WRITE)?;
        return Ok(Outcome::Done);
    }
    let budget = budget(&args);
    let source = Source::of(session, &args).await?;
    if let Some(path) = &args.batch {
        return batch::run(&source, path, &budget).await;
    }
    let text = text_of(&args)?;
    let mut sink = print::Printer::new(args.format);
    let world = source.world().await?;
    let run = source.begin(&text);
    let done = postern_hunt::run::run(&text, world, &budget, &CancellationToken::new(), &mut sink).await;
    source.end(run, &done).await?;
    match done {
        Ok(summary) => {
            sink.finish(&summary)?;
            remarks(&text, &summary, args.format)?;
            Ok(Outcome::Done)
        }
        // Whoever reads has read enough.
        Err(_) if sink.is_broken_pipe() => Ok(Outcome::Done),
        Err(HuntError::Query(diagnostics)) => {
            complain(&text, &diagnostics);
            anyhow::bail!("the query was not run")
        }
        Err(error) => Err(error.into()),
    }
}

fn budget(args: &args::Hunt) -> Budget {
    let mut budget = Budget {
        threads: std::thread::available_parallelism().map_or(2, usize::from),
        ..Budget::default()
    };
    if let Some(rows) = args.max_rows {
        budget.rows_max = rows;
    }
    if let Some(seconds) = args.timeout {
        budget.time_max = Duration::from_secs(seconds);
    }
    if let Some(mebibytes) = args.memory {
        budget.memory_bytes_max = usize::try_from(mebibytes << 20).unwrap_or(usize::MAX);
    }
    budget
}

/// What is asked: of the data folder, or of files.
enum Source {
    Data(Arc<Data>),
    Files(Arc<FilesWorld>),
}

impl Source {
    async fn of(session: &Session, args: &args::Hunt) -> Result<Self> {
        match (&args.nodes, &args.edges) {
            (Some(nodes), Some(edges)) => {
                let now = session.clock.now().as_microsecond();
                let world = FilesWorld::open(nodes, edges, args.findings.as_deref(), now)?;
                Ok(Self::Files(Arc::new(world)))
            }
            _ => Ok(Self::Data(Arc::new(Data::of(session, args.when.as_of()).await?))),
        }
    }

    async fn world(&self) -> Result<Arc<dyn World>> {
        Ok(match self {
            Self::Data(data) => data.clone().world().await?,
            Self::Files(world) => world.clone(),
        })
    }

    fn begin(&self, text: &str) -> data::Begun {
        data::Begun::now(text)
    }

    /// Writes the query down, where it was asked of data that has an audit log.
    async fn end(&self, begun: data::Begun, done: &Result<Summary, HuntError>) -> Result<()> {
        match self {
            Self::Data(data) => data.record(begun, done, &author()).await,
            Self::Files(_) => Ok(()),
        }
    }
}

fn text_of(args: &args::Hunt) -> Result<String> {
    match (&args.query, &args.file) {
        (Some(text), _) if text != STANDARD_INPUT => Ok(text.clone()),
        (_, Some(path)) => read(path),
        _ => read(Path::new(STANDARD_INPUT)),
    }
}

fn read(path: &Path) -> Result<String> {
    if path == Path::new(STANDARD_INPUT) {
        let mut text = String::new();
        io::stdin()
            .read_to_string(&mut text)
            .context("cannot read standard input")?;
        return Ok(text);
    }
    fs::read_to_string(path).map_err(|cause| WrongUsage(format!("cannot read {}: {cause}", path.display())).into())
}

/// Says on standard error what a reader of the rows has to know.
fn remarks(text: &str, summary: &Summary, format: HuntFormat) -> Result<()> {
    complain(text, &summary.diagnostics);
    // JSON says so itself.
    if let Some(partial) = summary.partial.as_ref().filter(|_| format != HuntFormat::Json) {
        anstream::eprintln!("partial: {}", partial.message);
    }
    Ok(())
}

/// Says on standard error what is wrong with a query, and where.
fn complain(text: &str, diagnostics: &[Diagnostic]) {
    for diagnostic in diagnostics {
        described(text, diagnostic).print_aside();
    }
}

/// A diagnostic with the line that it is about, a caret below, and what to do.
fn described(text: &str, diagnostic: &Diagnostic) -> Page {
    let mut page = Page::new();
    let word = match diagnostic.severity {
        Severity::Error => Line::new().bad("error"),
        Severity::Warning => Line::new().bold("warning"),
        Severity::Hint => Line::new().dim("hint"),
    };
    let at = Position::of(text, diagnostic.span.start);
    let place = format!(" at line {}, column {}: {}", at.line, at.column, diagnostic.message);
    page.line(0, word.then(Line::from(place)));
    let (line, caret) = marked(text, diagnostic, at);
    page.unwrapped(2, line);
    page.unwrapped(2, caret);
    if let Some(hint) = &diagnostic.hint {
        page.line(2, Line::new().dim("hint: ").then(Line::from(hint.clone())));
    }
    page
}

/// Columns of a long line that are shown, with some of what stands before the place.
const SHOWN_MAX: usize = 100;
const SHOWN_BEFORE: usize = 40;

/// The line of a place and, below it, carets under what is meant: both as wide, whatever stands before.
fn marked(text: &str, diagnostic: &Diagnostic, at: Position) -> (String, String) {
    let line = text.lines().nth(at.line as usize - 1).unwrap_or_default();
    let column = at.column as usize - 1;
    let from = if line.chars().count() > SHOWN_MAX {
        column.saturating_sub(SHOWN_BEFORE)
    } else {
        0
    };
    // A tab is as wide as the terminal likes.
    let shown: String = line
        .chars()
        .skip(from)
        .take(SHOWN_MAX)
        .map(|c| if c == '\t' { ' ' } else { c })
        .collect();
    let meant = diagnostic
        .span
        .text(text)
        .lines()
        .next()
        .unwrap_or_default()
        .chars()
        .count();
    let room = (shown.chars().count() + 1).saturating_sub(column - from);
    let carets = "^".repeat(meant.clamp(1, room.max(1)));
    (shown, format!("{}{carets}", " ".repeat(column - from)))
}

#[cfg(test)]
mod tests {
    use postern_kql::{Code, Span};

    use super::*;

    fn of(text: &str, span: (usize, usize)) -> (String, String) {
        let diagnostic = Diagnostic::error(Code::Syntax, Span::new(span.0, span.1), "x");
        marked(text, &diagnostic, Position::of(text, diagnostic.span.start))
    }

    #[test]
    fn a_caret_stands_under_what_is_meant() {
        assert_eq!(
            of("T\n| where Foo == 1", (10, 13)),
            ("| where Foo == 1".into(), "        ^^^".into())
        );
        // Bytes of the text, columns of the screen: é has two of the one and is one of the other.
        assert_eq!(of("\tét", (3, 4)), (" ét".into(), "  ^".into()));
        // Behind the end, and in an empty text.
        assert_eq!(of("T |", (3, 3)), ("T |".into(), "   ^".into()));
        assert_eq!(of("", (0, 0)), (String::new(), "^".into()));
    }

    #[test]
    fn of_a_long_line_the_part_around_the_place_is_shown() {
        let text = format!("{}Foo{}", " ".repeat(500), "x".repeat(500));
        let (line, caret) = of(&text, (500, 503));
        assert!(line.chars().count() <= SHOWN_MAX);
        let start = caret.find('^').unwrap();
        assert_eq!(&line[start..start + 3], "Foo");
    }
}
