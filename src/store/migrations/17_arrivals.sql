-- Records that have come and have no row in `record` yet: what each transaction brought, sealed with AES-256-GCM under a key
-- that is not in the file, as rosters come in alphabetical order. Of two records of one key the later one stands, and any of
-- them before the row. They are put into rows in the order of their keys, many of a page at a time.
CREATE TABLE arrival (
    number        INTEGER PRIMARY KEY CHECK (number > 0),              -- as they came
    rows          BLOB    NOT NULL CHECK (length(rows) >= 28)          -- nonce, ciphertext, tag
) STRICT;
