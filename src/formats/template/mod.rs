//! The project's own CSV templates, for what no standard ships: one file a kind, one row a record.

mod columns;
mod facts;
mod student;

pub use columns::{Column, Template, templates};

use super::bundle::{Bundle, Error};
use super::fields::{Fields, TEXT_MAX};
use super::id::{Seen, Verdict};
use super::output::Output;
use super::table::{Layout, Sheet};
use crate::records::{Change, Clear, Demographics, Fact, Kind, Submission};
use columns::{MATCH, RECORD_KEY, STUDENT_ID};
use student::Student;

/// Reads every template that is there. `enrollments` is the file of that name, which a roster has too.
pub(super) fn read(
    bundle: &mut Bundle,
    mut enrollments: Option<Sheet>,
    out: &mut Output<'_>,
) -> Result<(), Error> {
    let mut matched = Seen::default();
    for template in templates() {
        let sheet = match template.file {
            "enrollments.csv" => enrollments.take(),
            file => Sheet::take(bundle, file)?,
        };
        if let Some(sheet) = sheet {
            read_one(template, sheet, &mut matched, out);
        }
    }
    Ok(())
}

fn read_one(template: &Template, sheet: Sheet, matched: &mut Seen, out: &mut Output<'_>) {
    let names: Vec<_> = template.columns.iter().map(|column| column.name).collect();
    let has_match = names.contains(&MATCH[0]) && MATCH.iter().all(|name| sheet.has_column(name));
    let mut required: Vec<_> = template.required().collect();
    if names.contains(&STUDENT_ID) && !required.contains(&STUDENT_ID) && !has_match {
        required.push(STUDENT_ID);
    }
    let layout = Layout { read: &names, required: &required, expected: &[], skipped: &[], is_sent: true };
    let Some(table) = sheet.bind(&layout, out) else { return };
    let (file, mut seen) = (table.file(), Seen::default());
    table.for_each(out, |fields, out| {
        fields.require(&required);
        let student = if template.kind.has_student() { student::identify(fields, has_match) } else { None };
        let fact = facts::fact(template.kind, fields);
        if fields.is_refused() {
            return;
        }
        let Some(fact) = fact else { return };
        let key = key(fields, student.as_ref(), &fact);
        let is_matched = student.as_ref().is_some_and(|student| student.is_matched);
        let has_identifiers = is_matched || template.kind == Kind::Person;
        let mut identifiers = has_identifiers.then(|| student::identifiers(fields));
        if fields.is_refused() {
            return;
        }
        match seen.note(key.expose(), fields.fingerprint()) {
            Verdict::New => {}
            Verdict::Repeat => return out.repeat(),
            Verdict::Clash => {
                let is_own = fields.has(RECORD_KEY);
                let columns = if is_own { RECORD_KEY.to_owned() } else { template.key.join(", ") };
                let reason = format!("another row has the same {columns} and other values");
                let column = if is_own { RECORD_KEY } else { template.key[0] };
                return fields.refuse(column, "duplicate_key", reason);
            }
        }
        let id = student.as_ref().map(|student| student.id.expose()).unwrap_or_default();
        let of_student = || student.as_ref().map(|student| Clear::from(student.id.expose()));
        if is_matched && matched.note(id, [0; 16]) == Verdict::New {
            let change = Change::Upsert(Fact::Person(Demographics::default()));
            let (key, identifiers) = (Clear::from(id), identifiers.take());
            out.send(file, fields.line(), Submission { key, student: of_student(), identifiers, change });
        }
        let identifiers = identifiers.filter(|_| template.kind == Kind::Person);
        let (student, change) = (of_student(), Change::Upsert(fact));
        out.send(file, fields.line(), Submission { key, student, identifiers, change });
    });
}

/// The key of a record: the source's own, or the student and what tells records of the kind apart.
fn key(fields: &mut Fields<'_, '_>, student: Option<&Student>, fact: &Fact) -> Clear {
    if fields.has(RECORD_KEY) {
        return fields.clear(RECORD_KEY);
    }
    let student = student.map(|student| student.id.expose());
    let parts = facts::key_parts(fact);
    // Room made at once, so that growing leaves no copy of a student number behind.
    let mut key = String::with_capacity(4 * TEXT_MAX);
    for part in student.into_iter().chain(parts.iter().map(String::as_str)) {
        key.push_str(if key.is_empty() { "" } else { "|" });
        key.push_str(part);
    }
    let key = Clear::new(key);
    if key.expose().len() > TEXT_MAX {
        fields.refuse(STUDENT_ID, "out_of_range", "makes a key of more than 200 bytes");
    }
    key
}
