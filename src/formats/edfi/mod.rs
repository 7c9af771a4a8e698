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
//! Resources that become nothing here: courses, sections and grades, calendars and sessions, staff, parents,
//! incidents without their actions, surveys and finance.

mod context;
mod draft;
mod json;
mod node;
mod organizations;
mod people;
mod programs;
mod results;
mod schooling;
mod source;
mod xml;

use super::bundle::{Bundle, Error};
use super::defect::printable;
use super::output::Output;
use super::{Defect, Mappings};
use crate::calendar::SchoolYear;
use context::{At, Context, Row};
use node::{Node, plain_name};
use std::borrow::Cow;
use std::collections::BTreeSet;

/// What stands where a resource should be.
enum Found {
    Node(Node),
    Malformed,
    TooLarge,
}

/// The passes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Phase {
    /// Organizations, programs, tests, and who the students are.
    Directory,
    /// What is said of students, and the programs they are in.
    Memberships,
    /// What happened, to students that are known by now.
    Events,
}

type Rule = fn(&mut Row<'_, '_, '_>);

/// How a resource is read, and when.
fn rule(resource: &str) -> Option<(Phase, Rule)> {
    use Phase::{Directory, Events, Memberships};
    let found: (Phase, Rule) = match resource {
        "localeducationagency" => (Directory, organizations::agency),
        "school" => (Directory, organizations::school),
        "postsecondaryinstitution" => (Directory, organizations::college),
        "program" => (Directory, programs::program),
        "intervention" => (Directory, programs::intervention),
        "assessment" => (Directory, results::test),
        "student" => (Directory, people::student),
        "studenteducationorganizationassociation" | "studentdemographic" => {
            (Memberships, people::memberships)
        }
        "studentidentificationcode" => (Memberships, people::shared_id),
        "studentinterventionassociation" => (Events, programs::assigned_intervention),
        "studentinterventionattendanceevent" => (Events, programs::intervention_attendance),
        "studentprogramattendanceevent" => (Events, programs::program_attendance),
        "studentschoolassociation" => (Events, schooling::enrollment),
        "studentschoolattendanceevent" => (Events, schooling::attendance),
        "disciplineaction" => (Events, schooling::discipline),
        "studentassessment" => (Events, results::assessment),
        "studentacademicrecord" => (Events, results::diplomas),
        "postsecondaryevent" => (Events, results::college),
        other if other.starts_with("student") && other.ends_with("programassociation") => {
            (Memberships, programs::association)
        }
        _ => return None,
    };
    Some(found)
}

/// Resources of the standard that become nothing, as files may be called by them.
const UNUSED: &[&str] = &[
    "academicweek",
    "accountabilityrating",
    "assessmentitem",
    "bellschedule",
    "calendar",
    "calendardate",
    "classperiod",
    "cohort",
    "communityorganization",
    "communityprovider",
    "competencyobjective",
    "contact",
    "course",
    "courseoffering",
    "coursetranscript",
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

/// A file, and what is known of it by now.
struct File {
    name: Cow<'static, str>,
    form: Form,
    /// What its rows are, of a file of one resource.
    resource: String,
    /// Passes that find something in it, once they are known.
    phases: Option<BTreeSet<Phase>>,
    has_begun: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Lines,
    List,
    Interchange,
}

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
            let is_empty_handed = file.phases.as_ref().is_some_and(|phases| !phases.contains(&phase));
            if !is_empty_handed {
                file.read(bundle, phase, &mut context, out)?;
            }
        }
        match phase {
            Phase::Directory => organizations::finish(&mut context, out),
            Phase::Memberships => people::finish(&mut context, out),
            Phase::Events => {}
        }
    }
    let is_edfi = files.iter().any(|file| file.has_begun);
    for file in files.iter().filter(|file| is_edfi && !file.has_begun) {
        let is_interchange = file.form == Form::Interchange && file.phases.is_some();
        if is_interchange || UNUSED.contains(&file.resource.as_str()) {
            out.unused(&file.name);
        } else {
            let reason = "is not a file this program knows";
            out.record(vec![Defect::of_file(&file.name, None, "unknown_file", reason)]);
        }
    }
    Ok(())
}

impl File {
    fn new(name: &str) -> Self {
        let (stem, end) = name.rsplit_once('.').unwrap_or((name, ""));
        let form = match end.to_ascii_lowercase().as_str() {
            "jsonl" => Form::Lines,
            "json" => Form::List,
            _ => Form::Interchange,
        };
        let resource = plain_name(stem);
        let phases = (form != Form::Interchange)
            .then(|| rule(&resource).map(|(phase, _)| phase).into_iter().collect());
        Self { name: name.to_owned().into(), form, resource, phases, has_begun: false }
    }

    fn read(
        &mut self,
        bundle: &mut Bundle,
        phase: Phase,
        context: &mut Context<'_>,
        out: &mut Output<'_>,
    ) -> Result<(), Error> {
        if self.form == Form::Interchange {
            return self.read_interchange(bundle, phase, context, out);
        }
        let Some((_, rule)) = rule(&self.resource) else { return Ok(()) };
        self.begin(out);
        let (file, resource) = (Cow::Owned(printable(&self.name)), &self.resource);
        let mut each = |number, found| one(context, out, At { file: &file, number, resource }, rule, found);
        bundle.stream(&self.name, |bytes| json::read(bytes, self.form == Form::Lines, &mut each))?;
        Ok(())
    }

    fn read_interchange(
        &mut self,
        bundle: &mut Bundle,
        phase: Phase,
        context: &mut Context<'_>,
        out: &mut Output<'_>,
    ) -> Result<(), Error> {
        let name = self.name.clone();
        let file = Cow::Owned(printable(&name));
        let mut phases = BTreeSet::new();
        let mut is_wanted = |resource: &str| {
            let at = rule(resource).map(|(at, _)| at);
            phases.extend(at);
            at == Some(phase)
        };
        let mut each = |number, resource: &str, found| {
            let Some((_, rule)) = rule(resource) else { return };
            self.begin(out);
            one(context, out, At { file: &file, number, resource }, rule, found);
        };
        let end = bundle.stream(&name, |bytes| xml::read(bytes, &mut is_wanted, &mut each))?;
        let last = phases.last().copied();
        match end {
            None => {}
            Some(xml::End::NotEdFi) => {
                // It stays without phases, and is not read again.
                self.resource.clear();
                self.phases = Some(BTreeSet::new());
                self.form = Form::List;
                return Ok(());
            }
            Some(xml::End::Broken(n, reason)) if last.is_none_or(|last| last == phase) => {
                self.begin(out);
                let reason = format!("{reason}; it is read up to its element {n}");
                out.record(vec![Defect::of_file(&name, None, "malformed", reason).refused()]);
            }
            Some(xml::End::Whole | xml::End::Broken(..)) => {}
        }
        self.phases = Some(phases);
        Ok(())
    }

    fn begin(&mut self, out: &mut Output<'_>) {
        if !self.has_begun {
            self.has_begun = true;
            out.begin(Cow::Owned(printable(&self.name)));
            out.mapped(context::MAPPING);
        }
    }
}

/// Reads one resource.
fn one(context: &mut Context<'_>, out: &mut Output<'_>, at: At<'_>, rule: Rule, found: Found) {
    out.row(at.file);
    let malformed =
        |reason: &'static str| Defect::of_file(at.file, None, "malformed", reason).at(at.number).refused();
    match found {
        Found::Node(node) => {
            let mut row = Row::new(context, out, at, &node);
            rule(&mut row);
            row.finish();
        }
        Found::Malformed => out.record(vec![malformed("is not one object of JSON in UTF-8")]),
        Found::TooLarge => out.record(vec![malformed("is larger than 1 MiB")]),
    }
}
