//! Editions: frozen, linked data in columns.
//!
//! An edition is immutable and reproducible: the same facts give the same bytes, in whatever order the
//! persons came. It is about pseudonymous persons, numbered by their order; what may leave is made of it
//! by `tabulate` and `disclosure`.

use super::column::Column;
use super::geography::{Districts, Level};
use super::schema::{ENTRY, GROUPS, Group, SECTOR, SINCE_FORMAT_2, TITLE_I, ZONE};
use super::{Error, Unit};
use crate::calendar::{Date, SchoolYear};
use crate::records::{Code, Label, OrgId, Sector};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::ops::Range;

/// A frozen data set: one frame of columns for each [`Unit`], and what their numbers stand for.
#[derive(Debug, Clone, PartialEq)]
pub struct Edition {
    pub(super) metadata: Metadata,
    frames: [Frame; 3],
    pub(super) districts: Districts,
    /// The district of each row of a frame, as [`Districts::of_schools`] numbers them; nothing for a frame without schools.
    /// It follows from the school, and is not stored: to look it up for each row would take half of the time of counting
    /// people by district.
    in_districts: [Option<Column>; 3],
}

pub(super) const UNITS: [Unit; 3] = [Unit::StudentYear, Unit::Cohort, Unit::Graduate];

/// The version of the columns' meaning that is written. A reader takes those up to it, and refuses another. From 3 on, the
/// frame of cohorts has those who were taken out of theirs, too, with nothing known of a diploma.
pub(super) const FORMAT: u32 = 3;

/// Zones that fit a dimension, with its groups and "not known".
pub(super) const ZONES_MAX: usize = 65_000;

/// Schools that the column `school` can hold.
pub(super) const SCHOOLS_MAX: usize = 65_535;

/// What the numbers in an edition's columns stand for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Metadata {
    pub(super) format: u32,
    pub(super) frozen_on: Date,
    /// The schools that the column `school` counts; the first is "not known".
    pub(super) schools: Vec<SchoolEntry>,
    /// The zones that the column `zone` counts from 1 on.
    pub(super) zones: Vec<Code>,
    /// Tests and subjects that have columns.
    pub(super) tests: Vec<(Code, Code)>,
    /// Programs, and their names.
    pub(super) programs: Vec<(Code, Label)>,
    /// Persons added, those who opted out not among them.
    pub(super) n_persons: u64,
    /// Persons left out because they opted out.
    pub(super) n_opted_out: u64,
    /// Student-years in which sources disagreed, by the column of categories.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) conflicts: BTreeMap<String, u64>,
}

/// A school as the column `school` knows it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SchoolEntry {
    /// Nothing for the one entry of persons without a school.
    pub(super) source: Option<OrgId>,
    /// Nothing for schools of a source that it has not described.
    pub(super) code: Option<Code>,
    pub(super) name: Option<Label>,
    pub(super) district: Option<Code>,
    pub(super) district_name: Option<Label>,
    pub(super) sector: Option<Sector>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) title_i: Option<bool>,
}

/// The rows of one unit, sorted by year and then by person, at most one for both.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Frame {
    pub(super) columns: BTreeMap<String, Column>,
    n_rows: usize,
    years: Vec<(u16, Range<u32>)>,
}

impl Edition {
    /// An edition of these frames.
    pub(super) fn new(metadata: Metadata, frames: [Frame; 3]) -> Self {
        let districts = Districts::of(&metadata.schools);
        let in_district =
            |frame: &Frame| Some(frame.columns.get("school")?.renumbered(&districts.of_schools));
        let in_districts = frames.each_ref().map(in_district);
        Self { metadata, frames, districts, in_districts }
    }

    /// Days on and before which its facts were frozen.
    #[must_use]
    pub fn frozen_on(&self) -> Date {
        self.metadata.frozen_on
    }

    /// Persons in it.
    #[must_use]
    pub fn n_persons(&self) -> u64 {
        self.metadata.n_persons
    }

    /// Persons left out wholly because they opted out.
    #[must_use]
    pub fn n_opted_out(&self) -> u64 {
        self.metadata.n_opted_out
    }

    /// In how many student-years sources said different things for the same school year, by the column of categories.
    pub fn conflicts(&self) -> impl Iterator<Item = (&str, u64)> {
        self.metadata.conflicts.iter().map(|(group, n)| (group.as_str(), *n))
    }

    /// Rows of a frame.
    #[must_use]
    pub fn n_rows(&self, unit: Unit) -> usize {
        self.frame(unit).n_rows
    }

    /// The school years a frame has rows in, in order.
    pub fn periods(&self, unit: Unit) -> impl Iterator<Item = SchoolYear> + '_ {
        self.frame(unit).years.iter().filter_map(|(year, _)| SchoolYear::new(u32::from(*year)))
    }

    /// What the columns' numbers stand for, as JSON; nothing in it is about a person.
    #[must_use]
    pub fn metadata(&self) -> String {
        serde_json::to_string(&self.metadata).expect("codes, labels and numbers are JSON")
    }

    /// Every column for storage: its frame, its name and its bytes, in a fixed order.
    pub fn columns(&self) -> impl Iterator<Item = (Unit, &str, Vec<u8>)> + '_ {
        UNITS.into_iter().flat_map(move |unit| {
            let columns = self.frame(unit).columns.iter();
            columns.map(move |(name, column)| (unit, name.as_str(), column.to_bytes()))
        })
    }

    /// The same, each let go as it is taken: there is never the whole edition twice.
    pub fn into_columns(self) -> impl Iterator<Item = (Unit, String, Vec<u8>)> {
        UNITS.into_iter().zip(self.frames).flat_map(|(unit, frame)| {
            frame.columns.into_iter().map(move |(name, column)| (unit, name, column.to_bytes()))
        })
    }

    /// The edition that [`Edition::metadata`] and [`Edition::columns`] stored; the order is free.
    ///
    /// # Errors
    ///
    /// [`Error::Damaged`] for what no edition stores.
    pub fn from_columns(
        metadata: &str,
        columns: impl IntoIterator<Item = (Unit, String, Vec<u8>)>,
    ) -> Result<Self, Error> {
        let metadata: Metadata = serde_json::from_str(metadata).map_err(|_| Error::Damaged("metadata"))?;
        if metadata.zones.len() > ZONES_MAX || metadata.schools.len() > SCHOOLS_MAX {
            return Err(Error::Damaged("too many places"));
        }
        if !(1..=FORMAT).contains(&metadata.format)
            || metadata.schools.first().is_none_or(|s| s.source.is_some())
        {
            return Err(Error::Damaged("format"));
        }
        let mut frames: [BTreeMap<String, Column>; 3] = Default::default();
        for (unit, name, bytes) in columns {
            let column = Column::from_bytes(&bytes).ok_or(Error::Damaged("column"))?;
            if frames[unit as usize].insert(name, column).is_some() {
                return Err(Error::Damaged("column stored twice"));
            }
        }
        let [student_years, cohort, graduates] = frames;
        let frames = [Frame::new(student_years)?, Frame::new(cohort)?, Frame::new(graduates)?];
        for (unit, frame) in UNITS.into_iter().zip(&frames) {
            frame.check(unit, &metadata)?;
        }
        Ok(Self::new(metadata, frames))
    }

    /// SHA-256 of the metadata and of all columns: their frames, names and bytes, each after its length.
    #[must_use]
    pub fn digest(&self) -> [u8; 32] {
        let mut context = ring::digest::Context::new(&ring::digest::SHA256);
        let mut add = |bytes: &[u8]| {
            context.update(&(bytes.len() as u64).to_le_bytes());
            context.update(bytes);
        };
        add(self.metadata().as_bytes());
        for (unit, name, bytes) in self.columns() {
            add(&[unit as u8]);
            add(name.as_bytes());
            add(&bytes);
        }
        let digest = context.finish();
        digest.as_ref().try_into().expect("SHA-256 is 32 bytes")
    }

    pub(super) fn frame(&self, unit: Unit) -> &Frame {
        &self.frames[unit as usize]
    }

    /// Where each row of a frame is, in so much detail.
    pub(super) fn places(&self, unit: Unit, level: Level) -> Option<&Column> {
        match level {
            Level::District => self.in_districts[unit as usize].as_ref(),
            Level::School => self.frame(unit).columns.get("school"),
        }
    }

    /// For each row of `rows` in a frame, the person's student-year `years` school years earlier;
    /// `u32::MAX` where there is none.
    pub(super) fn years_before(&self, unit: Unit, rows: Range<u32>, period: u16, years: u16) -> Vec<u32> {
        let earlier = self.frame(Unit::StudentYear);
        let mut from = earlier.rows_of(period.saturating_sub(years)).peekable();
        let (persons, earlier) = (&self.frame(unit).columns["person"], &earlier.columns["person"]);
        rows.map(|row| {
            let person = persons.at(row as usize);
            while from.next_if(|at| earlier.at(*at as usize) < person).is_some() {}
            from.peek().copied().filter(|at| earlier.at(*at as usize) == person).unwrap_or(u32::MAX)
        })
        .collect()
    }
}

impl Frame {
    /// A frame of columns of one length, sorted by year and person.
    pub(super) fn new(columns: BTreeMap<String, Column>) -> Result<Self, Error> {
        let column = |name| columns.get(name).ok_or(Error::Damaged("column missing"));
        let (years, persons) = (column("year")?, column("person")?);
        let n_rows = persons.len();
        if columns.values().any(|column| column.len() != n_rows) || u32::try_from(n_rows).is_err() {
            return Err(Error::Damaged("column length"));
        }
        if !years.iter().zip(persons.iter()).is_sorted_by(|a, b| a < b) {
            return Err(Error::Damaged("row order"));
        }
        let mut found: Vec<(u16, Range<u32>)> = Vec::new();
        for (row, year) in (0..).zip(years.iter()) {
            let year = u16::try_from(year).map_err(|_| Error::Damaged("year"))?;
            match found.last_mut() {
                Some((last, rows)) if *last == year => rows.end = row + 1,
                _ => found.push((year, row..row + 1)),
            }
        }
        Ok(Self { n_rows, years: found, columns })
    }

    /// The rows of a year.
    pub(super) fn rows_of(&self, year: u16) -> Range<u32> {
        let found = self.years.binary_search_by_key(&year, |(year, _)| *year);
        found.map_or(0..0, |at| self.years[at].1.clone())
    }

    /// Whether the columns of categories are there and hold nothing beyond them.
    fn check(&self, unit: Unit, metadata: &Metadata) -> Result<(), Error> {
        let held = |group: &&Group| metadata.format > 1 || !SINCE_FORMAT_2.contains(&group.name);
        let fixed = GROUPS.iter().chain([&SECTOR, &TITLE_I]).filter(held);
        let fixed = fixed.map(|group| (group.name, group.categories.len()));
        let entry = (unit == Unit::StudentYear).then_some((ENTRY.name, ENTRY.categories.len()));
        let named = [("school", metadata.schools.len()), (ZONE, metadata.zones.len() + 1)];
        for (name, n) in fixed.chain(entry).chain(named) {
            let column = self.columns.get(name).ok_or(Error::Damaged("column missing"))?;
            let held = |value: i64| usize::try_from(value).is_ok_and(|value| value < n);
            if !column.iter().all(held) {
                return Err(Error::Damaged("category"));
            }
        }
        Ok(())
    }
}
