//! A few streams of an organization at a time of those that the service remembers: dry runs, and deliveries of whole files.
//!
//! Each may take hundreds of megabytes; what one stream may take is bounded where it is taken, and this bounds how many.

use crate::records::OrgId;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// One, and one more for who comes again before the service has noticed that the first was cut off.
const STREAMS_MAX: u32 = 2;

/// How many such streams organizations have.
#[derive(Clone, Default)]
pub(super) struct Remembering(Arc<Mutex<BTreeMap<OrgId, u32>>>);

/// The place of an organization's stream; dropped, it is free again.
pub(super) struct Memory {
    of: Remembering,
    organization: OrgId,
}

impl Remembering {
    /// A place for a stream; nothing while the organization has as many as it may.
    pub(super) fn take(&self, organization: &OrgId) -> Option<Memory> {
        let mut streams = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let n_streams = streams.entry(organization.clone()).or_default();
        let is_free = *n_streams < STREAMS_MAX;
        *n_streams += u32::from(is_free);
        is_free.then(|| Memory { of: self.clone(), organization: organization.clone() })
    }
}

impl Drop for Memory {
    fn drop(&mut self) {
        let mut streams = self.of.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(n_streams) = streams.get_mut(&self.organization) {
            *n_streams = n_streams.saturating_sub(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_free_again_when_its_stream_has_ended() {
        let org = |id: &str| OrgId::new(id).expect("an id");
        let remembering = Remembering::default();
        let (first, second) = (remembering.take(&org("a")), remembering.take(&org("a")));
        assert!(first.is_some() && second.is_some() && remembering.take(&org("a")).is_none());
        assert!(remembering.take(&org("b")).is_some(), "others are not held up");
        drop(first);
        let third = remembering.take(&org("a"));
        assert!(third.is_some() && remembering.take(&org("a")).is_none());
    }
}
