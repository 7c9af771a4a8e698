//! What is counted among people, and must still fit when their number changes.
//!
//! An outcome, or a smaller population, can stay as it is when people come or go, as long as there are that many
//! others; or it can come and go with them. Either way everything shown stays true: where people change,
//! neither they nor what is counted among them is shown.

/// Something that is counted among people.
pub(super) struct Dependent {
    /// Its value in each atom.
    pub(super) values: Vec<i64>,
    /// For a population, whether each cell is published as holding nobody of it; no cells for outcomes.
    pub(super) is_empty: Vec<bool>,
    /// What is counted among those, when they change with them.
    pub(super) inner: Vec<Dependent>,
}

/// A change of people: in atoms that hold somebody, and in cells.
#[derive(Clone, Copy)]
pub(super) struct Change<'c> {
    pub(super) atoms: &'c [(u32, i64)],
    pub(super) cells: &'c [(u32, i64)],
}

/// Whether a dependent goes with people; the numbers are people by atom.
type Way<'w> = &'w dyn Fn(&Dependent, &[i64]) -> bool;

impl Dependent {
    /// An outcome.
    pub(super) fn outcome(values: Vec<i64>) -> Self {
        Self { values, is_empty: Vec::new(), inner: Vec::new() }
    }

    /// How often people can change backwards and forwards when this goes with them.
    pub(super) fn goes(&self, change: Change<'_>) -> (i64, i64) {
        if change.cells.iter().any(|&(cell, _)| self.is_empty.get(cell as usize) == Some(&true)) {
            return (0, 0);
        }
        let own = times(change, |atom| self.values[atom]);
        let each = self.inner.iter().map(|inner| inner.times(change, &self.values));
        each.fold(own, |a, b| (a.0.min(b.0), a.1.min(b.1)))
    }

    /// How often people can change backwards and forwards, when this can stay or go with them.
    pub(super) fn times(&self, change: Change<'_>, people: &[i64]) -> (i64, i64) {
        let stays = times(change, |atom| people[atom] - self.values[atom]);
        let goes = self.goes(change);
        (stays.0.max(goes.0), stays.1.max(goes.1))
    }

    /// Lowers what atoms can give away to what this allows when it stays or goes.
    fn limit(&self, around: &[i64], goes: Way<'_>, most: &mut [i64]) {
        let goes_along = goes(self, around);
        for (at, most) in most.iter_mut().enumerate() {
            *most = (*most).min(if goes_along { self.values[at] } else { around[at] - self.values[at] });
        }
        if goes_along {
            self.inner.iter().for_each(|inner| inner.limit(&self.values, goes, most));
        }
    }
}

/// How often changes can be made backwards and forwards when each atom can give away so much.
fn times(change: Change<'_>, to_give: impl Fn(usize) -> i64) -> (i64, i64) {
    let most = |sign: i64| {
        let given = change.atoms.iter().filter(|(_, by)| by * sign < 0);
        given.map(|&(atom, by)| to_give(atom as usize) / by.abs()).min().unwrap_or(i64::MAX)
    };
    (most(-1), most(1))
}

/// For each way in which dependents stay or go, how many people each atom can give away: first as most of them
/// do, then when all stay, then when all go.
pub(super) fn to_give(people: &[i64], dependents: &[Dependent]) -> Vec<Vec<i64>> {
    if dependents.is_empty() {
        return Vec::new();
    }
    let ways: [Way<'_>; 3] = [
        &|dependent, around| 2 * dependent.values.iter().sum::<i64>() >= around.iter().sum(),
        &|_, _| false,
        &|_, _| true,
    ];
    let mut to_give: Vec<Vec<i64>> = Vec::new();
    for goes in ways {
        let mut most = people.to_vec();
        dependents.iter().for_each(|dependent| dependent.limit(people, goes, &mut most));
        if !to_give.contains(&most) {
            to_give.push(most);
        }
    }
    to_give
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_move_as_far_as_what_is_counted_among_them_can() {
        // Atom 0 holds 5 people, 4 with the outcome; atom 1 holds 3, 1 with it.
        let (people, outcome) = ([5, 3], Dependent::outcome(vec![4, 1]));
        let atoms = [(0, -1), (1, 1)];
        let change = Change { atoms: &atoms, cells: &[] };
        assert_eq!(outcome.goes(change), (1, 4));
        // Forwards the outcome goes along four times, backwards two of atom 1 have no outcome to take along.
        assert_eq!(outcome.times(change, &people), (2, 4));
        let inside = Dependent { values: vec![4, 1], is_empty: vec![false, true], inner: Vec::new() };
        assert_eq!(inside.goes(Change { atoms: &atoms, cells: &[(0, -1)] }), (1, 4));
        assert_eq!(
            inside.goes(Change { atoms: &atoms, cells: &[(1, 1)] }),
            (0, 0),
            "nobody is there, it says"
        );
        assert_eq!(to_give(&people, &[outcome]), [[4, 1], [1, 2]]);
        assert!(to_give(&people, &[]).is_empty());
    }
}
