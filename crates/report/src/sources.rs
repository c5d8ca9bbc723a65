//! Imported sources, as pages.

use std::collections::BTreeSet;

use postern_engine::{Engine, SourceRow as Listing};
use postern_ledger::LedgerError;
use schemars::JsonSchema;
use serde::Serialize;
use utoipa::ToSchema;

use crate::page::Window;
use crate::{Inventory, ObservedFrom, PageQuery, ReportError, Result, SourceReject};

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

impl Inventory {
    /// Everything that was imported, in the order of its numbers.
    pub fn sources_page(&self) -> SourcesPage {
        SourcesPage {
            items: self.sources.iter().map(SourceRow::new).collect(),
        }
    }

    /// An imported path with its files.
    ///
    /// # Errors
    /// [`LedgerError::NoSuchSource`].
    pub fn source(&self, id: i64) -> Result<SourceDetail> {
        let source = self.sources.iter().find(|it| it.source.id == id);
        source.map(SourceDetail::new).ok_or_else(|| no_such(id))
    }

    /// Rows of all sources that were rejected.
    pub fn rejected_rows(&self) -> u64 {
        self.sources.iter().map(rejected_rows).sum()
    }

    /// Files of all sources that could not be taken in.
    pub fn unread_files(&self) -> u64 {
        self.sources.iter().map(|it| it.unread_files).sum()
    }
}

/// What of a source could not be taken in, page by page.
///
/// # Errors
/// [`ReportError::BadQuery`], and those of the ledger: there is no such source.
pub async fn rejects(engine: &Engine, source: i64, query: &PageQuery) -> Result<RejectPage> {
    let window = Window::new(query.offset, query.limit)?;
    let found = engine.ledger().rejects(source).await?;
    let row = |it: &postern_ledger::FileReject| SourceReject {
        file: it.file.clone(),
        position: it.reject.position.clone(),
        reason: it.reject.reason.clone(),
    };
    Ok(RejectPage {
        total: found.len() as u64,
        offset: window.offset,
        limit: window.limit,
        items: window.of(&found).iter().map(row).collect(),
    })
}

/// Sources are those of now and of no generation.
fn no_such(id: i64) -> ReportError {
    LedgerError::NoSuchSource { id }.into()
}

/// Rows of the files of a source that were rejected.
pub(crate) fn rejected_rows(source: &Listing) -> u64 {
    source.snapshots.iter().map(|it| it.rows.rejects).sum()
}

impl SourceRow {
    fn new(of: &Listing) -> Self {
        let formats: BTreeSet<_> = of.snapshots.iter().map(|it| it.format.clone()).collect();
        Self {
            id: of.source.id,
            name: of.source.name.clone(),
            path: of.source.path.clone(),
            imported_at: of.source.imported_at.to_string(),
            last_imported_at: of.source.last_imported_at.to_string(),
            formats: formats.into_iter().collect(),
            files: of.snapshots.len() as u64,
            size_bytes: of.snapshots.iter().map(|it| it.size_bytes).sum(),
            rejected_rows: rejected_rows(of),
            unread_files: of.unread_files,
            newest_observed_at: of
                .snapshots
                .iter()
                .map(|it| it.observed.at)
                .max()
                .map(|at| at.to_string()),
        }
    }
}

impl SourceDetail {
    fn new(of: &Listing) -> Self {
        let row = SourceRow::new(of);
        let files = of.snapshots.iter().map(|it| SourceFileRow {
            path: it.file.clone(),
            format: it.format.clone(),
            observed_at: it.observed.at.to_string(),
            observed_from: ObservedFrom::new(it.observed.origin),
            size_bytes: it.size_bytes,
            objects: it.rows.objects,
            relations: it.rows.relations,
            findings: it.rows.findings,
            rejected_rows: it.rows.rejects,
            is_raw_kept: it.is_raw_kept,
        });
        Self {
            id: row.id,
            name: row.name,
            path: row.path,
            imported_at: row.imported_at,
            last_imported_at: row.last_imported_at,
            formats: row.formats,
            size_bytes: row.size_bytes,
            rejected_rows: row.rejected_rows,
            unread_files: row.unread_files,
            newest_observed_at: row.newest_observed_at,
            files: files.collect(),
        }
    }
}
