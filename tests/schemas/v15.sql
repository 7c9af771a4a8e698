-- Invented rows of version 15 of the schema: what its step has made room for, after those of the versions before. Never edited.
INSERT INTO log_opening (position, salt, organization, principal, certificate_serial) VALUES (4, X'00112233445566778899AABBCCDDEEFF', 'city-steward', 'a.miller', '0a1b');
