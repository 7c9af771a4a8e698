//! Two logs that differ in one entry, with their keys and witnesses: what a proof has to tell apart.

use std::collections::BTreeMap;
use std::sync::LazyLock;
use throughline::audit::{
    Checkpoint, Cosigner, Decision, Entry, Frontier, Hash, Head, Node, Nodes, SignedCheckpoint, SignerKey,
    consistency_proof, inclusion_proof, leaf_hash, root_at,
};
use throughline::calendar::Timestamp;
use throughline::records::Code;

/// Entries of each log.
pub(crate) const SIZE: u64 = 24;

/// The entry in which they differ.
pub(crate) const OTHER: u64 = 13;

pub(crate) const ORIGIN: &str = "log.example/access";

pub(crate) struct Log {
    pub(crate) entries: Vec<Vec<u8>>,
    nodes: BTreeMap<(u8, u64), Hash>,
}

impl Nodes for Log {
    type Error = ();

    fn node(&self, level: u8, index: u64) -> Result<Hash, ()> {
        self.nodes.get(&(level, index)).copied().ok_or(())
    }
}

impl Log {
    fn new(of: impl Fn(u64) -> u64) -> Self {
        let (mut log, mut frontier) = (Self { entries: Vec::new(), nodes: BTreeMap::new() }, Frontier::new());
        for n in 0..SIZE {
            let entry = entry(of(n)).to_bytes();
            for Node { level, index, hash } in frontier.append(leaf_hash(&entry)) {
                log.nodes.insert((level, index), hash);
            }
            log.entries.push(entry);
        }
        log
    }

    /// The head at a size, which is taken modulo what there is.
    pub(crate) fn head(&self, size: u8) -> Head {
        let size = u64::from(size) % (SIZE + 1);
        Head {
            size,
            root: if size == 0 { Head::empty().root } else { root_at(self, size).expect("it is held") },
        }
    }

    pub(crate) fn leaf(&self, index: u64) -> Option<Hash> {
        self.entries.get(usize::try_from(index).ok()?).map(|entry| leaf_hash(entry))
    }
}

/// The log.
pub(crate) static LOG: LazyLock<Log> = LazyLock::new(|| Log::new(|n| n));

/// One that holds another entry in the place of [`OTHER`].
pub(crate) static FORK: LazyLock<Log> = LazyLock::new(|| Log::new(|n| if n == OTHER { 1_000 } else { n }));

/// Every hash of every proof of both, and every root: what proofs are put together from.
pub(crate) static POOL: LazyLock<Vec<Hash>> = LazyLock::new(|| {
    let mut pool = Vec::new();
    for log in [&LOG, &FORK] {
        for size in 1..=SIZE {
            pool.push(log.head(size as u8).root);
            for at in 0..size {
                pool.extend(inclusion_proof(&**log, at, size).expect("it is held"));
                pool.extend(consistency_proof(&**log, at, size).expect("it is held"));
            }
        }
    }
    pool.sort_unstable();
    pool.dedup();
    assert!(pool.len() <= 256, "a byte chooses one of {}", pool.len());
    pool
});

/// A proof: the nodes of the pool at these places.
pub(crate) fn picked(places: &[u8]) -> Vec<Hash> {
    places.iter().filter_map(|place| POOL.get(usize::from(*place))).copied().collect()
}

pub(crate) fn entry(n: u64) -> Entry {
    let code = |text: &str| Code::new(text).expect("a code");
    let time = Timestamp::from_millis(1_800_000_000_000);
    let entry = Entry::new(time, code(&format!("r-{n}")), code("Query"), Decision::Allowed, code("in-force"));
    Entry { request_digest: Some(Hash::of(b"request")), ..entry }
}

/// A PKCS#8 document (RFC 8410) of an Ed25519 seed.
pub(crate) fn pkcs8(seed: u8) -> Vec<u8> {
    let header = [0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20];
    [&header[..], &[seed; 32]].concat()
}

/// The log's key.
pub(crate) static KEY: LazyLock<SignerKey> =
    LazyLock::new(|| SignerKey::from_pkcs8(ORIGIN, &pkcs8(7)).expect("a valid key"));

/// Three witnesses; the last has the key of the first under another name.
pub(crate) static WITNESSES: LazyLock<[Cosigner; 3]> = LazyLock::new(|| {
    [1, 2, 1]
        .map(|seed| seed)
        .into_iter()
        .enumerate()
        .map(|(at, seed)| {
            Cosigner::from_pkcs8(&format!("witness.example/{at}"), &pkcs8(seed)).expect("a valid key")
        })
        .collect::<Vec<_>>()
        .try_into()
        .expect("three")
});

/// The signed checkpoint of a head.
pub(crate) fn signed(head: Head) -> SignedCheckpoint {
    Checkpoint::new(ORIGIN, head).expect("a valid origin").sign(&KEY)
}
