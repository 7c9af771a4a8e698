-- Invented rows of version 4 of the schema: what its step has made room for, after those of the versions before. Never edited.
INSERT INTO link_offer (id, source_a, student_a, source_b, student_b) VALUES (X'47D8BD46877831CCD61C1CFAC962CD41', 1, X'2086076D238D7D371536DC3F42435D4E', 2, X'626EE03347C8111AAB31BF0DD8E9EBB7');
INSERT INTO link_verdict (id, source_a, student_a, source_b, student_b, verdict, decided_ms) VALUES (X'33B3C1ABEFF70C94FA232DB11B4299D6', 1, X'921593166A4E3F6CBBB431086337E630', 2, X'626EE03347C8111AAB31BF0DD8E9EBB7', 'same', 1767225600000);
