//! The habits of each source's clerks.

use super::city::Source;

/// How often a source errs, per 10,000 cards, and how it writes.
pub(super) struct Habits {
    pub(super) nickname: i32,
    pub(super) typo: i32,
    /// Writes two family names its own way.
    pub(super) compound: i32,
    pub(super) middle_missing: i32,
    pub(super) middle_initial: i32,
    pub(super) day_month_swapped: i32,
    pub(super) birth_digit: i32,
    pub(super) birth_missing: i32,
    pub(super) names_swapped: i32,
    pub(super) sex_missing: i32,
    pub(super) state_id_missing: i32,
    pub(super) address_stale: i32,
    pub(super) address_missing: i32,
    pub(super) style: Style,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Style {
    /// With accents where the language has them.
    Careful,
    Plain,
    Capitals,
    /// Capitals, no punctuation, cut after 15 letters.
    Mainframe,
    /// Now and then all in small letters.
    Hasty,
}

/// How each source writes.
pub(super) const fn habits(source: Source) -> Habits {
    match source {
        Source::Northfield => Habits {
            nickname: 800,
            typo: 100,
            compound: 1_800,
            middle_missing: 800,
            middle_initial: 1_000,
            day_month_swapped: 40,
            birth_digit: 60,
            birth_missing: 0,
            names_swapped: 30,
            sex_missing: 30,
            state_id_missing: 300,
            address_stale: 600,
            address_missing: 100,
            style: Style::Careful,
        },
        Source::Eastbrook => Habits {
            nickname: 1_400,
            typo: 160,
            compound: 3_000,
            middle_missing: 2_500,
            middle_initial: 4_000,
            day_month_swapped: 60,
            birth_digit: 90,
            birth_missing: 10,
            names_swapped: 50,
            sex_missing: 60,
            state_id_missing: 1_200,
            address_stale: 1_000,
            address_missing: 200,
            style: Style::Capitals,
        },
        Source::Summit => Habits {
            nickname: 2_500,
            typo: 150,
            compound: 2_500,
            middle_missing: 4_000,
            middle_initial: 2_000,
            day_month_swapped: 80,
            birth_digit: 90,
            birth_missing: 30,
            names_swapped: 50,
            sex_missing: 80,
            state_id_missing: 2_500,
            address_stale: 1_200,
            address_missing: 400,
            style: Style::Plain,
        },
        Source::Afterschool => Habits {
            nickname: 6_000,
            typo: 400,
            compound: 5_000,
            middle_missing: 8_500,
            middle_initial: 1_000,
            day_month_swapped: 250,
            birth_digit: 250,
            birth_missing: 800,
            names_swapped: 150,
            sex_missing: 800,
            state_id_missing: 10_000,
            address_stale: 1_000,
            address_missing: 2_000,
            style: Style::Hasty,
        },
        Source::Healthy => Habits {
            nickname: 300,
            typo: 200,
            compound: 4_500,
            middle_missing: 3_000,
            middle_initial: 6_500,
            day_month_swapped: 60,
            birth_digit: 80,
            birth_missing: 30,
            names_swapped: 90,
            sex_missing: 100,
            state_id_missing: 10_000,
            address_stale: 2_000,
            address_missing: 500,
            style: Style::Mainframe,
        },
        Source::Promise => Habits {
            nickname: 1_500,
            typo: 80,
            compound: 2_500,
            middle_missing: 3_000,
            middle_initial: 2_000,
            day_month_swapped: 30,
            birth_digit: 50,
            birth_missing: 0,
            names_swapped: 40,
            sex_missing: 200,
            state_id_missing: 10_000,
            address_stale: 1_500,
            address_missing: 300,
            style: Style::Careful,
        },
    }
}
