//! The figures of a size, and the table that sets sizes beside each other.

use crate::cli::screen::count;
use crate::cli::table::{Align, Table};

/// What a figure says of the cost.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Says {
    /// Nothing: it counts the work.
    Count,
    /// It is the cost, in time or memory.
    Cost,
    /// How much is done in a second: so many of them take a multiple of its inverse.
    Rate {
        /// How many.
        of: f64,
    },
}

/// One figure.
#[derive(Debug, Clone)]
struct Figure {
    /// Its name for machines.
    name: String,
    /// Its name for people, with the unit.
    words: String,
    value: f64,
    says: Says,
}

impl Figure {
    /// The cost that it says; nothing where it says none, or could not be measured.
    fn cost(&self) -> Option<f64> {
        let cost = match self.says {
            Says::Count => return None,
            Says::Cost => self.value,
            Says::Rate { of } => of / self.value,
        };
        (cost.is_finite() && cost > 0.0).then_some(cost)
    }

    fn shown(&self) -> String {
        match self.value {
            value if !value.is_finite() => "-".into(),
            value if self.says == Says::Count || value >= 100.0 => count(value.round() as u64),
            value if value >= 10.0 => format!("{value:.1}"),
            value => format!("{value:.2}"),
        }
    }
}

/// The figures of one size, in the order they were measured.
#[derive(Debug, Clone)]
pub(super) struct Figures {
    pub(super) n_students: u64,
    figures: Vec<Figure>,
}

impl Figures {
    pub(super) const fn new(n_students: u64) -> Self {
        Self { n_students, figures: Vec::new() }
    }

    /// Adds a figure; one that could not be measured is not a number.
    pub(super) fn tell(&mut self, name: &str, words: &str, value: f64, says: Says) {
        self.figures.push(Figure { name: name.to_owned(), words: words.to_owned(), value, says });
    }

    fn get(&self, name: &str) -> Option<&Figure> {
        self.figures.iter().find(|figure| figure.name == name)
    }

    /// What the figure of this name costs for each student, against a smaller size: 1.0 where the cost has grown exactly as
    /// the number of students has.
    pub(super) fn growth(&self, smallest: &Self, name: &str) -> Option<f64> {
        let cost = self.get(name)?.cost()? / smallest.get(name)?.cost()?;
        Some(cost / (self.n_students as f64 / smallest.n_students as f64))
    }

    /// All of them by name; what could not be measured is null.
    pub(super) fn json(&self) -> serde_json::Value {
        let figures = self.figures.iter().map(|figure| (figure.name.clone(), figure.value.into()));
        let students = ("students".to_owned(), (self.n_students as f64).into());
        serde_json::Value::Object(std::iter::once(students).chain(figures).collect())
    }
}

/// A row for each figure, a column for each size, and how the figure grows from the first to the last.
pub(super) fn table(sizes: &[Figures]) -> String {
    let [first, .., last] = sizes else { return sizes.first().map(alone).unwrap_or_default() };
    let n_students: Vec<String> = sizes.iter().map(|size| count(size.n_students)).collect();
    let mut headings = vec![("Students", Align::Left)];
    headings.extend(n_students.iter().map(|n| (n.as_str(), Align::Right)));
    headings.push(("Growth", Align::Right));
    let mut table = Table::new(&headings);
    for figure in &first.figures {
        let shown = |size: &Figures| size.get(&figure.name).map_or_else(|| "-".into(), Figure::shown);
        let growth = last.growth(first, &figure.name);
        let growth = growth.map_or_else(String::new, |growth| format!("{growth:.2}"));
        let sizes = sizes.iter().map(shown);
        table.row(std::iter::once(figure.words.clone()).chain(sizes).chain([growth]));
    }
    format!(
        "{}\n\nGrowth is the cost of the last size against the first, divided by how many times as many students it has:\n\
         1.00 grows exactly as the state does, and less is cheaper for each student.",
        table.print()
    )
}

/// A single size, which has nothing to grow from.
fn alone(size: &Figures) -> String {
    let n_students = count(size.n_students);
    let mut table = Table::new(&[("Students", Align::Left), (n_students.as_str(), Align::Right)]);
    size.figures.iter().for_each(|figure| table.row([figure.words.clone(), figure.shown()]));
    table.print()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn size(n_students: u64, seconds: f64, rate: f64, memory: f64) -> Figures {
        let mut figures = Figures::new(n_students);
        figures.tell("records", "Records", n_students as f64 * 16.0, Says::Count);
        figures.tell("s", "Time, s", seconds, Says::Cost);
        figures.tell("per_s", "Records/s", rate, Says::Rate { of: n_students as f64 * 16.0 });
        figures.tell("mb", "Memory, MB", memory, Says::Cost);
        figures
    }

    #[test]
    fn a_cost_that_grows_as_the_students_do_has_a_growth_of_one() {
        let sizes = [size(1_000, 2.0, 8_000.0, f64::NAN), size(3_000, 12.0, 8_000.0, 5.0)];
        let growth = |name| sizes[1].growth(&sizes[0], name);
        assert_eq!(growth("s"), Some(2.0));
        assert_eq!(growth("per_s"), Some(1.0), "as many in a second");
        assert_eq!([growth("mb"), growth("records"), growth("unheard")], [None; 3]);
        let table = table(&sizes);
        let lines: Vec<&str> = table.lines().collect();
        assert_eq!(lines[0], "  Students     1,000   3,000  Growth");
        assert_eq!(lines[1], "  Records     16,000  48,000");
        assert_eq!(lines[2], "  Time, s       2.00    12.0    2.00");
        assert_eq!(lines[4], "  Memory, MB       -    5.00");
        assert!(super::table(&sizes[..1]).ends_with("  Memory, MB       -"));
        assert_eq!(sizes[0].json()["mb"], serde_json::Value::Null);
    }
}
