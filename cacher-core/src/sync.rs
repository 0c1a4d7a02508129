//! Every lock, atomic, waiter, thread-local and static of the crate comes from here, and every thread that calls wait
//! for, so that a schedule explorer can take their place: built with `--cfg cacher_shuttle`, all of them are those of
//! `shuttle`. The tests in `tests/schedules` are what that is for.

#[cfg(not(cacher_shuttle))]
mod real;
#[cfg(not(cacher_shuttle))]
pub(crate) use real::*;

#[cfg(cacher_shuttle)]
mod explored;
#[cfg(cacher_shuttle)]
pub(crate) use explored::*;

#[cfg(cacher_shuttle)]
pub(crate) mod flaw;

/// Shares, whether or not an earlier holder panicked.
#[cfg(feature = "lmdb")]
pub(crate) fn read<T: ?Sized>(shared: &RwLock<T>) -> RwLockReadGuard<'_, T> {
    shared.read().unwrap_or_else(PoisonError::into_inner)
}

/// Locks what is shared, whether or not an earlier holder panicked.
#[cfg(feature = "lmdb")]
pub(crate) fn write<T: ?Sized>(shared: &RwLock<T>) -> RwLockWriteGuard<'_, T> {
    shared.write().unwrap_or_else(PoisonError::into_inner)
}

/// Locks, whether or not an earlier holder panicked: no critical section of ours leaves a state half-changed.
#[inline]
pub(crate) fn lock<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
