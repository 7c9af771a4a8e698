//! The city: who keeps records, its schools, its zones, its school days.

use super::draw::Draw;
use super::names::Names;
use crate::calendar::{Date, SchoolYear};

/// Who exports files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Source {
    Northfield,
    Eastbrook,
    Summit,
    Afterschool,
    Healthy,
    Promise,
}

impl Source {
    pub(super) const ALL: [Self; 6] =
        [Self::Northfield, Self::Eastbrook, Self::Summit, Self::Afterschool, Self::Healthy, Self::Promise];
    /// Those that run schools.
    pub(super) const SCHOOLS: [Self; 3] = [Self::Northfield, Self::Eastbrook, Self::Summit];

    /// Its organization id.
    pub(super) const fn id(self) -> &'static str {
        match self {
            Self::Northfield => "northfield",
            Self::Eastbrook => "eastbrook",
            Self::Summit => "summit-charter",
            Self::Afterschool => "afterschool-alliance",
            Self::Healthy => "healthy-start",
            Self::Promise => "promise-fund",
        }
    }

    pub(super) const fn title(self) -> &'static str {
        match self {
            Self::Northfield => "Northfield Public Schools",
            Self::Eastbrook => "Eastbrook School District",
            Self::Summit => "Summit Charter Network",
            Self::Afterschool => "After-School Alliance",
            Self::Healthy => "Healthy Start",
            Self::Promise => "Promise Fund",
        }
    }

    /// What its student numbers and school codes begin with.
    pub(super) const fn prefix(self) -> &'static str {
        match self {
            Self::Northfield => "NF",
            Self::Eastbrook => "EB",
            Self::Summit => "SC",
            Self::Afterschool => "AA",
            Self::Healthy => "HS",
            Self::Promise => "PF",
        }
    }
}

/// A school.
pub(super) struct School {
    pub(super) code: String,
    pub(super) name: String,
    pub(super) source: Source,
    /// Its lowest and highest grade; kindergarten is 0.
    pub(super) grades: (i32, i32),
    /// Sections of a grade.
    pub(super) sections: usize,
}

/// A neighborhood, inside the attendance areas of one district.
pub(super) struct Zone {
    pub(super) code: String,
    pub(super) zip: String,
    /// Its elementary, middle and high school.
    pub(super) schools: [usize; 3],
    /// Weights of the groups, in the order of `Race::ALL`.
    pub(super) mix: [u32; 8],
    /// Share of families in poverty, per 10,000.
    pub(super) poverty: i32,
    pub(super) streets: Vec<&'static str>,
}

/// Everything that stands still.
pub(super) struct City {
    pub(super) years: Vec<SchoolYear>,
    pub(super) schools: Vec<School>,
    pub(super) zones: Vec<Zone>,
    /// The zones of the two districts: the second's begin here.
    pub(super) eastbrook_from: usize,
    pub(super) names: Names,
    /// The school days of each year, as dates.
    days: Vec<Vec<Date>>,
}

/// School days in a year, and the day on which its second semester begins.
pub(super) const DAYS: usize = 180;
pub(super) const SPRING: usize = 90;

const GROUND: [&str; 14] = [
    "Alder", "Birch", "Cedar", "Dogwood", "Elm", "Foxglove", "Gingko", "Hawthorn", "Juniper", "Laurel",
    "Maple", "Oak", "Poplar", "Willow",
];
const FORM: [&str; 9] = ["Hill", "Creek", "Park", "Grove", "Ridge", "Point", "Bridge", "Field", "Harbor"];

/// Weights by group and poverty of the four kinds of zone.
const KINDS: [([u32; 8], i32); 4] = [
    ([8, 40, 480, 200, 6, 50, 210, 6], 6_800),
    ([10, 50, 120, 520, 8, 50, 236, 6], 6_300),
    ([8, 160, 80, 110, 10, 60, 566, 6], 2_600),
    ([12, 40, 90, 140, 6, 60, 646, 6], 3_400),
];

impl City {
    /// A city for that many children over all years.
    pub(super) fn found(draw: &mut Draw, students: u32, years: Vec<SchoolYear>) -> Self {
        let names = Names::load();
        // Children enter and leave the years: seen over `years`, thirteen grades make more cohorts.
        let enrolled = students as usize * 13 / (12 + years.len());
        let (mut schools, mut zones) = (Vec::new(), Vec::new());
        add_district(Source::Northfield, enrolled * 60 / 100, [0, 1, 3, 1], &mut schools, &mut zones);
        let eastbrook_from = zones.len();
        add_district(Source::Eastbrook, enrolled * 28 / 100, [3, 2, 3, 1], &mut schools, &mut zones);
        let charter = enrolled * 12 / 100;
        add_schools(Source::Summit, "Academy", (0, 8), charter * 9 / 13, 600, 1, &mut schools);
        add_schools(Source::Summit, "High", (9, 12), charter * 4 / 13, 700, 1, &mut schools);
        for zone in &mut zones {
            zone.streets = (0..40).map(|_| *draw.one(names.streets())).collect();
        }
        let days = years.iter().map(|year| school_days(*year)).collect();
        Self { years, schools, zones, eastbrook_from, names, days }
    }

    pub(super) fn day(&self, at: usize, day: usize) -> Date {
        self.days[at][day]
    }

    /// The last day of the newest year: what happened later is in no school's file.
    pub(super) fn horizon(&self) -> Date {
        self.years[self.years.len() - 1].last_day()
    }

    /// The day on which the clearinghouse answered, half a year later: the newest class had its first fall.
    pub(super) fn college_horizon(&self) -> Date {
        self.horizon().plus_months(6)
    }

    /// The charter's school for a grade; its children choose by chance when there are several.
    pub(super) fn charter_school(&self, draw: &mut Draw, grade: i32) -> usize {
        let fits = |school: &School| {
            school.source == Source::Summit && (school.grades.0..=school.grades.1).contains(&grade)
        };
        let fitting: Vec<usize> = (0..self.schools.len()).filter(|at| fits(&self.schools[*at])).collect();
        *draw.one(&fitting)
    }
}

fn add_district(
    source: Source,
    enrolled: usize,
    kinds: [usize; 4],
    schools: &mut Vec<School>,
    zones: &mut Vec<Zone>,
) {
    let elementary = add_schools(source, "Elementary", (0, 5), enrolled * 6 / 13, 420, 3, schools);
    let middle = add_schools(source, "Middle", (6, 8), enrolled * 3 / 13, 650, 2, schools);
    let high = add_schools(source, "High", (9, 12), enrolled * 4 / 13, 1_300, 1, schools);
    let n_zones = elementary.len() * 2;
    for at in 0..n_zones {
        let (mix, poverty) = KINDS[kinds[at % 4]];
        // Neighboring zones share a school on every level.
        let share = |of: &std::ops::Range<usize>| of.start + at * of.len() / n_zones;
        zones.push(Zone {
            code: format!("{}-Z{:02}", source.prefix(), at + 1),
            // No post office has ever been given the prefix 987.
            zip: format!("987{:02}", zones.len() / 2 % 100),
            schools: [share(&elementary), share(&middle), share(&high)],
            mix,
            poverty,
            streets: Vec::new(),
        });
    }
}

fn add_schools(
    source: Source,
    level: &str,
    grades: (i32, i32),
    enrolled: usize,
    size: usize,
    least: usize,
    schools: &mut Vec<School>,
) -> std::ops::Range<usize> {
    let from = schools.len();
    let n = enrolled.div_ceil(size).max(least);
    for at in 0..n {
        let number = schools.len();
        let ground = GROUND[number % GROUND.len()];
        let form = FORM[number / GROUND.len() % FORM.len()];
        let round = number / (GROUND.len() * FORM.len());
        let again = if round == 0 { String::new() } else { format!(" {}", round + 1) };
        schools.push(School {
            code: format!("{}-{}{:02}", source.prefix(), &level[..1], at + 1),
            name: format!("{ground} {form}{again} {level} School"),
            source,
            grades,
            sections: enrolled.div_ceil(n * 25 * (grades.1 - grades.0 + 1) as usize).max(1),
        });
    }
    from..schools.len()
}

/// 36 weeks of five days from the first Monday after 23 August, two weeks off in winter, one in spring.
fn school_days(year: SchoolYear) -> Vec<Date> {
    let august = Date::new(i32::from(year.ending()) - 1, 8, 24).expect("24 August exists in every year");
    // 1970-01-01 was a Thursday.
    let monday = august.days() + (7 - (august.days() + 3).rem_euclid(7)) % 7;
    let day = |at: i32| {
        let week = at / 5 + if at >= 85 { 2 } else { 0 } + i32::from(at >= 140);
        Date::from_days(monday + week * 7 + at % 5).expect("a school year lies inside the calendar")
    };
    (0..DAYS as i32).map(day).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_school_year_holds_its_days() {
        for year in 2015..=2031 {
            let year = SchoolYear::new(year).expect("a year");
            let days = school_days(year);
            assert!(days.windows(2).all(|pair| pair[0] < pair[1]));
            assert!(days.iter().all(|day| day.school_year() == year));
            assert!(days.iter().all(|day| (day.days() + 3).rem_euclid(7) < 5), "no weekend");
        }
    }

    #[test]
    fn a_city_has_schools_of_every_level_for_every_zone() {
        for students in [1, 2_000, 100_000] {
            let years = (2021..=2025).filter_map(SchoolYear::new).collect();
            let city = City::found(&mut Draw::new(1), students, years);
            for (at, zone) in city.zones.iter().enumerate() {
                let source = if at < city.eastbrook_from { Source::Northfield } else { Source::Eastbrook };
                assert!(zone.schools.iter().all(|school| city.schools[*school].source == source));
                let levels = zone.schools.map(|school| city.schools[school].grades);
                assert_eq!(levels, [(0, 5), (6, 8), (9, 12)]);
            }
            let codes: std::collections::BTreeSet<_> = city.schools.iter().map(|s| &s.code).collect();
            assert_eq!(codes.len(), city.schools.len());
        }
    }
}
