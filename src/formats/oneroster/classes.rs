//! `classes.csv` and `courses.csv`: which school and which terms a class belongs to.

use super::super::bundle::{Bundle, Error};
use super::super::id::Id;
use super::super::output::Output;
use super::super::table::Layout;
use super::manifest::Manifest;
use super::orgs::Orgs;
use super::sessions::Sessions;
use super::{Ids, one_of, several, standing};
use crate::calendar::{Date, SchoolYear};
use std::collections::HashMap;

/// The classes of a roster.
pub(super) struct Classes {
    pub(super) ids: Ids,
    by_id: HashMap<Id, Class>,
}

/// What an enrollment takes from its class.
pub(super) struct Class {
    /// Empty when the class does not say it.
    pub(super) school: Id,
    /// The last school year of its terms.
    pub(super) year: Option<SchoolYear>,
    /// The first day of its first term.
    pub(super) begin: Option<Date>,
}

impl Classes {
    pub(super) fn class(&self, id: &str) -> Option<&Class> {
        self.by_id.get(id)
    }
}

const FILE: &str = "classes.csv";

/// Reads the classes. None of them is sent, so every defect is a warning, and a class marked for deletion
/// still says where it was.
pub(super) fn read(
    bundle: &mut Bundle,
    manifest: &mut Manifest,
    orgs: &Orgs,
    sessions: &Sessions,
    out: &mut Output<'_>,
) -> Result<Classes, Error> {
    let courses = courses(bundle, manifest, out)?;
    let sheet = manifest.take(bundle, FILE, out)?;
    let mut classes =
        Classes { ids: Ids { unknown: manifest.unknown_in(FILE), ..Ids::default() }, by_id: HashMap::new() };
    let layout = Layout {
        // The last two are the look-alike's names for school and terms.
        read: &[
            "sourcedId",
            "status",
            "classType",
            "courseSourcedId",
            "schoolSourcedId",
            "termSourcedIds",
            "orgSourcedId",
            "sessionSourcedIds",
        ],
        required: &["sourcedId"],
        expected: &[],
        skipped: &[
            "dateLastModified",
            "title",
            "grades",
            "classCode",
            "location",
            "subjects",
            "subjectCodes",
            "periods",
        ],
        kinds: &[],
    };
    let Some(table) = sheet.and_then(|sheet| sheet.bind(&layout, out)) else { return Ok(classes) };
    let mode = manifest.mode(FILE);
    table.for_each(out, |fields, _| {
        fields.require(&["sourcedId"]);
        standing(fields, mode);
        one_of(fields, "classType", &["homeroom", "scheduled"]);
        let reference = |ids: &Ids, id: &str, file| ids.defect_of(id, file);
        if let Some(reason) = reference(&courses, &fields.text("courseSourcedId"), "courses.csv") {
            fields.warn("courseSourcedId", "unknown_reference", reason);
        }
        let school_column = if fields.has("schoolSourcedId") { "schoolSourcedId" } else { "orgSourcedId" };
        let school = fields.text(school_column);
        if let Some(reason) = reference(&orgs.ids, &school, "orgs.csv") {
            fields.warn(school_column, "unknown_reference", reason);
        }
        let terms_column = if fields.has("termSourcedIds") { "termSourcedIds" } else { "sessionSourcedIds" };
        let terms = fields.text(terms_column);
        let (mut year, mut begin) = (None, None::<Date>);
        for term in several(&terms) {
            if let Some(reason) = reference(&sessions.ids, term, "academicSessions.csv") {
                fields.warn(terms_column, "unknown_reference", reason);
            }
            let Some(term) = sessions.session(term) else { continue };
            if year.is_some() && term.year.is_some() && year != term.year {
                let reason = "has terms of more than one school year; the last is used";
                fields.warn(terms_column, "several_values", reason);
            }
            year = year.max(term.year);
            begin = [begin, term.begin].into_iter().flatten().min();
        }
        let id = fields.text("sourcedId");
        if !id.is_empty() {
            classes.ids.ids.insert(Id::new(&id));
            classes.by_id.insert(Id::new(&id), Class { school: Id::new(&school), year, begin });
        }
    });
    Ok(classes)
}

/// The ids of the courses, which classes refer to and nothing else needs.
fn courses(bundle: &mut Bundle, manifest: &mut Manifest, out: &mut Output<'_>) -> Result<Ids, Error> {
    const FILE: &str = "courses.csv";
    let sheet = manifest.take(bundle, FILE, out)?;
    let mut ids = Ids { unknown: manifest.unknown_in(FILE), ..Ids::default() };
    let layout = Layout {
        read: &["sourcedId"],
        required: &["sourcedId"],
        expected: &[],
        skipped: &[
            "status",
            "dateLastModified",
            "schoolYearSourcedId",
            "title",
            "courseCode",
            "grades",
            "orgSourcedId",
            "subjects",
            "subjectCodes",
        ],
        kinds: &[],
    };
    if let Some(table) = sheet.and_then(|sheet| sheet.bind(&layout, out)) {
        table.for_each(out, |fields, _| {
            fields.require(&["sourcedId"]);
            ids.ids.insert(Id::new(&fields.text("sourcedId")));
        });
    }
    Ok(ids)
}
