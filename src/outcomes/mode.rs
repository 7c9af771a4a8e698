//! Modes: what a product does so that its figures say nothing about few people.

use serde::{Deserialize, Serialize};

/// How the figures of a product are protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
pub enum Mode {
    /// Small and telling numbers are hidden, and others so that those can not be worked out; what is shown is exact.
    #[default]
    Suppress,
    /// Every number is a multiple of the rule's minimum, and they add up.
    Round,
    /// Every number has noise of known size added, drawn once.
    Dp(Budget),
}

/// What a product with noise may tell about any student in a school year, in all its editions and versions together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Budget {
    /// The epsilon of differential privacy, in thousandths; its delta is [`Budget::DELTA`].
    pub epsilon_milli: u32,
    /// How many editions share it, evenly. Later ones show what the last of these has shown.
    pub editions: u32,
}

impl Mode {
    /// Its name in a product document: `suppress`, `round`, `dp`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Suppress => "suppress",
            Self::Round => "round",
            Self::Dp(_) => "dp",
        }
    }

    /// Whether products in these modes may show figures of the same people. A rounded number beside exact ones narrows
    /// what those hide; noise leaves everything possible.
    #[must_use]
    pub const fn goes_with(self, other: Self) -> bool {
        !matches!((self, other), (Self::Suppress, Self::Round) | (Self::Round, Self::Suppress))
    }
}

impl Budget {
    /// The probability, at most, with which more than epsilon is told: that of the 2020 Census of the United States.
    pub const DELTA: f64 = 1e-10;

    /// The largest epsilon that a product can declare, in thousandths: more promises nothing.
    pub const EPSILON_MILLI_MAX: u32 = 50_000;

    /// Its epsilon.
    #[must_use]
    pub fn epsilon(self) -> f64 {
        f64::from(self.epsilon_milli) / 1000.0
    }
}
