//! Reading what an earlier seal showed, cell by cell.

use super::super::super::lattice::{Lattice, Sums};
use super::super::super::past::{Earlier, sums_differ};
use super::super::super::seal::{SealedCodes, SealedLattice, Seen};
use super::{Before, EditionBefore, Saw, SawCode};
use crate::outcomes::{Atoms, Node, Publication, Tabulation, Values};
use std::collections::{BTreeMap, HashMap};

/// What an earlier edition counted and showed of the cells of a lattice. `atoms` are its own counts over the atoms of now.
pub(super) fn edition(
    now: &Tabulation,
    lattice: &Lattice,
    earlier: &Earlier<'_>,
    atoms: &Atoms,
) -> EditionBefore {
    let listed = |cell| if lattice.listed(cell) { Saw::Nothing } else { Saw::Follows };
    let saw: Vec<Saw> = (0..lattice.n_cells() as u32).map(listed).collect();
    let positions = || lattice.atoms.positions.iter().map(|&position| position as usize);
    let before = |values, change| Before {
        saw: saw.clone(),
        values,
        change,
        differs: Vec::new(),
        touched: Vec::new(),
        codes: BTreeMap::new(),
    };
    let by_atom = |of: &[u32]| positions().map(|at| i64::from(of[at])).collect::<Vec<_>>();
    let of_people = now.atoms.people.iter().zip(&atoms.people);
    let mut then = EditionBefore {
        people: of_people.map(|(now, then)| before(by_atom(then), growth(lattice, now, then))).collect(),
        values: Vec::new(),
    };
    for (measure, (of_now, of_then)) in now.atoms.values.iter().zip(&atoms.values).enumerate() {
        let differ = sums_differ(of_now, of_then);
        let touched = match differ.is_empty() {
            true => vec![0; lattice.n_cells()],
            false => lattice.totals(|at| i64::from(differ[at])),
        };
        let people = &mut then.people[now.measures[measure].population];
        people.differs.resize(lattice.atoms.positions.len(), false);
        if !differ.is_empty() {
            people.differs.iter_mut().zip(positions()).for_each(|(any, at)| *any |= differ[at]);
        }
        let people = &then.people[now.measures[measure].population].change;
        let moved =
            || touched.iter().zip(people).map(|(&touched, people)| touched.max(people.abs())).collect();
        then.values.push(match (of_now, of_then) {
            (Values::Share(now), Values::Share(then)) => before(by_atom(then), growth(lattice, now, then)),
            (Values::Ratio { .. }, Values::Ratio { numerator, .. }) => {
                before(positions().map(|at| numerator[at] as i64).collect(), moved())
            }
            _ => before(Vec::new(), moved()),
        });
    }
    for people in &mut then.people {
        people.touched = lattice.atom_totals(|atom| i64::from(people.differs.get(atom) == Some(&true)));
    }
    for (number, publication) in now.publications.iter().enumerate() {
        let is_same = |other: &&Publication| {
            (&other.product, other.version) == (&publication.product, publication.version)
        };
        if let Some(old) = earlier.sealed.publications.iter().find(is_same) {
            let places = Places::new(now, publication, earlier.sealed, old);
            for cell in 0..lattice.n_cells() as u32 {
                if lattice.listed(cell) && lattice.plane(cell).publications.contains(&number) {
                    for (&(_, measure), &(_, of_old)) in publication.indicators.iter().zip(&old.indicators) {
                        let position = places.find(lattice.nodes(cell));
                        let codes = earlier.sealed.codes(old, of_old);
                        let old = Old { sealed: earlier.sealed, measure: of_old, codes, position };
                        then.see(now, lattice, (measure, cell), old);
                    }
                }
            }
        }
    }
    then
}

/// A measure in an earlier seal.
struct Old<'a> {
    sealed: &'a SealedLattice,
    measure: usize,
    /// Where it was shown as codes.
    codes: Option<&'a SealedCodes>,
    /// Of the cell, if it is there.
    position: Option<usize>,
}

impl EditionBefore {
    /// Takes in what was seen of a measure in a cell.
    fn see(&mut self, now: &Tabulation, lattice: &Lattice, (measure, cell): (usize, u32), old: Old<'_>) {
        let Old { sealed, measure: old, codes, position } = old;
        let population = now.measures[measure].population;
        let code = codes.zip(position).map(|(codes, at)| codes.cell(at));
        if let Some((codes, seen)) = codes.zip(code) {
            let known = self.values[measure].codes.entry((measure, codes.profile().to_owned()));
            let known = known.or_insert_with(|| vec![SawCode::Nothing; lattice.n_cells()]);
            known[cell as usize] = match seen {
                Seen::Shown(code) => SawCode::Shown(code),
                Seen::Hidden | Seen::Empty => SawCode::Hidden,
            };
        }
        let nobody = if lattice.plane(cell).hides_zeros { Seen::Hidden } else { Seen::Empty };
        let people = position.map_or(nobody, |at| sealed.people[sealed.population_of[old]][at]);
        let (people, was) = match people {
            // What is said to be empty is known to be none.
            Seen::Empty => (Saw::Shown, Some(0)),
            Seen::Shown(was) => (Saw::Shown, Some(was)),
            // How many people are behind a code is known to many, whether it is printed or not.
            Seen::Hidden if matches!(code, Some(Seen::Shown(_))) => (Saw::Shown, None),
            Seen::Hidden => (Saw::Hidden, None),
        };
        self.people[population].see(
            cell,
            people,
            was.map(|was| lattice.people[population][cell as usize] as i64 - was as i64),
        );
        let (value, change) = match (position.map(|at| sealed.values[old].seen(at)), &lattice.sums[measure]) {
            _ if people == Saw::Hidden => (Saw::Hidden, None),
            (None, _) => (Saw::Shown, None),
            (Some(Seen::Shown(Some(was))), Sums::Share(now)) => {
                (Saw::Shown, Some(now[cell as usize] as i64 - was as i64))
            }
            (Some(Seen::Shown(_)), _) => (Saw::Shown, None),
            (Some(_), _) => (if was == Some(0) { Saw::Shown } else { Saw::Hidden }, None),
        };
        self.values[measure].see(cell, value, change);
    }
}

impl Before {
    /// Takes in what was seen of a cell, and how far what was shown is from what it is now.
    fn see(&mut self, cell: u32, saw: Saw, change: Option<i64>) {
        let cell = cell as usize;
        self.saw[cell] = self.saw[cell].max(saw);
        // The places that a category holds may have changed since: what was shown counts.
        self.change[cell] = change.unwrap_or(self.change[cell]);
    }
}

/// By how much a number has grown, for each cell.
fn growth(lattice: &Lattice, now: &[u32], then: &[u32]) -> Vec<i64> {
    lattice.totals(|at| i64::from(now[at]) - i64::from(then[at]))
}

/// Where an earlier seal has the cells of a publication. Its dimensions stand in the same order in every edition, and their
/// categories are known by their ids.
struct Places<'a> {
    sealed: &'a SealedLattice,
    /// For each dimension its position now, and what each of its categories adds to a cell's key.
    parts: Vec<(usize, Vec<Option<u128>>)>,
}

impl<'a> Places<'a> {
    fn new(
        now: &Tabulation,
        publication: &Publication,
        sealed: &'a SealedLattice,
        old: &Publication,
    ) -> Self {
        let strides = sealed.strides();
        let with_geography = |dimensions: &[usize]| [&[0], dimensions].concat();
        let pairs = with_geography(&publication.dimensions).into_iter().zip(with_geography(&old.dimensions));
        let part = |(own, old): (usize, usize)| {
            let known: HashMap<&str, u128> =
                (0..).zip(&sealed.dimensions[old].nodes).map(|(at, node)| (node.id.as_str(), at)).collect();
            let place = |node: &Node| known.get(node.id.as_str()).map(|at| at * strides[old]);
            (own, now.dimensions[own].nodes.iter().map(place).collect())
        };
        Self { sealed, parts: pairs.map(part).collect() }
    }

    fn find(&self, nodes: &[u16]) -> Option<usize> {
        let mut key = 0;
        for (own, places) in &self.parts {
            key += places[usize::from(nodes[*own])]?;
        }
        self.sealed.find(key)
    }
}
