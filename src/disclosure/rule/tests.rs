use super::super::protection::{is_small, is_telling};
use super::*;

fn named(id: &str) -> RuleProfile {
    RuleProfile::named(id).expect("embedded")
}

#[test]
fn embedded_profiles_are_whole_and_distinct() {
    let all = RuleProfile::all();
    for (at, profile) in all.iter().enumerate() {
        assert!(profile.cell_min >= 2 && profile.certainty_min >= profile.cell_min, "{}", profile.id);
        assert!(!profile.source.is_empty());
        assert_eq!(all.iter().position(|other| other.id == profile.id), Some(at));
        assert!(profile.rates.is_sorted_by(|a, b| a.people_min() < b.people_min()), "{}", profile.id);
        assert!(profile.rates.first().is_none_or(|band| band.people_min() == profile.cell_min));
        assert!(profile.round_to < profile.cell_min, "a count that is shown never rounds to nobody");
    }
    let nces = named("nces-10");
    assert_eq!((nces.cell_min, nces.certainty_min, nces.label().as_str()), (10, 300, "nces-10@1"));
    assert!(nces.rates.is_empty() && nces.counts_shown && nces.pool.is_none() && nces.rounded(12) == 12);
    assert_eq!(RuleProfile::named("nces-11"), None);
}

#[test]
fn an_unknown_policy_is_refused() {
    let text = "id='a'\nversion=1\ncell_min=5\ncertainty_min=300\nsource='x'\nzeros=";
    assert!(toml::from_str::<RuleProfile>(&format!("{text}'shown'")).is_ok());
    assert!(toml::from_str::<RuleProfile>(&format!("{text}'doubled'")).is_err());
    assert!(toml::from_str::<RuleProfile>(&format!("{text}'shown'\nround=5")).is_err());
    let band =
        |band: &str| toml::from_str::<RuleProfile>(&format!("{text}'shown'\nrates=[{{{band}}}]")).is_ok();
    assert!(band("people_min=5, bottom={up_to=5}, top={from=95}"));
    assert!(!band("people_min=5, bottom={up_to=95}, top={from=95}"));
    assert!(!band("people_min=5, bottom={up_to=5}, top={from=95}, width=5"));
}

/// The example printed by the source: opensafely/documentation, docs/outputs/sdc.md, section "Rounding
/// counts", the table before and after rounding (columns: heart disease, population).
#[test]
fn opensafely_rounds_its_own_example() {
    let opensafely = named("opensafely");
    let printed = |count| (!is_small(count as i64, opensafely.cell_min)).then(|| opensafely.rounded(count));
    let check = |counts: [u64; 4], expected: [Option<u64>; 4], total| {
        let shown = counts.map(printed);
        assert_eq!(shown, expected);
        assert_eq!(shown.iter().flatten().sum::<u64>(), total);
    };
    check([3, 8, 16, 23], [None, Some(10), Some(15), Some(25)], 50);
    check([18, 23, 31, 44], [Some(20), Some(25), Some(30), Some(45)], 120);
    assert_eq!((printed(7), printed(0)), (None, Some(0)), "the text: up to 7 redacted, zeros can stay");
}

/// Examples printed by the source: Texas Education Agency, "2015 Explanation of Masking Rules", symbols for
/// STAAR performance, case 1 (4 of 4, 3 of 30 and 0 of 45 are masked) and case 2 (3 of 4 has a next smallest
/// group, 190 of 200, which is masked to protect it and not because it is small).
#[test]
fn texas_masks_its_own_examples() {
    let texas = named("texas-5");
    let one_side = |y, n| is_telling(y, n, texas.cell_min, texas.certainty_min);
    let telling = |y: i64, n: i64| one_side(y, n) || one_side(n - y, n);
    assert!(telling(4, 4) && telling(3, 30) && telling(0, 45) && telling(3, 4));
    assert!(!telling(190, 200));
}

/// The example printed by the source: Wisconsin DPI, "Why are data for some student groups not reported?"
/// (lbstat.dpi.wi.gov/lbstat_priv_more), two-category factors: of ten and five students neither is reported,
/// both combined are. Five is small; that ten falls with it is complementary suppression.
#[test]
fn wisconsin_hides_five_and_shows_fifteen() {
    let wisconsin = named("wisconsin-6");
    assert!(is_small(5, wisconsin.cell_min) && !is_small(10 + 5, wisconsin.cell_min));
}

/// Not printed examples but stated rules. New York: NYSED data support, article 115000765546. California:
/// calpassplus.org/Launchboard/Suppression. Delaware: doe.k12.de.us/Page/2283. Utah: the PII reporting
/// procedure at ccsdut.org. From the project's notes: NCES 2011-603, and that EDFacts prints 1 to 5 as `PS`.
#[test]
fn thresholds_and_pools_are_those_stated() {
    let check = |id: &str, largest_hidden: u64, pool: Option<&str>, counts_shown| {
        let profile = named(id);
        assert!(
            is_small(largest_hidden as i64, profile.cell_min)
                && !is_small(largest_hidden as i64 + 1, profile.cell_min)
        );
        assert_eq!((profile.pool.as_deref(), profile.counts_shown), (pool, counts_shown), "{id}");
    };
    check("new-york", 4, Some("Small Group Total"), true);
    check("california-pooled", 9, Some("All Masked Values"), true);
    check("delaware", 15, None, true);
    check("utah", 10, None, false);
    check("nces-2011-603", 9, None, false);
    check("edfacts", 5, None, true);
}
