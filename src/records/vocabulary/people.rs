//! Words about students: groups they belong to, and statuses they have for a time.

use serde::{Deserialize, Serialize};

coded! {
    /// Sex as the source records it.
    Sex {
        /// Female.
        Female = "F",
        /// Male.
        Male = "M",
        /// Neither of the two.
        Other = "X",
    }
}

coded! {
    /// School meal status.
    Lunch {
        /// Free.
        Free = "free",
        /// Reduced price.
        Reduced = "reduced",
        /// Full price.
        Paid = "paid",
        /// Every student free (Community Eligibility Provision): says nothing about the student.
        Cep = "cep",
    }
}

coded! {
    /// English learner status.
    EnglishLearner {
        /// Now a learner.
        Current = "current",
        /// Exited and monitored (up to four years).
        Monitored = "monitored",
        /// Once a learner.
        Former = "former",
        /// Never a learner.
        Never = "never",
        /// In the first year after exit.
        Monitored1 = "monitored_1",
        /// In the second year after exit.
        Monitored2 = "monitored_2",
        /// In the third year after exit.
        Monitored3 = "monitored_3",
        /// In the fourth year after exit.
        Monitored4 = "monitored_4",
    }
}

coded! {
    /// What a dated status says. A student has it in every school year that its span touches.
    StatusKind {
        /// Experiencing homelessness (McKinney-Vento).
        Homeless = "homeless",
        /// Homeless and without a parent or guardian.
        Unaccompanied = "unaccompanied",
        /// In foster care.
        Foster = "foster",
        /// Migrant.
        Migrant = "migrant",
        /// Military connected.
        Military = "military",
        /// Economically disadvantaged.
        EconomicallyDisadvantaged = "economically_disadvantaged",
        /// Found eligible for free meals by another program's list (direct certification).
        DirectlyCertified = "directly_certified",
        /// Served under IDEA.
        DisabilityIdea = "disability_idea",
        /// Served under Section 504.
        Section504 = "section_504",
        /// English learner; the four years after the span ends are monitored years.
        EnglishLearner = "english_learner",
        /// Lives in the zone that the record names.
        Zone = "zone",
    }
}

coded! {
    /// Primary disability: the thirteen categories of IDEA and developmental delay.
    Disability {
        /// Autism.
        Autism = "autism",
        /// Deaf-blindness.
        DeafBlindness = "deaf_blindness",
        /// Deafness.
        Deafness = "deafness",
        /// Developmental delay.
        DevelopmentalDelay = "developmental_delay",
        /// Emotional disturbance.
        EmotionalDisturbance = "emotional_disturbance",
        /// Hearing impairment.
        HearingImpairment = "hearing_impairment",
        /// Intellectual disability.
        IntellectualDisability = "intellectual_disability",
        /// Multiple disabilities.
        MultipleDisabilities = "multiple_disabilities",
        /// Orthopedic impairment.
        OrthopedicImpairment = "orthopedic_impairment",
        /// Other health impairment.
        OtherHealthImpairment = "other_health_impairment",
        /// Specific learning disability.
        SpecificLearningDisability = "specific_learning_disability",
        /// Speech or language impairment.
        SpeechLanguageImpairment = "speech_language_impairment",
        /// Traumatic brain injury.
        TraumaticBrainInjury = "traumatic_brain_injury",
        /// Visual impairment.
        VisualImpairment = "visual_impairment",
    }
}

/// The race flags of 1997 and of 2024 and the two-or-more flag, as sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Races(u8);

impl Races {
    /// Flag names in the order of their bits.
    pub const NAMES: [&'static str; 7] =
        ["american_indian", "asian", "black", "pacific_islander", "white", "two_or_more", "middle_eastern"];

    /// Adds the flag of that name; false when there is none such.
    pub fn add(&mut self, name: &str) -> bool {
        match Self::NAMES.iter().position(|known| *known == name) {
            Some(bit) => {
                self.0 |= 1 << bit;
                true
            }
            None => false,
        }
    }

    /// The flags of both: sources that disagree are united.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// The bits, lowest for the first of [`Races::NAMES`].
    #[must_use]
    pub const fn bits(self) -> u8 {
        self.0
    }

    /// The flags with those bits.
    #[must_use]
    pub const fn from_bits(bits: u8) -> Self {
        Self(bits & 0b111_1111)
    }
}
