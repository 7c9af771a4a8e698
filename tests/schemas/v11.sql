-- Invented rows of version 11 of the schema: what its step has made room for, after those of the versions before. Never edited.
INSERT INTO destruction (number, scope, id, asked_by, because, erased_ms, erased, remains, note, position, receipt) VALUES (1, 'source', 'eastbrook', 'city-steward', 'the source has withdrawn', 1767225600000, '{"records":{"eastbrook":{"person":2}},"n_students":1,"n_decisions":0,"n_batches":1,"editions":[],"n_kept":0}', 0, 'a certificate', 3, 'its receipt');
INSERT INTO backup (number, name, begun_ms, is_logged) VALUES (1, 'backup.db', 1767225600000, 1);
INSERT INTO copied (one, begun_ms) VALUES (1, 1767225600000);
