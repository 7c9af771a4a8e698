//! What publishing would cost: products sealed on the records as they stand, in memory, and nothing changed.
//!
//! The figures are those of the publication that would follow, because it is the same counting and sealing. They are for
//! data stewards: numbers of cells, and never of the people in them.

use super::before::{self, Before};
use super::{Error, Frozen, Stage, freeze};
use crate::audit::Call;
use crate::disclosure::{Hiding, ProductReport, RuleProfile, Seal, SealReport};
use crate::outcomes::{self, Change, Edition, Mode, Product, Tabulation, Unit};
use crate::store::{self, Snapshot, Store};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// Whether smaller versions of the products are sealed too, to see what they would win back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Variants {
    /// When sealing is quick: then all of them take a minute or so.
    WhenQuick,
    /// All of them, however long it takes.
    All,
    /// None.
    None,
}

/// How long sealing may take to be quick.
const QUICK: Duration = Duration::from_secs(5);

/// What publishing would cost.
#[derive(Debug)]
pub struct Checked {
    /// The number that the edition would have.
    pub edition: u32,
    /// Persons that would be counted.
    pub n_persons: u64,
    /// Student-years that would be counted.
    pub n_student_years: u64,
    /// What protection would cost, of all products.
    pub report: SealReport,
    /// The products that were asked about, in the order asked.
    pub products: Vec<CheckedProduct>,
    /// Ids of the products that are loaded and were sealed together with them.
    pub others: Vec<String>,
    /// Bytes of the seal.
    pub n_seal_bytes: u64,
    /// How long freezing took.
    pub freezing: Duration,
    /// How long counting took.
    pub counting: Duration,
    /// How long sealing took.
    pub sealing: Duration,
    /// Smaller versions that were not sealed because it would have taken long.
    pub n_left_out: u64,
}

/// A product that was asked about.
#[derive(Debug)]
pub struct CheckedProduct {
    /// Its version.
    pub version: u32,
    /// What would be hidden of it.
    pub report: ProductReport,
    /// Smaller versions of it.
    pub variants: Vec<Variant>,
}

/// A smaller version of a product, over the cells that both have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Variant {
    /// What is smaller.
    pub change: Change,
    /// What the product as it is hides of these cells.
    pub before: Hiding,
    /// What the smaller version hides of them.
    pub after: Hiding,
    /// As `before`, of those with one dimension at most beside the geography: what most people ask for.
    pub simple_before: Hiding,
    /// As `after`, of those.
    pub simple_after: Hiding,
    /// How long sealing it took.
    pub sealing: Duration,
}

/// Seals some products together with those that are loaded, which they replace where they have the same id, and with what
/// earlier editions have shown.
///
/// `progress` hears of each step as it begins, and says whether anybody still waits: without, no more smaller versions
/// are sealed. The products are ones that could be loaded. The records are read in one snapshot, which is given back before
/// the long part begins.
///
/// # Errors
///
/// [`Error`], as for publishing.
pub async fn check(
    store: &Store,
    products: Vec<Product>,
    variants: Variants,
    call: Call,
    progress: impl Fn(&str) -> bool + Send + 'static,
) -> Result<Checked, Error> {
    let ties = *store.key().ties();
    let (started, _quiet) = (Instant::now(), store.quiet());
    progress(Stage::Freeze.name());
    let look = move |snapshot: &Snapshot<'_>| {
        let before = Before::next(snapshot)?;
        let compared = before.compared_with().into_iter();
        let frozen = compared.map(|edition| Ok((edition, snapshot.frozen(edition)?)));
        let frozen: BTreeMap<u32, Edition> = frozen.collect::<Result<_, store::Error>>()?;
        Ok::<_, Error>((snapshot.products()?, before, frozen, freeze(snapshot, &call)?))
    };
    let (loaded, before, frozen, Frozen { edition, .. }) = store.read(look).await?;
    let freezing = started.elapsed();
    let measure = move || {
        let is_other = |other: &Product| products.iter().all(|product| product.id() != other.id());
        let mut all: Vec<Product> = loaded.into_iter().filter(is_other).collect();
        let others = all.iter().map(|product| product.id().to_owned()).collect();
        all.extend(products.iter().map(|product| apart(product, before.published())));
        let trial = Trial { edition, all, before, frozen, ties };
        let mut checked = trial.whole(&products, others, freezing, &progress)?;
        trial.vary(&mut checked, &products, variants, &progress)?;
        Ok(checked)
    };
    tokio::task::spawn_blocking(measure).await.unwrap_or_else(|_| Err(store::Error::Panicked.into()))
}

/// A product, in a version of its own where one with another content was published in that version.
fn apart(product: &Product, published: &[Product]) -> Product {
    let is_taken = |known: &Product| {
        (known.id(), known.version()) == (product.id(), product.version()) && known != product
    };
    let product = product.clone();
    if published.iter().any(is_taken) { product.drafted() } else { product }
}

/// What everything is measured on.
struct Trial {
    edition: Edition,
    /// All products that would be published.
    all: Vec<Product>,
    before: Before,
    /// Those of the editions before that it is compared with.
    frozen: BTreeMap<u32, Edition>,
    ties: [u8; 32],
}

/// Products counted, now and in the editions before.
struct Counted {
    now: Vec<Tabulation>,
    before: before::Counted,
}

impl Trial {
    fn count(&self, products: &[Product]) -> Result<Counted, Error> {
        let frozen = |edition: u32| match self.frozen.get(&edition) {
            Some(frozen) => Ok(Cow::Borrowed(frozen)),
            None => Err(store::Error::Damaged("an edition").into()),
        };
        let before = self.before.count(products.to_vec(), frozen)?;
        let (now, closed) = self.before.open(outcomes::tabulate(&self.edition, &before.products)?);
        if now.is_empty() && !closed.is_empty() {
            return Err(Error::Closed);
        }
        Ok(Counted { now, before })
    }

    fn seal(&self, counted: &Counted) -> Result<(Seal, SealReport), Error> {
        let (number, past) = (self.before.number(), counted.before.past());
        Ok(Seal::make_after(number, &counted.now, &past, &RuleProfile::all(), &self.ties)?)
    }

    /// The products as they are.
    fn whole(
        &self,
        asked: &[Product],
        others: Vec<String>,
        freezing: Duration,
        progress: &impl Fn(&str) -> bool,
    ) -> Result<Checked, Error> {
        progress(Stage::Tabulate.name());
        let started = Instant::now();
        let counted = self.count(&self.all)?;
        let counting = started.elapsed();
        progress(Stage::Seal.name());
        let started = Instant::now();
        let (seal, report) = self.seal(&counted)?;
        let sealing = started.elapsed();
        let products = asked.iter().map(|product| CheckedProduct {
            version: product.version(),
            report: of_product(&report, product.id()),
            variants: Vec::new(),
        });
        Ok(Checked {
            edition: self.before.number(),
            n_persons: self.edition.n_persons(),
            n_student_years: self.edition.n_rows(Unit::StudentYear) as u64,
            products: products.collect(),
            others,
            n_seal_bytes: seal.to_bytes().len() as u64,
            report,
            freezing,
            counting,
            sealing,
            n_left_out: 0,
        })
    }

    /// Smaller versions of the products, as long as anybody waits.
    fn vary(
        &self,
        checked: &mut Checked,
        asked: &[Product],
        variants: Variants,
        progress: &impl Fn(&str) -> bool,
    ) -> Result<(), Error> {
        let are_wanted = match variants {
            Variants::WhenQuick => checked.sealing <= QUICK,
            Variants::All => true,
            Variants::None => return Ok(()),
        };
        for (product, checked_product) in asked.iter().zip(&mut checked.products) {
            // Smaller versions win back what is hidden for the sake of others.
            if product.mode() != Mode::Suppress {
                continue;
            }
            let changes = product.changes();
            if !are_wanted {
                checked.n_left_out += changes.len() as u64;
                continue;
            }
            for change in changes {
                if !progress(&format!("seal {}, {change}", product.id())) {
                    return Ok(());
                }
                match self.variant(product.id(), change, &checked_product.report) {
                    Ok(variant) => checked_product.variants.push(variant),
                    // An edition has shown schools, and what is counted together stops at the same level: for ever.
                    Err(Error::Outcomes(outcomes::Error::MixedGeography)) => {}
                    Err(error) => return Err(error),
                }
            }
        }
        Ok(())
    }

    fn variant(&self, id: &str, change: Change, whole: &ProductReport) -> Result<Variant, Error> {
        let products = Product::smaller(&self.all, id, &change);
        let mut counted = self.count(&products)?;
        // Tabulations are protected each on its own: those without the product make no difference to it.
        counted.now.retain(|of| of.publications.iter().any(|publication| publication.product == id));
        let started = Instant::now();
        let (_, report) = self.seal(&counted)?;
        let sealing = started.elapsed();
        let smaller = of_product(&report, id);
        Ok(Variant {
            before: whole.hiding(|plane| change.keeps(&plane.dimensions, plane.level)),
            after: smaller.hiding(|_| true),
            simple_before: whole
                .hiding(|plane| plane.dimensions.len() <= 1 && change.keeps(&plane.dimensions, plane.level)),
            simple_after: smaller.hiding(|plane| plane.dimensions.len() <= 1),
            sealing,
            change,
        })
    }
}

/// The report on a product; one that was counted nowhere has no cells.
fn of_product(report: &SealReport, id: &str) -> ProductReport {
    let nothing = || ProductReport { product: id.to_owned(), ..ProductReport::default() };
    report.product(id).cloned().unwrap_or_else(nothing)
}
