//! Entries of the access log as they are sent, with what opens them.

use super::v1 as pb;
use crate::audit::{Entry, Opening};
use crate::records::Code;
use std::fmt;

/// An entry of the log as it was received.
#[derive(Clone, PartialEq, Eq)]
pub struct Logged {
    /// Its place.
    pub index: u64,
    /// The bytes that are hashed.
    pub bytes: Vec<u8>,
    /// What they say, with the name of the person who called, where it was one whom nobody has erased.
    pub entry: Entry,
    /// What opened it.
    pub opening: Option<Opening>,
}

/// Without what it says, which can have a name.
impl fmt::Debug for Logged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Logged({})", self.index)
    }
}

/// A received entry is none. It says nothing of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("entry {index} {reason}")]
pub struct NotLogged {
    /// Its place.
    pub index: u64,
    /// What is wrong.
    pub reason: &'static str,
}

impl TryFrom<pb::LogEntry> for Logged {
    type Error = NotLogged;

    fn try_from(wire: pb::LogEntry) -> Result<Self, NotLogged> {
        let pb::LogEntry { index, entry: bytes, opening } = wire;
        let wrong = |reason| NotLogged { index, reason };
        let entry = Entry::parse(&bytes).map_err(|_| wrong("is not a log entry"))?;
        let Some(opening) = opening else { return Ok(Self { index, bytes, entry, opening: None }) };
        let opening =
            opening_from(&opening).ok_or_else(|| wrong("comes with something that opens nothing"))?;
        let opened =
            entry.opened(&opening).map_err(|_| wrong("is opened to a name that it is not committed to"))?;
        Ok(Self { index, bytes, entry: opened, opening: Some(opening) })
    }
}

fn opening_from(wire: &pb::LogOpening) -> Option<Opening> {
    let certificate_serial = match wire.certificate_serial.as_str() {
        "" => None,
        serial => Some(Code::new(serial).ok()?),
    };
    let salt = wire.salt.as_slice().try_into().ok()?;
    Some(Opening { salt, principal: Code::new(&wire.principal).ok()?, certificate_serial })
}

/// What opens an entry, as it is sent.
#[must_use]
pub fn opening_to(opening: &Opening) -> pb::LogOpening {
    let serial = opening.certificate_serial.as_ref();
    pb::LogOpening {
        salt: opening.salt.to_vec(),
        principal: opening.principal.to_string(),
        certificate_serial: serial.map(ToString::to_string).unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::Decision;
    use crate::calendar::Timestamp;

    #[test]
    fn an_entry_is_taken_with_its_own_opening_only() {
        let code = |text: &str| Code::new(text).expect("a code");
        let (time, id) = (Timestamp::from_millis(0), code("r-1"));
        let named = Entry {
            principal: Some(code("a.miller")),
            ..Entry::new(time, id, code("Query"), Decision::Allowed, code("agreement.covered"))
        };
        let (logged, opening) = named.committed([7; 16]).expect("a person");
        let wire = |opening| pb::LogEntry { index: 3, entry: logged.to_bytes(), opening };
        let sent = opening_to(&opening);
        assert_eq!(Logged::try_from(wire(Some(sent.clone()))).map(|logged| logged.entry), Ok(named));
        assert_eq!(Logged::try_from(wire(None)).map(|logged| logged.entry), Ok(logged.clone()));
        for wrong in [
            pb::LogOpening { principal: "b.ito".into(), ..sent.clone() },
            pb::LogOpening { salt: vec![7; 15], ..sent.clone() },
            pb::LogOpening { principal: String::new(), ..sent },
        ] {
            assert!(Logged::try_from(wire(Some(wrong))).is_err());
        }
        let cut = pb::LogEntry { index: 3, entry: logged.to_bytes()[1..].to_vec(), opening: None };
        assert_eq!(Logged::try_from(cut), Err(NotLogged { index: 3, reason: "is not a log entry" }));
    }
}
