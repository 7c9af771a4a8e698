//! `throughline report`: figures that people decide with, made of protected tables.

mod answers;
mod chart;
mod html;
mod machine;
mod page;
mod text;
mod words;

use super::connect::Connect;
use super::screen::{self, note, say};
use super::table::{Align, Table};
use super::{Done, Failure, Finish};
use crate::figures::pack::{self, Pack, Wanted};
use crate::figures::report::Report as Document;
use crate::figures::{AggregateError, figure_of, read_aggregates};
use answers::Answers;
pub(super) use chart::STROKES;
use page::{Entry, Page, Supplied};
use std::path::{Path, PathBuf};

/// Make figures of protected tables: gaps, targets, comparisons, series, and the lists of national networks
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  throughline report city/reports/reading.toml --html reading.html
  throughline report --pack strivetogether --aggregates employment.csv
  throughline report --pack promise-neighborhoods --set zone=N-14 --set program=navigators

Nothing is worked out from hidden cells. Answers kept with --keep are checked again when they are used with --from, and
make the same page.

Exit codes: 0 every figure is there, 1 some could not be made or shown or rows of --aggregates are not used,
2 stopped, with nothing printed or written.")]
pub(super) struct Report {
    /// A report document
    #[arg(value_name = "FILE.toml", required_unless_present_any = ["pack", "list_packs", "print_pack"])]
    file: Option<PathBuf>,
    /// A list of indicators that comes with the program, or the file of one of your own
    #[arg(long, value_name = "NAME|FILE.toml")]
    pack: Option<String>,
    /// What a pack leaves open
    #[arg(long, value_name = "NAME=VALUE", value_parser = super::query::pair)]
    set: Vec<(String, String)>,
    /// Figures of surveys and registers for a pack: id, year, population, numerator, denominator, value, source, as_of
    #[arg(long, value_name = "FILE.csv")]
    aggregates: Option<PathBuf>,
    /// List the packs
    #[arg(long)]
    list_packs: bool,
    /// Print a pack, to begin your own with
    #[arg(long, value_name = "NAME")]
    print_pack: Option<String>,
    /// An edition; the report's own or the newest by default
    #[arg(long, value_name = "NUMBER")]
    edition: Option<u32>,
    /// The product of figures that name none, and the only one for packs
    #[arg(long, value_name = "ID")]
    product: Option<String>,
    /// The agreement you ask under
    #[arg(long, env = "THROUGHLINE_AGREEMENT", value_name = "ID")]
    agreement: Option<String>,
    /// The purpose you ask for, one of the agreement's
    #[arg(long, env = "THROUGHLINE_PURPOSE", value_name = "PURPOSE")]
    purpose: Option<String>,
    /// Keep the answers with their proofs in this file
    #[arg(long, value_name = "FILE", conflicts_with = "from")]
    keep: Option<PathBuf>,
    /// Take the answers from a file that --keep has written, and ask nobody
    #[arg(long, value_name = "FILE")]
    from: Option<PathBuf>,
    /// Write a page of its own, without scripts
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// Print JSON
    #[arg(long, conflicts_with = "csv")]
    json: bool,
    /// Print CSV, one line a figure
    #[arg(long)]
    csv: bool,
    #[command(flatten)]
    connect: Connect,
}

impl Report {
    pub(super) fn run(self) -> Done {
        if self.list_packs {
            list_packs();
            return Ok(Finish::All);
        }
        if let Some(name) = &self.print_pack {
            let document = pack::document(name).ok_or_else(|| Failure::new(NO_PACK))?;
            say(document.trim_end());
            return Ok(Finish::All);
        }
        let mut document = match &self.file {
            Some(file) => Document::parse(&read(file)?, self.product.as_deref())?,
            None => Document::default(),
        };
        document.pack = self.pack.clone().or(document.pack);
        document.edition = self.edition.or(document.edition);
        document.set.extend(self.set.iter().cloned());
        let pack = document.pack.as_deref().map(read_pack).transpose()?;
        let (supplied, refused) = self.supplied(pack.as_ref())?;
        let page = super::wait(self.page(&document, pack.as_ref(), supplied))?;
        if let Some(file) = &self.html {
            write(file, html::page(&page).as_bytes())?;
        }
        if self.json {
            screen::json(&machine::json(&page));
        } else if self.csv {
            machine::csv(&page)?;
        } else {
            text::print(&page);
        }
        for wrong in &refused {
            note(&format!("not used of the aggregates: {wrong}"));
        }
        Ok(if refused.is_empty() && page.is_whole() { Finish::All } else { Finish::SomeRefused })
    }

    async fn page(
        &self,
        document: &Document,
        pack: Option<&Pack>,
        supplied: Vec<Supplied>,
    ) -> Result<Page, Failure> {
        let mut answers = match &self.from {
            Some(file) => Answers::kept(&bytes_of(file)?, &self.connect.log_key()?, document.edition)?,
            None => {
                let asked = |text: &Option<String>, name: &str| {
                    text.clone()
                        .ok_or_else(|| Failure::new(format!("say which {name} you ask under: --{name}")))
                };
                let (agreement, purpose) =
                    (asked(&self.agreement, "agreement")?, asked(&self.purpose, "purpose")?);
                let session = self.connect.session("partner").await?;
                Answers::asked(session, agreement, purpose, document.edition).await?
            }
        };
        let catalog = answers.catalog()?;
        document.check(&catalog)?;
        let mut entries = Vec::new();
        let specs = document.figures.iter().map(|spec| (String::new(), spec.title.clone(), Ok(spec.clone())));
        let wanted = Wanted { set: &document.set, product: self.product.as_deref(), report: document };
        let bound = pack.map(|pack| pack::bind(pack, &catalog, wanted)).unwrap_or_default();
        let lines = bound.into_iter().map(|bound| (bound.id.clone(), bound.title(), bound.figure));
        for (line, title, spec) in specs.chain(lines) {
            let mut entry = Entry { line, title, figure: None, unanswered: None, unoffered: None };
            match spec {
                Err(reason) => entry.unoffered = Some(reason),
                Ok(spec) => match answers.tables(&spec.questions()).await? {
                    Ok(tables) => {
                        let (first, others) = tables.split_first().expect("every figure has a question");
                        entry.figure = Some(figure_of(&spec, first, others, &catalog));
                    }
                    Err(reason) => entry.unanswered = Some(reason),
                },
            }
            entries.push(entry);
        }
        if let Some(reason) =
            page::refusal(&entries).filter(|_| supplied.iter().all(|line| line.figures.is_empty()))
        {
            return Err(Failure::new(format!("no figure was answered: {reason}")));
        }
        if let Some(file) = &self.keep {
            write(file, &answers.to_bytes())?;
        }
        let title = if document.title.is_empty() { pack.map(|pack| pack.title.clone()) } else { None };
        Ok(Page {
            id: document.id.clone(),
            title: title.unwrap_or_else(|| document.title.clone()),
            pack: pack.map(|pack| (pack.name.clone(), pack.source.clone())),
            entries,
            supplied,
            entries_of_log: answers.log_entries(),
        })
    }

    /// The figures of the pack that come from a file, line by line, and the rows that cannot be used.
    fn supplied(&self, pack: Option<&Pack>) -> Result<(Vec<Supplied>, Vec<AggregateError>), Failure> {
        let lines: Vec<_> =
            pack.into_iter().flat_map(|pack| &pack.lines).filter(|line| line.aggregate).collect();
        let (mut aggregates, refused) = match &self.aggregates {
            None => (Vec::new(), Vec::new()),
            Some(_) if pack.is_none() => {
                return Err(Failure::new("--aggregates are for the lines of a --pack"));
            }
            Some(file) => {
                let is_line = |id: &str| lines.iter().any(|line| line.id == id);
                read_aggregates(open(file)?, is_line)
                    .map_err(|error| Failure::new(format!("cannot read {}: {error}", file.display())))?
            }
        };
        aggregates.sort_by(|a, b| (&a.id, &a.population, a.year).cmp(&(&b.id, &b.population, b.year)));
        let supplied = lines.iter().map(|line| Supplied {
            line: line.id.clone(),
            label: line.label.clone(),
            note: line.note.clone(),
            is_counted_too: !line.counted_by.is_empty(),
            figures: aggregates.iter().filter(|aggregate| aggregate.id == line.id).cloned().collect(),
        });
        Ok((supplied.collect(), refused))
    }
}

const NO_PACK: &str = "there is no such pack (throughline report --list-packs lists them)";

fn read(file: &Path) -> Result<String, Failure> {
    std::fs::read_to_string(file)
        .map_err(|error| Failure::new(format!("cannot read {}: {error}", file.display())))
}

fn bytes_of(file: &Path) -> Result<Vec<u8>, Failure> {
    std::fs::read(file).map_err(|error| Failure::new(format!("cannot read {}: {error}", file.display())))
}

fn write(file: &Path, bytes: &[u8]) -> Result<(), Failure> {
    std::fs::write(file, bytes)
        .map_err(|error| Failure::new(format!("cannot write {}: {error}", file.display())))
}

fn open(file: &Path) -> Result<std::fs::File, Failure> {
    std::fs::File::open(file)
        .map_err(|error| Failure::new(format!("cannot read {}: {error}", file.display())))
}

/// A pack by its name, or from a file.
fn read_pack(name: &str) -> Result<Pack, Failure> {
    match pack::pack(name) {
        Some(pack) => Ok(pack.clone()),
        None if name.ends_with(".toml") => Ok(Pack::parse(&read(Path::new(name))?)?),
        None => Err(Failure::new(NO_PACK)),
    }
}

fn list_packs() {
    let mut table = Table::new(&[
        ("Pack", Align::Left),
        ("Lines", Align::Right),
        ("As supplied", Align::Right),
        ("Left open", Align::Left),
        ("Title", Align::Left),
    ]);
    for pack in pack::packs() {
        let supplied = pack.lines.iter().filter(|line| line.aggregate).count();
        let open: Vec<_> = pack.open().into_iter().collect();
        table.row([
            pack.name.clone(),
            pack.lines.len().to_string(),
            supplied.to_string(),
            open.join(", "),
            pack.title.clone(),
        ]);
    }
    say(&table.print());
}
