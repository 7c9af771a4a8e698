//! Rows of invented columns, counted in every way there is, beside counting them one by one.

use super::crossing::Numbering;
use super::group::{self, NOBODY};
use super::*;
use crate::outcomes::Values;
use crate::outcomes::column::{Column, MISSING};
use crate::outcomes::edition::Frame;
use crate::outcomes::testing::edition;
use std::collections::BTreeMap;

/// So many students of one school year, at six schools of three districts; of some not everything is known.
fn students(n: usize) -> (Edition, BTreeMap<&'static str, Vec<i64>>) {
    let draw = |row: usize, salt: u32, n: u32| {
        i64::from((row as u32).wrapping_mul(2_654_435_761).rotate_left(salt).wrapping_mul(40_503) >> 8)
            % i64::from(n)
    };
    let column = |of: &dyn Fn(usize) -> i64| (0..n).map(of).collect::<Vec<_>>();
    let days = column(&|row| if draw(row, 3, 9) == 0 { MISSING } else { draw(row, 4, 18_000) });
    let numbers = BTreeMap::from([
        ("year", vec![2025; n]),
        ("person", column(&|row| row as i64)),
        ("school", column(&|row| draw(row, 5, 7))),
        ("enrolled", column(&|row| i64::from(draw(row, 6, 8) > 0))),
        ("race7", column(&|row| draw(row, 7, 8))),
        ("econ", column(&|row| draw(row, 8, 3))),
        ("grade", column(&|row| draw(row, 9, 21))),
        (
            "days_enrolled_hundredths",
            days.iter().map(|of| if *of == MISSING { MISSING } else { 18_000 }).collect(),
        ),
        (
            "days_present_hundredths",
            days.iter().map(|of| if *of == MISSING { MISSING } else { 18_000 - of }).collect(),
        ),
        ("days_absent_hundredths", days),
    ]);
    let columns = numbers.iter().map(|(name, values)| ((*name).into(), Column::pack(values))).collect();
    (edition(Frame::new(columns).expect("a frame"), &[0, 1, 1, 0, 2, 2]), numbers)
}

/// All kinds of measures; a dimension whose categories are in groups that stand in another order.
const PRODUCT: &str = r#"
product = "all"
version = 1
title = "All"
profile = "n10"
mode = "suppress"
years = { from = 2025, to = 2025 }
geography = "district"

[[indicators]]
name = "enrollment"
use = "enrollment"

[[indicators]]
name = "absence"
use = "chronic_absence"

[[indicators]]
name = "days"
use = "mean_days_absent"
bounds = [0, 170]
protect_percent = 10

[[indicators]]
name = "rate"
use = "attendance_rate"

[[dimensions]]
id = "race"
source = "race7"

[[dimensions]]
id = "grade"
source = "grade"

[[dimensions.groups]]
id = "late"
label = "Late"
members = ["11", "12", "13"]

[[dimensions.groups]]
id = "early"
label = "Early"
members = ["IT", "PR", "PK"]
"#;

/// What is counted of one atom.
#[derive(Debug, Clone, PartialEq, Default)]
struct Counted {
    enrolled: u32,
    with_days: u32,
    ten_days: u32,
    absent: u32,
    sum: i64,
    sum_of_squares: i128,
    largest: Vec<i64>,
    present: u64,
    days: u64,
}

fn one_by_one(
    edition: &Edition,
    numbers: &BTreeMap<&str, Vec<i64>>,
    plan: &Plan,
) -> BTreeMap<Vec<u16>, Counted> {
    // Of no school, and those of each of the schools that `students` has.
    let districts = [1, 2, 3, 3, 2, 4, 4];
    let axes: Vec<Vec<u16>> = plan.axes.iter().map(|axis| axis.dimension(edition).1).collect();
    let mut atoms: BTreeMap<Vec<u16>, Counted> = BTreeMap::new();
    for row in numbers["person"].iter().map(|person| *person as usize) {
        let of = |name: &str| numbers[name][row];
        if of("enrolled") != 1 {
            continue;
        }
        let nodes = vec![
            districts[of("school") as usize],
            axes[0][of("race7") as usize],
            axes[1][of("grade") as usize],
        ];
        let counted = atoms.entry(nodes).or_default();
        counted.enrolled += 1;
        let absent = of("days_absent_hundredths");
        if absent == MISSING {
            continue;
        }
        counted.with_days += 1;
        counted.ten_days += 1;
        counted.absent += u32::from(absent >= 1_800);
        let bounded = absent.min(17_000);
        counted.sum += bounded;
        counted.sum_of_squares += i128::from(bounded).pow(2);
        counted.largest.push(bounded);
        counted.largest.sort_unstable_by_key(|value| -value);
        counted.present += (18_000 - absent) as u64;
        counted.days += 18_000;
    }
    atoms
}

/// What `tabulate` makes of some groups, in the same form.
fn counted(
    plan: &Plan,
    asked: &Asked<'_>,
    crossing: &Crossing<'_>,
    groups: &Groups,
    rows: &Rows<'_>,
) -> BTreeMap<Vec<u16>, Counted> {
    let tally = pass::count(asked, crossing, groups, rows);
    let occupied = tally.occupied();
    let people = |id: &str| {
        let at = plan.populations.iter().position(|of| of.public().id == id).expect(id);
        tally.of_population(at, &occupied)
    };
    let values: Vec<Values> = (0..)
        .zip(&plan.measures)
        .map(|(at, measure)| tally.values(at, measure, &occupied).expect("all have values"))
        .collect();
    let [
        Values::Count,
        Values::Share(absent),
        Values::Mean { sum, sum_of_squares, largest },
        Values::Ratio { numerator, denominator },
    ] = &values[..]
    else {
        panic!("a measure of each kind")
    };
    let (enrolled, with_days, ten_days) =
        (people("enrolled"), people("attendance"), people("enrolled_10_days"));
    let mut atoms = BTreeMap::new();
    for (at, group) in occupied.iter().enumerate() {
        let mut nodes = Vec::new();
        crossing.push_nodes(groups.slot(*group), &mut nodes);
        let counted = Counted {
            enrolled: enrolled[at],
            with_days: with_days[at],
            ten_days: ten_days[at],
            absent: absent[at],
            sum: sum[at],
            sum_of_squares: sum_of_squares[at],
            largest: largest[at].iter().copied().filter(|value| *value > 0).collect(),
            present: numerator[at],
            days: denominator[at],
        };
        assert!(atoms.insert(nodes, counted).is_none(), "atoms are distinct");
    }
    atoms
}

#[test]
fn however_rows_are_grouped_they_are_counted_one_by_one() {
    // More than a block, and a chunk that is not full.
    for n in [0, 1, 5_000, group::BLOCK + 1_001] {
        let (edition, numbers) = students(n);
        let product = Product::parse(PRODUCT).expect("a product");
        let plan = Plan::new(&[&product], Unit::StudentYear);
        let mut rows = Rows::new(&edition, Unit::StudentYear, 2025);
        let asked = Asked::new(&plan, &mut rows);
        let crossing = Crossing::new(product.level, &plan.axes, &mut rows).expect("it can be crossed");
        let mut expected = one_by_one(&edition, &numbers, &plan);
        for counted in expected.values_mut() {
            counted.largest.truncate(2);
            counted.largest.retain(|value| *value > 0);
        }
        let n_slots = crossing.n_slots(Numbering::Ranks) as usize;
        assert_eq!(n_slots, 4 * 8 * 21, "unknown and three districts, races, grades");
        let ways = [
            Groups::All(crossing.n_slots(Numbering::Codes) as usize),
            group::numbered(&crossing, &asked, &rows, n_slots),
            group::sorted::<u64>(&crossing, &asked, &rows),
            group::sorted::<u128>(&crossing, &asked, &rows),
        ];
        for groups in &ways {
            assert_eq!(counted(&plan, &asked, &crossing, groups, &rows), expected);
            let Groups::Occurring { slots, of_rows } = groups else { continue };
            assert!(slots.is_sorted_by(|one, other| one < other) && slots.len() == expected.len());
            let nobodies = of_rows.iter().flatten().filter(|of| **of == NOBODY).count();
            assert_eq!(nobodies, numbers["enrolled"].iter().filter(|enrolled| **enrolled == 0).count());
        }
    }
}

#[test]
fn more_combinations_than_128_bits_number_are_refused() {
    let (edition, _) = students(1);
    let dimension =
        |at: usize| format!("[[dimensions]]\nid = \"d{at}\"\nsource = \"grade\"\nyears_before = {at}\n");
    let product = |n| {
        let dimensions: String = (0..n).map(dimension).collect();
        Product::parse(&format!("{PRODUCT}{dimensions}")).expect("a product")
    };
    // 4 * 8 * 21 combinations, and 21 times as many with each more.
    let axes = |n: usize| product(n).axes;
    let mut rows = Rows::new(&edition, Unit::StudentYear, 2025);
    assert!(Crossing::new(product(0).level, &axes(20), &mut rows).is_ok());
    let all: Vec<_> = axes(20).into_iter().chain(axes(10)).collect();
    assert_eq!(Crossing::new(product(0).level, &all, &mut rows).err(), Some(Error::TooFine));
}
