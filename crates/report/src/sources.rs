//! Imported sources, as pages.

use schemars::JsonSchema;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{ObservedFrom, SourceReject};

/// An imported path.
#[derive(Clone, Debug, Serialize, JsonSchema, ToSchema)]
pub struct SourceRow {
    pub id: i64,
    /// As given when it was imported.
    pub name: Option<String>,
    pub path: String,
    /// RFC 3339.
    pub imported_at: String,
    /// When an import last brought something new. RFC 3339.
    pub last_imported_at: String,
    /// Formats of its files, each once.
    pub formats: Vec<String>,
    /// Files that were taken in.
    pub files: u64,
    /// Of these files, uncompressed.
    pub size_bytes: u64,
    /// Rows of these files that were rejected.
    pub rejected_rows: u64,
    /// Files that could not be taken in.
    pub unread_files: u64,
    /// Null where no file was taken in. RFC 3339.
    pub newest_observed_at: Option<String>,
}

/// Everything that was imported.
#[derive(Clone, Debug, Serialize, JsonSchema, ToSchema)]
pub struct SourcesPage {
    pub items: Vec<SourceRow>,
}

/// An imported path with its files.
#[derive(Clone, Debug, Serialize, JsonSchema, ToSchema)]
pub struct SourceDetail {
    pub id: i64,
    /// As given when it was imported.
    pub name: Option<String>,
    pub path: String,
    /// RFC 3339.
    pub imported_at: String,
    /// When an import last brought something new. RFC 3339.
    pub last_imported_at: String,
    /// Formats of its files, each once.
    pub formats: Vec<String>,
    /// Of its files, uncompressed.
    pub size_bytes: u64,
    /// Rows of these files that were rejected.
    pub rejected_rows: u64,
    /// Files that could not be taken in.
    pub unread_files: u64,
    /// Null where no file was taken in. RFC 3339.
    pub newest_observed_at: Option<String>,
    /// Files that were taken in.
    pub files: Vec<SourceFileRow>,
}

/// A file that was taken in.
#[derive(Clone, Debug, Serialize, JsonSchema, ToSchema)]
pub struct SourceFileRow {
    pub path: String,
    pub format: String,
    /// RFC 3339.
    pub observed_at: String,
    pub observed_from: ObservedFrom,
    /// Uncompressed.
    pub size_bytes: u64,
    pub objects: u64,
    pub relations: u64,
    pub findings: u64,
    pub rejected_rows: u64,
    /// A compressed copy is kept, which a later version can read again.
    pub is_raw_kept: bool,
}

/// What of a source could not be taken in: whole files first, then rows.
#[derive(Clone, Debug, Serialize, JsonSchema, ToSchema)]
pub struct RejectPage {
    /// How many there are; `items` has those of this page.
    pub total: u64,
    /// Place of the first item of this page, counted from 0.
    pub offset: u64,
    /// At most so many items on this page.
    pub limit: u64,
    pub items: Vec<SourceReject>,
}
