//! Deliveries of whole files on the wire: what they are whole about, their keys, and what is absent.

use crate::api::{self, kind_of, kind_to, v1 as pb};
use crate::audit::Receipt;
use crate::calendar::SchoolYear;
use crate::identity::{KeyId, Token, record_token, student_token};
use crate::ingest::{Absence, Ended, Ending, Intake, Named, Part, is_ended_by_absence};
use crate::records::{Kind, OrgId, Violation};
use std::collections::BTreeMap;

/// Keys in a message at most.
const KEYS_MAX: usize = 5_000;

/// What files are whole about; everything that is wrong with it is among `wrong`.
pub(super) fn parts(wire: &[pb::WholePart], wrong: &mut Vec<Violation>) -> BTreeMap<Kind, Part> {
    let mut parts = BTreeMap::new();
    for (at, part) in wire.iter().enumerate() {
        let mut refuse = |field: &str, code: &str, reason: &str| {
            wrong.push(Violation::new(&format!("open.whole[{at}].{field}"), code, reason));
        };
        let years = part.school_years.iter().map(|year| SchoolYear::new(*year)).collect::<Option<_>>();
        match (kind_of(part.kind), years) {
            (None, _) => refuse("kind", "outside_vocabulary", "is not a kind of record"),
            (Some(kind), _) if !is_ended_by_absence(kind) => {
                refuse("kind", "not_ended", "programs and opt-outs are not ended because a file lacks them");
            }
            (Some(kind), _) if parts.contains_key(&kind) => {
                refuse("kind", "contradiction", "stands there twice");
            }
            (_, None) => refuse("school_years", "out_of_range", "has years that are not from 1900 to 2999"),
            (Some(kind), Some(years)) => {
                parts.insert(kind, Part { years, undated: part.undated });
            }
        }
    }
    parts
}

/// What a message names, in tokens; nothing where it is empty, or else what is wrong with it.
pub(super) fn named(
    wire: pb::FileKeys,
    intake: &Intake,
    source: &OrgId,
) -> Result<Option<Named>, &'static str> {
    let n_clear = wire.clear_keys.len() + wire.clear_students.len();
    let n_named = n_clear + wire.key_tokens.len() + wire.student_tokens.len();
    if n_named > KEYS_MAX {
        return Err("a message has at most 5,000 keys");
    }
    if n_named == 0 {
        return Ok(None);
    }
    let kind = kind_of(wire.kind).ok_or("keys are of a kind of record")?;
    let read = |tokens: Vec<Vec<u8>>| {
        let token =
            |bytes: Vec<u8>| bytes.try_into().map(Token::from_bytes).map_err(|_| "a token has 16 bytes");
        tokens.into_iter().map(token).collect::<Result<Vec<_>, _>>()
    };
    let mut named = Named { kind, keys: read(wire.key_tokens)?, students: read(wire.student_tokens)? };
    match intake {
        Intake::EncodedOnly if n_clear > 0 => Err("this service takes encoded keys only (push --encode)"),
        Intake::EncodedOnly => Ok(Some(named)),
        Intake::Encodes(ring) => {
            let mut all = wire.clear_keys.iter().chain(&wire.clear_students);
            if !all.all(|text| (1..=api::MAX_ID).contains(&text.len())) {
                return Err("a key has 1 to 200 bytes");
            }
            named.keys.extend(wire.clear_keys.iter().map(|key| record_token(ring, source, kind, key)));
            named.students.extend(wire.clear_students.iter().map(|id| student_token(ring, source, id)));
            Ok(Some(named))
        }
    }
}

/// The end of a delivery, or what is wrong with the message.
pub(super) fn ending(
    wire: pb::EndAbsent,
    delivery: &str,
    linkage_keys: &[KeyId],
) -> Result<Ending, &'static str> {
    if crate::records::Code::new(&wire.batch).is_err() || wire.sequence == 0 {
        return Err("the end of a delivery has an id and a sequence, like a batch");
    }
    let at_most = wire.at_most.iter().map(|of| Some((kind_of(of.kind)?, of.records)));
    let at_most = at_most.collect::<Option<_>>().ok_or("what may be ended is of kinds of record")?;
    Ok(Ending {
        delivery: delivery.to_owned(),
        batch: wire.batch,
        sequence: wire.sequence,
        linkage_keys: linkage_keys.to_vec(),
        at_most,
    })
}

pub(super) fn absent(absences: Vec<Absence>, receipt: Receipt) -> pb::Absent {
    let of = |Absence { kind, n_held, n_absent }| pb::AbsentRecords {
        kind: kind_to(kind),
        held: n_held,
        absent: n_absent,
    };
    pb::Absent { kinds: absences.into_iter().map(of).collect(), receipt: Some(receipt) }
}

pub(super) fn ended(batch: String, sequence: u64, ended: Ended, receipt: Receipt) -> pb::Ended {
    let of = |(kind, records)| pb::KindCount { kind: kind_to(kind), records };
    pb::Ended {
        batch,
        sequence,
        kinds: ended.kinds.into_iter().map(of).collect(),
        records: ended.n_ended,
        repeated: ended.repeated,
        receipt: Some(receipt),
    }
}
