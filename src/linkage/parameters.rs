//! What each comparison level says, in probabilities.

/// What a level says about a pair.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Level {
    /// log2 of its probability for one person over that for unrelated people.
    pub(super) unrelated_bits: f32,
    /// log2 of its probability for one person over that for members of one household.
    pub(super) household_bits: f32,
    /// Its probability for unrelated people.
    pub(super) u: f32,
}

/// How likely a level is when the two records are one person (`m`), members of one household (`h`),
/// or unrelated (`u`), given that both have the value.
fn level(m: f32, h: f32, u: f32) -> Level {
    Level { unrelated_bits: (m / u).log2(), household_bits: (m / h).log2(), u }
}

/// One configuration of the engine: level probabilities, prior odds, thresholds.
///
/// The default serves every data set. Its probabilities are round figures for school and agency
/// records; frequencies of the very values refine them ([`crate::linkage`] counts tokens).
#[derive(Debug, Clone, PartialEq)]
pub struct Parameters {
    /// The version that links carry.
    pub version: u16,
    /// A pair is a link from this weight on, in bits: 0 is even odds.
    pub link_bits: f32,
    /// A subject joins a person only if its mean weight against the person's subjects reaches this,
    /// in bits. It stops chains in which each pair is similar and the ends are not.
    pub mean_bits: f32,
    /// At once, a subject joins a person only if the middle between its best and its mean weight
    /// reaches this, in bits. A link made in haste keeps the right subject of that source out.
    pub at_once_bits: f32,
    /// Prior odds of "unrelated" against "one person" among all pairs of a small set, in bits. They
    /// grow with the binary logarithm of the records above some 45,000.
    pub unrelated_bits_min: f32,
    /// Prior odds of "one household" against "one person", in bits; negative, because a record has
    /// more records of its own among its candidates than of its siblings.
    pub household_bits: f32,
    /// Levels by field and number less one, as in a pattern.
    pub(super) levels: [Vec<Level>; 8],
}

impl Default for Parameters {
    fn default() -> Self {
        Self {
            version: 1,
            link_bits: 0.0,
            mean_bits: -8.0,
            at_once_bits: 1.0,
            unrelated_bits_min: 13.0,
            household_bits: -1.0,
            levels: [
                // Given name: exact, same word, close, nickname, middle name, same sound, similar, initial,
                // same initial, different, exchanged.
                vec![
                    level(0.84, 0.004, 0.003),
                    level(0.02, 0.002, 0.0005),
                    level(0.05, 0.003, 0.001),
                    level(0.03, 0.002, 0.001),
                    level(0.015, 0.01, 0.002),
                    level(0.012, 0.003, 0.001),
                    level(0.012, 0.012, 0.006),
                    level(0.5, 0.08, 0.08),
                    level(0.008, 0.1, 0.08),
                    level(0.015, 0.87, 0.9),
                    level(0.01, 0.0002, 0.00002),
                ],
                // Surname: exact, close, shared part, same sound, similar, different, exchanged.
                vec![
                    level(0.84, 0.78, 0.003),
                    level(0.05, 0.04, 0.0015),
                    level(0.07, 0.08, 0.004),
                    level(0.005, 0.004, 0.001),
                    level(0.01, 0.01, 0.005),
                    level(0.02, 0.08, 0.985),
                    level(1.0, 1.0, 1.0),
                ],
                // Birth date: exact, day and month exchanged, one digit, two parts, same year, different.
                vec![
                    level(0.95, 0.05, 0.00016),
                    level(0.01, 0.0002, 0.0001),
                    level(0.018, 0.006, 0.004),
                    level(0.01, 0.015, 0.01),
                    level(0.004, 0.02, 0.06),
                    level(0.008, 0.91, 0.925),
                ],
                // Place: same address, same with other ZIP, same building, similar, similar with same ZIP,
                // same ZIP, similar ZIP, different.
                vec![
                    level(0.55, 0.6, 0.00003),
                    level(0.01, 0.01, 0.000005),
                    level(0.09, 0.09, 0.0004),
                    level(0.01, 0.01, 0.0015),
                    level(0.05, 0.05, 0.0015),
                    level(0.09, 0.08, 0.05),
                    level(0.03, 0.03, 0.2),
                    level(0.17, 0.13, 0.75),
                ],
                // Middle name: exact, initial, same initial, different.
                vec![
                    level(0.6, 0.02, 0.01),
                    level(0.33, 0.06, 0.06),
                    level(0.03, 0.06, 0.06),
                    level(0.04, 0.86, 0.87),
                ],
                // Sex: same, different.
                vec![level(0.985, 0.5, 0.5), level(0.015, 0.5, 0.5)],
                // Suffix: same, different.
                vec![level(0.9, 0.4, 0.5), level(0.1, 0.6, 0.5)],
                // Shared id: same, different.
                vec![level(0.97, 0.0001, 0.000001), level(0.03, 0.9999, 0.999999)],
            ],
        }
    }
}
