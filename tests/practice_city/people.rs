//! The people: who is whom, families, moves, names.

use super::{City, SCHOOLS};
use std::collections::{BTreeMap, BTreeSet};

#[test]
fn the_truth_knows_every_student_number_and_no_other() {
    let city = City::shared();
    let defects = city.table("truth/defects.csv");
    let strangers: BTreeSet<(&str, usize)> = defects
        .pick(["file", "row", "column"])
        .filter(|[_, _, column]| *column == "student_id")
        .map(|[file, row, _]| (file, row.parse().expect("a row")))
        .collect();
    let mut used: BTreeSet<(String, String)> = BTreeSet::new();
    for path in city.files().into_keys().filter(|path| path.starts_with("sources/")) {
        let source = path.split('/').nth(1).unwrap_or_default().to_owned();
        let table = city.table(&path);
        if table.header[0] == "student_id" {
            let rows = table.pick(["student_id"]).enumerate();
            let known = rows.filter(|(at, _)| !strangers.contains(&(path.as_str(), at + 2)));
            used.extend(known.map(|(_, [id])| (source.clone(), id.to_owned())));
        } else if path.ends_with("users.csv") {
            let rows = table.pick(["sourcedId", "role"]).filter(|[_, role]| *role == "student");
            used.extend(rows.map(|[id, _]| (source.clone(), id.to_owned())));
        } else if path.ends_with("oneroster/enrollments.csv") {
            let rows = table.pick(["userSourcedId", "role"]).filter(|[_, role]| *role == "student");
            used.extend(rows.map(|[id, _]| (source.clone(), id.to_owned())));
        } else if path.ends_with("demographics.csv") {
            used.extend(table.pick(["sourcedId"]).map(|[id]| (source.clone(), id.to_owned())));
        }
    }
    let persons = &city.persons;
    assert_eq!(used, persons.keys().cloned().collect());
    assert_eq!(persons.len() as u64, city.report.numbers);
    let distinct: BTreeSet<&String> = persons.values().collect();
    assert_eq!(distinct.len(), 3_000);
    // The trap of real districts: the same number, and another child.
    let number = |source: &str| -> BTreeMap<&String, &String> {
        persons.iter().filter(|((s, _), _)| s == source).map(|((_, id), person)| (id, person)).collect()
    };
    let (one, other) = (number("northfield"), number("eastbrook"));
    assert!(
        other.iter().filter(|(id, person)| one.get(*id).is_some_and(|same| same != *person)).count() > 100
    );
}

#[test]
fn names_differ_between_sources() {
    let city = City::shared();
    let columns = ["first_name", "last_name", "birth_date"];
    let upper = |row: [String; 3]| row.map(|cell| cell.to_uppercase());
    let district: BTreeMap<String, [String; 3]> = city
        .of_persons("northfield", "students.csv", columns)
        .into_iter()
        .map(|(person, row)| (person, upper(row)))
        .collect();
    let agency = city.of_persons("afterschool-alliance", "students.csv", columns);
    let both: Vec<_> = agency
        .into_iter()
        .filter_map(|(person, row)| Some((district.get(&person)?.clone(), upper(row))))
        .collect();
    let differ = |at: usize| both.iter().filter(|(one, other)| one[at] != other[at]).count() as f64;
    let n = both.len() as f64;
    assert!(n > 200.0);
    for (at, low, high) in [(0, 0.05, 0.30), (1, 0.05, 0.30), (2, 0.05, 0.25)] {
        let share = differ(at) / n;
        assert!((low..high).contains(&share), "column {at}: {share}");
    }
}

#[test]
fn there_are_twins_siblings_movers_and_second_numbers() {
    let city = City::shared();
    let columns = ["school_year", "last_name", "birth_date", "street_address"];
    let mut births: BTreeMap<[String; 4], BTreeSet<String>> = BTreeMap::new();
    let mut homes: BTreeMap<[String; 3], BTreeSet<String>> = BTreeMap::new();
    for (person, row) in city.of_persons("northfield", "students.csv", columns) {
        let [year, last, _, street] = row.clone();
        if !street.is_empty() {
            homes.entry([year, last, street]).or_default().insert(person.clone());
            births.entry(row).or_default().insert(person);
        }
    }
    let twins = births.values().filter(|persons| persons.len() == 2).count();
    let siblings = homes.values().filter(|persons| persons.len() > 1).count();
    assert!(twins > 20, "{twins}");
    assert!(siblings > 500, "{siblings}");
    let mut sources: BTreeMap<String, BTreeMap<String, u32>> = BTreeMap::new();
    for ((source, _), person) in city.persons.clone() {
        *sources.entry(person).or_default().entry(source).or_default() += 1;
    }
    let school = |known: &&BTreeMap<String, u32>| SCHOOLS.iter().filter(|s| known.contains_key(**s)).count();
    let movers = sources.values().filter(|known| school(known) > 1).count();
    assert_eq!(movers, city.report.movers as usize);
    assert!(movers > 150, "{movers}");
    assert!(sources.values().any(|known| known.values().any(|numbers| *numbers > 1)), "second numbers");
    let outside = sources.values().filter(|known| school(known) == 0).count();
    assert!((20..120).contains(&outside), "{outside} children known to agencies only");
}

#[test]
fn some_cells_are_small() {
    let city = City::shared();
    let mut cells: BTreeMap<(String, String), BTreeSet<String>> = BTreeMap::new();
    for source in SCHOOLS {
        let students = city.of_persons(source, "students.csv", ["school_year", "races"]);
        let races: BTreeMap<_, _> = students
            .into_iter()
            .filter(|(_, [year, _])| year == "2024")
            .map(|(person, [_, races])| (person, races))
            .collect();
        for (person, [school, year]) in city.of_persons(source, "enrollments.csv", ["school", "school_year"])
        {
            if let Some(races) = races.get(&person).filter(|_| year == "2024") {
                cells.entry((school, races.clone())).or_default().insert(person);
            }
        }
    }
    let small = cells.values().filter(|persons| persons.len() < 10).count();
    let large = cells.values().filter(|persons| persons.len() >= 10).count();
    assert!(small >= 20 && large >= 20, "{small} small cells, {large} large ones");
}
