//! `enrollments.csv`: class enrollments of students, folded into spells at schools.

use super::super::Defect;
use super::super::fields::{Fields, TEXT_MAX};
use super::super::id::{Id, Seen, Verdict};
use super::super::output::Output;
use super::super::table::{Layout, Sheet};
use super::super::value;
use super::classes::Classes;
use super::manifest::{Manifest, Mode};
use super::orgs::Orgs;
use super::people::People;
use super::sessions::Sessions;
use super::{Standing, Unknown, one_of, standing};
use crate::calendar::{Date, SchoolYear};
use crate::records::{Change, Clear, Code, Enrollment, Fact, Grade, Kind, Submission};
use std::collections::HashMap;

/// Reads class enrollments and folds them.
pub(super) struct Folder<'a> {
    mode: Mode,
    /// The school year to assume where nothing says it.
    year: Option<SchoolYear>,
    orgs: &'a Orgs,
    sessions: &'a Sessions,
    classes: &'a Classes,
    people: &'a People,
    spells: Vec<Spell>,
    /// Position in `spells`, by student, school and year.
    positions: HashMap<(u32, Code, SchoolYear), usize>,
    students: HashMap<Id, u32>,
    n_assumed: u64,
}

struct Spell {
    line: u64,
    student: u32,
    school: Code,
    year: SchoolYear,
    entry: Date,
    exit: Option<Date>,
    grade: Option<Grade>,
}

const FILE: &str = "enrollments.csv";
const ROLES: &[&str] = &["administrator", "aide", "proctor", "student", "teacher"];
/// Bytes of the longest student id that leaves room for the rest of a spell's key.
const STUDENT_MAX: usize = TEXT_MAX - 64 - "||2025".len();

impl<'a> Folder<'a> {
    pub(super) fn new(
        manifest: &Manifest,
        year: Option<SchoolYear>,
        orgs: &'a Orgs,
        sessions: &'a Sessions,
        classes: &'a Classes,
        people: &'a People,
    ) -> Self {
        let mode = manifest.mode(FILE);
        let (spells, positions, students) = (Vec::new(), HashMap::new(), HashMap::new());
        Self { mode, year, orgs, sessions, classes, people, spells, positions, students, n_assumed: 0 }
    }

    pub(super) fn read(mut self, sheet: Sheet, out: &mut Output<'_>) {
        let layout = Layout {
            read: &[
                "sourcedId",
                "status",
                "classSourcedId",
                "schoolSourcedId",
                "userSourcedId",
                "role",
                "beginDate",
                "endDate",
            ],
            required: &["classSourcedId", "userSourcedId", "role"],
            expected: &[],
            skipped: &["dateLastModified", "primary"],
            kinds: &[Kind::Enrollment],
        };
        let Some(table) = sheet.bind(&layout, out) else { return };
        let (has_ids, mut seen) = (table.has_column("sourcedId"), Seen::default());
        table.for_each(out, |fields, out| {
            if !self.is_of_a_student(fields) {
                let role = fields.text("role");
                if !ROLES.iter().any(|known| known.eq_ignore_ascii_case(&role)) {
                    self.refuse(fields, out);
                }
                return;
            }
            let id = fields.text("sourcedId");
            if has_ids && !id.is_empty() {
                match seen.note(&id, fields.fingerprint()) {
                    Verdict::New => {}
                    Verdict::Repeat => return out.repeat(),
                    Verdict::Clash => {
                        let reason = "stands on an earlier row with other values";
                        self.refuse(fields, out);
                        return fields.refuse("sourcedId", "duplicate_key", reason);
                    }
                }
            }
            if let Some(spell) = self.spell(fields) {
                self.fold(spell);
            } else if fields.is_refused() {
                self.refuse(fields, out);
            }
        });
        self.finish(out);
    }

    fn is_of_a_student(&self, fields: &mut Fields<'_, '_>) -> bool {
        fields.require(&["role"]);
        let text = fields.text("role");
        if text.is_empty() || ROLES.iter().any(|role| role.eq_ignore_ascii_case(&text)) {
            return one_of(fields, "role", ROLES) == Some("student");
        }
        let reason = format!("is none of {}; it is not taken for a student's", ROLES.join(", "));
        fields.warn("role", "outside_vocabulary", reason);
        false
    }

    /// A class enrollment as a spell of its own, when nothing is wrong with it.
    fn spell(&mut self, fields: &mut Fields<'_, '_>) -> Option<Spell> {
        fields.require(&["classSourcedId", "userSourcedId"]);
        let standing = standing(fields, self.mode);
        let class_id = fields.text("classSourcedId");
        let class = self.classes.class(&class_id);
        if let Some(reason) = self.classes.ids.defect_of(&class_id, "classes.csv") {
            fields.warn("classSourcedId", "unknown_reference", reason);
        }
        let school = fields.text("schoolSourcedId");
        let of_class = class.map(|class| class.school.as_str()).unwrap_or_default();
        if !school.is_empty() && !of_class.is_empty() && school != of_class {
            fields.warn("schoolSourcedId", "contradiction", "is another school than the class's");
        }
        let school = self.school(fields, if school.is_empty() { of_class } else { &school });
        let (student, grade) = self.student(fields);
        let (begin, end) = (fields.date("beginDate"), fields.date("endDate"));
        fields.order(("beginDate", begin), ("endDate", end));
        let of_class = class.and_then(|class| class.year);
        let by_dates = begin.or(end).map(Date::school_year);
        let Some(year) = of_class.or(by_dates).or(self.year).or(self.sessions.main_year) else {
            let reason = "leads to no session, and there is no date: the school year is unknown";
            fields.refuse("classSourcedId", "missing", reason);
            return None;
        };
        let end = check_year(fields, year, begin, end);
        if standing == Standing::Deleted && self.mode == Mode::Delta {
            let reason = "ends a class and perhaps not the spell at the school: send enrollments in bulk";
            fields.warn("status", "delta_enrollment", reason);
        }
        if standing != Standing::Active || fields.is_refused() {
            return None;
        }
        self.n_assumed += u64::from(begin.is_none());
        let entry = begin.or(class.and_then(|class| class.begin)).unwrap_or(self.sessions.first_day(year));
        Some(Spell { line: fields.line(), student: student?, school: school?, year, entry, exit: end, grade })
    }

    fn refuse(&self, fields: &Fields<'_, '_>, out: &mut Output<'_>) {
        let student = Clear::from(&*fields.text("userSourcedId"));
        out.extents.refused(Kind::Enrollment, self.refused_key(fields), Some(student));
    }

    /// The key of the spell that a row would be folded into, as far as the row can be read.
    fn refused_key(&self, fields: &Fields<'_, '_>) -> Option<Clear> {
        let (student, school) = (fields.text("userSourcedId"), fields.text("schoolSourcedId"));
        let class = self.classes.class(&fields.text("classSourcedId"));
        let of_class = class.map(|class| class.school.as_str()).unwrap_or_default();
        let school = if school.is_empty() { of_class } else { &school };
        let school = self.orgs.school(school).cloned().or_else(|| Code::new(school).ok())?;
        let date = |column| value::date(&fields.text(column)).map(Date::school_year);
        let by_dates = || date("beginDate").or_else(|| date("endDate"));
        let year = class.and_then(|class| class.year).or_else(by_dates);
        let year = year.or(self.year).or(self.sessions.main_year)?;
        (!student.is_empty()).then(|| Clear::new(spell_key(&student, &school, year)))
    }

    fn school(&self, fields: &mut Fields<'_, '_>, id: &str) -> Option<Code> {
        // The class's school stands in another file; the row here refers to it through the class.
        let column = if fields.has("schoolSourcedId") { "schoolSourcedId" } else { "classSourcedId" };
        if id.is_empty() {
            fields.refuse(column, "missing", "leads to no school");
            return None;
        }
        if let Some(code) = self.orgs.school(id) {
            return Some(code.clone());
        }
        if self.orgs.ids.ids.contains(id) {
            fields.refuse(column, "not_a_school", "refers to an organization that is not a school in use");
            return None;
        }
        if self.orgs.is_complete() {
            fields.refuse(column, "unknown_reference", "refers to a row that orgs.csv does not have");
            return None;
        }
        let code = Code::new(id).ok();
        if code.is_none() {
            fields.refuse(column, "not_a_code", "is not a code (1 to 64 letters, digits and ._:/+&#-)");
        }
        code
    }

    fn student(&mut self, fields: &mut Fields<'_, '_>) -> (Option<u32>, Option<Grade>) {
        let id = fields.text("userSourcedId");
        let user = self.people.user(&id);
        match (user, self.people.unknown) {
            (Some(user), _) if user.student.is_none() => {
                let reason = "is enrolled as a student, and is none in users.csv";
                fields.refuse("userSourcedId", "contradiction", reason);
            }
            (None, Unknown::Mistake) => {
                let reason = "refers to a row that users.csv does not have";
                fields.refuse("userSourcedId", "unknown_reference", reason);
            }
            _ => {}
        }
        if id.len() > STUDENT_MAX {
            fields.refuse("userSourcedId", "out_of_range", format!("is longer than {STUDENT_MAX} bytes"));
        }
        if id.is_empty() || fields.is_refused() {
            return (None, None);
        }
        let next = u32::try_from(self.students.len()).expect("fewer students than bytes of a file");
        let student = match self.students.get(&*id) {
            Some(student) => *student,
            None => *self.students.entry(Id::new(&id)).or_insert(next),
        };
        (Some(student), user.and_then(|user| user.grade))
    }

    fn fold(&mut self, spell: Spell) {
        let position = (spell.student, spell.school.clone(), spell.year);
        let next = self.spells.len();
        let at = *self.positions.entry(position).or_insert(next);
        match self.spells.get_mut(at) {
            None => self.spells.push(spell),
            Some(folded) => {
                folded.entry = folded.entry.min(spell.entry);
                // Open when any class is.
                folded.exit = folded.exit.zip(spell.exit).map(|(one, other)| one.max(other));
            }
        }
    }

    fn finish(self, out: &mut Output<'_>) {
        let warning = |file, column, code, reason| Defect::of_file(file, column, code, reason);
        if self.n_assumed > 0 {
            let n = self.n_assumed;
            let reason = format!("is blank (rows: {n}); the first day of the class's term is used");
            out.record(vec![warning(FILE, Some("beginDate"), "assumed", reason)]);
        }
        if self.mode == Mode::Delta && !self.spells.is_empty() {
            let reason = "is a delta: a spell is folded from all class enrollments of a student, and it may \
                          show only some";
            out.record(vec![warning(FILE, None, "delta_enrollment", reason.into())]);
        }
        let n_without = self.people.students().filter(|id| !self.students.contains_key(*id)).count();
        if n_without > 0 && self.mode == Mode::Bulk && self.people.unknown == Unknown::Mistake {
            let reason = format!("has students without an enrollment that can be sent: {n_without}");
            out.record(vec![warning("users.csv", None, "no_enrollment", reason)]);
        }
        let mut ids = vec![""; self.students.len()];
        for (id, student) in &self.students {
            ids[*student as usize] = id.as_str();
        }
        let mut latest = vec![None; ids.len()];
        for spell in &self.spells {
            let latest = &mut latest[spell.student as usize];
            *latest = (*latest).max(Some(spell.year));
        }
        for spell in self.spells {
            let student = ids[spell.student as usize];
            // A roster says the grade of today, which is not the grade of an earlier year.
            let is_latest = latest[spell.student as usize] == Some(spell.year);
            let key = spell_key(student, &spell.school, spell.year);
            let fact = Fact::Enrollment(Enrollment {
                school: spell.school,
                school_year: spell.year,
                entry: spell.entry,
                exit: spell.exit,
                exit_type: None,
                grade: spell.grade.filter(|_| is_latest),
                ninth_grade_year: None,
                repeats_grade: None,
            });
            let submission = Submission {
                key: Clear::new(key),
                student: Some(Clear::from(student)),
                identifiers: None,
                change: Change::Upsert(fact),
            };
            out.send(FILE, spell.line, submission);
        }
    }
}

fn spell_key(student: &str, school: &Code, year: SchoolYear) -> String {
    format!("{student}|{school}|{}", year.ending())
}

/// Refuses dates that lie outside the school year; an end far beyond it stands for no end.
fn check_year(
    fields: &mut Fields<'_, '_>,
    year: SchoolYear,
    begin: Option<Date>,
    end: Option<Date>,
) -> Option<Date> {
    let days = value::days_of(year);
    if begin.is_some_and(|begin| begin.days() > *days.end()) {
        fields.refuse("beginDate", "contradiction", "is after the school year of the class's terms");
    }
    if end.is_some_and(|end| end.days() < *days.start()) {
        fields.refuse("endDate", "contradiction", "is before the school year of the class's terms");
    }
    if end.is_some_and(|end| end.days() > *days.end()) {
        let reason = "is after the school year of the class's terms; the spell is taken for open";
        fields.warn("endDate", "out_of_range", reason);
        return None;
    }
    end
}
