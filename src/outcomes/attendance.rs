//! Days enrolled, present and absent of a person in a school year.

use super::builder::SourceId;
use super::said::Said;
use crate::records::{AttendanceEvent, AttendanceStatus, AttendanceSummary};
use std::cmp::Reverse;

/// Hundredths of days.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Days {
    pub(super) enrolled: u32,
    pub(super) present: u32,
    pub(super) absent: u32,
}

impl Days {
    pub(super) fn plus(self, other: Self) -> Self {
        Self {
            enrolled: self.enrolled.saturating_add(other.enrolled),
            present: self.present.saturating_add(other.present),
            absent: self.absent.saturating_add(other.absent),
        }
    }

    /// Whether such days can be: nobody is present or absent for longer than enrolled.
    pub(super) fn possible(self) -> bool {
        self.enrolled > 0 && self.present <= self.enrolled && self.absent <= self.enrolled
    }
}

/// The sum of a year's summaries, at all schools. Of summaries by one source and school, one whose span
/// lies within another's is a part of it (a source may send year-to-date sums under new keys), and is
/// not added again.
pub(super) fn of_summaries(summaries: &[Said<'_, AttendanceSummary>]) -> Option<Days> {
    let mut sorted: Vec<_> = summaries.iter().collect();
    sorted.sort_unstable_by_key(|said| {
        let f = said.fact;
        let days = (f.days_enrolled_hundredths, f.days_present_hundredths, f.days_absent_hundredths);
        (said.source, &f.school, f.from, Reverse(f.to), Reverse(days))
    });
    let mut sum = None;
    let mut around: Option<&Said<'_, AttendanceSummary>> = None;
    for said in sorted {
        let within = around.is_some_and(|a| {
            a.source == said.source && a.fact.school == said.fact.school && said.fact.to <= a.fact.to
        });
        if !within {
            sum = Some(sum.unwrap_or(Days::default()).plus(Days {
                enrolled: said.fact.days_enrolled_hundredths,
                present: said.fact.days_present_hundredths,
                absent: said.fact.days_absent_hundredths,
            }));
            around = Some(said);
        }
    }
    sum
}

/// The days of a year's daily events, for each source. Days that a summary of the same source covers
/// are in it already. Each day counts once, with the least absence that was said of it (a child who
/// moved is absent from the old school and present at the new one).
///
/// A day with an event is a day enrolled. That is true only where a source writes an event for every
/// day; whether it does is known when all persons are (`freeze`).
pub(super) fn of_events(
    events: &[Said<'_, AttendanceEvent>],
    summaries: &[Said<'_, AttendanceSummary>],
) -> Vec<(SourceId, Days)> {
    let covered = |event: &Said<'_, AttendanceEvent>| {
        summaries
            .iter()
            .any(|s| s.source == event.source && (s.fact.from..=s.fact.to).contains(&event.fact.date))
    };
    let mut days: Vec<_> = events
        .iter()
        .filter(|event| !covered(event))
        .map(|event| (event.source, event.fact.date, absence(event.fact)))
        .collect();
    days.sort_unstable();
    days.dedup_by_key(|(source, date, _)| (*source, *date));
    let sum = |of: &[(SourceId, _, u32)]| {
        of.iter().fold(Days::default(), |sum, (_, _, absent)| {
            sum.plus(Days { enrolled: 100, present: 100 - absent, absent: *absent })
        })
    };
    days.chunk_by(|a, b| a.0 == b.0).map(|of| (of[0].0, sum(of))).collect()
}

/// Hundredths of a day absent. A part of a day that the source does not size is half a day.
fn absence(event: &AttendanceEvent) -> u32 {
    match event.status {
        AttendanceStatus::Present | AttendanceStatus::Tardy => 0,
        AttendanceStatus::Excused | AttendanceStatus::Unexcused | AttendanceStatus::Suspended => 100,
        AttendanceStatus::Partial => event.absent_hundredths.unwrap_or(50).min(100),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calendar::Date;
    use crate::records::Code;

    fn date(text: &str) -> Date {
        text.parse().expect(text)
    }

    fn summary(school: &str, from: &str, to: &str, enrolled: u32, absent: u32) -> AttendanceSummary {
        AttendanceSummary {
            school: Code::new(school).expect("a code"),
            from: date(from),
            to: date(to),
            days_enrolled_hundredths: enrolled * 100,
            days_present_hundredths: (enrolled - absent) * 100,
            days_absent_hundredths: absent * 100,
        }
    }

    fn said<T>(fact: &T) -> Said<'_, T> {
        Said { year: 2024, source: SourceId(0), fact }
    }

    #[test]
    fn year_to_date_sums_are_not_added_to_the_months_within() {
        let facts = [
            summary("a", "2023-09-01", "2023-09-30", 20, 1),
            summary("a", "2023-09-01", "2023-12-31", 80, 5),
            summary("a", "2023-10-01", "2023-10-31", 20, 2),
            summary("a", "2024-01-01", "2024-06-30", 100, 7),
            summary("b", "2023-09-01", "2023-09-30", 3, 3),
        ];
        let all: Vec<_> = facts.iter().map(said).collect();
        let days = Days { enrolled: 18_300, present: 16_800, absent: 1_500 };
        assert_eq!(of_summaries(&all), Some(days));
        assert_eq!(of_summaries(&[]), None);
    }

    #[test]
    fn each_day_counts_once_and_not_where_a_summary_covers_it() {
        use AttendanceStatus::{Partial, Present, Suspended, Tardy, Unexcused};
        let event = |day: &str, status, absent_hundredths| AttendanceEvent {
            school: Code::new("a").expect("a code"),
            date: date(day),
            status,
            absent_hundredths,
        };
        let facts = [
            event("2024-01-08", Unexcused, None),
            event("2024-01-08", Present, None),
            event("2024-01-09", Suspended, None),
            event("2024-01-10", Partial, Some(25)),
            event("2024-01-11", Partial, None),
            event("2024-01-12", Tardy, None),
            event("2023-12-01", Unexcused, None),
        ];
        let events: Vec<_> = facts.iter().map(said).collect();
        let covering = summary("b", "2023-09-01", "2023-12-31", 80, 5);
        let days = Days { enrolled: 500, present: 325, absent: 175 };
        assert_eq!(of_events(&events, &[said(&covering)]), [(SourceId(0), days)]);
    }
}
