//! Pushing a delivery: batches out, verdicts in, resumed where the service says.

use super::session::{Error, Session};
use crate::api::v1 as pb;
use crate::identity::KeyId;
use crate::records::Kind;
use crate::store::Outcome;
use pb::push_request::Message as Sent;
use pb::push_response::Message as Reply;
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::Request;

/// Where a record stands in the files it was read from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowRef {
    /// The file.
    pub file: Arc<str>,
    /// Its line, the header being 1.
    pub row: u64,
    /// The kind of record.
    pub kind: Kind,
}

/// A delivery to push.
pub struct Delivery {
    /// The client's id of it; the same records under the same id are never counted twice.
    pub id: String,
    /// The agreement it is sent under.
    pub agreement: String,
    /// The records in order, ready for the wire, with where they come from.
    pub records: mpsc::Receiver<(RowRef, pb::Record)>,
    /// Records in a batch.
    pub batch_records: usize,
    /// The linkage keys that students are encoded with; absent where they come in the clear.
    pub linkage_keys: Option<Vec<KeyId>>,
}

/// How far a push is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Progress {
    /// Records acknowledged.
    pub acknowledged: u64,
    /// Of those, records that were acknowledged in an earlier run.
    pub resumed: u64,
}

/// What became of a delivery.
#[derive(Debug, Default)]
pub struct Pushed {
    /// Records by kind and outcome.
    pub outcomes: BTreeMap<(Kind, Outcome), u64>,
    /// Refused records: where they stand, the field, the code and the reason.
    pub refused: Vec<(RowRef, pb::Violation)>,
    /// Records that an earlier run had acknowledged.
    pub resumed: u64,
    /// Batches acknowledged in this run.
    pub batches: u64,
    /// The log entry of the last batch.
    pub last_entry: Option<u64>,
    /// The linkage key that follows the one in use, when students are not encoded with it.
    pub lacks_key: Option<KeyId>,
}

impl Pushed {
    /// Records with an outcome.
    #[must_use]
    pub fn count(&self, outcome: Outcome) -> u64 {
        self.outcomes.iter().filter(|((_, each), _)| *each == outcome).map(|(_, n)| n).sum()
    }
}

/// A batch that waits for its verdict.
struct Waiting {
    sequence: u64,
    batch: String,
    rows: Vec<RowRef>,
}

/// Pushes a delivery to its end. Cut off, it can be called again with the same delivery: batches that
/// were acknowledged are not sent again.
///
/// # Errors
///
/// [`Error`]; what was acknowledged before it is in the service.
pub async fn push(
    session: &Session,
    delivery: Delivery,
    mut progress: impl FnMut(Progress),
) -> Result<Pushed, Error> {
    let Delivery { id, agreement, mut records, batch_records, linkage_keys } = delivery;
    let (requests, outgoing) = mpsc::channel(4);
    let held = linkage_keys.iter().flatten().map(ToString::to_string).collect();
    let open = pb::OpenDelivery { delivery: id.clone(), agreement, linkage_keys: held, dry_run: false, whole: vec![] };
    let open = pb::PushRequest { message: Some(Sent::Open(open)) };
    requests.send(open).await.map_err(|_| Error::Protocol("the stream closed before it opened"))?;
    let mut replies = session.ingest().push(Request::new(ReceiverStream::new(outgoing))).await?.into_inner();
    let opened = match replies.message().await?.and_then(|reply| reply.message) {
        Some(Reply::Opened(opened)) => opened,
        _ => return Err(Error::Protocol("the delivery was not opened")),
    };
    session.entry(opened.receipt.as_ref())?;
    let lacks = |key: &str| {
        let key = KeyId::parse(key)?;
        linkage_keys.as_ref().is_some_and(|keys| !keys.contains(&key)).then_some(key)
    };
    if let Some(key) = lacks(&opened.linkage_key) {
        return Err(Error::OtherKey(key));
    }
    let lacks_key = lacks(&opened.next_linkage_key);
    let waiting: Arc<Mutex<VecDeque<Waiting>>> = Arc::default();
    let (queue, limit) = (waiting.clone(), batch_records.min(opened.max_records as usize).max(1));
    let through = opened.acknowledged_through;
    let send = async move {
        let (mut sequence, mut resumed) = (0, 0_u64);
        loop {
            let mut batch = Vec::with_capacity(limit);
            if records.recv_many(&mut batch, limit).await == 0 {
                return resumed;
            }
            while batch.len() < limit {
                // A batch is always the same records: it is filled before it is cut.
                let room = limit - batch.len();
                if records.recv_many(&mut batch, room).await == 0 {
                    break;
                }
            }
            sequence += 1;
            if sequence <= through {
                resumed += batch.len() as u64;
                continue;
            }
            let (rows, records): (Vec<_>, Vec<_>) = batch.into_iter().unzip();
            let name = format!("{id}-{sequence}");
            let entry = Waiting { sequence, batch: name.clone(), rows };
            queue.lock().expect("nothing panics while it holds the queue").push_back(entry);
            let batch = pb::Batch { batch: name, sequence, records };
            if requests.send(pb::PushRequest { message: Some(Sent::Batch(batch)) }).await.is_err() {
                // The service ended the stream: its reason comes with the replies.
                return resumed;
            }
        }
    };
    let receive = async {
        let mut pushed = Pushed { lacks_key, ..Pushed::default() };
        let mut done = Progress::default();
        while let Some(reply) = replies.message().await? {
            let Some(Reply::Verdict(verdict)) = reply.message else {
                return Err(Error::Protocol("a reply that is not a verdict"));
            };
            let next = waiting.lock().expect("nothing panics while it holds the queue").pop_front();
            let next = next.filter(|next| next.sequence == verdict.sequence && next.batch == verdict.batch);
            let next = next.ok_or(Error::Protocol("a verdict on a batch that was not sent"))?;
            let entry = session.entry(verdict.receipt.as_ref())?;
            if entry.batch.as_ref().map(crate::records::Code::as_str) != Some(&next.batch) {
                return Err(Error::OtherCall);
            }
            pushed.last_entry = verdict.receipt.as_ref().map(crate::audit::Receipt::index);
            done.acknowledged += next.rows.len() as u64;
            settle(&mut pushed, verdict, next)?;
            progress(done);
        }
        Ok(pushed)
    };
    let (resumed, pushed) = tokio::join!(send, receive);
    let mut pushed = pushed?;
    if !waiting.lock().expect("nothing panics while it holds the queue").is_empty() {
        return Err(Error::Protocol("the stream ended before the last verdict"));
    }
    pushed.resumed = resumed;
    Ok(pushed)
}

fn settle(pushed: &mut Pushed, verdict: pb::BatchVerdict, batch: Waiting) -> Result<(), Error> {
    let all = [Outcome::New, Outcome::Changed, Outcome::Unchanged, Outcome::Deleted, Outcome::Refused];
    if verdict.outcomes.len() != batch.rows.len() {
        return Err(Error::Protocol("a verdict without an outcome for each record"));
    }
    for (row, outcome) in batch.rows.iter().zip(&verdict.outcomes) {
        let outcome =
            usize::try_from(*outcome).ok().and_then(|at| at.checked_sub(1)).and_then(|at| all.get(at));
        let outcome = outcome.ok_or(Error::Protocol("an outcome that is unknown"))?;
        *pushed.outcomes.entry((row.kind, *outcome)).or_default() += 1;
    }
    for violation in verdict.violations {
        let row = batch.rows.get(violation.record as usize);
        let row = row.ok_or(Error::Protocol("a violation of a record that was not sent"))?;
        pushed.refused.push((row.clone(), violation));
    }
    pushed.batches += 1;
    Ok(())
}
