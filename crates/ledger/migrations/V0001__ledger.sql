-- Times are microseconds since 1970 (`_us`). Never edited once merged: changes are a new file.

-- One row: what every process must agree on.
CREATE TABLE head (
    only_row         INTEGER PRIMARY KEY CHECK (only_row = 1),
    manifest_version INTEGER NOT NULL,
    -- The newest audit row, so that cutting off the end of the log is noticed too.
    audit_seq        INTEGER NOT NULL,
    audit_hash       BLOB    NOT NULL
) STRICT;
INSERT INTO head VALUES (1, 0, 0, zeroblob(32));

-- Uploads that have neither committed nor been given up.
CREATE TABLE uploads (
    id              INTEGER PRIMARY KEY AUTOINCREMENT,
    holder          TEXT    NOT NULL,
    started_at_us   INTEGER NOT NULL,
    heartbeat_at_us INTEGER NOT NULL
) STRICT;

-- The objects that an upload may write.
CREATE TABLE claims (
    upload_id INTEGER NOT NULL REFERENCES uploads (id) ON DELETE CASCADE,
    prefix    TEXT    NOT NULL,
    PRIMARY KEY (upload_id, prefix)
) STRICT, WITHOUT ROWID;
CREATE INDEX claims_by_prefix ON claims (prefix);

CREATE TABLE snapshots (
    id              TEXT    NOT NULL PRIMARY KEY,
    prefix          TEXT    NOT NULL UNIQUE,
    format          TEXT    NOT NULL,
    file            TEXT    NOT NULL,
    content_digest  TEXT    NOT NULL,
    observed_at_us  INTEGER NOT NULL,
    observed_origin TEXT    NOT NULL,
    size_bytes      INTEGER NOT NULL,
    objects         INTEGER NOT NULL,
    relations       INTEGER NOT NULL,
    findings        INTEGER NOT NULL,
    services        INTEGER NOT NULL,
    rejects         INTEGER NOT NULL,
    cells           TEXT    NOT NULL,
    site            TEXT,
    is_raw_kept     INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE snapshot_rejects (
    snapshot_id TEXT    NOT NULL REFERENCES snapshots (id) ON DELETE CASCADE,
    ordinal     INTEGER NOT NULL,
    position    TEXT    NOT NULL,
    reason      TEXT    NOT NULL,
    PRIMARY KEY (snapshot_id, ordinal)
) STRICT, WITHOUT ROWID;

CREATE TABLE sources (
    id                  INTEGER PRIMARY KEY AUTOINCREMENT,
    name                TEXT,
    path                TEXT    NOT NULL,
    imported_at_us      INTEGER NOT NULL,
    last_imported_at_us INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX sources_by_name_and_path ON sources (coalesce(name, ''), path);

CREATE TABLE source_snapshots (
    source_id   INTEGER NOT NULL REFERENCES sources (id) ON DELETE CASCADE,
    snapshot_id TEXT    NOT NULL REFERENCES snapshots (id),
    file        TEXT    NOT NULL,
    PRIMARY KEY (source_id, snapshot_id, file)
) STRICT, WITHOUT ROWID;
CREATE INDEX source_snapshots_by_snapshot ON source_snapshots (snapshot_id);

-- Files of a source that gave no snapshot at all.
CREATE TABLE source_rejects (
    source_id INTEGER NOT NULL REFERENCES sources (id) ON DELETE CASCADE,
    ordinal   INTEGER NOT NULL,
    file      TEXT    NOT NULL,
    position  TEXT    NOT NULL,
    reason    TEXT    NOT NULL,
    PRIMARY KEY (source_id, ordinal)
) STRICT, WITHOUT ROWID;

CREATE TABLE decisions (
    seq           INTEGER PRIMARY KEY AUTOINCREMENT,
    kind          TEXT    NOT NULL,
    subject_type  TEXT    NOT NULL,
    subject_value TEXT    NOT NULL,
    value         TEXT,
    author        TEXT    NOT NULL,
    at_us         INTEGER NOT NULL
) STRICT;
CREATE TRIGGER decisions_are_not_changed BEFORE UPDATE ON decisions
BEGIN SELECT raise(ABORT, 'decisions are append-only'); END;
CREATE TRIGGER decisions_are_not_deleted BEFORE DELETE ON decisions
BEGIN SELECT raise(ABORT, 'decisions are append-only'); END;

CREATE TABLE settings (
    key   TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- A row outlives its lease, because the token may never be given twice. No holder: released.
CREATE TABLE leases (
    name          TEXT    NOT NULL PRIMARY KEY,
    token         INTEGER NOT NULL,
    holder        TEXT,
    expires_at_us INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE generations (
    number           INTEGER PRIMARY KEY,
    prefix           TEXT    NOT NULL UNIQUE,
    manifest_version INTEGER NOT NULL,
    evaluated_at_us  INTEGER NOT NULL,
    built_at_us      INTEGER NOT NULL,
    engine_version   TEXT    NOT NULL,
    inputs           TEXT    NOT NULL,
    digests          TEXT    NOT NULL,
    counts           TEXT    NOT NULL
) STRICT;
CREATE INDEX generations_by_manifest ON generations (manifest_version);
CREATE INDEX generations_by_time ON generations (evaluated_at_us);

CREATE TABLE pins (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    generation    INTEGER NOT NULL REFERENCES generations (number),
    holder        TEXT    NOT NULL,
    expires_at_us INTEGER NOT NULL
) STRICT;
CREATE INDEX pins_by_generation ON pins (generation);

-- Objects that nothing refers to any more. `taken_at_us`: since when somebody has been deleting them.
CREATE TABLE garbage (
    prefix       TEXT    NOT NULL PRIMARY KEY,
    reason       TEXT    NOT NULL,
    doomed_at_us INTEGER NOT NULL,
    taken_at_us  INTEGER
) STRICT, WITHOUT ROWID;

CREATE TABLE audit (
    seq    INTEGER PRIMARY KEY,
    at_us  INTEGER NOT NULL,
    actor  TEXT    NOT NULL,
    verb   TEXT    NOT NULL,
    detail TEXT    NOT NULL,
    hash   BLOB    NOT NULL
) STRICT;
CREATE TRIGGER audit_is_not_changed BEFORE UPDATE ON audit
BEGIN SELECT raise(ABORT, 'the audit log is append-only'); END;
CREATE TRIGGER audit_is_not_deleted BEFORE DELETE ON audit
BEGIN SELECT raise(ABORT, 'the audit log is append-only'); END;
