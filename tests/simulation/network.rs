//! What is on its way between sources and the service. Messages wait until the seed delivers them: in any order, twice, or
//! never.

use crate::encoding;
use crate::model::{Batch, Taken};
use crate::papers::{EXPIRED, IN_FORCE, SOURCES};
use crate::people::Row;
use crate::world::World;
use pb::push_request::Message as Sent;
use pb::push_response::Message as Reply;
use throughline::api::v1 as pb;
use throughline::server::peer::Role;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Status, Streaming};

/// A message on its way.
#[derive(Clone)]
pub(crate) enum Letter {
    /// Batches of a source.
    Batches { source: usize, delivery: String, batches: Vec<Batch> },
    /// The verdict on a batch, on record in a log of so many entries.
    Verdict { source: usize, delivery: String, sequence: u64, n_entries: u64 },
}

/// What opens a delivery.
pub(crate) fn opening(source: usize, delivery: &str, agreement: &str) -> pb::OpenDelivery {
    pb::OpenDelivery {
        delivery: delivery.into(),
        agreement: agreement.into(),
        linkage_keys: encoding::linkage_key_ids(source),
        ..pb::OpenDelivery::default()
    }
}

/// A batch as the client of a source sends it.
pub(crate) fn sent(source: usize, batch: &Batch) -> Sent {
    let records = batch.rows.iter().map(|row| encoding::sent(source, *row)).collect();
    Sent::Batch(pb::Batch { batch: batch.id.clone(), sequence: batch.sequence, records })
}

/// A push that is open.
pub(crate) struct Stream {
    source: usize,
    delivery: String,
    requests: mpsc::Sender<pb::PushRequest>,
    replies: Streaming<pb::PushResponse>,
}

impl World<'_> {
    /// One of the messages arrives, and stays on its way a second time, or is lost.
    pub(crate) fn deliver(&mut self) {
        if self.letters.is_empty() {
            return;
        }
        let at = self.below(self.letters.len());
        let letter = if self.chance(15) { self.letters[at].clone() } else { self.letters.remove(at) };
        if self.chance(10) {
            return;
        }
        match letter {
            Letter::Batches { source, delivery, batches } => self.carry(source, &delivery, batches),
            Letter::Verdict { source, delivery, sequence, n_entries } => {
                self.heard(n_entries);
                self.clients[source].hear(&delivery, sequence);
            }
        }
    }

    /// Batches arrive at the service, in a push that is open or in one of their own.
    fn carry(&mut self, source: usize, delivery: &str, mut batches: Vec<Batch>) {
        // What comes behind a batch that ends the push may or may not be looked at.
        let mut foreseen = self.model.clone();
        let ends = |batch: &Batch| matches!(foreseen.take(source, batch).0, Taken::Refused(_));
        if let Some(at) = batches.iter().position(ends) {
            batches.truncate(at + 1);
        }
        let is_of = |stream: &Stream| stream.source == source && stream.delivery == delivery;
        let open = self.streams.iter().position(is_of);
        let open = open.filter(|_| !self.chance(30));
        let mut stream = match open.map(|at| self.streams.remove(at)) {
            Some(stream) => stream,
            None => {
                let agreement = if self.chance(5) { EXPIRED } else { IN_FORCE };
                let open = opening(source, delivery, agreement);
                match self.open(source, open) {
                    Some(stream) => stream,
                    None => return,
                }
            }
        };
        for batch in batches {
            if !self.hand_over(&mut stream, batch) {
                return;
            }
        }
        if self.streams.len() < 4 && self.chance(70) {
            self.streams.push(stream);
        }
    }

    /// Opens a push; nothing where it is refused.
    pub(crate) fn open(&mut self, source: usize, open: pb::OpenDelivery) -> Option<Stream> {
        let (requests, outgoing) = mpsc::channel(8);
        let pb::OpenDelivery { delivery, agreement, dry_run, .. } = open.clone();
        let open = pb::PushRequest { message: Some(Sent::Open(open)) };
        requests.try_send(open).expect("the channel is new");
        let service = self.service();
        let mut line = service.line(SOURCES[source], Role::Contributor).ingest();
        let answered = service.wait(async {
            let mut replies = line.push(ReceiverStream::new(outgoing)).await?.into_inner();
            let opened = replies.message().await?;
            Ok::<_, Status>((replies, opened))
        });
        // A dry run changes nothing, and begins with the first batch.
        let (expected, line) = match dry_run {
            true => {
                let (opened, line) = self.model.clone().open(source, &agreement, &delivery);
                (opened.map(|_| 0), line)
            }
            false => self.model.open(source, &agreement, &delivery),
        };
        self.entered([line]);
        match (answered, expected) {
            (Ok((replies, Some(pb::PushResponse { message: Some(message) }))), Ok(through)) => {
                let Reply::Opened(opened) = message else { panic!("it is opened first") };
                assert_eq!(
                    (opened.acknowledged_through, opened.dry_run),
                    (through, dry_run),
                    "where {delivery} goes on"
                );
                self.proven(opened.receipt.as_ref());
                Some(Stream { source, delivery, requests, replies })
            }
            (Err(status), Err(rule)) => {
                self.refused(&status, rule);
                None
            }
            (answered, expected) => {
                panic!("a push of {delivery} under {agreement}: {:?}, not {expected:?}", answered.map(drop))
            }
        }
    }

    /// Says something in a push.
    pub(crate) fn tell(&self, stream: &Stream, message: Sent) {
        let sent = pb::PushRequest { message: Some(message) };
        self.service().wait(stream.requests.send(sent)).expect("the push is open");
    }

    /// Says something in a push, and waits for its answer.
    pub(crate) fn exchange(&self, stream: &mut Stream, message: Sent) -> Result<Reply, Status> {
        let sent = pb::PushRequest { message: Some(message) };
        let (requests, replies) = (&stream.requests, &mut stream.replies);
        let answered = self.service().wait(async {
            requests.send(sent).await.expect("the push is open");
            replies.message().await
        });
        Ok(answered?.and_then(|answer| answer.message).expect("it is answered"))
    }

    /// Hands a batch over and waits for its verdict; whether the push goes on.
    pub(crate) fn hand_over(&mut self, stream: &mut Stream, batch: Batch) -> bool {
        let answered = self.exchange(stream, sent(stream.source, &batch));
        let (expected, line) = self.model.take(stream.source, &batch);
        self.entered([line]);
        let is_taken = matches!(expected, Taken::Acknowledged { .. });
        self.judged(&batch, answered, expected);
        if is_taken && self.chance(75) {
            let (source, n_entries) = (stream.source, self.log.len() as u64);
            let Batch { delivery, sequence, .. } = batch;
            self.letters.push(Letter::Verdict { source, delivery, sequence, n_entries });
        }
        is_taken
    }

    /// A batch is judged as it must be.
    pub(crate) fn judged(&mut self, batch: &Batch, answered: Result<Reply, Status>, expected: Taken) {
        match (answered, expected) {
            (Ok(Reply::Verdict(verdict)), Taken::Acknowledged { outcomes, repeated }) => {
                let wire: Vec<i32> = outcomes.iter().map(|outcome| *outcome as i32 + 1).collect();
                assert_eq!((&verdict.batch, verdict.sequence), (&batch.id, batch.sequence));
                assert_eq!((&verdict.outcomes, verdict.repeated), (&wire, repeated), "{batch:?}");
                for violation in &verdict.violations {
                    assert_eq!(wire[violation.record as usize], 5, "only what is refused is wrong");
                }
                self.proven(verdict.receipt.as_ref());
            }
            (Err(status), Taken::Refused(rule)) => self.refused(&status, rule),
            (answered, expected) => panic!("{batch:?}: {answered:?}, not {expected:?}"),
        }
    }

    /// A refusal is by the rule it must be by: its entry says so, and the proof of that comes with it.
    pub(crate) fn refused(&mut self, status: &Status, rule: &str) {
        use prost::Message;
        let receipt = status.metadata().get_bin(throughline::api::RECEIPT).expect("a refusal has a receipt");
        let receipt = receipt.to_bytes().expect("bytes");
        let receipt = throughline::audit::Receipt::decode(receipt).expect("a receipt");
        let entry = self.proven(Some(&receipt));
        assert_eq!(entry.rule.as_str(), rule, "{status:?}");
        assert_eq!(entry.decision, throughline::audit::Decision::Refused);
    }

    /// A whole roll, in one batch that arrives at once.
    pub(crate) fn push_roll(&mut self, source: usize, rows: Vec<Row>) {
        let delivery = "d0".to_owned();
        let batch = Batch { delivery: delivery.clone(), id: "d0-1".into(), sequence: 1, rows };
        self.carry(source, &delivery, vec![batch]);
        self.streams.clear();
        self.letters.clear();
    }
}
