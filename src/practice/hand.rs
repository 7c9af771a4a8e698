//! How each source writes a child down: the nicknames, slips and habits that linkage has to undo.

use super::city::Source;
use super::draw::Draw;
use super::family::{Child, Family};
use super::habits::{Habits, Style, habits};
use crate::calendar::Date;

/// A child as one source has it on file.
pub(super) struct Card {
    /// The source's number of the child.
    pub(super) id: String,
    pub(super) first: String,
    pub(super) middle: String,
    pub(super) last: String,
    pub(super) suffix: &'static str,
    pub(super) birth: Option<Date>,
    pub(super) sex: &'static str,
    pub(super) state_id: String,
    /// Whether it was written after the family name changed.
    renamed: bool,
}

impl Card {
    /// Writes a new card, in the year at that position.
    pub(super) fn write(draw: &mut Draw, source: Source, child: &Child, at: usize, id: String) -> Self {
        let habits = habits(source);
        let mut card = Self {
            id,
            first: child.first.to_owned(),
            middle: child.middle.to_owned(),
            last: child.last_in(at).to_owned(),
            suffix: if draw.chance(6_000) { child.suffix } else { "" },
            birth: Some(child.birth),
            sex: if child.girl { "F" } else { "M" },
            state_id: state_id(child.person),
            renamed: child.last_in(at) != child.last,
        };
        if let Some(nickname) = child.nickname.filter(|_| draw.chance(habits.nickname)) {
            card.first = nickname.to_owned();
        }
        if draw.chance(habits.compound) {
            card.write_compound(draw);
        }
        for name in [&mut card.first, &mut card.last] {
            if draw.chance(habits.typo) {
                *name = slip(draw, name);
            }
        }
        if draw.chance(habits.names_swapped) {
            std::mem::swap(&mut card.first, &mut card.last);
        }
        if draw.chance(habits.middle_missing) {
            card.middle.clear();
        } else if draw.chance(habits.middle_initial) {
            card.middle.truncate(1);
        }
        card.birth = birth(draw, &habits, child.birth);
        if draw.chance(habits.sex_missing) {
            card.sex = "";
        }
        if draw.chance(habits.state_id_missing) {
            card.state_id.clear();
        } else if draw.chance(20) {
            // Two digits swapped: nobody's number, as a rule.
            card.state_id = slip(draw, &card.state_id);
        }
        card.set(draw, habits.style);
        card
    }

    /// The card in a later year: written again when the family name changed, and now and then anyway.
    pub(super) fn renew(&mut self, draw: &mut Draw, source: Source, child: &Child, at: usize) {
        let renamed = child.last_in(at) != child.last;
        if renamed != self.renamed && draw.chance(7_000) || draw.chance(400) {
            let state_id = std::mem::take(&mut self.state_id);
            *self = Self::write(draw, source, child, at, std::mem::take(&mut self.id));
            self.state_id = state_id;
        }
    }

    fn write_compound(&mut self, draw: &mut Draw) {
        let Some((one, other)) = self.last.split_once(['-', ' ']) else { return };
        // "De La Cruz" is one name.
        if matches!(one, "De" | "Van") {
            self.last = self.last.replace(' ', "");
            return;
        }
        self.last = match draw.weighted(&[30, 15, 35, 20]) {
            0 => one.to_owned(),
            1 => other.to_owned(),
            2 if self.last.contains('-') => format!("{one} {other}"),
            2 => format!("{one}-{other}"),
            _ => format!("{one}{other}"),
        };
    }

    fn set(&mut self, draw: &mut Draw, style: Style) {
        let hasty = style == Style::Hasty && draw.chance(2_500);
        for name in [&mut self.first, &mut self.middle, &mut self.last] {
            match style {
                Style::Careful => *name = accented(name),
                Style::Plain => {}
                Style::Capitals => name.make_ascii_uppercase(),
                Style::Mainframe => {
                    name.retain(|c| c != '\'');
                    *name = name.replace('-', " ");
                    name.make_ascii_uppercase();
                    name.truncate(15);
                }
                Style::Hasty if hasty => name.make_ascii_lowercase(),
                Style::Hasty => {}
            }
        }
    }
}

/// Street address and ZIP code as the source has them in the year at that position.
pub(super) fn address<'a>(
    draw: &mut Draw,
    source: Source,
    family: &'a Family,
    at: usize,
) -> (&'a str, Option<usize>) {
    let habits = habits(source);
    let now = family.years[at].home;
    let home = &family.homes[if draw.chance(habits.address_stale) { now.saturating_sub(1) } else { now }];
    if draw.chance(habits.address_missing) {
        return ("", None);
    }
    let street = if draw.chance(habits.address_stale) {
        home.street.split(" Apt").next().unwrap_or_default()
    } else {
        &home.street
    };
    (street, Some(home.zone))
}

/// The state's student number: ten digits, the same in every source that has it.
fn state_id(person: u32) -> String {
    // 7,654,321 and 10^9 have no common factor, so no two children get one number.
    format!("{}", 1_000_000_000 + u64::from(person) * 7_654_321 % 1_000_000_000)
}

fn birth(draw: &mut Draw, habits: &Habits, true_date: Date) -> Option<Date> {
    let (year, month, day) = true_date.parts();
    if draw.chance(habits.birth_missing) {
        return None;
    }
    if draw.chance(habits.day_month_swapped) {
        return Date::new(year, day, month).or(Some(true_date));
    }
    if draw.chance(habits.birth_digit) {
        let slipped = match draw.below(3) {
            0 => Date::new(year + draw.between(0, 1) * 2 - 1, month, day),
            1 => Date::new(year, month, (day + 10) % 30 + 1),
            _ => Date::new(year, month % 12 + 1, day),
        };
        return slipped.or(Some(true_date));
    }
    Some(true_date)
}

/// One slip of the hand: a letter lost, doubled, replaced, or two swapped. Not in the first place.
fn slip(draw: &mut Draw, name: &str) -> String {
    let mut letters: Vec<char> = name.chars().collect();
    if letters.len() < 3 {
        return name.to_owned();
    }
    let at = draw.between(1, letters.len() as i32 - 2) as usize;
    match draw.below(4) {
        0 if letters.len() > 3 && !letters[at].is_ascii_digit() => {
            letters.remove(at);
        }
        1 if !letters[at].is_ascii_digit() => letters.insert(at, letters[at]),
        2 if letters[at].is_ascii_lowercase() => {
            letters[at] = *draw.one(&['a', 'e', 'i', 'o', 'r', 's', 't'])
        }
        _ => letters.swap(at, at + 1),
    }
    letters.into_iter().collect()
}

/// The Spanish and French spelling of some names that the tables hold without accents.
fn accented(name: &str) -> String {
    const ACCENTS: [(&str, &str); 16] = [
        ("Andres", "Andrés"),
        ("Angel", "Ángel"),
        ("Garcia", "García"),
        ("Gonzalez", "González"),
        ("Hernandez", "Hernández"),
        ("Jimenez", "Jiménez"),
        ("Jose", "José"),
        ("Lopez", "López"),
        ("Martinez", "Martínez"),
        ("Munoz", "Muñoz"),
        ("Perez", "Pérez"),
        ("Ramirez", "Ramírez"),
        ("Renee", "Renée"),
        ("Rodriguez", "Rodríguez"),
        ("Sanchez", "Sánchez"),
        ("Sofia", "Sofía"),
    ];
    let spell = |word: &str| {
        let known = ACCENTS.iter().find(|(plain, _)| *plain == word);
        known.map_or_else(|| word.to_owned(), |(_, accented)| (*accented).to_owned())
    };
    name.split(' ').map(spell).collect::<Vec<_>>().join(" ")
}
