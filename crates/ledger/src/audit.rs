//! The audit log: append-only, and chained by hashes, so that a change made behind its back is found.
//!
//! The hash of a row is BLAKE3 over the hash of the row before (32 zero bytes before the first) and the row's
//! own content; the ledger's head row carries the newest hash, so a cut-off end is found as well. The chain
//! shows tampering to whoever keeps an old hash elsewhere; it cannot stop a person who rewrites all of it.

use jiff::Timestamp;
use rusqlite::types::ValueRef;
use rusqlite::{Row, Transaction};
use serde_json::Value;

use crate::Ledger;
use crate::database::{Fault, now};
use crate::error::Result;
use crate::stored::{At, Json};

/// Who did what, and when by the database's clock.
#[derive(Clone, Debug, PartialEq)]
pub struct AuditEntry {
    /// 1, 2, 3, ... without gaps.
    pub seq: i64,
    pub at: Timestamp,
    pub actor: String,
    /// `import`, `remove-source`, `set-setting`, ...
    pub verb: String,
    /// JSON object.
    pub detail: Value,
    /// 64 hexadecimal digits.
    pub hash: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AuditCheck {
    /// Rows read, those behind a broken one included.
    pub entries: u64,
    /// The first row that is changed or missing.
    pub first_broken: Option<i64>,
}

const HASH_BYTES: usize = 32;

impl Ledger {
    /// The newest `limit` entries, newest first.
    pub async fn audit(&self, limit: u32) -> Result<Vec<AuditEntry>> {
        self.database
            .read("reading the audit log", move |transaction| {
                let mut statement = transaction.prepare_cached(
                    "SELECT seq, at_us, actor, verb, detail, hash FROM audit ORDER BY seq DESC LIMIT ?1",
                )?;
                let entries = statement.query_map([limit], |row| {
                    Ok(AuditEntry {
                        seq: row.get(0)?,
                        at: row.get::<_, At>(1)?.0,
                        actor: row.get(2)?,
                        verb: row.get(3)?,
                        detail: row.get::<_, Json<Value>>(4)?.0,
                        hash: row
                            .get::<_, [u8; HASH_BYTES]>(5)
                            .map(|hash| blake3::Hash::from(hash).to_string())?,
                    })
                })?;
                Ok(entries.collect::<rusqlite::Result<_>>()?)
            })
            .await
    }

    /// Reads the whole log and computes its chain again.
    pub async fn verify_audit(&self) -> Result<AuditCheck> {
        self.database
            .read("verifying the audit log", |transaction| {
                let mut check = AuditCheck {
                    entries: 0,
                    first_broken: None,
                };
                let mut seq_before = 0;
                let mut hash_before = vec![0; HASH_BYTES];
                let mut statement = transaction
                    .prepare_cached("SELECT seq, at_us, actor, verb, detail, hash FROM audit ORDER BY seq")?;
                let mut rows = statement.query([])?;
                while let Some(row) = rows.next()? {
                    let seq: i64 = row.get(0)?;
                    let hash = hash_of_row(&hash_before, row)?;
                    check.entries += 1;
                    if check.first_broken.is_none() {
                        if seq != seq_before + 1 {
                            check.first_broken = Some(seq_before + 1);
                        } else if row.get_ref(5)? != ValueRef::Blob(hash.as_bytes()) {
                            check.first_broken = Some(seq);
                        }
                    }
                    seq_before = seq;
                    hash_before = hash.as_bytes().to_vec();
                }
                let (head_seq, head_hash) = head(transaction)?;
                if check.first_broken.is_none() && head_hash != hash_before {
                    check.first_broken = Some(if head_seq > seq_before {
                        seq_before + 1
                    } else {
                        seq_before
                    });
                }
                Ok(check)
            })
            .await
    }
}

/// Appends a row. To be called in the transaction that makes the change.
pub fn record(transaction: &Transaction<'_>, actor: &str, verb: &str, detail: Value) -> Result<(), Fault> {
    let (seq_before, hash_before) = head(transaction)?;
    let seq = seq_before + 1;
    let at = At(now(transaction)?);
    let detail = detail.to_string();
    let hash = hash_of(
        &hash_before,
        seq,
        at.0.as_microsecond(),
        [actor, verb, &detail].map(str::as_bytes),
    );
    transaction
        .prepare_cached("INSERT INTO audit (seq, at_us, actor, verb, detail, hash) VALUES (?1, ?2, ?3, ?4, ?5, ?6)")?
        .execute((seq, at, actor, verb, &detail, hash.as_bytes()))?;
    transaction
        .prepare_cached("UPDATE head SET audit_seq = ?1, audit_hash = ?2")?
        .execute((seq, hash.as_bytes()))?;
    Ok(())
}

/// Number and hash of the newest row.
fn head(transaction: &Transaction<'_>) -> rusqlite::Result<(i64, Vec<u8>)> {
    transaction
        .prepare_cached("SELECT audit_seq, audit_hash FROM head")?
        .query_row([], |row| Ok((row.get(0)?, row.get(1)?)))
}

fn hash_of_row(hash_before: &[u8], row: &Row<'_>) -> rusqlite::Result<blake3::Hash> {
    // Text as it lies there: a tampered row need not be valid UTF-8, nor JSON.
    let texts = [text_bytes(row, 2)?, text_bytes(row, 3)?, text_bytes(row, 4)?];
    Ok(hash_of(hash_before, row.get(0)?, row.get(1)?, texts))
}

fn text_bytes<'a>(row: &'a Row<'_>, column: usize) -> rusqlite::Result<&'a [u8]> {
    Ok(row.get_ref(column)?.as_bytes()?)
}

/// Each text is preceded by its length, so that no byte can move from one to the next.
fn hash_of(hash_before: &[u8], seq: i64, at_us: i64, texts: [&[u8]; 3]) -> blake3::Hash {
    let mut hasher = blake3::Hasher::new();
    hasher.update(hash_before);
    hasher.update(&seq.to_le_bytes());
    hasher.update(&at_us.to_le_bytes());
    for text in texts {
        hasher.update(&(text.len() as u64).to_le_bytes());
        hasher.update(text);
    }
    hasher.finalize()
}
