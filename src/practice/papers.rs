//! The papers of the city: an agreement, data products, reports, and a page that says what all this is.

use super::city::City;
use super::{Error, Options};
use crate::calendar::SchoolYear;
use std::path::Path;

const PAPERS: [(&str, &str); 8] = [
    ("README.txt", include_str!("papers/README.txt")),
    ("agreements/city-outcomes.toml", include_str!("papers/city-outcomes.toml")),
    ("products/city.toml", include_str!("papers/city.toml")),
    ("products/graduates.toml", include_str!("papers/graduates.toml")),
    ("products/noisy.toml", include_str!("papers/noisy.toml")),
    ("products/tutoring.toml", include_str!("papers/tutoring.toml")),
    ("reports/city.toml", include_str!("papers/report-city.toml")),
    ("reports/tutoring.toml", include_str!("papers/report-tutoring.toml")),
];

/// Writes the papers; returns how many there are.
pub(super) fn write(options: &Options, city: &City, out: &Path) -> Result<usize, Error> {
    let (from, to) = (city.years[0], city.years[city.years.len() - 1]);
    for (path, text) in PAPERS {
        let text = over_years(text, from, to)
            .replace("{students}", &options.students.to_string())
            .replace("{seed}", &options.seed.to_string())
            .replace("{begins}", &from.first_day().to_string())
            .replace("{horizon}", &city.horizon().to_string())
            .replace("{college_horizon}", &city.college_horizon().to_string());
        let file = path.split('/').fold(out.to_path_buf(), |folder, part| folder.join(part));
        if let Some(folder) = file.parent() {
            std::fs::create_dir_all(folder)?;
        }
        std::fs::write(file, text)?;
    }
    Ok(PAPERS.len())
}

/// What a report begins with that compares years: a city of one year has none to compare.
const OVER_YEARS: &str = "# What follows compares years.";

/// A paper of a city with these school years.
fn over_years(text: &str, from: SchoolYear, to: SchoolYear) -> String {
    let (from, to) = (from.ending(), to.ending());
    let text = if from == to { text.split(OVER_YEARS).next().unwrap_or_default() } else { text };
    // Ninth-graders of the first years were in no file: their classes are the last to come, and the small ones are hidden.
    text.replace("{baseline}", &from.max(to - 2).to_string())
        .replace("{goal}", &(to + 5).to_string())
        .replace("{from}", &from.to_string())
        .replace("{to}", &to.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figures::report::Report;

    #[test]
    fn the_reports_can_be_read() {
        for (from, to, expected) in [(2021, 2025, [6, 3]), (2031, 2032, [6, 3]), (2025, 2025, [4, 3])] {
            let reports = PAPERS.iter().filter(|(path, _)| path.starts_with("reports/"));
            let read = reports.map(|(path, text)| {
                let [from, to] = [from, to].map(|year| SchoolYear::new(year).expect("a school year"));
                let text = over_years(text, from, to);
                assert!(!text.contains("2030") || to.ending() == 2025, "{path}: a year of another city");
                Report::parse(&text, None).unwrap_or_else(|error| panic!("{path}, {from} to {to}: {error}"))
            });
            assert_eq!(read.map(|report| report.figures.len()).collect::<Vec<_>>(), expected);
        }
    }
}
