-- Times are microseconds since 1970 (`_us`). Never edited once merged: changes are a new file.

-- Names are ASCII, so that NOCASE compares all of a name without regard to case.
CREATE TABLE users (
    name            TEXT    NOT NULL PRIMARY KEY COLLATE NOCASE,
    role            TEXT    NOT NULL,
    password_hash   TEXT    NOT NULL,
    created_at_us   INTEGER NOT NULL,
    last_seen_at_us INTEGER,
    is_disabled     INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- A session lives while `ends_at_us` is ahead and the last use is no longer ago than `idle_us`.
CREATE TABLE sessions (
    hash            BLOB    NOT NULL PRIMARY KEY,
    user_name       TEXT    NOT NULL COLLATE NOCASE REFERENCES users (name) ON DELETE CASCADE,
    created_at_us   INTEGER NOT NULL,
    last_used_at_us INTEGER NOT NULL,
    idle_us         INTEGER NOT NULL,
    ends_at_us      INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX sessions_by_user ON sessions (user_name, created_at_us);

-- No owner: made on the machine itself, by whoever holds the data folder.
CREATE TABLE tokens (
    id              INTEGER PRIMARY KEY AUTOINCREMENT,
    hash            BLOB    NOT NULL UNIQUE,
    name            TEXT    NOT NULL,
    role            TEXT    NOT NULL,
    owner           TEXT    COLLATE NOCASE REFERENCES users (name) ON DELETE CASCADE,
    created_at_us   INTEGER NOT NULL,
    expires_at_us   INTEGER NOT NULL,
    last_used_at_us INTEGER
) STRICT;
CREATE INDEX tokens_by_owner ON tokens (owner);

-- Work that took longer than a request. Later jobs have larger ids. `holder`: the process that does it.
CREATE TABLE jobs (
    id            TEXT    NOT NULL PRIMARY KEY,
    kind          TEXT    NOT NULL,
    title         TEXT    NOT NULL,
    created_by    TEXT    NOT NULL,
    holder        TEXT    NOT NULL,
    created_at_us INTEGER NOT NULL,
    ended_at_us   INTEGER,
    state         TEXT    NOT NULL,
    detail        TEXT    NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX jobs_not_over ON jobs (id) WHERE ended_at_us IS NULL;

CREATE INDEX audit_by_actor ON audit (actor COLLATE NOCASE, seq);
CREATE INDEX audit_by_verb ON audit (verb, seq);
