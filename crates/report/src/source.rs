//! What was imported.

use postern_engine::SourceRow;
use postern_model::batch::TimeOrigin;
use schemars::JsonSchema;
use serde::Serialize;
use utoipa::ToSchema;

use crate::sources::rejected_rows;

#[derive(Clone, Debug, Serialize, JsonSchema, ToSchema)]
pub struct SourceReport {
    /// For `source remove` and `source rejects`.
    pub id: i64,
    /// As given with --source.
    pub name: Option<String>,
    pub path: String,
    /// RFC 3339.
    pub imported_at: String,
    /// When an import last brought something new. RFC 3339.
    pub last_imported_at: String,
    pub files: Vec<SourceFile>,
    /// Files that could not be taken in.
    pub unread_files: u64,
    /// Rows of the other files that were rejected.
    pub rejected_rows: u64,
    #[serde(skip)]
    pub last: jiff::Timestamp,
}

#[derive(Clone, Debug, Serialize, JsonSchema, ToSchema)]
pub struct SourceFile {
    pub path: String,
    pub format: String,
    /// RFC 3339.
    pub observed_at: String,
    pub observed_from: ObservedFrom,
    /// Uncompressed.
    pub size_bytes: u64,
    pub rejected_rows: u64,
    /// A compressed copy is kept, which a later version can read again.
    pub is_raw_kept: bool,
}

#[derive(Clone, Debug, Serialize, JsonSchema, ToSchema)]
pub struct SourceReject {
    pub file: String,
    /// Empty for the whole file.
    pub position: String,
    pub reason: String,
}

/// How it is known when a file was observed.
#[derive(Clone, Copy, Debug, Serialize, JsonSchema, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ObservedFrom {
    Record,
    EntryName,
    ArchiveEntry,
    Import,
}

impl ObservedFrom {
    pub fn new(origin: TimeOrigin) -> Self {
        match origin {
            TimeOrigin::Record => Self::Record,
            TimeOrigin::EntryName => Self::EntryName,
            TimeOrigin::ArchiveEntry => Self::ArchiveEntry,
            TimeOrigin::Import => Self::Import,
        }
    }

    pub fn text(self) -> &'static str {
        match self {
            Self::Record => "as its content says",
            Self::EntryName => "as its name says",
            Self::ArchiveEntry => "as its archive says",
            Self::Import => "taken for now, as nothing says when",
        }
    }
}

impl SourceReport {
    pub fn new(row: SourceRow) -> Self {
        let rejected_rows = rejected_rows(&row);
        let files: Vec<_> = row
            .snapshots
            .into_iter()
            .map(|it| SourceFile {
                path: it.file,
                format: it.format,
                observed_at: it.observed.at.to_string(),
                observed_from: ObservedFrom::new(it.observed.origin),
                size_bytes: it.size_bytes,
                rejected_rows: it.rows.rejects,
                is_raw_kept: it.is_raw_kept,
            })
            .collect();
        Self {
            id: row.source.id,
            name: row.source.name,
            path: row.source.path,
            imported_at: row.source.imported_at.to_string(),
            last_imported_at: row.source.last_imported_at.to_string(),
            rejected_rows,
            files,
            unread_files: row.unread_files,
            last: row.source.last_imported_at,
        }
    }
}
