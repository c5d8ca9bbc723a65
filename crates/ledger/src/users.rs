//! The people who may sign in: their names, roles and password hashes.
//!
//! Names are compared without regard to case, and kept as they were given. Hashing passwords is the caller's:
//! a hash is an opaque text here.
//!
//! **Invariant:** once there is an enabled administrator there always is one.

use std::fmt;

use jiff::Timestamp;
use rusqlite::{OptionalExtension, Row, Transaction};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use crate::database::{Fault, now};
use crate::error::{LedgerError, Result};
use crate::garbage::HOUSEKEEPING;
use crate::stored::{At, Word, Words};
use crate::tokens::COMMAND_LINE;
use crate::{Ledger, audit, sessions};

/// Longest name of a user, in characters.
pub const USER_NAME_CHARS_MAX: usize = 64;

/// What a name may hold besides ASCII letters and digits, with one of which it begins.
pub const USER_NAME_SIGNS: &str = "._-@";

/// What a person or a token is allowed, each role including the one before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Reads everything that was found.
    Reader,
    /// Imports data, decides what is critical, and asks what would be if.
    Analyst,
    /// Manages people and settings.
    Administrator,
}

impl Role {
    /// The smallest first.
    pub const ALL: [Self; 3] = [Self::Reader, Self::Analyst, Self::Administrator];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Reader => "reader",
            Self::Analyst => "analyst",
            Self::Administrator => "administrator",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == text)
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Words for Role {
    const ALL: &'static [Self] = &Self::ALL;

    fn word(self) -> &'static str {
        self.as_str()
    }
}

/// The text that a password is checked against. Not shown by `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash(pub String);

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash(..)")
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    pub name: String,
    pub role: Role,
    pub created_at: Timestamp,
    /// When a session of the user was last used, to the minute.
    pub last_seen_at: Option<Timestamp>,
    pub is_disabled: bool,
}

/// What a sign-in is decided by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credentials {
    pub user: User,
    pub password_hash: PasswordHash,
}

/// What is to become of a user; `None` leaves it as it is.
#[derive(Clone, Debug, Default)]
pub struct UserChange {
    pub role: Option<Role>,
    pub is_disabled: Option<bool>,
    pub password_hash: Option<PasswordHash>,
}

impl Ledger {
    /// # Errors
    /// [`LedgerError::UserNameRefused`]; [`LedgerError::UserExists`], in any letter case.
    pub async fn create_user(&self, name: &str, role: Role, password_hash: PasswordHash, actor: &str) -> Result<User> {
        check_name(name)?;
        let (name, actor) = (name.to_owned(), actor.to_owned());
        self.database
            .write("creating a user", move |transaction| {
                create(transaction, &name, role, &password_hash, &actor)
            })
            .await
    }

    /// Creates an administrator if there is none, whoever else there is; `None` if there is one.
    ///
    /// # Errors
    /// [`LedgerError::UserNameRefused`]; [`LedgerError::UserExists`].
    pub async fn create_first_administrator(
        &self,
        name: &str,
        password_hash: PasswordHash,
        actor: &str,
    ) -> Result<Option<User>> {
        check_name(name)?;
        let (name, actor) = (name.to_owned(), actor.to_owned());
        self.database
            .write("creating the first administrator", move |transaction| {
                if is_an_administrator_left(transaction)? {
                    return Ok(None);
                }
                create(transaction, &name, Role::Administrator, &password_hash, &actor).map(Some)
            })
            .await
    }

    pub async fn user(&self, name: &str) -> Result<Option<User>> {
        Ok(self.credentials(name).await?.map(|it| it.user))
    }

    /// A user with the password hash, disabled ones too.
    pub async fn credentials(&self, name: &str) -> Result<Option<Credentials>> {
        let name = name.to_owned();
        self.database
            .read("looking for a user", move |transaction| {
                Ok(credentials(transaction, &name)?)
            })
            .await
    }

    /// All users, by name.
    pub async fn users(&self) -> Result<Vec<User>> {
        self.database
            .read("listing users", |transaction| {
                let mut statement = transaction.prepare_cached(
                    "SELECT name, role, created_at_us, last_seen_at_us, is_disabled FROM users ORDER BY name",
                )?;
                let users = statement.query_map([], user_of)?;
                Ok(users.collect::<rusqlite::Result<_>>()?)
            })
            .await
    }

    /// Changes a user, all of it or nothing. A new password and disabling end the user's sessions; tokens stay,
    /// and are worth nothing while their owner is disabled.
    ///
    /// # Errors
    /// [`LedgerError::NoSuchUser`]; [`LedgerError::LastAdministrator`] when no enabled one would be left.
    pub async fn change_user(&self, name: &str, change: UserChange, actor: &str) -> Result<User> {
        let (name, actor) = (name.to_owned(), actor.to_owned());
        self.database
            .write("changing a user", move |transaction| {
                let before = require(transaction, &name)?.user;
                let name = before.name.as_str();
                if let Some(role) = change.role.filter(|&role| role != before.role) {
                    transaction
                        .prepare_cached("UPDATE users SET role = ?2 WHERE name = ?1")?
                        .execute((name, Word(role)))?;
                    let detail = json!({ "user": name, "before": before.role.as_str(), "role": role.as_str() });
                    audit::record(transaction, &actor, "set-role", detail)?;
                }
                if let Some(is_disabled) = change.is_disabled.filter(|&it| it != before.is_disabled) {
                    transaction
                        .prepare_cached("UPDATE users SET is_disabled = ?2 WHERE name = ?1")?
                        .execute((name, is_disabled))?;
                    if is_disabled {
                        sessions::close_all(transaction, name)?;
                    }
                    let verb = if is_disabled { "disable-user" } else { "enable-user" };
                    audit::record(transaction, &actor, verb, json!({ "user": name }))?;
                }
                if let Some(hash) = &change.password_hash {
                    transaction
                        .prepare_cached("UPDATE users SET password_hash = ?2 WHERE name = ?1")?
                        .execute((name, &hash.0))?;
                    let ended = sessions::close_all(transaction, name)?;
                    let detail = json!({ "user": name, "sessions_ended": ended });
                    audit::record(transaction, &actor, "set-password", detail)?;
                }
                let after = require(transaction, name)?.user;
                if is_enabled_administrator(&before) && !is_enabled_administrator(&after) {
                    require_an_administrator(transaction, &before.name)?;
                }
                Ok(after)
            })
            .await
    }

    /// Replaces a hash by another one of the same password, made with other parameters. Nothing happens when the
    /// user has another hash by now. Ends no session, and is no change that the audit log tells of.
    pub async fn renew_password_hash(&self, name: &str, old: PasswordHash, new: PasswordHash) -> Result<()> {
        let name = name.to_owned();
        self.database
            .write("renewing a password hash", move |transaction| {
                transaction
                    .prepare_cached("UPDATE users SET password_hash = ?3 WHERE name = ?1 AND password_hash = ?2")?
                    .execute((&name, &old.0, &new.0))?;
                Ok(())
            })
            .await
    }

    /// Forgets a user, with all sessions and tokens. What the user did stays in the audit log under the name.
    ///
    /// # Errors
    /// [`LedgerError::NoSuchUser`]; [`LedgerError::LastAdministrator`].
    pub async fn delete_user(&self, name: &str, actor: &str) -> Result<()> {
        let (name, actor) = (name.to_owned(), actor.to_owned());
        self.database
            .write("deleting a user", move |transaction| {
                let user = require(transaction, &name)?.user;
                transaction
                    .prepare_cached("DELETE FROM users WHERE name = ?1")?
                    .execute([&user.name])?;
                if is_enabled_administrator(&user) {
                    require_an_administrator(transaction, &user.name)?;
                }
                let detail = json!({ "user": user.name, "role": user.role.as_str() });
                audit::record(transaction, &actor, "delete-user", detail)
            })
            .await
    }

    /// Writes down that somebody could not sign in. `name` is that of a user: what else people type into the
    /// field may be a password, and is nobody's to read.
    pub async fn record_failed_sign_in(&self, name: Option<&str>, address: &str) -> Result<()> {
        let (name, address) = (name.map(str::to_owned), address.to_owned());
        self.database
            .write("recording a failed sign-in", move |transaction| {
                let detail = json!({ "address": address, "is_known": name.is_some() });
                audit::record(transaction, name.as_deref().unwrap_or(NOBODY), "fail-sign-in", detail)
            })
            .await
    }
}

/// Actor of what somebody did whom nobody knows.
pub const NOBODY: &str = "nobody";

/// Those who act and are no users; `postern` is the server itself.
const TAKEN_NAMES: [&str; 4] = [HOUSEKEEPING, COMMAND_LINE, NOBODY, "postern"];

fn check_name(name: &str) -> Result<()> {
    let refuse = |reason| {
        Err(LedgerError::UserNameRefused {
            name: name.chars().take(USER_NAME_CHARS_MAX).collect(),
            reason,
        })
    };
    if name.is_empty() || name.chars().count() > USER_NAME_CHARS_MAX {
        return refuse("it must have 1 to 64 characters");
    }
    if !name
        .chars()
        .all(|it| it.is_ascii_alphanumeric() || USER_NAME_SIGNS.contains(it))
    {
        return refuse("it may hold letters from A to Z, digits and . _ - @ only");
    }
    if !name.starts_with(|it: char| it.is_ascii_alphanumeric()) {
        return refuse("it must begin with a letter or a digit");
    }
    if TAKEN_NAMES.iter().any(|taken| taken.eq_ignore_ascii_case(name)) {
        return refuse("the audit log uses it for what no user does");
    }
    Ok(())
}

fn create(
    transaction: &Transaction<'_>,
    name: &str,
    role: Role,
    password_hash: &PasswordHash,
    actor: &str,
) -> Result<User, Fault> {
    if let Some(found) = credentials(transaction, name)? {
        return Err(LedgerError::UserExists { name: found.user.name }.into());
    }
    transaction
        .prepare_cached(
            "INSERT INTO users (name, role, password_hash, created_at_us, is_disabled) VALUES (?1, ?2, ?3, ?4, FALSE)",
        )?
        .execute((name, Word(role), &password_hash.0, At(now(transaction)?)))?;
    let detail = json!({ "user": name, "role": role.as_str() });
    audit::record(transaction, actor, "create-user", detail)?;
    Ok(require(transaction, name)?.user)
}

/// A user who must be there.
pub fn require(transaction: &Transaction<'_>, name: &str) -> Result<Credentials, Fault> {
    credentials(transaction, name)?.ok_or_else(|| LedgerError::NoSuchUser { name: name.to_owned() }.into())
}

/// Notes that a user is here.
pub fn see(transaction: &Transaction<'_>, name: &str, at: Timestamp) -> Result<(), Fault> {
    transaction
        .prepare_cached("UPDATE users SET last_seen_at_us = ?2 WHERE name = ?1")?
        .execute((name, At(at)))?;
    Ok(())
}

fn credentials(transaction: &Transaction<'_>, name: &str) -> rusqlite::Result<Option<Credentials>> {
    transaction
        .prepare_cached(
            "SELECT name, role, created_at_us, last_seen_at_us, is_disabled, password_hash FROM users WHERE name = ?1",
        )?
        .query_row([name], |row| {
            Ok(Credentials {
                user: user_of(row)?,
                password_hash: PasswordHash(row.get(5)?),
            })
        })
        .optional()
}

/// From the columns name, role, created_at_us, last_seen_at_us, is_disabled.
pub fn user_of(row: &Row<'_>) -> rusqlite::Result<User> {
    Ok(User {
        name: row.get(0)?,
        role: row.get::<_, Word<Role>>(1)?.0,
        created_at: row.get::<_, At>(2)?.0,
        last_seen_at: row.get::<_, Option<At>>(3)?.map(|At(at)| at),
        is_disabled: row.get(4)?,
    })
}

fn is_enabled_administrator(user: &User) -> bool {
    user.role == Role::Administrator && !user.is_disabled
}

/// Whether there is an administrator who is not disabled.
fn is_an_administrator_left(transaction: &Transaction<'_>) -> rusqlite::Result<bool> {
    transaction
        .prepare_cached("SELECT 1 FROM users WHERE role = ?1 AND NOT is_disabled")?
        .exists([Word(Role::Administrator)])
}

/// Refuses what has just been done to `name`, unless an enabled administrator is left.
fn require_an_administrator(transaction: &Transaction<'_>, name: &str) -> Result<(), Fault> {
    if is_an_administrator_left(transaction)? {
        Ok(())
    } else {
        Err(LedgerError::LastAdministrator { name: name.to_owned() }.into())
    }
}
