-- The checkpoint that witnesses are asked to cosign, until enough of them have or it is old.
CREATE TABLE offered (
    one           INTEGER PRIMARY KEY CHECK (one = 1),
    size          INTEGER NOT NULL,
    note          TEXT    NOT NULL,
    offered_ms    INTEGER NOT NULL
) STRICT;

-- The last cosignature of each witness: a key of an organization.
CREATE TABLE cosignature (
    key           TEXT    PRIMARY KEY,
    organization  TEXT    NOT NULL REFERENCES organization (id),
    size          INTEGER NOT NULL,     -- of the checkpoint it is on
    line          TEXT    NOT NULL,
    received_ms   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- The last checkpoint that enough organizations have cosigned, with their lines.
CREATE TABLE witnessed (
    one           INTEGER PRIMARY KEY CHECK (one = 1),
    size          INTEGER NOT NULL,
    note          TEXT    NOT NULL,
    organizations INTEGER NOT NULL,
    witnessed_ms  INTEGER NOT NULL
) STRICT;

-- Entries that say that the log goes on from a backup: which, and up to what size entries were lost.
CREATE TABLE recovery (
    position      INTEGER PRIMARY KEY,
    lost_size     INTEGER NOT NULL
) STRICT;
