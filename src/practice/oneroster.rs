//! A district's OneRoster 1.1 bundle of the newest school year.

use super::Error;
use super::city::{City, DAYS, SPRING, School, Source};
use super::draw::Draw;
use super::family::{Family, Race};
use super::hand::Card;
use super::life::{Spell, Year};
use super::sheet::Sheet;
use super::templates;
use crate::records::{Grade, Races};
use std::path::Path;

/// The files that grow with the children; the others are written at once.
pub(super) struct OneRoster {
    users: Sheet,
    demographics: Sheet,
    enrollments: Sheet,
    /// Sheets that are complete.
    complete: Vec<Sheet>,
    n_enrollments: u64,
}

/// Subjects that have classes of their own from grade 6 on; the homeroom comes first.
const CLASSES: [(&str, &str); 3] =
    [("HR", "Homeroom"), ("ELA", "English Language Arts"), ("MATH", "Mathematics")];

impl OneRoster {
    /// Starts the bundle: manifest, organizations, sessions, courses, classes and their teachers.
    pub(super) fn create(
        out: &Path,
        folder: &str,
        draw: &mut Draw,
        city: &City,
        source: Source,
    ) -> Result<Self, Error> {
        let sheet = |template| Sheet::create_crlf(out, folder, template);
        let mut bundle = Self {
            users: sheet(&templates::USERS)?,
            demographics: sheet(&templates::DEMOGRAPHICS)?,
            enrollments: sheet(&templates::CLASS_ENROLLMENTS)?,
            complete: vec![manifest(sheet(&templates::MANIFEST)?, source)?],
            n_enrollments: 0,
        };
        bundle.complete.push(orgs(sheet(&templates::ORGS)?, city, source)?);
        bundle.complete.push(sessions(sheet(&templates::SESSIONS)?, city)?);
        bundle.complete.push(courses(sheet(&templates::COURSES)?, city, source)?);
        let classes = bundle.classes(draw, city, source, sheet(&templates::CLASSES)?)?;
        bundle.complete.push(classes);
        Ok(bundle)
    }

    /// Writes a child who is enrolled in the newest year.
    pub(super) fn pupil(
        &mut self,
        draw: &mut Draw,
        city: &City,
        family: &Family,
        year: &Year,
        card: &Card,
        spells: &[&Spell],
    ) -> Result<(), Error> {
        let mut schools: Vec<&str> = spells.iter().map(|s| city.schools[s.school].code.as_str()).collect();
        schools.dedup();
        let state_id = match card.state_id.as_str() {
            "" => String::new(),
            id => format!("{{state:{id}}}"),
        };
        let (id, schools, username) = (card.id.as_str(), schools.join(","), format!("s{}", card.id));
        let grade = grade_code(year.grade);
        self.users.plain_row([
            id,
            "",
            "",
            "true",
            &schools,
            "student",
            &username,
            &state_id,
            &card.first,
            &card.last,
            &card.middle,
            id,
            "",
            "",
            "",
            "",
            grade,
            "",
        ])?;
        let birth = card.birth.map(|date| date.to_string()).unwrap_or_default();
        let sex = match card.sex {
            "F" => "female",
            "M" => "male",
            _ => "",
        };
        let has = |flag: &str| match family.race {
            Race::Unknown => "",
            _ if family.flags.split(';').any(|known| known == flag) => "true",
            _ => "false",
        };
        let races = Races::NAMES.map(has);
        let hispanic = hispanic(family.race);
        // OneRoster has no column for Middle Eastern, and nobody in the city says it.
        let [indian, asian, black, islander, white, more, _] = races;
        self.demographics.row(
            draw,
            [id, "", "", &birth, sex, indian, asian, black, islander, white, more, hispanic, "", "", "", ""],
        )?;
        for spell in spells {
            self.spell(draw, city, year, spell, id)?;
        }
        Ok(())
    }

    /// A spell as class enrollments; some children change their section in the winter.
    fn spell(
        &mut self,
        draw: &mut Draw,
        city: &City,
        year: &Year,
        spell: &Spell,
        id: &str,
    ) -> Result<(), Error> {
        let school = &city.schools[spell.school];
        let section = draw.below(school.sections);
        let changes = school.sections > 1 && spell.from < SPRING && spell.to > SPRING && draw.chance(300);
        for (subject, _) in CLASSES.iter().take(if year.grade >= 6 { 3 } else { 1 }) {
            let other = (section + 1) % school.sections;
            let halves = [(section, spell.from, SPRING - 1), (other, SPRING, spell.to)];
            let whole = [(section, spell.from, spell.to)];
            for &(section, from, to) in if changes { &halves[..] } else { &whole[..] } {
                let class = class_id(school, year.grade, section, subject);
                let (begin, end) = (city.day(year.at, from).to_string(), city.day(year.at, to).to_string());
                self.enroll(draw, [&class, &school.code, id, "student", "false", &begin, &end])?;
            }
        }
        Ok(())
    }

    fn enroll(&mut self, draw: &mut Draw, row: [&str; 7]) -> Result<(), Error> {
        self.n_enrollments += 1;
        let id = format!("enr-{}", self.n_enrollments);
        let [class, school, user, role, primary, begin, end] = row;
        let row = [&id, "", "", class, school, user, role, primary, begin, end];
        if role == "student" { self.enrollments.row(draw, row) } else { self.enrollments.plain_row(row) }
    }

    fn classes(
        &mut self,
        draw: &mut Draw,
        city: &City,
        source: Source,
        mut sheet: Sheet,
    ) -> Result<Sheet, Error> {
        let newest = city.years.len() - 1;
        let (begin, end) = (city.day(newest, 0).to_string(), city.day(newest, DAYS - 1).to_string());
        for school in city.schools.iter().filter(|school| school.source == source) {
            for grade in school.grades.0..=school.grades.1 {
                for section in 0..school.sections {
                    for (subject, title) in CLASSES.iter().take(if grade >= 6 { 3 } else { 1 }) {
                        let class = class_id(school, grade, section, subject);
                        let code = grade_code(grade);
                        let kind = if *subject == "HR" { "homeroom" } else { "scheduled" };
                        let title = format!("{title} {code}-{}", section + 1);
                        let course = course_id(source, grade, subject);
                        sheet.plain_row([
                            &class,
                            "",
                            "",
                            &title,
                            code,
                            &course,
                            &class,
                            kind,
                            "",
                            &school.code,
                            "fall,spring",
                            "",
                            subject,
                            "",
                        ])?;
                        let teacher = self.teacher(draw, city, school, &class)?;
                        self.enroll(draw, [&class, &school.code, &teacher, "teacher", "true", &begin, &end])?;
                    }
                }
            }
        }
        Ok(sheet)
    }

    fn teacher(
        &mut self,
        draw: &mut Draw,
        city: &City,
        school: &School,
        class: &str,
    ) -> Result<String, Error> {
        let id = format!("t-{class}");
        let race = Race::ALL[draw.weighted(&[10, 40, 140, 160, 5, 45, 600, 0])];
        let girl = draw.chance(7_500);
        let first = city.names.first(draw, girl, race).name;
        let last = city.names.last(draw, race);
        self.users.plain_row([
            &id,
            "",
            "",
            "true",
            &school.code,
            "teacher",
            &id,
            "",
            first,
            last,
            "",
            &id,
            "",
            "",
            "",
            "",
            "",
            "",
        ])?;
        Ok(id)
    }

    pub(super) fn into_sheets(self) -> impl Iterator<Item = Sheet> {
        [self.users, self.demographics, self.enrollments].into_iter().chain(self.complete)
    }
}

/// The CEDS code of a grade's number.
pub(super) fn grade_code(number: i32) -> &'static str {
    let grade = Grade::ALL.iter().find(|grade| grade.number() == Some(number));
    grade.expect("children are in grades KG to 12").code()
}

/// Whether Hispanic, as a word.
pub(super) fn hispanic(race: Race) -> &'static str {
    match race {
        Race::Unknown => "",
        Race::Hispanic => "true",
        _ => "false",
    }
}

fn class_id(school: &School, grade: i32, section: usize, subject: &str) -> String {
    format!("{}-{}-{}-{subject}", school.code, grade_code(grade), section + 1)
}

fn course_id(source: Source, grade: i32, subject: &str) -> String {
    format!("{}-{}-{subject}", source.prefix(), grade_code(grade))
}

fn manifest(mut sheet: Sheet, source: Source) -> Result<Sheet, Error> {
    sheet.plain_row(["manifest.version", "1.0"])?;
    sheet.plain_row(["oneroster.version", "1.1"])?;
    let present = ["academicSessions", "classes", "courses", "demographics", "enrollments", "orgs", "users"];
    let absent = ["categories", "classResources", "courseResources", "lineItems", "resources", "results"];
    for (files, state) in [(&present[..], "bulk"), (&absent[..], "absent")] {
        for file in files {
            sheet.plain_row([&format!("file.{file}"), state])?;
        }
    }
    sheet.plain_row(["source.systemName", "Practice city"])?;
    sheet.plain_row(["source.systemCode", source.id()])?;
    Ok(sheet)
}

fn orgs(mut sheet: Sheet, city: &City, source: Source) -> Result<Sheet, Error> {
    sheet.plain_row([source.id(), "", "", source.title(), "district", source.prefix(), ""])?;
    for school in city.schools.iter().filter(|school| school.source == source) {
        sheet.plain_row([&school.code, "", "", &school.name, "school", &school.code, source.id()])?;
    }
    Ok(sheet)
}

fn sessions(mut sheet: Sheet, city: &City) -> Result<Sheet, Error> {
    let newest = city.years.len() - 1;
    let year = city.years[newest];
    let name = year.ending().to_string();
    let day = |day| city.day(newest, day).to_string();
    let parent = format!("year-{name}");
    let title = format!("School year {year}");
    sheet.plain_row([&parent, "", "", &title, "schoolYear", &day(0), &day(DAYS - 1), "", &name])?;
    for (id, title, from, to) in [("fall", "Fall", 0, SPRING - 1), ("spring", "Spring", SPRING, DAYS - 1)] {
        sheet.plain_row([id, "", "", title, "semester", &day(from), &day(to), &parent, &name])?;
    }
    Ok(sheet)
}

fn courses(mut sheet: Sheet, city: &City, source: Source) -> Result<Sheet, Error> {
    let year = format!("year-{}", city.years[city.years.len() - 1].ending());
    for grade in 0..=12 {
        for (subject, title) in CLASSES.iter().take(if grade >= 6 { 3 } else { 1 }) {
            let (id, code) = (course_id(source, grade, subject), grade_code(grade));
            let title = format!("{title}, grade {code}");
            sheet.plain_row([&id, "", "", &year, &title, &id, code, source.id(), "", subject])?;
        }
    }
    Ok(sheet)
}
