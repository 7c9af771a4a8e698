//! Files that no standard describes, read through mappings: data that says which template a file's rows
//! become, and where the value of each column comes from.
//!
//! A mapping reads, renames and translates, and no more: what it makes are rows of the project's own
//! templates, which are read and checked as such. Only the columns it names are taken out of a file's text.
//! A code without a translation keeps its record from being sent, and goes into a [queue](Unmapped).

mod bind;
mod date;
mod mistake;
mod parse;
mod pattern;
mod queue;
mod run;
mod shipped;
mod source;
mod translations;
mod when;

pub use mistake::{Mistake, Mistakes};
pub(super) use queue::Queue;
pub use queue::{Place, Unmapped, write_queue};

use super::bundle::{Bundle, Error, csv_name};
use super::id::Seen;
use super::output::Output;
use super::table::Sheet;
use super::template::Template;
use super::{Defect, defect::printable};
use bind::Plan;
use run::SeenByTemplate;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use when::Condition;
use zeroize::Zeroizing;

/// What one kind of file becomes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mapping {
    name: String,
    title: String,
    files: Vec<String>,
    header_has: Vec<String>,
    /// Texts that say that nothing is there.
    blank: Vec<String>,
    records: Vec<Record>,
    /// What values of Ed-Fi descriptors become, by the descriptor's name.
    descriptors: BTreeMap<String, Arc<source::Codes>>,
    text: String,
    /// What mistakes call it.
    origin: String,
}

/// A record that is made of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Record {
    line: u64,
    template: &'static Template,
    /// It is made once for each column of this name; `*` in other names is what it is here.
    each: Option<String>,
    /// It is left out where the file has not its columns.
    is_optional: bool,
    conditions: Vec<Condition>,
    columns: Vec<(usize, source::Source)>,
}

impl Mapping {
    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What files these are, in words.
    #[must_use]
    pub fn title(&self) -> &str {
        &self.title
    }

    /// Names of the files, with `*` for anything.
    #[must_use]
    pub fn files(&self) -> &[String] {
        &self.files
    }

    /// The templates its rows become, and how many records the mapping lists of each.
    #[must_use]
    pub fn becomes(&self) -> BTreeMap<&'static str, usize> {
        let mut templates = BTreeMap::new();
        for record in &self.records {
            *templates.entry(record.template.file).or_default() += 1;
        }
        templates
    }

    /// The text it was read from.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    fn is_of_descriptors(&self) -> bool {
        self.files.is_empty()
    }

    fn fits(&self, file: &str) -> bool {
        self.files.iter().any(|pattern| pattern::fits(&csv_name(pattern), &csv_name(file)))
    }
}

/// The mappings of a reading: those that come with the program, and the source's own, which go first.
#[derive(Debug, Clone)]
pub struct Mappings {
    own: Vec<Mapping>,
    shipped: Vec<Mapping>,
}

impl Mappings {
    /// Those that come with the program.
    #[must_use]
    pub fn shipped() -> Self {
        Self { own: Vec::new(), shipped: shipped::mappings() }
    }

    /// With these mapping files beside them.
    ///
    /// # Errors
    ///
    /// Every mistake in every file.
    pub fn with_files(files: &[impl AsRef<Path>]) -> Result<Self, Mistakes> {
        let (mut own, mut mistakes): (Vec<Mapping>, Vec<Mistake>) = Default::default();
        let shipped = Self::shipped().shipped;
        for path in files {
            let origin = path.as_ref().display().to_string();
            let wrong = |reason: String| Mistake { mapping: origin.clone(), line: None, reason };
            match std::fs::read_to_string(path) {
                Ok(text) => match parse::parse(&text, &origin) {
                    Ok(mapping) if own.iter().any(|other| other.name == mapping.name) => {
                        mistakes.push(wrong(format!("another mapping has the name {}, too", mapping.name)));
                    }
                    Ok(mapping) => {
                        for name in mapping.descriptors.keys() {
                            if !shipped.iter().any(|shipped| shipped.descriptors.contains_key(name)) {
                                mistakes.push(wrong(format!("no value of a descriptor {name} is read")));
                            }
                        }
                        own.push(mapping);
                    }
                    Err(more) => mistakes.extend(more),
                },
                Err(error) => mistakes.push(wrong(format!("can not be read: {error}"))),
            }
        }
        if mistakes.is_empty() { Ok(Self { own, shipped }) } else { Err(Mistakes(mistakes)) }
    }

    /// With the translations that somebody has filled into a queue, as [`write_queue`] wrote it; `(blank)` leaves a value blank.
    ///
    /// # Errors
    ///
    /// Every mistake in the file.
    pub fn with_translations(mut self, queue: &Path) -> Result<Self, Mistakes> {
        let origin = queue.display().to_string();
        let bytes = std::fs::read(queue).map_err(|error| {
            let reason = format!("can not be read: {error}");
            Mistakes(vec![Mistake { mapping: origin.clone(), line: None, reason }])
        })?;
        let mut mappings: Vec<&mut Mapping> = self.own.iter_mut().chain(&mut self.shipped).collect();
        let mistakes = translations::add(&mut mappings, Zeroizing::new(bytes), &origin);
        if mistakes.is_empty() { Ok(self) } else { Err(Mistakes(mistakes)) }
    }

    /// All of them, the source's own first.
    pub fn iter(&self) -> impl Iterator<Item = &Mapping> {
        self.own.iter().chain(&self.shipped)
    }

    /// What a value of an Ed-Fi descriptor becomes, the source's own tables first.
    pub(super) fn descriptor(&self, name: &str, value: &str) -> Option<&str> {
        let value = value.to_lowercase();
        self.iter().find_map(|mapping| mapping.descriptors.get(name)?.get(&value)).map(String::as_str)
    }

    /// What the program knows of a descriptor's values, in lower case.
    pub(super) fn descriptor_values(&self, name: &str) -> impl Iterator<Item = (&str, &str)> {
        let tables = self.iter().filter_map(move |mapping| mapping.descriptors.get(name));
        tables.flat_map(|codes| codes.iter().map(|(value, word)| (value.as_str(), word.as_str())))
    }

    /// Takes the files of the source's own mappings, whatever else they could be taken for. Each must have
    /// one mapping and the columns that it reads.
    pub(super) fn take_own(&self, bundle: &mut Bundle, out: &mut Output<'_>) -> Result<Files<'_>, Error> {
        let (mut files, mut mistakes) = (Vec::new(), Vec::new());
        let names: Vec<_> = bundle.names().map(str::to_owned).collect();
        for name in &names {
            let of_file: Vec<_> = self.own.iter().filter(|mapping| mapping.fits(name)).collect();
            let Some(mapping) = of_file.first().copied() else { continue };
            if of_file.len() > 1 {
                let others: Vec<_> = of_file.iter().map(|mapping| mapping.name.as_str()).collect();
                let reason = format!("{} has several mappings: {}", printable(name), others.join(", "));
                mistakes.push(Mistake { mapping: mapping.origin.clone(), line: None, reason });
                continue;
            }
            let Some(sheet) = Sheet::take(bundle, name.clone())? else { continue };
            match Plan::new(mapping, sheet.header()) {
                Ok(plan) => files.push((sheet, plan)),
                Err(lacking) => mistakes.extend(lacking.into_iter().map(|lacking| Mistake {
                    mapping: mapping.origin.clone(),
                    line: Some(lacking.line).filter(|line| *line > 0),
                    reason: format!("{} has no column {}", printable(name), lacking.column),
                })),
            }
        }
        if !mistakes.is_empty() {
            return Err(Error::Mappings(Mistakes(mistakes)));
        }
        let of_files = self.own.iter().filter(|mapping| !mapping.is_of_descriptors());
        for mapping in of_files.filter(|mapping| !names.iter().any(|name| mapping.fits(name))) {
            let reason = "no file here has a name that this mapping is for";
            out.record(vec![Defect::of_file(&mapping.name, None, "missing_file", reason)]);
        }
        Ok(Files(files))
    }

    /// Takes those of the other files that have the name and the columns of a mapping of the program.
    pub(super) fn take_shipped(&self, bundle: &mut Bundle, out: &mut Output<'_>) -> Result<Files<'_>, Error> {
        let mut files = Vec::new();
        let names: Vec<_> = bundle.names().map(str::to_owned).collect();
        for name in &names {
            let of_file: Vec<_> = self.shipped.iter().filter(|mapping| mapping.fits(name)).collect();
            if of_file.is_empty() {
                continue;
            }
            let Some(sheet) = Sheet::take(bundle, name.clone())? else { continue };
            let plans = of_file.iter().copied().map(|mapping| Plan::new(mapping, sheet.header()));
            let (plans, lacking): (Vec<_>, Vec<_>) = plans.partition(Result::is_ok);
            if let Some(plan) = plans.into_iter().flatten().next() {
                files.push((sheet, plan));
                continue;
            }
            for (mapping, lacking) in of_file.iter().zip(lacking.into_iter().filter_map(Result::err)) {
                let columns: Vec<_> = lacking.into_iter().map(|lacking| lacking.column).collect();
                let reason = format!(
                    "has the name of mapping {} but not its columns {}, so it is not read",
                    mapping.name,
                    columns.join(", ")
                );
                out.record(vec![Defect::of_file(name, None, "other_columns", reason)]);
            }
        }
        Ok(Files(files))
    }
}

/// Files with what they become.
pub(super) struct Files<'m>(Vec<(Sheet, Plan<'m>)>);

impl Files<'_> {
    /// Reads them; `matched` are the students sent by their match fields.
    pub(super) fn read(self, matched: &mut Seen, out: &mut Output<'_>) {
        let mut seen = SeenByTemplate::default();
        for (sheet, plan) in self.0 {
            run::read(sheet, &plan, &mut seen, matched, out);
        }
    }

    pub(super) fn with(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }
}
