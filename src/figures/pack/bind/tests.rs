use super::*;
use crate::figures::catalog::{Category, Dimension};
use crate::figures::pack::pack;

fn dimension(id: &str, source: &str, categories: &[(&str, &str)]) -> Dimension {
    let category = |(id, parent): &(&str, &str)| Category {
        id: (*id).into(),
        label: (*id).into(),
        parent: (*parent).into(),
    };
    let categories = [("all", "all")].iter().chain(categories).map(category).collect();
    Dimension { id: id.into(), source: source.into(), categories, ..Dimension::default() }
}

fn offer(id: &str, indicator: &str, settings: &[(&str, &str)], dimensions: Vec<Dimension>) -> Offer {
    let settings = settings.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
    let used = Use { name: format!("{id}_{indicator}"), indicator: indicator.into(), settings };
    Offer { id: id.into(), uses: vec![used], dimensions, depth: 2, ..Offer::default() }
}

fn of(name: &str, line: &str, offers: Vec<Offer>, set: &[(&str, &str)]) -> Vec<Result<Spec, String>> {
    let catalog = Catalog { offers, ..Catalog::default() };
    let set = set.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let report = Report::default();
    let wanted = Wanted { set: &set, product: None, report: &report };
    let bound = bind(pack(name).expect("a pack"), &catalog, wanted);
    bound.into_iter().filter(|bound| bound.id == line).map(|bound| bound.figure).collect()
}

#[test]
fn a_line_binds_to_the_names_of_a_product() {
    let level = dimension("level", "grade", &[("03", "all"), ("04", "all")]);
    let offers = vec![offer("p", "proficiency", &[("subject", "ela"), ("test", "X")], vec![level])];
    let found = of("strivetogether", "early_grade_reading", offers, &[]);
    let spec = found[0].as_ref().expect("it is offered");
    assert_eq!(spec.indicator, "p_proficiency");
    assert_eq!(spec.filters, [("level".to_owned(), "03".to_owned())]);
}

#[test]
fn a_line_that_nobody_offers_says_so() {
    let found = of("strivetogether", "early_grade_reading", Vec::new(), &[]);
    assert!(found[0].as_ref().is_err_and(|reason| reason.contains("no product offers it")), "{found:?}");
    let math = vec![offer("p", "proficiency", &[("subject", "MATH")], Vec::new())];
    assert!(of("strivetogether", "early_grade_reading", math, &[])[0].is_err());
    let reading = vec![offer("p", "proficiency", &[("subject", "ELA")], Vec::new())];
    let found = of("strivetogether", "early_grade_reading", reading, &[]);
    assert!(found[0].as_ref().is_err_and(|reason| reason.contains("no dimension by grade")), "{found:?}");
}

#[test]
fn a_product_about_everybody_is_taken_first() {
    let restricted = Offer { population: "grade >= 3".into(), ..offer("a", "college_16m", &[], Vec::new()) };
    let offers = vec![restricted, offer("b", "college_16m", &[], Vec::new())];
    let found = of("strivetogether", "postsecondary_enrollment", offers, &[]);
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].as_ref().expect("it is offered").product, "b");
}

#[test]
fn grades_are_a_group_where_there_is_one_and_pooled_where_not() {
    let grades = ["06", "07", "08", "09", "10"];
    let pairs: Vec<_> = grades.map(|grade| (grade, "all")).to_vec();
    let program = Dimension {
        program: "NAZ".into(),
        ..dimension("status", "program_status", &[("participant", "all"), ("other", "all")])
    };
    let zone = dimension("zone", "zone", &[("Z1", "all")]);
    let dimensions = vec![dimension("grade", "grade", &pairs), zone, program];
    let offers = vec![offer("p", "attendance_rate", &[], dimensions)];
    let set = [("zone", "Z1"), ("program", "NAZ")];
    let found = of("promise-neighborhoods", "gpra_5_attendance", offers.clone(), &set);
    assert_eq!(found.len(), 2);
    let of_zone = found[0].as_ref().expect("it is offered");
    assert_eq!(of_zone.filters, [("zone".to_owned(), "Z1".to_owned())]);
    let Form::Series(series) = &of_zone.form else { panic!("a series") };
    assert_eq!((series.by.as_deref(), series.pool.len()), (Some("grade"), 4));
    let enrolled = found[1].as_ref().expect("it is offered");
    assert_eq!(enrolled.filters, [("status".to_owned(), "participant".to_owned())]);
    let unset = of("promise-neighborhoods", "gpra_5_attendance", offers, &[]);
    assert!(unset[0].as_ref().is_err_and(|reason| reason.contains("--set zone")), "{unset:?}");
}

#[test]
fn a_line_is_broken_down_or_says_what_is_missing() {
    let race = || dimension("race", "race7", &[("black", "all"), ("white", "all")]);
    let grade = || dimension("level", "grade", &[("03", "all")]);
    let with = |dimensions, depth| {
        let product = Offer { depth, ..offer("p", "enrollment", &[], dimensions) };
        of("say-yes-buffalo", "enrollment_race", vec![product], &[]).remove(0)
    };
    let spec = with(vec![grade(), race()], 1).expect("it has the dimension");
    let Form::Series(series) = spec.form else { panic!("a series") };
    assert_eq!(series.by.as_deref(), Some("race"));
    let without = with(vec![grade()], 1).expect_err("it has none");
    assert!(without.contains("p: it has no dimension by race7, but by grade"), "{without}");
    let shallow = with(vec![race()], 0).expect_err("it cannot be crossed");
    assert!(shallow.contains("it crosses 0 dimensions at most"), "{shallow}");
    // A disparity of another product is not made of everybody.
    let suspended = vec![offer("p", "suspension_rate", &[], vec![grade()])];
    let disparity = of("all-hands-raised", "08_discipline", suspended, &[]).remove(0);
    assert!(disparity.is_err_and(|reason| reason.contains("no dimension by race7")));
}

#[test]
fn a_category_that_a_product_lacks_is_named() {
    let fourth = dimension("level", "grade", &[("04", "all")]);
    let offers = vec![offer("p", "proficiency", &[("subject", "ela")], vec![fourth])];
    let found = of("strivetogether", "early_grade_reading", offers, &[]).remove(0);
    assert!(found.is_err_and(|reason| reason.contains("its dimension level does not have the category 03")));
}
