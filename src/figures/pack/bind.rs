//! Binding: which product answers a line, under which names.

use super::{Choice, Filter, Pack, PackLine, Population};
use crate::figures::catalog::{ALL, Catalog, Offer, Use};
use crate::figures::report::{Disparity, Form, Reference, Report, Series, Spec};
use std::collections::BTreeMap;

/// A line of a pack about one population.
#[derive(Debug, Clone, PartialEq)]
pub struct Bound {
    /// Id of the line.
    pub id: String,
    /// The line in words.
    pub label: String,
    /// The population in words; empty for everybody.
    pub population: String,
    /// The figure, or why there is none.
    pub figure: Result<Spec, String>,
}

impl Bound {
    /// The figure's title, or that of the line where there is none.
    #[must_use]
    pub fn title(&self) -> String {
        match (&self.figure, self.population.as_str()) {
            (Ok(spec), _) => spec.title.clone(),
            (Err(_), "") => self.label.clone(),
            (Err(_), population) => format!("{}: {population}", self.label),
        }
    }
}

/// What a pack is bound for.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a> {
    /// What the pack leaves open.
    pub set: &'a BTreeMap<String, String>,
    /// The only product to bind to.
    pub product: Option<&'a str>,
    /// Breaks and annotations.
    pub report: &'a Report,
}

/// Binds the lines of a pack that the service counts. A line that no product offers says so.
#[must_use]
pub fn bind(pack: &Pack, catalog: &Catalog, wanted: Wanted<'_>) -> Vec<Bound> {
    let everybody = [Population { label: String::new(), filters: Vec::new() }];
    let populations = if pack.populations.is_empty() { &everybody[..] } else { &pack.populations };
    let mut bound = Vec::new();
    for line in pack.lines.iter().filter(|line| !line.counted_by.is_empty()) {
        for population in populations {
            let found = figures(line, population, catalog, wanted);
            let figures = match found {
                Ok(specs) => specs.into_iter().map(Ok).collect(),
                Err(reason) => vec![Err(reason)],
            };
            bound.extend(figures.into_iter().map(|figure| Bound {
                id: line.id.clone(),
                label: line.label.clone(),
                population: population.label.clone(),
                figure,
            }));
        }
    }
    bound
}

/// The name in a text that is one in braces.
pub(super) fn open_name(text: &str) -> Option<&str> {
    text.strip_prefix('{')?.strip_suffix('}')
}

/// A text with what was set in its place.
fn filled(text: &str, set: &BTreeMap<String, String>) -> Result<String, String> {
    match open_name(text) {
        None => Ok(text.to_owned()),
        Some(name) => set.get(name).cloned().ok_or_else(|| format!("it is left open: --set {name}=…")),
    }
}

/// One figure for each way in which products set the first choice that any of them offers.
fn figures(
    line: &PackLine,
    population: &Population,
    catalog: &Catalog,
    wanted: Wanted<'_>,
) -> Result<Vec<Spec>, String> {
    let mut reasons = Vec::new();
    for choice in &line.counted_by {
        let filters = choice.filters.iter().chain(&population.filters);
        let filters = filters.map(|filter| fill(filter, wanted.set)).collect::<Result<Vec<_>, _>>()?;
        let mut found: BTreeMap<&BTreeMap<String, String>, (&Offer, &Use, Place)> = BTreeMap::new();
        let mut offers: Vec<&Offer> = catalog.offers.iter().collect();
        // Products about everybody first, then those that hide less.
        offers.sort_by(|a, b| {
            let restricted = |offer: &Offer| !offer.population.is_empty();
            restricted(a).cmp(&restricted(b)).then(a.hidden_share.total_cmp(&b.hidden_share))
        });
        for offer in offers.into_iter().filter(|offer| wanted.product.is_none_or(|id| id == offer.id)) {
            for used in offer.uses.iter().filter(|used| used.indicator == choice.indicator) {
                if !is_set(choice, used, wanted.set)? || found.contains_key(&used.settings) {
                    continue;
                }
                match place(offer, &filters, line) {
                    Ok(place) => {
                        found.insert(&used.settings, (offer, used, place));
                    }
                    Err(reason) => reasons.push(format!("{}: {reason}", offer.id)),
                }
            }
        }
        if !found.is_empty() {
            let several = found.len() > 1;
            let spec =
                |(offer, used, place)| spec(line, population, offer, used, place, several, wanted.report);
            return Ok(found.into_values().map(spec).collect());
        }
    }
    let ids: Vec<&str> = line.counted_by.iter().map(|choice| choice.indicator.as_str()).collect();
    Err(match reasons.as_slice() {
        [] => format!("no product offers it ({})", ids.join(" or ")),
        reasons => format!("no product offers it ({}; {})", ids.join(" or "), reasons.join("; ")),
    })
}

fn fill(filter: &Filter, set: &BTreeMap<String, String>) -> Result<Filter, String> {
    let program = filter.program.as_ref().map(|program| filled(program, set)).transpose()?;
    let categories =
        filter.categories.iter().map(|category| filled(category, set)).collect::<Result<_, _>>()?;
    Ok(Filter { source: filter.source.clone(), program, categories })
}

/// Whether an indicator is set as a choice asks for.
fn is_set(choice: &Choice, used: &Use, set: &BTreeMap<String, String>) -> Result<bool, String> {
    for (name, allowed) in &choice.settings {
        let allowed = allowed.iter().map(|value| filled(value, set)).collect::<Result<Vec<_>, _>>()?;
        let value = used.settings.get(name);
        if !value.is_some_and(|value| allowed.iter().any(|one| one.eq_ignore_ascii_case(value))) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Where in a product a line's people are: dimensions held at a category, and one whose categories are pooled or compared.
#[derive(Default)]
struct Place {
    filters: Vec<(String, String)>,
    by: Option<String>,
    pool: Vec<String>,
}

fn place(offer: &Offer, filters: &[Filter], line: &PackLine) -> Result<Place, String> {
    let mut place = Place::default();
    for filter in filters {
        let fits = |dimension: &&crate::figures::Dimension| {
            dimension.source == filter.source
                && filter.program.as_ref().is_none_or(|program| dimension.program == *program)
        };
        let dimension = offer.dimensions.iter().find(fits);
        let dimension = dimension.ok_or_else(|| lacks(offer, &filter.source))?;
        if place.filters.iter().any(|(held, _)| *held == dimension.id)
            || place.by.as_ref() == Some(&dimension.id)
        {
            return Err(format!("two filters are about its dimension {}", dimension.id));
        }
        if let Some(category) = dimension.holding(&filter.categories) {
            if category != ALL {
                place.filters.push((dimension.id.clone(), category.to_owned()));
            }
            continue;
        }
        if let Some(missing) =
            filter.categories.iter().find(|category| dimension.category(category).is_none())
        {
            return Err(format!("its dimension {} does not have the category {missing}", dimension.id));
        }
        if place.by.is_some() {
            return Err("two dimensions would have to be pooled".into());
        }
        place.by = Some(dimension.id.clone());
        place.pool.clone_from(&filter.categories);
    }
    if let Some(by) = &line.by {
        let dimension = offer.dimensions.iter().find(|dimension| dimension.source == *by);
        let dimension = dimension.ok_or_else(|| lacks(offer, by))?;
        if place.by.is_some() {
            return Err(format!("it would have to be pooled and broken down by {by} at once"));
        }
        if place.filters.iter().any(|(held, _)| *held == dimension.id) {
            return Err(format!(
                "its dimension {} is held at a category, and cannot be broken down by",
                dimension.id
            ));
        }
        place.by = Some(dimension.id.clone());
    }
    let n_crossed = |place: &Place| {
        let held = place.filters.iter().map(|(id, _)| id);
        held.chain(&place.by).filter(|id| *id != "geography").count()
    };
    if n_crossed(&place) > offer.depth {
        return Err(format!("it crosses {} dimensions at most", offer.depth));
    }
    Ok(place)
}

/// That a product has no dimension that classifies by something, and what it has.
fn lacks(offer: &Offer, source: &str) -> String {
    let has: Vec<&str> = offer.dimensions.iter().map(|dimension| dimension.source.as_str()).collect();
    let has: Vec<&str> = has.into_iter().filter(|source| !source.is_empty()).collect();
    match has.as_slice() {
        [] => format!("it has no dimension by {source}"),
        has => format!("it has no dimension by {source}, but by {}", has.join(", ")),
    }
}

fn spec(
    line: &PackLine,
    population: &Population,
    offer: &Offer,
    used: &Use,
    place: Place,
    several: bool,
    report: &Report,
) -> Spec {
    let mut title = line.label.clone();
    if several {
        let settings: Vec<&str> = used.settings.values().map(String::as_str).collect();
        title += &format!(" ({})", settings.join(", "));
    }
    if !population.label.is_empty() {
        title += &format!(": {}", population.label);
    }
    let form = match (line.disparity, place.by) {
        (true, Some(by)) => {
            Form::Disparity(Disparity { by, focal: Vec::new(), reference: Reference::Others })
        }
        (_, by) => {
            Form::Series(Series { by, pool: place.pool, direction: line.direction, ..Series::default() })
        }
    };
    Spec {
        line: None,
        title,
        product: offer.id.clone(),
        indicator: used.name.clone(),
        filters: place.filters,
        years: Vec::new(),
        breaks: report.breaks_of(&used.name),
        annotations: report.annotations.clone(),
        notes: Some(line.note.clone()).into_iter().filter(|note| !note.is_empty()).collect(),
        form,
    }
}

#[cfg(test)]
mod tests;
