//! The truth: which numbers are one person, the true figures, and what the services really did.

use super::after::After;
use super::city::{City, Source};
use super::effects;
use super::family::{Child, Family};
use super::life::{Life, Test, Tutoring, Year};
use serde::Serialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// A figure's place: indicator, year, district (or `city`), race (or `all`).
type Place = (&'static str, u16, &'static str, &'static str);

/// Counts, being made.
#[derive(Default)]
pub(super) struct Truth {
    /// Numerator and denominator.
    figures: BTreeMap<Place, (u64, u64)>,
    /// By service, outcome and whether served: a sum and what it is divided by.
    comparisons: BTreeMap<(&'static str, &'static str, bool), (i64, i64)>,
}

#[derive(Serialize)]
struct Figure {
    indicator: &'static str,
    year: u16,
    district: &'static str,
    race: &'static str,
    numerator: u64,
    denominator: u64,
}

impl Truth {
    /// Counts a child in.
    pub(super) fn count(&mut self, city: &City, family: &Family, child: &Child, life: &Life, after: &After) {
        if child.outside {
            return;
        }
        let race = family.race.code();
        for year in &life.years {
            let ending = city.years[year.at].ending();
            let district = home(city, year).id();
            self.absence(year, (ending, district, race));
            if let Some(Test::Taken(scores)) = &year.test {
                for (name, (_, level)) in ["reading_proficiency", "math_proficiency"].into_iter().zip(scores)
                {
                    self.add((name, ending, district, race), *level >= 3);
                }
            }
        }
        for pair in life.years.windows(2) {
            self.gain(&pair[0], &pair[1]);
        }
        if let Some(last) = life.years.last() {
            self.college(city, (home(city, last).id(), race), after);
        }
    }

    /// Chronic absence as the indicator defines it; fewer than ten days enrolled do not count.
    fn absence(&mut self, year: &Year, place: (u16, &'static str, &'static str)) {
        let semesters = year.spells.iter().flat_map(|spell| spell.semesters);
        let (enrolled, half_days) = semesters.fold((0, 0), |sum, (days, half)| (sum.0 + days, sum.1 + half));
        if enrolled >= 10 {
            let (ending, district, race) = place;
            self.add(("chronic_absence", ending, district, race), half_days * 10 >= enrolled * 2);
        }
        if year.may_be_tutored() {
            let served = year.tutoring.as_ref().is_some_and(Tutoring::is_effective);
            if served || year.tutoring.is_none() {
                self.compare("tutoring", "absence", served, (half_days as i64, enrolled as i64 * 2));
            }
        }
    }

    fn gain(&mut self, before: &Year, year: &Year) {
        let (Some(Test::Taken(old)), Some(Test::Taken(new))) = (&before.test, &year.test) else { return };
        let served = year.tutoring.as_ref().is_some_and(Tutoring::is_effective);
        if before.grade + 1 != year.grade || !year.may_be_tutored() || !served && year.tutoring.is_some() {
            return;
        }
        for (at, outcome) in ["score_gain_ELA", "score_gain_MATH"].into_iter().enumerate() {
            self.compare("tutoring", outcome, served, (i64::from(new[at].0 - old[at].0), 1));
        }
    }

    fn college(&mut self, city: &City, place: (&'static str, &'static str), after: &After) {
        let Some(class) = after.class else { return };
        let (district, race) = place;
        let ending = city.years[class].ending();
        let holds = after.scholarship.is_some();
        self.add(("college_first_fall", ending, district, race), after.falls.0);
        if after.may_have_scholarship {
            self.compare("scholarship", "college_first_fall", holds, (i64::from(after.falls.0), 1));
        }
        // The files end before the newest class has its second fall.
        if after.falls.0 && class + 1 < city.years.len() {
            self.add(("college_second_fall", ending, district, race), after.falls.1);
            if after.may_have_scholarship {
                self.compare("scholarship", "college_second_fall", holds, (i64::from(after.falls.1), 1));
            }
        }
    }

    fn add(&mut self, place: Place, meets: bool) {
        let (indicator, year, district, race) = place;
        let races = [race, "all"];
        for place in races
            .iter()
            .flat_map(|race| [(indicator, year, district, *race), (indicator, year, "city", *race)])
        {
            let cell = self.figures.entry(place).or_default();
            cell.0 += u64::from(meets);
            cell.1 += 1;
        }
    }

    fn compare(&mut self, service: &'static str, outcome: &'static str, served: bool, add: (i64, i64)) {
        let cell = self.comparisons.entry((service, outcome, served)).or_default();
        *cell = (cell.0 + add.0, cell.1 + add.1);
    }

    /// The page `effects.json`.
    pub(super) fn page(self) -> Value {
        let figures = self.figures.into_iter().map(|(place, (numerator, denominator))| {
            let (indicator, year, district, race) = place;
            json!(Figure { indicator, year, district, race, numerator, denominator })
        });
        let comparisons = self.comparisons.into_iter().map(|((service, outcome, served), (sum, of))| {
            let group = if served { "served" } else { "admitted_not_served" };
            json!({ "service": service, "outcome": outcome, "group": group, "sum": sum, "of": of })
        });
        json!({
            "effects": effects_page(),
            "comparisons_note": "by lottery among those admitted; score gains in tenths of a point per child, \
                absence in half days absent of half days enrolled, college in students of graduates or enrollees",
            "comparisons": comparisons.collect::<Vec<_>>(),
            "figures_note": "true counts; a child counts once a year, at the home school (most days enrolled), and in the city",
            "figures": figures.collect::<Vec<_>>(),
        })
    }
}

fn effects_page() -> Value {
    let condition = format!("{} or more sessions in the year", effects::TUTORING_SESSIONS);
    let score = |at: usize| {
        json!({
            "service": "tutoring", "condition": condition, "outcome": "scale score of the next test, and of later ones",
            "test": effects::TEST, "subject": effects::SUBJECTS[at], "tenths_of_a_point": effects::TUTORING_SCORE[at],
        })
    };
    let share = |service: &str, condition: &str, outcome: &str, hundredths: i32| {
        json!({
            "service": service, "condition": condition, "outcome": outcome,
            "hundredths_of_a_percentage_point": hundredths,
        })
    };
    let attendance = "share of days present, in each semester from the first session on";
    json!([
        score(0),
        score(1),
        share("tutoring", &condition, attendance, effects::TUTORING_ABSENCE),
        share("wraparound", "any in the year", "share of days present", effects::WRAPAROUND_ABSENCE),
        share("scholarship", "holds it", "college in the first fall", effects::SCHOLARSHIP_ENROLLMENT),
        share(
            "scholarship",
            "holds it and is in college",
            "college in the second fall",
            effects::SCHOLARSHIP_PERSISTENCE
        ),
    ])
}

/// Who runs the home school of a year: the one with most days enrolled, of equal ones the later.
fn home(city: &City, year: &Year) -> Source {
    let mut days: BTreeMap<usize, (usize, usize)> = BTreeMap::new();
    for spell in &year.spells {
        let (enrolled, since) = days.entry(spell.school).or_default();
        *enrolled += spell.semesters[0].0 + spell.semesters[1].0;
        *since = spell.from;
    }
    let (school, _) = days.iter().max_by_key(|(_, key)| **key).expect("a year at school has a spell");
    city.schools[*school].source
}
