//! Elements of records: what an agreement can keep out.

use super::{Fact, StatusKind};

/// Declares the elements that can be dropped from a fact: the kind, its field, and what is there without it.
macro_rules! elements {
    ($($fact:ident $kind:literal { $($field:ident = $name:literal,)+ })+) => {
        /// The names of the elements that an agreement can keep out. Others are what a record is about.
        pub const ELEMENTS: &[&str] = &[$($(concat!($kind, ".", $name),)+)+];

        impl Fact {
            /// Drops the elements that are not kept.
            pub fn keep(&mut self, keeps: impl Fn(&str) -> bool) {
                match self {
                    $(Self::$fact(fact) => {
                        $(keep(&mut fact.$field, keeps(concat!($kind, ".", $name)));)+
                    })+
                    _ => {}
                }
            }
        }
    };
}

impl StatusKind {
    /// The element of a person that a status of this kind says with its days.
    #[must_use]
    pub const fn element(self) -> &'static str {
        match self {
            Self::Homeless => "person.homeless",
            Self::Unaccompanied => "person.unaccompanied",
            Self::Foster => "person.foster",
            Self::Migrant => "person.migrant",
            Self::Military => "person.military",
            Self::EconomicallyDisadvantaged | Self::DirectlyCertified => "person.economically_disadvantaged",
            Self::DisabilityIdea => "person.disability_idea",
            Self::Section504 => "person.section_504",
            Self::EnglishLearner => "person.english_learner",
            Self::Zone => "person.zone",
        }
    }
}

/// Leaves a field as it is, or takes what is in it out.
fn keep<T: Default>(field: &mut T, is_kept: bool) {
    if !is_kept {
        *field = T::default();
    }
}

elements! {
    Person "person" {
        sex = "sex",
        races = "races",
        hispanic = "hispanic",
        economically_disadvantaged = "economically_disadvantaged",
        lunch = "lunch",
        disability_idea = "disability_idea",
        section_504 = "section_504",
        english_learner = "english_learner",
        homeless = "homeless",
        foster = "foster",
        migrant = "migrant",
        military = "military",
        zone = "zone",
        unaccompanied = "unaccompanied",
        disability = "disability",
        birth_month = "birth_month",
    }
    Enrollment "enrollment" {
        exit_type = "exit_type",
        grade = "grade",
        ninth_grade_year = "ninth_grade_year",
        repeats_grade = "repeats_grade",
    }
    Assessment "assessment" {
        grade = "grade",
        scale_score_thousandths = "scale_score",
        level = "level",
        proficient = "proficient",
        not_tested = "not_tested",
        standard_error_thousandths = "standard_error",
    }
    Discipline "discipline" {
        school = "school",
        days_hundredths = "days",
        behavior = "behavior",
    }
    Postsecondary "postsecondary" {
        status = "status",
        remedial = "remedial",
    }
    Participation "participation" {
        exit_reason = "exit_reason",
    }
    Course "course" {
        core = "core",
        attempted_hundredths = "credits_attempted",
        failed = "failed",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::records::{Demographics, Races, Sex};
    use std::collections::BTreeSet;

    #[test]
    fn what_is_not_kept_is_gone_and_the_rest_stays() {
        let mut races = Races::default();
        assert!(races.add("black"));
        let whole =
            Demographics { sex: Some(Sex::Female), races, homeless: Some(true), ..Demographics::default() };
        let mut fact = Fact::Person(whole.clone());
        fact.keep(|_| true);
        assert_eq!(fact, Fact::Person(whole.clone()));
        fact.keep(|element| element != "person.races" && element != "person.homeless");
        let kept = Demographics { races: Races::default(), homeless: None, ..whole };
        assert_eq!(fact, Fact::Person(kept));
        assert_eq!(ELEMENTS.iter().collect::<BTreeSet<_>>().len(), ELEMENTS.len());
        assert!(StatusKind::ALL.iter().all(|status| ELEMENTS.contains(&status.element())));
    }
}
