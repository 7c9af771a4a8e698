//! The files of three agencies: their own rosters with their own numbers, and what they did.

use super::Error;
use super::after::After;
use super::city::{City, DAYS, Source};
use super::draw::Draw;
use super::family::Family;
use super::hand::{self, Card};
use super::life::{Tutoring, Year};
use super::sheet::Sheet;
use super::templates;
use std::path::Path;

/// One folder of files, being written.
pub(super) struct AgencyFiles {
    source: Source,
    students: Sheet,
    programs: Sheet,
    services: Sheet,
    dosage: Option<Sheet>,
    postsecondary: Option<Sheet>,
}

impl AgencyFiles {
    pub(super) fn create(out: &Path, source: Source) -> Result<Self, Error> {
        let folder = format!("sources/{}", source.id());
        let sheet = |template| Sheet::create(out, &folder, template);
        let mut programs = sheet(&templates::PROGRAMS)?;
        programs.plain_row(match source {
            Source::Afterschool => ["tutoring", "After-school tutoring", "tutoring"],
            Source::Healthy => ["wraparound", "Wraparound services", "wraparound"],
            _ => ["scholarship", "Promise scholarship", "scholarship"],
        })?;
        let is = |who| source == who;
        Ok(Self {
            source,
            students: sheet(&templates::ROSTER)?,
            programs,
            services: sheet(&templates::SERVICES)?,
            dosage: is(Source::Afterschool).then(|| sheet(&templates::DOSAGE)).transpose()?,
            postsecondary: is(Source::Promise).then(|| sheet(&templates::POSTSECONDARY)).transpose()?,
        })
    }

    /// Writes a child into the roster: who it is, and none of the groups a district knows.
    pub(super) fn student(
        &mut self,
        draw: &mut Draw,
        city: &City,
        family: &Family,
        card: &Card,
        at: usize,
    ) -> Result<(), Error> {
        let (street, zone) = hand::address(draw, self.source, family, at);
        let zip = zone.map_or("", |zone| &city.zones[zone].zip);
        let birth = card.birth.map(|date| date.to_string()).unwrap_or_default();
        let ending = city.years[at].ending().to_string();
        let mut row = [""; 23];
        row[..11].copy_from_slice(&[
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
        ]);
        self.students.row(draw, row)
    }

    /// Writes a season of tutoring and its sessions.
    pub(super) fn tutoring(
        &mut self,
        draw: &mut Draw,
        city: &City,
        card: &Card,
        at: usize,
        tutoring: &Tutoring,
    ) -> Result<(), Error> {
        let (Some(first), Some(last)) = (tutoring.sessions.first(), tutoring.sessions.last()) else {
            return Ok(());
        };
        let (begin, end) = (city.day(at, *first).to_string(), city.day(at, *last).to_string());
        let reason = if tutoring.is_effective() { "completed" } else { "stopped" };
        self.services.row(draw, [&card.id, "tutoring", &begin, &end, reason])?;
        if let Some(dosage) = &mut self.dosage {
            for session in &tutoring.sessions {
                let date = city.day(at, *session).to_string();
                dosage.row(draw, [&card.id, "tutoring", &date, "session", "1"])?;
            }
        }
        Ok(())
    }

    /// Writes a year of wraparound services.
    pub(super) fn wraparound(
        &mut self,
        draw: &mut Draw,
        city: &City,
        card: &Card,
        year: &Year,
    ) -> Result<(), Error> {
        let from = year.spells.first().map_or(0, |spell| spell.from);
        let to = year.spells.last().map_or(DAYS - 1, |spell| spell.to);
        let begin = city.day(year.at, from).to_string();
        let newest = year.at + 1 == city.years.len();
        let end = if newest { String::new() } else { city.day(year.at, to).to_string() };
        let reason = match () {
            () if newest => "",
            () if to < DAYS - 1 => "moved",
            () => "completed",
        };
        self.services.row(draw, [&card.id, "wraparound", &begin, &end, reason])
    }

    /// Writes a graduate's scholarship, and what the clearinghouse returned.
    pub(super) fn graduate(&mut self, draw: &mut Draw, card: &Card, after: &After) -> Result<(), Error> {
        if let Some((begin, end)) = after.scholarship {
            let (begin, reason) = (begin.to_string(), if end.is_some() { "completed" } else { "" });
            let end = end.map(|end| end.to_string()).unwrap_or_default();
            self.services.row(draw, [&card.id, "scholarship", &begin, &end, reason])?;
        }
        let Some(sheet) = &mut self.postsecondary else { return Ok(()) };
        for term in &after.terms {
            let (begin, end) = (term.begin.to_string(), term.end.to_string());
            let graduated = if term.graduated { "true" } else { "false" };
            let (level, status) = (term.level.code(), term.status.code());
            sheet.row(draw, [&card.id, term.institution, level, &begin, &end, status, graduated])?;
        }
        Ok(())
    }

    pub(super) fn into_sheets(self) -> impl Iterator<Item = Sheet> {
        let own = [self.students, self.programs, self.services];
        own.into_iter().chain(self.dosage).chain(self.postsecondary)
    }
}
