//! Garbage: objects that nothing refers to, and their way out. Unreferenced → doomed → taken → deleted.
//!
//! **Invariant:** a prefix is doomed only while no snapshot, no generation and no open upload refers to it; a
//! claim takes it back until somebody has taken it to delete it.

use std::time::Duration;

use jiff::Timestamp;
use rusqlite::Transaction;
use serde_json::json;

use crate::database::{Fault, earlier, now};
use crate::error::{LedgerError, Result};
use crate::stored::At;
use crate::{Ledger, audit};

/// Doomed objects are kept this long, for readers that began before nothing referred to them any more.
pub const GARBAGE_GRACE: Duration = Duration::from_secs(24 * 60 * 60);

/// Who has taken garbage and not deleted it within this time is taken for dead: it is given out again, and may
/// be claimed.
pub const RETAKE_AFTER: Duration = Duration::from_secs(10 * 60);

/// At most this many prefixes are taken at once, so that they are deleted well within [`RETAKE_AFTER`].
pub const TAKE_MAX: u32 = 64;

/// Actor of what nobody asked for by name.
pub const HOUSEKEEPING: &str = "housekeeping";

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Garbage {
    pub prefix: String,
    /// Why nothing refers to it, for people.
    pub reason: String,
    pub doomed_at: Timestamp,
    /// Since when somebody has been deleting it.
    pub taken_at: Option<Timestamp>,
}

impl Ledger {
    /// All garbage that is not deleted yet, by prefix.
    pub async fn garbage(&self) -> Result<Vec<Garbage>> {
        self.database
            .read("listing garbage", |transaction| {
                let mut statement = transaction
                    .prepare_cached("SELECT prefix, reason, doomed_at_us, taken_at_us FROM garbage ORDER BY prefix")?;
                let garbage = statement.query_map([], |row| {
                    Ok(Garbage {
                        prefix: row.get(0)?,
                        reason: row.get(1)?,
                        doomed_at: row.get::<_, At>(2)?.0,
                        taken_at: row.get::<_, Option<At>>(3)?.map(|At(at)| at),
                    })
                })?;
                Ok(garbage.collect::<rusqlite::Result<_>>()?)
            })
            .await
    }

    /// Takes up to [`TAKE_MAX`] prefixes that have been doomed for `older_than` ([`GARBAGE_GRACE`] in
    /// service), oldest first, to delete their objects within [`RETAKE_AFTER`] and then say so with
    /// [`Ledger::mark_deleted`]. Meanwhile they cannot be claimed, and nobody else is given them.
    pub async fn take_doomed(&self, older_than: Duration) -> Result<Vec<String>> {
        self.database
            .write("taking garbage", move |transaction| {
                let at = now(transaction)?;
                let mut statement = transaction.prepare_cached(
                    "UPDATE garbage SET taken_at_us = ?1
                     WHERE prefix IN (
                         SELECT prefix FROM garbage
                         WHERE doomed_at_us <= ?2 AND (taken_at_us IS NULL OR taken_at_us <= ?3)
                         ORDER BY doomed_at_us, prefix LIMIT ?4
                     )
                     RETURNING prefix",
                )?;
                let (doomed_by, taken_by) = (earlier(at, older_than), earlier(at, RETAKE_AFTER));
                let taken: Vec<String> = statement
                    .query_map((At(at), At(doomed_by), At(taken_by), TAKE_MAX), |row| row.get(0))?
                    .collect::<rusqlite::Result<_>>()?;
                if !taken.is_empty() {
                    audit::record(transaction, HOUSEKEEPING, "take-doomed", json!({ "prefixes": taken }))?;
                }
                Ok(taken)
            })
            .await
    }

    /// Forgets prefixes whose objects are gone. Those that were not taken are left as they are.
    pub async fn mark_deleted(&self, prefixes: &[String]) -> Result<()> {
        let prefixes = prefixes.to_vec();
        self.database
            .write("marking garbage as deleted", move |transaction| {
                let mut deleted = Vec::new();
                for prefix in prefixes {
                    let forgotten = transaction
                        .prepare_cached("DELETE FROM garbage WHERE prefix = ?1 AND taken_at_us IS NOT NULL")?
                        .execute([&prefix])?;
                    if forgotten > 0 {
                        deleted.push(prefix);
                    }
                }
                if !deleted.is_empty() {
                    audit::record(
                        transaction,
                        HOUSEKEEPING,
                        "mark-deleted",
                        json!({ "prefixes": deleted }),
                    )?;
                }
                Ok(())
            })
            .await
    }
}

/// Dooms a prefix, unless something refers to it.
pub fn doom(transaction: &Transaction<'_>, prefix: &str, reason: &str) -> Result<(), Fault> {
    let is_claimed = transaction
        .prepare_cached("SELECT 1 FROM claims WHERE prefix = ?1")?
        .exists([prefix])?;
    if is_claimed || is_committed(transaction, prefix)? {
        return Ok(());
    }
    let at = At(now(transaction)?);
    transaction
        .prepare_cached("INSERT OR IGNORE INTO garbage (prefix, reason, doomed_at_us) VALUES (?1, ?2, ?3)")?
        .execute((prefix, reason, at))?;
    Ok(())
}

/// Takes a prefix out of the garbage, unless somebody is deleting it.
pub fn rescue(transaction: &Transaction<'_>, prefix: &str) -> Result<(), Fault> {
    let dead_since = At(earlier(now(transaction)?, RETAKE_AFTER));
    let is_being_deleted = transaction
        .prepare_cached("SELECT 1 FROM garbage WHERE prefix = ?1 AND taken_at_us > ?2")?
        .exists((prefix, dead_since))?;
    if is_being_deleted {
        return Err(LedgerError::BeingDeleted {
            prefix: prefix.to_owned(),
        }
        .into());
    }
    transaction
        .prepare_cached("DELETE FROM garbage WHERE prefix = ?1")?
        .execute([prefix])?;
    Ok(())
}

/// Whether the manifest or a generation refers to a prefix.
pub fn is_committed(transaction: &Transaction<'_>, prefix: &str) -> rusqlite::Result<bool> {
    transaction
        .prepare_cached(
            "SELECT 1 FROM snapshots WHERE prefix = ?1 UNION ALL SELECT 1 FROM generations WHERE prefix = ?1",
        )?
        .exists([prefix])
}
