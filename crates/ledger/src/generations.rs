//! Generations: built by whoever holds the builder's lease, numbered without gaps, pinned by readers.

use std::time::Duration;

use jiff::Timestamp;
use rusqlite::{OptionalExtension, Params, Row, Transaction};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use crate::database::{Fault, later, now};
use crate::error::{LedgerError, Result};
use crate::garbage::{self, HOUSEKEEPING};
use crate::leases::{self, Lease};
use crate::stored::{At, Json};
use crate::uploads::{self, UploadId};
use crate::{Ledger, audit};

/// The lease whose holder may commit generations.
pub const BUILDER_LEASE: &str = "builder";

/// [`Ledger::wait_for_generation`] looks no more often than this.
const POLL_MIN: Duration = Duration::from_millis(10);

/// One state of the world, persisted and never changed.
#[derive(Clone, Debug, PartialEq)]
pub struct GenerationRecord {
    /// 1, 2, 3, ...
    pub number: i64,
    /// Prefix of its objects in the lake, as claimed. Two builders of one number need two prefixes (the
    /// lease's token makes them differ): the one that lost its lease may still be writing.
    pub prefix: String,
    /// Of the manifest it was built from.
    pub manifest_version: i64,
    /// The only clock of its rules.
    pub evaluated_at: Timestamp,
    /// When the build ended.
    pub built_at: Timestamp,
    pub engine_version: String,
    /// What it was built from, in the engine's words.
    pub inputs: Value,
    /// Logical digest of each table.
    pub digests: Value,
    /// Rows of each table, and other counts.
    pub counts: Value,
}

/// Keeps a generation from being doomed until it ends by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pin {
    pub id: i64,
    pub generation: i64,
    pub expires: Timestamp,
}

impl Ledger {
    /// Makes a generation the current one, if the lease still holds and the number is the next one. The
    /// upload, which has claimed the generation's prefix, ends.
    ///
    /// # Errors
    /// Nothing has changed after any of them: [`LedgerError::LeaseLost`] (also for a lease that is not the
    /// [`BUILDER_LEASE`]), [`LedgerError::GenerationOutOfOrder`], [`LedgerError::UploadGone`],
    /// [`LedgerError::Unclaimed`].
    pub async fn commit_generation(&self, lease: &Lease, upload: UploadId, record: &GenerationRecord) -> Result<()> {
        let (lease, record) = (lease.clone(), record.clone());
        self.database
            .write("committing a generation", move |transaction| {
                commit(transaction, &lease, upload, &record)
            })
            .await
    }

    /// The newest generation, if any.
    pub async fn current_generation(&self) -> Result<Option<GenerationRecord>> {
        self.first_generation("reading the current generation", "ORDER BY number DESC", [])
            .await
    }

    /// # Errors
    /// [`LedgerError::NoSuchGeneration`] also for one that is doomed or deleted.
    pub async fn generation(&self, number: i64) -> Result<GenerationRecord> {
        self.first_generation("reading a generation's record", "WHERE number = ?1", [number])
            .await?
            .ok_or(LedgerError::NoSuchGeneration { number })
    }

    /// All that are not doomed, by number.
    pub async fn generations(&self) -> Result<Vec<GenerationRecord>> {
        self.database
            .read("listing generations", |transaction| {
                let mut statement = transaction
                    .prepare_cached(&format!("SELECT {GENERATION_COLUMNS} FROM generations ORDER BY number"))?;
                let generations = statement.query_map([], generation_of)?;
                Ok(generations.collect::<rusqlite::Result<_>>()?)
            })
            .await
    }

    /// The world as of a time: of the generations evaluated then or before, the one evaluated last.
    pub async fn generation_as_of(&self, time: Timestamp) -> Result<Option<GenerationRecord>> {
        self.first_generation(
            "looking for the generation of a time",
            "WHERE evaluated_at_us <= ?1 ORDER BY evaluated_at_us DESC, number DESC",
            [time.as_microsecond()],
        )
        .await
    }

    /// Waits for the first generation built from this version of the manifest or a later one; `None` when
    /// `deadline` has passed without it.
    ///
    /// * `poll`: the time between two looks, at least 10 ms.
    pub async fn wait_for_generation(
        &self,
        manifest_version: i64,
        poll: Duration,
        deadline: Option<Duration>,
    ) -> Result<Option<GenerationRecord>> {
        let begun = Instant::now();
        loop {
            let found = self
                .first_generation(
                    "waiting for a generation",
                    "WHERE manifest_version >= ?1 ORDER BY number",
                    [manifest_version],
                )
                .await?;
            let left = deadline.map(|deadline| deadline.saturating_sub(begun.elapsed()));
            if found.is_some() || left.is_some_and(|left| left.is_zero()) {
                return Ok(found);
            }
            let poll = poll.max(POLL_MIN);
            sleep(left.map_or(poll, |left| left.min(poll))).await;
        }
    }

    /// Keeps a generation readable for `ttl`.
    ///
    /// # Errors
    /// [`LedgerError::NoSuchGeneration`] also for one that is doomed or deleted.
    pub async fn pin_generation(&self, number: i64, holder: &str, ttl: Duration) -> Result<Pin> {
        let holder = holder.to_owned();
        self.database
            .write("pinning a generation", move |transaction| {
                let is_there = transaction
                    .prepare_cached("SELECT 1 FROM generations WHERE number = ?1")?
                    .exists([number])?;
                if !is_there {
                    return Err(LedgerError::NoSuchGeneration { number }.into());
                }
                let expires = later(now(transaction)?, ttl);
                transaction
                    .prepare_cached("INSERT INTO pins (generation, holder, expires_at_us) VALUES (?1, ?2, ?3)")?
                    .execute((number, holder, At(expires)))?;
                Ok(Pin {
                    id: transaction.last_insert_rowid(),
                    generation: number,
                    expires,
                })
            })
            .await
    }

    /// Lets a pin end `ttl` from now. One that has run out comes back to life while its generation is there.
    ///
    /// # Errors
    /// [`LedgerError::PinLost`].
    pub async fn renew_pin(&self, pin: &Pin, ttl: Duration) -> Result<Pin> {
        let pin = pin.clone();
        self.database
            .write("renewing a pin", move |transaction| {
                let expires = later(now(transaction)?, ttl);
                let renewed = transaction
                    .prepare_cached("UPDATE pins SET expires_at_us = ?2 WHERE id = ?1")?
                    .execute((pin.id, At(expires)))?;
                if renewed == 0 {
                    return Err(LedgerError::PinLost {
                        generation: pin.generation,
                    }
                    .into());
                }
                Ok(Pin { expires, ..pin })
            })
            .await
    }

    /// Lets go of a generation. Nothing happens to a pin that is lost already.
    pub async fn unpin(&self, pin: Pin) -> Result<()> {
        self.database
            .write("unpinning a generation", move |transaction| {
                transaction
                    .prepare_cached("DELETE FROM pins WHERE id = ?1")?
                    .execute([pin.id])?;
                Ok(())
            })
            .await
    }

    /// Dooms the generations before `keep_from`, save the current one and those with a live pin. Gives back
    /// their numbers.
    pub async fn doom_generations(&self, keep_from: i64) -> Result<Vec<i64>> {
        self.database
            .write("dooming generations", move |transaction| doom(transaction, keep_from))
            .await
    }

    async fn first_generation<P>(
        &self,
        doing: &'static str,
        which: &'static str,
        params: P,
    ) -> Result<Option<GenerationRecord>>
    where
        P: Params + Send + 'static,
    {
        self.database
            .read(doing, move |transaction| {
                Ok(transaction
                    .prepare_cached(&format!("SELECT {GENERATION_COLUMNS} FROM generations {which} LIMIT 1"))?
                    .query_row(params, generation_of)
                    .optional()?)
            })
            .await
    }
}

fn commit(
    transaction: &Transaction<'_>,
    lease: &Lease,
    upload: UploadId,
    record: &GenerationRecord,
) -> Result<(), Fault> {
    if lease.name != BUILDER_LEASE {
        return Err(LedgerError::LeaseLost {
            name: BUILDER_LEASE.to_owned(),
            token: lease.token,
        }
        .into());
    }
    leases::require(transaction, lease, now(transaction)?)?;
    let next = transaction
        .prepare_cached("SELECT coalesce(max(number), 0) + 1 FROM generations")?
        .query_row([], |row| row.get(0))?;
    if record.number != next {
        return Err(LedgerError::GenerationOutOfOrder {
            number: record.number,
            next,
        }
        .into());
    }
    uploads::holder_of(transaction, upload)?;
    uploads::require_claim(transaction, upload, &record.prefix)?;
    transaction
        .prepare_cached(&format!(
            "INSERT INTO generations ({GENERATION_COLUMNS}) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)"
        ))?
        .execute((
            record.number,
            &record.prefix,
            record.manifest_version,
            At(record.evaluated_at),
            At(record.built_at),
            &record.engine_version,
            Json(&record.inputs),
            Json(&record.digests),
            Json(&record.counts),
        ))?;
    uploads::end(transaction, upload, "not part of the generation that was built")?;
    let detail = json!({
        "generation": record.number,
        "manifest_version": record.manifest_version,
        "token": lease.token,
    });
    audit::record(transaction, &lease.holder, "commit-generation", detail)
}

fn doom(transaction: &Transaction<'_>, keep_from: i64) -> Result<Vec<i64>, Fault> {
    let mut statement = transaction.prepare_cached(
        "SELECT number, prefix FROM generations
         WHERE number < min(?1, (SELECT max(number) FROM generations))
           AND number NOT IN (SELECT generation FROM pins WHERE expires_at_us > ?2)
         ORDER BY number",
    )?;
    let leaving: Vec<(i64, String)> = statement
        .query_map((keep_from, At(now(transaction)?)), |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<rusqlite::Result<_>>()?;
    let mut doomed = Vec::with_capacity(leaving.len());
    for (number, prefix) in leaving {
        // Pins that have run out.
        transaction
            .prepare_cached("DELETE FROM pins WHERE generation = ?1")?
            .execute([number])?;
        transaction
            .prepare_cached("DELETE FROM generations WHERE number = ?1")?
            .execute([number])?;
        garbage::doom(transaction, &prefix, "generation no longer kept")?;
        doomed.push(number);
    }
    if !doomed.is_empty() {
        audit::record(
            transaction,
            HOUSEKEEPING,
            "doom-generations",
            json!({ "generations": doomed }),
        )?;
    }
    Ok(doomed)
}

const GENERATION_COLUMNS: &str =
    "number, prefix, manifest_version, evaluated_at_us, built_at_us, engine_version, inputs, digests, counts";

fn generation_of(row: &Row<'_>) -> rusqlite::Result<GenerationRecord> {
    Ok(GenerationRecord {
        number: row.get(0)?,
        prefix: row.get(1)?,
        manifest_version: row.get(2)?,
        evaluated_at: row.get::<_, At>(3)?.0,
        built_at: row.get::<_, At>(4)?.0,
        engine_version: row.get(5)?,
        inputs: row.get::<_, Json<_>>(6)?.0,
        digests: row.get::<_, Json<_>>(7)?.0,
        counts: row.get::<_, Json<_>>(8)?.0,
    })
}
