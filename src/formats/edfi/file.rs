//! A file of either form, and which of the passes find something in it.

use super::super::bundle::{Bundle, Error};
use super::super::defect::printable;
use super::super::output::Output;
use super::super::{Defect, Extent};
use super::context::{At, Context, MAPPING, Row};
use super::node::plain_name;
use super::{Found, Phase, Rule, json, plan, xml};
use crate::records::Kind;
use std::borrow::Cow;
use std::collections::BTreeSet;

/// A file, and what is known of it by now.
pub(super) struct File {
    pub(super) name: Cow<'static, str>,
    form: Form,
    /// What its rows are, of a file of one resource.
    pub(super) resource: String,
    /// Passes that find something in it, once they are known.
    phases: Option<BTreeSet<Phase>>,
    pub(super) has_begun: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Lines,
    List,
    /// Of XML, until it turns out to be another one.
    Interchange,
    Other,
}

impl File {
    pub(super) fn new(name: &str) -> Self {
        let (stem, end) = name.rsplit_once('.').unwrap_or((name, ""));
        let form = match end.to_ascii_lowercase().as_str() {
            "jsonl" => Form::Lines,
            "json" => Form::List,
            _ => Form::Interchange,
        };
        let resource = plain_name(stem);
        let phases =
            (form != Form::Interchange).then(|| plan(&resource).map(|plan| plan.phase).into_iter().collect());
        Self { name: name.to_owned().into(), form, resource, phases, has_begun: false }
    }

    /// Reads what belongs to a pass, unless there is nothing of the kind in the file.
    pub(super) fn read(
        &mut self,
        bundle: &mut Bundle,
        phase: Phase,
        context: &mut Context<'_>,
        out: &mut Output<'_>,
    ) -> Result<(), Error> {
        if self.phases.as_ref().is_some_and(|phases| !phases.contains(&phase)) {
            return Ok(());
        }
        if self.form == Form::Interchange {
            return self.read_interchange(bundle, phase, context, out);
        }
        let Some(plan) = plan(&self.resource) else { return Ok(()) };
        self.begin(out);
        plan.kinds.iter().for_each(|kind| out.extents.note(*kind, Extent::Undeclared));
        let (file, resource) = (Cow::Owned(printable(&self.name)), &self.resource);
        let mut each = |number, found| {
            one(context, out, At { file: &file, number, resource, kinds: plan.kinds }, plan.rule, found)
        };
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
            let at = plan(resource).map(|plan| plan.phase);
            phases.extend(at);
            at == Some(phase)
        };
        let mut each = |number, resource: &str, found| {
            let Some(plan) = plan(resource) else { return };
            self.begin(out);
            plan.kinds.iter().for_each(|kind| out.extents.note(*kind, Extent::Undeclared));
            one(context, out, At { file: &file, number, resource, kinds: plan.kinds }, plan.rule, found);
        };
        let end = bundle.stream(&name, |bytes| xml::read(bytes, &mut is_wanted, &mut each))?;
        let last = phases.last().copied();
        match end {
            None => {}
            Some(xml::End::NotEdFi) => {
                self.form = Form::Other;
                phases.clear();
            }
            Some(xml::End::Broken(n, reason)) if last.is_none_or(|last| last == phase) => {
                self.begin(out);
                // What is behind it may be of any kind.
                Kind::ALL.iter().for_each(|kind| out.extents.refused(*kind, None, None));
                let reason = format!("{reason}; it is read up to its element {n}");
                out.record(vec![Defect::of_file(&name, None, "malformed", reason).refused()]);
            }
            Some(xml::End::Whole | xml::End::Broken(..)) => {}
        }
        self.phases = Some(phases);
        Ok(())
    }

    pub(super) fn is_interchange(&self) -> bool {
        self.form == Form::Interchange
    }

    fn begin(&mut self, out: &mut Output<'_>) {
        if !self.has_begun {
            self.has_begun = true;
            out.begin(Cow::Owned(printable(&self.name)));
            out.mapped(MAPPING);
        }
    }
}

/// Reads one resource.
fn one(context: &mut Context<'_>, out: &mut Output<'_>, at: At<'_>, rule: Rule, found: Found) {
    out.row(at.file);
    if !matches!(found, Found::Node(_)) {
        at.kinds.iter().for_each(|kind| out.extents.refused(*kind, None, None));
    }
    let malformed =
        |reason: &'static str| Defect::of_file(at.file, None, "malformed", reason).at(at.number).refused();
    match found {
        Found::Node(node) => {
            let mut row = Row::new(context, out, at, &node);
            rule(&mut row);
            row.finish();
        }
        Found::Malformed => {
            out.record(vec![malformed("is not one object of JSON in UTF-8, with each property once")]);
        }
        Found::CutOff => out.record(vec![malformed("is not there: the file ends before its list does")]),
        Found::TooLarge => out.record(vec![malformed("is larger than 1 MiB")]),
    }
}
