//! What a program was to a person in a school year.

use super::attendance::{Attendance, Sayings};
use super::reporting::Reporting;
use super::said::{Person, ServiceKind};
use super::starts::{Starts, is_part};
use super::student_year::days_of;
use crate::calendar::Date;
use crate::records::Code;
use std::collections::{BTreeMap, BTreeSet};

/// Eligibility, participation and amounts of one program.
#[derive(Default)]
pub(super) struct Services {
    pub(super) totals: Totals,
    /// Attendance before the first day of the service in the year, and from it on; of somebody eligible who took no part,
    /// around the day by which half of the participants had begun.
    pub(super) windows: Option<Windows>,
}

/// Attendance before a day, and from it on.
pub(super) type Windows = Box<(Attendance, Attendance)>;

/// What is counted of a program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Totals {
    pub(super) eligible: bool,
    pub(super) participant: bool,
    pub(super) dosage_hundredths: u64,
    /// Days with an amount.
    pub(super) days: u16,
    /// Calendar days from the first to the last day of the service within the year; a week at least.
    pub(super) span_days: u16,
    /// Month of the first day of the service, 1 for July.
    pub(super) first_month: Option<u8>,
}

/// Days enrolled, in hundredths, that attendance needs before and after a service began to be compared.
pub(super) const WINDOW_MIN: u32 = 2_000;

/// The programs of a year.
pub(super) fn services<'f>(
    person: &Person<'f>,
    sayings: &Sayings<'_, 'f>,
    year: u16,
    reporting: &Reporting,
    starts: &Starts,
) -> Vec<(&'f Code, Services)> {
    #[derive(Default)]
    struct Used {
        totals: Totals,
        days: BTreeSet<Date>,
        span: Option<(Date, Date)>,
    }
    let whole = days_of(year);
    let mut programs: BTreeMap<&Code, Used> = BTreeMap::new();
    for service in person.services.iter().filter(|s| (s.years.0..=s.years.1).contains(&year)) {
        let used = programs.entry(service.program).or_default();
        let amount = match service.kind {
            ServiceKind::Eligible => {
                used.totals.eligible = true;
                continue;
            }
            ServiceKind::Participated => None,
            ServiceKind::Dosage(amount) => Some(amount),
        };
        if !is_part(service) {
            continue;
        }
        used.totals.participant = true;
        let (first, last) = (service.days.0.max(*whole.start()), service.days.1.min(*whole.end()));
        if let Some(amount) = amount {
            used.totals.dosage_hundredths += u64::from(amount);
            used.days.insert(first);
        }
        // An open span is kept going by what else is known of a year: it begins with the year at the latest.
        let last = last.max(first);
        used.span = Some(used.span.map_or((first, last), |(from, to)| (from.min(first), to.max(last))));
    }
    let around = |day: Date| {
        let eve = Date::from_days(day.days() - 1).unwrap_or(day);
        let before = sayings.within(&(*whole.start()..=eve), reporting);
        Box::new((before, sayings.within(&(day..=*whole.end()), reporting)))
    };
    let services = |(program, mut used): (&'f Code, Used)| {
        let Some((first, last)) = used.span else {
            let day = starts.day(program, year).filter(|_| used.totals.eligible);
            return (program, Services { totals: used.totals, windows: day.map(around) });
        };
        used.totals.days = u16::try_from(used.days.len()).unwrap_or(u16::MAX);
        used.totals.span_days = u16::try_from((last.days() - first.days() + 1).max(7)).unwrap_or(u16::MAX);
        used.totals.first_month = Some((first.parts().1 + 5) % 12 + 1);
        (program, Services { totals: used.totals, windows: Some(around(first)) })
    };
    programs.into_iter().map(services).collect()
}
