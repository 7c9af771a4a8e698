//! What a seal costs: how much of each product is hidden, for the data steward.

use super::lattice::Grid;
use super::lattice::{Lattice, Plane};
use super::noise::{Spending, epsilon};
use super::proof::{FamilyProof, Proof};
use super::protection::{Coded, Protection, is_published};
use super::seal::{Method, SealedLattice, Seen};
use super::{Error, RuleProfile};
use crate::outcomes::{Budget, Mode, Tabulation, Unit};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::AddAssign;

/// What a seal hides, product by product.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct SealReport {
    /// By product id.
    pub products: Vec<ProductReport>,
    /// How much there is to ask for, by unit and period.
    pub lattices: Vec<LatticeReport>,
    /// What shows that it is enough, layer by layer; nothing for what stays as an earlier edition sealed it.
    pub layers: Vec<LayerReport>,
    /// The same in full, for the service to keep.
    pub proof: Proof,
    /// Whose records it counts, by unit and period.
    pub periods: Vec<PeriodReport>,
    /// What is rounded or has noise added, by unit and period.
    pub released: Vec<ReleasedReport>,
}

/// Which edition's records a unit and period are counted from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PeriodReport {
    /// Whom it counts.
    pub unit: Unit,
    /// The school year, by the year it ends in.
    pub period: u16,
    /// Ids of the products.
    pub products: Vec<String>,
    /// The edition whose records the figures count.
    pub counted_in: u32,
    /// The edition that protected them: an earlier one, where nothing has changed since that is not waiting.
    pub sealed_in: u32,
    /// Whether records have changed since that it does not count: of fewer people than may be shown, so that they wait for
    /// the next edition, or of a product whose budget is spent.
    pub waits: bool,
}

/// Figures of one unit and period that are not exact.
#[derive(Debug, Clone, PartialEq)]
pub struct ReleasedReport {
    /// Whom the tabulation counts.
    pub unit: Unit,
    /// The school year, by the year it ends in.
    pub period: u16,
    /// Ids of the products.
    pub products: Vec<String>,
    /// What was done to them.
    pub how: Released,
}

/// What was done to figures.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Released {
    /// They are multiples of this.
    Rounded(u64),
    /// They have noise.
    Noisy {
        /// Standard deviation of the noise in numbers of people; 0 where nothing is shown, because versions before have spent
        /// the budget.
        deviation: f64,
        /// The epsilon that all editions together have spent, at [`Budget::DELTA`].
        spent: f64,
        /// The epsilon that they may spend.
        budget: f64,
        /// Whether another edition can show other figures.
        is_last: bool,
    },
}

/// The groups that the products of one unit and period can be asked for, each once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LatticeReport {
    /// Whom the tabulation counts.
    pub unit: Unit,
    /// The school year, by the year it ends in.
    pub period: u16,
    /// Name of the products' mode.
    pub mode: &'static str,
    /// Groups that can be asked for.
    pub n_groups: u64,
    /// Of these, the ones with somebody in them.
    pub n_occupied: u64,
}

/// How sure it is that what a layer hides is hidden. A layer is the numbers of people and outcomes that bound each other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LayerReport {
    /// Whom the tabulation counts.
    pub unit: Unit,
    /// The school year, by the year it ends in.
    pub period: u16,
    /// The ids of its populations and measures.
    pub of: Vec<String>,
    /// Numbers that must stay uncertain.
    pub n_sensitive: u64,
    /// Of these, the ones that stay so only because all hidden cells have one mark, and not against somebody who
    /// knows which of them are small.
    pub n_one_mark: u64,
    /// Of these, the ones for which no other table was found that fits all that is shown, or none that leaves alone what
    /// an insider knows: they are safe from adding and subtracting, and nothing more is known of them.
    pub n_linear_only: u64,
    /// Tables that show it.
    pub n_witnesses: u64,
}

/// What a seal hides of a product, over all its indicators and periods.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ProductReport {
    /// Product id.
    pub product: String,
    /// Cells with somebody in them; a cell counts once for each indicator.
    pub n_cells: u64,
    /// Cells hidden by the rule itself.
    pub n_primary: u64,
    /// Cells hidden so that those can not be worked out.
    pub n_secondary: u64,
    /// People, once for each cell they are in.
    pub n_people: u64,
    /// Of these, the ones in hidden cells.
    pub n_people_hidden: u64,
    /// The cells by what they tell apart, in the order of dimensions and levels.
    pub planes: Vec<PlaneReport>,
}

/// What a seal hides of the cells that cross the same dimensions at one level of the geography.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlaneReport {
    /// Ids of the dimensions crossed, ascending, without the geography.
    pub dimensions: Vec<String>,
    /// Steps down the geography: 0 everything, 1 districts, 2 schools.
    pub level: u16,
    /// Its cells.
    pub hiding: Hiding,
}

/// Some cells with somebody in them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Hiding {
    /// How many there are; a cell counts once for each indicator.
    pub n_cells: u64,
    /// Of these, the hidden ones.
    pub n_hidden: u64,
}

impl Hiding {
    /// Share of the cells that are hidden, 0 to 1; 0 when there are none.
    #[must_use]
    pub fn share(&self) -> f64 {
        share(self.n_hidden, self.n_cells)
    }
}

impl AddAssign for Hiding {
    fn add_assign(&mut self, other: Self) {
        self.n_cells += other.n_cells;
        self.n_hidden += other.n_hidden;
    }
}

impl ProductReport {
    /// Share of the cells that are hidden, 0 to 1; 0 when there are none.
    #[must_use]
    pub fn hidden_share(&self) -> f64 {
        share(self.n_primary + self.n_secondary, self.n_cells)
    }

    /// Share of the people, counted in each cell they are in, that are in hidden cells, 0 to 1.
    #[must_use]
    pub fn hidden_people_share(&self) -> f64 {
        share(self.n_people_hidden, self.n_people)
    }

    /// What is hidden of the planes that `keep` chooses.
    pub fn hiding(&self, keep: impl Fn(&PlaneReport) -> bool) -> Hiding {
        let mut sum = Hiding::default();
        self.planes.iter().filter(|plane| keep(plane)).for_each(|plane| sum += plane.hiding);
        sum
    }

    fn add(&mut self, dimensions: Vec<String>, level: u16, hiding: Hiding) {
        let key = |plane: &PlaneReport| (plane.dimensions.clone(), plane.level);
        match self.planes.binary_search_by_key(&(dimensions.clone(), level), key) {
            Ok(at) => self.planes[at].hiding += hiding,
            Err(at) => self.planes.insert(at, PlaneReport { dimensions, level, hiding }),
        }
    }
}

fn share(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

impl SealReport {
    /// Adds what is shown of a tabulation that hides nothing for the sake of others: of a product with noise the groups that
    /// can be asked for, of one that rounds those with somebody left in them.
    pub(super) fn add_released(
        &mut self,
        tabulation: &Tabulation,
        sealed: &SealedLattice,
        profiles: &[RuleProfile],
    ) -> Result<(), Error> {
        let how = match (&sealed.method, tabulation.mode) {
            (Method::Noisy(noisy), Mode::Dp(budget)) => Released::Noisy {
                deviation: (noisy.people_variance as f64).sqrt(),
                spent: epsilon(noisy.spent_nano, Budget::DELTA),
                budget: budget.epsilon(),
                is_last: Spending::new(budget, noisy.spent_nano).is_spent(),
            },
            (Method::Rounded(rounded), _) => Released::Rounded(rounded.base),
            _ => return Ok(()),
        };
        let (unit, period) = (tabulation.unit, tabulation.period.ending());
        let grid = Grid::new(tabulation, profiles)?;
        let occupied: BTreeSet<u32> = grid.places(tabulation).0.into_iter().collect();
        let (n_groups, n_occupied) = (grid.n_places() as u64, occupied.len() as u64);
        self.lattices.push(LatticeReport {
            unit,
            period,
            mode: tabulation.mode.name(),
            n_groups,
            n_occupied,
        });
        for publication in &sealed.publications {
            let mut report =
                ProductReport { product: publication.product.clone(), ..ProductReport::default() };
            for &(_, measure) in &publication.indicators {
                let people = &sealed.people[sealed.population_of[measure]];
                report.n_cells += people.len() as u64;
                report.n_primary += people.iter().filter(|seen| **seen == Seen::Hidden).count() as u64;
            }
            self.add_product(report);
        }
        let products = sealed.publications.iter().map(|publication| publication.product.clone()).collect();
        self.released.push(ReleasedReport { unit, period, products, how });
        Ok(())
    }

    fn add_product(&mut self, report: ProductReport) {
        let at = self.products.partition_point(|of| of.product < report.product);
        match self.products.get_mut(at).filter(|of| of.product == report.product) {
            Some(of) => {
                of.n_cells += report.n_cells;
                of.n_primary += report.n_primary;
            }
            None => self.products.insert(at, report),
        }
    }

    /// The report on a product.
    #[must_use]
    pub fn product(&self, id: &str) -> Option<&ProductReport> {
        self.products.iter().find(|report| report.product == id)
    }

    pub(super) fn add(
        &mut self,
        tabulation: &Tabulation,
        lattice: &Lattice,
        protection: &Protection,
        proofs: &[(usize, FamilyProof)],
    ) {
        self.layers.extend(proofs.iter().map(|(n_sensitive, proof)| LayerReport {
            unit: tabulation.unit,
            period: tabulation.period.ending(),
            of: proof.of.clone(),
            n_sensitive: *n_sensitive as u64,
            n_one_mark: proof.one_mark.len() as u64,
            n_linear_only: proof.linear_only.len() as u64,
            n_witnesses: proof.witnesses.len() as u64,
        }));
        let is_live = |at: usize| !tabulation.publications[at].withdrawn;
        let is_asked = |plane: &Plane| plane.publications.iter().any(|&at| is_live(at));
        let is_occupied = |&cell: &u32| {
            let somebody = lattice.people.iter().any(|people| people[cell as usize] > 0);
            somebody && lattice.listed(cell) && is_asked(lattice.plane(cell))
        };
        let asked = lattice.planes.iter().filter(|plane| is_asked(plane));
        self.lattices.push(LatticeReport {
            unit: tabulation.unit,
            period: tabulation.period.ending(),
            mode: tabulation.mode.name(),
            n_groups: asked.map(|plane| plane.n_listed(&lattice.trees)).sum(),
            n_occupied: (0..lattice.n_cells() as u32).filter(is_occupied).count() as u64,
        });
        let publications = tabulation.publications.iter().enumerate();
        for (number, publication) in publications.filter(|(at, _)| is_live(*at)) {
            let at = self.products.partition_point(|report| report.product < publication.product);
            if self.products.get(at).is_none_or(|report| report.product != publication.product) {
                let product = publication.product.clone();
                self.products.insert(at, ProductReport { product, ..ProductReport::default() });
            }
            let report = &mut self.products[at];
            let mut planes: BTreeMap<(u32, u16), Hiding> = BTreeMap::new();
            for &(_, measure) in &publication.indicators {
                let population = tabulation.measures[measure].population;
                let people = &lattice.people[population];
                let is_of = |coded: &&Coded| coded.measure == measure && coded.profile == publication.profile;
                let coded = protection.coded.iter().find(is_of);
                for cell in 0..lattice.n_cells() as u32 {
                    let count = people[cell as usize];
                    let in_product = lattice.plane(cell).publications.contains(&number);
                    if count == 0 || !in_product || !is_published(tabulation, lattice, measure, cell) {
                        continue;
                    }
                    // A code is hidden by the rule itself only where the number of people is.
                    let (is_shown, is_primary) = match coded {
                        Some(coded) => (
                            coded.codes[cell as usize].is_some(),
                            protection.people_primary[population][cell as usize],
                        ),
                        None => (
                            protection.values[measure][cell as usize],
                            protection.primary[measure][cell as usize],
                        ),
                    };
                    let is_hidden = !is_shown;
                    report.n_cells += 1;
                    report.n_people += count;
                    if is_hidden {
                        report.n_people_hidden += count;
                        *(if is_primary { &mut report.n_primary } else { &mut report.n_secondary }) += 1;
                    }
                    let level = lattice.trees[0].depth[usize::from(lattice.geography(cell))];
                    let plane = planes.entry((lattice.plane_of[cell as usize], level)).or_default();
                    *plane += Hiding { n_cells: 1, n_hidden: u64::from(is_hidden) };
                }
            }
            for ((plane, level), hiding) in planes {
                let id = |&at: &usize| tabulation.dimensions[at].id.clone();
                let mut dimensions: Vec<String> =
                    lattice.planes[plane as usize].dimensions.iter().map(id).collect();
                dimensions.sort_unstable();
                report.add(dimensions, level, hiding);
            }
        }
    }
}
