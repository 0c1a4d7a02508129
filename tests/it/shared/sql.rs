//! What holds of functions on SQL servers, beyond what holds on all.

use std::sync::atomic::Ordering::SeqCst;

use cacher::{Kind, cache};

use crate::{common::faults, support::runs};

#[test]
fn without_its_server_a_function_runs_and_no_password_is_told() {
    runs!(RUNS);
    fn url() -> &'static str {
        if cfg!(feature = "postgres") {
            "postgres://u:hunter2@127.0.0.1:1/db"
        } else {
            "mysql://u:hunter2@127.0.0.1:1/db"
        }
    }
    #[cache(backend = url(), name = "without-sql-server")]
    fn square(n: u64) -> u64 {
        RUNS.fetch_add(1, SeqCst);
        n * n
    }
    let faults = faults("without-sql-server");
    assert_eq!((square(3), square(3), RUNS.load(SeqCst)), (9, 9, 2));
    let told = faults();
    assert!(!told.is_empty() && told.iter().all(|fault| fault.error.kind() == Kind::Unavailable), "{told:?}");
    assert!(!format!("{told:?}").contains("hunter2") && told[0].error.to_string().contains("u:***@"), "{told:?}");
}
