//! An invented city: schools of two districts, students by race, sex and income, one outcome and one score.

use std::collections::BTreeMap;
use throughline::calendar::SchoolYear;
use throughline::disclosure::{Past, ProtectedTable, RuleProfile, Seal, SealReport};
use throughline::outcomes::{
    Atoms, Dimension, Measure, Mode, Population, Publication, Slice, Tabulation, Unit, Values,
};

/// Secret of the service.
pub(crate) const SECRET: &[u8] = b"secret";

/// Categories of the dimensions after the geography.
const SIZES: [u16; 3] = [5, 2, 2];
const SCHOOLS: u16 = 6;

/// A student: categories, whether they have the outcome, and a score from 0 to 100.
pub(crate) type Student = ([u16; 4], bool, i64);

/// Some numbers without a pattern.
pub(crate) struct Draw(pub(crate) u64);

impl Draw {
    pub(crate) fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % n
    }
}

/// Students whose races are of very different sizes.
pub(crate) fn students(n: usize, seed: u64) -> Vec<Student> {
    let mut draw = Draw(seed);
    (0..n)
        .map(|_| {
            // Schools stand after the two districts, three in each.
            let school = 3 + draw.below(SCHOOLS.into()) as u16;
            let race = 1 + (draw.below(5).min(draw.below(5)).min(draw.below(5))) as u16;
            let nodes = [school, race, 1 + draw.below(2) as u16, 1 + draw.below(2) as u16];
            (nodes, draw.below(10) < 3, draw.below(101) as i64)
        })
        .collect()
}

/// Counts students for one product, in a mode and under a rule.
pub(crate) fn counted(students: &[Student], mode: Mode, profile: &str) -> Tabulation {
    let mut groups: BTreeMap<[u16; 4], (u32, u32, i64, i128)> = BTreeMap::new();
    for (nodes, outcome, score) in students {
        let of = groups.entry(*nodes).or_default();
        of.0 += 1;
        of.1 += u32::from(*outcome);
        of.2 += score;
        of.3 += i128::from(score * score);
    }
    let mut geography = Dimension::new("geography", "Geography");
    let districts = ["east", "west"].map(|id| geography.add(id, id, 0));
    (0..SCHOOLS).for_each(|at| _ = geography.add(&format!("s{at}"), "", districts[usize::from(at) / 3]));
    let dimension = |(id, size): (&str, u16)| {
        let mut dimension = Dimension::new(id, id);
        (0..size).for_each(|at| _ = dimension.add(&format!("{id}{at}"), "", 0));
        dimension
    };
    let others = ["race", "sex", "income"].into_iter().zip(SIZES).map(dimension);
    let measure = |id: &str, bounds| Measure { bounds, ..Measure::new(id, 0) };
    let (outcomes, sums): (Vec<u32>, Vec<i64>) = groups.values().map(|of| (of.1, of.2)).unzip();
    let mean =
        Values::Mean { sum: sums, sum_of_squares: groups.values().map(|of| of.3).collect(), largest: vec![] };
    let has_score = mode != Mode::Round;
    let mut measures = vec![measure("n", None), measure("outcome", None)];
    let mut values = vec![Values::Count, Values::Share(outcomes)];
    if has_score {
        measures.push(measure("score", Some((0, 100))));
        values.push(mean);
    }
    let indicators = measures.iter().enumerate().map(|(at, measure)| (measure.id.clone(), at)).collect();
    Tabulation {
        unit: Unit::StudentYear,
        period: SchoolYear::new(2025).expect("a school year"),
        mode,
        dimensions: std::iter::once(geography).chain(others).collect(),
        populations: vec![Population { id: "students".into(), parent: None, within: vec![] }],
        measures,
        atoms: Atoms {
            nodes: groups.keys().flatten().copied().collect(),
            people: vec![groups.values().map(|of| of.0).collect()],
            values,
        },
        publications: vec![Publication {
            product: "p".into(),
            version: 1,
            profile: profile.into(),
            dimensions: vec![1, 2, 3],
            depth: 2,
            indicators,
            withdrawn: false,
        }],
    }
}

/// Seals one tabulation after earlier editions of it, and has the proof checked.
pub(crate) fn sealed(edition: u32, counted: &Tabulation, past: &[(Seal, Tabulation)]) -> (Seal, SealReport) {
    let past: Vec<Past<'_>> = past
        .iter()
        .map(|(seal, counted)| Past { seal, tabulations: std::slice::from_ref(counted) })
        .collect();
    let (tabulations, profiles) = (std::slice::from_ref(counted), RuleProfile::all());
    let made = Seal::make_after(edition, tabulations, &past, &profiles, SECRET).expect("sound");
    made.1.proof.verify(&made.0, tabulations, &past, &profiles, SECRET).expect("it holds");
    let read = Seal::from_bytes(&made.0.to_bytes()).expect("a seal");
    assert_eq!(read.digest(), made.0.digest());
    (read, made.1)
}

/// What a seal shows of an indicator by some dimensions.
pub(crate) fn asked(seal: &Seal, indicator: &str, dimensions: &[&str]) -> ProtectedTable {
    let slice = Slice {
        product: "p".into(),
        indicator: indicator.into(),
        dimensions: dimensions.iter().map(|&id| id.into()).collect(),
        filters: vec![],
        periods: vec![],
    };
    seal.slice(&slice).expect("a slice")
}

/// The true number of students, of those with the outcome, and the sum of scores, of every row of a table.
pub(crate) fn truth(
    students: &[Student],
    counted: &Tabulation,
    table: &ProtectedTable,
) -> Vec<(u64, u64, i64)> {
    let places: Vec<usize> = (table.dimensions().iter())
        .map(|id| counted.dimensions.iter().position(|dimension| dimension.id == *id).expect("known"))
        .collect();
    let mut rows: BTreeMap<Vec<u16>, (u64, u64, i64)> = BTreeMap::new();
    for (nodes, outcome, score) in students {
        // Every combination of what is above.
        let mut above: Vec<Vec<u16>> = vec![vec![]];
        for &place in &places {
            let up: Vec<u16> = counted.dimensions[place].ancestors(nodes[place]).collect();
            above =
                above.iter().flat_map(|row| up.iter().map(|&node| [&row[..], &[node]].concat())).collect();
        }
        for row in above {
            let of = rows.entry(row).or_default();
            *of = (of.0 + 1, of.1 + u64::from(*outcome), of.2 + score);
        }
    }
    let row = |categories: &[String]| -> Vec<u16> {
        let of = places.iter().zip(categories);
        of.map(|(&place, id)| counted.dimensions[place].position(id).expect("known")).collect()
    };
    table.cells().iter().map(|cell| rows.get(&row(&cell.categories)).copied().unwrap_or_default()).collect()
}
