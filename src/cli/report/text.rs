//! Reports for people at a terminal.

use super::page::{Page, Supplied};
use super::words;
use crate::cli::screen::{count, counted, say};
use crate::cli::sources;
use crate::cli::table::{Align, Table, bar};
use crate::figures::{Figure, Line, Quantity, Row, Scale};

pub(super) fn print(page: &Page) {
    say(&page.title);
    if let Some((_, source)) = &page.pack {
        say(&format!("list: {source}"));
    }
    if page.figures().next().is_some() {
        say(&format!("{}; {}", page.under(), words::loss(page.loss())));
    }
    for entry in &page.entries {
        say("");
        say(&entry.title);
        match &entry.figure {
            Some(figure) => print_figure(figure),
            None => {
                say(&entry.unoffered.as_ref().map_or_else(String::new, |reason| format!("  {reason}")));
                entry.unanswered.iter().for_each(|reason| say(&format!("  not answered: {reason}")));
            }
        }
    }
    if page.figures().any(|figure| figure.rows.iter().any(|row| row.interval.is_some())) {
        say("");
        say(
            "Differences are associations, not effects. Intervals say how far chance alone may have moved a figure; they take the",
        );
        say(
            "students of two years as different ones. Of twenty figures that nothing has moved, about one is beyond chance.",
        );
    }
    print_supplied(&page.supplied);
    let (sources, credits) = (page.sources(), page.credits());
    if !(sources.is_empty() && credits.is_empty()) {
        say("");
    }
    sources::sentences(&sources).iter().for_each(|sentence| say(sentence));
    credits.iter().for_each(|credit| say(credit));
    if let (Some(first), Some(last)) = (page.entries_of_log.iter().min(), page.entries_of_log.iter().max()) {
        say("");
        say(&format!(
            "{} on record, between entries {first} and {last} of the access log; every proof was checked.",
            counted(page.entries_of_log.len() as u64, "answer is", "answers are")
        ));
    }
}

fn print_figure(figure: &Figure) {
    let definition = &figure.basis.definition;
    let described = [
        ("", &definition.definition),
        ("numerator: ", &definition.numerator),
        ("denominator: ", &definition.denominator),
        ("caveat: ", &definition.caveat),
        ("only: ", &figure.basis.population),
    ];
    for (name, text) in described.into_iter().filter(|(_, text)| !text.is_empty()) {
        say(&format!("  {name}{text}"));
    }
    figure.basis.filters.iter().for_each(|filter| say(&format!("  {filter}")));
    say(&format!("  {}", words::basis(figure)));
    say("");
    say(&table(figure).print());
    let is_drawn = |line: &&Line| line.points.len() > 2 && line.points.iter().any(|(_, level)| level.is_ok());
    for line in figure.lines.iter().filter(is_drawn) {
        say(&format!("  {}  {}", spark(line), line.label));
    }
    say("");
    figure.findings.iter().for_each(|found| say(&format!("  > {}", found.text)));
    for each in &figure.breaks {
        say(&format!("    break in {}: {}", words::year(each.year), each.why));
    }
    for each in &figure.annotations {
        say(&format!("    {}: {}", words::year(each.year), each.text));
    }
    figure.notes.iter().for_each(|note| say(&format!("    {note}")));
    words::marks(figure).iter().for_each(|mark| say(&format!("    {mark}")));
}

fn table(figure: &Figure) -> Table {
    let mut table = Table::new(&[
        ("Year", Align::Left),
        ("Group", Align::Left),
        ("Figure", Align::Left),
        ("Counted", Align::Right),
        ("Value", Align::Right),
        ("95 %", Align::Right),
        ("", Align::Left),
    ]);
    for row in &figure.rows {
        let what = match row.against.as_str() {
            "" => row.quantity.label().to_owned(),
            // The group stands beside it.
            against if against.ends_with(&row.group) && against.starts_with("All but ") => {
                format!("{} to all others", row.quantity.label())
            }
            against => format!("{} to {against}", row.quantity.label()),
        };
        table.row([
            words::years(row),
            row.group.clone(),
            what,
            words::counts(row),
            words::value(row),
            words::interval(row),
            last(row),
        ]);
    }
    table
}

/// A bar beside percents, a mark as long as the gap beside gaps, words beside all others.
fn last(row: &Row) -> String {
    match (&row.value, row.quantity, row.scale) {
        (Ok(value), Quantity::Level, Scale::Percent) => {
            format!("{} {}", bar(value / 100.0), words::says(row)).trim().to_owned()
        }
        (Ok(value), Quantity::Gap, Scale::Points) => {
            format!("├{}┤ {}", "─".repeat((value.abs() / 5.0).round() as usize), words::says(row))
        }
        _ => words::says(row),
    }
}

/// A series in one character a year; `*` where it is hidden.
fn spark(line: &Line) -> String {
    const STEPS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let shown = line.points.iter().filter_map(|(_, value)| value.as_ref().ok().copied());
    let (low, high) =
        shown.fold((f64::MAX, f64::MIN), |(low, high), value| (low.min(value), high.max(value)));
    let step = |value: f64| {
        let share = if high > low { (value - low) / (high - low) } else { 0.5 };
        STEPS[(share * 7.0).round() as usize]
    };
    let point = |(_, value): &(u32, Result<f64, crate::figures::Missing>)| match value {
        Ok(value) => step(*value),
        Err(missing) => missing.mark().chars().next().filter(|mark| "*-".contains(*mark)).unwrap_or('·'),
    };
    line.points.iter().map(point).collect()
}

fn print_supplied(lines: &[Supplied]) {
    if lines.is_empty() {
        return;
    }
    say("");
    say("As supplied: counted by others, neither linked nor protected here");
    let mut table = Table::new(&[
        ("Line", Align::Left),
        ("Year", Align::Left),
        ("Population", Align::Left),
        ("Counted", Align::Right),
        ("Percent", Align::Right),
        ("95 %", Align::Right),
        ("Source", Align::Left),
        ("As of", Align::Left),
    ]);
    for line in lines {
        for figure in &line.figures {
            let people = match (figure.numerator, figure.denominator) {
                (Some(with), Some(people)) => format!("{} of {}", count(with), count(people)),
                (None, Some(people)) => count(people),
                _ => "not told".into(),
            };
            let ends = figure.interval();
            table.row([
                line.label.clone(),
                words::year(figure.year),
                figure.population.clone(),
                people,
                format!("{:.1} %", figure.value),
                ends.map_or_else(String::new, |ends| format!("{:.1} to {:.1}", ends.low, ends.high)),
                figure.source.clone(),
                figure.as_of.to_string(),
            ]);
        }
    }
    if !table.is_empty() {
        say("");
        say(&table.print());
    }
    for line in lines.iter().filter(|line| line.figures.is_empty()) {
        say(&format!("  {}: no figure was supplied{}", line.label, line.besides()));
    }
    for line in lines.iter().filter(|line| !line.note.is_empty()) {
        say(&format!("    {}: {}", line.label, line.note));
    }
}
