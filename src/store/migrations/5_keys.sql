-- Linkage keys by their ids, which are derived from the keys and tell nothing of them. Students are linked by the current
-- one; while sources encode anew, encodings made with the next one wait beside.
CREATE TABLE linkage_key (
    id            BLOB    PRIMARY KEY CHECK (length(id) = 6),
    state         TEXT    NOT NULL CHECK (state IN ('former', 'current', 'next'))
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX linkage_key_by_state ON linkage_key (state) WHERE state <> 'former';

-- The same student's encoding made with the next key, sealed like the other.
ALTER TABLE subject ADD COLUMN next_encoding BLOB
    CHECK (next_encoding IS NULL OR length(next_encoding) BETWEEN 29 AND 4096);
-- What made the encoding: layout, normalizer, id of the key. NULL where a program from before this wrote it.
ALTER TABLE subject ADD COLUMN make BLOB CHECK (make IS NULL OR length(make) = 8);

-- What made the newest encodings that the service took when the batch was acknowledged. Of another make now, the batch
-- counts as not sent: sources send the same again, so that it is encoded anew.
ALTER TABLE batch ADD COLUMN make BLOB CHECK (make IS NULL OR length(make) = 8);
