//! A report as one page: static, without scripts and without anything from elsewhere.
//!
//! The page is made of the tables and the report alone and holds no time: the same edition makes the same bytes.

use super::chart::{chart, left_out};
use super::page::{Entry, Page, Supplied};
use super::words;
use crate::cli::screen::count;
use crate::cli::sources;
use crate::cli::steward::hex;
use crate::figures::Figure;
use std::fmt::Write;

const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;color:#111;background:#fff;max-width:64rem;margin:2rem auto;\
padding:0 1rem}h2{margin-top:3rem;border-top:2px solid #ddd;padding-top:1rem}table{border-collapse:collapse;margin:1rem 0;\
font-size:.9rem}caption{text-align:left;font-weight:600;padding:.3rem 0}th,td{padding:.25rem .6rem;border-bottom:1px solid \
#ddd;text-align:left;vertical-align:top}td.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}\
.scroll{overflow-x:auto}svg{width:100%;max-width:40rem;font-size:11px}dt{font-weight:600}dd{margin:0 0 .4rem 1rem}\
.note{color:#444;font-size:.9rem}.find li{margin:.3rem 0}footer{margin-top:3rem;border-top:2px solid #ddd}";

/// A text as it stands in HTML, in elements and in attributes.
pub(super) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped += "&amp;",
            '<' => escaped += "&lt;",
            '>' => escaped += "&gt;",
            '"' => escaped += "&quot;",
            '\'' => escaped += "&#39;",
            other => escaped.push(other),
        }
    }
    escaped
}

/// The page of a report.
pub(super) fn page(page: &Page) -> String {
    let title = escape(&page.title);
    let mut html = format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>{title}</title>\n\
         <style>{STYLE}</style>\n</head>\n<body>\n<main>\n<h1>{title}</h1>\n"
    );
    if let Some((_, source)) = &page.pack {
        paragraph(&mut html, "note", &format!("The list of indicators: {source}."));
    }
    if page.figures().next().is_some() {
        paragraph(&mut html, "", &format!("{}; {}.", upper(&page.under()), words::loss(page.loss())));
    }
    for (at, entry) in page.entries.iter().enumerate() {
        section(&mut html, at, entry);
    }
    supplied(&mut html, &page.supplied);
    let (sources, credits) = (page.sources(), page.credits());
    if !(sources.is_empty() && credits.is_empty()) {
        html += "<section aria-labelledby=\"sources\">\n<h2 id=\"sources\">Sources</h2>\n";
        sources::sentences(&sources).iter().for_each(|sentence| paragraph(&mut html, "", sentence));
        credits.iter().for_each(|credit| paragraph(&mut html, "", credit));
        html += "</section>\n";
    }
    html += "</main>\n<footer>\n<h2>How to read this page</h2>\n<ul>\n";
    for text in [
        "* is hidden to protect students, or would have to be worked out from something hidden. A hidden cell says nothing else about itself. 0 is nobody in a large enough group, and - a group without students.",
        "Everything is worked out from figures that are shown, and nothing is inferred from hidden ones.",
        "Differences are associations, not effects.",
        "Intervals are of 95 % and say how far chance alone may have moved a figure: Wilson's for shares, Newcombe's for differences of shares. They take the students of two years as different ones, and say nothing of other reasons. Of twenty figures that nothing has moved, about one is beyond chance.",
        "Whether a difference is beyond chance is not told of fewer than 30 students, of numbers that are rounded, carry noise or are not printed, nor of rates of days.",
    ] {
        let _ = writeln!(html, "<li>{}</li>", escape(text));
    }
    html += "</ul>\n</footer>\n</body>\n</html>\n";
    html
}

fn paragraph(html: &mut String, class: &str, text: &str) {
    let class = if class.is_empty() { String::new() } else { format!(" class=\"{class}\"") };
    let _ = writeln!(html, "<p{class}>{}</p>", escape(text));
}

fn upper(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

fn section(html: &mut String, at: usize, entry: &Entry) {
    let _ =
        writeln!(html, "<section aria-labelledby=\"f{at}\">\n<h2 id=\"f{at}\">{}</h2>", escape(&entry.title));
    match (&entry.figure, &entry.unanswered, &entry.unoffered) {
        (Some(figure), ..) => content(html, figure),
        (None, Some(reason), _) => paragraph(html, "", &format!("Not answered: {reason}")),
        (None, None, reason) => paragraph(html, "", &upper(reason.as_deref().unwrap_or_default())),
    }
    *html += "</section>\n";
}

fn content(html: &mut String, figure: &Figure) {
    if !figure.findings.is_empty() {
        *html += "<ul class=\"find\">\n";
        for found in &figure.findings {
            let _ = writeln!(html, "<li>{}</li>", escape(&found.text));
        }
        *html += "</ul>\n";
    }
    if let Some(chart) = chart(figure) {
        let _ = writeln!(html, "{chart}");
        left_out(figure).iter().for_each(|text| paragraph(html, "note", text));
    }
    table(html, figure);
    for each in &figure.breaks {
        paragraph(html, "note", &format!("Break in {}: {}", words::year(each.year), each.why));
    }
    for each in &figure.annotations {
        paragraph(html, "note", &format!("{}: {}", words::year(each.year), each.text));
    }
    figure.notes.iter().for_each(|note| paragraph(html, "note", note));
    words::marks(figure).iter().for_each(|mark| paragraph(html, "note", mark));
    let basis = &figure.basis;
    let definition = &basis.definition;
    let filters = basis.filters.join("; ");
    let digest = hex(&basis.table_digest);
    let described = [
        ("Indicator", &definition.label),
        ("Says", &definition.definition),
        ("Numerator", &definition.numerator),
        ("Denominator", &definition.denominator),
        ("Caveat", &definition.caveat),
        ("Source of the definition", &definition.source),
        ("Product", &basis.title),
        ("Only", &basis.population),
        ("Where", &filters),
        ("Made of", &words::basis(figure)),
        ("Digest of the table (SHA-256)", &digest),
    ];
    *html += "<details>\n<summary>Definition and source</summary>\n<dl>\n";
    for (name, text) in described.into_iter().filter(|(_, text)| !text.is_empty()) {
        let _ = writeln!(html, "<dt>{name}</dt><dd>{}</dd>", escape(text));
    }
    *html += "</dl>\n</details>\n";
    paragraph(html, "note", &format!("{}.", upper(&words::basis(figure))));
}

fn table(html: &mut String, figure: &Figure) {
    let _ = writeln!(
        html,
        "<div class=\"scroll\" role=\"region\" tabindex=\"0\" aria-label=\"{0}\">\n<table>\n<caption>{0}</caption>\n<thead><tr>\
         <th scope=\"col\">School year</th><th scope=\"col\">Group</th><th scope=\"col\">Figure</th>\
         <th scope=\"col\">Compared to</th><th scope=\"col\">Counted</th><th scope=\"col\">Value</th>\
         <th scope=\"col\">95 % interval</th><th scope=\"col\">Remark</th></tr></thead>\n<tbody>",
        escape(&figure.title)
    );
    for row in &figure.rows {
        let _ = writeln!(
            html,
            "<tr><td>{}</td><th scope=\"row\">{}</th><td>{}</td><td>{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td>\
             <td class=\"n\">{}</td><td>{}</td></tr>",
            escape(&words::years(row)),
            escape(&row.group),
            row.quantity.label(),
            escape(&row.against),
            escape(&words::counts(row)),
            escape(&words::value(row)),
            escape(&words::interval(row)),
            escape(&words::says(row))
        );
    }
    *html += "</tbody>\n</table>\n</div>\n";
}

fn supplied(html: &mut String, lines: &[Supplied]) {
    if lines.is_empty() {
        return;
    }
    *html += "<section aria-labelledby=\"supplied\">\n<h2 id=\"supplied\">As supplied</h2>\n";
    paragraph(html, "", "Counted by others, neither linked nor protected here.");
    if lines.iter().any(|line| !line.figures.is_empty()) {
        *html += "<table>\n<caption>Figures as supplied</caption>\n<thead><tr><th scope=\"col\">Line</th>\
                  <th scope=\"col\">School year</th><th scope=\"col\">Population</th><th scope=\"col\">With it</th>\
                  <th scope=\"col\">People</th><th scope=\"col\">Percent</th><th scope=\"col\">95 % interval</th><th scope=\"col\">Source</th>\
                  <th scope=\"col\">As of</th></tr></thead>\n<tbody>\n";
    }
    for (line, figure) in lines.iter().flat_map(|line| line.figures.iter().map(move |figure| (line, figure)))
    {
        let number = |number: Option<u64>| number.map_or_else(|| "not told".into(), count);
        let _ = writeln!(
            html,
            "<tr><th scope=\"row\">{}</th><td>{}</td><td>{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td>\
             <td class=\"n\">{:.1} %</td><td class=\"n\">{}</td><td>{}</td><td>{}</td></tr>",
            escape(&line.label),
            words::year(figure.year),
            escape(&figure.population),
            number(figure.numerator),
            number(figure.denominator),
            figure.value,
            figure.interval().map_or_else(String::new, |ends| format!("{:.1} to {:.1}", ends.low, ends.high)),
            escape(&figure.source),
            figure.as_of
        );
    }
    if lines.iter().any(|line| !line.figures.is_empty()) {
        *html += "</tbody>\n</table>\n";
    }
    for line in lines {
        if line.figures.is_empty() {
            paragraph(html, "note", &format!("{}: no figure was supplied{}", line.label, line.besides()));
        }
        if !line.note.is_empty() {
            paragraph(html, "note", &format!("{}: {}", line.label, line.note));
        }
    }
    *html += "</section>\n";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn supplied_figures_have_their_interval() {
        let csv = "id,year,population,numerator,denominator,value,source,as_of\n\
                   employment,2024,<City>,450,600,,Survey,2024-09-01\n";
        let (figures, _) = crate::figures::read_aggregates(csv.as_bytes(), |_| true).expect("CSV");
        let line = |figures| Supplied {
            line: "employment".into(),
            label: "Employment".into(),
            note: String::new(),
            is_counted_too: true,
            figures,
        };
        let mut html = String::new();
        supplied(&mut html, &[line(figures), line(Vec::new())]);
        assert!(html.contains("<td class=\"n\">75.0 %</td><td class=\"n\">71.4 to 78.3</td>"), "{html}");
        assert!(html.contains("&lt;City&gt;") && !html.contains("<ul>"), "{html}");
        assert!(
            html.contains("Employment: no figure was supplied; what a product offers of it stands above"),
            "{html}"
        );
    }

    #[test]
    fn nothing_in_a_text_is_markup() {
        assert_eq!(escape("<a href='x'>\"&\"</a>"), "&lt;a href=&#39;x&#39;&gt;&quot;&amp;&quot;&lt;/a&gt;");
    }

    #[test]
    fn a_page_asks_for_nothing_from_elsewhere() {
        let entry = Entry {
            line: String::new(),
            title: "<script>alert(1)</script>".into(),
            figure: None,
            unanswered: Some("<img>".into()),
            unoffered: None,
        };
        let html = page(&Page {
            id: "r".into(),
            title: "Title & more".into(),
            pack: None,
            entries: vec![entry],
            supplied: Vec::new(),
            entries_of_log: vec![7],
        });
        for forbidden in ["<script", "<img", "src=", "href=", "url(", "http:", "https:"] {
            assert!(!html.contains(forbidden), "{forbidden}");
        }
        assert!(html.contains("Title &amp; more"));
    }
}
