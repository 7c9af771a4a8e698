//! Files on their way to the service: read once to know what is in them, and once more to send it.

use super::connect::Connect;
use super::digest::{Digest, Mark};
use super::screen;
use super::{Failure, limits::FileRows};
use crate::api::{clear, encoded, v1 as pb};
use crate::calendar::SchoolYear;
use crate::client::{Delivery, Foreseen, Progress, Pushed, RowRef, WholeFiles, open};
use crate::formats::{self, Extent, Mappings, Reading};
use crate::identity::{KeyId, KeyRing, Keys, pseudonymize, record_token, student_token};
use crate::ingest::{is_ended_by_absence, school_year};
use crate::records::{Change, Kind, OrgId, Submission};
use crate::server::{KeySource, keys};
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;
use tokio::sync::mpsc;

/// How records are made ready, and what the files hold.
#[derive(clap::Args)]
pub(super) struct Options {
    /// Encode identifiers on this machine; the service then never sees a name
    #[arg(long, requires = "key")]
    encode: bool,
    /// The sources' key file, of mode 0600 (see `throughline keys`)
    #[arg(long, env = "THROUGHLINE_LINKAGE_KEY", value_name = "FILE")]
    key: Option<PathBuf>,
    /// Records in a batch
    #[arg(long, default_value_t = 2_000, value_parser = clap::value_parser!(u32).range(1..=5_000))]
    batch: u32,
    /// The files are whole: end what the service holds of their kinds and school years and they no longer have. Kinds that
    /// come through a mapping only where named (--whole=participation,dosage); files that a manifest calls delta, never
    #[arg(long, value_name = "KINDS", num_args = 0..=1, require_equals = true, value_delimiter = ',',
        default_missing_value = "")]
    whole: Option<Vec<String>>,
    #[command(flatten)]
    pub(super) connect: Connect,
}

/// Of which kinds the files may be taken for whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Wish {
    /// Those that a manifest says so of.
    Declared,
    /// These, too, or all but what comes through a mapping.
    Said(Option<BTreeSet<Kind>>),
}

/// Files to send.
pub(super) struct Files {
    pub(super) path: PathBuf,
    pub(super) year: Option<SchoolYear>,
    pub(super) mappings: Mappings,
    pub(super) encoder: Encoder,
}

/// How records become ready for the wire.
pub(super) enum Encoder {
    Clear,
    Encoded(Box<KeyRing>, OrgId),
}

/// What a first reading has found.
pub(super) struct Survey {
    pub(super) reading: Reading,
    /// Rows that become records, by kind and file: the line of the last one, and how many there are.
    rows: BTreeMap<Kind, BTreeMap<String, (u64, u64)>>,
    /// Id of the delivery: one that only this client can compute, the same for the same records.
    id: String,
    /// The digest of it before its first record.
    start: Digest,
    /// What it was after each record.
    marks: Vec<Mark>,
    pub(super) whole: WholeFiles,
    /// Why files are not taken for whole about a kind.
    pub(super) not_whole: Vec<(Kind, String)>,
}

impl Options {
    pub(super) fn encoder(&self) -> Result<Encoder, Failure> {
        Encoder::of(self.key.as_ref().filter(|_| self.encode), &self.connect)
    }

    /// What `--whole` says; nothing where it is not there.
    pub(super) fn whole(&self) -> Result<Option<Wish>, Failure> {
        let Some(names) = &self.whole else { return Ok(None) };
        let names = names.iter().filter(|name| !name.is_empty());
        let read = |name: &String| {
            let kind = Kind::from_code(name).filter(|kind| is_ended_by_absence(*kind));
            kind.ok_or_else(|| {
                Failure::new(format!("--whole: {name} is not a kind of record that is ended so"))
            })
        };
        let kinds = names.map(read).collect::<Result<BTreeSet<_>, _>>()?;
        Ok(Some(Wish::Said((!kinds.is_empty()).then_some(kinds))))
    }

    /// Reads the files once, to know what is in them. The id of their delivery begins with `name`, where there is one, and
    /// goes on with a digest of the records: by the name alone, other files would be taken for those that are in.
    pub(super) fn survey(
        &self,
        files: &Files,
        wish: Option<&Wish>,
        name: Option<&str>,
    ) -> Result<Survey, Failure> {
        let mut digest = Digest::new(&self.connect.secret("contributor")?, name.is_some());
        digest.update(&self.batch.to_be_bytes());
        let (start, mut marks) = (digest.clone(), Vec::new());
        let bar = screen::bar(None, "records");
        bar.set_message("read");
        let mut last = BTreeMap::<Kind, BTreeMap<String, (u64, u64)>>::new();
        let (mut whole, encoder) = (WholeFiles::default(), &files.encoder);
        let reading = formats::read_mapped(&files.path, files.year, &files.mappings, &mut |row| {
            let kind = row.submission.change.kind();
            // Several records of a row are one row.
            let files = last.entry(kind).or_default();
            if !files.contains_key(row.file.as_ref()) {
                files.insert(row.file.to_string(), (0, 0));
            }
            if let Some((line, n_rows)) =
                files.get_mut(row.file.as_ref()).filter(|(line, _)| *line != row.row)
            {
                (*line, *n_rows) = (row.row, *n_rows + 1);
            }
            whole.n_records += 1;
            if wish.is_some() {
                note_part(&mut whole, &row.submission.change);
            }
            let record = digest.wire(encoder, row.submission);
            marks.push(digest.mark());
            if wish.is_some() {
                whole.keys.entry(kind).or_default().extend(record.key);
            }
            bar.inc(1);
        })?;
        bar.finish_and_clear();
        let kinds: BTreeSet<Kind> = whole.parts.keys().copied().collect();
        let not_whole = wish.map(|wish| files.settle(wish, &mut whole, &reading)).unwrap_or_default();
        // Files that end records of other kinds than before mean something else, also where their records are the same: an
        // end that is in is not asked again. Where they end none there is no end, and it can still be asked.
        if !whole.parts.is_empty() {
            kinds
                .difference(&whole.parts.keys().copied().collect())
                .for_each(|kind| digest.update(kind.code().as_bytes()));
        }
        for (kind, of) in Kind::ALL.iter().filter_map(|kind| Some((kind, reading.extents.get(*kind)?))) {
            // What is wrong in the files is kept, and so the same records mean something else without it.
            let parts = of.refused_keys.iter().chain(&of.refused_students).map(|text| text.expose());
            for part in parts.chain((of.n_unreadable > 0).then_some("")) {
                let length = (part.len() as u64).to_be_bytes();
                for bytes in [kind.code().as_bytes(), &length, part.as_bytes()] {
                    digest.update(bytes);
                }
            }
        }
        let id = digest.id();
        let id = name.map_or_else(|| id.clone(), |name| format!("{name}-{}", &id[..12]));
        Ok(Survey { reading, rows: last, id, start, marks, whole, not_whole })
    }

    /// Opens the delivery, lets `decide` say whether to go on and how much may be ended, and sends the files.
    pub(super) fn send(
        &self,
        files: Arc<Files>,
        survey: &mut Survey,
        delivery: Sent,
        decide: impl FnOnce(&Survey, &Foreseen) -> Result<BTreeMap<Kind, u64>, Failure>,
        progress: impl FnMut(Progress),
    ) -> Result<(Pushed, Foreseen), Failure> {
        let (Sent { agreement, is_dry_run }, id) = (delivery, survey.id.clone());
        let batch_records = self.batch as usize;
        let (sender, records) = mpsc::channel(4 * batch_records);
        let linkage_keys = files.encoder.linkage_keys();
        let whole = std::mem::take(&mut survey.whole);
        let n_records = whole.n_records;
        let delivery =
            Delivery { id, agreement, records, n_records, batch_records, linkage_keys, is_dry_run };
        let whole = (!whole.parts.is_empty()).then_some(whole);
        let (digest, marks) = (survey.start.clone(), std::mem::take(&mut survey.marks));
        let survey = &*survey;
        super::wait(async move {
            let session = self.connect.session("contributor").await?;
            let opening = open(&session, delivery, whole).await?;
            let foreseen = opening.foreseen().clone();
            let at_most = decide(survey, &foreseen)?;
            // Reading waits for the network through the channel, so it has a thread of its own.
            let reading = tokio::task::spawn_blocking(move || files.read_to(&sender, digest, &marks));
            let pushed = opening.push(&at_most, progress).await;
            // Where the second reading failed, that is the reason why too few records came.
            reading.await.map_err(|_| Failure::new("reading the files failed"))??;
            Ok((pushed?, foreseen))
        })
    }
}

/// A delivery as a verb makes it.
pub(super) struct Sent {
    pub(super) agreement: String,
    pub(super) is_dry_run: bool,
}

impl Files {
    /// Reads the files once more and sends their records, up to the first that is not what the survey has found in its
    /// place: no other record is ever acknowledged under the id of that delivery. The push then sees that there are too
    /// few, or too many, and ends nothing.
    fn read_to(
        &self,
        sender: &mpsc::Sender<(RowRef, pb::Record)>,
        mut digest: Digest,
        marks: &[Mark],
    ) -> Result<Reading, formats::Error> {
        let (mut expected, mut is_same) = (marks.iter(), true);
        formats::read_mapped(&self.path, self.year, &self.mappings, &mut |row| {
            let place = RowRef { file: row.file.into(), row: row.row, kind: row.submission.change.kind() };
            let record = digest.wire(&self.encoder, row.submission);
            is_same &= expected.next().is_none_or(|mark| *mark == digest.mark());
            if is_same {
                // The push has ended when nobody takes records any more; it says why itself.
                let _ = sender.blocking_send((place, record));
            }
        })
    }

    /// Keeps of the parts those that the files are whole about, with the keys of refused rows; why not, of the others.
    fn settle(&self, wish: &Wish, whole: &mut WholeFiles, reading: &Reading) -> Vec<(Kind, String)> {
        let mut not_whole = Vec::new();
        whole.parts.retain(|kind, _| {
            let Some(of) = reading.extents.get(*kind) else { return false };
            let is_named = match wish {
                Wish::Said(Some(kinds)) => kinds.contains(kind),
                _ => false,
            };
            let is_asked = is_named || *wish == Wish::Said(None);
            let why_not = match of.extent {
                _ if !is_ended_by_absence(*kind) => return false,
                Some(Extent::Declared) if *wish == Wish::Declared => None,
                _ if !is_asked => return false,
                Some(Extent::Changes) => Some("the manifest says delta, or no word that is known".to_owned()),
                Some(Extent::Mapped) if !is_named => {
                    Some(format!("it comes through a mapping (--whole={} if it is whole)", kind.code()))
                }
                Some(_) => None,
                None => return false,
            };
            let why_not = why_not.or_else(|| {
                (of.n_unreadable > 0).then(|| {
                    let n = screen::counted(of.n_unreadable, "refused row has", "refused rows have");
                    format!(
                        "{n} neither key nor student that can be read, so it is not known what is missing"
                    )
                })
            });
            match why_not {
                Some(why) => not_whole.push((*kind, why)),
                None => {
                    let keys = of.refused_keys.iter().map(|key| self.encoder.key(*kind, key.expose()));
                    whole.keys.entry(*kind).or_default().extend(keys);
                    let students = of.refused_students.iter().map(|id| self.encoder.student(id.expose()));
                    whole.students.insert(*kind, students.collect());
                    return true;
                }
            }
            false
        });
        whole.keys.retain(|kind, _| whole.parts.contains_key(kind));
        not_whole
    }
}

impl Survey {
    /// Rows of each file, and how many of them are refused here or, as far as that is foreseen, by the service.
    pub(super) fn file_rows(&self, encoder: &Encoder, foreseen: Option<&Foreseen>) -> Vec<FileRows> {
        let is_refused = |kind: &Kind, foreseen: &Foreseen| {
            !foreseen.kinds.contains(kind) || (foreseen.encoded_only && matches!(encoder, Encoder::Clear))
        };
        let by_service = |file: &str| -> u64 {
            let Some(foreseen) = foreseen else { return 0 };
            let refused = self.rows.iter().filter(|(kind, _)| is_refused(kind, foreseen));
            refused.filter_map(|(_, files)| files.get(file)).map(|(_, n_rows)| n_rows).sum()
        };
        let rows = self.reading.summary.files.iter().map(|of| {
            let n_by_service = by_service(&of.file);
            let n_refused = (of.refused_rows + n_by_service).min(of.rows);
            FileRows { file: of.file.to_string(), n_rows: of.rows, n_refused, n_by_service }
        });
        rows.collect()
    }
}

fn note_part(whole: &mut WholeFiles, change: &Change) {
    let Change::Upsert(fact) = change else { return };
    let part = whole.parts.entry(fact.kind()).or_default();
    match school_year(fact) {
        Some(year) => _ = part.years.insert(year),
        None => part.undated = true,
    }
}

impl Encoder {
    /// With the keys of a file where there is one, for the organization that calls.
    pub(super) fn of(key: Option<&PathBuf>, connect: &Connect) -> Result<Self, Failure> {
        let Some(path) = key else { return Ok(Self::Clear) };
        let roots = keys::roots(&KeySource::File(path.clone()))?;
        let source = connect.organization("contributor")?;
        let source =
            OrgId::new(&source).map_err(|_| Failure::new("the certificate's organization is not an id"))?;
        Ok(Self::Encoded(Box::new(KeyRing::derive(&roots)), source))
    }

    fn linkage_keys(&self) -> Option<Vec<KeyId>> {
        match self {
            Self::Clear => None,
            Self::Encoded(ring, _) => Some(ring.linkage().iter().map(Keys::id).collect()),
        }
    }

    pub(super) fn wire(&self, submission: Submission) -> pb::Record {
        match self {
            Self::Clear => clear(&submission),
            Self::Encoded(ring, source) => encoded(&pseudonymize(ring, source, submission)),
        }
    }

    pub(super) fn student(&self, id: &str) -> pb::record::Student {
        match self {
            Self::Clear => pb::record::Student::ClearStudent(id.to_owned()),
            Self::Encoded(ring, source) => {
                pb::record::Student::StudentToken(student_token(ring, source, id).as_bytes().to_vec())
            }
        }
    }

    fn key(&self, kind: Kind, key: &str) -> pb::record::Key {
        match self {
            Self::Clear => pb::record::Key::ClearKey(key.to_owned()),
            Self::Encoded(ring, source) => {
                pb::record::Key::KeyToken(record_token(ring, source, kind, key).as_bytes().to_vec())
            }
        }
    }
}
