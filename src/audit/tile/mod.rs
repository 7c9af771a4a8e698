//! A whole log as files: C2SP tlog-tiles 0.1.0.
//!
//! `checkpoint` is the signed head, `tile/entries/…` hold the entries and `tile/<level>/…` the hashes, 256 to
//! a file. [`Tiler`] makes the files from the entries; [`verify()`] checks them against the log's key. Reading
//! and writing them is the caller's.

mod layout;
mod tiler;
mod verify;

pub use layout::{Kind, Tile, TooLong, WIDTH, decode_bundle, encode_bundle, list};
pub use tiler::Tiler;
pub use verify::{Flaw, verify};
