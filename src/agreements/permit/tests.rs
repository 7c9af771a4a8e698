//! Every caller, state and part of a question against a table written separately from the rules.

use super::super::agreement::tests::DOCUMENT;
use super::*;
use crate::records::{Demographics, Sex, Status, StatusKind};

fn org(id: &str) -> OrgId {
    OrgId::new(id).expect(id)
}

/// Somebody of an organization whose certificate names nobody.
fn by(organization: &OrgId) -> Caller<'_> {
    Caller { organization, principal: None }
}

fn year(ending: u32) -> SchoolYear {
    SchoolYear::new(ending).expect("a school year")
}

/// A product of districts under `nces-10`, reviewed.
fn offer<'a>(sources: &'a BTreeSet<OrgId>, periods: &'a [SchoolYear]) -> Offer<'a> {
    Offer { sources, cell_min: 10, periods, profile: Some("nces-10"), has_schools: false, is_reviewed: true }
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
    let periods = [year(2021), year(2025)];
    let offer = Offer { cell_min: case.cell_min, ..offer(&sources, &periods) };
    let partner = org(if case.partner { "city-partnership" } else { "northfield" });
    agreement.permit(by(&partner), &question, offer, case.day.parse().expect("a date"))
}

/// The rule that must refuse, read off the agreement's text by a person: earliest first.
fn expected(case: Case) -> Option<&'static str> {
    if !case.partner || !case.agreement {
        return Some("agreement.party");
    }
    match case.day {
        "2024-06-30" => return Some("agreement.begun"),
        "2026-07-01" => return Some("agreement.not_expired"),
        "2027-07-01" => return Some("agreement.not_destroyed"),
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
    let periods = [year(2020), year(2021), year(2022)];
    let offer = offer(&sources, &periods);
    let permit = agreement
        .permit(by(&org("city-partnership")), &question, offer, "2025-01-01".parse().expect("a date"))
        .expect("the years it permits");
    assert_eq!(permit.slice().periods, [year(2021), year(2022)]);
}

#[test]
fn intake_is_for_sources_while_in_force() {
    let agreement =
        Agreement::parse(&format!("{DOCUMENT}\n[intake]\nkinds = [\"person\", \"school\"]")).expect("valid");
    let day = |text: &str| text.parse::<Date>().expect("a date");
    let permit =
        agreement.permit_intake(by(&org("eastbrook")), day("2025-01-01")).expect("a source, in force");
    assert!(permit.covers(Kind::Person) && !permit.covers(Kind::Discipline));
    assert_eq!(
        agreement.permit_intake(by(&org("city-partnership")), day("2025-01-01")).map_err(|e| e.rule),
        Err(Rule::Party)
    );
    assert_eq!(
        agreement.permit_intake(by(&org("eastbrook")), day("2026-07-01")).map_err(|e| e.rule),
        Err(Rule::NotExpired)
    );
}

/// Each term with a question that it refuses, and one like it that it does not; without the terms both are permitted.
#[test]
fn each_term_refuses_what_it_is_for_and_nothing_else() {
    const TERMS: &str = r#"
[terms]
profiles = ["nces-10", "utah"]
minimums = { eastbrook = 15 }
attested = { city-partnership = "2025-01-01" }
only = { sector = ["charter", "private"] }
geography = "district"
products = { city-partnership = ["city"] }
review_days = 5
"#;
    let document = DOCUMENT
        .replace("[\"city\"]", "[\"*\"]")
        .replace("dimensions = [\"geography\", \"race\"]", "dimensions = [\"*\"]");
    let plain = Agreement::parse(&document).expect("valid");
    let limited = Agreement::parse(&format!("{document}{TERMS}")).expect("valid");
    let (northfield, both) =
        (BTreeSet::from([org("northfield")]), BTreeSet::from([org("northfield"), org("eastbrook")]));
    let periods = [year(2021)];
    let question = |product: &str, dimensions: &[&str], filters: &[(&str, &str)]| Question {
        agreement: "city-outcomes".into(),
        purpose: "public_reporting".into(),
        slice: Slice {
            product: product.into(),
            indicator: "chronic_absence".into(),
            dimensions: dimensions.iter().map(|id| (*id).to_owned()).collect(),
            filters: filters.iter().map(|(id, at)| ((*id).to_owned(), (*at).to_owned())).collect(),
            periods: vec![year(2021)],
        },
        edition: None,
    };
    let charter: &[(&str, &str)] = &[("sector", "charter")];
    let right = || (question("city", &["race"], charter), offer(&northfield, &periods), "2025-01-01");
    let decide = |agreement: &Agreement, (question, offer, day): (Question, Offer<'_>, &str)| {
        let decided =
            agreement.permit(by(&org("city-partnership")), &question, offer, day.parse().expect("a date"));
        decided.map(drop).map_err(|refused| refused.rule.name())
    };
    assert_eq!(decide(&limited, right()), Ok(()));
    let (of_schools, by_place) =
        (Offer { has_schools: true, ..right().1 }, question("city", &["geography"], charter));
    let cases = [
        ("agreement.attested", (right().0, right().1, "2024-12-31")),
        ("agreement.product", (question("tutoring", &["race"], charter), right().1, right().2)),
        ("agreement.population", (question("city", &["race"], &[]), right().1, right().2)),
        ("agreement.population", (question("city", &["race", "sector"], &[]), right().1, right().2)),
        (
            "agreement.population",
            (question("city", &["race"], &[("sector", "district")]), right().1, right().2),
        ),
        ("agreement.geography", (by_place.clone(), of_schools, right().2)),
        ("agreement.cell_min", (right().0, offer(&both, &periods), right().2)),
        ("agreement.profile", (right().0, Offer { profile: Some("delaware"), ..right().1 }, right().2)),
        ("agreement.reviewed", (right().0, Offer { is_reviewed: false, ..right().1 }, right().2)),
    ];
    for (rule, case) in cases {
        assert_eq!(decide(&limited, case.clone()), Err(rule));
        if rule != "agreement.reviewed" {
            assert_eq!(decide(&plain, case), Ok(()), "{rule}");
        }
    }
    let others = [
        (right().0, Offer { profile: Some("utah"), ..right().1 }, right().2),
        (right().0, Offer { profile: None, ..right().1 }, right().2),
        (right().0, Offer { cell_min: 15, ..offer(&both, &periods) }, right().2),
        (question("city", &["race"], &[("sector", "private")]), right().1, right().2),
        (by_place, right().1, right().2),
        (right().0, of_schools, "2025-01-02"),
    ];
    for case in others {
        assert_eq!(decide(&limited, case), Ok(()));
    }
}

#[test]
fn terms_name_parties_and_elements_that_there_are() {
    let wrong = r#"
[terms]
minimums = { westport = 15, eastbrook = 2 }
attested = { city-partnership = "2025-02-30", bystander = "2025-01-01" }
only = { sector = [] }
geography = "street"
elements = ["person.sex", "person.shoe_size"]
deliveries = { northfield = ["2025-02-01", "2025-01-01"] }
"#;
    let error = Agreement::parse(&format!("{DOCUMENT}{wrong}")).expect_err("much is wrong").to_string();
    for part in ["minimums: are", "minimums: names", "attested: names", "attested: ", "only:", "geography:"] {
        assert!(error.contains(&format!("terms.{part}")), "{part} in {error}");
    }
    assert!(error.contains("terms.elements:") && error.contains("terms.deliveries:"), "{error}");
    assert!(!error.contains("shoe_size"), "what was written is not quoted");
}

#[test]
fn what_an_agreement_does_not_list_is_dropped_on_receipt() {
    let day = "2025-01-01".parse().expect("a date");
    let trimmed = |terms: &str| {
        let agreement = Agreement::parse(&format!("{DOCUMENT}{terms}")).expect("valid");
        let permit = agreement.permit_intake(by(&org("eastbrook")), day).expect("a source, in force");
        let mut fact = Fact::Person(Demographics {
            sex: Some(Sex::Female),
            homeless: Some(true),
            birth_month: "2011-05".parse().ok(),
            ..Demographics::default()
        });
        permit.trim(&mut fact);
        match fact {
            Fact::Person(kept) => (kept.sex.is_some(), kept.homeless.is_some(), kept.birth_month.is_some()),
            _ => unreachable!("it is a person"),
        }
    };
    assert_eq!(trimmed(""), (true, true, false), "the month of birth is kept on purpose alone");
    let terms = "[terms]\nelements = [\"person.sex\", \"person.birth_month\"]";
    assert_eq!(trimmed(terms), (true, false, true));
    assert_eq!(trimmed("[terms]\nelements = []"), (false, false, false));
}

#[test]
fn a_dated_status_is_the_element_that_it_dates() {
    let day = "2025-01-01".parse().expect("a date");
    let agreement =
        Agreement::parse(&format!("{DOCUMENT}[terms]\nelements = [\"person.homeless\"]")).expect("valid");
    let permit = agreement.permit_intake(by(&org("eastbrook")), day).expect("a source, in force");
    let keeps = |status| permit.keeps(&Fact::Status(Status { status, zone: None, begin: day, end: None }));
    assert!(
        keeps(StatusKind::Homeless) && !keeps(StatusKind::Foster) && !keeps(StatusKind::DirectlyCertified)
    );
    assert!(permit.keeps(&Fact::Person(Demographics::default())));
}

#[test]
fn a_source_may_have_a_legal_basis_of_its_own() {
    let day = "2025-01-01".parse().expect("a date");
    let agreement = Agreement::parse(&format!("{DOCUMENT}[terms]\nbases = {{ eastbrook = \"consent\" }}"));
    let agreement = agreement.expect("valid");
    let basis =
        |source: &str| agreement.permit_intake(by(&org(source)), day).expect("a source").basis().name();
    assert_eq!((basis("eastbrook"), basis("northfield")), ("consent", "audit_or_evaluation"));
}

#[test]
fn where_people_are_named_only_they_may_act() {
    let terms =
        "\n[terms]\npeople = { city-partnership = [\"a.miller\", \"b.ito\"], eastbrook = [\"nightly\"] }\n";
    let agreement = Agreement::parse(&format!("{DOCUMENT}{terms}")).expect("valid");
    let (sources, periods) = (BTreeSet::from([org("northfield")]), [year(2021)]);
    let question = Question {
        agreement: "city-outcomes".into(),
        purpose: "public_reporting".into(),
        slice: Slice {
            product: "city".into(),
            indicator: "chronic_absence".into(),
            dimensions: Vec::new(),
            filters: Vec::new(),
            periods: periods.to_vec(),
        },
        edition: None,
    };
    let day = "2025-01-01".parse().expect("a date");
    let code = |name: &str| Code::new(name).expect("a code");
    let rule = |decided: Result<(), Refused>| decided.map_err(|refused| refused.rule.name());
    let asks = |name: Option<&str>| {
        let (organization, principal) = (org("city-partnership"), name.map(code));
        let caller = Caller { organization: &organization, principal: principal.as_ref() };
        rule(agreement.permit(caller, &question, offer(&sources, &periods), day).map(drop))
    };
    let sends = |source: &str, name: Option<&str>| {
        let (organization, principal) = (org(source), name.map(code));
        let caller = Caller { organization: &organization, principal: principal.as_ref() };
        rule(agreement.permit_intake(caller, day).map(drop))
    };
    assert_eq!((asks(Some("a.miller")), asks(Some("b.ito"))), (Ok(()), Ok(())));
    assert_eq!((asks(Some("c.other")), asks(None)), (Err("agreement.principal"), Err("agreement.principal")));
    assert_eq!((sends("eastbrook", Some("nightly")), sends("northfield", None)), (Ok(()), Ok(())));
    assert_eq!(sends("eastbrook", Some("a.miller")), Err("agreement.principal"), "of another party");
    for wrong in [
        "{ westport = [\"a\"] }",
        "{ eastbrook = [] }",
        "{ eastbrook = [\"a b\"] }",
        "{ eastbrook = [\"A.Miller\"] }",
    ] {
        let error = Agreement::parse(&format!("{DOCUMENT}\n[terms]\npeople = {wrong}\n")).expect_err(wrong);
        assert!(error.to_string().contains("terms.people"), "{error}");
    }
}
