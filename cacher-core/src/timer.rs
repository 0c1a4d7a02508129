//! One thread that wakes what waits for a time of the system's clock. It starts with the first wait.

use std::collections::BTreeMap;

use crate::{
    clock::{Alarm, Clock},
    sync::{AtomicU64, Condvar, Mutex, OnceCell, Ordering, PoisonError, global, lock, thread},
    time::Tick,
};

/// When an alarm rings, and a number that keeps those of one time apart.
pub(crate) type AlarmId = (Tick, u64);

/// The id of a new alarm.
pub(crate) fn id(when: Tick) -> AlarmId {
    global! {
        static NEXT: AtomicU64 = AtomicU64::new(0);
    }
    (when, NEXT.fetch_add(1, Ordering::Relaxed))
}

#[derive(Default)]
struct Timer {
    state: Mutex<State>,
    earlier: Condvar,
}

#[derive(Default)]
struct State {
    due: BTreeMap<AlarmId, Alarm>,
    /// Until when the thread sleeps, if it does not wait to be woken. Most alarms are cancelled before: then it sleeps on.
    sleeps: Option<Tick>,
}

global! {
    static TIMER: OnceCell<&'static Timer> = OnceCell::new();
}

/// Rings `alarm` on the timer's thread once the system's clock reaches its time. While no thread can be started, what
/// waits is woken at once, to look at the time itself, and what was to be done is left.
pub(crate) fn at(id: AlarmId, alarm: Alarm) {
    let Ok(timer) = TIMER.get_or_try_init(start) else {
        if let Alarm::Wake(waker) = alarm {
            waker.wake();
        }
        return;
    };
    let mut state = lock(&timer.state);
    let oversleeps = state.sleeps.is_none_or(|until| id.0 < until);
    state.due.insert(id, alarm);
    drop(state);
    if oversleeps {
        timer.earlier.notify_one();
    }
}

/// Forgets an alarm, if it has not rung.
pub(crate) fn cancel(id: AlarmId) {
    let Some(timer) = TIMER.get() else { return };
    let cancelled = lock(&timer.state).due.remove(&id);
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
    let mut state = lock(&timer.state);
    loop {
        let now = Clock::System.tick();
        state = match state.due.first_entry() {
            Some(first) if first.key().0 <= now => {
                let alarm = first.remove();
                // It looks again before it sleeps.
                state.sleeps = Some(now);
                return alarm;
            }
            Some(first) => {
                let until = first.key().0;
                state.sleeps = Some(until);
                timer.earlier.wait_timeout(state, until.since(now)).unwrap_or_else(PoisonError::into_inner).0
            }
            None => {
                state.sleeps = None;
                timer.earlier.wait(state).unwrap_or_else(PoisonError::into_inner)
            }
        };
    }
}
