//! Improving a cover: taking moves back and finding others, as long as that shows more.

use super::{Cover, Space};

impl<S: Space> Cover<'_, S> {
    /// Takes back moves that the others make needless, the costliest first.
    pub(in crate::disclosure) fn prune(&mut self) {
        let alone = |number: &u32| {
            let made = self.moves[*number as usize].as_ref();
            let cells = made.map_or(&[][..], |made| &made.cells[..]);
            let lent = cells.iter().filter(|changed| self.board.is_lent(changed.cell));
            lent.map(|changed| f64::from(self.board.cell(changed.cell).weight)).sum::<f64>()
        };
        let mut numbers: Vec<(f64, u32)> = (0..self.moves.len() as u32)
            .filter(|&number| self.moves[number as usize].is_some())
            .map(|number| (alone(&number), number))
            .collect();
        numbers.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        for (_, number) in numbers {
            let targets = self.changed_targets(number);
            let covered: Vec<u32> = targets.into_iter().filter(|&at| self.lack(at).is_none()).collect();
            let Some(taken) = self.take_back(number) else { continue };
            if covered.iter().any(|&target| self.lack(target).is_some()) {
                self.make(taken);
            }
        }
    }

    /// For each hidden cell that was lent, takes back the moves that change it, and covers their targets anew;
    /// as it was before, where that shows less. `rounds` times over.
    pub(in crate::disclosure) fn improve(&mut self, rounds: usize) {
        self.prune();
        let mut idle = 0;
        for round in 0..rounds {
            let before = self.cost;
            let mut lent: Vec<u32> = (self.moves().flat_map(|made| &made.cells))
                .map(|changed| changed.cell)
                .filter(|&cell| self.board.is_lent(cell))
                .collect();
            lent.sort_unstable();
            lent.dedup();
            lent.sort_by(|a, b| self.board.cell(*b).weight.total_cmp(&self.board.cell(*a).weight));
            for cell in lent {
                if self.board.is_lent(cell) {
                    self.reroute(cell, round);
                }
            }
            self.prune();
            idle = if self.cost < before { 0 } else { idle + 1 };
            // Four rounds differ in how they go about it; after that they repeat themselves.
            if idle == 4 {
                break;
            }
        }
    }

    /// Covers anew what the moves through a cell cover, while the other cells they had hidden stay hidden, or
    /// in every other round while those are shown again, too.
    fn reroute(&mut self, cell: u32, round: usize) {
        let through = self.users_of.get(&cell).cloned().unwrap_or_default();
        let mut targets: Vec<u32> = through.iter().flat_map(|&number| self.changed_targets(number)).collect();
        targets.sort_unstable();
        targets.dedup();
        targets.retain(|&target| self.lack(target).is_none());
        if round / 2 % 2 == 1 {
            targets.reverse();
        }
        let before = self.cost;
        let taken: Vec<_> = through.into_iter().filter_map(|number| self.take_back(number)).collect();
        let mut held: Vec<u32> = Vec::new();
        if round.is_multiple_of(2) {
            let cells = taken.iter().flat_map(|made| made.cells.iter().map(|changed| changed.cell));
            held.extend(cells.filter(|&other| other != cell && !self.board.is_hidden(other)));
            held.sort_unstable();
            held.dedup();
        }
        let first = self.moves.len() as u32;
        // What is held counts until it is let go, so it is allowed for.
        let held_cost = self.cost;
        held.iter().for_each(|&cell| self.cost += self.board.lend(cell, true));
        self.cost_max = before + 1e-6 + self.cost - held_cost;
        let is_covered = targets.iter().all(|&target| self.satisfy(target));
        self.cost_max = f64::INFINITY;
        held.iter().for_each(|&cell| self.cost += self.board.lend(cell, false));
        // An equally good way is taken too: it may open others.
        if !is_covered || self.cost > before + 1e-6 {
            for number in first..self.moves.len() as u32 {
                self.take_back(number);
            }
            for made in taken {
                self.make(made);
            }
        }
    }
}
