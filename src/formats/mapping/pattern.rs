//! Names with `*` in them, for files and for columns whose names hold a term.

/// Whether a name is of a pattern, in which `*` stands for anything; letter case does not matter.
pub(super) fn fits(pattern: &str, name: &str) -> bool {
    let (pattern, name) = (pattern.to_ascii_lowercase(), name.to_ascii_lowercase());
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = name.strip_prefix(first) else { return false };
    let Some(last) = parts.next_back() else { return rest.is_empty() };
    for part in parts {
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
    }
    rest.ends_with(last)
}

/// What the one `*` of a pattern stands for in a name.
pub(super) fn star<'n>(pattern: &str, name: &'n str) -> Option<&'n str> {
    let (before, after) = pattern.split_once('*')?;
    let end = name.len().checked_sub(after.len()).filter(|end| *end >= before.len())?;
    let (head, tail) = (name.get(..before.len())?, name.get(end..)?);
    let is_it = head.eq_ignore_ascii_case(before) && tail.eq_ignore_ascii_case(after);
    name.get(before.len()..end).filter(|star| is_it && !star.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_anything() {
        for (pattern, name, expected) in [
            ("MAP_Growth*.csv", "map_growth_fall.CSV", true),
            ("MAP_Growth*.csv", "MAP_Growth.csv", true),
            ("MAP_Growth*.csv", "MAP_Growth.csv.bak", false),
            ("*ela*.csv", "i-Ready_ela_2026.csv", true),
            ("*ela*.csv", "i-Ready_math.csv", false),
            ("a*b*b", "ab", false),
            ("a*b*b", "abb", true),
            ("a.csv", "a.csv", true),
            ("a.csv", "b.csv", false),
            ("*", "", true),
        ] {
            assert_eq!(fits(pattern, name), expected, "{pattern} {name}");
        }
    }

    #[test]
    fn what_the_star_stands_for() {
        let pattern = "* Age/Grade";
        assert_eq!(star(pattern, "Fall 2022/2023 age/grade"), Some("Fall 2022/2023"));
        assert_eq!(star(pattern, " Age/Grade"), None);
        assert_eq!(star(pattern, "Age/Grade"), None);
        assert_eq!(star("é*", "é1"), Some("1"));
        assert_eq!(star("plain", "plain"), None);
    }
}
