//! `audit`: whether the log of what was done is whole.

use anyhow::{Result, bail};
use postern_report::words::counted;
use schemars::JsonSchema;
use serde::Serialize;

use super::{Outcome, Session};
use crate::args;
use crate::output::{Line, Page, Report, show};

#[derive(Debug, Serialize, JsonSchema)]
pub struct AuditReport {
    pub entries: u64,
    pub is_whole: bool,
    /// Number of the first entry that was changed or is missing.
    pub first_broken: Option<i64>,
}

pub async fn run(session: &Session, args: args::Audit) -> Result<Outcome> {
    let args::Audit::Verify(format) = args;
    let engine = session.open().await?;
    let check = engine.ledger().verify_audit().await?;
    let report = AuditReport {
        entries: check.entries,
        is_whole: check.first_broken.is_none(),
        first_broken: check.first_broken,
    };
    show(&report, format.json)?;
    if let Some(entry) = report.first_broken {
        bail!("the audit log is broken at entry {entry}: somebody changed or removed it outside Postern");
    }
    Ok(Outcome::Done)
}

impl Report for AuditReport {
    const SCHEMA: &'static str = "audit-verify";

    fn text(&self, page: &mut Page) {
        let entries = counted(self.entries, "entry", "entries");
        page.line(
            0,
            match self.is_whole {
                true => Line::new()
                    .good("The audit log is whole")
                    .plain(format!(": {entries}, each sealed by the next.")),
                false => Line::new()
                    .bad("The audit log is broken")
                    .plain(format!(": {entries} were read.")),
            },
        );
    }
}
