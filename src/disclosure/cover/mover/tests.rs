//! Small tables whose cheapest moves are known.

use super::super::sums::Relations;
use super::*;

fn check_sums(sums: &impl Sums, changes: &Changes) {
    for row in 0..sums.n_rows() as u32 {
        let mut total = 0.0;
        let of = |cell: u32| changes.iter().find(|(other, _)| *other == cell).map_or(0.0, |(_, by)| *by);
        sums.row(row, |cell, coefficient| total += coefficient * of(cell));
        assert!(total.abs() < 1e-9, "row {row} sums to {total}");
    }
}

#[test]
fn four_corners_are_the_cheapest_way_around() {
    // A table of three by three with margins, which cost ten times what the inner cells cost. The cell in row r and
    // column c has the number 4 r + c; 0 is the margin.
    let line =
        |first: u32, step: u32| (0..4).map(move |at| (first + at * step, if at == 0 { 1 } else { -1 }));
    let rows =
        (0..4).map(|row| line(4 * row, 1).collect()).chain((0..4).map(|column| line(column, 4).collect()));
    let table = Relations::new(16, &rows.collect::<Vec<_>>());
    let is_inner = |cell: u32| cell > 4 && !cell.is_multiple_of(4);
    let room = |cell: u32| {
        let cost = if is_inner(cell) { 1.0 } else { 10.0 };
        Room { down: 1.0, up: 1.0, cost_down: cost, cost_up: cost }
    };
    let target = [(5, 1.0)];
    let mut mover = Mover::new(BASIS_MAX);
    let (cost, changes) = mover.cheapest(&table, room, &target, 1.0, f64::INFINITY).expect("a move");
    check_sums(&table, &changes);
    assert!((cost - 4.0).abs() < 1e-9 && changes.len() == 4);
    assert!(mover.cheapest(&table, room, &target, 1.0, 3.9).is_none(), "beyond the limit");
    // Without a way around, one margin after the other has to give.
    let narrow = |cell: u32| if is_inner(cell) && cell != target[0].0 { Room::default() } else { room(cell) };
    let (cost, changes) = mover.cheapest(&table, narrow, &target, -1.0, f64::INFINITY).expect("a move");
    check_sums(&table, &changes);
    assert!((cost - 31.0).abs() < 1e-9 && changes.iter().all(|(_, by)| *by == -1.0), "{changes:?}");
    assert!(mover.cheapest(&table, narrow, &target, 2.0, f64::INFINITY).is_none(), "no cell has that room");
}

#[test]
fn room_and_cost_may_differ_by_direction() {
    // 0 = 1 + 2 and 0 = 3 + 4: the total is fixed, so one part's rise is the other's fall.
    let sums = Relations::new(5, &[vec![(0, 1), (1, -1), (2, -1)], vec![(0, 1), (3, -1), (4, -1)]]);
    let room = |cell: u32| match cell {
        0 => Room { down: 9.0, up: 9.0, cost_down: 7.0, cost_up: 7.0 },
        2 => Room { down: 2.0, up: 9.0, cost_down: 1.0, cost_up: 1.0 },
        _ => Room { down: 9.0, up: 9.0, cost_down: 1.0, cost_up: 1.0 },
    };
    let mut mover = Mover::new(BASIS_MAX);
    let mut check = |amount: f64, cost: f64, expected: &[(u32, f64)]| {
        let found = mover.cheapest(&sums, room, &[(1, 1.0)], amount, f64::INFINITY).expect("a move");
        assert_eq!((found.0, &found.1[..]), (cost, expected));
    };
    check(2.0, 4.0, &[(1, 2.0), (2, -2.0)]);
    check(-3.0, 6.0, &[(1, -3.0), (2, 3.0)]);
    // Cell 2 can fall by 2 only; from there on the total rises, and with it the other parts.
    check(3.0, 3.0 + 2.0 + 7.0 + 1.0, &[(0, 1.0), (1, 3.0), (2, -2.0), (3, 1.0)]);
}
