//! Levels in words.

use super::comparison::{FIELDS, LevelPattern};
use super::model::{Model, PLACE};

/// The names of each field's levels, by number; those of the place are told by [`place`].
const LEVELS: [&[&str]; 8] = [
    &[
        "missing",
        "exact",
        "same word",
        "close",
        "nickname",
        "middle name",
        "same sound",
        "similar",
        "same initial",
        "different",
        "exchanged",
        "initial",
        "other initial",
        "half exchanged",
        "middle initial",
        "part",
        "far",
    ],
    &[
        "missing",
        "exact",
        "close",
        "shared part",
        "same sound",
        "similar",
        "different",
        "in middle name",
        "far",
    ],
    &[
        "missing",
        "exact",
        "day and month exchanged",
        "one digit",
        "two parts",
        "two digits",
        "same year",
        "different",
    ],
    &[],
    &["missing", "exact", "close", "same initial", "different", "initial", "other initial"],
    &["missing", "same", "different", "same, as the name", "different, with one name"],
    &["missing", "same", "different"],
    &["missing", "same", "different"],
];

impl LevelPattern {
    /// Field and level in words, in order, for whoever reviews a link.
    #[must_use]
    pub fn explain(&self) -> [(&'static str, String); 8] {
        std::array::from_fn(|field| (FIELDS[field], level(field, self.0[field])))
    }
}

impl Model {
    /// The match-weight chart: for each field and level what it says of a pair, in bits, against
    /// "unrelated" and against "one household". Levels that nothing was learned of are left out.
    #[must_use]
    pub fn chart(&self) -> Vec<LevelWeight> {
        let levels = |field: usize| {
            (1..super::comparison::N_LEVELS).filter(move |level| self.m[field][*level] != 0.0).map(
                move |number| {
                    let (m, h, u) = (self.m[field][number], self.h[field][number], self.u[field][number]);
                    LevelWeight {
                        field: FIELDS[field],
                        level: level(field, number as u8),
                        m: m.exp2(),
                        unrelated_bits: m - u,
                        household_bits: m - h,
                    }
                },
            )
        };
        (0..FIELDS.len()).flat_map(levels).collect()
    }

    /// Prior odds of "unrelated" and of "one household" against "one person", in bits.
    #[must_use]
    pub const fn prior_bits(&self) -> (f32, f32) {
        (self.unrelated_bits, self.household_bits)
    }
}

/// What a level says of a pair.
#[derive(Debug, Clone, PartialEq)]
pub struct LevelWeight {
    /// The field.
    pub field: &'static str,
    /// The level in words.
    pub level: String,
    /// Its probability when the records are one person and have the value.
    pub m: f32,
    /// Its weight against "unrelated", in bits.
    pub unrelated_bits: f32,
    /// Its weight against "one household", in bits.
    pub household_bits: f32,
}

fn level(field: usize, number: u8) -> String {
    if field == PLACE {
        return place(number);
    }
    let levels = LEVELS[field];
    levels.get(usize::from(number)).copied().unwrap_or("unknown").to_owned()
}

fn place(number: u8) -> String {
    let address = [
        "",
        "same address",
        "same building",
        "close address",
        "similar address",
        "same street or number",
        "other address",
    ]
    .get(usize::from(number / 4))
    .copied()
    .unwrap_or("unknown");
    let area = ["", "same area", "near area", "other area"][usize::from(number % 4)];
    match (address, area) {
        ("", "") => "missing".to_owned(),
        ("", one) | (one, "") => one.to_owned(),
        (address, area) => format!("{address}, {area}"),
    }
}
