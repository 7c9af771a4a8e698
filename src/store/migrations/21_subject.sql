-- Subjects in the order they came, so that each is written once: by their tokens, each belonged on a page of its own. Rosters
-- come in the order of names, so a row says only to the service whom it is about: all but its source is sealed with AES-256-GCM.
-- Encodings, which are long and seldom read, stand beside. The program moves what there was and drops the table
-- `subject_by_token`.
ALTER TABLE subject RENAME TO subject_by_token;

CREATE TABLE subject (
    number        INTEGER PRIMARY KEY,
    source        INTEGER NOT NULL,
    row           BLOB    NOT NULL CHECK (length(row) IN (54, 66))  -- nonce; student, person, model, and where it is known what decided; tag
) STRICT;

CREATE TABLE encoding (
    number        INTEGER PRIMARY KEY,                              -- of the subject
    make          BLOB CHECK (make IS NULL OR length(make) = 8),
    encoding      BLOB    NOT NULL CHECK (length(encoding) BETWEEN 29 AND 4096), -- nonce, ciphertext, tag
    next_encoding BLOB CHECK (next_encoding IS NULL OR length(next_encoding) BETWEEN 29 AND 4096)
) STRICT;
