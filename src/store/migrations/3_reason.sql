-- Weights are made from the frequency of names, so they told given names to whoever had the file. What
-- decided a link is sealed from here on; what older files held of it is dropped.
ALTER TABLE subject DROP COLUMN weight_bits;
ALTER TABLE subject DROP COLUMN pattern;
ALTER TABLE subject ADD COLUMN reason BLOB   -- nonce, AES-256-GCM of the weight (bits, f32) and the level of each field, tag
    CHECK (reason IS NULL OR length(reason) = 40);
