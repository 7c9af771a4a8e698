//! The practice city's papers, and what is asked of it.

use super::running::{self, Service};
use std::path::Path;

/// Children of the practice city.
const STUDENTS: &str = "8000";

/// By race, sex and income, all at once.
const PRODUCT: &str = r#"
product = "city"
version = 1
title = "Students of the city"
profile = "nces-10"
mode = "suppress"
depth = 3
years = { from = 2021, to = 2025 }

[[indicators]]
name = "chronic_absence"
use = "chronic_absence"

[[dimensions]]
id = "race"
source = "race7"

[[dimensions]]
id = "sex"
source = "sex"

[[dimensions]]
id = "income"
source = "econ"
"#;

pub(crate) fn set_up(folder: &Path, limits: &str) {
    running::run(folder, &["practice", "--students", STUDENTS, "--out", "city"]);
    std::fs::write(folder.join("product.toml"), PRODUCT).expect("written");
    running::set_up(folder, limits);
}

pub(crate) fn register(folder: &Path, service: &Service) {
    running::register(folder, service, "city/agreements/city-outcomes.toml");
}
