//! Families: children with their names and birth dates, where they live, how they fare.

use super::city::{City, DAYS};
use super::draw::Draw;
use super::names::First;
use crate::calendar::Date;

/// Race and ethnicity as the seven federal categories, and unknown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Race {
    AmericanIndian,
    Asian,
    Black,
    Hispanic,
    PacificIslander,
    TwoOrMore,
    White,
    Unknown,
}

impl Race {
    pub(super) const ALL: [Self; 8] = [
        Self::AmericanIndian,
        Self::Asian,
        Self::Black,
        Self::Hispanic,
        Self::PacificIslander,
        Self::TwoOrMore,
        Self::White,
        Self::Unknown,
    ];

    pub(super) const fn code(self) -> &'static str {
        match self {
            Self::AmericanIndian => "american_indian",
            Self::Asian => "asian",
            Self::Black => "black",
            Self::Hispanic => "hispanic",
            Self::PacificIslander => "pacific_islander",
            Self::TwoOrMore => "two_or_more",
            Self::White => "white",
            Self::Unknown => "unknown",
        }
    }
}

/// Where a family lives.
pub(super) struct Home {
    pub(super) zone: usize,
    pub(super) street: String,
}

/// A family in one school year.
pub(super) struct FamilyYear {
    /// Position of its home at the start.
    pub(super) home: usize,
    /// The school day of a move to the next home.
    pub(super) moves: Option<usize>,
    pub(super) poor: bool,
    pub(super) homeless: bool,
}

/// A family over all years.
pub(super) struct Family {
    pub(super) race: Race,
    /// Race flags, as in `records::Races::NAMES`, separated by semicolons.
    pub(super) flags: &'static str,
    pub(super) homes: Vec<Home>,
    pub(super) years: Vec<FamilyYear>,
    /// Years in the city, as positions: first and last.
    pub(super) stay: (usize, usize),
    pub(super) charter: bool,
    /// Speaks another language at home.
    pub(super) other_language: bool,
    pub(super) migrant: bool,
    pub(super) military: bool,
    pub(super) children: Vec<Child>,
}

/// A child: what does not depend on the school year.
pub(super) struct Child {
    pub(super) person: u32,
    pub(super) first: &'static str,
    pub(super) nickname: Option<&'static str>,
    pub(super) middle: &'static str,
    pub(super) last: String,
    /// The family name from a year on, when it changed.
    pub(super) renamed: Option<(usize, String)>,
    pub(super) suffix: &'static str,
    pub(super) birth: Date,
    pub(super) girl: bool,
    pub(super) twin: bool,
    /// Lives in the city, goes to none of its schools: only an agency knows the child.
    pub(super) outside: bool,
    pub(super) idea: bool,
    pub(super) section_504: bool,
    pub(super) foster: bool,
    /// Tenths of a scale point above the mean of the grade.
    pub(super) ability: i32,
    /// Rate of absence above the least, in hundredths of a percent.
    pub(super) absence: i32,
}

impl Child {
    /// The school year, by its end, in which the child enters kindergarten.
    pub(super) fn kindergarten(&self) -> i32 {
        kindergarten(self.birth)
    }

    /// The family name in the year at that position.
    pub(super) fn last_in(&self, at: usize) -> &str {
        match &self.renamed {
            Some((from, name)) if at >= *from => name,
            _ => &self.last,
        }
    }
}

impl Family {
    /// The next family, its children numbered from `person` on, at most `most` of them.
    pub(super) fn draw(draw: &mut Draw, city: &City, person: u32, most: usize) -> Self {
        let zone = home_zone(draw, city);
        let race = Race::ALL[draw.weighted(&city.zones[zone].mix)];
        let (homes, years) = live(draw, city, zone, race);
        let n_years = city.years.len();
        let from = if draw.chance(1_000) { draw.below(n_years) } else { 0 };
        let to = if draw.chance(1_000) { from + draw.below(n_years - from) } else { n_years - 1 };
        let language = match race {
            Race::Hispanic => 5_500,
            Race::Asian | Race::PacificIslander => 4_500,
            _ => 300,
        };
        let mut family = Self {
            race,
            flags: flags(draw, race),
            homes,
            years,
            stay: (from, to),
            charter: draw.chance(1_300),
            other_language: draw.chance(language),
            migrant: draw.chance(60),
            military: draw.chance(200),
            children: Vec::new(),
        };
        family.have_children(draw, city, person, most);
        family
    }

    fn have_children(&mut self, draw: &mut Draw, city: &City, person: u32, most: usize) {
        let parents = Parents::draw(draw, city, self.race);
        let newest = i32::from(city.years[city.years.len() - 1].ending());
        let oldest = i32::from(city.years[0].ending()) - 12;
        let wanted = (1 + draw.weighted(&[42, 35, 16, 7])).min(most);
        let mut date = first_birth(draw, oldest, newest);
        while self.children.len() < wanted && kindergarten(date) <= newest {
            let twin = draw.chance(170) && self.children.len() + 2 <= most;
            let girl = draw.chance(4_900);
            for second in [false, true].into_iter().take(1 + usize::from(twin)) {
                let girl = if second && draw.chance(6_000) { !girl } else { girl };
                let person = person + self.children.len() as u32;
                let child = self.child(draw, city, &parents, Birth { person, date, girl, twin });
                self.children.push(child);
            }
            date = Date::from_days(date.days() + draw.between(330, 1_700)).expect("a birth of this century");
        }
    }

    fn child(&self, draw: &mut Draw, city: &City, parents: &Parents, birth: Birth) -> Child {
        let girl = birth.girl;
        let (given, middle) = loop {
            let given = city.names.first(draw, girl, self.race);
            let middle = city.names.first(draw, girl, self.race).name;
            if given.name != middle && self.children.iter().all(|other| other.first != given.name) {
                break (given, middle);
            }
        };
        // The cube of a uniform number: many children are rarely away, a few are away often.
        let u = draw.below(1_000) as i64;
        Child {
            person: birth.person,
            first: given.name,
            nickname: nickname(draw, given),
            middle: if draw.chance(8_200) { middle } else { "" },
            last: parents.children.clone(),
            renamed: draw.chance(250).then(|| (draw.below(city.years.len()), parents.rename(draw, city))),
            suffix: if !girl && draw.chance(250) { ["Jr", "II", "III"][draw.below(3)] } else { "" },
            birth: birth.date,
            girl,
            twin: birth.twin,
            outside: draw.chance(200),
            idea: draw.chance(1_300),
            section_504: draw.chance(300),
            foster: draw.chance(50),
            ability: draw.bell(350),
            absence: (u * u * u * 1_000 / 1_000_000_000) as i32,
        }
    }
}

/// The names children can get from their parents.
struct Parents {
    race: Race,
    father: &'static str,
    mother: &'static str,
    /// What the children are called.
    children: String,
}

struct Birth {
    person: u32,
    date: Date,
    girl: bool,
    twin: bool,
}

impl Parents {
    fn draw(draw: &mut Draw, city: &City, race: Race) -> Self {
        let (father, mother) = (city.names.last(draw, race), city.names.last(draw, race));
        let children = match draw.below(100) {
            at if race == Race::Hispanic && at < 42 => format!("{father} {mother}"),
            at if at >= 95 => format!("{father}-{mother}"),
            at if at >= 82 => mother.to_owned(),
            _ => father.to_owned(),
        };
        Self { race, father, mother, children }
    }

    /// Another name for a child: a divorce, a new marriage, an adoption.
    fn rename(&self, draw: &mut Draw, city: &City) -> String {
        match draw.below(3) {
            0 => self.mother.to_owned(),
            1 => format!("{}-{}", self.father, city.names.last(draw, self.race)),
            _ => city.names.last(draw, self.race).to_owned(),
        }
    }
}

/// The school year, by its end, in which a child enters kindergarten: five years old by 1 September.
fn kindergarten(birth: Date) -> i32 {
    let (year, month, day) = birth.parts();
    if (month, day) <= (9, 1) { year + 6 } else { year + 7 }
}

fn nickname(draw: &mut Draw, given: &First) -> Option<&'static str> {
    (!given.nicknames.is_empty() && draw.chance(2_500)).then(|| *draw.one(&given.nicknames))
}

/// A birth date that makes the entry into kindergarten fall in some year from `oldest` to `newest`.
fn first_birth(draw: &mut Draw, oldest: i32, newest: i32) -> Date {
    let year = draw.between(oldest, newest);
    let start = Date::new(year - 7, 9, 2).expect("2 September exists in every year");
    Date::from_days(start.days() + draw.between(0, 364)).expect("a birth of this century")
}

/// Two in three families live in Northfield, whatever the number of its zones.
fn home_zone(draw: &mut Draw, city: &City) -> usize {
    if draw.chance(6_800) {
        draw.below(city.eastbrook_from)
    } else {
        city.eastbrook_from + draw.below(city.zones.len() - city.eastbrook_from)
    }
}

/// Homes and years: moves, poverty, homelessness.
fn live(draw: &mut Draw, city: &City, zone: usize, race: Race) -> (Vec<Home>, Vec<FamilyYear>) {
    let tilt = match race {
        Race::Black | Race::Hispanic | Race::AmericanIndian => 1_500,
        Race::White | Race::Asian => -1_500,
        _ => 0,
    };
    let mut poor = draw.chance(city.zones[zone].poverty + tilt);
    let mut homes = vec![home(draw, city, zone)];
    let mut years = Vec::with_capacity(city.years.len());
    for at in 0..city.years.len() {
        if at > 0 && draw.chance(500) {
            poor = !poor;
        }
        let mut year =
            FamilyYear { home: homes.len() - 1, moves: None, poor, homeless: poor && draw.chance(500) };
        if draw.chance(if year.homeless { 4_000 } else { 800 }) {
            let near = homes[homes.len() - 1].zone;
            let zone = if draw.chance(5_000) { near } else { home_zone(draw, city) };
            homes.push(home(draw, city, zone));
            // Most moves are made in the summer; the others cut a school year in two.
            let in_summer = draw.chance(5_500);
            year.moves = (!in_summer).then(|| draw.between(15, DAYS as i32 - 15) as usize);
        }
        years.push(year);
    }
    (homes, years)
}

fn home(draw: &mut Draw, city: &City, zone: usize) -> Home {
    let street = *draw.one(&city.zones[zone].streets);
    let number = draw.between(1, 4_999);
    let street = if draw.chance(3_000) {
        // A few numbers of a street are apartment blocks, so that strangers share an address.
        format!("{} {street} Apt {}", number / 500 * 500 + 20, draw.between(1, 60))
    } else {
        format!("{number} {street}")
    };
    Home { zone, street }
}

fn flags(draw: &mut Draw, race: Race) -> &'static str {
    const HISPANIC: [&str; 6] = ["white", "white", "white", "", "black", "american_indian"];
    const TWO: [&str; 3] =
        ["black;white;two_or_more", "asian;white;two_or_more", "american_indian;white;two_or_more"];
    match race {
        Race::AmericanIndian => "american_indian",
        Race::Asian => "asian",
        Race::Black => "black",
        Race::Hispanic => HISPANIC[draw.below(HISPANIC.len())],
        Race::PacificIslander => "pacific_islander",
        Race::TwoOrMore => TWO[draw.below(TWO.len())],
        Race::White => "white",
        Race::Unknown => "",
    }
}
