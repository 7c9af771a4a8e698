//! A child's years: which school, which grade, and the way out; `results` says what each year brings.

use super::city::{City, DAYS};
use super::draw::Draw;
use super::family::{Child, Family, FamilyYear};
use super::{effects, results};
use crate::records::{Action, EnglishLearner, ExitType};

/// A spell at a school: school days `from` to `to`, both inclusive.
pub(super) struct Spell {
    pub(super) school: usize,
    pub(super) from: usize,
    pub(super) to: usize,
    pub(super) exit: ExitType,
    /// For each semester, days enrolled and half days absent.
    pub(super) semesters: [(usize, usize); 2],
}

/// A season of tutoring: the days of its sessions, in order.
pub(super) struct Tutoring {
    pub(super) sessions: Vec<usize>,
}

impl Tutoring {
    /// Whether there was enough of it to have an effect.
    pub(super) fn is_effective(&self) -> bool {
        self.sessions.len() >= effects::TUTORING_SESSIONS
    }
}

/// The state test of one year.
pub(super) enum Test {
    /// Scale score in tenths and level, for each subject.
    Taken([(i32, u8); 2]),
    Missed(&'static str),
}

/// A disciplinary action.
pub(super) struct Incident {
    pub(super) day: usize,
    pub(super) action: Action,
    /// Hundredths of days.
    pub(super) length: Option<usize>,
}

/// One school year of a child.
pub(super) struct Year {
    /// Position of the year.
    pub(super) at: usize,
    /// Kindergarten is 0.
    pub(super) grade: i32,
    pub(super) ninth: Option<i32>,
    /// None for a child who goes to no school of the city.
    pub(super) spells: Vec<Spell>,
    pub(super) english: EnglishLearner,
    pub(super) poor: bool,
    pub(super) homeless: bool,
    pub(super) tutoring: Option<Tutoring>,
    pub(super) wraparound: bool,
    pub(super) test: Option<Test>,
    pub(super) incidents: Vec<Incident>,
}

impl Year {
    /// Whether the tutoring program's rule admits the child.
    pub(super) fn may_be_tutored(&self) -> bool {
        self.poor && (1..=8).contains(&self.grade)
    }
}

/// How school ended, when it did.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Ending {
    Regular,
    Alternate,
    DroppedOut,
}

/// All years of a child, and how they ended.
pub(super) struct Life {
    pub(super) years: Vec<Year>,
    pub(super) ending: Option<Ending>,
}

/// The school day of the state test; tutoring ends before it.
pub(super) const TEST_DAY: usize = 155;
impl Life {
    /// Draws the years of a child of that family.
    pub(super) fn draw(draw: &mut Draw, city: &City, family: &Family, child: &Child) -> Self {
        let (start, stop, moves_away) = presence(city, family, child);
        let mut course = Course::begin(draw, city, family, child, start);
        let mut life = Self { years: Vec::new(), ending: None };
        for at in start..=stop {
            let grade = course.grade(at);
            let leaves = moves_away && at == stop;
            let (year, ending) = course.year(draw, at, grade, leaves);
            life.years.push(year);
            life.ending = ending;
            if ending.is_some() || course.over {
                break;
            }
        }
        life
    }
}

/// First and last year, and whether the child moves away at the end of it. At least one year is left,
/// if need be by staying behind when the family goes.
fn presence(city: &City, family: &Family, child: &Child) -> (usize, usize, bool) {
    let newest = city.years.len() - 1;
    let offset = child.kindergarten() - i32::from(city.years[0].ending());
    let from = offset.max(0) as usize;
    let to = newest.min((offset + 12).max(0) as usize);
    if child.outside {
        return (from, from, false);
    }
    let (start, stop) = (from.max(family.stay.0), family.stay.1);
    if start <= to.min(stop) { (start, stop, stop < newest) } else { (from, newest, false) }
}

/// What carries over from year to year.
struct Course<'a> {
    city: &'a City,
    family: &'a Family,
    child: &'a Child,
    /// Grades repeated.
    behind: i32,
    ninth: Option<i32>,
    charter: bool,
    english: EnglishLearner,
    monitored: u32,
    /// What was learned beyond the expected, tenths of a scale point.
    learned: [i32; 2],
    /// Left for good without an ending worth a record.
    over: bool,
}

impl<'a> Course<'a> {
    fn begin(draw: &mut Draw, city: &'a City, family: &'a Family, child: &'a Child, start: usize) -> Self {
        let english = if family.other_language { EnglishLearner::Current } else { EnglishLearner::Never };
        let mut course = Self {
            city,
            family,
            child,
            behind: 0,
            ninth: None,
            charter: family.charter,
            english,
            monitored: 0,
            learned: [0; 2],
            over: false,
        };
        for _ in 0..course.grade(start) {
            course.learn_english(draw);
        }
        if course.grade(start) > 0 && draw.chance(350) {
            course.behind = 1;
        }
        course
    }

    fn grade(&self, at: usize) -> i32 {
        i32::from(self.city.years[at].ending()) - self.child.kindergarten() - self.behind
    }

    fn learn_english(&mut self, draw: &mut Draw) {
        self.english = match self.english {
            EnglishLearner::Current if draw.chance(1_300) => EnglishLearner::Monitored,
            EnglishLearner::Monitored if self.monitored >= 4 => EnglishLearner::Former,
            same => same,
        };
        self.monitored += u32::from(self.english == EnglishLearner::Monitored);
    }

    fn year(&mut self, draw: &mut Draw, at: usize, grade: i32, leaves: bool) -> (Year, Option<Ending>) {
        let ending_year = i32::from(self.city.years[at].ending());
        if grade >= 9 {
            self.ninth.get_or_insert(ending_year - (grade - 9));
        }
        let home = &self.family.years[at];
        let mut year = Year {
            at,
            grade,
            ninth: self.ninth,
            spells: Vec::new(),
            english: self.english,
            poor: home.poor,
            homeless: home.homeless,
            tutoring: None,
            wraparound: self.child.outside,
            test: None,
            incidents: Vec::new(),
        };
        if self.child.outside {
            self.over = true;
            return (year, None);
        }
        if draw.chance(if self.charter { 900 } else { 120 }) {
            self.charter = !self.charter;
        }
        let drops_out = grade >= 9 && draw.chance(if home.poor { 280 } else { 110 });
        year.spells = self.spells(draw, at, grade, home, drops_out, leaves);
        year.wraparound = home.poor && draw.chance(if home.homeless { 3_000 } else { 700 });
        year.tutoring = results::tutoring(draw, &year);
        results::attend(draw, self.child, &mut year, drops_out);
        results::test(draw, self.child, &mut self.learned, &mut year);
        results::misbehave(draw, self.family, self.child, &mut year);
        self.learn_english(draw);
        let ending = if drops_out {
            Some(Ending::DroppedOut)
        } else if leaves {
            None
        } else {
            self.promote(draw, &mut year)
        };
        (year, ending)
    }

    fn spells(
        &self,
        draw: &mut Draw,
        at: usize,
        grade: i32,
        home: &FamilyYear,
        drops_out: bool,
        leaves: bool,
    ) -> Vec<Spell> {
        let arrives = at > 0 && at == self.family.stay.0 && draw.chance(4_000);
        let first = if arrives { draw.between(5, 120) as usize } else { 0 };
        let spell =
            |school, from, to| Spell { school, from, to, exit: ExitType::EndOfYear, semesters: [(0, 0); 2] };
        let school = self.school(draw, home.home, grade);
        let mut spells = vec![spell(school, first, DAYS - 1)];
        if let Some(day) = home.moves.filter(|day| *day > first + 10) {
            let next = self.school(draw, home.home + 1, grade);
            if next != school {
                spells[0].to = day - 1;
                spells[0].exit = self.transfer(draw, school, next);
                spells.push(spell(next, (day + draw.below(6)).min(DAYS - 2), DAYS - 1));
            }
        }
        let last = spells.last_mut().expect("a year has at least one spell");
        let cut = |draw: &mut Draw| draw.between(last.from as i32 + 5, DAYS as i32 - 1).min(DAYS as i32 - 1);
        if drops_out {
            last.to = cut(draw) as usize;
            last.exit =
                [ExitType::Dropout, ExitType::Unknown, ExitType::Withdrawn][draw.weighted(&[7, 2, 1])];
        } else if leaves {
            if draw.chance(5_000) {
                last.to = cut(draw) as usize;
            }
            let ways = [
                ExitType::TransferredConfirmed,
                ExitType::Transferred,
                ExitType::Withdrawn,
                ExitType::Unknown,
                ExitType::Emigrated,
            ];
            last.exit = ways[draw.weighted(&[60, 20, 10, 6, 4])];
        } else if self.city.schools[last.school].grades.1 == grade {
            last.exit = ExitType::Completed;
        }
        spells
    }

    /// The school of a grade for who lives in that home.
    fn school(&self, draw: &mut Draw, home: usize, grade: i32) -> usize {
        if self.charter {
            return self.city.charter_school(draw, grade);
        }
        let zone = &self.city.zones[self.family.homes[home].zone];
        zone.schools[if grade <= 5 { 0 } else { 1 + usize::from(grade >= 9) }]
    }

    fn transfer(&self, draw: &mut Draw, from: usize, to: usize) -> ExitType {
        if self.city.schools[from].source == self.city.schools[to].source {
            return ExitType::Transferred;
        }
        [ExitType::TransferredConfirmed, ExitType::Transferred, ExitType::Withdrawn]
            [draw.weighted(&[7, 2, 1])]
    }

    /// The end of a whole year: the next grade, the same again, or a diploma.
    fn promote(&mut self, draw: &mut Draw, year: &mut Year) -> Option<Ending> {
        let last = year.spells.last_mut().expect("a year has at least one spell");
        if year.grade < 12 {
            let repeats = if year.grade >= 9 { 400 } else { 120 };
            if draw.chance(repeats) {
                self.behind += 1;
                last.exit = ExitType::EndOfYear;
            }
            return None;
        }
        if self.child.idea && draw.chance(800) {
            last.exit = ExitType::Graduated;
            return Some(Ending::Alternate);
        }
        if draw.chance(9_300) {
            last.exit = ExitType::Graduated;
            return Some(Ending::Regular);
        }
        self.behind += 1;
        self.over = draw.chance(5_000);
        last.exit = if self.over { ExitType::Unknown } else { ExitType::EndOfYear };
        None
    }
}
