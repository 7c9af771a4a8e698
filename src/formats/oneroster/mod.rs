//! OneRoster 1.1 and 1.2 in CSV, and the look-alike of Microsoft School Data Sync 2.1.
//!
//! Students become persons, schools schools, and class enrollments are folded into one spell for each
//! student, school and school year, which is what indicators count. What standards disagree about is
//! settled from the manifest: `bulk` files are complete, `delta` files hold what changed.
//!
//! Source: IMS Global OneRoster 1.1 and 1.2 CSV binding; Microsoft SDS v2.1 CSV file format.

mod classes;
mod manifest;
mod orgs;
mod people;
mod demographics;
mod sessions;
mod spells;

use super::bundle::{Bundle, Error};
use super::fields::Fields;
use super::id::Id;
use super::output::Output;
use super::table::Sheet;
use crate::calendar::SchoolYear;
use crate::records::Kind;
use manifest::{Manifest, Mode};
use std::collections::HashSet;

/// Every file of the standard and of the look-alike, so that none of them is taken for a stray one.
pub(super) const FILES: &[&str] = &[
    "academicSessions.csv",
    "categories.csv",
    "classes.csv",
    "classResources.csv",
    "courseResources.csv",
    "courses.csv",
    "demographics.csv",
    "enrollments.csv",
    "lineItemLearningObjectiveIds.csv",
    "lineItemScoreScales.csv",
    "lineItems.csv",
    "manifest.csv",
    "orgs.csv",
    "relationships.csv",
    "resources.csv",
    "resultLearningObjectiveIds.csv",
    "results.csv",
    "resultScoreScales.csv",
    "roles.csv",
    "scoreScales.csv",
    "userFlags.csv",
    "userProfiles.csv",
    "userResources.csv",
    "users.csv",
];

/// Whether there is a roster: a manifest, or users and organizations.
pub(super) fn is_in(bundle: &Bundle) -> bool {
    bundle.has("manifest.csv") || (bundle.has("users.csv") && bundle.has("orgs.csv"))
}

/// Reads the roster; gives `enrollments.csv` back when it is of the templates and not of the roster.
pub(super) fn read(
    bundle: &mut Bundle,
    year: Option<SchoolYear>,
    out: &mut Output<'_>,
) -> Result<Option<Sheet>, Error> {
    let mut manifest = Manifest::read(bundle, out)?;
    let (enrollments, other) = match Sheet::take(bundle, "enrollments.csv")? {
        Some(sheet) if sheet.has_column("userSourcedId") || !sheet.has_column("student_id") => {
            (Some(sheet), None)
        }
        other => (None, other),
    };
    manifest.found("enrollments.csv", enrollments.is_some());
    let orgs = orgs::read(bundle, &mut manifest, out)?;
    let sessions = sessions::read(bundle, &mut manifest, out)?;
    let classes = classes::read(bundle, &mut manifest, &orgs, &sessions, out)?;
    let people = people::read(bundle, &mut manifest, out)?;
    if let Some(sheet) = manifest.admit("enrollments.csv", enrollments, out) {
        // The school year, and so the key, of a spell comes from its class and the terms of this.
        let files = ["enrollments.csv", "classes.csv", "academicSessions.csv"];
        manifest.note_extent(Kind::Enrollment, &files, out);
        spells::Folder::new(&manifest, year, &orgs, &sessions, &classes, &people).read(sheet, out);
    }
    manifest.check_the_rest(bundle, out);
    Ok(other)
}

/// Whether a row is current.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing {
    Active,
    Deleted,
    /// The status is no word of the standard, and the row is refused.
    Unclear,
}

/// Reads `status`: blank is active in bulk and where there is no such column.
fn standing(fields: &mut Fields<'_, '_>, mode: Mode) -> Standing {
    match one_of(fields, "status", &["active", "tobedeleted"]) {
        Some("tobedeleted") => {
            if mode == Mode::Bulk {
                let reason = "marks the row for deletion; in a bulk file nothing is withdrawn";
                fields.warn("status", "to_be_deleted", reason);
            }
            Standing::Deleted
        }
        Some(_) => Standing::Active,
        None if fields.has("status") => Standing::Unclear,
        None => {
            if mode == Mode::Delta {
                fields.warn("status", "missing", "is blank in a delta file; the row is taken for active");
            }
            Standing::Active
        }
    }
}

/// A word of a vocabulary; in other letter case it is taken with a warning.
fn one_of(fields: &mut Fields<'_, '_>, column: &str, words: &[&'static str]) -> Option<&'static str> {
    let text = fields.text(column);
    let word = words.iter().copied().find(|word| word.eq_ignore_ascii_case(&text));
    match word {
        Some(word) if word != text => {
            fields.warn(column, "case_differs", "is in other letter case than the standard's");
        }
        None if !text.is_empty() => {
            fields.refuse(column, "outside_vocabulary", format!("is none of {}", words.join(", ")));
        }
        Some(_) | None => {}
    }
    word
}

/// The parts of a cell with several values.
fn several(text: &str) -> impl Iterator<Item = &str> {
    text.split(',').map(str::trim).filter(|part| !part.is_empty())
}

/// The ids of a file, and what one that is not among them means.
#[derive(Default)]
struct Ids {
    ids: HashSet<Id>,
    unknown: Unknown,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Unknown {
    /// The file is complete: a mistake.
    Mistake,
    /// The file is declared absent, or not there.
    NoFile,
    /// The file holds only changes: nothing.
    #[default]
    Nothing,
}

impl Ids {
    /// Why a reference to `id` is a defect, when it is one.
    fn defect_of(&self, id: &str, file: &str) -> Option<String> {
        match self.unknown {
            _ if id.is_empty() || self.ids.contains(id) => None,
            Unknown::Nothing => None,
            Unknown::Mistake => Some(format!("refers to a row that {file} does not have")),
            Unknown::NoFile => Some(format!("refers to {file}, which is not in the bundle")),
        }
    }
}
