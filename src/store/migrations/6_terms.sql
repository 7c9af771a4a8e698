-- More kinds of record than there were: which there are, the program checks.
CREATE TABLE record_of_any_kind (
    source        INTEGER NOT NULL,
    kind          INTEGER NOT NULL CHECK (kind BETWEEN 0 AND 255),
    key           BLOB    NOT NULL CHECK (length(key) = 16),                     -- token of the source's own key
    student       BLOB    CHECK (student IS NULL OR length(student) = 16),       -- token of the local student id
    fact          BLOB    CHECK (fact IS NULL OR length(fact) <= 1024),          -- codes, dates, numbers; NULL is a tombstone
    PRIMARY KEY (source, kind, key)
) STRICT, WITHOUT ROWID;
INSERT INTO record_of_any_kind SELECT source, kind, key, student, fact FROM record;
DROP TABLE record;
ALTER TABLE record_of_any_kind RENAME TO record;

-- JSON: for each source the day of its last delivery, and how much of its roster it has sent records of. NULL where a
-- program from before this wrote it.
ALTER TABLE edition ADD COLUMN reports TEXT;

-- Editions that the steward has approved for answers under an agreement.
CREATE TABLE approval (
    edition       INTEGER NOT NULL REFERENCES edition (number),
    agreement     TEXT    NOT NULL,
    approved_ms   INTEGER NOT NULL,
    PRIMARY KEY (edition, agreement)
) STRICT, WITHOUT ROWID;
