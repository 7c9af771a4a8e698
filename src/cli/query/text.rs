//! An answer for people.

use crate::api::v1 as pb;
use crate::audit::Receipt;
use crate::calendar::SchoolYear;
use crate::cli::Failure;
use crate::cli::screen::{count, counted, say};
use crate::cli::sources;
use crate::cli::steward::ask;
use crate::cli::table::{Align, Table, bar};
use crate::client::Session;
use crate::disclosure::{Cell, Mark, ProtectedTable};
use crate::figures::{as_of, gone, not_counted};
use prost::Message;
use std::collections::{BTreeMap, BTreeSet};

/// What people call dimensions and categories.
pub(super) struct Names {
    dimensions: BTreeMap<String, String>,
    categories: BTreeMap<(String, String), String>,
}

impl Names {
    pub(super) async fn of(session: &Session, product: &str) -> Result<Self, Failure> {
        let products = ask!(session, releases, list_products, pb::ListProductsRequest {}).products;
        let (mut dimensions, mut categories) = (BTreeMap::new(), BTreeMap::new());
        for dimension in
            products.into_iter().filter(|each| each.id == product).flat_map(|each| each.dimensions)
        {
            for category in dimension.categories {
                categories.insert((dimension.id.clone(), category.id), category.label);
            }
            dimensions.insert(dimension.id, dimension.label);
        }
        Ok(Self { dimensions, categories })
    }

    fn dimension<'a>(&'a self, id: &'a str) -> &'a str {
        self.dimensions.get(id).map_or(id, String::as_str)
    }

    fn category<'a>(&'a self, dimension: &str, id: &'a str) -> &'a str {
        self.categories.get(&(dimension.to_owned(), id.to_owned())).map_or(id, String::as_str)
    }
}

/// Prints an answer: heading, aligned rows with bars, and what has to be known with them.
pub(super) fn print(table: &ProtectedTable, receipt: &Receipt, names: &Names) {
    let by: Vec<_> = table.dimensions().iter().map(|id| names.dimension(id)).collect();
    let by = if by.is_empty() { String::new() } else { format!(" by {}", by.join(", ").to_lowercase()) };
    say(&format!("{}{by}", table.indicator().replace('_', " ")));
    for filter in table.filters() {
        say(&format!(
            "{}: {}",
            names.dimension(&filter.dimension),
            names.category(&filter.dimension, &filter.category)
        ));
    }
    say(&format!(
        "product {} v{}, edition {}, agreement {}, rule {}",
        table.product(),
        table.product_version(),
        table.edition(),
        table.agreement(),
        table.profile()
    ));
    let mut headings: Vec<(&'static str, Align)> = vec![("Year", Align::Left)];
    // The headings live as long as the program: there are few, and it ends right after.
    headings
        .extend(table.dimensions().iter().map(|id| (&*names.dimension(id).to_owned().leak(), Align::Left)));
    // A rule that codes rates prints nobody with the outcome, and some such rules no students at all.
    let is_shown = |cell: &&Cell| [Mark::Shown, Mark::Zero].contains(&cell.mark());
    let has_people = !table.cells().iter().filter(is_shown).any(|cell| cell.denominator.is_none());
    let is_coded = |cell: &Cell| {
        cell.code.is_some() || cell.earlier.as_ref().is_some_and(|earlier| earlier.code.is_some())
    };
    let has_numerators = table.measure() == "share" && !table.cells().iter().any(is_coded);
    if has_people {
        headings.push(("Students", Align::Right));
    }
    if has_numerators {
        headings.push(("With it", Align::Right));
    }
    let value_heading = match table.measure() {
        "share" => "Share",
        "ratio" => "Rate",
        "mean" => "Mean",
        _ => "",
    };
    if !value_heading.is_empty() {
        headings.push((value_heading, Align::Right));
        headings.push(("", Align::Left));
    }
    let mut printed = Table::new(&headings);
    for cell in table.cells().iter().filter(|cell| cell.mark() != Mark::Empty) {
        let year = SchoolYear::new(cell.period).map(|year| year.to_string()).unwrap_or_default();
        let mut row = vec![year];
        row.extend(
            table
                .dimensions()
                .iter()
                .zip(&cell.categories)
                .map(|(id, category)| names.category(id, category).to_owned()),
        );
        let earlier = cell.earlier.as_ref();
        if has_people {
            row.push(shown(cell.denominator, earlier.and_then(|earlier| earlier.denominator)));
        }
        if has_numerators {
            row.push(shown(cell.numerator, earlier.and_then(|earlier| earlier.numerator)));
        }
        if !value_heading.is_empty() {
            row.extend(value(table.measure(), cell));
        }
        printed.row(row);
    }
    say("");
    say(&printed.print());
    footnotes(table, receipt);
}

/// What stands behind a figure that is of an earlier edition.
const EARLIER: &str = " †";

fn shown(number: Option<u64>, earlier: Option<u64>) -> String {
    match (number, earlier) {
        (Some(number), _) => count(number),
        (None, Some(earlier)) => count(earlier) + EARLIER,
        (None, None) => "*".to_owned(),
    }
}

/// A value and the bar beside it; that of a code is as long as the middle of its range.
fn value(measure: &str, cell: &Cell) -> [String; 2] {
    if cell.mark() == Mark::Zero {
        return ["0".to_owned(), String::new()];
    }
    let earlier = cell.earlier.as_ref();
    let (code, earlier_code) = (cell.code.as_deref(), earlier.and_then(|earlier| earlier.code.as_ref()));
    if let Some(code_shown) = code.or(earlier_code) {
        let mark = if code.is_none() { EARLIER } else { "" };
        let middle = (code_shown.first + code_shown.last) as f64 / 200.0;
        return [format!("{}{mark}", code_shown.label), bar(middle)];
    }
    let earlier = earlier.and_then(|earlier| earlier.value);
    let mark = if cell.value.is_none() && earlier.is_some() { EARLIER } else { "" };
    match (cell.value.or(earlier), measure) {
        (None, _) => ["*".to_owned(), String::new()],
        (Some(value), "share" | "ratio") => {
            let margin =
                cell.margin.map(|margin| format!(" \u{b1} {:.1}", margin * 100.0)).unwrap_or_default();
            [format!("{:.1}{margin} %{mark}", value * 100.0), bar(value)]
        }
        (Some(value), _) => {
            let margin = cell.margin.map(|margin| format!(" \u{b1} {margin:.2}")).unwrap_or_default();
            [format!("{value:.2}{margin}{mark}"), String::new()]
        }
    }
}

fn footnotes(table: &ProtectedTable, receipt: &Receipt) {
    let n = |mark| table.cells().iter().filter(|cell| cell.mark() == mark).count() as u64;
    let (hidden, empty, all) = (n(Mark::Hidden), n(Mark::Empty), table.cells().len() as u64);
    let earlier: BTreeSet<u32> =
        table.cells().iter().filter_map(|cell| Some(cell.earlier.as_ref()?.edition)).collect();
    say("");
    if hidden > 0 {
        say(&format!(
            "  *  hidden to protect students: {} of {} cells. A hidden cell says nothing else about itself.",
            count(hidden),
            count(all)
        ));
    }
    if n(Mark::Zero) > 0 {
        say("  0  nobody in a large enough group.");
    }
    if !earlier.is_empty() {
        let editions = earlier.iter().map(u32::to_string).collect::<Vec<_>>().join(", ");
        say(&format!(
            "  †  as edition {editions} showed it; it has changed too little since, or protects others."
        ));
    }
    if table.cells().iter().any(|cell| cell.code.is_some() && cell.denominator.is_none()) {
        say("     The rule prints ranges of rates, and no numbers of students.");
    }
    if table.people_noise() > 0.0 {
        say(&format!(
            "     Noise was added to protect students: 19 of 20 numbers of students are within \u{b1}{:.0} of the counted one.",
            1.96 * table.people_noise()
        ));
    }
    if table.rounded_to() > 0 {
        say(&format!(
            "     Numbers of students are rounded to the nearest {}, and shares made of those.",
            table.rounded_to()
        ));
    }
    if empty > 0 {
        say(&format!("     Not shown: {} without students.", counted(empty, "group", "groups")));
    }
    for counted in table.counted().iter().filter(|counted| counted.edition != table.edition()) {
        let year = SchoolYear::new(counted.period).map(|year| year.to_string()).unwrap_or_default();
        say(&format!(
            "     {year} is as in edition {}: the records of too few students have changed since.",
            counted.edition
        ));
    }
    // An answer has the years that were asked for, and only these are told of.
    let periods: BTreeSet<u32> = table.cells().iter().map(|cell| cell.period).collect();
    let counted = table.counted().iter().filter(|counted| periods.contains(&counted.period));
    let counted: Vec<_> = counted.collect();
    for line in as_of(&counted).into_iter().chain(gone(&counted)) {
        say(&format!("     {line}"));
    }
    for line in not_counted(table.left_out()) {
        say(&format!("     {line}"));
    }
    for sentence in sources::sentences(table.sources()) {
        say(&format!("     {sentence}"));
    }
    if !table.credit().is_empty() {
        say(&format!("     {}", table.credit()));
    }
    say(&format!("  On record as entry {} of the access log; the proof was checked.", receipt.index()));
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Also under a rule that prints no numbers of students, where nothing is divided by them.
    #[test]
    fn nobody_has_another_mark_than_hidden() {
        let of = |mark, people: Option<u64>, rate: Option<f64>| {
            let mut cell = Cell { denominator: people, numerator: Some(0), value: rate, ..Cell::default() };
            cell.set_mark(mark);
            value("share", &cell)[0].clone()
        };
        assert_eq!(of(Mark::Zero, Some(40), Some(0.0)), "0");
        assert_eq!(of(Mark::Zero, None, None), "0");
        assert_eq!(of(Mark::Hidden, None, None), "*");
        assert_eq!(of(Mark::Shown, Some(40), Some(0.0)), "0.0 %", "rounded to nobody");
    }
}
