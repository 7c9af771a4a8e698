-- In which editions the records of each student were counted, for its own source alone (34 CFR 99.32): spans of editions that
-- follow each other. It is as far as the source itself can know: what others have said of the child makes no difference. A
-- span lasts as long as any record of the student.
CREATE TABLE counted (
    source        INTEGER NOT NULL,
    student       BLOB    NOT NULL CHECK (length(student) = 16),           -- token of the local student id
    first         INTEGER NOT NULL CHECK (first > 0),                      -- number of the first edition
    last          INTEGER CHECK (last >= first),                           -- of the last one; NULL where it is the newest
    PRIMARY KEY (source, student, first)
) STRICT, WITHOUT ROWID;

-- How many students of all sources were counted so. NULL where a program from before this published it: then nobody knows who.
ALTER TABLE edition ADD COLUMN students INTEGER;
