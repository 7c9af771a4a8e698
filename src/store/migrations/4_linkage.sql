-- Pairs of subjects that the steward was last shown as doubtful, so that a decision can name one without naming a child.
-- Replaced as a whole by each report. For the service only.
CREATE TABLE link_offer (
    id            BLOB    PRIMARY KEY CHECK (length(id) = 16),        -- keyed digest (HMAC-SHA-256) of the pair
    source_a      INTEGER NOT NULL,                                  -- the smaller of the two, by source and student
    student_a     BLOB    NOT NULL CHECK (length(student_a) = 16),
    source_b      INTEGER NOT NULL,
    student_b     BLOB    NOT NULL CHECK (length(student_b) = 16)
) STRICT, WITHOUT ROWID;

-- What the steward has decided about pairs of subjects: it stands above every weight. For the service only.
CREATE TABLE link_verdict (
    id            BLOB    PRIMARY KEY CHECK (length(id) = 16),        -- as the pair was offered
    source_a      INTEGER NOT NULL,
    student_a     BLOB    NOT NULL CHECK (length(student_a) = 16),
    source_b      INTEGER NOT NULL,
    student_b     BLOB    NOT NULL CHECK (length(student_b) = 16),
    verdict       TEXT    NOT NULL CHECK (verdict IN ('same', 'different')),
    decided_ms    INTEGER NOT NULL                                   -- Unix time, milliseconds
) STRICT, WITHOUT ROWID;
