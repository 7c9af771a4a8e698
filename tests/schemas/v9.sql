-- Invented rows of version 9 of the schema: what its step has made room for, after those of the versions before. Never edited.
INSERT INTO offered (one, size, note, offered_ms) VALUES (1, 4, 'city.example/log of 4, and its signature', 1767225600000);
INSERT INTO cosignature (key, organization, size, line, received_ms) VALUES ('city.example/log/witness/city-partnership+00000000+BA', 'city-partnership', 4, 'a line of it', 1767225600000);
INSERT INTO witnessed (one, size, note, organizations, witnessed_ms) VALUES (1, 3, 'city.example/log of 3, and the lines of two', 2, 1767225600000);
INSERT INTO recovery (position, lost_size) VALUES (2, 7);
