//! All queues of the process, to be emptied before it ends.

use std::{pin::pin, time::Duration};

use super::{Backgrounded, Lost, writer::Writer};
use crate::{
    bridge::{self, Shell},
    clock::Clock,
    error::{Error, Kind},
    sync::{Arc, Mutex, Weak, global, lock},
    work::within,
};

global! {
    static ALL: Mutex<Vec<Weak<Writer>>> = Mutex::new(Vec::new());
}

pub(super) fn add(writer: &Arc<Writer>) {
    let mut all = lock(&ALL);
    all.retain(|writer| writer.strong_count() > 0);
    all.push(Arc::downgrade(writer));
}

/// Writes what waits in the background anywhere in this process, and lets later writes go to the stores at once.
///
/// To be called before the process ends, which would end what waits as well; see [`Guard`]. It blocks, and returns
/// when the stores have answered.
///
/// # Errors
/// [`Lost`] if a store did not take an entry since the last time it was asked. Each was reported as a fault before.
pub fn shutdown() -> Result<(), Lost> {
    let lost = all().into_iter().filter_map(|background| background.close().err()).reduce(|lost, more| lost.and(&more));
    lost.map_or(Ok(()), Err)
}

/// [`shutdown`] for async code: a worker thread waits for the stores, and the executor does not. Dropped half-way, it
/// goes on there.
///
/// # Errors
/// As [`shutdown`].
pub async fn shutdown_async() -> Result<(), Lost> {
    bridge::run(Shell::Async, false, shutdown).await
}

fn all() -> Vec<Backgrounded> {
    lock(&ALL).iter().filter_map(Weak::upgrade).map(Backgrounded).collect()
}

/// The same, but waits no longer than `limit` for stores that do not answer.
///
/// # Errors
/// [`Lost`], also if the time is over; then with the number of entries that are not written yet.
pub fn shutdown_within(limit: Duration) -> Result<(), Lost> {
    let closing = bridge::run(Shell::Async, false, shutdown);
    let closed = bridge::block_on(within(&Clock::current(), limit, pin!(closing)));
    closed.unwrap_or_else(|| {
        let entries = all().iter().map(|background| background.0.state().queue.unwritten() as u64).sum();
        let error = Error::new(Kind::Unavailable, format!("a store did not answer within {limit:?}"));
        Err(Lost { entries, error })
    })
}

/// Calls [`shutdown`] when it is dropped: held in `main`, it lets no write in the background be forgotten.
///
/// ```
/// # use cacher_core::wrap::background::Guard;
/// fn main() {
///     let _guard = Guard::new();
///     // .. the program ..
/// }
/// ```
/// Nothing is dropped by `std::process::exit`, nor by an abort. It waits for as long as a store takes; to wait no longer
/// than a given time call [`shutdown_within`] at the end of `main`.
#[derive(Debug)]
#[must_use = "what waits is written when it is dropped"]
pub struct Guard(());

impl Guard {
    /// A guard, for the life of the program.
    #[expect(clippy::new_without_default, reason = "a default would be dropped at once")]
    pub const fn new() -> Self {
        Self(())
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        // What was lost is reported as faults.
        let _ = shutdown();
    }
}
