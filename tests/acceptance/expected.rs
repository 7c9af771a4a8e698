//! Figures computed elsewhere, and how each of them fares.

use crate::engine::Count;
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
            denominator: whole(&row["denominator"]).unwrap_or_default(),
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
    /// Hidden by the rule itself ([`Figure::is_small`]); equal in the engine.
    pub(crate) small: usize,
    /// Hidden to protect a smaller group; equal in the engine.
    pub(crate) protecting: Vec<String>,
    /// Not equal, and how.
    pub(crate) failed: Vec<String>,
}

/// The smallest group that is shown.
pub(crate) const CELL_MIN: u64 = 10;
/// The smallest group of which it is shown that all or nobody has an outcome.
const CERTAINTY_MIN: u64 = 300;

impl Tally {
    /// Compares a figure with what the engine counts and, unless it is hidden, with the published cell: people exactly, the
    /// value, on that scale, to a millionth.
    pub(crate) fn compare(&mut self, figure: &Figure, cell: &Cell, counted: Count, scale: (f64, f64)) {
        let published = Count {
            denominator: cell.denominator.unwrap_or_default(),
            numerator: cell.numerator,
            value: cell.value,
        };
        let (is_small, is_hidden) = (figure.is_small(), cell.mark == "hidden");
        // Of a hidden share the people may be shown, where they are enough.
        let people = cell.denominator.filter(|_| is_hidden && figure.denominator < CELL_MIN);
        let outcome =
            cell.numerator.map(|n| n as f64).or(cell.value).or(cell.deviation).filter(|_| is_hidden);
        if people.is_some() || outcome.is_some() {
            return self.failed.push(format!("{}: hidden, and something is shown", figure.place()));
        }
        if is_hidden && cell.denominator.is_some_and(|people| people != figure.denominator) {
            return self.failed.push(format!("{}: the people are others", figure.place()));
        }
        if figure.denominator < CELL_MIN && !is_hidden {
            return self.failed.push(format!("{}: should be hidden", figure.place()));
        }
        let differs = figure.differs(counted, scale).map(|how| format!("the engine counts {how}"));
        match differs.or_else(|| (!is_hidden).then(|| figure.differs(published, scale))?) {
            Some(how) => self.failed.push(format!("{}: {how}, {}", figure.place(), cell.mark)),
            None if !is_hidden => self.reproduced += 1,
            None if is_small => self.small += 1,
            None => self.protecting.push(figure.place()),
        }
    }

    /// How many figures it is about.
    pub(crate) fn total(&self) -> usize {
        self.reproduced + self.small + self.protecting.len() + self.failed.len()
    }

    /// Prints it, and checks that there are so many figures and that each was right.
    pub(crate) fn finish(&self, dataset: &str, n_figures: usize) {
        let n_protecting = self.protecting.len();
        say(&format!(
            "{dataset}: {} expected figures; {} reproduced through the service; {} reproduced by the engine and hidden by \
             the service ({} as too small, {n_protecting} to protect others); {} not reproduced",
            self.total(),
            self.reproduced,
            self.small + n_protecting,
            self.small,
            self.failed.len()
        ));
        self.protecting
            .iter()
            .take(12)
            .for_each(|place| say(&format!("  hidden to protect others: {place}")));
        if n_protecting > 12 {
            say(&format!("  and {} more", n_protecting - 12));
        }
        self.failed.iter().for_each(|failed| say(&format!("  not reproduced: {failed}")));
        assert_eq!((self.total(), &self.failed[..]), (n_figures, &[][..]), "{dataset}");
    }
}

impl Figure {
    /// Whether the rule hides it by itself: too few people, too few with the outcome or without it, or all or nobody of a
    /// group that is not large.
    fn is_small(&self) -> bool {
        let least =
            |people: u64| if people == 0 { self.denominator < CERTAINTY_MIN } else { people < CELL_MIN };
        let of_share = |with: u64| least(with) || least(self.denominator.saturating_sub(with));
        self.denominator < CELL_MIN || self.numerator.is_some_and(of_share)
    }

    /// How a count differs from it, if it does.
    fn differs(&self, count: Count, (unit, origin): (f64, f64)) -> Option<String> {
        let value = count.value.map(|value| value / unit + origin);
        let is_equal = count.denominator == self.denominator
            && self.numerator.is_none_or(|numerator| count.numerator == Some(numerator))
            && value.is_some_and(|value| (value - self.value).abs() <= 1e-6);
        let expected = (self.denominator, self.numerator, self.value);
        (!is_equal).then(|| {
            format!("{:?} where {expected:?} is expected", (count.denominator, count.numerator, value))
        })
    }

    /// Which figure it is.
    pub(crate) fn place(&self) -> String {
        format!("{} {} {} {}", self.indicator, self.period, self.group, self.level)
    }
}

/// What no test asks for would be missed by nobody: these are all data sets, and the tests check that each has so many.
#[test]
fn every_expected_figure_has_a_test() {
    let Some(shared) = crate::harness::shared() else { return };
    let mut n_figures: BTreeMap<String, usize> = BTreeMap::new();
    for row in rows(&shared.join("expected/expected.csv")) {
        *n_figures.entry(row["dataset"].clone()).or_default() += 1;
    }
    let tested = [
        ("febrl_dataset1", 2),
        ("febrl_dataset2", 2),
        ("montucky", 77),
        ("nels88", 24),
        ("oulad", 72),
        ("quine", 19),
        ("rldata500", 2),
        ("sgp_470", 392 + 110),
        ("star_aer", 242),
        ("star_poe", 22),
        ("synth_texas", 284),
    ];
    assert_eq!(n_figures, tested.map(|(dataset, n)| (dataset.to_owned(), n)).into());
}
