-- What a certificate says is taken down when it is erased: agreements with their legal basis (JSON), and the newest backup begun
-- by then, 0 for none. How much it was is said apart: texts whose digests the certificate has, and for whom (JSON).
ALTER TABLE destruction ADD COLUMN terms TEXT NOT NULL DEFAULT '[]';
ALTER TABLE destruction ADD COLUMN last_backup INTEGER NOT NULL DEFAULT 0;
ALTER TABLE destruction ADD COLUMN counts TEXT;

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

-- What is left of batches names some of the agreements that a source has sent under. It may have sent under any other that
-- names it, as a document writes a name: then nobody knows what its records are held under.
INSERT OR IGNORE INTO sent_under (source, agreement, first_ms)
SELECT o.source, a.id, 0 FROM organization o JOIN agreement a
    ON instr(a.document, '"' || o.id || '"') > 0 OR instr(a.document, char(39) || o.id || char(39)) > 0
WHERE o.source IS NOT NULL;
INSERT INTO holding (agreements)
SELECT DISTINCT agreement FROM sent_under WHERE agreement NOT IN (SELECT agreements FROM holding) ORDER BY agreement;
UPDATE record SET holding =
    (SELECT number FROM holding JOIN sent_under ON agreement = agreements WHERE sent_under.source = record.source)
WHERE holding IS NULL AND source IN (SELECT source FROM sent_under GROUP BY source HAVING count(*) = 1);
UPDATE record SET holding = NULL
WHERE source IN (SELECT source FROM sent_under GROUP BY source HAVING count(*) > 1 AND min(first_ms) = 0);

-- One row while the clock is in doubt: the service was started long after the last entry of its log, and no operator has said
-- that it is right. What agreements say by their dates is not destroyed meanwhile.
CREATE TABLE clock_doubt (
    one           INTEGER PRIMARY KEY CHECK (one = 1),
    newest_ms     INTEGER NOT NULL,                                         -- time of that entry
    started_ms    INTEGER NOT NULL
) STRICT;
