//! Imports: sources come with their snapshots, and go.

use std::collections::BTreeSet;

use jiff::Timestamp;
use postern_model::batch::{Observed, TimeOrigin};
use postern_model::{CellCoverage, Reject};
use rusqlite::{OptionalExtension, Row, Transaction, named_params};
use serde_json::json;

use crate::database::Fault;
use crate::error::{LedgerError, Result};
use crate::manifest::{bump_version, has_source, version};
use crate::stored::{At, Json, Word};
use crate::uploads::{self, UploadId};
use crate::{Ledger, audit, garbage};

/// The content of one recognised file. It may lie in several sources.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SnapshotRecord {
    /// Derived from the content by the engine: 32 hexadecimal digits. Equal ids stand for equal content.
    pub id: String,
    /// Prefix of its objects in the lake, as claimed.
    pub prefix: String,
    pub format: String,
    /// The file's path as shown to people, in the source that brought it first.
    pub file: String,
    pub content_digest: String,
    pub observed: Observed,
    /// Uncompressed input.
    pub size_bytes: u64,
    pub rows: RowCounts,
    pub cells: Vec<CellCoverage>,
    /// Where NetBIOS names and addresses are valid.
    pub site: Option<String>,
    /// The raw input is stored beside the rows.
    pub is_raw_kept: bool,
}

/// Rows of a snapshot, by table, and rows that could not be read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RowCounts {
    pub objects: u64,
    pub relations: u64,
    pub findings: u64,
    pub services: u64,
    /// All of them, also where fewer are listed.
    pub rejects: u64,
}

/// One path to import, with what its files gave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceImport {
    /// As given with `--source`; empty is none. With the path it says which source this is.
    pub name: Option<String>,
    pub path: String,
    pub imported_at: Timestamp,
    pub snapshots: Vec<SnapshotImport>,
    /// Files that gave no snapshot.
    pub unread: Vec<FileReject>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SnapshotImport {
    pub record: SnapshotRecord,
    /// As many as the engine wants to keep.
    pub rejects: Vec<Reject>,
}

/// What could not be taken in, and from which file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileReject {
    pub file: String,
    pub reject: Reject,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommitOutcome {
    /// As it is now: a new version only if there are new snapshots.
    pub manifest_version: i64,
    /// Ids, sorted.
    pub new_snapshots: Vec<String>,
    /// Ids of those that the manifest had before, sorted.
    pub known_snapshots: Vec<String>,
    /// In the order of the sources given.
    pub source_ids: Vec<i64>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemoveOutcome {
    /// As it is now: a new version only if snapshots have left.
    pub manifest_version: i64,
    /// Ids of the snapshots that no other source has, sorted; their objects are garbage now.
    pub removed_snapshots: Vec<String>,
}

impl Ledger {
    /// Commits an upload: its snapshots enter the manifest, and belong to their sources.
    ///
    /// * `expected_version`: with it, the commit fails where the manifest has moved on.
    /// * A source is found again by name and path, and keeps what it has; a snapshot is found again by id.
    /// * Objects that the upload has claimed and that no snapshot refers to become garbage.
    ///
    /// An import that brings only known snapshots leaves the manifest's version as it is.
    ///
    /// # Errors
    /// Nothing has changed, and the upload is still open, after [`LedgerError::Conflict`] and
    /// [`LedgerError::Unclaimed`]. [`LedgerError::UploadGone`]: begin again.
    pub async fn commit_import(
        &self,
        upload: UploadId,
        expected_version: Option<i64>,
        sources: &[SourceImport],
    ) -> Result<CommitOutcome> {
        let sources = sources.to_vec();
        self.database
            .write("committing an import", move |transaction| {
                commit(transaction, upload, expected_version, &sources)
            })
            .await
    }

    /// Removes a source. Snapshots that no other source has leave the manifest.
    ///
    /// # Errors
    /// [`LedgerError::NoSuchSource`].
    pub async fn remove_source(&self, id: i64, author: &str) -> Result<RemoveOutcome> {
        let author = author.to_owned();
        self.database
            .write("removing a source", move |transaction| remove(transaction, id, &author))
            .await
    }
}

fn commit(
    transaction: &Transaction<'_>,
    upload: UploadId,
    expected_version: Option<i64>,
    sources: &[SourceImport],
) -> Result<CommitOutcome, Fault> {
    let holder = uploads::holder_of(transaction, upload)?;
    let current = version(transaction)?;
    if let Some(expected) = expected_version.filter(|&expected| expected != current) {
        return Err(LedgerError::Conflict { expected, current }.into());
    }

    let mut new_snapshots = BTreeSet::new();
    let mut known_snapshots = BTreeSet::new();
    let mut source_ids = Vec::with_capacity(sources.len());
    for source in sources {
        let source_id = find_or_insert_source(transaction, source)?;
        let mut has_news = false;
        for snapshot in &source.snapshots {
            let record = &snapshot.record;
            if is_in_manifest(transaction, &record.id)? {
                // The second of two equal files in one import is not known from before.
                if !new_snapshots.contains(&record.id) {
                    known_snapshots.insert(record.id.clone());
                }
            } else {
                uploads::require_claim(transaction, upload, &record.prefix)?;
                insert_snapshot(transaction, snapshot)?;
                new_snapshots.insert(record.id.clone());
            }
            has_news |= link(transaction, source_id, record)?;
        }
        if has_news {
            transaction
                .prepare_cached("UPDATE sources SET last_imported_at_us = ?2 WHERE id = ?1")?
                .execute((source_id, At(source.imported_at)))?;
        }
        replace_unread(transaction, source_id, &source.unread)?;
        source_ids.push(source_id);
    }
    uploads::end(transaction, upload, "not part of what the upload committed")?;

    let manifest_version = if new_snapshots.is_empty() {
        current
    } else {
        bump_version(transaction)?
    };
    let detail = json!({
        "upload": upload.0,
        "sources": source_ids,
        "new_snapshots": new_snapshots,
        "known_snapshots": known_snapshots.len(),
        "manifest_version": manifest_version,
    });
    audit::record(transaction, &holder, "import", detail)?;
    Ok(CommitOutcome {
        manifest_version,
        new_snapshots: new_snapshots.into_iter().collect(),
        known_snapshots: known_snapshots.into_iter().collect(),
        source_ids,
    })
}

fn remove(transaction: &Transaction<'_>, id: i64, author: &str) -> Result<RemoveOutcome, Fault> {
    if !has_source(transaction, id)? {
        return Err(LedgerError::NoSuchSource { id }.into());
    }
    let mut statement = transaction.prepare_cached(
        "SELECT id, prefix FROM snapshots
         WHERE id IN (SELECT snapshot_id FROM source_snapshots WHERE source_id = ?1)
           AND id NOT IN (SELECT snapshot_id FROM source_snapshots WHERE source_id <> ?1)
         ORDER BY id",
    )?;
    let leaving: Vec<(String, String)> = statement
        .query_map([id], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<rusqlite::Result<_>>()?;

    transaction
        .prepare_cached("DELETE FROM sources WHERE id = ?1")?
        .execute([id])?;
    let mut removed_snapshots = Vec::with_capacity(leaving.len());
    for (snapshot_id, prefix) in leaving {
        transaction
            .prepare_cached("DELETE FROM snapshots WHERE id = ?1")?
            .execute([&snapshot_id])?;
        garbage::doom(transaction, &prefix, "source removed")?;
        removed_snapshots.push(snapshot_id);
    }

    let manifest_version = if removed_snapshots.is_empty() {
        version(transaction)?
    } else {
        bump_version(transaction)?
    };
    let detail = json!({
        "source": id,
        "removed_snapshots": removed_snapshots,
        "manifest_version": manifest_version,
    });
    audit::record(transaction, author, "remove-source", detail)?;
    Ok(RemoveOutcome {
        manifest_version,
        removed_snapshots,
    })
}

fn find_or_insert_source(transaction: &Transaction<'_>, source: &SourceImport) -> Result<i64, Fault> {
    let name = source.name.as_deref().filter(|name| !name.is_empty());
    let found = transaction
        .prepare_cached("SELECT id FROM sources WHERE coalesce(name, '') = coalesce(?1, '') AND path = ?2")?
        .query_row((name, &source.path), |row| row.get(0))
        .optional()?;
    if let Some(id) = found {
        return Ok(id);
    }
    transaction
        .prepare_cached(
            "INSERT INTO sources (name, path, imported_at_us, last_imported_at_us) VALUES (?1, ?2, ?3, ?3)",
        )?
        .execute((name, &source.path, At(source.imported_at)))?;
    Ok(transaction.last_insert_rowid())
}

fn is_in_manifest(transaction: &Transaction<'_>, id: &str) -> rusqlite::Result<bool> {
    transaction
        .prepare_cached("SELECT 1 FROM snapshots WHERE id = ?1")?
        .exists([id])
}

/// Whether the source did not have this file before.
fn link(transaction: &Transaction<'_>, source_id: i64, record: &SnapshotRecord) -> rusqlite::Result<bool> {
    let linked = transaction
        .prepare_cached("INSERT OR IGNORE INTO source_snapshots (source_id, snapshot_id, file) VALUES (?1, ?2, ?3)")?
        .execute((source_id, &record.id, &record.file))?;
    Ok(linked > 0)
}

/// The last import has the say on which files of a source cannot be read.
fn replace_unread(transaction: &Transaction<'_>, source_id: i64, unread: &[FileReject]) -> Result<(), Fault> {
    transaction
        .prepare_cached("DELETE FROM source_rejects WHERE source_id = ?1")?
        .execute([source_id])?;
    let mut statement = transaction.prepare_cached(
        "INSERT INTO source_rejects (source_id, ordinal, file, position, reason) VALUES (?1, ?2, ?3, ?4, ?5)",
    )?;
    for (ordinal, FileReject { file, reject }) in unread.iter().enumerate() {
        statement.execute((source_id, ordinal, file, &reject.position, &reject.reason))?;
    }
    Ok(())
}

fn insert_snapshot(transaction: &Transaction<'_>, snapshot: &SnapshotImport) -> Result<(), Fault> {
    let record = &snapshot.record;
    transaction
        .prepare_cached(&format!(
            "INSERT INTO snapshots ({SNAPSHOT_COLUMNS}) VALUES (
                 :id, :prefix, :format, :file, :content_digest, :observed_at, :observed_origin, :size_bytes,
                 :objects, :relations, :findings, :services, :rejects, :cells, :site, :is_raw_kept
             )"
        ))?
        .execute(named_params! {
            ":id": record.id,
            ":prefix": record.prefix,
            ":format": record.format,
            ":file": record.file,
            ":content_digest": record.content_digest,
            ":observed_at": At(record.observed.at),
            ":observed_origin": Word(record.observed.origin),
            ":size_bytes": record.size_bytes,
            ":objects": record.rows.objects,
            ":relations": record.rows.relations,
            ":findings": record.rows.findings,
            ":services": record.rows.services,
            ":rejects": record.rows.rejects,
            ":cells": Json(&record.cells),
            ":site": record.site,
            ":is_raw_kept": record.is_raw_kept,
        })?;
    let mut statement = transaction.prepare_cached(
        "INSERT INTO snapshot_rejects (snapshot_id, ordinal, position, reason) VALUES (?1, ?2, ?3, ?4)",
    )?;
    for (ordinal, reject) in snapshot.rejects.iter().enumerate() {
        statement.execute((&record.id, ordinal, &reject.position, &reject.reason))?;
    }
    Ok(())
}

/// The columns of a [`SnapshotRecord`], as [`snapshot_of`] reads them.
pub const SNAPSHOT_COLUMNS: &str = "id, prefix, format, file, content_digest, observed_at_us, observed_origin, \
    size_bytes, objects, relations, findings, services, rejects, cells, site, is_raw_kept";

pub fn snapshot_of(row: &Row<'_>) -> rusqlite::Result<SnapshotRecord> {
    Ok(SnapshotRecord {
        id: row.get("id")?,
        prefix: row.get("prefix")?,
        format: row.get("format")?,
        file: row.get("file")?,
        content_digest: row.get("content_digest")?,
        observed: Observed {
            at: row.get::<_, At>("observed_at_us")?.0,
            origin: row.get::<_, Word<TimeOrigin>>("observed_origin")?.0,
        },
        size_bytes: row.get("size_bytes")?,
        rows: RowCounts {
            objects: row.get("objects")?,
            relations: row.get("relations")?,
            findings: row.get("findings")?,
            services: row.get("services")?,
            rejects: row.get("rejects")?,
        },
        cells: row.get::<_, Json<_>>("cells")?.0,
        site: row.get("site")?,
        is_raw_kept: row.get("is_raw_kept")?,
    })
}
