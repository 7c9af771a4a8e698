//! Means of which one person has nearly all.

use super::*;

/// Hours of tutoring of the students of two schools, by sex; `hours` are the sums and the two largest of the groups.
fn tutored(hours: [(i64, [i64; 2]); 4], percent: Option<u32>) -> ProtectedTable {
    let mut tutored = tabulation(2025);
    tutored.measures[0].concentration = percent.map(|percent| Concentration { percent, floor: 0 });
    tutored.atoms.people = vec![vec![40, 44, 50, 60]];
    tutored.atoms.values = vec![Values::Mean {
        sum: hours.map(|of| of.0).to_vec(),
        sum_of_squares: hours.map(|of| i128::from(of.0).pow(2)).to_vec(),
        largest: hours.map(|of| of.1).to_vec(),
    }];
    let profiles = RuleProfile::all();
    let (seal, report) = Seal::make(2, std::slice::from_ref(&tutored), &profiles, b"secret").expect("sound");
    report.proof.verify(&seal, &[tutored], &[], &profiles, b"secret").expect("it holds");
    seal.slice(&asked(&["geography", "sex"], &[])).expect("a slice")
}

#[test]
fn a_mean_that_is_nearly_one_persons_is_hidden_and_what_gives_it_away() {
    // One girl of the north has 300 hours, and the 39 others nearly none.
    let even = [(400, [20, 20]), (500, [20, 20]), (600, [20, 20])];
    let hours = [(325, [300, 4]), even[0], even[1], even[2]];
    let shown = |table: &ProtectedTable| {
        table
            .cells()
            .iter()
            .filter(|cell| cell.value.is_some())
            .map(|cell| cell.categories.join("/"))
            .collect::<Vec<_>>()
    };
    assert_eq!(shown(&tutored(hours, None)).len(), 9, "without the rule, all are large enough");
    let with = tutored(hours, Some(10));
    let around = ["all/all", "north/all", "south/all", "south/female", "south/male"];
    assert_eq!(shown(&with), around, "her cell, and a rectangle with it");
    assert!(with.cells().iter().all(|cell| cell.value.is_some() == cell.denominator.is_some()));
    // Everybody else of her school together is no more: nor is her school shown.
    let alone = tutored([(325, [300, 4]), (0, [0, 0]), even[1], even[2]], Some(10));
    assert!(!shown(&alone).contains(&"north/all".to_owned()));
    assert_eq!(
        shown(&tutored([(345, [300, 4]), even[0], even[1], even[2]], Some(10))).len(),
        9,
        "41 are more than a tenth"
    );
}
