//! What scanners found on an asset.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::page::{Window, page};
use crate::{FindingReport, Reports, Result};

/// Scores are kept in millionths.
const MICRO: f64 = 1_000_000.0;

/// A scanner's result.
#[derive(Clone, Debug, Serialize, JsonSchema, ToSchema)]
pub struct FindingRow {
    #[serde(flatten)]
    pub finding: FindingReport,
    /// From 0 to 10; null where the scanner gives none.
    pub cvss_score: Option<f64>,
    /// Known to be exploited.
    pub is_kev: bool,
    /// RFC 3339.
    pub first_seen: String,
    /// RFC 3339.
    pub last_seen: String,
    /// The files that say so.
    pub files: Vec<String>,
}

page! {
    /// Findings of an asset, the worst first.
    FindingPage of FindingRow
}

/// Which part of a list.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub struct PageQuery {
    /// Place of the first item, counted from 0.
    pub offset: Option<u64>,
    /// At most so many items; 50 if not said, 500 at most.
    pub limit: Option<u64>,
}

impl Reports {
    /// What scanners found on an asset, page by page.
    ///
    /// # Errors
    /// [`crate::ReportError::NoSuch`], [`crate::ReportError::BadQuery`].
    pub fn findings(&self, asset: &str, query: &PageQuery) -> Result<FindingPage> {
        let window = Window::new(query.offset, query.limit)?;
        let found = self.findings_of(self.find_asset(asset)?);
        let row = |it: &&postern_model::estate::Finding| FindingRow {
            finding: FindingReport::new(it),
            cvss_score: it.cvss_score_micro.map(|micro| micro as f64 / MICRO),
            is_kev: it.is_kev,
            first_seen: it.seen.first.to_string(),
            last_seen: it.seen.last.to_string(),
            files: self.files(&it.seen),
        };
        Ok(FindingPage {
            generation: self.generation.record.number,
            total: found.len() as u64,
            offset: window.offset,
            limit: window.limit,
            items: window.of(&found).iter().map(row).collect(),
        })
    }
}
