//! `orgs.csv`: schools, each with the district above it.

use super::super::Defect;
use super::super::bundle::{Bundle, Error};
use super::super::id::{Id, Seen, Verdict};
use super::super::output::Output;
use super::super::table::Layout;
use super::manifest::{Manifest, Mode};
use super::{Ids, Standing, Unknown, one_of, standing};
use crate::records::{Change, Clear, Code, Fact, Kind, Label, School, Sector, Submission};
use std::collections::HashMap;

/// The organizations, and which of them are schools.
pub(super) struct Orgs {
    /// Everything that has an id here, also what is deleted or refused.
    pub(super) ids: Ids,
    schools: HashMap<Id, Code>,
}

impl Orgs {
    /// The code of a school; nothing for another organization.
    pub(super) fn school(&self, id: &str) -> Option<&Code> {
        self.schools.get(id)
    }
}

struct Org {
    line: u64,
    parent: Id,
    name: Option<Label>,
    code: Option<Code>,
    is_school: bool,
    is_district: bool,
    standing: Standing,
}

const FILE: &str = "orgs.csv";
const TYPES: &[&str] = &["department", "school", "district", "local", "state", "national"];
/// Organizations stand in a tree; deeper than this it is a circle.
const DEPTH_MAX: usize = 8;

pub(super) fn read(
    bundle: &mut Bundle,
    manifest: &mut Manifest,
    out: &mut Output<'_>,
) -> Result<Orgs, Error> {
    let sheet = manifest.take(bundle, FILE, out)?;
    let ids = Ids { unknown: manifest.unknown_in(FILE), ..Ids::default() };
    let mut orgs = Orgs { ids, schools: HashMap::new() };
    let layout = Layout {
        read: &["sourcedId", "status", "name", "type", "parentSourcedId"],
        required: &["sourcedId", "name", "type"],
        expected: &[],
        skipped: &["dateLastModified", "identifier"],
        kinds: &[Kind::School],
    };
    manifest.note_extent(Kind::School, &[FILE], out);
    let Some(table) = sheet.and_then(|sheet| sheet.bind(&layout, out)) else { return Ok(orgs) };
    let mode = manifest.mode(FILE);
    let (mut rows, mut seen) = (Vec::new(), Seen::default());
    table.for_each(out, |fields, out| {
        let standing = standing(fields, mode);
        fields.require(&["sourcedId", "type"]);
        let kind = fields.text("type");
        // Other kinds than the standard's are no schools, which is all that matters of them.
        let kind = TYPES.iter().copied().find(|known| known.eq_ignore_ascii_case(&kind)).or_else(|| {
            let reason = format!("is none of {}; it is not taken for a school", TYPES.join(", "));
            fields.has("type").then(|| fields.warn("type", "outside_vocabulary", reason));
            None
        });
        let kind = kind.and_then(|_| one_of(fields, "type", TYPES));
        let (is_school, is_district) = (kind == Some("school"), kind == Some("district"));
        let (mut code, mut name) = (None, None);
        if is_school || is_district {
            fields.require(&["name"]);
            (code, name) = (fields.code("sourcedId"), fields.label("name"));
        }
        let id = fields.text("sourcedId");
        if fields.is_refused() || kind.is_none() {
            out.extents.refused(Kind::School, Some(Clear::from(&*id)), None);
        }
        match seen.note(&id, fields.fingerprint()) {
            Verdict::New => {}
            Verdict::Repeat => return out.repeat(),
            Verdict::Clash => {
                out.extents.refused(Kind::School, Some(Clear::from(&*id)), None);
                return fields.refuse(
                    "sourcedId",
                    "duplicate_key",
                    "stands on an earlier row with other values",
                );
            }
        }
        orgs.ids.ids.insert(Id::new(&id));
        if !fields.is_refused() {
            let parent = Id::new(&fields.text("parentSourcedId"));
            let org = Org { line: fields.line(), parent, name, code, is_school, is_district, standing };
            rows.push((Id::new(&id), org));
        }
    });
    let by_id: HashMap<&str, &Org> = rows.iter().map(|(id, org)| (id.as_str(), org)).collect();
    for (_, org) in &rows {
        if let Some(reason) = orgs.ids.defect_of(org.parent.as_str(), FILE) {
            let defect = Defect::of_file(FILE, Some("parentSourcedId"), "unknown_reference", reason);
            out.record(vec![defect.at(org.line)]);
        }
        if org.is_school {
            send(org, &by_id, mode, out);
        }
    }
    let current = rows.into_iter().filter(|(_, org)| org.is_school && org.standing == Standing::Active);
    orgs.schools = current.filter_map(|(id, org)| Some((id, org.code?))).collect();
    Ok(orgs)
}

fn send(org: &Org, by_id: &HashMap<&str, &Org>, mode: Mode, out: &mut Output<'_>) {
    let (Some(code), Some(name)) = (&org.code, &org.name) else { return };
    let change = match (org.standing, mode) {
        (Standing::Deleted, Mode::Delta) => Change::Delete(Kind::School),
        (Standing::Active, _) => {
            let parents =
                std::iter::successors(by_id.get(org.parent.as_str()), |org| by_id.get(org.parent.as_str()));
            let district = parents.take(DEPTH_MAX).find(|org| org.is_district);
            Change::Upsert(Fact::School(School {
                code: code.clone(),
                name: name.clone(),
                district: district.and_then(|org| org.code.clone()),
                district_name: district.and_then(|org| org.name.clone()),
                // The standard has no word for it; a templates' `schools.csv` can say otherwise.
                sector: Sector::District,
                title_i: None,
            }))
        }
        _ => return,
    };
    let key = Clear::from(code.as_str());
    out.send(FILE, org.line, Submission { key, student: None, identifiers: None, change });
}

impl Orgs {
    /// Whether organizations are known at all.
    pub(super) fn is_complete(&self) -> bool {
        self.ids.unknown == Unknown::Mistake
    }
}
