//! Counts allocations.

use crate::harness::{Batch, Column, KEYS, Row};

/// Allocations per call.
#[derive(Debug)]
pub(crate) struct Allocations {
    pub(crate) name: &'static str,
    /// What cloning the value costs in any case.
    pub(crate) own_clone: u64,
    counts: Vec<(Column, f64)>,
}

impl Allocations {
    pub(crate) fn of(&self, column: Column) -> Option<f64> {
        self.counts.iter().find(|(of, _)| *of == column).map(|(_, count)| *count)
    }
}

/// Counts those of each subject of a row.
pub(crate) fn count(row: &Row) -> Allocations {
    let counts = row.subjects().map(|(column, batch)| (column, per_call(batch)));
    Allocations { name: row.name, own_clone: row.own_clone, counts: counts.collect() }
}

/// Those of a call.
#[expect(clippy::cast_precision_loss, reason = "small")]
pub(crate) fn per_call(batch: &Batch) -> f64 {
    const PASSES: u64 = 16;
    // Once more, so that nothing is left that happens only once.
    batch(PASSES);
    let counted = allocation_counter::measure(|| batch(PASSES));
    counted.count_total as f64 / (PASSES * KEYS) as f64
}
