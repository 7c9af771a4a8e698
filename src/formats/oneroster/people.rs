//! `users.csv` with `roles.csv` and `demographics.csv`: students as persons.
//!
//! Of other users nothing but id and role is read. User name, e-mail, telephone numbers, agents and
//! password are not read of anyone.

use super::super::Defect;
use super::super::bundle::{Bundle, Error};
use super::super::fields::Fields;
use super::super::id::{Id, Seen, Verdict};
use super::super::output::Output;
use super::super::table::Layout;
use super::super::value;
use super::demographics::{self, Entry};
use super::manifest::{Manifest, Mode};
use super::{Standing, Unknown, one_of, several, standing};
use crate::records::{Change, Clear, Fact, Grade, Identifiers, Kind, Submission};
use std::collections::HashMap;

/// The users of a roster.
pub(super) struct People {
    users: HashMap<Id, User>,
    pub(super) unknown: Unknown,
}

/// A user.
#[derive(Debug, Clone, Copy)]
pub(super) struct User {
    /// The line of a student's row; nothing for other users.
    pub(super) student: Option<u64>,
    pub(super) grade: Option<Grade>,
}

impl People {
    pub(super) fn user(&self, id: &str) -> Option<User> {
        self.users.get(id).copied()
    }

    /// Students by id, in no order.
    pub(super) fn students(&self) -> impl Iterator<Item = &str> {
        self.users.iter().filter(|(_, user)| user.student.is_some()).map(|(id, _)| id.as_str())
    }
}

const FILE: &str = "users.csv";
const SKIPPED: &[&str] = &[
    "dateLastModified",
    "orgSourcedIds",
    "username",
    "userIds",
    "identifier",
    "email",
    "sms",
    "phone",
    "agentSourcedIds",
    "userMasterIdentifier",
    "preferredGivenName",
    "preferredMiddleName",
    "preferredFamilyName",
    "primaryOrgSourcedId",
    "pronouns",
];
/// The roles of 1.1, and after them those that 1.2 added.
pub(super) const ROLES: &[&str] = &[
    "administrator",
    "aide",
    "guardian",
    "parent",
    "proctor",
    "relative",
    "student",
    "teacher",
    "counselor",
    "districtAdministrator",
    "principal",
    "siteAdministrator",
    "systemAdministrator",
];

pub(super) fn read(
    bundle: &mut Bundle,
    manifest: &mut Manifest,
    out: &mut Output<'_>,
) -> Result<People, Error> {
    let mut entries = demographics::read(bundle, manifest, out)?;
    let roles = roles(bundle, manifest, out)?;
    let sheet = manifest.take(bundle, FILE, out)?;
    let mut people = People { users: HashMap::new(), unknown: manifest.unknown_in(FILE) };
    let layout = Layout {
        read: &[
            "sourcedId",
            "status",
            "enabledUser",
            "role",
            "givenName",
            "familyName",
            "middleName",
            "grades",
        ],
        required: if roles.is_some() {
            &["sourcedId", "givenName", "familyName"]
        } else {
            &["sourcedId", "givenName", "familyName", "role"]
        },
        expected: &[],
        skipped: SKIPPED,
        kinds: &[Kind::Person],
    };
    manifest.note_extent(Kind::Person, &[FILE, "roles.csv", demographics::FILE], out);
    let table = sheet.and_then(|sheet| sheet.bind(&layout, out));
    let mode = manifest.mode(FILE);
    let has_demographics = manifest.has(demographics::FILE);
    let demographics_mode = manifest.mode(demographics::FILE);
    if let Some(table) = &table {
        let mut seen = Seen::default();
        table.for_each(out, |fields, out| {
            fields.require(&["sourcedId"]);
            let id = fields.text("sourcedId");
            let entry = entries.remove(&*id).or_else(|| (!has_demographics).then(Entry::of_nothing));
            let role = role(fields, roles.as_ref());
            if role.is_none() {
                // Perhaps a student, and at least not one that the file no longer has.
                out.extents.refused(Kind::Person, Some(Clear::from(&*id)), None);
            }
            if role.is_none_or(|role| !role.is_student) {
                people.users.insert(Id::new(&id), User { student: None, grade: None });
                return;
            }
            match seen.note(&id, fields.fingerprint()) {
                Verdict::New => {}
                Verdict::Repeat => return out.repeat(),
                Verdict::Clash => {
                    let reason = "stands on an earlier row with other values";
                    out.extents.refused(Kind::Person, Some(Clear::from(&*id)), None);
                    return fields.refuse("sourcedId", "duplicate_key", reason);
                }
            }
            let grade = grade(fields, role);
            people.users.insert(Id::new(&id), User { student: Some(fields.line()), grade });
            let standing = standing(fields, mode);
            let submission = match standing {
                Standing::Active => person(fields, entry, demographics_mode),
                Standing::Deleted if mode == Mode::Delta => withdrawn(&id),
                Standing::Deleted => return,
                Standing::Unclear => return out.extents.refused(Kind::Person, Some(Clear::from(&*id)), None),
            };
            if fields.is_refused() {
                out.extents.refused(Kind::Person, Some(Clear::from(&*id)), None);
            } else {
                out.send(FILE, fields.line(), submission);
            }
        });
    }
    if table.is_some() && !has_demographics {
        let reason =
            "is not in the bundle: without birth dates, students of two sources are hard to tell apart";
        out.record(vec![Defect::of_file(demographics::FILE, None, "missing_file", reason)]);
    }
    let strays = entries.into_iter().map(|(id, entry)| {
        out.extents.refused(Kind::Person, Some(Clear::from(id.as_str())), None);
        entry.line
    });
    let mut strays: Vec<_> = strays.collect();
    strays.sort_unstable();
    for line in strays {
        let reason = "refers to a row that users.csv does not have, so nobody is sent";
        let defect = Defect::of_file(demographics::FILE, Some("sourcedId"), "unknown_reference", reason);
        out.record(vec![defect.at(line).refused()]);
    }
    Ok(people)
}

/// A student with the row of `demographics.csv`, which has that mode.
fn person(fields: &mut Fields<'_, '_>, entry: Option<Entry>, mode: Mode) -> Submission {
    one_of_warning(fields, "enabledUser", &["true", "false"]);
    for column in ["givenName", "familyName"] {
        if !fields.has(column) {
            fields.warn(column, "missing", "is blank, so the student is hard to link");
        }
    }
    let (demographics, birth_date) = match entry {
        Some(Entry { content: Some(content), .. }) => content,
        Some(Entry { content: None, .. }) => {
            fields.refuse("sourcedId", "unknown_reference", "has a row in demographics.csv that is refused");
            Default::default()
        }
        // A person is sent whole: in place of what is stored would stand that nothing is known.
        None if mode == Mode::Delta => {
            let reason = "has no row in demographics.csv, which is a delta: send demographics in bulk";
            fields.refuse("sourcedId", "unknown_reference", reason);
            Default::default()
        }
        None => {
            let reason = "has no row in demographics.csv, so birth date, sex and race are unknown";
            fields.warn("sourcedId", "unknown_reference", reason);
            Default::default()
        }
    };
    let identifiers = Identifiers {
        first_name: fields.clear("givenName"),
        middle_name: fields.clear("middleName"),
        last_name: fields.clear("familyName"),
        birth_date: birth_date.map(Into::into),
        ..Identifiers::default()
    };
    Submission {
        key: fields.clear("sourcedId"),
        student: Some(fields.clear("sourcedId")),
        identifiers: Some(identifiers),
        change: Change::Upsert(Fact::Person(demographics)),
    }
}

fn withdrawn(id: &str) -> Submission {
    let change = Change::Delete(Kind::Person);
    Submission { key: Clear::from(id), student: Some(Clear::from(id)), identifiers: None, change }
}

/// The one grade of a student; several are no grade.
fn grade(fields: &mut Fields<'_, '_>, role: Option<Role>) -> Option<Grade> {
    let text = fields.text("grades");
    let mut grades = several(&text);
    match (grades.next(), grades.next()) {
        (None, _) => role.and_then(|role| role.grade),
        (Some(one), None) => {
            let grade = value::grade(one);
            if grade.is_none() {
                let reason = "is not a CEDS grade (IT PR PK TK KG 01 to 13 PS UG); the grade is unknown";
                fields.warn("grades", "outside_vocabulary", reason);
            }
            grade
        }
        (Some(_), Some(_)) => {
            fields.warn("grades", "several_values", "has several grades; the grade is unknown");
            None
        }
    }
}

#[derive(Clone, Copy)]
struct Role {
    is_student: bool,
    grade: Option<Grade>,
}

struct Roles {
    mode: Mode,
    by_user: HashMap<Id, Role>,
}

/// The role in the user's own row (1.1), else in `roles.csv` (1.2).
fn role(fields: &mut Fields<'_, '_>, roles: Option<&Roles>) -> Option<Role> {
    if fields.has("role") {
        let word = one_of_warning(fields, "role", ROLES)?;
        return Some(Role { is_student: word == "student", grade: None });
    }
    let role = roles.and_then(|roles| roles.by_user.get(&*fields.text("sourcedId")).copied());
    match roles.map(|roles| roles.mode) {
        _ if role.is_some() => {}
        // Whether this is a student cannot be told, and a change to one must not get lost unseen.
        Some(Mode::Delta) => {
            let reason = "has no role in roles.csv, which is a delta: send roles in bulk";
            fields.refuse("sourcedId", "missing", reason);
        }
        Some(Mode::Bulk) => {
            let reason = "has no role in roles.csv, so is not taken for a student";
            fields.warn("sourcedId", "missing", reason);
        }
        None => fields.warn("role", "missing", "is blank, so the user is not taken for a student"),
    }
    role
}

/// As [`one_of`], but an unknown word does not keep the row from being sent.
fn one_of_warning(fields: &mut Fields<'_, '_>, column: &str, words: &[&'static str]) -> Option<&'static str> {
    let text = fields.text(column);
    if text.is_empty() || words.iter().any(|word| word.eq_ignore_ascii_case(&text)) {
        return one_of(fields, column, words);
    }
    fields.warn(column, "outside_vocabulary", format!("is none of {}", words.join(", ")));
    None
}

/// The roles of users, when there is such a file: a user is a student who has that role anywhere.
fn roles(bundle: &mut Bundle, manifest: &mut Manifest, out: &mut Output<'_>) -> Result<Option<Roles>, Error> {
    const FILE: &str = "roles.csv";
    let Some(sheet) = manifest.take(bundle, FILE, out)? else { return Ok(None) };
    let layout = Layout {
        read: &["userSourcedId", "role", "status", "grade"],
        required: &["userSourcedId", "role"],
        expected: &[],
        skipped: &[
            "sourcedId",
            "dateLastModified",
            "roleType",
            "beginDate",
            "endDate",
            "orgSourcedId",
            "userProfileSourcedId",
            "sessionSourcedId",
            "isPrimary",
            "roleStartDate",
            "roleEndDate",
        ],
        kinds: &[],
    };
    let Some(table) = sheet.bind(&layout, out) else { return Ok(None) };
    let (mode, mut roles) = (manifest.mode(FILE), HashMap::new());
    table.for_each(out, |fields, _| {
        fields.require(&["userSourcedId", "role"]);
        if standing(fields, mode) == Standing::Deleted {
            return;
        }
        let is_student = one_of(fields, "role", ROLES) == Some("student");
        let grade = if is_student { fields.grade("grade") } else { None };
        let none = Role { is_student: false, grade: None };
        let role = roles.entry(Id::new(&fields.text("userSourcedId"))).or_insert(none);
        role.is_student |= is_student;
        role.grade = role.grade.or(grade);
    });
    Ok(Some(Roles { mode, by_user: roles }))
}
