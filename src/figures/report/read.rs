//! Reading a report document.

use super::{Annotation, Break, Form, Report, Spec, check};
use crate::calendar::SchoolYear;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;
use toml::{Spanned, Table, Value};

/// Why a report cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The document is not TOML, or a key of it is unknown or of another kind.
    #[error("the report cannot be read: {0}")]
    Document(#[source] toml::de::Error),
    /// A figure has a key that is unknown to its form, or lacks one.
    #[error("the figure at line {line} of the report cannot be read: {source}")]
    Figure {
        /// The line it begins at, from 1.
        line: usize,
        /// Why.
        source: toml::de::Error,
    },
    /// A figure says something that cannot be.
    #[error("the figure at line {line} of the report: {reason}")]
    Wrong {
        /// The line it begins at, from 1.
        line: usize,
        /// What is wrong with it.
        reason: String,
    },
    /// A break or an annotation is of no school year.
    #[error("the report: {0}")]
    Year(&'static str),
    /// The report asks for nothing.
    #[error("the report has neither figures nor a pack")]
    Nothing,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    report: String,
    title: String,
    product: Option<String>,
    edition: Option<u32>,
    pack: Option<String>,
    #[serde(default)]
    set: BTreeMap<String, String>,
    #[serde(default)]
    breaks: Vec<BreakOf>,
    #[serde(default)]
    annotations: Vec<Annotation>,
    #[serde(default)]
    figures: Vec<Spanned<Table>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BreakOf {
    indicator: String,
    year: u32,
    why: String,
}

/// What every form has.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Common {
    form: String,
    title: String,
    product: Option<String>,
    indicator: String,
    #[serde(default, rename = "where")]
    filters: BTreeMap<String, String>,
    #[serde(default)]
    years: Vec<u32>,
    #[serde(default)]
    breaks: Vec<Break>,
    #[serde(default)]
    annotations: Vec<Annotation>,
    note: Option<String>,
}

const COMMON: [&str; 9] =
    ["form", "title", "product", "indicator", "where", "years", "breaks", "annotations", "note"];

pub(super) fn read(text: &str, product: Option<&str>) -> Result<Report, Error> {
    let document: Document = toml::from_str(text).map_err(Error::Document)?;
    if document.figures.is_empty() && document.pack.is_none() {
        return Err(Error::Nothing);
    }
    let product = product.map(str::to_owned).or(document.product);
    let breaks = document.breaks.into_iter();
    let mut report = Report {
        id: document.report,
        title: document.title,
        edition: document.edition,
        pack: document.pack,
        set: document.set,
        breaks: breaks.map(|of| (of.indicator, Break { year: of.year, why: of.why })).collect(),
        annotations: document.annotations,
        figures: Vec::new(),
    };
    check_years(&report)?;
    for table in document.figures {
        let line = text[..table.span().start].matches('\n').count() + 1;
        let figure = figure(line, table.into_inner(), product.as_deref(), &report)?;
        report.figures.push(figure);
    }
    Ok(report)
}

fn check_years(report: &Report) -> Result<(), Error> {
    let is_year = |year: u32| SchoolYear::new(year).is_some();
    if !report.breaks.iter().all(|(_, each)| is_year(each.year)) {
        return Err(Error::Year("the year of a break is not from 1900 to 2999"));
    }
    if !report.annotations.iter().all(|each| is_year(each.year)) {
        return Err(Error::Year("the year of an annotation is not from 1900 to 2999"));
    }
    Ok(())
}

fn figure(line: usize, table: Table, product: Option<&str>, report: &Report) -> Result<Spec, Error> {
    let (common, own): (Table, Table) =
        table.into_iter().partition(|(key, _)| COMMON.contains(&key.as_str()));
    let common: Common = of_table(line, common)?;
    let form = form(line, &common.form, own)?;
    let wrong = |reason: &str| Error::Wrong { line, reason: reason.into() };
    let years = common.years.iter().map(|year| SchoolYear::new(*year));
    let years = years.collect::<Option<Vec<_>>>().ok_or_else(|| wrong("a year is not from 1900 to 2999"))?;
    check::form(&form, &years).map_err(|reason| Error::Wrong { line, reason })?;
    let product = common.product.as_deref().or(product);
    let product = product.ok_or_else(|| wrong("neither it nor the report names a product"))?.to_owned();
    let breaks = report.breaks_of(&common.indicator).into_iter().chain(common.breaks).collect();
    Ok(Spec {
        line: Some(line),
        title: common.title,
        product,
        indicator: common.indicator,
        filters: common.filters.into_iter().collect(),
        years,
        breaks,
        annotations: report.annotations.iter().cloned().chain(common.annotations).collect(),
        notes: common.note.into_iter().collect(),
        form,
    })
}

fn of_table<T: DeserializeOwned>(line: usize, table: Table) -> Result<T, Error> {
    Value::Table(table).try_into().map_err(|source| Error::Figure { line, source })
}

fn form(line: usize, name: &str, own: Table) -> Result<Form, Error> {
    Ok(match name {
        "series" => Form::Series(of_table(line, own)?),
        "disparity" => Form::Disparity(of_table(line, own)?),
        "target" => Form::Target(of_table(line, own)?),
        "before_after" => Form::BeforeAfter(of_table(line, own)?),
        "difference_in_differences" => Form::DifferenceInDifferences(of_table(line, own)?),
        "participants" => Form::Participants(of_table(line, own)?),
        "transition" => Form::Transition(of_table(line, own)?),
        "districts" => Form::Districts(of_table(line, own)?),
        "median" => Form::Median(of_table(line, own)?),
        _ => {
            let reason = "form is none of series, disparity, target, before_after, difference_in_differences, \
                          participants, transition, districts and median";
            return Err(Error::Wrong { line, reason: reason.into() });
        }
    })
}

#[cfg(test)]
mod tests {
    use super::super::Reference;
    use super::*;

    const REPORT: &str = r#"
report = "r"
title = "A report"
product = "city"
breaks = [{ indicator = "reading", year = 2023, why = "another test" }]

[[figures]]
form = "disparity"
title = "Reading by income"
indicator = "reading"
where = { geography = "northfield" }
by = "income"
focal = "yes"
reference = { category = "no" }
"#;

    #[test]
    fn a_report_is_read() {
        let report = Report::parse(REPORT, None).expect("a report");
        let figure = &report.figures[0];
        assert_eq!(figure.breaks[0].year, 2023);
        let Form::Disparity(form) = &figure.form else { panic!("the form it names") };
        assert_eq!(form.focal, ["yes"]);
        assert_eq!(form.reference, Reference::Category("no".into()));
        let question = figure.questions().remove(0);
        assert_eq!((question.product.as_str(), question.dimensions), ("city", vec!["income".to_owned()]));
        assert_eq!(Report::parse(REPORT, Some("other")).expect("a report").figures[0].product, "other");
    }

    #[test]
    fn what_cannot_be_is_refused() {
        let with = |from: &str, to: &str| Report::parse(&REPORT.replace(from, to), None);
        assert!(matches!(with("focal", "focals"), Err(Error::Figure { line: 7, .. })));
        assert!(matches!(with("\"disparity\"", "\"ranking\""), Err(Error::Wrong { line: 7, .. })));
        assert!(matches!(with("{ category = \"no\" }", "\"white\""), Err(Error::Figure { .. })));
        assert!(matches!(with("product = \"city\"", ""), Err(Error::Wrong { .. })));
        assert!(matches!(with("year = 2023", "year = 23"), Err(Error::Year(_))));
        assert!(matches!(Report::parse("report = \"r\"\ntitle = \"t\"", None), Err(Error::Nothing)));
    }

    #[test]
    fn no_reference_is_taken_for_granted() {
        let report =
            Report::parse(&REPORT.replace("reference = { category = \"no\" }", ""), None).expect("a report");
        let Form::Disparity(form) = &report.figures[0].form else { panic!("the form it names") };
        assert_eq!(form.reference, Reference::Others);
    }
}
