//! The access log against test vectors that others wrote: RFC 6962 proofs of transparency-dev and of a
//! Certificate Transparency log, notes and keys of C2SP and Go, a conversation with a witness, and a whole
//! log in tiles. Where they come from stands in the `README.md` beside them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use std::collections::BTreeMap;
use std::convert::Infallible;
use std::io::Write as _;
use std::path::PathBuf;
use throughline::audit::witness::{self, TrustedLog};
use throughline::audit::{
    Algorithm, Cosigner, Frontier, Hash, Head, Nodes, Note, SignedCheckpoint, VerifierKey, consistency_proof,
    inclusion_proof, leaf_hash, node_hash, root_at, tile, verify_consistency, verify_inclusion,
};
use throughline::calendar::Timestamp;

/// A file of vectors, or nothing where the folder is absent; in continuous integration it must be there.
fn vectors(file: &str) -> Option<Vec<u8>> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/audit-vectors");
    if !folder.is_dir() {
        assert!(std::env::var("CI").as_deref() != Ok("true"), "the test vectors are missing");
        // Written past the capture of the test harness, so that it is seen without a failure.
        writeln!(std::io::stderr(), "skipped: no test vectors beside the checkout ({file})").ok()?;
        return None;
    }
    Some(std::fs::read(folder.join(file)).expect(file))
}

/// The lines of a file, each a JSON document: exactly `n` of them, or nothing where the folder is absent.
fn lines(file: &str, n: usize) -> Option<Vec<Value>> {
    let text = String::from_utf8(vectors(file)?).expect("it is UTF-8");
    let lines: Vec<Value> =
        text.lines().map(|line| serde_json::from_str(line).expect("a line is JSON")).collect();
    assert_eq!(lines.len(), n, "{file}");
    Some(lines)
}

fn json(file: &str) -> Option<Value> {
    vectors(file).map(|bytes| serde_json::from_slice(&bytes).expect("it is JSON"))
}

fn text<'v>(value: &'v Value, field: &str) -> &'v str {
    value[field].as_str().expect(field)
}

fn number(value: &Value, field: &str) -> u64 {
    value[field].as_u64().expect(field)
}

fn hash(value: &Value, field: &str) -> Option<Hash> {
    Hash::from_base64(text(value, field)).ok()
}

/// The hashes of a proof, of which none is one more; nothing when one is malformed: that proves nothing.
fn proof(value: &Value) -> Option<Vec<Hash>> {
    let hashes = value.as_array().map_or(&[][..], Vec::as_slice);
    hashes.iter().map(|hash| Hash::from_base64(hash.as_str()?).ok()).collect()
}

#[test]
fn inclusion_proofs() {
    let Some(vectors) = lines("merkle-inclusion.jsonl", 98) else { return };
    let mut n_good = 0;
    for vector in vectors {
        let verified = || {
            let head = Head { size: number(&vector, "treeSize"), root: hash(&vector, "root")? };
            let (leaf, proof) = (hash(&vector, "leafHash")?, proof(&vector["proof"])?);
            verify_inclusion(&leaf, number(&vector, "leafIdx"), &head, &proof).ok()
        };
        let good = vector["wantErr"] == false;
        assert_eq!(verified().is_some(), good, "{} {}", vector["file"], vector["desc"]);
        n_good += usize::from(good);
    }
    assert_eq!(n_good, 6);
}

#[test]
fn consistency_proofs() {
    let Some(vectors) = lines("merkle-consistency.jsonl", 98) else { return };
    let mut n_good = 0;
    for vector in vectors {
        // Some have a word where a root should be, because only its being equal counts there.
        let root = |field| hash(&vector, field).unwrap_or_else(|| Hash::of(text(&vector, field).as_bytes()));
        let head = |size, root_field| Head { size: number(&vector, size), root: root(root_field) };
        let (old, new) = (head("size1", "root1"), head("size2", "root2"));
        let verified = || verify_consistency(&old, &new, &proof(&vector["proof"])?).ok();
        let good = vector["wantErr"] == false;
        assert_eq!(verified().is_some(), good, "{} {}", vector["file"], vector["desc"]);
        n_good += usize::from(good);
    }
    assert_eq!(n_good, 6);
}

#[test]
fn verifier_keys() {
    let Some(vectors) = lines("vkeys.jsonl", 10) else { return };
    for vector in vectors {
        let key = text(&vector, "vkey").parse::<VerifierKey>();
        assert_eq!(key.is_ok(), vector["want"] == "ok", "{vector}");
        if let Ok(key) = key {
            assert_eq!(key.to_string(), text(&vector, "vkey"));
        }
    }
}

#[test]
fn notes() {
    let Some(vectors) = lines("notes.jsonl", 24) else { return };
    for vector in vectors {
        let bytes = match vector["note_b64"].as_str() {
            Some(base64) => STANDARD.decode(base64).expect("base64"),
            None => text(&vector, "note").as_bytes().to_vec(),
        };
        let keys: Vec<VerifierKey> = vector["vkeys"]
            .as_array()
            .expect("a list of keys")
            .iter()
            .map(|key| key.as_str().and_then(|key| key.parse().ok()).expect("a verifier key"))
            .collect();
        let name = text(&vector, "name");
        let verified = Note::parse(&bytes).and_then(|note| note.verify(&keys));
        let mut good = verified.is_ok();
        if vector["kind"] == "checkpoint" {
            // Its log is the first key, the others are witnesses.
            let n_wanted = vector["quorum"].as_u64().unwrap_or(0) as usize;
            let opened = SignedCheckpoint::open(&bytes, &keys[0]);
            good = opened.as_ref().is_ok_and(|opened| opened.quorum(&keys, n_wanted).is_ok());
            if let (Some(origin), Ok(opened)) = (vector["origin"].as_str(), opened) {
                let checkpoint = opened.checkpoint();
                assert_eq!((checkpoint.origin(), checkpoint.head().size), (origin, number(&vector, "size")));
                assert!(opened.note().starts_with(&format!("{checkpoint}\n")));
            }
        }
        assert_eq!(good, vector["want"] == "ok", "{name}: {verified:?}");
        if let (Some(expected), Ok(verified)) = (vector["verified"].as_array(), verified) {
            let names: Vec<_> = verified.iter().map(|signed| signed.key.name()).collect();
            assert_eq!(names, expected.iter().filter_map(Value::as_str).collect::<Vec<_>>(), "{name}");
        }
    }
}

#[test]
fn a_conversation_with_a_witness() {
    let Some(vectors) = lines("witness-add-checkpoint.jsonl", 9) else { return };
    // The private key of that witness is not public; this one (PKCS#8 around a seed) takes its place.
    let header = [0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20];
    let pkcs8 = [&header[..], &[9; 32]].concat();
    let cosigner = Cosigner::from_pkcs8("example.com/witness", &pkcs8).expect("a key");
    let mut last = Head::empty();
    let mut statuses = Vec::new();
    for vector in vectors {
        let log: VerifierKey = text(&vector, "log_vkey").parse().expect("a verifier key");
        let trusted =
            |origin: &str| (origin == log.name()).then(|| TrustedLog { keys: vec![log.clone()], last });
        let body = text(&vector, "body");
        let now = Timestamp::from_millis(1_800_000_000_000);
        let (status, answer) = match witness::add_checkpoint(body.as_bytes(), trusted, &cosigner, now) {
            Ok(cosigned) => {
                last = cosigned.head;
                let (_, note) = body.split_once("\n\n").expect("a request");
                let note = format!("{note}{}", cosigned.line);
                let signed = SignedCheckpoint::open(note.as_bytes(), &log).expect("the log signed it");
                assert_eq!(signed.quorum(&[cosigner.verifier().clone()], 1).map(|times| times.len()), Ok(1));
                (200, cosigned.line)
            }
            Err(refusal) => (refusal.status(), refusal.body()),
        };
        let response = text(&vector, "response");
        // An unknown log was 403 when this conversation was recorded; tlog-witness 1.0.0 says 404.
        let unknown = response.contains("unknown log");
        let expected = if unknown { 404 } else { number(&vector, "status") };
        assert_eq!(u64::from(status), expected, "step {}", vector["step"]);
        match response.trim_end_matches('"').split_once(" \"") {
            Some(("body contains", part)) => assert!(answer.contains(part), "{answer}"),
            Some(("body ==", whole)) => assert_eq!(answer, whole.replace("\\n", "\n")),
            _ => panic!("unknown expectation: {response}"),
        }
        statuses.push(status);
    }
    assert_eq!(statuses, [200, 403, 404, 422, 422, 200, 409, 200, 409]);
}

#[test]
fn a_log_in_tiles_at_each_of_its_sizes() {
    let Some(key) = vectors("tessera-log/log.vkey") else { return };
    let key: VerifierKey = String::from_utf8_lossy(&key).trim_end().parse().expect("a verifier key");
    assert_eq!(key.algorithm(), Algorithm::Ed25519);
    let file = |path: &str| vectors(&format!("tessera-log/{path}")).expect("the log is whole");
    let mut heads = Vec::new();
    let mut tree = Tree::default();
    for size in 0..=15 {
        let read = |path: &str| -> Result<Vec<u8>, Infallible> {
            Ok(if path == "checkpoint" { file(&format!("checkpoint.{size}")) } else { file(path) })
        };
        let mut entries = Vec::new();
        let signed =
            tile::verify(read, &key, |_, entry, _| entries.push(entry.to_vec())).expect("the log verifies");
        let head = signed.checkpoint().head();
        assert_eq!((head.size, entries.len()), (size, size as usize));

        // Our own files of these entries are theirs, byte for byte.
        let mut tiler = tile::Tiler::new();
        for entry in &entries {
            assert_eq!(tiler.push(entry), Ok(Vec::new()));
        }
        let (files, own) = tiler.finish();
        assert_eq!(own, head);
        assert_eq!(
            files.iter().map(|(tile, _)| *tile).collect::<Vec<_>>(),
            tile::list(size).collect::<Vec<_>>()
        );
        for (tile, bytes) in files {
            assert_eq!(file(&tile.to_string()), bytes, "{tile}");
        }

        // The log grew by one entry, and our proofs from any entry and any smaller size lead to their root.
        if let Some(last) = entries.last() {
            tree.append(leaf_hash(last));
        }
        assert_eq!((tree.frontier.head(), root_at(&tree, size)), (head, Ok(head.root)));
        for (index, entry) in (0..).zip(&entries) {
            let proof = inclusion_proof(&tree, index, size).expect("the index is below the size");
            assert_eq!(verify_inclusion(&leaf_hash(entry), index, &head, &proof), Ok(()));
        }
        heads.push(head);
        for old in heads.iter().filter(|old| old.size > 0) {
            let proof = consistency_proof(&tree, old.size, size).expect("the log only grew");
            assert_eq!(verify_consistency(old, &head, &proof), Ok(()));
        }
    }
    assert_eq!(heads.len(), 16);
    assert_eq!(file("checkpoint"), file("checkpoint.15"));
}

#[derive(Default)]
struct Tree {
    frontier: Frontier,
    nodes: BTreeMap<(u8, u64), Hash>,
}

impl Tree {
    fn append(&mut self, leaf: Hash) {
        let completed = self.frontier.append(leaf);
        self.nodes.extend(completed.into_iter().map(|node| ((node.level, node.index), node.hash)));
    }
}

impl Nodes for Tree {
    type Error = (u8, u64);

    fn node(&self, level: u8, index: u64) -> Result<Hash, Self::Error> {
        self.nodes.get(&(level, index)).copied().ok_or((level, index))
    }
}

/// Argon2020 of Google: 961,984,011 entries. Its head is signed with ECDSA, which is not ours to check.
#[test]
fn a_real_log_of_a_billion_entries() {
    let Some(sth) = json("ct-argon2020/get-sth.json") else { return };
    let head =
        Head { size: number(&sth, "tree_size"), root: hash(&sth, "sha256_root_hash").expect("a hash") };
    assert_eq!(head.size, 961_984_011);

    let entries = json("ct-argon2020/get-entries.json").expect("it stands beside the head");
    let leaf = STANDARD.decode(text(&entries["entries"][0], "leaf_input")).expect("base64");
    let path = json("ct-argon2020/get-proof-by-hash.json").expect("it stands beside the head");
    let index = number(&path, "leaf_index");
    let path = proof(&path["audit_path"]).expect("hashes");
    assert_eq!((index, path.len()), (10_000, 30));
    assert_eq!(verify_inclusion(&leaf_hash(&leaf), index, &head, &path), Ok(()));
    assert!(verify_inclusion(&leaf_hash(&leaf), index + 1, &head, &path).is_err());
    assert!(verify_inclusion(&leaf_hash(&leaf[1..]), index, &head, &path).is_err());

    let old_root = Hash::from_base64("AuIZ5V6sDUj1vn3Y1K85oOaQ7y+FJJKtyRTl1edIKBQ=").expect("a hash");
    let old = Head { size: 3_654_490, root: old_root };
    let growth = json("ct-argon2020/get-sth-consistency.json").expect("it stands beside the head");
    let mut growth = proof(&growth["consistency"]).expect("hashes");
    assert_eq!(verify_consistency(&old, &head, &growth), Ok(()));
    growth.swap(0, 1);
    assert!(verify_consistency(&old, &head, &growth).is_err());
}

/// The root of eight leaves, by RFC 6962's definition, from the first leaf and what is right of it.
#[test]
fn a_root_is_recomputed() {
    let Some(inclusion) = lines("merkle-inclusion.jsonl", 98) else { return };
    let of_eight =
        |vector: &&Value| vector["wantErr"] == false && vector["treeSize"] == 8 && vector["leafIdx"] == 0;
    let vector = inclusion.iter().find(of_eight).expect("a proof of the first of eight leaves");
    let leaf = hash(vector, "leafHash").expect("a hash");
    let right = proof(&vector["proof"]).expect("hashes");
    assert_eq!(right.len(), 3);
    let root = right.iter().fold(leaf, |left, right| node_hash(&left, right));
    assert_eq!(Some(root), hash(vector, "root"));
    assert_eq!(root.to_string(), "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328");
}
