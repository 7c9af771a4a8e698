//! The decision: an agreement, a caller, a question and a day in; a permit or a refusal out.

use super::{Agreement, Basis, State, Terms};
use crate::calendar::{Date, SchoolYear};
use crate::outcomes::Slice;
use crate::records::{Code, Fact, Kind, OrgId};
use std::collections::BTreeSet;

/// What a partner asks, whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// Agreement it is asked under.
    pub agreement: String,
    /// Purpose it is asked for.
    pub purpose: String,
    /// The slice asked for.
    pub slice: Slice,
    /// Edition; nothing means the newest.
    pub edition: Option<u32>,
}

/// Who calls, as the certificate says.
#[derive(Debug, Clone, Copy)]
pub struct Caller<'a> {
    /// The organization.
    pub organization: &'a OrgId,
    /// Who of it, where the certificate is of one person.
    pub principal: Option<&'a Code>,
}

/// What the sealed product behind a question is made of.
#[derive(Debug, Clone, Copy)]
pub struct Offer<'a> {
    /// Organizations whose records are in it.
    pub sources: &'a BTreeSet<OrgId>,
    /// Smallest group it shows.
    pub cell_min: u32,
    /// Its rule profile; nothing when the edition does not have it.
    pub profile: Option<&'a str>,
    /// Whether it has schools below districts.
    pub has_schools: bool,
    /// Whether the edition has been approved, or published for longer than the agreement lets it wait.
    pub is_reviewed: bool,
    /// School years it has.
    pub periods: &'a [SchoolYear],
}

/// The rules of a decision, in the order they are tried. The names are stable: the log holds them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rule {
    /// No agreement of that id has the caller as a party; unknown and foreign agreements look alike.
    Party,
    /// The agreement has begun.
    Begun,
    /// The agreement has not expired.
    NotExpired,
    /// The day by which its data must be destroyed has not come.
    NotDestroyed,
    /// The source has not withdrawn, or the agreement was loaded after its data were destroyed.
    NotWithdrawn,
    /// The caller is one of those whom the agreement names of the organization.
    Principal,
    /// The partner has attested what the agreement asks for.
    Attested,
    /// The purpose is one of the agreement's.
    Purpose,
    /// The product is permitted.
    Product,
    /// The indicator is permitted.
    Indicator,
    /// Every dimension asked or fixed is permitted.
    Dimension,
    /// The question stays within the population the agreement is about.
    Population,
    /// Nothing below the permitted geography is asked.
    Geography,
    /// Every school year asked is permitted.
    Year,
    /// Every source of the product is a party to the agreement.
    Source,
    /// The product hides at least the groups the agreement wants hidden.
    CellMin,
    /// The product is protected by a permitted profile.
    Profile,
    /// The edition has been reviewed.
    Reviewed,
    /// Records of that kind may be sent.
    Kind,
    /// Everything asked is covered.
    Covered,
}

impl Rule {
    /// Its stable name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Party => "agreement.party",
            Self::Begun => "agreement.begun",
            Self::NotExpired => "agreement.not_expired",
            Self::NotDestroyed => "agreement.not_destroyed",
            Self::NotWithdrawn => "agreement.not_withdrawn",
            Self::Principal => "agreement.principal",
            Self::Attested => "agreement.attested",
            Self::Purpose => "agreement.purpose",
            Self::Product => "agreement.product",
            Self::Indicator => "agreement.indicator",
            Self::Dimension => "agreement.dimension",
            Self::Population => "agreement.population",
            Self::Geography => "agreement.geography",
            Self::Year => "agreement.year",
            Self::Source => "agreement.source",
            Self::CellMin => "agreement.cell_min",
            Self::Profile => "agreement.profile",
            Self::Reviewed => "agreement.reviewed",
            Self::Kind => "agreement.kind",
            Self::Covered => "agreement.covered",
        }
    }

    /// Why a refusal by this rule was made, in words for the one who asked.
    #[must_use]
    pub const fn reason(self) -> &'static str {
        match self {
            Self::Party => "no agreement in force has your organization as a party",
            Self::Begun => "the agreement has not begun",
            Self::NotExpired => "the agreement has expired",
            Self::NotDestroyed => "the agreement has ended, and what was received under it is destroyed",
            Self::NotWithdrawn => {
                "your organization has withdrawn and its data were destroyed; an agreement loaded since must name it"
            }
            Self::Principal => {
                "the agreement names the people of your organization who may, and the certificate is of none of them"
            }
            Self::Attested => "your organization has not attested what the agreement asks for",
            Self::Purpose => "the agreement does not have this purpose",
            Self::Product => "the agreement does not permit this product",
            Self::Indicator => "the agreement does not permit this indicator",
            Self::Dimension => "the agreement does not permit one of these dimensions",
            Self::Population => {
                "the agreement is about a part of the students, and the question is not held to it"
            }
            Self::Geography => "the agreement does not permit questions about schools",
            Self::Year => "the agreement does not permit one of these school years",
            Self::Source => "the product holds records of a source that is not a party to the agreement",
            Self::CellMin => "the product shows smaller groups than the agreement permits",
            Self::Profile => "the agreement does not permit the product's rule profile",
            Self::Reviewed => "the edition waits for its review",
            Self::Kind => "the agreement does not permit records of this kind",
            Self::Covered => "everything asked is covered",
        }
    }
}

/// No agreement covers it. It quotes the rule, and the agreement when the caller is a party to it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{} (rule {}{})", .rule.reason(), .rule.name(), quoted(.agreement))]
pub struct Refused {
    /// The rule that was not met.
    pub rule: Rule,
    /// Id and version, when the caller may know of it.
    pub agreement: Option<(String, u32)>,
}

fn quoted(agreement: &Option<(String, u32)>) -> String {
    agreement.as_ref().map(|(id, version)| format!(", agreement {id}@{version}")).unwrap_or_default()
}

/// An agreement in force covers a question. Whatever reads a seal asks for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Permit {
    agreement: (String, u32),
    purpose: String,
    basis: Basis,
    slice: Slice,
}

impl Permit {
    /// Id and version of the agreement.
    #[must_use]
    pub fn agreement(&self) -> (&str, u32) {
        (&self.agreement.0, self.agreement.1)
    }

    /// The purpose asked for.
    #[must_use]
    pub fn purpose(&self) -> &str {
        &self.purpose
    }

    /// The legal basis.
    #[must_use]
    pub const fn basis(&self) -> Basis {
        self.basis
    }

    /// The slice that may be cut: the one asked for, with its school years spelled out.
    #[must_use]
    pub const fn slice(&self) -> &Slice {
        &self.slice
    }
}

/// An agreement in force lets a source send records.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IntakePermit {
    agreement: (String, u32),
    basis: Basis,
    kinds: Option<BTreeSet<Kind>>,
    terms: Terms,
}

impl IntakePermit {
    /// Id and version as the store has them, `city-outcomes@1`.
    #[must_use]
    pub fn reference(&self) -> String {
        let (id, version) = self.agreement();
        format!("{id}@{version}")
    }

    /// Whether the agreement wants a fact at all: a dated status is the element of a person that it dates.
    #[must_use]
    pub fn keeps(&self, fact: &Fact) -> bool {
        match fact {
            Fact::Status(status) => self.terms.keeps(status.status.element()),
            _ => true,
        }
    }

    /// Drops what the agreement does not want of a fact.
    pub fn trim(&self, fact: &mut Fact) {
        fact.keep(|element| self.terms.keeps(element));
    }

    /// Id and version of the agreement.
    #[must_use]
    pub fn agreement(&self) -> (&str, u32) {
        (&self.agreement.0, self.agreement.1)
    }

    /// The legal basis.
    #[must_use]
    pub const fn basis(&self) -> Basis {
        self.basis
    }

    /// Whether records of a kind may be sent.
    #[must_use]
    pub fn covers(&self, kind: Kind) -> bool {
        self.kinds.as_ref().is_none_or(|kinds| kinds.contains(&kind))
    }
}

impl Agreement {
    /// Decides a question of a partner: a pure function, deny by default.
    ///
    /// # Errors
    ///
    /// [`Refused`] with the first rule that is not met, in the order of [`Rule`].
    pub fn permit(
        &self,
        caller: Caller<'_>,
        question: &Question,
        offer: Offer<'_>,
        today: Date,
    ) -> Result<Permit, Refused> {
        let partner = caller.organization;
        if question.agreement != self.id || !self.partners.contains(partner) {
            return Err(Refused { rule: Rule::Party, agreement: None });
        }
        self.in_force(today)?;
        let (slice, terms) = (&question.slice, &self.terms);
        let attested =
            terms.attested.is_empty() || terms.attested.get(partner).is_some_and(|day| *day <= today);
        // A product that the edition does not have is refused by its name, once the permit is clear.
        let is_protected = match (&terms.profiles, offer.profile) {
            (Some(profiles), Some(profile)) => profiles.contains(profile),
            (None, _) | (_, None) => true,
        };
        let is_held = |(dimension, categories): (&String, &BTreeSet<String>)| {
            slice.filters.iter().any(|(fixed, at)| fixed == dimension && categories.contains(at))
        };
        let asks_schools = offer.has_schools
            && slice
                .dimensions
                .iter()
                .chain(slice.filters.iter().map(|(id, _)| id))
                .any(|id| id == "geography");
        let named = slice.dimensions.iter().chain(slice.filters.iter().map(|(dimension, _)| dimension));
        let mut periods = slice.periods.clone();
        if periods.is_empty() {
            periods = offer.periods.iter().copied().filter(|&year| self.years.contains(year)).collect();
        }
        let rules = [
            (Rule::Principal, terms.names(caller.organization, caller.principal)),
            (Rule::Attested, attested),
            (Rule::Purpose, self.purposes.contains(&question.purpose)),
            (Rule::Product, self.offers(partner, &slice.product)),
            (Rule::Indicator, self.indicators.covers(&slice.indicator)),
            (Rule::Dimension, named.into_iter().all(|dimension| self.dimensions.covers(dimension))),
            (Rule::Population, terms.only.iter().all(is_held)),
            (Rule::Geography, !(terms.districts_only && asks_schools)),
            (Rule::Year, !periods.is_empty() && periods.iter().all(|&year| self.years.contains(year))),
            (Rule::Source, offer.sources.is_subset(&self.sources)),
            (Rule::CellMin, offer.cell_min >= self.minimum(offer.sources)),
            (Rule::Profile, is_protected),
            (Rule::Reviewed, offer.is_reviewed),
        ];
        self.first_broken(&rules)?;
        Ok(Permit {
            agreement: (self.id.clone(), self.version),
            purpose: question.purpose.clone(),
            basis: self.basis,
            slice: Slice { periods, ..slice.clone() },
        })
    }

    /// Decides whether a source may send records.
    ///
    /// # Errors
    ///
    /// [`Refused`] when the source is not a party, the agreement is not in force, or it names others of the source.
    pub fn permit_intake(&self, caller: Caller<'_>, today: Date) -> Result<IntakePermit, Refused> {
        let source = caller.organization;
        if !self.sources.contains(source) {
            return Err(Refused { rule: Rule::Party, agreement: None });
        }
        self.in_force(today)?;
        self.first_broken(&[(Rule::Principal, self.terms.names(source, caller.principal))])?;
        Ok(IntakePermit {
            agreement: (self.id.clone(), self.version),
            basis: self.terms.bases.get(source).copied().unwrap_or(self.basis),
            kinds: self.kinds.clone(),
            terms: self.terms.clone(),
        })
    }

    fn in_force(&self, today: Date) -> Result<(), Refused> {
        let state = self.state(today);
        self.first_broken(&[
            (Rule::Begun, state != State::NotYet),
            (Rule::NotExpired, state != State::Expired),
            (Rule::NotDestroyed, state != State::Destroyed),
        ])
    }

    fn first_broken(&self, rules: &[(Rule, bool)]) -> Result<(), Refused> {
        match rules.iter().find(|(_, met)| !met) {
            Some(&(rule, _)) => Err(Refused { rule, agreement: Some((self.id.clone(), self.version)) }),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests;
