//! The connections: one that writes and one that reads, each on its own thread, fed by a bounded queue.
//!
//! A reader of its own keeps `status` answering while the writer waits for another process. Start at
//! [`Database::write`].
//!
//! **Invariant:** every write is one `BEGIN IMMEDIATE` transaction, so that it never reads a state that
//! another process changes before it writes; its work is done on the connection's thread, never across an
//! `await`.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use jiff::Timestamp;
use rusqlite::{Connection, ErrorCode, Transaction, TransactionBehavior};
use tokio::sync::{mpsc, oneshot};

use crate::error::{LedgerError, Result};
use crate::stored::At;

/// A verb waits this long for the other processes on the file, then fails with [`LedgerError::Busy`].
const BUSY_TIMEOUT: Duration = Duration::from_secs(30);

/// This many verbs wait in a connection's queue; the next callers wait to get in.
const QUEUE_MAX: usize = 64;

mod embedded {
    refinery::embed_migrations!("migrations");
}

/// An error inside a transaction: the database's, or one of ours that ends it.
#[derive(Debug)]
pub enum Fault {
    Database(rusqlite::Error),
    Ledger(LedgerError),
}

impl From<rusqlite::Error> for Fault {
    fn from(error: rusqlite::Error) -> Self {
        Self::Database(error)
    }
}

impl From<LedgerError> for Fault {
    fn from(error: LedgerError) -> Self {
        Self::Ledger(error)
    }
}

impl Fault {
    fn while_doing(self, doing: &'static str) -> LedgerError {
        use rusqlite::Error;
        match self {
            Self::Ledger(error) => error,
            Self::Database(error) if is_busy(&error) => LedgerError::Busy {
                doing,
                waited: BUSY_TIMEOUT,
            },
            Self::Database(error) if error.sqlite_error_code() == Some(ErrorCode::DiskFull) => {
                LedgerError::Full { doing }
            }
            Self::Database(
                error @ (Error::FromSqlConversionFailure(..)
                | Error::InvalidColumnType(..)
                | Error::IntegralValueOutOfRange(..)),
            ) => LedgerError::Corrupt {
                doing,
                cause: error.into(),
            },
            Self::Database(error) => LedgerError::Database {
                doing,
                cause: error.into(),
            },
        }
    }
}

fn is_busy(error: &rusqlite::Error) -> bool {
    matches!(
        error.sqlite_error_code(),
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked)
    )
}

#[derive(Clone, Debug)]
pub struct Database {
    writer: Worker,
    reader: Worker,
}

impl Database {
    /// Opens the file, creating it and its folder where missing, and brings its schema up to date.
    pub async fn open(path: &Path) -> Result<Self> {
        let path = path.to_owned();
        let opening = tokio::task::spawn_blocking(move || {
            let writer = open_to_write(&path)?;
            let reader = open_to_read(&path).map_err(|cause| cannot_open(&path, cause))?;
            Ok(Self {
                writer: Worker::start("ledger-writer", writer).map_err(|cause| cannot_open(&path, cause))?,
                reader: Worker::start("ledger-reader", reader).map_err(|cause| cannot_open(&path, cause))?,
            })
        });
        match opening.await {
            Ok(opened) => opened,
            Err(_) => Err(LedgerError::Stopped {
                doing: "opening the ledger",
            }),
        }
    }

    /// Runs `work` in a write transaction, which is committed when it gives `Ok` and rolled back otherwise.
    /// `doing` says for error messages what is being done.
    pub async fn write<T, F>(&self, doing: &'static str, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&Transaction<'_>) -> Result<T, Fault> + Send + 'static,
    {
        self.writer.run(doing, TransactionBehavior::Immediate, work).await
    }

    /// Runs `work` on one consistent state of the database.
    pub async fn read<T, F>(&self, doing: &'static str, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&Transaction<'_>) -> Result<T, Fault> + Send + 'static,
    {
        self.reader.run(doing, TransactionBehavior::Deferred, work).await
    }
}

/// The database's own clock: all processes on a file agree on it.
pub fn now(transaction: &Transaction<'_>) -> rusqlite::Result<Timestamp> {
    // SQLite's clock has milliseconds; the whole ledger counts in microseconds.
    transaction
        .prepare_cached("SELECT CAST(round(unixepoch('now', 'subsec') * 1000) AS INTEGER) * 1000")?
        .query_row([], |row| row.get(0).map(|At(now)| now))
}

/// `time + span`, or the end of time.
pub fn later(time: Timestamp, span: Duration) -> Timestamp {
    time.saturating_add(span).unwrap_or(Timestamp::MAX)
}

/// `time - span`, or the beginning of time.
pub fn earlier(time: Timestamp, span: Duration) -> Timestamp {
    time.saturating_sub(span).unwrap_or(Timestamp::MIN)
}

type Job = Box<dyn FnOnce(&mut Connection) + Send>;

/// A connection on its own thread, which ends with the last handle.
#[derive(Clone)]
struct Worker {
    jobs: mpsc::Sender<Job>,
}

impl std::fmt::Debug for Worker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Worker").finish_non_exhaustive()
    }
}

impl Worker {
    fn start(name: &str, mut connection: Connection) -> std::io::Result<Self> {
        let (jobs, mut queue) = mpsc::channel::<Job>(QUEUE_MAX);
        thread::Builder::new().name(name.to_owned()).spawn(move || {
            while let Some(job) = queue.blocking_recv() {
                job(&mut connection);
            }
        })?;
        Ok(Self { jobs })
    }

    async fn run<T, F>(&self, doing: &'static str, behavior: TransactionBehavior, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&Transaction<'_>) -> Result<T, Fault> + Send + 'static,
    {
        let (answer, answered) = oneshot::channel();
        let job: Job = Box::new(move |connection| {
            // The caller may have gone away: the work counts, its answer does not.
            let _ = answer.send(in_transaction(connection, behavior, work));
        });
        if self.jobs.send(job).await.is_err() {
            return Err(LedgerError::Stopped { doing });
        }
        match answered.await {
            Ok(done) => done.map_err(|fault| fault.while_doing(doing)),
            Err(_) => Err(LedgerError::Stopped { doing }),
        }
    }
}

fn in_transaction<T>(
    connection: &mut Connection,
    behavior: TransactionBehavior,
    work: impl FnOnce(&Transaction<'_>) -> Result<T, Fault>,
) -> Result<T, Fault> {
    let transaction = connection.transaction_with_behavior(behavior)?;
    let done = work(&transaction)?;
    transaction.commit()?;
    Ok(done)
}

fn cannot_open(path: &Path, cause: impl Into<crate::Cause>) -> LedgerError {
    LedgerError::Open {
        path: path.to_owned(),
        cause: cause.into(),
    }
}

fn open_to_write(path: &Path) -> Result<Connection> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(|cause| cannot_open(path, cause))?;
    }
    // Two processes that create one ledger at the same moment take turns. The operating system frees the
    // lock of a process that dies.
    let turn = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(lock_path(path))
        .map_err(|cause| cannot_open(path, cause))?;
    turn.lock().map_err(|cause| cannot_open(path, cause))?;

    let mut connection = connect(path).map_err(|cause| cannot_open(path, cause))?;
    migrate(path, &mut connection)?;
    Ok(connection)
}

fn open_to_read(path: &Path) -> rusqlite::Result<Connection> {
    let connection = connect(path)?;
    connection.pragma_update(None, "query_only", true)?;
    Ok(connection)
}

fn lock_path(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push("-opening");
    name.into()
}

fn connect(path: &Path) -> rusqlite::Result<Connection> {
    let connection = Connection::open(path)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.pragma_update(None, "journal_mode", "wal")?;
    // FULL: a commit is on the disk before it returns, not at the next checkpoint.
    connection.pragma_update(None, "synchronous", "full")?;
    // macOS: flush the drive's own cache too. Elsewhere this changes nothing.
    connection.pragma_update(None, "fullfsync", true)?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "trusted_schema", false)?;
    Ok(connection)
}

fn migrate(path: &Path, connection: &mut Connection) -> Result<()> {
    let runner = embedded::migrations::runner();
    let known = runner
        .get_migrations()
        .iter()
        .map(|it| i64::from(it.version()))
        .max()
        .unwrap_or(0);
    let cannot_migrate = |cause: crate::Cause| LedgerError::Migrate {
        path: path.to_owned(),
        cause,
    };
    let found = schema_version(connection).map_err(|cause| cannot_migrate(cause.into()))?;
    if found > known {
        return Err(LedgerError::NewerSchema {
            path: path.to_owned(),
            found,
            known,
        });
    }
    // Grouped: one transaction for all, so that a kill leaves the old schema or the new one.
    runner
        .set_grouped(true)
        .run(connection)
        .map_err(|cause| cannot_migrate(cause.into()))?;
    Ok(())
}

/// The newest migration that the file has, 0 for a new file.
fn schema_version(connection: &Connection) -> rusqlite::Result<i64> {
    let is_migrated: bool = connection.query_row(
        "SELECT count(*) > 0 FROM sqlite_schema WHERE name = 'refinery_schema_history'",
        [],
        |row| row.get(0),
    )?;
    if !is_migrated {
        return Ok(0);
    }
    connection.query_row(
        "SELECT coalesce(max(version), 0) FROM refinery_schema_history",
        [],
        |row| row.get(0),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_connections_sync_each_commit_and_the_reader_cannot_write() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ledger.sqlite");
        let writer = open_to_write(&path).unwrap();
        let reader = open_to_read(&path).unwrap();
        for connection in [&writer, &reader] {
            let mode: String = connection
                .query_row("PRAGMA journal_mode", [], |row| row.get(0))
                .unwrap();
            let full: i64 = connection
                .query_row("PRAGMA synchronous", [], |row| row.get(0))
                .unwrap();
            assert_eq!((mode.as_str(), full), ("wal", 2));
        }
        let change = "UPDATE head SET manifest_version = 7";
        assert!(reader.execute(change, []).is_err());
        assert_eq!(writer.execute(change, []).unwrap(), 1);
    }

    #[test]
    fn a_ledger_held_by_another_process_is_busy_and_not_broken() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ledger.sqlite");
        let mut one = open_to_write(&path).unwrap();
        let mut other = open_to_write(&path).unwrap();
        other.busy_timeout(Duration::ZERO).unwrap();
        let held = one.transaction_with_behavior(TransactionBehavior::Immediate).unwrap();
        let fault = in_transaction(&mut other, TransactionBehavior::Immediate, |_| Ok(())).unwrap_err();
        let error = fault.while_doing("testing");
        assert!(matches!(error, LedgerError::Busy { doing: "testing", .. }), "{error}");
        drop(held);
        in_transaction(&mut other, TransactionBehavior::Immediate, |_| Ok(())).unwrap();
    }

    #[test]
    fn a_full_disk_is_called_by_its_name() {
        let folder = tempfile::tempdir().unwrap();
        let mut connection = open_to_write(&folder.path().join("ledger.sqlite")).unwrap();
        // No more pages than there are now.
        let _pages: i64 = connection
            .query_row("PRAGMA max_page_count = 1", [], |row| row.get(0))
            .unwrap();
        let fault = in_transaction(&mut connection, TransactionBehavior::Immediate, |transaction| {
            transaction.execute("INSERT INTO settings VALUES ('large', zeroblob(1000000) || '')", [])?;
            Ok(())
        });
        let error = fault.unwrap_err().while_doing("testing");
        assert!(matches!(error, LedgerError::Full { doing: "testing" }), "{error}");
    }

    #[test]
    fn a_transaction_that_fails_changes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let mut connection = open_to_write(&folder.path().join("ledger.sqlite")).unwrap();
        let failed = in_transaction(&mut connection, TransactionBehavior::Immediate, |transaction| {
            transaction.execute("UPDATE head SET manifest_version = 7", [])?;
            Err::<(), _>(LedgerError::NoSuchSource { id: 1 }.into())
        });
        assert!(matches!(
            failed,
            Err(Fault::Ledger(LedgerError::NoSuchSource { id: 1 }))
        ));
        let version: i64 = connection
            .query_row("SELECT manifest_version FROM head", [], |row| row.get(0))
            .unwrap();
        assert_eq!(version, 0);
    }
}
