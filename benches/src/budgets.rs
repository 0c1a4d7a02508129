//! The budgets of the design, held against what was measured.

use crate::{
    alloc::Allocations,
    harness::{Column, Times},
    subjects::names,
};

/// A bar and what was measured.
#[derive(Debug)]
pub(crate) struct Budget {
    pub(crate) what: String,
    pub(crate) bar: f64,
    pub(crate) measured: f64,
}

impl Budget {
    pub(crate) fn met(&self) -> bool {
        self.measured <= self.bar
    }
}

/// Judges what was measured; rows that were left out are not judged.
pub(crate) fn judge(times: &[Times], allocations: &[Allocations]) -> Vec<Budget> {
    let mut budgets = Vec::new();
    for row in times {
        for (name, other, bar) in [
            (names::U64_TTL, Column::Bare, 1.35),
            (names::ARC_TTL, Column::Bare, 1.5),
            (names::MISS, Column::Cached, 1.5),
        ] {
            if name == row.name {
                budgets.extend(ratio(row, other, bar));
            }
        }
        if !row.name.starts_with("miss") {
            let peers = Column::ALL.into_iter().filter(|column| column.is_peer());
            budgets.extend(peers.filter_map(|peer| ratio(row, peer, 1.0)));
        }
    }
    for row in allocations.iter().filter(|row| !row.name.starts_with("miss")) {
        #[expect(clippy::cast_precision_loss, reason = "small")]
        let bar = row.own_clone as f64;
        let what = format!("{}: allocations", row.name);
        budgets.extend(row.of(Column::Cacher).map(|measured| Budget { what, bar, measured }));
    }
    budgets
}

fn ratio(row: &Times, other: Column, bar: f64) -> Option<Budget> {
    let measured = row.ratio(Column::Cacher, other)?;
    Some(Budget { what: format!("{}: to {}", row.name, other.title()), bar, measured })
}
