//! The chart of match weights, as users of linkage programs know it.

use super::table::{Align, Table};

/// What a level says of a pair, in bits.
pub(super) struct Weight<'a> {
    pub(super) field: &'a str,
    pub(super) level: &'a str,
    /// Its probability when the two are one person and have the value.
    pub(super) m: f32,
    pub(super) unrelated_bits: f32,
    pub(super) household_bits: f32,
}

/// The weights of all levels as bars to the left (against) and to the right (for one person), after the prior odds
/// against one person.
pub(super) fn chart<'a>(
    unrelated_bits: f32,
    household_bits: f32,
    levels: impl IntoIterator<Item = Weight<'a>>,
) -> String {
    let mut table = Table::new(&[
        ("Field", Align::Left),
        ("Level", Align::Left),
        ("m", Align::Right),
        ("Bits", Align::Right),
        ("    against unrelated    ", Align::Left),
        ("Bits against household", Align::Right),
    ]);
    table.row([
        "prior".to_owned(),
        String::new(),
        String::new(),
        format!("{:.1}", -unrelated_bits),
        bar(-unrelated_bits),
        format!("{:.1}", -household_bits),
    ]);
    let mut before = "";
    for weight in levels {
        let field = if weight.field == before { "" } else { weight.field };
        before = weight.field;
        table.row([
            field.to_owned(),
            weight.level.to_owned(),
            format!("{:.4}", weight.m),
            format!("{:.1}", weight.unrelated_bits),
            bar(weight.unrelated_bits),
            format!("{:.1}", weight.household_bits),
        ]);
    }
    table.print()
}

/// A bar around a middle line, two bits a character, twelve to each side.
fn bar(bits: f32) -> String {
    let length = ((bits.abs() / 2.0).round() as usize).min(12);
    match bits < 0.0 {
        true => format!("{}{}│", " ".repeat(12 - length), "░".repeat(length)),
        false => format!("{}│{}", " ".repeat(12), "█".repeat(length)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_stand_on_either_side() {
        assert_eq!(bar(4.2).trim_start(), "│██");
        assert_eq!(bar(-4.2), format!("{}░░│", " ".repeat(10)));
        assert_eq!(bar(-100.0).chars().count(), 13);
    }

    #[test]
    fn a_field_is_named_once() {
        let weight = |field, level| Weight { field, level, m: 0.5, unrelated_bits: 1.0, household_bits: 0.0 };
        let chart = chart(10.0, -1.0, [weight("sex", "same"), weight("sex", "different")]);
        assert_eq!((chart.matches("sex").count(), chart.lines().count()), (1, 4), "{chart}");
    }
}
