//! How much was destroyed, for those who may hear of it.
//!
//! A certificate goes to every party of an agreement, and true counts of records and students are what the service never
//! tells these. So they stand in texts of their own, one for each source about itself and one about all for stewards and
//! auditors; the certificate has their digests. Each begins with a number of chance, so that nobody tries counts until a
//! digest fits.

use super::unfinished::Searched;
use crate::records::OrgId;
use crate::store::{self, Counts, Destruction, Erased, Snapshot};
use ring::rand::{SecureRandom, SystemRandom};
use std::collections::BTreeSet;
use std::fmt::Write;

const HEADER: &str = "throughline counts of a destruction v1";

/// The texts of a destruction.
pub(super) fn of(
    snapshot: &Snapshot<'_>,
    of: &Destruction,
    searched: Option<&Searched>,
) -> Result<Vec<Counts>, store::Error> {
    let (origin, erased) = (snapshot.origin()?, &of.erased);
    let begin = |whose: &str| -> Result<String, store::Error> {
        let (number, scope, salt) = (of.number, &of.scope, salt()?);
        Ok(format!(
            "{HEADER}\nlog: {origin}\nnumber: {number}\ndestroyed: {scope}\nof: {whose}\nsalt: {salt}\n"
        ))
    };
    let mut all = Counts { of: None, text: begin("all")? };
    let mut texts = Vec::new();
    for source in sources(erased) {
        let mut own = begin(source.as_str())?;
        for (kind, n) in erased.records.get(source).into_iter().flatten() {
            line(&mut own, "records", &format!("{n}, {}", kind.replace('_', " ")));
            line(&mut all.text, "records", &format!("{n} of {source}, {}", kind.replace('_', " ")));
        }
        if erased.n_students_of_all.is_none() {
            let n = erased.students.get(source).copied().unwrap_or(0);
            line(&mut own, "students", &n.to_string());
            line(&mut all.text, "students", &format!("{n} of {source}"));
        }
        texts.push(Counts { of: Some(source.clone()), text: own });
    }
    if let Some(n) = erased.n_students_of_all {
        line(&mut all.text, "students", &n.to_string());
    }
    line(&mut all.text, "decisions about links", &erased.n_decisions.to_string());
    line(&mut all.text, "acknowledgements of batches", &erased.n_batches.to_string());
    line(&mut all.text, "records kept", &erased.n_kept.to_string());
    if let Some(Searched { n_needles, n_standing, n_bytes }) = searched {
        line(&mut all.text, "tokens looked for", &n_needles.to_string());
        line(&mut all.text, "tokens in rows again", &n_standing.to_string());
        line(&mut all.text, "bytes looked through", &n_bytes.to_string());
    }
    texts.push(all);
    Ok(texts)
}

/// The sources of whom anything was erased.
pub(super) fn sources(erased: &Erased) -> BTreeSet<&OrgId> {
    erased.records.keys().chain(erased.students.keys()).collect()
}

fn line(text: &mut String, name: &str, value: &str) {
    writeln!(text, "{name}: {value}").expect("a string can be written to");
}

fn salt() -> Result<String, store::Error> {
    let mut bytes = [0; 16];
    SystemRandom::new().fill(&mut bytes).map_err(|_| store::Error::Damaged("no randomness"))?;
    Ok(format!("{:032x}", u128::from_be_bytes(bytes)))
}
