//! What a call through the attribute costs beside a bare table and beside the peers, as ratios of one run.
//!
//! `cargo run --release -p cacher-benches` prints the tables; with `-- --check` it fails if a budget is missed;
//! with `-- --only TEXT` it measures the rows whose names hold the text, with `-- --only store` the stores, with
//! `--features network -- --only network WORD ..` those behind a network, in rows whose names hold all the words.

mod alloc;
mod batches;
mod budgets;
mod harness;
mod keyers;
#[cfg(feature = "network")]
mod network;
mod policies;
mod stores;
mod strategies;
mod subjects;
mod table;

use std::process::ExitCode;

use harness::{Pace, measure};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let check = arguments.iter().any(|argument| argument == "--check");
    let mut picked = arguments.iter().skip_while(|argument| *argument != "--only").skip(1);
    let only = picked.next();
    let wanted = |name: &str| only.is_none_or(|text| name.contains(text.as_str()));

    let rows: Vec<_> = subjects::rows().into_iter().filter(|row| wanted(row.name)).collect();
    let times: Vec<_> = rows.iter().map(|row| measure(row, Pace::default())).collect();
    let allocations: Vec<_> = rows.iter().filter(|row| row.threads == 1).map(alloc::count).collect();
    let budgets = budgets::judge(&times, &allocations);

    table::times(&times);
    table::allocations(&allocations);
    table::budgets(&budgets);
    table::notes();
    if wanted(keyers::NAME) {
        keyers::measure();
    }
    if wanted(strategies::NAME) {
        strategies::measure();
    }
    if wanted(policies::NAME) {
        policies::measure();
    }
    if wanted(batches::NAME) {
        batches::measure();
    }
    #[cfg(feature = "network")]
    if wanted(network::NAME) {
        let words: Vec<_> = picked.cloned().collect();
        network::measure(&network::Wanted(&words));
    }
    // Not by itself: it takes minutes, and judges no budget.
    if only.is_some_and(|text| text == stores::NAME)
        && let Err(error) = stores::measure()
    {
        eprintln!("stores: {error}");
        return ExitCode::FAILURE;
    }
    let met = budgets.iter().all(budgets::Budget::met);
    if check && !met { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}
