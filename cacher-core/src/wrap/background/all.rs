//! All queues of the process, to be emptied before it ends.

use super::{Backgrounded, Lost, writer::Writer};
use crate::sync::{Arc, Mutex, Weak, lock};

static ALL: Mutex<Vec<Weak<Writer>>> = Mutex::new(Vec::new());

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
    let all: Vec<_> = lock(&ALL).iter().filter_map(Weak::upgrade).map(Backgrounded).collect();
    let lost = all.iter().filter_map(|background| background.close().err()).reduce(Lost::and);
    lost.map_or(Ok(()), Err)
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
/// Nothing is dropped by `std::process::exit`, nor by an abort.
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
