//! What stands beside a gap: risk ratios, ratios, and differences in standard deviations.

use super::arm::{Arm, Missing};
use super::disparity::{Sides, both};
use super::grid::Grid;
use super::reference::Pair;
use super::report::Reference;
use super::row::{Quantity, Row, Scale};

/// Students with the outcome, and students, that a risk ratio needs in a group and among all others.
///
/// Source: 34 CFR 300.647(b)(1)(iv): a minimum cell size of no more than 10 and a minimum n-size of no more than 30 are
/// presumed to be reasonable.
const RISK_CELL_MIN: u64 = 10;
const RISK_PEOPLE_MIN: u64 = 30;

/// Differences of so many standard deviations are worth a look; the threshold of OpenSDP's gap tests.
const STANDARDIZED_MIN: f64 = 0.1;

/// The ratio beside a gap: a risk ratio against all others, else a plain one; of means, standard deviations.
pub(super) fn relative(
    grid: &Grid<'_>,
    pair: &Pair,
    year: u32,
    sides: Sides<'_>,
    reference: &Reference,
) -> Option<Row> {
    let (quantity, scale) = match (grid.table.measure(), reference) {
        ("share", Reference::Others) => (Quantity::RiskRatio, Scale::Times),
        ("share" | "ratio", _) => (Quantity::Ratio, Scale::Times),
        ("mean", _) => (Quantity::StandardizedDifference, Scale::Deviations),
        _ => return None,
    };
    let row = Row::new(year, &pair.label, quantity, scale).against(&pair.against);
    let (focal, other) = match both(sides) {
        Err(missing) => return Some(Row { value: Err(missing), ..row }),
        Ok(arms) => arms,
    };
    let value = match quantity {
        Quantity::StandardizedDifference => standardized(focal, other),
        Quantity::RiskRatio if [focal, other].iter().any(|arm| !bears_a_risk(arm)) => Err(Missing::Because(
            "a risk ratio takes 10 students with the outcome of 30 or more, in the group and among all others (34 CFR 300.647)",
        )),
        _ if other.value == 0.0 => Err(Missing::Because("the reference is zero")),
        _ => Ok(focal.value / other.value),
    };
    let says = match (&value, quantity) {
        (Ok(value), Quantity::StandardizedDifference)
            if focal.telling().is_ok() && other.telling().is_ok() =>
        {
            if value.abs() > STANDARDIZED_MIN {
                "above 0.1"
            } else {
                "0.1 or less"
            }
        }
        _ => "",
    };
    Some(Row { value, counts: vec![focal.counts, other.counts], ..row.says(says) })
}

fn bears_a_risk(arm: &Arm) -> bool {
    arm.counts.numerator.is_some_and(|with| with >= RISK_CELL_MIN)
        && arm.counts.people.is_some_and(|people| people >= RISK_PEOPLE_MIN)
}

/// The difference of two means over the pooled standard deviation, or of two shares over that of both.
///
/// Sources: Cohen (1988) for means; Austin, "Using the standardized difference", Communications in Statistics 38 (2009),
/// for shares.
pub(super) fn standardized(focal: &Arm, other: &Arm) -> Result<f64, Missing> {
    const UNKNOWN_SPREAD: Missing = Missing::Because("the table does not print standard deviations");
    let spread = if let (Some(a), Some(b)) = (focal.deviation, other.deviation) {
        let (Some(n), Some(m)) = (focal.counts.people, other.counts.people) else {
            return Err(UNKNOWN_SPREAD);
        };
        let (n, m) = (n as f64, m as f64);
        // The table's are over the number of students, the pooled one is over the degrees of freedom.
        ((n * a * a + m * b * b) / (n + m - 2.0)).sqrt()
    } else if focal.counts.numerator.is_some() && other.counts.numerator.is_some() {
        let variance = |arm: &Arm| arm.value * (100.0 - arm.value);
        ((variance(focal) + variance(other)) / 2.0).sqrt()
    } else {
        return Err(UNKNOWN_SPREAD);
    };
    if spread > 0.0 {
        Ok((focal.value - other.value) / spread)
    } else {
        Err(Missing::Because("nobody differs within the groups"))
    }
}
