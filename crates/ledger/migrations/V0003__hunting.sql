-- Times are microseconds since 1970 (`_us`). Never edited once merged: changes are a new file.

-- No owner: everybody's. The name of who saved it last stays when that person goes.
CREATE TABLE saved_queries (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    owner         TEXT    COLLATE NOCASE REFERENCES users (name) ON DELETE CASCADE,
    name          TEXT    NOT NULL,
    description   TEXT    NOT NULL,
    query         TEXT    NOT NULL,
    author        TEXT    NOT NULL,
    changed_at_us INTEGER NOT NULL
) STRICT;
CREATE INDEX saved_queries_by_owner ON saved_queries (owner, name);

-- Functions of the hunting language that anybody's query may call. Letter case counts.
CREATE TABLE stored_functions (
    name          TEXT    NOT NULL PRIMARY KEY,
    declaration   TEXT    NOT NULL,
    description   TEXT    NOT NULL,
    author        TEXT    NOT NULL,
    changed_at_us INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- `columns`: a JSON array of names. `items`: a JSON array of rows, each an array of texts.
CREATE TABLE watchlists (
    name          TEXT    NOT NULL PRIMARY KEY COLLATE NOCASE,
    description   TEXT    NOT NULL,
    search_key    TEXT    NOT NULL,
    columns       TEXT    NOT NULL,
    items         TEXT    NOT NULL,
    item_count    INTEGER NOT NULL,
    author        TEXT    NOT NULL,
    changed_at_us INTEGER NOT NULL
) STRICT;

CREATE TABLE query_history (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    owner         TEXT    NOT NULL COLLATE NOCASE REFERENCES users (name) ON DELETE CASCADE,
    query         TEXT    NOT NULL,
    started_at_us INTEGER NOT NULL,
    wall_us       INTEGER NOT NULL,
    row_count     INTEGER,
    outcome       TEXT    NOT NULL,
    message       TEXT    NOT NULL
) STRICT;
CREATE INDEX query_history_by_owner ON query_history (owner, id);
