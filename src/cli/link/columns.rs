//! Which column of a file holds what.

use crate::cli::Failure;
use std::collections::BTreeMap;
use std::path::Path;

/// What is known of a record, by the name of its column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Column {
    RecordId,
    Source,
    Year,
    FirstName,
    MiddleName,
    LastName,
    Suffix,
    Birth,
    Sex,
    StreetAddress,
    City,
    Zip,
    SharedId,
    PersonId,
}

/// The columns in order, each with the names it goes by.
pub(super) const COLUMNS: [(Column, &[&str]); 14] = [
    (Column::RecordId, &["record_id", "rec_id", "id"]),
    (Column::Source, &["source"]),
    (Column::Year, &["year"]),
    (Column::FirstName, &["first_name", "given_name"]),
    (Column::MiddleName, &["middle_name"]),
    (Column::LastName, &["last_name", "surname", "family_name"]),
    (Column::Suffix, &["suffix"]),
    (Column::Birth, &["dob", "birth_date", "date_of_birth"]),
    (Column::Sex, &["gender", "sex"]),
    (Column::StreetAddress, &["street_address", "address"]),
    (Column::City, &["city", "suburb"]),
    (Column::Zip, &["zip", "zip_code", "postcode"]),
    (Column::SharedId, &["shared_id"]),
    (Column::PersonId, &["person_id"]),
];

/// Other names for columns, from a file of the form `first_name = "given"`, or, for values that stand in
/// several columns, `street_address = ["number", "street"]`.
#[derive(Default, serde::Deserialize)]
#[serde(transparent)]
pub(super) struct Names(BTreeMap<String, Several>);

#[derive(serde::Deserialize)]
#[serde(untagged)]
enum Several {
    One(String),
    Many(Vec<String>),
}

impl Names {
    pub(super) fn read(path: &Path) -> Result<Self, Failure> {
        let wrong = |error: &dyn std::fmt::Display| Failure::new(format!("{}: {error}", path.display()));
        let text = std::fs::read_to_string(path).map_err(|error| wrong(&error))?;
        let names: Self = toml::from_str(&text).map_err(|error| wrong(&error))?;
        let known = |name: &&String| COLUMNS.iter().any(|(_, names)| names[0] == name.as_str());
        match names.0.keys().find(|name| !known(name)) {
            Some(name) => {
                let known: Vec<&str> = COLUMNS.iter().map(|(_, names)| names[0]).collect();
                Err(wrong(&format!("there is no column {name} (there are {})", known.join(", "))))
            }
            None => Ok(names),
        }
    }

    /// For each column the places it stands in under these headings.
    ///
    /// A column that is named in the file and is not there is an error; one that is not named may be
    /// absent.
    pub(super) fn places(
        &self,
        headings: &csv::StringRecord,
        file: &Path,
    ) -> Result<Vec<Vec<usize>>, Failure> {
        let place = |name: &str| headings.iter().position(|heading| heading.trim() == name);
        let places = COLUMNS.iter().map(|(_, names)| {
            let named: Vec<&str> = match self.0.get(names[0]) {
                Some(Several::One(name)) => vec![name],
                Some(Several::Many(all)) => all.iter().map(String::as_str).collect(),
                None => return Ok(names.iter().find_map(|name| place(name)).into_iter().collect()),
            };
            let missing = |name: &str| Failure::new(format!("{}: has no column {name}", file.display()));
            named.into_iter().map(|name| place(name).ok_or_else(|| missing(name))).collect()
        });
        places.collect()
    }
}
