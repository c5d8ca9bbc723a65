//! `source`: what was imported, what of it was refused, and forgetting it.

use anyhow::Result;
use postern_report::words::{count, counted, time};
use postern_report::{SourceReject, SourceReport};
use schemars::JsonSchema;
use serde::Serialize;

use super::build::{BuildReport, after_change};
use super::{Outcome, Session, author, no_such_source};
use crate::args;
use crate::output::{Line, Page, Report, show};

#[derive(Debug, Serialize, JsonSchema)]
pub struct SourcesReport {
    pub sources: Vec<SourceReport>,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct RejectsReport {
    pub source: i64,
    pub total: u64,
    pub truncated: bool,
    /// At most so many rejects are listed.
    pub limit: u64,
    pub rejects: Vec<SourceReject>,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct SourceRemoved {
    pub source: i64,
    /// Files that no other source has.
    pub files_removed: u64,
    pub build: BuildReport,
}

pub async fn run(session: &Session, args: args::Source) -> Result<Outcome> {
    let engine = session.open().await?;
    match args {
        args::Source::List(format) => {
            let sources = engine.sources().await?;
            show(
                &SourcesReport {
                    sources: sources.into_iter().map(SourceReport::new).collect(),
                },
                format.json,
            )?;
        }
        args::Source::Rejects { id, limit, format } => {
            let rejects = engine
                .ledger()
                .rejects(id)
                .await
                .map_err(|error| no_such_source(error.into(), id))?;
            let limit = limit.of(format.json);
            let report = RejectsReport {
                source: id,
                total: rejects.len() as u64,
                truncated: rejects.len() > limit,
                limit: limit as u64,
                rejects: rejects
                    .into_iter()
                    .take(limit)
                    .map(|it| SourceReject {
                        file: it.file,
                        position: it.reject.position,
                        reason: it.reject.reason,
                    })
                    .collect(),
            };
            show(&report, format.json)?;
        }
        args::Source::Remove { id, building, format } => {
            let removed = engine
                .remove_source(id, &author())
                .await
                .map_err(|error| no_such_source(error, id))?;
            let report = SourceRemoved {
                source: id,
                files_removed: removed.removed_snapshots.len() as u64,
                build: after_change(&engine, &building).await?,
            };
            show(&report, format.json)?;
        }
    }
    Ok(Outcome::Done)
}

impl Report for SourcesReport {
    const SCHEMA: &'static str = "source-list";

    fn text(&self, page: &mut Page) {
        if self.sources.is_empty() {
            page.line(0, "Nothing is imported.");
            return;
        }
        let rows = self.sources.iter().map(|it| {
            [
                it.id.to_string().into(),
                it.name.as_deref().unwrap_or("-").into(),
                count(it.files.len() as u64).into(),
                count(it.rejected_rows).into(),
                count(it.unread_files).into(),
                time(it.last).into(),
                Line::from(it.path.as_str()),
            ]
        });
        let heads = [
            "id",
            "name",
            "files",
            "rejected rows",
            "files not taken in",
            "imported",
            "path",
        ];
        page.table(0, heads, rows.collect());
    }
}

impl Report for RejectsReport {
    const SCHEMA: &'static str = "source-rejects";

    fn text(&self, page: &mut Page) {
        if self.total == 0 {
            page.line(0, format!("Everything of source {} was taken in.", self.source));
        }
        for it in &self.rejects {
            // What is wrong with a whole file mostly begins with its name.
            let line = match it.reason.strip_prefix(&it.file) {
                Some(reason) => Line::new().bold(&it.file).plain(reason),
                None if it.position.is_empty() => Line::new().bold(&it.file).plain(format!(": {}", it.reason)),
                None => Line::new()
                    .bold(format!("{} {}", it.file, it.position))
                    .plain(format!(": {}", it.reason)),
            };
            page.hanging(0, 2, line);
        }
        if self.truncated {
            let shown = count(self.rejects.len() as u64);
            let all = counted(self.total, "reject", "rejects");
            page.line(
                0,
                Line::new().dim(format!("The first {shown} of {all}; --limit N shows more.")),
            );
        }
    }
}

impl Report for SourceRemoved {
    const SCHEMA: &'static str = "source-remove";

    fn text(&self, page: &mut Page) {
        let files = counted(self.files_removed, "file", "files");
        page.line(
            0,
            format!(
                "Source {} is forgotten, and with it {files} that no other source has.",
                self.source
            ),
        );
        self.build.text(page);
    }
}
