//! API tokens: secrets that programs show instead of signing in. Only the hash of a secret is kept.
//!
//! **Invariant:** a token never allows more than its owner may do now, and nothing once it has expired.

use std::time::Duration;

use jiff::Timestamp;
use rusqlite::{OptionalExtension, Row, Transaction};
use serde_json::json;

use crate::database::{Fault, earlier, later, now};
use crate::error::{LedgerError, Result};
use crate::sessions::{SecretHash, TOUCH_INTERVAL, microseconds};
use crate::stored::{At, Word};
use crate::users::{self, Role};
use crate::{Ledger, audit};

/// The longest life of a token.
pub const TOKEN_LIFE_MAX: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// An owner, or the command line, has so many tokens at most; those that have expired and are still listed count.
pub const TOKENS_PER_OWNER_MAX: u32 = 100;

/// Longest name of a token, in characters.
pub const TOKEN_NAME_CHARS_MAX: usize = 64;

/// A token is still listed for this long after it has expired, so that people see why a program is refused.
pub const EXPIRED_TOKEN_KEPT: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// Actor and owner of what was done on the machine itself, where no user is known by name.
pub const COMMAND_LINE: &str = "command line";

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// Never given twice in one ledger.
    pub id: i64,
    /// What it is for, in its owner's words.
    pub name: String,
    pub role: Role,
    /// `None`: made on the machine itself, see [`COMMAND_LINE`].
    pub owner: Option<String>,
    pub created_at: Timestamp,
    pub expires_at: Timestamp,
    /// To the minute.
    pub last_used_at: Option<Timestamp>,
}

/// A token that is to be.
#[derive(Clone, Debug)]
pub struct NewToken {
    pub hash: SecretHash,
    pub name: String,
    pub role: Role,
    /// `None` on the machine itself only: nobody's role bounds such a token.
    pub owner: Option<String>,
    pub expires_in: Duration,
}

/// A token that counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenInUse {
    pub token: Token,
    /// The smaller of the token's role and its owner's.
    pub role: Role,
    /// Nobody has written down for [`TOUCH_INTERVAL`] that it is used: call [`Ledger::touch_token`].
    pub is_touch_due: bool,
}

impl Ledger {
    /// # Errors
    /// [`LedgerError::TokenRefused`] for a name, role or life that it cannot have; [`LedgerError::TooManyTokens`];
    /// [`LedgerError::NoSuchUser`] and [`LedgerError::UserDisabled`] of the owner.
    pub async fn create_token(&self, token: NewToken, actor: &str) -> Result<Token> {
        check(&token)?;
        let actor = actor.to_owned();
        self.database
            .write("creating a token", move |transaction| {
                let at = now(transaction)?;
                forget_expired(transaction, at)?;
                let owner = match &token.owner {
                    Some(name) => Some(users::require(transaction, name)?.user),
                    None => None,
                };
                if let Some(owner) = &owner {
                    if owner.is_disabled {
                        return Err(LedgerError::UserDisabled {
                            name: owner.name.clone(),
                        }
                        .into());
                    }
                    if token.role > owner.role {
                        return Err(LedgerError::TokenRefused {
                            reason: format!("its role {} is more than {}, its owner's", token.role, owner.role),
                        }
                        .into());
                    }
                }
                let owner = owner.map(|it| it.name);
                let count: u32 = transaction
                    .prepare_cached("SELECT count(*) FROM tokens WHERE owner IS ?1")?
                    .query_row([&owner], |row| row.get(0))?;
                if count >= TOKENS_PER_OWNER_MAX {
                    return Err(LedgerError::TooManyTokens {
                        max: TOKENS_PER_OWNER_MAX,
                    }
                    .into());
                }
                let expires_at = later(at, token.expires_in);
                transaction
                    .prepare_cached(
                        "INSERT INTO tokens (hash, name, role, owner, created_at_us, expires_at_us)
                         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                    )?
                    .execute((
                        token.hash.bytes(),
                        &token.name,
                        Word(token.role),
                        &owner,
                        At(at),
                        At(expires_at),
                    ))?;
                let made = Token {
                    id: transaction.last_insert_rowid(),
                    name: token.name,
                    role: token.role,
                    owner,
                    created_at: at,
                    expires_at,
                    last_used_at: None,
                };
                let mut detail = told(&made);
                detail["expires_at"] = json!(made.expires_at.to_string());
                audit::record(transaction, &actor, "create-token", detail)?;
                Ok(made)
            })
            .await
    }

    /// The tokens of all owners, or of one, the newest first. Expired ones are listed for
    /// [`EXPIRED_TOKEN_KEPT`].
    pub async fn tokens(&self, owner: Option<&str>) -> Result<Vec<Token>> {
        let owner = owner.map(str::to_owned);
        self.database
            .read("listing tokens", move |transaction| {
                let since = earlier(now(transaction)?, EXPIRED_TOKEN_KEPT);
                let mut statement = transaction.prepare_cached(
                    "SELECT id, name, role, owner, created_at_us, expires_at_us, last_used_at_us FROM tokens
                     WHERE (?1 IS NULL OR owner = ?1) AND expires_at_us > ?2 ORDER BY id DESC",
                )?;
                let tokens = statement.query_map((owner, At(since)), token_of)?;
                Ok(tokens.collect::<rusqlite::Result<_>>()?)
            })
            .await
    }

    /// Ends a token at once. With an `owner` those of others are as if they were not there.
    ///
    /// # Errors
    /// [`LedgerError::NoSuchToken`].
    pub async fn revoke_token(&self, id: i64, owner: Option<&str>, actor: &str) -> Result<()> {
        let (owner, actor) = (owner.map(str::to_owned), actor.to_owned());
        self.database
            .write("revoking a token", move |transaction| {
                let revoked = transaction
                    .prepare_cached(
                        "DELETE FROM tokens WHERE id = ?1 AND (?2 IS NULL OR owner = ?2)
                         RETURNING id, name, role, owner, created_at_us, expires_at_us, last_used_at_us",
                    )?
                    .query_row((id, owner), token_of)
                    .optional()?;
                match revoked {
                    Some(token) => audit::record(transaction, &actor, "revoke-token", told(&token)),
                    None => Err(LedgerError::NoSuchToken { id }.into()),
                }
            })
            .await
    }

    /// The token of this hash, unless it has expired or its owner is disabled.
    pub async fn token(&self, hash: SecretHash) -> Result<Option<TokenInUse>> {
        self.database
            .read("looking for a token", move |transaction| {
                let at = now(transaction)?;
                let found = transaction
                    .prepare_cached(
                        "SELECT id, tokens.name, tokens.role, owner, tokens.created_at_us, expires_at_us,
                                last_used_at_us, users.role
                         FROM tokens LEFT JOIN users ON users.name = owner
                         WHERE hash = ?1 AND expires_at_us > ?2 AND NOT coalesce(is_disabled, FALSE)",
                    )?
                    .query_row((hash.bytes(), At(at)), |row| {
                        let token = token_of(row)?;
                        let owners: Option<Word<Role>> = row.get(7)?;
                        Ok(TokenInUse {
                            role: owners.map_or(token.role, |Word(role)| role.min(token.role)),
                            is_touch_due: token.last_used_at.is_none_or(|it| later(it, TOUCH_INTERVAL) <= at),
                            token,
                        })
                    })
                    .optional()?;
                Ok(found)
            })
            .await
    }

    /// Writes down that a token is used, unless that was done within [`TOUCH_INTERVAL`].
    pub async fn touch_token(&self, id: i64) -> Result<()> {
        self.database
            .write("noting the use of a token", move |transaction| {
                transaction
                    .prepare_cached(
                        "UPDATE tokens SET last_used_at_us = ?2
                         WHERE id = ?1 AND coalesce(last_used_at_us + ?3 <= ?2, TRUE)",
                    )?
                    .execute((id, At(now(transaction)?), microseconds(TOUCH_INTERVAL)))?;
                Ok(())
            })
            .await
    }
}

fn check(token: &NewToken) -> Result<()> {
    let refuse = |reason: String| Err(LedgerError::TokenRefused { reason });
    let chars = token.name.chars().count();
    if chars == 0 || chars > TOKEN_NAME_CHARS_MAX {
        return refuse(format!("its name must have 1 to {TOKEN_NAME_CHARS_MAX} characters"));
    }
    if token.name.trim() != token.name || token.name.chars().any(char::is_control) {
        return refuse("its name must have no control characters, and no blanks at its ends".to_owned());
    }
    if token.expires_in > TOKEN_LIFE_MAX {
        let days = TOKEN_LIFE_MAX.as_secs() / (24 * 60 * 60);
        return refuse(format!("it may live for {days} days at most"));
    }
    Ok(())
}

/// For the audit log.
fn told(token: &Token) -> serde_json::Value {
    json!({
        "token": token.id,
        "name": token.name,
        "role": token.role.as_str(),
        "owner": token.owner.as_deref().unwrap_or(COMMAND_LINE),
    })
}

fn forget_expired(transaction: &Transaction<'_>, at: Timestamp) -> Result<(), Fault> {
    transaction
        .prepare_cached("DELETE FROM tokens WHERE expires_at_us <= ?1")?
        .execute([At(earlier(at, EXPIRED_TOKEN_KEPT))])?;
    Ok(())
}

fn token_of(row: &Row<'_>) -> rusqlite::Result<Token> {
    Ok(Token {
        id: row.get(0)?,
        name: row.get(1)?,
        role: row.get::<_, Word<Role>>(2)?.0,
        owner: row.get(3)?,
        created_at: row.get::<_, At>(4)?.0,
        expires_at: row.get::<_, At>(5)?.0,
        last_used_at: row.get::<_, Option<At>>(6)?.map(|At(at)| at),
    })
}
