//! How much of a source's roster it has sent records of.

use super::column::MISSING;
use super::steps::{percent, steps};
use super::{Edition, Unit};
use crate::records::OrgId;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Percent of the students of a school year at a source's schools, rounded down to a multiple of 5, so that it is of five
/// students or more; 95 at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Coverage {
    /// Students whose days enrolled and absent are known.
    pub attendance: u8,
    /// Students with a result of any test.
    pub assessment: u8,
}

/// Fewer students are not told about.
const STUDENTS_MIN: u64 = 100;

impl Edition {
    /// The coverage of each source with a hundred students or more, by school year.
    #[must_use]
    pub fn coverage(&self) -> BTreeMap<OrgId, BTreeMap<u16, Coverage>> {
        let frame = self.frame(Unit::StudentYear);
        let column = |name: &str| frame.columns.get(name);
        let (Some(years), Some(schools), Some(enrolled), Some(days)) =
            (column("year"), column("school"), column("enrolled"), column("days_enrolled_hundredths"))
        else {
            return BTreeMap::new();
        };
        let mut is_assessed = vec![false; years.len()];
        for (name, column) in &frame.columns {
            if ["score_thousandths ", "level ", "proficient "].iter().any(|start| name.starts_with(start)) {
                for (known, value) in is_assessed.iter_mut().zip(column.iter()) {
                    *known |= value != MISSING;
                }
            }
        }
        let mut counts: BTreeMap<(u16, u16), [u64; 3]> = BTreeMap::new();
        for (row, assessed) in is_assessed.into_iter().enumerate().filter(|(row, _)| enrolled.at(*row) == 1) {
            let (Ok(school), Ok(year)) = (u16::try_from(schools.at(row)), u16::try_from(years.at(row)))
            else {
                continue;
            };
            let count = counts.entry((school, year)).or_default();
            count[0] += 1;
            count[1] += u64::from(days.at(row) != MISSING);
            count[2] += u64::from(assessed);
        }
        let mut of_source: BTreeMap<OrgId, BTreeMap<u16, [u64; 3]>> = BTreeMap::new();
        for ((school, year), count) in counts {
            let Some(source) = self.metadata.schools.get(usize::from(school)).and_then(|s| s.source.clone())
            else {
                continue;
            };
            let sum = of_source.entry(source).or_default().entry(year).or_default();
            sum.iter_mut().zip(count).for_each(|(sum, n)| *sum += n);
        }
        let covered = |[n, with_days, assessed]: [u64; 3]| {
            let percent = |with: u64| percent(steps(with, n));
            (n >= STUDENTS_MIN)
                .then(|| Coverage { attendance: percent(with_days), assessment: percent(assessed) })
        };
        let of_years = |years: BTreeMap<u16, [u64; 3]>| {
            years.into_iter().filter_map(|(year, counts)| Some((year, covered(counts)?))).collect()
        };
        of_source.into_iter().map(|(source, years)| (source, of_years(years))).collect()
    }
}
