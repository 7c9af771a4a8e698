-- Destructions: of all that a source has sent, or of all that was received under an agreement. The rows of what is destroyed
-- are gone once there is one here; the file is written anew after that, and then the certificate is signed. For the service.
CREATE TABLE destruction (
    number        INTEGER PRIMARY KEY CHECK (number > 0),
    scope         TEXT    NOT NULL CHECK (scope IN ('source', 'agreement')),
    id            TEXT    NOT NULL CHECK (length(id) BETWEEN 1 AND 64),      -- of the source or the agreement
    asked_by      TEXT,                                                     -- organization of the steward; NULL on the agreement's date
    because       TEXT    NOT NULL,                                         -- why, in words, as the certificate says it
    erased_ms     INTEGER NOT NULL,                                         -- Unix time, milliseconds
    erased        TEXT    NOT NULL,                                         -- JSON: kinds and counts, editions
    remains       INTEGER NOT NULL DEFAULT 0 CHECK (remains IN (0, 1)),     -- a search found bytes of it: never certified
    note          TEXT,                                                     -- the signed certificate; NULL before the file is written anew
    position      INTEGER CHECK (position >= 0),                            -- of the log entry that has its digest
    receipt       TEXT                                                      -- the proof of that entry; NULL before it is signed
) STRICT;

-- When the records that an edition froze were destroyed: its columns and its proof are gone, its seal stays.
ALTER TABLE edition ADD COLUMN destroyed_ms INTEGER;

-- Sets of agreements that records are held under.
CREATE TABLE holding (
    number        INTEGER PRIMARY KEY,
    agreements    TEXT    NOT NULL UNIQUE                                   -- ids, sorted, comma separated
) STRICT;

-- Under which agreements a source has sent, and since when.
CREATE TABLE sent_under (
    source        INTEGER NOT NULL,
    agreement     TEXT    NOT NULL,                                         -- id
    first_ms      INTEGER NOT NULL,                                         -- Unix time, milliseconds; 0 where it is not known
    PRIMARY KEY (source, agreement)
) STRICT, WITHOUT ROWID;

-- The agreements under which a record was received as it stands. NULL where a program from before this wrote it and its
-- source had sent under several.
ALTER TABLE record ADD COLUMN holding INTEGER;

INSERT INTO sent_under (source, agreement, first_ms)
SELECT DISTINCT source, substr(agreement, 1, instr(agreement, '@') - 1), 0 FROM batch WHERE agreement IS NOT NULL;
INSERT INTO holding (agreements) SELECT DISTINCT agreement FROM sent_under ORDER BY agreement;
UPDATE record SET holding =
    (SELECT number FROM holding JOIN sent_under ON agreement = agreements WHERE sent_under.source = record.source)
WHERE source IN (SELECT source FROM sent_under GROUP BY source HAVING count(*) = 1)
    AND source NOT IN (SELECT source FROM batch WHERE agreement IS NULL);

-- Backups that were begun with the program. They hold what was there then, until somebody destroys them.
CREATE TABLE backup (
    number        INTEGER PRIMARY KEY CHECK (number > 0),
    name          TEXT    NOT NULL CHECK (length(name) BETWEEN 1 AND 64),   -- of the file, without its folder
    begun_ms      INTEGER NOT NULL,
    is_logged     INTEGER NOT NULL CHECK (is_logged IN (0, 1))
) STRICT;

-- One row in a copy that no service has been started on, none elsewhere: what was destroyed after it was made is in it.
CREATE TABLE copied (
    one           INTEGER PRIMARY KEY CHECK (one = 1),
    begun_ms      INTEGER NOT NULL
) STRICT;
