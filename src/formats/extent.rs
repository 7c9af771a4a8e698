//! How much of their subject files hold: what may be ended because it is not in them, and what may not.

use super::fields::TEXT_MAX;
use crate::records::{Clear, Kind};
use std::collections::BTreeMap;

/// How much of a kind of record the files of a place hold, as far as they say. Of several, the last counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Extent {
    /// Everything: a manifest says `bulk`.
    Declared,
    /// Nothing says how much.
    Undeclared,
    /// A file that is read through a mapping: perhaps one test of several.
    Mapped,
    /// What changed: a manifest says `delta`, or nothing that is known.
    Changes,
}

/// What is known of a kind of record, beside the records.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct OfKind {
    /// How much of it the files hold; absent when there is no file of it.
    pub extent: Option<Extent>,
    /// Keys of records that were refused: these are wrong, and not absent.
    pub refused_keys: Vec<Clear>,
    /// Students of refused rows whose keys could not be read, or of rows that do not say how many records they are: any
    /// record of theirs may be meant.
    pub refused_students: Vec<Clear>,
    /// Rows and files of which neither could be read.
    pub n_unreadable: u64,
}

/// What is known of each kind.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Extents(BTreeMap<Kind, OfKind>);

impl Extents {
    /// What is known of a kind, when there is a file of it.
    #[must_use]
    pub fn get(&self, kind: Kind) -> Option<&OfKind> {
        self.0.get(&kind)
    }

    pub(super) fn note(&mut self, kind: Kind, extent: Extent) {
        let of = self.0.entry(kind).or_default();
        of.extent = of.extent.max(Some(extent));
    }

    /// A record was refused, or left out because it is not known to be, of which this could be read.
    pub(super) fn refused(&mut self, kind: Kind, key: Option<Clear>, student: Option<Clear>) {
        let of = self.0.entry(kind).or_default();
        let is_filled = |text: &Clear| !text.is_empty();
        match (key.filter(is_filled), student.filter(is_filled)) {
            // No record can have such a key, so none is meant.
            (Some(long), _) | (None, Some(long)) if long.expose().len() > TEXT_MAX => {}
            (Some(key), _) => of.refused_keys.push(key),
            (None, Some(student)) => of.refused_students.push(student),
            (None, None) => of.n_unreadable += 1,
        }
    }
}
