//! The practice city's papers, and what is asked of it.

use super::running::{Service, run};
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
    run(folder, &["practice", "--students", STUDENTS, "--out", "city"]);
    std::fs::write(folder.join("product.toml"), PRODUCT).expect("written");
    let members = ["city-steward.steward", "northfield.contributor", "city-partnership.partner"];
    let members = members.iter().flat_map(|member| ["--for", member]);
    run(folder, &["certs", "init"].into_iter().chain(members).collect::<Vec<_>>());
    run(folder, &["init", "service", "--steward", "city-steward", "--listen", "127.0.0.1:0"]);
    let config = folder.join("service/throughline.toml");
    let text = std::fs::read_to_string(&config).expect("init wrote it");
    std::fs::write(config, text + limits).expect("written");
}

pub(crate) fn register(folder: &Path, service: &Service) {
    let steward = |arguments: &[&str]| {
        let all = [&["steward"], arguments, &["--server", &service.address]].concat();
        run(folder, &all);
    };
    steward(&["register", "northfield", "--role", "contributor"]);
    steward(&["register", "city-partnership", "--role", "partner"]);
    steward(&["agreement", "city/agreements/city-outcomes.toml"]);
    steward(&["product", "product.toml"]);
}

/// About a hundred cells.
pub(crate) fn question() -> pb::QueryRequest {
    pb::QueryRequest {
        agreement: "city-outcomes".into(),
        purpose: "public_reporting".into(),
        product: "city".into(),
        indicator: "chronic_absence".into(),
        dimensions: vec!["race".into(), "sex".into()],
        periods: vec![2024, 2025],
        ..pb::QueryRequest::default()
    }
}
