//! Schools with their districts, and colleges with their level.

use super::super::output::Output;
use super::context::{At, Context, Row, Word};
use super::draft::Draft;
use super::node::Node;
use crate::records::Kind;
use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

/// The organizations of an export; none of them is a person.
#[derive(Default)]
pub(super) struct Organizations {
    /// Names of districts by their id.
    agencies: HashMap<String, String>,
    /// Ids of districts by that of their element, which schools of a bulk file refer to.
    agency_elements: HashMap<String, String>,
    schools: HashSet<String>,
    /// Schools that wait for their districts, which may follow.
    waiting: Vec<Waiting>,
    /// Levels of colleges by their id.
    colleges: HashMap<String, String>,
}

struct Waiting {
    file: Cow<'static, str>,
    number: u64,
    draft: Draft,
    /// The id of the district, or of its element.
    agency: String,
}

impl Organizations {
    /// Whether a school is there, or no school is at all.
    pub(super) fn may_have_school(&self, id: &str) -> bool {
        self.schools.is_empty() || self.schools.contains(id)
    }

    /// The level of a college.
    pub(super) fn college(&self, id: &str) -> Option<&str> {
        self.colleges.get(id).map(String::as_str)
    }
}

/// `localEducationAgencies`
pub(super) fn agency(row: &mut Row<'_, '_, '_>) {
    let (id, name) = (row.node.text("localEducationAgencyId"), row.node.text("nameOfInstitution"));
    if id.is_empty() {
        return row.refuse("localEducationAgencyId", "missing", "is blank");
    }
    let organizations = &mut row.context.organizations;
    organizations.agencies.insert(id.to_owned(), name.to_owned());
    organizations.agency_elements.insert(row.node.text("@id").to_owned(), id.to_owned());
}

/// `schools`
pub(super) fn school(row: &mut Row<'_, '_, '_>) {
    let mut draft = Draft::new("schools.csv");
    draft.take(row, "school", "schoolId");
    draft.take(row, "name", "nameOfInstitution");
    let status = row.node.text("charterStatusDescriptor");
    let control = row.node.text("administrativeFundingControlDescriptor");
    let becomes = ("schools.csv", "sector");
    match row.translate("CharterStatus", "charterStatusDescriptor", status, becomes) {
        Word::Is(sector) => draft.set("sector", "charterStatusDescriptor", &sector),
        Word::Unmapped => {
            row.warn("charterStatusDescriptor", "unmapped_code", super::draft::unmapped("sector"));
            sector(row, &mut draft, control);
        }
        Word::Blank { .. } => sector(row, &mut draft, control),
    }
    let title_i = ("TitleIPartASchoolDesignation", "titleIPartASchoolDesignationDescriptor");
    draft.translate(row, "title_i", title_i, row.node.text("titleIPartASchoolDesignationDescriptor"));
    let agency = match row.node.text("localEducationAgencyReference.localEducationAgencyId") {
        "" => row.node.text("localEducationAgencyReference.@ref"),
        id => id,
    };
    let waiting =
        Waiting { file: row.at.file.clone(), number: row.at.number, draft, agency: agency.to_owned() };
    let organizations = &mut row.context.organizations;
    organizations.schools.insert(row.node.text("schoolId").to_owned());
    organizations.waiting.push(waiting);
}

fn sector(row: &mut Row<'_, '_, '_>, draft: &mut Draft, control: &str) {
    const PROPERTY: &str = "administrativeFundingControlDescriptor";
    if control.is_empty() {
        row.warn(PROPERTY, "assumed", "is blank, and the school no charter; it is taken for a district's");
        return draft.set("sector", PROPERTY, "district");
    }
    draft.translate(row, "sector", ("AdministrativeFundingControl", PROPERTY), control);
}

/// `postSecondaryInstitutions`
pub(super) fn college(row: &mut Row<'_, '_, '_>) {
    const PROPERTY: &str = "postSecondaryInstitutionLevelDescriptor";
    let id = row.node.text("postSecondaryInstitutionId");
    if id.is_empty() {
        return row.refuse("postSecondaryInstitutionId", "missing", "is blank");
    }
    let (value, becomes) = (row.node.text(PROPERTY), ("postsecondary.csv", "level"));
    match row.translate("PostSecondaryInstitutionLevel", PROPERTY, value, becomes) {
        Word::Is(level) => drop(row.context.organizations.colleges.insert(id.to_owned(), level)),
        Word::Unmapped => row.warn(PROPERTY, "unmapped_code", super::draft::unmapped("level")),
        Word::Blank { .. } => {}
    }
}

/// Sends the schools, now that all districts are known.
pub(super) fn finish(context: &mut Context<'_>, out: &mut Output<'_>) {
    let nothing = Node::default();
    for Waiting { file, number, mut draft, agency } in std::mem::take(&mut context.organizations.waiting) {
        let Organizations { agencies, agency_elements, .. } = &context.organizations;
        let id = agency_elements.get(&agency).filter(|_| !agency.is_empty()).unwrap_or(&agency);
        let name = agencies.get(id);
        let is_known = agency.is_empty() || agencies.is_empty() || name.is_some();
        draft.set("district", "localEducationAgencyReference", id);
        draft.set("district_name", "localEducationAgencyReference", name.map_or("", String::as_str));
        let mut row = Row::new(
            context,
            out,
            At { file: &file, number, resource: "school", kinds: &[Kind::School] },
            &nothing,
        );
        row.check_reference("localEducationAgencyReference", is_known, "localEducationAgencies");
        draft.send(&mut row);
        row.finish();
    }
}
