//! Analyses of the files find what is true in the city.

use super::{City, SCHOOLS};
use std::collections::{BTreeMap, BTreeSet};
use throughline::calendar::Date;
use throughline::records::Grade;

#[test]
fn the_true_absence_can_be_found_in_the_files() {
    let city = City::shared();
    let truth = city.truth();
    // By year and person: days enrolled and absent, and days enrolled at each school with the latest day.
    type Days = (f64, f64, BTreeMap<String, (u32, Date, &'static str)>);
    let mut days: BTreeMap<(u16, String), Days> = BTreeMap::new();
    for source in SCHOOLS {
        let columns = ["from", "days_enrolled", "days_absent", "school"];
        for (person, [from, enrolled, absent, school]) in
            city.of_persons(source, "attendance_summary.csv", columns)
        {
            let (Ok(from), Ok(enrolled), Ok(absent)) =
                (from.parse::<Date>(), enrolled.parse::<f64>(), absent.parse::<f64>())
            else {
                continue;
            };
            let year = days.entry((from.school_year().ending(), person)).or_default();
            (year.0, year.1) = (year.0 + enrolled, year.1 + absent.max(0.0));
            let here = year.2.entry(school).or_insert((0, from, source));
            *here = (here.0 + enrolled as u32, here.1.max(from), source);
        }
    }
    for (source, year) in SCHOOLS.iter().flat_map(|source| (2021..=2025).map(move |year| (source, year))) {
        let is_home = |schools: &BTreeMap<String, (u32, Date, &str)>| {
            schools.values().max().is_some_and(|(_, _, home)| home == source)
        };
        let here = days
            .iter()
            .filter(|((y, _), (enrolled, _, schools))| *y == year && *enrolled >= 10.0 && is_home(schools));
        let (n, chronic) = here.fold((0_i64, 0_i64), |sum, (_, (enrolled, absent, _))| {
            (sum.0 + 1, sum.1 + i64::from(absent * 10.0 >= *enrolled))
        });
        let figure = figure(&truth, "chronic_absence", year, source);
        assert!((n - figure.1).abs() * 100 <= figure.1.max(100), "{source} {year}: {n} {figure:?}");
        assert!((chronic - figure.0).abs() * 25 <= figure.0.max(50), "{source} {year}: {chronic} {figure:?}");
    }
}

/// Numerator and denominator of a true figure over all races.
fn figure(truth: &serde_json::Value, indicator: &str, year: u16, district: &str) -> (i64, i64) {
    let figures = truth["figures"].as_array().expect("figures");
    let found = figures.iter().find(|figure| {
        figure["indicator"] == indicator
            && figure["year"] == year
            && figure["district"] == district
            && figure["race"] == "all"
    });
    let found = found.expect("a figure of that place");
    let number = |name: &str| found[name].as_i64().expect("a count");
    (number("numerator"), number("denominator"))
}

/// What the files say of tutoring: who was admitted in which year, and sessions and their first day.
struct Served {
    admitted: BTreeSet<(String, u16)>,
    sessions: BTreeMap<(String, u16), (u32, Date)>,
}

impl Served {
    fn read(city: &City) -> Self {
        let mut served = Self { admitted: BTreeSet::new(), sessions: BTreeMap::new() };
        for source in SCHOOLS {
            for (person, [program, begin]) in city.of_persons(source, "eligibility.csv", ["program", "begin"])
            {
                if let Some(begin) = begin.parse::<Date>().ok().filter(|_| program == "tutoring") {
                    served.admitted.insert((person, begin.school_year().ending()));
                }
            }
        }
        for (person, [date]) in city.of_persons("afterschool-alliance", "dosage.csv", ["date"]) {
            let Ok(date) = date.parse::<Date>() else { continue };
            let entry = served.sessions.entry((person, date.school_year().ending())).or_insert((0, date));
            *entry = (entry.0 + 1, entry.1.min(date));
        }
        served
    }

    /// Served enough, admitted and not served, or neither.
    fn group(&self, key: &(String, u16)) -> Option<bool> {
        match self.sessions.get(key) {
            Some((sessions, _)) => (*sessions >= 20).then_some(true),
            None => self.admitted.contains(key).then_some(false),
        }
    }
}

/// The mean of those served less the mean of the others.
fn difference(values: &[(bool, f64)]) -> f64 {
    let mean = |served: bool| {
        let of: Vec<f64> = values.iter().filter(|(s, _)| *s == served).map(|(_, value)| *value).collect();
        assert!(of.len() >= 100, "{} values", of.len());
        of.iter().sum::<f64>() / of.len() as f64
    };
    mean(true) - mean(false)
}

#[test]
fn analyses_of_the_files_find_the_true_effects() {
    let city = City::new(12_000, 5);
    let served = Served::read(&city);

    let mut scores: BTreeMap<(String, String), BTreeMap<u16, (i32, f64)>> = BTreeMap::new();
    let mut rates: BTreeMap<(String, u16), (f64, f64)> = BTreeMap::new();
    for source in SCHOOLS {
        let columns = ["subject", "grade", "date", "scale_score"];
        for (person, [subject, grade, date, score]) in city.of_persons(source, "assessments.csv", columns) {
            let grade = Grade::from_code(&grade).and_then(Grade::number);
            if let (Some(grade), Ok(date), Ok(score)) = (grade, date.parse::<Date>(), score.parse()) {
                let year = date.school_year().ending();
                scores.entry((person, subject)).or_default().insert(year, (grade, score));
            }
        }
        let columns = ["from", "days_enrolled", "days_absent"];
        for (person, [from, enrolled, absent]) in city.of_persons(source, "attendance_summary.csv", columns) {
            if let (Ok(from), Ok(enrolled), Ok(absent)) =
                (from.parse::<Date>(), enrolled.parse::<f64>(), absent.parse::<f64>())
            {
                let sum = rates.entry((person, from.school_year().ending())).or_default();
                *sum = (sum.0 + enrolled, sum.1 + absent);
            }
        }
    }

    for (subject, truth) in [("ELA", 8.0), ("MATH", 6.0)] {
        let mut gains = Vec::new();
        for ((person, _), years) in scores.iter().filter(|((_, s), _)| s == subject) {
            for (year, (grade, score)) in years {
                let before = years.get(&(year - 1)).filter(|(before, _)| before + 1 == *grade);
                let group = served.group(&(person.clone(), *year));
                if let (Some((_, before)), Some(group)) = (before, group) {
                    gains.push((group, score - before));
                }
            }
        }
        let found = difference(&gains);
        assert!((found - truth).abs() < 2.0, "{subject}: {found} points, in truth {truth}");
    }

    // Those who began in the fall had the effect all year long.
    let began_in_fall = |key: &(String, u16)| {
        served.sessions.get(key).is_none_or(|(_, first)| first.parts().0 < i32::from(key.1))
    };
    let of_rates = rates.iter().filter(|(key, (enrolled, _))| *enrolled > 20.0 && began_in_fall(key));
    let rates: Vec<_> = of_rates
        .filter_map(|(key, (enrolled, absent))| Some((served.group(key)?, 100.0 - absent * 100.0 / enrolled)))
        .collect();
    let found = difference(&rates);
    assert!((found - 2.0).abs() < 0.5, "attendance: {found} points, in truth 2");

    let college = scholarship(&city);
    let found = difference(&college) * 100.0;
    assert!((found - 15.0).abs() < 8.0, "college: {found} points, in truth 15");
}

/// For each graduate admitted to the scholarship: whether held, and 1 when in college within 16 months.
fn scholarship(city: &City) -> Vec<(bool, f64)> {
    let services = city.of_persons("promise-fund", "services.csv", ["program"]);
    let holders: BTreeSet<String> = services.into_iter().map(|(person, _)| person).collect();
    let mut first: BTreeMap<String, Date> = BTreeMap::new();
    for (person, [begin]) in city.of_persons("promise-fund", "postsecondary.csv", ["begin"]) {
        if let Ok(begin) = begin.parse::<Date>() {
            let known = first.entry(person).or_insert(begin);
            *known = begin.min(*known);
        }
    }
    let mut graduates = Vec::new();
    for source in SCHOOLS {
        for (person, [program, begin]) in city.of_persons(source, "eligibility.csv", ["program", "begin"]) {
            if let Some(diploma) = begin.parse::<Date>().ok().filter(|_| program == "scholarship") {
                let went = first.get(&person).is_some_and(|begin| *begin <= diploma.plus_months(16));
                graduates.push((holders.contains(&person), f64::from(u8::from(went))));
            }
        }
    }
    graduates
}
