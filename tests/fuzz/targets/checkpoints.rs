//! Notes, checkpoints, verifier keys, cosignatures, requests to a witness, certificates and changes of the log's key: all that is
//! signed; and entries that are sent with what opens them.

use super::choice;
use super::log::{FORK, KEY, LOG, ORIGIN, SIZE, WITNESSES, picked, pkcs8, signed};
use prost::Message as _;
use std::sync::LazyLock;
use throughline::api::{Logged, opening_to, v1 as pb};
use throughline::audit::witness::{TrustedLog, add_checkpoint};
use throughline::audit::{
    Certificate, Checkpoint, Entry, Head, Note, SignedCheckpoint, SignerKey, VerifierKey, open_key_change,
    root_at, witness,
};
use throughline::calendar::Timestamp;

pub(super) fn run(data: &[u8]) {
    let (way, rest) = choice(data);
    match way {
        b'n' => note(rest),
        b's' => signs(rest),
        b'k' => key(rest),
        b'q' => quorum(rest),
        b'b' => body(rest),
        b'w' => request(rest),
        b'c' => certificate(rest),
        b'x' => key_change(rest),
        b'l' => logged(rest),
        _ => {}
    }
}

/// Any bytes as a note: only what the log has signed is believed, and it is what was read.
fn note(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    if let Ok(checkpoint) = text.parse::<Checkpoint>() {
        assert_eq!(checkpoint.to_string(), text);
    }
    if let Ok(note) = Note::parse(bytes) {
        assert!(text.starts_with(note.text()));
        assert!(note.text().ends_with('\n'));
    }
    if let Ok(opened) = SignedCheckpoint::open(bytes, KEY.verifier()) {
        assert_eq!(opened.note().as_bytes(), bytes);
        // Nothing else was ever signed with this key.
        let head = opened.checkpoint().head();
        assert!(head.size <= SIZE && [&LOG, &FORK].iter().any(|log| log.head(head.size as u8) == head));
        let witnesses: Vec<VerifierKey> = WITNESSES.iter().map(|one| one.verifier().clone()).collect();
        if let Ok(found) = opened.quorum(&witnesses, 2) {
            assert!(found.len() >= 2);
        }
    }
}

/// Any text, signed by the log: it opens if and only if it is that of a checkpoint.
fn signs(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let text = format!("{text}\n");
    let note = format!("{text}\n{}", KEY.sign(&text));
    let parsed = Note::parse(note.as_bytes());
    let is_plain = !text.contains(|c: char| c < ' ' && c != '\n');
    assert_eq!(parsed.is_ok(), is_plain);
    let Ok(parsed) = parsed else { return };
    assert_eq!(parsed.text(), text);
    assert_eq!(parsed.verify([KEY.verifier()]).map(|signed| signed.len()), Ok(1));
    let opened = SignedCheckpoint::open(note.as_bytes(), KEY.verifier());
    assert_eq!(opened.is_ok(), text.parse::<Checkpoint>().is_ok());
    if let Ok(opened) = opened {
        let again = Checkpoint::new(opened.checkpoint().origin(), opened.checkpoint().head())
            .expect("its own origin");
        assert_eq!(again == *opened.checkpoint(), opened.checkpoint().extensions().is_empty());
    }
}

fn key(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Ok(key) = text.parse::<VerifierKey>() {
        assert_eq!(key.to_string(), text);
        let again = VerifierKey::new(key.name(), key.algorithm(), *key.public_key());
        assert_eq!(again.map(|again| again.id()), Ok(key.id()));
    }
    // The same name and key with the id that they have.
    let name: String = text.chars().take(40).collect();
    if let Ok(key) = VerifierKey::new(&name, KEY.verifier().algorithm(), *KEY.verifier().public_key()) {
        assert_eq!(key.to_string().parse(), Ok(key));
    }
}

/// Lines of a note, each chosen by a byte: as many witnesses count as different keys have rightly signed it.
fn quorum(places: &[u8]) {
    let head = LOG.head(9);
    let (right, other) = (signed(head), signed(LOG.head(10)));
    let now = Timestamp::from_millis(1_700_000_000_000);
    let mut note = right.note().to_owned();
    let (mut keys, mut is_wrong) = (std::collections::BTreeSet::new(), false);
    for place in places.iter().take(120) {
        let at = usize::from(place % 3);
        match place / 3 % 5 {
            0 | 1 => {
                let time =
                    if place % 2 == 0 { now } else { Timestamp::from_millis(i64::from(*place) * 1_000) };
                note.push_str(&WITNESSES[at].cosign(right.checkpoint(), time));
                keys.insert(*WITNESSES[at].verifier().public_key());
            }
            2 => {
                note.push_str(&WITNESSES[at].cosign(other.checkpoint(), now));
                is_wrong = true;
            }
            3 => note.push_str("\u{2014} somebody AAAAAAA=\n"),
            _ => note.push_str(&KEY.sign(&right.checkpoint().to_string())),
        }
    }
    let Ok(opened) = SignedCheckpoint::open(note.as_bytes(), KEY.verifier()) else {
        assert!(places.len() >= 100, "only too many lines are refused");
        return;
    };
    let witnesses: Vec<VerifierKey> = WITNESSES.iter().map(|one| one.verifier().clone()).collect();
    for n_wanted in 0..4 {
        let found = opened.quorum(&witnesses, n_wanted);
        assert_eq!(found.is_ok(), !is_wrong && keys.len() >= n_wanted, "{n_wanted} of {}", keys.len());
    }
}

static LAST: LazyLock<Head> = LazyLock::new(|| LOG.head(15));

fn trusted(origin: &str, last: Head) -> Option<TrustedLog> {
    (origin == ORIGIN).then(|| TrustedLog { keys: vec![KEY.verifier().clone()], last })
}

/// Any bytes as a request to a witness: it cosigns heads of its log alone.
fn body(bytes: &[u8]) {
    let now = Timestamp::from_millis(0);
    if let Ok(cosigned) = add_checkpoint(bytes, |origin| trusted(origin, *LAST), &WITNESSES[0], now) {
        assert_eq!(cosigned.head, LOG.head(cosigned.head.size as u8));
        assert!((LAST.size..=SIZE).contains(&cosigned.head.size));
    }
}

/// A request put together from parts of two logs, rightly signed: only what continues the last head is cosigned.
fn request(bytes: &[u8]) {
    let [which, old, last, new, places @ ..] = bytes else { return };
    let log = |bit: u8| if which >> bit & 1 == 0 { &LOG } else { &FORK };
    let (last, new) = (log(0).head(*last), log(1).head(*new));
    let body = witness::request(u64::from(*old), &picked(places), &signed(new));
    let now = Timestamp::from_millis(0);
    let answer = add_checkpoint(body.as_bytes(), |origin| trusted(origin, last), &WITNESSES[0], now);
    if let Ok(cosigned) = answer {
        assert_eq!((cosigned.head, u64::from(*old)), (new, last.size));
        let before =
            if last.size == 0 { Head::empty().root } else { root_at(&**log(1), last.size).expect("held") };
        assert_eq!(before, last.root, "the new head holds what was cosigned before");
    }
}

/// A certificate of destruction: what the corpus has was never entered in this log, so nothing is believed.
fn certificate(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    assert!(Certificate::open(text, KEY.verifier()).is_err());
    // Signed by the log, it still lacks an entry.
    if let Some((statement, proof)) = text.split_once("\n\n") {
        let statement = format!("{statement}\n");
        let file = Certificate::file(&format!("{statement}\n{}", KEY.sign(&statement)), proof);
        assert!(Certificate::open(&file, KEY.verifier()).is_err());
    }
}

/// The log's key with the one that follows it.
pub(crate) static BOTH: LazyLock<SignerKey> = LazyLock::new(|| {
    let key = SignerKey::from_pkcs8(ORIGIN, &pkcs8(7)).expect("the log's key");
    key.followed_by(&pkcs8(8)).expect("another")
});

/// Any bytes as the change of the log's key: only the one that both have signed is believed.
fn key_change(bytes: &[u8]) {
    if let Ok(next) = open_key_change(bytes, KEY.verifier()) {
        assert_eq!(Some(&next), BOTH.next());
    }
}

/// An entry as it is received: a name is taken only where the entry is committed to it.
fn logged(bytes: &[u8]) {
    let Ok(wire) = pb::LogEntry::decode(bytes) else { return };
    let Ok(logged) = Logged::try_from(wire.clone()) else { return };
    let sent = Entry::parse(&wire.entry).expect("it was read");
    match &logged.opening {
        None => assert_eq!(logged.entry, sent),
        Some(opening) => {
            assert!(Some(opening_to(opening)) == wire.opening, "it is the one that was sent");
            assert_eq!(logged.entry.committed(opening.salt).map(|(entry, _)| entry), Some(sent));
        }
    }
}
