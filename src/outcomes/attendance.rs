//! Days enrolled, present and absent of a person in a school year, or in a part of one.

use super::builder::SourceId;
use super::reporting::{Membership, Reporting};
use super::said::Said;
use crate::calendar::Date;
use crate::records::{AttendanceEvent, AttendanceStatus, AttendanceSummary, Enrollment};
use std::cmp::Reverse;
use std::ops::RangeInclusive;

/// What is known of a person's days before it is known how their sources report.
#[derive(Default)]
pub(super) struct Attendance {
    summaries: Option<Days>,
    /// Absent where summaries say all: an edition has millions of these.
    daily: Option<Box<Daily>>,
}

/// What is known day by day.
struct Daily {
    /// Days with an event, of each source.
    events: Vec<(SourceId, Days)>,
    /// Absences on days of instruction at schools with a calendar.
    memberships: Vec<Membership>,
}

/// What a person's sources said of a school year.
pub(super) struct Sayings<'l, 'f> {
    pub(super) enrollments: &'l [Said<'f, Enrollment>],
    pub(super) summaries: &'l [Said<'f, AttendanceSummary>],
    pub(super) events: &'l [Said<'f, AttendanceEvent>],
}

impl Sayings<'_, '_> {
    /// The days of a part of the school year. A summary counts where it lies within; with a calendar, days are counted
    /// that no summary of the same source covers.
    pub(super) fn within(&self, days: &RangeInclusive<Date>, reporting: &Reporting) -> Attendance {
        let summaries =
            self.summaries.iter().filter(|s| days.contains(&s.fact.from) && days.contains(&s.fact.to));
        let events: Vec<_> = self.events.iter().filter(|said| days.contains(&said.fact.date)).collect();
        let daily = Daily {
            events: of_events(&events, self.summaries),
            memberships: reporting.memberships(self, days),
        };
        let is_there = !daily.events.is_empty() || !daily.memberships.is_empty();
        Attendance { summaries: of_summaries(summaries), daily: is_there.then(|| Box::new(daily)) }
    }
}

impl From<Days> for Attendance {
    /// What is known once it is settled.
    fn from(days: Days) -> Self {
        Self { summaries: Some(days), daily: None }
    }
}

impl Attendance {
    /// The days of what is settled.
    pub(super) fn settled(&self) -> Days {
        self.summaries.unwrap_or_default()
    }

    /// The days, once it is known how all sources report. A source that writes down absences alone, and sends no
    /// calendar, does not tell how long a child was enrolled: its days are not known. One with a calendar is taken to have
    /// reported up to the last event it has sent of anybody.
    pub(super) fn settle(&self, year: u16, reporting: &Reporting) -> Days {
        let mut sum = self.summaries.unwrap_or_default();
        let Some(daily) = &self.daily else { return sum };
        for (source, days) in &daily.events {
            if reporting.is_every_day(*source, year) {
                sum = sum.plus(*days);
            }
        }
        daily.memberships.iter().fold(sum, |sum, membership| sum.plus(reporting.days_of(membership, year)))
    }
}

fn covers(summaries: &[Said<'_, AttendanceSummary>], source: SourceId, day: Date) -> bool {
    summaries.iter().any(|s| s.source == source && (s.fact.from..=s.fact.to).contains(&day))
}

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

    /// Present out of enrolled in hundredths of a percent, halves up; nothing for days that can not be.
    pub(super) fn rate(self) -> Option<i64> {
        let (present, enrolled) = (i64::from(self.present), i64::from(self.enrolled));
        self.possible().then(|| (present * 20_000 + enrolled) / (2 * enrolled))
    }
}

/// The sum of a year's summaries, at all schools. Of summaries by one source and school, one whose span
/// lies within another's is a part of it (a source may send year-to-date sums under new keys), and is
/// not added again.
fn of_summaries<'l, 'f: 'l>(
    summaries: impl Iterator<Item = &'l Said<'f, AttendanceSummary>>,
) -> Option<Days> {
    let mut sorted: Vec<_> = summaries.collect();
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
fn of_events(
    events: &[&Said<'_, AttendanceEvent>],
    summaries: &[Said<'_, AttendanceSummary>],
) -> Vec<(SourceId, Days)> {
    let mut days: Vec<_> = events
        .iter()
        .filter(|event| !covers(summaries, event.source, event.fact.date))
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
pub(super) fn absence(event: &AttendanceEvent) -> u32 {
    match event.status {
        AttendanceStatus::Present | AttendanceStatus::Tardy => 0,
        AttendanceStatus::Excused | AttendanceStatus::Unexcused | AttendanceStatus::Suspended => 100,
        AttendanceStatus::Partial => event.absent_hundredths.unwrap_or(50).min(100),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
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
        assert_eq!(of_summaries(all.iter()), Some(days));
        assert_eq!(of_summaries([].iter()), None);
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
        assert_eq!(of_events(&events.iter().collect::<Vec<_>>(), &[said(&covering)]), [(SourceId(0), days)]);
    }

    /// Absences alone, a calendar of five days a week from 1 to 26 January, and a spell to 19 January.
    #[test]
    fn a_calendar_tells_the_days_between_absences() {
        let school = || Code::new("a").expect("a code");
        let spell = Enrollment {
            school: school(),
            school_year: date("2024-01-08").school_year(),
            entry: date("2024-01-03"),
            exit: Some(date("2024-01-19")),
            exit_type: None,
            grade: None,
            ninth_grade_year: None,
            repeats_grade: None,
        };
        let event = |day: &str, status| AttendanceEvent {
            school: school(),
            date: date(day),
            status,
            absent_hundredths: None,
        };
        // A Saturday is no day of the calendar.
        let facts = [
            event("2024-01-08", AttendanceStatus::Unexcused),
            event("2024-01-13", AttendanceStatus::Unexcused),
            event("2024-01-17", AttendanceStatus::Partial),
        ];
        let days = (1..=26).filter(|day| (day - 1) % 7 < 5).filter_map(|day| Date::new(2024, 1, day));
        let mut reporting = Reporting::default();
        days.for_each(|day| reporting.add_day(SourceId(0), &school(), day, true));
        reporting.last_event.insert((SourceId(0), 2024), date("2024-01-18"));
        let events: Vec<_> = facts.iter().map(said).collect();
        let (enrollments, summaries) = ([said(&spell)], []);
        let sayings = Sayings { enrollments: &enrollments, summaries: &summaries, events: &events };
        let settled = |from: &str, to: &str, reporting: &Reporting| {
            sayings.within(&(date(from)..=date(to)), reporting).settle(2024, reporting)
        };
        let year = settled("2023-07-01", "2024-06-30", &reporting);
        // 3 to 5, 8 to 12 and 15 to 18 January.
        assert_eq!(year, Days { enrolled: 1_200, present: 1_050, absent: 150 });
        assert_eq!(year.rate(), Some(8_750));
        let first = settled("2023-07-01", "2024-01-12", &reporting);
        assert_eq!(first, Days { enrolled: 800, present: 700, absent: 100 });
        // An absence that was corrected is no sign that every day has its event; that most days have one is.
        let whole = |reporting: &Reporting| settled("2023-07-01", "2024-06-30", reporting);
        reporting.n_events.insert((SourceId(0), 2024), (1, 2));
        assert_eq!(whole(&reporting), year);
        reporting.n_events.insert((SourceId(0), 2024), (3, 2));
        assert_eq!(whole(&reporting), Days { enrolled: 300, present: 50, absent: 250 });
        reporting.n_events.clear();
        // Without a calendar, or without any event of the source, nothing is known of the days.
        assert_eq!(settled("2023-07-01", "2024-06-30", &Reporting::default()), Days::default());
        reporting.last_event.clear();
        assert_eq!(settled("2023-07-01", "2024-06-30", &reporting), Days::default());
    }
}
