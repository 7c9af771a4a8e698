//! Identifiers in, pseudonyms and encodings out; nothing else ever sees a name.
//!
//! A submission in the clear is normalized, turned into keyed [`Token`]s and an [`Encoding`], and
//! wiped. Everything here is a pure function of the [`KeyRing`], the identifiers and the sex, so that a
//! source that encodes on its own machine and the service that encodes for it make equal bytes.
//! An encoding says which normalizer and which key made it; encodings of different ones do not mix.
//!
//! Absent on purpose: any way back from a token, and any printing of what goes in or comes out.

mod encode;
mod encoding;
mod filter;
mod keys;
mod nickname;
mod normalize;
mod part;
mod phonetic;
mod pseudonym;
mod ring;
#[cfg(test)]
mod tests;
mod token;

pub use encode::Encoder;
pub use encoding::{Encoding, Make, NotAnEncoding};
pub(crate) use encoding::{Filter, N_FILTER_WORDS, N_SLOTS, Slot};
pub use keys::{KeyId, Keys, NotARoot, Root};
pub use normalize::NORMALIZER_VERSION;
pub use pseudonym::{Pseudonymized, pseudonymize, record_token};
pub use ring::{KeyRing, NotAKeyRing, Roots};
pub use token::Token;
