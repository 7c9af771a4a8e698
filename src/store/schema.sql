-- Throughline's one file. Nothing in it names a child: students and record keys are keyed tokens
-- (HMAC-SHA-256, 16 bytes), what linkage compares is sealed with AES-256-GCM under a key that is not
-- in the file. State and access log stand side by side because they commit together.
-- Migrations are numbered, added and never edited; PRAGMA user_version says where a file stands.

-- One row: what this file belongs to.
CREATE TABLE service (
    one           INTEGER PRIMARY KEY CHECK (one = 1),
    origin        TEXT    NOT NULL CHECK (length(origin) BETWEEN 1 AND 128),  -- the log's C2SP origin
    created_ms    INTEGER NOT NULL,                                          -- Unix time, milliseconds
    key_check     BLOB    NOT NULL CHECK (length(key_check) = 32)            -- tells the right service key from a wrong one
) STRICT;

-- Organizations the steward has registered. Only they may call.
CREATE TABLE organization (
    id            TEXT    PRIMARY KEY CHECK (length(id) BETWEEN 1 AND 64),
    name          TEXT    NOT NULL,
    roles         TEXT    NOT NULL,   -- comma separated: contributor, partner, steward, auditor
    active        INTEGER NOT NULL CHECK (active IN (0, 1)),
    source        INTEGER UNIQUE      -- small number of a contributor, from its first push on
) STRICT, WITHOUT ROWID;

-- Data-sharing agreements, every version as loaded. For stewards and auditors.
CREATE TABLE agreement (
    id            TEXT    NOT NULL,
    version       INTEGER NOT NULL CHECK (version > 0),
    digest        BLOB    NOT NULL CHECK (length(digest) = 32),   -- SHA-256 of the document
    document      TEXT    NOT NULL,                               -- TOML
    loaded_ms     INTEGER NOT NULL,
    PRIMARY KEY (id, version)
) STRICT, WITHOUT ROWID;

-- Data products, every version as loaded.
CREATE TABLE product (
    id            TEXT    NOT NULL,
    version       INTEGER NOT NULL CHECK (version > 0),
    digest        BLOB    NOT NULL CHECK (length(digest) = 32),
    document      TEXT    NOT NULL,
    loaded_ms     INTEGER NOT NULL,
    PRIMARY KEY (id, version)
) STRICT, WITHOUT ROWID;

-- Acknowledged batches: what makes a repeat safe.
CREATE TABLE batch (
    source        INTEGER NOT NULL,
    id            TEXT    NOT NULL CHECK (length(id) BETWEEN 1 AND 64),        -- the client's own
    delivery      TEXT    NOT NULL CHECK (length(delivery) BETWEEN 1 AND 64),  -- the client's own
    sequence      INTEGER NOT NULL CHECK (sequence > 0),
    digest        BLOB    NOT NULL CHECK (length(digest) = 32),   -- over tokens, encodings and facts, never over a name
    verdict       BLOB    NOT NULL,                               -- outcomes and violations, as acknowledged
    received_ms   INTEGER NOT NULL,
    PRIMARY KEY (source, id)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX batch_by_delivery ON batch (source, delivery, sequence);

-- Records as they stand, one per (source, kind, key). A withdrawn record stays as a tombstone.
CREATE TABLE record (
    source        INTEGER NOT NULL,
    kind          INTEGER NOT NULL CHECK (kind BETWEEN 0 AND 13),
    key           BLOB    NOT NULL CHECK (length(key) = 16),                     -- token of the source's own key
    student       BLOB    CHECK (student IS NULL OR length(student) = 16),       -- token of the local student id
    fact          BLOB    CHECK (fact IS NULL OR length(fact) <= 1024),          -- codes, dates, numbers; NULL is a tombstone
    PRIMARY KEY (source, kind, key)
) STRICT, WITHOUT ROWID;

-- One child in one source, and the person it links to.
CREATE TABLE subject (
    source        INTEGER NOT NULL,
    student       BLOB    NOT NULL CHECK (length(student) = 16),
    encoding      BLOB    NOT NULL CHECK (length(encoding) BETWEEN 29 AND 4096), -- nonce, AES-256-GCM ciphertext, tag
    person        INTEGER NOT NULL,
    weight_bits   REAL    NOT NULL,                                              -- match weight of the link, 0 for a new person
    pattern       BLOB    NOT NULL CHECK (length(pattern) = 8),                  -- comparison level of each field
    model         INTEGER NOT NULL,                                              -- version of the linkage model that decided
    PRIMARY KEY (source, student)
) STRICT, WITHOUT ROWID;

-- Editions: frozen, linked, immutable.
CREATE TABLE edition (
    number        INTEGER PRIMARY KEY CHECK (number > 0),
    title         TEXT    NOT NULL,
    frozen_ms     INTEGER NOT NULL,
    digest        BLOB    NOT NULL CHECK (length(digest) = 32),   -- SHA-256 over its columns
    persons       INTEGER NOT NULL,
    student_years INTEGER NOT NULL,
    opted_out     INTEGER NOT NULL,
    sources       TEXT    NOT NULL,                               -- comma separated organization ids
    metadata      TEXT    NOT NULL                                -- JSON: schools, programs, zones and tests the columns refer to
) STRICT;

-- The columns of an edition. For the service only.
CREATE TABLE edition_column (
    edition       INTEGER NOT NULL REFERENCES edition (number),
    frame         TEXT    NOT NULL,
    name          TEXT    NOT NULL,
    bytes         BLOB    NOT NULL,
    PRIMARY KEY (edition, frame, name)
) STRICT, WITHOUT ROWID;

-- The seal of an edition: all that partners can ever be told about it. It holds no hidden value.
CREATE TABLE seal (
    edition       INTEGER PRIMARY KEY REFERENCES edition (number),
    digest        BLOB    NOT NULL CHECK (length(digest) = 32),
    bytes         BLOB    NOT NULL
) STRICT;

-- The access log: canonical JSON entries and the complete subtrees of their RFC 6962 tree.
CREATE TABLE log_entry (
    position      INTEGER PRIMARY KEY CHECK (position >= 0),
    entry         BLOB    NOT NULL CHECK (length(entry) BETWEEN 2 AND 4096)
) STRICT;

CREATE TABLE log_node (
    level         INTEGER NOT NULL,     -- 0 is a leaf
    position      INTEGER NOT NULL,     -- counted within the level
    hash          BLOB    NOT NULL CHECK (length(hash) = 32),
    PRIMARY KEY (level, position)
) STRICT, WITHOUT ROWID;

-- The newest signed checkpoint; it commits with the entries it covers.
CREATE TABLE log_checkpoint (
    one           INTEGER PRIMARY KEY CHECK (one = 1),
    size          INTEGER NOT NULL,
    note          TEXT    NOT NULL
) STRICT;
