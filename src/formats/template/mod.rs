//! The project's own CSV templates, for what no standard ships: one file a kind, one row a record.

mod columns;
mod facts;
mod student;

pub use columns::{Column, Template, templates};

use super::Extent;
use super::bundle::{Bundle, Error};
use super::fields::{Fields, TEXT_MAX};
use super::id::{Seen, Verdict};
use super::output::Output;
use super::table::{Layout, Sheet};
use crate::records::{Change, Clear, Demographics, Fact, Kind, Submission};
use columns::{MATCH, RECORD_KEY, STUDENT_ID};
use std::borrow::Cow;
use student::Student;

/// Reads every template that is there. `enrollments` is the file of that name, which a roster has too;
/// `matched` are the students sent by their match fields.
pub(super) fn read(
    bundle: &mut Bundle,
    mut enrollments: Option<Sheet>,
    matched: &mut Seen,
    out: &mut Output<'_>,
) -> Result<(), Error> {
    for template in templates() {
        let sheet = match template.file {
            "enrollments.csv" => enrollments.take(),
            file => Sheet::take(bundle, file)?,
        };
        if let Some(sheet) = sheet {
            read_one(template, sheet, matched, out);
        }
    }
    Ok(())
}

fn read_one(template: &'static Template, sheet: Sheet, matched: &mut Seen, out: &mut Output<'_>) {
    let names: Vec<_> = template.columns.iter().map(|column| column.name).collect();
    let rows = Rows::new(template, |name| sheet.has_column(name));
    let (required, kinds) = (&rows.required[..], &[template.kind][..]);
    out.extents.note(template.kind, Extent::Undeclared);
    let layout = Layout { read: &names, required, expected: &[], skipped: &[], kinds };
    let Some(table) = sheet.bind(&layout, out) else { return };
    let mut of_file = OfFile { file: table.file(), seen: &mut Seen::default(), matched };
    table.for_each(out, |fields, out| rows.read(fields, &mut of_file, out));
}

/// Reads rows that have the columns of a template, wherever these come from: every record of a template,
/// or of a mapping onto one, is made here.
pub(super) struct Rows {
    pub(super) template: &'static Template,
    /// Columns that every row needs.
    pub(super) required: Vec<&'static str>,
    has_match: bool,
}

/// What the rows of a file have in common.
pub(super) struct OfFile<'a> {
    pub(super) file: &'a Cow<'static, str>,
    /// Keys of records of the same kind so far.
    pub(super) seen: &'a mut Seen,
    /// Students known by match fields alone who have been sent, by any file.
    pub(super) matched: &'a mut Seen,
}

impl Rows {
    /// Rows with those columns of the template for which `has_column` says so.
    pub(super) fn new(template: &'static Template, has_column: impl Fn(&str) -> bool) -> Self {
        let has = |name: &str| template.columns.iter().any(|column| column.name == name);
        let has_match = has(MATCH[0]) && MATCH.iter().all(|name| has_column(name));
        let mut required: Vec<_> = template.required().collect();
        if has(STUDENT_ID) && !required.contains(&STUDENT_ID) && !has_match {
            required.push(STUDENT_ID);
        }
        Self { template, required, has_match }
    }

    /// Sends the record of a row, or notes what is wrong with it.
    pub(super) fn read(&self, fields: &mut Fields<'_, '_>, of_file: &mut OfFile<'_>, out: &mut Output<'_>) {
        self.send(fields, of_file, out);
        if fields.is_refused() {
            self.refuse(fields, &[], out);
        }
    }

    /// Notes the key of a row that is refused, or its student, as far as these can be read. Columns that are `lost` are blank
    /// in it and were not in the file.
    pub(super) fn refuse(&self, fields: &mut Fields<'_, '_>, lost: &[&str], out: &mut Output<'_>) {
        let (template, kind) = (self.template, self.template.kind);
        let is_lost = |columns: &[&str]| columns.iter().any(|column| lost.contains(column));
        let has_key = !is_lost(template.key) && !is_lost(&[RECORD_KEY]);
        let has_student = kind.has_student() && !is_lost(&[STUDENT_ID]) && !is_lost(&MATCH);
        let (key, student) = fields.quietly(|fields| {
            let student = if has_student { student::identify(fields, self.has_match) } else { None };
            let student = student.filter(|student| !student.id.is_empty());
            let is_named = student.is_some() || !kind.has_student();
            let key = match fields.has(RECORD_KEY) {
                _ if !has_key => None,
                true => Some(fields.clear(RECORD_KEY)),
                false if is_named => {
                    let parts = facts::read_key_parts(template, fields);
                    parts.map(|parts| join(student.as_ref(), &parts))
                }
                false => None,
            };
            (key, student.map(|student| student.id))
        });
        out.extents.refused(kind, key, student);
    }

    fn send(&self, fields: &mut Fields<'_, '_>, of_file: &mut OfFile<'_>, out: &mut Output<'_>) {
        let Self { template, required, has_match } = self;
        fields.require(required);
        let student = if template.kind.has_student() { student::identify(fields, *has_match) } else { None };
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
        match of_file.seen.note(key.expose(), fields.fingerprint()) {
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
        if is_matched && of_file.matched.note(id, [0; 16]) == Verdict::New {
            let change = Change::Upsert(Fact::Person(Demographics::default()));
            let (key, identifiers) = (Clear::from(id), identifiers.take());
            out.send(
                of_file.file.clone(),
                fields.line(),
                Submission { key, student: of_student(), identifiers, change },
            );
        }
        let identifiers = identifiers.filter(|_| template.kind == Kind::Person);
        let (student, change) = (of_student(), Change::Upsert(fact));
        out.send(of_file.file.clone(), fields.line(), Submission { key, student, identifiers, change });
    }
}

/// The key of a record: the source's own, or the student and what tells records of the kind apart.
fn key(fields: &mut Fields<'_, '_>, student: Option<&Student>, fact: &Fact) -> Clear {
    if fields.has(RECORD_KEY) {
        return fields.clear(RECORD_KEY);
    }
    let key = join(student, &facts::key_parts(fact));
    if key.expose().len() > TEXT_MAX {
        fields.refuse(STUDENT_ID, "out_of_range", "makes a key of more than 200 bytes");
    }
    key
}

fn join(student: Option<&Student>, parts: &[String]) -> Clear {
    let student = student.map(|student| student.id.expose());
    // Room made at once, so that growing leaves no copy of a student number behind.
    let mut key = String::with_capacity(4 * TEXT_MAX);
    for part in student.into_iter().chain(parts.iter().map(String::as_str)) {
        key.push_str(if key.is_empty() { "" } else { "|" });
        key.push_str(part);
    }
    Clear::new(key)
}
