//! `CheckProduct`: what publishing would cost, said before anything is published.

use super::desk::{Admitted, Desk, answered};
use super::editions;
use super::products::{self, Wrong};
use super::status::{self, Told};
use crate::api::v1 as pb;
use crate::audit::{Call, Receipt};
use crate::disclosure::{Hiding, LatticeReport, PlaneReport};
use crate::outcomes::Product;
use crate::publish::check::{self, Checked, CheckedProduct, Variant, Variants};
use crate::records::Violation;
use crate::store;
use std::sync::Arc;
use tokio::sync::{Mutex, mpsc};
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Code, Response, Status};

type Replies = ReceiverStream<Result<pb::CheckProductResponse, Status>>;

/// Documents in a check, at most.
const DOCUMENTS_MAX: usize = 16;

/// Starts the check of some products and answers with its progress and its report.
pub(super) async fn check(
    desk: &Desk,
    checking: &Arc<Mutex<()>>,
    admitted: Admitted,
    request: pb::CheckProductRequest,
) -> Result<Response<Replies>, Status> {
    let call = &admitted.call;
    let (loaded, published) = desk.look(call, products::known).await?;
    let products = match read(&request.documents, &loaded, published) {
        Ok(products) => products,
        Err(told) => return Err(desk.refuse(call, told).await),
    };
    let variants = match pb::Variants::try_from(request.variants) {
        Ok(pb::Variants::Unspecified) => Variants::WhenQuick,
        Ok(pb::Variants::All) => Variants::All,
        Ok(pb::Variants::None) => Variants::None,
        Err(_) => {
            let violation = Violation::new("variants", "outside_vocabulary", "is not one there can be");
            let status = status::violations(&[violation]);
            return Err(desk.refuse(call, Told { rule: "check.malformed", status }).await);
        }
    };
    let Ok(turn) = checking.clone().try_lock_owned() else {
        let status = status::status(Code::FailedPrecondition, "CHECKING", "another check is under way");
        return Err(desk.refuse(call, Told { rule: "check.busy", status }).await);
    };
    desk.intend(call).await?;
    let taken: Vec<bool> = products.iter().map(|product| is_taken(product, &loaded)).collect();
    let (replies, outgoing) = mpsc::channel(16);
    let desk = desk.clone();
    tokio::spawn(async move {
        let _turn = turn;
        let stages = replies.clone();
        let progress = move |stage: &str| {
            // Progress that nobody waits for may be lost.
            let _ =
                stages.try_send(Ok(pb::CheckProductResponse { stage: stage.into(), ..Default::default() }));
            !stages.is_closed()
        };
        let (checking, call) = (desk.clone(), admitted.call.clone());
        let reply = desk.work(&admitted.call, async move {
            match check::check(&checking.store, products, variants, call.clone(), progress).await {
                Ok(checked) => on_record(&checking, &call, report(&checked, &taken)).await,
                Err(error) => Err(checking.refuse(&call, status::publish(&error, &call.request_id)).await),
            }
        });
        let reply = reply.await;
        // Nobody may be waiting any longer.
        let _ = replies.send(reply).await;
    });
    Ok(Response::new(ReceiverStream::new(outgoing)))
}

/// Reads the documents, or finds all that is wrong with any of them.
fn read(documents: &[String], loaded: &[Product], published: Vec<Product>) -> Result<Vec<Product>, Told> {
    if !(1..=DOCUMENTS_MAX).contains(&documents.len()) {
        return Err(told(&[Wrong::new("check.malformed", "documents", "are none, or more than 16")]));
    }
    let (mut products, mut wrong) = (Vec::<(usize, Product)>::new(), Vec::new());
    for (at, document) in documents.iter().enumerate() {
        match products::read(document) {
            Ok(product) if products.iter().any(|(_, other)| other.id() == product.id()) => {
                let twice = Wrong::new("check.malformed", "product", "is that of another document");
                wrong.push(twice.of_document(at));
            }
            Ok(product) => products.push((at, product)),
            Err(found) => wrong.push(found.of_document(at)),
        }
    }
    let is_other = |other: &&Product| products.iter().all(|(_, product)| product.id() != other.id());
    let mut others: Vec<Product> = loaded.iter().filter(is_other).cloned().chain(published).collect();
    for (at, product) in products {
        if let Err(found) = products::fits(&product, &others) {
            wrong.push(found.of_document(at));
        }
        others.push(product);
    }
    // The last ones are those of the documents.
    if wrong.is_empty() { Ok(others.split_off(others.len() - documents.len())) } else { Err(told(&wrong)) }
}

/// The refusal of some documents: the first rule they break, and every problem with its place.
fn told(wrong: &[Wrong]) -> Told {
    let violations = wrong.iter().flat_map(|wrong| {
        wrong.problems.iter().map(|problem| Violation::new(&problem.path, wrong.rule, &problem.reason))
    });
    let status = status::violations(&violations.collect::<Vec<_>>());
    Told { rule: wrong.first().map_or("check.malformed", |wrong| wrong.rule), status }
}

/// Whether a product could not be loaded, because its version is older than the newest or stands for another product.
fn is_taken(product: &Product, loaded: &[Product]) -> bool {
    let newest = loaded.iter().find(|newest| newest.id() == product.id());
    newest.is_some_and(|newest| {
        newest.version() > product.version() || (newest.version() == product.version() && newest != product)
    })
}

/// Puts the report on record; only then may it leave.
async fn on_record(
    desk: &Desk,
    call: &Call,
    report: pb::CheckReport,
) -> Result<pb::CheckProductResponse, Status> {
    let entry = answered(call, &report);
    let logged = desk.store.transaction("admin.check", move |tx| tx.log(&entry)).await;
    let failed = |error: store::Error| status::store(&error, &call.request_id).status;
    let committed: store::Committed<()> = logged.map_err(failed)?;
    let receipt: Option<Receipt> = committed.with_receipt().map(|(_, receipt)| receipt);
    Ok(pb::CheckProductResponse { stage: "done".into(), report: Some(report), receipt })
}

fn report(checked: &Checked, taken: &[bool]) -> pb::CheckReport {
    pb::CheckReport {
        persons: checked.n_persons,
        student_years: checked.n_student_years,
        products: checked.products.iter().zip(taken).map(product).collect(),
        others: checked.others.clone(),
        lattices: checked.report.lattices.iter().map(lattice).collect(),
        layers: checked.report.layers.iter().map(editions::layer).collect(),
        freeze_seconds: checked.freezing.as_secs_f64(),
        tabulate_seconds: checked.counting.as_secs_f64(),
        seal_seconds: checked.sealing.as_secs_f64(),
        seal_bytes: checked.n_seal_bytes,
        memory_peak_bytes: memory_peak(),
        variants_left_out: checked.n_left_out,
        edition: checked.edition,
        periods: checked.report.periods.iter().map(editions::period).collect(),
        released: checked.report.released.iter().map(editions::released).collect(),
    }
}

fn lattice(lattice: &LatticeReport) -> pb::LatticeReport {
    pb::LatticeReport {
        unit: lattice.unit.name().into(),
        period: lattice.period.into(),
        groups: lattice.n_groups,
        occupied: lattice.n_occupied,
        mode: lattice.mode.into(),
    }
}

fn product((product, version_taken): (&CheckedProduct, &bool)) -> pb::CheckedProduct {
    pb::CheckedProduct {
        product: product.report.product.clone(),
        version: product.version,
        version_taken: *version_taken,
        cells: product.report.n_cells,
        primary: product.report.n_primary,
        secondary: product.report.n_secondary,
        planes: product.report.planes.iter().map(plane).collect(),
        variants: product.variants.iter().map(variant).collect(),
    }
}

fn plane(plane: &PlaneReport) -> pb::PlaneReport {
    let level = match plane.level {
        0 => "all",
        1 => "district",
        _ => "school",
    };
    pb::PlaneReport {
        dimensions: plane.dimensions.clone(),
        level: level.into(),
        hidden: hidden(plane.hiding),
    }
}

fn variant(variant: &Variant) -> pb::VariantReport {
    pb::VariantReport {
        change: variant.change.to_string(),
        before: hidden(variant.before),
        after: hidden(variant.after),
        simple_before: hidden(variant.simple_before),
        simple_after: hidden(variant.simple_after),
        seal_seconds: variant.sealing.as_secs_f64(),
    }
}

fn hidden(hiding: Hiding) -> Option<pb::HiddenCells> {
    Some(pb::HiddenCells { cells: hiding.n_cells, hidden: hiding.n_hidden })
}

/// The most memory this process has used, in bytes, where the system tells (Linux: `VmHWM`, in kilobytes of 1,024).
fn memory_peak() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kilobytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kilobytes.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_peak_of_memory_is_known_where_the_system_tells_it() {
        let is_told = std::path::Path::new("/proc/self/status").exists();
        assert_eq!(memory_peak().is_some_and(|bytes| bytes > 1_000_000), is_told);
    }
}
