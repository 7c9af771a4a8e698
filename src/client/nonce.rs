//! Random bytes of a request about somebody: its digest is in the log for good.

use super::session::Error;
use ring::rand::{SecureRandom, SystemRandom};

/// Bytes that keep names and numbers from being tried on the digest of the request.
///
/// # Errors
///
/// [`Error::NoRandomness`].
pub fn nonce() -> Result<Vec<u8>, Error> {
    let mut bytes = [0; 16];
    SystemRandom::new().fill(&mut bytes).map_err(|_| Error::NoRandomness)?;
    Ok(bytes.to_vec())
}
