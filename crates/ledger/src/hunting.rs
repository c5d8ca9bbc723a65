//! What people keep for hunting: saved queries, functions that queries may call, watchlists, and what they asked.
//!
//! None of it is an input of a generation: a rule of the catalog cannot name any of these. Texts are kept as they were
//! given; whether they are queries is for the caller to find out.

use std::time::Duration;

use jiff::Timestamp;
use rusqlite::{OptionalExtension, Row, Transaction};
use serde_json::json;

use crate::database::{Fault, now};
use crate::error::{LedgerError, Result};
use crate::sessions::microseconds;
use crate::stored::{At, Json, Word, Words};
use crate::{Ledger, audit, users};

/// Longest name of a saved query, a function or a watchlist, in characters.
pub const HUNTING_NAME_CHARS_MAX: usize = 128;
/// Longest description, in characters.
pub const HUNTING_DESCRIPTION_CHARS_MAX: usize = 2_000;
/// Longest text of a saved query or a function, in bytes.
pub const HUNTING_TEXT_BYTES_MAX: usize = 256 << 10;
/// Saved queries of one person, and of everybody.
pub const SAVED_QUERIES_MAX: u32 = 1_000;
pub const STORED_FUNCTIONS_MAX: u32 = 1_000;
pub const WATCHLISTS_MAX: u32 = 200;
pub const WATCHLIST_ITEMS_MAX: usize = 100_000;
pub const WATCHLIST_COLUMNS_MAX: usize = 100;
/// Texts of a watchlist, all together.
pub const WATCHLIST_BYTES_MAX: usize = 16 << 20;
/// Queries of one person that are remembered; older ones are forgotten.
pub const HISTORY_KEPT: u32 = 200;
/// The audit log holds so much of a query's text, and the hash of all of it.
pub const AUDITED_TEXT_BYTES_MAX: usize = 8 << 10;

/// A query under a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SavedQuery {
    /// Never given twice in one ledger.
    pub id: i64,
    /// Whose it is; `None`: everybody's.
    pub owner: Option<String>,
    pub name: String,
    pub description: String,
    pub query: String,
    /// Who saved it last.
    pub author: String,
    pub changed_at: Timestamp,
}

/// A query that is to be saved.
#[derive(Clone, Debug)]
pub struct NewQuery {
    /// Whose it will be; `None`: everybody's.
    pub owner: Option<String>,
    pub name: String,
    pub description: String,
    pub query: String,
}

/// A function of the hunting language that any query may call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HuntingFunction {
    pub name: String,
    /// Parameters and body as in a `let`: `(days:int = 7) { Findings | where ... }`.
    pub declaration: String,
    pub description: String,
    /// Who changed it last.
    pub author: String,
    pub changed_at: Timestamp,
}

/// A named list of rows of text, for queries to look things up in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Watchlist {
    pub info: WatchlistInfo,
    /// Each as long as the list of columns.
    pub items: Vec<Vec<String>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WatchlistInfo {
    /// Names differ in more than letter case.
    pub name: String,
    pub description: String,
    /// The column that people look things up by.
    pub search_key: String,
    pub columns: Vec<String>,
    pub item_count: u64,
    /// Who changed it last.
    pub author: String,
    pub changed_at: Timestamp,
}

/// A watchlist that is to be, or that takes the place of the one of its name.
#[derive(Clone, Debug)]
pub struct NewWatchlist {
    pub name: String,
    pub description: String,
    /// One of the columns.
    pub search_key: String,
    pub columns: Vec<String>,
    pub items: Vec<Vec<String>>,
}

/// How a query ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QueryOutcome {
    Done,
    /// A budget cut its result.
    Partial,
    Failed,
    Cancelled,
}

impl QueryOutcome {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Partial => "partial",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }
}

impl Words for QueryOutcome {
    const ALL: &'static [Self] = &[Self::Done, Self::Partial, Self::Failed, Self::Cancelled];

    fn word(self) -> &'static str {
        self.as_str()
    }
}

/// A query that has run, or failed to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueryRun {
    pub query: String,
    pub started_at: Timestamp,
    pub wall: Duration,
    /// Rows of all results; `None` where there are none for a failure.
    pub row_count: Option<u64>,
    pub outcome: QueryOutcome,
    /// Why it failed or was cut; else empty.
    pub message: String,
    /// Tables that were read: for the audit log alone. Not known of a query that failed.
    pub tables: Vec<String>,
}

impl Ledger {
    /// The queries of one person, and everybody's; by name.
    pub async fn saved_queries(&self, owner: Option<&str>) -> Result<Vec<SavedQuery>> {
        let owner = owner.map(str::to_owned);
        self.database
            .read("reading saved queries", move |transaction| {
                let mut statement = transaction.prepare_cached(&format!(
                    "{SAVED} WHERE owner IS NULL OR owner = ?1 ORDER BY name COLLATE NOCASE, id"
                ))?;
                let found = statement.query_map([owner], saved_of)?;
                Ok(found.collect::<rusqlite::Result<_>>()?)
            })
            .await
    }

    /// Saves a query: a new one, or in the place of `id`.
    ///
    /// # Errors
    /// [`LedgerError::HuntingRefused`] for a name or text that it cannot have; [`LedgerError::TooManyHunting`];
    /// [`LedgerError::NoSuchHunting`] for an `id` that is somebody else's or nobody's.
    pub async fn save_query(&self, id: Option<i64>, query: NewQuery, author: &str) -> Result<SavedQuery> {
        check_name("saved query", &query.name)?;
        check_texts("saved query", &query.description, &query.query)?;
        let author = author.to_owned();
        self.database
            .write("saving a query", move |transaction| {
                let at = now(transaction)?;
                if let Some(owner) = &query.owner {
                    users::require(transaction, owner)?;
                }
                let id = match id {
                    Some(id) => {
                        let changed = transaction
                            .prepare_cached(
                                "UPDATE saved_queries SET owner = ?2, name = ?3, description = ?4, query = ?5,
                                 author = ?6, changed_at_us = ?7
                                 WHERE id = ?1 AND (owner IS NULL OR owner = ?8)",
                            )?
                            .execute((
                                id,
                                &query.owner,
                                &query.name,
                                &query.description,
                                &query.query,
                                &author,
                                At(at),
                                &author,
                            ))?;
                        if changed == 0 {
                            return Err(no_such("saved query", id.to_string()).into());
                        }
                        id
                    }
                    None => {
                        let count: u32 = transaction
                            .prepare_cached("SELECT count(*) FROM saved_queries WHERE owner IS ?1")?
                            .query_row([&query.owner], |row| row.get(0))?;
                        room("saved queries", count, SAVED_QUERIES_MAX)?;
                        transaction
                            .prepare_cached(
                                "INSERT INTO saved_queries (owner, name, description, query, author, changed_at_us)
                                 VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                            )?
                            .execute((
                                &query.owner,
                                &query.name,
                                &query.description,
                                &query.query,
                                &author,
                                At(at),
                            ))?;
                        transaction.last_insert_rowid()
                    }
                };
                let detail = json!({ "id": id, "name": query.name, "shared": query.owner.is_none() });
                audit::record(transaction, &author, "save-query", detail)?;
                Ok(SavedQuery {
                    id,
                    owner: query.owner,
                    name: query.name,
                    description: query.description,
                    query: query.query,
                    author,
                    changed_at: at,
                })
            })
            .await
    }

    /// Forgets a query of the actor's own, or one of everybody's.
    ///
    /// # Errors
    /// [`LedgerError::NoSuchHunting`].
    pub async fn delete_query(&self, id: i64, actor: &str) -> Result<()> {
        let actor = actor.to_owned();
        self.database
            .write("deleting a saved query", move |transaction| {
                let name: Option<String> = transaction
                    .prepare_cached(
                        "DELETE FROM saved_queries WHERE id = ?1 AND (owner IS NULL OR owner = ?2) RETURNING name",
                    )?
                    .query_row((id, &actor), |row| row.get(0))
                    .optional()?;
                let name = name.ok_or_else(|| no_such("saved query", id.to_string()))?;
                let detail = json!({ "id": id, "name": name });
                audit::record(transaction, &actor, "delete-query", detail)
            })
            .await
    }

    /// All functions, by name.
    pub async fn hunting_functions(&self) -> Result<Vec<HuntingFunction>> {
        self.database
            .read("reading stored functions", |transaction| {
                let mut statement = transaction.prepare_cached(
                    "SELECT name, declaration, description, author, changed_at_us FROM stored_functions
                     ORDER BY name",
                )?;
                let found = statement.query_map([], |row| {
                    Ok(HuntingFunction {
                        name: row.get(0)?,
                        declaration: row.get(1)?,
                        description: row.get(2)?,
                        author: row.get(3)?,
                        changed_at: row.get::<_, At>(4)?.0,
                    })
                })?;
                Ok(found.collect::<rusqlite::Result<_>>()?)
            })
            .await
    }

    /// Stores a function, in the place of the one of its name if there is one.
    ///
    /// # Errors
    /// [`LedgerError::HuntingRefused`], [`LedgerError::TooManyHunting`].
    pub async fn store_function(
        &self,
        name: &str,
        declaration: &str,
        description: &str,
        author: &str,
    ) -> Result<HuntingFunction> {
        if !is_identifier(name) {
            return Err(refused(
                "function",
                format!(
                    "its name must be of up to {HUNTING_NAME_CHARS_MAX} letters, digits and underscores, no digit first"
                ),
            ));
        }
        check_texts("function", description, declaration)?;
        let [name, declaration, description, author] = [name, declaration, description, author].map(str::to_owned);
        self.database
            .write("storing a function", move |transaction| {
                let at = now(transaction)?;
                let count: u32 = transaction
                    .prepare_cached("SELECT count(*) FROM stored_functions WHERE name != ?1")?
                    .query_row([&name], |row| row.get(0))?;
                room("stored functions", count, STORED_FUNCTIONS_MAX)?;
                transaction
                    .prepare_cached(
                        "INSERT OR REPLACE INTO stored_functions (name, declaration, description, author, changed_at_us)
                         VALUES (?1, ?2, ?3, ?4, ?5)",
                    )?
                    .execute((&name, &declaration, &description, &author, At(at)))?;
                let detail = json!({ "name": name, "declaration": audited(&declaration) });
                audit::record(transaction, &author, "store-function", detail)?;
                Ok(HuntingFunction {
                    name,
                    declaration,
                    description,
                    author,
                    changed_at: at,
                })
            })
            .await
    }

    /// # Errors
    /// [`LedgerError::NoSuchHunting`].
    pub async fn delete_function(&self, name: &str, actor: &str) -> Result<()> {
        let (name, actor) = (name.to_owned(), actor.to_owned());
        self.database
            .write("deleting a stored function", move |transaction| {
                let gone = transaction
                    .prepare_cached("DELETE FROM stored_functions WHERE name = ?1")?
                    .execute([&name])?;
                if gone == 0 {
                    return Err(no_such("function", name).into());
                }
                audit::record(transaction, &actor, "delete-function", json!({ "name": name }))
            })
            .await
    }

    /// All watchlists without their items, by name.
    pub async fn watchlists(&self) -> Result<Vec<WatchlistInfo>> {
        self.database
            .read("reading watchlists", |transaction| {
                let mut statement =
                    transaction.prepare_cached(&format!("SELECT {INFO} FROM watchlists ORDER BY name"))?;
                let found = statement.query_map([], info_of)?;
                Ok(found.collect::<rusqlite::Result<_>>()?)
            })
            .await
    }

    /// A watchlist with its items, by name in any letter case.
    pub async fn watchlist(&self, name: &str) -> Result<Option<Watchlist>> {
        let name = name.to_owned();
        self.database
            .read("reading a watchlist", move |transaction| {
                let found = transaction
                    .prepare_cached(&format!("SELECT {INFO}, items FROM watchlists WHERE name = ?1"))?
                    .query_row([&name], |row| {
                        Ok(Watchlist {
                            info: info_of(row)?,
                            items: row.get::<_, Json<Vec<Vec<String>>>>(7)?.0,
                        })
                    })
                    .optional()?;
                Ok(found)
            })
            .await
    }

    /// Stores a watchlist, in the place of the one of its name if there is one.
    ///
    /// # Errors
    /// [`LedgerError::HuntingRefused`], [`LedgerError::TooManyHunting`].
    pub async fn store_watchlist(&self, list: NewWatchlist, author: &str) -> Result<WatchlistInfo> {
        check_watchlist(&list)?;
        let author = author.to_owned();
        self.database
            .write("storing a watchlist", move |transaction| {
                let at = now(transaction)?;
                let count: u32 = transaction
                    .prepare_cached("SELECT count(*) FROM watchlists WHERE name != ?1")?
                    .query_row([&list.name], |row| row.get(0))?;
                room("watchlists", count, WATCHLISTS_MAX)?;
                let item_count = list.items.len() as u64;
                transaction
                    .prepare_cached(
                        "INSERT OR REPLACE INTO watchlists
                         (name, description, search_key, columns, items, item_count, author, changed_at_us)
                         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
                    )?
                    .execute((
                        &list.name,
                        &list.description,
                        &list.search_key,
                        Json(&list.columns),
                        Json(&list.items),
                        item_count,
                        &author,
                        At(at),
                    ))?;
                let detail = json!({ "name": list.name, "columns": list.columns, "items": item_count });
                audit::record(transaction, &author, "store-watchlist", detail)?;
                Ok(WatchlistInfo {
                    name: list.name,
                    description: list.description,
                    search_key: list.search_key,
                    columns: list.columns,
                    item_count,
                    author,
                    changed_at: at,
                })
            })
            .await
    }

    /// # Errors
    /// [`LedgerError::NoSuchHunting`].
    pub async fn delete_watchlist(&self, name: &str, actor: &str) -> Result<()> {
        let (name, actor) = (name.to_owned(), actor.to_owned());
        self.database
            .write("deleting a watchlist", move |transaction| {
                let gone: Option<String> = transaction
                    .prepare_cached("DELETE FROM watchlists WHERE name = ?1 RETURNING name")?
                    .query_row([&name], |row| row.get(0))
                    .optional()?;
                let name = gone.ok_or_else(|| no_such("watchlist", name))?;
                audit::record(transaction, &actor, "delete-watchlist", json!({ "name": name }))
            })
            .await
    }

    /// Writes down that a query was run: in the audit log and, where it was a person's, among what they asked.
    ///
    /// * `owner`: whose history it goes to; `None` for the command line and its tokens.
    pub async fn record_query(&self, run: QueryRun, owner: Option<&str>, actor: &str) -> Result<()> {
        let (owner, actor) = (owner.map(str::to_owned), actor.to_owned());
        self.database
            .write("recording a query", move |transaction| {
                let detail = json!({
                    "query": audited(&run.query),
                    "outcome": run.outcome.as_str(),
                    "message": run.message,
                    "tables": run.tables,
                    "rows": run.row_count,
                    "wall_ms": u64::try_from(run.wall.as_millis()).unwrap_or(u64::MAX),
                });
                audit::record(transaction, &actor, "hunt", detail)?;
                if let Some(owner) = owner {
                    remember(transaction, &run, &owner)?;
                }
                Ok(())
            })
            .await
    }

    /// What a person asked, the newest first; [`HISTORY_KEPT`] at most.
    pub async fn query_history(&self, owner: &str) -> Result<Vec<QueryRun>> {
        let owner = owner.to_owned();
        self.database
            .read("reading the history of queries", move |transaction| {
                let mut statement = transaction.prepare_cached(
                    "SELECT query, started_at_us, wall_us, row_count, outcome, message FROM query_history
                     WHERE owner = ?1 ORDER BY id DESC",
                )?;
                let found = statement.query_map([owner], |row| {
                    Ok(QueryRun {
                        query: row.get(0)?,
                        started_at: row.get::<_, At>(1)?.0,
                        wall: Duration::from_micros(row.get(2)?),
                        row_count: row.get(3)?,
                        outcome: row.get::<_, Word<QueryOutcome>>(4)?.0,
                        message: row.get(5)?,
                        tables: Vec::new(),
                    })
                })?;
                Ok(found.collect::<rusqlite::Result<_>>()?)
            })
            .await
    }

    /// Forgets what a person asked. The audit log keeps it.
    pub async fn clear_query_history(&self, owner: &str) -> Result<()> {
        let owner = owner.to_owned();
        self.database
            .write("clearing the history of queries", move |transaction| {
                transaction
                    .prepare_cached("DELETE FROM query_history WHERE owner = ?1")?
                    .execute([&owner])?;
                audit::record(transaction, &owner, "clear-query-history", json!({}))
            })
            .await
    }
}

const SAVED: &str = "SELECT id, owner, name, description, query, author, changed_at_us FROM saved_queries";
const INFO: &str = "name, description, search_key, columns, item_count, author, changed_at_us";

fn saved_of(row: &Row<'_>) -> rusqlite::Result<SavedQuery> {
    Ok(SavedQuery {
        id: row.get(0)?,
        owner: row.get(1)?,
        name: row.get(2)?,
        description: row.get(3)?,
        query: row.get(4)?,
        author: row.get(5)?,
        changed_at: row.get::<_, At>(6)?.0,
    })
}

fn info_of(row: &Row<'_>) -> rusqlite::Result<WatchlistInfo> {
    Ok(WatchlistInfo {
        name: row.get(0)?,
        description: row.get(1)?,
        search_key: row.get(2)?,
        columns: row.get::<_, Json<Vec<String>>>(3)?.0,
        item_count: row.get(4)?,
        author: row.get(5)?,
        changed_at: row.get::<_, At>(6)?.0,
    })
}

/// The same text asked again moves to the front instead of filling the list.
fn remember(transaction: &Transaction<'_>, run: &QueryRun, owner: &str) -> Result<(), Fault> {
    if run.query.len() > HUNTING_TEXT_BYTES_MAX {
        return Ok(());
    }
    transaction
        .prepare_cached("DELETE FROM query_history WHERE owner = ?1 AND query = ?2")?
        .execute((owner, &run.query))?;
    transaction
        .prepare_cached(
            "INSERT INTO query_history (owner, query, started_at_us, wall_us, row_count, outcome, message)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        )?
        .execute((
            owner,
            &run.query,
            At(run.started_at),
            microseconds(run.wall),
            run.row_count,
            Word(run.outcome),
            &run.message,
        ))?;
    transaction
        .prepare_cached(
            "DELETE FROM query_history WHERE owner = ?1 AND id NOT IN
             (SELECT id FROM query_history WHERE owner = ?1 ORDER BY id DESC LIMIT ?2)",
        )?
        .execute((owner, HISTORY_KEPT))?;
    Ok(())
}

/// A text for the audit log: whole, or its beginning and the hash of all of it.
fn audited(text: &str) -> serde_json::Value {
    if text.len() <= AUDITED_TEXT_BYTES_MAX {
        return json!(text);
    }
    let end = text.floor_char_boundary(AUDITED_TEXT_BYTES_MAX);
    json!({
        "begins": &text[..end],
        "bytes": text.len(),
        "blake3": blake3::hash(text.as_bytes()).to_string(),
    })
}

fn no_such(what: &'static str, name: String) -> LedgerError {
    LedgerError::NoSuchHunting { what, name }
}

fn refused(what: &'static str, reason: String) -> LedgerError {
    LedgerError::HuntingRefused { what, reason }
}

fn room(what: &'static str, count: u32, max: u32) -> Result<()> {
    if count < max {
        return Ok(());
    }
    Err(LedgerError::TooManyHunting { what, max })
}

fn is_identifier(name: &str) -> bool {
    name.len() <= HUNTING_NAME_CHARS_MAX
        && name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

fn check_name(what: &'static str, name: &str) -> Result<()> {
    let chars = name.chars().count();
    if chars == 0 || chars > HUNTING_NAME_CHARS_MAX {
        let reason = format!("its name must have 1 to {HUNTING_NAME_CHARS_MAX} characters");
        return Err(refused(what, reason));
    }
    if name.trim() != name || name.chars().any(char::is_control) {
        let reason = "its name must have no control characters, and no blanks at its ends".to_owned();
        return Err(refused(what, reason));
    }
    Ok(())
}

fn check_texts(what: &'static str, description: &str, text: &str) -> Result<()> {
    check_description(what, description)?;
    if text.trim().is_empty() {
        return Err(refused(what, "its text is empty".to_owned()));
    }
    if text.len() > HUNTING_TEXT_BYTES_MAX {
        let reason = format!("its text may have {HUNTING_TEXT_BYTES_MAX} bytes at most");
        return Err(refused(what, reason));
    }
    Ok(())
}

fn check_description(what: &'static str, description: &str) -> Result<()> {
    if description.chars().count() > HUNTING_DESCRIPTION_CHARS_MAX {
        let reason = format!("its description may have {HUNTING_DESCRIPTION_CHARS_MAX} characters at most");
        return Err(refused(what, reason));
    }
    Ok(())
}

fn check_watchlist(list: &NewWatchlist) -> Result<()> {
    const WHAT: &str = "watchlist";
    check_name(WHAT, &list.name)?;
    check_description(WHAT, &list.description)?;
    if list.columns.is_empty() || list.columns.len() > WATCHLIST_COLUMNS_MAX {
        return Err(refused(
            WHAT,
            format!("it must have 1 to {WATCHLIST_COLUMNS_MAX} columns"),
        ));
    }
    for (at, column) in list.columns.iter().enumerate() {
        check_name("column", column)?;
        if list.columns[..at].contains(column) {
            return Err(refused(WHAT, format!("it has two columns {column:?}")));
        }
    }
    if !list.columns.contains(&list.search_key) {
        let reason = format!("its search key {:?} is none of its columns", list.search_key);
        return Err(refused(WHAT, reason));
    }
    if list.items.len() > WATCHLIST_ITEMS_MAX {
        return Err(refused(
            WHAT,
            format!("it may have {WATCHLIST_ITEMS_MAX} items at most"),
        ));
    }
    if let Some(at) = list.items.iter().position(|item| item.len() != list.columns.len()) {
        let reason = format!(
            "its item {} has {} values for {} columns",
            at + 1,
            list.items[at].len(),
            list.columns.len()
        );
        return Err(refused(WHAT, reason));
    }
    let bytes: usize = list.items.iter().flatten().map(String::len).sum();
    if bytes > WATCHLIST_BYTES_MAX {
        return Err(refused(
            WHAT,
            format!("its items may have {WATCHLIST_BYTES_MAX} bytes at most"),
        ));
    }
    Ok(())
}
