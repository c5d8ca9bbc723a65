//! Decisions of people (append-only, numbered) and settings. Both are inputs of a generation: a change makes a
//! new manifest version.

use std::collections::BTreeMap;

use jiff::Timestamp;
use postern_model::estate::Identifier;
use rusqlite::{OptionalExtension, Transaction};
use serde_json::{Value, json};

use crate::database::Fault;
use crate::error::Result;
use crate::manifest::{bump_version, version};
use crate::stored::{At, Json, Word, Words};
use crate::{Ledger, audit};

/// What is decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DecisionKind {
    /// An asset's criticality, set by hand.
    Criticality,
    /// An asset that was merged from several original objects is taken apart.
    Unmerge,
    /// A rule of the catalog is switched on or off. Its subject is the rule's key.
    Rule,
}

impl DecisionKind {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Criticality => "criticality",
            Self::Unmerge => "unmerge",
            Self::Rule => "rule",
        }
    }
}

impl Words for DecisionKind {
    const ALL: &'static [Self] = &[Self::Criticality, Self::Unmerge, Self::Rule];

    fn word(self) -> &'static str {
        self.as_str()
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct Decision {
    pub seq: i64,
    pub kind: DecisionKind,
    /// An identifier of the asset, never its NodeId, which may change; or the key of a rule.
    pub subject: Identifier,
    /// `None` withdraws what was decided before.
    pub value: Option<Value>,
    pub author: String,
    pub at: Timestamp,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DecisionAppended {
    pub seq: i64,
    pub manifest_version: i64,
}

impl Decision {
    /// Of each kind and subject the newest decision, without the withdrawn ones; by kind and subject.
    ///
    /// * `decisions` are in the order of their sequence numbers.
    pub fn in_force(decisions: &[Self]) -> Vec<&Self> {
        let newest: BTreeMap<_, _> = decisions.iter().map(|it| ((it.kind, &it.subject), it)).collect();
        newest.into_values().filter(|it| it.value.is_some()).collect()
    }
}

impl Ledger {
    /// Appends a decision, `None` to withdraw the one in force.
    pub async fn append_decision(
        &self,
        kind: DecisionKind,
        subject: Identifier,
        value: Option<Value>,
        author: &str,
        at: Timestamp,
    ) -> Result<DecisionAppended> {
        let author = author.to_owned();
        self.database
            .write("appending a decision", move |transaction| {
                transaction
                    .prepare_cached(
                        "INSERT INTO decisions (kind, subject_type, subject_value, value, author, at_us)
                         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                    )?
                    .execute((
                        Word(kind),
                        &subject.kind,
                        &subject.value,
                        value.as_ref().map(Json),
                        &author,
                        At(at),
                    ))?;
                let seq = transaction.last_insert_rowid();
                let manifest_version = bump_version(transaction)?;
                let detail = json!({
                    "decision": seq,
                    "kind": kind.as_str(),
                    "subject": { "type": &*subject.kind, "value": &*subject.value },
                    "value": value,
                    "manifest_version": manifest_version,
                });
                audit::record(transaction, &author, "append-decision", detail)?;
                Ok(DecisionAppended { seq, manifest_version })
            })
            .await
    }

    /// All decisions ever made, in order. [`Decision::in_force`] gives those that count.
    pub async fn decisions(&self) -> Result<Vec<Decision>> {
        self.database
            .read("reading decisions", |transaction| Ok(decisions(transaction)?))
            .await
    }

    /// Sets a setting, or with `None` goes back to its default. Gives back the manifest version, which is a
    /// new one if the value has changed.
    pub async fn set_setting(&self, key: &str, value: Option<&str>, author: &str) -> Result<i64> {
        let (key, value, author) = (key.to_owned(), value.map(str::to_owned), author.to_owned());
        self.database
            .write("changing a setting", move |transaction| {
                let before = setting(transaction, &key)?;
                if before == value {
                    return Ok(version(transaction)?);
                }
                match &value {
                    Some(value) => transaction
                        .prepare_cached(
                            "INSERT INTO settings (key, value) VALUES (?1, ?2)
                             ON CONFLICT (key) DO UPDATE SET value = ?2",
                        )?
                        .execute((&key, value))?,
                    None => transaction
                        .prepare_cached("DELETE FROM settings WHERE key = ?1")?
                        .execute([&key])?,
                };
                let manifest_version = bump_version(transaction)?;
                let detail = json!({
                    "key": key,
                    "before": before,
                    "value": value,
                    "manifest_version": manifest_version,
                });
                audit::record(transaction, &author, "set-setting", detail)?;
                Ok(manifest_version)
            })
            .await
    }

    /// The settings that somebody has set.
    pub async fn settings(&self) -> Result<BTreeMap<String, String>> {
        self.database
            .read("reading settings", |transaction| Ok(settings(transaction)?))
            .await
    }
}

pub fn decisions(transaction: &Transaction<'_>) -> rusqlite::Result<Vec<Decision>> {
    let mut statement = transaction.prepare_cached(
        "SELECT seq, kind, subject_type, subject_value, value, author, at_us FROM decisions ORDER BY seq",
    )?;
    let decisions = statement.query_map([], |row| {
        Ok(Decision {
            seq: row.get(0)?,
            kind: row.get::<_, Word<DecisionKind>>(1)?.0,
            subject: Identifier {
                kind: row.get(2)?,
                value: row.get(3)?,
            },
            value: row.get::<_, Option<Json<Value>>>(4)?.map(|Json(value)| value),
            author: row.get(5)?,
            at: row.get::<_, At>(6)?.0,
        })
    })?;
    decisions.collect()
}

pub fn settings(transaction: &Transaction<'_>) -> rusqlite::Result<BTreeMap<String, String>> {
    let mut statement = transaction.prepare_cached("SELECT key, value FROM settings")?;
    let settings = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    settings.collect()
}

fn setting(transaction: &Transaction<'_>, key: &str) -> Result<Option<String>, Fault> {
    Ok(transaction
        .prepare_cached("SELECT value FROM settings WHERE key = ?1")?
        .query_row([key], |row| row.get(0))
        .optional()?)
}
