//! A session: a channel, the pinned key of the log, and the check of every answer.

use super::channel;
use super::complete::Incomplete;
use super::memory::Memory;
use crate::api::{RECEIPT, v1 as pb};
use crate::audit::{Entry, Hash, Proven, Receipt, ReceiptError, VerifierKey};
use crate::disclosure::ProtectedTable;
use crate::identity::KeyId;
use crate::release::Release;
use pb::admin_service_client::AdminServiceClient;
use pb::audit_service_client::AuditServiceClient;
use pb::ingest_service_client::IngestServiceClient;
use pb::release_service_client::ReleaseServiceClient;
use prost::Message;
use std::path::PathBuf;
use std::sync::Arc;
use tonic::transport::Channel;
use tonic::{Request, Response, Status};
use tonic_types::StatusExt;

/// Why there is no answer to use.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The service could not be reached.
    #[error(transparent)]
    Channel(#[from] channel::Error),
    /// The service refused, or failed.
    #[error("{}", said(.0))]
    Refused(Box<Status>),
    /// The answer came without a proof that it is on record: it is not used.
    #[error("the answer carries no receipt: it is refused")]
    NoReceipt,
    /// The proof does not hold: the answer is not used.
    #[error("the receipt does not prove the answer: it is refused")]
    NotProven(#[from] ReceiptError),
    /// The receipt is of another call.
    #[error("the receipt is of another call: it is refused")]
    OtherCall,
    /// Students are encoded with another linkage key than the one in use.
    #[error("the key file does not hold linkage key {0}, which the service links by: ask the steward for it")]
    OtherKey(KeyId),
    /// The records are fewer or more than they were to be: what they come from has changed meanwhile, or ended early.
    #[error("the files changed while they were sent: push them again")]
    OtherRecords,
    /// The log does not continue what this client has seen of it.
    #[error(
        "the access log does not continue what this client has seen of it: nothing it says is to be used. Tell the auditors, \
         and keep the evidence{}", .0.as_ref().map(|file| format!(": {}", file.display())).unwrap_or_default()
    )]
    Split(Option<PathBuf>),
    /// A list of what an organization's calls have left is not all of it, or not what it was.
    #[error(transparent)]
    Incomplete(#[from] Incomplete),
    /// The system has no random bytes to give.
    #[error("no randomness for a request")]
    NoRandomness,
    /// The answer is not what the protocol says.
    #[error("the service broke the protocol: {0}")]
    Protocol(&'static str),
}

/// What a refusal says, and the fields that were wrong, each on a line of its own.
fn said(status: &Status) -> String {
    let violations =
        status.get_details_bad_request().into_iter().flat_map(|details| details.field_violations);
    let lines = violations.map(|wrong| format!("\n  {}: {}", wrong.field, wrong.description));
    std::iter::once(status.message().to_owned()).chain(lines).collect()
}

impl From<Status> for Error {
    fn from(status: Status) -> Self {
        Self::Refused(Box::new(status))
    }
}

/// A session of one certificate with one service.
#[derive(Clone)]
pub struct Session {
    channel: Channel,
    log: VerifierKey,
    memory: Option<Arc<Memory>>,
}

/// The largest answer taken, in bytes.
const MAX_ANSWER: usize = 64 * 1024 * 1024;

impl Session {
    /// A session over a channel, with the log's key as the client has pinned it.
    #[must_use]
    pub const fn new(channel: Channel, log: VerifierKey) -> Self {
        Self { channel, log, memory: None }
    }

    /// A session that compares the log with what was seen of it: see [`Session::witness`].
    #[must_use]
    pub fn remembering(self, memory: Memory) -> Self {
        Self { memory: Some(Arc::new(memory)), ..self }
    }

    pub(super) fn memory(&self) -> Option<&Memory> {
        self.memory.as_deref()
    }

    /// Checks a receipt, and takes down the checkpoint that it leads to.
    fn check(
        &self,
        receipt: &Receipt,
        asked: Option<&Hash>,
        answered: Option<&Hash>,
    ) -> Result<Entry, Error> {
        let proven = receipt.verify(&self.log, asked, answered)?;
        self.note(receipt, &proven)?;
        Ok(proven.entry)
    }

    /// Takes a proven receipt down, where there is a memory.
    pub(super) fn note(&self, receipt: &Receipt, proven: &Proven) -> Result<(), Error> {
        match self.memory() {
            Some(memory) if !memory.note(receipt, proven.entry.time, &proven.checkpoint) => {
                Err(Error::Split(memory.keep_evidence(vec![receipt.to_saved()]).ok()))
            }
            _ => Ok(()),
        }
    }

    /// The pinned key of the log.
    #[must_use]
    pub const fn log_key(&self) -> &VerifierKey {
        &self.log
    }

    /// The service for contributors.
    #[must_use]
    pub fn ingest(&self) -> IngestServiceClient<Channel> {
        IngestServiceClient::new(self.channel.clone()).max_decoding_message_size(MAX_ANSWER)
    }

    /// The service for partners.
    #[must_use]
    pub fn releases(&self) -> ReleaseServiceClient<Channel> {
        ReleaseServiceClient::new(self.channel.clone()).max_decoding_message_size(MAX_ANSWER)
    }

    /// The service for auditors.
    #[must_use]
    pub fn audit(&self) -> AuditServiceClient<Channel> {
        AuditServiceClient::new(self.channel.clone()).max_decoding_message_size(MAX_ANSWER)
    }

    /// The service for stewards.
    #[must_use]
    pub fn admin(&self) -> AdminServiceClient<Channel> {
        AdminServiceClient::new(self.channel.clone()).max_decoding_message_size(MAX_ANSWER)
    }

    /// Asks for a table and checks that the log holds this question and this answer.
    ///
    /// # Errors
    ///
    /// [`Error`]; without a valid receipt there is no table.
    pub async fn query(&self, question: pb::QueryRequest) -> Result<(ProtectedTable, Receipt), Error> {
        let asked = Hash::of(&question.encode_to_vec());
        let release: Release = self.releases().query(Request::new(question)).await?.into_inner();
        let (table, receipt) = match (release.table(), release.receipt()) {
            (Some(table), Some(receipt)) => (table.clone(), receipt.clone()),
            (None, _) => return Err(Error::Protocol("a release without a table")),
            (_, None) => return Err(Error::NoReceipt),
        };
        self.check(&receipt, Some(&asked), Some(&Hash::new(table.digest())))?;
        Ok((table, receipt))
    }

    /// Checks an answer whose receipt travels in the metadata: it must bind the request and the answer.
    ///
    /// # Errors
    ///
    /// [`Error`]; without a valid receipt the answer is not used.
    pub fn proven<M: Message>(&self, request: &[u8], response: Response<M>) -> Result<M, Error> {
        Ok(self.proven_entry(request, response)?.0)
    }

    /// The same, with the entry.
    pub(super) fn proven_entry<M: Message>(
        &self,
        request: &[u8],
        response: Response<M>,
    ) -> Result<(M, Entry), Error> {
        let (message, receipt) = with_receipt(response)?;
        let (asked, answered) = (Hash::of(request), Hash::of(&message.encode_to_vec()));
        let entry = self.check(&receipt, Some(&asked), Some(&answered))?;
        Ok((message, entry))
    }

    /// Checks that a receipt that came in a stream binds the request and the answer.
    ///
    /// # Errors
    ///
    /// [`Error::NoReceipt`], [`Error::NotProven`]: the answer is not used.
    pub fn binds(
        &self,
        receipt: Option<&Receipt>,
        request: &[u8],
        answer: &impl Message,
    ) -> Result<(), Error> {
        let (asked, answered) = (Hash::of(request), Hash::of(&answer.encode_to_vec()));
        self.check(receipt.ok_or(Error::NoReceipt)?, Some(&asked), Some(&answered)).map(drop)
    }

    /// Checks a receipt that came in a message, and hands over the entry it proves.
    ///
    /// # Errors
    ///
    /// [`Error::NoReceipt`], [`Error::NotProven`].
    pub fn entry(&self, receipt: Option<&Receipt>) -> Result<Entry, Error> {
        self.check(receipt.ok_or(Error::NoReceipt)?, None, None)
    }
}

/// An answer and the receipt in its metadata, which nobody has checked yet.
pub(super) fn with_receipt<M>(response: Response<M>) -> Result<(M, Receipt), Error> {
    let receipt = response.metadata().get_bin(RECEIPT).ok_or(Error::NoReceipt)?;
    let bytes = receipt.to_bytes().map_err(|_| Error::NoReceipt)?;
    let receipt = Receipt::decode(bytes).map_err(|_| Error::NoReceipt)?;
    Ok((response.into_inner(), receipt))
}
