//! `inspect`: what an import would read from each file.

use anyhow::Result;
use postern_ingest::Counts;
use postern_model::Reject;
use postern_report::words::counted;
use schemars::JsonSchema;
use serde::Serialize;

use super::Outcome;
use crate::args;
use crate::output::{Line, Page, Report, show};

/// Rejected rows shown for each file in text; JSON has more of them.
const REJECTS_SHOWN_MAX: usize = 10;

#[derive(Debug, Serialize, JsonSchema)]
pub struct InspectReport {
    files: Vec<InspectedFile>,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct InspectedFile {
    path: String,
    /// Null for a file that cannot be read.
    format: Option<String>,
    #[serde(flatten)]
    counts: CountsReport,
    /// Rows, or the file as a whole.
    rejects_total: u64,
    /// At most the first 1,000.
    rejects: Vec<RejectReport>,
}

/// How much a file holds.
#[derive(Debug, Serialize, JsonSchema)]
pub struct CountsReport {
    /// Hosts of a scan; nodes of a directory, those included that are only referred to.
    assets: u64,
    /// Distinct checks of a scanner.
    checks: u64,
    /// Results of those checks.
    instances: u64,
    /// Distinct CVE ids.
    cves: u64,
    /// Relations as reported.
    relations: u64,
    /// Results of configuration controls.
    controls: u64,
    /// Kinds that an extension describes.
    kinds: u64,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct RejectReport {
    /// Empty for the whole file.
    pub position: String,
    pub reason: String,
}

pub fn run(args: args::Inspect) -> Result<Outcome> {
    let files = postern_engine::inspect(&args.paths, args.source.as_deref())?;
    let files = files.into_iter().map(|file| InspectedFile {
        path: file.path,
        format: file.format.map(|format| format.id.to_owned()),
        counts: CountsReport::new(&file.counts),
        rejects_total: file.rejects_total,
        rejects: file.rejects.into_iter().map(RejectReport::new).collect(),
    });
    let report = InspectReport { files: files.collect() };
    show(&report, args.format.json)?;
    let is_clean = report.files.iter().all(|file| file.rejects_total == 0);
    Ok(if is_clean { Outcome::Done } else { Outcome::Rejected })
}

impl CountsReport {
    pub fn new(counts: &Counts) -> Self {
        let Counts {
            assets,
            checks,
            instances,
            cves,
            relations,
            controls,
            kinds,
        } = *counts;
        Self {
            assets,
            checks,
            instances,
            cves,
            relations,
            controls,
            kinds,
        }
    }

    /// What there is of anything; `nothing` where there is nothing.
    pub fn text(&self) -> String {
        let parts: Vec<_> = [
            (self.assets, "asset", "assets"),
            (self.relations, "relation", "relations"),
            (self.checks, "check", "checks"),
            (self.instances, "result", "results"),
            (self.cves, "CVE", "CVEs"),
            (self.controls, "control result", "control results"),
            (self.kinds, "kind", "kinds"),
        ]
        .into_iter()
        .filter(|(number, ..)| *number > 0)
        .map(|(number, one, many)| counted(number, one, many))
        .collect();
        if parts.is_empty() {
            "nothing".to_owned()
        } else {
            parts.join(", ")
        }
    }
}

impl RejectReport {
    pub fn new(reject: Reject) -> Self {
        Self {
            position: reject.position,
            reason: reject.reason,
        }
    }

    pub fn text(&self) -> String {
        match self.position.as_str() {
            "" => self.reason.clone(),
            position => format!("{position}: {}", self.reason),
        }
    }
}

/// The first rejects, then how many more there are.
///
/// * `hint`: how to see them.
pub fn rejects_text(page: &mut Page, indent: usize, rejects: &[RejectReport], total: u64, hint: &str) {
    for reject in rejects.iter().take(REJECTS_SHOWN_MAX) {
        page.hanging(indent, indent + 2, Line::new().bad("! ").plain(reject.text()));
    }
    let shown = rejects.len().min(REJECTS_SHOWN_MAX) as u64;
    if total > shown {
        let more = counted(total - shown, "more was rejected", "more were rejected");
        page.line(indent, Line::new().dim(format!("{more}; {hint}")));
    }
}

impl Report for InspectReport {
    const SCHEMA: &'static str = "inspect";

    fn text(&self, page: &mut Page) {
        for file in &self.files {
            let line = Line::new().bold(&file.path);
            match &file.format {
                Some(format) => page.hanging(0, 2, line.plain(format!("  {format}: {}", file.counts.text()))),
                None => page.hanging(0, 2, line.bad("  cannot be read")),
            }
            rejects_text(page, 2, &file.rejects, file.rejects_total, "--json lists them");
        }
        if self.files.is_empty() {
            page.line(0, "There was no file to read.");
        }
    }
}
