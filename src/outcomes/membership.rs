//! Group memberships of a person as of a school year, out of what several sources said over the years.

use super::builder::SourceId;
use super::said::Said;
use super::schema::{GROUPS, UNKNOWN};
use super::spell::Spells;
use crate::records::{Code, Demographics, EnglishLearner, Grade, Lunch, Races, StatusKind};
use std::cmp::Reverse;
use std::collections::BTreeMap;

/// The category of each of [`GROUPS`], by position.
pub(super) type Memberships = [u8; GROUPS.len()];

/// What is known of a person as of a school year.
pub(super) struct AsOf<'f> {
    pub(super) groups: Memberships,
    pub(super) zone: Option<&'f Code>,
    /// The groups about which sources said different things for the same year.
    pub(super) conflicts: Vec<&'static str>,
}

/// Memberships as of a year, and the zone.
///
/// For each field alone, the newest statement for that year or an earlier one counts, then one without
/// a year. Of several for one year the source that comes first counts. Race flags are united
/// over the newest statements of the sources. A dated status that touches the year is a yes, whatever
/// else is said. What nobody said is a category of its own.
pub(super) fn as_of<'f>(
    said: &[Said<'f, Demographics>],
    spells: &Spells<'f>,
    year: u16,
    (grade, repeats): (Option<Grade>, Option<bool>),
) -> AsOf<'f> {
    let said = Statements { said, year };
    let mut conflicts = Vec::new();
    let mut differs = |group: &'static str, differs: bool| {
        if differs {
            conflicts.push(group);
        }
    };
    let yes_no = |flag: Option<bool>| flag.map_or(2, |yes| u8::from(!yes));
    let has = |status: StatusKind| spells.touches(status, year).then_some(true);
    let mut flag = |group: &'static str, status: StatusKind, field: fn(&Demographics) -> Option<bool>| {
        differs(group, said.conflict(field));
        yes_no(has(status).or_else(|| said.newest(field)))
    };
    let lunch = said.newest(|d| d.lunch);
    let homeless = flag("homeless", StatusKind::Homeless, |d| d.homeless);
    let unaccompanied = flag("unaccompanied", StatusKind::Unaccompanied, |d| d.unaccompanied);
    let idea = flag("disability", StatusKind::DisabilityIdea, |d| d.disability_idea);
    let section_504 = flag("section_504", StatusKind::Section504, |d| d.section_504);
    let foster = flag("foster", StatusKind::Foster, |d| d.foster);
    let migrant = flag("migrant", StatusKind::Migrant, |d| d.migrant);
    let military = flag("military", StatusKind::Military, |d| d.military);
    let poor = has(StatusKind::EconomicallyDisadvantaged).or_else(|| has(StatusKind::DirectlyCertified));
    let poor =
        poor.or_else(|| economically_disadvantaged(said.newest(|d| d.economically_disadvantaged), lunch));
    let learner = spells.english_learner(year).or_else(|| said.newest(|d| d.english_learner));
    differs("econ", said.conflict(|d| d.economically_disadvantaged));
    differs("lunch", said.conflict(|d| d.lunch));
    differs("sex", said.conflict(|d| d.sex));
    differs("english_learner", said.conflict(|d| d.english_learner));
    differs("disability_category", said.conflict(|d| d.disability));
    let (races, hispanic) = (said.races(), said.newest(|d| d.hispanic));
    differs("race7", said.races_differ() || said.conflict(|d| d.hispanic));
    let groups = [
        grade.map_or(Grade::ALL.len() as u8, |grade| grade as u8),
        said.newest(|d| d.sex).map_or(3, |sex| sex as u8),
        race7(races, hispanic),
        yes_no(poor),
        lunch.map_or(4, |lunch| lunch as u8),
        idea,
        section_504,
        learner.map_or(4, english_learner),
        homeless,
        foster,
        migrant,
        military,
        race2024(races, hispanic),
        learner.map_or(8, english_learner_years),
        unaccompanied,
        said.newest(|d| d.disability).map_or(14, |disability| disability as u8),
        yes_no(repeats),
    ];
    // A zone code that reads like a reserved category says nothing.
    let zone = spells.zone(year).or_else(|| said.newest(|d| d.zone.as_ref()));
    let zone = zone.filter(|zone| !["all", UNKNOWN].contains(&zone.as_str()));
    differs("zone", said.conflict(|d| d.zone.as_ref()));
    AsOf { groups, zone, conflicts }
}

/// The position in the group `english_learner`: monitored is one category there.
const fn english_learner(status: EnglishLearner) -> u8 {
    match status {
        EnglishLearner::Current => 0,
        EnglishLearner::Former => 2,
        EnglishLearner::Never => 3,
        _ => 1,
    }
}

/// The position in the group `english_learner_years`.
const fn english_learner_years(status: EnglishLearner) -> u8 {
    match status {
        EnglishLearner::Current => 0,
        EnglishLearner::Monitored1 => 1,
        EnglishLearner::Monitored2 => 2,
        EnglishLearner::Monitored3 => 3,
        EnglishLearner::Monitored4 => 4,
        EnglishLearner::Monitored => 5,
        EnglishLearner::Former => 6,
        EnglishLearner::Never => 7,
    }
}

/// The memberships of someone of whom nothing is known: the last category of each.
pub(super) fn unknown() -> Memberships {
    std::array::from_fn(|at| GROUPS[at].categories.len() as u8 - 1)
}

struct Statements<'l, 'f> {
    said: &'l [Said<'f, Demographics>],
    year: u16,
}

impl<'f> Statements<'_, 'f> {
    /// The newest statement of a field. Equal year and source (two records that link to one person) go
    /// by the value, so that no order of arrival shows.
    fn newest<T: Ord + Copy>(&self, field: impl Fn(&'f Demographics) -> Option<T>) -> Option<T> {
        let known = self.said.iter().filter(|said| said.year <= self.year);
        let known = known.filter_map(|said| Some((Reverse(said.year), said.source, field(said.fact)?)));
        known.min().map(|(_, _, value)| value)
    }

    /// Whether several sources said different things for the year whose statement counts.
    fn conflict<T: Ord + Copy>(&self, field: impl Fn(&'f Demographics) -> Option<T>) -> bool {
        let known = || {
            let known = self.said.iter().filter(|said| said.year <= self.year);
            known.filter_map(|said| Some((said.year, said.source, field(said.fact)?)))
        };
        let Some(newest) = known().map(|(year, ..)| year).max() else { return false };
        let mut of_year = known().filter(|(year, ..)| *year == newest);
        let Some((_, source, value)) = of_year.next() else { return false };
        of_year.any(|(_, other, said)| other != source && said != value)
    }

    /// Whether sources name different races.
    fn races_differ(&self) -> bool {
        let newest = self.newest_races();
        newest.values().any(|(_, races)| Some(races) != newest.values().next().map(|(_, races)| races))
    }

    /// The races of the newest statement of each source, united.
    fn races(&self) -> Races {
        self.newest_races().values().fold(Races::default(), |all, (_, races)| all.union(*races))
    }

    fn newest_races(&self) -> BTreeMap<SourceId, (u16, Races)> {
        let mut newest: BTreeMap<SourceId, (u16, Races)> = BTreeMap::new();
        for said in self.said.iter().filter(|said| said.year <= self.year && said.fact.races.bits() != 0) {
            let entry = newest.entry(said.source).or_insert((said.year, said.fact.races));
            if said.year > entry.0 {
                *entry = (said.year, said.fact.races);
            } else if said.year == entry.0 {
                entry.1 = entry.1.union(said.fact.races);
            }
        }
        newest
    }
}

const WHITE: u8 = 1 << 4;
const TWO_OR_MORE: u8 = 1 << 5;
const MIDDLE_EASTERN: u8 = 1 << 6;

/// The seven categories of federal reporting, and not known: Hispanic of any race, else one race, else
/// two or more. Middle Eastern is White there.
fn race7(races: Races, hispanic: Option<bool>) -> u8 {
    let bits = match races.bits() {
        bits if bits & MIDDLE_EASTERN != 0 => bits & !MIDDLE_EASTERN | WHITE,
        bits => bits,
    };
    match bits {
        _ if hispanic == Some(true) => 0,
        0 => 7,
        bits if bits & TWO_OR_MORE != 0 || bits.count_ones() > 1 => 6,
        bits => 1 + bits.trailing_zeros() as u8,
    }
}

/// The categories of 2024, and not known: two or more of all of them, Hispanic and Middle Eastern too, are one category.
fn race2024(races: Races, hispanic: Option<bool>) -> u8 {
    let bits = races.bits();
    match (bits & !TWO_OR_MORE, hispanic == Some(true)) {
        (named, is_hispanic)
            if bits & TWO_OR_MORE != 0 || named.count_ones() + u32::from(is_hispanic) > 1 =>
        {
            7
        }
        (0, true) => 3,
        (0, false) => 8,
        (MIDDLE_EASTERN, _) => 4,
        // American Indian, Asian and Black; then Pacific Islander and White behind the two that 1997 did not have.
        (named, _) => match named.trailing_zeros() as u8 {
            at @ 0..=2 => at,
            at => at + 2,
        },
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
        let as_of = as_of(&said, &Spells::default(), 2024, (None, None));
        assert_eq!(GROUPS[group].categories[usize::from(as_of.groups[group])].0, expected);
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
    fn the_categories_of_2024_stand_beside_each_other() {
        const RACE_2024: usize = 12;
        check(&[(0, 0, of(&["white"], Some(true)))], RACE_2024, "two_or_more");
        check(&[(0, 0, of(&[], Some(true)))], RACE_2024, "hispanic");
        check(&[(0, 0, of(&["middle_eastern"], None))], RACE_2024, "middle_eastern");
        check(&[(0, 0, of(&["middle_eastern"], None))], RACE, "white");
        check(&[(0, 0, of(&["middle_eastern", "white"], None))], RACE_2024, "two_or_more");
        check(&[(0, 0, of(&["middle_eastern", "white"], None))], RACE, "white");
        check(&[(0, 0, of(&["pacific_islander"], Some(false)))], RACE_2024, "pacific_islander");
        check(&[(0, 0, of(&["white"], None))], RACE_2024, "white");
        check(&[(0, 0, of(&["black"], None))], RACE_2024, "black");
        check(&[(0, 0, of(&["two_or_more"], None))], RACE_2024, "two_or_more");
        check(&[], RACE_2024, "unknown");
    }

    #[test]
    fn sources_that_disagree_about_a_year_are_counted() {
        let conflicts = |said: &[(u16, u16, Demographics)]| {
            let said: Vec<_> = said
                .iter()
                .map(|(source, year, fact)| Said { year: *year, source: SourceId(*source), fact })
                .collect();
            as_of(&said, &Spells::default(), 2024, (None, None)).conflicts
        };
        let sex = |sex| Demographics { sex: Some(sex), ..Demographics::default() };
        assert_eq!(conflicts(&[(0, 2024, sex(Sex::Male)), (1, 2024, sex(Sex::Female))]), ["sex"]);
        assert_eq!(conflicts(&[(0, 2024, sex(Sex::Male)), (1, 2023, sex(Sex::Female))]), [""; 0]);
        assert_eq!(conflicts(&[(0, 2024, sex(Sex::Male)), (0, 2024, sex(Sex::Female))]), [""; 0]);
        assert_eq!(conflicts(&[(0, 2024, of(&["black"], None)), (1, 2023, of(&["white"], None))]), ["race7"]);
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
