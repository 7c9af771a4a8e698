//! Seals of invented tables, and their proofs.

use super::put;
use throughline::calendar::SchoolYear;
use throughline::disclosure::{RuleProfile, Seal};
use throughline::outcomes::{
    Atoms, Dimension, Measure, Mode, Population, Publication, Tabulation, Unit, Values,
};

/// A lattice of two schools, two races and two sexes, whose numbers are `more` than few.
fn tabulation(more: u32, mode: Mode) -> Tabulation {
    let mut geography = Dimension::new("geography", "Geography");
    let district = geography.add("d", "A district", 0);
    let schools = [geography.add("a", "A school", district), geography.add("b", "A school", district)];
    let mut dimensions = vec![geography];
    for id in ["race", "sex"] {
        let mut dimension = Dimension::new(id, id);
        dimension.add("a", "A category", 0);
        dimension.add("b", "A category", 0);
        dimensions.push(dimension);
    }
    let cells: Vec<[u16; 3]> =
        (0..8_u16).map(|n| [schools[usize::from(n & 1)], 1 + (n >> 1 & 1), 1 + (n >> 2)]).collect();
    let people: Vec<u32> = (0..8).map(|n| more + n * 7 % 23).collect();
    let some: Vec<u32> = people.iter().map(|n| n / 3).collect();
    let atoms = Atoms {
        nodes: cells.concat(),
        people: vec![people],
        values: vec![Values::Count, Values::Share(some)],
    };
    let publication = |product: &str, profile: &str| Publication {
        product: product.into(),
        version: 1,
        profile: profile.into(),
        dimensions: vec![1, 2],
        depth: 2,
        indicators: vec![("count".into(), 0), ("share".into(), 1)],
        withdrawn: false,
    };
    let profiles: &[&str] =
        if matches!(mode, Mode::Suppress) { &["nces-10", "delaware"] } else { &["nces-10"] };
    Tabulation {
        mode,
        unit: Unit::StudentYear,
        period: SchoolYear::new(2025).expect("a school year"),
        dimensions,
        populations: vec![Population { id: "all".into(), parent: None, within: Vec::new() }],
        measures: vec![Measure::new("count", 0), Measure::new("share", 0)],
        publications: profiles.iter().map(|profile| publication(&format!("of-{profile}"), profile)).collect(),
        atoms,
    }
}

pub(super) fn seals() {
    for (name, more, mode) in
        [("few", 2, Mode::Suppress), ("many", 40, Mode::Suppress), ("rounded", 12, Mode::Round)]
    {
        let counted = [tabulation(more, mode)];
        let (seal, report) =
            Seal::make(1, &counted, &RuleProfile::all(), b"secret").expect("a sound edition");
        put("seals", name, b"s", seal.to_bytes());
        put("seals", &format!("{name}-proof"), b"p", report.proof.to_bytes());
    }
}
