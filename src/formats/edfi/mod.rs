//! Ed-Fi: resources as the API gives them in JSON, and interchanges of bulk files in XML, of Data Standard 5
//! and 6.
//!
//! Both forms become the same [`node::Node`], and each rule here makes rows of the project's own templates of
//! one, which are read and checked as such; so a resource is the same record in either form. Files are read
//! piece by piece, in three passes: first what others refer to, then what is said of students, who are put
//! together from several resources, and then what happened to them.
//!
//! Values of descriptors are translated by the tables of the mapping `ed-fi`. One without a translation goes
//! into the queue; it keeps its record from being sent only where the record makes no sense without it.
//! Resources that become nothing here: sections and their grades and attendance, sessions, staff, contacts,
//! incidents without their actions, surveys and finance.

mod codes;
mod context;
mod courses;
mod draft;
mod file;
mod json;
mod memberships;
mod node;
mod organizations;
mod people;
mod programs;
mod results;
mod schooling;
mod source;
mod xml;

use super::bundle::{Bundle, Error};
use super::output::Output;
use super::{Defect, Mappings};
use crate::calendar::SchoolYear;
use crate::records::Kind;
use context::{Context, Row};
use file::File;
use node::Node;

/// What stands where a resource should be.
enum Found {
    Node(Node),
    Malformed,
    TooLarge,
    /// The file ends before its list does.
    CutOff,
}

/// The passes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Phase {
    /// Organizations, programs, tests, and who the students are.
    Directory,
    /// What is said of students, and the programs and sessions they were in.
    Memberships,
    /// What happened, to students that are known by now.
    Events,
}

type Rule = fn(&mut Row<'_, '_, '_>);

/// How a resource is read.
#[derive(Clone, Copy)]
struct Plan {
    phase: Phase,
    rule: Rule,
    /// The kinds of record that it becomes.
    kinds: &'static [Kind],
}

/// The plan of a resource that becomes something, or that others refer to.
fn plan(resource: &str) -> Option<Plan> {
    use Phase::{Directory, Events, Memberships};
    let (phase, rule, kinds): (Phase, Rule, &'static [Kind]) = match resource {
        "localeducationagency" => (Directory, organizations::agency, &[]),
        "school" => (Directory, organizations::school, &[Kind::School]),
        "postsecondaryinstitution" => (Directory, organizations::college, &[]),
        "program" => (Directory, programs::program, &[Kind::Program]),
        "intervention" => (Directory, programs::intervention, &[Kind::Program]),
        "assessment" => (Directory, results::test, &[]),
        "course" => (Directory, courses::course, &[]),
        "student" => (Directory, people::student, &[Kind::Person]),
        "studenteducationorganizationassociation" | "studentdemographic" => {
            (Memberships, memberships::memberships, &[Kind::Person, Kind::Status])
        }
        "studentidentificationcode" => (Memberships, memberships::shared_id, &[Kind::Person]),
        "studentinterventionassociation" => {
            (Events, programs::assigned_intervention, &[Kind::Participation, Kind::Dosage])
        }
        // Before the associations, whose dosage is left alone where there is any.
        "studentinterventionattendanceevent" => {
            (Memberships, programs::intervention_attendance, &[Kind::Dosage])
        }
        "studentprogramattendanceevent" => (Events, programs::program_attendance, &[Kind::Dosage]),
        "studentschoolassociation" => (Events, schooling::enrollment, &[Kind::Enrollment]),
        "studentschoolattendanceevent" => (Events, schooling::attendance, &[Kind::AttendanceEvent]),
        "calendardate" => (Events, schooling::calendar_date, &[Kind::SchoolDay]),
        "disciplineaction" => (Events, schooling::discipline, &[Kind::Discipline]),
        "studentassessment" => (Events, results::assessment, &[Kind::Assessment]),
        "studentacademicrecord" => (Events, results::diplomas, &[Kind::Diploma]),
        "coursetranscript" => (Events, courses::transcript, &[Kind::Course]),
        "postsecondaryevent" => (Events, results::college, &[Kind::Postsecondary]),
        other if other.starts_with("student") && other.ends_with("programassociation") => {
            (Memberships, programs::association, &[Kind::Participation, Kind::Status])
        }
        _ => return None,
    };
    Some(Plan { phase, rule, kinds })
}

/// Resources of the standard that become nothing, as files may be called by them.
const UNUSED: &[&str] = &[
    "academicweek",
    "accountabilityrating",
    "assessmentitem",
    "bellschedule",
    "calendar",
    "classperiod",
    "cohort",
    "communityorganization",
    "communityprovider",
    "competencyobjective",
    "contact",
    "courseoffering",
    "disciplineincident",
    "educationservicecenter",
    "feederschoolassociation",
    "grade",
    "gradebookentry",
    "gradingperiod",
    "graduationplan",
    "interventionprescription",
    "interventionstudy",
    "learningstandard",
    "location",
    "objectiveassessment",
    "parent",
    "person",
    "reportcard",
    "section",
    "session",
    "staff",
    "staffeducationorganizationassignmentassociation",
    "staffschoolassociation",
    "staffsectionassociation",
    "stateeducationagency",
    "studentacademicrecordgpa",
    "studentcohortassociation",
    "studentcontactassociation",
    "studentdisciplineincidentbehaviorassociation",
    "studentdisciplineincidentnonoffenderassociation",
    "studentgradebookentry",
    "studentparentassociation",
    "studentsectionassociation",
    "studentsectionattendanceevent",
];

/// Reads every file of Ed-Fi that is there; `year` is the school year of spells whose own is not said.
pub(super) fn read(
    bundle: &mut Bundle,
    year: Option<SchoolYear>,
    mappings: &Mappings,
    out: &mut Output<'_>,
) -> Result<(), Error> {
    let mut files: Vec<_> = bundle.streamed_names().map(File::new).collect();
    let mut context = Context::new(mappings, year);
    for phase in [Phase::Directory, Phase::Memberships, Phase::Events] {
        for file in &mut files {
            file.read(bundle, phase, &mut context, out)?;
        }
        match phase {
            Phase::Directory => organizations::finish(&mut context, out),
            Phase::Memberships => people::finish(&mut context, out),
            Phase::Events => {}
        }
    }
    let is_edfi = files.iter().any(|file| file.has_begun);
    for file in files.iter().filter(|file| is_edfi && !file.has_begun) {
        if file.is_interchange() || UNUSED.contains(&file.resource.as_str()) {
            out.unused(&file.name);
        } else {
            let reason = "is not a file this program knows";
            out.record(vec![Defect::of_file(&file.name, None, "unknown_file", reason)]);
        }
    }
    Ok(())
}
