-- Columns of editions under a number of their own. Where their name was the key of the table itself, each was placed among the
-- others by reading these whole: a state's edition took three seconds longer to store.
ALTER TABLE edition_column RENAME TO edition_column_by_name;

CREATE TABLE edition_column (
    number        INTEGER PRIMARY KEY,
    edition       INTEGER NOT NULL REFERENCES edition (number),
    frame         TEXT    NOT NULL,
    name          TEXT    NOT NULL,
    bytes         BLOB    NOT NULL,
    UNIQUE (edition, frame, name)
) STRICT;

INSERT INTO edition_column (edition, frame, name, bytes)
    SELECT edition, frame, name, bytes FROM edition_column_by_name ORDER BY edition, frame, name;

DROP TABLE edition_column_by_name;
