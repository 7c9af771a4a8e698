//! After school: diploma, scholarship, college.

use super::city::{City, DAYS};
use super::draw::Draw;
use super::effects;
use super::life::{Ending, Life};
use crate::calendar::Date;
use crate::records::{CollegeLevel, CollegeStatus, DiplomaType};

/// What became of a child who left school for good.
#[derive(Default)]
pub(super) struct After {
    pub(super) diploma: Option<(DiplomaType, Date)>,
    /// Position of the year of a regular diploma.
    pub(super) class: Option<usize>,
    /// Whether the scholarship's rule admits the graduate.
    pub(super) may_have_scholarship: bool,
    /// First and last day of the scholarship.
    pub(super) scholarship: Option<(Date, Option<Date>)>,
    /// In college in the fall after graduation, and in the fall after that.
    pub(super) falls: (bool, bool),
    pub(super) terms: Vec<Term>,
}

/// A term at a college.
pub(super) struct Term {
    pub(super) institution: &'static str,
    pub(super) level: CollegeLevel,
    pub(super) begin: Date,
    pub(super) end: Date,
    pub(super) status: CollegeStatus,
    pub(super) graduated: bool,
}

const COLLEGES: [(&str, CollegeLevel, u32); 5] = [
    ("riverbend-cc", CollegeLevel::TwoYear, 30),
    ("lakeshore-cc", CollegeLevel::TwoYear, 15),
    ("state-university", CollegeLevel::FourYear, 35),
    ("valley-college", CollegeLevel::FourYear, 15),
    ("city-institute", CollegeLevel::Other, 5),
];

impl After {
    /// Draws what follows a life at school, up to the city's horizon.
    pub(super) fn draw(draw: &mut Draw, city: &City, life: &Life) -> Self {
        let mut after = Self::default();
        let (Some(ending), Some(last)) = (life.ending, life.years.last()) else { return after };
        let ceremony = later(city.day(last.at, DAYS - 1), 7);
        match ending {
            Ending::DroppedOut => {
                let day = later(ceremony, draw.between(60, 500));
                if draw.chance(2_000) && day <= city.horizon() {
                    after.diploma = Some((DiplomaType::Ged, day));
                }
            }
            Ending::Alternate => after.diploma = Some((DiplomaType::StateAlternate, ceremony)),
            Ending::Regular => {
                after.diploma = Some((DiplomaType::Regular, ceremony));
                after.class = Some(last.at);
                after.may_have_scholarship = last.poor;
                // A lottery among those admitted: holders and others differ by nothing else.
                let holds = last.poor && draw.chance(6_000);
                after.go_to_college(draw, city, ceremony, last.poor, holds);
                if holds {
                    let end = after.terms.iter().rfind(|term| term.graduated).map(|term| term.end);
                    after.scholarship = Some((later(ceremony, 10), end));
                }
            }
        }
        after
    }

    fn go_to_college(&mut self, draw: &mut Draw, city: &City, ceremony: Date, poor: bool, holds: bool) {
        let effect = |points: i32| if holds { points } else { 0 };
        let first = if poor { 4_200 } else { 6_200 } + effect(effects::SCHOLARSHIP_ENROLLMENT);
        self.falls.0 = draw.chance(first);
        self.falls.1 = self.falls.0 && draw.chance(7_000 + effect(effects::SCHOLARSHIP_PERSISTENCE));
        // Some of the others begin two years late, which no count of sixteen months finds.
        let late = !self.falls.0 && draw.chance(600);
        if !self.falls.0 && !late {
            return;
        }
        let (institution, level, _) = COLLEGES[draw.weighted(&COLLEGES.map(|college| college.2))];
        let years = match level {
            _ if !self.falls.1 => 1,
            CollegeLevel::FourYear => 2 + draw.weighted(&[15, 15, 70]),
            _ => 2,
        };
        let degree = self.falls.1 && draw.chance(6_500);
        let from = ceremony.parts().0 + i32::from(late) * 2;
        for term in 0..years * 2 {
            let year = from + term as i32 / 2;
            let (begin, end) = if term % 2 == 0 {
                (date(year, 8, 25), date(year, 12, 15))
            } else {
                (date(year + 1, 1, 15), date(year + 1, 5, 10))
            };
            if end > city.college_horizon() {
                return;
            }
            let statuses = [
                CollegeStatus::FullTime,
                CollegeStatus::HalfTime,
                CollegeStatus::LessThanHalfTime,
                CollegeStatus::Unknown,
            ];
            let enough = if level == CollegeLevel::FourYear { 4 } else { 2 };
            let graduated = degree && term == years * 2 - 1 && years >= enough;
            let status = statuses[draw.weighted(&[75, 17, 6, 2])];
            self.terms.push(Term { institution, level, begin, end, status, graduated });
        }
    }
}

fn date(year: i32, month: u8, day: u8) -> Date {
    Date::new(year, month, day).expect("the terms begin and end on days that every year has")
}

fn later(date: Date, days: i32) -> Date {
    Date::from_days(date.days() + days).expect("a date of this century")
}
