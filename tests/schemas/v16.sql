-- Invented rows of version 16 of the schema: what its step has made room for, after those of the versions before. Never edited.
UPDATE log_block SET places = zeroblob(128 * (length(terms) / 8));
