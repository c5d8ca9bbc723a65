//! The audit log: append-only, and chained by hashes, so that a change made behind its back is found.
//!
//! The hash of a row is BLAKE3 over the hash of the row before (32 zero bytes before the first) and the row's
//! own content; the ledger's head row carries the newest hash, so a cut-off end is found as well. The chain
//! shows tampering to whoever keeps an old hash elsewhere; it cannot stop a person who rewrites all of it.

use jiff::Timestamp;
use rusqlite::types::ValueRef;
use rusqlite::{Row, ToSql, Transaction};
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

/// Which entries are wanted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditQuery {
    /// In any letter case.
    pub actor: Option<String>,
    pub verb: Option<String>,
    /// So many of the newest are passed over.
    pub offset: u32,
    pub limit: u32,
}

#[derive(Clone, Debug, PartialEq)]
pub struct AuditPage {
    /// How many the filters let through.
    pub total: u64,
    /// Newest first.
    pub entries: Vec<AuditEntry>,
}

impl Ledger {
    /// The newest `limit` entries, newest first.
    pub async fn audit(&self, limit: u32) -> Result<Vec<AuditEntry>> {
        let query = AuditQuery {
            limit,
            ..AuditQuery::default()
        };
        Ok(self.audit_page(query).await?.entries)
    }

    /// Entries of one actor or verb, or all, newest first.
    pub async fn audit_page(&self, query: AuditQuery) -> Result<AuditPage> {
        self.database
            .read("reading the audit log", move |transaction| {
                // A filter that is not asked for is not in the text, so that the others find their index.
                let mut filters = Vec::new();
                let mut values: Vec<&dyn ToSql> = Vec::new();
                for (column, value) in [("actor", &query.actor), ("verb", &query.verb)] {
                    if let Some(value) = value {
                        values.push(value);
                        let collation = if column == "actor" { " COLLATE NOCASE" } else { "" };
                        filters.push(format!("{column} = ?{}{collation}", values.len()));
                    }
                }
                let filter = match filters.is_empty() {
                    true => String::new(),
                    false => format!("WHERE {}", filters.join(" AND ")),
                };
                let total = transaction
                    .prepare_cached(&format!("SELECT count(*) FROM audit {filter}"))?
                    .query_row(values.as_slice(), |row| row.get(0))?;
                values.extend([&query.limit as &dyn ToSql, &query.offset]);
                let mut statement = transaction.prepare_cached(&format!(
                    "SELECT seq, at_us, actor, verb, detail, hash FROM audit {filter} ORDER BY seq DESC
                     LIMIT ?{} OFFSET ?{}",
                    values.len() - 1,
                    values.len()
                ))?;
                let entries = statement.query_map(values.as_slice(), entry_of)?;
                Ok(AuditPage {
                    total,
                    entries: entries.collect::<rusqlite::Result<_>>()?,
                })
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

fn entry_of(row: &Row<'_>) -> rusqlite::Result<AuditEntry> {
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
