//! A digest of the records of files: it names their delivery, and holds what is sent to what was read before.

use super::sending::Encoder;
use crate::api::{clear, v1 as pb};
use crate::records::Submission;
use prost::Message;
use ring::hmac;
use zeroize::Zeroizing;

/// Of records in their order, one that only this client can compute.
#[derive(Clone)]
pub(super) struct Digest {
    context: hmac::Context,
    is_named: bool,
}

/// What tells the records up to one from others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Mark([u8; 8]);

impl Digest {
    /// Of no record yet. Of a delivery that has a name, the records count as they are in the clear.
    pub(super) fn new(secret: &[u8], is_named: bool) -> Self {
        Self { context: hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, secret)), is_named }
    }

    /// Takes in what belongs to the records.
    pub(super) fn update(&mut self, bytes: &[u8]) {
        self.context.update(bytes);
    }

    /// Takes a record in, and makes it ready for the wire.
    pub(super) fn wire(&mut self, encoder: &Encoder, submission: Submission) -> pb::Record {
        let bytes = |record: &pb::Record| Zeroizing::new(record.encode_length_delimited_to_vec());
        // Under a name the same files are the same delivery also when another key encodes them.
        let named = self.is_named.then(|| bytes(&clear(&submission)));
        let record = encoder.wire(submission);
        self.update(&named.unwrap_or_else(|| bytes(&record)));
        record
    }

    /// Of what it has taken in so far.
    pub(super) fn mark(&self) -> Mark {
        Mark(self.first())
    }

    /// Of everything it has taken in, as the id of a delivery.
    pub(super) fn id(&self) -> String {
        self.first::<12>().iter().map(|byte| format!("{byte:02x}")).collect()
    }

    fn first<const N: usize>(&self) -> [u8; N] {
        let tag = self.context.clone().sign();
        *tag.as_ref().first_chunk().expect("HMAC-SHA-256 has 32 bytes")
    }
}
