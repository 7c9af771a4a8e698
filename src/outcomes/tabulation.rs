//! True counts over a lattice: what `disclosure` protects, and what has no way onto the wire.

use super::{Dimension, Mode};
use crate::calendar::SchoolYear;
use serde::{Deserialize, Serialize};

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// A person in a school year, at one school.
    StudentYear,
    /// A person in a four-year graduation cohort; the period is the year it should graduate in.
    Cohort,
    /// A person with a regular diploma; the period is the school year of the diploma.
    Graduate,
}

impl Unit {
    /// The unit of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        [Self::StudentYear, Self::Cohort, Self::Graduate].into_iter().find(|unit| unit.name() == name)
    }

    /// Its name: `student_year`, `cohort`, `graduate`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::StudentYear => "student_year",
            Self::Cohort => "cohort",
            Self::Graduate => "graduate",
        }
    }
}

/// True counts of one unit in one period: every group that any product of an edition can ask for is a
/// sum of atoms, the finest cross-classification that occurs.
///
/// All products that count the same unit in the same period and mode share one tabulation, so that a group is
/// one cell however many products show it. Of products with noise each has its own.
#[derive(Debug, Clone, PartialEq)]
pub struct Tabulation {
    /// What is counted.
    pub unit: Unit,
    /// When.
    pub period: SchoolYear,
    /// How it is protected.
    pub mode: Mode,
    /// All dimensions of all products; the first is the geography.
    pub dimensions: Vec<Dimension>,
    /// The groups of people that denominators are; parents stand before children.
    pub populations: Vec<Population>,
    /// What is counted about them.
    pub measures: Vec<Measure>,
    /// The counts.
    pub atoms: Atoms,
    /// What each product shows of it.
    pub publications: Vec<Publication>,
}

impl Tabulation {
    /// The populations around one, the nearest first.
    fn around(&self, population: usize) -> impl Iterator<Item = usize> + '_ {
        let around = |at: &usize| self.populations[*at].around();
        std::iter::successors(around(&population), around).take(self.populations.len())
    }

    /// All populations, each behind those around it, and otherwise in their order.
    pub(crate) fn outside_in(&self) -> Vec<usize> {
        let mut order: Vec<usize> = Vec::with_capacity(self.populations.len());
        for at in 0..self.populations.len() {
            let is_new = |at: &usize| !order.contains(at);
            let new: Vec<usize> = std::iter::once(at).chain(self.around(at)).take_while(is_new).collect();
            order.extend(new.into_iter().rev());
        }
        order
    }

    /// The populations that hold everybody in one: those around it, the nearest first, and then others.
    #[must_use]
    pub fn holders(&self, population: usize) -> Vec<usize> {
        let mut holders: Vec<usize> = Vec::new();
        for holder in self.around(population).chain(self.populations[population].within.iter().copied()) {
            if !holders.contains(&holder) {
                holders.push(holder);
            }
        }
        holders
    }

    /// Whether everybody whom a share counts is counted by another one that is said to hold it: where nobody can be, it says
    /// nothing.
    pub(crate) fn is_counted(&self, outer: usize) -> bool {
        self.atoms.people[self.measures[outer].population].iter().any(|people| *people > 0)
    }

    /// What tells it from the others of an edition: the unit, the period, the mode, and the product where each has its own.
    #[must_use]
    pub fn key(&self) -> (Unit, SchoolYear, &'static str, &str) {
        let product = match self.mode {
            Mode::Suppress | Mode::Round => "",
            Mode::Dp(_) => self.publications.first().map_or("", |publication| &publication.product),
        };
        (self.unit, self.period, self.mode.name(), product)
    }
}

/// A group of people that is some indicator's denominator.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Population {
    /// Its id, unique in the tabulation.
    pub id: String,
    /// The position of a population that holds everybody in this one, when there is one: the people in
    /// between are then a group that must be protected like any other.
    pub parent: Option<usize>,
    /// The positions of others that hold everybody in this one, the nearest first, where `parent` does not say so: they were
    /// not known at first, and seals say whether they were.
    pub within: Vec<usize>,
}

impl Population {
    /// The one that it is counted inside of, when there is one.
    #[must_use]
    pub fn around(&self) -> Option<usize> {
        self.parent.or(self.within.first().copied())
    }
}

/// Something counted about the people of a population.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Measure {
    /// Its id, unique in the tabulation: an indicator with its parameters.
    pub id: String,
    /// Position of its population.
    pub population: usize,
    /// The divisor that turns the sums of [`Values::Mean`] into the indicator's unit (1,000 for scores
    /// in thousandths); 1 for the other kinds.
    pub scale: u32,
    /// The smallest and largest value that one person can add to [`Values::Mean`], where the product sets bounds: those
    /// beyond are counted as these.
    pub bounds: Option<(i64, i64)>,
    /// When a mean would tell the value of one person too closely.
    pub concentration: Option<Concentration>,
    /// Of a share, the positions of all shares that count everybody whom this one counts, ascending, of the same population or
    /// of one inside or around it: those in between two are a group that must be protected like any other. Where nobody is in
    /// the other's population it says nothing: its time is not over.
    pub within: Vec<usize>,
}

impl Measure {
    /// A measure of a population, without a scale, bounds or rule of its own.
    #[must_use]
    pub fn new(id: &str, population: usize) -> Self {
        let (bounds, concentration, within) = (None, None, Vec::new());
        Self { id: id.into(), population, scale: 1, bounds, concentration, within }
    }
}

/// The p % rule (L. Cox, "Linear Sensitivity Measures in Statistical Disclosure Control", 1981): a sum is too close to its
/// largest part when whoever has the second largest could work the largest out to within so many percent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Concentration {
    /// Of the largest part.
    pub percent: u32,
    /// The smallest value that everybody knows there can be.
    pub floor: i64,
}

/// The atoms: groups of people who agree in every dimension.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Atoms {
    /// The category of each atom in each dimension; one row per atom, so the length is a multiple of the
    /// number of dimensions. Categories are leaves, or inner nodes for people known no closer. The
    /// rows are distinct and sorted.
    pub nodes: Vec<u16>,
    /// For each population, the number of its people in each atom.
    pub people: Vec<Vec<u32>>,
    /// For each measure, its values in each atom.
    pub values: Vec<Values>,
}

impl Atoms {
    /// Whether somebody of some population is in an atom.
    #[must_use]
    pub fn is_occupied(&self, at: usize) -> bool {
        self.people.iter().any(|people| people[at] > 0)
    }
}

/// Values of a measure in each atom.
#[derive(Debug, Clone, PartialEq)]
pub enum Values {
    /// No more than the number of people (an enrollment count).
    Count,
    /// People with the outcome.
    Share(Vec<u32>),
    /// Sums, and sums of squares, of a score.
    Mean {
        /// Sum of the score.
        sum: Vec<i64>,
        /// Sum of its square.
        sum_of_squares: Vec<i128>,
        /// The two largest of single people, each less the floor of the measure's [`Concentration`]; empty without one.
        largest: Vec<[i64; 2]>,
    },
    /// A sum over a sum, such as days present over days enrolled; the numerator never exceeds the
    /// denominator.
    Ratio {
        /// Upper sum.
        numerator: Vec<u64>,
        /// Lower sum.
        denominator: Vec<u64>,
    },
}

/// What a product shows of a tabulation: each of its measures, for every geography node, over every
/// subset of its dimensions of at most `depth`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Publication {
    /// Product id.
    pub product: String,
    /// Product version.
    pub version: u32,
    /// Id of its rule profile.
    pub profile: String,
    /// Positions of its dimensions, without the geography (0), which is always there.
    pub dimensions: Vec<usize>,
    /// Dimensions crossed at once, at most, without the geography.
    pub depth: usize,
    /// Its indicators: the name partners use, and the position of the measure.
    pub indicators: Vec<(String, usize)>,
    /// Whether nobody can ask for it any more, in this version: earlier editions have it, and what they showed of it is
    /// known. A seal has only the others.
    #[serde(skip)]
    pub withdrawn: bool,
}
