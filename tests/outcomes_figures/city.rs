//! A small vocabulary: say who is where, freeze, and look a figure up.

use std::collections::BTreeMap;
use throughline::calendar::{Date, SchoolYear};
use throughline::outcomes::{
    Edition, EditionBuilder, Error, Product, SourcedFact, Tabulation, Unit, Values, tabulate,
};
use throughline::records::{
    Assessment, AttendanceSummary, Code, Demographics, Enrollment, Fact, Grade, Label, OrgId, Program,
    School, SchoolDay, Sector,
};

/// Sources `east` and `west` are districts with the schools `a` and `b` each; `agency` has none.
pub(crate) struct City {
    pub(crate) frozen_on: Date,
    pub(crate) schools: Vec<(&'static str, School)>,
    pub(crate) programs: Vec<Program>,
    pub(crate) school_days: Vec<(&'static str, SchoolDay)>,
    pub(crate) persons: BTreeMap<u64, Vec<(&'static str, Fact)>>,
}

pub(crate) const SOURCES: [&str; 3] = ["agency", "east", "west"];

impl City {
    pub(crate) fn new() -> Self {
        let school = |source, code, sector| (source, school(code, None, sector));
        Self {
            frozen_on: date("2026-11-23"),
            schools: vec![
                school("east", "a", Sector::District),
                school("east", "b", Sector::Charter),
                school("west", "a", Sector::District),
                school("west", "b", Sector::District),
            ],
            programs: vec![Program {
                code: code("TUTOR"),
                name: label("Tutoring"),
                program_type: None,
                provider: None,
            }],
            school_days: Vec::new(),
            persons: BTreeMap::new(),
        }
    }

    /// A source says something of a person.
    pub(crate) fn say(&mut self, person: u64, source: &'static str, fact: Fact) -> &mut Self {
        self.persons.entry(person).or_default().push((source, fact));
        self
    }

    pub(crate) fn edition(&self) -> Edition {
        self.edition_in(self.persons.keys().copied().collect()).expect("it can be frozen")
    }

    /// The edition, with persons, facts and schools added in another order.
    pub(crate) fn edition_in(&self, order: Vec<u64>) -> Result<Edition, Error> {
        let reversed = order.first() > order.last();
        let ids: Vec<OrgId> = SOURCES.iter().map(|id| OrgId::new(id).expect("an id")).collect();
        let mut builder = EditionBuilder::new(self.frozen_on, ids)?;
        let source =
            |builder: &EditionBuilder, id| builder.source(&OrgId::new(id).expect("an id")).expect("known");
        let mut schools: Vec<_> = self.schools.iter().collect();
        if reversed {
            schools.reverse();
        }
        for (id, school) in schools {
            builder.add_school(source(&builder, id), school);
        }
        self.programs.iter().for_each(|program| builder.add_program(program));
        for (id, day) in &self.school_days {
            builder.add_school_day(source(&builder, id), day);
        }
        let facts = |builder: &EditionBuilder, number: &u64| {
            let facts = self.persons[number].iter();
            let mut facts: Vec<_> =
                facts.map(|(id, fact)| SourcedFact { source: source(builder, id), fact }).collect();
            if reversed {
                facts.reverse();
            }
            facts
        };
        for number in &order {
            let facts = facts(&builder, number);
            builder.note_services(&facts);
        }
        for number in order {
            let facts = facts(&builder, &number);
            builder.add_person(number, &facts);
        }
        builder.finish()
    }

    /// The counts of one unit and year for one product.
    pub(crate) fn count(&self, product: &str, unit: Unit, period: u32) -> Tabulation {
        self.count_all(&[product], unit, period)
    }

    /// The counts of one unit and year for several products.
    pub(crate) fn count_all(&self, products: &[&str], unit: Unit, period: u32) -> Tabulation {
        let products: Vec<_> = products.iter().map(|text| product(text)).collect();
        let tabulations = tabulate(&self.edition(), &products).expect("it can be counted");
        let of = |t: &Tabulation| t.unit == unit && t.period == year(period);
        let found = tabulations.into_iter().find(of).expect("there is a tabulation");
        let width = found.dimensions.len();
        let rows: Vec<_> = found.atoms.nodes.chunks(width).collect();
        assert!(rows.is_sorted_by(|a, b| a < b), "atoms are distinct and sorted");
        found
    }
}

/// A product of all years with these indicators and dimensions, in TOML.
pub(crate) fn product(text: &str) -> Product {
    let (head, tables) = text.split_at(text.find("[[").unwrap_or(text.len()));
    let id = if head.contains("product =") { "" } else { "product = \"p\"\n" };
    let mode = if head.contains("mode =") { "" } else { "mode = \"suppress\"\n" };
    let whole = format!(
        "{id}version = 1\ntitle = \"P\"\nprofile = \"n10\"\n{mode}{head}\n\
         [years]\nfrom = 1980\nto = 2030\n{tables}"
    );
    Product::parse(&whole).expect("a product")
}

/// What a cell holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Figure {
    Count(u32),
    /// With the outcome, of all.
    Share(u32, u32),
    /// The sum over how many.
    Mean(i64, u32),
    /// The sums, and the people.
    Ratio(u64, u64, u32),
}

/// The figure of a measure where some dimensions are at some categories, and everywhere in the others.
pub(crate) fn figure(counts: &Tabulation, measure: &str, at: &[(&str, &str)]) -> Figure {
    let found = counts.measures.iter().position(|m| m.id == measure);
    let measure = found.unwrap_or_else(|| panic!("no {measure} in {:?}", counts.measures));
    let fixed: Vec<(usize, u16)> = at
        .iter()
        .map(|(dimension, category)| {
            let at = counts.dimensions.iter().position(|d| d.id == *dimension).expect("a dimension");
            (at, counts.dimensions[at].position(category).expect("a category"))
        })
        .collect();
    let width = counts.dimensions.len();
    let in_cell = |atom: &usize| {
        let nodes = &counts.atoms.nodes[atom * width..][..width];
        fixed.iter().all(|(at, node)| counts.dimensions[*at].ancestors(nodes[*at]).any(|n| n == *node))
    };
    let people = &counts.atoms.people[counts.measures[measure].population];
    let atoms: Vec<usize> = (0..people.len()).filter(in_cell).collect();
    let n = atoms.iter().map(|atom| people[*atom]).sum();
    match &counts.atoms.values[measure] {
        Values::Count => Figure::Count(n),
        Values::Share(with) => Figure::Share(atoms.iter().map(|atom| with[*atom]).sum(), n),
        Values::Mean { sum, .. } => Figure::Mean(atoms.iter().map(|atom| sum[*atom]).sum(), n),
        Values::Ratio { numerator, denominator } => {
            let sum = |of: &[u64]| atoms.iter().map(|atom| of[*atom]).sum();
            Figure::Ratio(sum(numerator), sum(denominator), n)
        }
    }
}

pub(crate) fn date(text: &str) -> Date {
    text.parse().expect(text)
}

pub(crate) fn year(ending: u32) -> SchoolYear {
    SchoolYear::new(ending).expect("a year")
}

pub(crate) fn code(text: &str) -> Code {
    Code::new(text).expect("a code")
}

pub(crate) fn label(text: &str) -> Label {
    Label::new(text).expect("a label")
}

pub(crate) fn grade(text: &str) -> Option<Grade> {
    Grade::from_code(text)
}

pub(crate) fn school(text: &str, district: Option<&str>, sector: Sector) -> School {
    School {
        code: code(text),
        name: label(&format!("School {text}")),
        district: district.map(code),
        district_name: district.map(|text| label(&format!("District {text}"))),
        sector,
        title_i: None,
    }
}

/// A spell; empty texts are absent.
pub(crate) fn spell(school: &str, ending: u32, entry: &str, exit: &str, in_grade: &str) -> Enrollment {
    Enrollment {
        school: code(school),
        school_year: year(ending),
        entry: date(entry),
        exit: (!exit.is_empty()).then(|| date(exit)),
        exit_type: None,
        grade: grade(in_grade),
        ninth_grade_year: None,
        repeats_grade: None,
    }
}

/// A whole year at a school.
pub(crate) fn at(school: &str, ending: u32, in_grade: &str) -> Fact {
    let (entry, exit) = (format!("{}-09-01", ending - 1), format!("{ending}-06-15"));
    Fact::Enrollment(spell(school, ending, &entry, &exit, in_grade))
}

/// Hundredths of days enrolled and absent over a span.
pub(crate) fn days(school: &str, from: &str, to: &str, enrolled: u32, absent: u32) -> Fact {
    Fact::AttendanceSummary(AttendanceSummary {
        school: code(school),
        from: date(from),
        to: date(to),
        days_enrolled_hundredths: enrolled,
        days_present_hundredths: enrolled - absent,
        days_absent_hundredths: absent,
    })
}

pub(crate) fn person(change: impl FnOnce(&mut Demographics)) -> Fact {
    let mut demographics = Demographics::default();
    change(&mut demographics);
    Fact::Person(demographics)
}

/// A result of the state's reading test in points.
pub(crate) fn score(on: &str, points: i64, proficient: bool) -> Fact {
    Fact::Assessment(Assessment {
        test: code("STATE"),
        subject: code("ELA"),
        grade: None,
        date: date(on),
        scale_score_thousandths: Some(points * 1000),
        level: None,
        proficient: Some(proficient),
        not_tested: None,
        standard_error_thousandths: None,
    })
}
