//! Figures with noise: of the size they say, drawn once, within a budget.

use crate::city::{Draw, SECRET, Student, asked, counted, sealed, students, truth};
use throughline::disclosure::{Cell, Error, Mark, NotProven, Released, RuleProfile, Seal, SealReport};
use throughline::outcomes::{Budget, Mode, Tabulation};

const BUDGET: Budget = Budget { epsilon_milli: 8_000, editions: 2 };

fn noisy(students: &[Student]) -> Tabulation {
    counted(students, Mode::Dp(BUDGET), "nces-10")
}

fn spent(report: &SealReport) -> (f64, bool) {
    match report.released[0].how {
        Released::Noisy { spent, is_last, .. } => (spent, is_last),
        Released::Rounded(_) => panic!("it has noise"),
    }
}

#[test]
fn noise_is_of_the_size_that_is_said() {
    let students = students(20_000, 1);
    let counted = noisy(&students);
    let (seal, report) = sealed(1, &counted, &[]);
    let Released::Noisy { deviation, .. } = report.released[0].how else { panic!("it has noise") };
    let by = ["geography", "race", "sex"];
    let (mut squares, mut n_shown, mut n_inside, mut n_values) = (0.0, 0.0, 0, 0);
    for indicator in ["n", "outcome", "score"] {
        let table = asked(&seal, indicator, &by);
        assert!((table.people_noise() - deviation).abs() < 1e-9);
        for (cell, (n, y, sum)) in table.cells().iter().zip(truth(&students, &counted, &table)) {
            let Some(people) = cell.denominator else { continue };
            if indicator == "n" {
                squares += (people as f64 - n as f64).powi(2);
                n_shown += 1.0;
            }
            let exact = match indicator {
                "n" => n as f64,
                "outcome" => y as f64 / n as f64,
                _ => sum as f64 / n as f64,
            };
            // A quotient of noisy numbers is only nearly normal where the noise is small beside them.
            if people as f64 > 8.0 * deviation {
                let value = cell.value.unwrap_or(people as f64);
                n_inside += usize::from((value - exact).abs() <= cell.margin.expect("a margin"));
                n_values += 1;
            }
        }
    }
    let found = f64::sqrt(squares / n_shown);
    assert!((found / deviation - 1.0).abs() < 0.25, "{found} for {deviation}");
    let share = n_inside as f64 / f64::from(n_values);
    assert!((0.90..=0.99).contains(&share), "{share} of {n_values} within the margin");
}

#[test]
fn which_groups_are_empty_is_not_told() {
    let without: Vec<_> = students(400, 2).into_iter().filter(|student| student.0[1] < 5).collect();
    let (seal, _) = sealed(1, &noisy(&without), &[]);
    let table = asked(&seal, "outcome", &["geography", "race"]);
    for cell in table.cells() {
        assert!(matches!(cell.mark(), Mark::Shown | Mark::Hidden), "neither empty nor zero");
        if cell.mark() == Mark::Shown {
            let (n, y) = (cell.denominator.unwrap(), cell.numerator.unwrap());
            assert!(n >= 10 && y <= n);
        } else {
            assert_eq!((cell.numerator, cell.value, cell.margin), (None, None, None));
            assert!(cell.denominator.is_none_or(|n| n < (8.0 * table.people_noise()) as u64));
        }
    }
    let empty = table.cells().iter().filter(|cell| cell.categories[1] == "race4");
    assert!(empty.clone().any(|cell| cell.mark() == Mark::Hidden));
}

#[test]
fn noise_is_drawn_once_in_an_edition_and_is_another_in_the_next() {
    let mut students = students(2_000, 3);
    let before = noisy(&students);
    let (first, _) = sealed(1, &before, &[]);
    assert_eq!(sealed(1, &before, &[]).0.to_bytes(), first.to_bytes(), "the same is drawn again");
    let by = ["geography", "race"];
    let shown =
        |seal: &Seal| asked(seal, "n", &by).cells().iter().map(|cell| cell.denominator).collect::<Vec<_>>();
    // One student of one school: the noise of all groups is another.
    students.pop();
    let one_less = shown(&sealed(1, &noisy(&students), &[]).0);
    let n_equal =
        shown(&first).iter().zip(&one_less).filter(|(one, other)| one.is_some() && one == other).count();
    assert!(n_equal < 10, "{n_equal} of {} are the same", one_less.len());
    // Nothing has changed, and yet it is drawn anew: else that nothing has would be told.
    let past = [(first, before.clone())];
    let (second, report) = sealed(2, &before, &past);
    assert_ne!(shown(&second), shown(&past[0].0));
    assert!(spent(&report).0 > spent(&sealed(1, &before, &[]).1).0);
}

#[test]
fn editions_share_a_budget_and_then_nothing_is_told_any_more() {
    let mut students = students(2_000, 4);
    let mut past: Vec<(Seal, Tabulation)> = Vec::new();
    let mut costs = Vec::new();
    let mut draw = Draw(1);
    for edition in 1..=4 {
        let now = noisy(&students);
        let (seal, report) = sealed(edition, &now, &past);
        costs.push((spent(&report), report.periods[0].waits, seal.sealed_in().next()));
        past.push((seal, now));
        (0..50).for_each(|_| _ = students.swap_remove(draw.below(1_500) as usize));
    }
    let [(one, first, ..), (two, second, ..), (three, third, ..), (four, ..)] = costs[..] else {
        panic!("four")
    };
    assert!(one.0 > 0.0 && one.0 < two.0 && two.0 <= 8.0 && two.0 > 7.99, "{one:?} {two:?}");
    assert!((three, four) == (two, two) && (one.1, two.1) == (false, true));
    assert!((first, second, third) == (false, false, true), "what has changed since waits for ever");
    assert_eq!(costs.iter().map(|of| of.2).collect::<Vec<_>>(), [Some(1), Some(2), Some(2), Some(2)]);
    // A new version can not be drawn any more either: nothing of it is shown, now and in the edition after.
    let mut other = noisy(&students);
    other.publications[0].version = 2;
    for edition in 5..=6 {
        let (seal, report) = sealed(edition, &other, &past);
        assert_eq!((spent(&report), seal.sealed_in().next()), (two, Some(5)));
        for indicator in ["n", "outcome", "score"] {
            let table = asked(&seal, indicator, &["geography", "race"]);
            let is_told = |cell: &Cell| cell.mark() != Mark::Hidden || cell.denominator.is_some();
            assert!(!table.cells().iter().any(is_told) && table.people_noise() == 0.0, "{indicator}");
        }
        past.push((seal, other.clone()));
    }
    // With a larger budget it is drawn again, and what was spent counts.
    let mut larger = counted(&students, Mode::Dp(Budget { epsilon_milli: 16_000, editions: 4 }), "nces-10");
    larger.publications[0].version = 3;
    let (_, report) = sealed(7, &larger, &past);
    assert!(spent(&report).0 > two.0 && report.product("p").is_some_and(|of| of.hidden_share() < 1.0));
}

#[test]
fn whether_anything_has_changed_is_not_told_by_when_noise_is_drawn() {
    let students = students(1_000, 8);
    let (same, other) = (noisy(&students), noisy(&students[..900]));
    let (first, _) = sealed(1, &same, &[]);
    let drawn = |now: &Tabulation| {
        let mut past = vec![(first.clone(), same.clone())];
        let mut drawn = Vec::new();
        for edition in 2..=4 {
            let (seal, report) = sealed(edition, now, &past);
            drawn.push((seal.sealed_in().collect::<Vec<_>>(), spent(&report)));
            past.push((seal, now.clone()));
        }
        drawn
    };
    assert_eq!(drawn(&same), drawn(&other));
}

#[test]
fn what_was_drawn_can_be_verified_with_the_secret_alone() {
    let counted = noisy(&students(1_000, 5));
    let (seal, report) = sealed(1, &counted, &[]);
    let verify = |counted: &Tabulation, secret: &[u8]| {
        report.proof.verify(&seal, std::slice::from_ref(counted), &[], &RuleProfile::all(), secret)
    };
    assert!(verify(&counted, SECRET).is_ok());
    let is_fault = |result: Result<_, NotProven>| matches!(result, Err(NotProven::Fault { .. }));
    assert!(is_fault(verify(&counted, b"another secret")));
    let mut other = counted.clone();
    other.atoms.people[0][0] += 1;
    assert!(is_fault(verify(&other, SECRET)));
}

#[test]
fn a_mean_without_bounds_has_no_noise_of_known_size() {
    let mut counted = noisy(&students(500, 6));
    counted.measures[2].bounds = None;
    let made = Seal::make(1, &[counted], &RuleProfile::all(), SECRET).map(|_| ());
    assert_eq!(made, Err(Error::Unsuited { product: "p".into() }));
}

#[test]
fn exact_figures_can_stand_beside() {
    let students = students(1_000, 7);
    let mut exact = counted(&students, Mode::Suppress, "nces-10");
    exact.publications[0].product = "q".into();
    let (tabulations, profiles) = ([noisy(&students), exact], RuleProfile::all());
    let (seal, report) = Seal::make(1, &tabulations, &profiles, SECRET).expect("sound");
    report.proof.verify(&seal, &tabulations, &[], &profiles, SECRET).expect("it holds");
    assert!(seal.product("p").is_some() && seal.product("q").is_some());
}
