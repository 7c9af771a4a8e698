//! What a plan asks for, with its columns looked up.

use super::plan::{Plan, PlannedMeasure};
use crate::outcomes::MeasureKind;
use crate::outcomes::column::Column;
use crate::outcomes::evaluate::{Number, Rows, Truth};

/// The populations and measures of a plan.
pub(super) struct Asked<'e> {
    pub(super) populations: Vec<Truth<'e>>,
    /// For each measure, its population and how it is computed.
    pub(super) measures: Vec<(usize, Value<'e>)>,
}

/// How a measure is computed of a row.
pub(super) enum Value<'e> {
    Count,
    Share(Truth<'e>),
    Mean { of: Number<'e>, bounds: (i64, i64), floor: Option<i64> },
    Ratio([Number<'e>; 2]),
}

impl<'e> Asked<'e> {
    pub(super) fn new(plan: &Plan, rows: &mut Rows<'e>) -> Self {
        let populations = plan.populations.iter().map(|population| rows.truth(&population.rule)).collect();
        let mut value = |measure: &PlannedMeasure| match measure.kind {
            MeasureKind::Count => Value::Count,
            MeasureKind::Share => Value::Share(rows.truth(&measure.value)),
            MeasureKind::Mean => Value::Mean {
                of: rows.number(&measure.value),
                bounds: measure.bounds.unwrap_or((i64::MIN, i64::MAX)),
                floor: measure.concentration.map(|concentration| concentration.floor),
            },
            MeasureKind::Ratio => Value::Ratio([&measure.value, &measure.over].map(|rule| rows.number(rule))),
        };
        let measures = plan.measures.iter().map(|measure| (measure.population, value(measure))).collect();
        Self { populations, measures }
    }

    /// The columns that are read of the rows themselves.
    pub(super) fn columns(&self) -> Vec<&Column> {
        let mut columns = Vec::new();
        self.populations.iter().for_each(|population| population.columns(&mut columns));
        for (_, value) in &self.measures {
            match value {
                Value::Count => {}
                Value::Share(truth) => truth.columns(&mut columns),
                Value::Mean { of, .. } => of.columns(&mut columns),
                Value::Ratio(numbers) => numbers.iter().for_each(|number| number.columns(&mut columns)),
            }
        }
        columns
    }

    /// How many numbers of people are counted: those of populations, and those of shares.
    pub(super) fn n_flags(&self) -> usize {
        let shares = self.measures.iter().filter(|(_, value)| matches!(value, Value::Share(_)));
        self.populations.len() + shares.count()
    }
}
