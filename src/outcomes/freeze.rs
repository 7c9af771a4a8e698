//! The last step of building an edition: everything numbered by its order, sorted, and packed.

mod later;
mod packed;
mod services;

use super::attendance::Days;
use super::builder::{EditionBuilder, LaterRow, Row, SourceId};
use super::cohort::CohortMember;
use super::column::{Column, MISSING};
use super::edition::{FORMAT, Frame, Metadata, SCHOOLS_MAX, SchoolEntry, ZONES_MAX};
use super::schema::{ENTRY, GROUPS, SECTOR, TITLE_I, ZONE, column_name};
use super::student_year::Outcome;
use super::{Edition, Error};
use crate::chunked::Chunked;
use crate::records::{Code, Label, OrgId, School, Sector};
use later::Later;
use packed::{Packed, Value};
use services::{add_services, add_years_services};
use std::collections::BTreeMap;

type Columns = BTreeMap<String, Column>;

/// Freezes a builder's rows.
pub(super) fn freeze(mut builder: EditionBuilder) -> Result<Edition, Error> {
    let ranks = ranks(&builder.numbers)?;
    if u32::try_from(builder.rows.len()).is_err() {
        return Err(Error::TooMany("rows"));
    }
    if builder.is_late {
        return Err(Error::Late);
    }
    for row in builder.rows.iter_mut() {
        row.attendance = row.attendance.settle(row.year, &builder.reporting).into();
    }
    let order = order(builder.rows.iter().map(|row| (row.year, ranks[row.person as usize])));

    let (names, places) = std::mem::take(&mut builder.school_names).sorted();
    let (schools, numbers) = schools(&builder.sources, &builder.schools, &names)?;
    let school = |row: &Row| places.get(row.school as usize).map_or(0, |at| numbers[*at as usize]);
    let (zones, places) = std::mem::take(&mut builder.zones).sorted();
    if zones.len() > ZONES_MAX {
        return Err(Error::TooMany("zones"));
    }
    let zone = |row: &Row| places.get(row.zone as usize).map_or(0, |at| i64::from(*at) + 1);
    let (tests, test_places) = std::mem::take(&mut builder.tests).sorted();
    let (programs, program_places) = std::mem::take(&mut builder.program_names).sorted();
    let sector = |school: i64| schools[school as usize].sector.map_or(Sector::ALL.len() as i64, |s| s as i64);
    let title_i = |school: i64| schools[school as usize].title_i.map_or(2, |yes| i64::from(!yes));

    let position = inverse(&order);
    let mut columns = Columns::new();
    add_results(&mut columns, &builder, &tests, &test_places, &position);
    let services = builder.services.iter().map(|(row, program, services)| {
        (position[*row as usize], program_places[*program as usize], *services)
    });
    add_services(&mut columns, services, &programs, order.len());
    add_years_services(&mut columns, &builder, &programs, &program_places, &position);
    // What is packed goes at once: all of it together is the most that publishing has in memory.
    (builder.results, builder.windows) = (Chunked::default(), Vec::new());

    let rows = &builder.rows;
    let mut values: Vec<(&str, Value<'_>)> = Vec::new();
    let mut of_row = |name, value: fn(&Row) -> i64| values.push((name, Box::new(move |at| value(&rows[at]))));
    of_row("year", |row| row.year.into());
    of_row(ENTRY.name, |row| i64::from(!row.first));
    of_row("enrolled", |row| row.enrolled.into());
    of_row("out_of_school_suspensions", |row| row.conduct().out_of_school.into());
    of_row("in_school_suspensions", |row| row.conduct().in_school.into());
    of_row("expulsions", |row| row.conduct().expulsions.into());
    of_row("discipline_actions", |row| row.conduct().actions.into());
    of_row("days_lost_hundredths", |row| row.conduct().days_lost.into());
    of_row("credits_earned_hundredths", |row| known(row.progress().credits_earned.map(Into::into)));
    of_row("core_courses_failed", |row| known(row.progress().core_failed.map(Into::into)));
    of_row("first_time_ninth", |row| row.progress().first_ninth.into());
    of_row("age_months", |row| known(row.progress().age_months.map(Into::into)));
    of_row("moves_after_start", |row| row.mobility.moves.into());
    of_row("enrolled_at_start", |row| row.mobility.enrolled_at_start.into());
    let mut of_days = |name, value: fn(&Days) -> i64| {
        let possible = |at: usize| Some(rows[at].attendance.settled()).filter(|days| days.possible());
        values.push((name, Box::new(move |at| possible(at).as_ref().map_or(MISSING, value))));
    };
    of_days("days_enrolled_hundredths", |days| days.enrolled.into());
    of_days("days_present_hundredths", |days| days.present.into());
    of_days("days_absent_hundredths", |days| days.absent.into());
    of_days("attendance_rate", |days| known(days.rate()));
    values.push(("person", Box::new(|at| ranks[rows[at].person as usize].into())));
    values.push(("school", Box::new(|at| school(&rows[at]))));
    values.push((ZONE, Box::new(|at| zone(&rows[at]))));
    values.push((SECTOR.name, Box::new(|at| sector(school(&rows[at])))));
    values.push((TITLE_I.name, Box::new(|at| title_i(school(&rows[at])))));
    for (group, of) in GROUPS.iter().enumerate() {
        values.push((of.name, Box::new(move |at| rows[at].groups[group].into())));
    }
    let packed = Packed::of(&values, &order);
    drop(values);
    builder.rows = Chunked::default();
    columns.extend(packed.joined());
    let student_years = Frame::new(columns)?;

    let later = Later {
        builder: &builder,
        student_years: &student_years,
        position: &position,
        ranks: &ranks,
        programs: &programs,
        program_places: &program_places,
    };
    let in_cohort = |row: &LaterRow<CohortMember>, year: u16| year <= row.period;
    let cohort = later.frame(&builder.cohort, later::COHORT, in_cohort)?;
    let graduates = later.frame(&builder.graduates, later::GRADUATES, |_, _| true)?;

    let program_name = |code: Code| {
        let name = builder.programs.get(&code).cloned();
        let name = name.or_else(|| Label::new(code.as_str()).ok()).expect("a code is a label");
        (code, name)
    };
    let metadata = Metadata {
        format: FORMAT,
        frozen_on: builder.frozen_on,
        schools,
        zones,
        tests,
        programs: programs.into_iter().map(program_name).collect(),
        n_persons: builder.numbers.len() as u64,
        n_opted_out: builder.n_opted_out,
        conflicts: builder.conflicts,
    };
    Ok(Edition::new(metadata, [student_years, cohort, graduates]))
}

fn known(value: Option<i64>) -> i64 {
    value.unwrap_or(MISSING)
}

/// The rank of each person by the caller's number.
fn ranks(numbers: &[u64]) -> Result<Vec<u32>, Error> {
    if u32::try_from(numbers.len()).is_err() {
        return Err(Error::TooMany("persons"));
    }
    let order = order(numbers.iter().copied());
    if order.windows(2).any(|pair| numbers[pair[0] as usize] == numbers[pair[1] as usize]) {
        return Err(Error::DuplicatePerson);
    }
    Ok(inverse(&order))
}

/// The table of schools, first "not known", then those described, then one for each source that has
/// rows at schools it did not describe; and for each of `names` its position in the table.
fn schools(
    sources: &[OrgId],
    described: &BTreeMap<(SourceId, Code), School>,
    names: &[(SourceId, Code)],
) -> Result<(Vec<SchoolEntry>, Vec<i64>), Error> {
    let mut table = vec![SchoolEntry::default()];
    let mut at = BTreeMap::new();
    for ((source, code), school) in described {
        at.insert((*source, Some(code)), table.len() as i64);
        table.push(SchoolEntry {
            source: Some(sources[usize::from(source.0)].clone()),
            code: Some(code.clone()),
            name: Some(school.name.clone()),
            district: school.district.clone(),
            district_name: school.district_name.clone(),
            sector: Some(school.sector),
            title_i: school.title_i,
        });
    }
    let numbers = names.iter().map(|(source, code)| {
        at.get(&(*source, Some(code))).copied().unwrap_or_else(|| {
            *at.entry((*source, None)).or_insert_with(|| {
                let source = Some(sources[usize::from(source.0)].clone());
                table.push(SchoolEntry { source, ..SchoolEntry::default() });
                table.len() as i64 - 1
            })
        })
    });
    let numbers = numbers.collect();
    if table.len() > SCHOOLS_MAX { Err(Error::TooMany("schools")) } else { Ok((table, numbers)) }
}

/// A column of results, and how it comes from an outcome.
type ResultColumn = (&'static str, fn(&Outcome) -> Option<i64>);

const RESULT: &[ResultColumn] = &[
    ("score_thousandths", |outcome| outcome.score_thousandths),
    ("level", |outcome| outcome.level.map(Into::into)),
    ("proficient", |outcome| outcome.proficient.map(Into::into)),
    ("first_proficient", |outcome| outcome.first_proficient.map(Into::into)),
];

fn add_results(
    columns: &mut Columns,
    builder: &EditionBuilder,
    tests: &[(Code, Code)],
    places: &[u32],
    position: &[u32],
) {
    let mut by_test: Vec<Vec<&(u32, u32, Outcome)>> = vec![Vec::new(); tests.len()];
    for result in builder.results.iter() {
        by_test[places[result.1 as usize] as usize].push(result);
    }
    for ((test, subject), results) in tests.iter().zip(by_test) {
        for (name, value) in RESULT {
            let mut values = vec![MISSING; position.len()];
            for (row, _, outcome) in &results {
                values[position[*row as usize] as usize] = known(value(outcome));
            }
            columns.insert(column_name(name, &[test.as_str(), subject.as_str()]), Column::pack(&values));
        }
    }
}

/// The positions of keys in ascending order.
fn order<K: Ord>(keys: impl Iterator<Item = K>) -> Vec<u32> {
    let mut keyed: Vec<(K, u32)> = keys.zip(0..).collect();
    keyed.sort_unstable();
    keyed.into_iter().map(|(_, at)| at).collect()
}

/// Where each position went.
fn inverse(order: &[u32]) -> Vec<u32> {
    let mut position = vec![0; order.len()];
    for (to, from) in (0..).zip(order) {
        position[*from as usize] = to;
    }
    position
}
