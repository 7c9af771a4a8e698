-- What is in each whole block of 1,024 entries of the access log, so that a listing passes over blocks without a match. It is
-- derived from the entries and proves nothing; blocks from before this have none.
CREATE TABLE log_block (
    block         INTEGER PRIMARY KEY,
    first_ms      INTEGER NOT NULL,     -- the earliest time in it
    last_ms       INTEGER NOT NULL,     -- the latest
    terms         BLOB    NOT NULL      -- hashes of the fields that can be asked for, 8 bytes each, sorted
) STRICT;
