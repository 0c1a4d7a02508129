//! One thread that wakes what waits for a time of the system's clock. It starts with the first wait.

use std::{collections::BTreeMap, thread};

use once_cell::sync::OnceCell;

use crate::{
    clock::{Alarm, Clock},
    sync::{AtomicU64, Condvar, Mutex, Ordering, PoisonError, lock},
    time::Tick,
};

/// When an alarm rings, and a number that keeps those of one time apart.
pub(crate) type AlarmId = (Tick, u64);

/// The id of a new alarm.
pub(crate) fn id(when: Tick) -> AlarmId {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    (when, NEXT.fetch_add(1, Ordering::Relaxed))
}

#[derive(Default)]
struct Timer {
    due: Mutex<BTreeMap<AlarmId, Alarm>>,
    earlier: Condvar,
}

static TIMER: OnceCell<&'static Timer> = OnceCell::new();

/// Rings `alarm` on the timer's thread once the system's clock reaches its time. While no thread can be started, what
/// waits is woken at once, to look at the time itself, and what was to be done is left.
pub(crate) fn at(id: AlarmId, alarm: Alarm) {
    let Ok(timer) = TIMER.get_or_try_init(start) else {
        if let Alarm::Wake(waker) = alarm {
            waker.wake();
        }
        return;
    };
    let mut due = lock(&timer.due);
    let first = due.first_key_value().is_none_or(|(earliest, _)| id < *earliest);
    due.insert(id, alarm);
    drop(due);
    if first {
        timer.earlier.notify_one();
    }
}

/// Forgets an alarm, if it has not rung.
pub(crate) fn cancel(id: AlarmId) {
    let Some(timer) = TIMER.get() else { return };
    let cancelled = lock(&timer.due).remove(&id);
    drop(cancelled);
}

fn start() -> std::io::Result<&'static Timer> {
    let timer: &'static Timer = Box::leak(Box::default());
    thread::Builder::new().name("cacher-timer".into()).spawn(|| run(timer))?;
    Ok(timer)
}

fn run(timer: &Timer) -> ! {
    loop {
        let alarm = next_due(timer);
        // A waker is foreign code: its panic must not end the timer.
        let _ = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| alarm.ring()));
    }
}

/// Waits for the earliest alarm, and takes it.
fn next_due(timer: &Timer) -> Alarm {
    let mut due = lock(&timer.due);
    loop {
        let now = Clock::System.tick();
        due = match due.first_entry() {
            Some(first) if first.key().0 <= now => return first.remove(),
            Some(first) => {
                let wait = first.key().0.since(now);
                timer.earlier.wait_timeout(due, wait).unwrap_or_else(PoisonError::into_inner).0
            }
            None => timer.earlier.wait(due).unwrap_or_else(PoisonError::into_inner),
        };
    }
}
