//! Random bytes of a request about somebody: its digest is in the log for good, and without them names and numbers could be
//! tried on it.

use crate::audit::Call;
use crate::records::Violation;

/// How many there are, at the least.
const LENGTH: usize = 16;

/// What is wrong with them; nothing where they are enough.
pub(super) fn check(nonce: &[u8]) -> Option<Violation> {
    let is_short = nonce.len() < LENGTH;
    is_short.then(|| Violation::new("nonce", "too_short", "is less than 16 random bytes"))
}

/// The call as it goes on record: the digest of its request only where there are enough of them.
pub(super) fn on_record(call: &Call, nonce: &[u8]) -> Call {
    Call { request_digest: call.request_digest.filter(|_| check(nonce).is_none()), ..call.clone() }
}
