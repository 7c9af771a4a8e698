//! Organizations that witness the log: what they have seen of it goes on, and what enough of them cosign is witnessed.

use crate::model::Model;
use crate::papers::{ORIGIN, PARTNER, SOURCES, document};
use crate::world::World;
use std::collections::BTreeMap;
use throughline::api::v1 as pb;
use throughline::audit::witness::{self, TrustedLog};
use throughline::audit::{Cosigner, Head};
use throughline::calendar::Timestamp;
use throughline::server::peer::Role;

/// Organizations that do.
pub(crate) const WITNESSES: [(&str, Role); 2] = [(SOURCES[0], Role::Contributor), (PARTNER, Role::Partner)];

/// As many have to cosign a checkpoint.
const QUORUM: usize = 2;

/// What a witness keeps.
pub(crate) struct Witness {
    key: Cosigner,
    /// The last checkpoint that it knows to continue all before; none at first.
    last: String,
    head: Head,
}

impl Witness {
    pub(crate) fn all() -> [Self; WITNESSES.len()] {
        WITNESSES.map(|(organization, _)| {
            let name = witness::name(ORIGIN, organization);
            let mut seed = [7; 32];
            seed.iter_mut().zip(organization.bytes()).for_each(|(seed, byte)| *seed = byte);
            let key = Cosigner::from_pkcs8(&name, &document(&seed)).expect("a key");
            Self { key, last: String::new(), head: Head::empty() }
        })
    }
}

/// What is known of cosignatures, by the sizes of the log that are cosigned.
#[derive(Debug, Clone, Default)]
pub(crate) struct Cosigned {
    offered: Option<u64>,
    by: BTreeMap<&'static str, u64>,
    witnessed: Option<u64>,
}

impl Model {
    /// A log of so many entries is offered, unless what was offered before is not witnessed yet.
    fn offer(&mut self, newest: u64) -> u64 {
        let Cosigned { offered, witnessed, .. } = &mut self.cosigned;
        *offered.insert(offered.filter(|before| *witnessed != Some(*before)).unwrap_or(newest))
    }

    /// An organization cosigns what is offered; how many have.
    fn cosign(&mut self, organization: &'static str, size: u64) -> usize {
        let Cosigned { by, witnessed, .. } = &mut self.cosigned;
        by.insert(organization, size);
        let n = by.values().filter(|of| **of == size).count();
        if n >= QUORUM {
            *witnessed = Some(size);
        }
        n
    }
}

impl World<'_> {
    /// A witness looks at how the log goes on, and may cosign it.
    pub(crate) fn witness(&mut self) {
        let at = self.below(WITNESSES.len());
        let (name, role) = WITNESSES[at];
        let service = self.service();
        let mut line = service.line(name, role).audit();
        let last = self.witnesses[at].last.clone();
        let request = pb::OfferCheckpointRequest { last, seen: Vec::new(), newest: None };
        let answered = service.wait(line.offer_checkpoint(request));
        if self.model.is_suspended(name) {
            self.entered([format!("{name} OfferCheckpoint refused organization.suspended")]);
            return self.refused(&answered.expect_err("it is suspended"), "organization.suspended");
        }
        let offered = answered.expect("a witness may").into_inner();
        let newest = self.log.len() as u64;
        let size = self.model.offer(newest);
        self.entered([format!("{name} OfferCheckpoint allowed registered")]);
        let from = self.witnesses[at].head.size;
        let is_wanted = from <= size && self.model.cosigned.by.get(name) != Some(&size);
        assert_eq!((offered.cosign, offered.bodies.len()), (is_wanted, 1 + usize::from(is_wanted)));
        let lines: Vec<String> = offered.bodies.iter().map(|body| self.takes(at, body)).collect();
        assert_eq!(self.witnesses[at].head.size, newest, "it is shown all that there is");
        // What a witness has seen may not be lost.
        self.all_heard();
        if !is_wanted || self.chance(20) {
            return;
        }
        let service = self.service();
        let mut audit = service.line(name, role).audit();
        let request = pb::AddCosignatureRequest {
            key: self.witnesses[at].key.verifier().to_string(),
            line: lines[0].clone(),
        };
        let added = service.wait(audit.add_cosignature(request)).expect("a witness may").into_inner();
        let n = self.model.cosign(name, size);
        self.entered([format!("{name} AddCosignature allowed registered")]);
        assert_eq!((added.organizations as usize, added.quorum as usize), (n, QUORUM));
        self.check_witnessed();
        if self.chance(50) {
            self.all_heard();
        }
    }

    /// A witness takes a checkpoint as the next one; its line.
    fn takes(&mut self, at: usize, body: &str) -> String {
        let Witness { key, last, head } = &mut self.witnesses[at];
        let known = TrustedLog { keys: vec![self.keys.log.clone()], last: *head };
        let cosigned = witness::add_checkpoint(body.as_bytes(), |_| Some(known), key, Timestamp::now());
        let cosigned = cosigned.expect("the log goes on from what was seen of it");
        *head = cosigned.head;
        *last = body.split_once("\n\n").expect("a body has a note").1.to_owned();
        cosigned.line
    }

    /// What is offered and what is witnessed is as it must be.
    pub(crate) fn check_witnessed(&self) {
        let Cosigned { offered, witnessed, .. } = &self.model.cosigned;
        let found = self.look(|snapshot| {
            let witnessed = snapshot.witnessed_checkpoint()?;
            Ok((snapshot.offered_checkpoint()?.map(|of| of.size), witnessed.map(|of| of.size)))
        });
        assert_eq!(found, (*offered, *witnessed));
    }
}
