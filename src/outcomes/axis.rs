//! Axes: the dimensions of products, and the category of each row on them.

mod classes;

use super::expression::Expression;
use super::schema::{self, UNKNOWN, ZONE};
use super::{Dimension, Edition};
use crate::records::Code;
pub(super) use classes::Classes;

/// A dimension as a product declares it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Axis {
    pub(super) id: String,
    /// Its name, when the product gives one.
    pub(super) label: Option<String>,
    pub(super) source: Source,
    /// How many school years before the counted one the value is taken.
    pub(super) years_before: u16,
    pub(super) groups: Vec<Grouping>,
}

/// What an axis classifies by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Source {
    /// A column of categories.
    Column(String),
    /// Participant, eligible but no participant, or neither.
    ProgramStatus(Code),
    /// The amount of a program's service in bands, given by their least whole units.
    Dosage { program: Code, bands: Vec<u32> },
    /// Which of several programs the person took part in.
    ProgramGroup(Vec<Code>),
    /// Days with the service a week, from its first day in the year to its last, in bands given by their least whole days.
    DaysPerWeek { program: Code, bands: Vec<u32> },
    /// The month in which the service began in the school year.
    FirstMonth(Code),
    /// Whether a rule holds.
    Rule(Expression),
}

/// A parent category and its members.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Grouping {
    pub(super) id: String,
    pub(super) label: String,
    pub(super) members: Vec<String>,
}

impl Source {
    /// The name of the classification, when a product gives none.
    fn label(&self) -> String {
        match self {
            Self::Column(name) => schema::group(name).map_or("Zone", |group| group.label).into(),
            Self::ProgramStatus(program) => format!("Participation in {program}"),
            Self::Dosage { program, .. } => format!("Amount of {program}"),
            Self::ProgramGroup(_) => "Program".into(),
            Self::DaysPerWeek { program, .. } => format!("Days of {program} a week"),
            Self::FirstMonth(program) => format!("First month of {program}"),
            Self::Rule(_) => "Rule".into(),
        }
    }

    /// Ids and labels of its categories, in the order of their codes. Zones and the names of programs
    /// come from the edition.
    pub(super) fn categories(&self, edition: Option<&Edition>) -> Vec<(String, String)> {
        let owned = |(id, label): (&str, &str)| (id.to_owned(), label.to_owned());
        match self {
            Self::Column(name) if name == ZONE => {
                let zones = edition.into_iter().flat_map(|edition| &edition.metadata.zones);
                let zones = zones.map(|zone| owned((zone.as_str(), zone.as_str())));
                std::iter::once(owned((UNKNOWN, "Not known"))).chain(zones).collect()
            }
            Self::Column(name) => {
                schema::group(name).into_iter().flat_map(|g| g.categories).map(|c| owned(*c)).collect()
            }
            Self::ProgramStatus(_) => [
                ("participant", "Participant"),
                ("eligible_nonparticipant", "Eligible, no participant"),
                ("other", "Neither"),
            ]
            .map(owned)
            .into(),
            Self::Dosage { bands, .. } => bands_of(bands),
            Self::DaysPerWeek { bands, .. } => {
                let least = bands.first().copied().unwrap_or(1);
                let never = ("never".to_owned(), "Never".to_owned());
                let mut bands = bands_of(bands);
                bands[0].1 = format!("Less than {least} a week");
                std::iter::once(never).chain(bands).collect()
            }
            Self::FirstMonth(_) => MONTHS.iter().copied().chain([("never", "Never")]).map(owned).collect(),
            Self::Rule(_) => [("yes", "Yes"), ("no", "No"), (UNKNOWN, "Not known")].map(owned).into(),
            Self::ProgramGroup(programs) => {
                let known = |code: &Code| edition?.metadata.programs.iter().find(|(c, _)| c == code);
                let program = |code: &Code| {
                    (
                        code.to_string(),
                        known(code).map_or_else(|| code.to_string(), |(_, name)| name.to_string()),
                    )
                };
                let more = [("several", "Several of them"), ("none", "None of them")].map(owned);
                programs.iter().map(program).chain(more).collect()
            }
        }
    }
}

/// The months of a school year.
const MONTHS: [(&str, &str); 12] = [
    ("jul", "July"),
    ("aug", "August"),
    ("sep", "September"),
    ("oct", "October"),
    ("nov", "November"),
    ("dec", "December"),
    ("jan", "January"),
    ("feb", "February"),
    ("mar", "March"),
    ("apr", "April"),
    ("may", "May"),
    ("jun", "June"),
];

fn bands_of(bands: &[u32]) -> Vec<(String, String)> {
    let least = bands.first().copied().unwrap_or(1);
    let none = ("none".to_owned(), format!("Less than {least}"));
    let band = |(at, from): (usize, &u32)| match bands.get(at + 1) {
        Some(next) if *next == from + 1 => from.to_string(),
        Some(next) => format!("{from}-{}", next - 1),
        None => format!("{from}+"),
    };
    std::iter::once(none).chain(bands.iter().enumerate().map(band).map(|id| (id.clone(), id))).collect()
}

impl Axis {
    /// The dimension, and the position in it of each category by its code.
    pub(super) fn dimension(&self, edition: &Edition) -> (Dimension, Vec<u16>) {
        let mut label = self.label.clone().unwrap_or_else(|| self.source.label());
        if self.years_before > 0 && self.label.is_none() {
            label += &format!(", {} school years before", self.years_before);
        }
        let mut dimension = Dimension::new(&self.id, &label);
        for group in &self.groups {
            dimension.add(&group.id, &group.label, 0);
        }
        let mut nodes = Vec::new();
        for (id, label) in self.source.categories(Some(edition)) {
            // A zone that has the id of a group cannot stand beside it: its people are in the group and no
            // closer. Other categories are known when the product is read, and refused there.
            if let Some(group) = dimension.position(&id) {
                nodes.push(group);
                continue;
            }
            let group = (1..).zip(&self.groups).find(|(_, group)| group.members.contains(&id));
            nodes.push(dimension.add(&id, &label, group.map_or(0, |(at, _)| at)));
        }
        (dimension, nodes)
    }
}
