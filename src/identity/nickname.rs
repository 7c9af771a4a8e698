//! Which given names a short form may stand for.

use std::collections::HashMap;
use std::sync::OnceLock;

/// At most this many names a form may stand for are kept.
pub(super) const ROOTS: usize = 4;

/// The given names a normalized name may stand for, the most frequent first and the name itself
/// before all when it has short forms of its own. Empty when the table does not know it.
pub(super) fn roots(name: &str) -> &'static [&'static str] {
    static TABLE: OnceLock<HashMap<&'static str, Vec<&'static str>>> = OnceLock::new();
    TABLE.get_or_init(table).get(name).map_or(&[], Vec::as_slice)
}

/// `nicknames.csv` is public: sample data of the Python package pseudopeople (BSD-3-Clause, IHME
/// 2023). Each line is a given name and its short forms; lines with `#` are comments.
fn table() -> HashMap<&'static str, Vec<&'static str>> {
    let lines = || {
        let data = include_str!("nicknames.csv").lines().filter(|line| !line.starts_with('#'));
        data.filter_map(|line| line.split_once(','))
    };
    let mut table: HashMap<_, Vec<_>> = lines().map(|(name, _)| (name, vec![name])).collect();
    for (name, forms) in lines() {
        for form in forms.split('|') {
            let roots = table.entry(form).or_default();
            if roots.len() < ROOTS && !roots.contains(&name) {
                roots.push(name);
            }
        }
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_forms_share_a_root_with_their_names() {
        let related = |a, b| roots(a).iter().any(|root| roots(b).contains(root));
        assert!(related("bob", "robert") && related("bob", "bobby") && related("peggy", "margaret"));
        assert!(!related("bob", "william") && !related("zzz", "zzz"));
        assert!(roots("al").len() == ROOTS);
    }
}
