//! What holds of functions in MongoDB, beyond what holds on all.

use std::sync::atomic::Ordering::SeqCst;

use cacher::cache;

use crate::{common::faults, support::runs};

#[test]
fn a_store_that_is_not_there_costs_no_call_its_value() {
    runs!(RUNS);
    #[cache(
        backend = "mongodb://user:hunter2@127.0.0.1:1/app?collection=it&timeout=100ms",
        name = "shared::mongodb::absent"
    )]
    fn square(n: u64) -> u64 {
        RUNS.fetch_add(1, SeqCst);
        n * n
    }
    let reported = faults("shared::mongodb::absent");
    assert_eq!((square(3), square(3), RUNS.load(SeqCst)), (9, 9, 2));
    let texts: Vec<_> = reported().iter().map(|fault| fault.error.to_string()).collect();
    assert!(!texts.is_empty() && texts.iter().all(|text| !text.contains("hunter2")), "{texts:?}");
}
