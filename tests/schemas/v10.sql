-- Invented rows of version 10 of the schema: what its step has made room for, after those of the versions before. Never edited.
INSERT INTO log_block (block, first_ms, last_ms, terms) VALUES (9, 1767225600000, 1767225601000, X'0001020304050607');
