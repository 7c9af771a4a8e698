//! A mapping held against the header of a file.

use super::super::table::Columns;
use super::super::template::Rows;
use super::pattern::star;
use super::source::Source;
use super::when::Condition;
use super::{Mapping, Record};

/// A mapping for one file: which records are made of each row, and from which columns.
pub(super) struct Plan<'m> {
    pub(super) mapping: &'m Mapping,
    /// Names of all columns that are read.
    pub(super) names: Vec<String>,
    pub(super) records: Vec<Planned>,
}

/// A record that is made of each row for which its conditions hold.
pub(super) struct Planned {
    pub(super) rows: Rows,
    pub(super) conditions: Vec<Condition>,
    /// Position of a column in the template, and where its value comes from.
    pub(super) columns: Vec<(usize, Source)>,
    /// The columns of the template as those of a row.
    pub(super) layout: Columns,
}

/// A column that a mapping needs and a header has not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Lacking {
    /// Line of the mapping; 0 for none.
    pub(super) line: u64,
    pub(super) column: String,
}

impl<'m> Plan<'m> {
    /// The plan, or every column that is lacking.
    pub(super) fn new(mapping: &'m Mapping, header: &[String]) -> Result<Self, Vec<Lacking>> {
        let has = |name: &str| header.iter().any(|column| column.eq_ignore_ascii_case(name));
        let here = |name: &str| Lacking { line: 0, column: name.to_owned() };
        let mut lacking: Vec<_> =
            mapping.header_has.iter().filter(|name| !has(name)).map(|name| here(name)).collect();
        let mut records = Vec::new();
        for record in &mapping.records {
            match planned(record, header) {
                Ok(planned) => records.extend(planned),
                Err(_) if record.is_optional => {}
                Err(columns) => lacking.extend(columns),
            }
        }
        if lacking.is_empty() && records.is_empty() {
            let columns = mapping.records.iter().filter_map(|record| planned(record, header).err());
            lacking = columns.flatten().collect();
        }
        lacking.sort_by(|a, b| (a.line, &a.column).cmp(&(b.line, &b.column)));
        lacking.dedup();
        if !lacking.is_empty() {
            return Err(lacking);
        }
        let names = records.iter().flat_map(Planned::columns).map(str::to_owned).collect();
        Ok(Self { mapping, names, records })
    }
}

/// The record once, or once for each column that its `each` stands for.
fn planned(record: &Record, header: &[String]) -> Result<Vec<Planned>, Vec<Lacking>> {
    let Some(each) = &record.each else {
        let (conditions, columns) = (record.conditions.clone(), record.columns.clone());
        return Ok(vec![checked(record, conditions, columns, header)?]);
    };
    let stars: Vec<_> = header.iter().filter_map(|name| star(each, name)).collect();
    if stars.is_empty() {
        return Err(vec![Lacking { line: record.line, column: each.clone() }]);
    }
    let with = |star: &&str| {
        let conditions = record.conditions.iter().map(|condition| condition.with_star(star)).collect();
        let columns = record.columns.iter().map(|(at, source)| (*at, source.with_star(star))).collect();
        checked(record, conditions, columns, header)
    };
    stars.iter().map(with).collect()
}

fn checked(
    record: &Record,
    conditions: Vec<Condition>,
    columns: Vec<(usize, Source)>,
    header: &[String],
) -> Result<Planned, Vec<Lacking>> {
    let template = record.template;
    let is_filled = |name: &str| columns.iter().any(|(at, _)| template.columns[*at].name == name);
    let rows = Rows::new(template, is_filled);
    let layout = Columns::of(template.columns.iter().map(|column| column.name));
    let planned = Planned { rows, conditions, columns, layout };
    let has = |name: &str| header.iter().any(|column| column.eq_ignore_ascii_case(name));
    let of_conditions =
        planned.conditions.iter().flat_map(Condition::columns).map(|name| (record.line, name));
    let of_sources = planned.columns.iter().flat_map(|(_, source)| {
        source.columns().into_iter().map(|name| (source.line, name)).collect::<Vec<_>>()
    });
    let lacking: Vec<_> = of_conditions
        .chain(of_sources)
        .filter(|(_, name)| !has(name))
        .map(|(line, column)| Lacking { line, column: column.to_owned() })
        .collect();
    if lacking.is_empty() { Ok(planned) } else { Err(lacking) }
}

impl Planned {
    fn columns(&self) -> impl Iterator<Item = &str> {
        let of_conditions = self.conditions.iter().flat_map(Condition::columns);
        of_conditions.chain(self.columns.iter().flat_map(|(_, source)| source.columns()))
    }
}
