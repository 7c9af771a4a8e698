//! Dated statuses of a person: homelessness, foster care, a language programme, a zone.

use super::builder::SourceId;
use crate::calendar::Date;
use crate::records::{Code, EnglishLearner, Status, StatusKind};
use std::cmp::Reverse;

/// The statuses that had begun by the freeze.
#[derive(Default)]
pub(super) struct Spells<'f> {
    spells: Vec<(SourceId, &'f Status)>,
    frozen_on: Option<Date>,
}

/// Years after exit in which a former English learner is monitored. Source: ESSA, section 1111(b)(3)(B).
const MONITORED_YEARS: u16 = 4;

impl<'f> Spells<'f> {
    /// What is known at the freeze.
    pub(super) fn new(statuses: &[(SourceId, &'f Status)], frozen_on: Date) -> Self {
        let begun = statuses.iter().filter(|(_, status)| status.begin <= frozen_on);
        Self { spells: begun.copied().collect(), frozen_on: Some(frozen_on) }
    }

    fn of(&self, kind: StatusKind) -> impl Iterator<Item = (SourceId, &'f Status)> {
        self.spells.iter().copied().filter(move |(_, status)| status.status == kind)
    }

    /// First and last school year that a span touches; an open one goes on up to the freeze.
    fn years(&self, status: &Status) -> (u16, u16) {
        let end = status.end.or(self.frozen_on).unwrap_or(status.begin).max(status.begin);
        (status.begin.school_year().ending(), end.school_year().ending())
    }

    /// Whether the person had that status on any day of a school year.
    pub(super) fn touches(&self, kind: StatusKind, year: u16) -> bool {
        self.of(kind).any(|(_, status)| {
            let (first, last) = self.years(status);
            (first..=last).contains(&year)
        })
    }

    /// English learner in the years that a span touches; in the four years after the last of them, monitored; then
    /// former. Nothing where no span had begun by the year.
    pub(super) fn english_learner(&self, year: u16) -> Option<EnglishLearner> {
        if self.touches(StatusKind::EnglishLearner, year) {
            return Some(EnglishLearner::Current);
        }
        let ended = self.of(StatusKind::EnglishLearner).map(|(_, status)| self.years(status).1);
        let since = year - ended.filter(|last| *last < year).max()?;
        Some(match since {
            1 => EnglishLearner::Monitored1,
            2 => EnglishLearner::Monitored2,
            3 => EnglishLearner::Monitored3,
            MONITORED_YEARS => EnglishLearner::Monitored4,
            _ => EnglishLearner::Former,
        })
    }

    /// The zone of a school year: of those that touch it, the one that begins last.
    pub(super) fn zone(&self, year: u16) -> Option<&'f Code> {
        let touching = self.of(StatusKind::Zone).filter(|(_, status)| {
            let (first, last) = self.years(status);
            (first..=last).contains(&year)
        });
        let last =
            touching.max_by_key(|(source, status)| (status.begin, Reverse(*source), Reverse(&status.zone)));
        last.and_then(|(_, status)| status.zone.as_ref())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(text: &str) -> Date {
        text.parse().expect(text)
    }

    fn status(kind: StatusKind, zone: &str, begin: &str, end: &str) -> Status {
        let end = (!end.is_empty()).then(|| date(end));
        Status { status: kind, zone: Code::new(zone).ok(), begin: date(begin), end }
    }

    #[test]
    fn a_status_holds_for_every_year_it_touches() {
        let spell = status(StatusKind::Homeless, "", "2022-06-10", "2022-07-02");
        let open = status(StatusKind::Foster, "", "2023-09-01", "");
        let of = [(SourceId(0), &spell), (SourceId(0), &open)];
        let spells = Spells::new(&of, date("2025-03-01"));
        let touched = |kind| (2020..2028).filter(|year| spells.touches(kind, *year)).collect::<Vec<_>>();
        assert_eq!(touched(StatusKind::Homeless), [2022, 2023]);
        assert_eq!(touched(StatusKind::Foster), [2024, 2025]);
        assert_eq!(touched(StatusKind::Migrant), [0; 0]);
    }

    #[test]
    fn four_years_after_exit_are_monitored() {
        let spell = status(StatusKind::EnglishLearner, "", "2016-09-01", "2019-06-10");
        let of = [(SourceId(0), &spell)];
        let spells = Spells::new(&of, date("2025-03-01"));
        let codes: Vec<_> =
            (2016..=2025).map(|year| spells.english_learner(year).map_or("", EnglishLearner::code)).collect();
        let expected = [
            "",
            "current",
            "current",
            "current",
            "monitored_1",
            "monitored_2",
            "monitored_3",
            "monitored_4",
            "former",
            "former",
        ];
        assert_eq!(codes, expected);
    }

    #[test]
    fn who_moves_counts_in_the_zone_moved_to() {
        let (old, new) = (
            status(StatusKind::Zone, "north", "2020-07-01", "2023-12-31"),
            status(StatusKind::Zone, "south", "2024-01-01", ""),
        );
        let of = [(SourceId(0), &new), (SourceId(0), &old)];
        let spells = Spells::new(&of, date("2025-03-01"));
        let zones: Vec<_> = (2022..=2025).map(|year| spells.zone(year).map_or("", Code::as_str)).collect();
        assert_eq!(zones, ["north", "north", "south", "south"]);
    }
}
