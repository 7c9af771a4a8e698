//! Editions: reproducible, stored and restored, without those who opted out.

use crate::city::{City, at, code, date, days, person, product, score, year};
use throughline::outcomes::Unit::StudentYear;
use throughline::outcomes::{Edition, EditionBuilder, Error, Unit, indicators, tabulate};
use throughline::records::{Dosage, DosageUnit, Fact, OptOut, OrgId, Races, Sex};

/// A city in which sources disagree, persons move, and codes come up in no order.
fn city() -> City {
    let mut city = City::new();
    for number in 0..40 {
        let (first, second) = if number % 3 == 0 { ("east", "west") } else { ("west", "east") };
        let (school, other) = if number % 2 == 0 { ("a", "b") } else { ("b", "a") };
        city.say(number, first, at(school, 2023, "04")).say(number, second, at(other, 2024, "05"));
        city.say(number, second, at(school, 2024, ""));
        city.say(number, first, days(school, "2023-09-01", "2024-06-15", 18_000, 100 * number as u32));
        city.say(number, first, score("2024-05-01", 300 + number as i64, number % 4 == 0));
        city.say(number, second, score("2024-05-01", 320, true));
        let mut races = Races::default();
        assert!(races.add(Races::NAMES[number as usize % 6]));
        city.say(number, first, person(|p| (p.races, p.sex) = (races, Some(Sex::Female))));
        let zone = Some(code(&format!("tract-{}", (number * 7) % 11)));
        city.say(number, second, person(|p| (p.zone, p.sex) = (zone, Some(Sex::Male))));
        let program = code(["TUTOR", "CAMP", "MENTOR"][number as usize % 3]);
        let (date, unit) = (date("2024-02-01"), DosageUnit::Hour);
        city.say(number, "agency", Fact::Dosage(Dosage { program, date, unit, amount_hundredths: 150 }));
    }
    city
}

#[test]
fn the_order_of_persons_leaves_no_trace() {
    let city = city();
    let edition = city.edition();
    let reversed = city.edition_in((0..40).rev().collect()).expect("it can be frozen");
    assert_eq!(reversed.digest(), edition.digest());
    let mixed: Vec<u64> = (0..40).map(|at| (at * 17 + 5) % 40).collect();
    assert_eq!(city.edition_in(mixed).expect("it can be frozen"), edition);
    let fewer = city.edition_in((0..39).collect()).expect("it can be frozen");
    assert_ne!(fewer.digest(), edition.digest());
    assert_eq!(city.edition_in(vec![1, 2, 1]), Err(Error::DuplicatePerson));
}

#[test]
fn an_edition_is_stored_and_restored() {
    let edition = city().edition();
    let columns: Vec<(Unit, String, Vec<u8>)> =
        edition.columns().map(|(unit, name, bytes)| (unit, name.to_owned(), bytes)).collect();
    let restore = |metadata: &str, columns: Vec<_>| Edition::from_columns(metadata, columns);
    let metadata = edition.metadata();
    let reversed = columns.iter().rev().cloned().collect();
    let restored = restore(&metadata, reversed).expect("it was stored");
    assert_eq!(restored, edition);
    assert_eq!(restored.digest(), edition.digest());
    assert_eq!(restored.periods(StudentYear).collect::<Vec<_>>(), [year(2023), year(2024)]);

    // Each column is needed, of its length, and within its categories.
    for at in 0..columns.len() {
        let mut short = columns.clone();
        let bytes = &mut short[at].2;
        if bytes.len() > 1 {
            bytes.truncate(bytes.len() / 2);
            assert!(matches!(restore(&metadata, short), Err(Error::Damaged(_))), "{}", columns[at].1);
        }
    }
    for name in ["person", "year", "school", "zone", "sector", "entry", "grade", "sex"] {
        let mut wrong = columns.clone();
        let column = wrong.iter_mut().find(|(_, known, _)| known == name).expect("a column");
        column.2[1] = 250;
        assert!(matches!(restore(&metadata, wrong), Err(Error::Damaged(_))), "{name}");
        let without = columns.iter().filter(|(_, known, _)| known != name).cloned().collect();
        assert!(matches!(restore(&metadata, without), Err(Error::Damaged(_))), "{name}");
    }
    let newer = metadata.replace("\"format\":3", "\"format\":4");
    assert_eq!(restore(&newer, columns.clone()), Err(Error::Damaged("format")));
    assert_eq!(restore("{}", columns), Err(Error::Damaged("metadata")));
}

/// Editions of format 1 know less; what they know is counted as before, and they are digested as they were stored.
#[test]
fn an_edition_of_format_1_is_read() {
    const SINCE: [&str; 6] = [
        "race2024",
        "english_learner_years",
        "unaccompanied",
        "disability_category",
        "repeats_grade",
        "title_i",
    ];
    let edition = city().edition();
    let columns: Vec<_> = edition
        .columns()
        .filter(|(_, name, _)| !SINCE.contains(name))
        .map(|(unit, name, bytes)| (unit, name.to_owned(), bytes))
        .collect();
    let metadata = edition.metadata().replace("\"format\":3", "\"format\":1");
    let old = Edition::from_columns(&metadata, columns.clone()).expect("it was stored");
    assert_eq!(old.metadata(), metadata);
    assert_eq!(old.columns().map(|(_, name, bytes)| (name.to_owned(), bytes)).collect::<Vec<_>>(), {
        columns.into_iter().map(|(_, name, bytes)| (name, bytes)).collect::<Vec<_>>()
    });
    let text = "[[indicators]]\nname = \"n\"\nuse = \"enrollment\"\n[[dimensions]]\nid = \"race\"\nsource = ";
    let of = |edition: &Edition, source: &str| {
        let counts =
            tabulate(edition, &[product(&format!("{text}\"{source}\""))]).expect("it can be counted");
        counts.into_iter().map(|t| (t.atoms.nodes.len(), t.atoms.people)).collect::<Vec<_>>()
    };
    assert_eq!(of(&old, "race7"), of(&edition, "race7"));
    let sum = |counts: Vec<(usize, Vec<Vec<u32>>)>| {
        counts.into_iter().flat_map(|(_, people)| people).flatten().sum::<u32>()
    };
    assert_eq!(sum(of(&old, "race2024")), sum(of(&edition, "race7")), "everybody is there, and not known");
}

#[test]
fn who_opted_out_is_counted_and_nothing_else() {
    let mut city = city();
    let with = city.edition();
    let until =
        |until: Option<&str>| Fact::OptOut(OptOut { from: date("2020-01-01"), until: until.map(date) });
    city.say(3, "agency", until(None));
    city.say(4, "agency", until(Some("2026-11-23")));
    city.say(5, "agency", until(Some("2026-11-22"))); // over on the day of the freeze
    let without = city.edition();
    assert_eq!((with.n_persons(), with.n_opted_out()), (40, 0));
    assert_eq!((without.n_persons(), without.n_opted_out()), (38, 2));
    assert_eq!(with.n_rows(StudentYear) - without.n_rows(StudentYear), 4);
    // Nothing else differs from an edition that never knew them.
    let others = city.edition_in((0..40).filter(|n| ![3, 4].contains(n)).collect()).expect("frozen");
    assert_eq!(others.columns().collect::<Vec<_>>(), without.columns().collect::<Vec<_>>());
}

#[test]
fn sources_keep_off_the_ids_of_categories() {
    for id in ["all", "unknown"] {
        let sources = [OrgId::new(id).expect("an id")];
        assert!(matches!(EditionBuilder::new(date("2024-01-01"), sources), Err(Error::ReservedSource)));
    }
}

#[test]
fn an_edition_without_persons_is_one() {
    let edition = City::new().edition();
    assert_eq!(edition.n_rows(StudentYear), 0);
    let columns = edition.columns().map(|(unit, name, bytes)| (unit, name.to_owned(), bytes));
    assert_eq!(Edition::from_columns(&edition.metadata(), columns), Ok(edition.clone()));
}

/// Whatever sources send, every member of a population has a value in every indicator.
#[test]
fn every_indicator_counts_any_edition() {
    // The two that count the same participants need a product each.
    let mut documents = [String::new(), String::new()];
    for indicator in indicators() {
        let document = &mut documents[usize::from(indicator.id == "attendance_improvement")];
        *document += &format!("[[indicators]]\nname = \"{0}\"\nuse = \"{0}\"\n", indicator.id);
        for parameter in &indicator.parameters {
            let setting = match parameter.as_str() {
                "years" | "months" | "days" => continue,
                "credits_hundredths" | "percentile" | "points" => {
                    *document += &format!("{parameter} = 60\n");
                    continue;
                }
                "test" => "STATE",
                "subject" => "ELA",
                _ => "TUTOR",
            };
            *document += &format!("{parameter} = \"{setting}\"\n");
        }
    }
    let mut city = city();
    for (number, score) in
        [(100, i64::MAX), (101, i64::MIN), (102, 1_000_000_000_000), (103, -1_000_000_000_000)]
    {
        for on in ["2023-05-01", "2024-05-01"] {
            let Fact::Assessment(mut result) = crate::city::score(on, 0, true) else {
                unreachable!("it is one")
            };
            result.scale_score_thousandths = Some(score);
            city.say(number, "east", Fact::Assessment(result));
        }
        city.say(number, "east", days("a", "2023-09-01", "2024-06-15", u32::MAX, u32::MAX));
        city.say(number, "west", days("a", "2023-09-01", "2024-06-15", u32::MAX, 0));
    }
    let edition = city.edition();
    let counted = documents.map(|document| tabulate(&edition, &[product(&document)]));
    let counts = counted.into_iter().flat_map(|counts| counts.expect("it can be counted"));
    let measures: usize = counts.map(|t| t.measures.len()).sum();
    assert!(measures >= indicators().len(), "every indicator in every year it is declared for");
    let enrollment = product("[[indicators]]\nname = \"n\"\nuse = \"enrollment\"\n");
    let empty = tabulate(&City::new().edition(), &[enrollment]).expect("it can be counted");
    assert!(!empty.is_empty(), "what can be asked does not depend on the data");
    assert!(empty.iter().all(|t| t.atoms.nodes.is_empty() && t.atoms.people == [Vec::<u32>::new()]));
}
