//! Intervals of 95 %: of a share, and of differences of shares or means.

/// Standard normal quantile of 97.5 %.
const Z: f64 = 1.959_963_984_540_054;

/// The two ends of an interval, the smaller one first.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Interval {
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

impl Interval {
    /// Whether it lies on one side of 0.
    #[must_use]
    pub fn excludes_zero(self) -> bool {
        self.low > 0.0 || self.high < 0.0
    }

    /// Both ends times a factor above 0.
    #[must_use]
    pub fn times(self, factor: f64) -> Self {
        Self { low: self.low * factor, high: self.high * factor }
    }
}

/// Wilson's score interval of a share, from 0 to 1, or nothing of nobody.
///
/// Source: Wilson, "Probable inference, the law of succession, and statistical inference", JASA 22 (1927), without
/// correction for continuity.
#[must_use]
pub fn wilson(numerator: u64, people: u64) -> Option<Interval> {
    if people == 0 || numerator > people {
        return None;
    }
    let (n, p) = (people as f64, numerator as f64 / people as f64);
    let middle = p + Z * Z / (2.0 * n);
    let half = Z * (p * (1.0 - p) / n + Z * Z / (4.0 * n * n)).sqrt();
    let scale = 1.0 + Z * Z / n;
    Some(Interval { low: ((middle - half) / scale).max(0.0), high: ((middle + half) / scale).min(1.0) })
}

/// The usual interval of a mean whose population standard deviation (divided by `people`) is known; nothing below two.
#[must_use]
pub(super) fn of_mean(mean: f64, deviation: f64, people: u64) -> Option<Interval> {
    // A deviation over n, divided by the root of n - 1, is the standard error of the mean.
    let half = (people > 1).then(|| Z * deviation / ((people - 1) as f64).sqrt())?;
    Some(Interval { low: mean - half, high: mean + half })
}

/// A figure that enters a sum: its weight, its value, and its own interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Term {
    /// What it is multiplied by; negative where it is taken away.
    pub weight: f64,
    /// Its value.
    pub value: f64,
    /// Its interval.
    pub interval: Interval,
}

/// A weighted sum of independent figures, and its interval from theirs: the squares of the distances to the nearer ends
/// add up.
///
/// For two shares with Wilson's intervals and the weights 1 and -1 it is Newcombe's method 10. Source: Newcombe, "Interval
/// estimation for the difference between independent proportions", Statistics in Medicine 17 (1998); for sums of more,
/// Zou and Donner, "Construction of confidence limits about effect measures", the same 27 (2008).
#[must_use]
pub fn combined(terms: &[Term]) -> (f64, Interval) {
    let value = terms.iter().map(|term| term.weight * term.value).sum::<f64>();
    let (mut below, mut above) = (0.0, 0.0);
    for Term { weight, value, interval } in terms {
        let (down, up) = (weight * (value - interval.low), weight * (interval.high - value));
        let (down, up) = if *weight < 0.0 { (up, down) } else { (down, up) };
        below += down * down;
        above += up * up;
    }
    (value, Interval { low: value - below.sqrt(), high: value + above.sqrt() })
}

/// The first figure less the second, with its interval.
#[must_use]
pub fn difference(first: (f64, Interval), second: (f64, Interval)) -> (f64, Interval) {
    let term = |weight, (value, interval)| Term { weight, value, interval };
    combined(&[term(1.0, first), term(-1.0, second)])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn newcombe(a: (u64, u64), b: (u64, u64)) -> (f64, f64) {
        let share = |(x, n): (u64, u64)| (x as f64 / n as f64, wilson(x, n).expect("somebody"));
        let (_, interval) = difference(share(a), share(b));
        (interval.low, interval.high)
    }

    /// Newcombe (1998), Table II, method 10: all eight of its examples.
    #[test]
    fn differences_are_those_of_newcombe() {
        for (a, b, low, high) in [
            ((56, 70), (48, 80), 0.0524, 0.3339),
            ((9, 10), (3, 10), 0.1705, 0.8090),
            ((6, 7), (2, 7), 0.0582, 0.8062),
            ((5, 56), (0, 29), -0.0381, 0.1926),
            ((0, 10), (0, 20), -0.1611, 0.2775),
            ((0, 10), (0, 10), -0.2775, 0.2775),
            ((10, 10), (0, 20), 0.6791, 1.0),
            ((10, 10), (0, 10), 0.6075, 1.0),
        ] {
            let found = newcombe(a, b);
            assert!((found.0 - low).abs() < 5e-5 && (found.1 - high).abs() < 5e-5, "{a:?} {b:?} {found:?}");
        }
    }

    /// Newcombe, "Two-sided confidence intervals for the single proportion" (1998), Table I, method 3.
    #[test]
    fn shares_are_those_of_wilson() {
        for (x, n, low, high) in [
            (81, 263, 0.2553, 0.3662),
            (15, 148, 0.0624, 0.1605),
            (0, 20, 0.0, 0.1611),
            (1, 29, 0.0061, 0.1718),
        ] {
            let found = wilson(x, n).expect("somebody");
            assert!((found.low - low).abs() < 5e-5 && (found.high - high).abs() < 5e-5, "{x} {n} {found:?}");
        }
        assert_eq!(wilson(0, 0), None);
    }

    #[test]
    fn a_mean_has_the_usual_interval() {
        // 2, 4, 4, 4, 5, 5, 7, 9: mean 5, deviation 2 over eight, 2.138 over seven, standard error 0.7559.
        let found = of_mean(5.0, 2.0, 8).expect("two or more");
        assert!((found.low - (5.0 - 1.959_964 * 0.755_929)).abs() < 1e-5);
        assert_eq!(of_mean(5.0, 2.0, 1), None);
    }
}
