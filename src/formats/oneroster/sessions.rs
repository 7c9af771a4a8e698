//! `academicSessions.csv`: which school year a term belongs to.

use super::super::Defect;
use super::super::bundle::{Bundle, Error};
use super::super::id::Id;
use super::super::output::Output;
use super::super::table::Layout;
use super::manifest::Manifest;
use super::{Ids, one_of, standing};
use crate::calendar::{Date, SchoolYear};
use std::collections::{BTreeMap, HashMap};

/// The sessions of a roster.
pub(super) struct Sessions {
    pub(super) ids: Ids,
    by_id: HashMap<Id, Session>,
    first_days: BTreeMap<SchoolYear, Date>,
    /// The school year of the longest session.
    pub(super) main_year: Option<SchoolYear>,
}

/// A session: what is known of it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Session {
    pub(super) year: Option<SchoolYear>,
    pub(super) begin: Option<Date>,
}

impl Sessions {
    pub(super) fn session(&self, id: &str) -> Option<Session> {
        self.by_id.get(id).copied()
    }

    /// The first day of any session of a year, else 1 July.
    pub(super) fn first_day(&self, year: SchoolYear) -> Date {
        self.first_days.get(&year).copied().unwrap_or_else(|| year.first_day())
    }
}

const FILE: &str = "academicSessions.csv";
const TYPES: &[&str] = &["gradingPeriod", "semester", "schoolYear", "term"];

/// Reads the sessions. None of them is sent, so every defect is a warning, and a row that is marked for
/// deletion still says in which year it was.
pub(super) fn read(
    bundle: &mut Bundle,
    manifest: &mut Manifest,
    out: &mut Output<'_>,
) -> Result<Sessions, Error> {
    let sheet = manifest.take(bundle, FILE, out)?;
    let mut ids = Ids { unknown: manifest.unknown_in(FILE), ..Ids::default() };
    let (mut by_id, mut first_days) = (HashMap::new(), BTreeMap::new());
    let layout = Layout {
        read: &["sourcedId", "status", "type", "startDate", "endDate", "schoolYear", "parentSourcedId"],
        required: &["sourcedId"],
        expected: &["startDate", "endDate", "schoolYear"],
        skipped: &["dateLastModified", "title"],
        kinds: &[],
    };
    let (mut parents, mut longest) = (Vec::new(), None::<(i32, SchoolYear)>);
    if let Some(table) = sheet.and_then(|sheet| sheet.bind(&layout, out)) {
        let mode = manifest.mode(FILE);
        table.for_each(out, |fields, _| {
            fields.require(&["sourcedId", "schoolYear"]);
            standing(fields, mode);
            one_of(fields, "type", TYPES);
            let (begin, end) = (fields.date("startDate"), fields.date("endDate"));
            fields.order(("startDate", begin), ("endDate", end));
            let declared = fields.school_year("schoolYear");
            let (begin_or_end, end_or_begin) = (begin.or(end), end.or(begin));
            let by_dates = begin_or_end.zip(end_or_begin).map(|(begin, end)| years_of(begin, end));
            let year = match (declared, by_dates) {
                // Some exports name a school year by the year it begins in. The dates know better.
                (Some(declared), Some((years, middle))) if !years.contains(&declared) => {
                    let reason = "is not the school year of its dates, which are used (2025 is 2024-25)";
                    fields.warn("schoolYear", "contradiction", reason);
                    Some(middle)
                }
                (Some(declared), _) => Some(declared),
                (None, by_dates) => by_dates.map(|(_, middle)| middle),
            };
            if let (Some(year), Some(begin)) = (year, begin) {
                let first = first_days.entry(year).or_insert(begin);
                *first = begin.min(*first);
            }
            if let (Some(year), Some(begin), Some(end)) = (year, begin, end) {
                longest = longest.max(Some((end.days() - begin.days(), year)));
            }
            let id = fields.text("sourcedId");
            if !id.is_empty() {
                ids.ids.insert(Id::new(&id));
                by_id.insert(Id::new(&id), Session { year, begin });
                parents.push((fields.line(), Id::new(&fields.text("parentSourcedId"))));
            }
        });
    }
    for (line, parent) in parents {
        if let Some(reason) = ids.defect_of(parent.as_str(), FILE) {
            let defect = Defect::of_file(FILE, Some("parentSourcedId"), "unknown_reference", reason);
            out.record(vec![defect.at(line)]);
        }
    }
    Ok(Sessions { ids, by_id, first_days, main_year: longest.map(|(_, year)| year) })
}

/// The school years in which a span begins and ends, and the one its middle is in.
fn years_of(begin: Date, end: Date) -> ([SchoolYear; 2], SchoolYear) {
    let middle = begin.days() + (end.days() - begin.days()) / 2;
    let middle = Date::from_days(middle).unwrap_or(begin);
    ([begin.school_year(), end.school_year()], middle.school_year())
}
