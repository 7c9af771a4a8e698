-- A delivery goes on as long as its source has sent no other since and the agreement has the same version; else it begins
-- anew, because what it says is to stand now, and under what is agreed now.
ALTER TABLE batch ADD COLUMN agreement TEXT;             -- id@version; NULL where a program from before this wrote it
ALTER TABLE organization ADD COLUMN latest_delivery TEXT;

-- When the source last sent a batch, or came again with a delivery that was in.
ALTER TABLE organization ADD COLUMN delivered_ms INTEGER;
UPDATE organization SET delivered_ms = (SELECT max(received_ms) FROM batch WHERE batch.source = organization.source)
WHERE source IS NOT NULL;
