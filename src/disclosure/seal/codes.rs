//! The codes of a sealed lattice: what is shown of shares whose profile codes rates.

use super::super::check::require;
use super::super::coding::Code;
use super::super::protection::Coded;
use super::values::seen;
use super::{SealedLattice, SealedValues, Seen};
use crate::outcomes::Publication;
use serde::{Deserialize, Serialize};

/// What may be seen of a share under a profile that codes rates.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub(in crate::disclosure) struct SealedCodes {
    measure: usize,
    /// Id of the profile.
    profile: String,
    /// The codes that occur, each once.
    codes: Vec<Code>,
    /// For each cell the position of its code.
    cells: Vec<Seen<u16>>,
}

impl SealedCodes {
    pub(super) fn new(coded: &Coded, listed: &[u32]) -> Self {
        let mut codes: Vec<Code> = listed.iter().filter_map(|&cell| coded.codes[cell as usize]).collect();
        codes.sort_unstable_by_key(Code::percents);
        codes.dedup();
        let shown: Vec<bool> = coded.codes.iter().map(Option::is_some).collect();
        let position = |cell: usize| {
            // A code is a range of whole percents, and there are few of those.
            codes.iter().position(|code| Some(*code) == coded.codes[cell]).unwrap_or_default() as u16
        };
        let cells = seen(listed, |cell| shown[cell], position);
        Self { measure: coded.measure, profile: coded.profile.clone(), codes, cells }
    }

    /// The codes over all cells of a lattice. `listed` are those of the seal, in its order.
    pub(super) fn spread(&self, listed: &[(u128, u32)], n_cells: usize) -> Coded {
        let mut codes = vec![None; n_cells];
        for (at, &(_, cell)) in listed.iter().enumerate() {
            if let Seen::Shown(code) = self.cell(at) {
                codes[cell as usize] = Some(code);
            }
        }
        Coded { measure: self.measure, profile: self.profile.clone(), codes }
    }

    /// Id of the profile.
    pub(in crate::disclosure) fn profile(&self) -> &str {
        &self.profile
    }

    /// What is seen of a cell.
    pub(in crate::disclosure) fn cell(&self, cell: usize) -> Seen<Code> {
        match self.cells[cell] {
            Seen::Shown(position) => Seen::Shown(self.codes[usize::from(position)]),
            Seen::Hidden => Seen::Hidden,
            Seen::Empty => Seen::Empty,
        }
    }
}

impl SealedLattice {
    /// What is seen of a share that a publication shows as codes; nothing when it shows the measure exactly.
    pub(in crate::disclosure) fn codes(
        &self,
        publication: &Publication,
        measure: usize,
    ) -> Option<&SealedCodes> {
        self.codes.iter().find(|codes| codes.measure == measure && codes.profile == publication.profile)
    }

    /// What a look-up relies on: every share that a publication of a coding profile shows has its codes.
    pub(super) fn check_codes(&self, codes_rates: impl Fn(&Publication) -> bool) -> Result<(), &'static str> {
        for codes in &self.codes {
            let is_known = |seen: &Seen<u16>| match seen {
                Seen::Shown(position) => usize::from(*position) < codes.codes.len(),
                Seen::Hidden | Seen::Empty => true,
            };
            let is_sound = codes.cells.len() == self.keys.len()
                && codes.codes.iter().all(Code::is_sound)
                && codes.cells.iter().all(is_known);
            require(is_sound, "codes are no codes")?;
        }
        for publication in self.publications.iter().filter(|publication| codes_rates(publication)) {
            for &(_, measure) in &publication.indicators {
                let is_share = matches!(self.values[measure], SealedValues::Share(_));
                require(!is_share || self.codes(publication, measure).is_some(), "codes are missing")?;
            }
        }
        Ok(())
    }
}
