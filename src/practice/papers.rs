//! The papers of the city: an agreement, data products, reports, and a page that says what all this is.

use super::city::City;
use super::{Error, Options};
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
        let text = text
            .replace("{students}", &options.students.to_string())
            .replace("{seed}", &options.seed.to_string())
            .replace("{from}", &from.ending().to_string())
            .replace("{to}", &to.ending().to_string())
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figures::report::Report;

    #[test]
    fn the_reports_can_be_read() {
        let reports = PAPERS.iter().filter(|(path, _)| path.starts_with("reports/"));
        let read = reports.map(|(path, text)| {
            let text = text.replace("{from}", "2021").replace("{to}", "2025");
            Report::parse(&text, None).unwrap_or_else(|error| panic!("{path}: {error}"))
        });
        assert_eq!(read.map(|report| report.figures.len()).collect::<Vec<_>>(), [6, 3]);
    }
}
