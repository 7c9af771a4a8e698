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

/// The geography of an edition, and the position in it of each of its schools.
///
/// A district has the id of its source, or `source/code` where the source names a district by a code of
/// its own that is no source's id; a school has `source:code`. Neither sign can be in a source's id. Who
/// is at a school that the source did not describe is in the source's district and no closer; who is
/// at no school is under `unknown`.
pub(super) fn geography(edition: &Edition, level: Level) -> Result<(Dimension, Vec<u16>), Error> {
    let schools = &edition.metadata.schools;
    let sources = schools.iter().filter_map(|school| school.source.as_ref()).map(OrgId::as_str).collect();
    let mut labels: BTreeMap<String, Option<String>> = BTreeMap::new();
    for school in schools {
        if let Some(id) = district(school, &sources) {
            let label = school.district_name.as_ref().map(ToString::to_string);
            let known = labels.entry(id).or_default();
            // Of several names the least, so that the order of schools does not matter.
            *known = match (known.take(), label) {
                (Some(a), Some(b)) => Some(a.min(b)),
                (a, b) => a.or(b),
            };
        }
    }
    if labels.len() + schools.len() > usize::from(u16::MAX) - 2 {
        return Err(Error::TooMany("schools and districts"));
    }
    let mut dimension = Dimension::new(GEOGRAPHY, "Geography");
    let unknown = dimension.add(UNKNOWN, "Not known", 0);
    let mut districts = BTreeMap::new();
    for (id, label) in labels {
        let node = dimension.add(&id, label.as_deref().unwrap_or(&id), 0);
        districts.insert(id, node);
    }
    let nodes = schools.iter().map(|school| {
        let Some(id) = district(school, &sources) else { return unknown };
        let parent = districts[&id];
        match (&school.source, &school.code, &school.name) {
            (Some(source), Some(code), Some(name)) if level == Level::School => {
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
