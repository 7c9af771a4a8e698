//! What happens between editions.

use crate::city::{Chance, Product, Students, change, student};
use crate::harness::{CELL_MIN, Edition, findings, n_rescored, publish, publish_alone, truth};
use crate::intruder::{Answers, Group, Solver};
use throughline::outcomes::Tabulation;

const CITY: Product = ("city", 1, &[1, 2], 2, false);
const INCOME: Product = ("income", 1, &[1, 3], 1, false);
const SEVERE: Product = ("severe", 1, &[1, 2], 2, false);
const DEEPER: Product = ("income", 2, &[1, 3], 2, false);

/// Three editions of a city of 700, with some late records, corrections and opt-outs in between, and other products.
fn three_editions(seed: u64) -> [Students; 3] {
    let (first, mut chance) = city(seed, 700);
    let second = change(&first, &mut chance, [6, 12, 40][seed as usize % 3]);
    let third = change(&second, &mut chance, 15);
    [first, second, third]
}

fn on_offer(students: &[Students; 3]) -> [(&Students, &[Product]); 3] {
    let [first, second, third] = students;
    [(first, &[CITY, INCOME]), (second, &[CITY, INCOME]), (third, &[CITY, DEEPER])]
}

fn city(seed: u64, n: usize) -> (Students, Chance) {
    let mut chance = Chance(seed);
    ((0..n).map(|_| Some(student(&mut chance))).collect(), chance)
}

fn everything(editions: &[Edition]) -> Vec<Answers> {
    editions.iter().map(Edition::ask_everything).collect()
}

fn together<'a>(editions: &'a [Edition], answers: &'a [Answers]) -> Vec<(&'a Tabulation, &'a Answers)> {
    editions.iter().map(|edition| &edition.tabulation).zip(answers).collect()
}

#[test]
fn no_small_number_and_no_small_change_follows_from_all_editions_together() {
    for seed in 0..6 {
        let students = three_editions(seed);
        let editions = publish(&on_offer(&students));
        let answers = everything(&editions);
        let solver = Solver::new(&together(&editions, &answers), |_, _| false);
        assert_eq!(findings(&editions, &answers, &solver), [""; 0], "seed {seed}");
        let least = answers[0].n_known() / 20;
        assert!(answers.iter().all(|answers| answers.n_known() > least), "hiding everything is no art");
    }
}

#[test]
fn the_same_partners_find_hundreds_of_changes_where_editions_are_protected_one_by_one() {
    let students = three_editions(0);
    let editions = publish_alone(&on_offer(&students));
    let answers = everything(&editions);
    let solver = Solver::new(&together(&editions, &answers), |_, _| false);
    let found = findings(&editions, &answers, &solver);
    assert!(found.len() > 300, "{}", found.len());
    assert!(found.iter().all(|found| found.contains("change")), "each edition is sound by itself");
}

#[test]
fn nobody_learns_more_who_knows_which_groups_have_not_changed() {
    for seed in 100..112 {
        let (first, mut chance) = city(seed, 600);
        let second = change(&first, &mut chance, [0, 8, 20][seed as usize % 3]);
        let editions = publish(&[(&first, &[CITY]), (&second, &[CITY, DEEPER])]);
        let answers = everything(&editions);
        let students: Vec<&Students> = editions.iter().map(|edition| edition.counted(&editions)).collect();
        let tabulation = &editions[0].tabulation;
        let is_same = |_: usize, group: &Group| {
            let of = |at: usize| truth(tabulation, students[at], group);
            of(0) == of(1) && n_rescored(tabulation, students[0], students[1], group) == 0
        };
        let solver = Solver::new(&together(&editions, &answers), is_same);
        assert_eq!(findings(&editions, &answers, &solver), [""; 0], "seed {seed}");
    }
}

#[test]
fn an_outcome_that_comes_later_does_not_tell_who_has_it_and_not_one_that_is_out() {
    for seed in 200..206 {
        let (first, mut chance) = city(seed, 600);
        let second = change(&first, &mut chance, [0, 8, 20][seed as usize % 3]);
        let editions = publish(&[(&first, &[SEVERE]), (&second, &[SEVERE, CITY])]);
        let answers = everything(&editions);
        let solver = Solver::new(&together(&editions, &answers), |_, _| false);
        assert_eq!(findings(&editions, &answers, &solver), [""; 0], "seed {seed}");
        // A city of this size hides much, and more where few have changed.
        let n_known = [0, 1].map(|at: usize| answers[at].n_known());
        assert!(n_known[1] > n_known[0] / 3, "{n_known:?}: hiding everything is no art");
    }
}

/// Bar of the differencing harness: five partners, 100,000 questions over two editions.
#[test]
fn five_partners_who_ask_at_random_and_share_everything_find_nothing() {
    let (first, mut chance) = city(7, 900);
    let second = change(&first, &mut chance, 30);
    let editions = publish(&[(&first, &[CITY, INCOME]), (&second, &[CITY, INCOME])]);
    let mut answers = vec![Answers::default(), Answers::default()];
    for partner in 0..5 {
        let mut chance = Chance(partner);
        for _ in 0..20_000 {
            let edition = chance.up_to(1);
            editions[edition].ask_something(&mut chance, &mut answers[edition]);
        }
    }
    let all = everything(&editions);
    for (some, all) in answers.iter().zip(&all) {
        assert_eq!(some.n_known(), all.n_known(), "they have seen all there is to see");
    }
    let solver = Solver::new(&together(&editions, &answers), |_, _| false);
    assert_eq!(findings(&editions, &answers, &solver), [""; 0]);
}

#[test]
fn a_batch_of_few_waits_until_there_are_more() {
    let (first, mut chance) = city(11, 500);
    let mut editions: Vec<Students> = vec![first];
    for _ in 0..3 {
        let mut next = editions[editions.len() - 1].clone();
        next.extend((0..4).map(|_| Some(student(&mut chance))));
        editions.push(next);
    }
    let on_offer: Vec<(&Students, &[Product])> =
        editions.iter().map(|students| (students, &[CITY][..])).collect();
    let published = publish(&on_offer);
    let state = |edition: &Edition| (edition.report.periods[0].counted_in, edition.report.periods[0].waits);
    assert_eq!(
        published.iter().map(state).collect::<Vec<_>>(),
        [(1, false), (1, true), (1, true), (4, false)]
    );
    let answers = everything(&published);
    assert!(answers[0] == answers[1] && answers[1] == answers[2] && answers[2] != answers[3]);
    assert!(published[1].report.layers.is_empty(), "nothing was protected anew");
    assert_eq!(
        published[1].report.products[0].hidden_share(),
        published[0].report.products[0].hidden_share()
    );
}

#[test]
fn few_who_opt_out_are_not_seen_to_leave() {
    let (first, mut chance) = city(13, 500);
    let mut second = first.clone();
    for _ in 0..5 {
        let at = chance.up_to(second.len() - 1);
        second[at] = None;
    }
    let published = publish(&[(&first, &[CITY]), (&second, &[CITY]), (&second, &[CITY, INCOME])]);
    assert!(published[1].report.periods[0].waits);
    assert_eq!(published[2].report.periods[0].counted_in, 1, "another product counts the same records");
    let answers = everything(&published);
    assert!(answers[0] == answers[1], "an edition that waits says what the last one said");
    assert!(answers[2].n_known() > answers[1].n_known());
    let solver = Solver::new(&together(&published, &answers), |_, _| true);
    assert_eq!(findings(&published, &answers, &solver), [""; 0]);
}

#[test]
fn what_was_shown_stays_shown_when_a_product_comes_along_and_nothing_changes() {
    let (students, _) = city(17, 600);
    let published = publish(&[(&students, &[CITY]), (&students, &[CITY, DEEPER])]);
    let answers = everything(&published);
    assert!(answers[1].has_all_of(&answers[0]));
    assert!(!published[1].report.periods[0].waits);
}

#[test]
fn a_withdrawn_product_is_remembered() {
    for seed in 19..22 {
        let (first, mut chance) = city(seed, 600);
        let second = change(&first, &mut chance, 12);
        let published = publish(&[(&first, &[DEEPER]), (&second, &[CITY]), (&second, &[CITY, INCOME])]);
        let answers = everything(&published);
        let solver = Solver::new(&together(&published, &answers), |_, _| false);
        assert_eq!(findings(&published, &answers, &solver), [""; 0], "seed {seed}");
    }
}

#[test]
fn what_was_hidden_stays_so_until_it_has_changed_by_enough() {
    let mut n_again = 0;
    for seed in 30..34 {
        let (first, mut chance) = city(seed, 500);
        let second = change(&first, &mut chance, 60);
        let published = publish(&[(&first, &[CITY, INCOME]), (&second, &[CITY, INCOME])]);
        let answers = everything(&published);
        for group in published[0].groups() {
            let of = |students| truth(&published[0].tabulation, students, &group);
            let (then, now) = (of(&first), of(&second));
            let changes = [now.people - then.people, now.tested - then.tested, now.absent - then.absent];
            for (block, change) in changes.into_iter().enumerate() {
                if answers[1].has(block, &group) && !answers[0].has(block, &group) {
                    assert!(change.abs() >= CELL_MIN, "seed {seed}: block {block} of {group:?}");
                    n_again += 1;
                }
            }
        }
    }
    assert!(n_again > 0, "some have changed by enough");
}

#[test]
fn small_groups_that_empty_are_marked_and_prove_nothing_else() {
    for seed in 40..44 {
        let (first, mut chance) = city(seed, 300);
        // The small race leaves the city, and the last school closes.
        let mut second = change(&first, &mut chance, 15);
        second
            .iter_mut()
            .filter(|student| student.is_some_and(|of| of.of[1] == 3 || of.of[0] == 5))
            .for_each(|gone| {
                *gone = None;
            });
        let published =
            publish(&[(&first, &[CITY, INCOME]), (&second, &[CITY, INCOME]), (&second, &[DEEPER])]);
        let answers = everything(&published);
        let solver = Solver::new(&together(&published, &answers), |_, _| false);
        assert_eq!(findings(&published, &answers, &solver), [""; 0], "seed {seed}");
    }
}
