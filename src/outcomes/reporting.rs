//! How sources report attendance: an event for every day, or absences alone, beside a calendar or without one.

use super::attendance::{Days, Sayings, absence};
use super::builder::SourceId;
use crate::calendar::Date;
use crate::records::Code;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;

/// Whether a source's events are all days or absences alone, and the calendars that tell the days between absences.
#[derive(Default)]
pub(super) struct Reporting {
    /// How many events say that a child was present, and how many say something else, by source and school year.
    pub(super) n_events: BTreeMap<(SourceId, u16), (u64, u64)>,
    /// The last day of which a source has sent an event, by school year.
    pub(super) last_event: BTreeMap<(SourceId, u16), Date>,
    /// Sources that send calendars.
    with_calendars: BTreeSet<SourceId>,
    /// The numbers of the calendars, by school.
    calendars: BTreeMap<(SourceId, Code), usize>,
    /// For each calendar its days, and whether there was instruction.
    days: Vec<BTreeMap<Date, bool>>,
}

impl Reporting {
    /// Adds a day of a calendar. Of two statements about a day, that of no instruction counts.
    pub(super) fn add_day(&mut self, source: SourceId, school: &Code, day: Date, instructional: bool) {
        self.with_calendars.insert(source);
        let next = self.days.len();
        let at = *self.calendars.entry((source, school.clone())).or_insert(next);
        if at == next {
            self.days.push(BTreeMap::new());
        }
        *self.days[at].entry(day).or_insert(true) &= instructional;
    }

    fn calendar(&self, source: SourceId, school: &Code) -> Option<usize> {
        self.calendars.get(&(source, school.clone())).copied()
    }

    fn is_instructional(&self, calendar: usize, day: Date) -> bool {
        self.days[calendar].get(&day).copied().unwrap_or(false)
    }

    fn n_days(&self, calendar: usize, from: Date, to: Date) -> u32 {
        if from > to {
            return 0;
        }
        let days = self.days[calendar].range(from..=to).filter(|(_, instructional)| **instructional);
        u32::try_from(days.count()).unwrap_or(u32::MAX)
    }

    /// Whether a source writes an event for every day, not only for absences. Where it sends a calendar, a few days on
    /// which a child was present are absences that were corrected, and most days have to say so.
    pub(super) fn is_every_day(&self, source: SourceId, year: u16) -> bool {
        let (present, others) = self.n_events.get(&(source, year)).copied().unwrap_or_default();
        present > others || (present > 0 && !self.with_calendars.contains(&source))
    }

    /// Where spells of one source overlap, the day belongs to the first of them.
    pub(super) fn memberships(&self, of: &Sayings<'_, '_>, within: &RangeInclusive<Date>) -> Vec<Membership> {
        if self.calendars.is_empty() {
            return Vec::new();
        }
        let mut memberships: Vec<Membership> = Vec::new();
        let mut enrollments: Vec<_> = of.enrollments.iter().collect();
        enrollments
            .sort_unstable_by_key(|said| (said.source, said.fact.entry, &said.fact.school, said.fact.exit));
        for said in enrollments {
            let Some(calendar) = self.calendar(said.source, &said.fact.school) else { continue };
            let at = memberships.iter().position(|of| of.source == said.source).unwrap_or_else(|| {
                memberships.push(Membership { source: said.source, spans: Vec::new(), absent: 0 });
                memberships.len() - 1
            });
            let summed = of.summaries.iter().filter(|summary| summary.source == said.source);
            let summed = summed.map(|summary| (summary.fact.from, summary.fact.to));
            let taken: Vec<_> =
                memberships[at].spans.iter().map(|span| (span.from, span.to)).chain(summed).collect();
            let from = said.fact.entry.max(*within.start());
            let to = said.fact.exit.map_or(*within.end(), |exit| exit.min(*within.end()));
            let left = without(from, to, taken);
            memberships[at].spans.extend(left.into_iter().map(|(from, to)| Span { calendar, from, to }));
        }
        for membership in &mut memberships {
            let mut absent: BTreeMap<Date, u32> = BTreeMap::new();
            for said in of.events.iter().filter(|said| said.source == membership.source) {
                let day = said.fact.date;
                let is_counted = |span: &Span| {
                    (span.from..=span.to).contains(&day) && self.is_instructional(span.calendar, day)
                };
                if membership.spans.iter().any(is_counted) {
                    // As of daily events: the least absence that was said of a day counts.
                    let least = absent.entry(day).or_insert(100);
                    *least = (*least).min(absence(said.fact));
                }
            }
            membership.absent = absent.values().sum();
        }
        memberships
    }

    /// The days of a membership: nothing where the source writes an event for every day, or has sent none at all.
    pub(super) fn days_of(&self, membership: &Membership, year: u16) -> Days {
        let Membership { source, spans, absent } = membership;
        let reported = self.last_event.get(&(*source, year)).filter(|_| !self.is_every_day(*source, year));
        let Some(last) = reported else { return Days::default() };
        let days = spans.iter().map(|span| self.n_days(span.calendar, span.from, span.to.min(*last)));
        // No event is later than the last one, so absences need no such bound.
        let enrolled = days.sum::<u32>() * 100;
        Days { enrolled, present: enrolled.saturating_sub(*absent), absent: *absent }
    }
}

/// When a person was enrolled at a source's schools with a calendar, and the hundredths of days absent on days of
/// instruction in that time. A few spans in place of hundreds of days: there is one of these for every student-year.
pub(super) struct Membership {
    source: SourceId,
    spans: Vec<Span>,
    absent: u32,
}

/// First and last day at a school, by its number among the calendars.
struct Span {
    calendar: usize,
    from: Date,
    to: Date,
}

/// What is left of a span without these others.
fn without(from: Date, to: Date, taken: impl IntoIterator<Item = (Date, Date)>) -> Vec<(Date, Date)> {
    let mut left = vec![(from, to)];
    for (first, last) in taken {
        let cut = |(from, to): (Date, Date)| {
            let before = Date::from_days(first.days() - 1).map(|eve| (from, to.min(eve)));
            let after = Date::from_days(last.days() + 1).map(|next| (from.max(next), to));
            before.into_iter().chain(after)
        };
        left = left.into_iter().flat_map(cut).filter(|(from, to)| from <= to).collect();
    }
    left.retain(|(from, to)| from <= to);
    left
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(text: &str) -> Date {
        text.parse().expect(text)
    }

    #[test]
    fn spans_that_overlap_are_cut() {
        let left = |from: &str, to: &str, taken: &[(&str, &str)]| {
            let taken = taken.iter().map(|(from, to)| (date(from), date(to)));
            let left = without(date(from), date(to), taken.collect::<Vec<_>>());
            left.iter().map(|(from, to)| format!("{from} {to}")).collect::<Vec<_>>()
        };
        let (from, to) = ("2024-01-01", "2024-01-31");
        assert_eq!(left(from, to, &[]), ["2024-01-01 2024-01-31"]);
        assert_eq!(left(from, to, &[("2023-12-01", "2024-02-01")]), [""; 0]);
        let cut = left(from, to, &[("2024-01-10", "2024-01-12"), ("2024-01-31", "2024-02-01")]);
        assert_eq!(cut, ["2024-01-01 2024-01-09", "2024-01-13 2024-01-30"]);
        assert_eq!(left(to, from, &[]), [""; 0], "a spell that ends before it begins");
    }
}
