-- Records as they stand, in blocks: neighbours of one source and kind by their keys, as many as fit a page. Their keys, students
-- and agreements are what a search of the file looks for once they are destroyed; what they say is sealed with AES-256-GCM under
-- a key that is not in the file, and so are columns of editions and proofs from here on. The program moves what there was and
-- drops the table `record`.
CREATE TABLE record_block (
    number        INTEGER PRIMARY KEY,
    source        INTEGER NOT NULL,
    kind          INTEGER NOT NULL,
    first         BLOB    NOT NULL CHECK (length(first) <= 16),  -- no key in it is lower: as little of one as tells it from those before
    rows          BLOB    NOT NULL CHECK (length(rows) >= 30),   -- how many, keys and students; nonce, ciphertext, tag
    UNIQUE (source, kind, first)
) STRICT;
