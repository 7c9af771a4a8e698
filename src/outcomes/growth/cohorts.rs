//! The cohorts of an edition: who is compared with whom, and from which scores of the years before.

use super::{COHORT_SIZE_MIN, GrowthNorms, Student};
use crate::outcomes::Unit;
use crate::outcomes::column::{Column, MISSING};
use crate::outcomes::edition::{Edition, Frame};
use crate::outcomes::schema::column_name;
use crate::parallel;
use crate::records::Grade;
use std::collections::BTreeMap;

/// Prior scores at most.
const PRIORS_MAX: usize = 2;

/// The growth percentile of every student-year of one school year; missing for rows of other years and for
/// students of whom it can not be told.
///
/// A cohort is a grade: students with a score of the test and subject in that school year, and one in the grade
/// before in the year before. Who repeated or skipped a grade is of none. Knots are taken from all scores of a
/// grade in as many years before as there are priors, so that later years change nothing. A cohort of fewer than
/// [`COHORT_SIZE_MIN`] students has no percentiles.
pub(in crate::outcomes) fn percentiles(edition: &Edition, test: &str, subject: &str, year: u16) -> Column {
    let frame = edition.frame(Unit::StudentYear);
    let mut values = vec![MISSING; edition.n_rows(Unit::StudentYear)];
    if let Some(scores) = frame.columns.get(&column_name("score_thousandths", &[test, subject])) {
        let panel = Panel { edition, frame, scores, grades: &frame.columns["grade"], year };
        let cohorts: Vec<_> = panel.cohorts().into_iter().collect();
        for percentiles in parallel::in_parallel(&cohorts, |(grade, cohort)| panel.tell(*grade, cohort)) {
            percentiles.into_iter().for_each(|(row, percentile)| values[row as usize] = percentile.into());
        }
    }
    Column::pack(&values)
}

/// The scores of a test and subject, as seen from a school year.
struct Panel<'e> {
    edition: &'e Edition,
    frame: &'e Frame,
    scores: &'e Column,
    grades: &'e Column,
    year: u16,
}

impl Panel<'_> {
    /// The students of each grade, by their rows.
    fn cohorts(&self) -> BTreeMap<i64, Vec<(u32, Student)>> {
        let rows = self.frame.rows_of(self.year);
        let earlier: Vec<Vec<u32>> = (1..=PRIORS_MAX as u16)
            .map(|years| self.edition.years_before(Unit::StudentYear, rows.clone(), self.year, years))
            .collect();
        let mut cohorts: BTreeMap<i64, Vec<(u32, Student)>> = BTreeMap::new();
        for (at, row) in rows.enumerate() {
            let Some((grade, score)) = self.result(row) else { continue };
            let prior = |(years, rows): (i64, &Vec<u32>)| {
                self.result(rows[at]).filter(|(before, _)| *before == grade - years).map(|(_, score)| score)
            };
            let priors: Vec<f64> = (1..).zip(&earlier).map_while(prior).collect();
            if !priors.is_empty() {
                cohorts.entry(grade).or_default().push((row, Student { score, priors }));
            }
        }
        cohorts
    }

    /// The grade and the score of a row that has both.
    fn result(&self, row: u32) -> Option<(i64, f64)> {
        if row == u32::MAX {
            return None;
        }
        let grade = usize::try_from(self.grades.at(row as usize)).ok()?;
        let grade = Grade::ALL.get(grade)?.number()?;
        let score = Some(self.scores.at(row as usize)).filter(|score| *score != MISSING)?;
        Some((grade.into(), score as f64 / 1_000.0))
    }

    /// The percentiles of a cohort, told from as many priors as enough of its students have, and as a spline goes
    /// through.
    fn tell(&self, grade: i64, cohort: &[(u32, Student)]) -> Vec<(u32, u8)> {
        let students: Vec<Student> = cohort.iter().map(|(_, student)| student.clone()).collect();
        for n_priors in (1..=PRIORS_MAX).rev() {
            if students.iter().filter(|student| student.priors.len() >= n_priors).count() < COHORT_SIZE_MIN {
                continue;
            }
            let panels: Vec<Vec<f64>> =
                (1..=n_priors).map(|years| self.before(grade - years as i64, n_priors)).collect();
            if let Ok(norms) = GrowthNorms::learn(&students, &panels, None) {
                let told =
                    |(row, student): &(u32, Student)| Some((*row, norms.percentile(student)?.percentile));
                return cohort.iter().filter_map(told).collect();
            }
        }
        Vec::new()
    }

    /// All scores of a grade in so many years before.
    fn before(&self, grade: i64, n_years: usize) -> Vec<f64> {
        let years = (1..=n_years as u16).filter_map(|years| self.year.checked_sub(years));
        let results = years.flat_map(|year| self.frame.rows_of(year)).filter_map(|row| self.result(row));
        results.filter(|(of, _)| *of == grade).map(|(_, score)| score).collect()
    }
}
