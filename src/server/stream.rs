//! A push under way: the messages of one delivery, answered in order.
//!
//! A stream is a pipeline of three steps, each at most a few batches ahead of the next, so that a batch
//! is encoded while the one before it commits and a slow disk slows the client down:
//! parse and encode, hand to the writer in order, acknowledge in order.

use super::desk::{Admitted, Desk};
use super::recorded::failed;
use super::remembering::Memory;
use super::status::{self, Told};
use super::whole;
use crate::api::{incoming, kind_to, v1 as pb};
use crate::audit::Call;
use crate::identity::KeyId;
use crate::ingest::{
    self, Accepting, Acknowledgement, Batch, DryRun, Intake, MAX_RECORDS, Part, Prepared, Whole,
};
use crate::records::{Code as Word, Kind, OrgId, Violation};
use pb::push_request::Message as Sent;
use pb::push_response::Message as Reply;
use std::collections::BTreeMap;
use std::convert::Infallible;
use std::future::pending;
use std::sync::Arc;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Code, Response, Status, Streaming};

/// Batches between one step of a stream and the next.
const AHEAD: usize = 3;

/// What the steps of one stream share.
pub(super) struct Delivery {
    pub(super) desk: Desk,
    pub(super) intake: Intake,
    pub(super) source: OrgId,
    pub(super) agreement: String,
    pub(super) id: String,
    /// The linkage keys that the client encodes with.
    pub(super) linkage_keys: Vec<KeyId>,
    /// What the dry run would have stored, where it is one.
    pub(super) dry_run: Option<DryRun>,
    /// What the files are whole about.
    pub(super) parts: BTreeMap<Kind, Part>,
    pub(super) admitted: Admitted,
    /// The place among what the service remembers, where it has to.
    pub(super) _memory: Option<Memory>,
}

type Replies = mpsc::Sender<Result<pb::PushResponse, Status>>;
/// What a step hands to the next: a message, or why the stream ends after the ones before it.
type Preparing = Result<Prepare, Status>;
type Taken = Result<Taking, Status>;

/// A message of the client.
enum Prepare {
    /// A batch, being encoded.
    Batch(u64, String, JoinHandle<Prepared>),
    /// All keys of whole files are there.
    Compare(Arc<Whole>),
    /// What whole files do not have is to be ended.
    End(pb::EndAbsent, Arc<Whole>),
}

/// An answer under way.
enum Taking {
    /// A batch in the writer's queue.
    Batch(u64, String, Call, Accepting),
    /// An answer that is on record.
    Answered(Reply),
}

/// The keys of whole files, while they come in.
#[derive(Default)]
enum Keys {
    /// Nothing was said of keys.
    #[default]
    None,
    Coming(Whole),
    /// The last message has come.
    All(Arc<Whole>),
}

impl Delivery {
    /// Opens the delivery, and answers its messages from then on.
    pub(super) async fn answer(
        self,
        stream: Streaming<pb::PushRequest>,
    ) -> Result<Response<ReceiverStream<Result<pb::PushResponse, Status>>>, Status> {
        let opened = self.open().await?;
        let (replies, outgoing) = mpsc::channel(AHEAD);
        // There is room for the first message: the channel is new.
        let _ = replies.send(Ok(pb::PushResponse { message: Some(Reply::Opened(opened)) })).await;
        let (desk, call) = (self.desk.clone(), self.admitted.call.clone());
        tokio::spawn(async move {
            let (last, running) = (replies.clone(), self.run(stream, replies));
            if let Err(status) = desk.work(&call, running).await {
                // A client that went away hears nothing.
                let _ = last.send(Err(status)).await;
            }
            desk.store.put_away().await;
        });
        Ok(Response::new(ReceiverStream::new(outgoing)))
    }

    /// Checks the agreement, logs the opening, and says where to go on.
    async fn open(&self) -> Result<pb::DeliveryOpened, Status> {
        let call = self.admitted.call.clone();
        let opening = ingest::open(
            &self.desk.store,
            self.source.clone(),
            self.agreement.clone(),
            self.id.clone(),
            self.linkage_keys.clone(),
            self.dry_run.is_some(),
            call,
        );
        match opening.await {
            Ok((ingest::Opened { acknowledged_through, keys, kinds }, receipt)) => Ok(pb::DeliveryOpened {
                acknowledged_through,
                linkage_key: keys.current.map_or_else(String::new, |key| key.to_string()),
                next_linkage_key: keys.next.map_or_else(String::new, |key| key.to_string()),
                max_records: MAX_RECORDS as u32,
                encoded_only: matches!(self.intake, Intake::EncodedOnly),
                receipt: Some(receipt),
                kinds: kinds.into_iter().map(kind_to).collect(),
                dry_run: self.dry_run.is_some(),
            }),
            Err(error) => {
                let told = status::ingest(&error, &self.admitted.call.request_id);
                Err(self.desk.refuse(&self.admitted.call, told).await)
            }
        }
    }

    /// Runs the three steps until the client is done, gone, or sent something that ends the stream.
    async fn run(self, stream: Streaming<pb::PushRequest>, replies: Replies) -> Result<(), Status> {
        let (preparing, prepared) = mpsc::channel(AHEAD);
        let (accepting, accepted) = mpsc::channel(AHEAD);
        let feeding = async {
            tokio::join!(self.prepare(stream, preparing), self.accept(prepared, accepting));
            pending::<Infallible>().await
        };
        // The last step knows when it is over. A client that goes on sending, or keeps the stream open,
        // must not keep its own refusal waiting.
        tokio::select! {
            ended = self.acknowledge(accepted, &replies) => ended,
            never = feeding => match never {},
        }
    }

    async fn prepare(&self, mut stream: Streaming<pb::PushRequest>, preparing: mpsc::Sender<Preparing>) {
        let mut keys = Keys::default();
        while let Some(next) = self.next(&mut stream, &mut keys).await {
            let ends = next.is_err();
            if preparing.send(next).await.is_err() || ends {
                break;
            }
        }
    }

    /// The next message of the client that is answered; nothing at the end.
    async fn next(&self, stream: &mut Streaming<pb::PushRequest>, keys: &mut Keys) -> Option<Preparing> {
        loop {
            let message = match stream.message().await {
                Ok(Some(pb::PushRequest { message: Some(message) })) => message,
                Ok(Some(_)) => return Some(Err(self.malformed("a message is empty").await)),
                Ok(None) => return None,
                Err(error) => return Some(Err(self.desk.unreadable(&self.admitted.call, error).await)),
            };
            return Some(match message {
                Sent::Batch(wire) => self.batch(wire).await,
                Sent::Keys(wire) => match self.keys(wire, keys).await {
                    Ok(None) => continue,
                    Ok(Some(whole)) => Ok(Prepare::Compare(whole)),
                    Err(status) => Err(status),
                },
                Sent::End(end) => match &*keys {
                    Keys::All(whole) if self.dry_run.is_none() => Ok(Prepare::End(end, whole.clone())),
                    _ => {
                        Err(self.malformed("only a delivery of whole files, after its keys, is ended").await)
                    }
                },
                Sent::Open(_) => Err(self.malformed("a delivery is opened once, then batches follow").await),
            });
        }
    }

    /// Takes keys in; all of them, when these were the last.
    async fn keys(&self, wire: pb::FileKeys, keys: &mut Keys) -> Result<Option<Arc<Whole>>, Status> {
        let mut whole = match std::mem::take(keys) {
            Keys::None if !self.parts.is_empty() => Whole::new(self.parts.clone()),
            Keys::Coming(whole) => whole,
            Keys::None | Keys::All(_) => {
                return Err(self
                    .malformed("keys come once, where the opening says what files are whole")
                    .await);
            }
        };
        let (is_last, intake, source) = (wire.last, self.intake.clone(), self.source.clone());
        let encode = move || whole::named(wire, &intake, &source);
        let encoded = tokio::task::spawn_blocking(encode).await;
        let named = match encoded {
            Ok(Ok(named)) => named,
            Ok(Err(wrong)) => return Err(self.malformed(wrong).await),
            Err(_) => return Err(self.failed(&self.admitted.call).await),
        };
        if let Some(Err(error)) = named.map(|named| whole.add(named)) {
            return Err(self.refuse(&self.admitted.call, &error).await);
        }
        if !is_last {
            *keys = Keys::Coming(whole);
            return Ok(None);
        }
        let whole = Arc::new(whole);
        *keys = Keys::All(whole.clone());
        Ok(Some(whole))
    }

    /// A batch, being encoded.
    async fn batch(&self, wire: pb::Batch) -> Preparing {
        let n_records = wire.records.len();
        if n_records > MAX_RECORDS {
            let message = format!("a batch has at most {MAX_RECORDS} records");
            return Err(self.desk.refuse(&self.admitted.call, status::too_large(&message)).await);
        }
        if Word::new(&wire.batch).is_err() || wire.sequence == 0 || n_records == 0 {
            return Err(self.malformed("a batch has an id, a sequence from 1 and records").await);
        }
        let (sequence, id) = (wire.sequence, wire.batch.clone());
        let (store, intake, source) = (self.desk.store.clone(), self.intake.clone(), self.source.clone());
        let (delivery, linkage_keys) = (self.id.clone(), self.linkage_keys.clone());
        let encode = move || {
            let records = wire.records.into_iter().map(incoming).collect();
            let batch = Batch { delivery, id: wire.batch, sequence, linkage_keys, records };
            ingest::prepare(&store, &intake, &source, batch)
        };
        Ok(Prepare::Batch(sequence, id, tokio::task::spawn_blocking(encode)))
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

    /// Gives an encoded batch its place in the writer's queue, or answers what is about the delivery as a whole.
    async fn take(&self, preparing: Preparing) -> Taken {
        let call = self.admitted.call.again(crate::calendar::Timestamp::now());
        let (store, source, agreement) = (&self.desk.store, self.source.clone(), self.agreement.clone());
        match preparing? {
            Prepare::Batch(sequence, id, preparing) => {
                let Ok(prepared) = preparing.await else { return Err(self.failed(&call).await) };
                let dry_run = self.dry_run.clone();
                let taking = ingest::accept(store, source, agreement, prepared, dry_run, call.clone());
                match taking.await {
                    Ok(accepting) => Ok(Taking::Batch(sequence, id, call, accepting)),
                    Err(error) => Err(self.refuse(&call, &error).await),
                }
            }
            Prepare::Compare(files) => {
                let delivery = self.id.clone();
                match ingest::compare(store, source, agreement, delivery, files, call.clone()).await {
                    Ok((absences, receipt)) => {
                        Ok(Taking::Answered(Reply::Absent(whole::absent(absences, receipt))))
                    }
                    Err(error) => Err(self.refuse(&call, &error).await),
                }
            }
            Prepare::End(wire, files) => {
                let ending = match whole::ending(wire, &self.id, &self.linkage_keys) {
                    Ok(ending) => ending,
                    Err(wrong) => return Err(self.malformed(wrong).await),
                };
                let (batch, sequence) = (ending.batch.clone(), ending.sequence);
                match ingest::end(store, source, agreement, ending, files, call.clone()).await {
                    Ok((ended, receipt)) => {
                        Ok(Taking::Answered(Reply::Ended(whole::ended(batch, sequence, ended, receipt))))
                    }
                    Err(error) => Err(self.refuse(&call, &error).await),
                }
            }
        }
    }

    async fn failed(&self, call: &Call) -> Status {
        self.desk.refuse(call, failed(call)).await
    }

    async fn refuse(&self, call: &Call, error: &ingest::Error) -> Status {
        self.desk.refuse(call, status::ingest(error, &call.request_id)).await
    }

    async fn acknowledge(
        &self,
        mut accepted: mpsc::Receiver<Taken>,
        replies: &Replies,
    ) -> Result<(), Status> {
        while let Some(taken) = accepted.recv().await {
            let reply = match taken? {
                Taking::Answered(reply) => reply,
                Taking::Batch(sequence, batch, call, accepting) => match accepting.acknowledged().await {
                    Ok(acknowledgement) => Reply::Verdict(verdict(sequence, batch, acknowledgement)),
                    Err(error) => return Err(self.refuse(&call, &error).await),
                },
            };
            if replies.send(Ok(pb::PushResponse { message: Some(reply) })).await.is_err() {
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

fn verdict(sequence: u64, batch: String, acknowledgement: Acknowledgement) -> pb::BatchVerdict {
    let Acknowledgement { verdict, repeated, receipt } = acknowledgement;
    pb::BatchVerdict {
        batch,
        sequence,
        outcomes: verdict.outcomes.iter().map(|&outcome| outcome as i32 + 1).collect(),
        violations: verdict.violations.into_iter().map(violation).collect(),
        repeated,
        receipt: Some(receipt),
    }
}

fn violation((record, violation): (u32, Violation)) -> pb::Violation {
    pb::Violation { record, field: violation.field, code: violation.code, reason: violation.reason }
}
