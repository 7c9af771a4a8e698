//! Which files a log has, where they stand and how they are spelled.

use std::fmt;

/// Hashes or entries in a full tile.
pub const WIDTH: u64 = 256;

/// What a tile holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Entries.
    Entries,
    /// Hashes of complete subtrees of `256^level` entries, by level from 0 to 7.
    Hashes(u8),
}

/// One file of a log; printed, it is the path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Tile {
    /// What it holds.
    pub kind: Kind,
    /// Its place among its kind, from 0.
    pub index: u64,
    /// How many hashes or entries are in it, from 1 to [`WIDTH`]; fewer than that only in the last one.
    pub width: u64,
}

impl fmt::Display for Tile {
    /// `tile/0/x001/x234/067`, `tile/entries/000.p/5`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            Kind::Entries => f.write_str("tile/entries")?,
            Kind::Hashes(level) => write!(f, "tile/{level}")?,
        }
        // Three digits to a folder, most significant first; all but the last are marked.
        let digits = self.index.checked_ilog(1000).unwrap_or(0);
        for n in (0..=digits).rev() {
            let mark = if n == 0 { "" } else { "x" };
            write!(f, "/{mark}{:03}", self.index / 1000_u64.pow(n) % 1000)?;
        }
        if self.width < WIDTH { write!(f, ".p/{}", self.width) } else { Ok(()) }
    }
}

/// The files of a log of `size` entries, besides `checkpoint`: entries first, then hashes by level.
pub fn list(size: u64) -> impl Iterator<Item = Tile> {
    let kinds = std::iter::once((Kind::Entries, size))
        .chain((0..8).map(move |level| (Kind::Hashes(level), size >> (8 * level))));
    kinds.flat_map(|(kind, n)| {
        (0..n.div_ceil(WIDTH)).map(move |index| Tile { kind, index, width: (n - index * WIDTH).min(WIDTH) })
    })
}

/// An entry has more than 65,535 bytes: its length does not fit a bundle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the entry is too long for a bundle (65,535 bytes)")]
pub struct TooLong(());

/// Adds an entry to a bundle: its length in two bytes, big-endian, then its bytes.
///
/// # Errors
///
/// [`TooLong`]; then nothing is added.
pub fn encode_bundle(entry: &[u8], bundle: &mut Vec<u8>) -> Result<(), TooLong> {
    let length = u16::try_from(entry.len()).map_err(|_| TooLong(()))?;
    bundle.extend(length.to_be_bytes());
    bundle.extend(entry);
    Ok(())
}

/// The entries of a bundle, or nothing when it is not made of exactly `width` entries.
#[must_use]
pub fn decode_bundle(mut bundle: &[u8], width: u64) -> Option<Vec<&[u8]>> {
    let mut entries = Vec::new();
    for _ in 0..width {
        let (length, rest) = bundle.split_first_chunk()?;
        let (entry, rest) = rest.split_at_checked(u16::from_be_bytes(*length).into())?;
        entries.push(entry);
        bundle = rest;
    }
    bundle.is_empty().then_some(entries)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths() {
        let check =
            |kind, index, width, path: &str| assert_eq!(Tile { kind, index, width }.to_string(), path);
        check(Kind::Hashes(0), 1_234_067, 256, "tile/0/x001/x234/067");
        check(Kind::Entries, 0, 5, "tile/entries/000.p/5");
        check(Kind::Entries, 999, 256, "tile/entries/999");
        check(Kind::Hashes(7), 1000, 1, "tile/7/x001/000.p/1");
        check(Kind::Hashes(1), u64::MAX, 256, "tile/1/x018/x446/x744/x073/x709/x551/615");
    }

    #[test]
    fn the_tiles_of_the_specifications_examples() {
        let count = |size, kind, full: bool| {
            let tiles: Vec<_> = list(size).filter(|t| t.kind == kind && (t.width == WIDTH) == full).collect();
            (tiles.len(), tiles.last().map(|tile| tile.width))
        };
        assert_eq!(count(70_000, Kind::Hashes(0), true), (273, Some(256)));
        assert_eq!(count(70_000, Kind::Hashes(0), false), (1, Some(112)));
        assert_eq!(count(70_000, Kind::Hashes(1), true), (1, Some(256)));
        assert_eq!(count(70_000, Kind::Hashes(1), false), (1, Some(17)));
        assert_eq!(count(70_000, Kind::Hashes(2), false), (1, Some(1)));
        assert_eq!(list(70_000).count(), 2 * 274 + 2 + 1);
        let of_256: Vec<_> = list(256).map(|tile| tile.to_string()).collect();
        assert_eq!(of_256, ["tile/entries/000", "tile/0/000", "tile/1/000.p/1"]);
        assert_eq!(list(0).count(), 0);
    }

    #[test]
    fn a_bundle_is_read_to_its_last_byte() {
        let mut bundle = Vec::new();
        for entry in [&b"one"[..], b"", b"three"] {
            assert_eq!(encode_bundle(entry, &mut bundle), Ok(()));
        }
        assert_eq!(decode_bundle(&bundle, 3), Some(vec![&b"one"[..], b"", b"three"]));
        for width in [0, 2, 4] {
            assert_eq!(decode_bundle(&bundle, width), None);
        }
        for end in 0..bundle.len() {
            assert_eq!(decode_bundle(&bundle[..end], 3), None);
        }
        assert_eq!(encode_bundle(&[0; 65_536], &mut bundle), Err(TooLong(())));
    }
}
