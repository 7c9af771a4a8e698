//! What is said of students: races, sex, languages, characteristics, numbers, and the year they came to grade 9.

use super::context::{Row, Word};
use super::draft::{Draft, unmapped};
use super::node::Node;
use super::people::{FLAGS, TEMPLATE, say};

const ID: &str = "studentReference.studentUniqueId";

/// `studentEducationOrganizationAssociations`, and `studentDemographics` of Data Standard 6
pub(super) fn memberships(row: &mut Row<'_, '_, '_>) {
    let (id, node) = (row.student(), row.node);
    if id.is_empty() {
        return row.refuse(ID, "missing", "is blank");
    }
    let place = (row.at.file.clone(), row.at.number);
    row.context.people.note_place(id, place);
    say(row, "hispanic", "hispanicLatinoEthnicity", node.text("hispanicLatinoEthnicity"));
    for (column, descriptor, property) in [
        ("sex", "Sex", "sexDescriptor"),
        ("english_learner", "LimitedEnglishProficiency", "limitedEnglishProficiencyDescriptor"),
        ("economically_disadvantaged", "EconomicDisadvantage", "economicDisadvantageDescriptor"),
        ("military", "SupporterMilitaryConnection", "supporterMilitaryConnectionDescriptor"),
    ] {
        if let Some(word) = word(row, (descriptor, property), node.text(property), column) {
            say(row, column, property, &word);
        }
    }
    for race in node.each("races") {
        let property = "races.raceDescriptor";
        match word(row, ("Race", property), race.value("raceDescriptor"), "races").as_deref() {
            Some("hispanic") => say(row, "hispanic", property, "true"),
            Some(race) => say(row, "races", property, race),
            None => {}
        }
    }
    for characteristic in node.each("studentCharacteristics") {
        let property = "studentCharacteristics.studentCharacteristicDescriptor";
        let value = characteristic.value("studentCharacteristicDescriptor");
        let column = word(row, ("StudentCharacteristic", property), value, "group membership");
        match column.as_deref().map(|column| FLAGS.iter().find(|flag| **flag == column)) {
            Some(Some(flag)) => characterized(row, flag, property, characteristic),
            Some(None) => row.warn(property, "outside_vocabulary", "is translated to no group membership"),
            None => {}
        }
    }
    disability(row);
    for code in node.each("studentIdentificationCodes") {
        number_of(row, code);
    }
    for cohort in node.each("cohortYears") {
        let property = "cohortYears.cohortYearTypeDescriptor";
        let value = cohort.value("cohortYearTypeDescriptor");
        if word(row, ("CohortYearType", property), value, "ninth_grade_year").is_some() {
            row.context.people.set_ninth_grade_year(id, school_year(cohort));
        }
    }
}

/// A characteristic with periods is a status of these, and one without a membership of every year.
fn characterized(
    row: &mut Row<'_, '_, '_>,
    flag: &'static str,
    property: &'static str,
    characteristic: &Node,
) {
    if characteristic.each("periods").next().is_none() {
        return say(row, flag, property, "true");
    }
    for period in characteristic.each("periods") {
        status(row, flag, ("periods.beginDate", period.text("beginDate")), period.text("endDate"), property);
    }
}

/// Sends a status from a first day to a last one; `origin` tells apart what says so.
pub(super) fn status(
    row: &mut Row<'_, '_, '_>,
    status: &'static str,
    (property, begin): (&'static str, &str),
    end: &str,
    origin: &str,
) {
    let mut draft = Draft::of_student("statuses.csv", row);
    draft.set("status", "", status);
    draft.set("begin", property, begin);
    draft.set("end", "endDate", end);
    draft.key(row.student(), &[status, begin, origin]);
    draft.send(row);
}

/// The first disability that is one of the categories of IDEA.
pub(super) fn disability(row: &mut Row<'_, '_, '_>) {
    let property = "disabilities.disabilityDescriptor";
    for disability in row.node.each("disabilities") {
        let value = disability.value("disabilityDescriptor");
        if let Some(word) = word(row, ("Disability", property), value, "disability") {
            return say(row, "disability", property, &word);
        }
    }
}

/// `studentIdentificationCodes` of Data Standard 6
pub(super) fn shared_id(row: &mut Row<'_, '_, '_>) {
    if row.student().is_empty() {
        return row.refuse(ID, "missing", "is blank");
    }
    number_of(row, row.node);
}

fn number_of(row: &mut Row<'_, '_, '_>, code: &Node) {
    let property = "studentIdentificationSystemDescriptor";
    let system = code.text(property);
    if word(row, ("StudentIdentificationSystem", property), system, "shared_id").is_some() {
        say(row, "shared_id", "identificationCode", code.text("identificationCode"));
    }
}

/// The school year of something, in the API or in the schema.
pub(super) fn school_year(node: &Node) -> &str {
    match node.text("schoolYearTypeReference.schoolYear") {
        "" => node.text("schoolYear"),
        year => year,
    }
}

/// A translated value for a column of a student's; one without a translation is warned about.
pub(super) fn word(
    row: &mut Row<'_, '_, '_>,
    (descriptor, property): (&str, &'static str),
    value: &str,
    column: &'static str,
) -> Option<String> {
    match row.translate(descriptor, property, value, (TEMPLATE, column)) {
        Word::Is(word) => Some(word),
        Word::Blank { .. } => None,
        Word::Unmapped => {
            row.warn(property, "unmapped_code", unmapped(column));
            None
        }
    }
}
