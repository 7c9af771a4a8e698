//! The frames of cohorts and graduates.

use super::services::add_services;
use super::{Columns, order};
use crate::outcomes::Error;
use crate::outcomes::builder::{EditionBuilder, LaterRow, no_memberships};
use crate::outcomes::cohort::{CohortMember, Graduate};
use crate::outcomes::column::{Column, MISSING};
use crate::outcomes::edition::Frame;
use crate::outcomes::schema::{GROUPS, SECTOR, TITLE_I, ZONE};
use crate::records::Code;

/// A column of a later frame, and how it comes from an outcome.
pub(super) type LaterColumn<T> = (&'static str, fn(&T) -> Option<bool>);

pub(super) const COHORT: &[LaterColumn<CohortMember>] =
    &[("graduated_4y", |member| member.graduated_4y), ("graduated_5y", |member| member.graduated_5y)];

pub(super) const GRADUATES: &[LaterColumn<Graduate>] = &[
    ("college_16m", |graduate| graduate.college_16m),
    ("first_fall", |graduate| graduate.college.first_fall),
    ("second_fall", |graduate| graduate.college.second_fall),
    ("second_fall_same_college", |graduate| graduate.college.second_fall_same),
    ("credential_6y", |graduate| graduate.college.credential_6y),
    ("credential_150", |graduate| graduate.college.credential_150),
    ("remedial", |graduate| graduate.college.remedial),
];

/// What the frames of cohorts and graduates are made from.
pub(super) struct Later<'b> {
    pub(super) builder: &'b EditionBuilder,
    pub(super) student_years: &'b Frame,
    pub(super) position: &'b [u32],
    pub(super) ranks: &'b [u32],
    pub(super) programs: &'b [Code],
    pub(super) program_places: &'b [u32],
}

impl Later<'_> {
    /// A frame whose groups are those of the home rows, with its outcomes. `counts` says whether the
    /// services of a year count for a row.
    pub(super) fn frame<T>(
        &self,
        rows: &[LaterRow<T>],
        outcomes: &[LaterColumn<T>],
        counts: impl Fn(&LaterRow<T>, u16) -> bool,
    ) -> Result<Frame, Error> {
        let order = order(rows.iter().map(|row| (row.period, self.ranks[row.person as usize])));
        let sorted = || order.iter().map(|at| &rows[*at as usize]);
        let pack =
            |value: &dyn Fn(&LaterRow<T>) -> i64| Column::pack(&sorted().map(value).collect::<Vec<_>>());
        let mut columns = Columns::from_iter([
            ("person".into(), pack(&|row| self.ranks[row.person as usize].into())),
            ("year".into(), pack(&|row| row.period.into())),
        ]);
        for (name, value) in outcomes {
            columns.insert((*name).into(), pack(&|row| value(&row.outcome).map_or(MISSING, i64::from)));
        }
        let homes: Vec<u32> =
            sorted().map(|row| self.position.get(row.home as usize).copied().unwrap_or(u32::MAX)).collect();
        let unknown = no_memberships();
        let groups = GROUPS.iter().zip(unknown).map(|(group, unknown)| (group.name, i64::from(unknown)));
        let named =
            [("school", 0), (ZONE, 0), (SECTOR.name, SECTOR.categories.len() as i64 - 1), (TITLE_I.name, 2)];
        for (name, unknown) in groups.chain(named) {
            let mut values = self.student_years.columns[name].gather(&homes);
            values.iter_mut().filter(|value| **value == MISSING).for_each(|value| *value = unknown);
            columns.insert(name.into(), Column::pack(&values));
        }
        let mut row_of = vec![u32::MAX; self.ranks.len()];
        for (at, row) in (0..).zip(sorted()) {
            row_of[self.ranks[row.person as usize] as usize] = at;
        }
        let [ranks, years] = ["person", "year"].map(|name| &self.student_years.columns[name]);
        let services = self.builder.services.iter().filter_map(|(year_row, program, services)| {
            let student_year = self.position[*year_row as usize] as usize;
            let at = row_of[ranks.at(student_year) as usize];
            let row = &rows[*order.get(at as usize)? as usize];
            let year = years.at(student_year) as u16;
            counts(row, year).then(|| (at, self.program_places[*program as usize], *services))
        });
        add_services(&mut columns, services, self.programs, order.len());
        Frame::new(columns)
    }
}
