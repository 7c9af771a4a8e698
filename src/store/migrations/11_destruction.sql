-- Destructions: of all that a source has sent, or of all that was received under an agreement. The rows of what is destroyed
-- are gone once there is one here; the file is written anew after that, and then the certificate is signed. For the service.
CREATE TABLE destruction (
    number        INTEGER PRIMARY KEY CHECK (number > 0),
    scope         TEXT    NOT NULL CHECK (scope IN ('source', 'agreement')),
    id            TEXT    NOT NULL CHECK (length(id) BETWEEN 1 AND 64),      -- of the source or the agreement
    asked_by      TEXT,                                                     -- organization of the steward; NULL on the agreement's date
    because       TEXT    NOT NULL,                                         -- why, in words, as the certificate says it
    terms         TEXT    NOT NULL,                                         -- JSON: agreements with their legal basis, as they were then
    erased_ms     INTEGER NOT NULL,                                         -- Unix time, milliseconds
    last_backup   INTEGER NOT NULL,                                         -- newest backup begun by then; 0 for none
    erased        TEXT    NOT NULL,                                         -- JSON: kinds and counts, editions
    remains       INTEGER NOT NULL DEFAULT 0 CHECK (remains IN (0, 1)),     -- the last search found bytes of it
    note          TEXT,                                                     -- the signed certificate; NULL before the file is written anew
    counts        TEXT,                                                     -- JSON: texts whose digests the certificate has, and for whom
    position      INTEGER CHECK (position >= 0),                            -- of the log entry that has its digest
    receipt       TEXT                                                      -- the proof of that entry; NULL before it is signed
) STRICT;

-- When the records that an edition froze were destroyed: its columns and its proof are gone, its seal stays.
ALTER TABLE edition ADD COLUMN destroyed_ms INTEGER;

-- Under which sets of agreements records were held that an edition froze; none of editions from before this.
CREATE TABLE edition_holding (
    edition       INTEGER NOT NULL REFERENCES edition (number),
    source        INTEGER NOT NULL,
    holding       INTEGER NOT NULL,                                         -- number of the set; 0 where it is not known
    PRIMARY KEY (edition, source, holding)
) STRICT, WITHOUT ROWID;

-- Students who stay opted out although what said so is destroyed: others have records of the same person. Each lasts as long
-- as the student, or its day. For editions only.
CREATE TABLE opted_out (
    source        INTEGER NOT NULL,
    student       BLOB    NOT NULL CHECK (length(student) = 16),
    until         INTEGER,                                                  -- last day, days since 1970-01-01; NULL for good
    PRIMARY KEY (source, student)
) STRICT, WITHOUT ROWID;

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
-- source may have sent under several.
ALTER TABLE record ADD COLUMN holding INTEGER;

-- What is left of batches names some of the agreements that a source has sent under. It may have sent under any other that
-- names it, as a document writes a name.
INSERT INTO sent_under (source, agreement, first_ms)
SELECT DISTINCT source, substr(agreement, 1, instr(agreement, '@') - 1), 0 FROM batch WHERE agreement IS NOT NULL
UNION
SELECT o.source, a.id, 0 FROM organization o JOIN agreement a
    ON instr(a.document, '"' || o.id || '"') > 0 OR instr(a.document, char(39) || o.id || char(39)) > 0
WHERE o.source IS NOT NULL;
INSERT INTO holding (agreements) SELECT DISTINCT agreement FROM sent_under ORDER BY agreement;
UPDATE record SET holding =
    (SELECT number FROM holding JOIN sent_under ON agreement = agreements WHERE sent_under.source = record.source)
WHERE source IN (SELECT source FROM sent_under GROUP BY source HAVING count(*) = 1);

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

-- One row while the clock is in doubt: the service was started long after the last entry of its log, and no operator has said
-- that it is right. What agreements say by their dates is not destroyed meanwhile.
CREATE TABLE clock_doubt (
    one           INTEGER PRIMARY KEY CHECK (one = 1),
    newest_ms     INTEGER NOT NULL,                                         -- time of that entry
    started_ms    INTEGER NOT NULL
) STRICT;
