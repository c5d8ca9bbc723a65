//! Uploads: who is writing which objects, until they are committed.

use std::fmt;
use std::time::Duration;

use jiff::Timestamp;
use rusqlite::{OptionalExtension, Transaction};
use serde_json::json;

use crate::database::{Fault, earlier, now};
use crate::error::{LedgerError, Result};
use crate::garbage::{self, HOUSEKEEPING};
use crate::stored::At;
use crate::{Ledger, audit};

/// Never given twice in one ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UploadId(pub i64);

impl fmt::Display for UploadId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Whether claimed objects are there already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Claimed {
    /// Nothing committed refers to them: write them.
    Vacant,
    /// The manifest or a generation refers to them: they are whole, and are not written again.
    Committed,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StaleUpload {
    pub id: UploadId,
    pub holder: String,
    pub started_at: Timestamp,
    pub heartbeat_at: Timestamp,
}

impl Ledger {
    /// Registers an upload. `holder` names the process for people; it is the actor of the commit.
    pub async fn begin_upload(&self, holder: &str) -> Result<UploadId> {
        let holder = holder.to_owned();
        self.database
            .write("beginning an upload", move |transaction| {
                let at = now(transaction)?;
                transaction
                    .prepare_cached("INSERT INTO uploads (holder, started_at_us, heartbeat_at_us) VALUES (?1, ?2, ?2)")?
                    .execute((&holder, At(at)))?;
                let upload = UploadId(transaction.last_insert_rowid());
                audit::record(transaction, &holder, "begin-upload", json!({ "upload": upload.0 }))?;
                Ok(upload)
            })
            .await
    }

    /// Says that all objects under `prefix` are this upload's to write, and keeps them from being deleted
    /// until it ends. Counts as a heartbeat. Several uploads may claim one prefix: equal names stand for
    /// equal content. No prefix may lie inside another.
    ///
    /// # Errors
    /// [`LedgerError::UploadGone`]; [`LedgerError::BeingDeleted`] when the objects were garbage and their
    /// deletion has begun.
    pub async fn claim(&self, upload: UploadId, prefix: &str) -> Result<Claimed> {
        let prefix = prefix.to_owned();
        self.database
            .write("claiming objects", move |transaction| {
                beat(transaction, upload)?;
                garbage::rescue(transaction, &prefix)?;
                transaction
                    .prepare_cached("INSERT OR IGNORE INTO claims (upload_id, prefix) VALUES (?1, ?2)")?
                    .execute((upload.0, &prefix))?;
                Ok(if garbage::is_committed(transaction, &prefix)? {
                    Claimed::Committed
                } else {
                    Claimed::Vacant
                })
            })
            .await
    }

    /// Says that the upload is alive.
    ///
    /// # Errors
    /// [`LedgerError::UploadGone`]: it was taken for dead; nothing it has written can be committed.
    pub async fn heartbeat(&self, upload: UploadId) -> Result<()> {
        self.database
            .write("sending an upload's heartbeat", move |transaction| {
                beat(transaction, upload)
            })
            .await
    }

    /// Gives an upload up; its objects become garbage.
    ///
    /// # Errors
    /// [`LedgerError::UploadGone`].
    pub async fn abandon_upload(&self, upload: UploadId) -> Result<()> {
        self.database
            .write("abandoning an upload", move |transaction| {
                let holder = holder_of(transaction, upload)?;
                end(transaction, upload, "upload abandoned")?;
                audit::record(transaction, &holder, "abandon-upload", json!({ "upload": upload.0 }))
            })
            .await
    }

    /// Open uploads without a heartbeat for `older_than`, oldest first.
    pub async fn stale_uploads(&self, older_than: Duration) -> Result<Vec<StaleUpload>> {
        self.database
            .read("looking for stale uploads", move |transaction| {
                Ok(stale(transaction, older_than)?)
            })
            .await
    }

    /// Takes the stale uploads for dead; their objects become garbage. Gives back which they were.
    pub async fn doom_stale_uploads(&self, older_than: Duration) -> Result<Vec<UploadId>> {
        self.database
            .write("dooming stale uploads", move |transaction| {
                let mut doomed = Vec::new();
                for upload in stale(transaction, older_than)? {
                    end(transaction, upload.id, "upload without heartbeat")?;
                    let detail = json!({ "upload": upload.id.0, "holder": upload.holder });
                    audit::record(transaction, HOUSEKEEPING, "doom-upload", detail)?;
                    doomed.push(upload.id);
                }
                Ok(doomed)
            })
            .await
    }
}

/// The holder of an open upload.
pub fn holder_of(transaction: &Transaction<'_>, upload: UploadId) -> Result<String, Fault> {
    let holder = transaction
        .prepare_cached("SELECT holder FROM uploads WHERE id = ?1")?
        .query_row([upload.0], |row| row.get(0))
        .optional()?;
    holder.ok_or_else(|| LedgerError::UploadGone { upload }.into())
}

/// Refuses a prefix that the upload has not claimed.
pub fn require_claim(transaction: &Transaction<'_>, upload: UploadId, prefix: &str) -> Result<(), Fault> {
    let is_claimed = transaction
        .prepare_cached("SELECT 1 FROM claims WHERE upload_id = ?1 AND prefix = ?2")?
        .exists((upload.0, prefix))?;
    if is_claimed {
        Ok(())
    } else {
        Err(LedgerError::Unclaimed {
            upload,
            prefix: prefix.to_owned(),
        }
        .into())
    }
}

/// Closes an upload. What it claimed and nothing refers to becomes garbage, for this reason.
pub fn end(transaction: &Transaction<'_>, upload: UploadId, reason: &str) -> Result<(), Fault> {
    let mut statement = transaction.prepare_cached("SELECT prefix FROM claims WHERE upload_id = ?1")?;
    let prefixes: Vec<String> = statement
        .query_map([upload.0], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    // The claims go with the upload, before anything is doomed: a claim protects.
    transaction
        .prepare_cached("DELETE FROM uploads WHERE id = ?1")?
        .execute([upload.0])?;
    for prefix in prefixes {
        garbage::doom(transaction, &prefix, reason)?;
    }
    Ok(())
}

fn beat(transaction: &Transaction<'_>, upload: UploadId) -> Result<(), Fault> {
    let at = At(now(transaction)?);
    let beaten = transaction
        .prepare_cached("UPDATE uploads SET heartbeat_at_us = ?2 WHERE id = ?1")?
        .execute((upload.0, at))?;
    if beaten == 0 {
        return Err(LedgerError::UploadGone { upload }.into());
    }
    Ok(())
}

fn stale(transaction: &Transaction<'_>, older_than: Duration) -> rusqlite::Result<Vec<StaleUpload>> {
    let limit = earlier(now(transaction)?, older_than);
    let mut statement = transaction.prepare_cached(
        "SELECT id, holder, started_at_us, heartbeat_at_us FROM uploads
         WHERE heartbeat_at_us <= ?1 ORDER BY heartbeat_at_us, id",
    )?;
    let uploads = statement.query_map([At(limit)], |row| {
        Ok(StaleUpload {
            id: UploadId(row.get(0)?),
            holder: row.get(1)?,
            started_at: row.get::<_, At>(2)?.0,
            heartbeat_at: row.get::<_, At>(3)?.0,
        })
    })?;
    uploads.collect()
}
