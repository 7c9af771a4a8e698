//! What has been read before and is the same whenever it is read: editions, which never change, and documents by their text.
//! And who may call, which is asked at every call, until that changes.

use super::{EditionNotes, Organization};
use crate::agreements::Agreement;
use crate::disclosure::Seal;
use crate::records::OrgId;
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard};

/// Shared by all who read.
pub(super) type Cache = Arc<Cached>;

#[derive(Default)]
pub(super) struct Cached {
    /// By the number of the edition.
    pub(super) seals: OfEditions<Seal>,
    pub(super) notes: OfEditions<EditionNotes>,
    /// By their documents: a transaction that is undone leaves nothing behind that is wrong.
    agreements: Mutex<HashMap<String, Arc<Agreement>>>,
    pub(super) organizations: Organizations,
}

/// Documents kept at most. Of more, all are read again.
const DOCUMENTS_MAX: usize = 256;

impl Cached {
    /// The agreement that a document is; nothing for another text.
    pub(super) fn agreement(&self, document: &str) -> Option<Arc<Agreement>> {
        if let Some(known) = lock(&self.agreements).get(document) {
            return Some(known.clone());
        }
        let agreement = Arc::new(Agreement::parse(document).ok()?);
        let mut known = lock(&self.agreements);
        if known.len() >= DOCUMENTS_MAX {
            known.clear();
        }
        known.insert(document.to_owned(), agreement.clone());
        Some(agreement)
    }
}

/// Something of each edition.
pub(super) struct OfEditions<T>(Mutex<BTreeMap<u32, Arc<T>>>);

impl<T> Default for OfEditions<T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<T> OfEditions<T> {
    pub(super) fn find(&self, edition: u32) -> Option<Arc<T>> {
        lock(&self.0).get(&edition).cloned()
    }

    /// What was read, or what another has read meanwhile.
    pub(super) fn keep(&self, edition: u32, read: T) -> Arc<T> {
        lock(&self.0).entry(edition).or_insert_with(|| Arc::new(read)).clone()
    }
}

/// Organizations as they are committed.
#[derive(Default)]
pub(super) struct Organizations(Mutex<Known>);

#[derive(Default)]
struct Known {
    /// How often any of them has changed.
    n_changes: u64,
    by_id: HashMap<OrgId, Arc<Organization>>,
}

impl Organizations {
    /// What is known of one, or how often any has changed by now: it is read after that.
    pub(super) fn find(&self, id: &OrgId) -> Result<Arc<Organization>, u64> {
        let known = lock(&self.0);
        known.by_id.get(id).cloned().ok_or(known.n_changes)
    }

    /// Keeps what was read after so many changes, unless there was another one meanwhile.
    pub(super) fn keep(&self, read: &Arc<Organization>, n_changes: u64) {
        let mut known = lock(&self.0);
        if known.n_changes == n_changes {
            known.by_id.insert(read.id.clone(), read.clone());
        }
    }

    /// A change is committed, and nobody has heard of it yet.
    pub(super) fn forget(&self) {
        let mut known = lock(&self.0);
        known.n_changes += 1;
        known.by_id.clear();
    }
}

fn lock<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().expect("nothing panics while it holds the cache")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_read_of_an_organization_before_it_changed_is_not_kept_after_that() {
        let (known, id) = (Organizations::default(), OrgId::new("one").expect("an id"));
        let of = |active| {
            let (name, roles) = ("One".to_owned(), ["partner".to_owned()].into());
            Arc::new(Organization { id: id.clone(), name, roles, active })
        };
        let before = known.find(&id).expect_err("nothing is known");
        known.keep(&of(true), before);
        assert_eq!(known.find(&id), Ok(of(true)));
        known.forget();
        let after = known.find(&id).expect_err("it has changed");
        known.keep(&of(true), before);
        assert_eq!(known.find(&id), Err(after), "that was read before");
        known.keep(&of(false), after);
        assert_eq!(known.find(&id), Ok(of(false)));
    }

    #[test]
    fn a_document_is_the_same_agreement_each_time_and_no_other_text_is_one() {
        let paper = include_str!("../practice/papers/city-outcomes.toml");
        let of = |title: &str| {
            let dated =
                paper.replace("{begins}", "2020-07-01").replace("{from}", "2021").replace("{to}", "2025");
            dated.replace("City outcomes, cradle to career", title)
        };
        let cached = Cached::default();
        for n in 0..2 * DOCUMENTS_MAX + 3 {
            let document = of(&format!("Number {n}"));
            let (read, again) = (cached.agreement(&document), cached.agreement(&document));
            assert!(
                read.is_some()
                    && read.as_deref() == Agreement::parse(&document).ok().as_ref()
                    && read == again
            );
            assert!(lock(&cached.agreements).len() <= DOCUMENTS_MAX);
        }
        assert_eq!(cached.agreement("title = 1"), None);
    }
}
