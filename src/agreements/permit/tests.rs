//! Every caller, state and part of a question against a table written separately from the rules.

use super::super::agreement::tests::DOCUMENT;
use super::*;

fn org(id: &str) -> OrgId {
    OrgId::new(id).expect(id)
}

fn year(ending: u32) -> SchoolYear {
    SchoolYear::new(ending).expect("a school year")
}

/// What is right and what is wrong in one decision; the expected rule is written beside it by hand.
#[derive(Clone, Copy)]
struct Case {
    partner: bool,
    agreement: bool,
    day: &'static str,
    purpose: bool,
    product: bool,
    indicator: bool,
    dimension: bool,
    filter: bool,
    year: bool,
    sources: bool,
    cell_min: u32,
}

fn decide(case: Case) -> Result<Permit, Refused> {
    let agreement = Agreement::parse(DOCUMENT).expect("the example is valid");
    let question = Question {
        agreement: if case.agreement { "city-outcomes" } else { "other" }.into(),
        purpose: if case.purpose { "public_reporting" } else { "marketing" }.into(),
        slice: Slice {
            product: if case.product { "city" } else { "tutoring" }.into(),
            indicator: if case.indicator { "chronic_absence" } else { "suspension_rate" }.into(),
            dimensions: vec![if case.dimension { "race" } else { "income" }.into()],
            filters: vec![(if case.filter { "geography" } else { "language" }.into(), "all".into())],
            periods: vec![year(if case.year { 2021 } else { 2020 })],
        },
        edition: None,
    };
    let sources: BTreeSet<_> = if case.sources { vec!["northfield"] } else { vec!["northfield", "westport"] }
        .into_iter()
        .map(org)
        .collect();
    let offer = Offer { sources: &sources, cell_min: case.cell_min, periods: &[year(2021), year(2025)] };
    let partner = org(if case.partner { "city-partnership" } else { "northfield" });
    agreement.permit(&partner, &question, offer, case.day.parse().expect("a date"))
}

/// The rule that must refuse, read off the agreement's text by a person: earliest first.
fn expected(case: Case) -> Option<&'static str> {
    if !case.partner || !case.agreement {
        return Some("agreement.party");
    }
    match case.day {
        "2024-06-30" => return Some("agreement.begun"),
        "2026-07-01" => return Some("agreement.not_expired"),
        _ => {}
    }
    let table = [
        (case.purpose, "agreement.purpose"),
        (case.product, "agreement.product"),
        (case.indicator, "agreement.indicator"),
        (case.dimension && case.filter, "agreement.dimension"),
        (case.year, "agreement.year"),
        (case.sources, "agreement.source"),
        (case.cell_min >= 10, "agreement.cell_min"),
    ];
    table.into_iter().find(|(fine, _)| !fine).map(|(_, rule)| rule)
}

#[test]
fn every_combination_is_decided_as_the_table_says() {
    let mut n_permitted = 0;
    for bits in 0..1_u32 << 9 {
        for day in ["2024-06-30", "2024-07-01", "2026-06-30", "2026-07-01"] {
            for cell_min in [5, 10, 30] {
                let bit = |at: u32| bits >> at & 1 == 1;
                let case = Case {
                    partner: bit(0),
                    agreement: bit(1),
                    purpose: bit(2),
                    product: bit(3),
                    indicator: bit(4),
                    dimension: bit(5),
                    filter: bit(6),
                    year: bit(7),
                    sources: bit(8),
                    day,
                    cell_min,
                };
                let decision = decide(case);
                assert_eq!(decision.as_ref().err().map(|refused| refused.rule.name()), expected(case));
                n_permitted += usize::from(decision.is_ok());
            }
        }
    }
    assert_eq!(n_permitted, 4, "all right, on two days, at two cell sizes");
}

const RIGHT: Case = Case {
    partner: true,
    agreement: true,
    day: "2025-01-01",
    purpose: true,
    product: true,
    indicator: true,
    dimension: true,
    filter: true,
    year: true,
    sources: true,
    cell_min: 10,
};

#[test]
fn a_refusal_quotes_the_agreement_only_to_its_parties() {
    let refused = decide(Case { purpose: false, ..RIGHT }).expect_err("a wrong purpose");
    assert_eq!(
        refused.to_string(),
        "the agreement does not have this purpose (rule agreement.purpose, agreement city-outcomes@2)"
    );
    let foreign = decide(Case { partner: false, ..RIGHT }).expect_err("not a party");
    let unknown = decide(Case { agreement: false, ..RIGHT }).expect_err("no such agreement");
    assert_eq!(foreign, unknown, "an unknown and a foreign agreement look alike");
}

#[test]
fn years_left_open_are_those_the_agreement_permits() {
    let agreement = Agreement::parse(DOCUMENT).expect("the example is valid");
    let slice = decide(RIGHT).expect("all is right").slice().clone();
    let question = Question {
        agreement: "city-outcomes".into(),
        purpose: "public_reporting".into(),
        slice: Slice { periods: vec![], ..slice },
        edition: None,
    };
    let sources = BTreeSet::from([org("northfield")]);
    let offer = Offer { sources: &sources, cell_min: 10, periods: &[year(2020), year(2021), year(2022)] };
    let permit = agreement
        .permit(&org("city-partnership"), &question, offer, "2025-01-01".parse().expect("a date"))
        .expect("the years it permits");
    assert_eq!(permit.slice().periods, [year(2021), year(2022)]);
}

#[test]
fn intake_is_for_sources_while_in_force() {
    let agreement =
        Agreement::parse(&format!("{DOCUMENT}\n[intake]\nkinds = [\"person\", \"school\"]")).expect("valid");
    let day = |text: &str| text.parse::<Date>().expect("a date");
    let permit = agreement.permit_intake(&org("eastbrook"), day("2025-01-01")).expect("a source, in force");
    assert!(permit.covers(Kind::Person) && !permit.covers(Kind::Discipline));
    assert_eq!(
        agreement.permit_intake(&org("city-partnership"), day("2025-01-01")).map_err(|e| e.rule),
        Err(Rule::Party)
    );
    assert_eq!(
        agreement.permit_intake(&org("eastbrook"), day("2026-07-01")).map_err(|e| e.rule),
        Err(Rule::NotExpired)
    );
}
