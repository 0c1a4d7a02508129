//! Where operations hang.

use crate::sync::{AtomicU64, Event, Mutex, Ordering, lock};

/// Is shut, until it is opened for all that wait there.
#[derive(Debug, Default)]
pub(super) struct Door {
    /// How often it was opened.
    opened: Mutex<u64>,
    moved: Event,
    waiting: AtomicU64,
}

impl Door {
    pub(super) fn open(&self) {
        *lock(&self.opened) += 1;
        self.moved.notify(usize::MAX);
    }

    pub(super) fn waiting(&self) -> u64 {
        self.waiting.load(Ordering::SeqCst)
    }

    /// Waits until it is opened.
    pub(super) async fn pass(&self) {
        let came = *lock(&self.opened);
        self.waiting.fetch_add(1, Ordering::SeqCst);
        let _waits = Waits(self);
        loop {
            let moved = self.moved.listen();
            if *lock(&self.opened) != came {
                return;
            }
            moved.await;
        }
    }
}

/// One who waits.
struct Waits<'a>(&'a Door);

impl Drop for Waits<'_> {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, Ordering::SeqCst);
    }
}
