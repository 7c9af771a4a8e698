//! Pushing a delivery: batches out, verdicts in, resumed where the service says.

use super::session::{Error, Session};
use crate::api::{kind_of, kind_to, v1 as pb};
use crate::identity::KeyId;
use crate::records::Kind;
use crate::store::Outcome;
use pb::push_request::Message as Sent;
use pb::push_response::Message as Reply;
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};
use tokio::sync::mpsc;
use tonic::Streaming;

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
    /// How many there are to be. With others, the delivery would be acknowledged as something that it is not.
    pub n_records: u64,
    /// Records in a batch.
    pub batch_records: usize,
    /// The linkage keys that students are encoded with; absent where they come in the clear.
    pub linkage_keys: Option<Vec<KeyId>>,
    /// Whether to ask what would become of the records, and store nothing.
    pub is_dry_run: bool,
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
    /// Records that were ended because whole files do not have them, by kind; absent when nothing was to be ended now.
    pub ended: Option<BTreeMap<Kind, u64>>,
}

impl Pushed {
    /// Records with an outcome.
    #[must_use]
    pub fn count(&self, outcome: Outcome) -> u64 {
        self.outcomes.iter().filter(|((_, each), _)| *each == outcome).map(|(_, n)| n).sum()
    }
}

/// What waits for its answer.
struct Waiting {
    sequence: u64,
    batch: String,
    /// The rows of a batch; none of the end of a delivery.
    rows: Option<Vec<RowRef>>,
}

/// A delivery whose opening is settled.
pub(super) struct Sending {
    pub(super) delivery: Delivery,
    /// Records in a batch.
    pub(super) limit: usize,
    /// Batches that are in.
    pub(super) through: u64,
    /// How many records may be ended after the last batch, by kind; nothing where none is to be.
    pub(super) at_most: Option<BTreeMap<Kind, u64>>,
}

/// Sends the batches and hears what becomes of them.
pub(super) async fn push(
    session: &Session,
    sending: Sending,
    requests: mpsc::Sender<pb::PushRequest>,
    mut replies: Streaming<pb::PushResponse>,
    mut progress: impl FnMut(Progress),
) -> Result<Pushed, Error> {
    let Sending { delivery, limit, through, at_most } = sending;
    let Delivery { id, mut records, n_records, is_dry_run, .. } = delivery;
    let waiting: Arc<Mutex<VecDeque<Waiting>>> = Arc::default();
    let queue = waiting.clone();
    let send = async move {
        let (mut sequence, mut resumed, mut n_read) = (0, 0_u64, 0_u64);
        let send = async |sequence: u64, rows, message: Sent| {
            let entry = Waiting { sequence, batch: format!("{id}-{sequence}"), rows };
            queue.lock().expect("nothing panics while it holds the queue").push_back(entry);
            requests.send(pb::PushRequest { message: Some(message) }).await.is_ok()
        };
        loop {
            let mut batch = Vec::with_capacity(limit);
            if records.recv_many(&mut batch, limit).await == 0 {
                break;
            }
            while batch.len() < limit {
                // A batch is always the same records: it is filled before it is cut.
                let room = limit - batch.len();
                if records.recv_many(&mut batch, room).await == 0 {
                    break;
                }
            }
            n_read += batch.len() as u64;
            if n_read > n_records || (batch.len() < limit && n_read < n_records) {
                break;
            }
            sequence += 1;
            if sequence <= through {
                resumed += batch.len() as u64;
                continue;
            }
            let (rows, records): (Vec<_>, Vec<_>) = batch.into_iter().unzip();
            let batch = pb::Batch { batch: format!("{id}-{sequence}"), sequence, records };
            if !send(sequence, Some(rows), Sent::Batch(batch)).await {
                // The service ended the stream: its reason comes with the replies.
                return (resumed, true);
            }
        }
        let is_all = n_read == n_records;
        if let Some(at_most) = at_most.filter(|_| is_all) {
            let sequence = sequence + 1;
            let of = |(kind, records): (Kind, u64)| pb::KindCount { kind: kind_to(kind), records };
            let at_most = at_most.into_iter().map(of).collect();
            let end = pb::EndAbsent { batch: format!("{id}-{sequence}"), sequence, at_most };
            send(sequence, None, Sent::End(end)).await;
        }
        (resumed, is_all)
    };
    let receive = async {
        let (mut pushed, mut done) = (Pushed::default(), Progress::default());
        while let Some(reply) = replies.message().await? {
            let next = waiting.lock().expect("nothing panics while it holds the queue").pop_front();
            let next = next.ok_or(Error::Protocol("an answer to what was not sent"))?;
            let (batch, sequence, receipt) = match &reply.message {
                Some(Reply::Verdict(verdict)) => (&verdict.batch, verdict.sequence, &verdict.receipt),
                Some(Reply::Ended(ended)) => (&ended.batch, ended.sequence, &ended.receipt),
                _ => return Err(Error::Protocol("a reply that is not a verdict")),
            };
            if (batch, sequence) != (&next.batch, next.sequence) {
                return Err(Error::Protocol("an answer to what was not sent"));
            }
            let entry = session.entry(receipt.as_ref())?;
            let is_rehearsed = entry.step.as_ref().is_some_and(|step| step.as_str() == "dry_run");
            let is_of_batch = entry.batch.as_ref().map(crate::records::Code::as_str) == Some(&next.batch);
            if !is_of_batch || is_rehearsed != is_dry_run {
                return Err(Error::OtherCall);
            }
            pushed.last_entry = receipt.as_ref().map(crate::audit::Receipt::index);
            match (reply.message, next.rows) {
                (Some(Reply::Verdict(verdict)), Some(rows)) => {
                    done.acknowledged += rows.len() as u64;
                    settle(&mut pushed, verdict, &rows)?;
                    progress(done);
                }
                (Some(Reply::Ended(ended)), None) => {
                    let read = |of: pb::KindCount| Some((kind_of(of.kind)?, of.records));
                    let ended = ended.kinds.into_iter().map(read).collect::<Option<_>>();
                    pushed.ended = Some(ended.ok_or(Error::Protocol("a kind that is unknown"))?);
                }
                _ => return Err(Error::Protocol("an answer to what was not sent")),
            }
        }
        Ok(pushed)
    };
    // After an answer that does not prove itself nothing more is sent, and nothing is ended.
    let ((resumed, is_all), mut pushed) = tokio::try_join!(async { Ok(send.await) }, receive)?;
    if !waiting.lock().expect("nothing panics while it holds the queue").is_empty() {
        return Err(Error::Protocol("the stream ended before the last verdict"));
    }
    if !is_all {
        return Err(Error::OtherRecords);
    }
    pushed.resumed = resumed;
    Ok(pushed)
}

fn settle(pushed: &mut Pushed, verdict: pb::BatchVerdict, rows: &[RowRef]) -> Result<(), Error> {
    let all = [Outcome::New, Outcome::Changed, Outcome::Unchanged, Outcome::Deleted, Outcome::Refused];
    if verdict.outcomes.len() != rows.len() {
        return Err(Error::Protocol("a verdict without an outcome for each record"));
    }
    for (row, outcome) in rows.iter().zip(&verdict.outcomes) {
        let outcome =
            usize::try_from(*outcome).ok().and_then(|at| at.checked_sub(1)).and_then(|at| all.get(at));
        let outcome = outcome.ok_or(Error::Protocol("an outcome that is unknown"))?;
        *pushed.outcomes.entry((row.kind, *outcome)).or_default() += 1;
    }
    for violation in verdict.violations {
        let row = rows.get(violation.record as usize);
        let row = row.ok_or(Error::Protocol("a violation of a record that was not sent"))?;
        pushed.refused.push((row.clone(), violation));
    }
    pushed.batches += 1;
    Ok(())
}
