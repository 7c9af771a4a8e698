//! Charts of made-up sizes.

use super::super::figures::Says;
use super::*;
use quick_xml::Reader;
use quick_xml::events::Event;

/// Three sizes of which each measure costs what `cost` says of its place and the multiple.
fn sizes(cost: impl Fn(usize, f64) -> f64) -> Vec<Figures> {
    let size = |times: f64| {
        let mut figures = Figures::new((20_000.0 * times) as u64);
        for (n, (name, label)) in MEASURES.iter().enumerate() {
            figures.tell(name, label, cost(n, times), Says::Cost);
        }
        figures
    };
    [1.0, 3.0, 10.0].map(size).into()
}

/// The elements of a chart, each with its attributes as they are written; it must be well-formed.
fn elements(svg: &str) -> Vec<(String, String)> {
    let (mut reader, mut found, mut depth) = (Reader::from_str(svg), Vec::new(), 0);
    loop {
        let event = reader.read_event().expect("well-formed");
        match &event {
            Event::Start(element) | Event::Empty(element) => {
                assert!(element.attributes().all(|attribute| attribute.is_ok()), "{svg}");
                found.push((element.name().as_ref().to_owned(), element.attributes_raw().to_owned()));
            }
            _ => {}
        }
        depth += i32::from(matches!(event, Event::Start(_))) - i32::from(matches!(event, Event::End(_)));
        if event == Event::Eof {
            assert_eq!(depth, 0);
            return found;
        }
    }
}

fn lines_of(svg: &str) -> usize {
    elements(svg).iter().filter(|(name, _)| name == "polyline").count()
}

#[test]
fn each_measure_has_a_line_of_its_own_look() {
    let svg = chart(&sizes(|n, times| (n + 1) as f64 * times)).expect("three sizes");
    assert_eq!(lines_of(&svg), MEASURES.len());
    let looks: std::collections::BTreeSet<_> =
        lines(&sizes(|_, times| times)).iter().map(|line| (line.color, line.dash)).collect();
    assert_eq!(looks.len(), MEASURES.len(), "no two look the same");
    let (_, root) = &elements(&svg)[0];
    assert!(root.contains("role=\"img\"") && root.contains("from 20,000 to 200,000 students"), "{root}");
    assert!(!svg.contains("<script") && !svg.contains("href") && !svg.contains("NaN"), "{svg}");
    // Ten times the cost of ten times the students is on the level.
    assert_eq!(svg.matches(": 1.00<").count(), MEASURES.len());
}

#[test]
fn what_was_not_measured_is_left_out() {
    let unmeasured = sizes(|n, times| if n == 3 { f64::NAN } else { times * times });
    let svg = chart(&unmeasured).expect("three sizes");
    assert_eq!(lines_of(&svg), MEASURES.len() - 1);
    assert!(!svg.contains(MEASURES[3].1) && svg.contains("Start, time: 10.00<"), "{svg}");
    // A size in the middle that is missing is passed over.
    let middle = sizes(|n, times| if n == 3 && times == 3.0 { f64::NAN } else { times });
    assert_eq!(lines_of(&chart(&middle).expect("three sizes")), MEASURES.len());
    assert_eq!(chart(&sizes(|_, _| f64::NAN)), None);
    assert_eq!(chart(&sizes(|_, times| times)[..1]), None);
}

#[test]
fn labels_do_not_overlap() {
    // All alike, all at the lower end, and each somewhere else.
    let costs: [fn(usize, f64) -> f64; 3] =
        [|_, times| times, |n, _| n as f64 + 1.0, |n, times| times.powi(n as i32)];
    for cost in costs {
        let svg = chart(&sizes(cost)).expect("three sizes");
        let start = format!("x=\"{LABELS:.1}\" y=\"");
        let height = |(_, rest): &(String, String)| {
            rest.trim_start().strip_prefix(&start)?.split('"').next()?.parse::<f64>().ok()
        };
        let mut heights: Vec<f64> = elements(&svg).iter().filter_map(height).collect();
        heights.sort_by(f64::total_cmp);
        assert_eq!(heights.len(), MEASURES.len());
        assert!(heights.windows(2).all(|pair| pair[1] - pair[0] >= LABEL_HEIGHT - 0.2), "{heights:?}");
        assert!(heights[0] >= TOP && heights[MEASURES.len() - 1] <= HEIGHT - 20.0, "{heights:?}");
    }
}

#[test]
fn ticks_are_round() {
    assert_eq!(ticks(0.09, 2.2), [0.1, 0.2, 0.5, 1.0, 2.0]);
    assert_eq!(ticks(0.009, 110.0), [0.01, 0.1, 1.0, 10.0, 100.0]);
}
