//! What can go wrong in the ledger.

use std::path::PathBuf;
use std::time::Duration;

use crate::uploads::UploadId;

pub type Result<T, E = LedgerError> = std::result::Result<T, E>;

/// The error below ours, with the database driver's type hidden.
pub type Cause = Box<dyn std::error::Error + Send + Sync>;

#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    #[error("cannot open the ledger {}", path.display())]
    Open {
        path: PathBuf,
        #[source]
        cause: Cause,
    },
    #[error("cannot bring the schema of the ledger {} up to date", path.display())]
    Migrate {
        path: PathBuf,
        #[source]
        cause: Cause,
    },
    #[error(
        "the ledger {} has schema {found}, made by a newer version; this one understands schemas up to {known}",
        path.display()
    )]
    NewerSchema { path: PathBuf, found: i64, known: i64 },
    #[error("{doing} failed: other processes held the ledger for {waited:?}")]
    Busy { doing: &'static str, waited: Duration },
    #[error("{doing} failed: the disk of the ledger is full")]
    Full { doing: &'static str },
    #[error("{doing} failed in the ledger's database")]
    Database {
        doing: &'static str,
        #[source]
        cause: Cause,
    },
    #[error("{doing} met a value in the ledger that cannot be read")]
    Corrupt {
        doing: &'static str,
        #[source]
        cause: Cause,
    },
    #[error("{doing} failed: the ledger's thread has ended")]
    Stopped { doing: &'static str },

    /// Read the manifest again and commit against `current`; files need not be parsed again.
    #[error("the manifest is at version {current}, and {expected} was expected")]
    Conflict { expected: i64, current: i64 },
    /// The upload was committed, abandoned or doomed before.
    #[error("upload {upload} is not open")]
    UploadGone { upload: UploadId },
    /// Objects have to be claimed before they are written, or they could be deleted as garbage.
    #[error("upload {upload} commits {prefix}, which it has not claimed")]
    Unclaimed { upload: UploadId, prefix: String },
    /// Try again soon: the deletion ends with [`crate::Ledger::mark_deleted`].
    #[error("the objects {prefix} are being deleted")]
    BeingDeleted { prefix: String },
    #[error("there is no source {id}")]
    NoSuchSource { id: i64 },
    #[error("there is no generation {number}")]
    NoSuchGeneration { number: i64 },
    #[error("generation {number} is out of order: the next one is {next}")]
    GenerationOutOfOrder { number: i64, next: i64 },
    #[error("the lease {name} with token {token} has run out, was released or was taken over")]
    LeaseLost { name: String, token: i64 },
    #[error("the pin on generation {generation} has run out, and the generation is gone")]
    PinLost { generation: i64 },

    #[error("there is no user {name}")]
    NoSuchUser { name: String },
    #[error("there is a user {name} already")]
    UserExists { name: String },
    #[error("{name:?} cannot be the name of a user: {reason}")]
    UserNameRefused { name: String, reason: &'static str },
    #[error("user {name} is disabled")]
    UserDisabled { name: String },
    #[error("{name} is the last enabled administrator")]
    LastAdministrator { name: String },
    #[error("the token cannot be made: {reason}")]
    TokenRefused { reason: String },
    #[error("there are {max} tokens already, and no more are allowed")]
    TooManyTokens { max: u32 },
    #[error("there is no token {id}")]
    NoSuchToken { id: i64 },
    #[error("there is no {what} {name}")]
    NoSuchHunting { what: &'static str, name: String },
    #[error("the {what} cannot be stored: {reason}")]
    HuntingRefused { what: &'static str, reason: String },
    #[error("there are {max} {what} already, and no more are allowed")]
    TooManyHunting { what: &'static str, max: u32 },
    #[error("there is no job {id} that is not over")]
    NoSuchJob { id: String },
}
