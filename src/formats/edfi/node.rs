//! A resource as a tree of the properties that some rule reads, whichever of the two forms it came in.
//!
//! Only properties of [`KNOWN`] ever get here. Addresses, telephone numbers, electronic mail, login names and
//! identification documents are not among them, so these are skipped in the text they stand in.

use super::super::id::short_digest;
use super::super::never_read::{is_never_read, words};
use super::codes::bare;
use zeroize::Zeroizing;

/// A property: a text, or properties of its own. Of a list, each element is one of the same name.
#[derive(Default)]
pub(super) struct Node {
    /// One of [`KNOWN`].
    pub(super) name: &'static str,
    pub(super) text: Zeroizing<String>,
    pub(super) children: Vec<Node>,
}

/// Every property that is read, in lower case and in the singular, without `Descriptor` at its end.
const KNOWN: &[&str] = &[
    "@id",
    "@ref",
    "academicsubject",
    "actualdisciplineactionlength",
    "administrationdate",
    "administrativefundingcontrol",
    "assessmentidentifier",
    "assessmentreference",
    "assessmentreportingmethod",
    "attemptedcredits",
    "attendanceeventcategory",
    "begindate",
    "behavior",
    "birthdate",
    "birthsex",
    "calendarevent",
    "calendarreference",
    "charterstatus",
    "cohortyear",
    "cohortyeartype",
    "courseattemptresult",
    "coursecode",
    "coursereference",
    "credits",
    "date",
    "diploma",
    "diplomaawarddate",
    "diplomatype",
    "directcertification",
    "disability",
    "discipline",
    "disciplineactionidentifier",
    "disciplineactionlength",
    "disciplinedate",
    "dosage",
    "earnedcredits",
    "economicdisadvantage",
    "educationorganizationid",
    "educationorganizationreference",
    "enddate",
    "englishlearnerparticipation",
    "entrydate",
    "entrygradelevel",
    "eventdate",
    "eventduration",
    "exitwithdrawdate",
    "exitwithdrawtype",
    "firstname",
    "generationcodesuffix",
    "hispaniclatinoethnicity",
    "homelessunaccompaniedyouth",
    "ideaeligibility",
    "identificationcode",
    "interventionduration",
    "interventionidentificationcode",
    "interventionreference",
    "lastsurname",
    "limitedenglishproficiency",
    "localeducationagencyid",
    "localeducationagencyreference",
    "middlename",
    "nameofinstitution",
    "namespace",
    "performancelevel",
    "period",
    "postsecondaryeventcategory",
    "postsecondaryinstitutionid",
    "postsecondaryinstitutionlevel",
    "postsecondaryinstitutionreference",
    "programattendanceduration",
    "programname",
    "programreference",
    "programtype",
    "race",
    "reasonexited",
    "reasonnottested",
    "repeatgradeindicator",
    "responsibilityschoolreference",
    "result",
    "schoolfoodserviceprogramservice",
    "schoolid",
    "schoolreference",
    "schoolyear",
    "schoolyeartypereference",
    "scoreresult",
    "section504eligibility",
    "sex",
    "specialeducationexitdate",
    "specialeducationexitreason",
    "studentacademicrecordreference",
    "studentassessmentidentifier",
    "studentcharacteristic",
    "studentdisciplineincidentbehaviorassociation",
    "studentdisciplineincidentbehaviorassociationreference",
    "studentidentificationcode",
    "studentidentificationsystem",
    "studentreference",
    "studentuniqueid",
    "supportermilitaryconnection",
    "term",
    "titleipartaschooldesignation",
    "whenassessedgradelevel",
];

/// A name as the API and the schema write it, in one way: `races`, `Race` and `raceDescriptor` are `race`.
pub(super) fn plain_name(name: &str) -> String {
    let lower = name.to_ascii_lowercase();
    let lower = lower.strip_suffix("descriptor").unwrap_or(&lower);
    singular(lower).unwrap_or_else(|| lower.to_owned())
}

fn singular(lower: &str) -> Option<String> {
    match (lower.strip_suffix("ies"), lower.strip_suffix('s')) {
        (Some(stem), _) => Some(format!("{stem}y")),
        (None, Some(stem)) if !stem.ends_with('s') => Some(stem.to_owned()),
        _ => None,
    }
}

/// The property that has this name, if any rule reads it.
pub(super) fn known(name: &str) -> Option<&'static str> {
    let find = |name: &str| KNOWN.binary_search(&name).ok().map(|at| KNOWN[at]);
    // It is asked for every property of every resource, so it does without a text of its own where it can.
    let mut buffer = [0; 64];
    let lower = buffer.get_mut(..name.len())?;
    lower.copy_from_slice(name.as_bytes());
    lower.make_ascii_lowercase();
    let lower = std::str::from_utf8(lower).ok()?;
    let lower = lower.strip_suffix("descriptor").unwrap_or(lower);
    find(lower).or_else(|| find(&singular(lower)?))
}

impl Node {
    pub(super) fn new(name: &'static str) -> Self {
        Self { name, ..Self::default() }
    }

    /// The property at a path such as `studentReference.studentUniqueId`: the first name is one of its own,
    /// and each after it is the next of that name below, however deep. The schema nests what the API does not.
    pub(super) fn find(&self, path: &str) -> Option<&Self> {
        let mut steps = path.split('.');
        let first = known_step(steps.next()?);
        let mut at = self.children.iter().find(|child| child.name == first)?;
        for step in steps {
            at = at.below(known_step(step))?;
        }
        Some(at)
    }

    fn below(&self, name: &str) -> Option<&Self> {
        let own = self.children.iter().find(|child| child.name == name);
        own.or_else(|| self.children.iter().find_map(|child| child.below(name)))
    }

    /// The trimmed text at a path; empty when there is none.
    pub(super) fn text(&self, path: &str) -> &str {
        self.find(path).map(|node| node.text.trim()).unwrap_or_default()
    }

    /// Its elements of that name.
    pub(super) fn each(&self, name: &str) -> impl Iterator<Item = &Self> {
        let name = known_step(name);
        self.children.iter().filter(move |child| child.name == name)
    }

    /// The text of an element that is one (in the schema), or that has a property of that name (in the API).
    pub(super) fn value(&self, name: &str) -> &str {
        if self.children.is_empty() { self.text.trim() } else { self.text(name) }
    }

    /// A digest of everything in it, to tell a repeated row from another one.
    pub(super) fn fingerprint(&self) -> [u8; 16] {
        let mut text = Zeroizing::new(String::with_capacity(1 << 12));
        self.write(&mut text);
        short_digest(text.as_bytes())
    }

    fn write(&self, text: &mut String) {
        for part in [self.name, "\u{1F}", &self.text, "\u{1E}"] {
            text.push_str(part);
        }
        self.children.iter().for_each(|child| child.write(text));
        text.push('\u{1D}');
    }

    /// Takes over a property.
    pub(super) fn push(&mut self, mut child: Self) {
        child.forget_secrets();
        self.children.push(child);
    }

    /// Wipes a number of social security or the like.
    pub(super) fn forget_secrets(&mut self) {
        const SECRET: [&str; 3] = ["social", "sin", "passport"];
        let system = bare(self.text("studentIdentificationSystemDescriptor"));
        if is_never_read(system) || words(system).split(' ').any(|word| SECRET.contains(&word)) {
            let code = known_step("identificationCode");
            self.children.retain(|child| child.name != code);
        }
    }
}

/// A step of a path that a rule names. One that no reader keeps would always be blank.
fn known_step(step: &str) -> &'static str {
    let name = known(step);
    debug_assert!(name.is_some(), "{step} is not among the properties that are read");
    name.unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_both_forms_are_one() {
        assert!(KNOWN.windows(2).all(|pair| pair[0] < pair[1]), "they are looked for by halves");
        for (name, expected) in [
            ("races", Some("race")),
            ("raceDescriptor", Some("race")),
            ("Race", Some("race")),
            ("charterStatusDescriptor", Some("charterstatus")),
            ("disciplines", Some("discipline")),
            ("electronicMails", None),
            ("Address", None),
            ("telephones", None),
            ("loginId", None),
        ] {
            assert_eq!(known(name), expected, "{name}");
        }
        for (name, expected) in [
            ("localEducationAgencies", "localeducationagency"),
            ("StudentSchoolAssociation", "studentschoolassociation"),
            ("studentDemographics", "studentdemographic"),
        ] {
            assert_eq!(plain_name(name), expected);
        }
    }
}
