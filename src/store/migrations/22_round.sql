-- How far the rounds that put records into blocks have come, and had come when records were filed: so what is filed says which
-- of it still waits. Of a place as much stands here as tells it from most others, and no whole key of a record.
ALTER TABLE arrival ADD COLUMN round INTEGER NOT NULL DEFAULT 1;
ALTER TABLE arrival ADD COLUMN reached BLOB NOT NULL DEFAULT x'' CHECK (length(reached) <= 13);

CREATE TABLE round (
    one           INTEGER PRIMARY KEY CHECK (one = 1),
    number        INTEGER NOT NULL,
    reached       BLOB    NOT NULL CHECK (length(reached) <= 13)  -- source, kind, beginning of the key; empty at the beginning
) STRICT;
INSERT INTO round (one, number, reached) VALUES (1, 1, x'');
