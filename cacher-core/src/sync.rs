//! Every lock, atomic, waiter and thread-local of the crate comes from here, so that a schedule explorer can take
//! their place.

pub(crate) use std::{
    sync::{
        Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError, Weak,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
    },
    thread_local,
};

pub(crate) use event_listener::Event;

/// Locks, whether or not an earlier holder panicked: no critical section of ours leaves a state half-changed.
#[inline]
pub(crate) fn lock<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
