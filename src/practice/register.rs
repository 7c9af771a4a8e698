//! Every source's files together: who is on whose roster, under which number.

use super::after::After;
use super::agencies::AgencyFiles;
use super::city::{City, Source};
use super::draw::Draw;
use super::family::{Child, Family};
use super::hand::Card;
use super::life::Life;
use super::pupils::{Pupil, PupilFiles, number};
use super::sheet::Sheet;
use super::truth::Truth;
use super::{Error, Report, templates};
use std::path::Path;

/// All files of all sources, being written, and the truth beside them.
pub(super) struct Register {
    pupils: [PupilFiles; 3],
    tutoring: AgencyFiles,
    wraparound: AgencyFiles,
    scholarship: AgencyFiles,
    numbers: Numbers,
    truth: Truth,
}

/// Student numbers: how many each source has given out, and to whom.
struct Numbers {
    given: [u32; Source::ALL.len()],
    persons: Sheet,
}

/// The cards of one child, with the position of the year each was last used in.
type Cards = [Option<(Card, usize)>; Source::ALL.len()];

impl Register {
    pub(super) fn open(out: &Path, draw: &mut Draw, city: &City) -> Result<Self, Error> {
        let [first, second, third] = Source::SCHOOLS;
        Ok(Self {
            pupils: [
                PupilFiles::create(out, draw, city, first)?,
                PupilFiles::create(out, draw, city, second)?,
                PupilFiles::create(out, draw, city, third)?,
            ],
            tutoring: AgencyFiles::create(out, Source::Afterschool)?,
            wraparound: AgencyFiles::create(out, Source::Healthy)?,
            scholarship: AgencyFiles::create(out, Source::Promise)?,
            numbers: Numbers {
                given: [0; Source::ALL.len()],
                persons: Sheet::create(out, "truth", &templates::PERSONS)?,
            },
            truth: Truth::default(),
        })
    }

    /// Draws a child's life and writes it into the files of every source that had a part in it.
    pub(super) fn child(
        &mut self,
        draw: &mut Draw,
        city: &City,
        family: &Family,
        child: &Child,
        report: &mut Report,
    ) -> Result<(), Error> {
        let life = Life::draw(draw, city, family, child);
        let after = After::draw(draw, city, &life);
        let mut cards = Cards::default();
        let opts_out = draw.chance(30);
        for year in &life.years {
            for files in &mut self.pupils {
                let source = files.source();
                if !year.spells.iter().any(|spell| city.schools[spell.school].source == source) {
                    continue;
                }
                let new = cards[source as usize].is_none();
                let card = self.numbers.card(draw, source, child, year.at, &mut cards)?;
                let pupil = Pupil { city, family, child, year, card };
                files.year(draw, &pupil)?;
                if opts_out && new {
                    files.opt_out(draw, &pupil)?;
                }
            }
            if let Some(tutoring) = &year.tutoring {
                let card = self.numbers.card(draw, Source::Afterschool, child, year.at, &mut cards)?;
                self.tutoring.student(draw, city, family, card, year.at)?;
                self.tutoring.tutoring(draw, city, card, year.at, tutoring)?;
            }
            if year.wraparound {
                let card = self.numbers.card(draw, Source::Healthy, child, year.at, &mut cards)?;
                self.wraparound.student(draw, city, family, card, year.at)?;
                self.wraparound.wraparound(draw, city, card, year)?;
            }
        }
        self.leave(draw, city, family, child, (&life, &after), &mut cards)?;
        self.truth.count(city, family, child, &life, &after);
        report.twins += u32::from(child.twin);
        let known = Source::SCHOOLS.iter().filter(|source| cards[**source as usize].is_some()).count();
        report.movers += u32::from(known > 1);
        Ok(())
    }

    /// What follows the last year: the diploma, in the last school's files; a graduate's scholarship.
    fn leave(
        &mut self,
        draw: &mut Draw,
        city: &City,
        family: &Family,
        child: &Child,
        (life, after): (&Life, &After),
        cards: &mut Cards,
    ) -> Result<(), Error> {
        let last = life.years.last().and_then(|year| year.spells.last());
        let (Some(diploma), Some(last)) = (after.diploma, last) else { return Ok(()) };
        let source = city.schools[last.school].source;
        if let Some((card, _)) = &cards[source as usize] {
            self.pupils[source as usize].diploma(draw, card, diploma, after.may_have_scholarship)?;
        }
        if let Some(class) = after.class {
            let card = self.numbers.card(draw, Source::Promise, child, class, cards)?;
            self.scholarship.student(draw, city, family, card, class)?;
            self.scholarship.graduate(draw, card, after)?;
        }
        Ok(())
    }

    /// Completes the files and writes the truth; adds what there is to the report.
    pub(super) fn close(self, out: &Path, report: &mut Report) -> Result<(), Error> {
        let agencies = [self.tutoring, self.wraparound, self.scholarship];
        let sheets = self.pupils.into_iter().flat_map(PupilFiles::into_sheets);
        let mut defects = Sheet::create(out, "truth", &templates::DEFECTS)?;
        for sheet in sheets.chain(agencies.into_iter().flat_map(AgencyFiles::into_sheets)) {
            let (rows, bad) = sheet.finish()?;
            report.files += 1;
            report.rows += rows;
            report.defects += bad.len();
            for defect in bad {
                defects.plain_row([&defect.path, &defect.row.to_string(), defect.column])?;
            }
        }
        defects.finish()?;
        report.numbers = self.numbers.persons.finish()?.0;
        let mut page = format!("{:#}", self.truth.page());
        page.push('\n');
        std::fs::write(out.join("truth").join("effects.json"), page)?;
        report.files += 3;
        Ok(())
    }
}

impl Numbers {
    /// The source's card of a child in a year: a new one, or the one it has, renewed.
    ///
    /// Now and then a source does not find a child who was away, or an agency's from last year, and gives
    /// it a second number.
    fn card<'a>(
        &mut self,
        draw: &mut Draw,
        source: Source,
        child: &Child,
        at: usize,
        cards: &'a mut Cards,
    ) -> Result<&'a Card, Error> {
        let slot = &mut cards[source as usize];
        let runs_schools = Source::SCHOOLS.contains(&source);
        let kept = slot.take().filter(|(_, last)| {
            let was_away = at > last + 1;
            let lost = match (runs_schools, was_away) {
                (true, true) => 800,
                (true, false) => 0,
                (false, _) => 400,
            };
            !draw.chance(lost)
        });
        let card = match kept {
            Some((mut card, _)) => {
                card.renew(draw, source, child, at);
                card
            }
            None => {
                let id = number(source, self.given[source as usize]);
                self.given[source as usize] += 1;
                self.persons.plain_row([source.id(), &id, &format!("P{:07}", child.person)])?;
                Card::write(draw, source, child, at, id)
            }
        };
        Ok(&slot.insert((card, at)).0)
    }
}
