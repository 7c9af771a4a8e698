-- Invented rows of version 18 of the schema: what its step has made room for, after those of the versions before. Never edited.
INSERT INTO edition_column (number, edition, frame, name, bytes) VALUES (7, 1, 'student_year', 'school', X'000102');
