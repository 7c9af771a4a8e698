//! A district of two schools, asked rightly and wrongly.

use super::*;
use crate::disclosure::attack::{self, Quantity, Target};
use crate::disclosure::table::sha256;
use crate::disclosure::{Error, LatticeReport, Past};
use crate::outcomes::{Atoms, Concentration, Measure, Mode, Population, Tabulation, Unit, Values};

fn tabulation(period: u32) -> Tabulation {
    let mut geography = Dimension::new("geography", "Geography");
    let mut sex = Dimension::new("sex", "Sex");
    for school in ["north", "south"] {
        geography.add(school, school, 0);
        sex.add(if school == "north" { "female" } else { "male" }, "", 0);
    }
    Tabulation {
        mode: Mode::Suppress,
        unit: Unit::StudentYear,
        period: SchoolYear::new(period).expect("a school year"),
        dimensions: vec![geography, sex],
        populations: vec![Population { id: "students".into(), parent: None, within: vec![] }],
        measures: vec![Measure::new("present", 0)],
        atoms: Atoms {
            nodes: vec![1, 1, 1, 2, 2, 1, 2, 2],
            people: vec![vec![40, 4, 50, 60]],
            values: vec![Values::Share(vec![20, 2, 25, 30])],
        },
        publications: vec![Publication {
            product: "attendance".into(),
            version: 3,
            profile: "nces-10".into(),
            dimensions: vec![1],
            depth: 1,
            indicators: vec![("present".into(), 0)],
            withdrawn: false,
        }],
    }
}

fn seal(periods: &[u32]) -> Seal {
    let tabulations: Vec<Tabulation> = periods.iter().map(|&period| tabulation(period)).collect();
    Seal::make(2, &tabulations, &RuleProfile::all(), b"secret").expect("sound").0
}

fn asked(dimensions: &[&str], filters: &[(&str, &str)]) -> Slice {
    Slice {
        product: "attendance".into(),
        indicator: "present".into(),
        dimensions: dimensions.iter().map(|&id| id.into()).collect(),
        filters: filters.iter().map(|&(id, category)| (id.into(), category.into())).collect(),
        periods: vec![],
    }
}

fn check_refused(asked: &Slice, expected: &[(&str, &str)]) {
    let refused = seal(&[2025]).slice(asked).expect_err("not a slice");
    let violations: Vec<(&str, &str)> =
        refused.violations.iter().map(|v| (v.field.as_str(), v.reason)).collect();
    assert_eq!(violations, expected);
}

#[test]
fn rows_come_margins_first() {
    let table = seal(&[2026, 2025]).slice(&asked(&["geography", "sex"], &[])).expect("a slice");
    let rows: Vec<(u32, String)> = table.cells().iter().map(|c| (c.period, c.categories.join("/"))).collect();
    let of_a_year =
        ["all/all", "all/female", "all/male", "north/all", "north/female", "north/male", "south/all"];
    let expected = of_a_year.iter().map(|&name| (2025, name.to_owned()));
    assert!(rows[..7].iter().cloned().eq(expected));
    assert_eq!((rows.len(), rows[9].0), (18, 2026));
    assert_eq!((table.product_version(), table.edition(), table.measure()), (3, 2, "share"));
    assert_eq!((table.profile(), table.cell_min()), ("nces-10@1", 10));
}

#[test]
fn the_small_cell_and_what_gives_it_away_are_hidden() {
    let seal = seal(&[2025]);
    let table = seal.slice(&asked(&["geography", "sex"], &[])).expect("a slice");
    let shown: Vec<Option<u64>> = table.cells().iter().map(|cell| cell.denominator).collect();
    // South knows its own students: with both sums of the sexes shown, it could work out those of North.
    let expected = [Some(154), None, None, Some(44), None, None, Some(110), Some(50), Some(60)];
    assert_eq!(shown, expected);
    let fixed = seal.slice(&asked(&["geography"], &[("sex", "male")])).expect("a slice");
    assert!(fixed.cells().iter().map(|cell| cell.denominator).eq([shown[2], shown[5], shown[8]]));
    assert_eq!(fixed.cells()[1].mark(), Mark::Hidden);

    // Where nobody is expected to use what he knows so, the four inner cells hide each other and all sums stay.
    let mut profiles = RuleProfile::all();
    profiles.iter_mut().for_each(|profile| profile.insiders = 0);
    let (trusting, _) = Seal::make(2, &[tabulation(2025)], &profiles, b"secret").expect("sound");
    let table = trusting.slice(&asked(&["geography", "sex"], &[])).expect("a slice");
    let shown: Vec<Option<u64>> = table.cells().iter().map(|cell| cell.denominator).collect();
    assert_eq!(shown, [Some(154), Some(90), Some(64), Some(44), None, None, Some(110), None, None]);

    let tabulation = tabulation(2025);
    assert_eq!(attack::derivable(&tabulation, &seal), vec![]);
    let target = Target { quantity: Quantity::People(0), cells: vec![vec!["north".into(), "male".into()]] };
    let (low, high) = attack::interval(&tabulation, &seal, &target).expect("a cell");
    // One at least, for hidden is not empty, and at most all of the school but one.
    assert!((low - 1.0).abs() < 1e-6 && (high - 43.0).abs() < 1e-6, "{low} to {high}");
}

#[test]
fn everything_wrong_is_said_at_once_and_no_value_with_it() {
    let known = "is not one of the product's";
    check_refused(&Slice { product: "x".into(), ..asked(&[], &[]) }, &[("product", "is not known")]);
    let asked_wrongly = Slice {
        indicator: "x".into(),
        periods: vec![SchoolYear::new(1999).expect("a school year")],
        ..asked(&["race"], &[])
    };
    check_refused(&asked_wrongly, &[("indicator", known), ("dimensions[0]", known)]);
    let periods = vec![SchoolYear::new(1999).expect("a school year"); 2];
    let twice = [("periods[0]", known), ("periods[1]", "is there twice"), ("periods[1]", known)];
    check_refused(&Slice { periods, ..asked(&[], &[]) }, &twice);
    check_refused(&asked(&["sex", "sex"], &[]), &[("dimensions[1]", "is there twice")]);
    check_refused(
        &asked(&["sex"], &[("sex", "all"), ("geography", "west"), ("race", "all")]),
        &[
            ("filters[0].dimension", "is there twice"),
            ("filters[1].category", "is not one of the dimension's"),
            ("filters[2].dimension", known),
        ],
    );
}

#[test]
fn a_slice_is_never_deeper_than_its_product() {
    let mut shallow = tabulation(2025);
    shallow.publications[0].depth = 0;
    let (seal, _) = Seal::make(1, &[shallow], &RuleProfile::all(), b"secret").expect("sound");
    assert!(seal.slice(&asked(&["geography"], &[("sex", "all")])).is_ok());
    for deep in [asked(&["sex"], &[]), asked(&[], &[("sex", "male")])] {
        let refused = seal.slice(&deep).expect_err("too deep");
        assert_eq!(refused.to_string(), "dimensions are crossed deeper than the product shows");
    }
}

#[test]
fn a_damaged_seal_is_refused() {
    let bytes = seal(&[2025]).to_bytes();
    assert!(Seal::from_bytes(&bytes).is_ok());
    assert!(matches!(Seal::from_bytes(&bytes[..bytes.len() - 1]), Err(Error::Damaged(_))));
    assert!(matches!(Seal::from_bytes(&[&bytes[..], b"x"].concat()), Err(Error::Damaged(_))));
    let mut newer = bytes;
    newer[16] += 1;
    assert!(matches!(Seal::from_bytes(&newer), Err(Error::Damaged(_))));
}

#[test]
fn a_seal_of_an_earlier_version_answers_as_it_did() {
    let (now, asked) = (seal(&[2024, 2025]), asked(&["geography", "sex"], &[]));
    let bytes = now.to_legacy_bytes();
    let then = Seal::from_bytes(&bytes).expect("a seal");
    let table = |seal: &Seal| seal.slice(&asked).expect("a slice");
    assert_eq!(table(&then).cells(), table(&now).cells());
    assert_eq!(then.digest(), sha256(&bytes), "the digest on record is that of the stored bytes");
    assert!(Seal::from_bytes(&bytes[..bytes.len() - 1]).is_err());
    // It has no proof, so the next edition does not just take it over.
    let (tabulations, profiles) = ([tabulation(2024), tabulation(2025)], RuleProfile::all());
    let after = |seal: &Seal| {
        let past = [Past { seal, tabulations: &tabulations }];
        let made = Seal::make_after(3, &tabulations, &past, &profiles, b"secret").expect("sound");
        made.1.proof.verify(&made.0, &tabulations, &past, &profiles, b"secret").expect("it holds");
        made.0
    };
    assert!(
        after(&now).sealed_in().all(|edition| edition == 2)
            && after(&then).sealed_in().all(|edition| edition == 3)
    );
    assert_eq!(table(&after(&then)).cells(), table(&then).cells(), "nothing has changed");
}

#[test]
fn groups_of_nobody_can_be_hidden() {
    let mut sparse = tabulation(2025);
    sparse.atoms.people[0][1] = 0;
    let Values::Share(outcomes) = &mut sparse.atoms.values[0] else { panic!("a share") };
    outcomes[1] = 0;
    let mut profiles = RuleProfile::all();
    let marks = |profiles: &[RuleProfile]| {
        let (seal, _) = Seal::make(2, std::slice::from_ref(&sparse), profiles, b"secret").expect("sound");
        let table = seal.slice(&asked(&["geography", "sex"], &[])).expect("a slice");
        table.cells().iter().map(Cell::mark).collect::<Vec<_>>()
    };
    assert!(marks(&profiles).contains(&Mark::Empty));
    profiles.iter_mut().for_each(|profile| profile.zeros = Zeros::Hidden);
    let hidden = marks(&profiles);
    assert!(!hidden.contains(&Mark::Empty));
    assert_eq!(hidden.iter().filter(|mark| **mark == Mark::Hidden).count(), 1, "no other is hidden");
}

#[test]
fn what_contradicts_itself_is_not_sealed() {
    let make =
        |tabulations: &[Tabulation]| Seal::make(1, tabulations, &RuleProfile::all(), b"").map(|_| ()).err();
    assert_eq!(make(&[tabulation(2025), tabulation(2025)]), Some(Error::DuplicateTabulation));
    let mut other = tabulation(2026);
    other.publications[0].version = 4;
    let differs = Error::ProductDiffers { product: "attendance".into() };
    assert_eq!(make(&[tabulation(2025), other]), Some(differs));
    let mut unruled = tabulation(2025);
    unruled.publications[0].profile = "none".into();
    assert_eq!(make(&[unruled]), Some(Error::UnknownProfile { product: "attendance".into() }));
    let mut impossible = tabulation(2025);
    impossible.atoms.values = vec![Values::Share(vec![41, 2, 25, 30])];
    assert!(matches!(make(&[impossible]), Some(Error::Malformed(_))));
}

#[test]
fn the_report_counts_what_is_hidden() {
    let (_, report) = Seal::make(1, &[tabulation(2025)], &RuleProfile::all(), b"").expect("sound");
    let product = report.product("attendance").expect("a product");
    assert_eq!((product.n_cells, product.n_primary, product.n_secondary), (9, 1, 3));
    assert_eq!((product.n_people, product.n_people_hidden), (4 * 154, 154 + 44));
    let planes: Vec<_> = (product.planes.iter())
        .map(|plane| (plane.dimensions.join(","), plane.level, plane.hiding.n_cells, plane.hiding.n_hidden))
        .collect();
    // The small cell, its neighbours in both directions, and what South could work out from their sum.
    let of = |dimensions: &str, level, n_cells, n_hidden| (dimensions.to_owned(), level, n_cells, n_hidden);
    assert_eq!(planes, [of("", 0, 1, 0), of("", 1, 2, 0), of("sex", 0, 2, 2), of("sex", 1, 4, 2)]);
    let by_sex = product.hiding(|plane| !plane.dimensions.is_empty());
    assert_eq!((by_sex.n_cells, by_sex.n_hidden, by_sex.share()), (6, 4, 4.0 / 6.0));
    let lattice =
        LatticeReport { unit: Unit::StudentYear, period: 2025, mode: "suppress", n_groups: 9, n_occupied: 9 };
    assert_eq!(report.lattices, [lattice]);
}

#[test]
fn twins_are_hidden_together() {
    // Those absent are the others: shown where those present are hidden, they would give them away.
    let mut twins = tabulation(2025);
    twins.measures.push(Measure::new("absent", 0));
    twins.atoms.people = vec![vec![40, 30, 50, 60]];
    twins.atoms.values = vec![Values::Share(vec![20, 4, 25, 30]), Values::Share(vec![20, 26, 25, 30])];
    twins.publications[0].indicators.push(("absent".into(), 1));
    let (seal, _) = Seal::make(1, &[twins], &RuleProfile::all(), b"secret").expect("sound");
    let marks = |indicator: &str| -> Vec<i32> {
        let asked = Slice { indicator: indicator.into(), ..asked(&["geography", "sex"], &[]) };
        seal.slice(&asked).expect("a slice").cells().iter().map(|cell| cell.mark).collect()
    };
    assert_eq!(marks("present"), marks("absent"));
    assert_eq!(marks("present").iter().filter(|&&mark| mark == Mark::Hidden as i32).count(), 4);
}

mod coded;
mod concentrated;
mod printed;
