//! The files of who runs schools: two districts and a charter network.

use super::Error;
use super::city::{City, DAYS, SPRING, Source};
use super::draw::Draw;
use super::effects;
use super::family::{Child, Family};
use super::hand::{self, Card};
use super::life::{Spell, TEST_DAY, Test, Year};
use super::oneroster::{OneRoster, grade_code, hispanic};
use super::sheet::Sheet;
use super::templates;
use crate::calendar::Date;
use crate::records::DiplomaType;
use std::path::Path;

/// One folder of files, being written.
pub(super) struct PupilFiles {
    source: Source,
    students: Sheet,
    schools: Option<Sheet>,
    enrollments: Sheet,
    attendance: Sheet,
    assessments: Sheet,
    discipline: Sheet,
    diplomas: Sheet,
    eligibility: Sheet,
    optout: Sheet,
    bundle: Option<OneRoster>,
}

/// A child in one year, as its source sees it.
pub(super) struct Pupil<'a> {
    pub(super) city: &'a City,
    pub(super) family: &'a Family,
    pub(super) child: &'a Child,
    pub(super) year: &'a Year,
    pub(super) card: &'a Card,
}

impl PupilFiles {
    pub(super) fn create(out: &Path, draw: &mut Draw, city: &City, source: Source) -> Result<Self, Error> {
        let folder = format!("sources/{}", source.id());
        let sheet = |template| Sheet::create(out, &folder, template);
        let bundle_folder = format!("{folder}/oneroster");
        let (schools, bundle) = match source {
            Source::Summit => (Some(charter_schools(sheet(&templates::SCHOOLS)?, city)?), None),
            _ => (None, Some(OneRoster::create(out, &bundle_folder, draw, city, source)?)),
        };
        Ok(Self {
            source,
            students: sheet(&templates::STUDENTS)?,
            schools,
            enrollments: sheet(&templates::ENROLLMENTS)?,
            attendance: sheet(&templates::ATTENDANCE_SUMMARY)?,
            assessments: sheet(&templates::ASSESSMENTS)?,
            discipline: sheet(&templates::DISCIPLINE)?,
            diplomas: sheet(&templates::DIPLOMAS)?,
            eligibility: sheet(&templates::ELIGIBILITY)?,
            optout: sheet(&templates::OPTOUT)?,
            bundle,
        })
    }

    pub(super) fn source(&self) -> Source {
        self.source
    }

    /// Writes a year in which the child went to a school of this source.
    pub(super) fn year(&mut self, draw: &mut Draw, pupil: &Pupil<'_>) -> Result<(), Error> {
        let (city, year) = (pupil.city, pupil.year);
        let here = |spell: &&Spell| city.schools[spell.school].source == self.source;
        let spells: Vec<&Spell> = year.spells.iter().filter(here).collect();
        self.student(draw, pupil)?;
        let newest = year.at + 1 == city.years.len();
        match &mut self.bundle {
            Some(bundle) if newest => {
                bundle.pupil(draw, city, pupil.family, year, pupil.card, &spells)?;
            }
            _ => self.enrollments(draw, pupil, &spells)?,
        }
        self.attendance(draw, pupil, &spells)?;
        if spells.iter().any(|spell| (spell.from..=spell.to).contains(&TEST_DAY)) {
            self.test(draw, pupil)?;
        }
        for incident in &year.incidents {
            let at = |spell: &&&Spell| (spell.from..=spell.to).contains(&incident.day);
            let Some(spell) = spells.iter().find(at) else { continue };
            let date = city.day(year.at, incident.day).to_string();
            let length = incident.length.map(hundredths).unwrap_or_default();
            let school = &city.schools[spell.school].code;
            self.discipline.row(draw, [&pupil.card.id, school, &date, incident.action.code(), &length])?;
        }
        let begin = city.day(year.at, spells.first().map_or(0, |spell| spell.from)).to_string();
        let end = city.day(year.at, spells.last().map_or(DAYS - 1, |spell| spell.to)).to_string();
        for (program, eligible) in [("tutoring", year.may_be_tutored()), ("wraparound", year.poor)] {
            if eligible {
                self.eligibility.row(draw, [&pupil.card.id, program, &begin, &end])?;
            }
        }
        Ok(())
    }

    /// Writes the diploma of a child whose last school was here.
    pub(super) fn diploma(
        &mut self,
        draw: &mut Draw,
        card: &Card,
        diploma: (DiplomaType, Date),
        may_have_scholarship: bool,
    ) -> Result<(), Error> {
        let date = diploma.1.to_string();
        self.diplomas.row(draw, [&card.id, diploma.0.code(), &date])?;
        if may_have_scholarship {
            self.eligibility.row(draw, [&card.id, "scholarship", &date, ""])?;
        }
        Ok(())
    }

    /// Writes a family's wish that the child be left out.
    pub(super) fn opt_out(&mut self, draw: &mut Draw, pupil: &Pupil<'_>) -> Result<(), Error> {
        let from = pupil.city.day(pupil.year.at, 5);
        let until = if draw.chance(3_000) { from.plus_months(12).to_string() } else { String::new() };
        self.optout.row(draw, [&pupil.card.id, &from.to_string(), &until])
    }

    fn student(&mut self, draw: &mut Draw, pupil: &Pupil<'_>) -> Result<(), Error> {
        let Pupil { city, family, child, year, card } = pupil;
        let (street, zone) = hand::address(draw, self.source, family, year.at);
        let zip = zone.map_or("", |zone| &city.zones[zone].zip);
        let home = &city.zones[family.homes[family.years[year.at].home].zone].code;
        let birth = card.birth.map(|date| date.to_string()).unwrap_or_default();
        let ending = city.years[year.at].ending().to_string();
        let lunch = match self.source {
            Source::Summit => "cep",
            _ if year.homeless || year.poor && card.id.ends_with(|c: char| c > '2') => "free",
            _ if year.poor => "reduced",
            _ => "paid",
        };
        let known = !draw.chance(100);
        let poor = if known { yes_no(year.poor) } else { "" };
        self.students.row(
            draw,
            [
                &card.id,
                &ending,
                &card.first,
                &card.middle,
                &card.last,
                card.suffix,
                &birth,
                card.sex,
                street,
                zip,
                &card.state_id,
                family.flags,
                hispanic(family.race),
                poor,
                lunch,
                yes_no(child.idea),
                yes_no(child.section_504),
                year.english.code(),
                yes_no(year.homeless),
                yes_no(child.foster),
                yes_no(family.migrant),
                yes_no(family.military),
                home,
            ],
        )
    }

    fn enrollments(&mut self, draw: &mut Draw, pupil: &Pupil<'_>, spells: &[&Spell]) -> Result<(), Error> {
        let (city, year) = (pupil.city, pupil.year);
        let ending = city.years[year.at].ending().to_string();
        let ninth = year.ninth.map(|ninth| ninth.to_string()).unwrap_or_default();
        for spell in spells {
            let (entry, exit) = span(city, year.at, spell.from, spell.to);
            let school = &city.schools[spell.school].code;
            let (exit_type, grade) = (spell.exit.code(), grade_code(year.grade));
            self.enrollments
                .row(draw, [&pupil.card.id, school, &ending, &entry, &exit, exit_type, grade, &ninth])?;
        }
        Ok(())
    }

    fn attendance(&mut self, draw: &mut Draw, pupil: &Pupil<'_>, spells: &[&Spell]) -> Result<(), Error> {
        let (city, year) = (pupil.city, pupil.year);
        for spell in spells {
            let school = &city.schools[spell.school].code;
            for (semester, (enrolled, absent)) in spell.semesters.into_iter().enumerate() {
                if enrolled == 0 {
                    continue;
                }
                let from = if semester == 0 { spell.from } else { spell.from.max(SPRING) };
                let (from, to) = span(city, year.at, from, from + enrolled - 1);
                let days = [enrolled * 100, (enrolled * 2 - absent) * 50, absent * 50].map(hundredths);
                let [enrolled, present, absent] = &days;
                if draw.chance(20) {
                    // Attendance of a child on no roster: numbers from nine million on are never given.
                    let stranger = number(self.source, draw.between(9_000_000, 9_999_999) as u32);
                    self.attendance.note("student_id");
                    self.attendance.plain_row([&stranger, school, &from, &to, enrolled, present, absent])?;
                }
                self.attendance.row(draw, [&pupil.card.id, school, &from, &to, enrolled, present, absent])?;
            }
        }
        Ok(())
    }

    fn test(&mut self, draw: &mut Draw, pupil: &Pupil<'_>) -> Result<(), Error> {
        let Some(test) = &pupil.year.test else { return Ok(()) };
        let date = pupil.city.day(pupil.year.at, TEST_DAY).to_string();
        let (id, grade) = (pupil.card.id.as_str(), grade_code(pupil.year.grade));
        for (at, subject) in effects::SUBJECTS.into_iter().enumerate() {
            match test {
                Test::Taken(scores) => {
                    let (score, level) = scores[at];
                    let points = format!("{}.{}", score / 10, score % 10);
                    let (level, proficient) = (level.to_string(), yes_no(level >= 3));
                    let row = [id, effects::TEST, subject, grade, &date, &points, &level, proficient, ""];
                    self.assessments.row(draw, row)?;
                }
                Test::Missed(reason) => {
                    self.assessments
                        .row(draw, [id, effects::TEST, subject, grade, &date, "", "", "", reason])?;
                }
            }
        }
        Ok(())
    }

    pub(super) fn into_sheets(self) -> impl Iterator<Item = Sheet> {
        let own = [
            self.students,
            self.enrollments,
            self.attendance,
            self.assessments,
            self.discipline,
            self.diplomas,
            self.eligibility,
            self.optout,
        ];
        own.into_iter().chain(self.schools).chain(self.bundle.into_iter().flat_map(OneRoster::into_sheets))
    }
}

fn charter_schools(mut sheet: Sheet, city: &City) -> Result<Sheet, Error> {
    for school in city.schools.iter().filter(|school| school.source == Source::Summit) {
        let network = Source::Summit;
        sheet.plain_row([&school.code, &school.name, network.id(), network.title(), "charter"])?;
    }
    Ok(sheet)
}

/// A student number: the districts' are bare digits, so the same one may be another child's there.
pub(super) fn number(source: Source, serial: u32) -> String {
    // 7,654,321 and 10^7 have no common factor: no number is given twice below ten million.
    let digits = (u64::from(serial) * 7_654_321 + 1_234_567) % 10_000_000;
    match source {
        Source::Northfield | Source::Eastbrook => format!("{digits:07}"),
        _ => format!("{}-{digits:07}", source.prefix()),
    }
}

/// The dates of two school days.
fn span(city: &City, at: usize, from: usize, to: usize) -> (String, String) {
    (city.day(at, from).to_string(), city.day(at, to).to_string())
}

fn yes_no(yes: bool) -> &'static str {
    if yes { "true" } else { "false" }
}

/// Hundredths as a number with no more decimals than it needs.
fn hundredths(amount: usize) -> String {
    match (amount / 100, amount % 100) {
        (whole, 0) => whole.to_string(),
        (whole, part) if part % 10 == 0 => format!("{whole}.{}", part / 10),
        (whole, part) => format!("{whole}.{part:02}"),
    }
}
