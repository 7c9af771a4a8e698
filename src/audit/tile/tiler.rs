//! From entries to files.

use super::layout::{Kind, Tile, TooLong, WIDTH, encode_bundle};
use crate::audit::{Frontier, Hash, Head, leaf_hash};

/// Takes a log's entries in order and gives out each file as soon as it is full.
///
/// It holds one unfinished file of each kind, never more than eight of hashes and one of entries.
#[derive(Debug, Default)]
pub struct Tiler {
    frontier: Frontier,
    bundle: Vec<u8>,
    hashes: [Vec<u8>; 8],
}

impl Tiler {
    /// A tiler before the first entry.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the next entry and returns the files it fills.
    ///
    /// # Errors
    ///
    /// [`TooLong`]; then the entry is not taken.
    pub fn push(&mut self, entry: &[u8]) -> Result<Vec<(Tile, Vec<u8>)>, TooLong> {
        self.push_leaf(entry, leaf_hash(entry))
    }

    /// The same, by who needs the leaf hash, too.
    pub(super) fn push_leaf(&mut self, entry: &[u8], leaf: Hash) -> Result<Vec<(Tile, Vec<u8>)>, TooLong> {
        encode_bundle(entry, &mut self.bundle)?;
        let mut full = Vec::new();
        for node in self.frontier.append(leaf).into_iter().filter(|node| node.level.is_multiple_of(8)) {
            let hashes = &mut self.hashes[usize::from(node.level / 8)];
            hashes.extend(node.hash.as_bytes());
            if node.index % WIDTH == WIDTH - 1 {
                let tile =
                    Tile { kind: Kind::Hashes(node.level / 8), index: node.index / WIDTH, width: WIDTH };
                full.push((tile, std::mem::take(hashes)));
            }
        }
        let size = self.frontier.size();
        if size.is_multiple_of(WIDTH) {
            let tile = Tile { kind: Kind::Entries, index: size / WIDTH - 1, width: WIDTH };
            full.push((tile, std::mem::take(&mut self.bundle)));
        }
        Ok(full)
    }

    /// The files that did not get full, and the head a checkpoint of exactly these entries has.
    #[must_use]
    pub fn finish(self) -> (Vec<(Tile, Vec<u8>)>, Head) {
        let size = self.frontier.size();
        let partial = |kind, n: u64, bytes| (Tile { kind, index: n / WIDTH, width: n % WIDTH }, bytes);
        let bundle = std::iter::once(partial(Kind::Entries, size, self.bundle));
        let hashes = (0..8)
            .zip(self.hashes)
            .map(|(level, hashes)| partial(Kind::Hashes(level), size >> (8 * level), hashes));
        (bundle.chain(hashes).filter(|(tile, _)| tile.width > 0).collect(), self.frontier.head())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::tile::list;

    #[test]
    fn the_files_are_those_of_the_list() {
        for size in [0, 1, 255, 256, 257, 65_535, 65_536, 70_000] {
            let mut tiler = Tiler::new();
            let mut files = Vec::new();
            for n in 0..size {
                files.extend(tiler.push(&u64::to_be_bytes(n)).expect("short"));
            }
            let (rest, head) = tiler.finish();
            files.extend(rest);
            assert_eq!(head.size, size);
            for (tile, bytes) in &files {
                let each = if tile.kind == Kind::Entries { 10 } else { 32 };
                assert_eq!(bytes.len() as u64, tile.width * each, "{tile}");
            }
            let mut tiles: Vec<_> = files.into_iter().map(|(tile, _)| tile).collect();
            tiles.sort_unstable();
            assert_eq!(tiles, list(size).collect::<Vec<_>>());
        }
    }
}
