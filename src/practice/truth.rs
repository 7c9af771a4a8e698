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
            self.absence(city, year, ending, race);
            if let Some(Test::Taken(scores)) = &year.test {
                let source = tested_in(city, year);
                for (name, (_, level)) in ["reading_proficiency", "math_proficiency"].into_iter().zip(scores)
                {
                    self.add((name, ending, source.id(), race), *level >= 3);
                    self.add((name, ending, "city", race), *level >= 3);
                }
            }
        }
        for pair in life.years.windows(2) {
            self.gain(&pair[0], &pair[1]);
        }
        self.college(city, race, after);
    }

    /// Chronic absence as the indicator defines it, in each source and in the city as a whole.
    fn absence(&mut self, city: &City, year: &Year, ending: u16, race: &'static str) {
        let mut whole = (0, 0);
        for source in Source::SCHOOLS {
            let days = days(city, year, Some(source));
            whole = (whole.0 + days.0, whole.1 + days.1);
            self.chronic((ending, source.id(), race), days);
        }
        self.chronic((ending, "city", race), whole);
        if year.may_be_tutored() {
            let served = year.tutoring.as_ref().is_some_and(Tutoring::is_effective);
            if served || year.tutoring.is_none() {
                self.compare("tutoring", "absence", served, (whole.1 as i64, whole.0 as i64 * 2));
            }
        }
    }

    /// `days` are days enrolled and half days absent; fewer than ten days enrolled do not count.
    fn chronic(&mut self, place: (u16, &'static str, &'static str), days: (usize, usize)) {
        if days.0 >= 10 {
            let (ending, district, race) = place;
            self.add(("chronic_absence", ending, district, race), days.1 * 10 >= days.0 * 2);
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

    fn college(&mut self, city: &City, race: &'static str, after: &After) {
        // The class of the newest year has no fall yet, the one before it no second fall.
        let Some(class) = after.class.filter(|class| class + 1 < city.years.len()) else { return };
        let ending = city.years[class].ending();
        let holds = after.scholarship.is_some();
        self.add(("college_first_fall", ending, "city", race), after.falls.0);
        if after.may_have_scholarship {
            self.compare("scholarship", "college_first_fall", holds, (i64::from(after.falls.0), 1));
        }
        if after.falls.0 && class + 2 < city.years.len() {
            self.add(("college_second_fall", ending, "city", race), after.falls.1);
            if after.may_have_scholarship {
                self.compare("scholarship", "college_second_fall", holds, (i64::from(after.falls.1), 1));
            }
        }
    }

    fn add(&mut self, place: Place, meets: bool) {
        for race in [place.3, "all"] {
            let cell = self.figures.entry((place.0, place.1, place.2, race)).or_default();
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
            "figures_note": "true counts; district is where the days or the test were, city is every district",
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

/// Days enrolled and half days absent in a year, in one source or in all.
fn days(city: &City, year: &Year, source: Option<Source>) -> (usize, usize) {
    let here =
        year.spells.iter().filter(|s| source.is_none_or(|source| city.schools[s.school].source == source));
    let semesters = here.flat_map(|spell| spell.semesters);
    semesters.fold((0, 0), |sum, (enrolled, absent)| (sum.0 + enrolled, sum.1 + absent))
}

/// Who gave the child the state test.
fn tested_in(city: &City, year: &Year) -> Source {
    let spell = year.spells.iter().find(|spell| (spell.from..=spell.to).contains(&super::life::TEST_DAY));
    city.schools[spell.expect("who took a test was enrolled on its day").school].source
}
