//! A dry run: a source hears what would become of its batches, and nothing of them stays.

use crate::model::{Batch, Taken};
use crate::network::{opening, sent};
use crate::papers::{IN_FORCE, SOURCES};
use crate::world::World;
use throughline::api::v1 as pb;

impl World<'_> {
    /// A source asks what would become of some batches.
    pub(crate) fn rehearse(&mut self) {
        let source = self.below(SOURCES.len());
        // Of a delivery that is under way, too: a dry run begins anew.
        let delivery = format!("d{}", self.below(4));
        let open = pb::OpenDelivery { dry_run: true, ..opening(source, &delivery, IN_FORCE) };
        let Some(mut stream) = self.open(source, open) else { return };
        let mut foreseen = self.model.clone();
        for sequence in 1..=1 + self.below(3) as u64 {
            let n = 1 + self.below(6);
            let rows = (0..n).map(|_| self.row()).collect();
            // One in ten comes too early.
            let sequence = if self.chance(10) { sequence + 1 } else { sequence };
            // No batch of a push has such an id: what is asked here is what becomes of records.
            let batch = Batch { delivery: "dry".into(), id: format!("dry-{sequence}"), sequence, rows };
            let answered = self.exchange(&mut stream, sent(source, &batch));
            let (expected, line) = foreseen.take(source, &batch);
            self.entered([line.replace(" batch=", " step=dry_run batch=")]);
            let is_taken = matches!(expected, Taken::Acknowledged { .. });
            self.judged(&batch, answered, expected);
            if !is_taken {
                return;
            }
        }
    }
}
