//! What rules print beside plain numbers: rounded counts, and hidden groups together.

use super::*;

fn under(profile: &str, people: [u32; 4], outcomes: [u32; 4]) -> ProtectedTable {
    let mut other = tabulation(2025);
    other.publications[0].profile = profile.into();
    other.atoms.people = vec![people.to_vec()];
    other.atoms.values = vec![Values::Share(outcomes.to_vec())];
    let (seal, _) = Seal::make(2, &[other], &RuleProfile::all(), b"secret").expect("sound");
    seal.slice(&asked(&["geography", "sex"], &[])).expect("a slice")
}

fn printed(table: &ProtectedTable) -> Vec<(String, Option<u64>, Option<u64>)> {
    let of = |cell: &Cell| (cell.categories.join("/"), cell.denominator, cell.numerator);
    table.cells().iter().map(of).collect()
}

#[test]
fn counts_are_rounded_and_shares_are_made_of_rounded_counts() {
    let table = under("opensafely", [42, 33, 58, 61], [22, 13, 27, 31]);
    assert_eq!(table.rounded_to(), 5);
    let all = &table.cells()[0];
    assert_eq!((all.denominator, all.numerator, all.value), (Some(195), Some(95), Some(95.0 / 195.0)));
    for cell in table.cells() {
        let numbers = [cell.denominator, cell.numerator].map(Option::unwrap);
        assert!(numbers.iter().all(|number| number % 5 == 0), "{numbers:?}");
    }
    assert_eq!(under("nces-10", [42, 33, 58, 61], [22, 13, 27, 31]).rounded_to(), 0);
}

#[test]
fn hidden_groups_are_reported_together_where_the_rule_does_so() {
    // Three of the four boys and girls of the two schools are many; one is small, and takes others with it.
    let table = under("new-york", [40, 4, 50, 60], [20, 2, 25, 30]);
    let rows = printed(&table);
    let of = |name: &str| rows.iter().find(|row| row.0 == name).map(|row| (row.1, row.2));
    assert_eq!(of("north/female"), Some((None, None)));
    assert_eq!(of("north/male"), Some((None, None)));
    assert_eq!(of("north/Small Group Total"), Some((Some(44), Some(22))), "the school has 44");
    assert_eq!(
        rows.iter().filter(|row| row.0.starts_with("south")).count(),
        3,
        "nothing hidden, nothing pooled"
    );
    assert!(rows[..9].iter().all(|row| !row.0.contains("Small Group Total")), "they follow the others");
    let none = under("min-5", [40, 4, 50, 60], [20, 2, 25, 30]);
    assert_eq!(none.cells().len(), 9, "other rules do not pool");
}

/// Students by group of one school, under New York's rule: what is printed of each.
fn card(people: &[(&str, u32)]) -> Vec<(String, Option<u64>)> {
    let mut school = tabulation(2025);
    let mut group = Dimension::new("group", "Group");
    people.iter().for_each(|(name, _)| _ = group.add(name, name, 0));
    school.dimensions = vec![Dimension::new("geography", "Geography"), group];
    school.atoms = Atoms {
        nodes: (1..=people.len() as u16).flat_map(|node| [0, node]).collect(),
        people: vec![people.iter().map(|of| of.1).collect()],
        values: vec![Values::Count],
    };
    school.publications[0].profile = "new-york".into();
    let (seal, _) = Seal::make(1, &[school], &RuleProfile::all(), b"secret").expect("sound");
    let table = seal.slice(&asked(&["group"], &[])).expect("a slice");
    table.cells().iter().map(|cell| (cell.categories[0].clone(), cell.denominator)).collect()
}

/// Printed by the source: report cards of grade 3 ELA 2018-19 (data.nysed.gov), students tested. Where the small groups are
/// fewer than five together, the next smallest joins them.
#[test]
fn new_york_prints_its_own_report_cards() {
    let pooled = "Small Group Total";
    let check = |people: &[(&str, u32)], expected: &[(&str, Option<u64>)]| {
        let expected: Vec<_> = expected.iter().map(|(name, shown)| ((*name).to_owned(), *shown)).collect();
        assert_eq!(card(people), expected);
    };
    check(
        &[("asian", 1), ("black", 3), ("white", 4), ("hispanic", 77)],
        &[
            ("all", Some(85)),
            ("asian", None),
            ("black", None),
            ("white", None),
            ("hispanic", Some(77)),
            (pooled, Some(8)),
        ],
    );
    check(
        &[("asian", 1), ("hispanic", 2), ("multiracial", 1), ("white", 100)],
        &[
            ("all", Some(104)),
            ("asian", None),
            ("hispanic", None),
            ("multiracial", None),
            ("white", None),
            (pooled, Some(104)),
        ],
    );
    // The card hides the nine as well; here the eleven may be hidden in their place, because always taking the next smallest
    // would tell that it is the smaller one.
    let rows = card(&[("asian", 1), ("multiracial", 1), ("white", 9), ("black", 11), ("hispanic", 50)]);
    let hidden: Vec<&str> = rows.iter().filter(|row| row.1.is_none()).map(|row| row.0.as_str()).collect();
    assert!(hidden == ["asian", "multiracial", "white"] || hidden == ["asian", "multiracial", "black"]);
    let together = if hidden.contains(&"white") { 11 } else { 13 };
    assert_eq!(rows.last(), Some(&(pooled.to_owned(), Some(together))));
}
