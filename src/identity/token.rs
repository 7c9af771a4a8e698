//! Pseudonyms: keyed tokens in the place of identifiers.

use super::keys::TokenKeys;
use crate::records::{Kind, OrgId};
use ring::hmac;
use std::fmt;

/// HMAC-SHA-256 of an identifier, truncated to 128 bits. Equal identifiers of one source and purpose
/// have equal tokens; nothing else can be told from it without the key.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Token([u8; 16]);

impl Token {
    /// A student of a source, from the source's own student number.
    #[must_use]
    pub(super) fn student(keys: &TokenKeys, source: &OrgId, local_id: &str) -> Self {
        Self::truncate(mac(&keys.student, &[source.as_str().as_bytes(), local_id.as_bytes()]))
    }

    /// A record of a source, from its kind and the source's own key.
    #[must_use]
    pub(super) fn record(keys: &TokenKeys, source: &OrgId, kind: Kind, key: &str) -> Self {
        let parts = [source.as_str().as_bytes(), kind.code().as_bytes(), key.as_bytes()];
        Self::truncate(mac(&keys.record, &parts))
    }

    /// A token made elsewhere.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// Its bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }

    fn truncate(tag: hmac::Tag) -> Self {
        let (head, _) = tag.as_ref().split_first_chunk().expect("SHA-256 has 32 bytes");
        Self(*head)
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(..)")
    }
}

/// The HMAC of several parts. Each is preceded by its length in four bytes, little-endian, so that
/// no two lists of parts are one message.
pub(super) fn mac(key: &hmac::Key, parts: &[&[u8]]) -> hmac::Tag {
    let mut context = hmac::Context::with_key(key);
    for part in parts {
        context.update(&(part.len() as u32).to_le_bytes());
        context.update(part);
    }
    context.sign()
}

/// The first eight bytes of [`mac`], little-endian.
pub(super) fn mac64(key: &hmac::Key, parts: &[&[u8]]) -> u64 {
    let tag = mac(key, parts);
    let (head, _) = tag.as_ref().split_first_chunk().expect("SHA-256 has 32 bytes");
    u64::from_le_bytes(*head)
}
