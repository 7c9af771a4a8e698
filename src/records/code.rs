//! Codes and labels from outside: short texts held to a narrow alphabet.

use serde::{Deserialize, Serialize, Serializer};
use std::borrow::Borrow;
use std::fmt;

/// A code for something that is not a person: a school, a program, a test, a subject, a zone.
///
/// 1 to 64 of ASCII letters, digits and `. _ : / + & # -`. There is no space in it, so a name written
/// as people write it does not fit.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(try_from = "String")]
pub struct Code(Box<str>);

/// A text is not a [`Code`] or a [`Label`]. It says nothing of the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is not a code (1 to 64 letters, digits and ._:/+&#-)")]
pub struct NotACode(());

impl Code {
    /// The name of an account: 1 to 64 of `a-z`, `0-9`, `.`, `-` and `_`, a letter or digit first.
    ///
    /// # Errors
    ///
    /// [`NotACode`] for a text that is no such name.
    pub fn of_account(text: &str) -> Result<Self, NotACode> {
        let fits = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"._-".contains(&b);
        let begins = text.bytes().next().is_some_and(|b| b.is_ascii_alphanumeric());
        Self::new(text)
            .and_then(|code| if begins && text.bytes().all(fits) { Ok(code) } else { Err(NotACode(())) })
    }

    /// The code a text spells.
    ///
    /// # Errors
    ///
    /// [`NotACode`] for an empty or long text, or one with other characters.
    pub fn new(text: &str) -> Result<Self, NotACode> {
        if Self::fits(text) { Ok(Self(text.into())) } else { Err(NotACode(())) }
    }

    fn fits(text: &str) -> bool {
        let fits = |b: u8| {
            b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b':' | b'/' | b'+' | b'&' | b'#' | b'-')
        };
        (1..=64).contains(&text.len()) && text.bytes().all(fits)
    }

    /// Its text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Code {
    type Error = NotACode;

    fn try_from(text: String) -> Result<Self, NotACode> {
        if Self::fits(&text) { Ok(Self(text.into())) } else { Err(NotACode(())) }
    }
}

impl Serialize for Code {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl Borrow<str> for Code {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// An organization: a contributor (then it is also called a source), a partner, the steward or the
/// auditors. 1 to 64 of `a-z`, `0-9` and `-`, as in its certificates.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(try_from = "String")]
pub struct OrgId(Box<str>);

impl OrgId {
    /// The id a text spells.
    ///
    /// # Errors
    ///
    /// [`NotACode`] for an empty or long text, or one with other characters.
    pub fn new(text: &str) -> Result<Self, NotACode> {
        if Self::fits(text) { Ok(Self(text.into())) } else { Err(NotACode(())) }
    }

    fn fits(text: &str) -> bool {
        let fits = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        (1..=64).contains(&text.len()) && text.bytes().all(fits)
    }

    /// Its text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for OrgId {
    type Error = NotACode;

    fn try_from(text: String) -> Result<Self, NotACode> {
        if Self::fits(&text) { Ok(Self(text.into())) } else { Err(NotACode(())) }
    }
}

impl Serialize for OrgId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl fmt::Display for OrgId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The public name of a school, a district or a program: 1 to 120 characters, none of them a control.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(try_from = "String")]
pub struct Label(Box<str>);

impl Label {
    /// The label a text spells, trimmed.
    ///
    /// # Errors
    ///
    /// [`NotACode`] for an empty or long text, or one with control characters.
    pub fn new(text: &str) -> Result<Self, NotACode> {
        let text = text.trim();
        let fits = (1..=120).contains(&text.chars().count()) && !text.chars().any(char::is_control);
        fits.then(|| Self(text.into())).ok_or(NotACode(()))
    }

    /// Its text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Label {
    type Error = NotACode;

    fn try_from(text: String) -> Result<Self, NotACode> {
        Self::new(&text)
    }
}

impl Serialize for Label {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl fmt::Display for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_has_no_room_for_a_name() {
        for fine in ["ELA", "5fb9220d-9b0f-4d32-a248-6492457c3890", "tutoring/k-3", "A&B", "07"] {
            assert!(Code::new(fine).is_ok(), "{fine}");
        }
        for wrong in ["", "Ada Lovelace", "O'Brien", "Núñez", "a\tb", &"x".repeat(65)] {
            assert!(Code::new(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_label_is_trimmed_and_printable() {
        assert_eq!(Label::new(" Escuela Núñez ").map(|l| l.to_string()), Ok("Escuela Núñez".into()));
        assert!(Label::new("  ").is_err());
        assert!(Label::new("a\u{7}b").is_err());
    }
}
