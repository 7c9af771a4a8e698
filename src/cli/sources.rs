//! Whom figures are from: the sources that an answer names, each in a sentence.

use super::screen::counted;
use crate::calendar::SchoolYear;
use crate::disclosure::{Covered, Sourced};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Less of a roster than this, in percent, is told to people: an answer says 95 at most.
const COVERED_MIN: u32 = 95;

/// When each delivered last, how late that was, and of which years much of its attendance is missing. Those of which the same
/// is said stand together.
pub(super) fn sentences(sources: &[Sourced]) -> Vec<String> {
    let mut alike: Vec<(String, Vec<&str>)> = Vec::new();
    for source in sources {
        let said = said(source);
        match alike.iter_mut().find(|(of, _)| *of == said) {
            Some((_, names)) => names.push(&source.organization),
            None => alike.push((said, vec![&source.organization])),
        }
    }
    alike.iter().map(|(said, names)| with_names(names, said)).collect()
}

/// The same of one of them.
pub(super) fn sentence(source: &Sourced) -> String {
    with_names(&[&source.organization], &said(source))
}

fn with_names(names: &[&str], said: &str) -> String {
    let word = if names.len() == 1 { "Source" } else { "Sources" };
    let colon = if said.is_empty() { "" } else { ": " };
    format!("{word} {}{colon}{said}.", names.join(", "))
}

fn said(source: &Sourced) -> String {
    let mut parts = Vec::new();
    if !source.delivered.is_empty() {
        parts.push(format!("delivered {}", source.delivered));
    }
    if source.days_late > 0 {
        parts.push(format!("{} late", counted(source.days_late.into(), "day", "days")));
    }
    for covered in source.coverage.iter().filter(|covered| covered.attendance < COVERED_MIN) {
        let year = SchoolYear::new(covered.period).map(|year| year.to_string()).unwrap_or_default();
        parts.push(format!("attendance of {} % or more of its students in {year}", covered.attendance));
    }
    parts.join("; ")
}

/// The sources of several answers, each once with the years of all.
pub(super) fn together<'a>(sources: impl Iterator<Item = &'a Sourced>) -> Vec<Sourced> {
    let mut found: BTreeMap<(&str, &str, u32), BTreeMap<u32, Covered>> = BTreeMap::new();
    for source in sources {
        let years = found.entry((&source.organization, &source.delivered, source.days_late)).or_default();
        years.extend(source.coverage.iter().map(|covered| (covered.period, *covered)));
    }
    let sourced =
        |((organization, delivered, days_late), years): ((&str, &str, u32), BTreeMap<u32, Covered>)| {
            Sourced {
                organization: organization.to_owned(),
                delivered: delivered.to_owned(),
                days_late,
                coverage: years.into_values().collect(),
            }
        };
    found.into_iter().map(sourced).collect()
}

/// A source for machines.
pub(super) fn json(source: &Sourced) -> Value {
    let covered = |covered: &Covered| json!({"period": covered.period, "attendance": covered.attendance, "assessment": covered.assessment});
    json!({
        "organization": source.organization, "delivered": source.delivered, "days_late": source.days_late,
        "coverage": source.coverage.iter().map(covered).collect::<Vec<_>>(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(organization: &str, days_late: u32, years: &[(u32, u32)]) -> Sourced {
        let covered = |(period, attendance): &(u32, u32)| Covered {
            period: *period,
            attendance: *attendance,
            assessment: 95,
        };
        Sourced {
            organization: organization.into(),
            delivered: "2025-07-01".into(),
            days_late,
            coverage: years.iter().map(covered).collect(),
        }
    }

    #[test]
    fn a_source_says_what_is_missing() {
        let text = sentence(&source("north", 1, &[(2024, 95), (2025, 60)]));
        assert_eq!(
            text,
            "Source north: delivered 2025-07-01; 1 day late; attendance of 60 % or more of its students in 2024-25."
        );
        assert_eq!(sentence(&Sourced { organization: "east".into(), ..Sourced::default() }), "Source east.");
    }

    #[test]
    fn sources_of_which_the_same_is_said_stand_together() {
        let sources = [source("east", 0, &[]), source("north", 1, &[]), source("west", 0, &[])];
        assert_eq!(
            sentences(&sources),
            ["Sources east, west: delivered 2025-07-01.", "Source north: delivered 2025-07-01; 1 day late."]
        );
    }

    #[test]
    fn sources_of_several_answers_stand_there_once() {
        let [first, second] =
            [source("north", 0, &[(2024, 90)]), source("north", 0, &[(2024, 90), (2025, 60)])];
        let east = source("east", 0, &[]);
        assert_eq!(together([&first, &second, &east].into_iter()), [east.clone(), second.clone()]);
    }
}
