-- The proof of an edition's seal: other tables that fit everything the seal shows, one or more for each number that must
-- stay uncertain. For the service only: it tells a lot about what is hidden. Editions from before have none.
CREATE TABLE proof (
    edition       INTEGER PRIMARY KEY REFERENCES edition (number),
    digest        BLOB    NOT NULL CHECK (length(digest) = 32),   -- SHA-256 of the bytes, as in the access log
    bytes         BLOB    NOT NULL
) STRICT;
