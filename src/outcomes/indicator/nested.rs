//! Shares of which one implies the other: whoever has 70 points or more has 60 or more.
//!
//! The number of both tells how many are in between, and what protects them has to know it. It follows from the library and
//! the settings of a product alone, and never from the records.

#[cfg(test)]
use super::MeasureKind;
use super::{Indicator, indicator};
use crate::outcomes::expression::{Setting, Settings};
use serde::Deserialize;

/// Where a share stands among shares of which each counts some of those that the one before it counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::outcomes) struct Rung {
    /// Id of the share that a product can ask for at every rung.
    of: String,
    at: At,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum At {
    /// Where this parameter is set to.
    Set(String),
    Fixed(u16),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RungText {
    of: String,
    at: u16,
}

impl RungText {
    pub(super) fn rung(&self) -> Rung {
        Rung { of: self.of.clone(), at: At::Fixed(self.at) }
    }
}

impl Rung {
    /// That of a share which a parameter sets.
    pub(super) fn set_by(id: &str, parameter: &str) -> Self {
        Self { of: id.to_owned(), at: At::Set(parameter.to_owned()) }
    }

    fn height(&self, settings: &Settings) -> Option<u16> {
        match &self.at {
            At::Fixed(at) => Some(*at),
            At::Set(parameter) => match settings.get(parameter)? {
                Setting::Integer(at) => Some(*at),
                Setting::Code(_) => None,
            },
        }
    }

    fn sets(&self, parameter: &str) -> bool {
        matches!(&self.at, At::Set(own) if own == parameter)
    }
}

impl Indicator {
    /// Whether everybody whom it counts with these settings is counted by another one with others, when both are of the same
    /// people or of some and all of them. Two that count the same people by definition do not: they have one number.
    pub(in crate::outcomes) fn implies(
        &self,
        settings: &Settings,
        other: &Self,
        of_other: &Settings,
    ) -> bool {
        let is_alike = |parameter: &&String| settings.get(*parameter) == of_other.get(*parameter);
        if let (Some(own), Some(rung)) = (&self.rung, &other.rung)
            && own.of == rung.of
        {
            let mut others = self.parameters.iter().filter(|name| !own.sets(name) && !rung.sets(name));
            return own.height(settings) > rung.height(of_other) && others.all(|name| is_alike(&name));
        }
        let next = |id: &String| indicator(id).is_some_and(|next| next.reaches(&other.id));
        // The same is asked by the other one, or less.
        let is_no_less = |parameter: &String| {
            let is_rung = other.rung.as_ref().is_some_and(|rung| rung.sets(parameter));
            is_alike(&parameter) || (is_rung && settings.get(parameter) > of_other.get(parameter))
        };
        self.implies.iter().any(next) && other.parameters.iter().all(is_no_less)
    }

    /// Whether it is the other one, or implies it over any number of others.
    fn reaches(&self, id: &str) -> bool {
        self.id == id || self.implies.iter().filter_map(|next| indicator(next)).any(|next| next.reaches(id))
    }

    /// Whether what it says of others is of shares that exist, of the same people and with parameters that it has.
    #[cfg(test)]
    pub(super) fn is_nested_soundly(&self) -> bool {
        let is_share =
            |other: &Self| (self.measure, other.measure) == (MeasureKind::Share, MeasureKind::Share);
        let (of_same, of_some) = (
            |other: &Self| self.population == other.population,
            |other: &Self| {
                self.population.is_inside(other.population) || other.population.is_inside(self.population)
            },
        );
        let of_rung = |rung: &Rung| {
            let ladder = indicator(&rung.of);
            let parameters = |of: &Self| -> Vec<String> {
                let sets = |name: &&String| !of.rung.as_ref().is_some_and(|rung| rung.sets(name));
                of.parameters.iter().filter(sets).cloned().collect()
            };
            let is_set = |parameter: &String| self.parameters.contains(parameter);
            ladder.is_some_and(|ladder| {
                is_share(ladder) && of_same(ladder) && parameters(ladder) == parameters(self)
            }) && match &rung.at {
                At::Set(parameter) => is_set(parameter),
                At::Fixed(_) => true,
            }
        };
        let has_all = |other: &Self| other.parameters.iter().all(|name| self.parameters.contains(name));
        let is_sound = |id: &String| {
            indicator(id).is_some_and(|other| is_share(other) && of_some(other) && has_all(other))
        };
        self.rung.as_ref().is_none_or(of_rung) && self.implies.iter().all(is_sound)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::records::Code;

    fn settings(subject: &str, numbers: &[(&str, u16)]) -> Settings {
        let code = |name: &str| Setting::Code(Code::new(name).expect("a code"));
        let texts = [("test", "STATE"), ("subject", subject)].map(|(name, of)| (name.to_owned(), code(of)));
        let numbers = numbers.iter().map(|&(name, of)| (name.to_owned(), Setting::Integer(of)));
        texts.into_iter().chain(numbers).collect()
    }

    fn check(one: (&str, &Settings), other: (&str, &Settings), expected: bool) {
        let of = |id: &str| indicator(id).expect(id);
        assert_eq!(of(one.0).implies(one.1, of(other.0), other.1), expected, "{} and {}", one.0, other.0);
    }

    #[test]
    fn more_of_what_nests_is_asked_of_fewer() {
        let at = |subject: &str, percentile| settings(subject, &[("percentile", percentile)]);
        let (low, high, other) = (&at("ELA", 40), &at("ELA", 60), &at("MATH", 40));
        check(("growth_at_least", high), ("growth_at_least", low), true);
        check(("growth_at_least", low), ("growth_at_least", high), false);
        check(("growth_at_least", high), ("growth_at_least", high), false);
        check(("growth_at_least", high), ("growth_at_least", other), false);
        let typical = &settings("ELA", &[]);
        check(("growth_above_typical", typical), ("growth_at_least", low), true);
        check(("growth_above_typical", typical), ("growth_at_least", other), false);
        check(("growth_above_typical", typical), ("growth_at_least", high), false);
        check(("growth_at_least", high), ("growth_above_typical", typical), true);
        check(("growth_at_least", low), ("growth_above_typical", typical), false);
        let points = |points| settings("ELA", &[("points", points)]);
        check(("score_at_least", &points(50)), ("score_at_least", &points(40)), true);
        check(("score_at_least", &points(50)), ("growth_at_least", low), false);
    }

    #[test]
    fn some_shares_imply_others() {
        let none = &Settings::new();
        for (one, other) in [
            ("suspension_rate", "discipline_rate"),
            ("retention_y2", "persistence_y2"),
            ("completion_without_remediation", "completion_6y"),
            ("graduation_4y", "graduation_5y"),
        ] {
            check((one, none), (other, none), true);
            check((other, none), (one, none), false);
        }
        check(("regular_attendance", none), ("chronic_absence", none), false);
        // With a fourth of the credits and few failing marks, they have the credits, and fewer of them.
        let credits = |hundredths| settings("ELA", &[("credits_hundredths", hundredths)]);
        for (marks, all, expected) in [(600, 600, true), (600, 500, true), (500, 600, false)] {
            check(("on_track_9_core", &credits(marks)), ("on_track_9", &credits(all)), expected);
            check(("on_track_9", &credits(all)), ("on_track_9_core", &credits(marks)), false);
        }
    }
}
