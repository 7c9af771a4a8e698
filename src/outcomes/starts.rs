//! The days around which attendance is compared for those who were eligible for a service and did not take part.

use super::said::{Person, Service, ServiceKind};
use super::student_year::days_of;
use crate::calendar::Date;
use crate::records::Code;
use std::collections::BTreeMap;

/// For each program and school year, the first day of each participant.
#[derive(Default)]
pub(super) struct FirstDays(BTreeMap<(Code, u16), Vec<Date>>);

/// Of fewer participants a median would tell of one of them.
const PARTICIPANTS_MIN: usize = 10;

/// For each program and school year that enough took part in, the day by which half of its participants had begun.
#[derive(Default)]
pub(super) struct Starts(BTreeMap<Code, BTreeMap<u16, Date>>);

impl FirstDays {
    /// Takes a person's part in programs.
    pub(super) fn note(&mut self, person: &Person<'_>) {
        let mut own: BTreeMap<(&Code, u16), Date> = BTreeMap::new();
        for service in person.services.iter().filter(|service| is_part(service)) {
            for year in service.years.0..=service.years.1 {
                let day = service.days.0.max(*days_of(year).start());
                own.entry((service.program, year))
                    .and_modify(|first| *first = day.min(*first))
                    .or_insert(day);
            }
        }
        for ((program, year), day) in own {
            self.0.entry((program.clone(), year)).or_default().push(day);
        }
    }

    /// The lower median of each.
    pub(super) fn medians(self) -> Starts {
        let mut starts = Starts::default();
        let enough = self.0.into_iter().filter(|(_, days)| days.len() >= PARTICIPANTS_MIN);
        for ((program, year), mut days) in enough {
            let at = (days.len() - 1) / 2;
            let (_, median, _) = days.select_nth_unstable(at);
            starts.0.entry(program).or_default().insert(year, *median);
        }
        starts
    }
}

impl Starts {
    /// The day for a program in a year that enough took part in.
    pub(super) fn day(&self, program: &Code, year: u16) -> Option<Date> {
        self.0.get(program)?.get(&year).copied()
    }
}

/// Whether a service is a part in a program: not eligibility alone, and not an amount of nothing.
pub(super) const fn is_part(service: &Service<'_>) -> bool {
    match service.kind {
        ServiceKind::Eligible => false,
        ServiceKind::Participated => true,
        ServiceKind::Dosage(amount) => amount > 0,
    }
}
