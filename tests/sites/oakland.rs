//! Oakland: absences come every week, with corrections of weeks before, and each week an edition says how many are
//! chronically absent by school and race to date. Whoever keeps the earlier ones sees no change of a few children.

use crate::harness::Service;
use crate::makings::{Die, Files, MINIMUM, Place, Share, Shares, product, race};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

const SOURCE: &str = "oakland";
const SCHOOLS: [&str; 4] = ["CASTLEMONT", "FREMONT", "SKYLINE", "MADISON"];
const N_CHILDREN: usize = 1_200;
/// Weeks with which the editions end.
const WEEKS: [usize; 4] = [8, 9, 10, 11];

const PRODUCT: &str = r#"
depth = 1
years = { from = 2024, to = 2024 }
indicators = [{ name = "chronic", use = "chronic_absence" }]
dimensions = [{ id = "race", source = "race7" }]
"#;

/// The day so many days after Monday, 14 August 2023.
fn date(days: usize) -> String {
    let (mut month, mut day) = (8, 14 + days);
    for length in [31, 30, 31, 30] {
        if day > length {
            (month, day) = (month + 1, day - length);
        } else {
            break;
        }
    }
    format!("2023-{month:02}-{day:02}")
}

/// Whether there is school: on weekdays, but for two holidays.
fn is_school_day(day: usize) -> bool {
    day % 7 < 5 && day != 21 && day != 56
}

struct Child {
    school: &'static str,
    race: &'static str,
    /// Days missed, as the district knows by now.
    missed: BTreeSet<usize>,
}

impl Child {
    /// Whether a tenth or more of the days was missed.
    fn is_chronic(&self, n_days: usize) -> bool {
        self.missed.len() * 10 >= n_days
    }
}

fn children(die: &mut Die) -> Vec<Child> {
    let child = |n: usize| {
        let races = [("hispanic", 46), ("black", 26), ("asian", 18), ("white", 8), ("pacific_islander", 2)];
        Child { school: SCHOOLS[n % 4], race: die.pick(&races), missed: BTreeSet::new() }
    };
    (0..N_CHILDREN).map(child).collect()
}

const EVENT: &str = "student_id,school,date,status";

/// Lets some weeks pass: who is away, and what is put right of the weeks before.
fn pass(children: &mut [Child], weeks: std::ops::Range<usize>, corrected: u64, die: &mut Die) -> Files {
    let mut files = Files::default();
    for (n, child) in children.iter_mut().enumerate() {
        let row = |day: usize, status: &str| format!("{n},{},{},{status}", child.school, date(day));
        let earlier: Vec<usize> = child.missed.iter().copied().filter(|day| *day < weeks.start * 7).collect();
        if !earlier.is_empty() && die.chance(corrected) {
            // The child had been there, if late.
            let day = earlier[die.below(earlier.len() as u64) as usize];
            files.add("attendance_events", EVENT, &row(day, "present"));
            child.missed.remove(&day);
        } else if earlier.is_empty() && weeks.start > 0 && die.chance(corrected) {
            // A teacher hands in an absence late.
            files.add("attendance_events", EVENT, &row(3, "unexcused"));
            child.missed.insert(3);
        }
        let often = if n % 9 == 0 { 22 } else { 6 };
        // Somebody is away on the last day of a week, so that the week is known to be over.
        for day in (weeks.start * 7..weeks.end * 7).filter(|day| is_school_day(*day)) {
            if die.chance(often) || (n == 0 && day % 7 == 4) {
                files.add(
                    "attendance_events",
                    EVENT,
                    &row(day, die.pick(&[("unexcused", 2), ("excused", 1)])),
                );
                child.missed.insert(day);
            }
        }
    }
    files
}

/// What the district sends before the first week.
fn roster(children: &[Child]) -> Files {
    let mut files = Files::default();
    for school in SCHOOLS {
        files.add("schools", "school,name,sector", &format!("{school},{school} School,district"));
        for day in (0..18 * 7).filter(|day| day % 7 < 5) {
            let row = format!("{school},{},{}", date(day), is_school_day(day));
            files.add("school_days", "school,date,instructional", &row);
        }
    }
    for (n, child) in children.iter().enumerate() {
        files.add("students", "student_id,races,hispanic", &format!("{n},{}", race(child.race)));
        let row = format!("{n},{},2024,2023-08-14,", child.school);
        files.add("enrollments", "student_id,school,school_year,entry,exit", &row);
    }
    files
}

/// What an edition says, as far as somebody who keeps all of them can tell when each number was counted.
struct Edition {
    counted: Shares,
    /// Of each child, whether it was chronically absent by the end of the week.
    chronic: Vec<bool>,
    /// What is shown, where it was counted in this very edition.
    shown: BTreeSet<Place>,
}

/// The places of a child: its school, the district or all, and its race or all.
fn places_of(child: &Child) -> Vec<Place> {
    let school = format!("{SOURCE}:{}", child.school);
    let around = [school.as_str(), SOURCE, "all"];
    let place = |geography: &str, race: &str| (2024, vec![geography.to_owned(), race.to_owned()]);
    around.iter().flat_map(|geography| [place(geography, child.race), place(geography, "all")]).collect()
}

#[test]
fn every_week_is_counted_to_date_and_no_few_children_are_seen_to_change() {
    let mut die = Die::new(94601);
    let service = Service::start(&[SOURCE]);
    service.load("product", &product("weekly", PRODUCT));
    let mut children = children(&mut die);
    roster(&children).push(&service, SOURCE);
    let mut editions: Vec<Edition> = Vec::new();
    let (mut start, mut n_held, mut n_shown) = (0, 0, 0);
    for week in WEEKS {
        let corrected = if start == 0 { 0 } else { 4 };
        let sent = pass(&mut children, start..week, corrected, &mut die).push(&service, SOURCE);
        if start > 0 {
            assert!(sent["outcomes"]["changed"].as_u64() >= Some(10), "days are put right: {sent}");
        }
        start = week;
        service.publish();
        let number = editions.len() + 1;
        let n_days = (0..week * 7).filter(|day| is_school_day(*day)).count();
        let chronic: Vec<bool> = children.iter().map(|child| child.is_chronic(n_days)).collect();
        let mut counted = Shares::default();
        for (child, is_chronic) in children.iter().zip(&chronic) {
            places_of(child)
                .into_iter()
                .for_each(|place| counted.0.entry(place).or_default().count(*is_chronic));
        }
        editions.push(Edition { counted, chronic, shown: BTreeSet::new() });
        let (shown, held) = compare(&answer(&service), &mut editions, number);
        (n_shown, n_held) = (n_shown + shown, n_held + held);
    }
    assert!(n_shown >= 20 && n_held >= 4, "{n_shown} shown, {n_held} as they were before");
    let whole: Place = (2024, vec!["all".into(), "all".into()]);
    let n_whole = editions.iter().filter(|edition| edition.shown.contains(&whole)).count();
    assert!(n_whole >= 2, "the district's own figure goes on: {n_whole}");
    no_few_are_seen_to_change(&children, &editions);
}

fn answer(service: &Service) -> Value {
    let asked = [
        "query",
        "weekly",
        "chronic",
        "--purpose",
        "evaluation",
        "--json",
        "--by",
        "geography",
        "--by",
        "race",
    ];
    service.run(&asked).done().json()
}

/// Compares an answer with the edition that each of its numbers was counted in; how many are of this edition, and how
/// many of earlier ones.
fn compare(answer: &Value, editions: &mut [Edition], number: usize) -> (usize, usize) {
    assert_eq!(answer["edition"], number);
    let counted_in = answer["counted"].as_array().expect("a list").first();
    let counted_in =
        counted_in.map_or(number, |counted| counted["edition"].as_u64().expect("a number") as usize);
    let (mut n_shown, mut n_held) = (0, 0);
    for cell in answer["cells"].as_array().expect("cells") {
        let categories = cell["categories"].as_array().expect("a list").iter();
        let categories = categories.map(|id| id.as_str().expect("an id").to_owned());
        let place: Place = (2024, categories.collect());
        let check = |cell: &Value, edition: usize| {
            let share = editions[edition - 1].counted.0.get(&place).copied().unwrap_or_default();
            let shown = Share {
                with: cell["numerator"].as_u64().expect("it is shown"),
                of: cell["denominator"].as_u64().expect("it is shown"),
            };
            assert_eq!(shown, share, "{place:?} in edition {edition}, answered by {number}");
            assert!(!share.is_small(), "{place:?}: {share:?}");
        };
        let mark = cell["mark"].as_str().expect("a mark");
        if mark == "shown" {
            check(cell, counted_in);
            n_shown += usize::from(counted_in == number);
            n_held += usize::from(counted_in != number);
        } else if mark == "hidden" && !cell["earlier"].is_null() {
            let earlier = &cell["earlier"];
            let edition = earlier["edition"].as_u64().expect("a number") as usize;
            assert!(edition < number, "{cell}");
            // Of some only how many they are was shown.
            if !earlier["numerator"].is_null() {
                check(earlier, edition);
                n_held += 1;
            }
        } else if mark == "hidden" {
            assert_eq!((&cell["numerator"], &cell["value"]), (&Value::Null, &Value::Null), "{place:?}");
        }
        if mark == "shown" && counted_in == number {
            editions[number - 1].shown.insert(place);
        }
    }
    (n_shown, n_held)
}

/// Where two editions counted a place and show other numbers, enough children have another outcome.
fn no_few_are_seen_to_change(children: &[Child], editions: &[Edition]) {
    let (mut n_compared, mut n_seen) = (0, 0);
    for (at, later) in editions.iter().enumerate() {
        for earlier in &editions[..at] {
            let mut changed: BTreeMap<Place, u64> = BTreeMap::new();
            let has_changed = |n: usize| earlier.chronic[n] != later.chronic[n];
            for (_, child) in children.iter().enumerate().filter(|(n, _)| has_changed(*n)) {
                places_of(child).into_iter().for_each(|place| *changed.entry(place).or_default() += 1);
            }
            let few = changed.values().filter(|n| **n < MINIMUM).count();
            assert!(few > 0, "there is something to be hidden");
            for place in earlier.shown.intersection(&later.shown) {
                let n = changed.get(place).copied().unwrap_or(0);
                let differs = earlier.counted.0[place] != later.counted.0[place];
                assert!(!differs || n >= MINIMUM, "{place:?}: {n} children have changed");
                n_seen += usize::from(differs);
                n_compared += 1;
            }
        }
    }
    assert!(n_compared >= 20 && n_seen >= 4, "{n_compared} places are in two editions, {n_seen} changed");
}
