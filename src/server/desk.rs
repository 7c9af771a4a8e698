//! The desk every call passes: who is calling, may they, and the entry that says so.
//!
//! A call is admitted when its certificate names a registered, active organization in a role that may
//! make it. Whatever happens then, allowed or refused, is in the access log before anything leaves,
//! and the proof of that travels with the answer.

use super::connection::Connection;
use super::limits::{Busy, Limit, Limits, Running};
use super::peer::{Peer, Role};
use super::recorded::{Begun, failed};
use super::standing::Standing;
use super::status::{self, Told};
use crate::api::RECEIPT;
use crate::audit::{Call, Entry, Hash, Receipt};
use crate::calendar::Timestamp;
use crate::store::{self, Store};
use http::Extensions;
use prost::Message;
use std::sync::Arc;
use std::time::Duration;
use tonic::metadata::{BinaryMetadataValue, MetadataMap};
use tonic::{Code, Request, Response, Status};

/// How long an organization that asks for too much waits to be told so, at the least and at the most: with 64 calls at a time it
/// gets some 600 refusals a second, and not the 6,500 that took the better part of two cores. Some wait longer than others, or
/// all would come back at once.
const REFUSAL_AFTER: (Duration, Duration) = (Duration::from_millis(50), Duration::from_millis(150));

/// What every service needs to admit and answer calls.
#[derive(Clone)]
pub(super) struct Desk {
    pub(super) store: Store,
    pub(super) limits: Limits,
    pub(super) standing: Arc<Standing>,
    /// Some changes are made by two people.
    pub(super) two_people: bool,
}

/// An RPC: its name in the log, and the roles that may call it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rpc {
    pub(super) name: &'static str,
    pub(super) roles: &'static [Role],
}

/// A caller who was let in.
pub(super) struct Admitted {
    pub(super) peer: Peer,
    pub(super) call: Call,
    /// Counts against the organization's limit for as long as it lives.
    _running: Running,
}

impl Desk {
    /// Lets a caller in with a request, or logs the refusal and says why.
    pub(super) async fn admit<M: Message>(
        &self,
        rpc: Rpc,
        request: Request<M>,
    ) -> Result<(Admitted, M), Status> {
        let content = request.get_ref().encode_to_vec();
        let admitted = self.let_in(rpc, request.extensions(), Some(&content)).await?;
        Ok((admitted, request.into_inner()))
    }

    /// Lets a caller in whose request is a stream: its messages hold records, and no digest of them is kept.
    pub(super) async fn admit_stream<T>(&self, rpc: Rpc, request: &Request<T>) -> Result<Admitted, Status> {
        self.let_in(rpc, request.extensions(), None).await
    }

    async fn let_in(
        &self,
        rpc: Rpc,
        extensions: &Extensions,
        content: Option<&[u8]>,
    ) -> Result<Admitted, Status> {
        let connection = Connection::of(extensions);
        // The layer around every call has begun it.
        let begun = extensions.get::<Begun>().cloned().unwrap_or_else(Begun::new);
        let call = call(rpc.name, content, connection, begun.request_id());
        begun.note(&call);
        if self.standing.is_unsound() {
            // Not on record: each entry would make another log of it.
            return Err(Standing::refusal());
        }
        let peer = match connection.map(|connection| &connection.peer) {
            Some(Ok(peer)) => peer.clone(),
            Some(Err(_)) | None => {
                let status = status::status(
                    Code::Unauthenticated,
                    "NOT_A_PEER",
                    "the certificate names no organization",
                );
                return Err(self.refuse(&call, Told { rule: "peer.certificate", status }).await);
            }
        };
        let known = self.store.organization(&peer.organization).await;
        let known = known.map_err(|error| status::store(&error, &call.request_id).status)?;
        let refusal = match known {
            None => Some("organization.unknown"),
            Some(organization) if !organization.active => Some("organization.suspended"),
            Some(organization) if !organization.roles.contains(peer.role.as_str()) => {
                Some("organization.role")
            }
            Some(_) => None,
        };
        if let Some(rule) = refusal {
            // Unknown, suspended and not in that role look alike from outside.
            let message = "the organization is not registered for this: ask the data steward";
            let status = status::status(Code::PermissionDenied, "NOT_REGISTERED", message);
            return Err(self.refuse(&call, Told { rule, status }).await);
        }
        if !rpc.roles.contains(&peer.role) {
            let status =
                status::status(Code::PermissionDenied, "WRONG_ROLE", "this role may not make this call");
            return Err(self.refuse(&call, Told { rule: "peer.role", status }).await);
        }
        match self.limits.admit(&peer.organization, std::time::Instant::now()) {
            Ok(running) => Ok(Admitted { peer, call, _running: running }),
            Err(busy) => {
                // Who asks again at once would keep the service busy with refusals, each an entry of the log, and others would
                // wait for that: so who asks for too much waits.
                let waits = if busy.limit == Limit::Service { Duration::ZERO } else { refused_after(&call) };
                tokio::time::sleep(waits).await;
                let busy = Busy { retry_after: busy.retry_after.saturating_sub(waits), ..busy };
                let (code, message) = (Code::ResourceExhausted, busy.to_string());
                let status = status::later(code, "TOO_MANY_CALLS", &message, busy.retry_after);
                Err(self.refuse(&call, Told { rule: busy.limit.rule(), status }).await)
            }
        }
    }

    /// Puts on record that work on a call begins which looks at records of people: before it looks at any.
    pub(super) async fn intend(&self, call: &Call) -> Result<(), Status> {
        let entry = call.intended(None, None);
        match self.store.transaction("intended", move |tx| tx.log_unproven(&entry)).await {
            Ok(store::Committed::<()> { .. }) => Ok(()),
            Err(error) => Err(self.refuse(call, status::store(&error, &call.request_id)).await),
        }
    }

    /// A call that could not be read, so that nothing is known of it but who made it.
    pub(super) fn unread(connection: Option<&Connection>, request_id: &str) -> Call {
        call("Unknown", None, connection, request_id)
    }

    /// Does the work of a call that goes on behind its stream of answers. A panic is its outcome, on record like any other.
    pub(super) async fn work<T: Send + 'static>(
        &self,
        call: &Call,
        work: impl Future<Output = Result<T, Status>> + Send + 'static,
    ) -> Result<T, Status> {
        match tokio::spawn(work).await {
            Ok(done) => done,
            Err(_) => Err(self.refuse(call, failed(call)).await),
        }
    }

    /// Logs a refusal and gives back its status, with the receipt.
    pub(super) async fn refuse(&self, call: &Call, told: Told) -> Status {
        if self.standing.is_unsound() {
            return Standing::refusal();
        }
        let entry = call.refused(told.rule);
        let logged = self.store.transaction("refused", move |tx| tx.log(&entry)).await;
        let mut status = told.status;
        match logged.map(|committed: store::Committed<()>| committed.receipt) {
            Ok(receipt) => {
                tracing::info!(rpc = call.rpc, rule = told.rule, request_id = %call.request_id, "refused");
                if let Some(receipt) = &receipt {
                    attach(status.metadata_mut(), receipt);
                }
                status
            }
            // Not even the refusal leaves unlogged: the caller hears that the service can not go on.
            Err(error) => status::store(&error, &call.request_id).status,
        }
    }

    /// What the caller sees of a stream that can not be read further. A message that is too large or not
    /// one of the interface is a refusal and is logged; a client that went away is neither.
    pub(super) async fn unreadable(&self, call: &Call, error: Status) -> Status {
        let told = match error.code() {
            // The transport's own words for a message over the limit, and for one that does not decode.
            Code::OutOfRange => status::too_large("a message is larger than the service takes"),
            Code::Internal => Told {
                rule: "push.malformed",
                status: status::status(
                    Code::InvalidArgument,
                    "MALFORMED",
                    "a message can not be read as one of a push",
                ),
            },
            _ => return error,
        };
        self.refuse(call, told).await
    }

    /// Logs an allowed call that discloses no table, and answers it.
    pub(super) async fn answer<M: Message>(&self, call: &Call, message: M) -> Result<Response<M>, Status> {
        let entry = answered(call, &message);
        let logged = self.store.transaction("answered", move |tx| tx.log(&entry)).await;
        let committed: store::Committed<()> =
            logged.map_err(|error: store::Error| status::store(&error, &call.request_id).status)?;
        Ok(with_receipt(message, &committed))
    }

    /// What the caller sees of a failure while looking something up.
    pub(super) async fn look<T, F>(&self, call: &Call, look: F) -> Result<T, Status>
    where
        T: Send + 'static,
        F: FnOnce(&store::Snapshot<'_>) -> Result<T, store::Error> + Send + 'static,
    {
        match self.store.read(look).await {
            Ok(value) => Ok(value),
            Err(error) => Err(self.refuse(call, status::store(&error, &call.request_id)).await),
        }
    }
}

/// How long a refused call waits, by its id, whose digits are of chance.
fn refused_after(call: &Call) -> Duration {
    let (least, most) = REFUSAL_AFTER;
    let digits = call.request_id.get(..2).and_then(|digits| u32::from_str_radix(digits, 16).ok());
    least + (most - least) * digits.unwrap_or(0) / 256
}

/// The entry of an allowed call that discloses no table.
pub(super) fn answered(call: &Call, message: &impl Message) -> Entry {
    call.allowed(Some(Hash::of(&message.encode_to_vec())))
}

/// An answer with the proof of its entry.
pub(super) fn with_receipt<M>(message: M, committed: &store::Committed<()>) -> Response<M> {
    let mut response = Response::new(message);
    if let Some(receipt) = &committed.receipt {
        attach(response.metadata_mut(), receipt);
    }
    response
}

/// Puts a receipt into a call's metadata.
pub(super) fn attach(metadata: &mut MetadataMap, receipt: &Receipt) {
    metadata.insert_bin(RECEIPT, BinaryMetadataValue::from_bytes(&receipt.encode_to_vec()));
}

/// A call that begins now, with what the certificate says of the caller.
fn call(
    rpc: &'static str,
    content: Option<&[u8]>,
    connection: Option<&Connection>,
    request_id: &str,
) -> Call {
    let peer = connection.and_then(|connection| connection.peer.as_ref().ok());
    Call {
        time: Timestamp::now(),
        request_id: request_id.to_owned(),
        organization: peer.map(|peer| peer.organization.clone()),
        role: peer.map(|peer| peer.role.as_str()),
        principal: peer.and_then(|peer| peer.principal.clone()),
        certificate_serial: peer.map(|peer| peer.serial.clone()),
        rpc,
        request_digest: content.map(Hash::of),
        agreement: None,
    }
}
