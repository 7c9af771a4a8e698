-- Where in a block of the access log each field is, so that a listing reads the entries that match and no others: of each term,
-- in their order, 128 bytes with a bit for each entry of the block, the lowest first. NULL in blocks from before, until the
-- next start.
ALTER TABLE log_block ADD COLUMN places BLOB;
