//! Who called, as the log has it of a person: a commitment, and what opens it.
//!
//! A person may have their name erased, and the log is never changed. So an entry has SHA-256 over 16 random bytes, the name of
//! the account and the serial number of its certificate in the place of the name. What opens it stands beside the log. Without
//! that nobody can tell who it was, nor whether two entries are of one person; with it nobody can open the entry to another
//! name. Once it is erased, every hash, receipt and proof is what it was.

use super::Entry;
use crate::records::Code;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::digest::{Context, SHA256};
use std::fmt;

/// What a commitment begins with. No account has a colon in its name.
const COMMITTED: &str = "sha256:";

/// Hashed first, so that it is no hash of anything else.
const DOMAIN: &[u8] = b"throughline person of a log entry v1\0";

/// What opens the commitment of an entry.
#[derive(Clone, PartialEq, Eq)]
pub struct Opening {
    /// The random bytes.
    pub salt: [u8; 16],
    /// Who called: the name of an account.
    pub principal: Code,
    /// Serial number of the certificate.
    pub certificate_serial: Option<Code>,
}

/// Something does not open an entry. It says nothing of either.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("what should open it is not of this entry")]
pub struct NotItsOpening(());

impl Opening {
    /// Stands in an entry where the name would.
    fn commitment(&self) -> Code {
        let mut hash = Context::new(&SHA256);
        // No code has a zero byte, so each part ends where it says.
        let serial = self.certificate_serial.as_ref().map_or("", Code::as_str);
        [DOMAIN, &self.salt, self.principal.as_str().as_bytes(), b"\0", serial.as_bytes()]
            .iter()
            .for_each(|part| hash.update(part));
        let text = format!("{COMMITTED}{}", URL_SAFE_NO_PAD.encode(hash.finish()));
        Code::new(&text).expect("50 characters that a code may have")
    }
}

/// Without the name.
impl fmt::Debug for Opening {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Opening")
    }
}

impl Entry {
    /// Whether it has a commitment in the place of a name.
    #[must_use]
    pub fn is_committed(&self) -> bool {
        self.principal.as_ref().is_some_and(|principal| principal.as_str().starts_with(COMMITTED))
    }

    /// The entry as it is logged, and what opens it; nothing where it names no person. The random bytes are of this entry
    /// alone.
    #[must_use]
    pub fn committed(&self, salt: [u8; 16]) -> Option<(Self, Opening)> {
        if self.is_committed() {
            return None;
        }
        let principal = self.principal.clone()?;
        let opening = Opening { salt, principal, certificate_serial: self.certificate_serial.clone() };
        let principal = Some(opening.commitment());
        Some((Self { principal, certificate_serial: None, ..self.clone() }, opening))
    }

    /// The entry with the name that it was committed to: no longer the one that is hashed.
    ///
    /// # Errors
    ///
    /// [`NotItsOpening`] where it was committed to something else.
    pub fn opened(&self, opening: &Opening) -> Result<Self, NotItsOpening> {
        if self.principal.as_ref() != Some(&opening.commitment()) || self.certificate_serial.is_some() {
            return Err(NotItsOpening(()));
        }
        let Opening { principal, certificate_serial, .. } = opening.clone();
        let opened = Self { principal: Some(principal), certificate_serial, ..self.clone() };
        // Of what was committed to, none was a commitment itself.
        if opened.is_committed() { Err(NotItsOpening(())) } else { Ok(opened) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::Decision;
    use crate::calendar::Timestamp;

    fn code(text: &str) -> Code {
        Code::new(text).expect("a code")
    }

    fn entry() -> Entry {
        let (id, time) = (code("r-1"), Timestamp::from_millis(0));
        Entry {
            principal: Some(code("a.miller")),
            certificate_serial: Some(code("0a1b")),
            ..Entry::new(time, id, code("Query"), Decision::Allowed, code("agreement.covered"))
        }
    }

    #[test]
    fn a_commitment_opens_to_what_was_committed_and_to_nothing_else() {
        let (logged, opening) = entry().committed([7; 16]).expect("it names a person");
        let text = String::from_utf8(logged.to_bytes()).expect("JSON");
        assert!(!text.contains("miller") && !text.contains("0a1b") && logged.is_committed(), "{text}");
        assert_eq!(logged.opened(&opening), Ok(entry()));
        for other in [
            Opening { salt: [8; 16], ..opening.clone() },
            Opening { principal: code("b.ito"), ..opening.clone() },
            Opening { certificate_serial: None, ..opening.clone() },
            // The same bytes, cut elsewhere.
            Opening { principal: code("a.miller0a1b"), certificate_serial: None, ..opening.clone() },
        ] {
            assert_eq!(logged.opened(&other), Err(NotItsOpening(())));
        }
        assert_eq!(entry().opened(&opening), Err(NotItsOpening(())), "what has a name needs none");
        assert_eq!(format!("{opening:?}"), "Opening");
    }

    #[test]
    fn two_entries_of_one_person_do_not_look_alike() {
        let [one, other] = [[1; 16], [2; 16]].map(|salt| entry().committed(salt).expect("a person").0);
        assert_ne!(one.principal, other.principal);
        assert_eq!(one.committed([3; 16]), None, "it is one already");
        assert_eq!(Entry { principal: None, ..entry() }.committed([3; 16]), None);
    }

    #[test]
    fn the_commitment_is_what_others_compute_too() {
        // As Python's hashlib has it over the same bytes.
        let (logged, _) = entry().committed([7; 16]).expect("a person");
        assert_eq!(logged.principal, Some(code("sha256:rsBksfSofXrKMw0V15V0KQmOGnjO2AnnRd7_CEvdAF8")));
    }
}
