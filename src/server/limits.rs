//! How much one organization may ask at once, and how much all of them together.
//!
//! Three limits, checked in this order: calls running in the whole service, calls of the organization
//! running, and calls of the organization over time. A refused call spends nothing. The time is an
//! argument. Organizations are few and known, so their state is kept for the life of the service.

use crate::records::OrgId;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// The limits of a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// Calls of all organizations that may run at once.
    pub running_max: usize,
    /// Calls of one organization that may run at once.
    pub running_per_organization_max: usize,
    /// Time in which an organization earns one call.
    pub call_every: Duration,
    /// Calls an organization may make at once after a rest, at least 1.
    pub burst: u32,
}

/// A call is refused for now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("too many calls, try again in {} ms", retry_after.as_micros().div_ceil(1_000))]
pub struct Busy {
    /// Which limit was met.
    pub limit: Limit,
    /// When it is worth trying again: exact for [`Limit::Rate`], a guess otherwise.
    pub retry_after: Duration,
}

/// Which limit was met.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    /// The whole service has its hands full.
    Service,
    /// The organization has too many calls running.
    Organization,
    /// The organization calls too often.
    Rate,
}

impl Limit {
    /// A stable name for the access log.
    #[must_use]
    pub const fn rule(self) -> &'static str {
        match self {
            Self::Service => "limit.service",
            Self::Organization => "limit.organization",
            Self::Rate => "limit.rate",
        }
    }
}

/// How long to wait for a running call to end: nobody knows, so a round second.
const RETRY_WHEN_FULL: Duration = Duration::from_secs(1);

/// Calls after a rest, where an organization earns so many a second: what it earns in a tenth of one, but a hundred where it earns
/// as many. A whole second's at once would keep everybody else waiting for most of that second.
#[must_use]
pub fn burst(calls_per_second: u32) -> u32 {
    calls_per_second.clamp(1, 100.max(calls_per_second / 10))
}

/// What the organizations have running and have left. Cloning shares it.
#[derive(Debug, Clone)]
pub struct Limits {
    settings: Settings,
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    running: usize,
    organizations: BTreeMap<OrgId, Usage>,
}

#[derive(Debug, Default)]
struct Usage {
    running: usize,
    /// When all calls so far are paid for; none or in the past means a full bucket.
    paid_at: Option<Instant>,
}

/// Leave for one call to run. Dropping it ends the call's claim.
#[derive(Debug)]
pub struct Running {
    limits: Limits,
    organization: OrgId,
}

impl Limits {
    /// Limits nobody has used yet.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        Self { settings, state: Arc::default() }
    }

    /// Lets a call of `organization` run, or says when to come back.
    ///
    /// # Errors
    ///
    /// [`Busy`], and then nothing was spent.
    pub fn admit(&self, organization: &OrgId, now: Instant) -> Result<Running, Busy> {
        let settings = &self.settings;
        let mut state = self.state();
        if state.running >= settings.running_max {
            return Err(Busy { limit: Limit::Service, retry_after: RETRY_WHEN_FULL });
        }
        let usage = state.organizations.entry(organization.clone()).or_default();
        if usage.running >= settings.running_per_organization_max {
            return Err(Busy { limit: Limit::Organization, retry_after: RETRY_WHEN_FULL });
        }
        usage.spend(settings, now)?;
        usage.running += 1;
        state.running += 1;
        Ok(Running { limits: self.clone(), organization: organization.clone() })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing panics while it is held; if it did, counts that are whole are still better than none.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Usage {
    /// A token bucket kept as one moment instead of a count, so that nothing is rounded.
    ///
    /// Source: the generic cell rate algorithm of ITU-T I.371, in its virtual scheduling form.
    fn spend(&mut self, settings: &Settings, now: Instant) -> Result<(), Busy> {
        let paid_at = self.paid_at.map_or(now, |paid_at| paid_at.max(now));
        let owed = paid_at - now;
        let credit = settings.call_every * settings.burst.saturating_sub(1);
        if owed > credit {
            return Err(Busy { limit: Limit::Rate, retry_after: owed - credit });
        }
        self.paid_at = Some(paid_at + settings.call_every);
        Ok(())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let mut state = self.limits.state();
        state.running -= 1;
        if let Some(usage) = state.organizations.get_mut(&self.organization) {
            usage.running -= 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SETTINGS: Settings = Settings {
        running_max: 3,
        running_per_organization_max: 2,
        call_every: Duration::from_millis(100),
        burst: 4,
    };

    fn org(text: &str) -> OrgId {
        OrgId::new(text).expect(text)
    }

    fn refusal(limits: &Limits, id: &OrgId, now: Instant) -> Option<Busy> {
        limits.admit(id, now).err()
    }

    #[test]
    fn a_burst_then_the_rate() {
        let (limits, start, a) = (Limits::new(SETTINGS), Instant::now(), org("a"));
        for n in 0..4 {
            assert_eq!(refusal(&limits, &a, start), None, "call {n}");
        }
        let later = start + Duration::from_millis(30);
        let busy = refusal(&limits, &a, later).expect("the bucket is empty");
        assert_eq!(busy, Busy { limit: Limit::Rate, retry_after: Duration::from_millis(70) });
        assert_eq!(refusal(&limits, &a, later + busy.retry_after), None, "the promised moment holds");
        assert!(refusal(&limits, &a, later + busy.retry_after).is_some(), "and holds for one call");
        assert_eq!(refusal(&limits, &org("b"), later), None, "others have their own bucket");
    }

    #[test]
    fn a_burst_is_a_tenth_of_a_second_or_a_hundred() {
        assert_eq!([0, 1, 5, 100, 500, 1_000, 20_000].map(burst), [1, 1, 5, 100, 100, 100, 2_000]);
    }

    #[test]
    fn rest_fills_the_bucket_and_no_more() {
        let (limits, start, a) = (Limits::new(SETTINGS), Instant::now(), org("a"));
        let rested = start + Duration::from_secs(3600);
        for now in [start, rested] {
            let admitted = (0..10).filter(|_| limits.admit(&a, now).is_ok()).count();
            assert_eq!(admitted, 4);
        }
    }

    #[test]
    fn a_clock_that_stands_still_or_goes_back_gives_nothing() {
        let (limits, start, a) = (Limits::new(SETTINGS), Instant::now(), org("a"));
        let later = start + Duration::from_secs(1);
        let admitted = |now| (0..10).filter(|_| limits.admit(&a, now).is_ok()).count();
        assert_eq!(admitted(later), 4);
        assert_eq!(admitted(start), 0);
    }

    #[test]
    fn running_calls_are_counted_and_given_back() {
        let (limits, now) = (Limits::new(SETTINGS), Instant::now());
        let (a, b) = (org("a"), org("b"));
        let first = limits.admit(&a, now).expect("free");
        let _second = limits.admit(&a, now).expect("free");
        assert_eq!(refusal(&limits, &a, now).map(|busy| busy.limit), Some(Limit::Organization));
        let _third = limits.admit(&b, now).expect("free");
        assert_eq!(refusal(&limits, &b, now).map(|busy| busy.limit), Some(Limit::Service));
        drop(first);
        assert!(limits.admit(&a, now).is_ok());
        assert_eq!(limits.state().running, 2);
    }

    #[test]
    fn a_refusal_for_running_calls_spends_no_token() {
        let (limits, now, a) = (Limits::new(SETTINGS), Instant::now(), org("a"));
        let held = [limits.admit(&a, now).expect("free"), limits.admit(&a, now).expect("free")];
        for _ in 0..100 {
            assert!(refusal(&limits, &a, now).is_some());
        }
        drop(held);
        assert_eq!((0..10).filter(|_| limits.admit(&a, now).is_ok()).count(), 2);
    }
}
