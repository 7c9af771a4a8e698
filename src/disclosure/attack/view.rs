//! What an intruder sees: equations over the finest groups, read off slices.

use super::groups::{crossings, groups};
use super::{Quantity, Target};
use crate::disclosure::{Cell, Mark, RateCode, RuleProfile, Seal};
use crate::outcomes::{Publication, Slice, Tabulation, Values};
use std::collections::{BTreeMap, BTreeSet};

/// Everything published of a tabulation, and its structure.
pub(super) struct View<'a> {
    pub(super) tabulation: &'a Tabulation,
    profiles: &'a [RuleProfile],
    /// Every group of the crossed dimensions that holds an atom.
    pub(super) groups: BTreeMap<Group, Vec<usize>>,
    pub(super) equations: Vec<Equation>,
    /// Groups whose number is shown, for each quantity by the number of its variables' block.
    pub(super) shown: BTreeSet<(usize, Group)>,
    /// What codes leave possible, for the same quantities: the least and the greatest number.
    pub(super) coded: BTreeMap<(usize, Group), (u64, u64)>,
    /// Groups that are hidden and not empty, for each population.
    pub(super) hidden: BTreeSet<(usize, Group)>,
    /// Groups that are said to be empty, for each population.
    pub(super) empty: BTreeSet<(usize, Group)>,
    /// Groups for which each measure can be asked.
    pub(super) asked: BTreeSet<(usize, Group)>,
}

/// For each dimension a category, and whether only those known no closer are meant.
pub(super) type Group = Vec<(u16, bool)>;

/// A published sum of variables; its value, where it can be had exactly.
pub(super) struct Equation {
    pub(super) terms: Vec<(usize, i64)>,
    pub(super) value: Option<f64>,
}

impl<'a> View<'a> {
    pub(super) fn new(tabulation: &'a Tabulation, seal: &'a Seal) -> Self {
        let mut view = Self {
            tabulation,
            profiles: seal.profiles(),
            groups: groups(tabulation),
            equations: Vec::new(),
            shown: BTreeSet::new(),
            coded: BTreeMap::new(),
            hidden: BTreeSet::new(),
            empty: BTreeSet::new(),
            asked: BTreeSet::new(),
        };
        for publication in &tabulation.publications {
            for (name, measure) in &publication.indicators {
                for crossed in crossings(publication) {
                    view.ask(seal, publication, name, *measure, &crossed);
                }
            }
        }
        view.read_codes();
        view
    }

    /// Asks for all cells of some dimensions; what is beyond five goes into filters, one by one.
    fn ask(&mut self, seal: &Seal, publication: &Publication, name: &str, measure: usize, crossed: &[usize]) {
        let all: Vec<usize> = std::iter::once(0).chain(crossed.iter().copied()).collect();
        let (rows, fixed) = all.split_at(all.len().min(5));
        let dimensions = &self.tabulation.dimensions;
        let mut filters: Vec<Vec<(String, String)>> = vec![Vec::new()];
        for &at in fixed {
            let name = |category: &str| (dimensions[at].id.clone(), category.to_owned());
            let with = |filter: &Vec<(String, String)>, category: &str| {
                filter.iter().cloned().chain([name(category)]).collect::<Vec<_>>()
            };
            let categories = || dimensions[at].nodes.iter().map(|node| node.id.as_str());
            filters = filters
                .iter()
                .flat_map(|f| categories().map(|category| with(f, category)).collect::<Vec<_>>())
                .collect();
        }
        for filters in filters {
            let slice = Slice {
                product: publication.product.clone(),
                indicator: name.to_owned(),
                dimensions: rows.iter().map(|&at| dimensions[at].id.clone()).collect(),
                filters: filters.clone(),
                periods: vec![self.tabulation.period],
            };
            let table = seal.slice(&slice).expect("what a publication shows can be asked for");
            for cell in table.cells() {
                let mut group: Group = vec![(0, false); dimensions.len()];
                let named = table.dimensions().iter().zip(&cell.categories);
                for (id, category) in named.chain(filters.iter().map(|(id, category)| (id, category))) {
                    let at = dimensions.iter().position(|dimension| dimension.id == *id).expect("asked for");
                    group[at].0 = dimensions[at].position(category).expect("a category of the dimension");
                }
                self.read(measure, group, cell);
            }
        }
    }

    fn read(&mut self, measure: usize, group: Group, cell: &Cell) {
        let population = self.tabulation.measures[measure].population;
        let scale = f64::from(self.tabulation.measures[measure].scale);
        let target = |quantity| Target { quantity, cells: vec![self.name(&group)] };
        let mut learn = Vec::new();
        // Where the rule does not print how many people there are, somebody knows it all the same.
        let known = || (cell.mark() == Mark::Shown).then(|| self.total(population, &group));
        if let Some(n) = cell.denominator.or_else(known) {
            learn.push((population, self.terms(&target(Quantity::People(population))), Some(n as f64)));
            let block = self.block(measure);
            let value = cell.value.unwrap_or_default();
            match (&self.tabulation.atoms.values[measure], cell.mark()) {
                (Values::Share(_), Mark::Shown) if cell.code.is_some() => {
                    let (low, high) = cell.code.as_ref().and_then(|code| possible(code, n)).unwrap_or((0, n));
                    let known = self.coded.entry((block, group.clone())).or_insert((0, n));
                    *known = (known.0.max(low), known.1.min(high));
                }
                (Values::Share(_), Mark::Shown | Mark::Zero) => {
                    let terms = self.terms(&target(Quantity::Outcome(measure)));
                    learn.push((block, terms, cell.numerator.map(|y| y as f64)));
                }
                (Values::Mean { .. }, Mark::Shown) => {
                    let terms = self.terms(&target(Quantity::Sum(measure)));
                    learn.push((block, terms, Some(value * n as f64 * scale)));
                }
                // A quotient in full precision gives its two sums away, but for a common factor.
                (Values::Ratio { .. }, Mark::Shown) => {
                    learn.push((block, self.terms(&target(Quantity::Sum(measure))), None));
                }
                _ => {}
            }
        } else if cell.mark() == Mark::Hidden {
            self.hidden.insert((population, group.clone()));
        } else {
            self.empty.insert((population, group.clone()));
        }
        self.asked.insert((measure, group.clone()));
        for (block, terms, value) in learn {
            if self.shown.insert((block, group.clone())) {
                self.equations.push(Equation { terms: terms.unwrap_or_default(), value });
            }
        }
    }

    /// Takes down what codes pin, together or alone.
    fn read_codes(&mut self) {
        for ((block, group), &(low, high)) in &self.coded {
            let quantity = Quantity::Outcome(block - self.tabulation.populations.len());
            let terms = self.terms(&Target { quantity, cells: vec![self.name(group)] });
            if low == high && self.shown.insert((*block, group.clone())) {
                self.equations.push(Equation { terms: terms.unwrap_or_default(), value: Some(low as f64) });
            }
        }
    }

    /// What must not be known: everything that the rules hide.
    pub(super) fn targets(&self) -> Vec<Target> {
        let (populations, measures) = (&self.tabulation.populations, &self.tabulation.measures);
        let mut targets: Vec<Target> = self.groups.keys().flat_map(|group| self.judge(&[group])).collect();
        let mut add = |lines: Vec<Vec<&Group>>, is_meant: &dyn Fn(Quantity) -> bool| {
            let found = lines.iter().flat_map(|line| self.judge(line));
            targets.extend(found.filter(|target| is_meant(target.quantity)));
        };
        for at in 0..populations.len() {
            add(self.lines(|group| self.is_hidden(at, at, group)), &|quantity| {
                quantity == Quantity::People(at)
            });
            for larger in self.tabulation.holders(at) {
                let lines = self.lines(|g| self.is_hidden(at, at, g) || self.is_hidden(larger, larger, g));
                add(lines, &|quantity| quantity == Quantity::Between(larger, at));
            }
        }
        for (at, measure) in measures.iter().enumerate() {
            let lines = self.lines(|group| self.is_hidden(self.block(at), measure.population, group));
            let of_measure = [Quantity::Outcome(at), Quantity::Complement(at), Quantity::Sum(at)];
            add(lines, &|quantity| of_measure.contains(&quantity));
            for outer in self.implied(at) {
                let is_hidden = |measure: usize, group: &Group| {
                    self.is_hidden(self.block(measure), measures[measure].population, group)
                };
                let lines = self.lines(|group| is_hidden(at, group) || is_hidden(outer, group));
                add(lines, &|quantity| quantity == Quantity::Within(outer, at));
            }
        }
        targets
    }

    /// The shares that count everybody whom one counts.
    pub(super) fn implied(&self, measure: usize) -> impl Iterator<Item = usize> + '_ {
        let within = self.tabulation.measures[measure].within.iter().copied();
        within.filter(|&outer| self.tabulation.is_counted(outer))
    }

    /// Whether somebody of a population is in a group whose number of a block is not shown.
    fn is_hidden(&self, block: usize, population: usize, group: &Group) -> bool {
        let people = &self.tabulation.atoms.people[population];
        !self.shown.contains(&(block, group.clone())) && self.groups[group].iter().any(|&at| people[at] > 0)
    }

    /// The group one category up in a dimension.
    pub(super) fn parent(&self, group: &Group, at: usize) -> Option<Group> {
        let (node, rest) = group[at];
        let up = if rest { node } else { self.tabulation.dimensions[at].nodes[usize::from(node)].parent };
        let mut parent = group.clone();
        parent[at] = (up, false);
        (node != 0 || rest).then_some(parent)
    }

    /// How many of a block are in a group.
    pub(super) fn total(&self, block: usize, group: &Group) -> u64 {
        let atoms = &self.tabulation.atoms;
        let n_populations = atoms.people.len();
        let of = match (atoms.people.get(block), block.checked_sub(n_populations).map(|at| &atoms.values[at]))
        {
            (Some(people), _) | (None, Some(Values::Share(people))) => people,
            _ => return 0,
        };
        self.groups[group].iter().map(|&at| u64::from(of[at])).sum()
    }

    /// Whether a part of the geography holds everybody in a group.
    pub(super) fn holds(&self, part: u16, group: &Group) -> bool {
        self.tabulation.dimensions[0].ancestors(group[0].0).any(|up| up == part)
    }

    /// Whether all people that a block is counted among in some groups are in one part of the geography.
    pub(super) fn is_alone(&self, part: u16, block: usize, groups: &[Group]) -> bool {
        let tabulation = self.tabulation;
        let of_measure = |at: usize| tabulation.measures[at].population;
        let population = block.checked_sub(tabulation.populations.len()).map_or(block, of_measure);
        let around = |&at: &usize| tabulation.populations[at].around();
        let widest = std::iter::successors(Some(population), around).last().unwrap_or(population);
        let n_dimensions = tabulation.dimensions.len();
        let mut atoms = self.atoms_of(groups).filter(|&at| tabulation.atoms.people[widest][at] > 0);
        atoms.all(|at| {
            let place = tabulation.atoms.nodes[at * n_dimensions];
            tabulation.dimensions[0].ancestors(place).any(|up| up == part)
        })
    }

    /// Whether the number of a block can be asked for in a group.
    pub(super) fn is_asked(&self, block: usize, group: &Group) -> bool {
        let measures = &self.tabulation.measures;
        let of = |measure: &usize| self.block(*measure) == block || measures[*measure].population == block;
        (0..measures.len()).filter(of).any(|measure| self.asked.contains(&(measure, group.clone())))
    }

    /// The chosen groups that differ in one dimension and have one parent there, where they are several.
    fn lines(&self, chosen: impl Fn(&Group) -> bool) -> Vec<Vec<&Group>> {
        let mut lines: BTreeMap<(usize, Group), Vec<&Group>> = BTreeMap::new();
        for group in self.groups.keys().filter(|group| chosen(group)) {
            for at in 0..group.len() {
                if let Some(parent) = self.parent(group, at) {
                    lines.entry((at, parent)).or_default().push(group);
                }
            }
        }
        lines.into_values().filter(|line| line.len() > 1).collect()
    }

    /// What the rules hide of some groups together.
    fn judge(&self, groups: &[&Group]) -> Vec<Target> {
        let atoms = &self.tabulation.atoms;
        let inside = || groups.iter().flat_map(|group| &self.groups[*group]);
        let total = |values: &[u32]| -> u64 { inside().map(|&at| u64::from(values[at])).sum() };
        let (cell_min, certainty_min) = self.thresholds(groups[0]);
        let is_small = |count: u64| count > 0 && count < cell_min;
        let mut targets = Vec::new();
        let mut add = |is_target: bool, quantity| {
            if is_target {
                targets
                    .push(Target { quantity, cells: groups.iter().map(|group| self.name(group)).collect() });
            }
        };
        for population in 0..atoms.people.len() {
            let n = total(&atoms.people[population]);
            add(is_small(n), Quantity::People(population));
            for larger in self.tabulation.holders(population).into_iter().filter(|_| n > 0) {
                let between = total(&atoms.people[larger]) - n;
                add(is_small(between), Quantity::Between(larger, population));
            }
        }
        for (measure, values) in atoms.values.iter().enumerate() {
            let n = total(&atoms.people[self.tabulation.measures[measure].population]);
            let in_doubt = |certain: bool| certain && n > 0 && n < certainty_min;
            match values {
                Values::Count => {}
                Values::Share(outcomes) => {
                    let y = total(outcomes);
                    add(is_small(y) || in_doubt(y == 0), Quantity::Outcome(measure));
                    add(is_small(n - y) || in_doubt(y == n), Quantity::Complement(measure));
                    for outer in self.implied(measure) {
                        if let Values::Share(around) = &atoms.values[outer] {
                            add(is_small(total(around) - y), Quantity::Within(outer, measure));
                        }
                    }
                }
                Values::Mean { .. } => add(is_small(n), Quantity::Sum(measure)),
                Values::Ratio { numerator, denominator } => {
                    let sum = |values: &[u64]| -> u64 { inside().map(|&at| values[at]).sum() };
                    let (upper, lower) = (sum(numerator), sum(denominator));
                    add(is_small(n) || in_doubt(upper == 0 || upper == lower), Quantity::Sum(measure));
                }
            }
        }
        targets
    }

    /// A target as a combination of variables; nothing when there is no such cell.
    pub(super) fn terms(&self, target: &Target) -> Option<Vec<(usize, i64)>> {
        let groups: Option<Vec<Group>> = target.cells.iter().map(|names| self.group(names)).collect();
        let groups = groups?;
        let n_atoms = self.n_atoms();
        let part = |block: usize, population: usize, sign: i64| {
            let people = &self.tabulation.atoms.people[population];
            let present = self.atoms_of(&groups).filter(|&at| people[at] > 0);
            present.map(|at| (block * n_atoms + at, sign)).collect::<Vec<_>>()
        };
        Some(match target.quantity {
            Quantity::People(population) => part(population, population, 1),
            Quantity::Between(larger, population) => {
                [part(larger, larger, 1), part(population, population, -1)].concat()
            }
            Quantity::Outcome(measure) | Quantity::Sum(measure) => {
                part(self.block(measure), self.tabulation.measures[measure].population, 1)
            }
            Quantity::Within(outer, inner) => {
                let part = |measure: usize, sign: i64| {
                    part(self.block(measure), self.tabulation.measures[measure].population, sign)
                };
                [part(outer, 1), part(inner, -1)].concat()
            }
            Quantity::Complement(measure) => {
                let population = self.tabulation.measures[measure].population;
                [part(population, population, 1), part(self.block(measure), population, -1)].concat()
            }
        })
    }

    /// Variables come in blocks of one for each atom: first the populations, then the measures.
    pub(super) fn block(&self, measure: usize) -> usize {
        self.tabulation.populations.len() + measure
    }

    pub(super) fn n_atoms(&self) -> usize {
        self.tabulation.atoms.nodes.len() / self.tabulation.dimensions.len()
    }

    pub(super) fn name(&self, group: &Group) -> Vec<String> {
        let name = |(&(node, rest), dimension): (&(u16, bool), &crate::outcomes::Dimension)| {
            let id = &dimension.nodes[usize::from(node)].id;
            if rest { format!("rest of {id}") } else { id.clone() }
        };
        group.iter().zip(&self.tabulation.dimensions).map(name).collect()
    }

    pub(super) fn group(&self, names: &[String]) -> Option<Group> {
        let node = |(name, dimension): (&String, &crate::outcomes::Dimension)| {
            let rest = name.strip_prefix("rest of ");
            Some((dimension.position(rest.unwrap_or(name))?, rest.is_some()))
        };
        names.iter().zip(&self.tabulation.dimensions).map(node).collect()
    }

    fn atoms_of<'b>(&'b self, groups: &'b [Group]) -> impl Iterator<Item = usize> + 'b {
        groups.iter().filter_map(|group| self.groups.get(group)).flatten().copied()
    }

    /// The strictest thresholds of the publications that cross a group's dimensions.
    fn thresholds(&self, group: &Group) -> (u64, u64) {
        let crossed: BTreeSet<usize> = (1..group.len()).filter(|&at| group[at] != (0, false)).collect();
        let shows = |publication: &&Publication| {
            crossed.len() <= publication.depth && crossed.iter().all(|at| publication.dimensions.contains(at))
        };
        let profiles = self.tabulation.publications.iter().filter(shows).map(|publication| {
            let profile = self.profiles.iter().find(|profile| profile.id == publication.profile);
            let profile = profile.expect("a seal holds the profiles of its publications");
            (profile.cell_min, profile.certainty_min)
        });
        profiles.fold((0, 0), |a, b| (a.0.max(b.0), a.1.max(b.1)))
    }
}

/// The least and the greatest of `n` people whose rate, rounded to a whole percent, has a code.
fn possible(code: &RateCode, n: u64) -> Option<(u64, u64)> {
    let rounded = |y: u64| (200 * y + n) / (2 * n);
    let mut of_code = (0..=n).filter(|&y| (code.first..=code.last).contains(&rounded(y)));
    let least = of_code.next()?;
    Some((least, of_code.next_back().unwrap_or(least)))
}
