//! A district that was invented.

use super::{encoded, subject};
use crate::identity::Encoding;
use crate::linkage::Subject;

/// Families with twins and siblings, in up to four sources, with errors.
pub(super) fn town(seed: u64, families: u32) -> Vec<(Subject, Encoding, u32)> {
    const FIRST: [&str; 24] = [
        "Robert",
        "Maria",
        "Katherine",
        "William",
        "Ana",
        "Liam",
        "Noah",
        "Emma",
        "Olivia",
        "Mateo",
        "Sofia",
        "Jackson",
        "Aiden",
        "Chloe",
        "Diego",
        "Valeria",
        "Isaac",
        "Nora",
        "Omar",
        "Priya",
        "Wei",
        "Tamika",
        "Andre",
        "Grace",
    ];
    const LAST: [&str; 16] = [
        "Smith",
        "Garcia",
        "Nguyen",
        "O'Brien",
        "Johnson",
        "Lopez",
        "De La Cruz",
        "Zielinski",
        "Okafor",
        "Patel",
        "Kim",
        "Washington",
        "Martinez",
        "Novak",
        "Schmidt",
        "Haddad",
    ];
    let mut state = seed.wrapping_mul(2).wrapping_add(1);
    let mut below = move |n: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % n
    };
    let (mut made, mut child) = (Vec::new(), 0);
    for _ in 0..families {
        let last = [LAST[below(16) as usize], LAST[below(16) as usize]].join(" ");
        let address = format!("{} Street{} Ave", below(9000), below(40));
        let zip = format!("302{:02}", below(20));
        let mut born = (2005 + below(10), 1 + below(12), 1 + below(28));
        let offset = below(24);
        for nth in 0..1 + below(3) {
            if below(8) > 0 {
                born = (2005 + below(10), 1 + below(12), 1 + below(28));
            }
            let first = FIRST[((offset + nth * 7) % 24) as usize];
            child += 1;
            for source in 0..4 {
                if below(3) == 0 {
                    continue;
                }
                let (year, month, mut day) = born;
                let (mut name, mut surname, mut place) = (first.to_owned(), last.clone(), address.clone());
                match below(12) {
                    0 => drop(name.pop()),
                    1 => surname.truncate(surname.find(' ').unwrap_or(surname.len())),
                    2 => day = 1 + below(28),
                    3 => place.clear(),
                    _ => {}
                }
                let birth = format!("{year}-{month:02}-{day:02}");
                let person = encoded([&name, "", &surname, &birth, &place, &zip]);
                made.push((subject(source, child * 4 + source), person, child));
            }
        }
    }
    made
}
