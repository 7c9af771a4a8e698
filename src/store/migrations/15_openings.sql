-- What opens the entries of the access log that have a commitment where a person's name would be. For whoever reads the log;
-- erased with the person. Entries from before this have the names themselves.
CREATE TABLE log_opening (
    position            INTEGER PRIMARY KEY,                                -- of the entry
    salt                BLOB    NOT NULL CHECK (length(salt) = 16),         -- random
    organization        TEXT    NOT NULL,
    principal           TEXT    NOT NULL,                                   -- the name of an account
    certificate_serial  TEXT                                                -- hex; NULL where it is not known
) STRICT;
CREATE INDEX log_opening_of ON log_opening (principal, position);
