//! A delivery that is open: what the service says before anything is sent.

use super::push::{Delivery, Progress, Pushed, Sending};
use super::session::{Error, Session};
use super::whole::WholeFiles;
use crate::api::{kind_of, v1 as pb};
use crate::identity::KeyId;
use crate::ingest::Absence;
use crate::records::Kind;
use pb::push_request::Message as Sent;
use pb::push_response::Message as Reply;
use std::collections::{BTreeMap, BTreeSet};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Streaming};

/// What is known of a delivery before its first batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Foreseen {
    /// Whether identifiers in the clear are refused.
    pub encoded_only: bool,
    /// Kinds of record that the agreement permits; those of others are refused.
    pub kinds: BTreeSet<Kind>,
    /// Of each kind that the files are whole about, what is held and what of it they do not have. Empty when the files
    /// are not whole, or when this delivery has ended it before.
    pub absences: Vec<Absence>,
    /// Batches that are in already.
    pub acknowledged_through: u64,
}

/// An open delivery. Dropped, it is left as it is.
pub struct Opening<'s> {
    session: &'s Session,
    delivery: Delivery,
    foreseen: Foreseen,
    lacks_key: Option<KeyId>,
    max_records: usize,
    ends: bool,
    requests: mpsc::Sender<pb::PushRequest>,
    replies: Streaming<pb::PushResponse>,
}

/// Opens a delivery and, where its files are whole, asks what they do not have. Nothing is stored of either.
///
/// # Errors
///
/// [`Error`]; [`Error::OtherKey`] when students are not encoded with the key that links.
pub async fn open(
    session: &Session,
    delivery: Delivery,
    whole: Option<WholeFiles>,
) -> Result<Opening<'_>, Error> {
    let (requests, outgoing) = mpsc::channel(4);
    let held = delivery.linkage_keys.iter().flatten().map(ToString::to_string).collect();
    let open = pb::OpenDelivery {
        delivery: delivery.id.clone(),
        agreement: delivery.agreement.clone(),
        linkage_keys: held,
        dry_run: delivery.is_dry_run,
        whole: whole.as_ref().map(WholeFiles::parts).unwrap_or_default(),
    };
    send(&requests, Sent::Open(open)).await?;
    let mut replies = session.ingest().push(Request::new(ReceiverStream::new(outgoing))).await?.into_inner();
    let opened = match replies.message().await?.and_then(|reply| reply.message) {
        Some(Reply::Opened(opened)) => opened,
        _ => return Err(Error::Protocol("the delivery was not opened")),
    };
    session.entry(opened.receipt.as_ref())?;
    if opened.dry_run != delivery.is_dry_run {
        return Err(Error::Protocol("it makes no dry runs: nothing was sent"));
    }
    let lacks = |key: &str| {
        let key = KeyId::parse(key)?;
        delivery.linkage_keys.as_ref().is_some_and(|keys| !keys.contains(&key)).then_some(key)
    };
    if let Some(key) = lacks(&opened.linkage_key) {
        return Err(Error::OtherKey(key));
    }
    let lacks_key = lacks(&opened.next_linkage_key);
    let max_records = delivery.batch_records.min(opened.max_records as usize).max(1);
    let foreseen = Foreseen {
        encoded_only: opened.encoded_only,
        kinds: opened.kinds.iter().filter_map(|of| kind_of(*of)).collect(),
        absences: Vec::new(),
        acknowledged_through: opened.acknowledged_through,
    };
    let ends = false;
    let mut opening =
        Opening { session, delivery, foreseen, lacks_key, max_records, ends, requests, replies };
    // The end of a delivery counts as a batch: one that is in has one more.
    let is_ended =
        |whole: &WholeFiles| opened.acknowledged_through > whole.n_records.div_ceil(max_records as u64);
    if let Some(whole) = whole.filter(|whole| !is_ended(whole)) {
        opening.compare(whole).await?;
    }
    Ok(opening)
}

async fn send(requests: &mpsc::Sender<pb::PushRequest>, message: Sent) -> Result<(), Error> {
    let sent = requests.send(pb::PushRequest { message: Some(message) }).await;
    sent.map_err(|_| Error::Protocol("the stream closed before its end"))
}

impl Opening<'_> {
    /// What is known before the first batch.
    #[must_use]
    pub const fn foreseen(&self) -> &Foreseen {
        &self.foreseen
    }

    async fn compare(&mut self, whole: WholeFiles) -> Result<(), Error> {
        for keys in whole.into_keys() {
            if send(&self.requests, Sent::Keys(keys)).await.is_err() {
                // The service ended the stream: its reason comes with the replies.
                break;
            }
        }
        let absent = match self.replies.message().await?.and_then(|reply| reply.message) {
            Some(Reply::Absent(absent)) => absent,
            _ => return Err(Error::Protocol("keys were not compared")),
        };
        let entry = self.session.entry(absent.receipt.as_ref())?;
        if entry.batch.as_ref().map(crate::records::Code::as_str) != Some(&self.delivery.id) {
            return Err(Error::OtherCall);
        }
        let read = |of: &pb::AbsentRecords| {
            Some(Absence { kind: kind_of(of.kind)?, n_held: of.held, n_absent: of.absent })
        };
        let absences = absent.kinds.iter().map(read).collect::<Option<_>>();
        self.foreseen.absences = absences.ok_or(Error::Protocol("a kind that is unknown"))?;
        self.ends = !self.delivery.is_dry_run;
        Ok(())
    }

    /// Pushes the delivery to its end. Where its files are whole, what they do not have is ended after the last batch, of
    /// each kind `at_most` so many records. Cut off, it can be opened again with the same records: batches that were
    /// acknowledged are not sent again.
    ///
    /// # Errors
    ///
    /// [`Error`]; what was acknowledged before it is in the service.
    pub async fn push(
        self,
        at_most: &BTreeMap<Kind, u64>,
        progress: impl FnMut(Progress),
    ) -> Result<Pushed, Error> {
        let Self { session, delivery, foreseen, lacks_key, max_records, ends, requests, replies } = self;
        let sending = Sending {
            delivery,
            limit: max_records,
            through: foreseen.acknowledged_through,
            at_most: ends.then(|| at_most.clone()),
        };
        let mut pushed = super::push::push(session, sending, requests, replies, progress).await?;
        pushed.lacks_key = lacks_key;
        Ok(pushed)
    }
}
