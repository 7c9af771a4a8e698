//! What a school year brings: tutoring, attendance, scores, discipline.

use super::city::{DAYS, SPRING};
use super::draw::Draw;
use super::effects;
use super::family::{Child, Family, Race};
use super::life::{Incident, TEST_DAY, Test, Tutoring, Year};
use crate::records::{Action, EnglishLearner};

/// Expected scores in grades 3 to 8, tenths of a scale point.
const EXPECTED: [i32; 6] = [4_000, 4_250, 4_485, 4_705, 4_910, 5_100];
/// Where levels 2 to 4 begin, tenths of a point above the expected.
const LEVELS: [i32; 3] = [-250, 50, 450];

/// A season of tutoring. Who is admitted takes part by lottery, so that served and not served differ by
/// nothing else.
pub(super) fn tutoring(draw: &mut Draw, year: &Year) -> Option<Tutoring> {
    if !year.may_be_tutored() || !draw.chance(2_000) {
        return None;
    }
    let in_spring = draw.chance(3_000);
    let begin = if in_spring { SPRING + 2 } else { 10 }.max(year.spells[0].from);
    let end = year.spells[year.spells.len() - 1].to.min(TEST_DAY - 5);
    let wanted = match draw.weighted(&[25, 30, 45]) {
        0 => draw.between(1, 9),
        1 => draw.between(10, 19),
        _ => draw.between(20, 45),
    };
    if end < begin {
        return None;
    }
    let span = end - begin + 1;
    let n = (wanted as usize).min(span);
    // One session in each of n equal stretches: never two on one day.
    let sessions = (0..n).map(|i| {
        let (low, high) = (i * span / n, (i + 1) * span / n);
        begin + low + draw.below(high - low)
    });
    Some(Tutoring { sessions: sessions.collect() })
}

/// Days of absence, spell by spell and semester by semester.
pub(super) fn attend(draw: &mut Draw, child: &Child, year: &mut Year, drops_out: bool) {
    let add = |condition: bool, points: i32| if condition { points } else { 0 };
    // Hundredths of a percent of days. A poor child's are at least 450 before the services and the chance
    // of a semester, which take 450 at most: no effect is cut off at 0.
    let mut rate = 200 + child.absence + draw.between(0, 200);
    rate += add(year.poor, 250) + add(year.homeless, 500) + add(child.idea, 100);
    rate += add(year.grade == 0, 150) + add(year.grade >= 9, 200);
    rate += add(drops_out, 900) + add(year.spells.len() > 1, 150);
    rate -= add(year.wraparound, effects::WRAPAROUND_ABSENCE);
    let tutored = year.tutoring.as_ref().filter(|tutoring| tutoring.is_effective());
    let since = tutored.and_then(|tutoring| tutoring.sessions.first().copied()).unwrap_or(DAYS);
    for spell in &mut year.spells {
        for (semester, days) in [0..SPRING, SPRING..DAYS].into_iter().enumerate() {
            let (from, to) = (spell.from.max(days.start), (spell.to + 1).min(days.end));
            let enrolled = to.saturating_sub(from);
            let effect = add(since < days.end, effects::TUTORING_ABSENCE);
            let here = rate - effect + draw.between(-150, 150);
            let absent = draw.round(i64::from(here) * enrolled as i64 * 2, 10_000) as usize;
            spell.semesters[semester] = (enrolled, absent.min(enrolled * 2));
        }
    }
}

/// The state test; `learned` is what the child has learned beyond the expected, and grows.
pub(super) fn test(draw: &mut Draw, child: &Child, learned: &mut [i32; 2], year: &mut Year) {
    let effective = year.tutoring.as_ref().is_some_and(Tutoring::is_effective);
    for (learned, effect) in learned.iter_mut().zip(effects::TUTORING_SCORE) {
        *learned += draw.bell(40) + if effective { effect } else { 0 };
    }
    let present = year.spells.iter().any(|spell| (spell.from..=spell.to).contains(&TEST_DAY));
    if !(3..=8).contains(&year.grade) || !present {
        return;
    }
    if draw.chance(300) {
        let reasons = ["absent", "refused", "exempt"];
        year.test = Some(Test::Missed(reasons[draw.weighted(&[60, 25, 15])]));
        return;
    }
    let expected = EXPECTED[(year.grade - 3) as usize];
    let learner = year.english == EnglishLearner::Current;
    year.test = Some(Test::Taken(std::array::from_fn(|subject| {
        let mut above = 120 + child.ability + learned[subject] + draw.bell(100);
        above -= if year.poor { 260 } else { 0 } + if child.idea { 200 } else { 0 };
        above -= if learner { [180, 80][subject] } else { 0 };
        let level = 1 + LEVELS.iter().filter(|cut| above >= **cut).count() as u8;
        (expected + above, level)
    })));
}

/// Disciplinary actions, in the order of their days.
pub(super) fn misbehave(draw: &mut Draw, family: &Family, child: &Child, year: &mut Year) {
    let mut share = match year.grade {
        0..=5 => 120,
        6..=8 => 600,
        _ => 700,
    };
    // A known disparity, for the risk ratios to find.
    share *= if family.race == Race::Black { 2 } else { 1 };
    share += if child.idea { share / 2 } else { 0 };
    share -= if child.girl { share * 4 / 10 } else { 0 };
    if !draw.chance(share) {
        return;
    }
    for _ in 0..=draw.weighted(&[67, 25, 8]) {
        let spell = draw.one(&year.spells);
        let day = draw.between(spell.from as i32, spell.to as i32) as usize;
        let (action, length) = match draw.weighted(&[45, 45, 9, 1]) {
            0 => (Action::InSchoolSuspension, Some(draw.between(1, 6) as usize * 50)),
            1 => (Action::OutOfSchoolSuspension, Some(draw.between(1, 10) as usize * 100)),
            2 => (Action::Other, None),
            _ => (Action::Expulsion, None),
        };
        year.incidents.push(Incident { day, action, length });
    }
    // One action a day, so that a record is known by its day.
    year.incidents.sort_by_key(|incident| incident.day);
    year.incidents.dedup_by_key(|incident| incident.day);
}
