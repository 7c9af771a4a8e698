//! `IngestService`: records in, a verdict for each, acknowledged after the durable commit.
//!
//! A stream is a pipeline of three steps, each at most a few batches ahead of the next, so that a batch
//! is encoded while the one before it commits and a slow disk slows the client down:
//! parse and encode, hand to the writer in order, acknowledge in order.

use super::desk::{Admitted, Desk, Rpc};
use super::peer::Role;
use super::status::{self, Told};
use crate::api::{incoming, v1 as pb};
use crate::audit::Call;
use crate::identity::KeyId;
use crate::ingest::{self, Accepting, Batch, Intake, MAX_RECORDS, Prepared};
use crate::records::{Code as Word, OrgId, Violation};
use crate::store::Outcome;
use pb::ingest_service_server::IngestService;
use pb::push_request::Message as Sent;
use pb::push_response::Message as Reply;
use prost::Message;
use std::convert::Infallible;
use std::future::pending;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Code, Request, Response, Status, Streaming};

const PUSH: Rpc = Rpc { name: "Push", roles: &[Role::Contributor] };
const GET_DELIVERY: Rpc = Rpc { name: "GetDelivery", roles: &[Role::Contributor] };

/// Batches between one step of a stream and the next.
const AHEAD: usize = 3;

/// The service for contributors.
pub(super) struct Ingest {
    pub(super) desk: Desk,
    pub(super) intake: Intake,
}

/// What the steps of one stream share.
struct Delivery {
    desk: Desk,
    intake: Intake,
    source: OrgId,
    agreement: String,
    id: String,
    /// The linkage keys that the client encodes with.
    linkage_keys: Vec<KeyId>,
    admitted: Admitted,
}

type Replies = mpsc::Sender<Result<pb::PushResponse, Status>>;
/// What a step hands to the next: a batch, or why the stream ends after the batches before it.
type Preparing = Result<(u64, String, JoinHandle<Prepared>), Status>;
type Taken = Result<(u64, String, Call, Accepting), Status>;

#[tonic::async_trait]
impl IngestService for Ingest {
    type PushStream = ReceiverStream<Result<pb::PushResponse, Status>>;

    async fn push(
        &self,
        request: Request<Streaming<pb::PushRequest>>,
    ) -> Result<Response<Self::PushStream>, Status> {
        let admitted = self.desk.admit(PUSH, &request, None).await?;
        let mut stream = request.into_inner();
        let first = match stream.message().await {
            Ok(first) => first,
            Err(error) => return Err(self.desk.unreadable(&admitted.call, error).await),
        };
        let open = match first {
            Some(pb::PushRequest { message: Some(Sent::Open(open)) }) => open,
            _ => {
                return Err(self
                    .refuse(&admitted.call, "push.not_opened", "the first message must open a delivery")
                    .await);
            }
        };
        let mut wrong = Vec::new();
        for (field, text) in [("open.delivery", &open.delivery), ("open.agreement", &open.agreement)] {
            if let Err(error) = Word::new(text) {
                wrong.push(Violation::new(field, "not_a_code", &error.to_string()));
            }
        }
        let linkage_keys = keys("open.linkage_keys", &open.linkage_keys, &mut wrong);
        if !wrong.is_empty() {
            let told = Told { rule: "push.malformed", status: status::violations(&wrong) };
            return Err(self.desk.refuse(&admitted.call, told).await);
        }
        let delivery = Delivery {
            desk: self.desk.clone(),
            intake: self.intake.clone(),
            source: admitted.peer.organization.clone(),
            agreement: open.agreement,
            id: open.delivery,
            linkage_keys,
            admitted,
        };
        let opened = delivery.open().await?;
        let (replies, outgoing) = mpsc::channel(AHEAD);
        // There is room for the first message: the channel is new.
        let _ = replies.send(Ok(pb::PushResponse { message: Some(Reply::Opened(opened)) })).await;
        tokio::spawn(delivery.run(stream, replies));
        Ok(Response::new(ReceiverStream::new(outgoing)))
    }

    async fn get_delivery(
        &self,
        request: Request<pb::GetDeliveryRequest>,
    ) -> Result<Response<pb::GetDeliveryResponse>, Status> {
        let content = request.get_ref().encode_to_vec();
        let admitted = self.desk.admit(GET_DELIVERY, &request, Some(&content)).await?;
        let (source, request) = (admitted.peer.organization.clone(), request.into_inner());
        let mut wrong = Vec::new();
        let linkage_keys = keys("linkage_keys", &request.linkage_keys, &mut wrong);
        if !wrong.is_empty() {
            let told = Told { rule: "delivery.malformed", status: status::violations(&wrong) };
            return Err(self.desk.refuse(&admitted.call, told).await);
        }
        let delivery = request.delivery;
        let look = move |snapshot: &crate::store::Snapshot<'_>| {
            let Some(source) = snapshot.source(&source)? else {
                return Ok(pb::GetDeliveryResponse::default());
            };
            let newest = snapshot.linkage_keys()?.newest_of(&linkage_keys);
            let verdicts = snapshot.delivery_verdicts(source, &delivery, newest)?;
            let all =
                [Outcome::New, Outcome::Changed, Outcome::Unchanged, Outcome::Deleted, Outcome::Refused];
            let count = |outcome| verdicts.iter().map(|verdict| verdict.count(outcome)).sum();
            Ok(pb::GetDeliveryResponse {
                acknowledged_through: snapshot.acknowledged_through(source, &delivery, newest)?,
                outcomes: all.into_iter().map(count).collect(),
            })
        };
        let response = self.desk.look(&admitted.call, look).await?;
        self.desk.answer(&admitted.call, response).await
    }
}

impl Ingest {
    async fn refuse(&self, call: &Call, rule: &'static str, message: &str) -> Status {
        let told = Told { rule, status: status::status(Code::InvalidArgument, "MALFORMED", message) };
        self.desk.refuse(call, told).await
    }
}

impl Delivery {
    /// Checks the agreement, logs the opening, and says where to go on.
    async fn open(&self) -> Result<pb::DeliveryOpened, Status> {
        let call = self.admitted.call.clone();
        let opening = ingest::open(
            &self.desk.store,
            self.source.clone(),
            self.agreement.clone(),
            self.id.clone(),
            self.linkage_keys.clone(),
            call,
        );
        match opening.await {
            Ok((ingest::Opened { acknowledged_through, keys }, receipt)) => Ok(pb::DeliveryOpened {
                acknowledged_through,
                linkage_key: keys.current.map_or_else(String::new, |key| key.to_string()),
                next_linkage_key: keys.next.map_or_else(String::new, |key| key.to_string()),
                max_records: MAX_RECORDS as u32,
                encoded_only: matches!(self.intake, Intake::EncodedOnly),
                receipt: Some(receipt),
            }),
            Err(error) => {
                let told = status::ingest(&error, &self.admitted.call.request_id);
                Err(self.desk.refuse(&self.admitted.call, told).await)
            }
        }
    }

    /// Runs the three steps until the client is done, gone, or sent something that ends the stream.
    async fn run(self, stream: Streaming<pb::PushRequest>, replies: Replies) {
        let (preparing, prepared) = mpsc::channel(AHEAD);
        let (accepting, accepted) = mpsc::channel(AHEAD);
        let feeding = async {
            tokio::join!(self.prepare(stream, preparing), self.accept(prepared, accepting));
            pending::<Infallible>().await
        };
        // The last step knows when it is over. A client that goes on sending, or keeps the stream open,
        // must not keep its own refusal waiting.
        let ended = tokio::select! {
            ended = self.acknowledge(accepted, &replies) => ended,
            never = feeding => match never {},
        };
        if let Err(status) = ended {
            // A client that went away hears nothing.
            let _ = replies.send(Err(status)).await;
        }
    }

    async fn prepare(&self, mut stream: Streaming<pb::PushRequest>, preparing: mpsc::Sender<Preparing>) {
        while let Some(next) = self.next(&mut stream).await {
            let ends = next.is_err();
            if preparing.send(next).await.is_err() || ends {
                break;
            }
        }
    }

    /// The next batch of the client, being encoded; nothing at the end.
    async fn next(&self, stream: &mut Streaming<pb::PushRequest>) -> Option<Preparing> {
        let wire = match stream.message().await {
            Ok(Some(pb::PushRequest { message: Some(Sent::Batch(wire)) })) => wire,
            Ok(Some(_)) => {
                return Some(Err(self
                    .malformed("a delivery is opened once, then only batches follow")
                    .await));
            }
            Ok(None) => return None,
            Err(error) => return Some(Err(self.desk.unreadable(&self.admitted.call, error).await)),
        };
        let n_records = wire.records.len();
        if n_records > MAX_RECORDS {
            let message = format!("a batch has at most {MAX_RECORDS} records");
            return Some(Err(self.desk.refuse(&self.admitted.call, status::too_large(&message)).await));
        }
        if Word::new(&wire.batch).is_err() || wire.sequence == 0 || n_records == 0 {
            return Some(Err(self.malformed("a batch has an id, a sequence from 1 and records").await));
        }
        let (sequence, id) = (wire.sequence, wire.batch.clone());
        let (store, intake, source) = (self.desk.store.clone(), self.intake.clone(), self.source.clone());
        let (delivery, linkage_keys) = (self.id.clone(), self.linkage_keys.clone());
        let encode = move || {
            let records = wire.records.into_iter().map(incoming).collect();
            let batch = Batch { delivery, id: wire.batch, sequence, linkage_keys, records };
            ingest::prepare(&store, &intake, &source, batch)
        };
        Some(Ok((sequence, id, tokio::task::spawn_blocking(encode))))
    }

    async fn accept(&self, mut prepared: mpsc::Receiver<Preparing>, accepting: mpsc::Sender<Taken>) {
        while let Some(preparing) = prepared.recv().await {
            let taken = self.take(preparing).await;
            let ends = taken.is_err();
            if accepting.send(taken).await.is_err() || ends {
                break;
            }
        }
    }

    /// Gives an encoded batch its place in the writer's queue.
    async fn take(&self, preparing: Preparing) -> Taken {
        let (sequence, id, preparing) = preparing?;
        let call = self.admitted.call.again(crate::calendar::Timestamp::now());
        let prepared = preparing.await.map_err(|_| status::internal(&call.request_id))?;
        let (source, agreement) = (self.source.clone(), self.agreement.clone());
        let taking = ingest::accept(&self.desk.store, source, agreement, prepared, call.clone());
        match taking.await {
            Ok(accepting) => Ok((sequence, id, call, accepting)),
            Err(error) => Err(status::ingest(&error, &call.request_id).status),
        }
    }

    async fn acknowledge(
        &self,
        mut accepted: mpsc::Receiver<Taken>,
        replies: &Replies,
    ) -> Result<(), Status> {
        while let Some(taken) = accepted.recv().await {
            let (sequence, batch, call, accepting) = taken?;
            let acknowledgement = match accepting.acknowledged().await {
                Ok(acknowledgement) => acknowledgement,
                Err(error) => {
                    return Err(self.desk.refuse(&call, status::ingest(&error, &call.request_id)).await);
                }
            };
            let verdict = acknowledgement.verdict;
            let reply = pb::BatchVerdict {
                batch,
                sequence,
                outcomes: verdict.outcomes.iter().map(|&outcome| outcome as i32 + 1).collect(),
                violations: verdict.violations.into_iter().map(violation).collect(),
                repeated: acknowledgement.repeated,
                receipt: Some(acknowledgement.receipt),
            };
            if replies.send(Ok(pb::PushResponse { message: Some(Reply::Verdict(reply)) })).await.is_err() {
                break;
            }
        }
        Ok(())
    }

    async fn malformed(&self, message: &str) -> Status {
        let told = Told {
            rule: "push.malformed",
            status: status::status(Code::InvalidArgument, "MALFORMED", message),
        };
        self.desk.refuse(&self.admitted.call, told).await
    }
}

/// Ids of linkage keys; each that is none is among what is wrong.
fn keys(field: &str, ids: &[String], wrong: &mut Vec<Violation>) -> Vec<KeyId> {
    let mut read = |(at, id): (usize, &String)| {
        let key = KeyId::parse(id);
        if key.is_none() {
            wrong.push(Violation::new(
                &format!("{field}[{at}]"),
                "malformed",
                "is not 12 hexadecimal digits",
            ));
        }
        key
    };
    ids.iter().enumerate().filter_map(&mut read).collect()
}

fn violation((record, violation): (u32, Violation)) -> pb::Violation {
    pb::Violation { record, field: violation.field, code: violation.code, reason: violation.reason }
}
