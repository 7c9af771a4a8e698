-- Invented rows of version 7 of the schema: what its step has made room for, after those of the versions before. Never edited.
UPDATE organization SET latest_delivery = 'd1' WHERE id = 'northfield';
UPDATE batch SET agreement = 'city-outcomes@1' WHERE source = 1 AND id = 'd1-1';
UPDATE batch SET agreement = 'city-outcomes@1' WHERE source = 1 AND id = 'd1-2';
