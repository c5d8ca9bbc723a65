//! Sessions: who is signed in, until when. The ledger keeps the hash of a session's secret and never the secret.
//!
//! Reading a session writes nothing, so that no request waits for the writer; [`Session::is_touch_due`] says when
//! [`Ledger::touch_session`] is to be called, at most once in [`TOUCH_INTERVAL`].

use std::fmt;
use std::time::Duration;

use jiff::Timestamp;
use rusqlite::{OptionalExtension, Transaction};
use serde_json::json;

use crate::database::{Fault, later, now};
use crate::error::{LedgerError, Result};
use crate::stored::At;
use crate::users::{self, User, user_of};
use crate::{Ledger, audit};

/// A session that is not used for this long ends.
pub const SESSION_IDLE: Duration = Duration::from_secs(12 * 60 * 60);

/// A session ends this long after the sign-in, however much it is used.
pub const SESSION_ABSOLUTE: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// The use of a session or token is written down once in this time.
pub const TOUCH_INTERVAL: Duration = Duration::from_secs(60);

/// One more session of a user ends the oldest.
pub const SESSIONS_PER_USER_MAX: u32 = 50;

/// Stands for a secret of at least 256 random bits: from so many, BLAKE3 without salt cannot be guessed back.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct SecretHash([u8; 32]);

impl SecretHash {
    pub fn of(secret: &[u8]) -> Self {
        Self(blake3::hash(secret).into())
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for SecretHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretHash(..)")
    }
}

/// How long a session lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionLimits {
    pub idle: Duration,
    pub absolute: Duration,
}

impl Default for SessionLimits {
    fn default() -> Self {
        Self {
            idle: SESSION_IDLE,
            absolute: SESSION_ABSOLUTE,
        }
    }
}

/// A session that lives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// As the user is now, not as at sign-in; never disabled.
    pub user: User,
    pub created_at: Timestamp,
    /// When it ends unless it is used again.
    pub expires_at: Timestamp,
    /// Nobody has written down for [`TOUCH_INTERVAL`] that it is used.
    pub is_touch_due: bool,
}

impl Ledger {
    /// Signs a user in, whose password the caller has checked. `address` is from where, for the audit log. Sessions
    /// that have run out are forgotten on the way.
    ///
    /// # Errors
    /// [`LedgerError::NoSuchUser`]; [`LedgerError::UserDisabled`].
    pub async fn open_session(
        &self,
        hash: SecretHash,
        name: &str,
        limits: SessionLimits,
        address: &str,
    ) -> Result<Session> {
        let (name, address) = (name.to_owned(), address.to_owned());
        self.database
            .write("opening a session", move |transaction| {
                let user = users::require(transaction, &name)?.user;
                if user.is_disabled {
                    return Err(LedgerError::UserDisabled { name: user.name }.into());
                }
                let at = now(transaction)?;
                sweep(transaction, at)?;
                make_room(transaction, &user.name)?;
                transaction
                    .prepare_cached(
                        "INSERT INTO sessions (hash, user_name, created_at_us, last_used_at_us, idle_us, ends_at_us)
                         VALUES (?1, ?2, ?3, ?3, ?4, ?5)",
                    )?
                    .execute((
                        hash.bytes(),
                        &user.name,
                        At(at),
                        microseconds(limits.idle),
                        At(later(at, limits.absolute)),
                    ))?;
                users::see(transaction, &user.name, at)?;
                audit::record(transaction, &user.name, "sign-in", json!({ "address": address }))?;
                Ok(Session {
                    user: User {
                        last_seen_at: Some(at),
                        ..user
                    },
                    created_at: at,
                    expires_at: later(at, limits.idle.min(limits.absolute)),
                    is_touch_due: false,
                })
            })
            .await
    }

    /// The session of this hash, unless it has run out or its user is disabled.
    pub async fn session(&self, hash: SecretHash) -> Result<Option<Session>> {
        self.database
            .read("looking for a session", move |transaction| {
                let at = now(transaction)?;
                let session = transaction
                    .prepare_cached(
                        "SELECT name, role, users.created_at_us, last_seen_at_us, is_disabled,
                                sessions.created_at_us, min(ends_at_us, last_used_at_us + idle_us), last_used_at_us
                         FROM sessions JOIN users ON name = user_name
                         WHERE hash = ?1 AND NOT is_disabled AND ends_at_us > ?2 AND last_used_at_us + idle_us > ?2",
                    )?
                    .query_row((hash.bytes(), At(at)), |row| {
                        Ok(Session {
                            user: user_of(row)?,
                            created_at: row.get::<_, At>(5)?.0,
                            expires_at: row.get::<_, At>(6)?.0,
                            is_touch_due: later(row.get::<_, At>(7)?.0, TOUCH_INTERVAL) <= at,
                        })
                    })
                    .optional()?;
                Ok(session)
            })
            .await
    }

    /// Writes down that a session is used, unless that was done within [`TOUCH_INTERVAL`]. A session that has run
    /// out stays so.
    pub async fn touch_session(&self, hash: SecretHash) -> Result<()> {
        self.database
            .write("noting the use of a session", move |transaction| {
                let at = now(transaction)?;
                let user: Option<String> = transaction
                    .prepare_cached(
                        "UPDATE sessions SET last_used_at_us = ?2
                         WHERE hash = ?1 AND ends_at_us > ?2 AND last_used_at_us + idle_us > ?2
                           AND last_used_at_us + ?3 <= ?2
                         RETURNING user_name",
                    )?
                    .query_row((hash.bytes(), At(at), microseconds(TOUCH_INTERVAL)), |row| row.get(0))
                    .optional()?;
                match user {
                    Some(user) => users::see(transaction, &user, at),
                    None => Ok(()),
                }
            })
            .await
    }

    /// Signs out. Nothing happens to a session that is gone already.
    pub async fn close_session(&self, hash: SecretHash) -> Result<()> {
        self.database
            .write("closing a session", move |transaction| {
                let user: Option<String> = transaction
                    .prepare_cached("DELETE FROM sessions WHERE hash = ?1 RETURNING user_name")?
                    .query_row([hash.bytes()], |row| row.get(0))
                    .optional()?;
                match user {
                    Some(user) => audit::record(transaction, &user, "sign-out", json!({})),
                    None => Ok(()),
                }
            })
            .await
    }

    /// Ends all sessions of a user. Gives back how many there were, those that had run out included.
    ///
    /// # Errors
    /// [`LedgerError::NoSuchUser`].
    pub async fn close_sessions_of(&self, name: &str, actor: &str) -> Result<u64> {
        let (name, actor) = (name.to_owned(), actor.to_owned());
        self.database
            .write("closing a user's sessions", move |transaction| {
                let user = users::require(transaction, &name)?.user;
                let ended = close_all(transaction, &user.name)?;
                if ended > 0 {
                    let detail = json!({ "user": user.name, "sessions_ended": ended });
                    audit::record(transaction, &actor, "close-sessions", detail)?;
                }
                Ok(ended)
            })
            .await
    }

    /// Forgets the sessions that have run out. Gives back how many there were.
    pub async fn sweep_sessions(&self) -> Result<u64> {
        self.database
            .write("forgetting sessions", |transaction| {
                let at = now(transaction)?;
                sweep(transaction, at)
            })
            .await
    }
}

/// Ends all sessions of a user.
pub fn close_all(transaction: &Transaction<'_>, name: &str) -> Result<u64, Fault> {
    let ended = transaction
        .prepare_cached("DELETE FROM sessions WHERE user_name = ?1")?
        .execute([name])?;
    Ok(ended as u64)
}

/// Ends so many of a user's oldest sessions that one more may begin.
fn make_room(transaction: &Transaction<'_>, name: &str) -> Result<(), Fault> {
    transaction
        .prepare_cached(
            "DELETE FROM sessions WHERE hash IN (
                 SELECT hash FROM sessions WHERE user_name = ?1
                 ORDER BY created_at_us DESC LIMIT -1 OFFSET ?2
             )",
        )?
        .execute((name, SESSIONS_PER_USER_MAX - 1))?;
    Ok(())
}

fn sweep(transaction: &Transaction<'_>, at: Timestamp) -> Result<u64, Fault> {
    let ended = transaction
        .prepare_cached("DELETE FROM sessions WHERE ends_at_us <= ?1 OR last_used_at_us + idle_us <= ?1")?
        .execute([At(at)])?;
    Ok(ended as u64)
}

/// As columns hold spans; what does not fit is forever.
pub fn microseconds(span: Duration) -> i64 {
    // A hundredth of the range is 2,900 years, and leaves room to add to any time.
    i64::try_from(span.as_micros()).unwrap_or(i64::MAX).min(i64::MAX / 100)
}
