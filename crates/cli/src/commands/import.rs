//! `import`: what was read from each file, what was refused, and what follows from it.

use std::fs;

use anyhow::{Context, Result};
use jiff::Timestamp;
use postern_engine::{FileReport, ImportOptions};
use postern_model::batch::Observed;
use postern_report::ObservedFrom;
use postern_report::words::{counted, joined, time};
use schemars::JsonSchema;
use serde::Serialize;

use super::build::{BuildReport, current, wait};
use super::inspect::{CountsReport, RejectReport, rejects_text};
use super::progress::progress;
use super::{Outcome, Session};
use crate::args;
use crate::output::{Line, Page, Report, show};

#[derive(Debug, Serialize, JsonSchema)]
pub struct ImportReport {
    /// The numbers that `source rejects` and `source remove` take: one for each path of which something was taken in.
    sources: Vec<i64>,
    files: Vec<ImportedFile>,
    build: BuildReport,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct ImportedFile {
    path: String,
    /// Null for a file that was not taken in.
    format: Option<String>,
    /// RFC 3339. Null for a file that was not taken in.
    observed_at: Option<String>,
    observed_from: Option<ObservedFrom>,
    /// Had been imported before, byte for byte: nothing changes.
    is_known: bool,
    #[serde(flatten)]
    counts: CountsReport,
    /// Rows, or the file as a whole.
    rejects_total: u64,
    /// At most the first 1,000.
    rejects: Vec<RejectReport>,
    #[serde(skip)]
    observed: Option<Timestamp>,
}

pub async fn run(session: &Session, args: args::Import) -> Result<Outcome> {
    let options = ImportOptions {
        source: args.source,
        keep_raw: !args.no_raw,
        build: !args.building.no_build,
        wait: wait(args.building.no_wait),
        shown_below: None,
        author: None,
    };
    // Before the data folder is made: a mistyped path should leave nothing behind.
    for path in &args.paths {
        fs::metadata(path).with_context(|| format!("cannot read {}", path.display()))?;
    }
    let engine = session.open_or_create().await?;
    let before = current(&engine).await?;
    let imported = engine.import(&args.paths, &options, progress()).await?;
    for complaint in &imported.not_swept {
        anstream::eprintln!("warning: {complaint}");
    }
    let report = ImportReport {
        sources: imported.source_ids,
        files: imported.files.into_iter().map(ImportedFile::new).collect(),
        build: BuildReport::new(&engine, before, imported.build).await?,
    };
    show(&report, args.format.json)?;
    let is_clean = report.files.iter().all(|file| file.rejects_total == 0);
    Ok(if is_clean { Outcome::Done } else { Outcome::Rejected })
}

impl ImportedFile {
    fn new(file: FileReport) -> Self {
        Self {
            path: file.path,
            format: file.format.map(|format| format.id.to_owned()),
            observed_at: file.observed.map(|it| it.at.to_string()),
            observed_from: file.observed.map(|Observed { origin, .. }| ObservedFrom::new(origin)),
            is_known: file.is_known,
            counts: CountsReport::new(&file.counts),
            rejects_total: file.rejects_total,
            rejects: file.rejects.into_iter().map(RejectReport::new).collect(),
            observed: file.observed.map(|it| it.at),
        }
    }

    /// Folder or archive, and the name inside it.
    fn place(&self) -> (&str, &str) {
        self.path
            .split_once('!')
            .or_else(|| self.path.rsplit_once('/'))
            .unwrap_or(("", &self.path))
    }

    fn observation(&self) -> Option<String> {
        Some(format!(
            "observed {}, {}",
            time(self.observed?),
            self.observed_from?.text()
        ))
    }

    fn text(&self, page: &mut Page, indent: usize) {
        let line = Line::new().plain(self.place().1);
        let line = match &self.format {
            None => line.bad("  not taken in"),
            Some(format) if self.is_known => line.plain(format!("  {format}: imported before, changes nothing")),
            Some(format) => line.plain(format!("  {format}: {}", self.counts.text())),
        };
        page.hanging(indent, indent + 2, line);
        let hint = "`postern source rejects ID` and --json list them";
        rejects_text(page, indent + 2, &self.rejects, self.rejects_total, hint);
    }
}

/// The files of one folder or archive: what they have in common is said once.
fn group_text(page: &mut Page, files: &[ImportedFile]) {
    let Some(first) = files.first() else { return };
    let folder = first.place().0;
    let indent = if folder.is_empty() { 0 } else { 2 };
    if !folder.is_empty() {
        page.line(0, Line::new().bold(folder));
    }
    let common = first
        .observation()
        .filter(|_| files.iter().all(|file| file.observation() == first.observation()));
    for file in files {
        file.text(page, indent);
        if let (None, Some(own)) = (&common, file.observation()) {
            page.line(indent + 2, Line::new().dim(own));
        }
    }
    if let Some(common) = common {
        page.line(indent, Line::new().dim(common));
    }
}

impl Report for ImportReport {
    const SCHEMA: &'static str = "import";

    fn text(&self, page: &mut Page) {
        for files in self.files.chunk_by(|a, b| a.place().0 == b.place().0) {
            group_text(page, files);
        }
        page.blank();
        let refused = self.files.iter().filter(|file| file.format.is_none()).count() as u64;
        let rejected: u64 = self
            .files
            .iter()
            .filter(|file| file.format.is_some())
            .map(|file| file.rejects_total)
            .sum();
        if refused > 0 {
            let files = counted(refused, "file was not taken in", "files were not taken in");
            page.line(0, Line::new().bad(format!("{files}; the reasons stand above.")));
        }
        if rejected > 0 {
            let rows = counted(rejected, "row was rejected", "rows were rejected");
            page.line(0, Line::new().bad(format!("{rows}; everything else went in.")));
        }
        if refused + rejected > 0 {
            match &self.sources[..] {
                [] => {}
                [id] => page.line(
                    0,
                    format!("It is source {id}; `postern source rejects {id}` lists what of it was left out."),
                ),
                ids => {
                    let ids: Vec<_> = ids.iter().map(ToString::to_string).collect();
                    let sources = joined(&ids);
                    let text = format!(
                        "They are the sources {sources}; `postern source rejects ID` lists what of them was left out."
                    );
                    page.line(0, text);
                }
            }
        }
        if self.files.is_empty() {
            page.line(0, "There was no file to read.");
        }
        match self.files.iter().any(|file| file.format.is_some()) {
            true => self.build.text(page),
            false => page.line(0, "Nothing has changed."),
        }
    }
}
