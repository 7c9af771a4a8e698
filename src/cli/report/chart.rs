//! A small chart of levels over the years, as SVG: no scripts, and the table beside it says the same.

use super::html::escape;
use super::words;
use crate::figures::{Figure, Line, Quantity, Scale};
use std::fmt::Write;

const WIDTH: f64 = 640.0;
const HEIGHT: f64 = 240.0;
/// Left, right, top, bottom.
const MARGINS: (f64, f64, f64, f64) = (48.0, 210.0, 12.0, 30.0);
/// Colors that stay apart for people who see few of them (Okabe and Ito), and a dash for each.
pub(in crate::cli) const STROKES: [(&str, &str); 6] = [
    ("#0072b2", ""),
    ("#d55e00", "6 3"),
    ("#00795a", "2 3"),
    ("#a5427f", "8 3 2 3"),
    ("#000000", "1 4"),
    ("#7a5c00", "10 4"),
];

/// The lines that are drawn: as many as there are strokes, of those that have anything to draw.
fn drawn(figure: &Figure) -> Vec<&Line> {
    shown(figure).take(STROKES.len()).collect()
}

fn shown(figure: &Figure) -> impl Iterator<Item = &Line> {
    figure.lines.iter().filter(|line| line.points.iter().any(|(_, level)| level.is_ok()))
}

/// What the chart leaves out, in words.
pub(super) fn left_out(figure: &Figure) -> Option<String> {
    let (drawn, all) = (drawn(figure).len(), shown(figure).count());
    (drawn < all).then(|| format!("Drawn are the first {drawn} of {all} groups."))
}

/// The chart of a figure; nothing where there is no more than a year.
pub(super) fn chart(figure: &Figure) -> Option<String> {
    let lines = drawn(figure);
    let years: Vec<u32> = lines.iter().flat_map(|line| line.points.iter().map(|point| point.0)).collect();
    let (first, last) = (*years.iter().min()?, *years.iter().max()?);
    let shown = lines.iter().flat_map(|line| line.points.iter().filter_map(|point| point.1.as_ref().ok()));
    let (low, high) =
        shown.fold((f64::MAX, f64::MIN), |(low, high), value| (low.min(*value), high.max(*value)));
    if first == last || low > high {
        return None;
    }
    let room = ((high - low) * 0.15).max(1.0);
    let (low, high) = (low - room, high + room);
    let x = |year: u32| {
        MARGINS.0 + f64::from(year - first) / f64::from(last - first) * (WIDTH - MARGINS.0 - MARGINS.1)
    };
    let y = |value: f64| {
        let inside = HEIGHT - MARGINS.2 - MARGINS.3;
        MARGINS.2 + (high - value) / (high - low) * inside
    };
    let mut svg = format!(
        "<svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-label=\"{}\">",
        escape(&format!(
            "{}, {} to {}; the numbers are in the table",
            figure.title,
            words::year(first),
            words::year(last)
        ))
    );
    for value in [low + room, high - room] {
        let at = y(value);
        let unit = if figure.rows.iter().any(|row| row.scale == Scale::Percent) { " %" } else { "" };
        let _ = write!(
            svg,
            "<line x1=\"{:.1}\" x2=\"{:.1}\" y1=\"{at:.1}\" y2=\"{at:.1}\" stroke=\"#bbb\"/>\
             <text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{value:.1}{unit}</text>",
            MARGINS.0,
            WIDTH - MARGINS.1,
            MARGINS.0 - 4.0,
            at + 4.0
        );
    }
    for year in first..=last {
        let _ = write!(
            svg,
            "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{}</text>",
            x(year),
            HEIGHT - 8.0,
            words::year(year)
        );
    }
    for each in figure.breaks.iter().filter(|each| first < each.year && each.year <= last) {
        // Between the last year of the old measure and the first of the new one.
        let at = (x(each.year - 1) + x(each.year)) / 2.0;
        let _ = write!(
            svg,
            "<line x1=\"{at:.1}\" x2=\"{at:.1}\" y1=\"{:.1}\" y2=\"{:.1}\" stroke=\"#555\" stroke-dasharray=\"4 4\"/>",
            MARGINS.2,
            HEIGHT - MARGINS.3
        );
    }
    let mut labels: Vec<(f64, String)> = Vec::new();
    for (line, (color, dash)) in lines.iter().zip(STROKES) {
        let mut run: Vec<String> = Vec::new();
        let mut before = None;
        for (year, value) in &line.points {
            let is_broken = figure.breaks.iter().any(|each| each.year == *year);
            if is_broken || value.is_err() || before.is_some_and(|before| before + 1 != *year) {
                draw(&mut svg, &mut run, color, dash);
            }
            if let Ok(value) = value {
                run.push(format!("{:.1},{:.1}", x(*year), y(*value)));
                let _ = write!(
                    svg,
                    "<circle cx=\"{:.1}\" cy=\"{:.1}\" r=\"3\" fill=\"{color}\"/>",
                    x(*year),
                    y(*value)
                );
            }
            before = Some(*year);
        }
        draw(&mut svg, &mut run, color, dash);
        if let Some(value) = line.points.iter().rev().find_map(|(_, value)| value.as_ref().ok()) {
            labels.push((y(*value), format!("fill=\"{color}\">{}", escape(&line.label))));
        }
    }
    gap(&mut svg, figure, last, &x, &y);
    // Labels that would lie on each other move down.
    labels.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut free = 0.0f64;
    for (at, label) in labels {
        let at = at.max(free);
        free = at + 13.0;
        let _ =
            write!(svg, "<text x=\"{:.1}\" y=\"{:.1}\" {label}</text>", WIDTH - MARGINS.1 + 14.0, at + 4.0);
    }
    svg += "</svg>";
    Some(svg)
}

fn draw(svg: &mut String, run: &mut Vec<String>, color: &str, dash: &str) {
    if run.len() > 1 {
        let _ = write!(
            svg,
            "<polyline points=\"{}\" fill=\"none\" stroke=\"{color}\" stroke-width=\"2\" stroke-dasharray=\"{dash}\"/>",
            run.join(" ")
        );
    }
    run.clear();
}

/// Marks the first gap of the last year between its two levels.
fn gap(svg: &mut String, figure: &Figure, last: u32, x: &dyn Fn(u32) -> f64, y: &dyn Fn(f64) -> f64) {
    let Some(row) = figure.rows.iter().find(|row| row.quantity == Quantity::Gap && row.year == last) else {
        return;
    };
    let level = |group: &str| {
        let line = figure.lines.iter().find(|line| line.label == group)?;
        line.points.iter().find(|point| point.0 == last)?.1.as_ref().ok().copied()
    };
    let (Some(own), Some(other)) = (level(&row.group), level(&row.against)) else { return };
    let _ = write!(
        svg,
        "<line x1=\"{0:.1}\" x2=\"{0:.1}\" y1=\"{1:.1}\" y2=\"{2:.1}\" stroke=\"#b00020\" stroke-width=\"3\"/>\
         <text x=\"{3:.1}\" y=\"{4:.1}\" text-anchor=\"end\" fill=\"#b00020\">{5}</text>",
        x(last) + 6.0,
        y(own),
        y(other),
        x(last) - 6.0,
        (y(own) + y(other)) / 2.0 + 4.0,
        escape(&format!("gap {}", words::value(row)))
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figures::{Basis, Loss, Missing};

    #[test]
    fn hidden_groups_take_no_stroke_and_what_is_left_out_is_told() {
        let line = |at: usize, is_hidden: bool| {
            let level = |value| if is_hidden { Err(Missing::Hidden) } else { Ok(value) };
            Line { label: format!("<group {at}>"), points: vec![(2024, level(10.0)), (2025, level(20.0))] }
        };
        let of = |lines| Figure {
            title: "A figure".into(),
            form: "series",
            basis: Basis::default(),
            rows: Vec::new(),
            findings: Vec::new(),
            notes: Vec::new(),
            lines,
            breaks: Vec::new(),
            annotations: Vec::new(),
            loss: Loss::default(),
        };
        let lines: Vec<Line> = (0..9).map(|at| line(at, at < 4)).collect();
        let five = of(lines.clone());
        let svg = chart(&five).expect("two years");
        assert_eq!((svg.matches("<polyline").count(), left_out(&five)), (5, None));
        assert!(svg.contains("&lt;group 8&gt;") && !svg.contains("group 3"), "{svg}");
        let nine = of(lines.into_iter().chain((9..13).map(|at| line(at, false))).collect());
        assert_eq!(left_out(&nine).as_deref(), Some("Drawn are the first 6 of 9 groups."));
        assert_eq!(chart(&of(vec![line(0, true)])), None);
    }
}
