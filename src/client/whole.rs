//! Deliveries of whole files, as their source prepares them.

use crate::api::v1 as pb;
use crate::ingest::Part;
use crate::records::Kind;
use std::collections::BTreeMap;

/// What files are whole about, and the keys of everything in them, sent or refused.
#[derive(Default)]
pub struct WholeFiles {
    /// The parts, by kind.
    pub parts: BTreeMap<Kind, Part>,
    /// Their keys, ready for the wire.
    pub keys: BTreeMap<Kind, Vec<pb::record::Key>>,
    /// Records of the delivery.
    pub n_records: u64,
}

/// Keys in a message.
const KEYS: usize = 5_000;

impl WholeFiles {
    /// What the opening says of them.
    pub(super) fn parts(&self) -> Vec<pb::WholePart> {
        let part = |(kind, part): (&Kind, &Part)| pb::WholePart {
            kind: wire(*kind),
            school_years: part.years.iter().map(|year| year.ending().into()).collect(),
            undated: part.undated,
        };
        self.parts.iter().map(part).collect()
    }

    /// The messages that bring the keys.
    pub(super) fn into_keys(self) -> impl Iterator<Item = pb::FileKeys> {
        let Self { parts, keys, .. } = self;
        let of_parts = keys.into_iter().filter(move |(kind, _)| parts.contains_key(kind));
        let messages = of_parts.flat_map(|(kind, mut keys)| {
            std::iter::from_fn(move || {
                let rest = keys.split_off(keys.len().min(KEYS));
                let some = std::mem::replace(&mut keys, rest);
                (!some.is_empty()).then(|| message(kind, some))
            })
        });
        messages.chain([pb::FileKeys { last: true, ..pb::FileKeys::default() }])
    }
}

fn message(kind: Kind, keys: Vec<pb::record::Key>) -> pb::FileKeys {
    let mut message = pb::FileKeys { kind: wire(kind), ..pb::FileKeys::default() };
    for key in keys {
        match key {
            pb::record::Key::ClearKey(key) => message.clear_keys.push(key),
            pb::record::Key::KeyToken(token) => message.key_tokens.push(token),
        }
    }
    message
}

/// A kind in the numbers of the wire, where 0 is none.
pub(super) const fn wire(kind: Kind) -> i32 {
    kind as i32 + 1
}

/// The kind of a number of the wire.
pub(super) fn kind(wire: i32) -> Option<Kind> {
    Kind::ALL.get(usize::try_from(wire).ok()?.checked_sub(1)?).copied()
}
