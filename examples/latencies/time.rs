//! Time that is moved by hand, for the cache and for the source.

use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    pin::Pin,
    task::{Context, Poll, Waker},
    time::Duration,
};

use cacher::testing::ManualClock;

thread_local! {
    static NOW: Cell<u64> = const { Cell::new(0) };
    static SLEEPERS: RefCell<BTreeMap<u64, Vec<Waker>>> = const { RefCell::new(BTreeMap::new()) };
}

/// What the cache's clock moves in a millisecond. It counts in parts of a second that are powers of two, and rounds
/// down: a nanosecond more, or what ends in 100 ms would do so in the 101st.
const STEP: Duration = Duration::from_nanos(1_000_001);

/// Milliseconds since the run began.
pub(crate) fn now() -> u64 {
    NOW.get()
}

/// Begins again.
pub(crate) fn reset() {
    NOW.set(0);
    SLEEPERS.take();
}

/// Moves both clocks on by a millisecond, and wakes who waited for it.
pub(crate) fn tick(clock: &ManualClock) {
    NOW.set(now() + 1);
    clock.advance(STEP);
    let due = SLEEPERS.with_borrow_mut(|sleepers| sleepers.remove(&now()));
    due.into_iter().flatten().for_each(Waker::wake);
}

/// Waits so many milliseconds.
pub(crate) fn sleep(millis: u64) -> Sleep {
    Sleep { until: now() + millis }
}

/// A wait for a time.
pub(crate) struct Sleep {
    until: u64,
}

impl Future for Sleep {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if now() >= self.until {
            return Poll::Ready(());
        }
        SLEEPERS.with_borrow_mut(|sleepers| sleepers.entry(self.until).or_default().push(cx.waker().clone()));
        Poll::Pending
    }
}
