//! Growth as a chart, as SVG: no scripts, nothing from elsewhere.
//!
//! Both axes are logarithmic, so a cost that grows as a power of the state is a straight line, and the level one is a cost that
//! grows exactly as the state does.

use super::figures::Figures;
use crate::cli::report::STROKES;
use crate::cli::screen::count;
use std::fmt::Write;

const WIDTH: f64 = 800.0;
const HEIGHT: f64 = 440.0;
/// Left, right, top, bottom.
const MARGINS: (f64, f64, f64, f64) = (64.0, 230.0, 52.0, 54.0);
/// Where the axes end.
const LEFT: f64 = MARGINS.0;
const RIGHT: f64 = WIDTH - MARGINS.1;
const TOP: f64 = MARGINS.2;
const BOTTOM: f64 = HEIGHT - MARGINS.3;
/// Where the labels of lines begin, and how far apart they are at least.
const LABELS: f64 = RIGHT + 22.0;
const LABEL_HEIGHT: f64 = 15.0;
/// How far apart the numbers of students are at least.
const TICK_WIDTH: f64 = 62.0;

const TITLE: &str = "What 1,000 students cost as the state grows";

/// What is drawn, with its name on the chart.
const MEASURES: [(&str, &str); 7] = [
    ("intake_s", "Intake, time"),
    ("publish_s", "Publishing, time"),
    ("publish_again_s", "Publishing again, time"),
    ("intake_mb", "Intake, memory"),
    ("publish_mb", "Publishing, memory"),
    ("start_s", "Start, time"),
    ("answer_p50_ms", "Answer, time (median)"),
];

/// A measure that was made at two sizes at least.
struct Line {
    label: String,
    color: &'static str,
    dash: &'static str,
    /// Number of students, and the cost of each against the smallest size.
    points: Vec<(f64, f64)>,
}

/// The chart; nothing where no measure was made at two sizes.
pub(super) fn chart(sizes: &[Figures]) -> Option<String> {
    let lines = lines(sizes);
    let (first, last) = (sizes.first()?.n_students, sizes.last()?.n_students);
    if lines.is_empty() || first >= last {
        return None;
    }
    let (from, width) = ((first as f64).ln(), (last as f64 / first as f64).ln());
    let x = |n_students: f64| LEFT + (n_students.ln() - from) / width * (RIGHT - LEFT);
    // What hardly grows is not to look as if it did: the axis spans a factor of four or more.
    let costs = lines.iter().flat_map(|line| &line.points).map(|point| point.1);
    let (low, high) = costs.fold((0.5f64, 2.0f64), |(low, high), cost| (low.min(cost), high.max(cost)));
    let (low, high) = (low / 1.1, high * 1.1);
    let y = |cost: f64| TOP + (high / cost).ln() / (high / low).ln() * (BOTTOM - TOP);

    let ends: Vec<&str> = lines.iter().map(|line| line.label.as_str()).collect();
    let told = format!(
        "{TITLE}, from {} to {} students, against the smallest size. At the end: {}",
        count(first),
        count(last),
        ends.join("; ")
    );
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-label=\"{told}\" \
         font-family=\"system-ui, sans-serif\" font-size=\"12\" fill=\"#111\">\n\
         <rect width=\"{WIDTH}\" height=\"{HEIGHT}\" fill=\"#fff\"/>\n\
         <text x=\"{LEFT}\" y=\"24\" font-size=\"16\" font-weight=\"600\">{TITLE}</text>\n"
    );
    axes(&mut svg, sizes, (low, high), &x, &y);
    for line in &lines {
        let points: Vec<String> = line.points.iter().map(|(n, cost)| at(x(*n), y(*cost))).collect();
        let _ = writeln!(
            svg,
            "<polyline points=\"{}\" fill=\"none\" stroke=\"{}\" stroke-width=\"2\" stroke-dasharray=\"{}\"/>",
            points.join(" "),
            line.color,
            line.dash
        );
        for (n, cost) in &line.points {
            let _ = writeln!(
                svg,
                "<circle cx=\"{:.1}\" cy=\"{:.1}\" r=\"3\" fill=\"{}\"/>",
                x(*n),
                y(*cost),
                line.color
            );
        }
    }
    labels(&mut svg, &lines, &x, &y);
    svg += "</svg>\n";
    Some(svg)
}

fn lines(sizes: &[Figures]) -> Vec<Line> {
    let Some(smallest) = sizes.first() else { return Vec::new() };
    let lines = MEASURES.iter().enumerate().map(|(n, (name, label))| {
        let points: Vec<(f64, f64)> = (sizes.iter())
            .filter_map(|size| Some((size.n_students as f64, size.growth(smallest, name)?)))
            .collect();
        let end = points.last().map_or(f64::NAN, |point| point.1);
        // After the last stroke, colors begin again, with the dash of another.
        let (color, dash) =
            (STROKES[n % STROKES.len()].0, STROKES[(n + n / STROKES.len()) % STROKES.len()].1);
        Line { label: format!("{label}: {end:.2}"), color, dash, points }
    });
    lines.filter(|line| line.points.len() > 1).collect()
}

/// The axes with their words, and the level of a cost that grows as the state does.
fn axes(
    svg: &mut String,
    sizes: &[Figures],
    (low, high): (f64, f64),
    x: &dyn Fn(f64) -> f64,
    y: &dyn Fn(f64) -> f64,
) {
    for cost in ticks(low, high) {
        let (color, width) = if cost == 1.0 { ("#555", 1.5) } else { ("#ddd", 1.0) };
        let _ = writeln!(
            svg,
            "<line x1=\"{LEFT}\" x2=\"{RIGHT}\" y1=\"{0:.1}\" y2=\"{0:.1}\" stroke=\"{color}\" stroke-width=\"{width}\"/>\
             <text x=\"{1:.1}\" y=\"{2:.1}\" text-anchor=\"end\">{cost}</text>",
            y(cost),
            LEFT - 6.0,
            y(cost) + 4.0,
        );
    }
    let _ = writeln!(
        svg,
        "<text x=\"{:.1}\" y=\"{:.1}\" fill=\"#555\">1: grows exactly as the state does</text>",
        LEFT + 8.0,
        y(1.0) - 6.0
    );
    let mut free = f64::MIN;
    for n_students in sizes.iter().map(|size| size.n_students) {
        let at = x(n_students as f64);
        let _ = writeln!(
            svg,
            "<line x1=\"{at:.1}\" x2=\"{at:.1}\" y1=\"{BOTTOM}\" y2=\"{:.1}\" stroke=\"#555\"/>",
            BOTTOM + 5.0
        );
        if at >= free {
            free = at + TICK_WIDTH;
            let _ = writeln!(
                svg,
                "<text x=\"{at:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{}</text>",
                BOTTOM + 19.0,
                count(n_students)
            );
        }
    }
    let _ = writeln!(
        svg,
        "<line x1=\"{LEFT}\" x2=\"{RIGHT}\" y1=\"{BOTTOM}\" y2=\"{BOTTOM}\" stroke=\"#555\"/>\
         <text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\">Students (logarithmic)</text>\
         <text transform=\"translate(18 {:.1}) rotate(-90)\" text-anchor=\"middle\">\
         Cost per 1,000 students, smallest size = 1 (logarithmic)</text>",
        f64::midpoint(LEFT, RIGHT),
        BOTTOM + 42.0,
        f64::midpoint(TOP, BOTTOM)
    );
}

/// Round numbers between two: 1, 2 and 5 of each decade, or of many decades 1 alone.
fn ticks(low: f64, high: f64) -> Vec<f64> {
    let decades = low.log10().floor() as i32..=high.log10().ceil() as i32;
    let steps: &[f64] = if high / low > 2_000.0 { &[1.0] } else { &[1.0, 2.0, 5.0] };
    let power = |decade: i32, step: f64| match decade {
        // Divided, so that it prints as it is written.
        ..0 => step / 10f64.powi(-decade),
        _ => step * 10f64.powi(decade),
    };
    let all = decades.flat_map(|decade| steps.iter().map(move |step| power(decade, *step)));
    all.filter(|cost| (low..=high).contains(cost)).collect()
}

/// A label at the end of each line, and a thin line to those that had to move.
fn labels(svg: &mut String, lines: &[Line], x: &dyn Fn(f64) -> f64, y: &dyn Fn(f64) -> f64) {
    let ends = lines.iter().filter_map(|line| {
        let (n, cost) = line.points.last()?;
        Some((x(*n), y(*cost), line))
    });
    let mut ends: Vec<_> = ends.collect();
    ends.sort_by(|a, b| a.1.total_cmp(&b.1));
    let wished: Vec<f64> = ends.iter().map(|end| end.1).collect();
    for ((x, y, line), free) in ends.into_iter().zip(apart(&wished)) {
        let _ = writeln!(
            svg,
            "<path d=\"M{} L{}\" fill=\"none\" stroke=\"{color}\" stroke-width=\"0.7\"/>\
             <text x=\"{LABELS:.1}\" y=\"{:.1}\" fill=\"{color}\">{}</text>",
            at(x + 5.0, y),
            at(LABELS - 4.0, free),
            free + 4.0,
            line.label,
            color = line.color,
        );
    }
}

/// Heights from the top that are near the ones that are wished for, which ascend, and do not overlap.
fn apart(wished: &[f64]) -> Vec<f64> {
    let mut free = TOP;
    let mut heights: Vec<f64> = Vec::with_capacity(wished.len());
    for wish in wished {
        heights.push(wish.max(free));
        free = wish.max(free) + LABEL_HEIGHT;
    }
    // What has been pushed below the axes pushes the ones above it up again.
    let mut floor = BOTTOM;
    for height in heights.iter_mut().rev() {
        *height = height.min(floor);
        floor = *height - LABEL_HEIGHT;
    }
    heights
}

fn at(x: f64, y: f64) -> String {
    format!("{x:.1},{y:.1}")
}

#[cfg(test)]
mod tests;
