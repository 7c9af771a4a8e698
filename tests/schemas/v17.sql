-- Invented rows of version 17 of the schema: what its step has made room for, after those of the versions before. Never edited.
-- A school of the first source, sealed with the service key of the tests.
INSERT INTO arrival (number, rows) VALUES (1, x'b06aa9f00d3e812974ca119bf3fd0d5aa34d54bde9f96f453a4372883ee64a524ff8f3d2b156e051c8b0ff0196ed2f19be86416ccd7b6f1f62d2');
