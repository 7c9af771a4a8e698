//! Places: districts, unknown schools, levels.

use crate::city::{City, Figure, at, code, figure, person, product, school};
use throughline::outcomes::Unit::StudentYear;
use throughline::outcomes::{Error, check_together, tabulate};
use throughline::records::Sector;

const ENROLLED: &str = "[[indicators]]\nname = \"enrolled\"\nuse = \"enrollment\"\n\
    [[dimensions]]\nid = \"sector\"\nsource = \"sector\"\n";

fn city() -> City {
    let mut city = City::new();
    // The agency reports for a district of its own numbering, and for a charter of the east.
    city.schools.push(("agency", school("x", Some("77"), Sector::Private)));
    city.schools.push(("agency", school("y", Some("east"), Sector::Charter)));
    city.say(1, "east", at("a", 2024, "05"));
    city.say(2, "agency", at("x", 2024, "05"));
    city.say(3, "agency", at("y", 2024, "05"));
    city.say(4, "west", at("not-described", 2024, "05"));
    city.say(5, "west", crate::city::score("2024-05-01", 1, true));
    city
}

#[test]
fn places_are_a_tree() {
    let counts = city().count(ENROLLED, StudentYear, 2024);
    let at = |place| figure(&counts, "enrollment", &[("geography", place)]);
    for (place, expected) in [
        ("all", 5),
        ("east", 2),
        ("east:a", 1),
        ("east:b", 0),
        ("agency/77", 1),
        ("agency:x", 1),
        ("agency:y", 1),
        ("west", 1),
        ("unknown", 1),
    ] {
        assert_eq!(at(place), Figure::Count(expected), "{place}");
    }
    let geography = &counts.dimensions[0];
    let node = |id| &geography.nodes[usize::from(geography.position(id).expect("a place"))];
    assert_eq!(node("agency:x").label, "School x");
    assert_eq!(node("agency/77").label, "District 77");
    assert_eq!(node("agency:y").parent, geography.position("east").expect("a place"));
    let sector = |category| figure(&counts, "enrollment", &[("sector", category)]);
    assert_eq!(
        (sector("charter"), sector("private"), sector("unknown")),
        (Figure::Count(1), Figure::Count(1), Figure::Count(2))
    );
}

#[test]
fn a_product_can_stop_at_districts() {
    let districts = format!("geography = \"district\"\n{ENROLLED}");
    let counts = city().count(&districts, StudentYear, 2024);
    assert_eq!(figure(&counts, "enrollment", &[("geography", "east")]), Figure::Count(2));
    assert!(counts.dimensions[0].nodes.iter().all(|node| !node.id.contains(':')));
    let products = [product(ENROLLED), product(&format!("product = \"q\"\n{districts}"))];
    assert_eq!(tabulate(&city().edition(), &products), Err(Error::MixedGeography));
    assert_eq!(check_together(&products[1], &products[..1]), Err(Error::MixedGeography));
    assert_eq!(
        tabulate(&city().edition(), &[product(ENROLLED), product(ENROLLED)]),
        Err(Error::DuplicateProduct)
    );
}

#[test]
fn a_dimension_is_one_thing_in_all_products_counted_together() {
    let other = ENROLLED.replace("source = \"sector\"", "source = \"entry\"");
    let products = [product(ENROLLED), product(&format!("product = \"q\"\n{other}"))];
    let mixed = Err(Error::MixedDimension("sector".into()));
    assert_eq!(check_together(&products[1], &products[..1]), mixed);
    assert_eq!(tabulate(&city().edition(), &products).map(|_| ()), mixed);
    assert_eq!(check_together(&products[0], &[product(ENROLLED)]), Ok(()));
}

#[test]
fn the_order_of_products_leaves_no_trace() {
    let other = ENROLLED.replace("sector", "entry");
    let products = [
        product(ENROLLED),
        product(&format!("product = \"a\"\n{other}{ENROLLED}").replacen("enrolled", "first", 1)),
    ];
    let edition = city().edition();
    let counts = tabulate(&edition, &products).expect("it can be counted");
    let reversed: Vec<_> = products.iter().rev().cloned().collect();
    assert_eq!(tabulate(&edition, &reversed), Ok(counts.clone()));
    // The sector that both define alike is one dimension.
    let ids: Vec<_> = counts[0].dimensions.iter().map(|dimension| dimension.id.as_str()).collect();
    assert_eq!(ids, ["geography", "entry", "sector"]);
    let dimensions: Vec<_> = counts[0].publications.iter().map(|p| p.dimensions.clone()).collect();
    assert_eq!(dimensions, [vec![1, 2], vec![2]]);
}

#[test]
fn zones_can_be_grouped_before_any_is_known() {
    let zones = r#"
        [[indicators]]
        name = "enrolled"
        use = "enrollment"
        [[dimensions]]
        id = "zone"
        source = "zone"
        groups = [{ id = "north", label = "North", members = ["n1", "n2", "n9"] }]
    "#;
    let mut city = City::new();
    for (number, zone) in [(1, "n1"), (2, "n2"), (3, "s1"), (4, "north"), (5, "all"), (6, "unknown")] {
        city.say(number, "east", at("a", 2024, "05"));
        city.say(number, "east", person(|p| p.zone = Some(code(zone))));
    }
    city.say(7, "east", at("a", 2024, "05"));
    let counts = city.count(zones, StudentYear, 2024);
    let enrolled = |zone| figure(&counts, "enrollment", &[("zone", zone)]);
    // A zone with the group's own id lies in the group; the ids of the root and of "not known" are no zones.
    for (zone, expected) in [("all", 7), ("north", 3), ("n1", 1), ("s1", 1), ("unknown", 3)] {
        assert_eq!(enrolled(zone), Figure::Count(expected), "{zone}");
    }
    let only = format!("population = \"zone = 'n1' or zone = 'unknown'\"\n{zones}");
    let counts = city.count(&only, StudentYear, 2024);
    let measure = "enrollment [zone = 'n1' or zone = 'unknown']";
    assert_eq!(figure(&counts, measure, &[]), Figure::Count(4));
}
