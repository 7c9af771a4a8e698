//! How sure it is that what a seal hides stays hidden, for people and for machines.

use crate::api::v1 as pb;
use crate::cli::screen::{count, counted};

/// All layers together, in lines.
pub(super) fn words(layers: &[pb::LayerReport]) -> String {
    let total = |of: fn(&pb::LayerReport) -> u64| layers.iter().map(of).sum::<u64>();
    let mut lines = vec![format!(
        "{} must stay uncertain; {} that nobody can tell from the true ones show it",
        counted(total(|layer| layer.sensitive), "number", "numbers"),
        counted(total(|layer| layer.witnesses), "table", "tables"),
    )];
    let (one_mark, linear_only) = (total(|layer| layer.one_mark), total(|layer| layer.linear_only));
    if one_mark > 0 {
        let why = "of them as long as nobody knows which hidden cells are small";
        lines.push(format!("  {} {why}", count(one_mark)));
    }
    if linear_only > 0 {
        let why = "are safe from adding and subtracting; no such table was found for them";
        lines.push(format!("  {} {why}", count(linear_only)));
    }
    lines.join("\n")
}

/// Each layer.
pub(super) fn json(layers: &[pb::LayerReport]) -> Vec<serde_json::Value> {
    let json = |layer: &pb::LayerReport| {
        serde_json::json!({
            "unit": layer.unit, "period": layer.period, "of": layer.of, "sensitive": layer.sensitive,
            "one_mark": layer.one_mark, "linear_only": layer.linear_only, "witnesses": layer.witnesses,
        })
    };
    layers.iter().map(json).collect()
}
