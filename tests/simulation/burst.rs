//! Several batches that wait for the writer together, and so are committed together: each stands or falls alone, and the
//! group is there whole or not at all.

use crate::encoding;
use crate::model::{Batch, Taken};
use crate::papers::{IN_FORCE, SOURCES};
use crate::people::{Row, STUDENTS, Said};
use crate::service::RING;
use crate::world::World;
use std::sync::mpsc;
use throughline::api::incoming;
use throughline::audit::Call;
use throughline::calendar::Timestamp;
use throughline::ingest::{self, Accepting, Error, Intake};
use throughline::records::OrgId;
use throughline::store::{self, Pending, Tx};

impl World<'_> {
    /// Hands batches over while the writer is busy. Then they are waited for, or the service ends with them in its queue.
    pub(crate) fn burst(&mut self) {
        let n = 2 + self.below(4);
        let batches: Vec<(usize, Batch)> = (0..n).filter_map(|_| self.next_batch()).collect();
        let at = self.below(n + 1);
        let (release, held) = self.hold();
        let mut accepting: Vec<(usize, Batch, Accepting)> = Vec::new();
        let mut undone = None;
        for (source, batch) in batches {
            if accepting.len() == at {
                undone = Some(self.undo(source));
            }
            let service = self.service();
            let prepared = ingest::prepare(
                service.store(),
                &Intake::Encodes(RING.clone()),
                &org(source),
                wire(source, &batch),
            );
            let taking =
                ingest::accept(service.store(), org(source), IN_FORCE.into(), prepared, None, call(source));
            accepting.push((source, batch, service.wait(taking).expect("there is room in its queue")));
        }
        let is_left = self.chance(30);
        let mut lines = Vec::new();
        let mut expected = Vec::new();
        for (source, batch, _) in &accepting {
            let (taken, line) = self.model.take(*source, batch);
            // The desk puts refusals on record, and it is passed by here.
            lines.extend(matches!(taken, Taken::Acknowledged { .. }).then_some(line));
            expected.push(taken);
        }
        release.send(()).expect("the writer waits for it");
        if is_left {
            // Nobody waits for what the store has been handed, and it is committed all the same.
            drop((accepting, undone));
            self.entered(lines);
            self.see("- left in queue");
            self.restart();
            return;
        }
        self.service().wait(held.committed()).expect("it changes nothing");
        let answers: Vec<_> = accepting
            .into_iter()
            .map(|(.., accepting)| self.service().wait(accepting.acknowledged()))
            .collect();
        self.entered(lines);
        if let Some(undone) = undone {
            let undone = self.service().wait(undone.committed());
            assert!(
                matches!(undone, Err(store::Error::Damaged("on purpose"))),
                "it fails by its own error: {undone:?}"
            );
        }
        for (answer, expected) in answers.into_iter().zip(expected) {
            match (answer, expected) {
                (Ok(told), Taken::Acknowledged { outcomes, repeated }) => {
                    assert_eq!((told.verdict.outcomes, told.repeated), (outcomes, repeated));
                    self.proven(Some(&told.receipt));
                }
                (Err(error), Taken::Refused(rule)) => assert_eq!(rule_of(&error), rule),
                (answer, expected) => panic!("{answer:?}, not {expected:?}"),
            }
        }
    }

    /// Keeps the writer busy until it is told to go on.
    fn hold(&self) -> (mpsc::Sender<()>, Pending<(), store::Error>) {
        let (release, released) = mpsc::channel();
        let steps = move |_: &mut Tx<'_>| {
            // Where nobody says so any more, it goes on as well.
            let _ = released.recv();
            Ok::<_, store::Error>(())
        };
        let service = self.service();
        let held = service.wait(service.store().submit("hold", steps)).expect("there is room in its queue");
        (release, held)
    }

    /// Steps that store a record and put it on record, and then fail: nothing of them may stay.
    fn undo(&self, source: usize) -> Pending<(), store::Error> {
        let row = Row { student: STUDENTS - 1, said: Said::Person(9) };
        let Ok(ingest::Incoming::Clear(submission)) = incoming(row.clear(source)) else {
            panic!("a good record")
        };
        let (id, call) = (org(source), call(source));
        let record = throughline::identity::pseudonymize(&RING, &id, submission);
        let steps = move |tx: &mut Tx<'_>| {
            let number = tx.source_number(&id)?;
            let _ = tx.put_record(number, record)?;
            tx.log(&call.refused("never.seen"))?;
            Err::<(), _>(store::Error::Damaged("on purpose"))
        };
        let service = self.service();
        service.wait(service.store().submit("undo", steps)).expect("there is room in its queue")
    }

    /// A batch that a source could send next, or one that can not be taken.
    fn next_batch(&mut self) -> Option<(usize, Batch)> {
        let source = self.below(SOURCES.len());
        let mut batch = self.unheard(source)?;
        match self.below(6) {
            0 => batch.sequence += 1,
            1 => batch.rows.push(Row { student: 2, said: Said::Attendance(8) }),
            _ => {}
        }
        Some((source, batch))
    }
}

fn rule_of(error: &Error) -> &'static str {
    match error {
        Error::Refused(refused) => refused.rule.name(),
        Error::NotRegistered => "organization.suspended",
        Error::Conflict => "batch.conflict",
        Error::OutOfOrder { .. } => "batch.out_of_order",
        other => panic!("{other}"),
    }
}

fn org(source: usize) -> OrgId {
    OrgId::new(SOURCES[source]).expect("an id")
}

fn call(source: usize) -> Call {
    Call {
        time: Timestamp::now(),
        request_id: "burst".into(),
        organization: Some(org(source)),
        role: Some("contributor"),
        principal: None,
        certificate_serial: None,
        rpc: "Push",
        request_digest: None,
        agreement: None,
    }
}

fn wire(source: usize, batch: &Batch) -> ingest::Batch {
    ingest::Batch {
        delivery: batch.delivery.clone(),
        id: batch.id.clone(),
        sequence: batch.sequence,
        linkage_keys: encoding::linkage_keys(source),
        records: batch.rows.iter().map(|row| incoming(encoding::sent(source, *row))).collect(),
    }
}
