//! What stands, looked at by whoever reads: blocks, and before them what is filed.

use super::super::blocks::{Entry, Place, Sources};
use super::super::{Error, Snapshot};
use super::{Waiting, sealed};

/// A record that stands, where it is stored.
pub(in crate::store) struct StandingRecord<'r> {
    pub(in crate::store) source: u32,
    pub(in crate::store) kind: u8,
    pub(in crate::store) key: [u8; 16],
    pub(in crate::store) student: Option<[u8; 16]>,
    pub(in crate::store) holding: Option<i64>,
    pub(in crate::store) fact: &'r [u8],
}

impl Snapshot<'_> {
    /// What has come and may stand in no block yet: of each place the newest.
    pub(in crate::store) fn arrivals(&self) -> Result<Waiting, Error> {
        let mut arrivals = Waiting::default();
        sealed::each_filed(self.connection(), self.key, |place, row| arrivals.put(place, &row, false))?;
        Ok(arrivals)
    }

    /// Visits what stands of sources from one number to another, by place.
    pub(in crate::store) fn each_standing(
        &self,
        sources: Sources,
        mut visit: impl FnMut(StandingRecord<'_>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let arrivals = self.arrivals()?;
        let mut arrivals = arrivals.iter_of(sources).peekable();
        self.each_block(sources, |block| {
            block.each(self.key, |head, fact| {
                let place = block.place(head);
                let mut is_replaced = false;
                while let Some((at, arrival)) = arrivals.next_if(|(at, _)| *at <= place) {
                    is_replaced = at == place;
                    standing(at, &arrival).map_or(Ok(()), &mut visit)?;
                }
                match fact {
                    Some(fact) if !is_replaced => {
                        let Place { source, kind, key } = place;
                        let (student, holding) = (head.student, head.holding);
                        visit(StandingRecord { source, kind, key, student, holding, fact })
                    }
                    _ => Ok(()),
                }
            })
        })?;
        for (at, arrival) in arrivals {
            standing(at, &arrival).map_or(Ok(()), &mut visit)?;
        }
        Ok(())
    }
}

/// The record of a place, unless it is withdrawn.
fn standing<'r>(Place { source, kind, key }: Place, entry: &Entry<'r>) -> Option<StandingRecord<'r>> {
    let (Entry { head, fact }, student, holding) = (*entry, entry.head.student, entry.head.holding);
    head.stands.then_some(StandingRecord { source, kind, key, student, holding, fact })
}
