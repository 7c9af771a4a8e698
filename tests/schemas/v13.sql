-- Invented rows of version 13 of the schema: what its step has made room for, after those of the versions before. Never edited.
INSERT INTO proposal (rpc, request, organization, person, proposed_ms) VALUES ('PutAgreement', zeroblob(32), 'steward', 'ann', 1767225600000);
