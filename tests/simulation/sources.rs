//! What sources have to say, mistakes among it, and what they have heard of that.

use crate::encoding::linkage_key_ids;
use crate::model::Batch;
use crate::network::Letter;
use crate::papers::SOURCES;
use crate::people::{Row, STUDENTS, Said};
use crate::world::World;
use std::collections::BTreeMap;
use throughline::api::v1 as pb;
use throughline::records::Kind;
use throughline::server::peer::Role;

/// A source's client: what it sends, and what it has heard of that.
#[derive(Default)]
pub(crate) struct Client {
    n_deliveries: usize,
    delivery: String,
    /// The batches of each delivery, in order.
    sent: BTreeMap<String, Vec<Batch>>,
    /// Batches of the delivery under way that it knows are in.
    through: u64,
}

impl Client {
    /// It hears that a batch is in.
    pub(crate) fn hear(&mut self, delivery: &str, sequence: u64) {
        if self.delivery == delivery {
            self.through = self.through.max(sequence);
        }
    }
}

impl World<'_> {
    /// A source has something to say, and posts it.
    pub(crate) fn post(&mut self) {
        let source = self.below(SOURCES.len());
        let n_known = self.clients[source].n_deliveries;
        if n_known == 0 || self.chance(8) {
            let client = &mut self.clients[source];
            client.n_deliveries += 1;
            client.delivery = format!("d{}", client.n_deliveries);
            client.through = 0;
        } else if n_known > 1 && self.chance(8) {
            // Files as they were before are sent again, from the first batch on.
            let at = 1 + self.below(n_known);
            self.clients[source].delivery = format!("d{at}");
            self.clients[source].through = 0;
        }
        if !self.chance(30) || self.clients[source].sent.is_empty() {
            let n = 1 + self.below(6);
            let rows = (0..n).map(|_| self.row()).collect();
            let client = &mut self.clients[source];
            let sent = client.sent.entry(client.delivery.clone()).or_default();
            let sequence = sent.len() as u64 + 1;
            let id = format!("{}-{sequence}", client.delivery);
            sent.push(Batch { delivery: client.delivery.clone(), id, sequence, rows });
        }
        let (delivery, through) =
            (self.clients[source].delivery.clone(), self.clients[source].through as usize);
        let sent = self.clients[source].sent.get(&delivery).cloned().unwrap_or_default();
        let mut batches = sent[through.min(sent.len())..].to_vec();
        match self.below(12) {
            0 => batches = sent,
            1 if batches.len() > 1 => drop(batches.remove(0)),
            2 => {
                if let Some(last) = batches.last_mut() {
                    last.rows.push(Row { student: 1, said: Said::Attendance(7) });
                }
            }
            3 => {
                if let Some(last) = batches.last_mut() {
                    last.id.push_str("-again");
                }
            }
            4 => {
                if let Some(last) = batches.last_mut() {
                    last.sequence += 1;
                }
            }
            _ => {}
        }
        if !batches.is_empty() {
            self.letters.push(Letter::Batches { source, delivery, batches });
        }
    }

    /// The batch of a source that it would send next.
    pub(crate) fn unheard(&mut self, source: usize) -> Option<Batch> {
        let client = &self.clients[source];
        let next = self.model.through(source, &client.delivery) as usize;
        let sent = client.sent.get(&client.delivery)?;
        sent.get(next).or(sent.last()).cloned()
    }

    pub(crate) fn row(&mut self) -> Row {
        let (student, variant) = (self.below(STUDENTS), self.below(3) as u8);
        let said = match self.below(20) {
            0..=6 => Said::Person(variant),
            7..=9 => Said::Enrollment(variant),
            10..=13 => Said::Attendance(variant * 3),
            14 => Said::OptOut,
            15 => Said::Delete(Kind::OptOut),
            16 => Said::Delete(Kind::Person),
            17 => Said::Delete(Kind::AttendanceSummary),
            18 => Said::NoSuchDay,
            _ => Said::NotPermitted,
        };
        Row { student, said }
    }

    /// A source asks how far a delivery is.
    pub(crate) fn ask_delivery(&mut self) {
        let source = self.below(SOURCES.len());
        let delivery = format!("d{}", self.below(4));
        let service = self.service();
        let mut line = service.line(SOURCES[source], Role::Contributor).ingest();
        let request =
            pb::GetDeliveryRequest { delivery: delivery.clone(), linkage_keys: linkage_key_ids(source) };
        let told = service.wait(line.get_delivery(request));
        let name = SOURCES[source];
        match (told, self.model.is_suspended(name)) {
            (Err(status), true) => {
                self.entered([format!("{name} GetDelivery refused organization.suspended")]);
                self.refused(&status, "organization.suspended");
            }
            (Ok(told), false) => {
                self.entered([format!("{name} GetDelivery allowed registered")]);
                let told = told.into_inner();
                let expected = self.model.delivery(source, &delivery);
                assert_eq!((told.acknowledged_through, told.outcomes), expected, "{name}, {delivery}");
                self.all_heard();
            }
            (told, is_suspended) => panic!("{name}, suspended {is_suspended}: {told:?}"),
        }
    }
}
