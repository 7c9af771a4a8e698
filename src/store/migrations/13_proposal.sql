-- Changes that two people have to make, where the service is configured so: made by one of them, and waiting for the other.
CREATE TABLE proposal (
    rpc           TEXT    NOT NULL,                                 -- what was called
    request       BLOB    NOT NULL CHECK (length(request) = 32),    -- SHA-256 of the request
    organization  TEXT    NOT NULL,
    person        TEXT    NOT NULL,                                 -- by the name in the certificate, as in the access log
    proposed_ms   INTEGER NOT NULL,
    PRIMARY KEY (rpc, request)
) STRICT, WITHOUT ROWID;
