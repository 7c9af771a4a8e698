//! For tests of destruction: two sources, two agreements, and schools that are sent under them.

use crate::calendar::Timestamp;
use crate::identity::{KeyRing, Roots, pseudonymize};
use crate::records::{Change, Code, Fact, Label, OrgId, School, Sector, Submission};
use crate::store::{Error, Organization, Store, Tx, testing};
use std::path::Path;

pub(super) const SOURCES: [&str; 2] = ["northfield", "eastbrook"];

pub(super) fn day(text: &str) -> Timestamp {
    Timestamp::start_of(text.parse().expect("a day"))
}

pub(super) fn org_id(id: &str) -> OrgId {
    OrgId::new(id).expect("an id")
}

/// A store with two agreements: `a` is destroyed on 1 July 2026, `b` a year later.
pub(super) async fn open(folder: &Path) -> Store {
    let store = testing::open(folder);
    change(&store, |tx| {
        for id in SOURCES {
            let roles = ["contributor".to_owned()].into();
            tx.put_organization(&Organization { id: org_id(id), name: id.into(), roles, active: true })?;
        }
        for (id, year) in [("a", 2026), ("b", 2027)] {
            let document = format!(
                "agreement = \"{id}\"\nversion = 1\ntitle = \"{id}\"\nbasis = \"studies\"\npurposes = [\"p\"]\n\
                 begins = \"2025-01-01\"\nexpires = \"{year}-06-30\"\ndestruction = \"{year}-07-01\"\n\
                 profile = \"nces-10\"\ncell_min = 10\n[parties]\nsources = [\"northfield\", \"eastbrook\"]\n\
                 partners = [\"p\"]\n[permits]\nproducts = [\"*\"]\nindicators = [\"*\"]\ndimensions = [\"*\"]\n\
                 years = {{ from = 2024, to = 2025 }}\n"
            );
            tx.put_agreement(id, 1, &[0; 32], &document, day("2025-01-01"))?;
        }
        Ok(())
    })
    .await;
    store
}

pub(super) async fn change<T: Send + 'static>(
    store: &Store,
    steps: impl FnOnce(&mut Tx<'_>) -> Result<T, Error> + Send + 'static,
) -> T {
    store.transaction("test", steps).await.expect("a commit").value
}

/// Sends a school under an agreement, or under none that is known.
pub(super) async fn send(
    store: &Store,
    source: &'static str,
    key: &str,
    name: &str,
    under: Option<&'static str>,
) {
    let ring = KeyRing::derive(&Roots::parse(&"07".repeat(32)).expect("a key file"));
    let school = School {
        code: Code::new(key).expect("a code"),
        name: Label::new(name).expect("a label"),
        district: None,
        district_name: None,
        sector: Sector::District,
        title_i: None,
    };
    let change = Change::Upsert(Fact::School(school));
    let submission = Submission { key: key.into(), student: None, identifiers: None, change };
    let record = pseudonymize(&ring, &org_id(source), submission);
    self::change(store, move |tx| {
        let number = tx.source_number(&org_id(source))?;
        if let Some(under) = under {
            tx.receive_under(number, under, day("2025-02-01"))?;
        }
        tx.put_record(number, record).map(|_| ())
    })
    .await;
}
