-- Invented rows of version 12 of the schema: what its step has made room for, after those of the versions before. Never edited.
INSERT INTO edition_holding (edition, source, holding) VALUES (1, 1, 1);
INSERT INTO opted_out (source, student, until) VALUES (1, X'921593166A4E3F6CBBB431086337E630', NULL);
INSERT INTO clock_doubt (one, newest_ms, started_ms) VALUES (1, 1767225600000, 1790000000000);
UPDATE destruction SET terms = '["city-outcomes, version 1"]', last_backup = 1 WHERE number = 1;
