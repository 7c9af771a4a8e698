//! Reading a product document, and finding all that is wrong with it.

use super::variant::DRAFT;
use super::{IndicatorUse, Level, Product};
use crate::calendar::SchoolYear;
use crate::outcomes::axis::{Axis, Grouping, Source};
use crate::outcomes::expression::{Expression, Setting, Settings};
use crate::outcomes::indicator::indicator;
use crate::outcomes::{Budget, Indicator, MeasureKind, Mode, Problem, Unit, schema};
use crate::records::{Code, Label};
use std::collections::BTreeSet;
use std::ops::RangeInclusive;
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

fn axes(at: &mut Reader<'_, '_>, units: &BTreeSet<Unit>) -> Vec<Axis> {
    let mut axes: Vec<Axis> = Vec::new();
    at.tables("dimensions", 0, |at| {
        let id = at.identifier("id");
        if id.as_ref().is_some_and(|id| id == "geography" || axes.iter().any(|other| other.id == *id)) {
            at.problem("id", "is taken by another dimension");
        }
        let label = at.has("label").then(|| at.label("label")).flatten();
        let years_before = at.number("years_before", 0..=20, Some(0)).unwrap_or(0) as u16;
        let source = source(at, units, years_before);
        let groups = groups(at, source.as_ref());
        at.finish();
        if let (Some(id), Some(source)) = (id, source) {
            axes.push(Axis { id, label, source, years_before, groups });
        }
    });
    axes
}

fn source(at: &mut Reader<'_, '_>, units: &BTreeSet<Unit>, years_before: u16) -> Option<Source> {
    let source = at.text("source")?;
    match source {
        "program_status" => at.code("program").map(Source::ProgramStatus),
        "dosage" => {
            let program = at.code("program");
            let bands = at.numbers("bands", 1..=1_000_000)?;
            if bands.is_empty() || !bands.is_sorted_by(|a, b| a < b) {
                at.problem("bands", "are not one or more ascending whole units");
            }
            Some(Source::Dosage { program: program?, bands: bands.into_iter().map(|b| b as u32).collect() })
        }
        "days_per_week" => {
            let program = at.code("program");
            let bands = at.numbers("bands", 1..=7)?;
            if bands.is_empty() || !bands.is_sorted_by(|a, b| a < b) {
                at.problem("bands", "are not one or more ascending whole days");
            }
            let bands = bands.into_iter().map(|b| b as u32).collect();
            yearly(at, units, years_before).then_some(Source::DaysPerWeek { program: program?, bands })
        }
        "first_month" => {
            let program = at.code("program");
            yearly(at, units, years_before).then_some(Source::FirstMonth(program?))
        }
        "rule" => {
            let rule = Expression::parse(at.text("rule")?);
            if years_before > 0 {
                at.problem("years_before", "is for other sources: a rule looks back by before(n, x)");
            }
            let checked =
                rule.and_then(|rule| units.iter().try_for_each(|unit| rule.check(*unit)).map(|()| rule));
            checked.map_err(|reason| at.problem("rule", reason)).ok().map(Source::Rule)
        }
        "program_group" => {
            let programs = at.codes("programs")?;
            let distinct = programs.iter().collect::<BTreeSet<_>>().len() == programs.len();
            let reserved = ["all", "several", "none"];
            if !distinct || programs.len() < 2 || programs.iter().any(|p| reserved.contains(&p.as_str())) {
                at.problem("programs", "are not two or more programs, each named once");
            }
            Some(Source::ProgramGroup(programs))
        }
        column => {
            let looks_back = years_before > 0 && column != schema::ENTRY.name;
            let there = if looks_back {
                schema::has_group(Unit::StudentYear, column)
            } else {
                years_before == 0 && !units.is_empty() && units.iter().all(|u| schema::has_group(*u, column))
            };
            if !there {
                at.problem("source", "is nothing that all its indicators' people can be classified by");
            }
            there.then(|| Source::Column(column.into()))
        }
    }
}

/// Whether a source of student-years alone can classify: its indicators count those, or it looks back to one.
fn yearly(at: &mut Reader<'_, '_>, units: &BTreeSet<Unit>, years_before: u16) -> bool {
    let is_yearly = years_before > 0 || units.iter().all(|unit| *unit == Unit::StudentYear);
    if !is_yearly {
        at.problem("source", "is nothing that all its indicators' people can be classified by");
    }
    is_yearly
}

fn groups(at: &mut Reader<'_, '_>, source: Option<&Source>) -> Vec<Grouping> {
    let categories = source.map(|s| s.categories(None)).unwrap_or_default();
    let open =
        *source.map_or(&Source::Column(schema::ZONE.into()), |s| s) == Source::Column(schema::ZONE.into());
    let mut taken: BTreeSet<String> = categories.into_iter().map(|(id, _)| id).collect();
    let categories = taken.clone();
    taken.insert("all".into());
    let mut members_taken = BTreeSet::new();
    let mut groups = Vec::new();
    at.tables("groups", 0, |at| {
        let (id, label) = (at.code("id").map(|id| id.to_string()), at.label("label"));
        if id.as_ref().is_some_and(|id| !taken.insert(id.clone())) {
            at.problem("id", "is taken by another category");
        }
        let members: Vec<String> =
            at.codes("members").unwrap_or_default().iter().map(ToString::to_string).collect();
        if members.is_empty() {
            at.problem("members", "are none");
        }
        for member in &members {
            if !open && !categories.contains(member) {
                at.problem("members", "hold something that is not a category of the source");
            }
            if !members_taken.insert(member.clone()) {
                at.problem("members", "hold a category that has a group already");
            }
        }
        at.finish();
        if let (Some(id), Some(label)) = (id, label) {
            groups.push(Grouping { id, label, members });
        }
    });
    if open && groups.iter().any(|group| members_taken.contains(&group.id)) {
        at.problem("groups", "have the id of a category");
    }
    groups
}

/// A table of the document, and the keys that were asked for so far.
struct Reader<'t, 'p> {
    table: &'t Table,
    path: String,
    known: Vec<String>,
    problems: &'p mut Vec<Problem>,
}

impl<'t, 'p> Reader<'t, 'p> {
    fn new(table: &'t Table, path: String, problems: &'p mut Vec<Problem>) -> Self {
        Self { table, path, known: Vec::new(), problems }
    }

    fn problem(&mut self, key: &str, reason: &str) {
        let path = format!("{}{key}", self.path);
        self.problems.push(Problem { path, reason: reason.into() });
    }

    /// Reports the keys that nothing asked for.
    fn finish(&mut self) {
        let unknown: Vec<_> = self.table.keys().filter(|key| !self.known.contains(key)).cloned().collect();
        for key in unknown {
            self.problem(&key, "is not a known key");
        }
    }

    fn has(&self, key: &str) -> bool {
        self.table.contains_key(key)
    }

    /// The value at a key, read by `of`; a problem when `of` finds nothing.
    fn optional<T>(&mut self, key: &str, reason: &str, of: impl FnOnce(&'t Value) -> Option<T>) -> Option<T> {
        self.known.push(key.into());
        let value = of(self.table.get(key)?);
        if value.is_none() {
            self.problem(key, reason);
        }
        value
    }

    fn required<T>(&mut self, key: &str, reason: &str, of: impl FnOnce(&'t Value) -> Option<T>) -> Option<T> {
        if !self.has(key) {
            self.problem(key, "is missing");
        }
        self.optional(key, reason, of)
    }

    fn text(&mut self, key: &str) -> Option<&'t str> {
        self.required(key, "is not a text", Value::as_str)
    }

    fn optional_text(&mut self, key: &str) -> Option<&'t str> {
        self.optional(key, "is not a text", Value::as_str)
    }

    fn label(&mut self, key: &str) -> Option<String> {
        let label = |value: &Value| Label::new(value.as_str()?).ok();
        self.required(key, "is not a text of 1 to 120 characters", label).map(|label| label.to_string())
    }

    fn code(&mut self, key: &str) -> Option<Code> {
        self.required(key, "is not a code", |value| Code::new(value.as_str()?).ok())
    }

    /// An id that partners write: a-z, 0-9, `_` and `-`, at most 64.
    fn identifier(&mut self, key: &str) -> Option<String> {
        let fits = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_' || b == b'-';
        let of = |value: &Value| {
            value
                .as_str()
                .filter(|id| (1..=64).contains(&id.len()) && id.bytes().all(fits))
                .map(str::to_owned)
        };
        self.required(key, "is not an id (1 to 64 of a-z, 0-9, _ and -)", of)
    }

    fn number(&mut self, key: &str, range: RangeInclusive<i64>, default: Option<i64>) -> Option<i64> {
        if default.is_some() && !self.has(key) {
            self.known.push(key.into());
            return default;
        }
        let reason = format!("is not a whole number from {} to {}", range.start(), range.end());
        self.required(key, &reason, |value| value.as_integer().filter(|n| range.contains(n)))
    }

    fn numbers(&mut self, key: &str, range: RangeInclusive<i64>) -> Option<Vec<i64>> {
        let of = |value: &Value| value.as_integer().filter(|n| range.contains(n));
        self.required(key, "is not a list of whole numbers", |value| {
            value.as_array()?.iter().map(of).collect()
        })
    }

    fn codes(&mut self, key: &str) -> Option<Vec<Code>> {
        let of = |value: &Value| Code::new(value.as_str()?).ok();
        self.required(key, "is not a list of codes", |value| value.as_array()?.iter().map(of).collect())
    }

    fn table(&mut self, key: &str) -> Option<Reader<'t, '_>> {
        let table = self.required(key, "is not a table", Value::as_table)?;
        Some(Reader::new(table, format!("{}{key}.", self.path), self.problems))
    }

    /// Reads each table of a list that has at least `least` of them.
    fn tables(&mut self, key: &str, least: usize, mut each: impl FnMut(&mut Reader<'t, '_>)) {
        let tables = |value: &'t Value| value.as_array()?.iter().map(Value::as_table).collect();
        let tables: Vec<&Table> = self.optional(key, "is not a list of tables", tables).unwrap_or_default();
        if tables.len() < least {
            self.problem(key, "has no entry");
        }
        for (at, table) in tables.into_iter().enumerate() {
            each(&mut Reader::new(table, format!("{}{key}[{at}].", self.path), self.problems));
        }
    }
}
