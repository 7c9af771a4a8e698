//! Editions of invented columns, for the tests of what is made of editions.

use super::Edition;
use super::column::Column;
use super::edition::{FORMAT, Frame, Metadata, SchoolEntry};
use crate::calendar::Date;
use crate::records::{Code, Label, OrgId, Sector};
use std::collections::BTreeMap;

/// An edition of one frame of student-years; of each school its district's number is given.
pub(super) fn edition(student_years: Frame, districts: &[u32]) -> Edition {
    let school = |(at, district): (usize, &u32)| SchoolEntry {
        source: OrgId::new(&format!("district{district}")).ok(),
        code: Code::new(&format!("s{at}")).ok(),
        name: Label::new(&format!("School {at}")).ok(),
        sector: Some(Sector::District),
        ..SchoolEntry::default()
    };
    let schools = districts.iter().enumerate().map(school);
    let metadata = Metadata {
        format: FORMAT,
        frozen_on: Date::new(2026, 11, 28).expect("a date"),
        schools: std::iter::once(SchoolEntry::default()).chain(schools).collect(),
        zones: Vec::new(),
        tests: Vec::new(),
        programs: Vec::new(),
        n_persons: 0,
        n_opted_out: 0,
        conflicts: BTreeMap::new(),
    };
    let empty = || {
        let columns = ["year", "person"].map(|name| (name.into(), Column::pack(&[])));
        Frame::new(BTreeMap::from(columns)).expect("a frame without rows")
    };
    Edition::new(metadata, [student_years, empty(), empty()])
}
