//! Certificates of destruction: what was destroyed, why, how, and what is left, signed by the log.
//!
//! A certificate is a text for people, in lines of `name: value`, signed as a note (C2SP signed-note) with the log's key.
//! The access log has an entry with the digest of that note, and the proof of the entry stands below it (C2SP tlog-proof):
//! one file, which anybody can check who has the log's public key. Its first line holds spaces, which no origin of a log
//! does, so it can not be taken for a checkpoint.

use super::{Hash, NotSaved, Note, NoteError, Proven, Receipt, ReceiptError, VerifierKey};
use crate::agreements::Scope;
use crate::calendar::Timestamp;

const HEADER: &str = "throughline certificate of destruction v1";

/// What begins the proof below the note.
const PROOF: &str = "c2sp.org/tlog-proof@";

/// The text of a certificate before it is signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement(String);

impl Statement {
    /// Begins the certificate of a destruction.
    #[must_use]
    pub fn new(log: &str, number: u32, scope: &Scope, erased: Timestamp) -> Self {
        Self(format!("{HEADER}\n"))
            .line("log", log)
            .line("number", &number.to_string())
            .line("destroyed", &scope.to_string())
            .line("erased", &erased.to_string())
    }

    /// Adds a line. Control characters, which no note may have, are left out.
    #[must_use]
    pub fn line(mut self, name: &str, value: &str) -> Self {
        let value: String = value.chars().filter(|c| !c.is_control()).collect();
        self.0.push_str(&format!("{name}: {value}\n"));
        self
    }

    /// The text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.0
    }
}

/// A certificate that was checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certificate {
    /// The statement.
    pub text: String,
    /// What was destroyed.
    pub scope: Scope,
    /// When its rows were erased.
    pub erased: Timestamp,
    /// The entry that has its digest.
    pub proven: Proven,
}

/// A file is no certificate, or proves nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotACertificate {
    /// Another file, or another version.
    #[error("is not a certificate of destruction")]
    Form,
    /// The note is not signed by the log.
    #[error("is not signed by the log's key")]
    Note(#[from] NoteError),
    /// The proof below it is none.
    #[error("has no proof of its entry")]
    Saved(#[from] NotSaved),
    /// The proof does not hold, or is of another entry.
    #[error("is not shown to be on record")]
    Receipt(#[from] ReceiptError),
    /// The entry is not that of a certificate of this.
    #[error("is on record as something else")]
    Entry,
}

impl Certificate {
    /// The whole file: a note, and the saved proof of its entry.
    #[must_use]
    pub fn file(note: &str, receipt: &str) -> String {
        format!("{note}\n{receipt}")
    }

    /// Checks a file with the log's pinned key: the signature, that the log has an entry with the digest of what is
    /// signed, and that the entry is of this destruction.
    ///
    /// # Errors
    ///
    /// [`NotACertificate`], with the first thing that does not hold.
    pub fn open(file: &str, log: &VerifierKey) -> Result<Self, NotACertificate> {
        let at = file.find(&format!("\n{PROOF}")).ok_or(NotACertificate::Form)?;
        let (note, receipt) = (&file[..at], &file[at + 1..]);
        let parsed = Note::parse(note.as_bytes())?;
        parsed.verify([log])?;
        let text = parsed.text();
        let value = |name: &str| {
            let mut found = text.lines().filter_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
            found.next().ok_or(NotACertificate::Form)
        };
        if text.lines().next() != Some(HEADER) || value("log")? != log.name() {
            return Err(NotACertificate::Form);
        }
        let (kind, id) = value("destroyed")?.split_once(' ').ok_or(NotACertificate::Form)?;
        let scope = Scope::new(kind, id).ok_or(NotACertificate::Form)?;
        let erased = Timestamp::parse(value("erased")?).ok_or(NotACertificate::Form)?;
        let digest = Hash::of(note.as_bytes());
        let proven = Receipt::from_saved(receipt)?.verify(log, None, Some(&digest))?;
        let is_about = match &scope {
            Scope::Source(source) => proven.entry.source.as_ref() == Some(source),
            Scope::Agreement(id) => proven.entry.agreement.as_ref() == Some(id),
        };
        let step = proven.entry.step.as_ref().map(|step| step.as_str());
        if proven.entry.rpc.as_str() != "Destroy" || step != Some("certify") || !is_about {
            return Err(NotACertificate::Entry);
        }
        Ok(Self { text: text.to_owned(), scope, erased, proven })
    }

    /// Whether a text of counts is one that the certificate has the digest of.
    #[must_use]
    pub fn vouches_for(&self, counts: &str) -> bool {
        let digest = format!(", SHA-256 {}", Hash::of(counts.as_bytes()));
        self.text.lines().any(|line| line.starts_with("counts: ") && line.ends_with(&digest))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::testing::{Memory, log_key};
    use crate::audit::{Checkpoint, Entry, SignedCheckpoint};
    use crate::records::{Code, OrgId};

    fn scope(id: &str) -> Scope {
        Scope::Source(OrgId::new(id).expect("an id"))
    }

    fn at() -> Timestamp {
        Timestamp::from_millis(1_800_000_000_000)
    }

    /// The file of a certificate whose entry is made by `entry`.
    fn file(text: &str, entry: impl FnOnce(Hash) -> Entry) -> String {
        let note = format!("{text}\n{}", log_key().sign(text));
        let entry = entry(Hash::of(note.as_bytes()));
        let mut memory = Memory::default();
        (0..4).for_each(|_| memory.append(b"{}"));
        memory.append(&entry.to_bytes());
        memory.append(b"{}");
        let signed: SignedCheckpoint = Checkpoint::new(log_key().verifier().name(), memory.frontier.head())
            .expect("an origin")
            .sign(&log_key());
        let receipt = Receipt::new(&memory, 4, &entry, &signed).expect("the log holds it");
        Certificate::file(&note, &receipt.to_saved())
    }

    fn certified(of: &Scope, digest: Hash) -> Entry {
        Entry { response_digest: Some(digest), ..Entry::destroys(at(), of, "certify", None) }
    }

    fn text() -> String {
        let statement = Statement::new(log_key().verifier().name(), 1, &scope("eastbrook"), at());
        let counts = format!("of eastbrook, SHA-256 {}", Hash::of(b"seven\n"));
        statement.line("records", "7").line("counts", &counts).line("title", "two\nlines").text().to_owned()
    }

    #[test]
    fn a_certificate_says_what_was_destroyed_and_every_changed_byte_is_found() {
        let file = file(&text(), |digest| certified(&scope("eastbrook"), digest));
        let opened = Certificate::open(&file, log_key().verifier()).expect("it is good");
        assert_eq!((&opened.scope, opened.erased, opened.proven.index), (&scope("eastbrook"), at(), 4));
        assert!(opened.text.contains("\nrecords: 7\n") && opened.text.contains("\ntitle: twolines\n"));
        assert!(opened.vouches_for("seven\n") && !opened.vouches_for("eight\n") && !opened.vouches_for(""));
        for byte in 0..file.len() {
            let mut bytes = file.clone().into_bytes();
            bytes[byte] ^= 1;
            let is_found = String::from_utf8(bytes)
                .map_or(true, |text| Certificate::open(&text, log_key().verifier()).is_err());
            assert!(is_found, "byte {byte}");
        }
    }

    #[test]
    fn a_certificate_is_of_this_log_and_of_this_form() {
        let check = |from: &str, to: &str| {
            let (good, of) = (text(), scope("eastbrook"));
            assert!(good.contains(from), "{from}");
            let file = file(&good.replacen(from, to, 1), |digest| certified(&of, digest));
            assert_eq!(Certificate::open(&file, log_key().verifier()), Err(NotACertificate::Form), "{to}");
        };
        check("destruction v1", "destruction v2");
        check("log: log.example", "log: dog.example");
        check("destroyed: source ", "destroyed: town ");
        check("erased: 2", "erased: on 2");
    }

    #[test]
    fn the_end_of_an_agreement_is_certified_by_its_own_entry() {
        let agreement = |id: &str| Scope::Agreement(Code::new(id).expect("a code"));
        let statement = Statement::new(log_key().verifier().name(), 1, &agreement("a-1"), at());
        let open = |of: &Scope| {
            let file = file(statement.text(), |digest| certified(of, digest));
            Certificate::open(&file, log_key().verifier()).map(|certificate| certificate.scope)
        };
        assert_eq!(open(&agreement("a-1")), Ok(agreement("a-1")));
        assert_eq!(open(&agreement("a-2")), Err(NotACertificate::Entry));
        assert_eq!(
            open(&scope("a-1")),
            Err(NotACertificate::Entry),
            "a source of that name is another thing"
        );
    }

    #[test]
    fn an_entry_of_something_else_proves_no_certificate() {
        let check = |entry: &dyn Fn(Hash) -> Entry, expected: NotACertificate| {
            let file = file(&text(), entry);
            assert_eq!(Certificate::open(&file, log_key().verifier()), Err(expected));
        };
        check(&|digest| certified(&scope("northfield"), digest), NotACertificate::Entry);
        let erased = |digest| Entry {
            response_digest: Some(digest),
            ..Entry::destroys(at(), &scope("eastbrook"), "erase", Some(7))
        };
        check(&erased, NotACertificate::Entry);
        let other = |_| certified(&scope("eastbrook"), Hash::of(b"another note"));
        check(&other, NotACertificate::Receipt(ReceiptError::Response));
    }
}
