//! Reading a product document, and finding all that is wrong with it.

use super::axes::axes;
use super::reader::Reader;
use super::variant::DRAFT;
use super::{IndicatorUse, Level, Product};
use crate::calendar::SchoolYear;
use crate::outcomes::expression::{Expression, Setting, Settings};
use crate::outcomes::indicator::indicator;
use crate::outcomes::{Budget, Indicator, MeasureKind, Mode, Problem, Unit};
use std::collections::BTreeSet;
use toml::{Table, Value};

/// Reads a document, or returns every problem of it.
pub(super) fn read(text: &str) -> Result<Product, Vec<Problem>> {
    let table: Table = text.parse().map_err(|error: toml::de::Error| {
        let at = error.span().map_or(0, |span| span.start);
        let line = 1 + text.bytes().take(at).filter(|b| *b == b'\n').count();
        vec![Problem { path: format!("line {line}"), reason: "is not TOML".into() }]
    })?;
    let mut problems = Vec::new();
    let mut at = Reader::new(&table, String::new(), &mut problems);
    let id = at.identifier("product");
    let version = at.number("version", 1..=(DRAFT - 1).into(), None);
    let title = at.label("title");
    let profile = at.code("profile").map(|code| code.to_string());
    let mode = mode(&mut at);
    let years = years(&mut at);
    let depth = at.number("depth", 0..=5, Some(3));
    let level = match at.optional_text("geography") {
        None | Some("school") => Level::School,
        Some("district") => Level::District,
        Some(_) => {
            at.problem("geography", "is neither \"school\" nor \"district\"");
            Level::School
        }
    };
    let indicators = indicators(&mut at, mode);
    let units: BTreeSet<Unit> = indicators.iter().map(|used| used.indicator.unit).collect();
    let population = population(&mut at, &units);
    let axes = axes(&mut at, &units);
    at.finish();
    match (id, version, title, profile, mode, years, depth) {
        (Some(id), Some(version), Some(title), Some(profile), Some(mode), Some(years), Some(depth))
            if problems.is_empty() =>
        {
            let (version, depth) = (version as u32, depth as usize);
            let withdrawn = false;
            Ok(Product {
                id,
                version,
                title,
                profile,
                mode,
                years,
                depth,
                level,
                population,
                indicators,
                axes,
                withdrawn,
            })
        }
        _ => Err(problems),
    }
}

fn mode(at: &mut Reader<'_, '_>) -> Option<Mode> {
    let mode = match at.text("mode")? {
        "suppress" => Mode::Suppress,
        "round" => Mode::Round,
        "dp" => return budget(at).map(Mode::Dp),
        _ => {
            at.problem("mode", "is none of \"suppress\", \"round\" and \"dp\"");
            return None;
        }
    };
    Some(mode)
}

fn budget(at: &mut Reader<'_, '_>) -> Option<Budget> {
    let mut at = at.table("dp")?;
    let editions = at.number("editions", 1..=100, Some(1));
    let thousandths = |value: &Value| {
        let epsilon = value.as_float().or_else(|| value.as_integer().map(|whole| whole as f64))?;
        let thousandths = (epsilon * 1000.0).round();
        (1.0..=f64::from(Budget::EPSILON_MILLI_MAX)).contains(&thousandths).then_some(thousandths as u32)
    };
    let reason = format!("is not a number from 0.001 to {}", Budget::EPSILON_MILLI_MAX / 1000);
    let epsilon_milli = at.required("epsilon", &reason, thousandths);
    at.finish();
    Some(Budget { epsilon_milli: epsilon_milli?, editions: editions? as u32 })
}

fn years(at: &mut Reader<'_, '_>) -> Option<(SchoolYear, SchoolYear)> {
    let mut at = at.table("years")?;
    let (from, to) = (at.number("from", 1900..=2999, None), at.number("to", 1900..=2999, None));
    at.finish();
    let (from, to) = (SchoolYear::new(from? as u32)?, SchoolYear::new(to? as u32)?);
    if from > to {
        at.problem("to", "is before the first year");
    }
    Some((from, to))
}

fn population(at: &mut Reader<'_, '_>, units: &BTreeSet<Unit>) -> Option<Expression> {
    let text = at.optional_text("population")?;
    let rule = Expression::parse(text);
    let checked = rule.and_then(|rule| units.iter().try_for_each(|unit| rule.check(*unit)).map(|()| rule));
    checked.map_err(|reason| at.problem("population", reason)).ok()
}

fn indicators(at: &mut Reader<'_, '_>, mode: Option<Mode>) -> Vec<IndicatorUse> {
    let mut used: Vec<IndicatorUse> = Vec::new();
    at.tables("indicators", 1, |at| {
        let name = at.identifier("name");
        if name.as_ref().is_some_and(|name| used.iter().any(|other| other.name == *name)) {
            at.problem("name", "is taken by another indicator");
        }
        let found = at.text("use").map(indicator);
        let Some(indicator) = found.flatten() else {
            if found.is_some() {
                at.problem("use", "is no indicator of the library");
            }
            return;
        };
        let mut settings = Settings::new();
        for parameter in &indicator.parameters {
            let setting = match parameter.as_str() {
                "years" => at.number(parameter, 1..=20, Some(1)).map(|n| Setting::Integer(n as u16)),
                "months" => at.number(parameter, 1..=120, Some(18)).map(|n| Setting::Integer(n as u16)),
                "days" => at.number(parameter, 1..=7, Some(3)).map(|n| Setting::Integer(n as u16)),
                "percentile" => at.number(parameter, 2..=99, None).map(|n| Setting::Integer(n as u16)),
                "points" => at.number(parameter, 1..=30_000, None).map(|n| Setting::Integer(n as u16)),
                "credits_hundredths" => {
                    at.number(parameter, 1..=20_000, None).map(|n| Setting::Integer(n as u16))
                }
                _ => at.code(parameter).map(Setting::Code),
            };
            settings.extend(setting.map(|setting| (parameter.clone(), setting)));
        }
        let bounds = bounds(at, indicator);
        let is_mean = indicator.measure == MeasureKind::Mean && at.has("protect_percent");
        let percent = is_mean.then(|| at.number("protect_percent", 1..=100, None)).flatten();
        if percent.is_some() && bounds.is_none() {
            at.problem("protect_percent", "needs bounds: what everybody else has at least");
        }
        if let Some(reason) = mode.and_then(|mode| unsuited(mode, indicator.measure, bounds.is_some())) {
            at.problem("use", reason);
        }
        at.finish();
        let protect_percent = percent.map(|percent| percent as u32);
        if let Some(name) = name {
            used.push(IndicatorUse { name, indicator, settings, bounds, protect_percent });
        }
    });
    used
}

/// The bounds of a mean, in the indicator's unit, times its scale.
fn bounds(at: &mut Reader<'_, '_>, indicator: &Indicator) -> Option<(i64, i64)> {
    if indicator.measure != MeasureKind::Mean || !at.has("bounds") {
        return None;
    }
    let scale = i64::from(indicator.scale);
    match at.numbers("bounds", -1_000_000..=1_000_000)?[..] {
        [smallest, largest] if smallest < largest => Some((smallest * scale, largest * scale)),
        _ => {
            at.problem("bounds", "are not a smallest and a largest score");
            None
        }
    }
}

/// Why a measure can not be shown in a mode.
fn unsuited(mode: Mode, measure: MeasureKind, is_bounded: bool) -> Option<&'static str> {
    match (mode, measure) {
        (Mode::Round, MeasureKind::Mean | MeasureKind::Ratio) => {
            Some("is no number of students to be rounded")
        }
        (Mode::Dp(_), MeasureKind::Ratio) => Some("is a ratio of sums, which no noise is known for"),
        (Mode::Dp(_), MeasureKind::Mean) if !is_bounded => Some("is a mean, and needs bounds"),
        _ => None,
    }
}
