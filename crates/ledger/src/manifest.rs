//! The manifest: all that a generation is built from. And the list of sources, for people.

use std::collections::BTreeMap;

use jiff::Timestamp;
use postern_model::Reject;
use rusqlite::{OptionalExtension, Transaction};

use crate::Ledger;
use crate::decisions::{self, Decision};
use crate::error::{LedgerError, Result};
use crate::imports::{FileReject, SNAPSHOT_COLUMNS, SnapshotRecord, snapshot_of};
use crate::stored::At;

/// One consistent state of all inputs that the ledger keeps.
#[derive(Clone, Debug, PartialEq)]
pub struct Manifest {
    /// Grows by one with every change of anything below; 0 for a new ledger.
    pub version: i64,
    /// Sorted by id.
    pub snapshots: Vec<SnapshotRecord>,
    /// Sequence number of the newest decision, 0 without any.
    pub decision_seq: i64,
    /// All of them, in order; [`Decision::in_force`] gives those that count.
    pub decisions: Vec<Decision>,
    pub settings: BTreeMap<String, String>,
}

/// One imported path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceRecord {
    pub id: i64,
    /// As given with `--source`.
    pub name: Option<String>,
    pub path: String,
    pub imported_at: Timestamp,
    /// When an import last brought something new.
    pub last_imported_at: Timestamp,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceListing {
    pub source: SourceRecord,
    /// Sorted by file; `file` is the name that this source has for it. A content that lies in the source
    /// under two names is listed twice.
    pub snapshots: Vec<SnapshotRecord>,
    /// Files that gave no snapshot.
    pub unread_files: u64,
}

impl Ledger {
    /// Everything that a build reads, in one read transaction.
    pub async fn manifest(&self) -> Result<Manifest> {
        self.database
            .read("reading the manifest", |transaction| {
                let decisions = decisions::decisions(transaction)?;
                Ok(Manifest {
                    version: version(transaction)?,
                    snapshots: snapshots(transaction)?,
                    decision_seq: decisions.last().map_or(0, |it| it.seq),
                    decisions,
                    settings: decisions::settings(transaction)?,
                })
            })
            .await
    }

    /// The manifest's version alone, which is cheap to ask for often.
    pub async fn manifest_version(&self) -> Result<i64> {
        self.database
            .read("reading the manifest's version", |transaction| {
                Ok(version(transaction)?)
            })
            .await
    }

    /// A snapshot of the manifest, by id.
    pub async fn snapshot(&self, id: &str) -> Result<Option<SnapshotRecord>> {
        let id = id.to_owned();
        self.database
            .read("reading a snapshot's record", move |transaction| {
                Ok(transaction
                    .prepare_cached(&format!("SELECT {SNAPSHOT_COLUMNS} FROM snapshots WHERE id = ?1"))?
                    .query_row([id], snapshot_of)
                    .optional()?)
            })
            .await
    }

    /// All sources with their snapshots, by id.
    pub async fn sources(&self) -> Result<Vec<SourceListing>> {
        self.database
            .read("listing sources", |transaction| {
                let mut listings = Vec::new();
                let mut statement = transaction.prepare_cached(
                    "SELECT id, name, path, imported_at_us, last_imported_at_us,
                            (SELECT count(DISTINCT file) FROM source_rejects WHERE source_id = id)
                     FROM sources ORDER BY id",
                )?;
                let mut rows = statement.query([])?;
                while let Some(row) = rows.next()? {
                    let id = row.get(0)?;
                    listings.push(SourceListing {
                        source: SourceRecord {
                            id,
                            name: row.get(1)?,
                            path: row.get(2)?,
                            imported_at: row.get::<_, At>(3)?.0,
                            last_imported_at: row.get::<_, At>(4)?.0,
                        },
                        snapshots: snapshots_of_source(transaction, id)?,
                        unread_files: row.get(5)?,
                    });
                }
                Ok(listings)
            })
            .await
    }

    /// What could not be taken in from a source: whole files first, then rows of files that gave snapshots.
    ///
    /// # Errors
    /// [`LedgerError::NoSuchSource`].
    pub async fn rejects(&self, source_id: i64) -> Result<Vec<FileReject>> {
        self.database
            .read("listing a source's rejects", move |transaction| {
                if !has_source(transaction, source_id)? {
                    return Err(LedgerError::NoSuchSource { id: source_id }.into());
                }
                let mut statement = transaction.prepare_cached(
                    "SELECT 0 AS part, file, ordinal, position, reason FROM source_rejects WHERE source_id = ?1
                     UNION ALL
                     SELECT 1, file, ordinal, position, reason
                     FROM source_snapshots JOIN snapshot_rejects USING (snapshot_id) WHERE source_id = ?1
                     ORDER BY part, file, ordinal",
                )?;
                let rejects = statement.query_map([source_id], |row| {
                    Ok(FileReject {
                        file: row.get(1)?,
                        reject: Reject {
                            position: row.get(3)?,
                            reason: row.get(4)?,
                        },
                    })
                })?;
                Ok(rejects.collect::<rusqlite::Result<_>>()?)
            })
            .await
    }
}

pub fn version(transaction: &Transaction<'_>) -> rusqlite::Result<i64> {
    transaction
        .prepare_cached("SELECT manifest_version FROM head")?
        .query_row([], |row| row.get(0))
}

/// To be called once in a transaction that changes an input. Gives back the new version.
pub fn bump_version(transaction: &Transaction<'_>) -> rusqlite::Result<i64> {
    transaction
        .prepare_cached("UPDATE head SET manifest_version = manifest_version + 1 RETURNING manifest_version")?
        .query_row([], |row| row.get(0))
}

pub fn has_source(transaction: &Transaction<'_>, id: i64) -> rusqlite::Result<bool> {
    transaction
        .prepare_cached("SELECT 1 FROM sources WHERE id = ?1")?
        .exists([id])
}

fn snapshots(transaction: &Transaction<'_>) -> rusqlite::Result<Vec<SnapshotRecord>> {
    let mut statement = transaction.prepare_cached(&format!("SELECT {SNAPSHOT_COLUMNS} FROM snapshots ORDER BY id"))?;
    let snapshots = statement.query_map([], snapshot_of)?;
    snapshots.collect()
}

fn snapshots_of_source(transaction: &Transaction<'_>, source_id: i64) -> rusqlite::Result<Vec<SnapshotRecord>> {
    let mut statement = transaction.prepare_cached(&format!(
        "SELECT {SNAPSHOT_COLUMNS}, file_here
         FROM (SELECT snapshot_id, file AS file_here FROM source_snapshots WHERE source_id = ?1)
         JOIN snapshots ON id = snapshot_id
         ORDER BY file_here, id"
    ))?;
    let snapshots = statement.query_map([source_id], |row| {
        Ok(SnapshotRecord {
            file: row.get("file_here")?,
            ..snapshot_of(row)?
        })
    })?;
    snapshots.collect()
}
