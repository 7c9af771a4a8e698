//! Checks a whole log, file by file, from its key alone.

use super::layout::{Kind, Tile, WIDTH, decode_bundle, list};
use super::tiler::Tiler;
use crate::audit::{CheckpointError, Hash, SignedCheckpoint, VerifierKey, leaf_hash};

/// The first thing wrong with a log.
#[derive(Debug, thiserror::Error)]
pub enum Flaw<E> {
    /// A file can not be read.
    #[error("{path} can not be read")]
    Read {
        /// The file.
        path: String,
        /// Why.
        #[source]
        source: E,
    },
    /// The checkpoint is not one, or not signed by the key.
    #[error("the checkpoint can not be trusted")]
    Checkpoint(#[from] CheckpointError),
    /// The checkpoint is one of another log that has the same key.
    #[error("the checkpoint is of another log")]
    Origin,
    /// A bundle of entries is cut, or has something behind it.
    #[error("{0} is not a bundle of entries")]
    Bundle(String),
    /// A tile differs from the entries, and the entries are those that were signed.
    #[error("{0} does not hold the hashes of the entries")]
    Tile(String),
    /// These entries are not those that were signed.
    #[error("{}", entries(first, last))]
    Entries {
        /// The first of them.
        first: u64,
        /// The last of them: the same, unless the leaf hashes were changed with the entries.
        last: u64,
    },
    /// Entries and tiles fit each other, but not the checkpoint.
    #[error("the entries do not lead to the root of the checkpoint")]
    Root,
}

fn entries(first: &u64, last: &u64) -> String {
    match first == last {
        true => format!("entry {first} is not the one that was signed"),
        false => format!("an entry from {first} to {last} is not the one that was signed"),
    }
}

/// Reads a log from `checkpoint` to the last tile, and recomputes every leaf, every tile and the root.
///
/// `read` gets paths such as `checkpoint` and `tile/0/000.p/15`. `each` sees every entry with its index and its leaf hash,
/// in order, before it is known whether the log verifies. The log's origin must be the name of its key.
///
/// # Errors
///
/// [`Flaw`], which names the file or the entry. Where several are wrong, it names one, and may blame an entry
/// for the tile above it.
pub fn verify<E>(
    mut read: impl FnMut(&str) -> Result<Vec<u8>, E>,
    log: &VerifierKey,
    mut each: impl FnMut(u64, &[u8], Hash),
) -> Result<SignedCheckpoint, Flaw<E>> {
    let mut read = |path: String| read(&path).map_err(|source| Flaw::Read { path, source });
    let signed = SignedCheckpoint::open(&read("checkpoint".into())?, log)?;
    if signed.checkpoint().origin() != log.name() {
        return Err(Flaw::Origin);
    }
    let head = signed.checkpoint().head();
    let mut tiler = Tiler::new();
    let mut suspect = None;
    for bundle in list(head.size).take_while(|tile| tile.kind == Kind::Entries) {
        let path = bundle.to_string();
        let bytes = read(path.clone())?;
        let entries = decode_bundle(&bytes, bundle.width).ok_or(Flaw::Bundle(path))?;
        for (index, entry) in (bundle.index * WIDTH..).zip(entries) {
            let leaf = leaf_hash(entry);
            each(index, entry, leaf);
            let full = tiler.push_leaf(entry, leaf).expect("an entry of a bundle fits a bundle");
            for (tile, bytes) in full {
                suspect = suspect.or(difference(tile, &bytes, &mut read)?);
            }
        }
    }
    let (partial, recomputed) = tiler.finish();
    for (tile, bytes) in partial {
        suspect = suspect.or(difference(tile, &bytes, &mut read)?);
    }
    match suspect {
        None if recomputed == head => Ok(signed),
        None => Err(Flaw::Root),
        // The entries lead to what was signed, so the tile is wrong; else the tile tells which entries are. All that lie under
        // its hash are in the log: it is of a complete subtree.
        Some((tile, _)) if recomputed == head => Err(Flaw::Tile(tile.to_string())),
        Some((tile, at)) => Err(Flaw::Entries { first: at, last: at + span(tile) - 1 }),
    }
}

/// The first entry under the first hash in which a stored tile differs from the recomputed one.
fn difference<E>(
    tile: Tile,
    expected: &[u8],
    read: &mut impl FnMut(String) -> Result<Vec<u8>, Flaw<E>>,
) -> Result<Option<(Tile, u64)>, Flaw<E>> {
    if tile.kind == Kind::Entries {
        return Ok(None);
    }
    let found = read(tile.to_string())?;
    if found.len() != expected.len() {
        return Err(Flaw::Tile(tile.to_string()));
    }
    let differs = found.chunks(32).zip(expected.chunks(32)).position(|(found, expected)| found != expected);
    Ok(differs.map(|at| (tile, (tile.index * WIDTH + at as u64) * span(tile))))
}

/// How many entries lie under one hash of a tile.
const fn span(tile: Tile) -> u64 {
    match tile.kind {
        Kind::Entries => 1,
        Kind::Hashes(level) => 1 << (8 * level),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::testing::log_key;
    use crate::audit::{Checkpoint, leaf_hash};
    use std::collections::BTreeMap;

    const SIZE: u64 = 600;

    type Files = BTreeMap<String, Vec<u8>>;

    fn export(size: u64) -> Files {
        let mut tiler = Tiler::new();
        let mut files = BTreeMap::new();
        let mut add = |new: Vec<(Tile, Vec<u8>)>| {
            files.extend(new.into_iter().map(|(tile, bytes)| (tile.to_string(), bytes)));
        };
        (0..size).for_each(|n| add(tiler.push(format!("entry {n}").as_bytes()).expect("short")));
        let (rest, head) = tiler.finish();
        add(rest);
        let log = log_key();
        let checkpoint = Checkpoint::new(log.verifier().name(), head).expect("a valid origin").sign(&log);
        files.insert("checkpoint".into(), checkpoint.note().as_bytes().to_vec());
        files
    }

    fn flaw(files: &Files) -> Option<String> {
        let read = |path: &str| files.get(path).cloned().ok_or(std::fmt::Error);
        verify(read, log_key().verifier(), |_, _, _| ()).err().map(|flaw| flaw.to_string())
    }

    #[test]
    fn every_entry_is_seen_in_order() {
        let files = export(SIZE);
        let mut seen = 0;
        let read = |path: &str| files.get(path).cloned().ok_or(std::fmt::Error);
        let verified = verify(read, log_key().verifier(), |index, entry, leaf| {
            assert_eq!((index, entry, leaf), (seen, format!("entry {seen}").as_bytes(), leaf_hash(entry)));
            seen += 1;
        });
        assert_eq!(verified.map(|signed| signed.checkpoint().head().size).ok(), Some(SIZE));
        assert_eq!(seen, SIZE);
    }

    #[test]
    fn the_changed_entry_or_tile_is_named() {
        let check = |change: &dyn Fn(&mut Files), expected: &str| {
            let mut files = export(SIZE);
            change(&mut files);
            assert_eq!(flaw(&files).as_deref(), Some(expected));
        };
        let flip = |path: &str, at: usize| {
            let path = path.to_owned();
            move |files: &mut Files| files.get_mut(&path).expect("it exists")[at] ^= 1
        };
        // "entry 300" is the 45th of the second bundle; its digits are its last bytes.
        let last_digit = 44 * 11 + 10;
        check(&flip("tile/entries/001", last_digit), "entry 300 is not the one that was signed");
        check(&flip("tile/0/001", 44 * 32), "tile/0/001 does not hold the hashes of the entries");
        check(&flip("tile/0/002.p/88", 0), "tile/0/002.p/88 does not hold the hashes of the entries");
        check(&flip("tile/1/000.p/2", 40), "tile/1/000.p/2 does not hold the hashes of the entries");
        check(&flip("checkpoint", 3), "the checkpoint can not be trusted");
        check(&|files| drop(files.remove("tile/1/000.p/2")), "tile/1/000.p/2 can not be read");
        check(
            &|files| files.get_mut("tile/entries/000").expect("it exists").push(0),
            "tile/entries/000 is not a bundle of entries",
        );
        check(
            &|files| files.get_mut("tile/0/000").expect("it exists").truncate(8191),
            "tile/0/000 does not hold the hashes of the entries",
        );
        // An entry changed together with its leaf hash shows in the level above, as one of 256.
        check(
            &|files| {
                flip("tile/entries/001", last_digit)(files);
                let hash = *leaf_hash(b"entry 301").as_bytes();
                files.get_mut("tile/0/001").expect("it exists")[44 * 32..45 * 32].copy_from_slice(&hash);
            },
            "an entry from 256 to 511 is not the one that was signed",
        );
    }

    #[test]
    fn a_log_rewritten_as_a_whole_does_not_lead_to_the_checkpoint() {
        let mut files = export(SIZE);
        let mut tiler = Tiler::new();
        for n in 0..SIZE {
            let entry = if n == 300 { "entry 301".to_owned() } else { format!("entry {n}") };
            let new = tiler.push(entry.as_bytes()).expect("short");
            files.extend(new.into_iter().map(|(tile, bytes)| (tile.to_string(), bytes)));
        }
        files.extend(tiler.finish().0.into_iter().map(|(tile, bytes)| (tile.to_string(), bytes)));
        assert_eq!(flaw(&files).as_deref(), Some("the entries do not lead to the root of the checkpoint"));
    }

    #[test]
    fn any_flipped_bit_of_any_file_is_found() {
        let files = export(5);
        for (path, bytes) in &files {
            for bit in 0..bytes.len() * 8 {
                let mut changed = files.clone();
                changed.get_mut(path).expect("it exists")[bit / 8] ^= 1 << (bit % 8);
                assert!(flaw(&changed).is_some(), "bit {bit} of {path}");
            }
        }
    }
}
