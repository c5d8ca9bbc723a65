//! What scanners found on an asset.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::FindingReport;
use crate::page::page;

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
