//! `manifest.csv`: the version, and which files are complete, partial or absent.

use super::super::bundle::{Bundle, Error};
use super::super::output::Output;
use super::super::table::{Layout, Sheet};
use super::super::{Defect, Extent, oneroster};
use super::{Unknown, one_of};
use crate::records::Kind;
use std::collections::{BTreeMap, BTreeSet};

/// How much of its subject a file holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    /// Everything.
    Bulk,
    /// What changed.
    Delta,
}

pub(super) struct Manifest {
    is_there: bool,
    /// What it says of each file; nothing stands for `absent`.
    declared: BTreeMap<&'static str, Option<Mode>>,
    /// Files of which it says nothing that is known, or two things. Nobody may take such a file for all there is.
    unclear: BTreeSet<&'static str>,
    found: BTreeSet<&'static str>,
}

const LAYOUT: Layout<'static> = Layout {
    read: &["propertyName", "value"],
    required: &["propertyName", "value"],
    expected: &[],
    skipped: &[],
    kinds: &[],
};

impl Manifest {
    pub(super) fn read(bundle: &mut Bundle, out: &mut Output<'_>) -> Result<Self, Error> {
        let (declared, unclear, found) = (BTreeMap::new(), BTreeSet::new(), BTreeSet::new());
        let mut manifest = Self { is_there: false, declared, unclear, found };
        let sheet = Sheet::take(bundle, "manifest.csv")?;
        manifest.is_there = sheet.is_some();
        let Some(table) = sheet.and_then(|sheet| sheet.bind(&LAYOUT, out)) else { return Ok(manifest) };
        let mut has_version = false;
        table.for_each(out, |fields, out| {
            let property = fields.text("propertyName");
            if property.eq_ignore_ascii_case("oneroster.version") {
                has_version = true;
                if let Some(version) = one_of(fields, "value", &["1.1", "1.2"]) {
                    out.version(version);
                }
            } else if let Some(file) = declared_file(&property) {
                let mode = match one_of(fields, "value", &["absent", "bulk", "delta"]) {
                    Some("absent") => None,
                    Some("delta") => Some(Mode::Delta),
                    Some(_) => Some(Mode::Bulk),
                    None => {
                        fields.require(&["value"]);
                        manifest.unclear.insert(file);
                        Some(Mode::Bulk)
                    }
                };
                if manifest.declared.insert(file, mode).is_some_and(|before| before != mode) {
                    manifest.unclear.insert(file);
                    fields.warn("value", "contradiction", "is not what another row says of this file");
                }
            }
        });
        if !has_version {
            let reason = "has no property oneroster.version";
            out.record(vec![Defect::of_file("manifest.csv", Some("propertyName"), "missing", reason)]);
        }
        Ok(manifest)
    }

    /// Takes a file of the bundle that the manifest lets in.
    pub(super) fn take(
        &mut self,
        bundle: &mut Bundle,
        file: &'static str,
        out: &mut Output<'_>,
    ) -> Result<Option<Sheet>, Error> {
        let sheet = Sheet::take(bundle, file)?;
        self.found(file, sheet.is_some());
        Ok(self.admit(file, sheet, out))
    }

    pub(super) fn found(&mut self, file: &'static str, is_there: bool) {
        if is_there {
            self.found.insert(file);
        }
    }

    /// Passes on a file that is there, and says where the manifest is wrong about it.
    pub(super) fn admit(
        &self,
        file: &'static str,
        sheet: Option<Sheet>,
        out: &mut Output<'_>,
    ) -> Option<Sheet> {
        let defect = |code, reason| Defect::of_file(file, None, code, reason);
        match (self.declared.get(file), sheet.is_some()) {
            (Some(None), true) => {
                let reason = "is declared absent and is there; it is not read";
                out.record(vec![defect("contradiction", reason)]);
                return None;
            }
            (Some(Some(_)), false) => {
                out.record(vec![defect("missing_file", "is declared and is not there").refused()]);
            }
            (None, true) if self.is_there => {
                let reason = "is not in the manifest; it is read as a bulk file";
                out.record(vec![defect("contradiction", reason)]);
            }
            _ => {}
        }
        sheet
    }

    /// Says which of the files that are not read are declared and are not there.
    pub(super) fn check_the_rest(&self, bundle: &Bundle, out: &mut Output<'_>) {
        for (file, mode) in &self.declared {
            let was_asked_for = READ.contains(file);
            if mode.is_some() && !was_asked_for && !bundle.has(file) {
                let reason = "is declared and is not there; it would not be read";
                out.record(vec![Defect::of_file(file, None, "missing_file", reason)]);
            }
        }
    }

    pub(super) fn mode(&self, file: &str) -> Mode {
        self.declared.get(file).copied().flatten().unwrap_or(Mode::Bulk)
    }

    /// Whether a file is there and let in.
    pub(super) fn has(&self, file: &str) -> bool {
        self.found.contains(file) && self.declared.get(file) != Some(&None)
    }

    /// Notes how much of a kind the files hold that make its records: those of them that are there.
    pub(super) fn note_extent(&self, kind: Kind, files: &[&str], out: &mut Output<'_>) {
        for file in files.iter().filter(|file| self.has(file)) {
            let extent = match self.declared.get(file) {
                _ if self.unclear.contains(*file) => Extent::Changes,
                Some(Some(Mode::Delta)) => Extent::Changes,
                Some(Some(Mode::Bulk)) => Extent::Declared,
                Some(None) | None => Extent::Undeclared,
            };
            out.extents.note(kind, extent);
        }
    }

    /// What a reference to a row that `file` does not have means.
    pub(super) fn unknown_in(&self, file: &str) -> Unknown {
        match self.mode(file) {
            _ if !self.has(file) => Unknown::NoFile,
            Mode::Bulk => Unknown::Mistake,
            Mode::Delta => Unknown::Nothing,
        }
    }
}

const READ: [&str; 8] = [
    "academicSessions.csv",
    "classes.csv",
    "courses.csv",
    "demographics.csv",
    "enrollments.csv",
    "orgs.csv",
    "roles.csv",
    "users.csv",
];

/// The file that a property such as `file.users` speaks of.
fn declared_file(property: &str) -> Option<&'static str> {
    let (file, name) = property.split_once('.')?;
    let is = |known: &&&str| {
        known.strip_suffix(".csv").is_some_and(|known| known.eq_ignore_ascii_case(name.trim()))
    };
    file.eq_ignore_ascii_case("file").then(|| oneroster::FILES.iter().find(is).copied())?
}
