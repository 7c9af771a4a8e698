//! The geography: everything, districts, schools.

use super::edition::{Edition, SchoolEntry};
use super::schema::UNKNOWN;
use super::{Dimension, Error};
use crate::records::OrgId;
use std::collections::{BTreeMap, BTreeSet};

/// How far down a geography goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Level {
    District,
    School,
}

/// The id of the dimension that every product has.
pub(super) const GEOGRAPHY: &str = "geography";

/// The districts of an edition's schools.
///
/// A district has the id of its source, or `source/code` where the source names a district by a code of
/// its own that is no source's id.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Districts {
    /// Ids in order, and what they are called.
    names: Vec<(String, String)>,
    /// The district of each school: from 1 on, by id; 0 for who is at no school.
    pub(super) of_schools: Vec<u16>,
}

impl Districts {
    /// The districts of some schools.
    pub(super) fn of(schools: &[SchoolEntry]) -> Self {
        let sources = schools.iter().filter_map(|school| school.source.as_ref()).map(OrgId::as_str).collect();
        let ids: Vec<Option<String>> = schools.iter().map(|school| district(school, &sources)).collect();
        let mut labels: BTreeMap<String, Option<String>> = BTreeMap::new();
        for (id, school) in ids.iter().zip(schools) {
            let Some(id) = id else { continue };
            let label = school.district_name.as_ref().map(ToString::to_string);
            let known = labels.entry(id.clone()).or_default();
            // Of several names the least, so that the order of schools does not matter.
            *known = match (known.take(), label) {
                (Some(a), Some(b)) => Some(a.min(b)),
                (a, b) => a.or(b),
            };
        }
        let numbers: BTreeMap<&str, u16> = labels.keys().map(String::as_str).zip(1..).collect();
        let number = |id: &Option<String>| id.as_ref().map_or(0, |id| numbers[id.as_str()]);
        let of_schools = ids.iter().map(number).collect();
        let name = |(id, label): (String, Option<String>)| (id.clone(), label.unwrap_or(id));
        Self { names: labels.into_iter().map(name).collect(), of_schools }
    }
}

/// The geography of an edition, and the position in it of each place that its rows are told by: of each school, or where it
/// stops at districts, of nobody's and of each of those ([`Districts::of_schools`]).
///
/// A school has the id `source:code`; that sign, and the one of districts, cannot be in a source's id. Who
/// is at a school that the source did not describe is in the source's district and no closer; who is
/// at no school is under `unknown`.
pub(super) fn geography(edition: &Edition, level: Level) -> Result<(Dimension, Vec<u16>), Error> {
    let (schools, Districts { names, of_schools }) = (&edition.metadata.schools, &edition.districts);
    if names.len() + schools.len() > usize::from(u16::MAX) - 2 {
        return Err(Error::TooMany("schools and districts"));
    }
    let mut dimension = Dimension::new(GEOGRAPHY, "Geography");
    let mut districts = vec![dimension.add(UNKNOWN, "Not known", 0)];
    districts.extend(names.iter().map(|(id, label)| dimension.add(id, label, 0)));
    if level == Level::District {
        return Ok((dimension, districts));
    }
    let nodes = schools.iter().zip(of_schools).map(|(school, district)| {
        let parent = districts[usize::from(*district)];
        match (&school.source, &school.code, &school.name) {
            (Some(source), Some(code), Some(name)) => {
                dimension.add(&format!("{source}:{code}"), name.as_str(), parent)
            }
            _ => parent,
        }
    });
    let nodes = nodes.collect();
    Ok((dimension, nodes))
}

fn district(school: &SchoolEntry, sources: &BTreeSet<&str>) -> Option<String> {
    let source = school.source.as_ref()?;
    Some(match &school.district {
        None => source.to_string(),
        Some(code) if sources.contains(code.as_str()) => code.to_string(),
        Some(code) => format!("{source}/{code}"),
    })
}
