//! What was decided and what is current, and nothing else: domain verbs over SQLite, the only SQL.
//!
//! Start at [`Ledger::open`], then read [`Ledger::commit_import`] (how files become inputs) and
//! [`Ledger::commit_generation`] (how a built world becomes the current one). The protocol between the
//! ledger and the lake, which holds the objects:
//!
//! 1. [`Ledger::begin_upload`], then [`Ledger::claim`] of each object prefix *before* anything is looked up
//!    or written under it, and a [`Ledger::heartbeat`] now and then.
//! 2. One commit makes the claimed prefixes referenced; those that it does not mention become garbage.
//! 3. An upload that dies is found by its heartbeat, and its prefixes become garbage
//!    ([`Ledger::doom_stale_uploads`]).
//! 4. Garbage is deleted after [`GARBAGE_GRACE`] ([`Ledger::take_doomed`], [`Ledger::mark_deleted`]).
//!
//! Several processes on one host may hold a ledger on the same file. Each verb is one transaction: it happens
//! whole or not at all, and survives a kill or a power cut once it has returned. A verb whose future is
//! dropped may still happen.
//!
//! **Invariant:** leases, pins, heartbeats, garbage, accounts, sessions and tokens go by the database's
//! clock alone; every other time is given by the caller. Times are kept to the microsecond. No type of the
//! database driver is public. No secret is kept: of passwords, sessions and tokens only hashes.
//! Every verb that changes what is decided or current, or who may decide, writes an audit row in its own
//! transaction; those that only keep something alive (claims, heartbeats, renewals, pins, touches) or record work
//! (jobs) write none.

mod audit;
mod database;
mod decisions;
mod error;
mod garbage;
mod generations;
mod hunting;
mod imports;
mod jobs;
mod leases;
mod manifest;
mod sessions;
mod stored;
mod tokens;
mod uploads;
mod users;

pub use audit::{AuditCheck, AuditEntry, AuditPage, AuditQuery};
pub use decisions::{Decision, DecisionAppended, DecisionKind};
pub use error::{Cause, LedgerError, Result};
pub use garbage::{GARBAGE_GRACE, Garbage, RETAKE_AFTER, TAKE_MAX};
pub use generations::{BUILDER_LEASE, GenerationRecord, Pin};
pub use hunting::{
    AUDITED_TEXT_BYTES_MAX, HISTORY_KEPT, HUNTING_DESCRIPTION_CHARS_MAX, HUNTING_NAME_CHARS_MAX,
    HUNTING_TEXT_BYTES_MAX, HuntingFunction, NewQuery, NewWatchlist, QueryOutcome, QueryRun, SAVED_QUERIES_MAX,
    STORED_FUNCTIONS_MAX, SavedQuery, WATCHLIST_BYTES_MAX, WATCHLIST_COLUMNS_MAX, WATCHLIST_ITEMS_MAX, WATCHLISTS_MAX,
    Watchlist, WatchlistInfo,
};
pub use imports::{CommitOutcome, FileReject, RemoveOutcome, RowCounts, SnapshotImport, SnapshotRecord, SourceImport};
pub use jobs::{JOBS_KEPT, Job, JobEnd, JobState, NewJob};
pub use leases::{Lease, LeaseHolder};
pub use manifest::{Manifest, SourceListing, SourceRecord};
pub use sessions::{
    SESSION_ABSOLUTE, SESSION_IDLE, SESSIONS_PER_USER_MAX, SecretHash, Session, SessionLimits, TOUCH_INTERVAL,
};
pub use tokens::{
    COMMAND_LINE, EXPIRED_TOKEN_KEPT, NewToken, TOKEN_LIFE_MAX, TOKEN_NAME_CHARS_MAX, TOKENS_PER_OWNER_MAX, Token,
    TokenInUse,
};
pub use uploads::{Claimed, StaleUpload, UploadId};
pub use users::{Credentials, NOBODY, PasswordHash, Role, USER_NAME_CHARS_MAX, USER_NAME_SIGNS, User, UserChange};

use std::path::Path;

use database::Database;

/// A handle on one ledger file. Clones share its connections.
#[derive(Clone, Debug)]
pub struct Ledger {
    database: Database,
}

impl Ledger {
    /// Opens the ledger file, creating it and its folder where missing, and brings its schema up to date.
    /// Needs a running Tokio runtime.
    ///
    /// # Errors
    /// [`LedgerError::NewerSchema`] for a file of a newer version of the product, which is left as it is;
    /// [`LedgerError::Open`]; [`LedgerError::Migrate`].
    pub async fn open(path: &Path) -> Result<Self> {
        Ok(Self {
            database: Database::open(path).await?,
        })
    }
}
