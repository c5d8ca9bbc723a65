//! Leases: one holder at a time, by the database's clock, with a token that only grows.

use std::time::Duration;

use jiff::Timestamp;
use rusqlite::{OptionalExtension, Transaction};
use serde_json::json;

use crate::database::{Fault, later, now};
use crate::error::{LedgerError, Result};
use crate::stored::At;
use crate::{Ledger, audit};

/// A right that ends by itself. Renew it well before `expires`; a clock other than the database's may only
/// guess at that.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lease {
    pub name: String,
    pub holder: String,
    /// Larger than that of every earlier lease of this name.
    pub token: i64,
    pub expires: Timestamp,
}

/// Who holds a lease now, for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeaseHolder {
    pub holder: String,
    pub expires: Timestamp,
}

impl Ledger {
    /// Takes the lease `name` for `ttl`; `None` while anybody holds it, one of the same holder name included.
    pub async fn acquire_lease(&self, name: &str, holder: &str, ttl: Duration) -> Result<Option<Lease>> {
        let (name, holder) = (name.to_owned(), holder.to_owned());
        self.database
            .write("acquiring a lease", move |transaction| {
                let at = now(transaction)?;
                if live(transaction, &name, at)?.is_some() {
                    return Ok(None);
                }
                let expires = later(at, ttl);
                let token = transaction
                    .prepare_cached(
                        "INSERT INTO leases (name, token, holder, expires_at_us) VALUES (?1, 1, ?2, ?3)
                         ON CONFLICT (name) DO UPDATE SET token = token + 1, holder = ?2, expires_at_us = ?3
                         RETURNING token",
                    )?
                    .query_row((&name, &holder, At(expires)), |row| row.get(0))?;
                audit::record(
                    transaction,
                    &holder,
                    "acquire-lease",
                    json!({ "lease": name, "token": token }),
                )?;
                Ok(Some(Lease {
                    name,
                    holder,
                    token,
                    expires,
                }))
            })
            .await
    }

    /// Lets a lease end `ttl` from now.
    ///
    /// # Errors
    /// [`LedgerError::LeaseLost`], also when it has run out and nobody has taken it.
    pub async fn renew_lease(&self, lease: &Lease, ttl: Duration) -> Result<Lease> {
        let lease = lease.clone();
        self.database
            .write("renewing a lease", move |transaction| {
                let at = now(transaction)?;
                require(transaction, &lease, at)?;
                let expires = later(at, ttl);
                transaction
                    .prepare_cached("UPDATE leases SET expires_at_us = ?2 WHERE name = ?1")?
                    .execute((&lease.name, At(expires)))?;
                Ok(Lease { expires, ..lease })
            })
            .await
    }

    /// Frees a lease at once. Nothing happens to one that is lost already.
    pub async fn release_lease(&self, lease: Lease) -> Result<()> {
        self.database
            .write("releasing a lease", move |transaction| {
                let released = transaction
                    .prepare_cached(
                        "UPDATE leases SET holder = NULL WHERE name = ?1 AND token = ?2 AND holder NOT NULL",
                    )?
                    .execute((&lease.name, lease.token))?;
                if released > 0 {
                    let detail = json!({ "lease": lease.name, "token": lease.token });
                    audit::record(transaction, &lease.holder, "release-lease", detail)?;
                }
                Ok(())
            })
            .await
    }

    /// Who holds the lease `name` now.
    pub async fn lease_holder(&self, name: &str) -> Result<Option<LeaseHolder>> {
        let name = name.to_owned();
        self.database
            .read("looking for a lease's holder", move |transaction| {
                let at = now(transaction)?;
                let lease = live(transaction, &name, at)?;
                Ok(lease.map(|lease| LeaseHolder {
                    holder: lease.holder,
                    expires: lease.expires,
                }))
            })
            .await
    }
}

/// Refuses a lease that does not hold at `at`.
pub fn require(transaction: &Transaction<'_>, lease: &Lease, at: Timestamp) -> Result<(), Fault> {
    match live(transaction, &lease.name, at)? {
        Some(live) if live.token == lease.token => Ok(()),
        _ => Err(LedgerError::LeaseLost {
            name: lease.name.clone(),
            token: lease.token,
        }
        .into()),
    }
}

/// The lease of this name that holds at `at`.
fn live(transaction: &Transaction<'_>, name: &str, at: Timestamp) -> rusqlite::Result<Option<Lease>> {
    transaction
        .prepare_cached(
            "SELECT holder, token, expires_at_us FROM leases
             WHERE name = ?1 AND holder IS NOT NULL AND expires_at_us > ?2",
        )?
        .query_row((name, At(at)), |row| {
            Ok(Lease {
                name: name.to_owned(),
                holder: row.get(0)?,
                token: row.get(1)?,
                expires: row.get::<_, At>(2)?.0,
            })
        })
        .optional()
}
