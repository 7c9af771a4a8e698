//! Few names and few birthdays, which go together: what pairs share by that is not what one person's records share.

use super::{encoded, subject};
use crate::linkage::Roster;

/// Of 1,200 children of a district 300 are in a program. Each given name has but one birth month.
#[test]
fn who_shares_given_name_and_month_is_not_one_person() {
    const FIRST: [&str; 12] =
        ["Bar", "Cel", "Dom", "Fen", "Gus", "Hol", "Jum", "Kip", "Lor", "Mav", "Nel", "Wyn"];
    const MIDDLE: [&str; 5] = ["anda", "ester", "ilio", "ovan", "uthi"];
    const LAST: [&str; 6] = ["Prest", "Quill", "Rund", "Strom", "Tarl", "Vand"];
    const END: [&str; 5] = ["acker", "eby", "ison", "olmes", "ungford"];
    let part = |of: &[&'static str], n: usize| of[n % of.len()];
    let child = |n: usize| {
        let first = [part(&FIRST, n), part(&MIDDLE, n / 12)].concat();
        let last = [part(&LAST, n / 60), part(&END, n / 360)].concat();
        let birth = format!("{}-{:02}-{:02}", 2000 + n % 9, 1 + n % 12, 1 + n % 28);
        encoded([&first, "", &last, &birth, "", ""])
    };
    let mut roster = Roster::default();
    (0..2).for_each(|source| roster.holds_once(source));
    let mut records: Vec<_> = (0..1_200).map(|n| (subject(0, n), n)).collect();
    records.extend((0..1_200).step_by(4).map(|n| (subject(1, n), n)));
    records.sort_unstable();
    records.iter().for_each(|(subject, n)| roster.push(subject.source, &child(*n as usize)));
    let persons = roster.link(|_| ()).persons;
    let mut last = vec![None; persons.len()];
    let mut together = 0;
    for (person, (_, n)) in persons.iter().zip(&records) {
        if let Some(other) = last[*person as usize].replace(*n) {
            assert_eq!(other, *n);
            together += 1;
        }
    }
    assert_eq!(together, 300);
}
