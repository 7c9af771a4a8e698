//! What stands, looked at by whoever reads: blocks, and before them what is filed.

use super::super::blocks::{Place, Row, Sources};
use super::super::{Error, Snapshot};
use super::{Rows, sealed};

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
    pub(in crate::store) fn arrivals(&self) -> Result<Rows, Error> {
        Ok(sealed::filed(self.connection(), self.key)?.0)
    }

    /// Visits what stands of sources from one number to another, by place.
    pub(in crate::store) fn each_standing(
        &self,
        sources: Sources,
        mut visit: impl FnMut(StandingRecord<'_>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let mut arrivals = self.arrivals()?;
        arrivals.retain(|place, _| (sources.0..=sources.1).contains(&place.source));
        let mut arrivals = arrivals.into_iter().peekable();
        self.each_block(sources, |block| {
            block.each(self.key, |head, fact| {
                let place = block.place(head);
                let mut is_replaced = false;
                while let Some((at, arrival)) = arrivals.next_if(|(at, _)| *at <= place) {
                    is_replaced = at == place;
                    arrival.standing(at).map_or(Ok(()), &mut visit)?;
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
            arrival.standing(at).map_or(Ok(()), &mut visit)?;
        }
        Ok(())
    }
}

impl Row {
    /// The record of a place, unless it is withdrawn.
    fn standing(&self, place: Place) -> Option<StandingRecord<'_>> {
        let fact = self.fact.as_deref()?;
        let Place { source, kind, key } = place;
        Some(StandingRecord { source, kind, key, student: self.student, holding: self.holding, fact })
    }
}
