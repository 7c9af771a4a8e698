//! Group memberships of a person as of a school year, out of what several sources said over the years.

use super::builder::SourceId;
use super::said::Said;
use super::schema::{GROUPS, UNKNOWN};
use crate::records::{Code, Demographics, Grade, Lunch, Races};
use std::cmp::Reverse;
use std::collections::BTreeMap;

/// The category of each of [`GROUPS`], by position.
pub(super) type Memberships = [u8; GROUPS.len()];

/// Memberships as of a year, and the zone.
///
/// For each field alone, the newest statement for that year or an earlier one counts, then one without
/// a year. Of several for one year the source that comes first counts. Race flags are united
/// over the newest statements of the sources. What nobody said is a category of its own.
pub(super) fn as_of<'f>(
    said: &[Said<'f, Demographics>],
    year: u16,
    grade: Option<Grade>,
) -> (Memberships, Option<&'f Code>) {
    let said = AsOf { said, year };
    let yes_no = |flag: Option<bool>| flag.map_or(2, |yes| u8::from(!yes));
    let lunch = said.newest(|d| d.lunch);
    let groups = [
        grade.map_or(Grade::ALL.len() as u8, |grade| grade as u8),
        said.newest(|d| d.sex).map_or(3, |sex| sex as u8),
        race7(said.races(), said.newest(|d| d.hispanic)),
        yes_no(economically_disadvantaged(said.newest(|d| d.economically_disadvantaged), lunch)),
        lunch.map_or(4, |lunch| lunch as u8),
        yes_no(said.newest(|d| d.disability_idea)),
        yes_no(said.newest(|d| d.section_504)),
        said.newest(|d| d.english_learner).map_or(4, |status| status as u8),
        yes_no(said.newest(|d| d.homeless)),
        yes_no(said.newest(|d| d.foster)),
        yes_no(said.newest(|d| d.migrant)),
        yes_no(said.newest(|d| d.military)),
    ];
    // A zone code that reads like a reserved category says nothing.
    let zone = said.newest(|d| d.zone.as_ref()).filter(|zone| !["all", UNKNOWN].contains(&zone.as_str()));
    (groups, zone)
}

/// The memberships of someone of whom nothing is known: the last category of each.
pub(super) fn unknown() -> Memberships {
    std::array::from_fn(|at| GROUPS[at].categories.len() as u8 - 1)
}

struct AsOf<'l, 'f> {
    said: &'l [Said<'f, Demographics>],
    year: u16,
}

impl<'f> AsOf<'_, 'f> {
    /// The newest statement of a field. Equal year and source (two records that link to one person) go
    /// by the value, so that no order of arrival shows.
    fn newest<T: Ord + Copy>(&self, field: impl Fn(&'f Demographics) -> Option<T>) -> Option<T> {
        let known = self.said.iter().filter(|said| said.year <= self.year);
        let known = known.filter_map(|said| Some((Reverse(said.year), said.source, field(said.fact)?)));
        known.min().map(|(_, _, value)| value)
    }

    /// The races of the newest statement of each source, united.
    fn races(&self) -> Races {
        let mut newest: BTreeMap<SourceId, (u16, Races)> = BTreeMap::new();
        for said in self.said.iter().filter(|said| said.year <= self.year && said.fact.races.bits() != 0) {
            let entry = newest.entry(said.source).or_insert((said.year, said.fact.races));
            if said.year > entry.0 {
                *entry = (said.year, said.fact.races);
            } else if said.year == entry.0 {
                entry.1 = entry.1.union(said.fact.races);
            }
        }
        newest.values().fold(Races::default(), |all, (_, races)| all.union(*races))
    }
}

/// The seven categories of federal reporting, and not known: Hispanic of any race, else one race, else
/// two or more.
fn race7(races: Races, hispanic: Option<bool>) -> u8 {
    const TWO_OR_MORE: u8 = 1 << 5;
    match races.bits() {
        _ if hispanic == Some(true) => 0,
        0 => 7,
        bits if bits & TWO_OR_MORE != 0 || bits.count_ones() > 1 => 6,
        bits => 1 + bits.trailing_zeros() as u8,
    }
}

/// Free or reduced-price meals are a yes, whatever else is said; full price is a no when nothing else
/// is. Meals free for a whole school say nothing of one student.
fn economically_disadvantaged(said: Option<bool>, lunch: Option<Lunch>) -> Option<bool> {
    match lunch {
        Some(Lunch::Free | Lunch::Reduced) => Some(true),
        Some(Lunch::Paid) => said.or(Some(false)),
        Some(Lunch::Cep) | None => said,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calendar::SchoolYear;
    use crate::records::Sex;

    const RACE: usize = 2;
    const ECON: usize = 3;

    fn races(names: &[&str]) -> Races {
        let mut races = Races::default();
        assert!(names.iter().all(|name| races.add(name)));
        races
    }

    /// The category ids as of 2024 of what (source, year, facts) say.
    fn check(said: &[(u16, u16, Demographics)], group: usize, expected: &str) {
        let said: Vec<_> = said
            .iter()
            .map(|(source, year, fact)| Said { year: *year, source: SourceId(*source), fact })
            .collect();
        let (groups, _) = as_of(&said, 2024, None);
        assert_eq!(GROUPS[group].categories[usize::from(groups[group])].0, expected);
    }

    fn of(names: &[&str], hispanic: Option<bool>) -> Demographics {
        Demographics { races: races(names), hispanic, ..Demographics::default() }
    }

    #[test]
    fn race_follows_federal_reporting() {
        check(&[(0, 0, of(&["black"], None))], RACE, "black");
        check(&[(0, 0, of(&["black"], Some(true)))], RACE, "hispanic");
        check(&[(0, 0, of(&["american_indian"], Some(false)))], RACE, "american_indian");
        check(&[(0, 0, of(&["black", "white"], Some(false)))], RACE, "two_or_more");
        check(&[(0, 0, of(&["two_or_more"], None))], RACE, "two_or_more");
        check(&[(0, 0, of(&[], Some(false)))], RACE, "unknown");
        check(&[], RACE, "unknown");
    }

    #[test]
    fn sources_unite_races_but_a_source_may_correct_itself() {
        let (black, white) = (of(&["black"], None), of(&["white"], None));
        check(&[(0, 2023, black.clone()), (1, 2024, white.clone())], RACE, "two_or_more");
        check(&[(0, 2023, black.clone()), (0, 2024, white.clone())], RACE, "white");
        check(&[(0, 2023, black), (0, 2025, white)], RACE, "black");
    }

    #[test]
    fn the_newest_statement_counts_then_one_without_a_year_then_the_first_source() {
        let sex = |sex| Demographics { sex: Some(sex), ..Demographics::default() };
        check(&[(1, 2024, sex(Sex::Male)), (0, 2023, sex(Sex::Female))], 1, "M");
        check(&[(0, 0, sex(Sex::Male)), (1, 1999, sex(Sex::Female))], 1, "F");
        check(&[(1, 2024, sex(Sex::Male)), (0, 2024, sex(Sex::Female))], 1, "F");
        check(&[(0, 2025, sex(Sex::Male))], 1, "unknown");
        let silent = Demographics { school_year: SchoolYear::new(2024), ..Demographics::default() };
        check(&[(0, 2024, silent), (0, 2020, sex(Sex::Male))], 1, "M");
    }

    #[test]
    fn free_meals_are_a_yes() {
        let of =
            |said, lunch| Demographics { economically_disadvantaged: said, lunch, ..Demographics::default() };
        check(&[(0, 0, of(Some(false), Some(Lunch::Reduced)))], ECON, "yes");
        check(&[(0, 0, of(None, Some(Lunch::Paid)))], ECON, "no");
        check(&[(0, 0, of(Some(true), Some(Lunch::Paid)))], ECON, "yes");
        check(&[(0, 0, of(None, Some(Lunch::Cep)))], ECON, "unknown");
    }
}
