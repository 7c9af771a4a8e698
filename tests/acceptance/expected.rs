//! Figures computed elsewhere, and how each of them fares.

use crate::harness::{Cell, say};
use std::collections::BTreeMap;
use std::path::Path;

/// Rows of a CSV file, by column.
pub(crate) fn rows(path: &Path) -> Vec<BTreeMap<String, String>> {
    let mut reader = csv::Reader::from_path(path).expect("the file is there");
    reader.deserialize().map(|row| row.expect("a row")).collect()
}

/// Writes a CSV file.
pub(crate) fn write(path: &Path, header: &str, rows: impl IntoIterator<Item = String>) {
    let mut text = format!("{header}\n");
    for row in rows {
        assert_eq!(row.matches(',').count(), header.matches(',').count(), "{header}");
        text += &row;
        text.push('\n');
    }
    std::fs::write(path, text).expect("a file is written");
}

/// A figure of `expected.csv`.
#[derive(Debug, Clone)]
pub(crate) struct Figure {
    pub(crate) indicator: String,
    pub(crate) period: String,
    pub(crate) group: String,
    pub(crate) level: String,
    pub(crate) numerator: Option<u64>,
    pub(crate) denominator: u64,
    pub(crate) value: f64,
    pub(crate) note: String,
}

/// The figures of a data set.
pub(crate) fn figures(shared: &Path, dataset: &str) -> Vec<Figure> {
    let of_set = rows(&shared.join("expected/expected.csv")).into_iter().filter(|r| r["dataset"] == dataset);
    let whole = |text: &str| text.parse::<f64>().ok().map(|number| number as u64);
    of_set
        .map(|row| Figure {
            indicator: row["indicator"].clone(),
            period: row["period"].clone(),
            group: row["group"].clone(),
            level: row["level"].clone(),
            numerator: whole(&row["numerator"]),
            denominator: whole(&row["denominator"]).expect("every figure has people"),
            value: row["value"].parse().expect("every figure has a value"),
            note: row["note"].clone(),
        })
        .collect()
}

/// How the figures of a data set fared.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    /// Published, and equal.
    pub(crate) reproduced: usize,
    /// Hidden, as it is about fewer than ten.
    pub(crate) small: usize,
    /// Hidden to protect a smaller group.
    pub(crate) protecting: Vec<String>,
    /// Equal only together with other figures, as the service has one category for them.
    pub(crate) merged: usize,
}

/// The smallest group that is shown.
pub(crate) const CELL_MIN: u64 = 10;

impl Tally {
    /// Compares a figure with a published cell: people exactly, the value to a millionth.
    pub(crate) fn compare(&mut self, figure: &Figure, cell: &Cell) {
        if figure.denominator < CELL_MIN {
            assert_eq!(cell.mark, "hidden", "{figure:?}");
            assert_eq!((cell.denominator, cell.numerator), (None, None), "{figure:?}");
            assert_eq!((cell.value, cell.deviation), (None, None), "{figure:?}");
            self.small += 1;
        } else if !cell.is_shown() {
            assert_eq!(cell.mark, "hidden", "{figure:?}");
            self.protecting.push(figure.place());
        } else {
            assert_eq!(cell.denominator, Some(figure.denominator), "{figure:?}");
            if figure.numerator.is_some() {
                assert_eq!(cell.numerator, figure.numerator, "{figure:?}");
            }
            let value = cell.value.expect("a shown cell has a value");
            assert!((value - figure.value).abs() <= 1e-6, "{figure:?}: {value}");
            self.reproduced += 1;
        }
    }

    /// How many figures it is about.
    pub(crate) fn total(&self) -> usize {
        self.reproduced + self.small + self.protecting.len() + self.merged
    }

    /// Prints it.
    pub(crate) fn print(&self, dataset: &str) {
        say(&format!(
            "{dataset}: {} of {} expected figures reproduced, {} hidden as too small, {} hidden to protect \
             others, {} equal together with others",
            self.reproduced,
            self.total(),
            self.small,
            self.protecting.len(),
            self.merged
        ));
        for place in &self.protecting {
            say(&format!("  hidden to protect others: {place}"));
        }
    }
}

impl Figure {
    /// Which figure it is.
    pub(crate) fn place(&self) -> String {
        format!("{} {} {} {}", self.indicator, self.period, self.group, self.level)
    }
}
