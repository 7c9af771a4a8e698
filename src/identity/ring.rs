//! The keys of whoever encodes: one for tokens, and one or, while they change, two for encodings.

use super::keys::{KeyId, Keys, Root, TokenKeys};
use zeroize::Zeroizing;

/// The secrets of whoever encodes, as a key file holds them.
///
/// A file is 64 hexadecimal digits, one root for everything, or lines of a word and a root:
///
/// ```text
/// tokens 8f1c…
/// linkage 8f1c…
/// linkage 03b7…
/// ```
///
/// There is one line for tokens and there are one or two for linkage, the older first.
pub struct Roots {
    tokens: Root,
    linkage: Vec<Root>,
}

/// A text is not a key file. It says nothing of the text, which may be most of a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "is not a key file (64 hexadecimal digits, or one line of `tokens` and one or two of `linkage` with as many)"
)]
pub struct NotAKeyRing;

impl Roots {
    /// Linkage keys in a file at most: the one in use, and the one that follows it.
    pub const LINKAGE_MAX: usize = 2;

    /// Reads a key file.
    ///
    /// # Errors
    ///
    /// [`NotAKeyRing`].
    pub fn parse(text: &str) -> Result<Self, NotAKeyRing> {
        let read = |hex: &str| Root::parse_hex(hex).map_err(|_| NotAKeyRing);
        if let Ok(root) = read(text) {
            return Ok(Self { tokens: read(text)?, linkage: vec![root] });
        }
        let (mut tokens, mut linkage) = (None, Vec::new());
        for line in text.lines().filter(|line| !line.trim().is_empty()) {
            match line.trim().split_once(char::is_whitespace) {
                Some(("tokens", hex)) if tokens.is_none() => tokens = Some(read(hex)?),
                Some(("linkage", hex)) if linkage.len() < Self::LINKAGE_MAX => linkage.push(read(hex)?),
                _ => return Err(NotAKeyRing),
            }
        }
        match tokens {
            Some(tokens) if !linkage.is_empty() => Ok(Self { tokens, linkage }),
            _ => Err(NotAKeyRing),
        }
    }

    /// The text of a key file.
    #[must_use]
    pub fn to_text(&self) -> Zeroizing<String> {
        let linkage = self.linkage.iter().map(|root| ("linkage ", root));
        // Room for all of it, so that no half of it is left behind where the text has grown out of it.
        let mut text = Zeroizing::new(String::with_capacity(80 * (1 + Self::LINKAGE_MAX)));
        for (word, root) in std::iter::once(("tokens ", &self.tokens)).chain(linkage) {
            text.push_str(word);
            text.push_str(&root.to_hex());
            text.push('\n');
        }
        text
    }

    /// The ids of the linkage keys, the older first.
    #[must_use]
    pub fn linkage_ids(&self) -> Vec<KeyId> {
        self.linkage.iter().map(|root| Keys::derive(root).id()).collect()
    }

    /// Adds the linkage key that follows; false when there are two already.
    #[must_use]
    pub fn add(&mut self, root: Root) -> bool {
        let has_room = self.linkage.len() < Self::LINKAGE_MAX;
        if has_room {
            self.linkage.push(root);
        }
        has_room
    }

    /// Takes a linkage key out; false when it is not there, or the only one.
    #[must_use]
    pub fn remove(&mut self, id: KeyId) -> bool {
        let at = self.linkage_ids().iter().position(|known| *known == id);
        match at.filter(|_| self.linkage.len() > 1) {
            Some(at) => {
                self.linkage.remove(at);
                true
            }
            None => false,
        }
    }
}

/// The keys of whoever encodes, ready for hashing.
pub struct KeyRing {
    tokens: TokenKeys,
    linkage: Vec<Keys>,
}

impl KeyRing {
    /// Derives the keys of a key file.
    #[must_use]
    pub fn derive(roots: &Roots) -> Self {
        let linkage = roots.linkage.iter().map(Keys::derive).collect();
        Self { tokens: TokenKeys::derive(&roots.tokens), linkage }
    }

    /// The keys of one root.
    #[must_use]
    pub fn of(root: &Root) -> Self {
        Self { tokens: TokenKeys::derive(root), linkage: vec![Keys::derive(root)] }
    }

    pub(super) const fn tokens(&self) -> &TokenKeys {
        &self.tokens
    }

    /// The keys of encodings, the older first: one or two.
    #[must_use]
    pub fn linkage(&self) -> &[Keys] {
        &self.linkage
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(digit: char) -> String {
        digit.to_string().repeat(64)
    }

    #[test]
    fn a_file_of_one_root_becomes_one_of_lines() {
        let mut roots = Roots::parse(&hex('a')).expect("a key file");
        let first = roots.linkage_ids()[0];
        assert!(roots.add(Root::from_bytes([0xbb; 32])), "there is room for the next");
        assert!(!roots.add(Root::from_bytes([0xcc; 32])), "and for no other");
        let text = format!("tokens {}\nlinkage {}\nlinkage {}\n", hex('a'), hex('a'), hex('b'));
        assert_eq!(*roots.to_text(), text);
        let mut roots = Roots::parse(&text).expect("a key file");
        assert_eq!((roots.linkage_ids()[0], *roots.to_text() == text), (first, true));
        assert!(roots.remove(first) && !roots.remove(first), "a key goes once");
        assert_eq!(*roots.to_text(), format!("tokens {}\nlinkage {}\n", hex('a'), hex('b')));
        let left = roots.linkage_ids()[0];
        assert!(!roots.remove(left), "one stays");
        assert_ne!(left, first);
    }

    #[test]
    fn nothing_else_is_a_key_file() {
        let (tokens, linkage) = (format!("tokens {}\n", hex('a')), format!("linkage {}\n", hex('b')));
        let wrong = [
            String::new(),
            tokens.clone(),
            linkage.clone(),
            [&*tokens, &tokens, &linkage].concat(),
            [&*tokens, &linkage, &linkage, &linkage].concat(),
            [&*tokens, &linkage, "other"].concat(),
            [&*tokens, "linkage 00"].concat(),
            [hex('a'), hex('b')].join("\n"),
        ];
        for text in &wrong {
            assert_eq!(Roots::parse(text).map(|_| ()), Err(NotAKeyRing));
        }
    }

    #[test]
    fn ids_are_read_as_they_are_written() {
        let id = KeyRing::of(&Root::from_bytes([7; 32])).linkage()[0].id();
        assert_eq!(KeyId::parse(&id.to_string()), Some(id));
        let text = id.to_string();
        for wrong in
            [&text[1..], &text.to_uppercase().replace(|c: char| c.is_ascii_digit(), "G"), "+00000000000"]
        {
            assert_eq!(KeyId::parse(wrong), None);
        }
    }
}
