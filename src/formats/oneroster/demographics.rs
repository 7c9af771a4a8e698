//! `demographics.csv`: birth date, sex and race of users, held until the user's row is read.

use super::super::bundle::{Bundle, Error};
use super::super::fields::Fields;
use super::super::id::{Id, Seen, Verdict};
use super::super::output::Output;
use super::super::table::Layout;
use super::manifest::Manifest;
use super::{Standing, one_of, several, standing};
use crate::calendar::Date;
use crate::records::{Demographics, Kind, Sex};
use std::collections::HashMap;

/// A row, with the line it stands on.
pub(super) struct Entry {
    pub(super) line: u64,
    /// What it says; nothing when the row is refused.
    pub(super) content: Option<(Demographics, Option<Date>)>,
}

impl Entry {
    /// What is known of everyone when there is no such file.
    pub(super) fn of_nothing() -> Self {
        Self { line: 0, content: Some((Demographics::default(), None)) }
    }
}

pub(super) const FILE: &str = "demographics.csv";

/// The standard's race columns, in the order of [`crate::records::Races::NAMES`].
const RACES: [&str; 6] = [
    "americanIndianOrAlaskaNative",
    "asian",
    "blackOrAfricanAmerican",
    "nativeHawaiianOrOtherPacificIslander",
    "white",
    "demographicRaceTwoOrMoreRaces",
];
const HISPANIC: &str = "hispanicOrLatinoEthnicity";

pub(super) fn read(
    bundle: &mut Bundle,
    manifest: &mut Manifest,
    out: &mut Output<'_>,
) -> Result<HashMap<Id, Entry>, Error> {
    let mut entries = HashMap::new();
    let Some(sheet) = manifest.take(bundle, FILE, out)? else { return Ok(entries) };
    // The look-alike has its own name for the id, and lists of codes instead of flags.
    let is_other = sheet.has_column("userSourcedId");
    let id_column = if is_other { "userSourcedId" } else { "sourcedId" };
    let other = ["userSourcedId", "raceCodes", "ethnicityCodes"];
    let read: Vec<_> =
        ["sourcedId", "status", "birthDate", "sex", HISPANIC].into_iter().chain(RACES).chain(other).collect();
    let expected: Vec<_> = ["birthDate", "sex", HISPANIC].into_iter().chain(RACES).collect();
    let layout = Layout {
        read: &read,
        required: &[id_column],
        expected: if is_other { &expected[..2] } else { &expected },
        skipped: &[
            "dateLastModified",
            "countryOfBirthCode",
            "stateOfBirthAbbreviation",
            "cityOfBirth",
            "publicSchoolResidenceStatus",
            "birthCity",
            "birthState",
            "birthCountry",
        ],
        kinds: &[Kind::Person],
    };
    let Some(table) = sheet.bind(&layout, out) else { return Ok(entries) };
    let (mode, mut seen) = (manifest.mode(FILE), Seen::default());
    table.for_each(out, |fields, out| {
        fields.require(&[id_column]);
        let standing = standing(fields, mode);
        let content = content(fields);
        let id = fields.text(id_column);
        match seen.note(&id, fields.fingerprint()) {
            Verdict::New => {}
            Verdict::Repeat => return out.repeat(),
            Verdict::Clash => {
                return fields.refuse(
                    id_column,
                    "duplicate_key",
                    "stands on an earlier row with other values",
                );
            }
        }
        if standing != Standing::Deleted {
            let content = (!fields.is_refused()).then_some(content);
            entries.insert(Id::new(&id), Entry { line: fields.line(), content });
        }
    });
    Ok(entries)
}

fn content(fields: &mut Fields<'_, '_>) -> (Demographics, Option<Date>) {
    let mut demographics = Demographics::default();
    for (column, name) in RACES.into_iter().zip(crate::records::Races::NAMES) {
        if flag(fields, column) == Some(true) {
            demographics.races.add(name);
        }
    }
    demographics.hispanic = flag(fields, HISPANIC);
    for code in several(&fields.text("raceCodes")) {
        match RACES.iter().position(|column| column.eq_ignore_ascii_case(code)) {
            Some(at) => {
                demographics.races.add(crate::records::Races::NAMES[at]);
            }
            None => refuse_code(fields, "raceCodes", &RACES),
        }
    }
    for code in several(&fields.text("ethnicityCodes")) {
        if code.eq_ignore_ascii_case(HISPANIC) {
            demographics.hispanic = Some(true);
        } else {
            refuse_code(fields, "ethnicityCodes", &[HISPANIC]);
        }
    }
    // OneRoster 1.2 has the last two; unspecified is not known.
    demographics.sex = match one_of(fields, "sex", &["male", "female", "other", "unspecified"]) {
        Some("male") => Some(Sex::Male),
        Some("female") => Some(Sex::Female),
        Some("other") => Some(Sex::Other),
        _ => None,
    };
    (demographics, fields.date("birthDate"))
}

/// A flag; `TRUE` is taken with a warning, and so is any other form that is clear.
fn flag(fields: &mut Fields<'_, '_>, column: &str) -> Option<bool> {
    let value = fields.boolean(column)?;
    let text = fields.text(column);
    if text != "true" && text != "false" {
        fields.warn(column, "case_differs", "is written in another way than true or false");
    }
    Some(value)
}

fn refuse_code(fields: &mut Fields<'_, '_>, column: &str, codes: &[&str]) {
    fields.refuse(column, "outside_vocabulary", format!("is none of {}", codes.join(", ")));
}
