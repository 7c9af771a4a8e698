//! The dimensions of a product document.

use super::reader::Reader;
use crate::outcomes::axis::{Axis, Grouping, Source};
use crate::outcomes::expression::Expression;
use crate::outcomes::{Unit, schema};
use std::collections::BTreeSet;

/// The dimensions of a product for people of these units.
pub(super) fn axes(at: &mut Reader<'_, '_>, units: &BTreeSet<Unit>) -> Vec<Axis> {
    let mut axes: Vec<Axis> = Vec::new();
    at.tables("dimensions", 0, |at| {
        let id = at.identifier("id");
        if id.as_ref().is_some_and(|id| id == "geography" || axes.iter().any(|other| other.id == *id)) {
            at.problem("id", "is taken by another dimension");
        }
        let label = at.has("label").then(|| at.label("label")).flatten();
        let years_before = at.number("years_before", 0..=20, Some(0)).unwrap_or(0) as u16;
        let source = source(at, units, years_before);
        let groups = groups(at, source.as_ref());
        at.finish();
        if let (Some(id), Some(source)) = (id, source) {
            axes.push(Axis { id, label, source, years_before, groups });
        }
    });
    axes
}

fn source(at: &mut Reader<'_, '_>, units: &BTreeSet<Unit>, years_before: u16) -> Option<Source> {
    let source = at.text("source")?;
    match source {
        "program_status" => at.code("program").map(Source::ProgramStatus),
        "dosage" => {
            let program = at.code("program");
            let bands = at.numbers("bands", 1..=1_000_000)?;
            if bands.is_empty() || !bands.is_sorted_by(|a, b| a < b) {
                at.problem("bands", "are not one or more ascending whole units");
            }
            Some(Source::Dosage { program: program?, bands: bands.into_iter().map(|b| b as u32).collect() })
        }
        "days_per_week" => {
            let program = at.code("program");
            let bands = at.numbers("bands", 1..=7)?;
            if bands.is_empty() || !bands.is_sorted_by(|a, b| a < b) {
                at.problem("bands", "are not one or more ascending whole days");
            }
            let bands = bands.into_iter().map(|b| b as u32).collect();
            yearly(at, units, years_before).then_some(Source::DaysPerWeek { program: program?, bands })
        }
        "first_month" => {
            let program = at.code("program");
            yearly(at, units, years_before).then_some(Source::FirstMonth(program?))
        }
        "rule" => {
            let rule = Expression::parse(at.text("rule")?);
            if years_before > 0 {
                at.problem("years_before", "is for other sources: a rule looks back by before(n, x)");
            }
            let checked =
                rule.and_then(|rule| units.iter().try_for_each(|unit| rule.check(*unit)).map(|()| rule));
            checked.map_err(|reason| at.problem("rule", reason)).ok().map(Source::Rule)
        }
        "program_group" => {
            let programs = at.codes("programs")?;
            let distinct = programs.iter().collect::<BTreeSet<_>>().len() == programs.len();
            let reserved = ["all", "several", "none"];
            if !distinct || programs.len() < 2 || programs.iter().any(|p| reserved.contains(&p.as_str())) {
                at.problem("programs", "are not two or more programs, each named once");
            }
            Some(Source::ProgramGroup(programs))
        }
        column => {
            let looks_back = years_before > 0 && column != schema::ENTRY.name;
            let there = if looks_back {
                schema::has_group(Unit::StudentYear, column)
            } else {
                years_before == 0 && !units.is_empty() && units.iter().all(|u| schema::has_group(*u, column))
            };
            if !there {
                at.problem("source", "is nothing that all its indicators' people can be classified by");
            }
            there.then(|| Source::Column(column.into()))
        }
    }
}

/// Whether a source of student-years alone can classify: its indicators count those, or it looks back to one.
fn yearly(at: &mut Reader<'_, '_>, units: &BTreeSet<Unit>, years_before: u16) -> bool {
    let is_yearly = years_before > 0 || units.iter().all(|unit| *unit == Unit::StudentYear);
    if !is_yearly {
        at.problem("source", "is nothing that all its indicators' people can be classified by");
    }
    is_yearly
}

fn groups(at: &mut Reader<'_, '_>, source: Option<&Source>) -> Vec<Grouping> {
    let categories = source.map(|s| s.categories(None)).unwrap_or_default();
    let open =
        *source.map_or(&Source::Column(schema::ZONE.into()), |s| s) == Source::Column(schema::ZONE.into());
    let mut taken: BTreeSet<String> = categories.into_iter().map(|(id, _)| id).collect();
    let categories = taken.clone();
    taken.insert("all".into());
    let mut members_taken = BTreeSet::new();
    let mut groups = Vec::new();
    at.tables("groups", 0, |at| {
        let (id, label) = (at.code("id").map(|id| id.to_string()), at.label("label"));
        if id.as_ref().is_some_and(|id| !taken.insert(id.clone())) {
            at.problem("id", "is taken by another category");
        }
        let members: Vec<String> =
            at.codes("members").unwrap_or_default().iter().map(ToString::to_string).collect();
        if members.is_empty() {
            at.problem("members", "are none");
        }
        for member in &members {
            if !open && !categories.contains(member) {
                at.problem("members", "hold something that is not a category of the source");
            }
            if !members_taken.insert(member.clone()) {
                at.problem("members", "hold a category that has a group already");
            }
        }
        at.finish();
        if let (Some(id), Some(label)) = (id, label) {
            groups.push(Grouping { id, label, members });
        }
    });
    if open && groups.iter().any(|group| members_taken.contains(&group.id)) {
        at.problem("groups", "have the id of a category");
    }
    groups
}
