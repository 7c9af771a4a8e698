//! Students: who they are, and what several resources say of them, as one record each.

use super::super::Defect;
use super::super::id::{Id, Seen, Verdict};
use super::super::output::Output;
use super::context::{At, Context, Row};
use super::draft::Draft;
use super::memberships::word;
use super::node::Node;
use crate::records::{Clear, Kind};
use std::borrow::Cow;
use std::collections::HashMap;
use zeroize::Zeroizing;

pub(super) const TEMPLATE: &str = "students.csv";

/// The students of an export, held until all that is said of them is read.
#[derive(Default)]
pub(super) struct People {
    positions: HashMap<Id, usize>,
    people: Vec<Person>,
    seen: Seen,
    has_students: bool,
}

struct Person {
    id: Zeroizing<String>,
    /// Where `students` has the student.
    own: Option<(Cow<'static, str>, u64)>,
    /// Where else something is said that only a person can carry.
    other: Option<(Cow<'static, str>, u64)>,
    said: Vec<Said>,
    /// The school year of the first entry into grade 9, as it is written.
    ninth_grade_year: Option<String>,
}

/// A column of the template, and what is said for it.
struct Said {
    column: &'static str,
    property: &'static str,
    text: Zeroizing<String>,
    /// It stands only until something better is said.
    is_second_best: bool,
}

impl People {
    /// Whether a student is there, or `students` is not.
    pub(super) fn may_have(&self, id: &str) -> bool {
        let own = |at: &usize| self.people[*at].own.is_some();
        !self.has_students || self.positions.get(id).is_some_and(own)
    }

    pub(super) fn ninth_grade_year(&self, id: &str) -> Option<&str> {
        self.people[*self.positions.get(id)?].ninth_grade_year.as_deref()
    }

    /// Something is said at that place that only a person can carry.
    pub(super) fn note_place(&mut self, id: &str, place: (Cow<'static, str>, u64)) {
        self.person(id).other.get_or_insert(place);
    }

    pub(super) fn set_ninth_grade_year(&mut self, id: &str, year: &str) {
        self.person(id).ninth_grade_year = Some(year.to_owned()).filter(|year| !year.is_empty());
    }

    fn person(&mut self, id: &str) -> &mut Person {
        let next = self.people.len();
        let at = *self.positions.entry(Id::new(id)).or_insert(next);
        if at == next {
            let (id, said) = (Zeroizing::new(id.to_owned()), Vec::new());
            self.people.push(Person { id, own: None, other: None, said, ninth_grade_year: None });
        }
        &mut self.people[at]
    }
}

/// What `students` says of who somebody is.
const NAMES: [(&str, &str); 5] = [
    ("first_name", "firstName"),
    ("middle_name", "middleName"),
    ("last_name", "lastSurname"),
    ("suffix", "generationCodeSuffix"),
    ("birth_date", "birthDate"),
];

/// `students`
pub(super) fn student(row: &mut Row<'_, '_, '_>) {
    row.context.people.has_students = true;
    let id = row.student();
    if id.is_empty() {
        return row.refuse("studentUniqueId", "missing", "is blank");
    }
    match row.context.people.seen.note(id, row.node.fingerprint()) {
        Verdict::New => {}
        Verdict::Repeat => return row.out.repeat(),
        Verdict::Clash => {
            let reason = "stands on an earlier row with other values";
            return row.refuse("studentUniqueId", "duplicate_key", reason);
        }
    }
    let place = (row.at.file.clone(), row.at.number);
    row.context.people.person(id).own = Some(place);
    for (column, property) in NAMES {
        say(row, column, property, row.node.text(property));
    }
    // Sex at birth, for want of the other.
    let value = row.node.text("birthSexDescriptor");
    if let Some(sex) = word(row, ("Sex", "birthSexDescriptor"), value, "sex") {
        say_second_best(row, "sex", "birthSexDescriptor", &sex);
    }
}

/// Group memberships that a characteristic may say.
pub(super) const FLAGS: [&str; 8] = [
    "economically_disadvantaged",
    "disability_idea",
    "section_504",
    "homeless",
    "unaccompanied",
    "foster",
    "migrant",
    "military",
];

/// Notes what the row says of its student.
pub(super) fn say(row: &mut Row<'_, '_, '_>, column: &'static str, property: &'static str, text: &str) {
    note(row, column, property, text, false);
}

/// The same, where anything else that is said is better.
pub(super) fn say_second_best(
    row: &mut Row<'_, '_, '_>,
    column: &'static str,
    property: &'static str,
    text: &str,
) {
    note(row, column, property, text, true);
}

fn note(
    row: &mut Row<'_, '_, '_>,
    column: &'static str,
    property: &'static str,
    text: &str,
    is_second_best: bool,
) {
    let id = row.student();
    if text.is_empty() || id.is_empty() {
        return;
    }
    let person = row.context.people.person(id);
    let new = Said { column, property, text: Zeroizing::new(text.to_owned()), is_second_best };
    let Some(old) = person.said.iter_mut().find(|said| said.column == column) else {
        return person.said.push(new);
    };
    match (old.is_second_best, is_second_best) {
        (true, false) => *old = new,
        (false, true) => {}
        _ => match united(column, &old.text, text) {
            Some(text) => old.text = Zeroizing::new(text),
            None => {
                let reason = format!(
                    "says something else than another row of the student (for {column}); the first stands"
                );
                row.warn(property, "contradiction", reason);
            }
        },
    }
}

/// What two rows that differ say together: races are united, a flag that is set stays so, and of meals the
/// cheaper stands, for who has free lunch may pay for supper.
fn united(column: &str, old: &str, new: &str) -> Option<String> {
    const MEALS: [&str; 3] = ["free", "reduced", "paid"];
    let is_set = |text: &str| super::super::value::boolean(text) == Some(true);
    if old.eq_ignore_ascii_case(new) {
        return Some(old.to_owned());
    }
    match column {
        "races" if old.split(';').any(|race| race == new) => Some(old.to_owned()),
        "races" => Some(format!("{old};{new}")),
        "lunch" => MEALS.iter().find(|meal| **meal == old || **meal == new).map(|meal| (*meal).to_owned()),
        column if column == "hispanic" || FLAGS.contains(&column) => {
            // Of two that are not set, `0` and `false` say the same.
            Some(if is_set(old) || is_set(new) { "true" } else { old }.to_owned())
        }
        _ => None,
    }
}

/// Sends the students, now that all is said of them.
pub(super) fn finish(context: &mut Context<'_>, out: &mut Output<'_>) {
    let nothing = Node::default();
    for at in 0..context.people.people.len() {
        let person = &mut context.people.people[at];
        let (own, other, said) = (person.own.clone(), person.other.take(), std::mem::take(&mut person.said));
        let Some((file, number)) = own else {
            if let Some((file, number)) = other {
                let reason = "refers to a student that students do not have, so nobody is sent";
                let defect = Defect::of_file(&file, Some("studentReference"), "unknown_reference", reason);
                out.extents.refused(Kind::Person, Some(Clear::from(person.id.as_str())), None);
                out.record(vec![defect.at(number).refused()]);
            }
            continue;
        };
        let mut draft = Draft::new(TEMPLATE);
        draft.set("student_id", "studentUniqueId", &person.id);
        for (column, property) in NAMES {
            draft.set(column, property, "");
        }
        for Said { column, property, text, .. } in said {
            draft.set(column, property, &text);
        }
        let mut row = Row::new(
            context,
            out,
            At { file: &file, number, resource: "student", kinds: &[Kind::Person] },
            &nothing,
        );
        draft.send(&mut row);
        row.finish();
    }
}
