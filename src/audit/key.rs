//! Keys of signed notes: C2SP signed-note 1.0.0, signature types 0x01 and 0x04.

use super::Hash;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

/// How a key signs a note.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Algorithm {
    /// 0x01: Ed25519 over the text of the note.
    Ed25519,
    /// 0x04: Ed25519 over a moment and the text, by a witness (C2SP tlog-cosignature).
    CosignatureV1,
}

impl Algorithm {
    const fn byte(self) -> u8 {
        match self {
            Self::Ed25519 => 0x01,
            Self::CosignatureV1 => 0x04,
        }
    }
}

/// Why a key can not be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// Not `name+id+base64`.
    #[error("is not a verifier key (name+id+key)")]
    Malformed,
    /// The name is empty, or has a space or a plus.
    #[error("the key name is empty or has a space or a plus")]
    Name,
    /// A signature type other than 0x01 and 0x04, or a key that is not 32 bytes.
    #[error("the key is of an unknown type")]
    Type,
    /// The id is not the one the name and key have.
    #[error("the key id does not belong to the key")]
    Id,
    /// Not a PKCS#8 document of an Ed25519 key.
    #[error("is not an Ed25519 private key")]
    Private,
    /// The key that is to follow another is that one.
    #[error("is the key that it should follow")]
    Same,
}

/// A public key under a name: who checks a note pins one.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct VerifierKey {
    name: Box<str>,
    algorithm: Algorithm,
    key: [u8; 32],
    id: [u8; 4],
}

impl VerifierKey {
    /// The verifier key of an Ed25519 public key.
    ///
    /// # Errors
    ///
    /// [`KeyError::Name`] when the name is empty, or has white space, a control or a plus.
    pub fn new(name: &str, algorithm: Algorithm, key: [u8; 32]) -> Result<Self, KeyError> {
        if !is_name(name) {
            return Err(KeyError::Name);
        }
        let hash = Hash::of_parts(&[name.as_bytes(), b"\n", &[algorithm.byte()], &key]);
        let [a, b, c, d, ..] = *hash.as_bytes();
        Ok(Self { name: name.into(), algorithm, key, id: [a, b, c, d] })
    }

    /// Its name; for a log, also the origin of its checkpoints.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How it signs.
    #[must_use]
    pub const fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// Its key id: the first bytes of a hash over name, type and key.
    #[must_use]
    pub const fn id(&self) -> [u8; 4] {
        self.id
    }

    /// The Ed25519 public key.
    #[must_use]
    pub const fn public_key(&self) -> &[u8; 32] {
        &self.key
    }

    /// Whether `signature` is RFC 8032's over `message`.
    pub(super) fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        UnparsedPublicKey::new(&ED25519, self.key).verify(message, signature).is_ok()
    }
}

/// C2SP signed-note: not empty, no Unicode space, no plus; and no control, which no note may hold.
pub(super) fn is_name(name: &str) -> bool {
    !name.is_empty() && !name.contains(|c: char| c.is_whitespace() || c == '+' || c < ' ')
}

impl FromStr for VerifierKey {
    type Err = KeyError;

    /// Reads `name+id+base64`, in the one spelling that [`fmt::Display`] prints.
    fn from_str(text: &str) -> Result<Self, KeyError> {
        let mut parts = text.splitn(3, '+');
        let (Some(name), Some(id), Some(key)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(KeyError::Malformed);
        };
        let bytes = STANDARD.decode(key).map_err(|_| KeyError::Malformed)?;
        let (algorithm, key) = match bytes.split_first() {
            Some((0x01, key)) => (Algorithm::Ed25519, key),
            Some((0x04, key)) => (Algorithm::CosignatureV1, key),
            _ => return Err(KeyError::Type),
        };
        let key = Self::new(name, algorithm, key.try_into().map_err(|_| KeyError::Type)?)?;
        if hex(key.id) == id { Ok(key) } else { Err(KeyError::Id) }
    }
}

impl fmt::Display for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = STANDARD.encode([&[self.algorithm.byte()], &self.key[..]].concat());
        write!(f, "{}+{}+{key}", self.name, hex(self.id))
    }
}

impl fmt::Debug for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

fn hex(id: [u8; 4]) -> String {
    format!("{:08x}", u32::from_be_bytes(id))
}

/// A private key that signs notes with Ed25519 (type 0x01): the log's. While another is to follow it, both sign, so that whoever
/// knows either of them believes the note.
pub struct SignerKey {
    key: Pair,
    next: Option<Pair>,
}

impl SignerKey {
    /// The key of a PKCS#8 document (RFC 8410; `ring` and OpenSSL write it), under a name.
    ///
    /// # Errors
    ///
    /// [`KeyError`] for a bad name or another kind of document.
    pub fn from_pkcs8(name: &str, pkcs8: &[u8]) -> Result<Self, KeyError> {
        Ok(Self { key: Pair::from_pkcs8(name, Algorithm::Ed25519, pkcs8)?, next: None })
    }

    /// The same, with the key that is to follow it, under the same name.
    ///
    /// # Errors
    ///
    /// [`KeyError`] for another kind of document, or the same key.
    pub fn followed_by(self, pkcs8: &[u8]) -> Result<Self, KeyError> {
        let next = Pair::from_pkcs8(self.verifier().name(), Algorithm::Ed25519, pkcs8)?;
        if next.public == self.key.public {
            Err(KeyError::Same)
        } else {
            Ok(Self { next: Some(next), ..self })
        }
    }

    /// The key that checks its signatures.
    #[must_use]
    pub fn verifier(&self) -> &VerifierKey {
        &self.key.public
    }

    /// The keys that check its signatures: its own, and that of the one that is to follow.
    #[must_use]
    pub fn verifiers(&self) -> Arc<[VerifierKey]> {
        std::iter::once(self.verifier()).chain(self.next()).cloned().collect()
    }

    /// The key that checks those of the one that is to follow it.
    #[must_use]
    pub fn next(&self) -> Option<&VerifierKey> {
        self.next.as_ref().map(|next| &next.public)
    }

    /// The signature lines of a text that ends in a newline: append them to the text and an empty line.
    #[must_use]
    pub fn sign(&self, text: &str) -> String {
        let pairs = std::iter::once(&self.key).chain(&self.next);
        pairs.map(|pair| pair.line(&pair.sign(text.as_bytes()))).collect()
    }
}

impl fmt::Debug for SignerKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SignerKey({})", self.key.public)
    }
}

/// A private key and its public half.
pub(super) struct Pair {
    private: Ed25519KeyPair,
    pub(super) public: VerifierKey,
}

impl Pair {
    pub(super) fn from_pkcs8(name: &str, algorithm: Algorithm, pkcs8: &[u8]) -> Result<Self, KeyError> {
        // "Maybe unchecked": a document without the public half is accepted, a wrong half is not.
        let private = Ed25519KeyPair::from_pkcs8_maybe_unchecked(pkcs8).map_err(|_| KeyError::Private)?;
        let public = private.public_key().as_ref().try_into().expect("an Ed25519 public key has 32 bytes");
        Ok(Self { public: VerifierKey::new(name, algorithm, public)?, private })
    }

    pub(super) fn sign(&self, message: &[u8]) -> Vec<u8> {
        self.private.sign(message).as_ref().to_vec()
    }

    /// `— name base64(id || signature)`, with its newline.
    pub(super) fn line(&self, signature: &[u8]) -> String {
        let bytes = [&self.public.id, signature].concat();
        format!("\u{2014} {} {}\n", self.public.name, STANDARD.encode(bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::testing::{log_key, pkcs8};

    fn bytes<const N: usize>(hex: &str) -> [u8; N] {
        let byte = |n| u8::from_str_radix(&hex[2 * n..2 * n + 2], 16).expect("two hexadecimal digits");
        std::array::from_fn(byte)
    }

    /// RFC 8032 section 7.1, tests 1 to 3: secret key, public key, message, signature.
    #[test]
    fn the_signatures_of_rfc_8032() {
        let tests = [
            (
                "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
                "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
                &b""[..],
                "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
            ),
            (
                "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
                "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
                b"\x72",
                "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
            ),
            (
                "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
                "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
                b"\xaf\x82",
                "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
            ),
        ];
        for (secret, public, message, signature) in tests {
            let pair = Pair::from_pkcs8("rfc", Algorithm::Ed25519, &pkcs8(bytes(secret))).expect("a key");
            assert_eq!(pair.public.public_key(), &bytes(public));
            assert_eq!(pair.sign(message), bytes::<64>(signature));
            assert!(pair.public.verifies(message, &bytes::<64>(signature)));
            assert!(!pair.public.verifies(b"other", &bytes::<64>(signature)));
        }
    }

    #[test]
    fn a_key_reads_back_in_one_spelling_only() {
        let key = log_key().verifier().clone();
        let text = key.to_string();
        assert_eq!(text.parse(), Ok(key.clone()));
        assert_eq!(format!("{key:?}"), text);
        let upper = text.replacen(&hex(key.id), &hex(key.id).to_uppercase(), 1);
        assert!(upper == text || upper.parse::<VerifierKey>() == Err(KeyError::Id));
        assert_eq!(text.replacen("log.", "dog.", 1).parse::<VerifierKey>(), Err(KeyError::Id));
        assert_eq!(text.trim_end_matches('=')[..text.len() - 4].parse::<VerifierKey>(), Err(KeyError::Type));
        assert_eq!("log.example".parse::<VerifierKey>(), Err(KeyError::Malformed));
        for name in ["", "a b", "a+b", "a\u{a0}b", "a\nb", "a\u{1}"] {
            assert_eq!(VerifierKey::new(name, Algorithm::Ed25519, [0; 32]), Err(KeyError::Name), "{name:?}");
        }
    }

    #[test]
    fn a_private_key_is_never_printed() {
        let printed = format!("{:?}", log_key());
        assert!(!printed.contains("07070707") && printed.contains("log.example/access"));
        assert_eq!(SignerKey::from_pkcs8("log", b"not a key").err(), Some(KeyError::Private));
    }
}
