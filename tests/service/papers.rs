//! The agreement and the product of the city.

/// An agreement in force, and what partners may ask under it.
pub(crate) const AGREEMENT: &str = r#"
agreement = "city-outcomes"
version = 1
title = "City outcomes"
basis = "studies"
purposes = ["improvement"]
begins = "2020-07-01"
expires = "2099-06-30"
destruction = "2099-12-31"
profile = "nces-10"
cell_min = 10

[parties]
sources = ["northfield", "eastbrook"]
partners = ["city-partnership"]

[permits]
products = ["city"]
indicators = ["*"]
dimensions = ["*"]
years = { from = 2024, to = 2025 }

[intake]
kinds = ["person", "school", "enrollment", "attendance_summary"]
"#;

/// What may be asked: chronic absence by race, sex and grade.
pub(crate) const PRODUCT: &str = r#"
product = "city"
version = 1
title = "Students of the city"
profile = "nces-10"
mode = "suppress"
depth = 2
years = { from = 2024, to = 2025 }

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
