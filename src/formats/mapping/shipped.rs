//! The mappings that come with the program.

use super::{Mapping, parse};
use std::sync::LazyLock;

const TEXTS: &[(&str, &str)] = &[
    ("act", include_str!("../mappings/act.toml")),
    ("clearinghouse", include_str!("../mappings/clearinghouse.toml")),
    ("ed-fi", include_str!("../mappings/ed-fi.toml")),
    ("gold", include_str!("../mappings/gold.toml")),
    ("i-ready-math", include_str!("../mappings/i-ready-math.toml")),
    ("i-ready-reading", include_str!("../mappings/i-ready-reading.toml")),
    ("kra", include_str!("../mappings/kra.toml")),
    ("map-growth", include_str!("../mappings/map-growth.toml")),
    ("pals-prek", include_str!("../mappings/pals-prek.toml")),
    ("wisconsin-forward", include_str!("../mappings/wisconsin-forward.toml")),
];

static MAPPINGS: LazyLock<Vec<Mapping>> = LazyLock::new(|| {
    let read = |(name, text): &(&str, &str)| {
        parse::parse(text, name).expect("a test reads the mappings that come with the program")
    };
    TEXTS.iter().map(read).collect()
});

/// All of them, by name. They are read once: that takes longer than most files do.
pub(super) fn mappings() -> Vec<Mapping> {
    MAPPINGS.clone()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_has_its_name_and_a_title() {
        for (mapping, (name, _)) in mappings().iter().zip(TEXTS) {
            assert_eq!(mapping.name, *name);
            assert!(!mapping.title.is_empty(), "{name}");
        }
    }
}
