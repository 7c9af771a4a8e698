//! Hashing what is as good as random already.

use std::hash::{BuildHasherDefault, Hasher};

/// Hashes tokens and mixed keys of 32 bits with one multiplication.
pub(super) type ByToken = BuildHasherDefault<AsIs>;

/// The hasher itself.
#[derive(Default)]
pub(super) struct AsIs(u64);

impl Hasher for AsIs {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.0 = self.0 << 8 | u64::from(*byte));
    }

    fn write_u32(&mut self, token: u32) {
        self.0 = u64::from(token).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }
}
