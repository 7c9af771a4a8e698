//! Terms that an agreement may have beyond parties, purposes and dates: each of them limits, and without it nothing is
//! limited further.

use super::agreement::{Basis, Grant};
use crate::calendar::Date;
use crate::records::{Code, ELEMENTS, Label, OrgId};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

/// The further terms.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Terms {
    /// Rule profiles that products may have; all when absent.
    pub profiles: Option<BTreeSet<String>>,
    /// Smallest groups that single sources want shown.
    pub minimums: BTreeMap<OrgId, u32>,
    /// Legal bases of single sources, where they differ from the agreement's.
    pub bases: BTreeMap<OrgId, Basis>,
    /// Sources whose records count for students alone whose consent is on record.
    pub opt_in: BTreeSet<OrgId>,
    /// People of single parties who may send and ask under the agreement, by the accounts in their certificates; everybody of
    /// the others may.
    pub people: BTreeMap<OrgId, BTreeSet<Code>>,
    /// Days on which partners attested that they will neither identify anybody nor link the figures to anything; where any
    /// is named, the others may not ask.
    pub attested: BTreeMap<OrgId, Date>,
    /// Dimensions that every question holds fixed, at one of these categories.
    pub only: BTreeMap<String, BTreeSet<String>>,
    /// Nothing below districts may be asked.
    pub districts_only: bool,
    /// Products that single partners may ask, where they may not ask all of the agreement's.
    pub products: BTreeMap<OrgId, Grant>,
    /// Elements of records that are kept; the rest is dropped on receipt. All but those kept on purpose alone when absent.
    pub elements: Option<BTreeSet<String>>,
    /// Days that an edition waits for the steward's approval before it is answered from without one.
    pub review_days: u16,
    /// Days by which single sources deliver, ascending.
    pub deliveries: BTreeMap<OrgId, Vec<Date>>,
    /// Whom figures under the agreement give credit to.
    pub credit: Option<String>,
    /// Hours within which parties hear of a breach.
    pub breach_notice_hours: Option<u16>,
    /// Who hears of it.
    pub contacts: Vec<String>,
}

/// Elements that are kept only where an agreement names them.
const ON_PURPOSE: &[&str] = &["person.birth_month"];

impl Terms {
    /// Whether an element of records is kept.
    #[must_use]
    pub fn keeps(&self, element: &str) -> bool {
        let named = self.elements.as_ref().map(|elements| elements.contains(element));
        named.unwrap_or_else(|| !ON_PURPOSE.contains(&element))
    }

    /// Whether somebody of a party may act under the agreement.
    #[must_use]
    pub fn names(&self, party: &OrgId, principal: Option<&Code>) -> bool {
        self.people.get(party).is_none_or(|people| principal.is_some_and(|one| people.contains(one)))
    }

    /// By how many days a source is late on a day: since the last due day, when it has delivered nothing since the one
    /// before it; 0 when it is not, or has no calendar.
    #[must_use]
    pub fn days_late(&self, source: &OrgId, delivered: Option<Date>, today: Date) -> u32 {
        let due = self.deliveries.get(source).map(Vec::as_slice).unwrap_or_default();
        let past = &due[..due.partition_point(|day| *day <= today)];
        let Some(last) = past.last() else { return 0 };
        let since = past.len().checked_sub(2).map(|at| past[at]);
        let is_in = delivered.is_some_and(|day| since.is_none_or(|since| day > since));
        if is_in { 0 } else { u32::try_from(today.days() - last.days()).unwrap_or(0) }
    }

    /// The smallest group that these sources want shown together.
    #[must_use]
    pub fn minimum(&self, sources: &BTreeSet<OrgId>) -> u32 {
        self.minimums
            .iter()
            .filter(|(source, _)| sources.contains(source))
            .map(|(_, n)| *n)
            .max()
            .unwrap_or(0)
    }
}

/// The tables of the document that terms come from.
#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Text {
    profiles: Option<Vec<String>>,
    minimums: BTreeMap<String, u32>,
    bases: BTreeMap<String, Basis>,
    opt_in: BTreeSet<String>,
    people: BTreeMap<String, Vec<String>>,
    attested: BTreeMap<String, String>,
    only: BTreeMap<String, Vec<String>>,
    geography: Option<String>,
    products: BTreeMap<String, Vec<String>>,
    elements: Option<Vec<String>>,
    review_days: u16,
    deliveries: BTreeMap<String, Vec<String>>,
    credit: Option<String>,
    breach_notice_hours: Option<u16>,
    contacts: Vec<String>,
}

impl Text {
    /// The terms, between these parties; what is wrong is added to `problems`.
    pub(super) fn check(
        self,
        sources: &BTreeSet<OrgId>,
        partners: &BTreeSet<OrgId>,
        problems: &mut Vec<String>,
    ) -> Terms {
        if self.minimums.values().any(|n| !(3..=1_000).contains(n)) {
            problems.push("terms.minimums: are 3 to 1,000 each".into());
        }
        let mut attested = BTreeMap::new();
        for (partner, day) in self.attested {
            match day.parse::<Date>() {
                Ok(day) => drop(attested.insert(partner, day)),
                Err(error) => problems.push(format!("terms.attested: {error}")),
            }
        }
        let mut people = BTreeMap::new();
        for (party, names) in self.people {
            match names.iter().map(|name| Code::of_account(name)).collect::<Result<BTreeSet<_>, _>>() {
                Ok(names) if !names.is_empty() => drop(people.insert(party, names)),
                _ => problems.push("terms.people: are names of accounts as certificates have them (a-z, 0-9 and .-_), one at least of each party".into()),
            }
        }
        let parties: BTreeSet<OrgId> = sources.union(partners).cloned().collect();
        let mut deliveries = BTreeMap::new();
        for (source, days) in self.deliveries {
            match days.iter().map(|day| day.parse::<Date>()).collect::<Result<Vec<_>, _>>() {
                Ok(days) if days.is_sorted_by(|a, b| a < b) => drop(deliveries.insert(source, days)),
                _ => problems.push("terms.deliveries: are not dates in ascending order".into()),
            }
        }
        if self.only.values().any(Vec::is_empty) {
            problems.push("terms.only: each dimension has at least one category".into());
        }
        let districts_only = match self.geography.as_deref() {
            None | Some("school") => false,
            Some("district") => true,
            Some(_) => {
                problems.push("terms.geography: is neither \"school\" nor \"district\"".into());
                false
            }
        };
        if self.elements.iter().flatten().any(|element| !ELEMENTS.contains(&element.as_str())) {
            problems.push(format!("terms.elements: has an unknown one; known are {}", ELEMENTS.join(", ")));
        }
        if self.credit.as_ref().is_some_and(|credit| Label::new(credit).is_err()) {
            problems.push("terms.credit: is not a text of 1 to 120 characters".into());
        }
        if self.contacts.iter().any(|contact| Label::new(contact).is_err()) {
            problems.push("terms.contacts: are texts of 1 to 120 characters".into());
        }
        let products = self.products.into_iter().map(|(id, names)| (id, Grant::new(names))).collect();
        Terms {
            profiles: self.profiles.map(BTreeSet::from_iter),
            minimums: of_parties("minimums", self.minimums, sources, problems),
            opt_in: of_parties(
                "opt_in",
                self.opt_in.into_iter().map(|id| (id, ())).collect(),
                sources,
                problems,
            )
            .into_keys()
            .collect(),
            people: of_parties("people", people, &parties, problems),
            bases: of_parties("bases", self.bases, sources, problems),
            attested: of_parties("attested", attested, partners, problems),
            only: self
                .only
                .into_iter()
                .map(|(id, categories)| (id, categories.into_iter().collect()))
                .collect(),
            districts_only,
            products: of_parties("products", products, partners, problems),
            elements: self.elements.map(BTreeSet::from_iter),
            review_days: self.review_days,
            deliveries: of_parties("deliveries", deliveries, sources, problems),
            credit: self.credit,
            breach_notice_hours: self.breach_notice_hours,
            contacts: self.contacts,
        }
    }
}

/// The values of those who are parties; whoever is not is a problem.
fn of_parties<T>(
    table: &str,
    values: BTreeMap<String, T>,
    parties: &BTreeSet<OrgId>,
    problems: &mut Vec<String>,
) -> BTreeMap<OrgId, T> {
    let mut known = BTreeMap::new();
    for (id, value) in values {
        match OrgId::new(&id).ok().filter(|id| parties.contains(id)) {
            Some(id) => drop(known.insert(id, value)),
            None => problems.push(format!("terms.{table}: names somebody who is no such party")),
        }
    }
    known
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_is_late_when_nothing_came_since_the_due_day_before() {
        let day = |text: &str| text.parse::<Date>().expect(text);
        let source = OrgId::new("northfield").expect("an id");
        let days = ["2025-10-15", "2026-01-15", "2026-04-15"].map(day).to_vec();
        let terms = Terms { deliveries: BTreeMap::from([(source.clone(), days)]), ..Terms::default() };
        let late = |delivered: Option<&str>, today| terms.days_late(&source, delivered.map(day), day(today));
        assert_eq!(late(None, "2025-10-14"), 0, "nothing was due");
        assert_eq!((late(None, "2025-10-15"), late(None, "2025-10-25")), (0, 10));
        assert_eq!(late(Some("2025-09-01"), "2025-10-25"), 0, "it came early");
        assert_eq!(late(Some("2025-10-15"), "2026-01-20"), 5, "that was for the day before");
        assert_eq!((late(Some("2025-10-16"), "2026-01-20"), late(Some("2026-01-19"), "2026-01-20")), (0, 0));
        assert_eq!(late(Some("2025-10-16"), "2026-05-15"), 30);
        assert_eq!(terms.days_late(&OrgId::new("other").expect("an id"), None, day("2026-01-20")), 0);
    }
}
