//! Measuring against a known truth.

use super::columns::Column;
use super::rows::{Rows, numbered};
use crate::cli::Failure;
use crate::linkage::quality::{Quality, by_group, cluster, pairwise};
use std::collections::HashMap;
use std::path::Path;

/// The true person of each record, and the groups it is of, in the order of linking.
pub(super) struct Truth {
    persons: Vec<u32>,
    groupings: Vec<Grouping>,
}

/// A column that divides the records into groups.
struct Grouping {
    column: String,
    values: Vec<String>,
    of: Vec<u32>,
}

/// A linkage against the truth.
pub(super) struct Measured {
    pub(super) pairwise: Quality,
    pub(super) cluster: Quality,
    pub(super) groups: Vec<Group>,
}

/// The pairs of one group's records.
pub(super) struct Group {
    pub(super) column: String,
    pub(super) value: String,
    pub(super) n_records: u64,
    pub(super) pairs: Quality,
}

/// A column with more values than this is no grouping.
const VALUES_MAX: usize = 20;

impl Truth {
    /// From the column `person_id` of the records.
    pub(super) fn stated(rows: &Rows, order: &[u32]) -> Self {
        let (_, persons) = numbered(order.iter().map(|row| rows.value(*row, Column::PersonId)));
        Self { persons, groupings: Vec::new() }
    }

    /// From a file of its own.
    pub(super) fn read(path: &Path, rows: &Rows, order: &[u32]) -> Result<Self, Failure> {
        let wrong = |error: csv::Error| Failure::new(format!("{}: {error}", path.display()));
        let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_path(path).map_err(wrong)?;
        let headings = reader.headers().map_err(wrong)?.clone();
        let place = |name: &str| {
            let place = headings.iter().position(|heading| heading == name);
            place.ok_or_else(|| Failure::new(format!("{}: has no column {name}", path.display())))
        };
        let (record, person) = (place("record_id")?, place("person_id")?);
        let given: Vec<csv::StringRecord> = reader.records().collect::<Result<_, _>>().map_err(wrong)?;
        let by_id: HashMap<&str, &csv::StringRecord> = given.iter().map(|row| (&row[record], row)).collect();
        let known = |row: &u32| {
            let known = by_id.get(rows.value(*row, Column::RecordId)).copied();
            known.ok_or_else(|| Failure::new(format!("record {} has no person in the truth", row + 1)))
        };
        let known: Vec<&csv::StringRecord> = order.iter().map(known).collect::<Result<_, _>>()?;
        let (_, persons) = numbered(known.iter().map(|row| &row[person]));
        let grouping = |(at, column): (usize, &str)| {
            let (values, of) = numbered(known.iter().map(|row| &row[at]));
            let values: Vec<String> = values.into_iter().map(str::to_owned).collect();
            (values.len() <= VALUES_MAX).then(|| Grouping { column: column.to_owned(), values, of })
        };
        let others = headings.iter().enumerate().filter(|(at, _)| ![record, person].contains(at));
        Ok(Self { persons, groupings: others.filter_map(grouping).collect() })
    }

    pub(super) fn measure(&self, linked: &[u32]) -> Measured {
        let groups = self.groupings.iter().flat_map(|grouping| {
            let qualities = by_group(linked, &self.persons, &grouping.of);
            grouping.values.iter().zip(qualities).map(|(value, (n_records, pairs))| Group {
                column: grouping.column.clone(),
                value: value.clone(),
                n_records,
                pairs,
            })
        });
        Measured {
            pairwise: pairwise(linked, &self.persons),
            cluster: cluster(linked, &self.persons),
            groups: groups.collect(),
        }
    }
}
