//! The practice city's papers, and what is asked of it.

use super::running::{self, Service};
use std::path::Path;
use throughline::api::v1 as pb;

/// Children of the practice city.
const STUDENTS: &str = "8000";

/// By race and sex; two of its school years are asked, about a hundred cells.
const PRODUCT: &str = r#"
product = "city"
version = 1
title = "Students of the city"
profile = "nces-10"
mode = "suppress"
depth = 2
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
"#;

pub(crate) fn set_up(folder: &Path, limits: &str) {
    running::run(folder, &["practice", "--students", STUDENTS, "--out", "city"]);
    std::fs::write(folder.join("product.toml"), PRODUCT).expect("written");
    running::set_up(folder, limits);
}

pub(crate) fn register(folder: &Path, service: &Service) {
    running::register(folder, service, "city/agreements/city-outcomes.toml");
}

/// About a hundred cells.
pub(crate) fn question() -> pb::QueryRequest {
    running::question(&["race", "sex"], &[2024, 2025])
}
