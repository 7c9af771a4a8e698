//! A small city whose records change between editions.

use std::collections::BTreeMap;
use throughline::calendar::SchoolYear;
use throughline::outcomes::{
    Atoms, Dimension, Measure, Mode, Population, Publication, Tabulation, Unit, Values,
};

/// A student as one edition knows them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Student {
    /// School, race, gender, income: one category each.
    pub(crate) of: [usize; 4],
    pub is_absent: bool,
    /// Nothing for the untested.
    pub(crate) score: Option<i64>,
}

/// A source of chance that is the same everywhere (SplitMix64).
pub(crate) struct Chance(pub(crate) u64);

impl Chance {
    pub(crate) fn up_to(&mut self, most: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((mixed ^ (mixed >> 31)) % (most as u64 + 1)) as usize
    }

    pub(crate) fn one_in(&mut self, n: usize) -> bool {
        self.up_to(n - 1) == 0
    }
}

impl Student {
    /// Whether the absence is severe: of some of those absent it is not.
    pub(crate) fn is_severe(&self) -> bool {
        self.is_absent && self.score.is_none_or(|score| score % 4 != 0)
    }
}

pub(crate) const SCHOOLS: [&[&str]; 3] = [&["a1", "a2", "a3"], &["b1", "b2"], &["c1"]];
const RACES: [usize; 10] = [0, 0, 0, 0, 1, 1, 1, 2, 2, 3];

pub(crate) fn student(chance: &mut Chance) -> Student {
    let of = [chance.up_to(5), RACES[chance.up_to(9)], chance.up_to(1), chance.up_to(2) / 2];
    let score = (!chance.one_in(8)).then(|| 100 + chance.up_to(200) as i64);
    Student { of, is_absent: chance.one_in(4), score }
}

/// Students by number; nothing for those who have opted out or are not known yet.
pub(crate) type Students = Vec<Option<Student>>;

/// Late records, corrections and opt-outs of some students each.
pub(crate) fn change(students: &Students, chance: &mut Chance, n_each: usize) -> Students {
    let mut students = students.clone();
    for _ in 0..n_each {
        let at = chance.up_to(students.len() - 1);
        if let Some(corrected) = &mut students[at] {
            match chance.up_to(3) {
                0 => corrected.is_absent = !corrected.is_absent,
                1 => corrected.score = corrected.score.map(|score| score + 7),
                2 => corrected.of[0] = chance.up_to(5),
                _ => corrected.of[1] = RACES[chance.up_to(9)],
            }
        }
        if chance.one_in(3) {
            let leaving = chance.up_to(students.len() - 1);
            students[leaving] = None;
        }
        students.push(Some(student(chance)));
    }
    students
}

/// A product of the city, `severe` one of severe absence alone: its name and version, its dimensions (1 race, 2 gender, 3 income), how many at once, and whether
/// it is withdrawn.
pub(crate) type Product = (&'static str, u32, &'static [usize], usize, bool);

/// Measures: everybody's number, chronic absence, mean score of the tested, severe absence, which implies chronic.
pub(crate) const MEASURES: [&str; 4] = ["students", "chronic_absence", "mean_score", "severe_absence"];

/// Counts what some products ask for.
pub(crate) fn tabulate(students: &Students, products: &[Product]) -> Tabulation {
    let mut geography = Dimension::new("geography", "Geography");
    let mut schools = Vec::new();
    for (district, of_district) in ["a", "b", "c"].iter().zip(SCHOOLS) {
        let parent = geography.add(district, "A district", 0);
        schools.extend(of_district.iter().map(|school| geography.add(school, "A school", parent)));
    }
    let mut dimensions = vec![geography];
    for (id, n) in [("race", 4), ("gender", 2), ("income", 2)] {
        let mut dimension = Dimension::new(id, id);
        for category in 0..n {
            dimension.add(&format!("{id} {category}"), "A category", 0);
        }
        dimensions.push(dimension);
    }
    let mut rows: BTreeMap<Vec<u16>, Vec<&Student>> = BTreeMap::new();
    for student in students.iter().flatten() {
        let [school, rest @ ..] = student.of;
        let nodes = std::iter::once(schools[school]).chain(rest.iter().map(|&category| category as u16 + 1));
        rows.entry(nodes.collect()).or_default().push(student);
    }
    let number = |of: &dyn Fn(&Student) -> bool| -> Vec<u32> {
        rows.values().map(|row| row.iter().filter(|student| of(student)).count() as u32).collect()
    };
    let scores = |of: &dyn Fn(i64) -> i64| -> Vec<i64> {
        rows.values().map(|row| row.iter().filter_map(|student| student.score).map(of).sum()).collect()
    };
    let squares = scores(&|score| score * score).into_iter().map(i128::from).collect();
    let atoms = Atoms {
        nodes: rows.keys().flatten().copied().collect(),
        people: vec![number(&|_| true), number(&|student| student.score.is_some())],
        values: vec![
            Values::Count,
            Values::Share(number(&|student| student.is_absent)),
            Values::Mean { sum: scores(&|score| score), sum_of_squares: squares, largest: vec![] },
            Values::Share(number(&Student::is_severe)),
        ],
    };
    let population = |id: &str, parent| Population { id: id.into(), parent, within: vec![] };
    let measure = |(id, population): (&&str, usize)| Measure {
        within: if *id == "severe_absence" { vec![1] } else { vec![] },
        ..Measure::new(id, population)
    };
    let publication = |&(product, version, dimensions, depth, withdrawn): &Product| Publication {
        product: product.into(),
        version,
        profile: "nces-10".into(),
        dimensions: dimensions.to_vec(),
        depth,
        indicators: (MEASURES.iter().enumerate())
            .filter(|(_, name)| product != "severe" || **name == "severe_absence")
            .map(|(at, name)| ((*name).into(), at))
            .collect(),
        withdrawn,
    };
    Tabulation {
        mode: Mode::Suppress,
        unit: Unit::StudentYear,
        period: SchoolYear::new(2025).expect("a school year"),
        dimensions,
        populations: vec![population("all", None), population("tested", Some(0))],
        measures: MEASURES.iter().zip([0, 0, 1, 0]).map(measure).collect(),
        atoms,
        publications: products.iter().map(publication).collect(),
    }
}
